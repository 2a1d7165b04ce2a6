"""Index rates as their publisher gave them: when each counts, which values nobody should believe, and which a reset reads.

Owns the step function over monthly publications, its bounds and the days on which a tranche reads its index. What a loan does
with a fixing is ``finance.loans.fixings``. Knows no feed and no source; the bounds and the publication day come in as values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from finance.conventions.calendars import BusinessCalendar, open_on_or_after, open_on_or_before
from finance.conventions.explain import Explanation
from finance.conventions.fields import check_identifier, check_text, refused
from finance.conventions.rates import format_rate_percent
from finance.loans.base_rates import CompoundedIndexRate, FixedRate, IndexRate, check_yearly_rate
from finance.loans.fixings import open_days_before, repricing_days
from finance.loans.period_dates import InterestPeriod
from ledger.core.errors import Conflict

_AREA = "published_rates"
_PERCENT = 100
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRate:
    """One value of ``index`` as ``feed`` published it: a share per year (3.00 % is 3/100), in force until the next one.

    ``revision`` counts from 1: a publisher that corrects a day's value adds one. ``known_at`` is when it was learned.
    """

    index: str
    published_on: date
    revision: int
    rate: Fraction
    feed: str
    known_at: datetime
    raw_sha256: str

    def __post_init__(self) -> None:
        """Refuse what names no index, no file or no rate."""
        check_identifier(self.index, area=_AREA, field="index")
        check_text(self.feed, area=_AREA, field="feed")
        check_yearly_rate(self.rate, field="rate")
        if self.revision < 1:
            raise refused(area=_AREA, field="revision", expected="1 or more", value=self.revision)
        if len(self.raw_sha256) != _SHA256_DIGITS:
            raise refused(area=_AREA, field="raw_sha256", expected="64 hexadecimal digits", value=self.raw_sha256)

    @property
    def source(self) -> str:
        """Return how a fixing read from it names where it comes from: feed, publication and the file's hash."""
        return f"{self.feed}, {self.index} of {self.published_on}, file sha256 {self.raw_sha256}"

    def explanation(self) -> Explanation:
        """Return the rate as a leaf with its file."""
        return Explanation(
            label_en=f"{self.index} as published on {self.published_on}",
            label_zh=f"{self.published_on}公布的{self.index}",
            value=format_rate_percent(self.rate),
            unit="1",
            source=self.source,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRule:
    """How an index is published: on ``day_of_month`` or the next open day of ``calendar``.

    A value is a multiple of ``step`` above zero, at most ``max_move`` from the one before it, both in percent a year; for publications
    from ``effective_from`` on.
    """

    calendar: BusinessCalendar
    day_of_month: int
    step: Fraction
    max_move: Fraction
    effective_from: date

    def due_day(self, day: date) -> date:
        """Return the publication day that is the last one up to ``day``: for Sunday 2025-07-20 it is 2025-06-20.

        The 20th being a Sunday, July's own is Monday the 21st. A day the calendar does not cover is ``calendar.unknown``.
        """
        own = open_on_or_after(self.calendar, day.replace(day=self.day_of_month))
        if own <= day:
            return own
        before = day.replace(day=1) - timedelta(days=1)
        return open_on_or_after(self.calendar, before.replace(day=self.day_of_month))

    def known_through(self, last_published_on: date) -> date:
        """Return the last day on which the newest publication is known to hold: the eve of the next one due."""
        following = (last_published_on.replace(day=1) + timedelta(days=32)).replace(day=self.day_of_month)
        return open_on_or_after(self.calendar, following) - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateStep:
    """A publication and the last day it holds, inclusive: ``None`` where the calendar does not know the next one's day."""

    published: PublishedRate
    valid_through: date | None


def current_rates(rates: Iterable[PublishedRate]) -> tuple[PublishedRate, ...]:
    """Return the newest revision of each index and day, by index and day."""
    newest: dict[tuple[str, date], PublishedRate] = {}
    for one in sorted(rates, key=lambda each: each.revision):
        newest[one.index, one.published_on] = one
    return tuple(newest[key] for key in sorted(newest))


def steps(rates: Iterable[PublishedRate], rule: PublicationRule) -> tuple[RateStep, ...]:
    """Return one index's publications with the last day each is known to hold.

    A rate holds until the day before the next publication. Where a month's publication is missing, the one before it is known only to
    the eve of the missing one. Published 2025-06-20 and 2025-07-21: the first holds through Sunday 2025-07-20.
    """
    ordered = current_rates(rates)
    found = []
    for place, one in enumerate(ordered):
        try:
            through: date | None = rule.known_through(one.published_on)
        except Conflict:  # the calendar of that month is not published
            through = None
        if place + 1 < len(ordered):
            eve = ordered[place + 1].published_on - timedelta(days=1)
            through = eve if through is None else min(eve, through)
        found.append(RateStep(published=one, valid_through=through))
    return tuple(found)


def rate_in_force(rates: Sequence[PublishedRate], day: date, *, index: str, rule: PublicationRule) -> PublishedRate:
    """Return the publication that counts on ``day``, refusing a day whose own publication is not there.

    ``published_rates.missing`` names the publication day that is not stored: an older value is never taken in its place.
    """
    own = [one for one in current_rates(rates) if one.index == index]
    due = rule.due_day(day)
    place = bisect_right(own, day, key=lambda one: one.published_on)
    if place and _reaches(own[place - 1].published_on, due, after=[one.published_on for one in own[place : place + 1]]):
        return own[place - 1]
    raise Conflict(
        "published_rates.missing",
        f"{index}: the publication due on {due}, which counts on {day}, is not stored; run the feed or record the fixing",
        index=index,
        day=day.isoformat(),
        due=due.isoformat(),
    )


def _reaches(published_on: date, due: date, *, after: Sequence[date]) -> bool:
    """Return whether no publication lies between: of the due month, or of the month before when the due one came late."""
    month = due.replace(day=1)
    if published_on >= month:
        return True
    came_late = any(day.replace(day=1) == month for day in after)
    return came_late and published_on >= (month - timedelta(days=1)).replace(day=1)


def doubt(new: PublishedRate, standing: Sequence[PublishedRate], rule: PublicationRule) -> str:
    """Return why ``new`` is not believed, empty when it is: off the step, or far from the publication before or after it.

    3.07 % is no multiple of 0.05; 2.40 % after 3.00 % moved by more than 0.5; a correction of the same day is tested against what stood.
    """
    percent = new.rate * _PERCENT
    if new.published_on < rule.effective_from:
        return ""
    if percent <= 0 or percent % rule.step != 0:
        return (
            f"{format_rate_percent(new.rate)} is no multiple of {format_rate_percent(rule.step / _PERCENT)} above zero"
        )
    own = [one for one in current_rates(standing) if one.index == new.index and one.published_on >= rule.effective_from]
    same = [one for one in own if one.published_on == new.published_on]
    before = [one for one in own if one.published_on < new.published_on][-1:]
    for one in (*before, *same):
        if abs(percent - one.rate * _PERCENT) > rule.max_move:
            bound = format_rate_percent(rule.max_move / _PERCENT)
            return (
                f"{format_rate_percent(new.rate)} is further than {bound} from the {format_rate_percent(one.rate)} "
                f"of {one.published_on}"
            )
    return ""


def reading_days(
    base: FixedRate | IndexRate | CompoundedIndexRate,
    periods: Sequence[InterestPeriod],
    *,
    calendar: BusinessCalendar,
    through: date,
) -> tuple[tuple[date, date], ...]:
    """Return (reset day, day on which the index is read) of a drawn tranche, up to ``through`` inclusive, by day.

    The index is read at drawdown and on each repricing day, the stated number of open days earlier; a fixed rate reads none.
    A rate compounded daily reads every day: each of its days is one.
    """
    if not periods or isinstance(base, FixedRate):
        return ()
    bounds = [periods[0].start, *(period.end for period in periods)]
    if isinstance(base, CompoundedIndexRate):
        last = min(bounds[-1] - timedelta(days=1), through)
        days = [bounds[0] + timedelta(days=number) for number in range((last - bounds[0]).days + 1)]
        lag = base.lookback_business_days
        return tuple((day, open_days_before(calendar, open_on_or_before(calendar, day), lag)) for day in days)
    resets = [bounds[0], *repricing_days(base.repricing, bounds=bounds)]
    lag = base.fixing_lag_business_days
    return tuple((day, open_days_before(calendar, day, lag)) for day in resets if day <= through)
