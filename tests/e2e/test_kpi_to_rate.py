"""KPI to rate, as borrower, assessor and bank do it in a browser: a year's activity becomes a signed statement and a cheaper loan.

The assessor's key is made and used by ``tonne`` in processes of its own; the server never sees it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser

from api.deps import unit_of_work
from api.example import loading
from api.example.loading import Edge
from api.example.scenario import Scenario
from finance.emissions.activity import parse_activity
from finance.feeds.tabular import read_table
from finance.operations import activity
from finance.store import activity_reference, market, reference
from finance.store.market import RawFile
from tests.e2e.browser import ROOT
from tests.e2e.stories import World, approve_on_inbox, confirm, press, send, sound, world

REPORTING = "2026-02-10T02:00:00+00:00"
ASSURANCE = "2026-03-25T02:00:00+00:00"
DECISION = "2026-04-15T02:00:00+00:00"
BASE_YEAR, TEST_YEAR = 2024, 2025
KID = "mingce-2026"
VALUE = (
    "8.163562"  # tCO2e/t of 2025, as examples/smelter says; 8.536201 in 2024, so 4.3654 % less where 3 % were promised
)
BASE_KEY = Ed25519PrivateKey.generate()
"""What the base year's statement was signed with, before the story begins."""
SAVING = "406,111.12"
"""10 bp of 200,000,000 from 2026-06-20 to 2028-06-20, ACT/360, rounded each quarter: four of 92 days are 51,111.11 each, three of 91
50,555.56, one of 90 50,000.00."""


def before_the_test_year(edge: Edge, scenario: Scenario) -> None:
    """The people, the activity of the base year, the agreed loan, and its base year attested."""
    with unit_of_work(edge.database) as session:
        loading._organisations(session, edge, scenario)
    with unit_of_work(edge.database) as session:
        actor, now = scenario.actor("borrower"), scenario.instant("activity_2024")
        activity.record_reference(session, (reference.shipped_factors(),), now=now)
        raw = RawFile(file_name="activity.csv", content=scenario.file("activity.csv"))
        market.save_raw_file(session, actor.organisation_id, raw, by=actor.user_id, at=now)
        (table,) = read_table(raw.file_name, raw.content)
        months = parse_activity(table, activity_reference.shipped_template())
        activity.record_activity(
            session,
            actor.organisation_id,
            [month for month in months if month.year == BASE_YEAR],
            raw_sha256=raw.sha256,
            actor=actor,
            now=now,
        )
    with unit_of_work(edge.database) as session:
        loading._facility(session, edge, scenario)
    with unit_of_work(edge.database) as session:
        loading._attested_period(session, edge, scenario, year=BASE_YEAR, name="baseline", key=BASE_KEY)


