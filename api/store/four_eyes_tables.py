"""Tables of four eyes at the edge: the rules, the requests that wait for a second person, what became of them, what was done alone.

Facts, only ever added to. Private to this store. The database itself refuses an approval by the person who asked, of another
digest, after its time, or a second one.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class FourEyesRuleRow(Base):
    """From when an organisation asks for a second person for an action, and above which sum of a day."""

    __tablename__ = "four_eyes_rule"
    __table_args__ = (
        CheckConstraint("version >= 1", "version"),
        CheckConstraint("requirement IN ('always','above','never')", "requirement"),
        CheckConstraint(
            "(requirement = 'above') = (most_quantity IS NOT NULL OR most_cny_fen IS NOT NULL)",
            "limits",
        ),
        CheckConstraint("most_quantity IS NULL OR most_quantity >= 0", "most_quantity"),
        CheckConstraint("most_cny_fen IS NULL OR most_cny_fen >= 0", "most_cny_fen"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"), primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    """The code of an action, or ``all`` for those without a rule of their own."""
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    requirement: Mapped[str]
    most_quantity: Mapped[int | None]
    """Whole units of carbon instruments (tonnes, certificates) that may be moved alone in a day, inclusive."""
    most_cny_fen: Mapped[int | None]
    """Money that may be moved alone in a day, inclusive, in fen."""
    reason: Mapped[str]
    set_by: Mapped[UUID | None]
    """Null: the operator, on the terminal."""
    recorded_at: Mapped[datetime]


class RequestProposalRow(Base):
    """One request as it was sent, waiting for a second person."""

    __tablename__ = "request_proposal"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        UniqueConstraint(
            "organisation_id", "proposal_id", "proposed_by", "sha256", name="uq_request_proposal_proposed_by_sha256"
        ),
        ForeignKeyConstraint(
            ["organisation_id", "proposed_by"], ["user_account.organisation_id", "user_account.user_id"]
        ),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        CheckConstraint("expires_at > proposed_at", "life"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"), primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    """Its place among the organisation's proposals, from 1 without gaps."""
    action: Mapped[str]
    route: Mapped[str]
    """Method and path as declared: what is run."""
    path: Mapped[str]
    query: Mapped[str]
    content_type: Mapped[str]
    idempotency_key: Mapped[str | None]
    body: Mapped[bytes]
    """The exact bytes that were sent."""
    content: Mapped[str]
    """RFC 8785 JSON of what is asked, with the body's digest."""
    sha256: Mapped[str]
    """64 hexadecimal digits over the UTF-8 bytes of ``content``: what an approval binds."""
    effect_status: Mapped[int]
    effect: Mapped[str]
    """The answer of the dry run, as JSON."""
    proposed_by: Mapped[UUID]
    key_id: Mapped[UUID | None]
    """The API key it came through; null for a signed-in person."""
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """First instant at which it can no longer be approved."""


class RequestDecisionRow(Base):
    """What became of a proposal: at most one decision, of another person unless withdrawn."""

    __tablename__ = "request_decision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "proposal_id", "proposed_by", "sha256"],
            [
                "request_proposal.organisation_id",
                "request_proposal.proposal_id",
                "request_proposal.proposed_by",
                "request_proposal.sha256",
            ],
            name="fk_request_decision_proposal",
        ),
        ForeignKeyConstraint(
            ["organisation_id", "decided_by"], ["user_account.organisation_id", "user_account.user_id"]
        ),
        CheckConstraint("verdict IN ('approved','rejected','withdrawn')", "verdict"),
        CheckConstraint("(verdict = 'withdrawn') = (decided_by = proposed_by)", "two_persons"),
        CheckConstraint("(verdict = 'approved') = (status IS NOT NULL)", "status"),
        CheckConstraint("(status IS NULL) = (answer IS NULL)", "answer"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    proposed_by: Mapped[UUID]
    """The proposer again, so that the database itself refuses one person acting for two."""
    sha256: Mapped[str]
    """The digest again, so that the database itself refuses a decision about something else."""
    decided_by: Mapped[UUID]
    reason: Mapped[str]
    status: Mapped[int | None]
    """The HTTP status that the request was answered with when it ran."""
    answer: Mapped[str | None]
    decided_at: Mapped[datetime]


class DoneAloneRow(Base):
    """What one person did alone under a rule with a limit; the day's sum is held against the limit."""

    __tablename__ = "done_alone"
    __table_args__ = (
        CheckConstraint("quantity >= 0 AND cny_fen >= 0", "amounts"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"), primary_key=True)
    done_id: Mapped[UUID] = mapped_column(primary_key=True)
    action: Mapped[str]
    day: Mapped[date]
    """The day in China."""
    quantity: Mapped[int]
    cny_fen: Mapped[int]
    user_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
