"""Prices typed in by people: ``prices.csv`` or the same columns in a workbook. The fallback of every other source.

Owns the columns and their refusals. A price basis that only two persons may give (``approved_override``) is not accepted here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from finance.conventions.table_rules import nothing, repeated
from finance.conventions.tables import Table, parse_day
from finance.feeds.columns import Header, find_header
from finance.feeds.parsed import read_tonnes
from finance.market.observations import (
    INSTRUMENT,
    Observation,
    ObservationKey,
    PriceBasis,
    check_pattern,
    check_price,
    check_text,
)
from ledger.core.amounts import currency_scale, parse_decimal
from ledger.core.errors import DomainError, Expected, ImportRefused, Invalid, RowError

COLUMNS = (
    "instrument", "exchange", "price_basis", "trade_date", "last_trade_date", "value", "currency", "unit", "volume_t", "source",
)  # fmt: skip
_CHINESE = {
    "instrument": "品种", "exchange": "交易所", "price_basis": "价格口径", "trade_date": "交易日", "last_trade_date": "最近成交日",
    "value": "价格", "currency": "币种", "unit": "单位", "volume_t": "成交量", "source": "来源",
}  # fmt: skip
_BASES = tuple(basis for basis in PriceBasis if basis is not PriceBasis.APPROVED_OVERRIDE)

Read = TypeVar("Read")

_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}", re.ASCII)


def parse_prices(table: Table, *, known_at: datetime, raw_sha256: str) -> tuple[Observation, ...]:
    """Return every row of ``table`` as an observation, in file order.

    Header names are English or Chinese, in any order. ``last_trade_date`` empty means unknown, ``volume_t`` empty means not
    stated; everything else must be there. The observation's source is ``exchange: source``. Dates are YYYY-MM-DD, a value is a
    plain decimal above zero. Every unreadable cell is named in ``ImportRefused`` and then nothing is returned.
    """
    header = find_header(table, needed={name: (name, _CHINESE[name]) for name in COLUMNS}, optional={})
    observations: list[Observation] = []
    errors: list[RowError] = []
    first_rows: dict[ObservationKey, int] = {}
    for number, cells in enumerate(table.rows[header.row :], start=header.row + 1):
        if not any(cells):
            continue
        row = _Row(table=table, number=number, cells=cells, header=header)
        observation = _observation(row, known_at=known_at, raw_sha256=raw_sha256)
        errors.extend(row.errors)
        if observation is None:
            continue
        first = first_rows.setdefault(observation.key, number)
        if first != number:
            errors.append(
                row.error("instrument", repeated("every price once", first, says="gives the same day and source"))
            )
        observations.append(observation)
    if not observations and not errors:
        errors.append(RowError(file=table.file, sheet=table.sheet, row=header.row + 1, expected=nothing("price")))
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    return tuple(observations)


class _Row:
    """One row being read: every cell that cannot be read adds an error, so that one pass names them all."""

    def __init__(self, *, table: Table, number: int, cells: tuple[str, ...], header: Header) -> None:
        self._table = table
        self._number = number
        self._cells = cells
        self._header = header
        self.errors: list[RowError] = []

    def read(self, column: str, reader: Callable[[str], Read]) -> Read | None:
        """Return what ``reader`` makes of the cell, ``None`` and an error when it refuses."""
        try:
            return reader(self._header.cell(self._cells, column))
        except DomainError as error:
            self.errors.append(self.error(column, Expected.of(error)))
            return None

    def error(self, column: str, expected: Expected) -> RowError:
        """Return the error of one cell of this row."""
        shown = self._header.cell(self._cells, column)[:40]
        table = self._table
        return RowError(
            file=table.file, sheet=table.sheet, row=self._number, column=column, value=shown, expected=expected
        )


def _observation(row: _Row, *, known_at: datetime, raw_sha256: str) -> Observation | None:
    instrument = row.read("instrument", _read_instrument)
    exchange = row.read("exchange", lambda text: _read_text(text, field="exchange"))
    basis = row.read("price_basis", _read_basis)
    trade_date = row.read("trade_date", lambda text: parse_day(text, field="trade_date"))
    last_trade = row.read("last_trade_date", lambda text: parse_day(text, field="last_trade_date") if text else None)
    value = row.read("value", _read_value)
    currency = row.read("currency", _read_currency)
    unit = row.read("unit", _read_unit)
    volume = row.read("volume_t", lambda text: read_tonnes(text, field="volume_t"))
    source = row.read("source", lambda text: _read_text(text, field="source"))
    if instrument is None or exchange is None or basis is None or trade_date is None:
        return None
    if row.errors or value is None or currency is None or unit is None or source is None:
        return None
    try:
        return Observation(
            source=f"{exchange}: {source}",
            instrument=instrument,
            price_basis=basis,
            trade_date=trade_date,
            last_trade_date=last_trade,
            value=value,
            currency=currency,
            unit=unit,
            volume_t=volume,
            known_at=known_at,
            raw_sha256=raw_sha256,
        )
    except Invalid as error:
        column = "last_trade_date" if error.code == "market.last_trade_date" else "source"
        row.errors.append(row.error(column, Expected.of(error)))
        return None


def _read_instrument(text: str) -> str:
    check_pattern(INSTRUMENT, text, field="instrument", expected="a code such as CEA25, 1 to 40 of A-Z 0-9 . _ -")
    return text


def _read_text(text: str, *, field: str) -> str:
    check_text(text, field=field)
    return text


def _read_basis(text: str) -> PriceBasis:
    if text not in {basis.value for basis in _BASES}:
        expected = ", ".join(basis.value for basis in _BASES)
        raise Invalid("market.price_basis", f"price_basis: expected one of {expected}", value=text[:40])
    return PriceBasis(text)


def _read_value(text: str) -> Decimal:
    value = parse_decimal(text, field="value")
    check_price(value, field="value")
    return value


def _read_currency(text: str) -> str:
    currency_scale(text)
    return text


def _read_unit(text: str) -> str:
    check_pattern(_UNIT, text, field="unit", expected="a unit such as t or EUR")
    return text
