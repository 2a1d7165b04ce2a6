"""Reads and writes what stands beside a verdict: remarks, and the digests of evidence. Never commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.attestations.acceptance import Remark
from finance.store.tables.attestations import AttestationEvidenceRow, AttestationRemarkRow
from ledger.store.acting import as_installation


def save_remarks(session: Session, attestation_id: UUID, remarks: Sequence[Remark]) -> None:
    """Record what a person should see beside the verdict."""
    last = session.scalar(
        select(func.max(AttestationRemarkRow.number)).where(AttestationRemarkRow.attestation_id == attestation_id)
    )
    for number, remark in enumerate(remarks, start=(last or 0) + 1):
        session.execute(
            insert(AttestationRemarkRow).values(
                attestation_id=attestation_id,
                number=number,
                code=remark.code,
                reason=remark.reason,
                field=remark.field,
            )
        )


def load_remarks(session: Session, attestation_id: UUID) -> tuple[Remark, ...]:
    """Return the remarks beside the verdict, in order."""
    rows = session.scalars(
        select(AttestationRemarkRow)
        .where(AttestationRemarkRow.attestation_id == attestation_id)
        .order_by(AttestationRemarkRow.number)
    )
    return tuple(Remark(code=row.code, reason=row.reason, field=row.field) for row in rows)


def save_evidence(session: Session, attestation_id: UUID, facility_id: UUID, digests: Iterable[str]) -> None:
    """Record the digests that an accepted statement lists."""
    for digest in sorted(digests):
        session.execute(
            insert(AttestationEvidenceRow).values(sha256=digest, attestation_id=attestation_id, facility_id=facility_id)
        )


def evidence_elsewhere(session: Session, facility_id: UUID, digests: Iterable[str]) -> frozenset[str]:
    """Return those of ``digests`` that an accepted statement of another facility listed before."""
    listed = select(AttestationEvidenceRow.sha256).where(
        AttestationEvidenceRow.sha256.in_(sorted(digests)), AttestationEvidenceRow.facility_id != facility_id
    )
    with as_installation(session):  # the other facility may be anybody's
        return frozenset(session.scalars(listed))
