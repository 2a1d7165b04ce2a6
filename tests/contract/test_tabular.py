"""Uploaded files: what becomes text, and what is refused before it can do harm."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finance.conventions.tables import Table
from finance.feeds.limits import MAX_FILE_BYTES
from finance.feeds.tabular import read_table
from ledger.core.errors import DomainError, ImportRefused, Invalid


def workbook(*rows: list[object], title: str = "Sheet") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def with_part(raw: bytes, name: str, change: tuple[bytes, bytes]) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content.replace(*change) if part == name else content)
    return changed.getvalue()


def one_table(raw: bytes) -> Table:
    (table,) = read_table("prices", raw)
    return table


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_that_people_save(encoding: str) -> None:
    table = one_table("品种,价格\n碳排放配额, 97.40 \n".encode(encoding))

    assert table.rows == (("品种", "价格"), ("碳排放配额", "97.40"))


def test_workbook_cells_become_exact_text() -> None:
    raw = workbook(
        ["品种", "CEA25", None, 97, Decimal("97.40"), Decimal("0.1")],
        [datetime(2026, 8, 19, tzinfo=UTC).replace(tzinfo=None), date(2026, 8, 19), None, 12345678901234],
    )

    table = one_table(raw)

    assert table.rows == (
        ("品种", "CEA25", "", "97", "97.4", "0.1"),
        ("2026-08-19", "2026-08-19", "", "12345678901234"),
    )


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (b"30.740000000000002", "30.74"),
        (b"0.30000000000000004", "0.3"),
        (b"3.074E1", "30.74"),
        (b"1E-3", "0.001"),
        (b"-0.0", "0"),
        (b"100", "100"),
        (b"100.0", "100"),
    ],
)
def test_binary_noise_of_a_stored_number_does_not_reach_the_text(stored: bytes, shown: str) -> None:
    raw = with_part(workbook([777]), "xl/worksheets/sheet1.xml", (b"777", stored))

    assert one_table(raw).rows == ((shown,),)


@pytest.mark.parametrize("stored", [b"1E400", b"1E31", b"1E-200", b"NaN", b"-INF"])
def test_a_number_beyond_reason_is_refused(stored: bytes) -> None:
    raw = with_part(workbook([777]), "xl/worksheets/sheet1.xml", (b"777", stored))

    with pytest.raises(Invalid):
        read_table("prices.xlsx", raw)


def test_formulas_truth_values_and_errors_are_all_named() -> None:
    raw = workbook(["value", "ok"], ["=1+1", "x"], ["x", True], ["#DIV/0!", 1], title="Prices")

    with pytest.raises(ImportRefused) as refused:
        read_table("prices.xlsx", raw)

    assert [(row.sheet, row.row, row.column) for row in refused.value.rows] == [
        ("Prices", 2, "A"),
        ("Prices", 3, "B"),
        ("Prices", 4, "A"),
    ]


def test_a_formula_in_csv_is_refused() -> None:
    with pytest.raises(ImportRefused):
        read_table("prices.csv", b"a,b\n1,=cmd()\n")


def test_rows_keep_their_number_when_a_workbook_leaves_some_out() -> None:
    raw = with_part(workbook(["a"], ["b"]), "xl/worksheets/sheet1.xml", (b'r="A2"', b'r="A4"'))
    raw = with_part(raw, "xl/worksheets/sheet1.xml", (b'<row r="2"', b'<row r="4"'))

    assert one_table(raw).rows == (("a",), (), (), ("b",))


def test_a_workbook_that_claims_a_million_rows_is_refused() -> None:
    raw = with_part(workbook(["a"], ["b"]), "xl/worksheets/sheet1.xml", (b'<row r="2"', b'<row r="1048576"'))
    raw = with_part(raw, "xl/worksheets/sheet1.xml", (b'r="A2"', b'r="A1048576"'))

    with pytest.raises(ImportRefused):
        read_table("prices.xlsx", raw)


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(ImportRefused):
        read_table("prices.csv", b"," * 300)


def test_an_archive_that_unpacks_to_far_more_is_refused_unread() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)

    with pytest.raises(Invalid) as refused:
        read_table("bomb.xlsx", packed.getvalue())

    assert refused.value.code == "import.archive_ratio"


def test_an_entity_in_a_workbook_is_refused() -> None:
    raw = with_part(
        workbook(["a"]),
        "xl/workbook.xml",
        (b"<workbook", b'<!DOCTYPE x [<!ENTITY a "b">]><workbook'),
    )

    with pytest.raises(Invalid):
        read_table("prices.xlsx", raw)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "import.empty"),
        (b" \r\n ", "import.empty"),
        (b"<html></html>", "import.markup"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "import.old_excel"),
        (b"\xff\xfea\x00", "import.encoding"),
        (b"\x80abc", "import.encoding"),
        (b"PK\x03\x04rubbish", "import.archive"),
        (workbook(["a"])[:-40], "import.archive"),
        (b"a" * (MAX_FILE_BYTES + 1), "import.too_large"),
        (b'a,"b\n', "import.rows_unreadable"),
        (b"a\x00b,c\n", "import.rows_unreadable"),
    ],
    ids=range(11),
)
def test_what_is_no_table_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_table("prices", raw)

    assert refused.value.code == code


@given(st.binary(max_size=300))
@example(b"PK\x03\x04")
def test_any_bytes_give_a_table_or_a_typed_error(raw: bytes) -> None:
    try:
        tables = read_table("upload", raw)
    except DomainError:
        return

    assert all(isinstance(cell, str) for table in tables for row in table.rows for cell in row)
