"""The treasury's first page: last year's gap by what is on file, and its cost where marks of the day are frozen."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

from tests.api.ledger_calls import entry_id
from tests.api.price_calls import upload_prices
from tests.api.test_compliance_outlook import determine, ready
from tests.api.test_loans_examples import World, world
from tests.api.test_market_prices import HEADER, close
from tests.api.test_pages_base import BROWSER

__all__ = ["world"]


def overview(world: World) -> str:
    page = world.client.get("/", headers=BROWSER, key=world.borrower.key)
    assert page.status_code == 200, page.text
    return unescape(page.text)


def freeze(world: World) -> None:
    """Have a close of today frozen at 97.40 CNY/t."""
    borrower = world.borrower
    prices = HEADER + close("CEA25", "2026-08-19", "97.40")
    world.done(upload_prices(world.client, borrower.organisation_id, prices, key=borrower.key), 200)
    body = {"snapshot_id": entry_id(2001), "as_of": "2026-08-19", "instruments": ["CEA25"]}
    world.done(world.post(borrower, "/snapshots", body))


def test_the_gap_is_unknown_until_a_balance_value_is_on_file(world: World) -> None:
    ready(world)
    world.clock.now = datetime(2026, 8, 19, 12, tzinfo=UTC)

    before = overview(world)
    determine(world, "1.70")

    assert "Gap of 2025" in before
    assert "1,136" not in before
    assert "1,136" in overview(world)


def test_the_gap_costs_its_tonnes_at_the_mark_of_the_day(world: World) -> None:
    """1,136 t x 97.40 CNY/t = 110,646.40 CNY."""
    ready(world)
    world.clock.now = datetime(2026, 8, 19, 12, tzinfo=UTC)
    determine(world, "1.70")
    freeze(world)

    page = overview(world)

    assert "the gap costs" in page
    assert "110,646.40" in page


def test_marks_of_another_day_price_no_gap(world: World) -> None:
    ready(world)
    world.clock.now = datetime(2026, 8, 19, 12, tzinfo=UTC)
    determine(world, "1.70")
    freeze(world)
    world.clock.now = datetime(2026, 8, 20, 12, tzinfo=UTC)

    page = overview(world)

    assert "1,136" in page
    assert "the gap costs" not in page
