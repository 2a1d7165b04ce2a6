from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ledger import backup, checking, exports, persons, proofs
from ledger.core.errors import Conflict, DomainError, Invalid
from ledger.core.holds import HoldKind, HoldPlacement, HoldRelease
from ledger.core.journal import EntryKind, JournalDraft
from ledger.exports import Report, TextFormat
from ledger.store import backup_rows, books, reports
from ledger.store.database import Base, Database, open_database
from tests.store.books import LEDGER_TABLES, ExampleBook, open_example, rows
from tests.store.test_checkpoints import signer_of
from tests.store.wide_books import open_wide
from tests.strategies import (
    ACTOR,
    BOOK_UUID,
    CASH,
    FIFO,
    GAIN,
    NOW,
    TENANT,
    draft,
    entry_id,
    histories,
    purchase,
    sale,
    transfer,
)
from tests.wide_histories import founding, wide_histories

_numbers = count(1)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def archived(book: ExampleBook, book_uuid: Any = BOOK_UUID) -> bytes:
    target = io.BytesIO()
    with book.database.reader() as session:
        backup.write_backup(session, book_uuid, target, now=NOW)
    return target.getvalue()


def restored(database: Database, archive: bytes) -> backup.RestoredBook:
    with database.writer() as session:
        found = backup.restore_backup(session, io.BytesIO(archive))
        session.commit()
    return found


def refusal(database: Database, archive: bytes) -> DomainError:
    before = {table: rows(database, table) for table in LEDGER_TABLES}
    with pytest.raises((Invalid, Conflict)) as refused, database.writer() as session:
        backup.restore_backup(session, io.BytesIO(archive))
    assert {table: rows(database, table) for table in LEDGER_TABLES} == before
    return refused.value


def code_of(database: Database, archive: bytes) -> str:
    try:
        restored(database, archive)
    except DomainError as refused:
        return refused.code
    return ""


