"""What the stories in a real browser share: a served world with a clock of its own, and people who sign in as people do.

Whoever is asked for signs in with password and authenticator by the page; each page passed is looked at with axe-core.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyotp
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy.orm import Session

from api.auth.totp_keeping import make_ready
from api.auth.totp_key_file import TotpKeyFile, key_file_of
from api.auth.totp_seal import TotpSeal
from api.deps import unit_of_work, uuid7
from api.example.loading import Edge, load_example
from api.example.people import ShownPerson, give_credentials
from api.example.scenario import Scenario, load_scenario
from ledger.store.database import open_database
from migrations import runner
from tests.e2e.browser import ROOT, Watched
from tests.e2e.clocked import instant_of

A_STEP = timedelta(seconds=31)
"""Longer than an authenticator shows one code: no code is used twice."""
PATIENCE_MS = 25_000
Loading = Callable[[Edge, Scenario], None]


@dataclass
class World:
    """A served story: its people by the name that the example gives them, and the hour."""

    browser: Browser
    address: str
    scenario: Scenario
    people: Mapping[str, ShownPerson]
    offset_file: Path
    url: str
    language: str = "en"
    tabs: dict[str, Watched] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def book(self) -> str:
        """The path of the example's book."""
        return f"/books/{self.scenario.id_of('book')}"

    @property
    def now(self) -> datetime:
        """The instant that the server has."""
        return instant_of(self.offset_file)

    def move_to(self, instant: str) -> None:
        """Let the hour be ``instant``; who signed in before signs in again."""
        self._move(datetime.fromisoformat(instant) - datetime.now(UTC))
        self.leave()

    def leave(self) -> None:
        """Let everybody go home."""
        self.tabs.clear()
        while self.contexts:
            self.contexts.pop().close()

    def tab(self, name: str) -> Watched:
        """The person's tab, signed in with password and authenticator."""
        if name not in self.tabs:
            self.tabs[name] = self._signed_in(self.people[name])
        return self.tabs[name]

    def _signed_in(self, person: ShownPerson) -> Watched:
        self.clock_forward()
        context = self.browser.new_context(
            viewport={"width": 1366, "height": 860}, locale="en-GB", accept_downloads=True
        )
        context.add_cookies([{"name": "tonne_language", "value": self.language, "url": self.address}])
        self.contexts.append(context)
        tab = Watched(context.new_page(), self.address)
        tab.page.set_default_timeout(PATIENCE_MS)
        tab.go("/sign-in")
        tab.page.fill("[name=email]", person.email)
        tab.page.fill("[name=password]", person.password)
        tab.page.fill("[name=totp]", pyotp.TOTP(person.totp_secret).at(self.now))
        tab.page.click("form[data-api='POST /v1/sign-in'] button[type=submit]")
        tab.page.wait_for_url(f"{self.address}/")
        return tab

    def code_of(self, name: str) -> str:
        """What the person's authenticator shows now."""
        return pyotp.TOTP(self.people[name].totp_secret).at(self.now)

    def clock_forward(self) -> None:
        """Let so much time pass that an authenticator shows another code."""
        self._move(timedelta(seconds=int(self.offset_file.read_text(encoding="ascii"))) + A_STEP)

    def _move(self, offset: timedelta) -> None:
        fresh = self.offset_file.with_suffix(".new")
        fresh.write_text(str(int(offset.total_seconds())), encoding="ascii")
        fresh.replace(self.offset_file)


