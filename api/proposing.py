"""What the edge does with a request that may need a second person: weigh it, let it stand, or keep it as a proposal.

Owns how a request is recorded so that it can be run later exactly as it was sent. Knows no route; runs nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlencode
from uuid import UUID

from sqlalchemy.orm import Session, SessionTransaction
from starlette.responses import Response

from api.auth.policy import Declared
from api.auth.principal import Principal
from api.auth.request_notices import tell_request
from api.auth.second_person import Action, Scale, may_do_alone, standing_rule
from api.schemas.body import EdgeRequest
from api.schemas.request_proposals import ProposalOut
from api.store import four_eyes, proposals
from api.store.audit import AuditDraft
from api.store.four_eyes import EVERYTHING, Requirement, Rule
from api.store.proposals import Proposal, RecordedRequest
from finance.conventions.calendars import china_day

LIFE = timedelta(days=7)
"""How long a proposal can be approved: long enough for a holiday week's Monday, short enough that its effect is still what was shown."""

ACCEPTED = 202


class Trace:
    """What a handler says while it works: what its request moves, and whose proposal it ran."""

    __slots__ = ("proposal", "scale")

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.scale = Scale()
        self.proposal: Proposal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A request that was done inside a savepoint, and what is known of it."""

    savepoint: SessionTransaction
    action: Action
    rule: Rule
    recorded: RecordedRequest
    response: Response
    scale: Scale


def rule_of(session: Session, organisation_id: UUID, action: Action) -> Rule:
    """Return the rule that holds now for an organisation's action."""
    found = four_eyes.rules_in_force(session, organisation_id, action.code, EVERYTHING)
    return standing_rule(action, own=found.get(action.code), everything=found.get(EVERYTHING))


def is_plain(session: Session, organisation_id: UUID, action: Action | None) -> bool:
    """Return whether nobody else is asked for this, whatever it moves."""
    return action is None or rule_of(session, organisation_id, action).requirement is Requirement.NEVER


def settle(session: Session, tried: Tried, caller: Principal, *, proposal_id: UUID, now: datetime) -> Response:
    """Let what was tried stand where one person may do it, or undo it and record the proposal, answered 202.

    What may be done alone is summed under a lock on the organisation, so that two requests at once cannot both fit a limit.
    """
    if tried.rule.requirement is Requirement.ABOVE:
        four_eyes.lock_organisation(session, caller.organisation_id)
        day, code = china_day(now), tried.action.code
        done = four_eyes.done_alone(session, caller.organisation_id, code, day)
        if may_do_alone(tried.rule, done=done, scale=tried.scale):  # the savepoint ends with its transaction
            four_eyes.save_done_alone(
                session,
                caller.organisation_id,
                code,
                tried.scale.weight,
                done_id=proposal_id,
                day=day,
                user_id=caller.user_id,
                now=now,
            )
            return tried.response
    tried.savepoint.rollback()
    proposal = proposals.propose(
        session,
        tried.recorded,
        organisation_id=caller.organisation_id,
        proposal_id=proposal_id,
        effect=(tried.response.status_code, bytes(tried.response.body).decode()),
        proposed_by=caller.user_id,
        key_id=caller.key_id,
        proposed_at=now,
        expires_at=now + LIFE,
    )
    tell_request(session, proposal, tried.action)
    content = ProposalOut.from_core(proposal, now=now).model_dump_json()
    return Response(content, status_code=ACCEPTED, media_type="application/json")


def recorded(request: EdgeRequest, raw: bytes, declared: Declared) -> RecordedRequest:
    """Return a request as it is kept: its bytes as they came, so that what is approved is what was sent."""
    assert declared.second_person is not None, "only what may wait is recorded"
    return RecordedRequest(
        action=declared.second_person.code,
        route=f"{declared.method} {declared.path}",
        path=str(request.scope["path"]),
        query=urlencode(sorted(request.query_params.multi_items())),
        content_type=request.headers.get("content-type", ""),
        idempotency_key=request.headers.get("idempotency-key"),
        body=raw,
    )


def scope_of(request: RecordedRequest, around: Mapping[str, object]) -> dict[str, object]:
    """Return the ASGI scope in which a recorded request runs, inside the request ``around`` that approves it."""
    headers = [(b"content-type", request.content_type.encode("latin-1"))] if request.content_type else []
    if request.idempotency_key is not None:
        headers.append((b"idempotency-key", request.idempotency_key.encode("latin-1")))
    return {
        **around,
        "method": request.route.partition(" ")[0],
        "path": request.path,
        "raw_path": quote(request.path).encode("ascii"),
        "query_string": request.query.encode("ascii"),
        "headers": headers,
        "path_params": {},
        "state": {},
    }


def audit_draft(
    request: EdgeRequest,
    declared: Declared,
    caller: Principal,
    *,
    request_id: UUID,
    response: Response | None,
    trace: Trace,
    now: datetime,
) -> AuditDraft:
    """Return what the audit log says of a write request; an approval names the proposal that it ran and who asked for it."""
    proposal = trace.proposal
    return AuditDraft(
        request_id=request_id,
        organisation_id=caller.organisation_id,
        user_id=caller.user_id,
        key_id=caller.key_id,
        session_id=caller.session_id,
        route=f"{declared.method} {declared.path}",
        resources=tuple(str(value) for value in request.path_params.values()),
        status=declared.status if response is None else response.status_code,
        request_sha256=None if declared.is_private else request.fingerprint(),
        answer_sha256=None if response is None or _is_secret(declared) else sha256(response.body).digest(),
        recorded_at=now,
        proposal_id=None if proposal is None else proposal.proposal_id,
        proposal_sha256=None if proposal is None else proposal.sha256,
        proposed_by=None if proposal is None else proposal.proposed_by,
    )


def _is_secret(declared: Declared) -> bool:
    return declared.is_private or not declared.keeps_answer
