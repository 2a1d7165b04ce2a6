"""Gap to surrender, as two persons do it in a browser: what is missing is seen, allocated, bought, planned and surrendered.

The figures of 2025 are the example's: 860,481 t due, 859,345 t allocated, 43,024 t of CCER at most.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.e2e.stories import World, approve_on_inbox, confirm, press, send, sound, world

THURSDAY = "2026-08-20T02:00:00+00:00"
FRIDAY = "2026-08-21T02:00:00+00:00"
DUE, ALLOCATED, PREALLOCATED = 860_481, 859_345, 611_118
DIFFERENCE = ALLOCATED - PREALLOCATED  # 248,227 t still to be issued
CREDITS = 40_500  # all CCER held; a twentieth of what is due would be 43,024
GAP = DUE - 511_118 - DIFFERENCE - CREDITS  # 511,118 t of CEA25 are held: 60,636 t are missing


def test_from_the_gap_to_the_settled_year(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY) as story:
        the_gap_is_seen(story)
        the_allocation_is_settled(story)
        what_is_missing_is_bought(story)
        story.move_to(FRIDAY)
        the_purchase_settles(story)
        the_surrender_is_planned_approved_and_booked(story)
        the_year_is_settled(story)


def the_gap_is_seen(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/compliance?year=2025&balance_value=1.7000")
    assert treasurer.page.is_visible(f".card:has-text('Gap by what is on file') >> text={GAP:,}")
    sound(treasurer, "compliance-gap")


def the_allocation_is_settled(story: World) -> None:
    fact(
        story,
        "Pre-allocation",
        sector="aluminium",
        prior_verified_t="873026.08",
        allocation_t=str(PREALLOCATED),
        dated_on="2026-04-10",
    )
    fact(
        story,
        "Verification",
        verifier="Example Verification",
        doc_ref="V-2025-017",
        **{
            "processes[0].process_id": "cells",
            "processes[0].emissions_t": "860481.83",
            "processes[0].intensity": "1.714962",
        },
    )
    fact(story, "Determination of the allocation", balance_value="1.7000", balance_source="published on the platform")
    proposal = fact(story, "Issue or return of the difference", instrument="CEA25")
    book(story, proposal)
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/allocation?year=2025")
    assert treasurer.page.is_visible(f"dd:has-text('{ALLOCATED:,}')")
    assert treasurer.page.locator(".steps li.done").count() == 4
    sound(treasurer, "allocation-settled")


def fact(story: World, title: str, **values: str) -> str:
    """Propose a fact of the allocation, let the second person approve it on the inbox, and return its page."""
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/allocation?year=2025")
    box = f"details:has(> summary:text-is('{title}'))"
    treasurer.page.locator(box).evaluate("box => box.setAttribute('open', '')")
    send(treasurer, f"{box} form", then=f"{story.book}/compliance-proposals/*", **values)
    sound(treasurer, f"proposal-{title.partition(' ')[0].lower()}")
    proposal = treasurer.page.url.removeprefix(story.address)
    approve_on_inbox(story.tab("controller"), "Compliance proposal")
    return proposal


def book(story: World, proposal: str) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(proposal)
    press(treasurer, "form[data-api$='/execute'] button[type=submit]")
    assert treasurer.page.is_visible("text=The year's obligation shows it")


def what_is_missing_is_bought(story: World) -> None:
    treasurer = story.tab("treasurer")
    for scope in ("trade", "day"):
        treasurer.go(f"{story.book}/trading-limits")
        send(treasurer, "form[data-api$='/trading-limits']", scope=scope, max_amount_cny="9000000", reason="the gap")
        approve_on_inbox(story.tab("controller"), "[Ll]imit")
    treasurer.go(f"{story.book}/orders/new")
    treasurer.page.select_option("[name=instrument]", "CEA25")
    treasurer.page.fill("#ticket [name=quantity]", str(GAP))
    treasurer.page.fill("#ticket [name=limit_price]", "97.40")
    treasurer.page.wait_for_selector("#check-results .done-note")
    press(treasurer, "#ticket button[type=submit]", then="/orders/*")
    order = treasurer.page.url.removeprefix(story.address)
    approve_on_inbox(story.tab("controller"), "[Oo]rder")
    treasurer.go(order)
    confirm(treasurer, "[data-opens=confirm-place]")
    send(treasurer, "#fill form")


def the_purchase_settles(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/orders")
    treasurer.page.click("tbody a >> nth=0")
    treasurer.page.wait_for_url("**/orders/*")
    send(treasurer, "#settle form")
    treasurer.go(f"{story.book}/compliance?year=2025")
    assert treasurer.page.is_visible(".card:has-text('Gap by what is on file') .badge:has-text('covered')")
    sound(treasurer, "compliance-covered")


def the_surrender_is_planned_approved_and_booked(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.page.click("a:has-text('Plan the surrender') >> nth=0")
    treasurer.page.wait_for_url("**/surrender-plan*")
    assert treasurer.page.is_visible(f".card:has-text('Still to surrender') >> text={DUE:,}")
    assert treasurer.page.is_visible(f".card:has-text('Covered by lots') >> text={CREDITS:,}")
    sound(treasurer, "surrender-plan")
    press(
        treasurer, "form[data-api$='/surrender-plans'] button[type=submit]", then=f"{story.book}/compliance-proposals/*"
    )
    proposal = treasurer.page.url.removeprefix(story.address)
    approve_on_inbox(story.tab("controller"), "Compliance proposal")
    book(story, proposal)
    sound(treasurer, "surrender-booked")


def the_year_is_settled(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/compliance?year=2025")
    assert treasurer.page.is_visible(f"dt:has-text('Surrendered') + dd:has-text('{DUE:,}')")
    assert treasurer.page.is_visible(".card:has-text('Gap by what is on file') >> text=/^0 *t/")
    sound(treasurer, "compliance-settled")
