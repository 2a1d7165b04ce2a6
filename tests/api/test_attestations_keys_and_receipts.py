"""Keys through the API: two persons, expiry of challenges, rotation, seals; and every event as a provable leaf."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

import pytest

from api.deps import unit_of_work
from api.store.access import OrganisationKind
from finance.attestations.envelopes import sm2_envelope
from finance.store import evidence
from ledger.core import log, proofs
from tests.api.attestation_world import AttestationWorld, world
from tests.api.test_loans_examples import (
    KID,
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    code,
    octets_of,
    public_text,
    signed,
    statement_of,
    text_of,
)

__all__ = ["world"]

NEW_KID = "assessor-key-2"


def challenge(world: AttestationWorld, **asked: str) -> dict[str, Any]:
    body = {"key_id": NEW_KID, "public_key": public_text(OTHER_PRIVATE_KEY), **asked}
    return world.done(world.post(world.assessor, "/signing-keys/challenges", body))


def answered(asked: dict[str, Any], **more: str) -> dict[str, str]:
    signature = text_of(OTHER_PRIVATE_KEY.sign(octets_of(asked["challenge"])))
    return {"challenge_id": asked["challenge_id"], "signature": signature, **more}


def engaged(world: AttestationWorld) -> str:
    world.upload_example()
    return world.engage_independent(world.reported_period(world.open_facility(), 2024, "baseline"))


def test_a_key_counts_once_a_second_person_approved_it(world: AttestationWorld) -> None:
    engagement_id = engaged(world)
    statement = signed(statement_of(world.expectation(engagement_id)))
    key = world.proven_key(world.assessor)
    approver = world.person_of(world.assessor, "approver")

    early = world.submit(engagement_id, statement)
    own = world.post(world.assessor, f"/signing-keys/{KID}/approve")
    approved = world.post(approver, f"/signing-keys/{KID}/approve")
    again = world.post(approver, f"/signing-keys/{KID}/approve")
    late = world.submit(engagement_id, signed(statement_of(world.expectation(engagement_id), jti="late")))

    assert key["approved_at"] is None
    assert code(early) == (422, "key.unapproved")
    assert code(own) == (403, "key.same_person")
    assert approved.json()["approved_at"] is not None
    assert again.json() == approved.json()
    assert late.json()["state"] == "accepted"


def test_a_stranger_neither_approves_nor_sees_a_key(world: AttestationWorld) -> None:
    world.proven_key(world.assessor)
    stranger = world.member_of(OrganisationKind.ASSESSOR, "Another Assessor")

    assert code(world.post(stranger, f"/signing-keys/{KID}/approve")) == (404, "signing_key.not_found")
    assert code(world.get(stranger, f"/signing-keys/{KID}/receipts")) == (404, "signing_key.not_found")
    assert code(world.post(world.lender, f"/signing-keys/{KID}/approve")) == (403, "auth.organisation_kind")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_challenge_runs_out_after_an_hour(world: AttestationWorld) -> None:
    asked = challenge(world)
    world.clock.advance(minutes=60)

    assert code(world.post(world.assessor, "/signing-keys", answered(asked))) == (409, "key.challenge_expired")


def test_the_old_key_hands_over_to_the_new_one_and_ends(world: AttestationWorld) -> None:
    engagement_id = engaged(world)
    world.register_key()
    world.clock.advance(minutes=1)
    asked = challenge(world, replaces=KID)
    old_signature = text_of(PRIVATE_KEY.sign(octets_of(asked["challenge"])))

    rotated = world.done(world.post(world.assessor, "/signing-keys", answered(asked, old_signature=old_signature)))
    world.clock.advance(minutes=1)
    statement = statement_of(world.expectation(engagement_id))
    under_old = world.submit(engagement_id, signed({**statement, "jti": "old"}))
    under_new = world.submit(engagement_id, signed(statement, OTHER_PRIVATE_KEY, NEW_KID))

    assert (rotated["replaces"], rotated["approved_at"]) == (KID, rotated["registered_at"])
    assert code(under_old) == (422, "key.expired")
    assert under_new.json()["state"] == "accepted"


def test_a_second_person_approves_a_rotation_that_the_old_key_did_not_sign(world: AttestationWorld) -> None:
    world.register_key()
    world.clock.advance(minutes=1)
    world.done(world.post(world.assessor, "/signing-keys", answered(challenge(world, replaces=KID))))
    before = {
        key["key_id"]: key["not_after"] for key in world.get(world.assessor, "/signing-keys").json()["signing_keys"]
    }

    world.done(world.post(world.person_of(world.assessor, "other"), f"/signing-keys/{NEW_KID}/approve"), 200)

    after = {
        key["key_id"]: key["not_after"] for key in world.get(world.assessor, "/signing-keys").json()["signing_keys"]
    }
    assert before == {KID: None, NEW_KID: None}
    assert after[KID] is not None
    assert after[NEW_KID] is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_that_no_longer_counts_hands_over_nothing(world: AttestationWorld) -> None:
    world.register_key()
    world.clock.advance(minutes=1)
    asked = challenge(world, replaces=KID)
    world.done(world.post(world.assessor, f"/signing-keys/{KID}/revoke", {}), 200)
    old_signature = text_of(PRIVATE_KEY.sign(octets_of(asked["challenge"])))
    plain = answered(challenge(world), old_signature=old_signature)
    nobody = {"key_id": "x", "public_key": public_text(PRIVATE_KEY), "replaces": "nobody"}

    by_revoked = world.post(world.assessor, "/signing-keys", answered(asked, old_signature=old_signature))
    without_name = world.post(world.assessor, "/signing-keys", plain)
    unknown = world.post(world.assessor, "/signing-keys/challenges", nobody)

    assert (code(by_revoked), code(without_name)) == ((409, "key.rotated_out"), (409, "key.rotation"))
    assert code(unknown) == (404, "signing_key.not_found")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_rotation_signed_by_another_key_than_the_old_one_is_refused(world: AttestationWorld) -> None:
    world.register_key()
    asked = challenge(world, replaces=KID)
    forged = text_of(OTHER_PRIVATE_KEY.sign(octets_of(asked["challenge"])))

    assert code(world.post(world.assessor, "/signing-keys", answered(asked, old_signature=forged))) == (
        422,
        "key.possession",
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_revoked_key_is_not_approved(world: AttestationWorld) -> None:
    world.proven_key(world.assessor)
    world.done(world.post(world.assessor, f"/signing-keys/{KID}/revoke", {}), 200)

    approver = world.person_of(world.assessor, "approver")
    assert code(world.post(approver, f"/signing-keys/{KID}/approve")) == (409, "key.revoked_for_good")


def test_a_seal_is_registered_approved_and_lodged(world: AttestationWorld) -> None:
    gmssl = pytest.importorskip("gmssl_pyx", reason="the optional extra sm2 is not installed")
    public, private = gmssl.sm2_key_generate()
    engagement_id = engaged(world)
    body = {"key_id": "seal", "public_key": text_of(b"\x04" + public), "alg": "SM2"}
    asked = world.done(world.post(world.assessor, "/signing-keys/challenges", body))
    proof = text_of(gmssl.sm2_sign(private, public, octets_of(asked["challenge"])))
    answer = {"challenge_id": asked["challenge_id"], "signature": proof}
    key = world.done(world.post(world.assessor, "/signing-keys", answer))
    world.done(world.post(world.person_of(world.assessor, "approver"), "/signing-keys/seal/approve"), 200)
    payload = octets_of(json.loads(signed(statement_of(world.expectation(engagement_id))))["payload"])

    lodged = world.submit(engagement_id, sm2_envelope(payload, gmssl.sm2_sign(private, public, payload), kid="seal"))
    forged = world.submit(engagement_id, sm2_envelope(payload, gmssl.sm2_sign(private, public, b"x"), kid="seal"))

    assert (key["alg"], key["public_key"]) == ("SM2", body["public_key"])
    assert (lodged.status_code, lodged.json()["state"], lodged.json()["key_id"]) == (201, "accepted", "seal")
    assert code(forged) == (422, "attestation.sm2_signature")


def is_proven(answer: dict[str, Any]) -> bool:
    """Check a receipt as an outsider: event, digest, leaf, path, root."""
    receipt, proof = answer["receipt"], answer["proof"]
    leaf = log.leaf_hash(bytes.fromhex(proof["salt"]), proof["canonical"].encode())
    root = proofs.root_of_inclusion(
        leaf=leaf,
        index=int(proof["seq"]) - 1,
        size=int(proof["tree_size"]),
        path=tuple(bytes.fromhex(node) for node in proof["path"]),
    )
    digest = hashlib.sha256(answer["document"].encode()).hexdigest()
    attrs = json.loads(proof["canonical"])["attrs"]
    return (
        root == bytes.fromhex(proof["tree_root"])
        and leaf.hex() == receipt["leaf_hash"]
        and digest == receipt["digest"] == attrs["digest"]
        and json.loads(answer["document"])["event"] == receipt["event"] == attrs["event"]
    )


def test_every_event_of_key_engagement_and_attestation_is_a_leaf_that_an_outsider_can_check(
    world: AttestationWorld,
) -> None:
    engagement_id = engaged(world)
    world.register_key()
    attestation_id = world.attest(engagement_id)
    world.done(world.post(world.assessor, f"/attestations/{attestation_id}/withdraw", {"reason": "in error"}), 200)
    world.clock.advance(minutes=1)
    world.done(world.post(world.assessor, f"/signing-keys/{KID}/revoke", {}), 200)
    paths = {
        f"/attestations/{attestation_id}/receipts": (world.lender, ["lodged", "accepted", "withdrawn"]),
        f"/engagements/{engagement_id}/receipts": (world.borrower, ["engaged", "independence_declared"]),
        f"/signing-keys/{KID}/receipts": (world.assessor, ["registered", "approved", "revoked"]),
    }

    for path, (who, expected) in paths.items():
        receipts = world.done(world.get(who, path), 200)["receipts"]

        assert [each["receipt"]["event"] for each in receipts] == expected
        assert all(is_proven(each) for each in receipts)


def test_a_refused_envelope_is_a_leaf_with_its_code(world: AttestationWorld) -> None:
    engagement_id = engaged(world)
    world.register_key()
    world.submit(engagement_id, b"{}")
    listed = world.get(world.borrower, f"/engagements/{engagement_id}/attestations").json()["attestations"]

    receipts = world.get(world.lender, f"/attestations/{listed[0]['id']}/receipts").json()["receipts"]

    assert [each["receipt"]["event"] for each in receipts] == ["lodged", "rejected"]
    assert json.loads(receipts[1]["document"])["facts"]["code"] == "jws.members"


def test_a_compromise_is_a_leaf_of_the_key_and_of_every_attestation_that_falls(world: AttestationWorld) -> None:
    engagement_id = engaged(world)
    world.register_key()
    attestation_id = world.attest(engagement_id)
    since = {"compromised_since": "2026-05-05T16:00:00Z"}

    for _ in range(2):  # the second time nothing more is logged
        world.done(world.post(world.assessor, f"/signing-keys/{KID}/revoke", since), 200)

    with unit_of_work(world.database) as session:
        of_key = evidence.load_receipts(session, "signing_key", KID)
        of_attestation = evidence.load_receipts(session, "attestation", attestation_id)
    assert [each.event for each in of_key] == ["registered", "approved", "compromised"]
    assert [each.event for each in of_attestation] == ["lodged", "accepted", "key_revoked"]
    assert [each.number for each in of_attestation] == [1, 2, 3]


def test_the_evidence_book_belongs_to_the_borrower_and_to_the_holder_of_the_key(world: AttestationWorld) -> None:
    world.register_key()
    engagement_id = engaged(world)

    with unit_of_work(world.database) as session:
        (engaged_leaf, _) = evidence.load_receipts(session, "engagement", engagement_id)
        (registered, _) = evidence.load_receipts(session, "signing_key", KID)
    assert engaged_leaf.book_id != registered.book_id
    (book,) = world.get(world.borrower, "/books").json()["books"]
    assert (book["code"], UUID(book["book_id"]).version) == ("evidence", 5)
