"""Pages of a compliance year: each shows what the API answers, to whom the API answers it, in both languages."""

from __future__ import annotations

import json
import re

import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.pages.base.formats import amount
from api.schemas.amounts import AmountOut
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member, member
from tests.api.ledger_calls import BOOK, done, entry_id
from tests.api.test_compliance_years import BASE, House, determination, house, plan, preallocation, verification
from tests.api.test_market_prices import CSV
from tests.api.test_market_worth import COLUMNS
from tests.api.test_pages_base import BROWSER, CHINESE

__all__ = ["house"]

PATHS = ("compliance", "allocation", "surrender-plan", "carry-over", "compliance-proposals", "compliance-calendar")


@pytest.fixture
def stranger(database: Database, clock: Clock, randomness: Randomness) -> Member:
    scopes = (Scope.LEDGER_READ, Scope.COMPLIANCE_READ)
    return member(database, clock, randomness, OrganisationKind.BORROWER, "Other Smelter", scopes)


@pytest.fixture
def bank(database: Database, clock: Clock, randomness: Randomness) -> Member:
    return member(database, clock, randomness, OrganisationKind.LENDER, "Bank", (Scope.DETERMINATION_APPROVE,))


def shown(house: House, path: str, *, headers: dict[str, str] = BROWSER, key: str | None = None) -> str:
    answer = house.first.client.get(path, headers=headers, key=key)
    assert answer.status_code == 200, answer.text
    return answer.text


def held(house: House, tonnes: int) -> None:
    content = COLUMNS + f"T-1,purchase,2026-01-05,CEA25,{tonnes},80.00,,,,,,\n"
    done(house.first.client.post(f"/v1/books/{house.first.book}/trades", content, headers=CSV))


@pytest.mark.parametrize("path", PATHS)
def test_each_page_is_shown_in_both_languages(house: House, path: str) -> None:
    english, chinese = (shown(house, f"/books/{BOOK}/{path}", headers=each) for each in (BROWSER, CHINESE))

    assert '<html lang="en"' in english
    assert '<html lang="zh-CN"' in chinese
    assert "履约" in chinese


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_and_an_absent_book_look_the_same(house: House, stranger: Member, path: str) -> None:
    foreign, absent = (
        house.first.client.get(f"/books/{book}/{path}", headers=BROWSER, key=stranger.key)
        for book in (BOOK, entry_id(999))
    )

    assert foreign.status_code == absent.status_code == 404
    assert foreign.content.replace(BOOK.encode(), b"") == absent.content.replace(entry_id(999).encode(), b"")


@pytest.mark.parametrize("path", PATHS)
def test_a_bank_opens_none_of_them(house: House, bank: Member, path: str) -> None:
    answer = house.first.client.get(f"/books/{BOOK}/{path}", headers=BROWSER, key=bank.key)

    assert answer.status_code == 403


def test_the_year_shows_the_obligation_that_the_api_answers(house: House) -> None:
    house.agreed(f"{BASE}/preallocations", preallocation())
    house.agreed(f"{BASE}/verifications", verification())
    house.agreed(f"{BASE}/determinations", determination())
    held(house, 1_000)

    page = shown(house, f"/books/{BOOK}/compliance?year=2025&as_of=2026-11-21")
    answer = house.get("/compliance?year=2025&as_of=2026-11-21")

    for name in ("due", "allocation", "eligible_held", "gap"):
        assert f">{amount(AmountOut(**answer[name])).partition('>')[2]}" in page
    assert 'data-opens="why-obligation"' in page


def test_a_year_without_facts_says_what_to_do(house: House) -> None:
    page = shown(house, f"/books/{BOOK}/compliance?year=2025")

    assert "Plan the surrender" in page
    assert "Upload activity" in page
    assert 'class="refused"' not in page


def test_a_range_that_is_none_is_refused_in_its_place(house: House) -> None:
    page = shown(house, f"/books/{BOOK}/compliance?year=2025&balance_value_to=1.7")

    assert "query.together" in page


def test_the_plan_shows_the_lots_and_offers_to_propose_exactly_them(house: House) -> None:
    held(house, 100)

    path = "surrender_on=2026-11-21&basis=book&year=2025&due_t=60"
    page = shown(house, f"/books/{BOOK}/surrender-plan?{path}")
    answer = house.get(f"/surrender-plan?{path}")

    assert answer["lines"][0]["lot_id"] in page
    assert f'data-api="POST /v1/books/{BOOK}/surrender-plans"' in page
    assert "&#34;due_t&#34;: 60" in page


def test_the_plan_without_a_duty_says_where_to_give_it(house: House) -> None:
    page = shown(house, f"/books/{BOOK}/surrender-plan?year=2025")

    assert "How many tonnes are due?" in page
    assert 'class="refused"' not in page
    assert "record the verification first" in page


def test_a_proposal_shows_its_maker_no_approval_and_the_second_person_the_digest(house: House) -> None:
    held(house, 100)
    made = done(house.post("/surrender-plans", plan(due_t=50)))["proposal"]
    path = f"/books/{BOOK}/compliance-proposals/{made['proposal_id']}"

    mine, theirs = shown(house, path), shown(house, path, key=house.second_key)

    assert "/approve" not in mine
    assert "Take it back" in mine
    assert f"/v1/compliance-proposals/{made['proposal_id']}/approve" in theirs
    assert theirs.count(made["sha256"]) >= 2


