"""What a test does to each clause: worked numbers for every kind, and the laws over random ratchets."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from finance.kpi.targets import Bound
from finance.loans.adjustments import EffectAdjustment, KpiResult, adjustments, moves_of
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
    StepRule,
    TableByCount,
    Weighted,
    WhileHeld,
    kpis_of,
)
from ledger.core.errors import Invalid
from tests.core.deal_shapes import NAMES, ratchets, results_for

F = Fraction
WIDE = F(100)
MET, MISSED = OutcomeStatus.MET, OutcomeStatus.MISSED
MISSING, LATE, QUALIFIED = OutcomeStatus.MISSING, OutcomeStatus.LATE, OutcomeStatus.QUALIFIED


def effect_of(rule: StepRule, *, cap: Fraction = WIDE, kpi_cap: Fraction | None = None) -> PriceEffect:
    return PriceEffect(
        effect_id="margin",
        rule=rule,
        applies_to=(AppliesTo(item=PricedItem.MARGIN, tranche_id=None, fee=None, factor=F(1)),),
        direction=Direction.TWO_WAY,
        cap_down_bp=cap,
        cap_up_bp=cap,
        kpi_cap_down_bp=kpi_cap,
        kpi_cap_up_bp=kpi_cap,
        is_cumulative=False,
        resets_in_last_period=False,
    )


def ratchet_of(*effects: PriceEffect, premium_bp: Fraction | None = None) -> Ratchet:
    return Ratchet(
        effects=effects,
        total_cap_down_bp=None,
        total_cap_up_bp=None,
        on_missing=Consequence.AS_MISSED if premium_bp is None else Consequence.PREMIUM,
        on_late=Consequence.BASE_RATE,
        on_qualified=Consequence.UNCHANGED,
        premium_bp=premium_bp,
    )


def steps(down_bp: Fraction, up_bp: Fraction, *kpi_ids: str) -> StepPerKpi:
    return StepPerKpi(steps=tuple(KpiStep(kpi_id=name, down_bp=down_bp, up_bp=up_bp) for name in kpi_ids))


def result(status: OutcomeStatus, observed: Fraction | None = None) -> KpiResult:
    return KpiResult(status=status, observed=observed)


def once(ratchet: Ratchet, *statuses: OutcomeStatus, observed: Fraction | None = None) -> Fraction:
    given_results = {name: result(each, observed) for name, each in zip(ratchet.kpi_ids, statuses, strict=True)}
    return adjustments(ratchet, given_results, before={}, is_last_period=False)[0].adjustment_bp


def after(ratchet: Ratchet, *tests: OutcomeStatus, is_last: bool = False) -> Fraction:
    """Return the one clause's adjustment after tests in a row of its one KPI; the last of them may end the loan."""
    before: Mapping[str, EffectAdjustment] = {}
    found = F(0)
    for number, status in enumerate(tests, start=1):
        (only,) = adjustments(
            ratchet,
            {ratchet.kpi_ids[0]: result(status)},
            before=before,
            is_last_period=is_last and number == len(tests),
        )
        before, found = {only.effect_id: only}, only.adjustment_bp
    return found


SHARED = ratchet_of(effect_of(steps(F(5, 6), F(5, 6), *NAMES), cap=F(5, 2)))
TABLE = ratchet_of(effect_of(TableByCount(kpi_ids=NAMES, bp_by_met=(F(5), F(0), F(-5, 2), F(-5)))))
LINEAR = Linear(kpi_id="intensity", better=Bound.AT_MOST, floor=F(9), base=F(10), cap=F(12), down_bp=F(6), up_bp=F(8))
BAND = DeadBand(
    kpi_id="intensity", better=Bound.AT_MOST, low=F(9), high=F(10), down_bp=F(3), up_bp=F(4), keeps_previous=False
)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((MET, MET, MET), F(-5, 2)),
        ((MET, MET, LATE), F(-5, 3)),  # the third at the base rate
        ((MET, MET, MISSED), F(-5, 6)),
        ((MISSED, MISSED, MISSING), F(5, 2)),
    ],
)
def test_shares_of_two_and_a_half_points_stay_exact(statuses: tuple[OutcomeStatus, ...], expected: Fraction) -> None:
    assert once(SHARED, *statuses) == expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((MET, MET, MISSED), F(-5, 2)),
        ((MISSED, MISSED, MISSED), F(5)),
        ((MET, MET, LATE), F(-5, 2)),  # at the base rate: counts as missed where that lowers less
        ((MISSED, MISSED, LATE), F(0)),  # and as met where that raises less
        ((MET, MET, MISSING), F(-5, 2)),
        ((MET, MET, QUALIFIED), F(0)),  # the whole stays where it was: nothing before
    ],
)
def test_a_table_is_read_by_the_number_of_targets_met(statuses: tuple[OutcomeStatus, ...], expected: Fraction) -> None:
    assert once(TABLE, *statuses) == expected


