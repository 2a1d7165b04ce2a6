"""The year's forecast: hand-worked numbers, what it refuses, laws, and how it did on the example's past years."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.tables import ReferenceSet, csv_table, parse_reference_rows
from finance.emissions import factors, intensity, methodologies
from finance.emissions.activity import parse_activity
from finance.emissions.templates import parse_templates
from finance.kpi.forecast import ForecastPeriod, LastChance, Outlook, best_reached, forecast_year, root_up
from finance.kpi.forecast_backtest import BackTest, BestCase, back_test
from finance.kpi.forecast_explanation import explain_forecast
from finance.kpi.forecast_quantiles import QuantileTable, quantile_table
from ledger.core.errors import Conflict, DomainError, Invalid

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "finance" / "reference"
TABLE = quantile_table(
    ReferenceSet(
        set_id="student_t",
        version="1",
        rows=parse_reference_rows((REFERENCE / "student_t.csv").read_text(encoding="utf-8"), file="student_t.csv"),
    )
)
NINETY = Fraction(9, 10)


def year_of(
    emitted: Sequence[int | str], *, planned: int = 0, norm: int | Fraction = 1, tonnes: int = 100
) -> tuple[ForecastPeriod, ...]:
    """Months of 100 t each: those in ``emitted`` are over, ``planned`` more are to come."""
    return tuple(
        ForecastPeriod(
            period=f"2025-{number:02d}",
            production_t=Fraction(tonnes),
            norm_tco2e_per_t=Fraction(norm),
            emissions_t=Fraction(emitted[number - 1]) if number <= len(emitted) else None,
        )
        for number in range(1, len(emitted) + planned + 1)
    )


def forecast(periods: tuple[ForecastPeriod, ...], target: str = "9", best: str = "8"):  # type: ignore[no-untyped-def] # noqa: ANN201
    return forecast_year(
        periods, target=Fraction(target), best_tco2e_per_t=Fraction(best), confidence=NINETY, quantiles=TABLE
    )


def test_without_scatter_the_year_ends_where_it_stands() -> None:
    found = forecast(year_of([900] * 6, planned=6))

    assert (found.intensity, found.low, found.high) == (9, 9, 9)
    assert found.chance is not None
    assert found.chance.value == 1
    assert found.outlook is Outlook.ON_TRACK


def test_the_interval_is_worked_by_hand() -> None:
    found = forecast(year_of([880, 920], planned=2))

    # q = 9; s2 = (20^2 + 20^2) / 100 / 1 = 8; variance 8 x 200 x 400 / 200 = 3200; t(0.95, 1) = 6.313752
    half = Fraction("6.313752") * root_up(Fraction(3200)) / 400
    assert found.intensity == 9
    assert (found.low, found.high) == (max(Fraction(1800, 400), 9 - half), 9 + half)
    assert found.chance is not None
    assert found.chance.value == Fraction(1, 2)
    assert found.outlook is Outlook.AT_RISK


def test_a_drift_that_lasts_widens_the_interval() -> None:
    lasting, alternating = (
        forecast(year_of([910, 910, 890, 890], planned=4)),
        forecast(year_of([910, 890] * 2, planned=4)),
    )

    # same scatter: s2 = 4/3, variance 4/3 x 400 x 800 / 400; the first has r = 1/4 and 5/3 of it
    variance = Fraction(4, 3) * 800
    quantile = Fraction("2.353363")
    assert alternating.high == 9 + quantile * root_up(variance) / 800
    assert lasting.high == 9 + quantile * root_up(variance * Fraction(5, 3)) / 800


def test_a_season_is_in_the_norm_and_not_in_the_forecast_error() -> None:
    norms = [8, 8, 10, 10]
    periods = tuple(
        ForecastPeriod(
            period=f"2025-{number:02d}",
            production_t=Fraction(100),
            norm_tco2e_per_t=Fraction(norm),
            emissions_t=Fraction(norm * 95) if number <= 2 else None,
        )
        for number, norm in enumerate(norms, start=1)
    )

    found = forecast(periods)

    assert found.norm_ratio == Fraction(95, 100)
    assert found.intensity == Fraction(36 * 95, 400)


def test_one_month_gives_a_forecast_without_an_interval() -> None:
    found = forecast(year_of([900], planned=11))

    assert (found.intensity, found.low, found.high, found.chance) == (9, None, None, None)
    assert found.outlook is Outlook.AT_RISK


def test_what_the_rest_must_have_and_the_best_it_can_have() -> None:
    found = forecast(year_of([920] * 6, planned=6), target="9", best="8.5")

    assert found.required == Fraction("8.8")
    assert found.best_case == Fraction("8.85")
    assert found.outlook is Outlook.OFF_TRACK


def test_the_last_chance_is_the_month_after_which_even_the_best_case_misses() -> None:
    found = forecast(year_of([920] * 6, planned=6), target="9", best="8.5")

    # after k months: 920 k + 850 (12 - k) > 10800 first for k = 9 (8280 + 2550 = 10830); for 8 it is 10760
    assert found.last_chance == LastChance(period="2025-09", is_past=False)


def test_a_target_lost_in_the_past_names_that_month() -> None:
    found = forecast(year_of([950] * 8, planned=4), target="9", best="8.5")

    # 950 k + 850 (12 - k) > 10800 first for k = 7 (6650 + 4250 = 10900)
    assert found.last_chance == LastChance(period="2025-07", is_past=True)
    assert found.outlook is Outlook.OUT_OF_REACH


def test_a_year_on_track_has_no_last_chance() -> None:
    assert forecast(year_of([890] * 6, planned=6)).last_chance is None


def test_a_target_of_exactly_the_best_case_is_still_in_reach() -> None:
    found = forecast(year_of([920] * 6, planned=6), target="8.85", best="8.5")

    assert found.best_case == found.target
    assert found.outlook is Outlook.OFF_TRACK


@pytest.mark.parametrize(("emitted", "outlook"), [(900, Outlook.MET), (901, Outlook.MISSED)])
def test_a_year_that_is_over_is_met_or_missed(emitted: int, outlook: Outlook) -> None:
    found = forecast(year_of([emitted] * 12))

    assert (found.outlook, found.required, found.best_case) == (outlook, None, None)
    assert found.low == found.high == found.intensity == Fraction(emitted, 100)


def test_a_best_case_worse_than_the_forecast_is_not_used() -> None:
    found = forecast(year_of([880] * 6, planned=6), best="20")

    assert found.best_case == found.intensity == Fraction("8.8")


def test_a_month_without_production_counts_its_emissions() -> None:
    idle = ForecastPeriod(
        period="2025-02", production_t=Fraction(0), norm_tco2e_per_t=Fraction(1), emissions_t=Fraction(50)
    )
    first, _, *rest = year_of([900, 900], planned=2)

    found = forecast((first, idle, *rest))

    assert found.norm_ratio == Fraction("9.5")
    assert found.low is None


def test_days_are_forecast_as_months_are() -> None:
    days = tuple(
        ForecastPeriod(
            period=f"2025-01-{day:02d}",
            production_t=Fraction(10),
            norm_tco2e_per_t=Fraction(9),
            emissions_t=Fraction(90 + day % 2) if day <= 20 else None,
        )
        for day in range(1, 32)
    )

    found = forecast(days)

    assert found.observed_count == 20
    assert found.low is not None
    assert found.low < found.intensity == found.norm_ratio * 9


def test_the_best_reached_is_the_lowest_of_the_last_months() -> None:
    reached = tuple(map(Fraction, (7, 9, 8, 10)))

    assert best_reached(reached, last=2) == 8
    assert best_reached(reached, last=99) == 7
    with pytest.raises(Conflict):
        best_reached((), last=3)


def test_periods_out_of_order_repeated_or_all_to_come_are_refused() -> None:
    good = year_of([900, 900], planned=2)
    for bad in (good[::-1], good[2:], (good[0], good[0]), (good[0], good[2], good[1]), ()):
        with pytest.raises(Invalid) as refused:
            forecast(bad)
        assert refused.value.code == "forecast.periods"


def test_a_past_without_production_cannot_be_carried_on() -> None:
    with pytest.raises(Conflict) as refused:
        forecast(year_of([0, 0], planned=2, tonnes=0))

    assert refused.value.code == "forecast.no_production"


def test_a_confidence_without_a_row_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Invalid) as refused:
        forecast_year(
            year_of([880, 920], planned=2),
            target=Fraction(9),
            best_tco2e_per_t=Fraction(8),
            confidence=Fraction(93, 100),
            quantiles=TABLE,
        )

    assert refused.value.code == "forecast.confidence"
    assert "9/10" in refused.value.message


@pytest.mark.parametrize(
    ("df", "confidence", "quantile"),
    [(1, "0.9", "6.313752"), (5, "0.95", "2.570582"), (10, "0.99", "3.169273"), (120, "0.9", "1.657651")],
)
def test_quantiles_are_those_of_the_published_table(df: int, confidence: str, quantile: str) -> None:
    assert TABLE.two_sided(Fraction(confidence), df) == Fraction(quantile)


def test_degrees_between_two_rows_take_the_smaller_and_wider_one() -> None:
    assert TABLE.two_sided(NINETY, 14) == TABLE.two_sided(NINETY, 12) > TABLE.two_sided(NINETY, 15)


def test_a_chance_beyond_the_table_is_a_bound() -> None:
    assert TABLE.below(Fraction(0), 5).value == Fraction(1, 2)
    assert TABLE.below(Fraction(1000), 5).is_bound
    assert TABLE.below(Fraction(-1000), 5).value == Fraction(1, 1000)


@pytest.mark.parametrize("pairs", [(), ((Fraction(1, 4), Fraction(1)),), ((Fraction(3, 4), Fraction(0)),)])
def test_a_table_that_does_not_rise_is_refused(pairs: tuple[tuple[Fraction, Fraction], ...]) -> None:
    with pytest.raises(Invalid):
        QuantileTable(by_df={1: pairs})


tonnes = st.integers(min_value=1, max_value=2000).map(lambda each: Fraction(each, 2))


@given(emitted=st.lists(tonnes, min_size=2, max_size=11), target=tonnes)
def test_the_interval_holds_the_forecast_and_more_emissions_never_help(
    emitted: list[Fraction], target: Fraction
) -> None:
    planned = 12 - len(emitted)

    lower = forecast(year_of([str(each) for each in emitted], planned=planned), target=str(target), best="0")
    worse = forecast(year_of([str(each + 1) for each in emitted], planned=planned), target=str(target), best="0")

    assert lower.low is not None
    assert lower.high is not None
    assert lower.low <= lower.intensity <= lower.high
    assert worse.intensity > lower.intensity
    assert lower.chance is not None
    assert worse.chance is not None
    assert worse.chance.value <= lower.chance.value


@given(st.fractions(min_value=0, max_value=10**9, max_denominator=10**6))
def test_a_root_is_never_too_small_and_never_far_off(value: Fraction) -> None:
    root = root_up(value)

    assert root * root >= value
    assert root == 0 or (root - Fraction(2, 10**12)) ** 2 <= value or root <= Fraction(2, 10**12)


@given(
    st.lists(st.tuples(tonnes, st.none() | tonnes), max_size=6),
    st.fractions(max_denominator=100),
    st.fractions(max_denominator=100),
)
def test_anything_is_forecast_or_refused_and_never_crashes(
    rows: list[tuple[Fraction, Fraction | None]], target: Fraction, best: Fraction
) -> None:
    periods = tuple(
        ForecastPeriod(period=f"2025-{n:02d}", production_t=made, norm_tco2e_per_t=Fraction(1), emissions_t=out)
        for n, (made, out) in enumerate(rows, start=1)
    )
    try:
        found = forecast(periods, target=str(target), best=str(best))
    except DomainError:
        return
    assert found.intensity >= 0


def example_back_test(year: int) -> BackTest:
    set_ = factors.parse_factors((REFERENCE / "factors.csv").read_text(encoding="utf-8"), set_id="f", version="1")
    recipes = methodologies.parse_methodologies((REFERENCE / "methodologies.csv").read_text(encoding="utf-8"))
    bound = methodologies.bind(methodologies.find(recipes, "article-2024-draft"), set_)
    template = parse_templates((REFERENCE / "activity_templates.csv").read_text(encoding="utf-8"))[0]
    text = (ROOT / "examples" / "smelter" / "activity.csv").read_text(encoding="utf-8")
    activity = parse_activity(csv_table(text, file="activity.csv"), template)
    before = {
        each.month[4:]: each.intensity_tco2e_per_t()
        for each in (intensity.month_emissions(month, bound) for month in activity if month.year == year - 1)
    }
    periods = tuple(
        ForecastPeriod(
            period=each.month,
            production_t=each.production_t,
            norm_tco2e_per_t=before.get(each.month[4:], Fraction(1)),
            emissions_t=each.emissions_t,
        )
        for each in (intensity.month_emissions(month, bound) for month in activity if month.year == year)
    )
    best = BestCase(technical_minimum=None, reached_before=tuple(before.values()), last=12)
    return back_test(periods, target=Fraction("8.28"), best=best, confidence=NINETY, quantiles=TABLE)


def test_with_last_years_season_2025_was_forecast_within_half_a_percent_from_the_second_month() -> None:
    test = example_back_test(2025)

    assert len(test.cuts) == 11
    assert all(abs(cut.error) < cut.actual / 200 for cut in test.cuts[1:])


def test_the_intervals_of_2025_held_as_often_as_they_promised() -> None:
    coverage = example_back_test(2025).coverage

    assert coverage is not None
    assert coverage >= NINETY


def test_without_an_earlier_year_the_season_biases_2024_and_the_back_test_says_so() -> None:
    seasonal, flat = example_back_test(2025), example_back_test(2024)

    assert flat.largest_error > seasonal.largest_error
    assert flat.coverage is not None


def test_a_year_that_is_not_over_has_no_back_test() -> None:
    best = BestCase(technical_minimum=Fraction(8), reached_before=(), last=1)

    for periods in (year_of([900] * 6, planned=1), year_of([900]), ()):
        with pytest.raises(Conflict) as refused:
            back_test(periods, target=Fraction(9), best=best, confidence=NINETY, quantiles=TABLE)
        assert refused.value.code == "forecast.back_test"


def test_a_back_test_sees_nothing_that_came_later() -> None:
    best = BestCase(technical_minimum=None, reached_before=(), last=12)

    test = back_test(year_of([900, 900, 100]), target=Fraction(9), best=best, confidence=NINETY, quantiles=TABLE)

    assert [cut.forecast.best_tco2e_per_t for cut in test.cuts] == [9, 9]
    assert [cut.forecast.intensity for cut in test.cuts] == [9, 9]


def test_the_explanation_ends_in_the_sources_of_every_month() -> None:
    found = forecast(year_of([880, 920], planned=2))
    sources = {each.period: f"row of {each.period}" for each in found.periods}

    tree = explain_forecast(found, sources=sources, target_source="clause 6.2", table_source="table")

    named = {leaf.source for leaf in tree.leaves()}
    assert named == {*sources.values(), "clause 6.2", "table"}
    assert all(leaf.label_zh for leaf in tree.leaves())
    assert tree.value == "9"
