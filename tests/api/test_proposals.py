"""Requests that wait for a second person: kept, tried, approved by another, run exactly as sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.deps import unit_of_work
from api.store import access
from ledger.core.errors import Conflict
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, done, entry_id, refused
from tests.api.two_persons import House, house_of


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app) as client:
        yield house_of(client, database, clock, randomness)


def test_a_transfer_waits_and_moves_nothing(house: House) -> None:
    answered = house.post("/v1/transfers", house.transfer(1, "5.00"))

    assert answered.status_code == 202
    told = answered.json()
    assert (told["state"], told["action"], told["effect_status"]) == ("waiting", "transfer.post", 201)
    assert told["effect"]["out_of"]["entry_id"] == entry_id(1)
    assert house.sizes() == [0, 0]


def test_another_person_approves_and_it_is_run_exactly_as_it_was_sent(house: House) -> None:
    proposal = house.propose(1, "5.00")

    decided = done(house.approve(proposal))

    assert (decided["state"], decided["outcome"]["status"]) == ("done", 201)
    assert decided["outcome"]["decided_by"] == str(house.checker.user_id)
    assert house.sizes() == [1, 1]
    entry = done(house.get(f"/v1/books/{BOOK}/entries/1"))
    assert entry["recorded_by"] == str(house.maker.user_id)


def test_who_asked_cannot_approve_by_any_key_of_theirs(house: House) -> None:
    proposal = house.propose(1, "5.00")
    second_key = house.key_of(house.maker, house.CHECKS)

    assert refused(house.approve(proposal, who=house.maker)) == (403, "auth.scope_missing")
    assert refused(house.approve(proposal, who=second_key)) == (403, "proposal.same_person")
    assert house.sizes() == [0, 0]


def test_a_second_account_of_the_same_mailbox_cannot_be(house: House) -> None:
    house.person("third@borrower.example", house.CHECKS)

    with pytest.raises(Conflict, match="mailbox"):
        house.person("third+two@borrower.example", house.CHECKS)


def test_an_approval_of_another_digest_is_refused(house: House) -> None:
    proposal = house.propose(1, "5.00")
    other = house.propose(2, "6.00")

    assert refused(house.approve(proposal, sha256=other["sha256"])) == (409, "proposal.digest")
    assert refused(house.approve(proposal, sha256="00" * 32)) == (409, "proposal.digest")
    assert house.sizes() == [0, 0]


def test_two_approvals_execute_once(house: House) -> None:
    proposal = house.propose(1, "5.00")
    third = house.person("third@borrower.example", house.CHECKS)
    done(house.approve(proposal))

    again = done(house.approve(proposal))

    assert again["state"] == "done"
    assert refused(house.approve(proposal, who=third)) == (409, "proposal.decided")
    assert house.sizes() == [1, 1]


def test_two_approvals_at_once_execute_once(house: House) -> None:
    proposal = house.propose(1, "5.00")

    answers = house.approve_together(proposal, 4)

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert house.sizes() == [1, 1]


def test_a_rejected_or_withdrawn_proposal_is_never_run(house: House) -> None:
    rejected, withdrawn = house.propose(1, "5.00"), house.propose(2, "6.00")

    assert done(house.reject(rejected))["state"] == "rejected"
    assert done(house.withdraw(withdrawn))["state"] == "withdrawn"

    assert refused(house.approve(rejected)) == (409, "proposal.decided")
    assert refused(house.approve(withdrawn)) == (409, "proposal.decided")
    assert house.sizes() == [0, 0]


def test_only_who_asked_withdraws(house: House) -> None:
    proposal = house.propose(1, "5.00")

    assert refused(house.withdraw(proposal, who=house.checker)) == (403, "proposal.not_yours")


def test_a_proposal_expires_after_seven_days(house: House) -> None:
    proposal = house.propose(1, "5.00")
    house.clock.advance(days=7)

    assert refused(house.approve(proposal)) == (409, "proposal.expired")
    assert done(house.get(f"/v1/proposals/{proposal['proposal_id']}"))["state"] == "expired"


def test_a_proposer_whose_key_was_revoked_asks_in_vain(house: House) -> None:
    proposal = house.propose(1, "5.00")
    with unit_of_work(house.database) as session:
        access.revoke_key(session, house.maker.api_key_id, now=house.clock())

    assert refused(house.approve(proposal)) == (409, "proposal.proposer_gone")


def test_an_approver_without_the_scope_is_refused(house: House) -> None:
    proposal = house.propose(1, "5.00")
    reader = house.person("reader@borrower.example", ("ledger:read", "admin"))

    assert refused(house.approve(proposal, who=reader)) == (403, "auth.scope_missing")


def test_a_proposal_is_not_seen_by_whom_it_does_not_concern(house: House, lender: Any) -> None:
    proposal = house.propose(1, "5.00")
    reader = house.person("reader@borrower.example", ("ledger:read",))

    for stranger in (reader, lender):
        shown = house.get(f"/v1/proposals/{proposal['proposal_id']}", who=stranger)
        assert refused(shown) == (404, "proposal.not_found")
        assert done(house.get("/v1/proposals", who=stranger))["proposals"] == []


def test_what_would_be_refused_is_refused_at_once_and_not_recorded(house: House) -> None:
    body = house.transfer(1, "5.00")
    body["into"]["legs"][0]["account"] = "Assets:Cash:Elsewhere"

    assert house.post("/v1/transfers", body).status_code in {404, 409}
    assert done(house.get("/v1/proposals"))["proposals"] == []


def test_a_refusal_at_the_approval_leaves_the_proposal_waiting(house: House) -> None:
    first, second = house.propose(1, "5.00"), house.propose(1, "6.00")
    done(house.approve(first))

    assert house.approve(second).status_code == 409
    assert done(house.get(f"/v1/proposals/{second['proposal_id']}"))["state"] == "waiting"


def test_the_same_key_gives_the_same_proposal(house: House) -> None:
    body = house.transfer(1, "5.00")
    headers = {"Idempotency-Key": "one"}

    first = house.post("/v1/transfers", body, headers=headers)
    again = house.post("/v1/transfers", body, headers=headers)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert len(done(house.get("/v1/proposals"))["proposals"]) == 1


def test_below_a_limit_of_the_day_one_person_does_it_alone_and_splitting_does_not_help(house: House) -> None:
    house.set_rule(action="transfer.post", requirement="above", most_cny="10.00")

    sent = [house.post("/v1/transfers", house.transfer(number, "4.00")).status_code for number in (1, 2, 3)]
    assert sent == [201, 201, 202]

    house.clock.advance(days=1)
    assert house.post("/v1/transfers", house.transfer(4, "10.00")).status_code == 201
    assert house.post("/v1/transfers", house.transfer(5, "0.01")).status_code == 202


def test_a_rule_changes_only_with_two_persons_and_only_where_it_makes_sense(house: House) -> None:
    never = {"action": "transfer.post", "requirement": "never", "reason": "trusted"}

    asked = house.post("/v1/four-eyes-rules", never)
    assert asked.status_code == 202
    assert house.post("/v1/transfers", house.transfer(1, "5.00")).status_code == 202
    done(house.approve(asked.json()))
    assert house.post("/v1/transfers", house.transfer(2, "5.00")).status_code == 201

    for wrong, code in (
        ({**never, "action": "four_eyes.rule"}, "four_eyes.fixed"),
        ({**never, "action": "nothing"}, "four_eyes.action"),
        ({**never, "requirement": "above"}, "four_eyes.limits_unneeded"),
        ({**never, "most_cny": "1.00"}, "four_eyes.limits_unneeded"),
        ({**never, "requirement": "above", "most_cny": "-1.00"}, "four_eyes.limits"),
        ({**never, "action": "kpi.report", "requirement": "above", "most_cny": "1.00"}, "four_eyes.not_weighed"),
    ):
        assert refused(house.post("/v1/four-eyes-rules", wrong)) == (422, code)


def test_entries_are_posted_alone_until_a_rule_says_otherwise(house: House) -> None:
    assert house.post(f"/v1/books/{BOOK}/entries", house.entry(1)).status_code == 201

    house.set_rule(action="ledger.entry", requirement="always")

    waiting = house.post(f"/v1/books/{BOOK}/entries", house.entry(2))
    assert waiting.status_code == 202
    assert house.sizes()[0] == 1
    assert done(house.approve(waiting.json()))["outcome"]["answer"]["seq"] == 2


def test_the_database_refuses_one_person_for_two_a_second_decision_and_a_late_one(house: House) -> None:
    proposal = house.propose(1, "5.00")
    insert = (
        "INSERT INTO request_decision (organisation_id, proposal_id, verdict, proposed_by, sha256, decided_by, reason, status,"
        " answer, decided_at) SELECT organisation_id, proposal_id, 'approved', proposed_by, {sha}, {by}, '', 200, '{{}}', {at}"
        " FROM request_proposal"
    )
    other = f"(SELECT user_id FROM user_account WHERE email = '{house.checker_email}')"
    for sha, by, at in (
        ("sha256", "proposed_by", "proposed_at"),
        (f"'{'0' * 64}'", other, "proposed_at"),
        ("sha256", other, "expires_at"),
    ):
        with pytest.raises(DBAPIError), unit_of_work(house.database) as session:
            session.execute(text(insert.format(sha=sha, by=by, at=at)))
    done(house.approve(proposal))
    for change in (
        insert.format(sha="sha256", by=other, at="proposed_at"),
        "UPDATE request_decision SET reason = 'x'",
        "DELETE FROM request_proposal",
        "UPDATE four_eyes_rule SET requirement = 'never'",
        "DELETE FROM audit_row",
    ):
        if "four_eyes_rule" in change:
            house.set_rule(action="kpi.report", requirement="always")
        with pytest.raises(DBAPIError), unit_of_work(house.database) as session:
            session.execute(text(change))


def test_hostile_bodies_are_refused(house: House) -> None:
    proposal = house.propose(1, "5.00")
    path = f"/v1/proposals/{proposal['proposal_id']}/approve"

    for body in (
        "{}",
        '{"sha256": 1}',
        '{"sha256": "XYZ"}',
        '{"sha256": null}',
        "[]",
        '{"sha256": "' + "a" * 10_000 + '"}',
    ):
        assert house.client.post(path, body, key=house.checker.key).status_code in {400, 422}
    assert house.client.post(
        "/v1/proposals/x/approve", json.dumps({"sha256": "0" * 64}), key=house.checker.key
    ).status_code in {404, 422}
