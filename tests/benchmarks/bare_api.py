"""The peer of ``tonne bench api``: a bare FastAPI application that does the same database write and read and nothing else.

Its POST reads the same body into a pydantic model and inserts the same rows as one posted entry by the bare driver, in one committed
transaction; its GET selects the balance row. No caller is known, nothing is checked, hashed, folded or kept for a repeated request.
Run as a program: ``python -m tests.benchmarks.bare_api URL WORKERS``; says where it listens.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from datetime import date
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from uvicorn.supervisors import Multiprocess

from api.commands.serve import listener_at
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.store.database import Database, open_database
from tests.benchmarks import posting

DATABASE = "TONNE_BENCH_BARE_DATABASE"


class Leg(BaseModel):
    """One line of an entry."""

    account: str
    commodity: str
    amount: str


class Entry(BaseModel):
    """The body that the product's route reads."""

    entry_id: UUID
    kind: EntryKind
    effective_on: date
    legs: list[Leg]


class Receipt(BaseModel):
    """As many fields as the product's answer has."""

    entry_id: UUID
    seq: int
    recorded_at: str
    leaf_hash: str
    tree_size: int
    root: str
    is_replay: bool


def make_app() -> FastAPI:
    """Return the application on the database that the environment names."""
    database = open_database(os.environ[DATABASE])
    turn = threading.Lock()  # SQLite writers take turns, else they wait for each other by sleeping
    seqs = itertools.count(10**12 + os.getpid() * 10**9)
    app = FastAPI(openapi_url=None)

    @app.post("/entries", status_code=201)
    def post_entry(body: Entry) -> Receipt:
        seq = next(seqs)
        draft = JournalDraft(
            entry_id=body.entry_id,
            kind=body.kind,
            effective_on=body.effective_on,
            actor=posting.ACTOR,
            postings=tuple(Posting(leg.account, leg.commodity, int(leg.amount.replace(".", ""))) for leg in body.legs),
        )
        if database.is_sqlite:
            with turn:
                posting.raw_all(database, [[draft]], seq)
        else:
            posting.raw_all(database, [[draft]], seq)
        return Receipt(
            entry_id=body.entry_id,
            seq=seq,
            recorded_at="2026-01-01T00:00:00Z",
            leaf_hash="0" * 64,
            tree_size=seq,
            root="0" * 64,
            is_replay=False,
        )

    @app.get("/balance/{account}")
    def read_balance(account: str) -> dict[str, str]:
        return {"balance": str(_posted(database, int(account.rpartition("A")[2]) + 1))}

    return app


def _posted(database: Database, account_id: int) -> int:
    mark = "?" if database.is_sqlite else "%s"
    borrowed = database.engine.raw_connection()
    connection: Any = borrowed.driver_connection
    row = connection.execute(
        f"SELECT posted FROM raw_balance WHERE book_id = 1 AND account_id = {mark}", (account_id,)
    ).fetchone()
    connection.rollback()
    borrowed.close()
    return int(row[0])


def main(url: str, workers: int) -> None:
    """Serve until told to stop."""
    os.environ[DATABASE] = url
    listener = listener_at("127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        "tests.benchmarks.bare_api:make_app", factory=True, workers=workers, log_level="warning", access_log=False
    )
    if workers == 1:
        uvicorn.Server(config).run(sockets=[listener])
    else:
        Multiprocess(config, sockets=[listener]).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
