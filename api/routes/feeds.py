"""Market data sources: switches, health, runs and alerts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import FEED_SWITCH
from api.deps import Call, ThisCall
from api.job_runs import feed_health_of, is_on
from api.schemas.feeds import FeedOut, FeedRunOut, FeedRunsOut, FeedsOut, FeedSwitchIn, JobAlertOut, JobAlertsOut
from api.schemas.fields import CodeString, DateString
from finance.feeds import catalogue
from finance.feeds.feed import Feed
from finance.operations import feed_jobs
from finance.store import feed_runs

routes = Routes(tag="feeds")

_PAGE = 200


@routes.get("/feeds", policy=asks(Scope.LEDGER_READ))
def list_feeds(call: ThisCall) -> FeedsOut:
    """Return every source with its switch, its terms and how it does."""
    return FeedsOut(feeds=tuple(_shown(feed, call) for feed in catalogue.feeds()))


@routes.get("/feeds/{feed}", policy=asks(Scope.LEDGER_READ))
def read_feed(feed: CodeString, call: ThisCall) -> FeedOut:
    """Return a source with its switch, its terms and how it does."""
    return _shown(catalogue.feed(feed), call)


@routes.post("/feeds/{feed}/switch", policy=asks(Scope.MARKET_WRITE), status=200, second_person=FEED_SWITCH)
def switch_feed(feed: CodeString, body: FeedSwitchIn, call: ThisCall) -> FeedOut:
    """Switch a source on or off for the caller's organisation; one that needs permission asks for the document's hash."""
    known = catalogue.feed(feed)
    feed_jobs.switch_feed(
        call.session,
        call.principal.organisation_id,
        known.id,
        is_on=body.is_on,
        needs_permission=not known.is_on_by_default,
        evidence_sha256=body.evidence_sha256,
        reason=body.reason,
        actor=call.principal.actor,
        now=call.now,
    )
    return _shown(known, call)


@routes.get("/feeds/{feed}/runs", policy=asks(Scope.LEDGER_READ))
def list_feed_runs(
    feed: CodeString,
    call: ThisCall,
    day: Annotated[DateString | None, Query(description="One business day.")] = None,
) -> FeedRunsOut:
    """Return a source's runs, the newest first."""
    known = catalogue.feed(feed)
    found = feed_runs.list_runs(call.session, call.principal.organisation_id, known.id, limit=_PAGE, business_day=day)
    return FeedRunsOut(runs=tuple(FeedRunOut.from_core(run) for run in found))


@routes.get("/job-alerts", policy=asks(Scope.LEDGER_READ))
def list_job_alerts(call: ThisCall, job: CodeString | None = None) -> JobAlertsOut:
    """Return what the jobs ask a person to look at, the newest first."""
    found = feed_runs.list_alerts(call.session, call.principal.organisation_id, limit=_PAGE, job=job)
    return JobAlertsOut(alerts=tuple(JobAlertOut.from_core(alert) for alert in found))


def _shown(feed: Feed, call: Call) -> FeedOut:
    organisation_id = call.principal.organisation_id
    return FeedOut.from_core(
        feed,
        feed_runs.latest_switches(call.session, organisation_id).get(feed.id),
        feed_health_of(call.session, organisation_id, feed, now=call.now),
        is_on=is_on(call.session, organisation_id, feed),
    )
