"""The calculators through both doors: the command line and HTTP give one and the same document."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from api.app import create_app
from api.cli import main
from finance.operations.calculators.catalogue import CALCULATORS
from ledger.store.database import Database, open_database
from tests.api.client import Client

TEMPLATE = Path(__file__).parents[2] / "examples" / "templates" / "lots.csv"
LOTS = [
    {"lot_id": "B-2", "acquired_on": "2025-02-01", "quantity_t": "3", "cost_cny": "10.00"},
    {"lot_id": "批次一", "acquired_on": "2025-01-01", "quantity_t": "4", "cost_cny": "20.01"},
]
BIG_LOT = [{"lot_id": "1", "acquired_on": "2025-03-10", "quantity_t": "10000", "cost_cny": "802400.00"}]

DRAFT = {"methodology": "article-2024-draft"}
LOAN = {"principal_cny": "200000000", "day_count": "ACT/360"}
SPRING = {**LOAN, "start": "2024-03-20", "end": "2024-06-20", "rate": "0.0345"}
WINTER = {**LOAN, "start": "2025-12-20", "end": "2026-03-20"}
DIRECT = {"emissions_t": "800000", "balance_value": "1.60", "year": "2025"}

PLANTS = [
    {"name": "north", "emissions_t": "800000", "intensity": "1.50"},
    {"name": "south", "emissions_t": "800000", "intensity": "1.70"},
]
SHIPMENT = {"cn_code": "76011000", "mass_t": "1000", "route": "primary", "imported_on": "2026-02-10"}

Fields = Mapping[str, Any]

# Reference section 8.1 (by number) and 8.2 (R...), and the loan numbers computed beside them.
CASES: tuple[tuple[str, str, Fields, Mapping[str, str | None]], ...] = (
    ("1 direct default", "intensity", {"ac_kwh_per_t": "0", "zero_emission_share": "0", **DRAFT},
     {"intensity_tco2e_per_t": "1.5694"}),
    ("2 power", "intensity", {"ac_kwh_per_t": "13500", "zero_emission_share": "0", **DRAFT},
     {"electricity_tco2e_per_t": "8.0217"}),
    ("4 green saving", "intensity", {"ac_kwh_per_t": "13100", "zero_emission_share": "0", **DRAFT},
     {"electricity_tco2e_per_t": "7.78402", "intensity_tco2e_per_t": "9.35342"}),
    ("7 the share of article A", "intensity", {"ac_kwh_per_t": "13100", "zero_emission_share": "0.0115384615", **DRAFT},
     {"intensity_tco2e_per_t": "9.263604384915"}),
    ("22 Fujian", "intensity",
     {"ac_kwh_per_t": "13342", "zero_emission_share": "0", "grid_factor_kg_per_kwh": "0.6101", **DRAFT},
     {"electricity_tco2e_per_t": "8.1399542"}),
    ("25 all green", "intensity", {"ac_kwh_per_t": "13350", "zero_emission_share": "1", **DRAFT},
     {"intensity_tco2e_per_t": "1.5694", "electricity_tco2e_per_t": "0"}),
    ("25 no green", "intensity", {"ac_kwh_per_t": "13350", "zero_emission_share": "0", **DRAFT},
     {"intensity_tco2e_per_t": "9.50197"}),
    ("R16 direct rule", "intensity",
     {"ac_kwh_per_t": "13350", "zero_emission_share": "0", "methodology": "cets-ag-04.01"},
     {"anode_tco2e_per_t": "1.470832", "pfc_tco2e_per_t": "0.26316", "intensity_tco2e_per_t": "1.733992"}),
    ("9 break-even", "breakeven", {"benchmark": "9.264", **DRAFT},
     {"ac_kwh_per_t": "12949.511948838775", "direct_tco2e_per_t": "1.5694"}),
    ("17 premium", "parity", {"price_cny_per_t": "100", "factor_kg_per_kwh": "0.5942"},
     {"premium_cny_per_kwh": "0.05942"}),
    ("18 price", "parity", {"premium_cny_per_kwh": "0.06", "factor_kg_per_kwh": "0.5942"},
     {"price_cny_per_t": "100.97610232245"}),
    ("R1 better", "allocation", {**DIRECT, "intensity": "1.50"},
     {"deviation": "0.0625", "alpha": "0.009375", "allocation_t": "807500", "gap_t": "-7500"}),
    ("R1 at BP", "allocation", {**DIRECT, "intensity": "1.60"},
     {"deviation": "0", "alpha": "0", "allocation_t": "800000", "gap_t": "0"}),
    ("R1 worse", "allocation", {**DIRECT, "intensity": "1.75"},
     {"deviation": "-0.09375", "alpha": "-0.0140625", "allocation_t": "788750", "gap_t": "11250"}),
    ("capped", "allocation", {**DIRECT, "intensity": "1.00"}, {"alpha": "0.03", "allocation_t": "824000"}),
    ("R4 2024", "allocation", {"emissions_t": "1789.70", "year": "2024"}, {"allocation_t": "1789", "gap_t": "0"}),
    ("R6 by rule", "carryover", {"sold_t": "200000", "bought_t": "80000", "holding_t": "300000"},
     {"carryover_t": "190000"}),
    ("R6 by holding", "carryover", {"sold_t": "200000", "bought_t": "80000", "holding_t": "150000"},
     {"carryover_t": "150000"}),
    ("R6 net buyer", "carryover", {"sold_t": "1", "bought_t": "80000", "holding_t": "300000"},
     {"carryover_t": "10000"}),
    ("R8 cap", "ccer-cap", {"due_t": "1234567"}, {"cap_t": "61728"}),
    ("41 ten basis points, 365 days", "interest",
     {**LOAN, "start": "2025-01-01", "end": "2026-01-01", "rate": "0.001"}, {"interest_cny": "202777.78"}),
    ("41 ten basis points, 92 days", "interest", {**SPRING, "rate": "0.001"}, {"interest_cny": "51111.11"}),
    ("R19 before", "interest", {**WINTER, "rate": "0.03"}, {"interest_cny": "1500000.00", "days": "90"}),
    ("R19 after", "interest", {**WINTER, "rate": "0.0290"}, {"interest_cny": "1450000.00"}),
    ("golden, no step", "interest", SPRING, {"interest_cny": "1763333.33", "days": "92"}),
    ("golden, step", "interest", {**SPRING, "change": ["2024-05-06=0.0335"]}, {"interest_cny": "1738333.33"}),
    ("golden, claw-back", "interest", {**LOAN, "start": "2024-05-06", "end": "2025-02-17", "rate": "0.001"},
     {"interest_cny": "159444.44", "days": "287"}),
    ("R14 sale", "relief",
     {"lots": BIG_LOT, "sell_t": "1000", "method": "fifo", "price_cny_per_t": "97.81", "fee_cny": "293.43"},
     {"cost_cny": "80240.00", "cost_cny_per_t": "80.24", "gain_cny": "17276.57", "remaining_cost_cny": "722160.00"}),
    ("relief by average", "relief", {"lots": LOTS, "sell_t": "5", "method": "average"}, {"cost_cny": "21.44"}),
    ("article A, generated", "industry_benchmark", {**DRAFT, "benchmark": "9.264"},
     {"breakeven_kwh_per_t": "12949.511948838775"}),
    ("BP of two plants", "industry_balance", {"plants": PLANTS, "year": "2025"},
     {"balance_value": "1.6", "surplus_t": "7500", "shortage_t": "7500"}),
    ("CBAM by default", "cbam", {**SHIPMENT, "certificate_price_eur": "75.36", "cny_per_eur": "7.9"},
     {"certificates": "1913", "cost_eur": "144163.68", "cost_cny": "1138893.07", "declaration_due": "2027-09-30"}),
    ("CBAM unpriced", "cbam", SHIPMENT, {"certificates": "1913", "cost_eur": None}),
    ("duty of Yunnan", "renewable_duty",
     {"year": "2025", "region": "CN-YN", "used_kwh": "1000000", "on": "2026-06-30", "contract_kwh": "200000", "certificates": "100"},
     {"certificates_needed": "500", "certificates_missing": "400"}),
    ("next tonne at BP", "next_tonne", {**DIRECT, "intensity": "1.60", "price_cny_per_t": "97.81", "step_t": "1000"},
     {"slope_t_per_t": "0.15", "position_change_t": "149.8125", "position_change_whole_t": "149", "worth_cny": "14653.16"}),
    ("next MWh under the law", "next_mwh",
     {"factor_kg_per_kwh": "0.5942", "price_cny_per_t": "100", "gec_price_cny": "5.96", "premium_cny_per_kwh": "0.06"},
     {"ets_cny_per_mwh": "0", "parity_premium_cny_per_kwh": "0.00596", "net_cny_per_mwh": "-54.04", "draft_ets_cny_per_mwh": "59.42"}),
    ("worth of a ratchet", "ratchet",
     {"principal_cny": "200000000", "step_bp": "10", "start": "2026-06-20", "end": "2027-06-20", "day_count": "ACT/360",
      "intensity": "10.05", "target": "10.00", "output_t": "1000000"},
     {"ratchet_cny": "202777.78", "needed_t": "50000", "breakeven_cny_per_t": "4.055555555556"}),
)  # fmt: skip

Post = Callable[..., httpx.Response]


@contextmanager
def posting(database: Database) -> Iterator[Post]:
    """Give the way to ask a calculator without a key; the body is a document, or raw bytes."""
    with Client(create_app(database)) as client:
        yield lambda name, body: client.post(f"/v1/calc/{name}", body if isinstance(body, bytes) else json.dumps(body))


@pytest.fixture(scope="module")
def post(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    path = tmp_path_factory.mktemp("calc") / "tonne.db"
    shutil.copyfile(sqlite_template, path)
    database = open_database(f"sqlite:///{path}")
    with posting(database) as asked:
        yield asked
    database.engine.dispose()


def tonne(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(argv, out, err)
    return code, out.getvalue(), err.getvalue()


def lots_file(folder: Path, lots: list[dict[str, str]]) -> Path:
    path = folder / "lots.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, tuple(lots[0]))
        writer.writeheader()
        writer.writerows(lots)
    return path


def options(fields: Fields, folder: Path) -> list[str]:
    argv: list[str] = []
    for name, value in fields.items():
        is_table = name in {"lots", "plants"} and not isinstance(value, str)
        texts = [str(lots_file(folder, value))] if is_table else [value] if isinstance(value, str) else value
        for text in texts:
            argv += [f"--{name.replace('_', '-')}", text]
    return argv


# --- both doors ---


@pytest.mark.parametrize(("name", "fields", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_command_line_and_http_give_the_same_document_with_the_known_numbers(
    name: str, fields: Fields, expected: Mapping[str, str | None], post: Post, tmp_path: Path
) -> None:
    code, out, err = tonne("calc", name, *options(fields, tmp_path), "--json")
    response = post(name, fields)

    assert (code, err, response.status_code) == (0, "", 200)
    document = json.loads(out)
    assert document == response.json()
    assert {key: document["result"][key] for key in expected} == expected
    assert document["inputs"] == fields


def test_the_calculators_answer_on_both_databases(database: Database) -> None:
    with posting(database) as asked:
        response = asked("ccer_cap", {"due_t": "1234567"})

    assert response.json()["result"]["cap_t"] == "61728"


def test_the_segments_of_a_stepped_rate_show_the_golden_parts(post: Post) -> None:
    response = post("interest", {**SPRING, "change": ["2024-05-06=0.0335"]})

    segments = response.json()["result"]["segments"]
    assert [(row["start"], row["end"], row["days"], row["rate"], row["interest_cny"]) for row in segments] == [
        ("2024-03-20", "2024-05-06", "47", "0.0345", "900833.33"),
        ("2024-05-06", "2024-06-20", "45", "0.0335", "837500.00"),
    ]


@pytest.mark.parametrize("spelling", ["ccer-cap", "ccer_cap"])
def test_both_spellings_of_a_name_work_at_both_doors(spelling: str, post: Post) -> None:
    code, out, _ = tonne("calc", spelling, "--due-t", "20", "--json")

    assert code == 0
    assert json.loads(out) == post(spelling, {"due_t": "20"}).json()


# --- the command line ---


def test_a_person_reads_figures_with_units_the_formula_and_the_sources() -> None:
    code, out, _ = tonne("calc", "breakeven", "--benchmark", "9.264", "--methodology", "article-2024-draft")

    assert code == 0
    assert "12949.511948838775  kWh/t\n" in out
    assert "(benchmark - anode - PFC) / grid factor x 1000" in out
    assert "grid_ex_market_nonfossil = 0.5942 kgCO2/kWh [secondary, from 2021-01-01]" in out


def test_a_person_reads_segments_and_lots_as_tables(tmp_path: Path) -> None:
    argv = ["calc", "relief", "--lots", str(lots_file(tmp_path, LOTS)), "--sell-t", "5", "--method", "fifo"]

    code, out, _ = tonne(*argv)

    assert code == 0
    assert "gain_cny" in out
    assert "  lot_id  acquired_on  quantity_t  cost_cny\n     B-2   2025-02-01           2      6.67\n" in out


def test_lots_may_come_from_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["lot_id 批次号", "acquired_on 取得日期", "quantity_t 数量(t)", "cost_cny 总成本(元)"])
    sheet.append([7, "2025-01-01", 4, "20.01"])
    path = tmp_path / "lots.xlsx"
    book.save(path)

    code, out, _ = tonne("calc", "relief", "--lots", str(path), "--sell-t", "2", "--method", "fifo", "--json")

    assert code == 0
    assert json.loads(out)["result"]["relieved_lots"] == [{"lot_id": "7", "quantity_t": "2", "cost_cny": "10.00"}]


def test_the_shipped_template_takes_lots(tmp_path: Path) -> None:
    path = tmp_path / "filled.csv"
    path.write_text(TEMPLATE.read_text("utf-8") + "1,2025-03-10,10000,802400.00\n", encoding="utf-8")

    code, out, _ = tonne("calc", "relief", "--lots", str(path), "--sell-t", "1000", "--method", "fifo", "--json")

    assert code == 0
    assert json.loads(out)["result"]["cost_cny"] == "80240.00"


def test_the_template_without_lots_is_refused() -> None:
    code, _, err = tonne("calc", "relief", "--lots", str(TEMPLATE), "--sell-t", "1", "--method", "fifo")

    assert code == 2
    assert "at least one row" in err


@pytest.mark.parametrize(
    "argv",
    [
        ["intensity"],
        ["intensity", "--ac-kwh-per-t", "NaN", "--zero-emission-share", "0", "--methodology", "article-2024-draft"],
        ["intensity", "--ac-kwh-per-t", "1", "--zero-emission-share", "0", "--methodology", "x"],
        ["intensity", "--ac-kwh", "1"],
        ["breakeven", "--benchmark", "9", "--benchmark", "8", "--methodology", "article-2024-draft"],
        ["breakeven", "--benchmark", "-5", "--methodology", "article-2024-draft"],
        ["ccer-cap", "--due-t", "\uff11\uff12"],
        ["ccer-cap", "--due-t"],
        ["relief", "--lots", "/nowhere/lots.csv", "--sell-t", "1", "--method", "fifo"],
        ["relief", "--lots", "/", "--sell-t", "1", "--method", "fifo"],
        ["relief", "--lots", "a\x00b", "--sell-t", "1", "--method", "fifo"],
        ["relief", "--lots", "", "--sell-t", "1", "--method", "fifo"],
        ["relief", "--lots", "/dev/null", "--sell-t", "1", "--method", "fifo"],
        ["relief", "--lots", __file__, "--sell-t", "1", "--method", "fifo"],
        ["nothing"],
        [],
    ],
)
def test_refused_input_is_told_on_stderr_with_exit_code_two(argv: list[str]) -> None:
    code, out, err = tonne("calc", *argv)

    assert (code, out) == (2, "")
    assert err.startswith("tonne: ")
    assert "Traceback" not in err


def test_a_refusal_is_one_line_that_names_the_field_and_what_was_expected() -> None:
    _, _, err = tonne("calc", "ccer-cap", "--due-t", "1.5")

    assert err == "tonne: due_t: expected whole tonnes such as 120000 [amount.not_whole]\n"


# --- HTTP ---


@pytest.mark.parametrize(
    ("name", "body", "status", "code", "field"),
    [
        ("nothing", {}, 404, "calc.unknown", None),
        ("ccer_cap", {}, 422, "calc.field_missing", "due_t"),
        ("ccer_cap", {"due_t": 5}, 422, "calc.field_type", "due_t"),
        ("ccer_cap", {"due_t": "5", "extra": "1"}, 422, "calc.field_unknown", "extra"),
        ("ccer_cap", {"due_t": "1e400"}, 422, "amount.format", "due_t"),
        ("ccer_cap", {"due_t": "-5"}, 422, "amount.negative", "due_t"),
        ("allocation", {**DIRECT, "intensity": "1.5", "year": "1990"}, 422, "allocation.no_rule", "year"),
        ("breakeven", {"benchmark": "1", **DRAFT}, 422, "breakeven.below_direct", "benchmark"),
        ("intensity", {"ac_kwh_per_t": "1", "zero_emission_share": "0", "methodology": "x"}, 422,
         "methodology.unknown", "methodology"),
        ("interest", {**SPRING, "end": "2024-03-20"}, 422, "accrual.segment", "end"),
        ("interest", {**SPRING, "change": "2024-05-06=0.0335"}, 422, "calc.field_type", "change"),
        ("interest", {**SPRING, "change": [{"date": "2024-05-06", "rate": "0.03"}]}, 422, "calc.field_type", "change"),
        ("relief", {"lots": LOTS, "sell_t": "8", "method": "fifo"}, 422, "relief.oversold", "sell_t"),
        ("relief", {"lots": [{**LOTS[0], "quantity_t": "x"}], "sell_t": "8", "method": "fifo"}, 422, "calc.lot_field",
         "lots[0].quantity_t"),
    ],
)  # fmt: skip
def test_refused_input_is_a_problem_with_a_stable_code_and_the_field(
    name: str, body: Fields, status: int, code: str, field: str | None, post: Post
) -> None:
    response = post(name, body)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in problem["errors"]] == ([field] if field else [])


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"null", b'"x"', b"{", b'{"due_t": NaN}', b'{"due_t": 1e400}', b'{"due_t": 1.5}',
        b'{"due_t": "1", "due_t": "2"}', b'{"due_t": "\\ud800"}', b'{"due_t": "\xff"}', b'{"due_t": null}',
        b"[" * 100 + b"]" * 100,
    ],
)  # fmt: skip
def test_a_body_that_is_no_object_of_strings_is_refused_never_a_failure(raw: bytes, post: Post) -> None:
    response = post("ccer_cap", raw)

    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "." in response.json()["code"]


def test_the_list_of_calculators_needs_no_key(database: Database) -> None:
    with Client(create_app(database)) as client:
        listed = client.get("/v1/calc").json()["calculators"]

    assert [each["name"] for each in listed] == [
        "intensity", "breakeven", "parity", "allocation", "carryover", "ccer_cap", "interest", "relief",
        "industry_benchmark", "industry_balance", "cbam", "renewable_duty", "next_tonne", "next_mwh", "ratchet",
    ]  # fmt: skip


def test_every_example_in_the_description_is_answered(post: Post, database: Database) -> None:
    with Client(create_app(database)) as client:
        described = client.get("/v1/openapi.json").json()["paths"]["/v1/calc/{name}"]["post"]

    examples = described["requestBody"]["content"]["application/json"]["examples"]
    assert len(examples) == len(CALCULATORS)
    assert {name: post(name, example["value"]).status_code for name, example in examples.items()} == dict.fromkeys(
        examples, 200
    )
