"""Serving a loan at each side's own page: how it stands, what was recorded and from where, and a form only for whom the API lets in."""

from __future__ import annotations

import pytest

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from tests.api.people import Member, colleague_of
from tests.api.test_loans_examples import World, code, world
from tests.api.test_loans_labels import READY, active
from tests.api.test_loans_late_facts import BOOK, first_decision, open_book, redetermined, served, withdraw
from tests.api.test_pages_base import BROWSER, CHINESE
from tests.api.test_published_rates import ON_INDEX, RATES, publish, record

__all__ = ["world"]
FLOATING = {
    **ON_INDEX,
    "tranches.0.commitment_minor": 30_000_000_000,
    "tranches.0.prepayment": READY["tranches.0.prepayment"],
}
GRID = {
    "agency": "S&P",
    "grades": [{"grade": "A", "margin_bp": "0"}, {"grade": "BBB", "margin_bp": "20"}],
    "grade_at_signing": "A",
}


def page(world: World, who: Member, path: str, *, chinese: bool = False) -> str:
    answer = world.client.get(path, key=who.key, headers=CHINESE if chinese else BROWSER)
    assert answer.status_code == 200, answer.text[-400:]
    return answer.text


def both_pages(facility_id: str, part: str) -> tuple[str, str]:
    return f"/loans/{facility_id}/{part}", f"/bank/facilities/{facility_id}/{part}"


def test_a_loan_on_an_index_shows_which_fixing_each_reset_lacks_and_which_publication_is_held(world: World) -> None:
    facility_id = world.open_facility(FLOATING)
    publish(world, world.lender, {day: rate for day, rate in RATES.items() if day != "2025-08-20"})

    before = world.done(world.get(world.lender, f"/facilities/{facility_id}/facts?on=2026-05-06"), 200)
    world.done(record(world, world.lender, facility_id))
    after = world.done(world.get(world.lender, f"/facilities/{facility_id}/facts?on=2026-05-06"), 200)
    borrowers = world.done(world.get(world.borrower, f"/facilities/{facility_id}/facts?on=2026-05-06"), 200)

    assert [each["rate"] for each in before["readings"]] == [None] * 6
    assert before["tranches"][0]["unknown"] == "fixings.index"
    held = {each["reset"]: (each["held_rate"], each["held_code"]) for each in before["readings"]}
    assert held["2026-03-20"] == ("0.0295", None)
    assert held["2025-09-20"] == (None, "published_rates.missing")
    assert [(each["reset"], each["rate"]) for each in after["readings"]][:1] == [("2026-03-20", "0.0295")]
    assert {each["held_code"] for each in borrowers["readings"]} == {"published_rates.missing"}
    assert [each["rate"] for each in borrowers["readings"]] == [each["rate"] for each in after["readings"]]
    assert "file sha256" in after["fixings"][0]["source"]


def test_the_standing_follows_what_is_recorded_of_principal(world: World) -> None:
    facility_id = world.open_facility(FLOATING)
    publish(world, world.lender, RATES)
    world.done(record(world, world.lender, facility_id))
    path = f"/facilities/{facility_id}/principal"
    world.done(
        world.post(
            world.lender, path, {"tranche_id": "A", "what": "drawdown", "on": "2026-04-01", "amount": "60000000.00"}
        )
    )
    world.done(
        world.post(
            world.borrower, path, {"tranche_id": "A", "what": "prepayment", "on": "2026-04-20", "amount": "10000000.00"}
        )
    )

    found = world.done(world.get(world.borrower, f"/facilities/{facility_id}/facts?on=2026-05-06"), 200)

    (tranche,) = found["tranches"]
    assert (tranche["outstanding"]["amount"], tranche["drawn"]["amount"]) == ("250000000.00", "260000000.00")
    assert (tranche["drawable"]["amount"], tranche["next_payment_on"]) == ("40000000.00", "2026-06-22")
    assert [(each["what"], each["on"]) for each in found["principal"]] == [
        ("prepayment", "2026-04-20"),
        ("drawdown", "2026-04-01"),
    ]
    for path in both_pages(facility_id, "servicing"):
        shown = page(world, world.lender if "/bank/" in path else world.borrower, path)
        assert '250,000,000.00 <span class="unit">' in shown or "250,000,000.00" in shown
        assert "2.95%" in shown


def test_each_side_has_the_forms_that_its_policy_allows_and_a_reader_has_none(world: World) -> None:
    facility_id = world.open_facility({**FLOATING, "tranches.0.rating_grid": GRID})
    publish(world, world.lender, RATES)
    publish(world, world.borrower, RATES)
    open_book(world)
    root = f"POST /v1/facilities/{facility_id}"
    shared = [f"{root}/{each}" for each in ("principal", "fixings", "fixings/from-published", "grades", "connections")]
    reader = world.member_of(OrganisationKind.LENDER, "Reading Bank", (Scope.LEDGER_READ,))
    own, banks = both_pages(facility_id, "servicing")

    borrowers, lenders = page(world, world.borrower, own), page(world, world.lender, banks)
    chinese = page(world, world.lender, banks, chinese=True)

    for form in shared:
        assert f'data-api="{form}"' in borrowers, form
        assert f'data-api="{form}"' in lenders, form
    assert f'data-api="{root}/entries"' in borrowers
    assert f"{root}/entries" not in lenders
    assert "基准利率取值" in chinese
    assert world.client.get(banks, key=reader.key, headers=BROWSER).status_code == 404
    assert world.client.get(own, key=world.lender.key, headers=BROWSER).status_code == 403


