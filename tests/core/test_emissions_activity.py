"""The activity table: a good one is read exactly, a bad one is refused with every bad cell named."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from finance.conventions.tables import Table, csv_table
from finance.emissions.activity import ActivityMonth, DataStatus, columns_of
from finance.emissions.activity import parse_activity as parse_by_template
from finance.emissions.sources import PowerSource
from finance.emissions.templates import find_template, parse_templates
from ledger.core.errors import ImportRefused, Invalid, RowError

EXAMPLES = Path(__file__).parents[2] / "examples"
REFERENCE = Path(__file__).parents[2] / "finance" / "reference"
TEMPLATES = parse_templates((REFERENCE / "activity_templates.csv").read_text(encoding="utf-8"))
TEMPLATE = TEMPLATES[0]
COLUMNS = columns_of(TEMPLATE)
KEYS = tuple(column.key for column in COLUMNS)
GOOD = (
    "2025-01",
    "North",
    "41250.5",
    "341000000",
    "144000000",
    "22840000",
    "58400000",
    "0.241",
    "16800",
    "1000000",
    "19800",
    "79000",
)


def parse_activity(table: Table) -> tuple[ActivityMonth, ...]:
    return parse_by_template(table, TEMPLATE)


def table_of(*rows: Sequence[str], header: Sequence[str] = KEYS) -> Table:
    return Table(file="activity.csv", sheet="S1", rows=(tuple(header), *(tuple(row) for row in rows)))


def refusals(table: Table) -> tuple[RowError, ...]:
    with pytest.raises(ImportRefused) as refused:
        parse_activity(table)
    return refused.value.rows


def with_cell(key: str, value: str) -> tuple[str, ...]:
    return tuple(value if column == key else cell for column, cell in zip(KEYS, GOOD, strict=True))


def test_a_good_row_is_read_exactly() -> None:
    (month,) = parse_activity(table_of(GOOD))

    assert (month.month, month.site, month.year) == ("2025-01", "North", 2025)
    assert month.production_t == Decimal("41250.5")
    assert month.ac_kwh[PowerSource.OWN_NONFOSSIL_DIRECT] == Decimal(22840000)
    assert month.anode_effect_min_per_cell_day == Decimal("0.241")
    assert month.origin == "activity.csv sheet S1 row 2"


@pytest.mark.parametrize(
    "header",
    [
        KEYS,
        tuple(column.heading_zh for column in COLUMNS),
        tuple(f"{column.key} {column.heading_zh}" for column in COLUMNS),
        tuple(column.heading_zh.replace("(", "\uff08").replace(")", "\uff09") for column in COLUMNS),
    ],
)
def test_english_chinese_and_double_headings_are_accepted(header: tuple[str, ...]) -> None:
    assert parse_activity(table_of(GOOD, header=header)) == parse_activity(table_of(GOOD))


def test_columns_may_come_in_any_order() -> None:
    assert parse_activity(table_of(GOOD[::-1], header=KEYS[::-1])) == parse_activity(table_of(GOOD))


def test_the_optional_columns_may_be_left_out() -> None:
    (month,) = parse_activity(table_of(GOOD[:-5], header=KEYS[:-5]))

    assert set(month.measured.values()) == {None}
    assert month.ac_kwh[PowerSource.GRID_CERTIFICATE] == 0


def test_an_empty_measurement_is_not_zero() -> None:
    (empty,) = parse_activity(table_of(with_cell("anode_effect_min_per_cell_day", "")))
    (zero,) = parse_activity(table_of(with_cell("anode_effect_min_per_cell_day", "0")))

    assert empty.anode_effect_min_per_cell_day is None
    assert zero.anode_effect_min_per_cell_day == 0


def test_a_month_without_production_may_carry_electricity() -> None:
    (month,) = parse_activity(table_of(with_cell("production_t", "0")))

    assert month.production_t == 0
    assert month.ac_kwh[PowerSource.GRID] == Decimal(144000000)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "-1",
        "-0",
        "1,234.5",
        "\uff11\uff12",
        "=A1+1",
        "NaN",
        "Infinity",
        "1e400",
        "1_000",
        "+5",
        "12.",
        ".5",
        "007",
        " 5",
        "5 t",
        "1" * 39,
        "1000000000000001",
    ],
)
def test_a_bad_figure_is_refused_with_its_place(value: str) -> None:
    (error,) = refusals(table_of(GOOD, with_cell("month", "2025-02"), with_cell("grid_kwh", value)))

    assert (error.file, error.sheet, error.row, error.column) == ("activity.csv", "S1", 4, "grid_kwh")
    assert error.value == value
    assert "decimal number" in error.expected


@pytest.mark.parametrize(
    "value", ["", "2025-13", "2025-1", "2025-01-01", "202501", "\uff12025-01", "Jan 2025", " 2025-01"]
)
def test_a_bad_month_is_refused(value: str) -> None:
    (error,) = refusals(table_of(with_cell("month", value)))

    assert (error.row, error.column, error.value) == (2, "month", value)


@pytest.mark.parametrize("value", ["", "   ", "N" * 101, "=A1", "a\nb", "a\x00b"])
def test_a_bad_site_is_refused(value: str) -> None:
    (error,) = refusals(table_of(with_cell("site", value)))

    assert (error.row, error.column) == (2, "site")


def test_every_bad_cell_is_named_at_once() -> None:
    first = ("2025-00", "North", "x", *["1"] * 9)
    second = ("2025-02", "", "1", "1", "-1", "1", "1", "abc", *["1"] * 4)

    errors = refusals(table_of(first, second))

    assert [(error.row, error.column) for error in errors] == [
        (2, "month"),
        (2, "production_t"),
        (3, "site"),
        (3, "grid_kwh"),
        (3, "anode_effect_min_per_cell_day"),
    ]


def test_the_same_month_of_a_site_twice_is_refused() -> None:
    (error,) = refusals(table_of(GOOD, with_cell("site", "South"), GOOD))

    assert error.row == 4
    assert "row 2" in error.expected


def test_a_missing_an_unknown_and_a_repeated_column_are_all_named() -> None:
    header = ("month", "site", "site", "production", *KEYS[3:])

    errors = refusals(table_of(GOOD, header=header))

    assert [(error.column, error.value) for error in errors] == [
        ("site", "site"),
        ("production", "production"),
        ("production_t", ""),
    ]


def test_a_cell_beyond_the_columns_is_refused() -> None:
    (error,) = refusals(table_of((*GOOD, "note")))

    assert (error.row, error.value) == (2, "note")


@pytest.mark.parametrize("table", [Table(file="f", sheet="", rows=()), table_of(), table_of(("",) * len(KEYS))])
def test_a_table_without_figures_is_refused(table: Table) -> None:
    assert refusals(table)


def test_an_empty_row_between_is_skipped() -> None:
    months = parse_activity(table_of(GOOD, (), ("", ""), with_cell("month", "2025-02")))

    assert [month.origin[-5:] for month in months] == ["row 2", "row 5"]


def test_an_activity_month_refuses_to_be_built_without_a_source_of_power() -> None:
    with pytest.raises(Invalid):
        ActivityMonth(
            month="2025-01",
            site="North",
            template=TEMPLATE,
            production_t=Decimal(1),
            ac_kwh={},
            measured={},
            origin="here",
        )


def test_a_figure_of_another_form_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        ActivityMonth(
            month="2025-01",
            site="North",
            template=TEMPLATE,
            production_t=Decimal(1),
            ac_kwh=dict.fromkeys(PowerSource, Decimal(0)),
            measured={"steam_gj": Decimal(1)},
            origin="here",
        )

    assert refused.value.code == "activity.measured"


def test_figures_are_claimed_until_a_report_is_named() -> None:
    (claimed,) = parse_activity(table_of(GOOD))
    (verified,) = parse_by_template(table_of(GOOD), TEMPLATE, verification="核查报告 2025-017")

    assert (claimed.data_status, verified.data_status) == (DataStatus.CLAIMED, DataStatus.VERIFIED)


@pytest.mark.parametrize("report", ["", " x", "a\nb", "x" * 201])
def test_a_report_without_a_proper_name_verifies_nothing(report: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_by_template(table_of(GOOD), TEMPLATE, verification=report)

    assert refused.value.code == "activity.verification"


def test_another_form_has_other_columns_and_the_same_power() -> None:
    copper = find_template(TEMPLATES, "copper-electrorefining")
    keys = tuple(column.key for column in columns_of(copper))
    row = ("2025-01", "Tank house", "25000", "0", "8000000", "0", "0", "12.5", "30000", "0")

    (month,) = parse_by_template(table_of(row, header=keys), copper)

    assert set(keys) & set(KEYS) == {"month", "site", *(f"{each}_kwh" for each in PowerSource), "production_t"}
    assert month.measured == {"natural_gas_10k_m3": Decimal("12.5"), "steam_gj": Decimal(30000)}


def outcome(table: Table) -> tuple[ActivityMonth, ...] | ImportRefused:
    try:
        return parse_activity(table)
    except ImportRefused as refused:
        return refused


@given(st.lists(st.lists(st.text(max_size=12), max_size=10).map(tuple), max_size=5).map(tuple))
def test_any_table_is_read_or_refused_and_never_crashes(rows: tuple[tuple[str, ...], ...]) -> None:
    assert outcome(Table(file="f", sheet="", rows=rows))


@given(st.lists(st.text(max_size=12), min_size=len(KEYS), max_size=len(KEYS)).filter(any))
def test_any_cells_under_good_headings_are_read_or_refused_in_their_row(cells: list[str]) -> None:
    found = outcome(table_of(cells))

    assert not isinstance(found, ImportRefused) or {error.row for error in found.rows} == {2}


def test_the_example_smelter_has_24_months_of_one_site() -> None:
    text = (EXAMPLES / "smelter" / "activity.csv").read_text(encoding="utf-8")

    months = parse_activity(csv_table(text, file="activity.csv"))

    assert len(months) == 24
    assert {month.year for month in months} == {2024, 2025}
    assert all("invented" in month.site for month in months)


def test_the_example_workbook_holds_the_same_rows() -> None:
    text = (EXAMPLES / "smelter" / "activity.csv").read_text(encoding="utf-8")
    sheet = load_workbook(EXAMPLES / "smelter" / "activity.xlsx")["activity"]
    header, *rows = ((*map(str, cells),) for cells in sheet.iter_rows(values_only=True))

    workbook = parse_activity(Table(file="activity.csv", sheet="", rows=(header, *rows)))

    assert workbook == parse_activity(csv_table(text, file="activity.csv"))


def test_the_template_has_the_headings_and_no_figures() -> None:
    table = csv_table((EXAMPLES / "templates" / "activity.csv").read_text(encoding="utf-8"), file="activity.csv")

    (error,) = refusals(table)

    assert table.rows[0] == tuple(f"{column.key} {column.heading_zh}" for column in COLUMNS)
    assert "at least one row" in error.expected


def test_the_second_template_file_has_the_headings_of_its_form() -> None:
    text = (EXAMPLES / "templates" / "activity_copper.csv").read_text(encoding="utf-8")
    columns = columns_of(find_template(TEMPLATES, "copper-electrorefining"))

    assert csv_table(text, file="x.csv").rows == (tuple(f"{each.key} {each.heading_zh}" for each in columns),)


def test_the_empty_workbook_has_the_headings_of_the_empty_table() -> None:
    sheet = load_workbook(EXAMPLES / "templates" / "activity.xlsx")["activity"]
    (header, *_) = ((*map(str, cells),) for cells in sheet.iter_rows(values_only=True))

    assert header == tuple(f"{column.key} {column.heading_zh}" for column in COLUMNS)
