from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from api.imports import child
from api.imports.cells import plain
from api.imports.child_archive import Refused
from api.imports.child_numbers import number_text, serial_text
from api.imports.child_workbook import FORMULA
from api.imports.reading import ReadFile, ReadSheet, read_file
from api.imports.tables import filled
from api.imports.templates import ColumnKind, Template, TemplateColumn, form_of
from api.imports.workbooks import template_xlsx
from api.translations import Language
from ledger.core.errors import Invalid
from tests.api.hostile_files import cells, million_entries, odd_files, packed, parts, refused_files, sheet_with_prolog
from tests.api.import_calls import filled_workbook

REFUSED = list(refused_files())
ODD = list(odd_files())
ROOT = Path(__file__).resolve().parents[2]
MEASURE = (
    "import re, resource, sys; sys.path.insert(0, sys.argv[1]); from api.imports import child; child.main();"
    "used = resource.getrusage(resource.RUSAGE_SELF);"
    "most = re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1];"
    "sys.stderr.write(f'{int((used.ru_utime + used.ru_stime) * 1000)} {most}')"
)
"""Runs the child and tells its milliseconds and its most kilobytes: those of its own program, for ru_maxrss keeps the parent's too."""


def marked(raw: bytes) -> dict[int, dict[int, str]]:
    """Return the first sheet's cells, read in this process."""
    out = io.BytesIO()
    child.read(raw, out)
    lines = out.getvalue().splitlines()[1:]
    rows = (json.loads(line) for line in lines)
    return {number: {int(place): cell for place, cell in found.items()} for sheet, number, found in rows if sheet == 0}


def column(kind: ColumnKind) -> TemplateColumn:
    choices = {"purchase": "买入"} if kind is ColumnKind.CHOICE else None
    return TemplateColumn(key="x", heading_en="X", heading_zh="某", kind=kind, example="", choices=choices)


def test_there_are_enough_hostile_files() -> None:
    assert len(REFUSED) + len(ODD) >= 60


@pytest.mark.parametrize(("name", "raw", "code"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_a_hostile_file_is_refused_with_its_reason(name: str, raw: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        child.read(raw, io.BytesIO())

    assert refused.value.code == code


@pytest.mark.parametrize(("name", "raw"), ODD, ids=[name for name, _ in ODD])
def test_an_odd_file_is_read(name: str, raw: bytes) -> None:
    assert marked(raw)


@pytest.mark.parametrize(
    "name", ["flate bomb", "bomb over the sum", "a hundred thousand parts", "billion laughs", "too many rows", "noise"]
)
def test_the_child_stays_within_its_time_and_memory(name: str) -> None:
    raw = next(content for title, content, _ in REFUSED if title == name)

    ended = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-I", "-S", "-c", MEASURE, str(ROOT)], input=raw, capture_output=True, check=True
    )

    milliseconds, kilobytes = map(int, ended.stderr.split())
    assert milliseconds <= 5_000
    assert kilobytes <= 256 * 1024
    assert b"refused" in ended.stdout


@pytest.mark.parametrize(
    "act",
    [
        "import socket; socket.socket()",
        "import subprocess; subprocess.Popen(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "open('/tmp/written', 'w')",
    ],
)
def test_the_limited_child_reaches_nothing(act: str) -> None:
    code = f"import sys; sys.path.insert(0, sys.argv[1]); from api.imports import child; child.limit(); {act}"

    ended = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, check=False
    )

    assert ended.returncode != 0


def test_a_file_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.imports.reading._START", "while True: pass")
    monkeypatch.setattr("api.imports.reading._SECONDS", 1)

    with pytest.raises(Invalid, match="more time or memory"):
        read_file("x.csv", b"a,b\n")


def test_a_refusal_of_the_child_reaches_the_caller_with_the_files_name() -> None:
    with pytest.raises(Invalid, match=r"bomb\.xlsx: expected at most 200 parts") as refused:
        read_file("bomb.xlsx", million_entries())

    assert refused.value.code == "import.archive_size"


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("0.1", "0.1"),
        ("0.28999999999999998", "0.29"),
        ("1E-3", "0.001"),
        ("3.074E1", "30.74"),
        ("-0", "0"),
        ("100", "100"),
        ("123456789012345", "123456789012345"),
        ("1.50", "1.5"),
    ],
)
def test_a_stored_number_is_taken_as_it_is_shown(stored: str, text: str) -> None:
    assert number_text(stored) == (text, "")


