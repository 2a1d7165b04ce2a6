"""What a caller can do to a book: open it, add commodities and accounts, post, reverse, close a period.

Each function joins the caller's transaction and takes the book last; nothing here commits. They read like recipes: lock, load,
fold (pure), save.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from ledger.core import log
from ledger.core.accounts import AccountOpening
from ledger.core.amounts import Commodity
from ledger.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from ledger.core.fold import Rejected, fold
from ledger.core.journal import MAX_BATCH, EntryKind, JournalDraft, JournalEntry
from ledger.core.parties import Actor
from ledger.core.periods import next_lock
from ledger.store import books, journal, reports
from ledger.store.rows import Answer, FrozenRefusal

RandomBytes = Callable[[int], bytes]


class EntryReceipt(NamedTuple):
    """Proof of acceptance: the entry's place, time and leaf, and the tree head that first covers it or a later one."""

    entry_id: UUID
    seq: int
    recorded_at: datetime
    leaf_hash: bytes
    tree_size: int
    tree_root: bytes
    is_replay: bool


class EntryRefusal(NamedTuple):
    """Why a draft was not recorded; a frozen refusal is told word for word each time its id comes again."""

    entry_id: UUID
    refusal: DomainError
    is_replay: bool


EntryOutcome = EntryReceipt | EntryRefusal


def open_book(
    session: Session, *, book_uuid: UUID, tenant_id: UUID, code: str, functional_currency: str, now: datetime
) -> int:
    """Create the book ``code`` of organisation ``tenant_id`` with its functional currency as first commodity; return its number.

    The same uuid with the same facts again returns the same number; with other facts it is refused (``book.exists``).
    """
    return books.create(
        session, book_uuid=book_uuid, tenant_id=tenant_id, code=code, functional_currency=functional_currency, now=now
    )


def add_commodity(session: Session, book_id: int, commodity: Commodity, attrs: dict[str, str]) -> None:
    """Let the book keep ``commodity``; the same again changes nothing, another scale or kind is refused."""
    journal.lock_book(session, book_id)
    books.add_commodity(session, book_id, commodity, attrs)


def open_account(session: Session, book_id: int, opening: AccountOpening) -> None:
    """Open an account with its balance row; the same again changes nothing, other facts are refused (``account.exists``)."""
    journal.lock_book(session, book_id)
    books.open_account(session, book_id, opening)


def close_account(session: Session, book_id: int, path: str, closed_on: date) -> None:
    """Close the account from ``closed_on`` on; refused while it holds anything (``account.not_empty``)."""
    journal.lock_book(session, book_id)
    books.close_account(session, book_id, path, closed_on)


def close_period(session: Session, book_id: int, through: date) -> None:
    """Close every day through ``through``, inclusive; a period closed once stays closed."""
    head = journal.lock_book(session, book_id)
    books.set_locked_through(session, book_id, next_lock(head.locked_through, through))


def post_entries(
    session: Session, book_id: int, drafts: Sequence[JournalDraft], *, now: datetime, random_bytes: RandomBytes
) -> list[EntryOutcome]:
    """Record a batch of at most 8,000 drafts and return one outcome each, in order.

    Every accepted entry is in one tree; a refused draft leaves no trace but its answer. An id seen before gets its recorded
    answer, refusals included; with other content it is refused (``ledger.id_reused``) and nothing changes.
    """
    if not 1 <= len(drafts) <= MAX_BATCH:
        raise Invalid("ledger.batch_size", f"a batch has 1 to {MAX_BATCH} entries", entries=str(len(drafts)))
    head = journal.lock_book(session, book_id)
    recorded = journal.load_answers(session, book_id, [draft.entry_id for draft in drafts])
    requests = [(draft.entry_id.int, draft.content_hash()) for draft in drafts]
    place: dict[int, int] = {}  # of an id's first, not yet recorded draft among the fresh ones
    fresh: list[tuple[JournalDraft, bytes]] = []
    for draft, (key, content) in zip(drafts, requests, strict=True):
        if key not in recorded and key not in place:
            place[key] = len(fresh)
            fresh.append((draft, content))
    posted = _record(session, head, fresh, now, random_bytes) if fresh else []
    seqs = [answer.seq for answer in recorded.values() if answer.seq is not None]
    receipts = _receipts_again(session, head, seqs) if seqs else {}
    outcomes: list[EntryOutcome] = []
    told: set[int] = set()
    for draft, (key, content) in zip(drafts, requests, strict=True):
        if key in recorded:
            outcomes.append(_told_again(draft.entry_id, content, recorded[key], receipts))
        elif key not in told:
            told.add(key)
            outcomes.append(posted[place[key]])
        elif fresh[place[key]][1] != content:
            outcomes.append(_reused(draft.entry_id))
        else:
            outcomes.append(posted[place[key]]._replace(is_replay=True))
    return outcomes


