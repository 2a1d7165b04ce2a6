"""Free allocation: the rule's worked numbers, its special cases and its laws."""

import dataclasses
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance import allocation, rules
from finance.compliance.allocation import Allocation, ProcessState, allocate, allocation_rule
from ledger.core.errors import Invalid, NotFound

REFERENCE = Path(__file__).parents[2] / "finance" / "reference"
RULES = rules.parse_rules(
    (REFERENCE / "allocation_rules.csv").read_text(encoding="utf-8"),
    set_id="allocation",
    version="1",
    file="allocation_rules.csv",
)
RULE_2024 = allocation_rule(RULES, 2024)
RULE_2025 = allocation_rule(RULES, 2025)
BALANCE = Fraction("1.6")

emissions = st.fractions(min_value=26000, max_value=10**7, max_denominator=100)
intensities = st.fractions(min_value=0, max_value=10, max_denominator=10000)


def allocated(intensity: Fraction | str, emissions_t: Fraction | str = "800000") -> Allocation:
    return allocate(RULE_2025, emissions_t=Fraction(emissions_t), intensity=Fraction(intensity), balance_value=BALANCE)


@pytest.mark.parametrize(
    ("intensity", "deviation", "alpha", "allocation_t", "gap_t"),
    [
        ("1.50", "0.0625", "0.009375", 807500, -7500),
        ("1.60", "0", "0", 800000, 0),
        ("1.75", "-0.09375", "-0.0140625", 788750, 11250),
        ("1.28", "0.2", "0.03", 824000, -24000),
        ("0.50", "0.6875", "0.03", 824000, -24000),
        ("1.92", "-0.2", "-0.03", 776000, 24000),
        ("9.00", "-4.625", "-0.03", 776000, 24000),
    ],
)
def test_the_coefficient_follows_the_deviation_up_to_its_cap(
    intensity: str, deviation: str, alpha: str, allocation_t: int, gap_t: int
) -> None:
    result = allocated(intensity)

    assert result.deviation == Fraction(deviation)
    assert result.alpha == Fraction(alpha)
    assert result.allocation_t == allocation_t
    assert result.gap_t == gap_t


def test_the_year_2024_allocates_what_was_emitted() -> None:
    result = allocate(RULE_2024, emissions_t=Fraction(812345))

    assert (result.allocation_t, result.due_t, result.gap_t) == (812345, 812345, 0)
    assert result.deviation is None


def test_quantities_are_floored_to_whole_tonnes() -> None:
    result = allocate(RULE_2024, emissions_t=Fraction("1789.70"))

    assert (result.allocation_t, result.due_t) == (1789, 1789)


def test_the_draft_of_2026_keeps_the_method_of_2025() -> None:
    draft = allocation_rule(RULES, 2026)

    assert draft.coefficient == RULE_2025.coefficient
    assert {row.status for row in draft.rows} == {"draft"}


@pytest.mark.parametrize("state", [ProcessState.CLOSED_BEFORE_DETERMINATION, ProcessState.NEW_IN_YEAR])
def test_a_closed_and_a_new_process_get_what_they_emitted(state: ProcessState) -> None:
    result = allocate(RULE_2025, emissions_t=Fraction(30000), state=state)

    assert (result.allocation_t, result.case) == (30000, state.value)


def test_below_the_threshold_the_allocation_equals_the_emissions() -> None:
    below = allocated("1.0", "25999.99")
    at = allocated("1.0", "26000")

    assert (below.allocation_t, below.case) == (25999, "below_threshold")
    assert (at.allocation_t, at.case) == (26780, "intensity_coefficient")


@pytest.mark.parametrize(("year", "prior", "share"), [(2025, 1234567, 864196), (2026, 1234567, 617283)])
def test_preallocation_is_a_floored_share_of_the_prior_year(year: int, prior: int, share: int) -> None:
    assert allocation.preallocation(RULES, year=year, prior_verified_t=Fraction(prior)) == share


def test_2024_has_no_preallocation() -> None:
    with pytest.raises(NotFound):
        allocation.preallocation(RULES, year=2024, prior_verified_t=Fraction(1))


@pytest.mark.parametrize("year", [0, -5, 2023, 2027, 9999, 10**30])
def test_a_year_without_a_rule_is_refused(year: int) -> None:
    with pytest.raises((NotFound, Invalid)) as refused:
        allocation_rule(RULES, year)

    assert refused.value.code in {"allocation.no_rule", "rule.year"}


def test_a_missing_balance_value_is_refused_and_not_guessed() -> None:
    with pytest.raises(Invalid) as refused:
        allocate(RULE_2025, emissions_t=Fraction(800000), intensity=Fraction("1.5"))

    assert refused.value.code == "allocation.missing"


@pytest.mark.parametrize(
    ("emissions_t", "intensity", "balance_value"),
    [("-1", "1", "1"), ("1", "-1", "1"), ("1", "1", "0"), ("1", "1", "-2")],
)
def test_figures_out_of_range_are_refused(emissions_t: str, intensity: str, balance_value: str) -> None:
    with pytest.raises(Invalid):
        allocate(
            RULE_2025,
            emissions_t=Fraction(emissions_t),
            intensity=Fraction(intensity),
            balance_value=Fraction(balance_value),
        )


def test_a_rule_that_jumps_at_the_join_is_refused() -> None:
    assert RULE_2025.coefficient is not None

    with pytest.raises(Invalid):
        dataclasses.replace(RULE_2025.coefficient, cap=Fraction("0.05"))


def test_the_explanation_names_the_rule_rows() -> None:
    leaves = allocated("1.5").explanation.leaves()

    assert any(leaf.value == "0.15" and "[secondary" in leaf.source for leaf in leaves)
    assert any(leaf.label_en == "balance value (BP)" and leaf.source == "given with the request" for leaf in leaves)


@given(emissions_t=emissions, intensity=intensities)
def test_allocation_stays_within_three_percent(emissions_t: Fraction, intensity: Fraction) -> None:
    result = allocated(intensity, emissions_t)

    assert emissions_t * Fraction("0.97") - 1 < result.allocation_t <= emissions_t * Fraction("1.03")


@given(emissions_t=emissions, first=intensities, second=intensities)
def test_a_lower_intensity_never_gets_less(emissions_t: Fraction, first: Fraction, second: Fraction) -> None:
    better, worse = sorted((first, second))

    assert allocated(better, emissions_t).allocation_t >= allocated(worse, emissions_t).allocation_t


@given(side=st.sampled_from([1, -1]), step=st.integers(min_value=1, max_value=10**9))
def test_the_coefficient_is_continuous_at_both_joins(side: int, step: int) -> None:
    assert RULE_2025.coefficient is not None
    near = side * (Fraction("0.2") - Fraction(1, 10 * step))

    gap = abs(
        allocation.coefficient_of(near, RULE_2025.coefficient)
        - allocation.coefficient_of(side * Fraction("0.2"), RULE_2025.coefficient)
    )

    assert gap == Fraction("0.15") * Fraction(1, 10 * step)
