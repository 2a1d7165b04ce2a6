from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from sqlalchemy.exc import DBAPIError

from api.auth.principal import Scope
from api.deps import unit_of_work
from api.imports import work
from api.imports.templates import Template, form_of
from api.imports.work import ImportWork
from api.store import four_eyes
from api.store.access import OrganisationKind
from api.store.four_eyes import Requirement, Rule
from api.translations import Language
from finance.store import imports as store
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member, member
from tests.api.import_calls import CSV, bring, confirm, csv_of, filled_workbook, saved
from tests.api.ledger_calls import Treasury, colleague, done, refused
from tests.api.people import colleague_of, place, proof
from tests.api.test_reconciliation import mapping

TRADES = form_of(Template.TRADES)
FIRST = {"trade_ref": "T-1", "kind": "opening", "traded_on": "2025-01-02", "instrument": "CEA24", "quantity_t": "100"}
SECOND = {
    "trade_ref": "T-2",
    "kind": "买入",
    "traded_on": "2025/11/20",
    "instrument": "CEA25",
    "quantity_t": "1200",
    "price_cny_per_t": "80.10",
    "fee_cny": "48",
}
SCOPES = (Scope.ADMIN, Scope.LEDGER_READ, Scope.LEDGER_WRITE, Scope.ACTIVITY_WRITE, Scope.MARKET_WRITE)


@pytest.fixture
def owner(database: Database, clock: Clock, randomness: Randomness) -> Member:
    return member(database, clock, randomness, OrganisationKind.BORROWER, "Example Aluminium", SCOPES)


@pytest.fixture
def house(app: FastAPI, owner: Member) -> Iterator[Treasury]:
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        done(opened.open_book())
        for code, year in (("CEA24", 2024), ("CEA25", 2025)):
            body = {"code": code, "kind": "CEA", "vintage_year": year, "opened_on": "2025-01-01"}
            done(opened.post("/instruments", body))
        yield opened


@pytest.fixture
def worker(database: Database, clock: Clock, randomness: Randomness, app: FastAPI) -> ImportWork:
    around = app.state.surroundings
    return ImportWork(database=database, clock=clock, new_id=around.id_source, random_bytes=randomness)


def positions(brought: dict[str, Any]) -> dict[str, str]:
    return {one["account"]: one["change"] for one in brought["preview"]["entries"]["positions"]}


def size(house: Treasury) -> int:
    return int(done(house.get(""))["tree_size"])


def read(house: Treasury, brought: dict[str, Any]) -> dict[str, Any]:
    return dict(done(house.client.get(f"/v1/imports/{brought['import_id']}")))


def test_a_preview_shows_the_exact_effect_and_writes_nothing(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, SECOND)))

    assert brought["state"] == "ready"
    assert brought["preview"]["entries"]["entries"] == 2
    moved = positions(brought)
    assert moved["Assets:Bank:CNY"] == "-96168.00"  # 1,200 x 80.10 + 48.00
    assert sum(change == "100" for change in moved.values()) >= 1
    assert size(house) == 0


def test_a_confirmed_preview_does_what_it_showed_once(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, SECOND)))
    first = done(confirm(house.client, brought))
    again = done(confirm(house.client, brought))

    assert first["state"] == "confirmed"
    assert again == first
    assert first["confirmed"]["last_seq"] == "2"
    assert size(house) == 2
    assert done(house.get("/balances"))["balances"] is not None


def test_the_shipped_template_filled_in_a_spreadsheet_is_read_with_its_dates_and_numbers(house: Treasury) -> None:
    row = {"trade_ref": "T-9", "kind": "买入", "traded_on": date(2025, 4, 30), "instrument": "CEA25"}
    raw = filled_workbook(Template.TRADES, [{**row, "quantity_t": 1000, "price_cny_per_t": 0.29}])

    brought = done(bring(house.client, house.book, raw))

    assert brought["state"] == "ready", brought["preview"]["problems"]
    assert (brought["preview"]["rows"], brought["preview"]["examples"]) == (1, 1)
    assert positions(brought)["Assets:Bank:CNY"] == "-290.00"
    assert brought["preview"]["skipped_sheets"] == ["填写说明"]


