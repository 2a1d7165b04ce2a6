"""What the same trades cost and earn under first in first out and under the weighted average.

Owns the replay of a trade list over the ledger's own lot rule. Knows no book: it answers "what if" and proves what a book
says. Nothing is booked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from finance.accounting.trades import ACQUISITIONS, DISPOSALS, Trade, TradeKind, in_booking_order
from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict
from ledger.core.lots import LotPosition, add_to_pool, after_relief, relieve


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentResult:
    """One instrument's outcome under one method, money in fen.

    ``realised_fen`` is net proceeds less relieved cost of all sales, a gain positive. ``remaining`` is what is left.
    """

    instrument: str
    realised_fen: int
    surrendered_cost_fen: int
    cancelled_cost_fen: int
    remaining: tuple[LotPosition, ...]

    @property
    def remaining_t(self) -> int:
        """Return the tonnes left."""
        return sum(lot.quantity for lot in self.remaining)

    @property
    def remaining_cost_fen(self) -> int:
        """Return the cost of what is left."""
        return sum(lot.cost for lot in self.remaining)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostComparison:
    """Both methods side by side, each by instrument."""

    fifo: tuple[InstrumentResult, ...]
    average: tuple[InstrumentResult, ...]


@dataclass(slots=True)
class _Running:
    lots: dict[int, LotPosition] = field(default_factory=dict)
    realised_fen: int = 0
    surrendered_cost_fen: int = 0
    cancelled_cost_fen: int = 0


def compare_costs(trades: Iterable[Trade]) -> CostComparison:
    """Return the outcome of ``trades`` under both methods, each instrument by code.

    Buy 10 t at 1.00 and 10 t at 3.00, sell 10 t at 4.00: FIFO earns 30.00 and keeps cost 30.00; the average earns 20.00
    and keeps 20.00. Source: the ledger's lot rule (``ledger.core.lots``).
    """
    ordered = in_booking_order(trades)
    return CostComparison(
        fifo=replay(ordered, method=LotMethod.FIFO), average=replay(ordered, method=LotMethod.AVERAGE)
    )


def replay(trades: Iterable[Trade], *, method: LotMethod) -> tuple[InstrumentResult, ...]:
    """Return each instrument's outcome under ``method``, trades taken by day; a disposal beyond what is held is refused.

    The refusal is the ledger's ``ledger.insufficient_available`` with the ``trade_ref`` beside it.
    """
    running: dict[str, _Running] = {}
    for number, trade in enumerate(in_booking_order(trades), start=1):
        if trade.kind in ACQUISITIONS:
            _acquire(running.setdefault(trade.instrument, _Running()), trade, number, method)
        elif trade.kind in DISPOSALS:
            _dispose(running.setdefault(trade.instrument, _Running()), trade, method)
    return tuple(
        InstrumentResult(
            instrument=code,
            realised_fen=state.realised_fen,
            surrendered_cost_fen=state.surrendered_cost_fen,
            cancelled_cost_fen=state.cancelled_cost_fen,
            remaining=tuple(
                sorted(
                    (lot for lot in state.lots.values() if lot.quantity), key=lambda lot: (lot.acquired_on, lot.lot_id)
                )
            ),
        )
        for code, state in sorted(running.items())
    )


def _acquire(state: _Running, trade: Trade, number: int, method: LotMethod) -> None:
    assert trade.quantity_t is not None, "an acquisition has tonnes"
    cost = trade.cost_fen()
    if method is LotMethod.AVERAGE and state.lots:
        pool = next(iter(state.lots.values()))
        state.lots[pool.lot_id] = add_to_pool(pool, trade.quantity_t, cost)
        return
    state.lots[number] = LotPosition(
        lot_id=number,
        acquired_on=trade.traded_on,
        quantity=trade.quantity_t,
        cost=cost,
        lot_quantity=trade.quantity_t,
        lot_cost=cost,
    )


def _dispose(state: _Running, trade: Trade, method: LotMethod) -> None:
    assert trade.quantity_t is not None, "a disposal has tonnes"
    try:
        reliefs = relieve(state.lots.values(), trade.quantity_t, method)
    except Conflict as refusal:
        raise Conflict(
            refusal.code, f"{trade.trade_ref}: {refusal.message}", **{**refusal.data, "trade_ref": trade.trade_ref}
        ) from refusal
    for relief in reliefs:
        state.lots[relief.lot_id] = after_relief(state.lots[relief.lot_id], relief)
    cost = sum(relief.cost for relief in reliefs)
    if trade.kind is TradeKind.SALE:
        state.realised_fen += trade.net_proceeds_fen() - cost
    elif trade.kind is TradeKind.SURRENDER:
        state.surrendered_cost_fen += cost
    else:
        state.cancelled_cost_fen += cost
