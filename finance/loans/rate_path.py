"""The all-in rate through the life: base rate plus margin adjustment, then floor and cap, piece by piece.

Owns the order of the three and where a piece ends. Knows no principal and no reason for an adjustment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.conventions.calendars import BusinessCalendar
from finance.conventions.rates import basis_points
from finance.loans.base_rates import BaseRate, CompoundedIndexRate
from finance.loans.fixings import BasePiece, CompoundedSpan, Fixings, base_pieces, compounded_rate
from finance.loans.tranche import AdjustmentInterval
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePiece:
    """One all-in yearly rate on [start, end), the base rate and the adjustment it is made of."""

    start: date
    end: date
    rate: Fraction
    base_rate: Fraction
    adjustment_bp: Fraction
    is_projected: bool

    def is_same_rate(self, other: RatePiece) -> bool:
        """Return whether only the days differ."""
        mine = (self.rate, self.base_rate, self.adjustment_bp, self.is_projected)
        return mine == (other.rate, other.base_rate, other.adjustment_bp, other.is_projected)

    def over(self, start: date, end: date) -> RatePiece:
        """Return the same rate on [start, end)."""
        return RatePiece(
            start=start,
            end=end,
            rate=self.rate,
            base_rate=self.base_rate,
            adjustment_bp=self.adjustment_bp,
            is_projected=self.is_projected,
        )


def all_in_rate(base: BaseRate, *, base_rate: Fraction, adjustment_bp: Fraction) -> Fraction:
    """Return min(cap, max(floor, base rate + adjustment)): index first, then margin, then the bounds.

    3.45 % with -10 bp is 3.35 %; with a floor of 3.40 % it is 3.40 %.
    """
    rate = base_rate + basis_points(adjustment_bp)
    if base.rate_floor is not None:
        rate = max(base.rate_floor, rate)
    if base.rate_cap is not None:
        rate = min(base.rate_cap, rate)
    return rate


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePath:
    """The rate clause bound to fixings and adjustments; ``base`` is empty for a rate known only in arrears."""

    clause: BaseRate
    base: tuple[BasePiece, ...]
    adjustments: tuple[AdjustmentInterval, ...]
    fixings: Fixings
    calendar: BusinessCalendar

    @property
    def repricing_days(self) -> tuple[date, ...]:
        """Return the days inside the life on which the base rate is read again, changed or not."""
        return tuple(piece.start for piece in self.base[1:])

    def between(self, start: date, end: date, *, period_start: date) -> tuple[RatePiece, ...]:
        """Return the pieces that tile [start, end), a stretch of the interest period begun on ``period_start``."""
        pieces: list[RatePiece] = []
        for interval in self.adjustments:
            opening, closing = max(start, interval.start), min(end, interval.end)
            if opening < closing:
                bases = self._base_between(opening, closing, period_start=period_start)
                pieces += [self._piece(base, interval.adjustment_bp) for base in bases]
        return tuple(pieces)

    def rate_on(self, day: date) -> Fraction:
        """Return the all-in rate of ``day``; a rate known only in arrears is refused with ``rate_path.arrears``."""
        for interval in self.adjustments:
            for base in self.base:
                if max(interval.start, base.start) <= day < min(interval.end, base.end):
                    return self._piece(base, interval.adjustment_bp).rate
        raise Invalid(
            "rate_path.arrears",
            "base_rate: expected a rate known in advance; an annuity cannot be computed from one compounded in arrears",
            day=day.isoformat(),
        )

    def _piece(self, base: BasePiece, adjustment_bp: Fraction) -> RatePiece:
        return RatePiece(
            start=base.start,
            end=base.end,
            rate=all_in_rate(self.clause, base_rate=base.rate, adjustment_bp=adjustment_bp),
            base_rate=base.rate,
            adjustment_bp=adjustment_bp,
            is_projected=base.is_projected,
        )

    def _base_between(self, start: date, end: date, *, period_start: date) -> Sequence[BasePiece]:
        if isinstance(self.clause, CompoundedIndexRate):
            span = CompoundedSpan(period_start=period_start, start=start, end=end)
            return (compounded_rate(self.clause, span, fixings=self.fixings, calendar=self.calendar),)
        return tuple(
            BasePiece(start=max(start, piece.start), end=min(end, piece.end), rate=piece.rate, fixing=piece.fixing)
            for piece in self.base
            if piece.start < end and start < piece.end
        )


def rate_path(
    clause: BaseRate,
    *,
    bounds: Sequence[date],
    adjustments: Sequence[AdjustmentInterval],
    fixings: Fixings,
    calendar: BusinessCalendar,
) -> RatePath:
    """Return the path over the life that ``bounds`` (period starts, then maturity) cut; adjustments tile it."""
    base: tuple[BasePiece, ...] = ()
    if not isinstance(clause, CompoundedIndexRate):
        base = base_pieces(clause, bounds=bounds, fixings=fixings, calendar=calendar)
    return RatePath(
        clause=clause,
        base=base,
        adjustments=_joined(adjustments),
        fixings=fixings,
        calendar=calendar,
    )


def _joined(adjustments: Sequence[AdjustmentInterval]) -> tuple[AdjustmentInterval, ...]:
    """Return the intervals with equal neighbours joined: a determination that changes nothing cuts nothing."""
    joined: list[AdjustmentInterval] = []
    for interval in adjustments:
        if joined and joined[-1].adjustment_bp == interval.adjustment_bp:
            joined[-1] = AdjustmentInterval(
                start=joined[-1].start, end=interval.end, adjustment_bp=interval.adjustment_bp
            )
        else:
            joined.append(interval)
    return tuple(joined)
