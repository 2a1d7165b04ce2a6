"""Overrides: how far two persons' price stands from the feed's, and what changes when it ends.

Owns the deviation, the question whether a second checker is needed, and the jump at the end. Knows no limit of its own and no
person.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from finance.conventions.exact_text import fraction_text
from finance.conventions.explain import Explanation
from finance.market.marks import Mark
from finance.market.snapshots import Snapshot
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A proposed price beside the observed mark: ``share`` of the feed's value, zero or more; ``None`` without a feed."""

    proposed: Decimal
    observed: Mark
    share: Fraction | None
    bound: Fraction

    @property
    def needs_second(self) -> bool:
        """Return whether a second checker must agree: the share lies beyond the bound, which itself is still inside."""
        return self.share is not None and self.share > self.bound

    def explanation(self) -> Explanation:
        """Return why a second checker is or is not needed."""
        unit = f"{self.observed.currency}/{self.observed.unit}" if self.observed.currency else "1"
        feed = Explanation(
            label_en="the feed's last price",
            label_zh="行情源最近价格",
            value="none" if self.observed.last_value is None else f"{self.observed.last_value:f}",
            unit=unit,
            source=self.observed.source or "nothing was observed",
        )
        proposed = Explanation(
            label_en="proposed price",
            label_zh="提议价格",
            value=f"{self.proposed:f}",
            unit=unit,
            source="the maker's proposal with its evidence",
        )
        bound = Explanation(
            label_en="bound for one checker",
            label_zh="单人复核的偏离上限",
            value=fraction_text(self.bound),
            unit="1",
            source="market_job_rules override.second_checker_deviation",
        )
        return Explanation(
            label_en="deviation from the feed",
            label_zh="对行情源的偏离",
            value="none" if self.share is None else fraction_text(self.share),
            unit="1",
            formula="|proposed - feed| / feed",
            children=(proposed, feed, bound),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """What the end of an override did to a mark: ``after`` is ``None`` when the feed has no usable price."""

    instrument: str
    override: str
    before: Decimal
    after: Decimal | None
    currency: str
    unit: str

    @property
    def change(self) -> Decimal | None:
        """Return after less before, in ``currency`` per ``unit``."""
        return None if self.after is None else self.after - self.before

    def sentence(self) -> str:
        """Return it for a person."""
        ended = f"{self.instrument}: {self.override} ended at {self.before:f} {self.currency}/{self.unit}"
        if self.after is None or self.change is None:
            return f"{ended}; the feed has no usable price, positions are unvalued"
        return f"{ended}; back at the feed's {self.after:f}, a jump of {self.change:+f}"


def deviation_from_feed(value: Decimal, *, currency: str, unit: str, observed: Mark, bound: Fraction) -> Deviation:
    """Return how far ``value`` stands from the observed mark's last value, as a share of the latter, exact.

    Another currency or unit than the feed's is ``market.mark_unit``. Example: 95.00 proposed where the feed last said
    81.00: 14/81, about 17.3 %; beyond a bound of 10 %. Source: market-data notes of 2026-11-21, section 3.2 point 14.
    """
    if observed.last_value is None:
        return Deviation(proposed=value, observed=observed, share=None, bound=bound)
    if (currency, unit) != (observed.currency, observed.unit):
        raise Invalid(
            "market.mark_unit",
            f"currency, unit: expected {observed.currency}/{observed.unit}, in which the feed states the price",
            instrument=observed.instrument,
        )
    feed = Fraction(observed.last_value)
    share = abs(Fraction(value) - feed) / feed
    return Deviation(proposed=value, observed=observed, share=share, bound=bound)


def overrides_in(snapshot: Snapshot) -> tuple[Mark, ...]:
    """Return the marks of a snapshot that two persons stand for: every report on it lists them."""
    return tuple(mark for mark in snapshot.marks if mark.approved_by is not None)


def jumps(before: Snapshot, after: Snapshot) -> tuple[Jump, ...]:
    """Return what the end of overrides did between two snapshots: the instrument was overridden before and is not after."""
    found = []
    for was in overrides_in(before):
        now = after.mark(was.instrument)
        if now is None or now.approved_by is not None:
            continue
        assert was.value is not None, "an approved mark has a value"
        found.append(
            Jump(
                instrument=was.instrument,
                override=was.source,
                before=was.value,
                after=now.value,
                currency=was.currency,
                unit=was.unit,
            )
        )
    return tuple(found)