def contents(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(files: dict[str, bytes], *, is_signed: bool = True) -> bytes:
    """Pack files again; signed as whoever forges an archive would: with digests and counts that fit."""
    if is_signed:
        manifest = json.loads(files["manifest.json"])
        for table in manifest["tables"]:
            raw = files[f"{table['name']}.jsonl"]
            table["sha256"], table["rows"] = hashlib.sha256(raw).hexdigest(), raw.count(b"\n")
        files = {**files, "manifest.json": json.dumps(manifest).encode()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return target.getvalue()


def filled(database: Database) -> ExampleBook:
    book = open_example(database)
    book.accept(
        transfer(1, GAIN, CASH, 9_000),
        purchase(2, 3, 1000),
        sale(3, 2, 900),
        transfer(4, GAIN, CASH, 1),
        draft(5, reverses=4),
        draft(6, *transfer(7, GAIN, CASH, 5).postings, doc_ref='发票 № 7 "x" \\ \' ,'),
        hold(8, HoldPlacement(account=CASH, kind=HoldKind.HOLD, amount=40, expires_at=NOW + timedelta(days=9))),
        hold(
            9,
            HoldPlacement(
                account=FIFO, kind=HoldKind.PLEDGE, amount=1, beneficiary_id=TENANT, rank=1, agreement_ref="P-1"
            ),
        ),
        hold(10, HoldRelease(hold_id=entry_id(8), amount=15)),
    )
    book.post(sale(11, 50, 1))  # refused, and recorded so
    book.close(date(2025, 1, 1))
    return book


def hold(number: int, action: HoldPlacement | HoldRelease) -> JournalDraft:
    kind = EntryKind.HOLD if isinstance(action, HoldPlacement) else EntryKind.RELEASE
    return JournalDraft(entry_id=entry_id(number), kind=kind, effective_on=date(2025, 1, 2), actor=ACTOR, hold=action)


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows(database, table) for table in LEDGER_TABLES}


def test_a_book_goes_to_the_other_engine_and_back_row_for_row(pair: tuple[Database, Database]) -> None:
    on_sqlite, on_postgresql = pair
    book = filled(on_sqlite)
    archive = archived(book)

    there = restored(on_postgresql, archive)

    assert everything(on_postgresql) == everything(on_sqlite)
    back = archived(ExampleBook(on_postgresql, 1, book.random_bytes))
    assert contents(back) == contents(archive)
    with on_sqlite.reader() as session:
        assert there.tree_root == reports.record_point(session, book.book_id).root
    assert there.entries == len(rows(on_sqlite, "entry"))


def test_reports_and_exports_of_a_restored_book_are_the_same(
    database: Database, pair: tuple[Database, Database]
) -> None:
    uuid = entry_id(901 + database.is_sqlite)
    book = open_example(database, book_uuid=uuid, code=f"reports-{database.is_sqlite:d}")
    book.accept(transfer(1, GAIN, CASH, 9_000), purchase(2, 3, 1000), sale(3, 2, 900))
    target = pair[0]

    restored(target, archived(book, uuid))

    with database.reader() as ours, target.reader() as theirs:
        there = books.find(theirs, uuid)
        assert there is not None
        for form in TextFormat:
            texts = [
                "".join(
                    exports.text_pieces(
                        session, number, exports.open_export(session, number, as_of=date(2025, 12, 31)), form
                    )
                )
                for session, number in ((ours, book.book_id), (theirs, there.book_id))
            ]
            assert texts[0] == texts[1]
        for report in Report:
            tables = [
                exports.report_table(
                    session, number, exports.open_export(session, number, as_of=date(2025, 12, 31)), report
                )
                for session, number in ((ours, book.book_id), (theirs, there.book_id))
            ]
            assert (tables[0].head, list(tables[0].rows)) == (tables[1].head, list(tables[1].rows))


def test_a_restored_book_goes_on(database: Database, pair: tuple[Database, Database]) -> None:
    uuid = entry_id(911 + database.is_sqlite)
    book = open_example(database, book_uuid=uuid, code=f"onward-{database.is_sqlite:d}")
    book.accept(transfer(1, GAIN, CASH, 9_000), purchase(2, 3, 1000))
    target = pair[1]
    restored(target, archived(book, uuid))
    with target.reader() as session:
        there = books.find(session, uuid)
    assert there is not None
    onward = ExampleBook(target, there.book_id, book.random_bytes)

    receipts = onward.accept(sale(3, 2, 900))
    again = onward.post(purchase(2, 3, 1000))

    assert receipts[0].seq == 3
    assert [outcome.is_replay for outcome in again] == [True]


def test_checkpoints_and_personal_data_come_along_and_the_restored_book_is_sound(
    database: Database, pair: tuple[Database, Database]
) -> None:
    uuid = entry_id(941 + database.is_sqlite)
    book = open_example(database, book_uuid=uuid, code=f"signed-{database.is_sqlite:d}")
    book.accept(transfer(1, GAIN, CASH, 9_000), purchase(2, 3, 1000))
    with book.writing() as session:
        proofs.publish_checkpoint(session, book.book_id, signer_of(1), now=NOW)
        persons.attach(
            session,
            book.book_id,
            ref=entry_id(7),
            content={"name": "王小明"},
            recorded_by=ACTOR.user_id,
            now=NOW,
            random_bytes=book.random_bytes,
        )
    book.accept(sale(3, 2, 900))
    book.close(date(2025, 1, 1))
    with book.writing() as session:
        signed = proofs.publish_checkpoint(session, book.book_id, signer_of(1), now=NOW)

    restored(pair[0], archived(book, uuid))

    with pair[0].reader() as session:
        there = books.find(session, uuid)
        assert there is not None
        assert checking.check_book(session, there.book_id).is_sound
        assert proofs.newest_checkpoint(session, there.book_id).note == signed.note
        assert persons.read(session, there.book_id, entry_id(7)).content == {"name": "王小明"}


def test_the_same_book_twice_is_refused(database: Database) -> None:
    book = filled(database)

    assert refusal(database, archived(book)).code == "backup.book_exists"


@pytest.fixture(scope="module")
def sound(pair: tuple[Database, Database]) -> bytes:
    """An archive of a book of its own, not in the databases that it is then offered to."""
    book = open_example(pair[0], book_uuid=entry_id(921), code="sound")
    book.accept(
        transfer(1, GAIN, CASH, 9_000),
        purchase(2, 3, 1000),
        sale(3, 2, 900),
        transfer(4, GAIN, CASH, 1),
        draft(5, reverses=4),
    )
    return archived(book, entry_id(921))


def line_changed(name: str, number: int, **members: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        lines = files[f"{name}.jsonl"].splitlines(keepends=True)
        lines[number] = json.dumps({**json.loads(lines[number]), **members}).encode() + b"\n"
        return {**files, f"{name}.jsonl": b"".join(lines)}

    return change


def line_replaced(name: str, number: int, raw: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        lines = files[f"{name}.jsonl"].splitlines(keepends=True)
        lines[number : number + 1] = [raw] if raw else []
        return {**files, f"{name}.jsonl": b"".join(lines)}

    return change


FORGERIES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "an amount": (line_changed("posting", 0, amount=9_001), "backup.unsound"),
    "both amounts": (
        lambda files: line_changed("posting", 1, amount=-9_001)(line_changed("posting", 0, amount=9_001)(files)),
        "backup.unsound",
    ),
    "a day": (line_changed("entry", 1, effective_on="2025-01-09"), "backup.unsound"),
    "an actor": (line_changed("entry", 1, actor_id=str(entry_id(77))), "backup.unsound"),
    "a salt": (line_changed("leaf", 2, salt="00" * 16), "backup.unsound"),
    "a leaf's hash": (line_changed("leaf", 2, leaf_hash="11" * 32), "backup.unsound"),
    "a leaf's text": (line_changed("leaf", 2, canonical="{}"), "backup.unsound"),
    "a lot's cost": (line_changed("lot", 0, cost=999), "backup.unsound"),
    "a lot move": (line_changed("lot_move", 1, cost=-1), "backup.unsound"),
    "a lost posting": (line_replaced("posting", 1, b""), "backup.unsound"),
    "a lost entry": (line_replaced("entry", 1, b""), "backup.unsound"),
    "a lost last entry": (line_replaced("entry", 4, b""), "backup.unsound"),
    "a lost leaf": (line_replaced("leaf", 3, b""), "backup.unsound"),
    "a stray leg": (line_changed("posting", -1, seq=6), "backup.unsound"),
    "rows twice": (
        lambda files: {**files, "posting.jsonl": files["posting.jsonl"] + files["posting.jsonl"]},
        "backup.row",
    ),
    "no such account": (line_changed("posting", 0, account_id=999), "backup.unsound"),
    "an account's path": (line_changed("account", 0, path="Assets:Other"), "backup.unsound"),
    "a book's code": (line_changed("book", 0, next_seq=7), "backup.unsound"),
    "a tree's size": (line_changed("book", 0, tree_size=4), "backup.manifest"),
    "a tree's peaks": (line_changed("book", 0, tree_peaks="22" * 64), "backup.unsound"),
    "a huge number": (line_replaced("posting", 0, b'{"amount":1' + b"0" * 5000 + b"}\n"), "backup.row"),
    "beyond 64 bits": (line_changed("posting", 0, amount=2**63), "backup.row"),
    "a fraction": (line_changed("posting", 0, amount=1.5), "backup.row"),
    "a truth for a number": (line_changed("posting", 0, amount=True), "backup.row"),
    "a key twice": (
        lambda files: {**files, "book.jsonl": b'{"code":"x",' + files["book.jsonl"][1:]},
        "backup.row",
    ),
    "an unknown member": (line_changed("entry", 0, more=1), "backup.row"),
    "not JSON": (line_replaced("entry", 0, b"hello\n"), "backup.row"),
    "deep JSON": (line_replaced("entry", 0, b"[" * 100_000 + b"]" * 100_000 + b"\n"), "backup.row"),
    "a list": (line_replaced("entry", 0, b"[]\n"), "backup.row"),
    "not UTF-8": (line_replaced("entry", 0, b'{"a":"\xff"}\n'), "backup.row"),
    "a NUL": (line_changed("account", 0, path="Assets:\x00"), "backup.row"),
    "half a surrogate": (line_changed("account", 0, path="Assets:\ud800"), "backup.row"),
    "no line end": (lambda files: {**files, "leaf.jsonl": files["leaf.jsonl"][:-1]}, "backup.row"),
    "an endless line": (line_replaced("leaf", 0, b'{"a":"' + b"x" * 5_000_000 + b'"}\n'), "backup.row"),
    "a null": (line_changed("entry", 0, kind=None), "backup.row"),
    "no book": (lambda files: {**files, "book.jsonl": b""}, "backup.row"),
    "a limit that is broken": (line_changed("balance", 0, floor=10**9), "backup.refused"),
    "another schema": (
        lambda files: {
            **files,
            "manifest.json": json.dumps({**json.loads(files["manifest.json"]), "schema": "0001_ledger"}).encode(),
        },
        "backup.schema",
    ),
    "a manifest of something else": (lambda files: {**files, "manifest.json": b'{"tables":[]}'}, "backup.manifest"),
    "another root": (
        lambda files: {
            **files,
            "manifest.json": json.dumps({**json.loads(files["manifest.json"]), "tree_root": "ab" * 32}).encode(),
        },
        "backup.unsound",
    ),
    "a file too many": (lambda files: {**files, "../../etc/passwd": b"x"}, "backup.archive"),
    "a file too few": (
        lambda files: {name: raw for name, raw in files.items() if name != "lot.jsonl"} | {"lot.json": b""},
        "backup.archive",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_archive_is_refused_whole(name: str, sound: bytes, database: Database) -> None:
    forge, code = FORGERIES[name]
    files = forge(contents(sound))

    is_listed = isinstance(json.loads(files["manifest.json"]).get("format"), str) and "lot.jsonl" in files
    refused = refusal(database, packed(files, is_signed=is_listed))

    assert refused.code == code, refused.message


@SQLITE
def test_a_changed_byte_is_refused_by_its_digest(sound: bytes, database: Database) -> None:
    files = contents(sound)
    files["account.jsonl"] = files["account.jsonl"].replace(b"Trading", b"Tradinh", 1)

    assert refusal(database, packed(files, is_signed=False)).code == "backup.digest"


@SQLITE
@pytest.mark.parametrize("part", [0, 10, 30, 50, 70, 90, 99])
def test_a_cut_archive_is_refused(sound: bytes, database: Database, part: int) -> None:
    assert refusal(database, sound[: len(sound) * part // 100]).code == "backup.archive"


@SQLITE
def test_a_bomb_is_refused_before_it_is_unpacked(sound: bytes, database: Database) -> None:
    files = {**contents(sound), "leaf.jsonl": b"0" * (80 * 1024 * 1024)}

    assert refusal(database, packed(files)).code == "backup.archive"


@SQLITE
def test_a_name_twice_is_refused(sound: bytes, database: Database) -> None:
    target = io.BytesIO(packed(contents(sound)))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(target, "a") as archive:
        archive.writestr("leaf.jsonl", b"")

    assert refusal(database, target.getvalue()).code == "backup.archive"


@SQLITE
@pytest.mark.parametrize("place", range(0, 4000, 157))
def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing(sound: bytes, database: Database, place: int) -> None:
    changed = bytearray(sound)
    changed[place % len(changed)] ^= 0x10

    code = code_of(database, bytes(changed))

    assert code.startswith("backup.") or contents(bytes(changed)) == contents(sound)


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(history=histories(max_size=25))
def test_any_history_comes_back_row_for_row(
    history: tuple[JournalDraft, ...], sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here, there = (_copy(sqlite_template, tmp_path_factory) for _ in range(2))
    book = open_example(here)
    book.post(*history)

    restored(there, archived(book))

    assert everything(there) == everything(here)
    here.engine.dispose()
    there.engine.dispose()


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(history=wide_histories(max_size=25))
def test_holds_serials_and_carried_lots_come_back_on_both_engines(
    history: tuple[JournalDraft, ...],
    pair: tuple[Database, Database],
    sqlite_template: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    uuid = entry_id(50_000 + next(_numbers))
    here = _copy(sqlite_template, tmp_path_factory)
    book = open_wide(here, uuid, f"w{uuid.int % 1_000_000}")
    book.post(*founding(), *history)
    archive = archived(book, uuid)

    for target in pair:
        restored(target, archive)

        with target.reader() as session:
            there = books.find(session, uuid)
        assert there is not None
        for table in LEDGER_TABLES:
            kept = [row[1:] for row in rows(target, table, there.book_id)]
            assert sorted(kept, key=repr) == sorted((row[1:] for row in rows(here, table)), key=repr)
    here.engine.dispose()


def _copy(template: Any, factory: pytest.TempPathFactory) -> Database:
    path = factory.mktemp("copy") / "tonne.db"
    path.write_bytes(template.read_bytes())
    return open_database(f"sqlite:///{path}")


def test_every_table_of_the_ledger_with_a_book_is_backed_up_or_a_projection() -> None:
    ours = {
        table.name
        for table in Base.metadata.tables.values()
        if "book_id" in table.c and table.name in {*LEDGER_TABLES, "person_note"}
    }

    assert ours <= {*backup_rows.table_names(), "balance_day", "lot_position", "hold_position", "serial_block"}
