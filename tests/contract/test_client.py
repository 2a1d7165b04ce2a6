"""The Python client against a real server process, and against replies that get lost."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from api.cli import main
from api.client_source import written
from api.commands.call import ALIASES
from api.description import describe
from ledger.store.database import open_database
from tests.api.client import Clock, Randomness
from tests.api.ledger_calls import treasury
from tests.conftest import ENGINES, migrated
from tests.contract.served import Answering, LosingProxy, reply, serving
from tests.stories.smelter import opened
from tonne_client import (
    BusyError,
    ConflictError,
    ConnectionLostError,
    InvalidError,
    NotFoundError,
    Patience,
    SecondPersonNeededError,
    SignInNeededError,
    Tonne,
    UnexpectedAnswerError,
    pages,
    shapes,
)
from tonne_client.connection import Connection
from tonne_client.generated.operations import OPERATIONS

GENERATED = Path(__file__).resolve().parents[2] / "tonne_client" / "generated"
BOOK = UUID("01939c3e-7b3a-7cc1-9a53-000000000001")
DAY = date(2026, 8, 19)
BANK, SUPPLIER = "Assets:Bank:CNY", "Equity:Supplier"


@dataclass
class Server:
    """A server process over a database of its own, and a treasury's key."""

    url: str
    key: str
    database_url: str
    opened: int = 0


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    clock = Clock()
    clock.now = datetime.now(UTC)  # the process has the real clock
    with migrated(request.param, request, tmp_path_factory) as database_url:
        with opened(database_url) as database:
            key = treasury(database, clock, Randomness()).key
        with serving(database_url) as url:
            yield Server(url=url, key=key, database_url=database_url)


@dataclass
class House:
    """A client and a book of its own."""

    tonne: Tonne
    server: Server
    book: UUID

    def entries(self) -> int:
        return len(self.tonne.read_statement(book_id=self.book, path=BANK, as_of=DAY, limit=100).lines)


@pytest.fixture
def house(server: Server) -> Iterator[House]:
    server.opened += 1
    book = UUID(int=BOOK.int + server.opened)
    with Tonne.at(server.url, token=server.key) as client:
        client.open_book(body=shapes.BookIn(book_id=book, code=f"treasury-{server.opened}", functional_currency="CNY"))
        for path in (BANK, SUPPLIER):
            account = shapes.AccountIn(path=path, commodity="CNY", opened_on=date(2026, 1, 1))
            client.open_account(book_id=book, body=account)
        yield House(client, server, book)


def money(amount: str) -> shapes.EntryIn:
    legs = (
        shapes.EntriesLegIn(account=BANK, commodity="CNY", amount=Decimal(amount)),
        shapes.EntriesLegIn(account=SUPPLIER, commodity="CNY", amount=-Decimal(amount)),
    )
    return shapes.EntryIn(kind="general", effective_on=DAY, legs=legs)


def unhurried(url: str, key: str, **patience: int) -> tuple[Tonne, list[int]]:
    waits: list[int] = []
    return Tonne(Connection(url=url, token=key, patience=Patience(**patience), pause=waits.append)), waits


def test_what_is_posted_comes_back_exact_and_typed(house: House) -> None:
    receipt = house.tonne.post_entry(book_id=house.book, body=money("1234567890123.45"))

    balances = {each.account: each for each in house.tonne.list_balances(book_id=house.book).balances}
    assert isinstance(receipt.entry_id, UUID)
    assert balances[BANK].posted.amount == Decimal("1234567890123.45")
    assert str(balances[SUPPLIER].posted.amount) == "1234567890123.45"


def test_a_write_whose_replies_are_lost_is_done_exactly_once(house: House) -> None:
    proxy = LosingProxy(house.server.url)
    client, waits = unhurried(proxy.url, house.server.key)
    with client:
        proxy.to_lose = 3

        receipt = client.post_entry(book_id=house.book, body=money("5.00"))

    proxy.close()
    assert receipt.seq == 1
    assert house.entries() == 1
    assert len(proxy.keys) == 4
    assert len(set(proxy.keys)) == 1
    assert UUID(proxy.keys[0]).version == 7
    assert len(waits) == 3


def test_a_reply_that_never_comes_names_the_key_under_which_to_ask_again(house: House) -> None:
    proxy = LosingProxy(house.server.url)
    client, _ = unhurried(proxy.url, house.server.key, attempts=2)
    with client:
        proxy.to_lose = 2
        with pytest.raises(ConnectionLostError) as lost:
            client.post_entry(book_id=house.book, body=money("5.00"))

        client.call("post_entry", {"book_id": house.book}, body=money("5.00"), key=lost.value.idempotency_key)

    proxy.close()
    assert house.entries() == 1


