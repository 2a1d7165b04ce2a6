"""The example's database, served, and a browser, once for all tests that look at pages."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from api.auth.granting import GrantTerms, grant_role
from api.auth.principal import Role
from api.deps import unit_of_work, utc_now, uuid7
from api.example.loading import Edge, load_example
from api.example.scenario import Scenario, load_scenario
from api.store import access
from api.store.access import OrganisationKind, User
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
            people = {
                party: _first_person(session, scenario, party, next(iter(facts["people"])))
                for party, facts in scenario.facts["organisations"].items()
            }
            people |= {"auditor": _auditor(session, scenario), "operator": _operator(session)}
            return {
                party: session_token(session, user, now=utc_now(), randomness=secrets.token_bytes)
                for party, user in people.items()
            }
    finally:
        database.engine.dispose()


def _auditor(session: Session, scenario: Scenario) -> User:
    """A person of an auditing firm whom the borrower lets look for a month."""
    _joined(session, OrganisationKind.AUDITOR, "Example Auditors", "auditor@audit.example")
    guest = _person(session, scenario.organisation_id("borrower"), "auditor@audit.example")
    _give(session, guest, Role.AUDITOR, days=30)
    return guest


def _operator(session: Session) -> User:
    user = _joined(session, OrganisationKind.OPERATOR, "Example Operations", "operator@tonne.example")
    _give(session, user, Role.OPERATOR)
    return user


def _joined(session: Session, kind: OrganisationKind, name: str, email: str) -> User:
    organisation = access.add_organisation(session, organisation_id=_id(), kind=kind, legal_name=name, now=utc_now())
    return _person(session, organisation.organisation_id, email)


def _person(session: Session, organisation_id: UUID, email: str) -> User:
    name = email.partition("@")[0].capitalize()
    return access.add_user(
        session, user_id=_id(), organisation_id=organisation_id, email=email, name=name, now=utc_now()
    )


def _give(session: Session, user: User, role: Role, *, days: int | None = None) -> None:
    now = utc_now()
    until_at = None if days is None else now + timedelta(days=days)
    terms = GrantTerms(role=role, from_at=now, until_at=until_at, reason="looks at every page")
    grant_role(session, user, terms, granted_by=None, now=now, new_id=_id)


def _id() -> UUID:
    return uuid7(utc_now(), secrets.token_bytes)


def _first_person(session: Session, scenario: Scenario, party: str, name: str) -> User:
    user = access.load_user(session, scenario.organisation_id(party), scenario.id_of("user", party, name))
    assert user is not None
    return user
