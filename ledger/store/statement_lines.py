"""Keeps and reads statements: the facts' headers, sources with their mappings, imports and lines, and the postings beside them.

Takes a session first and never commits. Writers hold the book's lock (``ledger.store.journal.lock_book``), so the facts of a book
have numbers without gaps in commit order. A fact point is a fact number: everything up to it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, insert, select, tuple_
from sqlalchemy.orm import Session

from ledger.core.accounts import AccountType
from ledger.core.parties import Actor
from ledger.core.reconciliation import OpenLine, OpenPosting, PostingKey
from ledger.core.statement_mapping import LineOrder, SourceKind, StatementColumn, StatementMapping, StatementSource
from ledger.core.statement_reading import StatementLine
from ledger.store.journal import BookHead
from ledger.store.tables.journal import AccountRow, CommodityRow, EntryRow, PostingRow
from ledger.store.tables.reconciliation import (
    ReconciliationFactRow,
    StatementImportRow,
    StatementLineRow,
    StatementSourceRow,
)

_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact's header: its number in the book, when it was recorded, by whom, and how many entries the book had."""

    fact_no: int
    recorded_at: datetime
    actor: Actor
    known_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSource:
    """One version of a source as saved."""

    source: StatementSource
    version: int
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlace:
    """Where an account stands in the tables, with its commodity and the side on which it grows."""

    path: str
    account_id: int
    commodity_id: int
    commodity: str
    normal_side: int


def add_fact(session: Session, head: BookHead, kind: str, actor: Actor, now: datetime) -> Fact:
    """Insert the header of the book's next fact and return it; its time is never before the last fact's."""
    number, latest = session.execute(
        select(func.max(ReconciliationFactRow.fact_no), func.max(ReconciliationFactRow.recorded_at)).where(
            ReconciliationFactRow.book_id == head.book_id
        )
    ).one()
    fact = Fact(
        fact_no=(number or 0) + 1,
        recorded_at=now if latest is None else max(now, latest),
        actor=actor,
        known_seq=head.tree_size,
    )
    session.execute(
        insert(ReconciliationFactRow).values(
            book_id=head.book_id,
            fact_no=fact.fact_no,
            kind=kind,
            recorded_at=fact.recorded_at,
            actor_id=actor.user_id,
            acting_for_id=actor.organisation_id,
            known_seq=fact.known_seq,
        )
    )
    return fact


def last_fact_no(session: Session, book_id: int) -> int:
    """Return the number of the book's newest fact, 0 when there is none."""
    return (
        session.scalar(select(func.max(ReconciliationFactRow.fact_no)).where(ReconciliationFactRow.book_id == book_id))
        or 0
    )


