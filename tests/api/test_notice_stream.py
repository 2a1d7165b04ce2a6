from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any, Self

import pytest
from fastapi import FastAPI
from sqlalchemy.pool import QueuePool

from api.deps import unit_of_work
from api.notices.streams import StreamRules, Streams
from api.store import access
from finance.operations.notices import raise_notice
from ledger.store.database import Database
from tests.api.client import Client, Clock
from tests.api.conftest import Member
from tests.store.test_notices import draft

QUICK = StreamRules(most=2, look=0, heartbeat=0)
"""Looks and asks for the caller at every turn of the event loop, so that no test waits."""


class Stream:
    """One open stream, read event by event straight from the application."""

    def __init__(self, app: FastAPI, key: str, last: str | None = None) -> None:
        self._app, self._key, self._last = app, key, last
        self._parts: asyncio.Queue[Any] = asyncio.Queue()
        self._closed = asyncio.Event()
        self.status = 0

    async def __aenter__(self) -> Self:
        headers = [(b"authorization", f"Bearer {self._key}".encode())]
        headers += [(b"last-event-id", self._last.encode())] if self._last is not None else []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": "/v1/events", "raw_path": b"/v1/events", "query_string": b"", "headers": headers,
            "server": ("tonne", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        self._task = asyncio.create_task(self._app(scope, self._receive, self._send))
        self.status = (await self._parts.get())["status"]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed.set()
        await self._task

    async def _receive(self) -> dict[str, Any]:
        if not hasattr(self, "_asked"):
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._closed.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        await self._parts.put(message)

    async def alive(self, sign: bytes = b":") -> None:
        """Return at the next sign of life: the stream has nothing to say."""
        while True:
            message = await asyncio.wait_for(self._parts.get(), 20)
            if message.get("body", b"").startswith(sign):
                return

    async def event(self) -> str:
        """Return the next event that is no sign of life."""
        while True:
            message = await asyncio.wait_for(self._parts.get(), 20)
            text = message.get("body", b"").decode()
            if text and not text.startswith((":", "retry")):
                return str(text)
            if not message.get("more_body", False):
                return ""


@pytest.fixture
def streams(app: FastAPI) -> Streams:
    app.state.streams = Streams(rules=QUICK)
    return app.state.streams  # type: ignore[no-any-return]


def raise_one(database: Database, member: Member, condition: str, clock: Clock, **change: Any) -> None:
    with unit_of_work(database) as session:
        raise_notice(session, draft(condition, organisation_id=member.organisation_id, **change), now=clock())


def number_of(event: str) -> int:
    lines = dict(line.split(": ", 1) for line in event.strip().splitlines())
    assert lines["event"] == "notice"
    assert int(lines["id"]) == json.loads(lines["data"])["number"]
    return int(lines["id"])


def test_a_stream_brings_what_is_raised_and_resumes_where_it_was_lost(
    app: FastAPI, streams: Streams, database: Database, borrower: Member, clock: Clock
) -> None:
    raise_one(database, borrower, "before", clock)

    async def story() -> list[int]:
        found = []
        async with Stream(app, borrower.key) as stream:
            await asyncio.to_thread(raise_one, database, borrower, "first", clock)
            await asyncio.to_thread(raise_one, database, borrower, "not mine", clock, audience=("trading:write",))
            await asyncio.to_thread(raise_one, database, borrower, "second", clock)
            found += [number_of(await stream.event()) for _ in range(2)]
        async with Stream(app, borrower.key, last="1") as stream:
            found += [number_of(await stream.event()) for _ in range(2)]
        return found

    assert asyncio.run(story()) == [2, 4, 2, 4]
    assert (dict(streams.held), dict(streams.watched)) == ({}, {})


def test_a_stream_ends_when_its_key_is_revoked(
    app: FastAPI, streams: Streams, database: Database, borrower: Member, clock: Clock
) -> None:
    def revoke() -> None:
        with unit_of_work(database) as session:
            access.revoke_key(session, borrower.api_key_id, now=clock())

    async def story() -> list[str]:
        async with Stream(app, borrower.key) as stream:
            await asyncio.to_thread(revoke)
            return [await stream.event(), await stream.event()]

    assert asyncio.run(story()) == ["event: end\ndata: {}\n\n", ""]


def test_a_person_holds_two_streams_at_most_and_an_idle_one_holds_no_session(
    app: FastAPI, streams: Streams, database: Database, borrower: Member
) -> None:
    app.state.streams.rules = StreamRules(most=2, look=3600, heartbeat=3600)

    async def story() -> tuple[list[int], int]:
        async with Stream(app, borrower.key) as one:
            await one.alive()
            async with Stream(app, borrower.key) as two:
                await two.alive(b"retry")  # there is no news, as the first has found: it looks at nothing
                async with Stream(app, borrower.key) as three:
                    pass
                held = _connections_held(database)
        return [one.status, two.status, three.status], held

    statuses, held = asyncio.run(story())
    assert statuses == [200, 200, 409]
    assert held == 0


def _connections_held(database: Database) -> int:
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@pytest.mark.parametrize("last", ["-1", "x", "1.5", "9" * 40])
def test_an_id_that_is_none_is_refused(client: Client, last: str) -> None:
    assert client.get("/v1/events", headers={"Last-Event-ID": last}).status_code == 422
