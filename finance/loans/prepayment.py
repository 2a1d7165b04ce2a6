"""Early repayment: what it does to later instalments, what it costs, and which KPI outcome counts for it.

Owns the clause and its arithmetic. A loan repaid before its KPI is tested follows the rule of the contract, never a
guess (checklist C34). Knows no ratchet and no evidence: adjustments come in as basis points.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

from finance.conventions.fields import refused
from finance.conventions.rates import basis_points
from ledger.core.amounts import MAX_UNITS

_AREA = "prepayment"
_HIGHEST_FEE_BP = 10_000


class UntestedOutcome(StrEnum):
    """Which adjustment counts for the test period that an early repayment cuts off."""

    REFERENCE_LAST = "reference_last"  # the one last determined
    PRO_RATA = "pro_rata"  # the last one for the days lived, the missed one for the rest
    ASSUME_MISSED = "assume_missed"
    FEE = "fee"  # the last one, and a fee on the amount


class InstalmentEffect(StrEnum):
    """What an early repayment does to the instalments to come (ACTUS PPEF: N, A, M)."""

    NONE = "none"  # instalments stand until the balance is gone, so the last ones fall away or shrink
    LOWER_INSTALMENT = "lower_instalment"  # the end stays, instalments shrink in proportion
    SHORTER_LIFE = "shorter_life"  # instalments stay, the loan ends earlier


class PenaltyKind(StrEnum):
    """How an early repayment is charged (ACTUS PYTP: N, A, R, I)."""

    NONE = "none"
    ABSOLUTE = "absolute"  # minor units per repayment
    RELATIVE = "relative"  # basis points of the amount
    RATE_DIFFERENTIAL = "rate_differential"  # basis points a year on the amount, to maturity


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaymentRule:
    """The clause; ``fee_bp`` goes with ``fee`` only, ``penalty`` is minor units or basis points by its kind."""

    untested: UntestedOutcome
    effect: InstalmentEffect
    fee_bp: Fraction | None = None
    penalty_kind: PenaltyKind = PenaltyKind.NONE
    penalty: Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse a missing or superfluous figure."""
        if (self.fee_bp is not None) != (self.untested is UntestedOutcome.FEE):
            raise refused(area=_AREA, field="fee_bp", expected="a fee in bp with fee only", value=self.fee_bp)
        if self.fee_bp is not None and not 0 <= self.fee_bp <= _HIGHEST_FEE_BP:
            raise refused(area=_AREA, field="fee_bp", expected="0 to 10000 basis points", value=self.fee_bp)
        if (self.penalty is not None) != (self.penalty_kind is not PenaltyKind.NONE):
            raise refused(area=_AREA, field="penalty", expected="a figure unless the kind is none", value=self.penalty)
        if self.penalty is None:
            return
        highest = MAX_UNITS if self.penalty_kind is PenaltyKind.ABSOLUTE else _HIGHEST_FEE_BP
        if not 0 <= self.penalty <= highest:
            raise refused(area=_AREA, field="penalty", expected=f"0 to {highest}", value=self.penalty)
        if self.penalty_kind is PenaltyKind.ABSOLUTE and self.penalty.denominator != 1:
            raise refused(area=_AREA, field="penalty", expected="whole minor units", value=self.penalty)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepayment:
    """``amount_minor`` repaid early on ``on``; interest stops on it from that day."""

    on: date
    amount_minor: int

    def __post_init__(self) -> None:
        """Refuse an amount that is none."""
        if not 0 < self.amount_minor <= MAX_UNITS:
            expected = "an amount above zero, at most 10^15 minor units"
            raise refused(area=_AREA, field="amount_minor", expected=expected, value=self.amount_minor)


def untested_adjustment_bp(
    rule: PrepaymentRule, *, last_bp: Fraction, missed_bp: Fraction, lived: Fraction
) -> Fraction:
    """Return the adjustment in bp that counts for the test period an early repayment cuts off.

    ``last_bp`` was last determined, ``missed_bp`` is what a missed target gives, ``lived`` the part of the test period
    before the repayment, in [0, 1]. PRO_RATA with -10, 0 and 1/4 lived gives -5/2.
    """
    if not 0 <= lived <= 1:
        raise refused(area=_AREA, field="lived", expected="a part from 0 to 1", value=lived)
    match rule.untested:
        case UntestedOutcome.REFERENCE_LAST | UntestedOutcome.FEE:
            return last_bp
        case UntestedOutcome.ASSUME_MISSED:
            return missed_bp
        case UntestedOutcome.PRO_RATA:
            return missed_bp + (last_bp - missed_bp) * lived
        case _:
            assert_never(rule.untested)


def prepayment_charge(rule: PrepaymentRule, *, amount_minor: int, years_left: Fraction) -> Fraction:
    """Return what an early repayment of ``amount_minor`` costs, exact, in minor units: penalty and untested-KPI fee.

    ``years_left`` is the part of a year to maturity by the tranche's day count, for a rate differential. 25 bp on CNY
    10,000,000 is 25,000.00.
    """
    charge = amount_minor * basis_points(rule.fee_bp or Fraction(0))
    penalty = rule.penalty or Fraction(0)
    match rule.penalty_kind:
        case PenaltyKind.NONE:
            return charge
        case PenaltyKind.ABSOLUTE:
            return charge + penalty
        case PenaltyKind.RELATIVE:
            return charge + amount_minor * basis_points(penalty)
        case PenaltyKind.RATE_DIFFERENTIAL:
            return charge + amount_minor * basis_points(penalty) * years_left
        case _:
            assert_never(rule.penalty_kind)
