"""The exact flow schedule of one tranche: interest per period with its segments, principal by the clause, one rounding.

Owns the walk through the life. Knows no KPI and no lender: adjustments, fixings and early repayments come in as
values, so quote, booking and audit are this one path. Amounts are minor units of the tranche's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise

from finance.conventions.calendars import BusinessCalendar
from finance.conventions.day_counts import DayCount, year_fraction
from finance.loans.balance import Balance, PrincipalFlow
from finance.loans.fixings import Fixings
from finance.loans.instalments import annuity_of
from finance.loans.period_dates import DayRule, InterestPeriod, PaymentState, dated_periods
from finance.loans.prepayment import Prepayment
from finance.loans.rate_path import RatePath, RatePiece, rate_path
from finance.loans.tranche import AdjustmentInterval, RoundingUnit, Tranche, tiled
from ledger.core.amounts import round_exact


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestSegment:
    """Constant principal and rate on [start, end): ``interest_minor`` is principal x rate x year fraction, exact."""

    start: date
    end: date
    principal_minor: int
    rate: Fraction
    base_rate: Fraction
    adjustment_bp: Fraction
    year_fraction: Fraction
    interest_minor: Fraction
    is_projected: bool

    @property
    def days(self) -> int:
        """Return the calendar days, whatever the day count."""
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestDue:
    """One period's interest: exact over its segments, and the one payment it is rounded to."""

    period: InterestPeriod
    segments: tuple[InterestSegment, ...]
    interest_minor: Fraction
    payment_minor: int

    @property
    def is_projected(self) -> bool:
        """Return whether some rate rests on an assumed fixing."""
        return any(segment.is_projected for segment in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSchedule:
    """What the borrower pays: interest per period and every movement of principal, in order of day."""

    currency: str
    day_count: DayCount
    interest: tuple[InterestDue, ...]
    principal: tuple[PrincipalFlow, ...]
    repricing_days: tuple[date, ...]
    adjustment_days: tuple[date, ...]

    @property
    def total_interest_minor(self) -> int:
        """Return the sum of the payments, each rounded once."""
        return sum(due.payment_minor for due in self.interest)

    def principal_on(self, day: date) -> int:
        """Return the balance that interest of ``day`` runs on; repaid or drawn on that day is already counted."""
        return sum(-flow.amount_minor for flow in self.principal if flow.on <= day)

    def accrued_on(self, as_of: date) -> Fraction:
        """Return the interest of the running period on [its start, ``as_of``), exact; zero outside the life.

        The payment of that period is what this grows to on its last day; it is never a sum of rounded days.
        """
        for due in self.interest:
            if due.period.start < as_of < due.period.end:
                return sum((_accrued(segment, as_of, self.day_count) for segment in due.segments), Fraction(0))
        return Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happenings:
    """What is known to have happened to a tranche besides its terms."""

    adjustments: tuple[AdjustmentInterval, ...] = ()
    prepayments: tuple[Prepayment, ...] = ()
    fixings: Fixings = field(default_factory=dict)


def flow_schedule(
    tranche: Tranche,
    *,
    calendar: BusinessCalendar,
    known: Happenings,
    fixing_calendar: BusinessCalendar | None = None,
) -> FlowSchedule:
    """Return the flows of ``tranche`` with what is ``known``; ``fixing_calendar`` is the index's own, if another.

    Per period the sum over maximal segments of principal x rate x year fraction is exact and rounded once. A
    repayment of the day counts before that day's interest begins; interest up to the day runs on the old balance and
    the old rate. When an early repayment clears the balance, its interest is paid with it. CNY 200,000,000 at ACT/360,
    3.45 %, from 6 May 2024 3.35 %: [20 Mar, 20 Jun) pays 1,738,333.33. Source: ACTUS PAM and LAM payoffs; 分段计息.
    """
    days = DayRule(calendar=calendar, convention=tranche.convention, is_accrual_adjusted=tranche.is_accrual_adjusted)
    periods = dated_periods(tranche.periods, start=tranche.start, end=tranche.maturity, days=days)
    path = rate_path(
        tranche.base_rate,
        bounds=[periods[0].start, *(period.end for period in periods)],
        adjustments=tiled(known.adjustments, start=tranche.start, end=tranche.maturity),
        fixings=known.fixings,
        calendar=fixing_calendar or calendar,
    )
    balance = Balance(tranche, days=days, periods=periods, prepayments=known.prepayments)
    has_annuity = annuity_of(tranche.repayment) is not None
    interest = []
    for period in periods:
        if balance.cleared is not None:
            break
        steps = balance.walk(period, path.rate_on(period.start) if has_annuity else None)
        lived = _lived(period, balance.cleared)
        if lived is None:
            break
        due = _interest_due(tranche, lived, steps, path)
        interest.append(due)
        balance.close(lived, interest_minor=due.payment_minor)
    balance.check_all_taken()
    return FlowSchedule(
        currency=tranche.currency,
        day_count=tranche.day_count,
        interest=tuple(interest),
        principal=balance.flows,
        repricing_days=path.repricing_days,
        adjustment_days=tuple(interval.start for interval in path.adjustments[1:]),
    )


def _lived(period: InterestPeriod, cleared: PrincipalFlow | None) -> InterestPeriod | None:
    """Return the period, cut where the loan was cleared and paid with that; None when that was before its first day."""
    if cleared is None:
        return period
    if cleared.on <= period.start:
        return None
    return InterestPeriod(
        number=period.number,
        start=period.start,
        end=cleared.on,
        payment_date=cleared.payment_date,
        payment_state=PaymentState.DATED if cleared.payment_date else PaymentState.CALENDAR_UNKNOWN,
        is_end_provisional=False,
        repays_principal=True,
    )


def _interest_due(
    tranche: Tranche, period: InterestPeriod, steps: Sequence[tuple[date, int]], path: RatePath
) -> InterestDue:
    segments = tuple(
        _segment(tranche, piece, principal_minor)
        for principal_minor, piece in _maximal(_stretches(period, steps, path))
    )
    exact = sum((segment.interest_minor for segment in segments), Fraction(0))
    if tranche.rounding_unit is RoundingUnit.PER_SEGMENT:
        payment = sum(round_exact(segment.interest_minor, tranche.rounding) for segment in segments)
    else:
        payment = round_exact(exact, tranche.rounding)
    return InterestDue(period=period, segments=segments, interest_minor=exact, payment_minor=payment)


def _stretches(
    period: InterestPeriod, steps: Sequence[tuple[date, int]], path: RatePath
) -> Iterator[tuple[int, RatePiece]]:
    """Yield balance and rate piece for every stretch of the period on which both stand still."""
    bounds = (*(day for day, _ in steps), period.end)
    for (start, end), (_, principal_minor) in zip(pairwise(bounds), steps, strict=True):
        if start < end:
            for piece in path.between(start, end, period_start=period.start):
                yield principal_minor, piece


def _maximal(stretches: Iterable[tuple[int, RatePiece]]) -> list[tuple[int, RatePiece]]:
    """Return the stretches with equal neighbours joined, so that cutting changes nothing under any day count."""
    joined: list[tuple[int, RatePiece]] = []
    for principal_minor, piece in stretches:
        if joined and joined[-1][0] == principal_minor and joined[-1][1].is_same_rate(piece):
            joined[-1] = (principal_minor, piece.over(joined[-1][1].start, piece.end))
        else:
            joined.append((principal_minor, piece))
    return joined


def _segment(tranche: Tranche, piece: RatePiece, principal_minor: int) -> InterestSegment:
    fraction = year_fraction(piece.start, piece.end, tranche.day_count)
    return InterestSegment(
        start=piece.start,
        end=piece.end,
        principal_minor=principal_minor,
        rate=piece.rate,
        base_rate=piece.base_rate,
        adjustment_bp=piece.adjustment_bp,
        year_fraction=fraction,
        interest_minor=principal_minor * piece.rate * fraction,
        is_projected=piece.is_projected,
    )


def _accrued(segment: InterestSegment, as_of: date, day_count: DayCount) -> Fraction:
    """Return the segment's interest before ``as_of``."""
    if as_of <= segment.start:
        return Fraction(0)
    if as_of >= segment.end:
        return segment.interest_minor
    return segment.principal_minor * segment.rate * year_fraction(segment.start, as_of, day_count)
