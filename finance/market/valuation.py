"""What each lot is worth by one frozen snapshot, and what is gained or lost against its cost.

Owns the valuation of lots and their total. Knows no feed and no ledger row: lots come as values, prices from the
snapshot only. A lot without a usable price is reported unvalued and the total says it is incomplete; cost never stands
in for a price.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from finance.conventions.explain import Explanation
from finance.market.bulk_valuation import BulkValuation, LotColumns, value_columns
from finance.market.marks import Mark
from finance.market.snapshots import Snapshot
from finance.market.unit_values import TONNE, UnitValue, unit_values
from finance.market.valuation_explanation import explain_unvalued, explain_value
from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPosition:
    """What is left of one lot: whole tonnes (or ``unit``) of one instrument, their cost in minor units of the book currency.

    Free allocation has cost zero. ``price_instrument`` names the mark when it is not the held instrument's own (a CCER
    project's credits are marked by ``CCER``).
    """

    lot_id: str
    account: str
    instrument: str
    quantity_t: int
    cost_units: int
    acquired_on: date
    price_instrument: str = ""
    unit: str = TONNE

    def __post_init__(self) -> None:
        """Refuse a negative lot: short positions are not lots."""
        if not 0 <= self.quantity_t <= MAX_UNITS:
            raise Invalid(
                "valuation.quantity", "quantity_t: expected zero or more whole tonnes", lot_id=self.lot_id[:80]
            )
        if not 0 <= self.cost_units <= MAX_UNITS:
            raise Invalid("valuation.cost", "cost_units: expected zero or more minor units", lot_id=self.lot_id[:80])

    @property
    def marked_by(self) -> str:
        """Return the instrument whose mark values this lot."""
        return self.price_instrument or self.instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuedLot:
    """One lot with the unit value it is valued by and its worth in minor units of the book currency.

    ``market_value_units`` and ``unrealised_units`` (gain positive) are ``None`` together, and then ``unvalued_reason``
    is a stable word (``mark_missing``, ``mark_stale``, ``mark_unit``, ``fx_missing``, ``fx_stale``). The unit value is
    shared by all lots of its instrument; the explanation is built when somebody asks for it.
    """

    lot: LotPosition
    by: UnitValue
    market_value_units: int | None

    @property
    def mark(self) -> Mark | None:
        """Return the mark with source, trade date, age and state, also when it is not usable."""
        return self.by.mark

    @property
    def fx_mark(self) -> Mark | None:
        """Return the fixing used, ``None`` in the book currency."""
        return self.by.fx_mark

    @property
    def unvalued_reason(self) -> str:
        """Return why the lot has no value, empty when it has."""
        return self.by.unvalued_reason

    @property
    def unrealised_units(self) -> int | None:
        """Return worth less cost."""
        return None if self.market_value_units is None else self.market_value_units - self.lot.cost_units

    @property
    def explanation(self) -> Explanation:
        """Return how the result comes about, or what is wrong with the mark."""
        lot = self.lot
        quantity = (lot.instrument, lot.quantity_t, f"lot {lot.lot_id} in {lot.account}")
        if self.market_value_units is None:
            return explain_unvalued(self.by, quantity=quantity)
        cost_source = f"lot {lot.lot_id}, acquired {lot.acquired_on}"
        return explain_value(
            self.by,
            quantity=quantity,
            worth=self.market_value_units,
            cost=lot.cost_units,
            cost_source=cost_source,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationTotal:
    """The sums over valued lots, in minor units of ``currency``; ``is_complete`` is false when any lot is unvalued.

    ``cost_units`` is the valued lots' cost, so that market value less cost is the unrealised result;
    ``unvalued_cost_units`` the rest.
    """

    currency: str
    quantity_t: int
    cost_units: int
    market_value_units: int
    unrealised_units: int
    unvalued_lot_ids: tuple[str, ...]
    unvalued_quantity_t: int
    unvalued_cost_units: int

    @property
    def is_complete(self) -> bool:
        """Return whether every lot has a value."""
        return not self.unvalued_lot_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """Every lot and the total by one snapshot."""

    snapshot_id: str
    snapshot_sha256: str
    as_of: date
    lots: tuple[ValuedLot, ...]
    total: ValuationTotal


def value_lots(lots: Iterable[LotPosition], snapshot: Snapshot, *, currency: str) -> Valuation:
    """Return every lot's worth by ``snapshot`` in minor units of the book's ``currency``, in order, and the sum.

    Worth is tonnes x price (x exchange rate), exact, rounded half-up once per lot to the minor unit; the total is the
    sum of rounded lots. A price in another currency converts through that pair's fixing in the same snapshot:
    ``EUR_CNY`` is CNY per 1 EUR. Example: 1,000 t at 97.40 CNY/t with cost 80,000.00 CNY is worth 97,400.00 CNY,
    unrealised +17,400.00 CNY. Source: market-data notes of 2026-11-21, section 3.2 points 13 and 15.
    """
    held = tuple(lots)
    if len({lot.lot_id for lot in held}) != len(held):
        raise Invalid("valuation.lot_repeated", "lots: expected every lot once; a lot counted twice doubles its value")
    values = unit_values(((lot.marked_by, lot.unit) for lot in held), snapshot, currency=currency)
    by_lot = [values[lot.marked_by, lot.unit] for lot in held]
    bulk = _value_in_bulk(held, tuple(values), tuple(values.values()))
    valued = tuple(
        ValuedLot(lot=lot, by=by, market_value_units=None if by.unvalued_reason else worth)
        for lot, by, worth in zip(held, by_lot, bulk.worths(), strict=True)
    )
    return Valuation(
        snapshot_id=snapshot.id,
        snapshot_sha256=snapshot.sha256,
        as_of=snapshot.as_of,
        lots=valued,
        total=_total(valued, bulk, currency=currency),
    )


def _value_in_bulk(
    held: Sequence[LotPosition], keys: Sequence[tuple[str, str]], values: Sequence[UnitValue]
) -> BulkValuation:
    place = {key: index for index, key in enumerate(keys)}
    columns = LotColumns(
        quantity=np.array([lot.quantity_t for lot in held], dtype=np.int64),
        cost_units=np.array([lot.cost_units for lot in held], dtype=np.int64),
        price_index=np.array([place[lot.marked_by, lot.unit] for lot in held], dtype=np.int64),
        book_index=np.zeros(len(held), dtype=np.int64),
    )
    return value_columns(columns, [value.minor_units for value in values], book_count=1)


def _total(valued: Sequence[ValuedLot], bulk: BulkValuation, *, currency: str) -> ValuationTotal:
    (sums,) = bulk.books
    lost_t = sum(one.lot.quantity_t for one in valued if one.market_value_units is None)
    return ValuationTotal(
        currency=currency,
        quantity_t=sum(one.lot.quantity_t for one in valued) - lost_t,
        cost_units=sums.cost_units,
        market_value_units=sums.market_value_units,
        unrealised_units=sums.market_value_units - sums.cost_units,
        unvalued_lot_ids=tuple(one.lot.lot_id for one in valued if one.market_value_units is None),
        unvalued_quantity_t=lost_t,
        unvalued_cost_units=sums.unvalued_cost_units,
    )
