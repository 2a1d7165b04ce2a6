"""An insider with SQL and the guards out of the way: every change is found, with the first place that is wrong.

Each class of change is tried at fifty places of one book on each engine (at five in the short form), inside a transaction that
is rolled back. What is
consistent from end to end no look from inside can find; there the root that somebody keeps outside finds it.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from ledger import checking, operations, proofs
from ledger.checking import BookCheck
from ledger.core import log
from ledger.core.checkpoint import Signer
from ledger.core.journal import JournalDraft, Posting
from ledger.core.replay import KnownRoot
from ledger.core.serials import SerialBlock
from ledger.store.database import Database, open_database
from ledger.store.reading import run
from tests.conftest import ENGINES, migrated
from tests.store.books import ExampleBook, counted_bytes, open_example
from tests.strategies import (
    CASH,
    COST_LEGS,
    FIFO,
    GAIN,
    NOW,
    POOL,
    REGISTRY,
    capture,
    draft,
    hold,
    purchase,
    release,
    sale,
    transfer,
)
from tests.torture.scale import scaled

PLACES = scaled(short=5, full=50)
_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
SIGNER = Signer(public_key=_KEY.public_key().public_bytes_raw(), sign=_KEY.sign)
TABLES = ("hold_move", "hold", "serial_move", "lot_move", "lot", "leaf", "posting", "entry")


@dataclass(frozen=True, slots=True)
class Insider:
    """Somebody in one transaction of the database, with dice."""

    session: Session
    book_id: int
    rng: random.Random
    size: int

    def do(self, statement: str, *values: object) -> None:
        run(self.session, statement, *values)

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = run(self.session, statement, *values).fetchall()
        return found

    def any_of(self, statement: str) -> tuple[Any, ...]:
        """Return one row at random of what ``statement`` gives; its one value is the book."""
        return self.rng.choice(self.ask(statement, self.book_id))

    def any_seq(self) -> int:
        return self.rng.randint(1, self.size)

    def leaf(self, seq: int) -> tuple[bytes, str, bytes]:
        ((salt, text, digest),) = self.ask(
            "SELECT salt, canonical, leaf_hash FROM leaf WHERE book_id = ? AND seq = ?", self.book_id, seq
        )
        return bytes(salt), text, bytes(digest)

    def set_leaf(self, seq: int, salt: bytes, text: str, digest: bytes) -> None:
        self.do(
            "UPDATE leaf SET salt = ?, canonical = ?, leaf_hash = ? WHERE book_id = ? AND seq = ?",
            *(salt, text, digest, self.book_id, seq),
        )

    def delete(self, seq: int, *, and_after: bool = False) -> None:
        sign = ">=" if and_after else "="
        for table in TABLES:
            place = {"lot": "acquired_seq", "hold": "placed_seq"}.get(table, "seq")
            self.do(f"DELETE FROM {table} WHERE book_id = ? AND {place} {sign} ?", self.book_id, seq)

    def roll_back_to(self, size: int) -> None:
        """Take everything after ``size`` away and make the book's row fit."""
        hashes = [
            bytes(row[0]) for row in self.ask("SELECT leaf_hash FROM leaf WHERE book_id = ? ORDER BY seq", self.book_id)
        ]
        peaks, _ = log.append_leaves(b"", 0, hashes[:size])
        ((at,),) = self.ask("SELECT recorded_at FROM entry WHERE book_id = ? AND seq = ?", self.book_id, size)
        self.delete(size + 1, and_after=True)
        self.do("DELETE FROM checkpoint WHERE book_id = ? AND tree_size > ?", self.book_id, size)
        self.do(
            "UPDATE book SET next_seq = ?, tree_size = ?, tree_peaks = ?, last_recorded_at = ? WHERE book_id = ?",
            *(size + 1, size, peaks, at, self.book_id),
        )

    def rebuild_projections(self) -> None:
        """Make every projection fit the facts, as a careful insider would."""
        for statement in _REBUILD.split(";"):
            text = statement.replace(":book", "?")
            self.do(text, *([self.book_id] * text.count("?")))


