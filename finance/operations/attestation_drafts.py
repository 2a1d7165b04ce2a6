"""A statement on its way to the signature: prepared, reviewed by another person, signed elsewhere, lodged here.

Preparer, reviewer and signatory are three persons; the signatory is the one who holds the key. The server gives out the exact
bytes to sign and takes back a signature, nothing more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.canonical import JsonValue, canonical_bytes, parse_canonical
from finance.attestations.documents import statement_from_mapping
from finance.attestations.envelopes import open_lodgement
from finance.attestations.signatures import attach_payload, is_detached
from finance.attestations.states import AttestationState, AttestationStep, next_state
from finance.conventions.approvals import WaitingKind
from finance.operations.approval_notices import Asked, ask_second_person, end_asking
from finance.operations.attestations import Reception, submit_attestation
from finance.operations.evidence import EvidenceEvent, log_events
from finance.store import attestation_drafts, facilities, signing_keys
from finance.store.attestation_drafts import Draft, DraftEvent, DraftVersion
from finance.store.attestations import AttestationRecord, EngagementRecord
from ledger.core.errors import Conflict, Forbidden, Invalid
from ledger.core.parties import Actor
from ledger.operations import RandomBytes


def prepare_draft(
    session: Session,
    engagement: EngagementRecord,
    document: Mapping[str, JsonValue],
    *,
    draft_id: UUID,
    actor: Actor,
    now: datetime,
) -> Draft:
    """Record a statement as a new draft's first version and return the draft; a document that is no statement is refused."""
    attestation_drafts.save_draft(session, draft_id, engagement.engagement_id, now=now, recorded_by=actor.user_id)
    return _add_version(session, draft_id, engagement, document, number=1, event_number=1, actor=actor, now=now)


def revise_draft(
    session: Session,
    draft: Draft,
    engagement: EngagementRecord,
    document: Mapping[str, JsonValue],
    *,
    actor: Actor,
    now: datetime,
) -> Draft:
    """Record a further version and return the draft; a review of an earlier one no longer counts."""
    standing = _relocked(session, draft)
    if standing.state is AttestationState.LODGED:
        raise Conflict("draft.lodged", "this draft was lodged; prepare a new one that supersedes its statement")
    return _add_version(
        session,
        draft.draft_id,
        engagement,
        document,
        number=standing.newest.number + 1,
        event_number=standing.events[-1].number + 1,
        actor=actor,
        now=now,
    )


