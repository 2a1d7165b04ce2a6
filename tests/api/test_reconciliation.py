from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from fastapi import FastAPI

from api import cli
from api.description import describe
from api.routes.reconciliation import XLSX
from api.schemas.statement_sources import StatementSourceIn
from finance.feeds.tabular import read_table
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.statement_reading import read_statement
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BANK, BOOK, NO_BOOK, SQLITE, Treasury, done, money, refused, treasury

SOURCE = "/statement-sources"
STATEMENTS = "/statement-sources/icbc/statements"
HEAD = "交易日期,流水号,对方户名,借方发生额,贷方发生额,余额\n"
FIRST = HEAD + "2025-03-03,B1,示例交易所,,12.50,12.50\n2025-03-04,B2,电力公司,2.50,,10.00\n"


def mapping(**changes: object) -> dict[str, object]:
    return {
        "code": "icbc",
        "title": "工商银行基本户",
        "kind": "bank",
        "mapping": {
            "columns": {
                "booked_on": ["交易日期"],
                "reference": ["流水号"],
                "counterparty": ["对方户名"],
                "amount_in": ["贷方发生额"],
                "amount_out": ["借方发生额"],
                "balance": ["余额"],
            },
            "accounts": [{"commodity": "CNY", "account": BANK}],
            "commodity": "CNY",
            "date_format": "YYYY-MM-DD",
            "window_days": 3,
            **changes,
        },
    }


