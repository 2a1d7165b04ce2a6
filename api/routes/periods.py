"""Periods of a book: close for good, close softly, reopen what is softly closed, list the closings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import PERIOD_REOPEN
from api.deps import ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.cursors import read_cursor, read_whole, write_cursor
from api.schemas.fields import PageCursor, UuidString
from api.schemas.periods import ClosingOut, ClosingsOut, PeriodCloseIn, PeriodStateOut
from finance.conventions.calendars import china_day
from finance.operations.month_close import check_direct_closing
from ledger import operations as ledger
from ledger.core.errors import Conflict, Invalid
from ledger.store import closings

routes = Routes(tag="periods")


@routes.post("/books/{book_id}/periods/close", policy=asks(Scope.LEDGER_CLOSE), status=200)
def close_period(book_id: UuidString, body: PeriodCloseIn, call: ThisCall) -> PeriodStateOut:
    """Close every day through the one given, inclusive, for good; the state root of that day stays in the tree."""
    book = call.load(BOOK, book_id)
    _check_has_begun(body.through, call.now)
    check_direct_closing(call.session, book.book_id, body.through)
    root = ledger.close_period(
        call.session,
        book.book_id,
        body.through,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return PeriodStateOut.from_core(call.load(BOOK, book_id), root)


@routes.post("/books/{book_id}/periods/close-softly", policy=asks(Scope.LEDGER_CLOSE), status=200)
def close_period_softly(book_id: UuidString, body: PeriodCloseIn, call: ThisCall) -> PeriodStateOut:
    """Let only keys with the scope ledger:close post through the day given, inclusive."""
    book = call.load(BOOK, book_id)
    _check_has_begun(body.through, call.now)
    check_direct_closing(call.session, book.book_id, body.through)
    ledger.close_softly(
        call.session,
        book.book_id,
        body.through,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return PeriodStateOut.from_core(call.load(BOOK, book_id))


@routes.post(
    "/books/{book_id}/periods/reopen", policy=asks(Scope.LEDGER_CLOSE), status=200, second_person=PERIOD_REOPEN
)
def reopen_period(book_id: UuidString, call: ThisCall) -> PeriodStateOut:
    """Open again what is softly closed; what is closed for good stays closed."""
    book = call.load(BOOK, book_id)
    if book.soft_locked_through is None:
        raise Conflict(
            "period.not_softly_closed",
            "nothing of this book is softly closed; a day closed for good does not reopen, post in the open period",
        )
    check_direct_closing(call.session, book.book_id, None)
    ledger.close_softly(
        call.session, book.book_id, None, actor=call.principal.actor, now=call.now, random_bytes=call.random_bytes
    )
    return PeriodStateOut.from_core(call.load(BOOK, book_id))


@routes.get("/books/{book_id}/periods", policy=asks(Scope.LEDGER_READ))
def list_period_closings(
    book_id: UuidString,
    call: ThisCall,
    after: PageCursor | None = None,
    limit: Annotated[WholeNumber, Query(description="1 to 200 closings.")] = closings.MAX_PAGE,
) -> ClosingsOut:
    """Return a page of the book's closings, newest first: what was closed, with which state root, when and by whom."""
    book = call.load(BOOK, book_id)
    if not 1 <= limit <= closings.MAX_PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {closings.MAX_PAGE}", field="limit")
    before = None if after is None else read_whole(read_cursor(after, count=1, belongs=_list(book_id))[0])
    page = closings.list_closings(call.session, book.book_id, before=before, limit=limit)
    return ClosingsOut(
        locked_through=book.locked_through,
        soft_locked_through=book.soft_locked_through,
        closings=tuple(ClosingOut.from_core(one) for one in page),
        next_cursor=write_cursor((page[-1].seq,), belongs=_list(book_id)) if len(page) == limit else None,
    )


def _list(book_id: UUID) -> str:
    return f"closings|{book_id}"


def _check_has_begun(through: date, now: datetime) -> None:
    """Refuse to close days that are still to come: a hard close cannot be undone, so a mistyped year would end the book."""
    if through > china_day(now):
        raise Invalid(
            "period.not_begun",
            "through: expected a day that has begun in Asia/Shanghai; close it then",
            field="through",
        )
