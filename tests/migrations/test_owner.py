"""On PostgreSQL the owner of the tables need be no superuser, and servers connect as a role that owns nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import make_url

from api.store import access
from api.store.access import OrganisationKind
from ledger.store.database import Database, open_database
from migrations import runner
from tests.conftest import admin, application_url
from tests.strategies import NOW

ORGANISATION = uuid.UUID(int=7)


@pytest.fixture
def owned(empty_url: Callable[[str], str]) -> Iterator[tuple[Database, str]]:
    """An empty database as its owner, with no right beyond it, and as a superuser's URL."""
    url, owner = empty_url("postgresql"), f"tonne_owner_{uuid.uuid4().hex[:8]}"
    admin(url, f"CREATE ROLE {owner} LOGIN PASSWORD 'example'")
    admin(url, f"ALTER DATABASE {make_url(url).database} OWNER TO {owner}")
    opened = open_database(make_url(url).set(username=owner, password="example").render_as_string(hide_password=False))
    yield opened, url
    opened.engine.dispose()
    for statement in (f"REASSIGN OWNED BY {owner} TO CURRENT_USER", f"DROP OWNED BY {owner}", f"DROP ROLE {owner}"):
        admin(url, statement)


def test_an_owner_who_is_no_superuser_brings_the_schema_up_and_down(owned: tuple[Database, str]) -> None:
    database, _ = owned

    runner.upgrade(database)
    runner.downgrade(database, "base")
    runner.upgrade(database)

    assert runner.is_current(database)


def test_a_role_made_after_the_tables_gets_its_rights_with_the_next_upgrade(owned: tuple[Database, str]) -> None:
    database, url = owned
    runner.upgrade(database)
    role = "CREATE ROLE tonne_application NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;"
    admin(url, f"DO $$ BEGIN {role} END $$")
    server = open_database(application_url(url))

    runner.upgrade(database)
    runner.upgrade(server)  # nothing is to be done, and nothing is refused

    with server.writer() as session:
        access.add_organisation(
            session, organisation_id=ORGANISATION, kind=OrganisationKind.BORROWER, legal_name="Smelter", now=NOW
        )
        session.commit()
    with server.acting_for(ORGANISATION).reader() as session:
        assert access.load_organisation(session, ORGANISATION) is not None
    server.engine.dispose()
