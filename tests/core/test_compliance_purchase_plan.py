"""When to buy: schedules under volume limits, exact cost, past years replayed, scenarios, and the advice."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance.purchase_advice import advise, replays, scenarios_of
from finance.compliance.purchase_plan import (
    MonthPrice,
    PurchaseTerms,
    Strategy,
    compare,
    plan_cost,
    schedule,
    shifted,
    window_months,
)
from ledger.core.errors import Conflict, Invalid

PRICES = Path(__file__).parents[2] / "examples" / "smelter" / "prices.csv"


def price(month: str, cny: str, volume_t: int | None = None) -> MonthPrice:
    return MonthPrice(instrument="CEA", month=month, price_cny_per_t=Fraction(cny), volume_t=volume_t)


def terms(quantity_t: int = 100, *, share: str | None = None, rate: str = "0") -> PurchaseTerms:
    return PurchaseTerms(
        quantity_t=quantity_t, volume_share=None if share is None else Fraction(share), funding_rate=Fraction(rate)
    )


def example_closes(instrument: str) -> tuple[MonthPrice, ...]:
    with PRICES.open(encoding="utf-8", newline="") as file:
        return tuple(
            MonthPrice(
                instrument=instrument,
                month=row["trade_date"][:7],
                price_cny_per_t=Fraction(row["value"]),
                volume_t=int(row["volume_t"]),
            )
            for row in csv.DictReader(file)
            if row["instrument"] == instrument and row["price_basis"] == "month_end_close"
        )


PATH = (price("2026-09", "60"), price("2026-10", "70"), price("2026-11", "80"), price("2026-12", "90"))


def test_a_window_counts_both_its_ends_and_crosses_the_year() -> None:
    assert window_months("2026-11", "2027-01") == ("2026-11", "2026-12", "2027-01")
    assert shifted("2026-11", -23) == "2024-12"


@pytest.mark.parametrize("last", ["2026-10", "2029-11", "2026-13", "2026", "\uff12026-12"])
def test_a_window_that_ends_before_it_begins_or_never_is_refused(last: str) -> None:
    with pytest.raises(Invalid):
        window_months("2026-11", last)


def test_each_strategy_buys_in_its_own_months() -> None:
    bought = {each: [one.quantity_t for one in plan.purchases] for each, plan in compare(terms(), PATH).items()}

    assert bought == {
        Strategy.BUY_NOW: [100, 0, 0, 0],
        Strategy.SPREAD_EVENLY: [25, 25, 25, 25],
        Strategy.LAST_QUARTER: [0, 33, 33, 34],
        Strategy.LAST_MONTH: [0, 0, 0, 100],
    }


def test_the_cost_is_tonnes_times_price_to_the_fen() -> None:
    costs = {each: plan.cost_fen for each, plan in compare(terms(), PATH).items()}

    assert costs == {
        Strategy.BUY_NOW: 600_000,
        Strategy.SPREAD_EVENLY: 750_000,
        Strategy.LAST_QUARTER: (33 * 70 + 33 * 80 + 34 * 90) * 100,
        Strategy.LAST_MONTH: 900_000,
    }


def test_money_spent_early_is_charged_until_the_deadline() -> None:
    """6,000 CNY three months early at 4 % a year: 6,000 x 0.04 x 3 / 12 = 60 CNY."""
    plan = plan_cost(Strategy.BUY_NOW, terms(rate="0.04"), PATH)

    assert (plan.funding_fen, plan.total_fen) == (6_000, 606_000)
    assert plan_cost(Strategy.LAST_MONTH, terms(rate="0.04"), PATH).funding_fen == 0


def test_what_a_month_cannot_take_goes_to_later_months_then_back_to_earlier_ones() -> None:
    assert schedule(Strategy.SPREAD_EVENLY, 100, (10, 50, 50)) == ((10, 50, 40), 0)
    assert schedule(Strategy.LAST_MONTH, 100, (50, 50, 30)) == ((20, 50, 30), 0)
    assert schedule(Strategy.BUY_NOW, 100, (10, None, 0)) == ((10, 90, 0), 0)
    assert schedule(Strategy.BUY_NOW, 100, (10, 20, 30)) == ((10, 20, 30), 40)


@given(
    strategy=st.sampled_from(Strategy),
    quantity_t=st.integers(1, 10_000),
    capacities=st.lists(st.one_of(st.none(), st.integers(0, 3_000)), min_size=1, max_size=12),
)
def test_a_schedule_buys_everything_that_fits_and_never_more_than_a_month_takes(
    strategy: Strategy, quantity_t: int, capacities: list[int | None]
) -> None:
    bought, unfilled_t = schedule(strategy, quantity_t, capacities)
    room = None if None in capacities else sum(each for each in capacities if each is not None)

    assert sum(bought) + unfilled_t == quantity_t
    assert all(one >= 0 and (most is None or one <= most) for one, most in zip(bought, capacities, strict=True))
    assert unfilled_t == (0 if room is None else max(0, quantity_t - room))


def test_a_share_of_the_volume_limits_each_month_and_is_shown() -> None:
    path = (price("2026-11", "80", 300), price("2026-12", "90", 1_000))

    plan = plan_cost(Strategy.BUY_NOW, terms(share="0.1"), path)

    assert [each.quantity_t for each in plan.purchases] == [30, 70]
    assert [each.share_of_volume for each in plan.purchases] == [Fraction(1, 10), Fraction(7, 100)]


def test_every_past_year_with_all_its_months_is_replayed_and_the_others_are_named() -> None:
    history = [price(f"2024-{month:02d}", "50") for month in (11, 12)] + [price("2023-12", "60")]

    found, left_out = replays(terms(), ("2026-11", "2026-12"), history)

    assert [each.year for each in found] == [2024]
    assert left_out == {2025: "no price of 2025-11, 2025-12", 2023: "no price of 2023-11"}


def test_a_scenario_multiplies_todays_price_by_a_past_years_relative_prices() -> None:
    past, _ = replays(terms(), ("2026-11", "2026-12"), [price("2025-11", "50", 7), price("2025-12", "60", 9)])

    flat, as_in, given_path = scenarios_of(
        ("2026-11", "2026-12"), price("2026-11", "80"), past, {"up_10": Fraction(1, 10)}
    )

    assert [each.price_cny_per_t for each in flat.path] == [80, 80]
    assert [each.price_cny_per_t for each in as_in.path] == [80, 96]
    assert [each.price_cny_per_t for each in given_path.path] == [80, 88]
    assert [each.volume_t for each in as_in.path] == [7, 9]


def test_the_advice_is_the_smallest_largest_regret() -> None:
    """Up 50 % and down 50 % by the deadline: buying in between is never the best and never far from it."""
    months = window_months("2026-07", "2026-12")

    found = advise(
        terms(600),
        months,
        price_now=price("2026-07", "80"),
        history=(),
        changes={"up": Fraction(1, 2), "down": Fraction(-1, 2)},
        price_source="test",
    )

    assert found.advised is Strategy.SPREAD_EVENLY
    ranks = {each.strategy: each.regret_fen for each in found.ranks}
    assert ranks[Strategy.SPREAD_EVENLY] == min(ranks.values())
    assert found.saved_regret_fen == ranks[Strategy.LAST_QUARTER] - ranks[Strategy.SPREAD_EVENLY] > 0
    assert "not a promise" in found.explanation.label_en
    assert all(leaf.source for leaf in found.explanation.leaves())


def test_when_prices_only_rise_waiting_is_not_advised() -> None:
    found = advise(
        terms(),
        window_months("2026-07", "2026-12"),
        price_now=price("2026-07", "80"),
        history=(),
        changes={"up": Fraction(1, 5)},
        price_source="test",
    )

    assert found.advised is Strategy.BUY_NOW
    assert found.saved_mean_fen > 0


def test_a_market_too_thin_for_the_quantity_gives_no_advice_but_the_reason() -> None:
    found = advise(
        terms(1_000, share="0.1"),
        ("2026-12",),
        price_now=price("2026-12", "80", 500),
        history=(),
        changes={},
        price_source="test",
    )

    assert found.advised is None
    assert "share" in found.reason_en
    assert all(not each.is_filled for each in found.ranks)


def test_the_examples_own_closes_replay_the_autumn_of_2025() -> None:
    """CEA24 closed at 53.38, 46.72, 58.14 and 74.23 or so from September to December: late was dear, October was cheap."""
    history = example_closes("CEA24")
    months = window_months("2026-09", "2026-12")

    found, _ = replays(terms(4_000), months, history)

    (year,) = found
    closes = [each.price_cny_per_t for each in year.path]
    assert closes[:3] == [Fraction("53.38"), Fraction("46.72"), Fraction("58.14")]
    assert year.costs[Strategy.SPREAD_EVENLY].cost_fen == sum(closes) * 1_000 * 100
    assert year.costs[Strategy.LAST_MONTH].cost_fen == closes[3] * 4_000 * 100


def test_two_instruments_or_a_month_twice_are_no_series() -> None:
    other = MonthPrice(instrument="CEA25", month="2025-11", price_cny_per_t=Fraction(1), volume_t=None)
    now = price("2026-11", "80")

    with pytest.raises(Invalid, match="one instrument"):
        advise(terms(), ("2026-11",), price_now=now, history=(other,), changes={}, price_source="test")
    with pytest.raises(Conflict, match="twice"):
        replays(terms(), ("2026-11",), [price("2025-11", "1"), price("2025-11", "2")])


@pytest.mark.parametrize(
    ("quantity_t", "share", "rate"),
    [(0, None, "0"), (-1, None, "0"), (10**16, None, "0"), (1, "0", "0"), (1, "1.1", "0"), (1, None, "-0.1")],
)
def test_terms_that_make_no_sense_are_refused(quantity_t: int, share: str | None, rate: str) -> None:
    with pytest.raises(Invalid):
        terms(quantity_t, share=share, rate=rate)


def test_a_price_of_nothing_and_a_change_that_ends_at_nothing_are_refused() -> None:
    with pytest.raises(Invalid):
        price("2026-11", "0")
    with pytest.raises(Invalid, match="above -1"):
        scenarios_of(("2026-11", "2026-12"), price("2026-11", "80"), (), {"gone": Fraction(-1)})
