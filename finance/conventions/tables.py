"""Neutral tables: text cells as they stood in a file, and dated reference rows read from CSV text.

Owns the shape and the refusals only. Knows no file system, no spreadsheet format and no meaning of any row: the
package that uses a row says what it means.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from io import StringIO

from finance.conventions.table_rules import exact_header, no_csv
from ledger.core import amounts
from ledger.core.errors import Conflict, Expected, ImportRefused, Invalid, NotFound, RowError

DATE_UNIT = "date"
WORD_UNIT = "word"

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ROW_ID = re.compile(r"[a-z][a-z0-9_.]{1,79}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One sheet of text cells, the header row first; ``sheet`` is empty for a file that has no sheets."""

    file: str
    sheet: str
    rows: tuple[tuple[str, ...], ...]


class ReferenceStatus(StrEnum):
    """How far a reference row may be trusted."""

    OFFICIAL = "official"  # the primary text was read
    DRAFT = "draft"  # published for comment, not in force
    SECONDARY = "secondary"  # press, analysts or software; the primary text was not seen
    ASSUMED = "assumed"  # nobody confirmed it: to be checked before it decides anything


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """One sourced value with the half-open interval ``[effective_from, effective_to)`` of days it applies to.

    ``unit`` says how ``value`` is spelled: ``date`` an ISO day, ``word`` a lower-case word, anything else an exact
    decimal.
    """

    row_id: str
    value: str
    unit: str
    effective_from: date
    effective_to: date | None
    region: str
    label_en: str
    label_zh: str
    source: str
    status: ReferenceStatus
    version: str

    def __post_init__(self) -> None:
        """Refuse a row that could not be used or could not be traced."""
        if not _ROW_ID.fullmatch(self.row_id):
            raise Invalid(
                "reference.row_id", "row_id: expected lower-case words joined by _ or .", row_id=self.row_id[:80]
            )
        for name in ("unit", "region", "label_en", "label_zh", "source", "version"):
            text = getattr(self, name)
            if not text.strip() or not text.isprintable():
                raise Invalid("reference.text", f"{name}: expected one line of text", row_id=self.row_id, field=name)
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise Invalid(
                "reference.interval", "effective_to: expected a later day than effective_from", row_id=self.row_id
            )
        if self.unit == DATE_UNIT:
            self.day()
        elif self.unit == WORD_UNIT:
            self.word()
        else:
            self.number()

    def number(self) -> Decimal:
        """Return the value as an exact decimal in ``unit``; a date or word row raises ``reference.kind``."""
        if self.unit in {DATE_UNIT, WORD_UNIT}:
            raise Invalid(
                "reference.kind", f"{self.row_id}: expected a number, the row holds a {self.unit}", row_id=self.row_id
            )
        return amounts.parse_decimal(self.value, field=self.row_id)

    def day(self) -> date:
        """Return the value as a day; another kind of row raises ``reference.kind``."""
        if self.unit != DATE_UNIT:
            raise Invalid(
                "reference.kind", f"{self.row_id}: expected a day, the unit is {self.unit}", row_id=self.row_id
            )
        return parse_day(self.value, field=self.row_id)

    def word(self) -> str:
        """Return the value as a word; another kind of row raises ``reference.kind``."""
        if self.unit != WORD_UNIT or not _WORD.fullmatch(self.value):
            raise Invalid("reference.kind", f"{self.row_id}: expected a lower-case word", row_id=self.row_id)
        return self.value

    def is_effective(self, on: date) -> bool:
        """Return whether ``on`` lies in ``[effective_from, effective_to)``."""
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSet:
    """A named, versioned collection of reference rows; its content hash names what a figure was computed with."""

    set_id: str
    version: str
    rows: tuple[ReferenceRow, ...]

    def lookup(self, row_id: str, *, on: date, region: str = "CN") -> ReferenceRow:
        """Return the one row of ``row_id`` and ``region`` that is effective on ``on``.

        None raises ``reference.missing``, several ``reference.ambiguous``: nothing falls back to another region, year
        or id.
        """
        found = [row for row in self.rows if row.row_id == row_id and row.region == region and row.is_effective(on)]
        if not found:
            known = ", ".join(
                f"{row.region} [{row.effective_from}, {row.effective_to or 'open'})"
                for row in self.rows
                if row.row_id == row_id
            )
            raise NotFound(
                "reference.missing",
                f"{row_id}: no row for region {region[:40]} on {on} in {self.set_id}; "
                f"known: {known[:400] or 'nothing by this id'}",
                row_id=row_id[:80],
                region=region[:40],
                on=on.isoformat(),
            )
        if len(found) > 1:
            raise Conflict(
                "reference.ambiguous",
                f"{row_id}: {len(found)} rows hold for region {region} on {on} in {self.set_id}; end all but one",
                row_id=row_id,
                region=region,
                on=on.isoformat(),
            )
        return found[0]

    def content_hash(self) -> str:
        """Return the SHA-256 (64 hex digits) of the rows in canonical form.

        Each row is its fields joined by the unit separator U+001F, rows are sorted and joined by line feeds, so
        neither file order nor layout changes the hash; any changed value, source or status does.
        """
        lines = sorted(
            "\x1f".join(str(getattr(row, item.name) or "") for item in fields(ReferenceRow)) for row in self.rows
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def parse_day(text: str, *, field: str) -> date:
    """Return the day that ``text`` spells as YYYY-MM-DD in ASCII digits; anything else raises ``date.format``."""
    try:
        if _ISO_DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid("date.format", f"{field}: expected a day as YYYY-MM-DD", field=field, value=text[:40])


def csv_table(text: str, *, file: str) -> Table:
    """Return CSV text as a table of text cells.

    Blank lines and lines that start with ``#`` become empty rows, so that rows keep their number. A byte order mark
    is dropped; text that is not CSV raises ``ImportRefused``.
    """
    try:
        rows = tuple(
            () if cells and cells[0].startswith("#") else tuple(cells)
            for cells in csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        )
    except csv.Error as error:
        raise ImportRefused(file, (RowError(file=file, row=1, expected=no_csv(error)),)) from error
    return Table(file=file, sheet="", rows=rows)


def parse_reference_rows(text: str, *, file: str) -> tuple[ReferenceRow, ...]:
    """Return every reference row of CSV text whose header names exactly the fields of ``ReferenceRow``, in any order.

    Every bad row is collected; ``ImportRefused`` then names them all and nothing is returned.
    """
    table = csv_table(text, file=file)
    expected = tuple(item.name for item in fields(ReferenceRow))
    numbered = [(number, cells) for number, cells in enumerate(table.rows, start=1) if cells]
    if not numbered or sorted(numbered[0][1]) != sorted(expected):
        raise ImportRefused(file, (RowError(file=file, row=1, expected=exact_header(expected)),))
    header = numbered[0][1]
    rows: list[ReferenceRow] = []
    errors: list[RowError] = []
    for number, cells in numbered[1:]:
        try:
            rows.append(_reference_row(header, cells))
        except Invalid as error:
            shown = ",".join(cells)[:80]
            errors.append(RowError(file=file, row=number, value=shown, expected=Expected(error.code, error.message)))
    if errors:
        raise ImportRefused(file, tuple(errors))
    return tuple(rows)


def _reference_row(header: tuple[str, ...], cells: tuple[str, ...]) -> ReferenceRow:
    if len(cells) != len(header):
        raise Invalid("reference.cells", f"{len(header)} cells, found {len(cells)}")
    cell = dict(zip(header, cells, strict=True))
    if cell["status"] not in set(ReferenceStatus):
        raise Invalid(
            "reference.status", f"status: expected one of {', '.join(ReferenceStatus)}", value=cell["status"][:40]
        )
    return ReferenceRow(
        row_id=cell["row_id"],
        value=cell["value"],
        unit=cell["unit"],
        effective_from=parse_day(cell["effective_from"], field="effective_from"),
        effective_to=parse_day(cell["effective_to"], field="effective_to") if cell["effective_to"] else None,
        region=cell["region"],
        label_en=cell["label_en"],
        label_zh=cell["label_zh"],
        source=cell["source"],
        status=ReferenceStatus(cell["status"]),
        version=cell["version"],
    )
