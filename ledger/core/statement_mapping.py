"""How the statement of one source is spelled: its columns by header name, dates, marks, signs, commodity and accounts.

Owns the saved mapping and its refusals, and how one cell becomes a day or an amount. Opens no file and knows no ledger balance;
a mapping is versioned by whoever keeps it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

from ledger.core.accounts import is_path
from ledger.core.amounts import is_commodity_code, parse_units
from ledger.core.errors import Invalid

MAX_HEADERS = 10
MAX_WORDS = 200
MAX_WINDOW_DAYS = 366
"""A sanity bound of this program; the window itself is each source's own."""

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_MAX_TEXT = 200
_TOKENS = MappingProxyType({"YYYY": r"(?P<year>[0-9]{4})", "MM": r"(?P<month>[0-9]{2})", "M": r"(?P<month>[0-9]{1,2})"})
_DAY_TOKENS = MappingProxyType({"DD": r"(?P<day>[0-9]{2})", "D": r"(?P<day>[0-9]{1,2})"})
_DATE_FORMAT = re.compile(r"YYYY|MM|M|DD|D|[-/. ,年月日]", re.ASCII)
_TIME = r"(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
_ISO = re.compile(rf"(?P<year>[0-9]{{4}})-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}}){_TIME}", re.ASCII)
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_NOTHING = frozenset({"", "-", "--", "—", "——"})
_MINUS = "\u2212"


class SourceKind(StrEnum):
    """Whose statement it is."""

    REGISTRY = "registry"  # allowances or credits on an account of a registry
    BANK = "bank"  # money on an account of a bank


class StatementColumn(StrEnum):
    """What a column of a statement says."""

    BOOKED_ON = "booked_on"
    VALUE_ON = "value_on"
    REFERENCE = "reference"
    COUNTERPARTY = "counterparty"
    AMOUNT = "amount"
    AMOUNT_IN = "amount_in"
    AMOUNT_OUT = "amount_out"
    DIRECTION = "direction"
    BALANCE = "balance"
    COMMODITY = "commodity"
    VINTAGE = "vintage"
    PROJECT = "project"


class LineOrder(StrEnum):
    """In which order a statement prints its lines."""

    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"


