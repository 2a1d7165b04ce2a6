from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import tonne_verify
from ledger import operations, proofs
from ledger.core import checkpoint as notes
from ledger.core import log
from ledger.core import proofs as trees
from ledger.core.checkpoint import Checkpoint, NoteKey, Signer
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound
from ledger.core.proofs import Span
from ledger.operations import EntryReceipt
from ledger.store import checkpoints, reports
from ledger.store.checkpoints import StoredCheckpoint
from tests.core.test_proofs import audit_path, growth_path
from tests.store.books import ExampleBook
from tests.strategies import ACTOR, BOOK_UUID, CASH, GAIN, NOW, entry_id, purchase, transfer

ORIGIN = f"tonne/{BOOK_UUID}"


def signer_of(seed: int) -> Signer:
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Signer(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign)


OURS, NEXT, FORGER = signer_of(1), signer_of(2), signer_of(9)


@dataclass(frozen=True)
class Log:
    """The example book with its log's calls, each in a transaction of its own."""

    book: ExampleBook

    def fill(self, first: int, last: int) -> None:
        self.book.accept(*(transfer(number, CASH, GAIN, number) for number in range(first, last + 1)))

    def publish(self, signer: Signer = OURS) -> StoredCheckpoint:
        with self.book.writing() as session:
            return proofs.publish_checkpoint(session, self.book.book_id, signer, now=NOW + timedelta(hours=1))

    def rotate(self, old: Signer, new: Signer, number: int = 900) -> EntryReceipt:
        with self.book.writing() as session:
            return proofs.rotate_key(
                session,
                self.book.book_id,
                old=old,
                new_key=new.public_key,
                entry_id=entry_id(number),
                actor=ACTOR,
                effective_on=date(2025, 6, 30),
                now=NOW,
                random_bytes=self.book.random_bytes,
            )

    def leaves(self) -> list[bytes]:
        with self.book.database.reader() as session:
            return [leaf.leaf_hash for leaf in checkpoints.leaves(session, self.book.book_id, up_to_size=self.size())]

    def size(self) -> int:
        with self.book.database.reader() as session:
            return reports.record_point(session, self.book.book_id).seq

    def prove(self, **asked: Any) -> proofs.InclusionProof:
        with self.book.database.reader() as session:
            return proofs.prove_inclusion(session, self.book.book_id, **asked)

    def grow(self, old_size: int, new_size: int) -> proofs.ConsistencyProof:
        with self.book.database.reader() as session:
            return proofs.prove_consistency(session, self.book.book_id, old_size=old_size, new_size=new_size)

    def bundle(self) -> bytes:
        with self.book.database.reader() as session:
            return proofs.export_bundle(session, self.book.book_id)

    def verified(self, pinned: Signer = OURS) -> tonne_verify.Report:
        return tonne_verify.verify_bundle(io.BytesIO(self.bundle()), pinned=pinned.public_key)

    def tamper(self, *statements: str) -> None:
        """Change facts as an administrator of the database could, the guards out of the way."""
        with self.book.database.engine.connect() as connection:
            if self.book.database.is_sqlite:
                found = connection.execute(text("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")).all()
                for name, _ in found:
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text("SET session_replication_role = replica"))
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()


@pytest.fixture
def kept(book: ExampleBook) -> Log:
    filled = Log(book)
    book.accept(transfer(500, GAIN, CASH, 100_000), purchase(501, 3, 1000))
    filled.fill(1, 20)
    return filled


def opened(published: StoredCheckpoint, signer: Signer = OURS) -> Checkpoint:
    key = NoteKey(name=ORIGIN, public_key=signer.public_key)
    return notes.open_checkpoint(published.note, origin=ORIGIN, keys=(key,))


def code_of(refused: pytest.ExceptionInfo[Any]) -> str:
    assert isinstance(refused.value, DomainError)
    return refused.value.code


def test_a_checkpoint_signs_the_tree_and_the_time_of_its_last_entry(kept: Log) -> None:
    published = kept.publish()

    head = opened(published)
    with kept.book.database.reader() as session:
        point = reports.record_point(session, kept.book.book_id)
        recorded = checkpoints.recorded_at(session, kept.book.book_id, point.seq)
        assert proofs.newest_checkpoint(session, kept.book.book_id) == published
    assert recorded is not None
    assert (head.size, head.root) == (22, point.root)
    assert head.extensions == (f"recorded {recorded.isoformat(timespec='microseconds')}",)
    assert published.checkpoint_no == 1


def test_publishing_the_same_tree_again_gives_the_same_checkpoint(kept: Log) -> None:
    first = kept.publish()

    assert kept.publish() == first
    kept.fill(30, 30)
    assert kept.publish().checkpoint_no == 2