def test_every_wrong_cell_is_named_by_row_and_column_letter(house: Treasury) -> None:
    bad = {**SECOND, "quantity_t": "12,00", "traded_on": "2025-02-30"}
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, bad, {**SECOND, "kind": "gift"})))

    found = [(one["row"], one["column"], one["field"]) for one in brought["preview"]["problems"]]
    assert found == [(3, "C", "traded_on"), (3, "E", "quantity_t"), (4, "B", "kind")]
    assert brought["state"] == "refused"
    assert refused(confirm(house.client, brought)) == (409, "import.has_errors")
    assert size(house) == 0


def test_the_sheet_comes_back_with_its_errors_and_can_be_corrected_and_brought_again(house: Treasury) -> None:
    raw = filled_workbook(Template.TRADES, [{**FIRST, "quantity_t": "much"}])
    brought = done(bring(house.client, house.book, raw))
    back = house.client.get(f"/v1/imports/{brought['import_id']}/errors")

    sheet = load_workbook(io.BytesIO(back.content)).worksheets[0]
    width = len(TRADES.columns) + 1
    assert sheet.cell(1, width).value == "错误 Error"
    row = next(number for number in range(2, sheet.max_row + 1) if sheet.cell(number, 1).value == "T-1")
    assert "whole number" in str(sheet.cell(row, width).value)
    sheet.cell(row, 5).value = 100
    chinese = house.client.get(f"/v1/imports/{brought['import_id']}/errors?language=zh").content
    assert load_workbook(io.BytesIO(chinese)).worksheets[0].cell(row, width).value == (
        "E: 填写整数，如 20000；千位可写作 20,000"
    )
    corrected = load_workbook(io.BytesIO(back.content))
    corrected.worksheets[0].cell(row, 5).value = 100
    again = done(bring(house.client, house.book, saved(corrected)))
    assert again["state"] == "ready", again["preview"]["problems"]


def test_what_stands_already_is_told_and_other_content_under_a_reference_is_a_row_error(house: Treasury) -> None:
    done(confirm(house.client, done(bring(house.client, house.book, csv_of(TRADES, FIRST)))))
    same = done(bring(house.client, house.book, csv_of(TRADES, FIRST, SECOND)))
    other = done(bring(house.client, house.book, csv_of(TRADES, {**FIRST, "quantity_t": "101"})))

    assert (same["preview"]["entries"]["entries"], same["preview"]["entries"]["standing_refs"]) == (1, ["T-1"])
    assert [(one["row"], one["column"]) for one in other["preview"]["problems"]] == [(2, "A")]


def test_a_sale_of_more_than_is_held_is_refused_at_its_row(house: Treasury) -> None:
    sale = {**SECOND, "trade_ref": "T-3", "kind": "sale", "instrument": "CEA24", "traded_on": "2025-11-20"}
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, sale)))

    (problem,) = brought["preview"]["problems"]
    assert problem["row"] == 3
    assert problem["code"] == "ledger.insufficient_available"
    assert "100 available" in problem["expected"]


def test_when_the_world_changed_nothing_is_imported_and_a_new_preview_shows_the_new_effect(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, SECOND)))
    done(confirm(house.client, done(bring(house.client, house.book, csv_of(TRADES, FIRST)))))

    assert refused(confirm(house.client, brought)) == (409, "import.world_changed")
    assert size(house) == 1
    anew = done(house.client.post(f"/v1/imports/{brought['import_id']}/preview"))
    assert anew["preview"]["sha256"] != brought["preview"]["sha256"]
    assert refused(confirm(house.client, brought)) == (409, "import.not_shown")
    assert done(confirm(house.client, anew))["state"] == "confirmed"
    assert size(house) == 2


def test_of_two_confirmations_at_once_one_imports(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, SECOND)))
    body = json.dumps({"sha256": brought["preview"]["sha256"]})

    answers = house.client.post_together(2, f"/v1/imports/{brought['import_id']}/confirm", body)

    assert {answer.status_code for answer in answers} <= {200, 409, 503}
    assert size(house) == 2
    assert len(done(house.get("/trades?as_of=2026-01-01"))["trades"]) == 2


