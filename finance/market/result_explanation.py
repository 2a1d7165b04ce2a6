"""Why a result is what it is: unrealised by instrument down to its mark, realised and settled down to their entries.

Owns the words in English and Chinese, of one book and of a group in one currency. Computes nothing but what it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from finance.conventions.explain import Explanation
from finance.market.presentation import Conversion
from finance.market.profit_and_loss import BookResult, Dimension
from finance.market.valuation import ValuedLot
from finance.market.valuation_explanation import mark_leaf, quantity_leaf
from ledger.core.amounts import currency_scale, format_units

_MOST_LOTS = 20
"""Lots that a leaf names one by one; the rest are counted."""


def explain_result(result: BookResult, valued: Sequence[ValuedLot], *, source: str) -> Explanation:
    """Return the economic result to date: unrealised + realised - settled at cost; ``source`` names book and point."""
    total, currency = result.total, result.currency
    unrealised = _branch(
        "Unrealised gain or loss",
        "未实现损益",
        total.unrealised_units,
        currency,
        "sum of the instruments",
        tuple(
            _instrument(line.key, valued, currency)
            for line in result.lines[Dimension.INSTRUMENT]
            if _has(line.key, valued)
        ),
        source=f"no lot is held by {source}",
    )
    realised = _by_instrument(
        "Realised gain or loss", "已实现损益", [(line.key, line.realised_units) for line in result.lines[Dimension.INSTRUMENT]],
        currency, f"sales in {source}",
    )  # fmt: skip
    settled = _by_instrument(
        "Surrendered and cancelled at cost", "清缴与注销成本",
        [(line.key, line.settled_units) for line in result.lines[Dimension.INSTRUMENT]], currency,
        f"surrenders and cancellations in {source}",
    )  # fmt: skip
    value = total.unrealised_units + total.realised_units - total.settled_units
    return _branch(
        "Economic result to date",
        "累计经济损益",
        value,
        currency,
        "unrealised + realised - surrendered and cancelled at cost",
        (unrealised, realised, settled),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBook:
    """One book of a group: its own amount, the converted one, and the fixings between the two."""

    code: str
    units: int
    shown_units: int
    conversions: tuple[Conversion, ...]
    source: str


def explain_group(
    books: Sequence[ShownBook], *, presentation: str, label_en: str, label_zh: str, source: str
) -> Explanation:
    """Return the group's amount as the sum of its converted books; ``source`` tells what there is without any."""
    parts = tuple(_shown(one, presentation) for one in books)
    total = sum(one.shown_units for one in books)
    return _branch(label_en, label_zh, total, presentation, "sum of the books", parts, source=source)


def _shown(one: ShownBook, presentation: str) -> Explanation:
    own = _leaf("In its own currency", "本位币金额", one.units, one.conversions[0].currency, one.source)
    fixings = tuple(mark_leaf(by.fx_mark.instrument, by.fx_mark) for by in one.conversions if by.fx_mark is not None)
    formula = "each instrument at its stage x fixing, rounded half-up once" if fixings else "the same currency"
    return _branch(f"Book {one.code}", f"账簿 {one.code}", one.shown_units, presentation, formula, (own, *fixings))


def _has(code: str, valued: Iterable[ValuedLot]) -> bool:
    return any(one.lot.instrument == code for one in valued)


def _instrument(code: str, valued: Iterable[ValuedLot], currency: str) -> Explanation:
    own = [one for one in valued if one.lot.instrument == code]
    priced = [one for one in own if one.market_value_units is not None]
    by, names = own[0].by, _lots(own)
    quantity = quantity_leaf((code, sum(one.lot.quantity_t for one in own), names), by.unit)
    marks = (
        mark_leaf(by.price_instrument, by.mark),
        *((mark_leaf(by.fx_mark.instrument, by.fx_mark),) if by.fx_mark else ()),
    )
    worth = sum(one.market_value_units or 0 for one in priced)
    cost = sum(one.lot.cost_units for one in priced)
    if not priced:
        return Explanation(
            label_en=f"{code}: unvalued, {by.unvalued_reason.replace('_', ' ')}",
            label_zh=f"{code}: 未估值",
            value="unvalued",
            unit=currency,
            formula="tonnes x price needs a usable mark",
            children=(quantity, *marks),
        )
    value = _branch(
        "Market value", "市值", worth, currency, "tonnes x price (x exchange rate), rounded half-up once per lot", (quantity, *marks)
    )  # fmt: skip
    paid = _leaf("Cost", "成本", cost, currency, names)
    return _branch(code, code, worth - cost, currency, "market value - cost", (value, paid))


def _by_instrument(
    english: str, chinese: str, amounts: Iterable[tuple[str, int]], currency: str, source: str
) -> Explanation:
    own = [(code, units) for code, units in amounts if units]
    leaves = tuple(_leaf(code, code, units, currency, source) for code, units in own)
    total = sum(units for _, units in own)
    return _branch(english, chinese, total, currency, "sum of the instruments", leaves, source=source)


def _branch(
    english: str,
    chinese: str,
    units: int,
    currency: str,
    formula: str,
    children: tuple[Explanation, ...],
    *,
    source: str = "",
) -> Explanation:
    if not children:
        return _leaf(english, chinese, units, currency, source)
    return Explanation(
        label_en=english,
        label_zh=chinese,
        value=format_units(units, currency_scale(currency)),
        unit=currency,
        formula=formula,
        children=children,
    )


def _leaf(english: str, chinese: str, units: int, currency: str, source: str) -> Explanation:
    return Explanation(
        label_en=english,
        label_zh=chinese,
        value=format_units(units, currency_scale(currency)),
        unit=currency,
        source=source,
    )


def _lots(own: Sequence[ValuedLot]) -> str:
    names = ", ".join(one.lot.lot_id for one in own[:_MOST_LOTS])
    more = f" and {len(own) - _MOST_LOTS} more" if len(own) > _MOST_LOTS else ""
    return f"lots {names}{more}"
