"""The tables of a page as workbooks: what the page shows in a table, with the exact digits where it shows fewer.

Reads the page's own HTML, so a workbook can hold nothing that its reader did not see, in the same language. Knows no area and no figure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO

from starlette.responses import Response

from api.pages.base.formats import day_of
from api.sheets import XLSX_TYPE, write_xlsx
from ledger.core.errors import NotFound
from ledger.core.export_formats.report_tables import Cell, Column, ReportTable

_UNSEEN_TAGS = frozenset(("dialog", "button", "form", "script", "style", "select", "option", "template"))
_UNSEEN_CLASSES = frozenset(("unseen", "why"))
_VOID_TAGS = frozenset(("br", "img", "input", "hr", "wbr", "meta", "link", "col", "path", "use", "circle", "rect"))
_MINUS = "\N{MINUS SIGN}"
_NUMBER = re.compile(
    rf"(?P<bound>[<>]?)(?P<sign>[{_MINUS}-]?)(?P<currency>[¥€$]?)(?P<digits>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>.*)",
    re.DOTALL,
)
_NOT_IN_A_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
_LONGEST_SHEET_NAME = 31
_LEAST_WIDTH, _MOST_WIDTH = 8, 60
_LONGEST_UNIT = 12


@dataclass(kw_only=True)
class _Cell:
    """One cell as it stands in the page: its words, and digits that it does not show."""

    is_number: bool
    is_act: bool
    span: int
    exact: str | None = None
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@dataclass(kw_only=True)
class _Table:
    caption: _Cell = field(default_factory=lambda: _Cell(is_number=False, is_act=False, span=1))
    head: list[_Cell] = field(default_factory=list)
    rows: list[list[_Cell]] = field(default_factory=list)


def sheet_of(page: str, number: int) -> Response:
    """Return the table of a page's HTML with this number, 1 the first, as a workbook; ``page.table`` is refused where there is none."""
    reader = _Reader()
    reader.feed(page)
    if not 1 <= number <= len(reader.tables):
        raise NotFound("page.table", "sheet: the page has no table of this number; take the link beside the table")
    found = reader.tables[number - 1]
    target = BytesIO()
    write_xlsx(target, [_report(found, " ".join("".join(reader.title).split()))])
    return Response(
        target.getvalue(),
        media_type=XLSX_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="tonne-table-{number}.xlsx"',
            "Cache-Control": "no-store",
        },
    )


class _Reader(HTMLParser):
    """Collects the tables of a page in their order, and its first heading."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[_Table] = []
        self.title: list[str] = []
        self._table: _Table | None = None
        self._row: list[_Cell] | None = None
        self._into: list[str] | None = None
        self._cell: _Cell | None = None
        self._is_head = False
        self._open: list[tuple[str, bool]] = []
        """The elements that are open, and whether each hides what stands in it."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        classes = frozenset(known.get("class", "").split())
        if tag not in _VOID_TAGS:
            hides = tag in _UNSEEN_TAGS or bool(classes & _UNSEEN_CLASSES)
            self._open.append((tag, hides and tag != "caption"))
        elif self._into is not None:
            self._into.append(" ")
        if tag == "h1" and not self.title:
            self._into = self.title
        elif tag == "table" and "template" not in (name for name, _ in self._open):
            self._table = _Table()
        elif self._table is not None:
            self._start_part(tag, known, classes)

    def _start_part(self, tag: str, known: dict[str, str], classes: frozenset[str]) -> None:
        assert self._table is not None, "asked inside a table"
        match tag:
            case "caption":
                self._into = self._table.caption.words
            case "thead":
                self._is_head = True
            case "tr":
                self._row = []
            case "td" | "th" if self._row is not None:
                span = known.get("colspan", "1")
                self._cell = _Cell(
                    is_number="number" in classes,
                    is_act="action" in classes,
                    span=int(span) if span.isdigit() else 1,
                )
                self._into = self._cell.words
            case "span" | "small" | "div" | "p" | "li" if self._cell is not None:
                self._cell.words.append(" ")
                self._cell.exact = self._cell.exact or known.get("title")

    def handle_endtag(self, tag: str) -> None:
        if tag in (name for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass
        match tag:
            case "h1" | "caption":
                self._into = None
            case "thead":
                self._is_head = False
            case "td" | "th" if self._cell is not None and self._row is not None:
                self._row += [self._cell, *(_blank() for _ in range(self._cell.span - 1))]
                self._cell = self._into = None
            case "tr" if self._row is not None and self._table is not None:
                if self._is_head:
                    self._table.head = self._row
                else:
                    self._table.rows.append(self._row)
                self._row = None
            case "table" if self._table is not None:
                self.tables.append(self._table)
                self._table = None

    def handle_data(self, data: str) -> None:
        if self._into is not None and not any(hides for _, hides in self._open):
            self._into.append(data)


def _blank() -> _Cell:
    return _Cell(is_number=False, is_act=False, span=1)


def _report(table: _Table, title: str) -> ReportTable:
    width = max((len(row) for row in (table.head, *table.rows)), default=0)
    head = [*table.head, *(_blank() for _ in range(width - len(table.head)))]
    kept = [place for place in range(width) if not head[place].is_act]
    rows = [[*row, *(_blank() for _ in range(width - len(row)))] for row in table.rows]
    units = {place: _unit_of([row[place] for row in rows]) for place in kept}
    cells = [tuple(_typed(row[place], units[place]) for place in kept) for row in rows]
    columns = tuple(
        _column(head[place].text, units[place], [row[at] for row in cells]) for at, place in enumerate(kept)
    )
    caption = table.caption.text
    name = _NOT_IN_A_SHEET_NAME.sub(" ", caption or title)[:_LONGEST_SHEET_NAME].strip("' ") or "Tonne"
    return ReportTable(name=name, head=((title, caption),), columns=columns, rows=cells)


def _column(heading: str, unit: str | None, cells: Sequence[Cell]) -> Column:
    named = f"{heading}, {unit}" if unit else heading
    longest = max((len(str(cell)) for cell in cells if cell is not None), default=0)
    return Column(heading=named, width=min(max(longest, len(named), _LEAST_WIDTH), _MOST_WIDTH))


def _unit_of(cells: Sequence[_Cell]) -> str | None:
    """Return the unit that all numbers of a column share, empty for none; None where they differ, so that each keeps its own."""
    units = {read[1] for cell in cells if cell.is_number and (read := _number(cell)) is not None}
    return None if len(units) > 1 else next(iter(units), "")


def _typed(cell: _Cell, unit: str | None) -> Cell:
    """Return a number or a day where the cell holds one, else its words."""
    day = day_of(cell.text)
    if day is not None:
        return day
    read = _number(cell) if cell.is_number and unit is not None else None
    if read is not None:
        return read[0]
    return None if cell.text in {"", "—"} else cell.text


def _number(cell: _Cell) -> tuple[Decimal, str] | None:
    """Return the exact number of a cell and its unit: ``¥1,234.50`` is (1234.50, ¥), ``34,500 t`` (34500, t), ``¥93.54/t`` (93.54, ¥/t)."""
    found = _NUMBER.fullmatch(cell.text)
    if found is None or len(found["unit"]) > _LONGEST_UNIT or any(sign.isdigit() for sign in found["unit"]):
        return None
    beside = _NUMBER.fullmatch(cell.exact or "")
    read = found if beside is None or beside["unit"] else beside
    if read is found and found["bound"]:
        return None
    value = Decimal(read["digits"].replace(",", ""))
    return (-value if read["sign"] else value), f"{found['currency']}{found['unit']}"
