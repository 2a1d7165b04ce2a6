"""The calculators as a treasurer would check them: known answers, laws, and every wrong input refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.tables import Table
from finance.operations.calculators.catalogue import CALCULATORS, calculate, calculator_of
from finance.operations.calculators.lots import lot_rows
from finance.store import reference
from ledger.core.errors import DomainError, ImportRefused, Invalid, NotFound

INTENSITY = {"ac_kwh_per_t": "13100", "zero_emission_share": "0", "methodology": "article-2024-draft"}
INTEREST = {
    "principal_cny": "200000000",
    "start": "2024-03-20",
    "end": "2024-06-20",
    "rate": "0.0345",
    "day_count": "ACT/360",
}
ALLOCATION = {"emissions_t": "800000", "intensity": "1.50", "balance_value": "1.60", "year": "2025"}
LOTS = [
    {"lot_id": "B", "acquired_on": "2025-02-01", "quantity_t": "3", "cost_cny": "10.00"},
    {"lot_id": "A", "acquired_on": "2025-01-01", "quantity_t": "4", "cost_cny": "20.01"},
]
HOSTILE = (
    "", " ", "\uff11\uff13\uff11", "NaN", "Infinity", "1e400", "1E5", "+1", "-1", "-0", "1,000", "1_000", "0x10", "01", ".5", "5.",
    "1/3", "9" * 41, "१२", "1 ", "\n1", "=1+1", "None", "\x00", "\ud800", "💥",
)  # fmt: skip


PLANTS = [{"name": "north", "emissions_t": "800000", "intensity": "1.50"}]
SHIPMENT = {"cn_code": "76011000", "mass_t": "1000", "route": "primary", "imported_on": "2026-02-10"}
DUTY = {"year": "2025", "region": "CN-YN", "used_kwh": "1000", "on": "2026-06-30"}


def answered(name: str, given: Mapping[str, object]) -> Mapping[str, object]:
    result = calculate(name, given).document()["result"]
    assert isinstance(result, dict)
    return result


def refusal(name: str, given: Mapping[str, object]) -> Invalid:
    with pytest.raises(Invalid) as caught:
        calculate(name, given)
    return caught.value


# --- the answer ---


@pytest.mark.parametrize("name", [calculator.name for calculator in CALCULATORS])
def test_every_calculator_answers_its_own_example(name: str) -> None:
    example = calculator_of(name).example()

    document = calculate(name, example).document()

    assert document["calculator"] == name
    assert list(document) == [
        "calculator", "inputs", "result", "units", "formula", "rounding", "places", "sources",
    ]  # fmt: skip
    assert document["formula"]


def test_the_answer_names_the_source_of_every_factor() -> None:
    document = calculate("intensity", INTENSITY).document()

    sources = document["sources"]
    assert isinstance(sources, list)
    assert {row["id"]: (row["value"], row["status"]) for row in sources} == {
        "draft_anode_per_t": ("1.424", "draft"),
        "draft_pfc_per_t": ("0.1454", "draft"),
        "grid_ex_market_nonfossil": ("0.5942", "secondary"),
    }
    assert all(row["source"] and row["effective_from"] for row in sources)


def test_a_grid_factor_given_as_input_is_named_as_such_and_has_no_dates() -> None:
    document = calculate("intensity", {**INTENSITY, "grid_factor_kg_per_kwh": "0.5306"}).document()

    sources = document["sources"]
    assert isinstance(sources, list)
    (given_factor,) = (row for row in sources if row["source"] == "input")
    assert (given_factor["value"], given_factor["effective_from"]) == ("0.5306", None)


def test_the_answer_repeats_the_inputs_as_they_were_given() -> None:
    document = calculate("interest", {**INTEREST, "change": ["2024-05-06=0.0335"]}).document()

    assert document["inputs"] == {**INTEREST, "change": ["2024-05-06=0.0335"]}


def test_the_direct_methodology_counts_no_electricity() -> None:
    result = answered("intensity", {**INTENSITY, "methodology": "cets-ag-04.01"})

    assert result["intensity_tco2e_per_t"] == "1.733992"
    assert result["electricity_tco2e_per_t"] == "0"
    assert result["measure"] == "ets_direct"


def test_a_calculator_may_be_named_with_dashes() -> None:
    assert answered("ccer-cap", {"due_t": "20"}) == answered("ccer_cap", {"due_t": "20"})


def test_the_ccer_cap_before_the_rule_began_is_refused() -> None:
    assert refusal("ccer_cap", {"due_t": "20", "on": "2019-12-31"}).code == "reference.missing"


def test_allocation_of_2024_needs_neither_intensity_nor_balance_value() -> None:
    result = answered("allocation", {"emissions_t": "1789.70", "year": "2024"})

    assert (result["allocation_t"], result["due_t"], result["gap_t"]) == ("1789", "1789", "0")
    assert (result["alpha"], result["deviation"]) == ("0", None)


def test_a_process_worse_than_the_balance_value_has_a_gap() -> None:
    result = answered("allocation", {**ALLOCATION, "intensity": "1.75"})

    assert (result["alpha"], result["allocation_t"], result["gap_t"]) == ("-0.0140625", "788750", "11250")


# --- interest ---


def test_changes_may_come_in_any_order() -> None:
    changes = ["2024-05-06=0.0335", "2024-04-01=0.0340"]

    assert answered("interest", {**INTEREST, "change": changes}) == answered(
        "interest", {**INTEREST, "change": changes[::-1]}
    )


def test_a_change_to_the_same_rate_changes_nothing() -> None:
    result = answered("interest", {**INTEREST, "change": ["2024-05-06=0.0345"]})

    assert result == answered("interest", INTEREST)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (["2024-06-20=0.03"], "accrual.change"),  # the end day is exclusive
        (["2024-03-19=0.03"], "accrual.change"),
        (["2024-05-06=0.03", "2024-05-06=0.02"], "accrual.change"),
        (["2024-05-06"], "calc.change"),
        (["2024-05-06=3.35"], "rate.range"),
        (["2024-05-06=-0.01"], "amount.negative"),
        (["2024-02-30=0.03"], "date.format"),
        (["=0.03"], "date.format"),
        (["2024-05-06=0.03=0.02"], "amount.format"),
        ([""], "calc.change"),
    ],
)
def test_a_bad_change_of_rate_is_refused(change: list[str], code: str) -> None:
    error = refusal("interest", {**INTEREST, "change": change})

    assert error.code == code
    assert error.message.startswith("change")


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("end", "2024-03-20", "accrual.segment"),
        ("end", "2024-03-19", "accrual.segment"),
        ("end", "2024-06-31", "date.format"),
        ("start", "20240320", "date.format"),
        ("start", "\uff12\uff10\uff12\uff14-03-20", "date.format"),
        ("rate", "3.45", "rate.range"),
        ("rate", "-0.01", "amount.negative"),
        ("principal_cny", "0.001", "amount.scale"),
        ("principal_cny", "1" + "0" * 20, "amount.range"),
        ("day_count", "ACT/ACT", "day_count.name"),
        ("day_count", "act/360", "day_count.name"),
    ],
)
def test_a_bad_loan_field_is_refused_by_its_name(field: str, text: str, code: str) -> None:
    error = refusal("interest", {**INTEREST, field: text})

    assert (error.code, error.data["field"]) == (code, field)
    assert field in error.message


# --- relief ---


def test_fifo_draws_on_the_oldest_lot_whatever_the_order_of_rows() -> None:
    result = answered("relief", {"lots": LOTS, "sell_t": "5", "method": "fifo"})

    # 4 t of A cost 20.01; of B 1 of 3 t: floor(1000 / 3) = 333 fen.
    assert result["cost_cny"] == "23.34"
    assert result["relieved_lots"] == [
        {"lot_id": "A", "quantity_t": "4", "cost_cny": "20.01"},
        {"lot_id": "B", "quantity_t": "1", "cost_cny": "3.33"},
    ]
    assert result["remaining_lots"] == [
        {"lot_id": "B", "acquired_on": "2025-02-01", "quantity_t": "2", "cost_cny": "6.67"}
    ]


def test_average_sells_from_one_pool() -> None:
    result = answered("relief", {"lots": LOTS, "sell_t": "5", "method": "average"})

    # 30.01 CNY over 7 t, 5 t: 2143.571... fen.
    assert result["cost_cny"] == "21.44"
    assert result["remaining_lots"] == [{"lot_id": "pool", "acquired_on": None, "quantity_t": "2", "cost_cny": "8.57"}]


def test_lots_of_one_day_are_drawn_in_the_order_given() -> None:
    lots = [
        {**LOTS[0], "lot_id": name, "quantity_t": "1", "cost_cny": cost} for name, cost in (("10", "1"), ("9", "2"))
    ]

    assert answered("relief", {"lots": lots, "sell_t": "1", "method": "fifo"})["cost_cny"] == "1.00"


def test_selling_everything_costs_everything_and_leaves_no_lot() -> None:
    result = answered("relief", {"lots": LOTS, "sell_t": "7", "method": "fifo"})

    assert (result["cost_cny"], result["remaining_t"], result["remaining_lots"]) == ("30.01", "0", [])


def test_without_a_price_there_is_no_gain() -> None:
    assert answered("relief", {"lots": LOTS, "sell_t": "1", "method": "fifo"})["gain_cny"] is None


def test_the_gain_is_price_less_fee_less_cost() -> None:
    lots = [{"lot_id": "1", "acquired_on": "2025-03-10", "quantity_t": "10000", "cost_cny": "802400.00"}]
    sale = {"lots": lots, "sell_t": "1000", "method": "average", "price_cny_per_t": "97.81", "fee_cny": "293.43"}

    result = answered("relief", sale)

    assert (result["cost_cny"], result["net_proceeds_cny"], result["gain_cny"]) == ("80240.00", "97516.57", "17276.57")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sell_t": "8"}, "relief.oversold"),
        ({"sell_t": "0"}, "amount.zero"),
        ({"sell_t": "1.5"}, "amount.not_whole"),
        ({"method": "hifo"}, "relief.method"),
        ({"method": "specific"}, "relief.method"),
        ({"method": "FIFO"}, "relief.method"),
        ({"fee_cny": "1"}, "relief.fee_cny"),
        ({"price_cny_per_t": "0"}, "amount.zero"),
        ({"lots": []}, "calc.lots"),
        ({"lots": "lots.csv"}, "calc.field_type"),
        ({"lots": [1]}, "calc.field_type"),
        ({"lots": [{**LOTS[0], "quantity_t": 3}]}, "calc.field_type"),
        ({"lots": [LOTS[0], LOTS[0]]}, "calc.lot_field"),
        ({"lots": [{**LOTS[0], "price": "1"}]}, "calc.lot_fields"),
        ({"lots": [{**LOTS[0], "lot_id": "=1+1"}]}, "calc.lot_field"),
        ({"lots": [{**LOTS[0], "acquired_on": "2025-13-01"}]}, "calc.lot_field"),
        ({"lots": [{**LOTS[0], "quantity_t": "0"}]}, "calc.lot_field"),
        ({"lots": [{**LOTS[0], "cost_cny": "-1"}]}, "calc.lot_field"),
        ({"lots": [{**LOTS[0], "cost_cny": "1.001"}]}, "calc.lot_field"),
    ],
)
def test_a_bad_relief_is_refused(changed: Mapping[str, object], code: str) -> None:
    assert refusal("relief", {"lots": LOTS, "sell_t": "1", "method": "fifo", **changed}).code == code


def test_a_method_that_is_not_offered_is_answered_with_the_allowed_ones() -> None:
    assert "fifo, lifo, average" in refusal("relief", {"lots": LOTS, "sell_t": "1", "method": "hifo"}).message


# --- the lots table ---


def test_headings_may_be_chinese_english_or_both_in_any_order() -> None:
    rows = (
        ("总成本\uff08元\uff09", "lot_id", "quantity_t 数量(t)", "acquired_on"),
        ("1.00", "A", "2", "2025-01-01"),
        ("",),
    )

    read = lot_rows((Table(file="lots.csv", sheet="", rows=rows),))

    assert read == ({"lot_id": "A", "acquired_on": "2025-01-01", "quantity_t": "2", "cost_cny": "1.00"},)


def test_every_bad_cell_of_a_lots_table_is_named() -> None:
    rows = (
        ("lot_id", "acquired_on", "quantity_t", "cost_cny"),
        ("A", "2025-01-01", "2", "1.00"),
        ("A", "01/02/2025", "2.5", "1,000", "x"),
        ("B",),
    )

    with pytest.raises(ImportRefused) as caught:
        lot_rows((Table(file="lots.csv", sheet="S1", rows=rows),))

    places = [(error.row, error.column) for error in caught.value.rows]
    assert places == [
        (3, ""),
        (3, "lot_id"),
        (3, "acquired_on"),
        (3, "quantity_t"),
        (3, "cost_cny"),
        (4, "acquired_on"),
        (4, "quantity_t"),
        (4, "cost_cny"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        (("lot_id", "acquired_on", "quantity_t"), ("A", "2025-01-01", "2")),
        (("lot_id", "acquired_on", "quantity_t", "cost_cny", "price"), ("A", "2025-01-01", "2", "1", "1")),
        (("lot_id", "acquired_on", "quantity_t", "cost_cny", "lot_id"), ("A", "2025-01-01", "2", "1", "A")),
        (("lot_id", "acquired_on", "quantity_t", "cost_cny"),),
    ],
)
def test_a_table_with_other_columns_or_no_lot_is_refused(rows: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises(ImportRefused):
        lot_rows((Table(file="lots.csv", sheet="", rows=rows),))


def test_a_workbook_with_two_filled_sheets_is_refused() -> None:
    sheet = Table(file="lots.xlsx", sheet="a", rows=(("lot_id",),))

    with pytest.raises(Invalid, match="one sheet"):
        lot_rows((sheet, sheet))


# --- refusals of every calculator ---


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", [calculator.name for calculator in CALCULATORS])
def test_a_hostile_text_in_any_field_is_refused_with_a_code_and_a_sentence(name: str, hostile: str) -> None:
    calculator = calculator_of(name)
    example = calculator.example()

    for parameter in calculator.parameters:
        value: object = hostile if isinstance(parameter.example, str) else [hostile]
        error = refusal(name, {**example, parameter.name: value})

        assert "." in error.code
        assert parameter.name in error.message or parameter.name in error.data.get("field", "")


@pytest.mark.parametrize("wrong", [None, 1, True, [], {}, ["1"], {"a": "b"}])
@pytest.mark.parametrize("name", [calculator.name for calculator in CALCULATORS])
def test_another_json_type_in_any_text_field_is_refused_by_its_name(name: str, wrong: object) -> None:
    calculator = calculator_of(name)

    for parameter in calculator.parameters:
        if not isinstance(parameter.example, str):
            continue
        error = refusal(name, {**calculator.example(), parameter.name: wrong})

        assert (error.code, error.data["field"]) == ("calc.field_type", parameter.name)


@pytest.mark.parametrize("name", [calculator.name for calculator in CALCULATORS])
def test_a_missing_field_is_named_and_an_unknown_one_is_refused(name: str) -> None:
    calculator = calculator_of(name)
    required = [parameter.name for parameter in calculator.parameters if parameter.is_required]

    for missing in required:
        left = {field: value for field, value in calculator.example().items() if field != missing}
        assert refusal(name, left).data["field"] == missing
    assert refusal(name, {**calculator.example(), "extra": "1"}).code == "calc.field_unknown"


@pytest.mark.parametrize(
    ("name", "inputs", "code"),
    [
        ("intensity", {**INTENSITY, "zero_emission_share": "1.0001"}, "amount.share"),
        ("intensity", {**INTENSITY, "methodology": "unknown"}, "methodology.unknown"),
        ("intensity", {**INTENSITY, "methodology": "cets-ag-04.01", "grid_factor_kg_per_kwh": "0.5"}, "methodology.no_grid_factor"),
        ("breakeven", {"benchmark": "1.5", "methodology": "article-2024-draft"}, "breakeven.below_direct"),
        ("breakeven", {"benchmark": "9", "methodology": "cets-ag-04.01"}, "methodology.no_power"),
        ("parity", {"factor_kg_per_kwh": "0.5"}, "calc.parity_one_of"),
        ("parity", {"factor_kg_per_kwh": "0.5", "price_cny_per_t": "1", "premium_cny_per_kwh": "1"}, "calc.parity_one_of"),
        ("parity", {"factor_kg_per_kwh": "0", "price_cny_per_t": "1"}, "amount.zero"),
        ("allocation", {**ALLOCATION, "year": "2023"}, "allocation.no_rule"),
        ("allocation", {**ALLOCATION, "year": "0000"}, "rule.year"),
        ("allocation", {**ALLOCATION, "balance_value": "0"}, "amount.zero"),
        ("allocation", {"emissions_t": "800000", "year": "2025"}, "allocation.missing"),
        ("industry_benchmark", {"methodology": "cets-ag-04.01"}, "methodology.no_power"),
        ("industry_balance", {"plants": PLANTS, "year": "2024"}, "industry.no_balance_value"),
        ("industry_balance", {"plants": PLANTS * 2, "year": "2025"}, "industry.names"),
        ("industry_balance", {"plants": [{**PLANTS[0], "emissions_t": "0"}], "year": "2025"}, "calc.plant_zero"),
        ("industry_balance", {"plants": [{"name": "x"}], "year": "2025"}, "calc.plant_fields"),
        ("industry_balance", {"plants": [], "year": "2025"}, "calc.plants"),
        ("cbam", {**SHIPMENT, "imported_on": "2025-12-31"}, "cbam.no_rule"),
        ("cbam", {**SHIPMENT, "cn_code": "7602"}, "cbam.good_unknown"),
        ("cbam", {**SHIPMENT, "route": "tertiary"}, "calc.route"),
        ("cbam", {**SHIPMENT, "paid_cny": "1"}, "cbam.fixing_missing"),
        ("cbam", {**SHIPMENT, "importer_mass_t": "999"}, "cbam.importer_mass_t"),
        ("renewable_duty", {**DUTY, "region": "CN-SD"}, "duty.no_ratio"),
        ("renewable_duty", {**DUTY, "year": "2026"}, "duty.no_ratio"),
        ("renewable_duty", {**DUTY, "contract_kwh": "1001"}, "calc.power"),
        ("carryover", {"sold_t": "1.5", "bought_t": "0", "holding_t": "0"}, "amount.not_whole"),
        ("carryover", {"sold_t": "1" + "0" * 16, "bought_t": "0", "holding_t": "0"}, "amount.range"),
    ],
)  # fmt: skip
def test_what_no_rule_answers_is_refused_with_its_own_code(name: str, inputs: Mapping[str, object], code: str) -> None:
    assert refusal(name, inputs).code == code


def test_an_unknown_calculator_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="intensity, breakeven, parity") as caught:
        calculate("nothing", {})

    assert caught.value.code == "calc.unknown"


# --- laws ---


@given(benchmark=st.decimals(min_value="1.5694", max_value=99, places=4))
def test_at_the_breakeven_power_use_the_intensity_is_the_benchmark(benchmark: Decimal) -> None:
    ac = answered("breakeven", {"benchmark": f"{benchmark:f}", "methodology": "article-2024-draft"})["ac_kwh_per_t"]

    found = answered("intensity", {**INTENSITY, "ac_kwh_per_t": ac})["intensity_tco2e_per_t"]

    assert abs(Fraction(str(found)) - Fraction(benchmark)) <= Fraction(2, 10**12)


@given(sell_t=st.integers(1, 7), method=st.sampled_from(["fifo", "average"]))
def test_what_is_sold_and_what_remains_cost_what_all_lots_cost(sell_t: int, method: str) -> None:
    result = answered("relief", {"lots": LOTS, "sell_t": str(sell_t), "method": method})

    assert Decimal(str(result["cost_cny"])) + Decimal(str(result["remaining_cost_cny"])) == Decimal("30.01")
    assert int(str(result["remaining_t"])) == 7 - sell_t


@given(sold=st.integers(0, 10**9), bought=st.integers(0, 10**9), holding=st.integers(0, 10**9))
def test_never_more_is_carried_over_than_is_held(sold: int, bought: int, holding: int) -> None:
    result = answered("carryover", {"sold_t": str(sold), "bought_t": str(bought), "holding_t": str(holding)})

    assert 0 <= int(str(result["carryover_t"])) <= holding


@given(
    name=st.sampled_from([calculator.name for calculator in CALCULATORS]),
    seed=st.dictionaries(
        st.sampled_from(sorted({parameter.name for calculator in CALCULATORS for parameter in calculator.parameters})),
        st.one_of(st.text(max_size=12), st.from_regex(r"-?[0-9]{1,8}(\.[0-9]{1,4})?", fullmatch=True), st.none()),
    ),
)
def test_any_texts_are_answered_or_refused_never_a_crash(name: str, seed: dict[str, object]) -> None:
    own = {parameter.name for parameter in calculator_of(name).parameters}
    inputs = {**calculator_of(name).example(), **{field: value for field, value in seed.items() if field in own}}

    try:
        document: Mapping[str, object] = calculate(name, inputs).document()
    except DomainError as refused:
        document = {"result": refused.code}

    assert document["result"]


# --- shipped reference rows ---


def test_every_shipped_set_loads_and_is_not_empty() -> None:
    sets = (
        reference.shipped_factors(),
        reference.shipped_allocation_rules(),
        reference.shipped_offset_rules(),
        reference.shipped_carry_over_rules(),
        reference.shipped_deadlines(),
        reference.shipped_sanctions(),
        reference.shipped_assurance_standards(),
    )

    assert all(each.rows for each in sets)
    assert reference.shipped_vintage_rules()
    assert reference.shipped_instrument_bounds()
    assert reference.shipped_mark_rules().max_age_sessions("CEA25", on=sets[0].rows[0].effective_from) > 0
    assert reference.shipped_calendar("cn_exchange").market == "cn_exchange"
    assert {each.methodology_id for each in reference.shipped_methodologies()} >= {
        "article-2024-draft",
        "cets-ag-04.01",
    }


def test_a_set_is_read_once_and_carries_the_version_of_its_content() -> None:
    factors = reference.shipped_factors()

    assert factors is reference.shipped_factors()
    assert factors.version == reference.shipped_version("factors")
    assert len(factors.version) == 12
    assert factors.version != reference.shipped_version("deadlines")
