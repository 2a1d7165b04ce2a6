"""Exports over HTTP and from the command line, read back as other people's programs would."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi import FastAPI

from api import cli
from api.sheets import csv_pieces, write_xlsx
from ledger.core import log
from ledger.core.export_formats.report_tables import Column, ReportTable
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import (
    BANK,
    BOOK,
    HELD,
    NO_BOOK,
    SQLITE,
    SUPPLIER,
    Treasury,
    done,
    entry_id,
    money,
    refused,
    tonnes,
    treasury,
)
from tests.api.people import Member

LIVE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=cmd|' /C calc'!A0", "+cmd", "-2+3")  # noqa: RUF001
DAY = "2025-12-31"


@pytest.fixture
def owner(database: Database, clock: Clock, randomness: Randomness) -> Member:
    return treasury(database, clock, randomness)


@pytest.fixture
def keeping(app: FastAPI, owner: Member) -> Iterator[Treasury]:
    with Client(app, owner.key) as client:
        book = Treasury(client=client, owner=owner)
        book.open_plain()
        done(book.post("/entries", money(1, "1200.50", doc_ref="=HYPERLINK(1)")))
        done(book.post("/entries", tonnes(2, "10", cost="3.00")))
        done(book.post("/entries", tonnes(3, "-4", day="2025-04-01")))
        yield book


def tonne(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = cli.main(arguments, out, err)
    return code, out.getvalue(), err.getvalue()


def table(*rows: tuple[Any, ...], columns: int = 1) -> ReportTable:
    headings = tuple(Column(heading=f"Column {number}", width=12) for number in range(columns))
    return ReportTable(
        name="Sheet", head=(("Book", "smelter"), ("As of", date(2025, 12, 31))), columns=headings, rows=rows
    )


def sheet_of(made: ReportTable) -> Any:
    target = io.BytesIO()
    write_xlsx(target, [made])
    return openpyxl.load_workbook(io.BytesIO(target.getvalue()))["Sheet"]


@pytest.mark.parametrize("text", LIVE)
def test_no_text_is_a_formula_in_a_workbook(text: str) -> None:
    cell = sheet_of(table((text,)))["A5"]

    assert (cell.data_type, cell.value.strip()) == ("s", text.strip())
    assert cell.quotePrefix


@pytest.mark.parametrize("text", LIVE)
def test_no_text_is_a_formula_in_a_csv_file(text: str) -> None:
    lines = list(csv.reader(io.StringIO(b"".join(csv_pieces(table((text,)))).decode("utf-8-sig"), newline="")))

    assert lines[-1][0] == f"'{text}"


def test_numbers_and_days_of_a_workbook_are_numbers_and_days() -> None:
    sheet = sheet_of(table((Decimal("-1234.50"), 7, date(2025, 3, 3), None, Decimal("1234567890123456.78")), columns=5))

    assert [sheet.cell(5, number).value for number in range(1, 5)] == [-1234.5, 7, datetime(2025, 3, 3), None]  # noqa: DTZ001
    assert sheet["A5"].number_format == "#,##0.00"
    assert sheet["C5"].number_format == "yyyy-mm-dd"
    assert sheet["E5"].value == "1234567890123456.78"


def test_a_workbook_is_ready_for_screen_and_paper() -> None:
    sheet = sheet_of(table(("a",)))

    assert sheet.freeze_panes == "A5"
    assert sheet.print_title_rows == "$4:$4"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.column_dimensions["A"].width == 12
    assert [cell.value for cell in sheet[1]] == ["Book", "smelter"]


def test_a_csv_file_is_rfc_4180_with_a_byte_order_mark() -> None:
    raw = b"".join(csv_pieces(table(('a "b", c', Decimal("-12.50")), columns=2)))

    assert raw.startswith(b"\xef\xbb\xbfBook,smelter\r\n")
    assert raw.endswith(b'"a ""b"", c",-12.50\r\n')
    assert {len(row) for row in csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))} == {2}


def test_a_workbook_over_http_has_every_report_with_its_head(keeping: Treasury) -> None:
    answer = keeping.get(f"/export?format=xlsx&as_of={DAY}")

    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert answer.headers["content-disposition"] == 'attachment; filename="smelter-2025-12-31-book.xlsx"'
    assert book.sheetnames == ["Trial balance", "Positions", "Lots", "Statement"]
    head = {row[0].value: row[1].value for row in book["Lots"].iter_rows(max_row=6)}
    assert head["Book"] == "smelter"
    assert head["Record point (entries known)"] == 3
    assert len(str(head["Tree root"])) == 64
    assert str(head["Source"]).startswith(f"Tonne book {BOOK}")
    lot = [cell.value for cell in book["Lots"][9]]
    assert lot[0] == HELD
    assert lot[4:] == [10, 3, 6, 1.8, "t"]
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_statement_in_csv_has_running_sums_and_no_live_reference(keeping: Treasury) -> None:
    answer = keeping.get(f"/export?format=csv&report=statement&account={BANK}&as_of={DAY}")

    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "'=HYPERLINK(1)" in lines[-2]
    assert ",1200.50,1200.50,CNY,CNY," in lines[-2]


def test_facts_prove_the_tree_root_by_themselves(keeping: Treasury) -> None:
    lines = [json.loads(line) for line in keeping.get(f"/export?format=jsonl&as_of={DAY}").text.splitlines()]

    leaves = [log.leaf_hash(bytes.fromhex(line["salt"]), line["canonical"].encode()) for line in lines]
    root = log.root(log.append_leaves(b"", 0, leaves)[0])
    assert [line["leaf_hash"] for line in lines] == [leaf.hex() for leaf in leaves]
    assert root.hex() == done(keeping.get(f"/positions?as_of={DAY}"))["tree_root"]
    assert [line["seq"] for line in lines] == [1, 2, 3]


def test_an_earlier_record_point_is_exported_as_it_was(keeping: Treasury) -> None:
    early = keeping.get(f"/export?format=hledger&as_of={DAY}&known=1").text
    done(keeping.post("/entries", money(4, "1.00")))

    assert keeping.get(f"/export?format=hledger&as_of={DAY}&known=1").text == early
    assert "CEA" not in early
    assert early.count(" * (") == 1


@SQLITE
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("format=csv", "export.report"),
        ("format=beancount&report=lots", "export.report_unused"),
        (f"format=jsonl&account={BANK}", "export.report_unused"),
        ("format=pdf", "request.invalid"),
        ("format=csv&report=statement&account=Assets:None", "account.not_found"),
        ("format=csv&report=statement&account=%00", "account.not_found"),
        ("format=xlsx&known=99", "ledger.record_point"),
    ],
)
def test_what_cannot_be_exported_is_refused(keeping: Treasury, query: str, code: str) -> None:
    assert refused(keeping.get(f"/export?as_of={DAY}&{query}"))[1] == code


@SQLITE
def test_nobody_exports_another_ones_book(
    keeping: Treasury, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    stranger = treasury(database, clock, randomness, "Second Smelter")

    with Client(app, stranger.key) as client:
        answer = client.get(f"/v1/books/{BOOK}/export?format=jsonl&as_of={DAY}")

    assert refused(answer) == (404, "book.not_found")


def test_the_command_writes_what_http_sends(keeping: Treasury, database_url: str, tmp_path: Path) -> None:
    at = ("--database", database_url, "--as-of", DAY)
    code, out, err = tonne("export", BOOK, *at, "--format", "beancount")
    target = tmp_path / "book.xlsx"

    assert (code, err) == (0, "")
    assert out == keeping.get(f"/export?format=beancount&as_of={DAY}").text
    assert tonne("export", BOOK, *at, "--format", "xlsx", "--out", str(target)) == (0, "", "")
    assert openpyxl.load_workbook(target).sheetnames[0] == "Trial balance"
    assert tonne("export", BOOK, *at, "--format", "xlsx", "--out", str(target))[2].endswith("[export.exists]\n")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("book")] == ["book.xlsx"]


@SQLITE
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("export", "nothing", "--format", "jsonl"), "book.not_found"),
        (("export", NO_BOOK, "--format", "jsonl"), "book.not_found"),
        (("export", BOOK, "--format", "xlsx"), "export.out"),
        (("export", BOOK, "--format", "csv"), "export.report"),
        (("export", BOOK, "--format", "jsonl", "--as-of", "soon"), "export.as_of"),
        (("export", BOOK, "--format", "jsonl", "--known", "-1"), "export.known"),
        (("export", BOOK, "--format", "jsonl", "--known", "9"), "ledger.record_point"),
        (("export", BOOK, "--format", "jsonl", "--out", "/nowhere/x"), "export.out"),
        (("export-book", NO_BOOK, "--out", "x.zip"), "book.not_found"),
        (("import-book", "/nowhere/x"), "import.file"),
        (("import-book", __file__), "backup.archive"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(
    keeping: Treasury,
    database_url: str,
    arguments: tuple[str, ...],
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    exit_code, _, err = tonne(*arguments, "--database", database_url)

    assert exit_code == 2
    assert err.endswith(f"[{code}]\n")
    assert not [path for path in tmp_path.iterdir() if path.suffix in {".zip", ".part"}]


def test_a_book_is_taken_to_another_database_whole(
    keeping: Treasury, database_url: str, empty_url: Any, tmp_path: Path
) -> None:
    archive = tmp_path / "smelter.zip"
    target = empty_url("sqlite")
    tonne("migrate", "--database", target)

    exported = tonne("export-book", BOOK, "--database", database_url, "--out", str(archive))
    imported = tonne("import-book", str(archive), "--database", target)
    again = tonne("import-book", str(archive), "--database", target)

    assert exported[0] == imported[0] == 0
    assert exported[1].split("tree root ")[1] == imported[1].split("tree root ")[1]
    assert again[0] == 2
    assert again[2].endswith("[backup.book_exists]\n")
    asked = ("--format", "jsonl", "--as-of", DAY)
    assert (
        tonne("export", BOOK, *asked, "--database", target)[1] == keeping.get(f"/export?format=jsonl&as_of={DAY}").text
    )
    assert archive.stat().st_mode & 0o077 == 0


def _line(number: int, **more: object) -> str:
    return json.dumps({**money(number), **more})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "entries.jsonl"


def imported(database_url: str, path: Path, actor: str = "first@borrower.example") -> tuple[int, str, str]:
    return tonne("import-entries", str(path), "--book", BOOK, "--actor", actor, "--database", database_url)


def test_lines_are_posted_and_a_repeat_is_harmless(keeping: Treasury, database_url: str, file: Path) -> None:
    purchase = {**tonnes(11, "5", cost="9.99"), "document_on": "2025-03-01", "doc_ref": "发票", "attrs": {"desk": "a"}}
    back = {"entry_id": entry_id(12), "kind": "reversal", "reverses": entry_id(10), "effective_on": "2025-03-04"}
    file.write_text("\n".join([_line(10), json.dumps(purchase), json.dumps(back)]) + "\n", encoding="utf-8")

    first = imported(database_url, file)
    second = imported(database_url, file)

    assert first == (0, "3 posted, 0 stood already, 0 refused\n", "")
    assert second == (0, "0 posted, 3 stood already, 0 refused\n", "")
    assert done(keeping.get("/entries/5"))["doc_ref"] == "发票"
    assert done(keeping.get("/entries/6"))["reverses_seq"] == 4


def test_what_the_interface_posted_stands_already(keeping: Treasury, database_url: str, file: Path) -> None:
    file.write_text(_line(1, legs=money(1, "1200.50")["legs"], doc_ref="=HYPERLINK(1)"), encoding="utf-8")

    assert imported(database_url, file)[1] == "0 posted, 1 stood already, 0 refused\n"


def test_refusals_of_the_ledger_are_told_at_the_end_and_by_the_exit_code(
    keeping: Treasury, database_url: str, file: Path
) -> None:
    file.write_text(f"{_line(10)}\n{json.dumps(tonnes(11, '-999'))}\n{_line(12)}\n", encoding="utf-8")

    code, out, err = imported(database_url, file)

    told, total = out.splitlines()
    assert (code, err) == (3, "")
    assert told.startswith(f"line 2: {entry_id(11)}: ")
    assert told.endswith("[ledger.insufficient_available]")
    assert total == "2 posted, 0 stood already, 1 refused, 1 ledger.insufficient_available"


@SQLITE
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "expected"),
        ("", "a JSON object"),
        ("[]", "expected"),
        ('{"entry_id": 1}', "entry_id"),
        (_line(11, more=1), "more"),
        (_line(11, kind="gift"), "kind"),
        (_line(11, effective_on="2025-02-30"), "effective_on"),
        (_line(11, entry_id="x"), "entry_id"),
        (_line(11, legs=[]), "legs"),
        (_line(11, legs=[{"account": BANK, "commodity": "CNY", "amount": "1.234"}] * 2), "legs[0].amount"),
        (_line(11, legs=[{"account": BANK, "commodity": "CNY", "amount": 1}] * 2), "legs[0].amount"),
        (_line(11, legs=[{"account": BANK, "commodity": "XYZ", "amount": "1"}] * 2), "that this book keeps"),
        (_line(11, legs=[{"account": "bank", "commodity": "CNY", "amount": "1"}] * 2), "account"),
        (_line(11, legs=[{"account": BANK, "commodity": "CNY", "amount": "9" * 17}] * 2), "10^15"),
        (_line(11)[:-1] + ', "kind": "general"}', "kind"),
        ('{"a": NaN}', "Infinity"),
        ("[" * 5000, "expected"),
        ('{"a":"' + "x" * 2_100_000 + '"}', "at most"),
        (
            json.dumps({"entry_id": entry_id(11), "kind": "general", "effective_on": DAY, "reverses": entry_id(1)}),
            "revers",
        ),
    ],
)
def test_one_bad_line_names_its_place_and_nothing_is_posted(
    keeping: Treasury, database_url: str, file: Path, line: str, told: str
) -> None:
    file.write_text(f"{_line(10)}\n{line}\n{_line(12)}\n", encoding="utf-8")

    code, out, err = imported(database_url, file)

    assert (code, out) == (2, "")
    assert "entries.jsonl, row 2" in err
    assert told in err
    assert len(err) < 1_000
    assert done(keeping.get(f"/positions?as_of={DAY}"))["known"] == 3


@SQLITE
def test_every_bad_line_is_told_at_once(keeping: Treasury, database_url: str, file: Path) -> None:
    file.write_text(f"{_line(10)}\nx\ny\nz\n", encoding="utf-8")

    _, _, err = imported(database_url, file)

    assert [f"row {number}" in err for number in (1, 2, 3, 4)] == [False, True, True, True]


@SQLITE
def test_an_import_needs_a_known_person_and_a_file_with_lines(keeping: Treasury, database_url: str, file: Path) -> None:
    file.write_text(_line(10), encoding="utf-8")

    nobody = imported(database_url, file, actor="nobody@borrower.example")
    file.write_text("", encoding="utf-8")
    empty = imported(database_url, file)

    assert nobody[2].endswith("[user.not_found]\n")
    assert empty[2].endswith("[import.empty]\n")


@SQLITE
def test_more_lines_than_a_batch_are_posted_in_order(keeping: Treasury, database_url: str, file: Path) -> None:
    file.write_text("".join(f"{_line(number, legs=_fen(number))}\n" for number in range(100, 8_300)), encoding="utf-8")

    code, out, _ = imported(database_url, file)

    assert (code, out) == (0, "8200 posted, 0 stood already, 0 refused\n")
    assert done(keeping.get("/entries/4"))["entry_id"] == entry_id(100)
    assert done(keeping.get("/entries/8203"))["entry_id"] == entry_id(8_299)


def _fen(number: int) -> list[dict[str, str]]:
    amount = f"{number // 100}.{number % 100:02}"
    return [
        {"account": BANK, "commodity": "CNY", "amount": amount},
        {"account": SUPPLIER, "commodity": "CNY", "amount": f"-{amount}"},
    ]
