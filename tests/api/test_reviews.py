"""What a lender's persons say about a reported period or a proposal, and how the borrower answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from api.store.access import OrganisationKind
from tests.api.people import Member
from tests.api.test_loans_examples import Chain, World, code, world

__all__ = ["world"]
TWO_PERSONS = {"reporting.approvals": 2}


def digest_of(world: World, chain: Chain) -> str:
    period = world.done(world.get(world.lender, f"/kpi-periods/{chain.period_id}"), 200)
    return str(period["snapshot_sha256"])


def said(world: World, chain: Chain, who: Member, what: str, sha256: str | None = None) -> httpx.Response:
    body = {"what": what, "sha256": sha256 or digest_of(world, chain), "reason": f"{what}, because"}
    return world.post(who, f"/kpi-periods/{chain.period_id}/reviews", body)


def standing(world: World, path: str, who: Member | None = None) -> dict[str, Any]:
    return world.done(world.get(who or world.lender, f"{path}/reviews"), 200)


def test_a_period_is_accepted_by_as_many_persons_as_the_terms_ask(world: World) -> None:
    chain = world.attested(TWO_PERSONS)
    path = f"/kpi-periods/{chain.period_id}"

    world.done(said(world, chain, world.lender, "accepted"))
    after_one = standing(world, path)
    again = said(world, chain, world.lender, "accepted")
    world.done(said(world, chain, world.colleague_of(world.lender), "accepted"))
    after_two = standing(world, path)

    assert (after_one["persons_needed"], len(after_one["accepted_by"]), after_one["is_accepted"]) == (2, 1, False)
    assert code(again) == (409, "review.given_before")
    assert (len(after_two["accepted_by"]), after_two["is_accepted"]) == (2, True)


def test_a_query_waits_for_the_borrowers_answer_and_both_stay(world: World) -> None:
    chain = world.attested()
    path = f"/kpi-periods/{chain.period_id}"
    query = world.done(said(world, chain, world.lender, "queried"))
    waiting = standing(world, path)
    world.clock.advance(seconds=60)

    answered = world.done(world.post(world.borrower, f"/reviews/{query['id']}/answer", {"reason": "the meter"}))
    twice = world.post(world.borrower, f"/reviews/{query['id']}/answer", {"reason": "again"})
    to_an_answer = world.post(world.borrower, f"/reviews/{answered['id']}/answer", {"reason": "again"})
    after = standing(world, path, world.borrower)

    assert waiting["open_queries"] == [query["id"]]
    assert (answered["answers"], answered["what"]) == (query["id"], "answered")
    assert answered["user_id"] == str(world.borrower.user_id)
    assert answered["recorded_at"] > query["recorded_at"]
    assert code(twice) == (409, "review.answered_before")
    assert code(to_an_answer) == (409, "review.no_query")
    assert after["open_queries"] == []
    assert [each["what"] for each in after["reviews"]] == ["queried", "answered"]


def test_a_refusal_contests_an_attested_period(world: World) -> None:
    chain = world.attested()

    world.done(said(world, chain, world.lender, "refused"))

    period = world.done(world.get(world.lender, f"/kpi-periods/{chain.period_id}"), 200)
    assert period["state"] == "disputed"
    assert standing(world, f"/kpi-periods/{chain.period_id}")["is_refused"]


def test_a_review_binds_to_the_data_that_was_read(world: World) -> None:
    chain = world.attested()

    answer = said(world, chain, world.lender, "accepted", "0" * 64)

    assert code(answer) == (409, "review.digest")


def test_what_is_not_reported_yet_cannot_be_reviewed(world: World) -> None:
    world.upload_example()
    facility_id = world.open_facility()
    period_id = world.open_period(facility_id, 2025, "test")
    body = {"what": "accepted", "sha256": "0" * 64, "reason": "early"}

    answer = world.post(world.lender, f"/kpi-periods/{period_id}/reviews", body)

    assert code(answer) == (409, "review.nothing_reported")


def test_a_proposal_is_queried_but_decided_by_its_own_routes(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    path = f"/determinations/{proposal['id']}"
    body = {"digest": proposal["digest"], "reason": "why June?"}

    query = world.done(world.post(world.lender, f"{path}/reviews", body))
    other = world.post(world.lender, f"{path}/reviews", {**body, "digest": "0" * 64})
    world.approve(proposal)
    late = world.post(world.lender, f"{path}/reviews", body)

    assert standing(world, path)["open_queries"] == [query["id"]]
    assert code(other) == (409, "review.digest")
    assert code(late) == (409, "review.decided")


def test_a_decision_takes_two_different_persons_where_the_terms_ask_for_two(world: World) -> None:
    proposal = world.propose(world.attested(TWO_PERSONS))
    path, body = f"/determinations/{proposal['id']}/approve", {"digest": proposal["digest"]}

    first = world.done(world.post(world.lender, path, body), 200)
    same = world.post(world.lender, path, body)
    second = world.done(world.post(world.colleague_of(world.lender), path, body), 200)

    assert first["decision"] is None
    assert code(same) == (409, "determination.approved_before")
    assert second["decision"]["verdict"] == "approved"


def test_the_other_side_cannot_speak_for_this_one(world: World) -> None:
    chain = world.attested()
    query = world.done(said(world, chain, world.lender, "queried"))

    assert code(said(world, chain, world.borrower, "accepted")) == (403, "auth.organisation_kind")
    own = world.post(world.lender, f"/reviews/{query['id']}/answer", {"reason": "myself"})
    assert code(own) == (403, "auth.organisation_kind")


@pytest.mark.parametrize("kind", [OrganisationKind.BORROWER, OrganisationKind.LENDER])
def test_a_stranger_gets_what_an_absent_review_gets(world: World, kind: OrganisationKind) -> None:
    chain = world.attested()
    query = world.done(said(world, chain, world.lender, "queried"))
    stranger = world.member_of(kind, "A Stranger")
    absent = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"

    listed = [world.get(stranger, f"/kpi-periods/{each}/reviews") for each in (chain.period_id, absent)]
    answered = [world.post(stranger, f"/reviews/{each}/answer", {"reason": "x"}) for each in (query["id"], absent)]

    assert listed[0].json() == listed[1].json()
    assert listed[0].status_code == 404
    assert (answered[0].status_code, answered[0].json()) == (answered[1].status_code, answered[1].json())


def test_an_engaged_assessor_reads_no_reviews(world: World) -> None:
    chain = world.attested()
    world.done(said(world, chain, world.lender, "queried"))

    assert code(world.get(world.assessor, f"/kpi-periods/{chain.period_id}/reviews")) == (403, "auth.organisation_kind")


def test_reviews_are_paged_in_order_and_a_cursor_of_another_list_is_refused(world: World) -> None:
    chain = world.attested()
    for _ in range(3):
        world.done(said(world, chain, world.lender, "queried"))
    path = f"/kpi-periods/{chain.period_id}/reviews"

    first = world.done(world.get(world.lender, f"{path}?limit=2"), 200)
    second = world.done(world.get(world.lender, f"{path}?limit=2&after={first['next_cursor']}"), 200)
    other = world.get(world.lender, f"/kpi-periods/{chain.baseline_id}/reviews?after={first['next_cursor']}")

    assert [each["number"] for each in (*first["reviews"], *second["reviews"])] == [1, 2, 3]
    assert second["next_cursor"] is None
    assert code(other) == (422, "cursor.format")
