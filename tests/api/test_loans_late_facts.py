"""What happens to interest already paid when a fact comes late: one adjustment, agreed by both sides, exact to the fen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from finance.loans.actus.case_text import parse_case
from finance.loans.actus.evaluation import evaluate
from finance.loans.actus.terms import Mode
from finance.loans.actus.timeline import EventType
from ledger.core.amounts import format_exact
from tests.api.test_loans_examples import Chain, World, code, world

__all__ = ["world"]
BOOK = "01939c3e-7b3a-7cc1-9a53-000000000001"


def open_book(world: World) -> None:
    body = {"book_id": BOOK, "code": "smelter", "functional_currency": "CNY"}
    world.done(world.post(world.borrower, "/books", body))
    bank = {"path": "Assets:Bank:CNY", "commodity": "CNY", "opened_on": "2024-01-01"}
    world.done(world.post(world.borrower, f"/books/{BOOK}/accounts", bank))


def booked(world: World, chain: Chain, through: str) -> list[dict[str, Any]]:
    body = {"book_id": BOOK, "through": through}
    entries = world.done(world.post(world.borrower, f"/facilities/{chain.facility_id}/entries", body))["entries"]
    return [entry for entry in entries if not entry["is_replay"]]


def served(world: World) -> Chain:
    """A loan stepped down from 20 June 2026 and served through 21 December 2026 at the lower rate."""
    chain = world.attested()
    world.approve(world.propose(chain))
    open_book(world)
    world.clock.advance(days=20)
    booked(world, chain, "2026-12-21")
    return chain


def withdraw(world: World, chain: Chain) -> None:
    body = {"reason": "a factor was misread"}
    world.done(world.post(world.assessor, f"/attestations/{chain.attestation_id}/withdraw", body), 200)


def redetermined(world: World, chain: Chain, replaces: str, cause: str = "attestation_fell") -> dict[str, Any]:
    proposal = world.propose(chain, cause=cause, replaces=replaces)
    return world.approve(proposal)


def first_decision(world: World, chain: Chain) -> str:
    found = world.done(world.get(world.lender, f"/facilities/{chain.facility_id}/determinations"), 200)
    return str(found["determinations"][0]["id"])


def test_a_withdrawn_attestation_is_clawed_back_to_the_fen_by_one_entry(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)
    redetermined(world, chain, first_decision(world, chain))
    body = {"tranche_id": "A", "through": "2026-12-31"}

    asked = world.done(world.post(world.borrower, f"/facilities/{chain.facility_id}/adjustments", body))
    early = world.post(world.borrower, f"/adjustments/{asked['id']}/entry", {"book_id": BOOK, "on": "2026-12-31"})
    agreed = world.done(
        world.post(world.lender, f"/adjustments/{asked['id']}/agreement", {"digest": asked["digest"]}), 200
    )
    entry = world.done(
        world.post(world.borrower, f"/adjustments/{asked['id']}/entry", {"book_id": BOOK, "on": "2026-12-31"})
    )
    again = world.done(
        world.post(world.borrower, f"/adjustments/{asked['id']}/entry", {"book_id": BOOK, "on": "2026-12-31"})
    )

    # 10 bp on 200,000,000 over 92 and 91 days of 360: 51,111.11 and 50,555.56, each payment rounded once.
    assert [row["change"]["amount"] for row in asked["rows"]] == ["51111.11", "50555.56"]
    assert asked["change"] == {"amount": "101666.67", "unit": "CNY"}
    assert asked["known_then_sha256"] != asked["known_now_sha256"]
    assert code(early) == (409, "adjustment.not_agreed")
    assert agreed["agreed"] == ["borrower", "lender"]
    assert (again["entry_id"], again["is_replay"]) == (entry["entry_id"], True)
    nothing = world.post(world.borrower, f"/facilities/{chain.facility_id}/adjustments", body)
    assert code(nothing) == (409, "adjustment.nothing")


def test_what_was_known_before_stays_as_it_was(world: World) -> None:
    chain = served(world)
    then = world.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    path = f"/facilities/{chain.facility_id}/schedule?known_at={then}"
    before = world.get(world.lender, path).content
    world.clock.advance(seconds=5)

    withdraw(world, chain)
    redetermined(world, chain, first_decision(world, chain))

    assert world.get(world.lender, path).content == before
    assert world.rate(chain.facility_id, "2026-07-01") == "0.0345"


def test_both_sides_agree_and_to_what_they_read(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)
    redetermined(world, chain, first_decision(world, chain))
    body = {"tranche_id": "A", "through": "2026-12-31"}

    asked = world.done(world.post(world.lender, f"/facilities/{chain.facility_id}/adjustments", body))
    colleague = world.colleague_of(world.lender)
    agreement = {"digest": asked["digest"]}

    assert code(world.post(world.lender, f"/adjustments/{asked['id']}/agreement", agreement)) == (
        403,
        "adjustment.same_person",
    )
    assert code(world.post(colleague, f"/adjustments/{asked['id']}/agreement", agreement)) == (
        409,
        "adjustment.agreed_before",
    )
    wrong = world.post(world.borrower, f"/adjustments/{asked['id']}/agreement", {"digest": "0" * 64})
    assert code(wrong) == (409, "adjustment.digest")
    pending = world.post(world.borrower, f"/facilities/{chain.facility_id}/adjustments", body)
    assert code(pending) == (409, "adjustment.pending")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_decision_that_puts_another_right_names_it(world: World) -> None:
    chain = served(world)
    path = f"/kpi-periods/{chain.period_id}/determinations"

    unnamed = world.post(world.borrower, path, {"cause": "restated"})
    other = world.post(world.borrower, path, {"cause": "restated", "replaces": BOOK})

    assert code(unnamed) == (409, "determination.replaces")
    assert code(other) == (409, "determination.replaces")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_loan_in_the_words_of_actus_gives_the_same_interest(world: World) -> None:
    chain = served(world)

    answer = world.done(world.get(world.lender, f"/facilities/{chain.facility_id}/actus"), 200)

    (tranche,) = answer["tranches"]
    case = parse_case({"identifier": "A", "terms": tranche["terms"], "to": "2028-01-01T00:00:00", "dataObserved": {}})
    theirs = [event for event in evaluate(case, Mode.ECONOMIC) if event.event_type is EventType.INTEREST_PAYMENT]
    ours = [event for event in tranche["events"] if event["eventType"] == "IP"]
    assert [event.when.day.isoformat() for event in theirs] == [event["eventDate"] for event in ours]
    # ACTUS does not round; each payment of ours is its exact payoff to the nearest fen.
    assert [format_exact(event.payoff, 2) for event in theirs] == [event["payoff"] for event in ours]
    assert "MRA" in [event["eventType"] for event in tranche["events"]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_payment_is_explained_down_to_its_sources(world: World) -> None:
    chain = world.attested()
    world.approve(world.propose(chain))
    path = f"/facilities/{chain.facility_id}/interest"

    found = world.done(world.get(world.lender, f"{path}?on=2026-07-01"), 200)
    outside = world.get(world.lender, f"{path}?on=2030-07-01")

    # 200,000,000 x 3.35 % x 92 / 360, rounded once.
    assert (found["start"], found["end"]) == ("2026-06-20", "2026-09-20")
    assert found["interest"] == {"amount": "1712222.22", "unit": "CNY"}
    assert found["explain"]["value"] == "1712222.22"
    leaves = list(leaves_of(found["explain"]))
    assert all(leaf["source"] for leaf in leaves)
    assert any(chain.attestation_id in leaf["source"] for leaf in leaves)
    assert all(leaf["label_en"] and leaf["label_zh"] for leaf in leaves)
    assert code(outside) == (422, "explain.no_interest")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_decisions_sheet_says_who_approved_it_and_what_it_rests_on(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    path = f"/determinations/{proposal['id']}/sheet"

    open_leaves = list(leaves_of(world.done(world.get(world.lender, path), 200)["explain"]))
    world.approve(proposal)
    leaves = list(leaves_of(world.done(world.get(world.lender, path), 200)["explain"]))

    assert any(chain.baseline_attestation_id in leaf["source"] for leaf in open_leaves)
    assert not any(leaf["label_en"].startswith("approved by") for leaf in open_leaves)
    assert any(leaf["label_en"].startswith("approved by") for leaf in leaves)


def leaves_of(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not tree["children"]:
        yield tree
    for child in tree["children"]:
        yield from leaves_of(child)