COMMODITY_COLUMNS = (StatementColumn.COMMODITY, StatementColumn.VINTAGE, StatementColumn.PROJECT)
_AMOUNT_FORMS = (
    frozenset({StatementColumn.AMOUNT}),
    frozenset({StatementColumn.AMOUNT, StatementColumn.DIRECTION}),
    frozenset({StatementColumn.AMOUNT_IN, StatementColumn.AMOUNT_OUT}),
)
_AMOUNTS = frozenset().union(*_AMOUNT_FORMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementMapping:
    """How to read a statement of one source; every column that is mapped must stand in the file.

    ``columns`` gives the header names a column may have (any language), compared without blanks, width or case. ``accounts`` names
    the book's account of each commodity. The commodity is either ``commodity`` for all lines, or the cells of the columns commodity,
    vintage and project joined by a blank, looked up in ``commodity_words``. An amount comes as a signed column
    (``is_outflow_positive`` turns its sign), as a column for in and one for out, or with a direction column whose words are
    ``in_words`` and ``out_words``. A row whose first cell begins with one of ``skipped_words`` is no line (opening balance, totals).
    ``is_reference_unique`` says that a reference stands once in a commodity's statements for ever. ``window_days`` is how many days
    apart, either way, a line and its entry may lie. A ``sheet`` reads only that worksheet.
    """

    columns: Mapping[StatementColumn, tuple[str, ...]]
    accounts: Mapping[str, str]
    date_format: str
    window_days: int
    commodity: str | None = None
    commodity_words: Mapping[str, str] = field(default_factory=dict)
    decimal_mark: str = "."
    thousands_mark: str = ","
    is_outflow_positive: bool = False
    in_words: tuple[str, ...] = ()
    out_words: tuple[str, ...] = ()
    skipped_words: tuple[str, ...] = ()
    order: LineOrder = LineOrder.OLDEST_FIRST
    is_reference_unique: bool = False
    sheet: str | None = None

    def __post_init__(self) -> None:
        """Refuse a mapping that could not read any file, or could read one in two ways (``reconciliation.mapping_...``)."""
        _check_columns(self)
        _check_accounts(self)
        _check_spelling(self)

    def account_of(self, commodity: str) -> str:
        """Return the path of the account that holds ``commodity``."""
        return self.accounts[commodity]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSource:
    """One registry or bank account whose statements are read: a code, a title for people, and its mapping."""

    code: str
    title: str
    kind: SourceKind
    mapping: StatementMapping

    def __post_init__(self) -> None:
        """Refuse a code outside ``[a-z0-9-]`` and a title that is not one line."""
        if not _CODE.fullmatch(self.code):
            raise Invalid(
                "reconciliation.source_code", "code: expected 1 to 40 of a-z 0-9 -", field="code", value=self.code[:40]
            )
        _check_words((self.title,), "title")


def parse_amount(text: str, mapping: StatementMapping, scale: int, *, is_worksheet: bool, field: str) -> int:
    """Return the smallest units that a cell spells, signed as it stands; an empty cell or a lone dash is 0.

    ``(1,234.50)``, ``-1,234.50`` and ``1,234.50-`` are minus 1234.50 at marks ``,`` and ``.``; groups have three digits. A number
    cell of a worksheet comes as plain text with a point whatever the marks; a cell with two readings is refused
    (``reconciliation.amount``), as is everything else. At scale 2, ``12.5`` gives 1250.
    """
    if text in _NOTHING:
        return 0
    readings = {_marked(text, mapping)} | ({_plain(text)} if is_worksheet else set())
    units = set()
    for reading in readings - {None}:
        assert reading is not None, "the set was cleared of None"
        try:
            units.add(parse_units(reading, scale, field=field))
        except Invalid:
            continue
    if len(units) != 1:
        example = f"1{mapping.thousands_mark}234" + (f"{mapping.decimal_mark}{'5':0<{scale}}" if scale else "")
        raise Invalid("reconciliation.amount", f"{field}: expected one amount such as {example}", field=field)
    return units.pop()


def parse_statement_day(text: str, mapping: StatementMapping, *, is_worksheet: bool, field: str) -> date:
    """Return the day a cell spells in the mapping's format, a time after it left aside; a worksheet's date cell comes as ISO text.

    ``parse_statement_day("2026/10/31 09:15:00", ...)`` at ``YYYY/MM/DD`` is 31 October 2026.
    """
    found = re.fullmatch(_date_pattern(mapping.date_format) + _TIME, text, re.ASCII)
    if found is None and is_worksheet:
        found = _ISO.fullmatch(text)
    try:
        if found is not None:
            return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        pass
    raise Invalid("reconciliation.day", f"{field}: expected a day as {mapping.date_format}", field=field)


def normal_words(text: str) -> str:
    """Return a header or word for comparison, without blanks, width and case: ``" 交易 日期 Date"`` gives ``交易日期date``."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _marked(text: str, mapping: StatementMapping) -> str | None:
    """Return plain decimal text of an amount spelled with the mapping's marks, None when it is not."""
    body, is_negative = text.replace(_MINUS, "-"), False
    if body.startswith("(") and body.endswith(")"):
        body, is_negative = body[1:-1], True
    elif body.startswith("-") or body.endswith("-"):
        body, is_negative = (body[1:] if body.startswith("-") else body[:-1]), True
    elif body.startswith("+"):
        body = body[1:]
    mark, group = re.escape(mapping.decimal_mark), re.escape(mapping.thousands_mark)
    grouped = rf"|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+" if group else ""
    found = re.fullmatch(rf"(?P<whole>[0-9]+{grouped})(?:{mark}(?P<part>[0-9]+))?", body.strip(), re.ASCII)
    if found is None:
        return None
    whole = found["whole"].replace(mapping.thousands_mark, "") if group else found["whole"]
    return _canonical(whole, found["part"], is_negative=is_negative)


def _plain(text: str) -> str | None:
    """Return the text of a worksheet's number cell, None when it is none."""
    if not _PLAIN.fullmatch(text):
        return None
    whole, _, part = text.removeprefix("-").partition(".")
    return _canonical(whole, part, is_negative=text.startswith("-"))


def _canonical(whole: str, part: str | None, *, is_negative: bool) -> str:
    digits = whole.lstrip("0") or "0"
    return ("-" if is_negative else "") + digits + (f".{part}" if part else "")


def _date_pattern(date_format: str) -> str:
    pieces = _DATE_FORMAT.findall(date_format)
    return "".join(_TOKENS.get(piece) or _DAY_TOKENS.get(piece) or re.escape(piece) for piece in pieces)


def _check_columns(mapping: StatementMapping) -> None:
    named = frozenset(mapping.columns)
    if StatementColumn.BOOKED_ON not in named:
        raise _wrong("mapping_day", "columns", "expected a header for booked_on, the day of a line")
    if named & _AMOUNTS not in _AMOUNT_FORMS:
        raise _wrong(
            "mapping_amount", "columns", "expected amount, or amount with direction, or amount_in with amount_out"
        )
    has_direction = StatementColumn.DIRECTION in named
    words = [normal_words(word) for word in (*mapping.in_words, *mapping.out_words)]
    if has_direction != bool(mapping.in_words and mapping.out_words) or (words and not has_direction):
        raise _wrong(
            "mapping_directions", "in_words", "expected in_words and out_words with a direction column, and only then"
        )
    if len(set(words)) != len(words):
        raise _wrong("mapping_words_twice", "in_words", "expected every word once, in in_words or in out_words")
    if mapping.is_outflow_positive and named & _AMOUNTS != _AMOUNT_FORMS[0]:
        raise _wrong("mapping_outflow", "is_outflow_positive", "expected only with one signed amount column")
    headers = [normal_words(name) for names in mapping.columns.values() for name in names]
    if any(not 1 <= len(names) <= MAX_HEADERS for names in mapping.columns.values()):
        raise _wrong("mapping_headers", "columns", f"expected 1 to {MAX_HEADERS} header names for each column")
    if not all(headers) or len(set(headers)) != len(headers):
        raise _wrong("mapping_header_twice", "columns", "expected header names with letters, each for one column only")


def _check_accounts(mapping: StatementMapping) -> None:
    if not 1 <= len(mapping.accounts) <= MAX_WORDS:
        raise _wrong("mapping_accounts", "accounts", f"expected 1 to {MAX_WORDS} commodities with their account")
    if not all(is_commodity_code(code) and is_path(path) for code, path in mapping.accounts.items()):
        raise _wrong(
            "mapping_account",
            "accounts",
            "expected commodity codes such as CEA25 and account paths such as Assets:Bank:CNY",
        )
    if len(set(mapping.accounts.values())) != len(mapping.accounts):
        raise _wrong("mapping_account_twice", "accounts", "expected another account for each commodity")
    has_columns = any(column in mapping.columns for column in COMMODITY_COLUMNS)
    if mapping.commodity is not None and (has_columns and mapping.commodity_words):
        raise _wrong(
            "mapping_commodity_twice",
            "commodity",
            "expected one commodity for all lines, or commodity_words; leave one out",
        )
    if mapping.commodity is None and not has_columns:
        raise _wrong(
            "mapping_commodity",
            "commodity",
            "expected one commodity for all lines, or a column of commodity, vintage or project",
        )
    known = {mapping.commodity} if mapping.commodity is not None else set(mapping.commodity_words.values())
    if known - set(mapping.accounts):
        raise _wrong(
            "mapping_commodity_unknown",
            "commodity",
            f"expected commodities with an account: {', '.join(sorted(mapping.accounts))[:200]}",
        )
    words = [normal_words(word) for word in mapping.commodity_words]
    if len(words) > MAX_WORDS or len(set(words)) != len(words) or not all(words):
        raise _wrong("mapping_commodity_words", "commodity_words", f"expected at most {MAX_WORDS} words, each once")


def _check_spelling(mapping: StatementMapping) -> None:
    pieces = _DATE_FORMAT.findall(mapping.date_format)
    letters = [piece for piece in pieces if piece.isascii() and piece.isalpha()]
    is_whole = "".join(pieces) == mapping.date_format and sorted(piece[0] for piece in letters) == ["D", "M", "Y"]
    runs_together = any(one in {"M", "D"} and other in letters for one, other in pairwise(pieces))
    if not is_whole or runs_together:
        raise _wrong(
            "mapping_date",
            "date_format",
            "expected YYYY, MM or M, DD or D once each, such as YYYY-MM-DD or YYYY年M月D日",
        )
    if mapping.decimal_mark not in {".", ","} or mapping.thousands_mark not in {"", ",", ".", " ", "'"}:
        raise _wrong(
            "mapping_decimal", "decimal_mark", "expected decimal mark . or , and thousands mark , . ' blank or none"
        )
    if mapping.decimal_mark == mapping.thousands_mark:
        raise _wrong("mapping_marks", "decimal_mark", "expected another mark for thousands than for decimals")
    if not 0 <= mapping.window_days <= MAX_WINDOW_DAYS:
        raise _wrong("window_days", "window_days", f"expected 0 to {MAX_WINDOW_DAYS} days")
    for name, words in (
        ("columns", tuple(name for names in mapping.columns.values() for name in names)),
        ("commodity_words", tuple(mapping.commodity_words)),
        ("skipped_words", mapping.skipped_words),
        ("in_words", (*mapping.in_words, *mapping.out_words)),
        ("sheet", () if mapping.sheet is None else (mapping.sheet,)),
    ):
        _check_words(words, name)


def _check_words(words: tuple[str, ...], name: str) -> None:
    if len(words) > MAX_WORDS or any(
        not normal_words(word) or len(word) > _MAX_TEXT or not word.isprintable() for word in words
    ):
        raise _wrong(
            "mapping_words",
            name,
            f"expected at most {MAX_WORDS} words of one printable line, each of 1 to {_MAX_TEXT} characters",
        )


def _wrong(reason: str, name: str, expected: str) -> Invalid:
    return Invalid(f"reconciliation.{reason}", f"{name}: {expected}", field=name)
