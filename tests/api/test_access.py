from __future__ import annotations

import json
import logging
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from api.auth.keys import KeyText, read_key
from api.auth.principal import Scope
from api.deps import unit_of_work
from api.store import access
from api.store.access import OrganisationKind
from ledger.core.errors import Conflict
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, member


def issue(user_id: object, *scopes: str, days: int = 30) -> str:
    return json.dumps({"user_id": str(user_id), "scopes": scopes, "days": days})


def test_a_caller_learns_who_the_key_stands_for(client: Client, borrower: Member) -> None:
    answer = client.get("/v1/me")

    assert answer.status_code == 200
    assert answer.json()["organisation"]["legal_name"] == "Example Aluminium"
    assert answer.json()["key_id"] == str(borrower.key_id)
    assert answer.json()["scopes"] == ["admin", "ledger:read", "ledger:write"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dG9ubmU6", "tonne_x", "Bearer a b"])
def test_without_a_key_nobody_is_known(app: FastAPI, header: str | None) -> None:
    with Client(app) as stranger:
        answer = stranger.get("/v1/me", headers={"Authorization": header} if header is not None else {})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="tonne"'
    assert answer.json()["code"] in {"auth.key_missing", "auth.key_invalid"}


def test_every_key_that_does_not_work_gets_the_same_answer(
    client: Client, database: Database, borrower: Member, clock: Clock
) -> None:
    unknown = client.get("/v1/me", key="tonne_" + "0" * 16 + "_" + "0" * 64 + "_" + "0" * 8)
    mistyped = client.get("/v1/me", key=borrower.key[:-1] + ("0" if borrower.key[-1] != "0" else "1"))
    with unit_of_work(database) as session:
        access.revoke_key(session, borrower.api_key_id, now=clock())
    revoked = client.get("/v1/me")

    assert {answer.status_code for answer in (unknown, mistyped, revoked)} == {401}
    assert unknown.content == mistyped.content == revoked.content
    assert unknown.json()["code"] == "auth.key_invalid"


def test_the_right_prefix_with_another_secret_is_refused(client: Client, borrower: Member) -> None:
    ours = read_key(borrower.key)
    assert ours
    forged = KeyText(prefix=ours.prefix, secret=bytes(32)).shown()

    assert client.get("/v1/me", key=forged).status_code == 401


def test_a_key_works_until_the_instant_it_expires(client: Client, clock: Clock) -> None:
    clock.advance(days=30, microseconds=-1)
    before = client.get("/v1/me")
    clock.advance(microseconds=1)
    at_the_end = client.get("/v1/me")

    assert (before.status_code, at_the_end.status_code) == (200, 401)


def test_a_disabled_person_can_do_nothing_any_more(client: Client, database: Database, clock: Clock) -> None:
    with unit_of_work(database) as session:
        session.execute(text("UPDATE user_account SET disabled_at = created_at"))

    assert client.get("/v1/me").status_code == 401


def test_a_key_without_the_scope_is_forbidden(client: Client, lender: Member) -> None:
    answer = client.post("/probe/organisations", '{"name": "New"}', key=lender.key)

    assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing")
    assert "ledger:write" in answer.json()["detail"]


def test_a_route_for_lenders_refuses_a_borrower(client: Client, lender: Member) -> None:
    borrowers = client.get("/probe/lenders-only")
    lenders = client.get("/probe/lenders-only", key=lender.key)

    assert (borrowers.status_code, borrowers.json()["code"]) == (403, "auth.organisation_kind")
    assert lenders.status_code == 200


def test_who_may_not_call_learns_nothing_about_the_body(client: Client, lender: Member) -> None:
    answer = client.post("/probe/organisations", "not even JSON", key=lender.key)

    assert answer.status_code == 403


def test_a_foreign_organisation_and_an_absent_one_give_the_same_bytes(client: Client, lender: Member) -> None:
    foreign = client.get(f"/v1/organisations/{lender.organisation_id}")
    absent = client.get(f"/v1/organisations/{uuid4()}")

    assert (foreign.status_code, foreign.json()["code"]) == (404, "organisation.not_found")
    assert foreign.content == absent.content
    assert foreign.headers == absent.headers


def test_the_own_organisation_is_visible(client: Client, borrower: Member) -> None:
    answer = client.get(f"/v1/organisations/{borrower.organisation_id}")

    assert answer.json()["kind"] == "borrower"


def test_an_issued_key_works_and_its_secret_is_shown_once(client: Client, borrower: Member) -> None:
    issued = client.post("/v1/api-keys", issue(borrower.user_id, "ledger:read"))
    secret = issued.json()["secret"]

    listed = client.get("/v1/api-keys")

    assert issued.status_code == 201
    assert client.get("/v1/me", key=secret).json()["scopes"] == ["ledger:read"]
    assert len(listed.json()["api_keys"]) == 2
    assert secret.split("_")[2] not in listed.text


def test_a_revoked_key_stops_working_and_stays_listed(client: Client, borrower: Member) -> None:
    issued = client.post("/v1/api-keys", issue(borrower.user_id, "ledger:read")).json()
    path = f"/v1/api-keys/{issued['api_key']['id']}/revoke"

    revoked, again = client.post(path), client.post(path)

    assert revoked.status_code == 200
    assert revoked.json()["revoked_at"] == "2026-11-21T08:00:00.000000+00:00"
    assert again.json() == revoked.json()
    assert client.get("/v1/me", key=issued["secret"]).status_code == 401


def test_a_foreign_key_and_a_foreign_person_do_not_exist(client: Client, lender: Member) -> None:
    revoked = client.post(f"/v1/api-keys/{lender.key_id}/revoke")
    issued = client.post("/v1/api-keys", issue(lender.user_id, "ledger:read"))

    assert (revoked.status_code, revoked.json()["code"]) == (404, "api_key.not_found")
    assert (issued.status_code, issued.json()["code"]) == (404, "user.not_found")
    assert client.get("/v1/me", key=lender.key).status_code == 200


def test_no_key_is_issued_that_could_approve(client: Client, borrower: Member, lender: Member) -> None:
    own = client.post("/v1/api-keys", issue(lender.user_id, "determination:approve"), key=lender.key)
    without_role = client.post("/v1/api-keys", issue(borrower.user_id, "trading:write"))

    assert (own.status_code, own.json()["code"]) == (403, "key.never_approves")
    assert (without_role.status_code, without_role.json()["code"]) == (403, "key.scope_without_role")


@pytest.mark.parametrize(
    ("scopes", "days", "code"),
    [(["everything"], 30, "key.scopes"), (["ledger:read"], 366, "key.days"), (["ledger:read"], 2**53 - 1, "key.days")],
)
def test_a_key_that_cannot_be_is_refused(
    client: Client, borrower: Member, scopes: list[str], days: int, code: str
) -> None:
    answer = client.post("/v1/api-keys", issue(borrower.user_id, *scopes, days=days))

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_the_last_use_of_a_key_is_noted_once_an_hour(
    client: Client, database: Database, borrower: Member, clock: Clock
) -> None:
    client.get("/v1/me")
    first = clock()
    clock.advance(minutes=59)
    client.get("/v1/me")
    with database.reader() as session:
        after_59_minutes = access.load_key(session, borrower.organisation_id, borrower.api_key_id)
    clock.advance(minutes=1)
    client.get("/v1/me")
    with database.reader() as session:
        after_an_hour = access.load_key(session, borrower.organisation_id, borrower.api_key_id)

    assert after_59_minutes
    assert after_59_minutes.last_used_at == first
    assert after_an_hour
    assert after_an_hour.last_used_at == clock()


def test_secrets_stand_in_no_table_log_or_repr(
    client: Client, database: Database, borrower: Member, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"Idempotency-Key": "issue-1"}
    issued = client.post("/v1/api-keys", issue(borrower.user_id, "ledger:read"), headers=headers).json()["secret"]
    client.get("/v1/me", key=issued)
    client.post("/probe/unhandled", '{"name": "hidden"}', key=issued)
    client.get("/v1/me", key=issued[:-1])

    secret = issued.split("_")[2]
    with database.reader() as session:
        stored = "".join(
            repr(tuple(row))
            for table in ("api_key", "idempotency", "user_account")
            for row in session.execute(text(f"SELECT * FROM {table}"))
        )

    assert secret not in caplog.text
    assert "hidden" not in caplog.text
    assert secret not in stored
    assert str(bytes.fromhex(secret)) not in stored


def test_two_organisations_whose_names_look_the_same_cannot_be(
    database: Database, clock: Clock, randomness: Randomness, lender: Member
) -> None:
    for twin in ("EXAMPLE  BANK", "Example-Bank.", "Ехаmple Bаnk", "Éxample Bänk", "Ｅｘａｍｐｌｅ Ｂａｎｋ"):  # noqa: RUF001
        with pytest.raises(Conflict, match="looks the same"):
            member(database, clock, randomness, OrganisationKind.LENDER, twin, (Scope.ADMIN,))
