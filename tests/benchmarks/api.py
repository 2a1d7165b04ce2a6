"""``tonne bench api``: reads and writes a second of the server, beside a bare FastAPI route with the same database write in the same run.

Both are real uvicorn processes on loopback, asked by the same threads over kept-alive sockets with requests made before the clock
starts; rounds of both alternate, so that a busy machine slows both; figures are medians. What dominates is measured in this process,
in a pass of its own.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import httpx

from api import edge
from api.app import create_app
from api.auth.issue import KeyTerms, issue_key
from api.auth.principal import Role, Scope
from api.deps import unit_of_work, utc_now, uuid7
from api.store import access, idempotency
from api.store.access import OrganisationKind
from api.writer import WriterQueue
from ledger.core.journal import JournalDraft
from ledger.store.database import Database
from tests.api import people
from tests.benchmarks import posting, shares
from tests.benchmarks.shares import judged

Row = dict[str, Any]

CONNECTIONS = 16
_ROUNDS = 5
_LEAST = 0.6
_ROOT = Path(__file__).resolve().parents[2]
_BOOK = UUID(int=3)


def run(*, requests: int = 2_000, engines: Sequence[str] = ("sqlite", "postgresql")) -> list[Row]:
    """Return one row per engine, number of workers and kind of request; each round sends ``requests`` over 16 connections."""
    rows: list[Row] = []
    for engine in engines:
        for workers in (1,) if engine == "sqlite" else (1, 2):
            with posting.opened_database(engine) as database:
                rows += _rows(database, engine, workers, requests)
    return rows


def _rows(database: Database, engine: str, workers: int, requests: int) -> list[Row]:
    posting.open_book(database)
    key = _key(database)
    url = database.engine.url.render_as_string(hide_password=False)
    ours_command = ["-m", "api.cli", "serve", "--database", url, "--port", "0", "--workers", str(workers)]
    with served(ours_command) as ours, served(["-m", "tests.benchmarks.bare_api", url, str(workers)]) as bare:
        return [
            _row(engine, workers, case, asked, database, key)
            for case, asked in (
                ("write", (_Side(ours, _Writes(key)), _Side(bare, _Writes("")), requests)),
                ("read", (_Side(ours, _Reads(key)), _Side(bare, _Reads("")), 2 * requests)),
            )
        ]


def _row(engine: str, workers: int, case: str, asked: tuple[_Side, _Side, int], database: Database, key: str) -> Row:
    ours, bare, requests = asked
    for side in (ours, bare):
        side.speed(requests // 4)
    mine: list[int] = []
    theirs: list[int] = []
    for _ in range(_ROUNDS):
        mine.append(ours.speed(requests))
        theirs.append(bare.speed(requests))
    fast, raw = statistics.median(mine), statistics.median(theirs)
    row: Row = {
        "engine": engine,
        "case": case,
        "workers": workers,
        "requests_per_s": int(fast),
        "bare_requests_per_s": int(raw),
        "ratio": f"{fast / raw:.2f}",
    }
    return judged(
        row, goal=f"{_LEAST} of bare", is_met=fast >= _LEAST * raw, dominates=_dominating(database, ours.asked)
    )


def _key(database: Database) -> str:
    """Return the key of a person who keeps the books of the organisation that the benchmark's book belongs to."""
    now, actor = utc_now(), posting.ACTOR
    with unit_of_work(database) as session:
        access.add_organisation(
            session,
            organisation_id=actor.organisation_id,
            kind=OrganisationKind.BORROWER,
            legal_name="Benchmark Aluminium",
            now=now,
        )
        user = access.add_user(
            session,
            user_id=actor.user_id,
            organisation_id=actor.organisation_id,
            email="bench@example.com",
            name="Bench",
            now=now,
        )
        people.give_roles(session, user, (Role.MAKER,), now=now)
        issued = issue_key(
            session,
            organisation_id=actor.organisation_id,
            user_id=actor.user_id,
            terms=KeyTerms(scopes=frozenset({Scope.LEDGER_READ, Scope.LEDGER_WRITE}), days=1),
            now=now,
            new_id=lambda: uuid7(now, os.urandom),
            random_bytes=os.urandom,
        )
    return issued.text


class _Writes:
    """Requests that post one entry of two lines each; without a key they are the bare application's."""

    status = 201

    def __init__(self, key: str) -> None:
        self._key = key
        self._random = random.Random(len(key))

    def make(self, count: int) -> list[bytes]:
        drafts = posting.make_drafts(self._random, count)
        return [self._made(_document(draft)) for draft in drafts]

    def _made(self, body: bytes) -> bytes:
        path = f"/v1/books/{_BOOK}/entries" if self._key else "/entries"
        return (
            _head("POST", path, self._key)
            + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            + body
        )