def test_a_discarded_import_takes_no_further_step(house: Treasury) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST)))
    path = f"/v1/imports/{brought['import_id']}"

    assert done(house.client.post(f"{path}/discard"))["state"] == "discarded"
    assert done(house.client.post(f"{path}/discard"))["state"] == "discarded"
    assert refused(confirm(house.client, brought)) == (409, "import.ended")
    assert refused(house.client.post(f"{path}/preview")) == (409, "import.ended")


def test_a_foreign_import_does_not_exist(house: Treasury, lender: Member) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST)))

    for path in ("", "/errors"):
        answer = house.client.get(f"/v1/imports/{brought['import_id']}{path}", key=lender.key)
        assert refused(answer) == (404, "import.not_found")
    assert refused(confirm(house.client, brought, key=lender.key)) == (404, "import.not_found")


def test_who_may_not_write_to_the_ledger_may_not_confirm(
    house: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    reader = proof(database, clock, randomness, place(database, house.owner), {Scope.LEDGER_READ})
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST)))

    assert refused(confirm(house.client, brought, key=reader.key)) == (403, "auth.reading_only")
    assert done(house.client.get(f"/v1/imports/{brought['import_id']}", key=reader.key))["state"] == "ready"


def test_opening_positions_come_with_lots_and_cost(house: Treasury) -> None:
    form = form_of(Template.OPENING_POSITIONS)
    row = {"trade_ref": "O-1", "traded_on": "2025-01-01", "instrument": "CEA24", "quantity_t": "20,000"}
    raw = csv_of(form, {**row, "quantity_t": "20,000", "price_cny_per_t": "96.13"})
    brought = done(bring(house.client, house.book, raw, template="opening-positions"))

    assert brought["state"] == "ready", brought["preview"]["problems"]
    assert "1922600.00" in {change.lstrip("-") for change in positions(brought).values()}
    assert done(confirm(house.client, brought))["state"] == "confirmed"


@pytest.mark.parametrize("is_own_form", [True, False])
def test_a_bank_statement_is_previewed_in_our_form_and_in_the_banks(house: Treasury, *, is_own_form: bool) -> None:
    done(house.post("/statement-sources", mapping()))
    form = form_of(Template.BANK_STATEMENT)
    ours = csv_of(
        form,
        {"reference": "B1", "booked_on": "20250303", "amount_in": "12.50", "balance": "12.5"},
        {"reference": "B2", "booked_on": "2025年3月4日", "amount_out": "2.5", "balance": "10"},
    )
    theirs = "交易日期,流水号,对方户名,借方发生额,贷方发生额,余额\n2025-03-03,B1,示例,,12.50,12.50\n2025-03-04,B2,,2.50,,10.00\n"
    content = ours if is_own_form else theirs.encode("gb18030")

    brought = done(bring(house.client, house.book, content, template="bank-statement", query="&source=icbc"))
    assert brought["state"] == "ready", brought["preview"]["problems"]
    assert brought["preview"]["encoding"] == ("UTF-8" if is_own_form else "GB18030")
    assert brought["preview"]["statement"]["lines_added"] == 2
    done(confirm(house.client, brought))
    lines = done(house.get("/statement-lines"))["lines"]
    assert [one["amount"]["amount"] for one in lines] == ["12.50", "-2.50"]


def test_a_statement_in_kilograms_or_with_both_amounts_is_refused(house: Treasury) -> None:
    done(house.post("/statement-sources", mapping()))
    form = form_of(Template.BANK_STATEMENT)
    both = csv_of(form, {"booked_on": "2025-03-03", "amount_in": "1", "amount_out": "1"})
    unit = both.replace(b"(CNY)", b"(USD)")

    first = done(bring(house.client, house.book, both, template="bank-statement", query="&source=icbc"))
    second = done(bring(house.client, house.book, unit, template="bank-statement", query="&source=icbc"))

    assert "either in or out" in first["preview"]["problems"][0]["expected"]
    assert second["preview"]["problems"][0]["expected"] == "the unit CNY"


