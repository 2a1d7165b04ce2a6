"""The adjustment that one test gives: every clause's basis points for one result per KPI, within caps.

Owns the arithmetic of the clauses in ``price_effects`` alone. Knows no dates: from when an adjustment counts is in
``finance.loans.margins``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from finance.kpi.targets import Bound
from finance.loans.price_effects import (
    AppliesTo,
    Consequence,
    DeadBand,
    KpiStep,
    Linear,
    OutcomeStatus,
    PricedItem,
    PriceEffect,
    Ratchet,
    StepPerKpi,
    TableByCount,
    Weighted,
    WhileHeld,
)
from ledger.core.errors import Invalid

_NOTHING = Fraction(0)
_WHOLE_CLAUSE = "*"
"""The name under which a table's number stands: it belongs to no single KPI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiResult:
    """How a KPI's test counts, and its observed value where one was reported (in the KPI's unit, exact)."""

    status: OutcomeStatus
    observed: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectAdjustment:
    """What one clause comes to: ``adjustment_bp`` (minus lowers), and how.

    ``carried_bp`` is what a cumulative clause started from, ``contributions`` (KPI, its signed bp), or ``*`` for a table as a
    whole, what this test adds. ``is_capped``: a bound cut the sum.
    """

    effect_id: str
    adjustment_bp: Fraction
    carried_bp: Fraction
    contributions: tuple[tuple[str, Fraction], ...]
    is_capped: bool


def adjustments(
    ratchet: Ratchet,
    results: Mapping[str, KpiResult],
    *,
    before: Mapping[str, EffectAdjustment],
    is_last_period: bool,
) -> tuple[EffectAdjustment, ...]:
    """Return every clause's adjustment, in the ratchet's order, for one result per KPI.

    ``before`` is what each clause came to in the test before (none at first); only a cumulative clause, a dead band that keeps, and
    the consequence ``unchanged`` look at it. A result is owed for exactly the ratchet's KPIs (``ratchet.outcomes``). A better
    result never raises a clause. Source: LMA/LSTA model provisions on margin adjustment. Two of three KPIs met, 2.5 bp
    shared equally: -5/3.
    """
    expected = set(ratchet.kpi_ids)
    if set(results) != expected:
        raise Invalid(
            "ratchet.outcomes",
            f"outcomes: expected one for each of {', '.join(sorted(expected))}; say missing where there is no report",
            field="outcomes",
            given=", ".join(sorted(results))[:200],
        )
    return tuple(
        _adjusted(ratchet, effect, results, before.get(effect.effect_id), is_last_period=is_last_period)
        for effect in ratchet.effects
    )


def moves_of(
    ratchet: Ratchet, found: Mapping[str, Fraction], item: PricedItem, *, tranche_id: str, fee: str | None = None
) -> Fraction:
    """Return by how many bp the clauses' ``found`` adjustments move one price of one tranche; a margin within the total caps.

    Clauses -5 and -8 on one margin under a total cap of 10 give -10.
    """
    total = sum(
        (
            place.factor * found.get(effect.effect_id, _NOTHING)
            for effect in ratchet.effects
            for place in effect.applies_to
            if _concerns(place, item, tranche_id=tranche_id, fee=fee)
        ),
        _NOTHING,
    )
    if item is not PricedItem.MARGIN:
        return total
    return _clamped(total, down=ratchet.total_cap_down_bp, up=ratchet.total_cap_up_bp)


def within_caps(effect: PriceEffect, bp: Fraction) -> Fraction:
    """Return the ``bp`` of a clause's only KPI within the KPI's bound and the clause's own: -89 under a cap of 50 is -50."""
    own = _clamped(bp, down=effect.kpi_cap_down_bp, up=effect.kpi_cap_up_bp)
    return _clamped(own, down=effect.cap_down_bp, up=effect.cap_up_bp)


def _concerns(place: AppliesTo, item: PricedItem, *, tranche_id: str, fee: str | None) -> bool:
    return place.item is item and place.fee == fee and place.tranche_id in {None, tranche_id}


def _adjusted(
    ratchet: Ratchet,
    effect: PriceEffect,
    results: Mapping[str, KpiResult],
    before: EffectAdjustment | None,
    *,
    is_last_period: bool,
) -> EffectAdjustment:
    carries = effect.is_cumulative and not (effect.resets_in_last_period and is_last_period)
    carried_bp = before.adjustment_bp if before is not None and carries else _NOTHING
    # Where the whole is carried, what stays unchanged adds nothing to it.
    stays = {} if before is None or carries else dict(before.contributions)
    rule = effect.rule
    if isinstance(rule, TableByCount):
        fresh = {_WHOLE_CLAUSE: _by_count(ratchet, rule, results, stays.get(_WHOLE_CLAUSE, _NOTHING))}
    else:
        fresh = {
            kpi_id: _by_kpi(ratchet, effect, kpi_id, results[kpi_id], stays.get(kpi_id, _NOTHING))
            for kpi_id in effect.kpi_ids
        }
    contributions = {
        name: _clamped(bp, down=effect.kpi_cap_down_bp, up=effect.kpi_cap_up_bp) for name, bp in fresh.items()
    }
    wanted = carried_bp + sum(contributions.values(), _NOTHING)
    capped = _clamped(wanted, down=effect.cap_down_bp, up=effect.cap_up_bp)
    return EffectAdjustment(
        effect_id=effect.effect_id,
        adjustment_bp=capped,
        carried_bp=carried_bp,
        contributions=tuple(contributions.items()),
        is_capped=capped != wanted,
    )


