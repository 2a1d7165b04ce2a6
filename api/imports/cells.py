"""How one marked cell becomes the plain text that the readers of trades, months and prices take.

Owns the stated rules: full-width signs count as narrow ones, a comma sets thousands apart in groups of three, a point begins the
decimals, a percentage is refused. Knows no row and no file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from api.imports.child_numbers import LONG_INTEGER, NO_DAY, NO_NUMBER, serial_text
from api.imports.child_workbook import ERROR, FORMULA, LONG_TEXT, LONGEST_CELL, TRUTH, UNPRINTABLE
from api.imports.templates import ColumnKind, TemplateColumn
from finance.conventions.table_rules import NO_ERROR, NO_FORMULA, NO_TRUTH, PRINTABLE
from ledger.core.errors import Expected

_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_DAY = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)", re.ASCII
)
_COMPACT_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_MONTH = re.compile(r"([0-9]{4})(?:[-/]([0-9]{1,2})|年([0-9]{1,2})月)", re.ASCII)
_YEAR = re.compile(r"([0-9]{4})年?", re.ASCII)
_SERIAL = re.compile(r"[0-9]{1,7}", re.ASCII)
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-"})
_COMPACT_LENGTH = 8


UNREADABLE: Mapping[str, Expected] = {
    FORMULA: NO_FORMULA,
    ERROR: NO_ERROR,
    TRUTH: NO_TRUTH,
    UNPRINTABLE: PRINTABLE,
    LONG_TEXT: Expected("row.long_cell", LONG_TEXT, characters=LONGEST_CELL),
    LONG_INTEGER: Expected("row.long_integer", LONG_INTEGER, digits=15),
    NO_NUMBER: Expected("row.large_number", NO_NUMBER, exponent=30),
    NO_DAY: Expected("row.serial_day", NO_DAY),
}
"""What the child process says of a cell of no use, which has the standard library only, with its code."""


def plain(cell: str, column: TemplateColumn, *, is_1904: bool) -> tuple[str, Expected | None]:
    """Return the cell's plain text and None, or an empty text and what was expected instead."""
    if not cell:
        return "", None
    mark, text = cell[0], cell[1:]
    expected = column.rule
    if mark == "x":
        return "", UNREADABLE[text]
    if mark == "p" and column.kind is not ColumnKind.TEXT:
        return "", Expected("row.percentage", f"{expected}; this cell is formatted as a percentage")
    match column.kind:
        case ColumnKind.TEXT:
            return text, None
        case ColumnKind.CHOICE:
            found = _word(text, column)
        case ColumnKind.DAY:
            found = _day(mark, text, is_1904=is_1904)
        case ColumnKind.MONTH:
            found = _month(mark, text, is_1904=is_1904)
        case ColumnKind.YEAR:
            year = _YEAR.fullmatch(_narrow(text)) if mark in "nt" else None
            found = year[1] if year else ""
        case ColumnKind.NUMBER | ColumnKind.WHOLE:
            found = _amount(mark, text, is_whole=column.kind is ColumnKind.WHOLE)
    return (found, None) if found else ("", expected)


def _narrow(text: str) -> str:
    """Return the text with full-width digits, points and commas as narrow ones."""
    return unicodedata.normalize("NFKC", text).translate(_MINUS).strip()


def _amount(mark: str, text: str, *, is_whole: bool) -> str:
    if mark not in {"n", "t"}:
        return ""
    number = text if mark == "n" else _narrow(text)
    if _GROUPED.fullmatch(number):
        number = number.replace(",", "")
    if not _NUMBER.fullmatch(number):
        return ""
    if is_whole and "." in number:
        whole, _, places = number.partition(".")
        return "" if places.strip("0") else whole  # 20000.00 is a whole number as banks and registries print it
    return number


def _day(mark: str, text: str, *, is_1904: bool) -> str:
    if mark == "d":
        return text.partition(" ")[0]
    shown = _narrow(text)
    if mark == "n" and len(shown) != _COMPACT_LENGTH:
        return serial_text(shown, is_1904=is_1904)[0] if _SERIAL.fullmatch(shown) else ""
    found = _DAY.fullmatch(shown) or _COMPACT_DAY.fullmatch(shown)
    if found is None:
        return ""
    parts = [int(part) for part in found.groups() if part is not None]
    try:
        return date(*parts).isoformat()
    except ValueError:
        return ""


def _month(mark: str, text: str, *, is_1904: bool) -> str:
    found = _MONTH.fullmatch(_narrow(text)) if mark == "t" else None
    if found is not None:
        month = int(found[2] or found[3])
        return f"{found[1]}-{month:02}" if 1 <= month <= 12 else ""  # noqa: PLR2004 - months of a year
    day = _day(mark, text, is_1904=is_1904)
    return day[:7] if day.endswith("-01") else ""


def _word(text: str, column: TemplateColumn) -> str:
    assert column.choices is not None, "a choice has words"
    shown = _narrow(text)
    for word, chinese in column.choices.items():
        if shown.casefold() == word or (chinese and shown in {chinese, f"{chinese} {word}", f"{word} {chinese}"}):
            return word
    return ""
