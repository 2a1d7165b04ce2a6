"""Writes and reads orders with their fills and settlements. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.store import trading_proposals
from finance.store.tables.trading import OrderFillRow, OrderSettlementRow
from finance.store.trading_proposals import Proposal
from finance.trading.orders import Fill, OrderRecord, Settlement, SettlementState, terms_of

ORDER = "order"
CORRECTION = "correction"
_IDS_A_QUERY = 500


def find_order(session: Session, book_id: int, order_id: UUID, book_uuid: UUID) -> OrderRecord | None:
    """Return the book's order with every fact about it, None without one."""
    found = trading_proposals.find(session, book_id, order_id, book_uuid)
    if found is None or found.kind != ORDER:
        return None
    return order_of(session, (found,))[0]


def list_orders(
    session: Session, book_id: int, book_uuid: UUID, *, after: int = 0, limit: int | None = None
) -> tuple[OrderRecord, ...]:
    """Return the book's orders by number, from ``after`` (exclusive) on, at most ``limit``."""
    found = trading_proposals.list_of_kind(session, book_id, ORDER, book_uuid, after=after, limit=limit)
    return order_of(session, found)


def order_of(session: Session, proposals: Sequence[Proposal]) -> tuple[OrderRecord, ...]:
    """Return proposals of one book as orders with their fills and settlements."""
    if not proposals:
        return ()
    book_id = proposals[0].book_id
    ids = [one.proposal_id for one in proposals]
    fills, settlements = _fills(session, book_id, ids), _settlements(session, book_id, ids)
    return tuple(
        OrderRecord(
            order_id=one.proposal_id,
            book_id=book_id,
            book_uuid=one.book_uuid,
            number=one.number,
            terms=terms_of(one.document),
            sha256=one.sha256,
            maker_id=one.maker_id,
            made_at=one.made_at,
            approvals_needed=one.approvals_needed,
            steps=one.steps,
            fills=tuple(fills.get(one.proposal_id, ())),
            settlements=tuple(settlements.get(one.proposal_id, ())),
        )
        for one in proposals
    )


def save_fill(
    session: Session, order: OrderRecord, fill: Fill, *, by: UUID, at: datetime, correction_id: UUID | None = None
) -> None:
    """Insert a fill; the database refuses one of an order that was not placed."""
    session.execute(
        insert(OrderFillRow).values(
            book_id=order.book_id,
            proposal_id=order.order_id,
            fill_ref=fill.fill_ref,
            number=len(order.fills) + 1,
            quantity=fill.quantity,
            price=fill.price,
            fee_minor=fill.fee_minor,
            fee_doc_ref=fill.fee_doc_ref,
            vat_code=fill.vat_code,
            dealt_at=fill.dealt_at,
            dealt_on=fill.dealt_on,
            doc_ref=fill.doc_ref,
            fixing_cny_per_eur=fill.fixing_cny_per_eur,
            fixing_ref=fill.fixing_ref,
            corrects=fill.corrects or None,
            correction_id=correction_id,
            recorded_by=by,
            recorded_at=at,
        )
    )


def save_settlement(session: Session, order: OrderRecord, settlement: Settlement) -> None:
    """Insert what became of a fill."""
    standing = select(func.max(OrderSettlementRow.number)).where(
        OrderSettlementRow.book_id == order.book_id, OrderSettlementRow.proposal_id == order.order_id
    )
    session.execute(
        insert(OrderSettlementRow).values(
            book_id=order.book_id,
            proposal_id=order.order_id,
            number=(session.scalar(standing) or 0) + 1,
            fill_ref=settlement.fill_ref,
            state=settlement.state.value,
            settled_on=settlement.settled_on,
            reason=settlement.reason,
            trade_ref=settlement.trade_ref,
            entry_id=settlement.entry_id,
            reversed_entry_id=settlement.reversed_entry_id,
            actor_id=settlement.actor_id,
            recorded_at=settlement.recorded_at,
        )
    )


def _fills(session: Session, book_id: int, ids: Sequence[UUID]) -> dict[UUID, list[Fill]]:
    found: dict[UUID, list[Fill]] = {}
    for start in range(0, len(ids), _IDS_A_QUERY):
        wanted = (
            select(OrderFillRow)
            .where(OrderFillRow.book_id == book_id, OrderFillRow.proposal_id.in_(ids[start : start + _IDS_A_QUERY]))
            .order_by(OrderFillRow.proposal_id, OrderFillRow.number)
        )
        for row in session.scalars(wanted):
            found.setdefault(row.proposal_id, []).append(
                Fill(
                    fill_ref=row.fill_ref,
                    quantity=row.quantity,
                    price=row.price,
                    fee_minor=row.fee_minor,
                    fee_doc_ref=row.fee_doc_ref,
                    vat_code=row.vat_code,
                    dealt_at=row.dealt_at,
                    dealt_on=row.dealt_on,
                    doc_ref=row.doc_ref,
                    fixing_cny_per_eur=row.fixing_cny_per_eur,
                    fixing_ref=row.fixing_ref,
                    corrects=row.corrects or "",
                )
            )
    return found


def _settlements(session: Session, book_id: int, ids: Sequence[UUID]) -> dict[UUID, list[Settlement]]:
    found: dict[UUID, list[Settlement]] = {}
    for start in range(0, len(ids), _IDS_A_QUERY):
        wanted = (
            select(OrderSettlementRow)
            .where(
                OrderSettlementRow.book_id == book_id,
                OrderSettlementRow.proposal_id.in_(ids[start : start + _IDS_A_QUERY]),
            )
            .order_by(OrderSettlementRow.proposal_id, OrderSettlementRow.number)
        )
        for row in session.scalars(wanted):
            found.setdefault(row.proposal_id, []).append(
                Settlement(
                    fill_ref=row.fill_ref,
                    state=SettlementState(row.state),
                    settled_on=row.settled_on,
                    reason=row.reason,
                    trade_ref=row.trade_ref,
                    entry_id=row.entry_id,
                    reversed_entry_id=row.reversed_entry_id,
                    recorded_at=row.recorded_at,
                    actor_id=row.actor_id,
                )
            )
    return found
