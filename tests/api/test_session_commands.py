"""``tonne sign-in`` and ``tonne sign-out``: the token lies in a file of its owner alone, and what is refused leaves none."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from api import cli
from api.auth.principal import Role
from api.deps import unit_of_work
from api.store import people
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.door import PASSWORD, Door, code_at, door_of
from tests.api.people import give_roles, organisation, person


@dataclass
class Terminal:
    """A shell whose server is the application; ``asked`` are the addresses that were asked."""

    client: Client
    state: Path
    asked: list[str] = field(default_factory=list)

    def post(self, url: str, *, json: Mapping[str, object], headers: Mapping[str, str], timeout: int) -> httpx.Response:
        assert timeout > 0
        self.asked.append(url)
        return self.client.post(urlsplit(url).path, as_text(json), headers=headers)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        code = cli.main(arguments, out, err)
        return code, out.getvalue(), err.getvalue()

    def sign_in(self, *more: str) -> tuple[int, str, str]:
        return self.run("sign-in", "--email", "li@smelter.example", *more)

    @property
    def file(self) -> Path:
        return self.state / "tonne" / "session"


def as_text(document: Any) -> str:
    return json.dumps(document)


@pytest.fixture
def terminal(app: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    for name in [name for name in os.environ if name.startswith("TONNE_") and not name.startswith("TONNE_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("TONNE_PASSWORD", PASSWORD)
    with Client(app) as client:
        made = Terminal(client, tmp_path)
        monkeypatch.setattr("api.commands.sign_in.httpx.post", made.post)
        yield made


@pytest.fixture
def li(terminal: Terminal, database: Database, clock: Clock, randomness: Randomness) -> Door:
    return door_of(terminal.client, database, clock, randomness, [Role.MAKER])


def test_a_person_signs_in_works_and_signs_out(terminal: Terminal, li: Door) -> None:
    code, out, err = terminal.sign_in()

    assert (code, err) == (0, "")
    assert out.startswith("signed in for Door Smelter, until ")
    assert PASSWORD not in out
    token = terminal.file.read_text().strip()
    assert token not in out
    assert (terminal.file.stat().st_mode & 0o777, terminal.file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert li.me(token)["user"]["name"] == "Li Na"

    assert terminal.run("sign-out") == (0, "signed out\n", "")
    assert not terminal.file.exists()
    assert terminal.client.get("/v1/me", key=token).status_code == 401


def test_the_password_may_come_on_the_standard_input(
    terminal: Terminal, li: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TONNE_PASSWORD")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))

    assert terminal.sign_in()[0] == 0
    assert terminal.file.exists()


def test_a_wrong_password_leaves_no_file_and_says_no_more_than_the_api(
    terminal: Terminal, li: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONNE_PASSWORD", "three brown herons")

    code, out, err = terminal.sign_in()

    assert (code, out) == (2, "")
    assert err.endswith("[sign_in.refused]\n")
    assert "herons" not in err
    assert not terminal.file.exists()


@pytest.mark.parametrize("server", ["http://tonne.example", "ftp://127.0.0.1", "tonne.example", ""])
def test_a_password_never_travels_bare(terminal: Terminal, li: Door, server: str) -> None:
    code, _, err = terminal.sign_in("--server", server)

    assert (code, terminal.asked) == (2, [])
    assert err.endswith("[server.plain]\n")


def test_a_second_factor_is_asked_for_and_given_as_an_option(
    terminal: Terminal, database: Database, clock: Clock, randomness: Randomness
) -> None:
    door_of(terminal.client, database, clock, randomness, [Role.CHECKER], has_totp=True)

    without, with_code = terminal.sign_in(), terminal.sign_in("--code", code_at(clock()))

    assert (without[0], with_code[0]) == (2, 0)
    assert without[2].endswith("[sign_in.code_needed]\n")


def test_a_person_of_several_organisations_says_which(
    terminal: Terminal, li: Door, database: Database, clock: Clock, randomness: Randomness
) -> None:
    other = organisation(database, clock, randomness, OrganisationKind.LENDER, "Second Bank")
    place = person(database, clock, randomness, other.organisation_id, "li@smelter.example", "Li Na")
    with unit_of_work(database) as session:
        give_roles(session, place, [Role.OFFICER], now=clock())
        people.join(session, place.user_id, now=clock())

    unsaid = terminal.sign_in()
    said = terminal.sign_in("--organisation", str(other.organisation_id))

    assert unsaid[0] == 2
    assert f"{other.organisation_id}  Second Bank" in unsaid[1]
    assert unsaid[2].endswith("[sign_in.organisation]\n")
    assert said[1].startswith("signed in for Second Bank")


def test_who_has_not_signed_in_and_whose_file_is_open_to_others_are_told(terminal: Terminal, li: Door) -> None:
    nobody = terminal.run("sign-out")
    terminal.sign_in()
    terminal.file.chmod(0o644)

    exposed = terminal.run("sign-out")

    assert nobody[2].endswith("[session.none]\n")
    assert exposed[2].endswith("[session.file_open]\n")


def test_signing_out_of_a_session_that_is_over_removes_its_file(terminal: Terminal, li: Door) -> None:
    terminal.sign_in()
    li.clock.advance(hours=13)

    assert terminal.run("sign-out") == (0, "signed out\n", "")
    assert not terminal.file.exists()


def test_a_server_that_is_silent_or_no_tonne_is_said_in_one_line(
    terminal: Terminal, li: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> httpx.Response:
        raise httpx.ConnectError("refused")

    def other(*_: object, **__: object) -> httpx.Response:
        return httpx.Response(200, json=["hello"])

    for answer in (silent, other):
        monkeypatch.setattr("api.commands.sign_in.httpx.post", answer)
        code, _, err = terminal.sign_in()
        assert code == 2
        assert err.endswith("[server.silent]\n")
        assert err.count("\n") == 1
