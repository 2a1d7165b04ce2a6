"""The edge of a request: who calls, with which session, at which instant, and the one commit before the answer leaves.

Owns transactions, retries and repeated requests. Handlers stay plain functions that get a ``Call``; they never open, commit or wait.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, TypeVar
from uuid import UUID

import anyio
from anyio import to_thread
from fastapi import Depends, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api import described, errors, proposing
from api.auth.authenticate import look_up
from api.auth.policy import Declared
from api.auth.presented import Presented, address_of, browser_headers, presented_by, reading_of
from api.auth.principal import Principal, Role
from api.auth.rate_limits import UNLIMITED, RateLimits
from api.auth.same_origin import SAFE_METHODS, check_same_origin
from api.auth.scope import ScopedKind, load_scoped
from api.auth.second_person import Scale
from api.auth.totp_seal import TotpSeal, process_seal
from api.proposing import Trace, Tried
from api.schemas.body import EdgeRequest, check_type, read_body
from api.schemas.strict_json import parse
from api.store import access, access_log, audit, idempotency, sessions
from api.store.audit import AuditDraft
from api.store.faults import DATABASE_ERRORS, Fault, fault_of
from api.store.four_eyes import Requirement
from api.turns import BUSY, Turn, borrowed_turn
from api.writer import WriterQueue, bound_waiting
from ledger import operations as ledger
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound
from ledger.core.journal import JournalDraft
from ledger.operations import EntryOutcome
from ledger.store.database import Database, open_database
from migrations import runner

Loaded = TypeVar("Loaded")

MOST_ATTEMPTS = 5
"""How often one request's work is begun when other transactions are in the way."""

_SECONDS_FOR_ATTEMPTS = 10
_MOST_SESSIONS = 40
"""Requests that hold a session at once; below the 45 connections of the pool, so that none waits for one while holding another."""