def post_entry(
    session: Session, book_id: int, draft: JournalDraft, *, now: datetime, random_bytes: RandomBytes
) -> EntryReceipt:
    """Record one draft in the caller's transaction and return its receipt, or raise its refusal.

    A raised refusal undoes the caller's whole transaction, so it is not frozen under the id.
    """
    outcome = post_entries(session, book_id, [draft], now=now, random_bytes=random_bytes)[0]
    if isinstance(outcome, EntryRefusal):
        raise outcome.refusal
    return outcome


def reverse_entry(
    session: Session,
    book_id: int,
    *,
    entry_id: UUID,
    reverses: UUID,
    effective_on: date,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> EntryReceipt:
    """Record the negation of an entry: its legs turned round, its lots given back at the same cost. At most once an entry."""
    draft = JournalDraft(
        entry_id=entry_id, kind=EntryKind.REVERSAL, effective_on=effective_on, actor=actor, reverses=reverses
    )
    return post_entry(session, book_id, draft, now=now, random_bytes=random_bytes)


def _record(
    session: Session,
    head: journal.BookHead,
    fresh: Sequence[tuple[JournalDraft, bytes]],
    now: datetime,
    random_bytes: RandomBytes,
) -> list[EntryOutcome]:
    """Fold and save drafts whose ids are new, each with its content hash; return their outcomes in order."""
    state = journal.load_state(session, head, [draft for draft, _ in fresh])
    folded = fold(state, [draft for draft, _ in fresh], now)
    entries = [
        (outcome, content)
        for outcome, (_, content) in zip(folded, fresh, strict=True)
        if isinstance(outcome, JournalEntry)
    ]
    refusals = [
        _frozen(outcome, content, now)
        for outcome, (_, content) in zip(folded, fresh, strict=True)
        if isinstance(outcome, Rejected)
    ]
    hashes: list[bytes] = []
    salts = random_bytes(log.SALT_BYTES * len(entries)) if entries else b""
    journal.write(session, head.book_id, state, entries, _leaves(head, entries, salts, hashes), refusals)
    peaks, size = log.append_leaves(head.tree_peaks, head.tree_size, hashes)
    journal.advance(session, head.book_id, state, peaks)
    tree_root = log.root(peaks)
    leaf = iter(hashes)
    return [
        EntryRefusal(outcome.draft.entry_id, outcome.refusal, is_replay=False)
        if isinstance(outcome, Rejected)
        else EntryReceipt(
            outcome.draft.entry_id, outcome.seq, outcome.recorded_at, next(leaf), size, tree_root, is_replay=False
        )
        for outcome in folded
    ]


def _leaves(
    head: journal.BookHead,
    entries: Sequence[tuple[JournalEntry, bytes]],
    salts: bytes,
    hashes: list[bytes],
) -> Iterator[tuple[int, bytes, str, bytes]]:
    """Yield the leaf row of each entry as the writer asks for it, and note its hash in ``hashes``."""
    book, width = str(head.book_uuid), log.SALT_BYTES
    for index, (entry, _) in enumerate(entries):
        salt = salts[width * index : width * (index + 1)]
        canonical = log.canonical_entry(book, entry)
        digest = log.leaf_hash(salt, canonical.encode())
        hashes.append(digest)
        yield entry.seq, salt, canonical, digest


def _frozen(rejected: Rejected, content: bytes, now: datetime) -> FrozenRefusal:
    refusal = rejected.refusal
    error = {
        "kind": type(refusal).__name__,
        "code": refusal.code,
        "message": refusal.message,
        "data": dict(refusal.data),
    }
    return FrozenRefusal(rejected.draft.entry_id, content, refusal.code, error, now)


def _receipts_again(session: Session, head: journal.BookHead, seqs: Sequence[int]) -> dict[int, EntryReceipt]:
    tree_root = log.root(head.tree_peaks)
    return {
        seq: EntryReceipt(
            entry_id=entry_id,
            seq=seq,
            recorded_at=recorded_at,
            leaf_hash=leaf,
            tree_size=head.tree_size,
            tree_root=tree_root,
            is_replay=True,
        )
        for entry_id, (seq, recorded_at, leaf) in reports.leaves_of(session, head.book_id, seqs).items()
    }


_REFUSAL_KINDS = {kind.__name__: kind for kind in (Invalid, NotFound, Conflict, Forbidden)}


def _told_again(entry_id: UUID, content: bytes, answer: Answer, receipts: Mapping[int, EntryReceipt]) -> EntryOutcome:
    if answer.request_hash != content:
        return _reused(entry_id)
    if answer.seq is not None:
        return receipts[answer.seq]
    error = answer.error
    assert error is not None, "an id without an entry was refused"
    refusal = _REFUSAL_KINDS[error["kind"]](error["code"], error["message"], **error["data"])
    return EntryRefusal(entry_id=entry_id, refusal=refusal, is_replay=True)


def _reused(entry_id: UUID) -> EntryRefusal:
    reused = Conflict("ledger.id_reused", "this id was used for an entry with other content", entry_id=str(entry_id))
    return EntryRefusal(entry_id=entry_id, refusal=reused, is_replay=True)
