"""What may be lodged: a JWS, an SM2 signature, or both over the same bytes; opened first, verified second.

Owns the outer shapes and the rule of two signatures: either alone suffices, over different bytes they are refused, and a
signature that does not hold refuses the whole. Knows no loan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from finance.attestations.canonical import JsonValue, canonical_bytes, parse_strict
from finance.attestations.keys import EDDSA, SM2, RegisteredKey
from finance.attestations.signatures import (
    MAX_ENVELOPE_BYTES,
    OpenEnvelope,
    decode_octets,
    encode_octets,
    open_members,
    verify_opened,
)
from finance.attestations.sm2 import DEFAULT_SIGNER_ID, Sm2Verifier, check_signer_id, is_sm2_signature, signature_der
from finance.attestations.spelling import check_identifier
from ledger.core.errors import Invalid

SM2_TYP = "tonne-attestation+sm2"

_SM2_MEMBERS = frozenset({"kid", "payload", "signature", "signer_id", "typ"})
_TWIN_MEMBERS = frozenset({"jws", "sm2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSm2:
    """A well-formed SM2 envelope whose signature is NOT yet checked."""

    kid: str
    payload: bytes
    signature: bytes
    signer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLodgement:
    """What was lodged, opened: one signature or two over the same ``payload``; none is checked yet."""

    payload: bytes
    jws: OpenEnvelope | None
    sm2: OpenSm2 | None

    @property
    def kids(self) -> tuple[str, ...]:
        """Return the ids of the keys that are to be loaded, the JWS's first."""
        return tuple(each.kid for each in (self.jws, self.sm2) if each is not None)


def sm2_envelope(payload: bytes, signature: bytes, *, kid: str, signer_id: str = DEFAULT_SIGNER_ID) -> bytes:
    """Return the envelope bytes around an SM2 signature of ``payload`` that was made elsewhere."""
    return canonical_bytes(
        {
            "kid": kid,
            "payload": encode_octets(payload),
            "signature": encode_octets(signature),
            "signer_id": signer_id,
            "typ": SM2_TYP,
        }
    )


def open_lodgement(envelope: bytes) -> OpenLodgement:
    """Return what ``envelope`` holds, unverified; else ``Invalid`` with a ``jws.``, ``canonical.`` or ``attestation.sm2`` code.

    Three shapes: a flattened JWS (``signatures.open_envelope``); an SM2 envelope (kid, payload, signature, signer_id, typ); an
    object of ``jws`` and ``sm2``, whose payloads are equal byte for byte (``attestation.envelopes_differ``).
    """
    members = parse_strict(envelope, max_bytes=MAX_ENVELOPE_BYTES)
    if members.keys() == _SM2_MEMBERS:
        sealed = _open_sm2(members)
        return OpenLodgement(payload=sealed.payload, jws=None, sm2=sealed)
    if members.keys() != _TWIN_MEMBERS:
        opened = open_members(members)
        return OpenLodgement(payload=opened.payload, jws=opened, sm2=None)
    opened, sealed = open_members(_object(members, "jws")), _open_sm2(_object(members, "sm2"))
    if opened.payload != sealed.payload:
        raise Invalid(
            "attestation.envelopes_differ", "payload: expected both signatures over the same bytes", field="payload"
        )
    return OpenLodgement(payload=opened.payload, jws=opened, sm2=sealed)


def verify_lodgement(opened: OpenLodgement, keys: Mapping[str, RegisteredKey], *, sm2: Sm2Verifier | None) -> bytes:
    """Return the payload once every signature that is there holds under its key of ``keys``; else ``Invalid``.

    Codes: ``jws.kid``, ``jws.signature``, ``attestation.sm2_signature``, ``key.alg`` for a key of the other kind.
    """
    if opened.jws is not None:
        key = keys[opened.jws.kid]
        _check_alg(key, EDDSA)
        verify_opened(opened.jws, key)
    if opened.sm2 is not None:
        key = keys[opened.sm2.kid]
        _check_alg(key, SM2)
        if not is_sm2_signature(
            public_key=key.public_key,
            message=opened.payload,
            signature=opened.sm2.signature,
            verifier=sm2,
            signer_id=opened.sm2.signer_id,
        ):
            raise Invalid(
                "attestation.sm2_signature",
                "signature: does not hold for these bytes under the registered SM2 key",
                field="signature",
            )
    return opened.payload


def _check_alg(key: RegisteredKey, alg: str) -> None:
    if key.alg != alg:
        raise Invalid("key.alg", f"kid: expected a key registered for {alg}, this one is for {key.alg}", field="kid")


def _open_sm2(members: Mapping[str, JsonValue]) -> OpenSm2:
    if members.keys() != _SM2_MEMBERS:
        raise Invalid(
            "attestation.sm2_members", "sm2: expected exactly kid, payload, signature, signer_id and typ", field="sm2"
        )
    texts = {name: _text(members, name) for name in sorted(_SM2_MEMBERS)}
    if texts["typ"] != SM2_TYP:
        raise Invalid("attestation.sm2_typ", f"typ: expected {SM2_TYP}", field="typ")
    check_identifier(texts["kid"], field="kid")
    check_signer_id(texts["signer_id"])
    signature = decode_octets(texts["signature"], field="signature")
    signature_der(signature)  # refused here when it is none
    return OpenSm2(
        kid=texts["kid"],
        payload=decode_octets(texts["payload"], field="payload"),
        signature=signature,
        signer_id=texts["signer_id"],
    )


def _object(members: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    value = members[name]
    if not isinstance(value, Mapping):
        raise Invalid("jws.member_type", f"{name}: expected an object", field=name)
    return value


def _text(members: Mapping[str, JsonValue], name: str) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise Invalid("jws.member_type", f"{name}: expected text", field=name)
    return value
