"""Writes and reads economic books, what they were brought to, and charges of loans as booked. Takes a session first, never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.store.tables.closing import EconomicBookRow, EconomicRunRow, LoanChargeBookingRow


class RunKind(StrEnum):
    """What the economic book was brought to."""

    REVALUATION = "revaluation"
    PROVISION = "provision"


@dataclass(frozen=True, slots=True, kw_only=True)
class EconomicRun:
    """One run: ``entries`` are the ids it posted, ``document`` what it found."""

    what: RunKind
    run_no: int
    as_of: date
    snapshot_id: UUID | None
    known_seq: int
    basis_sha256: str
    document: Mapping[str, Any]
    recorded_by: UUID
    recorded_at: datetime

    @property
    def entries(self) -> tuple[UUID, ...]:
        """Return the ids of the entries that the run posted, its reversals left out."""
        return tuple(UUID(each) for each in self.document["entries"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeKey:
    """Which payment of which charge: the fee's name or ``redemption``, and the day it is told by."""

    tranche_id: str
    charge: str
    due_on: date


def save_economic_book(session: Session, book_id: int, economic_book_id: int, *, by: UUID, at: datetime) -> None:
    """Insert which book is the memo of which."""
    session.execute(
        insert(EconomicBookRow).values(book_id=book_id, economic_book_id=economic_book_id, opened_by=by, opened_at=at)
    )


def economic_book_of(session: Session, book_id: int) -> int | None:
    """Return the number of the book's economic memo, or None."""
    return session.scalar(select(EconomicBookRow.economic_book_id).where(EconomicBookRow.book_id == book_id))


def is_economic(session: Session, book_id: int) -> bool:
    """Return whether the book is the memo of another."""
    wanted = select(EconomicBookRow.book_id).where(EconomicBookRow.economic_book_id == book_id)
    return session.scalar(wanted) is not None


def list_runs(session: Session, book_id: int, what: RunKind) -> tuple[EconomicRun, ...]:
    """Return the runs of one kind in order."""
    rows = session.scalars(
        select(EconomicRunRow)
        .where(EconomicRunRow.book_id == book_id, EconomicRunRow.what == what.value)
        .order_by(EconomicRunRow.run_no)
    )
    return tuple(
        EconomicRun(
            what=RunKind(row.what),
            run_no=row.run_no,
            as_of=row.as_of,
            snapshot_id=row.snapshot_id,
            known_seq=row.known_seq,
            basis_sha256=row.basis_sha256,
            document=row.document,
            recorded_by=row.recorded_by,
            recorded_at=row.recorded_at,
        )
        for row in rows
    )


def save_run(session: Session, book_id: int, run: EconomicRun) -> None:
    """Insert a run."""
    session.execute(
        insert(EconomicRunRow).values(
            book_id=book_id,
            what=run.what.value,
            run_no=run.run_no,
            as_of=run.as_of,
            snapshot_id=run.snapshot_id,
            known_seq=run.known_seq,
            basis_sha256=run.basis_sha256,
            document=dict(run.document),
            recorded_by=run.recorded_by,
            recorded_at=run.recorded_at,
        )
    )


def booked_charges(session: Session, book_id: int, facility_id: UUID) -> Mapping[ChargeKey, int]:
    """Return what is booked of each charge of the loan, changes included, in minor units."""
    rows = session.execute(
        select(
            LoanChargeBookingRow.tranche_id,
            LoanChargeBookingRow.charge,
            LoanChargeBookingRow.due_on,
            func.sum(LoanChargeBookingRow.amount_minor).label("amount"),
        )
        .where(LoanChargeBookingRow.book_id == book_id, LoanChargeBookingRow.facility_id == facility_id)
        .group_by(LoanChargeBookingRow.tranche_id, LoanChargeBookingRow.charge, LoanChargeBookingRow.due_on)
    )
    return {ChargeKey(tranche_id=row.tranche_id, charge=row.charge, due_on=row.due_on): int(row.amount) for row in rows}


def save_charge(
    session: Session,
    book_id: int,
    facility_id: UUID,
    key: ChargeKey,
    amount_minor: int,
    *,
    entry_id: UUID,
    known_sha256: str,
    by: UUID,
    at: datetime,
) -> None:
    """Insert one booking of a charge."""
    session.execute(
        insert(LoanChargeBookingRow).values(
            book_id=book_id,
            entry_id=entry_id,
            facility_id=facility_id,
            tranche_id=key.tranche_id,
            charge=key.charge,
            due_on=key.due_on,
            amount_minor=amount_minor,
            known_sha256=known_sha256,
            recorded_by=by,
            recorded_at=at,
        )
    )
