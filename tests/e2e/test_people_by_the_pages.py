"""People by the pages, in a browser: who comes in and leaves, what each may do, what a bank and an auditor see."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from api.deps import unit_of_work
from api.example import loading
from api.example.loading import Edge
from api.example.scenario import Scenario
from ledger.core.log import leaf_hash
from ledger.core.proofs import root_of_inclusion
from tests.e2e.browser import Watched
from tests.e2e.hooks import KEY, MOST_TRIES, dispatch, receiver
from tests.e2e.newcomers import first_operator, half_filled, join, outside, refused, secret_shown, until
from tests.e2e.stories import World, approve_on_inbox, confirm, press, send, sound, world

THURSDAY = "2026-08-20T02:00:00+00:00"  # ten o'clock in Shanghai: the first session is open
FRIDAY = "2026-08-21T03:10:00+00:00"
AUDIT_IS_OVER = "2026-08-24T02:00:00+00:00"
OPERATOR, AUDITOR = "operator@tonne.example", "zhao@audit.example"
SUN, PASSWORD = "sun@beihe.example", "seven grey herons wade"


@pytest.fixture(autouse=True)
def webhooks_are_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONNE_WEBHOOK_KEY", base64.b64encode(KEY).decode())
    monkeypatch.setenv("TONNE_LOOPBACK_WEBHOOKS", "on")


def without_the_decision(edge: Edge, scenario: Scenario) -> None:
    """The example, with the rate of the attested year still to be decided."""
    for name, work in loading._steps(scenario):
        if name not in {"decision", "loan_entries"}:
            with unit_of_work(edge.database) as session:
                work(session, edge, scenario)


def test_people_come_in_get_roles_and_leave(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY) as story:
        somebody_is_invited_and_joins(story)
        a_role_takes_two_and_ends(story)
        a_session_is_ended(story)
        a_key_is_made_rotated_and_ended(story)


def test_an_auditor_reads_the_evidence_until_the_grant_ends(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY) as story:
        an_operator_brings_the_firm(story)
        the_auditor_is_let_in(story)
        the_auditor_reads_the_evidence(story)
        after_the_audit_there_is_nothing(story)


def test_a_bank_refuses_asks_and_approves_and_both_end_the_label(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY, without_the_decision) as story:
        the_bank_refuses_asks_and_approves(story)
        both_sides_end_the_label(story)


def test_a_desk_hears_of_alerts_and_keeps_to_its_limits(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY) as story:
        alerts_go_where_a_person_wants_them(story)
        a_webhook_is_agreed_tried_and_given_up(story)
        a_counterparty_takes_two_and_a_day(story)
        what_is_too_much_is_refused_with_what_is_left(story)


def somebody_is_invited_and_joins(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go("/people")
    sound(treasurer, "people")
    treasurer.page.click("summary:has-text('Invite a person')")
    treasurer.page.fill("[name=name]", "Sun Li")
    treasurer.page.fill("[name=email]", "sun.beihe.example")
    invites = "form[data-api='POST /v1/people'] button[type=submit]"
    refused(treasurer, invites, field="email")
    treasurer.page.fill("[name=email]", SUN)
    link = secret_shown(treasurer, invites)
    assert treasurer.page.is_visible(f"tr:has-text('{SUN}') .badge:has-text('invited')")
    sound(treasurer, "people-invited")
    newcomer = outside(story)
    newcomer.page.goto(link)
    chooses = "form[data-api='POST /v1/invitations/accept'] button[type=submit]"
    for common, why in (
        ("password1234", "others do not guess"),
        ("beihe aluminium", "others do not guess"),
        ("short", "12 to 128"),
    ):
        newcomer.page.fill("[name=password]", common)
        refused(newcomer, chooses, field="password", says=why)
    sound(newcomer, "invitation-refused")
    sun = join(story, "sun", SUN, link, PASSWORD)
    assert sun.page.is_visible("text=Sun Li")
    sound(sun, "overview-without-a-role")
    newcomer.page.fill("[name=password]", PASSWORD)
    refused(newcomer, chooses)
    newcomer.page.fill("[name=token]", "")
    refused(newcomer, chooses, field="token")


def a_role_takes_two_and_ends(story: World) -> None:
    treasurer, controller, sun = (story.tab(name) for name in ("treasurer", "controller", "sun"))
    treasurer.go("/people")
    treasurer.page.click("summary:has-text('Give a role')")
    treasurer.page.select_option("#give-to", label=f"Sun Li ({SUN})")
    treasurer.page.select_option("[name=role]", "checker")
    gives = "#give-role button[type=submit]"
    refused(treasurer, gives, field="reason")
    treasurer.page.fill("#give-role [name=reason]", "second person of the desk")
    half_filled(treasurer, gives, field="until_at")
    treasurer.page.fill("#give-role [name=until_at]", "2026-01-01T00:00")
    refused(treasurer, gives, field="until_at")
    treasurer.page.fill("#give-role [name=until_at]", "")
    press(treasurer, gives)
    row = "tr:has-text('second person of the desk')"
    assert treasurer.page.is_visible(f"{row} .badge:has-text('waiting')")
    assert treasurer.page.locator(f"{row} button:has-text('Confirm')").count() == 0
    sound(treasurer, "role-waits")
    assert sun.go("/inbox").status == httpx.codes.FORBIDDEN
    sun.said.clear()  # the refused page is noted on the console
    controller.go("/inbox")
    sound(controller, "inbox-role")
    controller.go("/people")
    confirm(controller, f"{row} button:has-text('Confirm')")
    assert controller.page.is_visible(f"{row} .badge:has-text('live')")
    sound(controller, "role-confirmed")
    sun.go("/account")
    sound(sun, "account-with-a-role")
    sun.go("/")
    sound(sun, "overview-with-a-role")
    treasurer.go("/people")
    treasurer.page.click(f"{row} button:has-text('End')")
    ends = "dialog[open] form button[type=submit]"
    refused(treasurer, ends, field="reason")
    treasurer.page.fill("dialog[open] [name=reason]", "moved to another desk")
    press(treasurer, ends)
    assert treasurer.page.is_visible(f"{row} .badge:has-text('ended')")
    sound(treasurer, "role-ended")
    assert sun.go(f"{story.book}/positions").status == httpx.codes.FORBIDDEN
    sun.keep("positions-without-a-role")
    sun.said.clear()  # the refused page is noted on the console


def a_session_is_ended(story: World) -> None:
    treasurer, sun = story.tab("treasurer"), story.tab("sun")
    treasurer.go("/access")
    sound(treasurer, "access")
    press(treasurer, "tr:has-text('Sun Li') button:has-text('End the session')")
    assert treasurer.page.locator("tr:has-text('Sun Li') button:has-text('End the session')").count() == 0
    sun.go("/account")
    assert "/sign-in" in sun.page.url
    sound(sun, "after-the-session")
    treasurer.go("/people")
    press(treasurer, f"tr:has-text('{SUN}') button:has-text('Disable')")
    treasurer.keep("people-disabled")


def a_key_is_made_rotated_and_ended(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go("/keys")
    sound(treasurer, "keys-none")
    makes = "form[data-api='POST /v1/api-keys'] button[type=submit]"
    refused(treasurer, makes, field="scopes")
    treasurer.page.check("[name=scopes][value='ledger:read']")
    treasurer.page.fill("[name=name]", "nightly import")
    treasurer.page.fill("[name=days]", "400")
    refused(treasurer, makes, field="days", says="1 to 365")
    treasurer.page.fill("[name=days]", "x")
    refused(treasurer, makes, field="days")
    sound(treasurer, "keys-refused")
    treasurer.page.fill("[name=days]", "30")
    first = secret_shown(treasurer, makes)
    assert works(story, first)
    sound(treasurer, "keys-one")
    second = secret_shown(treasurer, "tr:has-text('nightly import') button:has-text('Rotate')")
    assert works(story, first)
    assert works(story, second)
    treasurer.go("/keys")
    refused(treasurer, "tr:has-text('nightly import') >> nth=0 >> button:has-text('Rotate')")
    sound(treasurer, "keys-two")
    press(treasurer, "tr:has-text('nightly import') >> nth=0 >> button:has-text('Revoke')")
    assert not works(story, first)
    assert works(story, second)
    press(treasurer, "tr:has-text('nightly import') >> button:has-text('Revoke') >> visible=true")
    assert not works(story, second)
    sound(treasurer, "keys-ended")


def works(story: World, key: str) -> bool:
    answer = httpx.get(f"{story.address}/v1/me", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    return answer.status_code == httpx.codes.OK


def an_operator_brings_the_firm(story: World) -> None:
    operator = first_operator(story, "operator", OPERATOR, PASSWORD)
    operator.go("/organisations")
    form = "form[data-api='POST /v1/organisations']"
    operator.page.select_option(f"{form} [name=kind]", "auditor")
    operator.page.fill(f"{form} [name=legal_name]", "Example Auditors")
    operator.page.fill(f"{form} [name='administrator.name']", "Zhao Min")
    operator.page.fill(f"{form} [name='administrator.email']", AUDITOR)
    link = secret_shown(operator, f"{form} button[type=submit]")
    assert operator.page.is_visible("tr:has-text('Example Auditors'):has-text('auditor')")
    sound(operator, "organisations")
    sound(join(story, "auditor", AUDITOR, link, PASSWORD), "auditor-at-home")


def the_auditor_is_let_in(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go("/people")
    treasurer.page.click("summary:has-text('Invite a person')")
    treasurer.page.fill("[name=name]", "Zhao Min")
    treasurer.page.fill("[name=email]", AUDITOR)
    link = secret_shown(treasurer, "form[data-api='POST /v1/people'] button[type=submit]")
    gives_auditor(treasurer)
    gives = "#give-role button[type=submit]"
    refused(treasurer, gives, field="until_at")
    treasurer.page.fill("#give-role [name=until_at]", until(story, days=3))
    treasurer.page.select_option("#give-to", label="Group controller (controller@beihe.example)")
    refused(treasurer, gives, field="user_id")
    sound(treasurer, "auditor-role-refused")
    guest = outside(story)
    guest.page.goto(link)
    guest.page.fill("[name=password]", "nine red kites circle")
    refused(guest, "button[type=submit]")
    sound(guest, "invitation-of-a-known-person")
    guest.page.fill("[name=password]", PASSWORD)
    guest.page.click("button[type=submit]")
    guest.page.wait_for_url("**/sign-in")
    treasurer.go("/people")
    gives_auditor(treasurer)
    treasurer.page.fill("#give-role [name=until_at]", until(story, days=3))
    press(treasurer, gives)
    sound(treasurer, "auditor-role-given")
    sign_in(story, guest, "auditor", organisation=treasurer_house(story))
    story.tabs["guest"] = guest


def sign_in(story: World, tab: Watched, name: str, *, organisation: str) -> None:
    """Sign in as a person of several organisations, who says for which."""
    story.clock_forward()
    tab.page.fill("[name=email]", story.people[name].email)
    tab.page.fill("[name=password]", story.people[name].password)
    tab.page.fill("[name=totp]", story.code_of(name))
    signs = "form[data-api='POST /v1/sign-in'] button[type=submit]"
    tab.page.click(signs)
    tab.page.wait_for_selector("#organisation-choice:not([hidden])")
    sound(tab, "which-organisation")
    tab.page.select_option("[name=organisation_id]", label=organisation)
    tab.page.click(signs)
    tab.page.wait_for_url(f"{tab.address}/")


def treasurer_house(story: World) -> str:
    return str(story.scenario.facts["organisations"]["borrower"]["legal_name"])


def gives_auditor(treasurer: Watched) -> None:
    treasurer.page.click("summary:has-text('Give a role')")
    treasurer.page.select_option("#give-to", label=f"Zhao Min ({AUDITOR})")
    treasurer.page.select_option("[name=role]", "auditor")
    treasurer.page.fill("#give-role [name=reason]", "audit of 2026")


def the_auditor_reads_the_evidence(story: World) -> None:
    guest = story.tab("guest")
    book = story.book
    guest.go("/")
    sound(guest, "auditor-overview")
    guest.go(f"{book}/log")
    guest.page.click("tbody th a >> nth=-1")
    guest.page.wait_for_url(f"**{book}/entries/*")
    with guest.page.expect_download() as download:
        guest.page.click("a:has-text('Download the proof')")
    proof = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    leaf = leaf_hash(bytes.fromhex(proof["salt"]), proof["canonical"].encode())
    path = [bytes.fromhex(each) for each in proof["path"]]
    root = root_of_inclusion(leaf=leaf, index=int(proof["seq"]) - 1, size=int(proof["tree_size"]), path=path)
    assert root is not None
    guest.go(f"{book}/log")
    assert guest.page.is_visible(f"code:text-is('{root.hex()}')")
    guest.go(f"{book}/entries/1")
    sound(guest, "auditor-entry")
    guest.go(f"{book}/checkpoints")
    sound(guest, "auditor-checkpoints")
    guest.go(f"{book}/check")
    press(guest, "button[data-api$='/check']")
    assert guest.page.is_visible(".card:has-text('Verdict') >> text=sound")
    sound(guest, "auditor-check")
    guest.go("/audit")
    assert guest.page.is_visible("td:has-text('Zhao Min')")
    sound(guest, "auditor-audit")
    guest.page.click("tbody th a >> nth=0")
    guest.page.wait_for_url("**/audit/*")
    sound(guest, "auditor-audit-row")
    guest.go("/access")
    assert guest.page.is_visible("td:has-text('read by an auditor')")
    assert guest.page.locator("main button[data-api]").count() == 0
    sound(guest, "auditor-access")
    guest.go("/people")
    assert guest.page.is_visible("td:has-text('audit of 2026')")
    assert guest.page.locator("main [data-api], main [data-opens]").count() == 0
    sound(guest, "auditor-people")
    guest.go("/keys")
    assert guest.page.locator("main [data-api]").count() == 0
    sound(guest, "auditor-keys")
    guest.go("/four-eyes")
    assert guest.page.locator("main [data-api]").count() == 0
    sound(guest, "auditor-four-eyes")
    guest.go("/notices/settings")
    guest.page.uncheck("[data-kind=price_stale] [data-channel=email]")
    press(guest, "#notice-settings button[type=submit]")
    press(guest, ".page-head button:has-text('Send me a test')", then="/notices")
    press(guest, ".page-head button:has-text('Mark all as read')")
    sound(guest, "auditor-notices")


def after_the_audit_there_is_nothing(story: World) -> None:
    story.move_to(AUDIT_IS_OVER)
    auditor = outside(story)
    auditor.go("/sign-in")
    sign_in(story, auditor, "auditor", organisation=treasurer_house(story))
    assert auditor.page.is_visible("text=No role now")
    assert auditor.page.locator("nav.side a").count() == 1
    sound(auditor, "after-the-audit")
    for path in (
        "/loans",
        "/kpi-periods",
        "/audit",
        "/notices",
        "/inbox",
        f"{story.book}/log",
        f"{story.book}/positions",
    ):
        assert auditor.go(path).status == httpx.codes.FORBIDDEN
    auditor.said.clear()  # each refused page is noted on the console
    assert auditor.page.is_visible("text=auth.role_missing")
    sound(auditor, "refused-after-the-audit")


def a_counterparty_takes_two_and_a_day(story: World) -> None:
    treasurer, controller = story.tab("treasurer"), story.tab("controller")
    treasurer.go(f"{story.book}/counterparties")
    proposes = "#propose form button[type=submit]"
    treasurer.page.fill("#propose [name=legal_name]", "Haihe Carbon Trading Co.")
    treasurer.page.fill("#propose [name=registration_no]", "91120000MA1FL0000X")
    treasurer.page.fill("#propose [name=max_amount_cny]", "-1")
    treasurer.page.fill("#propose [name=reason]", "block trades of the group")
    refused(treasurer, proposes, field="max_amount_cny")
    treasurer.page.fill("#propose [name=max_amount_cny]", "100000")
    press(treasurer, proposes)
    row = "tr:has-text('Haihe')"
    assert treasurer.page.is_visible(f"{row} .badge:has-text('waits for approval')")
    assert treasurer.page.is_visible(f"{row} :text('a colleague decides')")
    sound(treasurer, "counterparty-proposed")
    approve_on_inbox(controller, "Counterparty")
    controller.go(f"{story.book}/counterparties")
    assert controller.page.is_visible(f"{row} .badge:has-text('waiting time runs')")
    sound(controller, "counterparty-approved")
    for scope in ("trade", "day"):
        treasurer.go(f"{story.book}/trading-limits")
        send(treasurer, "#propose form", scope=scope, max_amount_cny="500000", reason="small trades")
        approve_on_inbox(controller, "[Ll]imit")


def what_is_too_much_is_refused_with_what_is_left(story: World) -> None:
    story.move_to(FRIDAY)
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/counterparties")
    assert treasurer.page.is_visible("tr:has-text('Haihe') .badge:has-text('trusted')")
    treasurer.go(f"{story.book}/orders/new")
    page = treasurer.page
    page.select_option("[name=instrument]", "CEA25")
    page.select_option("[name=method]", "block")
    page.select_option("[name=counterparty_id]", label="Haihe Carbon Trading Co.")
    page.fill("#ticket [name=quantity]", "1200")
    page.fill("#ticket [name=limit_price]", "97.40")
    page.wait_for_selector("#check-results .stop-note")
    sound(treasurer, "order-over-the-limit")
    refused(treasurer, "#ticket button[type=submit]")
    treasurer.keep("order-refused")


def alerts_go_where_a_person_wants_them(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go("/notices/settings")
    sound(treasurer, "notice-settings")
    treasurer.page.uncheck("[data-kind=price_stale] [data-channel=email]")
    treasurer.page.select_option("#notice-settings [name=language]", "en")
    saves = "#notice-settings button[type=submit]"
    half_filled(treasurer, saves, field="quiet_until")
    tomorrow = until(story, days=1)
    treasurer.page.fill("[name=quiet_until]", tomorrow)
    press(treasurer, saves)
    assert treasurer.page.input_value("[name=quiet_until]") == tomorrow
    assert not treasurer.page.is_checked("[data-kind=price_stale] [data-channel=email]")
    assert treasurer.page.is_checked("[data-kind=price_stale] [data-channel=app]")
    assert treasurer.page.input_value("#notice-settings [name=language]") == "en"
    sound(treasurer, "notice-settings-saved")
    press(treasurer, ".page-head button:has-text('Send me a test')", then="/notices")
    assert treasurer.page.is_visible("h2:has-text('Test')")
    sound(treasurer, "notices-test")


def a_webhook_is_agreed_tried_and_given_up(story: World) -> None:
    treasurer, controller = story.tab("treasurer"), story.tab("controller")
    with receiver() as hook:
        treasurer.go("/notices/deliveries")
        treasurer.page.click("summary:has-text('Propose a webhook')")
        proposes = "form[data-api='POST /v1/webhooks'] button[type=submit]"
        treasurer.page.fill("[name=url]", "ftp://treasury.example")
        treasurer.page.fill("[name=description]", "our tickets")
        refused(treasurer, proposes, field="url")
        treasurer.page.fill("[name=url]", hook.url)
        treasurer.page.check("[name=kinds][value=test]")
        first = secret_shown(treasurer, proposes)
        sound(treasurer, "webhook-proposed")
        assert treasurer.page.locator("[data-opens^=confirm-webhook]").count() == 0
        controller.go("/notices/deliveries")
        confirm(controller, "[data-opens^=confirm-webhook]")
        assert controller.page.is_visible(f"tr:has-text('{hook.url}') .badge:has-text('live')")
        sound(controller, "webhook-live")
        treasurer.go("/notices/deliveries")
        press(treasurer, f"tr:has-text('{hook.url}') button:text-is('Test')")
        dispatched(story)
        (message,) = hook.seen
        assert message.is_signed_with(first, now=story.now)
        treasurer.go("/notices/deliveries")
        sound(treasurer, "webhook-delivered")
        second = secret_shown(treasurer, f"tr:has-text('{hook.url}') button:has-text('New secret')")
        hook.status = 503
        press(treasurer, f"tr:has-text('{hook.url}') button:text-is('Test')")
        for _ in range(MOST_TRIES):
            dispatched(story)
        assert all(hook.seen[-1].is_signed_with(secret, now=story.now) for secret in (first, second))
        treasurer.go("/notices/deliveries?state=dead")
        assert treasurer.page.is_visible(".lede:has-text('1 delivery was given up')")
        sound(treasurer, "webhook-dead")
        hook.status = 204
        press(treasurer, "tr:has-text('dead') button:has-text('Try again')")
        dispatched(story)
        treasurer.go("/notices/deliveries")
        assert treasurer.page.is_visible(".lede:has-text('Nothing was given up')")
        sound(treasurer, "webhook-sent-again")
        press(treasurer, f"tr:has-text('{hook.url}') button:text-is('End')")
        sound(treasurer, "webhook-ended")


def dispatched(story: World) -> None:
    """Let a minute pass, and what is due go out."""
    story.clock_forward()
    story.clock_forward()
    dispatch(story.url, lambda: story.now)


def the_bank_refuses_asks_and_approves(story: World) -> None:
    treasurer, officer = story.tab("treasurer"), story.tab("officer")
    period = f"/kpi-periods/{story.scenario.id_of('period', 'test')}"
    treasurer.go(period)
    confirm(treasurer, "[data-opens=confirm-decide]")
    officer.go("/bank/queue")
    officer.page.click("a[href^='/bank/determinations/'] >> nth=0")
    officer.page.wait_for_url("**/bank/determinations/*")
    sound(officer, "determination-open")
    officer.page.click("[data-opens=refuse]")
    refused(officer, "#refuse-form button[type=submit]", field="reason")
    send(officer, "#refuse-form", reason="the meter of cell house 2 was not calibrated")
    assert officer.page.inner_text(".page-head .badge") == "refused"
    sound(officer, "determination-refused")
    treasurer.go("/notices")
    sound(treasurer, "notices-after-refusal")
    treasurer.go(period)
    assert treasurer.page.is_visible("#decisions :text('the meter of cell house 2 was not calibrated')")
    sound(treasurer, "period-after-refusal")
    confirm(treasurer, "[data-opens=confirm-decide]")
    officer.go("/bank/queue")
    officer.page.click("a[href^='/bank/determinations/'] >> nth=0")
    officer.page.wait_for_url("**/bank/determinations/*")
    determination = officer.page.url.removeprefix(story.address)
    officer.page.click("[data-opens=query]")
    send(officer, "#query-form", reason="was it calibrated since?")
    sound(officer, "determination-queried")
    treasurer.go(period)
    sound(treasurer, "period-queried")
    send(treasurer, "form[data-api$='/answer']", reason="yes, on 3 August, certificate 114")
    officer.go(determination)
    assert officer.page.is_visible("text=certificate 114")
    confirm(officer, "[data-opens=confirm-approve]")
    assert officer.page.inner_text(".page-head .badge") == "approved"
    treasurer.go(period)
    sound(treasurer, "period-approved")
    treasurer.go("/notices")
    sound(treasurer, "notices-after-approval")


def both_sides_end_the_label(story: World) -> None:
    officer, controller = story.tab("officer"), story.tab("controller")
    facility = story.scenario.id_of("facility")
    officer.go(f"/bank/facilities/{facility}/label")
    sound(officer, "label-before")
    officer.page.click("summary:has-text('Propose that the label ends')")
    refused(officer, "#declassify button[type=submit]", field="reason")
    send(officer, "#declassify", reason="the plant is sold")
    sound(officer, "label-end-proposed")
    assert officer.page.locator("[data-opens^=confirm-declassify]").count() == 0
    controller.go("/inbox")
    controller.keep("inbox-label")
    controller.go(f"/loans/{facility}/label")
    sound(controller, "loan-end-proposed")
    confirm(controller, "[data-opens^=confirm-declassify]")
    sound(controller, "loan-end-agreed")
    officer.go(f"/bank/facilities/{facility}/label")
    assert officer.page.inner_text(".page-head .badge") == "declassified"
    sound(officer, "label-ended")
    officer.go(f"/bank/facilities/{facility}")
    sound(officer, "bank-loan-after-the-label")
