"""The envelope around a statement: JWS in flattened JSON, Ed25519, nothing optional.

Owns making and checking the signature and the envelope's shape. The bytes received are kept and checked as they came:
nothing is re-serialised to verify. Knows no loan; who may sign what is decided in ``acceptance``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from finance.attestations.canonical import MAX_DOCUMENT_BYTES, JsonValue, canonical_bytes, parse_canonical, parse_strict
from finance.attestations.documents import statement_to_mapping
from finance.attestations.keys import EDDSA, SIGNATURE_BYTES, RegisteredKey, is_scalar_reduced, is_signature_of
from finance.attestations.spelling import check_identifier
from finance.attestations.statements import AttestationStatement
from ledger.core.errors import Invalid

TYP = "tonne-attestation+jws"
"""The media type in every protected header: a signature made for another purpose can never pass for an attestation."""

MAX_ENVELOPE_BYTES = 2 * MAX_DOCUMENT_BYTES
"""Base64 grows a payload by a third; the rest is header, signature and blanks."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_ENVELOPE_MEMBERS = frozenset({"payload", "protected", "signature"})
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEnvelope:
    """A well-formed envelope whose signature is NOT yet checked; ``kid`` is a claim that says which key to load."""

    kid: str
    payload: bytes
    signing_input: bytes
    signature: bytes


def sign_statement(statement: AttestationStatement, private_key: Ed25519PrivateKey, *, kid: str) -> bytes:
    """Return the envelope bytes of ``statement`` signed by ``private_key``: on the assessor's side, never the server.

    RFC 7515 section 7.2.2 (flattened JSON), RFC 8037 (EdDSA), payload = RFC 8785 bytes of the statement. Ed25519 is
    deterministic: the same statement, key and kid give the same bytes.
    """
    payload = canonical_bytes(statement_to_mapping(statement))
    parse_canonical(payload)
    return attach_payload(sign_detached(payload, private_key, kid=kid), payload)


def sign_detached(payload: bytes, private_key: Ed25519PrivateKey, *, kid: str) -> bytes:
    """Return the detached envelope (protected, signature) of ``payload``: on the assessor's side, never the server.

    RFC 7515 appendix F: the payload is signed as always and left out of the envelope, since both sides hold its bytes. Whether
    the payload is a statement is the caller's to check before it signs.
    """
    check_identifier(kid, field="kid")
    protected = encode_octets(canonical_bytes({"alg": EDDSA, "kid": kid, "typ": TYP}))
    signature = private_key.sign(f"{protected}.{encode_octets(payload)}".encode("ascii"))
    return canonical_bytes({"protected": protected, "signature": encode_octets(signature)})


def is_detached(envelope: bytes) -> bool:
    """Return whether ``envelope`` is a JWS without its payload; bytes that are no JSON object have a ``canonical.`` code."""
    return parse_strict(envelope, max_bytes=MAX_ENVELOPE_BYTES).keys() == _ENVELOPE_MEMBERS - {"payload"}


def attach_payload(detached: bytes, payload: bytes) -> bytes:
    """Return the envelope with its payload put back; the signature is not looked at, and other shapes are ``jws.members_detached``."""
    members = parse_strict(detached, max_bytes=MAX_ENVELOPE_BYTES)
    if members.keys() != _ENVELOPE_MEMBERS - {"payload"}:
        raise Invalid("jws.members_detached", "envelope: expected exactly protected and signature", field="envelope")
    return canonical_bytes({**members, "payload": encode_octets(payload)})


def open_envelope(envelope: bytes) -> OpenEnvelope:
    """Return the unverified parts of a well-formed envelope; else ``Invalid`` with a ``jws.`` or ``canonical.`` code.

    The envelope has exactly payload, protected and signature (``jws.members``: so no unprotected header, no second
    signature, no detached payload); the protected header exactly alg, kid and typ (``jws.header_members``: so no crit,
    b64, jwk, jku, x5c); alg is EdDSA (``jws.alg``), typ ours (``jws.typ``); base64url has one spelling, without padding
    (``jws.base64url``); the signature has 64 bytes (``jws.signature_length``) and a reduced S
    (``jws.signature_scalar``).
    """
    return open_members(parse_strict(envelope, max_bytes=MAX_ENVELOPE_BYTES))


def open_members(members: Mapping[str, JsonValue]) -> OpenEnvelope:
    """Return the unverified parts of an envelope that was read already, see ``open_envelope``."""
    if members.keys() != _ENVELOPE_MEMBERS:
        raise Invalid("jws.members", "envelope: expected exactly payload, protected and signature", field="envelope")
    protected, payload = _member_text(members, "protected"), _member_text(members, "payload")
    signature = decode_octets(_member_text(members, "signature"), field="signature")
    kid = _kid_of_header(decode_octets(protected, field="protected"))
    payload_bytes = decode_octets(payload, field="payload")
    if len(signature) != SIGNATURE_BYTES:
        raise Invalid("jws.signature_length", f"signature: expected {SIGNATURE_BYTES} bytes", field="signature")
    if not is_scalar_reduced(signature):
        raise Invalid("jws.signature_scalar", "signature: expected S below the group order", field="signature")
    return OpenEnvelope(
        kid=kid, payload=payload_bytes, signing_input=f"{protected}.{payload}".encode("ascii"), signature=signature
    )


def verify_opened(opened: OpenEnvelope, key: RegisteredKey) -> bytes:
    """Return the payload if ``key`` is the one named and its signature holds; else ``jws.kid`` or ``jws.signature``."""
    if opened.kid != key.key_id:
        raise Invalid("jws.kid", "kid: expected the id of the registered key", field="kid")
    if not is_signature_of(public_key=key.public_key, message=opened.signing_input, signature=opened.signature):
        raise Invalid(
            "jws.signature", "signature: does not hold for these bytes under the registered key", field="signature"
        )
    return opened.payload


def verify_jws(envelope: bytes, key: RegisteredKey) -> bytes:
    """Return the payload bytes of an envelope signed by ``key``; other bytes raise ``Invalid`` (see ``open_envelope``).

    The key's history is not asked: ``key_verdict`` is.
    """
    return verify_opened(open_envelope(envelope), key)


def _kid_of_header(encoded: bytes) -> str:
    header = parse_strict(encoded, max_bytes=MAX_ENVELOPE_BYTES)
    if header.keys() != _HEADER_MEMBERS:
        raise Invalid("jws.header_members", "protected: expected exactly alg, kid and typ", field="protected")
    if header["alg"] != EDDSA:
        raise Invalid("jws.alg", "alg: expected EdDSA, to which every registered key is pinned", field="alg")
    if header["typ"] != TYP:
        raise Invalid("jws.typ", f"typ: expected {TYP}", field="typ")
    kid = _member_text(header, "kid")
    check_identifier(kid, field="kid")
    return kid


def _member_text(members: Mapping[str, JsonValue], name: str) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise Invalid("jws.member_type", f"{name}: expected text", field=name)
    return value


def encode_octets(octets: bytes) -> str:
    """Return ``octets`` as unpadded base64url (RFC 4648 section 5): one zero byte is ``AA``."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode_octets(text: str, *, field: str) -> bytes:
    """Return the bytes of unpadded base64url in its one spelling; else ``jws.base64url``."""
    # One spelling only: no padding, no other alphabet, no length that cannot occur, no stray bits in the last
    # character.
    if _BASE64URL.fullmatch(text) and len(text) % 4 != 1:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if encode_octets(octets) == text:
            return octets
    raise Invalid(
        "jws.base64url", f"{field}: expected unpadded base64url in its one spelling (RFC 4648 section 5)", field=field
    )