_REBUILD = """
DELETE FROM balance_day WHERE book_id = :book;
INSERT INTO balance_day (book_id, account_id, effective_on, delta)
  SELECT book_id, account_id, effective_on, sum(amount) FROM posting WHERE book_id = :book GROUP BY book_id, account_id, effective_on;
UPDATE balance SET
  posted = (SELECT CASE WHEN a.type IN ('asset', 'expense') THEN 1 ELSE -1 END FROM account a
            WHERE a.book_id = :book AND a.account_id = balance.account_id)
         * coalesce((SELECT sum(p.amount) FROM posting p WHERE p.book_id = :book AND p.account_id = balance.account_id), 0),
  held = coalesce((SELECT sum(m.amount) FROM hold_move m JOIN hold h ON h.book_id = m.book_id AND h.hold_id = m.hold_id
                   WHERE m.book_id = :book AND h.account_id = balance.account_id), 0),
  last_seq = (SELECT coalesce(max(seq), 0) FROM (
      SELECT p.seq FROM posting p WHERE p.book_id = :book AND p.account_id = balance.account_id
      UNION ALL SELECT m.seq FROM hold_move m JOIN hold h ON h.book_id = m.book_id AND h.hold_id = m.hold_id
      WHERE m.book_id = :book AND h.account_id = balance.account_id) s)
  WHERE book_id = :book;
DELETE FROM lot_position WHERE book_id = :book;
INSERT INTO lot_position (book_id, lot_id, account_id, qty, cost, held)
  SELECT l.book_id, l.lot_id, l.account_id,
    coalesce((SELECT sum(m.qty) FROM lot_move m WHERE m.book_id = l.book_id AND m.lot_id = l.lot_id), 0),
    coalesce((SELECT sum(m.cost) FROM lot_move m WHERE m.book_id = l.book_id AND m.lot_id = l.lot_id), 0),
    coalesce((SELECT sum(m.amount) FROM hold_move m WHERE m.book_id = l.book_id AND m.lot_id = l.lot_id), 0)
  FROM lot l WHERE l.book_id = :book;
DELETE FROM serial_block WHERE book_id = :book;
INSERT INTO serial_block (book_id, prefix, first, last, lot_id)
  SELECT i.book_id, i.prefix, coalesce(max(o.last) + 1, i.first), i.last, i.lot_id FROM serial_move i
  JOIN lot_move m ON m.book_id = i.book_id AND m.seq = i.seq AND m.line = i.line AND m.lot_id = i.lot_id AND m.qty > 0
  LEFT JOIN serial_move o ON o.book_id = i.book_id AND o.lot_id = i.lot_id AND o.seq > i.seq
  WHERE i.book_id = :book GROUP BY i.book_id, i.prefix, i.first, i.last, i.lot_id HAVING coalesce(max(o.last) + 1, i.first) <= i.last;
DELETE FROM hold_position WHERE book_id = :book;
INSERT INTO hold_position (book_id, hold_id, lot_id, account_id, expires_at, remaining, captured, state, last_seq)
  SELECT s.book_id, s.hold_id, s.lot_id, h.account_id, h.expires_at, s.remaining, s.captured,
    CASE WHEN s.remaining > 0 THEN 'open' WHEN e.kind = 'capture' THEN 'captured' ELSE 'released' END, s.last_seq
  FROM (SELECT m.book_id, m.hold_id, m.lot_id, sum(m.amount) AS remaining, max(m.seq) AS last_seq,
          -sum(CASE WHEN e.kind = 'capture' THEN m.amount ELSE 0 END) AS captured
        FROM hold_move m JOIN entry e ON e.book_id = m.book_id AND e.seq = m.seq
        WHERE m.book_id = :book GROUP BY m.book_id, m.hold_id, m.lot_id) s
  JOIN hold h ON h.book_id = s.book_id AND h.hold_id = s.hold_id
  JOIN entry e ON e.book_id = s.book_id AND e.seq = s.last_seq
"""


