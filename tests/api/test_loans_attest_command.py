"""The assessor's side: keys made and statements signed offline, and accepted by the API."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
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
    file.write_text(json.dumps(statement_of(world.expectation(engagement_id)), ensure_ascii=False), "utf-8")

    exit_code, envelope, _ = run("sign", "--statement", str(file), "--key", str(key), "--kid", KID)
    answer = world.submit(engagement_id, envelope.encode())

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


@pytest.mark.parametrize(
    ("content", "expected"),
    [("{}", "attestation.members_missing"), ("not json", "canonical.json"), ('{"value":1}', "canonical.number")],
)
def test_a_statement_that_is_none_is_refused_in_one_line(tmp_path: Path, content: str, expected: str) -> None:
    key, file = tmp_path / "assessor.pem", tmp_path / "statement.json"
    run("keygen", "--key", str(key))
    file.write_text(content, "utf-8")

    exit_code, out, err = run("sign", "--statement", str(file), "--key", str(key), "--kid", KID)

    assert (exit_code, out) == (2, "")
    assert expected in err
    assert err.count("\n") == 1


def test_a_file_that_is_no_key_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "statement.json"
    file.write_text(json.dumps(_example()), "utf-8")

    no_key = run("sign", "--statement", str(file), "--key", str(file), "--kid", KID)
    absent = run("sign", "--statement", str(file), "--key", str(tmp_path / "none.pem"), "--kid", KID)
    nowhere = run("keygen", "--key", str(tmp_path / "no folder" / "key.pem"))

    assert (no_key[0], "[attest.key]" in no_key[2]) == (2, True)
    assert (absent[0], "[attest.key_file]" in absent[2]) == (2, True)
    assert (nowhere[0], "[attest.key_file]" in nowhere[2]) == (2, True)


def _example() -> dict[str, Any]:
    digest = "1" * 64
    return statement_of(
        {
            "statement_version": "1",
            "audience": "tonne",
            "engagement_id": "engagement-1",
            "issuer_organisation_id": "assessor-1",
            "issuer_legal_name": "华信碳核查有限公司",
            "responsible_party": "Qingshi Aluminium",
            "facility_id": "facility-1",
            "terms_sha256": digest,
            "kpi_id": "intensity",
            "kpi_definition_sha256": digest,
            "measure": "operational_incl_power",
            "methodology_id": "article-2024-draft",
            "methodology_version": "1",
            "factor_set_version": "1",
            "factor_set_sha256": digest,
            "boundary": "electrolysis",
            "sites": ["site-a"],
            "period_start": "2025-01-01",
            "period_end": "2026-01-01",
            "value": "8.1636",
            "unit": "tCO2e/t",
            "baseline_value": "8.5362",
            "standard": "isae_3410",
            "level": "limited",
            "snapshot_sha256": digest,
            "required_evidence": [digest],
        }
    )