def test_a_book_without_a_checkpoint_says_so(kept: Log) -> None:
    with pytest.raises(NotFound) as refused, kept.book.database.reader() as session:
        proofs.newest_checkpoint(session, kept.book.book_id)

    assert code_of(refused) == "checkpoint.not_found"


def test_only_the_key_in_force_publishes(kept: Log) -> None:
    kept.publish()
    kept.fill(30, 30)

    with pytest.raises(Conflict) as refused:
        kept.publish(FORGER)

    assert code_of(refused) == "log.key_not_in_force"


def test_a_rewritten_history_is_not_signed(kept: Log) -> None:
    kept.publish()
    kept.fill(30, 31)
    peaks = log.append_leaves(b"", 0, [bytes(32)] * 24)[0].hex()
    literal = f"x'{peaks}'" if kept.book.database.is_sqlite else f"'\\x{peaks}'"
    kept.tamper(f"UPDATE book SET tree_peaks = {literal}")

    with pytest.raises(Conflict) as refused:
        kept.publish()

    assert code_of(refused) == "log.forked"


def test_a_missing_leaf_is_neither_signed_nor_exported(kept: Log) -> None:
    kept.publish()
    kept.fill(30, 31)
    kept.tamper("DELETE FROM leaf WHERE seq = 23")

    for act in (kept.publish, kept.bundle):
        with pytest.raises(Conflict) as refused:
            act()
        assert code_of(refused) == "log.leaf_missing"


def test_a_note_changed_in_the_database_stops_the_signer(kept: Log) -> None:
    kept.publish()
    kept.tamper("UPDATE checkpoint SET note = replace(note, '22', '21')")

    with pytest.raises(Invalid) as refused:
        kept.publish()

    assert code_of(refused) == "log.note_signature"


@pytest.mark.parametrize("size", [1, 2, 7, 16, 21, 22])
def test_every_entry_is_proven_in_trees_of_any_size(kept: Log, size: int) -> None:
    leaves = kept.leaves()

    for seq in range(1, size + 1):
        proof = kept.prove(seq=seq, size=size)

        assert list(proof.path) == audit_path(seq - 1, leaves[:size])
        assert proof.root == log.root(log.append_leaves(b"", 0, leaves[:size])[0])
        assert tonne_verify.root_from(proof.leaf.leaf_hash, seq - 1, size, proof.path) == proof.root


def test_an_entry_is_proven_by_its_id_in_the_newest_checkpoint_s_tree(kept: Log) -> None:
    published = kept.publish()
    kept.fill(30, 33)

    covered = kept.prove(entry_id=entry_id(3))
    later = kept.prove(entry_id=entry_id(33))

    assert (covered.leaf.seq, covered.size, covered.note) == (5, 22, published.note)
    assert (later.leaf.seq, later.size, later.note) == (26, 26, None)


