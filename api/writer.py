"""The writer queue: entries posted one by one at the same time are recorded together, one commit for all that wait for a book.

There is no timer: what waits when a commit has locked the book goes along, and the next begins when that one is over. Callers wait in
their event loop, so that a thousand take no more threads than one. Owns that commit, and what is done when its result is unknown. Knows
no HTTP and no authorisation: a caller has been admitted before it comes here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import Condition, Lock
from typing import Final
from uuid import UUID

import anyio
from sqlalchemy.orm import Session

from api.errors import Unavailable, refusal
from api.store import audit
from api.store.audit import AuditDraft
from api.store.faults import DATABASE_ERRORS, Fault, fault_of
from ledger import operations as ledger
from ledger.core.holds import HoldPlacement
from ledger.core.journal import MAX_BATCH, MAX_LEGS, JournalDraft
from ledger.operations import EntryOutcome, EntryReceipt, EntryRefusal
from ledger.store import journal
from ledger.store.acting import is_bounded
from ledger.store.database import Database
from ledger.store.reading import run_first

MOST_WAITING: Final = 8_000
"""Entries that may wait for one book unless the operator sets another number: as many as one commit takes."""

_BOOKS_AT_ONCE = 8
"""Books whose entries are committed at the same time, each on a connection; on SQLite one, for it has one writer."""

_MOST_WAITING_BYTES = 64 * 2**20
_MOST_BATCH_BYTES = 16 * 2**20
_LEG_BYTES = 200
"""What an entry and each of its legs weighs, by estimate; free text and lot picks come on top."""

_CREATED = 201
_MOST_ATTEMPTS = 8
_SECONDS_FOR_ATTEMPTS = 10
_BUSY = "the database is busy or does not answer; send the same entry again under the same entry_id"
_log = logging.getLogger("tonne.api")


class WriterQueue:
    """Posts single entries in common commits, a queue for each book; may be asked from any number of event loops at once."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """Write to ``database``; at most ``most_waiting`` entries wait for one book, those in the commit not counted."""
        assert most_waiting > 0, "a queue has room for one"
        self._database = database
        self._clock = clock
        self._random_bytes = random_bytes
        self._most_waiting = most_waiting
        self._guard = Lock()
        self._drained = Condition(self._guard)
        self._lanes: dict[int, _Lane] = {}
        self._is_closed = False
        books_at_once = 1 if database.is_sqlite else _BOOKS_AT_ONCE
        self._threads = ThreadPoolExecutor(books_at_once, thread_name_prefix="Tonne commit")

    async def post(
        self,
        book_id: int,
        draft: JournalDraft,
        *,
        acting: tuple[UUID, ...] = (),
        is_closer: bool = False,
        note: AuditDraft | None = None,
    ) -> EntryOutcome:
        """Record ``draft`` in the book and return its own outcome once it is committed, or as it was recorded before.

        ``acting`` are the organisations for which the commit is made, none for the installation; ``is_closer``: the caller may post
        into softly closed days. Entries that differ in either share no commit. A linked group
        does not come here: its entries are one batch of one caller. ``note`` goes into the audit log in the same commit, with the
        status that the outcome is answered with.

        Raises ``ledger.queue_full`` when too many wait, ``server.stopping`` after ``close``, ``server.busy`` when the database
        does not answer: then the entry may or may not be recorded, and the same ``entry_id`` again tells. Any other error is
        this entry's own.
        """
        place = _Place(draft, acting=acting, is_closer=is_closer, note=note)
        with self._guard:
            if self._is_closed:
                raise Unavailable("server.stopping", "the server is stopping; send the same entry again in a moment")
            lane = self._lanes.get(book_id)
            is_first = lane is None
            if lane is None:
                lane = self._lanes[book_id] = _Lane()
            else:
                self._check_room(lane, place)
            lane.add(place)
        if is_first:
            self._threads.submit(self._commit_next, book_id)
        with anyio.CancelScope(shield=True):
            await place.settled
        return place.told()

    def close(self, *, seconds: int = 30) -> bool:
        """Take no more entries, wait until what was taken is recorded and told, and return whether all is, in time."""
        with self._drained:
            self._is_closed = True
            return self._drained.wait_for(lambda: not self._lanes, timeout=seconds)

    def waiting(self, book_id: int) -> int:
        """Return how many entries wait for the book's next commit."""
        with self._guard:
            lane = self._lanes.get(book_id)
            return 0 if lane is None else len(lane.waiting)

    def _check_room(self, lane: _Lane, place: _Place) -> None:
        if len(lane.waiting) >= self._most_waiting or lane.waiting_bytes + place.weight > _MOST_WAITING_BYTES:
            raise Unavailable(
                "ledger.queue_full", "too many entries wait for this book; send the same entry again in a moment"
            )

    def _commit_next(self, book_id: int) -> None:
        """Settle whatever waits for the book, tell who waited, and come again behind other books if more came meanwhile."""
        with self._guard:
            batch = [self._lanes[book_id].first()]
        try:
            self._settle(book_id, batch, is_open=True)
        except BaseException as error:  # noqa: BLE001 - a thread of ours has no caller: those of the batch are told that it is not known
            _log.exception("a commit of the writer queue ended with %s", type(error).__name__)
        _tell(batch)
        with self._guard:
            is_over = not self._lanes[book_id].waiting
            if is_over:
                del self._lanes[book_id]
                if not self._lanes:
                    self._drained.notify_all()
        if not is_over:
            self._threads.submit(self._commit_next, book_id)

    def _settle(self, book_id: int, batch: list[_Place], *, is_open: bool) -> None:
        """Give every place its outcome or its error; into an open batch those who wait are taken.

        What breaks a batch breaks only its own entry: each is tried once alone.
        """
        try:
            self._record(book_id, batch, is_open=is_open)
        except Unavailable:
            return  # a place without an outcome tells its caller so
        except Exception as error:  # noqa: BLE001 - passed on to the caller whose entry it is
            if len(batch) == 1:
                batch[0].error = error
                return
            for place in batch:
                self._settle(book_id, [place], is_open=False)

    def _record(self, book_id: int, batch: list[_Place], *, is_open: bool) -> None:
        """Commit the batch and note each outcome; begin again with the same ids while nothing definite is known.

        A commit whose reply was lost may have happened. The next attempt takes the book's lock on a new connection, behind whatever
        is left of the lost one, and finds the entries recorded or posts them: their ids make that harmless.
        """
        give_up_at = time.monotonic() + _SECONDS_FOR_ATTEMPTS
        lost: dict[bytes, EntryReceipt] = {}
        is_unknown = False
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            try:
                outcomes = self._commit(book_id, batch, is_open=is_open and attempt == 1, may_stand=is_unknown)
            except _CommitUnknown as unknown:
                is_unknown = True
                lost.update({each.leaf_hash: each for each in unknown.outcomes if isinstance(each, EntryReceipt)})
            except DATABASE_ERRORS as error:
                fault = fault_of(error)
                if fault is Fault.BUG:
                    raise
                if fault is Fault.UNAVAILABLE and not is_unknown:
                    raise Unavailable("server.busy", _BUSY) from error
            else:
                for place, outcome in zip(batch, outcomes, strict=True):
                    place.outcome = _first_told(outcome, lost)
                return
            if attempt < _MOST_ATTEMPTS and time.monotonic() < give_up_at:
                time.sleep((10 + self._random_bytes(1)[0]) * attempt / 1_000)
            else:
                break
        raise Unavailable("server.busy", _BUSY)

    def _commit(self, book_id: int, batch: list[_Place], *, is_open: bool, may_stand: bool) -> Sequence[EntryOutcome]:
        acting = batch[0].acting
        database = self._database.acting_for(*acting) if acting else self._database
        with database.writer() as session:
            bound_waiting(session)
            if is_open:
                journal.lock_book(session, book_id)  # meanwhile the callers of the commit before come back
                with self._guard:
                    self._lanes[book_id].fill(batch)
            outcomes = ledger.post_entries(
                session,
                book_id,
                [place.draft for place in batch],
                now=self._clock(),
                random_bytes=self._random_bytes,
                is_closer=batch[0].is_closer,
            )
            notes = [_noted(place.note, each) for place, each in zip(batch, outcomes, strict=True) if place.note]
            audit.append(session, notes, random_bytes=self._random_bytes, may_stand=may_stand)
            try:
                session.commit()
            except Exception as error:
                if isinstance(error, DATABASE_ERRORS) and fault_of(error) is Fault.BUG:
                    raise  # the database has answered: it refuses the commit
                raise _CommitUnknown(outcomes) from error
            return outcomes


