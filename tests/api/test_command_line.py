from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from api import cli
from api.app import declared_routes
from api.commands.serve import listener_at
from tests.conftest import ENGINES


def tonne(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = cli.main(arguments, out, err)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TONNE_") and not name.startswith("TONNE_TEST_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("engine", ENGINES)
def test_from_an_empty_database_to_a_key(engine: str, empty_url: Callable[[str], str]) -> None:
    at = ("--database", empty_url(engine))

    migrated = tonne("migrate", *at)
    again = tonne("migrate", *at)
    organisation = tonne("organisation", "add", *at, "--kind", "lender", "--name", "Example Bank")
    user = tonne("user", "add", *at, "--organisation", "example bank", "--email", "A@b.cn", "--name", "Li Na")
    person = ("--organisation", organisation[1].strip(), "--user", "a@b.cn")
    role = tonne("role", "grant", *at, *person, "--role", "officer", "--role", "approver")
    key = tonne("key", "add", *at, *person, "--scope", "ledger:read", "--days", "7")
    approving = tonne("key", "add", *at, *person, "--scope", "determination:approve")

    assert migrated == (0, "the schema is current now\n", "")
    assert again == (0, "the schema was current already\n", "")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\n", organisation[1])
    assert user[0] == 0
    assert role == (0, "a@b.cn: officer, approver\n", "")
    assert (approving[0], approving[1]) == (2, "")
    assert "sign in with a second factor" in approving[2]
    assert re.fullmatch(r"tonne_[0-9a-f]{16}_[0-9a-f]{64}_[0-9a-f]{8}\n", key[1])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "command.usage"),
        (("nonsense",), "command.usage"),
        (("organisation", "add", "--kind", "bank", "--name", "x"), "command.usage"),
        (("organisation", "add", "--kind", "lender", "--name", "..."), "text.name"),
        (("organisation", "add", "--kind", "lender", "--name", "a\u202eb"), "text.character"),
        (("organisation", "add", "--kind", "lender", "--name", "   "), "text.length"),
        (("user", "add", "--organisation", "Nobody", "--email", "a@b.cn", "--name", "x"), "organisation.not_found"),
        (("key", "add", "--organisation", "x", "--user", "x", "--scope", "all"), "key.scopes"),
        (("key", "add", "--organisation", "x", "--user", "x", "--scope", "admin", "--days", "-1"), "key.days"),
        (("serve", "--port", "70000"), "settings.port"),
        (("serve", "--port", "eighty"), "settings.port"),
        (("serve", "--environment", "moon"), "settings.environment"),
        (("serve", "--environment", "production", "--workers", "2"), "settings.workers"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_refused_input_is_one_readable_line_and_exit_2(
    database_url: str, arguments: tuple[str, ...], code: str
) -> None:
    at = ("--database", database_url) if arguments and arguments[0] != "nonsense" else ()

    exit_code, out, err = tonne(*arguments, *at)

    assert (exit_code, out) == (2, "")
    assert err.startswith("tonne: ")
    assert err.endswith(f"[{code}]\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "http://["])
def test_a_database_that_cannot_be_is_refused(url: str) -> None:
    exit_code, _, err = tonne("organisation", "add", "--kind", "lender", "--name", "x", "--database", url or "x://")

    assert exit_code == 2
    assert err.count("\n") == 1


def test_a_database_that_does_not_answer_is_exit_1() -> None:
    exit_code, _, err = tonne("migrate", "--database", "postgresql://nobody@127.0.0.1:1/none")

    assert exit_code == 1
    assert err.endswith("[database.unavailable]\n")


def test_an_unmigrated_database_is_told_how_to_go_on(empty_url: Callable[[str], str]) -> None:
    at = ("--database", empty_url("sqlite"))

    exit_code, _, err = tonne("organisation", "add", "--kind", "lender", "--name", "Bank", *at)

    assert exit_code == 2
    assert "run tonne migrate first" in err


def test_routes_prints_every_route_with_its_policy() -> None:
    exit_code, out, _ = tonne("routes")

    assert exit_code == 0
    assert len(out.splitlines()) == len(declared_routes())
    assert re.search(r"^POST  /v1/api-keys +admin$", out, re.MULTILINE)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_taken_port_is_refused_in_one_line(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        exit_code, _, err = tonne("serve", "--database", database_url, "--port", str(taken.getsockname()[1]))

    assert exit_code == 2
    assert err.endswith("[settings.address_in_use]\n")


def test_an_answer_does_not_wait_for_its_headers_to_be_acknowledged() -> None:
    with listener_at("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.fixture
def served(empty_url: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """A real server process on a free port of the loopback, on a database it has to make itself; its address and database."""
    url = empty_url("sqlite")
    command = [sys.executable, "-m", "api.cli", "serve", "--database", url, "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        address = re.search(r"http://\S+", line)
        assert address, f"the server said {line!r}"
        yield address.group(), url
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def test_a_real_server_upgrades_serves_and_stops(served: tuple[str, str]) -> None:
    address, url = served
    at = ("--database", url)
    tonne("organisation", "add", *at, "--kind", "lender", "--name", "Example Bank")
    tonne("user", "add", *at, "--organisation", "Example Bank", "--email", "a@b.cn", "--name", "Li Na")
    tonne("role", "grant", *at, "--organisation", "Example Bank", "--user", "a@b.cn", "--role", "admin")
    key = tonne(*("key", "add", *at, "--organisation", "Example Bank", "--user", "a@b.cn"), "--scope", "admin")[1]
    bearer = {"Authorization": f"Bearer {key.strip()}"}

    with httpx.Client(base_url=address, trust_env=False) as client:
        ready = client.get("/health/ready")
        me = client.get("/v1/me", headers=bearer)
        hostile = client.post(
            "/v1/api-keys", content=b'{"days": NaN}', headers={**bearer, "Content-Type": "application/json"}
        )

    assert ready.json()["status"] == "ready"
    assert me.json()["organisation"]["legal_name"] == "Example Bank"
    assert (hostile.status_code, hostile.json()["code"]) == (400, "json.not_finite")
    assert "server" not in ready.headers
