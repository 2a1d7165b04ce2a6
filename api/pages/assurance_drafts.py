"""Statements in preparation, from draft to lodged signature, and the assessor's public signing keys."""

from __future__ import annotations

import json

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.attestation_drafts import lodge_draft, read_draft, review_draft
from api.routes.attestations import list_attestations
from api.routes.engagements import read_engagement, read_expectation
from api.routes.signing_keys import add_challenge, approve_key, list_signing_keys
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind

routes = Pages(area="assurance")

_ASSESSOR = asks(kinds=(OrganisationKind.ASSESSOR,))


@routes.get("/statement-drafts/{draft_id}", policy=_ASSESSOR)
def show_draft(draft_id: UuidString, page: ThisPage) -> Response:
    """Show a draft with its newest text, and the next step: review, sign elsewhere, lodge."""
    draft = page.use(read_draft, draft_id=draft_id)
    return page.show(
        "assurance/draft.html",
        draft=draft,
        statement=json.loads(draft.statement_json),
        engagement=page.use(read_engagement, engagement_id=draft.engagement_id),
        expectation=page.attempt(read_expectation, engagement_id=draft.engagement_id),
        attestations=page.use(list_attestations, engagement_id=draft.engagement_id).attestations,
        keys=page.use(list_signing_keys).signing_keys,
        may_work=page.may(review_draft) and page.may(lodge_draft),
    )


@routes.get(
    "/signing-keys",
    policy=_ASSESSOR,
    nav=Nav(label=mark("Signing keys"), group=Group.ASSURANCE, order=20, icon="key"),
)
def show_keys(page: ThisPage) -> Response:
    """Show the organisation's public keys, how to register, replace, approve and revoke one."""
    return page.show(
        "assurance/keys.html",
        keys=page.use(list_signing_keys).signing_keys,
        may_register=page.may(add_challenge),
        may_approve=page.may(approve_key),
    )
