"""The answers kept for repeated requests, in the same transaction as the work they answer.

Owns the claim-then-complete protocol on one row. Functions take the session first and never commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ledger.core.errors import Conflict
from ledger.store.reading import as_bound, as_id, run


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One keyed request: whose, where, under which key, and the digest of what was asked."""

    organisation_id: UUID
    route: str
    key: str
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """The first answer to a key: its status and exact bytes."""

    status: int
    body: bytes


def claim(session: Session, request: Request, *, now: datetime) -> KeptAnswer | None:
    """Take the key for this transaction and return ``None``, or return the answer that the key already has.

    A second request with the same key waits here until the first commits (PostgreSQL: on the row; SQLite: one writer).
    Raises ``idempotency.key_reused`` when the key was used for something else, ``idempotency.answer_not_kept`` when its
    answer held a secret.
    """
    place = _place(session, request)
    if run(session, _CLAIM, *place, request.sha256, as_bound(session, now)).fetchone() is not None:
        return None
    request_sha256, status, body = run(session, _KEPT, *place).fetchone()
    if bytes(request_sha256) != request.sha256:
        raise Conflict(
            "idempotency.key_reused",
            "Idempotency-Key: this key was used for another request; send a new key",
            field="Idempotency-Key",
        )
    if status is None or body is None:
        raise Conflict(
            "idempotency.answer_not_kept",
            "Idempotency-Key: this request was done and its answer, which held a secret, was shown once; send a new key",
            field="Idempotency-Key",
        )
    return KeptAnswer(status=status, body=bytes(body))


def complete(session: Session, request: Request, *, status: int, body: bytes | None) -> None:
    """Keep the answer beside the work; ``body`` is ``None`` where the answer holds a secret."""
    run(session, _COMPLETE, status, body, *_place(session, request))


_WHERE = " WHERE organisation_id = ? AND route = ? AND key = ?"
_CLAIM = (
    "INSERT INTO idempotency (organisation_id, route, key, request_sha256, created_at) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING RETURNING key"
)
_KEPT = f"SELECT request_sha256, status, body FROM idempotency{_WHERE}"  # noqa: S608 - names only
_COMPLETE = f"UPDATE idempotency SET status = ?, body = ?{_WHERE}"  # noqa: S608 - names only


def _place(session: Session, request: Request) -> tuple[object, ...]:
    return as_id(session, request.organisation_id), request.route, request.key