LONGEST_KEY = 255
_LONGEST_PATH = 500
_log = logging.getLogger("tonne.api")


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

    ``write_turn`` is first come, first served; PostgreSQL needs none. ``sessions`` bounds the requests that hold a connection.
    ``writer`` commits the single entries of several requests together.
    """

    database: Database
    writer: WriterQueue
    clock: Callable[[], datetime] = utc_now
    random_source: Callable[[int], bytes] = secrets.token_bytes
    id_source: Callable[[], UUID]
    write_turn: anyio.Lock = field(default_factory=anyio.Lock)
    sessions: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(_MOST_SESSIONS))
    limits: RateLimits = field(default_factory=lambda: RateLimits(UNLIMITED))
    totp_seal: TotpSeal = field(default_factory=process_seal)

    @property
    def turn(self) -> anyio.Lock | None:
        """The turn of a writer, where one is needed."""
        return self.write_turn if self.database.is_sqlite else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a handler sees it; ``now`` stands still, and nothing here commits.

    ``upload`` and ``upload_type`` are the body and content type of an upload route. ``writer`` is there when ``session`` only reads
    and the entry goes into a common commit, together with ``note`` for the audit log. ``trace`` is what a handler says while it works.
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
    writer: WriterQueue | None = None
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

    def record(self, work: Callable[[Session], Loaded]) -> Loaded:
        """Do ``work`` in a short transaction of its own and commit it: for a reading handler whose slow part holds no connection.

        Signing in counts a try, hashes for long, and then begins a session; no writer waits for the hash meanwhile.
        """
        self.session.close()
        with borrowed_turn(self.write_turn), unit_of_work(self.database) as session:
            return work(session)

    def post(self, book_id: int, draft: JournalDraft, *, is_closer: bool = False) -> EntryOutcome:
        """Record one entry and return its outcome: through the queue, committed then, or in this request's own transaction.

        ``is_closer``: the caller may post into softly closed days. The last thing a handler does: in the queue it waits without a session.
        """
        if self.writer is not None:
            self.session.close()
            note = (
                None if self.note is None else replace(self.note, resources=(*self.note.resources, str(draft.entry_id)))
            )
            return self.writer.post(book_id, draft, is_closer=is_closer, note=note)
        (outcome,) = ledger.post_entries(
            self.session,
            book_id,
            [draft],
            now=self.now,
            random_bytes=self.random_bytes,
            is_closer=is_closer,
        )
        return outcome


async def current_call(request: Request) -> Call:
    """Return the call that the route has prepared."""
    call = request.state.call
    assert isinstance(call, Call), "every route is an EdgeRoute, which prepares the call"
    return call


ThisCall = Annotated[Call, Depends(current_call)]
"""The parameter type by which a handler asks for its ``Call``."""


async def queueable_call(request: Request) -> Call:
    """Return the call that the route has prepared, for a handler that only reads and then calls ``post``."""
    return await current_call(request)


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


class EdgeRoute(APIRoute):
    """A route as declared: policy first, then the strict body, then one transaction around the handler."""

    def __init__(self, declared: Declared) -> None:
        """Build the route; its policy and its problem answers stand in the API's description too."""
        self.declared = declared
        more: dict[str, Any] = {"response_class": Response, "response_model": None} if declared.answers else {}
        super().__init__(
            declared.path,
            declared.handler,
            methods=[declared.method],
            status_code=declared.status,
            tags=[declared.tag],
            operation_id=declared.handler.__name__,
            responses=described.answers_of(declared),
            openapi_extra=described.extra_of(declared),
            **more,
        )
        self.query_names = frozenset(
            each.alias for each in get_flat_params(self.dependant) if isinstance(each.field_info, params.Query)
        )
        self.is_queueable = any(each.call is queueable_call for each in self.dependant.dependencies)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the edge around it."""
        answer = super().get_route_handler()
        self.answer = answer

        async def edge(request: Request) -> Response:
            surroundings: Surroundings = request.app.state.surroundings
            try:
                return await self._serve(request, surroundings, answer)
            except DATABASE_ERRORS as error:
                if fault_of(error) is Fault.BUG:
                    raise
                raise errors.Unavailable("server.busy", BUSY) from error

        return edge

    async def _serve(
        self, request: Request, surroundings: Surroundings, answer: Callable[[Request], Coroutine[Any, Any, Response]]
    ) -> Response:
        if len(request.url.path) > _LONGEST_PATH or not request.url.path.isprintable():
            raise NotFound("path.not_found", "there is nothing at this path")
        limits, now = surroundings.limits, surroundings.clock()
        limits.admit_address(address_of(request), now=now)
        caller, shown = None, presented_by(request)
        if not self.declared.policy.is_public:
            caller = await _authenticated(request, surroundings, shown)
            self.declared.policy.permit(caller, is_write=self.declared.writes)
            if self.declared.writes:
                limits.admit_write(caller, now=now)
            if Role.AUDITOR in caller.roles and self.declared.writes:
                await _note_reading(request, surroundings, caller)
        self._check_query(request)
        taken = await self._take_body(request)
        work = _Work(
            route=self, request=taken, surroundings=surroundings, caller=caller, token=shown.proof, answer=answer
        )
        if not self.declared.writes:
            with limits.exporting(caller) if caller is not None and self.declared.is_export else nullcontext():
                is_audit = caller is not None and Role.AUDITOR in caller.roles
                return await (work.read_noted() if is_audit else work.read())
        keyed = _keyed(taken, caller)
        queued = await work.queue() if self.is_queueable and keyed is None else None
        return await work.write(keyed) if queued is None else queued

    def _check_query(self, request: Request) -> None:
        names = [name for name, _ in request.query_params.multi_items()]
        if self.declared.takes_any_query:
            return
        if set(names) - self.query_names or len(set(names)) != len(names):
            known = ", ".join(sorted(self.query_names)) or "none"
            raise Invalid("query.unknown", f"query: a parameter is unknown or stands twice; this route knows: {known}")

    async def _take_body(self, request: Request) -> EdgeRequest:
        declared = self.declared
        if declared.method == "GET":
            return EdgeRequest(request, raw=b"", document=None)
        if declared.upload_types:
            check_type(request, declared.upload_types)
            return EdgeRequest(request, raw=await read_body(request, most_bytes=declared.most_bytes), document=None)
        if self.body_field is not None:
            check_type(request, ("application/json",))
        raw = await read_body(request, most_bytes=declared.most_bytes)
        if self.body_field is None and not raw:
            return EdgeRequest(request, raw=b"", document=None)
        document = parse(raw)
        if self.body_field is None and document != {}:
            raise Invalid("body.unexpected", "this route takes no body; send none, or an empty JSON object")
        return EdgeRequest(request, raw=raw, document=document)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One admitted request and the way its transaction goes."""

    route: EdgeRoute
    request: EdgeRequest
    surroundings: Surroundings
    caller: Principal | None
    token: str | None
    answer: Callable[[Request], Coroutine[Any, Any, Response]]

    async def read(self) -> Response:
        """Answer from one moment of the database."""
        async with self.surroundings.sessions:
            session = self.surroundings.database.reader()
            try:
                return await self._answer(session, self.surroundings.clock())
            finally:
                await _close(session)

    async def read_noted(self) -> Response:
        """Answer an auditor; what was asked and how it ended stands in both logs of the organisation before the answer leaves."""
        status, answered = 500, b""
        try:
            response = await self.read()
            status, answered = response.status_code, bytes(getattr(response, "body", b""))
        except (DomainError, RequestValidationError) as refused:
            status = errors.status_of(refused) if isinstance(refused, DomainError) else 422
            raise
        finally:
            await self._note_audit(status, answered)
        return response

    async def _note_audit(self, status: int, answered: bytes) -> None:
        caller, now = self.caller, self.surroundings.clock()
        assert caller is not None, "an auditor is known"
        asked = self._draft(caller, None, Trace(), now)
        draft = replace(asked, status=status, answer_sha256=sha256(answered).digest() if answered else None)
        event = reading_of(self.request, caller, event_id=self.surroundings.id_source(), now=now)

        def write() -> None:
            with unit_of_work(self.surroundings.database) as session:
                access_log.add_event(session, event)
                audit.append(session, [draft], random_bytes=self.surroundings.random_source)

        async with Turn(self.surroundings.turn), self.surroundings.sessions:
            await to_thread.run_sync(write)

    async def queue(self) -> Response | None:
        """Admit the request from one moment of the database; its entry is committed by the writer queue before the answer.

        ``None`` where a second person may be asked: then the request takes a transaction of its own.
        """
        assert self.caller is not None, "an entry is somebody's"
        action = self.route.declared.second_person
        async with self.surroundings.sessions:
            session = self.surroundings.database.reader()
            try:
                if not await to_thread.run_sync(proposing.is_plain, session, self.caller.organisation_id, action):
                    return None
                return await self._answer(session, self.surroundings.clock(), writer=self.surroundings.writer)
            except errors.RefusedAndRecorded as refused:
                return errors.refusal(refused.refusal)
            finally:
                await _close(session)

    async def write(self, keyed: idempotency.Request | None) -> Response:
        """Do the work, commit, then answer; begin again while other transactions are in the way."""
        give_up_at = anyio.current_time() + _SECONDS_FOR_ATTEMPTS
        attempt = 1
        while True:
            try:
                async with Turn(self.surroundings.turn), self.surroundings.sessions:
                    return await self._attempt(keyed)
            except DATABASE_ERRORS as error:
                fault = fault_of(error)
                if fault in {Fault.BUG, Fault.UNAVAILABLE}:
                    raise
                if attempt == MOST_ATTEMPTS or anyio.current_time() > give_up_at:
                    raise _exhausted(fault) from error
            pause_ms = (10 + self.surroundings.random_source(1)[0]) * attempt
            await anyio.sleep(pause_ms / 1_000)
            attempt += 1

    async def _attempt(self, keyed: idempotency.Request | None) -> Response:
        session = self.surroundings.database.writer()
        now = self.surroundings.clock()
        try:
            kept = await to_thread.run_sync(_begin, session, keyed, now)
            if kept is not None:
                return Response(
                    kept.body,
                    status_code=kept.status,
                    media_type="application/json" if kept.status < _FIRST_REFUSAL else errors.MEDIA_TYPE,
                    headers={"Idempotency-Replayed": "true"},
                )
            trace = Trace()
            try:
                response = await self._answer_or_propose(session, now, trace)
            except errors.RefusedAndRecorded as refused:
                response = errors.refusal(refused.refusal)
            await to_thread.run_sync(self._note, session, response, trace, now)
            body = bytes(response.body) if self.route.declared.keeps_answer else None
            await to_thread.run_sync(_finish, session, keyed, response.status_code, body)
            return response
        finally:
            await _close(session)

    async def _answer_or_propose(self, session: Session, now: datetime, trace: Trace) -> Response:
        """Do the work; where a second person may be asked do it inside a savepoint, and keep it only if none is."""
        action, caller = self.route.declared.second_person, self.caller
        if action is None or caller is None:
            return await self._answer(session, now, trace=trace)
        rule = await to_thread.run_sync(proposing.rule_of, session, caller.organisation_id, action)
        if rule.requirement is Requirement.NEVER:
            return await self._answer(session, now, trace=trace)
        savepoint = await to_thread.run_sync(session.begin_nested)
        try:
            response = await self._answer(session, now, trace=trace)
        except errors.RefusedAndRecorded as refused:
            raise refused.refusal from None  # nothing was asked of anybody yet, so there is nothing to record
        if trace.scale.is_exempt:
            return response
        tried = Tried(
            savepoint=savepoint,
            action=action,
            rule=rule,
            recorded=proposing.recorded(self.request, await self.request.body(), self.route.declared),
            response=response,
            scale=trace.scale,
        )
        settle = partial(proposing.settle, proposal_id=self.surroundings.id_source(), now=now)
        return await to_thread.run_sync(settle, session, tried, caller)

    def _note(self, session: Session, response: Response, trace: Trace, now: datetime) -> None:
        if self.caller is not None:
            note = self._draft(self.caller, response, trace, now)
            audit.append(session, [note], random_bytes=self.surroundings.random_source)

    def _draft(self, caller: Principal, response: Response | None, trace: Trace, now: datetime) -> AuditDraft:
        return proposing.audit_draft(
            self.request,
            self.route.declared,
            caller,
            request_id=self.surroundings.id_source(),
            response=response,
            trace=trace,
            now=now,
        )

    async def _answer(
        self, session: Session, now: datetime, *, writer: WriterQueue | None = None, trace: Trace | None = None
    ) -> Response:
        is_upload = bool(self.route.declared.upload_types)
        seen = trace or Trace()
        queued = writer is not None and self.caller is not None
        self.request.state.call = Call(
            session=session,
            database=self.surroundings.database,
            now=now,
            new_id=self.surroundings.id_source,
            random_bytes=self.surroundings.random_source,
            caller=self.caller,
            upload=await self.request.body() if is_upload else b"",
            upload_type=self.request.headers.get("content-type", "").partition(";")[0].strip().lower(),
            writer=writer,
            note=self._draft(self.caller, None, seen, now) if queued and self.caller is not None else None,
            trace=seen,
            address=address_of(self.request),
            token=self.token,
            write_turn=self.surroundings.turn,
            totp_seal=self.surroundings.totp_seal,
        )
        return await self.answer(self.request)


