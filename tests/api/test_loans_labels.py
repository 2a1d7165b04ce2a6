"""The label over HTTP: checklist, waiver, activation, pause, breach, talks, declassification; two times; who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.store.access import OrganisationKind
from tests.api.people import Member
from tests.api.test_loans_examples import Chain, World, code, world

__all__ = ["world"]

READY: Mapping[str, Any] = {
    "label.principles_version": "SLLP-2023",
    "reporting.report_due_days": 120,
    "tranches.0.prepayment": {
        "untested": "reference_last",
        "effect": "none",
        "fee_bp": None,
        "penalty_kind": "none",
        "penalty": None,
    },
}
WHY = {"reason": "minute 14"}


def label(world: World, facility_id: str, query: str = "", who: Member | None = None) -> dict[str, Any]:
    return world.done(world.get(who or world.lender, f"/facilities/{facility_id}/label{query}"), 200)


def checklist(world: World, facility_id: str) -> dict[str, Any]:
    return world.done(world.get(world.lender, f"/facilities/{facility_id}/checklist"), 200)


def active(world: World, rendezvous_days: int = 90) -> Chain:
    chain = world.attested({**READY, "label.rendezvous_days": rendezvous_days})
    world.clock.advance(seconds=1)
    world.done(world.post(world.lender, f"/facilities/{chain.facility_id}/label/activation", WHY))
    world.clock.advance(seconds=1)
    return chain


def lower(world: World, chain: Chain) -> None:
    """The report came after its 120 days: a first decision finds it late, a second one counts it as delivered."""
    world.approve(world.propose(chain))
    world.clock.advance(seconds=1)
    world.approve(world.propose(chain, cause="delivered_late"))


def declassify(world: World, facility_id: str, on: str) -> dict[str, Any]:
    body = {"effective_on": on, "reason": "the talks came to nothing"}
    proposal = world.done(world.post(world.lender, f"/facilities/{facility_id}/declassification", body))
    path = f"/facilities/{facility_id}/declassification/{proposal['id']}/approval"
    return world.done(world.post(world.borrower, path, {"digest": proposal["digest"]}), 200)


def test_a_loan_is_called_linked_once_its_checklist_blocks_nothing(world: World) -> None:
    chain = world.attested(READY)
    before = label(world, chain.facility_id)

    found = checklist(world, chain.facility_id)
    after = world.done(world.post(world.lender, f"/facilities/{chain.facility_id}/label/activation", WHY))

    assert (found["blocking"], len(found["findings"])) == ([], 35)
    assert (before["state"], before["may_be_called_sll"]) == ("conventional", False)
    assert (after["at"], after["state"], after["may_be_called_sll"]) == ("2026-05-06", "active_sll", True)
    assert not label(world, chain.facility_id, "?at=2026-05-05")["may_be_called_sll"]


def test_an_open_block_stops_the_activation_and_is_not_waived(world: World) -> None:
    chain = world.attested({**READY, "tranches.0.prepayment": None})

    found = checklist(world, chain.facility_id)
    stopped = world.post(world.lender, f"/facilities/{chain.facility_id}/label/activation", WHY)
    body = {"terms_version": 1, "reason": "no matter"}
    waived = world.post(world.lender, f"/facilities/{chain.facility_id}/checklist/C34/waiver", body)

    assert found["blocking"] == ["C34"]
    assert code(stopped) == (409, "checklist.blocked")
    assert code(waived) == (409, "waiver.block")


def test_an_unattested_base_blocks(world: World) -> None:
    facility_id = world.open_facility(READY)

    assert checklist(world, facility_id)["blocking"] == ["C10"]


def test_a_waiver_keeps_its_reason_and_signatory_and_stands_once(world: World) -> None:
    chain = world.attested(READY)
    path = f"/facilities/{chain.facility_id}/checklist/C17/waiver"
    body = {"terms_version": 1, "reason": "club deal"}

    found = world.done(world.post(world.lender, path, body))
    again = world.post(world.lender, path, body)
    stale = world.post(world.lender, path, {**body, "terms_version": 2})

    (row,) = [each for each in found["findings"] if each["rule"] == "C17"]
    assert (row["result"], row["severity"], row["waiver"]["reason"]) == ("failed", "warn", "club deal")
    assert row["waiver"]["organisation_id"] == str(world.lender.organisation_id)
    assert code(again) == (409, "waiver.exists")
    assert code(stale) == (409, "waiver.terms_version")


def test_a_rule_that_is_not_there_is_not_waived(world: World) -> None:
    facility_id = world.open_facility(READY)
    body = {"terms_version": 1, "reason": "club deal"}

    found = [
        code(world.post(world.lender, f"/facilities/{facility_id}/checklist/{rule}/waiver", body))[0]
        for rule in ("C99", "C1", "x")
    ]

    assert found == [422, 422, 422]


def test_a_suspension_rests_the_clauses_and_another_party_resumes(world: World) -> None:
    chain = active(world)
    lower(world, chain)
    lowered = world.rate(chain.facility_id, "2026-06-20")
    world.clock.advance(days=20)
    path = f"/facilities/{chain.facility_id}/label"

    world.done(world.post(world.lender, f"{path}/suspension", {"on": "2026-05-20", **WHY}))
    own = world.post(world.lender, f"{path}/resumption", WHY)
    rested = world.rate(chain.facility_id, "2026-06-26")
    world.clock.advance(days=1)
    resumed = world.done(world.post(world.borrower, f"{path}/resumption", WHY))

    assert (lowered, rested) == ("0.0335", "0.0345")
    assert code(own) == (403, "label.four_eyes")
    assert [each["state"] for each in resumed["intervals"]] == ["conventional", "active_sll", "suspended", "active_sll"]
    assert world.rate(chain.facility_id, "2026-07-20") == "0.0335"
    receipts = world.done(world.get(world.lender, f"/facilities/{chain.facility_id}/receipts"), 200)["receipts"]
    assert [each["receipt"]["event"] for each in receipts][-2:] == ["suspended", "resumed"]


def test_what_has_no_label_is_not_suspended_and_no_day_to_come(world: World) -> None:
    facility_id = world.open_facility(READY)
    path = f"/facilities/{facility_id}/label/suspension"

    conventional = world.post(world.lender, path, {"on": "2026-05-06", **WHY})
    tomorrow = world.post(world.lender, path, {"on": "2026-05-07", **WHY})

    assert code(conventional) == (409, "label.transition")
    assert code(tomorrow) == (409, "label.on")


def test_declassification_takes_two_parties_and_stops_the_price_on_its_day(world: World) -> None:
    chain = active(world)
    lower(world, chain)
    path = f"/facilities/{chain.facility_id}/declassification"
    body = {"effective_on": "2026-08-01", "reason": "the talks came to nothing"}

    proposal = world.done(world.post(world.lender, path, body))
    approval = f"{path}/{proposal['id']}/approval"
    own = world.post(world.lender, approval, {"digest": proposal["digest"]})
    colleague = world.post(world.colleague_of(world.lender), approval, {"digest": proposal["digest"]})
    wrong = world.post(world.borrower, approval, {"digest": "0" * 64})
    second = world.post(world.borrower, path, body)
    decided = world.done(world.post(world.borrower, approval, {"digest": proposal["digest"]}), 200)

    assert proposal["decided_on"] is None
    assert [code(each) for each in (own, colleague)] == [(403, "declassification.four_eyes")] * 2
    assert code(wrong) == (409, "declassification.digest")
    assert code(second) == (409, "declassification.pending")
    assert decided["decided_on"] == "2026-08-01"
    assert [world.rate(chain.facility_id, day) for day in ("2026-07-31", "2026-08-01")] == ["0.0335", "0.0345"]
    assert label(world, chain.facility_id, "?at=2026-07-31")["may_be_called_sll"]
    assert label(world, chain.facility_id, "?at=2026-08-01")["state"] == "declassified"


def test_after_the_end_no_activation_and_no_second_end(world: World) -> None:
    chain = active(world)
    declassify(world, chain.facility_id, "2026-05-07")
    world.clock.advance(days=2)

    again = world.post(world.lender, f"/facilities/{chain.facility_id}/label/activation", WHY)
    twice = world.post(
        world.lender,
        f"/facilities/{chain.facility_id}/declassification",
        {"effective_on": "2026-06-01", "reason": "again"},
    )

    assert code(again) == (409, "label.transition")
    assert code(twice) == (409, "declassification.ended")


def test_a_label_does_not_end_before_its_proposal_or_outside_the_loan(world: World) -> None:
    chain = active(world)
    path = f"/facilities/{chain.facility_id}/declassification"

    found = [
        code(world.post(world.lender, path, {"effective_on": day, "reason": "x"}))
        for day in ("2026-05-05", "2027-12-20")
    ]

    assert found == [(422, "declassification.effective_on")] * 2


def test_a_breach_stands_beside_the_label_until_a_lender_finds_it_cured(world: World) -> None:
    chain = world.attested(READY)
    path = f"/facilities/{chain.facility_id}"
    body = {"cure_by": "2026-05-20", "description": "certificate of 2025 not delivered"}

    breach = world.done(world.post(world.lender, f"{path}/breaches", body))
    stopped = world.post(world.lender, f"{path}/label/activation", WHY)
    world.clock.advance(days=20)
    shown = label(world, chain.facility_id)
    by_borrower = world.post(world.borrower, f"{path}/breaches/{breach['id']}/cure", WHY)
    cured = world.done(world.post(world.lender, f"{path}/breaches/{breach['id']}/cure", WHY), 200)
    twice = world.post(world.lender, f"{path}/breaches/{breach['id']}/cure", WHY)

    assert breach["state"] == "open"
    assert code(stopped) == (409, "label.troubled")
    assert (shown["breaches"][0]["state"], shown["is_declassification_due"]) == ("continuing", True)
    assert by_borrower.status_code == 403
    assert (cured["state"], cured["cured_on"]) == ("cured", "2026-05-26")
    assert code(twice) == (409, "breach.cured")


def test_talks_that_expire_make_declassification_due_and_nobody_agrees_afterwards(world: World) -> None:
    chain = active(world, rendezvous_days=20)
    path = f"/facilities/{chain.facility_id}/amendment-events"
    body = {"what": "disposal", "happened_on": "2026-04-20", "description": "pot line 3 sold"}

    event = world.done(world.post(world.borrower, path, body))
    world.done(world.post(world.borrower, f"{path}/{event['id']}/agree", WHY), 200)
    world.clock.advance(days=21)
    late = world.post(world.lender, f"{path}/{event['id']}/agree", WHY)
    shown = label(world, chain.facility_id)

    assert (event["state"], event["is_notice_late"], event["talks_end_on"]) == ("notified", True, "2026-05-26")
    assert code(late) == (409, "amendment.expired")
    assert (shown["amendments"][0]["state"], shown["is_declassification_due"]) == ("expired", True)
    assert {"C24", "C25"} <= set(checklist(world, chain.facility_id)["blocking"])


def test_talks_that_borrower_and_lenders_conclude_in_time_are_agreed(world: World) -> None:
    chain = active(world, rendezvous_days=20)
    path = f"/facilities/{chain.facility_id}/amendment-events"
    body = {"what": "method_change", "happened_on": "2026-05-06", "description": "final guideline in force"}

    event = world.done(world.post(world.borrower, path, body))
    world.done(world.post(world.borrower, f"{path}/{event['id']}/agree", WHY), 200)
    twice = world.post(world.borrower, f"{path}/{event['id']}/agree", WHY)
    agreed = world.done(world.post(world.lender, f"{path}/{event['id']}/agree", WHY), 200)
    world.clock.advance(days=25)

    assert code(twice) == (409, "amendment.agreed_before")
    assert agreed["state"] == "agreed"
    assert not label(world, chain.facility_id)["is_declassification_due"]


def test_what_was_known_before_stays_as_it_was_shown(world: World) -> None:
    chain = active(world)
    then = world.clock.now.isoformat().replace("+00:00", "Z")
    shown = label(world, chain.facility_id, f"?at=2026-06-01&known_at={then}")
    world.clock.advance(days=20)

    world.done(
        world.post(world.lender, f"/facilities/{chain.facility_id}/label/suspension", {"on": "2026-05-20", **WHY})
    )

    assert shown["state"] == "active_sll"
    assert label(world, chain.facility_id, f"?at=2026-06-01&known_at={then}") == shown
    assert label(world, chain.facility_id, "?at=2026-06-01")["state"] == "suspended"


def test_nothing_about_a_label_moves_before_the_terms_are_agreed(world: World) -> None:
    opened = world.done(world.post(world.borrower, "/facilities", world.facility_body(READY)))

    answer = world.post(
        world.lender,
        f"/facilities/{opened['id']}/amendment-events",
        {"what": "merger", "happened_on": "2026-05-01", "description": "merged"},
    )

    assert code(answer) == (409, "label.not_agreed")
    assert label(world, opened["id"])["intervals"] == []


def test_an_assessor_and_a_stranger_see_no_label(world: World) -> None:
    chain = world.attested(READY)
    stranger = world.member_of(OrganisationKind.LENDER, "Other Bank")

    found = [
        world.get(who, f"/facilities/{chain.facility_id}/{what}").status_code
        for who in (world.assessor, stranger)
        for what in ("label", "checklist")
    ]

    assert found == [403, 403, 404, 404]


@pytest.mark.parametrize("path", ["breaches/{0}/cure", "amendment-events/{0}/agree"])
def test_what_was_never_recorded_is_not_found(world: World, path: str) -> None:
    facility_id = world.open_facility(READY)

    answer = world.post(world.lender, f"/facilities/{facility_id}/{path.format(facility_id)}", WHY)

    assert answer.status_code == 404


@pytest.mark.parametrize("table", ["label_event", "checklist_waiver"])
def test_facts_about_a_label_are_never_changed(world: World, table: str) -> None:
    chain = active(world)
    world.done(
        world.post(
            world.lender,
            f"/facilities/{chain.facility_id}/checklist/C17/waiver",
            {"terms_version": 1, "reason": "club deal"},
        )
    )
    is_sqlite = world.database.is_sqlite
    last = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" if is_sqlite else f"TRUNCATE {table} CASCADE"

    for statement in (f"UPDATE {table} SET facility_id = facility_id", f"DELETE FROM {table}", last):
        with world.database.writer() as session, pytest.raises(DBAPIError, match=r"append_only|permission denied"):
            session.execute(text(statement))
