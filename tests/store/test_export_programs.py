"""Beancount and hledger read our exports, accept them, and come to our figures. Both are other people's programs, run as such."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ledger import exports
from ledger.core.amounts import format_units
from ledger.core.journal import JournalDraft
from ledger.exports import TextFormat
from ledger.store import reports
from ledger.store.database import Database
from tests.store.books import ExampleBook, open_example
from tests.store.strict_journal import read_strictly
from tests.store.wide_books import open_wide
from tests.strategies import CASH, FIRST_DAY, GAIN, LOSS, POOL, draft, entry_id, histories, purchase, sale, transfer
from tests.wide_histories import founding, wide_histories

LAST = date(2025, 12, 31)
HLEDGER = shutil.which("hledger")

_BEANCOUNT_SAYS = """
import json, sys
from beancount import loader
from beancount.core import data, realization
entries, errors, options = loader.load_file(sys.argv[1])
root = realization.realize([e for e in entries if isinstance(e, data.Transaction)])
held, lots, relieved = {}, {}, {}
for real in realization.iter_children(root):
    for position in real.balance:
        units, cost = position.units, position.cost
        key = real.account + " " + units.currency
        held[key] = str(sum(map(__import__("decimal").Decimal, [held.get(key, "0"), str(units.number)])))
        if cost is not None:
            lots.setdefault(real.account, {})[cost.label] = [str(units.number), str(units.number * cost.number)]
for entry in entries:
    if isinstance(entry, data.Transaction):
        out = [p.units.number * p.cost.number for p in entry.postings if p.cost is not None and p.units.number < 0]
        if out:
            relieved[entry.meta["seq"].to_eng_string()] = str(-sum(out))
