"""The tables of pages as workbooks: typed cells, the exact digits, nothing that the page hides."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from api.pages.base.table_sheets import sheet_of
from ledger.core.errors import NotFound
from tests.api.test_compliance_outlook import ready
from tests.api.test_loans_examples import World, world
from tests.api.test_pages_base import BROWSER

__all__ = ["world"]

PAGE = """
<h1>Positions <small>of a day</small></h1>
<template><table><caption>Hidden</caption></table></template>
<table><caption>First</caption><tbody><tr><td>one<br>two</td></tr></tbody></table>
<div class="table-box"><table><caption>Lots / <span class="note">all</span></caption>
<thead><tr><th>Instrument</th><th class="day">Acquired</th><th class="number">Quantity</th><th class="number">Cost</th>
<th class="number">Mixed</th><th class="action"></th></tr></thead>
<tbody>
<tr><th scope="row">CEA25</th><td class="day" data-value="2026-04-10">10 Apr 2026</td>
<td class="number">471,118 <span class="unit">t</span></td>
<td class="number"><span class="figure negative">&minus;¥1,234.50</span></td><td class="number">1 t</td>
<td class="action"><button>why?</button><dialog>secret</dialog></td></tr>
<tr><th scope="row">=1+1</th><td class="day">—</td><td class="number"><span title="0.001">&lt;0.01</span> t</td>
<td class="number"><span title="8.346341689696">8.3463</span></td><td class="number">2 MWh</td><td class="action"></td></tr>
</tbody></table></div>
"""


def rows_of(content: bytes) -> list[tuple[Any, ...]]:
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


def test_a_table_is_a_sheet_of_numbers_days_and_words_with_units_in_the_headings() -> None:
    same_unit = PAGE.replace(
        '<span title="8.346341689696">8.3463</span>', '<span title="8.346341689696">¥8.3463</span>'
    )

    rows = rows_of(bytes(sheet_of(same_unit, 2).body))

    assert rows[0][:2] == ("Positions of a day", "Lots / all")
    headings = next(place for place, row in enumerate(rows) if row[0] == "Instrument")
    assert rows[headings] == ("Instrument", "Acquired", "Quantity, t", "Cost, ¥", "Mixed")
    first, second = rows[headings + 1 : headings + 3]
    assert first[0] == "CEA25"
    assert first[1].date() == date(2026, 4, 10)
    assert (first[2], str(first[3]), first[4]) == (471_118, "-1234.5", "1 t")
    assert (second[0], second[1]) == ("=1+1", None)
    assert (str(second[2]), str(second[3]), second[4]) == ("0.001", "8.346341689696", "2 MWh")
    assert "secret" not in str(rows)


@pytest.mark.parametrize("text", ["5 Mar 2026", "2026年3月5日"])
def test_a_day_is_a_day_in_either_language(text: str) -> None:
    page = f"<h1>Days</h1><table><tbody><tr><td>{text}</td><td>30 Feb 2026</td></tr></tbody></table>"

    (day, no_day) = rows_of(bytes(sheet_of(page, 1).body))[-1]

    assert (day.date(), no_day) == (date(2026, 3, 5), "30 Feb 2026")


def test_numbers_of_two_units_keep_each_its_own() -> None:
    rows = rows_of(bytes(sheet_of(PAGE, 2).body))

    assert [row[3] for row in rows[-2:]] == [f"{chr(0x2212)}¥1,234.50", "8.3463"]


def test_tables_are_counted_as_the_browser_counts_them() -> None:
    assert rows_of(bytes(sheet_of(PAGE, 1).body))[-1][0] == "one two"
    for number in (0, 3):
        with pytest.raises(NotFound) as refused:
            sheet_of(PAGE, number)
        assert refused.value.code == "page.table"


def test_a_page_gives_its_table_to_who_may_see_it(world: World) -> None:
    ready(world)

    answer = world.client.get("/emissions?year=2025&sheet=1", headers=BROWSER, key=world.borrower.key)
    absent = world.client.get("/emissions?year=2025&sheet=99", headers=BROWSER, key=world.borrower.key)
    wrong = world.client.get("/emissions?year=2025&sheet=0", headers=BROWSER, key=world.borrower.key)
    foreign = world.client.get("/emissions?sheet=1", headers=BROWSER, key=world.assessor.key)

    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    assert rows_of(answer.content)[0][0] == "Emissions 2025"
    assert (absent.status_code, wrong.status_code, foreign.status_code) == (404, 422, 403)
