"""A loan served from day to day in a browser: the bank's officer fixes the index, records a repayment, and a breach until it is cured."""

from __future__ import annotations

import copy
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from api.deps import unit_of_work
from api.example import loading
from api.example.loading import Edge
from api.example.scenario import Scenario
from finance.loans.published_rates import PublishedRate
from finance.operations.activity import record_reference
from finance.operations.published_rates import record_published_rates
from finance.store import reference
from finance.store.market import RawFile, save_raw_file
from tests.e2e.browser import Watched
from tests.e2e.stories import World, press, send, sound, world

THURSDAY = "2026-05-07T02:00:00+00:00"
RATES = {"2025-06-20": "3.00", "2025-08-20": "3.00", "2025-11-20": "3.00", "2026-03-20": "2.95"}
"""LPR-1Y in percent by day of publication: what the resets of 20 June, September, December and March read."""
FLOATING: dict[str, Any] = {
    "base_rate": {
        "kind": "index_rate",
        "index": "LPR-1Y",
        "multiplier": "1",
        "spread_bp": "0",
        "repricing": {"kind": "each_interest_period"},
        "fixing_lag_business_days": 0,
    },
    "prepayment": {
        "untested": "reference_last",
        "effect": "none",
        "fee_bp": None,
        "penalty_kind": "none",
        "penalty": None,
    },
}


def a_loan_on_an_index(edge: Edge, scenario: Scenario) -> None:
    """The people, and the example's loan on one-year LPR with early repayment allowed; the bank holds four publications."""
    facts: dict[str, Any] = copy.deepcopy(dict(scenario.facts))
    facts["terms"]["tranches"][0] |= FLOATING
    changed = Scenario(folder=scenario.folder, facts=facts)
    with unit_of_work(edge.database) as session:
        loading._organisations(session, edge, changed)
    with unit_of_work(edge.database) as session:
        loading._activity(session, edge, changed)
        record_reference(session, (reference.shipped_factors(),), now=changed.instant("facility"))
        loading._facility(session, edge, changed)
    with unit_of_work(edge.database) as session:
        bank, now = changed.actor("lender"), changed.instant("approved")
        raw = RawFile(file_name="lpr", content=repr(RATES).encode())
        save_raw_file(session, bank.organisation_id, raw, by=bank.user_id, at=now)
        rates = [
            PublishedRate(
                index="LPR-1Y",
                published_on=date.fromisoformat(day),
                revision=1,
                rate=Fraction(percent) / 100,
                feed="lpr",
                known_at=now,
                raw_sha256=raw.sha256,
            )
            for day, percent in RATES.items()
        ]
        record_published_rates(session, bank.organisation_id, rates, now=now)


def test_an_officer_serves_a_loan_and_its_borrower_sees_the_same(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY, a_loan_on_an_index) as story:
        facility = str(story.scenario.id_of("facility"))
        officer = story.tab("officer")
        the_index_is_fixed_from_what_was_published(officer, facility)
        a_repayment_lowers_what_is_outstanding(officer, facility)
        a_breach_is_noticed_and_cured(officer, facility)
        the_borrower_sees_it(story, facility)


def the_index_is_fixed_from_what_was_published(officer: Watched, facility: str) -> None:
    officer.go(f"/bank/facilities/{facility}")
    officer.page.click("nav.tabs a:has-text('Servicing')")
    officer.page.wait_for_url("**/servicing")
    assert officer.page.locator("#fixings .badge:has-text('fixing missing')").count() == len(RATES)
    sound(officer, "servicing-before-the-fixings")
    press(officer, "#fixings button:has-text('Record what the loan reads of LPR-1Y')")
    assert officer.page.locator("#fixings .badge:has-text('fixing recorded')").count() == len(RATES)
    assert officer.page.is_visible("#fixings tr:has-text('20 Mar 2026'):has-text('2.95%')")
    sound(officer, "servicing-fixed")


def a_repayment_lowers_what_is_outstanding(officer: Watched, facility: str) -> None:
    assert officer.page.is_visible("text=200,000,000.00")
    officer.page.click("#principal summary")
    officer.page.fill("#record-principal [name=amount]", "10.001")
    officer.page.select_option("#record-principal [name=what]", "prepayment")
    officer.page.select_option("#record-principal [name=tranche_id]", "A")
    officer.page.click("#record-principal button[type=submit]")
    officer.page.wait_for_selector("#record-principal [data-field=amount] .error:not([hidden])")
    officer.said.clear()  # the browser names the refused request
    send(officer, "#record-principal", amount="10000000.00")
    assert officer.page.is_visible("#principal tr:has-text('prepayment'):has-text('10,000,000.00')")
    assert officer.page.locator("td.number:has-text('190,000,000.00')").count()
    sound(officer, "servicing-repaid")
    officer.go(f"/bank/facilities/{facility}/schedule")
    assert officer.page.is_visible("tr:has-text('early repayment'):has-text('10,000,000.00')")


def a_breach_is_noticed_and_cured(officer: Watched, facility: str) -> None:
    officer.go(f"/bank/facilities/{facility}/label")
    officer.page.click("summary:has-text('Give notice of a breach')")
    send(officer, "#breach", description="the certificate of 2025 came late", cure_by="2026-06-30")
    row = "li:has-text('the certificate of 2025 came late') .badge"
    assert officer.page.inner_text(row) == "open"
    sound(officer, "label-breach-open")
    send(officer, "form[data-api$='/cure']", reason="delivered on 6 May")
    assert officer.page.inner_text(row) == "cured"
    assert officer.page.locator("form[data-api$='/cure']").count() == 0
    sound(officer, "label-breach-cured")


def the_borrower_sees_it(story: World, facility: str) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"/loans/{facility}/servicing")
    assert treasurer.page.locator("td.number:has-text('190,000,000.00')").count()
    assert treasurer.page.locator("#fixings .badge:has-text('fixing recorded')").count() == len(RATES)
    assert treasurer.page.locator("form[data-api$='/cure']").count() == 0
    sound(treasurer, "borrower-servicing")
    treasurer.go(f"/loans/{facility}/label")
    sound(treasurer, "borrower-label")
    treasurer.go(f"/loans/{facility}")
    sound(treasurer, "borrower-loan")
