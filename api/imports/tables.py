"""A read file as one table of plain text by a template's columns, and every cell that cannot be one.

Owns finding the header, the meaning of headings and the place of each refusal: row, column letter, heading. Opens no file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter

from api.imports.cells import UNREADABLE, plain
from api.imports.reading import ReadFile, ReadSheet
from api.imports.templates import ERROR_HEADING, EXAMPLE_MARK, TemplateColumn, TemplateForm
from finance.conventions.table_rules import HEADING_ONCE, STRAY, header_row, unknown_heading
from finance.conventions.tables import Table
from finance.operations.imports import RowProblem
from ledger.core.errors import Expected, RowError

_HEADER_ROWS = 20
_SHOWN = 80
_BRACKETS = re.compile(r"\(([^()]*)\)")
_NOT_NAME = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A file by a template: its table (the keys as header, each row at its own number) and what is wrong.

    ``places`` gives each key's column from 0; ``sheet`` is the one that was read, ``skipped`` those without the header.
    """

    table: Table
    sheet: str
    places: Mapping[str, int]
    problems: tuple[RowProblem, ...]
    header_row: int
    rows: int
    examples: int
    skipped: tuple[str, ...]
    has_unknown_headings: bool

    def problem(self, error: RowError) -> RowProblem:
        """Return a reader's refusal with the column's letter in the file."""
        place = self.places.get(error.column)
        return RowProblem(
            row=error.row,
            column="" if place is None else get_column_letter(place + 1),
            field=error.column,
            value=error.value[:_SHOWN],
            expected=error.expected,
        )


def filled(read: ReadFile, form: TemplateForm) -> Filled | None:
    """Return the file's one sheet that has the template's header; ``None`` when none has it.

    Two sheets that both have it are a problem: nobody could say which holds.
    """
    found = [(sheet, header) for sheet in read.sheets if (header := _header(sheet, form)) is not None]
    if not found:
        return None
    sheet, (row, places, problems) = found[0]
    others = tuple(one.name for one in read.sheets if one is not sheet)
    if len(found) > 1:
        problems = (*problems, _problem(row, "", "", _one_sheet(found[1][0].name)))
    return _Filling(read, form, sheet, row, places).run(problems, others)


def missing_header(form: TemplateForm) -> RowProblem:
    """Return the problem of a file whose sheets all lack the header."""
    needed = [column.heading for column in form.columns if column.is_required]
    more = "" if len(needed) > 1 else " and at least one more heading of the template"
    return _problem(1, "", "", header_row(needed, rows=_HEADER_ROWS, more=more))


def _one_sheet(other: str) -> Expected:
    return Expected("row.one_sheet", f"one sheet with this header; {other} has it too", sheet=other)


def plain_tables(read: ReadFile) -> tuple[tuple[Table, ...], tuple[RowProblem, ...]]:
    """Return every sheet as a table of text for a reader that finds its columns by itself, and cells of no use to it."""
    tables, problems = [], []
    for sheet in read.sheets:
        last = max(sheet.rows, default=0)
        rows: list[tuple[str, ...]] = []
        for number in range(1, last + 1):
            cells = sheet.rows.get(number, {})
            texts = [""] * (max(cells, default=-1) + 1)
            for place, cell in cells.items():
                if cell[0] == "x":
                    problems.append(_problem(number, get_column_letter(place + 1), "", UNREADABLE[cell[1:]]))
                else:
                    texts[place] = cell[1:]
            rows.append(tuple(texts))
        if rows:
            tables.append(Table(file=read.file_name, sheet=sheet.name, rows=tuple(rows)))
    return tuple(tables), tuple(problems)