@pytest.fixture
def books(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        kept = Treasury(client, owner)
        kept.open_plain()
        done(kept.post(SOURCE, mapping()))
        yield kept


def upload(
    books: Treasury, content: str | bytes, *, kind: str = "text/csv", name: str = "march.csv", path: str = STATEMENTS
) -> httpx.Response:
    return books.client.post(f"/v1/books/{books.book}{path}?file_name={name}", content, headers={"Content-Type": kind})


def breaks(books: Treasury, more: str = "") -> Any:
    return done(books.get(f"/reconciliation/breaks?as_of=2025-03-31{more}"))


def proposals(books: Treasury) -> Any:
    return done(books.get("/reconciliation/proposals?as_of=2025-03-31"))["accounts"][0]


def confirm(books: Treasury, lines: list[int], *places: tuple[int, int]) -> httpx.Response:
    match = {"lines": lines, "postings": [{"seq": seq, "line": line} for seq, line in places]}
    return books.post("/reconciliation/matches", {"as_of": "2025-03-31", "matches": [match]})


def test_a_statement_is_read_matched_confirmed_and_undone(books: Treasury) -> None:
    done(books.post("/entries", money(1, "12.50", doc_ref="B1")))
    read = done(upload(books, FIRST))
    again = done(upload(books, FIRST))
    proposed = proposals(books)
    (match,) = done(confirm(books, proposed["proposals"][0]["lines"], (1, 1)))["matches"]
    lines = done(books.get("/statement-lines"))["lines"]
    undone = done(books.post(f"/reconciliation/matches/{match['match']}/undo", {"reason": "wrong payment"}))

    assert (read["lines_read"], read["lines_added"], again["lines_added"]) == (2, 2, 0)
    assert [(one["rule"], one["lines"], one["postings"]) for one in proposed["proposals"]] == [
        ("reference_amount_day", [1], [{"seq": 1, "line": 1}])
    ]
    assert match["why_zh"] == "编号、金额、日期均相同"
    assert match["recorded"]["recorded_by"] == str(books.owner.user_id)
    assert [(one["line"], one["match"], one["postings"]) for one in lines] == [
        (1, match["match"], [{"seq": 1, "line": 1}]),
        (2, None, []),
    ]
    assert lines[1]["amount"] == {"amount": "-2.50", "unit": "CNY"}
    assert undone["undo_reason"] == "wrong payment"
    assert [one["undone"] is None for one in done(books.get("/reconciliation/matches"))["matches"]] == [False]


def test_breaks_show_both_sides_ages_and_the_balance(books: Treasury) -> None:
    done(books.post("/entries", money(1, "11.00", doc_ref="B1")))
    done(upload(books, FIRST))

    (account,) = breaks(books)["accounts"]

    differs, lone = account["breaks"]
    assert (differs["kind"], differs["difference"]["amount"], differs["age_days"]) == ("amount_differs", "1.50", 28)
    assert differs["line"]["counterparty"] == "示例交易所"
    assert differs["posting"]["seq"] == 1
    assert (lone["kind"], lone["line"]["amount"]["amount"], lone["posting"]) == ("line_without_entry", "-2.50", None)
    balance = account["balance_differs"]
    assert (balance["day"], balance["statement"]["amount"], balance["book"]["amount"]) == (
        "2025-03-04",
        "10.00",
        "11.00",
    )
    assert balance["unexplained"]["amount"] == "0.00"


def test_breaks_reproduce_at_the_point_they_name(books: Treasury) -> None:
    done(upload(books, FIRST))
    before = breaks(books)
    done(books.post("/entries", money(1, "12.50", doc_ref="B1")))
    done(confirm(books, [1], (1, 1)))

    assert breaks(books, f"&known={before['known']}&facts={before['facts']}") == before
    assert breaks(books) != before


def test_a_workbook_in_another_spelling_is_the_same_statement(books: Treasury) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "明细"
    sheet.append(HEAD.strip().split(","))
    sheet.append([datetime(2025, 3, 3), "B1", "示例交易所", None, 12.5, 12.5])  # noqa: DTZ001 - a cell has no zone
    sheet.append([date(2025, 3, 4), "B2", "电力公司", 2.5, None, 10])
    stream = io.BytesIO()
    workbook.save(stream)

    from_workbook = done(upload(books, stream.getvalue(), kind=XLSX, name="march.xlsx"))
    from_csv = done(upload(books, FIRST))

    assert (from_workbook["lines_added"], from_csv["lines_added"]) == (2, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_statements_are_read_in_each_encoding(books: Treasury, encoding: str) -> None:
    assert done(upload(books, FIRST.encode(encoding)))["lines_added"] == 2
    assert done(books.get("/statement-lines"))["lines"][0]["counterparty"] == "示例交易所"


def test_an_unreadable_row_names_everything_and_nothing_is_written(books: Treasury) -> None:
    answer = upload(books, FIRST + "2025-03-05,B3,x,,1.005,11.00\n2025-03-06,B4,x,,1.00,99.00\n")

    assert refused(answer) == (422, "import.rows_unreadable")
    (error,) = answer.json()["errors"]
    assert (error["file"], error["row"], error["field"], error["value"]) == ("march.csv", 4, "贷方发生额", "1.005")
    assert done(books.get("/statement-lines"))["lines"] == []


def test_statement_lines_come_page_by_page(books: Treasury) -> None:
    done(upload(books, FIRST))

    first = done(books.get("/statement-lines?limit=1"))
    second = done(books.get(f"/statement-lines?limit=1&after={first['next_after']}&source=icbc"))

    assert [one["line"] for one in (*first["lines"], *second["lines"])] == [1, 2]
    assert second["next_after"] is None


def test_a_saved_source_reads_back_with_its_versions(books: Treasury) -> None:
    done(books.post(SOURCE, mapping(window_days=5)))

    sources = done(books.get(SOURCE))["sources"]

    assert [(one["version"], one["mapping"]["window_days"]) for one in sources] == [(1, 3), (2, 5)]
    assert sources[0]["mapping"]["columns"]["booked_on"] == ["交易日期"]


def test_balances_are_asserted_and_checked_anew(books: Treasury) -> None:
    done(books.post("/entries", money(1, "12.50")))
    body = {"account": BANK, "as_of": "2025-03-31", "expected": "12.50", "source": "March statement"}

    first = done(books.post("/balance-assertions", body))
    done(books.post("/entries", money(2, "1.00", day="2025-03-30")))
    (second,) = done(books.post("/balance-assertions/check", {"until": "2025-03-31"}))["assertions"]

    assert (first["verdict"], second["verdict"]) == ("ok", "failed")
    assert [check["difference"]["amount"] for check in second["checks"]] == ["0.00", "-1.00"]
    assert done(books.get("/balance-assertions"))["assertions"] == [second]
    (failed,) = breaks(books)["accounts"][0]["failed_assertions"]
    assert (failed["expected"]["amount"], failed["actual"]["amount"]) == ("12.50", "13.50")


@SQLITE
@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (SOURCE, mapping(date_format="%Y"), 422, "reconciliation.mapping_date"),
        (SOURCE, mapping(window_days=-1), 422, "request.invalid"),
        (SOURCE, {**mapping(), "code": "../x"}, 422, "reconciliation.source_code"),
        (SOURCE, mapping(accounts=[{"commodity": "CNY", "account": "Assets:Nowhere"}]), 422, "reconciliation.account"),
        ("/reconciliation/matches", {"as_of": "2025-03-31", "matches": []}, 422, "request.invalid"),
        (
            "/reconciliation/matches",
            {"as_of": "2025-03-31", "matches": [{"lines": [1, 1]}]},
            422,
            "reconciliation.match",
        ),
        (
            "/reconciliation/matches",
            {"as_of": "2025-03-31", "matches": [{"lines": [9]}]},
            404,
            "reconciliation.line_not_found",
        ),
        ("/reconciliation/matches/999/undo", {"reason": "x"}, 404, "reconciliation.match_not_found"),
        ("/balance-assertions/check", {"until": "2025-03-31", "account": "Nowhere"}, 404, "account.not_found"),
        (
            "/balance-assertions",
            {"account": BANK, "as_of": "2025-03-31", "expected": "1.005", "source": "x"},
            422,
            "amount.scale",
        ),
    ],
)
def test_what_cannot_be_is_refused(books: Treasury, path: str, body: object, status: int, code: str) -> None:
    assert refused(books.post(path, body)) == (status, code)