def rehashed(salt: bytes, text: str) -> bytes:
    return hashlib.sha256(b"\x00" + salt + text.encode()).digest()


def change_one_amount(insider: Insider) -> str:
    seq, line = insider.any_of("SELECT seq, line FROM posting WHERE book_id = ?")
    insider.do(
        "UPDATE posting SET amount = amount + ? WHERE book_id = ? AND seq = ? AND line = ?",
        *(insider.rng.choice((10**6, -(10**6))), insider.book_id, seq, line),
    )
    return f"seq {seq}"


def change_both_amounts_and_balances(insider: Insider) -> str:
    """Turn an entry's legs round: still balanced, every projection made to fit."""
    (seq,) = insider.any_of("SELECT seq FROM posting WHERE book_id = ?")
    insider.do("UPDATE posting SET amount = -amount WHERE book_id = ? AND seq = ?", insider.book_id, seq)
    insider.rebuild_projections()
    return f"seq {seq}"


def shift_legs_between_accounts(insider: Insider) -> str:
    seq, line, account, commodity = insider.any_of(
        "SELECT seq, line, account_id, commodity_id FROM posting WHERE book_id = ?"
    )
    others = insider.ask(
        "SELECT account_id FROM account WHERE book_id = ? AND commodity_id = ? AND account_id <> ?",
        insider.book_id,
        commodity,
        account,
    )
    insider.do(
        "UPDATE posting SET account_id = ? WHERE book_id = ? AND seq = ? AND line = ?",
        *(insider.rng.choice(others)[0], insider.book_id, seq, line),
    )
    insider.rebuild_projections()
    return f"seq {seq}"


def change_the_business_day(insider: Insider) -> str:
    seq = insider.any_seq()
    day = f"2025-02-{insider.rng.randint(10, 28)}"
    for table in ("entry", "posting"):
        insider.do(f"UPDATE {table} SET effective_on = ? WHERE book_id = ? AND seq = ?", day, insider.book_id, seq)
    insider.rebuild_projections()
    return f"seq {seq}"


def delete_an_entry(insider: Insider) -> str:
    seq = insider.any_seq()
    insider.delete(seq)
    insider.rebuild_projections()
    return f"seq {seq}" if seq < insider.size else f"seq {insider.size}"


def insert_an_entry_without_leaf(insider: Insider) -> str:
    copied, seq = insider.any_of("SELECT seq FROM posting WHERE book_id = ?")[0], insider.size + 1
    names = "request_hash, kind, effective_on, recorded_at, document_on, leg_count, actor_id, acting_for_id, doc_ref, attrs, pii_commitment"
    is_sqlite = insider.session.get_bind().dialect.name == "sqlite"
    new_id = uuid.UUID(int=insider.rng.getrandbits(128))
    insider.do(
        f"INSERT INTO entry (book_id, seq, entry_id, {names}) SELECT book_id, ?, ?, {names} FROM entry WHERE book_id = ? AND seq = ?",
        *(seq, new_id.bytes if is_sqlite else new_id, insider.book_id, copied),
    )
    insider.do(
        "INSERT INTO posting (book_id, seq, line, account_id, commodity_id, amount, effective_on) SELECT book_id, ?, line, account_id,"
        " commodity_id, amount, effective_on FROM posting WHERE book_id = ? AND seq = ?",
        *(seq, insider.book_id, copied),
    )
    insider.do("UPDATE book SET next_seq = ? WHERE book_id = ?", seq + 1, insider.book_id)
    insider.rebuild_projections()
    return f"seq {seq}"


