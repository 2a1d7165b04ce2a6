"""The rules of vouchers, charts, months, provisions and the checklist, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.accounting.account_codes import ChartRow, OwnCode, chart_rows, code_of, codes_of
from finance.accounting.disclosure import CarbonEntry, Cell, EntryLeg, YearMovements, movements_of
from finance.accounting.ifrs import ObligationFacts, movement_of, provision_of
from finance.accounting.month_close import (
    ANSWERS,
    Item,
    ItemFact,
    ItemState,
    Step,
    StepKind,
    check_hard_closable,
    checklist_of,
)
from finance.accounting.months import Month, month_of, parse_month
from finance.accounting.policies import AccountingPolicy, Standard, VoucherWords, policy_digest
from finance.accounting.vouchers import MoneyLeg, PostedEntry, voucher_of
from finance.store import reference
from ledger.core.errors import Conflict, Invalid

OCTOBER = Month(year=2026, month=10)
CHART = reference.shipped_accounts()


@given(st.dates(date(1990, 1, 1), date(2200, 12, 31)))
def test_every_day_lies_in_its_month_and_the_months_follow_each_other(day: date) -> None:
    month = month_of(day)

    assert month.start <= day < month.end
    assert month.last_day.month == day.month
    assert parse_month(str(month)) == month


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-10", "2026-10 ", "1989-12", "\uff12\uff10\uff12\uff16-10", ""]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="month"):
        parse_month(text)


def test_the_longest_path_names_the_code_and_the_entity_s_own_goes_first() -> None:
    own = (OwnCode(path="Assets:CarbonCost:CEA25", code="9", name="配额25"),)

    found = [
        code_of(path, on=date(2026, 1, 1), chart=CHART, own=own)
        for path in ("Assets:CarbonCost:CEA24", "Assets:CarbonCost:CEA25", "Assets:CarbonCost:OTHER")
    ]

    assert [each and each.code for each in found] == ["1489.01", "9", "1489"]
    assert code_of("Assets:CarbonCosts", on=date(2026, 1, 1), chart=CHART) is None


def test_paths_without_a_code_are_named_together() -> None:
    with pytest.raises(Conflict, match=r"2 have none \(Assets:A, Assets:B\)"):
        codes_of(["Assets:B", "Assets:Bank:CNY", "Assets:A"], on=date(2026, 1, 1), chart=CHART)


def test_every_row_of_the_chart_has_a_parent_a_source_and_a_type_of_its_root() -> None:
    codes = {row.code for row in CHART}

    assert all(row.source and row.parent in {"", *codes} for row in CHART)
    assert all(row.path.lower().startswith(("asset", "liabilit", "equity", "income", "expense")) for row in CHART)


def test_a_code_twice_on_one_day_is_refused() -> None:
    row = {name: str(getattr(CHART[0], name)) for name in ChartRow.__slots__}
    row |= {"effective_to": "", "status": "assumed", "kind": "asset"}

    with pytest.raises(Invalid, match="once a day"):
        chart_rows([row, row])


def posted(*amounts: tuple[str, int], reverses: int | None = None) -> PostedEntry:
    return PostedEntry(
        seq=7,
        entry_id=UUID(int=7),
        kind="general",
        effective_on=date(2026, 10, 9),
        document_on=None,
        doc_ref="",
        attrs={},
        reverses_seq=reverses,
        recorded_by=UUID(int=1),
        leaf_hash=b"\x01" * 32,
        money=tuple(MoneyLeg(path=path, currency="CNY", scale=2, amount_minor=amount) for path, amount in amounts),
        tonnes={},
    )


def made(entry: PostedEntry, words: VoucherWords = VoucherWords.THREE) -> tuple[str, list[tuple[int, int]]]:
    codes = codes_of((leg.path for leg in entry.money), on=OCTOBER.last_day, chart=CHART)
    voucher = voucher_of(entry, month=OCTOBER, number=1, codes=codes, words=words)
    return voucher.word.value, [(line.debit_minor, line.credit_minor) for line in voucher.lines]


def test_a_reversal_of_a_payment_is_a_red_payment() -> None:
    paid = posted(("Assets:Bank:CNY", -500), ("Expenses:CarbonFees", 500))
    back = posted(("Assets:Bank:CNY", 500), ("Expenses:CarbonFees", -500), reverses=7)

    assert made(paid) == ("付", [(500, 0), (0, 500)])
    assert made(back) == ("付", [(-500, 0), (0, -500)])


@given(st.lists(st.integers(-(10**12), 10**12).filter(bool), min_size=1, max_size=6), st.booleans())
def test_a_voucher_says_exactly_what_was_posted(amounts: list[int], is_red: bool) -> None:  # noqa: FBT001 - drawn
    rest = -sum(amounts)
    legs = [("Expenses:CarbonFees", amount) for amount in amounts] + ([("Assets:Bank:CNY", rest)] if rest else [])
    entry = posted(*legs, reverses=3 if is_red else None)

    _, lines = made(entry)

    assert sorted(debit - credit for debit, credit in lines) == sorted(amount for _, amount in legs)
    assert all((debit <= 0 and credit <= 0) if is_red else (debit >= 0 and credit >= 0) for debit, credit in lines)


def test_the_digest_changes_with_any_line() -> None:
    codes = codes_of(["Assets:Bank:CNY", "Expenses:CarbonFees"], on=OCTOBER.last_day, chart=CHART)
    digests = {
        voucher_of(
            posted(("Assets:Bank:CNY", -amount), ("Expenses:CarbonFees", amount)),
            month=OCTOBER,
            number=number,
            codes=codes,
            words=VoucherWords.SINGLE,
        ).digest()
        for amount in (500, 501)
        for number in (1, 2)
    }

    assert len(digests) == 4


def test_a_policy_s_digest_is_of_its_content() -> None:
    plain = AccountingPolicy(effective_from=date(2026, 1, 1))

    assert policy_digest(plain) == policy_digest(AccountingPolicy(effective_from=date(2026, 1, 1)))
    assert policy_digest(plain) != policy_digest(AccountingPolicy(effective_from=date(2026, 1, 2)))


@pytest.mark.parametrize("path", ["Bank", "Assets:", "assets:Bank", "Assets:B k", "*", "Assets:Bank;x", "Assets::Bank"])
def test_an_own_code_names_accounts(path: str) -> None:
    with pytest.raises(Invalid, match="account"):
        AccountingPolicy(effective_from=date(2026, 1, 1), own_codes=(OwnCode(path=path, code="1", name="x"),))


def facts(**changes: object) -> ObligationFacts:
    plain: dict[str, object] = {
        "obligation_t": 100,
        "held_free_t": 60,
        "held_bought_t": 30,
        "bought_cost_fen": 240_000,
        "mark_cny_per_t": Decimal("97.40"),
        "mark_source": "a snapshot",
        "emissions_source": "a forecast",
    }
    return ObligationFacts(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("standard", "fen"),
    [(Standard.IFRS_NET_AT_MARK, 97_400), (Standard.IFRS_NET_AT_COST, 337_400), (Standard.IFRS_IAS20, 337_400)],
)
def test_the_net_liability_by_policy(standard: Standard, fen: int) -> None:
    found = provision_of(facts(), standard)

    assert (found.provision_fen, found.covered_free_t, found.covered_bought_t, found.beyond_t) == (fen, 60, 30, 10)
    assert len(found.explanation.leaves()) == 6


def test_without_a_gap_no_mark_is_needed_and_with_one_none_is_guessed() -> None:
    assert provision_of(facts(obligation_t=60, mark_cny_per_t=None), Standard.IFRS_NET_AT_MARK).provision_fen == 0
    with pytest.raises(Invalid, match="mark"):
        provision_of(facts(mark_cny_per_t=None), Standard.IFRS_NET_AT_MARK)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.data())
def test_a_movement_ends_where_it_should(opening: int, closing: int, drawn: st.DataObject) -> None:
    used = drawn.draw(st.integers(0, opening))

    moved = movement_of(opening_fen=opening, used_fen=used, closing_fen=closing)

    assert moved.closing_fen == closing
    assert min(moved.recognised_fen, moved.released_fen) == 0


def test_more_than_was_provided_is_never_used() -> None:
    with pytest.raises(Invalid, match="used"):
        movement_of(opening_fen=1, used_fen=2, closing_fen=0)


COUNTERS = ("Equity:Registry:CEA24", "Income:Allocation:CEA24", "Expenses:Surrendered:CEA24", "Assets:Lent:CEA24")


@given(st.lists(st.tuples(st.sampled_from(COUNTERS), st.integers(-999, 999).filter(bool), st.booleans()), max_size=20))
def test_the_table_always_closes_at_the_sum_of_the_entries(moves: list[tuple[str, int, bool]]) -> None:
    entries = [
        CarbonEntry(
            seq=seq,
            legs=(
                EntryLeg(path="Assets:Carbon:CEA24", commodity="CEA24", amount=tonnes),
                EntryLeg(path=counter, commodity="CEA24", amount=-tonnes),
                EntryLeg(path="Assets:CarbonCost:CEA24", commodity="CNY", amount=tonnes * 7),
            ),
            is_reversal=is_reversal,
        )
        for seq, (counter, tonnes, is_reversal) in enumerate(moves)
    ]

    year = YearMovements(year=2026, carried=Cell(), moved=movements_of(entries, ["CEA24"])["CEA24"])

    total = sum(tonnes for _, tonnes, _ in moves)
    assert (year.closing.quantity_t, year.closing.amount_fen) == (total, total * 7)


MET = ItemFact(is_met=True, reason_en="so", reason_zh="是", basis="1", evidence={}, source="a test")
UNKNOWN = ItemFact(is_met=None, reason_en="who knows", reason_zh="未知", basis="1", evidence={}, source="a test")


def step(number: int, what: StepKind, item: Item | None, basis: str = "1", answers: int | None = None) -> Step:
    return Step(
        number=number,
        what=what,
        item=item,
        reason="because",
        basis=basis,
        evidence={},
        answers=answers,
        proposer_id=None if answers is None else UUID(int=1),
        actor_id=UUID(int=2),
        recorded_at=datetime(2026, 11, 1, tzinfo=UTC),
        digest="0" * 64,
    )


def test_a_confirmation_counts_on_its_basis_only() -> None:
    facts_now = dict.fromkeys(Item, MET) | {Item.TRADES: UNKNOWN}

    same = checklist_of(OCTOBER, facts_now, [step(1, StepKind.CONFIRMED, Item.TRADES)])
    other = checklist_of(OCTOBER, facts_now, [step(1, StepKind.CONFIRMED, Item.TRADES, basis="2")])

    assert same.status(Item.TRADES).state is ItemState.CONFIRMED
    assert other.blocking == (Item.TRADES,)
    with pytest.raises(Conflict, match="open: trades"):
        check_hard_closable(other)


def test_a_waiver_asked_for_by_one_does_not_count_and_a_reopening_takes_it_back() -> None:
    unmet = ItemFact(is_met=False, reason_en="no", reason_zh="否", basis="1", evidence={}, source="a test")
    facts_now = dict.fromkeys(Item, MET) | {Item.FEEDS: unmet}
    asked = step(1, StepKind.WAIVER_PROPOSED, Item.FEEDS)
    agreed = step(2, StepKind.WAIVER_APPROVED, Item.FEEDS, answers=1)

    states = [
        checklist_of(OCTOBER, facts_now, steps).status(Item.FEEDS).state
        for steps in ([asked], [asked, agreed], [asked, agreed, step(3, StepKind.REOPENED, None, answers=3)])
    ]

    assert states == [ItemState.OPEN, ItemState.WAIVED, ItemState.OPEN]
    assert set(ANSWERS) == {StepKind.WAIVER_APPROVED, StepKind.HARD_CLOSED, StepKind.REOPENED}
