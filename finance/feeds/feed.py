"""A source of market figures as a value: what it is for, when it is expected, what it asks for and how it is read.

Owns the shape of a feed and its hours. Opens nothing and reads no clock; which feeds there are stands in
``finance.feeds.catalogue``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from finance.conventions.calendars import BusinessCalendar, open_on_or_after
from finance.feeds.parsed import CheckValue, ParsedFeed
from finance.feeds.requests import FeedRequest, Fetched
from finance.market.bounds import in_force
from ledger.core.errors import DomainError

_MINUTES_A_DAY = 24 * 60
_MINUTES_AN_HOUR = 60
NO_CALENDAR = "none"


class FeedRole(StrEnum):
    """What the figures of a feed may be used for."""

    MARKS = "marks"
    FIXINGS = "fixings"  # loan index values
    CHECKS = "checks"  # a second source: it supports or contradicts, and is stored beside the first
    RECONCILES = "reconciles"  # compared with our own computation
    CONFIRMS = "confirms"  # past closed days of a calendar
    PROBES = "probes"  # says only which day is the newest
    INDICATES = "indicates"  # shown beside a mark, never one


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """Minutes after local midnight of the business day, above 1440 on a later day, on days ``[effective_from, effective_to)``."""

    minute: int
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is known already, so that a run asks for what is missing and an answer can be tested.

    ``last_day`` is the newest business day stored; ``days`` are the missing business days by the calendar, when the caller knows
    them. ``closes`` are the stored prices of the session before, by instrument with their day; ``checks`` its running totals by name;
    ``rates`` the last index values by index, a share per year, with their day. ``after_gap`` are business days whose session before gave no
    answer: no move is tested on them.
    """

    last_day: date | None = None
    days: tuple[date, ...] = ()
    closes: Mapping[str, tuple[date, Decimal]] = field(default_factory=dict)
    checks: Mapping[str, CheckValue] = field(default_factory=dict)
    rates: Mapping[str, tuple[date, Fraction]] = field(default_factory=dict)
    after_gap: frozenset[date] = frozenset()


NOTHING_KNOWN = FeedState()

Calls = Callable[[str, date, FeedState], tuple[FeedRequest, ...]]
"""From base address, business day and what is known to the calls to make, in order."""

Reader = Callable[[Fetched, datetime, FeedState], ParsedFeed]
"""From an answer, the instant it is learned (aware UTC) and what is known to what it says."""

FollowUps = Callable[[str, FeedRequest, Fetched], tuple[FeedRequest, ...]]
"""From base address, a call and its answer to the further calls it names: next pages, linked notices."""


def no_follow_ups(base_url: str, request: FeedRequest, fetched: Fetched) -> tuple[FeedRequest, ...]:
    """Return no further call: what most sources need."""
    del base_url, request, fetched
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One source. ``why_en`` and ``why_zh`` say why it is off, or under which terms it is on, as far as they were seen.

    ``calendar`` is the market whose open days are its business days, ``none`` when it has none of its own. ``grace_minutes`` pass
    before a missing day is late. ``window_days`` is how far back a first run asks. ``day_of_month`` is set when the source publishes
    on that day only, or on the next open one. ``is_missing_404`` says that status 404 means "not published yet".
    """

    id: str
    title_en: str
    title_zh: str
    role: FeedRole
    calendar: str
    zone: str
    hours: tuple[Hour, ...]
    grace_minutes: int
    window_days: int
    is_on_by_default: bool
    why_en: str
    why_zh: str
    terms_source: str
    base_url: str
    calls: Calls = field(repr=False)
    reader: Reader = field(repr=False)
    follows: FollowUps = field(default=no_follow_ups, repr=False)
    day_of_month: int | None = None
    is_missing_404: bool = False

    @property
    def host(self) -> str:
        """Return the host asked: what refuses one feed of a host will refuse the others, so a circuit may be kept by host."""
        return urlsplit(self.base_url).netloc

    def requests(self, day: date, state: FeedState = NOTHING_KNOWN) -> tuple[FeedRequest, ...]:
        """Return the calls that bring business day ``day`` and what is missing before it."""
        return self.calls(self.base_url, day, state)

    def follow_ups(self, request: FeedRequest, fetched: Fetched) -> tuple[FeedRequest, ...]:
        """Return the calls that the answer to ``request`` makes necessary."""
        return self.follows(self.base_url, request, fetched)

    def parse(self, fetched: Fetched, known_at: datetime, state: FeedState = NOTHING_KNOWN) -> ParsedFeed:
        """Return what the answer says, learned at ``known_at`` (aware UTC); what it is not is a typed error."""
        return self.reader(fetched, known_at, state)

    def is_not_published(self, error: DomainError) -> bool:
        """Return whether a failure only says that the day is not out yet, which is no alarm before it is late."""
        if error.code == "feed.no_rows":
            return True
        return self.is_missing_404 and error.code == "feed.status" and error.data.get("status") == "404"

    def is_due_on(self, day: date, calendar: BusinessCalendar | None) -> bool:
        """Return whether something new is expected on ``day``; a day the calendar does not know is ``calendar.unknown``.

        A monthly source is due on its day or the next open one: LPR of July 2025 on Monday the 21st, the 20th being a Sunday.
        """
        if calendar is None:
            return bool(self.hours)
        if not calendar.is_open(day):
            return False
        if self.day_of_month is None:
            return True
        return publication_day(day.year, day.month, day_of_month=self.day_of_month, calendar=calendar) == day


def expected_by(feed: Feed, business_day: date) -> tuple[datetime, ...]:
    """Return the instants (UTC, ascending) by which the figures of ``business_day`` are expected, first try first.

    Hours are the source's own: 16:15 in Berlin is 14:15 UTC in summer and 15:15 UTC in winter; 18:00 in China is always 10:00
    UTC; minute 1445 is 00:05 of the next day. Nothing for a feed that is never late.
    """
    zone = ZoneInfo(feed.zone)
    instants = []
    for hour in feed.hours:
        if not in_force(business_day, effective_from=hour.effective_from, effective_to=hour.effective_to):
            continue
        days, minute = divmod(hour.minute, _MINUTES_A_DAY)
        clock = time(minute // _MINUTES_AN_HOUR, minute % _MINUTES_AN_HOUR, tzinfo=zone)
        instants.append(datetime.combine(business_day + timedelta(days=days), clock).astimezone(UTC))
    return tuple(sorted(instants))


def late_after(feed: Feed, business_day: date) -> datetime | None:
    """Return the instant after which a missing ``business_day`` is late: the first expected one plus the grace."""
    instants = expected_by(feed, business_day)
    return instants[0] + timedelta(minutes=feed.grace_minutes) if instants else None


def publication_day(year: int, month: int, *, day_of_month: int, calendar: BusinessCalendar) -> date:
    """Return the monthly publication day: ``day_of_month`` or the next open day; unknown days are ``calendar.unknown``."""
    return open_on_or_after(calendar, date(year, month, day_of_month))
