"""What proves a book to an outsider: publish a checkpoint, hand over its key, prove an entry or a history, export a bundle.

Each function joins the caller's transaction; nothing here commits, reads a clock or opens a key file. A bundle is checked offline by
``tonne_verify.py``, which shares no code with this.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO
from uuid import UUID

from sqlalchemy.orm import Session

from ledger import operations
from ledger.core import checkpoint as notes
from ledger.core import log
from ledger.core import proofs as trees
from ledger.core.checkpoint import Checkpoint, ClosedPeriod, NoteKey, Signer
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.parties import Actor
from ledger.core.periods import state_root
from ledger.core.proofs import Span
from ledger.operations import EntryReceipt
from ledger.store import checkpoints, journal, reports
from ledger.store.checkpoints import Leaf, LogKey, StoredCheckpoint

BUNDLE_FORMAT = "tonne-bundle-v1"
MOST_SIZE = 2**62
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Every member's date in a bundle, so that the same book gives the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That an entry's leaf is leaf ``seq - 1`` of the tree of ``size`` leaves with ``root``; ``note`` signs just that tree, or None."""

    origin: str
    leaf: Leaf
    size: int
    root: bytes
    path: tuple[bytes, ...]
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyProof:
    """That the tree of ``new_size`` leaves begins with the tree of ``old_size``; ``note`` signs the new tree, or None."""

    origin: str
    old_size: int
    old_root: bytes
    new_size: int
    new_root: bytes
    path: tuple[bytes, ...]
    note: str | None


def publish_checkpoint(session: Session, book_id: int, signer: Signer, *, now: datetime) -> StoredCheckpoint:
    """Sign the tree as it stands and keep the note; where the newest checkpoint says the same, return that one.

    Nothing is signed that does not extend the newest checkpoint (``log.forked``); only the leaves since are read. The first checkpoint
    makes its key the log's; later ones come from the key in force (``log.key_not_in_force``). After a period is closed the next
    checkpoint carries it with its state root.
    """
    head = journal.lock_book(session, book_id)
    origin = notes.origin_of(head.book_uuid)
    key = _key_in_force(session, book_id, head.tree_size)
    if key is None:
        key = LogKey(key_name=origin, public_key=signer.public_key, valid_from_size=0, introduced_seq=None)
        checkpoints.add_key(session, book_id, key)
    if key.public_key != signer.public_key:
        raise Conflict(
            "log.key_not_in_force",
            "this key does not sign for the book at present; use the key in force, or rotate to it",
        )
    newest = checkpoints.newest(session, book_id)
    if newest is not None:
        _check_extends(session, head, newest)
    closed = _newly_closed(session, head)
    if newest is not None and newest.tree_size == head.tree_size and closed is None:
        return newest
    recorded = checkpoints.recorded_at(session, book_id, head.tree_size)
    unsigned = Checkpoint(
        origin=origin,
        size=head.tree_size,
        root=log.root(head.tree_peaks),
        extensions=notes.extensions_of(recorded, closed),
    )
    published = StoredCheckpoint(
        checkpoint_no=1 if newest is None else newest.checkpoint_no + 1,
        tree_size=head.tree_size,
        tree_peaks=head.tree_peaks,
        note=notes.signed_note(unsigned, key.key_name, signer),
        key_name=key.key_name,
        period_through=None if closed is None else closed.through,
        published_at=now,
    )
    checkpoints.add_checkpoint(session, book_id, published)
    return published


