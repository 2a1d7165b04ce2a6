"""A determination's bundle: made by the real operations, the same bytes every time, and what the offline verifier makes of it."""

from __future__ import annotations

import base64
import contextlib
import io
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

import tonne_verify
from api import cli
from api.app import create_app
from api.auth.principal import Scope
from api.store.access import OrganisationKind
from finance.conventions.documents import from_document, to_document
from finance.loans.facility_terms import FacilityTerms
from finance.loans.rate_determinations import DeterminationCause
from finance.operations import determinations, evidence_bundle, facilities
from finance.store import facilities as facilities_kept
from ledger.core.errors import Conflict, NotFound
from ledger.core.parties import Actor
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import member
from tests.contract.bundles_loans import (
    ASSESSOR,
    BANKER,
    FACILITY_ID,
    TREASURER,
    Desk,
    judged,
    log_key,
    members_of,
    named,
    public,
    told_story,
    zipped,
)
from tests.contract.bundles_random import Deal

INCOMPLETE = 7


def test_three_decisions_are_recomputed_to_the_same_margin(database: Database, tmp_path: Path) -> None:
    with Session(database.engine) as session:
        desk = Desk(session=session)
        told_story(desk)
        desk.checkpoint()

        said = [judged(desk.bundle(name), tmp_path, log_key()) for name in ("first", "second", "third")]

    assert [code for code, _ in said] == [0, 0, 0], said
    # 5/12 bp for recycling in 2024; in 2025 another 5/12 and 10 for the intensity: 65/6. What fell takes back 10.
    assert "tranche A: 0 -> -5/12 bp, from 2025-03-06 until 2026-06-06\n" in said[0][1]
    assert "tranche B: -5/12 -> -65/6 bp, from 2026-04-08 until 2027-07-08\n" in said[1][1]
    assert "KPI intensity: 8.1636, counts as missing\n" in said[2][1]
    assert "tranche A: -65/6 -> -5/6 bp, from 2026-04-08 until 2027-07-08\n" in said[2][1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_same_facts_give_the_same_bytes_whatever_is_known_later(database: Database) -> None:
    with Session(database.engine) as session:
        desk = Desk(session=session)
        desk.prepare()
        desk.attest(2024, "baseline")
        attested = desk.attest(2025, "test")
        desk.decide("determination")
        first = desk.bundle()
        desk.withdraw(attested)
        desk.decide("again", cause=DeterminationCause.ATTESTATION_FELL, replaces="determination")
        later = desk.bundle()

    before, after = members_of(first), members_of(later)
    changed = {name for name in before.files if before.files[name] != after.files[name]}
    # Only the proofs move: they lead to the tree as it stands.
    assert {name.partition("-")[0] for name in changed} <= {"receipt", "manifest.json"}
    assert list(before.files) == list(after.files)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_terms_that_were_amended_come_with_every_version_and_who_agreed(database: Database, tmp_path: Path) -> None:
    with Session(database.engine) as session:
        desk = Desk(session=session)
        first = to_document(desk.prepare())
        desk.attest(2024, "baseline")
        desk.attest(2025, "test")
        effect = {**first["ratchet"]["effects"][0], "cap_down_bp": "6/1"}
        second = {**first, "version": "2", "ratchet": {**first["ratchet"], "effects": [effect]}}
        facility = facilities_kept.find_facility(session, FACILITY_ID)
        assert facility is not None
        terms = from_document(FacilityTerms, second, area="terms")
        sha256 = facilities.amend_terms(
            session, facility, terms, actor=TREASURER, now=desk.later(), random_bytes=desk.random_bytes
        )
        facilities.agree_to_terms(
            session, facility, 2, sha256, actor=BANKER, now=desk.later(), random_bytes=desk.random_bytes
        )
        desk.decide("determination")
        desk.checkpoint()
        bundle = desk.bundle()
    alone, unagreed = members_of(bundle), members_of(bundle)
    del alone.files["terms-1.json"]
    unagreed.document("agreements.json")["versions"][1]["agreed"].pop()

    good = judged(bundle, tmp_path, log_key(), f"--terms-sha256={sha256}")

    assert good[0] == 0, good[1]
    assert "tranche A: 0 -> -6 bp" in good[1]
    assert judged(alone.packed(), tmp_path, log_key())[0] in {4, INCOMPLETE}
    assert judged(unagreed.packed(), tmp_path, log_key())[0] == 6


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bundle_is_the_same_twice(database: Database) -> None:
    with Session(database.engine) as session:
        desk = Desk(session=session)
        told_story(desk)
        desk.checkpoint()

        assert desk.bundle("second") == desk.bundle("second")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_no_lender_approved_has_no_bundle(database: Database) -> None:
    with Session(database.engine) as session:
        desk = Desk(session=session)
        desk.prepare()
        desk.attest(2024, "baseline")
        desk.attest(2025, "test")
        at = desk.later()
        proposed = determinations.propose(
            session,
            FACILITY_ID,
            date(2025, 1, 1),
            determinations.Occasion(cause=DeterminationCause.FIRST, replaces=None),
            determination_id=named("determination"),
            actor=TREASURER,
            now=at,
            today=at.date(),
            random_bytes=desk.random_bytes,
        )
        with pytest.raises(Conflict, match="approved") as undecided:
            desk.bundle()
        at = desk.later()
        determinations.refuse(
            session,
            proposed.determination_id,
            proposed.digest,
            "no",
            actor=BANKER,
            now=at,
            today=at.date(),
            random_bytes=desk.random_bytes,
        )
        with pytest.raises(Conflict) as refused:
            desk.bundle()
        with pytest.raises(NotFound):
            evidence_bundle.bundle_of(session, named("nothing"))

    assert undecided.value.code == refused.value.code == "determination.not_approved"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_writes_what_the_verifier_reads_as_a_program_of_its_own(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with Session(database.engine) as session:
        desk = Desk(session=session)
        told_story(desk)
        desk.checkpoint()
        session.commit()
    file, out, err = tmp_path / "second.zip", io.StringIO(), io.StringIO()
    key = tmp_path / "assessor.pem"
    key.write_bytes(ASSESSOR.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    command = ["bundle", str(named("second")), "--out", str(file), "--database", database_url]

    code = cli.main(command, out, err)
    again = cli.main(command, out, err)
    checked = subprocess.run(  # noqa: S603 - our own interpreter and file
        [sys.executable, "-I", tonne_verify.__file__, str(file), f"--assessor-key={key}", log_key()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (code, again) == (0, 2), err.getvalue()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.startswith("good: same margin")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_borrower_and_lender_fetch_the_bundle_and_an_assessor_does_not(database: Database, tmp_path: Path) -> None:
    clock, randomness = Clock(), Randomness()
    clock.now = datetime(2026, 4, 20, 1, tzinfo=UTC)
    kinds = (OrganisationKind.BORROWER, OrganisationKind.LENDER, OrganisationKind.ASSESSOR, OrganisationKind.LENDER)
    names = ("Beihe Aluminium", "Example Bank", "Assessor", "Another Bank")
    people = [
        member(database, clock, randomness, kind, name, (Scope.LEDGER_READ,))
        for kind, name in zip(kinds, names, strict=True)
    ]
    actors = [Actor(user_id=each.user_id, organisation_id=each.organisation_id) for each in people]
    partner = Actor(user_id=named("partner"), organisation_id=actors[2].organisation_id)
    with Session(database.engine) as session:
        desk = Desk(session=session, treasurer=actors[0], banker=actors[1], verifier=actors[2], partner=partner)
        told_story(desk)
        desk.checkpoint()
        session.commit()
        expected = desk.bundle("second")
    path = f"/v1/determinations/{named('second')}/bundle"

    with Client(create_app(database, clock=clock, random_source=randomness)) as client:
        answers = [client.get(path, key=each.key) for each in people]
        unknown = client.get(f"/v1/determinations/{named('none')}/bundle", key=people[0].key)

    assert [each.status_code for each in answers] == [200, 200, 404, 404]
    assert answers[0].content == answers[1].content == expected
    assert answers[0].headers["content-type"] == "application/zip"
    assert judged(expected, tmp_path, log_key())[0] == 0
    assert unknown.status_code == 404


@pytest.mark.parametrize("text", ["x", "../x", "00000000", ""])
def test_the_command_refuses_what_is_no_id(text: str, tmp_path: Path) -> None:
    err = io.StringIO()

    assert cli.main(["bundle", text, "--out", str(tmp_path / "x.zip")], io.StringIO(), err) == 2
    assert "[bundle.determination]" in err.getvalue()


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_random_deals_are_recomputed_to_the_same_margin(start: int) -> None:
    checked = 0
    for seed in range(start, start + 20):
        for bundle in Deal(Random(seed)).bundles():
            lines = tonne_verify.verify_determination(io.BytesIO(bundle), tonne_verify.Asked((public(ASSESSOR),)))
            checked += 1

            assert lines[0].startswith("good: same margin"), seed

    assert checked >= 60


@pytest.mark.parametrize("seed", range(20))
def test_a_price_that_is_off_by_the_least_is_found_in_random_deals(seed: int, tmp_path: Path) -> None:
    for bundle in Deal(Random(seed)).bundles():
        members = members_of(bundle)
        price = members.document("determination.json")["decision"]["prices"][0]
        number, _, part = price["adjustment_after_bp"].partition("/")
        price["adjustment_after_bp"] = f"{int(number) * 10**6 + 1}/{int(part) * 10**6}"
        members.rehashed()

        assert judged(members.packed(), tmp_path)[0] == 2


# ------------------------------------------------------------------------------------------------------------ hostile files


@pytest.fixture(scope="module")
def good() -> bytes:
    return next(Deal(Random(3)).bundles())


def bent(good: bytes, name: str, content: bytes) -> bytes:
    members = members_of(good)
    members.files[name] = content
    return members.packed()


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _good: b"",
    "text": lambda _good: b"PK but no zip",
    "a book's bundle": lambda _good: zipped([("manifest.json", b'{"format":"tonne-bundle-v1"}')]),
    "no members": lambda _good: zipped([]),
    "cut short": lambda good: good[: len(good) // 2],
    "a name twice": lambda good: bent(good, "terms2json", members_of(good).files["terms.json"]).replace(
        b"terms2json", b"terms.json"
    ),
    "deep lists": lambda good: bent(good, "terms.json", b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "deep objects": lambda good: bent(good, "facts.json", b'{"a":' * 100_000 + b"null" + b"}" * 100_000),
    "a number": lambda good: bent(good, "terms.json", b'{"version":1}'),
    "a float": lambda good: bent(good, "terms.json", b'{"version":1.5e300}'),
    "nan": lambda good: bent(good, "terms.json", b'{"version":NaN}'),
    "a key twice": lambda good: bent(good, "keys.json", b'{"keys":[],"keys":[]}'),
    "a list": lambda good: bent(good, "keys.json", b"[]"),
    "half a letter": lambda good: bent(good, "keys.json", b'{"keys":"\\ud800"}'),
    "no text": lambda good: bent(good, "keys.json", b"\xff\xfe"),
    "a byte order mark": lambda good: bent(good, "keys.json", b"\xef\xbb\xbf{}"),
    "too long a member": lambda good: bent(good, "trace.json", b'{"a":"' + b"x" * 2_000_000 + b'"}'),
    "empty documents": lambda good: bent(good, "facts.json", b"{}"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(good: bytes, tmp_path: Path, what: str) -> None:
    code, said = judged(HOSTILE[what](good), tmp_path)

    assert code == INCOMPLETE, said
    assert said.count("\n") == 1
    assert said.startswith("BAD (7): ")


def test_a_bomb_is_not_unpacked(good: bytes, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members_of(good).files.items():
            bundle.writestr(name, content)
        for number in range(50):
            bundle.writestr(f"receipt-{number}.json", b"[" * 100_000_000 if number == 0 else b"{}")

    code, said = judged(out.getvalue(), tmp_path)

    assert (code, said.count("\n")) == (INCOMPLETE, 1)


def test_huge_numbers_and_days_do_not_hang(good: bytes, tmp_path: Path) -> None:
    for path, value in (
        (("effect", "business_days"), "9" * 15),
        (("effect", "months"), "9" * 70),
        (("tranches", 0, "periods"), {"kind": "period_cycle", "months": "0", "stub": "short_back", "anchor": None}),
        (("tranches", 0, "maturity_date"), "9999-12-31"),
        (("kpis", 0, "targets", 0, "compare_digits"), "999999999"),
        (("ratchet", "total_cap_down_bp"), "1" * 300),
        (("reporting", "zone"), "../../etc/passwd"),
    ):
        members = members_of(good)
        place = members.document("terms.json")
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        members.rehashed()

        code, said = judged(members.packed(), tmp_path)

        # What no rule of the deal looks at changes nothing.
        assert code in {0, 2, 6, 7}, (path, said)


def test_any_field_of_another_type_never_breaks_the_reader(good: bytes, tmp_path: Path) -> None:
    draw = random.Random(12)
    names = [
        name for name in members_of(good).files if name.startswith(("terms", "determ", "facts", "evid", "keys", "cal"))
    ]
    for _ in range(300):
        members = members_of(good)
        place, depth = members.document(draw.choice(names)), draw.randrange(7)
        while True:
            steps = list(place) if isinstance(place, dict) else list(range(len(place)))
            step = draw.choice(steps) if steps else None
            depth -= 1
            if step is None or depth < 0 or not isinstance(place[step], dict | list):
                break
            place = place[step]
        if step is not None:
            place[step] = draw.choice((None, True, "x", "-1", "1/0", [], {}, ["0001-01-01"], "9" * 90, "2026-02-30"))
        with contextlib.suppress(
            TypeError, KeyError, AttributeError, StopIteration
        ):  # what is bent too far is not hashed anew
            members.rehashed()

        code, said = judged(members.packed(), tmp_path)

        assert code in {0, 2, 3, 4, 5, 6, 7}, said
        assert code == 0 or said.count("\n") == 1, said


def test_flipped_bytes_never_break_the_reader(good: bytes, tmp_path: Path) -> None:
    draw = random.Random(7)
    for _ in range(300):
        content = bytearray(good)
        for _ in range(draw.randrange(1, 4)):
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)

        code, said = judged(bytes(content), tmp_path)

        assert code in {0, 2, 3, 4, 5, 6, 7}, said


def test_without_the_assessors_key_everything_else_is_checked_and_the_key_to_compare_is_named(
    good: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "determination.zip"
    path.write_bytes(good)
    out = io.StringIO()

    assert tonne_verify.main([str(path)], out) == INCOMPLETE
    assert "--assessor-key" in out.getvalue()
    assert base64.b64encode(public(ASSESSOR)).decode() in out.getvalue()


def test_a_missing_file_and_a_key_that_is_none_are_told_apart(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "determination.zip"
    path.write_bytes(good)
    out = io.StringIO()

    assert tonne_verify.main([str(tmp_path / "none.zip"), f"--assessor-key={'A' * 43}"], out) == 1
    assert tonne_verify.main([str(path), "--assessor-key=nonsense"], out) == INCOMPLETE


def test_an_assessors_key_may_be_spelled_in_each_usual_way(good: bytes, tmp_path: Path) -> None:
    octets = public(ASSESSOR)
    pem = tmp_path / "key.pem"
    pem.write_bytes(ASSESSOR.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    text = tmp_path / "key.txt"
    text.write_text(base64.urlsafe_b64encode(octets).decode().rstrip("=") + "\n", encoding="ascii")

    for given in (
        str(pem),
        str(text),
        base64.b64encode(octets).decode(),
        base64.urlsafe_b64encode(octets).decode().rstrip("="),
    ):
        assert tonne_verify.read_assessor_key(given) == octets
