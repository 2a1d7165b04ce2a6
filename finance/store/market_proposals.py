"""Writes and reads proposals about prices and calendars with what another person decided about each.

Takes a session first and never commits. Judges nothing: the database refuses one person acting for two and another digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.store.tables.feeds import MarketDecisionRow, MarketProposalRow
from ledger.core.errors import Conflict


class ProposalKind(StrEnum):
    """What is proposed."""

    CALENDAR_YEAR = "calendar_year"
    PRICE_UPLOAD = "price_upload"


class Verdict(StrEnum):
    """What the second person decided."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What another person decided, and why when it was a rejection."""

    verdict: Verdict
    reason: str
    checker_id: UUID
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal with its content, the file it rests on, and the decision once there is one."""

    proposal_id: UUID
    kind: ProposalKind
    content: Mapping[str, Any]
    raw_sha256: str
    maker_id: UUID
    proposed_at: datetime
    decision: Decision | None = None

    @property
    def sha256(self) -> str:
        """Return the digest that an approval names: over the RFC 8785 JSON of the content."""
        return hashlib.sha256(self.canonical_bytes()).hexdigest()

    def canonical_bytes(self) -> bytes:
        """Return the content as RFC 8785 JSON."""
        return rfc8785.dumps(dict(self.content))


def save_proposal(session: Session, organisation_id: UUID, proposal: Proposal) -> None:
    """Insert a proposal."""
    session.execute(
        insert(MarketProposalRow).values(
            organisation_id=organisation_id,
            proposal_id=proposal.proposal_id,
            kind=proposal.kind.value,
            content=proposal.canonical_bytes().decode(),
            sha256=proposal.sha256,
            raw_sha256=proposal.raw_sha256,
            maker_id=proposal.maker_id,
            proposed_at=proposal.proposed_at,
        )
    )


def save_decision(session: Session, organisation_id: UUID, proposal: Proposal, decision: Decision) -> None:
    """Insert the decision about a proposal."""
    session.execute(
        insert(MarketDecisionRow).values(
            organisation_id=organisation_id,
            proposal_id=proposal.proposal_id,
            maker_id=proposal.maker_id,
            sha256=proposal.sha256,
            verdict=decision.verdict.value,
            reason=decision.reason,
            checker_id=decision.checker_id,
            decided_at=decision.decided_at,
        )
    )


def find_proposal(
    session: Session, organisation_id: UUID, proposal_id: UUID, *, kind: ProposalKind | None = None
) -> Proposal | None:
    """Return the organisation's proposal of that id (and kind, when given), ``None`` when it has none."""
    wanted = _wanted(organisation_id).where(MarketProposalRow.proposal_id == proposal_id)
    if kind is not None:
        wanted = wanted.where(MarketProposalRow.kind == kind.value)
    row = session.execute(wanted).first()
    return None if row is None else _proposal(row[0], row[1])


def list_proposals(session: Session, organisation_id: UUID, kind: ProposalKind, *, limit: int) -> tuple[Proposal, ...]:
    """Return the organisation's proposals of a kind, the newest first, at most ``limit``."""
    wanted = (
        _wanted(organisation_id)
        .where(MarketProposalRow.kind == kind.value)
        .order_by(MarketProposalRow.proposed_at.desc(), MarketProposalRow.proposal_id)
        .limit(limit)
    )
    return tuple(_proposal(row[0], row[1]) for row in session.execute(wanted))


def _wanted(organisation_id: UUID) -> Any:
    return (
        select(MarketProposalRow, MarketDecisionRow)
        .outerjoin(
            MarketDecisionRow,
            (MarketDecisionRow.organisation_id == MarketProposalRow.organisation_id)
            & (MarketDecisionRow.proposal_id == MarketProposalRow.proposal_id),
        )
        .where(MarketProposalRow.organisation_id == organisation_id)
    )


def _proposal(row: MarketProposalRow, decided: MarketDecisionRow | None) -> Proposal:
    if hashlib.sha256(row.content.encode()).hexdigest() != row.sha256:
        raise Conflict(
            "market.proposal_altered",
            "proposal: its stored content does not give its digest; restore it from a backup and find out who changed it",
            proposal_id=str(row.proposal_id),
        )
    decision = None
    if decided is not None:
        decision = Decision(
            verdict=Verdict(decided.verdict),
            reason=decided.reason,
            checker_id=decided.checker_id,
            decided_at=decided.decided_at,
        )
    return Proposal(
        proposal_id=row.proposal_id,
        kind=ProposalKind(row.kind),
        content=json.loads(row.content),
        raw_sha256=row.raw_sha256,
        maker_id=row.maker_id,
        proposed_at=row.proposed_at,
        decision=decision,
    )
