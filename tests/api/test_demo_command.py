"""``tonne demo``: one document, the same at every run, on both databases; a damaged file changes nothing."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from openpyxl import load_workbook
from sqlalchemy import MetaData, func, select

import api.commands.demo
import api.example.loading
from api.app import create_app
from api.auth.totp_key_file import TotpKeyFile
from api.auth.totp_seal import TotpSeal
from api.cli import main
from api.example.scenario import FOLDER, load_scenario
from ledger.core.amounts import parse_decimal
from ledger.core.errors import DomainError, Invalid
from ledger.store.database import Database
from tests.api.client import Client, Clock
from tests.conftest import ENGINES, migrated
from tests.stories.smelter import edge_of, opened, read_document

KEYS = {
    "emissions",
    "positions",
    "valuation",
    "kpi",
    "attestation",
    "determination",
    "interest",
    "compliance",
    "next_steps",
}


@dataclass(frozen=True)
class Run:
    """What the command answered."""

    code: int
    out: str
    err: str


def demo(url: str, *flags: str) -> Run:
    out, err = io.StringIO(), io.StringIO()
    code = main(["demo", "--database", url, *flags], out, err)
    return Run(code=code, out=out.getvalue(), err=err.getvalue())


@dataclass(frozen=True)
class Shown:
    """The command run three times on one database: JSON, JSON again, tables; and what it left behind each time."""

    url: str
    private_key: bytes
    first: Run
    counts: dict[str, int]
    second: Run
    counts_again: dict[str, int]
    text: Run


def row_counts(url: str) -> dict[str, int]:
    with opened(url) as database, database.reader() as session:
        tables = MetaData()
        tables.reflect(bind=session.connection())
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.tables.items()
        }


@pytest.fixture(scope="module", params=ENGINES)
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    made: list[Ed25519PrivateKey] = []
    generate = Ed25519PrivateKey.generate

    def remembered() -> Ed25519PrivateKey:
        made.append(generate())
        return made[-1]

    with migrated(request.param, request, tmp_path_factory) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ed25519PrivateKey, "generate", staticmethod(remembered))
        first = demo(url, "--json")
        counts = row_counts(url)
        second = demo(url, "--json")
        counts_again = row_counts(url)
        text = demo(url)
        yield Shown(
            url=url,
            private_key=made[0].private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()),
            first=first,
            counts=counts,
            second=second,
            counts_again=counts_again,
            text=text,
        )


def test_it_prints_one_json_document_with_the_parts_of_the_chain(shown: Shown) -> None:
    document = json.loads(shown.first.out)

    assert (shown.first.code, shown.first.err) == (0, "")
    assert set(document) == KEYS | {"example"}
    assert all(document[key] for key in KEYS)


def walk(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, node
    if isinstance(node, dict):
        for name, child in node.items():
            yield from walk(child, f"{path}/{name}")
    elif isinstance(node, list):
        for number, child in enumerate(node):
            yield from walk(child, f"{path}/{number}")


def test_no_number_of_json_carries_a_figure(shown: Shown) -> None:
    """A boolean is not a number, though Python says so."""
    numbers = [
        path
        for path, node in walk(json.loads(shown.first.out))
        if isinstance(node, int | float) and not isinstance(node, bool)
    ]

    assert numbers == []


def test_every_amount_is_a_decimal_string_with_its_unit_beside_it(shown: Shown) -> None:
    words = {"unvalued", "met", "missed", "not given", "intensity_coefficient", "equals_verified"}
    amounts = {
        path: node
        for path, node in walk(json.loads(shown.first.out))
        if isinstance(node, dict) and isinstance(node.get("value"), str)
    }

    assert len(amounts) > 200
    for path, node in amounts.items():
        assert isinstance(node["unit"], str), path
        assert node["unit"], path
        if node["value"] in words or node["unit"] in {"date", "word"}:
            continue
        parse_decimal(node["value"], field=path)


def test_every_text_that_is_a_decimal_says_its_unit_or_is_a_name(shown: Shown) -> None:
    """Years, version numbers, numbers of periods, lots and entries are names; every other figure has a unit."""
    names = {"year", "terms_version", "period", "lot", "seq"}

    bare = {
        path.rpartition("/")[2]
        for path, node in walk(json.loads(shown.first.out))
        if isinstance(node, str)
        and node.replace(".", "", 1).lstrip("-").isdigit()
        and not path.endswith(("/value", "/unit"))
    }

    assert bare <= names


def test_a_second_run_prints_the_same_to_the_byte(shown: Shown) -> None:
    assert shown.second == shown.first


def test_a_second_run_changes_no_table_and_no_tree(shown: Shown) -> None:
    assert shown.counts_again == shown.counts
    assert shown.counts["entry"] == shown.counts["leaf"] == 39  # 24 of the books, 15 of evidence
    first, second = (json.loads(run.out)["positions"]["record_point"] for run in (shown.first, shown.second))
    assert first == second


@pytest.mark.parametrize(
    "figure",
    [
        "8.536201",
        "8.163562",
        "4.3654 %",
        "511,118",
        "53,571,263.20",
        "INCOMPLETE",
        "53,000 t",
        "3.4500 % -> 3.3500 %",
        "-10.0000 bp",
        "406,111.12",
        "1,712,222.22",
        "43,024",
        "60,636",
        "5,905,946.40",
        "合同基准利率",
    ],
)
def test_the_tables_show_the_headline_figures(shown: Shown, figure: str) -> None:
    assert shown.text.code == 0
    assert figure in shown.text.out


def test_the_tables_show_no_figure_that_the_document_has_not(shown: Shown) -> None:
    """Whatever has a decimal point in the tables stands in the document, without the separators."""
    decimals = {
        word.strip(";:,()").replace(",", "")
        for word in shown.text.out.split()
        if "." in word and word.strip(";:,()").replace(",", "").replace(".", "", 1).lstrip("-").isdigit()
    }
    known = shown.first.out

    assert len(decimals) > 50
    assert {figure for figure in decimals if f'"{figure}"' not in known} <= {"04.01"}


def test_the_assessors_private_key_is_nowhere(shown: Shown) -> None:
    spellings = [
        shown.private_key.hex(),
        base64.b64encode(shown.private_key).decode().rstrip("="),
        base64.urlsafe_b64encode(shown.private_key).decode().rstrip("="),
        repr(shown.private_key)[2:-1],
    ]
    with opened(shown.url) as database:
        kept = everything_in(database)

    assert len(kept) > 100_000
    for spelling in spellings:
        assert spelling not in kept
        assert spelling not in shown.first.out + shown.text.out
    assert "PRIVATE KEY" not in kept


def everything_in(database: Database) -> str:
    """Return every cell of every table as text; bytes as hexadecimal digits and, in case they are text, as that too."""
    said: list[str] = []
    with database.reader() as session:
        tables = MetaData()
        tables.reflect(bind=session.connection())
        for table in tables.tables.values():
            for row in session.connection().exec_driver_sql(f'SELECT * FROM "{table.name}"'):
                for cell in row:
                    if isinstance(cell, bytes | memoryview):
                        raw = bytes(cell)
                        said += [raw.hex(), raw.decode("utf-8", "replace")]
                    else:
                        said.append(str(cell))
    return "\n".join(said)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_without_chinese_letters_gets_the_same_document(shown: Shown, encoding: str) -> None:
    narrow, plain = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2))

    codes = main(["demo", "--database", shown.url, "--json"], narrow), main(["demo", "--database", shown.url], plain)

    for page in (narrow, plain):
        page.seek(0)
    assert codes == (0, 0)
    assert json.loads(narrow.read()) == json.loads(shown.first.out)
    assert "5,905,946.40 CNY" in plain.read()


def test_no_key_of_any_api_user_is_made(shown: Shown) -> None:
    assert shown.counts["api_key"] == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "smelter"))


def damage(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, "the cell to damage is one cell"
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "before", "after", "place", "expected", "tables"),
    [
        (
            "activity.csv",
            "2025-03,Beihe smelter (invented) 北河铝厂(虚构),42596.40",
            "2025-03,Beihe smelter (invented) 北河铝厂(虚构),42596.4O",
            "activity.csv, row 16, column production_t",
            "'42596.4O'",
            ("activity_month", "raw_file", "entry"),
        ),
        (
            "trades.csv",
            "T-2025-003,purchase,2025-10-31,CEA24,40000",
            "T-2025-003,purchase,2025-10-31,CEA24,４0000",  # noqa: RUF001 - a full-width digit is the damage
            "trades.csv, row 5, column quantity_t",
            "'４0000'",  # noqa: RUF001 - as above
            ("entry", "trade", "book"),
        ),
        (
            "prices.csv",
            "2026-08-19,2026-08-19,97.40,CNY",
            "2026-08-19,2026-08-19,1e400,CNY",
            "prices.csv, row 47, column value",
            "'1e400'",
            ("observation", "market_snapshot"),
        ),
        (
            "instruments.csv",
            "CEA24,CEA,2024",
            "CEA24,CEA,24",
            "instruments.csv, row 3, column vintage_year",
            "'24'",
            ("entry", "trade", "book"),
        ),
        (
            "fixings_ecb.csv",
            "2026-03-31,1.1498,183.39,0.86833,7.9341",
            "2026-03-31,1.1498,183.39,0.86833,NaN",
            "fixings_ecb.csv, row 3, column CNY",
            "'NaN'",
            ("observation", "market_snapshot"),
        ),
    ],
)
def test_a_damaged_cell_is_named_and_nothing_of_its_file_is_written(
    database_url: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    before: str,
    after: str,
    place: str,
    expected: str,
    tables: tuple[str, ...],
) -> None:
    damage(folder / name, before, after)
    monkeypatch.setattr(api.commands.demo, "load_scenario", lambda: load_scenario(folder))

    run = demo(database_url)

    assert (run.code, run.out) == (2, "")
    assert place in run.err
    assert expected in run.err
    assert "expected" in run.err
    assert "[import.rows_unreadable]" in run.err
    assert "Traceback" not in run.err
    counts = row_counts(database_url)
    assert {table: counts[table] for table in tables} == dict.fromkeys(tables, 0)


def test_a_damaged_cell_of_the_workbook_names_its_sheet(
    database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbook = load_workbook(folder / "activity.xlsx")
    sheet = workbook.worksheets[0]
    sheet.cell(row=4, column=4).value = "about 350 GWh"
    workbook.save(folder / "activity.xlsx")
    monkeypatch.setattr(api.commands.demo, "load_scenario", lambda: load_scenario(folder))

    run = demo(database_url)

    assert run.code == 2
    assert f"activity.xlsx, sheet {sheet.title}, row 4, column captive_coal_kwh: 'about 350 GWh'" in run.err
    counts = row_counts(database_url)
    assert (counts["activity_month"], counts["raw_file"]) == (0, 0)


def test_a_mended_file_continues_where_the_damaged_one_stopped(
    database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(folder / "prices.csv", "2026-08-19,2026-08-19,97.40,CNY", "2026-08-19,2026-08-19,-97.40,CNY")
    monkeypatch.setattr(api.commands.demo, "load_scenario", lambda: load_scenario(folder))
    assert demo(database_url).code == 2

    damage(folder / "prices.csv", "2026-08-19,2026-08-19,-97.40,CNY", "2026-08-19,2026-08-19,97.40,CNY")
    mended = demo(database_url, "--json")

    assert mended.code == 0
    assert json.loads(mended.out)["compliance"]["gap_cost"] == {"value": "5905946.40", "unit": "CNY"}


def test_a_changed_trade_is_a_conflict_and_not_a_second_entry(
    database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert demo(database_url).code == 0
    before = row_counts(database_url)
    damage(
        folder / "trades.csv",
        "T-2025-003,purchase,2025-10-31,CEA24,40000",
        "T-2025-003,purchase,2025-10-31,CEA24,40001",
    )
    monkeypatch.setattr(api.commands.demo, "load_scenario", lambda: load_scenario(folder))

    run = demo(database_url)

    assert run.code == 2
    assert "T-2025-003" in run.err
    assert "[trade.ref_reused]" in run.err
    assert row_counts(database_url) == before


def test_outside_a_checkout_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as missing:
        load_scenario(tmp_path)

    assert missing.value.code == "example.missing"


class CutOffError(DomainError):
    """The power went off."""


STEPS = (
    "_organisations",
    "_activity",
    "_book",
    "_prices_proposed",
    "_prices_approved",
    "_snapshot",
    "_facility",
    "_attested_period",
    "_decision",
    "_loan_entries",
)


def test_a_run_cut_off_after_any_step_is_finished_by_the_next_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is one transaction; a new run makes a new assessor's key and goes on with what is not there yet."""
    scenario, edge = load_scenario(), edge_of(database)
    for position in range(1, 11):
        with monkeypatch.context() as patch:
            turns = count(1)
            for name in STEPS:
                patch.setattr(api.example.loading, name, cutting(name, turns, position))
            with pytest.raises(CutOffError):
                api.example.loading.load_example(edge, scenario)

    api.example.loading.load_example(edge, scenario)

    document = read_document(database, scenario)
    assert [each["state"] for each in document["attestation"]] == ["accepted", "accepted"]
    assert document["interest"]["saving"] == {"value": "406111.12", "unit": "CNY"}
    assert document["positions"]["record_point"]["seq"] == "24"


