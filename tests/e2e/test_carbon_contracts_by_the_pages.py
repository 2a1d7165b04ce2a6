"""Two repos as two persons work them in a browser: worded, agreed, opened, then one is settled on its day and one closed before."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.e2e.stories import World, approve_on_inbox, confirm, send, sound, world

MONDAY = "2026-08-17T02:00:00+00:00"  # ten o'clock in Shanghai
START, START_MORNING = "2026-08-20", "2026-08-20T02:00:00+00:00"
MIDWAY, MIDWAY_MORNING = "2026-08-27", "2026-08-27T02:00:00+00:00"
END, END_MORNING = "2026-09-03", "2026-09-03T02:00:00+00:00"
HELD = "Assets:Carbon:CEA25"


def test_a_repo_is_settled_and_another_closed_early_by_clicking(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, MONDAY) as story:
        a_counterparty_is_trusted(story)
        story.move_to(START_MORNING)
        posted, held = on_positions(story)
        settled_later = a_repo_is_worded(story, "R-1", tonnes="1000", is_transferred=True)
        closed_early = a_repo_is_worded(story, "R-2", tonnes="400", is_transferred=False)
        another_person_agrees_on_its_page(story, settled_later)
        approve_on_inbox(story.tab("controller"), "[Cc]arbon finance contract")
        for contract in (settled_later, closed_early):
            it_is_opened(story, contract)
        assert on_positions(story) == (posted - 1_000, held + 400)
        story.move_to(MIDWAY_MORNING)
        interest_is_booked(story, settled_later)
        it_is_ended(story, closed_early, "close", "closed early")
        story.move_to(END_MORNING)
        it_is_ended(story, settled_later, "settle", "settled")
        assert on_positions(story) == (posted, held)
        the_list_says_so(story)


def a_counterparty_is_trusted(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/counterparties")
    send(
        treasurer,
        "form[data-api$='/counterparties']",
        legal_name="Example Carbon Trading",
        registration_no="91310000",
        max_amount_cny="10000000",
        reason="repos up to ten million",
    )
    approve_on_inbox(story.tab("controller"), "[Cc]ounterparty")


def a_repo_is_worded(story: World, agreement: str, *, tonnes: str, is_transferred: bool) -> str:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/carbon-contracts/new?kind=repo")
    sound(treasurer, f"contract-draft-{agreement}")
    page = treasurer.page
    if is_transferred:
        page.check("#contract [name='terms.is_title_transferred']")
    facts = {
        "terms__agreement_ref": agreement,
        "terms__side": "seller",
        "terms__instrument": "CEA25",
        "terms__quantity_t": tonnes,
        "terms__sale_amount_cny": "80000.00",
        "terms__ends_on": END,
        "terms__day_count": "ACT/360",
    }
    for name, value in {**facts, "terms__buyback_amount_cny": "79999.00"}.items():
        place = page.locator(f"#contract [name='{name.replace('__', '.')}']")
        (place.select_option if place.evaluate("each => each.tagName") == "SELECT" else place.fill)(value)
    page.click("#contract button[type=submit]")
    page.wait_for_selector("[data-field='terms.buyback_amount_cny'] .error:not([hidden])")
    treasurer.said.clear()  # the browser notes the refusal
    send(treasurer, "#contract", then="/carbon-contracts/*", terms__buyback_amount_cny="80140.00")
    assert page.locator("[data-opens=confirm-approve]").count() == 0  # not by its maker
    sound(treasurer, f"contract-proposed-{agreement}")
    return page.url.removeprefix(story.address)


def another_person_agrees_on_its_page(story: World, contract: str) -> None:
    controller = story.tab("controller")
    controller.go(contract)
    assert controller.page.locator("dialog#confirm-approve tr.changed:has-text('80,140.00')").count() == 1
    confirm(controller, "[data-opens=confirm-approve]")
    assert controller.page.inner_text(".lede .badge") == "agreed, not opened"


def it_is_opened(story: World, contract: str) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(contract)
    send(treasurer, "#open form", on=START)
    assert treasurer.page.inner_text(".lede .badge") == "open"
    assert treasurer.page.locator("#movements tbody tr").count() >= 3
    sound(treasurer, f"contract-open-{contract[-4:]}")


def interest_is_booked(story: World, contract: str) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(contract)
    treasurer.page.click("#accrue summary")
    send(treasurer, "#accrue form", on=MIDWAY)
    assert treasurer.page.locator("dt:has-text('Interest or fee booked') + dd").inner_text() == "¥70.00"  # 7 of 14 days


def it_is_ended(story: World, contract: str, how: str, state: str) -> None:
    controller = story.tab("controller")
    controller.go(contract)
    if how != "settle":
        controller.page.click(f"#{how} summary")
    sound(controller, f"contract-before-{how}")
    send(controller, f"#{how} form", doc_ref="bank advice 2026-118")
    assert controller.page.inner_text(".lede .badge") == state
    assert controller.page.locator("#acts").count() == 0
    sound(controller, f"contract-after-{how}")


def on_positions(story: World) -> tuple[int, int]:
    """What the page of positions shows of the holding as posted and as set aside, in tonnes."""
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/positions")
    row = treasurer.page.locator(f"tr:has(td:text-is('{HELD}'))").first
    posted, held, _ = (
        int(each.removesuffix(" t").replace(",", "")) for each in row.locator("td.number").all_inner_texts()
    )
    return posted, held


def the_list_says_so(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/carbon-contracts")
    assert treasurer.page.locator("tbody .badge").all_inner_texts() == ["closed early", "settled"]
    with treasurer.page.expect_download():
        treasurer.page.click("a[href*='carbon-contracts.xlsx']")
    sound(treasurer, "contracts")
