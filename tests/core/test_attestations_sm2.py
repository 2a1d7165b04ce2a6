"""SM2 over the same bytes: the standard's own example, every spelling of a signature, and two signatures on one statement."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from api.auth.sm2 import installed_verifier
from finance.attestations.acceptance import Accepted, Rejected, Verdict, assess
from finance.attestations.canonical import canonical_bytes
from finance.attestations.documents import statement_to_mapping
from finance.attestations.envelopes import sm2_envelope
from finance.attestations.keys import RegisteredKey
from finance.attestations.signatures import encode_octets
from finance.attestations.sm2 import Sm2Verifier, check_sm2_key, is_sm2_signature, signature_der
from ledger.core.errors import Conflict, Invalid
from tests.core.test_attestations_examples import (
    KID,
    RECEIVED_AT,
    engagement,
    envelope,
    expectation,
    registered_key,
    standards,
    statement,
)

gmssl_pyx = pytest.importorskip("gmssl_pyx", reason="the optional extra sm2 is not installed")

SM2_KID = "assessor-seal-1"
PAYLOAD = canonical_bytes(statement_to_mapping(statement()))
PUBLIC, PRIVATE = gmssl_pyx.sm2_key_generate()
INSTALLED = installed_verifier()
OTHER_PUBLIC, OTHER_PRIVATE = gmssl_pyx.sm2_key_generate()

# GB/T 32918.5-2017, annex A.2: public key, message "message digest", signer id 1234567812345678, and the signature.
STANDARD_KEY = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
STANDARD_SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


def verifier() -> Sm2Verifier:
    found = installed_verifier()
    assert found is not None, "the tests run with the extra sm2"
    return found


def signature(payload: bytes = PAYLOAD, private: bytes = PRIVATE, public: bytes = PUBLIC) -> bytes:
    return bytes(gmssl_pyx.sm2_sign(private, public, payload))


def sealed(over: bytes = PAYLOAD, **changed: Any) -> bytes:
    members = json.loads(sm2_envelope(over, signature(over), kid=SM2_KID))
    return json.dumps({**members, **changed}).encode()


def twin(jws: bytes, sm2: bytes) -> bytes:
    return json.dumps({"jws": json.loads(jws), "sm2": json.loads(sm2)}).encode()


def seal_key() -> RegisteredKey:
    return replace(registered_key(), key_id=SM2_KID, public_key=b"\x04" + PUBLIC, alg="SM2")


def verdict(
    received: bytes, *, keys: dict[str, RegisteredKey] | None = None, sm2: Sm2Verifier | None = INSTALLED
) -> Verdict:
    return assess(
        received,
        keys={KID: registered_key(), SM2_KID: seal_key()} if keys is None else keys,
        engagement=engagement(),
        expectation=expectation(),
        received_at=RECEIVED_AT,
        seen_jtis=frozenset(),
        standards=standards(),
        sm2=sm2,
    )


def code(answer: Verdict) -> str:
    assert isinstance(answer, Rejected)
    return answer.code


def raw_of(der: bytes) -> bytes:
    length = der[3]
    r, s = der[4 : 4 + length], der[6 + length :]
    return b"".join(part.lstrip(b"\x00").rjust(32, b"\x00") for part in (r, s))


def node(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def cms(der: bytes, *, attributes: bytes = b"", content: bytes = b"", digest: str = "2a811ccf55018311") -> bytes:
    """Return CMS SignedData of GM/T 0010 around ``der``, with one signer."""
    sm3 = node(0x30, node(0x06, bytes.fromhex(digest)))
    signer = node(
        0x30,
        node(0x02, b"\x01"),
        node(0x30, node(0x30, b""), node(0x02, b"\x07")),
        sm3,
        attributes,
        node(0x30, node(0x06, bytes.fromhex("2a811ccf55018375"))),
        node(0x04, der),
    )
    plain = node(0x30, node(0x06, bytes.fromhex("2a811ccf550601040201")), content)
    signed = node(0x30, node(0x02, b"\x01"), node(0x31, sm3), plain, node(0xA0, b""), node(0x31, signer))
    return node(0x30, node(0x06, bytes.fromhex("2a811ccf550601040202")), node(0xA0, signed))


def test_the_example_of_the_standard_holds_and_only_for_its_bytes_and_signer_id() -> None:
    check_sm2_key(STANDARD_KEY)

    def holds(message: bytes, signer_id: str = "1234567812345678") -> bool:
        return is_sm2_signature(
            public_key=STANDARD_KEY,
            message=message,
            signature=STANDARD_SIGNATURE,
            verifier=verifier(),
            signer_id=signer_id,
        )

    assert holds(b"message digest")
    assert not holds(b"message digesu")
    assert not holds(b"message digest", "1234567812345679")


def test_raw_der_and_cms_spell_one_signature() -> None:
    der = signature()

    assert signature_der(raw_of(der)) == signature_der(der) == signature_der(cms(der)) == der


def test_a_seal_alone_suffices() -> None:
    for spelled in (signature(), raw_of(signature()), cms(signature())):
        answer = verdict(sm2_envelope(PAYLOAD, spelled, kid=SM2_KID))

        assert isinstance(answer, Accepted)
        assert (answer.kid, answer.payload) == (SM2_KID, PAYLOAD)


def test_two_signatures_over_the_same_bytes_are_accepted() -> None:
    answer = verdict(twin(envelope(), sealed()))

    assert isinstance(answer, Accepted)
    assert answer.statement == statement()


def test_two_signatures_over_different_bytes_are_refused() -> None:
    other = canonical_bytes(statement_to_mapping(replace(statement(), value="9.000")))

    assert code(verdict(twin(envelope(), sealed(other)))) == "attestation.envelopes_differ"


def test_a_second_signature_that_does_not_hold_refuses_the_whole() -> None:
    forged = sm2_envelope(PAYLOAD, signature(PAYLOAD, OTHER_PRIVATE, OTHER_PUBLIC), kid=SM2_KID)

    assert code(verdict(twin(envelope(), forged))) == "attestation.sm2_signature"


def test_without_the_extra_the_seal_is_refused_by_name() -> None:
    assert code(verdict(sealed(), sm2=None)) == "attestation.sm2_not_installed"
    with pytest.raises(Conflict) as caught:
        is_sm2_signature(public_key=STANDARD_KEY, message=b"", signature=STANDARD_SIGNATURE, verifier=None)
    assert caught.value.code == "attestation.sm2_not_installed"


def test_a_key_of_one_algorithm_never_stands_for_the_other() -> None:
    as_seal = {KID: registered_key(), SM2_KID: replace(registered_key(), key_id=SM2_KID)}
    as_jws = {KID: replace(seal_key(), key_id=KID)}

    assert code(verdict(sealed(), keys=as_seal)) == "key.alg"
    assert code(verdict(envelope(), keys=as_jws)) == "key.alg"


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (sealed(typ="tonne-attestation+jws"), "attestation.sm2_typ"),
        (sealed(kid="nobody"), "attestation.key_unknown"),
        (sealed(signer_id="x" * 65), "attestation.sm2_signer_id"),
        (sealed(signer_id="1234567812345679"), "attestation.sm2_signature"),
        (sealed(signature=""), "attestation.sm2_form"),
        (sealed(signature="AA=="), "jws.base64url"),
        (sealed(payload=encode_octets(PAYLOAD + b" ")), "attestation.sm2_signature"),
        (sealed(alg="SM2"), "jws.members"),
        (json.dumps({"jws": {}, "sm2": {}}).encode(), "jws.members"),
        (json.dumps({"jws": "x", "sm2": {}}).encode(), "jws.member_type"),
        (twin(envelope(), b'{"kid":"x"}'), "attestation.sm2_members"),
    ],
)
def test_a_bent_seal_is_refused_with_its_code(received: bytes, expected: str) -> None:
    assert code(verdict(received)) == expected


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        (b"", "attestation.sm2_form"),
        (bytes(64), "attestation.sm2_form"),  # r and s are zero
        (b"\xff" * 64, "attestation.sm2_form"),  # not below the order
        (signature() + b"\x00", "attestation.sm2_form"),
        (b"\x30\x80" + signature()[2:] + b"\x00\x00", "attestation.sm2_form"),  # indefinite length
        (b"\x30\x81" + signature()[1:], "attestation.sm2_form"),  # a longer length than needed
        (node(0x30, node(0x02, b"\xff"), node(0x02, b"\x01")), "attestation.sm2_form"),  # negative
        (cms(signature(), attributes=node(0xA0, b"")), "attestation.sm2_signed_attributes"),
        (cms(signature(), content=node(0xA0, node(0x04, b"other"))), "attestation.sm2_form"),
        (cms(signature(), digest="608648016503040201"), "attestation.sm2_form"),  # SHA-256
        (cms(cms(signature(), attributes=node(0xA0, b""))), "attestation.sm2_signed_attributes"),
        (b"\x30" * 400, "attestation.sm2_form"),
    ],
    ids=[
        str(number) for number in range(12)
    ],  # the signatures are random: a name made of one differs between processes
)
def test_no_other_spelling_of_a_signature_is_read(spelled: bytes, expected: str) -> None:
    with pytest.raises(Invalid) as caught:
        signature_der(spelled)

    assert caught.value.code == expected


@pytest.mark.parametrize(
    ("public_key", "expected"),
    [
        (STANDARD_KEY[1:], "key.length"),
        (b"\x02" + STANDARD_KEY[1:], "key.sm2_encoding"),
        (STANDARD_KEY[:-1] + b"\x14", "key.sm2_encoding"),
        (b"\x04" + bytes(64), "key.sm2_encoding"),
        (b"\x04" + b"\xff" * 64, "key.sm2_encoding"),
    ],
)
def test_bytes_that_are_no_point_of_the_curve_are_no_key(public_key: bytes, expected: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_sm2_key(public_key)

    assert caught.value.code == expected


def test_every_byte_of_a_seals_signature_matters() -> None:
    spelled = cms(signature())

    for place in range(len(spelled)):
        mutant = bytearray(spelled)
        mutant[place] ^= 1
        answer = verdict(sm2_envelope(PAYLOAD, bytes(mutant), kid=SM2_KID)) if _is_read(bytes(mutant)) else None
        # Serial numbers, versions and issuer are not signed; whatever else changes must not hold.
        assert answer is None or isinstance(answer, Rejected) or signature_der(bytes(mutant)) == signature_der(spelled)


def _is_read(spelled: bytes) -> bool:
    try:
        signature_der(spelled)
    except Invalid:
        return False
    return True
