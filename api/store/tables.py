"""Access tables: organisations, their users, the users' API keys, and the answers kept for repeated requests.

Private to this store. Secrets never stand here, only their SHA-256. Knows nothing of HTTP or of ledger rows.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class OrganisationRow(Base):
    """A borrower, a lender, an assessor, an auditor, or the operator of this installation."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("kind IN ('borrower','lender','assessor','auditor','operator')", "kind"),
        CheckConstraint("length(name_skeleton) > 0", "name_skeleton"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    legal_name: Mapped[str]
    name_skeleton: Mapped[str] = mapped_column(unique=True)
    """What the name looks like: two organisations whose names are mistaken for each other cannot both exist."""
    created_at: Mapped[datetime]
    is_demo: Mapped[int] = mapped_column(server_default="0")
    """1 for an organisation of the example, whose people get passwords from ``tonne demo``."""


class UserAccountRow(Base):
    """A person's place in one organisation, once for each. Disabling is a dated fact; a row is never deleted."""

    __tablename__ = "user_account"
    __table_args__ = (
        UniqueConstraint("organisation_id", "email"),
        UniqueConstraint("organisation_id", "user_id"),
        Index("uq_user_account_organisation_id_person_id", "organisation_id", "person_id", unique=True),
        Index("ix_user_account_person_id", "person_id"),
        _STRICT,
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"))
    email: Mapped[str]
    """Lower-case; unique inside the organisation."""
    name: Mapped[str]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.person_id"))
    joined_at: Mapped[datetime | None]
    """When the person accepted the invitation; null while it waits. Nobody signs in for an organisation not joined."""


class ApiKeyRow(Base):
    """One API key of one person: its public prefix, the hash of its secret, what it may do and until when."""

    __tablename__ = "api_key"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "user_id"], ["user_account.organisation_id", "user_account.user_id"]),
        CheckConstraint("length(secret_sha256) = 32", "secret_sha256"),
        CheckConstraint("expires_at > created_at", "life"),
        _STRICT,
    )

    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_prefix: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[UUID]
    user_id: Mapped[UUID]
    scopes: Mapped[str]
    """A JSON array of scope names, sorted."""
    secret_sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """First instant at which the key no longer works."""
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """Renewed at most once an hour, so that reading does not write each time."""
    name: Mapped[str] = mapped_column(server_default="")
    """What the key is for; a person has at most two live keys of one name, the second to rotate to."""
    addresses: Mapped[str] = mapped_column(server_default="[]")
    """A JSON array of networks (``10.0.0.0/8``) from which alone the key works; empty: from anywhere."""


class IdempotencyRow(Base):
    """The answer to one ``Idempotency-Key``, written in the transaction that did the work."""

    __tablename__ = "idempotency"
    __table_args__ = (CheckConstraint("length(request_sha256) = 32", "request_sha256"), _STRICT)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"), primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    """Method and path as asked for, ids included."""
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[bytes]
    status: Mapped[int | None]
    """Null only inside the transaction that is still making the answer."""
    body: Mapped[bytes | None]
    """The exact bytes that were sent; null where the answer held a secret."""
    created_at: Mapped[datetime]
