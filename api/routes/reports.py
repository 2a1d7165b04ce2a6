"""Reports of a book as of (effective day, record point): accounts, positions, trial balance, lots, disposals, statements.

Each answer names the point it is of, and sending that point again gives the same answer for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.amounts import Units, WholeNumber
from api.schemas.cursors import read_amount, read_cursor, read_day, read_whole, write_cursor
from api.schemas.fields import DateString, PageCursor, UuidString
from api.schemas.points import Asked, AskedPoint
from api.schemas.reports import (
    AccountOut,
    AccountsOut,
    DisposalOut,
    DisposalsOut,
    LotOut,
    LotsOut,
    PositionOut,
    PositionsOut,
    StatementLineOut,
    StatementOut,
    SubtreeBalanceOut,
    SubtreeStatementOut,
    TrialBalanceOut,
)
from ledger.core.errors import Invalid
from ledger.store import books, disposals, holds_report, reports, statements
from ledger.store.books import Book
from ledger.store.statements import BookedLine, StatementPlace

routes = Routes(tag="reports")

Under = Annotated[
    str | None, Query(max_length=200, description="Only this account and those below it.", examples=["Assets:Carbon"])
]
Limit = Annotated[WholeNumber, Query(description="1 to 200 lines.")]


@routes.get("/books/{book_id}/accounts", policy=asks(Scope.LEDGER_READ))
def list_accounts(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    under: Under = None,
    after: PageCursor | None = None,
    limit: Limit = reports.MAX_PAGE,
) -> AccountsOut:
    """Return a page of the accounts with their facts, limits and balances, empty ones too.

    ``after`` continues at the record point of the first page, whatever was posted since.
    """
    book = call.load(BOOK, book_id)
    page = _Page(f"accounts|{book_id}|{under}|{asked.as_of}", asked, after, limit)
    point = page.asked.resolve(call.session, book.book_id)
    found = reports.positions(
        call.session,
        book.book_id,
        as_of=point.as_of,
        known=point.known,
        under=under,
        after=page.begins,
        limit=limit,
    )
    held = holds_report.held_as_of(call.session, book.book_id, as_of=point.as_of, known=point.known)
    facts = books.accounts(call.session, book.book_id)
    units = _units(call, book)
    return AccountsOut(
        **point.carried(),
        accounts=tuple(AccountOut.from_core(facts[one.path], one, units, held=held.get(one.path, 0)) for one in found),
        next_cursor=page.next_cursor(point.known, [one.account_id for one in found]),
    )


@routes.get("/books/{book_id}/positions", policy=asks(Scope.LEDGER_READ))
def read_positions(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    under: Under = None,
    after: PageCursor | None = None,
    limit: Limit = reports.MAX_PAGE,
) -> PositionsOut:
    """Return a page of what accounts hold at the close of the day, on their normal side: posted, set aside and available.

    ``after`` continues at the record point of the first page, whatever was posted since.
    """
    book = call.load(BOOK, book_id)
    page = _Page(f"positions|{book_id}|{under}|{asked.as_of}", asked, after, limit)
    point = page.asked.resolve(call.session, book.book_id)
    found = reports.positions(
        call.session,
        book.book_id,
        as_of=point.as_of,
        known=point.known,
        under=under,
        after=page.begins,
        limit=limit,
    )
    held = holds_report.held_as_of(call.session, book.book_id, as_of=point.as_of, known=point.known)
    units = _units(call, book)
    return PositionsOut(
        **point.carried(),
        positions=tuple(
            PositionOut.from_core(one, units, held=held.get(one.path, 0))
            for one in found
            if one.balance or one.path in held
        ),
        next_cursor=page.next_cursor(point.known, [one.account_id for one in found]),
    )


@routes.get("/books/{book_id}/trial-balance", policy=asks(Scope.LEDGER_READ))
def read_trial_balance(book_id: UuidString, call: ThisCall, asked: AskedPoint, under: Under = None) -> TrialBalanceOut:
    """Return debits and credits for each commodity; a sound whole book's are equal, a part's need not be."""
    book = call.load(BOOK, book_id)
    point = asked.resolve(call.session, book.book_id)
    totals = reports.trial_balance(call.session, book.book_id, as_of=point.as_of, known=point.known, under=under)
    return TrialBalanceOut.from_core(totals, _units(call, book), point)


@routes.get("/books/{book_id}/lots", policy=asks(Scope.LEDGER_READ))
def read_lots(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    under: Under = None,
    after: PageCursor | None = None,
    limit: Limit = reports.MAX_PAGE,
) -> LotsOut:
    """Return a page of the lots open at the close of the day: what is left of quantity and cost, and what is set aside.

    ``after`` continues at the record point of the first page, whatever was posted since.
    """
    book = call.load(BOOK, book_id)
    page = _Page(f"lots|{book_id}|{under}|{asked.as_of}", asked, after, limit)
    point = page.asked.resolve(call.session, book.book_id)
    found = reports.lots(
        call.session,
        book.book_id,
        as_of=point.as_of,
        known=point.known,
        under=under,
        after=page.begins,
        limit=limit,
    )
    held = holds_report.held_of_lots(call.session, book.book_id, as_of=point.as_of, known=point.known)
    units = _units(call, book)
    return LotsOut(
        **point.carried(),
        lots=tuple(LotOut.from_core(lot, units, held=held.get(lot.lot_id, 0)) for lot in found),
        next_cursor=page.next_cursor(point.known, [lot.lot_id for lot in found]),
    )


@routes.get("/books/{book_id}/disposals", policy=asks(Scope.LEDGER_READ))
def list_disposals(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    since: Annotated[DateString | None, Query(description="First business day of disposal, inclusive.")] = None,
    after: PageCursor | None = None,
    limit: Annotated[WholeNumber, Query(description="1 to 200 entries.")] = disposals.MAX_PAGE,
) -> DisposalsOut:
    """Return the tax-lot report: each disposal with its lot, days, quantity, cost, proceeds and gain; reversals negative.

    ``after`` continues at the record point of the first page, whatever was posted since.
    """
    book = call.load(BOOK, book_id)
    _check_limit(limit)
    belongs = f"disposals|{book_id}|{asked.as_of}|{since}"
    begins = 0
    if after is not None:
        known, last = read_cursor(after, count=2, belongs=belongs)
        begins, asked = read_whole(last), _continued(asked, known)
    point = asked.resolve(call.session, book.book_id)
    page, last_seq = disposals.list_disposals(
        call.session,
        book.book_id,
        as_of=point.as_of,
        known=point.known,
        since=since,
        after=begins,
        limit=limit,
    )
    units = _units(call, book)
    return DisposalsOut(
        **point.carried(),
        disposals=tuple(DisposalOut.from_core(one, units) for one in page),
        next_cursor=None if last_seq is None else write_cursor((point.known, last_seq), belongs=belongs),
    )


@routes.get("/books/{book_id}/accounts/{path}/statement", policy=asks(Scope.LEDGER_READ))
def read_statement(
    book_id: UuidString,
    path: Annotated[str, Path(max_length=200, examples=["Assets:Carbon:CEA25"])],
    call: ThisCall,
    asked: AskedPoint,
    after: PageCursor | None = None,
    limit: Limit = reports.MAX_PAGE,
) -> StatementOut:
    """Return a page of an account's postings by business day, each with the balance after it.

    ``after`` continues at the record point of the first page, whatever was posted since.
    """
    book = call.load(BOOK, book_id)
    _check_limit(limit)
    belongs = _list("statement", book_id, path, asked.as_of)
    place: StatementPlace | None = None
    brought = 0
    if after is not None:
        known, *where, amount = read_cursor(after, count=5, belongs=belongs)
        place, brought, asked = _place(where), read_amount(amount), _continued(asked, known)
    point = asked.resolve(call.session, book.book_id)
    account = statements.account_at(call.session, book.book_id, path)
    ends = reports.balance_as_of(call.session, book.book_id, path, as_of=point.as_of, known=point.known)
    page = statements.page(
        call.session,
        book.book_id,
        (account,),
        as_of=point.as_of,
        known=point.known,
        after=place,
        opening={account.commodity: brought},
        limit=limit,
    )
    units = _units(call, book)
    return StatementOut(
        **point.carried(),
        account=account.path,
        commodity=account.commodity,
        balance=units.amount(ends.balance, account.commodity),
        lines=tuple(StatementLineOut.from_core(line, units) for line in page),
        next_cursor=write_cursor((*_where(point.known, page[-1]), page[-1].balance), belongs=belongs)
        if len(page) == limit
        else None,
    )


@routes.get("/books/{book_id}/statement", policy=asks(Scope.LEDGER_READ))
def read_subtree_statement(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    under: Annotated[str, Query(max_length=200, description="An account or a part of paths.", examples=["Assets"])],
    after: PageCursor | None = None,
    limit: Limit = reports.MAX_PAGE,
) -> SubtreeStatementOut:
    """Return a page of the postings of an account and those below it: Assets:Carbon has Assets:Carbon:CEA25, not Assets:Carbonate.

    ``after`` continues at the record point of the first page, whatever was posted since.
    """
    book = call.load(BOOK, book_id)
    _check_limit(limit)
    belongs = _list("subtree", book_id, under, asked.as_of)
    place: StatementPlace | None = None
    if after is not None:
        known, *where = read_cursor(after, count=4, belongs=belongs)
        place, asked = _place(where), _continued(asked, known)
    point = asked.resolve(call.session, book.book_id)
    accounts = statements.accounts_under(call.session, book.book_id, under)
    opening = (
        {}
        if place is None
        else statements.balances_before(call.session, book.book_id, accounts, known=point.known, upto=place)
    )
    page = statements.page(
        call.session,
        book.book_id,
        accounts,
        as_of=point.as_of,
        known=point.known,
        after=place,
        opening=opening,
        limit=limit,
    )
    sums: dict[str, int] = {}
    for one in reports.positions(call.session, book.book_id, as_of=point.as_of, known=point.known, under=under):
        sums[one.commodity] = sums.get(one.commodity, 0) + one.balance
    units = _units(call, book)
    return SubtreeStatementOut(
        **point.carried(),
        under=under,
        balances=tuple(
            SubtreeBalanceOut(commodity=code, balance=units.amount(total, code)) for code, total in sorted(sums.items())
        ),
        lines=tuple(StatementLineOut.from_core(line, units) for line in page),
        next_cursor=write_cursor(_where(point.known, page[-1]), belongs=belongs) if len(page) == limit else None,
    )


class _Page:
    """Where a page of accounts or lots begins, each known by its number, and what it is of."""

    def __init__(self, belongs: str, asked: Asked, after: str | None, limit: int) -> None:
        """Read the cursor ``after`` of the list that ``belongs`` names; its record point is then the one asked for."""
        _check_limit(limit)
        self.asked, self.begins = asked, 0
        self._belongs, self._limit = belongs, limit
        if after is not None:
            known, last = read_cursor(after, count=2, belongs=belongs)
            self.asked, self.begins = _continued(asked, known), read_whole(last)

    def next_cursor(self, known: int, found: Sequence[int]) -> str | None:
        """Return the cursor after the last number that was found, or None where the list ends."""
        return write_cursor((known, found[-1]), belongs=self._belongs) if len(found) == self._limit else None


def _list(kind: str, book_id: UUID, path: str, as_of: date) -> str:
    return f"{kind}|{book_id}|{path}|{as_of}"


def _continued(asked: Asked, known: str) -> Asked:
    """Return the same day at the record point of the first page."""
    return Asked(as_of=asked.as_of, known=read_whole(known), at=None)


def _place(parts: list[str]) -> StatementPlace:
    day, seq, line = parts
    return StatementPlace(read_day(day), read_whole(seq), read_whole(line))


def _where(known: int, line: BookedLine) -> tuple[int, date, int, int]:
    return (known, *line.place)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= reports.MAX_PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {reports.MAX_PAGE}", field="limit")


def _units(call: Call, book: Book) -> Units:
    return Units.of(books.commodities(call.session, book.book_id), book.functional_currency)
