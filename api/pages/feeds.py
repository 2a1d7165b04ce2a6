"""Sources of market data and the jobs as pages: switches, health, runs and failures, what was held, what a person should look at."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.feeds import list_feed_runs, list_feeds, list_job_alerts, read_feed, switch_feed
from api.routes.reference import list_reference_sets, read_reference_set
from api.schemas.fields import CodeString, DateString
from finance.market.feed_health import FeedState
from finance.store.feed_runs import RunOutcome

routes = Pages(area="feeds")

_READS = asks(Scope.LEDGER_READ)
STATUS_WORDS = {
    "official": mark("official"),
    "draft": mark("draft"),
    "secondary": mark("secondary"),
    "assumed": mark("assumed"),
}
"""How far a reference row may be trusted, in words."""

LAG_WORDS = {
    FeedState.CURRENT: mark("on time"),
    FeedState.LATE: mark("late"),
    FeedState.STALE: mark("days are missing"),
    FeedState.SILENT: mark("nothing ever came"),
    FeedState.IDLE: mark("nothing is due"),
}
"""How a source does, in words."""

OUTCOME_WORDS = {
    RunOutcome.DONE: mark("the day came"),
    RunOutcome.NO_VALUE: mark("no price was due"),
    RunOutcome.NOT_PUBLISHED: mark("not published yet"),
    RunOutcome.FAILED: mark("failed"),
    RunOutcome.BLOCKED: mark("the source refuses"),
}
"""How a run ended, in words."""

_LAG = {key.value: words for key, words in LAG_WORDS.items()}
_OUTCOME = {key.value: words for key, words in OUTCOME_WORDS.items()}


@routes.get(
    "/feeds", policy=_READS, nav=Nav(label=mark("Feeds and jobs"), group=Group.EVIDENCE, order=40, icon="clock")
)
def show_feeds(page: ThisPage) -> Response:
    """Show every source with its switch, its state and its last run, and what the jobs ask a person to look at."""
    return page.show(
        "feeds/feeds.html",
        feeds=page.use(list_feeds).feeds,
        alerts=page.use(list_job_alerts, job=None).alerts,
        lag=_LAG,
    )


@routes.get("/feeds/{feed}", policy=_READS)
def show_feed(
    feed: CodeString,
    page: ThisPage,
    day: Annotated[DateString | None, Query(description="One business day.")] = None,
) -> Response:
    """Show one source: its terms, its switch, how it does and every run."""
    return page.show(
        "feeds/feed.html",
        feed=page.use(read_feed, feed=feed),
        runs=page.use(list_feed_runs, feed=feed, day=day).runs,
        day=day,
        may_switch=page.may(switch_feed),
        names=page.names(),
        lag=_LAG,
        outcome=_OUTCOME,
    )


@routes.get(
    "/reference",
    policy=asks(),
    nav=Nav(label=mark("Rules and factors"), group=Group.EVIDENCE, order=50, icon="scales"),
)
def show_reference(page: ThisPage) -> Response:
    """Show every set of rules, factors and rates with its version and how far its rows may be trusted."""
    return page.show("feeds/reference.html", sets=page.use(list_reference_sets).sets)


@routes.get("/reference/{set_id}", policy=asks())
def show_reference_set(set_id: CodeString, page: ThisPage) -> Response:
    """Show one set row by row, each with its source and status."""
    return page.show("feeds/reference_set.html", found=page.use(read_reference_set, set_id=set_id))
