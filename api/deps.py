"""What a handler is given: a ``Call``, who calls, with which session and at which instant; and what an application stands in.

Handlers stay plain functions; they never open, commit or wait. How a request comes here and is committed is ``api.edge``'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import anyio
from fastapi import Depends
from sqlalchemy.orm import Session
from starlette.requests import Request

from api.auth.principal import Principal
from api.auth.rate_limits import UNLIMITED, RateLimits
from api.auth.scope import ScopedKind, load_scoped
from api.auth.second_person import Scale
from api.auth.totp_seal import TotpSeal, process_seal
from api.proposing import Trace
from api.store.audit import AuditDraft
from api.threads import Threads
from api.turns import borrowed_turn
from api.writer import WriterQueue
from ledger import operations as ledger
from ledger.core.errors import Conflict
from ledger.core.journal import JournalDraft
from ledger.operations import EntryOutcome
from ledger.store.acting import act_also_for
from ledger.store.database import Database, open_database
from migrations import runner

Answer = TypeVar("Answer")
Loaded = TypeVar("Loaded")

_MOST_READING, _MOST_OTHERS = 16, 16
"""Requests that hold a session at once; with the 8 books of the writer queue below the 45 connections of the pool, so that none waits
for one while holding another."""

_READS_AT_ONCE_INSIDE, _READS_AT_ONCE_BESIDE, _READS_AT_ONCE_AFAR = 1, 2, 8
"""Threads that read while they get on: SQLite computes in this process, and a server on this machine answers so soon that more only take
the interpreter's lock from each other: 755 reads a second with two where eight gave 615. A server elsewhere is waited for."""

LONGEST_KEY = 255


def utc_now() -> datetime:
    """Return the present instant: the one clock of the API and the command line."""
    return datetime.now(UTC)  # noqa: TID251 - this is the edge that reads the clock


