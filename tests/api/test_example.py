"""The example on an installation: one click away, one click out again, and nothing of anybody else's goes with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import api.example.work
from api.auth.principal import Scope
from api.deps import unit_of_work, uuid7
from api.example.loading import STEPS
from api.example.scenario import load_scenario
from api.example.work import ExampleWork
from api.pages.example import STEP_WORDS, TIE_WORDS
from api.store import access, example
from api.store.access import OrganisationKind
from api.store.example import Happening
from api.store.example_life import ExampleState, life_of
from finance.store.tables.loans import FacilityPartyRow
from ledger.core.errors import Invalid
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.example_people import BROWSER, CHINESE
from tests.api.people import Member, member, organisation


@dataclass(frozen=True)
class House:
    """An installation with its operator."""

    client: Client
    database: Database
    clock: Clock
    randomness: Randomness
    operator: Member
    work: ExampleWork

    def send(self, path: str, *, key: str | None = None) -> Any:
        return self.client.post(f"/v1{path}", key=key or self.operator.key)

    def state(self) -> Any:
        answer = self.client.get("/v1/example", key=self.operator.key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def loaded(self) -> Any:
        assert self.send("/example/loads").status_code == 201
        assert self.work.run_once()
        return self.state()

    def page(self, path: str, *, chinese: bool = False) -> str:
        answer = self.client.get(path, key=self.operator.key, headers=CHINESE if chinese else BROWSER)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def house(app: FastAPI, client: Client, database: Database, clock: Clock, randomness: Randomness) -> House:
    operator = member(database, clock, randomness, OrganisationKind.OPERATOR, "Operations", {Scope.OPERATE})
    work = ExampleWork(
        database=database, clock=clock, new_id=lambda: uuid7(clock(), randomness), random_bytes=randomness
    )
    return House(client, database, clock, randomness, operator, work)


def names(house: House) -> set[str]:
    answer = house.client.get("/v1/organisations", key=house.operator.key).json()
    return {each["legal_name"] for each in answer["organisations"]}


def people_of(house: House) -> dict[str, Any]:
    answer = house.send("/example/sign-ins")
    assert answer.status_code == 201, answer.text
    return {each["email"]: each for each in answer.json()["people"]}


def sign_in(house: House, person: Any) -> Any:
    body = {
        "email": person["email"],
        "password": person["password"],
        "totp": pyotp.TOTP(person["totp_secret"]).at(house.clock()),
        "bearer": True,
    }
    return house.client.post("/v1/sign-in", json.dumps(body))


def test_it_is_loaded_beside_the_request_and_its_people_sign_in_with_what_is_shown_once(house: House) -> None:
    assert house.state()["state"] == "absent"

    asked = house.send("/example/loads").json()
    assert (asked["state"], asked["work"]["phase"]) == ("loading", f"0/{len(STEPS)}")
    assert house.work.run_once()
    assert not house.work.run_once()

    found = house.state()
    assert (found["state"], found["work"]["left"], found["ties"]) == ("loaded", [], [])
    assert {each["is_demo"] for each in found["organisations"]} == {True}
    people = people_of(house)
    assert len(people) == found["people_without_password"] == 6
    assert people_of(house) == {}
    assert sign_in(house, people["officer@bank.example"]).status_code == 200


def test_a_loading_cut_off_goes_on_where_it_stopped(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.send("/example/loads")
    monkeypatch.setattr(api.example.loading, "_prices_approved", broken)
    with pytest.raises(RuntimeError):
        house.work.run_once()
    monkeypatch.undo()

    halfway = house.state()
    page = house.page("/example")
    assert house.work.run_once()

    assert (halfway["state"], halfway["work"]["done"]) == ("loading", list(STEPS[:4]))
    assert 'data-phase="4/11"' in page
    with house.database.reader() as session:
        life = life_of(example.list_events(session))
    assert (life.state, life.steps) == (ExampleState.LOADED, STEPS)


def broken(*_arguments: object) -> None:
    raise RuntimeError


def test_a_refusal_is_told_and_the_loading_can_be_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise Invalid("import.rows_unreadable", "prices.csv, row 2: expected a price")

    house.send("/example/loads")
    monkeypatch.setattr(api.example.loading, "_prices_proposed", refuse)
    house.work.run_once()
    monkeypatch.undo()

    failed, page = house.state(), house.page("/example")

    assert (failed["state"], failed["failure"]) == (
        "failed",
        "import.rows_unreadable: prices.csv, row 2: expected a price",
    )
    assert "prices.csv, row 2" in page
    assert house.loaded()["state"] == "loaded"


def test_removed_it_is_gone_for_everybody_and_loaded_again_it_begins_anew(house: House) -> None:
    before = names(house)
    house.loaded()
    people = people_of(house)
    token = sign_in(house, people["treasurer@beihe.example"]).json()["token"]
    first = {each["book_id"] for each in house.client.get("/v1/books", key=token).json()["books"]}

    removed = house.send("/example/removals")

    assert removed.status_code == 201, removed.text
    assert (removed.json()["state"], removed.json()["organisations"], names(house)) == ("absent", [], before)
    assert house.client.get("/v1/books", key=token).status_code == 401
    assert sign_in(house, people["officer@bank.example"]).status_code == 401
    with house.database.reader() as session:
        assert {each.legal_name for each in access.list_organisations(session)} == before
    again = house.loaded()
    treasurer = people_of(house)["treasurer@beihe.example"]
    house.clock.advance(minutes=1)
    renewed = house.client.get("/v1/books", key=sign_in(house, treasurer).json()["token"]).json()["books"]
    assert {each["legal_name"][-2:] for each in again["organisations"]} == {" 2"}
    assert len(renewed) == len(first)
    assert first.isdisjoint(each["book_id"] for each in renewed)


def test_it_stays_while_somebody_who_is_not_of_the_example_stands_in_it(house: House) -> None:
    house.loaded()
    scenario = load_scenario()
    with unit_of_work(house.database) as session:
        access.add_user(
            session,
            user_id=uuid7(house.clock(), house.randomness),
            organisation_id=scenario.organisation_id("lender"),
            email="wang@real-bank.example",
            name="Wang",
            now=house.clock(),
        )

    refused = house.send("/example/removals")

    assert (refused.status_code, refused.json()["code"]) == (409, "example.tied")
    assert "wang@real-bank.example" in refused.json()["detail"]
    assert house.state()["ties"] == [{"kind": "person", "name": "wang@real-bank.example"}]
    assert "wang@real-bank.example" in house.page("/example")
    assert house.state()["state"] == "loaded"


def test_it_stays_while_a_loan_has_a_party_that_is_not_the_examples(house: House) -> None:
    house.loaded()
    bank = organisation(house.database, house.clock, house.randomness, OrganisationKind.LENDER, "A Real Bank")
    scenario = load_scenario()
    with house.database.writer() as session:
        session.add(
            FacilityPartyRow(
                facility_id=scenario.id_of("facility"),
                organisation_id=bank.organisation_id,
                role="agent",
                recorded_at=house.clock(),
            )
        )
        session.commit()

    refused = house.send("/example/removals")

    assert refused.json()["code"] == "example.tied"
    assert scenario.facts["terms"]["facility_number"] in refused.json()["detail"]


def test_only_the_operator_asks(house: House, borrower: Member) -> None:
    assert house.client.get("/v1/example", key=borrower.key).status_code == 403
    assert house.send("/example/loads", key=borrower.key).status_code == 403
    assert house.send("/example/removals", key=borrower.key).status_code == 403
    assert house.send("/example/sign-ins", key=borrower.key).status_code == 403


def test_what_is_not_there_is_neither_removed_nor_signed_in_for(house: House) -> None:
    assert house.send("/example/removals").json()["code"] == "example.state"
    assert house.send("/example/sign-ins").json()["code"] == "example.not_loaded"


def test_the_operators_first_page_leads_to_it_and_every_state_is_a_page_in_both_languages(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'href="/example"' in house.page("/")
    assert "POST /v1/example/loads" in house.page("/example")
    house.send("/example/loads")
    assert "data-import" in house.page("/example", chinese=True)
    assert house.work.run_once()
    assert "POST /v1/example/sign-ins" in house.page("/example")
    assert "POST /v1/example/removals" in house.page("/example", chinese=True)


def test_every_step_and_tie_has_its_words() -> None:
    assert tuple(STEP_WORDS) == STEPS
    assert set(TIE_WORDS) == {"person", "loan", "mandate"}


CHANGES: dict[str, Callable[[Database], str]] = {
    "an event is changed": lambda _: "UPDATE example_event SET what = 'removed'",
    "an event is deleted": lambda _: "DELETE FROM example_event",
    "an event leaves a gap": lambda _: (
        "INSERT INTO example_event SELECT 9, what, step, detail, happened_at, by_user_id FROM example_event"
    ),
    "a real organisation ends": lambda _: (
        "INSERT INTO organisation_end SELECT organisation_id, created_at FROM organisation WHERE is_demo = 0"
    ),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_the_database_itself_refuses(database: Database, clock: Clock, borrower: Member, change: str) -> None:
    with unit_of_work(database) as session:
        example.add_event(session, Happening.ASKED, now=clock())

    with database.writer() as session, pytest.raises(DBAPIError):
        session.execute(text(CHANGES[change](database)))