def _by_count(ratchet: Ratchet, rule: TableByCount, results: Mapping[str, KpiResult], stays_bp: Fraction) -> Fraction:
    """Return the table's number; a KPI at the base rate counts as missed where it would lower and as met where it would raise."""
    met = neutral = premiums = 0
    for kpi_id in rule.kpi_ids:
        status = results[kpi_id].status
        if status is OutcomeStatus.MET:
            met += 1
        elif status is not OutcomeStatus.MISSED:
            consequence = ratchet.consequence_of(status)
            if consequence is Consequence.UNCHANGED:
                return stays_bp
            neutral += consequence is Consequence.BASE_RATE
            premiums += consequence is Consequence.PREMIUM
    lowest, highest = rule.bp_by_met[met], rule.bp_by_met[met + neutral]
    reached = min(lowest, _NOTHING) + max(highest, _NOTHING)
    return reached + premiums * (ratchet.premium_bp or _NOTHING)


def _is_absent(result: KpiResult) -> bool:
    return result.status not in {OutcomeStatus.MET, OutcomeStatus.MISSED}


def _by_kpi(ratchet: Ratchet, effect: PriceEffect, kpi_id: str, result: KpiResult, stays_bp: Fraction) -> Fraction:
    down_bp, up_bp = _steps(effect, kpi_id)
    if _is_absent(result):
        by_consequence = {
            Consequence.BASE_RATE: _NOTHING,
            Consequence.AS_MISSED: up_bp,
            Consequence.UNCHANGED: stays_bp,
            Consequence.PREMIUM: ratchet.premium_bp,
        }
        found = by_consequence[ratchet.consequence_of(result.status)]
        assert found is not None, "a ratchet with the consequence premium has one"
        return found
    rule = effect.rule
    if isinstance(rule, Linear):
        return _linear(rule, _observed(result, kpi_id))
    if isinstance(rule, DeadBand):
        return _beyond_band(rule, _observed(result, kpi_id), stays_bp)
    return -down_bp if result.status is OutcomeStatus.MET else up_bp


def _beyond_band(rule: DeadBand, observed: Fraction, stays_bp: Fraction) -> Fraction:
    if rule.low <= observed <= rule.high:
        return stays_bp if rule.keeps_previous else _NOTHING
    is_better = (observed < rule.low) is (rule.better is Bound.AT_MOST)
    return -rule.down_bp if is_better else rule.up_bp


def _steps(effect: PriceEffect, kpi_id: str) -> tuple[Fraction, Fraction]:
    rule = effect.rule
    match rule:
        case StepPerKpi():
            step: KpiStep = next(each for each in rule.steps if each.kpi_id == kpi_id)
            return step.down_bp, step.up_bp
        case Weighted():
            weight = next(each.weight for each in rule.weights if each.kpi_id == kpi_id)
            return weight * rule.down_bp, weight * rule.up_bp
        case Linear() | DeadBand() | WhileHeld():
            return rule.down_bp, rule.up_bp
        case TableByCount():
            raise AssertionError("a table has no step of its own for a KPI")
        case _:
            assert_never(rule)


def _linear(rule: Linear, observed: Fraction) -> Fraction:
    sign = 1 if rule.better is Bound.AT_MOST else -1
    below_bp, above_bp = (rule.down_bp, rule.up_bp) if sign > 0 else (rule.up_bp, rule.down_bp)
    if observed <= rule.base:
        part = min((rule.base - observed) / (rule.base - rule.floor), Fraction(1))
        return -sign * part * below_bp
    part = min((observed - rule.base) / (rule.cap - rule.base), Fraction(1))
    return sign * part * above_bp


def _observed(result: KpiResult, kpi_id: str) -> Fraction:
    if result.observed is None:
        raise Invalid(
            "ratchet.observed",
            f"observed: expected the value of KPI {kpi_id}; its clause is a scale, not a step",
            field="observed",
            kpi_id=kpi_id,
        )
    return result.observed


def _clamped(bp: Fraction, *, down: Fraction | None, up: Fraction | None) -> Fraction:
    if down is not None:
        bp = max(bp, -down)
    return bp if up is None else min(bp, up)