def test_two_writes_have_two_keys(house: House) -> None:
    house.tonne.post_entry(book_id=house.book, body=money("5.00"))
    house.tonne.post_entry(book_id=house.book, body=money("5.00"))

    assert house.entries() == 2


def test_refusals_are_exceptions_with_codes_and_fields(house: House) -> None:
    with pytest.raises(NotFoundError) as absent:
        house.tonne.read_book(book_id=UUID(int=7))
    with pytest.raises(InvalidError) as unread:
        house.tonne.call("list_balances", {"book_id": "seven"})
    with Tonne.at(house.server.url) as stranger, pytest.raises(SignInNeededError):
        stranger.list_books()
    with pytest.raises(ConflictError):
        house.tonne.open_book(body=shapes.BookIn(book_id=house.book, code="other", functional_currency="CNY"))

    assert (absent.value.status, absent.value.code) == (404, "book.not_found")
    assert unread.value.fields[0].field == "book_id"


def test_pages_follow_each_other_to_the_end(house: House) -> None:
    for _ in range(5):
        house.tonne.post_entry(book_id=house.book, body=money("1.00"))

    read = list(pages(house.tonne.read_statement, book_id=house.book, path=BANK, as_of=DAY, limit=2))

    assert [len(page.lines) for page in read] == [2, 2, 1]


def test_a_file_comes_with_its_name(house: House) -> None:
    house.tonne.post_entry(book_id=house.book, body=money("1.00"))

    file = house.tonne.export_book(book_id=house.book, format="beancount", as_of=DAY)

    assert file.name == f"treasury-{house.server.opened}-2026-08-19-book.beancount"
    assert b"1.00 CNY" in file.content


