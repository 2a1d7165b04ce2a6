"""Writes and reads trades beside the ledger entries they became. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.accounting.trades import ACQUISITIONS, Trade, TradeKind
from finance.store.tables.trades import TradeRow

_REFS_A_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTrade:
    """A trade as recorded, with its entry's id and place in the book."""

    trade: Trade
    entry_id: UUID
    entry_seq: int
    recorded_at: datetime
    recorded_by: UUID


def find_trades(session: Session, book_id: int, trade_refs: Sequence[str]) -> dict[str, RecordedTrade]:
    """Return those of ``trade_refs`` that the book has, by reference."""
    found: dict[str, RecordedTrade] = {}
    for start in range(0, len(trade_refs), _REFS_A_QUERY):
        wanted = select(TradeRow).where(
            TradeRow.book_id == book_id, TradeRow.trade_ref.in_(trade_refs[start : start + _REFS_A_QUERY])
        )
        found.update((row.trade_ref, _recorded(row)) for row in session.scalars(wanted))
    return found


def list_trades(
    session: Session, book_id: int, *, until: date | None = None, known: int | None = None
) -> tuple[RecordedTrade, ...]:
    """Return the book's trades in recording order, those traded by ``until`` (inclusive) and recorded by seq ``known``.

    A trade whose entry was reversed is still here: it was said. The ledger says what holds.
    """
    wanted = select(TradeRow).where(TradeRow.book_id == book_id).order_by(TradeRow.entry_seq)
    if until is not None:
        wanted = wanted.where(TradeRow.traded_on <= until)
    if known is not None:
        wanted = wanted.where(TradeRow.entry_seq <= known)
    return tuple(_recorded(row) for row in session.scalars(wanted))


def compliance_years(session: Session, book_id: int, *, until: date, known: int) -> dict[int, int]:
    """Return the compliance year of each trade that names one, by its place in the book; traded by ``until``, recorded by ``known``."""
    wanted = select(TradeRow.entry_seq, TradeRow.compliance_year).where(
        TradeRow.book_id == book_id,
        TradeRow.compliance_year.is_not(None),
        TradeRow.traded_on <= until,
        TradeRow.entry_seq <= known,
    )
    return {row.entry_seq: row.compliance_year for row in session.execute(wanted)}


def surrender_days(session: Session, book_id: int, *, year: int, until: date) -> tuple[date, ...]:
    """Return the days up to ``until`` on which something was surrendered for a compliance year, in order; reversed ones too."""
    wanted = (
        select(TradeRow.traded_on)
        .where(
            TradeRow.book_id == book_id,
            TradeRow.kind == TradeKind.SURRENDER.value,
            TradeRow.compliance_year == year,
            TradeRow.traded_on <= until,
        )
        .distinct()
    )
    return tuple(sorted(session.scalars(wanted)))


def list_fees(session: Session, book_id: int, *, known: int) -> dict[int, int]:
    """Return the fees of the trades recorded by seq ``known``, in fen by the entry's seq, where there were any."""
    wanted = select(TradeRow.entry_seq, TradeRow.fee_fen).where(
        TradeRow.book_id == book_id, TradeRow.entry_seq <= known, TradeRow.fee_fen > 0
    )
    return {row.entry_seq: row.fee_fen for row in session.execute(wanted)}


def latest_acquisitions(
    session: Session, book_id: int, instruments: Iterable[str], *, without: Collection[int] = ()
) -> dict[str, date]:
    """Return the last day on which each of ``instruments`` came into the book, for those that ever did.

    ``without`` leaves out the trades at those places of the book, such as reversed ones.
    """
    wanted = (
        select(TradeRow.instrument, func.max(func.coalesce(TradeRow.settled_on, TradeRow.traded_on)).label("latest"))
        .where(
            TradeRow.book_id == book_id,
            TradeRow.instrument.in_(sorted(set(instruments))),
            TradeRow.kind.in_(sorted(ACQUISITIONS)),
            TradeRow.entry_seq.not_in(sorted(without)),
        )
        .group_by(TradeRow.instrument)
    )
    return {row.instrument: row.latest for row in session.execute(wanted)}


def purchased_on(session: Session, book_id: int, instrument: str, day: date) -> tuple[tuple[int, int], ...]:
    """Return (place in the book, quantity) of each purchase of ``instrument`` traded on ``day``, reversed ones too."""
    wanted = select(TradeRow.entry_seq, TradeRow.quantity_t).where(
        TradeRow.book_id == book_id,
        TradeRow.instrument == instrument,
        TradeRow.traded_on == day,
        TradeRow.kind == TradeKind.PURCHASE.value,
    )
    return tuple((row.entry_seq, row.quantity_t or 0) for row in session.execute(wanted))


def save_trades(session: Session, book_id: int, recorded: Sequence[RecordedTrade]) -> None:
    """Insert trades whose entries stand in the ledger."""
    session.execute(insert(TradeRow), [_values(book_id, one) for one in recorded])


def _values(book_id: int, recorded: RecordedTrade) -> dict[str, object]:
    trade = recorded.trade
    return {
        "book_id": book_id,
        "trade_ref": trade.trade_ref,
        "entry_id": recorded.entry_id,
        "entry_seq": recorded.entry_seq,
        "kind": trade.kind.value,
        "traded_on": trade.traded_on,
        "instrument": trade.instrument,
        "quantity_t": trade.quantity_t,
        "price_cny_per_t": trade.price_cny_per_t,
        "fee_fen": trade.fee_fen,
        "counterparty": trade.counterparty,
        "venue": trade.venue,
        "compliance_year": trade.compliance_year,
        "doc_ref": trade.doc_ref,
        "note": trade.note,
        "origin": trade.origin,
        "recorded_at": recorded.recorded_at,
        "recorded_by": recorded.recorded_by,
        "price_eur_per_t": trade.price_eur_per_t,
        "fixing_cny_per_eur": trade.fixing_cny_per_eur,
        "fixing_ref": trade.fixing_ref or None,
        "vat_code": trade.vat_code or None,
        "settled_on": trade.settled_on,
        "order_id": trade.order_id,
        "order_sha256": trade.order_sha256 or None,
    }


def _recorded(row: TradeRow) -> RecordedTrade:
    trade = Trade(
        trade_ref=row.trade_ref,
        kind=TradeKind(row.kind),
        traded_on=row.traded_on,
        instrument=row.instrument,
        quantity_t=row.quantity_t,
        price_cny_per_t=row.price_cny_per_t,
        fee_fen=row.fee_fen,
        counterparty=row.counterparty,
        venue=row.venue,
        compliance_year=row.compliance_year,
        doc_ref=row.doc_ref,
        note=row.note,
        origin=row.origin,
        price_eur_per_t=row.price_eur_per_t,
        fixing_cny_per_eur=row.fixing_cny_per_eur,
        fixing_ref=row.fixing_ref or "",
        vat_code=row.vat_code or "",
        settled_on=row.settled_on,
        order_id=row.order_id,
        order_sha256=row.order_sha256 or "",
    )
    return RecordedTrade(
        trade=trade,
        entry_id=row.entry_id,
        entry_seq=row.entry_seq,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )
