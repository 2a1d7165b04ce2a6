"""Value at risk, shortfall, shares, horizons, filtered returns: exact numbers and the laws they keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.market.risk.filtered import filtered_returns
from finance.market.risk.methods import Method, RiskMethod
from finance.market.risk.returns import (
    LimitDayRule,
    NoTradeRule,
    ReturnRules,
    ReturnSeries,
    SeriesFacts,
    SessionReturn,
)
from finance.market.risk.roots import root
from finance.market.risk.scenarios import (
    Exposure,
    HorizonRule,
    ScenarioSet,
    common_scenarios,
    compounded,
    price_moves,
)
from finance.market.risk.value_at_risk import (
    quantities_by_book,
    rank_of,
    risk_shares,
    scenario_profits,
    tail_risk,
    tails_by_book,
    tails_of_lots,
)
from ledger.core.errors import Conflict, DomainError, Invalid

RULES = ReturnRules(no_trade=NoTradeRule.DROP, limit_days=LimitDayRule.KEEP)
FACTS = SeriesFacts(traded=0, no_trade=0, missing=0, off_calendar=0, breaks=0, censored=0, sources=("exchange",))
FIRST = date(2026, 1, 5)


def series(name: str, returns: Sequence[Fraction], *, skip: frozenset[int] = frozenset()) -> ReturnSeries:
    made = tuple(
        SessionReturn(
            start=FIRST + timedelta(days=number),
            on=FIRST + timedelta(days=number + 1),
            value=value,
            sessions=1,
            is_censored=False,
        )
        for number, value in enumerate(returns)
        if number not in skip
    )
    return ReturnSeries(instrument=name, legs=(), rules=RULES, returns=made, facts=FACTS)


def scenarios(*returns: Sequence[Fraction]) -> ScenarioSet:
    made = [series(f"S{number}", one) for number, one in enumerate(returns)]
    return common_scenarios(made, window=len(returns[0]), needed=1)


def percents(*values: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(value, 100) for value in values)


def test_the_rank_is_the_ceiling_of_confidence_times_count() -> None:
    ranks = [rank_of(count, Fraction(confidence, 100)) for count, confidence in ((500, 99), (250, 99), (100, 95))]

    assert ranks == [495, 248, 95]


def test_a_hundred_losses_give_the_ninety_fifth_and_the_mean_from_it_on() -> None:
    found = tail_risk([-loss for loss in range(1, 101)], confidence=Fraction(95, 100))

    assert (found.value_at_risk, found.expected_shortfall) == (95, Fraction(195, 2))
    assert len(found.tail) == 6


def test_a_book_that_only_gains_has_a_negative_figure() -> None:
    assert tail_risk([1, 2, 3], confidence=Fraction(1, 2)).value_at_risk == -2


def test_among_equal_losses_the_earlier_scenario_decides() -> None:
    assert tail_risk([-5, -5, -5, -5], confidence=Fraction(1, 2)).scenario == 1


@pytest.mark.parametrize("confidence", [Fraction(0), Fraction(1), Fraction(-1), Fraction(2)])
def test_a_confidence_outside_nought_and_one_is_refused(confidence: Fraction) -> None:
    with pytest.raises(Invalid, match="confidence"):
        tail_risk([1, 2], confidence=confidence)


@given(st.lists(st.lists(st.integers(-(10**18), 10**18), min_size=5, max_size=5), min_size=1, max_size=4))
def test_components_sum_to_the_whole(lines: list[list[int]]) -> None:
    whole, shares = risk_shares([str(n) for n in range(len(lines))], lines, confidence=Fraction(3, 5))

    assert sum(one.component for one in shares) == whole.value_at_risk
    assert sum(one.component_shortfall for one in shares) == whole.expected_shortfall
    assert whole.expected_shortfall >= whole.value_at_risk


def test_what_a_part_adds_is_the_whole_less_the_whole_without_it() -> None:
    whole, shares = risk_shares(["long", "hedge"], [[-100, 50, 20], [60, -30, -10]], confidence=Fraction(9, 10))

    assert whole.value_at_risk == 40
    assert [(one.component, one.incremental, one.standalone) for one in shares] == [(100, 10, 100), (-60, -60, 30)]
    assert shares[0].marginal_per_t(50) == 2


lots = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(-(10**15), 10**15)), min_size=1, max_size=40
)
moves_of = st.lists(st.lists(st.integers(-(10**9), 10**9), min_size=6, max_size=6), min_size=4, max_size=4)


@settings(deadline=None)
@given(lots, moves_of)
def test_summing_lots_into_books_first_gives_the_numbers_of_every_lot_alone(
    held: list[tuple[int, int, int]], moves: list[list[int]]
) -> None:
    """Tonnes to 10^15 and moves to 10^9 leave 64 bits: both the narrow and the wide path are met."""
    one_by_one = [[0] * 6 for _ in range(3)]
    for book, instrument, quantity in held:
        for scenario in range(6):
            one_by_one[book][scenario] += quantity * moves[instrument][scenario]
    columns = [np.array(column, dtype=np.int64) for column in zip(*held, strict=True)]

    tonnes = quantities_by_book(*columns, books=3, instruments=4)
    profits = scenario_profits(tonnes, np.array(moves, dtype=np.int64))

    assert profits.tolist() == one_by_one
    confidence = Fraction(4, 5)
    alone = [tail_risk(line, confidence=confidence) for line in one_by_one]
    expected = tuple((one.value_at_risk, one.expected_shortfall) for one in alone)
    assert tails_by_book(profits, confidence=confidence) == expected
    lines = np.array(moves, dtype=np.int64)
    of_book, of_instrument, tonnes_held = columns
    assert tails_of_lots(of_book, of_instrument, tonnes_held, lines, books=3, confidence=confidence) == expected


def test_sums_beyond_sixty_four_bits_stay_exact() -> None:
    largest = 2**62
    zeros = np.zeros(4, dtype=np.int64)
    quantity = np.array([largest, largest, largest, -1], dtype=np.int64)

    tonnes = quantities_by_book(zeros, zeros, quantity, books=1, instruments=1)

    assert tonnes.tolist() == [[3 * largest - 1]]
    assert scenario_profits(tonnes, np.array([[2**40]], dtype=np.int64)).tolist() == [[(3 * largest - 1) * 2**40]]


def test_books_meet_the_scenarios_in_blocks_with_the_same_numbers() -> None:
    """3,000 books x 1,000 scenarios are more than one block; each book holds its own number of tonnes."""
    books = np.arange(3_000, dtype=np.int64)
    moves = np.arange(-500, 500, dtype=np.int64)[np.newaxis, :]

    found = tails_of_lots(books, books * 0, books, moves, books=3_000, confidence=Fraction(99, 100))

    assert [one for one, _ in found] == [490 * number for number in range(3_000)]


def test_columns_that_are_no_lots_are_refused() -> None:
    two, three = np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.int64)
    for columns in ((two, two, three), (two + 5, two, two), (two - 1, two, two), (two.astype(np.float64), two, two)):
        with pytest.raises(Invalid):
            quantities_by_book(*columns, books=2, instruments=2)


def test_scenarios_are_the_last_common_days() -> None:
    left = series("A", percents(1, 2, 3, 4))
    right = series("B", percents(5, 6, 7, 8), skip=frozenset({2}))

    found = common_scenarios([left, right], window=2, needed=2)

    assert found.returns == (percents(2, 4), percents(6, 8))
    assert found.left_out == (1, 0)


def test_too_few_common_returns_say_how_many_are_needed() -> None:
    with pytest.raises(Conflict, match="at least 5 on common sessions, found 3; the shortest series is B") as refusal:
        common_scenarios([series("A", percents(*range(9))), series("B", percents(1, 2, 3))], window=9, needed=5)

    assert refusal.value.code == "risk.too_few_sessions"
    assert (refusal.value.data["needed"], refusal.value.data["found"]) == ("5", "3")


def test_a_longer_horizon_compounds_overlapping_runs() -> None:
    found = compounded(scenarios(percents(10, -10, 5)), horizon=2, needed=1)

    assert found.returns == ((Fraction(-1, 100), Fraction(-11, 200)),)
    assert found.starts[0][0] == FIRST


def test_no_run_spans_a_break() -> None:
    broken = common_scenarios([series("A", percents(1, 2, 3, 4), skip=frozenset({1}))], window=4, needed=1)

    assert compounded(broken, horizon=2, needed=1).count == 1
    with pytest.raises(Conflict, match="runs of 3"):
        compounded(broken, horizon=3, needed=1)


def test_a_scenario_price_is_rounded_once_and_the_move_is_exact() -> None:
    held = Exposure(instrument="CEA25", price=Fraction("97.40"), factors=(("CEA25", False),))

    moves = price_moves([held], ["CEA25"], [[Fraction(-15, 1000), Fraction(1, 3)]], places=4)

    assert moves == ((-14610, 324667),)


def test_a_foreign_price_moves_with_its_exchange_rate() -> None:
    """80 EUR at 8 CNY: price +10 %, euro -5 %: 640 x 1.1 x 0.95 = 668.80; quoted the other way round it divides."""
    direct = Exposure(instrument="EUA", price=Fraction(640), factors=(("EUA", False), ("EUR_CNY", False)))
    inverse = Exposure(instrument="EUA", price=Fraction(640), factors=(("EUA", False), ("EUR_CNY", True)))
    returns = [percents(10), percents(-5)]

    assert price_moves([direct], ["EUA", "EUR_CNY"], returns, places=2) == ((2880,),)
    assert price_moves([inverse], ["EUA", "EUR_CNY"], returns, places=2) == ((10105,),)


def test_a_price_never_falls_below_zero() -> None:
    held = Exposure(instrument="CEA25", price=Fraction(100), factors=(("CEA25", False),))

    assert price_moves([held], ["CEA25"], [percents(-150)], places=0) == ((-100,),)


def test_steady_returns_are_not_scaled() -> None:
    found = filtered_returns(percents(1, -1, 1, -1), (1, 1, 1, 1), decay=Fraction(94, 100))

    assert found.returns == percents(1, -1, 1, -1)
    assert found.volatility_now == Fraction(1, 100)


def test_old_returns_grow_with_todays_volatility() -> None:
    """Against the recursion in floating point: calm then wild, so that calm days are scaled up."""
    returns = [0.01 * (-1) ** day for day in range(60)] + [0.05 * (-1) ** day for day in range(20)]
    variance = sum(one * one for one in returns) / len(returns)
    sigmas = []
    for one in returns:
        sigmas.append(sqrt(variance))
        variance = 0.94 * variance + 0.06 * one * one
    expected = [one * sqrt(variance) / sigma for one, sigma in zip(returns, sigmas, strict=True)]

    found = filtered_returns(
        [Fraction(str(round(one, 4))) for one in returns], [1] * len(returns), decay=Fraction(94, 100)
    )

    assert [float(one) for one in found.returns] == pytest.approx(expected, abs=1e-9)
    assert abs(found.returns[30]) > Fraction(3, 100)


def test_a_move_over_four_sessions_counts_a_quarter_of_its_square() -> None:
    four = filtered_returns(percents(2, 2), (4, 4), decay=Fraction(1, 2))

    assert four.volatility_now == Fraction(1, 100)


def test_a_series_that_never_moved_stays_at_zero() -> None:
    assert filtered_returns(percents(0, 0), (1, 1), decay=Fraction(1, 2)).returns == percents(0, 0)


def test_a_scaled_return_is_cut_off_where_the_price_is_nothing() -> None:
    """After thirty still sessions volatility is next to nothing; the fall then is scaled far beyond -100 %."""
    found = filtered_returns([*percents(*([0] * 30)), Fraction(-9, 10)], [1] * 31, decay=Fraction(1, 2))

    assert (found.returns[-1], found.floored) == (Fraction(-1), 1)


@given(st.fractions(min_value=0, max_value=10**9), st.integers(0, 8))
def test_a_root_is_the_nearest_at_its_digits(value: Fraction, places: int) -> None:
    found = root(value, places=places)

    half = Fraction(1, 2 * 10**places)
    assert max(found - half, Fraction(0)) ** 2 <= value < (found + half) ** 2


def test_known_roots() -> None:
    assert (root(Fraction(10), places=6), root(Fraction(4), places=6)) == (Fraction(3162278, 10**6), Fraction(2))
    with pytest.raises(Invalid):
        root(Fraction(-1), places=2)


def method(**change: object) -> RiskMethod:
    fields = {
        "method": Method.HISTORICAL,
        "confidence": Fraction(99, 100),
        "window": 250,
        "horizon": 1,
        "horizon_rule": HorizonRule.SQRT_TIME,
        "rules": RULES,
        "seed": None,
        "paths": None,
    }
    return RiskMethod(**{**fields, **change})  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"confidence": Fraction(1)}, "risk.confidence"),
        ({"confidence": Fraction(49, 100)}, "risk.confidence"),
        ({"confidence": Fraction(9999999, 10**7)}, "risk.confidence"),
        ({"horizon": 0}, "risk.horizon"),
        ({"seed": 1}, "risk.seed_parts"),
        ({"method": Method.MONTE_CARLO}, "risk.seed_parts"),
        (
            {"method": Method.MONTE_CARLO, "seed": 1, "paths": 1000, "horizon_rule": HorizonRule.OVERLAPPING},
            "risk.horizon_rule",
        ),
    ],
)
def test_choices_that_do_not_go_together_are_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        method(**change)

    assert refusal.value.code == code


def test_the_method_declares_its_rules_in_both_languages() -> None:
    english, chinese = method().text()

    assert "ceil(a n)-th smallest loss, a = 99 %" in english
    assert "no zero returns" in english
    assert "无成交日不计为零收益" in chinese
