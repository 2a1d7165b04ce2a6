"""The client that people use: every operation as a method, pages one after another, and sign-in.

Owns how an operation becomes a request and its reply a shape. Amounts are exact: decimals come and go as ``Decimal``, never as floats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Any, ParamSpec, Self, TypeVar
from urllib.parse import quote

from tonne_client.codec import ShapeError, decode, encode, encode_text, parse_json
from tonne_client.connection import Connection, Patience, Reply
from tonne_client.generated.calls import Calls
from tonne_client.generated.operations import OPERATIONS
from tonne_client.generated.shapes import ProposalOut
from tonne_client.operation import File, Operation
from tonne_client.refusals import RefusedError, SecondPersonNeededError, UnexpectedAnswerError, refusal_of

Asked = ParamSpec("Asked")
Page = TypeVar("Page")

SIGN_IN_PATH = "/v1/sign-in"


@dataclass(slots=True)
class Tonne(Calls):
    """A server, as one caller: ``Tonne.at("https://tonne.example", token=key)``, used in a ``with`` block."""

    connection: Connection

    @classmethod
    def at(cls, url: str, *, token: str | None = None, patience: Patience | None = None) -> Tonne:
        """Return a client of the server at ``url``; ``token`` is an API key or the token of a session."""
        return cls(Connection(url=url, token=token, patience=patience or Patience()))

    @classmethod
    def signed_in(cls, url: str, *, email: str, password: str, totp: str | None = None, **more: str) -> Tonne:
        """Return a client of the server at ``url`` with a new session of this person; ``more`` as the sign-in takes it.

        The session's token is ``client.connection.token``; a wrong password or code is ``SignInNeededError``.
        """
        client = cls.at(url)
        asked = {"email": email, "password": password, **({"totp": totp} if totp else {}), **more, "bearer": True}
        try:
            said = client.ask("POST", SIGN_IN_PATH, asked)
        except BaseException:
            client.close()
            raise
        token = said.get("token") if isinstance(said, Mapping) else None
        if not isinstance(token, str):
            client.close()
            raise UnexpectedAnswerError("the sign-in answered without a token")
        client.connection.token = token
        return client

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    def call(
        self,
        name: str,
        given: Mapping[str, object],
        *,
        body: object = None,
        content_type: str = "",
        key: str | None = None,
    ) -> object:
        """Send the operation ``name`` and return its answer: a shape, or a ``File``.

        ``given`` are the values of path and query by their Python names, ``body`` a shape, a mapping, or the bytes of an upload. Every
        write goes under a key of its own, ``key`` where the caller keeps one. What the server refuses is a ``RefusedError``.
        """
        operation = OPERATIONS[name]
        path, query = _placed(operation, given)
        content = None
        if operation.uploads:
            if not isinstance(body, bytes):
                raise TypeError("content: expected the bytes of the file")
            content = body
        elif body is not None:
            content = json.dumps(encode(body), ensure_ascii=False).encode()
        reply = self.connection.send(
            operation.method,
            path,
            query=query,
            content=content,
            content_type=content_type or (operation.uploads or ("application/json",))[0],
            key=(key or self.connection.make_key()) if operation.is_keyed else None,
            is_repeatable=operation.method == "GET" or operation.is_keyed,
        )
        return _answered(operation, reply)

    def ask(self, method: str, path: str, document: object = None) -> Any:
        """Send one JSON request to a path of the server and return its JSON answer: for what this release has no method for."""
        content = None if document is None else json.dumps(encode(document), ensure_ascii=False).encode()
        reply = self.connection.send(method, path, content=content, is_repeatable=method == "GET")
        _check(reply)
        return _parsed(reply) if reply.content else None


def pages(call: Callable[Asked, Page], *args: Asked.args, **kwargs: Asked.kwargs) -> Iterator[Page]:
    """Yield every page of a list, as ``pages(client.list_orders, book_id=book)``; each is read when it is asked for."""
    asked: dict[str, Any] = dict(kwargs)
    after: object = object()
    while after is not None:
        page = call(*args, **asked)  # the same arguments, and where the next page begins
        following = getattr(page, "next_cursor", None) or getattr(page, "next_after", None)
        if following is not None and following == after:
            raise UnexpectedAnswerError("a page says that it follows itself")
        yield page
        after = following
        asked["after"] = following


def _placed(operation: Operation, given: Mapping[str, object]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the path with its values, and the query."""
    path = operation.path
    query: list[tuple[str, str]] = []
    for parameter in operation.parameters:
        value = given.get(parameter.name)
        if value is None:
            if parameter.is_required:
                raise TypeError(f"{parameter.name}: expected a value")
            continue
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.sent_as}}}", quote(encode_text(value), safe=""))
        else:
            query.append((parameter.sent_as, encode_text(value)))
    return path, tuple(query)


def _answered(operation: Operation, reply: Reply) -> object:
    _check(reply)
    if operation.answer is None:
        proposed = Message()
        proposed["content-disposition"] = reply.headers.get("content-disposition", "attachment")
        name = proposed.get_filename() or operation.name
        return File(content=reply.content, content_type=reply.headers.get("content-type", ""), name=name)
    waits = reply.status == HTTPStatus.ACCEPTED and operation.answer is not ProposalOut
    try:
        if waits:
            raise SecondPersonNeededError(decode(ProposalOut, _parsed(reply)))
        return decode(operation.answer, _parsed(reply))
    except ShapeError as error:
        raise UnexpectedAnswerError(f"{operation.name} answered otherwise than described: {error}") from error


def _check(reply: Reply) -> None:
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    raise _refusal(reply)


def _refusal(reply: Reply) -> RefusedError:
    try:
        return refusal_of(reply.status, parse_json(reply.content))
    except ShapeError:
        return refusal_of(reply.status, None)


def _parsed(reply: Reply) -> Any:
    try:
        return parse_json(reply.content)
    except ShapeError as error:
        raise UnexpectedAnswerError("the server answered with something that is not JSON") from error
