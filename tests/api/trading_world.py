"""A trading house on each database: a book with cash and allowances, limits, a maker and two checkers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, done, entry_id
from tests.api.people import Member, colleague_of, member
from tests.api.price_calls import upload_prices

FRIDAY_MORNING = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""10:00 in Shanghai on a trading day."""
FRIDAY_AFTERNOON = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TRADER = (
    Scope.LEDGER_READ,
    Scope.LEDGER_WRITE,
    Scope.MARKET_WRITE,
    Scope.TRADING_WRITE,
    Scope.TRADING_APPROVE,
)
_HEADER = "instrument,exchange,price_basis,trade_date,last_trade_date,value,currency,unit,volume_t,source\n"
_TRADES = "trade_ref,kind,traded_on,instrument,quantity_t,price_cny_per_t,fee_cny,counterparty,venue,compliance_year,doc_ref,note\n"
_ids = count(5000)


def fresh_id() -> str:
    """Return an id that no test had before."""
    return entry_id(next(_ids))


@dataclass(frozen=True)
class House:
    """The maker's client; checkers are keys of colleagues."""

    client: Client
    maker: Member
    checker: Member
    third: Member
    clock: Clock
    database: Database

    def post(self, path: str, body: object = None, *, key: str | None = None) -> httpx.Response:
        content = None if body is None else json.dumps(body)
        return self.client.post(f"/v1{path}", content, key=key)

    def get(self, path: str, *, key: str | None = None) -> Any:
        return done(self.client.get(f"/v1{path}", key=key))

    def open_book(self, *, cash: str = "10000000.00", held: int = 200_000) -> None:
        """Open the book with CEA25, cash, allowances received free, a close of yesterday and wide limits."""
        done(self.post("/books", {"book_id": BOOK, "code": "smelter", "functional_currency": "CNY"}))
        self.register({"code": "CEA25", "kind": "CEA", "vintage_year": 2025})
        if cash != "0":
            self.pay_in(cash)
        if held:
            self.trades(f"A-1,free_allocation,2026-09-30,CEA25,{held},,,,,2025,,")
        self.price("CEA25", "2026-11-19", "97.40")
        self.limit("trade", "100000000.00", quantity="500000")
        self.limit("day", "200000000.00", quantity="1000000")

    def register(self, instrument: dict[str, object]) -> None:
        done(self.post(f"/books/{BOOK}/instruments", {"opened_on": "2025-01-01", **instrument}))

    def pay_in(self, amount: str) -> None:
        legs = [
            {"account": "Assets:Bank:CNY", "commodity": "CNY", "amount": amount},
            {"account": "Equity:Opening:CNY", "commodity": "CNY", "amount": f"-{amount}"},
        ]
        body = {"entry_id": fresh_id(), "kind": "general", "effective_on": "2026-11-02", "legs": legs}
        done(self.post(f"/books/{BOOK}/entries", body))

    def trades(self, *rows: str) -> Any:
        content = _TRADES + "\n".join(rows) + "\n"
        return done(self.client.post(f"/v1/books/{BOOK}/trades", content, headers={"Content-Type": "text/csv"}))

    def price(
        self,
        code: str,
        day: str,
        value: str,
        *,
        basis: str = "listed_close",
        currency: str = "CNY",
        unit: str = "t",
        last: str | None = None,
    ) -> None:
        row = f"{code},the venue,{basis},{day},{last or day},{value},{currency},{unit},1000,source of {basis}\n"
        answer = done(upload_prices(self.client, self.maker.organisation_id, _HEADER + row))
        assert answer["imported"]["new"] == 1, answer

    def limit(
        self, scope: str, amount: str, *, key: str = "", quantity: str | None = None, unit: str = "t", **more: object
    ) -> dict[str, Any]:
        """Propose and approve a limit."""
        body = {
            "limit_id": fresh_id(),
            "scope": scope,
            "key": key,
            "max_amount_cny": amount,
            "max_quantity": quantity,
            "unit": unit,
            "valid_from": "2026-01-01",
            "reason": "board",
            **more,
        }
        proposed = done(self.post(f"/books/{BOOK}/trading-limits", body))
        approved: dict[str, Any] = done(
            self.post(
                f"/trading-limits/{proposed['limit_id']}/approve",
                {"sha256": proposed["sha256"]},
                key=self.checker.key,
            )
        )
        return approved

    def counterparty(self, amount: str = "100000000.00") -> str:
        """Propose and approve a counterparty; its waiting time begins."""
        body = {
            "counterparty_id": fresh_id(),
            "legal_name": "Example Carbon Trading",
            "registration_no": "91310000",
            "max_amount_cny": amount,
            "reason": "block trades",
        }
        proposed = done(self.post(f"/books/{BOOK}/counterparties", body))
        path = f"/counterparties/{proposed['counterparty_id']}/approve"
        done(self.post(path, {"sha256": proposed["sha256"]}, key=self.checker.key))
        return str(proposed["counterparty_id"])

    def terms(self, **change: object) -> dict[str, object]:
        return {
            "side": "buy",
            "instrument": "CEA25",
            "method": "listed",
            "quantity": "10000",
            "limit_price": "97.40",
            "trading_day": "2026-11-20",
            **change,
        }

    def propose(self, **change: object) -> httpx.Response:
        return self.post(f"/books/{BOOK}/orders", {"order_id": fresh_id(), **self.terms(**change)})

    def check(self, **change: object) -> dict[str, str]:
        """Return each check's outcome by its code."""
        answer = done(self.post(f"/books/{BOOK}/orders/check", self.terms(**change)))
        return {one["code"]: one["outcome"] for one in answer["checks"]}

    def approve(self, order: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        path = f"/orders/{order['order_id']}/approve"
        return self.post(path, {"sha256": order["sha256"]}, key=key or self.checker.key)

    def approved(self, **change: object) -> dict[str, Any]:
        order = done(self.propose(**change))
        approved: dict[str, Any] = done(self.approve(order))
        return approved

    def placed(self, **change: object) -> dict[str, Any]:
        order = self.approved(**change)
        placed: dict[str, Any] = done(self.post(f"/orders/{order['order_id']}/place"))
        return placed

    def fill(self, order: dict[str, Any], ref: str = "F-1", **change: object) -> httpx.Response:
        body = {
            "fill_ref": ref,
            "quantity": order["quantity"]["amount"],
            "price": order["limit_price"]["amount"],
            "dealt_at": self.clock().isoformat(),
            **change,
        }
        return self.post(f"/orders/{order['order_id']}/fill", body)

    def settle(
        self, order: dict[str, Any], ref: str = "F-1", day: str = "2026-11-23", **change: object
    ) -> httpx.Response:
        body = {"fill_ref": ref, "settled_on": day, **change}
        return self.post(f"/orders/{order['order_id']}/settle", body)

    def balance(self, path: str) -> tuple[str, str]:
        """Return what an account holds and what of it is available."""
        found = self.get(f"/books/{BOOK}/accounts/{path}/balance")
        return found["posted"]["amount"], found["available"]["amount"]


def another(database: Database, clock: Clock, randomness: Randomness, of: Member, name: str) -> Member:
    """Return a further person of the same organisation who trades and checks."""
    return colleague_of(database, clock, randomness, of, f"{name}@borrower.example", TRADER, name)


def house_of(app: FastAPI, client: Client, database: Database, clock: Clock, randomness: Randomness) -> House:
    """Return a house whose clock stands at Friday morning in Shanghai."""
    clock.now = FRIDAY_MORNING
    maker = member(database, clock, randomness, OrganisationKind.BORROWER, "Trading Smelter", TRADER)
    client.key = maker.key
    return House(
        client=client,
        maker=maker,
        checker=another(database, clock, randomness, maker, "second"),
        third=another(database, clock, randomness, maker, "third"),
        clock=clock,
        database=database,
    )
