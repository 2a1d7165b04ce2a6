"""A fresh system to its first working person, in a real browser; and the pages of auditor and operator on the example."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser

from api.auth.one_time import issue_first_run_token
from api.deps import unit_of_work, utc_now
from ledger.store.database import open_database
from migrations import runner
from tests.e2e.browser import Watched, served, watched
from tests.e2e.conftest import Demo

OPERATOR, ADMINISTRATOR, MAKER = "operator@tonne.example", "li@smelter.example", "wang@smelter.example"
PASSWORDS = {
    OPERATOR: "seven grey herons wade",
    ADMINISTRATOR: "nine red kites circle",
    MAKER: "four green frogs sing",
}
RECOVERY_CODES = range(10)
PAGES = (
    "/search?q=2025",
    "/notices",
    "/notices/settings",
    "/feeds",
    "/reference/factors",
    "/four-eyes",
    "/account",
)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a server on an empty database, and the first-run token of its terminal."""
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    database = open_database(url)
    runner.upgrade(database)
    with served(url) as address:
        httpx.get(f"{address}/health/live", timeout=60)  # it answers once the server has offered its own token
        with unit_of_work(database) as session:
            token = issue_first_run_token(session, now=utc_now(), random_bytes=secrets.token_bytes)
        database.engine.dispose()
        assert token is not None
        yield address, token


def fill(tab: Watched, **values: str) -> None:
    for name, value in values.items():
        tab.page.fill(f"[name='{name.replace('__', '.')}']", value)


def sign_in(tab: Watched, email: str, totp: str = "") -> None:
    tab.go("/sign-in")
    fill(tab, email=email, password=PASSWORDS[email])
    if totp:
        fill(tab, totp=totp)
    tab.page.click("button[type=submit]")
    tab.page.wait_for_url(f"{tab.address}/")


def accept(tab: Watched, link: str, email: str) -> None:
    tab.page.goto(link)
    fill(tab, password=PASSWORDS[email])
    tab.page.click("button[type=submit]")
    tab.page.wait_for_url("**/sign-in")


def enrol(tab: Watched, email: str) -> None:
    """Set up the second factor, keep its codes, and sign in with the authenticator's next code."""
    tab.go("/account")
    tab.page.click("button[data-api='POST /v1/totp']")
    tab.page.wait_for_selector("[data-secret]:not(:empty)")
    secret = tab.page.inner_text("[data-secret]")
    tab.keep("account-second-factor")
    fill(tab, totp=pyotp.TOTP(secret).now())
    tab.page.click("#confirm-totp button[type=submit]")
    tab.page.wait_for_selector("[data-codes] li")
    assert tab.page.locator("[data-codes] li").count() == len(RECOVERY_CODES)
    assert tab.serious() == []
    tab.page.click("[data-step=codes] button")
    tab.page.wait_for_url("**/sign-in")
    sign_in(tab, email, pyotp.TOTP(secret).at(utc_now() + timedelta(seconds=30)))


def handed_over(tab: Watched) -> str:
    tab.page.wait_for_selector("#secret[open] output")
    assert tab.serious() == []
    return tab.page.inner_text("#secret output")


def test_a_fresh_system_gets_its_operator_its_organisation_and_its_people(
    browser: Browser, fresh: tuple[str, str]
) -> None:
    address, token = fresh
    with watched(browser, address) as tab:
        tab.go("/first-run")
        fill(tab, token=token, email=OPERATOR, name="Operator", password=PASSWORDS[OPERATOR])
        tab.page.click("button[type=submit]")
        tab.page.wait_for_url("**/sign-in")
        sign_in(tab, OPERATOR)
        enrol(tab, OPERATOR)
        tab.go("/organisations")
        tab.keep("organisations-fresh")
        fill(tab, legal_name="First Smelter Group", administrator__name="Li Na", administrator__email=ADMINISTRATOR)
        tab.page.click("form[data-api='POST /v1/organisations'] button[type=submit]")
        invitation = handed_over(tab)
        tab.keep("organisation-made")
    with watched(browser, address) as tab:
        accept(tab, invitation, ADMINISTRATOR)
        sign_in(tab, ADMINISTRATOR)
        tab.go("/people")
        if not tab.page.is_visible("[name=name]"):
            tab.page.click("summary:has-text('Invite a person')")
        fill(tab, name="Wang Wei", email=MAKER)
        tab.page.click("form[data-api='POST /v1/people'] button[type=submit]")
        invitation = handed_over(tab)
        tab.go("/people")
        tab.page.click("summary:has-text('Give a role')")
        tab.page.select_option("#give-to", label=f"Wang Wei ({MAKER})")
        tab.page.select_option("[name=role]", "maker")
        tab.page.fill("#give-role [name=reason]", "books our trades")
        tab.page.click("#give-role button[type=submit]")
        tab.page.wait_for_selector("td:has-text('books our trades')")
        tab.keep("people")
        assert tab.serious() == []
    with watched(browser, address) as tab:
        accept(tab, invitation, MAKER)
        sign_in(tab, MAKER)
        assert tab.page.is_visible("text=No book yet")
        enrol(tab, MAKER)
        assert (tab.serious(), tab.said, tab.asked_elsewhere) == ([], [], [])
        assert tab.page.is_visible("text=No book yet")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_quiet_accessible_and_fits_a_phone(browser: Browser, demo: Demo, path: str) -> None:
    with watched(browser, demo.address, key=demo.key_by_party["borrower"], language="zh", theme="dark") as tab:
        assert tab.go(path).status == 200
        tab.keep(f"operator-{path.strip('/').replace('/', '-').partition('?')[0]}")

        assert (tab.serious(), tab.said, tab.asked_elsewhere) == ([], [], [])
        tab.page.set_viewport_size({"width": 390, "height": 860})
        assert not tab.overflows()


def test_a_key_brings_the_reader_to_the_search_and_a_hit_to_its_page(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo.address, key=demo.key_by_party["borrower"]) as tab:
        tab.go("/")
        tab.page.keyboard.press("/")
        tab.page.keyboard.type("T-2025-001")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_url("**/search?q=T-2025-001")
        tab.page.click(".hits a")

        assert "/entries/" in tab.page.url
        assert tab.page.is_visible("#proof")