def test_prices_confirmed_wait_for_a_second_person(house: Treasury) -> None:
    form = form_of(Template.PRICES)
    row = {
        "instrument": "CEA25",
        "exchange": "Example Exchange",
        "price_basis": "listed_close",
        "trade_date": "2025-04-30",
        "last_trade_date": "2025-04-30",
        "value": "97.92",
        "currency": "CNY",
        "unit": "t",
        "source": "close",
    }
    brought = done(house.client.post("/v1/price-imports", csv_of(form, row), headers=CSV))
    assert brought["preview"]["prices"]["counts"]["new"] == 1

    confirmed = done(confirm(house.client, brought))
    found = done(house.client.get("/v1/observations?instrument=CEA25&as_of=2025-05-01"))
    upload = done(house.client.get(f"/v1/observation-uploads/{confirmed['confirmed']['proposal_id']}"))

    assert found["observations"] == []
    assert upload["sha256"] == confirmed["confirmed"]["proposal_sha256"]


def activity_row(grid: str) -> dict[str, str]:
    form = form_of(Template.ACTIVITY)
    row = {column.key: "0" for column in form.columns if column.is_required}
    return {**row, "site": "Example smelter", "month": "2025-01", "production_t": "100", "grid_kwh": grid}


def test_activity_shows_each_figure_old_and_new(house: Treasury) -> None:
    form = form_of(Template.ACTIVITY)
    first = done(house.client.post("/v1/activity-imports", csv_of(form, activity_row("1000")), headers=CSV))
    done(confirm(house.client, first))
    second = done(house.client.post("/v1/activity-imports", csv_of(form, activity_row("1200.5")), headers=CSV))

    assert first["preview"]["months"]["new"] == 1
    assert second["preview"]["months"]["changes"] == [
        {"site": "Example smelter", "month": "2025-01", "field": "grid_kwh", "old": "1000", "new": "1200.5"}
    ]
    done(confirm(house.client, second))
    assert len(done(house.client.get("/v1/activity"))["months"]) == 1


def told(house: Treasury) -> list[str]:
    """Return what whoever brought files was told of them, the newest first; each leads to its import."""
    found = done(house.client.get("/v1/notices?kind=import_finished"))["notices"]
    assert all(one["path"] == f"/imports/{one['subject_ref']}" for one in found)
    return [one["title_en"] for one in found]


def test_a_confirmed_import_is_told_to_who_confirmed_it_and_to_nobody_else(
    house: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    other = colleague(database, clock, randomness, house.owner)
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, SECOND)))
    before = told(house)

    for _ in range(2):
        done(confirm(house.client, brought))

    assert (before, told(house)) == ([], ["Import finished: file"])
    assert done(house.client.get("/v1/notices", key=other))["notices"] == []


def test_a_long_file_is_worked_on_beside_the_request_and_survives_a_restart(
    house: Treasury, worker: ImportWork, monkeypatch: pytest.MonkeyPatch, clock: Clock, database: Database
) -> None:
    monkeypatch.setattr("api.routes.imports.INLINE_BYTES", 10)
    monkeypatch.setattr("api.routes.imports.INLINE_ROWS", 1)
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, SECOND)))
    assert (brought["state"], brought["work"]["phase"]) == ("reading", "waiting")

    with unit_of_work(database) as session:  # a process claims the work and dies
        assert store.claim_work(session, now=clock(), until=clock()) is not None
    assert worker.run_once()
    shown = read(house, brought)
    assert (shown["state"], shown["work"]) == ("ready", None)
    asked = done(confirm(house.client, shown))
    assert asked["state"] == "importing"
    assert read(house, brought)["state"] == "importing"
    assert worker.run_once()
    assert not worker.run_once()
    ended = read(house, brought)
    assert (ended["state"], size(house)) == ("confirmed", 2)
    assert done(confirm(house.client, ended)) == ended
    assert told(house) == ["Import finished: file", "File read: file"]


