"""A file of prices as a proposal: it counts only after another person approves exactly what was read from it.

Joins the caller's transaction and commits nothing. Reading the file is done before: here are observations and bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from finance.market.observations import Acceptance, AcceptOutcome, Observation, accept_all
from finance.operations import four_eyes, market
from finance.operations.market import ImportCounts
from finance.store import market as market_store
from finance.store import market_proposals as proposal_store
from finance.store import reference
from finance.store.market import RawFile, held_key
from finance.store.market_proposals import Proposal, ProposalKind
from ledger.core.errors import Conflict
from ledger.core.parties import Actor

_COUNTED = (
    Acceptance.NEW,
    Acceptance.DUPLICATE,
    Acceptance.REVISED,
    Acceptance.CORROBORATED,
    Acceptance.CONFLICT,
    Acceptance.QUARANTINED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFile:
    """The bytes, the format they were read as, and what was read."""

    raw: RawFile
    format: str
    observations: tuple[Observation, ...]


def propose_upload(
    session: Session,
    organisation_id: UUID,
    file: UploadFile,
    *,
    proposal_id: UUID,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Record a file of prices with what it would add, revise, contradict or breach today; it adds nothing yet.

    The same upload again, by id and person, returns what stands.
    The digest is over the file's hash, its format, every observation read and the counts shown.
    """
    market.check_import(file.observations, file.raw, now=now)
    market_store.lock_market(session, organisation_id)
    standing = proposal_store.find_proposal(session, organisation_id, proposal_id, kind=ProposalKind.PRICE_UPLOAD)
    if standing is not None and standing.maker_id == actor.user_id and _is_of(standing, file):
        return standing  # the same upload again; what it would do has changed since, what was shown has not
    outcomes = preview(session, organisation_id, file.observations, now=now)
    content = {
        "file_name": file.raw.file_name,
        "format": file.format,
        "raw_sha256": file.raw.sha256,
        "observations_sha256": observations_digest(file.observations),
        "counts": counts_of(outcomes),
    }
    proposal = Proposal(
        proposal_id=proposal_id,
        kind=ProposalKind.PRICE_UPLOAD,
        content=content,
        raw_sha256=file.raw.sha256,
        maker_id=actor.user_id,
        proposed_at=now,
    )
    return four_eyes.propose(session, organisation_id, proposal, file.raw)


def approve_upload(
    session: Session,
    organisation_id: UUID,
    proposal: Proposal,
    file: UploadFile,
    *,
    sha256: str,
    actor: Actor,
    now: datetime,
) -> tuple[Proposal, ImportCounts | None]:
    """Approve an upload as a second person: its observations count from ``now`` on, recorded as the uploader's.

    ``file`` is what the stored bytes read as now: other observations than were shown are ``market.upload_changed``. When other
    prices arrived since, so that it would no longer do what was shown, it is ``market.upload_outdated``: propose it again. The
    counts are ``None`` when this person had approved before.
    """
    if observations_digest(file.observations) != proposal.content["observations_sha256"]:
        raise Conflict(
            "market.upload_changed",
            "upload: the file reads otherwise than when it was proposed; propose it again",
            proposal_id=str(proposal.proposal_id),
        )
    decided, is_ours = four_eyes.approve(session, organisation_id, proposal, sha256=sha256, actor=actor, now=now)
    if not is_ours:
        return decided, None
    shown: Mapping[str, Any] = proposal.content["counts"]
    current = counts_of(preview(session, organisation_id, file.observations, now=now))
    if current != shown:
        raise Conflict(
            "market.upload_outdated",
            "upload: prices arrived since it was proposed, and it would do something else now; propose it again",
            proposal_id=str(proposal.proposal_id),
            shown=_told(shown),
            now=_told(current),
        )
    maker = Actor(user_id=decided.maker_id, organisation_id=organisation_id)
    counted = market.import_observations(
        session,
        organisation_id,
        file.observations,
        file.raw,
        reference.shipped_instrument_bounds(),
        actor=maker,
        now=now,
    )
    return decided, counted


def preview(
    session: Session,
    organisation_id: UUID,
    observations: Sequence[Observation],
    *,
    now: datetime,
) -> tuple[AcceptOutcome, ...]:
    """Return what each observation would mean beside what is stored; nothing is written."""
    if not observations:
        return ()
    existing = market_store.list_observations(
        session,
        organisation_id,
        instruments={seen.instrument for seen in observations},
        since=min(seen.trade_date for seen in observations),
        until=max(seen.trade_date for seen in observations),
    )
    bounds = reference.shipped_instrument_bounds()
    return accept_all(existing, (replace(seen, known_at=now) for seen in observations), bounds)


def counts_of(outcomes: Iterable[AcceptOutcome]) -> Mapping[str, int]:
    """Return how many observations are what: new, duplicate, revised, corroborated, conflict, quarantined (out of bounds)."""
    counted = Counter(outcome.acceptance for outcome in outcomes)
    return {kind.value: counted[kind] for kind in _COUNTED}


def observations_digest(observations: Iterable[Observation]) -> str:
    """Return the SHA-256 over what every observation says, in any order, previous closes included."""
    keys = sorted(f"{held_key(seen)}|{seen.previous_value}" for seen in observations)
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


def _is_of(proposal: Proposal, file: UploadFile) -> bool:
    content = proposal.content
    return (content["raw_sha256"], content["format"], content["observations_sha256"]) == (
        file.raw.sha256,
        file.format,
        observations_digest(file.observations),
    )


def _told(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items()) if number)
