"""Live streams of alerts (server-sent events): who may hold one, when it wakes, and when its caller is gone.

Holds no session and no thread while nothing happens: one task for the whole process looks for news, and each stream reads its own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from uuid import UUID

import anyio

from api.deps import Surroundings
from api.schemas.notices import NoticeOut
from finance.conventions.tables import ReferenceSet
from finance.store import notices
from finance.store.notices import Notice, Viewer
from ledger.core.errors import Conflict
from ledger.store.database import Database

Found = TypeVar("Found")

_AT_ONCE = 100
Lookup = Callable[[], Viewer | None]
"""Asks the database who the caller is now: None once it signed out or was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRules:
    """How many streams a person may hold, and the seconds between two looks for news and two signs of life."""

    most: int
    look: int
    heartbeat: int


@dataclass(slots=True, kw_only=True)
class Streams:
    """The live streams of this process; ``newest`` is the number of the last alert seen of each organisation that is watched."""

    rules: StreamRules
    held: Counter[UUID] = field(default_factory=Counter)
    watched: Counter[UUID] = field(default_factory=Counter)
    newest: dict[UUID, int] = field(default_factory=dict)
    looked_at: float = 0
    """When was looked last, by the event loop's clock."""

    def admit(self, person: UUID) -> None:
        """Return when the person may open one more stream, or raise ``stream.too_many``."""
        if self.held[person] >= self.rules.most:
            raise Conflict("stream.too_many", f"expected at most {self.rules.most} live streams a person; close one")

    async def events(
        self, surroundings: Surroundings, viewer: Viewer, *, after: int, still: Lookup
    ) -> AsyncIterator[bytes]:
        """Yield the viewer's alerts above the number ``after`` as they come, a comment as sign of life, and nothing once it is gone.

        Each event has the alert's number as id. The caller is looked up again at each sign of life and before each alert.
        """
        organisation = viewer.organisation_id
        if self.held[viewer.user_id] >= self.rules.most:  # two were admitted at once
            return
        with self._counted(viewer):
            yield b"retry: 3000\n\n"
            reached, quiet = after, 0
            while True:
                is_due = quiet >= self.rules.heartbeat
                if is_due or self.newest.get(organisation, reached + 1) > reached:
                    current = await _ask(surroundings, still)
                    if current is None:
                        yield b"event: end\ndata: {}\n\n"
                        return
                    newest, found = await _ask(surroundings, _news(surroundings.database, current, reached))
                    for notice in found:
                        yield event_of(notice)
                    reached = found[-1].number if len(found) == _AT_ONCE else max(newest, reached)
                    self.newest[organisation] = max(newest, self.newest.get(organisation, 0))
                    yield b": alive\n\n"
                    quiet = 0
                await anyio.sleep(self.rules.look)
                quiet += self.rules.look
                await self._look(surroundings)

    @contextmanager
    def _counted(self, viewer: Viewer) -> Iterator[None]:
        counted = ((self.held, viewer.user_id), (self.watched, viewer.organisation_id))
        for counter, key in counted:
            counter[key] += 1
        try:
            yield
        finally:
            for counter, key in counted:
                counter[key] -= 1
                if counter[key] <= 0:
                    del counter[key]
            if viewer.organisation_id not in self.watched:
                self.newest.pop(viewer.organisation_id, None)

    async def _look(self, surroundings: Surroundings) -> None:
        """Look once for every stream of the process what is the newest alert; whoever comes first looks, the others take what is found."""
        if anyio.current_time() < self.looked_at + self.rules.look:
            return
        self.looked_at = anyio.current_time()
        wanted = tuple(self.watched)
        found = await _ask(surroundings, lambda: _newest(surroundings.database, wanted))
        for organisation, number in found.items():
            self.newest[organisation] = max(number, self.newest.get(organisation, 0))


def stream_rules(rules: ReferenceSet, *, on: date) -> StreamRules:
    """Return the rules on file."""
    most, look, heartbeat = (
        int(rules.lookup(f"stream.{name}", on=on).number()) for name in ("most", "look", "heartbeat")
    )
    return StreamRules(most=most, look=look, heartbeat=heartbeat)


def event_of(notice: Notice) -> bytes:
    """Return an alert as one event: its number as id, ``notice`` as name, its JSON on one line."""
    shown = json.dumps(NoticeOut.from_core(notice).model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
    return f"id: {notice.number}\nevent: notice\ndata: {shown}\n\n".encode()


def _news(database: Database, viewer: Viewer, after: int) -> Callable[[], tuple[int, tuple[Notice, ...]]]:
    def read() -> tuple[int, tuple[Notice, ...]]:
        with database.reader() as session:
            newest = notices.last_numbers(session, [viewer.organisation_id]).get(viewer.organisation_id, 0)
            return newest, notices.notices_since(session, viewer, after=after, limit=_AT_ONCE)

    return read


def _newest(database: Database, organisations: tuple[UUID, ...]) -> dict[UUID, int]:
    with database.reader() as session:
        return dict(notices.last_numbers(session, organisations))


async def _ask(surroundings: Surroundings, read: Callable[[], Found]) -> Found:
    return await surroundings.sessions.run(read)
