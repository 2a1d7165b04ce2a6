"""Writes and reads what is proposed in trading, and the steps taken about it: one mechanism of four eyes for all of it.

Takes a session first and never commits. Knows the digest of a proposal, not its meaning.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from finance.attestations.canonical import JsonValue
from finance.store.tables.trading import TradingProposalRow, TradingStepRow
from finance.trading.orders import Step, StepKind
from ledger.core.errors import Conflict

_IDS_A_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal with its canonical content and every step about it; ``book_uuid`` is the book's id outside."""

    book_id: int
    book_uuid: UUID
    proposal_id: UUID
    organisation_id: UUID
    kind: str
    number: int
    subject: str
    content: str
    sha256: str
    approvals_needed: int
    maker_id: UUID
    made_at: datetime
    steps: tuple[Step, ...] = ()

    @property
    def document(self) -> Mapping[str, JsonValue]:
        """Return the terms as texts; content that no longer gives its digest is ``trading.altered``."""
        if hashlib.sha256(self.content.encode()).hexdigest() != self.sha256:
            raise Conflict(
                "trading.altered",
                "proposal: its stored bytes do not give its digest; restore it from a backup and find out who changed it",
                proposal_id=str(self.proposal_id),
            )
        loaded: dict[str, JsonValue] = json.loads(self.content)
        return loaded


def next_number(session: Session, book_id: int, kind: str) -> int:
    """Return the number of the book's next proposal of that kind; the caller holds the book's lock."""
    wanted = select(func.max(TradingProposalRow.number)).where(
        TradingProposalRow.book_id == book_id, TradingProposalRow.kind == kind
    )
    return (session.scalar(wanted) or 0) + 1


def save_proposal(session: Session, proposal: Proposal) -> None:
    """Insert a proposal."""
    session.execute(
        insert(TradingProposalRow).values(
            book_id=proposal.book_id,
            proposal_id=proposal.proposal_id,
            organisation_id=proposal.organisation_id,
            kind=proposal.kind,
            number=proposal.number,
            subject=proposal.subject,
            content=proposal.content,
            sha256=proposal.sha256,
            approvals_needed=proposal.approvals_needed,
            maker_id=proposal.maker_id,
            made_at=proposal.made_at,
        )
    )


def save_step(session: Session, proposal: Proposal, step: Step) -> Proposal:
    """Insert a step and return the proposal with it; the database refuses the maker's own approval and a second of one person."""
    key = f"{step.what}:{step.actor_id}" if step.what is StepKind.APPROVED else step.what.value
    session.execute(
        insert(TradingStepRow).values(
            book_id=proposal.book_id,
            proposal_id=proposal.proposal_id,
            number=len(proposal.steps) + 1,
            what=step.what.value,
            step_key=key,
            maker_id=proposal.maker_id,
            sha256=proposal.sha256,
            actor_id=step.actor_id,
            reason=step.reason,
            details=dict(step.details),
            entry_id=step.entry_id,
            recorded_at=step.recorded_at,
        )
    )
    return replace(proposal, steps=(*proposal.steps, step))


def find_book(session: Session, organisation_id: UUID, proposal_id: UUID, kind: str) -> int | None:
    """Return the number of the book in which the organisation's proposal of that kind and id stands, None without one."""
    wanted = select(TradingProposalRow.book_id).where(
        TradingProposalRow.organisation_id == organisation_id,
        TradingProposalRow.proposal_id == proposal_id,
        TradingProposalRow.kind == kind,
    )
    return session.scalar(wanted)


def is_id_taken(session: Session, organisation_id: UUID, proposal_id: UUID) -> bool:
    """Return whether the organisation has any proposal of that id."""
    wanted = select(TradingProposalRow.number).where(
        TradingProposalRow.organisation_id == organisation_id, TradingProposalRow.proposal_id == proposal_id
    )
    return session.execute(wanted).first() is not None


def find(session: Session, book_id: int, proposal_id: UUID, book_uuid: UUID) -> Proposal | None:
    """Return the book's proposal of that id with its steps, None without one."""
    wanted = select(TradingProposalRow).where(
        TradingProposalRow.book_id == book_id, TradingProposalRow.proposal_id == proposal_id
    )
    found = _load(session, book_id, book_uuid, wanted)
    return found[0] if found else None


def list_of_kind(
    session: Session,
    book_id: int,
    kind: str,
    book_uuid: UUID,
    *,
    after: int = 0,
    limit: int | None = None,
    subject: str | None = None,
) -> tuple[Proposal, ...]:
    """Return the book's proposals of a kind by number, from ``after`` (exclusive) on, at most ``limit``."""
    wanted = (
        select(TradingProposalRow)
        .where(
            TradingProposalRow.book_id == book_id, TradingProposalRow.kind == kind, TradingProposalRow.number > after
        )
        .order_by(TradingProposalRow.number)
    )
    if subject is not None:
        wanted = wanted.where(TradingProposalRow.subject == subject)
    if limit is not None:
        wanted = wanted.limit(limit)
    return _load(session, book_id, book_uuid, wanted)


def _load(session: Session, book_id: int, book_uuid: UUID, wanted: Select[TradingProposalRow]) -> tuple[Proposal, ...]:
    rows = tuple(session.scalars(wanted))
    steps = _steps(session, book_id, [row.proposal_id for row in rows])
    return tuple(
        Proposal(
            book_id=book_id,
            book_uuid=book_uuid,
            proposal_id=row.proposal_id,
            organisation_id=row.organisation_id,
            kind=row.kind,
            number=row.number,
            subject=row.subject,
            content=row.content,
            sha256=row.sha256,
            approvals_needed=row.approvals_needed,
            maker_id=row.maker_id,
            made_at=row.made_at,
            steps=tuple(steps.get(row.proposal_id, ())),
        )
        for row in rows
    )


def _steps(session: Session, book_id: int, ids: Sequence[UUID]) -> dict[UUID, list[Step]]:
    found: dict[UUID, list[Step]] = {}
    for start in range(0, len(ids), _IDS_A_QUERY):
        wanted = (
            select(TradingStepRow)
            .where(TradingStepRow.book_id == book_id, TradingStepRow.proposal_id.in_(ids[start : start + _IDS_A_QUERY]))
            .order_by(TradingStepRow.proposal_id, TradingStepRow.number)
        )
        for row in session.scalars(wanted):
            found.setdefault(row.proposal_id, []).append(
                Step(
                    what=StepKind(row.what),
                    actor_id=row.actor_id,
                    recorded_at=row.recorded_at,
                    reason=row.reason,
                    details=dict(row.details),
                    entry_id=row.entry_id,
                )
            )
    return found
