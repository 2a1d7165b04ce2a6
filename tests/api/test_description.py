from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from api.app import create_app
from api.auth.policy import PUBLIC, Routes
from api.description import describe, example_of
from api.edge import EdgeRoute
from api.routes.activity import read_activity
from finance.feeds.manual import parse_prices
from finance.feeds.tabular import read_table
from finance.feeds.trades import parse_trades
from finance.store.activity_reference import shipped_template
from ledger.store.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def plain(database: Database) -> FastAPI:
    return create_app(database)


def operations(app: FastAPI) -> Iterator[tuple[EdgeRoute, dict[str, Any]]]:
    described = describe(app)
    for route in app.routes:
        assert isinstance(route, EdgeRoute)
        if route.include_in_schema:
            yield route, described["paths"][route.declared.path][route.declared.method.lower()]


def uploaded(app: FastAPI, path: str) -> str:
    content: Mapping[str, Any] = describe(app)["paths"][path]["post"]["requestBody"]["content"]
    example = next(iter(content.values()))["example"]
    assert isinstance(example, str)
    return example


def test_every_operation_has_a_summary_a_name_of_its_own_and_problem_answers(plain: FastAPI) -> None:
    names = []
    for _, operation in operations(plain):
        assert operation["summary"]
        assert "application/problem+json" in operation["responses"]["4XX"]["content"]
        names.append(operation["operationId"])

    assert len(names) == len(set(names))


def test_every_json_body_shows_an_example_that_its_own_form_takes(plain: FastAPI) -> None:
    schemas = describe(plain)["components"]["schemas"]
    shown = 0
    for route, operation in operations(plain):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "$ref" in content.get("schema", {}):
            form = None if route.body_field is None else route.body_field.field_info.annotation
            assert form is not None
            example = schemas[content["schema"]["$ref"].rpartition("/")[2]]["examples"][0]

            TypeAdapter(form).validate_python(example)

            shown += 1
    assert shown >= 20


def test_every_upload_shows_an_example(plain: FastAPI) -> None:
    for route, operation in operations(plain):
        if route.declared.upload_types:
            assert operation["requestBody"]["content"][route.declared.upload_types[0]]["example"]


def test_the_examples_of_uploads_can_be_read(plain: FastAPI) -> None:
    trades = read_table("trades.csv", uploaded(plain, "/v1/books/{book_id}/trades").encode())
    prices = read_table("prices.csv", uploaded(plain, "/v1/observation-uploads").encode())
    envelope = json.loads(uploaded(plain, "/v1/engagements/{engagement_id}/attestations"))

    assert [
        month.month for month in read_activity("a.csv", uploaded(plain, "/v1/activity").encode(), shipped_template())
    ] == ["2024-01"]
    assert len(parse_trades(trades[0])) == 1
    assert len(parse_prices(prices[0], known_at=datetime(2026, 11, 21, tzinfo=UTC), raw_sha256="0" * 64)) == 1
    assert set(envelope) == {"payload", "protected", "signature"}


def test_every_write_with_a_key_says_once_that_it_takes_an_idempotency_key(plain: FastAPI) -> None:
    for route, operation in operations(plain):
        names = [each["name"].lower() for each in operation.get("parameters", [])]

        is_keyed = route.declared.writes and not route.declared.policy.is_public
        assert names.count("idempotency-key") == int(is_keyed), route.declared.path


def test_an_example_is_composed_of_the_required_fields(plain: FastAPI) -> None:
    schemas = {"Year": {"type": "integer", "examples": [2025]}}
    schema = {
        "properties": {
            "year": {"$ref": "#/components/schemas/Year"},
            "sites": {"type": "array", "items": {"anyOf": [{"enum": ["north", "south"]}, {"type": "null"}]}},
            "note": {"type": "string", "examples": ["left out"]},
        },
        "required": ["year", "sites"],
    }

    assert example_of(schema, schemas) == {"year": 2025, "sites": ["north"]}


def test_a_field_without_an_example_is_a_bug_that_says_so(plain: FastAPI) -> None:
    with pytest.raises(AssertionError, match="shows an example"):
        example_of({"properties": {"note": {"type": "string"}}, "required": ["note"]}, {})


def test_an_operation_is_called_after_its_handler(plain: FastAPI) -> None:
    for route, operation in operations(plain):
        assert operation["operationId"] == route.declared.handler.__name__


def test_every_answer_says_its_shape_or_its_kind_of_file(plain: FastAPI) -> None:
    for route, operation in operations(plain):
        content = operation["responses"][str(route.declared.status)]["content"]
        for media_type, shown in content.items():
            schema = shown["schema"]
            is_shape = "$ref" in schema or "anyOf" in schema
            assert is_shape or set(map(media_type_of, route.declared.answers)) == set(content), route.declared.path
            assert media_type in {"application/json", "text/event-stream"} or schema["format"] == "binary"


def media_type_of(content_type: str) -> str:
    return content_type.partition(";")[0]


def test_every_tag_says_what_it_is_about(plain: FastAPI) -> None:
    said = {tag["name"]: tag["description"] for tag in describe(plain)["tags"]}

    assert {tag for _, operation in operations(plain) for tag in operation["tags"]} == set(said)
    assert all(said.values())


def test_shapes_have_readable_names_and_every_reference_leads_to_one(plain: FastAPI) -> None:
    described = describe(plain)
    text = json.dumps(described)
    names = set(described["components"]["schemas"])

    assert all(name.isalnum() for name in names)
    assert {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]} <= names


def test_amounts_and_rates_are_decimal_strings_and_nothing_is_a_json_fraction(plain: FastAPI) -> None:
    described = describe(plain)

    assert described["components"]["schemas"]["AmountOut"]["properties"]["amount"]["format"] == "decimal"
    assert '"type": "number"' not in json.dumps(described)


def test_two_handlers_of_one_name_stop_the_start(database: Database) -> None:
    def read_book() -> dict[str, str]:
        return {}

    more = Routes(tag="more", prefix="/v1")
    more.get("/more", policy=PUBLIC)(read_book)

    with pytest.raises(AssertionError, match="handlers of one name: read_book"):
        create_app(database, more_routes=(more,))
