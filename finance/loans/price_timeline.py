"""What every clause comes to on every day of a tranche's life, as far as determinations are known at one moment.

Owns the replay: the same known facts in any order of arrival give the same intervals, which tile the life without gap or
overlap. Knows no evidence and no money; whoever asks chooses what was known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from finance.conventions.fields import check_identifier
from finance.loans.adjustments import EffectAdjustment, KpiResult, adjustments, moves_of, within_caps
from finance.loans.effect_dates import EffectSpan
from finance.loans.price_effects import OutcomeStatus, PricedItem, PriceEffect, Ratchet, WhileHeld
from finance.loans.tranche import AdjustmentInterval
from finance.loans.tranche_terms import TrancheTerms
from ledger.core.errors import Invalid

Span = tuple[date, date]

_REPORTED = frozenset((OutcomeStatus.MET, OutcomeStatus.MISSED))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTest:
    """An approved determination of one test period: what each KPI came to, and when it counts for each tranche.

    ``sequence`` is the order in which determinations became known. ``replaces`` names the determination that this one puts right (a
    restated value, a withdrawn attestation): that one then counts for nothing. ``held`` are the days on which a status KPI's
    status was held, half-open. ``is_last``: the last test of the terms.
    """

    determination_id: str
    sequence: int
    period_start: date
    period_end: date
    results: Mapping[str, KpiResult]
    held: Mapping[str, tuple[Span, ...]]
    spans: Mapping[str, EffectSpan]
    replaces: str | None
    is_last: bool

    def __post_init__(self) -> None:
        """Refuse a test that no determination answers for."""
        check_identifier(self.determination_id, area="timeline", field="determination_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeFrom:
    """A credit rating in force from a day on."""

    on: date
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceInterval:
    """One state of a tranche's prices on [start, end): every clause's bp, the margin they make, and the cause.

    ``effects`` is (clause, bp). ``adjustment_bp`` is what the rate moves by, the rating grid's margin included, not below the margin
    floor. ``determination_id`` is None where no determination counts; ``is_labelled`` is false where the label has no force
    and no clause counts. ``grade`` is the rating in force, None for a tranche without a grid.
    """

    start: date
    end: date
    effects: tuple[tuple[str, Fraction], ...]
    adjustment_bp: Fraction
    determination_id: str | None
    is_labelled: bool
    grade: str | None

    def moves(self, ratchet: Ratchet | None, item: PricedItem, *, tranche_id: str, fee: str | None = None) -> Fraction:
        """Return by how many bp a fee, redemption price or swap leg of the tranche moves on these days."""
        return (
            Fraction(0)
            if ratchet is None
            else moves_of(ratchet, dict(self.effects), item, tranche_id=tranche_id, fee=fee)
        )


def price_timeline(
    tranche: TrancheTerms,
    *,
    start: date,
    ratchet: Ratchet | None,
    tests: Sequence[KnownTest],
    labelled: Sequence[Span],
    grades: Sequence[GradeFrom] = (),
) -> tuple[PriceInterval, ...]:
    """Return the intervals that tile [``start``, maturity), maximal: neighbours differ.

    ``labelled`` are the days, half-open, on which the loan is actively sustainability-linked; outside them every clause is 0.
    A determination counts from its effect day until its own end or the next one's effect day; one of an older test period
    does not take over from a later test that is in force. A status clause follows the held days of the test period
    itself: the step where its report counts, the consequence of a missing, late, qualified or waived one on every day of the
    period otherwise. One determination or sequence twice is refused (``timeline.determination_id``, ``timeline.sequence``), as
    are a replaced determination that nobody knew before (``timeline.replaces``), two grades from one day on
    (``timeline.grades``) and a first day that is not before maturity (``timeline.start``). A step of -10 bp from
    2025-06-20: two intervals, 0 and -10.
    """
    end = tranche.maturity_date
    if start >= end:
        raise Invalid("timeline.start", f"start: expected a day before {end}", field="start", start=start.isoformat())
    if len({each.on for each in grades}) != len(grades):
        raise Invalid("timeline.grades", "grades: expected one grade from a day on, as known now", field="grades")
    alive = standing(tests)
    stepped = effect_adjustments(ratchet, alive)
    cuts = _cuts(tranche, alive, labelled, grades, start=start, end=end)
    found: list[PriceInterval] = []
    for opening, closing in pairwise(cuts):
        is_labelled = any(first <= opening < last for first, last in labelled)
        test = _in_force(alive, tranche.tranche_id, opening) if is_labelled else None
        effects = _effects(ratchet, alive, test, stepped, opening) if ratchet and is_labelled else ()
        grade = _grade_on(tranche, grades, opening)
        interval = PriceInterval(
            start=opening,
            end=closing,
            effects=effects,
            adjustment_bp=_adjustment(tranche, ratchet, dict(effects), grade),
            determination_id=None if test is None else test.determination_id,
            is_labelled=is_labelled,
            grade=grade,
        )
        _append(found, interval)
    return tuple(found)


def standing(tests: Sequence[KnownTest]) -> tuple[KnownTest, ...]:
    """Return the determinations that no other replaces, by test period, then effect day, then order of knowledge.

    Test periods are ordered by their last day, then by their first: a half year comes before the year that ends later.
    """
    if len({test.sequence for test in tests}) != len(tests):
        raise Invalid("timeline.sequence", "sequence: expected each determination to have its own place in the order")
    known = {test.determination_id: test.sequence for test in tests}
    if len(known) != len(tests):
        raise Invalid("timeline.determination_id", "determination_id: expected each determination once")
    replaced = set()
    for test in tests:
        if test.replaces is not None:
            if known.get(test.replaces, test.sequence) >= test.sequence:
                raise Invalid(
                    "timeline.replaces",
                    f"replaces: expected a determination known before, not {test.replaces}",
                    field="replaces",
                )
            replaced.add(test.replaces)
    alive = [test for test in tests if test.determination_id not in replaced]
    return tuple(sorted(alive, key=lambda test: (_period(test), _earliest(test), test.sequence)))


def effect_adjustments(
    ratchet: Ratchet | None, alive: Sequence[KnownTest]
) -> Mapping[str, Mapping[str, EffectAdjustment]]:
    """Return every clause's adjustment by determination; what is carried comes from the test period before, as it stands now."""
    found: dict[str, Mapping[str, EffectAdjustment]] = {}
    if ratchet is None:
        return found
    before: Mapping[str, EffectAdjustment] = {}
    latest: Mapping[str, EffectAdjustment] = {}
    period: Span | None = None
    for test in alive:
        if _period(test) != period:
            before, period = latest, _period(test)
        made = adjustments(ratchet, test.results, before=before, is_last_period=test.is_last)
        latest = {each.effect_id: each for each in made}
        found[test.determination_id] = latest
    return found