@pytest.mark.parametrize("stored", ["1234567890123456", "1e30", "NaN", "INF", "0x10", "1_000", "", "\uff11\uff12"])
def test_a_number_that_lost_digits_or_is_none_is_refused(stored: str) -> None:
    assert number_text(stored)[0] == ""
    assert number_text(stored)[1]


@given(st.decimals(min_value=Decimal("-1e14"), max_value=Decimal("1e14"), places=4))
def test_a_number_of_fifteen_digits_survives_the_binary_form_of_a_spreadsheet(value: Decimal) -> None:
    shown = Decimal(f"{value:.15g}")

    text, expected = number_text(f"{float(shown):.17g}")

    assert expected == ""
    assert Decimal(text) == shown


@pytest.mark.parametrize(
    ("stored", "is_1904", "text"),
    [
        ("45777", False, "2025-04-30"),
        ("44315", True, "2025-04-30"),
        ("1", False, "1900-01-01"),
        ("59", False, "1900-02-28"),
        ("60", False, ""),
        ("61", False, "1900-03-01"),
        ("0", True, "1904-01-01"),
        ("0", False, ""),
        ("2958465", False, "9999-12-31"),
        ("2958466", False, ""),
        ("45777.5", False, "2025-04-30 12:00:00"),
        ("-1", False, ""),
    ],
)
def test_a_serial_number_is_a_day_of_either_system(stored: str, is_1904: bool, text: str) -> None:  # noqa: FBT001
    assert serial_text(stored, is_1904=is_1904)[0] == text


@pytest.mark.parametrize(
    ("kind", "cell", "text"),
    [
        (ColumnKind.NUMBER, "t1,234.50", "1234.50"),
        (ColumnKind.NUMBER, "t１，２３４．５", "1234.5"),  # noqa: RUF001
        (ColumnKind.NUMBER, "t1,23", ""),
        (ColumnKind.NUMBER, "t5%", ""),
        (ColumnKind.NUMBER, "p0.05", ""),
        (ColumnKind.NUMBER, "t−12.5", "-12.5"),  # noqa: RUF001
        (ColumnKind.NUMBER, "d2025-01-01", ""),
        (ColumnKind.WHOLE, "n20000", "20000"),
        (ColumnKind.WHOLE, "t20,000.00", "20000"),
        (ColumnKind.WHOLE, "n1.5", ""),
        (ColumnKind.DAY, "d2025-04-30 12:00:00", "2025-04-30"),
        (ColumnKind.DAY, "t2025/4/30", "2025-04-30"),
        (ColumnKind.DAY, "t2025年4月30日", "2025-04-30"),
        (ColumnKind.DAY, "n20250430", "2025-04-30"),
        (ColumnKind.DAY, "n45777", "2025-04-30"),
        (ColumnKind.DAY, "t2025-02-29", ""),
        (ColumnKind.DAY, "t30/04/2025", ""),
        (ColumnKind.MONTH, "t2025年4月", "2025-04"),
        (ColumnKind.MONTH, "d2025-04-01", "2025-04"),
        (ColumnKind.MONTH, "d2025-04-02", ""),
        (ColumnKind.MONTH, "t2025-13", ""),
        (ColumnKind.YEAR, "t2025年", "2025"),
        (ColumnKind.YEAR, "n25", ""),
        (ColumnKind.CHOICE, "t买入", "purchase"),
        (ColumnKind.CHOICE, "tPurchase", "purchase"),
        (ColumnKind.CHOICE, "tgift", ""),
        (ColumnKind.TEXT, "n12345", "12345"),
        (ColumnKind.TEXT, f"x{FORMULA}", ""),
    ],
)
def test_a_cell_is_read_by_its_columns_rule(kind: ColumnKind, cell: str, text: str) -> None:
    found, expected = plain(cell, column(kind), is_1904=False)

    assert found == text
    assert bool(expected) == (not text)


