"""The k-th database call of each write use case fails, for every k: all of it is stored or nothing, and then it works."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect as schema_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.faults import DATABASE_ERRORS
from finance.accounting.instruments import allowance
from finance.accounting.trades import TradeKind
from finance.operations import determinations, signing_keys
from finance.operations.trades import book_trades, register_instruments
from finance.store.determinations import find_determination
from finance.store.signing_keys import find_key
from ledger import operations
from ledger.core.accounts import AccountOpening
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.journal import JournalDraft
from ledger.store.database import Base, Database, open_database
from tests.core.trade_lists import R14, trade
from tests.store.books import ExampleBook, open_example
from tests.store.brute_force import assert_sound
from tests.store.carbon_books import ACTOR as TRADER
from tests.store.carbon_books import NOW as TRADED
from tests.store.carbon_books import OPENED, new_id, open_carbon_book
from tests.stories.test_step_down_story import (
    APPROVED,
    APPROVED_ON,
    BANKER,
    BASELINE_VERIFIED,
    KID,
    PROPOSED,
    PROPOSED_ON,
    SIGNING,
    VERIFIER,
    YEAR_VERIFIED,
    Desk,
    named,
)
from tests.strategies import (
    ACTOR,
    CASH,
    FIFO,
    FIRST_DAY,
    GAIN,
    NOW,
    TENANT,
    draft,
    entry_id,
    hold,
    purchase,
    release,
    sale,
    transfer,
)
from tests.torture.failing_database import Calls, fail_on_demand
from tests.torture.scale import IS_LONG, report

Work = Callable[[Session], object]

CEA26 = Commodity(code="CEA26", kind=CommodityKind.ALLOWANCE, scale=0)
CLEARING = "Equity:Clearing:Group"
SOON = NOW + timedelta(hours=1)

SAMPLE = 6
"""Failing calls tried of each use case in the short form, the first and the last two among them."""


@dataclass
class Trial:
    """One database by two ways: one that fails on demand, one that sees what is stored."""

    sound: Database
    faulty: Database
    calls: Calls
    points: dict[str, int] = field(default_factory=dict)

    def try_every_failure(self, name: str, work: Work) -> None:
        """Do ``work`` once for each failing call, see that nothing is stored, then do it unharmed and see that something is."""
        before = everything(self.sound)
        for failing in _sample(self._count(work)):
            self.calls.restart(failing)
            with pytest.raises(DATABASE_ERRORS):
                self._do(work)
            assert self.calls.failed == 1, f"{name}: call {failing} was made to fail"
            assert everything(self.sound) == before, f"{name}: call {failing} failed and something was stored"
            self.points[name] = self.points.get(name, 0) + 1
        self.calls.restart()
        self._do(work)
        assert everything(self.sound) != before, f"{name}: done at last"

    def _count(self, work: Work) -> int:
        """Return how many calls the work makes, its commit counted; nothing of it is kept."""
        for _ in range(2):  # the first time, the driver gets to know the connection
            with self.faulty.writer() as session:
                self.calls.restart()
                work(session)
                session.rollback()
        return self.calls.seen + 1

    def _do(self, work: Work) -> None:
        with self.faulty.writer() as session:
            work(session)
            session.commit()


@pytest.fixture
def trial(database: Database) -> Iterable[Trial]:
    url = database.engine.url.set(drivername=database.engine.dialect.name)
    faulty = open_database(url.render_as_string(hide_password=False))
    calls = fail_on_demand(faulty)
    trial = Trial(database, faulty, calls)
    yield trial
    report(failing_calls=sum(trial.points.values()), of_use_cases=trial.points)
    faulty.engine.dispose()


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table that the schema has."""
    standing = set(schema_of(database.engine).get_table_names())
    with database.reader() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
            if name in standing
        }