def test_growth_is_proven_between_any_two_sizes(kept: Log) -> None:
    kept.publish()
    kept.fill(30, 33)
    leaves = kept.leaves()

    for old_size, new_size in ((1, 26), (22, 26), (16, 22), (21, 22), (26, 26), (3, 7)):
        proof = kept.grow(old_size, new_size)

        assert list(proof.path) == growth_path(old_size, leaves[:new_size])
        assert trees.is_consistent(
            old_size=old_size,
            old_root=proof.old_root,
            new_size=new_size,
            new_root=proof.new_root,
            path=proof.path,
        )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"seq": 0}, "entry.not_found"),
        ({"seq": 23}, "entry.not_found"),
        ({"seq": 10**30}, "entry.not_found"),
        ({"seq": 3, "size": 23}, "log.size"),
        ({"seq": 3, "size": 0}, "log.size"),
        ({"seq": 3, "size": 2}, "log.index"),
        ({"entry_id": entry_id(999)}, "entry.not_found"),
    ],
)
def test_what_is_not_in_the_tree_is_not_proven(kept: Log, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        kept.prove(**asked)

    assert code_of(refused) == code


@pytest.mark.parametrize(
    ("old_size", "new_size", "code"),
    [(0, 5, "log.size_order"), (6, 5, "log.size_order"), (5, 23, "log.size"), (5, 10**30, "log.size")],
)
def test_growth_beyond_the_tree_is_not_proven(kept: Log, old_size: int, new_size: int, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        kept.grow(old_size, new_size)

    assert code_of(refused) == code


def test_a_changed_leaf_is_not_proven(kept: Log) -> None:
    kept.publish()
    kept.tamper("UPDATE leaf SET canonical = replace(canonical, 'CNY', 'EUR') WHERE seq = 5")

    with pytest.raises(Conflict) as refused:
        kept.prove(seq=5)

    assert code_of(refused) == "log.broken"


def test_a_bundle_passes_the_offline_verifier(kept: Log) -> None:
    kept.publish()
    kept.fill(30, 33)
    kept.publish()

    report = kept.verified()

    with kept.book.database.reader() as session:
        held = reports.positions(session, kept.book.book_id, as_of=date(2099, 12, 31))
    balances = {(row.path, row.commodity): row.balance * row.type.normal_side for row in held if row.balance}
    assert (report.entries, report.covered, report.checkpoints) == (26, 26, 2)
    assert report.balances == balances


def test_the_same_book_gives_the_same_bundle_on_every_day(kept: Log) -> None:
    kept.publish()

    assert kept.bundle() == kept.bundle()


def test_a_bundle_of_many_read_portions_holds_every_entry_once(kept: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_LEAVES", 5)
    monkeypatch.setattr(checkpoints, "_HASHES", 3)
    monkeypatch.setattr(checkpoints, "_NOTES", 1)
    kept.publish()
    kept.fill(30, 30)
    kept.publish()

    assert kept.verified().checkpoints == 2
    with zipfile.ZipFile(io.BytesIO(kept.bundle())) as bundle:
        assert bundle.read("entries.jsonl").count(b"\n") == 23
    assert list(kept.prove(seq=4, size=23).path) == audit_path(3, kept.leaves())


def test_a_key_hands_over_in_an_entry_and_both_keys_verify_the_bundle(kept: Log) -> None:
    receipt = kept.rotate(OURS, NEXT)
    published = kept.publish(NEXT)

    assert receipt.seq == 23
    assert opened(published, NEXT).size == 23
    for pinned in (OURS, NEXT):
        report = kept.verified(pinned)
        assert (report.checkpoints, report.keys, report.covered) == (2, 2, 23)
    with pytest.raises(tonne_verify.Fault) as found:
        kept.verified(FORGER)
    assert found.value.code == tonne_verify.UNSIGNED


def test_after_the_hand_over_the_old_key_signs_nothing(kept: Log) -> None:
    kept.rotate(OURS, NEXT)

    with pytest.raises(Conflict) as refused:
        kept.publish(OURS)

    assert code_of(refused) == "log.key_not_in_force"


def test_a_key_serves_once(kept: Log) -> None:
    kept.rotate(OURS, NEXT)
    kept.rotate(NEXT, FORGER, 901)

    with pytest.raises(Conflict) as refused:
        kept.rotate(FORGER, OURS, 902)

    assert code_of(refused) == "log.key_reused"


def test_a_closed_period_goes_with_the_next_checkpoint_once(kept: Log) -> None:
    kept.publish()
    with kept.book.writing() as session:
        state = operations.close_period(
            session,
            kept.book.book_id,
            date(2025, 12, 31),
            actor=ACTOR,
            now=NOW,
            random_bytes=kept.book.random_bytes,
        )

    head = opened(kept.publish())

    assert head.extensions[1:] == (f"period 2025-12-31 {state.hex()}",)
    assert kept.verified().checkpoints == 2
    with kept.book.database.reader() as session:
        assert checkpoints.newest_closed_period(session, kept.book.book_id) == date(2025, 12, 31)
    assert kept.publish().checkpoint_no == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoint SET note = 'x'",
        "DELETE FROM checkpoint",
        "UPDATE log_key SET public_key = public_key",
        "DELETE FROM log_key",
        "INSERT INTO checkpoint SELECT book_id, 3, tree_size, tree_peaks, note, key_name, period_through, published_at FROM checkpoint",
        "INSERT INTO checkpoint SELECT book_id, 2, 21, tree_peaks, note, key_name, period_through, published_at FROM checkpoint",
        "INSERT INTO checkpoint SELECT book_id, 2, 23, tree_peaks, note, key_name, period_through, published_at FROM checkpoint",
        "INSERT INTO log_key SELECT book_id, 22, key_name, public_key, NULL FROM log_key",
        "INSERT INTO log_key SELECT book_id, 21, key_name, public_key, 22 FROM log_key",
    ],
)
def test_the_database_keeps_checkpoints_and_keys_as_they_are(kept: Log, statement: str) -> None:
    kept.publish()

    with pytest.raises(DBAPIError), kept.book.writing() as session:
        session.execute(text(statement))


def test_sqlite_lets_no_row_be_replaced_and_postgresql_no_table_be_emptied(kept: Log) -> None:
    kept.publish()
    is_sqlite = kept.book.database.is_sqlite
    for table in ("checkpoint", "log_key"):
        statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" if is_sqlite else f"TRUNCATE {table}"

        with pytest.raises(DBAPIError), kept.book.writing() as session:
            session.execute(text(statement))


def test_a_span_of_leaves_is_read_by_its_bounds(kept: Log) -> None:
    kept.publish()
    kept.fill(30, 33)
    with kept.book.database.reader() as session:
        hashes = list(checkpoints.leaf_hashes(session, kept.book.book_id, Span(3, 9)))

    assert hashes == kept.leaves()[3:9]
