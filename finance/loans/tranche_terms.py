"""A facility's tranches: every line with the terms that price it, stated and checked.

Owns which terms of one line are legal together. Knows no KPI, no decision, no calendar and no fixing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.conventions.fields import check_identifier, check_text, refused
from finance.loans.base_rates import BaseRate, FixedRate
from finance.loans.fees import FeeRule
from finance.loans.interest_periods import PeriodRule
from finance.loans.overdue import OverdueRule
from finance.loans.prepayment import PrepaymentRule
from finance.loans.repayment import Repayment
from finance.loans.tranche import Drawdown, RoundingUnit, Tranche
from ledger.core.amounts import MAX_UNITS, RoundingMode, currency_scale
from ledger.core.errors import Invalid

AREA = "terms"
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_LARGEST_BP = 10_000
_MOST_DRAWDOWNS = 1_000


class TrancheKind(StrEnum):
    """What a tranche is; each prices alike, the words follow the contract."""

    TERM = "term"
    REVOLVING = "revolving"
    ISLAMIC = "islamic"  # profit rate
    NOTE = "note"
    LETTER_OF_CREDIT = "letter_of_credit"
    SWAP = "swap"  # paired with another tranche, same notional


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeMargin:
    """The margin at one rating grade."""

    grade: str
    margin_bp: Fraction

    def __post_init__(self) -> None:
        """Refuse a nameless grade and a margin beyond 100 %."""
        check_text(self.grade, area=AREA, field="grade")
        _check_bp(self.margin_bp, field="margin_bp")


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingGrid:
    """A margin by credit rating, on which the KPI clauses stack: 112.5 to 175 bp from best grade to worst.

    ``grade_at_signing`` is in force until another is notified. The tranche's own spread is then zero or what the grid adds to.
    """

    agency: str
    grades: tuple[GradeMargin, ...]
    grade_at_signing: str

    def __post_init__(self) -> None:
        """Refuse a grid in which a better grade costs more, or without the grade in force."""
        check_text(self.agency, area=AREA, field="agency")
        names = [each.grade for each in self.grades]
        margins = [each.margin_bp for each in self.grades]
        if not names or len(set(names)) != len(names) or margins != sorted(margins):
            expected = "grades best first, none twice, margins that never fall towards the worse"
            raise refused(area=AREA, field="grades", expected=expected, value=", ".join(names))
        if self.grade_at_signing not in names:
            raise refused(
                area=AREA, field="grade_at_signing", expected="a grade of the grid", value=self.grade_at_signing
            )

    def margin_at(self, grade: str) -> Fraction:
        """Return the margin in bp at ``grade``; one that the grid does not have is refused (``terms.grade``)."""
        for each in self.grades:
            if each.grade == grade:
                return each.margin_bp
        expected = f"one of {', '.join(each.grade for each in self.grades)}"
        raise refused(area=AREA, field="grade", expected=expected, value=grade)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheTerms:
    """One line of the facility with everything that prices it.

    ``commitment_minor`` is in minor units of ``currency`` (fen); ``accordion_minor`` is what it may be raised by (green shoe), 0
    for none. Drawdowns are those agreed; a revolving line draws later. ``margin_floor_bp`` bounds the
    margin over an index after the KPI clauses, null where the contract has none; a floor of the all-in rate stands in
    ``base_rate``. ``payment_convention`` moves payment dates in the ``calendar_market`` calendar, with ``is_accrual_adjusted`` the
    periods' ends too.
    """

    tranche_id: str
    what: TrancheKind
    currency: str
    commitment_minor: int
    accordion_minor: int
    drawdowns: tuple[Drawdown, ...]
    signed_on: date
    maturity_date: date
    base_rate: BaseRate
    rating_grid: RatingGrid | None
    margin_floor_bp: Fraction | None
    day_count: DayCount
    periods: PeriodRule
    payment_convention: BusinessDayConvention
    is_accrual_adjusted: bool
    calendar_market: str
    rounding: RoundingMode
    rounding_unit: RoundingUnit
    repayment: Repayment
    prepayment: PrepaymentRule | None
    overdue: OverdueRule | None
    fees: tuple[FeeRule, ...]
    paired_with: str | None

    def __post_init__(self) -> None:
        """Refuse an illegal tranche; the code names the field (``terms.maturity_date``)."""
        check_identifier(self.tranche_id, area=AREA, field="tranche_id")
        check_identifier(self.calendar_market, area=AREA, field="calendar_market")
        self._check_amounts()
        self._check_days()
        if (self.paired_with is not None) != (self.what is TrancheKind.SWAP):
            raise refused(
                area=AREA, field="paired_with", expected="a tranche for a swap, null otherwise", value=self.what
            )
        names = [fee.name for fee in self.fees]
        if len(set(names)) != len(names):
            raise refused(area=AREA, field="fees", expected="each fee once", value=", ".join(names))
        if self.margin_floor_bp is not None and isinstance(self.base_rate, FixedRate):
            expected = "null: a fixed rate has no margin; its floor stands in base_rate"
            raise refused(area=AREA, field="margin_floor_bp", expected=expected, value=self.margin_floor_bp)
        if self.margin_floor_bp is not None:
            _check_bp(abs(self.margin_floor_bp), field="margin_floor_bp")

    def _check_amounts(self) -> None:
        try:
            currency_scale(self.currency)
        except Invalid as error:
            raise refused(
                area=AREA, field="currency", expected="an ISO 4217 currency code", value=self.currency
            ) from error
        _check_amount(self.commitment_minor, field="commitment_minor")
        if not 0 <= self.accordion_minor <= MAX_UNITS:
            raise refused(
                area=AREA, field="accordion_minor", expected="0 to 10^15 minor units", value=self.accordion_minor
            )
        drawn = sum(each.amount_minor for each in self.drawdowns)
        if self.what is not TrancheKind.REVOLVING and drawn > self.commitment_minor + self.accordion_minor:
            expected = "drawdowns up to the commitment and its accordion"
            raise refused(area=AREA, field="drawdowns", expected=expected, value=drawn)

    def _check_days(self) -> None:
        if not _FIRST_YEAR <= self.signed_on.year <= _LAST_YEAR:
            expected = f"a day from {_FIRST_YEAR} to {_LAST_YEAR}"
            raise refused(area=AREA, field="signed_on", expected=expected, value=self.signed_on)
        if self.maturity_date <= self.signed_on or self.maturity_date.year > _LAST_YEAR:
            expected = f"a day after signed_on, not after {_LAST_YEAR}"
            raise refused(area=AREA, field="maturity_date", expected=expected, value=self.maturity_date)
        days = [each.on for each in self.drawdowns]
        if days != sorted(set(days)) or len(days) > _MOST_DRAWDOWNS:
            raise refused(area=AREA, field="drawdowns", expected="days that rise, none twice", value=len(days))
        if days and not self.signed_on <= days[0] <= days[-1] < self.maturity_date:
            raise refused(
                area=AREA, field="drawdowns", expected="days from signed_on to before maturity", value=days[-1]
            )

    def as_drawn(self, drawdowns: tuple[Drawdown, ...]) -> Tranche:
        """Return what the schedule is computed from, with what was really drawn; nothing drawn is refused (``tranche.drawdowns``)."""
        return Tranche(
            currency=self.currency,
            drawdowns=drawdowns,
            maturity=self.maturity_date,
            base_rate=self.base_rate,
            periods=self.periods,
            day_count=self.day_count,
            convention=self.payment_convention,
            is_accrual_adjusted=self.is_accrual_adjusted,
            repayment=self.repayment,
            prepayment=self.prepayment,
            rounding=self.rounding,
            rounding_unit=self.rounding_unit,
        )

    @property
    def spread_bp(self) -> Fraction:
        """Return the margin over the index in bp that the contract starts from; a fixed rate has none."""
        return Fraction(0) if isinstance(self.base_rate, FixedRate) else self.base_rate.spread_bp

    def covers(self, day: date) -> bool:
        """Return whether ``day`` is in the tranche's life: signing inclusive, maturity exclusive."""
        return self.signed_on <= day < self.maturity_date


def _check_amount(amount_minor: int, *, field: str) -> None:
    if not 0 < amount_minor <= MAX_UNITS:
        expected = "an amount above zero, at most 10^15 minor units"
        raise refused(area=AREA, field=field, expected=expected, value=amount_minor)


def _check_bp(bp: Fraction, *, field: str) -> None:
    if not 0 <= bp <= _LARGEST_BP:
        raise refused(area=AREA, field=field, expected=f"0 to {_LARGEST_BP} basis points", value=bp)
