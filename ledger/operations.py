"""What a caller can do to a book: open it, add commodities and accounts, post, reverse, transfer, close a period.

Each function joins the caller's transaction and takes the book last; nothing here commits. They read like recipes: lock, load,
fold (pure), save.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from ledger.core import log
from ledger.core.accounts import AccountOpening
from ledger.core.amounts import Commodity
from ledger.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from ledger.core.fold import Rejected, fold
from ledger.core.holds import HoldExpiry, HoldPosition
from ledger.core.journal import MAX_BATCH, EntryKind, JournalDraft, JournalEntry
from ledger.core.parties import SERVICE, Actor
from ledger.core.periods import next_lock, state_root
from ledger.core.transfers import check_transfer, clearing_sums
from ledger.store import books, journal, reports
from ledger.store.database import without_collection
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


def close_account(
    session: Session, book_id: int, path: str, closed_on: date, *, now: datetime, random_bytes: RandomBytes
) -> None:
    """Close the account from ``closed_on`` on; refused while it holds anything (``account.not_empty``). Holds run out first."""
    expire_holds(session, book_id, now=now, random_bytes=random_bytes)
    books.close_account(session, book_id, path, closed_on)


def close_period(
    session: Session, book_id: int, through: date, *, actor: Actor, now: datetime, random_bytes: RandomBytes
) -> bytes:
    """Close every day through ``through``, inclusive, for good; return the state root.

    An entry of kind close, dated that day, keeps the state root in the tree: SHA-256 over the balances of that day's close
    (``ledger.core.periods.state_root``), so that a checkpoint signed later vouches for them.
    """
    head = journal.lock_book(session, book_id)
    locked = next_lock(head.locked_through, through)
    held = reports.positions(session, book_id, as_of=through)
    root = state_root((row.path, row.commodity, row.balance) for row in held)
    if locked == head.locked_through:
        return root  # closed days do not change: it is the root that was kept
    _note_closing(session, book_id, through, "hard", actor, now, random_bytes, state_root=root.hex())
    softly = head.soft_locked_through
    books.set_locks(session, book_id, locked=locked, softly=softly if softly is not None and softly > locked else None)
    return root


def close_softly(
    session: Session, book_id: int, through: date | None, *, actor: Actor, now: datetime, random_bytes: RandomBytes
) -> None:
    """Let only closers post through ``through``, inclusive; None opens again what is not closed for good."""
    head = journal.lock_book(session, book_id)
    if through is not None:
        next_lock(None, through)
    if through is not None and head.locked_through is not None and through <= head.locked_through:
        raise Conflict(
            "ledger.period_closed_already",
            f"the book is closed through {head.locked_through} already",
            locked_through=head.locked_through.isoformat(),
        )
    closing = "reopened" if through is None else "soft"
    today = now.astimezone(UTC).date()
    day = today if head.locked_through is None else max(today, head.locked_through + timedelta(days=1))
    _note_closing(session, book_id, through or day, closing, actor, now, random_bytes)
    books.set_locks(session, book_id, locked=head.locked_through, softly=through)


def _note_closing(
    session: Session,
    book_id: int,
    through: date,
    closing: str,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
    **attrs: str,
) -> None:
    draft = JournalDraft(
        entry_id=_server_id(random_bytes),
        kind=EntryKind.CLOSE,
        effective_on=through,
        actor=actor,
        attrs={"closing": closing, "through": through.isoformat(), **attrs},
    )
    (outcome,) = _post(session, book_id, [draft], now=now, random_bytes=random_bytes, is_closer=True)
    if isinstance(outcome, EntryRefusal):
        raise outcome.refusal


def _server_id(random_bytes: RandomBytes) -> UUID:
    """Return an id that the server makes itself: random, version 4."""
    return UUID(bytes=random_bytes(16), version=4)


def post_entries(
    session: Session,
    book_id: int,
    drafts: Sequence[JournalDraft],
    *,
    now: datetime,
    random_bytes: RandomBytes,
    is_closer: bool = False,
) -> list[EntryOutcome]:
    """Record a batch of at most 8,000 drafts and return one outcome each, in order.

    Every accepted entry is in one tree; a refused draft leaves no trace but its answer. An id seen before gets its recorded
    answer, refusals included; with other content it is refused (``ledger.id_reused``) and nothing changes. Of a linked group all
    or none is recorded; a group of which a part was recorded before, that does not stand together or names an id twice is refused
    (``ledger.link_broken``). Holds on the touched
    accounts that have run out by ``now`` expire first. ``is_closer`` lets the batch into softly closed days.
    """
    if not 1 <= len(drafts) <= MAX_BATCH:
        raise Invalid("ledger.batch_size", f"a batch has 1 to {MAX_BATCH} entries", entries=str(len(drafts)))
    if not _OWN_KINDS.isdisjoint([draft.kind for draft in drafts]):
        raise Invalid("ledger.entry_kind", "entries of kind close and expire are made by the ledger itself")
    return _post(session, book_id, drafts, now=now, random_bytes=random_bytes, is_closer=is_closer)


_OWN_KINDS = frozenset((EntryKind.CLOSE, EntryKind.EXPIRE))


def _post(
    session: Session,
    book_id: int,
    drafts: Sequence[JournalDraft],
    *,
    now: datetime,
    random_bytes: RandomBytes,
    is_closer: bool = False,
) -> list[EntryOutcome]:
    head = journal.lock_book(session, book_id)
    recorded = journal.load_answers(session, book_id, [draft.entry_id for draft in drafts])
    requests = [(draft.entry_id.int, draft.content_hash()) for draft in drafts]
    broken = _broken_links(drafts, recorded)
    place: dict[int, int] = {}  # of an id's first, not yet recorded draft among the fresh ones
    fresh: list[tuple[JournalDraft, bytes]] = []
    for draft, (key, content) in zip(drafts, requests, strict=True):
        if key not in recorded and key not in place and draft.link not in broken:
            place[key] = len(fresh)
            fresh.append((draft, content))
    with without_collection():
        posted = _record(session, head, fresh, now, random_bytes, is_closer=is_closer) if fresh else []
    if len(fresh) == len(drafts):
        return posted  # every id was new and stood once
    seqs = [answer.seq for answer in recorded.values() if answer.seq is not None]
    receipts = _receipts_again(session, head, seqs) if seqs else {}
    outcomes: list[EntryOutcome] = []
    told: set[int] = set()
    for draft, (key, content) in zip(drafts, requests, strict=True):
        if key in recorded:
            outcomes.append(_told_again(draft.entry_id, content, recorded[key], receipts))
        elif draft.link in broken:
            outcomes.append(EntryRefusal(draft.entry_id, _BROKEN, is_replay=False))
        elif key not in told:
            told.add(key)
            outcomes.append(posted[place[key]])
        elif fresh[place[key]][1] != content:
            outcomes.append(_reused(draft.entry_id))
        else:
            outcomes.append(posted[place[key]]._replace(is_replay=True))
    return outcomes


_BROKEN = Conflict(
    "ledger.link_broken",
    "the drafts of a link stand side by side, each with its own id, all new or all repeated as they were",
)


def _broken_links(drafts: Sequence[JournalDraft], recorded: Mapping[int, Answer]) -> frozenset[UUID]:
    """Return the links of groups that cannot be judged as one: partly answered before, apart, or with an id that comes twice."""
    if not any([draft.link for draft in drafts]):  # noqa: C419 - a list is quicker here, and a batch has few thousand
        return frozenset()
    known: dict[UUID, set[bool]] = {}
    broken: set[UUID] = set()
    times = Counter(draft.entry_id for draft in drafts)
    before: UUID | None = None
    for draft in drafts:
        link = draft.link
        if link is not None:
            if (link in known and link != before) or times[draft.entry_id] > 1:
                broken.add(link)
            known.setdefault(link, set()).add(draft.entry_id.int in recorded)
        before = link
    return frozenset(broken | {link for link, answers in known.items() if len(answers) > 1})


def post_entry(
    session: Session,
    book_id: int,
    draft: JournalDraft,
    *,
    now: datetime,
    random_bytes: RandomBytes,
    is_closer: bool = False,
) -> EntryReceipt:
    """Record one draft in the caller's transaction and return its receipt, or raise its refusal.

    A raised refusal undoes the caller's whole transaction, so it is not frozen under the id. ``is_closer`` lets it into softly
    closed days.
    """
    outcome = post_entries(session, book_id, [draft], now=now, random_bytes=random_bytes, is_closer=is_closer)[0]
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


def expire_holds(session: Session, book_id: int, *, now: datetime, random_bytes: RandomBytes) -> int:
    """Record the expiry of every hold of the book that has run out by ``now``; return how many."""
    head = journal.lock_book(session, book_id)
    over = journal.load_lapsed(session, head, None, now)
    for start in range(0, len(over), MAX_BATCH):
        drafts = [_expiry(head, hold, now, random_bytes) for hold in over[start : start + MAX_BATCH]]
        _post(session, book_id, drafts, now=now, random_bytes=random_bytes)
    return len(over)


def post_transfer(
    session: Session,
    out_of: tuple[int, JournalDraft],
    into: tuple[int, JournalDraft],
    *,
    now: datetime,
    random_bytes: RandomBytes,
    is_closer: bool = False,
) -> tuple[EntryReceipt, EntryReceipt]:
    """Record one transfer between two books, each (book, draft), in the caller's transaction; return both receipts.

    The drafts share a ``transfer_id``, and what one adds to its clearing accounts (``Equity:Clearing...``) the other takes from
    its own, per commodity (``ledger.transfer_unmatched`` and its neighbours). Books are locked in the order of their numbers.
    ``is_closer`` lets both sides into softly closed days.
    """
    check_transfer(out_of[1], into[1])
    if out_of[0] == into[0]:
        raise Invalid(
            "ledger.transfer_one_book", "a transfer has its two sides in two books; inside a book post one entry"
        )
    for book_id in sorted((out_of[0], into[0])):
        journal.lock_book(session, book_id)
    books.check_same_commodities(session, out_of[0], into[0], clearing_sums(out_of[1]))
    receipts = {
        book_id: post_entry(session, book_id, draft, now=now, random_bytes=random_bytes, is_closer=is_closer)
        for book_id, draft in sorted((out_of, into), key=lambda side: side[0])
    }
    return receipts[out_of[0]], receipts[into[0]]


def _record(
    session: Session,
    head: journal.BookHead,
    fresh: Sequence[tuple[JournalDraft, bytes]],
    now: datetime,
    random_bytes: RandomBytes,
    *,
    is_closer: bool,
) -> list[EntryOutcome]:
    """Fold and save drafts whose ids are new, each with its content hash; return their outcomes in order."""
    over = journal.load_lapsed(session, head, [draft for draft, _ in fresh], now)
    if over:
        expiries = [_expiry(head, hold, now, random_bytes) for hold in over]
        fresh = [*((draft, draft.content_hash()) for draft in expiries), *fresh]
    state = journal.load_state(session, head, [draft for draft, _ in fresh], is_closer=is_closer)
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
    ][len(over) :]


def _expiry(head: journal.BookHead, hold: HoldPosition, now: datetime, random_bytes: RandomBytes) -> JournalDraft:
    """Return the ledger's own entry that a hold has run out, on the first open day from today."""
    closed = [day for day in (head.locked_through, head.soft_locked_through) if day is not None]
    return JournalDraft(
        entry_id=_server_id(random_bytes),
        kind=EntryKind.EXPIRE,
        effective_on=max([now.astimezone(UTC).date(), *(day + timedelta(days=1) for day in closed)]),
        actor=Actor(user_id=SERVICE, organisation_id=head.tenant_id),
        hold=HoldExpiry(hold_id=hold.hold_id),
    )


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
