"""The rules of contracts as values: interest, loan-to-value, differences, splits, set-offs, and the digest of terms."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.accounting.chart import Chart
from finance.accounting.contract_rules import MONEY_RULES, exchange_legs
from finance.store import reference
from finance.trading.contracts import kinds
from finance.trading.contracts import pledge_loan as loans
from finance.trading.contracts.effects import ClaimKind, Forgo, Money, MoneyKind
from finance.trading.contracts.forward import ForwardSide
from finance.trading.contracts.kinds import ContractTerms, default_plan, settle_plan, terms_of
from finance.trading.contracts.pledge_loan import loan_to_value
from finance.trading.contracts.schedule import cash_flows
from finance.trading.contracts.standing import Said
from finance.trading.contracts.swap import Leg, cap_effect
from finance.trading.orders import digest_of
from ledger.core.errors import Conflict, Invalid
from tests.core.contract_terms import (
    END,
    EVERY,
    START,
    custody,
    forward,
    lending,
    pledge_loan,
    repo,
    standing,
    swap,
)

DAYS = st.integers(min_value=0, max_value=200).map(lambda days: START + timedelta(days=days))
PRICES = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(500), places=2)


@pytest.mark.parametrize("terms", EVERY, ids=lambda terms: terms.KIND.value)
def test_stored_terms_are_read_back_as_they_were(terms: ContractTerms) -> None:
    document = terms.document(UUID(int=1), UUID(int=2), 1)

    assert terms_of(terms.KIND, document) == terms
    assert digest_of(document) == digest_of(terms_of(terms.KIND, document).document(UUID(int=1), UUID(int=2), 1))


def test_eighty_and_eighty_point_nought_nought_are_one_contract() -> None:
    one, other = forward(price_cny_per_t=Decimal(80)), forward(price_cny_per_t=Decimal("80.00"))

    assert digest_of(one.document(UUID(int=1), UUID(int=2), 1)) == digest_of(
        other.document(UUID(int=1), UUID(int=2), 1)
    )
    assert kinds.changed_terms(one, other) == ()


def test_the_implied_rate_of_a_repo_is_by_its_day_count() -> None:
    assert repo().implied_rate() == Fraction(91_000, 8_000_000) * Fraction(360, 91)  # 4.5 %


def test_a_repo_earns_its_difference_day_by_day_and_late_interest_after_it() -> None:
    terms = repo()

    assert terms.interest(until=START + timedelta(days=13)) == 13_000
    assert terms.interest(until=END) == 91_000
    assert terms.interest(until=END + timedelta(days=9)) == 91_000 + 18_000  # 80,000.00 x 9 % x 9/360


def test_a_loan_bears_interest_on_what_is_owed_each_day() -> None:
    steps = ((START, 600_000_000), (START + timedelta(days=30), -200_000_000))

    interest = pledge_loan().interest(steps, until=START + timedelta(days=60))

    assert interest == 2_250_000 + 1_500_000  # 6,000,000.00 and 4,000,000.00 at 4.5 % for 30 days each


@given(st.lists(DAYS, min_size=1, max_size=8))
def test_interest_booked_in_any_parts_sums_to_the_whole(days: list[date]) -> None:
    terms, booked = repo(buyback_amount_fen=8_091_007), 0

    for day in sorted(days):
        plan = kinds.accrue_plan(terms, standing(principal_fen=8_000_000, accrued_fen=booked), until=day)
        booked += plan.figures["accrued_fen"]

    whole = kinds.accrue_plan(terms, standing(principal_fen=8_000_000), until=max(days))
    assert booked == whole.figures["accrued_fen"]


def test_loan_to_value_above_its_limit_names_the_tonnes_and_the_money() -> None:
    found = loan_to_value(pledge_loan(), owed_fen=600_000_000, pledged_t=100_000, price_cny_per_t=Decimal(80))

    assert (found.ratio, found.is_passed, found.add_t, found.repay_fen) == (Fraction(3, 4), True, 25_000, 120_000_000)


def test_loan_to_value_at_its_limit_calls_nothing() -> None:
    found = loan_to_value(pledge_loan(), owed_fen=560_000_000, pledged_t=100_000, price_cny_per_t=Decimal(80))

    assert (found.ratio, found.is_passed, found.add_t, found.repay_fen) == (Fraction(7, 10), False, 0, 0)


@given(st.integers(1, 10**12), st.integers(0, 10**6), PRICES)
def test_either_cure_of_a_margin_call_reaches_the_target_and_no_less_does(
    owed_fen: int, pledged_t: int, price: Decimal
) -> None:
    terms = pledge_loan()
    found = loan_to_value(terms, owed_fen=owed_fen, pledged_t=pledged_t, price_cny_per_t=price)

    def is_cured(owed: int, tonnes: int) -> bool:
        return owed <= Fraction(terms.ltv_target) * Fraction(price) * tonnes * 100

    assert found.is_passed == (owed_fen > Fraction(terms.ltv_call) * Fraction(price) * pledged_t * 100)
    if found.is_passed:
        assert is_cured(owed_fen, pledged_t + found.add_t)
        assert is_cured(owed_fen - found.repay_fen, pledged_t)
        assert not is_cured(owed_fen, pledged_t + found.add_t - 1)
        assert not is_cured(owed_fen - found.repay_fen + 1, pledged_t)


@given(PRICES)
def test_what_a_forward_gains_its_other_side_loses(price: Decimal) -> None:
    assert forward().difference_fen(price) == -forward(side=ForwardSide.SELL).difference_fen(price)


@given(st.integers(0, 10**12))
def test_both_parts_of_a_yield_sum_to_it(yield_fen: int) -> None:
    own, managers = custody().split(yield_fen)

    assert own + managers == yield_fen


def test_a_minimum_yield_is_paid_whatever_was_earned() -> None:
    assert custody(minimum_yield_fen=500).split(100) == (500, -400)


def test_the_custody_fee_runs_by_the_day() -> None:
    assert [custody().fee_until(START + timedelta(days=days)) for days in (0, 13, 91, 200)] == [
        0,
        13_000,
        91_000,
        91_000,
    ]


@given(PRICES, DAYS)
def test_a_set_off_of_a_repo_is_worth_the_tonnes_at_the_stated_price(price: Decimal, on: date) -> None:
    said = Said(on=on, price_cny_per_t=price)

    plan = default_plan(repo(), standing(principal_fen=8_000_000), said, pledged_t=0)

    (forgo,) = [effect for effect in plan.effects if isinstance(effect, Forgo)]
    paid = sum(-fen if kind is ClaimKind.PAYABLE else fen for kind, fen in forgo.claims.items())
    assert paid == int(price * 100 * 1000)
    assert min(forgo.claims.values()) >= 0


@given(PRICES, st.integers(0, 20_000_000))
def test_margin_pays_before_a_claim_and_goes_back_where_it_is_not_needed(price: Decimal, margin: int) -> None:
    said = Said(on=END, price_cny_per_t=price)

    plan = default_plan(lending(), standing(margin_taken_fen=margin), said, pledged_t=0)

    money = {effect.what: effect.amount_fen for effect in plan.effects if isinstance(effect, Money)}
    (forgo,) = [effect for effect in plan.effects if isinstance(effect, Forgo)]
    used = forgo.claims[ClaimKind.MARGIN_TAKEN] + money.get(MoneyKind.INTEREST_FROM_MARGIN_TAKEN, 0)
    assert used + money.get(MoneyKind.MARGIN_TAKEN_BACK, 0) == margin
    assert plan.figures["margin_taken_fen"] == -margin


def test_every_reason_for_money_has_a_debit_and_a_credit() -> None:
    assert set(MONEY_RULES) == {kind.value for kind in MoneyKind}


@given(st.integers(0, 10**10), st.integers(-(10**10), 10**10))
def test_the_money_of_a_swap_sums_to_zero_with_the_cost_relieved_and_its_gain(relieved: int, cash: int) -> None:
    chart = Chart()
    legs = exchange_legs(
        (chart.accounts_of("CEA25"), "CEA25", 10),
        (chart.accounts_of("CCER-1"), "CCER-1", 12),
        lots=(),
        relieved_fen=relieved,
        cash_fen=cash,
    )

    money = sum(leg.amount for leg in legs.postings if leg.commodity == "CNY")
    assert money - relieved == max(cash - relieved, 0)  # what is left is the gain


def test_credits_beyond_the_cap_and_those_no_rule_allows_count_nothing() -> None:
    def after(registered_on: date) -> int:
        _, found, _ = cap_effect(
            swap(),
            reference.shipped_offset_rules(),
            due_t=100_000,
            on=date(2026, 11, 20),
            allowances_t=20_000,
            credits_t=0,
            gives=Leg(is_credit=False, registered_on=None, is_inside_national_ets=False, is_usable_allowance=True),
            takes=Leg(
                is_credit=True, registered_on=registered_on, is_inside_national_ets=False, is_usable_allowance=False
            ),
        )
        return found.usable_t

    assert after(date(2025, 3, 6)) == 12_000 + 5_000
    assert after(date(2024, 1, 22)) == 12_000


def test_the_schedule_of_a_loan_follows_what_was_repaid() -> None:
    halved = standing(
        principal_fen=300_000_000, principal_steps=((START, 600_000_000), (START + timedelta(days=31), -300_000_000))
    )

    flows = {flow.what: flow.amount_fen for flow in cash_flows(pledge_loan(), halved, is_ended=False)}

    assert flows == {"principal": -300_000_000, "interest": -(2_325_000 + 2_250_000)}
    assert cash_flows(pledge_loan(), halved, is_ended=True) == ()


def test_a_repayment_of_everything_is_a_settlement() -> None:
    owed = standing(principal_fen=600_000_000, principal_steps=((START, 600_000_000),))

    with pytest.raises(Conflict, match="settle"):
        loans.repaid(pledge_loan(), owed, 600_000_000, on=START)


def test_a_swap_has_no_step_after_its_opening() -> None:
    with pytest.raises(Conflict, match="both legs"):
        settle_plan(swap(), standing(), Said(on=START))


@pytest.mark.parametrize(
    ("make", "change", "code"),
    [
        (repo, {"lots": ((1, 500), (1, 500))}, "contract.lots"),
        (repo, {"ends_on": START}, "contract.ends_on"),
        (repo, {"quantity_t": 10**15 + 1}, "contract.quantity_t"),
        (forward, {"price_cny_per_t": Decimal("NaN")}, "contract.price_cny_per_t"),
        (forward, {"price_cny_per_t": Decimal("Infinity")}, "contract.price_cny_per_t"),
        (forward, {"price_cny_per_t": Decimal("1e-40")}, "contract.price_cny_per_t"),
        (pledge_loan, {"rate": Decimal("-0.01")}, "contract.rate"),
        (lending, {"yield_t": -1}, "contract.yield_t"),
        (swap, {"takes": "CEA25"}, "contract.takes_same"),
        (custody, {"agreement_ref": " C-1"}, "contract.agreement_ref"),
    ],
)
def test_terms_outside_their_bounds_do_not_construct(make: Any, change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make(**change)

    assert refusal.value.code == code
