from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from finance.conventions.day_counts import DayCount, year_fraction
from finance.loans.actus.conventions import BusinessDayShift, Calendar
from finance.loans.actus.export import ActusLoan, FloatingRate, Instalments, contract_terms
from finance.loans.actus.terms import ContractType, Mode, Role
from ledger.core.errors import Invalid
from tests.core.actus_cases import events, only, payoffs

QUARTERS = [date(2024, 3, 20), date(2024, 6, 20), date(2024, 9, 20), date(2024, 12, 20)]


def loan(**changes: Any) -> ActusLoan:
    terms: dict[str, Any] = {
        "contract_type": ContractType.PRINCIPAL_AT_MATURITY,
        "contract_id": "tranche-a",
        "role": Role.LIABILITY,
        "currency": "CNY",
        "status_date": date(2024, 3, 19),
        "initial_exchange_date": date(2024, 3, 20),
        "maturity_date": date(2024, 12, 20),
        "principal_units": 20_000_000_000,
        "rate": Fraction(345, 10_000),
        "day_count": DayCount.ACT_360,
        "interest_anchor": date(2024, 6, 20),
        "interest_months": 3,
        "margin": Fraction(20, 10_000),
    }
    return ActusLoan(**{**terms, **changes})


def test_the_terms_are_plain_json_with_exact_decimals() -> None:
    terms = contract_terms(loan())

    assert json.loads(json.dumps(terms)) == terms
    assert terms["notionalPrincipal"] == "200000000.00"
    assert terms["nominalInterestRate"] == "0.0345"
    assert terms["cycleOfInterestPayment"] == "P3ML1"
    assert "marginAdjustments" not in terms


@pytest.mark.parametrize(
    "day_count", [DayCount.ACT_360, DayCount.ACT_365F, DayCount.ACT_ACT_ISDA, DayCount.THIRTY_E_360]
)
@pytest.mark.parametrize("mode", list(Mode))
def test_the_exported_loan_pays_the_interest_that_day_counts_give_by_hand(day_count: DayCount, mode: Mode) -> None:
    found = events(contract_terms(loan(day_count=day_count)), mode=mode)

    by_hand = [
        -200_000_000 * Fraction(345, 10_000) * year_fraction(start, end, day_count) for start, end in pairwise(QUARTERS)
    ]
    assert payoffs(found, "IP") == by_hand


def test_a_margin_step_in_a_period_gives_the_golden_number() -> None:
    # 20 March to 20 June 2024, 3.45 % stepping to 3.35 % on 6 May: 900,833.33 + 837,500.00.
    steps = ((date(2024, 5, 6), Fraction(10, 10_000)),)

    found = events(contract_terms(loan(margin_steps=steps)))

    assert only(found, "MRA").accrued == -200_000_000 * Fraction(345, 10_000) * Fraction(47, 360)
    assert only(found, "IP", "2024-06-20").payoff == -(Fraction("2702500") / 3 + 837_500)


def test_a_linear_loan_and_an_annuity_survive_the_round_trip() -> None:
    instalments = Instalments(anchor=date(2024, 6, 20), months=3, payment_units=6_000_000_000)
    linear = events(contract_terms(loan(contract_type=ContractType.LINEAR_AMORTIZER, instalments=instalments)))
    annuity = events(
        contract_terms(
            loan(
                contract_type=ContractType.ANNUITY,
                instalments=Instalments(anchor=date(2024, 6, 20), months=3),
                day_count=DayCount.THIRTY_E_360,
            )
        )
    )

    assert payoffs(linear, "PR") == [-60_000_000, -60_000_000]
    assert only(linear, "MD").payoff == -80_000_000
    growth = 1 + Fraction(345, 40_000)
    payment = 200_000_000 * (growth - 1) / (1 - 1 / growth**3)
    first = only(annuity, "PR", "2024-06-20").payoff + only(annuity, "IP", "2024-06-20").payoff
    assert abs(-first - payment) < Fraction(1, 10**25)


def test_a_floating_loan_resets_from_its_index() -> None:
    floating = FloatingRate(index="LPR1Y", anchor=date(2024, 9, 20), months=12, life_floor=Fraction(3, 100))
    terms = contract_terms(loan(floating=floating))

    found = events(terms, market={"LPR1Y": {"2024-09-20": "0.0335"}})

    assert only(found, "RR").rate == Fraction(355, 10_000)
    assert terms["lifeFloor"] == "0.03"


def test_a_holiday_rule_travels_with_the_loan() -> None:
    found = events(
        contract_terms(
            loan(
                calendar=Calendar.MONDAY_TO_FRIDAY,
                shift=BusinessDayShift.CALCULATE_SHIFT_FOLLOWING,
                maturity_date=date(2025, 3, 20),
            )
        )
    )

    assert [event.when.day.weekday() < 5 for event in found] == [True] * len(found)


def test_a_margin_without_a_finite_decimal_is_written_to_forty_digits() -> None:
    terms = contract_terms(loan(margin=Fraction(1, 12_000)))

    assert terms["rateSpread"] == "0.0000" + "8" + "3" * 39


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contract_type": ContractType.CALL_MONEY}, "contract_type"),
        ({"day_count": DayCount.THIRTY_360_US}, "day_count"),
        ({"instalments": Instalments(anchor=date(2024, 6, 20), months=3)}, "instalments"),
        ({"contract_type": ContractType.LINEAR_AMORTIZER}, "instalments"),
        ({"principal_units": 0}, "principal_units"),
        ({"maturity_date": date(2024, 3, 20)}, "maturity_date"),
        ({"interest_months": 0}, "months"),
    ],
)
def test_a_loan_the_standard_cannot_say_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid, match=f"^{field}: expected"):
        loan(**changes)
