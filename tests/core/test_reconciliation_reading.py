from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.amounts import Commodity, CommodityKind, format_units
from ledger.core.errors import ImportRefused, Invalid, RowError
from ledger.core.statement_mapping import (
    LineOrder,
    StatementColumn,
    StatementMapping,
    parse_amount,
    parse_statement_day,
)
from ledger.core.statement_reading import StatementLine, normal_reference, read_statement

CNY = Commodity(code="CNY", kind=CommodityKind.MONEY, scale=2)
CEA24 = Commodity(code="CEA24", kind=CommodityKind.ALLOWANCE, scale=0)
CEA25 = Commodity(code="CEA25", kind=CommodityKind.ALLOWANCE, scale=0)
COMMODITIES = {each.code: each for each in (CNY, CEA24, CEA25)}
C = StatementColumn

BANK: dict[str, Any] = {
    "columns": {
        C.BOOKED_ON: ("交易日期", "Date"),
        C.REFERENCE: ("流水号", "Reference"),
        C.COUNTERPARTY: ("对方户名", "Counterparty"),
        C.AMOUNT_IN: ("贷方发生额", "Credit"),
        C.AMOUNT_OUT: ("借方发生额", "Debit"),
        C.BALANCE: ("余额", "Balance"),
    },
    "accounts": {"CNY": "Assets:Bank:CNY"},
    "commodity": "CNY",
    "date_format": "YYYY-MM-DD",
    "window_days": 3,
    "skipped_words": ("合计", "期初余额"),
}
HEAD = ("交易日期", "流水号", "对方户名", "借方发生额", "贷方发生额", "余额")


@dataclass(frozen=True)
class Sheet:
    rows: tuple[tuple[str, ...], ...]
    sheet: str = ""
    file: str = "october.csv"


def mapping(**changes: Any) -> StatementMapping:
    return StatementMapping(**{**BANK, **changes})


def signed(**changes: Any) -> StatementMapping:
    return mapping(
        **{"columns": {C.BOOKED_ON: ("Date",), C.REFERENCE: ("Reference",), C.AMOUNT: ("Amount",)}, **changes}
    )


def read(*rows: tuple[str, ...], by: StatementMapping | None = None, sheet: str = "") -> tuple[StatementLine, ...]:
    return read_statement([Sheet(rows, sheet)], by or mapping(), COMMODITIES)


def refused(*rows: tuple[str, ...], by: StatementMapping | None = None, sheet: str = "") -> tuple[RowError, ...]:
    with pytest.raises(ImportRefused) as caught:
        read(*rows, by=by, sheet=sheet)
    return caught.value.rows


def test_a_bank_statement_with_a_title_and_a_total_is_read_line_by_line() -> None:
    lines = read(
        ("某银行对账单", "2026年10月"),
        HEAD,
        ("期初余额", "", "", "", "", "1000.00"),
        ("2026-10-08", "B1", "Exchange", "", "250.00", "1,250.00"),
        (),
        HEAD,
        ("2026-10-09", "B2", "电力 公司", "100.5", "", "1,149.50"),
        ("合计", "", "", "100.50", "250.00", ""),
    )

    assert [(one.booked_on, one.reference, one.amount, one.balance, one.row) for one in lines] == [
        (date(2026, 10, 8), "B1", 25_000, 125_000, 4),
        (date(2026, 10, 9), "B2", -10_050, 114_950, 7),
    ]
    assert lines[0].account == "Assets:Bank:CNY"


def test_english_headers_in_another_order_are_the_same_statement() -> None:
    lines = read(
        ("BALANCE", "debit", " Credit ", "Date", "Counterparty", "Reference"),
        ("1250.00", "", "250", "2026-10-08", "Exchange", "B1"),
    )

    assert lines == read(HEAD, ("2026-10-08", "B1", "Exchange", "", "250.00", "1250.00"))


def test_a_statement_printed_newest_first_is_turned_round() -> None:
    lines = read(
        HEAD,
        ("2026-10-09", "B2", "", "100", "", "150"),
        ("2026-10-08", "B1", "", "", "250", "250"),
        by=mapping(order=LineOrder.NEWEST_FIRST),
    )

    assert [one.reference for one in lines] == ["B1", "B2"]


def test_a_balance_that_does_not_follow_names_its_row() -> None:
    (error,) = refused(
        HEAD,
        ("2026-10-08", "B1", "", "", "250.00", "1250.00"),
        ("2026-10-09", "B2", "", "100.00", "", "1151.00"),
        ("2026-10-09", "B3", "", "1.00", "", "1150.00"),
    )

    assert (error.file, error.row, error.column, error.value) == ("october.csv", 3, "balance", "1151.00")
    assert error.expected.startswith("1150.00,")


