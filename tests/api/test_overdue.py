"""Late payments over HTTP: penalty and compound interest by segment, and refusals that name the field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.client import Client
from tests.loan_terms import put

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
QUESTION: Mapping[str, Any] = {
    "currency": "CNY",
    "clause": {
        "surcharge": "0.5",
        "misuse_surcharge": "1",
        "compounds": "at_contract_rate",
        "has_step_down": False,
        "grace_days": 0,
    },
    "maturity": "2025-03-20",
    "day_count": "ACT/360",
    "rates": [{"start": "2024-03-20", "end": "2025-03-20", "rate": "0.036"}],
    "overdue": [{"kind": "principal", "due_on": "2024-03-20", "amount": "1000000.00"}],
    "as_of": "2024-04-19",
}


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    with Client(app) as found:
        yield found


def ask(client: Client, changed: Mapping[str, Any] | None = None) -> httpx.Response:
    body = json.loads(json.dumps(QUESTION))
    for path, value in (changed or {}).items():
        put(body, path, value)
    return client.post("/v1/calculators/overdue", json.dumps(body))


def answer(client: Client, changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    found = ask(client, changed)
    assert found.status_code == 200, found.text
    document: dict[str, Any] = found.json()
    return document


def lines(found: Mapping[str, Any]) -> list[tuple[str, int, str, str, str]]:
    return [
        (each["kind"], each["days"], each["base"]["amount"], each["rate"], each["amount"]["amount"])
        for each in found["segments"]
    ]


def test_thirty_days_at_half_as_much_again(client: Client) -> None:
    found = answer(client)

    # 1,000,000 x 5.40 % x 30/360.
    assert lines(found) == [("penalty", 30, "1000000.00", "0.054", "4500.00")]
    assert (found["running"]["amount"], found["running_exact"]) == ("4500.00", "4500/1")
    assert found["total"] == {"amount": "1004500.00", "unit": "CNY"}


def test_what_is_received_is_charged_first_and_settles_interest_before_principal(client: Client) -> None:
    found = answer(client, {"receipts": [{"on": "2024-04-04", "amount": "202250.00"}]})

    # 15 days on 1,000,000 are 2,250.00, paid first; 200,000 of principal, then 15 days on 800,000 are 1,800.00.
    assert found["charged"] == [{"on": "2024-04-04", "amount": {"amount": "2250.00", "unit": "CNY"}}]
    assert (found["principal"]["amount"], found["unpaid_interest"]["amount"]) == ("800000.00", "0.00")
    assert found["running"]["amount"] == "1800.00"


def test_unpaid_interest_compounds_at_the_rate_of_the_clause(client: Client) -> None:
    late_interest = [{"kind": "interest", "due_on": "2024-03-20", "amount": "100000.00"}]

    at_contract = answer(client, {"overdue": late_interest})
    at_penalty = answer(client, {"overdue": late_interest, "clause.compounds": "at_penalty_rate"})
    never = answer(client, {"overdue": late_interest, "clause.compounds": "none"})

    assert lines(at_contract) == [("compound", 30, "100000.00", "0.036", "300.00")]
    assert lines(at_penalty) == [("compound", 30, "100000.00", "0.054", "450.00")]
    assert lines(never) == []


def test_a_settlement_charges_what_has_run_and_it_compounds_from_then_on(client: Client) -> None:
    found = answer(client, {"settlement_days": ["2024-04-04"], "clause.compounds": "at_penalty_rate"})

    # 2,250.00 charged after 15 days bears 5.40 % for 15 days: 5.0625.
    assert lines(found)[2] == ("compound", 15, "2250.00", "0.054", "5.06")
    assert found["segments"][2]["amount_exact"] == "81/16"
    assert found["running_exact"] == "36081/16"


def test_a_step_down_lowers_no_penalty_unless_the_clause_says_so(client: Client) -> None:
    stepped = {"rates": [{"start": "2024-03-20", "end": "2025-03-20", "rate": "0.035", "rate_without_kpi": "0.036"}]}

    assert answer(client, stepped)["running"]["amount"] == "4500.00"
    # 5.25 % where it does.
    assert answer(client, {**stepped, "clause.has_step_down": True})["running"]["amount"] == "4375.00"


def test_misuse_takes_its_own_surcharge(client: Client) -> None:
    assert answer(client, {"is_misused": True})["running"]["amount"] == "6000.00"


def test_what_is_paid_within_grace_bears_nothing(client: Client) -> None:
    paid = {"clause.grace_days": 5, "receipts": [{"on": "2024-03-25", "amount": "1000000.00"}]}

    found = answer(client, paid)

    assert (found["segments"], found["total"]["amount"], found["surplus"]["amount"]) == ([], "0.00", "0.00")


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        ("currency", "XXQ", "currency", "currency.unknown"),
        ("clause.surcharge", "6", "surcharge", "overdue.surcharge"),
        ("clause.surcharge", "half", "clause.surcharge", "amount.format"),
        ("clause.compounds", "daily", "clause.compounds", "field.rule"),
        ("clause.grace_days", -1, "clause.grace_days", "field.rule"),
        ("day_count", "30/360", "day_count", "field.rule"),
        ("overdue", [], "overdue", "field.rule"),
        ("overdue.0.amount", "0", "overdue[0].amount", "overdue.amount"),
        ("overdue.0.amount", "-1.00", "overdue[0].amount", "overdue.amount"),
        ("overdue.0.amount", "0.001", "overdue[0].amount", "amount.scale"),
        ("overdue.0.amount", 1000, "overdue[0].amount", "field.type"),
        ("overdue.0.amount", "9" * 30, "overdue[0].amount", "amount.range"),
        ("receipts", [{"on": "2024-04-04", "amount": "0.00"}], "receipts[0].amount", "overdue.amount"),
        ("receipts", [{"on": "2024-03-19", "amount": "1.00"}], "receipts", "overdue.receipts"),
        ("rates", [], "rates", "overdue.rates"),
        ("rates.0.rate", "-0.01", "rates[0].rate", "overdue.rate"),
        ("rates.0.rate", "3.6", "rates[0].rate", "rate.format"),
        ("rates.0.end", "2024-04-01", "rates", "overdue.rates"),
        ("rates.0.end", "2024-03-20", "rates", "overdue.rate_period"),
        ("as_of", "2024-03-19", "as_of", "overdue.as_of"),
        ("as_of", "19 April 2024", "as_of", "date.format"),
        ("interest", "yes", "interest", "field.unknown"),
    ],
)
def test_a_bad_question_is_refused_by_its_field(
    client: Client, path: str, value: object, field: str, code: str
) -> None:
    found = ask(client, {path: value})

    assert found.status_code == 422, found.text
    assert (found.json()["errors"][0]["field"], found.json()["errors"][0]["code"]) == (field, code)
