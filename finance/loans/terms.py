"""A facility's terms as signed: one immutable, numbered version, every field explicit.

Owns which terms are legal. Knows no calendar and no schedule (``schedule`` resolves the terms), no decision and no
evidence; its text form is in ``terms_text``.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.conventions.fields import check_identifier, check_text, refused
from finance.kpi.definitions import AssuranceLevel
from finance.loans.ratchet import Ratchet
from ledger.core.amounts import MAX_UNITS, RoundingMode, currency_scale
from ledger.core.errors import Invalid

_AREA = "terms"
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_LONGEST_LAG_DAYS = 31
_MONTHS = frozenset(range(1, 13))
_MOST_BUSINESS_DAYS = 250


class EffectKind(StrEnum):
    """From when an approved adjustment counts."""

    NEXT_INTEREST_PERIOD = "next_interest_period"
    FIXED_DATE = "fixed_date"
    N_BUSINESS_DAYS_AFTER = "n_business_days_after"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRule:
    """The effect clause; exactly the argument its kind needs is set: a date, a number of business days, or neither."""

    kind: EffectKind
    fixed_on: date | None = None
    business_days: int | None = None

    def __post_init__(self) -> None:
        """Refuse a missing or superfluous argument."""
        needs_date = self.kind is EffectKind.FIXED_DATE
        needs_days = self.kind is EffectKind.N_BUSINESS_DAYS_AFTER
        if needs_date != (self.fixed_on is not None) or needs_days != (self.business_days is not None):
            expected = "a date with fixed_date, a number of days with n_business_days_after, neither otherwise"
            raise refused(area=_AREA, field="effect_rule", expected=expected, value=self.kind)
        if self.business_days is not None and not 1 <= self.business_days <= _MOST_BUSINESS_DAYS:
            expected = f"1 to {_MOST_BUSINESS_DAYS} business days"
            raise refused(area=_AREA, field="effect_rule", expected=expected, value=self.business_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRule:
    """When interest is settled (结息): ``day`` of each of ``months``.

    RMB practice: the 20th of March, June, September and December. A day beyond a month's end means its last day. The
    settlement day itself begins the next interest period. Interest is paid ``payment_lag_days`` calendar days after
    it (0: on it; 1: settled on the 20th, paid on the 21st), then adjusted.
    """

    day: int
    months: tuple[int, ...]
    payment_lag_days: int

    def __post_init__(self) -> None:
        """Refuse days and months that are none."""
        if not 1 <= self.day <= 31:  # noqa: PLR2004 - the longest month
            raise refused(area=_AREA, field="settlement_day", expected="a day from 1 to 31", value=self.day)
        months = list(self.months)
        if not months or months != sorted(set(months)) or not set(months) <= _MONTHS:
            expected = "months from 1 to 12, rising, none twice"
            raise refused(area=_AREA, field="settlement_months", expected=expected, value=months)
        if not 0 <= self.payment_lag_days <= _LONGEST_LAG_DAYS:
            expected = f"0 to {_LONGEST_LAG_DAYS} calendar days"
            raise refused(area=_AREA, field="payment_lag_days", expected=expected, value=self.payment_lag_days)

    def settlement_days(self, year: int) -> tuple[date, ...]:
        """Return the year's settlement days in order."""
        return tuple(date(year, month, min(self.day, calendar.monthrange(year, month)[1])) for month in self.months)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityTerms:
    """One version of a bullet facility: principal drawn on ``drawdown_date``, repaid on ``maturity_date``.

    ``principal_minor`` is in minor units of ``currency`` (fen). ``base_rate`` is a yearly fraction of one, fixed.
    ``payment_convention`` moves payment dates in the ``calendar_market`` calendar; with ``is_accrual_adjusted`` it
    moves the interest periods' ends too. ``rounding`` is applied once per interest payment. ``assurance_level`` is
    what an attestation must state, exactly, before a KPI counts as met. Identifiers of borrower and lenders are
    organisations.
    """

    facility_number: str
    version: int
    borrower_id: str
    lender_ids: tuple[str, ...]
    principal_minor: int
    currency: str
    drawdown_date: date
    maturity_date: date
    base_rate: Fraction
    day_count: DayCount
    settlement: SettlementRule
    payment_convention: BusinessDayConvention
    is_accrual_adjusted: bool
    calendar_market: str
    rounding: RoundingMode
    effect_rule: EffectRule
    assurance_level: AssuranceLevel
    ratchet: Ratchet

    def __post_init__(self) -> None:
        """Refuse illegal terms; the code names the field (``terms.maturity_date``)."""
        check_text(self.facility_number, area=_AREA, field="facility_number")
        check_identifier(self.calendar_market, area=_AREA, field="calendar_market")
        if self.version < 1:
            raise refused(area=_AREA, field="version", expected="a version number from 1 on", value=self.version)
        self._check_parties()
        self._check_amount()
        self._check_dates()

    def _check_parties(self) -> None:
        check_identifier(self.borrower_id, area=_AREA, field="borrower_id")
        for lender in self.lender_ids:
            check_identifier(lender, area=_AREA, field="lender_ids")
        if not self.lender_ids or len(set(self.lender_ids)) != len(self.lender_ids):
            expected = "at least one lender, none twice"
            raise refused(area=_AREA, field="lender_ids", expected=expected, value=", ".join(self.lender_ids))
        if self.borrower_id in self.lender_ids:
            expected = "lenders other than the borrower"
            raise refused(area=_AREA, field="lender_ids", expected=expected, value=self.borrower_id)

    def _check_amount(self) -> None:
        try:
            currency_scale(self.currency)
        except Invalid as error:
            expected = "an ISO 4217 currency code"
            raise refused(area=_AREA, field="currency", expected=expected, value=self.currency) from error
        if not 0 < self.principal_minor <= MAX_UNITS:
            expected = "an amount above zero, at most 10^15 minor units"
            raise refused(area=_AREA, field="principal", expected=expected, value=self.principal_minor)
        if not 0 <= self.base_rate <= 1:
            expected = "a fraction of one from 0 to 1 (3.45 % is 0.0345)"
            raise refused(area=_AREA, field="base_rate", expected=expected, value=self.base_rate)
        if self.ratchet.floor_rate > self.base_rate:
            expected = "a floor at or below the base rate"
            raise refused(area=_AREA, field="floor_rate", expected=expected, value=self.ratchet.floor_rate)

    def _check_dates(self) -> None:
        if not _FIRST_YEAR <= self.drawdown_date.year <= _LAST_YEAR:
            expected = f"a day from {_FIRST_YEAR} to {_LAST_YEAR}"
            raise refused(area=_AREA, field="drawdown_date", expected=expected, value=self.drawdown_date)
        if self.maturity_date <= self.drawdown_date or self.maturity_date.year > _LAST_YEAR:
            expected = f"a day after the drawdown date, not after {_LAST_YEAR}"
            raise refused(area=_AREA, field="maturity_date", expected=expected, value=self.maturity_date)
        fixed_on = self.effect_rule.fixed_on
        if fixed_on is not None and not self.drawdown_date <= fixed_on < self.maturity_date:
            expected = "a day from the drawdown date to before maturity"
            raise refused(area=_AREA, field="effect_rule", expected=expected, value=fixed_on)

    def covers(self, day: date) -> bool:
        """Return whether interest runs on ``day``: drawdown inclusive, maturity exclusive."""
        return self.drawdown_date <= day < self.maturity_date

    @property
    def citation(self) -> str:
        """Return how a source names these terms: ``facility CIB-BZ-1 terms version 1``."""
        return f"facility {self.facility_number} terms version {self.version}"
