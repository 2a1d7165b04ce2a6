"""The ledger's lot moves as results see them: purchase, sale, allocation, surrender, with the money and the fee of each.

Reads only. Owns the translation of entry kinds; a reversal keeps the kind of what it undoes with every sign turned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy.orm import Session

from finance.accounting.instruments import instrument_of
from finance.market.movements import Movement, MovementKind
from finance.market.profit_and_loss import HeldIdentity
from finance.store import trades as trade_store
from ledger.core.amounts import split_exact, unit_of
from ledger.core.journal import EntryKind
from ledger.store import books
from ledger.store.lot_movements import LotMovement, list_movements


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMovement:
    """A movement and the lot that it moved."""

    held: HeldIdentity
    movement: Movement


def movements_of(
    session: Session,
    book_id: int,
    *,
    as_of: date,
    known: int,
    since: date | None = None,
    learned_after: int | None = None,
) -> tuple[HeldMovement, ...]:
    """Return the moves effective by ``as_of`` and recorded by ``known``, in order of day and recording.

    With ``since`` only those effective from that day on and, with ``learned_after``, earlier ones recorded after that
    seq, which are then marked as learned.
    """
    rows = list_movements(session, book_id, as_of=as_of, known=known, since=since, learned_after=learned_after)
    fees = _fees(rows, trade_store.list_fees(session, book_id, known=known))
    identities = _identities(session, book_id, rows)
    return tuple(
        HeldMovement(
            held=identities[row.lot_id],
            movement=_movement(row, fee=fee, is_learned=since is not None and row.effective_on < since),
        )
        for row, fee in zip(rows, fees, strict=True)
    )


def _movement(row: LotMovement, *, fee: int, is_learned: bool) -> Movement:
    kind = _kind(row)
    money = row.cost
    if kind is MovementKind.SALE:
        assert row.proceeds is not None, "a sale has proceeds"
        money = -row.proceeds
    elif kind in {MovementKind.ALLOCATION, MovementKind.SURRENDER, MovementKind.CANCELLATION}:
        money = 0
    return Movement(
        lot_id=str(row.lot_id),
        kind=kind,
        effective_on=row.effective_on,
        seq=row.seq,
        quantity_t=row.quantity,
        cost_units=row.cost,
        money_units=money,
        fee_units=fee if kind in {MovementKind.PURCHASE, MovementKind.SALE} else 0,
        is_learned=is_learned,
    )


def _kind(row: LotMovement) -> MovementKind:
    """Return what the move was; what fits no rule is carried at its cost, so that no result comes of it."""
    is_acquisition = (row.quantity > 0) == (row.source_seq == row.seq)
    if is_acquisition:
        if row.kind is EntryKind.ISSUE:
            return MovementKind.PURCHASE if row.cost else MovementKind.ALLOCATION
        return _ACQUISITIONS.get(row.kind, MovementKind.TRANSFER)
    if row.kind in _DEALS:
        return MovementKind.TRANSFER if row.proceeds is None else MovementKind.SALE
    return _DISPOSALS.get(row.kind, MovementKind.TRANSFER)


_DEALS = (EntryKind.TRADE, EntryKind.CAPTURE)
"""A trade is booked as one, or out of what its order set aside: then the entry is a capture."""

_ACQUISITIONS = {EntryKind.OPENING: MovementKind.OPENING, **dict.fromkeys(_DEALS, MovementKind.PURCHASE)}
_DISPOSALS = {EntryKind.SURRENDER: MovementKind.SURRENDER, EntryKind.CANCEL: MovementKind.CANCELLATION}


def _fees(rows: Sequence[LotMovement], by_entry: Mapping[int, int]) -> tuple[int, ...]:
    """Return each move's part of its trade's fee, by tonnes, summing to the fee; a reversal's is negative."""
    parts: dict[int, int] = {}
    order = sorted(range(len(rows)), key=lambda place: rows[place].seq)
    for _, places in groupby(order, key=lambda place: rows[place].seq):
        held = list(places)
        first = rows[held[0]]
        fee = by_entry.get(first.source_seq, 0)
        shares = split_exact(fee, [max(abs(rows[place].quantity), 1) for place in held])
        sign = 1 if first.source_seq == first.seq else -1
        parts.update((place, sign * share) for place, share in zip(held, shares, strict=True))
    return tuple(parts[place] for place in range(len(rows)))


def _identities(session: Session, book_id: int, rows: Iterable[LotMovement]) -> dict[int, HeldIdentity]:
    return {row.lot_id: identity for row, identity in _identified(session, book_id, rows)}


def _identified(
    session: Session, book_id: int, rows: Iterable[LotMovement]
) -> Iterator[tuple[LotMovement, HeldIdentity]]:
    commodities = books.commodities(session, book_id)
    for row in {row.lot_id: row for row in rows}.values():
        commodity, attrs = commodities[row.commodity]
        instrument = instrument_of(row.commodity, dict(attrs))
        yield (
            row,
            HeldIdentity(
                lot_id=str(row.lot_id),
                account=row.account,
                instrument=row.commodity,
                price_instrument=row.commodity if instrument is None else instrument.marked_by,
                unit=unit_of(commodity, attrs),
            ),
        )
