"""Public signing keys of an assessor: possession proven, approved by a second person, rotated, revoked. A private key is never taken."""

from __future__ import annotations

from uuid import UUID

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.sm2 import installed_verifier
from api.deps import Call, ThisCall
from api.routes.attestations import proven
from api.schemas.evidence import ProvenReceiptsOut
from api.schemas.fields import CodeString
from api.schemas.signing_keys import (
    ChallengeIn,
    ChallengeOut,
    RevocationIn,
    SigningKeyIn,
    SigningKeyOut,
    SigningKeysOut,
    octets_text,
    read_octets,
)
from api.store.access import OrganisationKind
from finance.attestations.keys import RegisteredKey
from finance.operations import signing_keys as operations
from finance.operations.signing_keys import NONCE_BYTES
from finance.store import signing_keys
from ledger.core.errors import NotFound

_ASSESSOR = asks(Scope.ATTESTATION_WRITE, kinds=(OrganisationKind.ASSESSOR,))
_SECOND_PERSON = asks(Scope.ATTESTATION_APPROVE, kinds=(OrganisationKind.ASSESSOR,))

routes = Routes(tag="signing keys")


@routes.post("/signing-keys/challenges", policy=_ASSESSOR)
def add_challenge(body: ChallengeIn, call: ThisCall) -> ChallengeOut:
    """Return the bytes that the holder of the key must sign within an hour; a weak or malformed public key is refused."""
    challenge_id = call.new_id()
    message = operations.challenge_key(
        call.session,
        challenge_id=challenge_id,
        key_id=body.key_id,
        public_key=read_octets(body.public_key, field="public_key"),
        nonce=call.random_bytes(NONCE_BYTES),
        actor=call.principal.actor,
        now=call.now,
        alg=body.alg.value,
        replaces=body.replaces,
    )
    return ChallengeOut(challenge_id=challenge_id, challenge=octets_text(message))


@routes.post("/signing-keys", policy=_ASSESSOR)
def add_signing_key(body: SigningKeyIn, call: ThisCall) -> SigningKeyOut:
    """Register the key of a challenge whose bytes it signed; the challenge counts once.

    The key counts once a second person approves it, or at once when the key that it replaces signed the same bytes.
    """
    old = None if body.old_signature is None else read_octets(body.old_signature, field="old_signature")
    key = operations.register_key(
        call.session,
        body.challenge_id,
        read_octets(body.signature, field="signature"),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
        old_signature=old,
        sm2=installed_verifier(),
    )
    return SigningKeyOut.from_core(key)


@routes.get("/signing-keys", policy=asks(kinds=(OrganisationKind.ASSESSOR,)))
def list_signing_keys(call: ThisCall) -> SigningKeysOut:
    """Return the organisation's keys, revoked ones included."""
    keys = signing_keys.list_keys(call.session, call.principal.organisation_id)
    return SigningKeysOut(signing_keys=tuple(SigningKeyOut.from_core(key) for key in keys))


@routes.post("/signing-keys/{key_id}/approve", policy=_SECOND_PERSON, status=200)
def approve_key(key_id: CodeString, call: ThisCall) -> SigningKeyOut:
    """Vouch for a colleague's key, which counts from now on; its holder cannot."""
    approved = operations.approve_key(
        call.session, key_id, actor=call.principal.actor, now=call.now, random_bytes=call.random_bytes
    )
    return SigningKeyOut.from_core(approved)


@routes.get("/signing-keys/{key_id}/receipts", policy=asks(kinds=(OrganisationKind.ASSESSOR,)))
def prove_key(key_id: CodeString, call: ThisCall) -> ProvenReceiptsOut:
    """Return the key's registration, approval and end as leaves of the organisation's evidence book, each with its proof."""
    return proven(call.session, operations.SUBJECT, _own_key(call, key_id).key_id)


@routes.post("/signing-keys/{key_id}/revoke", policy=_ASSESSOR, status=200)
def revoke_key(key_id: CodeString, body: RevocationIn, call: ThisCall) -> SigningKeyOut:
    """Revoke a key of the organisation from now on; with ``compromised_since`` what it signed since then falls too."""
    revoked = operations.revoke_signing_key(
        call.session,
        _own_key(call, key_id),
        compromised_since=body.compromised_since,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return SigningKeyOut.from_core(revoked)


def _own_key(call: Call, key_id: str) -> RegisteredKey:
    key = signing_keys.find_key(call.session, key_id)
    if key is None or UUID(key.organisation_id) != call.principal.organisation_id:
        raise NotFound("signing_key.not_found", "the signing key does not exist, or not for you")
    return key
