"""Reads a contract's terms from the JSON form of the public ACTUS files; whatever is not understood is refused by name.

Owns the dictionary's term names and which of them say nothing about scheduled flows. Numbers are read exactly, never
through binary fractions: callers hand over strings, ints and Decimals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from finance.loans.actus.conventions import BusinessDayShift, Calendar, YearFraction
from finance.loans.actus.cycles import parse_cycle, parse_period
from finance.loans.actus.instants import parse_instant
from finance.loans.actus.terms import (
    ActusTerms,
    ContractType,
    EndOfMonth,
    FeeBasis,
    InterestBase,
    MarginStep,
    PenaltyType,
    PrepaymentEffect,
    Role,
)
from ledger.core.errors import Invalid

INFORMATIONAL = frozenset(
    {
        "contractDealDate",
        "contractID",
        "counterpartyID",
        "creatorID",
        "fixingDays",
        "fixingPeriod",
        "gracePeriod",
        "delinquencyPeriod",
        "delinquencyRate",
        "marketObjectCode",
        "marketValueObserved",
        "seniority",
        "nonPerformingDate",
    }
)
"""Terms of the dictionary that change no scheduled flow of the five types; they are accepted and not used."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f]{1,100}")
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_MAX_DIGITS = 60
_LARGEST = 10**18
_SHOWN = 40

Choice = TypeVar("Choice", bound=StrEnum)
Reader = Callable[[object, str], object]


def parse_terms(given: Mapping[str, object]) -> ActusTerms:
    """Return the checked terms; an unsupported contract type, term or value is refused with its name.

    Codes: ``actus.contract_type``, ``actus.term_unsupported``, ``actus.term_missing``, ``actus.term_value``,
    ``actus.number``, ``actus.instant``, ``actus.cycle``. Empty texts and nulls count as not given.
    """
    set_terms = {term: value for term, value in given.items() if not _is_unset(value)}
    kind = _contract_type(set_terms)
    unknown = sorted(set(set_terms) - set(_READERS) - set(_SPECIAL) - INFORMATIONAL)
    if unknown:
        raise Invalid(
            "actus.term_unsupported",
            f"{unknown[0][:_SHOWN]}: this term is not supported; remove it, or see docs/actus.md for the terms that are",
            term=", ".join(term[:_SHOWN] for term in unknown[:10]),
            supported=", ".join(sorted({*_READERS, *_SPECIAL, *INFORMATIONAL})),
        )
    foreign = sorted(term for term in set_terms if kind.value not in _ONLY_FOR.get(term, kind.value))
    if foreign:
        allowed = _ONLY_FOR[foreign[0]]
        raise Invalid(
            "actus.term_unsupported",
            f"{foreign[0]}: this term does not apply to a {kind.value}; it belongs to {allowed}",
            term=", ".join(foreign),
            supported=allowed,
        )
    missing = [term for term in _REQUIRED if term not in set_terms]
    if missing:
        raise Invalid("actus.term_missing", f"{missing[0]}: expected a value for this term", term=", ".join(missing))
    _check_special(set_terms)
    values = {
        _READERS[term][0]: _READERS[term][1](value, term) for term, value in set_terms.items() if term in _READERS
    }
    scaling = str(set_terms.get("scalingEffect", "OOO"))
    return ActusTerms(
        contract_type=kind,
        contract_id=str(set_terms.get("contractID", "")),
        scales_interest=scaling[0] == "I",
        scales_notional=scaling[1] == "N",
        **values,  # type: ignore[arg-type] # each reader returns its attribute's type; the constructor checks the rest
    )


def parse_number(value: object, *, field: str) -> Fraction:
    """Return the exact number that a JSON number or a text spells, blanks around it allowed.

    ``" 0.10"`` gives 1/10. At most 60 characters and below 10^18; ``NaN``, infinities and booleans are refused with
    ``actus.number``.
    """
    text = str(value).strip() if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else ""
    if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
        raise _number_refused(value, field)
    number = Fraction(text)
    if abs(number) >= _LARGEST:
        raise _number_refused(value, field)
    return number


