"""Signing in with a real provider process on loopback, and what the line to providers refuses to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from api import cli
from api.errors import Unavailable
from api.openid import fetching
from api.openid.exchange import OpenId
from api.openid.fetching import Line, check_provider_url
from api.openid.settings import OpenIdSettings, openid_settings
from ledger.core.errors import Conflict, Invalid
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import done, refused
from tests.api.oidc_world import CLIENT, PUBLIC_URL, SECRET, Claims, World, add_provider, world_of
from tests.provider_process import running_provider

WANG = {"sub": "wang", "email": "wang@smelter.example", "email_verified": True}


@pytest.fixture(scope="module")
def provider_url() -> Iterator[str]:
    """A provider process, at the address that it answers on."""
    with running_provider(WANG) as address:
        yield address


@pytest.fixture
def world(app: FastAPI, database: Database, clock: Clock, randomness: Randomness, provider_url: str) -> Iterator[World]:
    clock.now = parsedate_to_datetime(httpx.get(provider_url, trust_env=False).headers["date"])
    with Client(app) as client:
        world = world_of(app, client, database, clock, randomness)
        settings = OpenIdSettings(
            public_url=PUBLIC_URL, is_loopback_allowed=True, secrets={"TONNE_OIDC_SECRET_SMELTER": SECRET}
        )
        app.state.openid = OpenId(settings)
        world.provider = add_provider(database, clock, name="Process", issuer=provider_url)
        yield world


def consent(address: str, subject: str = "wang") -> Claims:
    """Say yes at the provider as a browser does, and return what comes back."""
    answer = httpx.post(address, data={"sub": subject}, trust_env=False)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    said = {name: values[0] for name, values in parse_qs(back.query).items()}
    return {"provider_id": back.path.rpartition("/")[2], "state": said["state"], "code": said["code"]}


def test_a_person_signs_in_with_a_provider_process(world: World) -> None:
    answer = world.send("/sign-in/callback", consent(world.begin()))

    assert done(answer)["organisation"]["legal_name"] == "Door Smelter"
    assert world.sessions() == 1


def test_a_code_of_the_provider_works_once(world: World) -> None:
    back = consent(world.begin())
    done(world.send("/sign-in/callback", back))
    again = consent(world.begin())

    assert refused(world.send("/sign-in/callback", {**again, "code": back["code"]})) == (403, "oidc.code")
    assert world.sessions() == 1


def test_somebody_whom_the_provider_knows_and_we_do_not_stays_outside(world: World) -> None:
    assert refused(world.send("/sign-in/callback", consent(world.begin(), "stranger@smelter.example"))) == (
        403,
        "oidc.email_unverified",
    )
    assert world.sessions() == 0


def test_without_the_setting_a_provider_on_this_machine_is_not_asked(world: World, app: FastAPI) -> None:
    app.state.openid = OpenId(OpenIdSettings(public_url=PUBLIC_URL))

    assert refused(world.send(f"/sign-in/providers/{world.provider.provider_id}")) == (503, "oidc.provider_fails")


@dataclass
class Served:
    """A server on loopback that answers as told."""

    url: str
    asked: list[str]


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    asked: list[str] = []
    let_go = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/here")
                self.end_headers()
            elif self.path == "/slow":
                self.send_response(200)
                self.end_headers()
                let_go.wait(20)
            else:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"a": "' + b"x" * 600_000 + b'"}' if self.path == "/large" else b"[1]")

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Served(f"http://127.0.0.1:{server.server_port}", asked)
    let_go.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_redirect_is_an_answer_and_is_not_followed(served: Served) -> None:
    answer = Line(is_loopback_allowed=True).get(f"{served.url}/moved")

    assert (answer.status, served.asked) == (302, ["/moved"])


def test_what_is_no_json_object_is_an_empty_one(served: Served) -> None:
    assert Line(is_loopback_allowed=True).get(f"{served.url}/list").document == {}


def test_an_answer_that_is_too_large_is_not_read_on(served: Served) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        Line(is_loopback_allowed=True).get(f"{served.url}/large")


def test_an_answer_that_does_not_come_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_TOTAL_S", 1)

    with pytest.raises(Unavailable, match="does not answer"):
        Line(is_loopback_allowed=True).get(f"{served.url}/slow")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "fe80::1",
        "0.0.0.0",  # noqa: S104 - refused, not bound
        "224.0.0.1",
        "168.63.129.16",
        "240.0.0.1",
        "no address",
    ],
)
def test_a_name_that_leads_to_this_machine_or_to_metadata_is_not_connected_to(address: str) -> None:
    line = Line(resolve=lambda _host, _port: ("93.184.216.34", address))

    with pytest.raises(Unavailable, match="does not answer"):
        line.get("https://login.smelter.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://login.smelter.example",
        "https://user@login.smelter.example",
        "https://login.smelter.example#x",
        "https://login.smelter.example?x=1",
        "https://",
        "https://login.smelter.example:99999",
        "https://[::1",
        "file:///etc/passwd",
        "https://login.smelter.example/" + "x" * 500,
        "https://登录.example",
        "http://127.0.0.1:9400",
    ],
)
def test_an_issuer_that_is_no_plain_https_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="https address"):
        check_provider_url(url, field="issuer")


def test_a_client_secret_is_read_from_a_variable_or_a_file_when_it_is_used(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("secrets") / "corp"
    settings = openid_settings(
        {"TONNE_OIDC_SECRET_BANK": "one", "TONNE_OIDC_SECRET_CORP_FILE": str(file), "OTHER": "x"}
    )
    assert not settings.has_secret("CORP")
    file.write_text("two\n", encoding="utf-8")

    assert (settings.secret("BANK"), settings.secret("CORP")) == ("one", "two")
    assert "one" not in repr(settings)
    with pytest.raises(Conflict, match="TONNE_OIDC_SECRET_NONE"):
        settings.secret("NONE")


@pytest.mark.parametrize(
    "environ",
    [
        {"TONNE_OIDC_LOOPBACK": "yes"},
        {"TONNE_OIDC_LOOPBACK": "on", "TONNE_ENVIRONMENT": "production"},
        {"TONNE_PUBLIC_URL": "tonne.example.com"},
    ],
)
def test_a_setting_that_cannot_be_meant_stops_the_start(environ: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="TONNE_"):
        openid_settings(environ)


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("TONNE_DATABASE_URL", database_url)
    monkeypatch.setenv("TONNE_PUBLIC_URL", PUBLIC_URL)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(("provider", *arguments))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_the_operator_on_the_server_adds_lists_and_ends_a_provider(
    database: Database, clock: Clock, command: Command
) -> None:
    add_provider(database, clock)
    given = (
        "--issuer",
        "https://login.bank.example",
        "--client-id",
        CLIENT,
        "--secret-name",
        "BANK",
        "--domain",
        "Bank.example",
    )

    code, out, _ = command("add", "--name", "Bank", *given)
    provider_id = out.splitlines()[0]
    again = command("add", "--name", "Bank", *given)
    listed = command("list")[1]
    ended = command("end", "--provider", provider_id)

    assert code == 0
    assert out.splitlines()[1] == f"register there: {PUBLIC_URL}/sign-in/callback/{provider_id}"
    assert again[2].endswith("[oidc.provider_known]\n")
    assert f"{provider_id} live    https://login.bank.example bank.example Bank\n" in listed
    assert ended[1] == "Bank has ended\n"
    assert command("end", "--provider", provider_id)[2].endswith("[oidc.ended]\n")
    assert command("end", "--provider", "nothing")[2].endswith("[oidc_provider.not_found]\n")


def test_without_an_operator_there_is_nobody_to_have_a_provider(command: Command) -> None:
    given = ("--issuer", "https://a.example", "--client-id", CLIENT, "--secret-name", "A", "--domain", "a.example")

    assert command("add", "--name", "A", *given)[2].endswith("[oidc.no_operator]\n")
