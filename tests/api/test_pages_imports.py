"""The pages of imports: templates by role, errors in the sheet, the exact effect, and work that goes on beside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.imports.templates import Template, form_of
from api.store.access import OrganisationKind
from api.translations import Language, catalog
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import member
from tests.api.import_calls import bring, confirm, csv_of, filled_workbook
from tests.api.ledger_calls import NO_BOOK, OTHER_BOOK, Treasury, done, entry_id, refused

TRADES = form_of(Template.TRADES)
GOOD = {"trade_ref": "T-1", "kind": "opening", "traded_on": "2025-01-02", "instrument": "CEA24", "quantity_t": "1200"}
WRONG = {**GOOD, "trade_ref": "T-2", "traded_on": "2025-13-02", "quantity_t": "many"}
SCOPES = (Scope.LEDGER_READ, Scope.LEDGER_WRITE, Scope.ACTIVITY_WRITE, Scope.MARKET_WRITE)
BROWSER = {"Accept": "text/html"}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN"}


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = member(database, clock, randomness, OrganisationKind.BORROWER, "Example Aluminium", SCOPES)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        done(opened.open_book())
        done(
            opened.post(
                "/instruments", {"code": "CEA24", "kind": "CEA", "vintage_year": 2024, "opened_on": "2025-01-01"}
            )
        )
        yield opened


def page(house: Treasury, path: str, *, chinese: bool = False) -> str:
    answer = house.client.get(path, headers=CHINESE if chinese else BROWSER)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def sheet(house: Treasury, brought: dict[str, Any], query: str = "") -> dict[str, Any]:
    return dict(done(house.client.get(f"/v1/imports/{brought['import_id']}/sheet{query}")))


def test_the_sheet_stands_row_by_row_with_what_was_expected_in_its_wrong_cells(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, GOOD, WRONG)))

    found = sheet(house, brought)

    wrong = {cell["column"]: cell["text"] for row in found["rows"] for cell in row["cells"] if cell["expected"]}
    told = {one["column"]: one["value"] for one in brought["preview"]["problems"]}
    assert [row["row"] for row in found["rows"]] == [2, 3]
    assert wrong == told
    assert found["headings"] == [column.heading for column in TRADES.columns]


def test_only_the_wrong_rows_are_shown_when_asked_and_pages_go_on(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, GOOD, WRONG)))

    wrong, first = sheet(house, brought, "?wrong=true"), sheet(house, brought, "?limit=1")
    second = sheet(house, brought, f"?limit=1&after={first['next_after']}")

    assert [row["row"] for row in wrong["rows"]] == [3]
    assert ([row["row"] for row in first["rows"]], first["next_after"]) == ([2], 2)
    assert ([row["row"] for row in second["rows"]], second["next_after"]) == ([3], None)


@pytest.mark.parametrize("query", ["?limit=0", "?limit=201", "?after=-1", "?wrong=maybe"])
def test_a_page_of_the_sheet_that_cannot_be_is_refused(house: Treasury, query: str) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, GOOD)))

    assert house.client.get(f"/v1/imports/{brought['import_id']}/sheet{query}").status_code == 422


def test_a_workbook_shows_its_cells_too(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, filled_workbook(Template.TRADES, [WRONG])))

    texts = [cell["text"] for row in sheet(house, brought)["rows"] for cell in row["cells"]]

    assert "2025-13-02" in texts


def test_the_page_marks_the_wrong_cells_and_offers_the_file_back(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, GOOD, WRONG)))

    text = page(house, f"/imports/{brought['import_id']}")

    assert text.count('<td class="wrong">') == 2
    assert f"/v1/imports/{brought['import_id']}/errors?format=xlsx" in text
    assert "T-1" not in text
    assert "T-1" in page(house, f"/imports/{brought['import_id']}?rows=all")
    assert "Confirm the import" not in text


def test_a_chinese_page_says_in_chinese_what_each_cell_should_have_been_with_its_values(house: Treasury) -> None:
    again, early = {**GOOD}, {**GOOD, "trade_ref": "T-3", "settled_on": "2024-12-31"}
    brought = done(bring(house.client, house.book, csv_of(TRADES, GOOD, WRONG, again, early)))

    text = page(house, f"/imports/{brought['import_id']}", chinese=True)

    codes = {one["code"]: one["facts"] for one in brought["preview"]["problems"]}
    assert set(codes) == {"row.template_day", "row.whole_number", "row.repeated", "trade.settled_on"}
    assert codes["row.repeated"] == {"row": "2"}
    assert "不能重复：第 2 行已有相同内容，请删去其一。" in text
    assert "填写整数，如 20000；千位可写作 20,000。" in text
    assert '<span class="original" lang="en">a day on or after traded_on</span>' in text
    assert "a whole number such as" not in text


def test_a_sale_of_more_than_is_held_is_said_by_the_ledger_s_own_sentence(house: Treasury) -> None:
    sale = {**GOOD, "trade_ref": "T-9", "kind": "sale", "price_cny_per_t": "90.00", "quantity_t": "5000"}
    brought = done(bring(house.client, house.book, csv_of(TRADES, GOOD, sale)))

    text = page(house, f"/imports/{brought['import_id']}", chinese=True)

    assert catalog(Language.ZH).refusal("ledger.insufficient_available") in text


def test_a_right_file_shows_its_exact_effect_and_is_confirmed_by_its_digest(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, GOOD)))

    text = page(house, f"/imports/{brought['import_id']}")

    assert brought["preview"]["sha256"] in text
    assert "1,200" in text
    done(confirm(house.client, brought))
    after = page(house, f"/imports/{brought['import_id']}", chinese=True)
    assert "已导入" in after
    assert "确认导入" not in after


def test_the_list_and_the_upload_pages_show_what_the_reader_may_bring(house: Treasury) -> None:
    text = page(house, "/imports")

    assert [one.value for one in Template if f"/imports/new/{one.value}" not in text] == []
    assert [one for one in Template if page(house, f"/imports/new/{one.value}", chinese=True).count("<h1>") != 1] == []
    assert "No statement source yet" in page(house, "/imports/new/bank-statement")


def test_an_unknown_template_says_where_the_list_is(house: Treasury) -> None:
    answer = house.client.get("/imports/new/nothing", headers=BROWSER)

    assert answer.status_code == 404
    assert "/imports" in answer.text


def test_a_reader_without_the_right_to_bring_is_not_offered_it(
    house: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    reader = member(database, clock, randomness, OrganisationKind.ASSESSOR, "Assessor", (Scope.LEDGER_READ,))

    assert house.client.get("/imports", key=reader.key, headers=BROWSER).status_code == 403


def test_a_foreign_import_is_as_absent_as_none(
    house: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, GOOD)))
    stranger = member(database, clock, randomness, OrganisationKind.LENDER, "Other", SCOPES)

    foreign = house.client.get(f"/v1/imports/{brought['import_id']}/sheet", key=stranger.key)
    absent = house.client.get(f"/v1/imports/{entry_id(999)}/sheet", key=stranger.key)

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert refused(foreign) == refused(absent)


def test_what_is_wrong_with_the_headings_is_told_above_the_sheet(house: Treasury) -> None:
    kilograms = csv_of(TRADES, GOOD).replace("数量 Quantity (t)".encode(), "数量 Quantity (kg)".encode())
    brought = done(bring(house.client, house.book, kilograms))
    nothing = done(bring(house.client, house.book, b"a,b\n1,2\n"))

    assert "Row 1, column E (数量 Quantity (kg)): expected <span>the unit t" in page(
        house, f"/imports/{brought['import_id']}"
    )
    assert "a header row in the first 20 rows with" in page(house, f"/imports/{nothing['import_id']}")
    assert sheet(house, brought)["header_row"] == 1


def test_a_file_is_brought_into_the_book_that_is_chosen_and_never_into_that_of_evidence(house: Treasury) -> None:
    for book, code in ((OTHER_BOOK, "south"), (entry_id(8), "evidence")):
        done(house.client.post("/v1/books", json.dumps({"book_id": book, "code": code, "functional_currency": "CNY"})))

    first = page(house, "/imports/new/trades")
    south = page(house, f"/imports/new/trades?into={OTHER_BOOK}")

    assert f"?into={entry_id(8)}" not in first
    assert f'data-api="POST /v1/books/{OTHER_BOOK}/imports?template=trades' in south
    assert house.client.get(f"/imports/new/trades?into={NO_BOOK}", headers=BROWSER).status_code == 404


def test_the_book_of_evidence_is_never_the_one_that_pages_begin_with(house: Treasury) -> None:
    evidence = {"book_id": entry_id(8), "code": "evidence", "functional_currency": "CNY"}
    done(house.client.post("/v1/books", json.dumps(evidence)))

    assert f'href="/books/{house.book}/positions"' in page(house, "/imports")


def test_a_file_that_waits_for_a_second_person_says_so_and_is_not_confirmed_again(
    app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    maker = member(database, clock, randomness, OrganisationKind.BORROWER, "Two", SCOPES, acts_alone=False)
    with Client(app, maker.key) as client:
        two = Treasury(client, maker)
        done(two.open_book())
        instrument = {"code": "CEA24", "kind": "CEA", "vintage_year": 2024, "opened_on": "2025-01-01"}
        done(two.post("/instruments", instrument))
        brought = done(bring(client, two.book, csv_of(TRADES, GOOD)))

        before = page(two, f"/imports/{brought['import_id']}")
        asked = confirm(client, brought)
        after = page(two, f"/imports/{brought['import_id']}")

    assert asked.status_code == 202, asked.text
    assert ("confirm-import" in before, "confirm-import" in after) == (True, False)
    assert "waits for a second person" in after
