"""An assessor's work: its engagements, what each is about, the locked data behind the value, and what was lodged and relied on.

Nothing here is priced: every answer is one that an assessor may read.
"""

from __future__ import annotations

import json

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.assurance import list_reliance, read_period_recomputation
from api.routes.attestation_drafts import add_draft, list_drafts
from api.routes.attestations import list_attestations, read_attestation, withdraw_attestation
from api.routes.engagements import (
    declare_independence,
    end_engagement,
    list_connections,
    list_engagements,
    read_engagement,
    read_expectation,
)
from api.routes.facilities import read_facility
from api.routes.kpi_periods import read_kpi_period
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind

routes = Pages(area="assurance")

_ASSESSOR = asks(kinds=(OrganisationKind.ASSESSOR,))


@routes.get(
    "/engagements", policy=_ASSESSOR, nav=Nav(label=mark("Engagements"), group=Group.ASSURANCE, order=10, icon="shield")
)
def show_engagements(page: ThisPage) -> Response:
    """Show the assessor's engagements with their mandate and what comes next in each."""
    return page.show("assurance/engagements.html", engagements=page.use(list_engagements).engagements)


@routes.get("/engagements/{engagement_id}", policy=_ASSESSOR)
def show_engagement(engagement_id: UuidString, page: ThisPage) -> Response:
    """Show one engagement: independence, locked data, what a statement must say, drafts, and what was lodged."""
    engagement = page.use(read_engagement, engagement_id=engagement_id)
    return page.show(
        "assurance/engagement.html",
        engagement=engagement,
        facility=page.use(read_facility, facility_id=engagement.facility_id),
        period=page.use(read_kpi_period, kpi_period_id=engagement.kpi_period_id),
        connections=page.use(list_connections, facility_id=engagement.facility_id).connections,
        expectation=page.attempt(read_expectation, engagement_id=engagement_id),
        recomputation=page.attempt(read_period_recomputation, kpi_period_id=engagement.kpi_period_id),
        drafts=page.use(list_drafts, engagement_id=engagement_id).drafts,
        attestations=page.use(list_attestations, engagement_id=engagement_id).attestations,
        may_declare=page.may(declare_independence),
        may_draft=page.may(add_draft),
        may_end=page.may(end_engagement),
        now=page.call.now,
    )


@routes.get("/attestations/{attestation_id}", policy=_ASSESSOR)
def show_attestation(attestation_id: UuidString, page: ThisPage) -> Response:
    """Show a lodged statement as received, how it stands, and which decisions rest on it."""
    attestation = page.use(read_attestation, attestation_id=attestation_id)
    statement = None if attestation.statement_json is None else json.loads(attestation.statement_json)
    return page.show(
        "assurance/attestation.html",
        attestation=attestation,
        statement=statement,
        reliances=page.use(list_reliance, attestation_id=attestation_id).reliances,
        may_withdraw=page.may(withdraw_attestation),
    )
