"""What an organisation's books hold of carbon at the close of a day, added up by instrument, by vintage, by book or by legal entity.

Owns the sums and how each is explained. Quantities only: what they are worth is the valuation's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.chart import HOLDING
from finance.accounting.contract_rules import HANDED_OVER
from finance.accounting.instruments import Instrument
from finance.conventions.explain import Explanation
from finance.operations.valuations import instruments_of
from ledger.core.amounts import format_units
from ledger.store import holds_report, reports
from ledger.store.books import Book
from ledger.store.reports import Position, RecordPoint


class HoldingGroup(StrEnum):
    """What one line adds up."""

    INSTRUMENT = "instrument"
    VINTAGE = "vintage"
    BOOK = "book"
    ENTITY = "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAccount:
    """One holding account at one point: whole ``units``, of which ``held`` are set aside."""

    book_uuid: UUID
    book_code: str
    entity: str
    known: int
    account: str
    instrument: str
    kind: str
    vintage_year: int | None
    unit: str
    posted: str
    held: str
    scale: int
    posted_units: int
    held_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One line: posted = held + free, all in ``unit`` as decimal strings, and why."""

    key: str
    kind: str
    vintage_year: int | None
    unit: str
    posted: str
    held: str
    free: str
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What contracts handed over of one instrument of a book and what comes back: in ``account``, not among what is held."""

    book_uuid: UUID
    book_code: str
    account: str
    instrument: str
    unit: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPoint:
    """The record point at which a book was read."""

    book_uuid: UUID
    book_code: str
    point: RecordPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """The lines by key, what contracts handed over by book and account, and the record point of each book."""

    lines: tuple[Holding, ...]
    handed_over: tuple[HandedOver, ...]
    points: tuple[BookPoint, ...]


def holdings(
    session: Session, books: Sequence[Book], *, as_of: date, by: HoldingGroup, entities: Mapping[int, str]
) -> Holdings:
    """Return what ``books`` hold under ``Assets:Carbon`` at the close of ``as_of``, inclusive, at their newest record points.

    ``entities`` names the legal entity of each book; one that is kept for none stands under its own code. Different units never
    meet in one sum. Two accounts of CEA25 with 97,400 t and 600 t, 1,000 t of them pledged, are one line: posted 98,000,
    held 1,000, free 97,000. What contracts handed over is in no line: 12,000 t lent out stand beside them until they are back.
    """
    accounts: list[HeldAccount] = []
    out: list[HandedOver] = []
    points: list[BookPoint] = []
    for book in books:
        point = reports.record_point(session, book.book_id)
        points.append(BookPoint(book_uuid=book.book_uuid, book_code=book.code, point=point))
        known = instruments_of(session, book.book_id)
        accounts += _of_book(session, book, point, as_of, known, entity=entities.get(book.book_id, book.code))
        out += _out_of_book(session, book, point, as_of, known)
    groups: dict[tuple[str, str], list[HeldAccount]] = {}
    for account in accounts:
        groups.setdefault((_key(account, by), account.unit), []).append(account)
    lines = tuple(_line(key, unit, parts) for (key, unit), parts in sorted(groups.items()))
    return Holdings(lines=lines, handed_over=tuple(out), points=tuple(points))


def _of_book(
    session: Session, book: Book, point: RecordPoint, as_of: date, known: Mapping[str, Instrument], *, entity: str
) -> list[HeldAccount]:
    held = holds_report.held_as_of(session, book.book_id, as_of=as_of, known=point.seq)
    found = reports.positions(session, book.book_id, as_of=as_of, known=point.seq, under=HOLDING)
    return [
        _account(book, entity, point, one, held.get(one.path, 0), known.get(one.commodity))
        for one in found
        if one.balance or one.path in held
    ]


def _out_of_book(
    session: Session, book: Book, point: RecordPoint, as_of: date, known: Mapping[str, Instrument]
) -> list[HandedOver]:
    found = reports.positions(session, book.book_id, as_of=as_of, known=point.seq, under=HANDED_OVER)
    return [
        HandedOver(
            book_uuid=book.book_uuid,
            book_code=book.code,
            account=one.path,
            instrument=one.commodity,
            unit=known[one.commodity].unit if one.commodity in known else "t",
            amount=format_units(one.balance, one.scale),
        )
        for one in found
        if one.balance
    ]


def _account(
    book: Book, entity: str, point: RecordPoint, one: Position, held: int, instrument: Instrument | None
) -> HeldAccount:
    return HeldAccount(
        book_uuid=book.book_uuid,
        book_code=book.code,
        entity=entity,
        known=point.seq,
        account=one.path,
        instrument=one.commodity,
        kind=one.commodity if instrument is None else instrument.kind.value,
        vintage_year=None if instrument is None else instrument.vintage_year,
        unit="t" if instrument is None else instrument.unit,
        posted=format_units(one.balance, one.scale),
        held=format_units(held, one.scale),
        scale=one.scale,
        posted_units=one.balance,
        held_units=held,
    )


def _key(account: HeldAccount, by: HoldingGroup) -> str:
    match by:
        case HoldingGroup.INSTRUMENT:
            return account.instrument
        case HoldingGroup.VINTAGE:
            return account.kind if account.vintage_year is None else f"{account.kind} {account.vintage_year}"
        case HoldingGroup.BOOK:
            return account.book_code
        case HoldingGroup.ENTITY:
            return account.entity


def _line(key: str, unit: str, parts: Sequence[HeldAccount]) -> Holding:
    scale = max(part.scale for part in parts)
    posted = sum(part.posted_units * 10 ** (scale - part.scale) for part in parts)
    held = sum(part.held_units * 10 ** (scale - part.scale) for part in parts)
    kinds, years = {part.kind for part in parts}, {part.vintage_year for part in parts}
    free = format_units(posted - held, scale)
    return Holding(
        key=key,
        kind=next(iter(kinds)) if len(kinds) == 1 else "",
        vintage_year=next(iter(years)) if len(years) == 1 else None,
        unit=unit,
        posted=format_units(posted, scale),
        held=format_units(held, scale),
        free=free,
        explanation=Explanation(
            label_en=f"Free, {key}",
            label_zh=f"可用，{key}",
            value=free,
            unit=unit,
            formula="posted - set aside",
            children=(
                _sum("Posted", "已入账", format_units(posted, scale), unit, parts, is_held=False),
                _sum("Set aside", "受限", format_units(held, scale), unit, parts, is_held=True),
            ),
        ),
    )


def _sum(
    label_en: str, label_zh: str, total: str, unit: str, parts: Sequence[HeldAccount], *, is_held: bool
) -> Explanation:
    return Explanation(
        label_en=label_en,
        label_zh=label_zh,
        value=total,
        unit=unit,
        formula="sum of the accounts",
        children=tuple(
            Explanation(
                label_en=part.account,
                label_zh=part.account,
                value=part.held if is_held else part.posted,
                unit=unit,
                source=f"book {part.book_code}, account {part.account}, record point {part.known}",
            )
            for part in parts
        ),
    )
