"""The treasury's first page: last year's gap by what is on file, and its cost where marks of the day are frozen."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

from tests.api.ledger_calls import BOOK, entry_id
from tests.api.price_calls import upload_prices
from tests.api.test_compliance_outlook import determine, open_book, ready
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


def test_a_loan_shows_its_next_decision_and_how_the_open_test_year_stands(world: World) -> None:
    chain = world.attested()
    open_book(world)
    forecast = world.done(world.get(world.borrower, f"/kpi-periods/{chain.period_id}/forecast"), 200)
    duties = world.done(world.get(world.borrower, "/obligations"), 200)["facilities"][0]["obligations"]
    decision = next(each for each in duties if each["duty"] == "decision" and each["state"] in {"due", "late"})

    before = overview(world)
    world.approve(world.propose(chain))
    after = overview(world)

    assert f"Next decision: {decision['title_en']}" in before
    assert f'href="/kpi-periods/{chain.period_id}"' in before
    assert Decimal(forecast["chance_to_meet"]) == 1
    assert "chance to meet the target 100%" in before
    assert chain.period_id not in after
    assert "No test year is open" in after


def test_a_test_year_without_its_base_year_says_so_beside_the_loan(world: World) -> None:
    ready(world)
    world.open_period(world.open_facility(), 2025, "test")
    refusal = world.get(world.borrower, f"/kpi-periods/{_only_period(world)}/forecast").json()

    assert refusal["code"] == "forecast.baseline_missing"
    assert refusal["detail"] in overview(world)


def test_what_a_colleague_proposed_waits_on_the_first_page(world: World) -> None:
    ready(world)
    before = overview(world)
    colleague = world.colleague_of(world.borrower)
    proposed = {
        "counterparty_id": entry_id(3),
        "legal_name": "Example Carbon Trading",
        "registration_no": "91310000",
        "max_amount_cny": "1000.00",
        "reason": "block trades",
    }
    world.done(world.post(colleague, f"/books/{BOOK}/counterparties", proposed))

    assert "Nothing waits for you" in before
    assert "What others proposed and you may decide" in overview(world)


def _only_period(world: World) -> str:
    (facility,) = world.done(world.get(world.borrower, "/facilities"), 200)["facilities"]
    (period,) = world.done(world.get(world.borrower, f"/facilities/{facility['id']}/kpi-periods"), 200)["kpi_periods"]
    return str(period["id"])
