"""What both sides of a loan agree on, at each side's own page: a button only for who has yet to agree, bound to the digest shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from tests.api.people import Member
from tests.api.test_loans_examples import Chain, World, world
from tests.api.test_loans_labels import active
from tests.api.test_loans_late_facts import first_decision, redetermined, served, withdraw
from tests.api.test_pages_base import BROWSER, CHINESE

__all__ = ["world"]


def page(world: World, who: Member, path: str, *, chinese: bool = False) -> str:
    answer = world.client.get(path, key=who.key, headers=CHINESE if chinese else BROWSER)
    assert answer.status_code == 200, answer.text[-400:]
    return answer.text


def pages_of(chain: Chain, own: str, bank: str) -> tuple[str, str]:
    return f"/loans/{chain.facility_id}/{own}", f"/bank/facilities/{chain.facility_id}/{bank}"


def test_an_adjustment_is_agreed_to_by_the_side_that_did_not_propose_it(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)
    redetermined(world, chain, first_decision(world, chain))
    body = {"tranche_id": "A", "through": "2026-12-31"}
    asked = world.done(world.post(world.borrower, f"/facilities/{chain.facility_id}/adjustments", body))
    own, banks = pages_of(chain, "servicing", "schedule")
    button = f"POST /v1/adjustments/{asked['id']}/agreement"

    before = (page(world, world.borrower, own), page(world, world.lender, banks))
    world.done(world.post(world.lender, f"/adjustments/{asked['id']}/agreement", {"digest": asked["digest"]}), 200)
    after = (page(world, world.borrower, own), page(world, world.lender, banks, chinese=True))

    assert [button in each for each in before] == [False, True]
    assert asked["digest"] in before[1]
    assert [button in each for each in after] == [False, False]
    assert "agreed by both" in after[0]
    assert "双方已同意" in after[1]


def test_an_end_of_the_label_is_proposed_on_either_page_and_approved_on_the_other(world: World) -> None:
    chain = active(world)
    own, banks = pages_of(chain, "label", "label")
    path = f"/facilities/{chain.facility_id}/declassification"
    form = f"POST /v1{path}"
    offered = [f'"{form}"' in page(world, *each) for each in ((world.borrower, own), (world.lender, banks))]

    body = {"effective_on": "2026-08-01", "reason": "the talks came to nothing"}
    proposal = world.done(world.post(world.lender, path, body))

    button = f"{form}/{proposal['id']}/approval"
    borrowers, lenders = page(world, world.borrower, own, chinese=True), page(world, world.lender, banks)
    assert offered == [True, True]
    assert (button in borrowers, button in lenders) == (True, False)
    assert proposal["digest"] in borrowers
    assert "批准终止标签" in borrowers


def test_what_waits_in_a_loan_names_it_leads_each_side_to_its_own_page_and_is_approved_as_sent(world: World) -> None:
    chain = active(world)
    path = f"/facilities/{chain.facility_id}/declassification"
    by_the_bank = world.done(world.post(world.lender, path, {"effective_on": "2026-08-01", "reason": "no talks left"}))
    (asked,) = of_kind(world, world.borrower, "declassification")

    shown = page(world, world.borrower, "/inbox")
    approved = world.done(world.post(world.borrower, asked["approve"].removeprefix("/v1"), asked["approve_body"]), 200)

    assert asked["subject"] == "兴银滨借字2024第001号 2026-08-01"
    assert (asked["page"], asked["sha256"]) == (f"/loans/{chain.facility_id}/label", by_the_bank["digest"])
    assert "兴银滨借字2024第001号 2026-08-01" in shown
    assert approved["decided_on"] == "2026-08-01"
    assert of_kind(world, world.borrower, "declassification") == []


def test_a_lender_is_led_to_the_bank_s_page_of_the_loan(world: World) -> None:
    chain = active(world)
    body = {"effective_on": "2026-08-01", "reason": "the plant is sold"}
    world.done(world.post(world.borrower, f"/facilities/{chain.facility_id}/declassification", body))

    (asked,) = of_kind(world, world.lender, "declassification")
    shown = page(world, world.lender, "/inbox")

    assert asked["page"] == f"/bank/facilities/{chain.facility_id}/label"
    assert f'href="{asked["page"]}"' in shown
    assert "兴银滨借字2024第001号 2026-08-01" in shown


def of_kind(world: World, who: Member, kind: str) -> list[dict[str, Any]]:
    waiting = world.done(world.get(who, "/inbox"), 200)["waiting"]
    return [each for each in waiting if each["kind"] == kind]


def test_a_kpi_value_stands_with_its_unit(world: World) -> None:
    chain = world.attested()

    shown = page(world, world.borrower, f"/kpi-periods/{chain.period_id}")

    assert '<dd>8.1636 <span class="unit">tCO2e/t</span></dd>' in shown


def test_the_loans_of_an_organisation_name_their_parties_in_as_many_reads_for_one_as_for_three(world: World) -> None:
    def reads() -> tuple[int, list[dict[str, Any]]]:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            seen.append(statement)

        event.listen(world.database.engine, "before_cursor_execute", note)
        lines = world.done(world.get(world.lender, "/facilities"), 200)["facilities"]
        event.remove(world.database.engine, "before_cursor_execute", note)
        return len(seen), lines

    world.open_facility()
    one, _ = reads()
    for number in ("B-2", "B-3"):
        world.open_facility({"facility_number": number})
    three, lines = reads()

    assert one == three
    assert [[(each["role"], each["legal_name"]) for each in line["parties"]] for line in lines] == [
        [("borrower", "Qingshi Aluminium"), ("lender", "Industrial Bank")]
    ] * 3