def _sample(calls: int) -> Iterable[int]:
    if IS_LONG or calls <= SAMPLE:
        return range(1, calls + 1)
    return sorted({1, calls - 1, calls, *range(1, calls, -(-calls // (SAMPLE - 2)))})


def test_the_ledgers_use_cases_store_all_or_nothing(trial: Trial) -> None:
    book, other = (open_example(trial.sound, book_uuid=UUID(int=number), code=f"b{number}") for number in (1, 2))
    _open_clearing(book, other)
    cases = _ledger_cases(book, other)

    for name, work in cases.items():
        trial.try_every_failure(name, work)

    assert len(trial.points) == len(cases)
    assert {name.partition(",")[0] for name in cases} == _use_cases_of(operations)
    assert_sound(other)


def _ledger_cases(book: ExampleBook, other: ExampleBook) -> dict[str, Work]:
    """Return each use case of ``ledger.operations``, in an order in which each can be done."""
    book_id, random_bytes = book.book_id, book.random_bytes

    def posting(*drafts: JournalDraft) -> Work:
        return lambda session: operations.post_entries(session, book_id, drafts, now=NOW, random_bytes=random_bytes)

    return {
        "open_book": lambda session: operations.open_book(
            session, book_uuid=UUID(int=5), tenant_id=TENANT, code="third", functional_currency="CNY", now=NOW
        ),
        "add_commodity": lambda session: operations.add_commodity(session, book_id, CEA26, {}),
        "open_account": lambda session: operations.open_account(session, book_id, _opening("Assets:Cash:CNY")),
        "close_account": lambda session: operations.close_account(
            session, book_id, "Assets:Cash:CNY", date(2026, 1, 1), now=NOW, random_bytes=random_bytes
        ),
        "post_entries": posting(
            transfer(1, GAIN, CASH, 9_000), purchase(2, 5, 1000), sale(3, 2, 900), sale(4, 50, 1), draft(5, reverses=1)
        ),
        "post_entries, one": posting(purchase(6, 1, 0)),
        "post_entries, a refusal": posting(sale(7, 500, 1)),
        "post_entries, holds": posting(hold(10, FIFO, 2), release(11, 10, 1), hold(12, FIFO, 1, until=SOON)),
        "post_entries, a linked group": posting(
            *(replace(each, link=UUID(int=1)) for each in (transfer(20, GAIN, CASH, 1), purchase(21, 1, 0)))
        ),
        "post_entry": lambda session: operations.post_entry(
            session, book_id, purchase(22, 1, 0), now=NOW, random_bytes=random_bytes
        ),
        "reverse_entry": lambda session: operations.reverse_entry(
            session,
            book_id,
            entry_id=entry_id(8),
            reverses=entry_id(3),
            effective_on=FIRST_DAY,
            actor=ACTOR,
            now=NOW,
            random_bytes=random_bytes,
        ),
        "expire_holds": lambda session: operations.expire_holds(
            session, book_id, now=SOON + timedelta(days=1), random_bytes=random_bytes
        ),
        "post_transfer": lambda session: operations.post_transfer(
            session,
            (book_id, replace(transfer(30, CASH, CLEARING, 5), transfer_id=UUID(int=3))),
            (other.book_id, replace(transfer(31, CASH, CLEARING, -5), transfer_id=UUID(int=3))),
            now=SOON + timedelta(days=1),
            random_bytes=random_bytes,
        ),
        "close_softly": lambda session: operations.close_softly(
            session, book_id, date(2025, 1, 31), actor=ACTOR, now=NOW, random_bytes=random_bytes
        ),
        "close_period": lambda session: operations.close_period(
            session, book_id, date(2025, 1, 31), actor=ACTOR, now=NOW, random_bytes=random_bytes
        ),
    }


def _opening(path: str) -> AccountOpening:
    return AccountOpening(path=path, commodity="CNY", opened_on=FIRST_DAY)


def _open_clearing(*books: ExampleBook) -> None:
    for book in books:
        with book.writing() as session:
            operations.open_account(session, book.book_id, _opening(CLEARING))


def _use_cases_of(module: ModuleType) -> set[str]:
    """Return the names of a module's own public functions that take a session."""
    return {
        name
        for name, each in inspect.getmembers(module, inspect.isfunction)
        if each.__module__ == module.__name__
        and not name.startswith("_")
        and "session" in inspect.signature(each).parameters
    }


def test_trades_are_booked_as_a_whole_or_not_at_all(trial: Trial) -> None:
    book = open_carbon_book(trial.sound)

    def booking(trades: Iterable[Any]) -> Work:
        return lambda session: book_trades(
            session,
            book.book_id,
            trades,
            actor=TRADER,
            now=TRADED,
            new_id=new_id,
            random_bytes=book.random_bytes,
        )

    trial.try_every_failure(
        "register_instruments",
        lambda session: register_instruments(session, book.book_id, (allowance("CEA26"),), OPENED),
    )
    trial.try_every_failure("book_trades", booking(R14))
    trial.try_every_failure("book_trades, one", booking([trade("Z-1", TradeKind.FREE_ALLOCATION, 10, year=2024)]))

    assert len(trial.points) == 3


def test_the_way_from_activity_to_a_rate_is_stored_step_by_step(trial: Trial) -> None:
    baseline, period = named("period 2024"), named("period 2025")

    def at_desk(step: Callable[[Desk], object]) -> Work:
        return lambda session: step(Desk(session=session))

    def approving(session: Session) -> None:
        proposal = find_determination(session, named("determination"))
        assert proposal is not None
        determinations.approve(
            session,
            proposal.determination_id,
            proposal.digest,
            actor=BANKER,
            now=APPROVED,
            today=APPROVED_ON,
            random_bytes=secrets.token_bytes,
        )

    def revoking(session: Session) -> None:
        key = find_key(session, KID)
        assert key is not None
        signing_keys.revoke_signing_key(
            session,
            key,
            compromised_since=SIGNING,
            actor=VERIFIER,
            now=APPROVED,
            random_bytes=secrets.token_bytes,
        )

    steps: dict[str, Work] = {
        "record_activity": at_desk(lambda desk: desk.load_two_years(SIGNING)),
        "open_facility": at_desk(lambda desk: desk.sign_the_loan("0.03", SIGNING)),
        "register_key": at_desk(lambda desk: desk.register_the_assessors_key(SIGNING)),
        "report_period, baseline": at_desk(lambda desk: desk.report_year(2024, "baseline", BASELINE_VERIFIED)),
        "submit_attestation, baseline": at_desk(lambda desk: desk.verify_year(baseline, BASELINE_VERIFIED)),
        "report_period": at_desk(lambda desk: desk.report_year(2025, "test", YEAR_VERIFIED)),
        "submit_attestation": at_desk(lambda desk: desk.verify_year(period, YEAR_VERIFIED)),
        "propose": at_desk(lambda desk: desk.propose(period, PROPOSED, PROPOSED_ON)),
        "approve": approving,
        "revoke_signing_key": revoking,
    }

    for name, work in steps.items():
        trial.try_every_failure(name, work)

    assert len(trial.points) == len(steps)
