"""Tables of people: credentials, roles as dated facts, sessions, one-time tokens, and what happened at the door.

Private to this store. Of passwords, tokens and recovery codes only hashes stand here; the TOTP secret must be read to be checked, so
it stands as it is and leaves this store for that check alone.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}
_OWN_USER = (["organisation_id", "user_id"], ["user_account.organisation_id", "user_account.user_id"])


class PersonRow(Base):
    """One human being, in however many organisations: who has the mailbox is the same person everywhere."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("totp_last_step >= 0", "totp_last_step"), _STRICT)

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    mailbox: Mapped[str] = mapped_column(unique=True)
    """The address in lower case without a sub-address."""
    created_at: Mapped[datetime]
    password_hash: Mapped[str | None]
    """Argon2id in PHC form; null until the person has chosen a password."""
    password_set_at: Mapped[datetime | None]
    totp_secret: Mapped[str | None]
    totp_confirmed_at: Mapped[datetime | None]
    """When the first code was shown to be right; before that the secret asks for nothing."""
    totp_last_step: Mapped[int] = mapped_column(server_default="0")
    """The newest 30-second step whose code was used: that code and older ones are not taken again."""


class RecoveryCodeRow(Base):
    """One recovery code of a person, for one use in place of a TOTP code."""

    __tablename__ = "recovery_code"
    __table_args__ = (CheckConstraint("length(code_sha256) = 32", "code_sha256"), _STRICT)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.person_id"), primary_key=True)
    code_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class PersonIdentityRow(Base):
    """Who a person is to an OpenID provider: issuer and subject."""

    __tablename__ = "person_identity"
    __table_args__ = (_STRICT,)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.person_id"), index=True)
    linked_at: Mapped[datetime]


class MembershipRoleRow(Base):
    """A role given to a person of an organisation, as it was given. Never changed: confirmation and end are rows of their own."""

    __tablename__ = "membership_role"
    __table_args__ = (
        ForeignKeyConstraint(*_OWN_USER),
        ForeignKeyConstraint(
            ["organisation_id", "granted_by"], ["user_account.organisation_id", "user_account.user_id"]
        ),
        CheckConstraint("until_at > from_at", "period"),
        CheckConstraint("role <> 'auditor' OR until_at IS NOT NULL", "auditor_ends"),
        CheckConstraint("needs_confirmation IN (0,1)", "needs_confirmation"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        Index("ix_membership_role_user_id", "user_id"),
        _STRICT,
    )

    grant_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    user_id: Mapped[UUID]
    role: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    """First instant without the role; null while open. An auditor's grant always ends."""
    granted_at: Mapped[datetime]
    granted_by: Mapped[UUID | None]
    """The administrator; null when the operator did it on the server."""
    needs_confirmation: Mapped[int]
    """1 for a role that approves, given by one administrator: it works once another has confirmed it."""
    reason: Mapped[str]
    sha256: Mapped[str]
    """Digest of the grant as shown, which the confirmation repeats."""


class MembershipRoleConfirmationRow(Base):
    """The second administrator's word on a grant."""

    __tablename__ = "membership_role_confirmation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "confirmed_by"], ["user_account.organisation_id", "user_account.user_id"]
        ),
        _STRICT,
    )

    grant_id: Mapped[UUID] = mapped_column(ForeignKey("membership_role.grant_id"), primary_key=True)
    organisation_id: Mapped[UUID]
    confirmed_by: Mapped[UUID]
    confirmed_at: Mapped[datetime]
    sha256: Mapped[str]


class MembershipRoleEndRow(Base):
    """The end of a grant before its time: revoked, or refused while it waited."""

    __tablename__ = "membership_role_end"
    __table_args__ = (_STRICT,)

    grant_id: Mapped[UUID] = mapped_column(ForeignKey("membership_role.grant_id"), primary_key=True)
    ended_at: Mapped[datetime]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.user_id"))
    reason: Mapped[str]


class AccessSessionRow(Base):
    """One sign-in of one person for one organisation, until it is left idle, revoked, or old."""

    __tablename__ = "access_session"
    __table_args__ = (
        ForeignKeyConstraint(*_OWN_USER),
        CheckConstraint("length(token_sha256) = 32", "token_sha256"),
        CheckConstraint("expires_at > created_at", "life"),
        CheckConstraint("idle_s > 0", "idle"),
        CheckConstraint("is_approving_allowed IN (0,1)", "is_approving_allowed"),
        Index("ix_access_session_user_id", "user_id"),
        _STRICT,
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    organisation_id: Mapped[UUID]
    user_id: Mapped[UUID]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    """Renewed at most once a minute."""
    idle_s: Mapped[int]
    """Seconds without a request after which it has ended."""
    expires_at: Mapped[datetime]
    is_approving_allowed: Mapped[int]
    """1 when the second factor was shown at sign-in."""
    address: Mapped[str]
    revoked_at: Mapped[datetime | None]


class SignInFailureRow(Base):
    """One failed try, counted per account and per address."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_subject_failed_at", "subject", "failed_at"), _STRICT)

    failure_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str]
    """``account:`` and the SHA-256 of the mailbox, or ``address:`` and the network address."""
    failed_at: Mapped[datetime]


class OneTimeTokenRow(Base):
    """A token for one use: an invitation, a new password, or the first operator."""

    __tablename__ = "one_time_token"
    __table_args__ = (
        CheckConstraint("purpose IN ('invitation','password','first_run')", "purpose"),
        CheckConstraint("(purpose = 'first_run') = (user_id IS NULL)", "user"),
        CheckConstraint("length(token_sha256) = 32", "token_sha256"),
        CheckConstraint("expires_at > created_at", "life"),
        _STRICT,
    )

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.user_id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AccessEventRow(Base):
    """What happened at the door: a sign-in, a refusal of a code, a role given or ended, an auditor's reading. Only ever added."""

    __tablename__ = "access_event"
    __table_args__ = (
        CheckConstraint("length(what) > 0", "what"),
        Index("ix_access_event_organisation_id_event_id", "organisation_id", "event_id"),
        _STRICT,
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.organisation_id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.user_id"))
    """Whom it concerns."""
    happened_at: Mapped[datetime]
    what: Mapped[str]
    detail: Mapped[str]
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.user_id"))
    """Who did it; null for the operator on the server."""
    address: Mapped[str]


class LegalEntityRow(Base):
    """One legal entity of an organisation: a smelter group's company that holds an account of its own."""

    __tablename__ = "legal_entity"
    __table_args__ = (
        UniqueConstraint("organisation_id", "credit_code"),
        UniqueConstraint("organisation_id", "entity_id"),
        CheckConstraint("length(credit_code) = 18", "credit_code"),
        _STRICT,
    )

    entity_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"))
    name: Mapped[str]
    credit_code: Mapped[str]
    """Unified social credit code, GB 32100-2015."""
    created_at: Mapped[datetime]


class LegalEntityBookRow(Base):
    """Which legal entity a book is kept for; said once."""

    __tablename__ = "legal_entity_book"
    __table_args__ = (_STRICT,)

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True, autoincrement=False)
    entity_id: Mapped[UUID] = mapped_column(ForeignKey("legal_entity.entity_id"), index=True)
    recorded_at: Mapped[datetime]