def rewrite_a_leaf(insider: Insider) -> str:
    seq = insider.any_seq()
    salt, text, _ = insider.leaf(seq)
    said = json.loads(text)
    member = insider.rng.choice(("doc_ref", "effective_on", "kind", "actor", "recorded_at"))
    said[member] = f"{said[member]}x"
    changed = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    insider.set_leaf(seq, salt, changed, rehashed(salt, changed))
    return f"seq {seq}"


def change_a_salt(insider: Insider) -> str:
    seq = insider.any_seq()
    salt, text, digest = insider.leaf(seq)
    place = insider.rng.randrange(len(salt))
    insider.set_leaf(seq, salt[:place] + bytes([salt[place] ^ 1]) + salt[place + 1 :], text, digest)
    return f"seq {seq}"


def swap_two_leaves(insider: Insider) -> str:
    first, second = sorted(insider.rng.sample(range(1, insider.size + 1), 2))
    kept, other = insider.leaf(first), insider.leaf(second)
    insider.set_leaf(first, *other)
    insider.set_leaf(second, *kept)
    return f"seq {first}"


def cut_the_tail_and_forget_the_balances(insider: Insider) -> str:
    size = insider.rng.randint(1, insider.size - 1)
    (postings,) = insider.ask("SELECT count(*) FROM posting WHERE book_id = ? AND seq > ?", insider.book_id, size)
    insider.roll_back_to(size)
    return "account" if postings[0] else "hold"


def change_a_balance(insider: Insider) -> str:
    (account,) = insider.any_of("SELECT account_id FROM balance WHERE book_id = ?")
    column = insider.rng.choice(("posted", "held", "last_seq"))
    insider.do(
        f"UPDATE balance SET {column} = {column} + 7 WHERE book_id = ? AND account_id = ?", insider.book_id, account
    )
    return f"account {account}"


def change_a_days_sum(insider: Insider) -> str:
    account, day = insider.any_of("SELECT account_id, CAST(effective_on AS TEXT) FROM balance_day WHERE book_id = ?")
    statement = "UPDATE balance_day SET delta = delta - 1 WHERE book_id = ? AND account_id = ? AND CAST(effective_on AS TEXT) = ?"
    insider.do(statement, insider.book_id, account, day)
    return f"account {account} on {day}"


def move_a_lots_cost(insider: Insider) -> str:
    seq, line, lot = insider.any_of("SELECT seq, line, lot_id FROM lot_move WHERE book_id = ?")
    statement = "UPDATE lot_move SET cost = cost + 5 WHERE book_id = ? AND seq = ? AND line = ? AND lot_id = ?"
    insider.do(statement, insider.book_id, seq, line, lot)
    insider.rebuild_projections()
    return f"seq {seq}"


def change_a_lots_acquisition(insider: Insider) -> str:
    (lot,) = insider.any_of("SELECT lot_id FROM lot WHERE book_id = ?")
    change = insider.rng.choice(("cost = cost + 1", "qty = qty + 1", "acquired_on = '2024-01-01'"))
    insider.do(f"UPDATE lot SET {change} WHERE book_id = ? AND lot_id = ?", insider.book_id, lot)
    return f"seq {lot // 1024}"


def change_a_lots_position(insider: Insider) -> str:
    (lot,) = insider.any_of("SELECT lot_id FROM lot_position WHERE book_id = ?")
    column = insider.rng.choice(("qty", "cost", "held"))
    insider.do(
        f"UPDATE lot_position SET {column} = {column} + 3 WHERE book_id = ? AND lot_id = ?", insider.book_id, lot
    )
    return f"lot {lot}"


def change_what_is_held(insider: Insider) -> str:
    """Change a hold's terms, one of its moves, or what is said to be left of it."""
    table, place, change = insider.rng.choice(
        (
            ("hold", "placed_seq", "amount = amount + 1"),
            ("hold", "placed_seq", "agreement_ref = 'P-2'"),
            ("hold", "placed_seq", "beneficiary_id = NULL, rank = 2"),
            ("hold_move", "seq", "amount = amount + 2"),
            ("hold_position", "last_seq", "remaining = remaining + 1"),
            ("hold_position", "last_seq", "captured = captured + 1"),
        )
    )
    (seq,) = insider.any_of(f"SELECT {place} FROM {table} WHERE book_id = ?")
    insider.do(f"UPDATE {table} SET {change} WHERE book_id = ? AND {place} = ?", insider.book_id, seq)
    return "hold" if table == "hold_position" else f"seq {seq}"


