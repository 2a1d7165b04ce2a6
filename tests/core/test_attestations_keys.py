"""Public keys: RFC 8032's vectors, small-order points in every spelling, and possession."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.attestations.curve import (
    FIELD_PRIME,
    SCALAR_ORDER,
    Point,
    add,
    decode_point,
    encode_point,
    is_small_order,
    is_torsion_free,
    multiply,
)
from finance.attestations.keys import (
    RegisteredKey,
    check_challenge_age,
    check_public_key,
    is_signature_of,
    possession_challenge,
    verify_possession,
)
from ledger.core.errors import Conflict, Invalid
from tests.core.test_attestations_examples import OTHER_PRIVATE_KEY, PRIVATE_KEY, public_bytes, registered_key

# RFC 8032 section 7.1, tests 1 to 3: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]

BASE_POINT = bytes.fromhex("58" + "66" * 31)  # RFC 8032 section 5.1: y = 4/5, x positive


def torsion_points() -> tuple[Point, ...]:
    """Return the eight points of small order: the multiples of L times a curve point that has order 8 L."""
    y = 2
    while True:
        point = decode_point(y.to_bytes(32, "little"))
        y += 1
        if point is None:
            continue
        torsion = multiply(point, SCALAR_ORDER)
        if encode_point(multiply(torsion, 4)) != encode_point(multiply(torsion, 8)):
            return tuple(multiply(torsion, factor) for factor in range(1, 9))


def small_order_spellings() -> list[bytes]:
    """Return every 32 bytes that a lenient decoder takes for a small-order point, other spellings included."""
    spellings = set()
    for point in torsion_points():
        y = int.from_bytes(encode_point(point), "little") & (2**255 - 1)
        for spelled in (y, y + FIELD_PRIME):
            if spelled < 2**255:
                spellings |= {(spelled | sign << 255).to_bytes(32, "little") for sign in (0, 1)}
    return sorted(spellings)


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_verify(secret: str, public: str, message: str, signature: str) -> None:
    assert public_bytes(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))).hex() == public
    check_public_key(bytes.fromhex(public))
    assert is_signature_of(
        public_key=bytes.fromhex(public), message=bytes.fromhex(message), signature=bytes.fromhex(signature)
    )


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_a_vector_of_rfc_8032_with_the_group_order_added_to_s_is_refused(
    secret: str, public: str, message: str, signature: str
) -> None:
    r_half, s_half = bytes.fromhex(signature)[:32], bytes.fromhex(signature)[32:]
    other_spelling = r_half + (int.from_bytes(s_half, "little") + SCALAR_ORDER).to_bytes(32, "little")

    assert not is_signature_of(
        public_key=bytes.fromhex(public), message=bytes.fromhex(message), signature=other_spelling
    )


def test_the_base_point_has_prime_order() -> None:
    point = decode_point(BASE_POINT)

    assert point is not None
    assert encode_point(point) == BASE_POINT
    assert is_torsion_free(point)
    assert not is_small_order(point)


def test_there_are_eight_points_of_small_order() -> None:
    assert len({encode_point(point) for point in torsion_points()}) == 8


def test_the_small_order_spellings_include_the_known_ones() -> None:
    spellings = small_order_spellings()

    assert (1).to_bytes(32, "little") in spellings
    assert (0).to_bytes(32, "little") in spellings
    assert (FIELD_PRIME - 1).to_bytes(32, "little") in spellings
    assert (FIELD_PRIME + 1).to_bytes(32, "little") in spellings
    assert len(spellings) == 14


@pytest.mark.parametrize("public_key", small_order_spellings(), ids=bytes.hex)
def test_every_spelling_of_a_small_order_point_is_refused(public_key: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        check_public_key(public_key)

    assert caught.value.code in {"key.small_order", "key.encoding"}


def test_the_eight_canonical_small_order_points_are_refused_by_name() -> None:
    for point in torsion_points():
        with pytest.raises(Invalid) as caught:
            check_public_key(encode_point(point))
        assert caught.value.code == "key.small_order"


def test_the_library_alone_would_take_the_identity_for_a_key_that_signed_anything() -> None:
    # F13 of the reliability reference: this is why the check exists.
    identity, signature = (1).to_bytes(32, "little"), (1).to_bytes(32, "little") + bytes(32)

    Ed25519PublicKey.from_public_bytes(identity).verify(signature, b"never signed")

    with pytest.raises(Invalid):
        check_public_key(identity)


def test_an_honest_point_plus_a_small_order_point_is_refused() -> None:
    honest = decode_point(BASE_POINT)
    assert honest is not None

    for point in torsion_points()[:7]:
        with pytest.raises(Invalid) as caught:
            check_public_key(encode_point(add(honest, point)))
        assert caught.value.code == "key.mixed_order"


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(Invalid) as caught:
        check_public_key(bytes([1] * length))

    assert caught.value.code == "key.length"


@pytest.mark.parametrize("y", [FIELD_PRIME, FIELD_PRIME + 2, 2**255 - 1, 2, 7])
def test_bytes_that_are_no_point_or_not_its_one_spelling_are_refused(y: int) -> None:
    with pytest.raises(Invalid) as caught:
        check_public_key(y.to_bytes(32, "little"))

    assert caught.value.code == "key.encoding"


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_a_made_key_pair_is_always_fit(seed: bytes) -> None:
    check_public_key(public_bytes(Ed25519PrivateKey.from_private_bytes(seed)))


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_fit_or_refused_and_a_fit_key_has_one_spelling(encoded: bytes) -> None:
    try:
        check_public_key(encoded)
    except Invalid:
        return

    point = decode_point(encoded)
    assert point is not None
    assert encode_point(point) == encoded


def test_a_sign_on_x_zero_is_no_encoding() -> None:
    # RFC 8032 section 5.1.3, step 4: y = 1 and y = -1 have x = 0, which has no other sign.
    assert decode_point((1 | 1 << 255).to_bytes(32, "little")) is None
    assert decode_point((FIELD_PRIME - 1 | 1 << 255).to_bytes(32, "little")) is None


def challenge_for(public_key: bytes, nonce: bytes = bytes(32)) -> bytes:
    return possession_challenge(organisation_id="assessor-1", key_id="key-1", public_key=public_key, nonce=nonce)


def test_the_holder_proves_possession_by_signing_the_challenge() -> None:
    public_key = public_bytes(PRIVATE_KEY)
    challenge = challenge_for(public_key)

    verify_possession(public_key=public_key, challenge=challenge, signature=PRIVATE_KEY.sign(challenge))


def test_another_key_or_another_nonce_proves_nothing() -> None:
    public_key = public_bytes(PRIVATE_KEY)
    challenge = challenge_for(public_key)

    for signature in (
        OTHER_PRIVATE_KEY.sign(challenge),
        PRIVATE_KEY.sign(challenge_for(public_key, nonce=bytes([1] * 32))),
        b"",
        bytes(64),
    ):
        with pytest.raises(Invalid) as caught:
            verify_possession(public_key=public_key, challenge=challenge, signature=signature)
        assert caught.value.code == "key.possession"


def test_a_short_nonce_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        challenge_for(public_bytes(PRIVATE_KEY), nonce=bytes(16))

    assert caught.value.code == "key.nonce"


def test_a_challenge_is_answered_within_an_hour() -> None:
    issued_at = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)

    check_challenge_age(issued_at, issued_at + timedelta(minutes=59, seconds=59))

    with pytest.raises(Conflict) as caught:
        check_challenge_age(issued_at, issued_at + timedelta(hours=1))
    assert caught.value.code == "key.challenge_expired"


def test_a_challenge_that_names_the_replaced_key_is_another_challenge() -> None:
    public_key = public_bytes(PRIVATE_KEY)
    plain = challenge_for(public_key)

    rotating = possession_challenge(
        organisation_id="assessor-1", key_id="key-1", public_key=public_key, nonce=bytes(32), replaces="key-0"
    )

    assert rotating != plain
    assert b'"replaces":"key-0"' in rotating


def may(day: int) -> datetime:
    return datetime(2026, 5, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda key: replace(key, not_after=key.registered_at), "key.expiry_early"),
        (lambda key: replace(key, approved_at=key.registered_at - timedelta(seconds=1)), "key.approved_early"),
        (lambda key: replace(key, revoked_at=key.registered_at - timedelta(days=1)), "key.revoked_early"),
        (lambda key: replace(key, compromised_since=may(5)), "key.history"),
        (lambda key: replace(key, compromised_since=may(6), revoked_at=may(5)), "key.history"),
    ],
    ids=[
        "expires at once",
        "approved before registered",
        "revoked before registered",
        "compromised, not revoked",
        "compromised after revoked",
    ],
)
def test_histories_that_contradict_themselves_are_refused(
    bend: Callable[[RegisteredKey], RegisteredKey], code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        bend(registered_key())

    assert caught.value.code == code


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=8))])
def test_local_and_zoneless_instants_are_refused(zone: timezone | None) -> None:
    with pytest.raises(Invalid) as caught:
        replace(registered_key(), registered_at=datetime(2026, 5, 1, tzinfo=zone))

    assert caught.value.code == "instant.zone"


def test_a_key_of_another_algorithm_is_not_registered() -> None:
    with pytest.raises(Invalid) as caught:
        replace(registered_key(), alg="ES256")

    assert caught.value.code == "key.alg_unknown"
