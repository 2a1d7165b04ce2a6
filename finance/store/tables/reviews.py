"""What persons of a lender say about a reported KPI period or a proposal, and the borrower's answers.

Facts, only ever added to; the decision itself is the rate decision's, never these.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class LoanReviewRow(Base):
    """One remark by one person about exactly the reported data or the proposal that ``subject_sha256`` names."""

    __tablename__ = "loan_review"
    __table_args__ = (
        UniqueConstraint("facility_id", "number"),
        UniqueConstraint("answers_id"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("what IN ('accepted','refused','queried','answered')", "what"),
        CheckConstraint("(kpi_period_id IS NULL) <> (determination_id IS NULL)", "subject"),
        CheckConstraint("(what = 'answered') = (answers_id IS NOT NULL)", "answer"),
        CheckConstraint("length(subject_sha256) = 64", "subject_sha256"),
        Index("ix_loan_review_kpi_period_id", "kpi_period_id"),
        Index("ix_loan_review_determination_id", "determination_id"),
        _STRICT,
    )

    review_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"))
    number: Mapped[int]
    """Its place among the facility's reviews, in the order in which they became known."""
    kpi_period_id: Mapped[UUID | None] = mapped_column(ForeignKey("kpi_period.kpi_period_id"))
    determination_id: Mapped[UUID | None] = mapped_column(ForeignKey("rate_determination.determination_id"))
    subject_sha256: Mapped[str]
    what: Mapped[str]
    answers_id: Mapped[UUID | None] = mapped_column(ForeignKey("loan_review.review_id"))
    """The query that an answer answers, None for everything else."""
    reason: Mapped[str]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID]
    acting_for_id: Mapped[UUID]