def test_a_viewer_of_the_bank_sees_the_facts_and_no_form(world: World) -> None:
    facility_id = world.open_facility(FLOATING)
    viewer = colleague_of(
        world.database, world.clock, world.randomness, world.lender, "viewer@bank.example", (Scope.LEDGER_READ,)
    )

    servicing, label = (page(world, viewer, both_pages(facility_id, part)[1]) for part in ("servicing", "label"))

    assert "How the loan stands" in servicing
    assert 'data-api="POST /v1/facilities' not in servicing + label
    assert "changes nothing about it" in label


def test_forms_offer_only_what_the_terms_have_a_grid_an_index_or_early_repayment(world: World) -> None:
    plain, graded = (
        world.open_facility(each) for each in ({}, {"facility_number": "B-2", "tranches.0.rating_grid": GRID})
    )
    body = {"on": "2026-07-01", "grade": "BBB", "source": "agency's notice of 2026-06-30"}
    world.done(world.post(world.lender, f"/facilities/{graded}/grades", body))

    without, within = (page(world, world.lender, both_pages(each, "servicing")[1]) for each in (plain, graded))

    assert 'id="record-grade"' not in without
    assert '<option value="prepayment"' not in without
    assert "The terms allow no early repayment." in without
    assert 'id="record-fixing"' not in without
    assert 'id="record-grade"' in within
    assert "agency&#39;s notice of 2026-06-30" in within


def test_the_borrower_books_the_loan_and_an_agreed_adjustment_once(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)
    redetermined(world, chain, first_decision(world, chain))
    path = f"/facilities/{chain.facility_id}"
    asked = world.done(world.post(world.borrower, f"{path}/adjustments", {"tranche_id": "A", "through": "2026-12-31"}))
    form = f'data-api="POST /v1/adjustments/{asked["id"]}/entry"'
    own, _ = both_pages(chain.facility_id, "servicing")

    waiting = page(world, world.borrower, own)
    world.done(world.post(world.lender, f"/adjustments/{asked['id']}/agreement", {"digest": asked["digest"]}), 200)
    agreed = page(world, world.borrower, own)
    world.done(world.post(world.borrower, f"/adjustments/{asked['id']}/entry", {"book_id": BOOK, "on": "2026-12-31"}))
    booked = page(world, world.borrower, own)
    listed = world.done(world.get(world.borrower, f"{path}/entries"), 200)["booked"]

    assert [form in each for each in (waiting, agreed, booked)] == [False, True, False]
    assert f'<option value="{BOOK}">' in agreed
    assert {each["adjustment_id"] for each in listed} == {None, asked["id"]}
    assert listed[0]["entry_id"] in booked
    assert code(world.get(world.lender, f"{path}/entries"))[0] == 403


def test_a_label_s_acts_stand_at_the_side_whose_they_are(world: World) -> None:
    chain = active(world)
    path = f"/facilities/{chain.facility_id}"
    breach = world.done(
        world.post(world.borrower, f"{path}/breaches", {"cure_by": "2026-09-01", "description": "late"})
    )
    event = {"what": "disposal", "happened_on": "2026-05-01", "description": "pot line 3 sold"}
    amendment = world.done(world.post(world.lender, f"{path}/amendment-events", event))
    cure, agree = f"{path}/breaches/{breach['id']}/cure", f"{path}/amendment-events/{amendment['id']}/agree"
    own, banks = both_pages(chain.facility_id, "label")

    borrowers, lenders = page(world, world.borrower, own), page(world, world.lender, banks)
    world.done(world.post(world.lender, agree, {"reason": "the target stays"}), 200)
    agreed = page(world, world.lender, banks), page(world, world.borrower, own)

    assert (f"POST /v1{cure}" in borrowers, f"POST /v1{cure}" in lenders) == (False, True)
    assert (f"POST /v1{agree}" in borrowers, f"POST /v1{agree}" in lenders) == (True, True)
    assert [f"POST /v1{agree}" in each for each in agreed] == [False, True]
    for act in ("breaches", "amendment-events", "label/suspension", "declassification"):
        assert f'"POST /v1{path}/{act}"' in borrowers, act


@pytest.mark.parametrize("part", ["servicing", "label"])
def test_a_foreign_loan_is_an_absent_one(world: World, part: str) -> None:
    facility_id = world.open_facility()
    stranger = world.member_of(OrganisationKind.BORROWER, "Another Smelter")
    foreign, absent = (
        world.client.get(both_pages(each, part)[0], key=stranger.key, headers=BROWSER) for each in (facility_id, BOOK)
    )

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(facility_id, BOOK) == absent.text
