"""Why a lot is worth what it is worth: from the result down to tonnes, price, fixing and cost, each with its source.

Owns the words. Computes no value: it is told the worth and shows what it rests on, in English and Chinese.
"""

from __future__ import annotations

from finance.conventions.explain import Explanation
from finance.market.marks import Mark
from finance.market.unit_values import UnitValue
from ledger.core.amounts import currency_scale, format_units

Held = tuple[str, int, str]
"""What is held: instrument, whole units, and the source that says so."""


def explain_value(by: UnitValue, *, quantity: Held, worth: int, cost: int, cost_source: str) -> Explanation:
    """Return result = market value - cost, market value = tonnes x price (x rate); money in minor units."""
    scale = currency_scale(by.currency)
    assert by.mark is not None, "what is valued has a mark"
    factors = [quantity_leaf(quantity, by.unit), mark_leaf(by.mark.instrument, by.mark)]
    formula = "tonnes x price, rounded half-up once to the minor unit"
    if by.fx_mark is not None:
        factors.append(mark_leaf(by.fx_mark.instrument, by.fx_mark))
        direction = "x" if by.fx_mark.currency == by.currency else "/"
        formula = f"tonnes x price {direction} exchange rate, rounded half-up once to the minor unit"
    market_value = Explanation(
        label_en="Market value",
        label_zh="市值",
        value=format_units(worth, scale),
        unit=by.currency,
        formula=formula,
        children=tuple(factors),
    )
    paid = Explanation(
        label_en="Cost",
        label_zh="成本",
        value=format_units(cost, scale),
        unit=by.currency,
        source=cost_source,
    )
    return Explanation(
        label_en="Unrealised gain or loss",
        label_zh="未实现损益",
        value=format_units(worth - cost, scale),
        unit=by.currency,
        formula="market value - cost",
        children=(market_value, paid),
    )


def explain_unvalued(by: UnitValue, *, quantity: Held) -> Explanation:
    """Return why there is no value, with the mark and fixing that were found."""
    children = [quantity_leaf(quantity, by.unit), mark_leaf(by.price_instrument, by.mark)]
    if by.fx_mark is not None:
        children.append(mark_leaf(by.fx_mark.instrument, by.fx_mark))
    return Explanation(
        label_en=f"Unvalued: {by.unvalued_reason.replace('_', ' ')}",
        label_zh="未估值 - " + _REASONS_ZH.get(by.unvalued_reason, "没有可用价格"),
        value="unvalued",
        unit=by.currency,
        formula="tonnes x price needs a usable mark",
        children=tuple(children),
    )


_REASONS_ZH = {
    "mark_missing": "没有价格",
    "mark_stale": "价格已过期且没有经批准的估值价",
    "mark_unit": "价格单位不是每吨",
    "fx_missing": "没有汇率定盘价",
    "fx_stale": "汇率定盘价已过期",
    "fx_unit": "汇率方向或单位不符",
}


def quantity_leaf(quantity: Held, unit: str) -> Explanation:
    """Return how much is held and who says so."""
    instrument, held, source = quantity
    return Explanation(
        label_en=f"Quantity of {instrument}",
        label_zh=f"{instrument} 数量",
        value=str(held),
        unit=unit,
        source=source,
    )


def mark_leaf(instrument: str, mark: Mark | None) -> Explanation:
    """Return a mark with its source, basis, dates, age and state; a missing one says that it is missing."""
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
