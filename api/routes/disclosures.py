"""What a book discloses and what stands beside it: the note table, interest accruals, the economic book and its provision."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.disclosures import (
    AccrualsOut,
    DisclosureOut,
    EconomicBookIn,
    EconomicBookOut,
    ProvisionFromBookIn,
    ProvisionIn,
    ProvisionOut,
    RevaluationIn,
    RevaluationOut,
)
from api.schemas.fields import UuidString
from api.schemas.months import MonthString
from finance.accounting.months import parse_month
from finance.operations import disclosures, economic_book, interest_accruals
from finance.operations.provision_facts import facts_of_book

routes = Routes(tag="disclosures")


@routes.get("/books/{book_id}/disclosures/{year}", policy=asks(Scope.LEDGER_READ))
def read_disclosure(book_id: UuidString, year: WholeNumber, call: ThisCall) -> DisclosureOut:
    """Return the year's note table of allowances, tonnes and money, this year and last year, tied to the ledger to the unit."""
    book = call.load(BOOK, book_id)
    return DisclosureOut.from_core(book_id, disclosures.disclosure_of(call.session, book, year))


@routes.get("/books/{book_id}/interest-accruals/{month}", policy=asks(Scope.LEDGER_READ))
def plan_accruals(book_id: UuidString, month: MonthString, call: ThisCall) -> AccrualsOut:
    """Return what interest, fees and premiums the book lacks at the month's end, with the reason of every amount."""
    book = call.load(BOOK, book_id)
    return AccrualsOut.from_core(interest_accruals.plan_accruals(call.session, book, parse_month(month), now=call.now))


@routes.post("/books/{book_id}/interest-accruals/{month}", policy=asks(Scope.ACCOUNTING_WRITE), status=200)
def post_accruals(book_id: UuidString, month: MonthString, call: ThisCall) -> AccrualsOut:
    """Post what the book lacks at the month's end; doing it again posts nothing. Late facts become adjustments in the open month."""
    book = call.load(BOOK, book_id)
    plan, receipts = interest_accruals.post_accruals(
        call.session,
        book,
        parse_month(month),
        actor=call.principal.actor,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
        is_closer=Scope.LEDGER_CLOSE in call.principal.scopes,
    )
    return AccrualsOut.from_core(plan, tuple(receipt.entry_id for receipt in receipts))


@routes.post("/books/{book_id}/economic-book", policy=asks(Scope.ACCOUNTING_WRITE))
def open_economic_book(book_id: UuidString, body: EconomicBookIn, call: ThisCall) -> EconomicBookOut:
    """Open the book's economic memo, kept at marks beside the statutory book; the same again changes nothing."""
    book = call.load(BOOK, book_id)
    economic_book.open_economic_book(
        call.session, book, body.economic_book_id, actor=call.principal.actor, now=call.now
    )
    return EconomicBookOut(book_id=book_id, economic_book_id=body.economic_book_id)


@routes.post("/books/{book_id}/revaluations", policy=asks(Scope.ACCOUNTING_WRITE))
def revalue_holdings(book_id: UuidString, body: RevaluationIn, call: ThisCall) -> RevaluationOut:
    """Bring the economic book to a frozen snapshot's marks: the revaluation before is reversed, the statutory book never moves."""
    book = call.load(BOOK, book_id)
    snapshot = call.load(MARKET_SNAPSHOT, body.snapshot_id)
    outcome = economic_book.revalue(
        call.session,
        book,
        snapshot,
        actor=call.principal.actor,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return RevaluationOut.from_core(outcome)


@routes.post("/books/{book_id}/emission-provisions", policy=asks(Scope.ACCOUNTING_WRITE))
def provide_for_emissions(book_id: UuidString, body: ProvisionIn, call: ThisCall) -> ProvisionOut:
    """Bring the economic book to the emissions provision under the book's IFRS policy, with its movement since the last run."""
    book = call.load(BOOK, book_id)
    if body.snapshot_id is not None:
        call.load(MARKET_SNAPSHOT, body.snapshot_id)
    outcome = economic_book.provide(
        call.session,
        book,
        body.to_core(),
        as_of=body.as_of,
        snapshot_id=body.snapshot_id,
        actor=call.principal.actor,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return ProvisionOut.from_core(outcome)


@routes.post("/books/{book_id}/emission-provisions/from-book", policy=asks(Scope.ACCOUNTING_WRITE))
def provide_from_book(book_id: UuidString, body: ProvisionFromBookIn, call: ThisCall) -> ProvisionOut:
    """Bring the economic book to the provision of a year's verified duty by a snapshot, tonnes and costs read from the book."""
    book = call.load(BOOK, book_id)
    snapshot = call.load(MARKET_SNAPSHOT, body.snapshot_id)
    facts = facts_of_book(
        call.session,
        book.book_id,
        year=body.year,
        snapshot=snapshot,
        mark_instrument=body.mark_instrument,
        given=body.to_given(),
        known_at=call.now,
    )
    outcome = economic_book.provide(
        call.session,
        book,
        facts,
        as_of=snapshot.as_of,
        snapshot_id=body.snapshot_id,
        actor=call.principal.actor,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return ProvisionOut.from_core(outcome)
