"""What enters and leaves about requests that wait for a second person.

Shapes only. A proposal shows the request that will run, the digest that an approval names, and the effect that its dry run had.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import InstantString, Text, UuidString
from api.store.proposals import Decision, Proposal, ProposalState, Verdict

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

Digest = Annotated[
    str,
    Field(pattern=r"^[0-9a-f]{64}$", examples=[_DIGEST], description="64 hexadecimal digits of a SHA-256."),
]


class ProposalApprovalIn(Schema):
    """The digest of exactly the proposal that was read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sha256": _DIGEST}]})

    sha256: Digest


class ProposalReasonIn(Schema):
    """Why a proposal is rejected or withdrawn."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the wrong book"}]})

    reason: Text


class AskedOut(Schema):
    """The request as it was sent; ``body`` is its JSON, or null for a file, whose digest then says what it is."""

    route: Annotated[str, Field(examples=["POST /v1/transfers"])]
    path: Annotated[str, Field(examples=["/v1/transfers"])]
    query: str
    content_type: str
    body: JsonValue
    content: Annotated[str, Field(description="The RFC 8785 JSON whose SHA-256 is the digest.")]


class OutcomeOut(Schema):
    """What was decided; of an approval with the answer that the request gave when it ran."""

    verdict: Annotated[Choice[Verdict], Field(examples=["approved"])]
    decided_by: UuidString
    decided_at: InstantString
    reason: str
    status: int | None
    answer: JsonValue

    @classmethod
    def from_core(cls, decision: Decision) -> OutcomeOut:
        """Return the shape of ``decision``."""
        return cls(
            verdict=decision.verdict,
            decided_by=decision.decided_by,
            decided_at=decision.decided_at,
            reason=decision.reason,
            status=decision.status,
            answer=None if decision.answer is None else json.loads(decision.answer),
        )


class ProposalOut(Schema):
    """A request that waits for a second person: nothing is done until somebody else approves its ``sha256``.

    ``effect`` is what the request answered when it was tried and undone; ids in it that the server makes will be others.
    """

    proposal_id: UuidString
    number: int
    action: Annotated[str, Field(examples=["transfer.post"])]
    state: Choice[ProposalState]
    sha256: Digest
    proposed_by: UuidString
    proposed_at: InstantString
    expires_at: InstantString
    asked: AskedOut
    effect_status: int
    effect: JsonValue
    outcome: OutcomeOut | None

    @classmethod
    def from_core(cls, proposal: Proposal, *, now: datetime) -> ProposalOut:
        """Return the shape of ``proposal`` as it stands at ``now``."""
        request = proposal.request
        is_json = request.content_type.partition(";")[0].strip().lower() == "application/json"
        return cls(
            proposal_id=proposal.proposal_id,
            number=proposal.number,
            action=request.action,
            state=proposal.state(now),
            sha256=proposal.sha256,
            proposed_by=proposal.proposed_by,
            proposed_at=proposal.proposed_at,
            expires_at=proposal.expires_at,
            asked=AskedOut(
                route=request.route,
                path=request.path,
                query=request.query,
                content_type=request.content_type,
                body=json.loads(request.body) if is_json and request.body else None,
                content=proposal.content,
            ),
            effect_status=proposal.effect_status,
            effect=json.loads(proposal.effect),
            outcome=None if proposal.decision is None else OutcomeOut.from_core(proposal.decision),
        )


class ProposalsOut(Schema):
    """A page of proposals, the newest first; ``next_before`` begins the next."""

    proposals: Array[ProposalOut]
    next_before: int | None
