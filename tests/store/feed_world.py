"""A source on the loopback that answers as the exchange does, and the world of the jobs that ask it, with clocks of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs
from uuid import UUID

from api.deps import unit_of_work
from api.job_runs import JobWorld
from api.store import access
from api.store.access import OrganisationKind
from finance.feeds.catalogue import EVERY_FEED, feeds
from finance.feeds.fetch import Clocks, FetchLimits, feed_client
from finance.operations.feed_jobs import switch_feed
from finance.store import reference
from ledger.core.parties import Actor
from ledger.store.database import Database

ORGANISATION = UUID(int=7)
ACTOR = Actor(user_id=UUID(int=11), organisation_id=ORGANISATION)
COLLEAGUE = Actor(user_id=UUID(int=12), organisation_id=ORGANISATION)
THIRD = Actor(user_id=UUID(int=13), organisation_id=ORGANISATION)


def at(text: str) -> datetime:
    """Return an instant of UTC: ``at("2026-08-21 10:00")``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Source:
    """What the exchange has published: closes by code and day, parities by day; ``status`` is how it answers.

    ``loan_rates`` are one-year and five-year rates by day, ``volumes`` the day's and the total
    volume of CEA25 by compact day, ``pages`` what stands under a part of an address.
    """

    closes: dict[tuple[str, date], str] = field(default_factory=dict)
    parities: dict[date, str] = field(default_factory=dict)
    loan_rates: dict[str, tuple[str, str]] = field(default_factory=dict)
    volumes: dict[str, tuple[str, str]] = field(default_factory=dict)
    pages: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    asked: int = 0
    base_url: str = ""

    def publish(self, code: str, day: date, close: str) -> None:
        """Publish a close, or correct it."""
        self.closes[code, day] = close

    def market_answer(self, asked: dict[str, str]) -> dict[str, object]:
        """Return the row of the day, or of the newest day before it: the exchange answers with the old date."""
        code, day = asked["goodsCode"], datetime.strptime(asked["tradeDate"], "%Y%m%d").replace(tzinfo=UTC).date()
        days = sorted(known for name, known in self.closes if name == code and known <= day)
        if not days:
            return {"success": True, "code": 200, "message": "", "data": []}
        close = self.closes[code, days[-1]]
        last = self.closes[code, days[-2]] if len(days) > 1 else "-"
        change = "-" if last == "-" else str(Decimal(close) - Decimal(last))
        row = {
            "subjCode": code, "quotPoin": f"{days[-1]:%Y%m%d}", "openPric": close, "highPric": close, "lowPric": close,
            "closPric": close, "lastClosPric": last, "chanPric": change, "chanRate": "-", "dealQty": "1,000",
            "dealAmt": f"{Decimal(close) * 1000:,.2f}",
        }  # fmt: skip
        return {"success": True, "code": 200, "message": "", "data": [row]}

    def parity_answer(self) -> dict[str, object]:
        """Return the published parities, newest first."""
        records = [
            {"date": day.isoformat(), "values": [value]} for day, value in sorted(self.parities.items(), reverse=True)
        ]
        return {
            "head": {"rep_code": "200"},
            "data": {"searchlist": ["EUR/CNY"], "pageTotal": 1, "flagMessage": "", "total": len(records)},
            "records": records,
        }

    def statistics_answer(self, day: str) -> dict[str, object]:
        """Return the listed trades of CEA25 on a day, nothing on a day without any."""
        volume, total = self.volumes.get(day, ("", ""))
        row = {
            "subjectCode": "CEA25", "tradeMethod": "10", "tradeDate": day, "tradeVolume": volume, "tradeAmount": "1.00",
            "totalVolume": total,
        }  # fmt: skip
        return {"success": True, "code": 200, "message": "", "data": [row] if volume else []}

    def loan_rate_answer(self) -> dict[str, object]:
        """Return the published loan rates, newest first."""
        return {
            "records": [
                {"showDateCN": day, "1Y": one, "5Y": five}
                for day, (one, five) in sorted(self.loan_rates.items(), reverse=True)
            ]
        }


@contextmanager
def serving() -> Iterator[Source]:
    """Serve a source on a free port of the loopback."""
    source = Source()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            source.asked += 1
            if "queryMarketByDate" in self.path:
                answer = source.market_answer(json.loads(body))
            elif "querySubStat" in self.path:
                answer = source.statistics_answer(json.loads(body)["tradeDate"])
            elif "LprHis" in self.path:
                answer = source.loan_rate_answer()
            else:
                assert parse_qs(body) is not None
                answer = source.parity_answer()
            self.answer(json.dumps(answer).encode(), "application/json")

        def do_GET(self) -> None:
            source.asked += 1
            found = [content for part, content in source.pages.items() if part in self.path]
            self.answer(found[0] if found else b"<p>nothing</p>", "text/html")

        def answer(self, content: bytes, media_type: str) -> None:
            self.send_response(source.status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    source.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield source
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Hands:
    """The hands of every clock: ``now`` stands still until set, sleeping only moves the count of seconds."""

    now: datetime
    seconds: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def clocks(self) -> Clocks:
        return Clocks(now=lambda: self.now, monotonic=lambda: self.seconds, sleep=self.sleep, jitter=lambda: 0.0)


@contextmanager
def jobs_of(database: Database, source: Source, hands: Hands, *ids: str) -> Iterator[JobWorld]:
    """Give the world of a process that asks the source for the feeds of those ids."""
    known = feeds({EVERY_FEED: source.base_url})
    with feed_client() as client:
        yield JobWorld(
            database=database,
            feeds=tuple(feed for feed in known if feed.id in ids),
            closes=reference.shipped_closes(),
            client=client,
            limits=FetchLimits(deadline_seconds=600),
            clocks=hands.clocks(),
        )


def register(database: Database, *, organisation_id: UUID = ORGANISATION, name: str = "Example Aluminium") -> None:
    """Add the organisation whose prices they are."""
    with unit_of_work(database) as session:
        access.add_organisation(
            session,
            organisation_id=organisation_id,
            kind=OrganisationKind.BORROWER,
            legal_name=name,
            now=at("2024-01-01"),
        )


def switch_on(database: Database, feed: str, *, now: datetime) -> None:
    """Switch a feed on with the hash of a permission."""
    with unit_of_work(database) as session:
        switch_feed(
            session, ORGANISATION, feed, is_on=True, needs_permission=True, evidence_sha256="ab" * 32,
            reason="contract", actor=ACTOR, now=now,
        )  # fmt: skip


def days(first: str, count: int) -> list[date]:
    """Return ``count`` days from ``first`` on."""
    start = date.fromisoformat(first)
    return [start + timedelta(days=number) for number in range(count)]
