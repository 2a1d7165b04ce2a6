"""Early warning: where the year's intensity will end, how sure that is, and until when its target can still be met.

Owns the estimator, the interval and the last chance. Takes periods (months or days) as values and computes exactly; only
square roots are rounded, up, so that an interval is never too narrow. Knows no loan, no store and no methodology.

Method: the ratio estimator of a superpopulation model (Brewer 1963; Royall 1970; Cochran, Sampling Techniques, 3rd ed.,
section 6.7): E = q x + error, x = production x the plant's own norm, error variance proportional to x, widened by the
autocorrelation of the residuals, because a plant that drifts goes on drifting.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import isqrt

from finance.kpi.forecast_quantiles import Chance, QuantileTable
from ledger.core.errors import Conflict, Invalid

_ROOT_SCALE = 10**12
_LEAST_FOR_INTERVAL = 2


class Outlook(StrEnum):
    """What the figures say about the target today."""

    MET = "met"  # the year is over
    MISSED = "missed"  # the year is over
    ON_TRACK = "on_track"  # the whole interval lies on the good side
    AT_RISK = "at_risk"  # the interval crosses the target, or there is none yet
    OFF_TRACK = "off_track"  # the whole interval lies on the bad side, the best case does not
    OUT_OF_REACH = "out_of_reach"  # not even the best case meets it


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastPeriod:
    """One month (or day) of the year: production made or planned, the plant's norm for it, and emissions if it is over.

    ``norm_tco2e_per_t`` is what the plant emitted per tonne in the same period of an earlier year (its own season), or
    any one number for all periods when there is none. ``emissions_t`` is None for a period still to come; then
    ``production_t`` is the plan.
    """

    period: str
    production_t: Fraction
    norm_tco2e_per_t: Fraction
    emissions_t: Fraction | None

    def __post_init__(self) -> None:
        """Refuse a norm of nothing, negative production and negative emissions."""
        if self.norm_tco2e_per_t <= 0:
            raise Invalid("forecast.norm", f"{self.period}: norm_tco2e_per_t: expected above zero")
        if self.production_t < 0 or (self.emissions_t is not None and self.emissions_t < 0):
            raise Invalid("forecast.period", f"{self.period}: expected production and emissions of zero or more")

    @property
    def expected_t(self) -> Fraction:
        """Emissions by the norm alone: the estimator's auxiliary variable."""
        return self.production_t * self.norm_tco2e_per_t


