"""Describes the API (OpenAPI 3.1) so that a generator makes a whole, typed client of it: names, answers, examples, refusals.

Owns the description only; it is read from the declared routes and never decides anything. Names are stable: an operation is called
after its handler, a shape after its class, and after its module too where two modules have a class of that name.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.auth.policy import PUBLIC, Declared, Routes
from api.auth.session_token import COOKIE, CSRF_HEADER
from api.deps import LONGEST_KEY
from api.edge import EdgeRoute

Described: TypeAlias = dict[str, Any]

_SUMMARY = "The carbon treasury: one provable ledger for tonnes and money."
_CONVENTIONS = (
    "Amounts, prices and rates are decimal strings, never JSON numbers; a day is YYYY-MM-DD, an instant has its zone. Every write takes an "
    "Idempotency-Key: the same request under the same key is done once and answered the same. A refusal is problem+json (RFC 9457) whose "
    "code is stable. Lists are read by following next_cursor."
)

_PROBLEM: Described = {
    "type": "object",
    "description": "A refusal or a failure (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string", "examples": [f"{errors.TYPE_PREFIX}request.invalid"]},
        "title": {"type": "string", "examples": ["Unprocessable Entity"]},
        "status": {"type": "integer", "examples": [422]},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "code": {"type": "string", "description": "Stable: programs decide on this.", "examples": ["request.invalid"]},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemError"}},
        "incident": {"type": "string", "description": "Only with a failure of ours."},
    },
}

_PROBLEM_ERROR: Described = {
    "type": "object",
    "description": "One field, or one cell of a file, that was refused.",
    "required": ["field", "expected", "code"],
    "properties": {
        "field": {"type": "string", "description": "The field's place, such as legs.0.amount.", "examples": ["year"]},
        "expected": {"type": "string", "examples": ["a whole number"]},
        "code": {"type": "string", "examples": ["field.type"]},
        "file": {"type": "string", "description": "Of an uploaded file, as are sheet, row and value."},
        "sheet": {"type": "string"},
        "row": {"type": "integer"},
        "value": {"type": "string"},
        "facts": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "The values that what was expected names, of a file's cell.",
        },
    },
}

_SECURITY: Described = {
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or the token of a session (POST /v1/sign-in with bearer true).",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The session of a page, set by POST /v1/sign-in.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "With the cookie, for every change: the csrf_token of GET /v1/me; the request comes from a page of this server.",
    },
}
"""The two ways of saying who calls; the second is for pages."""

_KEY_NAME = "Idempotency-Key"
_KEY: Described = {
    "name": _KEY_NAME,
    "in": "header",
    "required": False,
    "description": "Printable ASCII. The same request under the same key is done once and answered the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "example": "2026-11-21-opening",
}


routes = Routes(tag="description", prefix="")
"""The one route that this module serves itself: what is described is every other module's."""


@routes.get("/v1/openapi.json", policy=PUBLIC, answers=("application/json",))
def read_description(request: Request) -> Response:
    """Return this description of the API, OpenAPI 3.1."""
    return JSONResponse(describe(request.app))