def change_serial_numbers(insider: Insider) -> str:
    """Rename units that moved, or move the block that is said to lie in a lot."""
    table, place = insider.rng.choice((("serial_move", "seq"), ("serial_block", "lot_id")))
    where, prefix, first = insider.any_of(f"SELECT {place}, prefix, first FROM {table} WHERE book_id = ?")
    change = insider.rng.choice(("prefix = 'EUA-'", "last = last + 1", "first = first - 1"))
    statement = f"UPDATE {table} SET {change} WHERE book_id = ? AND {place} = ? AND prefix = ? AND first = ?"
    insider.do(statement, insider.book_id, where, prefix, first)
    return f"seq {where}" if table == "serial_move" else f"lot {where}"


def bend_a_checkpoint(insider: Insider) -> str:
    """Edit a published note, what was noted beside it, or take one out of the row."""
    number, size = insider.any_of(
        "SELECT checkpoint_no, tree_size FROM checkpoint WHERE book_id = ? AND checkpoint_no > 1"
    )
    change = insider.rng.choice(
        (
            f"SET note = replace(note, '{size}', '{size - 1}')",
            "SET note = substr(note, 1, length(note) - 1)",
            "SET tree_size = tree_size - 1",
            "SET tree_peaks = salt.leaf_hash FROM leaf salt WHERE salt.seq = 1 AND",
        )
    )
    statement = f"UPDATE checkpoint {change}{'' if change.endswith('AND') else ' WHERE'} checkpoint_no = ? AND checkpoint.book_id = ?"
    insider.do(statement, number, insider.book_id)
    return f"checkpoint {number}"


def edit_a_refusal(insider: Insider) -> str:
    change = insider.rng.choice(
        (
            "error_code = 'ledger.ceiling_exceeded'",
            "error = replace(error, 'ledger.', 'Ledger.')",
            "error = replace(error, 'Conflict', 'Accepted')",
            "error = replace(error, '{', '{ ')",
            "error = 'gone'",
        )
    )
    insider.do(f"UPDATE request SET {change} WHERE book_id = ?", insider.book_id)
    return "id"


def edit_the_peaks(insider: Insider) -> str:
    ((peaks,),) = insider.ask("SELECT tree_peaks FROM book WHERE book_id = ?", insider.book_id)
    place = insider.rng.randrange(len(peaks))
    changed = bytes(peaks)[:place] + bytes([bytes(peaks)[place] ^ 0x80]) + bytes(peaks)[place + 1 :]
    insider.do("UPDATE book SET tree_peaks = ? WHERE book_id = ?", changed, insider.book_id)
    covered = 0
    for height in reversed(range(insider.size.bit_length())):
        if insider.size >> height & 1:
            if place < 32:
                return f"seq {covered + 1} to {covered + (1 << height)}"
            covered, place = covered + (1 << height), place - 32
    raise AssertionError


def shuffle_the_clock(insider: Insider) -> str:
    first, second = sorted(insider.rng.sample(range(1, insider.size + 1), 2))
    ((mine,),) = insider.ask("SELECT recorded_at FROM entry WHERE book_id = ? AND seq = ?", insider.book_id, first)
    ((its,),) = insider.ask("SELECT recorded_at FROM entry WHERE book_id = ? AND seq = ?", insider.book_id, second)
    for seq, at in ((first, its), (second, mine)):
        insider.do("UPDATE entry SET recorded_at = ? WHERE book_id = ? AND seq = ?", at, insider.book_id, seq)
    return f"seq {first}"


