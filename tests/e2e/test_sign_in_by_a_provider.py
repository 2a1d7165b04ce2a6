"""Signing in with a company's account, in a browser and with a provider process on loopback: agreed by two, linked, used, taken away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from api.deps import unit_of_work
from api.example import loading
from api.example.loading import Edge
from api.example.scenario import Scenario
from tests.e2e.browser import ROOT, Watched
from tests.e2e.newcomers import first_operator, join, outside, refused, secret_shown
from tests.e2e.stories import World, confirm, press, sound, world
from tests.provider_process import free_port, running_provider

FIRST, SECOND, PASSWORD = "operator@tonne.example", "second@tonne.example", "seven grey herons wade"
TREASURER = "treasurer@beihe.example"
CLAIMS = {"sub": "beihe-17", "email": TREASURER, "email_verified": True}
STRANGER = {"sub": "beihe-99", "email": "stranger@beihe.example", "email_verified": True}


def only_the_people(edge: Edge, scenario: Scenario) -> None:
    """The example's organisations and people, and nothing else of it."""
    with unit_of_work(edge.database) as session:
        loading._organisations(session, edge, scenario)


@pytest.fixture
def provider() -> Iterator[str]:
    """The address of a provider process that knows the treasurer and somebody whom nobody invited."""
    with running_provider(CLAIMS, STRANGER) as address:
        yield address


def test_a_person_signs_in_with_the_company_s_account(
    browser: Browser, tmp_path: Path, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("TONNE_PUBLIC_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("TONNE_OIDC_LOOPBACK", "on")
    monkeypatch.setenv("TONNE_OIDC_SECRET_BEIHE", "a secret of the client")
    with world(browser, tmp_path, datetime.now(UTC).isoformat(), only_the_people, port=port) as story:
        two_operators_are_there(story)
        they_agree_to_the_provider(story, provider)
        the_treasurer_links_her_account(story, provider)
        she_signs_in_by_it(story, provider)
        somebody_unknown_stays_outside(story, provider)
        she_takes_the_link_away(story)
        the_provider_ends(story)


def two_operators_are_there(story: World) -> None:
    first = first_operator(story, "first", FIRST, PASSWORD)
    first.go("/people")
    first.page.fill("form[data-api='POST /v1/people'] [name=name]", "Second Operator")
    first.page.fill("form[data-api='POST /v1/people'] [name=email]", SECOND)
    link = secret_shown(first, "form[data-api='POST /v1/people'] button[type=submit]")
    on_the_server = [
        "role",
        "grant",
        "--database",
        story.url,
        "--organisation",
        "Operator of this installation",
        "--user",
        SECOND,
    ]
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "api.cli", *on_the_server, "--role", "operator"], cwd=ROOT, check=True
    )
    join(story, "second", SECOND, link, PASSWORD)


def they_agree_to_the_provider(story: World, provider: str) -> None:
    first, second = story.tab("first"), story.tab("second")
    first.go("/providers")
    sound(first, "providers-none")
    form = "form[data-api='POST /v1/oidc-providers']"
    values = {
        "name": "Beihe accounts",
        "client_id": "tonne",
        "secret_name": "BEIHE",
        "domains[0]": "beihe.example",
        "reason": "their people have accounts there",
    }
    for name, value in values.items():
        first.page.fill(f"{form} [name='{name}']", value)
    first.page.fill(f"{form} [name=issuer]", "http://login.beihe.example")
    refused(first, f"{form} button[type=submit]", field="issuer")
    first.page.fill(f"{form} [name=issuer]", provider)
    first.page.fill(f"{form} [name='domains[0]']", "beihe")
    refused(first, f"{form} button[type=submit]", field="domains[0]")
    sound(first, "provider-refused")
    first.page.fill(f"{form} [name='domains[0]']", "beihe.example")
    press(first, f"{form} button[type=submit]")
    row = "tr:has-text('Beihe accounts')"
    assert first.page.is_visible(f"{row} .badge:has-text('waiting')")
    assert first.page.locator(f"{row} button:has-text('Confirm')").count() == 0
    sound(first, "provider-waits")
    tab = outside(story)
    tab.go("/sign-in")
    assert tab.page.locator("[data-oidc]").count() == 0
    second.go("/providers")
    confirm(second, f"{row} button:has-text('Confirm')")
    assert second.page.is_visible(f"{row} .badge:has-text('live')")
    sound(second, "provider-live")


