"""Carbon contracts as people work them in a browser: worded, agreed, opened, and ended in each of the ways that they can end.

Two repos, settled on the day and closed before; a pledge loan whose margin is called, met, repaid and released by the bank; and tonnes
lent that do not come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser

from tests.e2e.stories import World, approve_on_inbox, confirm, send, sound, world

MONDAY = "2026-08-17T02:00:00+00:00"  # ten o'clock in Shanghai
START, START_MORNING = "2026-08-20", "2026-08-20T02:00:00+00:00"
NEXT_MORNING = "2026-08-21T02:00:00+00:00"
MIDWAY, MIDWAY_MORNING = "2026-08-27", "2026-08-27T02:00:00+00:00"
END, END_MORNING = "2026-09-03", "2026-09-03T02:00:00+00:00"
HELD = "Assets:Carbon:CEA25"
PLEDGE = {
    "agreement_ref": "P-1",
    "instrument": "CEA25",
    "quantity_t": "1000",
    "principal_cny": "80000.00",
    "rate": "0.045",
    "ltv_call": "0.80",
    "ltv_target": "0.75",
    "ends_on": END,
    "day_count": "ACT/360",
}
LENDING = {
    "agreement_ref": "L-1",
    "side": "lender",
    "instrument": "CEA25",
    "quantity_t": "400",
    "value_price_cny_per_t": "97.40",
    "fee_rate": "0.05",
    "margin_cny": "30000.00",
    "ends_on": END,
    "day_count": "ACT/360",
}


def test_a_repo_is_settled_and_another_closed_early_by_clicking(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, MONDAY) as story:
        a_counterparty_is_trusted(story)
        story.move_to(START_MORNING)
        posted, held = on_positions(story)
        settled_later = a_repo_is_worded(story, "R-1", tonnes="1000", is_transferred=True)
        closed_early = a_repo_is_worded(story, "R-2", tonnes="400", is_transferred=False)
        another_person_agrees_on_its_page(story, settled_later, said="80,140.00")
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


def test_margin_is_called_and_met_a_pledge_is_released_and_a_default_set_off_by_clicking(
    browser: Browser, tmp_path: Path
) -> None:
    with world(browser, tmp_path, MONDAY) as story:
        a_counterparty_is_trusted(story)
        story.move_to(START_MORNING)
        posted, held = on_positions(story)
        pledged = it_is_worded(story, "pledge_loan", PLEDGE | {"lender_organisation_id": bank(story)})
        lent = it_is_worded(story, "lending", LENDING)
        for contract in (pledged, lent):
            another_person_agrees_on_its_page(story, contract)
            it_is_opened(story, contract)
        assert on_positions(story) == (posted - 400, held + 1_000)
        story.move_to(NEXT_MORNING)
        margin_is_called_and_met(story, pledged)
        assert on_positions(story) == (posted - 400, held + 1_096)
        story.move_to(END_MORNING)
        it_is_ended(story, pledged, "settle", "repaid, security not released", is_over=False)
        assert on_positions(story) == (posted - 400, held + 1_096)
        only_the_bank_releases(story, pledged)
        the_tonnes_do_not_come_back(story, lent)
        assert on_positions(story) == (posted - 400, held)


def bank(story: World) -> str:
    return str(story.scenario.organisation_id("lender"))


def it_is_worded(story: World, kind: str, terms: Mapping[str, str]) -> str:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/carbon-contracts/new?kind={kind}")
    sound(treasurer, f"contract-draft-{kind}")
    send(treasurer, "#contract", then="/carbon-contracts/*", **{f"terms__{name}": text for name, text in terms.items()})
    return treasurer.page.url.removeprefix(story.address)


def margin_is_called_and_met(story: World, contract: str) -> None:
    """80,000 on 1,000 t at 97.40 are 82.1 %: above 80 %; 75 % take 1,096 t."""
    treasurer = story.tab("treasurer")
    treasurer.go(contract)
    treasurer.page.click("#call-margin summary")
    assert treasurer.page.locator("#call-margin form").count() == 0  # the prices at hand are older than the contract
    treasurer.page.click("#call-margin a")
    treasurer.page.wait_for_url(f"{story.address}{story.book}/valuation")
    send(treasurer, "form[data-api='POST /v1/snapshots']", then=f"{story.book}/valuation?snapshot_id=*", as_of=START)
    treasurer.go(contract)
    treasurer.page.click("#call-margin summary")
    send(treasurer, "#call-margin form")
    assert treasurer.page.inner_text(".lede .badge") == "margin called"
    sound(treasurer, "contract-margin-called")
    controller = story.tab("controller")
    controller.go(contract)
    assert controller.page.input_value("#add [name=add_t]") == "96"
    send(controller, "#add form", doc_ref="registry notice 7")
    assert controller.page.inner_text(".lede .badge") == "open"
    sound(controller, "contract-margin-met")


def only_the_bank_releases(story: World, contract: str) -> None:
    controller, officer = story.tab("controller"), story.tab("officer")
    controller.go(contract)
    assert controller.page.locator("#release").count() == 0
    officer.go(contract)
    sound(officer, "contract-before-release")
    send(officer, "#release form", doc_ref="release 2026-9")
    assert officer.page.inner_text(".lede .badge") == "settled"
    sound(officer, "contract-after-release")


def the_tonnes_do_not_come_back(story: World, contract: str) -> None:
    """400 t at 100.00 are 40,000: the margin of 30,000 goes first, 10,000 are claimed."""
    controller = story.tab("controller")
    controller.go(contract)
    controller.page.click("#default summary")
    send(controller, "#default form", doc_ref="notice of default", price_cny_per_t="100.00")
    assert controller.page.inner_text(".lede .badge") == "in default, set off"
    assert controller.page.locator("#acts").count() == 0
    assert controller.page.locator("td:has-text('10,000.00')").count() >= 1
    sound(controller, "contract-after-default")


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


def another_person_agrees_on_its_page(story: World, contract: str, *, said: str = "CEA25") -> None:
    controller = story.tab("controller")
    controller.go(contract)
    assert controller.page.locator(f"dialog#confirm-approve tr.changed:has-text('{said}')").count() == 1
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


def it_is_ended(story: World, contract: str, how: str, state: str, *, is_over: bool = True) -> None:
    controller = story.tab("controller")
    controller.go(contract)
    if how != "settle":
        controller.page.click(f"#{how} summary")
    sound(controller, f"contract-before-{how}")
    send(controller, f"#{how} form", doc_ref="bank advice 2026-118")
    assert controller.page.inner_text(".lede .badge") == state
    assert not is_over or controller.page.locator("#acts").count() == 0
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