def test_a_balance_is_followed_over_lines_that_give_none() -> None:
    (error,) = refused(
        HEAD,
        ("2026-10-08", "B1", "", "", "250.00", "1250.00"),
        ("2026-10-09", "B2", "", "100.00", "", ""),
        ("2026-10-09", "B3", "", "1.00", "", "1150.00"),
    )

    assert error.row == 4


def test_every_unreadable_cell_is_named_at_once() -> None:
    errors = refused(
        HEAD,
        ("2026-13-08", "B1", "", "", "250.00", ""),
        ("2026-10-09", "B2", "", "1,00", "", ""),
        ("", "B3", "", "1.00", "", ""),
        ("2026-10-10", "B4", "", "1.00", "2.00", ""),
        ("2026-10-10", "B5", "", "", "0.00", ""),
        ("2026-10-10", "B\x00", "", "", "1.00", ""),
    )

    assert [(error.row, error.column) for error in errors] == [
        (2, "交易日期"),
        (3, "借方发生额"),
        (4, "交易日期"),
        (5, "贷方发生额"),
        (6, "贷方发生额"),
        (7, "流水号"),
    ]
    assert errors[1].value == "1,00"


def test_a_file_without_the_columns_says_which_are_missing() -> None:
    (error,) = refused(("Date", "Reference", "Counterparty", "Debit", "Credit"), ("2026-10-08", "B1", "", "", "1"))

    assert "balance" in error.expected
    assert "reference" not in error.expected.partition("not found")[2]


def test_two_headers_that_fit_one_column_are_refused() -> None:
    (error,) = refused((*HEAD, "Date"), ("2026-10-08", "B1", "", "", "1", "1", "2026-10-09"))

    assert "booked_on" in error.expected


def test_a_file_without_a_line_is_refused() -> None:
    (error,) = refused(HEAD)

    assert error.expected == "at least one line under the header"


def test_a_direction_column_gives_the_sign() -> None:
    by = mapping(
        columns={C.BOOKED_ON: ("日期",), C.AMOUNT: ("金额",), C.DIRECTION: ("借贷标志",)},
        in_words=("贷",),
        out_words=("借",),
    )

    lines = read(("日期", "借贷标志", "金额"), ("2026-10-08", "贷", "5"), ("2026-10-08", "借", "3"), by=by)
    errors = refused(("日期", "借贷标志", "金额"), ("2026-10-08", "?", "5"), by=by)

    assert [one.amount for one in lines] == [500, -300]
    assert errors[0].expected == "one of 贷, 借"


def test_a_signed_column_may_be_positive_for_what_leaves() -> None:
    rows = (("Date", "Reference", "Amount"), ("2026-10-08", "B1", "(1,250.00)"), ("2026-10-08", "B2", "5"))

    assert [one.amount for one in read(*rows, by=signed())] == [-125_000, 500]
    assert [one.amount for one in read(*rows, by=signed(is_outflow_positive=True))] == [125_000, -500]


def test_a_registry_statement_tells_vintages_apart() -> None:
    by = mapping(
        columns={
            C.BOOKED_ON: ("日期",),
            C.COMMODITY: ("品种",),
            C.VINTAGE: ("年度",),
            C.AMOUNT: ("数量",),
            C.BALANCE: ("持有量",),
        },
        commodity=None,
        commodity_words={"CEA 2024": "CEA24"},
        accounts={"CEA24": "Assets:Carbon:CEA24", "CEA25": "Assets:Carbon:CEA25"},
    )
    head = ("日期", "品种", "年度", "数量", "持有量")

    lines = read(
        head,
        ("2026-10-08", "CEA", "2024", "20,000", "20,000"),
        ("2026-10-08", "CEA25", "", "5", "105"),
        ("2026-10-09", "CEA", "2024", "-5,000.00", "15,000"),
        by=by,
    )
    errors = refused(head, ("2026-10-08", "CEA", "2023", "1", ""), ("2026-10-08", "CEA25", "", "1.5", ""), by=by)

    assert [(one.commodity, one.amount, one.account) for one in lines] == [
        ("CEA24", 20_000, "Assets:Carbon:CEA24"),
        ("CEA25", 5, "Assets:Carbon:CEA25"),
        ("CEA24", -5_000, "Assets:Carbon:CEA24"),
    ]
    assert lines[0].detail == "CEA 2024"
    assert [(error.row, error.value) for error in errors] == [(2, "CEA 2023"), (3, "1.5")]


