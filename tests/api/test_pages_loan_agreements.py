"""What both sides of a loan agree on, at each side's own page: a button only for who has yet to agree, bound to the digest shown."""

from __future__ import annotations

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


def pages_of(chain: Chain, bank: str) -> tuple[str, str]:
    return f"/loans/{chain.facility_id}", f"/bank/facilities/{chain.facility_id}/{bank}"


def test_an_adjustment_is_agreed_to_by_the_side_that_did_not_propose_it(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)
    redetermined(world, chain, first_decision(world, chain))
    body = {"tranche_id": "A", "through": "2026-12-31"}
    asked = world.done(world.post(world.borrower, f"/facilities/{chain.facility_id}/adjustments", body))
    own, banks = pages_of(chain, "schedule")
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
    own, banks = pages_of(chain, "label")
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
    assert "标识终止" in borrowers
