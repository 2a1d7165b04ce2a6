"""A house that agrees carbon-finance contracts: a trusted counterparty, a lending bank, tonnes bought at two prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, done
from tests.api.people import Member, member, place, proof
from tests.api.trading_world import FRIDAY_MORNING, House, fresh_id, house_of

START, END, MIDWAY = "2026-11-20", "2026-12-18", "2026-12-04"
END_MORNING = datetime(2026, 12, 18, 2, tzinfo=UTC)
MIDWAY_MORNING = datetime(2026, 12, 4, 2, tzinfo=UTC)
HELD, COST, BANK, OUT = (
    "Assets:Carbon:CEA25",
    "Assets:CarbonCost:CEA25",
    "Assets:Bank:CNY",
    "Assets:CarbonOut:CEA25",
)
_HEAD = {"agreement_ref": "C-2026-1", "agreed_on": "2026-11-20"}
_TERM = {"starts_on": START, "ends_on": END, "day_count": "ACT/360"}
KINDS: dict[str, dict[str, object]] = {
    "forward": {
        "kind": "forward",
        "side": "buy",
        "instrument": "CEA25",
        "quantity_t": "1000",
        "price_cny_per_t": "97.40",
        "delivery_on": END,
        "settlement": "physical",
        "margin_given_cny": "9740.00",
    },
    "repo": {
        "kind": "repo",
        "side": "seller",
        "instrument": "CEA25",
        "quantity_t": "15000",
        "sale_amount_cny": "1000000.00",
        "buyback_amount_cny": "1003500.00",
        "is_title_transferred": True,
        "late_rate": "0.09",
        **_TERM,
    },
    "pledge_loan": {
        "kind": "pledge_loan",
        "instrument": "CEA25",
        "quantity_t": "10000",
        "principal_cny": "600000.00",
        "rate": "0.045",
        "late_rate": "0.0675",
        "ltv_call": "0.70",
        "ltv_target": "0.60",
        **_TERM,
    },
    "lending": {
        "kind": "lending",
        "side": "lender",
        "instrument": "CEA25",
        "quantity_t": "12000",
        "value_price_cny_per_t": "90.00",
        "fee_rate": "0.05",
        "margin_cny": "500000.00",
        "yield_t": "100",
        **_TERM,
    },
    "swap": {
        "kind": "swap",
        "gives": "CEA25",
        "gives_t": "10000",
        "takes": "CCER-1",
        "takes_t": "11000",
        "cash_cny": "50000.00",
        "settles_on": START,
    },
    "custody": {
        "kind": "custody",
        "instrument": "CEA25",
        "quantity_t": "5000",
        "is_title_transferred": True,
        "fee_cny": "2800.00",
        "yield_share": "0.7",
        "starts_on": START,
        "ends_on": END,
    },
}


@dataclass(frozen=True)
class ContractHouse:
    """The house with what contracts need."""

    house: House
    counterparty_id: str
    bank: Member

    def terms(self, kind: str, /, **change: object) -> dict[str, object]:
        lender = {"lender_organisation_id": str(self.bank.organisation_id)} if kind == "pledge_loan" else {}
        return {**_HEAD, "counterparty_id": self.counterparty_id, **lender, **KINDS[kind], **change}

    def propose(self, kind: str, /, **change: object) -> httpx.Response:
        body = {"contract_id": fresh_id(), "terms": self.terms(kind, **change)}
        return self.house.post(f"/books/{BOOK}/carbon-contracts", body)

    def approve(self, contract: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        path = f"/carbon-contracts/{contract['contract_id']}/approve"
        return self.house.post(path, {"sha256": contract["sha256"]}, key=key or self.house.checker.key)

    def agreed(self, kind: str, **change: object) -> dict[str, Any]:
        contract: dict[str, Any] = done(self.approve(done(self.propose(kind, **change))))
        return contract

    def open(self, contract: dict[str, Any], on: str = START) -> httpx.Response:
        return self.house.post(f"/carbon-contracts/{contract['contract_id']}/open", {"on": on})

    def opened(self, kind: str, **change: object) -> dict[str, Any]:
        contract: dict[str, Any] = done(self.open(self.agreed(kind, **change)))
        return contract

    def step(
        self, contract: dict[str, Any], step: str, on: str, *, key: str | None = None, **more: object
    ) -> httpx.Response:
        """Take a step as the second person, with its paper."""
        body = {"on": on, "doc_ref": "paper 1", **more}
        return self.house.post(
            f"/carbon-contracts/{contract['contract_id']}/{step}", body, key=key or self.house.checker.key
        )

    def enforcer(self) -> str:
        """Return the proof of a colleague whom the operator gave the enforcing role."""
        house = self.house
        scopes = (Scope.LEDGER_READ, Scope.TRADING_APPROVE, Scope.LEDGER_ENFORCE)
        return proof(house.database, house.clock, Randomness(9_000), place(house.database, house.third), scopes).key

    def at(self, now: datetime) -> None:
        self.house.clock.now = now

    def balance(self, path: str) -> tuple[str, str]:
        return self.house.balance(path)

    def posted(self, path: str) -> str:
        return self.house.balance(path)[0]

    def lots(self) -> list[tuple[str, int, str, str]]:
        """Return the open lots as (account, id, tonnes, cost)."""
        found = self.house.get(f"/books/{BOOK}/lots?as_of=2026-12-31")["lots"]
        return sorted(
            (one["account"], one["lot_id"], one["quantity"]["amount"], one["cost"]["amount"]) for one in found
        )

    def snapshot(self, day: str, *codes: str) -> str:
        snapshot_id = fresh_id()
        body = {"snapshot_id": snapshot_id, "as_of": day, "instruments": list(codes or ("CEA25",))}
        done(self.house.post("/snapshots", body))
        return snapshot_id


def contract_house(
    app: FastAPI, client: Client, database: Database, clock: Clock, randomness: Randomness
) -> ContractHouse:
    """Return the house on Friday 2026-11-20 with 10,000 t bought at 80.00 and 10,000 t at 90.00, 10,000,000.00 in the bank."""
    house = house_of(app, client, database, clock, randomness)
    house.open_book(held=0)
    house.trades("P-1,purchase,2026-11-10,CEA25,10000,80.00,,,,,,", "P-2,purchase,2026-11-11,CEA25,10000,90.00,,,,,,")
    house.register(
        {
            "code": "CCER-1",
            "kind": "CCER",
            "project": "wind",
            "methodology": "offshore wind",
            "registered_on": "2025-03-06",
        }
    )
    clock.now = datetime(2026, 11, 18, 2, tzinfo=UTC)
    named = house.counterparty()
    clock.now = FRIDAY_MORNING
    scopes = (Scope.LEDGER_READ, Scope.TRADING_APPROVE)
    bank = member(database, clock, randomness, OrganisationKind.LENDER, "Example Bank", scopes)
    return ContractHouse(house=house, counterparty_id=named, bank=bank)


@pytest.fixture
def desk(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[ContractHouse]:
    with Client(app) as client:
        yield contract_house(app, client, database, clock, randomness)
