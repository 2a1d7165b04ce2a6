"""What the parties of a loan and the persons of an assessor are told that waits for them, each at a page that it may open."""

from __future__ import annotations

from tests.api.people import Member
from tests.api.test_loans_examples import World, world
from tests.api.test_loans_labels import active
from tests.api.test_loans_late_facts import first_decision, redetermined, served, withdraw

__all__ = ["world"]


def waiting(world: World, who: Member, kind: str) -> list[tuple[str, bool]]:
    """Return the page of each thing of a kind that the person was told waits, and whether it still does, oldest first."""
    listed = world.done(world.get(who, "/notices?kind=approval_waits"), 200)["notices"]
    found = [one for one in listed if one["subject_kind"] == kind]
    return [(one["path"], one["ended_at"] is None) for one in sorted(found, key=lambda one: int(one["number"]))]


def test_terms_wait_for_the_lender_until_it_agrees(world: World) -> None:
    opened = world.done(world.post(world.borrower, "/facilities", world.facility_body()))
    before = waiting(world, world.lender, "terms")

    world.agree(world.lender, opened["id"], opened["terms_sha256"])

    page = f"/bank/facilities/{opened['id']}/terms"
    assert (before, waiting(world, world.lender, "terms")) == ([(page, True)], [(page, False)])
    assert waiting(world, world.borrower, "terms") == []


def test_a_query_waits_for_the_borrower_and_a_rate_for_the_lender(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    body = {"digest": proposal["digest"], "reason": "why June?"}
    query = world.done(world.post(world.lender, f"/determinations/{proposal['id']}/reviews", body))
    asked = waiting(world, world.borrower, "query")
    rate = waiting(world, world.lender, "determination")

    world.done(world.post(world.borrower, f"/reviews/{query['id']}/answer", {"reason": "it was a leap month"}))
    world.approve(proposal)

    loan, decision = f"/loans/{chain.facility_id}", f"/bank/determinations/{proposal['id']}"
    assert (asked, rate) == ([(loan, True)], [(decision, True)])
    assert waiting(world, world.borrower, "query") == [(loan, False)]
    assert waiting(world, world.lender, "determination") == [(decision, False)]
    decided = world.done(world.get(world.borrower, "/notices?kind=rate_decided"), 200)["notices"]
    assert [one["path"] for one in decided] == [loan]


def test_an_end_of_the_label_waits_for_the_other_party(world: World) -> None:
    chain = active(world)
    path = f"/facilities/{chain.facility_id}/declassification"
    body = {"effective_on": "2026-08-01", "reason": "the talks came to nothing"}
    proposal = world.done(world.post(world.lender, path, body))
    asked = waiting(world, world.borrower, "declassification")

    world.done(world.post(world.borrower, f"{path}/{proposal['id']}/approval", {"digest": proposal["digest"]}), 200)

    loan = f"/loans/{chain.facility_id}"
    assert (asked, waiting(world, world.borrower, "declassification")) == ([(loan, True)], [(loan, False)])
    assert waiting(world, world.lender, "declassification") == []


def test_an_adjustment_waits_for_the_other_side(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)
    redetermined(world, chain, first_decision(world, chain))
    body = {"tranche_id": "A", "through": "2026-12-31"}
    asked = world.done(world.post(world.borrower, f"/facilities/{chain.facility_id}/adjustments", body))
    told = waiting(world, world.lender, "adjustment")

    world.done(world.post(world.lender, f"/adjustments/{asked['id']}/agreement", {"digest": asked["digest"]}), 200)

    page = f"/bank/facilities/{chain.facility_id}"
    assert (told, waiting(world, world.lender, "adjustment")) == ([(page, True)], [(page, False)])
    assert waiting(world, world.borrower, "adjustment") == []


def test_a_signing_key_waits_for_a_colleague_and_no_more_once_approved(world: World) -> None:
    colleague = world.colleague_of(world.assessor)

    world.register_key()

    assert waiting(world, colleague, "signing_key") == [("/signing-keys", False)]
    assert waiting(world, world.assessor, "signing_key") == []