def test_a_line_has_the_same_key_in_files_that_overlap() -> None:
    first = read(HEAD, ("2026-10-08", "", "X", "", "5", "5"), ("2026-10-09", "", "X", "", "5", "10"))
    second = read(HEAD, ("2026-10-09", "", "X", "", "5", "10"), ("2026-10-10", "", "X", "", "5", "15"))

    assert first[1].key == second[0].key
    assert len({one.key for one in (*first, *second)}) == 3


def test_equal_lines_of_one_file_are_told_apart_by_occurrence() -> None:
    rows = (("Date", "Reference", "Amount"), ("2026-10-08", "", "5"), ("2026-10-08", "", "5"))

    one, other = read(*rows, by=signed())

    assert one.key != other.key
    assert [each.key for each in read(*rows, by=signed())] == [one.key, other.key]


def test_a_unique_reference_is_the_identity_and_stands_once() -> None:
    by = signed(is_reference_unique=True)
    head = ("Date", "Reference", "Amount")

    (line,) = read(head, ("2026-10-08", "ab-1", "5"), by=by)
    errors = refused(head, ("2026-10-08", "ab-1", "5"), ("2026-10-09", "AB-1", "6"), by=by)

    assert line.key == "ref:CNY:ab-1"
    assert [(error.row, error.column) for error in errors] == [(3, "reference")]


@pytest.mark.parametrize(
    ("text", "marks", "units"),
    [
        ("1,234.50", (".", ","), 123_450),
        ("1.234,50", (",", "."), 123_450),
        ("1 234,5", (",", " "), 123_450),
        ("1'234.5", (".", "'"), 123_450),
        ("1234.5", (".", ""), 123_450),
        ("(0.01)", (".", ","), -1),
        ("-0.01", (".", ","), -1),
        ("\u22120.01", (".", ","), -1),
        ("0.01-", (".", ","), -1),
        ("+7", (".", ","), 700),
        ("007", (".", ","), 700),
        ("", (".", ","), 0),
        ("—", (".", ","), 0),
    ],
)
def test_an_amount_is_read_by_the_mappings_marks(text: str, marks: tuple[str, str], units: int) -> None:
    by = mapping(decimal_mark=marks[0], thousands_mark=marks[1])

    assert parse_amount(text, by, 2, is_worksheet=False, field="amount") == units


@pytest.mark.parametrize(
    "text",
    [
        "1,23",
        "12,34,567",
        "1.234",
        "1e5",
        "NaN",
        "\uff11\uff12",
        "1,234,5",
        "--5",
        "(5",
        "-(5)",
        "¥5",
        "5.",
        ".5",
        "9" * 60,
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_amount(text, mapping(), 2, is_worksheet=False, field="amount")

    assert caught.value.code == "reconciliation.amount"


def test_a_worksheets_number_is_read_whatever_the_marks() -> None:
    by = mapping(decimal_mark=",", thousands_mark=".")

    assert parse_amount("1234.5", by, 2, is_worksheet=True, field="amount") == 123_450
    assert parse_amount("1.234", by, 2, is_worksheet=True, field="amount") == 123_400
    with pytest.raises(Invalid):
        parse_amount("1.234", by, 3, is_worksheet=True, field="amount")


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("2026-10-08", "YYYY-MM-DD"),
        ("20261008", "YYYYMMDD"),
        ("2026/10/8", "YYYY/M/D"),
        ("08.10.2026", "DD.MM.YYYY"),
        ("10/08/2026", "MM/DD/YYYY"),
        ("2026年10月8日", "YYYY年M月D日"),
        ("2026-10-08 09:15:00", "YYYY-MM-DD"),
    ],
)
def test_a_day_is_read_in_the_mappings_format(text: str, date_format: str) -> None:
    by = mapping(date_format=date_format)

    assert parse_statement_day(text, by, is_worksheet=False, field="day") == date(2026, 10, 8)


