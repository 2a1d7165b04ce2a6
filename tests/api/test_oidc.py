"""Signing in with a provider: who gets in, who is linked, and what every forged or stale answer comes to."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from api.auth.one_time import issue_token
from api.auth.principal import Role
from api.deps import unit_of_work
from api.openid.exchange import COOKIE
from api.openid.fetching import Answer
from api.store import access, oidc
from api.store.access import OrganisationKind
from api.store.people import TokenPurpose
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.door import PASSWORD, code_at, with_password
from tests.api.ledger_calls import SQLITE, done, refused
from tests.api.oidc_world import (
    CLIENT,
    ISSUER,
    KEY,
    OTHER_KEY,
    PUBLIC_URL,
    Claims,
    World,
    add_provider,
    elliptic,
    public_key_as_secret,
    spelled,
    world_of,
)
from tests.api.people import give_roles, organisation, person

Change = Callable[[World], None]


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    with Client(app) as calling:
        yield calling


@pytest.fixture
def world(app: FastAPI, client: Client, database: Database, clock: Clock, randomness: Randomness) -> World:
    return world_of(app, client, database, clock, randomness)


def give(world: World, *roles: Role, email: str = "wang@smelter.example", has_totp: bool = False) -> access.User:
    with unit_of_work(world.database) as session:
        user = access.find_user(session, world.organisation_id, email)
        give_roles(session, user, roles, now=world.clock())
    if has_totp:
        with_password(world.database, world.clock, world.randomness, user, has_totp=True)
        with unit_of_work(world.database) as session:
            oidc.link_identity(session, issuer=ISSUER, subject="248289", person_id=user.person_id, now=world.clock())
    return user


def claim(**said: object) -> Change:
    def change(world: World) -> None:
        world.line.change = lambda claims: claims.update(said)

    return change


def without(name: str) -> Change:
    def change(world: World) -> None:
        world.line.change = lambda claims: claims.pop(name)

    return change


def header(**said: object) -> Change:
    def change(world: World) -> None:
        world.line.header.update(said)

    return change


def seconds(claim_name: str, offset_s: int) -> Change:
    def change(world: World) -> None:
        at = int((world.clock() + timedelta(seconds=offset_s)).timestamp())
        world.line.change = lambda claims: claims.update({claim_name: at})

    return change


def signed_by_another(world: World) -> None:
    world.line.key = OTHER_KEY


def signed_with_the_public_key(world: World) -> None:
    world.line.key = public_key_as_secret()
    world.line.header.update(alg="HS256")
    world.line.description["id_token_signing_alg_values_supported"] = ["HS256", "RS256"]


def unknown_key(world: World) -> None:
    world.line.header.update(kid="nobody's")


def own_key_in_the_header(world: World) -> None:
    world.line.key = OTHER_KEY
    world.line.header.update(jwk=OTHER_KEY.as_dict(private=False))


def test_a_known_person_signs_in_with_the_provider_and_is_linked(world: World) -> None:
    answer = world.come_back()

    said = done(answer)
    assert said["organisation"]["legal_name"] == "Door Smelter"
    assert said["session"]["is_approving_allowed"] is False
    assert said["token"] is None
    me = world.client.get("/v1/me", headers={"Cookie": f"__Host-tonne_session={world.cookies['__Host-tonne_session']}"})
    assert me.json()["user"]["email"] == "wang@smelter.example"
    with world.database.reader() as session:
        assert oidc.find_identity(session, issuer=ISSUER, subject="248289") is not None
    assert world.cookies[COOKIE] == ""


def test_the_browser_is_sent_with_state_nonce_and_an_s256_challenge_and_the_cookie_is_its_own(world: World) -> None:
    answer = world.send(f"/sign-in/providers/{world.provider.provider_id}")

    address = done(answer)["address"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{ISSUER}/authorize?")
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/sign-in/callback/{world.provider.provider_id}"
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
    assert asked["scope"].split() == ["openid", "email", "profile"]
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    said = answer.headers["set-cookie"]
    assert said.endswith("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600")
    assert all(asked[name] not in said for name in ("state", "nonce"))


def test_nothing_of_an_attempt_that_could_be_used_is_stored(world: World) -> None:
    address = world.begin()

    asked = parse_qs(urlsplit(address).query)
    with world.database.reader() as session:
        stored = repr(session.connection().exec_driver_sql("SELECT * FROM oidc_attempt").all())
    assert world.cookies[COOKIE] not in stored
    assert asked["state"][0] not in stored
    assert sha256(world.cookies[COOKIE].encode()).hexdigest() not in {asked["nonce"][0], asked["state"][0]}


def test_who_is_linked_comes_in_again_whatever_address_the_provider_now_says(world: World) -> None:
    done(world.come_back())
    world.line.user = {"sub": "248289"}

    assert done(world.come_back())["session"] is not None


FORGED: dict[str, tuple[Change, str]] = {
    "signed_with_the_public_key": (signed_with_the_public_key, "oidc.token_algorithm"),
    "signed_by_another": (signed_by_another, "oidc.token_signature"),
    "unknown_key": (unknown_key, "oidc.token_key"),
    "own_key_in_the_header": (own_key_in_the_header, "oidc.token_header"),
    "header_jku_https_evil_example_jwks": (header(jku="https://evil.example/jwks"), "oidc.token_header"),
    "header_x5u_https_evil_example_chain": (header(x5u="https://evil.example/chain"), "oidc.token_header"),
    "header_crit_exp": (header(crit=["exp"]), "oidc.token_header"),
    "header_typ_at_jwt": (header(typ="at+jwt"), "oidc.token_header"),
    "claim_iss_https_login_other_example": (claim(iss="https://login.other.example"), "oidc.token_issuer"),
    "claim_iss_f_issuer": (claim(iss=f"{ISSUER}/"), "oidc.token_issuer"),
    "claim_aud_another": (claim(aud="another"), "oidc.token_audience"),
    "claim_aud": (claim(aud=[]), "oidc.token_audience"),
    "claim_aud_client_another": (claim(aud=[CLIENT, "another"]), "oidc.token_azp"),
    "claim_azp_another": (claim(azp="another"), "oidc.token_azp"),
    "claim_nonce_of_another_attempt": (claim(nonce="of another attempt"), "oidc.token_nonce"),
    "claim_nonce_none": (claim(nonce=None), "oidc.token_nonce"),
    "claim_nonce_no_text": (claim(nonce="\ud800"), "oidc.token_nonce"),
    "without_nonce": (without("nonce"), "oidc.token_nonce"),
    "seconds_exp_61": (seconds("exp", -61), "oidc.token_expired"),
    "seconds_iat_120": (seconds("iat", 120), "oidc.token_early"),
    "seconds_nbf_120": (seconds("nbf", 120), "oidc.token_early"),
    "without_exp": (without("exp"), "oidc.token_times"),
    "claim_exp_tomorrow": (claim(exp="tomorrow"), "oidc.token_times"),
    "claim_exp_true": (claim(exp=True), "oidc.token_times"),
    "claim_exp_10_30": (claim(exp=10**30), "oidc.token_times"),
    "claim_at_hash_not_the_access_token_s": (claim(at_hash="not the access token's"), "oidc.token_at_hash"),
    "without_sub": (without("sub"), "oidc.token_subject"),
    "claim_sub": (claim(sub=""), "oidc.token_subject"),
    "claim_sub_x_256": (claim(sub="x" * 256), "oidc.token_subject"),
    "claim_email_verified_false": (claim(email_verified=False), "oidc.email_unverified"),
    "claim_email_verified_true": (claim(email_verified="true"), "oidc.email_unverified"),
    "without_email": (without("email"), "oidc.email_unverified"),
    "claim_email_wang_other_example": (claim(email="wang@other.example"), "oidc.email_unverified"),
    "claim_email_wang_wang_smelter_example": (claim(email="Wang <wang@smelter.example>"), "oidc.email_unverified"),
    "claim_email_nobody_smelter_example": (claim(email="nobody@smelter.example"), "oidc.unknown"),
    "claim_email_wang_else_smelter_example": (claim(email="wang+else@smelter.example"), "oidc.unknown"),
}
"""Each way of forging or spoiling a token, and the code of its refusal."""


@pytest.mark.parametrize("way", FORGED)
def test_a_forged_token_signs_nobody_in(world: World, way: str) -> None:
    change, code = FORGED[way]
    change(world)

    answer = world.come_back()

    assert refused(answer) == (403, code)
    assert world.sessions() == 0
    assert "set-cookie" not in answer.headers


def test_a_token_without_a_signature_is_refused_by_its_algorithm_too(world: World) -> None:
    world.line.token = lambda claims: f"{spelled({'alg': 'none'})}.{spelled(claims)}.c2ln"  # type: ignore[method-assign]

    assert refused(world.come_back()) == (403, "oidc.token_algorithm")


def test_the_hash_of_the_access_token_is_checked_where_it_stands(world: World) -> None:
    half = base64.urlsafe_b64encode(sha256(b"opaque").digest()[:16]).rstrip(b"=").decode()
    claim(at_hash=half)(world)

    assert done(world.come_back())["session"] is not None


def test_an_elliptic_key_is_taken_too_and_a_provider_s_new_key_is_asked_for_at_most_once_a_minute(world: World) -> None:
    done(world.come_back())
    key = elliptic()
    world.line.key, world.line.header = key, {"alg": "ES256", "kid": "two"}
    world.line.shown_keys = [key.as_dict(private=False)]
    early = refused(world.come_back())
    refused(world.come_back())

    asked = [url for url in world.line.asked if url.endswith("/jwks")]
    world.clock.advance(minutes=1)

    assert (early, len(asked)) == ((403, "oidc.token_key"), 1)
    assert done(world.come_back())["session"] is not None


def test_a_shared_secret_a_short_key_and_one_for_encryption_are_no_keys(world: World) -> None:
    short = rsa.generate_private_key(65_537, 1_024).public_key().public_numbers().n  # noqa: S505 - the point of the test
    modulus = base64.urlsafe_b64encode(short.to_bytes(128, "big")).rstrip(b"=").decode()
    world.line.shown_keys = [
        {"kty": "oct", "k": "c2VjcmV0c2VjcmV0", "kid": "one"},
        {"kty": "RSA", "n": modulus, "e": "AQAB", "kid": "one"},
        {**KEY.as_dict(private=False), "use": "enc"},
    ]

    assert refused(world.come_back()) == (403, "oidc.token_key")


def test_an_answer_works_once(world: World) -> None:
    back = world.line.consent(world.begin())
    kept = dict(world.cookies)
    done(world.send("/sign-in/callback", back))
    world.cookies = kept

    assert refused(world.send("/sign-in/callback", back)) == (403, "oidc.state")
    assert world.sessions() == 1


@pytest.mark.parametrize("state", ["", "5f" * 32, "é" * 64])
def test_a_state_of_another_attempt_is_refused_and_the_own_answer_still_works(world: World, state: str) -> None:
    back = world.line.consent(world.begin())

    assert refused(world.send("/sign-in/callback", {**back, "state": state})) == (403, "oidc.state")
    assert done(world.send("/sign-in/callback", back))["session"] is not None


def test_an_answer_in_another_browser_is_worth_nothing(world: World) -> None:
    back = world.line.consent(world.begin())
    world.cookies = {}
    assert refused(world.send("/sign-in/callback", back)) == (403, "oidc.state")

    world.begin()
    assert refused(world.send("/sign-in/callback", back)) == (403, "oidc.state")
    assert world.sessions() == 0


def test_an_attempt_is_over_after_ten_minutes(world: World) -> None:
    back = world.line.consent(world.begin())
    world.clock.advance(minutes=10)

    assert refused(world.send("/sign-in/callback", back)) == (403, "oidc.state")


def test_a_provider_that_never_saw_the_challenge_of_this_browser_gives_nothing(world: World) -> None:
    back = world.line.consent(world.begin())
    world.line.codes[back["code"]]["code_challenge"] = "another browser's"

    assert refused(world.send("/sign-in/callback", back)) == (403, "oidc.code")
    assert world.sessions() == 0


def test_an_answer_of_another_provider_is_refused_by_its_address_and_by_its_name(world: World, clock: Clock) -> None:
    other = add_provider(world.database, clock, name="Other", client_id="other")

    by_address = world.come_back(provider_id=str(other.provider_id))
    by_name = world.come_back(iss="https://login.other.example")
    world.line.description["authorization_response_iss_parameter_supported"] = True
    world.clock.advance(hours=1)
    without_name = world.come_back()

    assert {refused(each) for each in (by_address, by_name, without_name)} == {(403, "oidc.mixed_up")}
    assert done(world.come_back(iss=ISSUER))["session"] is not None


def test_what_the_provider_refused_is_told_without_its_words(world: World) -> None:
    answer = world.come_back(error=True, code=None)

    assert refused(answer) == (403, "oidc.refused")


def test_an_ended_provider_signs_nobody_in_even_on_the_way_back(world: World, clock: Clock) -> None:
    back = world.line.consent(world.begin())
    with unit_of_work(world.database) as session:
        oidc.add_end(session, world.provider.provider_id, ended_by=None, reason="test", now=clock())

    assert refused(world.send("/sign-in/callback", back)) == (404, "oidc_provider.not_found")
    assert refused(world.send(f"/sign-in/providers/{world.provider.provider_id}")) == (404, "oidc_provider.not_found")
    assert world.client.get("/v1/sign-in/providers").json() == {"providers": []}
    assert refused(world.send(f"/sign-in/providers/{uuid4()}")) == (404, "oidc_provider.not_found")


def test_who_has_a_password_is_not_linked_by_the_mailbox_alone(world: World) -> None:
    with world.database.reader() as session:
        user = access.find_user(session, world.organisation_id, "wang@smelter.example")
    with_password(world.database, world.clock, world.randomness, user)

    assert refused(world.come_back()) == (403, "oidc.link_first")
    assert world.sessions() == 0


def test_an_invited_person_joins_by_the_provider_while_the_invitation_lives(
    world: World, database: Database, clock: Clock, randomness: Randomness
) -> None:
    with unit_of_work(database) as session:
        invited = access.add_user(
            session,
            user_id=uuid4(),
            organisation_id=world.organisation_id,
            email="zhao@smelter.example",
            name="Zhao",
            now=clock(),
            is_invited=True,
        )
    world.line.user = {"sub": "zhao", "email": "Zhao@Smelter.example", "email_verified": True}
    without_invitation = world.come_back()
    with unit_of_work(database) as session:
        token = issue_token(
            session, TokenPurpose.INVITATION, user_id=invited.user_id, now=clock(), random_bytes=randomness
        )

    assert refused(without_invitation) == (403, "oidc.unknown")
    assert done(world.come_back())["session"]["user_id"] == str(invited.user_id)
    used = world.send("/invitations/accept", {"token": token, "password": PASSWORD})
    assert refused(used)[1] == "token.unusable"


def test_a_disabled_person_does_not_come_in(world: World, clock: Clock) -> None:
    done(world.come_back())
    user = give(world)
    with unit_of_work(world.database) as session:
        access.disable_user(session, user.user_id, now=clock())

    assert refused(world.come_back()) == (403, "oidc.no_place")


def test_a_second_factor_is_asked_for_after_the_provider_and_then_approves(world: World) -> None:
    give(world, Role.CHECKER, has_totp=True)

    needed = world.come_back()
    wrong = world.send("/sign-in/code", {"totp": "000000"})
    entered = world.send("/sign-in/code", {"totp": code_at(world.clock())})
    again = world.send("/sign-in/code", {"totp": code_at(world.clock())})

    assert refused(needed) == (401, "sign_in.code_needed")
    assert refused(wrong) == (401, "sign_in.code_wrong")
    assert done(entered)["session"]["is_approving_allowed"] is True
    assert refused(again) == (403, "oidc.state")
    assert world.sessions() == 1


def test_ten_wrong_codes_close_the_way_for_the_person(world: World) -> None:
    give(world, Role.CHECKER, has_totp=True)
    world.come_back()
    for _ in range(10):
        world.send("/sign-in/code", {"totp": "000000"})

    assert refused(world.send("/sign-in/code", {"totp": code_at(world.clock())})) == (429, "sign_in.too_many")
    assert refused(world.come_back()) == (429, "sign_in.too_many")


@pytest.mark.parametrize(
    ("accepts_mfa", "methods", "expected"),
    [
        (True, ["pwd", "mfa"], 200),
        (False, ["pwd", "mfa"], 401),
        (True, ["pwd"], 401),
        (True, "mfa", 401),
    ],
)
@SQLITE
def test_the_provider_s_second_factor_counts_only_where_its_row_says_so(
    app: FastAPI,
    client: Client,
    database: Database,
    clock: Clock,
    randomness: Randomness,
    accepts_mfa: bool,  # noqa: FBT001 - a parameter of the test
    methods: Any,
    expected: int,
) -> None:
    world = world_of(app, client, database, clock, randomness, accepts_mfa=accepts_mfa)
    give(world, Role.CHECKER, has_totp=True)
    claim(amr=methods)(world)

    answer = world.come_back()

    assert answer.status_code == expected
    assert expected != 200 or answer.json()["session"]["is_approving_allowed"] is True


def test_a_checker_without_a_second_factor_comes_in_and_approves_nothing(world: World) -> None:
    give(world, Role.CHECKER)

    assert done(world.come_back())["session"]["is_approving_allowed"] is False


def test_a_person_of_two_organisations_chooses(
    world: World, database: Database, clock: Clock, randomness: Randomness
) -> None:
    bank = organisation(database, clock, randomness, OrganisationKind.LENDER, "Other Bank")
    person(database, clock, randomness, bank.organisation_id, "wang@smelter.example")

    asked = done(world.come_back())
    chosen = done(world.send("/sign-in/code", {"organisation_id": str(bank.organisation_id)}))

    assert (asked["session"], len(asked["organisations"])) == (None, 2)
    assert chosen["organisation"]["legal_name"] == "Other Bank"


def signed_in(world: World) -> str:
    """Sign Wang in with a password, and return the token."""
    with world.database.reader() as session:
        user = access.find_user(session, world.organisation_id, "wang@smelter.example")
    with_password(world.database, world.clock, world.randomness, user)
    body = {"email": user.email, "password": PASSWORD, "bearer": True}
    return str(done(world.send("/sign-in", body))["token"])


def link(world: World, token: str, password: str = PASSWORD) -> Any:
    begun = world.send(
        "/identities/begin", {"provider_id": str(world.provider.provider_id), "password": password}, key=token
    )
    if begun.status_code != 200:
        return begun
    return world.send("/identities/link", world.line.consent(begun.json()["address"]), key=token)


def test_a_signed_in_person_links_the_provider_and_comes_in_by_it(world: World) -> None:
    token = signed_in(world)

    done(link(world, token))

    own = world.client.get("/v1/identities", key=token).json()["identities"]
    assert [(each["issuer"], each["subject"], each["provider"]) for each in own] == [(ISSUER, "248289", "Smelter")]
    assert done(world.come_back())["session"] is not None


def test_linking_asks_for_the_password_and_for_one_s_own_verified_address(world: World) -> None:
    token = signed_in(world)

    wrong_password = link(world, token, "another password")
    claim(email="li@smelter.example")(world)
    another_s = link(world, token)

    assert refused(wrong_password) == (403, "password.wrong")
    assert refused(another_s) == (403, "oidc.email")
    assert world.client.get("/v1/identities", key=token).json() == {"identities": []}


def test_a_sign_in_s_answer_links_nobody_and_a_link_s_answer_signs_nobody_in(world: World) -> None:
    token = signed_in(world)
    before = world.sessions()
    as_link = world.send("/identities/link", world.line.consent(world.begin()), key=token)
    body = {"provider_id": str(world.provider.provider_id), "password": PASSWORD}
    address = done(world.send("/identities/begin", body, key=token))["address"]
    as_sign_in = world.send("/sign-in/callback", world.line.consent(address))

    assert refused(as_link) == refused(as_sign_in) == (403, "oidc.state")
    assert world.sessions() == before


def test_a_link_is_taken_away_unless_it_is_the_only_way_in(world: World) -> None:
    done(world.come_back())
    only = {"issuer": ISSUER, "subject": "248289"}
    cookie = f"__Host-tonne_session={world.cookies['__Host-tonne_session']}"
    csrf = world.client.get("/v1/me", headers={"Cookie": cookie}).json()["csrf_token"]
    headers = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-origin"}
    kept = world.send("/identities/end", only, **headers)
    token = signed_in(world)

    assert refused(kept) == (409, "identity.last")
    assert refused(world.send("/identities/end", {**only, "subject": "x"}, key=token)) == (404, "identity.not_found")
    done(world.send("/identities/end", only, key=token))
    assert world.client.get("/v1/identities", key=token).json() == {"identities": []}


@SQLITE
@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://login.other.example"},
        {"token_endpoint": "http://login.smelter.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "https://user@login.smelter.example/"},
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        {"token_endpoint": None},
    ],
)
def test_a_description_that_cannot_be_trusted_is_not_used(world: World, said: Claims) -> None:
    world.line.description.update(said)

    assert refused(world.send(f"/sign-in/providers/{world.provider.provider_id}")) == (503, "oidc.discovery")


@SQLITE
def test_a_provider_that_fails_is_told_as_such(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    back = world.line.consent(world.begin())
    monkeypatch.setattr(world.line, "post_form", lambda *_args, **_more: Answer(status=502, document={}))

    assert refused(world.send("/sign-in/callback", back)) == (503, "oidc.provider_fails")


@SQLITE
def test_an_address_begins_a_hundred_attempts_in_fifteen_minutes(world: World) -> None:
    for _ in range(100):
        world.begin()

    assert refused(world.send(f"/sign-in/providers/{world.provider.provider_id}")) == (429, "sign_in.too_many")
