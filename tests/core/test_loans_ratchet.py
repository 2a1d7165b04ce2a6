"""The ratchet: caps, floor, consequences, and its laws over every outcome vector."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.ratchet import (
    Consequence,
    Direction,
    KpiStep,
    MarginAdjustment,
    OutcomeStatus,
    Ratchet,
    adjusted_rate,
    margin_adjustment,
)
from ledger.core.errors import Invalid
from tests.core.test_loans_examples import STEP_DOWN

BASE = Fraction(69, 2000)
SHARED = Fraction(5, 6)
ALBA = Ratchet(
    steps=tuple(KpiStep(kpi_id=name, down_bp=SHARED, up_bp=SHARED) for name in ("waste", "training", "injuries")),
    direction=Direction.TWO_WAY,
    cap_down_bp=Fraction(5, 2),
    cap_up_bp=Fraction(5, 2),
    is_cumulative=False,
    floor_rate=Fraction(0),
    on_missing=Consequence.AS_MISSED,
    on_late=Consequence.BASE_RATE,
    on_qualified=Consequence.BASE_RATE,
)

bps = st.fractions(min_value=0, max_value=50, max_denominator=12)
consequences = st.sampled_from(list(Consequence))
statuses = st.sampled_from(list(OutcomeStatus))


@st.composite
def ratchets(draw: st.DrawFn) -> Ratchet:
    is_two_way = draw(st.booleans())
    ups = bps if is_two_way else st.just(Fraction(0))
    names = [f"kpi-{number}" for number in range(draw(st.integers(min_value=1, max_value=4)))]
    return Ratchet(
        steps=tuple(KpiStep(kpi_id=name, down_bp=draw(bps), up_bp=draw(ups)) for name in names),
        direction=Direction.TWO_WAY if is_two_way else Direction.ONE_WAY,
        cap_down_bp=draw(bps),
        cap_up_bp=draw(ups),
        is_cumulative=draw(st.booleans()),
        floor_rate=draw(st.fractions(min_value=0, max_value=BASE, max_denominator=10_000)),
        on_missing=draw(consequences),
        on_late=draw(consequences),
        on_qualified=draw(consequences),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Ratchet, dict[str, OutcomeStatus], Fraction]:
    ratchet = draw(ratchets())
    outcomes = {step.kpi_id: draw(statuses) for step in ratchet.steps}
    return ratchet, outcomes, draw(st.fractions(min_value=-50, max_value=50, max_denominator=12))


def adjustment_of(ratchet: Ratchet, outcomes: dict[str, OutcomeStatus], in_force_bp: int = 0) -> MarginAdjustment:
    return margin_adjustment(ratchet, outcomes, base_rate=BASE, in_force_bp=Fraction(in_force_bp))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (OutcomeStatus.MET, -10),
        (OutcomeStatus.MISSED, 0),
        (OutcomeStatus.MISSING, 0),
        (OutcomeStatus.LATE, 0),
        (OutcomeStatus.QUALIFIED, 0),
    ],
)
def test_a_one_way_step_down_only_rewards_a_met_target(status: OutcomeStatus, expected: int) -> None:
    assert adjustment_of(STEP_DOWN, {"intensity": status}).adjustment_bp == expected


def test_two_of_three_shared_kpis_met_leave_one_exact_share() -> None:
    outcomes = {"waste": OutcomeStatus.MET, "training": OutcomeStatus.MET, "injuries": OutcomeStatus.MISSED}

    assert adjustment_of(ALBA, outcomes).adjustment_bp == -SHARED


def test_a_missing_report_counts_as_the_contract_says() -> None:
    outcomes = {"waste": OutcomeStatus.MISSING, "training": OutcomeStatus.LATE, "injuries": OutcomeStatus.QUALIFIED}

    assert adjustment_of(ALBA, outcomes).adjustment_bp == SHARED


def test_the_cap_holds_the_total() -> None:
    capped = replace(ALBA, cap_down_bp=Fraction(2))

    result = adjustment_of(capped, dict.fromkeys(("waste", "training", "injuries"), OutcomeStatus.MET))

    assert result.adjustment_bp == -2
    assert result.is_capped


def test_the_floor_holds_the_rate() -> None:
    floored = replace(STEP_DOWN, floor_rate=Fraction("0.0341"))

    result = adjustment_of(floored, {"intensity": OutcomeStatus.MET})

    assert result.adjustment_bp == -4
    assert result.is_floored
    assert adjusted_rate(base_rate=BASE, adjustment_bp=result.adjustment_bp, floor_rate=floored.floor_rate) == Fraction(
        "0.0341"
    )


def test_adjustments_do_not_add_up_over_the_years_unless_the_contract_says_so() -> None:
    cumulative = replace(STEP_DOWN, is_cumulative=True, cap_down_bp=Fraction(25))

    assert (
        adjustment_of(replace(cumulative, is_cumulative=False), {"intensity": OutcomeStatus.MET}, -10).adjustment_bp
        == -10
    )
    assert adjustment_of(cumulative, {"intensity": OutcomeStatus.MET}, -10).adjustment_bp == -20
    assert adjustment_of(cumulative, {"intensity": OutcomeStatus.MET}, -20).adjustment_bp == -25


@pytest.mark.parametrize("outcomes", [{}, {"other": OutcomeStatus.MET}])
def test_an_outcome_is_owed_for_exactly_the_ratchet_s_kpis(outcomes: dict[str, OutcomeStatus]) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "ratchet.outcomes"):
        adjustment_of(STEP_DOWN, outcomes)


def test_a_one_way_ratchet_with_a_step_up_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "ratchet.direction"):
        replace(ALBA, direction=Direction.ONE_WAY)


def test_a_kpi_named_twice_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "ratchet.steps"):
        replace(STEP_DOWN, steps=STEP_DOWN.steps * 2)


def test_a_negative_step_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "ratchet.down_bp"):
        KpiStep(kpi_id="intensity", down_bp=Fraction(-1), up_bp=Fraction(0))


@given(case=cases())
def test_the_adjustment_stays_within_its_caps_and_the_rate_above_its_floor(
    case: tuple[Ratchet, dict[str, OutcomeStatus], Fraction],
) -> None:
    ratchet, outcomes, in_force_bp = case

    result = margin_adjustment(ratchet, outcomes, base_rate=BASE, in_force_bp=in_force_bp)

    assert -ratchet.cap_down_bp <= result.adjustment_bp <= ratchet.cap_up_bp
    assert BASE + result.adjustment_bp / 10_000 >= ratchet.floor_rate


@given(case=cases())
def test_a_one_way_ratchet_never_raises_the_rate(case: tuple[Ratchet, dict[str, OutcomeStatus], Fraction]) -> None:
    ratchet, outcomes, in_force_bp = case

    result = margin_adjustment(ratchet, outcomes, base_rate=BASE, in_force_bp=in_force_bp)

    assert result.adjustment_bp <= 0 or ratchet.direction is Direction.TWO_WAY


@given(case=cases(), choice=st.integers(min_value=0))
def test_meeting_one_more_target_never_raises_the_rate(
    case: tuple[Ratchet, dict[str, OutcomeStatus], Fraction], choice: int
) -> None:
    ratchet, outcomes, in_force_bp = case
    improved = ratchet.steps[choice % len(ratchet.steps)].kpi_id

    before, after = (
        margin_adjustment(ratchet, known, base_rate=BASE, in_force_bp=in_force_bp).adjustment_bp
        for known in (outcomes, outcomes | {improved: OutcomeStatus.MET})
    )

    assert after <= before