def tonne(*arguments: str) -> str:
    """What ``tonne`` prints on the assessor's own machine."""
    command = [sys.executable, "-m", "api.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - our own program


def test_from_activity_to_a_cheaper_loan(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, REPORTING, before_the_test_year) as story:
        the_year_is_brought_and_locked(story)
        period = the_value_is_reported_by_two(story)
        the_borrower_engages_the_assessor(story, period)
        story.move_to(ASSURANCE)
        public_key = the_assessor_registers_a_key(story, tmp_path)
        three_of_the_assessor_draft_review_and_sign(story, tmp_path)
        the_borrower_proposes(story, period)
        story.move_to(DECISION)
        the_bank_asks_is_answered_and_approves(story, period)
        the_bank_checks_the_bundle(story, public_key)
        the_loan_is_cheaper(story)


def the_year_is_brought_and_locked(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go("/imports")
    treasurer.page.click("a[href^='/imports/new/activity'] >> nth=0")
    treasurer.page.wait_for_url("**/imports/new/activity*")
    sound(treasurer, "activity-template")
    treasurer.page.set_input_files("[name=file]", ROOT / "examples" / "smelter" / "activity.csv")
    press(treasurer, "form[data-upload] button[type=submit]", then="/imports/*")
    sound(treasurer, "activity-preview")
    confirm(treasurer, "[data-opens=confirm-import]")
    assert treasurer.page.inner_text(".page-head .badge") == "imported"
    treasurer.go("/kpi-periods")
    sound(treasurer, "kpi-periods")
    treasurer.page.click("summary:has-text('Open a KPI period')")
    send(treasurer, "#open-1", year=str(TEST_YEAR), purpose="test", then="/kpi-periods/*")
    sound(treasurer, "kpi-period-open")
    confirm(treasurer, "[data-opens=confirm-lock]")
    assert treasurer.page.is_visible(f"dd:has-text('{VALUE}')")


def the_value_is_reported_by_two(story: World) -> str:
    treasurer = story.tab("treasurer")
    period = treasurer.page.url.removeprefix(story.address)
    treasurer.page.click("[data-opens=confirm-report]")
    treasurer.page.click("dialog[open] button[data-api]")
    treasurer.page.wait_for_selector("dialog[open] .done-note")
    approve_on_inbox(story.tab("controller"), "Report a KPI")
    treasurer.go(period)
    assert treasurer.page.inner_text(".lede .badge") == "reported"
    return period


def the_borrower_engages_the_assessor(story: World, period: str) -> None:
    treasurer = story.tab("treasurer")
    send(treasurer, "#engage")
    assert treasurer.page.is_visible("#assessor h3:has-text('Mingce')")
    sound(treasurer, "kpi-period-engaged")
    assert period in treasurer.page.url


def the_assessor_registers_a_key(story: World, folder: Path) -> str:
    signatory, partner = story.tab("signatory"), story.tab("second_partner")
    key = folder / "assessor-key.pem"
    public_key = tonne("attest", "keygen", "--key", str(key))
    signatory.go("/signing-keys")
    sound(signatory, "signing-keys")
    signatory.page.fill("#challenge [name=key_id]", KID)
    signatory.page.fill("#challenge [name=public_key]", public_key)
    signatory.page.click("#challenge button[type=submit]")
    signatory.page.wait_for_selector("#challenge-made:not([hidden])")
    challenge = signatory.page.inner_text("#challenge-command").rpartition(" ")[2]
    signature = tonne("attest", "prove", "--key", str(key), "--challenge", challenge)
    send(signatory, "#prove", signature=signature)
    assert signatory.page.is_visible(f"tr:has-text('{KID}') .badge:has-text('awaits a colleague')")
    partner.go("/signing-keys")
    confirm(partner, f"tr:has-text('{KID}') button:has-text('Vouch for it')")
    sound(partner, "signing-keys-vouched")
    return public_key


def three_of_the_assessor_draft_review_and_sign(story: World, folder: Path) -> None:
    signatory, partner, senior = (story.tab(name) for name in ("signatory", "second_partner", "preparer"))
    signatory.go("/engagements")
    sound(signatory, "engagements")
    signatory.page.click("tr:has(.badge.warn) a")
    signatory.page.wait_for_url("**/engagements/*")
    engagement = signatory.page.url.removeprefix(story.address)
    confirm(signatory, "[data-opens=confirm-independent]")
    assert signatory.page.is_visible(".badge:has-text('byte for byte the same')")
    sound(signatory, "engagement-open")
    senior.go(engagement)
    send(
        senior,
        "#statement",
        jti=f"mingce-{TEST_YEAR}",
        signatory_name="Engagement partner",
        signatory_role="Partner",
        **{"intended_users[0]": "Binhai Example Bank"},
        independence_statement="We are independent of the borrower and of the lender.",
        then="/statement-drafts/*",
    )
    draft = senior.page.url.removeprefix(story.address)
    sound(senior, "draft")
    partner.go(draft)
    confirm(partner, "[data-opens=confirm-review]")
    signatory.go(draft)
    assert f"--kid {KID}" in signatory.page.inner_text("code.command")
    with signatory.page.expect_download() as download:
        signatory.page.click("a[href$='/to-sign']")
    statement, signed = folder / "statement.json", folder / "signed.json"
    download.value.save_as(statement)
    told = tonne("sign", str(statement), "--key", str(folder / "assessor-key.pem"), "--kid", KID, "--out", str(signed))
    assert VALUE in told
    signatory.page.set_input_files("#lodge [name=file]", signed)
    press(signatory, "#lodge button[type=submit]", then="/attestations/*")
    assert signatory.page.inner_text(".page-head .badge") == "accepted"
    sound(signatory, "attestation")


def the_borrower_proposes(story: World, period: str) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(period)
    assert treasurer.page.inner_text(".lede .badge") == "attested"
    confirm(treasurer, "[data-opens=confirm-decide]")
    assert treasurer.page.is_visible("#decisions .badge:has-text('waits for the bank')")
    sound(treasurer, "kpi-period-proposed")


def the_bank_asks_is_answered_and_approves(story: World, period: str) -> None:
    officer = story.tab("officer")
    officer.go("/bank/queue")
    sound(officer, "queue")
    officer.page.click("a[href^='/bank/determinations/'] >> nth=0")
    officer.page.wait_for_url("**/bank/determinations/*")
    determination = officer.page.url.removeprefix(story.address)
    officer.page.click("[data-opens=query]")
    send(officer, "#query-form", reason="which meter gives the captive power?")
    sound(officer, "determination-queried")
    treasurer = story.tab("treasurer")
    treasurer.go(period)
    send(treasurer, "form[data-api$='/answer']", reason="meter 7, calibrated in January")
    assert treasurer.page.is_visible("#said :text('meter 7')")
    officer.go(determination)
    assert officer.page.is_visible("text=meter 7")
    assert officer.page.is_visible(".card:has-text('Computed again') >> text=the same")
    confirm(officer, "[data-opens=confirm-approve]")
    assert officer.page.inner_text(".page-head .badge") == "approved"
    assert officer.page.is_visible("text=20 Jun 2026")
    sound(officer, "determination-approved")


def the_bank_checks_the_bundle(story: World, public_key: str) -> None:
    officer = story.tab("officer")
    base_key = BASE_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    officer.page.fill("#bundle-check [name=key]", f"{public_key} {base_key}")
    officer.page.click("[data-checks-bundle]")
    officer.page.wait_for_selector("#bundle-check .checks li >> nth=3")
    told = officer.page.inner_text("#bundle-check .checks")
    assert f"the signature of key {KID} is right" in told
    assert officer.page.locator("#bundle-check .badge.bad").count() == 0
    sound(officer, "bundle-checked")


def the_loan_is_cheaper(story: World) -> None:
    officer, treasurer = story.tab("officer"), story.tab("treasurer")
    officer.go(f"/bank/facilities/{story.scenario.id_of('facility')}/schedule")
    assert officer.page.is_visible(f".card:has-text('Saved by the borrower') >> text={SAVING}")
    assert officer.page.locator("td:has-text('3.35')").count() == 8
    sound(officer, "schedule")
    treasurer.go(f"/loans/{story.scenario.id_of('facility')}")
    assert treasurer.page.is_visible(f"text={SAVING}")
    sound(treasurer, "loan")