class _Reads:
    """Requests for the balance of one of two thousand accounts."""

    status = 200

    def __init__(self, key: str) -> None:
        self._key = key
        self._random = random.Random(len(key))

    def make(self, count: int) -> list[bytes]:
        accounts = [f"Assets:Bench:A{self._random.randrange(posting.ACCOUNTS)}" for _ in range(count)]
        return [_head("GET", self._path(account), self._key) + b"\r\n" for account in accounts]

    def _path(self, account: str) -> str:
        return f"/v1/books/{_BOOK}/accounts/{account}/balance" if self._key else f"/balance/{account}"


def _document(draft: JournalDraft) -> bytes:
    legs = [
        {
            "account": leg.account,
            "commodity": leg.commodity,
            "amount": f"{'-' if leg.amount < 0 else ''}{abs(leg.amount) // 100}.{abs(leg.amount) % 100:02}",
        }
        for leg in draft.postings
    ]
    document = {
        "entry_id": str(draft.entry_id),
        "kind": draft.kind.value,
        "effective_on": draft.effective_on.isoformat(),
        "legs": legs,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _head(method: str, path: str, key: str) -> bytes:
    authorization = f"Authorization: Bearer {key}\r\n" if key else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{authorization}".encode()


class _Side:
    """One server and what it is asked: ``speed`` sends that many requests over 16 sockets and says how many a second were answered."""

    def __init__(self, address: str, asked: _Writes | _Reads) -> None:
        host, _, port = address.removeprefix("http://").partition(":")
        self._place = (host, int(port))
        self.asked = asked

    def speed(self, count: int) -> int:
        shares_ = [self.asked.make(count // CONNECTIONS) for _ in range(CONNECTIONS)]
        connections = [self._opened(each) for each in self.asked.make(CONNECTIONS)]
        ready = threading.Barrier(CONNECTIONS + 1)
        failed: list[str] = []

        def send(connection: socket.socket, requests: list[bytes]) -> None:
            with connection:
                ready.wait()
                for request in requests:
                    connection.sendall(request)
                    status, body = _answer(connection)
                    if status != self.asked.status:
                        failed.append(f"{status} {body[:200]!r}")
                        return

        threads = [threading.Thread(target=send, args=each) for each in zip(connections, shares_, strict=True)]
        for thread in threads:
            thread.start()
        ready.wait()
        began = time.perf_counter()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - began
        assert not failed, f"every request is answered: {failed[0]}"
        return int(CONNECTIONS * (count // CONNECTIONS) / elapsed)

    def _opened(self, first: bytes) -> socket.socket:
        """Return a connection on which one request was answered: opened after the one before, so that worker processes share them."""
        connection = socket.create_connection(self._place)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(first)
        assert _answer(connection)[0] == self.asked.status, "the first request is answered too"
        return connection


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65_536)
        assert more, "the server keeps the connection"
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length is not None, "an answer says how long it is"
    while len(body) < int(length[1]):
        body += connection.recv(65_536)
    return int(head[9:12]), body


@contextmanager
def served(arguments: list[str]) -> Iterator[str]:
    unbounded = {**os.environ, "TONNE_WRITES_PER_SECOND": "0", "TONNE_REQUESTS_PER_SECOND": "0"}
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, cwd=_ROOT, env=unbounded, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own programs
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            found = next((match for line in lines if (match := re.search(r"http://[0-9.]+:[0-9]+", line))), None)
            assert found, "a server says where it listens"
            yield found.group()
        finally:
            process.terminate()
            process.wait(timeout=30)


def _dominating(database: Database, asked: _Writes | _Reads) -> str:
    """Return where the time of one request after another goes, served in this process without sockets."""
    sent = [_parsed(each) for each in asked.make(300)]
    stages: shares.Stages = {
        "finding the caller": [(edge, "authenticate")],
        "reading the body": [(edge, "parse")],
        "the writer queue, ledger and commit": [(WriterQueue, "_commit")],
        "keeping the answer": [(idempotency, "claim"), (idempotency, "complete")],
    }

    async def serve() -> str:
        app = create_app(database)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
            with shares.Shares(stages) as found:
                for method, path, headers, body in sent:
                    answer = await client.request(method, path, headers=headers, content=body)
                    assert answer.status_code == asked.status, answer.text
            return found.told(rest="framework, threads, schemas and reading")

    return anyio.run(serve)


def _parsed(request: bytes) -> tuple[str, str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    return method, path, dict(line.split(": ", 1) for line in lines if not line.startswith("Content-Length")), body


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table a person can read."""
    lines = [f"{'engine':<12}{'case':<8}{'workers':>8}{'requests/s':>12}{'bare/s':>10}{'ratio':>8}"]
    for row in rows:
        missed = "" if row["is_met"] else f"  MISSED, asked {row['goal']}"
        lines.append(
            f"{row['engine']:<12}{row['case']:<8}{row['workers']:>8}{row['requests_per_s']:>12}{row['bare_requests_per_s']:>10}"
            f"{row['ratio']:>8}{missed}; takes: {row['dominates']}"
        )
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """Return the rows as one JSON list."""
    return json.dumps(rows, indent=2)
