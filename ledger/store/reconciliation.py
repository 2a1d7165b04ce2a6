"""Keeps and reads what persons confirm: matches of statement lines with postings, their undoing, and balance assertions.

Takes a session first and never commits. Writers hold the book's lock. Headers, sources and lines are
``ledger.store.statement_lines``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, and_, insert, select
from sqlalchemy.orm import Session

from ledger.core.reconciliation import MatchRule, OpenLine, OpenPosting, PostingKey
from ledger.core.reconciliation_breaks import Verdict
from ledger.store.journal import BookHead
from ledger.store.statement_lines import (
    AccountPlace,
    Fact,
    account_of,
    accounts_at,
    fact_of,
    header_of,
    last_fact_no,
    lines_numbered,
    postings_at,
)
from ledger.store.tables.journal import AccountRow, CommodityRow
from ledger.store.tables.reconciliation import (
    BalanceAssertionRow,
    BalanceCheckRow,
    ReconciliationFactRow,
    StatementImportRow,
    StatementLineRow,
    StatementMatchLineRow,
    StatementMatchPostingRow,
    StatementMatchRow,
    StatementUndoRow,
)

_CHUNK = 500
MAX_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLine:
    """A statement line as kept, with the match that reconciles it and its postings, if any."""

    line_no: int
    source: str
    account: str
    commodity: str
    booked_on: date
    value_on: date | None
    reference: str
    counterparty: str
    amount: int
    balance: int | None
    detail: str
    file_name: str
    sheet: str
    row: int
    match_no: int | None = None
    postings: tuple[PostingKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMatch:
    """A confirmed match; ``undone`` is the fact that took it back, ``undo_reason`` its words."""

    fact: Fact
    rule: MatchRule
    note: str
    lines: tuple[int, ...]
    postings: tuple[PostingKey, ...]
    undone: Fact | None = None
    undo_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchSides:
    """What a match joins: statement lines and postings of one account, amounts on its normal side in ``commodity``'s smallest unit."""

    account: str
    commodity: str
    lines: tuple[OpenLine, ...]
    postings: tuple[OpenPosting, ...]


def add_match(
    session: Session,
    head: BookHead,
    fact: Fact,
    *,
    rule: MatchRule,
    note: str,
    lines: Sequence[int],
    postings: Sequence[PostingKey],
) -> None:
    """Insert a match with its lines and postings."""
    key = {"book_id": head.book_id, "fact_no": fact.fact_no}
    session.execute(insert(StatementMatchRow).values(**key, rule=rule.value, note=note))
    session.execute(insert(StatementMatchLineRow), [{**key, "line_no": number} for number in lines])
    if postings:
        session.execute(insert(StatementMatchPostingRow), [{**key, "seq": seq, "line": line} for seq, line in postings])


def add_undo(session: Session, head: BookHead, fact: Fact, *, match_no: int, reason: str) -> None:
    """Insert the undoing of a match."""
    session.execute(
        insert(StatementUndoRow).values(
            book_id=head.book_id, fact_no=fact.fact_no, match_fact_no=match_no, reason=reason
        )
    )


def list_matches(
    session: Session, book_id: int, *, facts: int, after: int = 0, limit: int | None = None
) -> tuple[RecordedMatch, ...]:
    """Return the matches known at the fact point, the undone ones too, in recording order after match number ``after``."""
    chosen = (
        select(StatementMatchRow.fact_no)
        .where(
            StatementMatchRow.book_id == book_id, StatementMatchRow.fact_no > after, StatementMatchRow.fact_no <= facts
        )
        .order_by(StatementMatchRow.fact_no)
    )
    if limit is not None:
        chosen = chosen.limit(limit)
    return _matches(session, book_id, chosen, facts)


def match_sides(session: Session, book_id: int, matches: Sequence[RecordedMatch]) -> dict[int, MatchSides]:
    """Return what each match joins, by its number; a query for the lines and one for each account's postings."""
    lines = lines_numbered(session, book_id, {number for one in matches for number in one.lines})
    places = accounts_at(session, book_id, {path for _, path in lines.values()})
    keys: dict[str, list[PostingKey]] = {}
    for one in matches:
        keys.setdefault(lines[one.lines[0]][1], []).extend(one.postings)
    postings = {path: postings_at(session, book_id, places[path], asked) for path, asked in keys.items()}
    sides = {}
    for one in matches:
        path = lines[one.lines[0]][1]
        sides[one.fact.fact_no] = MatchSides(
            account=path,
            commodity=places[path].commodity,
            lines=tuple(lines[number][0] for number in one.lines),
            postings=tuple(postings[path][key] for key in one.postings),
        )
    return sides


