"""The example's database, served, and a browser, once for all tests that look at pages."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from api.deps import unit_of_work, utc_now, uuid7
from api.example.loading import Edge, load_example
from api.example.scenario import Scenario, load_scenario
from api.store import access
from api.store.access import User
from ledger.store.database import open_database
from migrations import runner
from tests.api.people import session_token
from tests.e2e.browser import MISSING, chromium, program, served


@dataclass(frozen=True)
class Demo:
    """The served example: its address, and by party the token of its first person."""

    address: str
    key_by_party: Mapping[str, str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one file of tests: it keeps a loop of its own in this thread, which tests of other files must not meet."""
    if program() is None and "CI" not in os.environ:
        pytest.skip(MISSING)
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}"
    keys = _loaded(url)
    with served(url) as address:
        yield Demo(address=address, key_by_party=keys)


def _loaded(url: str) -> Mapping[str, str]:
    scenario, database = load_scenario(), open_database(url)
    try:
        runner.upgrade(database)
        load_example(
            Edge(
                database=database,
                new_id=lambda: uuid7(utc_now(), secrets.token_bytes),
                random_bytes=secrets.token_bytes,
            ),
            scenario,
        )
        with unit_of_work(database) as session:
            return {
                party: session_token(
                    session,
                    _first_person(session, scenario, party, next(iter(facts["people"]))),
                    now=utc_now(),
                    randomness=secrets.token_bytes,
                )
                for party, facts in scenario.facts["organisations"].items()
            }
    finally:
        database.engine.dispose()


def _first_person(session: Session, scenario: Scenario, party: str, name: str) -> User:
    user = access.load_user(session, scenario.organisation_id(party), scenario.id_of("user", party, name))
    assert user is not None
    return user
