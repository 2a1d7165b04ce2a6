"""What a late fact changes in money: interest due as known now less what was booked, one adjustment, split by lender.

Owns the difference and its shares. Because it is taken against what was booked, adjustments before included, any order of late
facts ends in the same books to the last minor unit. Knows no account: booking is ``finance.accounting``'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from finance.conventions.day_counts import DayCount, year_fraction
from finance.conventions.fields import check_identifier, refused
from finance.conventions.rates import basis_points
from finance.conventions.rounding import INTEREST_PAYMENT
from finance.loans.clauses import LateFactKind, LateFactTerms
from finance.loans.flows import FlowSchedule, InterestDue
from ledger.core.amounts import round_exact
from ledger.core.errors import Conflict, Invalid

_AREA = "true_up"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueUpRow:
    """One interest period already paid: what was booked for it so far and what is due, in minor units.

    A period that an early repayment took away is due 0; it ends where the next one booked begins, the last one after a day.
    """

    period_start: date
    period_end: date
    payment_date: date
    booked_minor: int
    due_minor: int

    @property
    def change_minor(self) -> int:
        """Return due less booked: positive is clawed back from the borrower, negative is refunded to it."""
        return self.due_minor - self.booked_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueUp:
    """One adjustment of one tranche: its rows, and the hashes of what was known when booked and of what is known now."""

    tranche_id: str
    currency: str
    rows: tuple[TrueUpRow, ...]
    known_then_sha256: str
    known_now_sha256: str

    @property
    def change_minor(self) -> int:
        """Return the sum over the rows: positive is a claw-back, negative a refund."""
        return sum(row.change_minor for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderShare:
    """A lender's part of the tranche on [start, end), in (0, 1]; a transfer ends one and begins another."""

    organisation_id: str
    share: Fraction
    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse a nameless lender, a part that is none and no days."""
        check_identifier(self.organisation_id, area=_AREA, field="organisation_id")
        if not 0 < self.share <= 1:
            raise refused(area=_AREA, field="share", expected="a part above 0, at most 1", value=self.share)
        if self.end <= self.start:
            raise refused(area=_AREA, field="end", expected=f"a day after {self.start}", value=self.end)


def true_up(
    schedule: FlowSchedule,
    *,
    tranche_id: str,
    booked: Mapping[date, int],
    through: date,
    terms: LateFactTerms,
    known_then_sha256: str,
    known_now_sha256: str,
) -> TrueUp | None:
    """Return the adjustment that brings what was booked to what is due, None when nothing is to be adjusted.

    ``booked`` is the interest booked for each period by its start, adjustments before included; a period paid on or before
    ``through`` and not in it counts as not booked yet and is left to its own payment. ``schedule`` is computed with what is known
    now. Each period's due is its one rounded payment, so claw-back and refund are exact to the minor unit. None too where the
    sum lies below the terms' threshold, or where late facts count only from now on; rows that cancel out are an adjustment of 0,
    which moves money between lenders. Periods booked that the schedule no longer has (an early repayment that became known)
    are due 0. 10 bp clawed back on 200,000,000 over [2024-06-20, 2024-09-20) at ACT/360: 51,111.11.
    """
    if terms.kind is LateFactKind.FROM_NOW_ON:
        return None
    due = {each.period.start: each for each in schedule.interest}
    rows = []
    starts = sorted(booked)
    gone_ends = dict(zip(starts, (*starts[1:], starts[-1] + _ONE_DAY), strict=True)) if starts else {}
    for start, booked_minor in sorted(booked.items()):
        now = due.get(start)
        if now is not None and now.period.payment_date is None:
            raise Conflict(
                "true_up.payment_day_unknown",
                f"through: no calendar says on which day the interest from {start} was paid; load that year's calendar",
                period_start=start.isoformat(),
            )
        paid_on = now.period.payment_date if now is not None and now.period.payment_date else start
        due_minor = 0 if now is None else now.payment_minor
        if paid_on <= through and due_minor != booked_minor:
            rows.append(
                TrueUpRow(
                    period_start=start,
                    period_end=gone_ends[start] if now is None else now.period.end,
                    payment_date=paid_on,
                    booked_minor=booked_minor,
                    due_minor=due_minor,
                )
            )
    found = TrueUp(
        tranche_id=tranche_id,
        currency=schedule.currency,
        rows=tuple(rows),
        known_then_sha256=known_then_sha256,
        known_now_sha256=known_now_sha256,
    )
    return found if rows and abs(found.change_minor) >= terms.threshold_minor else None


def split_by_lender(
    row: TrueUpRow,
    shares: Sequence[LenderShare],
    *,
    then: InterestDue | None = None,
    now: InterestDue | None = None,
) -> Mapping[str, int]:
    """Return the row's change by lender, minor units that sum to it exactly; each part is within one unit of exact.

    Whoever was owed the interest of a day bears its correction, whoever holds the loan now (a transfer does not move it). ``then``
    and ``now`` are the period's interest as it was booked and as it is due: each lender's part is the difference over its own
    days; what they leave of the change (roundings, adjustments before) is shared by days held, as is all of it without
    them. Parts that do not make the whole on every day of the period are refused (``true_up.shares``). -100 over two lenders of one
    half, one of whom sold to a third after a quarter of the days: -50, -12, -38 or as the rest falls.
    """
    end = max((row.period_end, *(due.period.end for due in (then, now) if due is not None)))
    _check_whole(shares, start=row.period_start, end=end)
    names = sorted({share.organisation_id for share in shares})
    exact = {name: _earned(now, name, shares) - _earned(then, name, shares) for name in names}
    rest = row.change_minor - sum(exact.values(), Fraction(0))
    days = {name: _days_held(name, shares, start=row.period_start, end=end) for name in names}
    whole = (end - row.period_start).days
    parts: dict[str, int] = {}
    upto, given = Fraction(0), 0
    for name in names:
        upto += exact[name] + rest * days[name] / whole
        parts[name] = upto.__floor__() - given
        given += parts[name]
    assert given == row.change_minor, "the lenders' parts make the whole change"
    return {name: part for name, part in parts.items() if part or days[name]}


def rate_difference(
    *, principal_minor: int, difference_bp: Fraction, start: date, end: date, day_count: DayCount
) -> int:
    """Return what ``difference_bp`` makes on a constant principal over [start, end), rounded once, half-up, in minor units.

    Source: delta = (rate now - rate then) x principal x year fraction, simple. 10 bp on 200,000,000 from 2024-05-06 to 2025-02-17 at
    ACT/360 is 287 days: 159,444.44.
    """
    exact = principal_minor * basis_points(difference_bp) * year_fraction(start, end, day_count)
    return round_exact(exact, INTEREST_PAYMENT)


def _earned(due: InterestDue | None, name: str, shares: Sequence[LenderShare]) -> Fraction:
    """Return the lender's part of a period's exact interest: its share of every day on which it held one."""
    total = Fraction(0)
    for segment in () if due is None else due.segments:
        held = _days_held(name, shares, start=segment.start, end=segment.end)
        total += segment.interest_minor * held / segment.days
    return total


def _days_held(name: str, shares: Sequence[LenderShare], *, start: date, end: date) -> Fraction:
    """Return the days of [start, end) that a lender held, each counted with its share."""
    held = Fraction(0)
    for share in shares:
        if share.organisation_id == name:
            held += share.share * max((min(share.end, end) - max(share.start, start)).days, 0)
    return held


def _check_whole(shares: Sequence[LenderShare], *, start: date, end: date) -> None:
    cuts = {start, end, *(day for share in shares for day in (share.start, share.end))}
    for day in sorted(day for day in cuts if start <= day < end):
        total = sum((share.share for share in shares if share.start <= day < share.end), Fraction(0))
        if total != 1:
            raise Invalid(
                "true_up.shares",
                f"shares: expected lenders' parts that sum to 1 on {day}",
                field="shares",
                day=day.isoformat(),
                sum=str(total),
            )
