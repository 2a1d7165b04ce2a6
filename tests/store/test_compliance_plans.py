"""Surrender plans and carry-over in a book: from proposal to entries that draw on the very lots."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from finance.accounting.months import Month, month_of
from finance.accounting.trades import Trade, TradeKind
from finance.compliance.plan_lots import CostBasis
from finance.operations.carry_over import compute_carry_over, execute_carry_over, propose_carry_over
from finance.operations.compliance import cover_of
from finance.operations.pending_bookings import unexecuted_steps
from finance.operations.surrender_plans import PlanRequest, compute_plan, execute_plan, propose_plan
from finance.store import trades as trade_store
from finance.store.compliance import Proposal
from ledger import operations as ledger
from ledger.core.errors import Conflict, Invalid
from ledger.core.holds import HoldKind, HoldPlacement
from ledger.core.journal import EntryKind, JournalDraft
from ledger.store.database import Database
from tests.store.carbon_books import ACTOR, COLLEAGUE, CarbonBook, new_id, open_carbon_book
from tests.store.compliance_books import NOW, TODAY, agreed, by, process, trade, verified
from tests.store.test_vouchers import loaded

BUY = TradeKind.PURCHASE
DAY = TODAY


@pytest.fixture
def house(database: Database) -> CarbonBook:
    """100 t of CEA25 at 80, 100 t at 60, 100 t free; 50 t of CCER at 70; 100 t of CEA24 at 50."""
    book = open_carbon_book(database)
    book.book(
        [
            trade("B-1", BUY, date(2026, 1, 5), "CEA25", 100, price_cny_per_t=Decimal(80)),
            trade("B-2", BUY, date(2026, 2, 5), "CEA25", 100, price_cny_per_t=Decimal(60)),
            trade("F-1", TradeKind.FREE_ALLOCATION, date(2026, 3, 5), "CEA25", 100, compliance_year=2025),
            trade("B-3", BUY, date(2026, 3, 6), "CCER-1", 50, price_cny_per_t=Decimal(70)),
            trade("B-4", BUY, date(2026, 3, 7), "CEA24", 100, price_cny_per_t=Decimal(50)),
        ]
    )
    return book


def request(due_t: int, *, year: int = 2025) -> PlanRequest:
    return PlanRequest(
        year=year, surrender_on=DAY, due_t=due_t, due_source="verified", basis=CostBasis.BOOK, snapshot=None
    )


def planned(book: CarbonBook, due_t: int, *, year: int = 2025) -> Proposal:
    return agreed(book, lambda session: propose_plan(session, book.book_id, request(due_t, year=year), by=by()))


def executed(book: CarbonBook, proposal: Proposal) -> Proposal:
    with book.writing() as session:
        return execute_plan(
            session,
            proposal.proposal_id,
            actor=COLLEAGUE,
            now=NOW,
            today=TODAY,
            new_id=new_id,
            random_bytes=book.random_bytes,
        )


def left(book: CarbonBook) -> list[tuple[str, int, int]]:
    return [(lot.commodity, lot.quantity, lot.cost) for lot in book.lots()]


def test_a_plan_is_booked_from_the_very_lots_it_names(house: CarbonBook) -> None:
    """Due 180: 100 t free and 80 t of the lot at 60 are cheapest by book; FIFO would have taken those at 80."""
    done = executed(house, planned(house, 180))

    assert (done.state, done.document["cost_fen"]) == ("executed", "480000/1")
    assert left(house) == [
        ("CCER-1", 50, 350_000),
        ("CEA24", 100, 500_000),
        ("CEA25", 100, 800_000),
        ("CEA25", 20, 120_000),
    ]
    assert house.balance("Expenses:CarbonSurrender:CEA25") == 480_000
    with house.database.reader() as session:
        assert cover_of(session, house.book_id, year=2025, on=DAY).surrendered_t == 180


def test_a_month_s_close_names_the_plan_that_was_approved_and_not_carried_out(house: CarbonBook) -> None:
    proposal = planned(house, 180)
    month = month_of(proposal.dated_on)

    with house.database.reader() as session:
        waiting = unexecuted_steps(session, loaded(session, house), month)
        other = unexecuted_steps(session, loaded(session, house), Month(year=month.year - 1, month=month.month))
    executed(house, proposal)
    with house.database.reader() as session:
        nothing = unexecuted_steps(session, loaded(session, house), month)

    assert waiting == (f"surrender_plan {proposal.proposal_id}",)
    assert (other, nothing) == ((), ())


def test_ccer_within_the_cap_is_part_of_the_group(house: CarbonBook) -> None:
    """Due 320: a cap of 16 t; all 300 t of CEA25 and 16 t of CCER are used, 4 t are missing."""
    done = executed(house, planned(house, 320))

    assert (done.document["ccer_t"], done.document["shortfall_t"]) == ("16", "4")
    assert len(done.entry_seqs) == 2
    assert house.balance("Expenses:Surrendered:CCER-1") == 16


def test_pledged_tonnes_are_never_planned(house: CarbonBook) -> None:
    draft = JournalDraft(
        entry_id=new_id(),
        kind=EntryKind.HOLD,
        effective_on=DAY,
        actor=ACTOR,
        hold=HoldPlacement(
            account="Assets:Carbon:CEA25", kind=HoldKind.PLEDGE, amount=150, beneficiary_id=UUID(int=5), rank=1,
            agreement_ref="P-1",
        ),
    )  # fmt: skip
    with house.writing() as session:
        ledger.post_entry(session, house.book_id, draft, now=NOW, random_bytes=house.random_bytes)

    with house.database.reader() as session:
        plan = compute_plan(session, house.book_id, request(300)).plan
        held = {
            one.commodity: one.available_t for one in cover_of(session, house.book_id, year=2025, on=DAY).allowances
        }

    assert (plan.covered_t, plan.ccer_t) == (165, 15)
    assert held["CEA25"] == 150
    executed(house, planned(house, 300))
    assert house.balance("Assets:Carbon:CEA25") == 150


def test_an_old_vintage_settles_an_arrear_and_not_the_current_year(house: CarbonBook) -> None:
    with house.database.reader() as session:
        current = compute_plan(session, house.book_id, request(1000))
        arrear = compute_plan(session, house.book_id, request(1000, year=2024))

    assert {each.instrument.code: each.is_usable for each in current.instruments}["CEA24"] is False
    assert "CEA24" not in {line.lot.instrument for line in current.plan.lines}
    assert "CEA24" in {line.lot.instrument for line in arrear.plan.lines}


def test_facts_that_change_make_a_plan_stale(house: CarbonBook) -> None:
    plan = planned(house, 180)
    house.book([trade("S-1", TradeKind.SALE, DAY, "CEA25", 150, price_cny_per_t=Decimal(90))])

    with pytest.raises(Conflict) as refused:
        executed(house, plan)

    assert refused.value.code == "compliance.changed_since"
    assert house.balance("Expenses:Surrendered:CEA25") == 0


def test_a_fact_that_changes_nothing_of_the_plan_does_not_stop_it(house: CarbonBook) -> None:
    plan = planned(house, 180)
    house.book([trade("B-9", BUY, DAY, "CEA25", 10, price_cny_per_t=Decimal(99))])

    assert executed(house, plan).is_executed


def test_a_plan_is_carried_out_once_and_only_when_approved(house: CarbonBook) -> None:
    with house.writing() as session:
        waiting = propose_plan(session, house.book_id, request(10), by=by())
    with pytest.raises(Conflict) as unapproved:
        executed(house, waiting)
    plan = planned(house, 10)
    executed(house, plan)
    with pytest.raises(Conflict) as again:
        executed(house, plan)

    assert unapproved.value.code == "compliance.not_approved"
    assert again.value.code == "compliance.executed"


def test_a_plan_of_tomorrow_waits_and_an_empty_one_is_none(house: CarbonBook) -> None:
    later = PlanRequest(
        year=2025, surrender_on=date(2026, 12, 31), due_t=10, due_source="verified", basis=CostBasis.BOOK, snapshot=None
    )
    plan = agreed(house, lambda session: propose_plan(session, house.book_id, later, by=by()))
    with pytest.raises(Conflict) as early:
        executed(house, plan)
    with pytest.raises(Conflict) as empty:
        planned(house, 0)

    assert (early.value.code, empty.value.code) == ("compliance.too_early", "plan.empty")


def test_an_economic_plan_needs_prices(house: CarbonBook) -> None:
    with pytest.raises(Invalid) as refused:
        PlanRequest(year=2025, surrender_on=DAY, due_t=1, due_source="x", basis=CostBasis.ECONOMIC, snapshot=None)

    assert refused.value.code == "plan.snapshot"


# --- carry-over ---------------------------------------------------------------------------------------------------

ASKED = date(2026, 3, 2)


def old_book(database: Database, *, sold: int, bought: int, held: int) -> CarbonBook:
    """A book whose trades of old vintages in 2024 and 2025 are ``sold`` and ``bought``, with ``held`` t left of CEA24."""
    book = open_carbon_book(database)
    trades: list[Trade] = [
        trade("O-1", TradeKind.OPENING, date(2024, 1, 2), "CEA24", held + sold, price_cny_per_t=Decimal(40))
    ]
    if bought:
        trades.append(trade("P-1", BUY, date(2024, 6, 3), "CEA24", bought, price_cny_per_t=Decimal(50)))
        trades.append(trade("C-1", TradeKind.CANCEL, date(2024, 7, 3), "CEA24", bought))
    if sold:
        trades.append(trade("S-1", TradeKind.SALE, date(2025, 6, 3), "CEA24", sold, price_cny_per_t=Decimal(90)))
    book.book(trades)
    return book


@pytest.mark.parametrize(
    ("sold", "bought", "held", "expected"),
    [(200_000, 80_000, 300_000, 190_000), (200_000, 80_000, 150_000, 150_000), (80_000, 200_000, 300_000, 10_000)],
)
def test_carry_over_counts_the_books_own_trades(
    database: Database, sold: int, bought: int, held: int, expected: int
) -> None:
    book = old_book(database, sold=sold, bought=bought, held=held)

    with book.database.reader() as session:
        found = compute_carry_over(session, book.book_id, into_year=2025, declared_settled=(2023, 2024), known_at=NOW)

    assert (found.sold_t, found.bought_t, found.holding_t) == (sold, bought, held)
    assert found.result.carryover_t == expected
    assert all(leaf.source for leaf in found.explain().leaves())


def test_a_reversed_sale_is_not_counted(database: Database) -> None:
    book = old_book(database, sold=1000, bought=0, held=50_000)
    with book.writing() as session:
        sale = trade_store.find_trades(session, book.book_id, ["S-1"])["S-1"]
        ledger.reverse_entry(
            session, book.book_id, entry_id=new_id(), reverses=sale.entry_id, effective_on=date(2025, 6, 4),
            actor=ACTOR, now=NOW, random_bytes=book.random_bytes,
        )  # fmt: skip

    with book.database.reader() as session:
        found = compute_carry_over(session, book.book_id, into_year=2025, declared_settled=(2023, 2024), known_at=NOW)

    assert (found.sold_t, found.result.carryover_t) == (0, 10_000)


def requested(book: CarbonBook, *, tonnes: int | None = None, on: date = ASKED, into: str = "CEA25") -> Proposal:
    return agreed(
        book,
        lambda session: propose_carry_over(
            session,
            book.book_id,
            into_year=2025,
            requested_on=on,
            into_instrument=into,
            tonnes=tonnes,
            declared_settled=(2023, 2024),
            by=by(),
        ),
    )


def confirmed(book: CarbonBook, proposal: Proposal) -> Proposal:
    with book.writing() as session:
        return execute_carry_over(
            session,
            proposal.proposal_id,
            confirmed_on=date(2026, 3, 27),
            actor=COLLEAGUE,
            now=NOW,
            today=TODAY,
            new_id=new_id,
            random_bytes=book.random_bytes,
        )


def test_carried_lots_keep_cost_and_day_in_the_new_vintage(database: Database) -> None:
    book = old_book(database, sold=0, bought=0, held=30_000)

    done = confirmed(book, requested(book))

    assert (done.state, done.document["tonnes"]) == ("executed", "10000")
    old, new = book.lots()
    assert (old.commodity, old.quantity, old.cost) == ("CEA24", 20_000, 80_000_000)
    assert (new.commodity, new.quantity, new.cost, new.acquired_on) == ("CEA25", 10_000, 40_000_000, date(2024, 1, 2))
    assert new.origin_lot_id == old.lot_id
    assert book.balance("Assets:CarbonCost:CEA24") == 80_000_000
    assert book.balance("Assets:CarbonCost:CEA25") == 40_000_000


def test_lots_that_were_sold_before_the_confirmation_are_not_carried_over(database: Database) -> None:
    book = old_book(database, sold=0, bought=0, held=10_000)
    request_ = requested(book)
    book.book([trade("S-9", TradeKind.SALE, date(2026, 3, 20), "CEA24", 10_000, price_cny_per_t=Decimal(90))])

    with pytest.raises(Conflict) as refused:
        confirmed(book, request_)

    assert refused.value.code == "compliance.stale"


def test_what_cannot_be_carried_over_is_refused(database: Database) -> None:
    book = old_book(database, sold=0, bought=0, held=30_000)

    refusals: tuple[tuple[dict[str, Any], str], ...] = (
        ({"on": date(2026, 6, 11)}, "carryover.window"),
        ({"tonnes": 10_001}, "carryover.tonnes"),
        ({"tonnes": 0}, "carryover.tonnes"),
        ({"into": "CEA24"}, "carryover.into"),
    )
    for asked, code in refusals:
        with pytest.raises((Conflict, Invalid)) as refused:
            requested(book, **asked)
        assert refused.value.code == code


def test_a_duty_of_which_nothing_is_known_must_be_declared_and_an_unsettled_one_bars(database: Database) -> None:
    book = old_book(database, sold=0, bought=0, held=30_000)
    with book.database.reader() as session, pytest.raises(Conflict) as refused:
        compute_carry_over(session, book.book_id, into_year=2025, declared_settled=(2023,), known_at=NOW)
    assert refused.value.code == "carryover.undeclared"

    verified(book, process("500", None), year=2024, day=date(2025, 10, 1))
    with book.database.reader() as session:
        barred = compute_carry_over(session, book.book_id, into_year=2025, declared_settled=(2023, 2024), known_at=NOW)
    assert (barred.unsettled, barred.result.carryover_t) == ((2024,), 0)