print(json.dumps({"errors": [e.message for e in errors], "held": held, "lots": lots, "relieved": relieved}))
"""


def written(book: ExampleBook, folder: Path, form: TextFormat, *, as_of: date = LAST, known: int | None = None) -> Path:
    path = folder / f"book.{form}"
    with book.database.reader() as session, path.open("w", encoding="utf-8") as file:
        exported = exports.open_export(session, book.book_id, as_of=as_of, known=known)
        file.writelines(exports.text_pieces(session, book.book_id, exported, form))
    return path


def beancount_says(path: Path) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-c", _BEANCOUNT_SAYS, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - a program of ours
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def ours(book: ExampleBook) -> dict[str, Decimal]:
    with book.database.reader() as session:
        held = reports.positions(session, book.book_id, as_of=LAST)
    return {
        f"{one.path} {one.commodity}": Decimal(format_units(one.balance * one.type.normal_side, one.scale))
        for one in held
        if one.balance
    }


def filled(database: Database) -> ExampleBook:
    book = open_example(database)
    book.accept(
        transfer(1, GAIN, CASH, 900_000),
        purchase(2, 3, 1000, day=date(2025, 2, 3)),
        purchase(3, 10, 2000, day=date(2025, 2, 3)),
        sale(4, 5, 2500, day=date(2025, 3, 4)),
        purchase(5, 8, 800, into=POOL, day=date(2025, 3, 5)),
        purchase(6, 8, 1200, into=POOL, day=date(2025, 3, 31)),
        sale(7, 5, 100, out_of=POOL, day=date(2025, 4, 1)),
        draft(8, reverses=4, day=date(2025, 4, 2)),
        sale(9, 2, 50, day=date(2025, 4, 2), picks=((2 * 1024 + 1, 2),)),
        transfer(10, LOSS, CASH, 7, day=date(2025, 4, 3)),
    )
    return book


def test_beancount_accepts_the_book_and_holds_what_we_hold(database: Database, tmp_path: Path) -> None:
    book = filled(database)

    said = beancount_says(written(book, tmp_path, TextFormat.BEANCOUNT))

    assert said["errors"] == []
    memorandum = said["held"].pop("Equity:Lot-Cost CNY", "0")
    assert {key: Decimal(value) for key, value in said["held"].items() if Decimal(value)} == ours(book)
    assert abs(Decimal(memorandum)) > 0


def test_bean_check_accepts_the_file(database: Database, tmp_path: Path) -> None:
    path = written(filled(database), tmp_path, TextFormat.BEANCOUNT)

    command = [sys.executable, "-W", "ignore", "-m", "beancount.scripts.check", "--no-cache", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a program of ours

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_beancount_relieves_the_cost_that_our_gains_are_made_with(database: Database, tmp_path: Path) -> None:
    book = open_example(database)
    book.accept(
        transfer(1, GAIN, CASH, 900_000),
        purchase(2, 4, 1000),
        purchase(3, 10, 2000, day=FIRST_DAY + timedelta(days=1)),
        sale(4, 3, 2500, day=FIRST_DAY + timedelta(days=2)),
        sale(5, 2, 100, day=FIRST_DAY + timedelta(days=3)),
    )

    said = beancount_says(written(book, tmp_path, TextFormat.BEANCOUNT))

    # 3 of 4 t that cost 10.00 are 7.50; then the last of them and 1 of 10 t that cost 20.00 are 2.50 + 2.00.
    assert said["relieved"] == {"4": "7.50", "5": "4.50"}
    assert ours(book)[f"{GAIN} CNY"] == -Decimal("9000.00") - (Decimal("25.00") - Decimal("7.50"))
    assert ours(book)[f"{LOSS} CNY"] == Decimal("3.50")


def test_a_cost_that_does_not_divide_differs_by_less_than_a_fen_and_not_at_all_when_the_lot_is_empty(
    database: Database, tmp_path: Path
) -> None:
    book = open_example(database)
    book.accept(transfer(1, GAIN, CASH, 900_000), purchase(2, 3, 1000))
    book.accept(*(sale(number, 1, 500, day=FIRST_DAY + timedelta(days=number)) for number in (3, 4, 5)))

    said = beancount_says(written(book, tmp_path, TextFormat.BEANCOUNT))

    costs = [Decimal(said["relieved"][str(seq)]) for seq in (3, 4, 5)]
    for theirs, exact in zip(costs, ("3.33", "3.33", "3.34"), strict=True):
        assert abs(theirs - Decimal(exact)) < Decimal("0.01")
    assert abs(sum(costs) - Decimal("10.00")) < Decimal("0.000001")
    assert said["lots"] == {}


def test_beancount_notices_a_changed_figure(database: Database, tmp_path: Path) -> None:
    path = written(filled(database), tmp_path, TextFormat.BEANCOUNT)
    text = path.read_text(encoding="utf-8")

    path.write_text(text.replace("9000.00 CNY", "9000.01 CNY", 1), encoding="utf-8")

    assert beancount_says(path)["errors"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=int(os.environ.get("TONNE_TEST_EXPORTS", "12")), suppress_health_check=list(HealthCheck))
@given(history=histories(max_size=40))
def test_any_history_passes_both_programs(
    history: tuple[JournalDraft, ...], database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    book = _fresh(database, history)
    folder = tmp_path_factory.mktemp("history")

    said = beancount_says(written(book, folder, TextFormat.BEANCOUNT))

    assert said["errors"] == []
    said["held"].pop("Equity:Lot-Cost CNY", None)
    assert {key: Decimal(value) for key, value in said["held"].items() if Decimal(value)} == ours(book)
    _check_with_hledger(book, folder)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=int(os.environ.get("TONNE_TEST_EXPORTS", "6")), suppress_health_check=list(HealthCheck))
@given(history=wide_histories(max_size=30))
def test_holds_carried_lots_and_every_method_pass_both_programs(
    history: tuple[JournalDraft, ...], database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    number = next(_books)
    book = open_wide(database, entry_id(number + 10_000), f"b{number}")
    book.post(*founding(), *history)
    folder = tmp_path_factory.mktemp("history")

    said = beancount_says(written(book, folder, TextFormat.BEANCOUNT))

    assert said["errors"] == []
    said["held"].pop("Equity:Lot-Cost CNY", None)
    assert {key: Decimal(value) for key, value in said["held"].items() if Decimal(value)} == ours(book)
    _check_with_hledger(book, folder)


def test_hledger_accepts_the_book_strictly_and_holds_what_we_hold(database: Database, tmp_path: Path) -> None:
    book = filled(database)

    _check_with_hledger(book, tmp_path)


def _check_with_hledger(book: ExampleBook, folder: Path) -> None:
    path = written(book, folder, TextFormat.HLEDGER)
    assert read_strictly(path.read_text(encoding="utf-8")) == ours(book)
    if HLEDGER is not None:
        done = subprocess.run(  # noqa: S603 - found on the path
            [HLEDGER, "check", "--strict", "-f", str(path)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


_books = iter(range(1, 1_000_000))


def _fresh(database: Database, history: tuple[JournalDraft, ...]) -> ExampleBook:
    number = next(_books)
    book = open_example(database, book_uuid=entry_id(number + 10_000), code=f"b{number}")
    book.post(*history)
    return book
