"""What stories share in which people come in: an invitation's link becomes a person with a password and an authenticator."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pyotp
from playwright.sync_api import Request

from api.auth.one_time import issue_first_run_token
from api.deps import unit_of_work
from api.example.people import ShownPerson
from api.pages.base.formats import SHANGHAI
from ledger.store.database import open_database
from tests.e2e.browser import Watched
from tests.e2e.stories import PATIENCE_MS, World, send, sound

_REFUSED = "Failed to load resource: the server responded with a status of 4"


def outside(story: World) -> Watched:
    """A tab of somebody who is not signed in."""
    context = story.browser.new_context(viewport={"width": 1366, "height": 860}, locale="en-GB")
    context.add_cookies([{"name": "tonne_language", "value": story.language, "url": story.address}])
    story.contexts.append(context)
    tab = Watched(context.new_page(), story.address)
    tab.page.set_default_timeout(PATIENCE_MS)
    return tab


def refused(tab: Watched, button: str, *, field: str = "", says: str = "") -> str:
    """Press what is refused, and return the sentence: beside the field where one is named, else in the form's summary.

    A browser notes every answer of 400 and more on its console; this one was asked for.
    """
    place = f"[data-field='{field}'] .error" if field else ".summary, .act > .error, dialog[open] .error"
    tab.page.click(button)
    shown = tab.page.locator(place).locator("visible=true").first
    shown.wait_for()
    told = shown.inner_text()
    assert says in told, told
    kept = [line for line in tab.said if not line.startswith(_REFUSED)]
    assert len(kept) < len(tab.said), "the server answered with a refusal"
    tab.said[:] = kept
    return told


def secret_shown(tab: Watched, button: str) -> str:
    """Press what makes a secret, and return the one time that it is shown."""
    tab.page.click(button)
    tab.page.wait_for_selector("#secret[open] output")
    assert tab.serious() == []
    shown = tab.page.inner_text("#secret output")
    with tab.page.expect_navigation(wait_until="load"):
        tab.page.click("#secret [data-closes] >> nth=-1")
    assert shown not in tab.page.content()
    return shown


def join(story: World, name: str, email: str, link: str, password: str) -> Watched:
    """Choose a password by the link, sign in, set up the authenticator, and sign in with it; the tab is kept under ``name``."""
    tab = outside(story)
    tab.page.goto(link)
    tab.page.fill("[name=password]", password)
    tab.page.click("button[type=submit]")
    tab.page.wait_for_url("**/sign-in")
    return enrol(story, tab, name, email, password)


def enrol(story: World, tab: Watched, name: str, email: str, password: str) -> Watched:
    """Sign in with the password, set up the authenticator, and sign in with it too; the tab is kept under ``name``."""
    tab.go("/sign-in")
    tab.page.fill("[name=email]", email)
    tab.page.fill("[name=password]", password)
    tab.page.click("form[data-api='POST /v1/sign-in'] button[type=submit]")
    tab.page.wait_for_url(f"{tab.address}/")
    tab.go("/account")
    tab.page.click("button[data-api='POST /v1/totp']")
    tab.page.wait_for_selector("[data-secret]:not(:empty)")
    secret = tab.page.inner_text("[data-secret]")
    tab.page.fill("[name=totp]", pyotp.TOTP(secret).at(story.now))
    tab.page.click("#confirm-totp button[type=submit]")
    tab.page.wait_for_selector("[data-codes] li")
    sound(tab, f"{name}-enrolled")
    tab.page.click("[data-step=codes] button")
    tab.page.wait_for_url("**/sign-in")
    person = ShownPerson(organisation="", email=email, roles=(), password=password, totp_secret=secret)
    story.people = {**story.people, name: person}
    return story.tab(name)


def first_operator(story: World, name: str, email: str, password: str) -> Watched:
    """Make the installation's operator with the token of the terminal, and let it sign in with an authenticator."""
    database = open_database(story.url)
    with unit_of_work(database) as session:
        token = issue_first_run_token(session, now=story.now, random_bytes=secrets.token_bytes)
    database.engine.dispose()
    assert token is not None
    tab = outside(story)
    tab.go("/first-run")
    form = "form[data-api='POST /v1/first-run']"
    send(tab, form, token=token, email=email, name="Operator", password=password, then="/sign-in")
    return enrol(story, tab, name, email, password)


def until(story: World, **ahead: int) -> str:
    """An instant so far ahead of the story's, as a field of day and time takes it: in China's time."""
    return (story.now + timedelta(**ahead)).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")


def half_filled(tab: Watched, button: str, *, field: str) -> None:
    """Type a part of a day and time by the keyboard, see it refused beside its field without being sent, and clear it."""
    tab.page.focus(f"[name={field}]")
    tab.page.keyboard.type("12")
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.method)

    tab.page.on("request", note)
    tab.page.click(button)
    tab.page.wait_for_selector(f"[data-field={field}] .error:has-text('Fill it in as a whole')")
    tab.page.remove_listener("request", note)
    assert {"POST", "PUT"}.isdisjoint(asked)
    tab.page.fill(f"[name={field}]", "")
