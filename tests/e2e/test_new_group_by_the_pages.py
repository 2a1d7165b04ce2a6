"""A new group by the pages alone: entity, books, a policy two agree on, accounts, an opening position, a transfer and its vouchers."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from api.deps import unit_of_work
from api.example import loading
from api.example.loading import Edge
from api.example.scenario import Scenario
from tests.e2e import newcomers, sheets
from tests.e2e.browser import Watched
from tests.e2e.stories import World, approve_on_inbox, confirm, press, send, sound, world

THURSDAY = "2026-08-20T02:00:00+00:00"
MONTH, OPENED_ON = "2026-08", "2026-01-01"
CREDIT_CODE, WRONG_CODE = "91350100M000100Y43", "91350100M000100Y44"
ADDS_ENTITY, OPENS_BOOK, OPENS_ACCOUNT = "form[data-api='POST /v1/legal-entities']", "#open-book", "#open-account"


def people_only(edge: Edge, scenario: Scenario) -> None:
    """The example's organisations with their people, who have joined; nothing is set up."""
    with unit_of_work(edge.database) as session:
        work = dict(loading._steps(scenario))
        work["organisations"](session, edge, scenario)


def test_a_group_goes_from_nothing_to_its_first_vouchers(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY, people_only) as story:
        the_entity_and_its_book_are_added(story)
        book = the_policy_takes_two(story)
        an_instrument_and_accounts_are_opened(story, book)
        the_opening_position_is_booked_and_stands_on_the_statement(story, book, tmp_path)
        cost_goes_to_a_second_book(story, book)
        the_vouchers_lead_to_the_missing_code(story, book)


def the_entity_and_its_book_are_added(story: World) -> None:
    treasurer = story.tab("treasurer")
    assert treasurer.page.is_visible("text=No book yet")
    treasurer.page.click("main a:has-text('Entities and books')")
    treasurer.page.wait_for_url("**/entities")
    sound(treasurer, "entities-empty")
    treasurer.page.fill(f"{ADDS_ENTITY} [name=name]", "新河铝业有限公司")
    treasurer.page.fill(f"{ADDS_ENTITY} [name=credit_code]", WRONG_CODE)
    newcomers.refused(treasurer, f"{ADDS_ENTITY} button[type=submit]", field="credit_code")
    send(treasurer, ADDS_ENTITY, credit_code=CREDIT_CODE)
    send(treasurer, OPENS_BOOK, code="xinhe")
    press(treasurer, "#place-book button[type=submit]")
    assert treasurer.page.is_visible(f"tr:has-text('{CREDIT_CODE}') a:text-is('xinhe')")
    sound(treasurer, "entities-with-a-book")


def an_instrument_and_accounts_are_opened(story: World, book: str) -> None:
    treasurer = story.tab("treasurer")
    register(treasurer, book)
    treasurer.go(f"{book}/accounting-policy")
    assert treasurer.page.is_visible("tr:has-text('Assets:Bank:CNY') td:text-is('100201')")
    treasurer.go(f"{book}/accounts")
    assert treasurer.page.is_visible("tr:has(a[href$='Assets%3ACarbon%3ACEA25']) td:text-is('weighted average')")
    sound(treasurer, "accounts")
    send(
        treasurer,
        OPENS_ACCOUNT,
        path="Assets:Bank:ICBC",
        opened_on=OPENED_ON,
        then=f"{book}/accounts/Assets%3ABank%3AICBC",
    )
    sound(treasurer, "account-open")
    confirm(treasurer, "[data-opens=confirm-close]")
    assert treasurer.page.is_visible(".badge:has-text('closed from 20 Aug 2026')")
    sound(treasurer, "account-closed")


def register(treasurer: Watched, book: str) -> None:
    treasurer.go(f"{book}/instruments")
    sound(treasurer, "instruments-none")
    send(treasurer, "#register-cea", code="CEA25", vintage_year="2025", opened_on=OPENED_ON)
    assert treasurer.page.is_visible("th:text-is('CEA25')")


