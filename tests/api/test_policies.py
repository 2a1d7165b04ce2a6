from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy.orm import Session

from api.app import check_policies, create_app, declared_routes
from api.auth import scope
from api.auth.policy import PUBLIC, Policy, Routes, asks
from api.auth.principal import Principal, Scope
from api.auth.scope import ScopedKind
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FOUNDATION = {
    "GET /health/live": "public",
    "GET /health/ready": "public",
    "GET /v1/api-keys": "access:read",
    "GET /v1/me": "any caller, even without a role",
    "GET /v1/openapi.json": "public",
    "GET /v1/organisations/{organisation_id}": "any key",
    "POST /v1/api-keys": "admin",
    "POST /v1/api-keys/{key_id}/revoke": "admin",
}
"""The routes of the foundation and who may call them: a change here is a change of what others rely on."""


def answer_nobody() -> dict[str, str]:
    return {}


@pytest.fixture
def plain(database: Database) -> FastAPI:
    return create_app(database)


def test_a_route_without_a_policy_stops_the_start(plain: FastAPI) -> None:
    plain.get("/bare")(answer_nobody)

    with pytest.raises(AssertionError, match="routes without a policy: /bare"):
        check_policies(plain)


def test_an_included_router_without_policies_stops_the_start(plain: FastAPI) -> None:
    router = APIRouter()
    router.get("/bare")(answer_nobody)
    plain.include_router(router)

    with pytest.raises(AssertionError, match="routes without a policy"):
        check_policies(plain)


def test_a_mounted_application_stops_the_start(plain: FastAPI) -> None:
    plain.mount("/other", FastAPI())

    with pytest.raises(AssertionError, match="routes without a policy: /other"):
        check_policies(plain)


def test_a_route_declared_twice_stops_the_start(database: Database) -> None:
    twice = Routes(tag="twice", prefix="/v1")
    twice.get("/me", policy=PUBLIC)(answer_nobody)

    with pytest.raises(AssertionError, match="declared twice: GET /v1/me"):
        create_app(database, more_routes=(twice,))


def test_a_route_cannot_be_declared_without_naming_a_policy(database: Database) -> None:
    with pytest.raises(TypeError, match="policy"):
        Routes(tag="x").get("/x")  # type: ignore[call-arg]


def test_a_public_policy_asks_for_nothing(database: Database) -> None:
    with pytest.raises(AssertionError, match="public route asks"):
        Policy(is_public=True, scopes=frozenset({Scope.ADMIN}))


def test_the_description_names_every_route_with_its_policy(plain: FastAPI) -> None:
    with Client(plain) as stranger:
        described = stranger.get("/v1/openapi.json").json()

    shown = {
        f"{method.upper()} {path}": operation["x-policy"]
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    }
    declared = {f"{each.method} {each.path}": str(each.policy) for each in declared_routes()}
    assert shown == {**declared, "GET /v1/openapi.json": "public"}
    assert {place: shown[place] for place in FOUNDATION} == FOUNDATION


def test_the_description_shows_keys_and_problems(plain: FastAPI) -> None:
    with Client(plain) as stranger:
        described = stranger.get("/v1/openapi.json").json()

    issue = described["paths"]["/v1/api-keys"]["post"]
    assert issue["security"] == [{"api_key": []}, {"cookie": [], "csrf": []}]
    assert described["paths"]["/v1/me"]["get"]["security"] == [{"api_key": []}, {"cookie": []}]
    assert "application/problem+json" in issue["responses"]["4XX"]["content"]
    assert "422" not in issue["responses"]
    assert "HTTPValidationError" not in json.dumps(described)
    schemes = described["components"]["securitySchemes"]
    assert schemes["api_key"]["scheme"] == "bearer"
    assert (schemes["cookie"]["in"], schemes["cookie"]["name"]) == ("cookie", "__Host-tonne_session")
    assert (schemes["csrf"]["in"], schemes["csrf"]["name"]) == ("header", "X-CSRF-Token")
    assert "security" not in described["paths"]["/health/live"]["get"]


def test_every_field_of_a_request_has_an_example(plain: FastAPI) -> None:
    with Client(plain) as stranger:
        fields = stranger.get("/v1/openapi.json").json()["components"]["schemas"]["ApiKeyIn"]["properties"]

    assert fields["user_id"]["examples"]
    assert fields["days"]["examples"]
    assert fields["scopes"]["items"]["examples"]


def test_no_page_loads_anything_from_elsewhere(plain: FastAPI) -> None:
    with Client(plain) as stranger:
        assert {stranger.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")} == {404}


def test_a_kind_of_record_is_registered_once(database: Database) -> None:
    def nothing(_session: Session, _principal: Principal, _record_id: object) -> None:
        return None

    with pytest.raises(AssertionError, match="organisation is registered twice"):
        scope.register(ScopedKind(name="organisation", load=nothing))
    assert {"organisation", "user", "api_key"} <= set(scope.registered())


def test_a_policy_reads_as_one_line(database: Database) -> None:
    policy = asks(Scope.ADMIN, Scope.LEDGER_READ, kinds=(OrganisationKind.LENDER, OrganisationKind.BORROWER))

    assert str(policy) == "admin, ledger:read of a borrower or lender"


def test_only_the_edges_commit(database: Database) -> None:
    api = Path(__file__).parents[2] / "api"
    committing = {path.name for path in api.rglob("*.py") if ".commit(" in path.read_text(encoding="utf-8")}

    assert committing <= {"deps.py", "edge.py", "cli.py", "scheduler.py", "writer.py"}
