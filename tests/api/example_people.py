"""The example on each database, loaded once for a file of tests, with a key for every party to it and for a stranger."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.auth.principal import Scope
from api.deps import uuid7
from api.example.loading import Edge, load_example
from api.example.scenario import Scenario, load_scenario
from api.store import access
from api.store.access import OrganisationKind
from ledger.store.database import open_database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, member, proof
from tests.conftest import migrated

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN,zh;q=0.9"}
STRANGER = (Scope.ADMIN, Scope.LEDGER_READ, Scope.COMPLIANCE_READ)


@dataclass(frozen=True)
class Example:
    """The example behind an application; ``keys`` are by party, and ``stranger`` is of a group that has nothing to do with it."""

    client: Client
    scenario: Scenario
    keys: Mapping[str, str]
    stranger: Member

    def key_of(self, who: str) -> str:
        return self.stranger.key if who == "stranger" else self.keys[who]

    def get(self, path: str, who: str = "borrower") -> Any:
        answer = self.client.get(f"/v1{path}", key=self.key_of(who))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, path: str, who: str = "borrower") -> httpx.Response:
        return self.client.get(f"/v1{path}", key=self.key_of(who))

    def page(self, path: str, who: str = "borrower", *, chinese: bool = False) -> httpx.Response:
        return self.client.get(path, key=self.key_of(who), headers=CHINESE if chinese else BROWSER)


@contextmanager
def example_on(
    engine: str,
    request: pytest.FixtureRequest,
    factory: pytest.TempPathFactory,
    scopes: tuple[Scope, ...] = STRANGER,
) -> Iterator[Example]:
    """Give the example on ``engine``, every party's key with ``scopes``."""
    clock, randomness, scenario = Clock(), Randomness(), load_scenario()
    with migrated(engine, request, factory) as url:
        database = open_database(url)
        edge = Edge(database=database, new_id=lambda: uuid7(clock(), randomness), random_bytes=secrets.token_bytes)
        load_example(edge, scenario)
        keys = {}
        for party, facts in scenario.facts["organisations"].items():
            with database.reader() as session:
                named = scenario.id_of("user", party, next(iter(facts["people"])))
                user = access.load_user(session, scenario.organisation_id(party), named)
            assert user is not None
            asked = [each for each in scopes if party != "assessor" or each is not Scope.COMPLIANCE_READ]
            keys[party] = proof(database, clock, randomness, user, asked).key
        stranger = member(database, clock, randomness, OrganisationKind.BORROWER, "Another Smelter", scopes)
        with Client(create_app(database, clock=clock, random_source=randomness)) as client:
            yield Example(client=client, scenario=scenario, keys=keys, stranger=stranger)
        database.engine.dispose()
