"""What an export is made of: a book at a point of its two times, its accounts, and its entries as they were recorded.

Owns the shapes that every format takes. Knows no format and no database. Amounts are integers of the commodity's smallest unit,
debit positive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from ledger.core.amounts import Commodity


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedAccount:
    """An account as an export declares it.

    ``is_dated`` says whether its lots, taken in the order of business days, never fall below zero, so that a program that
    sorts by day can match them; a pool is never dated.
    """

    path: str
    commodity: str
    opened_on: date
    closed_on: date | None
    lot_method: str | None
    is_dated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedBook:
    """A book as of (close of ``as_of``, its first ``known`` entries), whose tree head there is ``tree_root``."""

    book_uuid: UUID
    code: str
    functional_currency: str
    as_of: date
    known: int
    tree_root: bytes
    commodities: Mapping[str, Commodity]
    units: Mapping[str, str]
    """Unit of each commodity by code: ``CNY``, ``t``, ``MWh``."""
    accounts: tuple[ExportedAccount, ...]
    """By path."""

    @property
    def cost_scale(self) -> int:
        """Decimals of the functional currency, in which lot costs are kept."""
        return self.commodities[self.functional_currency].scale

    @property
    def source(self) -> str:
        """One line that names where the figures come from, for heads of documents."""
        return f"Tonne book {self.book_uuid}, entries 1 to {self.known}"


class ExportedMove(NamedTuple):
    """What a leg brought to a lot (positive) or took from it, with the day, quantity and cost that the lot began with."""

    lot_id: int
    quantity: int
    cost: int
    acquired_on: date
    lot_quantity: int
    lot_cost: int


class ExportedLeg(NamedTuple):
    """One leg as recorded; ``moves`` sum to ``amount`` on an account that keeps lots, and are empty elsewhere."""

    account: str
    commodity: str
    amount: int
    moves: tuple[ExportedMove, ...] = ()


class ExportedEntry(NamedTuple):
    """An entry with everything that was recorded of it; ``legs`` may be empty for an entry that only sets something aside."""

    seq: int
    entry_id: UUID
    kind: str
    effective_on: date
    recorded_at: datetime
    document_on: date | None
    reverses_seq: int | None
    actor_id: UUID
    acting_for_id: UUID
    doc_ref: str | None
    attrs: Mapping[str, str]
    request_hash: bytes
    salt: bytes
    canonical: str
    leaf_hash: bytes
    legs: tuple[ExportedLeg, ...]


class MonthEnd(NamedTuple):
    """What an account holds at the close of ``last_day``, debit positive: a month's last day, or the report's when that is earlier."""

    account: str
    last_day: date
    balance: int
