"""Old .xls workbooks: exact cells, and damaged ones that bring nothing down."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal

import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.feeds.eex import parse_report_file
from finance.feeds.old_workbook import is_old_workbook, read_old_workbook
from ledger.core.errors import DomainError, ImportRefused, Invalid
from tests.contract.answers import KNOWN_AT


def saved(*rows: list[object]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Primary Market Auction")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    moment = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM:SS")
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime):
                sheet.write(number, column, cell, moment)
            elif isinstance(cell, date):
                sheet.write(number, column, cell, day)
            elif cell is not None:
                sheet.write(number, column, cell)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


REPORT = saved(
    ["Date", "Contract", "Auction Price \u20ac/tCO2", "Auction Volume tCO2"],
    [date(2019, 3, 5), "T3PA", Decimal("22.31"), 3_000_000],
)


def test_cells_are_exact_text_and_dates_iso_text() -> None:
    raw = saved([None], [" a ", Decimal("22.31"), 3_000_000, date(2019, 3, 5), datetime(2019, 3, 5, 11, 0, 32), 0])  # noqa: DTZ001 - a spreadsheet has no zone

    (table,) = read_old_workbook("a.xls", raw)

    assert table.sheet == "Primary Market Auction"
    assert table.rows[-1] == ("a", "22.31", "3000000", "2019-03-05", "2019-03-05 11:00:32", "0")


def test_the_report_is_told_by_its_first_bytes_and_not_by_a_name() -> None:
    (seen,) = parse_report_file("report 2019", REPORT, known_at=KNOWN_AT, allows_old=True).observations

    assert is_old_workbook(REPORT)
    assert (seen.value, seen.volume_t, seen.trade_date) == (Decimal("22.31"), 3_000_000, date(2019, 3, 5))


def test_a_truth_value_is_named_with_its_row() -> None:
    with pytest.raises(ImportRefused) as refused:
        read_old_workbook("a.xls", saved(["a"], [True]))

    assert refused.value.rows[0].row == 2


@pytest.mark.parametrize("size", [8, 100, 512, 1000, len(REPORT) // 2])
def test_a_file_that_breaks_off_is_refused(size: int) -> None:
    with pytest.raises(DomainError):
        parse_report_file("report 2019", REPORT[:size], known_at=KNOWN_AT, allows_old=True)


def test_a_file_above_the_limit_is_refused_unread() -> None:
    with pytest.raises(Invalid) as refused:
        read_old_workbook("a.xls", REPORT + b"\0" * (20 * 1024 * 1024))

    assert refused.value.code == "import.too_large"


def test_a_workbook_without_the_columns_is_refused_and_an_empty_one_too() -> None:
    with pytest.raises(ImportRefused):
        parse_report_file("report 2019", saved(["Date", "Price"]), known_at=KNOWN_AT, allows_old=True)
    with pytest.raises(Invalid):
        parse_report_file("report 2019", saved([None]), known_at=KNOWN_AT, allows_old=True)


def test_one_cell_in_the_last_corner_is_refused_before_the_table_is_built() -> None:
    book = xlwt.Workbook()
    book.add_sheet("a").write(65_535, 255, "x")
    raw = io.BytesIO()
    book.save(raw)

    with pytest.raises(Invalid) as refused:
        read_old_workbook("a.xls", raw.getvalue())

    assert refused.value.code == "import.cells_many"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(REPORT) - 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_no_damaged_byte_brings_the_reader_down(damage: list[tuple[int, int]]) -> None:
    raw = bytearray(REPORT)
    for place, value in damage:
        raw[place] = value

    try:
        parsed = parse_report_file("report 2019", bytes(raw), known_at=KNOWN_AT, allows_old=True)
    except DomainError:
        return
    assert all(seen.source == "eex.primary_auction" for seen in parsed.observations)


def test_an_old_workbook_where_none_is_expected_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        parse_report_file("report 2026", REPORT, known_at=KNOWN_AT, allows_old=False)

    assert refused.value.code == "import.old_excel"
