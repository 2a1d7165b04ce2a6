"""What can go wrong between a caller and the server, as exceptions with fields that programs decide on.

Owns the map from HTTP statuses and problem documents (RFC 9457) to exceptions. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tonne_client.generated.shapes import ProposalOut


class TonneError(Exception):
    """Anything that this client raises."""


class ConnectionLostError(TonneError):
    """No answer came, after every attempt; a write may or may not have been done, and sending it again under its key is safe."""

    def __init__(self, message: str, *, idempotency_key: str | None) -> None:
        """Keep the key under which the same request can be sent again."""
        super().__init__(message)
        self.idempotency_key = idempotency_key


class UnexpectedAnswerError(TonneError):
    """An answer that the description does not know: another program at this address, or a server of another release."""


class SecondPersonNeededError(TonneError):
    """Nothing is done yet: another person has to approve ``proposal`` by its ``sha256`` (``approve_request_proposal``)."""

    def __init__(self, proposal: ProposalOut) -> None:
        """Keep what waits."""
        super().__init__(f"waits for a second person until {proposal.expires_at.isoformat()}: {proposal.proposal_id}")
        self.proposal = proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRefusal:
    """One field that was refused: its place such as ``legs.0.amount``, what was expected, and a stable code."""

    field: str
    expected: str
    code: str


class RefusedError(TonneError):
    """The server refused: ``code`` is stable, ``detail`` is a sentence, ``fields`` say which fields and why."""

    def __init__(
        self, *, status: int, code: str, detail: str, fields: tuple[FieldRefusal, ...] = (), incident: str | None = None
    ) -> None:
        """Keep what the problem document says."""
        super().__init__(f"{detail} [{code}]")
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields
        self.incident = incident


class InvalidError(RefusedError):
    """The request is not as the operation asks: 400, 413, 415 or 422."""


class SignInNeededError(RefusedError):
    """Nobody is known to be calling: sign in, or use a key that works (401)."""


class ForbiddenError(RefusedError):
    """The caller may not do this (403)."""


class NotFoundError(RefusedError):
    """There is no such record for this caller (404)."""


class ConflictError(RefusedError):
    """What is stored stands against the request (409)."""


class BusyError(RefusedError):
    """The server is busy or asks to be called less often (429, 503), still so after every attempt."""


class ServerError(RefusedError):
    """Something failed on the server's side; ``incident`` is what its operator needs to know."""


_BY_STATUS: Mapping[int, type[RefusedError]] = {
    HTTPStatus.UNAUTHORIZED: SignInNeededError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.TOO_MANY_REQUESTS: BusyError,
    HTTPStatus.BAD_GATEWAY: BusyError,
    HTTPStatus.SERVICE_UNAVAILABLE: BusyError,
    HTTPStatus.GATEWAY_TIMEOUT: BusyError,
}


def refusal_of(status: int, document: Any) -> RefusedError:
    """Return the exception for an answer of ``status``; ``document`` is its problem document, or None where it has none."""
    said = document if isinstance(document, Mapping) else {}
    server = ServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else InvalidError
    kind = _BY_STATUS.get(status, server)
    listed = said.get("errors")
    fields = tuple(
        FieldRefusal(field=str(each.get("field")), expected=str(each.get("expected")), code=str(each.get("code")))
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, Mapping)
    )
    incident = said.get("incident")
    return kind(
        status=status,
        code=str(said.get("code", f"http.{status}")),
        detail=str(said.get("detail", f"the server answered {status}")),
        fields=fields,
        incident=None if incident is None else str(incident),
    )