_FIRST_REFUSAL = 400


async def _authenticated(request: Request, surroundings: Surroundings, shown: Presented) -> Principal:
    """Return who calls: by ``Authorization: Bearer`` and a key or a session's token, else by the cookie of a page of ours."""
    if shown.proof is None:
        raise errors.Unauthenticated(
            "auth.key_missing", "sign in, or send one header Authorization: Bearer and an API key"
        )
    now = surroundings.clock()
    async with surroundings.sessions:
        found = await to_thread.run_sync(look_up, surroundings.database, shown.proof, address_of(request), now)
    if found is None:
        raise errors.Unauthenticated("auth.key_invalid", "this API key or session does not work; sign in again")
    if shown.cookie is not None and request.method not in SAFE_METHODS:
        check_same_origin(browser_headers(request), shown.cookie)
    if found.is_touch_due:
        async with Turn(surroundings.turn), surroundings.sessions:
            await to_thread.run_sync(_touch, surroundings.database, found.principal, now)
    return found.principal


def _touch(database: Database, principal: Principal, now: datetime) -> None:
    try:
        with unit_of_work(database) as session:
            if principal.session_id is not None:
                sessions.touch_session(session, principal.session_id, now=now)
            elif principal.key_id is not None:
                access.touch_key(session, principal.key_id, now=now)
    except DATABASE_ERRORS as error:
        _log.warning("the last use of a key or session was not noted: %s", type(error).__name__)