@SQLITE
def test_unknown_sources_limits_and_points_are_refused(books: Treasury) -> None:
    assert (
        refused(upload(books, FIRST, path="/statement-sources/none/statements"))[1] == "reconciliation.source_not_found"
    )
    assert refused(books.get("/statement-lines?source=none"))[1] == "reconciliation.source_not_found"
    assert refused(books.get("/statement-lines?limit=0"))[1] == "query.limit"
    assert refused(books.get("/reconciliation/breaks?as_of=2025-03-31&known=9"))[1] == "ledger.record_point"
    assert refused(books.get("/reconciliation/breaks?as_of=2025-03-31&facts=99"))[1] == "reconciliation.fact_point"


@SQLITE
def test_a_foreign_book_does_not_exist(
    books: Treasury, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    stranger = treasury(database, clock, randomness, "Second Smelter")
    with Client(app, stranger.key) as client:
        theirs = Treasury(client, stranger)
        nowhere = Treasury(client, stranger, NO_BOOK)
        asked = [
            *(
                each.get(path)
                for each in (theirs, nowhere)
                for path in (SOURCE, "/statement-lines", "/balance-assertions")
            ),
            *(each.get("/reconciliation/breaks?as_of=2025-03-31") for each in (theirs, nowhere)),
            *(each.post(SOURCE, mapping()) for each in (theirs, nowhere)),
            *(upload(each, FIRST) for each in (theirs, nowhere)),
            *(confirm(each, [1], (1, 1)) for each in (theirs, nowhere)),
        ]

    assert {refused(answer) for answer in asked} == {(404, "book.not_found")}


@SQLITE
def test_the_descriptions_example_statement_reads_by_its_example_source(app: FastAPI) -> None:
    described = describe(app)
    path = "/v1/books/{book_id}/statement-sources/{source}/statements"
    example = described["paths"][path]["post"]["requestBody"]["content"]["text/csv"]["example"]
    body = described["components"]["schemas"]["StatementSourceIn"]["examples"][0]

    source = StatementSourceIn.model_validate(body).to_core()
    cny = Commodity(code="CNY", kind=CommodityKind.MONEY, scale=2)
    lines = read_statement(read_table("statement.csv", example.encode()), source.mapping, {"CNY": cny})

    assert [one.amount for one in lines] == [25_000_000, -10_000_000]


@SQLITE
def test_the_command_line_does_a_month_end(books: Treasury, database: Database, tmp_path: Path) -> None:
    done(books.post("/entries", money(1, "12.50", doc_ref="B1")))
    (tmp_path / "source.json").write_text(json.dumps(mapping(window_days=4)), encoding="utf-8")
    (tmp_path / "march.csv").write_bytes(FIRST.encode("gb18030"))
    url = database.engine.url.render_as_string(hide_password=False)

    def tonne(action: str, *more: str, user: bool = True) -> tuple[int, Any]:
        out, err = io.StringIO(), io.StringIO()
        who = ["--user", str(books.owner.user_id)] if user else []
        code = cli.main(["reconcile", action, "--database", url, "--book", BOOK, *who, *more], out, err)
        return code, json.loads(out.getvalue()) if out.getvalue() else err.getvalue()

    saved = tonne("source", str(tmp_path / "source.json"))
    read = tonne("import", "icbc", str(tmp_path / "march.csv"))
    shown = tonne("proposals", "--as-of", "2025-03-31", user=False)
    confirmed = tonne("confirm", "--as-of", "2025-03-31", "--rule", "reference_amount_day")
    left = tonne("breaks", "--as-of", "2025-03-31", user=False)
    undone = tonne("undo", str(confirmed[1]["matches"][0]["match"]), "--reason", "tried")
    by_hand = tonne("confirm", "--as-of", "2025-03-31", "--line", "1", "--posting", "1.1", "--note", "again")
    failed = tonne("assert", "--as-of", "2025-03-31", "--account", BANK, "--expected", "10.00", "--from", "March")
    checked = tonne("check", "--as-of", "2025-03-31")

    assert [code for code, _ in (saved, read, shown, confirmed, left, undone, by_hand)] == [0] * 7
    assert (saved[1]["version"], read[1]["lines_added"]) == (2, 2)
    assert len(shown[1]["accounts"][0]["proposals"]) == len(confirmed[1]["matches"]) == 1
    assert [one["kind"] for one in left[1]["accounts"][0]["breaks"]] == ["line_without_entry"]
    assert by_hand[1]["matches"][0]["note"] == "again"
    assert (failed[0], checked[0]) == (1, 1)
    assert checked[1]["assertions"][0]["checks"][-1]["difference"]["amount"] == "-2.50"


@SQLITE
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["confirm", "--as-of", "2025-03-31"], "command.usage"),
        (["confirm", "--as-of", "2025-03-31", "--line", "x"], "command.usage"),
        (["confirm", "--as-of", "2025-03-31", "--line", "1", "--posting", "1"], "command.usage"),
        (["confirm", "--as-of", "2025-02-30", "--rule", "amount_day"], "date.format"),
        (["import", "icbc", "/no/such/file"], "command.file"),
        (["source", "/dev/null"], ""),
        (["undo", "0", "--reason", "x"], "command.usage"),
    ],
)
def test_the_command_line_refuses_in_one_line(
    books: Treasury, database: Database, arguments: list[str], code: str
) -> None:
    err = io.StringIO()
    url = database.engine.url.render_as_string(hide_password=False)
    known = ["--database", url, "--book", BOOK, "--user", str(books.owner.user_id)]

    exit_code = cli.main(["reconcile", arguments[0], *known, *arguments[1:]], io.StringIO(), err)

    assert exit_code == 2
    assert re.fullmatch(rf"tonne: .*\[.*{code}.*\]\n", err.getvalue())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"columns": {"booked_on": ["交易日期"]}}, "mapping.columns"),
        ({"date_format": "%Y"}, "mapping.date_format"),
        ({"accounts": [{"commodity": "CNY", "account": path} for path in (BANK, "Assets:Other")]}, "mapping.accounts"),
    ],
)
def test_a_refused_mapping_names_its_place_in_the_request(
    books: Treasury, change: dict[str, object], field: str
) -> None:
    (error,) = books.post(SOURCE, mapping(**change)).json()["errors"]

    assert error["field"] == field
