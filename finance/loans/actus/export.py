"""Writes a loan as ACTUS terms, so that any engine of the standard can compute its schedule again.

Owns the small loan that has what PAM, LAM and ANN need and the JSON names of its terms. Reads nothing and computes no
interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction

from finance.conventions.day_counts import DayCount
from finance.loans.actus.conventions import BusinessDayShift, Calendar, YearFraction
from finance.loans.actus.terms import ContractType, EndOfMonth, Role
from ledger.core.amounts import currency_scale, format_units
from ledger.core.errors import Invalid

EXPORTED_DIGITS = 40
"""A rate without a finite decimal (5/6 bp) is written to 40 significant digits, half even; every other one exactly."""

_DAY_COUNTS: Mapping[DayCount, YearFraction] = {
    DayCount.ACT_360: YearFraction.ACTUAL_360,
    DayCount.ACT_365F: YearFraction.ACTUAL_365,
    DayCount.ACT_ACT_ISDA: YearFraction.ACTUAL_ACTUAL,
    DayCount.THIRTY_E_360: YearFraction.THIRTY_E_360,
}
_EXPORTED = (ContractType.PRINCIPAL_AT_MATURITY, ContractType.LINEAR_AMORTIZER, ContractType.ANNUITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalments:
    """When principal is repaid; ``payment_units`` in minor units is the instalment (LAM) or the level payment (ANN)."""

    anchor: date
    months: int
    payment_units: int | None = None
    has_long_stub: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatingRate:
    """How the rate is reset: the index's name, its first reset and cycle; ``life_floor`` and ``life_cap`` bound the whole rate."""

    index: str
    anchor: date
    months: int
    multiplier: Fraction = Fraction(1)
    life_floor: Fraction | None = None
    life_cap: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActusLoan:
    """A drawn loan as ACTUS sees it.

    ``principal_units`` are minor units of ``currency``; ``rate`` is the yearly rate from the first exchange on, margin
    included, ``margin`` the part of it that is margin, both fractions of one; ``margin_steps`` are (day, margin from that
    day on) in rising order. Interest is due every ``interest_months`` counted from ``interest_anchor``, and at maturity.
    """

    contract_type: ContractType
    contract_id: str
    role: Role
    currency: str
    status_date: date
    initial_exchange_date: date
    maturity_date: date
    principal_units: int
    rate: Fraction
    day_count: DayCount
    interest_anchor: date
    interest_months: int
    has_long_interest_stub: bool = False
    margin: Fraction = Fraction(0)
    margin_steps: tuple[tuple[date, Fraction], ...] = ()
    instalments: Instalments | None = None
    floating: FloatingRate | None = None
    calendar: Calendar = Calendar.EVERY_DAY
    shift: BusinessDayShift = BusinessDayShift.NONE
    end_of_month: EndOfMonth = EndOfMonth.SAME_DAY

    def __post_init__(self) -> None:
        """Refuse a loan that the three exported types cannot say."""
        if self.contract_type not in _EXPORTED:
            raise _refused("contract_type", "PAM, LAM or ANN")
        if self.day_count not in _DAY_COUNTS:
            raise _refused("day_count", ", ".join(each.value for each in _DAY_COUNTS))
        if (self.instalments is None) is not (self.contract_type is ContractType.PRINCIPAL_AT_MATURITY):
            raise _refused("instalments", "instalments for LAM and ANN, none for PAM")
        if self.principal_units <= 0:
            raise _refused("principal_units", "an amount above zero")
        if self.initial_exchange_date >= self.maturity_date:
            raise _refused("maturity_date", "a day after initial_exchange_date")
        cycles = [
            self.interest_months,
            *(each.months for each in (self.instalments, self.floating) if each is not None),
        ]
        if any(not 1 <= months <= 1200 for months in cycles):  # noqa: PLR2004 - a century is longer than any loan
            raise _refused("months", "cycles of 1 to 1200 months")


def contract_terms(loan: ActusLoan) -> Mapping[str, object]:
    """Return the loan's terms under the dictionary's names, ready for JSON; amounts and rates are decimal strings.

    Margin steps come as ``marginAdjustments``, a term of ours beside the standard's, only where there are any. A loan of
    CNY 200,000,000.00 has ``notionalPrincipal`` ``"200000000.00"``.
    """
    terms: dict[str, object] = {
        "contractType": loan.contract_type.value,
        "contractID": loan.contract_id,
        "contractRole": loan.role.value,
        "currency": loan.currency,
        "statusDate": _midnight(loan.status_date),
        "initialExchangeDate": _midnight(loan.initial_exchange_date),
        "maturityDate": _midnight(loan.maturity_date),
        "notionalPrincipal": _amount(loan.principal_units, loan.currency),
        "nominalInterestRate": _decimal(loan.rate),
        "dayCountConvention": _DAY_COUNTS[loan.day_count].value,
        "calendar": loan.calendar.value,
        "endOfMonthConvention": loan.end_of_month.value,
        "cycleAnchorDateOfInterestPayment": _midnight(loan.interest_anchor),
        "cycleOfInterestPayment": _months(loan.interest_months, has_long_stub=loan.has_long_interest_stub),
        "rateSpread": _decimal(loan.margin),
    }
    if loan.shift is not BusinessDayShift.NONE:
        terms["businessDayConvention"] = loan.shift.value
    if loan.instalments is not None:
        terms |= _instalment_terms(loan.instalments, loan.currency)
    if loan.floating is not None:
        terms |= _floating_terms(loan.floating)
    if loan.margin_steps:
        terms["marginAdjustments"] = [
            {"date": _midnight(day), "rateSpread": _decimal(margin)} for day, margin in loan.margin_steps
        ]
    return terms


def _instalment_terms(instalments: Instalments, currency: str) -> dict[str, object]:
    terms: dict[str, object] = {
        "cycleAnchorDateOfPrincipalRedemption": _midnight(instalments.anchor),
        "cycleOfPrincipalRedemption": _months(instalments.months, has_long_stub=instalments.has_long_stub),
        "interestCalculationBase": "NT",
    }
    if instalments.payment_units is not None:
        terms["nextPrincipalRedemptionPayment"] = _amount(instalments.payment_units, currency)
    return terms


def _floating_terms(floating: FloatingRate) -> dict[str, object]:
    terms: dict[str, object] = {
        "marketObjectCodeOfRateReset": floating.index,
        "cycleAnchorDateOfRateReset": _midnight(floating.anchor),
        "cycleOfRateReset": _months(floating.months, has_long_stub=False),
        "rateMultiplier": _decimal(floating.multiplier),
    }
    for term, rate in (("lifeFloor", floating.life_floor), ("lifeCap", floating.life_cap)):
        if rate is not None:
            terms[term] = _decimal(rate)
    return terms


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def _months(months: int, *, has_long_stub: bool) -> str:
    return f"P{months}ML{0 if has_long_stub else 1}"


def _amount(units: int, currency: str) -> str:
    return format_units(units, currency_scale(currency))


def _decimal(value: Fraction) -> str:
    exact = Context(prec=EXPORTED_DIGITS).divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{exact:f}"


def _refused(field: str, expected: str) -> Invalid:
    return Invalid("actus.export", f"{field}: expected {expected}", field=field)
