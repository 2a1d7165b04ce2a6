"""An application on each database, and two organisations with keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, member
from tests.api.probes import Failures, failures, probes

__all__ = ["Member", "member"]


@pytest.fixture
def is_row_security_on() -> bool:
    """Whoever serves the API connects so."""
    return True


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
    scopes = (Scope.ADMIN,)
    return member(database, clock, randomness, OrganisationKind.LENDER, "Example Bank", scopes)


@pytest.fixture
def client(app: FastAPI, borrower: Member) -> Iterator[Client]:
    with Client(app, borrower.key) as calling:
        yield calling
