"""What a book's carbon is worth on a day by one frozen snapshot, and what was realised up to it.

Reads only. Quantities, costs and realised results come from the ledger as of (day, record point), prices from the
snapshot and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.chart import BOOK_CURRENCY, GAIN, LOSS, segment
from finance.accounting.instruments import Instrument, instrument_of
from finance.market.mark_checks import breaches_by_mark
from finance.market.reasons import PriceReason
from finance.market.snapshots import Snapshot
from finance.market.valuation import LotPosition, Valuation, ValuedLot, value_lots
from finance.operations import lot_movements
from finance.store import market as market_store
from finance.store import reference
from ledger.core.amounts import unit_of
from ledger.core.errors import Conflict, Invalid
from ledger.store import books, reports
from ledger.store.reports import LotBalance, RecordPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedResult:
    """What sales of one instrument earned and lost to date, in minor units of the book (fen), both zero or more."""

    instrument: str
    gain_fen: int
    loss_fen: int

    @property
    def net_fen(self) -> int:
        """Return gain less loss."""
        return self.gain_fen - self.loss_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class BookValuation:
    """Every open lot with its worth, the totals, and the realised results from the book's first day through ``as_of``."""

    book_id: int
    as_of: date
    record: RecordPoint
    valuation: Valuation
    realised: tuple[RealisedResult, ...]
    currency: str = BOOK_CURRENCY

    @property
    def unvalued(self) -> tuple[ValuedLot, ...]:
        """Return the lots without a usable price; each says why."""
        return tuple(lot for lot in self.valuation.lots if lot.market_value_units is None)

    @property
    def realised_net_fen(self) -> int:
        """Return gains less losses of all instruments."""
        return sum(result.net_fen for result in self.realised)


def value_book(
    session: Session,
    book_id: int,
    snapshot: Snapshot,
    *,
    as_of: date,
    known: int | None = None,
    currency: str = BOOK_CURRENCY,
) -> BookValuation:
    """Return the worth of the book's lots at the close of ``as_of`` by what its first ``known`` entries say (all when None).

    ``currency`` is the book's own. ``snapshot`` must be of the same day (``valuation.snapshot_day``): holdings of one day
    at prices of another are nobody's worth. A lot whose mark is stale or missing is unvalued with its reason, and the
    total says so.
    """
    check_day(snapshot, as_of=as_of)
    record = reports.record_point(session, book_id, known=known)
    held = instruments_of(session, book_id)
    return BookValuation(
        book_id=book_id,
        as_of=as_of,
        record=record,
        valuation=value_lots(
            open_lots(session, book_id, held, as_of=as_of, known=record.seq), snapshot, currency=currency
        ),
        realised=_realised(session, book_id, held, as_of=as_of, known=record.seq)
        if currency == BOOK_CURRENCY
        else _realised_by_lots(session, book_id, as_of=as_of, known=record.seq),
        currency=currency,
    )


def check_day(snapshot: Snapshot, *, as_of: date) -> None:
    """Refuse marks of another day than the holdings with ``valuation.snapshot_day``."""
    if snapshot.as_of != as_of:
        raise Invalid(
            "valuation.snapshot_day",
            f"snapshot: expected marks of {as_of}, these are of {snapshot.as_of}; freeze a snapshot of that day",
            as_of=as_of.isoformat(),
            snapshot_as_of=snapshot.as_of.isoformat(),
        )


def open_lots(
    session: Session, book_id: int, held: Mapping[str, Instrument], *, as_of: date, known: int
) -> tuple[LotPosition, ...]:
    """Return the book's open lots as positions; a commodity with decimals is ``valuation.scale``."""
    commodities = books.commodities(session, book_id)
    return tuple(
        _position(
            lot,
            held.get(lot.commodity),
            scale=commodities[lot.commodity][0].scale,
            unit=unit_of(*commodities[lot.commodity]),
        )
        for lot in reports.lots(session, book_id, as_of=as_of, known=known)
    )


def breaches_of(session: Session, organisation_id: UUID, snapshot: Snapshot) -> Mapping[str, tuple[PriceReason, ...]]:
    """Return the bounds that the prices behind the snapshot's marks breached, by instrument, by the shipped bounds."""
    days = [mark.trade_date for mark in snapshot.marks if mark.trade_date is not None]
    if not days:
        return {}
    seen = market_store.list_observations(
        session,
        organisation_id,
        instruments=[mark.instrument for mark in snapshot.marks if mark.trade_date is not None],
        since=min(days),
        until=max(days),
        known_at=snapshot.known_at,
    )
    return breaches_by_mark(snapshot.marks, seen, reference.shipped_instrument_bounds())


def instruments_of(session: Session, book_id: int) -> Mapping[str, Instrument]:
    """Return the instruments that the book keeps, by code."""
    found = {code: instrument_of(code, dict(attrs)) for code, (_, attrs) in books.commodities(session, book_id).items()}
    return {code: instrument for code, instrument in found.items() if instrument is not None}


def marks_needed(session: Session, book_id: int, *, as_of: date, known: int | None = None) -> tuple[str, ...]:
    """Return the codes of the marks that value the book's lots on ``as_of``, sorted: CEA24, CEA25, CCER."""
    held = instruments_of(session, book_id)
    open_codes = {lot.commodity for lot in reports.lots(session, book_id, as_of=as_of, known=known)}
    return tuple(sorted({held[code].marked_by if code in held else code for code in open_codes}))


def _position(lot: LotBalance, instrument: Instrument | None, *, scale: int, unit: str) -> LotPosition:
    if scale:
        raise Conflict(
            "valuation.scale",
            f"{lot.commodity}: expected whole tonnes, this commodity has {scale} decimals",
            commodity=lot.commodity,
        )
    return LotPosition(
        lot_id=str(lot.lot_id),
        account=lot.path,
        instrument=lot.commodity,
        quantity_t=lot.quantity,
        cost_units=lot.cost,
        acquired_on=lot.acquired_on,
        price_instrument="" if instrument is None else instrument.marked_by,
        unit=unit,
    )


def _realised(
    session: Session, book_id: int, held: Mapping[str, Instrument], *, as_of: date, known: int
) -> tuple[RealisedResult, ...]:
    """Return the gain and loss accounts' balances by instrument, for those that ever had one."""
    gains, losses = (
        {
            position.path.rpartition(":")[2]: position.balance
            for position in reports.positions(session, book_id, as_of=as_of, known=known, under=under)
        }
        for under in (GAIN, LOSS)
    )
    results = (
        RealisedResult(instrument=code, gain_fen=gains.get(segment(code), 0), loss_fen=losses.get(segment(code), 0))
        for code in sorted(held)
    )
    return tuple(result for result in results if result.gain_fen or result.loss_fen)


def _realised_by_lots(session: Session, book_id: int, *, as_of: date, known: int) -> tuple[RealisedResult, ...]:
    """Return what sales earned and lost by instrument from the lots themselves, for a book without this chart."""
    by_code: dict[str, tuple[int, int]] = {}
    for one in lot_movements.movements_of(session, book_id, as_of=as_of, known=known):
        gain, loss = by_code.get(one.held.instrument, (0, 0))
        result = one.movement.realised_units
        by_code[one.held.instrument] = (gain + max(result, 0), loss + max(-result, 0))
    results = (
        RealisedResult(instrument=code, gain_fen=gain, loss_fen=loss) for code, (gain, loss) in sorted(by_code.items())
    )
    return tuple(result for result in results if result.gain_fen or result.loss_fen)
