"""A valuation as a table for a spreadsheet: every lot with what it is valued by, every number a number.

Owns the columns. Knows no file format; how a text is kept from becoming a formula is the writer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from finance.market.marks import Mark
from finance.market.valuation import Valuation, ValuedLot
from ledger.core.amounts import currency_scale, format_units
from ledger.core.export_formats.report_tables import Cell, Column, ReportTable

_COLUMNS = (
    Column(heading="lot", width=14),
    Column(heading="account", width=28),
    Column(heading="instrument", width=14),
    Column(heading="acquired on", width=12),
    Column(heading="quantity", width=14),
    Column(heading="unit", width=8),
    Column(heading="cost", width=18),
    Column(heading="market value", width=18),
    Column(heading="unrealised", width=18),
    Column(heading="currency", width=9),
    Column(heading="unvalued because", width=18),
    Column(heading="price", width=12),
    Column(heading="price currency", width=14),
    Column(heading="price basis", width=18),
    Column(heading="price source", width=34),
    Column(heading="trade date", width=12),
    Column(heading="last trade", width=12),
    Column(heading="age in sessions", width=14),
    Column(heading="state", width=10),
    Column(heading="approved by", width=34),
    Column(heading="bounds breached", width=34),
    Column(heading="exchange rate", width=14),
    Column(heading="exchange rate direction", width=28),
    Column(heading="fixing date", width=12),
    Column(heading="fixing source", width=28),
)


def valuation_table(
    valuation: Valuation, breaches: Mapping[str, tuple[str, ...]], *, head: tuple[tuple[str, Cell], ...]
) -> ReportTable:
    """Return one row a lot, in order; the head ends with the snapshot's hash, the total and whether it is complete.

    ``breaches`` are the bounds breached by the mark's instrument.
    """
    total = valuation.total
    scale = currency_scale(total.currency)
    return ReportTable(
        name="valuation",
        head=(
            *head,
            ("as of", valuation.as_of),
            ("snapshot", valuation.snapshot_id),
            ("snapshot sha256", valuation.snapshot_sha256),
            ("market value of the valued lots", _money(total.market_value_units, scale)),
            ("unrealised of the valued lots", _money(total.unrealised_units, scale)),
            ("cost of the unvalued lots", _money(total.unvalued_cost_units, scale)),
            ("is complete", "yes" if total.is_complete else f"no: {len(total.unvalued_lot_ids)} lots are unvalued"),
        ),
        columns=_COLUMNS,
        rows=_rows(valuation, breaches, scale=scale),
    )


def _rows(valuation: Valuation, breaches: Mapping[str, tuple[str, ...]], *, scale: int) -> Iterator[tuple[Cell, ...]]:
    for valued in valuation.lots:
        lot, worth, gain = valued.lot, valued.market_value_units, valued.unrealised_units
        yield (
            lot.lot_id,
            lot.account,
            lot.instrument,
            lot.acquired_on,
            Decimal(lot.quantity_t),
            lot.unit,
            _money(lot.cost_units, scale),
            None if worth is None else _money(worth, scale),
            None if gain is None else _money(gain, scale),
            valued.by.currency,
            valued.unvalued_reason or None,
            *_price(valued.mark),
            _breached(valued, breaches),
            None if valued.fx_mark is None else valued.fx_mark.value,
            valued.by.fx_direction or None,
            None if valued.fx_mark is None else valued.fx_mark.trade_date,
            None if valued.fx_mark is None else valued.fx_mark.source or None,
        )


def _price(mark: Mark | None) -> tuple[Cell, ...]:
    if mark is None:
        return (None,) * 9
    return (
        mark.value,
        mark.currency or None,
        None if mark.basis is None else mark.basis.value,
        mark.source or None,
        mark.trade_date,
        mark.last_trade_date,
        mark.age_trading_days,
        mark.state.value,
        mark.approved_by,
    )


def _breached(valued: ValuedLot, breaches: Mapping[str, tuple[str, ...]]) -> str | None:
    used = (mark.instrument for mark in (valued.mark, valued.fx_mark) if mark is not None)
    return "; ".join(sentence for name in used for sentence in breaches.get(name, ())) or None


def _money(units: int, scale: int) -> Decimal:
    return Decimal(format_units(units, scale))
