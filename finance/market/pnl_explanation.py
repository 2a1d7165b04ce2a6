"""The change of a value as a tree: book, instruments, effects, and below each the entries, marks and fixings that say so.

Owns the words in English and Chinese. Computes no amount: effects come from ``finance.market.pnl_explain``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from finance.conventions.explain import Explanation
from finance.market.movements import Movement, MovementKind
from finance.market.pnl_explain import Effect, Explained, LotPath, ThreeValues
from finance.market.unit_values import UnitValue
from finance.market.valuation_explanation import mark_leaf, quantity_leaf
from ledger.core.amounts import currency_scale, format_units

_MOST_ENTRIES = 20
"""Entries that a leaf names one by one; the rest are counted."""

EFFECT_LABELS: Mapping[Effect, tuple[str, str]] = {
    Effect.LOTS_LEARNED: ("Holdings recorded since", "补记持仓"),
    Effect.MARKS_REVISED: ("Opening marks revised", "期初估值价修订"),
    Effect.UNVALUED_IN: ("Valued for the first time", "新纳入估值"),
    Effect.OPENINGS: ("Taken over", "期初接管"),
    Effect.PURCHASES: ("Purchases", "购入"),
    Effect.ALLOCATIONS: ("Allocations received", "收到无偿配额"),
    Effect.SALES: ("Sales", "出售"),
    Effect.SURRENDERS: ("Surrenders", "清缴"),
    Effect.CANCELLATIONS: ("Cancellations", "注销"),
    Effect.TRANSFERS: ("Transfers", "划转"),
    Effect.FEES: ("Fees", "手续费"),
    Effect.PRICE: ("Price", "价格影响"),
    Effect.FX: ("Exchange rate", "汇率影响"),
    Effect.UNVALUED_OUT: ("No longer valued", "不再估值"),
}
_KINDS: Mapping[Effect, MovementKind] = {
    Effect.OPENINGS: MovementKind.OPENING,
    Effect.PURCHASES: MovementKind.PURCHASE,
    Effect.ALLOCATIONS: MovementKind.ALLOCATION,
    Effect.SALES: MovementKind.SALE,
    Effect.SURRENDERS: MovementKind.SURRENDER,
    Effect.CANCELLATIONS: MovementKind.CANCELLATION,
    Effect.TRANSFERS: MovementKind.TRANSFER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentChange:
    """One instrument's change with what it rests on: its lots' paths and its three unit values."""

    change: Explained
    paths: tuple[LotPath, ...]
    values: ThreeValues


def explain_change(book: str, changes: Sequence[InstrumentChange], *, currency: str) -> Explanation:
    """Return the book's closing value as the sum of its instruments', each told from opening to closing."""
    closing = sum(one.change.closing_units for one in changes)
    children = tuple(_instrument(one, currency) for one in changes)
    return Explanation(
        label_en="Closing value",
        label_zh="期末价值",
        value=_text(closing, currency),
        unit=currency,
        formula="sum of the instruments" if children else "",
        source="" if children else f"book {book} holds no lot at either point",
        children=children,
    )


def _instrument(one: InstrumentChange, currency: str) -> Explanation:
    instrument, change = one.change.key, one.change
    opening_t = sum(path.opening_t for path in one.paths)
    opening = Explanation(
        label_en="Opening value",
        label_zh="期初价值",
        value=_text(change.opening_units, currency),
        unit=currency,
        formula="tonnes x price (x exchange rate), rounded half-up once per lot",
        children=(
            quantity_leaf((instrument, opening_t, _lots(one.paths)), one.values.opening.unit),
            *_marks(one.values.opening),
        ),
    )
    effects = tuple(_effect(effect, amount, one, currency) for effect, amount in change.effects.items() if amount)
    return Explanation(
        label_en=f"Closing value of {instrument}",
        label_zh=f"{instrument} 期末价值",
        value=_text(change.closing_units, currency),
        unit=currency,
        formula="opening value + effects",
        children=(opening, *effects),
    )


def _effect(effect: Effect, amount: int, one: InstrumentChange, currency: str) -> Explanation:
    english, chinese = EFFECT_LABELS[effect]
    children, formula = _grounds(effect, one, currency)
    return Explanation(
        label_en=english,
        label_zh=chinese,
        value=_text(amount, currency),
        unit=currency,
        formula=formula,
        children=children,
    )


def _grounds(effect: Effect, one: InstrumentChange, currency: str) -> tuple[tuple[Explanation, ...], str]:
    values, instrument = one.values, one.change.key
    moves = [move for path in one.paths for move in path.movements]
    unit = values.closing.unit
    closing_t = sum(path.closing_t for path in one.paths)
    reference = values.restated if values.restated.price is not None else values.closing
    held = quantity_leaf((instrument, closing_t, _lots(one.paths)), unit)
    both = (*_marks(reference), *_marks(values.closing))
    match effect:
        case Effect.LOTS_LEARNED:
            learned = [move for path in one.paths for move in path.learned]
            grounds = (_moved(learned, instrument, unit), *_marks(values.opening))
            formula = "tonnes recorded since x opening mark"
        case Effect.MARKS_REVISED:
            restated_t = sum(path.restated_t for path in one.paths)
            standing = quantity_leaf((instrument, restated_t, _lots(one.paths)), unit)
            grounds = (standing, *_marks(values.opening), *_marks(values.restated))
            formula = "tonnes x (mark known now - mark known then)"
        case Effect.UNVALUED_IN:
            grounds = (*_marks(values.restated), *_marks(values.closing))
            formula = "tonnes held at the opening x closing mark"
        case Effect.UNVALUED_OUT:
            grounds, formula = both, "what was valued before and has no usable mark now"
        case Effect.PRICE:
            grounds = (held, *both, *_traded(moves, instrument, unit, currency))
            formula = "tonnes x (closing - opening price), and each trade's own price against the mark"
        case Effect.FX:
            grounds, formula = (held, *both), "tonnes x closing price x change of the fixing"
        case Effect.FEES:
            paid = [move for move in moves if move.fee_units]
            fees = sum(move.fee_units for move in paid)
            grounds = (_leaf("Fees paid", "已付手续费", fees, currency, paid),)
            formula = "fees of purchases and sales, taken off"
        case _:
            kind = _KINDS[effect]
            own = [move for move in moves if move.kind is kind]
            why = _money(own, currency) if kind in _AT_MONEY else _marks(reference)
            grounds, formula = (_moved(own, instrument, unit), *why), "what moved, at its money or at the mark"
    return grounds, formula


_AT_MONEY = frozenset({MovementKind.PURCHASE, MovementKind.SALE})


def _traded(moves: Iterable[Movement], instrument: str, unit: str, currency: str) -> tuple[Explanation, ...]:
    traded = [move for move in moves if move.kind in _AT_MONEY]
    return (_moved(traded, instrument, unit), *_money(traded, currency)) if traded else ()


def _money(moves: Sequence[Movement], currency: str) -> tuple[Explanation, ...]:
    paid = sum(move.money_units for move in moves)
    return (_leaf("Money given (received negative)", "付款(收款为负)", paid, currency, moves),)


def _leaf(english: str, chinese: str, units: int, currency: str, moves: Sequence[Movement]) -> Explanation:
    return Explanation(
        label_en=english, label_zh=chinese, value=_text(units, currency), unit=currency, source=_entries(moves)
    )


def _moved(moves: Sequence[Movement], instrument: str, unit: str) -> Explanation:
    return Explanation(
        label_en=f"{instrument} moved",
        label_zh=f"{instrument} 变动量",
        value=str(sum(move.quantity_t for move in moves)),
        unit=unit,
        source=_entries(moves),
    )


def _entries(moves: Iterable[Movement]) -> str:
    places = sorted({(move.seq, move.effective_on) for move in moves})
    named = ", ".join(f"{seq} of {day}" for seq, day in places[:_MOST_ENTRIES])
    more = f" and {len(places) - _MOST_ENTRIES} more" if len(places) > _MOST_ENTRIES else ""
    return f"entries {named}{more}" if places else "no entry"


def _lots(paths: Sequence[LotPath]) -> str:
    names = ", ".join(path.held.lot_id for path in paths[:_MOST_ENTRIES])
    more = f" and {len(paths) - _MOST_ENTRIES} more" if len(paths) > _MOST_ENTRIES else ""
    return f"lots {names}{more}"


def _marks(by: UnitValue) -> tuple[Explanation, ...]:
    price = mark_leaf(by.price_instrument, by.mark)
    return (price,) if by.fx_mark is None else (price, mark_leaf(by.fx_mark.instrument, by.fx_mark))


def _text(units: int, currency: str) -> str:
    return format_units(units, currency_scale(currency))
