"""Reads the lines of a bank or registry statement from tables of text cells, by the source's saved mapping.

Owns finding the header, every refusal by row and column, the running balance and each line's identity. Opens no file: whoever
unpacks one hands over its sheets.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Protocol

from ledger.core.amounts import Commodity, format_units
from ledger.core.errors import Expected, ImportRefused, Invalid, RowError
from ledger.core.statement_mapping import (
    COMMODITY_COLUMNS,
    LineOrder,
    StatementColumn,
    StatementMapping,
    normal_words,
    parse_amount,
    parse_statement_day,
)

_HEADER_ROWS = 50
_MAX_TEXT = 400
_SHOWN = 80


class StatementSheet(Protocol):
    """One sheet of text cells as it stood in a file; ``sheet`` is empty for a file without sheets."""

    @property
    def file(self) -> str:
        """The file's name, as it may be shown."""

    @property
    def sheet(self) -> str:
        """The sheet's name."""

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells without outer blanks, row by row from the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line of a statement as read.

    ``amount`` and ``balance`` are in the commodity's smallest unit, positive where the account holds more by it. ``key`` is the
    line's identity within its source: the reference where the source gives each once, else a hash of the line and its occurrence.
    """

    key: str
    commodity: str
    account: str
    booked_on: date
    value_on: date | None
    reference: str
    counterparty: str
    amount: int
    balance: int | None
    detail: str
    sheet: str
    row: int


def read_statement(
    sheets: Sequence[StatementSheet], mapping: StatementMapping, commodities: Mapping[str, Commodity]
) -> tuple[StatementLine, ...]:
    """Return the lines of a statement, the oldest first as the source orders them; a file without a single line is refused.

    Rows that are empty, that repeat the header, or that begin with a skipped word are no lines. Every cell that cannot be read, an
    amount of zero, a balance that is not the balance before plus the line's amount, and a unique reference that comes twice are
    named in one ``ImportRefused``: file, sheet, row, column, value and what was expected. ``commodities`` gives each account's.
    """
    assert sheets, "a file has at least one sheet"
    file = sheets[0].file
    read: list[StatementLine] = []
    errors: list[RowError] = []
    for sheet in _wanted(sheets, mapping, errors):
        header = _find_header(sheet, mapping, errors)
        if header is not None:
            reader = _SheetReader(sheet, mapping, commodities, header, errors)
            read.extend(reader.lines())
    if not read and not errors:
        errors.append(
            RowError(file=file, row=1, expected=Expected("row.nothing", "at least one line under the header"))
        )
    if not errors:
        if mapping.order is LineOrder.NEWEST_FIRST:
            read.reverse()
        errors.extend(_wrong_balances(file, read, mapping, commodities))
        errors.extend(_repeated_references(file, read, mapping))
    if errors:
        raise ImportRefused(file, tuple(sorted(errors, key=lambda error: (error.sheet, error.row))))
    return _identified(read, mapping)


def normal_reference(text: str) -> str:
    """Return a reference for comparison: letters and digits only, without width or case. ``" T-2025/001"`` gives ``t2025001``."""
    return "".join(mark for mark in unicodedata.normalize("NFKC", text).casefold() if mark.isalnum())


_EITHER = Expected("row.in_or_out", "an amount in or an amount out, not both and not none")
_NOT_ZERO = Expected("row.amount_zero", "an amount that is not zero")


class _SheetReader:
    """One sheet being read under its header; it collects what is wrong everywhere, so that one pass names it all."""

    def __init__(
        self,
        sheet: StatementSheet,
        mapping: StatementMapping,
        commodities: Mapping[str, Commodity],
        header: tuple[int, Mapping[StatementColumn, int]],
        errors: list[RowError],
    ) -> None:
        self._sheet = sheet
        self._mapping = mapping
        self._commodities = commodities
        self._header_row, self._columns = header
        self._errors = errors
        self._codes = {normal_words(code): code for code in mapping.accounts} | {
            normal_words(word): code for word, code in mapping.commodity_words.items()
        }
        self._skipped = tuple(normal_words(word) for word in mapping.skipped_words)
        self._in = frozenset(normal_words(word) for word in mapping.in_words)
        self._out = frozenset(normal_words(word) for word in mapping.out_words)

    def lines(self) -> list[StatementLine]:
        """Return the readable lines under the header."""
        heading = self._sheet.rows[self._header_row - 1]
        found = []
        for number, cells in enumerate(self._sheet.rows[self._header_row :], start=self._header_row + 1):
            first = next((normal_words(cell) for cell in cells if cell), "")
            if not first or cells == heading or (self._skipped and first.startswith(self._skipped)):
                continue
            line = self._line(number, cells)
            if line is not None:
                found.append(line)
        return found

    def _line(self, number: int, cells: tuple[str, ...]) -> StatementLine | None:
        before = len(self._errors)
        booked_on = self._day(number, cells, StatementColumn.BOOKED_ON)
        value_on = self._day(number, cells, StatementColumn.VALUE_ON)
        if booked_on is None and len(self._errors) == before:
            expected = Expected(
                "row.statement_day", f"a day as {self._mapping.date_format}", format=self._mapping.date_format
            )
            self._refuse(number, cells, StatementColumn.BOOKED_ON, expected)
        texts = {column: self._text(number, cells, column) for column in (
            StatementColumn.REFERENCE, StatementColumn.COUNTERPARTY, *COMMODITY_COLUMNS,
        )}  # fmt: skip
        commodity = self._commodity(number, cells)
        if commodity is None:
            return None
        amount = self._amount(number, cells, commodity)
        balance = self._units(number, cells, StatementColumn.BALANCE, commodity)
        has_balance = bool(self._cell(cells, StatementColumn.BALANCE))
        if len(self._errors) > before or booked_on is None:
            return None
        return StatementLine(
            key="",
            commodity=commodity,
            account=self._mapping.account_of(commodity),
            booked_on=booked_on,
            value_on=value_on,
            reference=texts[StatementColumn.REFERENCE],
            counterparty=texts[StatementColumn.COUNTERPARTY],
            amount=amount,
            balance=balance if has_balance else None,
            detail=" ".join(texts[column] for column in COMMODITY_COLUMNS if texts[column]),
            sheet=self._sheet.sheet,
            row=number,
        )

    def _amount(self, number: int, cells: tuple[str, ...], commodity: str) -> int:
        """Return the signed amount; one that is zero or said twice is refused and 0."""
        before = len(self._errors)
        if StatementColumn.AMOUNT_IN in self._columns:
            column = StatementColumn.AMOUNT_IN
            inward = self._units(number, cells, column, commodity)
            outward = self._units(number, cells, StatementColumn.AMOUNT_OUT, commodity)
            amount, expected = inward - outward, _EITHER
            is_wrong = bool(inward) == bool(outward)
        else:
            column = StatementColumn.AMOUNT
            amount, expected = self._units(number, cells, column, commodity), _NOT_ZERO
            is_wrong = not amount
            if StatementColumn.DIRECTION in self._columns:
                amount *= self._direction(number, cells)
            elif self._mapping.is_outflow_positive:
                amount = -amount
        if is_wrong and len(self._errors) == before:
            self._refuse(number, cells, column, expected)
        return amount

    def _direction(self, number: int, cells: tuple[str, ...]) -> int:
        word = normal_words(self._cell(cells, StatementColumn.DIRECTION))
        if word not in self._in | self._out:
            words = ", ".join((*self._mapping.in_words, *self._mapping.out_words))[:200]
            expected = Expected("row.direction_word", f"one of {words}", words=words)
            self._refuse(number, cells, StatementColumn.DIRECTION, expected)
        return -1 if word in self._out else 1

    def _commodity(self, number: int, cells: tuple[str, ...]) -> str | None:
        if self._mapping.commodity is not None:
            return self._mapping.commodity
        words = " ".join(self._cell(cells, column) for column in COMMODITY_COLUMNS if column in self._columns)
        code = self._codes.get(normal_words(words))
        if code is None:
            column = next(column for column in COMMODITY_COLUMNS if column in self._columns)
            known = ", ".join((*self._mapping.commodity_words, *self._mapping.accounts))[:200]
            expected = Expected("row.commodity_mapped", f"one of {known}; add others to the mapping", words=known)
            self._refuse(number, cells, column, expected, shown=words)
        return code

    def _units(self, number: int, cells: tuple[str, ...], column: StatementColumn, commodity: str) -> int:
        if column not in self._columns:
            return 0
        try:
            return parse_amount(
                self._cell(cells, column),
                self._mapping,
                self._commodities[commodity].scale,
                is_worksheet=bool(self._sheet.sheet),
                field=column.value,
            )
        except Invalid as error:
            self._refuse(number, cells, column, Expected.of(error))
            return 0

    def _day(self, number: int, cells: tuple[str, ...], column: StatementColumn) -> date | None:
        text = self._cell(cells, column)
        if not text:
            return None
        try:
            return parse_statement_day(text, self._mapping, is_worksheet=bool(self._sheet.sheet), field=column.value)
        except Invalid as error:
            self._refuse(number, cells, column, Expected.of(error))
            return None

    def _text(self, number: int, cells: tuple[str, ...], column: StatementColumn) -> str:
        text = " ".join(self._cell(cells, column).split())
        if len(text) > _MAX_TEXT or not text.isprintable():
            expected = Expected("row.long_text", f"at most {_MAX_TEXT} printable characters", characters=_MAX_TEXT)
            self._refuse(number, cells, column, expected)
        return text

    def _cell(self, cells: tuple[str, ...], column: StatementColumn) -> str:
        index = self._columns.get(column)
        return cells[index].strip() if index is not None and index < len(cells) else ""

    def _refuse(
        self,
        number: int,
        cells: tuple[str, ...],
        column: StatementColumn,
        expected: Expected,
        *,
        shown: str | None = None,
    ) -> None:
        index = self._columns[column]
        value = self._cell(cells, column) if shown is None else shown
        self._errors.append(
            RowError(
                file=self._sheet.file,
                sheet=self._sheet.sheet,
                row=number,
                column=self._sheet.rows[self._header_row - 1][index][:_SHOWN],
                value=value[:_SHOWN],
                expected=expected,
            )
        )


def _wanted(
    sheets: Sequence[StatementSheet], mapping: StatementMapping, errors: list[RowError]
) -> tuple[StatementSheet, ...]:
    """Return the sheets to read: the one the mapping names, else every sheet that holds anything."""
    if mapping.sheet is None or not sheets[0].sheet:
        return tuple(sheet for sheet in sheets if any(any(row) for row in sheet.rows))
    found = tuple(sheet for sheet in sheets if normal_words(sheet.sheet) == normal_words(mapping.sheet))
    if not found:
        errors.append(
            RowError(
                file=sheets[0].file,
                row=1,
                expected=Expected("row.sheet_named", f"a sheet named {mapping.sheet}", sheet=mapping.sheet),
            )
        )
    return found


def _find_header(
    sheet: StatementSheet, mapping: StatementMapping, errors: list[RowError]
) -> tuple[int, Mapping[StatementColumn, int]] | None:
    """Return the first of the first 50 rows that has every mapped column (its number from 1), and where each stands."""
    wanted = {column: frozenset(normal_words(name) for name in names) for column, names in mapping.columns.items()}
    best_missing = [column.value for column in wanted]
    for number, cells in enumerate(sheet.rows[:_HEADER_ROWS], start=1):
        names = [normal_words(cell) for cell in cells]
        places = {column: [at for at, name in enumerate(names) if name in known] for column, known in wanted.items()}
        missing = [column.value for column in wanted if not places[column]]
        if not missing:
            twice = [column.value for column in wanted if len(places[column]) > 1]
            if twice:
                names_twice = ", ".join(twice)
                text = f"one column each for {names_twice}; two headers fit"
                expected = Expected("row.column_once", text, columns=names_twice)
                errors.append(RowError(file=sheet.file, sheet=sheet.sheet, row=number, expected=expected))
                return None
            return number, {column: at[0] for column, at in places.items()}
        if len(missing) < len(best_missing):
            best_missing = missing
    missing_names = ", ".join(best_missing)
    text = f"a header row with every mapped column in the first {_HEADER_ROWS} rows (not found: {missing_names})"
    expected = Expected("row.mapped_header", text, rows=_HEADER_ROWS, missing=missing_names)
    errors.append(RowError(file=sheet.file, sheet=sheet.sheet, row=1, expected=expected))
    return None


def _wrong_balances(
    file: str, lines: Sequence[StatementLine], mapping: StatementMapping, commodities: Mapping[str, Commodity]
) -> list[RowError]:
    """Return each line whose balance is not the last balance before it plus the amounts since, commodity by commodity.

    Balance after = balance before + amount is what a running balance means; 100.00 then 12.50 in gives 112.50.
    """
    if StatementColumn.BALANCE not in mapping.columns:
        return []
    errors = []
    running: dict[str, int] = {}
    for line in lines:
        due = running[line.commodity] + line.amount if line.commodity in running else None
        if line.balance is not None:
            if due is not None and due != line.balance:
                scale = commodities[line.commodity].scale
                told = format_units(due, scale)
                text = f"{told}, the balance before and this line's amount"
                expected = Expected("row.running_balance", text, balance=told)
                shown = format_units(line.balance, scale)
                errors.append(_line_error(file, line, StatementColumn.BALANCE, shown, expected))
            running[line.commodity] = line.balance
        elif due is not None:
            running[line.commodity] = due
    return errors


def _repeated_references(file: str, lines: Sequence[StatementLine], mapping: StatementMapping) -> list[RowError]:
    if not mapping.is_reference_unique:
        return []
    first_rows: dict[tuple[str, str], StatementLine] = {}
    errors = []
    for line in lines:
        reference = _folded(line.reference)
        first = first_rows.setdefault((line.commodity, reference), line)
        if reference and first is not line:
            expected = Expected("row.repeated", f"every reference once; row {first.row} has this one", row=first.row)
            errors.append(_line_error(file, line, StatementColumn.REFERENCE, line.reference, expected))
    return errors


def _line_error(file: str, line: StatementLine, column: StatementColumn, value: str, expected: Expected) -> RowError:
    return RowError(
        file=file, sheet=line.sheet, row=line.row, column=column.value, value=value[:_SHOWN], expected=expected
    )


def _identified(lines: Sequence[StatementLine], mapping: StatementMapping) -> tuple[StatementLine, ...]:
    """Return the lines with their keys: the reference where it is unique, else a hash of the line and its occurrence in the file.

    The hash covers days, amount, commodity, reference, counterparty and balance, so files that overlap give one line one key;
    without a balance, two equal lines of a day that two files split between them cannot be told apart.
    """
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        reference = _folded(line.reference)
        if mapping.is_reference_unique and reference:
            found.append(replace(line, key=f"ref:{line.commodity}:{reference}"))
            continue
        content = "\x1f".join(
            (
                line.commodity,
                line.booked_on.isoformat(),
                line.value_on.isoformat() if line.value_on else "",
                reference,
                line.counterparty,
                str(line.amount),
                "" if line.balance is None else str(line.balance),
            )
        )
        digest = hashlib.sha256(content.encode()).hexdigest()
        seen[digest] += 1
        found.append(replace(line, key=f"{digest}:{seen[digest]}"))
    assert all(one.key != other.key for one, other in pairwise(found)), "neighbouring lines have keys of their own"
    return tuple(found)


def _folded(reference: str) -> str:
    return unicodedata.normalize("NFKC", reference).casefold()
