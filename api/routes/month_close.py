"""Closing a book's month by its checklist, and a day in one call: every step is kept, what decides takes two persons."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.fields import UuidString
from api.schemas.month_close import (
    AnswerIn,
    DayCloseDoneOut,
    DayCloseIn,
    DayCloseOut,
    DayClosesOut,
    ItemStepIn,
    MonthCloseOut,
    ReasonIn,
)
from api.schemas.months import MonthString
from finance.accounting.months import parse_month
from finance.operations import day_close, month_close
from finance.store import month_close as close_store

routes = Routes(tag="month-close")


@routes.get("/books/{book_id}/month-closes/{month}", policy=asks(Scope.LEDGER_READ))
def read_month_close(book_id: UuidString, month: MonthString, call: ThisCall) -> MonthCloseOut:
    """Return the month's checklist with the evidence of every item, and the steps taken so far."""
    book = call.load(BOOK, book_id)
    return MonthCloseOut.from_core(month_close.month_close(call.session, book, parse_month(month), now=call.now))


@routes.post("/books/{book_id}/month-closes/{month}/confirm", policy=asks(Scope.ACCOUNTING_WRITE), status=200)
def confirm_item(book_id: UuidString, month: MonthString, body: ItemStepIn, call: ThisCall) -> MonthCloseOut:
    """Confirm, with a reason, an item that the books cannot tell; it counts while what it rests on stays."""
    book = call.load(BOOK, book_id)
    done = month_close.confirm_item(
        call.session, book, parse_month(month), body.item, body.reason, actor=call.principal.actor, now=call.now
    )
    return MonthCloseOut.from_core(done)


@routes.post("/books/{book_id}/month-closes/{month}/waive", policy=asks(Scope.ACCOUNTING_WRITE), status=200)
def propose_waiver(book_id: UuidString, month: MonthString, body: ItemStepIn, call: ThisCall) -> MonthCloseOut:
    """Ask to close the month without an item; it counts once a colleague agrees."""
    book = call.load(BOOK, book_id)
    done = month_close.propose_waiver(
        call.session, book, parse_month(month), body.item, body.reason, actor=call.principal.actor, now=call.now
    )
    return MonthCloseOut.from_core(done)


@routes.post("/books/{book_id}/month-closes/{month}/approve-waiver", policy=asks(Scope.ACCOUNTING_APPROVE), status=200)
def approve_waiver(book_id: UuidString, month: MonthString, body: AnswerIn, call: ThisCall) -> MonthCloseOut:
    """Agree to exactly the waiver that the digest names, as another person than who asked, with a reason."""
    book = call.load(BOOK, book_id)
    done = month_close.approve_waiver(
        call.session,
        book,
        parse_month(month),
        body.step,
        body.digest,
        body.reason,
        actor=call.principal.actor,
        now=call.now,
    )
    return MonthCloseOut.from_core(done)


@routes.post("/books/{book_id}/month-closes/{month}/close-softly", policy=asks(Scope.ACCOUNTING_WRITE), status=200)
def close_month_softly(book_id: UuidString, month: MonthString, body: ReasonIn, call: ThisCall) -> MonthCloseOut:
    """Close the month softly: from then on only closers post into it."""
    book = call.load(BOOK, book_id)
    done = month_close.close_softly(
        call.session,
        book,
        parse_month(month),
        body.reason,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return MonthCloseOut.from_core(done)


@routes.post(
    "/books/{book_id}/month-closes/{month}/close",
    policy=asks(Scope.ACCOUNTING_APPROVE, Scope.LEDGER_CLOSE),
    status=200,
)
def close_month_hard(book_id: UuidString, month: MonthString, body: AnswerIn, call: ThisCall) -> MonthCloseOut:
    """Close the month for good, as another person than who closed it softly; refused while an item is open."""
    book = call.load(BOOK, book_id)
    done = month_close.close_hard(
        call.session,
        book,
        parse_month(month),
        body.step,
        body.digest,
        body.reason,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return MonthCloseOut.from_core(done)


@routes.post("/books/{book_id}/month-closes/{month}/ask-reopening", policy=asks(Scope.ACCOUNTING_WRITE), status=200)
def propose_month_reopening(book_id: UuidString, month: MonthString, body: ReasonIn, call: ThisCall) -> MonthCloseOut:
    """Ask to open a softly closed month again; a colleague must agree. What is closed for good stays closed."""
    book = call.load(BOOK, book_id)
    done = month_close.propose_reopening(
        call.session, book, parse_month(month), body.reason, actor=call.principal.actor, now=call.now
    )
    return MonthCloseOut.from_core(done)


@routes.post("/books/{book_id}/month-closes/{month}/reopen", policy=asks(Scope.ACCOUNTING_APPROVE), status=200)
def reopen_month(book_id: UuidString, month: MonthString, body: AnswerIn, call: ThisCall) -> MonthCloseOut:
    """Open a softly closed month again, as another person than who asked; its waivers are asked anew."""
    book = call.load(BOOK, book_id)
    done = month_close.reopen(
        call.session,
        book,
        parse_month(month),
        body.step,
        body.digest,
        body.reason,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return MonthCloseOut.from_core(done)


@routes.post("/books/{book_id}/day-closes", policy=asks(Scope.ACCOUNTING_WRITE), status=200)
def close_day(book_id: UuidString, body: DayCloseIn, call: ThisCall) -> DayCloseDoneOut:
    """Freeze the day's marks, value the book's lots and keep the totals; with nothing new the same close is returned."""
    book = call.load(BOOK, book_id)
    done = day_close.close_day(call.session, book, body.day, actor=call.principal.actor, now=call.now)
    return DayCloseDoneOut.from_core(done)


@routes.get("/books/{book_id}/day-closes/{month}", policy=asks(Scope.LEDGER_READ))
def list_day_closes(book_id: UuidString, month: MonthString, call: ThisCall) -> DayClosesOut:
    """Return every close of the month's days, by day and run."""
    book, period = call.load(BOOK, book_id), parse_month(month)
    found = close_store.list_day_closes(call.session, book.book_id, start=period.start, end=period.end)
    return DayClosesOut(month=month, closes=tuple(DayCloseOut.from_core(each) for each in found))
