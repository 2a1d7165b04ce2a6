"""What enters and leaves about feeds: the sources, their switches and health, runs, alerts, and the closes they serve.

Shapes only.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, InstantString, Text, UuidString
from api.schemas.market import MarkOut, SnapshotOut
from finance.feeds.feed import Feed
from finance.market.overrides import Jump
from finance.market.snapshot_differences import MarkDifference
from finance.market.snapshots import Snapshot
from finance.operations.closing_snapshots import FrozenClose
from finance.operations.feed_health import FeedHealth
from finance.store.closing_snapshots import ClosingSnapshot
from finance.store.feed_runs import FeedRun, FeedSwitch, JobAlert


class FeedSwitchIn(Schema):
    """Switching a feed on or off; a source that needs permission is switched on with the hash of the permission."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "is_on": True,
                    "reason": "contract with the exchange of 2026-11-02",
                    "evidence_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                }
            ]
        }
    )

    is_on: Annotated[bool, Field(examples=[True])]
    reason: Text
    evidence_sha256: Annotated[str, Field(max_length=64, description="SHA-256 of the permission; empty when none.")] = (
        ""
    )


class FeedSwitchOut(Schema):
    """Who switched a feed on or off, when and why."""

    is_on: bool
    reason: str
    evidence_sha256: str
    switched_by: UuidString
    switched_at: InstantString

    @classmethod
    def from_core(cls, switch: FeedSwitch) -> FeedSwitchOut:
        """Return the shape of ``switch``."""
        return cls(
            is_on=switch.is_on,
            reason=switch.reason,
            evidence_sha256=switch.evidence_sha256,
            switched_by=switch.switched_by,
            switched_at=switch.switched_at,
        )


class RunCountsOut(Schema):
    """How many observations of a run were what."""

    new: int
    duplicate: int
    revised: int
    corroborated: int
    held: int


class FeedRunOut(Schema):
    """One try of one feed for one business day; ``failure`` is a stable code, empty when nothing went wrong."""

    feed: str
    business_day: DateString
    attempt: int
    started_at: InstantString
    finished_at: InstantString
    outcome: Annotated[str, Field(examples=["done"])]
    failure: str
    http_status: int | None
    url: str
    parser_version: str
    raw_sha256s: Array[str]
    counts: RunCountsOut
    newest_day: DateString | None

    @classmethod
    def from_core(cls, run: FeedRun) -> FeedRunOut:
        """Return the shape of ``run``."""
        return cls(
            feed=run.feed,
            business_day=run.business_day,
            attempt=run.attempt,
            started_at=run.started_at,
            finished_at=run.finished_at,
            outcome=run.outcome.value,
            failure=run.failure,
            http_status=run.http_status,
            url=run.url,
            parser_version=run.parser_version,
            raw_sha256s=run.raw_sha256s,
            counts=RunCountsOut(**run.counts),
            newest_day=run.newest_day,
        )


class FeedRunsOut(Schema):
    """A feed's runs, the newest first, at most 200."""

    runs: Array[FeedRunOut]


class FeedHealthOut(Schema):
    """How a feed does: ``lag_sessions`` behind the last due day, what was held, what stands still although traded."""

    state: Annotated[str, Field(examples=["late"])]
    lag_sessions: int | None
    due_day: DateString | None
    newest_day: DateString | None
    last_success: FeedRunOut | None
    last_run: FeedRunOut | None
    held_conflicts: int
    held_quarantined: int
    flat: Array[str]
    is_circuit_open: bool
    explain: ExplanationOut

    @classmethod
    def from_core(cls, health: FeedHealth) -> FeedHealthOut:
        """Return the shape of ``health``."""
        return cls(
            state=health.lag.state.value,
            lag_sessions=health.lag.sessions,
            due_day=health.lag.due_day,
            newest_day=health.lag.newest_day,
            last_success=None if health.last_success is None else FeedRunOut.from_core(health.last_success),
            last_run=None if health.last_run is None else FeedRunOut.from_core(health.last_run),
            held_conflicts=health.held.conflicts,
            held_quarantined=health.held.quarantined,
            flat=health.flat,
            is_circuit_open=health.is_circuit_open,
            explain=ExplanationOut.from_core(health.lag.explanation()),
        )


class FeedOut(Schema):
    """A source: what its figures are for, whether it is on, under which terms, and how it does."""

    feed: str
    title_en: str
    title_zh: str
    role: Annotated[str, Field(examples=["marks"])]
    calendar: str
    zone: str
    is_on: bool
    is_on_by_default: bool
    why_en: str
    why_zh: str
    terms_source: str
    switch: FeedSwitchOut | None
    health: FeedHealthOut

    @classmethod
    def from_core(cls, feed: Feed, switch: FeedSwitch | None, health: FeedHealth, *, is_on: bool) -> FeedOut:
        """Return the shape of ``feed`` and how it does."""
        return cls(
            feed=feed.id,
            title_en=feed.title_en,
            title_zh=feed.title_zh,
            role=feed.role.value,
            calendar=feed.calendar,
            zone=feed.zone,
            is_on=is_on,
            is_on_by_default=feed.is_on_by_default,
            why_en=feed.why_en,
            why_zh=feed.why_zh,
            terms_source=feed.terms_source,
            switch=None if switch is None else FeedSwitchOut.from_core(switch),
            health=FeedHealthOut.from_core(health),
        )


