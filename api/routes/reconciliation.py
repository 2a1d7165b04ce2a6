"""Reconciliation of a book with banks and registries: statements in, matches proposed and confirmed, breaks, balance assertions.

Nothing here posts. A file is taken as a whole or not at all, and its very bytes are kept beside the lines read from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.amounts import Units, WholeNumber
from api.schemas.fields import DateString, NameText, UuidString
from api.schemas.reconciliation import (
    BalanceAssertionIn,
    BalanceAssertionOut,
    BalanceAssertionsOut,
    BalanceCheckIn,
    BreaksOut,
    MatchesIn,
    MatchesOut,
    MatchOut,
    ProposalsOut,
    UndoIn,
)
from api.schemas.statement_sources import (
    SourceCode,
    StatementImportOut,
    StatementLineRecordOut,
    StatementLinesOut,
    StatementSourceIn,
    StatementSourceOut,
    StatementSourcesOut,
)
from finance.feeds.tabular import read_table
from finance.store import market
from ledger import reconciliation
from ledger.core.errors import Invalid, NotFound
from ledger.store import books
from ledger.store import reconciliation as store
from ledger.store import statement_lines as statements
from ledger.store.books import Book

routes = Routes(tag="reconciliation")

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EXAMPLE = (
    "交易日期,流水号,对方户名,借方发生额,贷方发生额,余额\n"
    "2026-10-08,B2026100801,Example Exchange,,250000.00,1250000.00\n"
    '2026-10-09,B2026100902,示例电力公司,"100,000.00",,"1,150,000.00"\n'
)

SourcePath = Annotated[SourceCode, Path()]
OneSource = Annotated[SourceCode | None, Query(description="Only this source.")]
Known = Annotated[WholeNumber | None, Query(description="The first this many entries. All when absent.")]
Facts = Annotated[WholeNumber | None, Query(description="The first this many reconciliation facts. All when absent.")]
After = Annotated[WholeNumber, Query(description="next_after of the page before.")]
Limit = Annotated[WholeNumber, Query(description="1 to 200.")]
AsOf = Annotated[DateString, Query(description="Close of this day, inclusive.")]


@routes.post("/books/{book_id}/statement-sources", policy=asks(Scope.LEDGER_WRITE))
def save_source(book_id: UuidString, body: StatementSourceIn, call: ThisCall) -> StatementSourceOut:
    """Save how a bank's or registry's statements are read; a changed mapping is the source's next version."""
    book = call.load(BOOK, book_id)
    saved = reconciliation.save_source(
        call.session, book.book_id, body.to_core(), actor=call.principal.actor, now=call.now
    )
    return StatementSourceOut.from_core(saved)


@routes.get("/books/{book_id}/statement-sources", policy=asks(Scope.LEDGER_READ))
def list_sources(book_id: UuidString, call: ThisCall) -> StatementSourcesOut:
    """Return every version of every source."""
    book = call.load(BOOK, book_id)
    found = statements.list_sources(call.session, book.book_id)
    return StatementSourcesOut(sources=tuple(StatementSourceOut.from_core(one) for one in found))


@routes.upload(
    "/books/{book_id}/statement-sources/{source}/statements",
    policy=asks(Scope.LEDGER_WRITE),
    types=(CSV, XLSX),
    example=_EXAMPLE,
)
def import_statement(
    book_id: UuidString,
    source: SourcePath,
    call: ThisCall,
    file_name: Annotated[NameText, Query(description="The file's name, repeated in refusals.")] = "statement",
) -> StatementImportOut:
    """Read a statement (CSV in UTF-8 or GB18030, or XLSX) by the source's mapping; lines that are recorded add nothing.

    A cell that cannot be read, or a balance that does not follow, refuses the file, and nothing of it is written.
    """
    book = call.load(BOOK, book_id)
    statement = market.RawFile(file_name=file_name, content=call.upload)
    outcome = reconciliation.import_statement(
        call.session,
        book.book_id,
        source,
        read_table(file_name, call.upload),
        file_sha256=bytes.fromhex(statement.sha256),
        actor=call.principal.actor,
        now=call.now,
    )
    principal = call.principal
    market.save_raw_file(call.session, principal.organisation_id, statement, by=principal.user_id, at=call.now)
    return StatementImportOut.from_core(outcome, statement.sha256)


@routes.get("/books/{book_id}/statement-lines", policy=asks(Scope.LEDGER_READ))
def list_lines(
    book_id: UuidString, call: ThisCall, source: OneSource = None, after: After = 0, limit: Limit = store.MAX_PAGE
) -> StatementLinesOut:
    """Return a page of statement lines in recording order, each with the entries that reconcile it."""
    book = call.load(BOOK, book_id)
    _check_limit(limit)
    if source is not None:
        reconciliation.load_source(call.session, book.book_id, source)
    found = store.list_lines(call.session, book.book_id, code=source, after=after, limit=limit + 1)
    units = _units(call, book)
    page = found[:limit]
    return StatementLinesOut(
        lines=tuple(StatementLineRecordOut.from_core(one, units) for one in page),
        next_after=page[-1].line_no if len(found) > limit else None,
    )


@routes.get("/books/{book_id}/reconciliation/proposals", policy=asks(Scope.LEDGER_READ))
def list_proposals(
    book_id: UuidString,
    call: ThisCall,
    as_of: AsOf,
    known: Known = None,
    facts: Facts = None,
    source: OneSource = None,
) -> ProposalsOut:
    """Return which open lines and postings belong together, by which rule, and what fits in several ways."""
    book = call.load(BOOK, book_id)
    point = reconciliation.resolve_point(call.session, book.book_id, as_of=as_of, known=known, facts=facts)
    found = reconciliation.reconcile(call.session, book.book_id, point, code=source)
    return ProposalsOut.from_core(found, _units(call, book))


