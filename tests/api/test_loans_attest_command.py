"""The assessor's side: keys made and statements signed offline, and accepted by the API."""

from __future__ import annotations

import io
import stat
from pathlib import Path

from api.cli import main
from finance.attestations.canonical import canonical_bytes
from finance.attestations.keys import POSSESSION_TYPE
from tests.api.attestation_world import AttestationWorld, world
from tests.api.test_loans_examples import KID, octets_of, statement_of, text_of

__all__ = ["world"]


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(["attest", *arguments], out, err), out.getvalue().strip(), err.getvalue()


def test_a_key_made_offline_is_registered_and_its_statement_accepted(world: AttestationWorld, tmp_path: Path) -> None:
    key, file = tmp_path / "assessor.pem", tmp_path / "statement.json"
    _, public_key, _ = run("keygen", "--key", str(key))
    asked = {"key_id": KID, "public_key": public_key}
    challenge = world.done(world.post(world.assessor, "/signing-keys/challenges", asked))
    _, signature, _ = run("prove", "--challenge", challenge["challenge"], "--key", str(key))
    world.done(
        world.post(world.assessor, "/signing-keys", {"challenge_id": challenge["challenge_id"], "signature": signature})
    )
    world.done(world.post(world.person_of(world.assessor, "approver"), f"/signing-keys/{KID}/approve"), 200)
    world.upload_example()
    engagement_id = world.engage_independent(world.reported_period(world.open_facility(), 2024, "baseline"))
    file.write_bytes(canonical_bytes(statement_of(world.expectation(engagement_id))))

    out = io.StringIO()
    exit_code = main(["sign", str(file), "--key", str(key), "--kid", KID, "--attached"], out, io.StringIO())
    answer = world.submit(engagement_id, out.getvalue().strip().encode())

    assert exit_code == 0
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "accepted"


def test_a_private_key_is_the_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    key = tmp_path / "assessor.pem"

    exit_code, public_key, _ = run("keygen", "--key", str(key))
    kept = key.read_bytes()
    again = run("keygen", "--key", str(key))

    assert exit_code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(octets_of(public_key)) == 32
    assert (again[0], "attest.key_exists" in again[2]) == (2, True)
    assert key.read_bytes() == kept


def test_only_a_key_challenge_is_proven(tmp_path: Path) -> None:
    key = tmp_path / "assessor.pem"
    run("keygen", "--key", str(key))

    for octets in (b"eyJhbGciOiJFZERTQSJ9.e30", b'{"typ":"other"}', b"{}"):
        exit_code, out, err = run("prove", "--challenge", text_of(octets), "--key", str(key))
        assert (exit_code, out) == (2, "")
        assert "[" in err


def test_a_file_that_is_no_key_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "statement.json"
    file.write_text("{}", "utf-8")

    no_key = run("prove", "--challenge", _challenge(), "--key", str(file))
    absent = run("prove", "--challenge", _challenge(), "--key", str(tmp_path / "none.pem"))
    nowhere = run("keygen", "--key", str(tmp_path / "no folder" / "key.pem"))

    assert (no_key[0], "[attest.key]" in no_key[2]) == (2, True)
    assert (absent[0], "[attest.key_file]" in absent[2]) == (2, True)
    assert (nowhere[0], "[attest.key_file]" in nowhere[2]) == (2, True)


def _challenge() -> str:
    return text_of(canonical_bytes({"typ": POSSESSION_TYPE}))