class FeedsOut(Schema):
    """Every source, in the order in which they matter."""

    feeds: Array[FeedOut]


class JobAlertOut(Schema):
    """Something a person should look at, once per job, cause and day."""

    job: str
    cause: str
    business_day: DateString
    message: str
    raised_at: InstantString

    @classmethod
    def from_core(cls, alert: JobAlert) -> JobAlertOut:
        """Return the shape of ``alert``."""
        return cls(
            job=alert.job,
            cause=alert.cause,
            business_day=alert.business_day,
            message=alert.message,
            raised_at=alert.raised_at,
        )


class JobAlertsOut(Schema):
    """The alerts, the newest first, at most 200."""

    alerts: Array[JobAlertOut]


class ClosingOut(Schema):
    """A version of a close: the frozen snapshot, by whom and why."""

    close: str
    business_day: DateString
    version: int
    snapshot_id: UuidString
    reason: str
    frozen_by: UuidString
    frozen_at: InstantString

    @classmethod
    def from_core(cls, closing: ClosingSnapshot) -> ClosingOut:
        """Return the shape of ``closing``."""
        return cls(
            close=closing.close,
            business_day=closing.business_day,
            version=closing.version,
            snapshot_id=closing.snapshot_id,
            reason=closing.reason,
            frozen_by=closing.frozen_by,
            frozen_at=closing.frozen_at,
        )


class ClosingsOut(Schema):
    """A close's versions by day and number."""

    closings: Array[ClosingOut]


class RefreezeIn(Schema):
    """Why a close is frozen again by what is known now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the exchange corrected its close"}]})

    reason: Text


class JumpOut(Schema):
    """What the end of an override did: ``after`` is null when the feed has no usable price."""

    instrument: str
    override: str
    before: str
    after: str | None
    change: str | None
    unit: str
    sentence: str

    @classmethod
    def from_core(cls, jump: Jump) -> JumpOut:
        """Return the shape of ``jump``."""
        return cls(
            instrument=jump.instrument,
            override=jump.override,
            before=f"{jump.before:f}",
            after=None if jump.after is None else f"{jump.after:f}",
            change=None if jump.change is None else f"{jump.change:f}",
            unit=f"{jump.currency}/{jump.unit}",
            sentence=jump.sentence(),
        )


class FrozenCloseOut(Schema):
    """A version of a close with its marks and the overrides that ended since the close before."""

    closing: ClosingOut
    snapshot: SnapshotOut
    jumps: Array[JumpOut]

    @classmethod
    def from_core(cls, frozen: FrozenClose) -> FrozenCloseOut:
        """Return the shape of ``frozen``."""
        return cls(
            closing=ClosingOut.from_core(frozen.closing),
            snapshot=SnapshotOut.from_core(frozen.snapshot),
            jumps=tuple(JumpOut.from_core(jump) for jump in frozen.jumps),
        )


class MarkDifferenceOut(Schema):
    """One instrument's marks in two snapshots and the fields that differ."""

    instrument: str
    before: MarkOut | None
    after: MarkOut | None
    fields: Array[str]
    price_change: str | None

    @classmethod
    def from_core(cls, difference: MarkDifference) -> MarkDifferenceOut:
        """Return the shape of ``difference``."""
        change = difference.price_change
        return cls(
            instrument=difference.instrument,
            before=None if difference.before is None else MarkOut.from_core(difference.before),
            after=None if difference.after is None else MarkOut.from_core(difference.after),
            fields=difference.fields,
            price_change=None if change is None else f"{change:f}",
        )


class DifferencesOut(Schema):
    """What differs between two snapshots, by instrument, and the overrides that are in the first and not in the second."""

    before_sha256: str
    after_sha256: str
    differences: Array[MarkDifferenceOut]
    jumps: Array[JumpOut]

    @classmethod
    def from_core(
        cls, before: Snapshot, after: Snapshot, found: tuple[MarkDifference, ...], ended: tuple[Jump, ...]
    ) -> DifferencesOut:
        """Return the shape of a comparison."""
        return cls(
            before_sha256=before.sha256,
            after_sha256=after.sha256,
            differences=tuple(MarkDifferenceOut.from_core(one) for one in found),
            jumps=tuple(JumpOut.from_core(jump) for jump in ended),
        )
