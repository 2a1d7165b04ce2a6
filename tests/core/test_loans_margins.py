"""Margin intervals: they tile the life, in any order of arrival, and each names its cause."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.margins import DatedAdjustment, margin_intervals, rate_at, segments_between
from ledger.core.errors import Invalid
from tests.core.test_loans_examples import TERMS

LIFE_DAYS = (TERMS.maturity_date - TERMS.drawdown_date).days


def decided(effective_from: date, bp: int, sequence: int = 1) -> DatedAdjustment:
    return DatedAdjustment(
        determination_id=f"det-{sequence}",
        effective_from=effective_from,
        adjustment_bp=Fraction(bp),
        sequence=sequence,
    )


@st.composite
def adjustments(draw: st.DrawFn) -> list[DatedAdjustment]:
    offsets = draw(st.lists(st.integers(min_value=0, max_value=LIFE_DAYS - 1), max_size=8))
    return [
        decided(TERMS.drawdown_date + timedelta(days=offset), draw(st.integers(min_value=-400, max_value=50)), sequence)
        for sequence, offset in enumerate(offsets)
    ]


def test_without_a_decision_the_base_rate_stands_throughout() -> None:
    (only,) = margin_intervals(TERMS, ())

    assert (only.start, only.end, only.rate) == (TERMS.drawdown_date, TERMS.maturity_date, TERMS.base_rate)
    assert only.determination_id is None


def test_a_step_holds_from_its_effect_day_until_the_next_one() -> None:
    margins = margin_intervals(TERMS, (decided(date(2026, 6, 20), -10), decided(date(2027, 6, 20), 0, 2)))

    days = (date(2026, 6, 19), date(2026, 6, 20), date(2027, 6, 19), date(2027, 6, 20))
    assert [rate_at(margins, day) for day in days] == [Fraction(n, 10_000) for n in (345, 335, 335, 345)]
    assert [interval.determination_id for interval in margins] == [None, "det-1", "det-2"]


def test_the_later_known_of_two_decisions_for_one_day_replaces_the_other() -> None:
    restated = (decided(date(2026, 6, 20), 0, 2), decided(date(2026, 6, 20), -10, 1))

    assert rate_at(margin_intervals(TERMS, restated), date(2026, 7, 1)) == TERMS.base_rate


def test_the_floor_of_the_terms_holds() -> None:
    margins = margin_intervals(TERMS, (decided(TERMS.drawdown_date, -9999),))

    assert rate_at(margins, TERMS.drawdown_date) == 0


@pytest.mark.parametrize("day", [date(2024, 12, 19), date(2027, 12, 20)])
def test_an_effect_outside_the_life_is_refused(day: date) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "margin.outside_life"):
        margin_intervals(TERMS, (decided(day, -10),))


@pytest.mark.parametrize("day", [date(2024, 12, 19), date(2027, 12, 20)])
def test_a_day_outside_the_life_has_no_rate(day: date) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "margin.outside_life"):
        rate_at(margin_intervals(TERMS, ()), day)


def test_two_decisions_in_one_place_of_the_order_are_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "margin.sequence"):
        margin_intervals(TERMS, (decided(date(2026, 6, 20), -10), decided(date(2027, 6, 20), 0)))


def test_segments_are_cut_at_the_step_and_at_the_period() -> None:
    margins = margin_intervals(TERMS, (decided(date(2026, 7, 1), -10),))

    segments = segments_between(margins, start=date(2026, 6, 20), end=date(2026, 9, 20))

    assert [(part.start, part.end) for part in segments] == [
        (date(2026, 6, 20), date(2026, 7, 1)),
        (date(2026, 7, 1), date(2026, 9, 20)),
    ]


def test_segments_beyond_maturity_are_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "margin.outside_life"):
        segments_between(margin_intervals(TERMS, ()), start=date(2027, 9, 20), end=date(2027, 12, 21))


@given(known=adjustments())
def test_margin_intervals_tile_the_loan_s_life(known: list[DatedAdjustment]) -> None:
    margins = margin_intervals(TERMS, known)

    assert (margins[0].start, margins[-1].end) == (TERMS.drawdown_date, TERMS.maturity_date)
    assert all(interval.end == after.start for interval, after in pairwise(margins))
    assert all(interval.start < interval.end for interval in margins)


@given(known=adjustments(), choice=st.data())
def test_any_order_of_arrival_gives_the_same_rates(known: list[DatedAdjustment], choice: st.DataObject) -> None:
    shuffled = choice.draw(st.permutations(known))

    assert margin_intervals(TERMS, shuffled) == margin_intervals(TERMS, known)