def bound_waiting(session: Session) -> None:
    """Let no statement of this transaction wait for ever: 5 s for a lock, 30 s in all (PostgreSQL; SQLite: 30 s, its busy handler).

    A transaction that acts for an organisation has said so with its BEGIN.
    """
    bound = session.get_bind()
    if bound.dialect.name == "postgresql" and not is_bounded(bound):
        run_first(session, _BOUNDS)


_BOUNDS = "SELECT set_config('lock_timeout', '5s', true), set_config('statement_timeout', '30s', true)"


class _Place:
    """One caller's place: the draft it brought, and the outcome or the error that it takes away."""

    __slots__ = ("acting", "draft", "error", "is_closer", "note", "outcome", "settled", "weight")

    def __init__(
        self, draft: JournalDraft, *, acting: tuple[UUID, ...], is_closer: bool, note: AuditDraft | None = None
    ) -> None:
        self.draft = draft
        self.acting = acting
        self.note = note
        self.is_closer = is_closer
        self.weight = weight(draft)
        self.outcome: EntryOutcome | None = None
        self.error: Exception | None = None
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def may_follow(self, other: _Place) -> bool:
        """Return whether this may stand behind ``other`` in a batch: with the same rights, and not by chance in its linked group."""
        is_apart = self.draft.link is None or self.draft.link != other.draft.link
        return is_apart and self.is_closer == other.is_closer and self.acting == other.acting

    def told(self) -> EntryOutcome:
        """Return the outcome, or raise why there is none."""
        if self.error is not None:
            raise self.error
        if self.outcome is None:
            raise Unavailable("server.busy", _BUSY)
        return self.outcome


