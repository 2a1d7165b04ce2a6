"""Pricing clauses: which are legal, how far they reach, and which KPIs they look at."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from finance.kpi.targets import Bound
from finance.loans.price_effects import (
    AppliesTo,
    Consequence,
    DeadBand,
    Direction,
    KpiStep,
    KpiWeight,
    Linear,
    OutcomeStatus,
    PricedItem,
    PriceEffect,
    Ratchet,
    StepPerKpi,
    TableByCount,
    Weighted,
    WhileHeld,
    kpis_of,
    reach,
)
from ledger.core.errors import Invalid
from tests.core.deal_shapes import ratchets

F = Fraction
MARGIN = AppliesTo(item=PricedItem.MARGIN, tranche_id=None, fee=None, factor=F(1))
STEP = KpiStep(kpi_id="intensity", down_bp=F(10), up_bp=F(0))
EFFECT = PriceEffect(
    effect_id="rate",
    rule=StepPerKpi(steps=(STEP,)),
    applies_to=(MARGIN,),
    direction=Direction.DOWN_ONLY,
    cap_down_bp=F(10),
    cap_up_bp=F(0),
    kpi_cap_down_bp=None,
    kpi_cap_up_bp=None,
    is_cumulative=False,
    resets_in_last_period=False,
)
RATCHET = Ratchet(
    effects=(EFFECT,),
    total_cap_down_bp=None,
    total_cap_up_bp=None,
    on_missing=Consequence.BASE_RATE,
    on_late=Consequence.AS_MISSED,
    on_qualified=Consequence.UNCHANGED,
    premium_bp=None,
)
LINEAR = Linear(kpi_id="intensity", better=Bound.AT_MOST, floor=F(9), base=F(10), cap=F(12), down_bp=F(6), up_bp=F(8))
TABLE = TableByCount(kpi_ids=("a", "b"), bp_by_met=(F(5), F(0), F(-5)))
WEIGHTS = (KpiWeight(kpi_id="a", weight=F(1, 3)), KpiWeight(kpi_id="b", weight=F(2, 3)))


@pytest.mark.parametrize(
    ("value", "change", "code"),
    [
        (STEP, {"down_bp": F(-1)}, "ratchet.down_bp"),
        (STEP, {"up_bp": F(10_001)}, "ratchet.up_bp"),
        (STEP, {"kpi_id": ""}, "ratchet.kpi_id"),
        (MARGIN, {"fee": "commitment"}, "ratchet.fee"),
        (MARGIN, {"item": PricedItem.FEE}, "ratchet.fee"),
        (MARGIN, {"factor": F(0)}, "ratchet.factor"),
        (MARGIN, {"factor": F(-101)}, "ratchet.factor"),
        (MARGIN, {"tranche_id": "a b"}, "ratchet.tranche_id"),
        (LINEAR, {"base": F(9)}, "ratchet.base"),
        (LINEAR, {"base": F(12)}, "ratchet.base"),
        (LINEAR, {"floor": F(13)}, "ratchet.base"),
        (TABLE, {"bp_by_met": (F(5), F(0))}, "ratchet.bp_by_met"),
        (TABLE, {"bp_by_met": (F(5), F(-5), F(0))}, "ratchet.bp_by_met"),
        (TABLE, {"kpi_ids": ("a", "a")}, "ratchet.kpi_ids"),
        (EFFECT, {"applies_to": ()}, "ratchet.applies_to"),
        (EFFECT, {"applies_to": (MARGIN, MARGIN)}, "ratchet.applies_to"),
        (EFFECT, {"cap_up_bp": F(1)}, "ratchet.direction"),
        (EFFECT, {"direction": Direction.UP_ONLY}, "ratchet.direction"),
        (EFFECT, {"resets_in_last_period": True}, "ratchet.resets_in_last_period"),
        (EFFECT, {"kpi_cap_down_bp": F(-1)}, "ratchet.kpi_cap_down_bp"),
        (RATCHET, {"effects": ()}, "ratchet.effects"),
        (RATCHET, {"effects": (EFFECT, EFFECT)}, "ratchet.effects"),
        (RATCHET, {"premium_bp": F(5)}, "ratchet.premium_bp"),
        (RATCHET, {"on_missing": Consequence.PREMIUM}, "ratchet.premium_bp"),
        (RATCHET, {"on_missing": Consequence.PREMIUM, "premium_bp": F(5)}, "ratchet.effects"),
        (RATCHET, {"total_cap_down_bp": F(-1)}, "ratchet.total_cap_down_bp"),
    ],
)
def test_an_illegal_clause_is_refused_by_its_field(value: Any, change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(value, **change)

    assert refusal.value.code == code


def test_weights_that_are_not_the_whole_are_refused() -> None:
    with pytest.raises(Invalid, match="sum to exactly 1"):
        Weighted(weights=(replace(WEIGHTS[0], weight=F(333, 1000)), WEIGHTS[1]), down_bp=F(1), up_bp=F(1))


def test_a_band_of_one_point_is_legal_and_one_turned_round_is_not() -> None:
    band = DeadBand(
        kpi_id="a", better=Bound.AT_MOST, low=F(9), high=F(9), down_bp=F(1), up_bp=F(1), keeps_previous=True
    )

    with pytest.raises(Invalid):
        replace(band, low=F(10))


@pytest.mark.parametrize(
    ("rule", "down_bp", "up_bp"),
    [
        (StepPerKpi(steps=(STEP, KpiStep(kpi_id="b", down_bp=F(5, 6), up_bp=F(2)))), F(65, 6), F(2)),
        (TABLE, F(5), F(5)),
        (TableByCount(kpi_ids=("a",), bp_by_met=(F(7), F(3))), F(0), F(7)),
        (Weighted(weights=WEIGHTS, down_bp=F(3), up_bp=F(4)), F(3), F(4)),
        (LINEAR, F(6), F(8)),
        (WhileHeld(kpi_id="label", down_bp=F(89), up_bp=F(0)), F(89), F(0)),
    ],
)
def test_a_rule_reaches_as_far_as_its_steps(rule: Any, down_bp: Fraction, up_bp: Fraction) -> None:
    assert reach(rule) == (down_bp, up_bp)


def test_a_ratchet_looks_at_each_kpi_once_in_the_clauses_order() -> None:
    table = replace(EFFECT, effect_id="table", rule=TABLE, direction=Direction.TWO_WAY, cap_up_bp=F(5))

    ratchet = replace(RATCHET, effects=(table, EFFECT, replace(table, effect_id="again")))

    assert ratchet.kpi_ids == ("a", "b", "intensity")
    assert kpis_of(WhileHeld(kpi_id="label", down_bp=F(1), up_bp=F(0))) == ("label",)


@pytest.mark.parametrize(
    ("status", "consequence"),
    [
        (OutcomeStatus.MISSING, Consequence.BASE_RATE),
        (OutcomeStatus.LATE, Consequence.AS_MISSED),
        (OutcomeStatus.QUALIFIED, Consequence.UNCHANGED),
    ],
)
def test_each_absent_result_has_its_own_consequence(status: OutcomeStatus, consequence: Consequence) -> None:
    assert RATCHET.consequence_of(status) is consequence


@settings(max_examples=40)
@given(ratchet=ratchets())
def test_no_clause_reaches_where_its_direction_does_not_allow(ratchet: Ratchet) -> None:
    for effect in ratchet.effects:
        down_bp, up_bp = reach(effect.rule)
        assert effect.direction is not Direction.DOWN_ONLY or up_bp == 0
        assert effect.direction is not Direction.UP_ONLY or down_bp == 0
