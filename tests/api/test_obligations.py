"""What is due under the example loan, as JSON and as a calendar, and what each party sees of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from api.store.access import OrganisationKind
from tests.api.people import Member
from tests.api.test_loans_examples import World, code, world
from tests.api.test_loans_late_facts import booked, first_decision, open_book, redetermined, served, withdraw

__all__ = ["world"]
ALL = "?from=2025-01-01&to=2027-12-31"


def listed(world: World, who: Member, query: str = ALL) -> dict[str, Any]:
    (facility,) = world.done(world.get(who, f"/obligations{query}"), 200)["facilities"]
    return {each["id"]: each for each in facility["obligations"]}


def calendar(world: World, who: Member, query: str = ALL) -> str:
    answer = world.get(who, f"/obligations.ics{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return answer.content.decode()


def test_borrower_and_lender_see_every_duty_with_its_amount(world: World) -> None:
    chain = world.attested()
    duties = listed(world, world.lender)

    assert duties == listed(world, world.borrower)
    report, decision = duties["report.intensity.2025-01-01"], duties["decision.test.2025-01-01"]
    assert (report["state"], report["due_at"]) == ("done", "2026-05-30T09:00:00.000000+00:00")
    assert report["links"] == [{"name": "kpi_period_id", "id": chain.period_id}]
    # Attested on Wednesday 6 May in Shanghai; exchanges stay closed on weekends, so ten open days later it is the 20th.
    assert (decision["state"], decision["due_on"]) == ("due", "2026-05-20")
    interest = duties["interest.A.2025-12-20"]
    # 200,000,000 at 3.45 % on 90 of 360 days.
    assert interest["amount"] == {"amount": "1725000.00", "unit": "CNY"}
    assert (interest["due_on"], interest["state"]) == ("2026-03-20", "passed")
    assert duties["maturity.A.2027-12-20.MD.2"]["amount"] == {"amount": "200000000.00", "unit": "CNY"}


def test_a_book_that_keeps_the_loan_tells_what_was_paid_and_what_was_not(world: World) -> None:
    chain = world.attested()
    open_book(world)
    booked(world, chain, "2025-12-31")

    duties = listed(world, world.borrower)

    assert duties["interest.A.2025-09-20"]["state"] == "done"
    assert duties["interest.A.2025-12-20"]["state"] == "late"


def test_a_withdrawn_attestation_obliges_the_parties_to_decide_again(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)
    first = first_decision(world, chain)
    name = f"redetermination.{chain.attestation_id}.{first}"

    before = listed(world, world.lender)[name]
    world.clock.advance(seconds=5)
    redetermined(world, chain, first)
    after = listed(world, world.lender)[name]

    assert (before["state"], before["due_at"] is not None) == ("due", True)
    assert after["state"] == "done"


def test_an_assessor_sees_the_dates_of_its_engagements_and_nothing_that_is_priced(world: World) -> None:
    world.attested()

    duties = listed(world, world.assessor)
    text = world.get(world.assessor, f"/obligations{ALL}").text + calendar(world, world.assessor)

    assert set(duties) == {"report.intensity.2025-01-01", "attestation.intensity.2025-01-01"}
    assert all(each["amount"] is None for each in duties.values())
    for word in ("CNY", "interest", "decision", "margin", "1725000", "bp"):
        assert word not in text


def test_an_assessor_of_one_period_does_not_see_another_assessors(world: World) -> None:
    chain = world.attested()
    other = world.member_of(OrganisationKind.ASSESSOR, "Second Assessor")
    world.engage(chain.baseline_id, assessor_id=str(other.organisation_id))

    assert listed(world, other) == {}


@pytest.mark.parametrize("kind", list(OrganisationKind))
def test_a_stranger_sees_no_duty_at_all(world: World, kind: OrganisationKind) -> None:
    world.attested()
    stranger = world.member_of(kind, "A Stranger")

    assert world.done(world.get(stranger, "/obligations"), 200) == {"facilities": [], "next_cursor": None}
    assert "BEGIN:VEVENT" not in calendar(world, stranger)


def test_a_calendar_names_each_duty_the_same_every_time(world: World) -> None:
    chain = world.attested()
    before = calendar(world, world.lender)
    world.clock.advance(days=1)
    after = calendar(world, world.lender)

    names = [re.findall(r"UID:(\S+)", text.replace("\r\n ", "")) for text in (before, after)]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0]) == len(listed(world, world.lender))
    assert f"report.intensity.2025-01-01.{chain.facility_id}@tonne" in names[0]
    assert "DTSTART:20260530T090000Z\r\n" in before  # a deadline is an instant,
    assert "DTSTART;VALUE=DATE:20260320\r\n" in before  # a payment a day
    assert "DTSTAMP:20260505T1630" in before
    assert "DTSTAMP:20260506T1630" in after
    assert all(len(line.encode()) <= 75 for line in before.split("\r\n"))


def test_the_window_is_half_open_and_bounded(world: World) -> None:
    world.attested()

    day = listed(world, world.lender, "?from=2026-05-30&to=2026-05-31")
    none = listed(world, world.lender, "?from=2026-05-29&to=2026-05-30")

    assert set(day) == {"report.intensity.2025-01-01"}
    assert none == {}
    for window in (
        "?from=2026-05-30&to=2026-05-30",
        "?from=2020-01-01&to=2030-01-01",
        "?from=2030-01-01&to=2020-01-01",
    ):
        assert code(world.get(world.lender, f"/obligations{window}")) == (422, "obligations.window")
    assert world.get(world.lender, "/obligations?from=2026-13-01").status_code == 422


def test_facilities_are_paged_and_each_comes_once(world: World) -> None:
    world.attested()
    world.open_facility({"facility_number": "second"})
    world.open_facility({"facility_number": "third"})

    seen, cursor = [], ""
    while True:
        page = world.done(world.get(world.lender, f"/obligations?limit=1{cursor}"), 200)
        seen += [each["facility_number"] for each in page["facilities"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&after={page['next_cursor']}"

    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == 3


def test_terms_on_a_clock_that_no_data_base_of_zones_has_are_refused(world: World) -> None:
    refused = world.post(world.borrower, "/facilities", world.facility_body({"reporting.zone": "Nowhere/Land"}))

    assert code(refused) == (422, "terms.zone")
    assert refused.json()["errors"][0]["field"] == "zone"


def test_terms_that_nobody_agreed_to_oblige_nobody(world: World) -> None:
    world.done(world.post(world.borrower, "/facilities", world.facility_body()))

    (facility,) = world.done(world.get(world.lender, "/obligations"), 200)["facilities"]

    assert (facility["obligations"], facility["unknown"]) == ([], ["terms.not_agreed"])
