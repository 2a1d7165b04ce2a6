"""How well a feed keeps up: its lag in sessions, whether that is late or stale, and series that stand still under trading.

Owns the judgement only. Reads no clock: which day is due is said by the caller; the limits are rows passed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from finance.conventions.calendars import BusinessCalendar, trading_days_between
from finance.conventions.explain import Explanation
from ledger.core.errors import Invalid


class FeedState(StrEnum):
    """Where a feed stands."""

    CURRENT = "current"  # the last due day is there
    LATE = "late"  # the session is over and not published yet
    STALE = "stale"  # more than that is missing
    SILENT = "silent"  # nothing ever came
    IDLE = "idle"  # nothing is due


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """One day's current price of a series, with its volume: ``None`` is unknown."""

    series: str
    day: date
    value: Decimal | None
    volume: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLag:
    """How many sessions a feed lags behind the last due day; ``sessions`` is ``None`` when nothing ever came or is due."""

    state: FeedState
    sessions: int | None
    due_day: date | None
    newest_day: date | None
    stale_from: int

    def explanation(self) -> Explanation:
        """Return the lag with the two days it lies between and the limit."""
        days = tuple(
            Explanation(
                label_en=label_en,
                label_zh=label_zh,
                value="none" if day is None else day.isoformat(),
                unit="date",
                source=source,
            )
            for label_en, label_zh, day, source in (
                ("last due business day", "最近应公布的营业日", self.due_day, "the feed's hours and its calendar"),
                ("newest day received", "已收到的最新日期", self.newest_day, "the feed's recorded runs"),
            )
        )
        limit = Explanation(
            label_en="sessions from which a feed is stale",
            label_zh="视为陈旧的交易日数",
            value=str(self.stale_from),
            unit="session",
            source="market_job_rules feed.stale_lag",
        )
        return Explanation(
            label_en="lag",
            label_zh="滞后",
            value="none" if self.sessions is None else str(self.sessions),
            unit="session",
            formula="sessions after the newest day up to the due day",
            children=(*days, limit),
        )


def lag_of(
    *, newest_day: date | None, due_day: date | None, calendar: BusinessCalendar | None, stale_from: int
) -> FeedLag:
    """Return the lag: 0 current, below ``stale_from`` late, from it on stale.

    Without a calendar of its own a feed is current or late by days only. Friday's figure on Monday before the hour is
    current (due is Friday); after the hour it is one session late, and two on Tuesday: stale.
    """
    if stale_from < 1:
        raise Invalid("feed.stale_lag", "stale_from: expected one session or more")
    if due_day is None:
        state, sessions = FeedState.IDLE, None
    elif newest_day is None:
        state, sessions = FeedState.SILENT, None
    elif newest_day >= due_day:
        state, sessions = FeedState.CURRENT, 0
    else:
        if calendar is None or not calendar.knows(newest_day):
            sessions = (due_day - newest_day).days
        else:
            sessions = trading_days_between(calendar, newest_day, due_day)
        state = FeedState.CURRENT if sessions == 0 else FeedState.LATE if sessions < stale_from else FeedState.STALE
    return FeedLag(state=state, sessions=sessions, due_day=due_day, newest_day=newest_day, stale_from=stale_from)


def flat_series(points: Iterable[PricePoint], *, sessions: int) -> tuple[str, ...]:
    """Return the series whose last ``sessions`` priced days all show one price, each with volume above zero, by name.

    Trading at one price for that long is possible and rare: more often the source repeats an old answer. Days without volume are a
    carried price and no sign of anything.
    """
    if sessions < 1:
        raise Invalid("feed.flat_sessions", "sessions: expected one session or more")
    by_series: dict[str, list[PricePoint]] = {}
    for point in points:
        if point.value is not None:
            by_series.setdefault(point.series, []).append(point)
    flat = []
    for series, seen in by_series.items():
        last = sorted(seen, key=lambda point: point.day)[-sessions:]
        is_traded = all(point.volume is not None and point.volume > 0 for point in last)
        if len(last) == sessions and is_traded and len({point.value for point in last}) == 1:
            flat.append(series)
    return tuple(sorted(flat))