def as_adjustments(timeline: Sequence[PriceInterval]) -> tuple[AdjustmentInterval, ...]:
    """Return the timeline as the schedule takes it."""
    return tuple(
        AdjustmentInterval(start=each.start, end=each.end, adjustment_bp=each.adjustment_bp) for each in timeline
    )


def interval_on(timeline: Sequence[PriceInterval], day: date) -> PriceInterval:
    """Return the interval that holds ``day``; a day outside the life is refused with ``timeline.outside_life``."""
    for interval in timeline:
        if interval.start <= day < interval.end:
            return interval
    first, last = timeline[0].start, timeline[-1].end
    raise Invalid(
        "timeline.outside_life",
        f"day: expected a day from {first} to before {last}",
        field="day",
        day=day.isoformat(),
    )


def _period(test: KnownTest) -> Span:
    """Return what test periods are ordered and told apart by."""
    return test.period_end, test.period_start


def _earliest(test: KnownTest) -> date:
    return min((span.effective_from for span in test.spans.values()), default=test.period_end)


def _cuts(
    tranche: TrancheTerms,
    alive: Sequence[KnownTest],
    labelled: Sequence[Span],
    grades: Sequence[GradeFrom],
    *,
    start: date,
    end: date,
) -> list[date]:
    days = {start, end, *(day for span in labelled for day in span), *(each.on for each in grades)}
    for test in alive:
        span = test.spans.get(tranche.tranche_id)
        if span is not None:
            days |= {span.effective_from} if span.until is None else {span.effective_from, span.until}
        if test.held:
            days |= {test.period_start, test.period_end}
            days |= {day for spans in test.held.values() for held in spans for day in held}
    return sorted(day for day in days if start <= day <= end)


