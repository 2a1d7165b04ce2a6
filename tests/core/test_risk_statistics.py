"""Simulation against closed forms, and the backtests against published and exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import erfc, exp, log, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.market.risk.backtests import BackTestRules, Zone, back_test, binomial_up_to, rolling_exceptions
from finance.market.risk.monte_carlo import (
    LogNormalModel,
    fitted_model,
    model_of_exposures,
    sampled_tail,
    simulated_moves,
    standard_normals,
)
from finance.market.risk.scenarios import Exposure
from ledger.core.errors import Conflict, DomainError, Invalid
from tests.core.test_risk_figures import percents, scenarios

RULES = BackTestRules(significance=Fraction(5, 100), yellow_from=Fraction(95, 100), red_from=Fraction(9999, 10000))
CONFIDENCE = Fraction(99, 100)


def model(*volatility: str, correlation: str = "0") -> LogNormalModel:
    rho, one = Fraction(correlation), Fraction(1)
    size = len(volatility)
    return LogNormalModel(
        names=tuple(f"S{number}" for number in range(size)),
        volatility=tuple(Fraction(each) for each in volatility),
        correlation=tuple(tuple(one if row == column else rho for column in range(size)) for row in range(size)),
    )


def losses(
    found: LogNormalModel, quantities: Sequence[int], *, paths: int = 40_000, seed: int = 7, horizon: int = 1
) -> list[int]:
    blocks = simulated_moves(found, [10**6] * len(quantities), horizon=horizon, paths=paths, seed=seed)
    return [-int(one) for block in blocks for one in (np.array(quantities) @ block).tolist()]


@pytest.mark.parametrize("horizon", [1, 10])
def test_the_simulated_figure_meets_the_closed_form_of_a_log_normal_price(horizon: int) -> None:
    """Long 1 t at 1,000,000: VaR = P (1 - exp(-z sigma sqrt(h))), ES by the truncated log-normal mean."""
    sigma = 0.03 * sqrt(horizon)
    z = NormalDist().inv_cdf(0.99)
    expected = 10**6 * (1 - exp(-z * sigma))
    shortfall = 10**6 * (1 - exp(sigma**2 / 2) * NormalDist().cdf(-z - sigma) / 0.01)

    found = sampled_tail(losses(model("0.03"), [1], horizon=horizon), confidence=CONFIDENCE, places=6)

    assert abs(found.value_at_risk - expected) < 4 * found.value_at_risk_error
    assert abs(found.expected_shortfall - shortfall) < 4 * found.expected_shortfall_error
    assert 0 < found.value_at_risk_error < found.value_at_risk / 20


@pytest.mark.parametrize("correlation", ["-0.6", "0", "0.8", "1"])
def test_two_correlated_prices_meet_the_normal_closed_form(correlation: str) -> None:
    """At 0.1 % a session the log-normal is normal to the error: sigma of the sum is 0.001 sqrt(2 + 2 rho)."""
    expected = NormalDist().inv_cdf(0.99) * 10**6 * 0.001 * sqrt(2 + 2 * float(correlation))

    found = sampled_tail(
        losses(model("0.001", "0.001", correlation=correlation), [1, 1]), confidence=CONFIDENCE, places=6
    )

    assert abs(found.value_at_risk - expected) < 4 * found.value_at_risk_error + 10


def test_the_standard_error_is_that_of_the_closed_form() -> None:
    """sqrt(a (1 - a) / n) / f(q) of the normal loss; the estimate is within a third of it."""
    z = NormalDist().inv_cdf(0.99)
    expected = sqrt(0.99 * 0.01 / 40_000) / NormalDist().pdf(z) * 1000

    found = sampled_tail(losses(model("0.001"), [1]), confidence=CONFIDENCE, places=6)

    assert float(found.value_at_risk_error) == pytest.approx(expected, rel=0.3)


def test_the_same_seed_gives_the_same_losses_and_another_does_not() -> None:
    one, again, other = (
        losses(model("0.02", "0.03", correlation="0.5"), [3, 5], paths=20_000, seed=s) for s in (1, 1, 2)
    )

    assert one == again
    assert one != other


def test_draws_have_the_correlation_asked_for() -> None:
    rho = Fraction("-0.7")
    blocks = list(standard_normals(((Fraction(1), rho), (rho, Fraction(1))), paths=50_000, seed=3))

    assert float(np.asarray(np.corrcoef(np.concatenate(blocks, axis=1)))[0, 1]) == pytest.approx(-0.7, abs=0.01)


def test_the_model_is_fitted_with_mean_zero() -> None:
    """Log returns of +-1 % throughout: 1 %, although their sample mean is not zero; a twin has correlation 1, its mirror near -1."""
    up, down = Fraction(1, 100), Fraction(-1, 100)
    fitted = fitted_model(
        scenarios([up, up, down, up], [up, up, down, up], [down, down, up, down], percents(0, 0, 0, 0))
    )

    expected = sqrt((3 * log(1.01) ** 2 + log(0.99) ** 2) / 4)
    assert float(fitted.volatility[0]) == pytest.approx(expected, abs=1e-11)
    assert fitted.correlation[0][1] == pytest.approx(1)
    assert float(fitted.correlation[0][2]) == pytest.approx(-1, abs=1e-3)
    assert (fitted.volatility[3], fitted.correlation[0][3], fitted.correlation[3][3]) == (
        Fraction(0),
        Fraction(0),
        Fraction(1),
    )


def test_logarithms_of_price_and_exchange_rate_add() -> None:
    both = Exposure(instrument="EUA", price=Fraction(640), factors=(("S0", False), ("S1", False)))
    against = Exposure(instrument="EUA", price=Fraction(640), factors=(("S0", False), ("S1", True)))

    added, taken = (
        model_of_exposures(model("0.03", "0.04", correlation="0.5"), [one]).volatility[0] for one in (both, against)
    )

    assert float(added) == pytest.approx(sqrt(0.0009 + 0.0016 + 0.0012), abs=1e-11)
    assert float(taken) == pytest.approx(sqrt(0.0009 + 0.0016 - 0.0012), abs=1e-11)


@pytest.mark.parametrize(
    ("volatility", "correlation", "code"),
    [
        (("-0.1",), "0", "risk.volatility"),
        (("6",), "0", "risk.volatility"),
        (("0.1", "0.1"), "1.1", "risk.correlation"),
        (("0.1", "0.1", "0.1"), "-0.9", "risk.correlation_impossible"),
    ],
)
def test_what_is_no_covariance_is_refused(volatility: tuple[str, ...], correlation: str, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        model(*volatility, correlation=correlation)

    assert refusal.value.code == code


def test_a_price_beyond_the_exact_range_is_refused() -> None:
    with pytest.raises(Conflict, match="exact range"):
        losses(model("5"), [1], horizon=60)
    with pytest.raises(Invalid, match="seed"):
        losses(model("0.1"), [1], seed=-1)


@pytest.mark.parametrize(
    ("days", "hits", "statistic", "is_rejected"),
    [
        (255, 6, "3.415358", False),
        (255, 7, "5.316341", True),
        (250, 4, "0.769138", False),
        (250, 7, "5.496990", True),
        (250, 0, "5.025168", True),
    ],
)
def test_kupiec_gives_the_published_ratios(days: int, hits: int, statistic: str, *, is_rejected: bool) -> None:
    """Kupiec 1995: of 255 days at 99 % fewer than 7 exceptions pass at 95 %; 0 of 250 is -500 ln 0.99 = 5.025168."""
    found = back_test([day < hits for day in range(days)], confidence=CONFIDENCE, rules=RULES).kupiec

    assert (found.statistic, found.is_rejected) == (Decimal(statistic), is_rejected)
    assert float(found.probability) == pytest.approx(erfc(sqrt(float(statistic) / 2)), abs=1e-6)


def test_christoffersen_by_hand() -> None:
    """T = 0011 0100 10: pairs 00: 2, 01: 3, 10: 3, 11: 1, so q = 4/9, q01 = 3/5, q11 = 1/4."""
    row = [digit == "1" for digit in "0011010010"]
    together = 5 * log(5 / 9) + 4 * log(4 / 9)
    apart = 2 * log(2 / 5) + 3 * log(3 / 5) + 3 * log(3 / 4) + 1 * log(1 / 4)

    found = back_test(row, confidence=Fraction(7, 10), rules=RULES)

    assert found.transitions == (2, 3, 3, 1)
    assert float(found.independence.statistic) == pytest.approx(2 * (apart - together), abs=1e-6)
    total = found.kupiec.statistic + found.independence.statistic
    assert abs(found.joint.statistic - total) <= Decimal("0.000001")
    assert float(found.joint.probability) == pytest.approx(exp(-float(found.joint.statistic) / 2), abs=1e-6)


def test_clustered_exceptions_fail_where_spread_ones_pass() -> None:
    spread = [day % 50 == 0 for day in range(250)]
    clustered = [100 <= day < 105 for day in range(250)]

    assert not back_test(spread, confidence=CONFIDENCE, rules=RULES).independence.is_rejected
    assert back_test(clustered, confidence=CONFIDENCE, rules=RULES).independence.is_rejected


@pytest.mark.parametrize(
    ("hits", "zone"), [(0, Zone.GREEN), (4, Zone.GREEN), (5, Zone.YELLOW), (9, Zone.YELLOW), (10, Zone.RED)]
)
def test_the_zones_are_those_of_the_basel_table(hits: int, zone: Zone) -> None:
    """250 days at 99 %: green to 4, yellow 5 to 9, red from 10; cumulative 89.22 % at 4 and 95.88 % at 5."""
    assert back_test([day < hits for day in range(250)], confidence=CONFIDENCE, rules=RULES).zone is zone


def test_the_binomial_is_the_published_one() -> None:
    shown = [round(float(binomial_up_to(hits, 250, Fraction(1, 100))) * 100, 2) for hits in (0, 4, 5, 9)]

    assert shown == [8.11, 89.22, 95.88, 99.97]


def test_a_loss_at_the_figure_is_no_exception_and_beyond_it_is() -> None:
    calm = [-loss for loss in range(1, 101)]

    assert rolling_exceptions([*calm, -99, -100], window=100, confidence=CONFIDENCE) == (False, True)
    with pytest.raises(Conflict, match="more than the window of 100, found 100"):
        rolling_exceptions(calm, window=100, confidence=CONFIDENCE)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(51, 99))
def test_the_tests_hold_for_every_row_of_days(row: list[bool], confidence: int) -> None:
    found = back_test(row, confidence=Fraction(confidence, 100), rules=RULES)

    assert found.kupiec.statistic >= 0
    assert found.independence.statistic >= 0
    assert 0 <= found.kupiec.probability <= 1
    assert sum(found.transitions) == len(row) - 1


def test_a_backtest_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid):
        back_test([], confidence=CONFIDENCE, rules=RULES)
    with pytest.raises(Invalid):
        BackTestRules(significance=Fraction(1, 20), yellow_from=Fraction(2), red_from=Fraction(3))
