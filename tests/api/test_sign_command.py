"""``tonne sign``: from the bytes that the server gave out to a signature it takes, on a machine without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.cli import main
from finance.attestations.canonical import canonical_bytes
from finance.attestations.documents import statement_to_mapping
from finance.attestations.key_files import write_private_key
from finance.attestations.signatures import attach_payload, verify_jws
from tests.core.test_attestations_examples import KID, PRIVATE_KEY, registered_key, statement

PAYLOAD = canonical_bytes(statement_to_mapping(statement()))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "statement.json").write_bytes(PAYLOAD)
    (tmp_path / "key.pem").write_bytes(write_private_key(PRIVATE_KEY, passphrase=None))
    (tmp_path / "locked.pem").write_bytes(write_private_key(PRIVATE_KEY, passphrase=b"horse"))
    (tmp_path / "passphrase").write_bytes(b"horse\n")
    return tmp_path


def run(*arguments: str | Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_signature_that_is_printed_holds_for_the_bytes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("sign", files / "statement.json", "--key", files / "key.pem", "--kid", KID, capsys=capsys)

    assert code == 0
    assert json.loads(out).keys() == {"protected", "signature"}
    assert verify_jws(attach_payload(out.encode(), PAYLOAD), registered_key()) == PAYLOAD


def test_an_encrypted_key_is_opened_and_the_envelope_written_whole(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = files / "envelope.json"

    code, out, _ = run(
        "sign", files / "statement.json", "--key", files / "locked.pem", "--passphrase-file", files / "passphrase",
        "--kid", KID, "--attached", "--out", target, capsys=capsys,
    )  # fmt: skip

    assert code == 0
    assert verify_jws(target.read_bytes(), registered_key()) == PAYLOAD
    assert "value 9.264 tCO2e/t, outcome unmodified" in out


def test_nothing_is_overwritten(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = files / "key.pem"

    code, _, error = run(
        "sign", files / "statement.json", "--key", files / "key.pem", "--kid", KID, "--out", target, capsys=capsys
    )

    assert (code != 0, "[sign.out_exists]" in error) == (True, True)
    assert target.read_bytes() == write_private_key(PRIVATE_KEY, passphrase=None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"typ":"tonne-key-possession"}', "attestation.members_missing"),
        (PAYLOAD + b"\n", "canonical.form"),
        (b"transfer everything", "canonical.json"),
        (PAYLOAD.replace(b'"value":"9.264"', b'"value":"9,264"'), "amount.format"),
    ],
)
def test_nothing_but_the_exact_bytes_of_a_statement_is_signed(
    files: Path, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    (files / "other.json").write_bytes(content)

    code, out, error = run("sign", files / "other.json", "--key", files / "key.pem", "--kid", KID, capsys=capsys)

    assert (code != 0, out, f"[{reason}]" in error) == (True, "", True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--key", "key.pem"), "sign.kid"),
        (("--key", "nothing.pem", "--kid", KID), "sign.file"),
        (("--key", "statement.json", "--kid", KID), "attest.key"),
        (("--key", "key.pem", "--passphrase-file", "passphrase", "--kid", KID), "attest.key"),
        (("--key", "locked.pem", "--passphrase-file", "key.pem", "--kid", KID), "attest.key"),
        (("--key", "key.pem", "--kid", "not an id"), "attestation.field_spelling"),
    ],
)
def test_a_key_or_id_that_does_not_fit_is_refused(
    files: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    reason: str,
) -> None:
    monkeypatch.chdir(files)

    code, out, error = run("sign", "statement.json", *arguments, capsys=capsys)

    assert (code != 0, out, f"[{reason}]" in error) == (True, "", True)


def test_a_jwk_names_its_own_id_and_no_other(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import base64  # noqa: PLC0415 - only here

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - only here

    def text(octets: bytes) -> str:
        return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

    raw = PRIVATE_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"kty": "OKP", "crv": "Ed25519", "x": text(raw), "d": text(PRIVATE_KEY.private_bytes_raw()), "kid": KID}
    (files / "key.jwk").write_text(json.dumps(members))

    own = run("sign", files / "statement.json", "--key", files / "key.jwk", capsys=capsys)
    other = run("sign", files / "statement.json", "--key", files / "key.jwk", "--kid", "other", capsys=capsys)

    assert own[0] == 0
    assert verify_jws(attach_payload(own[1].encode(), PAYLOAD), registered_key()) == PAYLOAD
    assert "[sign.kid]" in other[2]


def test_a_made_key_can_be_locked_by_a_passphrase(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = files / "made.pem"

    code, _, _ = run("attest", "keygen", "--key", made, "--passphrase-file", files / "passphrase", capsys=capsys)

    assert code == 0
    assert b"ENCRYPTED" in made.read_bytes()
    assert made.stat().st_mode & 0o777 == 0o600
