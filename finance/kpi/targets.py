"""What a loan's KPI must reach in one test period: ten kinds of target, each with exactly the arguments it needs.

Owns which targets are legal and how an observed value is spelled for each kind. Knows no observed value (``outcomes``)
and nothing of what a result does to a rate (``finance.loans``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

from finance.conventions.exact_text import decimal_text
from finance.conventions.fields import check_identifier, check_text, refused
from finance.kpi.definitions import KpiMeasure
from ledger.core.errors import Invalid

_AREA = "kpi"
_MOST_DIGITS = 12
_MOST_YEARS = 10
_MOST_GRADES = 40
_FIRST_YEAR, _LAST_YEAR = 1990, 2200


class Bound(StrEnum):
    """On which side of its value a target is met."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class KpiClass(StrEnum):
    """How much a KPI counts among the set (ICMA principles): at least one is core."""

    CORE = "core"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The period's own value: ``at_most`` 9.264 tCO2e/t, ``at_least`` 685,000 t recycled. Zero or less is a legal value."""

    bound: Bound
    value: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class ReductionVsBase:
    """(base - observed) / base of at least ``reduction``, a fraction of one in [0, 1): 5 % is 1/20."""

    reduction: Fraction

    def __post_init__(self) -> None:
        """Refuse what is no reduction."""
        _check_reduction(self.reduction)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOnYear:
    """(year before - observed) / year before of at least ``reduction``, a fraction of one in [0, 1)."""

    reduction: Fraction

    def __post_init__(self) -> None:
        """Refuse what is no reduction."""
        _check_reduction(self.reduction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Avoided:
    """Tonnes avoided against the base, sum of (base - intensity) x output from ``since_year`` on, at least ``tonnes``."""

    tonnes: Fraction
    since_year: int

    def __post_init__(self) -> None:
        """Refuse nothing to avoid and an impossible year."""
        if self.tonnes <= 0:
            raise refused(area=_AREA, field="tonnes", expected="tonnes above zero", value=self.tonnes)
        _check_year(self.since_year, field="since_year")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of one, such as recycled metal over all metal: ``at_least`` 3/10. Observed outside [0, 1] is refused."""

    bound: Bound
    value: Fraction

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 <= self.value <= 1:
            raise refused(area=_AREA, field="value", expected="a share from 0 to 1 (30 % is 0.3)", value=self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A whole number of events, such as lost-time injuries ``at_most`` 2. Observed below zero or in parts is refused."""

    bound: Bound
    number: int

    def __post_init__(self) -> None:
        """Refuse a negative count."""
        if self.number < 0:
            raise refused(area=_AREA, field="number", expected="a whole number from 0 on", value=self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusHeld:
    """A status, such as a valid carbon label, held on at least ``least_share`` of the period's days (1: on all of them).

    Its observed value is the intervals in which it was held, ``2025-09-01/2026-03-01`` (end exclusive), joined by commas, or
    ``none``.
    """

    status: str
    least_share: Fraction

    def __post_init__(self) -> None:
        """Refuse a nameless status and a share of no days."""
        check_text(self.status, area=_AREA, field="status")
        if not 0 < self.least_share <= 1:
            expected = "a share of the period's days above 0, at most 1"
            raise refused(area=_AREA, field="least_share", expected=expected, value=self.least_share)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalRank:
    """A grade by somebody outside, ``at_least`` one of ``scale`` (best first); its observed value is the grade itself."""

    issuer: str
    scale: tuple[str, ...]
    at_least: str

    def __post_init__(self) -> None:
        """Refuse a scale that does not order, and a grade that is not on it."""
        check_text(self.issuer, area=_AREA, field="issuer")
        for grade in self.scale:
            check_text(grade, area=_AREA, field="scale")
        if not 2 <= len(self.scale) <= _MOST_GRADES or len(set(self.scale)) != len(self.scale):  # noqa: PLR2004 - two to compare
            expected = f"2 to {_MOST_GRADES} grades, best first, none twice"
            raise refused(area=_AREA, field="scale", expected=expected, value=len(self.scale))
        if self.at_least not in self.scale:
            raise refused(area=_AREA, field="at_least", expected="a grade of the scale", value=self.at_least)


@dataclass(frozen=True, slots=True, kw_only=True)
class VsBenchmark:
    """At most the benchmark of the period less ``reduction`` of it: observed <= b x (1 - reduction)."""

    benchmark_id: str
    reduction: Fraction

    def __post_init__(self) -> None:
        """Refuse a nameless benchmark and what is no reduction."""
        check_identifier(self.benchmark_id, area=_AREA, field="benchmark_id")
        _check_reduction(self.reduction)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiYearMean:
    """The mean of the last ``years`` yearly values, the period's own among them, each counting alike."""

    years: int
    bound: Bound
    value: Fraction

    def __post_init__(self) -> None:
        """Refuse a mean over no more than the period itself."""
        if not 2 <= self.years <= _MOST_YEARS:  # noqa: PLR2004 - a mean of one is a level
            raise refused(area=_AREA, field="years", expected=f"2 to {_MOST_YEARS} years", value=self.years)


TargetRule = (
    Level
    | ReductionVsBase
    | YearOnYear
    | Avoided
    | Share
    | Count
    | StatusHeld
    | ExternalRank
    | VsBenchmark
    | MultiYearMean
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The number a rule compares with and the side on which it is met; ``unit`` is None for the KPI's own, ``1`` for a share."""

    bound: Bound
    value: Fraction
    unit: str | None


def goal_of(rule: TargetRule) -> Goal:
    """Return what the rule asks for, in the unit that is compared: 3 % less than the base year is at least 3/100 of one.

    A grade is its place on the scale, the worst being 0; tonnes avoided are tCO2e.
    """
    bound, value, unit = Bound.AT_LEAST, Fraction(0), None
    match rule:
        case Level() | MultiYearMean():
            bound, value = rule.bound, rule.value
        case Count():
            bound, value = rule.bound, Fraction(rule.number)
        case Share():
            bound, value, unit = rule.bound, rule.value, "1"
        case ReductionVsBase() | YearOnYear() | VsBenchmark():
            value, unit = rule.reduction, "1"
        case Avoided():
            value, unit = rule.tonnes, "tCO2e"
        case StatusHeld():
            value, unit = rule.least_share, "1"
        case ExternalRank():
            value = Fraction(len(rule.scale) - 1 - rule.scale.index(rule.at_least))
        case _:
            assert_never(rule)
    return Goal(bound=bound, value=value, unit=unit)


def kind_matches(rule: TargetRule, measure: KpiMeasure) -> bool:
    """Return whether a kind of target can be asked of a measure: a share of a share, a grade of a grade, and so on."""
    match rule:
        case Share():
            return measure is KpiMeasure.SHARE
        case Count():
            return measure is KpiMeasure.COUNT
        case StatusHeld():
            return measure is KpiMeasure.STATUS
        case ExternalRank():
            return measure is KpiMeasure.GRADE
        case Avoided():
            return measure.is_intensity
        case _:
            return measure not in {KpiMeasure.STATUS, KpiMeasure.GRADE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceTarget:
    """What one test period must reach (the SPT of the sustainability-linked loan principles).

    The period is half-open [period_start, period_end), mostly a calendar year. A tie meets the target unless ``is_strict``.
    With ``compare_digits`` the compared number (a reduction as a fraction of one) is first rounded half-up to that many
    decimals, and the rule's own number has no more; null compares exactly. ``source`` names the clause.
    """

    period_start: date
    period_end: date
    rule: TargetRule
    compare_digits: int | None
    is_strict: bool
    source: str

    def __post_init__(self) -> None:
        """Refuse a target that cannot be tested."""
        _check_year(self.period_start.year, field="period_start")
        if not self.period_start < self.period_end or self.period_end.year > _LAST_YEAR + 1:
            expected = "a day after period_start"
            raise refused(area=_AREA, field="period_end", expected=expected, value=self.period_end)
        check_text(self.source, area=_AREA, field="source")
        if self.compare_digits is not None:
            self._check_printed_digits(self.compare_digits)

    def _check_printed_digits(self, digits: int) -> None:
        if not 0 <= digits <= _MOST_DIGITS:
            expected = f"0 to {_MOST_DIGITS} decimals, or null for an exact comparison"
            raise refused(area=_AREA, field="compare_digits", expected=expected, value=digits)
        number = self.printed_number
        if number is None:
            expected = "null: this kind of target compares no printed number"
            raise refused(area=_AREA, field="compare_digits", expected=expected, value=digits)
        if (number * 10**digits).denominator != 1:
            raise Invalid(
                "kpi.target_digits",
                f"rule: expected at most {digits} decimals, as compare_digits says",
                field="rule",
                value=decimal_text(number),
            )

    @property
    def needs_baseline(self) -> bool:
        """Return whether the rule measures from a verified base year."""
        return isinstance(self.rule, ReductionVsBase | Avoided)

    @property
    def test_year(self) -> int:
        """Return the calendar year that the period's last day lies in."""
        return date.fromordinal(self.period_end.toordinal() - 1).year

    @property
    def printed_number(self) -> Fraction | None:
        """Return the number that ``compare_digits`` speaks of; a count, a status and a grade have none."""
        match self.rule:
            case Level() | Share() | MultiYearMean():
                return self.rule.value
            case ReductionVsBase() | YearOnYear() | VsBenchmark():
                return self.rule.reduction
            case Avoided():
                return self.rule.tonnes
            case Count() | StatusHeld() | ExternalRank():
                return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The verified value that a reduction is measured from; ``attestation_id`` names the statement that verified it.

    ``value`` is exact and above zero, in the KPI's unit; the period is half-open.
    """

    value: Fraction
    period_start: date
    period_end: date
    attestation_id: str

    def __post_init__(self) -> None:
        """Refuse a base nothing can be divided by, an empty period, or one that nobody verified."""
        if self.value <= 0:
            raise refused(area=_AREA, field="value", expected="a value above zero", value=self.value)
        if self.period_end <= self.period_start:
            expected = "a day after the baseline period's start"
            raise refused(area=_AREA, field="period_end", expected=expected, value=self.period_end)
        check_identifier(self.attestation_id, area=_AREA, field="attestation_id")


def _check_reduction(reduction: Fraction) -> None:
    if not 0 <= reduction < 1:
        expected = "a reduction as a fraction of one, from 0 to below 1 (5 % is 0.05)"
        raise refused(area=_AREA, field="reduction", expected=expected, value=reduction)


def _check_year(year: int, *, field: str) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        expected = f"a calendar year from {_FIRST_YEAR} to {_LAST_YEAR}"
        raise refused(area=_AREA, field=field, expected=expected, value=year)
