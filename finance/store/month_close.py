"""Writes and reads the steps of month closes and the closes of days. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.accounting.month_close import Item, Step, StepKind
from finance.accounting.months import Month, parse_month
from finance.store.tables.closing import CloseStepRow, DayCloseRow
from finance.store.tables.market import MarketSnapshotRow
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClose:
    """One day's close: the snapshot it was valued by (None where nothing was held), worth and cost in fen, lots without a value."""

    book_id: int
    day: date
    run_no: int
    known_seq: int
    snapshot_id: UUID | None
    snapshot_sha256: str
    quantity_t: int
    cost_fen: int
    market_value_fen: int
    unvalued: Mapping[str, str]

    @property
    def unrealised_fen(self) -> int:
        """Return worth less cost of the valued lots."""
        return self.market_value_fen - self.cost_fen


def list_steps(session: Session, book_id: int, month: Month) -> tuple[Step, ...]:
    """Return the month's steps in order."""
    rows = session.scalars(
        select(CloseStepRow)
        .where(CloseStepRow.book_id == book_id, CloseStepRow.month == str(month))
        .order_by(CloseStepRow.step_no)
    )
    return tuple(
        Step(
            number=row.step_no,
            what=StepKind(row.what),
            item=Item(row.item) if row.item else None,
            reason=row.reason,
            basis=row.basis,
            evidence={name: str(text) for name, text in row.evidence.items()},
            answers=row.answers_no,
            proposer_id=row.proposer_id,
            actor_id=row.actor_id,
            recorded_at=row.recorded_at,
            digest=row.digest,
        )
        for row in rows
    )


def save_step(session: Session, book_id: int, month: Month, step: Step, *, actor: Actor) -> None:
    """Insert a step; the guards refuse a gap, the database the proposer as second person and a second answer."""
    session.execute(
        insert(CloseStepRow).values(
            book_id=book_id,
            month=str(month),
            step_no=step.number,
            what=step.what.value,
            item="" if step.item is None else step.item.value,
            reason=step.reason,
            basis=step.basis,
            evidence=dict(step.evidence),
            digest=step.digest,
            answers_no=step.answers,
            proposer_id=step.proposer_id,
            actor_id=actor.user_id,
            acting_for_id=actor.organisation_id,
            recorded_at=step.recorded_at,
        )
    )


def softly_closed_month(session: Session, book_id: int) -> Month | None:
    """Return the last month that its checklist closed softly and nobody reopened since, or None.

    A month that was closed for good counts as well: its soft close stands.
    """
    rows = session.execute(
        select(CloseStepRow.month, CloseStepRow.what)
        .where(
            CloseStepRow.book_id == book_id,
            CloseStepRow.what.in_([StepKind.SOFT_CLOSED.value, StepKind.REOPENED.value]),
        )
        .order_by(CloseStepRow.month, CloseStepRow.step_no)
    )
    last = {row.month: row.what for row in rows}
    closed = [month for month, what in last.items() if what == StepKind.SOFT_CLOSED.value]
    return parse_month(max(closed)) if closed else None


def snapshot_of_day(session: Session, organisation_id: UUID, day: date) -> tuple[UUID, ...]:
    """Return the ids of the organisation's frozen snapshots of a day, the last known first."""
    return tuple(
        session.scalars(
            select(MarketSnapshotRow.snapshot_id)
            .where(MarketSnapshotRow.organisation_id == organisation_id, MarketSnapshotRow.as_of == day)
            .order_by(MarketSnapshotRow.known_at.desc(), MarketSnapshotRow.snapshot_id)
        )
    )


def last_day_close(session: Session, book_id: int, day: date) -> DayClose | None:
    """Return the newest close of a day, or None."""
    row = session.scalars(
        select(DayCloseRow)
        .where(DayCloseRow.book_id == book_id, DayCloseRow.day == day)
        .order_by(DayCloseRow.run_no.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _day_close(row)


def list_day_closes(session: Session, book_id: int, *, start: date, end: date) -> tuple[DayClose, ...]:
    """Return every close of the days ``[start, end)``, by day and run."""
    rows = session.scalars(
        select(DayCloseRow)
        .where(DayCloseRow.book_id == book_id, DayCloseRow.day >= start, DayCloseRow.day < end)
        .order_by(DayCloseRow.day, DayCloseRow.run_no)
    )
    return tuple(_day_close(row) for row in rows)


def save_day_close(session: Session, close: DayClose, *, by: UUID, at: datetime) -> None:
    """Insert one day's close."""
    session.execute(
        insert(DayCloseRow).values(
            book_id=close.book_id,
            day=close.day,
            run_no=close.run_no,
            known_seq=close.known_seq,
            snapshot_id=close.snapshot_id,
            snapshot_sha256=close.snapshot_sha256,
            quantity_t=close.quantity_t,
            cost_fen=close.cost_fen,
            market_value_fen=close.market_value_fen,
            unvalued={"lots": dict(close.unvalued)},
            recorded_by=by,
            recorded_at=at,
        )
    )


def count_steps(session: Session, book_id: int, month: Month) -> int:
    """Return how many steps the month has."""
    wanted = select(func.count()).where(CloseStepRow.book_id == book_id, CloseStepRow.month == str(month))
    return session.scalar(wanted) or 0


def _day_close(row: DayCloseRow) -> DayClose:
    return DayClose(
        book_id=row.book_id,
        day=row.day,
        run_no=row.run_no,
        known_seq=row.known_seq,
        snapshot_id=row.snapshot_id,
        snapshot_sha256=row.snapshot_sha256,
        quantity_t=row.quantity_t,
        cost_fen=row.cost_fen,
        market_value_fen=row.market_value_fen,
        unvalued=dict(row.unvalued["lots"]),
    )
