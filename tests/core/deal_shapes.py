"""Deals to test with: the example files, documents with a value put anywhere, random ratchets and random results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from finance.conventions.documents import from_document
from finance.kpi.targets import Bound
from finance.loans.adjustments import KpiResult
from finance.loans.facility_terms import FacilityTerms
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
)

DEALS = Path(__file__).resolve().parents[2] / "examples" / "deals"
FILES = sorted(path.stem for path in DEALS.glob("*.json"))
CONSTRUCTED = [name for name in FILES if name.startswith("constructed-")]
NAMES = ("intensity", "recycled", "injuries")

Step = str | int


def deal_document(name: str) -> dict[str, Any]:
    """Return a deal file's document, fresh."""
    document: dict[str, Any] = json.loads((DEALS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def terms_document(name: str) -> dict[str, Any]:
    """Return the terms of a deal file, without its form and provenance."""
    document = deal_document(name)
    del document["form"], document["provenance"]
    return document


def terms_of(name: str) -> FacilityTerms:
    """Return the whole terms of a constructed deal."""
    return from_document(FacilityTerms, terms_document(name), area="terms")


def put(document: Any, steps: tuple[Step, ...], value: object) -> Any:
    """Return ``document`` with ``value`` at ``steps``."""
    if not steps:
        return value
    if isinstance(document, str):
        raise TypeError("there is nothing inside a text")
    if isinstance(document, dict):
        return {**document, steps[0]: put(document[steps[0]], steps[1:], value)}
    return [put(each, steps[1:], value) if index == steps[0] else each for index, each in enumerate(document)]


def nodes(document: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Return the steps to every value inside ``document``, containers included."""
    if steps:
        yield steps
    if isinstance(document, dict):
        for name, each in document.items():
            yield from nodes(each, (*steps, name))
    elif isinstance(document, list):
        for index, each in enumerate(document):
            yield from nodes(each, (*steps, index))


def path_of(steps: tuple[Step, ...]) -> str:
    """Return steps as a refusal names them: ``tranches[0].base_rate``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


bps = st.fractions(min_value=0, max_value=50, max_denominator=12)
values = st.fractions(min_value=1, max_value=20, max_denominator=10)
bounds = st.sampled_from(list(Bound))
NO_BP = st.just(Fraction(0))


@st.composite
def step_rules(draw: st.DrawFn, direction: Direction) -> StepRule:
    """Return any rule on some of ``NAMES`` that may move as ``direction`` allows."""
    downs = NO_BP if direction is Direction.UP_ONLY else bps
    ups = NO_BP if direction is Direction.DOWN_ONLY else bps
    kpi_ids = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)))
    kind = draw(st.sampled_from((StepPerKpi, TableByCount, Weighted, Linear, DeadBand, WhileHeld)))
    if kind is StepPerKpi:
        return StepPerKpi(steps=tuple(KpiStep(kpi_id=name, down_bp=draw(downs), up_bp=draw(ups)) for name in kpi_ids))
    if kind is TableByCount:
        numbers = [draw(ups) if draw(st.booleans()) else -draw(downs) for _ in range(len(kpi_ids) + 1)]
        return TableByCount(kpi_ids=kpi_ids, bp_by_met=tuple(sorted(numbers, reverse=True)))
    down_bp, up_bp = draw(downs), draw(ups)
    if kind is Weighted:
        parts = [draw(st.integers(min_value=1, max_value=9)) for _ in kpi_ids]
        weights = tuple(
            KpiWeight(kpi_id=name, weight=Fraction(part, sum(parts))) for name, part in zip(kpi_ids, parts, strict=True)
        )
        return Weighted(weights=weights, down_bp=down_bp, up_bp=up_bp)
    if kind is WhileHeld:
        return WhileHeld(kpi_id=kpi_ids[0], down_bp=down_bp, up_bp=up_bp)
    low, middle, high = sorted(draw(st.lists(values, min_size=3, max_size=3, unique=True)))
    better = draw(bounds)
    if kind is Linear:
        return Linear(kpi_id=kpi_ids[0], better=better, floor=low, base=middle, cap=high, down_bp=down_bp, up_bp=up_bp)
    return DeadBand(
        kpi_id=kpi_ids[0],
        better=better,
        low=low,
        high=high,
        down_bp=down_bp,
        up_bp=up_bp,
        keeps_previous=draw(st.booleans()),
    )


@st.composite
def price_effects(draw: st.DrawFn, effect_id: str, *, may_fall_only: bool) -> PriceEffect:
    """Return any clause on the margin of every tranche."""
    allowed = list(Direction) if may_fall_only else [Direction.UP_ONLY, Direction.TWO_WAY]
    direction = draw(st.sampled_from(allowed))
    is_cumulative = draw(st.booleans())
    return PriceEffect(
        effect_id=effect_id,
        rule=draw(step_rules(direction)),
        applies_to=(AppliesTo(item=PricedItem.MARGIN, tranche_id=None, fee=None, factor=Fraction(1)),),
        direction=direction,
        cap_down_bp=draw(NO_BP if direction is Direction.UP_ONLY else bps),
        cap_up_bp=draw(NO_BP if direction is Direction.DOWN_ONLY else bps),
        kpi_cap_down_bp=draw(st.none() | bps),
        kpi_cap_up_bp=draw(st.none() | bps),
        is_cumulative=is_cumulative,
        resets_in_last_period=is_cumulative and draw(st.booleans()),
    )


@st.composite
def ratchets(draw: st.DrawFn) -> Ratchet:
    """Return any legal ratchet of one to three clauses."""
    consequences = [draw(st.sampled_from(list(Consequence))) for _ in range(3)]
    has_premium = Consequence.PREMIUM in consequences
    count = draw(st.integers(min_value=1, max_value=3))
    return Ratchet(
        effects=tuple(draw(price_effects(f"clause-{n}", may_fall_only=not has_premium)) for n in range(count)),
        total_cap_down_bp=draw(st.none() | bps),
        total_cap_up_bp=draw(st.none() | bps),
        on_missing=consequences[0],
        on_late=consequences[1],
        on_qualified=consequences[2],
        premium_bp=draw(bps) if has_premium else None,
    )


@st.composite
def results_for(draw: st.DrawFn, ratchet: Ratchet) -> Mapping[str, KpiResult]:
    """Return one result for each of the ratchet's KPIs."""
    return {
        kpi_id: KpiResult(status=draw(st.sampled_from(list(OutcomeStatus))), observed=draw(values))
        for kpi_id in ratchet.kpi_ids
    }
