"""The facility's interest, period by period: at the base rate, at the rates decided, and the difference.

Owns the comparison a treasurer reads. One code path with booking: each figure is the payment that would be made,
rounded once per period by the terms' mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finance.conventions.calendars import BusinessCalendar
from finance.loans.accrual import Accrual, RateSegment, accrue
from finance.loans.margins import MarginInterval, segments_between
from finance.loans.schedule import InterestPeriod, interest_periods
from finance.loans.terms import FacilityTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestRow:
    """One period's payment in minor units (fen); a positive ``saving_minor`` is what the borrower pays less."""

    period: InterestPeriod
    accrual: Accrual
    interest_before_minor: int
    interest_after_minor: int

    @property
    def saving_minor(self) -> int:
        """Return before minus after."""
        return self.interest_before_minor - self.interest_after_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestSchedule:
    """All periods in order and their totals, in minor units of ``currency``."""

    currency: str
    rows: tuple[InterestRow, ...]

    @property
    def total_before_minor(self) -> int:
        """Return the sum of the payments at the base rate."""
        return sum(row.interest_before_minor for row in self.rows)

    @property
    def total_after_minor(self) -> int:
        """Return the sum of the payments at the rates decided."""
        return sum(row.interest_after_minor for row in self.rows)

    @property
    def total_saving_minor(self) -> int:
        """Return what all determinations save over the loan's life; negative when the rate was raised."""
        return self.total_before_minor - self.total_after_minor


def interest_schedule(
    terms: FacilityTerms, *, calendar: BusinessCalendar, margins: Sequence[MarginInterval]
) -> InterestSchedule:
    """Return each period's interest before (base rate throughout) and after (``margins``).

    Each is rounded once per payment. CNY 200,000,000 on [2025-12-20, 2026-03-20) in ACT/360 at 3.00 % and 2.90 %:
    1,500,000.00 before, 1,450,000.00 after.
    """
    rows = []
    for period in interest_periods(terms, calendar):
        before = RateSegment(start=period.start, end=period.end, rate=terms.base_rate)
        accruals = [
            accrue(principal_minor=terms.principal_minor, segments=segments, day_count=terms.day_count)
            for segments in ((before,), segments_between(margins, start=period.start, end=period.end))
        ]
        rows.append(
            InterestRow(
                period=period,
                accrual=accruals[1],
                interest_before_minor=accruals[0].rounded(terms.rounding),
                interest_after_minor=accruals[1].rounded(terms.rounding),
            )
        )
    return InterestSchedule(currency=terms.currency, rows=tuple(rows))
