"""What the server owns cannot be sent along: each writing form with each server-owned field is refused, and nothing changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from api.app import create_app
from api.auth.principal import Role
from api.auth.roles import TABLE
from api.deps import unit_of_work
from api.store.access import OrganisationKind
from ledger.store.database import Database
from migrations.tables import metadata
from tests.api.client import Clock, Randomness
from tests.api.declared_requests import Asked, every_request
from tests.api.people import give_roles, organisation, person, session_token

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SERVER_OWNED = (
    "id",
    "organisation_id",
    "created_at",
    "recorded_at",
    "state",
    "maker_id",
    "approved_by",
    "seq",
    "scopes",
)
ABSENT = str(UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0001))
DOCUMENTS = {
    "/v1/attestation-drafts/{draft_id}/lodge",
    "/v1/attestation-drafts/{draft_id}/versions",
    "/v1/books/{book_id}/persons",
    "/v1/engagements/{engagement_id}/attestations",
    "/v1/engagements/{engagement_id}/drafts",
}
"""Routes whose body is a document of its own, read after the record that it is for: an absent one is told first."""

VALUES: dict[str, object] = {"seq": "1", "scopes": ["admin"], "state": "approved"}


@dataclass(frozen=True)
class Form:
    """One writing form: its route, its example and the path of an object inside it."""

    asked: Asked
    example: dict[str, Any]
    inside: tuple[str, ...]

    def with_field(self, name: str) -> bytes:
        document: dict[str, Any] = json.loads(json.dumps(self.example))
        part = document
        for step in self.inside:
            part = part[step]
        part[name] = VALUES.get(name, ABSENT if name.endswith(("id", "_by")) else "2026-01-01T00:00:00Z")
        return json.dumps(document).encode()

    def has(self, name: str) -> bool:
        part = self.example
        for step in self.inside:
            part = part[step]
        return name in part


def forms(app: FastAPI) -> Iterator[Form]:
    for asked in every_request(app):
        is_json = asked.content_type == "application/json" and asked.content not in {None, b"{}"}
        if not is_json or not asked.declared.writes or asked.declared.policy.is_public:
            continue
        example = json.loads(asked.content or b"{}")
        yield Form(asked=asked, example=example, inside=())
        for name, part in example.items():
            if isinstance(part, dict) and part and name not in {"attrs", "terms"}:
                yield Form(asked=asked, example=example, inside=(name,))


@pytest.fixture
def tokens(database: Database, clock: Clock, randomness: Randomness) -> dict[OrganisationKind, str]:
    """Somebody with every role of each kind of organisation, so that the policy never refuses first."""
    found = {}
    for kind in OrganisationKind:
        house = organisation(database, clock, randomness, kind, f"Example {kind}")
        user = person(database, clock, randomness, house.organisation_id, f"all@{kind}.example")
        with unit_of_work(database) as session:
            give_roles(session, user, set(TABLE[kind]) - {Role.AUDITOR}, now=clock())
            found[kind] = session_token(session, user, now=clock(), randomness=randomness)
    return found


def may_call(asked: Asked) -> OrganisationKind | None:
    for kind, roles in TABLE.items():
        scopes = frozenset().union(*(given for role, given in roles.items() if role is not Role.AUDITOR))
        if asked.declared.policy.scopes <= scopes and (
            not asked.declared.policy.kinds or kind in asked.declared.policy.kinds
        ):
            return kind
    return None


def rows(database: Database) -> dict[str, int]:
    with database.reader() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables
        }


def test_a_server_owned_field_is_refused_by_every_form_and_nothing_changes(
    database: Database, tokens: dict[OrganisationKind, str], clock: Clock, randomness: Randomness
) -> None:
    app = create_app(database, clock=clock, random_source=randomness)
    before = rows(database)
    cases, problems = 0, []

    async def ask_all() -> None:
        nonlocal cases
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://tonne") as http:
            for form in forms(app):
                kind = may_call(form.asked)
                assert kind is not None, f"nobody may call {form.asked.declared.path}"
                headers = {"Authorization": f"Bearer {tokens[kind]}", "Content-Type": "application/json"}
                path = form.asked.path(dict.fromkeys(form.asked.places, ABSENT))
                for name in SERVER_OWNED:
                    if form.has(name):
                        continue  # here it is the client's to say, and the form's own tests speak of it
                    answer = await http.post(path, content=form.with_field(name), headers=headers)
                    cases += 1
                    if answer.status_code not in ({404, 422} if form.asked.declared.path in DOCUMENTS else {422}):
                        where = ".".join((*form.inside, name))
                        problems.append(f"{form.asked.declared.path} {where}: {answer.status_code} {answer.text[:160]}")

    asyncio.run(ask_all())

    assert problems == []
    assert cases >= 300
    assert rows(database) == before
    print(f"{cases} cases")  # noqa: T201