def the_treasurer_links_her_account(story: World, provider: str) -> None:
    treasurer = story.tab("treasurer")
    offline(treasurer)
    treasurer.go("/account")
    treasurer.page.click("summary:has-text('Link an account')")
    links = "form[data-oidc=link] button[type=submit]"
    treasurer.page.fill("#link-password", "not the password")
    refused(treasurer, links, field="password")
    sound(treasurer, "link-refused")
    treasurer.page.fill("#link-password", story.people["treasurer"].password)
    treasurer.page.click(links)
    consent(treasurer, provider, "deny")
    treasurer.page.wait_for_selector("[data-step=refused]:not([hidden])")
    passed(treasurer, provider, "link-denied")
    treasurer.go("/account")
    treasurer.page.click("summary:has-text('Link an account')")
    treasurer.page.fill("#link-password", story.people["treasurer"].password)
    treasurer.page.click(links)
    consent(treasurer, provider, CLAIMS["sub"])
    treasurer.page.wait_for_url(f"{story.address}/account")
    assert treasurer.page.is_visible(f"tr:has-text('Beihe accounts') code:has-text('{CLAIMS['sub']}')")
    passed(treasurer, provider, "account-linked")


def she_signs_in_by_it(story: World, provider: str) -> None:
    tab = offline(outside(story))
    tab.go("/sign-in?next=/people")
    sound(tab, "sign-in-with-a-provider")
    tab.page.click("[data-oidc=sign-in]")
    consent(tab, provider, CLAIMS["sub"])
    tab.page.wait_for_selector("#second-step:visible")
    passed(tab, provider, "second-step")
    tab.page.fill("#second-step [name=totp]", "000000")
    refused(tab, "#second-step button[type=submit]")
    story.clock_forward()
    tab.page.fill("#second-step [name=totp]", story.code_of("treasurer"))
    tab.page.click("#second-step button[type=submit]")
    tab.page.wait_for_url(f"{story.address}/people")
    passed(tab, provider, "signed-in-by-a-provider")


def somebody_unknown_stays_outside(story: World, provider: str) -> None:
    tab = offline(outside(story))
    tab.go("/sign-in")
    tab.page.click("[data-oidc=sign-in]")
    consent(tab, provider, STRANGER["sub"])
    tab.page.wait_for_selector("[data-step=refused]:not([hidden])")
    passed(tab, provider, "stranger-refused")
    tab.page.click("#came-back a")
    tab.page.wait_for_url(f"{story.address}/sign-in")


def she_takes_the_link_away(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go("/account")
    press(treasurer, "tr:has-text('Beihe accounts') button:has-text('Take the link away')")
    assert not treasurer.page.is_visible("tr:has-text('Beihe accounts')")
    treasurer.go("/access")
    assert treasurer.page.is_visible('td:has-text("provider\'s identity unlinked")')
    treasurer.keep("access-after-the-link")


def the_provider_ends(story: World) -> None:
    second = story.tab("second")
    second.go("/providers")
    second.page.click("tr:has-text('Beihe accounts') button:has-text('End')")
    ends = "dialog[open] form button[type=submit]"
    refused(second, ends, field="reason")
    second.page.fill("dialog[open] [name=reason]", "they change their provider")
    press(second, ends)
    assert second.page.is_visible("tr:has-text('Beihe accounts') .badge:has-text('ended')")
    sound(second, "provider-ended")
    tab = outside(story)
    tab.go("/sign-in")
    assert tab.page.locator("[data-oidc]").count() == 0


def offline(tab: Watched) -> Watched:
    """Let nothing leave the machine: the provider's own page asks for a style from elsewhere and gets none."""
    tab.page.route(lambda url: urlsplit(url).hostname != "127.0.0.1", lambda route: route.abort())
    return tab


def consent(tab: Watched, provider: str, subject: object) -> None:
    """Say at the provider's own page who one is, or ``deny``."""
    tab.page.wait_for_url(f"{provider}/**")
    if subject == "deny":
        tab.page.click("button[value=deny]")
    else:
        tab.page.fill("[name=sub]", str(subject))
        tab.page.click("button:has-text('Authorize')")
    tab.page.wait_for_url(f"{tab.address}/**")


def passed(tab: Watched, provider: str, name: str) -> None:
    """The page is as every page is; nobody was asked but the provider, whose own page is its own affair."""
    foreign = [each for each in tab.asked_elsewhere if not each.startswith(provider)]
    assert foreign == []
    tab.asked_elsewhere.clear()
    tab.said[:] = [line for line in tab.said if not line.startswith("Failed to load resource")]
    sound(tab, name)
