"""What happens to a loan's label: its moves, amendment events, breaches, declassification, and waived warnings of the checklist.

Facts with two times, only ever added to: the day they count from and the instant they became known.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class LabelEventRow(Base):
    """One fact about a facility's label, in the order in which the facility's facts became known."""

    __tablename__ = "label_event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["facility_id", "terms_version"], ["facility_terms.facility_id", "facility_terms.version"]
        ),
        UniqueConstraint("facility_id", "number"),
        CheckConstraint(
            "what IN ('activated','suspended','resumed','declassified','amendment_notified','amendment_agreed',"
            "'breach_noticed','breach_cured','declassification_proposed','declassification_approved')",
            "what",
        ),
        CheckConstraint("number >= 1", "number"),
        _STRICT,
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID]
    number: Mapped[int]
    what: Mapped[str]
    subject_id: Mapped[UUID]
    """The event that this one is about: a cure names the breach, an approval the proposal; else its own id."""
    terms_version: Mapped[int]
    effective_on: Mapped[date]
    detail: Mapped[Mapping[str, Any]]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID]
    acting_for_id: Mapped[UUID]


class ChecklistWaiverRow(Base):
    """A warning of the checklist let pass for one version of the terms, with reason and signatory."""

    __tablename__ = "checklist_waiver"
    __table_args__ = (
        ForeignKeyConstraint(
            ["facility_id", "terms_version"], ["facility_terms.facility_id", "facility_terms.version"]
        ),
        _STRICT,
    )

    facility_id: Mapped[UUID] = mapped_column(primary_key=True)
    terms_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rule_id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    recorded_at: Mapped[datetime]
    signatory_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
