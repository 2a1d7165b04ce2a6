"""The note table from the ledger, the economic book beside it, and interest accrued into it, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from finance.accounting.disclosure import Movement
from finance.accounting.ifrs import ObligationFacts
from finance.accounting.interest_accruals import accrual_path
from finance.accounting.loan_rules import accounts_of
from finance.accounting.months import Month
from finance.accounting.policies import AccountingPolicy, Standard
from finance.accounting.trades import TradeKind
from finance.loans.tranche import Drawdown
from finance.operations.disclosures import Disclosure, disclosure_of
from finance.operations.economic_book import ProvisionOutcome, RevaluationOutcome, open_economic_book, provide, revalue
from finance.operations.interest_accruals import AccrualPlan, plan_accruals, post_accruals
from finance.operations.market import freeze_snapshot, import_observations
from finance.store import loan_facts, reference
from finance.store.market import RawFile
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.store import reports
from ledger.store.database import Database
from tests.store.carbon_books import ACTOR, ORGANISATION, CarbonBook, every_row, new_id, open_carbon_book
from tests.store.test_loan_entries import FACILITY, NOW, Loan, loan
from tests.store.test_market_marks import seen
from tests.store.test_vouchers import BUY, FREE, R14, SELL, adopt, loaded, reverse

LATER = datetime(2026, 8, 21, 8, tzinfo=UTC)
INTEREST = accounts_of(FACILITY, "A", "CNY").interest
ACCRUED = accrual_path(accounts_of(FACILITY, "A", "CNY"))


def table(book: CarbonBook, year: int) -> Disclosure:
    with book.database.reader() as session:
        return disclosure_of(session, loaded(session, book), year)


def cells(found: Disclosure, *, last: bool = False) -> dict[str, tuple[int, int]]:
    year = found.allowances[1 if last else 0]
    named = {movement.value: year.cell(movement) for movement in Movement}
    named |= {"opening": year.opening, "closing": year.closing}
    return {
        name: (cell.quantity_t, cell.amount_fen) for name, cell in named.items() if cell.quantity_t or cell.amount_fen
    }


def test_the_table_of_r14_closes_at_what_the_ledger_holds(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([FREE, *R14])

    assert cells(table(book, 2025)) == {
        "free": (700, 0),
        "purchased": (10_000, 80_240_000),
        "surrendered": (6_000, 48_144_000),
        "sold": (1_000, 8_024_000),
        "other_out": (500, 4_012_000),
        "closing": (3_200, 20_060_000),
    }


def test_the_next_year_opens_where_the_last_closed(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([FREE, *R14])

    found = table(book, 2026)

    assert cells(found) == {"opening": (3_200, 20_060_000), "closing": (3_200, 20_060_000)}
    assert cells(found, last=True)["closing"] == (3_200, 20_060_000)


def test_presentation_has_other_current_assets_and_non_operating_lines(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)

    lines = {line.name_zh: (line.this_year_fen, line.last_year_fen) for line in table(book, 2025).presentation}

    assert lines == {
        "其他流动资产": (20_060_000, 0),
        "营业外收入": (1_727_657, 0),
        "营业外支出": (48_144_000 + 4_012_000, 0),
    }


def test_a_reversal_takes_back_from_the_same_line(database: Database) -> None:
    book = open_carbon_book(database)
    booked = book.book([BUY, SELL]).booked
    reverse(book, booked[1].entry_id, date(2025, 3, 9))

    assert cells(table(book, 2025)) == {"purchased": (10_000, 80_240_000), "closing": (10_000, 80_240_000)}


def test_what_was_taken_over_is_part_of_the_opening(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([replace(BUY, kind=TradeKind.OPENING, fee_fen=0, trade_ref="O")])

    found = cells(table(book, 2025))

    assert (found["opening"], found["closing"]) == ((10_000, 80_000_000), (10_000, 80_000_000))


def test_credits_stand_beside_the_table_of_allowances(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([replace(BUY, instrument="CCER-1")])

    found = table(book, 2025)

    assert cells(found) == {}
    assert [each.this_year.closing.quantity_t for each in found.instruments if each.instrument == "CCER-1"] == [10_000]


@pytest.mark.parametrize("year", [0, 1990, 2200, 10**12])
def test_a_year_out_of_bounds_is_refused(database: Database, year: int) -> None:
    book = open_carbon_book(database)

    with pytest.raises(Invalid, match="year"):
        table(book, year)


def snapshot_at(book: CarbonBook, day: date, value: str) -> Any:
    raw = RawFile(file_name="prices.csv", content=f"{day} {value}".encode())
    fact = seen(instrument="CEA24", trade_date=day, last_trade_date=day, value=Decimal(value), raw_sha256=raw.sha256)
    with book.writing() as session:
        import_observations(
            session, ORGANISATION, [fact], raw, reference.shipped_instrument_bounds(), actor=ACTOR, now=NOW
        )
    with book.writing() as session:
        return freeze_snapshot(
            session,
            ORGANISATION,
            snapshot_id=new_id(),
            as_of=day,
            known_at=NOW,
            instruments=["CEA24"],
            actor=ACTOR,
            now=NOW,
        )


def economic(book: CarbonBook) -> CarbonBook:
    with book.writing() as session:
        opened = open_economic_book(session, loaded(session, book), new_id(), actor=ACTOR, now=NOW)
    return CarbonBook(book.database, opened)


def revalued(book: CarbonBook, snapshot: Any) -> RevaluationOutcome:
    with book.writing() as session:
        return revalue(
            session,
            loaded(session, book),
            snapshot,
            actor=ACTOR,
            now=NOW,
            new_id=new_id,
            random_bytes=book.random_bytes,
        )


def test_the_economic_book_follows_marks_and_the_statutory_book_never_moves(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)
    memo = economic(book)
    before = reports_of(book)
    first = revalued(book, snapshot_at(book, date(2025, 6, 3), "97.40"))
    second = revalued(book, snapshot_at(book, date(2025, 6, 4), "70.00"))

    # 2,500 t over 200,600.00: +42,900.00, then -25,600.00; each reverses the one before.
    assert (first.unrealised_fen, second.unrealised_fen) == (4_290_000, -2_560_000)
    assert memo.balance("Assets:CarbonRevaluation:CEA24", date(2025, 6, 3)) == 4_290_000
    assert memo.balance("Assets:CarbonRevaluation:CEA24", date(2025, 6, 4)) == -2_560_000
    assert memo.balance("Income:CarbonRevaluation:CEA24") == -2_560_000
    assert reports_of(book) == before


def reports_of(book: CarbonBook) -> tuple[Any, ...]:
    with book.database.reader() as session:
        return reports.record_point(session, book.book_id), reports.positions(
            session, book.book_id, as_of=date(2026, 12, 31)
        )


def test_the_same_snapshot_again_changes_nothing_and_an_earlier_one_is_refused(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)
    memo = economic(book)
    earlier, later = (snapshot_at(book, date(2025, 6, day), "97.40") for day in (3, 4))
    revalued(book, later)
    before = reports_of(memo)

    again = revalued(book, later)

    assert again.is_replay
    assert reports_of(memo) == before
    with pytest.raises(Conflict, match="stands there already"):
        revalued(book, earlier)


def test_a_book_has_one_economic_book_and_an_economic_book_none(database: Database) -> None:
    book = open_carbon_book(database)
    with pytest.raises(NotFound, match="open one first"):
        revalued(book, snapshot_at(book, date(2025, 6, 3), "97.40"))
    memo = economic(book)

    with pytest.raises(Conflict, match="already"):
        economic(book)
    with pytest.raises(Conflict, match="memo"):
        economic(memo)


FACTS = ObligationFacts(
    obligation_t=100,
    held_free_t=60,
    held_bought_t=30,
    bought_cost_fen=240_000,
    mark_cny_per_t=Decimal("97.40"),
    mark_source="a snapshot",
    emissions_source="a forecast",
)


def provided(book: CarbonBook, facts: ObligationFacts, day: date) -> ProvisionOutcome:
    with book.writing() as session:
        return provide(
            session,
            loaded(session, book),
            facts,
            as_of=day,
            snapshot_id=None,
            actor=ACTOR,
            now=NOW,
            new_id=new_id,
            random_bytes=book.random_bytes,
        )


def test_the_provision_moves_by_the_policy_and_a_use(database: Database) -> None:
    book = open_carbon_book(database)
    adopt(book, AccountingPolicy(effective_from=date(2025, 1, 1), standard=Standard.IFRS_NET_AT_COST))
    memo = economic(book)
    first = provided(book, FACTS, date(2025, 6, 30))
    again = provided(book, FACTS, date(2025, 6, 30))
    second = provided(book, replace(FACTS, obligation_t=70, used_fen=100_000), date(2025, 9, 30))

    # 10 t at 97.40 and 30 t at cost: 974.00 + 2,400.00; then 10 of 30 bought: 800.00.
    assert (first.provision.provision_fen, first.movement.recognised_fen, again.is_replay) == (337_400, 337_400, True)
    assert second.provision.provision_fen == 80_000
    assert (second.movement.opening_fen, second.movement.used_fen, second.movement.released_fen) == (
        337_400,
        100_000,
        157_400,
    )
    assert memo.balance("Liabilities:EmissionsProvision:CN") == 80_000


def test_a_grant_is_deferred_income_until_it_is_earned(database: Database) -> None:
    book = open_carbon_book(database)
    adopt(book, AccountingPolicy(effective_from=date(2025, 1, 1), standard=Standard.IFRS_IAS20))
    memo = economic(book)

    provided(book, replace(FACTS, grant_fair_value_fen=100_000, emitted_share=Fraction(1, 4)), date(2025, 6, 30))

    assert memo.balance("Assets:CarbonRevaluation:Granted") == 100_000
    assert memo.balance("Liabilities:DeferredIncome:CN") == 75_000
    assert memo.balance("Income:GovernmentGrants:CN") == 25_000


def test_a_policy_without_provision_books_none(database: Database) -> None:
    book = open_carbon_book(database)
    economic(book)

    with pytest.raises(Invalid, match="policy"):
        provided(book, FACTS, date(2025, 6, 30))


def plan(held: Loan, month: Month) -> AccrualPlan:
    with held.book.database.reader() as session:
        return plan_accruals(session, loaded(session, held.book), month, now=LATER)


def accrue(held: Loan, month: Month) -> int:
    with held.book.writing() as session:
        _, receipts = post_accruals(
            session,
            loaded(session, held.book),
            month,
            actor=ACTOR,
            now=LATER,
            new_id=new_id,
            random_bytes=held.book.random_bytes,
        )
        return len(receipts)


MONTHS = tuple(Month(year=2025, month=month) for month in (3, 4, 5, 6))


def test_each_month_bears_its_own_days_of_interest(database: Database) -> None:
    held = loan(database)

    posted = [accrue(held, month) for month in MONTHS[:3]]

    # 3,000.00 a day from 20 March: 12 + 30 + 31 days.
    assert posted == [1, 1, 1]
    assert held.balances(INTEREST, ACCRUED, as_of="2025-03-31") == [12 * 300_000, 12 * 300_000]
    assert held.balances(INTEREST, ACCRUED, as_of="2025-05-31") == [73 * 300_000, 73 * 300_000]


def test_accruing_twice_changes_nothing(database: Database) -> None:
    held = loan(database)
    accrue(held, MONTHS[0])
    before = every_row(database, "entry", "posting")

    assert plan(held, MONTHS[0]).stands
    assert accrue(held, MONTHS[0]) == 0
    assert every_row(database, "entry", "posting") == before


def test_a_payment_takes_its_accrual_back(database: Database) -> None:
    held = loan(database)
    for month in MONTHS[:3]:
        accrue(held, month)
    held.post("2025-06-30")
    accrue(held, MONTHS[3])

    # Paid on 20 June for 92 days; 11 days from then to the end of June are earned and unpaid.
    assert held.balances(INTEREST, ACCRUED, as_of="2025-06-30") == [103 * 300_000, 11 * 300_000]


def test_a_late_drawdown_is_an_adjustment_in_the_open_month_with_its_own_day(database: Database) -> None:
    held = loan(database, {"tranches.0.commitment_minor": 4_000_000_000})
    accrue(held, MONTHS[0])
    held.book.close(date(2025, 3, 31), now=LATER)
    draw_late(held)

    found = plan(held, MONTHS[1])
    accrue(held, MONTHS[1])

    # 360,000.00 more from 22 March: 30.00 a day, ten days of March late, thirty of April on time.
    assert [(each.kind.value, str(each.on), each.change_minor) for each in found.entries] == [
        ("late_accrual", "2025-04-01", 10 * 3_000),
        ("accrual", "2025-04-30", 30 * (300_000 + 3_000)),
    ]
    assert found.entries[0].document_on == date(2025, 3, 31)
    assert plan(held, MONTHS[1]).stands
    assert held.balances(ACCRUED, as_of="2025-03-31") == [12 * 300_000]


def draw_late(held: Loan) -> None:
    with held.book.writing() as session:
        loan_facts.save_principal_event(
            session,
            UUID(int=0xD1),
            FACILITY,
            "A",
            Drawdown(on=date(2025, 3, 22), amount_minor=36_000_000),
            now=NOW,
            recorded_by=ACTOR.user_id,
        )


def test_a_closed_month_is_left_to_the_first_open_one(database: Database) -> None:
    held = loan(database)
    accrue(held, MONTHS[0])
    held.book.close(date(2025, 3, 31), now=LATER)

    with pytest.raises(Conflict, match="first open month"):
        accrue(held, MONTHS[0])


def test_a_planned_entry_says_why_and_by_which_facts(database: Database) -> None:
    held = loan(database)

    planned = plan(held, MONTHS[0]).entries[0]

    assert planned.explanation.value == "36000.00"
    assert len(planned.known_now_sha256) == 64
    assert planned.known_now_sha256 in planned.explanation.leaves()[0].source


COMMITMENT: Mapping[str, Any] = {
    "name": "facility",
    "basis": "commitment",
    "rate_bp": "10",
    "day_count": "ACT/360",
    "periods": {"kind": "settlement_rule", "day": 20, "months": [3, 6, 9, 12], "payment_lag_days": 0},
}


def test_a_fee_is_booked_once_when_it_is_due(database: Database) -> None:
    held = loan(database, {"tranches.0.fees": [COMMITMENT]})
    charges = INTEREST.replace("Interest", "LoanCharges")

    planned = [each.kind.value for each in plan(held, MONTHS[3]).entries]
    accrue(held, MONTHS[3])

    # 36 million at 10 bp for 92 days in ACT/360: 9,200.00 on 20 June.
    assert planned == ["accrual", "charge"]
    assert held.balances(charges, as_of="2025-06-19") == [0]
    assert held.balances(charges, as_of="2025-06-20") == [920_000]
    assert accrue(held, MONTHS[3]) == 0
