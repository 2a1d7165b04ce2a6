"""The margin ratchet: what each KPI's outcome does to the rate, within caps and above a floor.

Owns the adjustment rule alone, total over every outcome vector. Knows no dates, no evidence and no interest: whether
a KPI may count as met is decided in ``determinations``. Basis points are exact fractions; minus lowers the rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

from finance.conventions.fields import check_identifier, refused
from finance.conventions.rates import basis_points, in_basis_points
from ledger.core.errors import Invalid

_AREA = "ratchet"
_LARGEST_BP = 10_000  # 100 %: beyond it a step is a typing error


class Direction(StrEnum):
    """Whether a missed target may raise the rate."""

    ONE_WAY = "one_way"  # step-down only
    TWO_WAY = "two_way"


class OutcomeStatus(StrEnum):
    """What a KPI's test year came to, as the ratchet counts it."""

    MET = "met"
    MISSED = "missed"
    MISSING = "missing"  # no report
    LATE = "late"  # report or attestation after its day
    QUALIFIED = "qualified"  # the assessor's opinion is qualified


class Consequence(StrEnum):
    """What a missing, late or qualified result does."""

    BASE_RATE = "base_rate"  # this KPI neither lowers nor raises
    AS_MISSED = "as_missed"  # as if the target had been missed


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiStep:
    """One KPI's share: ``down_bp`` off the rate when met, ``up_bp`` on it when missed; neither is negative."""

    kpi_id: str
    down_bp: Fraction
    up_bp: Fraction

    def __post_init__(self) -> None:
        """Refuse a nameless or oversized step."""
        check_identifier(self.kpi_id, area=_AREA, field="kpi_id")
        _check_bp(self.down_bp, field="down_bp")
        _check_bp(self.up_bp, field="up_bp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """The pricing clause: a step per KPI, direction, caps on the total (both not negative), floor of the rate.

    ``is_cumulative``: each determination adds to the adjustment in force; otherwise (the usual clause: "not
    cumulative year over year") it replaces it. ``floor_rate`` is a fraction of one and bounds the all-in rate from
    below.
    """

    steps: tuple[KpiStep, ...]
    direction: Direction
    cap_down_bp: Fraction
    cap_up_bp: Fraction
    is_cumulative: bool
    floor_rate: Fraction
    on_missing: Consequence
    on_late: Consequence
    on_qualified: Consequence

    def __post_init__(self) -> None:
        """Refuse a clause that is empty, names a KPI twice, or steps up where it says one-way."""
        names = [step.kpi_id for step in self.steps]
        if not names or len(set(names)) != len(names):
            raise refused(area=_AREA, field="steps", expected="one step for each KPI, at least one", value=names)
        _check_bp(self.cap_down_bp, field="cap_down_bp")
        _check_bp(self.cap_up_bp, field="cap_up_bp")
        if self.direction is Direction.ONE_WAY and (self.cap_up_bp or any(step.up_bp for step in self.steps)):
            raise refused(
                area=_AREA,
                field="direction",
                expected="two_way, or up_bp and cap_up_bp of 0 in a one-way ratchet",
                value=self.direction,
            )
        if not 0 <= self.floor_rate <= 1:
            expected = "a fraction of one from 0 to 1"
            raise refused(area=_AREA, field="floor_rate", expected=expected, value=self.floor_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginAdjustment:
    """What a determination decides: ``adjustment_bp`` on the base rate (minus lowers), and how it came about.

    ``contributions`` is (KPI, its signed bp) in the ratchet's order. ``carried_bp`` is what a cumulative ratchet
    started from.
    """

    adjustment_bp: Fraction
    carried_bp: Fraction
    contributions: tuple[tuple[str, Fraction], ...]
    is_capped: bool
    is_floored: bool


def margin_adjustment(
    ratchet: Ratchet,
    outcomes: Mapping[str, OutcomeStatus],
    *,
    base_rate: Fraction,
    in_force_bp: Fraction,
) -> MarginAdjustment:
    """Return the adjustment for one outcome per KPI.

    It is max(floor - base, clamp(sum of contributions, -cap_down, +cap_up)).
    ``in_force_bp`` is the adjustment before this decision; only a cumulative ratchet starts from it. The result never
    lies outside [-cap_down, +cap_up], is never positive one-way, and a better outcome never raises it. An outcome is
    owed for exactly the ratchet's KPIs (``ratchet.outcomes``). Source: LMA/LSTA model provisions on margin
    adjustment, two of three KPIs met, 2.5 bp shared equally: -5/3 bp.
    """
    expected = {step.kpi_id for step in ratchet.steps}
    if set(outcomes) != expected:
        raise Invalid(
            "ratchet.outcomes",
            f"outcomes: expected one for each of {', '.join(sorted(expected))}; say missing where there is no report",
            given=", ".join(sorted(outcomes))[:200],
        )
    if base_rate < ratchet.floor_rate:
        raise Invalid("ratchet.floor_rate", "floor_rate: expected a floor at or below the base rate")
    contributions = tuple((step.kpi_id, _contribution(ratchet, step, outcomes[step.kpi_id])) for step in ratchet.steps)
    carried_bp = in_force_bp if ratchet.is_cumulative else Fraction(0)
    wanted = carried_bp + sum((bp for _, bp in contributions), Fraction(0))
    capped = min(max(wanted, -ratchet.cap_down_bp), ratchet.cap_up_bp)
    lowest = in_basis_points(ratchet.floor_rate - base_rate)
    return MarginAdjustment(
        adjustment_bp=max(capped, lowest),
        carried_bp=carried_bp,
        contributions=contributions,
        is_capped=capped != wanted,
        is_floored=capped < lowest,
    )


def adjusted_rate(*, base_rate: Fraction, adjustment_bp: Fraction, floor_rate: Fraction) -> Fraction:
    """Return the all-in yearly rate: base plus adjustment, not below the floor. 3.45 % with -10 bp is 3.35 %."""
    return max(floor_rate, base_rate + basis_points(adjustment_bp))


def _contribution(ratchet: Ratchet, step: KpiStep, status: OutcomeStatus) -> Fraction:
    match status:
        case OutcomeStatus.MET:
            return -step.down_bp
        case OutcomeStatus.MISSED:
            return step.up_bp
        case OutcomeStatus.MISSING:
            consequence = ratchet.on_missing
        case OutcomeStatus.LATE:
            consequence = ratchet.on_late
        case OutcomeStatus.QUALIFIED:
            consequence = ratchet.on_qualified
        case _:
            assert_never(status)
    return step.up_bp if consequence is Consequence.AS_MISSED else Fraction(0)


def _check_bp(bp: Fraction, *, field: str) -> None:
    if not 0 <= bp <= _LARGEST_BP:
        expected = f"basis points from 0 to {_LARGEST_BP}"
        raise refused(area=_AREA, field=field, expected=expected, value=bp)
