"""From draft to lodged signature: three persons, exact bytes, and what the server will not take."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from api.store.access import OrganisationKind
from finance.attestations.canonical import parse_canonical
from finance.attestations.signatures import sign_detached
from tests.api.attestation_world import AttestationWorld, world
from tests.api.people import Member
from tests.api.test_loans_examples import KID, OTHER_PRIVATE_KEY, PRIVATE_KEY, code, octets_of, signed, statement_of

__all__ = ["world"]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Desk:
    """An assessor with a preparer, a reviewer and a signatory, engaged for the baseline with its review held here."""

    def __init__(self, world: AttestationWorld, *, review: str = "here") -> None:
        self.world = world
        self.signatory = world.assessor
        self.preparer = world.person_of(world.assessor, "preparer")
        self.reviewer = world.person_of(world.assessor, "reviewer")
        world.upload_example()
        world.register_key()
        self.period_id = world.reported_period(world.open_facility(), 2024, "baseline")
        self.engagement_id = world.engage(self.period_id, review=review)
        world.done(world.post(world.assessor, f"/engagements/{self.engagement_id}/independence"), 200)

    def reviewed(self, **changed: Any) -> dict[str, Any]:
        return self.world.reviewed(self.preparer, self.reviewer, self.engagement_id, **changed)


@pytest.fixture
def desk(world: AttestationWorld) -> Desk:
    return Desk(world)


def test_a_draft_is_prepared_reviewed_signed_elsewhere_and_lodged(desk: Desk) -> None:
    world, draft = desk.world, desk.reviewed()

    payload = world.to_sign(desk.signatory, draft["id"])
    lodged = world.lodge(desk.signatory, draft["id"])

    parse_canonical(payload)
    assert hashlib.sha256(payload).hexdigest() == draft["sha256"]
    assert lodged.status_code == 201, lodged.text
    assert lodged.json()["state"] == "accepted"
    envelope = json.loads(octets_of(lodged.json()["envelope"]))
    assert octets_of(envelope["payload"]) == payload
    events = world.get(desk.signatory, f"/attestation-drafts/{draft['id']}").json()["events"]
    assert [event["state"] for event in events] == ["draft", "reviewed", "lodged"]
    assert [event["user_id"] for event in events] == [
        str(person.user_id) for person in (desk.preparer, desk.reviewer, desk.signatory)
    ]
    assert world.get(world.lender, f"/kpi-periods/{desk.period_id}").json()["state"] == "attested"


def test_a_whole_envelope_over_the_reviewed_bytes_is_taken_too(desk: Desk) -> None:
    draft = desk.reviewed()
    whole = signed(json.loads(desk.world.to_sign(desk.signatory, draft["id"])))

    answer = desk.world.upload_json(desk.signatory, f"/attestation-drafts/{draft['id']}/lodge", whole)

    assert answer.json()["state"] == "accepted"


def test_where_review_is_held_here_nothing_else_is_lodged(desk: Desk) -> None:
    statement = statement_of(desk.world.expectation(desk.engagement_id))

    assert code(desk.world.submit(desk.engagement_id, signed(statement))) == (409, "attestation.not_reviewed")


def test_nobody_reviews_what_it_prepared_itself(desk: Desk) -> None:
    draft = desk.world.draft(desk.preparer, desk.engagement_id)
    body = {"sha256": draft["sha256"]}

    own = desk.world.post(desk.preparer, f"/attestation-drafts/{draft['id']}/review", body)

    assert code(own) == (403, "draft.same_person")


def test_a_signatory_who_prepared_or_reviewed_is_refused(desk: Desk) -> None:
    world = desk.world
    prepared = world.reviewed(desk.signatory, desk.reviewer, desk.engagement_id, jti="a")
    reviewed = world.reviewed(desk.preparer, desk.signatory, desk.engagement_id, jti="b")

    for draft in (prepared, reviewed):
        assert code(world.lodge(desk.reviewer, draft["id"])) == (403, "draft.signatory")


def test_nothing_is_given_out_for_signature_before_it_was_reviewed(desk: Desk) -> None:
    draft = desk.world.draft(desk.preparer, desk.engagement_id)

    assert code(desk.world.get(desk.signatory, f"/attestation-drafts/{draft['id']}/to-sign")) == (
        409,
        "draft.not_reviewed",
    )


def test_a_revision_undoes_the_review_and_the_old_bytes_are_no_longer_signed(desk: Desk) -> None:
    world, draft = desk.world, desk.reviewed()
    old = sign_detached(world.to_sign(desk.signatory, draft["id"]), PRIVATE_KEY, kid=KID)
    path = f"/attestation-drafts/{draft['id']}"
    changed = statement_of(world.expectation(desk.engagement_id), sampling_note="12 of 12 months")

    revised = world.done(world.upload_json(desk.preparer, f"{path}/versions", changed))
    early = world.upload_json(desk.signatory, f"{path}/lodge", old)
    stale = world.post(desk.reviewer, f"{path}/review", {"sha256": draft["sha256"]})
    world.done(world.post(desk.reviewer, f"{path}/review", {"sha256": revised["sha256"]}), 200)
    late = world.upload_json(desk.signatory, f"{path}/lodge", old)

    assert (revised["state"], revised["version"]) == ("draft", "2")
    assert code(early) == (409, "draft.not_reviewed")
    assert code(stale) == (409, "draft.digest")
    assert code(late) == (422, "jws.signature")
    assert world.get(desk.signatory, path).json()["state"] == "reviewed"
    assert world.lodge(desk.signatory, draft["id"]).status_code == 201  # the forgery did not use up the statement's id


def test_a_draft_that_is_sent_back_needs_another_review(desk: Desk) -> None:
    draft = desk.reviewed()
    path = f"/attestation-drafts/{draft['id']}"

    back = desk.world.post(desk.signatory, f"{path}/send-back", {"reason": "sampling note missing"})

    assert back.json()["state"] == "draft"
    assert code(desk.world.get(desk.signatory, f"{path}/to-sign")) == (409, "draft.not_reviewed")
    again = desk.world.post(desk.reviewer, f"{path}/review", {"sha256": draft["sha256"]})
    assert again.json()["state"] == "reviewed"


def test_other_bytes_than_the_reviewed_ones_are_refused(desk: Desk) -> None:
    draft = desk.reviewed()
    other = signed(statement_of(desk.world.expectation(desk.engagement_id), jti="another"))

    answer = desk.world.upload_json(desk.signatory, f"/attestation-drafts/{draft['id']}/lodge", other)

    assert code(answer) == (422, "draft.other_bytes")


def test_a_lodged_draft_is_neither_revised_nor_lodged_again(desk: Desk) -> None:
    world, draft = desk.world, desk.reviewed()
    path = f"/attestation-drafts/{draft['id']}"
    statement = json.loads(draft["statement_json"])
    detached = sign_detached(world.to_sign(desk.signatory, draft["id"]), PRIVATE_KEY, kid=KID)
    world.done(world.lodge(desk.signatory, draft["id"]))

    assert code(world.upload_json(desk.preparer, f"{path}/versions", statement)) == (409, "draft.lodged")
    assert code(world.upload_json(desk.signatory, f"{path}/lodge", detached)) == (409, "draft.not_reviewed")


def test_drafts_are_the_assessors_own(desk: Desk) -> None:
    world, draft = desk.world, desk.reviewed()
    path = f"/attestation-drafts/{draft['id']}"

    for who in (world.borrower, world.lender):
        assert code(world.get(who, path)) == (403, "auth.organisation_kind")
    stranger = world.member_of(OrganisationKind.ASSESSOR, "Another Assessor")
    assert code(world.get(stranger, path)) == (404, "attestation_draft.not_found")
    assert code(world.get(stranger, f"/engagements/{desk.engagement_id}/drafts")) == (404, "engagement.not_found")
    listed = world.get(desk.reviewer, f"/engagements/{desk.engagement_id}/drafts").json()["drafts"]
    assert [each["id"] for each in listed] == [draft["id"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", "attestation.members_missing"),
        (b"[]", "canonical.json"),
        (b'{"a":1}', "canonical.number"),
        (b'{"a":"1","a":"2"}', "canonical.duplicate_key"),
        (b"\xff", "canonical.utf8"),
        (b"", "canonical.json"),
    ],
)
def test_what_is_no_statement_is_no_draft(desk: Desk, body: bytes, expected: str) -> None:
    answer = desk.world.upload_json(desk.preparer, f"/engagements/{desk.engagement_id}/drafts", body)

    assert code(answer) == (422, expected)


def test_a_draft_names_its_own_engagement_and_honest_names(desk: Desk) -> None:
    honest = statement_of(desk.world.expectation(desk.engagement_id))
    path = f"/engagements/{desk.engagement_id}/drafts"

    other = desk.world.upload_json(desk.preparer, path, {**honest, "engagement_id": "another"})
    lookalike = desk.world.upload_json(desk.preparer, path, {**honest, "signatory_name": "L\u0456 Wen"})

    assert code(other) == (422, "draft.engagement")
    assert code(lookalike) == (422, "attestation.lookalike_name")


def test_a_signature_under_another_key_leaves_the_draft_to_be_signed_again(desk: Desk) -> None:
    world, draft = desk.world, desk.reviewed()

    forged = world.lodge(desk.signatory, draft["id"], OTHER_PRIVATE_KEY)

    assert code(forged) == (422, "jws.signature")
    assert world.lodge(desk.signatory, draft["id"]).json()["state"] == "accepted"


def test_a_review_is_a_leaf_of_the_log(desk: Desk) -> None:
    desk.reviewed()

    books = desk.world.get(desk.world.borrower, "/books").json()["books"]

    assert any(book["code"] == "evidence" for book in books)


def test_a_draft_is_told_to_the_reviewer_until_it_was_reviewed(desk: Desk) -> None:
    world = desk.world

    def told(who: Member) -> list[tuple[str, bool]]:
        listed = world.get(who, "/notices?kind=approval_waits").json()["notices"]
        found = [one for one in listed if one["subject_kind"] == "attestation_draft"]
        return [(one["path"], one["ended_at"] is None) for one in found]

    draft = desk.reviewed()

    assert told(desk.reviewer) == [(f"/statement-drafts/{draft['id']}", False)]
    assert told(desk.preparer) == []