class _Filling:
    def __init__(
        self, read: ReadFile, form: TemplateForm, sheet: ReadSheet, header_row: int, places: Mapping[str, int]
    ) -> None:
        self._read, self._sheet, self._header_row, self._places = read, sheet, header_row, places
        self._columns = [(column, places[column.key]) for column in form.columns if column.key in places]
        self._names = {place: column for column, place in self._columns}
        self._ignored = {
            place for place, cell in sheet.rows[header_row].items() if _name(cell[1:]) == _name(ERROR_HEADING)
        }
        self._known: dict[tuple[int, str], tuple[str, Expected | None]] = {}

    def run(self, problems: Sequence[RowProblem], skipped: tuple[str, ...]) -> Filled:
        found = list(problems)
        header = tuple(column.key for column, _ in self._columns)
        last = max(self._sheet.rows)
        rows: list[tuple[str, ...]] = [()] * last
        rows[0] = header
        count = examples = 0
        for number, cells in self._sheet.rows.items():
            if number <= self._header_row or not set(cells) - self._ignored:
                continue
            if cells[min(cells)][1:].startswith(EXAMPLE_MARK.strip()):
                examples += 1
                continue
            count += 1
            texts, wrong = self._row(number, cells)
            found += wrong
            rows[number - 1] = () if wrong else texts
        table = Table(file=self._read.file_name, sheet=self._sheet.name, rows=tuple(rows))
        return Filled(
            table=table,
            sheet=self._sheet.name,
            places=self._places,
            problems=tuple(found),
            header_row=self._header_row,
            rows=count,
            examples=examples,
            skipped=skipped,
            has_unknown_headings=any(one.expected.code == unknown_heading(()).code for one in problems),
        )

    def _row(self, number: int, cells: Mapping[int, str]) -> tuple[tuple[str, ...], list[RowProblem]]:
        texts, wrong = [], []
        for column, place in self._columns:
            cell = cells.get(place, "")
            key = (place, cell)
            known = self._known.get(key)
            if known is None:
                known = plain(cell, column, is_1904=self._read.is_1904)
                if len(self._known) < 50_000:  # noqa: PLR2004 - what is remembered stays small
                    self._known[key] = known
            text, expected = known
            if expected:
                wrong.append(self._wrong(number, column, place, cell, expected))
            elif not text and column.is_required:
                told = Expected("row.empty", f"{column.heading}: it cannot be empty")
                wrong.append(self._wrong(number, column, place, "", told))
            texts.append(text)
        for place in sorted(set(cells) - set(self._names) - self._ignored):
            shown = "" if cells[place][0] == "x" else cells[place][1:]
            wrong.append(_problem(number, get_column_letter(place + 1), shown, STRAY))
        return tuple(texts), wrong

    def _wrong(self, number: int, column: TemplateColumn, place: int, cell: str, expected: Expected) -> RowProblem:
        shown = "" if not cell or cell[0] == "x" else cell[1:]
        return RowProblem(
            row=number, column=get_column_letter(place + 1), field=column.key, value=shown[:_SHOWN], expected=expected
        )


def _header(sheet: ReadSheet, form: TemplateForm) -> tuple[int, dict[str, int], tuple[RowProblem, ...]] | None:
    """Return the header's row, where each column stands, and what is wrong in it; ``None`` without every needed column.

    One heading alone is none: the sheet of instructions names each column in a row of its own, and a template may need only one.
    """
    spellings = {name: column for column in form.columns for name in _names(column)}
    for row in sorted(number for number in sheet.rows if number <= _HEADER_ROWS):
        places: dict[str, int] = {}
        problems: list[RowProblem] = []
        for place, cell in sorted(sheet.rows[row].items()):
            heading, letter = cell[1:], get_column_letter(place + 1)
            column = spellings.get(_name(heading)) if cell[0] == "t" else None
            if column is None:
                if _name(heading) != _name(ERROR_HEADING):
                    known = unknown_heading(one.heading for one in form.columns)
                    problems.append(_problem(row, letter, heading, known))
            elif column.key in places:
                problems.append(_problem(row, letter, heading, HEADING_ONCE))
            else:
                places[column.key] = place
                if not _is_unit(heading, column):
                    unit = column.unit or "as in the template"
                    problems.append(_problem(row, letter, heading, Expected("row.unit", f"the unit {unit}", unit=unit)))
        if len(places) > 1 and all(column.key in places for column in form.columns if column.is_required):
            return row, places, tuple(problems)
    return None


def _names(column: TemplateColumn) -> set[str]:
    key, english, chinese = _name(column.key), _name(column.heading_en), _name(column.heading_zh)
    return {key, english, chinese, chinese + english, english + chinese, key + chinese, chinese + key}


def _name(heading: str) -> str:
    """Return a heading for comparison, without width, case, blanks, signs and what stands in brackets."""
    folded = unicodedata.normalize("NFKC", heading).casefold()
    return _NOT_NAME.sub("", _BRACKETS.sub("", folded))


def _is_unit(heading: str, column: TemplateColumn) -> bool:
    """Return whether a unit in brackets is the column's own: a quantity in kg is no quantity in t."""
    given = _BRACKETS.findall(unicodedata.normalize("NFKC", heading))
    known = {_unit(each) for each in (column.unit, column.unit_zh) if each}
    return not known or all(_unit(each) in known for each in given)


def _unit(text: str) -> str:
    return (
        unicodedata.normalize("NFKC", text)
        .casefold()
        .replace(" ", "")
        .replace("吨", "t")
        .replace("cny", "元")
        .replace("eur", "欧元")
    )


def _problem(row: int, column: str, value: str, expected: Expected) -> RowProblem:
    return RowProblem(row=row, column=column, field="", value=value[:_SHOWN], expected=expected)
