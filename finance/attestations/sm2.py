"""SM2 with SM3 over the same canonical bytes: the keys, signatures and signer ids of Chinese seals, and how they are spelled.

Owns the spelling and its refusals. The elliptic-curve arithmetic is a library's, handed in by the edge as a verifier;
without the optional extra ``sm2`` every such signature is refused by name. Never handles a private key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from ledger.core.errors import Conflict, Invalid

Sm2Verifier: TypeAlias = Callable[[bytes, bytes, bytes, bytes], bool]
"""(public key X then Y, 64 bytes; message; DER signature; signer id) -> whether it holds, ZA included (GB/T 32918.2-2016, 5.5)."""

DEFAULT_SIGNER_ID = "1234567812345678"
"""The signer id that enters ZA when nothing else was agreed (GB/T 35276-2017, section 10)."""

# The curve of GB/T 32918.5-2017: y^2 = x^3 + ax + b modulo p, of prime order n and cofactor 1, so that every point but
# infinity, which has no such encoding, generates the whole group.
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123

_COORDINATE_BYTES = 32
_POINT_BYTES = 1 + 2 * _COORDINATE_BYTES
_UNCOMPRESSED = 0x04
_SIGNER_ID = re.compile(r"[ -~]{1,64}", re.ASCII)

_SEQUENCE, _SET, _INTEGER, _OCTETS, _OID = 0x30, 0x31, 0x02, 0x04, 0x06
_CONTEXT_0 = 0xA0
_SHORT_LENGTH, _LENGTH_OF_LENGTH, _MOST_DER_BYTES = 0x80, 0x7F, 65_536
# GM/T 0006-2012: 1.2.156.10197.6.1.4.2.2 signedData, ...4.2.1 data, ...1.401 SM3, ...1.501 SM2-with-SM3.
_OID_SIGNED = bytes.fromhex("2a811ccf550601040202")
_OID_PLAIN = bytes.fromhex("2a811ccf550601040201")
_OID_SM3 = bytes.fromhex("2a811ccf55018311")
_OID_SM2_WITH_SM3 = bytes.fromhex("2a811ccf55018375")

Node: TypeAlias = tuple[int, bytes]


def check_sm2_key(public_key: bytes) -> None:
    """Refuse bytes that are not one uncompressed point of the SM2 curve: 04, X, Y (``key.length``, ``key.encoding``)."""
    if len(public_key) != _POINT_BYTES:
        raise Invalid(
            "key.length", f"public_key: expected {_POINT_BYTES} bytes", field="public_key", value=str(len(public_key))
        )
    x = int.from_bytes(public_key[1 : 1 + _COORDINATE_BYTES], "big")
    y = int.from_bytes(public_key[1 + _COORDINATE_BYTES :], "big")
    is_on_curve = x < _P and y < _P and (y * y - (x * x * x + _A * x + _B)) % _P == 0
    if public_key[0] != _UNCOMPRESSED or not is_on_curve:
        raise Invalid(
            "key.sm2_encoding", "public_key: expected 04, X and Y of a point of the SM2 curve", field="public_key"
        )


def check_signer_id(signer_id: str) -> None:
    """Refuse a signer id that is not 1 to 64 printable ASCII characters (``attestation.sm2_signer_id``)."""
    if not _SIGNER_ID.fullmatch(signer_id):
        raise Invalid(
            "attestation.sm2_signer_id", "signer_id: expected 1 to 64 printable ASCII characters", field="signer_id"
        )


def is_sm2_signature(
    *,
    public_key: bytes,
    message: bytes,
    signature: bytes,
    verifier: Sm2Verifier | None,
    signer_id: str = DEFAULT_SIGNER_ID,
) -> bool:
    """Return whether ``signature`` (any spelling of ``signature_der``) is SM2-with-SM3 of ZA and ``message``.

    Without a verifier ``attestation.sm2_not_installed``: nothing unverified is ever taken for verified.
    """
    check_sm2_key(public_key)
    check_signer_id(signer_id)
    if verifier is None:
        raise Conflict(
            "attestation.sm2_not_installed",
            "this server cannot verify SM2; install the optional extra sm2, or send an Ed25519 signature",
        )
    return verifier(public_key[1:], message, signature_der(signature), signer_id.encode("ascii"))


def signature_der(signature: bytes) -> bytes:
    """Return the signature as DER of r and s, each in [1, n-1]; else ``attestation.sm2_form``.

    Read are 64 raw bytes r then s, the DER sequence of two integers (GB/T 35276-2017), and CMS SignedData of GM/T 0010 with one
    signer, no content and no signed attributes; attributes are refused by name, because then not these bytes were signed.
    """
    if len(signature) == 2 * _COORDINATE_BYTES:
        r = int.from_bytes(signature[:_COORDINATE_BYTES], "big")
        return _encoded(r, int.from_bytes(signature[_COORDINATE_BYTES:], "big"))
    nodes = _children(_only(signature, _SEQUENCE))
    if nodes and nodes[0][0] == _OID:
        return signature_der(_of_cms(nodes))
    if [tag for tag, _ in nodes] != [_INTEGER, _INTEGER]:
        raise _malformed("two integers")
    # Encoded anew and compared: a number has one spelling in DER.
    spelled = _encoded(*(int.from_bytes(content, "big", signed=True) for _, content in nodes))
    if spelled != signature:
        raise _malformed("the one DER spelling of r and s")
    return spelled


def _of_cms(nodes: tuple[Node, ...]) -> bytes:
    if [tag for tag, _ in nodes] != [_OID, _CONTEXT_0] or nodes[0][1] != _OID_SIGNED:
        raise _malformed("CMS SignedData of GM/T 0010")
    parts = _children(_only(nodes[1][1], _SEQUENCE))
    tags = [tag for tag, _ in parts if tag & 0xE0 != _CONTEXT_0]  # certificates and revocation lists may be there
    if tags != [_INTEGER, _SET, _SEQUENCE, _SET]:
        raise _malformed("version, digest algorithms, content and signers")
    content = next(inner for tag, inner in parts if tag == _SEQUENCE)
    if _children(content) != ((_OID, _OID_PLAIN),):
        raise _malformed("detached content: the statement's own bytes stand beside it")
    return _of_signer(_only(parts[-1][1], _SEQUENCE))


def _of_signer(signer: bytes) -> bytes:
    parts = _children(signer)
    if any(tag == _CONTEXT_0 for tag, _ in parts):
        raise Invalid(
            "attestation.sm2_signed_attributes",
            "signature: expected CMS without signed attributes, made over the statement's bytes themselves",
            field="signature",
        )
    if [tag for tag, _ in parts] != [_INTEGER, _SEQUENCE, _SEQUENCE, _SEQUENCE, _OCTETS]:
        raise _malformed("one signer with version, id, digest, algorithm and signature")
    algorithms = [_children(parts[index][1])[:1] for index in (2, 3)]
    if algorithms != [((_OID, _OID_SM3),), ((_OID, _OID_SM2_WITH_SM3),)]:
        raise _malformed("SM3 and SM2-with-SM3")
    return parts[4][1]


def _encoded(r: int, s: int) -> bytes:
    if not (0 < r < _N and 0 < s < _N):
        raise _malformed("r and s from 1 to n-1")
    inner = b"".join(_integer(number) for number in (r, s))
    return bytes((_SEQUENCE, len(inner))) + inner


def _integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes((_INTEGER, len(content))) + content


def _only(octets: bytes, tag: int) -> bytes:
    nodes = _children(octets)
    if len(nodes) != 1 or nodes[0][0] != tag:
        raise _malformed("one DER structure and nothing after it")
    return nodes[0][1]


def _children(octets: bytes) -> tuple[Node, ...]:
    if len(octets) > _MOST_DER_BYTES:
        raise _malformed(f"at most {_MOST_DER_BYTES} bytes")
    nodes, place = [], 0
    while place < len(octets):
        tag, length, place = _head(octets, place)
        if place + length > len(octets):
            raise _malformed("DER whose lengths fit")
        nodes.append((tag, octets[place : place + length]))
        place += length
    return tuple(nodes)


def _head(octets: bytes, place: int) -> tuple[int, int, int]:
    """Return tag, length and where the content begins; indefinite and needlessly long lengths are refused."""
    if place + 2 > len(octets):
        raise _malformed("DER that does not end early")
    tag, first, place = octets[place], octets[place + 1], place + 2
    if first < _SHORT_LENGTH:
        return tag, first, place
    size = first & _LENGTH_OF_LENGTH
    length = int.from_bytes(octets[place : place + size], "big")
    if not 1 <= size <= 4 or length < _SHORT_LENGTH or octets[place : place + 1] == b"\x00":  # noqa: PLR2004 - 4 bytes count 4 GB
        raise _malformed("DER with shortest lengths")
    return tag, length, place + size


def _malformed(expected: str) -> Invalid:
    return Invalid("attestation.sm2_form", f"signature: expected {expected}", field="signature")