CLASSES: tuple[Callable[[Insider], str], ...] = (
    change_one_amount,
    change_both_amounts_and_balances,
    shift_legs_between_accounts,
    change_the_business_day,
    delete_an_entry,
    insert_an_entry_without_leaf,
    rewrite_a_leaf,
    change_a_salt,
    swap_two_leaves,
    cut_the_tail_and_forget_the_balances,
    change_a_balance,
    change_a_days_sum,
    move_a_lots_cost,
    change_a_lots_acquisition,
    change_a_lots_position,
    change_what_is_held,
    change_serial_numbers,
    bend_a_checkpoint,
    edit_a_refusal,
    edit_the_peaks,
    shuffle_the_clock,
)


def numbered(number: int, first: int, last: int) -> JournalDraft:
    """Return a free allocation of the units of one serial block."""
    units = last - first + 1
    block = SerialBlock("CEA-25-", first, last)
    return draft(
        number, Posting(FIFO, "CEA25", units, lot_cost=0, serials=(block,)), Posting(REGISTRY, "CEA25", -units)
    )


def fill(book: ExampleBook) -> None:
    """Post 48 entries: money, lots under two methods, sales, reversals, holds captured and released, and a refusal."""
    number = iter(range(1, 200))
    for turn in range(6):
        first = next(number)
        book.accept(
            transfer(first, GAIN, CASH, 9_000 + turn),
            numbered(next(number), 1 + 10 * turn, 10 + 10 * turn),
            purchase(next(number), 7, 500, into=POOL),
            sale(next(number), 4, 700),
            sale(next(number), 3, 100, out_of=POOL),
            draft(next(number), reverses=first),
        )
        held = next(number)
        book.accept(hold(held, FIFO, 3), release(next(number), held, 1))
        legs = (Posting(FIFO, "CEA25", -2), Posting(REGISTRY, "CEA25", 2))
        book.accept(capture(next(number), held, 2, *legs, cost_legs=COST_LEGS))
        with book.writing() as session:
            proofs.publish_checkpoint(session, book.book_id, SIGNER, now=NOW + timedelta(minutes=turn))
    book.post(sale(199, 5_000, 1))


@pytest.fixture(scope="module", params=ENGINES)
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleBook]:
    """A filled book whose database has lost its triggers and checks for good."""
    with migrated(request.param, request, tmp_path_factory) as url:
        database = open_database(url)
        book = open_example(database)
        fill(book)
        with database.writer() as session:
            drop_guards(session)
            session.commit()
        yield book
        database.engine.dispose()


