"""Every day has exactly one price: intervals tile the life, bounds hold, the order of knowledge does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.adjustments import KpiResult
from finance.loans.effect_dates import EffectSpan
from finance.loans.price_effects import (
    Consequence,
    OutcomeStatus,
    PricedItem,
    Ratchet,
    TableByCount,
    WhileHeld,
)
from finance.loans.price_timeline import (
    GradeFrom,
    KnownTest,
    PriceInterval,
    Span,
    interval_on,
    price_timeline,
    standing,
)
from finance.loans.tranche_terms import GradeMargin, RatingGrid, TrancheTerms
from ledger.core.errors import Invalid
from tests.core.deal_shapes import NAMES, ratchets, results_for
from tests.core.loan_examples import (
    LPR_LOAN,
    MATURITY,
    START,
    TRANCHE,
    bps,
    clause,
    document_bytes,
    on,
    ratchet,
    steps,
)

F = Fraction
ALWAYS: tuple[Span, ...] = ((date(2000, 1, 1), date(2100, 1, 1)),)
GRID = RatingGrid(
    agency="agency",
    grades=(GradeMargin(grade="A", margin_bp=F(90)), GradeMargin(grade="BBB", margin_bp=F(110))),
    grade_at_signing="A",
)


def result(status: OutcomeStatus, observed: Fraction | None = None) -> KpiResult:
    return KpiResult(status=status, observed=observed)


def known(
    year: int,
    *statuses: OutcomeStatus,
    name: str = "",
    sequence: int | None = None,
    begins: date | None = None,
    until: date | None = None,
    replaces: str | None = None,
    held: Mapping[str, tuple[Span, ...]] | None = None,
    names: Sequence[str] = ("intensity",),
    is_last: bool = False,
) -> KnownTest:
    """Return the determination of a calendar year, counting from 20 June of the next one unless said otherwise."""
    span = EffectSpan(effective_from=begins or date(year + 1, 6, 20), until=until)
    return KnownTest(
        determination_id=name or f"d{year}",
        sequence=year if sequence is None else sequence,
        period_start=date(year, 1, 1),
        period_end=date(year + 1, 1, 1),
        results={each: result(status, F(10)) for each, status in zip(names, statuses, strict=True)},
        held=held or {},
        spans={"A": span},
        replaces=replaces,
        is_last=is_last,
    )


def timeline(
    *tests: KnownTest,
    prices: Ratchet | None = None,
    tranche: TrancheTerms = TRANCHE,
    labelled: tuple[Span, ...] = ALWAYS,
    grades: tuple[GradeFrom, ...] = (),
) -> tuple[PriceInterval, ...]:
    return price_timeline(
        tranche, start=START, ratchet=prices or ratchet(), tests=tests, labelled=labelled, grades=grades
    )


MET, MISSED = OutcomeStatus.MET, OutcomeStatus.MISSED


def test_without_a_determination_one_interval_of_nothing_covers_the_life() -> None:
    assert timeline() == (
        PriceInterval(
            start=START,
            end=MATURITY,
            effects=(("esg", F(0)),),
            adjustment_bp=F(0),
            determination_id=None,
            is_labelled=True,
            grade=None,
        ),
    )


def test_a_step_down_counts_from_its_effect_day_until_the_next_one() -> None:
    found = timeline(known(2024, MET), known(2025, MISSED), known(2026, MET))

    assert bps(found) == [(START, 0), (date(2025, 6, 20), -10), (date(2026, 6, 20), 0), (date(2027, 6, 20), -10)]


def test_a_replaced_determination_counts_for_nothing_on_any_day() -> None:
    wrong = known(2024, MET)
    right = known(2024, MISSED, name="right", sequence=2030, replaces="d2024")

    assert bps(timeline(wrong, right)) == [(START, 0)]


def test_a_late_report_on_an_older_year_does_not_take_over_from_a_later_year_in_force() -> None:
    late = known(2023, MET, sequence=2040, begins=date(2026, 9, 20))

    assert bps(timeline(late, known(2024, MISSED))) == [(START, 0)]


def test_a_report_delivered_late_counts_from_its_own_effect_day() -> None:
    late = known(2024, OutcomeStatus.LATE)
    delivered = known(2024, MET, name="delivered", sequence=2050, begins=date(2025, 9, 20))

    assert bps(timeline(late, delivered)) == [(START, 0), (date(2025, 9, 20), -10)]


def test_an_effect_of_twelve_months_ends_on_its_day() -> None:
    limited = known(2024, MET, until=date(2026, 6, 20))

    assert bps(timeline(limited)) == [(START, 0), (date(2025, 6, 20), -10), (date(2026, 6, 20), 0)]


def test_outside_the_label_no_clause_counts_for_margin_or_fee() -> None:
    prices = ratchet(clause(steps(10, 0), on(PricedItem.MARGIN), on(PricedItem.FEE, fee="commitment")))
    found = timeline(known(2024, MET), prices=prices, labelled=((START, date(2026, 1, 15)),))

    moved = [(each.start, each.moves(prices, PricedItem.FEE, tranche_id="A", fee="commitment")) for each in found]
    assert bps(found) == [(START, 0), (date(2025, 6, 20), -10), (date(2026, 1, 15), 0)]
    assert moved == bps(found)
    assert [each.is_labelled for each in found] == [True, True, False]


def test_a_grade_counts_from_its_day_and_stacks_on_the_clauses() -> None:
    graded = replace(LPR_LOAN, rating_grid=GRID)
    grades = (GradeFrom(on=date(2025, 9, 1), grade="BBB"),)

    found = timeline(known(2024, MET), tranche=graded, grades=grades)

    assert bps(found) == [(START, 90), (date(2025, 6, 20), 80), (date(2025, 9, 1), 100)]
    assert [each.grade for each in found] == ["A", "A", "BBB"]


def test_the_margin_floor_bounds_spread_grid_and_clauses_together() -> None:
    graded = replace(LPR_LOAN, rating_grid=GRID, margin_floor_bp=F(85))

    assert bps(timeline(known(2024, MET), tranche=graded)) == [(START, 90), (date(2025, 6, 20), 85)]


HELD = ((date(2025, 2, 1), date(2025, 3, 10)), (date(2025, 8, 1), date(2025, 10, 1)))


def test_a_status_lowers_on_the_days_on_which_it_was_held_and_on_no_other() -> None:
    prices = ratchet(clause(WhileHeld(kpi_id="intensity", down_bp=F(89), up_bp=F(0)), effect_id="rate"))

    found = timeline(known(2025, MET, held={"intensity": HELD}), prices=prices)

    assert bps(found) == [
        (START, 0),
        (date(2025, 2, 1), -89),
        (date(2025, 3, 10), 0),
        (date(2025, 8, 1), -89),
        (date(2025, 10, 1), 0),
    ]


def test_a_status_that_raises_while_not_held_raises_inside_its_test_period_only() -> None:
    prices = ratchet(clause(WhileHeld(kpi_id="intensity", down_bp=F(0), up_bp=F(7)), effect_id="rate"))

    found = timeline(known(2025, MISSED, held={"intensity": ((date(2025, 1, 1), date(2025, 12, 1)),)}), prices=prices)

    assert bps(found) == [(START, 0), (date(2025, 12, 1), 7), (date(2026, 1, 1), 0)]


@pytest.mark.parametrize(
    ("status", "consequence", "expected"),
    [
        (OutcomeStatus.MISSING, Consequence.BASE_RATE, 0),
        (OutcomeStatus.MISSING, Consequence.AS_MISSED, 7),
        (OutcomeStatus.QUALIFIED, Consequence.BASE_RATE, 0),
        (OutcomeStatus.LATE, Consequence.AS_MISSED, 7),
        (OutcomeStatus.WAIVED, Consequence.AS_MISSED, 0),  # a waiver neither lowers nor raises
    ],
)
def test_a_status_without_a_report_that_counts_has_the_consequence_all_through_its_period(
    status: OutcomeStatus, consequence: Consequence, expected: int
) -> None:
    rule = WhileHeld(kpi_id="intensity", down_bp=F(89), up_bp=F(7))
    prices = ratchet(clause(rule, effect_id="rate"), absent=consequence)

    found = timeline(known(2025, status, held={"intensity": HELD}), prices=prices)

    days = (date(2025, 1, 1), *(day for each in HELD for day in each), date(2025, 12, 31))
    assert {interval_on(found, day).adjustment_bp for day in days} == {F(expected)}
    assert interval_on(found, date(2026, 1, 1)).adjustment_bp == 0


def test_a_status_stays_within_the_bound_of_its_clause() -> None:
    rule = WhileHeld(kpi_id="intensity", down_bp=F(89), up_bp=F(0))
    prices = ratchet(clause(rule, effect_id="rate", cap_bp=50))

    found = timeline(known(2025, MET, held={"intensity": HELD}), prices=prices)

    assert min(each.adjustment_bp for each in found) == -50


def test_a_cumulative_clause_carries_what_the_year_before_comes_to_as_it_stands_now() -> None:
    prices = ratchet(clause(steps(4, 4), cap_bp=10, is_cumulative=True))
    years = [known(2023, MET), known(2024, MET), known(2025, MET)]
    restated = known(2023, MISSED, name="again", sequence=2060, replaces="d2023")

    assert [bp for _, bp in bps(timeline(*years, prices=prices))] == [0, -4, -8, -10]
    assert [bp for _, bp in bps(timeline(*years, restated, prices=prices))] == [0, 4, 0, -4]


def test_a_half_year_is_an_older_test_than_the_year_that_ends_later() -> None:
    half = replace(known(2025, MET, name="half"), period_end=date(2025, 7, 1))
    year = known(2025, MISSED, sequence=1)

    assert bps(timeline(half, year)) == [(START, 0)]
    assert [each.determination_id for each in standing((half, year))] == ["half", "d2025"]


def test_a_day_outside_the_life_has_no_price() -> None:
    for day in (START - timedelta(days=1), MATURITY):
        with pytest.raises(Invalid) as refusal:
            interval_on(timeline(), day)
        assert refusal.value.code == "timeline.outside_life"


@pytest.mark.parametrize(
    ("tests", "code"),
    [
        ((known(2024, MET), known(2025, MET, sequence=2024)), "timeline.sequence"),
        ((known(2024, MET), known(2025, MET, name="d2024")), "timeline.determination_id"),
        ((known(2024, MET, replaces="nobody"),), "timeline.replaces"),
        ((known(2024, MET, replaces="d2024"),), "timeline.replaces"),
        ((known(2024, MET), known(2024, MET, name="before", sequence=1, replaces="d2024")), "timeline.replaces"),
    ],
)
def test_contradictory_knowledge_is_refused(tests: tuple[KnownTest, ...], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        timeline(*tests)

    assert refusal.value.code == code


def test_two_grades_from_one_day_on_are_refused() -> None:
    grades = (GradeFrom(on=START, grade="A"), GradeFrom(on=START, grade="BBB"))

    with pytest.raises(Invalid) as refusal:
        timeline(grades=grades)

    assert refusal.value.code == "timeline.grades"


def test_a_life_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        price_timeline(TRANCHE, start=MATURITY, ratchet=ratchet(), tests=(), labelled=ALWAYS)

    assert refusal.value.code == "timeline.start"


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Ratchet, tuple[KnownTest, ...], tuple[Span, ...], tuple[GradeFrom, ...]]:
    """Return any ratchet with up to five determinations of any years, effects, corrections, label and ratings."""
    prices = draw(ratchets())
    days = st.dates(min_value=date(2023, 6, 1), max_value=date(2030, 1, 1))
    tests: list[KnownTest] = []
    for sequence in range(draw(st.integers(0, 5))):
        year = draw(st.integers(2023, 2027))
        begins = draw(days)
        inside = [each for each in tests if each.period_start.year == year]
        held = tuple(
            (date(year, month, 1), date(year, month, draw(st.integers(2, 28))))
            for month in sorted(draw(st.sets(st.integers(1, 12), max_size=3)))
        )
        lasts = draw(st.none() | st.integers(1, 900))
        tests.append(
            KnownTest(
                determination_id=f"d{sequence}",
                sequence=sequence,
                period_start=date(year, 1, 1),
                period_end=date(year + 1, 1, 1),
                results=draw(results_for(prices)),
                held={name: held for name in NAMES if draw(st.booleans())},
                spans={
                    "A": EffectSpan(
                        effective_from=begins, until=None if lasts is None else begins + timedelta(days=lasts)
                    )
                },
                replaces=draw(st.sampled_from([None, *(each.determination_id for each in inside)])),
                is_last=year == 2027,
            )
        )
    first, last = sorted((draw(days), draw(days)))
    ratings = draw(st.dictionaries(days, st.sampled_from(["A", "BBB"]), max_size=3))
    return (
        prices,
        tuple(tests),
        ((first, last),),
        tuple(GradeFrom(on=day, grade=grade) for day, grade in ratings.items()),
    )


GRADED = replace(LPR_LOAN, rating_grid=GRID, margin_floor_bp=F(60))


@given(world=worlds())
def test_every_day_of_the_life_has_exactly_one_price(
    world: tuple[Ratchet, tuple[KnownTest, ...], tuple[Span, ...], tuple[GradeFrom, ...]],
) -> None:
    prices, tests, labelled, grades = world

    found = timeline(*tests, prices=prices, tranche=GRADED, labelled=labelled, grades=grades)

    assert found[0].start == START
    assert found[-1].end == MATURITY
    assert all(each.start < each.end for each in found)
    for left, right in pairwise(found):
        assert left.end == right.start
        assert replace(left, end=right.end) != replace(right, start=left.start)  # maximal: neighbours differ
    for number in range(0, (MATURITY - START).days, 97):
        day = START + timedelta(days=number)
        assert sum(each.start <= day < each.end for each in found) == 1
        assert interval_on(found, day).start <= day


@given(world=worlds())
def test_the_order_in_which_facts_are_listed_changes_no_byte(
    world: tuple[Ratchet, tuple[KnownTest, ...], tuple[Span, ...], tuple[GradeFrom, ...]],
) -> None:
    prices, tests, labelled, grades = world

    one = timeline(*tests, prices=prices, tranche=GRADED, labelled=labelled, grades=grades)
    other = timeline(*tests[::-1], prices=prices, tranche=GRADED, labelled=labelled, grades=grades[::-1])

    assert [document_bytes(each) for each in one] == [document_bytes(each) for each in other]


@given(world=worlds(), total=st.none() | st.fractions(min_value=0, max_value=30, max_denominator=6))
def test_bounds_hold_on_every_day_for_every_clause_the_total_and_the_floor(
    world: tuple[Ratchet, tuple[KnownTest, ...], tuple[Span, ...], tuple[GradeFrom, ...]], total: Fraction | None
) -> None:
    prices, tests, labelled, grades = world
    prices = replace(prices, total_cap_down_bp=total, total_cap_up_bp=total)
    by_id = {effect.effect_id: effect for effect in prices.effects}

    found = timeline(*tests, prices=prices, tranche=GRADED, labelled=labelled, grades=grades)

    for interval in found:
        for effect_id, bp in interval.effects:
            assert -by_id[effect_id].cap_down_bp <= bp <= by_id[effect_id].cap_up_bp
        moved = interval.moves(prices, PricedItem.MARGIN, tranche_id="A")
        assert total is None or -total <= moved <= total
        margin = GRID.margin_at(interval.grade or "") + moved
        assert interval.adjustment_bp == max(margin, F(60))
        assert interval.is_labelled or interval.adjustment_bp == max(GRID.margin_at(interval.grade or ""), F(60))


@given(first=st.permutations(NAMES), count=st.integers(0, 2), data=st.data())
def test_one_more_target_met_never_raises_the_price_on_any_day(
    first: list[str], count: int, data: st.DataObject
) -> None:
    table = TableByCount(kpi_ids=NAMES, bp_by_met=(F(6), F(1), F(-5, 3), F(-10)))
    prices = ratchet(
        clause(table, effect_id="table"), clause(steps(3, 2, *NAMES), effect_id="steps", is_cumulative=True)
    )
    worse = {name: MET if place < count else MISSED for place, name in enumerate(first)}
    better = {**worse, first[count]: MET}
    year = data.draw(st.sampled_from([2023, 2024, 2025]))

    def with_year(statuses: Mapping[str, OutcomeStatus]) -> tuple[PriceInterval, ...]:
        plain = [MISSED, MET, MISSED]
        tests = [
            known(each, *(statuses.values() if each == year else plain), names=tuple(statuses))
            for each in range(2023, 2026)
        ]
        return timeline(*tests, prices=prices)

    high, low = with_year(worse), with_year(better)

    for number in range(0, (MATURITY - START).days, 61):
        day = START + timedelta(days=number)
        assert interval_on(low, day).adjustment_bp <= interval_on(high, day).adjustment_bp
