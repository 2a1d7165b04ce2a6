"""A compliance year over the API: life cycle, calendar, plan and carry-over, by two persons and against the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from finance.operations.notice_conditions import look_at_conditions
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import SQLITE, Treasury, done, entry_id, refused
from tests.api.people import Member, colleague_of, member
from tests.api.test_market_prices import CSV, HEADER, SNAPSHOT, close, snapshot, upload
from tests.api.test_market_worth import COLUMNS, leaves

SCOPES = (
    Scope.LEDGER_READ,
    Scope.LEDGER_WRITE,
    Scope.MARKET_WRITE,
    Scope.COMPLIANCE_READ,
    Scope.COMPLIANCE_WRITE,
    Scope.COMPLIANCE_APPROVE,
)
DAY = "as_of=2026-11-21"
BASE = "/allocations/2025"

CARRIED = {
    "proposal_id": entry_id(30),
    "into_year": 2025,
    "requested_on": "2026-03-02",
    "into": "CEA25",
    "declared_settled": [2023, 2024],
}


@dataclass(frozen=True)
class House:
    """A treasury of two persons with a book of CEA24 and CEA25."""

    first: Treasury
    second_key: str

    def post(self, path: str, body: object) -> httpx.Response:
        return self.first.post(path, body)

    def get(self, path: str) -> Any:
        return done(self.first.get(path))

    def approve(self, proposal: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        path = f"/v1/compliance-proposals/{proposal['proposal_id']}/approve"
        return self.first.client.post(path, json.dumps({"sha256": proposal["sha256"]}), key=key or self.second_key)

    def agreed(self, path: str, body: object) -> dict[str, Any]:
        made = done(self.post(path, body))
        approved: dict[str, Any] = done(self.approve(made.get("proposal") or made))
        return approved

    def execute(self, proposal: dict[str, Any], **body: object) -> httpx.Response:
        return self.first.client.post(
            f"/v1/compliance-proposals/{proposal['proposal_id']}/execute", json.dumps(body), key=self.second_key
        )


def second(database: Database, clock: Clock, randomness: Randomness, of: Member) -> str:
    return colleague_of(database, clock, randomness, of, "second@borrower.example", SCOPES).key


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    owner = member(database, clock, randomness, OrganisationKind.BORROWER, "First Smelter", SCOPES)
    key = second(database, clock, randomness, owner)
    with Client(app, owner.key) as client:
        first = Treasury(client, owner)
        done(first.open_book())
        for code, year in (("CEA24", 2024), ("CEA25", 2025)):
            body = {"code": code, "kind": "CEA", "vintage_year": year, "opened_on": "2024-01-01"}
            done(first.post("/instruments", body))
        yield House(first, key)


def preallocation(number: int = 1, tonnes: int = 700_000) -> dict[str, object]:
    return {
        "proposal_id": entry_id(number),
        "dated_on": "2026-04-10",
        "sector": "aluminium",
        "prior_verified_t": "1000000",
        "allocation_t": tonnes,
    }


def verification(number: int = 2, emissions: str = "650000.9", **more: object) -> dict[str, object]:
    return {
        "proposal_id": entry_id(number),
        "dated_on": "2026-07-20",
        "verifier": "Example Verification",
        "doc_ref": "2025-017",
        "processes": [{"process_id": "P1", "emissions_t": emissions, "intensity": "1.60"}],
        **more,
    }


def determination(number: int = 3, of: int = 2, **more: object) -> dict[str, object]:
    return {
        "proposal_id": entry_id(number),
        "dated_on": "2026-09-18",
        "verification_id": entry_id(of),
        "balance_value": "1.60",
        "balance_source": "platform",
        **more,
    }


def settlement(number: int, day: str) -> dict[str, object]:
    return {"proposal_id": entry_id(number), "dated_on": day, "instrument": "CEA25"}


def plan(number: int = 9, **more: object) -> dict[str, object]:
    return {"proposal_id": entry_id(number), "year": 2025, "surrender_on": "2026-11-21", "basis": "book", **more}


def test_a_year_runs_from_preallocation_to_surrender(house: House) -> None:
    house.agreed(f"{BASE}/preallocations", preallocation())
    done(house.execute(house.agreed(f"{BASE}/settlements", settlement(11, "2026-04-10"))))
    house.agreed(f"{BASE}/verifications", verification())
    fact = house.agreed(f"{BASE}/determinations", determination())
    assert (fact["document"]["tonnes"], fact["document"]["due_t"]) == ("650000", "650000")
    before = house.get(f"{BASE}?{DAY}")
    assert (before["phase"], before["difference"]) == ("determined", {"amount": "-50000", "unit": "t"})

    done(house.execute(house.agreed(f"{BASE}/settlements", settlement(12, "2026-09-30"))))
    made = done(house.post("/surrender-plans", plan()))
    assert (made["covered"]["amount"], made["shortfall"]["amount"], made["penalty"]) == ("650000", "0", None)
    assert all(leaf["source"] for leaf in leaves(made["explanation"]))
    done(house.approve(made["proposal"]))
    booked = done(house.execute(made["proposal"]))

    assert booked["state"] == "executed"
    steps = {one["step"]: one for one in house.get(f"/compliance-deadlines?year=2025&{DAY}")["steps"]}
    assert {name: steps[name]["state"] for name in ("preallocation", "issue", "surrender", "report")} == {
        "preallocation": "done",
        "issue": "done",
        "surrender": "done",
        "report": "overdue",
    }
    house.agreed(
        f"{BASE}/milestones",
        {"proposal_id": entry_id(20), "step": "report", "done_on": "2026-03-30", "evidence": "receipt 42"},
    )
    steps = {one["step"]: one for one in house.get(f"/compliance-deadlines?year=2025&{DAY}")["steps"]}
    assert (steps["report"]["state"], steps["report"]["is_late"]) == ("done", False)


def test_a_shortfall_says_what_to_buy_and_what_it_would_cost(house: House) -> None:
    content = COLUMNS + "T-1,purchase,2026-01-05,CEA25,100,80.00,,,,,,\n"
    done(house.first.client.post(f"/v1/books/{house.first.book}/trades", content, headers=CSV))
    done(upload(house.first, HEADER + close("CEA25", "2026-11-20", "97.40") + close("CEA24", "2026-11-20", "80.00")))
    done(snapshot(house.first, as_of="2026-11-20"))

    path = f"/surrender-plan?year=2025&surrender_on=2026-11-21&due_t=110&snapshot_id={SNAPSHOT}"
    found = house.get(path)

    assert (found["shortfall"]["amount"], found["buy"]["amount"], found["buy_ccer_at_most"]["amount"]) == (
        "10",
        "10",
        "5",
    )
    assert found["cost"] == {"amount": "9740.00", "unit": "CNY"}
    assert found["penalty"]["low"] == {"amount": "4870.00", "unit": "CNY"}  # 5 x 97.40 x 10
    assert (found["penalty"]["high"]["amount"], found["penalty"]["base_kind"]) == ("9740.00", "provisional")
    assert (found["penalty"]["is_certain"], found["penalty"]["cut"]["amount"]) == (False, "0")
    assert found["proof"]["tonne"] == {"amount": "97.4", "unit": "CNY/t"}
    assert all(leaf["source"] for leaf in leaves(found["penalty"]["explanation"]))


def test_an_obligation_rests_on_the_approved_facts_and_names_arrears_and_the_fine(house: House) -> None:
    """2024: 500 t verified, nothing surrendered by 2025-12-31. 2025: 650,000 t due and determined, nothing issued yet."""
    before = house.first.get(f"/compliance?{DAY}&year=2025")
    old = verification(5, "500.5", processes=[{"process_id": "P1", "emissions_t": "500.5"}])
    house.agreed("/allocations/2024/verifications", {**old, "dated_on": "2025-10-01"})
    house.agreed(f"{BASE}/verifications", verification())
    house.agreed(f"{BASE}/determinations", determination(stated_t=640_000, reason="fraud cut of 10,000 t"))
    done(upload(house.first, HEADER + close("CEA25", "2026-11-20", "97.40")))
    done(snapshot(house.first, as_of="2026-11-20"))

    path = f"/compliance?as_of=2026-11-20&year=2025&snapshot_id={SNAPSHOT}&mark_instrument=CEA25"
    found = house.get(path)

    assert refused(before) == (422, "query.exclusive")
    assert (found["due"]["amount"], found["allocation"]["amount"], found["gap"]["amount"]) == (
        "650000",
        "640000",
        "10000",
    )
    assert found["fine"]["low"]["amount"] == "4870000.00"
    assert [(one["year"], one["missing"]["amount"], one["due_on"]) for one in found["arrears"]] == [
        (2024, "500", "2025-12-31")
    ]
    assert all(leaf["source"] for leaf in leaves(found["explanation"]))


def test_the_maker_cannot_approve_and_a_stale_plan_is_not_booked(house: House) -> None:
    content = COLUMNS + "T-1,purchase,2026-01-05,CEA25,100,80.00,,,,,,\n"
    done(house.first.client.post(f"/v1/books/{house.first.book}/trades", content, headers=CSV))
    made = done(house.post("/surrender-plans", plan(due_t=50)))["proposal"]

    assert refused(house.approve(made, key=house.first.client.key)) == (403, "compliance.same_person")
    assert refused(house.execute(made)) == (409, "compliance.not_approved")
    assert refused(house.approve({**made, "sha256": "0" * 64})) == (409, "compliance.digest")
    done(house.approve(made))
    sold = COLUMNS + "T-2,sale,2026-11-20,CEA25,80,90.00,,,,,,\n"
    done(house.first.client.post(f"/v1/books/{house.first.book}/trades", sold, headers=CSV))
    assert refused(house.execute(made)) == (409, "compliance.changed_since")


def test_old_tonnes_are_carried_over_lot_by_lot(house: House) -> None:
    content = COLUMNS + "T-1,opening,2024-01-05,CEA24,15000,40.00,,,,,,\n"
    done(house.first.client.post(f"/v1/books/{house.first.book}/trades", content, headers=CSV))
    query = "/carry-over?into_year=2025&declared_settled=2023,2024"
    assert house.get(query)["carryover"] == {"amount": "10000", "unit": "t"}

    approved = house.agreed("/carry-over", CARRIED)
    assert refused(house.execute(approved)) == (422, "compliance.confirmed_on")
    done(house.execute(approved, confirmed_on="2026-03-27"))

    positions = {one["account"]: one["balance"]["amount"] for one in house.get(f"/positions?{DAY}")["positions"]}
    assert (positions["Assets:Carbon:CEA24"], positions["Assets:Carbon:CEA25"]) == ("5000", "10000")


def test_the_calendar_can_be_subscribed_to(house: House) -> None:
    answer = house.first.get(f"/compliance-deadlines.ics?year=2025&sector=power&{DAY}")

    text = answer.text
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "DTSTART;VALUE=DATE:20261231" in text
    assert "DTSTART;VALUE=DATE:20260630" in text  # power is verified by then
    assert "20260731" not in text


def test_steps_that_come_near_or_are_late_are_told_until_they_are_done(house: House, database: Database) -> None:
    def look(now: datetime) -> dict[str, dict[str, Any]]:
        with database.writer() as session:
            look_at_conditions(session, house.first.owner.organisation_id, now=now)
            session.commit()
        found = done(house.first.client.get("/v1/notices?kind=report_due"))["notices"]
        return {one["title_en"]: one for one in found if one["ended_at"] is None}

    day = datetime(2026, 12, 27, 2, tzinfo=UTC)
    nothing = look(day)
    house.agreed(f"{BASE}/preallocations", preallocation())

    near = look(day)
    filed = {"proposal_id": entry_id(77), "step": "report", "done_on": "2026-03-30", "evidence": "R-1"}
    house.agreed(f"{BASE}/milestones", filed)
    after = look(day)

    assert nothing == {}
    surrender, report = near["allowances surrendered (2025)"], near["annual emission report filed (2025)"]
    assert (surrender["severity"], report["severity"]) == ("warning", "urgent")
    assert "is due on 2026-12-31, in 4 days" in surrender["text_en"]
    assert "应于2026-03-31完成，已逾期271天" in report["text_zh"]
    assert surrender["path"] == f"/books/{house.first.book}/compliance-calendar?year=2025"
    assert not any("determined" in title or "list of" in title for title in near)
    assert "annual emission report filed (2025)" not in after
    assert "allowances surrendered (2025)" in after


def test_old_views_stay_as_they_were(house: House, clock: Clock) -> None:
    house.agreed(f"{BASE}/verifications", verification())
    house.agreed(f"{BASE}/determinations", determination())
    clock.advance(hours=1)
    before = "at=2026-11-21T08:30:00Z"
    house.agreed(
        f"{BASE}/withdrawals",
        {
            "proposal_id": entry_id(4),
            "dated_on": "2026-10-01",
            "verification_id": entry_id(2),
            "reason": "wrong weight",
        },
    )

    assert house.get(f"{BASE}?{DAY}&{before}")["phase"] == "determined"
    assert house.get(f"{BASE}?{DAY}")["phase"] == "reopened"


def test_an_entity_of_processes_and_captive_units_is_computed(house: House) -> None:
    """R1: 807,500 t of the process; 791,000 t of the unit topped up to 80 % of 1,000,000 t."""
    body = {
        "year": 2024,
        "processes": [{"process_id": "P1", "emissions_t": "1789.70"}],
        "units": [
            {
                "unit_id": "U1",
                "unit_class": "coal_1",
                "electricity_mwh": "1000000",
                "heat_gj": "0",
                "load_factor": "0.7",
                "emissions_t": "1000000",
            }
        ],
    }

    found = done(house.first.client.post("/v1/entity-allocations", json.dumps(body)))

    assert (found["allocation"]["amount"], found["due"]["amount"], found["is_topped_up"]) == ("801789", "1001789", True)
    assert all(leaf["source"] for leaf in leaves(found["explanation"]))


def test_nothing_of_another_organisation_is_seen(
    house: House, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    made = done(house.post(f"{BASE}/verifications", verification()))
    stranger = member(database, clock, randomness, OrganisationKind.BORROWER, "Second Smelter", SCOPES)
    book, proposal = f"/v1/books/{house.first.book}", f"/v1/compliance-proposals/{made['proposal_id']}"
    with Client(app, stranger.key) as other:
        for path in (
            f"{book}{BASE}?{DAY}",
            f"{book}/compliance-proposals",
            f"{book}/compliance-deadlines?year=2025&{DAY}",
            f"{book}/surrender-plan?year=2025&surrender_on=2026-11-21&basis=book",
            f"{book}/carry-over?into_year=2025",
        ):
            assert refused(other.get(path)) == (404, "book.not_found"), path
        assert refused(other.get(proposal)) == (404, "compliance_proposal.not_found")
        body = json.dumps({"sha256": made["sha256"]})
        assert refused(other.post(f"{proposal}/approve", body)) == (404, "compliance_proposal.not_found")


@SQLITE
def test_bad_input_is_refused_by_name(house: House) -> None:
    for path, body, status, code in (
        (f"{BASE}/preallocations", preallocation(tonnes=700_001), 422, "allocation.preallocation"),
        (f"{BASE}/preallocations", preallocation(tonnes=-1), 422, "request.invalid"),
        ("/allocations/2024/preallocations", preallocation(), 404, "reference.missing"),
        ("/allocations/999999999999999/preallocations", preallocation(), 422, "rule.year"),
        (f"{BASE}/verifications", verification(emissions="-1"), 422, "allocation.emissions_t"),
        (f"{BASE}/verifications", verification(emissions="NaN"), 422, "request.invalid"),
        (f"{BASE}/verifications", verification(emissions="9" * 39), 422, "allocation.emissions_t"),
        (f"{BASE}/verifications", verification(processes=[]), 422, "verification.processes"),
        ("/allocations/999999999999999/verifications", verification(), 422, "compliance.year"),
        (f"{BASE}/determinations", determination(of=77), 404, "compliance_proposal.not_found"),
        (f"{BASE}/settlements", settlement(5, "2026-09-30"), 409, "allocation.no_target"),
        (f"{BASE}/milestones", {"proposal_id": entry_id(6), "step": "x", "done_on": "2026-03-30", "evidence": "e"}, 404, "deadline.none"),
        ("/surrender-plans", plan(), 409, "plan.no_duty"),
        ("/surrender-plans", plan(due_t=5), 409, "plan.empty"),
        ("/surrender-plans", plan(due_t=5, basis="economic"), 422, "plan.snapshot"),
        ("/surrender-plans", plan(due_t=10**16), 422, "json.number"),
        ("/surrender-plans", plan(due_t=-1), 422, "request.invalid"),
        ("/surrender-plans", plan(due_t=5, snapshot_id=entry_id(8)), 404, "market_snapshot.not_found"),
        ("/carry-over", {**CARRIED, "into_year": 2026}, 404, "carryover.no_rule"),
    ):  # fmt: skip
        assert refused(house.post(path, body)) == (status, code), (path, body)
    for query, status, code in (
        ("/compliance-deadlines?year=2031&as_of=2026-11-21", 404, "deadline.year_none"),
        ("/compliance-deadlines?year=2025&as_of=2026-11-21&sector=cement", 422, "query.sector"),
        ("/compliance-deadlines?year=2025&as_of=2026-11-21&days_ahead=999", 422, "query.days_ahead"),
        ("/compliance-deadlines?year=1&as_of=2026-11-21", 422, "query.year"),
        ("/surrender-plan?year=2025&surrender_on=2026-11-21&basis=cheap&due_t=1", 422, "query.basis"),
        ("/carry-over?into_year=2025&declared_settled=2023;2024", 422, "query.declared_settled"),
        ("/carry-over?into_year=2025", 409, "carryover.undeclared"),
        ("/carry-over?into_year=999999999999999", 422, "query.year"),
    ):
        assert refused(house.first.get(query)) == (status, code), query


@SQLITE
def test_a_missing_scope_is_forbidden(
    house: House, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    reader = member(database, clock, randomness, OrganisationKind.BORROWER, "Reader", (Scope.LEDGER_READ,))
    with Client(app, reader.key) as client:
        answer = client.post(f"/v1/books/{house.first.book}/surrender-plans", json.dumps(plan()))

    assert refused(answer) == (403, "auth.scope_missing")