def describe(app: FastAPI) -> Described:
    """Return the description of ``app``, made once: every write shows an example body and takes an ``Idempotency-Key``."""
    if app.openapi_schema is None:
        schema: Described = get_openapi(
            title=app.title, version=app.version, summary=_SUMMARY, description=_CONVENTIONS, routes=app.routes
        )
        components: Described = schema.setdefault("components", {})
        schemas: dict[str, Described] = components.setdefault("schemas", {})
        schemas["Problem"] = _PROBLEM
        schemas["ProblemError"] = _PROBLEM_ERROR
        components["securitySchemes"] = _SECURITY
        for declared, operation in _operations(app, schema):
            if declared.writes and not declared.policy.is_public:
                _add_key(operation)
            if declared.upload_example:
                operation["requestBody"]["content"][declared.upload_types[0]]["example"] = declared.upload_example
            _add_example(operation, schemas)
        schema["tags"] = _tags(app)
        _visit(schema, _name_keys)
        components["schemas"] = dict(sorted(_renamed(schema, schemas).items()))
        app.openapi_schema = schema
    return app.openapi_schema


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Described]) -> object:
    """Return the schema's own first example or default, or one composed of its required fields' examples.

    ``schemas`` are the components that a ``$ref`` names. An object with ``year`` (example 2025) as only required field gives
    ``{"year": 2025}``; an array holds one item; of alternatives the first stands.
    """
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if schema.get("default") is not None:
        return schema["default"]
    if "enum" in schema or "anyOf" in schema:
        return schema["enum"][0] if "enum" in schema else example_of(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    fields = schema.get("properties")
    assert fields, "a field of a request shows an example, or is an object, an array or a choice of those that do"
    named = schema.get("required") or list(fields)
    return {name: example_of(fields[name], schemas) for name in named}


def _operations(app: FastAPI, schema: Described) -> Iterator[tuple[Declared, Described]]:
    for route in app.routes:
        if isinstance(route, EdgeRoute) and route.include_in_schema:
            yield route.declared, schema["paths"][route.declared.path][route.declared.method.lower()]


def _tags(app: FastAPI) -> list[Described]:
    """Return each tag with the first sentence of the first module that declares routes under it."""
    said: dict[str, str] = {}
    for route in app.routes:
        if isinstance(route, EdgeRoute) and route.include_in_schema:
            module = sys.modules[route.declared.handler.__module__]
            said.setdefault(route.declared.tag, (module.__doc__ or "").partition("\n")[0].strip())
    return [{"name": tag, "description": said[tag]} for tag in sorted(said)]


def _name_keys(schema: Described) -> None:
    """Say by ``additionalProperties`` and ``propertyNames`` what pydantic says by a pattern: generators read those."""
    patterns = schema.get("patternProperties")
    if schema.get("type") == "object" and isinstance(patterns, dict) and len(patterns) == 1:
        ((pattern, value),) = schema.pop("patternProperties").items()
        schema["additionalProperties"] = value
        schema["propertyNames"] = {**schema.get("propertyNames", {}), "pattern": pattern}


def _renamed(schema: Described, schemas: Mapping[str, Described]) -> dict[str, Described]:
    """Return the shapes under readable names, and every reference to them changed in place."""
    name_by_old = {name: _readable(name) for name in schemas}
    counts = Counter(name_by_old.values())
    twice = [name for name, count in counts.items() if count > 1]
    assert not twice, f"two shapes would be called {', '.join(twice)}; give one of the classes another name"

    def follow(part: Described) -> None:
        if isinstance(part.get("$ref"), str):
            before, _, name = part["$ref"].rpartition("/")
            part["$ref"] = f"{before}/{name_by_old.get(name, name)}"
        mapping = part.get("mapping")
        if isinstance(mapping, dict) and "propertyName" in part:
            for key, target in mapping.items():
                before, _, name = target.rpartition("/")
                mapping[key] = f"{before}/{name_by_old.get(name, name)}"

    _visit(schema, follow)
    return {name_by_old[name]: shape for name, shape in schemas.items()}


def _readable(name: str) -> str:
    """Return ``OrdersSettlementIn`` for ``api__schemas__orders__SettlementIn``, ``ForwardOut`` for ``ForwardIn-Output``."""
    *modules, own = name.split("__")
    own, _, direction = own.partition("-")
    if direction == "Output":  # a class that both enters and leaves
        own = f"{own.removesuffix('In')}Out"
    if not modules:
        return own
    module = "".join(word.capitalize() for word in modules[-1].split("_"))
    return own if own.startswith(module) else f"{module}{own}"


def _visit(part: object, change: Callable[[Described], None]) -> None:
    if isinstance(part, dict):
        change(part)
        for name, each in part.items():
            if name not in {"example", "examples", "default", "enum", "const"}:
                _visit(each, change)
    elif isinstance(part, list):
        for each in part:
            _visit(each, change)


def _add_key(operation: Described) -> None:
    parameters: list[Described] = operation.setdefault("parameters", [])
    if all(each["name"].lower() != _KEY_NAME.lower() for each in parameters):
        parameters.append(_KEY)


def _add_example(operation: Described, schemas: Mapping[str, Described]) -> None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    if name and "examples" not in schemas[name]:
        schemas[name]["examples"] = [example_of(schemas[name], schemas)]
