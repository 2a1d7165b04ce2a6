"""Tells every refusal and every failure in one form: RFC 9457 problem+json with a stable code.

Owns the map from kinds of error to HTTP statuses. What was sent is never repeated, and a failure of ours shows only an incident id.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.store.names import place
from ledger.core.errors import Conflict, DomainError, Forbidden, ImportRefused, Invalid, NotFound

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:tonne:problem:"
_LONGEST_DETAIL = 500
_MOST_ROWS = 200
_MOST_CAUSES = 5

_log = logging.getLogger("tonne.api")


class Unauthenticated(DomainError):  # noqa: N818 - named as the kinds in ledger.core.errors are
    """Nobody is known to be calling: no key, or one that does not work."""


class Unavailable(DomainError):  # noqa: N818 - named as the kinds in ledger.core.errors are
    """The work could not be done now; the same request may succeed later."""


class RefusedAndRecorded(Exception):  # noqa: N818 - it is a refusal, and what was recorded stays
    """A refusal whose record must stay: the transaction is committed, then ``refusal`` is answered (a forged attestation)."""

    def __init__(self, refusal: DomainError) -> None:
        """Keep the refusal that is answered."""
        super().__init__(refusal.code)
        self.refusal = refusal


_STATUS_BY_KIND: Mapping[type[DomainError], int] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    Forbidden: 403,
    Unauthenticated: 401,
    Unavailable: 503,
}

_STATUS_BY_CODE: Mapping[str, int] = {
    "json.empty": 400,
    "json.encoding": 400,
    "json.syntax": 400,
    "json.not_finite": 400,
    "json.duplicate_key": 400,
    "json.depth": 400,
    "json.character": 400,
    "request.header": 400,
    "body.too_slow": 408,
    "body.too_large": 413,
    "body.content_type": 415,
    "sign_in.refused": 401,
    "sign_in.code_needed": 401,
    "sign_in.code_wrong": 401,
    "sign_in.too_many": 429,
    "rate.limited": 429,
    "sign_in.busy": 503,
}
"""Refusals that HTTP has statuses of its own for: of the request's form, and at the door."""

_HTTP_CODES: Mapping[int, tuple[str, str]] = {
    404: ("path.not_found", "there is nothing at this path; the API's description is at /v1/openapi.json"),
    405: ("method.not_allowed", "this path does not take this method; see the Allow header"),
}

_EXPECTED: Mapping[str, tuple[str, str]] = {
    "missing": ("field.missing", "this field to be present"),
    "extra_forbidden": ("field.unknown", "no field of this name"),
    "string_type": ("field.type", "a string"),
    "int_type": ("field.type", "a whole number"),
    "bool_type": ("field.type", "true or false"),
    "none_required": ("field.type", "null"),
    "list_type": ("field.type", "an array"),
    "tuple_type": ("field.type", "an array"),
    "dict_type": ("field.type", "an object"),
    "model_type": ("field.type", "an object"),
    "model_attributes_type": ("field.type", "an object"),
    "dataclass_type": ("field.type", "an object"),
    "int_parsing": ("field.type", "a whole number"),
    "bool_parsing": ("field.type", "true or false"),
    "string_pattern_mismatch": ("field.format", "the pattern in the API's description"),
    "union_tag_invalid": ("field.choice", "one of the kinds in the API's description"),
    "union_tag_not_found": ("field.missing", "the field that names the kind"),
}
"""What pydantic's error types mean for a caller: code, and what was expected."""

