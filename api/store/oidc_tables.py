"""Tables of OpenID providers, who agreed to each, and the sign-ins with them that are on their way.

Private to this store. No secret stands here: a client secret is in the environment, and of an attempt only the SHA-256 of what its
browser holds.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}
_PERSON = ["user_account.organisation_id", "user_account.user_id"]


class OidcProviderRow(Base):
    """A provider as it was proposed. Never changed: confirmation and end are rows of their own."""

    __tablename__ = "oidc_provider"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "proposed_by"], _PERSON),
        CheckConstraint("accepts_mfa IN (0,1)", "accepts_mfa"),
        CheckConstraint("needs_confirmation IN (0,1)", "needs_confirmation"),
        CheckConstraint("needs_confirmation = 1 OR proposed_by IS NULL", "two_persons"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        CheckConstraint("length(domains) > 4", "domains"),
        _STRICT,
    )

    provider_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"))
    """The operator's."""
    name: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    secret_name: Mapped[str]
    """CORP stands for the variable TONNE_OIDC_SECRET_CORP, or the file that TONNE_OIDC_SECRET_CORP_FILE names."""
    domains: Mapped[str]
    """A JSON array of mail domains: only for addresses there is the provider's word about an address taken."""
    accepts_mfa: Mapped[int]
    """1 where its ``amr`` of ``mfa`` counts as the second factor."""
    reason: Mapped[str]
    proposed_by: Mapped[UUID | None]
    """The operator's person; null when it was done on the server."""
    proposed_at: Mapped[datetime]
    needs_confirmation: Mapped[int]
    sha256: Mapped[str]


class OidcProviderConfirmationRow(Base):
    """The second operator's word on a provider."""

    __tablename__ = "oidc_provider_confirmation"
    __table_args__ = (ForeignKeyConstraint(["organisation_id", "confirmed_by"], _PERSON), _STRICT)

    provider_id: Mapped[UUID] = mapped_column(ForeignKey("oidc_provider.provider_id"), primary_key=True)
    organisation_id: Mapped[UUID]
    confirmed_by: Mapped[UUID]
    confirmed_at: Mapped[datetime]
    sha256: Mapped[str]


class OidcProviderEndRow(Base):
    """The end of a provider, or the refusal of one that waited."""

    __tablename__ = "oidc_provider_end"
    __table_args__ = (_STRICT,)

    provider_id: Mapped[UUID] = mapped_column(ForeignKey("oidc_provider.provider_id"), primary_key=True)
    ended_at: Mapped[datetime]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.user_id"))
    reason: Mapped[str]


class OidcAttemptRow(Base):
    """One way to a provider and back, for one browser and one use; kept a day."""

    __tablename__ = "oidc_attempt"
    __table_args__ = (
        CheckConstraint("length(attempt_sha256) = 32", "attempt_sha256"),
        CheckConstraint("expires_at > created_at", "life"),
        CheckConstraint("(session_id IS NULL) = (organisation_id IS NULL)", "link"),
        CheckConstraint("is_mfa IN (0,1)", "is_mfa"),
        CheckConstraint("person_id IS NULL OR claimed_at IS NOT NULL", "proven_once"),
        CheckConstraint("done_at IS NULL OR claimed_at IS NOT NULL", "done_once"),
        Index("ix_oidc_attempt_created_at", "created_at"),
        _STRICT,
    )

    attempt_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    """Of what the browser keeps in its cookie; state, nonce and verifier are derived from that, none is kept."""
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("oidc_provider.provider_id"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.organisation_id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_session.session_id"))
    """The session that wants to be linked; null for a sign-in."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    """When the browser came back: once, whatever becomes of it."""
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.person_id"))
    """Whom the provider proved."""
    is_mfa: Mapped[int | None]
    done_at: Mapped[datetime | None]
    """When it became a session or a link."""
