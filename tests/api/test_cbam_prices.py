"""The certificate price of a period over HTTP: own, published, verdict and the auctions it rests on."""

from __future__ import annotations

from typing import Any

from tests.api.price_calls import upload_prices
from tests.api.test_loans_examples import World, code, world

__all__ = ["world"]
HEADER = "instrument,exchange,price_basis,trade_date,last_trade_date,value,currency,unit,volume_t,source\n"


def load(world: World) -> None:
    rows = [
        f"EUA,EEX,auction,{day},{day},{price},EUR,t,{volume},auction report\n"
        for day, price, volume in (("2026-01-13", "75.30", 1_000_000), ("2026-02-10", "75.42", 1_000_000))
    ]
    answer = upload_prices(world.client, world.borrower.organisation_id, HEADER + "".join(rows), key=world.borrower.key)
    assert answer.status_code == 200, answer.text


def read(world: World, period: str, **query: str) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return world.get(world.borrower, f"/cbam-prices/{period}?{asked}")


def leaves(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree] if not tree["children"] else [leaf for child in tree["children"] for leaf in leaves(child)]


def test_the_own_price_stands_with_its_auctions_and_sources(world: World) -> None:
    load(world)

    found = world.done(read(world, "2026-Q1"), 200)

    assert found["own"] == {
        "price_eur_per_t": "75.36",
        "exact": "1884/25",
        "auctions": 2,
        "volume_t": 2_000_000,
        "computed_from": "2026-Q1",
    }
    assert (found["published"], found["verdict"], found["max_difference"]) == (None, "own_only", "0.005")
    assert (found["instrument"], found["start"], found["end"]) == ("CBAM-2026Q1", "2026-01-01", "2026-04-01")
    assert all(leaf["source"] and leaf["label_zh"] for leaf in leaves(found["explain"]))


def test_a_period_that_does_not_exist_or_has_no_price_is_refused(world: World) -> None:
    assert code(read(world, "2026-Q9")) == (422, "cbam.period_format")
    assert code(read(world, "2026-Q1")) == (404, "cbam.no_price")
    assert code(read(world, "2026-Q1", known_at="2030-01-01T00:00:00Z")) == (422, "cbam.known_at")
    assert world.get(world.borrower, f"/cbam-prices/{'9' * 65}").status_code == 422


def test_another_organisation_sees_its_own_auctions_only(world: World) -> None:
    load(world)

    assert code(world.get(world.lender, "/cbam-prices/2026-Q1")) == (404, "cbam.no_price")
