"""A facility resolved: the terms bound to a calendar and to the adjustments known at some point.

Owns the bundle that decisions and figures are computed from: what was signed, the periods it gives, the rates in force.
Decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from finance.conventions.calendars import BusinessCalendar
from finance.loans.margins import DatedAdjustment, MarginInterval, margin_intervals
from finance.loans.savings import InterestSchedule, interest_schedule
from finance.loans.schedule import InterestPeriod, effect_date, interest_periods
from finance.loans.terms import FacilityTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedFacility:
    """Terms, calendar, interest periods and margin intervals that belong together; made by ``resolve``."""

    terms: FacilityTerms
    calendar: BusinessCalendar
    periods: tuple[InterestPeriod, ...]
    margins: tuple[MarginInterval, ...]

    def effect_date(self, *, approved_on: date) -> date:
        """Return the first day on which an adjustment approved on ``approved_on`` counts (``schedule.effect_date``)."""
        return effect_date(self.terms, approved_on=approved_on, periods=self.periods, calendar=self.calendar)

    def interest_schedule(self) -> InterestSchedule:
        """Return the interest per period before and after the adjustments (``savings.interest_schedule``)."""
        return interest_schedule(self.terms, calendar=self.calendar, margins=self.margins)


def resolve(
    terms: FacilityTerms, *, calendar: BusinessCalendar, adjustments: Sequence[DatedAdjustment]
) -> ResolvedFacility:
    """Return the facility as of the adjustments given; none leaves the base rate throughout."""
    return ResolvedFacility(
        terms=terms,
        calendar=calendar,
        periods=interest_periods(terms, calendar),
        margins=margin_intervals(terms, adjustments),
    )
