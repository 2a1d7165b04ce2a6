"""Providers are proposed by one operator and confirmed by another; the database asks again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError

from api.auth.principal import Scope
from api.deps import unit_of_work
from api.openid.exchange import OpenId
from api.openid.settings import OpenIdSettings
from api.store import oidc
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.door import Door
from tests.api.ledger_calls import done, refused
from tests.api.oidc_world import PUBLIC_URL, SECRET
from tests.api.people import Member, colleague_of, member

SCOPES = (Scope.OPERATE, Scope.ADMIN, Scope.ACCESS_APPROVE)
BODY = {
    "name": "Example Bank",
    "issuer": "https://login.bank.example",
    "client_id": "tonne",
    "secret_name": "BANK",
    "domains": ["Bank.example", "bank.example"],
    "reason": "contract of 2026-11-02",
}


@pytest.fixture
def operator(database: Database, clock: Clock, randomness: Randomness) -> Member:
    return member(database, clock, randomness, OrganisationKind.OPERATOR, "Operator", SCOPES)


@pytest.fixture
def second(database: Database, clock: Clock, randomness: Randomness, operator: Member) -> Member:
    return colleague_of(database, clock, randomness, operator, "second@operator.example", SCOPES)


@pytest.fixture
def door(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Door]:
    app.state.openid = OpenId(OpenIdSettings(public_url=PUBLIC_URL, secrets={"TONNE_OIDC_SECRET_BANK": SECRET}))
    with Client(app) as client:
        yield Door(client, database, clock, randomness)


def propose(door: Door, who: Member, **instead: Any) -> Any:
    return done(door.send("/oidc-providers", {**BODY, **instead}, key=who.key))


def test_a_provider_counts_once_another_operator_has_confirmed_it(door: Door, operator: Member, second: Member) -> None:
    proposed = propose(door, operator)
    before = door.client.get("/v1/sign-in/providers").json()["providers"]
    path = f"/oidc-providers/{proposed['id']}/confirm"
    by_oneself = door.send(path, {"sha256": proposed["sha256"]}, key=operator.key)
    other_digest = door.send(path, {"sha256": "0" * 64}, key=second.key)
    confirmed = done(door.send(path, {"sha256": proposed["sha256"]}, key=second.key))
    again = door.send(path, {"sha256": proposed["sha256"]}, key=second.key)

    assert (proposed["state"], before) == ("waiting", [])
    assert proposed["domains"] == ["bank.example"]
    assert proposed["redirect_uri"] == f"{PUBLIC_URL}/sign-in/callback/{proposed['id']}"
    assert proposed["has_secret"] is True
    assert SECRET not in str(proposed)
    assert refused(by_oneself) == (403, "oidc.second_person")
    assert refused(other_digest) == (409, "oidc.digest")
    assert (confirmed["state"], confirmed["confirmed_by"]) == ("live", str(second.user_id))
    assert refused(again) == (409, "oidc.not_waiting")
    assert [each["name"] for each in door.client.get("/v1/sign-in/providers").json()["providers"]] == ["Example Bank"]


def test_a_provider_ends_at_once_by_one_operator_and_its_name_is_free_again(
    door: Door, operator: Member, second: Member
) -> None:
    proposed = propose(door, operator)
    known = door.send("/oidc-providers", BODY, key=second.key)
    ended = done(door.send(f"/oidc-providers/{proposed['id']}/end", {"reason": "wrong"}, key=second.key))

    assert refused(known) == (409, "oidc.provider_known")
    assert ended["state"] == "ended"
    assert refused(door.send(f"/oidc-providers/{proposed['id']}/end", {"reason": "x"}, key=operator.key)) == (
        409,
        "oidc.ended",
    )
    assert propose(door, operator)["state"] == "waiting"
    events = door.client.get("/v1/access-events", key=operator.key).json()["events"]
    about = [each["what"] for each in events if each["what"].startswith("provider_")]
    assert sorted(about) == ["provider_ended", "provider_proposed", "provider_proposed"]


def test_an_administrator_of_a_bank_sees_no_provider_and_confirms_none(
    door: Door, operator: Member, lender: Member
) -> None:
    proposed = propose(door, operator)

    assert door.client.get("/v1/oidc-providers", key=lender.key).status_code == 403
    answer = door.send(f"/oidc-providers/{proposed['id']}/confirm", {"sha256": proposed["sha256"]}, key=lender.key)
    assert answer.status_code == 403


def test_an_unknown_provider_is_not_found(door: Door, operator: Member) -> None:
    answer = door.send(f"/oidc-providers/{uuid4()}/end", {"reason": "x"}, key=operator.key)

    assert refused(answer) == (404, "oidc_provider.not_found")


@pytest.mark.parametrize(
    ("instead", "code"),
    [
        ({"issuer": "http://login.bank.example"}, "oidc.url"),
        ({"issuer": "http://127.0.0.1:9400"}, "oidc.url"),
        ({"client_id": "tonne 2"}, "oidc.client_id"),
        ({"client_id": ""}, "oidc.client_id"),
        ({"secret_name": "corp"}, "oidc.secret_name"),
        ({"secret_name": "CORP_FILE"}, "oidc.secret_name"),
        ({"secret_name": "../X"}, "oidc.secret_name"),
        ({"domains": []}, "oidc.domains"),
        ({"domains": ["example"]}, "oidc.domains"),
        ({"domains": ["*.example"]}, "oidc.domains"),
        ({"domains": ["bank .example"]}, "oidc.domains"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_a_provider_is_refused_beside_its_field(
    door: Door, operator: Member, instead: dict[str, Any], code: str
) -> None:
    answer = door.send("/oidc-providers", {**BODY, **instead}, key=operator.key)

    assert refused(answer) == (422, code)
    assert answer.json()["errors"][0]["field"] == next(iter(instead))


def test_the_database_refuses_the_proposer_s_own_word_and_any_change(
    door: Door, database: Database, operator: Member
) -> None:
    proposed = propose(door, operator)
    with database.reader() as session:
        provider = oidc.load_provider(session, UUID(proposed["id"]))
    assert provider is not None

    with pytest.raises(DBAPIError, match=r"oidc\.second_person"), unit_of_work(database) as session:
        oidc.add_confirmation(session, provider, confirmed_by=operator.user_id, now=door.clock())
    for statement in (
        "UPDATE oidc_provider SET needs_confirmation = 0, proposed_by = NULL",
        "UPDATE oidc_provider SET issuer = 'https://evil.example'",
        "DELETE FROM oidc_provider",
    ):
        with pytest.raises(DBAPIError, match="append_only"), unit_of_work(database) as session:
            session.connection().exec_driver_sql(statement)