def test_long_work_that_cannot_be_done_says_why_and_may_be_previewed_again(
    house: Treasury, worker: ImportWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST, SECOND)))
    monkeypatch.setattr("api.routes.imports.INLINE_ROWS", 1)
    done(confirm(house.client, brought))
    monkeypatch.setattr("api.routes.imports.INLINE_ROWS", 10)
    done(confirm(house.client, done(bring(house.client, house.book, csv_of(TRADES, FIRST)))))

    assert worker.run_once()
    failed = read(house, brought)
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "import.world_changed")
    assert told(house)[0] == "Nothing imported: file"
    anew = done(house.client.post(f"/v1/imports/{brought['import_id']}/preview"))
    assert done(confirm(house.client, anew))["state"] == "confirmed"


def test_work_that_never_ends_is_given_up(
    house: Treasury, worker: ImportWork, monkeypatch: pytest.MonkeyPatch, clock: Clock, database: Database
) -> None:
    monkeypatch.setattr("api.routes.imports.INLINE_BYTES", 10)
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST)))
    for _ in range(work.MOST_ATTEMPTS):
        with unit_of_work(database) as session:
            store.claim_work(session, now=clock(), until=clock())

    assert worker.run_once()
    assert read(house, brought)["failure"]["code"] == "import.attempts"


def test_imports_are_listed_the_newest_first_page_by_page(house: Treasury, clock: Clock) -> None:
    made = []
    for _ in range(3):
        made.append(done(bring(house.client, house.book, csv_of(TRADES, FIRST)))["import_id"])
        clock.advance(seconds=1)

    first = done(house.client.get("/v1/imports?limit=2"))
    rest = done(house.client.get(f"/v1/imports?limit=2&after={first['next_after']}"))

    assert [one["import_id"] for one in (*first["imports"], *rest["imports"])] == made[::-1]
    assert rest["next_after"] is None


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", Template)
def test_every_template_can_be_had_in_both_languages(house: Treasury, template: Template, language: Language) -> None:
    answer = house.client.get(f"/v1/templates/{template}.xlsx?language={language}")

    book = load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    form = form_of(template)
    assert [cell.value for cell in sheet[1]] == [column.heading for column in form.columns]
    assert sheet.freeze_panes == "A2"
    assert sheet.data_validations.count > 0
    assert len(book.worksheets) == 2


def test_the_templates_are_told_with_their_columns(house: Treasury) -> None:
    told = done(house.client.get("/v1/templates"))["templates"]

    assert {one["name"] for one in told} == set(Template)
    trades = next(one for one in told if one["name"] == "trades")
    assert trades["columns"][4]["heading"] == "数量 Quantity (t)"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("template=prices", "import.template"),
        ("template=trades&source=icbc", "import.source"),
        ("template=bank-statement", "import.source"),
        ("template=bank-statement&source=none", "reconciliation.source_not_found"),
    ],
)
def test_a_wrong_question_is_refused(house: Treasury, query: str, code: str) -> None:
    answer = house.client.post(f"/v1/books/{house.book}/imports?{query}", csv_of(TRADES, FIRST), headers=CSV)

    assert refused(answer)[1] == code


def test_a_file_refused_as_a_whole_leaves_no_import(house: Treasury) -> None:
    assert refused(bring(house.client, house.book, b"PK\x03\x04broken"))[1] == "import.archive"

    assert done(house.client.get("/v1/imports"))["imports"] == []


def test_steps_are_append_only_and_only_what_was_shown_can_be_confirmed(house: Treasury, database: Database) -> None:
    brought = done(bring(house.client, house.book, csv_of(TRADES, FIRST)))
    insert = (
        "INSERT INTO file_import_step SELECT organisation_id, import_id, {no}, 'confirmed', {sha}, content, done_by, done_at"
        " FROM file_import_step"
    )
    other = "'" + "0" * 64 + "'"
    for statement in (
        "UPDATE file_import_step SET content = '{}'",
        "DELETE FROM file_import_step",
        "UPDATE file_import SET template = 'prices'",
        "DELETE FROM file_import",
        insert.format(no=2, sha=other),
        insert.format(no=3, sha="sha256"),
    ):
        with pytest.raises(DBAPIError), unit_of_work(database) as session:
            session.connection().exec_driver_sql(statement)
    assert read(house, brought)["state"] == "ready"