def _in_force(alive: Sequence[KnownTest], tranche_id: str, day: date) -> KnownTest | None:
    counting = [
        test
        for test in alive
        if (span := test.spans.get(tranche_id)) is not None
        and span.effective_from <= day
        and (span.until is None or day < span.until)
    ]
    if not counting:
        return None
    return max(counting, key=lambda test: (_period(test), test.spans[tranche_id].effective_from, test.sequence))


def _effects(
    ratchet: Ratchet,
    alive: Sequence[KnownTest],
    test: KnownTest | None,
    stepped: Mapping[str, Mapping[str, EffectAdjustment]],
    day: date,
) -> tuple[tuple[str, Fraction], ...]:
    made = {} if test is None else stepped[test.determination_id]
    found = []
    for effect in ratchet.effects:
        if isinstance(effect.rule, WhileHeld):
            found.append((effect.effect_id, _while_held(effect, effect.rule, alive, stepped, day)))
        else:
            found.append((effect.effect_id, made[effect.effect_id].adjustment_bp if made else Fraction(0)))
    return tuple(found)


def _while_held(
    effect: PriceEffect,
    rule: WhileHeld,
    alive: Sequence[KnownTest],
    stepped: Mapping[str, Mapping[str, EffectAdjustment]],
    day: date,
) -> Fraction:
    about = [test for test in alive if rule.kpi_id in test.held and test.period_start <= day < test.period_end]
    if not about:
        return Fraction(0)
    test = max(about, key=lambda each: each.sequence)
    if test.results[rule.kpi_id].status not in _REPORTED:
        # Without a report that counts no day is held or not held: the clause for its absence speaks for the period.
        return within_caps(effect, dict(stepped[test.determination_id][effect.effect_id].contributions)[rule.kpi_id])
    is_held = any(first <= day < last for first, last in test.held[rule.kpi_id])
    return within_caps(effect, -rule.down_bp if is_held else rule.up_bp)


def _grade_on(tranche: TrancheTerms, grades: Sequence[GradeFrom], day: date) -> str | None:
    if tranche.rating_grid is None:
        return None
    known = [each for each in grades if each.on <= day]
    return max(known, key=lambda each: each.on).grade if known else tranche.rating_grid.grade_at_signing


def _adjustment(
    tranche: TrancheTerms, ratchet: Ratchet | None, effects: Mapping[str, Fraction], grade: str | None
) -> Fraction:
    moved = Fraction(0)
    if ratchet is not None:
        moved = moves_of(ratchet, effects, PricedItem.MARGIN, tranche_id=tranche.tranche_id)
    if tranche.rating_grid is not None and grade is not None:
        moved += tranche.rating_grid.margin_at(grade)
    if tranche.margin_floor_bp is None:
        return moved
    return max(moved, tranche.margin_floor_bp - tranche.spread_bp)


def _append(found: list[PriceInterval], interval: PriceInterval) -> None:
    last = found[-1] if found else None
    if last is not None and _state(last) == _state(interval):
        found[-1] = PriceInterval(
            start=last.start,
            end=interval.end,
            effects=last.effects,
            adjustment_bp=last.adjustment_bp,
            determination_id=last.determination_id,
            is_labelled=last.is_labelled,
            grade=last.grade,
        )
    else:
        found.append(interval)


def _state(interval: PriceInterval) -> tuple[object, ...]:
    return interval.effects, interval.adjustment_bp, interval.determination_id, interval.is_labelled, interval.grade
