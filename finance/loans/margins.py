"""The rate over the loan's life: intervals that tile it, each with the decision that caused it.

Owns the tiling from the base rate and the dated adjustments known at some point. Which adjustments were known when is
the caller's question; why they were decided is in ``determinations``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.conventions.fields import check_identifier
from finance.loans.accrual import RateSegment
from finance.loans.ratchet import adjusted_rate
from finance.loans.terms import FacilityTerms
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedAdjustment:
    """A determination's effect: ``adjustment_bp`` on the base rate from ``effective_from`` until the next one.

    ``sequence`` is the order in which determinations became known; of two with one effect day the later replaces the
    other.
    """

    determination_id: str
    effective_from: date
    adjustment_bp: Fraction
    sequence: int

    def __post_init__(self) -> None:
        """Refuse an adjustment that no determination answers for."""
        check_identifier(self.determination_id, area="margin", field="determination_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginInterval:
    """One all-in yearly ``rate`` on [start, end); ``determination_id`` is its cause, None at the base rate."""

    start: date
    end: date
    adjustment_bp: Fraction
    rate: Fraction
    determination_id: str | None


def margin_intervals(terms: FacilityTerms, adjustments: Sequence[DatedAdjustment]) -> tuple[MarginInterval, ...]:
    """Return the intervals that tile [drawdown, maturity), half-open, as the given adjustments are known.

    Any order of arrival gives the same tiling. An effect outside the life is refused with ``margin.outside_life``, two
    adjustments with one sequence with ``margin.sequence``. One step of -10 bp gives two intervals, 3.45 % and 3.35 %.
    """
    if len({adjustment.sequence for adjustment in adjustments}) != len(adjustments):
        raise Invalid("margin.sequence", "sequence: expected each determination to have its own place in the order")
    in_force: dict[date, DatedAdjustment] = {}
    for adjustment in sorted(adjustments, key=lambda known: known.sequence):
        if not terms.covers(adjustment.effective_from):
            raise Invalid(
                "margin.outside_life",
                f"effective_from: expected a day from {terms.drawdown_date} to before {terms.maturity_date}",
                effective_from=adjustment.effective_from.isoformat(),
                determination_id=adjustment.determination_id,
            )
        in_force[adjustment.effective_from] = adjustment
    starts = sorted({terms.drawdown_date, *in_force})
    ends = (*starts[1:], terms.maturity_date)
    return tuple(
        _interval(terms, start=start, end=end, adjustment=in_force.get(start))
        for start, end in zip(starts, ends, strict=True)
    )


def interval_at(margins: Sequence[MarginInterval], day: date) -> MarginInterval:
    """Return the interval that holds ``day``; a day outside the loan's life is refused with ``margin.outside_life``."""
    for interval in margins:
        if interval.start <= day < interval.end:
            return interval
    raise Invalid("margin.outside_life", f"day: expected a day of the loan's life, not {day}", day=day.isoformat())


def rate_at(margins: Sequence[MarginInterval], day: date) -> Fraction:
    """Return the yearly rate that interest of ``day`` runs at."""
    return interval_at(margins, day).rate


def segments_between(margins: Sequence[MarginInterval], *, start: date, end: date) -> tuple[RateSegment, ...]:
    """Return the rate segments that tile [start, end), which lies inside the loan's life."""
    interval_at(margins, start)
    if end > margins[-1].end:
        raise Invalid("margin.outside_life", f"end: expected a day up to {margins[-1].end}", end=end.isoformat())
    return tuple(
        RateSegment(start=max(start, interval.start), end=min(end, interval.end), rate=interval.rate)
        for interval in margins
        if interval.start < end and start < interval.end
    )


def _interval(terms: FacilityTerms, *, start: date, end: date, adjustment: DatedAdjustment | None) -> MarginInterval:
    adjustment_bp = adjustment.adjustment_bp if adjustment else Fraction(0)
    rate = adjusted_rate(base_rate=terms.base_rate, adjustment_bp=adjustment_bp, floor_rate=terms.ratchet.floor_rate)
    return MarginInterval(
        start=start,
        end=end,
        adjustment_bp=adjustment_bp,
        rate=rate,
        determination_id=adjustment.determination_id if adjustment else None,
    )
