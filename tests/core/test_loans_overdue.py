"""Late payments: penalty in segments, compounding by clause, grace, and what a step-down does not do."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.day_counts import DayCount
from finance.loans.overdue import Compounding, OverdueRule
from finance.loans.overdue_interest import (
    ContractRate,
    OverdueAmount,
    OverdueKind,
    OverduePosition,
    OverdueTerms,
    Receipt,
    overdue_position,
)
from ledger.core.amounts import RoundingMode
from ledger.core.errors import Invalid

DUE = date(2024, 3, 20)
RATE = Fraction(36, 1000)  # 3.60 %: one basis point a day on 360, one and a half with the surcharge
QUARTERS = (date(2024, 6, 20), date(2024, 9, 20))
MILLION = 100_000_000


def terms(
    compounds: Compounding = Compounding.NONE,
    *,
    has_step_down: bool = False,
    grace_days: int = 0,
    maturity: date = date(2025, 3, 20),
    is_misused: bool = False,
) -> OverdueTerms:
    rule = OverdueRule(
        surcharge=Fraction(1, 2),
        misuse_surcharge=Fraction(1),
        compounds=compounds,
        has_step_down=has_step_down,
        grace_days=grace_days,
    )
    return OverdueTerms(
        rule=rule, maturity=maturity, day_count=DayCount.ACT_360, rounding=RoundingMode.HALF_UP, is_misused=is_misused
    )


def constant(rate: Fraction = RATE) -> tuple[ContractRate, ...]:
    return (ContractRate(start=DUE, end=date(2026, 1, 1), rate=rate, unadjusted_rate=RATE),)


def late(kind: OverdueKind, amount_minor: int = MILLION, due_on: date = DUE) -> OverdueAmount:
    return OverdueAmount(kind=kind, due_on=due_on, amount_minor=amount_minor)


def owed(
    under: OverdueTerms,
    *amounts: OverdueAmount,
    as_of: date,
    receipts: tuple[Receipt, ...] = (),
    rates: tuple[ContractRate, ...] | None = None,
) -> OverduePosition:
    return overdue_position(
        under, overdue=amounts, receipts=receipts, rates=rates or constant(), settlement_days=QUARTERS, as_of=as_of
    )


def test_thirty_days_at_half_as_much_again() -> None:
    position = owed(terms(), late(OverdueKind.PRINCIPAL), as_of=date(2024, 4, 19))

    assert position.running_minor == 450_000  # CNY 4,500.00


def test_misuse_doubles_the_contract_rate() -> None:
    position = owed(terms(is_misused=True), late(OverdueKind.PRINCIPAL), as_of=date(2024, 4, 19))

    assert position.running_minor == 600_000


def test_the_due_day_is_the_first_day_of_penalty_and_the_paying_day_bears_none() -> None:
    paid = owed(
        terms(),
        late(OverdueKind.PRINCIPAL),
        as_of=date(2024, 4, 1),
        receipts=(Receipt(on=date(2024, 3, 21), amount_minor=MILLION),),
    )

    assert owed(terms(), late(OverdueKind.PRINCIPAL), as_of=DUE).running_minor == 0
    assert owed(terms(), late(OverdueKind.PRINCIPAL), as_of=date(2024, 3, 21)).running_minor == 15_000
    # Interest is settled first, so the day's 150.00 stay owed as principal and bear eleven days of penalty.
    assert (paid.charged, paid.principal_minor) == (((date(2024, 3, 21), 15_000),), 15_000)
    assert paid.running_minor == Fraction(15_000 * 15 * 11, 100_000)


def test_a_changed_rate_cuts_the_penalty_into_segments() -> None:
    rates = (
        ContractRate(start=DUE, end=date(2024, 4, 1), rate=RATE, unadjusted_rate=RATE),
        ContractRate(start=date(2024, 4, 1), end=date(2025, 1, 1), rate=2 * RATE, unadjusted_rate=2 * RATE),
    )

    position = owed(terms(), late(OverdueKind.PRINCIPAL), as_of=date(2024, 4, 11), rates=rates)

    assert [segment.penalty_minor for segment in position.segments] == [180_000, 300_000]


@pytest.mark.parametrize(("has_step_down", "daily"), [(False, 15_000), (True, 14_625)])
def test_a_step_down_lowers_the_penalty_basis_only_if_the_clause_says_so(*, has_step_down: bool, daily: int) -> None:
    stepped = constant(RATE - Fraction(9, 10_000))

    position = owed(
        terms(has_step_down=has_step_down), late(OverdueKind.PRINCIPAL), as_of=date(2024, 3, 21), rates=stepped
    )

    assert position.running_minor == daily


def test_a_step_up_always_raises_the_penalty_basis() -> None:
    raised = constant(RATE + Fraction(36, 10_000))

    position = owed(terms(), late(OverdueKind.PRINCIPAL), as_of=date(2024, 3, 21), rates=raised)

    assert position.running_minor == 16_500


@pytest.mark.parametrize(
    ("compounds", "before", "after"),
    [
        (Compounding.NONE, 0, 0),
        (Compounding.CONTRACT_RATE, 10_000, 10_000),
        (Compounding.PENALTY_RATE, 15_000, 15_000),
        (Compounding.CONTRACT_THEN_PENALTY, 10_000, 15_000),
    ],
)
def test_unpaid_interest_compounds_by_the_clause_before_and_after_maturity(
    compounds: Compounding, before: int, after: int
) -> None:
    position = owed(terms(compounds, maturity=date(2024, 3, 21)), late(OverdueKind.INTEREST), as_of=date(2024, 3, 22))

    assert [segment.compound_minor for segment in position.segments] == [before, after]


def test_a_settlement_adds_what_has_run_and_it_bears_interest_itself() -> None:
    position = owed(terms(Compounding.CONTRACT_RATE), late(OverdueKind.INTEREST), as_of=date(2024, 6, 21))

    # 92 days at one basis point, rounded once on the 20th, then one day on 1,009,200.00.
    assert position.charged == ((date(2024, 6, 20), 920_000),)
    assert position.running_minor == Fraction(100_920_000, 10_000)


def test_without_compounding_the_penalty_is_charged_and_bears_nothing() -> None:
    position = owed(terms(), late(OverdueKind.PRINCIPAL), as_of=date(2024, 6, 21))

    assert position.unpaid_interest_minor == 1_380_000
    assert position.running_minor == 15_000


@pytest.mark.parametrize(("paid_on", "running"), [(date(2024, 3, 25), 0), (date(2024, 3, 26), 0)])
def test_grace_forgives_what_is_paid_in_full_within_it(paid_on: date, running: int) -> None:
    receipts = (Receipt(on=paid_on, amount_minor=MILLION),)

    position = owed(terms(grace_days=5), late(OverdueKind.PRINCIPAL), as_of=date(2024, 4, 1), receipts=receipts)

    is_within = paid_on <= date(2024, 3, 25)
    assert (position.principal_minor == 0) == is_within
    assert bool(position.segments) != is_within
    assert (position.running_minor == running) == is_within


def test_what_is_paid_too_much_is_shown_and_not_lost() -> None:
    receipts = (Receipt(on=DUE, amount_minor=MILLION + 7),)

    assert owed(terms(), late(OverdueKind.PRINCIPAL), as_of=DUE, receipts=receipts).surplus_minor == 7


@pytest.mark.parametrize(
    ("as_of", "rates", "field"),
    [
        (date(2024, 3, 19), constant(), "as_of"),
        (date(2026, 1, 2), constant(), "rates"),
        (
            date(2024, 4, 1),
            (ContractRate(start=date(2024, 3, 21), end=date(2025, 1, 1), rate=RATE, unadjusted_rate=RATE),),
            "rates",
        ),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    as_of: date, rates: tuple[ContractRate, ...], field: str
) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == f"overdue.{field}"):
        owed(terms(), late(OverdueKind.PRINCIPAL), as_of=as_of, rates=rates)


@given(
    compounds=st.sampled_from(Compounding),
    amounts=st.lists(st.tuples(st.sampled_from(OverdueKind), st.integers(1, 10**12), st.integers(0, 200)), min_size=1),
    paid=st.lists(st.tuples(st.integers(200, 400), st.integers(1, 10**12))),
)
def test_money_is_conserved(
    compounds: Compounding, amounts: list[tuple[OverdueKind, int, int]], paid: list[tuple[int, int]]
) -> None:
    overdue = [late(kind, amount, DUE + timedelta(days=day)) for kind, amount, day in amounts]
    receipts = tuple(Receipt(on=DUE + timedelta(days=day), amount_minor=amount) for day, amount in paid)

    position = owed(terms(compounds), *overdue, as_of=DUE + timedelta(days=401), receipts=receipts)

    claims = sum(item.amount_minor for item in overdue) + sum(amount for _, amount in position.charged)
    owing = position.principal_minor + position.unpaid_interest_minor
    assert claims - sum(receipt.amount_minor for receipt in receipts) == owing - position.surplus_minor
    exact = sum(segment.penalty_minor + segment.compound_minor for segment in position.segments)
    charged = sum(amount for _, amount in position.charged)
    assert abs(exact - position.running_minor - charged) <= Fraction(len(QUARTERS) + len(receipts), 2)