def test_a_premium_adds_to_the_table() -> None:
    ratchet = replace(TABLE, on_missing=Consequence.PREMIUM, premium_bp=F(3))

    assert once(ratchet, MET, MET, MISSING) == F(1, 2)


def test_weights_share_the_points_of_the_met_and_of_the_missed() -> None:
    weights = tuple(
        KpiWeight(kpi_id=name, weight=part) for name, part in zip(NAMES, (F(1, 2), F(3, 10), F(1, 5)), strict=True)
    )

    ratchet = ratchet_of(effect_of(Weighted(weights=weights, down_bp=F(10), up_bp=F(20))))

    assert once(ratchet, MET, MISSED, MET) == F(-1)  # -5 + 6 - 2


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ("8", F(-6)),
        ("9", F(-6)),
        ("9.5", F(-3)),
        ("10", F(0)),
        ("10.5", F(2)),
        ("12", F(8)),
        ("1000", F(8)),
        ("-1", F(-6)),
    ],
)
def test_a_line_runs_straight_between_its_points_and_flat_beyond(observed: str, expected: Fraction) -> None:
    assert once(ratchet_of(effect_of(LINEAR)), MET, observed=F(observed)) == expected


def test_a_line_where_more_is_better_is_the_mirror() -> None:
    ratchet = ratchet_of(effect_of(replace(LINEAR, better=Bound.AT_LEAST)))

    found = [once(ratchet, MET, observed=F(value)) for value in ("9", "9.5", "10", "11", "12")]

    assert found == [F(8), F(4), F(0), F(-3), F(-6)]


@pytest.mark.parametrize(
    ("observed", "better", "expected"),
    [
        ("8.9999", Bound.AT_MOST, F(-3)),
        ("9", Bound.AT_MOST, F(0)),
        ("10", Bound.AT_MOST, F(0)),
        ("10.0001", Bound.AT_MOST, F(4)),
        ("8.9999", Bound.AT_LEAST, F(4)),
        ("10.0001", Bound.AT_LEAST, F(-3)),
    ],
)
def test_inside_the_band_nothing_changes_its_ends_included(observed: str, better: Bound, expected: Fraction) -> None:
    assert once(ratchet_of(effect_of(replace(BAND, better=better))), MET, observed=F(observed)) == expected


def test_a_band_that_keeps_holds_what_was_in_force() -> None:
    ratchet = ratchet_of(effect_of(replace(BAND, keeps_previous=True)))
    first = adjustments(ratchet, {"intensity": result(MET, F(8))}, before={}, is_last_period=False)

    second = adjustments(
        ratchet, {"intensity": result(MET, F(19, 2))}, before={"margin": first[0]}, is_last_period=False
    )

    assert second[0].adjustment_bp == -3


def test_a_scale_without_a_value_is_refused_by_name() -> None:
    with pytest.raises(Invalid) as refusal:
        once(ratchet_of(effect_of(LINEAR)), MET)

    assert refusal.value.code == "ratchet.observed"


def test_a_status_lowers_while_it_is_held() -> None:
    ratchet = ratchet_of(effect_of(WhileHeld(kpi_id="label", down_bp=F(89), up_bp=F(0))))

    assert (once(ratchet, MET), once(ratchet, MISSED)) == (F(-89), F(0))


