"""What each lot is worth by one frozen snapshot, and what is gained or lost against its cost.

Owns the valuation of lots and their total. Knows no feed and no ledger row: lots come as values, prices from the
snapshot only. A lot without a usable price is reported unvalued and the total says it is incomplete; cost never stands
in for a price.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.conventions.rounding import VALUATION
from finance.market.marks import Mark
from finance.market.snapshots import Snapshot
from ledger.core.amounts import MAX_UNITS, currency_scale, format_units, round_exact
from ledger.core.errors import Invalid

_TONNE = "t"


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPosition:
    """What is left of one lot: whole tonnes of one instrument and their cost in minor units of the book currency.

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
    """One lot with its mark and worth in minor units of the book currency.

    ``market_value_units`` and ``unrealised_units`` (gain positive) are ``None`` together, and then ``unvalued_reason``
    is a stable word (``mark_missing``, ``mark_stale``, ``mark_unit``, ``fx_missing``, ``fx_stale``). ``mark`` carries
    source, trade date, age and state also when it is not usable. ``fx_mark`` is the fixing used, ``None`` in the book
    currency.
    """

    lot: LotPosition
    mark: Mark | None
    fx_mark: Mark | None
    market_value_units: int | None
    unrealised_units: int | None
    unvalued_reason: str
    explanation: Explanation


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
    valued = tuple(_value_lot(lot, snapshot, currency=currency) for lot in held)
    return Valuation(
        snapshot_id=snapshot.id,
        snapshot_sha256=snapshot.sha256,
        as_of=snapshot.as_of,
        lots=valued,
        total=_total(valued, currency=currency),
    )


def _value_lot(lot: LotPosition, snapshot: Snapshot, *, currency: str) -> ValuedLot:
    scale = currency_scale(currency)
    mark = snapshot.mark(lot.marked_by)
    if mark is None or mark.value is None:
        return _unvalued(lot, mark, None, reason=_mark_reason("mark", mark), currency=currency)
    if mark.unit != _TONNE:
        return _unvalued(lot, mark, None, reason="mark_unit", currency=currency)
    fx_mark, rate = _exchange_rate(snapshot, price_currency=mark.currency, currency=currency)
    if rate is None:
        return _unvalued(lot, mark, fx_mark, reason=_mark_reason("fx", fx_mark), currency=currency)
    worth = round_exact(lot.quantity_t * Fraction(mark.value) * rate * 10**scale, VALUATION)
    return ValuedLot(
        lot=lot,
        mark=mark,
        fx_mark=fx_mark,
        market_value_units=worth,
        unrealised_units=worth - lot.cost_units,
        unvalued_reason="",
        explanation=_explain_value(lot, mark, fx_mark, worth=worth, currency=currency),
    )


def _exchange_rate(snapshot: Snapshot, *, price_currency: str, currency: str) -> tuple[Mark | None, Fraction | None]:
    """Return the fixing and the exact ``currency`` per one ``price_currency``; the rate is ``None`` without a fixing.

    The fixing is read in its own direction; the opposite one is its exact reciprocal (1 CNY at 8 CNY per EUR is 1/8
    EUR).
    """
    if price_currency == currency:
        return None, Fraction(1)
    direct = snapshot.mark(f"{price_currency}_{currency}")
    if direct is not None and direct.value is not None and (direct.currency, direct.unit) == (currency, price_currency):
        return direct, Fraction(direct.value)
    opposite = snapshot.mark(f"{currency}_{price_currency}")
    if opposite is not None and opposite.value is not None:
        if (opposite.currency, opposite.unit) == (price_currency, currency):
            return opposite, 1 / Fraction(opposite.value)
        return opposite, None
    return direct or opposite, None


def _mark_reason(kind: str, mark: Mark | None) -> str:
    if mark is None:
        return f"{kind}_missing"
    return f"{kind}_{mark.state.value}" if mark.value is None else f"{kind}_unit"


def _unvalued(lot: LotPosition, mark: Mark | None, fx_mark: Mark | None, *, reason: str, currency: str) -> ValuedLot:
    children = [_quantity_leaf(lot), _mark_leaf(lot.marked_by, mark)]
    if fx_mark is not None:
        children.append(_mark_leaf(fx_mark.instrument, fx_mark))
    return ValuedLot(
        lot=lot,
        mark=mark,
        fx_mark=fx_mark,
        market_value_units=None,
        unrealised_units=None,
        unvalued_reason=reason,
        explanation=Explanation(
            label_en=f"Unvalued: {reason.replace('_', ' ')}",
            label_zh="未估值 - " + _REASONS_ZH.get(reason, "没有可用价格"),
            value="unvalued",
            unit=currency,
            formula="tonnes x price needs a usable mark",
            children=tuple(children),
        ),
    )


