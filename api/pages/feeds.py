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
from api.schemas.fields import CodeString, DateString
from finance.feeds.feed import FeedRole
from finance.market.feed_health import FeedState
from finance.store.feed_runs import RunOutcome

routes = Pages(area="feeds")

_READS = asks(Scope.LEDGER_READ)
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

ROLE_WORDS = {
    FeedRole.MARKS: mark("prices for valuation"),
    FeedRole.FIXINGS: mark("reference rates of loans"),
    FeedRole.CHECKS: mark("second source, compared with the first"),
    FeedRole.RECONCILES: mark("compared with our own computation"),
    FeedRole.CONFIRMS: mark("confirms closed days of a calendar"),
    FeedRole.PROBES: mark("says which day is the newest"),
    FeedRole.INDICATES: mark("shown beside a price, never one"),
}
"""What the figures of a source are used for, in words."""

_ROLE = {key.value: words for key, words in ROLE_WORDS.items()}
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
        role=_ROLE,
    )
