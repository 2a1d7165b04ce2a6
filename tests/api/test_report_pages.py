from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BANK, HELD, REGISTRY, SUPPLIER, Treasury, done, money, refused, tonnes, treasury

DAY = "as_of=2025-12-31"


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        opened.open_plain()
        done(opened.post("/entries", money(1, "100.00", day="2025-03-03")))
        done(opened.post("/entries", tonnes(2, "10", cost="800.00", day="2025-06-30")))
        done(opened.post("/entries", tonnes(3, "7", cost="500.00", day="2025-05-30")))
        yield opened


def read_on(house: Treasury, name: str, limit: int) -> tuple[list[Any], list[int]]:
    """Return a list read page by page, and the sizes of its pages; between them something is posted that does not count."""
    rows: list[Any] = []
    sizes = []
    cursor, number = "", 40
    while True:
        answer = done(house.get(f"/{name}?{DAY}&limit={limit}{cursor}"))
        rows += answer[name]
        sizes.append(len(answer[name]))
        if answer["next_cursor"] is None:
            return rows, sizes
        cursor = f"&after={answer['next_cursor']}"
        number += 2
        done(house.post("/entries", money(number, "1.00", day="2025-02-01")))
        done(house.post("/entries", tonnes(number + 1, "1", cost="8.00", day="2025-01-30")))


@pytest.mark.parametrize("name", ["accounts", "positions", "lots"])
def test_a_list_pages_through_what_was_known_on_its_first_page(house: Treasury, name: str) -> None:
    whole = done(house.get(f"/{name}?{DAY}"))

    rows, sizes = read_on(house, name, 1)

    assert rows == whole[name]
    assert whole["next_cursor"] is None
    assert len(sizes) == len(rows) + 1
    assert len(rows) == {"accounts": 4, "positions": 4, "lots": 2}[name]


def test_accounts_and_positions_are_by_path_and_lots_by_age(house: Treasury) -> None:
    paths = [HELD, BANK, REGISTRY, SUPPLIER]

    assert [one["account"] for one in done(house.get(f"/accounts?{DAY}"))["accounts"]] == sorted(paths)
    assert [one["account"] for one in done(house.get(f"/positions?{DAY}"))["positions"]] == sorted(paths)
    assert [one["acquired_on"] for one in done(house.get(f"/lots?{DAY}"))["lots"]] == ["2025-05-30", "2025-06-30"]


def test_a_page_of_positions_may_be_empty_and_the_list_still_goes_on(house: Treasury) -> None:
    done(house.post("/accounts", {"path": "Assets:Bank:A", "commodity": "CNY", "opened_on": "2025-01-01"}))

    first = done(house.get(f"/positions?{DAY}&limit=1"))
    second = done(house.get(f"/positions?{DAY}&limit=1&after={first['next_cursor']}"))

    assert first["positions"] == []
    assert [one["account"] for one in second["positions"]] == [BANK]


@pytest.mark.parametrize("name", ["accounts", "positions", "lots"])
def test_a_cursor_is_of_one_list_and_a_limit_is_1_to_200(house: Treasury, name: str) -> None:
    cursor = done(house.get(f"/{name}?{DAY}&limit=1"))["next_cursor"]

    for other in (f"{name}?as_of=2025-12-30", f"{name}?{DAY}&under=Assets", f"disposals?{DAY}"):
        assert refused(house.get(f"/{other}&after={cursor}")) == (422, "cursor.format"), other
    for limit in ("0", "201"):
        assert refused(house.get(f"/{name}?{DAY}&limit={limit}")) == (422, "query.limit"), limit