_REASONS_ZH = {
    "mark_missing": "没有价格",
    "mark_stale": "价格已过期且没有经批准的估值价",
    "mark_unit": "价格单位不是每吨",
    "fx_missing": "没有汇率定盘价",
    "fx_stale": "汇率定盘价已过期",
    "fx_unit": "汇率方向或单位不符",
}


def _explain_value(lot: LotPosition, mark: Mark, fx_mark: Mark | None, *, worth: int, currency: str) -> Explanation:
    scale = currency_scale(currency)
    factors = [_quantity_leaf(lot), _mark_leaf(mark.instrument, mark)]
    formula = "tonnes x price, rounded half-up once to the minor unit"
    if fx_mark is not None:
        factors.append(_mark_leaf(fx_mark.instrument, fx_mark))
        direction = "x" if fx_mark.currency == currency else "/"
        formula = f"tonnes x price {direction} exchange rate, rounded half-up once to the minor unit"
    market_value = Explanation(
        label_en="Market value",
        label_zh="市值",
        value=format_units(worth, scale),
        unit=currency,
        formula=formula,
        children=tuple(factors),
    )
    cost = Explanation(
        label_en="Cost",
        label_zh="成本",
        value=format_units(lot.cost_units, scale),
        unit=currency,
        source=f"lot {lot.lot_id}, acquired {lot.acquired_on}",
    )
    return Explanation(
        label_en="Unrealised gain or loss",
        label_zh="未实现损益",
        value=format_units(worth - lot.cost_units, scale),
        unit=currency,
        formula="market value - cost",
        children=(market_value, cost),
    )


def _quantity_leaf(lot: LotPosition) -> Explanation:
    return Explanation(
        label_en=f"Quantity of {lot.instrument}",
        label_zh=f"{lot.instrument} 数量",
        value=str(lot.quantity_t),
        unit=_TONNE,
        source=f"lot {lot.lot_id} in {lot.account}",
    )


def _mark_leaf(instrument: str, mark: Mark | None) -> Explanation:
    if mark is None:
        return Explanation(
            label_en=f"Mark of {instrument}",
            label_zh=f"{instrument} 估值价",
            value="missing",
            unit="1",
            source="the snapshot holds no mark for it",
        )
    shown = mark.last_value if mark.value is None else mark.value
    facts = [
        mark.source or "no observation known",
        f"basis {mark.basis.value}" if mark.basis else "",
        f"trade date {mark.trade_date}" if mark.trade_date else "",
        f"last trade {mark.last_trade_date or 'unknown'}",
        f"age {'unknown' if mark.age_trading_days is None else mark.age_trading_days} sessions",
        f"state {mark.state.value}",
        f"approved by {mark.approved_by}" if mark.approved_by else "",
    ]
    return Explanation(
        label_en=f"Mark of {instrument} ({mark.state.value})",
        label_zh=f"{instrument} 估值价 ({_STATES_ZH[mark.state.value]})",
        value="missing" if shown is None else f"{shown:f}",
        unit=f"{mark.currency}/{mark.unit}" if mark.currency else "1",
        source="; ".join(fact for fact in facts if fact),
    )


_STATES_ZH = {"fresh": "最新", "carried": "沿用", "late": "迟到", "stale": "过期", "missing": "缺失"}


def _total(valued: tuple[ValuedLot, ...], *, currency: str) -> ValuationTotal:
    quantity = cost = worth = gain = lost_quantity = lost_cost = 0
    unvalued = []
    for one in valued:
        if one.market_value_units is None or one.unrealised_units is None:
            unvalued.append(one.lot.lot_id)
            lost_quantity += one.lot.quantity_t
            lost_cost += one.lot.cost_units
            continue
        quantity += one.lot.quantity_t
        cost += one.lot.cost_units
        worth += one.market_value_units
        gain += one.unrealised_units
    return ValuationTotal(
        currency=currency,
        quantity_t=quantity,
        cost_units=cost,
        market_value_units=worth,
        unrealised_units=gain,
        unvalued_lot_ids=tuple(unvalued),
        unvalued_quantity_t=lost_quantity,
        unvalued_cost_units=lost_cost,
    )