def test_a_formula_is_an_error_of_its_cell_whatever_value_is_stored_beside_it() -> None:
    book = Workbook()
    book.worksheets[0].append(["=1+1", 2, True])
    written = io.BytesIO()
    book.save(written)

    assert marked(written.getvalue())[1] == {0: f"x{FORMULA}", 1: "n2", 2: "xa value, not a truth value"}


def test_the_plain_spelling_and_the_parser_give_the_same_cells() -> None:
    row = '<c r="A1" t="inlineStr"><is><t>编号</t></is></c><c r="C1"><v>0.28999999999999998</v></c>'
    plain_one = packed(parts(cells(row)))
    other = sheet_with_prolog("<!-- not as usual -->")

    assert marked(plain_one) == {1: {0: "t编号", 2: "n0.29"}}
    assert marked(packed(parts("<!-- -->" + cells(row)))) == marked(plain_one)
    assert marked(other) == {1: {0: "ttrade_ref"}}


def test_what_our_csv_marks_as_text_is_read_as_that_text() -> None:
    assert marked(b"a\n'=1+1\n'quoted'\n")[2] == {0: "t=1+1"}
    assert marked(b"a\n'quoted'\n")[2] == {0: "t'quoted'"}


def test_a_chinese_csv_in_either_encoding_is_the_same_and_says_which() -> None:
    text = "交易编号,类型\nT-1,买入\n"

    first = read_file("a.csv", text.encode("utf-8-sig"))
    second = read_file("a.csv", text.encode("gb18030"))

    assert (first.encoding, second.encoding) == ("UTF-8", "GB18030")
    assert first.sheets == second.sheets


REFERENCE = st.from_regex(r"[A-Z][A-Z0-9._/-]{0,20}", fullmatch=True)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "trade_ref": REFERENCE,
                "kind": st.sampled_from(["买入", "sale", "清缴"]),
                "traded_on": st.dates(min_value=date(1990, 1, 1)),
                "quantity_t": st.integers(1, 10**14),
                "price_cny_per_t": st.decimals(Decimal("0.01"), Decimal(99999), places=2),
            }
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_filled_into_a_template_is_what_is_read(rows: list[dict[str, object]]) -> None:
    raw = filled_workbook(Template.TRADES, rows)
    words = {"买入": "purchase", "sale": "sale", "清缴": "surrender"}

    read = ReadFile(file_name="x", form="xlsx", encoding="", sheets=(ReadSheet(name="S", rows=marked(raw)),))
    found = filled(read, form_of(Template.TRADES))

    assert found is not None
    assert found.problems == ()
    table = [dict(zip(found.table.rows[0], row, strict=True)) for row in found.table.rows[1:] if any(row)]
    assert [one["trade_ref"] for one in table] == [row["trade_ref"] for row in rows]
    assert [one["kind"] for one in table] == [words[str(row["kind"])] for row in rows]
    assert [one["traded_on"] for one in table] == [str(row["traded_on"]) for row in rows]
    assert [int(one["quantity_t"]) for one in table] == [row["quantity_t"] for row in rows]
    assert [Decimal(one["price_cny_per_t"]) for one in table] == [row["price_cny_per_t"] for row in rows]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", [each for each in Template if each is not Template.ACTIVITY])
def test_the_sheet_of_instructions_is_never_taken_for_the_one_to_fill(template: Template, language: Language) -> None:
    form = form_of(template)

    found = filled(read_file("template.xlsx", template_xlsx(form, language)), form)

    assert found is not None
    assert (found.problems, found.rows, found.examples, len(found.skipped)) == ((), 0, 1, 1)
