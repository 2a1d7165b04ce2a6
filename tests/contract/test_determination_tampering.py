"""What a borrower's server could do to a determination's bundle, and that the offline verifier names each with its exit code.

The attacker writes every member and every hash anew as it pleases; only the assessor's and the log's signatures are out of its reach.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ledger.store.database import open_database
from tests.contract.bundles_loans import (
    ASSESSOR,
    FORGER,
    LOG,
    TREASURER,
    Desk,
    Members,
    approved_twice,
    judged,
    log_key,
    members_of,
    named,
    octets_of,
    public,
    spelled,
    text_of,
    told_story,
)

ARITHMETIC, CHAIN, DIGEST, STALE, UNMET, INCOMPLETE = 2, 3, 4, 5, 6, 7
Bend = Callable[[Members], None]


@dataclass(frozen=True)
class Story:
    """The bundles of three decisions, and the note of the log's last checkpoint."""

    bundles: dict[str, bytes]
    note: str

    def members(self, name: str = "second") -> Members:
        return members_of(self.bundles[name])


@pytest.fixture(scope="module")
def story(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    path = tmp_path_factory.mktemp("story") / "tonne.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}")
    with Session(database.engine) as session:
        desk = Desk(session=session)
        told_story(desk)
        note = desk.checkpoint()
        yield Story(bundles={name: desk.bundle(name) for name in ("first", "second", "third")}, note=note)
    database.engine.dispose()


def without_log(members: Members) -> None:
    """The attacker leaves the log out; a bank without the log's key cannot tell."""
    for name in [each for each in members.files if each.startswith("receipt-")]:
        del members.files[name]


# ------------------------------------------------------------------------------------------- with every hash written anew


def change_value(members: Members) -> None:
    members.finding["value"] = "7.0000"
    members.finding["attestation"]["value"] = "7.0000"


def change_value_and_snapshot(members: Members) -> None:
    change_value(members)
    members.document(members.of_period(2025)["snapshot"])["value"] = "7.0000"


def change_factor(members: Members) -> None:
    members.document(members.of_period(2025)["snapshot"])["factors"][0]["value"] = "0.1"


def change_activity(members: Members) -> None:
    members.document(members.of_period(2025)["snapshot"])["activity"][3]["figures"]["grid_kwh"] = "1"


def change_step(members: Members) -> None:
    members.document("terms.json")["ratchet"]["effects"][0]["rule"]["steps"][0]["down_bp"] = "20/1"


def remove_cap(members: Members) -> None:
    members.document("terms.json")["ratchet"]["effects"][1]["cap_down_bp"] = "100/1"


def change_target(members: Members) -> None:
    members.document("terms.json")["kpis"][0]["targets"][0]["rule"]["reduction"] = "1/100"
    members.finding["target"]["rule"]["reduction"] = "1/100"


def change_proposed_target(members: Members) -> None:
    members.finding["target"]["rule"]["reduction"] = "1/100"


def change_baseline(members: Members) -> None:
    members.finding["baseline"]["value"] = "95/10"


def swap_period(members: Members) -> None:
    terms = members.document("terms.json")
    members.proposal["findings"][1]["target"] = terms["kpis"][1]["targets"][0]


def move_proposal_to_another_period(members: Members) -> None:
    members.proposal["period_start"], members.proposal["period_end"] = "2024-01-01", "2025-01-01"


def put_envelope_of(members: Members, mine: Any, other: Any) -> None:
    without_log(members)
    members.files[mine["member"]] = members.files[other["member"]]
    mine["snapshot"], mine["snapshot_sha256"] = other["snapshot"], other["snapshot_sha256"]


def attest_another_kpi(members: Members) -> None:
    rows = members.document("evidence.json")["attestations"]
    put_envelope_of(members, rows[0], rows[1])


def attest_another_period(members: Members) -> None:
    put_envelope_of(members, members.of_period(2025), members.of_period(2024))


