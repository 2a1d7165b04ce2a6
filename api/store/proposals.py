"""Reads and writes requests that wait for a second person, and what became of each.

Owns the exact bytes that an approval binds. Takes a session first and never commits. Knows no HTTP.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, insert, select
from sqlalchemy.orm import Session

from api.store.four_eyes import lock_organisation
from api.store.four_eyes_tables import RequestDecisionRow, RequestProposalRow
from ledger.core.errors import Conflict

MOST_PENDING = 500
"""Undecided proposals of one organisation; more would only hide what matters."""


class Verdict(StrEnum):
    """What was decided of a proposal."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ProposalState(StrEnum):
    """Where a proposal stands; told from dated facts."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    """Approved, run, and refused with a refusal that was recorded."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """A request exactly as it was sent; ``route`` is method and path as declared, ``path`` the one asked for."""

    action: str
    route: str
    path: str
    query: str
    content_type: str
    idempotency_key: str | None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided, and the answer of the request where it ran."""

    verdict: Verdict
    decided_by: UUID
    reason: str
    status: int | None
    answer: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A request that waits for a second person, or waited; ``effect`` is the answer of its dry run as JSON."""

    organisation_id: UUID
    proposal_id: UUID
    number: int
    request: RecordedRequest
    content: str
    sha256: str
    effect_status: int
    effect: str
    proposed_by: UUID
    key_id: UUID | None
    proposed_at: datetime
    expires_at: datetime
    decision: Decision | None = None

    def state(self, now: datetime) -> ProposalState:
        """Return where it stands at ``now``; it can be approved until ``expires_at``, exclusive."""
        decision = self.decision
        if decision is None:
            return ProposalState.EXPIRED if now >= self.expires_at else ProposalState.WAITING
        if decision.verdict is Verdict.APPROVED:
            assert decision.status is not None, "an approved proposal was run"
            return ProposalState.DONE if decision.status < _FIRST_REFUSAL else ProposalState.REFUSED
        return ProposalState(decision.verdict.value)


_FIRST_REFUSAL = 400


def content_of(
    request: RecordedRequest, *, organisation_id: UUID, proposal_id: UUID, proposed_by: UUID, proposed_at: datetime
) -> str:
    """Return RFC 8785 JSON of what is asked: every value a string or null, the body by its SHA-256."""
    asked = {
        "action": request.action,
        "body_sha256": hashlib.sha256(request.body).hexdigest(),
        "content_type": request.content_type,
        "idempotency_key": request.idempotency_key,
        "organisation": str(organisation_id),
        "path": request.path,
        "proposal": str(proposal_id),
        "proposed_at": proposed_at.isoformat(timespec="microseconds"),
        "proposed_by": str(proposed_by),
        "query": request.query,
        "route": request.route,
        "v": "1",
    }
    return json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(content: str) -> str:
    """Return the 64 hexadecimal digits that an approval names."""
    return hashlib.sha256(content.encode()).hexdigest()


def propose(
    session: Session,
    request: RecordedRequest,
    *,
    organisation_id: UUID,
    proposal_id: UUID,
    effect: tuple[int, str],
    proposed_by: UUID,
    key_id: UUID | None,
    proposed_at: datetime,
    expires_at: datetime,
) -> Proposal:
    """Record and return a proposal; ``proposal.too_many`` when 500 of the organisation wait already."""
    lock_organisation(session, organisation_id)
    newest = session.scalar(
        select(func.max(RequestProposalRow.number)).where(RequestProposalRow.organisation_id == organisation_id)
    )
    waiting = session.scalar(
        select(func.count())
        .select_from(RequestProposalRow)
        .where(
            RequestProposalRow.organisation_id == organisation_id,
            RequestProposalRow.expires_at > proposed_at,
            ~_is_decided(),
        )
    )
    if (waiting or 0) >= MOST_PENDING:
        raise Conflict(
            "proposal.too_many", f"{MOST_PENDING} proposals wait for a decision; decide or withdraw some of them first"
        )
    content = content_of(
        request,
        organisation_id=organisation_id,
        proposal_id=proposal_id,
        proposed_by=proposed_by,
        proposed_at=proposed_at,
    )
    proposal = Proposal(
        organisation_id=organisation_id,
        proposal_id=proposal_id,
        number=(newest or 0) + 1,
        request=request,
        content=content,
        sha256=digest_of(content),
        effect_status=effect[0],
        effect=effect[1],
        proposed_by=proposed_by,
        key_id=key_id,
        proposed_at=proposed_at,
        expires_at=expires_at,
    )
    session.execute(insert(RequestProposalRow).values(_columns(proposal)))
    return proposal


def find_proposal(
    session: Session, organisation_id: UUID, proposal_id: UUID, *, is_locked: bool = False
) -> Proposal | None:
    """Return the organisation's proposal with what became of it; locked, another decision waits for this transaction."""
    wanted = _wanted().where(
        RequestProposalRow.organisation_id == organisation_id, RequestProposalRow.proposal_id == proposal_id
    )
    if is_locked:
        session.execute(
            select(RequestProposalRow.number)
            .where(RequestProposalRow.organisation_id == organisation_id, RequestProposalRow.proposal_id == proposal_id)
            .with_for_update()
        )
    found = session.execute(wanted).first()
    return None if found is None else _proposal(found)


