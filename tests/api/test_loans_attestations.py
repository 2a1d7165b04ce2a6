"""What an assessor may sign, and what becomes of envelopes that do not hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from api.store.access import OrganisationKind
from tests.api.attestation_world import world
from tests.api.test_loans_examples import (
    KID,
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    Chain,
    World,
    code,
    octets_of,
    public_text,
    signed,
    statement_of,
    text_of,
)

__all__ = ["world"]


@pytest.fixture
def engaged(world: World) -> tuple[World, str, str]:
    """A world with the reported baseline period and an independent assessor: (world, period, engagement)."""
    world.upload_example()
    world.register_key()
    period_id = world.reported_period(world.open_facility(), 2024, "baseline")
    return world, period_id, world.engage_independent(period_id)


def recorded(world: World, engagement_id: str) -> list[tuple[str, str | None]]:
    listed = world.done(world.get(world.borrower, f"/engagements/{engagement_id}/attestations"), 200)
    return [(each["state"], each["code"]) for each in listed["attestations"]]


def forged(envelope: bytes) -> bytes:
    members = json.loads(envelope)
    members["signature"] = text_of(OTHER_PRIVATE_KEY.sign(f"{members['protected']}.{members['payload']}".encode()))
    return json.dumps(members).encode()


def altered(envelope: bytes) -> bytes:
    members = json.loads(envelope)
    payload = octets_of(members["payload"]).replace(b'"value":"8.5362"', b'"value":"9.5362"')
    members["payload"] = text_of(payload)
    return json.dumps(members).encode()


HOSTILE: tuple[tuple[Callable[[bytes], bytes], str], ...] = (
    (forged, "jws.signature"),
    (altered, "jws.signature"),
    (lambda envelope: envelope[:-2], "canonical.json"),
    (lambda _: b"", "canonical.json"),
    (lambda _: b'{"payload":1e400}', "canonical.number"),
    (lambda _: b'{"a":"1","a":"2"}', "canonical.duplicate_key"),
    (lambda _: b"\xff\xfe", "canonical.utf8"),
    (lambda envelope: envelope.replace(b'"payload"', b'"payl0ad"'), "jws.members"),
)


def test_bytes_that_do_not_hold_are_refused_and_recorded(engaged: tuple[World, str, str]) -> None:
    world, period_id, engagement_id = engaged
    honest = signed(statement_of(world.expectation(engagement_id)))

    answers = [world.submit(engagement_id, bend(honest)) for bend, _ in HOSTILE]

    assert [code(answer) for answer in answers] == [(422, expected) for _, expected in HOSTILE]
    assert recorded(world, engagement_id) == [("rejected", expected) for _, expected in HOSTILE]
    assert world.get(world.lender, f"/kpi-periods/{period_id}").json()["state"] == "reported"


BENT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"value": "8.53620"}, "attestation.value"),
    ({"period_start": "2025-01-01", "period_end": "2026-01-01"}, "attestation.period"),
    ({"methodology_version": "2"}, "attestation.methodology"),
    ({"audience": "another system"}, "attestation.audience"),
    ({"level": "reasonable"}, "attestation.engagement_level"),
    ({"snapshot_sha256": "0" * 64}, "attestation.snapshot"),
    ({"terms_sha256": None}, "attestation.terms"),
    ({"evidence": []}, "attestation.evidence"),
    ({"facility_id": str(uuid4())}, "attestation.facility"),
    ({"outcome": "adverse", "qualification_text": "meters missing"}, "attestation.outcome_adverse"),
    ({"issuer_legal_name": "华信碳核査有限公司"}, "attestation.issuer_name"),
)


def test_a_signed_statement_that_says_anything_else_is_refused_and_recorded(engaged: tuple[World, str, str]) -> None:
    world, _, engagement_id = engaged
    expectation = world.expectation(engagement_id)

    answers = [
        world.submit(engagement_id, signed(statement_of(expectation, jti=f"bent-{number}", **changed)))
        for number, (changed, _) in enumerate(BENT)
    ]

    assert [code(answer) for answer in answers] == [(422, expected) for _, expected in BENT]
    assert all(answer.json()["errors"][0]["field"] for answer in answers)
    assert recorded(world, engagement_id) == [("rejected", expected) for _, expected in BENT]


def test_a_key_nobody_registered_and_a_key_of_another_assessor_are_refused_and_recorded(
    engaged: tuple[World, str, str],
) -> None:
    world, _, engagement_id = engaged
    stranger = world.member_of(OrganisationKind.ASSESSOR, "Another Assessor")
    world.register_key(stranger, OTHER_PRIVATE_KEY, "stranger-key")
    statement = statement_of(world.expectation(engagement_id))

    unknown = world.submit(engagement_id, signed(statement, PRIVATE_KEY, "nobody-1"))
    foreign = world.submit(engagement_id, signed(statement, OTHER_PRIVATE_KEY, "stranger-key"))

    assert code(unknown) == (422, "attestation.key_unknown")
    assert code(foreign) == (422, "attestation.key_other_organisation")
    assert len(recorded(world, engagement_id)) == 2


def test_a_statement_id_counts_once(engaged: tuple[World, str, str]) -> None:
    world, _, engagement_id = engaged
    expectation = world.expectation(engagement_id)
    world.attest(engagement_id)

    answer = world.submit(engagement_id, signed(statement_of(expectation, site_visits=["another day"])))

    assert code(answer) == (422, "attestation.replay")
    assert recorded(world, engagement_id) == [("accepted", None), ("rejected", "attestation.replay")]


def test_the_statement_of_one_year_does_not_serve_another(world: World) -> None:
    chain = world.attested()
    listed = world.get(world.assessor, f"/attestations/{chain.attestation_id}").json()

    answer = world.submit(chain.baseline_engagement_id, octets_of(listed["envelope"]))

    assert code(answer) == (422, "attestation.engagement")
    assert recorded(world, chain.baseline_engagement_id)[-1] == ("rejected", "attestation.engagement")


def test_the_exact_bytes_are_kept_and_the_same_bytes_again_give_the_same_answer(
    engaged: tuple[World, str, str],
) -> None:
    world, _, engagement_id = engaged
    envelope = b" " + signed(statement_of(world.expectation(engagement_id))) + b"\n"

    first = world.submit(engagement_id, envelope)
    again = world.submit(engagement_id, envelope)

    assert first.status_code == 201
    assert again.json() == first.json()
    assert octets_of(first.json()["envelope"]) == envelope
    assert json.loads(first.json()["statement_json"])["value"] == "8.5362"
    assert recorded(world, engagement_id) == [("accepted", None)]


def test_a_refused_envelope_sent_again_under_one_key_is_recorded_once(engaged: tuple[World, str, str]) -> None:
    world, _, engagement_id = engaged

    first = world.submit(engagement_id, b"{}", idempotency_key="lodge")
    again = world.submit(engagement_id, b"{}", idempotency_key="lodge")

    assert (first.status_code, first.json()["code"]) == (422, "jws.members")
    assert again.content == first.content
    assert len(recorded(world, engagement_id)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_envelope_longer_than_any_is_refused_unrecorded(engaged: tuple[World, str, str]) -> None:
    world, _, engagement_id = engaged

    answer = world.submit(engagement_id, b"x" * 600_000)

    assert code(answer) == (413, "body.too_large")
    assert recorded(world, engagement_id) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_content_type_is_refused(engaged: tuple[World, str, str]) -> None:
    world, _, engagement_id = engaged

    assert code(world.submit(engagement_id, b"{}", content_type="text/plain")) == (415, "body.content_type")


def test_before_independence_is_declared_the_data_stays_closed(world: World) -> None:
    world.upload_example()
    period_id = world.reported_period(world.open_facility(), 2024, "baseline")
    engagement_id = world.engage(period_id)

    expectation = world.get(world.assessor, f"/engagements/{engagement_id}/expectation")
    snapshot = world.get(world.assessor, f"/kpi-periods/{period_id}/snapshot")
    period = world.get(world.assessor, f"/kpi-periods/{period_id}").json()

    assert code(expectation) == code(snapshot) == (403, "engagement.data_closed")
    assert (period["value"], period["snapshot_sha256"]) == (None, None)
    assert "8.5362" not in json.dumps(period)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_the_mandate_ends_the_data_closes_again(world: World) -> None:
    world.upload_example()
    period_id = world.reported_period(world.open_facility(), 2024, "baseline")
    engagement_id = world.engage(period_id, valid_to="2026-05-06T00:00:00Z")
    world.done(world.post(world.assessor, f"/engagements/{engagement_id}/independence"), 200)
    path = f"/kpi-periods/{period_id}/snapshot"

    open_then = world.get(world.assessor, path).status_code
    world.clock.advance(days=1)

    assert open_then == 200
    assert code(world.get(world.assessor, path)) == (403, "engagement.data_closed")


def test_nothing_is_attested_before_the_value_is_reported(world: World) -> None:
    world.upload_example()
    world.register_key()
    period_id = world.open_period(world.open_facility(), 2024, "baseline")
    engagement_id = world.engage_independent(period_id)

    expectation = world.get(world.assessor, f"/engagements/{engagement_id}/expectation")
    snapshot = world.get(world.lender, f"/kpi-periods/{period_id}/snapshot")

    assert code(expectation) == (409, "kpi_period.not_reported")
    assert code(world.submit(engagement_id, b"{}")) == (409, "kpi_period.not_reported")
    assert code(snapshot) == (409, "kpi_period.no_snapshot")


def test_a_withdrawn_attestation_makes_room_for_another_of_the_same_period(engaged: tuple[World, str, str]) -> None:
    world, period_id, engagement_id = engaged
    first = world.attest(engagement_id)
    withdrawn = world.post(world.assessor, f"/attestations/{first}/withdraw", {"reason": "a meter was wrong"})
    again = world.post(world.assessor, f"/attestations/{first}/withdraw", {"reason": "a meter was wrong"})

    world.attest(engagement_id, jti="statement-2024-b")

    assert withdrawn.json()["state"] == "withdrawn"
    assert code(again) == (409, "attestation.step")
    assert recorded(world, engagement_id) == [("withdrawn", None), ("accepted", None)]
    assert world.get(world.lender, f"/kpi-periods/{period_id}").json()["state"] == "attested"


def test_a_superseding_statement_lets_the_earlier_one_fall_for_good(engaged: tuple[World, str, str]) -> None:
    world, _, engagement_id = engaged
    world.attest(engagement_id)

    second = world.attest(engagement_id, jti="statement-b", supersedes="statement-2024", supersede_reason="new visit")
    world.post(world.assessor, f"/attestations/{second}/withdraw", {"reason": "in error"})

    assert recorded(world, engagement_id) == [("superseded", None), ("withdrawn", None)]


def test_a_key_compromised_before_receipt_takes_its_attestations_with_it(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)

    revoked = world.post(world.assessor, f"/signing-keys/{KID}/revoke", {"compromised_since": "2026-05-05T16:00:00Z"})
    refused = world.post(world.lender, f"/determinations/{proposal['id']}/approve", {"digest": proposal["digest"]})

    assert revoked.json()["revoked_at"].startswith("2026-05-05T16:30")
    assert world.get(world.lender, f"/attestations/{chain.attestation_id}").json()["state"] == "key_revoked"
    assert code(refused) == (409, "determination.baseline_missing")  # the baseline fell with the same key
    assert world.rate(chain.facility_id, "2026-07-01") == "0.0345"


def test_a_plain_revocation_leaves_what_was_received_before_and_refuses_what_comes_after(
    engaged: tuple[World, str, str],
) -> None:
    world, _, engagement_id = engaged
    standing = world.attest(engagement_id)
    world.clock.advance(minutes=1)
    world.done(world.post(world.assessor, f"/signing-keys/{KID}/revoke", {}), 200)

    later = world.submit(engagement_id, signed(statement_of(world.expectation(engagement_id), jti="later")))

    assert world.get(world.lender, f"/attestations/{standing}").json()["state"] == "accepted"
    assert code(later) == (422, "key.revoked")


def test_a_revocation_keeps_its_day_and_a_compromise_only_moves_back(engaged: tuple[World, str, str]) -> None:
    world, _, _ = engaged
    path = f"/signing-keys/{KID}/revoke"
    first = world.post(world.assessor, path, {"compromised_since": "2026-05-05T16:10:00Z"}).json()
    world.clock.advance(days=1)

    later = world.post(world.assessor, path, {"compromised_since": "2026-05-05T16:20:00Z"}).json()
    earlier = world.post(world.assessor, path, {"compromised_since": "2026-05-05T16:00:00Z"}).json()
    future = world.post(world.assessor, path, {"compromised_since": "2030-01-01T00:00:00Z"})

    assert later == first
    assert earlier["revoked_at"] == first["revoked_at"]
    assert earlier["compromised_since"] == "2026-05-05T16:00:00.000000+00:00"
    assert future.json() == earlier


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_compromised_in_the_future_is_refused(engaged: tuple[World, str, str]) -> None:
    world, _, _ = engaged

    answer = world.post(world.assessor, f"/signing-keys/{KID}/revoke", {"compromised_since": "2030-01-01T00:00:00Z"})

    assert code(answer) == (422, "key.history")
    assert world.get(world.assessor, "/signing-keys").json()["signing_keys"][0]["revoked_at"] is None


def test_a_challenge_counts_once_and_only_with_the_keys_own_signature(world: World) -> None:
    asked = {"key_id": KID, "public_key": public_text(PRIVATE_KEY)}
    challenge = world.done(world.post(world.assessor, "/signing-keys/challenges", asked))
    octets = octets_of(challenge["challenge"])
    wrong = {"challenge_id": challenge["challenge_id"], "signature": text_of(OTHER_PRIVATE_KEY.sign(octets))}
    right = {**wrong, "signature": text_of(PRIVATE_KEY.sign(octets))}
    stranger = world.member_of(OrganisationKind.ASSESSOR, "Another Assessor")

    assert code(world.post(world.assessor, "/signing-keys", wrong)) == (422, "key.possession")
    assert code(world.post(stranger, "/signing-keys", right)) == (404, "key_challenge.not_found")
    assert world.post(world.assessor, "/signing-keys", right).status_code == 201
    assert code(world.post(world.assessor, "/signing-keys", right)) == (404, "key_challenge.not_found")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_public_key_that_proves_nothing_is_refused(world: World) -> None:
    for public_key, expected in (
        (text_of(bytes(32)), "key.small_order"),
        (text_of(b"\x01" + bytes(31)), "key.small_order"),
        (text_of(bytes(31)), "key.length"),
        (text_of(b"\xff" * 32), "key.encoding"),
        ("not base64url!", "octets.format"),
        ("AAB", "octets.format"),
    ):
        answer = world.post(world.assessor, "/signing-keys/challenges", {"key_id": KID, "public_key": public_key})
        assert code(answer) == (422, expected)


def test_a_key_id_that_stands_is_not_taken_again(world: World) -> None:
    world.register_key()
    stranger = world.member_of(OrganisationKind.ASSESSOR, "Another Assessor")
    asked = {"key_id": KID, "public_key": public_text(OTHER_PRIVATE_KEY)}
    challenge = world.done(world.post(stranger, "/signing-keys/challenges", asked))
    signature = text_of(OTHER_PRIVATE_KEY.sign(octets_of(challenge["challenge"])))

    answer = world.post(stranger, "/signing-keys", {"challenge_id": challenge["challenge_id"], "signature": signature})

    assert code(answer) == (409, "key.exists")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mandate_that_ends_before_it_begins_is_refused(world: World) -> None:
    world.upload_example()
    period_id = world.reported_period(world.open_facility(), 2024, "baseline")
    body = {
        "kpi_period_id": period_id,
        "assessor_id": str(world.assessor.organisation_id),
        "level": "limited",
        "standard": "isae_3410",
        "valid_to": "2020-01-01T00:00:00Z",
    }

    assert code(world.post(world.borrower, "/engagements", body)) == (422, "engagement.mandate")


def test_an_attestation_withdrawn_after_the_proposal_stops_the_approval(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    reason = {"reason": "a meter was found out of calibration"}
    world.done(world.post(world.assessor, f"/attestations/{chain.attestation_id}/withdraw", reason), 200)

    refused = world.post(world.lender, f"/determinations/{proposal['id']}/approve", {"digest": proposal["digest"]})

    assert code(refused) == (409, "determination.evidence_changed")
    assert world.rate(chain.facility_id, "2026-07-01") == "0.0345"


def test_a_baseline_withdrawn_after_the_proposal_stops_the_approval(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    _replace_baseline(world, chain)

    refused = world.post(world.lender, f"/determinations/{proposal['id']}/approve", {"digest": proposal["digest"]})

    assert code(refused) == (409, "determination.evidence_changed")


def _replace_baseline(world: World, chain: Chain) -> None:
    path = f"/attestations/{chain.baseline_attestation_id}/withdraw"
    world.done(world.post(world.assessor, path, {"reason": "restated"}), 200)
    world.attest(chain.baseline_engagement_id, jti="statement-2024-b")