def the_policy_takes_two(story: World) -> str:
    treasurer, controller = story.tab("treasurer"), story.tab("controller")
    treasurer.page.click("td a:text-is('xinhe')")
    treasurer.page.wait_for_url("**/books/*")
    book = treasurer.page.url.removeprefix(story.address)
    treasurer.go(f"{book}/accounting-policy")
    assert treasurer.page.is_visible("text=the product's default")
    form = "#propose-policy"
    treasurer.page.fill(f"{form} [name=effective_from]", OPENED_ON)
    treasurer.page.select_option(f"{form} [name=cea_cost_method]", "average")
    treasurer.page.fill(f"{form} [name='own_codes[0].path']", "Assets:Bank")
    treasurer.page.fill(f"{form} [name='own_codes[0].code']", "100201")
    newcomers.refused(treasurer, f"{form} button[type=submit]", field="own_codes[0].name")
    send(treasurer, form, **{"own_codes[0]__name": "工行滨州分行"})
    assert treasurer.page.is_visible("text=You proposed it")
    assert not treasurer.page.locator("[data-opens=confirm-policy-1]").count()
    sound(treasurer, "policy-proposed")
    controller.go(f"{book}/accounting-policy")
    assert controller.page.locator("#waiting-1 .scroller tbody :is(th, td)").all_inner_texts() == [
        *("In force from", "1 Jan 2020", "1 Jan 2026"),
        *("Cost formula of allowances", "First in, first out", "Moving weighted average"),
        *("Own codes of accounts: Assets:Bank", "—", "100201 工行滨州分行"),
    ]
    sound(controller, "policy-waits")
    confirm(controller, "[data-opens=confirm-policy-1]")
    assert controller.page.is_visible("#in-force :text('version 1, approved by')")
    sound(controller, "policy-in-force")
    return book


def the_opening_position_is_booked_and_stands_on_the_statement(story: World, book: str, folder: Path) -> None:
    treasurer = story.tab("treasurer")
    row: list[sheets.Cell] = ["OPEN-CEA25-1", OPENED_ON, "CEA25", 20_000, "96.13"]
    file = sheets.template(treasurer, "opening-positions", folder, [row])
    sheets.bring(treasurer, "/imports/new/opening-positions", file)
    sound(treasurer, "opening-read")
    sheets.second_for(treasurer, "[data-opens=confirm-import]")
    approve_on_inbox(story.tab("controller"), "Book a file")
    treasurer.go(f"{book}/statement")
    assert treasurer.page.inner_text(".figure-card .big") == "20,000 t"
    assert treasurer.page.is_visible("td:text-is('Assets:Carbon:CEA25')")
    sound(treasurer, "statement")


def cost_goes_to_a_second_book(story: World, book: str) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go("/entities")
    treasurer.page.click("summary:has-text('Open a book')")
    send(treasurer, OPENS_BOOK, code="xinhe-power")
    press(treasurer, "#place-book button[type=submit]")
    treasurer.page.click("td a:text-is('xinhe-power')")
    treasurer.page.wait_for_url("**/books/*")
    register(treasurer, treasurer.page.url.removeprefix(story.address))
    treasurer.go(f"{book}/transfer?account=Assets:Carbon:CEA25")
    opens = "button[data-api$='/accounts']"
    while treasurer.page.locator(opens).count():
        press(treasurer, f"{opens} >> nth=0")
    form = "form[data-api='POST /v1/transfers']"
    treasurer.page.fill(f"{form} [name='into.legs[0].amount']", "1000")
    treasurer.page.fill(f"{form} [name='into.legs[0].lot_cost']", "96130")
    sheets.asks_second(treasurer, f"{form} button[type=submit]")
    approve_on_inbox(story.tab("controller"), "Transfer between two books")


def the_vouchers_lead_to_the_missing_code(story: World, book: str) -> None:
    treasurer, controller = story.tab("treasurer"), story.tab("controller")
    treasurer.go(f"{book}/vouchers?month={MONTH}")
    numbers = "button[data-api$='/number']"
    newcomers.refused(treasurer, numbers, says="Equity:Clearing:CNY")
    treasurer.page.click("text=Give these accounts their codes")
    treasurer.page.wait_for_url("**/accounting-policy?on=2026-08-31*")
    form = "#give-codes"
    assert treasurer.page.input_value(f"{form} [name='own_codes[1].path']") == "Equity:Clearing:CNY"
    sound(treasurer, "codes-missing")
    send(treasurer, form, **{"own_codes[1]__code": "1221.90"})
    approve_on_inbox(controller, "Accounting policy")
    treasurer.go(f"{book}/vouchers?month={MONTH}")
    press(treasurer, numbers)
    treasurer.page.click("tbody th a")
    treasurer.page.wait_for_url(f"**/vouchers/{MONTH}/1")
    assert treasurer.page.is_visible("text=1221.90")
    sound(treasurer, "voucher-with-own-code")
