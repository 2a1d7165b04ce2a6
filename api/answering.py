"""Calls a route's handler as FastAPI declares it: parameters and body read, the function called, its answer spelled.

Everything happens in the caller's own thread, for FastAPI's own runner goes to another one twice a request. Takes the reading of
signatures and the field types from FastAPI, so the description of the API and what is read are one. Knows no session and no caller.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.routing import APIRoute
from fastapi.utils import is_body_allowed_for_status_code
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response

from api.schemas.body import EdgeRequest

Values = dict[str, Any]
Problems = list[Any]


class _Field(Protocol):
    """What is used of a FastAPI field: a name, where it stands, and how it is checked."""

    name: str
    alias: str
    field_info: Any

    def validate(self, value: Any, values: Values, *, loc: tuple[int | str, ...]) -> tuple[Any, Problems]: ...

    def get_default(self) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameter:
    """One parameter of a path, a query or the headers."""

    name: str
    alias: str
    where: str
    field: _Field
    is_required: bool

    def read(self, received: Mapping[str, str]) -> tuple[Any, Problems]:
        """Return the value and nothing, or what is wrong with it."""
        place = (self.where, self.alias)
        text = received.get(self.alias)
        if text is not None:
            return self.field.validate(text, {}, loc=place)
        if self.is_required:
            return None, [_missing(place)]
        return self.field.get_default(), []


class Answering:
    """How one route answers; made when the application starts, used by any number of threads."""

    def __init__(self, route: APIRoute, *, status: int) -> None:
        """Read the declaration of ``route``; one that FastAPI alone could run stops the start."""
        self._status = status
        self._asked = _Asked(route.dependant)
        self._body = route.body_field
        self._answer = route.response_field
        bodies = route.dependant.body_params
        is_plain = not bodies or (len(bodies) == 1 and not getattr(bodies[0].field_info, "embed", False))
        assert is_plain, f"{route.path}: expected one body, as one shape"
        self._body_name = bodies[0].name if bodies else ""

    def answer(self, request: EdgeRequest) -> Response:
        """Return what the handler answers; raise ``RequestValidationError`` for what it cannot read, or what it refuses with."""
        told = _Headers()
        values, problems = self._asked.values(request, told, {})
        if self._body is not None:
            body, wrong = self._body.validate(request.document, {}, loc=("body",))
            values[self._body_name] = body
            problems += wrong
        if problems:
            raise RequestValidationError(problems, body=request.document)
        answer = self._asked.call(**values)
        if isinstance(answer, Response):
            return answer
        return told.on(self.spelled(answer, status=told.status))

    def spelled(self, answer: Any, *, status: int = 0) -> Response:
        """Return the answer in the shape that the handler declares, with the route's own status or another.

        One of another shape is a failure of ours.
        """
        assert self._answer is not None, "a handler says what it answers, or makes the response itself"
        value, wrong = self._answer.validate(answer, {}, loc=("response",))
        if wrong:
            raise ResponseValidationError(wrong, body=None)
        code = status or self._status
        content = self._answer.serialize_json(value) if is_body_allowed_for_status_code(code) else b""
        return Response(content, status_code=code, media_type="application/json")


class _Headers:
    """The headers and the status that a handler sets through a parameter of type ``Response``; most ask for none."""

    __slots__ = ("_response",)

    def __init__(self) -> None:
        self._response: Response | None = None

    def asked(self) -> Response:
        """Return the response on which they are set."""
        if self._response is None:
            self._response = Response()
            del self._response.headers["content-length"]
            self._response.status_code = 0
        return self._response

    @property
    def status(self) -> int:
        """The status that was set, else 0."""
        return 0 if self._response is None else self._response.status_code

    def on(self, response: Response) -> Response:
        """Return ``response`` with the headers that were set."""
        if self._response is not None:
            response.headers.raw.extend(self._response.headers.raw)
        return response


class _Asked:
    """What a function asks for, and what the functions ask for whose results it takes."""

    def __init__(self, dependant: Dependant) -> None:
        function = dependant.call
        assert function is not None, "a dependency is a function"
        is_slow = inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function)
        assert not is_slow, f"{function}: expected a plain function; it runs in a thread of its own already"
        others = (
            dependant.cookie_params,
            dependant.websocket_param_name,
            dependant.http_connection_param_name,
            dependant.background_tasks_param_name,
            dependant.security_scopes_param_name,
        )
        assert not any(others), (
            f"{function}: expected parameters of path, query and header, a body, Request and Response"
        )
        self.call: Callable[..., Any] = function
        self._before = tuple((each.name, _Asked(each)) for each in dependant.dependencies)
        self._path = _parameters(dependant.path_params, "path")
        self._query = _parameters(dependant.query_params, "query")
        self._header = _parameters(dependant.header_params, "header")
        self._request_name = dependant.request_param_name
        self._response_name = dependant.response_param_name

    def values(
        self, request: EdgeRequest, told: _Headers, known: dict[Callable[..., Any], Any]
    ) -> tuple[Values, Problems]:
        """Return the arguments by name and what is wrong with them; ``known`` are the results that others asked for too."""
        values: Values = {}
        problems: Problems = []
        for name, asked in self._before:
            if asked.call not in known:
                inner, wrong = asked.values(request, told, known)
                if wrong:
                    problems += wrong
                    continue
                known[asked.call] = asked.call(**inner)
            if name is not None:
                values[name] = known[asked.call]
        self._read(self._path, request.path_params, values, problems)
        if self._query:
            self._read(self._query, request.query_params, values, problems)
        if self._header:
            self._read(self._header, request.headers, values, problems)
        if self._request_name is not None:
            values[self._request_name] = request
        if self._response_name is not None:
            values[self._response_name] = told.asked()
        return values, problems

    @staticmethod
    def _read(
        parameters: Sequence[_Parameter],
        received: Mapping[str, str] | QueryParams | Headers,
        values: Values,
        problems: Problems,
    ) -> None:
        for each in parameters:
            value, wrong = each.read(received)
            if wrong:
                problems += wrong
            else:
                values[each.name] = value


def _parameters(fields: Sequence[Any], where: str) -> tuple[_Parameter, ...]:
    return tuple(
        _Parameter(
            name=field.name,
            alias=field.alias,
            where=where,
            field=field,
            is_required=field.field_info.is_required(),
        )
        for field in fields
    )


def _missing(place: tuple[str, str]) -> dict[str, object]:
    return {"type": "missing", "loc": place, "msg": "Field required", "input": None}