def uuid7(now: datetime, random_bytes: Callable[[int], bytes]) -> UUID:
    """Return a UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, 12 of their fraction, 62 random ones.

    The fraction (section 6.2, method 3) keeps ids of one process in the order of their microseconds.
    """
    since = now - datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    milliseconds, rest = divmod(microseconds, 1_000)
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | (rest * 4096 // 1_000) << 64 | 0b10 << 62
    return UUID(int=value | int.from_bytes(random_bytes(8), "big") >> 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an application stands in: database, clock, sources of randomness and ids, and the turn of its SQLite writers.

    ``write_turn`` is first come, first served; PostgreSQL needs none. ``reading`` are the threads of requests that only read and
    ``sessions`` those of all others, each with at most one connection; on SQLite ``only_writer`` is the one of who has the turn, for
    those who wait for it may have all others. ``writer`` commits the single entries of several requests together.
    """

    database: Database
    writer: WriterQueue
    clock: Callable[[], datetime] = utc_now
    random_source: Callable[[int], bytes] = secrets.token_bytes
    id_source: Callable[[], UUID]
    write_turn: anyio.Lock = field(default_factory=anyio.Lock)
    sessions: Threads = field(default_factory=lambda: Threads(_MOST_OTHERS))
    limits: RateLimits = field(default_factory=lambda: RateLimits(UNLIMITED))
    totp_seal: TotpSeal = field(default_factory=process_seal)
    only_writer: Threads = field(default_factory=lambda: Threads(1))
    reading: Threads = field(init=False)

    def __post_init__(self) -> None:
        """Make the threads that read."""
        is_here = self.database.is_on_this_machine
        at_once = _READS_AT_ONCE_BESIDE if is_here else _READS_AT_ONCE_AFAR
        if self.database.is_sqlite:
            at_once = _READS_AT_ONCE_INSIDE
        object.__setattr__(self, "reading", Threads(_MOST_READING, at_once=at_once, is_brief=is_here))

    @property
    def turn(self) -> anyio.Lock | None:
        """The turn of a writer, where one is needed."""
        return self.write_turn if self.database.is_sqlite else None

    @property
    def writing(self) -> Threads:
        """The threads that write."""
        return self.only_writer if self.database.is_sqlite else self.sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a handler sees it; ``now`` stands still, and nothing here commits.

    ``upload`` and ``upload_type`` are the body and content type of an upload route. ``is_queued``: ``session`` only reads, and the entry
    goes into a common commit, together with ``note`` for the audit log. ``trace`` is what a handler says while it works.
    ``address`` is the caller's network address; ``token`` the session's token, if it came with one.
    """

    session: Session
    database: Database
    now: datetime
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]
    caller: Principal | None
    upload: bytes = field(default=b"", repr=False)
    upload_type: str = ""
    is_queued: bool = False
    address: str = ""
    token: str | None = field(default=None, repr=False)
    write_turn: anyio.Lock | None = None
    note: AuditDraft | None = None
    trace: Trace = field(default_factory=Trace)
    totp_seal: TotpSeal = field(default_factory=process_seal)

    @property
    def scale(self) -> Scale:
        """Where a handler says what its request moves, so that a limit of a day can hold."""
        return self.trace.scale

    @property
    def principal(self) -> Principal:
        """The caller, of whom every route that is not public can be sure."""
        assert self.caller is not None, "a public route has no principal"
        return self.caller

    def load(self, kind: ScopedKind[Loaded], record_id: UUID) -> Loaded:
        """Return a record the caller may see, or raise ``<kind>.not_found``: the way every id of a request is taken."""
        return load_scoped(self.session, self.principal, kind, record_id)

    def act_also_for(self, organisation_id: UUID) -> None:
        """Let the rest of the transaction see and write another organisation's rows too: who releases a pledge posts there."""
        act_also_for(self.session, organisation_id)

    def record(self, work: Callable[[Session], Loaded]) -> Loaded:
        """Do ``work`` in a short transaction of its own and commit it: for a reading handler whose slow part holds no connection.

        Signing in counts a try, hashes for long, and then begins a session; no writer waits for the hash meanwhile.
        """
        self.session.close()
        with borrowed_turn(self.write_turn), unit_of_work(self.database) as session:
            return work(session)

    def post(
        self, book_id: int, draft: JournalDraft, answer: Callable[[EntryOutcome], Answer], *, is_closer: bool = False
    ) -> Answer:
        """Record one entry in this request's own transaction and return the answer to its outcome, or raise ``Queued``.

        ``is_closer``: the caller may post into softly closed days. The last thing a handler does: what goes into a common commit waits
        for it without a session and without a thread.
        """
        if self.is_queued:
            note = self.note and replace(self.note, resources=(*self.note.resources, str(draft.entry_id)))
            raise Queued(book_id=book_id, draft=draft, is_closer=is_closer, note=note, answer=answer)
        (outcome,) = ledger.post_entries(
            self.session,
            book_id,
            [draft],
            now=self.now,
            random_bytes=self.random_bytes,
            is_closer=is_closer,
        )
        return answer(outcome)


class Queued(Exception):  # noqa: N818 - nothing is wrong: the handler has done its part
    """What is left of a request: one entry goes into the next commit of its book, and ``answer`` makes of its outcome what is told."""

    def __init__(
        self,
        *,
        book_id: int,
        draft: JournalDraft,
        is_closer: bool,
        note: AuditDraft | None,
        answer: Callable[[EntryOutcome], object],
    ) -> None:
        """Take what ``WriterQueue.post`` asks for."""
        super().__init__("an entry waits for the next commit of its book")
        self.book_id = book_id
        self.draft = draft
        self.is_closer = is_closer
        self.note = note
        self.answer = answer


def current_call(request: Request) -> Call:
    """Return the call that the route has prepared."""
    call = request.state.call
    assert isinstance(call, Call), "every route is an EdgeRoute, which prepares the call"
    return call


ThisCall = Annotated[Call, Depends(current_call)]
"""The parameter type by which a handler asks for its ``Call``."""


def queueable_call(request: Request) -> Call:
    """Return the call that the route has prepared, for a handler that only reads and then calls ``post``."""
    return current_call(request)


QueueableCall = Annotated[Call, Depends(queueable_call)]
"""The parameter type of a handler whose one write is ``call.post``, so that it may go into a common commit.

A request with an Idempotency-Key keeps a transaction of its own, in which its answer is kept beside the entry.
"""


@contextmanager
def unit_of_work(database: Database) -> Iterator[Session]:
    """Give the command line one writing transaction: committed at the end of the block, rolled back when it raises."""
    with database.writer() as session:
        yield session
        session.commit()


@contextmanager
def ready_database(url: str) -> Iterator[Database]:
    """Give the command line the database at ``url``, closed at the end; refuse one without this release's schema."""
    database = open_database(url)
    try:
        if not runner.is_current(database):
            raise Conflict(
                "database.schema_old", "--database: its schema is not this release's; run tonne migrate first"
            )
        yield database
    finally:
        database.engine.dispose()
