"""Takes a request's body from the wire: counted as it comes, within a time, of the type that is due.

A length that is announced can lie or be absent, so bytes are counted. Parsing is ``strict_json``'s.
"""

from __future__ import annotations

import json
from hashlib import sha256

import anyio
from starlette.requests import Request

from api.schemas.strict_json import Json
from ledger.core.errors import Invalid

SECONDS_TO_RECEIVE = 30
"""A client that trickles loses the connection, not a worker (reliability-and-security, F14 and section 5.5)."""

_MOST_DIGITS = 18


class EdgeRequest(Request):
    """A request whose body has been read, counted and strictly parsed; an upload has bytes and no document."""

    def __init__(self, request: Request, *, raw: bytes, document: Json) -> None:
        """Stand in for ``request`` with what was read from it."""
        super().__init__(request.scope, request.receive)
        self.raw = raw
        self.document = document
        self._fingerprint: bytes | None = None

    async def body(self) -> bytes:
        """Return the bytes that were read."""
        return self.raw

    async def json(self) -> Json:
        """Return the document that was parsed."""
        return self.document

    def fingerprint(self) -> bytes:
        """Return the SHA-256 of what is asked: method, path, query, and the document whatever its spacing and key order."""
        if self._fingerprint is None:
            query = sorted(self.query_params.multi_items()) if self.scope["query_string"] else []
            said = [self.method, self.scope["path"], query, self.document]
            asked = json.dumps(said, sort_keys=True, separators=(",", ":"))
            upload = self.raw if self.document is None else b""
            self._fingerprint = sha256(asked.encode("ascii") + b"\x00" + upload).digest()
        return self._fingerprint


def is_small_body(request: Request) -> bool:
    """Return whether the body is announced as a small one and on its way: it may be read before it is known who sends it."""
    headers = request.headers
    announced = headers.get("content-length", "0")
    is_counted = announced.isascii() and announced.isdigit() and len(announced) <= _MOST_DIGITS
    is_sent = "transfer-encoding" not in headers and "expect" not in headers
    return is_counted and is_sent and int(announced) <= _SMALL


_SMALL = 65_536
"""Bytes that a stranger may make us hold for a moment; a header may be a quarter of it."""


async def read_body(request: Request, *, most_bytes: int) -> bytes:
    """Return the body; raise ``body.too_large`` above ``most_bytes`` and ``body.too_slow`` after 30 seconds."""
    announced = request.headers.get("content-length", "0")
    if (
        not announced.isascii()
        or not announced.isdigit()
        or len(announced) > _MOST_DIGITS
        or int(announced) > most_bytes
    ):
        raise _too_large(most_bytes)
    received = bytearray()
    try:
        with anyio.fail_after(SECONDS_TO_RECEIVE):
            async for chunk in request.stream():
                received += chunk
                if len(received) > most_bytes:
                    raise _too_large(most_bytes)
    except TimeoutError:
        raise Invalid("body.too_slow", f"the body did not arrive within {SECONDS_TO_RECEIVE} seconds") from None
    return bytes(received)


def check_type(request: Request, types: tuple[str, ...]) -> None:
    """Raise ``body.content_type`` unless the body is of one of ``types``, in UTF-8 and not compressed."""
    named, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "").replace(" ", "")
    is_compressed = request.headers.get("content-encoding", "identity").strip().lower() != "identity"
    if named.strip().lower() not in types or charset not in {"", "charset=utf-8"} or is_compressed:
        raise Invalid(
            "body.content_type",
            f"Content-Type: expected {' or '.join(types)}, in UTF-8 and without Content-Encoding",
            field="Content-Type",
        )


def _too_large(most_bytes: int) -> Invalid:
    return Invalid("body.too_large", f"the body is larger than {most_bytes} bytes, the most this route takes")
