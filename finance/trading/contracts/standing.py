"""The running figures of an opened contract, and what a person says when taking a step.

Owns values only; ``life`` derives them from the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class Party(StrEnum):
    """Who failed."""

    BOOK = "book"
    COUNTERPARTY = "counterparty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a step needs beside the terms: its day, a price for what is settled or closed out in money, a manager's result."""

    on: date
    price_cny_per_t: Decimal | None = None
    yield_fen: int = 0
    defaulted_by: Party = Party.COUNTERPARTY


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCall:
    """What must be added or repaid, either of both in full, since the loan-to-value passed its limit."""

    called_on: date
    add_t: int
    repay_fen: int
    snapshot_id: str
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The running figures of an opened contract; all amounts in fen, zero or more."""

    opened_on: date
    principal_fen: int
    principal_steps: tuple[tuple[date, int], ...]
    accrued_fen: int
    """Interest booked so far."""
    interest_paid_fen: int
    margin_given_fen: int
    margin_taken_fen: int
    accrued_to: date
    latest_on: date
    hold_ids: tuple[UUID, ...]
    handed_over_by: UUID | None
    call: MarginCall | None

    @property
    def interest_due_fen(self) -> int:
        """Return interest booked and not paid."""
        return self.accrued_fen - self.interest_paid_fen
