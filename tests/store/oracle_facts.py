"""The oracle's facts and reports: entries in a list, and every report the sum of all of them.

Takes nothing from the ledger's reports. A report is as of a day and a record point: what was effective and known by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from ledger.core.accounts import AccountOpening
from ledger.core.holds import HoldPlacement
from tests.store.oracle_lots import Lot

Leg = tuple[str, int]
"""(path, amount), debit positive."""


@dataclass(slots=True)
class Entry:
    """An accepted entry."""

    seq: int
    entry_id: UUID | None
    day: date
    recorded_at: datetime
    legs: list[Leg] = field(default_factory=list)
    moves: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(line, lot, quantity, cost)"""
    hold_moves: list[tuple[UUID, int, int]] = field(default_factory=list)
    """(hold, lot, amount)"""
    is_reversal: bool = False


@dataclass(slots=True)
class Hold:
    """What is left of a hold, by lot (0 names none), and its terms."""

    account: str
    terms: HoldPlacement
    amount: int
    left: dict[int, int]
    captured: dict[int, int]
    day: date
    state: str = "open"


@dataclass(slots=True)
class World:
    """What changes with an entry."""

    posted: dict[str, int]
    held: dict[str, int]
    lots: dict[str, dict[int, Lot]]
    holds: dict[UUID, Hold] = field(default_factory=dict)
    undone: set[UUID] = field(default_factory=set)


class Facts:
    """The accounts and entries of one book, and what can be read of them."""

    def __init__(self, openings: Iterable[AccountOpening]) -> None:
        self.accounts = {opening.path: opening for opening in openings}
        self.entries: list[Entry] = []

    def side(self, path: str) -> int:
        """Return +1 where a debit grows the balance, -1 where a credit does."""
        return 1 if path.startswith(("Assets:", "Expenses:")) else -1

    def balance(self, path: str, *, as_of: date = date.max, known: int = 10**9) -> int:
        """Return an account's balance on its normal side."""
        raw = sum(
            amount
            for entry in self.entries
            if entry.seq <= known and entry.day <= as_of
            for leg, amount in entry.legs
            if leg == path
        )
        return raw * self.side(path)

    def balances(self, *, as_of: date = date.max, known: int = 10**9) -> dict[str, int]:
        """Return every account's balance on its normal side."""
        return {path: self.balance(path, as_of=as_of, known=known) for path in self.accounts}

    def trial(self, *, as_of: date = date.max, known: int = 10**9) -> dict[str, tuple[int, int]]:
        """Return debits and credits by commodity."""
        sums: dict[str, tuple[int, int]] = {}
        for path, balance in self.balances(as_of=as_of, known=known).items():
            raw, code = balance * self.side(path), self.accounts[path].commodity
            debits, credits_ = sums.get(code, (0, 0))
            sums[code] = (debits + max(raw, 0), credits_ + max(-raw, 0))
        return sums

    def lots(self, *, as_of: date = date.max, known: int = 10**9) -> dict[int, tuple[int, int]]:
        """Return quantity and cost of every lot of which something is left."""
        left: dict[int, tuple[int, int]] = {}
        for entry in self.entries:
            if entry.seq <= known and entry.day <= as_of:
                for _, lot_id, quantity, cost in entry.moves:
                    before = left.get(lot_id, (0, 0))
                    left[lot_id] = (before[0] + quantity, before[1] + cost)
        return {lot_id: there for lot_id, there in left.items() if there[0]}

    def statement(self, path: str, *, known: int = 10**9) -> list[tuple[int, int, date, int]]:
        """Return (seq, line, day, amount) of an account's postings in recording order."""
        return [
            (entry.seq, line, entry.day, amount)
            for entry in self.entries
            if entry.seq <= known
            for line, (leg, amount) in enumerate(entry.legs, start=1)
            if leg == path
        ]

    def state_root(self, through: date) -> bytes:
        """Return SHA-256 of a line ``path|commodity|balance`` for each account that holds something, in order of path."""
        held = self.balances(as_of=through)
        lines = [f"{path}|{self.accounts[path].commodity}|{held[path]}\n" for path in sorted(held) if held[path]]
        return hashlib.sha256("".join(lines).encode()).digest()
