"""The door for tests: a person with a password, what it sends to sign in, and its authenticator."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pyotp

from api.auth.passwords import hash_password
from api.auth.principal import Role
from api.deps import unit_of_work
from api.store import people
from api.store.access import OrganisationKind, User
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import give_roles, organisation, person

PASSWORD = "seven grey herons"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(now: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(now)


def with_password(
    database: Database, clock: Clock, randomness: Randomness, user: User, *, has_totp: bool = False
) -> None:
    with unit_of_work(database) as session:
        hashed = hash_password(PASSWORD, random_bytes=randomness)
        people.set_password(session, user.person_id, password_hash=hashed, now=clock())
        if has_totp:
            people.propose_totp(session, user.person_id, secret=SECRET)
            people.confirm_totp(session, user.person_id, step=0, recovery_sha256=(), now=clock())


@dataclass(frozen=True)
class Door:
    """A borrower with one person before the door."""

    client: Client
    database: Database
    clock: Clock
    randomness: Randomness
    user: User | None = None

    def send(self, path: str, body: object = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/v1{path}", json.dumps({} if body is None else body), key=key, headers=named)

    def sign_in(self, email: str | None = None, password: str = PASSWORD, **more: object) -> httpx.Response:
        body = {"email": email or "li@smelter.example", "password": password, "bearer": True, **more}
        return self.send("/sign-in", body)

    def token(self, **more: Any) -> str:
        answer = self.sign_in(**more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def me(self, key: str) -> Any:
        answer = self.client.get("/v1/me", key=key)
        assert answer.status_code == 200, answer.text
        return answer.json()


def door_of(
    client: Client,
    database: Database,
    clock: Clock,
    randomness: Randomness,
    roles: Iterable[Role],
    *,
    has_totp: bool = False,
) -> Door:
    house = organisation(database, clock, randomness, OrganisationKind.BORROWER, "Door Smelter")
    user = person(database, clock, randomness, house.organisation_id, "li@smelter.example", "Li Na")
    with unit_of_work(database) as session:
        give_roles(session, user, roles, now=clock())
    with_password(database, clock, randomness, user, has_totp=has_totp)
    return Door(client, database, clock, randomness, user)