@dataclass(frozen=True, slots=True, kw_only=True)
class LastChance:
    """The period after which even the best case misses the target; ``is_past`` when that has happened already."""

    period: str
    is_past: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The year's intensity in tCO2e/t: so far, expected, its interval, and what it means for the target (at most).

    ``low`` and ``high`` bound the year's intensity at ``confidence``; None with fewer than two periods that count.
    ``chance`` is that of ending at or below the target. ``norm_ratio`` is this year over the norm. ``required`` is the
    intensity the rest must have, ``best_case`` the year's when every remaining period is the best; both None once the year is over.
    """

    periods: tuple[ForecastPeriod, ...]
    target: Fraction
    confidence: Fraction
    observed_emissions_t: Fraction
    observed_production_t: Fraction
    norm_ratio: Fraction
    intensity: Fraction
    low: Fraction | None
    high: Fraction | None
    chance: Chance | None
    required: Fraction | None
    best_case: Fraction | None
    best_tco2e_per_t: Fraction
    last_chance: LastChance | None
    outlook: Outlook

    @property
    def observed_count(self) -> int:
        """How many periods are over."""
        return sum(1 for each in self.periods if each.emissions_t is not None)


def forecast_year(
    periods: tuple[ForecastPeriod, ...],
    *,
    target: Fraction,
    best_tco2e_per_t: Fraction,
    confidence: Fraction,
    quantiles: QuantileTable,
) -> Forecast:
    """Return where the year ends, for a target of at most ``target`` tCO2e/t.

    ``periods`` are in time order, those that are over first, at least one. ``best_tco2e_per_t`` is the lowest intensity the rest can
    reach: a technical minimum or ``best_reached``. q = sum E / sum x over the past; each period to come emits q x.
    Variance of the rest's sum: s2 X (X + X0) / X0 with s2 = sum((E - q x)^2 / x) / (n - 1) (Royall 1970), times
    (1 + r) / (1 - r) for residuals that persist. With 6 months of
    100 t and 9 t/t, six more planned and no scatter: 9 exactly, interval of no width.
    """
    past, rest = _split(periods)
    produced = sum((each.production_t for each in periods), Fraction(0))
    expected_past = sum((each.expected_t for each in past), Fraction(0))
    if expected_past <= 0 or produced <= 0:
        raise Conflict("forecast.no_production", "a forecast needs production above zero in the periods that are over")
    if best_tco2e_per_t < 0 or target <= 0 or not 0 < confidence < 1:
        raise Invalid(
            "forecast.argument", "expected target above zero, best case of zero or more, confidence between 0 and 1"
        )
    emitted = sum((each.emissions_t or Fraction(0) for each in past), Fraction(0))
    ratio = emitted / expected_past
    total = emitted + sum((ratio * each.expected_t for each in rest), Fraction(0))
    spread = _spread(past, rest, ratio)
    low, high = _interval(total, spread, past, confidence=confidence, quantiles=quantiles)
    rest_t = sum((each.production_t for each in rest), Fraction(0))
    best_t = emitted + sum((_best_t(each, ratio, best_tco2e_per_t) for each in rest), Fraction(0))
    found = Forecast(
        periods=periods,
        target=target,
        confidence=confidence,
        observed_emissions_t=emitted,
        observed_production_t=produced - rest_t,
        norm_ratio=ratio,
        intensity=total / produced,
        low=None if low is None else max(low, emitted) / produced,
        high=None if high is None else high / produced,
        chance=_chance(target * produced - total, spread, past, quantiles),
        required=(target * produced - emitted) / rest_t if rest_t else None,
        best_case=best_t / produced if rest else None,
        best_tco2e_per_t=best_tco2e_per_t,
        last_chance=_last_chance(periods, ratio, best_tco2e_per_t, target_t=target * produced),
        outlook=Outlook.AT_RISK,
    )
    return _with_outlook(found)


def best_reached(intensities: tuple[Fraction, ...], *, last: int) -> Fraction:
    """Return the lowest of the ``last`` most recent period intensities: what the plant has shown it can do.

    ``intensities`` are in time order; none raises ``forecast.best_unknown``.
    """
    if last < 1 or not intensities:
        raise Conflict(
            "forecast.best_unknown", "best case: expected a technical minimum or at least one period reached"
        )
    return min(intensities[-last:])


def _split(periods: tuple[ForecastPeriod, ...]) -> tuple[tuple[ForecastPeriod, ...], tuple[ForecastPeriod, ...]]:
    past = tuple(each for each in periods if each.emissions_t is not None)
    labels = [each.period for each in periods]
    if not past or periods[: len(past)] != past or labels != sorted(set(labels)):
        raise Invalid(
            "forecast.periods", "periods: expected each once in time order, those that are over first, at least one"
        )
    return past, periods[len(past) :]


def _spread(past: tuple[ForecastPeriod, ...], rest: tuple[ForecastPeriod, ...], ratio: Fraction) -> Fraction | None:
    """Return the variance of the rest's emissions around their forecast, None with fewer than two periods that count."""
    counted = [each for each in past if each.expected_t > 0]
    if len(counted) < _LEAST_FOR_INTERVAL:
        return None
    residuals = (
        ((each.emissions_t or Fraction(0)) - ratio * each.expected_t) ** 2 / each.expected_t for each in counted
    )
    variance = sum(residuals, Fraction(0)) / (len(counted) - 1)
    behind = sum((each.expected_t for each in counted), Fraction(0))
    ahead = sum((each.expected_t for each in rest), Fraction(0))
    return variance * ahead * (ahead + behind) / behind * _persistence(counted, ratio)


