"""Which side of the borrower's books a loan's cash flows stand on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.accounting.chart import BANK
from finance.accounting.loan_rules import (
    accounts_of,
    adjustment_draft,
    drawdown_draft,
    interest_draft,
    repayment_draft,
)
from ledger.core.accounts import is_path
from ledger.core.errors import Invalid
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.parties import Actor

FACILITY = UUID("f0000000-0000-4000-8000-00000000000a")
ACTOR = Actor(user_id=UUID(int=1), organisation_id=UUID(int=2))
ACCOUNTS = accounts_of(FACILITY, "A", "CNY")
DRAFTS = (drawdown_draft, interest_draft, repayment_draft)

Rule = Callable[..., JournalDraft]


def draft(rule: Rule, amount: int) -> JournalDraft:
    return rule(ACCOUNTS, amount, on=date(2025, 6, 20), entry_id=UUID(int=3), actor=ACTOR)


def legs(made: JournalDraft) -> dict[str, int]:
    return {leg.account: leg.amount for leg in made.postings}


def test_a_drawdown_debits_the_bank_and_credits_the_loan() -> None:
    made = draft(drawdown_draft, 200_000_000_00)

    assert made.kind is EntryKind.DRAWDOWN
    assert legs(made) == {BANK: 200_000_000_00, ACCOUNTS.principal: -200_000_000_00}


def test_interest_paid_debits_the_expense_and_credits_the_bank() -> None:
    made = draft(interest_draft, 1_763_333_33)

    assert made.kind is EntryKind.INTEREST
    assert legs(made) == {ACCOUNTS.interest: 1_763_333_33, BANK: -1_763_333_33}


def test_a_repayment_takes_back_what_the_drawdown_did() -> None:
    drawn, repaid = draft(drawdown_draft, 500), draft(repayment_draft, 500)

    assert repaid.kind is EntryKind.REPAYMENT
    assert {account: -amount for account, amount in legs(drawn).items()} == legs(repaid)


def test_interest_that_the_bank_owes_stands_the_other_way_round() -> None:
    assert legs(draft(interest_draft, -100)) == {ACCOUNTS.interest: -100, BANK: 100}


@pytest.mark.parametrize("rule", DRAFTS)
def test_an_entry_without_an_amount_is_refused(rule: Rule) -> None:
    with pytest.raises(Invalid) as nothing:
        draft(rule, 0)

    assert nothing.value.code == "ledger.leg_amount"


@given(amount=st.integers(1, 10**15), rule=st.sampled_from(DRAFTS))
def test_every_entry_sums_to_zero_in_the_loans_currency(amount: int, rule: Rule) -> None:
    made = draft(rule, amount)

    assert sum(leg.amount for leg in made.postings) == 0
    assert {leg.commodity for leg in made.postings} == {"CNY"}
    assert made.effective_on == date(2025, 6, 20)


@given(one=st.uuids(), other=st.uuids(), tranche=st.sampled_from(["A", "B", "a", "facility-1.b_2", "B" * 64]))
def test_every_tranche_has_accounts_of_its_own(one: UUID, other: UUID, tranche: str) -> None:
    mine, theirs = accounts_of(one, tranche, "CNY"), accounts_of(other, "C", "CNY")

    assert len({*(mine.principal, mine.interest, mine.payable), *(theirs.principal, theirs.interest)}) == 5
    assert all(is_path(path) for path in (mine.principal, mine.interest, mine.payable))


def test_a_claw_back_is_owed_until_it_is_settled_and_names_what_was_known() -> None:
    attrs = {"adjustment_id": "x", "known_then_sha256": "0" * 64, "known_now_sha256": "1" * 64}

    made = adjustment_draft(ACCOUNTS, 101_666_67, on=date(2026, 12, 31), entry_id=UUID(int=3), actor=ACTOR, attrs=attrs)

    assert made.kind is EntryKind.ADJUSTMENT
    assert legs(made) == {ACCOUNTS.interest: 101_666_67, ACCOUNTS.payable: -101_666_67}
    assert made.attrs == attrs


@pytest.mark.parametrize("number", ["BEIHE-SLL-2025-01", "兴银滨借字2024第001号"])
def test_the_accounts_carry_the_facilitys_number_and_their_chinese_codes(number: str) -> None:
    principal, interest, payable = ACCOUNTS.lines(number)

    assert (principal.gaap_code, interest.gaap_code, payable.gaap_code) == ("2501", "6603", "2231")
    assert number in principal.name_en
    assert number in principal.name_zh
    assert number in interest.name_zh
    assert principal.floor == 0  # nobody repays more than was drawn
