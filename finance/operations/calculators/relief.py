"""The question what a sale costs: which lots it draws on, what remains of them, and the gain at a price.

Reads inputs, asks the ledger's own relief of lots, and words the answer. Posts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.operations.calculators import lots as lot_table
from finance.operations.calculators.answers import Figure, Line, Worked
from finance.operations.calculators.inputs import FEN_SCALE, Inputs
from finance.operations.calculators.lots import Lot
from ledger.core.accounts import LotMethod
from ledger.core.amounts import RoundingMode, format_units, round_exact
from ledger.core.errors import Invalid
from ledger.core.lots import LotPosition, Relief, after_relief, relieve

SALE_PROCEEDS = RoundingMode.HALF_UP
"""Proceeds are price x tonnes, rounded once to the fen (四舍五入), as money changes hands."""

_FEN_PER_YUAN = 100
_CNY = "CNY"
_POOL = "pool"
_COST_FORMULA = {
    LotMethod.FIFO: (
        "oldest lot first, lots of one day in the order given; cost of a part = floor(lot cost x tonnes out so far and now / lot tonnes) "
        "less what went out before, in fen"
    ),
    LotMethod.LIFO: (
        "newest lot first, lots of one day in the reverse of the order given; cost of a part = floor(lot cost x tonnes out so far and "
        "now / lot tonnes) less what went out before, in fen"
    ),
    LotMethod.AVERAGE: "all lots in one pool; cost = pool cost x tonnes sold / pool tonnes, half-even to the fen",
}


def relief(inputs: Inputs) -> Worked:
    """Return cost, remaining lots and, at a price, the gain of selling ``sell_t`` whole tonnes.

    gain = price x tonnes - fee - cost. 1,000 t of a lot of 10,000 t that cost 802,400.00, sold at 97.81 with a fee of 293.43: cost
    80,240.00, gain 17,276.57. Selling more than the lots hold raises ``relief.oversold``; a method other than ``fifo`` and
    ``average`` is refused with the allowed ones.
    """
    method = _method(inputs.text("method"))
    lots = lot_table.parse_lots(inputs.rows("lots"))
    sell_t = inputs.tonnes("sell_t")
    held_t = sum(lot.quantity_t for lot in lots)
    if sell_t <= 0:
        raise Invalid("amount.zero", "sell_t: expected a decimal above zero", field="sell_t")
    if sell_t > held_t:
        raise Invalid("relief.oversold", f"sell_t: expected at most the {held_t} t of the lots", field="sell_t")
    positions = _positions(lots, method)
    reliefs = relieve(positions, sell_t, method)
    cost_fen = sum(part.cost for part in reliefs)
    remaining = _remaining(positions, reliefs)
    names = {position.lot_id: _name(position, lots, method) for position in positions}
    return Worked(
        figures=(
            Figure(name="cost_cny", value=format_units(cost_fen, FEN_SCALE), unit=_CNY),
            Figure(name="cost_cny_per_t", value=decimal_text(Fraction(cost_fen, sell_t * _FEN_PER_YUAN)), unit="CNY/t"),
            *_sale(inputs, sell_t=sell_t, cost_fen=cost_fen),
            Figure(name="remaining_t", value=str(held_t - sell_t), unit="t"),
            Figure(
                name="remaining_cost_cny",
                value=format_units(sum(position.cost for position in remaining), FEN_SCALE),
                unit=_CNY,
            ),
            Figure(name="relieved_lots", value=tuple(_relieved(part, names[part.lot_id]) for part in reliefs)),
            Figure(
                name="remaining_lots",
                value=tuple(_left(position, names[position.lot_id], method) for position in remaining),
            ),
        ),
        formula=f"{_COST_FORMULA[method]}; gain = price x tonnes sold, half-up to the fen, - fee - cost",
    )


METHODS = tuple(_COST_FORMULA)
"""The methods that choose the lots themselves; under specific identification a sale names them."""


def _method(text: str) -> LotMethod:
    if text not in set(METHODS):
        raise Invalid("relief.method", f"method: expected one of {', '.join(METHODS)}", field="method")
    return LotMethod(text)


def _positions(lots: Sequence[Lot], method: LotMethod) -> tuple[LotPosition, ...]:
    """Return the lots as the ledger holds them: one position each, or the one pool of the average method."""
    if method is LotMethod.AVERAGE:
        quantity, cost = sum(lot.quantity_t for lot in lots), sum(lot.cost_fen for lot in lots)
        last = max(lot.acquired_on for lot in lots)
        return (
            LotPosition(lot_id=0, acquired_on=last, quantity=quantity, cost=cost, lot_quantity=quantity, lot_cost=cost),
        )
    return tuple(
        LotPosition(
            lot_id=index,
            acquired_on=lot.acquired_on,
            quantity=lot.quantity_t,
            cost=lot.cost_fen,
            lot_quantity=lot.quantity_t,
            lot_cost=lot.cost_fen,
        )
        for index, lot in enumerate(lots)
    )


def _remaining(positions: Sequence[LotPosition], reliefs: Sequence[Relief]) -> tuple[LotPosition, ...]:
    given = {part.lot_id: part for part in reliefs}
    left = (
        after_relief(position, given[position.lot_id]) if position.lot_id in given else position
        for position in positions
    )
    return tuple(position for position in left if position.quantity > 0)


def _sale(inputs: Inputs, *, sell_t: int, cost_fen: int) -> tuple[Figure, ...]:
    """Return proceeds, fee and gain; the gain is None without a price."""
    if not inputs.has("price_cny_per_t"):
        if inputs.has("fee_cny"):
            raise Invalid("relief.fee_cny", "fee_cny: expected only together with price_cny_per_t", field="fee_cny")
        return (Figure(name="gain_cny", value=None, unit=_CNY),)
    price = inputs.above_zero("price_cny_per_t")
    proceeds_fen = round_exact(price * sell_t * _FEN_PER_YUAN, SALE_PROCEEDS)
    fee_fen = inputs.fen("fee_cny") if inputs.has("fee_cny") else 0
    return (
        Figure(name="proceeds_cny", value=format_units(proceeds_fen, FEN_SCALE), unit=_CNY),
        Figure(name="net_proceeds_cny", value=format_units(proceeds_fen - fee_fen, FEN_SCALE), unit=_CNY),
        Figure(name="gain_cny", value=format_units(proceeds_fen - fee_fen - cost_fen, FEN_SCALE), unit=_CNY),
    )


def _name(position: LotPosition, lots: Sequence[Lot], method: LotMethod) -> str:
    return _POOL if method is LotMethod.AVERAGE else lots[position.lot_id].lot_id


def _relieved(part: Relief, lot_id: str) -> Line:
    return {"lot_id": lot_id, "quantity_t": str(part.quantity), "cost_cny": format_units(part.cost, FEN_SCALE)}


def _left(position: LotPosition, lot_id: str, method: LotMethod) -> Line:
    """Return what remains of a lot; a pool has no day of acquisition."""
    return {
        "lot_id": lot_id,
        "acquired_on": None if method is LotMethod.AVERAGE else position.acquired_on.isoformat(),
        "quantity_t": str(position.quantity),
        "cost_cny": format_units(position.cost, FEN_SCALE),
    }
