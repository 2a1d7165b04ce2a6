"""What waits for a person: from every mechanism, for those who may decide it and did not ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.app import declared_routes
from api.auth.waiting_kinds import DECIDABLE
from api.pages.base.declaring import declared_pages
from api.schemas.inbox import changes_between
from finance.conventions.approvals import WaitingKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, done
from tests.api.two_persons import House, house_of


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app) as client:
        yield house_of(client, database, clock, randomness)


def kinds(house: House, path: str = "/v1/inbox", *, by_checker: bool = True) -> list[str]:
    shown = done(house.get(path, who=house.checker if by_checker else house.maker))
    return [each["kind"] for each in shown["waiting"]]


def test_every_kind_that_waits_names_routes_that_are_there() -> None:
    def bare(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", path)

    posts = {bare(each.path) for each in declared_routes() if each.method == "POST"}

    assert set(DECIDABLE) == set(WaitingKind)
    for known in DECIDABLE.values():
        assert bare(known.approve) in posts, known.approve
        assert known.reject is None or bare(known.reject) in posts, known.reject


def test_every_kind_names_a_page_that_is_there() -> None:
    def bare(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0])

    there = {bare(each.declared.path) for each in declared_pages()}

    assert {bare(known.asked.page) for known in DECIDABLE.values() if known.asked.page} <= there


def test_a_request_waits_for_the_second_person_and_not_for_who_asked(house: House) -> None:
    proposal = house.propose(1, "5.00")

    assert kinds(house) == ["transfer.post"]
    assert kinds(house, by_checker=False) == []
    assert kinds(house, "/v1/inbox/mine", by_checker=False) == ["transfer.post"]
    assert kinds(house, "/v1/inbox/mine") == []
    (waiting,) = done(house.get("/v1/inbox", who=house.checker))["waiting"]
    assert waiting["sha256"] == proposal["sha256"]
    decided = house.client.post(waiting["approve"], f'{{"sha256": "{waiting["sha256"]}"}}', key=house.checker.key)
    assert done(decided)["state"] == "done"
    assert kinds(house) == []


def test_what_expired_waits_for_nobody(house: House) -> None:
    house.propose(1, "5.00")
    house.clock.advance(days=7)

    assert kinds(house) == []


def test_what_waits_in_a_store_of_its_own_stands_in_the_same_list(house: House) -> None:
    asker = house.person("desk@borrower.example", ("ledger:read", "trading:write", "accounting:write"))
    checker = house.person("desk-two@borrower.example", ("trading:approve", "accounting:approve", "ledger:read"))
    described = done(house.client.get("/v1/openapi.json"))
    example = described["components"]["schemas"]["PolicyIn"]["examples"][0]
    done(house.post(f"/v1/books/{BOOK}/accounting-policies", example, who=asker))

    shown = done(house.get("/v1/inbox", who=checker))["waiting"]

    assert [each["kind"] for each in shown] == ["accounting_policy"]
    assert shown[0]["asked_by"] == str(asker.user_id)
    assert {change["old"] for change in shown[0]["changes"]} == {None}
    assert done(house.get("/v1/inbox", who=asker))["waiting"] == []
    assert [each["kind"] for each in done(house.get("/v1/inbox/mine", who=asker))["waiting"]] == ["accounting_policy"]


def test_a_difference_names_each_place_with_old_and_new() -> None:
    before = '{"a": {"b": "1", "c": ["x", "y"]}, "gone": "z"}'
    after = '{"a": {"b": "2", "c": ["x"]}, "come": true}'

    told = {each.place: (each.old, each.new) for each in changes_between(before, after)}

    assert told == {"a.b": ("1", "2"), "a.c[1]": ("y", None), "gone": ("z", None), "come": (None, True)}
