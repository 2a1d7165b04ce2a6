"""Contracts in the database: the laws of their life on a real ledger, two that race, and what the database itself refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from finance.accounting.trades import Trade, TradeKind
from finance.operations import carbon_contract_steps as steps
from finance.operations import carbon_contracts as contracts
from finance.operations.counterparties import decide_counterparty, propose_counterparty
from finance.operations.trading_desk import Desk
from finance.store import carbon_contracts as store
from finance.trading.contracts.kinds import ContractTerms
from finance.trading.contracts.life import ContractState
from finance.trading.contracts.standing import Party, Said
from finance.trading.counterparties import CounterpartyTerms
from finance.trading.orders import StepKind
from ledger import checking
from ledger.core.errors import Conflict
from ledger.store import balances, books
from ledger.store.database import Database
from tests.core.contract_terms import END, START, custody, forward, lending, pledge_loan, repo
from tests.store.carbon_books import ACTOR, COLLEAGUE, CarbonBook, new_id, open_carbon_book

OPENING = datetime(2026, 8, 3, 2, tzinfo=UTC)
LENDER = UUID(int=9)
HELD = "Assets:Carbon:CEA25"


@pytest.fixture
def book(database: Database) -> CarbonBook:
    return open_book(database)


def open_book(database: Database) -> CarbonBook:
    """Return a book with two lots of 5,000 t and money, and a counterparty that is trusted since July."""
    book = open_carbon_book(database)
    bought = [
        Trade(
            trade_ref=f"P-{day}",
            kind=TradeKind.PURCHASE,
            traded_on=date(2026, 7, day),
            instrument="CEA25",
            quantity_t=5000,
            price_cny_per_t=Decimal(price),
        )
        for day, price in ((1, "80.01"), (2, "90.03"))
    ]
    book.book(bought, now=OPENING)
    return book


def desk_at(book: CarbonBook, session: Session, now: datetime = OPENING, *, is_second: bool = False) -> Desk:
    found = next(one for one in books.list_books(session, ACTOR.organisation_id) if one.book_id == book.book_id)
    return Desk(
        session=session,
        book=found,
        actor=COLLEAGUE if is_second else ACTOR,
        now=now,
        new_id=new_id,
        random_bytes=book.random_bytes,
    )


def trusted(book: CarbonBook) -> UUID:
    """Return a counterparty approved long before the contract."""
    counterparty_id, before = new_id(), OPENING - timedelta(days=14)
    terms = CounterpartyTerms(
        legal_name="Example Carbon Trading", registration_no="91310000", max_amount_fen=10**14, reason="contracts"
    )
    with book.writing() as session:
        proposed = propose_counterparty(desk_at(book, session, before), counterparty_id, terms)
        desk = desk_at(book, session, before, is_second=True)
        decide_counterparty(desk, counterparty_id, StepKind.APPROVED, sha256=proposed.sha256)
    return counterparty_id


def agree(book: CarbonBook, terms: ContractTerms) -> UUID:
    contract_id = new_id()
    with book.writing() as session:
        shown = contracts.propose_contract(desk_at(book, session), contract_id, terms)
        desk = desk_at(book, session, is_second=True)
        contracts.decide_contract(desk, contract_id, is_approved=True, sha256=shown.record.latest.sha256)
    return contract_id


def open_it(book: CarbonBook, contract_id: UUID) -> None:
    with book.writing() as session:
        steps.open_contract(desk_at(book, session), contract_id, on=START)


def end(book: CarbonBook, contract_id: UUID, how: str, on: date, price: Decimal | None = None) -> None:
    now = datetime(on.year, on.month, on.day, 2, tzinfo=UTC)
    with book.writing() as session:
        desk = desk_at(book, session, now, is_second=True)
        if how == "default":
            said = Said(on=on, price_cny_per_t=price or Decimal("70.07"), defaulted_by=Party.BOOK)
            steps.default_contract(desk, contract_id, said, doc_ref="paper", may_enforce=True)
        elif how == "close":
            steps.close_contract(desk, contract_id, Said(on=on, price_cny_per_t=price), doc_ref="paper")
        else:
            steps.settle_contract(desk, contract_id, Said(on=on, price_cny_per_t=price), doc_ref="paper")


def release(book: CarbonBook, contract_id: UUID, on: date) -> None:
    now = datetime(on.year, on.month, on.day, 3, tzinfo=UTC)
    with book.writing() as session:
        desk = replace(desk_at(book, session, now), actor=replace(ACTOR, user_id=UUID(int=13), organisation_id=LENDER))
        steps.release_pledge(desk, contract_id, on=on, quantity_t=None, doc_ref="paper", may_enforce=False)


def open_lots(book: CarbonBook) -> set[tuple[int, str, int, int]]:
    return {(lot.lot_id, lot.path, lot.quantity, lot.cost) for lot in book.lots() if lot.quantity}


def held(book: CarbonBook) -> int:
    """Return everything that holds set aside in the book."""
    with book.database.reader() as session:
        found = balances.list_balances(session, book.book_id, now=OPENING, limit=200)
    return sum(one.held for one in found)


def is_sound(book: CarbonBook) -> bool:
    """Return whether projections equal facts and everything sums to zero."""
    with book.database.reader() as session:
        found = checking.check_book(session, book.book_id)
    return not found.findings


CLOSED = date(2026, 9, 14)
ENDS = st.sampled_from([("settle", END), ("close", CLOSED), ("default", END)])
TONNES = st.integers(1, 10_000)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tonnes=TONNES,
    how=ENDS,
    place=st.sampled_from(["out", "held"]),
    kind=st.sampled_from(["repo", "lending", "custody", "pledge", "sale"]),
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_path_leaves_a_hold_behind_and_what_comes_back_is_what_went(
    database: Database, tonnes: int, how: tuple[str, date], place: str, kind: str
) -> None:
    book = open_book(database)
    before, facts = open_lots(book), {"counterparty_id": trusted(book), "quantity_t": tonnes}
    made: dict[str, Any] = {
        "repo": lambda: repo(**facts, is_title_transferred=place == "out"),
        "lending": lambda: lending(**facts),
        "custody": lambda: custody(**facts, is_title_transferred=place == "out", fee_fen=0),
        "pledge": lambda: pledge_loan(**facts, lender_organisation_id=LENDER),
        "sale": lambda: forward(**facts, side="sell", sets_aside=True),
    }
    contract_id = agree(book, made[kind]())

    open_it(book, contract_id)
    assert held(book) == tonnes
    assert sum(lot.quantity for lot in book.lots()) == 10_000
    needs_price = how[0] == "default" or (kind == "sale" and how[0] == "close")
    end(book, contract_id, how[0], how[1], Decimal("70.07") if needs_price else None)
    if kind == "pledge" and how[0] != "default":
        release(book, contract_id, how[1])

    assert held(book) == 0
    assert is_sound(book)
    if how[0] != "default" and kind != "sale":
        assert open_lots(book) == before
    elif how[0] == "default" and kind != "sale":
        assert sum(lot.quantity for lot in book.lots()) == 10_000 - tonnes


def test_two_contracts_that_race_for_the_same_tonnes_end_with_one_open(book: CarbonBook) -> None:
    named = trusted(book)
    rivals = [
        agree(book, repo(counterparty_id=named, quantity_t=6000)),
        agree(book, lending(counterparty_id=named, quantity_t=6000)),
    ]
    gate = Barrier(2)

    def race(contract_id: UUID) -> str:
        gate.wait()
        try:
            open_it(book, contract_id)
        except Conflict as refusal:
            return refusal.code
        return "open"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(race, rivals))

    assert outcomes == ["ledger.insufficient_available", "open"]
    assert held(book) == 6000
    assert is_sound(book)


def test_each_of_two_contracts_takes_back_its_own_lots(book: CarbonBook) -> None:
    named, before = trusted(book), open_lots(book)
    first = agree(book, repo(counterparty_id=named, quantity_t=3000))
    second = agree(book, lending(counterparty_id=named, quantity_t=4000))
    open_it(book, first)
    open_it(book, second)

    end(book, second, "default", CLOSED)
    end(book, first, "settle", END)

    lost = before - open_lots(book)
    assert {lot[2] for lot in lost} == {5000}
    assert sum(lot[2] for lot in open_lots(book)) == 6000
    assert book.balance("Assets:CarbonCost:CEA25") == sum(lot[3] for lot in open_lots(book))


def test_given_lots_are_the_ones_that_go_and_come_back(book: CarbonBook) -> None:
    before = open_lots(book)
    dear = next(lot for lot in before if lot[3] == 45_015_000)
    terms = repo(counterparty_id=trusted(book), quantity_t=2000, lots=((dear[0], 2000),))
    contract_id = agree(book, terms)

    open_it(book, contract_id)
    out = {lot for lot in open_lots(book) if lot[1] != HELD}
    end(book, contract_id, "settle", END)

    assert [(lot[2], lot[3]) for lot in out] == [(2000, 18_006_000)]
    assert open_lots(book) == before


def test_every_entry_of_a_step_names_the_contract_and_its_digest(book: CarbonBook) -> None:
    contract_id = agree(book, repo(counterparty_id=trusted(book)))

    open_it(book, contract_id)

    with book.database.reader() as session:
        desk = desk_at(book, session)
        record = contracts.show_contract(desk, contract_id).record
        rows = session.execute(text("SELECT attrs FROM entry WHERE book_id = :book"), {"book": book.book_id}).scalars()
        named = [row for row in map(str, rows) if str(contract_id) in row and "contract_step" in row]
    assert len(named) == 4  # the record, the tonnes, the hold, the money
    assert all(record.in_force.sha256 in row for row in named)


@pytest.fixture
def opened(book: CarbonBook) -> CarbonBook:
    open_it(book, agree(book, repo(counterparty_id=trusted(book))))
    return book


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE carbon_contract SET kind = 'swap'",
        "DELETE FROM carbon_contract",
        "UPDATE carbon_contract_version SET content = '{}'",
        "DELETE FROM carbon_contract_version",
        "UPDATE carbon_contract_decision SET reason = 'x'",
        "DELETE FROM carbon_contract_decision",
        "UPDATE carbon_contract_event SET happened_on = '2020-01-01'",
        "DELETE FROM carbon_contract_event",
        (
            "INSERT INTO carbon_contract_decision SELECT book_id, contract_id, 2, 'approved', maker_id, sha256, maker_id,"
            " '', entry_id, made_at FROM carbon_contract_version"
        ),
        (
            "INSERT INTO carbon_contract_event SELECT book_id, contract_id, 9, 'settled', 'end', version, maker_id, sha256,"
            " agreed, happened_on, maker_id, '', link, figures, refs, entry_id, recorded_at FROM carbon_contract_event"
        ),
        (
            "INSERT INTO carbon_contract_event SELECT book_id, contract_id, 9, what, event_key, version, maker_id, sha256,"
            " agreed, happened_on, actor_id, '', link, figures, refs, entry_id, recorded_at FROM carbon_contract_event"
        ),
        (
            "INSERT INTO carbon_contract_event SELECT book_id, contract_id, 9, 'accrued', '9', 2, maker_id, sha256,"
            " agreed, happened_on, actor_id, '', link, figures, refs, entry_id, recorded_at FROM carbon_contract_event"
        ),
    ],
)
def test_the_database_refuses_a_changed_fact_one_person_for_two_and_a_fact_without_agreement(
    opened: CarbonBook, statement: str
) -> None:
    with opened.database.writer() as session, pytest.raises(DBAPIError):
        session.execute(text(statement))


def test_a_wording_that_no_longer_gives_its_digest_is_refused(opened: CarbonBook) -> None:
    with opened.writing() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("DROP TRIGGER carbon_contract_version_no_update"))
        else:
            session.execute(
                text("ALTER TABLE carbon_contract_version DISABLE TRIGGER carbon_contract_version_append_only")
            )
        session.execute(text("UPDATE carbon_contract_version SET content = replace(content, '8091000', '8091001')"))

    with opened.database.reader() as session, pytest.raises(Conflict, match="digest"):
        contracts_of(opened, session)


def contracts_of(book: CarbonBook, session: Session) -> ContractState:
    (record,) = store.list_contracts(session, book.book_id, desk_at(book, session).book.book_uuid)
    return contracts.show(desk_at(book, session), record).state
