"""What leaves to the operator about feeds and jobs: how each does for which organisation, without a price or a word of theirs.

Shapes only.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, UuidString
from finance.feeds.feed import Feed
from finance.operations.feed_health import FeedHealth
from finance.store.feed_runs import JobAlert


class OperatedFeedOut(Schema):
    """How one source that is switched on does for an organisation; ``failure`` is a stable code, null when nothing went wrong."""

    feed: str
    title_en: str
    title_zh: str
    state: Annotated[str, Field(examples=["late"])]
    due_day: DateString | None
    newest_day: DateString | None
    last_run_at: InstantString | None
    failure: Annotated[str | None, Field(examples=["fetch.timeout"])]
    is_circuit_open: bool

    @classmethod
    def from_core(cls, feed: Feed, health: FeedHealth) -> OperatedFeedOut:
        """Return the shape of a source and its health."""
        last = health.last_run
        return cls(
            feed=feed.id,
            title_en=feed.title_en,
            title_zh=feed.title_zh,
            state=health.lag.state.value,
            due_day=health.lag.due_day,
            newest_day=health.lag.newest_day,
            last_run_at=None if last is None else last.finished_at,
            failure=None if last is None else last.failure or None,
            is_circuit_open=health.is_circuit_open,
        )


class OperatedAlertOut(Schema):
    """That a job asked a person of the organisation to look; what it said is theirs."""

    job: str
    cause: str
    business_day: DateString
    raised_at: InstantString

    @classmethod
    def from_core(cls, alert: JobAlert) -> OperatedAlertOut:
        """Return the shape of ``alert`` without its message."""
        return cls(job=alert.job, cause=alert.cause, business_day=alert.business_day, raised_at=alert.raised_at)


class OperatedOrganisationOut(Schema):
    """An organisation with its sources that are on and its newest alerts, at most 20."""

    organisation_id: UuidString
    legal_name: str
    feeds: Array[OperatedFeedOut]
    alerts: Array[OperatedAlertOut]


class OperatedJobsOut(Schema):
    """Up to 20 organisations in the order of their ids; ``next_after`` begins the next page."""

    organisations: Array[OperatedOrganisationOut]
    next_after: UuidString | None
