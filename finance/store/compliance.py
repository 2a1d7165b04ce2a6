"""Writes and reads what persons propose and decide about compliance years. Takes a session first and never commits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.store.tables.compliance import ComplianceDecisionRow, ComplianceEntryRow, ComplianceProposalRow


class ProposalKind(StrEnum):
    """What a proposal is about; the first six are facts of the allocation's life cycle."""

    PREALLOCATION = "preallocation"
    VERIFICATION = "verification"
    VERIFICATION_WITHDRAWAL = "verification_withdrawal"
    DETERMINATION = "determination"
    OBJECTION = "objection"
    OBJECTION_ANSWER = "objection_answer"
    SETTLEMENT = "settlement"  # the difference issued or given back
    MILESTONE = "milestone"  # a step of the calendar was done
    CARRY_OVER = "carry_over"
    SURRENDER_PLAN = "surrender_plan"


class Verdict(StrEnum):
    """How a proposal ended."""

    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDecision:
    """One person's verdict on exactly the content whose digest is the proposal's."""

    verdict: Verdict
    reason: str
    decider_id: UUID
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A fact or plan as its maker put it, its digest over the canonical document, and what became of it."""

    proposal_id: UUID
    organisation_id: UUID
    book_id: int
    number: int
    year: int
    kind: ProposalKind
    dated_on: date
    refers_to: UUID | None
    document: Mapping[str, Any]
    sha256: str
    maker_id: UUID
    proposed_at: datetime
    decision: ProposalDecision | None = None
    entry_seqs: tuple[int, ...] = ()

    @property
    def is_approved(self) -> bool:
        """Return whether a second person approved it."""
        return self.decision is not None and self.decision.verdict is Verdict.APPROVED

    @property
    def is_executed(self) -> bool:
        """Return whether ledger entries carried it out."""
        return bool(self.entry_seqs)

    @property
    def state(self) -> str:
        """Return ``proposed``, ``approved``, ``refused`` or ``executed``."""
        if self.is_executed:
            return "executed"
        return "proposed" if self.decision is None else self.decision.verdict.value


def canonical_text(document: Mapping[str, Any]) -> str:
    """Return the RFC 8785 text of a document of texts, lists and mappings."""
    return rfc8785.dumps(dict(document)).decode()


def document_sha256(document: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the document's canonical bytes."""
    return hashlib.sha256(canonical_text(document).encode()).hexdigest()


def next_number(session: Session, book_id: int) -> int:
    """Return the number of the book's next proposal; the book is locked by the caller."""
    wanted = select(func.max(ComplianceProposalRow.number)).where(ComplianceProposalRow.book_id == book_id)
    return (session.scalar(wanted) or 0) + 1


def save_proposal(session: Session, proposal: Proposal) -> None:
    """Insert a proposal."""
    session.execute(
        insert(ComplianceProposalRow).values(
            proposal_id=proposal.proposal_id,
            organisation_id=proposal.organisation_id,
            book_id=proposal.book_id,
            number=proposal.number,
            year=proposal.year,
            kind=proposal.kind.value,
            dated_on=proposal.dated_on,
            refers_to=proposal.refers_to,
            document=canonical_text(proposal.document),
            sha256=proposal.sha256,
            maker_id=proposal.maker_id,
            proposed_at=proposal.proposed_at,
        )
    )


def save_decision(session: Session, proposal: Proposal, decision: ProposalDecision) -> None:
    """Insert the verdict on exactly the proposal's content; the database refuses its maker as approver."""
    session.execute(
        insert(ComplianceDecisionRow).values(
            proposal_id=proposal.proposal_id,
            maker_id=proposal.maker_id,
            sha256=proposal.sha256,
            verdict=decision.verdict.value,
            reason=decision.reason,
            decider_id=decision.decider_id,
            decided_at=decision.decided_at,
        )
    )


def save_entries(
    session: Session, proposal: Proposal, entries: Sequence[tuple[UUID, int]], *, by: UUID, at: datetime
) -> None:
    """Insert the ledger entries (id, seq) that carried an approved proposal out, in order."""
    session.execute(
        insert(ComplianceEntryRow),
        [
            {
                "book_id": proposal.book_id,
                "entry_id": entry_id,
                "entry_seq": seq,
                "proposal_id": proposal.proposal_id,
                "line": line,
                "verdict": Verdict.APPROVED.value,
                "recorded_at": at,
                "recorded_by": by,
            }
            for line, (entry_id, seq) in enumerate(entries, start=1)
        ],
    )


def find_proposal(session: Session, proposal_id: UUID) -> Proposal | None:
    """Return the proposal with what became of it, or None."""
    row = session.get(ComplianceProposalRow, proposal_id)
    return None if row is None else _with_outcomes(session, [row])[0]


def list_proposals(
    session: Session,
    book_id: int,
    *,
    year: int | None = None,
    kinds: Sequence[ProposalKind] = (),
    after: int = 0,
    limit: int | None = None,
) -> tuple[Proposal, ...]:
    """Return the book's proposals with numbers above ``after``, in that order; of one year or of some kinds when given."""
    row = ComplianceProposalRow
    wanted = select(row).where(row.book_id == book_id, row.number > after).order_by(row.number).limit(limit)
    if year is not None:
        wanted = wanted.where(row.year == year)
    if kinds:
        wanted = wanted.where(row.kind.in_([kind.value for kind in kinds]))
    return _with_outcomes(session, session.scalars(wanted).all())


def years_of_entries(session: Session, book_id: int) -> dict[int, int]:
    """Return the compliance year of each entry that settled an allocation, by its seq."""
    entry, proposal = ComplianceEntryRow, ComplianceProposalRow
    rows = session.execute(
        select(entry.entry_seq, proposal.year)
        .join(proposal, proposal.proposal_id == entry.proposal_id)
        .where(entry.book_id == book_id, proposal.kind == ProposalKind.SETTLEMENT.value)
    )
    return {row.entry_seq: row.year for row in rows}


def _with_outcomes(session: Session, rows: Sequence[ComplianceProposalRow]) -> tuple[Proposal, ...]:
    ids = [row.proposal_id for row in rows]
    decided, entry = ComplianceDecisionRow, ComplianceEntryRow
    decisions = {
        each.proposal_id: ProposalDecision(
            verdict=Verdict(each.verdict), reason=each.reason, decider_id=each.decider_id, decided_at=each.decided_at
        )
        for each in session.scalars(select(decided).where(decided.proposal_id.in_(ids)))
    }
    seqs: dict[UUID, tuple[int, ...]] = {}
    for each in session.scalars(select(entry).where(entry.proposal_id.in_(ids)).order_by(entry.line)):
        seqs[each.proposal_id] = (*seqs.get(each.proposal_id, ()), each.entry_seq)
    return tuple(_proposal(row, decisions.get(row.proposal_id), seqs.get(row.proposal_id, ())) for row in rows)


def _proposal(row: ComplianceProposalRow, decision: ProposalDecision | None, seqs: tuple[int, ...]) -> Proposal:
    return Proposal(
        proposal_id=row.proposal_id,
        organisation_id=row.organisation_id,
        book_id=row.book_id,
        number=row.number,
        year=row.year,
        kind=ProposalKind(row.kind),
        dated_on=row.dated_on,
        refers_to=row.refers_to,
        document=json.loads(row.document),
        sha256=row.sha256,
        maker_id=row.maker_id,
        proposed_at=row.proposed_at,
        decision=decision,
        entry_seqs=seqs,
    )
