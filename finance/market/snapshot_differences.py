"""What differs between two snapshots, mark by mark: the answer to "which figures of that day have changed since?".

Owns the comparison only; both snapshots stay as they were frozen.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from finance.market.marks import Mark
from finance.market.snapshots import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDifference:
    """One instrument's marks in two snapshots, ``None`` where one was not asked for it, and the fields that differ."""

    instrument: str
    before: Mark | None
    after: Mark | None
    fields: tuple[str, ...]

    @property
    def price_change(self) -> Decimal | None:
        """Return after less before, ``None`` unless both have a value in one currency and unit."""
        if self.before is None or self.after is None or self.before.value is None or self.after.value is None:
            return None
        if (self.before.currency, self.before.unit) != (self.after.currency, self.after.unit):
            return None
        return self.after.value - self.before.value


def differences(before: Snapshot, after: Snapshot) -> tuple[MarkDifference, ...]:
    """Return the instruments whose marks differ, by name; equal snapshots give none."""
    found = []
    for instrument in sorted({mark.instrument for mark in (*before.marks, *after.marks)}):
        was, now = before.mark(instrument), after.mark(instrument)
        if was == now:
            continue
        fields = tuple(name for name in Mark.__slots__ if getattr(was, name, None) != getattr(now, name, None))
        found.append(MarkDifference(instrument=instrument, before=was, after=now, fields=fields))
    return tuple(found)
