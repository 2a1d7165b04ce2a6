"""The example's database, served, and a browser, once for all tests that look at pages."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from api.auth.issue import issue_key
from api.auth.principal import Scope
from api.deps import unit_of_work, utc_now, uuid7
from api.example.loading import Edge, load_example
from api.example.scenario import load_scenario
from ledger.store.database import open_database
from migrations import runner
from tests.e2e.browser import chromium, served

READS = (Scope.LEDGER_READ, Scope.COMPLIANCE_READ)


@dataclass(frozen=True)
class Demo:
    """The served example: its address, and by party a key that reads."""

    address: str
    key_by_party: Mapping[str, str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one file of tests: it keeps a loop of its own in this thread, which tests of other files must not meet."""
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
                party: issue_key(
                    session,
                    organisation_id=scenario.organisation_id(party),
                    user_id=scenario.id_of("user", party, next(iter(facts["people"]))),
                    scopes=frozenset(READS),
                    days=1,
                    now=utc_now(),
                    new_id=lambda: uuid7(utc_now(), secrets.token_bytes),
                    random_bytes=secrets.token_bytes,
                ).text
                for party, facts in scenario.facts["organisations"].items()
            }
    finally:
        database.engine.dispose()
