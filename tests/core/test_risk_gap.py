"""Liquidity, hedges, the scenario ladder and gap cost at risk, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import exp, sqrt
from statistics import NormalDist

import pytest

from finance.market.observations import Observation, PriceBasis
from finance.market.risk.gap_cost import GapModel, gap_cost_at_risk
from finance.market.risk.hedging import cover, hedge_ratio
from finance.market.risk.liquidity import (
    MonthVolume,
    last_quarter_share,
    liquidity_adjusted,
    month_volumes,
    volume_of,
)
from finance.market.risk.scenario_ladder import Axis, LadderSteps, YearCase, scenario_ladder
from ledger.core.errors import Conflict, DomainError, Invalid
from tests.core.test_risk_figures import percents, series
from tests.core.test_risk_returns import close

ONE, NONE = Fraction(1), Fraction(0)
ALONE = ((ONE, NONE, NONE), (NONE, ONE, NONE), (NONE, NONE, ONE))


def traded(day: date, volume: int | None, *, basis: PriceBasis = PriceBasis.LISTED_CLOSE) -> Observation:
    return replace(close(day, "100"), volume_t=volume, price_basis=basis)


def month(volume: int, *, sessions: int = 20, number: int = 7, year: int = 2026) -> MonthVolume:
    return MonthVolume(instrument="CEA25", year=year, month=number, volume_t=volume, sessions=sessions)


def test_a_months_average_counts_sessions_without_a_trade_and_not_those_nobody_knows() -> None:
    seen = [traded(date(2026, 7, 1), 300), traded(date(2026, 7, 2), 0), traded(date(2026, 7, 3), None)]

    (found,) = month_volumes("CEA25", seen, price_bases=(PriceBasis.LISTED_CLOSE,))

    assert (found.volume_t, found.sessions, found.name) == (300, 2, "2026-07")
    assert found.average_t == 150


def test_block_trades_are_added_only_when_asked_for() -> None:
    day = date(2026, 7, 1)
    seen = [traded(day, 300), traded(day, 500_000, basis=PriceBasis.VWAP_BLOCK)]

    listed = month_volumes("CEA25", seen, price_bases=(PriceBasis.LISTED_CLOSE,))
    both = month_volumes("CEA25", seen, price_bases=(PriceBasis.LISTED_CLOSE, PriceBasis.VWAP_BLOCK))

    assert [(one.volume_t, one.sessions) for one in (*listed, *both)] == [(300, 1), (500_300, 1)]


def test_a_position_of_four_days_doubles_its_risk_and_pays_the_spread() -> None:
    found = liquidity_adjusted(
        quantity_t=40_000,
        value_at_risk=100,
        volume=month(1_000_000),
        share=Fraction(1, 5),
        half_spread=Fraction(1, 2),
        places=6,
    )

    assert [int(one) for one in (found.days, found.root_days, found.adjusted)] == [4, 2, 200 + 20_000]


def test_a_small_position_keeps_its_figure_and_a_gain_is_not_multiplied() -> None:
    small = liquidity_adjusted(
        quantity_t=1, value_at_risk=100, volume=month(10**6), share=ONE, half_spread=NONE, places=6
    )
    gain = liquidity_adjusted(
        quantity_t=10**9, value_at_risk=-7, volume=month(10**6), share=ONE, half_spread=NONE, places=6
    )

    assert small.root_days == 1
    assert small.adjusted == 100
    assert gain.adjusted == -7


def test_a_longer_horizon_already_holds_its_days() -> None:
    found = liquidity_adjusted(
        quantity_t=800_000,
        value_at_risk=100,
        volume=month(1_000_000),
        share=Fraction(1, 5),
        half_spread=NONE,
        places=6,
        horizon=20,
    )

    assert found.days == 80
    assert found.adjusted == 200


def test_a_month_without_volume_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(Conflict, match="2026-07"):
        volume_of([month(5), month(0, number=8)], "CEA25", year=2026, month=8)


def test_the_last_quarters_share_needs_the_whole_year() -> None:
    year = [month(900 if number >= 10 else 100, number=number) for number in range(1, 13)]

    assert last_quarter_share(year, year=2026) == Fraction(3, 4)
    assert last_quarter_share(year[1:], year=2026) is None


def test_a_price_that_moves_half_as_much_is_hedged_by_half_a_tonne() -> None:
    moves = percents(2, -4, 6, -2)
    held, hedge = series("CEA25", [one / 2 for one in moves]), series("CCER", moves)

    found = hedge_ratio(held, hedge, (Fraction(100), Fraction(100)), needed=4)

    assert (found.ratio, found.effectiveness, found.count, found.left_out) == (Fraction(1, 2), ONE, 4, 0)


def test_a_hedge_by_hand_on_overlapping_sessions_only() -> None:
    """dS 1, 2, 3 and dF 1, 3, 2 of prices 100: cov 1/2, var 1, so 1/2 with a squared correlation of 1/4."""
    held = series("CEA25", percents(1, 9, 2, 3))
    hedge = series("CCER", percents(1, 9, 3, 2), skip=frozenset({1}))

    found = hedge_ratio(held, hedge, (Fraction(100), Fraction(100)), needed=3)

    assert (found.ratio, found.effectiveness, found.count, found.left_out) == (Fraction(1, 2), Fraction(1, 4), 3, 1)


def test_what_does_not_move_hedges_nothing() -> None:
    with pytest.raises(Conflict, match="did not move"):
        hedge_ratio(series("A", percents(1, 2)), series("B", percents(0, 0)), (ONE, ONE), needed=2)
    with pytest.raises(Conflict, match="at least 3 overlapping"):
        hedge_ratio(series("A", percents(1, 2)), series("B", percents(1, 2)), (ONE, ONE), needed=3)


def test_cover_is_held_and_forward_over_the_need() -> None:
    assert cover(held_t=60_000, forward_t=20_000, forecast_t=100_000) == Fraction(4, 5)
    with pytest.raises(Invalid):
        cover(held_t=1, forward_t=1, forecast_t=0)


def year_case(**change: object) -> YearCase:
    fields = {
        "output_t": Fraction(100_000),
        "benchmark": Fraction("1.60"),
        "direct_intensity": Fraction("1.65"),
        "power_mwh_per_t": Fraction("13.3"),
        "grid_factor": Fraction("0.57"),
        "green_share": Fraction("0.2"),
        "counts_power": False,
    }
    return YearCase(**{**fields, **change})  # type: ignore[arg-type]  # fields by name


STEPS = LadderSteps(
    price=(Fraction(1, 10), 5),
    benchmark=(Fraction(1, 100), 3),
    output=(Fraction(1, 20), 2),
    green_share=(Fraction(1, 10), 3),
)


def gap_of(case: YearCase) -> int:
    missing = case.emissions_t - case.output_t * case.benchmark
    return missing.numerator // missing.denominator


def test_a_ladder_is_gap_times_price_exactly() -> None:
    """100,000 t at 1.65 against 1.60 miss 5,000 t: 487,000 at 97.40, 438,300 at -10 %, 3 % off the benchmark 9,800 t."""
    ladder = scenario_ladder(year_case(), Fraction("97.40"), gap_of, steps=STEPS)

    base = ladder.rungs[0]
    assert (base.axis, base.gap_t) == (Axis.BASE, 5_000)
    assert base.values[4:6] == (Fraction(438_300), Fraction(487_000))
    assert (ladder.price_changes[0], ladder.prices[-1]) == (Fraction(-1, 2), Fraction("146.1"))
    down = next(one for one in ladder.rungs if (one.axis, one.change) == (Axis.BENCHMARK, Fraction(-3, 100)))
    up = next(one for one in ladder.rungs if (one.axis, one.change) == (Axis.BENCHMARK, Fraction(3, 100)))
    assert (down.gap_t, up.gap_t) == (9_800, 200)
    assert up.values[5] == 19_480


def test_a_surplus_is_shown_as_what_it_is_worth() -> None:
    ladder = scenario_ladder(year_case(benchmark=Fraction("1.70")), Fraction(100), gap_of, steps=STEPS)

    assert (ladder.rungs[0].gap_t, ladder.rungs[0].values[5]) == (-5_000, Fraction(-500_000))


def test_power_changes_the_gap_only_where_it_counts() -> None:
    factors = (Fraction("0.62"),)
    plain = scenario_ladder(year_case(), Fraction(100), gap_of, steps=STEPS, other_factors=factors)
    counted = scenario_ladder(year_case(counts_power=True), Fraction(100), gap_of, steps=STEPS, other_factors=factors)

    power = {Axis.GRID_FACTOR, Axis.GREEN_SHARE}
    assert {one.has_effect for one in plain.rungs if one.axis in power} == {False}
    assert {one.has_effect for one in counted.rungs if one.axis in power} == {True}
    factor = next(one for one in counted.rungs if one.axis is Axis.GRID_FACTOR)
    # 100,000 t x 13.3 MWh/t x 0.8 x (0.62 - 0.57)
    assert factor.gap_t - counted.rungs[0].gap_t == 53_200


def test_a_green_share_leaves_neither_end() -> None:
    ladder = scenario_ladder(year_case(green_share=Fraction("0.9")), Fraction(100), gap_of, steps=STEPS)

    shares = [one.case.green_share for one in ladder.rungs if one.axis is Axis.GREEN_SHARE]
    assert (max(shares), len(shares)) == (ONE, 4)


@pytest.mark.parametrize("change", [{"benchmark": NONE}, {"output_t": Fraction(-1)}, {"green_share": Fraction(2)}])
def test_a_year_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DomainError):
        year_case(**change)


def gap_model(**change: object) -> GapModel:
    fields = {
        "output_t": 1000,
        "output_spread": NONE,
        "benchmark": ONE,
        "benchmark_spread": NONE,
        "price": 974_000,
        "price_volatility": NONE,
        "correlation": ALONE,
    }
    return GapModel(**{**fields, **change})  # type: ignore[arg-type]  # fields by name


def test_a_certain_gap_has_no_cost_at_risk() -> None:
    found = gap_cost_at_risk(
        gap_model(), lambda output_t, _: output_t, confidence=Fraction(95, 100), paths=500, seed=1, places=4
    )

    assert (found.mean, found.at_risk, found.short_share) == (Fraction(974_000_000), NONE, ONE)


def test_a_certain_gap_at_an_uncertain_price_meets_the_closed_form() -> None:
    """1,000 t at 97.40 with 20 %: the 95 % quantile is P exp(z s), the mean P exp(s^2 / 2)."""
    z = NormalDist().inv_cdf(0.95)
    expected = 974_000_000 * exp(z * 0.2)

    found = gap_cost_at_risk(
        gap_model(price_volatility=Fraction("0.2")),
        lambda output_t, _: output_t,
        confidence=Fraction(95, 100),
        paths=5_000,
        seed=11,
        places=4,
    )

    assert abs(found.tail.value_at_risk - expected) < 4 * found.tail.value_at_risk_error
    assert float(found.mean) == pytest.approx(974_000_000 * exp(0.02), rel=0.02)
    assert found.at_risk == found.tail.value_at_risk - found.mean


def test_a_normal_gap_meets_the_closed_form_and_a_surplus_costs_nothing() -> None:
    """Gap normal around zero: half the years short, mean cost price x sd / sqrt(2 pi)."""
    found = gap_cost_at_risk(
        gap_model(output_t=100_000, output_spread=Fraction("0.05")),
        lambda output_t, _: output_t - 100_000,
        confidence=Fraction(95, 100),
        paths=5_000,
        seed=5,
        places=4,
    )

    assert float(found.short_share) == pytest.approx(0.5, abs=0.03)
    assert float(found.mean) == pytest.approx(974_000 * 5_000 / sqrt(2 * 3.14159265), rel=0.06)
    expected = 974_000 * 5_000 * NormalDist().inv_cdf(0.95)
    assert abs(found.tail.value_at_risk - expected) < 4 * found.tail.value_at_risk_error
    assert found.lowest_gap_t < 0 < found.highest_gap_t


def test_a_price_that_rises_with_the_gap_costs_more() -> None:
    together = ((ONE, NONE, Fraction("0.8")), (NONE, ONE, NONE), (Fraction("0.8"), NONE, ONE))
    spread = {"output_t": 100_000, "output_spread": Fraction("0.05"), "price_volatility": Fraction("0.3")}

    apart, joined = (
        gap_cost_at_risk(
            gap_model(**spread, correlation=correlation),
            lambda output_t, _: output_t - 100_000,
            confidence=Fraction(95, 100),
            paths=2_000,
            seed=5,
            places=4,
        )
        for correlation in (ALONE, together)
    )

    assert joined.mean > apart.mean
    assert joined.at_risk > apart.at_risk


def test_the_same_seed_gives_the_same_cost() -> None:
    one, again, other = (
        gap_cost_at_risk(
            gap_model(output_spread=Fraction("0.1"), benchmark_spread=Fraction("0.1")),
            lambda output_t, benchmark: output_t - int(1000 * benchmark),
            confidence=Fraction(95, 100),
            paths=700,
            seed=seed,
            places=4,
        )
        for seed in (1, 1, 2)
    )

    assert one == again
    assert one.mean != other.mean


@pytest.mark.parametrize(
    "change",
    [
        {"price": 0},
        {"benchmark": NONE},
        {"output_spread": Fraction(6)},
        {"correlation": ((ONE,),)},
        {"correlation": ((ONE, ONE, NONE), (NONE, ONE, NONE), (NONE, NONE, ONE))},
        {"correlation": ((ONE, Fraction(2), NONE), (Fraction(2), ONE, NONE), (NONE, NONE, ONE))},
    ],
)
def test_a_gap_model_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        gap_model(**change)


def test_days_off_by_a_step_do_not_overlap() -> None:
    held = series("A", percents(1, 2, 3))
    shifted = replace(
        held,
        instrument="B",
        returns=tuple(replace(one, start=one.start - timedelta(days=1)) for one in held.returns),
    )

    with pytest.raises(Conflict, match="found 0"):
        hedge_ratio(held, shifted, (ONE, ONE), needed=2)
