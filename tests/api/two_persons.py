"""A borrower with two people and two books, in which nobody acts alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import httpx

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BANK, BOOK, OTHER_BOOK, Treasury, done, entry_id, money
from tests.api.people import Member, colleague_of, member, place, proof

CLEARING = "Equity:Clearing:CNY"


@dataclass
class House:
    """Two people at one client: the maker asks, the checker agrees."""

    client: Client
    database: Database
    clock: Clock
    randomness: Randomness
    maker: Member
    checker: Member
    checker_email: str = "second@borrower.example"

    MAKES: ClassVar[tuple[str, ...]] = (
        "admin",
        "ledger:read",
        "ledger:write",
        "ledger:close",
        "kpi:write",
        "market:write",
    )
    CHECKS: ClassVar[tuple[str, ...]] = (
        "ledger:read",
        "ledger:approve",
        "accounting:approve",
        "access:approve",
        "market:approve",
    )

    def post(
        self, path: str, body: object, *, who: Member | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self.client.post(path, json.dumps(body), key=(who or self.maker).key, headers=headers)

    def get(self, path: str, *, who: Member | None = None) -> httpx.Response:
        return self.client.get(path, key=(who or self.maker).key)

    def transfer(self, number: int, amount: str) -> dict[str, Any]:
        """Return a transfer of entries 2n-1 and 2n under id 1000+n."""

        def side(book: str, entry: int, signed: str, opposite: str) -> dict[str, Any]:
            legs = [
                {"account": BANK, "commodity": "CNY", "amount": signed},
                {"account": CLEARING, "commodity": "CNY", "amount": opposite},
            ]
            return {"book_id": book, "entry_id": entry_id(entry), "effective_on": "2025-03-03", "legs": legs}

        return {
            "transfer_id": entry_id(1000 + number),
            "out_of": side(BOOK, 2 * number - 1, f"-{amount}", amount),
            "into": side(OTHER_BOOK, 2 * number, amount, f"-{amount}"),
        }

    def entry(self, number: int) -> dict[str, Any]:
        entry = dict(money(500 + number, "1.00"))
        entry["legs"] = self.transfer(1, "1.00")["into"]["legs"]
        return entry

    def sizes(self) -> list[int]:
        return [done(self.get(f"/v1/books/{book}"))["tree_size"] for book in (BOOK, OTHER_BOOK)]

    def sizes_as(self, who: Member) -> list[int]:
        return [done(self.get(f"/v1/books/{book}", who=who))["tree_size"] for book in (BOOK, OTHER_BOOK)]

    def renewed(self) -> House:
        """Return the house on its next day, with new keys for both and with nothing done alone."""
        self.clock.advance(days=1)
        maker, checker = self.key_of(self.maker, self.MAKES), self.key_of(self.checker, self.CHECKS)
        self.client.key = maker.key
        return replace(self, maker=maker, checker=checker)

    def propose(self, number: int, amount: str) -> dict[str, Any]:
        answered = self.post("/v1/transfers", self.transfer(number, amount))
        assert answered.status_code == 202, answered.text
        told: dict[str, Any] = answered.json()
        return told

    def approve(
        self, proposal: Mapping[str, Any], *, who: Member | None = None, sha256: str | None = None
    ) -> httpx.Response:
        path = f"/v1/proposals/{proposal['proposal_id']}/approve"
        return self.post(path, {"sha256": sha256 or proposal["sha256"]}, who=who or self.checker)

    def approve_together(self, proposal: Mapping[str, Any], count: int) -> list[httpx.Response]:
        body = json.dumps({"sha256": proposal["sha256"]})
        held = self.client.key
        self.client.key = self.checker.key
        try:
            return self.client.post_together(count, f"/v1/proposals/{proposal['proposal_id']}/approve", body)
        finally:
            self.client.key = held

    def reject(self, proposal: Mapping[str, Any], *, who: Member | None = None) -> httpx.Response:
        path = f"/v1/proposals/{proposal['proposal_id']}/reject"
        return self.post(path, {"reason": "not so"}, who=who or self.checker)

    def withdraw(self, proposal: Mapping[str, Any], *, who: Member | None = None) -> httpx.Response:
        return self.post(f"/v1/proposals/{proposal['proposal_id']}/withdraw", {"reason": "a slip"}, who=who)

    def set_rule(self, **rule: str) -> None:
        asked = self.post("/v1/four-eyes-rules", {"reason": "as agreed", **rule})
        assert asked.status_code == 202, asked.text
        assert done(self.approve(asked.json()))["state"] == "done"

    def person(self, email: str, scopes: tuple[str, ...]) -> Member:
        """Add a person of the borrower with a proof of these scopes."""
        name = email.partition("@")[0]
        return colleague_of(self.database, self.clock, self.randomness, self.maker, email, map(Scope, scopes), name)

    def key_of(self, person: Member, scopes: tuple[str, ...]) -> Member:
        """Give a person a further proof: a session where a scope approves, else a key."""
        user = place(self.database, person)
        return proof(self.database, self.clock, self.randomness, user, map(Scope, scopes), days=365)


def house_of(client: Client, database: Database, clock: Clock, randomness: Randomness) -> House:
    """Return a house with two open books."""
    makes = tuple(map(Scope, House.MAKES))
    maker = member(database, clock, randomness, OrganisationKind.BORROWER, "Four Eyes", makes, acts_alone=False)
    client.key = maker.key
    house = House(client, database, clock, randomness, maker, maker)
    house.checker = house.person(house.checker_email, House.CHECKS)
    for book, code in ((BOOK, "north"), (OTHER_BOOK, "south")):
        treasury = Treasury(client, maker, book)
        done(treasury.open_book(code))
        for path in (BANK, CLEARING):
            done(treasury.post("/accounts", {"path": path, "commodity": "CNY", "opened_on": "2025-01-01"}))
    return house
