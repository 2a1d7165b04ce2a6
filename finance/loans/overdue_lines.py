"""The interest on late payments line by line: penalty on principal and compound interest on unpaid interest, each with its rate.

Owns the reading of an overdue position for people and statements. Decides nothing: what is owed was computed before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.loans.overdue_interest import OverduePosition
from ledger.core.amounts import RoundingMode, round_exact


class OverdueLineKind(StrEnum):
    """What a line's amount is."""

    PENALTY = "penalty"  # 罚息: on overdue principal, the contract rate with the surcharge in one rate
    COMPOUND = "compound"  # 复利: on unpaid interest, at the rate of the clause


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueLine:
    """One kind of interest on [start, end): ``base_minor`` x ``rate`` x year fraction, exact and rounded for show.

    ``rate`` is a yearly fraction of one. What is claimed is rounded where it is charged, never line by line.
    """

    start: date
    end: date
    kind: OverdueLineKind
    base_minor: int
    rate: Fraction
    exact_minor: Fraction
    shown_minor: int

    @property
    def days(self) -> int:
        """Return the calendar days, whatever the day count."""
        return (self.end - self.start).days


def overdue_lines(position: OverduePosition, *, rounding: RoundingMode) -> tuple[OverdueLine, ...]:
    """Return the position's segments as lines in order of day, penalty before compound; what bears nothing has no line.

    CNY 1,000,000.00 overdue for 30 days at 5.40 % in ACT/360 is one penalty line of 4,500.00. Source: 人民币利率管理规定 art. 21, 25.
    """
    found = []
    for segment in position.segments:
        for kind, base_minor, rate, exact in (
            (OverdueLineKind.PENALTY, segment.principal_minor, segment.penalty_rate, segment.penalty_minor),
            (OverdueLineKind.COMPOUND, segment.interest_base_minor, segment.compound_rate, segment.compound_minor),
        ):
            if base_minor and rate:
                found.append(
                    OverdueLine(
                        start=segment.start,
                        end=segment.end,
                        kind=kind,
                        base_minor=base_minor,
                        rate=rate,
                        exact_minor=exact,
                        shown_minor=round_exact(exact, rounding),
                    )
                )
    return tuple(found)
