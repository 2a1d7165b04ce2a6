"""Carries a request through: who calls, one transaction around the handler, its commit, and only then the answer.

A request goes to a worker thread once, and there the caller is found, the work done and committed in one session: each change of
thread costs as much as a statement. Owns transactions, retries and repeated requests. Handlers never open, commit or wait.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

import anyio
from fastapi import params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api import described, errors, proposing
from api.answering import Answering
from api.auth.authenticate import Authenticated, authenticate
from api.auth.policy import Declared
from api.auth.presented import address_of, browser_headers, presented_by, reading_of
from api.auth.principal import Principal, Role
from api.auth.same_origin import SAFE_METHODS, check_same_origin
from api.deps import LONGEST_KEY, Call, Queued, Surroundings, queueable_call, unit_of_work
from api.proposing import Trace, Tried
from api.schemas.body import EdgeRequest, check_type, is_small_body, read_body
from api.schemas.strict_json import parse
from api.store import access, access_log, audit, idempotency, sessions
from api.store.audit import AuditDraft
from api.store.faults import DATABASE_ERRORS, Fault, fault_of
from api.store.four_eyes import Requirement
from api.turns import BUSY, Turn
from api.writer import bound_waiting
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound
from ledger.store.acting import act_only_for
from ledger.store.database import Database

Result = TypeVar("Result")

MOST_ATTEMPTS = 5
"""How often one request's work is begun when other transactions are in the way."""

_SECONDS_FOR_ATTEMPTS = 10
_LONGEST_PATH = 500
_FIRST_REFUSAL = 400
_log = logging.getLogger("tonne.api")


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
        self.answering = Answering(self, status=declared.status)
        self.query_names = frozenset(
            each.alias for each in get_flat_params(self.dependant) if isinstance(each.field_info, params.Query)
        )
        self.is_queueable = any(each.call is queueable_call for each in self.dependant.dependencies)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the edge around it."""
        return self.respond

    async def respond(self, request: Request) -> Response:
        """Return the answer to ``request``, or raise what it is refused with."""
        try:
            return await _Work(self, request).done()
        except DATABASE_ERRORS as error:
            if fault_of(error) is Fault.BUG:
                raise
            raise errors.Unavailable("server.busy", BUSY) from error

    def check_query(self, request: Request) -> None:
        """Raise ``query.unknown`` for a parameter that this route does not know, or one that stands twice."""
        if self.declared.takes_any_query or not request.scope["query_string"]:
            return
        names = [name for name, _ in request.query_params.multi_items()]
        if set(names) - self.query_names or len(set(names)) != len(names):
            known = ", ".join(sorted(self.query_names)) or "none"
            raise Invalid("query.unknown", f"query: a parameter is unknown or stands twice; this route knows: {known}")


class _UnnotedError(Exception):
    """An auditor's change was begun before the audit log had its request; nothing was done yet, and it is begun again once it has."""


