"""Key files of an assessor: PEM and JWK, open or under a passphrase, and what is no key."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwe
from joserfc.jwk import OctKey

from finance.attestations.key_files import is_encrypted, read_private_key, write_private_key
from ledger.core.errors import Invalid
from tests.core.test_attestations_examples import PRIVATE_KEY, public_bytes

PASSPHRASE = "correct horse 电池".encode()


def text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def jwk(**changed: object) -> bytes:
    honest = {"kty": "OKP", "crv": "Ed25519", "d": text(bytes(range(32))), "x": text(public_bytes(PRIVATE_KEY))}
    return json.dumps({**honest, **changed}).encode()


def sealed(content: bytes, *, alg: str = "PBES2-HS256+A128KW", enc: str = "A256GCM", **more: object) -> bytes:
    """Return a JWE made by another library."""
    registry = jwe.JWERegistry(algorithms=[alg, enc, "DEF"])
    header = {"alg": alg, "enc": enc, "p2c": 1000, "p2s": text(bytes(16)), **more}
    return jwe.encrypt_compact(header, content, OctKey.import_key(PASSPHRASE), registry=registry).encode()


def is_ours(key: Ed25519PrivateKey) -> bool:
    return public_bytes(key) == public_bytes(PRIVATE_KEY)


def test_a_pem_is_read_back_with_and_without_a_passphrase() -> None:
    for passphrase in (None, PASSPHRASE):
        content = write_private_key(PRIVATE_KEY, passphrase=passphrase)

        assert is_encrypted(content) is (passphrase is not None)
        assert is_ours(read_private_key(content, passphrase=passphrase).key)


def test_a_jwk_is_read_with_the_id_that_it_names() -> None:
    named = read_private_key(jwk(kid="seal-1"), passphrase=None)

    assert is_ours(named.key)
    assert (named.kid, read_private_key(jwk(), passphrase=None).kid) == ("seal-1", None)


@pytest.mark.parametrize("alg", ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"])
@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_a_jwk_that_another_library_encrypted_is_read(alg: str, enc: str) -> None:
    content = sealed(jwk(kid="seal-1"), alg=alg, enc=enc)

    assert is_encrypted(content)
    assert is_ours(read_private_key(content, passphrase=PASSPHRASE).key)


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"", None),
        (b"not a key", None),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            None,
        ),
        (write_private_key(PRIVATE_KEY, passphrase=PASSPHRASE), None),
        (write_private_key(PRIVATE_KEY, passphrase=PASSPHRASE), b"wrong"),
        (write_private_key(PRIVATE_KEY, passphrase=None), PASSPHRASE),
        (jwk(), PASSPHRASE),
        (jwk(kty="EC"), None),
        (jwk(crv="X25519"), None),
        (jwk(d=None), None),
        (jwk(d=text(bytes(31))), None),
        (jwk(d="!"), None),
        (jwk(x=text(bytes(32))), None),
        (jwk(kid=7), None),
        (b"[" * 5000, None),
        (b"x" * 10_001, None),
        (sealed(jwk()), b"wrong"),
        (sealed(b"{}"), PASSPHRASE),
        (sealed(jwk(), enc="A128CBC-HS256"), PASSPHRASE),
        (sealed(jwk(), zip="DEF"), PASSPHRASE),
        (sealed(jwk())[:-4], PASSPHRASE),
        (b"eyJhbGciOiJkaXIifQ....", PASSPHRASE),
    ],
)
def test_what_is_no_fit_key_file_is_refused_and_no_secret_is_named(content: bytes, passphrase: bytes | None) -> None:
    with pytest.raises(Invalid) as caught:
        read_private_key(content, passphrase=passphrase)

    assert caught.value.code == "attest.key"
    assert text(bytes(range(32))) not in caught.value.message


def test_a_key_file_cannot_keep_the_machine_busy() -> None:
    parts = sealed(jwk()).split(b".")
    header = json.loads(base64.urlsafe_b64decode(parts[0] + b"=="))
    parts[0] = text(json.dumps({**header, "p2c": 10**9}).encode()).encode()

    with pytest.raises(Invalid) as caught:
        read_private_key(b".".join(parts), passphrase=PASSPHRASE)

    assert "p2c" in caught.value.message
