"""Attestations: signed envelopes as an assessor sends them, kept byte for byte with what was found, and their withdrawal.

The server only verifies. A refused envelope is recorded and answered with the code of the first check it failed.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.auth.assessors import sharing_a_person
from api.auth.loan_kinds import ATTESTATION, ENGAGEMENT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.sm2 import installed_verifier
from api.deps import ThisCall
from api.errors import RefusedAndRecorded
from api.schemas.attestations import AttestationLineOut, AttestationOut, AttestationsOut, WithdrawalIn
from api.schemas.evidence import ProvenReceiptOut, ProvenReceiptsOut
from api.schemas.fields import UuidString
from api.settings import AUDIENCE
from api.store.access import OrganisationKind
from finance.attestations.signatures import MAX_ENVELOPE_BYTES
from finance.operations.attestations import Reception, submit_attestation
from finance.operations.attestations import withdraw_attestation as record_withdrawal
from finance.operations.evidence import prove
from finance.store import attestation_remarks, attestations, evidence
from finance.store.attestations import AttestationRecord
from ledger.core.errors import Invalid

_ASSESSOR = asks(Scope.ATTESTATION_WRITE, kinds=(OrganisationKind.ASSESSOR,))

_SUBJECT = "attestation"

routes = Routes(tag="attestations")


@routes.upload(
    "/engagements/{engagement_id}/attestations",
    policy=_ASSESSOR,
    types=("application/json", "application/jose+json"),
    example='{"payload": "eyJ2YWx1ZSI6...", "protected": "eyJhbGciOiJFZERTQSIs...", "signature": "kd1D0TqN..."}',
)
def add_attestation(engagement_id: UuidString, call: ThisCall) -> AttestationOut:
    """Judge a signed envelope and record its exact bytes; the same bytes again give the same answer.

    A JWS in flattened JSON, an SM2 envelope (kid, payload, signature, signer_id, typ), or an object of ``jws`` and ``sm2`` over
    the same payload.
    """
    engagement = call.load(ENGAGEMENT, engagement_id)
    if len(call.upload) > MAX_ENVELOPE_BYTES:
        raise Invalid("body.too_large", f"the body is larger than {MAX_ENVELOPE_BYTES} bytes, the most an envelope has")
    record = submit_attestation(
        call.session,
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
        assert record.reason is not None, "a refusal has a reason"
        about = {"field": record.field} if record.field else {}
        raise RefusedAndRecorded(Invalid(record.code, record.reason, **about))
    return shown(call.session, record)


@routes.get("/engagements/{engagement_id}/attestations", policy=asks())
def list_attestations(engagement_id: UuidString, call: ThisCall) -> AttestationsOut:
    """Return everything received under the engagement, refused envelopes with their codes included."""
    engagement = call.load(ENGAGEMENT, engagement_id)
    found = attestations.list_of_engagement(call.session, engagement.engagement_id)
    return AttestationsOut(attestations=tuple(AttestationLineOut.from_core(record) for record in found))


@routes.get("/attestations/{attestation_id}", policy=asks())
def read_attestation(attestation_id: UuidString, call: ThisCall) -> AttestationOut:
    """Return the attestation with the bytes received and how it stands now."""
    return shown(call.session, call.load(ATTESTATION, attestation_id))


@routes.get("/attestations/{attestation_id}/receipts", policy=asks())
def prove_attestation(attestation_id: UuidString, call: ThisCall) -> ProvenReceiptsOut:
    """Return every state of the attestation as a leaf of the borrower's evidence book, each with its proof."""
    record = call.load(ATTESTATION, attestation_id)
    return proven(call.session, _SUBJECT, str(record.attestation_id))


@routes.post("/attestations/{attestation_id}/withdraw", policy=_ASSESSOR, status=200)
def withdraw_attestation(attestation_id: UuidString, body: WithdrawalIn, call: ThisCall) -> AttestationOut:
    """Withdraw an accepted attestation; no later step may rest on it, and a rate decided before stays until decided again."""
    record = call.load(ATTESTATION, attestation_id)
    record_withdrawal(
        call.session,
        record,
        body.reason,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return shown(call.session, call.load(ATTESTATION, attestation_id))


def shown(session: Session, record: AttestationRecord) -> AttestationOut:
    """Return the attestation's shape with its remarks and receipts."""
    return AttestationOut.from_core(
        record,
        attestation_remarks.load_remarks(session, record.attestation_id),
        evidence.load_receipts(session, _SUBJECT, str(record.attestation_id)),
    )


def proven(session: Session, subject: str, subject_id: str) -> ProvenReceiptsOut:
    """Return what befell a subject that the caller may see, each event with the proof of its leaf."""
    receipts = evidence.load_receipts(session, subject, subject_id)
    return ProvenReceiptsOut(
        receipts=tuple(ProvenReceiptOut.from_core(receipt, prove(session, receipt)) for receipt in receipts)
    )
