from __future__ import annotations

import io
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.cli import main
from api.imports.templates import Template, form_of
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.import_calls import csv_of
from tests.api.ledger_calls import SQLITE, Treasury, done, treasury

pytestmark = SQLITE
ROW = {"trade_ref": "T-1", "kind": "期初", "traded_on": "2025-01-02", "instrument": "CEA24", "quantity_t": "100"}


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Treasury:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        done(opened.open_book())
        done(
            opened.post(
                "/instruments", {"code": "CEA24", "kind": "CEA", "vintage_year": 2024, "opened_on": "2025-01-01"}
            )
        )
    return opened


def run(house: Treasury, database: Database, file: Path, *more: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    url = database.engine.url.render_as_string(hide_password=False)
    wanted = ["import", str(file), "--template", "trades", "--book", house.book, "--actor", str(house.owner.user_id)]
    code = main([*wanted, "--database", url, *more], out, err)
    return code, out.getvalue(), err.getvalue()


def test_the_command_shows_the_preview_asks_and_imports(
    house: Treasury, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "trades.csv"
    file.write_bytes(csv_of(form_of(Template.TRADES), ROW))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = run(house, database, file)
    agreed = run(house, database, file, "--yes")

    assert refused[0] == 0
    assert refused[1].endswith("import this? [y/N] nothing was imported\n")
    assert "entries: 1" in refused[1]
    assert agreed[0] == 0, agreed[2]
    assert agreed[1].endswith("imported: last_seq 1\n")


def test_the_command_names_wrong_rows_and_imports_nothing(house: Treasury, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "trades.csv"
    file.write_bytes(csv_of(form_of(Template.TRADES), {**ROW, "kind": "gift"}))

    code, out, _ = run(house, database, file, "--yes")

    assert code == 2
    assert "row 2, column B: expected one of opening" in out
