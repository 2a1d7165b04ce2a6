"""The forecast on a year that is over: at the end of each month, what it would have said, and what then came.

Owns the replay and the count of intervals that held. Each forecast sees only the periods before its cut, with the
production that was really made standing for the plan.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction

from finance.kpi.forecast import Forecast, ForecastPeriod, best_reached, forecast_year
from finance.kpi.forecast_quantiles import QuantileTable
from ledger.core.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class BestCase:
    """What the rest of a year can reach at best: a technical minimum, or the lowest of the ``last`` most recent periods.

    ``reached_before`` are the intensities of the periods before the year, in time order.
    """

    technical_minimum: Fraction | None
    reached_before: tuple[Fraction, ...]
    last: int

    def after(self, past: tuple[ForecastPeriod, ...]) -> Fraction:
        """Return the best intensity known once ``past`` is over; no period ever reached is ``forecast.best_unknown``."""
        if self.technical_minimum is not None:
            return self.technical_minimum
        reached = tuple(
            each.emissions_t / each.production_t
            for each in past
            if each.emissions_t is not None and each.production_t > 0
        )
        return best_reached((*self.reached_before, *reached), last=self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTestCut:
    """One forecast of the past: after ``period``, against the year's ``actual`` intensity; ``error`` is forecast - actual.

    ``is_covered`` says whether the interval held the actual; None where there was no interval yet.
    """

    period: str
    forecast: Forecast
    actual: Fraction

    @property
    def error(self) -> Fraction:
        """Forecast minus actual, tCO2e/t."""
        return self.forecast.intensity - self.actual

    @property
    def is_covered(self) -> bool | None:
        """Whether the interval held the actual; both bounds count as inside."""
        if self.forecast.low is None or self.forecast.high is None:
            return None
        return self.forecast.low <= self.actual <= self.forecast.high


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """Every cut of a year, and the share of intervals that held the actual (None without any)."""

    cuts: tuple[BackTestCut, ...]

    @property
    def coverage(self) -> Fraction | None:
        """Intervals that held over intervals given."""
        judged = [cut.is_covered for cut in self.cuts if cut.is_covered is not None]
        return Fraction(sum(judged), len(judged)) if judged else None

    @property
    def largest_error(self) -> Fraction:
        """The largest absolute error of a point forecast, tCO2e/t."""
        return max(abs(cut.error) for cut in self.cuts)


def back_test(
    periods: tuple[ForecastPeriod, ...],
    *,
    target: Fraction,
    best: BestCase,
    confidence: Fraction,
    quantiles: QuantileTable,
) -> BackTest:
    """Return the forecast after each period but the last; every period is over, at least two (``forecast.back_test``)."""
    emitted = sum((each.emissions_t for each in periods if each.emissions_t is not None), Fraction(0))
    produced = sum((each.production_t for each in periods), Fraction(0))
    if len(periods) < 2 or produced <= 0 or any(each.emissions_t is None for each in periods):  # noqa: PLR2004 - a cut splits
        raise Conflict(
            "forecast.back_test", "back-test: expected a year that is over, with production, period by period"
        )
    cuts = []
    for past in range(1, len(periods)):
        if not any(each.expected_t > 0 for each in periods[:past]):
            continue
        seen = periods[:past] + tuple(dataclasses.replace(each, emissions_t=None) for each in periods[past:])
        found = forecast_year(
            seen, target=target, best_tco2e_per_t=best.after(periods[:past]), confidence=confidence, quantiles=quantiles
        )
        cuts.append(BackTestCut(period=periods[past - 1].period, forecast=found, actual=emitted / produced))
    if not cuts:
        raise Conflict("forecast.back_test_production", "back-test: expected production before the last period")
    return BackTest(cuts=tuple(cuts))
