"""Every route, nine people, their own ids, another's and none's: nobody gets another's row, and another's id is an absent one.

Two of five pairs of a route and a person are asked, all of them with ``TONNE_TORTURE=long``.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from api.app import create_app
from api.auth.granting import GrantTerms, grant_role
from api.auth.principal import Role, Scope
from api.deps import unit_of_work, uuid7
from api.example.loading import Edge, load_example
from api.example.scenario import load_scenario
from api.store.access import OrganisationKind
from ledger.store.database import Database
from migrations.tables import metadata
from tests.api.client import Clock, Randomness
from tests.api.declared_requests import Asked, every_request, stored_ids
from tests.api.people import give_roles, organisation, person, proof, session_token
from tests.torture.scale import IS_LONG, report

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NINE: tuple[tuple[OrganisationKind, Role], ...] = (
    (OrganisationKind.BORROWER, Role.MAKER),
    (OrganisationKind.BORROWER, Role.CHECKER),
    (OrganisationKind.BORROWER, Role.TRADER),
    (OrganisationKind.BORROWER, Role.VIEWER),
    (OrganisationKind.LENDER, Role.OFFICER),
    (OrganisationKind.LENDER, Role.APPROVER),
    (OrganisationKind.ASSESSOR, Role.SIGNATORY),
    (OrganisationKind.AUDITOR, Role.AUDITOR),
    (OrganisationKind.OPERATOR, Role.OPERATOR),
)
ABSENT = str(UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0001))
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
KNOWN = {
    "book_id",
    "facility_id",
    "kpi_period_id",
    "engagement_id",
    "attestation_id",
    "determination_id",
    "snapshot_id",
    "user_id",
}
"""Records that the example has."""
_ENDS_A_SESSION = {"/v1/sign-out", "/v1/account/sessions/revoke-others"}


@dataclass(frozen=True)
class Person:
    """One of the nine: of the example's organisations, or a stranger of the same kind and role."""

    kind: OrganisationKind
    role: Role
    token: str


@dataclass(frozen=True)
class Matrix:
    """The example world, the nine who belong to it and nine strangers."""

    app: FastAPI
    database: Database
    requests: tuple[Asked, ...]
    insiders: tuple[Person, ...]
    strangers: tuple[Person, ...]
    ids: dict[str, tuple[str, ...]]
    private: frozenset[bytes]


@pytest.fixture
def matrix(database: Database, clock: Clock, randomness: Randomness) -> Matrix:
    scenario = load_scenario()
    edge = Edge(database=database, new_id=lambda: uuid7(clock(), randomness), random_bytes=randomness)
    load_example(edge, scenario)
    parts = {OrganisationKind(each["kind"]): part for part, each in scenario.facts["organisations"].items()}
    homes = {kind: scenario.organisation_id(part) for kind, part in parts.items()}
    robot = person(database, clock, randomness, homes[OrganisationKind.BORROWER], "robot@borrower.example")
    proof(database, clock, randomness, robot, (Scope.LEDGER_READ,))
    private = frozenset(_ids_of(database))
    app = create_app(database, clock=clock, random_source=randomness)
    requests = tuple(every_request(app))
    records = {place for asked in requests for place in asked.records}
    ids = {place: stored_ids(database, place) for place in records}

    def someone(kind: OrganisationKind, role: Role, home: UUID, email: str = "") -> Person:
        user = person(database, clock, randomness, home, email or f"{role}@{kind}-{home}.example")
        with unit_of_work(database) as session:
            if role is Role.AUDITOR:
                ends = clock() + timedelta(days=30)
                terms = GrantTerms(role=role, from_at=clock(), until_at=ends, reason="an audit")
                grant_role(session, user, terms, granted_by=None, now=clock(), new_id=edge.new_id)
            else:
                give_roles(session, user, (role,), now=clock())
            return Person(kind=kind, role=role, token=session_token(session, user, now=clock(), randomness=randomness))

    away = {kind: organisation(database, clock, randomness, kind, f"Stranger {kind}") for kind in dict(NINE)}
    strangers = tuple(someone(kind, role, away[kind].organisation_id) for kind, role in NINE)
    homes[OrganisationKind.OPERATOR] = organisation(
        database, clock, randomness, OrganisationKind.OPERATOR, "Example Operator"
    ).organisation_id
    insiders = tuple(someone(kind, role, homes[kind]) for kind, role in NINE if kind in homes)
    person(database, clock, randomness, away[OrganisationKind.AUDITOR].organisation_id, "auditor@auditor.example")
    insiders += (
        someone(
            OrganisationKind.BORROWER, Role.AUDITOR, homes[OrganisationKind.BORROWER], email="auditor@auditor.example"
        ),
    )
    return Matrix(app, database, requests, insiders, strangers, ids, private)


