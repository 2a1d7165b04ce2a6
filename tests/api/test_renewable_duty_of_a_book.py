"""The renewable duty met with the certificates that a book has free at a day, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from finance.accounting.chart import Chart
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, done, refused
from tests.api.people import member
from tests.api.trading_world import House, fresh_id, house_of

# 1,000,000 kWh at 70 %, 200,000 by contract: 500 certificates are needed.
DUTY: dict[str, Any] = {
    "year": 2025,
    "region": "CN-YN",
    "on": "2026-11-19",
    "power": [{"evidence": "grid_residual", "kwh": "800000"}, {"evidence": "market_contract", "kwh": "200000"}],
}
OF_BOOK = {"book_id": BOOK, "day": "2026-11-19"}


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app) as client:
        world = house_of(app, client, database, clock, randomness)
        world.open_book(held=0)
        facts = {"kind": "GEC", "vintage_year": 2025, "valid_until": "2027-11-30"}
        world.register({"code": "GEC25-BOUGHT", **facts, "tradability": "traded"})
        world.register({"code": "GEC25-OWN", **facts, "tradability": "tradable"})
        world.register(
            {"code": "GEC24-OLD", **facts, "vintage_year": 2024, "valid_until": "2026-10-31", "tradability": "traded"}
        )
        world.trades(
            "G-1,purchase,2026-11-02,GEC25-BOUGHT,300,5.00,,,,,,",
            "G-2,purchase,2026-11-03,GEC25-OWN,260,5.00,,,,,,",
            "G-3,purchase,2026-10-03,GEC24-OLD,40,5.00,,,,,,",
        )
        yield world


def ask(house: House, **change: object) -> httpx.Response:
    return house.post("/renewable-duties", {**DUTY, **change})


def figures(answer: httpx.Response) -> tuple[str, ...]:
    found = done(answer)
    return tuple(found[name] for name in ("needed", "held", "expired", "gap", "sellable"))


def leaves(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree] if not tree["children"] else [leaf for child in tree["children"] for leaf in leaves(child)]


def test_certificates_of_the_book_count_until_they_expire_and_bought_ones_are_not_sold_on(house: House) -> None:
    # 300 bought and 260 own cover 500; of the 60 left over all are own ones, which may be sold. 40 of 2024 expired.
    assert figures(ask(house, **OF_BOOK)) == ("500", "560", "40", "0", "60")


def test_only_what_is_free_counts_and_each_leaf_names_account_and_record_point(house: House) -> None:
    hold = {
        "entry_id": fresh_id(),
        "kind": "hold",
        "account": Chart().accounts_of("GEC25-BOUGHT").holding,
        "amount": "100",
        "effective_on": "2026-11-10",
        "expires_at": "2027-11-10T00:00:00Z",
    }
    before = ask(house, **OF_BOOK)
    placed = house.post(f"/books/{BOOK}/holds", hold)

    after = done(ask(house, **OF_BOOK))

    assert placed.status_code == httpx.codes.CREATED, placed.text
    assert figures(before)[1] == "560"
    assert (after["held"], after["gap"]) == ("460", "40")
    sources = [leaf["source"] for leaf in leaves(after["explanation"])]
    assert any("GEC25-BOUGHT at the close of 2026-11-19, record point" in source for source in sources)


def test_the_day_decides_what_was_there(house: House) -> None:
    assert figures(ask(house, book_id=BOOK, day="2026-11-02"))[1:4] == ("300", "40", "200")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {**OF_BOOK, "holdings": [{"production_month": "2025-06", "kind": "market", "quantity": 1}]},
            (422, "query.exclusive"),
        ),
        ({"book_id": BOOK}, (422, "query.together")),
        ({"day": "2026-11-19"}, (422, "query.together")),
        ({**OF_BOOK, "day": "2026-11-20"}, (422, "duty.day")),
    ],
)
def test_mixed_or_half_given_holdings_are_refused(
    house: House, change: dict[str, object], expected: tuple[int, str]
) -> None:
    assert refused(ask(house, **change)) == expected


def test_a_foreign_book_is_an_absent_one(
    house: House, database: Database, clock: Clock, randomness: Randomness
) -> None:
    stranger = member(database, clock, randomness, OrganisationKind.BORROWER, "Other Aluminium", (Scope.LEDGER_READ,))

    answer = house.post("/renewable-duties", {**DUTY, **OF_BOOK}, key=stranger.key)

    assert answer.status_code == httpx.codes.NOT_FOUND


def test_green_certificates_in_the_book_do_not_enter_a_surrender_plan(house: House) -> None:
    path = f"/books/{BOOK}/surrender-plan?year=2025&due_t=0&surrender_on=2026-11-19&basis=book"

    found = house.get(path)

    assert [each["instrument"] for each in found["instruments"]] == ["CEA25"]