def test_bounds_cut_each_kpi_first_and_then_the_clause() -> None:
    ratchet = ratchet_of(effect_of(steps(F(5), F(5), *NAMES), cap=F(4), kpi_cap=F(2)))

    (found,) = adjustments(ratchet, {name: result(MET) for name in NAMES}, before={}, is_last_period=False)

    assert found.contributions == tuple((name, F(-2)) for name in NAMES)
    assert (found.adjustment_bp, found.is_capped) == (F(-4), True)


def test_the_total_bounds_cut_the_sum_on_a_margin_and_nothing_else() -> None:
    fee = AppliesTo(item=PricedItem.FEE, tranche_id="rcf", fee="commitment", factor=F(1, 5))
    one = replace(effect_of(steps(F(5), F(5), "a")), effect_id="one")
    two = replace(effect_of(steps(F(8), F(8), "b")), effect_id="two")
    both = ratchet_of(replace(one, applies_to=(*one.applies_to, fee)), two)
    ratchet = replace(both, total_cap_down_bp=F(10))
    found = {"one": F(-5), "two": F(-8)}

    assert moves_of(ratchet, found, PricedItem.MARGIN, tranche_id="rcf") == -10
    assert moves_of(ratchet, found, PricedItem.FEE, tranche_id="rcf", fee="commitment") == -1
    assert moves_of(ratchet, found, PricedItem.FEE, tranche_id="term", fee="commitment") == 0
    assert moves_of(ratchet, found, PricedItem.SWAP_LEG, tranche_id="rcf") == 0


@pytest.mark.parametrize(
    ("is_cumulative", "tests", "expected"),
    [
        (False, (MET, MET), F(-4)),
        (True, (MET, MET), F(-8)),
        (True, (MET, MET, MET), F(-10)),  # at its bound
        (True, (MET, MISSED), F(0)),
        (True, (MET, QUALIFIED), F(-4)),  # unchanged adds nothing
        (False, (MET, QUALIFIED), F(-4)),  # and stays
        (False, (MET, QUALIFIED, QUALIFIED), F(-4)),
        (False, (MET, LATE), F(0)),
    ],
)
def test_a_test_adds_to_the_one_before_only_where_the_clause_is_cumulative(
    *, is_cumulative: bool, tests: tuple[OutcomeStatus, ...], expected: Fraction
) -> None:
    effect = replace(effect_of(steps(F(4), F(4), "a"), cap=F(10)), is_cumulative=is_cumulative)

    assert after(ratchet_of(effect), *tests) == expected


def test_the_last_period_counts_alone_where_the_clause_resets() -> None:
    effect = replace(effect_of(steps(F(4), F(4), "a"), cap=F(10)), is_cumulative=True, resets_in_last_period=True)

    assert after(ratchet_of(effect), MET, MET, MISSED, is_last=True) == 4


