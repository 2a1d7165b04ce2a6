"""Whoever may decide is told that something waits, and it ends once it was decided: each mechanism of two persons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.auth.request_notices import end_lapsed
from api.pages.base.declaring import declared_pages
from api.proposing import LIFE
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import Treasury, done, entry_id
from tests.api.people import Member, colleague_of, member, person
from tests.api.test_market_four_eyes import CSV, HEADER, NOTICE, YEAR_2027, close, quote
from tests.api.two_persons import house_of

SCOPES = (
    Scope.LEDGER_READ,
    Scope.LEDGER_WRITE,
    Scope.LEDGER_CLOSE,
    Scope.MARKET_WRITE,
    Scope.MARKET_APPROVE,
    Scope.COMPLIANCE_READ,
    Scope.COMPLIANCE_WRITE,
    Scope.COMPLIANCE_APPROVE,
    Scope.ACCOUNTING_WRITE,
    Scope.ACCOUNTING_APPROVE,
)
MONTH = "2026-10"


@dataclass(frozen=True)
class House:
    """Two persons of one client, each of whom may propose and decide."""

    first: Treasury
    second: Member

    def post(self, path: str, body: object) -> Any:
        return done(self.first.client.post(f"/v1{path}", json.dumps(body)))

    def decide(self, path: str, body: object) -> httpx.Response:
        return self.first.client.post(f"/v1{path}", json.dumps(body), key=self.second.key)

    def told(self, *, key: str | None = None) -> list[dict[str, Any]]:
        """Return what the second person is told of, the oldest first."""
        listed = done(self.first.client.get("/v1/notices?kind=approval_waits", key=key or self.second.key))
        return sorted(listed["notices"], key=lambda one: int(one["number"]))

    def open_kinds(self) -> list[str]:
        return [one["subject_kind"] for one in self.told() if one["ended_at"] is None]


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    owner = member(database, clock, randomness, OrganisationKind.BORROWER, "First Smelter", SCOPES)
    second = colleague_of(database, clock, randomness, owner, "second@borrower.example", SCOPES)
    with Client(app, owner.key) as client:
        first = Treasury(client, owner)
        done(first.open_book())
        allowance = {"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "opened_on": "2026-01-01"}
        done(first.post("/instruments", allowance))
        yield House(first, second)


def leads_to_a_page(notice: dict[str, Any]) -> bool:
    path = notice["path"].partition("?")[0]
    return any(re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", each.declared.path), path) for each in declared_pages())


def upload(house: House) -> Any:
    return done(house.first.client.post("/v1/observation-uploads", HEADER + close("97.40"), headers=CSV))


def test_a_file_of_prices_tells_the_other_person_and_not_its_maker(house: House) -> None:
    made = upload(house)
    (waiting,) = house.told()
    own = house.told(key=house.first.owner.key)

    done(house.decide(f"/observation-uploads/{made['upload_id']}/approve", {"sha256": made["sha256"]}))

    assert (waiting["subject_kind"], waiting["path"]) == ("price_upload", f"/prices/uploads/{made['upload_id']}")
    assert waiting["title_en"] == "Waits for approval: File of prices"
    assert waiting["title_zh"] == "待审批：价格文件"
    assert (own, house.open_kinds()) == ([], [])


def test_the_same_upload_again_tells_nobody_anew(house: House) -> None:
    upload(house)
    path = f"/v1/observation-uploads?upload_id={entry_id(5)}"

    for _ in range(2):
        done(house.first.client.post(path, HEADER + close("97.50"), headers=CSV))

    assert house.open_kinds() == ["price_upload", "price_upload"]


def test_a_calendar_year_that_is_rejected_waits_no_more(house: House) -> None:
    made = done(house.first.client.post(f"/v1/calendar-years{NOTICE}", YEAR_2027, headers=CSV))
    waiting = house.told()

    done(house.decide(f"/calendar-years/{made['proposal_id']}/reject", {"reason": "another notice"}))

    assert [(one["subject_kind"], one["path"]) for one in waiting] == [("calendar_year", "/prices/calendars")]
    assert house.open_kinds() == []


def test_a_mark_far_from_the_feed_tells_a_checker_and_then_a_third_person(
    house: House, database: Database, clock: Clock, randomness: Randomness
) -> None:
    third = colleague_of(database, clock, randomness, house.first.owner, "third@borrower.example", SCOPES)
    prices = upload(house)
    done(house.decide(f"/observation-uploads/{prices['upload_id']}/approve", {"sha256": prices["sha256"]}))
    made = done(house.first.client.post("/v1/market-marks", quote(price="150.00")))
    asked = house.open_kinds()

    path = f"/market-marks/{made['mark_id']}"
    done(house.decide(f"{path}/approve", {"sha256": made["sha256"]}))
    again = [one["subject_kind"] for one in house.told(key=third.key) if one["ended_at"] is None]
    of_checker = house.open_kinds()
    done(house.first.client.post(f"/v1{path}/second-check", json.dumps({"sha256": made["sha256"]}), key=third.key))

    assert (asked, again, of_checker) == (["mark"], ["second_mark_check"], [])
    assert all(one["ended_at"] for one in house.told(key=third.key))


def test_a_compliance_proposal_tells_the_other_person_until_it_is_refused(house: House) -> None:
    fact = {
        "proposal_id": entry_id(1),
        "dated_on": "2026-04-10",
        "sector": "aluminium",
        "prior_verified_t": "1000000",
        "allocation_t": 700_000,
    }
    made = house.post(f"/books/{house.first.book}/allocations/2025/preallocations", fact)
    made = made.get("proposal") or made
    (waiting,) = house.told()

    done(
        house.decide(
            f"/compliance-proposals/{made['proposal_id']}/refuse", {"sha256": made["sha256"], "reason": "another year"}
        )
    )

    assert waiting["path"] == f"/books/{house.first.book}/compliance-proposals/{made['proposal_id']}"
    assert "preallocation 2025" in waiting["text_en"]
    assert (waiting["subject_kind"], house.open_kinds()) == ("compliance", [])


def test_an_accounting_policy_tells_whoever_may_approve_it(house: House) -> None:
    policy = {"policy_id": entry_id(900), "effective_from": "2026-01-01"}
    made = house.post(f"/books/{house.first.book}/accounting-policies", policy)
    waiting = house.open_kinds()

    done(house.decide(f"/accounting-policies/{entry_id(900)}/approve", {"digest": made["digest"]}))

    assert (waiting, house.open_kinds()) == (["accounting_policy"], [])


def test_vouchers_tell_until_the_last_one_is_reviewed(house: House) -> None:
    book = f"/books/{house.first.book}"
    header = "trade_ref,kind,traded_on,instrument,quantity_t,price_cny_per_t,fee_cny,counterparty,venue,compliance_year,doc_ref,note"
    rows = f"{header}\nF1,fee,2026-10-08,,,,100,,,,,\nF2,fee,2026-10-09,,,,100,,,,,\n"
    done(house.first.client.post(f"/v1{book}/trades", rows.encode(), headers={"Content-Type": "text/csv"}))
    house.post(f"{book}/voucher-months/{MONTH}/number", {})
    (waiting,) = house.told()
    one, two = done(house.first.get(f"/voucher-months/{MONTH}/vouchers"))["vouchers"]

    def review(voucher: dict[str, Any]) -> None:
        body = {"vouchers": [{"number": voucher["number"], "digest": voucher["digest"]}]}
        done(house.decide(f"{book}/voucher-months/{MONTH}/review", body))

    review(one)
    halfway = house.open_kinds()
    review(two)

    assert waiting["path"] == f"{book}/vouchers?month={MONTH}"
    assert (halfway, house.open_kinds()) == (["vouchers"], [])


def test_a_month_asks_for_its_waiver_and_its_close_and_opening_it_ends_both(house: House) -> None:
    month = f"/books/{house.first.book}/month-closes/{MONTH}"
    house.post(f"{month}/close-softly", {"reason": "complete"})
    house.post(f"{month}/waive", {"item": "reconciliation", "reason": "no statement came"})
    asked = house.post(f"{month}/ask-reopening", {"reason": "a late invoice"})["steps"][-1]
    waiting = house.told()

    done(house.decide(f"{month}/reopen", {"step": asked["step"], "digest": asked["digest"], "reason": "agreed"}))

    assert [one["subject_kind"] for one in waiting] == ["close", "close_waiver", "reopening"]
    assert {one["path"] for one in waiting} == {f"/books/{house.first.book}/month-close?month={MONTH}"}
    assert house.open_kinds() == []


def test_what_is_told_leads_to_a_page_that_is_there(house: House) -> None:
    upload(house)
    house.post(f"/books/{house.first.book}/month-closes/{MONTH}/close-softly", {"reason": "complete"})
    house.post(
        f"/books/{house.first.book}/accounting-policies",
        {"policy_id": entry_id(900), "effective_from": "2026-11-01"},
    )

    assert len(house.told()) == 3
    assert all(leads_to_a_page(one) for one in house.told())


def test_a_request_for_two_tells_the_checker_until_it_ran(
    app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    with Client(app) as client:
        two = house_of(client, database, clock, randomness)
        proposal = two.propose(1, "5.00")
        (waiting,) = done(two.get("/v1/notices", who=two.checker))["notices"]
        own = done(two.get("/v1/notices"))["notices"]

        done(two.approve(proposal))

        (ended,) = done(two.get("/v1/notices", who=two.checker))["notices"]
        assert (waiting["subject_kind"], waiting["path"], own) == ("proposal", "/inbox", [])
        assert waiting["ended_at"] is None
        assert ended["ended_at"] is not None


def test_a_request_that_nobody_decided_in_time_is_told_no_more(
    app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    with Client(app) as client:
        two = house_of(client, database, clock, randomness)
        two.propose(1, "5.00")
        with database.writer() as session:
            early = end_lapsed(session, two.maker.organisation_id, now=clock())
            late = end_lapsed(session, two.maker.organisation_id, now=clock() + LIFE + timedelta(seconds=1))
            session.commit()

        (notice,) = done(two.get("/v1/notices", who=two.checker))["notices"]
        assert (early, late) == (0, 1)
        assert notice["ended_at"] is not None


def test_a_role_that_approves_tells_another_administrator(
    app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    both = (Scope.ADMIN, Scope.ACCESS_APPROVE)
    admin = member(database, clock, randomness, OrganisationKind.BORROWER, "House", both)
    second = colleague_of(database, clock, randomness, admin, "zhou@house.example", set(both))
    wu = person(database, clock, randomness, admin.organisation_id, "wu@house.example")
    with Client(app, admin.key) as client:
        ask = json.dumps({"role": "checker", "reason": "checks trades"})
        waiting = done(client.post(f"/v1/people/{wu.user_id}/role-grants", ask))
        (told,) = done(client.get("/v1/notices", key=second.key))["notices"]

        confirm = f"/v1/role-grants/{waiting['id']}/confirm"
        done(client.post(confirm, json.dumps({"sha256": waiting["sha256"]}), key=second.key))

        (ended,) = done(client.get("/v1/notices", key=second.key))["notices"]
        assert (told["subject_kind"], told["path"], told["ended_at"]) == ("role", "/people", None)
        assert ended["ended_at"] is not None
