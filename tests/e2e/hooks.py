"""What receives a story's webhooks on loopback, and what brings them there as the jobs of ``tonne serve`` do."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

from api.deps import uuid7
from api.notices.dispatcher import DeliveryRules, Dispatch, dispatch_due
from api.notices.senders import Sender
from api.notices.webhooks import WebhookBounds, webhook_sender
from finance.conventions.notices import Channel
from ledger.store.database import open_database

KEY = bytes(range(32))
MOST_TRIES = 2
_RULES = DeliveryRules(
    most_tries=MOST_TRIES,
    first_pause=timedelta(seconds=30),
    longest_pause=timedelta(minutes=1),
    lease=timedelta(minutes=5),
    batch=20,
)
_BOUNDS = WebhookBounds(connect=3, read=5, total=10, answer_bytes=10_000, overlap=timedelta(hours=24))


@dataclass
class Received:
    """One message as it came."""

    headers: dict[str, str]
    body: str

    def is_signed_with(self, secret: str, *, now: datetime) -> bool:
        """Return whether standardwebhooks takes it, on a clock that shows ``now``."""
        stamp = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), tz=now.tzinfo)
        assert abs(now - stamp) < timedelta(minutes=5), "a message says when it was sent"
        expected = Webhook(secret).sign(self.headers["webhook-id"], stamp, self.body)
        return expected in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """A server that answers every message with ``status`` and keeps it."""

    url: str
    status: int = 204
    seen: list[Received] = field(default_factory=list)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A real HTTP receiver on loopback."""
    kept = Receiver(url="")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            kept.seen.append(Received({name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/tonne"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def dispatch(url: str, clock: Callable[[], datetime]) -> None:
    """Send what is due in the story's database, as the server's jobs do every few seconds: in a thread, beside the browser's loop."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(_dispatch, url, clock).result(timeout=60)


def _dispatch(url: str, clock: Callable[[], datetime]) -> None:
    database = open_database(url)
    try:
        sender: Sender = webhook_sender(KEY, _BOUNDS, clock=clock, is_loopback_allowed=True)
        dispatch_due(
            Dispatch(
                database=database,
                senders={Channel.WEBHOOK: sender},
                rules=_RULES,
                clock=clock,
                random_bytes=secrets.token_bytes,
                new_id=lambda: uuid7(clock(), secrets.token_bytes),
            )
        )
    finally:
        database.engine.dispose()