def find_match(session: Session, book_id: int, match_no: int) -> RecordedMatch | None:
    """Return the match of that number as it now stands, or None."""
    chosen = select(StatementMatchRow.fact_no).where(
        StatementMatchRow.book_id == book_id, StatementMatchRow.fact_no == match_no
    )
    found = _matches(session, book_id, chosen, last_fact_no(session, book_id))
    return found[0] if found else None


def live_matches(session: Session, book_id: int, account_id: int, *, facts: int) -> tuple[RecordedMatch, ...]:
    """Return the account's matches that stand at the fact point."""
    chosen = (
        select(StatementMatchLineRow.fact_no)
        .join(
            StatementLineRow,
            and_(
                StatementLineRow.book_id == StatementMatchLineRow.book_id,
                StatementLineRow.line_no == StatementMatchLineRow.line_no,
            ),
        )
        .where(
            StatementMatchLineRow.book_id == book_id,
            StatementLineRow.account_id == account_id,
            StatementMatchLineRow.fact_no <= facts,
        )
        .distinct()
    )
    return tuple(one for one in _matches(session, book_id, chosen, facts) if one.undone is None)


def list_lines(
    session: Session, book_id: int, *, code: str | None, after: int = 0, limit: int = MAX_PAGE
) -> tuple[RecordedLine, ...]:
    """Return a page of the book's lines (of one source, or all) in recording order, each with its match and postings as of now."""
    wanted = (
        select(StatementLineRow, AccountRow.path, CommodityRow.code, StatementImportRow.file_name)
        .join(AccountRow, account_of(StatementLineRow))
        .join(
            CommodityRow,
            and_(CommodityRow.book_id == AccountRow.book_id, CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .join(
            StatementImportRow,
            and_(
                StatementImportRow.book_id == StatementLineRow.book_id,
                StatementImportRow.fact_no == StatementLineRow.import_fact_no,
            ),
        )
        .where(StatementLineRow.book_id == book_id, StatementLineRow.line_no > after)
        .order_by(StatementLineRow.line_no)
        .limit(limit)
    )
    if code is not None:
        wanted = wanted.where(StatementLineRow.source_code == code)
    rows = session.execute(wanted).all()
    matches = _matches_of_lines(session, book_id, [row[0].line_no for row in rows])
    return tuple(
        RecordedLine(
            line_no=line.line_no,
            source=line.source_code,
            account=path,
            commodity=commodity,
            booked_on=line.booked_on,
            value_on=line.value_on,
            reference=line.reference,
            counterparty=line.counterparty,
            amount=line.amount,
            balance=line.balance,
            detail=line.detail,
            file_name=file_name,
            sheet=line.sheet,
            row=line.row,
            match_no=matches[line.line_no].fact.fact_no if line.line_no in matches else None,
            postings=matches[line.line_no].postings if line.line_no in matches else (),
        )
        for line, path, commodity, file_name in rows
    )


def _matches_of_lines(session: Session, book_id: int, numbers: Sequence[int]) -> dict[int, RecordedMatch]:
    chosen = select(StatementMatchLineRow.fact_no).where(
        StatementMatchLineRow.book_id == book_id, StatementMatchLineRow.line_no.in_(numbers)
    )
    found = _matches(session, book_id, chosen.distinct(), last_fact_no(session, book_id))
    return {number: one for one in found if one.undone is None for number in one.lines}


def _matches(session: Session, book_id: int, chosen: Select[int], facts: int) -> tuple[RecordedMatch, ...]:
    """Return the chosen matches as known at the fact point, in recording order."""
    numbers = tuple(session.scalars(chosen))
    heads: dict[int, tuple[StatementMatchRow, Fact]] = {}
    lines: dict[int, list[int]] = {}
    postings: dict[int, list[PostingKey]] = {}
    undone: dict[int, tuple[Fact, str]] = {}
    for start in range(0, len(numbers), _CHUNK):
        some = numbers[start : start + _CHUNK]
        match_rows = (
            select(StatementMatchRow, ReconciliationFactRow)
            .join(ReconciliationFactRow, header_of(StatementMatchRow))
            .where(StatementMatchRow.book_id == book_id, StatementMatchRow.fact_no.in_(some))
        )
        heads.update({row.fact_no: (row, fact_of(header)) for row, header in session.execute(match_rows)})
        line_rows = select(StatementMatchLineRow.fact_no, StatementMatchLineRow.line_no).where(
            StatementMatchLineRow.book_id == book_id, StatementMatchLineRow.fact_no.in_(some)
        )
        for fact_no, line_no in session.execute(line_rows):
            lines.setdefault(fact_no, []).append(line_no)
        posting_rows = select(
            StatementMatchPostingRow.fact_no, StatementMatchPostingRow.seq, StatementMatchPostingRow.line
        ).where(StatementMatchPostingRow.book_id == book_id, StatementMatchPostingRow.fact_no.in_(some))
        for fact_no, seq, line in session.execute(posting_rows):
            postings.setdefault(fact_no, []).append((seq, line))
        undo_rows = (
            select(StatementUndoRow, ReconciliationFactRow)
            .join(ReconciliationFactRow, header_of(StatementUndoRow))
            .where(
                StatementUndoRow.book_id == book_id,
                StatementUndoRow.match_fact_no.in_(some),
                StatementUndoRow.fact_no <= facts,
            )
        )
        undone.update({row.match_fact_no: (fact_of(header), row.reason) for row, header in session.execute(undo_rows)})
    return tuple(
        RecordedMatch(
            fact=fact,
            rule=MatchRule(row.rule),
            note=row.note,
            lines=tuple(sorted(lines[number])),
            postings=tuple(sorted(postings.get(number, ()))),
            undone=undone[number][0] if number in undone else None,
            undo_reason=undone[number][1] if number in undone else "",
        )
        for number, (row, fact) in sorted(heads.items())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceCheck:
    """One check of an assertion: what the book held by then, in smallest units; ``difference`` is expected less actual."""

    fact: Fact
    actual: int
    difference: int
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAssertion:
    """What an account must hold at the close of a day and who says so, with its checks, the newest last."""

    fact: Fact
    account: str
    commodity: str
    as_of: date
    expected: int
    source: str
    checks: tuple[BalanceCheck, ...]


def add_assertion(
    session: Session, head: BookHead, fact: Fact, place: AccountPlace, *, as_of: date, expected: int, source: str
) -> None:
    """Insert an assertion."""
    session.execute(
        insert(BalanceAssertionRow).values(
            book_id=head.book_id,
            fact_no=fact.fact_no,
            account_id=place.account_id,
            as_of=as_of,
            expected=expected,
            source=source,
        )
    )


def add_check(session: Session, head: BookHead, assertion_no: int, check: BalanceCheck) -> None:
    """Insert a check of the assertion of that number."""
    session.execute(
        insert(BalanceCheckRow).values(
            book_id=head.book_id,
            fact_no=check.fact.fact_no,
            assertion_fact_no=assertion_no,
            actual=check.actual,
            difference=check.difference,
            verdict=check.verdict.value,
        )
    )


def list_assertions(
    session: Session, book_id: int, *, facts: int, until: date | None = None, path: str | None = None
) -> tuple[RecordedAssertion, ...]:
    """Return the assertions known at the fact point (for days up to ``until``, of one account) with their checks, oldest first."""
    wanted = (
        select(BalanceAssertionRow, ReconciliationFactRow, AccountRow.path, CommodityRow.code)
        .join(ReconciliationFactRow, header_of(BalanceAssertionRow))
        .join(AccountRow, account_of(BalanceAssertionRow))
        .join(
            CommodityRow,
            and_(CommodityRow.book_id == AccountRow.book_id, CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(BalanceAssertionRow.book_id == book_id, BalanceAssertionRow.fact_no <= facts)
        .order_by(BalanceAssertionRow.fact_no)
    )
    if until is not None:
        wanted = wanted.where(BalanceAssertionRow.as_of <= until)
    if path is not None:
        wanted = wanted.where(AccountRow.path == path)
    rows = session.execute(wanted).all()
    checks = _checks(session, book_id, facts)
    return tuple(
        RecordedAssertion(
            fact=fact_of(header),
            account=account,
            commodity=commodity,
            as_of=row.as_of,
            expected=row.expected,
            source=row.source,
            checks=tuple(checks.get(row.fact_no, ())),
        )
        for row, header, account, commodity in rows
    )


def _checks(session: Session, book_id: int, facts: int) -> dict[int, list[BalanceCheck]]:
    rows = session.execute(
        select(BalanceCheckRow, ReconciliationFactRow)
        .join(ReconciliationFactRow, header_of(BalanceCheckRow))
        .where(BalanceCheckRow.book_id == book_id, BalanceCheckRow.fact_no <= facts)
        .order_by(BalanceCheckRow.fact_no)
    )
    found: dict[int, list[BalanceCheck]] = {}
    for row, header in rows:
        check = BalanceCheck(
            fact=fact_of(header), actual=row.actual, difference=row.difference, verdict=Verdict(row.verdict)
        )
        found.setdefault(row.assertion_fact_no, []).append(check)
    return found
