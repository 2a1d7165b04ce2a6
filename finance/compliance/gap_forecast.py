"""The rolling forecast of a compliance year: the gap it will end with, its interval, what it costs, and how loud to warn.

Owns the way from an emissions outlook to a gap outlook and the early warning. Knows no estimator (the outlook of the
emissions arrives as values), no ledger and no market feed. Gaps are exact; only the outlook they rest on is an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.compliance.allocation import Allocation, AllocationRule, AllocationSources, allocate
from finance.compliance.obligation import ComplianceRules, Cover, ObligationYear, obligation_year
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from ledger.core.amounts import Price
from ledger.core.errors import Invalid

_PLACES = 6
METHOD = (
    "months that are over as recorded, months to come by the ratio estimator; allocation by the rule of the year at "
    "the expected emissions; the interval's gap is the smallest and the largest over the emissions interval and the "
    "balance value's range. An estimate, not a promise."
)


class AlertLevel(StrEnum):
    """How loud to warn; without an interval the whole scale has two steps, watch and warning."""

    COVERED = "covered"  # no gap anywhere in the interval
    WATCH = "watch"  # no gap expected, but the interval does not exclude one
    WARNING = "warning"  # a gap is expected, the interval does not exclude that there is none
    SHORT = "short"  # a gap everywhere in the interval


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOutlook:
    """One month's direct emissions in tCO2e: recorded when ``is_over``, else expected. ``source`` names where from."""

    month: str
    emissions_t: Fraction
    is_over: bool
    source: str

    def __post_init__(self) -> None:
        """Refuse negative emissions."""
        if self.emissions_t < 0:
            raise Invalid("outlook.emissions_t", f"{self.month[:7]}: emissions_t: expected zero or more tCO2e")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionsOutlook:
    """A year's direct emissions, month by month, with the interval of their sum at ``confidence`` (None without one).

    ``production_t`` is the product of the whole year, made and planned, above zero; the intensity is sum over sum.
    """

    year: int
    months: tuple[MonthOutlook, ...]
    production_t: Fraction
    low_t: Fraction | None
    high_t: Fraction | None
    confidence: Fraction
    explanation: Explanation

    def __post_init__(self) -> None:
        """Refuse a year without months or production, months out of order, and an interval that misses its middle."""
        labels = [each.month for each in self.months]
        if not labels or labels != sorted(set(labels)) or self.production_t <= 0:
            raise Invalid("outlook.months", "months: expected each once in time order, with production above zero")
        if (self.low_t is None) != (self.high_t is None):
            raise Invalid("outlook.interval", "interval: expected both ends or none")
        if self.low_t is None or self.high_t is None:
            return
        if not 0 <= self.low_t <= self.expected_t <= self.high_t:
            raise Invalid("outlook.interval_order", "interval: expected low <= expected emissions <= high")

    @property
    def expected_t(self) -> Fraction:
        """The year's expected emissions: the sum of its months."""
        return sum((each.emissions_t for each in self.months), Fraction(0))

    @property
    def months_over(self) -> int:
        """How many months are recorded."""
        return sum(1 for each in self.months if each.is_over)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRange:
    """The balance value (BP) in tCO2e/t, published or a range that is thought possible; ``low`` equals ``high`` if known."""

    low: Fraction
    high: Fraction
    source: str

    def __post_init__(self) -> None:
        """Refuse a value of nothing and ends in the wrong order."""
        if not 0 < self.low <= self.high:
            raise Invalid("outlook.balance_value", "balance value: expected above zero, low at most high")

    @property
    def middle(self) -> Fraction:
        """What the expected gap is computed with."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhaustion:
    """The first month at whose end the year's cumulative emissions exceed a quantity; None when they never do."""

    what: str
    quantity_t: int
    month: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapForecast:
    """Where the year's gap ends: tonnes missing above zero, left over below zero.

    ``expected`` is the whole obligation at the expected emissions, ``low_t`` and ``high_t`` bound its gap, None without
    an interval. Costs are exact CNY, None without a mark (unvalued, never zero).
    """

    emissions: EmissionsOutlook
    balance: BalanceRange | None
    expected: ObligationYear
    low_t: int | None
    high_t: int | None
    level: AlertLevel
    exhaustions: tuple[Exhaustion, ...]

    @property
    def gap_t(self) -> int:
        """The expected gap."""
        return self.expected.gap_t

    def cost_cny(self, gap_t: int | None) -> Fraction | None:
        """Return what a gap costs at the mark: zero when nothing is missing, None without a mark or a gap."""
        mark = self.expected.mark
        return None if mark is None or gap_t is None else Fraction(mark.value) * max(0, gap_t)

    def explain(self) -> Explanation:
        """Return why the gap is expected to be what it is, down to months, rules, holdings and the mark."""
        children = [self.emissions.explanation, self.expected.explain()]
        if self.low_t is not None and self.high_t is not None:
            children.append(
                Explanation(
                    label_en=f"interval of the gap at {decimal_text(self.emissions.confidence)} (an estimate)",
                    label_zh=f"缺口{decimal_text(self.emissions.confidence)}置信区间（估计值）",
                    value=f"{self.low_t} to {self.high_t}",
                    unit="t",
                    source="smallest and largest gap over the emissions interval and the balance value's range",
                )
            )
        return Explanation(
            label_en=f"gap expected for {self.emissions.year}",
            label_zh=f"{self.emissions.year}年度预计配额缺口",
            value=str(self.gap_t),
            unit="t",
            formula="due - surrendered - usable held - not issued yet - CCER usable, at the expected emissions",
            children=tuple(children),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSetting:
    """What the gap rests on besides the emissions: the rule, what covers it, the rules of use, the day and the mark."""

    rule: AllocationRule
    cover: Cover
    rules: ComplianceRules
    on: date
    mark: Price | None
    mark_source: str


def gap_forecast(emissions: EmissionsOutlook, balance: BalanceRange | None, setting: GapSetting) -> GapForecast:
    """Return the gap that the year is expected to end with, its interval and the alert level.

    The gap is that of ``obligation_year`` with A = floor(E (1 + alpha)), I = E / production. Over an interval of E it
    is made of pieces that are linear or quadratic in E; its bounds are therefore found exactly by looking at the ends,
    at every joint and at every vertex (to one tonne of flooring). 120,000 t made at 1.75 tCO2e/t with BP 1.60 in 2025:
    due 210,000, X -9.375 %, allocation 207,046, gap 2,954 t with nothing held.
    """
    expected = _obligation(
        emissions.expected_t, None if balance is None else balance.middle, emissions, balance, setting
    )
    low_t, high_t = _bounds(emissions, balance, setting)
    return GapForecast(
        emissions=emissions,
        balance=balance,
        expected=expected,
        low_t=None if low_t is None else min(low_t, expected.gap_t),
        high_t=None if high_t is None else max(high_t, expected.gap_t),
        level=alert_level(expected.gap_t, low_t=low_t, high_t=high_t),
        exhaustions=_exhaustions(emissions, expected),
    )


def alert_level(gap_t: int, *, low_t: int | None, high_t: int | None) -> AlertLevel:
    """Return how loud to warn: gap 10 with an interval of -5 to 20 is a warning, of 2 to 20 short."""
    if low_t is not None and low_t > 0 and gap_t > 0:
        return AlertLevel.SHORT
    if gap_t > 0:
        return AlertLevel.WARNING
    return AlertLevel.COVERED if high_t is not None and high_t <= 0 else AlertLevel.WATCH


def _bounds(
    emissions: EmissionsOutlook, balance: BalanceRange | None, setting: GapSetting
) -> tuple[int | None, int | None]:
    if emissions.low_t is None or emissions.high_t is None:
        return None, None
    values = (None,) if balance is None else (balance.low, balance.high)
    gaps = [
        _obligation(tonnes, value, emissions, balance, setting).gap_t
        for value in values
        for tonnes in _candidates(emissions.low_t, emissions.high_t, value, emissions.production_t, setting)
    ]
    return min(gaps), max(gaps)


def _candidates(
    low_t: Fraction, high_t: Fraction, value: Fraction | None, production_t: Fraction, setting: GapSetting
) -> list[Fraction]:
    """Return the ends, and every joint and vertex of the gap in E that lies between them."""
    points = {low_t, high_t}
    cover, coefficient = setting.cover, setting.rule.coefficient
    share = _offset_share(setting)
    credits_t = sum(each.available_t for each in cover.ccer)
    if share > 0:
        points |= {(credits_t + cover.ccer_surrendered_t) / share, Fraction(cover.surrendered_t)}
    if coefficient is not None and value is not None:
        even_t = value * production_t
        points |= {(1 - coefficient.saturation) * even_t, (1 + coefficient.saturation) * even_t}
        points |= {coefficient.small_below_t, coefficient.small_below_t - 1}
        if coefficient.slope > 0:
            # d/dE of -E alpha(E) less the CCER share: zero at E = BP x P x (1 + share / slope) / 2.
            points |= {even_t * (1 + part / coefficient.slope) / 2 for part in (Fraction(0), share)}
    return sorted(point for point in points if low_t <= point <= high_t)


def _offset_share(setting: GapSetting) -> Fraction:
    return Fraction(setting.rules.offsets.lookup("ccer_cap_share", on=setting.on).number())


def _obligation(
    tonnes: Fraction,
    value: Fraction | None,
    emissions: EmissionsOutlook,
    balance: BalanceRange | None,
    setting: GapSetting,
) -> ObligationYear:
    allocation: Allocation = allocate(
        setting.rule,
        emissions_t=tonnes,
        intensity=tonnes / emissions.production_t,
        balance_value=value,
        sources=AllocationSources(
            emissions=f"outlook of {emissions.year}: {emissions.months_over} months recorded, the rest expected",
            intensity="expected emissions / production made and planned",
            balance_value="not given" if balance is None else balance.source,
        ),
    )
    return obligation_year(
        allocation=allocation,
        cover=setting.cover,
        rules=setting.rules,
        on=setting.on,
        mark=setting.mark,
        mark_source=setting.mark_source,
    )


def _exhaustions(emissions: EmissionsOutlook, expected: ObligationYear) -> tuple[Exhaustion, ...]:
    quantities = (
        ("issued_so_far", expected.cover.issued_t),
        ("free_allocation", expected.allocation_t),
        ("everything_usable", expected.due_t - expected.gap_t),
    )
    return tuple(
        Exhaustion(what=what, quantity_t=tonnes, month=_first_beyond(emissions, tonnes)) for what, tonnes in quantities
    )


def _first_beyond(emissions: EmissionsOutlook, tonnes: int) -> str | None:
    emitted = Fraction(0)
    for each in emissions.months:
        emitted += each.emissions_t
        # What is due is floored, so a fraction of a tonne beyond needs no allowance.
        if emitted >= tonnes + 1:
            return each.month
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapCut:
    """What the forecast said at the end of ``month``, against the gap that the year ended with."""

    month: str
    forecast: GapForecast
    actual_gap_t: int

    @property
    def error_t(self) -> int:
        """Expected minus actual gap."""
        return self.forecast.gap_t - self.actual_gap_t

    @property
    def is_covered(self) -> bool | None:
        """Whether the interval held the actual gap; None without one."""
        if self.forecast.low_t is None or self.forecast.high_t is None:
            return None
        return self.forecast.low_t <= self.actual_gap_t <= self.forecast.high_t


@dataclass(frozen=True, slots=True, kw_only=True)
class GapBackTest:
    """Every cut of a year that is over; ``first_warning`` is the first month from which a gap was expected to the end."""

    cuts: tuple[GapCut, ...]

    def __post_init__(self) -> None:
        """A back-test has cuts."""
        assert self.cuts, "a back-test looks at one month at least"

    @property
    def coverage(self) -> Fraction | None:
        """Intervals that held over intervals given; None without any."""
        judged = [cut.is_covered for cut in self.cuts if cut.is_covered is not None]
        return Fraction(sum(judged), len(judged)) if judged else None

    @property
    def largest_error_t(self) -> int:
        """The largest absolute error of an expected gap."""
        return max(abs(cut.error_t) for cut in self.cuts)

    @property
    def first_warning(self) -> str | None:
        """The month from which on the alert stood at warning or short without a break until the last cut."""
        since = None
        for cut in self.cuts:
            is_warned = cut.forecast.level in {AlertLevel.WARNING, AlertLevel.SHORT}
            since = (since or cut.month) if is_warned else None
        return since
