from __future__ import annotations

import json

import pytest
from sqlalchemy import inspect, select

from api.store.tables import IdempotencyRow, OrganisationRow
from ledger.store.database import Database
from tests.api.client import Client
from tests.api.people import Member
from tests.api.probes import Failures, serialization_failure

ADD = "/probe/organisations"


def names(database: Database) -> set[str]:
    with database.reader() as session:
        return set(session.scalars(select(OrganisationRow.legal_name)))


def keys(database: Database) -> list[str]:
    with database.reader() as session:
        return list(session.scalars(select(IdempotencyRow.key)))


def test_the_work_is_committed_before_the_answer(client: Client, database: Database) -> None:
    answer = client.post(ADD, '{"name": "New Bank"}')

    assert answer.status_code == 201
    assert "New Bank" in names(database)


def test_a_commit_that_the_database_refuses_is_not_reported_as_success(client: Client, database: Database) -> None:
    answer = client.post("/probe/commit-broken")

    assert (answer.status_code, answer.json()["code"]) == (500, "server.error")
    assert "probe_child" not in inspect(database.engine).get_table_names()


def test_a_connection_lost_at_the_commit_is_not_reported_as_success(client: Client, database: Database) -> None:
    answer = client.post("/probe/commit-lost", '{"name": "Lost Bank"}')

    assert (answer.status_code, answer.json()["code"]) == (503, "server.busy")
    assert answer.headers["retry-after"] == "1"
    assert "Lost Bank" not in names(database)


def test_an_unforeseen_failure_shows_an_incident_and_nothing_else(client: Client, database: Database) -> None:
    answer = client.post("/probe/unhandled", '{"name": "secret"}')

    assert answer.status_code == 500
    assert len(answer.json()["incident"]) == 16
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_work_that_met_another_transaction_is_begun_again(client: Client, database: Database, broken: Failures) -> None:
    broken.left, broken.error = 4, serialization_failure

    answer = client.post(ADD, '{"name": "New Bank"}')

    assert answer.status_code == 201
    assert broken.begun == 5
    assert "New Bank" in names(database)


def test_after_five_attempts_the_answer_is_busy(client: Client, database: Database, broken: Failures) -> None:
    broken.left, broken.error = 9, serialization_failure

    answer = client.post(ADD, '{"name": "New Bank"}', headers={"Idempotency-Key": "k"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert broken.begun == 5
    assert keys(database) == []


def test_a_refusal_can_keep_its_record(client: Client, database: Database) -> None:
    headers = {"Idempotency-Key": "forged-1"}

    first = client.post("/probe/refused-and-recorded", '{"name": "Forger"}', headers=headers)
    again = client.post("/probe/refused-and-recorded", '{"name": "Forger"}', headers=headers)

    assert (first.status_code, first.json()["code"]) == (422, "probe.forged")
    assert "Forger" in names(database)
    assert (again.status_code, again.content) == (422, first.content)
    assert again.headers["content-type"] == "application/problem+json"


def test_the_same_key_and_body_give_the_stored_answer_byte_for_byte(client: Client, broken: Failures) -> None:
    headers = {"Idempotency-Key": "order 66/~"}

    first = client.post(ADD, '{"name": "New Bank"}', headers=headers)
    again = client.post(ADD, '{"name": "New Bank"}', headers=headers)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert broken.begun == 1


def test_spacing_and_key_order_are_the_same_request(client: Client) -> None:
    first = client.post("/probe/everything", '{"amount": "1", "count": 2}', headers={"Idempotency-Key": "k"})
    again = client.post("/probe/everything", '{"count":2,"amount":"1"}', headers={"Idempotency-Key": "k"})

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


def test_the_same_key_with_another_body_is_a_conflict(client: Client, database: Database) -> None:
    headers = {"Idempotency-Key": "k"}
    client.post(ADD, '{"name": "New Bank"}', headers=headers)

    answer = client.post(ADD, '{"name": "Other Bank"}', headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency.key_reused")
    assert "Other Bank" not in names(database)


def test_a_key_belongs_to_one_organisation_and_one_path(client: Client, lender: Member) -> None:
    headers = {"Idempotency-Key": "k"}
    client.post("/probe/everything", '{"count": 1}', headers=headers)

    elsewhere = client.post(ADD, '{"name": "New Bank"}', headers=headers)
    theirs = client.post("/probe/everything", '{"count": 2}', headers=headers, key=lender.key)

    assert (elsewhere.status_code, theirs.status_code) == (201, 200)


def test_a_refusal_is_not_stored(client: Client, database: Database) -> None:
    headers = {"Idempotency-Key": "k"}
    refused = client.post(ADD, '{"name": "Example Aluminium"}', headers=headers)
    unreadable = client.post(ADD, "{}", headers=headers)

    corrected = client.post(ADD, '{"name": "New Bank"}', headers=headers)

    assert (refused.status_code, unreadable.status_code, corrected.status_code) == (409, 422, 201)
    assert keys(database) == ["k"]


def test_an_answer_with_a_secret_is_not_kept_and_not_given_twice(client: Client, borrower: Member) -> None:
    headers = {"Idempotency-Key": "k"}
    body = json.dumps({"user_id": str(borrower.user_id), "scopes": ["ledger:read"], "days": 1})
    first = client.post("/v1/api-keys", body, headers=headers)

    again = client.post("/v1/api-keys", body, headers=headers)

    assert first.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "idempotency.answer_not_kept")
    assert len(client.get("/v1/api-keys").json()["api_keys"]) == 2


@pytest.mark.parametrize("key", ["", "a" * 256, "caf\u00e9", "a\tb"])
def test_a_key_is_printable_ascii_of_at_most_255(client: Client, key: str) -> None:
    answer = client.post(ADD, '{"name": "New Bank"}', headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (400, "request.header")


def test_a_key_of_255_characters_is_taken(client: Client) -> None:
    answer = client.post(ADD, '{"name": "New Bank"}', headers={"Idempotency-Key": "~" * 255})

    assert answer.status_code == 201


def test_identical_requests_at_once_do_the_work_once(client: Client, database: Database, broken: Failures) -> None:
    answers = client.post_together(8, ADD, '{"name": "New Bank"}', headers={"Idempotency-Key": "k"})

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert broken.begun == 1
    assert "New Bank" in names(database)


def test_the_same_thing_twice_at_once_is_stored_once(client: Client, database: Database) -> None:
    answers = client.post_together(8, ADD, '{"name": "New Bank"}')

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"organisation.name_taken"}


def test_a_hundred_requests_at_once_all_get_through(client: Client) -> None:
    answers = client.post_together(100, "/probe/everything", '{"count": 1}')

    assert {answer.status_code for answer in answers} == {200}


def test_a_calculation_needs_no_key_and_stores_nothing(client: Client, database: Database) -> None:
    answer = client.post("/probe/sum", "{}", key="", headers={"Idempotency-Key": "k"})

    assert (answer.status_code, answer.json()) == (200, {"name": "0"})
    assert keys(database) == []
