"""A source of figures on this machine's loopback: it answers what a test scripted and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from finance.feeds import catalogue
from finance.feeds.feed import NOTHING_KNOWN, Feed, FeedState
from finance.feeds.fetch import Clocks, FetchLimits, feed_client
from finance.feeds.parsed import ParsedFeed
from finance.feeds.requests import FeedRequest
from finance.feeds.rounds import Circuit, FetchRound, fetch_round

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. ``behave`` replaces it by whatever it does to the handler, such as breaking off."""

    body: bytes = b""
    status: int = 200
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    behave: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that came in."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class SourceServer:
    """Scripted replies by path without the query; the last one of a path is repeated, an unscripted path is 404."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    answer: Callable[[Asked], Reply] | None = None

    def reply(self, path: str, *replies: Reply) -> None:
        self.replies[path] = list(replies)

    def next_reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer(asked)
        waiting = self.replies.get(asked.path.partition("?")[0], [])
        if not waiting:
            return Reply(status=404, body=b"not found", media_type="text/plain")
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@dataclass(slots=True)
class VirtualTime:
    """Time that passes only by waiting for it."""

    seconds: float = 0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def clocks(self) -> Clocks:
        return Clocks(now=lambda: NOW, monotonic=lambda: self.seconds, sleep=self.sleep, jitter=lambda: 0)


@contextmanager
def serving() -> Iterator[SourceServer]:
    """Serve on a free port of the loopback until the block ends."""
    source = SourceServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                method=self.command, path=self.path, body=self.rfile.read(length), headers=dict(self.headers.items())
            )
            reply = source.next_reply(asked)
            if reply.behave is not None:
                reply.behave(self)
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.media_type)
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_POST = do_GET  # noqa: N815 - the server's own name

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            return  # clients that hang up early are what is tested

    server = Server(("127.0.0.1", 0), Handler)
    source.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield source
    finally:
        source.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def feed_at(source: SourceServer, feed_id: str) -> Feed:
    return catalogue.feed(feed_id, {feed_id: source.url})


def run_round(
    source: SourceServer,
    feed: Feed,
    *,
    day: str,
    state: FeedState = NOTHING_KNOWN,
    requests: tuple[FeedRequest, ...] | None = None,
    circuit: Circuit | None = None,
    time: VirtualTime | None = None,
) -> FetchRound:
    """Ask ``source`` for a business day as a job does, in virtual time."""
    on = datetime.fromisoformat(day).date()
    with feed_client() as client:
        return fetch_round(
            client,
            feed,
            feed.requests(on, state) if requests is None else requests,
            day=on,
            circuit=circuit or Circuit(source=feed.id),
            limits=FetchLimits(),
            clocks=(time or VirtualTime()).clocks(),
        )


def parse_all(feed: Feed, done: FetchRound, state: FeedState = NOTHING_KNOWN) -> tuple[ParsedFeed, ...]:
    assert done.failures == ()
    return tuple(feed.parse(answer, NOW, state) for answer in done.answers)


def read_feed(
    source: SourceServer, feed_id: str, *, day: str, state: FeedState = NOTHING_KNOWN
) -> tuple[ParsedFeed, ...]:
    """Fetch and parse a business day of a feed."""
    feed = feed_at(source, feed_id)
    return parse_all(feed, run_round(source, feed, day=day, state=state), state)