def cutting(name: str, turns: Iterator[int], position: int) -> Any:
    """Return the step that does its work until it is its turn to be cut off."""
    step = getattr(api.example.loading, name)

    def cut(*arguments: Any, **named: Any) -> None:
        step(*arguments, **named)
        if next(turns) == position:
            raise CutOffError("example.cut", "cut off before the commit")

    return cut


def test_with_sign_in_everybody_enters_by_what_is_printed_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path_factory.mktemp("keys") / "totp.key"
    monkeypatch.setenv("TONNE_TOTP_KEY_FILE", str(key_file))
    clock = Clock(datetime(2100, 1, 1, tzinfo=UTC))

    def app_of(database: Database) -> FastAPI:
        return create_app(database, clock=clock, totp_seal=TotpSeal(TotpKeyFile(key_file).read))

    with migrated("sqlite", request, tmp_path_factory) as url:
        first, second = demo(url, "--sign-in"), demo(url, "--sign-in")
        people = re.findall(r"^(\S+@\S+) \(([a-z, ]+)\): password (\S+), TOTP ([A-Z2-7]+)$", first.out, re.MULTILINE)
        with opened(url) as database, Client(app_of(database)) as api:
            entered = [
                api.post(
                    "/v1/sign-in",
                    json.dumps({"email": email, "password": password, "totp": pyotp.TOTP(secret).at(clock())}),
                ).status_code
                for email, _, password, secret in people
            ]

    assert (first.code, second.code) == (0, 0)
    assert len(people) >= 5
    assert entered == [200] * len(people)
    assert "password" not in second.out
    assert key_file.stat().st_mode & 0o777 == 0o600
