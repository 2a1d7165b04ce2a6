"""A move into or out of a lot as a result sees it: what kind it was, the money that came or went, and the fee inside it.

Owns the kinds and their signs. Knows no entry and no account rule: the operation translates the ledger's rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class MovementKind(StrEnum):
    """What a move was."""

    OPENING = "opening"  # taken over into the book, at its cost
    PURCHASE = "purchase"
    ALLOCATION = "allocation"  # issued free of charge
    SALE = "sale"
    SURRENDER = "surrender"
    CANCELLATION = "cancellation"
    TRANSFER = "transfer"  # carried to another lot, account, book or vintage at cost, or booked by hand


SETTLED = frozenset({MovementKind.SURRENDER, MovementKind.CANCELLATION})
"""Kinds whose cost becomes an expense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One move of ``quantity_t`` (in positive) and ``cost_units`` (same sign) of one lot.

    ``money_units`` is what the book gave for it, fees included (a purchase's whole cost), negative when the book got
    money (a sale's proceeds net of fees); zero for an allocation, a surrender and a cancellation. ``fee_units`` is the
    fee inside it. A reversal has every sign turned. ``is_learned`` says that it was recorded after the opening record
    point though it belongs before the opening day's end.
    """

    lot_id: str
    kind: MovementKind
    effective_on: date
    seq: int
    quantity_t: int
    cost_units: int
    money_units: int
    fee_units: int = 0
    is_learned: bool = False

    def __post_init__(self) -> None:
        """Money belongs to the kinds that have any."""
        assert self.kind not in SETTLED or not self.money_units, "a surrender brings no money"
        assert self.kind is not MovementKind.ALLOCATION or not self.money_units, "an allocation is free"

    @property
    def realised_units(self) -> int:
        """Return a sale's gain (loss negative): net proceeds less the cost relieved; zero for every other kind."""
        return -self.money_units + self.cost_units if self.kind is MovementKind.SALE else 0

    @property
    def settled_units(self) -> int:
        """Return the cost that a surrender or cancellation made an expense, positive; zero for every other kind."""
        return -self.cost_units if self.kind in SETTLED else 0
