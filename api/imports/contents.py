"""From a file's bytes to the values that an import carries out, and every cell that is wrong.

Owns which reader each template has. Opens no database: a statement's mapping is handed in.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openpyxl.utils import get_column_letter

from api.imports.reading import ReadFile, read_file
from api.imports.statements import translated
from api.imports.tables import Filled, filled, missing_header, plain_tables
from api.imports.templates import Template, TemplateForm, form_of
from finance.accounting.trades import Trade
from finance.conventions.table_rules import nothing
from finance.conventions.tables import Table
from finance.emissions.activity import parse_activity
from finance.feeds import manual
from finance.feeds.trades import parse_trades
from finance.operations.import_effects import Content, MonthList, PriceList, StatementFile, TradeList
from finance.operations.imports import Prepared, RowProblem
from finance.operations.price_uploads import UploadFile
from finance.store.market import RawFile
from ledger.core.errors import Expected, ImportRefused, RowError
from ledger.core.statement_mapping import StatementMapping

_NO_ROW = nothing("row").code
_PRICE_FORMAT = "prices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a file is brought as: its template, the plant's form and verification of activity, the source of a statement."""

    template: Template
    plant: str | None = None
    verification: str | None = None
    source: str = ""
    mapping: StatementMapping | None = None

    def form(self) -> TemplateForm:
        """Return the columns asked for."""
        return form_of(self.template, self.plant)


def prepare(file_name: str, raw: bytes, asked: Asked, *, now: datetime) -> Prepared:
    """Return the file's values and problems; ``Invalid`` (``import.*``) for a file that is refused as a whole."""
    read = read_file(file_name, raw)
    found = filled(read, asked.form())
    sha256 = hashlib.sha256(raw).hexdigest()
    if found is None or (asked.mapping is not None and found.has_unknown_headings):
        return _unfilled(read, asked, sha256)
    reading = _Reading(found=found, asked=asked, raw_sha256=sha256, now=now)
    content: Content | None = None
    problems = found.problems
    try:
        content = reading.content()
    except ImportRefused as refused:
        # Rows with a problem were left out; that none is left is no further one.
        told = [one for one in refused.rows if not (problems and one.expected.code == _NO_ROW)]
        problems = (*problems, *(found.problem(one) for one in told))
    letters = {key: get_column_letter(place + 1) for key, place in found.places.items()}
    return Prepared(
        content=None if problems else content,
        problems=problems,
        file=_about(read, asked, sha256, found),
        letters={**letters, **reading.headings(letters)},
    )


def _unfilled(read: ReadFile, asked: Asked, sha256: str) -> Prepared:
    """Return a statement as its bank or registry prints it, read by the source's own mapping; else the missing header."""
    if asked.mapping is None:
        problems: tuple[RowProblem, ...] = (missing_header(asked.form()),)
        return Prepared(content=None, problems=problems, file=_about(read, asked, sha256, None))
    tables, problems = plain_tables(read)
    if not tables:
        problems = (*problems, missing_header(asked.form()))
    content = StatementFile(source=asked.source, tables=tables, raw_sha256=sha256)
    return Prepared(content=None if problems else content, problems=problems, file=_about(read, asked, sha256, None))


def _about(read: ReadFile, asked: Asked, sha256: str, found: Filled | None) -> Mapping[str, Any]:
    return {
        "template": asked.template.value,
        "raw_sha256": sha256,
        "form": read.form,
        "encoding": read.encoding,
        "sheet": "" if found is None else found.sheet,
        "skipped_sheets": [*(() if found is None else found.skipped), *read.hidden][:100],
        "rows": sum(map(len, (sheet.rows for sheet in read.sheets))) if found is None else found.rows,
        "examples": 0 if found is None else found.examples,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    found: Filled
    asked: Asked
    raw_sha256: str
    now: datetime

    def content(self) -> Content:
        readers: Mapping[Template, Callable[[], Content]] = {
            Template.TRADES: self._trades,
            Template.OPENING_POSITIONS: self._openings,
            Template.ACTIVITY: self._months,
            Template.PRICES: self._prices,
            Template.BANK_STATEMENT: self._statement,
            Template.REGISTRY_STATEMENT: self._statement,
        }
        return readers[self.asked.template]()

    def headings(self, letters: Mapping[str, str]) -> Mapping[str, str]:
        """Return the letters by the headings of the source's mapping, which its reader names in refusals."""
        mapping = self.asked.mapping
        if mapping is None:
            return {}
        return {
            name: letters[column.value]
            for column, names in mapping.columns.items()
            for name in names
            if column.value in letters
        }

    def _trades(self) -> TradeList:
        return self._booked(parse_trades(_with_columns(self.found.table, _TRADE_HEADER)))

    def _openings(self) -> TradeList:
        table = self.found.table
        header = (*table.rows[0], "kind")
        rows = (header, *((*row, "opening") if any(row) else () for row in table.rows[1:]))
        widened = Table(file=table.file, sheet=table.sheet, rows=rows)
        return self._booked(parse_trades(_with_columns(widened, _TRADE_HEADER)))

    def _booked(self, trades: tuple[Trade, ...]) -> TradeList:
        return TradeList(trades=trades, file=self.found.table.file, sheet=self.found.sheet)

    def _months(self) -> MonthList:
        plant = self.asked.form().plant
        assert plant is not None, "an activity form is of a plant"
        months = parse_activity(self.found.table, plant, verification=self.asked.verification)
        return MonthList(months=months, raw_sha256=self.raw_sha256)

    def _prices(self) -> PriceList:
        table = _with_columns(self.found.table, manual.COLUMNS)
        manual.parse_prices(table, known_at=self.now, raw_sha256="0" * 64)  # refusals by the rows of the file itself
        raw = RawFile(file_name="prices.csv", content=canonical_csv(table))
        again = Table(file="prices.csv", sheet="", rows=tuple(row for row in table.rows if any(row)))
        observations = manual.parse_prices(again, known_at=self.now, raw_sha256=raw.sha256)
        return PriceList(file=UploadFile(raw=raw, format=_PRICE_FORMAT, observations=observations))

    def _statement(self) -> StatementFile:
        mapping = self.asked.mapping
        if mapping is None:
            expected = Expected(
                "row.statement_source",
                "the code of the statement source that says which accounts these lines belong to",
            )
            raise ImportRefused(
                self.found.table.file, (RowError(file=self.found.table.file, row=1, expected=expected),)
            )
        table = translated(self.found.table, mapping)
        return StatementFile(source=self.asked.source, tables=(table,), raw_sha256=self.raw_sha256)


_TRADE_HEADER = tuple(column.key for column in form_of(Template.TRADES).columns)


def _with_columns(table: Table, columns: tuple[str, ...]) -> Table:
    """Return the table with every one of ``columns``; those that the file leaves out are empty."""
    places = [table.rows[0].index(column) if column in table.rows[0] else -1 for column in columns]
    rows = tuple(
        tuple("" if place < 0 else row[place] for place in places) if any(row) else () for row in table.rows[1:]
    )
    return Table(file=table.file, sheet=table.sheet, rows=(columns, *rows))


def canonical_csv(table: Table) -> bytes:
    """Return the rows that hold anything as UTF-8 CSV under their keys: what a second person approves is these bytes."""
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator="\n").writerows(row for row in table.rows if any(row))
    return lines.getvalue().encode()