def accounts_at(session: Session, book_id: int, paths: Iterable[str]) -> dict[str, AccountPlace]:
    """Return the places of the accounts that exist, by path."""
    rows = session.execute(
        select(AccountRow.path, AccountRow.account_id, AccountRow.commodity_id, AccountRow.type, CommodityRow.code)
        .join(
            CommodityRow,
            and_(CommodityRow.book_id == AccountRow.book_id, CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(AccountRow.book_id == book_id, AccountRow.path.in_(tuple(paths)))
    )
    return {
        row.path: AccountPlace(
            path=row.path,
            account_id=row.account_id,
            commodity_id=row.commodity_id,
            commodity=row.code,
            normal_side=AccountType(row.type).normal_side,
        )
        for row in rows
    }


def add_source(session: Session, head: BookHead, source: StatementSource, version: int, fact: Fact) -> None:
    """Insert one version of a source."""
    session.execute(
        insert(StatementSourceRow).values(
            book_id=head.book_id,
            fact_no=fact.fact_no,
            code=source.code,
            version=version,
            title=source.title,
            kind=source.kind.value,
            mapping=_document(source.mapping),
        )
    )


def list_sources(session: Session, book_id: int, *, facts: int | None = None) -> tuple[RecordedSource, ...]:
    """Return every version of every source known at the fact point, by code, then version."""
    wanted = (
        select(StatementSourceRow, ReconciliationFactRow)
        .join(ReconciliationFactRow, header_of(StatementSourceRow))
        .where(StatementSourceRow.book_id == book_id)
    )
    if facts is not None:
        wanted = wanted.where(StatementSourceRow.fact_no <= facts)
    found = [
        RecordedSource(
            source=StatementSource(
                code=row.code, title=row.title, kind=SourceKind(row.kind), mapping=_mapping(row.mapping)
            ),
            version=row.version,
            fact=fact_of(header),
        )
        for row, header in session.execute(wanted)
    ]
    return tuple(sorted(found, key=lambda one: (one.source.code, one.version)))


def newest_sources(session: Session, book_id: int, *, facts: int | None = None) -> dict[str, RecordedSource]:
    """Return the newest version of each source known at the fact point, by code."""
    return {one.source.code: one for one in list_sources(session, book_id, facts=facts)}


def accounts_with_lines(session: Session, book_id: int, code: str) -> frozenset[str]:
    """Return the paths of the accounts that have lines of the source."""
    return frozenset(
        session.scalars(
            select(AccountRow.path)
            .join(
                StatementLineRow,
                and_(
                    StatementLineRow.book_id == AccountRow.book_id,
                    StatementLineRow.account_id == AccountRow.account_id,
                ),
            )
            .where(AccountRow.book_id == book_id, StatementLineRow.source_code == code)
            .distinct()
        )
    )


def known_keys(session: Session, book_id: int, code: str, keys: Sequence[str]) -> dict[str, tuple[date, int]]:
    """Return (day, amount) of the source's lines that are recorded under any of ``keys``."""
    found: dict[str, tuple[date, int]] = {}
    for start in range(0, len(keys), _CHUNK):
        rows = session.execute(
            select(StatementLineRow.line_key, StatementLineRow.booked_on, StatementLineRow.amount).where(
                StatementLineRow.book_id == book_id,
                StatementLineRow.source_code == code,
                StatementLineRow.line_key.in_(keys[start : start + _CHUNK]),
            )
        )
        found.update({row.line_key: (row.booked_on, row.amount) for row in rows})
    return found


def add_import(
    session: Session,
    head: BookHead,
    source: RecordedSource,
    fact: Fact,
    *,
    file_name: str,
    file_sha256: bytes,
    lines_read: int,
    lines: Sequence[StatementLine],
    places: Mapping[str, AccountPlace],
) -> None:
    """Insert one import and its new lines, numbered on from the book's last line."""
    session.execute(
        insert(StatementImportRow).values(
            book_id=head.book_id,
            fact_no=fact.fact_no,
            source_fact_no=source.fact.fact_no,
            file_name=file_name,
            file_sha256=file_sha256,
            lines_read=lines_read,
            lines_added=len(lines),
        )
    )
    if not lines:
        return
    last = session.scalar(select(func.max(StatementLineRow.line_no)).where(StatementLineRow.book_id == head.book_id))
    session.execute(
        insert(StatementLineRow),
        [
            {
                "book_id": head.book_id,
                "line_no": (last or 0) + number,
                "import_fact_no": fact.fact_no,
                "source_code": source.source.code,
                "line_key": line.key,
                "account_id": places[line.account].account_id,
                "commodity_id": places[line.account].commodity_id,
                "booked_on": line.booked_on,
                "value_on": line.value_on,
                "reference": line.reference,
                "counterparty": line.counterparty,
                "amount": line.amount,
                "balance": line.balance,
                "detail": line.detail,
                "sheet": line.sheet,
                "row": line.row,
            }
            for number, line in enumerate(lines, start=1)
        ],
    )


def lines_until(
    session: Session, book_id: int, account_id: int, *, until: date, facts: int
) -> tuple[tuple[OpenLine, int | None], ...]:
    """Return the account's lines booked by ``until`` and known at the fact point with their balances, by day, then number."""
    rows = session.scalars(
        select(StatementLineRow)
        .where(
            StatementLineRow.book_id == book_id,
            StatementLineRow.account_id == account_id,
            StatementLineRow.booked_on <= until,
            StatementLineRow.import_fact_no <= facts,
        )
        .order_by(StatementLineRow.booked_on, StatementLineRow.line_no)
    )
    return tuple((_open_line(row), row.balance) for row in rows)


def postings_between(
    session: Session, book_id: int, place: AccountPlace, *, since: date | None, until: date, known: int
) -> tuple[OpenPosting, ...]:
    """Return the account's postings effective in [since, until] (inclusive) among the first ``known`` entries, in their order."""
    wanted = _postings(book_id, place.account_id).where(PostingRow.effective_on <= until, PostingRow.seq <= known)
    if since is not None:
        wanted = wanted.where(PostingRow.effective_on >= since)
    rows = session.execute(wanted.order_by(PostingRow.seq, PostingRow.line))
    return tuple(_open_posting(row, place.normal_side) for row in rows)


def lines_numbered(session: Session, book_id: int, numbers: Iterable[int]) -> dict[int, tuple[OpenLine, str]]:
    """Return the lines of those numbers that exist, each with its account's path."""
    wanted = tuple(numbers)
    found: dict[int, tuple[OpenLine, str]] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = session.execute(
            select(StatementLineRow, AccountRow.path)
            .join(AccountRow, account_of(StatementLineRow))
            .where(StatementLineRow.book_id == book_id, StatementLineRow.line_no.in_(wanted[start : start + _CHUNK]))
        )
        found.update({row.line_no: (_open_line(row), path) for row, path in rows})
    return found


def postings_at(
    session: Session, book_id: int, place: AccountPlace, keys: Iterable[PostingKey]
) -> dict[PostingKey, OpenPosting]:
    """Return the account's postings at those places that exist."""
    asked = [tuple(key) for key in keys]
    found: dict[PostingKey, OpenPosting] = {}
    for start in range(0, len(asked), _CHUNK):
        wanted = _postings(book_id, place.account_id).where(
            tuple_(PostingRow.seq, PostingRow.line).in_(asked[start : start + _CHUNK])
        )
        rows = session.execute(wanted)
        found.update({(row.seq, row.line): _open_posting(row, place.normal_side) for row in rows})
    return found


def header_of(table: Any) -> Any:
    """Return how the fact rows join their headers."""
    return and_(ReconciliationFactRow.book_id == table.book_id, ReconciliationFactRow.fact_no == table.fact_no)


def account_of(table: Any) -> Any:
    """Return how rows of an account join it."""
    return and_(AccountRow.book_id == table.book_id, AccountRow.account_id == table.account_id)


def fact_of(row: ReconciliationFactRow) -> Fact:
    """Return a header row as a fact."""
    return Fact(
        fact_no=row.fact_no,
        recorded_at=row.recorded_at,
        actor=Actor(user_id=row.actor_id, organisation_id=row.acting_for_id),
        known_seq=row.known_seq,
    )


def _postings(book_id: int, account_id: int) -> Any:
    return (
        select(
            PostingRow.seq,
            PostingRow.line,
            PostingRow.effective_on,
            PostingRow.amount,
            EntryRow.entry_id,
            EntryRow.doc_ref,
            EntryRow.reverses_seq,
        )
        .join(EntryRow, and_(EntryRow.book_id == PostingRow.book_id, EntryRow.seq == PostingRow.seq))
        .where(PostingRow.book_id == book_id, PostingRow.account_id == account_id)
    )


def _open_posting(row: Any, normal_side: int) -> OpenPosting:
    return OpenPosting(
        seq=row.seq,
        line=row.line,
        entry_id=row.entry_id,
        effective_on=row.effective_on,
        reference=row.doc_ref or "",
        amount=row.amount * normal_side,
        reverses_seq=row.reverses_seq,
    )


def _open_line(row: StatementLineRow) -> OpenLine:
    return OpenLine(
        line_no=row.line_no,
        booked_on=row.booked_on,
        value_on=row.value_on,
        reference=row.reference,
        amount=row.amount,
        counterparty=row.counterparty,
    )


def _document(mapping: StatementMapping) -> dict[str, Any]:
    return {
        "columns": {column.value: list(names) for column, names in mapping.columns.items()},
        "accounts": dict(mapping.accounts),
        "date_format": mapping.date_format,
        "window_days": mapping.window_days,
        "commodity": mapping.commodity,
        "commodity_words": dict(mapping.commodity_words),
        "decimal_mark": mapping.decimal_mark,
        "thousands_mark": mapping.thousands_mark,
        "is_outflow_positive": mapping.is_outflow_positive,
        "in_words": list(mapping.in_words),
        "out_words": list(mapping.out_words),
        "skipped_words": list(mapping.skipped_words),
        "order": mapping.order.value,
        "is_reference_unique": mapping.is_reference_unique,
        "sheet": mapping.sheet,
    }


def _mapping(document: Mapping[str, Any]) -> StatementMapping:
    lists = {name: tuple(document[name]) for name in ("in_words", "out_words", "skipped_words")}
    return StatementMapping(
        **{
            **document,
            **lists,
            "columns": {StatementColumn(column): tuple(names) for column, names in document["columns"].items()},
            "order": LineOrder(document["order"]),
        }
    )