def resign(members: Members, **changed: Any) -> None:
    """The assessor itself signed something else; the attacker passes that off."""
    without_log(members)
    members.resigned(members.of_period(2025), ASSESSOR, **changed)


def attest_another_facility(members: Members) -> None:
    resign(members, facility_id=str(named("another facility")))


def attest_another_unit(members: Members) -> None:
    resign(members, unit="kgCO2e/t")


def attest_other_methodology(members: Members) -> None:
    resign(members, methodology_version="2")


def attest_without_opinion(members: Members) -> None:
    resign(members, level="not_an_opinion", standard="cets_verification")
    members.finding["attestation"]["assurance_level"] = "not_an_opinion"


def attest_with_qualification(members: Members) -> None:
    resign(members, outcome="qualified", qualification_text="scope")


def attest_other_data(members: Members) -> None:
    resign(members, snapshot_sha256="0" * 64)


def attest_under_other_terms(members: Members) -> None:
    resign(members, terms_sha256="0" * 64)


def attest_another_definition(members: Members) -> None:
    resign(members, kpi_definition_sha256="0" * 64)


def leave_out_attestation(members: Members) -> None:
    members.finding["attestation"] = None


def sign_with_another_key(members: Members) -> None:
    members.resigned(members.of_period(2025), FORGER)


def sign_with_another_registered_key(members: Members) -> None:
    sign_with_another_key(members)
    members.document("keys.json")["keys"][0]["public_key"] = public(FORGER).hex()


def bend_header(members: Members, **changed: Any) -> None:
    name = members.of_period(2025)["member"]
    envelope = json.loads(members.files[name])
    header = {**json.loads(octets_of(envelope["protected"])), **changed}
    protected = text_of(spelled(header))
    signature = ASSESSOR.sign(f"{protected}.{envelope['payload']}".encode())
    members.files[name] = spelled({**envelope, "protected": protected, "signature": text_of(signature)})


def alg_none(members: Members) -> None:
    bend_header(members, alg="none")


def add_crit(members: Members) -> None:
    bend_header(members, crit=["b64"])


def another_type(members: Members) -> None:
    bend_header(members, typ="JWT")


def unprotected_header(members: Members) -> None:
    name = members.of_period(2025)["member"]
    members.files[name] = spelled({**json.loads(members.files[name]), "header": {}})


def repeat_member_of_envelope(members: Members) -> None:
    name = members.of_period(2025)["member"]
    members.files[name] = members.files[name].replace(b'{"payload"', b'{"signature":"AA","payload"')


def reencode_envelope(members: Members) -> None:
    name = members.of_period(2025)["member"]
    members.files[name] = json.dumps(json.loads(members.files[name]), indent=1).encode()


def other_kid(members: Members) -> None:
    bend_header(members, kid="another-key")


def withdraw(members: Members) -> None:
    without_log(members)
    members.of_period(2025)["events"].append({"recorded_at": "2026-03-31T00:00:00+00:00", "state": "withdrawn"})


def never_accepted(members: Members) -> None:
    without_log(members)
    members.of_period(2025)["events"].pop()


def status_not_that_of_the_log(members: Members) -> None:
    members.of_period(2025)["events"].append({"recorded_at": "2026-03-31T00:00:00+00:00", "state": "superseded"})


def older_status(members: Members) -> None:
    members.document("evidence.json")["as_of"] = "2026-04-01T00:00:00+00:00"


def bend_key(members: Members, **changed: str | None) -> None:
    members.document("keys.json")["keys"][0].update(changed)


def key_revoked_before(members: Members) -> None:
    bend_key(members, revoked_at="2024-01-01T00:00:00+00:00")


def key_compromised_before(members: Members) -> None:
    bend_key(members, revoked_at="2026-03-31T00:00:00+00:00", compromised_since="2025-01-01T00:00:00+00:00")


def key_ended_before(members: Members) -> None:
    bend_key(members, not_after="2024-01-01T00:00:00+00:00")


def key_never_approved(members: Members) -> None:
    bend_key(members, approved_at=None)


