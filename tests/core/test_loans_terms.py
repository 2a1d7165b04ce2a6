"""Facility terms: one mapping per terms, every field required, every illegal value refused by its own name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.ratchet import KpiStep
from finance.loans.terms import EffectKind, EffectRule, FacilityTerms, SettlementRule
from finance.loans.terms_text import FIELDS, terms_from_mapping, terms_to_mapping
from ledger.core.errors import DomainError, Invalid
from tests.core.test_loans_examples import TERMS

AS_TEXT = {
    "facility_number": "兴银滨借字2024第001号",
    "version": "1",
    "borrower_id": "smelter-group",
    "lender_ids": "bank-a",
    "principal": "200000000.00",
    "currency": "CNY",
    "drawdown_date": "2024-12-20",
    "maturity_date": "2027-12-20",
    "base_rate": "69/2000",
    "day_count": "ACT/360",
    "settlement_day": "20",
    "settlement_months": "3,6,9,12",
    "payment_lag_days": "0",
    "payment_convention": "following",
    "is_accrual_adjusted": "false",
    "calendar_market": "cn_exchange",
    "rounding": "half_up",
    "effect_rule": "next_interest_period",
    "assurance_level": "limited",
    "ratchet_steps": "intensity:10/1:0/1",
    "ratchet_direction": "one_way",
    "cap_down_bp": "10/1",
    "cap_up_bp": "0/1",
    "is_cumulative": "false",
    "floor_rate": "0/1",
    "on_missing": "base_rate",
    "on_late": "base_rate",
    "on_qualified": "base_rate",
}

FREE_NAMES = ("facility_number", "borrower_id", "lender_ids", "calendar_market")

effect_rules = st.one_of(
    st.just(EffectRule(kind=EffectKind.NEXT_INTEREST_PERIOD)),
    st.builds(
        EffectRule,
        kind=st.just(EffectKind.FIXED_DATE),
        fixed_on=st.dates(min_value=date(2024, 12, 20), max_value=date(2027, 12, 19)),
    ),
    st.builds(
        EffectRule,
        kind=st.just(EffectKind.N_BUSINESS_DAYS_AFTER),
        business_days=st.integers(min_value=1, max_value=250),
    ),
)


def refusal_code(posted: dict[str, str]) -> str:
    """Return the code that ``posted`` is refused with, empty if it is taken."""
    try:
        terms_from_mapping(posted)
    except DomainError as error:
        return error.code
    return ""


def test_terms_are_spelled_in_one_way() -> None:
    assert terms_to_mapping(TERMS) == AS_TEXT


def test_terms_are_read_from_decimals_too() -> None:
    posted = AS_TEXT | {"base_rate": "0.0345", "ratchet_steps": "intensity:10:0", "cap_down_bp": "10", "cap_up_bp": "0"}

    assert terms_from_mapping(posted) == TERMS


@given(
    principal_minor=st.integers(min_value=1, max_value=10**15),
    base_rate=st.fractions(min_value=0, max_value=1, max_denominator=10**9),
    months=st.sets(st.integers(min_value=1, max_value=12), min_size=1),
    shares=st.lists(st.fractions(min_value=0, max_value=30, max_denominator=12), min_size=1, max_size=4),
    effect_rule=effect_rules,
)
def test_terms_survive_their_mapping(
    principal_minor: int,
    base_rate: Fraction,
    months: set[int],
    shares: list[Fraction],
    effect_rule: EffectRule,
) -> None:
    steps = tuple(
        KpiStep(kpi_id=f"kpi-{number}", down_bp=share, up_bp=Fraction(0)) for number, share in enumerate(shares)
    )
    terms = replace(
        TERMS,
        principal_minor=principal_minor,
        base_rate=base_rate,
        settlement=SettlementRule(day=31, months=tuple(sorted(months)), payment_lag_days=1),
        effect_rule=effect_rule,
        ratchet=replace(TERMS.ratchet, steps=steps),
    )

    assert terms_from_mapping(terms_to_mapping(terms)) == terms


@pytest.mark.parametrize("name", FIELDS)
def test_a_missing_field_is_refused_by_its_name(name: str) -> None:
    posted = {field: text for field, text in AS_TEXT.items() if field != name}

    with pytest.raises(Invalid, match=name, check=lambda error: error.code == "terms.missing"):
        terms_from_mapping(posted)


def test_an_unsupported_term_is_refused_by_its_name_and_not_ignored() -> None:
    with pytest.raises(Invalid, match="grace_days", check=lambda error: error.code == "terms.unknown"):
        terms_from_mapping(AS_TEXT | {"grace_days": "3"})


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in FREE_NAMES])
@pytest.mark.parametrize("text", ["", " ", "NaN", "1e400", "\uff11", "-1", "x" * 300, "a\nb", "true;", ",", ":", "1/0"])
def test_a_nonsense_value_is_refused_with_a_code_and_never_crashes(name: str, text: str) -> None:
    assert refusal_code(AS_TEXT | {name: text}).startswith(("terms.", "ratchet."))


@pytest.mark.parametrize("name", FREE_NAMES)
@pytest.mark.parametrize("text", ["", " ", "x" * 300, "a\nb", " bank-a", "\x00", "e\u0301"])
def test_a_name_that_has_several_spellings_or_none_is_refused(name: str, text: str) -> None:
    assert refusal_code(AS_TEXT | {name: text}) == f"terms.{name}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("version", "0"),
        ("lender_ids", "bank-a,bank-a"),
        ("lender_ids", "bank-a,smelter-group"),
        ("principal", "0.00"),
        ("principal", "1.005"),
        ("principal", "10000000000000.01"),
        ("principal", "-5.00"),
        ("currency", "XXQ"),
        ("currency", "cny"),
        ("drawdown_date", "1989-12-31"),
        ("drawdown_date", "2024-02-30"),
        ("drawdown_date", "20241220"),
        ("maturity_date", "2024-12-20"),
        ("maturity_date", "9999-12-31"),
        ("base_rate", "3.45"),
        ("base_rate", "-0.01"),
        ("floor_rate", "0.04"),
        ("settlement_day", "0"),
        ("settlement_day", "32"),
        ("settlement_months", "3,3"),
        ("settlement_months", "6,3"),
        ("settlement_months", "0,6"),
        ("settlement_months", "13"),
        ("payment_lag_days", "32"),
        ("effect_rule", "fixed_date"),
        ("effect_rule", "fixed_date:2028-01-01"),
        ("effect_rule", "n_business_days_after:0"),
        ("effect_rule", "n_business_days_after"),
        ("effect_rule", "next_interest_period:5"),
        ("effect_rule", "next_test_year"),
        ("ratchet_steps", "intensity:10"),
        ("day_count", "ACT/ACT"),
    ],
)
def test_an_illegal_term_is_refused_with_its_own_code(name: str, text: str) -> None:
    with pytest.raises(Invalid, match=name, check=lambda error: error.code == f"terms.{name}"):
        terms_from_mapping(AS_TEXT | {name: text})


def test_a_value_that_is_no_string_is_refused() -> None:
    posted: dict[str, Any] = AS_TEXT | {"version": 1}  # as JSON may bring it

    with pytest.raises(Invalid, check=lambda error: error.code == "terms.text"):
        terms_from_mapping(posted)


def test_interest_runs_from_drawdown_to_the_day_before_maturity() -> None:
    days = (date(2024, 12, 19), date(2024, 12, 20), date(2027, 12, 19), date(2027, 12, 20))

    assert [TERMS.covers(day) for day in days] == [False, True, True, False]


def test_terms_are_immutable() -> None:
    assert FacilityTerms.__hash__ is not None
    assert hash(TERMS) == hash(replace(TERMS))
