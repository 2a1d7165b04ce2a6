"""Trades and instruments typed in by people: ``trades.csv`` and ``instruments.csv``, or the same columns in a workbook.

Owns the columns and their refusals; a table is read as a whole or not at all. Which facts belong to which kind of trade
is said in ``finance.accounting.trades``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TypeVar

from finance.accounting.instruments import Instrument, InstrumentKind, Tradability
from finance.accounting.trades import Trade, TradeKind, check_price, check_words, misplaced_fields, refused
from finance.conventions.table_rules import STRAY, nothing, repeated, unknown_heading
from finance.conventions.tables import Table, parse_day
from finance.feeds.columns import find_header
from ledger.core.amounts import parse_decimal, parse_units
from ledger.core.errors import DomainError, Expected, ImportRefused, Invalid, RowError

TRADE_COLUMNS: Mapping[str, str] = {
    "trade_ref": "交易编号",
    "kind": "类型",
    "traded_on": "日期",
    "instrument": "品种",
    "quantity_t": "数量(t)",
    "price_cny_per_t": "价格(元/t)",
    "fee_cny": "费用(元)",
    "counterparty": "对手方",
    "venue": "场所",
    "compliance_year": "履约年度",
    "doc_ref": "凭证号",
    "note": "备注",
}
"""English key and Chinese heading; a heading is either, or both with a blank between as the template prints it."""

INSTRUMENT_COLUMNS: Mapping[str, str] = {
    "code": "品种代码",
    "kind": "种类",
    "vintage_year": "配额年度",
    "project": "项目",
    "methodology": "方法学",
    "registered_on": "登记日",
    "is_inside_national_ets": "全国碳市场管控范围内",
    "price_instrument": "估值品种",
}

MORE_TRADE_COLUMNS: Mapping[str, str] = {
    "price_eur_per_t": "欧元价格(欧元/t)",
    "fixing_cny_per_eur": "汇率(元/欧元)",
    "fixing_ref": "汇率来源",
    "vat_code": "税码",
    "settled_on": "结算日",
}
"""Columns that a table may leave out: euro trades, VAT codes and a day of settlement that is not the day of the trade."""

MORE_INSTRUMENT_COLUMNS: Mapping[str, str] = {
    "price_period": "定价期间",
    "valid_until": "有效期至",
    "tradability": "可交易性",
}
"""Columns that a table may leave out: what CBAM certificates and green certificates need."""

_CNY_PLACES = 2
_YEAR_DIGITS = 4
_SHOWN = 200
Read = TypeVar("Read")


def parse_trades(table: Table) -> tuple[Trade, ...]:
    """Return every row of ``table`` as a trade, in file order, each with its file and row as ``origin``.

    Every column of ``TRADE_COLUMNS`` stands in the header, in any order, those of ``MORE_TRADE_COLUMNS`` where needed;
    cells that a kind does not need are empty. Quantities are whole
    tonnes, prices CNY per t, fees CNY with at most two decimals, days YYYY-MM-DD, all in plain ASCII digits. Whatever
    cannot be read, and a ``trade_ref`` that comes twice, is named cell by cell in one ``ImportRefused``.
    """
    reader = _TableReader(table, TRADE_COLUMNS, MORE_TRADE_COLUMNS)
    trades: list[Trade] = []
    first_rows: dict[str, int] = {}
    for row in reader.rows():
        trade = _trade(row)
        if trade is None:
            continue
        first = first_rows.setdefault(trade.trade_ref, row.number)
        if first != row.number:
            row.refuse("trade_ref", repeated("every reference once", first))
        trades.append(trade)
    reader.close(trades, nothing("trade"))
    return tuple(trades)


def parse_instruments(table: Table) -> tuple[Instrument, ...]:
    """Return every row of ``table`` as an instrument, in file order; refusals as for trades, a code twice is one."""
    reader = _TableReader(table, INSTRUMENT_COLUMNS, MORE_INSTRUMENT_COLUMNS)
    instruments: list[Instrument] = []
    first_rows: dict[str, int] = {}
    for row in reader.rows():
        instrument = _instrument(row)
        if instrument is None:
            continue
        first = first_rows.setdefault(instrument.code, row.number)
        if first != row.number:
            row.refuse("code", repeated("every code once", first))
        instruments.append(instrument)
    reader.close(instruments, nothing("instrument"))
    return tuple(instruments)


class _TableReader:
    """A table being read: it collects what is wrong everywhere, so that one pass names it all."""

    def __init__(self, table: Table, columns: Mapping[str, str], more: Mapping[str, str]) -> None:
        needed = {key: (key, heading.partition("(")[0]) for key, heading in columns.items()}
        optional = {key: (key, heading.partition("(")[0]) for key, heading in more.items()}
        self._table = table
        self._header = find_header(table, needed=needed, optional=optional)
        self._errors: list[RowError] = []
        known = set(self._header.columns.values())
        for index, heading in enumerate(table.rows[self._header.row - 1]):
            if heading and index not in known:
                expected = unknown_heading((*columns, *more))
                self._errors.append(self._error(self._header.row, heading[:80], heading, expected))

    def rows(self) -> list[_Row]:
        """Return the rows under the header that are not all empty."""
        start = self._header.row
        numbered = enumerate(self._table.rows[start:], start=start + 1)
        return [_Row(self, number, cells) for number, cells in numbered if any(cells)]

    def cell(self, cells: tuple[str, ...], column: str) -> str:
        """Return the cell of ``column``."""
        return self._header.cell(cells, column)

    def stray(self, cells: tuple[str, ...]) -> str:
        """Return the first cell that stands under no heading, empty when there is none."""
        known = set(self._header.columns.values())
        return next((cell for index, cell in enumerate(cells) if cell and index not in known), "")

    def refuse(self, number: int, column: str, value: str, expected: Expected) -> None:
        """Collect one error."""
        self._errors.append(self._error(number, column, value, expected))

    def origin(self, number: int) -> str:
        """Return where a row stands."""
        sheet = f" sheet {self._table.sheet}" if self._table.sheet else ""
        place = "".join(mark if mark.isprintable() else "?" for mark in f"{self._table.file}{sheet}")
        return f"{place[:_SHOWN]} row {number}"

    def close(self, found: list[Trade] | list[Instrument], expected: Expected) -> None:
        """Raise everything that was collected; a table without a single row is refused too."""
        if not found and not self._errors:
            self._errors.append(self._error(self._header.row + 1, "", "", expected))
        if self._errors:
            raise ImportRefused(self._table.file, tuple(self._errors))

    def _error(self, number: int, column: str, value: str, expected: Expected) -> RowError:
        table = self._table
        return RowError(
            file=table.file, sheet=table.sheet, row=number, column=column, value=value[:80], expected=expected
        )


class _Row:
    """One row being read."""

    def __init__(self, reader: _TableReader, number: int, cells: tuple[str, ...]) -> None:
        self._reader = reader
        self._cells = cells
        self.number = number
        self.is_sound = True
        stray = reader.stray(cells)
        if stray:
            self.is_sound = False
            reader.refuse(number, "", stray, STRAY)

    @property
    def origin(self) -> str:
        """Return where the row stands."""
        return self._reader.origin(self.number)

    def text(self, column: str) -> str:
        """Return the cell of ``column`` as it stands; empty where the table has no such column."""
        return self._reader.cell(self._cells, column)

    def read(self, column: str, reader: Callable[[str], Read]) -> Read | None:
        """Return what ``reader`` makes of the cell; ``None`` for an empty cell, and for one it refuses, which is collected."""
        cell = self.text(column)
        if not cell:
            return None
        try:
            return reader(cell)
        except DomainError as error:
            self.refuse(column, Expected.of(error))
            return None

    def needed(self, column: str, reader: Callable[[str], Read], expected: str) -> Read | None:
        """Return what ``reader`` makes of the cell; an empty cell is refused."""
        if not self.text(column):
            self.refuse(column, Expected("row.empty", expected))
        return self.read(column, reader)

    def refuse(self, column: str, expected: Expected) -> None:
        """Collect an error of one cell."""
        self.is_sound = False
        self._reader.refuse(self.number, column, self.text(column), expected)


def _trade(row: _Row) -> Trade | None:
    trade_ref = row.needed("trade_ref", str, "a reference of its own, such as T-2025-001")
    kind = row.needed("kind", _read_kind, f"one of {', '.join(TradeKind)}")
    traded_on = row.needed("traded_on", lambda text: parse_day(text, field="traded_on"), "a day as YYYY-MM-DD")
    quantity = row.read("quantity_t", _read_tonnes)
    price = row.read("price_cny_per_t", _read_price)
    price_eur = row.read("price_eur_per_t", partial(_read_rate, "price_eur_per_t"))
    fixing = row.read("fixing_cny_per_eur", partial(_read_rate, "fixing_cny_per_eur"))
    settled_on = row.read("settled_on", lambda text: parse_day(text, field="settled_on"))
    fee = row.read("fee_cny", _read_fee)
    year = row.read("compliance_year", _read_year)
    for name in ("counterparty", "venue", "doc_ref", "note", "fixing_ref", "vat_code"):
        row.read(name, partial(check_words, name))
    if kind is not None:
        facts = ("instrument", "quantity_t", "price_cny_per_t", "compliance_year")
        given = {name for name in facts if row.text(name)} | ({"fee_cny"} if fee else set())
        given |= {"price_cny_per_t"} if row.text("price_eur_per_t") else set()
        for column, expected in misplaced_fields(kind, frozenset(given)):
            row.refuse(column, expected)
    if not row.is_sound or trade_ref is None or kind is None or traded_on is None:
        return None
    try:
        return Trade(
            trade_ref=trade_ref,
            kind=kind,
            traded_on=traded_on,
            instrument=row.text("instrument"),
            quantity_t=quantity,
            price_cny_per_t=price,
            fee_fen=fee or 0,
            counterparty=row.text("counterparty"),
            venue=row.text("venue"),
            compliance_year=year,
            doc_ref=row.text("doc_ref"),
            note=row.text("note"),
            price_eur_per_t=price_eur,
            fixing_cny_per_eur=fixing,
            fixing_ref=row.text("fixing_ref"),
            vat_code=row.text("vat_code"),
            settled_on=settled_on,
            origin=row.origin,
        )
    except Invalid as error:
        row.refuse(error.data["field"], Expected.of(error))
        return None


def _instrument(row: _Row) -> Instrument | None:
    code = row.needed("code", str, "a code such as CEA25")
    kind = row.needed("kind", _read_instrument_kind, f"one of {', '.join(InstrumentKind)}")
    vintage = row.read("vintage_year", _read_vintage)
    registered = row.read("registered_on", lambda text: parse_day(text, field="registered_on"))
    is_inside = row.read("is_inside_national_ets", _read_flag)
    valid_until = row.read("valid_until", lambda text: parse_day(text, field="valid_until"))
    tradability = row.read("tradability", _read_tradability)
    if kind is InstrumentKind.CCER and not row.text("is_inside_national_ets"):
        text = "true or false: it decides whether the credit may be used"
        row.refuse("is_inside_national_ets", Expected("row.empty", text))
    if not row.is_sound or code is None or kind is None:
        return None
    try:
        return Instrument(
            code=code,
            kind=kind,
            vintage_year=vintage,
            project=row.text("project"),
            methodology=row.text("methodology"),
            registered_on=registered,
            is_inside_national_ets=bool(is_inside),
            price_instrument=row.text("price_instrument"),
            price_period=row.text("price_period"),
            valid_until=valid_until,
            tradability=tradability,
        )
    except Invalid as error:
        row.refuse(error.data["field"], Expected.of(error))
        return None


def _read_kind(text: str) -> TradeKind:
    if text not in set(TradeKind):
        raise refused("kind", f"one of {', '.join(TradeKind)}", text)
    return TradeKind(text)


def _read_instrument_kind(text: str) -> InstrumentKind:
    if text not in set(InstrumentKind):
        raise refused("kind", f"one of {', '.join(InstrumentKind)}", text)
    return InstrumentKind(text)


def _read_tonnes(text: str) -> int:
    try:
        return parse_units(text, 0, field="quantity_t")
    except Invalid as error:
        raise refused("quantity_t", "whole tonnes in plain digits, such as 20000", text) from error


def _read_price(text: str) -> Decimal:
    price = parse_decimal(text, field="price_cny_per_t")
    check_price(price)
    return price


def _read_rate(field: str, text: str) -> Decimal:
    rate = parse_decimal(text, field=field)
    check_price(rate, field=field)
    return rate


def _read_tradability(text: str) -> Tradability:
    if text not in set(Tradability):
        raise refused("tradability", f"one of {', '.join(Tradability)}", text)
    return Tradability(text)


def _read_fee(text: str) -> int:
    try:
        fee = parse_units(text, _CNY_PLACES, field="fee_cny")
    except Invalid as error:
        raise refused("fee_cny", "CNY with at most two decimals, such as 2400.00", text) from error
    if fee < 0:
        raise refused("fee_cny", "zero or more CNY", text)
    return fee


def _read_year(text: str) -> int:
    if len(text) != _YEAR_DIGITS or not text.isascii() or not text.isdigit():
        raise refused("compliance_year", "a year of four digits", text)
    return int(text)


def _read_vintage(text: str) -> int:
    if len(text) != _YEAR_DIGITS or not text.isascii() or not text.isdigit():
        raise refused("vintage_year", "a year of four digits", text)
    return int(text)


def _read_flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise refused("is_inside_national_ets", "true or false", text)
    return text == "true"