def review_draft(
    session: Session,
    draft: Draft,
    sha256: str,
    *,
    borrower_id: UUID,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> Draft:
    """Record another person's review of exactly the version of digest ``sha256`` and return the draft.

    Refused: a person who prepared any version (``draft.same_person``), another digest than the newest version's
    (``draft.digest``), a draft that is not awaiting review (``attestation.step``).
    """
    standing = _relocked(session, draft)
    if actor.user_id in standing.preparers:
        raise Forbidden("draft.same_person", "reviewer: expected a person who prepared no version of the draft")
    if standing.newest.sha256 != sha256:
        raise Conflict("draft.digest", "sha256: expected that of the newest version; read it again before reviewing")
    _advance(session, standing, AttestationStep.REVIEW, "reviewed", actor=actor, now=now)
    end_asking(session, _asked(actor, draft.draft_id), now=now)
    event = EvidenceEvent(
        organisation_id=borrower_id,
        subject="attestation_draft",
        subject_id=str(draft.draft_id),
        event="reviewed",
        facts={"document_sha256": sha256, "engagement_id": str(draft.engagement_id)},
    )
    log_events(session, (event,), actor=actor, now=now, random_bytes=random_bytes)
    return _found(session, draft.draft_id)


def send_back(session: Session, draft: Draft, reason: str, *, actor: Actor, now: datetime) -> Draft:
    """Record that a reviewed draft goes back to its preparers, with a reason, and return it."""
    standing = _relocked(session, draft)
    _advance(session, standing, AttestationStep.SEND_BACK, reason, actor=actor, now=now)
    return _found(session, draft.draft_id)


def bytes_to_sign(draft: Draft) -> bytes:
    """Return the exact bytes that the signatory signs: RFC 8785 of the reviewed version (``draft.not_reviewed`` before that)."""
    if draft.state is not AttestationState.REVIEWED:
        raise Conflict("draft.not_reviewed", "a draft is signed once another person has reviewed it as it stands")
    return draft.newest.document.encode()


def lodge_draft(
    session: Session,
    draft: Draft,
    engagement: EngagementRecord,
    envelope: bytes,
    *,
    attestation_id: UUID,
    reception: Reception,
    actor: Actor,
    now: datetime,
) -> AttestationRecord:
    """Judge the signature over a reviewed draft and record it as ``submit_attestation`` does; return the record.

    ``envelope`` is a detached JWS, to which the reviewed bytes are put back, or a whole envelope over exactly those bytes
    (``draft.other_bytes``). The key's holder is neither preparer nor reviewer (``draft.same_person``). An envelope that is refused
    leaves the draft reviewed, to be signed again.
    """
    standing = _relocked(session, draft)
    payload = bytes_to_sign(standing)
    whole = attach_payload(envelope, payload) if is_detached(envelope) else envelope
    opened = open_lodgement(whole)
    if opened.payload != payload:
        raise Invalid(
            "draft.other_bytes", "payload: expected a signature over the reviewed draft's bytes", field="payload"
        )
    for kid in opened.kids:
        key = signing_keys.find_key(session, kid)
        if key is not None and UUID(key.holder_id) in standing.preparers | {standing.reviewer}:
            raise Forbidden(
                "draft.signatory", "kid: expected the key of a person who neither prepared nor reviewed the draft"
            )
    record = submit_attestation(
        session,
        engagement,
        whole,
        attestation_id=attestation_id,
        reception=reception,
        actor=actor,
        now=now,
        is_reviewed_here=True,
    )
    if record.code is None:
        next_state(next_state(standing.state, AttestationStep.SIGN), AttestationStep.LODGE)
        _save_event(session, standing, AttestationState.LODGED, "signed elsewhere and lodged", actor=actor, now=now)
    return record


def borrower_of(session: Session, engagement: EngagementRecord) -> UUID:
    """Return the organisation in whose evidence book the engagement's events go."""
    facility = facilities.find_facility(session, engagement.facility_id)
    assert facility is not None, "an engagement belongs to a facility"
    return facility.borrower_id


def _add_version(
    session: Session,
    draft_id: UUID,
    engagement: EngagementRecord,
    document: Mapping[str, JsonValue],
    *,
    number: int,
    event_number: int,
    actor: Actor,
    now: datetime,
) -> Draft:
    encoded = canonical_bytes(document)
    parse_canonical(encoded)  # what cannot be signed is refused before anybody reviews it
    statement = statement_from_mapping(document)
    if statement.engagement_id != str(engagement.engagement_id):
        raise Invalid("draft.engagement", "engagement_id: expected this engagement's id", field="engagement_id")
    version = DraftVersion(
        number=number,
        document=encoded.decode(),
        sha256=hashlib.sha256(encoded).hexdigest(),
        prepared_at=now,
        prepared_by=actor.user_id,
    )
    attestation_drafts.save_version(session, draft_id, version)
    event = DraftEvent(
        number=event_number,
        state=AttestationState.DRAFT,
        version=number,
        reason="prepared",
        recorded_at=now,
        actor_id=actor.user_id,
    )
    attestation_drafts.save_event(session, draft_id, event)
    asked = _asked(actor, draft_id)
    ask_second_person(session, asked, said=f"v{number}", maker_id=actor.user_id, now=now)
    return _found(session, draft_id)


def _asked(actor: Actor, draft_id: UUID) -> Asked:
    page = f"/statement-drafts/{draft_id}"
    return Asked(
        kind=WaitingKind.ATTESTATION_DRAFT, organisation_id=actor.organisation_id, ref=str(draft_id), page=page
    )


def _advance(
    session: Session, draft: Draft, step: AttestationStep, reason: str, *, actor: Actor, now: datetime
) -> None:
    _save_event(session, draft, next_state(draft.state, step), reason, actor=actor, now=now)


def _save_event(
    session: Session, draft: Draft, state: AttestationState, reason: str, *, actor: Actor, now: datetime
) -> None:
    event = DraftEvent(
        number=draft.events[-1].number + 1,
        state=state,
        version=draft.newest.number,
        reason=reason,
        recorded_at=now,
        actor_id=actor.user_id,
    )
    attestation_drafts.save_event(session, draft.draft_id, event)


def _relocked(session: Session, draft: Draft) -> Draft:
    standing = attestation_drafts.find_draft(session, draft.draft_id, lock=True)
    assert standing is not None, "the draft was loaded before"
    return standing


def _found(session: Session, draft_id: UUID) -> Draft:
    draft = attestation_drafts.find_draft(session, draft_id)
    assert draft is not None, "the draft was just recorded"
    return draft
