"""A provider inside the test, which forges what it is told to, and the door before it."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from api.auth.principal import Role
from api.deps import unit_of_work
from api.openid.exchange import OpenId
from api.openid.fetching import Answer, Line
from api.openid.providers import ProviderTerms, propose_provider
from api.openid.settings import OpenIdSettings
from api.store import access
from api.store.access import OrganisationKind
from api.store.oidc import Provider
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import give_roles, organisation, person

ISSUER = "https://login.smelter.example"
CLIENT = "tonne"
SECRET = "a client's secret"
PUBLIC_URL = "https://tonne.example.com"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})

Claims = dict[str, Any]


@dataclass
class ForgingProvider(Line):
    """Answers as a provider does, without a socket; ``change`` alters the claims, ``sign`` makes the token."""

    clock: Clock
    issuer: str = ISSUER
    user: Claims = field(
        default_factory=lambda: {"sub": "248289", "email": "wang@smelter.example", "email_verified": True}
    )
    change: Callable[[Claims], None] = lambda _claims: None
    header: Claims = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    key: Any = field(default_factory=lambda: KEY)
    shown_keys: list[Any] = field(default_factory=lambda: [KEY.as_dict(private=False)])
    description: Claims = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, Claims] = field(default_factory=dict)
    is_loopback_allowed: bool = False

    def get(self, url: str) -> Answer:
        self.asked.append(url)
        if url.endswith("/jwks"):
            return Answer(status=200, document={"keys": self.shown_keys})
        if url != f"{self.issuer}/.well-known/openid-configuration":
            return Answer(status=404, document={})
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }
        return Answer(status=200, document={**said, **self.description})

    def consent(self, address: str) -> Claims:
        """Return what the browser brings back after the person said yes."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = uuid4().hex
        self.codes[code] = asked
        return {"provider_id": asked["redirect_uri"].rpartition("/")[2], "state": asked["state"], "code": code}

    def post_form(self, url: str, form: Mapping[str, str], *, user: str = "", password: str = "") -> Answer:
        asked = self.codes.pop(form.get("code", ""), None)
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = in_base64url(digest)
        is_right = asked is not None and (url, user, password) == (f"{self.issuer}/token", CLIENT, SECRET)
        if asked is None or not is_right or asked["code_challenge"] != challenge:
            return Answer(status=400, document={"error": "invalid_grant"})
        now = int(self.clock().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.user}
        self.change(claims)
        return Answer(status=200, document={"access_token": "opaque", "id_token": self.token(claims)})

    def token(self, claims: Claims) -> str:
        if self.header["alg"] == "ES256":
            return jws.serialize_compact(self.header, json.dumps(claims), self.key, algorithms=["ES256"])
        signed = f"{spelled(self.header)}.{spelled(claims)}"
        if self.header["alg"] == "HS256":
            return f"{signed}.{in_base64url(hmac.digest(self.key, signed.encode(), 'sha256'))}"
        return f"{signed}.{in_base64url(self.key.raw_value.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def spelled(document: Claims) -> str:
    return in_base64url(json.dumps(document).encode())


def in_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def public_key_as_secret() -> bytes:
    """Return the public key's own text, which a confused reader takes for a shared secret."""
    return KEY.as_pem(private=False)


def elliptic() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "two"})


@dataclass
class World:
    """One organisation, a person who was asked in, and a provider that speaks for its addresses."""

    client: Client
    database: Database
    clock: Clock
    randomness: Randomness
    line: ForgingProvider
    provider: Provider
    organisation_id: UUID
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, path: str, body: object = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookie, **headers} if cookie else headers
        answer = self.client.post(f"/v1{path}", json.dumps({} if body is None else body), key=key, headers=sent)
        for said in answer.headers.get_list("set-cookie"):
            name, _, value = said.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def begin(self) -> str:
        answer = self.send(f"/sign-in/providers/{self.provider.provider_id}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["address"])

    def come_back(self, **instead: object) -> httpx.Response:
        return self.send("/sign-in/callback", {**self.line.consent(self.begin()), **instead})

    def sessions(self) -> int:
        with self.database.reader() as session:
            return int(session.connection().exec_driver_sql("SELECT count(*) FROM access_session").scalar_one())


def add_provider(database: Database, clock: Clock, **instead: Any) -> Provider:
    """Add a provider as the operator on the server does."""
    terms: dict[str, Any] = {
        "name": "Smelter",
        "issuer": ISSUER,
        "client_id": CLIENT,
        "secret_name": "SMELTER",
        "domains": ("smelter.example",),
        "accepts_mfa": False,
        "reason": "test",
        **instead,
    }
    with unit_of_work(database) as session:
        known = [each for each in access.list_organisations(session) if each.kind is OrganisationKind.OPERATOR]
        operator = (
            known[0]
            if known
            else access.add_organisation(
                session, organisation_id=uuid4(), kind=OrganisationKind.OPERATOR, legal_name="Operator", now=clock()
            )
        )
        return propose_provider(
            session,
            operator.organisation_id,
            ProviderTerms(**terms),
            proposed_by=None,
            is_loopback_allowed=True,
            now=clock(),
            new_id=uuid4,
        )


def world_of(
    app: FastAPI, client: Client, database: Database, clock: Clock, randomness: Randomness, *, accepts_mfa: bool = False
) -> World:
    """Return a smelter whose person Wang has a place, no password and the role of a maker, and its provider."""
    house = organisation(database, clock, randomness, OrganisationKind.BORROWER, "Door Smelter")
    wang = person(database, clock, randomness, house.organisation_id, "wang@smelter.example", "Wang Wei")
    with unit_of_work(database) as session:
        give_roles(session, wang, [Role.MAKER], now=clock())
    line = ForgingProvider(clock)
    app.state.openid = OpenId(
        OpenIdSettings(public_url=PUBLIC_URL, secrets={"TONNE_OIDC_SECRET_SMELTER": SECRET}), line=line
    )
    provider = add_provider(database, clock, accepts_mfa=accepts_mfa)
    return World(client, database, clock, randomness, line, provider, house.organisation_id)
