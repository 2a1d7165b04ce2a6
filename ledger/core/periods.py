"""Closed periods: a book is locked through a day, inclusive; nothing effective on or before it is posted.

Owns the rule; the fold and a database trigger both keep it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

from ledger.core.errors import Conflict, Invalid


def is_closed(day: date, locked_through: date | None) -> bool:
    """Return whether ``day`` lies in a closed period: locked through 2025-12-31, that day is closed and 2026-01-01 is open."""
    return locked_through is not None and day <= locked_through


def next_lock(locked_through: date | None, through: date) -> date:
    """Return the new last closed day; a lock only moves forward (``ledger.period_reopened``) and leaves a day open."""
    if through >= date.max:
        raise Invalid("ledger.period_endless", "through: expected a day before 9999-12-31, so that a day stays open")
    if locked_through is not None and through < locked_through:
        raise Conflict(
            "ledger.period_reopened",
            f"the book is closed through {locked_through}; a closed period does not reopen by closing an earlier one",
            locked_through=locked_through.isoformat(),
        )
    return through


def state_root(balances: Iterable[tuple[str, str, int]]) -> bytes:
    """Return SHA-256 over the balances of a day's close: a line ``path|commodity|balance`` each, in order of path, zeros left out.

    Neither a path nor a code has ``|`` or a line end, so no two states share a text. Of no balances it is SHA-256 of nothing.
    """
    lines = sorted(f"{path}|{commodity}|{balance}\n" for path, commodity, balance in balances if balance)
    return hashlib.sha256("".join(lines).encode()).digest()
