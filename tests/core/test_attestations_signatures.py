"""The envelope: what is signed verifies, here and with another library, and every known forgery has its refusal."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey

from finance.attestations.canonical import canonical_bytes
from finance.attestations.curve import SCALAR_ORDER
from finance.attestations.documents import statement_to_mapping
from finance.attestations.signatures import MAX_ENVELOPE_BYTES, TYP, open_envelope, sign_statement, verify_jws
from ledger.core.errors import Invalid
from tests.core.test_attestations_examples import (
    KID,
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    envelope,
    public_bytes,
    registered_key,
    statement,
)

KEY = registered_key()
HONEST = envelope()
PAYLOAD = canonical_bytes(statement_to_mapping(statement()))


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def members() -> dict[str, str]:
    parsed: dict[str, str] = json.loads(HONEST)
    return parsed


def signed(header: bytes, payload: bytes = PAYLOAD) -> dict[str, str]:
    """Return an envelope whose signature really holds over whatever header and payload are given."""
    signing_input = f"{b64(header)}.{b64(payload)}".encode()
    return {"payload": b64(payload), "protected": b64(header), "signature": b64(PRIVATE_KEY.sign(signing_input))}


def header(**changed: str) -> bytes:
    return json.dumps({"alg": "EdDSA", "kid": KID, "typ": TYP} | changed).encode()


def dumped(envelope_members: object) -> bytes:
    return json.dumps(envelope_members).encode()


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in members().items() if key != name}


def signature_plus_order() -> str:
    octets = base64.urlsafe_b64decode(members()["signature"] + "==")
    s_plus = int.from_bytes(octets[32:], "little") + SCALAR_ORDER
    return b64(octets[:32] + s_plus.to_bytes(32, "little"))


def duplicated_member() -> bytes:
    return HONEST[:-1] + b',"payload":"' + members()["payload"].encode() + b'"}'


def stray_bits() -> str:
    # 64 bytes leave two meaningful bits in the last character; the four others must be zero.
    text = members()["signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


# RFC 9864 renames the algorithm for this curve to Ed25519; decision 0003 says why the key record still pins EdDSA.
other_library = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")

FORGERIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "alg none": (lambda: dumped(signed(header(alg="none"))), "jws.alg"),
    "alg HS256": (lambda: dumped(signed(header(alg="HS256"))), "jws.alg"),
    "alg ES256": (lambda: dumped(signed(header(alg="ES256"))), "jws.alg"),
    "alg Ed25519": (lambda: dumped(signed(header(alg="Ed25519"))), "jws.alg"),
    "alg in another case": (lambda: dumped(signed(header(alg="eddsa"))), "jws.alg"),
    "alg none without signature": (
        lambda: dumped(signed(header(alg="none")) | {"signature": ""}),
        "jws.alg",
    ),
    "typ JWT": (lambda: dumped(signed(header(typ="JWT"))), "jws.typ"),
    "typ missing": (lambda: dumped(signed(json.dumps({"alg": "EdDSA", "kid": KID}).encode())), "jws.header_members"),
    "crit unknown": (
        lambda: dumped(signed(b'{"alg":"EdDSA","crit":["x"],"kid":"assessor-key-1","typ":"tonne-attestation+jws"}')),
        "jws.header_members",
    ),
    "b64 false": (
        lambda: dumped(signed(b'{"alg":"EdDSA","b64":false,"kid":"assessor-key-1","typ":"tonne-attestation+jws"}')),
        "jws.header_members",
    ),
    "embedded key": (lambda: dumped(signed(header(jwk=b64(public_bytes(PRIVATE_KEY))))), "jws.header_members"),
    "key address": (lambda: dumped(signed(header(jku="https://example.org/keys"))), "jws.header_members"),
    "certificate chain": (lambda: dumped(signed(header(x5c="MIIB"))), "jws.header_members"),
    "header key twice": (
        lambda: dumped(signed(b'{"alg":"none","alg":"EdDSA","kid":"assessor-key-1","typ":"tonne-attestation+jws"}')),
        "canonical.duplicate_key",
    ),
    "header with a number": (
        lambda: dumped(signed(b'{"alg":1,"kid":"assessor-key-1","typ":"tonne-attestation+jws"}')),
        "canonical.number",
    ),
    "header not JSON": (lambda: dumped(signed(b"\xff\xfe")), "canonical.utf8"),
    "header a list": (lambda: dumped(signed(b"[]")), "canonical.json"),
    "kid null": (
        lambda: dumped(signed(b'{"alg":"EdDSA","kid":null,"typ":"tonne-attestation+jws"}')),
        "jws.member_type",
    ),
    "kid a path": (lambda: dumped(signed(header(kid="../../keys"))), "attestation.field_spelling"),
    "kid SQL": (lambda: dumped(signed(header(kid="x' OR '1'='1"))), "attestation.field_spelling"),
    "kid of another key": (lambda: dumped(signed(header(kid="assessor-key-2"))), "jws.kid"),
    "another key's signature": (lambda: sign_statement(statement(), OTHER_PRIVATE_KEY, kid=KID), "jws.signature"),
    "payload exchanged": (lambda: dumped(members() | {"payload": b64(b"{}")}), "jws.signature"),
    "header exchanged": (lambda: dumped(members() | {"protected": b64(header())}), "jws.signature"),
    "unprotected header": (lambda: dumped(members() | {"header": "x"}), "jws.members"),
    "unprotected header object": (lambda: dumped(members() | {"header": {"kid": KID}}), "jws.members"),
    "detached payload": (lambda: dumped(without("payload")), "jws.members"),
    "no signature": (lambda: dumped(without("signature")), "jws.members"),
    "general form": (
        lambda: dumped({"payload": members()["payload"], "signatures": [without("payload")]}),
        "jws.members",
    ),
    "compact form": (
        lambda: ".".join(members()[name] for name in ("protected", "payload", "signature")).encode(),
        "canonical.json",
    ),
    "member twice": (duplicated_member, "canonical.duplicate_key"),
    "signature null": (lambda: dumped(members() | {"signature": None}), "jws.member_type"),
    "signature a number": (lambda: dumped(members() | {"signature": 1}), "canonical.number"),
    "signature empty": (lambda: dumped(members() | {"signature": ""}), "jws.signature_length"),
    "signature short": (lambda: dumped(members() | {"signature": b64(bytes(63))}), "jws.signature_length"),
    "signature long": (lambda: dumped(members() | {"signature": b64(bytes(65))}), "jws.signature_length"),
    "signature of zeros": (lambda: dumped(members() | {"signature": b64(bytes(64))}), "jws.signature"),
    "S plus the group order": (
        lambda: dumped(members() | {"signature": signature_plus_order()}),
        "jws.signature_scalar",
    ),
    "S of all ones": (lambda: dumped(members() | {"signature": b64(b"\xff" * 64)}), "jws.signature_scalar"),
    "base64 padded": (lambda: dumped(members() | {"signature": members()["signature"] + "=="}), "jws.base64url"),
    "base64 of the other alphabet": (lambda: dumped(members() | {"payload": "ab+/"}), "jws.base64url"),
    "base64 with a line feed": (
        lambda: dumped(members() | {"signature": members()["signature"] + "\n"}),
        "jws.base64url",
    ),
    "base64 with stray bits": (lambda: dumped(members() | {"signature": stray_bits()}), "jws.base64url"),
    "base64 of an impossible length": (lambda: dumped(members() | {"payload": "abcde"}), "jws.base64url"),
    "base64 in full-width letters": (
        lambda: dumped(members() | {"payload": "\uff41\uff42\uff43\uff44"}),
        "jws.base64url",
    ),
    "envelope too large": (lambda: HONEST + b" " * MAX_ENVELOPE_BYTES, "canonical.size"),
    "envelope nested": (lambda: b'{"payload":' + b"[" * 1000 + b"]" * 1000 + b"}", "canonical.depth"),
    "envelope in UTF-16": (lambda: HONEST.decode().encode("utf-16"), "canonical.utf8"),
    "nothing at all": (lambda: b"", "canonical.json"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_every_known_forgery_is_refused_with_its_code(name: str) -> None:
    forge, code = FORGERIES[name]

    with pytest.raises(Invalid) as caught:
        verify_jws(forge(), KEY)

    assert caught.value.code == code


def test_an_honest_envelope_gives_back_the_canonical_statement() -> None:
    assert verify_jws(HONEST, KEY) == PAYLOAD


def test_the_kid_can_be_read_before_any_key_is_loaded() -> None:
    assert open_envelope(HONEST).kid == KID


def test_signing_the_same_statement_again_gives_the_same_bytes() -> None:
    assert sign_statement(statement(), PRIVATE_KEY, kid=KID) == HONEST


def test_blanks_and_member_order_of_the_envelope_are_free() -> None:
    respelled = json.dumps(dict(reversed(members().items())), indent=2).encode()

    assert verify_jws(respelled, KEY) == PAYLOAD


@settings(deadline=None)
@given(
    st.integers(min_value=0, max_value=len(HONEST) - 1),
    st.integers(min_value=1, max_value=255),
)
def test_an_envelope_with_one_byte_changed_is_refused_or_says_exactly_the_same(position: int, change: int) -> None:
    changed = bytearray(HONEST)
    changed[position] ^= change

    try:
        payload = verify_jws(bytes(changed), KEY)
    except Invalid:
        return

    assert payload == PAYLOAD
    assert open_envelope(bytes(changed)) == open_envelope(HONEST)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=len(HONEST) - 1))
def test_an_envelope_cut_short_is_refused(length: int) -> None:
    with pytest.raises(Invalid):
        verify_jws(HONEST[:length], KEY)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_never_a_crash(received: bytes) -> None:
    with pytest.raises(Invalid):
        verify_jws(received, KEY)


def other_library_key() -> OKPKey:
    return OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": b64(public_bytes(PRIVATE_KEY)),
            "d": b64(bytes(range(32))),
        }
    )


@other_library
def test_our_envelope_verifies_with_another_library() -> None:
    verified = jws.deserialize_json(json.loads(HONEST), other_library_key(), algorithms=["EdDSA"])

    assert verified.payload == PAYLOAD


@other_library
def test_an_envelope_of_another_library_verifies_with_ours() -> None:
    made = jws.serialize_json(
        {"protected": {"typ": TYP, "alg": "EdDSA", "kid": KID}},
        PAYLOAD,
        other_library_key(),
        algorithms=["EdDSA"],
    )

    assert verify_jws(dumped(made), KEY) == PAYLOAD


@other_library
def test_another_library_refuses_an_envelope_of_another_key() -> None:
    forged = sign_statement(statement(), OTHER_PRIVATE_KEY, kid=KID)

    with pytest.raises(BadSignatureError):
        jws.deserialize_json(json.loads(forged), other_library_key(), algorithms=["EdDSA"])


def test_a_signature_made_to_prove_possession_is_no_attestation() -> None:
    # The challenge begins with a brace, a signing input never does.
    proof = PRIVATE_KEY.sign(b'{"typ":"tonne-key-possession"}')

    with pytest.raises(Invalid) as caught:
        verify_jws(dumped(members() | {"signature": b64(proof)}), KEY)

    assert caught.value.code == "jws.signature"