@pytest.mark.parametrize("text", ["2026-02-30", "08-10-2026", "2026-10-8", "2026-10-08x", "20\uff126-10-08", "46303"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_statement_day(text, mapping(), is_worksheet=True, field="day")


def test_a_worksheets_date_cell_is_read_whatever_the_format() -> None:
    by = mapping(date_format="DD.MM.YYYY")

    assert parse_statement_day("2026-10-08", by, is_worksheet=True, field="day") == date(2026, 10, 8)
    with pytest.raises(Invalid):
        parse_statement_day("2026-10-08", by, is_worksheet=False, field="day")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"date_format": "YY-MM-DD"}, "reconciliation.mapping_date"),
        ({"date_format": "YYYYMD"}, "reconciliation.mapping_date"),
        ({"date_format": "YYYY-MM-DD-DD"}, "reconciliation.mapping_date"),
        ({"date_format": ".*"}, "reconciliation.mapping_date"),
        ({"decimal_mark": ",", "thousands_mark": ","}, "reconciliation.mapping_marks"),
        ({"decimal_mark": "x"}, "reconciliation.mapping_decimal"),
        ({"window_days": -1}, "reconciliation.window_days"),
        ({"window_days": 1000}, "reconciliation.window_days"),
        ({"accounts": {}}, "reconciliation.mapping_accounts"),
        ({"accounts": {"CNY": "nowhere"}}, "reconciliation.mapping_account"),
        ({"accounts": {"CEA25": "Assets:Carbon:CEA25"}}, "reconciliation.mapping_commodity_unknown"),
        ({"commodity": None}, "reconciliation.mapping_commodity"),
        ({"in_words": ("in",)}, "reconciliation.mapping_directions"),
        ({"is_outflow_positive": True}, "reconciliation.mapping_outflow"),
        ({"skipped_words": (" ",)}, "reconciliation.mapping_words"),
        ({"columns": {C.AMOUNT: ("Amount",)}}, "reconciliation.mapping_day"),
        ({"columns": {C.BOOKED_ON: ("Date",)}}, "reconciliation.mapping_amount"),
        ({"columns": {C.BOOKED_ON: ("Date",), C.AMOUNT: ("date ",)}}, "reconciliation.mapping_header_twice"),
        ({"columns": {C.BOOKED_ON: ("Date",), C.AMOUNT: ("A",), C.AMOUNT_IN: ("B",)}}, "reconciliation.mapping_amount"),
        (
            {"columns": {C.BOOKED_ON: ("Date",), C.AMOUNT: ("A",), C.DIRECTION: ("B",)}},
            "reconciliation.mapping_directions",
        ),
        ({"columns": {C.BOOKED_ON: (), C.AMOUNT: ("A",)}}, "reconciliation.mapping_headers"),
    ],
)
def test_a_mapping_that_could_not_be_read_by_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        mapping(**changes)

    assert caught.value.code == code


def test_a_reference_compares_by_its_letters_and_digits() -> None:
    assert normal_reference(" T-2025/\uff10\uff101 ") == "t2025001"


@given(
    units=st.integers(-(10**15), 10**15),
    marks=st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", "")]),
)
def test_an_amount_printed_with_marks_reads_back_exactly(units: int, marks: tuple[str, str]) -> None:
    by = mapping(decimal_mark=marks[0], thousands_mark=marks[1])
    whole, _, part = format_units(abs(units), 2).partition(".")
    printed = ("-" if units < 0 else "") + f"{int(whole):,}".replace(",", marks[1]) + marks[0] + part

    assert parse_amount(printed, by, 2, is_worksheet=False, field="amount") == units


@given(st.text(max_size=30), st.booleans())
def test_no_text_crashes_the_reading_of_a_cell(text: str, is_worksheet: bool) -> None:  # noqa: FBT001 - drawn
    with contextlib.suppress(Invalid):
        parse_amount(text, mapping(), 2, is_worksheet=is_worksheet, field="x")
    with contextlib.suppress(Invalid):
        parse_statement_day(text, mapping(), is_worksheet=is_worksheet, field="x")


@given(st.lists(st.tuples(*[st.text(max_size=8)] * 6), max_size=6))
def test_no_table_crashes_the_reading_of_a_statement(rows: list[tuple[str, ...]]) -> None:
    try:
        lines = read(HEAD, *rows)
    except ImportRefused:
        return
    assert lines


@given(st.lists(st.integers(-1000, 1000).filter(bool), min_size=1, max_size=8))
def test_reading_gives_back_the_amounts_and_a_running_balance_that_follows(amounts: list[int]) -> None:
    rows, balance = [], 0
    for number, amount in enumerate(amounts):
        balance += amount
        rows.append(
            (
                "2026-10-08",
                f"B{number}",
                "",
                format_units(-amount, 2) if amount < 0 else "",
                format_units(amount, 2) if amount > 0 else "",
                format_units(balance, 2),
            )
        )

    lines = read(HEAD, *rows)

    assert [one.amount for one in lines] == amounts
    assert lines[-1].balance == sum(amounts)
    assert len({one.key for one in lines}) == len(lines)
    assert read(HEAD, *rows) == lines
