"""``tonne bench pages``: how soon the server has a treasurer's first page, on the example and with a million postings in its book.

The served process is asked over loopback by one reader, so a figure is the server's time and a little more. ``first_ms`` is the first
request after the start, with every template unread; ``median_ms`` of those that follow. The million is posted by the ledger, with every
guard and the tree on. Measures only; asserts nothing about time.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx

from api.deps import unit_of_work, utc_now, uuid7
from api.example.loading import Edge, load_example
from api.example.scenario import Scenario, load_scenario
from api.store import access
from ledger import operations as ledger
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor
from ledger.store import books
from ledger.store.database import Database
from tests.api.people import session_token
from tests.benchmarks import posting
from tests.benchmarks.api import served
from tests.benchmarks.shares import judged

Row = dict[str, Any]

MANY = 1_000_000
_REQUESTS = 30
_PERCENTILE = 95
_LEGS = 2
_BATCH = 8_000
_FIRST_DAY = date(2026, 10, 1)
_DAYS = 40
_GOAL_MS, _GOAL_OF_MANY_MS = 300, 1_000


def run(*, postings: int = MANY, engines: Sequence[str] = ("sqlite", "postgresql")) -> list[Row]:
    """Return two rows per engine: the example as it is loaded, and with ``postings`` more in its book."""
    rows: list[Row] = []
    for engine in engines:
        with posting.opened_database(engine) as database:
            scenario = load_scenario()
            token = _loaded(database, scenario)
            rows.append(_row(engine, "example", database, token, goal_ms=_GOAL_MS))
            _post(database, scenario, postings // _LEGS)
            rows.append(_row(engine, f"{postings} postings", database, token, goal_ms=_GOAL_OF_MANY_MS))
    return rows


def _loaded(database: Database, scenario: Scenario) -> str:
    """Load the example and return a session of the borrower's treasurer."""
    load_example(Edge(database=database, new_id=_id, random_bytes=secrets.token_bytes), scenario)
    with unit_of_work(database) as session:
        name = next(iter(scenario.facts["organisations"]["borrower"]["people"]))
        organisation_id, user_id = scenario.organisation_id("borrower"), scenario.id_of("user", "borrower", name)
        user = access.load_user(session, organisation_id, user_id)
        assert user is not None, "the example has a treasurer"
        return session_token(session, user, now=utc_now(), randomness=secrets.token_bytes)


def _post(database: Database, scenario: Scenario, entries: int) -> None:
    """Post so many entries of a fen each between two accounts of the example's book."""
    organisation_id = scenario.organisation_id("borrower")
    actor = Actor(user_id=_id(), organisation_id=organisation_id)
    with unit_of_work(database) as session:
        book_id = next(each.book_id for each in books.list_books(session, organisation_id) if each.code != "evidence")
    for start in range(0, entries, _BATCH):
        drafts = [_draft(number, actor) for number in range(start, min(start + _BATCH, entries))]
        with unit_of_work(database) as session:
            outcomes = ledger.post_entries(session, book_id, drafts, now=utc_now(), random_bytes=secrets.token_bytes)
        refused = [each for each in outcomes if not hasattr(each, "seq")]
        assert not refused, f"every draft is accepted, not {refused[0]}"


def _draft(number: int, actor: Actor) -> JournalDraft:
    return JournalDraft(
        entry_id=UUID(int=10**30 + number),
        kind=EntryKind.GENERAL,
        effective_on=_FIRST_DAY + timedelta(days=number % _DAYS),
        actor=actor,
        postings=(Posting("Assets:Bank:CNY", "CNY", 1), Posting("Equity:Opening:CNY", "CNY", -1)),
    )


def _row(engine: str, case: str, database: Database, token: str, *, goal_ms: int) -> Row:
    url = database.engine.url.render_as_string(hide_password=False)
    with (
        served(["-m", "api.cli", "serve", "--database", url, "--port", "0"]) as address,
        httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client,
    ):
        taken: list[float] = []
        page = b""
        for _ in range(1 + _REQUESTS):
            begun = time.perf_counter()
            answer = client.get("/", headers={"Accept": "text/html"})
            taken.append((time.perf_counter() - begun) * 1_000)
            assert answer.status_code == 200, answer.text[:500]
            page = answer.content
    first, *following = taken
    median = statistics.median(following)
    row: Row = {
        "engine": engine,
        "case": case,
        "first_ms": round(first),
        "median_ms": round(median),
        "p95_ms": round(sorted(following)[len(following) * _PERCENTILE // 100]),
        "bytes": len(page),
    }
    goal = f"under {goal_ms} ms"
    return judged(
        row, goal=goal, is_met=median < goal_ms, dominates="reading and rendering the page, and one loopback answer"
    )


def _id() -> UUID:
    return uuid7(utc_now(), os.urandom)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table a person can read."""
    lines = [f"{'engine':<12}{'case':<20}{'first ms':>10}{'median ms':>11}{'p95 ms':>8}{'bytes':>9}"]
    for row in rows:
        missed = "" if row["is_met"] else f"  MISSED, asked {row['goal']}"
        lines.append(
            f"{row['engine']:<12}{row['case']:<20}{row['first_ms']:>10}{row['median_ms']:>11}{row['p95_ms']:>8}{row['bytes']:>9}{missed}"
        )
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """Return the rows as one JSON list."""
    return json.dumps(rows, indent=2)
