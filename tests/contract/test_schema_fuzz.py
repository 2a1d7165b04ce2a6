"""Requests drawn from the description, on the demo data, by keys and sessions of each kind of organisation and by nobody.

Nothing but described answers comes back.
The short form draws a few requests for each operation; ``TONNE_FUZZ=long`` at least 20,000 in all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, Verbosity
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.auth.principal import APPROVING, Scope
from api.description import describe
from api.store import access
from api.store.access import OrganisationKind, User
from tests.api.client import Clock, Randomness
from tests.api.people import organisation, person, proof
from tests.conftest import migrated
from tests.stories.smelter import Smelter, loaded_smelter, opened
from tests.torture.scale import report

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
ROLES = ("borrower", "lender", "assessor")
IS_LONG = os.environ.get("TONNE_FUZZ") == "long"
PATIENCE_S = 60
"""How long one answer may take: pages of a document are set on machines of any size."""
LEAST = 20_000
ENDS_THE_DEMO = "/v1/example/removals"
"""Sent by those whom it refuses only: an operator takes the demo's organisations out with it, and nothing was left to ask."""


@dataclass
class Demo:
    """The application over the demo data, a key and a session for each organisation, and the ids that stand in it.

    ``renewed`` gives a caller a new session for one that a drawn request has ended.
    """

    app: FastAPI
    proofs: dict[str, str]
    renewed: Callable[[str], str]
    ids: tuple[str, ...]
    drawn: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    clock, randomness = Clock(), Randomness(drawn=1_000)
    with migrated("sqlite", request, tmp_path_factory) as url, opened(url) as database:
        smelter = loaded_smelter(database)
        users = {role: _user(smelter, role) for role in ROLES}
        house = organisation(database, clock, randomness, OrganisationKind.OPERATOR, "Example Operator")
        users["operator"] = person(database, clock, randomness, house.organisation_id, "operator@operator.example")

        def proven(caller: str) -> str:
            """Return a key with everything that a key may do, or a session, which may approve too."""
            role, _, kind = caller.partition(" ")
            scopes = frozenset(Scope) - APPROVING if kind == "key" else frozenset(Scope)
            found = proof(database, clock, randomness, users[role], scopes)
            assert (found.key_id is None) == (kind == "session")
            return found.key

        proofs = {name: proven(name) for role in users for name in (f"{role} key", f"{role} session")}
        app = create_app(database, clock=clock, random_source=randomness)
        yield Demo(app, proofs, proven, _ids(smelter))


def _user(smelter: Smelter, role: str) -> User:
    actor = smelter.scenario.actor(role)
    with smelter.database.reader() as session:
        user = access.load_user(session, UUID(str(actor.organisation_id)), UUID(str(actor.user_id)))
    assert user is not None
    return user


def _ids(smelter: Smelter) -> tuple[str, ...]:
    """Return every id that the example's document names."""
    found: set[str] = set()

    def gather(part: Any) -> None:
        if isinstance(part, dict):
            for each in part.values():
                gather(each)
        elif isinstance(part, list):
            for each in part:
                gather(each)
        elif isinstance(part, str) and len(part) == 36 and part.count("-") == 4:
            found.add(part)

    gather(smelter.document)
    return tuple(sorted(found))


def try_all(demo: Demo, examples: int, seed: int) -> None:
    """Send ``examples`` requests of each operation, half as described and half not, each as another caller, with ids that exist."""
    schema = schemathesis.openapi.from_dict(describe(demo.app))
    schema.app = demo.app
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        settings = hypothesis.settings(
            max_examples=examples,
            database=None,
            derandomize=False,
            deadline=None,
            phases=[Phase.generate],
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )

        @hypothesis.seed(seed)
        @settings
        @hypothesis.given(case=operation.as_strategy())
        def send(case: Case[Any]) -> None:
            _try_one(demo, case)

        send()


def _try_one(demo: Demo, case: Case[Any]) -> None:
    demo.drawn += 1
    callers = (*demo.proofs, "nobody", "a wrong key")
    caller = callers[demo.drawn % len(callers)]
    if case.operation.path == ENDS_THE_DEMO and caller.startswith("operator"):
        caller = "nobody"
    token = {"nobody": None, "a wrong key": "tonne_wrong_key", **demo.proofs}[caller]
    if demo.drawn % 4 and demo.ids:  # most calls reach what is there
        for name in case.path_parameters:
            if name.endswith("_id"):
                case.path_parameters[name] = demo.ids[demo.drawn * 7 % len(demo.ids)]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    place = f"{case.method} {case.operation.path}"
    try:
        response = case.call(app=demo.app, headers=headers, timeout=PATIENCE_S)
        demo.statuses[f"{response.status_code // 100}xx"] += 1
        demo.statuses[f"{caller} {response.status_code // 100}xx"] += 1
        if response.status_code == 401 and caller in demo.proofs:
            demo.proofs[caller] = demo.renewed(caller)
        is_public = "security" not in case.operation.definition.raw
        if caller not in demo.proofs and not is_public:
            assert response.status_code in {401, 404}, f"answered {response.status_code} to nobody"
        case.validate_response(response, checks=list(CHECKS), headers=headers)
    except (Failure, FailureGroup, AssertionError) as failure:
        demo.failures.setdefault((place, type(failure).__name__), str(failure)[:1500])


@pytest.mark.skipif(IS_LONG, reason="the long form runs instead")
def test_drawn_requests_are_answered_as_described(demo: Demo) -> None:
    try_all(demo, examples=2, seed=20261122)

    assert demo.failures == {}
    assert demo.drawn >= 500
    assert all(demo.statuses[f"{caller} 2xx"] for caller in demo.proofs), demo.statuses


@pytest.mark.skipif(not IS_LONG, reason="TONNE_FUZZ=long draws 20,000 requests")
def test_twenty_thousand_drawn_requests_are_answered_as_described(demo: Demo) -> None:
    rounds = 0
    while demo.drawn < LEAST:
        rounds += 1
        try_all(demo, examples=10, seed=rounds)
        report(requests=demo.drawn, answers=dict(demo.statuses), failures=demo.failures)

    assert demo.failures == {}
