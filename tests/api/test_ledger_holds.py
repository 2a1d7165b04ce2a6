"""Holds through the API: what is set aside, who lets go, and what a beneficiary sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import (
    BANK,
    BOOK,
    HELD,
    REGISTRY,
    SQLITE,
    Treasury,
    done,
    entry_id,
    refused,
    tonnes,
    treasury,
)
from tests.api.people import Member, colleague_of, member

DAY = "2025-03-03"
SOON = "2026-11-22T08:00:00.000000+00:00"
_PLEDGEE = (Scope.LEDGER_READ, Scope.LEDGER_WRITE, Scope.LEDGER_CLOSE)


@dataclass(frozen=True)
class Parties:
    """A treasury with 10 t of EUA, a bank, and somebody else."""

    house: Treasury
    bank: Member
    stranger: Member
    enforcer: str

    def pledge(self, number: int = 2, **change: object) -> httpx.Response:
        body = {
            "entry_id": entry_id(number),
            "kind": "pledge",
            "account": HELD,
            "amount": "6",
            "beneficiary_id": str(self.bank.organisation_id),
            "rank": 1,
            "agreement_ref": "PL-1",
            "effective_on": DAY,
            **change,
        }
        return self.house.post("/holds", body)

    def hold(self, number: int = 2, **change: object) -> httpx.Response:
        body = {
            "entry_id": entry_id(number), "kind": "hold", "account": HELD, "amount": "4", "effective_on": DAY,
            "expires_at": SOON, **change,
        }  # fmt: skip
        return self.house.post("/holds", body)

    def act(
        self, action: str, number: int, key: str, *, hold: int = 2, book: str = BOOK, **body: object
    ) -> httpx.Response:
        sent = {"entry_id": entry_id(number), "effective_on": DAY, **body}
        path = f"/v1/books/{book}/holds/{entry_id(hold)}/{action}"
        return self.house.client.post(path, json.dumps(sent), key=key)


@pytest.fixture
def parties(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Parties]:
    owner = treasury(database, clock, randomness)
    bank = member(database, clock, randomness, OrganisationKind.LENDER, "Pledgee Bank", _PLEDGEE)
    stranger = member(database, clock, randomness, OrganisationKind.LENDER, "Nobody", _PLEDGEE)
    scopes = {Scope.LEDGER_WRITE, Scope.LEDGER_ENFORCE}
    enforcer = colleague_of(database, clock, randomness, owner, "court@borrower.example", scopes)
    with Client(app, owner.key) as client:
        house = Treasury(client, owner)
        house.open_plain()
        done(house.post("/entries", tonnes(1, "10", cost="800.00")))
        yield Parties(house, bank, stranger, enforcer.key)


def out(tonnes_out: str, *, to: str = REGISTRY) -> list[dict[str, str]]:
    return [
        {"account": HELD, "commodity": "EUA", "amount": f"-{tonnes_out}"},
        {"account": to, "commodity": "EUA", "amount": tonnes_out},
    ]


def test_what_is_pledged_is_not_sold(parties: Parties) -> None:
    placed = done(parties.pledge())

    assert placed["hold"]["remaining"] == {"amount": "6", "unit": "t"}
    assert (placed["hold"]["state"], placed["receipt"]["seq"]) == ("open", 2)
    assert refused(parties.house.post("/entries", tonnes(3, "-5"))) == (409, "ledger.insufficient_available")
    done(parties.house.post("/entries", tonnes(4, "-4")))
    balance = done(parties.house.get(f"/accounts/{HELD}/balance"))
    assert [balance[name]["amount"] for name in ("posted", "held", "available")] == ["6", "6", "0"]


def test_the_same_placement_again_is_a_replay_and_other_content_a_conflict(parties: Parties) -> None:
    first = done(parties.pledge())

    again = done(parties.pledge())

    assert again == {**first, "receipt": {**first["receipt"], "is_replay": True}}
    assert refused(parties.pledge(amount="5")) == (409, "ledger.id_reused")


def test_a_refused_placement_is_told_again_word_for_word(parties: Parties) -> None:
    first = parties.pledge(amount="11")
    done(parties.house.post("/entries", tonnes(7, "5", cost="1.00")))

    assert refused(first) == (409, "ledger.insufficient_available")
    assert parties.pledge(amount="11").content == first.content


def test_a_placement_without_amount_takes_all_that_is_available(parties: Parties) -> None:
    done(parties.pledge())

    assert done(parties.hold(3, amount=None))["hold"]["amount"] == {"amount": "4", "unit": "t"}


def test_only_the_beneficiary_or_an_enforcing_key_releases_a_pledge(parties: Parties) -> None:
    done(parties.pledge())

    assert refused(parties.act("release", 3, parties.house.owner.key, amount="1")) == (403, "ledger.hold_not_yours")
    by_bank = done(parties.act("release", 4, parties.bank.key, amount="2"))
    enforced = done(parties.act("release", 5, parties.enforcer))
    assert by_bank["hold"]["remaining"]["amount"] == "4"
    assert (enforced["hold"]["remaining"]["amount"], enforced["hold"]["state"]) == ("0", "released")


def test_a_hold_of_ones_own_is_released_by_its_owner(parties: Parties) -> None:
    done(parties.hold())

    assert done(parties.act("release", 3, parties.house.owner.key))["hold"]["state"] == "released"


def test_a_pledge_is_captured_in_parts_by_its_beneficiary(parties: Parties) -> None:
    done(parties.pledge())

    done(parties.act("capture", 3, parties.bank.key, amount="2", legs=out("2")))
    whole = done(parties.act("capture", 4, parties.bank.key, amount="4", legs=out("4")))

    assert (whole["hold"]["captured"]["amount"], whole["hold"]["state"]) == ("6", "captured")
    entry = done(parties.house.get("/entries/4"))
    assert (entry["kind"], entry["acting_for"]) == ("capture", str(parties.bank.organisation_id))
    assert entry["hold_moves"] == [{"hold_id": entry_id(2), "lot_id": None, "smallest_units": -4}]


def test_a_beneficiarys_legs_reach_nothing_but_the_held_account_and_equity(parties: Parties) -> None:
    done(parties.pledge())
    money = [
        {"account": BANK, "commodity": "CNY", "amount": "-1.00"},
        {"account": "Equity:Supplier", "commodity": "CNY", "amount": "1.00"},
    ]
    costs = {"cost_account": BANK, "gain_account": "Income:X", "loss_account": "Expenses:X"}
    bodies: tuple[dict[str, Any], ...] = (
        {"legs": out("2") + money},
        {"legs": out("2", to="Assets:Carbon:Other")},
        {"legs": out("2", to="no path")},
        {"legs": out("2"), "cost_legs": costs},
    )

    for number, body in enumerate(bodies):
        status, code = refused(parties.act("capture", 10 + number, parties.bank.key, amount="2", **body))
        assert (status, code) in {(403, "hold.legs_not_yours"), (422, "ledger.leg_account")}, body

    assert done(parties.house.get(""))["tree_size"] == 2


def test_a_beneficiary_sees_its_hold_and_nothing_else_of_the_book(parties: Parties) -> None:
    done(parties.pledge())
    done(parties.hold(3))
    get = parties.house.client.get

    seen = done(get(f"/v1/books/{BOOK}/holds/{entry_id(2)}", key=parties.bank.key))
    listed = done(get("/v1/holds", key=parties.bank.key))["holds"]

    assert (seen["hold_id"], listed) == (entry_id(2), [seen])
    assert refused(get(f"/v1/books/{BOOK}/holds/{entry_id(3)}", key=parties.bank.key)) == (404, "hold.not_found")
    for path in ("", "/holds", "/periods", "/balances", "/entries/2", f"/accounts/{HELD}/balance"):
        assert refused(get(f"/v1/books/{BOOK}{path}", key=parties.bank.key)) == (404, "book.not_found"), path


def test_to_anybody_else_a_hold_does_not_exist(parties: Parties) -> None:
    done(parties.pledge())
    key = parties.stranger.key
    read = f"/v1/books/{BOOK}/holds"

    answers = [
        parties.house.client.get(f"{read}/{entry_id(2)}", key=key),
        parties.house.client.get(f"{read}/{entry_id(99)}", key=key),
        parties.act("release", 3, key),
        parties.act("release", 3, key, hold=99),
        parties.act("capture", 3, key, amount="1", legs=out("1")),
        parties.act("release", 3, parties.bank.key, book=entry_id(5)),
    ]

    assert {refused(answer) for answer in answers} == {(404, "hold.not_found")}
    assert len({answer.content for answer in answers}) == 1
    assert done(parties.house.client.get("/v1/holds", key=key))["holds"] == []


def test_a_beneficiary_that_is_no_organisation_does_not_exist(parties: Parties) -> None:
    assert refused(parties.pledge(beneficiary_id=entry_id(9))) == (404, "beneficiary.not_found")


def test_an_enforcing_key_is_not_given_by_an_administrator_of_the_owner(
    parties: Parties, database: Database, clock: Clock, randomness: Randomness
) -> None:
    admin = member(database, clock, randomness, OrganisationKind.BORROWER, "Third", (Scope.ADMIN,))
    body = {"user_id": str(admin.user_id), "scopes": ["ledger:enforce"], "days": 1}

    answer = parties.house.client.post("/v1/api-keys", json.dumps(body), key=admin.key)

    assert refused(answer) == (403, "key.never_approves")


def test_holds_of_a_past_day_and_record_point_are_as_they_were(parties: Parties) -> None:
    done(parties.pledge())
    done(parties.act("release", 3, parties.bank.key, amount="6", effective_on="2025-05-05"))

    def shown(query: str) -> list[tuple[str, str]]:
        holds = done(parties.house.get(f"/holds?{query}"))["holds"]
        return [(hold["state"], hold["remaining"]["amount"]) for hold in holds]

    assert shown("") == [("released", "0")]
    assert shown("as_of=2025-03-02") == []
    assert shown("as_of=2025-05-04") == [("open", "6")]
    assert shown("as_of=2025-05-05&known=2") == [("open", "6")]
    assert shown("as_of=2025-05-05&known=2&state=released") == []
    assert shown("as_of=2025-05-05") == [("released", "0")]
    held = done(parties.house.get("/positions?as_of=2025-12-31&known=2&under=Assets:Carbon"))["positions"]
    assert [(one["held"]["amount"], one["available"]["amount"]) for one in held] == [("6", "4")]


def test_holds_are_listed_by_account_kind_and_state_page_by_page(parties: Parties) -> None:
    done(parties.pledge(2, amount="1"))
    for number in (3, 4, 5):
        done(parties.hold(number, amount="1"))
    done(parties.act("release", 6, parties.house.owner.key, hold=4))

    seen: list[str] = []
    path = f"/holds?kind=hold&state=open&account={HELD}&limit=1"
    page = done(parties.house.get(path))
    while page["holds"]:
        seen += [hold["hold_id"] for hold in page["holds"]]
        if page["next_cursor"] is None:
            break
        page = done(parties.house.get(f"{path}&after={page['next_cursor']}"))

    assert seen == [entry_id(3), entry_id(5)]
    assert done(parties.house.get("/holds?account=Assets:Nowhere"))["holds"] == []
    cursor = done(parties.house.get("/holds?limit=1"))["next_cursor"]
    assert refused(parties.house.get(f"/holds?limit=1&kind=hold&after={cursor}")) == (422, "cursor.format")


def test_a_hold_that_has_run_out_no_longer_counts(parties: Parties, clock: Clock) -> None:
    done(parties.hold(amount="10"))
    assert refused(parties.house.post("/entries", tonnes(3, "-1"))) == (409, "ledger.insufficient_available")

    clock.advance(days=1)

    assert done(parties.house.get(f"/holds/{entry_id(2)}"))["state"] == "expired"
    assert done(parties.house.get(f"/accounts/{HELD}/balance"))["available"]["amount"] == "10"
    assert refused(parties.act("release", 4, parties.house.owner.key)) == (409, "ledger.hold_expired")
    done(parties.house.post("/entries", tonnes(5, "-1")))
    assert done(parties.house.get("/entries/3"))["kind"] == "expire"


@SQLITE
def test_a_malformed_hold_is_refused_by_name(parties: Parties) -> None:
    cases: tuple[tuple[dict[str, Any], int, str], ...] = (
        ({"amount": "0"}, 422, "ledger.hold_amount"),
        ({"amount": "-1"}, 422, "ledger.hold_amount"),
        ({"amount": "0.5"}, 422, "amount.scale"),
        ({"rank": 0}, 422, "request.invalid"),
        ({"kind": "mortgage"}, 422, "request.invalid"),
        ({"agreement_ref": None}, 422, "ledger.hold_agreement"),
        ({"agreement_ref": "a\u0000b"}, 422, "ledger.hold_agreement_ref"),
        ({"expires_at": SOON}, 422, "ledger.hold_expiry"),
        ({"account": "Assets:Nowhere"}, 409, "ledger.account_unknown"),
        ({"account": "\u0000"}, 409, "ledger.account_unknown"),
        ({"lots": [{"lot_id": 1025, "quantity": "5"}]}, 422, "ledger.hold_lots"),
        ({"lots": [{"lot_id": 7, "quantity": "6"}]}, 409, "ledger.lot_unknown"),
        ({"entry_id": None}, 422, "entry.id_missing"),
    )
    for number, (change, status, code) in enumerate(cases):
        told = refused(parties.pledge(20 + number, **change))
        assert told in {(status, code), (400, "json.character")}, change


@SQLITE
def test_a_point_of_holds_that_cannot_be_is_refused(parties: Parties) -> None:
    for query, code in (
        ("known=1", "query.missing"),
        ("as_of=2025-12-31&known=1&at=2026-11-21T08:00:00Z", "query.exclusive"),
        ("as_of=2025-12-31&known=9", "ledger.record_point"),
        ("limit=0", "query.limit"),
        ("limit=201", "query.limit"),
        ("kind=mortgage", "request.invalid"),
        ("after=AAAA", "cursor.format"),
    ):
        assert refused(parties.house.get(f"/holds?{query}")) == (422, code), query


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"beneficiary_id": None}, "beneficiary_id", "the organisation in whose favour a pledge stands"),
        ({"agreement_ref": None}, "agreement_ref", "the agreement or order that a pledge rests on"),
        ({"amount": "0"}, "amount", "more than zero"),
        ({"expires_at": SOON}, "expires_at", "when a hold ends, and nothing for any other kind"),
        ({"beneficiary_id": entry_id(9)}, "beneficiary_id", "an organisation that is known here"),
        ({"amount": "6000"}, "amount", "at most 10 t of EUA, which is what is left; 6000 t was asked"),
    ],
)
def test_a_refused_hold_names_its_field_and_what_was_expected(
    parties: Parties, change: dict[str, Any], field: str, told: str
) -> None:
    (error,) = parties.pledge(**change).json()["errors"]

    assert error["field"] == field
    assert told in error["expected"]


def test_more_than_is_left_of_a_hold_is_refused_in_its_own_unit(parties: Parties) -> None:
    done(parties.pledge())

    answer = parties.act("release", 3, parties.bank.key, amount="7")

    assert refused(answer) == (409, "ledger.hold_exceeded")
    assert answer.json()["errors"][0]["expected"] == "at most 6 t of EUA, which is what is left; 7 t was asked"