def drop_guards(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        for (name,) in run(session, "SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            run(session, f"DROP TRIGGER {name}")
        return
    found = run(
        session,
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype = 'c' AND conrelid <> 0 AND connamespace = 'public'::regnamespace",
    ).fetchall()
    for table, name in found:
        run(session, f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def begin(session: Session, book: ExampleBook, rng: random.Random) -> Insider:
    if session.get_bind().dialect.name == "sqlite":
        for setting in ("defer_foreign_keys", "ignore_check_constraints"):
            run(session, f"PRAGMA {setting} = ON")
    else:
        run(session, "SET LOCAL session_replication_role = replica")
    ((size,),) = run(session, "SELECT tree_size FROM book WHERE book_id = ?", book.book_id).fetchall()
    return Insider(session, book.book_id, rng, size)


def first_seqs(checked: BookCheck) -> list[int]:
    """Return the places that findings name by one seq; a range of the tree only bounds the place."""
    return [int(found.at.removeprefix("seq ")) for found in checked.findings if re.fullmatch(r"seq \d+", found.at)]


def test_the_book_is_sound_before_anybody_touches_it(attacked: ExampleBook) -> None:
    with attacked.database.reader() as session:
        checked = checking.check_book(session, attacked.book_id)

    assert checked.findings == ()
    assert checked.entries == 54


@pytest.mark.parametrize("tamper", CLASSES, ids=lambda tamper: tamper.__name__)
def test_a_change_at_any_place_is_found_with_the_first_bad_index(
    attacked: ExampleBook, tamper: Callable[[Insider], str]
) -> None:
    for number in range(PLACES):
        with attacked.database.writer() as session:
            insider = begin(session, attacked, random.Random(f"{tamper.__name__} {number}"))
            at = tamper(insider)

            checked = checking.check_book(session, attacked.book_id)

            places = [found.at for found in checked.findings]
            assert any(place == at or place.startswith(f"{at} ") for place in places), (number, at, checked.findings)
            if re.fullmatch(r"seq \d+", at):
                assert min(first_seqs(checked)) == int(at.removeprefix("seq ")), (number, checked.findings)
            session.rollback()


def test_a_tail_cut_consistently_is_found_by_a_root_kept_outside_and_by_nothing_else(attacked: ExampleBook) -> None:
    with attacked.database.reader() as session:
        whole = checking.check_book(session, attacked.book_id)
    kept = KnownRoot(whole.tree_size, whole.tree_root, "the bank's copy")
    for number in range(PLACES):
        rng = random.Random(number)
        size = rng.randint(1, whole.tree_size - 1)
        with attacked.database.writer() as session:
            insider = begin(session, attacked, rng)
            insider.roll_back_to(size)
            insider.rebuild_projections()

            alone = checking.check_book(session, attacked.book_id)
            beside = checking.check_book(session, attacked.book_id, known_roots=[kept])

            assert alone.findings == ()
            assert [(found.code, found.at) for found in beside.findings] == [("tree.shorter", f"seq {size + 1}")]
            session.rollback()


def test_a_tail_written_anew_with_new_hashes_is_found_between_the_last_sound_root_and_the_first_false_one(
    attacked: ExampleBook,
) -> None:
    with attacked.database.reader() as session:
        whole = checking.check_book(session, attacked.book_id)
        hashes = [bytes(row[0]) for row in run(session, "SELECT leaf_hash FROM leaf ORDER BY seq").fetchall()]
    for number in range(PLACES):
        rng = random.Random(number)
        size = rng.randint(1, whole.tree_size - 1)
        early = KnownRoot(size, log.root(log.append_leaves(b"", 0, hashes[:size])[0]), "an early note")
        late = KnownRoot(whole.tree_size, whole.tree_root, "the last note")
        with attacked.database.writer() as session:
            insider = begin(session, attacked, rng)
            insider.roll_back_to(size)
            insider.rebuild_projections()
            forged = [transfer(500 + step, GAIN, CASH, 6_000 + step) for step in range(whole.tree_size - size + 1)]
            operations.post_entries(
                session,
                attacked.book_id,
                forged,
                now=NOW + timedelta(hours=1),
                random_bytes=counted_bytes(f"forged {number}"),
            )

            alone = checking.check_book(session, attacked.book_id)
            beside = checking.check_book(session, attacked.book_id, known_roots=[late, early])

            assert alone.findings == ()
            assert [(found.code, found.at) for found in beside.findings] == [
                ("tree.root", f"seq {size + 1} to {whole.tree_size}")
            ]
            session.rollback()


def test_a_table_that_is_gone_is_a_finding_and_the_rest_is_checked_all_the_same(attacked: ExampleBook) -> None:
    with attacked.database.writer() as session:
        insider = begin(session, attacked, random.Random(1))
        run(session, "ALTER TABLE lot_position RENAME TO elsewhere")
        at = change_a_balance(insider)

        checked = checking.check_book(session, attacked.book_id)

        assert ("check.unreadable", "lot_position") in {(found.code, found.table) for found in checked.findings}
        assert at in {found.at for found in checked.findings}
        session.rollback()


def test_the_database_of_this_module_is_not_the_templates(attacked: ExampleBook, database: Database) -> None:
    assert database.engine.url != attacked.database.engine.url
