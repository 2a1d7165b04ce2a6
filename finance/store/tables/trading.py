"""Proposals of trading and what became of them: orders, counterparties, limits, corrections; fills and settlements.

Facts, only ever added to. An approval is by another person than the maker and names the very digest it approves: the
database says so too. ``book_id`` leads every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class TradingProposalRow(Base):
    """What one person proposes: an order, a counterparty, a limit, or the correction of a fill."""

    __tablename__ = "trading_proposal"
    __table_args__ = (
        UniqueConstraint("organisation_id", "proposal_id"),
        UniqueConstraint("book_id", "kind", "number"),
        UniqueConstraint("book_id", "proposal_id", "maker_id", "sha256"),
        ForeignKeyConstraint(["book_id"], ["book.book_id"]),
        CheckConstraint("kind IN ('order','counterparty','limit','correction')", "kind"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("approvals_needed BETWEEN 1 AND 2", "approvals_needed"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    kind: Mapped[str]
    number: Mapped[int]
    """Its place among the book's proposals of its kind, from 1 without gaps."""
    subject: Mapped[str]
    """What it is about: an instrument, a counterparty's name, a limit's scope, the order that a correction changes."""
    content: Mapped[str]
    """RFC 8785 JSON of the terms."""
    sha256: Mapped[str]
    """64 hexadecimal digits over the UTF-8 bytes of ``content``: what an approval binds."""
    approvals_needed: Mapped[int]
    maker_id: Mapped[UUID]
    made_at: Mapped[datetime]


class TradingStepRow(Base):
    """One thing a person did about a proposal; an approval is another person's, each approves once."""

    __tablename__ = "trading_step"
    __table_args__ = (
        UniqueConstraint("book_id", "proposal_id", "step_key"),
        ForeignKeyConstraint(
            ["book_id", "proposal_id", "maker_id", "sha256"],
            [
                "trading_proposal.book_id",
                "trading_proposal.proposal_id",
                "trading_proposal.maker_id",
                "trading_proposal.sha256",
            ],
            name="fk_trading_step_proposal_and_maker",
        ),
        CheckConstraint(
            "what IN ('proposed','approved','rejected','placed','cancelled','expired','corrected','revoked')", "what"
        ),
        CheckConstraint("what NOT IN ('approved','rejected') OR actor_id <> maker_id", "two_persons"),
        CheckConstraint("number >= 1", "number"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    step_key: Mapped[str]
    """The step's kind, of an approval with its person: no step happens twice."""
    maker_id: Mapped[UUID]
    """The proposal's maker, again, so that the database itself refuses one person acting for two."""
    sha256: Mapped[str]
    """The proposal's digest, again, so that the database itself refuses a step about other terms."""
    actor_id: Mapped[UUID]
    reason: Mapped[str]
    details: Mapped[Mapping[str, Any]]
    """Texts: checks' outcome, the hold placed, the value in CNY and the fixing it was taken at."""
    entry_id: Mapped[UUID | None]
    """The entry of the book whose leaf proves the step."""
    recorded_at: Mapped[datetime]


class OrderFillRow(Base):
    """What was dealt of a placed order. A wrong one is corrected by another that names it."""

    __tablename__ = "order_fill"
    __table_args__ = (
        UniqueConstraint("book_id", "proposal_id", "number"),
        UniqueConstraint("book_id", "proposal_id", "corrects"),
        ForeignKeyConstraint(["book_id", "proposal_id"], ["trading_proposal.book_id", "trading_proposal.proposal_id"]),
        ForeignKeyConstraint(
            ["book_id", "proposal_id", "corrects"],
            ["order_fill.book_id", "order_fill.proposal_id", "order_fill.fill_ref"],
        ),
        ForeignKeyConstraint(
            ["book_id", "correction_id"], ["trading_proposal.book_id", "trading_proposal.proposal_id"]
        ),
        CheckConstraint("quantity > 0", "quantity"),
        CheckConstraint("fee_minor >= 0", "fee"),
        CheckConstraint("(corrects IS NULL) = (correction_id IS NULL)", "correction"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    fill_ref: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    quantity: Mapped[int]
    """Whole units of the order's instrument."""
    price: Mapped[Decimal]
    """Per unit, in the order's currency."""
    fee_minor: Mapped[int]
    """Minor units of the order's currency."""
    fee_doc_ref: Mapped[str]
    vat_code: Mapped[str]
    dealt_at: Mapped[datetime]
    dealt_on: Mapped[date]
    """Business day at the venue."""
    doc_ref: Mapped[str]
    fixing_cny_per_eur: Mapped[Decimal | None]
    fixing_ref: Mapped[str]
    corrects: Mapped[str | None]
    correction_id: Mapped[UUID | None]
    """The approved correction that it comes from."""
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]


class OrderSettlementRow(Base):
    """What became of a fill on a day: settled into the book, or failed; the latest word counts."""

    __tablename__ = "order_settlement"
    __table_args__ = (
        ForeignKeyConstraint(
            ["book_id", "proposal_id", "fill_ref"],
            ["order_fill.book_id", "order_fill.proposal_id", "order_fill.fill_ref"],
        ),
        ForeignKeyConstraint(["entry_id", "book_id"], ["entry.entry_id", "entry.book_id"]),
        CheckConstraint("state IN ('settled','failed')", "state"),
        CheckConstraint("(state = 'settled') = (entry_id IS NOT NULL)", "entry"),
        CheckConstraint("(state = 'failed') = (length(reason) > 0)", "reason"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fill_ref: Mapped[str]
    state: Mapped[str]
    settled_on: Mapped[date]
    reason: Mapped[str]
    trade_ref: Mapped[str]
    entry_id: Mapped[UUID | None]
    """The entry that moved tonnes and money."""
    reversed_entry_id: Mapped[UUID | None]
    """The reversal of the wrong entry that this one replaces."""
    actor_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
