"""Public signing keys of an assessor: registered by proof of possession, listed, revoked. A private key is never taken."""

from __future__ import annotations

from uuid import UUID

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.attestations import (
    ChallengeIn,
    ChallengeOut,
    RevocationIn,
    SigningKeyIn,
    SigningKeyOut,
    SigningKeysOut,
    octets_text,
    read_octets,
)
from api.schemas.fields import CodeString
from api.store.access import OrganisationKind
from finance.operations.attestations import NONCE_BYTES, challenge_key, register_key, revoke_signing_key
from finance.store import attestations
from ledger.core.errors import NotFound

_ASSESSOR = asks(Scope.ATTESTATION_WRITE, kinds=(OrganisationKind.ASSESSOR,))

routes = Routes(tag="signing keys")


@routes.post("/signing-keys/challenges", policy=_ASSESSOR)
def add_challenge(body: ChallengeIn, call: ThisCall) -> ChallengeOut:
    """Return the bytes that the holder of the key must sign; a weak or malformed public key is refused."""
    challenge_id = call.new_id()
    message = challenge_key(
        call.session,
        challenge_id=challenge_id,
        key_id=body.key_id,
        public_key=read_octets(body.public_key, field="public_key"),
        nonce=call.random_bytes(NONCE_BYTES),
        actor=call.principal.actor,
        now=call.now,
    )
    return ChallengeOut(challenge_id=challenge_id, challenge=octets_text(message))


@routes.post("/signing-keys", policy=_ASSESSOR)
def add_signing_key(body: SigningKeyIn, call: ThisCall) -> SigningKeyOut:
    """Register the key of a challenge whose bytes it signed; the challenge counts once."""
    key = register_key(
        call.session,
        body.challenge_id,
        read_octets(body.signature, field="signature"),
        actor=call.principal.actor,
        now=call.now,
    )
    return SigningKeyOut.from_core(key)


@routes.get("/signing-keys", policy=asks(kinds=(OrganisationKind.ASSESSOR,)))
def list_signing_keys(call: ThisCall) -> SigningKeysOut:
    """Return the organisation's keys, revoked ones included."""
    keys = attestations.list_keys(call.session, call.principal.organisation_id)
    return SigningKeysOut(signing_keys=tuple(SigningKeyOut.from_core(key) for key in keys))


@routes.post("/signing-keys/{key_id}/revoke", policy=_ASSESSOR, status=200)
def revoke_key(key_id: CodeString, body: RevocationIn, call: ThisCall) -> SigningKeyOut:
    """Revoke a key of the organisation from now on; with ``compromised_since`` what it signed since then falls too."""
    key = attestations.find_key(call.session, key_id)
    if key is None or UUID(key.organisation_id) != call.principal.organisation_id:
        raise NotFound("signing_key.not_found", "the signing key does not exist, or not for you")
    revoked = revoke_signing_key(
        call.session,
        key,
        compromised_since=body.compromised_since,
        actor=call.principal.actor,
        now=call.now,
    )
    return SigningKeyOut.from_core(revoked)
