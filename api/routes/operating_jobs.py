"""The operator's view of feeds and jobs: what runs, is late or failed for which organisation. No price is reached from here."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.job_runs import feed_health_of, is_on
from api.schemas.fields import UuidString
from api.schemas.operating_jobs import OperatedAlertOut, OperatedFeedOut, OperatedJobsOut, OperatedOrganisationOut
from api.store import access
from api.store.access import Organisation, OrganisationKind
from finance.feeds import catalogue
from finance.store import feed_runs

routes = Routes(tag="operating")

_PAGE = 20
_ALERTS = 20
_WITHOUT_JOBS = frozenset({OrganisationKind.OPERATOR, OrganisationKind.AUDITOR})


@routes.get("/operating/jobs", policy=asks(Scope.OPERATE, kinds=(OrganisationKind.OPERATOR,)))
def list_operated_jobs(
    call: ThisCall,
    after: Annotated[UuidString | None, Query(description="next_after of the page before.")] = None,
) -> OperatedJobsOut:
    """Return how feeds and jobs do for each organisation, 20 a page: states, days and causes, never what was said or fetched."""
    working = [
        each
        for each in access.list_organisations(call.session)
        if each.kind not in _WITHOUT_JOBS and (after is None or each.organisation_id > after)
    ]
    shown = working[:_PAGE]
    return OperatedJobsOut(
        organisations=tuple(_shown(each, call) for each in shown),
        next_after=shown[-1].organisation_id if len(working) > _PAGE else None,
    )


def _shown(organisation: Organisation, call: Call) -> OperatedOrganisationOut:
    its = organisation.organisation_id
    on = [feed for feed in catalogue.feeds() if is_on(call.session, its, feed)]
    alerts = feed_runs.list_alerts(call.session, its, limit=_ALERTS)
    return OperatedOrganisationOut(
        organisation_id=its,
        legal_name=organisation.legal_name,
        feeds=tuple(
            OperatedFeedOut.from_core(feed, feed_health_of(call.session, its, feed, now=call.now)) for feed in on
        ),
        alerts=tuple(map(OperatedAlertOut.from_core, alerts)),
    )
