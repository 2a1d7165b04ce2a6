"""Workbooks of answers: all pages, real numbers and days, units in the headings, two languages, never a formula."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from api.answer_tables import read_table
from api.charts.look import Language
from api.field_words import has_chinese, words_of
from api.schemas.amounts import AmountOut
from api.schemas.base import Array, Schema
from api.sheets import write_xlsx
from tests.api.ledger_calls import Treasury, done
from tests.api.test_loans_examples import World, world
from tests.api.test_market_prices import SNAPSHOT
from tests.api.test_market_worth import COLUMNS, book
from tests.api.test_risk import house, ready

__all__ = ["house", "world"]

DAY = "as_of=2026-08-14"


def sheet_of(answer: httpx.Response) -> Worksheet:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    found = load_workbook(io.BytesIO(answer.content)).active
    assert isinstance(found, Worksheet)
    return found


def table_of(sheet: Worksheet) -> tuple[list[Any], list[list[Any]]]:
    """Return headings and rows: the frozen pane begins under the headings."""
    assert sheet.freeze_panes is not None
    first = int(str(sheet.freeze_panes)[1:])
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    return rows[first - 2], rows[first - 1 :]


def test_positions_are_numbers_under_headings_with_their_units(house: Treasury) -> None:
    sheet = sheet_of(house.get(f"/positions.xlsx?{DAY}&under=Assets:Carbon"))

    headings, rows = table_of(sheet)
    assert headings == ["account", "type", "commodity", "balance (t)", "held (t)", "available (t)"]
    assert [row[3] for row in rows] == [100, 1000]
    head = {row[0]: row[1] for row in sheet.iter_rows(max_row=4, max_col=2, values_only=True)}
    assert head["as of"] == dt.datetime(2026, 8, 14)  # noqa: DTZ001 - a sheet's day has no zone
    assert head["known"] == 3
    assert len(str(head["tree root"])) == 64


def test_amounts_of_several_units_have_their_unit_beside(house: Treasury) -> None:
    headings, rows = table_of(sheet_of(house.get(f"/positions.xlsx?{DAY}")))

    assert headings[3:5] == ["balance", "balance · unit"]
    assert {row[4] for row in rows} == {"CNY", "t"}


def test_a_workbook_has_every_page_and_speaks_chinese(house: Treasury) -> None:
    more = "".join(f"M-{number},purchase,2025-12-01,CEA25,1,90.00,0.00,,,,,\n" for number in range(210))
    done(book(house, COLUMNS + more))

    headings, rows = table_of(sheet_of(house.get(f"/lots.xlsx?{DAY}&lang=zh")))

    assert len(rows) == 213
    assert headings[:4] == ["批次", "科目", "品种", "取得日"]
    assert "取得成本 (CNY)" in headings
    assert rows[0][3] == dt.datetime(2025, 1, 2)  # noqa: DTZ001 - a sheet's day has no zone


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("positions", DAY),
        ("lots", DAY),
        ("disposals", DAY),
        ("statement", f"{DAY}&under=Assets"),
        ("accounts/Assets:Carbon:CEA25/statement", DAY),
        ("trial-balance", DAY),
        ("valuation", f"{DAY}&snapshot_id={SNAPSHOT}"),
        ("pnl", f"{DAY}&snapshot_id={SNAPSHOT}"),
        ("orders", ""),
        ("trades", DAY),
        ("surrender-plan", f"year=2025&surrender_on=2026-12-15&snapshot_id={SNAPSHOT}&due_t=900"),
        ("charts/holdings", DAY),
    ],
)
def test_every_table_of_a_book_is_a_workbook_with_chinese_headings(house: Treasury, path: str, query: str) -> None:
    ready(house, 2)

    sheet = sheet_of(house.get(f"/{path}.xlsx?{query}&lang=zh".replace("?&", "?")))

    headings, _ = table_of(sheet)
    assert all(not str(each).isascii() for each in headings), headings
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows


def test_the_bank_s_portfolio_and_a_schedule_are_workbooks(world: World) -> None:
    chain = world.attested()

    portfolio = sheet_of(world.get(world.lender, "/bank/portfolio.xlsx?lang=zh"))
    schedule = sheet_of(world.get(world.lender, f"/facilities/{chain.facility_id}/schedule.xlsx?lang=zh"))
    duties = sheet_of(world.get(world.lender, "/obligations.xlsx?lang=zh&from=2025-01-01&to=2027-12-31"))

    for sheet in (portfolio, schedule, duties):
        headings, rows = table_of(sheet)
        assert rows
        assert all(not str(each).isascii() for each in headings), headings
    assert world.get(world.assessor, "/bank/portfolio.xlsx").status_code == 403


class _Line(Schema):
    ref: str
    amount: AmountOut
    share: str


class _Answer(Schema):
    lines: Array[_Line]


def test_digits_of_a_reference_stay_text_and_a_share_becomes_a_number() -> None:
    line = _Line(ref="0012", amount=AmountOut(amount="-12.50", unit="CNY"), share="0.25")

    table = read_table(_Answer(lines=(line,)), rows="lines", language=Language.ENGLISH, name="a/b")

    assert list(table.rows) == [("0012", Decimal("-12.50"), Decimal("0.25"))]
    assert [column.heading for column in table.columns] == ["ref", "amount (CNY)", "share"]
    assert table.name == "a b"


@pytest.mark.parametrize("text", ["=cmd|1", "+1", "-1+1", "@SUM(A1)", "\uff1d1", "#REF!"])
def test_text_is_never_a_formula(text: str) -> None:
    line = _Line(ref=text, amount=AmountOut(amount="1", unit="CNY"), share="1")
    file = io.BytesIO()

    write_xlsx(file, [read_table(_Answer(lines=(line,)), rows="lines", language=Language.ENGLISH, name="lines")])

    sheet = load_workbook(file).active
    assert sheet is not None
    assert [cell.data_type for row in sheet.iter_rows() for cell in row if cell.value == text] == ["s"]


def test_a_dotted_field_is_said_part_by_part() -> None:
    assert words_of("mark.trade_date", Language.CHINESE) == "估值价 · 交易日"
    assert words_of("mark.trade_date", Language.ENGLISH) == "mark · trade date"
    assert has_chinese("mark.trade_date")
    assert not has_chinese("mark.unheard_of")
