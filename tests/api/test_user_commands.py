"""``tonne user invite|disable|remove-second-factor``: the operator's acts on the server, each with its line in the access log."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from api import cli
from api.auth.principal import Role
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.door import PASSWORD, Door, code_at, door_of
from tests.api.ledger_calls import done, refused

AT = ("--organisation", "Door Smelter")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TONNE_") and not name.startswith("TONNE_TEST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    with Client(app) as calling:
        yield calling


@pytest.fixture
def li(client: Client, database: Database, clock: Clock, randomness: Randomness) -> Door:
    return door_of(client, database, clock, randomness, [Role.ADMIN, Role.MAKER, Role.CHECKER], has_totp=True)


@pytest.fixture
def command_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands and the application live at the same instant."""
    monkeypatch.setattr("api.commands.user.utc_now", clock)


def user(database_url: str, action: str, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = cli.main(("user", action, *arguments, "--database", database_url), out, err)
    return code, out.getvalue(), err.getvalue()


def events(database: Database) -> list[str]:
    with database.reader() as session:
        return list(session.scalars(text("SELECT what FROM access_event ORDER BY happened_at, event_id")))


def test_an_invited_person_chooses_a_password_with_a_token_that_works_once(
    li: Door, database: Database, database_url: str, command_clock: None
) -> None:
    wu = ("--user", "wu@smelter.example")
    added = user(database_url, "add", *AT, "--email", "wu@smelter.example", "--name", "Wu", "--role", "viewer")
    code, out, err = user(database_url, "invite", *AT, *wu)
    token = out.strip()

    accepted = li.send("/invitations/accept", {"token": token, "password": "a quiet harbour at dusk"})
    again = li.send("/invitations/accept", {"token": token, "password": "another harbour at dusk"})

    assert (added[0], code, err) == (0, 0, "")
    assert accepted.status_code == 200, accepted.text
    assert again.status_code >= 400
    assert li.sign_in("wu@smelter.example", "a quiet harbour at dusk").status_code == 200
    assert {"token_issued", "invitation_accepted"} <= set(events(database))
    with database.reader() as session:
        assert token not in str(session.execute(text("SELECT * FROM one_time_token")).all())


def test_an_invitation_of_somebody_with_a_password_is_a_reset_that_ends_the_sessions(
    li: Door, database_url: str, command_clock: None
) -> None:
    session = li.token(totp=code_at(li.clock()))
    token = user(database_url, "invite", *AT, "--user", "li@smelter.example")[1].strip()

    done(li.send("/invitations/accept", {"token": token, "password": "a quiet harbour at dusk"}))

    assert refused(li.client.get("/v1/me", key=session)) == (401, "auth.key_invalid")
    assert refused(li.sign_in(password=PASSWORD)) == (401, "sign_in.refused")


def test_who_is_disabled_loses_sessions_and_keys_at_once(
    li: Door, database: Database, database_url: str, command_clock: None
) -> None:
    session = li.token(totp=code_at(li.clock()))
    assert li.user is not None
    body = {"user_id": str(li.user.user_id), "scopes": ["ledger:read"], "days": 30}
    key = done(li.send("/api-keys", body, key=session))

    said = user(database_url, "disable", *AT, "--user", "li@smelter.example")

    assert said == (0, "li@smelter.example is disabled\n", "")
    li.clock.advance(minutes=1)
    for proof in (session, key["secret"]):
        assert refused(li.client.get("/v1/me", key=proof)) == (401, "auth.key_invalid")
    assert li.sign_in(totp=code_at(li.clock())).status_code == 401
    assert "disabled" in events(database)


def test_without_the_lost_second_factor_the_password_enters_and_approves_nothing(
    li: Door, database: Database, database_url: str, command_clock: None
) -> None:
    session = li.token(totp=code_at(li.clock()))

    said = user(database_url, "remove-second-factor", *AT, "--user", "li@smelter.example")

    assert said == (0, "li@smelter.example has no second factor any more\n", "")
    assert refused(li.client.get("/v1/me", key=session)) == (401, "auth.key_invalid")
    scopes = li.me(li.token())["scopes"]
    assert "ledger:write" in scopes
    assert not [scope for scope in scopes if scope.endswith(":approve")]
    assert "second_factor_removed" in events(database)
    with database.reader() as session_of:
        assert session_of.scalar(text("SELECT count(*) FROM recovery_code")) == 0


@pytest.mark.parametrize("action", ["invite", "disable", "remove-second-factor"])
def test_nobody_and_nowhere_are_refused_in_one_line(li: Door, database_url: str, action: str) -> None:
    nobody = user(database_url, action, *AT, "--user", "nobody@smelter.example")
    nowhere = user(database_url, action, "--organisation", "Nowhere", "--user", "li@smelter.example")

    assert (nobody[0], nowhere[0]) == (2, 2)
    assert nobody[2].endswith("[user.not_found]\n")
    assert nowhere[2].endswith("[organisation.not_found]\n")
