"""What persons propose and decide about a compliance year, and the ledger entries that carried it out: facts, only added to."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}
_KINDS = (
    "'preallocation','verification','verification_withdrawal','determination','objection','objection_answer',"
    "'settlement','milestone','carry_over','surrender_plan'"
)


class ComplianceProposalRow(Base):
    """One fact or plan of a book's compliance year as its maker put it; it counts when somebody else approves it."""

    __tablename__ = "compliance_proposal"
    __table_args__ = (
        UniqueConstraint("book_id", "number"),
        UniqueConstraint("proposal_id", "maker_id", "sha256"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("year >= 2000 AND year <= 2199", "year"),
        CheckConstraint(f"kind IN ({_KINDS})", "kind"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        Index("ix_compliance_proposal_year", "book_id", "year", "kind"),
        _STRICT,
    )

    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"))
    number: Mapped[int]
    """Its place among the book's, in the order in which they became known."""
    year: Mapped[int]
    kind: Mapped[str]
    dated_on: Mapped[date]
    """The fact's own day."""
    refers_to: Mapped[UUID | None] = mapped_column(ForeignKey("compliance_proposal.proposal_id"))
    """The fact that it withdraws, determines, contests or answers."""
    document: Mapped[str]
    """RFC 8785 JSON; ``sha256`` is over its UTF-8 bytes."""
    sha256: Mapped[str]
    maker_id: Mapped[UUID]
    proposed_at: Mapped[datetime]


class ComplianceDecisionRow(Base):
    """How a proposal ended: approved by another person than its maker, or refused (its maker may withdraw it so)."""

    __tablename__ = "compliance_decision"
    __table_args__ = (
        UniqueConstraint("proposal_id", "verdict"),
        ForeignKeyConstraint(
            ["proposal_id", "maker_id", "sha256"],
            ["compliance_proposal.proposal_id", "compliance_proposal.maker_id", "compliance_proposal.sha256"],
            name="fk_compliance_decision_proposal",
        ),
        CheckConstraint("verdict IN ('approved','refused')", "verdict"),
        CheckConstraint("verdict = 'refused' OR decider_id <> maker_id", "two_persons"),
        _STRICT,
    )

    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    maker_id: Mapped[UUID]
    """The proposal's maker, again, so that the database itself refuses one person acting for two."""
    sha256: Mapped[str]
    """The very content that was decided on."""
    verdict: Mapped[str]
    reason: Mapped[str]
    decider_id: Mapped[UUID]
    decided_at: Mapped[datetime]


class ComplianceEntryRow(Base):
    """A ledger entry by which an approved proposal was carried out."""

    __tablename__ = "compliance_entry"
    __table_args__ = (
        UniqueConstraint("proposal_id", "line"),
        UniqueConstraint("book_id", "entry_seq"),
        ForeignKeyConstraint(["entry_id", "book_id"], ["entry.entry_id", "entry.book_id"]),
        ForeignKeyConstraint(["book_id", "entry_seq"], ["entry.book_id", "entry.seq"]),
        ForeignKeyConstraint(
            ["proposal_id", "verdict"], ["compliance_decision.proposal_id", "compliance_decision.verdict"]
        ),
        CheckConstraint("verdict = 'approved'", "approved"),
        CheckConstraint("line >= 1", "line"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_seq: Mapped[int]
    proposal_id: Mapped[UUID]
    line: Mapped[int]
    """Its place among the proposal's entries, from 1."""
    verdict: Mapped[str]
    """Always ``approved``: nothing else is carried out."""
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