def list_proposals(
    session: Session,
    organisation_id: UUID,
    *,
    before: int | None = None,
    limit: int,
    waiting_at: datetime | None = None,
) -> tuple[Proposal, ...]:
    """Return proposals by number, the newest first, below number ``before``; with ``waiting_at`` those undecided then."""
    wanted = _wanted().where(RequestProposalRow.organisation_id == organisation_id)
    if before is not None:
        wanted = wanted.where(RequestProposalRow.number < before)
    if waiting_at is not None:
        wanted = wanted.where(RequestProposalRow.expires_at > waiting_at, RequestDecisionRow.verdict.is_(None))
    found = session.execute(wanted.order_by(RequestProposalRow.number.desc()).limit(limit))
    return tuple(map(_proposal, found))


def save_decision(session: Session, proposal: Proposal, decision: Decision) -> None:
    """Record what was decided; the database refuses a second decision, and an approval by the one who asked."""
    session.execute(
        insert(RequestDecisionRow).values(
            organisation_id=proposal.organisation_id,
            proposal_id=proposal.proposal_id,
            verdict=decision.verdict.value,
            proposed_by=proposal.proposed_by,
            sha256=proposal.sha256,
            decided_by=decision.decided_by,
            reason=decision.reason,
            status=decision.status,
            answer=decision.answer,
            decided_at=decision.decided_at,
        )
    )


_JOINED = (RequestDecisionRow.organisation_id == RequestProposalRow.organisation_id) & (
    RequestDecisionRow.proposal_id == RequestProposalRow.proposal_id
)


def _wanted() -> Select[RequestProposalRow, RequestDecisionRow]:
    return select(RequestProposalRow, RequestDecisionRow).outerjoin(RequestDecisionRow, _JOINED)


def _is_decided() -> ColumnElement[bool]:
    return select(RequestDecisionRow.proposal_id).where(_JOINED).exists()


def _columns(proposal: Proposal) -> dict[str, object]:
    request = proposal.request
    return {
        "organisation_id": proposal.organisation_id,
        "proposal_id": proposal.proposal_id,
        "number": proposal.number,
        "action": request.action,
        "route": request.route,
        "path": request.path,
        "query": request.query,
        "content_type": request.content_type,
        "idempotency_key": request.idempotency_key,
        "body": request.body,
        "content": proposal.content,
        "sha256": proposal.sha256,
        "effect_status": proposal.effect_status,
        "effect": proposal.effect,
        "proposed_by": proposal.proposed_by,
        "key_id": proposal.key_id,
        "proposed_at": proposal.proposed_at,
        "expires_at": proposal.expires_at,
    }


def _proposal(found: Row[RequestProposalRow, RequestDecisionRow]) -> Proposal:
    row, decided = found
    return Proposal(
        organisation_id=row.organisation_id,
        proposal_id=row.proposal_id,
        number=row.number,
        request=RecordedRequest(
            action=row.action,
            route=row.route,
            path=row.path,
            query=row.query,
            content_type=row.content_type,
            idempotency_key=row.idempotency_key,
            body=bytes(row.body),
        ),
        content=row.content,
        sha256=row.sha256,
        effect_status=row.effect_status,
        effect=row.effect,
        proposed_by=row.proposed_by,
        key_id=row.key_id,
        proposed_at=row.proposed_at,
        expires_at=row.expires_at,
        decision=_decision(decided) if decided else None,
    )


def _decision(row: RequestDecisionRow) -> Decision:
    return Decision(
        verdict=Verdict(row.verdict),
        decided_by=row.decided_by,
        reason=row.reason,
        status=row.status,
        answer=row.answer,
        decided_at=row.decided_at,
    )