def _contract_type(given: Mapping[str, object]) -> ContractType:
    if "contractType" not in given:
        raise Invalid("actus.term_missing", "contractType: expected a value for this term", term="contractType")
    supported = ", ".join(kind.value for kind in ContractType)
    value = given["contractType"]
    if not isinstance(value, str) or value not in [kind.value for kind in ContractType]:
        shown = str(value)[:_SHOWN]
        raise Invalid(
            "actus.contract_type",
            f"contractType: {shown} is not supported; supported are {supported}",
            term="contractType",
            value=shown,
            supported=supported,
        )
    return ContractType(value)


def _is_unset(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _check_special(given: Mapping[str, object]) -> None:
    """Refuse the values of terms that are supported only in their plain form."""
    for term, allowed in _SPECIAL.items():
        if term in given and allowed and given[term] not in allowed:
            raise _value_refused(term, given[term], allowed)
    settlement = given.get("settlementCurrency", given["currency"])
    if settlement != given["currency"]:
        raise _value_refused("settlementCurrency", settlement, ("the contract's currency",))


def _choice(choices: type[Choice], aliases: Mapping[str, str] | None = None) -> Reader:
    def read(value: object, term: str) -> Choice:
        text = value.strip() if isinstance(value, str) else ""
        text = (aliases or {}).get(text, text)
        if text not in [choice.value for choice in choices]:
            raise _value_refused(term, value, tuple(choice.value for choice in choices))
        return choices(text)

    return read


def _number(value: object, term: str) -> Fraction:
    return parse_number(value, field=term)


def _instant(value: object, term: str) -> object:
    return parse_instant(value, field=term)


def _cycle(value: object, term: str) -> object:
    return parse_cycle(value, field=term)


def _period(value: object, term: str) -> object:
    return parse_period(value, field=term)


def _name(value: object, term: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _value_refused(term, value, ("1 to 100 printable characters",))
    return value


def _currency(value: object, term: str) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise _value_refused(term, value, ("three capital letters such as CNY",))
    return value


def _margin_steps(value: object, term: str) -> tuple[MarginStep, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _value_refused(term, value, ('a list of {"date": ..., "rateSpread": ...}',))
    steps = []
    for row in value:
        if not isinstance(row, Mapping) or set(row) != {"date", "rateSpread"}:
            raise _value_refused(term, row, ('{"date": ..., "rateSpread": ...}',))
        when = parse_instant(row["date"], field=f"{term}.date")
        steps.append(MarginStep(when=when, spread=parse_number(row["rateSpread"], field=f"{term}.rateSpread")))
    return tuple(steps)


def _value_refused(term: str, value: object, allowed: tuple[str, ...]) -> Invalid:
    supported = ", ".join(allowed)
    return Invalid(
        "actus.term_value",
        f"{term}: {str(value)[:_SHOWN]} is not supported; supported: {supported}",
        term=term,
        value=str(value)[:_SHOWN],
        supported=supported,
    )


def _number_refused(value: object, field: str) -> Invalid:
    shown = str(value)[:_SHOWN] if isinstance(value, int | str | Decimal) else type(value).__name__
    return Invalid("actus.number", f"{field}: expected a decimal number below 10^18", term=field, value=shown)


_REQUIRED = (
    "contractRole",
    "currency",
    "statusDate",
    "initialExchangeDate",
    "notionalPrincipal",
    "dayCountConvention",
)

_AMORTIZERS = "LAM, NAM, ANN"
_TERMED = "PAM, LAM, NAM, ANN"
_ONLY_FOR: Mapping[str, str] = {
    "amortizationDate": "ANN",
    "cycleAnchorDateOfPrincipalRedemption": _AMORTIZERS,
    "cycleOfPrincipalRedemption": _AMORTIZERS,
    "nextPrincipalRedemptionPayment": _AMORTIZERS,
    "interestCalculationBase": _AMORTIZERS,
    "interestCalculationBaseAmount": _AMORTIZERS,
    "cycleAnchorDateOfInterestCalculationBase": _AMORTIZERS,
    "cycleOfInterestCalculationBase": _AMORTIZERS,
    "capitalizationEndDate": _TERMED,
    "xDayNotice": "CLM",
    "purchaseDate": _TERMED,
    "terminationDate": _TERMED,
    "prepaymentEffect": _TERMED,
    "penaltyType": _TERMED,
    "scalingEffect": _TERMED,
}
"""Terms that only some types have (ACTUS dictionary, applicability); others take every type."""

_SPECIAL: Mapping[str, tuple[str, ...]] = {
    "contractType": (),
    "scalingEffect": ("OOO", "000", "IOO", "ONO", "INO", "I00", "0N0", "IN0"),
    "settlementCurrency": (),
    "contractPerformance": ("PF",),
    "cyclePointOfInterestPayment": ("E",),
    "cyclePointOfRateReset": ("B",),
}
"""Terms taken in their plain form only, with the values that are; an empty list is checked elsewhere."""

_READERS: Mapping[str, tuple[str, Reader]] = {
    "contractRole": ("role", _choice(Role)),
    "currency": ("currency", _currency),
    "statusDate": ("status_date", _instant),
    "initialExchangeDate": ("initial_exchange_date", _instant),
    "notionalPrincipal": ("notional", _number),
    "dayCountConvention": ("day_count", _choice(YearFraction)),
    "calendar": ("calendar", _choice(Calendar)),
    "businessDayConvention": ("shift", _choice(BusinessDayShift, {"NULL": "NOS"})),
    "endOfMonthConvention": ("end_of_month", _choice(EndOfMonth)),
    "nominalInterestRate": ("nominal_rate", _number),
    "maturityDate": ("maturity_date", _instant),
    "amortizationDate": ("amortization_date", _instant),
    "accruedInterest": ("accrued_interest", _number),
    "premiumDiscountAtIED": ("premium_discount", _number),
    "cycleAnchorDateOfInterestPayment": ("interest_anchor", _instant),
    "cycleOfInterestPayment": ("interest_cycle", _cycle),
    "capitalizationEndDate": ("capitalization_end", _instant),
    "cycleAnchorDateOfPrincipalRedemption": ("redemption_anchor", _instant),
    "cycleOfPrincipalRedemption": ("redemption_cycle", _cycle),
    "nextPrincipalRedemptionPayment": ("next_payment", _number),
    "interestCalculationBase": ("interest_base", _choice(InterestBase)),
    "interestCalculationBaseAmount": ("interest_base_amount", _number),
    "cycleAnchorDateOfInterestCalculationBase": ("interest_base_anchor", _instant),
    "cycleOfInterestCalculationBase": ("interest_base_cycle", _cycle),
    "cycleAnchorDateOfRateReset": ("reset_anchor", _instant),
    "cycleOfRateReset": ("reset_cycle", _cycle),
    "marketObjectCodeOfRateReset": ("reset_market_object", _name),
    "rateMultiplier": ("rate_multiplier", _number),
    "rateSpread": ("rate_spread", _number),
    "nextResetRate": ("next_reset_rate", _number),
    "lifeFloor": ("life_floor", _number),
    "lifeCap": ("life_cap", _number),
    "periodFloor": ("period_floor", _number),
    "periodCap": ("period_cap", _number),
    "marginAdjustments": ("margin_steps", _margin_steps),
    "cycleAnchorDateOfScalingIndex": ("scaling_anchor", _instant),
    "cycleOfScalingIndex": ("scaling_cycle", _cycle),
    "marketObjectCodeOfScalingIndex": ("scaling_market_object", _name),
    "scalingIndexAtContractDealDate": ("scaling_index_at_deal", _number),
    "notionalScalingMultiplier": ("notional_multiplier", _number),
    "interestScalingMultiplier": ("interest_multiplier", _number),
    "feeRate": ("fee_rate", _number),
    "feeBasis": ("fee_basis", _choice(FeeBasis)),
    "cycleAnchorDateOfFee": ("fee_anchor", _instant),
    "cycleOfFee": ("fee_cycle", _cycle),
    "feeAccrued": ("fee_accrued", _number),
    "prepaymentEffect": ("prepayment_effect", _choice(PrepaymentEffect)),
    "cycleAnchorDateOfOptionality": ("prepayment_anchor", _instant),
    "cycleOfOptionality": ("prepayment_cycle", _cycle),
    "objectCodeOfPrepaymentModel": ("prepayment_market_object", _name),
    "penaltyType": ("penalty_type", _choice(PenaltyType, {"O": "N"})),
    "penaltyRate": ("penalty_rate", _number),
    "purchaseDate": ("purchase_date", _instant),
    "priceAtPurchaseDate": ("price_at_purchase", _number),
    "terminationDate": ("termination_date", _instant),
    "priceAtTerminationDate": ("price_at_termination", _number),
    "xDayNotice": ("notice", _period),
}
"""The dictionary's term name, the attribute it sets, and how its value is read."""