def key_of_another_organisation(members: Members) -> None:
    bend_key(members, organisation_id=str(named("bank")))


def approved_by_borrower(members: Members) -> None:
    members.document("determination.json")["approvals"][0]["approver"] = {
        "organisation_id": str(TREASURER.organisation_id),
        "person_id": str(named("another treasurer")),
    }


def approved_by_proposer(members: Members) -> None:
    decided = members.document("determination.json")
    decided["approvals"][0]["approver"]["person_id"] = decided["proposer"]["person_id"]


def nobody_approved(members: Members) -> None:
    members.document("determination.json")["approvals"] = []


def approved_before_the_proposal(members: Members) -> None:
    approval = members.document("determination.json")["approvals"][0]
    approval["approved_at"], approval["approved_on"] = "2026-03-01T01:00:00+00:00", "2026-03-01"


def proposed_by_another(members: Members) -> None:
    members.document("determination.json")["proposer"]["person_id"] = str(named("another treasurer"))


def prices(members: Members) -> list[Any]:
    """The final prices and the proposed ones."""
    return [*members.document("determination.json")["decision"]["prices"], *members.proposal["prices"]]


def move_effect_day(members: Members) -> None:
    for price in prices(members):
        price["effective_from"] = "2026-04-09"


def count_before_approval(members: Members) -> None:
    for price in prices(members):
        price["effective_from"] = "2026-01-01"


def move_until(members: Members) -> None:
    for price in prices(members):
        price["until"] = "2028-04-08"


def round_adjustment(members: Members) -> None:
    for price in prices(members):
        assert "/6" in price["adjustment_after_bp"]
        price["adjustment_after_bp"] = "-10.83"


def flip_sign(members: Members) -> None:
    for price in prices(members):
        price["adjustment_after_bp"] = price["adjustment_after_bp"].removeprefix("-")


def change_price_before(members: Members) -> None:
    for price in prices(members):
        price["adjustment_before_bp"] = "0/1"


def drop_clause(members: Members) -> None:
    members.proposal["effects"].pop()


def drop_price(members: Members) -> None:
    members.document("determination.json")["decision"]["prices"].pop()


def flip_status(members: Members) -> None:
    members.proposal["statuses"][0][1] = "missed"


def open_a_closed_day(members: Members) -> None:
    for calendar in members.document("calendars.json")["calendars"]:
        calendar["closed_weekdays"].remove("2026-04-06")


def change_fixing(members: Members) -> None:
    members.document("facts.json")["fixings"][0]["rates"][-1][1] = "1/100"


def change_stated_rate(members: Members) -> None:
    members.document("trace.json")["rates"][1]["rate"] = "1/100"


def change_label_days(members: Members) -> None:
    members.document("facts.json")["labelled"] = [["2024-12-12", "2025-12-31"]]


def leave_out_drawdown(members: Members) -> None:
    members.document("facts.json")["drawdowns"]["A"] = []


def drop_earlier_decision(members: Members) -> None:
    del members.files["earlier-1.json"]


def drop_earlier_decision_and_count_anew(members: Members) -> None:
    drop_earlier_decision(members)
    members.document("determination.json")["decision"]["sequence"] = "1"


def change_earlier_decision(members: Members) -> None:
    members.document("earlier-1.json")["proposal"]["findings"][0]["value"] = "0.1"


def forget_that_a_lender_agreed(members: Members) -> None:
    members.document("agreements.json")["versions"][0]["agreed"].pop()


def claim_first(members: Members) -> None:
    members.proposal["cause"] = "restated"
    members.proposal["replaces"] = "nobody"


def say_that_it_is_absent(members: Members, absence: str) -> None:
    """What missed its target would rather be absent."""
    members.finding.update(value=None, attestation=None, baseline=None, absence=absence)
    members.proposal["statuses"][0][1] = absence


def say_missing(members: Members) -> None:
    say_that_it_is_absent(members, "missing")


def say_late(members: Members) -> None:
    say_that_it_is_absent(members, "late")


def say_waived(members: Members) -> None:
    say_that_it_is_absent(members, "waived")


