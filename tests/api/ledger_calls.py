"""The calls that the tests of books and prices share: a treasury with a book, its colleagues, and what they send."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, colleague_of, member

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is refused before anything is stored: it is the same on both databases."""

BOOK = "01939c3e-7b3a-7cc1-9a53-000000000001"
OTHER_BOOK = "01939c3e-7b3a-7cc1-9a53-000000000002"
NO_BOOK = "01939c3e-7b3a-7cc1-9a53-00000000dead"
TREASURY = (
    Scope.LEDGER_READ,
    Scope.LEDGER_WRITE,
    Scope.LEDGER_CLOSE,
    Scope.MARKET_WRITE,
    Scope.MARKET_APPROVE,
    Scope.COMPLIANCE_READ,
)
BANK, SUPPLIER, HELD, REGISTRY = "Assets:Bank:CNY", "Equity:Supplier", "Assets:Carbon:EUA", "Equity:Registry:EUA"


def entry_id(number: int) -> str:
    return f"01939c3e-7b3a-7cc1-9a53-{number:012x}"


def treasury(database: Database, clock: Clock, randomness: Randomness, name: str = "First Smelter") -> Member:
    return member(database, clock, randomness, OrganisationKind.BORROWER, name, TREASURY)


def colleague(database: Database, clock: Clock, randomness: Randomness, of: Member) -> str:
    """Return the proof of a second person of the same organisation."""
    return colleague_of(database, clock, randomness, of, "second@borrower.example", TREASURY).key


@dataclass(frozen=True)
class Treasury:
    """A client whose key is a treasury's, with the book it keeps."""

    client: Client
    owner: Member
    book: str = BOOK

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/v1/books/{self.book}{path}", json.dumps(body), headers=named)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(f"/v1/books/{self.book}{path}")

    def open_book(self, code: str = "smelter", currency: str = "CNY") -> httpx.Response:
        body = {"book_id": self.book, "code": code, "functional_currency": currency}
        return self.client.post("/v1/books", json.dumps(body))

    def open_plain(self) -> None:
        """Open a book with a bank, a supplier, and EUA holdings with lots that never fall below zero."""
        done(self.open_book())
        done(self.post("/commodities", {"code": "EUA", "kind": "allowance", "scale": 0}))
        for path, commodity, more in (
            (BANK, "CNY", {}),
            (SUPPLIER, "CNY", {}),
            (HELD, "EUA", {"floor": "0", "lot_method": "fifo"}),
            (REGISTRY, "EUA", {}),
        ):
            body = {"path": path, "commodity": commodity, "opened_on": "2025-01-01", **more}
            done(self.post("/accounts", body))


def done(answer: httpx.Response) -> Any:
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def money(number: int, amount: str = "12.50", *, day: str = "2025-03-03", **more: object) -> dict[str, object]:
    """An entry that moves money from the supplier to the bank."""
    return {
        "entry_id": entry_id(number),
        "kind": "general",
        "effective_on": day,
        "legs": [
            {"account": BANK, "commodity": "CNY", "amount": amount},
            {"account": SUPPLIER, "commodity": "CNY", "amount": negative(amount)},
        ],
        **more,
    }


def tonnes(number: int, amount: str, *, cost: str | None = None, day: str = "2025-03-03") -> dict[str, object]:
    """An entry that moves EUA from (positive) or to (negative) the registry."""
    held: dict[str, object] = {"account": HELD, "commodity": "EUA", "amount": amount}
    if cost is not None:
        held["lot_cost"] = cost
    other = {"account": REGISTRY, "commodity": "EUA", "amount": negative(amount)}
    return {"entry_id": entry_id(number), "kind": "transfer", "effective_on": day, "legs": [held, other]}


def negative(amount: str) -> str:
    return amount[1:] if amount.startswith("-") else f"-{amount}"
