"""Free allocation of an electrolysis process for a compliance year.

Owns the allocation formula and its special cases. Knows no holding, no price and no date of today; the numbers of the
rule arrive as rows. The quantity is floored to whole tonnes per process, then summed per entity by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.conventions.explain import Explanation
from finance.conventions.rounding import ALLOWANCE_QUANTITY
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core import amounts
from ledger.core.errors import Invalid, NotFound

_PLACES = 6


class AllocationMethod(StrEnum):
    """How a year allocates."""

    EQUALS_VERIFIED = "equals_verified"  # A = E
    INTENSITY_COEFFICIENT = "intensity_coefficient"  # A = E x (1 + alpha)


class ProcessState(StrEnum):
    """What the process was in the year; the first two have a rule of their own."""

    CLOSED_BEFORE_DETERMINATION = "closed_before_determination"
    NEW_IN_YEAR = "new_in_year"
    OPERATING = "operating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """The intensity coefficient: ``slope`` per unit of deviation, ``cap`` at and beyond ``saturation``, either way."""

    slope: Fraction
    saturation: Fraction
    cap: Fraction
    small_below_t: Fraction

    def __post_init__(self) -> None:
        """Refuse numbers that jump at the joins (the rule is continuous) or allocate less than nothing."""
        if min(self.slope, self.saturation, self.cap, self.small_below_t) < 0 or self.cap > 1:
            raise Invalid("allocation.rule", "allocation rule: expected numbers of zero or more and a cap up to 1")
        if self.slope * self.saturation != self.cap:
            raise Invalid("allocation.rule", "allocation rule: expected slope x saturation = cap")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRule:
    """One year's rule; ``coefficient`` is None where the allocation equals the verified emissions."""

    year: int
    method: AllocationMethod
    coefficient: Coefficient | None
    rows: tuple[ReferenceRow, ...]

    def __post_init__(self) -> None:
        """The coefficient is there exactly when the method needs it."""
        assert (self.coefficient is not None) == (self.method is AllocationMethod.INTENSITY_COEFFICIENT), (
            "a coefficient belongs to the intensity method and to no other"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The determined allocation: floored tonnes, exact coefficient, and the case that decided.

    ``deviation`` is None when no balance value was given. ``gap_t`` is due minus allocated: above zero a shortage,
    below a surplus. ``emissions`` is the leaf that says which emissions were verified, and by what source.
    """

    year: int
    emissions_t: Fraction
    due_t: int
    allocation_t: int
    deviation: Fraction | None
    alpha: Fraction
    case: str
    formula: str
    emissions: Explanation
    rows: tuple[ReferenceRow, ...]
    explanation: Explanation

    @property
    def gap_t(self) -> int:
        """Due minus allocated tonnes: positive is a shortage, negative a surplus."""
        return self.due_t - self.allocation_t


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationSources:
    """Where each given number comes from, in words that a reader can follow; the default says that a person gave it."""

    emissions: str = "given with the request"
    intensity: str = "given with the request"
    balance_value: str = "given with the request"


_GIVEN = AllocationSources()
_COEFFICIENT_ROWS = ("allocation_slope", "allocation_saturation", "allocation_cap", "allocation_small_below_t")
_SPECIAL_ROWS = ("allocation_closed_before_determination", "allocation_new_in_year")


def allocation_rule(rules: ReferenceSet, year: int) -> AllocationRule:
    """Return the rule of compliance year ``year``; none raises ``allocation.no_rule`` with those known."""
    on = rule_rows.year_key(year)
    known = rule_rows.years_with(rules, "allocation_method")
    if year not in known:
        listed = ", ".join(str(item) for item in known)
        raise NotFound(
            "allocation.no_rule", f"year: expected one with an allocation rule: {listed}", year=str(year), known=listed
        )
    method_row = rules.lookup("allocation_method", on=on)
    if method_row.word() not in set(AllocationMethod):
        raise Invalid("allocation.method", f"allocation_method: expected one of {', '.join(AllocationMethod)}")
    method = AllocationMethod(method_row.word())
    if method is AllocationMethod.EQUALS_VERIFIED:
        return AllocationRule(year=year, method=method, coefficient=None, rows=(method_row,))
    numbers = tuple(rules.lookup(row_id, on=on) for row_id in _COEFFICIENT_ROWS)
    special = tuple(rules.lookup(row_id, on=on) for row_id in _SPECIAL_ROWS)
    if any(row.word() != AllocationMethod.EQUALS_VERIFIED for row in special):
        raise Invalid("allocation.method", "a special case allocates equals_verified; another rule needs its formula")
    slope, saturation, cap, small_below_t = (rule_rows.exact(row) for row in numbers)
    return AllocationRule(
        year=year,
        method=method,
        coefficient=Coefficient(slope=slope, saturation=saturation, cap=cap, small_below_t=small_below_t),
        rows=(method_row, *numbers, *special),
    )


def coefficient_of(deviation: Fraction, coefficient: Coefficient) -> Fraction:
    """Return alpha: slope x X inside the saturation, +cap or -cap at and beyond it.

    X 6.25 % gives 0.009375; X of 20 % or more 0.03 (draft plan 2025/26 of 2026-07-27, tables 3 and 2-4). Continuous
    at both joins.
    """
    if deviation >= coefficient.saturation:
        return coefficient.cap
    if deviation <= -coefficient.saturation:
        return -coefficient.cap
    return coefficient.slope * deviation


def allocate(
    rule: AllocationRule,
    *,
    emissions_t: Fraction,
    intensity: Fraction | None = None,
    balance_value: Fraction | None = None,
    state: ProcessState = ProcessState.OPERATING,
    sources: AllocationSources = _GIVEN,
) -> Allocation:
    """Return the allocation of one process from its verified emissions.

    X = (BP - I) / BP, A = floor(E x (1 + alpha)). ``emissions_t`` is tCO2e, zero or more; ``intensity`` (I) is
    ``ets_direct`` in tCO2e/t; ``balance_value`` (BP) is an input because it is published on the platform, not in the
    plan. Where the coefficient decides, both are required (``allocation.missing``). Floor per ALLOWANCE_QUANTITY
    (1789.70 -> 1789). 800,000 t, BP 1.60 and I 1.50 give 807,500 t. Special cases with A = E: closed before
    determination, new in the year, emissions below the threshold. ``sources`` says in the explanation where the three
    numbers come from.
    """
    if emissions_t < 0:
        raise Invalid("allocation.emissions_t", "emissions_t: expected zero or more tonnes")
    deviation = _deviation(intensity, balance_value)
    case = _case(rule, emissions_t, state)
    alpha = Fraction(0)
    if case == AllocationMethod.INTENSITY_COEFFICIENT:
        if deviation is None:
            raise Invalid(
                "allocation.missing",
                f"the rule of {rule.year} needs the carbon intensity and the balance value (BP) that the platform publishes",
                year=str(rule.year),
            )
        assert rule.coefficient is not None, "this case exists only with a coefficient"
        alpha = coefficient_of(deviation, rule.coefficient)
    facts = _facts(emissions_t, intensity, balance_value, sources)
    allocation_t = amounts.round_exact(emissions_t * (1 + alpha), ALLOWANCE_QUANTITY)
    formula = (
        "X = (BP - I) / BP; alpha = slope x X, capped; A = floor(E x (1 + alpha))"
        if case == AllocationMethod.INTENSITY_COEFFICIENT
        else "A = floor(E)"
    )
    return Allocation(
        year=rule.year,
        emissions_t=emissions_t,
        due_t=due_tonnes(emissions_t),
        allocation_t=allocation_t,
        deviation=deviation,
        alpha=alpha,
        case=case,
        formula=formula,
        emissions=facts[0],
        rows=rule.rows,
        explanation=Explanation(
            label_en=f"free allocation of {rule.year}",
            label_zh=f"{rule.year}年度核定配额",
            value=str(allocation_t),
            unit="t",
            formula=formula,
            children=(*facts, *(row_leaf(row) for row in rule.rows)),
        ),
    )


def due_tonnes(emissions_t: Fraction) -> int:
    """Return the allowances due (应清缴) for verified emissions: floored to whole tonnes.

    The quantity due is an allowance quantity, so the plan's flooring applies to it as to the allocation; only so is a
    year with A = E neutral to the tonne. 1789.70 gives 1789.
    """
    return amounts.round_exact(emissions_t, ALLOWANCE_QUANTITY)


def preallocation(rules: ReferenceSet, *, year: int, prior_verified_t: Fraction) -> int:
    """Return the largest pre-allocation of ``year``: floor(share x the prior year's verified emissions).

    70 % and 50 % of 1,234,567 are 864,196 and 617,283. A year without a share (2024) raises ``reference.missing``.
    """
    if prior_verified_t < 0:
        raise Invalid("allocation.prior_verified_t", "prior_verified_t: expected zero or more tonnes")
    share = rule_rows.exact(rules.lookup("preallocation_share", on=rule_rows.year_key(year)))
    return amounts.round_exact(prior_verified_t * share, ALLOWANCE_QUANTITY)


def _deviation(intensity: Fraction | None, balance_value: Fraction | None) -> Fraction | None:
    if intensity is not None and intensity < 0:
        raise Invalid("allocation.intensity", "intensity: expected zero or more tCO2e/t")
    if balance_value is not None and balance_value <= 0:
        raise Invalid("allocation.balance_value", "balance_value: expected above zero tCO2e/t")
    if intensity is None or balance_value is None:
        return None
    return (balance_value - intensity) / balance_value


def _case(rule: AllocationRule, emissions_t: Fraction, state: ProcessState) -> str:
    if rule.coefficient is None:
        return AllocationMethod.EQUALS_VERIFIED.value
    if state is not ProcessState.OPERATING:
        return state.value
    if emissions_t < rule.coefficient.small_below_t:
        return "below_threshold"
    return AllocationMethod.INTENSITY_COEFFICIENT.value


def _facts(
    emissions_t: Fraction, intensity: Fraction | None, balance_value: Fraction | None, sources: AllocationSources
) -> tuple[Explanation, ...]:
    """Return the given numbers as leaves, the emissions first; what was not given has none."""
    given = (
        ("verified emissions", "核查排放量", emissions_t, "tCO2e", sources.emissions),
        ("direct intensity", "直接排放强度", intensity, "tCO2e/t", sources.intensity),
        ("balance value (BP)", "盈亏平衡值", balance_value, "tCO2e/t", sources.balance_value),
    )
    return tuple(
        Explanation(
            label_en=label_en, label_zh=label_zh, value=amounts.format_exact(value, _PLACES), unit=unit, source=source
        )
        for label_en, label_zh, value, unit, source in given
        if value is not None
    )


def row_leaf(row: ReferenceRow) -> Explanation:
    """Return the leaf that names a rule row with its source and status."""
    return Explanation(
        label_en=row.label_en,
        label_zh=row.label_zh,
        value=row.value,
        unit=row.unit,
        source=f"{row.source} [{row.status}; {row.row_id} version {row.version}]",
    )
