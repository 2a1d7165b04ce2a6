"""The answers kept for repeated requests, in the same transaction as the work they answer.

Owns the claim-then-complete protocol on one row. Functions take the session first and never commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from api.store.tables import IdempotencyRow
from ledger.core.errors import Conflict


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
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    row = {
        "organisation_id": request.organisation_id,
        "route": request.route,
        "key": request.key,
        "request_sha256": request.sha256,
        "created_at": now,
    }
    taken = session.execute(
        insert(IdempotencyRow).values(row).on_conflict_do_nothing().returning(IdempotencyRow.key)
    ).first()
    if taken is not None:
        return None
    kept = session.execute(
        select(IdempotencyRow.request_sha256, IdempotencyRow.status, IdempotencyRow.body).where(*_is(request))
    ).one()
    if bytes(kept.request_sha256) != request.sha256:
        raise Conflict(
            "idempotency.key_reused",
            "Idempotency-Key: this key was used for another request; send a new key",
            field="Idempotency-Key",
        )
    if kept.status is None or kept.body is None:
        raise Conflict(
            "idempotency.answer_not_kept",
            "Idempotency-Key: this request was done and its answer, which held a secret, was shown once; send a new key",
            field="Idempotency-Key",
        )
    return KeptAnswer(status=kept.status, body=bytes(kept.body))


def complete(session: Session, request: Request, *, status: int, body: bytes | None) -> None:
    """Keep the answer beside the work; ``body`` is ``None`` where the answer holds a secret."""
    session.execute(update(IdempotencyRow).where(*_is(request)).values(status=status, body=body))


def _is(request: Request) -> tuple[ColumnElement[bool], ...]:
    return (
        IdempotencyRow.organisation_id == request.organisation_id,
        IdempotencyRow.route == request.route,
        IdempotencyRow.key == request.key,
    )
