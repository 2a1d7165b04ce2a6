"""A month end by the pages alone: files with errors, reconciliation, what is set aside, a second book, and the closes of the month."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from playwright.sync_api import Browser

from api.deps import unit_of_work
from api.example.loading import Edge
from api.example.scenario import Scenario
from finance.feeds.tabular import read_table
from finance.feeds.trades import parse_instruments
from finance.operations.trades import register_instruments
from ledger import operations as ledger
from tests.e2e.sheets import (
    Cell,
    asks_second,
    bring,
    chinese_csv,
    forgive,
    refused,
    second_for,
    template,
    with_document_type,
)
from tests.e2e.stories import World, approve_on_inbox, confirm, press, send, sound, world
from tests.e2e.test_trade_to_voucher import (
    MONTH,
    MONTH_END,
    THURSDAY,
    earlier_months_closed,
    open_items,
    the_month_is_closed_for_good,
    the_second_person_agrees_and_reviews,
    with_reason,
)

SITE = "Beihe smelter (invented) 北河铝厂(虚构)"
TRADES = ["交易编号", "类型", "日期", "品种", "数量", "价格", "费用", "场所"]
BOUGHT = ["T-2026-009", "买入", "2026-08-18", "CEA25", "2000", "97.10", "582.60", "全国碳市场"]
SOLD = ["T-2026-010", "卖出", "2026年8月19日", "CEA24", "8000", "96.00", "2304.00", "全国碳市场"]
LATE = ["T-2026-011", "买入", "2026-08-28", "CEA25", "100", "97.00", "29.10", "全国碳市场"]
# The example's bank account stands at 197,395,794.79 after its last trade of July. 2,000 x 97.10 + 582.60 = 194,782.60 goes out, and
# 8,000 x 96.00 - 2,304.00 = 765,696.00 comes in: 570,913.40 more.
BANK_BEFORE, BANK_CHANGE, BANK_AFTER = "197,395,794.79", "570,913.40", "197,966,708.19"
AFTER_PURCHASE = "197201012.19"  # 197,395,794.79 - 194,782.60
POWER_BILL, BANK_SAYS = "12345.67", "197954362.52"  # 197,966,708.19 - 12,345.67
SECOND = "beihe-power"
MINUS = "\N{MINUS SIGN}"


def two_books_and_a_bookkeeper(edge: Edge, scenario: Scenario) -> None:
    """The example, every month before August closed, a colleague who books and may not close, and an empty second book."""
    borrower = scenario.facts["organisations"]["borrower"]
    borrower["people"]["bookkeeper"] = ["books@beihe.example", "Bookkeeper"]
    borrower["roles"]["bookkeeper"] = ["maker"]
    earlier_months_closed(edge, scenario)
    with unit_of_work(edge.database) as session:
        second = ledger.open_book(
            session,
            book_uuid=scenario.id_of("second book"),
            tenant_id=scenario.organisation_id("borrower"),
            code=SECOND,
            functional_currency="CNY",
            now=scenario.instant("book"),
        )
        instruments = parse_instruments(read_table("instruments.csv", scenario.file("instruments.csv"))[0])
        register_instruments(session, second, instruments, date(2024, 12, 31))


def test_a_month_end_from_wrong_files_to_the_hard_close(browser: Browser, tmp_path: Path) -> None:
    with world(browser, tmp_path, THURSDAY, two_books_and_a_bookkeeper) as story:
        activity_is_mended_and_brought_again(story, tmp_path)
        trades_with_errors_are_mended_and_booked_by_two(story, tmp_path)
        hostile_files_are_refused_in_words(story, tmp_path)
        sources_are_saved(story)
        statements_are_brought(story, tmp_path)
        lines_are_matched_and_the_rest_is_a_break(story)
        balances_are_asserted(story)
        units_are_set_aside_and_let_go_by_who_may(story)
        a_hold_is_used_in_parts(story)
        the_second_book_opens_and_receives(story, tmp_path)
        story.move_to(MONTH_END)
        the_month_closes_softly_for_closers_only(story, tmp_path)
        it_opens_again_by_two(story)
        what_disagrees_is_waived_and_the_rest_prepared(story)
        the_second_person_agrees_and_reviews(story)
        the_month_is_closed_for_good(story)
        nobody_posts_into_it_any_more(story, tmp_path)


def activity_is_mended_and_brought_again(story: World, folder: Path) -> None:
    books = story.tab("bookkeeper")
    month: list[Cell] = [SITE, "2026-01", "41,000.5", 350_000_000, "abc", 20_000_000, 40_000_000, "0.26", 17_000]
    wrong = template(books, "activity", folder, [month, [SITE, "2026-13", *month[2:4], 140_000_000, *month[5:]]])
    bring(books, "/imports/new/activity?plant=aluminium-electrolysis", wrong)
    assert books.page.locator("td.wrong .error").all_inner_texts() == [
        "a number such as 1234.5; thousands may be set apart as in 1,234.5; no percent sign",
        "a month: 2025-04, 2025年4月, or a date cell on the first of the month",
    ]
    sound(books, "activity-wrong")
    page = books.page.url.removeprefix(story.address)
    right = template(books, "activity", folder, [[*month[:4], 140_000_000, *month[5:]]])
    books.go(page)
    books.page.click("a:has-text('Bring the corrected file')")
    books.page.wait_for_url("**/imports/new/activity?plant=aluminium-electrolysis")
    bring(books, "", right)
    changes = books.page.locator("table:has(caption:has-text('Figures that change')) tbody tr")
    grid = changes.filter(has_text="网购电量 grid power, AC (kWh)")
    assert grid.locator("td.number").all_inner_texts() == ["—", "140,000,000"]
    sound(books, "activity-right")
    confirm(books, "[data-opens=confirm-import]")
    assert books.page.inner_text(".actions .badge >> nth=0") == "imported"


def trades_with_errors_are_mended_and_booked_by_two(story: World, folder: Path) -> None:
    treasurer = story.tab("treasurer")
    page = treasurer.page
    wrong = [[*BOUGHT[:4], "二千", *BOUGHT[5:]], [*SOLD[:1], "转让", *SOLD[2:]]]
    bring(treasurer, "/imports/new/trades", chinese_csv(folder / "wrong.csv", [TRADES, *wrong]))
    assert page.is_visible("text=GB18030")
    assert page.locator("td.wrong .error").count() == 2
    with page.expect_download() as mended:
        page.click("a:has-text('The sheet with its errors')")
    assert mended.value.path().stat().st_size > 0
    bring(
        treasurer, "/imports/new/trades", chinese_csv(folder / "heading.csv", [[*TRADES[:4], "数量(kg)"], BOUGHT[:5]])
    )
    assert page.is_visible("text=Row 1, column E")
    assert page.is_visible("text=the unit t")
    path = bring(treasurer, "/imports/new/trades", chinese_csv(folder / "trades.csv", [TRADES, BOUGHT, SOLD]))
    bank = page.locator("tr:has(th:text-is('Assets:Bank:CNY')) td.number").all_inner_texts()
    assert bank == [BANK_BEFORE, BANK_CHANGE, BANK_AFTER]
    sound(treasurer, "trades-right")
    second_for(treasurer, "[data-opens=confirm-import]")
    treasurer.go(path)
    assert page.is_visible(".badge:has-text('waits for a second person')")
    assert not page.locator("[data-opens=confirm-import]").count()
    approve_on_inbox(story.tab("controller"), "Book a file")
    treasurer.go(path)
    assert page.inner_text(".actions .badge >> nth=0") == "imported"
    treasurer.go(f"{story.book}/statement?under=Assets:Bank:CNY")
    assert page.inner_text(".card .big") == f"¥{BANK_AFTER}"


def hostile_files_are_refused_in_words(story: World, folder: Path) -> None:
    treasurer = story.tab("treasurer")
    formula = template(treasurer, "trades", folder, [["=1+1", "purchase", date(2026, 8, 18), "CEA25", 5, 97]])
    bring(treasurer, "/imports/new/trades", formula)
    assert treasurer.page.locator("td.wrong .error").all_inner_texts() == ["a value, not a formula"]
    treasurer.go("/imports/new/trades")
    treasurer.page.set_input_files("input[type=file]", with_document_type(formula, folder / "entity.xlsx"))
    told = refused(treasurer, "form[data-upload]")
    assert "expected a workbook without document types and entities" in told
    sound(treasurer, "hostile")


def sources_are_saved(story: World) -> None:
    books, form = story.tab("bookkeeper"), "#source"
    books.go(f"{story.book}/reconciliation/statements")
    bank = {"code": "icbc-basic", "title": "工商银行基本户", "mapping__columns__booked_on[0]": "交易日期"}
    told = refused(books, form, **bank)
    assert "Column of the signed amount: amount, or amount with direction, or amount_in with amount_out" in told
    sides = {
        "mapping__columns__reference[0]": "流水号",
        "mapping__columns__counterparty[0]": "对方户名",
        "mapping__columns__balance[0]": "余额",
    }
    amounts = {"mapping__columns__amount_in[0]": "贷方发生额", "mapping__columns__amount_out[0]": "借方发生额"}
    send(books, form, **bank, **sides, **amounts)
    books.page.click(f"{form} [data-adds]")
    second = {"mapping__accounts[1]__account": "Assets:Carbon:CEA24", "mapping__accounts[1]__commodity": "CEA24"}
    first = {"mapping__accounts[0]__account": "Assets:Carbon:CEA25", "mapping__accounts[0]__commodity": "CEA25"}
    registry = {
        "code": "registry",
        "title": "全国碳登",
        "kind": "registry",
        "mapping__commodity": "",
        **first,
        **second,
    }
    moved = {"mapping__columns__amount_in[0]": "转入", "mapping__columns__amount_out[0]": "转出"}
    day = {"mapping__columns__booked_on[0]": "变更日期", "mapping__columns__commodity[0]": "品种"}
    send(books, form, **registry, **sides, **moved, **day)
    sound(books, "sources")


def statements_are_brought(story: World, folder: Path) -> None:
    books = story.tab("bookkeeper")
    lines: list[list[Cell]] = [
        ["B0818", date(2026, 8, 18), None, "全国碳市场", None, "194782.60", AFTER_PURCHASE],
        ["B0820", date(2026, 8, 20), None, "全国碳市场", "765,696.00", None, BANK_AFTER],
        ["B0821", date(2026, 8, 20), None, "某电力公司", None, POWER_BILL, BANK_SAYS],
    ]
    wrong = template(books, "bank-statement", folder, [[*lines[0][:4], "1", *lines[0][5:]], ["B", "18.08.2026"]])
    _brought(story, "icbc-basic", wrong)
    assert books.page.locator("td.wrong .error").all_inner_texts() == [
        "an amount either in or out",
        "a day: a date cell, 2025-04-30, 2025/4/30, 2025年4月30日 or 20250430",
    ]
    _brought(story, "icbc-basic", template(books, "bank-statement", folder, lines))
    confirm(books, "[data-opens=confirm-import]")
    moves: list[list[Cell]] = [
        ["R1", date(2026, 8, 18), "CEA25", None, 2000, None, 513_118],
        ["R2", date(2026, 8, 19), "CEA24", None, None, 8000, 40_000],
        ["R3", date(2026, 8, 20), "CEA24", None, None, 500, 39_500],
    ]
    _brought(story, "registry", template(books, "registry-statement", folder, moves))
    facts = books.page.inner_text(".panel:has(h2:text-is('What it does'))")
    assert "Lines added\n3" in facts
    confirm(books, "[data-opens=confirm-import]")


def _brought(story: World, source: str, file: Path) -> None:
    """Bring a statement from the page of its source."""
    books = story.tab("bookkeeper")
    books.go(f"{story.book}/reconciliation/statements")
    books.page.click(f"tr:has-text('{source}') a:has-text('Bring a statement')")
    books.page.wait_for_url("**/imports/new/*")
    assert books.page.input_value("[name=source]") == source
    bring(books, "", file)


def lines_are_matched_and_the_rest_is_a_break(story: World) -> None:
    books = story.tab("bookkeeper")
    page = books.page
    books.go(f"{story.book}/reconciliation")
    figures = page.locator(".card .big").all_inner_texts()
    # breaks, proposals, lines matched, and the difference: the bank with the power bill, CEA24 500 t apart, CEA25
    assert figures == ["5", "2", "0", f"{MINUS}¥12,345.67", "3", "1", "0", f"{MINUS}500 t", "2", "1", "0"]
    sound(books, "breaks")
    confirm(books, "[data-opens^=confirm-all-]")
    for _ in range(2):
        press(books, "td.action .act button >> nth=0")
    matched = ["1", "0", "2", f"{MINUS}¥12,345.67", "1", "0", "1", f"{MINUS}500 t", "0", "0", "1"]
    assert page.locator(".card .big").all_inner_texts() == matched
    page.locator("#by-hand-2 input[type=checkbox]").first.check()
    told = refused(books, "#by-hand-2")
    assert "book the difference as an entry of its own and match both" in told
    books.go(f"{story.book}/reconciliation/matches")
    assert page.locator(".badge:has-text('matched')").count() == 4
    sound(books, "matches")
    page.locator("main a:has-text('entry')").first.click()
    assert page.is_visible("#proof")


def balances_are_asserted(story: World) -> None:
    books, form = story.tab("bookkeeper"), "form[data-api$='/balance-assertions']"
    books.go(f"{story.book}/reconciliation/balances")
    said = {"as_of": "2026-08-20", "source": "statement of the day"}
    send(books, form, account="Assets:Carbon:CEA25", expected="513118", **said)
    send(books, form, account="Assets:Bank:CNY", expected=BANK_SAYS, **said)
    assert books.page.locator("td .badge").all_inner_texts() == ["holds", "fails"]
    assert books.page.is_visible(f"td.number:has-text('{MINUS}¥12,345.67')")
    sound(books, "asserted")


def units_are_set_aside_and_let_go_by_who_may(story: World) -> None:
    books, form = story.tab("bookkeeper"), "#place form"
    books.go(f"{story.book}/holds")
    told = refused(books, form, kind="pledge", account="Assets:Carbon:CEA25", amount="5000000")
    assert "In favour of: the organisation in whose favour a pledge stands" in told
    told = refused(
        books, form, beneficiary_id=str(story.scenario.organisation_id("lender")), agreement_ref="PL-2026-08"
    )
    assert "Quantity: at most 513118 t of CEA25, which is what is left; 5000000 t was asked" in told
    send(books, form, amount="50000", then=f"{story.book}/holds/*")
    pledge = books.page.url.removeprefix(story.address)
    sound(books, "pledge")
    told = refused(books, "#release form")
    assert "only the beneficiary or an enforcing role lets go of a pledge" in told
    assert "Binhai Example Bank" in books.page.inner_text("#release")
    officer = story.tab("officer")
    officer.go("/pledges")
    sound(officer, "pledges")
    officer.page.click("main th a")
    officer.page.wait_for_url(f"**{pledge}")
    officer.page.fill("#release [name=amount]", "10000")
    asks_second(officer, "#release button[type=submit]")
    books.go(f"{story.book}/holds")
    freeze = {"kind": "freeze", "account": "Assets:Carbon:CEA23", "agreement_ref": "(2026) 民初 8 号"}
    assert "Quantity: more than zero" in refused(books, form, amount="-5", **freeze)
    send(books, form, amount="1200", then=f"{story.book}/holds/*")
    assert "only who enforces an order may" in books.page.inner_text("#release")


def a_hold_is_used_in_parts(story: World) -> None:
    books, form, controller = story.tab("bookkeeper"), "#place form", story.tab("controller")
    books.go(f"{story.book}/holds")
    told = refused(
        books, form, kind="hold", account="Assets:Carbon:CEA24", amount="1000", expires_at="2026-08-19T15:00"
    )
    assert "Ends at: an instant that is still to come" in told
    send(books, form, expires_at="2026-08-21T15:00", then=f"{story.book}/holds/*")
    hold = books.page.url.removeprefix(story.address)
    assert books.page.is_visible("text=21 Aug 2026 15:00 UTC+8")
    books.page.fill("#capture [name=amount]", "400")
    asks_second(books, "#capture button[type=submit]")
    approve_on_inbox(controller, "Use what a hold")
    books.go(hold)
    assert books.page.locator(".card .big").all_inner_texts() == ["1,000 t", "600 t", "400 t"]
    assert "Quantity: at most 600 t of CEA24" in refused(books, "#capture form", amount="700")
    sound(books, "hold-used")
    books.go(f"{story.book}/positions")
    # 48,000 - 8,000 sold - 400 used = 39,600, of which 600 stay set aside; CEA25: 511,118 + 2,000, of which 50,000 are pledged
    free = {
        code: books.page.inner_text(f"tr:has(th:text-is('{code}')) td.number >> nth=2") for code in ("CEA24", "CEA25")
    }
    assert free == {"CEA24": "39,000 t", "CEA25": "463,118 t"}


def the_second_book_opens_and_receives(story: World, folder: Path) -> None:
    treasurer, controller = story.tab("treasurer"), story.tab("controller")
    page, second = treasurer.page, f"/books/{story.scenario.id_of('second book')}"
    opening = template(
        treasurer, "opening-positions", folder, [["OPEN-P-1", date(2026, 7, 31), "CEA25", 12_000, "80.25"]]
    )
    treasurer.go("/imports/new/opening-positions")
    page.click(f"nav.tabs a:has-text('{SECOND}')")
    bring(treasurer, "", opening)
    cost = page.locator("tr:has(th:text-is('Assets:CarbonCost:CEA25')) td.number").all_inner_texts()
    assert cost == ["0.00", "963,000.00", "963,000.00"]  # 12,000 x 80.25
    second_for(treasurer, "[data-opens=confirm-import]")
    approve_on_inbox(controller, "Book a file")
    treasurer.go(f"{story.book}/transfer?account=Assets:Carbon:CEA25")
    for _ in range(4):  # the clearing accounts of CEA25 and of CNY, in both books
        press(treasurer, ".act button >> nth=0")
    form = "form[data-api='POST /v1/transfers']"
    told = refused(treasurer, form, **{"into__legs[0]__amount": "500000"})
    assert "463118 available" in told  # 513,118 less the 50,000 that are pledged
    page.fill(f"{form} [name='into.legs[0].amount']", "2000")  # of the lot that was allocated free: no cost goes along
    sound(treasurer, "transfer")
    asks_second(treasurer, f"{form} button[type=submit]")
    approve_on_inbox(controller, "Transfer between two books")
    for book, left in ((story.book, "511,118 t"), (second, "14,000 t")):
        treasurer.go(f"{book}/positions")
        assert page.inner_text("tr:has(th:text-is('CEA25')) td.number >> nth=0") == left
    assert page.locator("#lots td.number:last-child").all_inner_texts() == ["¥963,000.00", "¥0.00"]
    sound(treasurer, "second-book")


def the_month_closes_softly_for_closers_only(story: World, folder: Path) -> None:
    treasurer, books = story.tab("treasurer"), story.tab("bookkeeper")
    treasurer.go(f"{story.book}/holds?state=any")
    assert treasurer.page.is_visible("tr:has-text('CEA24') .badge:has-text('expired')")
    treasurer.go(f"{story.book}/month-close?month={MONTH}")
    with_reason(treasurer, "[data-opens=confirm-soft]", "everything of August is in")
    late = chinese_csv(folder / "late.csv", [TRADES, LATE])
    bring(books, "/imports/new/trades", late)
    assert books.page.is_visible("text=only a closer still posts there")
    bring(treasurer, "/imports/new/trades", late)
    second_for(treasurer, "[data-opens=confirm-import]")
    approve_on_inbox(story.tab("controller"), "Book a file")
    treasurer.go(f"{story.book}/statement?under=Assets:CarbonCost:CEA25")
    assert treasurer.page.is_visible("td:has-text('¥9,729.10')")  # 100 x 97.00 + 29.10


def it_opens_again_by_two(story: World) -> None:
    treasurer, controller = story.tab("treasurer"), story.tab("controller")
    month = f"{story.book}/month-close?month={MONTH}"
    treasurer.go(month)
    with_reason(treasurer, "[data-opens=confirm-reopen]", "a late invoice of the exchange")
    assert not treasurer.page.locator("[data-opens=confirm-reopen-ok]").count()
    controller.go(month)
    with_reason(controller, "[data-opens=confirm-reopen-ok]", "agreed")
    assert controller.page.inner_text(".card .badge >> nth=0") == "open"
    sound(controller, "reopened")


def what_disagrees_is_waived_and_the_rest_prepared(story: World) -> None:
    treasurer = story.tab("treasurer")
    treasurer.go(f"{story.book}/month-close?month={MONTH}")
    send(treasurer, "form[data-api$='/day-closes']")
    confirm(treasurer, "[data-opens=confirm-accrue]")
    for item in ("trades", "allocation"):
        with_reason(treasurer, f"[data-opens=confirm-confirm-{item}]", "checked against the papers of the month")
    treasurer.page.click("[data-opens=confirm-confirm-reconciliation]")
    told = refused(treasurer, "dialog[open] form", reason="the power bill comes later")
    assert "breaks" in told
    treasurer.page.keyboard.press("Escape")
    for item in ("reconciliation", *open_items(treasurer)):
        with_reason(treasurer, f"[data-opens=confirm-waive-{item}]", "booked in September, when its paper is here")
    treasurer.go(f"{story.book}/vouchers?month={MONTH}")
    press(treasurer, "button[data-api$='/number']")
    sound(treasurer, "vouchers")


def nobody_posts_into_it_any_more(story: World, folder: Path) -> None:
    treasurer = story.tab("treasurer")
    later = chinese_csv(folder / "later.csv", [TRADES, ["T-2026-012", *LATE[1:]]])
    bring(treasurer, "/imports/new/trades", later)
    assert treasurer.page.is_visible("text=post in the open period with the document's own date")
    forgive(treasurer)
    sound(treasurer, "closed-for-good")
