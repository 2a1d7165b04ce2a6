"""Trade to voucher, as two persons do it in a browser: a ticket with its checks becomes a trade, a closed month and a file for the ERP."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser

from api.deps import unit_of_work
from api.example.loading import Edge, ledger_book, load_example
from api.example.scenario import Scenario
from ledger import operations as ledger
from tests.e2e.browser import Watched
from tests.e2e.stories import World, approve_on_inbox, confirm, press, send, sound, world

THURSDAY = "2026-08-20T02:00:00+00:00"  # ten o'clock in Shanghai: the first session is open
FRIDAY = "2026-08-21T02:00:00+00:00"
MONTH, MONTH_END = "2026-08", "2026-08-31T09:00:00+00:00"
BOUGHT_T, PRICE = 1_000, "97.50"
COST = "97,792.50"  # 1,000 x 97.50 = 97,500.00, and the fee on file of 0.3 % is 292.50


def earlier_months_closed(edge: Edge, scenario: Scenario) -> None:
    """The example, with every month before August closed."""
    load_example(edge, scenario)
    with unit_of_work(edge.database) as session:
        ledger.close_period(
            session,
            ledger_book(session, scenario),
            date(2026, 7, 31),
            actor=scenario.actor("borrower", "controller"),
            now=scenario.instant("snapshot"),
            random_bytes=edge.random_bytes,
        )


def test_from_the_ticket_to_the_closed_month_and_its_vouchers(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY, earlier_months_closed) as story:
        limits_take_two(story)
        order = an_order_is_checked_proposed_and_approved(story)
        it_is_placed_dealt_and_settled(story, order)
        story.move_to(MONTH_END)
        the_month_is_prepared(story)
        the_second_person_agrees_and_reviews(story)
        the_month_is_closed_for_good(story)
        the_vouchers_go_to_the_erp(story)


def limits_take_two(story: World) -> None:
    treasurer = story.tab("treasurer")
    for scope in ("trade", "day"):
        treasurer.go(f"{story.book}/trading-limits")
        sound(treasurer, f"limits-before-{scope}")
        send(
            treasurer,
            "form[data-api$='/trading-limits']",
            scope=scope,
            max_amount_cny="10000000",
            reason="purchases up to ten million",
        )
        assert treasurer.page.is_visible("text=waits for approval")
        approve_on_inbox(story.tab("controller"), "[Ll]imit")
    treasurer.go(f"{story.book}/trading-limits")
    assert treasurer.page.locator("td .badge.good").count() == 2


def an_order_is_checked_proposed_and_approved(story: World) -> str:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/orders/new")
    page = treasurer.page
    page.select_option("[name=instrument]", "CEA25")
    page.fill("#ticket [name=quantity]", str(BOUGHT_T))
    page.fill("#ticket [name=limit_price]", "120.00")
    page.wait_for_selector(
        "#check-results .stop-note"
    )  # the close of the day before is 97.40, and 10 % above it is 107.14
    assert page.is_visible("#check-results .badge.bad")
    page.fill("#ticket [name=limit_price]", "98.00")
    page.wait_for_selector("#check-results .done-note")
    sound(treasurer, "ticket-checked")
    press(treasurer, "#ticket button[type=submit]", then="/orders/*")
    order = page.url.removeprefix(story.address)
    assert page.is_visible("text=You proposed it")
    sound(treasurer, "order-proposed")
    approve_on_inbox(story.tab("controller"), "[Oo]rder")
    return order


def it_is_placed_dealt_and_settled(story: World, order: str) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(order)
    confirm(treasurer, "[data-opens=confirm-place]")
    send(treasurer, "#fill form", quantity=str(BOUGHT_T), price=PRICE, doc_ref="CN-2026-0820")
    assert treasurer.page.is_visible("td:has-text('292.50')")
    sound(treasurer, "order-filled")
    story.move_to(FRIDAY)
    treasurer = story.tab("treasurer")
    treasurer.go(order)
    send(treasurer, "#settle form")
    assert treasurer.page.inner_text(".lede .badge") == "settled"
    sound(treasurer, "order-settled")
    treasurer.go(f"{story.book}/statement?account=Assets:CarbonCost:CEA25")


def the_month_is_prepared(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/month-close?month={MONTH}")
    sound(treasurer, "month-close-open")
    send(treasurer, "form[data-api$='/day-closes']")
    confirm(treasurer, "[data-opens=confirm-accrue]")
    for item in ("trades", "reconciliation", "allocation"):
        with_reason(treasurer, f"[data-opens=confirm-confirm-{item}]", "checked against the papers of the month")
    for item in open_items(treasurer):
        with_reason(treasurer, f"[data-opens=confirm-waive-{item}]", "no price was published for these vintages")
    treasurer.go(f"{story.book}/vouchers?month={MONTH}")
    press(treasurer, "button[data-api$='/number']")
    sound(treasurer, "vouchers-numbered")


def open_items(tab: Watched) -> list[str]:
    """What is left to be waived: prices of vintages that nobody quotes any more."""
    found = tab.page.locator("[data-opens^='confirm-waive-']").evaluate_all(
        "buttons => buttons.map(each => each.dataset.opens.replace('confirm-waive-', ''))"
    )
    return [each for each in found if each in {"feeds", "valuation"}]


def with_reason(tab: Watched, opener: str, reason: str) -> None:
    tab.page.click(opener)
    tab.page.fill("dialog[open] [name=reason]", reason)
    press(tab, "dialog[open] button[type=submit]")


def the_second_person_agrees_and_reviews(story: World) -> None:
    controller = story.tab("controller")
    controller.go(f"{story.book}/month-close?month={MONTH}")
    while controller.page.locator("[data-opens^='confirm-waive-ok-']").count():
        with_reason(controller, "[data-opens^='confirm-waive-ok-'] >> nth=0", "nobody trades them any more")
    controller.go(f"{story.book}/vouchers?month={MONTH}")
    confirm(controller, "[data-opens=confirm-review]")
    sound(controller, "vouchers-reviewed")


def the_month_is_closed_for_good(story: World) -> None:
    treasurer, controller = story.tab("treasurer"), story.tab("controller")
    treasurer.go(f"{story.book}/month-close?month={MONTH}")
    with_reason(treasurer, "[data-opens=confirm-soft]", "everything of August is in")
    controller.go(f"{story.book}/month-close?month={MONTH}")
    sound(controller, "month-close-ready")
    with_reason(controller, "[data-opens=confirm-hard]", "looked at every item")
    assert controller.page.is_visible("text=closed for good")
    sound(controller, "month-closed")


def the_vouchers_go_to_the_erp(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/vouchers?month={MONTH}")
    with treasurer.page.expect_download() as download:
        treasurer.page.click("a[href*='erp=kingdee'][href*='format=csv']")
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert any(COST.replace(",", "") in row for row in rows)