async def _note_reading(request: Request, surroundings: Surroundings, auditor: Principal) -> None:
    """Write what an auditor changes into the access log, before it is answered; what it reads is noted with its end."""
    event = reading_of(request, auditor, event_id=surroundings.id_source(), now=surroundings.clock())

    def write() -> None:
        with unit_of_work(surroundings.database) as session:
            access_log.add_event(session, event)

    async with Turn(surroundings.turn), surroundings.sessions:
        await to_thread.run_sync(write)


def _keyed(request: EdgeRequest, caller: Principal | None) -> idempotency.Request | None:
    keys = request.headers.getlist("idempotency-key")
    if not keys or caller is None:
        return None
    key = keys[0]
    if len(keys) > 1 or not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            "request.header",
            f"Idempotency-Key: expected one header of 1 to {LONGEST_KEY} printable ASCII characters",
            field="Idempotency-Key",
        )
    route = f"{request.method} {request.url.path}"
    return idempotency.Request(
        organisation_id=caller.organisation_id, route=route, key=key, sha256=request.fingerprint()
    )


def _begin(session: Session, keyed: idempotency.Request | None, now: datetime) -> idempotency.KeptAnswer | None:
    bound_waiting(session)
    return None if keyed is None else idempotency.claim(session, keyed, now=now)


def _finish(session: Session, keyed: idempotency.Request | None, status: int, body: bytes | None) -> None:
    if keyed is not None:
        idempotency.complete(session, keyed, status=status, body=body)
    session.commit()


async def _close(session: Session) -> None:
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(session.close)


def _exhausted(fault: Fault) -> Conflict | errors.Unavailable:
    if fault is Fault.DUPLICATE:
        return Conflict("request.conflict", "another request stored the same thing; read it, then decide")
    return errors.Unavailable("server.busy", BUSY)