class _Work:
    """One request on its way: what was read of it so far, and who turned out to send it."""

    def __init__(self, route: EdgeRoute, request: Request) -> None:
        if len(request.scope["path"]) > _LONGEST_PATH or not request.scope["path"].isprintable():
            raise NotFound("path.not_found", "there is nothing at this path")
        surroundings: Surroundings = request.app.state.surroundings
        self._route = route
        self._declared = route.declared
        self._request = request
        self._surroundings = surroundings
        self._shown = presented_by(request)
        self._found: Authenticated | None = None
        self._auditor: Principal | None = None
        self._is_noted = False
        self._is_counted = False
        self._raw = b""
        self._refused: Invalid | None = None
        self._taken: EdgeRequest | None = None

    async def done(self) -> Response:
        """Return the answer, once everything that it says is committed."""
        surroundings = self._surroundings
        surroundings.limits.admit_address(address_of(self._request), now=surroundings.clock())
        try:
            await self._receive()
            if not self._declared.writes:
                return await self._read()
            if self._route.is_queueable and "idempotency-key" not in self._request.headers:
                queued = await self._queue()
                if queued is not None:
                    return queued
            return await self._write()
        finally:
            if self._found is not None and self._found.is_touch_due:
                await self._note_use(self._found.principal)

    async def _receive(self) -> None:
        """Read the body; one that is not small only from a caller that is known and may send it.

        What is wrong with it is told at its place: who may not call learns nothing about the body.
        """
        if self._declared.method == "GET":
            return
        if not is_small_body(self._request):
            await self._in_thread(self._admitted_alone)
        try:
            self._raw = await read_body(self._request, most_bytes=self._declared.most_bytes)
        except Invalid as refused:
            self._refused = refused

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        """Do ``work``, which only reads, in a thread; before an auditor's request is answered, note it."""
        try:
            return await self._surroundings.reading.run(work)
        except _UnnotedError:
            await self._note_reading()
        return await self._surroundings.reading.run(work)

    async def _in_turn(self, work: Callable[[datetime], None]) -> None:
        """Do a short write of our own, as one of those who take turns."""
        surroundings = self._surroundings
        async with Turn(surroundings.turn):
            await surroundings.writing.run(work, surroundings.clock())

    async def _note_use(self, principal: Principal) -> None:
        """Note that a key or session was used; the answer stands whether that succeeds or not."""
        try:
            await self._in_turn(partial(_touch, self._surroundings.database, principal))
        except DATABASE_ERRORS as error:
            _log.warning("the last use of a key or session was not noted: %s", type(error).__name__)
        except errors.Unavailable:
            _log.warning("the last use of a key or session was not noted: others were writing")

    async def _note_reading(self) -> None:
        """Write what an auditor changes into the access log, before it is answered; what it reads is noted with its end."""
        assert self._found is not None, "an auditor is known"
        auditor, database = self._found.principal, self._surroundings.database

        def write(now: datetime) -> None:
            event = reading_of(self._request, auditor, event_id=self._surroundings.id_source(), now=now)
            with unit_of_work(database) as session:
                access_log.add_event(session, event)

        await self._in_turn(write)
        self._is_noted = True

    async def _read(self) -> Response:
        """Answer; what an auditor asked and how it ended stands in both logs of the organisation before the answer leaves."""
        status, answered = 500, b""
        try:
            response = await self._surroundings.reading.run(self._read_here)
            status, answered = response.status_code, bytes(getattr(response, "body", b""))
        except (DomainError, RequestValidationError) as refused:
            status = errors.status_of(refused) if isinstance(refused, DomainError) else 422
            raise
        finally:
            if self._auditor is not None:
                await self._in_turn(partial(self._note_audit, self._auditor, status, answered))
        return response

    def _note_audit(self, auditor: Principal, status: int, answered: bytes, now: datetime) -> None:
        asked = self._draft(self._checked(), auditor, None, Trace(), now)
        draft = replace(asked, status=status, answer_sha256=sha256(answered).digest() if answered else None)
        event = reading_of(self._request, auditor, event_id=self._surroundings.id_source(), now=now)
        with unit_of_work(self._surroundings.database) as session:
            access_log.add_event(session, event)
            audit.append(session, [draft], random_bytes=self._surroundings.random_source)

    def _read_here(self) -> Response:
        """Answer from one moment of the database."""
        now = self._surroundings.clock()
        with self._surroundings.database.reader() as session:
            caller = self._admitted(session, now)
            request = self._checked()
            self._auditor = caller if caller is not None and Role.AUDITOR in caller.roles else None
            exporting = caller if self._declared.is_export else None
            with self._surroundings.limits.exporting(exporting) if exporting is not None else nullcontext():
                return self._answer(session, request, caller, now)

    async def _queue(self) -> Response | None:
        """Admit the request from one moment of the database; its entry is committed by the writer queue before the answer.

        ``None`` where a second person may be asked: then the request takes a transaction of its own.
        """
        queued = await self._in_thread(self._queue_here)
        if not isinstance(queued, Queued):
            return queued
        assert self._found is not None, "an entry is somebody's"
        outcome = await self._surroundings.writer.post(
            queued.book_id,
            queued.draft,
            acting=(self._found.principal.organisation_id,),
            is_closer=queued.is_closer,
            note=queued.note,
        )
        try:
            return self._route.answering.spelled(queued.answer(outcome))
        except errors.RefusedAndRecorded as refused:
            return errors.refusal(refused.refusal)

    def _queue_here(self) -> Response | Queued | None:
        now = self._surroundings.clock()
        with self._surroundings.database.reader() as session:
            caller = self._admitted(session, now)
            assert caller is not None, "an entry is somebody's"
            request = self._checked()
            if not proposing.is_plain(session, caller.organisation_id, self._declared.second_person):
                return None
            try:
                return self._answer(session, request, caller, now, is_queued=True)
            except Queued as queued:
                return queued

    async def _write(self) -> Response:
        """Do the work, commit, then answer; begin again while other transactions are in the way."""
        surroundings = self._surroundings
        give_up_at = anyio.current_time() + _SECONDS_FOR_ATTEMPTS
        attempt = 1
        while True:
            try:
                async with Turn(surroundings.turn):
                    return await surroundings.writing.run(self._attempt)
            except _UnnotedError:
                await self._note_reading()
                continue
            except DATABASE_ERRORS as error:
                fault = fault_of(error)
                if fault in {Fault.BUG, Fault.UNAVAILABLE}:
                    raise
                if attempt == MOST_ATTEMPTS or anyio.current_time() > give_up_at:
                    raise _exhausted(fault) from error
            pause_ms = (10 + surroundings.random_source(1)[0]) * attempt
            await anyio.sleep(pause_ms / 1_000)
            attempt += 1

    def _attempt(self) -> Response:
        """Find the caller, do the work, note it and commit, in one transaction."""
        database, now = self._surroundings.database, self._surroundings.clock()
        caller = None
        if database.is_sqlite:  # where a stranger must not get the one lock there is
            with database.reader() as session:
                caller = self._admitted(session, now)
        with database.writer() as session:
            bound_waiting(session)
            if not database.is_sqlite:
                caller = self._admitted(session, now)
            request = self._checked()
            keyed = _keyed(request, caller)
            kept = None if keyed is None else idempotency.claim(session, keyed, now=now)
            if kept is not None:
                return Response(
                    kept.body,
                    status_code=kept.status,
                    media_type="application/json" if kept.status < _FIRST_REFUSAL else errors.MEDIA_TYPE,
                    headers={"Idempotency-Replayed": "true"},
                )
            trace = Trace()
            try:
                response = self._answer_or_propose(session, request, caller, now, trace)
            except errors.RefusedAndRecorded as refused:
                response = errors.refusal(refused.refusal)
            if caller is not None:
                note = self._draft(request, caller, response, trace, now)
                audit.append(session, [note], random_bytes=self._surroundings.random_source)
            if keyed is not None:
                body = bytes(response.body) if self._declared.keeps_answer else None
                idempotency.complete(session, keyed, status=response.status_code, body=body)
            session.commit()
            return response

    def _admitted_alone(self) -> None:
        with self._surroundings.database.reader() as session:
            self._admitted(session, self._surroundings.clock())

    def _admitted(self, session: Session, now: datetime) -> Principal | None:
        """Return who calls, ``None`` on a public route, or raise why not: by a Bearer, else by the cookie of a page of ours.

        The one place where the caller becomes known to the transaction in which the work is done.
        """
        if self._declared.policy.is_public:
            return None
        shown = self._shown
        if shown.proof is None:
            raise errors.Unauthenticated(
                "auth.key_missing", "sign in, or send one header Authorization: Bearer and an API key"
            )
        found = authenticate(session, shown.proof, address=address_of(self._request), now=now)
        if found is None:
            raise errors.Unauthenticated("auth.key_invalid", "this API key or session does not work; sign in again")
        if shown.cookie is not None and self._declared.method not in SAFE_METHODS:
            check_same_origin(browser_headers(self._request), shown.cookie)
        self._found = found
        self._declared.policy.permit(found.principal, is_write=self._declared.writes)
        if self._declared.writes and not self._is_counted:
            self._surroundings.limits.admit_write(found.principal, now=now)
            self._is_counted = True  # once, however often the work is begun
        if Role.AUDITOR in found.principal.roles and self._declared.writes and not self._is_noted:
            raise _UnnotedError
        if not self._declared.policy.is_of_installation:
            act_only_for(session, found.principal.organisation_id)
        return found.principal

    def _checked(self) -> EdgeRequest:
        """Return the request with its body parsed, once; raise what is wrong with its query or body."""
        if self._taken is None:
            self._route.check_query(self._request)
            self._taken = self._parsed()
        return self._taken

    def _parsed(self) -> EdgeRequest:
        declared, has_shape = self._declared, self._route.body_field is not None
        if declared.method == "GET":
            return EdgeRequest(self._request, raw=b"", document=None)
        if declared.upload_types:
            check_type(self._request, declared.upload_types)
        elif has_shape:
            check_type(self._request, ("application/json",))
        if self._refused is not None:
            raise self._refused
        raw = self._raw
        if declared.upload_types or (not has_shape and not raw):
            return EdgeRequest(self._request, raw=raw, document=None)
        document = parse(raw)
        if not has_shape and document != {}:
            raise Invalid("body.unexpected", "this route takes no body; send none, or an empty JSON object")
        return EdgeRequest(self._request, raw=raw, document=document)

    def _answer_or_propose(
        self, session: Session, request: EdgeRequest, caller: Principal | None, now: datetime, trace: Trace
    ) -> Response:
        """Do the work; where a second person may be asked do it inside a savepoint, and keep it only if none is."""
        action = self._declared.second_person
        if action is None or caller is None:
            return self._answer(session, request, caller, now, trace=trace)
        rule = proposing.rule_of(session, caller.organisation_id, action)
        if rule.requirement is Requirement.NEVER:
            return self._answer(session, request, caller, now, trace=trace)
        savepoint = session.begin_nested()
        try:
            response = self._answer(session, request, caller, now, trace=trace)
        except errors.RefusedAndRecorded as refused:
            raise refused.refusal from None  # nothing was asked of anybody yet, so there is nothing to record
        if trace.scale.is_exempt:
            return response
        tried = Tried(
            savepoint=savepoint,
            action=action,
            rule=rule,
            recorded=proposing.recorded(request, request.raw, self._declared),
            response=response,
            scale=trace.scale,
        )
        return proposing.settle(session, tried, caller, proposal_id=self._surroundings.id_source(), now=now)

    def _draft(
        self, request: EdgeRequest, caller: Principal, response: Response | None, trace: Trace, now: datetime
    ) -> AuditDraft:
        return proposing.audit_draft(
            request,
            self._declared,
            caller,
            request_id=self._surroundings.id_source(),
            response=response,
            trace=trace,
            now=now,
        )

    def _answer(
        self,
        session: Session,
        request: EdgeRequest,
        caller: Principal | None,
        now: datetime,
        *,
        is_queued: bool = False,
        trace: Trace | None = None,
    ) -> Response:
        surroundings, seen = self._surroundings, trace or Trace()
        bound = None if self._declared.policy.is_of_installation else caller
        is_upload = bool(self._declared.upload_types)
        request.state.call = Call(
            session=session,
            database=surroundings.database
            if bound is None
            else surroundings.database.acting_for(bound.organisation_id),
            now=now,
            new_id=surroundings.id_source,
            random_bytes=surroundings.random_source,
            caller=caller,
            upload=request.raw if is_upload else b"",
            upload_type=_type_of(request.headers.get("content-type", "")) if is_upload else "",
            is_queued=is_queued,
            note=None if not is_queued or caller is None else self._draft(request, caller, None, seen, now),
            trace=seen,
            address=address_of(request),
            token=self._shown.proof,
            write_turn=surroundings.turn,
            totp_seal=surroundings.totp_seal,
        )
        return self._route.answering.answer(request)


def _type_of(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _touch(database: Database, principal: Principal, now: datetime) -> None:
    with unit_of_work(database) as session:
        if principal.session_id is not None:
            sessions.touch_session(session, principal.session_id, now=now)
        elif principal.key_id is not None:
            access.touch_key(session, principal.key_id, now=now)


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
    route = f"{request.method} {request.scope['path']}"
    return idempotency.Request(
        organisation_id=caller.organisation_id, route=route, key=key, sha256=request.fingerprint()
    )


def _exhausted(fault: Fault) -> Conflict | errors.Unavailable:
    if fault is Fault.DUPLICATE:
        return Conflict("request.conflict", "another request stored the same thing; read it, then decide")
    return errors.Unavailable("server.busy", BUSY)