def _persistence(counted: list[ForecastPeriod], ratio: Fraction) -> Fraction:
    """Return by how much a drift that lasts from month to month widens the variance of a sum: (1 + r) / (1 - r), at least 1.

    r is the lag-one autocorrelation of the relative residuals, taken as zero when negative (effective sample size of an
    AR(1) series: Bartlett 1946). Residuals 1, 1, -1, -1 have r = 1/4 and give 5/3.
    """
    relative = [(each.emissions_t or Fraction(0)) / each.expected_t - ratio for each in counted]
    squares = sum((each * each for each in relative), Fraction(0))
    if squares == 0:
        return Fraction(1)
    products = sum((one * after for one, after in itertools.pairwise(relative)), Fraction(0))
    # Below one always: a sum of lagged products is smaller than the sum of squares.
    correlation = max(products / squares, Fraction(0))
    return (1 + correlation) / (1 - correlation)


def _degrees(past: tuple[ForecastPeriod, ...]) -> int:
    return sum(1 for each in past if each.expected_t > 0) - 1


def _interval(
    total: Fraction,
    spread: Fraction | None,
    past: tuple[ForecastPeriod, ...],
    *,
    confidence: Fraction,
    quantiles: QuantileTable,
) -> tuple[Fraction | None, Fraction | None]:
    if spread is None:
        return None, None
    half = quantiles.two_sided(confidence, _degrees(past)) * root_up(spread)
    return total - half, total + half


def _chance(
    room: Fraction, spread: Fraction | None, past: tuple[ForecastPeriod, ...], quantiles: QuantileTable
) -> Chance | None:
    if spread is None:
        return None
    if spread == 0:
        # Nothing is left open: a tie meets.
        return Chance(value=Fraction(1 if room >= 0 else 0), is_bound=False)
    return quantiles.below(room / root_up(spread), _degrees(past))


def root_up(value: Fraction) -> Fraction:
    """Return the square root rounded up at twelve decimals: an interval made with it is never too narrow.

    2 gives 1.414213562374; 4 gives 2.
    """
    assert value >= 0, "a variance is not negative"
    scaled = value * _ROOT_SCALE**2
    whole = -(-scaled.numerator // scaled.denominator)
    root = isqrt(whole)
    return Fraction(root if root * root == whole else root + 1, _ROOT_SCALE)


def _best_t(period: ForecastPeriod, ratio: Fraction, best_tco2e_per_t: Fraction) -> Fraction:
    # The best case is never worse than the forecast, whatever was given as the best.
    return min(best_tco2e_per_t * period.production_t, ratio * period.expected_t)


def _last_chance(
    periods: tuple[ForecastPeriod, ...], ratio: Fraction, best_tco2e_per_t: Fraction, *, target_t: Fraction
) -> LastChance | None:
    """Return the first period after which best-case rest misses: past ones as they were, coming ones as forecast."""
    ahead = sum((_best_t(each, ratio, best_tco2e_per_t) for each in periods), Fraction(0))
    emitted = Fraction(0)
    for each in periods:
        ahead -= _best_t(each, ratio, best_tco2e_per_t)
        is_past = each.emissions_t is not None
        emitted += ratio * each.expected_t if each.emissions_t is None else each.emissions_t
        if emitted + ahead > target_t:
            return LastChance(period=each.period, is_past=is_past)
    return None


def _with_outlook(found: Forecast) -> Forecast:
    if found.best_case is None:
        outlook = Outlook.MET if found.intensity <= found.target else Outlook.MISSED
    elif found.best_case > found.target:
        outlook = Outlook.OUT_OF_REACH
    elif found.low is None or found.high is None:
        outlook = Outlook.AT_RISK
    elif found.high <= found.target:
        outlook = Outlook.ON_TRACK
    else:
        outlook = Outlook.OFF_TRACK if found.low > found.target else Outlook.AT_RISK
    return dataclasses.replace(found, outlook=outlook)
