"""An application on each database, and two organisations with keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.auth.issue import issue_key
from api.auth.principal import Scope
from api.deps import unit_of_work, uuid7
from api.store import access
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.probes import Failures, failures, probes
from tests.four_eyes import let_act_alone


@dataclass(frozen=True)
class Member:
    """A person with a key that carries every scope given."""

    organisation_id: UUID
    user_id: UUID
    key_id: UUID
    key: str


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def randomness() -> Randomness:
    return Randomness()


@pytest.fixture
def broken() -> Iterator[Failures]:
    """How the probe fails; reset afterwards."""
    failures.left, failures.begun = 0, 0
    yield failures
    failures.left, failures.begun, failures.error = 0, 0, RuntimeError


@pytest.fixture
def app(database: Database, clock: Clock, randomness: Randomness) -> FastAPI:
    return create_app(database, clock=clock, random_source=randomness, more_routes=(probes,))


@pytest.fixture
def borrower(database: Database, clock: Clock, randomness: Randomness) -> Member:
    scopes = (Scope.ADMIN, Scope.LEDGER_READ, Scope.LEDGER_WRITE)
    return member(database, clock, randomness, OrganisationKind.BORROWER, "Example Aluminium", scopes)


@pytest.fixture
def lender(database: Database, clock: Clock, randomness: Randomness) -> Member:
    scopes = (Scope.ADMIN, Scope.DETERMINATION_APPROVE)
    return member(database, clock, randomness, OrganisationKind.LENDER, "Example Bank", scopes)


@pytest.fixture
def client(app: FastAPI, borrower: Member) -> Iterator[Client]:
    with Client(app, borrower.key) as calling:
        yield calling


def member(
    database: Database,
    clock: Clock,
    randomness: Randomness,
    kind: OrganisationKind,
    name: str,
    scopes: tuple[Scope, ...],
    *,
    acts_alone: bool = True,
) -> Member:
    with unit_of_work(database) as session:
        organisation = access.add_organisation(
            session, organisation_id=uuid7(clock(), randomness), kind=kind, legal_name=name, now=clock()
        )
        if acts_alone:
            let_act_alone(session, organisation.organisation_id)
        user = access.add_user(
            session,
            user_id=uuid7(clock(), randomness),
            organisation_id=organisation.organisation_id,
            email=f"first@{kind}.example",
            name="First Person",
            now=clock(),
        )
        issued = issue_key(
            session,
            organisation_id=organisation.organisation_id,
            user_id=user.user_id,
            scopes=frozenset(scopes),
            days=30,
            now=clock(),
            new_id=lambda: uuid7(clock(), randomness),
            random_bytes=randomness,
        )
    return Member(
        organisation_id=organisation.organisation_id,
        user_id=user.user_id,
        key_id=issued.key.key_id,
        key=issued.text,
    )
