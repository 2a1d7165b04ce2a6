"""Twenty thousand mutants of one valid attestation, and what real libraries once let through: none is accepted."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from finance.attestations.acceptance import Accepted, Rejected
from finance.attestations.canonical import canonical_bytes
from finance.attestations.documents import statement_to_mapping
from finance.attestations.signatures import attach_payload, encode_octets, is_detached, sign_detached
from ledger.core.errors import Invalid
from tests.core.test_attestations_examples import KID, PRIVATE_KEY, envelope, registered_key, statement, verdict

MUTANTS = 20_000
HONEST: dict[str, str] = json.loads(envelope())
PAYLOAD = canonical_bytes(statement_to_mapping(statement()))
HEADER = {"alg": "EdDSA", "kid": KID, "typ": "tonne-attestation+jws"}


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def flipped(source: random.Random, raw: bytes) -> bytes:
    mutant = bytearray(raw)
    for _ in range(source.randint(1, 3)):
        mutant[source.randrange(len(mutant))] ^= 1 << source.randrange(8)
    return bytes(mutant)


def spliced(source: random.Random, raw: bytes) -> bytes:
    start, stop = sorted(source.sample(range(len(raw) + 1), 2))
    return source.choice((raw[:start] + raw[stop:], raw[:stop] + raw[start:], raw[:start], raw[start:]))


def overwritten(source: random.Random, raw: bytes) -> bytes:
    place = source.randrange(len(raw))
    return raw[:place] + source.randbytes(source.randint(1, 4)) + raw[place + source.randint(0, 4) :]


def with_member(source: random.Random) -> bytes:
    """Mutate the bytes inside one member: payload, header or signature, and spell them properly again."""
    name = source.choice(sorted(HONEST))
    bend = source.choice((flipped, spliced, overwritten))
    return json.dumps({**HONEST, name: encode_octets(bend(source, octets(HONEST[name])))}).encode()


def with_other_value(source: random.Random) -> bytes:
    """Say something else in one member of the statement under the old signature."""
    document: dict[str, Any] = json.loads(PAYLOAD)
    name = source.choice(sorted(document))
    document[name] = source.choice((None, "", "13.2", [], {}, "x" * source.randint(1, 9), document[name]))
    if source.random() < 0.2:
        del document[name]
    return json.dumps({**HONEST, "payload": encode_octets(canonical_bytes(document))}).encode()


def with_other_header(source: random.Random) -> bytes:
    name = source.choice(("alg", "kid", "typ", "crit", "b64", "jwk", "x5c", "zip"))
    value = source.choice(
        ("none", "HS256", "ES256", "EdDSA", "ed25519", "", None, [], ["b64"], False, True, KID.upper())
    )
    header = {**HEADER, name: value}
    return json.dumps({**HONEST, "protected": encode_octets(canonical_bytes(header))}).encode()


def on_the_outside(source: random.Random) -> bytes:
    return source.choice((flipped, spliced, overwritten))(source, envelope())


def mutants(count: int) -> Iterator[bytes]:
    source = random.Random(20261121)
    makers: tuple[Callable[[random.Random], bytes], ...] = (
        with_member,
        with_other_value,
        with_other_header,
        on_the_outside,
    )
    made = 0
    while made < count:
        mutant = makers[made % len(makers)](source)
        if not is_the_same(mutant):
            made += 1
            yield mutant


def is_the_same(mutant: bytes) -> bool:
    """Return whether the mutant says just what the honest envelope says: other blanks or escapes around the same three texts."""
    try:
        return bool(json.loads(mutant) == HONEST)
    except (ValueError, RecursionError):
        return False


def test_of_twenty_thousand_mutants_of_a_valid_attestation_none_is_accepted() -> None:
    key = registered_key()
    assert isinstance(verdict(key=key), Accepted)

    accepted = [mutant for mutant in mutants(MUTANTS) if not isinstance(verdict(mutant, key=key), Rejected)]

    assert accepted == []


def bent(**changed: object) -> bytes:
    protected = encode_octets(canonical_bytes({**HEADER, **changed}))  # type: ignore[dict-item]
    signature = PRIVATE_KEY.sign(f"{protected}.{HONEST['payload']}".encode())
    return json.dumps({**HONEST, "protected": protected, "signature": encode_octets(signature)}).encode()


def twice_in_the_header() -> bytes:
    protected = encode_octets(b'{"alg":"EdDSA","alg":"none","kid":"assessor-key-1","typ":"tonne-attestation+jws"}')
    signature = PRIVATE_KEY.sign(f"{protected}.{HONEST['payload']}".encode())
    return json.dumps({**HONEST, "protected": protected, "signature": encode_octets(signature)}).encode()


def signed_over(payload: bytes) -> bytes:
    return attach_payload(sign_detached(payload, PRIVATE_KEY, kid=KID), payload)


LET_THROUGH_ONCE: dict[str, tuple[Callable[[], bytes], str]] = {
    "an unknown critical header": (lambda: bent(crit=["exp"], exp="1"), "jws.header_members"),
    "a critical header that is empty": (lambda: bent(crit=[]), "jws.header_members"),
    "b64 false without crit": (lambda: bent(b64=False), "jws.header_members"),
    "b64 false with crit": (lambda: bent(b64=False, crit=["b64"]), "jws.header_members"),
    "no algorithm": (lambda: bent(alg="none"), "jws.alg"),
    "a shared secret's algorithm": (lambda: bent(alg="HS256"), "jws.alg"),
    "another curve's algorithm": (lambda: bent(alg="ES256"), "jws.alg"),
    "a key brought along": (lambda: bent(jwk={"kty": "OKP"}), "jws.header_members"),
    "another kind of document": (lambda: bent(typ="JWT"), "jws.typ"),
    "a header member twice": (twice_in_the_header, "canonical.duplicate_key"),
    "a statement member twice": (
        lambda: signed_over(PAYLOAD.replace(b'"value":"9.264"', b'"value":"9.264","value":"9.264"')),
        "canonical.duplicate_key",
    ),
    "a number where a string is signed": (
        lambda: signed_over(PAYLOAD.replace(b'"value":"9.264"', b'"value":9.264')),
        "canonical.number",
    ),
    "the same statement in another spelling": (lambda: signed_over(PAYLOAD.replace(b",", b", ", 1)), "canonical.form"),
    "a detached envelope where a whole one is due": (
        lambda: sign_detached(PAYLOAD, PRIVATE_KEY, kid=KID),
        "jws.members",
    ),
    "an unprotected header": (lambda: json.dumps({**HONEST, "header": {"alg": "none"}}).encode(), "jws.members"),
    "the general serialisation": (
        lambda: json.dumps({"payload": HONEST["payload"], "signatures": [HONEST]}).encode(),
        "jws.members",
    ),
    "the compact serialisation": (
        f"{HONEST['protected']}.{HONEST['payload']}.{HONEST['signature']}".encode,
        "canonical.json",
    ),
}


@pytest.mark.parametrize("name", LET_THROUGH_ONCE)
def test_what_other_libraries_let_through_is_refused_although_the_key_is_right(name: str) -> None:
    forge, code = LET_THROUGH_ONCE[name]

    answer = verdict(forge())

    assert isinstance(answer, Rejected)
    assert answer.code == code


def test_a_detached_signature_holds_for_its_own_payload_only() -> None:
    detached = sign_detached(PAYLOAD, PRIVATE_KEY, kid=KID)
    other = canonical_bytes(statement_to_mapping(replace(statement(), value="9.000")))

    whole = attach_payload(detached, PAYLOAD)
    swapped = verdict(attach_payload(detached, other))

    assert is_detached(detached)
    assert not is_detached(whole)
    assert whole == envelope()
    assert isinstance(swapped, Rejected)
    assert swapped.code == "jws.signature"


def test_a_payload_is_put_into_detached_envelopes_only() -> None:
    with pytest.raises(Invalid) as caught:
        attach_payload(envelope(), PAYLOAD)

    assert caught.value.code == "jws.members_detached"
