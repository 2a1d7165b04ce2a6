"""The door: passwords, second factors, limits, one-time tokens, the first run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from api.auth import passwords
from api.auth.one_time import issue_first_run_token
from api.auth.principal import Role, Scope
from api.deps import unit_of_work
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.door import PASSWORD, SECRET, Door, code_at, door_of
from tests.api.ledger_calls import SQLITE, done, refused
from tests.api.people import member, organisation, person


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    with Client(app) as calling:
        yield calling


@pytest.fixture
def maker(client: Client, database: Database, clock: Clock, randomness: Randomness) -> Door:
    return door_of(client, database, clock, randomness, [Role.MAKER])


@pytest.fixture
def checker(client: Client, database: Database, clock: Clock, randomness: Randomness) -> Door:
    return door_of(client, database, clock, randomness, [Role.MAKER, Role.CHECKER], has_totp=True)


def test_a_person_signs_in_and_is_known_by_cookie_or_token(maker: Door) -> None:
    answer = maker.sign_in()

    said = answer.headers["set-cookie"]
    cookie = f"__Host-tonne_session={answer.json()['token']}"
    assert re.fullmatch(
        r"__Host-tonne_session=tonne_session_[0-9a-f]{64}; Path=/; Secure; HttpOnly; SameSite=Lax", said
    )
    by_cookie = maker.client.get("/v1/me", headers={"Cookie": cookie})
    assert by_cookie.json() == maker.me(answer.json()["token"])
    assert by_cookie.json()["roles"] == ["maker"]
    assert by_cookie.json()["csrf_token"] == answer.json()["csrf_token"]


def test_the_token_is_in_the_answer_only_where_asked(maker: Door) -> None:
    assert done(maker.sign_in(bearer=False))["token"] is None


def test_a_mailbox_is_the_same_person_with_and_without_a_sub_address(maker: Door) -> None:
    assert maker.sign_in("LI+desk@smelter.example").status_code == 200


def test_an_unknown_person_and_a_wrong_password_get_the_same_answer_for_the_same_work(
    maker: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    verify = passwords._HASHER.verify

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            hashed.append(password)
            return verify(kept, password)

        hash = passwords._HASHER.hash

    monkeypatch.setattr(passwords, "_HASHER", Counting())

    wrong = maker.sign_in(password="another password")
    after_wrong = len(hashed)
    unknown = maker.sign_in("nobody@smelter.example")
    unreadable = maker.sign_in("no address at all")

    assert (after_wrong, len(hashed)) == (1, 3)
    assert wrong.content == unknown.content == unreadable.content
    assert refused(wrong) == (401, "sign_in.refused")


def test_ten_wrong_tries_close_the_account_for_fifteen_minutes_and_no_running_session(maker: Door) -> None:
    token = maker.token()
    tries = [maker.sign_in(password="another password").status_code for _ in range(10)]

    right = maker.sign_in()

    assert set(tries) == {401}
    assert refused(right) == (429, "sign_in.too_many")
    assert right.headers["retry-after"] == "900"
    assert maker.me(token)["user"]["name"] == "Li Na"
    maker.clock.advance(minutes=15)
    assert maker.sign_in().status_code == 200


def test_a_right_sign_in_forgets_the_wrong_tries(maker: Door) -> None:
    for _ in range(9):
        maker.sign_in(password="another password")
    maker.token()

    assert refused(maker.sign_in(password="another password")) == (401, "sign_in.refused")


@SQLITE
def test_an_address_is_limited_whoever_it_asks_for(maker: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.auth.sign_in.TRIES_PER_ADDRESS", 5)
    for number in range(5):
        maker.sign_in(f"nobody{number}@smelter.example")

    assert refused(maker.sign_in()) == (429, "sign_in.too_many")


def test_a_checker_needs_a_new_code_each_time(checker: Door) -> None:
    without, wrong = checker.sign_in(), checker.sign_in(totp="000000")
    code = code_at(checker.clock())

    token = checker.token(totp=code)
    replayed = checker.sign_in(totp=code)

    assert refused(without) == (401, "sign_in.code_needed")
    assert refused(wrong) == (401, "sign_in.code_wrong")
    assert refused(replayed) == (401, "sign_in.code_wrong")
    assert "trading:approve" in checker.me(token)["scopes"]
    checker.clock.advance(seconds=30)
    assert checker.sign_in(totp=code_at(checker.clock())).status_code == 200


def test_a_code_of_the_step_before_is_taken_and_of_two_before_is_not(checker: Door) -> None:
    code = code_at(checker.clock())
    checker.clock.advance(seconds=60)
    two_before = checker.sign_in(totp=code)
    checker.clock.advance(seconds=-30)

    assert refused(two_before) == (401, "sign_in.code_wrong")
    assert checker.sign_in(totp=code).status_code == 200


def test_an_approving_role_without_a_second_factor_approves_nothing_and_is_told_so(
    client: Client, database: Database, clock: Clock, randomness: Randomness
) -> None:
    door = door_of(client, database, clock, randomness, [Role.MAKER, Role.CHECKER])

    me = door.me(door.token())

    assert me["missing"] == ["second_factor"]
    assert not me["is_approving_allowed"]
    assert not [scope for scope in me["scopes"] if scope.endswith("approve")]
    assert "ledger:write" in me["scopes"]


def test_a_second_factor_is_enrolled_and_lets_the_next_session_approve(
    client: Client, database: Database, clock: Clock, randomness: Randomness
) -> None:
    door = door_of(client, database, clock, randomness, [Role.CHECKER])
    token = door.token()

    proposed = done(door.send("/totp", key=token))
    wrong = door.send("/totp/confirm", {"totp": "12345"}, key=token)
    codes = done(door.send("/totp/confirm", {"totp": code_at(clock(), proposed["secret"])}, key=token))[
        "recovery_codes"
    ]

    assert proposed["uri"].startswith("otpauth://totp/Tonne:li%40smelter.example?secret=")
    assert proposed["svg"].startswith("<svg")
    assert "style" not in proposed["svg"]
    assert refused(wrong) == (403, "totp.wrong")
    assert len(set(codes)) == 10
    assert door.me(token)["missing"] == ["sign_in_again"]
    clock.advance(seconds=30)
    assert door.me(door.token(totp=code_at(clock(), proposed["secret"])))["is_approving_allowed"]
    again = door.sign_in(recovery_code=codes[0].upper())
    assert again.status_code == 200
    assert refused(door.sign_in(recovery_code=codes[0])) == (401, "sign_in.code_wrong")
    assert refused(door.send("/totp", key=token)) == (409, "totp.enrolled")


def test_neither_secret_nor_password_stands_readable(checker: Door, database: Database) -> None:
    token = checker.token(totp=code_at(checker.clock()))

    with database.reader() as session:
        tables = ("person", "access_session", "sign_in_failure", "one_time_token", "access_event", "recovery_code")
        stored = "".join(
            repr(tuple(row)) for table in tables for row in session.execute(text(f"SELECT * FROM {table}"))
        )

    assert PASSWORD not in stored
    assert token.removeprefix("tonne_session_") not in stored
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in stored
    assert SECRET not in checker.client.get("/v1/me", key=token).text


def test_a_person_of_two_organisations_chooses_one(
    maker: Door, database: Database, clock: Clock, randomness: Randomness
) -> None:
    bank = organisation(database, clock, randomness, OrganisationKind.LENDER, "Example Bank")
    person(database, clock, randomness, bank.organisation_id, "li+bank@smelter.example")

    asked = done(maker.sign_in())
    chosen = done(maker.sign_in(organisation_id=str(bank.organisation_id)))
    foreign = maker.sign_in(organisation_id="01939c3e-7b3a-7cc1-9a53-00000000dead")

    assert asked["session"] is None
    assert sorted(one["legal_name"] for one in asked["organisations"]) == ["Door Smelter", "Example Bank"]
    assert chosen["organisation"]["legal_name"] == "Example Bank"
    assert refused(foreign) == (401, "sign_in.refused")


def test_an_invited_person_joins_with_the_token_and_only_once(
    client: Client, database: Database, clock: Clock, randomness: Randomness
) -> None:
    admin = member(database, clock, randomness, OrganisationKind.BORROWER, "House", {Scope.ADMIN})
    made = done(client.post("/v1/people", '{"email": "wu@house.example", "name": "Wu"}', key=admin.key))
    door = Door(client, database, clock, randomness)

    early = door.sign_in("wu@house.example")
    short = door.send("/invitations/accept", {"token": made["token"], "password": "short"})
    accepted = door.send("/invitations/accept", {"token": made["token"], "password": PASSWORD})
    again = door.send("/invitations/accept", {"token": made["token"], "password": PASSWORD})

    assert made["person"]["state"] == "invited"
    assert refused(early) == (401, "sign_in.refused")
    assert refused(short) == (422, "password.length")
    assert accepted.status_code == 200
    assert refused(again) == (403, "token.unusable")
    assert door.sign_in("wu@house.example").status_code == 200


def test_whoever_holds_an_invitation_alone_does_not_become_a_known_person(
    maker: Door, database: Database, clock: Clock, randomness: Randomness
) -> None:
    admin = member(database, clock, randomness, OrganisationKind.LENDER, "Bank", {Scope.ADMIN})
    made = done(maker.client.post("/v1/people", '{"email": "li@smelter.example", "name": "Li"}', key=admin.key))

    stolen = maker.send("/invitations/accept", {"token": made["token"], "password": "a password of my own"})
    reset = maker.send(f"/people/{made['person']['user']['id']}/token", key=admin.key)
    accepted = maker.send("/invitations/accept", {"token": done(reset)["token"], "password": PASSWORD})
    elsewhere = maker.send(f"/people/{made['person']['user']['id']}/token", key=admin.key)

    assert refused(stolen) == (403, "token.password")
    assert accepted.status_code == 200
    assert refused(elsewhere) == (409, "user.elsewhere_too")


def test_a_token_works_until_the_instant_it_expires(
    client: Client, database: Database, clock: Clock, randomness: Randomness
) -> None:
    admin = member(database, clock, randomness, OrganisationKind.BORROWER, "House", {Scope.ADMIN})
    made = done(client.post("/v1/people", '{"email": "wu@house.example", "name": "Wu"}', key=admin.key))
    clock.advance(days=7)

    late = client.post("/v1/invitations/accept", f'{{"token": "{made["token"]}", "password": "{PASSWORD}"}}')

    assert refused(late) == (403, "token.unusable")


def test_a_changed_password_ends_the_other_sessions(maker: Door) -> None:
    here, there = maker.token(), maker.token()

    wrong = maker.send("/password", {"password": "x", "new_password": "another long one"}, key=here)
    guessable = maker.send("/password", {"password": PASSWORD, "new_password": "aaaaaaaaaaaaa"}, key=here)
    changed = maker.send("/password", {"password": PASSWORD, "new_password": "another long one"}, key=here)

    assert refused(wrong) == (403, "password.wrong")
    assert refused(guessable) == (422, "password.guessable")
    assert changed.status_code == 200
    assert maker.client.get("/v1/me", key=here).status_code == 200
    assert maker.client.get("/v1/me", key=there).status_code == 401
    assert maker.sign_in().status_code == 401
    assert maker.sign_in(password="another long one").status_code == 200


def test_the_first_run_makes_one_operator_and_never_another(
    client: Client, database: Database, clock: Clock, randomness: Randomness
) -> None:
    with unit_of_work(database) as session:
        token = issue_first_run_token(session, now=clock(), random_bytes=randomness)
    body = {"email": "ops@tonne.example", "name": "Ops", "password": PASSWORD}
    door = Door(client, database, clock, randomness)

    forged = door.send("/first-run", {**body, "token": "tonne_once_" + "0" * 64})
    made = door.send("/first-run", {**body, "token": token})
    again = door.send("/first-run", {**body, "token": token})
    with unit_of_work(database) as session:
        next_token = issue_first_run_token(session, now=clock(), random_bytes=randomness)

    assert refused(forged) == (403, "token.unusable")
    assert done(made)["roles"] == ["operator"]
    assert refused(again) == (409, "first_run.done")
    assert next_token is None
    assert door.me(door.token(email="ops@tonne.example"))["missing"] == ["second_factor"]


def test_the_first_run_token_lives_an_hour(
    client: Client, database: Database, clock: Clock, randomness: Randomness
) -> None:
    with unit_of_work(database) as session:
        token = issue_first_run_token(session, now=clock(), random_bytes=randomness)
    clock.advance(hours=1)
    door = Door(client, database, clock, randomness)

    late = door.send("/first-run", {"token": token, "email": "ops@tonne.example", "name": "Ops", "password": PASSWORD})

    assert refused(late) == (403, "token.unusable")