@pytest.mark.parametrize("given_names", [(), NAMES[:2], (*NAMES, "more")])
def test_a_result_is_owed_for_exactly_the_ratchets_kpis(given_names: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as refusal:
        adjustments(SHARED, {name: result(MET) for name in given_names}, before={}, is_last_period=False)

    assert refusal.value.code == "ratchet.outcomes"


@settings(max_examples=30)
@given(data=st.data())
def test_every_vector_of_any_ratchet_gives_one_number_for_each_clause_within_its_bounds(data: st.DataObject) -> None:
    ratchet = data.draw(ratchets())
    observed = data.draw(results_for(ratchet))

    for statuses in itertools.product(OutcomeStatus, repeat=len(ratchet.kpi_ids)):
        results = {
            name: replace(observed[name], status=each) for name, each in zip(ratchet.kpi_ids, statuses, strict=True)
        }
        found = adjustments(ratchet, results, before={}, is_last_period=False)
        assert [each.effect_id for each in found] == [each.effect_id for each in ratchet.effects]
        for each, effect in zip(found, ratchet.effects, strict=True):
            assert -effect.cap_down_bp <= each.adjustment_bp <= effect.cap_up_bp
            assert effect.direction is not Direction.DOWN_ONLY or each.adjustment_bp <= 0
            assert effect.direction is not Direction.UP_ONLY or each.adjustment_bp >= 0
        by_name = {each.effect_id: each.adjustment_bp for each in found}
        total = moves_of(ratchet, by_name, PricedItem.MARGIN, tranche_id="loan")
        assert ratchet.total_cap_down_bp is None or total >= -ratchet.total_cap_down_bp
        assert ratchet.total_cap_up_bp is None or total <= ratchet.total_cap_up_bp


@settings(max_examples=60)
@given(data=st.data())
def test_meeting_a_target_instead_never_raises_a_clause(data: st.DataObject) -> None:
    ratchet = data.draw(ratchets())
    # A table that stays unchanged as a whole may lie lower than what one more target met gives it.
    assume(
        Consequence.UNCHANGED not in {ratchet.on_missing, ratchet.on_late, ratchet.on_qualified}
        or not any(isinstance(effect.rule, TableByCount) for effect in ratchet.effects)
    )
    first = adjustments(ratchet, data.draw(results_for(ratchet)), before={}, is_last_period=False)
    results = data.draw(results_for(ratchet))
    # So does a table one of whose targets is not tested this period.
    assume(
        not any(
            results[name].status is OutcomeStatus.NOT_TESTED
            for effect in ratchet.effects
            if isinstance(effect.rule, TableByCount)
            for name in effect.rule.kpi_ids
        )
    )
    better = data.draw(st.sampled_from(ratchet.kpi_ids))
    observed = _best(ratchet, better, results[better].observed)
    before = {each.effect_id: each for each in first}

    worse = adjustments(ratchet, results, before=before, is_last_period=False)
    found = adjustments(ratchet, {**results, better: result(MET, observed)}, before=before, is_last_period=False)

    assert all(one.adjustment_bp <= other.adjustment_bp for one, other in zip(found, worse, strict=True))


def _best(ratchet: Ratchet, kpi_id: str, observed: Fraction | None) -> Fraction | None:
    sides = {
        effect.rule.better
        for effect in ratchet.effects
        if isinstance(effect.rule, Linear | DeadBand) and effect.rule.kpi_id == kpi_id
    }
    assume(len(sides) < 2)
    if not sides:
        return observed
    return F(-1_000) if sides == {Bound.AT_MOST} else F(1_000)


@given(data=st.data())
def test_a_better_value_on_a_scale_never_raises_its_clause(data: st.DataObject) -> None:
    rule: Linear | DeadBand = data.draw(st.sampled_from([LINEAR]) | st.sampled_from([BAND]))
    better = data.draw(st.sampled_from(list(Bound)))
    low, high = sorted(data.draw(st.lists(st.fractions(7, 14, max_denominator=20), min_size=2, max_size=2)))
    ratchet = ratchet_of(effect_of(replace(rule, better=better)))

    at_low, at_high = (once(ratchet, MET, observed=value) for value in (low, high))

    assert at_low <= at_high if better is Bound.AT_MOST else at_high <= at_low


@settings(max_examples=40)
@given(data=st.data())
def test_the_order_of_the_kpis_in_a_clause_does_not_matter(data: st.DataObject) -> None:
    ratchet = data.draw(ratchets())
    results = data.draw(results_for(ratchet))
    turned = replace(ratchet, effects=tuple(replace(effect, rule=_turned(effect.rule)) for effect in ratchet.effects))

    one = adjustments(ratchet, results, before={}, is_last_period=False)
    other = adjustments(turned, dict(reversed(list(results.items()))), before={}, is_last_period=False)

    assert [each.adjustment_bp for each in one] == [each.adjustment_bp for each in other]


def _turned(rule: StepRule) -> StepRule:
    match rule:
        case StepPerKpi():
            return replace(rule, steps=rule.steps[::-1])
        case TableByCount():
            return replace(rule, kpi_ids=rule.kpi_ids[::-1])
        case Weighted():
            return replace(rule, weights=rule.weights[::-1])
        case _:
            assert len(kpis_of(rule)) == 1
            return rule