def report_late(members: Members) -> None:
    for period in members.document("evidence.json")["periods"]:
        for event in period["events"]:
            if event["state"] == "reported":
                event["recorded_at"] = "2026-07-01T00:00:00+00:00"


def put_proof_of_another_leaf(members: Members) -> None:
    first, second = (members.document(f"receipt-{number}.json") for number in (1, 2))
    first["proof"], second["proof"] = second["proof"], first["proof"]


def truncate_proof(members: Members) -> None:
    members.document("receipt-1.json")["proof"]["path"].pop()


def put_checkpoint_of_another_log(members: Members) -> None:
    notes = {}
    for name in members.files:
        if name.startswith("receipt-"):
            proof = members.document(name)["proof"]
            notes[proof["origin"]] = proof["note"]
    proof = members.document("receipt-1.json")["proof"]
    proof["note"] = next(note for origin, note in notes.items() if origin != proof["origin"])


def leave_out_checkpoint(members: Members) -> None:
    members.document("receipt-1.json")["proof"]["note"] = None


def alter_entry(members: Members) -> None:
    proof = members.document("receipt-1.json")["proof"]
    proof["canonical"] = proof["canonical"].replace('"kind":"record"', '"kind":"general"')


def alter_event(members: Members) -> None:
    receipt = members.document("receipt-1.json")
    receipt["document"] = receipt["document"].replace('"event":"lodged"', '"event":"sealed"')


def leave_out_receipt(members: Members) -> None:
    del members.files[members.named("receipt-")]


REHASHED: tuple[tuple[Bend, int], ...] = (
    (change_value, UNMET),
    (change_value_and_snapshot, DIGEST),
    (change_factor, DIGEST),
    (change_activity, DIGEST),
    (change_step, DIGEST),
    (remove_cap, DIGEST),
    (change_target, DIGEST),
    (change_proposed_target, UNMET),
    (change_baseline, UNMET),
    (swap_period, UNMET),
    (move_proposal_to_another_period, UNMET),
    (attest_another_kpi, UNMET),
    (attest_another_period, UNMET),
    (attest_another_facility, UNMET),
    (attest_another_unit, UNMET),
    (attest_other_methodology, UNMET),
    (attest_without_opinion, UNMET),
    (attest_with_qualification, UNMET),
    (attest_other_data, DIGEST),
    (attest_under_other_terms, DIGEST),
    (attest_another_definition, DIGEST),
    (leave_out_attestation, UNMET),
    (sign_with_another_key, CHAIN),
    (sign_with_another_registered_key, CHAIN),
    (alg_none, CHAIN),
    (add_crit, CHAIN),
    (another_type, CHAIN),
    (unprotected_header, CHAIN),
    (repeat_member_of_envelope, CHAIN),
    (reencode_envelope, CHAIN),
    (other_kid, CHAIN),
    (withdraw, STALE),
    (never_accepted, STALE),
    (status_not_that_of_the_log, STALE),
    (older_status, STALE),
    (key_revoked_before, STALE),
    (key_compromised_before, STALE),
    (key_ended_before, STALE),
    (key_never_approved, STALE),
    (key_of_another_organisation, CHAIN),
    (approved_by_borrower, UNMET),
    (approved_by_proposer, UNMET),
    (approved_twice, UNMET),
    (nobody_approved, UNMET),
    (approved_before_the_proposal, UNMET),
    (proposed_by_another, UNMET),
    (move_effect_day, ARITHMETIC),
    (count_before_approval, UNMET),
    (move_until, ARITHMETIC),
    (round_adjustment, ARITHMETIC),
    (flip_sign, ARITHMETIC),
    (change_price_before, ARITHMETIC),
    (drop_clause, ARITHMETIC),
    (drop_price, ARITHMETIC),
    (flip_status, ARITHMETIC),
    (open_a_closed_day, ARITHMETIC),
    (change_fixing, ARITHMETIC),
    (change_stated_rate, ARITHMETIC),
    (change_label_days, ARITHMETIC),
    (leave_out_drawdown, INCOMPLETE),
    (drop_earlier_decision, INCOMPLETE),
    (drop_earlier_decision_and_count_anew, ARITHMETIC),
    (change_earlier_decision, ARITHMETIC),
    (forget_that_a_lender_agreed, UNMET),
    (claim_first, UNMET),
    (say_missing, UNMET),
    (say_late, UNMET),
    (say_waived, UNMET),
    (report_late, UNMET),
    (put_proof_of_another_leaf, CHAIN),
    (truncate_proof, CHAIN),
    (put_checkpoint_of_another_log, CHAIN),
    (alter_entry, CHAIN),
    (alter_event, CHAIN),
    (leave_out_receipt, INCOMPLETE),
)