@contextmanager
def world(
    browser: Browser, folder: Path, hour: str, loading: Loading = load_example, *, port: int = 0
) -> Iterator[World]:
    """Serve the example, loaded as far as ``loading`` does, at the instant ``hour``."""
    scenario, url = load_scenario(), f"sqlite:///{folder / 'story.db'}"
    people = _loaded(url, scenario, loading)
    offset_file = folder / "offset"
    offset_file.write_text("0", encoding="ascii")
    command = [sys.executable, "-m", "tests.e2e.clocked", url, str(offset_file), str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:  # noqa: S603 - our own program
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, "the server did not say where it listens"
            made = World(
                browser=browser, address=address, scenario=scenario, people=people, offset_file=offset_file, url=url
            )
            httpx.get(f"{address}/health/live", timeout=120)
            made.move_to(hour)
            try:
                yield made
            finally:
                for name, tab in made.tabs.items():
                    tab.keep(f"last-{name}")
                made.leave()
        finally:
            process.terminate()
            process.wait(timeout=30)


def _loaded(url: str, scenario: Scenario, loading: Loading) -> Mapping[str, ShownPerson]:
    database = open_database(url)
    try:
        runner.upgrade(database)
        edge = Edge(
            database=database,
            new_id=lambda: uuid7(scenario.instant("organisations"), secrets.token_bytes),
            random_bytes=secrets.token_bytes,
        )
        loading(edge, scenario)
        with unit_of_work(database) as session:
            return _people(session, scenario, key_file_of(os.environ, url))
    finally:
        database.engine.dispose()


def _people(session: Session, scenario: Scenario, keys: TotpKeyFile) -> Mapping[str, ShownPerson]:
    make_ready(session, keys, random_bytes=secrets.token_bytes)
    shown = give_credentials(
        session,
        scenario,
        seal=TotpSeal(keys.read),
        now=scenario.instant("organisations"),
        random_bytes=secrets.token_bytes,
    )
    by_email = {each.email: each for each in shown}
    people: dict[str, Any] = {}
    for facts in scenario.facts["organisations"].values():
        people |= {name: by_email[email] for name, (email, _) in facts["people"].items()}
    return people


def sound(tab: Watched, name: str = "") -> None:
    """The page is accessible, said nothing on the console, asked nobody else, and is not wider than the window."""
    if name:
        tab.keep(name)
    found = (tab.serious(), tab.said, tab.asked_elsewhere, tab.overflows())
    assert found == ([], [], [], False), f"{tab.page.url.removeprefix(tab.address)}: {found}"


def send(tab: Watched, form: str, *, then: str = "", **values: str) -> None:
    """Fill in the form's fields (``a__b`` is ``a.b``), send it, and wait for the page ``then`` or for the page anew."""
    for name, value in values.items():
        place = tab.page.locator(f"{form} [name='{name.replace('__', '.')}']")
        if place.evaluate("element => element.tagName") == "SELECT":
            place.select_option(value)
        else:
            place.fill(value)
    press(tab, f"{form} button[type=submit]", then=then)


def press(tab: Watched, button: str, *, then: str = "") -> None:
    """Press what sends a request, and wait for the page that follows: ``then``, or this one anew."""
    if then:
        tab.page.click(button)
        tab.page.wait_for_url(f"{tab.address}{then}")
        return
    with tab.page.expect_navigation(wait_until="load"):
        tab.page.click(button)


def confirm(tab: Watched, opener: str, *, then: str = "") -> None:
    """Open what asks for confirmation, look at it, and confirm."""
    tab.page.click(opener)
    tab.page.wait_for_selector("dialog[open]")
    assert tab.serious() == []
    press(tab, "dialog[open] button[data-api], dialog[open] form[data-api] button[type=submit]", then=then)


def approve_on_inbox(tab: Watched, title: str) -> None:
    """Approve what waits under ``title`` in the inbox, after a look at its exact difference."""
    tab.go("/inbox")
    tab.page.evaluate("dispatchEvent(new Event('pagehide'))")  # an alert that comes now would load the page anew
    sound(tab, "inbox")
    tab.page.locator(f".panel:has(h2:text-matches('{title}'))").locator("[data-opens^='confirm-approve']").first.click()
    tab.page.wait_for_selector("dialog[open]")
    reason = tab.page.locator("dialog[open] [name=reason]")
    if reason.count():
        reason.fill("seen and in order")
    press(tab, "dialog[open] form button[type=submit], dialog[open] button[data-api]")
