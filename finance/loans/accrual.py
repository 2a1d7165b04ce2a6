"""Interest on a constant principal: exact over segments of constant rate, rounded once where it is paid.

Owns the sum. Knows no calendar, no ratchet and no reason for a rate. Amounts are minor units (fen); segments are
half-open and tile without gap or overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from finance.conventions.day_counts import DayCount, year_fraction
from finance.conventions.rounding import INTEREST_PAYMENT
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSegment:
    """One yearly rate (a fraction of one) on [start, end)."""

    start: date
    end: date
    rate: Fraction

    def __post_init__(self) -> None:
        """Refuse a segment without a day."""
        if self.end <= self.start:
            raise Invalid(
                "accrual.segment",
                f"end: expected a day after {self.start}; the end is exclusive",
                start=self.start.isoformat(),
                end=self.end.isoformat(),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualRow:
    """One maximal segment and its interest in exact minor units; ``days`` are calendar days, whatever the day count."""

    start: date
    end: date
    days: int
    year_fraction: Fraction
    rate: Fraction
    interest_minor: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """Interest over all rows, exact, in minor units."""

    principal_minor: int
    rows: tuple[AccrualRow, ...]

    @property
    def interest_minor(self) -> Fraction:
        """Return the exact sum of the rows."""
        return sum((row.interest_minor for row in self.rows), Fraction(0))

    def rounded(self, mode: RoundingMode = INTEREST_PAYMENT) -> int:
        """Return the interest in whole minor units, rounded once; half-up unless the terms name another mode."""
        return round_exact(self.interest_minor, mode)


def accrue(*, principal_minor: int, segments: Sequence[RateSegment], day_count: DayCount) -> Accrual:
    """Return the interest of ``segments``: the sum of principal x rate x year fraction over maximal segments, exact.

    Neighbours with one rate are joined first, so that cutting a segment changes nothing under any day count. The
    segments tile one period (``accrual.tiling``); a negative principal is refused (``accrual.principal``). Source:
    day rate = year rate / 360 on actual days, in segments when the rate changes (人民币利率管理规定, 分段计息). CNY
    200,000,000 at ACT/360 on [20 Mar, 20 Jun 2024) with 3.45 %, from 6 May 3.35 %: 900,833.33 + 837,500.00 =
    1,738,333.33.
    """
    if principal_minor < 0:
        raise Invalid(
            "accrual.principal", "principal: expected zero or more minor units", principal_minor=str(principal_minor)
        )
    rows = []
    for segment in _maximal(segments):
        fraction = year_fraction(segment.start, segment.end, day_count)
        rows.append(
            AccrualRow(
                start=segment.start,
                end=segment.end,
                days=(segment.end - segment.start).days,
                year_fraction=fraction,
                rate=segment.rate,
                interest_minor=principal_minor * segment.rate * fraction,
            )
        )
    return Accrual(principal_minor=principal_minor, rows=tuple(rows))


def interest_for_period(
    *,
    principal_minor: int,
    segments: Sequence[RateSegment],
    day_count: DayCount,
    mode: RoundingMode = INTEREST_PAYMENT,
) -> int:
    """Return one payment's interest in whole minor units: exact over the segments, rounded once by ``mode``.

    CNY 200,000,000 at 3.00 % on [2025-12-20, 2026-03-20) in ACT/360 is 150,000,000 fen. Daily rounding would differ.
    """
    return accrue(principal_minor=principal_minor, segments=segments, day_count=day_count).rounded(mode)


def restatement_difference(
    *,
    principal_minor: int,
    known_then: Sequence[RateSegment],
    known_now: Sequence[RateSegment],
    day_count: DayCount,
) -> Fraction:
    """Return interest as known now minus as known then over one and the same period, exact, in minor units.

    Positive: the borrower owes more (claw-back); negative: the bank refunds. Simple, without interest on interest. 10
    bp taken back on CNY 200,000,000 for the 287 days from 2024-05-06 to 2025-02-17 in ACT/360: 15,944,444 4/9 fen.
    """
    then = accrue(principal_minor=principal_minor, segments=known_then, day_count=day_count)
    now = accrue(principal_minor=principal_minor, segments=known_now, day_count=day_count)
    if (then.rows[0].start, then.rows[-1].end) != (now.rows[0].start, now.rows[-1].end):
        raise Invalid("accrual.other_period", "known_now: expected segments over the same days as known_then")
    return now.interest_minor - then.interest_minor


def segments_from_changes(
    *, start: date, end: date, rate: Fraction, changes: Sequence[tuple[date, Fraction]]
) -> tuple[RateSegment, ...]:
    """Return the segments of [start, end) that begin at ``rate`` and take each new rate from its day on.

    Changes may come in any order; a day twice or outside [start, end) is refused with ``accrual.change``.
    """
    if end <= start:
        raise Invalid(
            "accrual.segment", f"end: expected a day after {start}; the end is exclusive", end=end.isoformat()
        )
    rates = {start: rate}
    seen = set()
    for day, changed in changes:
        if day in seen or not start <= day < end:
            raise Invalid(
                "accrual.change",
                f"change: expected days from {start} to before {end}, none twice",
                change=day.isoformat(),
            )
        seen.add(day)
        rates[day] = changed
    bounds = (*sorted(rates), end)
    return tuple(RateSegment(start=first, end=last, rate=rates[first]) for first, last in pairwise(bounds))


def _maximal(segments: Sequence[RateSegment]) -> list[RateSegment]:
    if not segments:
        raise Invalid("accrual.segments_missing", "segments: expected at least one")
    joined = [segments[0]]
    for segment in segments[1:]:
        last = joined[-1]
        if segment.start != last.end:
            raise Invalid(
                "accrual.tiling",
                f"segments: expected the next to start on {last.end}, without gap or overlap",
                start=segment.start.isoformat(),
            )
        if segment.rate == last.rate:
            joined[-1] = RateSegment(start=last.start, end=segment.end, rate=last.rate)
        else:
            joined.append(segment)
    return joined