def _ids_of(database: Database) -> Iterator[bytes]:
    """Yield every id that stands in the example's tables; organisations and public keys are for everybody."""
    public = {"organisation", "signing_key", "reference_set", "reference_row"}
    with database.reader() as session:
        known = {
            str(each).encode() for each in session.scalars(select(metadata.tables["organisation"].c.organisation_id))
        }
        for table in metadata.sorted_tables:
            for column in table.c if table.name not in public else ():
                if column.name.endswith(("_id", "_uuid")):
                    found = (str(each).encode() for each in session.scalars(select(column).distinct()))
                    yield from (each for each in found if _UUID.fullmatch(each) and each not in known)


class Asking:
    """Sends one request after the other over one loop; the streams that never end are left out."""

    def __init__(self, matrix: Matrix) -> None:
        self._transport = httpx.ASGITransport(app=matrix.app, raise_app_exceptions=False)
        self._runner = asyncio.Runner()
        self._http = httpx.AsyncClient(transport=self._transport, base_url="http://tonne")

    def __call__(self, who: Person, asked: Asked, ids: dict[str, str]) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {who.token}"}
        if asked.content is not None:
            headers["Content-Type"] = asked.content_type
        return self._runner.run(self._send(asked, headers, asked.path(ids)))

    async def _send(self, asked: Asked, headers: dict[str, str], path: str) -> tuple[int, bytes]:
        answer = await self._http.request(asked.declared.method, path, headers=headers, content=asked.content)
        return answer.status_code, answer.content

    def close(self) -> None:
        self._runner.run(self._http.aclose())
        self._runner.close()


@pytest.fixture
def ask(matrix: Matrix) -> Iterator[Asking]:
    asking = Asking(matrix)
    yield asking
    asking.close()


def is_asked(asked: Asked) -> bool:
    is_stream = "text/event-stream" in asked.declared.answers
    return not asked.declared.policy.is_public and not is_stream and asked.declared.path not in _ENDS_A_SESSION


def leaked(matrix: Matrix, body: bytes) -> set[bytes]:
    return set(_UUID.findall(body)) & matrix.private


@dataclass
class Findings:
    """How many requests were sent and answered to the example's people, what strangers were told of ids, and what is wrong."""

    cases: int = 0
    answered: int = 0
    problems: list[str] = field(default_factory=list)
    refusals: Counter[int] = field(default_factory=Counter)

    def ask_stranger(self, matrix: Matrix, ask: Asking, stranger: Person, asked: Asked) -> None:
        """Ask with an absent id and with one that stands: both answers are the same bytes, and nobody's row is in them."""
        who = f"{asked.declared.method} {asked.declared.path} by a strange {stranger.role}"
        nothing = ask(stranger, asked, dict.fromkeys(asked.records, ABSENT))
        status, body = ask(stranger, asked, real_ids(matrix, asked)) if asked.records else nothing
        self.cases += 1 + bool(asked.records)
        if asked.records:
            self.refusals[status] += 1
        if nothing[0] >= 500 or (asked.records and nothing[0] < 400):
            self.problems.append(f"{who}: an absent id {nothing[0]}")
        if (status, body) != nothing:
            absent = f"an absent one {nothing[0]} {nothing[1][:150]!r}"
            self.problems.append(f"{who}: another's id {status} {body[:150]!r}, {absent}")
        if status < 300 and leaked(matrix, body):
            self.problems.append(f"{who}: {leaked(matrix, body)}")

    def ask_insider(self, matrix: Matrix, ask: Asking, insider: Person, asked: Asked) -> None:
        """Ask with an id that stands: own or not, the answer is no failure of ours."""
        status, body = ask(insider, asked, real_ids(matrix, asked))
        self.cases += 1
        self.answered += status < 300
        if status >= 500:
            self.problems.append(f"{asked.declared.method} {asked.declared.path} by {insider.role}: {body[:200]!r}")


def real_ids(matrix: Matrix, asked: Asked) -> dict[str, str]:
    return {place: (*matrix.ids[place], ABSENT)[0] for place in asked.records}


def test_nobody_gets_another_s_row_and_another_s_id_is_an_absent_one(matrix: Matrix, ask: Asking) -> None:
    found = Findings()
    assert {place for place, ids in matrix.ids.items() if ids} >= KNOWN
    for number, asked in enumerate(filter(is_asked, matrix.requests)):
        for place, stranger in enumerate(matrix.strangers):
            if IS_LONG or (2 * number + place) % 5 < 2:
                found.ask_stranger(matrix, ask, stranger, asked)
        for place, insider in enumerate(matrix.insiders):
            if IS_LONG or (2 * number + place) % 5 < 2:
                found.ask_insider(matrix, ask, insider, asked)

    report(cases=found.cases, answered_to_own_people=found.answered, refusals_of_another_s_id=dict(found.refusals))
    assert found.problems == [], "\n".join(found.problems)
    assert found.cases >= 5_000
    assert found.answered >= 100
    assert set(found.refusals) == {403, 404}
    assert found.refusals[404] >= 500