def test_an_executed_plan_is_shown_as_booked_and_surrendered(house: House) -> None:
    held(house, 100)
    made = done(house.post("/surrender-plans", plan(due_t=50)))["proposal"]
    done(house.approve(made))
    booked = done(house.execute(made))

    page = shown(house, f"/books/{BOOK}/compliance-proposals/{made['proposal_id']}")
    rest = shown(house, f"/books/{BOOK}/surrender-plan?year=2025&surrender_on=2026-11-21&due_t=60")

    assert f"entries {', '.join(map(str, booked['entry_seqs']))} of the book" in page
    assert "60 t due, 50 t surrendered" in rest


def test_a_proposal_is_not_shown_under_another_book_or_to_another_house(house: House, stranger: Member) -> None:
    held(house, 100)
    made = done(house.post("/surrender-plans", plan(due_t=50)))["proposal"]
    body = {"book_id": entry_id(77), "code": "second", "functional_currency": "CNY"}
    done(house.first.client.post("/v1/books", json.dumps(body)))

    beside = house.first.client.get(
        f"/books/{entry_id(77)}/compliance-proposals/{made['proposal_id']}", headers=BROWSER
    )
    foreign, absent = (
        house.first.client.get(f"/books/{BOOK}/compliance-proposals/{each}", headers=BROWSER, key=stranger.key)
        for each in (made["proposal_id"], entry_id(998))
    )

    assert beside.status_code == foreign.status_code == absent.status_code == 404
    assert re.sub(r"[0-9a-f-]{36}", "", foreign.text) == re.sub(r"[0-9a-f-]{36}", "", absent.text)


def test_a_reader_without_the_right_to_write_sees_no_form_that_sends(
    house: House, database: Database, clock: Clock, randomness: Randomness, app: FastAPI
) -> None:
    viewer = member(
        database, clock, randomness, OrganisationKind.BORROWER, "Viewer", (Scope.LEDGER_READ, Scope.LEDGER_WRITE)
    )
    with Client(app, viewer.key) as client:
        body = {"book_id": entry_id(78), "code": "own", "functional_currency": "CNY"}
        done(client.post("/v1/books", json.dumps(body)))
        page = client.get(f"/books/{entry_id(78)}/allocation", headers=BROWSER)

    assert page.status_code == 200
    assert "/preallocations" not in page.text


def test_the_calendar_shows_every_step_with_its_source(house: House) -> None:
    page = shown(house, f"/books/{BOOK}/compliance-calendar?year=2025&as_of=2026-11-21")
    answer = house.get("/compliance-deadlines?year=2025&as_of=2026-11-21")

    assert all(step["label_en"] in page for step in answer["steps"])
    assert page.count('class="why-dialog"') == len(answer["steps"])
    assert "compliance-deadlines.ics" in page


def sent_to(page: str) -> set[str]:
    """Return the facts of the allocation that the page has a form for."""
    return set(re.findall(rf'data-api="POST /v1/books/{BOOK}/allocations/2025/([a-z-]+)"', page))


def test_the_allocation_page_has_the_forms_of_the_step_at_hand_and_no_other(house: House) -> None:
    path = f"/books/{BOOK}/allocation?year=2025"
    start = sent_to(shown(house, path))
    house.agreed(f"{BASE}/preallocations", preallocation())
    preallocated = sent_to(shown(house, path))
    house.agreed(f"{BASE}/verifications", verification())
    verified = sent_to(shown(house, path))
    house.agreed(f"{BASE}/determinations", determination())
    house.agreed(
        f"{BASE}/objections",
        {
            "proposal_id": entry_id(40),
            "against": entry_id(3),
            "notified_on": "2026-09-18",
            "raised_on": "2026-09-21",
            "reason": "the output of line 2 is missing",
        },
    )
    objected = sent_to(shown(house, path))

    assert start == {"preallocations", "verifications", "milestones"}
    assert preallocated == start | {"settlements", "objections"}
    assert verified == preallocated - {"preallocations"} | {"determinations", "withdrawals"}
    assert objected == verified | {"objection-answers"}


def test_the_procedure_stands_with_its_deadlines_and_what_is_done_leads_to_its_fact(house: House) -> None:
    house.agreed(f"{BASE}/preallocations", preallocation())

    page = shown(house, f"/books/{BOOK}/allocation?year=2025")
    steps = house.get("/compliance-deadlines?year=2025&as_of=2026-11-21")["steps"]

    assert all(step["label_en"] in page for step in steps)
    assert f'<a href="/books/{BOOK}/compliance-proposals/{entry_id(1)}">10 Apr 2026</a>' in page
    assert 'href="#record-verifications"' in page
    assert "/compliance-deadlines.xlsx" in page


def test_what_waits_for_a_second_person_is_said_beside_its_form(house: House) -> None:
    made = done(house.post(f"{BASE}/preallocations", preallocation()))

    page = shown(house, f"/books/{BOOK}/allocation?year=2025")

    assert page.index("record-preallocations") < page.index(f"compliance-proposals/{made['proposal_id']}")