def rotate_key(
    session: Session,
    book_id: int,
    *,
    old: Signer,
    new_key: bytes,
    entry_id: UUID,
    actor: Actor,
    effective_on: date,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> EntryReceipt:
    """Record the entry by which the key in force hands over to ``new_key`` (32 bytes), which signs from that entry on.

    The tree before it is signed by the old key first, so that no entry is left between two keys. Refused: a key that has served
    already (``log.key_reused``), an ``old`` that is not in force (``log.key_not_in_force``).
    """
    publish_checkpoint(session, book_id, old, now=now)
    if any(key.public_key == new_key for key in checkpoints.keys(session, book_id)):
        raise Conflict("log.key_reused", "this key signs or signed for the book already; make a new one")
    origin = notes.origin_of(journal.load_head(session, book_id).book_uuid)
    draft = JournalDraft(
        entry_id=entry_id,
        kind=EntryKind.RECORD,
        effective_on=effective_on,
        actor=actor,
        attrs=notes.hand_over_attrs(origin=origin, old=old, new_key=new_key),
    )
    receipt = operations.post_entry(session, book_id, draft, now=now, random_bytes=random_bytes)
    key = LogKey(key_name=origin, public_key=new_key, valid_from_size=receipt.seq, introduced_seq=receipt.seq)
    checkpoints.add_key(session, book_id, key)
    return receipt


def prove_inclusion(
    session: Session, book_id: int, *, seq: int | None = None, entry_id: UUID | None = None, size: int | None = None
) -> InclusionProof:
    """Return the proof that an entry, named by ``seq`` or ``entry_id``, is in the tree of ``size`` leaves.

    Without ``size`` it is the newest checkpoint's tree where that covers the entry, else the present one. At the present size only the
    perfect subtree around the entry is read: of a million leaves at most 524,287 hashes, measured 0.9 s of CPU; nothing is cached.
    A leaf that does not lead to the stored root is ``log.broken``.
    """
    head = journal.load_head(session, book_id)
    place = _place(session, book_id, seq, entry_id)
    newest = checkpoints.newest(session, book_id)
    if size is None:
        size = newest.tree_size if newest is not None and newest.tree_size >= place else head.tree_size
    _check_size(size, head.tree_size)
    leaf = checkpoints.leaf_at(session, book_id, place)
    if leaf is None:
        raise _no_entry()
    known = _known_roots(session, head, size)
    path = _roots(session, book_id, trees.inclusion_spans(index=place - 1, size=size), known)
    leaf_hash = log.leaf_hash(leaf.salt, leaf.canonical.encode())
    root = trees.root_of_inclusion(leaf=leaf_hash, index=place - 1, size=size, path=path)
    assert root is not None, "a path of the spans asked for has the proof's length"
    note = _note_of(session, book_id, size)
    expected = log.root(head.tree_peaks) if size == head.tree_size else _signed_root(note)
    if expected is not None and root != expected:
        raise _broken()
    return InclusionProof(origin=notes.origin_of(head.book_uuid), leaf=leaf, size=size, root=root, path=path, note=note)


def prove_consistency(session: Session, book_id: int, *, old_size: int, new_size: int) -> ConsistencyProof:
    """Return the proof that the tree of ``new_size`` leaves begins with that of ``old_size``, which is at least 1.

    It costs as an inclusion proof does.
    """
    head = journal.load_head(session, book_id)
    _check_size(new_size, head.tree_size)
    spans = trees.consistency_spans(old_size=old_size, new_size=new_size)
    known = {**_known_roots(session, head, old_size), **_known_roots(session, head, new_size)}
    path = _roots(session, book_id, spans, known)
    old_root, new_root = _roots(session, book_id, (Span(0, old_size), Span(0, new_size)), known)
    if not trees.is_consistent(old_size=old_size, old_root=old_root, new_size=new_size, new_root=new_root, path=path):
        raise _broken()
    return ConsistencyProof(
        origin=notes.origin_of(head.book_uuid),
        old_size=old_size,
        old_root=old_root,
        new_size=new_size,
        new_root=new_root,
        path=path,
        note=_note_of(session, book_id, new_size),
    )


def newest_checkpoint(session: Session, book_id: int) -> StoredCheckpoint:
    """Return the newest checkpoint, or refuse with ``checkpoint.not_found``."""
    found = checkpoints.newest(session, book_id)
    if found is None:
        raise NotFound("checkpoint.not_found", "this book has no checkpoint yet; publish one with tonne log checkpoint")
    return found


def write_bundle(session: Session, book_id: int, out: BinaryIO) -> int:
    """Write the zip of everything that ``tonne_verify.py`` checks to ``out``, in bounded memory; return the number of entries.

    Members: ``manifest.json``; ``keys.jsonl``; ``checkpoints.jsonl`` with one signed note a line; ``entries.jsonl`` with one
    ``{"leaf":"<hex>","salt":"<hex>","entry":<canonical bytes>}`` a line. The same book gives the same bytes.
    """
    head = journal.load_head(session, book_id)
    manifest = {
        "book": str(head.book_uuid),
        "entries": str(head.tree_size),
        "format": BUNDLE_FORMAT,
        "origin": notes.origin_of(head.book_uuid),
        "tree_root": log.root(head.tree_peaks).hex(),
    }
    keys = (
        {
            "key_name": key.key_name,
            "public_key": notes.spelled_key(key.public_key),
            "valid_from_size": str(key.valid_from_size),
        }
        for key in checkpoints.keys(session, book_id)
    )
    signed = ({"note": note} for note in checkpoints.notes(session, book_id, up_to_size=head.tree_size))
    entries = (
        f'{{"leaf":"{leaf.leaf_hash.hex()}","salt":"{leaf.salt.hex()}","entry":{leaf.canonical}}}\n'
        for leaf in checkpoints.leaves(session, book_id, up_to_size=head.tree_size)
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as bundle:
        _write_member(bundle, "manifest.json", [f"{_line(manifest)}"])
        _write_member(bundle, "keys.jsonl", map(_line, keys))
        _write_member(bundle, "checkpoints.jsonl", map(_line, signed))
        _write_member(bundle, "entries.jsonl", entries)
    return head.tree_size


def export_bundle(session: Session, book_id: int) -> bytes:
    """Return the bundle's bytes whole, for books that fit in memory; ``write_bundle`` writes any."""
    out = io.BytesIO()
    write_bundle(session, book_id, out)
    return out.getvalue()


def _key_in_force(session: Session, book_id: int, size: int) -> LogKey | None:
    keys = [key for key in checkpoints.keys(session, book_id) if key.valid_from_size <= size]
    return keys[-1] if keys else None


def _check_extends(session: Session, head: journal.BookHead, newest: StoredCheckpoint) -> None:
    """Refuse with ``log.forked`` unless the signed tree is the beginning of the present one."""
    key = _key_in_force(session, head.book_id, newest.tree_size)
    assert key is not None, "a checkpoint was signed by a key of the log"
    known = NoteKey(name=key.key_name, public_key=key.public_key)
    signed = notes.open_checkpoint(newest.note, origin=notes.origin_of(head.book_uuid), keys=(known,))
    facts = (signed.size, signed.root)
    is_sound = head.tree_size >= signed.size and facts == (newest.tree_size, log.root(newest.tree_peaks))
    if is_sound and len(newest.tree_peaks) == len(log.EMPTY_ROOT) * signed.size.bit_count():
        since = checkpoints.leaf_hashes(session, head.book_id, Span(signed.size, head.tree_size))
        if log.append_leaves(newest.tree_peaks, signed.size, since)[0] == head.tree_peaks:
            return
    raise Conflict(
        "log.forked",
        f"the book no longer continues its checkpoint of {signed.size} entries; nothing is signed: run tonne check",
        size=str(signed.size),
    )


def _newly_closed(session: Session, head: journal.BookHead) -> ClosedPeriod | None:
    through = head.locked_through
    if through is None or through == checkpoints.newest_closed_period(session, head.book_id):
        return None
    held = reports.positions(session, head.book_id, as_of=through)
    return ClosedPeriod(through=through, state_root=state_root((row.path, row.commodity, row.balance) for row in held))


def _place(session: Session, book_id: int, seq: int | None, entry_id: UUID | None) -> int:
    assert (seq is None) != (entry_id is None), "an entry is named by its place or by its id"
    found = seq if entry_id is None else checkpoints.seq_of(session, book_id, entry_id)
    if found is None or not 1 <= found <= MOST_SIZE:
        raise _no_entry()
    return found


def _check_size(size: int, tree_size: int) -> None:
    if not 1 <= size <= tree_size:
        raise Invalid(
            "log.size",
            f"size: expected 1 to {tree_size}, the entries of the book",
            field="size",
            tree_size=str(tree_size),
        )


def _known_roots(session: Session, head: journal.BookHead, size: int) -> dict[Span, bytes]:
    """Return the roots that need no leaf in a tree of ``size`` leaves: the book's peaks there, or a checkpoint's at or below."""
    if size == head.tree_size:
        return _by_span(head.tree_peaks, size)
    below = checkpoints.newest(session, head.book_id, at_most=size)
    return {} if below is None else _by_span(below.tree_peaks, below.tree_size)


def _by_span(peaks: bytes, size: int) -> dict[Span, bytes]:
    if len(peaks) != len(log.EMPTY_ROOT) * size.bit_count():
        raise _broken()
    return trees.peaks_by_span(peaks, size)


def _roots(session: Session, book_id: int, spans: Iterable[Span], known: dict[Span, bytes]) -> tuple[bytes, ...]:
    return tuple(
        trees.span_root(span, known=known, leaves=lambda part: checkpoints.leaf_hashes(session, book_id, part))
        for span in spans
    )


def _note_of(session: Session, book_id: int, size: int) -> str | None:
    signed = checkpoints.newest(session, book_id, at_most=size)
    return signed.note if signed is not None and signed.tree_size == size else None


def _signed_root(note: str | None) -> bytes | None:
    return None if note is None else notes.parse_checkpoint(notes.parse_note(note)[0]).root


def _write_member(bundle: zipfile.ZipFile, name: str, lines: Iterable[str]) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    with bundle.open(member, "w", force_zip64=True) as file:
        for line in lines:
            file.write(line.encode())


def _line(record: dict[str, str]) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def _no_entry() -> NotFound:
    return NotFound("entry.not_found", "this book has no such entry")


def _broken() -> Conflict:
    return Conflict(
        "log.broken", "the stored leaves do not lead to the book's root; run tonne check to find the first bad one"
    )