@pytest.mark.parametrize(("bend", "code"), REHASHED, ids=[bend.__name__ for bend, _ in REHASHED])
def test_a_bent_bundle_has_its_exit_code(story: Story, tmp_path: Path, bend: Bend, code: int) -> None:
    members = story.members()

    bend(members)
    members.rehashed()
    has_log = any(name.startswith("receipt-") for name in members.files)
    found, said = judged(members.packed(), tmp_path, *([log_key()] if has_log else []))

    assert found == code, said
    assert said.startswith(f"BAD ({code}): ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_the_bundle_as_it_was_made_is_good(story: Story, tmp_path: Path, name: str) -> None:
    code, said = judged(story.bundles[name], tmp_path, log_key())

    assert code == 0, said


def test_without_an_assessors_key_all_is_checked_but_who_signed(story: Story, tmp_path: Path) -> None:
    bent = story.members()
    round_adjustment(bent)

    code, said = judged(story.bundles["second"], tmp_path, log_key(), keys=())

    assert code == INCOMPLETE
    assert f"--assessor-key {base64.b64encode(public(ASSESSOR)).decode()}" in said
    bent.rehashed()
    assert judged(bent.packed(), tmp_path, keys=())[0] == ARITHMETIC


# --------------------------------------------------------------------------------------------------- with the hashes kept


def test_a_member_that_is_not_what_the_manifest_says(story: Story, tmp_path: Path) -> None:
    for name in list(story.members().files)[1:]:
        members = story.members()
        members.manifest = json.loads(members.files["manifest.json"])
        members.files[name] += b" "

        assert judged(members.packed(), tmp_path)[0] == DIGEST


def test_a_wrong_hash_in_the_manifest(story: Story, tmp_path: Path) -> None:
    members = story.members()
    members.manifest = json.loads(members.files["manifest.json"])
    members.manifest["members"][4]["sha256"] = "0" * 64

    assert judged(members.packed(), tmp_path)[0] == DIGEST


def test_a_proposal_that_is_not_the_one_approved(story: Story, tmp_path: Path) -> None:
    members = story.members()
    members.proposal["proposed_on"] = "2026-03-30"

    assert judged(members.packed(), tmp_path)[0] == DIGEST


def test_an_approval_of_another_digest(story: Story, tmp_path: Path) -> None:
    members = story.members()
    members.document("determination.json")["approvals"][0]["digest"] = "0" * 64

    assert judged(members.packed(), tmp_path)[0] == DIGEST


def test_an_envelope_in_other_bytes(story: Story, tmp_path: Path) -> None:
    members = story.members()
    reencode_envelope(members)

    assert judged(members.packed(), tmp_path)[0] == DIGEST


def test_other_terms_than_those_the_bank_agreed_to(story: Story, tmp_path: Path) -> None:
    bundle = story.bundles["second"]
    kept = story.members().proposal["terms_sha256"]

    assert judged(bundle, tmp_path, f"--terms-sha256={kept}")[0] == 0
    assert judged(bundle, tmp_path, f"--terms-sha256={'0' * 64}")[0] == DIGEST


def test_a_member_more_or_less(story: Story, tmp_path: Path) -> None:
    for name in list(story.members().files):
        members = story.members()
        members.manifest = json.loads(members.files["manifest.json"]) if name != "manifest.json" else None
        del members.files[name]
        if name != "manifest.json":
            assert judged(members.packed(), tmp_path)[0] == INCOMPLETE, name
    for name in ("notes.json", "extra-1.json", "../terms.json", "/terms.json", "terms.json ", "a.exe"):
        members = story.members()
        members.files[name] = b"{}"
        assert judged(members.packed(), tmp_path)[0] == INCOMPLETE, name


def test_required_members_cannot_be_left_out_with_the_manifest_written_anew(story: Story, tmp_path: Path) -> None:
    for name in list(story.members().files)[1:]:
        members = story.members()
        del members.files[name]

        code, said = judged(members.packed(), tmp_path, log_key())
        # Without its last receipt the log says less than the status.
        assert code == INCOMPLETE or (code == STALE and name.startswith("receipt-")), (name, said)


# ------------------------------------------------------------------------------------------------------------ other keys


def test_a_key_of_the_assessor_that_the_bank_does_not_know(story: Story, tmp_path: Path) -> None:
    assert judged(story.bundles["second"], tmp_path, keys=(public(FORGER),))[0] == CHAIN


def test_a_log_signed_by_another_key(story: Story, tmp_path: Path) -> None:
    assert judged(story.bundles["second"], tmp_path, log_key(FORGER))[0] == CHAIN


def test_a_receipt_that_no_checkpoint_signs(story: Story, tmp_path: Path) -> None:
    members = story.members()
    leave_out_checkpoint(members)

    assert judged(members.packed(), tmp_path, log_key())[0] == CHAIN


def test_a_checkpoint_rolled_back_behind_the_one_that_the_bank_kept(story: Story, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    older = story.members("first")
    kept.write_text(story.note, encoding="utf-8")
    assert judged(older.packed(), tmp_path, log_key(), f"--since={kept}")[0] == 0

    size = int(story.note.split("\n")[1])
    grown = _note(story.note, size + 7)
    kept.write_text(grown, encoding="utf-8")

    assert judged(older.packed(), tmp_path, log_key(), f"--since={kept}")[0] == CHAIN


def _note(note: str, size: int) -> str:
    """The log's note of a tree that grew meanwhile."""
    lines = note.split("\n\n", maxsplit=1)[0].split("\n")
    lines[1] = str(size)
    body = "\n".join(lines) + "\n"
    key_id = hashlib.sha256(f"{lines[0]}\n".encode() + b"\x01" + public(LOG)).digest()[:4]
    signature = base64.b64encode(key_id + LOG.sign(body.encode())).decode()
    return f"{body}\n\u2014 {lines[0]} {signature}\n"


# --------------------------------------------------------------------------------------------------------- what fell since


def test_a_status_that_hides_a_withdrawal_which_the_log_has(story: Story, tmp_path: Path) -> None:
    members = story.members("third")
    row = members.of_period(2025)
    assert row["events"].pop()["state"] == "withdrawn"
    members.finding["attestation"]["standing"] = "accepted"
    members.rehashed()

    assert judged(members.packed(), tmp_path, log_key())[0] == STALE


def test_a_replaced_decision_that_is_brought_back(story: Story, tmp_path: Path) -> None:
    members = story.members("third")
    members.proposal["replaces"], members.proposal["cause"] = None, "first"
    members.rehashed()

    assert judged(members.packed(), tmp_path, log_key())[0] == UNMET


def test_a_decision_that_puts_another_one_right_than_it_says(story: Story, tmp_path: Path) -> None:
    members = story.members("third")
    members.proposal["replaces"] = str(named("first"))
    members.rehashed()

    assert judged(members.packed(), tmp_path, log_key())[0] == UNMET


def test_what_fell_cannot_count_as_met(story: Story, tmp_path: Path) -> None:
    members = story.members("third")
    members.proposal["statuses"][0][1] = "met"
    members.rehashed()

    assert judged(members.packed(), tmp_path, log_key())[0] == ARITHMETIC
