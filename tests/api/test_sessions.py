"""Sessions in use: how they end, what a page's cookie may do, and that neither key nor session outlives a role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.auth.granting import GrantTerms, grant_role
from api.auth.principal import APPROVING, Role, Scope
from api.auth.roles import TABLE, scopes_of
from api.deps import unit_of_work, uuid7
from api.store import access, audit_check, role_grants
from api.store.access import OrganisationKind
from api.store.names import clean_credit_code
from ledger.core.errors import Conflict, Invalid
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.door import Door, code_at, door_of
from tests.api.ledger_calls import SQLITE, done, refused
from tests.api.people import Member, colleague_of, member, organisation, person, proof, session_token

SAME = {"Sec-Fetch-Site": "same-origin"}
BOOK = json.dumps({"book_id": "01939c3e-7b3a-7cc1-9a53-000000000001", "code": "b", "functional_currency": "CNY"})


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    with Client(app) as calling:
        yield calling


@pytest.fixture
def maker(client: Client, database: Database, clock: Clock, randomness: Randomness) -> Door:
    return door_of(client, database, clock, randomness, [Role.MAKER])


@pytest.fixture
def admin(database: Database, clock: Clock, randomness: Randomness) -> Member:
    return member(database, clock, randomness, OrganisationKind.BORROWER, "House", {Scope.ADMIN, Scope.ACCESS_APPROVE})


def status(door: Door, token: str) -> int:
    return door.client.get("/v1/me", key=token).status_code


def test_a_makers_session_ends_after_eight_idle_hours_and_use_renews_it(maker: Door) -> None:
    token = maker.token()
    maker.clock.advance(hours=7, minutes=59)
    used = status(maker, token)
    maker.clock.advance(hours=3, minutes=59)
    still = status(maker, token)
    maker.clock.advance(minutes=2)

    assert (used, still) == (200, 200)
    assert status(maker, token) == 401


def test_a_checkers_session_ends_after_fifteen_idle_minutes(
    client: Client, database: Database, clock: Clock, randomness: Randomness
) -> None:
    door = door_of(client, database, clock, randomness, [Role.CHECKER], has_totp=True)
    token = door.token(totp=code_at(clock()))
    clock.advance(minutes=14)
    used = status(door, token)
    clock.advance(minutes=15)

    assert (used, status(door, token)) == (200, 401)


def test_use_is_noted_once_a_minute(maker: Door, database: Database) -> None:
    token = maker.token()
    began = maker.clock()
    maker.clock.advance(seconds=59)
    status(maker, token)
    (before,) = done(maker.client.get("/v1/sessions", key=token))["sessions"]
    maker.clock.advance(seconds=1)
    status(maker, token)
    (after,) = done(maker.client.get("/v1/sessions", key=token))["sessions"]

    assert datetime.fromisoformat(before["last_seen_at"]) == began
    assert datetime.fromisoformat(after["last_seen_at"]) == began + timedelta(seconds=60)


def test_signing_out_ends_the_session_at_once_and_clears_the_cookie(maker: Door) -> None:
    token, other = maker.token(), maker.token()

    out = maker.send("/sign-out", key=token)

    assert out.headers["set-cookie"].endswith("Max-Age=0")
    assert (status(maker, token), status(maker, other)) == (401, 200)


def test_one_session_ends_another_of_the_same_person_and_no_strangers(maker: Door, admin: Member) -> None:
    token, other = maker.token(), maker.token()
    newest, _ = done(maker.client.get("/v1/sessions", key=token))["sessions"]

    foreign = maker.send(f"/sessions/{newest['id']}/revoke", key=admin.key)
    sessions = {one["id"] for one in done(maker.client.get("/v1/sessions", key=token))["sessions"]}
    mine = done(maker.client.get("/v1/me", key=token))["session_id"]
    (theirs,) = sessions - {mine}
    ended = maker.send(f"/sessions/{theirs}/revoke", key=token)

    assert refused(foreign) == (404, "session.not_found")
    assert ended.status_code == 200
    assert (status(maker, token), status(maker, other)) == (200, 401)


def test_each_sign_in_has_an_id_of_its_own_whatever_the_browser_brought(maker: Door) -> None:
    brought = "tonne_session_" + "ab" * 32
    cookie = f"__Host-tonne_session={brought}"

    answer = maker.client.post(
        "/v1/sign-in",
        json.dumps({"email": "li@smelter.example", "password": "seven grey herons"}),
        headers={"Cookie": cookie},
    )

    assert brought not in answer.headers["set-cookie"]
    assert maker.client.get("/v1/me", headers={"Cookie": cookie}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "csrf.origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "csrf.origin"),
        ({"Sec-Fetch-Site": "same-site"}, "csrf.origin"),
        ({"Sec-Fetch-Site": "none"}, "csrf.origin"),
        ({"Origin": "https://evil.example"}, "csrf.origin"),
        ({"Origin": "null"}, "csrf.origin"),
        ({"Origin": "https://tonne.evil.example", **SAME}, "csrf.origin"),
        (SAME, "csrf.token"),
        ({"Origin": "http://tonne"}, "csrf.token"),
        ({"X-CSRF-Token": "0" * 64, **SAME}, "csrf.token"),
        ({"X-CSRF-Token": "", **SAME}, "csrf.token"),
    ],
)
@SQLITE
def test_a_change_by_cookie_comes_from_a_page_of_ours(maker: Door, headers: dict[str, str], code: str) -> None:
    cookie = {"Cookie": f"__Host-tonne_session={maker.token()}"}

    assert refused(maker.client.post("/v1/books", BOOK, headers={**cookie, **headers})) == (403, code)


def test_a_page_of_ours_changes_and_a_bearer_needs_no_csrf_token(maker: Door) -> None:
    token = maker.token()
    me = maker.me(token)
    page = {
        "Cookie": f"__Host-tonne_session={token}",
        "X-CSRF-Token": me["csrf_token"],
        "Origin": "http://tonne",
        **SAME,
    }

    made = maker.client.post("/v1/books", BOOK, headers=page)
    again = maker.client.post("/v1/books", BOOK, key=token)

    assert (made.status_code, again.status_code) == (201, 201)


@SQLITE
def test_two_different_cookies_and_a_key_in_a_cookie_are_nobody(maker: Door, admin: Member) -> None:
    first, second = maker.token(), maker.token()
    two = f"__Host-tonne_session={first}; __Host-tonne_session={second}"

    assert maker.client.get("/v1/me", headers={"Cookie": two}).status_code == 401
    assert maker.client.get("/v1/me", headers={"Cookie": f"tonne_session={first}"}).status_code == 401


def test_a_key_never_outlives_the_role_and_never_approves(
    client: Client, database: Database, clock: Clock, randomness: Randomness, admin: Member
) -> None:
    user = person(database, clock, randomness, admin.organisation_id, "wu@house.example")
    key = proof(database, clock, randomness, user, {Scope.LEDGER_READ, Scope.LEDGER_WRITE}).key
    with unit_of_work(database) as session:
        grant_role(
            session,
            user,
            GrantTerms(role=Role.CHECKER, from_at=clock(), until_at=None, reason="also checks"),
            granted_by=None,
            now=clock(),
            new_id=lambda: uuid7(clock(), randomness),
        )
    before = client.get("/v1/me", key=key).json()["scopes"]
    approving = client.post(f"/v1/orders/{admin.user_id}/approve", '{"sha256": "' + "0" * 64 + '"}', key=key)
    with unit_of_work(database) as session:
        for grant in role_grants.grants_of_user(session, user.user_id):
            role_grants.add_end(session, grant.grant_id, ended_by=None, reason="left", now=clock())

    assert before == ["ledger:read", "ledger:write"]
    assert refused(approving) == (403, "auth.scope_missing")
    assert "a key never approves" in approving.json()["detail"]
    assert client.get("/v1/me", key=key).json()["scopes"] == []


def test_a_key_works_only_from_its_networks(
    client: Client, database: Database, clock: Clock, randomness: Randomness, admin: Member
) -> None:
    def issued(*addresses: str) -> str:
        body = {"user_id": str(admin.user_id), "scopes": ["admin"], "days": 1, "addresses": addresses}
        return str(done(client.post("/v1/api-keys", json.dumps(body), key=admin.key))["secret"])

    near, far = issued("10.0.0.0/8", "127.0.0.0/8"), issued("10.0.0.0/8", "2001:db8::/32")

    assert client.get("/v1/me", key=near).status_code == 200
    assert client.get("/v1/me", key=far).status_code == 401


def test_two_keys_of_one_name_live_and_a_third_is_refused(client: Client, admin: Member) -> None:
    body = json.dumps({"user_id": str(admin.user_id), "scopes": ["admin"], "days": 1, "name": "nightly"})
    first = done(client.post("/v1/api-keys", body, key=admin.key))
    path = f"/v1/api-keys/{first['api_key']['id']}"
    second = done(client.post(f"{path}/rotate", '{"days": 30}', key=admin.key))

    third = client.post(f"{path}/rotate", '{"days": 30}', key=admin.key)
    done(client.post(f"{path}/revoke", key=admin.key))

    assert second["api_key"]["name"] == "nightly"
    assert refused(third) == (409, "key.two_live")
    assert client.post(f"{path}/rotate", '{"days": 30}', key=admin.key).status_code == 201


def test_a_role_that_approves_takes_two_administrators(
    client: Client, database: Database, clock: Clock, randomness: Randomness, admin: Member
) -> None:
    second = colleague_of(database, clock, randomness, admin, "zhou@house.example", {Scope.ADMIN, Scope.ACCESS_APPROVE})
    wu = person(database, clock, randomness, admin.organisation_id, "wu@house.example")
    ask = json.dumps({"role": "checker", "reason": "checks trades"})

    waiting = done(client.post(f"/v1/people/{wu.user_id}/role-grants", ask, key=admin.key))
    path, digest = f"/v1/role-grants/{waiting['id']}/confirm", json.dumps({"sha256": waiting["sha256"]})
    own = client.post(path, digest, key=admin.key)
    other = client.post(path, json.dumps({"sha256": "0" * 64}), key=second.key)
    (asked,) = done(client.get("/v1/inbox", key=second.key))["waiting"]
    nothing = done(client.get("/v1/inbox", key=admin.key))["waiting"]
    with database.reader() as session:
        early = role_grants.live_roles(session, wu.user_id, now=clock())
    confirmed = client.post(path, digest, key=second.key)

    assert waiting["state"] == "waiting"
    assert (asked["approve"], asked["approve_body"], nothing) == (path, {"sha256": waiting["sha256"]}, [])
    assert refused(own) == (403, "role.second_person")
    assert refused(other) == (409, "role.digest")
    assert early == frozenset()
    assert done(confirmed)["state"] == "live"
    assert refused(client.post(path, digest, key=second.key)) == (409, "role.not_waiting")


def test_nobody_confirms_a_role_of_its_own_not_even_in_the_database(
    client: Client, database: Database, clock: Clock, randomness: Randomness, admin: Member
) -> None:
    second = colleague_of(database, clock, randomness, admin, "zhou@house.example", {Scope.ADMIN, Scope.ACCESS_APPROVE})
    ask = json.dumps({"role": "checker", "reason": "checks trades"})
    waiting = done(client.post(f"/v1/people/{second.user_id}/role-grants", ask, key=admin.key))

    own = client.post(
        f"/v1/role-grants/{waiting['id']}/confirm", json.dumps({"sha256": waiting["sha256"]}), key=second.key
    )

    assert refused(own) == (403, "role.second_person")
    with database.reader() as session:
        grant = role_grants.load_grant(session, admin.organisation_id, UUID(waiting["id"]))
    assert grant is not None
    for confirmer in (admin.user_id, second.user_id):
        with database.writer() as session, pytest.raises(DBAPIError, match="second_person"):
            role_grants.add_confirmation(session, grant, confirmed_by=confirmer, now=clock())


@pytest.mark.parametrize(
    "statement",
    ["UPDATE membership_role SET role = 'maker'", "DELETE FROM membership_role", "DELETE FROM access_event"],
)
def test_roles_and_what_happened_at_the_door_are_never_changed(
    database: Database, admin: Member, statement: str
) -> None:
    assert admin.key
    with database.writer() as session, pytest.raises(DBAPIError, match="append_only"):
        session.execute(text(statement))


def test_an_auditor_reads_one_organisation_until_the_grant_ends_and_leaves_a_trace(
    client: Client, database: Database, clock: Clock, randomness: Randomness, admin: Member
) -> None:
    firm = organisation(database, clock, randomness, OrganisationKind.AUDITOR, "Audit Firm")
    person(database, clock, randomness, firm.organisation_id, "he@audit.example")
    here = person(database, clock, randomness, admin.organisation_id, "he@audit.example")
    stranger = person(database, clock, randomness, admin.organisation_id, "no@auditor.example")
    until = (clock() + timedelta(days=10)).isoformat()

    def ask(user_id: object, until_at: str | None) -> httpx.Response:
        body = json.dumps({"role": "auditor", "reason": "audit 2026", "until_at": until_at})
        return client.post(f"/v1/people/{user_id}/role-grants", body, key=admin.key)

    endless, unknown = ask(here.user_id, None), ask(stranger.user_id, until)
    done(ask(here.user_id, until))
    with unit_of_work(database) as session:
        key = session_token(session, here, now=clock(), randomness=randomness)
    read = client.get("/v1/books", key=key)
    written = client.post("/v1/books", BOOK, key=key)
    ending = client.post(f"/v1/engagements/{admin.user_id}/end", "{}", key=key)
    events = done(client.get("/v1/access-events", key=admin.key))["events"]
    seen = done(client.get("/v1/audit", key=admin.key))["rows"]
    unread = client.get(f"/v1/books/{admin.user_id}", key=key)
    after = done(client.get("/v1/audit", key=admin.key))["rows"]
    clock.advance(days=10)

    assert refused(endless) == (422, "role.auditor_until")
    assert refused(unknown) == (409, "role.auditor_stranger")
    assert read.status_code == 200
    assert refused(written) == (403, "auth.scope_missing")
    assert refused(ending) == (403, "auth.reading_only")
    assert ("audit_read", "GET /v1/books") in {(one["what"], one["detail"]) for one in events}
    assert (seen[0]["route"], seen[0]["status"]) == ("GET /v1/books", 200)
    assert (seen[0]["user_id"], len(seen[0]["answer_sha256"] or "")) == (str(here.user_id), 64)
    assert (unread.status_code, after[0]["route"], after[0]["status"]) == (404, "GET /v1/books/{book_id}", 404)
    assert after[0]["resources"] == [str(admin.user_id)]
    with database.reader() as session:
        assert audit_check.check(session, admin.organisation_id).is_sound
    for path in ("/v1/books", "/v1/facilities", "/v1/notices", "/v1/audit", "/v1/colleagues", "/loans", "/people"):
        assert client.get(path, key=key).status_code == 403
    assert refused(client.get("/v1/facilities", key=key)) == (403, "auth.role_missing")
    assert done(client.get("/v1/me", key=key))["roles"] == []
    assert "No role now" in client.get("/", key=key).text


def test_an_auditor_reads_who_may_do_what_and_the_audit_log_and_changes_none_of_it(
    client: Client, database: Database, clock: Clock, randomness: Randomness, admin: Member
) -> None:
    firm = organisation(database, clock, randomness, OrganisationKind.AUDITOR, "Audit Firm")
    person(database, clock, randomness, firm.organisation_id, "he@audit.example")
    here = person(database, clock, randomness, admin.organisation_id, "he@audit.example")
    until = (clock() + timedelta(days=10)).isoformat()
    given = {"role": "auditor", "reason": "audit 2026", "until_at": until}
    done(client.post(f"/v1/people/{here.user_id}/role-grants", json.dumps(given), key=admin.key))
    with unit_of_work(database) as session:
        key = session_token(session, here, now=clock(), randomness=randomness)

    read = [
        client.get(path, key=key).status_code
        for path in (
            "/v1/people",
            "/v1/role-grants",
            "/v1/access-events",
            "/v1/api-keys",
            "/v1/audit",
            "/v1/audit/1/proof",
        )
    ]
    sessions = client.get("/v1/sessions?of_organisation=true", key=key)
    page = client.get("/people", key=key).text
    mine = client.post("/v1/notice-settings", json.dumps({"language": "en", "kinds": []}), key=key)
    told = client.post("/v1/notices/test", key=key)
    person_in = json.dumps({"email": "x@smelter.example", "name": "X"})

    assert read == [200] * 6
    assert sessions.status_code == 200
    assert ("audit 2026" in page, "data-api" in page.partition("<main")[2]) == (True, False)
    assert (mine.status_code, told.status_code) == (200, 201)
    assert refused(client.post("/v1/people", person_in, key=key)) == (403, "auth.scope_missing")
    assert refused(client.post(f"/v1/people/{here.user_id}/role-grants", json.dumps(given), key=key))[0] == 403


def test_a_refused_end_of_a_role_names_the_field_that_was_sent(client: Client, admin: Member) -> None:
    body = {"role": "viewer", "reason": "looks", "until_at": "2020-01-01T00:00:00+08:00"}

    answer = client.post(f"/v1/people/{admin.user_id}/role-grants", json.dumps(body), key=admin.key)

    assert refused(answer) == (422, "role.until")
    assert [each["field"] for each in answer.json()["errors"]] == ["until_at"]


def test_the_scopes_that_a_key_can_have_are_told_and_none_approves(client: Client, admin: Member) -> None:
    scopes = done(client.get("/v1/api-keys", key=admin.key))["scopes"]

    assert {"ledger:read", "trading:write", "admin"} <= set(scopes)
    assert not {Scope(each) for each in scopes} & APPROVING


def test_whoever_is_disabled_is_out_at_once(
    maker: Door, database: Database, clock: Clock, randomness: Randomness
) -> None:
    token = maker.token()
    assert maker.user is not None
    with unit_of_work(database) as session:
        access.disable_user(session, maker.user.user_id, now=clock())

    assert status(maker, token) == 401
    assert refused(maker.sign_in()) == (401, "sign_in.refused")


def test_the_operator_adds_organisations_and_reaches_no_book(
    client: Client, database: Database, clock: Clock, randomness: Randomness, admin: Member
) -> None:
    operator = member(database, clock, randomness, OrganisationKind.OPERATOR, "Operations", {Scope.OPERATE})
    body = {"kind": "lender", "legal_name": "New Bank", "administrator": {"email": "a@bank.example", "name": "A"}}

    made = done(client.post("/v1/organisations", json.dumps(body), key=operator.key))

    assert made["administrator"]["person"]["roles"] == ["admin"]
    assert "New Bank" in {
        one["legal_name"] for one in done(client.get("/v1/organisations", key=operator.key))["organisations"]
    }
    assert refused(client.get("/v1/books", key=operator.key)) == (403, "auth.scope_missing")
    assert refused(client.get("/v1/organisations", key=admin.key)) == (403, "auth.organisation_kind")


def test_a_legal_entity_has_a_code_whose_check_character_is_right(client: Client, admin: Member) -> None:
    body = {"name": "Beihe Smelting", "credit_code": "91350100M000100Y43"}

    made = client.post("/v1/legal-entities", json.dumps(body), key=admin.key)
    again = client.post("/v1/legal-entities", json.dumps(body), key=admin.key)
    wrong = client.post("/v1/legal-entities", json.dumps({**body, "credit_code": "91350100M000100Y44"}), key=admin.key)

    assert done(made)["credit_code"] == "91350100M000100Y43"
    assert refused(again) == (409, "legal_entity.code_taken")
    assert refused(wrong) == (422, "text.credit_code")


def test_a_book_is_kept_for_one_legal_entity_of_its_own_organisation(
    client: Client, database: Database, clock: Clock, randomness: Randomness
) -> None:
    scopes = (Scope.ADMIN, Scope.LEDGER_READ, Scope.LEDGER_WRITE)
    owner = member(database, clock, randomness, OrganisationKind.BORROWER, "Beihe Group", scopes)
    other = member(database, clock, randomness, OrganisationKind.BORROWER, "Nanshan Group", scopes)
    book = str(uuid4())
    opened = {"book_id": book, "code": "beihe", "functional_currency": "CNY"}
    done(client.post("/v1/books", json.dumps(opened), key=owner.key))

    def entity(name: str, code: str, who: Member) -> str:
        body = {"name": name, "credit_code": code}
        return str(done(client.post("/v1/legal-entities", json.dumps(body), key=who.key))["id"])

    def keep(entity_id: str, who: Member) -> httpx.Response:
        return client.post(f"/v1/legal-entities/{entity_id}/books", json.dumps({"book_id": book}), key=who.key)

    smelter = entity("Beihe Smelting", "91350100M000100Y43", owner)
    mine = entity("Beihe Mining", "91350211M000100Y46", owner)
    foreign = entity("Nanshan Smelting", "91350100M000100Y43", other)

    assert done(keep(smelter, owner))["book_ids"] == [book]
    assert refused(keep(mine, owner)) == (409, "legal_entity.book_taken")
    assert refused(keep(smelter, owner)) == (409, "legal_entity.book_taken")
    assert refused(keep(foreign, owner)) == (404, "legal_entity.not_found")
    assert refused(keep(foreign, other)) == (404, "book.not_found")
    listed = done(client.get("/v1/legal-entities", key=owner.key))["legal_entities"]
    assert {each["name"]: each["book_ids"] for each in listed} == {"Beihe Smelting": [book], "Beihe Mining": []}


def test_no_reading_role_writes_and_only_people_who_check_approve() -> None:
    for kind, roles in TABLE.items():
        for role, scopes in roles.items():
            approves = bool(scopes & APPROVING)
            checks = {Role.ADMIN, Role.CHECKER, Role.APPROVER, Role.REVIEWER, Role.SIGNATORY, Role.OPERATOR}
            assert approves == (role in checks), (kind, role)
    assert Scope.TRADING_WRITE not in scopes_of(OrganisationKind.BORROWER, set(Role) - {Role.TRADER})
    assert not scopes_of(OrganisationKind.OPERATOR, Role) & {Scope.LEDGER_READ, Scope.LEDGER_WRITE}
    assert scopes_of(OrganisationKind.LENDER, [Role.MAKER]) == frozenset()


def test_a_second_place_of_one_mailbox_in_an_organisation_is_refused(
    database: Database, clock: Clock, randomness: Randomness, admin: Member
) -> None:
    person(database, clock, randomness, admin.organisation_id, "wu@house.example")

    with pytest.raises(Conflict, match="mailbox"):
        person(database, clock, randomness, admin.organisation_id, "wu+two@house.example")


@pytest.mark.parametrize("code", ["", "91350100M000100Y4", "91350100M000100Y4O", "0" * 17 + "1"])
def test_what_is_no_credit_code_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="18 characters"):
        clean_credit_code(code, field="credit_code")