_TELLING = frozenset(
    {
        "enum",
        "literal_error",
        "string_too_long",
        "string_too_short",
        "too_long",
        "too_short",
        "greater_than",
        "greater_than_equal",
        "less_than",
        "less_than_equal",
        "multiple_of",
    }
)
"""Types whose own message names only the rule, never the input."""


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[Mapping[str, object]] = (),
    more: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return one problem+json answer (RFC 9457); ``detail`` is cut at 500 characters."""
    document = {
        "type": f"{TYPE_PREFIX}{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail[:_LONGEST_DETAIL],
        "code": code,
        "errors": [dict(error) for error in errors],
        **(more or {}),
    }
    content = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def refusal(error: DomainError) -> Response:
    """Return the answer to an anticipated failure: 422, 404, 409, 403, 401, 503, or the status that HTTP has for its code."""
    status = status_of(error)
    if isinstance(error, ImportRefused):
        return problem(status, error.code, error.message, errors=_row_errors(error))
    field = error.data.get("field")
    expected = (error.message.partition("expected ")[2] or error.message)[:_LONGEST_DETAIL]
    errors = [{"field": field, "expected": expected, "code": error.code}] if field else []
    headers = {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = error.data.get("retry_after_s", "60")
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="tonne"'
    if error.code in {"body.too_large", "body.too_slow"}:
        headers["Connection"] = "close"  # the rest of the body is not read
    return problem(status, error.code, error.message, errors=errors, headers=headers)


def status_of(error: DomainError) -> int:
    """Return the HTTP status of an anticipated failure."""
    return _STATUS_BY_CODE.get(error.code) or next(
        (status for kind, status in _STATUS_BY_KIND.items() if isinstance(error, kind)), 422
    )


def incident(error: BaseException, incident_id: str) -> Response:
    """Log a failure of ours and return the 500 that shows only its id.

    The log has the error's types and places, not its messages: those can hold SQL parameters and with them secrets.
    """
    chain: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < _MOST_CAUSES:
        frames = " < ".join(
            f"{frame.name}:{frame.lineno}" for frame in reversed(traceback.extract_tb(cause.__traceback__))
        )
        chain.append(f"{type(cause).__module__}.{type(cause).__qualname__} at {frames}")
        cause = cause.__cause__ or cause.__context__
    _log.error("incident %s: %s", incident_id, " caused by ".join(chain))
    return problem(
        500,
        "server.error",
        "something failed on our side and nothing was stored; tell the operator the incident id",
        more={"incident": incident_id},
    )


def install(app: FastAPI, *, on_unknown: Callable[[Request, HTTPException], Response | None] | None = None) -> None:
    """Give ``app`` the answers to refusals, unreadable fields, unknown paths and wrong methods.

    ``on_unknown`` may answer an unknown path or method in another form than a problem document, for a person's browser.
    """

    async def on_refusal(_request: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError), "registered for domain errors"
        return refusal(error)

    async def on_fields(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError), "registered for validation errors"
        return unreadable(error)

    async def on_http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "registered for HTTP errors"
        if on_unknown is not None and (shown := on_unknown(_request, error)) is not None:
            return shown
        code, detail = _HTTP_CODES.get(
            error.status_code, (f"http.{error.status_code}", HTTPStatus(error.status_code).phrase)
        )
        return problem(error.status_code, code, detail, headers=error.headers)

    handlers: Mapping[type[Exception], Callable[[Request, Exception], object]] = {
        DomainError: on_refusal,
        RequestValidationError: on_fields,
        HTTPException: on_http,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)  # type: ignore[arg-type]


def unreadable(error: RequestValidationError) -> Response:
    """Return the answer to fields that could not be read: each with its place, what was expected, and a code."""
    errors = [_field_error(dict(each)) for each in error.errors()]
    return problem(422, "request.invalid", _unreadable_detail(errors), errors=errors[:_MOST_ROWS])


def first_unreadable(error: RequestValidationError) -> tuple[str, str]:
    """Return the code and the sentence for fields that could not be read, where the answer is no problem document."""
    return "request.invalid", _unreadable_detail([_field_error(dict(each)) for each in error.errors()])


def _unreadable_detail(errors: Sequence[Mapping[str, object]]) -> str:
    first = errors[0]
    others = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first['field'] or 'the body'}: expected {first['expected']}{others}"


def _field_error(each: Mapping[str, object]) -> dict[str, object]:
    where, kind, message = each.get("loc", ()), str(each.get("type", "")), str(each.get("msg", ""))
    assert isinstance(where, tuple), "pydantic gives a place as a tuple"
    parts = where[1:] if where and where[0] in {"body", "query", "path", "header"} else where
    if kind in _EXPECTED:
        code, expected = _EXPECTED[kind]
    elif "." in kind:  # one of our own field types: its type is the code, its message what was expected
        code, expected = kind, message
    elif kind in _TELLING:
        code, expected = "field.rule", message.removeprefix("Input should be ")
    else:
        code, expected = "field.invalid", "a value as in the API's description"
    return {"field": place(parts), "expected": expected, "code": code}


def _row_errors(error: ImportRefused) -> list[dict[str, object]]:
    return [
        {
            "field": row.column,
            "expected": str(row.expected),
            "code": row.expected.code,
            "facts": dict(row.expected.facts),
            "file": row.file,
            "sheet": row.sheet,
            "row": row.row,
            "value": row.value[:100],
        }
        for row in error.rows[:_MOST_ROWS]
    ]
