"""On the day of the upgrade everyone with a key that works gets the roles that its scopes come from, and nobody else any."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from api.auth.principal import Role
from api.auth.roles import scopes_of
from api.store import role_grants
from api.store.access import OrganisationKind
from ledger.store.database import Database, UtcDateTime, UuidKey, open_database
from migrations import runner
from tests.conftest import ENGINES

BEFORE = "0021_proposals"
THEN = datetime(2026, 3, 1, tzinfo=UTC)

ORGANISATION = sa.table(
    "organisation",
    sa.column("organisation_id", UuidKey()),
    sa.column("kind"),
    sa.column("legal_name"),
    sa.column("name_skeleton"),
    sa.column("created_at", UtcDateTime()),
)
USER = sa.table(
    "user_account",
    sa.column("user_id", UuidKey()),
    sa.column("organisation_id", UuidKey()),
    sa.column("email"),
    sa.column("name"),
    sa.column("created_at", UtcDateTime()),
)
KEY = sa.table(
    "api_key",
    sa.column("key_id", UuidKey()),
    sa.column("key_prefix"),
    sa.column("organisation_id", UuidKey()),
    sa.column("user_id", UuidKey()),
    sa.column("scopes"),
    sa.column("secret_sha256", sa.LargeBinary()),
    sa.column("created_at", UtcDateTime()),
    sa.column("expires_at", UtcDateTime()),
    sa.column("revoked_at", UtcDateTime()),
)


@pytest.fixture(params=ENGINES)
def before(request: pytest.FixtureRequest, empty_url: Callable[[str], str]) -> Iterator[Database]:
    database = open_database(empty_url(request.param))
    runner.upgrade(database, BEFORE)
    yield database
    database.engine.dispose()


def add_person(database: Database, kind: str, *keys: tuple[list[str], datetime, datetime | None]) -> UUID:
    """Add somebody of an organisation of that kind with keys of (scopes, made at, revoked at); return the place's id."""
    house, who = uuid4(), uuid4()
    with database.engine.begin() as connection:
        named = {"legal_name": f"House {house}", "name_skeleton": str(house), "created_at": THEN}
        connection.execute(sa.insert(ORGANISATION).values(organisation_id=house, kind=kind, **named))
        place = {"user_id": who, "organisation_id": house, "email": f"li@{who}.example", "name": "Li Na"}
        connection.execute(sa.insert(USER).values(**place, created_at=THEN))
        for scopes, made_at, revoked_at in keys:
            connection.execute(
                sa.insert(KEY).values(
                    key_id=uuid4(),
                    key_prefix=uuid4().hex[:16],
                    organisation_id=house,
                    user_id=who,
                    scopes=json.dumps(scopes),
                    secret_sha256=bytes(32),
                    created_at=made_at,
                    expires_at=made_at + timedelta(days=365),
                    revoked_at=revoked_at,
                )
            )
    return who


def roles(database: Database, who: UUID, now: datetime = THEN + timedelta(days=200)) -> set[str]:
    with database.reader() as session:
        return set(role_grants.live_roles(session, who, now=now))


@pytest.mark.parametrize(
    ("kind", "scopes", "expected"),
    [
        ("borrower", ["ledger:read"], {"viewer"}),
        ("borrower", ["ledger:read", "ledger:write", "kpi:write"], {"viewer", "maker"}),
        ("borrower", ["trading:write", "ledger:close", "market:approve"], {"trader", "closer", "checker"}),
        ("borrower", ["ledger:enforce", "admin"], {"signatory", "admin"}),
        ("lender", ["ledger:read", "determination:approve"], {"viewer", "approver"}),
        ("lender", ["facility:write"], {"officer"}),
        ("assessor", ["attestation:write"], {"preparer"}),
        ("operator", ["admin"], {"operator"}),
        ("lender", ["trading:write", "a scope of nobody"], set()),
        ("borrower", [], set()),
    ],
)
def test_the_scopes_of_a_key_become_the_roles_that_give_them(
    before: Database, kind: str, scopes: list[str], expected: set[str]
) -> None:
    who = add_person(before, kind, (scopes, THEN, None))

    runner.upgrade(before)

    assert roles(before, who) == expected
    given = scopes_of(OrganisationKind(kind), [Role(name) for name in expected])
    known = {scope.value for scope in given}
    assert not expected or {scope for scope in scopes if scope != "determination:approve"} <= known | {"admin"}


def test_a_revoked_key_gives_nothing_and_two_keys_give_a_role_once_from_the_older_one(before: Database) -> None:
    later = THEN + timedelta(days=30)
    revoked = add_person(before, "borrower", (["ledger:write"], THEN, later))
    twice = add_person(before, "borrower", (["ledger:write"], later, None), (["kpi:write"], THEN, None))
    keyless = add_person(before, "borrower")

    runner.upgrade(before)

    assert (roles(before, revoked), roles(before, keyless)) == (set(), set())
    assert roles(before, twice) == {"maker"}
    assert roles(before, twice, now=THEN) == {"maker"}
    assert roles(before, twice, now=THEN - timedelta(seconds=1)) == set()
    with before.reader() as session:
        (grant,) = role_grants.grants_of_user(session, twice)
    assert grant.reason == "held by a key before there were roles"
