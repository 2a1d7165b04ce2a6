"""Writes a template as a workbook that guides whoever fills it, and a sheet back with what is wrong in each row.

Owns the layout. What a column is, ``api.imports.templates`` says; a text is never a formula on its way out.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from api.imports.child_workbook import MOST_ROWS
from api.imports.reading import ReadSheet
from api.imports.templates import (
    ERROR_HEADING,
    EXAMPLE_MARK,
    ColumnKind,
    Template,
    TemplateColumn,
    TemplateForm,
)
from api.sheets import csv_pieces, write_xlsx
from api.translations import Language, catalog
from finance.operations.imports import RowProblem
from ledger.core.export_formats.report_tables import Cell, Column, ReportTable

_INSTRUCTIONS = {Language.ZH: "填写说明", Language.EN: "Instructions"}
_HEAD = Font(bold=True, color="FFFFFF")
_HEAD_FILL = PatternFill("solid", fgColor="1F4E4A")
_OPTIONAL_FILL = PatternFill("solid", fgColor="5E7F7C")
_EXAMPLE = Font(italic=True, color="808080")
_LONGEST_LIST = 255
"""Characters of a list written into a validation (ECMA-376 part 1, section 18.3.1.33, as spreadsheet programs apply it)."""

_LARGEST = 10**15
_FORMATS = {
    ColumnKind.TEXT: "@",
    ColumnKind.CHOICE: "@",
    ColumnKind.MONTH: "@",
    ColumnKind.DAY: "yyyy-mm-dd",
    ColumnKind.WHOLE: "#,##0",
    ColumnKind.NUMBER: "General",
    ColumnKind.YEAR: "0",
}
_ABOUT = {
    Language.ZH: (
        "每行一条记录,从示例行下面开始填写。标题可换序,但不要改名;可不填的列可以删除。",
        "示例行以“※示例 EXAMPLE※”开头,导入时忽略,可以删除。",
        "数量、金额填数值,不用公式、不用百分号;单位见标题。",
        "导入前先预览:逐行列出错误,并显示确切影响;确认之后才写入。",
        f"最多 {MOST_ROWS:,} 行。",
    ),
    Language.EN: (
        "One record a row, from the row below the example on. Columns may be moved but not renamed; optional ones may be deleted.",
        "The example row begins with ※示例 EXAMPLE※; it is never imported and may be deleted.",
        "Amounts are values: no formulas, no percent signs; the unit stands in the heading.",
        "A preview comes first: it lists what is wrong row by row and the exact effect; nothing is written before it is confirmed.",
        f"At most {MOST_ROWS:,} rows.",
    ),
}
_TABLE_HEADS = {
    Language.ZH: ("列", "必填", "填写内容", "示例"),
    Language.EN: ("Column", "Required", "What it holds", "Example"),
}
_YES = {Language.ZH: ("是", "否"), Language.EN: ("yes", "no")}


def template_xlsx(form: TemplateForm, language: Language) -> bytes:
    """Return the template as a workbook: a sheet to fill, with frozen headings, checks and one example row, and instructions."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet), "a new workbook has one sheet"
    sheet.title = form.title(language).replace(":", " ").replace("：", " ")[:31]
    sheet.append([column.heading for column in form.columns])
    sheet.append([_example(column, place, language) for place, column in enumerate(form.columns)])
    sheet.freeze_panes = "A2"
    for place, column in enumerate(form.columns, start=1):
        _lay_out(sheet, place, column, language)
    _instruct(book.create_sheet(_INSTRUCTIONS[language]), form, language)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def error_table(sheet: ReadSheet, header_row: int, problems: Iterable[RowProblem], language: Language) -> ReportTable:
    """Return the sheet as it came, from its header on, with one column more that says in ``language`` what is wrong in each row."""
    told: dict[int, list[str]] = {}
    said = catalog(language)
    for one in problems:
        place = f"{one.column}: " if one.column else ""
        told.setdefault(max(one.row, header_row), []).append(f"{place}{said.expected(one.expected).rstrip('。')}")
    header = sheet.rows.get(header_row, {})
    # An error column of a round before is left out: this round's takes its place.
    places = [place for place in range(max(header, default=-1) + 1) if header.get(place, "")[1:] != ERROR_HEADING]
    columns = (
        *(Column(heading=header.get(place, " ")[1:], width=18) for place in places),
        Column(heading=ERROR_HEADING, width=60),
    )
    return ReportTable(
        name=(sheet.name or "errors")[:31], head=(), columns=columns, rows=_told_rows(sheet, header_row, places, told)
    )


