"""Every command that works on a book takes its id or its code."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI

from api import cli
from ledger import operations
from ledger.core.errors import Conflict, NotFound
from ledger.store import books
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, NO_BOOK, Treasury, done, money, treasury
from tests.strategies import NOW

AT = ("--as-of", "2025-12-31")


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        opened.open_plain()
        done(opened.post("/entries", money(1)))
        yield opened


def tonne(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return cli.main(list(arguments), out, err), out.getvalue(), err.getvalue()


def calls(named: str, lines: Path, user: str) -> list[tuple[str, ...]]:
    return [
        ("check", named),
        ("export", named, "--format", "beancount", *AT),
        ("log", "proof", named, "1"),
        ("reconcile", "breaks", "--book", named, *AT),
        ("import-entries", str(lines), "--book", named, "--actor", user),
    ]


def test_every_command_takes_the_id_and_the_code(house: Treasury, database_url: str, tmp_path: Path) -> None:
    lines = tmp_path / "entries.jsonl"
    lines.write_text(json.dumps(money(1)) + "\n", encoding="utf-8")
    user = str(house.owner.user_id)

    for by_id, by_code in zip(calls(BOOK, lines, user), calls("smelter", lines, user), strict=True):
        told = tonne(*by_id, "--database", database_url)
        assert told[0] == 0, told
        assert tonne(*by_code, "--database", database_url)[:2] == told[:2]


def test_every_command_refuses_a_name_of_no_book_in_one_line(
    house: Treasury, database_url: str, tmp_path: Path
) -> None:
    lines = tmp_path / "entries.jsonl"
    lines.write_text("", encoding="utf-8")

    for name in (NO_BOOK, "nothing", "", "Smelter", "smelter ", "\udcff", "漢字"):
        for call in calls(name, lines, str(house.owner.user_id)):
            code, out, err = tonne(*call, "--database", database_url)
            assert (code, out, err.count("\n")) == (2, "", 1), (name, call)
            assert err.endswith("[book.not_found]\n"), (name, call, err)


def test_a_code_of_several_organisations_asks_for_the_id_and_an_id_comes_before_a_code(
    house: Treasury, database: Database
) -> None:
    with database.writer() as session:
        for number, code in ((9, "smelter"), (10, BOOK)):
            operations.open_book(
                session,
                book_uuid=UUID(int=number),
                tenant_id=UUID(int=number),
                code=code,
                functional_currency="CNY",
                now=NOW,
            )
        with pytest.raises(Conflict) as refused:
            books.named(session, "smelter")
        with pytest.raises(NotFound):
            books.named(session, NO_BOOK)

        assert refused.value.code == "book.ambiguous"
        assert books.named(session, BOOK).book_uuid == books.named(session, BOOK.upper()).book_uuid == UUID(BOOK)
