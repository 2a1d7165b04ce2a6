"""Drafts of statements, for the assessor alone: prepare, review by another person, fetch the bytes to sign, lodge the signature."""

from __future__ import annotations

from fastapi.responses import Response

from api.auth.assessors import DRAFT, sharing_a_person
from api.auth.loan_kinds import ENGAGEMENT, KPI_PERIOD, check_data_open
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.sm2 import installed_verifier
from api.deps import Call, ThisCall
from api.errors import RefusedAndRecorded
from api.routes.attestations import shown
from api.schemas.attestation_drafts import DraftOut, DraftsOut, ReviewIn, SendBackIn
from api.schemas.attestations import AttestationOut
from api.schemas.fields import UuidString
from api.settings import AUDIENCE
from api.store.access import OrganisationKind
from finance.attestations.canonical import MAX_DOCUMENT_BYTES, parse_strict
from finance.operations import attestation_drafts as operations
from finance.operations.attestations import Reception
from finance.store import attestation_drafts
from finance.store.attestations import EngagementRecord
from ledger.core.errors import Invalid

_ASSESSOR = asks(Scope.ATTESTATION_WRITE, kinds=(OrganisationKind.ASSESSOR,))
_REVIEWER = asks(Scope.ATTESTATION_APPROVE, kinds=(OrganisationKind.ASSESSOR,))
_READER = asks(kinds=(OrganisationKind.ASSESSOR,))

routes = Routes(tag="attestation drafts")


@routes.upload(
    "/engagements/{engagement_id}/drafts",
    policy=_ASSESSOR,
    types=("application/json",),
    example='{"statement_version": "1", "jti": "statement-2025"}',
)
def add_draft(engagement_id: UuidString, call: ThisCall) -> DraftOut:
    """Begin a draft with a whole statement, one JSON object with every member; the period's data must be open to the caller."""
    engagement = _open_engagement(call, engagement_id)
    draft = operations.prepare_draft(
        call.session,
        engagement,
        parse_strict(call.upload, max_bytes=MAX_DOCUMENT_BYTES),
        draft_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
    )
    return DraftOut.from_core(draft)


@routes.get("/engagements/{engagement_id}/drafts", policy=_READER)
def list_drafts(engagement_id: UuidString, call: ThisCall) -> DraftsOut:
    """Return the engagement's drafts."""
    engagement = call.load(ENGAGEMENT, engagement_id)
    found = attestation_drafts.list_drafts(call.session, engagement.engagement_id)
    return DraftsOut(drafts=tuple(DraftOut.from_core(draft) for draft in found))


@routes.get("/attestation-drafts/{draft_id}", policy=_READER)
def read_draft(draft_id: UuidString, call: ThisCall) -> DraftOut:
    """Return the draft with its newest text."""
    return DraftOut.from_core(call.load(DRAFT, draft_id))


@routes.upload(
    "/attestation-drafts/{draft_id}/versions",
    policy=_ASSESSOR,
    types=("application/json",),
    example='{"statement_version": "1", "jti": "statement-2025"}',
)
def revise_draft(draft_id: UuidString, call: ThisCall) -> DraftOut:
    """Replace the draft's text; a review of an earlier version no longer counts."""
    draft = call.load(DRAFT, draft_id)
    revised = operations.revise_draft(
        call.session,
        draft,
        _open_engagement(call, draft.engagement_id),
        parse_strict(call.upload, max_bytes=MAX_DOCUMENT_BYTES),
        actor=call.principal.actor,
        now=call.now,
    )
    return DraftOut.from_core(revised)


@routes.post("/attestation-drafts/{draft_id}/review", policy=_REVIEWER, status=200)
def review_draft(draft_id: UuidString, body: ReviewIn, call: ThisCall) -> DraftOut:
    """Confirm the version of that digest, as a person who prepared none."""
    draft = call.load(DRAFT, draft_id)
    engagement = _open_engagement(call, draft.engagement_id)
    reviewed = operations.review_draft(
        call.session,
        draft,
        body.sha256,
        borrower_id=operations.borrower_of(call.session, engagement),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return DraftOut.from_core(reviewed)


@routes.post("/attestation-drafts/{draft_id}/send-back", policy=_REVIEWER, status=200)
def send_back_draft(draft_id: UuidString, body: SendBackIn, call: ThisCall) -> DraftOut:
    """Give a reviewed draft back to its preparers, with a reason."""
    draft = call.load(DRAFT, draft_id)
    returned = operations.send_back(call.session, draft, body.reason, actor=call.principal.actor, now=call.now)
    return DraftOut.from_core(returned)


@routes.get("/attestation-drafts/{draft_id}/to-sign", policy=_READER, answers=("application/json",))
def read_bytes_to_sign(draft_id: UuidString, call: ThisCall) -> Response:
    """Return the exact bytes to sign (RFC 8785) of a reviewed draft; ``tonne sign`` takes them as they are."""
    draft = call.load(DRAFT, draft_id)
    name = f"statement-{draft.draft_id}.json"
    return Response(
        operations.bytes_to_sign(draft),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@routes.upload(
    "/attestation-drafts/{draft_id}/lodge",
    policy=_ASSESSOR,
    types=("application/json", "application/jose+json"),
    example='{"protected": "eyJhbGciOiJFZERTQSIs...", "signature": "kd1D0TqN..."}',
)
def lodge_draft(draft_id: UuidString, call: ThisCall) -> AttestationOut:
    """Judge a signature over the reviewed bytes, detached or whole, and record it with its verdict."""
    draft = call.load(DRAFT, draft_id)
    engagement = call.load(ENGAGEMENT, draft.engagement_id)
    record = operations.lodge_draft(
        call.session,
        draft,
        engagement,
        call.upload,
        attestation_id=call.new_id(),
        reception=Reception(
            audience=AUDIENCE,
            sharing_a_person=sharing_a_person(call.session, engagement.assessor_id, engagement.kpi_period_id),
            random_bytes=call.random_bytes,
            sm2=installed_verifier(),
        ),
        actor=call.principal.actor,
        now=call.now,
    )
    if record.code is not None:
        about = {"field": record.field} if record.field else {}
        raise RefusedAndRecorded(Invalid(record.code, record.reason or "", **about))
    return shown(call.session, record)


def _open_engagement(call: Call, engagement_id: UuidString) -> EngagementRecord:
    """Return the engagement if its period's data is open to the caller."""
    engagement = call.load(ENGAGEMENT, engagement_id)
    period = call.load(KPI_PERIOD, engagement.kpi_period_id)
    check_data_open(call.session, call.principal, period, call.now)
    return engagement