def test_the_terminal_does_what_the_api_does(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TONNE_URL", house.server.url)
    monkeypatch.setenv("TONNE_TOKEN", house.server.key)
    body = tmp_path / "entry.json"
    legs = [
        {"account": BANK, "commodity": "CNY", "amount": "7.00"},
        {"account": SUPPLIER, "commodity": "CNY", "amount": "-7.00"},
    ]
    body.write_text(json.dumps({"legs": legs, "kind": "general"}), encoding="utf-8")

    posted = told(
        "post", "--book-id", str(house.book), "--json", str(body), "--effective-on", "2026-08-19", "--as-json"
    )
    shown = told("balances", "--book-id", str(house.book))
    saved = told(
        "export_book",
        "--book-id",
        str(house.book),
        "--format=beancount",
        "--as-of",
        "2026-08-19",
        "--out",
        str(tmp_path / "book.beancount"),
    )

    assert json.loads(posted[1])["seq"] == 1
    assert "7.00 CNY" in shown[1]
    assert Path(saved[1].strip()).read_bytes()
    assert (
        told("reverse", "--help")[1].splitlines()[1].startswith("POST /v1/books/{book_id}/entries/{entry_id}/reverse")
    )
    assert (posted[0], shown[0], saved[0]) == (0, 0, 0)


def test_the_terminal_tells_refusals_as_every_command_does(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONNE_URL", house.server.url)
    monkeypatch.setenv("TONNE_TOKEN", house.server.key)

    absent = told("read_book", "--book-id", str(UUID(int=7)))
    unknown = told("list_boks")
    wrong = told("list_balances", "--book-id", "seven")
    stray = told("list_books", "--colour", "red")
    nobody = told("list_books", "--url", "http://127.0.0.1:9")

    assert (
        absent[::2] == (2, "tonne: there is no such book, or this key may not see it [book.not_found]\n")
        or absent[0] == 2
    )
    assert "[call.operation]" in unknown[2]
    assert "did you mean list_books" in unknown[2]
    assert "[call.field]" in wrong[2]
    assert "[call.field]" in stray[2]
    assert "[call.no_answer]" in nobody[2]


def told(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(["call", *words], out, err), out.getvalue(), err.getvalue()


def test_a_busy_server_is_asked_again_after_the_time_it_names() -> None:
    server = Answering(reply(503, Retry_After="3"), reply(429, Retry_After="1"), reply(200, b'{"books": []}'))
    client, waits = unhurried(server.url, "k")

    with client:
        assert client.list_books().books == ()

    server.close()
    assert waits == [3000, 1000]


@pytest.mark.parametrize(("status", "error"), [(503, BusyError), (429, BusyError), (502, BusyError)])
def test_patience_ends(status: int, error: type[Exception]) -> None:
    server = Answering(reply(status))
    client, waits = unhurried(server.url, "k", attempts=3)

    with client, pytest.raises(error):
        client.list_books()

    server.close()
    assert (len(server.heads), len(waits)) == (3, 2)


def test_a_server_that_asks_for_an_hour_is_told_at_once() -> None:
    server = Answering(reply(503, Retry_After="3600"))
    client, waits = unhurried(server.url, "k")

    with client, pytest.raises(BusyError):
        client.list_books()

    server.close()
    assert waits == []


def test_a_refusal_is_not_asked_again() -> None:
    server = Answering(reply(500))
    client, waits = unhurried(server.url, "k")

    with client, pytest.raises(Exception, match="500"):
        client.list_books()

    server.close()
    assert (len(server.heads), waits) == (1, [])


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"books": 1}', b'{"books": [{}]}', b"\xff", b"[" * 100_000])
def test_what_is_no_answer_of_ours_is_said_to_be_none(body: bytes) -> None:
    server = Answering(reply(200, body))

    with Tonne.at(server.url) as client, pytest.raises(UnexpectedAnswerError):
        client.list_books()

    server.close()


def test_a_field_of_a_newer_server_is_passed_over() -> None:
    server = Answering(reply(200, b'{"books": [], "colour": 1.5}'))

    with Tonne.at(server.url) as client:
        assert client.list_books() == shapes.BooksOut(books=())

    server.close()


def test_what_waits_for_a_second_person_is_told_with_its_proposal(monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = {
        "proposal_id": str(UUID(int=7)),
        "number": 1,
        "action": "feed.switch",
        "state": "waiting",
        "sha256": "a" * 64,
        "proposed_by": str(UUID(int=8)),
        "proposed_at": "2026-11-22T00:00:00Z",
        "expires_at": "2026-11-29T00:00:00Z",
        "asked": {
            "route": "POST /v1/feeds/{feed}/switch",
            "path": "/v1/feeds/x/switch",
            "query": "",
            "content_type": "application/json",
            "body": {},
            "content": "{}",
        },
        "effect_status": 200,
        "effect": None,
        "outcome": None,
    }
    server = Answering(reply(202, json.dumps(proposal).encode()))
    monkeypatch.setenv("TONNE_URL", server.url)
    monkeypatch.setenv("TONNE_TOKEN", "k")

    with Tonne.at(server.url) as client, pytest.raises(SecondPersonNeededError, match="second person") as waits:
        client.call("switch_feed", {"feed": "x"}, body={"is_on": True, "reason": "y"})
    shown = told("switch_feed", "--feed", "x", "--is_on", "true", "--reason", "y", "--as-json")

    server.close()
    assert waits.value.proposal.sha256 == "a" * 64
    assert (shown[0], json.loads(shown[1])["sha256"]) == (0, "a" * 64)


def test_a_redirect_is_not_followed_with_the_token() -> None:
    server = Answering(reply(302, Location="http://127.0.0.1:9/"))

    with Tonne.at(server.url, token="secret") as client, pytest.raises(InvalidError):
        client.list_books()

    server.close()


def test_the_client_is_written_from_the_description_as_it_is(tmp_path: Path) -> None:
    out = io.StringIO()
    assert main(["routes", "--openapi"], out) == 0

    for name, content in written(json.loads(out.getvalue())).items():
        same = (GENERATED / name).read_text(encoding="utf-8") == content
        assert same, f"tonne_client/generated/{name} is not as the routes are; run: make client"


def test_every_alias_names_an_operation() -> None:
    assert {name for name in ALIASES.values() if name not in OPERATIONS} == set()


def test_every_shape_of_the_description_is_read_and_written_unchanged(tmp_path: Path) -> None:
    from api.app import create_app  # noqa: PLC0415
    from tonne_client.codec import decode, encode  # noqa: PLC0415

    database = open_database(f"sqlite:///{tmp_path}/nothing.db")
    shown = 0
    for name, schema in describe(create_app(database))["components"]["schemas"].items():
        if schema.get("examples") and name.endswith("In"):
            example = schema["examples"][0]
            assert encode(decode(getattr(shapes, name), example)) == example, name
            shown += 1
    database.engine.dispose()
    assert shown >= 100