@pytest.fixture
def two(database: Database, clock: Clock, randomness: Randomness, app: FastAPI) -> Iterator[tuple[Treasury, Member]]:
    """A house in which nobody acts alone, and the colleague who agrees."""
    maker = member(
        database, clock, randomness, OrganisationKind.BORROWER, "Example Aluminium", SCOPES, acts_alone=False
    )
    scopes = (Scope.LEDGER_READ, Scope.LEDGER_APPROVE)
    checker = colleague_of(database, clock, randomness, maker, "checker@borrower.example", scopes)
    with Client(app, maker.key) as client:
        opened = Treasury(client, maker)
        done(opened.open_book())
        done(
            opened.post(
                "/instruments", {"code": "CEA24", "kind": "CEA", "vintage_year": 2024, "opened_on": "2025-01-01"}
            )
        )
        yield opened, checker


@pytest.mark.parametrize("template", ["trades", "opening-positions"])
def test_trades_of_a_file_wait_for_a_second_person_as_those_sent_to_the_api_do(
    two: tuple[Treasury, Member], template: str
) -> None:
    house, checker = two
    row = {
        "trade_ref": "O-1",
        "traded_on": "2025-01-01",
        "instrument": "CEA24",
        "quantity_t": "20",
        "price_cny_per_t": "96.13",
    }
    content = csv_of(TRADES, FIRST) if template == "trades" else csv_of(form_of(Template.OPENING_POSITIONS), row)
    brought = done(bring(house.client, house.book, content, template=template))

    asked = confirm(house.client, brought)
    before = size(house)
    path = f"/v1/proposals/{asked.json()['proposal_id']}/approve"
    agreed = house.client.post(path, json.dumps({"sha256": asked.json()["sha256"]}), key=checker.key)

    assert (asked.status_code, asked.json()["action"], before) == (202, "trade.import", 0)
    assert done(agreed)["state"] == "done"
    assert (read(house, brought)["state"], size(house)) == ("confirmed", 1)
    assert confirm(house.client, brought).status_code == 200


def test_a_limit_of_the_day_counts_the_tonnes_and_money_of_a_file(
    two: tuple[Treasury, Member], database: Database, clock: Clock
) -> None:
    house, checker = two
    with unit_of_work(database) as session:
        four_eyes.save_rule(
            session,
            house.owner.organisation_id,
            "trade.import",
            Rule(requirement=Requirement.ABOVE, most_quantity=1_300, most_cny_fen=10**9),
            reason="test",
            set_by=None,
            now=clock(),
        )
    first = done(bring(house.client, house.book, csv_of(TRADES, {**SECOND, "instrument": "CEA24"})))
    assert confirm(house.client, first).status_code == 200
    more = done(bring(house.client, house.book, csv_of(TRADES, {**FIRST, "quantity_t": "101"})))

    assert confirm(house.client, more).status_code == 202
    assert checker.key


def test_a_file_that_books_no_trade_asks_nobody_by_that_rule(two: tuple[Treasury, Member]) -> None:
    house, _ = two
    brought = done(
        house.client.post("/v1/activity-imports", csv_of(form_of(Template.ACTIVITY), activity_row("5")), headers=CSV)
    )

    assert done(confirm(house.client, brought))["state"] == "confirmed"


def test_a_late_trade_of_a_file_is_for_closers_only(
    house: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    scopes = (Scope.LEDGER_READ, Scope.LEDGER_WRITE, Scope.LEDGER_CLOSE)
    closer = colleague_of(database, clock, randomness, house.owner, "closer@borrower.example", scopes).key
    closing, day = f"/v1/books/{house.book}/periods/close-softly", json.dumps({"through": "2025-01-31"})
    done(house.client.post(closing, day, key=closer))
    late = csv_of(TRADES, FIRST)

    by_maker = done(bring(house.client, house.book, late))
    by_closer = done(bring(house.client, house.book, late, key=closer))

    assert by_maker["state"] == "refused"
    assert "only a closer still posts there" in by_maker["preview"]["problems"][0]["expected"]
    assert by_closer["state"] == "ready", by_closer["preview"]["problems"]
    assert done(confirm(house.client, by_closer, key=closer))["state"] == "confirmed"
