"""Keeps which event is which leaf of which evidence book. Takes a session first and never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.store.tables.attestations import EvidenceReceiptRow
from ledger.store.acting import as_installation


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReceipt:
    """That an event is leaf ``seq`` of a book: the leaf's entry carries ``digest``, the SHA-256 of ``document``.

    ``number`` orders the events of one subject, from 1. ``document`` is the event as canonical JSON.
    """

    book_id: int
    entry_id: UUID
    subject: str
    subject_id: str
    number: int
    event: str
    document: str
    digest: str
    seq: int
    leaf_hash: bytes
    recorded_at: datetime


def next_number(session: Session, subject: str, subject_id: str) -> int:
    """Return the number of the subject's next event."""
    last = session.scalar(
        select(func.max(EvidenceReceiptRow.number)).where(
            EvidenceReceiptRow.subject == subject, EvidenceReceiptRow.subject_id == subject_id
        )
    )
    return (last or 0) + 1


def save_receipt(session: Session, receipt: EvidenceReceipt) -> None:
    """Record the receipt."""
    session.execute(
        insert(EvidenceReceiptRow).values(
            book_id=receipt.book_id,
            entry_id=receipt.entry_id,
            subject=receipt.subject,
            subject_id=receipt.subject_id,
            number=receipt.number,
            event=receipt.event,
            document=receipt.document,
            digest=receipt.digest,
            seq=receipt.seq,
            leaf_hash=receipt.leaf_hash,
            recorded_at=receipt.recorded_at,
        )
    )


def load_receipts(session: Session, subject: str, subject_id: str) -> tuple[EvidenceReceipt, ...]:
    """Return the receipts of everything that befell the subject, in order."""
    wanted = (
        select(EvidenceReceiptRow)
        .where(EvidenceReceiptRow.subject == subject, EvidenceReceiptRow.subject_id == subject_id)
        .order_by(EvidenceReceiptRow.number)
    )
    with as_installation(session):  # whoever sees the subject sees its receipts, and they lie in its owner's book
        rows = session.scalars(wanted).all()
    return tuple(
        EvidenceReceipt(
            book_id=row.book_id,
            entry_id=row.entry_id,
            subject=row.subject,
            subject_id=row.subject_id,
            number=row.number,
            event=row.event,
            document=row.document,
            digest=row.digest,
            seq=row.seq,
            leaf_hash=bytes(row.leaf_hash),
            recorded_at=row.recorded_at,
        )
        for row in rows
    )