class _Lane:
    """Who waits for a book; one that nobody posts to has none. Guarded by the queue's lock."""

    __slots__ = ("waiting", "waiting_bytes")

    def __init__(self) -> None:
        self.waiting: deque[_Place] = deque()
        self.waiting_bytes = 0

    def add(self, place: _Place) -> None:
        """Let ``place`` wait as the last."""
        self.waiting.append(place)
        self.waiting_bytes += place.weight

    def fill(self, batch: list[_Place]) -> None:
        """Move all that wait into a batch that has begun, as far as one commit takes them."""
        heavy = sum(place.weight for place in batch)
        while self.waiting and len(batch) < MAX_BATCH:
            following = self.waiting[0]
            heavy += following.weight
            if heavy > _MOST_BATCH_BYTES or not following.may_follow(batch[-1]):
                return
            batch.append(self.first())

    def first(self) -> _Place:
        """Take out who waits longest."""
        place = self.waiting.popleft()
        self.waiting_bytes -= place.weight
        return place


def _tell(batch: Sequence[_Place]) -> None:
    """Wake everybody of a batch, each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Place]] = {}
    for place in batch:
        by_loop.setdefault(place.settled.get_loop(), []).append(place)
    for loop, places in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_wake, places)


def _wake(places: Sequence[_Place]) -> None:
    for place in places:
        if not place.settled.done():
            place.settled.set_result(None)


class _CommitUnknown(Exception):  # noqa: N818 - it is not known to be an error
    """The commit was sent and its reply is not known; ``outcomes`` are what it records if it happened."""

    def __init__(self, outcomes: Sequence[EntryOutcome]) -> None:
        super().__init__("the reply to a commit was lost")
        self.outcomes = outcomes


def weight(draft: JournalDraft) -> int:
    """Return about how many bytes the draft takes in a batch; a reversal weighs as the longest entry it could undo."""
    legs = MAX_LEGS if draft.reverses is not None else len(draft.postings)
    picks = sum(len(leg.lots) for leg in draft.postings)
    if isinstance(draft.hold, HoldPlacement):
        picks += len(draft.hold.lots)
    words = sum(len(value) for value in draft.attrs.values()) if draft.attrs else 0
    return _LEG_BYTES * (1 + legs) + 50 * picks + 4 * words


def _noted(note: AuditDraft, outcome: EntryOutcome) -> AuditDraft:
    status = _CREATED if isinstance(outcome, EntryReceipt) else refusal(outcome.refusal).status_code
    return replace(note, status=status)


def _first_told(outcome: EntryOutcome, lost: Mapping[bytes, EntryReceipt]) -> EntryOutcome:
    """Return the receipt of the lost commit where ``outcome`` repeats it: a leaf's random salt makes its hash that commit's own."""
    if isinstance(outcome, EntryRefusal) or not outcome.is_replay:
        return outcome
    return lost.get(outcome.leaf_hash, outcome)