@routes.get("/books/{book_id}/reconciliation/breaks", policy=asks(Scope.LEDGER_READ))
def list_breaks(
    book_id: UuidString,
    call: ThisCall,
    as_of: AsOf,
    known: Known = None,
    facts: Facts = None,
    source: OneSource = None,
) -> BreaksOut:
    """Return what does not agree between book and statements: items, balances and assertions, with both sides and ages."""
    book = call.load(BOOK, book_id)
    point = reconciliation.resolve_point(call.session, book.book_id, as_of=as_of, known=known, facts=facts)
    found = reconciliation.reconcile(call.session, book.book_id, point, code=source)
    return BreaksOut.from_core(found, _units(call, book))


@routes.post("/books/{book_id}/reconciliation/matches", policy=asks(Scope.LEDGER_WRITE))
def confirm_matches(book_id: UuidString, body: MatchesIn, call: ThisCall) -> MatchesOut:
    """Record matches as confirmed by the caller, all or none; one that is no proposal of the day is by hand. Nothing is posted."""
    book = call.load(BOOK, book_id)
    found = reconciliation.confirm_matches(
        call.session,
        book.book_id,
        [one.to_core() for one in body.matches],
        as_of=body.as_of,
        actor=call.principal.actor,
        now=call.now,
    )
    return MatchesOut(matches=_matches(call, book, found), next_after=None)


@routes.get("/books/{book_id}/reconciliation/matches", policy=asks(Scope.LEDGER_READ))
def list_matches(book_id: UuidString, call: ThisCall, after: After = 0, limit: Limit = store.MAX_PAGE) -> MatchesOut:
    """Return a page of the matches on record, undone ones too, in recording order."""
    book = call.load(BOOK, book_id)
    _check_limit(limit)
    facts = statements.last_fact_no(call.session, book.book_id)
    found = store.list_matches(call.session, book.book_id, facts=facts, after=after, limit=limit + 1)
    page = found[:limit]
    return MatchesOut(
        matches=_matches(call, book, page),
        next_after=page[-1].fact.fact_no if len(found) > limit else None,
    )


@routes.post("/books/{book_id}/reconciliation/matches/{match}/undo", policy=asks(Scope.LEDGER_WRITE))
def undo_match(
    book_id: UuidString, match: Annotated[WholeNumber, Path(examples=[7])], body: UndoIn, call: ThisCall
) -> MatchOut:
    """Take a match back; both stay on record, its lines and postings are open again."""
    book = call.load(BOOK, book_id)
    undone = reconciliation.undo_match(
        call.session, book.book_id, match, reason=body.reason, actor=call.principal.actor, now=call.now
    )
    (told,) = _matches(call, book, [undone])
    return told


@routes.post("/books/{book_id}/balance-assertions", policy=asks(Scope.LEDGER_WRITE))
def assert_balance(book_id: UuidString, body: BalanceAssertionIn, call: ThisCall) -> BalanceAssertionOut:
    """Record what an account must hold at the close of a day, and check it."""
    book = call.load(BOOK, book_id)
    units = _units(call, book)
    held = books.accounts(call.session, book.book_id).get(body.account)
    if held is None:
        raise NotFound("account.not_found", "no such account in this book", path=body.account)
    found = reconciliation.assert_balance(
        call.session,
        book.book_id,
        body.account,
        as_of=body.as_of,
        expected=units.read(body.expected, held.commodity, field="expected"),
        source=body.source,
        actor=call.principal.actor,
        now=call.now,
    )
    return BalanceAssertionOut.from_core(found, units)


@routes.post("/books/{book_id}/balance-assertions/check", policy=asks(Scope.LEDGER_WRITE))
def check_assertions(book_id: UuidString, body: BalanceCheckIn, call: ThisCall) -> BalanceAssertionsOut:
    """Check the standing assertions anew: an entry dated back since the last check makes this one fail."""
    book = call.load(BOOK, book_id)
    found = reconciliation.check_assertions(
        call.session, book.book_id, until=body.until, path=body.account, actor=call.principal.actor, now=call.now
    )
    units = _units(call, book)
    return BalanceAssertionsOut(assertions=tuple(BalanceAssertionOut.from_core(one, units) for one in found))


@routes.get("/books/{book_id}/balance-assertions", policy=asks(Scope.LEDGER_READ))
def list_assertions(book_id: UuidString, call: ThisCall, facts: Facts = None) -> BalanceAssertionsOut:
    """Return every assertion with all its checks, superseded ones too."""
    book = call.load(BOOK, book_id)
    last = statements.last_fact_no(call.session, book.book_id)
    found = store.list_assertions(call.session, book.book_id, facts=last if facts is None else facts)
    units = _units(call, book)
    return BalanceAssertionsOut(
        assertions=tuple(BalanceAssertionOut.from_core(one, units) for one in found if one.checks)
    )


def _matches(call: Call, book: Book, found: Sequence[store.RecordedMatch]) -> tuple[MatchOut, ...]:
    sides, units = store.match_sides(call.session, book.book_id, found), _units(call, book)
    return tuple(MatchOut.from_core(one, sides[one.fact.fact_no], units) for one in found)


def _units(call: Call, book: Book) -> Units:
    return Units.of(books.commodities(call.session, book.book_id), book.functional_currency)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= store.MAX_PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {store.MAX_PAGE}", field="limit")
