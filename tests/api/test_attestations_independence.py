"""Independence at engagement, as data opens and at lodging; mandates that end; assessors that contradict each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from api.deps import unit_of_work
from api.store.access import OrganisationKind
from api.store.memberships import organisations_sharing_a_person
from finance.store import attestations
from tests.api.attestation_world import AttestationWorld, world
from tests.api.people import Member
from tests.api.test_loans_examples import (
    KID,
    OTHER_PRIVATE_KEY,
    code,
    signed,
    statement_of,
)

__all__ = ["world"]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def reported(world: AttestationWorld) -> tuple[str, str]:
    """Return a facility and its reported baseline period."""
    world.upload_example()
    facility_id = world.open_facility()
    return facility_id, world.reported_period(facility_id, 2024, "baseline")


def engagement_body(world: AttestationWorld, period_id: str) -> dict[str, str]:
    return {
        "kpi_period_id": period_id,
        "assessor_id": str(world.assessor.organisation_id),
        "level": "limited",
        "standard": "isae_3410",
    }


def connect(world: AttestationWorld, facility_id: str, organisation_id: UUID, role: str) -> None:
    body = {"organisation_id": str(organisation_id), "role": role}
    world.done(world.post(world.borrower, f"/facilities/{facility_id}/connections", body))


@pytest.mark.parametrize("role", ["agent", "guarantor", "group_member", "coordinator"])
def test_an_assessor_connected_to_the_loan_is_not_engaged(world: AttestationWorld, role: str) -> None:
    facility_id, period_id = reported(world)
    connect(world, facility_id, world.assessor.organisation_id, role)

    answer = world.post(world.borrower, "/engagements", engagement_body(world, period_id))

    assert code(answer) == (409, "engagement.party")
    assert role.replace("_", " ") in answer.json()["detail"]


def test_an_assessor_that_shares_a_person_with_a_lender_is_not_engaged(world: AttestationWorld) -> None:
    _, period_id = reported(world)
    world.person_of(world.lender, "li+bank@example.com")
    world.person_of(world.assessor, "li@example.com")

    assert code(world.post(world.borrower, "/engagements", engagement_body(world, period_id))) == (
        409,
        "engagement.shared_person",
    )


def test_a_shared_person_of_a_guarantor_bars_too_and_of_a_stranger_does_not(world: AttestationWorld) -> None:
    facility_id, period_id = reported(world)
    guarantor = world.member_of(OrganisationKind.BORROWER, "Guarantor Ltd")
    world.person_of(guarantor, "wang@example.com")
    world.person_of(world.assessor, "wang@example.com")
    body = engagement_body(world, period_id)

    as_stranger = world.post(world.borrower, "/engagements", body)
    connect(world, facility_id, guarantor.organisation_id, "guarantor")

    assert as_stranger.status_code == 201
    assert code(world.post(world.borrower, "/engagements", body)) == (409, "engagement.shared_person")


def test_independence_lost_after_the_engagement_stops_the_declaration_the_data_and_the_lodging(
    world: AttestationWorld,
) -> None:
    world.register_key()
    _, period_id = reported(world)
    undeclared, declared = world.engage(period_id), world.engage_independent(period_id)
    statement = statement_of(world.expectation(declared))
    world.person_of(world.lender, "zhao@example.com")
    world.person_of(world.assessor, "zhao@example.com")

    declaring = world.post(world.assessor, f"/engagements/{undeclared}/independence")
    reading = world.get(world.assessor, f"/engagements/{declared}/expectation")
    lodging = world.submit(declared, signed(statement))

    assert code(declaring) == (409, "engagement.shared_person")
    assert code(reading) == (403, "engagement.not_independent")
    assert code(lodging) == (422, "attestation.shared_person")


def test_an_assessor_that_becomes_agent_after_the_engagement_cannot_attest(world: AttestationWorld) -> None:
    world.register_key()
    facility_id, period_id = reported(world)
    engagement_id = world.engage_independent(period_id)
    statement = statement_of(world.expectation(engagement_id))
    connect(world, facility_id, world.assessor.organisation_id, "agent")

    assert code(world.submit(engagement_id, signed(statement))) == (422, "attestation.not_independent")


def test_borrower_and_lenders_are_connected_by_the_terms_only(world: AttestationWorld) -> None:
    facility_id, _ = reported(world)
    body = {"organisation_id": str(world.assessor.organisation_id), "role": "lender"}

    answer = world.post(world.borrower, f"/facilities/{facility_id}/connections", body)
    nobody = world.post(
        world.borrower, f"/facilities/{facility_id}/connections", {**body, "organisation_id": facility_id}
    )

    assert code(answer) == (422, "loan_connection.role")
    assert code(nobody) == (404, "organisation.not_found")
    listed = world.get(world.lender, f"/facilities/{facility_id}/connections").json()["connections"]
    assert {each["role"] for each in listed} == {"borrower", "lender"}


def test_a_person_who_left_before_the_period_no_longer_counts(world: AttestationWorld) -> None:
    world.person_of(world.lender, "qian+bank@example.com")
    world.person_of(world.assessor, "qian@example.com")
    left_at = world.clock()

    def sharing(since: datetime) -> frozenset[UUID]:
        with unit_of_work(world.database) as session:
            return organisations_sharing_a_person(session, world.assessor.organisation_id, since=since)

    before = sharing(left_at)
    with unit_of_work(world.database) as session:
        session.execute(text("UPDATE user_account SET disabled_at = created_at WHERE email = 'qian+bank@example.com'"))

    assert before == {world.lender.organisation_id}
    assert sharing(left_at - timedelta(seconds=1)) == before
    assert sharing(left_at) == frozenset()


def test_case_25_an_engagement_under_a_standard_that_ends_before_the_period_begins_is_refused(
    world: AttestationWorld,
) -> None:
    _, period_id = reported(world)

    for level, standard in (("limited", "cets_verification"), ("not_an_opinion", "isae_3000")):
        body = {**engagement_body(world, period_id), "level": level, "standard": standard}
        assert code(world.post(world.borrower, "/engagements", body)) == (422, "engagement.standard_period")

    shown = world.get(world.lender, "/assurance-standards?period_start=2026-12-15").json()["standards"]
    assert "isae_3410" not in {each["standard"] for each in shown}


def test_case_4_an_assessor_that_loses_its_accreditation_keeps_what_it_attested_before_and_attests_nothing_after(
    world: AttestationWorld,
) -> None:
    world.register_key()
    _, period_id = reported(world)
    engagement_id = world.engage_independent(period_id)
    later = statement_of(world.expectation(engagement_id), jti="later")
    before = world.attest(engagement_id)
    world.clock.advance(days=1)
    ended = world.post(world.lender, f"/engagements/{engagement_id}/end", {"reason": "accreditation lost"})
    world.clock.advance(minutes=1)

    refused = world.submit(engagement_id, signed(later))

    assert ended.status_code == 200, ended.text
    assert ended.json()["valid_to"] is not None
    assert code(refused) == (422, "attestation.engagement_closed")
    assert code(world.get(world.assessor, f"/kpi-periods/{period_id}/snapshot")) == (403, "engagement.data_closed")
    assert world.get(world.lender, f"/attestations/{before}").json()["state"] == "accepted"
    events = world.get(world.lender, f"/engagements/{engagement_id}/receipts").json()["receipts"]
    assert [each["receipt"]["event"] for each in events] == ["engaged", "independence_declared", "ended"]


@pytest.mark.parametrize("ended_at", ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"])
def test_a_mandate_ends_neither_before_it_began_nor_in_the_future(world: AttestationWorld, ended_at: str) -> None:
    _, period_id = reported(world)
    engagement_id = world.engage(period_id)
    body = {"reason": "x", "ended_at": ended_at}

    assert code(world.post(world.assessor, f"/engagements/{engagement_id}/end", body)) == (422, "engagement.end")


def second_assessor(world: AttestationWorld, period_id: str) -> tuple[Member, str]:
    other = world.member_of(OrganisationKind.ASSESSOR, "Second Assurance")
    world.register_key(other, OTHER_PRIVATE_KEY, "second-key")
    engagement_id = world.engage(period_id, assessor_id=str(other.organisation_id))
    world.done(world.post(other, f"/engagements/{engagement_id}/independence"), 200)
    return other, engagement_id


@pytest.mark.parametrize("adverse_first", [True, False])
def test_case_22_two_assessors_that_contradict_each_other_are_both_kept_and_the_conflict_shown(
    world: AttestationWorld, *, adverse_first: bool
) -> None:
    world.register_key()
    _, period_id = reported(world)
    first = world.engage_independent(period_id)
    other, second = second_assessor(world, period_id)
    expected = world.done(world.get(other, f"/engagements/{second}/expectation"), 200)
    adverse = signed(
        statement_of(expected, jti="adverse", outcome="adverse", qualification_text="meters were bypassed"),
        OTHER_PRIVATE_KEY,
        "second-key",
    )

    if adverse_first:
        refused, accepted = world.submit(second, adverse, other), world.attest(first)
    else:
        accepted, refused = world.attest(first), world.submit(second, adverse, other)

    assert code(refused) == (422, "attestation.outcome_adverse")
    shown = world.get(world.lender, f"/attestations/{accepted}").json()
    assert shown["state"] == "accepted"
    assert [remark["code"] for remark in shown["remarks"] if "contested" in remark["code"]] == ["attestation.contested"]


def test_the_same_evidence_in_two_facilities_is_remarked(world: AttestationWorld) -> None:
    world.upload_example()
    world.register_key()
    meter = {"sha256": "ab" * 32, "media_type": "application/pdf", "size_bytes": "9", "label": "meter certificate"}
    found = []
    for number in ("1", "2"):
        facility_id = world.open_facility({"facility_number": f"facility {number}"})
        engagement_id = world.engage_independent(world.reported_period(facility_id, 2024, "baseline"))
        expected = world.expectation(engagement_id)
        evidence = [*statement_of(expected)["evidence"], meter]
        attestation_id = world.attest(engagement_id, jti=f"statement-{number}", evidence=evidence)
        remarks = world.get(world.lender, f"/attestations/{attestation_id}").json()["remarks"]
        found.append([each["code"] for each in remarks if each["code"] != "attestation.issued_at"])

    assert found == [[], ["attestation.evidence_elsewhere"]]


def test_case_3_an_attestation_withdrawn_after_two_discounted_quarters_falls_and_the_rate_waits_for_the_parties(
    world: AttestationWorld,
) -> None:
    chain = world.attested()
    world.approve(world.propose(chain))
    world.clock.advance(
        days=230
    )  # 21 December 2026: the quarters to September and December were paid at the lower rate
    path = f"/attestations/{chain.attestation_id}"

    partner, world.lender = world.person_of(world.assessor, "partner"), world.person_of(world.lender, "officer")

    withdrawn = world.post(partner, f"{path}/withdraw", {"reason": "a meter was out of calibration"})

    assert withdrawn.json()["state"] == "withdrawn"
    assert [each["event"] for each in withdrawn.json()["receipts"]] == ["lodged", "accepted", "withdrawn"]
    assert world.rate(chain.facility_id, "2026-12-20") == "0.0335"  # nothing is rewritten: the parties decide again
    with unit_of_work(world.database) as session:
        falls = attestations.list_falls(session, UUID(chain.facility_id))
    assert [(str(fall.attestation_id), fall.state.value) for fall in falls] == [(chain.attestation_id, "withdrawn")]


def test_case_5_a_key_revoked_after_receipt_leaves_the_older_signature(world: AttestationWorld) -> None:
    world.register_key()
    _, period_id = reported(world)
    engagement_id = world.engage_independent(period_id)
    older = signed(statement_of(world.expectation(engagement_id), issued_at="2026-05-05T16:00:00Z", jti="older"))
    standing = world.attest(engagement_id)
    world.clock.advance(minutes=1)
    world.done(world.post(world.assessor, f"/signing-keys/{KID}/revoke", {}), 200)

    assert world.get(world.lender, f"/attestations/{standing}").json()["state"] == "accepted"
    assert code(world.submit(engagement_id, older)) == (422, "key.revoked")
