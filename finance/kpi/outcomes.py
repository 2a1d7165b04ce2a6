"""Whether one period's observed value met its target: exact, explained, and the same for quote, decision and audit.

Owns the comparison and how an observed value is read. Knows no attestation rule and no rate; whoever asks says where each
number comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import assert_never

from finance.conventions.documents import kind_of
from finance.conventions.exact_text import decimal_text, parse_exact
from finance.conventions.explain import Explanation
from finance.conventions.fields import check_text, parse_day, refused, refused_as
from finance.conventions.rounding import KPI_COMPARISON
from finance.kpi.definitions import MEASURE_NAMES, KpiDefinition
from finance.kpi.targets import (
    Avoided,
    Baseline,
    Bound,
    Count,
    ExternalRank,
    Level,
    MultiYearMean,
    PerformanceTarget,
    ReductionVsBase,
    Share,
    StatusHeld,
    VsBenchmark,
    YearOnYear,
)
from ledger.core.amounts import round_exact
from ledger.core.errors import Invalid

_AREA = "kpi"
_NEVER_HELD = "none"
_MOST_INTERVALS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class YearValue:
    """An earlier year's verified value, in the KPI's unit; ``output_t`` is that year's production where tonnes are avoided."""

    year: int
    value: Fraction
    output_t: Fraction | None
    source: str

    def __post_init__(self) -> None:
        """Refuse a value that names no source."""
        check_text(self.source, area=_AREA, field="source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a test needs beside the observed value: earlier years, the period's own output, the benchmark of the period.

    Only what the rule asks for is looked at; what it asks for and is not here is refused by name. ``claimed_elsewhere_t`` are
    tonnes that another loan or a sold credit (CCER) counts already: they are not avoided a second time.
    """

    years: tuple[YearValue, ...] = ()
    output_t: Fraction | None = None
    benchmark: Fraction | None = None
    benchmark_source: str = ""
    claimed_elsewhere_t: Fraction = Fraction(0)
    claimed_elsewhere_source: str = ""

    def __post_init__(self) -> None:
        """Refuse a benchmark or a claim that names no source, and a claim below zero."""
        if self.benchmark is not None:
            check_text(self.benchmark_source, area=_AREA, field="benchmark_source")
        if self.claimed_elsewhere_t < 0:
            expected = "tonnes from 0 on"
            raise refused(area=_AREA, field="claimed_elsewhere_t", expected=expected, value=self.claimed_elsewhere_t)
        if self.claimed_elsewhere_t:
            check_text(self.claimed_elsewhere_source, area=_AREA, field="claimed_elsewhere_source")


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiOutcome:
    """The result of one test: exact values, never display roundings.

    ``observed`` is the value as a number: the level, count or share itself, the share of days a status was held, the place of a
    grade on its scale counted from the worst (0). ``compared`` and ``threshold`` are what was compared, in one unit.
    ``achieved_reduction`` is against base, year before or benchmark; None where the rule has none. ``margin_to_target`` is how far
    ``compared`` lies on the good side of the threshold, before any rounding.
    """

    is_met: bool
    observed: Fraction
    compared: Fraction
    threshold: Fraction
    achieved_reduction: Fraction | None
    margin_to_target: Fraction
    explanation: Explanation


def judge_target(
    observed: str,
    *,
    definition: KpiDefinition,
    baseline: Baseline | None,
    target: PerformanceTarget,
    observed_source: str,
    beside: Beside | None = None,
) -> KpiOutcome:
    """Return whether ``observed``, the exact text that was reported, meets ``target``, with the distance and the reasons.

    Source: the definitions of section 6.4 of the sustainability-linked loan forms (SLLP 2025, "SPT"); the clause is the target's
    own source. Exact unless ``compare_digits`` is set: 9.26449 against at most 9.264 passes at 3 digits and fails exactly. A tie
    meets unless strict. What a rule needs and nobody gave is refused (``kpi.baseline_missing``, ``kpi.year_missing``,
    ``kpi.output_missing``, ``kpi.benchmark_missing``), an observation its kind cannot have with ``kpi.observed``. Base 10, reduction
    5 %, observed 9.4: compared 0.06 with threshold 0.05, met.
    """
    value = read_observed(observed, definition=definition, target=target)
    measured = _measure(value, baseline, target, beside or Beside())
    sign = 1 if measured.bound is Bound.AT_LEAST else -1
    spare = sign * (_as_printed(measured.compared, target) - measured.threshold)
    is_met = spare > 0 if target.is_strict else spare >= 0
    return KpiOutcome(
        is_met=is_met,
        observed=value,
        compared=measured.compared,
        threshold=measured.threshold,
        achieved_reduction=measured.compared if measured.is_reduction else None,
        margin_to_target=sign * (measured.compared - measured.threshold),
        explanation=_explain(
            observed,
            is_met=is_met,
            measured=measured,
            definition=definition,
            target=target,
            observed_source=observed_source,
        ),
    )


def read_observed(observed: str, *, definition: KpiDefinition, target: PerformanceTarget) -> Fraction:
    """Return the number that the reported text stands for under the target's rule (see ``KpiOutcome.observed``).

    ``9.2636`` is 23159/2500; a grade is its place from the worst; ``2025-09-01/2025-12-31`` of a year is 121/365. An intensity
    of zero or less is no plausible plant and refused, as is a share outside [0, 1] or a count in parts.
    """
    rule = target.rule
    match rule:
        case ExternalRank():
            if observed not in rule.scale:
                raise _not_observed("observed_grade", f"a grade of the scale {', '.join(rule.scale)}", observed)
            return Fraction(len(rule.scale) - 1 - rule.scale.index(observed))
        case StatusHeld():
            days = sum((end - start).days for start, end in held_intervals(observed, target))
            return Fraction(days, (target.period_end - target.period_start).days)
        case _:
            value = parse_exact(observed, field="observed")
    if isinstance(rule, Share) and not 0 <= value <= 1:
        raise _not_observed("observed_share", "a share from 0 to 1", observed)
    if isinstance(rule, Count) and (value < 0 or value.denominator != 1):
        raise _not_observed("observed_count", "a whole number from 0 on", observed)
    if definition.measure.is_intensity and value <= 0:
        raise _not_observed("observed_intensity", "an intensity above zero; check emissions and production", observed)
    return value


def held_intervals(observed: str, target: PerformanceTarget) -> tuple[tuple[date, date], ...]:
    """Return the half-open intervals, inside the period and in order, in which a status was held; ``none`` gives no interval."""
    if observed == _NEVER_HELD:
        return ()
    found: list[tuple[date, date]] = []
    texts = observed.split(",")
    if len(texts) > _MOST_INTERVALS:
        raise _not_observed("observed_intervals", f"at most {_MOST_INTERVALS} intervals", f"{len(texts)} intervals")
    for text in texts:
        first, _, last = text.partition("/")
        start, end = (parse_day(each, area=_AREA, field="observed") for each in (first, last))
        if not target.period_start <= start < end <= target.period_end or (found and start < found[-1][1]):
            raise _not_observed(
                "observed_interval", "intervals YYYY-MM-DD/YYYY-MM-DD (end exclusive) in order inside the period", text
            )
        found.append((start, end))
    return tuple(found)


_Fact = tuple[str, str, Fraction, str, str]
"""What a comparison rests on: label in English and Chinese, value, unit (empty: the KPI's own), source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    compared: Fraction
    threshold: Fraction
    bound: Bound
    unit: str | None
    formula: str
    facts: tuple[_Fact, ...] = ()
    is_reduction: bool = False


def _measure(value: Fraction, baseline: Baseline | None, target: PerformanceTarget, beside: Beside) -> _Measured:
    rule = target.rule
    match rule:
        case ReductionVsBase() | YearOnYear() | VsBenchmark():
            return _reduction(value, rule.reduction, _reference(rule, baseline, target, beside))
        case Avoided():
            return _avoided(value, _base(baseline), rule, target, beside)
        case MultiYearMean():
            return _mean(value, rule, target, beside)
        case Level() | Share() | Count() | StatusHeld() | ExternalRank():
            return _itself(value, rule)
        case _:
            assert_never(rule)


def _itself(value: Fraction, rule: Level | Share | Count | StatusHeld | ExternalRank) -> _Measured:
    """Return the observed value compared as it is."""
    match rule:
        case Level() | Share():
            return _Measured(compared=value, threshold=rule.value, bound=rule.bound, unit=None, formula="observed")
        case Count():
            wanted = Fraction(rule.number)
            return _Measured(compared=value, threshold=wanted, bound=rule.bound, unit=None, formula="observed")
        case StatusHeld():
            wanted, formula = rule.least_share, "days on which the status was held / days of the period"
        case ExternalRank():
            wanted = Fraction(len(rule.scale) - 1 - rule.scale.index(rule.at_least))
            formula = "place on the scale, the worst grade being 0"
        case _:
            assert_never(rule)
    return _Measured(compared=value, threshold=wanted, bound=Bound.AT_LEAST, unit="1", formula=formula)


def _reference(
    rule: ReductionVsBase | YearOnYear | VsBenchmark,
    baseline: Baseline | None,
    target: PerformanceTarget,
    beside: Beside,
) -> tuple[str, _Fact]:
    """Return what a reduction is measured from, by its name in the formula."""
    match rule:
        case ReductionVsBase():
            return "base", _base_fact(_base(baseline))
        case YearOnYear():
            before = _year(beside, target.test_year - 1)
            _check_divisor(before.value, field="years")
            return "year before", _year_fact(target.test_year - 1, before)
        case VsBenchmark():
            source = beside.benchmark_source
            return "benchmark", (f"benchmark {rule.benchmark_id}", "行业基准值", _benchmark(beside), "", source)
        case _:
            assert_never(rule)


def _reduction(value: Fraction, wanted: Fraction, measured_from: tuple[str, _Fact]) -> _Measured:
    name, fact = measured_from
    reference = fact[2]
    return _Measured(
        compared=(reference - value) / reference,
        threshold=wanted,
        bound=Bound.AT_LEAST,
        unit="1",
        formula=f"({name} - observed) / {name}",
        facts=(fact,),
        is_reduction=True,
    )


def _avoided(value: Fraction, base: Baseline, rule: Avoided, target: PerformanceTarget, beside: Beside) -> _Measured:
    if beside.output_t is None:
        raise Invalid("kpi.output_missing", "output_t: expected the period's production; tonnes avoided need it")
    if beside.output_t < 0:
        raise refused(area=_AREA, field="output_t", expected="tonnes from 0 on", value=beside.output_t)
    if rule.since_year > target.test_year:
        raise refused(area=_AREA, field="since_year", expected="a year up to the test year", value=rule.since_year)
    total = (base.value - value) * beside.output_t
    facts = [_base_fact(base)]
    facts.append(("output of the period", "本期产量", beside.output_t, "t", "period data"))
    for year in range(rule.since_year, target.test_year):
        earlier = _year(beside, year)
        if earlier.output_t is None:
            raise Invalid("kpi.year_output_missing", f"output_t: expected the production of {year}", year=str(year))
        total += (base.value - earlier.value) * earlier.output_t
        facts += [
            _year_fact(year, earlier),
            (f"output {year}", f"{year} 年产量", earlier.output_t, "t", earlier.source),
        ]
    formula = "sum over the years of (base - intensity) x output"
    claimed = beside.claimed_elsewhere_t
    if claimed:
        formula += " - tonnes claimed elsewhere"
        facts.append(("claimed elsewhere", "他处已用减排量", claimed, "tCO2e", beside.claimed_elsewhere_source))
    return _Measured(
        compared=total - claimed,
        threshold=rule.tonnes,
        bound=Bound.AT_LEAST,
        unit="tCO2e",
        formula=formula,
        facts=tuple(facts),
    )


def _mean(value: Fraction, rule: MultiYearMean, target: PerformanceTarget, beside: Beside) -> _Measured:
    earlier = {year: _year(beside, year) for year in range(target.test_year - rule.years + 1, target.test_year)}
    return _Measured(
        compared=(value + sum((each.value for each in earlier.values()), Fraction(0))) / rule.years,
        threshold=rule.value,
        bound=rule.bound,
        unit=None,
        formula=f"mean of {rule.years} years",
        facts=tuple(_year_fact(year, each) for year, each in earlier.items()),
    )


def _base(baseline: Baseline | None) -> Baseline:
    if baseline is None:
        raise Invalid("kpi.baseline_missing", "baseline: expected a verified baseline; the target is measured from it")
    return baseline


def _year(beside: Beside, year: int) -> YearValue:
    found = [each for each in beside.years if each.year == year]
    if len(found) != 1:
        raise Invalid(
            "kpi.year_missing", f"years: expected one verified value of {year}", field="years", year=str(year)
        )
    return found[0]


def _benchmark(beside: Beside) -> Fraction:
    if beside.benchmark is None:
        raise Invalid("kpi.benchmark_missing", "benchmark: expected the benchmark of the period, with its source")
    _check_divisor(beside.benchmark, field="benchmark")
    return beside.benchmark


def _check_divisor(value: Fraction, *, field: str) -> None:
    if value <= 0:
        raise refused(area=_AREA, field=field, expected="a value above zero", value=value)


def _base_fact(base: Baseline) -> _Fact:
    source = f"attestation {base.attestation_id}"
    return (f"verified baseline from {base.period_start}", "经核验的基准值", base.value, "", source)


def _year_fact(year: int, value: YearValue) -> _Fact:
    return (f"verified value {year}", f"{year} 年经核验值", value.value, "", value.source)


def _as_printed(compared: Fraction, target: PerformanceTarget) -> Fraction:
    if target.compare_digits is None:
        return compared
    scale = 10**target.compare_digits
    return Fraction(round_exact(compared * scale, KPI_COMPARISON), scale)


def _not_observed(reason: str, expected: str, value: str) -> Invalid:
    return refused_as(area=_AREA, reason=reason, field="observed", expected=expected, value=value)


def _explain(
    observed: str,
    *,
    is_met: bool,
    measured: _Measured,
    definition: KpiDefinition,
    target: PerformanceTarget,
    observed_source: str,
) -> Explanation:
    year = target.test_year
    observed_node = Explanation(
        label_en=f"observed {MEASURE_NAMES[definition.measure][0]} {year}",
        label_zh=f"{year} 年实测{MEASURE_NAMES[definition.measure][1]}",
        value=observed,
        unit=definition.unit,
        source=observed_source,
    )
    unit = measured.unit or definition.unit
    facts = [
        Explanation(
            label_en=english, label_zh=chinese, value=decimal_text(value), unit=own or definition.unit, source=source
        )
        for english, chinese, value, own, source in measured.facts
    ]
    compared: Sequence[Explanation] = [observed_node]
    if measured.formula != "observed":
        node = Explanation(
            label_en="compared value",
            label_zh="比较值",
            value=decimal_text(measured.compared),
            unit=unit,
            formula=measured.formula,
            children=(*facts, observed_node),
        )
        compared = [node]
    target_node = Explanation(
        label_en=f"target {year} ({kind_of(type(target.rule)).replace('_', ' ')})",
        label_zh=f"{year} 年绩效目标",
        value=decimal_text(measured.threshold),
        unit=unit,
        source=target.source,
    )
    return Explanation(
        label_en=f"KPI {definition.kpi_id} in {year}",
        label_zh=f"{year} 年 KPI {definition.kpi_id}",
        value="met" if is_met else "missed",
        unit="1",
        formula=_comparison(measured.bound, target),
        children=(*compared, target_node),
    )


def _comparison(bound: Bound, target: PerformanceTarget) -> str:
    compared = "compared"
    if target.compare_digits is not None:
        compared = f"half-up({compared}, {target.compare_digits} decimals)"
    sign = "<" if bound is Bound.AT_MOST else ">"
    return f"{compared} {sign}{'' if target.is_strict else '='} target"
