"""Carbon-finance contracts: what was worded, who agreed to it, and the dated facts of its life.

Facts, only ever added to. A version is agreed by another person than its maker, and steps that end or change value are
taken by another person than the maker of the wording they follow: the database says so too. ``book_id`` leads every key.
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


class CarbonContractRow(Base):
    """A contract of a book; its wording stands in versions."""

    __tablename__ = "carbon_contract"
    __table_args__ = (
        UniqueConstraint("contract_id"),
        UniqueConstraint("book_id", "number"),
        ForeignKeyConstraint(["book_id"], ["book.book_id"]),
        CheckConstraint("kind IN ('forward','repo','pledge_loan','lending','swap','custody')", "kind"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("(kind = 'pledge_loan') = (lender_organisation_id IS NOT NULL)", "lender"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    kind: Mapped[str]
    number: Mapped[int]
    """Its place among the book's contracts, from 1 without gaps."""
    lender_organisation_id: Mapped[UUID | None]
    """Whose people release a pledge."""


class CarbonContractVersionRow(Base):
    """One wording of a contract as one person proposes it."""

    __tablename__ = "carbon_contract_version"
    __table_args__ = (
        UniqueConstraint(
            "book_id", "contract_id", "version", "maker_id", "sha256", name="uq_carbon_contract_version_and_maker"
        ),
        ForeignKeyConstraint(
            ["book_id", "contract_id"],
            ["carbon_contract.book_id", "carbon_contract.contract_id"],
            name="fk_carbon_contract_version_contract",
        ),
        CheckConstraint("length(sha256) = 64", "sha256"),
        CheckConstraint("version >= 1", "version"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[str]
    """RFC 8785 JSON of the terms."""
    sha256: Mapped[str]
    """64 hexadecimal digits over the UTF-8 bytes of ``content``: what an approval binds."""
    maker_id: Mapped[UUID]
    made_at: Mapped[datetime]
    entry_id: Mapped[UUID]
    """The entry of the book whose leaf proves it."""


class CarbonContractDecisionRow(Base):
    """Another person's word on a version."""

    __tablename__ = "carbon_contract_decision"
    __table_args__ = (
        UniqueConstraint("book_id", "contract_id", "version", "what", name="uq_carbon_contract_decision_what"),
        ForeignKeyConstraint(
            ["book_id", "contract_id", "version", "maker_id", "sha256"],
            [
                "carbon_contract_version.book_id",
                "carbon_contract_version.contract_id",
                "carbon_contract_version.version",
                "carbon_contract_version.maker_id",
                "carbon_contract_version.sha256",
            ],
            name="fk_carbon_contract_decision_version",
        ),
        CheckConstraint("what IN ('approved','rejected')", "what"),
        CheckConstraint("actor_id <> maker_id", "two_persons"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    maker_id: Mapped[UUID]
    sha256: Mapped[str]
    actor_id: Mapped[UUID]
    reason: Mapped[str]
    entry_id: Mapped[UUID]
    recorded_at: Mapped[datetime]


class CarbonContractEventRow(Base):
    """One dated fact under an approved version; it ends once."""

    __tablename__ = "carbon_contract_event"
    __table_args__ = (
        UniqueConstraint("book_id", "contract_id", "event_key", name="uq_carbon_contract_event_key"),
        ForeignKeyConstraint(
            ["book_id", "contract_id", "version", "maker_id", "sha256"],
            [
                "carbon_contract_version.book_id",
                "carbon_contract_version.contract_id",
                "carbon_contract_version.version",
                "carbon_contract_version.maker_id",
                "carbon_contract_version.sha256",
            ],
            name="fk_carbon_contract_event_version",
        ),
        ForeignKeyConstraint(
            ["book_id", "contract_id", "version", "agreed"],
            [
                "carbon_contract_decision.book_id",
                "carbon_contract_decision.contract_id",
                "carbon_contract_decision.version",
                "carbon_contract_decision.what",
            ],
            name="fk_carbon_contract_event_decision",
        ),
        ForeignKeyConstraint(
            ["entry_id", "book_id"], ["entry.entry_id", "entry.book_id"], name="fk_carbon_contract_event_entry"
        ),
        CheckConstraint("agreed = 'approved'", "agreed"),
        CheckConstraint(
            "what IN ('opened','accrued','margin_called','margin_moved','repaid','released','settled','closed_early',"
            "'defaulted','cancelled')",
            "what",
        ),
        CheckConstraint("what IN ('opened','accrued','margin_called') OR actor_id <> maker_id", "two_persons"),
        CheckConstraint(
            "(what = 'opened' AND event_key = 'opened')"
            " OR (what IN ('settled','closed_early','defaulted','cancelled') AND event_key = 'end')"
            " OR (what IN ('accrued','margin_called','margin_moved','repaid','released')"
            " AND event_key NOT IN ('opened','end'))",
            "event_key",
        ),
        CheckConstraint("number >= 1", "number"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    event_key: Mapped[str]
    """``opened``, ``end``, else the number: a contract opens once and ends once."""
    version: Mapped[int]
    maker_id: Mapped[UUID]
    """The version's maker, again, so that the database itself refuses one person acting for two."""
    sha256: Mapped[str]
    agreed: Mapped[str]
    """Always ``approved``: no fact without a version that another person approved."""
    happened_on: Mapped[date]
    actor_id: Mapped[UUID]
    doc_ref: Mapped[str]
    link: Mapped[UUID | None]
    """The linked group of the book's entries."""
    figures: Mapped[Mapping[str, Any]]
    """Signed changes of the running figures, as texts."""
    refs: Mapped[Mapping[str, Any]]
    """Holds, entries and snapshots by name."""
    entry_id: Mapped[UUID]
    """The entry of the group whose leaf proves the step."""
    recorded_at: Mapped[datetime]