def table_bytes(table: ReportTable, *, is_csv: bool) -> bytes:
    """Return the table as CSV or as a workbook; a text that looks like a formula stays a text in both."""
    if is_csv:
        return b"".join(csv_pieces(table))
    written = io.BytesIO()
    write_xlsx(written, (table,))
    return written.getvalue()


def _told_rows(
    sheet: ReadSheet, header_row: int, places: Sequence[int], told: dict[int, list[str]]
) -> Iterator[tuple[Cell, ...]]:
    for number in sorted({*sheet.rows, *told}):
        if number > header_row:
            cells = sheet.rows.get(number, {})
            yield (*(_cell(cells.get(place, "")) for place in places), "; ".join(told.get(number, ())))


def _cell(cell: str) -> Cell:
    if not cell or cell[0] == "x":
        return None
    text = cell[1:]
    if cell[0] in "np":
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)
    return date.fromisoformat(text) if cell[0] == "d" and " " not in text else text


def _example(column: TemplateColumn, place: int, language: Language) -> str | date | int | Decimal:
    shown = column.example
    if column.kind is ColumnKind.CHOICE and language is Language.ZH and column.choices is not None:
        shown = column.choices[shown] or shown
    if place == 0:
        return EXAMPLE_MARK + shown
    if shown and column.kind is ColumnKind.DAY:
        return date.fromisoformat(shown)
    if shown and column.kind is ColumnKind.WHOLE:
        return int(shown)
    return Decimal(shown) if shown and column.kind is ColumnKind.NUMBER else shown


def _lay_out(sheet: Worksheet, place: int, column: TemplateColumn, language: Language) -> None:
    letter = get_column_letter(place)
    head = sheet.cell(row=1, column=place)
    head.font, head.fill = _HEAD, _HEAD_FILL if column.is_required else _OPTIONAL_FILL
    head.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.cell(row=2, column=place).font = _EXAMPLE
    sheet.column_dimensions[letter].width = max(
        14, min(34, 2 * len(column.heading_zh) + len(column.heading_en) // 2 + 6)
    )
    sheet.column_dimensions[letter].number_format = _FORMATS[column.kind]
    sheet.cell(row=2, column=place).number_format = _FORMATS[column.kind]
    rule = _validation(column, language)
    if rule is not None:
        rule.errorTitle = column.heading_zh if language is Language.ZH else column.heading_en
        rule.error = column.expected(language)[:220]
        rule.showErrorMessage = True
        sheet.add_data_validation(rule)
        rule.add(f"{letter}3:{letter}{MOST_ROWS + 1}")


def _validation(column: TemplateColumn, language: Language) -> DataValidation | None:
    """Return what a spreadsheet program lets into a cell of the column: a list, a range of days or of amounts."""
    match column.kind:
        case ColumnKind.CHOICE:
            assert column.choices is not None, "a choice has words"
            words = [chinese or word if language is Language.ZH else word for word, chinese in column.choices.items()]
            listed = ",".join(words)
            assert len(listed) <= _LONGEST_LIST, "a longer list needs a sheet of its own"
            return DataValidation(type="list", formula1=f'"{listed}"', allow_blank=not column.is_required)
        case ColumnKind.DAY:
            return DataValidation(
                type="date",
                operator="between",
                formula1="DATE(1990,1,1)",
                formula2="DATE(2200,12,31)",
                allow_blank=True,
            )
        case ColumnKind.WHOLE | ColumnKind.NUMBER:
            least = -_LARGEST if column.key == "balance" else 0
            return DataValidation(
                type="whole" if column.kind is ColumnKind.WHOLE else "decimal",
                operator="between",
                formula1=str(least),
                formula2=str(_LARGEST),
                allow_blank=True,
            )
        case ColumnKind.YEAR:
            return DataValidation(type="whole", operator="between", formula1="1990", formula2="2200", allow_blank=True)
        case ColumnKind.TEXT | ColumnKind.MONTH:
            return None


def _instruct(sheet: Worksheet, form: TemplateForm, language: Language) -> None:
    sheet.append([form.title(language)])
    sheet["A1"].font = Font(bold=True, size=14)
    for line in _ABOUT[language]:
        sheet.append([line])
    if form.template in {Template.REGISTRY_STATEMENT, Template.BANK_STATEMENT}:
        sheet.append(
            [
                "每行只填转入(收入)或转出(支出)之一。"
                if language is Language.ZH
                else "Each row has an amount either in or out."
            ]
        )
    sheet.append([])
    sheet.append(list(_TABLE_HEADS[language]))
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for column in form.columns:
        needed = _YES[language][0 if column.is_required else 1]
        sheet.append([column.heading, needed, column.expected(language), column.example])
    for letter, width in (("A", 44), ("B", 10), ("C", 70), ("D", 24)):
        sheet.column_dimensions[letter].width = width
