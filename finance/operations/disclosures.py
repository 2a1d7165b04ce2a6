"""The year's note table of allowances from the ledger, by instrument and in all, this year and last year. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from finance.accounting.account_codes import code_of
from finance.accounting.chart import BOOK_CURRENCY, HOLDING, segment
from finance.accounting.disclosure import (
    COST,
    CarbonEntry,
    Cell,
    EntryLeg,
    YearMovements,
    check_ties,
    movements_of,
    total_of,
)
from finance.accounting.instruments import InstrumentKind
from finance.operations.valuations import instruments_of
from finance.store import reference
from ledger.core.errors import Conflict, Invalid
from ledger.store import books, period_rows, reports
from ledger.store.books import Book
from ledger.store.period_rows import DatedEntry
from ledger.store.reports import RecordPoint

_FIRST_YEAR, _LAST_YEAR = 1990, 2199
_RESULTS = (
    "Income:CarbonGain",
    "Expenses:CarbonLoss",
    "Expenses:CarbonSurrender",
    "Expenses:CarbonCancellation",
    "Expenses:CarbonFees",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationLine:
    """One line of the statements with what the book has in it, CNY fen on the line's own side, this year and last year."""

    name_en: str
    name_zh: str
    this_year_fen: int
    last_year_fen: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentDisclosure:
    """One instrument's two years."""

    instrument: str
    kind: InstrumentKind
    this_year: YearMovements
    last_year: YearMovements


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """The note table of a book's year at a record point; ``record`` makes it reproducible."""

    year: int
    record: RecordPoint
    instruments: tuple[InstrumentDisclosure, ...]
    allowances: tuple[YearMovements, YearMovements]
    """All allowances: this year and last year."""
    presentation: tuple[PresentationLine, ...]


def disclosure_of(session: Session, book: Book, year: int) -> Disclosure:
    """Return the note table of ``year`` from the book as recorded now; it closes at what the ledger holds, or is refused.

    Tonnes and money of this year and the last: opening, increases (free, purchased, other), decreases (surrendered, sold, other),
    closing. The table is of allowances; credits stand beside it by instrument. Source: 财会[2019]22号 as in china-carbon-rules 3.1
    [S: 31]. R14: 10,000 t in, 6,000 surrendered, 1,000 sold, 500 cancelled, closing 2,500 t and 200,600.00.
    """
    if not _FIRST_YEAR < year <= _LAST_YEAR:
        raise Invalid("disclosure.year", f"year: expected a year after {_FIRST_YEAR}", field="year")
    if book.functional_currency != BOOK_CURRENCY:
        raise Conflict("disclosure.book_currency", f"book: expected a book kept in {BOOK_CURRENCY}", book=book.code)
    record = reports.record_point(session, book.book_id)
    kinds = {code: found.kind for code, found in instruments_of(session, book.book_id).items()}
    years = {each: _year(session, book.book_id, each, tuple(sorted(kinds))) for each in (year - 1, year)}
    instruments = tuple(
        InstrumentDisclosure(
            instrument=code, kind=kinds[code], this_year=years[year][code], last_year=years[year - 1][code]
        )
        for code in sorted(kinds)
    )
    allowances = [each for each in instruments if each.kind is InstrumentKind.CEA]
    return Disclosure(
        year=year,
        record=record,
        instruments=instruments,
        allowances=(
            total_of(year, (each.this_year for each in allowances)),
            total_of(year - 1, (each.last_year for each in allowances)),
        ),
        presentation=_presentation(session, book.book_id, year),
    )


def _year(session: Session, book_id: int, year: int, codes: tuple[str, ...]) -> Mapping[str, YearMovements]:
    start, end = date(year, 1, 1), date(year + 1, 1, 1)
    entries = period_rows.entries_between(session, book_id, start=start, end=end, under=(HOLDING, COST))
    moved = movements_of((_entry(each) for each in entries), codes)
    before = _held(session, book_id, codes, as_of=date(year - 1, 12, 31))
    after = _held(session, book_id, codes, as_of=date(year, 12, 31))
    found = {code: YearMovements(year=year, carried=before[code], moved=moved[code]) for code in codes}
    for code, movements in found.items():
        check_ties(code, movements, after[code])
    return found


def _held(session: Session, book_id: int, codes: tuple[str, ...], *, as_of: date) -> Mapping[str, Cell]:
    tonnes, fen = (
        {each.path: each.balance for each in reports.positions(session, book_id, as_of=as_of, under=under)}
        for under in (HOLDING, COST)
    )
    return {
        code: Cell(
            quantity_t=tonnes.get(f"{HOLDING}:{segment(code)}", 0), amount_fen=fen.get(f"{COST}:{segment(code)}", 0)
        )
        for code in codes
    }


def _entry(found: DatedEntry) -> CarbonEntry:
    return CarbonEntry(
        seq=found.seq,
        legs=tuple(EntryLeg(path=leg.path, commodity=leg.commodity, amount=leg.amount) for leg in found.legs),
        is_reversal=found.reverses_seq is not None,
    )


def _presentation(session: Session, book_id: int, year: int) -> tuple[PresentationLine, ...]:
    """Return 其他流动资产 at the year's end and 营业外收入 and 营业外支出 of the year, of carbon only, with last year beside."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for place, each_year in enumerate((year, year - 1)):
        on = date(each_year, 12, 31)
        held = [(each.path, each.balance) for each in reports.positions(session, book_id, as_of=on, under=COST)]
        types = {path: account.type for path, account in books.accounts(session, book_id).items()}
        moved = [
            (each.path, each.amount * types[each.path].normal_side)
            for each in period_rows.movements_between(
                session, book_id, start=date(each_year, 1, 1), end=date(each_year + 1, 1, 1)
            )
            if each.path.startswith(_RESULTS)
        ]
        for path, fen in (*held, *moved):
            code = code_of(path, on=on, chart=reference.shipped_accounts())
            assert code is not None, "the chart has every account of carbon cost and result"
            line = sums.setdefault((code.presentation_en, code.presentation_zh, code.source), [0, 0])
            line[place] += fen
    merged: dict[tuple[str, str], tuple[int, int, str]] = {}
    for (name_en, name_zh, source), (this_year, last_year) in sums.items():
        before = merged.get((name_en, name_zh), (0, 0, source))
        merged[name_en, name_zh] = (before[0] + this_year, before[1] + last_year, before[2])
    return tuple(
        PresentationLine(name_en=en, name_zh=zh, this_year_fen=this, last_year_fen=last, source=source)
        for (en, zh), (this, last, source) in sorted(merged.items())
    )
