"""Tranches: what prices a line is stated and fits together, or is refused by its field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from finance.loans.base_rates import FixedRate
from finance.loans.tranche import Drawdown
from finance.loans.tranche_terms import GradeMargin, RatingGrid, TrancheKind
from ledger.core.errors import Invalid
from tests.core.deal_shapes import terms_of

F = Fraction
LOAN = terms_of("constructed-linear").tranches[0]
RCF = terms_of("constructed-margin-5-fee-1").tranches[0]
GRID = RatingGrid(
    agency="example rating",
    grades=(
        GradeMargin(grade="A", margin_bp=F("112.5")),
        GradeMargin(grade="B", margin_bp=F(150)),
        GradeMargin(grade="C", margin_bp=F(175)),
    ),
    grade_at_signing="B",
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tranche_id": "a b"}, "terms.tranche_id"),
        ({"calendar_market": ""}, "terms.calendar_market"),
        ({"currency": "RMB"}, "terms.currency"),
        ({"currency": "cny"}, "terms.currency"),
        ({"commitment_minor": 0}, "terms.commitment_minor"),
        ({"commitment_minor": 10**15 + 1}, "terms.commitment_minor"),
        ({"accordion_minor": -1}, "terms.accordion_minor"),
        ({"commitment_minor": 19_999_999_999}, "terms.drawdowns"),
        ({"maturity_date": LOAN.signed_on}, "terms.maturity_date"),
        ({"maturity_date": date(2201, 1, 1)}, "terms.maturity_date"),
        ({"signed_on": date(1989, 12, 31)}, "terms.signed_on"),
        ({"signed_on": date(2026, 1, 6)}, "terms.drawdowns"),
        ({"drawdowns": LOAN.drawdowns * 2}, "terms.drawdowns"),
        ({"drawdowns": (Drawdown(on=LOAN.maturity_date, amount_minor=1),)}, "terms.drawdowns"),
        ({"what": TrancheKind.SWAP}, "terms.paired_with"),
        ({"paired_with": "swap"}, "terms.paired_with"),
        ({"fees": RCF.fees * 2}, "terms.fees"),
        ({"margin_floor_bp": F(10_001)}, "terms.margin_floor_bp"),
    ],
)
def test_an_illegal_tranche_is_refused_by_its_field(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(LOAN, **change)

    assert refusal.value.code == code


def test_an_accordion_makes_room_for_drawdowns() -> None:
    tranche = replace(LOAN, commitment_minor=19_999_999_999, accordion_minor=1)

    assert tranche.drawdowns == LOAN.drawdowns


def test_a_revolving_line_may_draw_more_than_it_commits_over_time() -> None:
    drawdowns = tuple(Drawdown(on=date(2026, month, 5), amount_minor=15_000_000_000) for month in (2, 5, 8))

    assert replace(RCF, drawdowns=drawdowns).drawdowns == drawdowns


def test_a_fixed_rate_has_no_margin_to_bound() -> None:
    with pytest.raises(Invalid) as refusal:
        replace(LOAN, base_rate=FixedRate(rate=F(3, 100)), margin_floor_bp=F(0))

    assert refusal.value.code == "terms.margin_floor_bp"


def test_a_tranche_covers_its_signing_day_and_not_its_maturity() -> None:
    assert LOAN.covers(LOAN.signed_on)
    assert not LOAN.covers(LOAN.maturity_date)


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1])
def test_a_drawdown_is_an_amount(amount: int) -> None:
    with pytest.raises(Invalid) as refusal:
        Drawdown(on=date(2026, 1, 5), amount_minor=amount)

    assert refusal.value.code == "tranche.amount_minor"


def test_a_grid_gives_the_margin_at_a_grade() -> None:
    assert [GRID.margin_at(grade) for grade in ("A", "B", "C")] == [F("112.5"), 150, 175]


def test_a_grade_that_the_grid_does_not_have_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        GRID.margin_at("D")

    assert refusal.value.code == "terms.grade"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grade_at_signing": "D"}, "terms.grade_at_signing"),
        ({"grades": GRID.grades[::-1]}, "terms.grades"),
        ({"grades": GRID.grades + GRID.grades[-1:]}, "terms.grades"),
        ({"grades": ()}, "terms.grades"),
        ({"agency": ""}, "terms.agency"),
    ],
)
def test_a_grid_in_which_better_costs_more_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(GRID, **change)

    assert refusal.value.code == code
