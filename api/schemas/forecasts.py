"""What leaves about early warning: a year's forecast, its back-test and charts of energy use.

Every figure is a decimal string, half-up at twelve decimals where it does not end. Computes nothing.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from finance.conventions.exact_text import decimal_text
from finance.kpi.forecast import Forecast, ForecastPeriod, Outlook
from finance.kpi.forecast_backtest import BackTest, BackTestCut
from finance.kpi.forecast_energy import EnergyAnomaly, EnergyChart, Signal
from finance.operations.forecasts import ForecastAnswer

_Intensity = Annotated[str, Field(description="tCO2e per tonne of product.", examples=["8.1636"])]
_Month = Annotated[str, Field(examples=["2025-07"])]
_METHOD = (
    "ratio estimator of emissions on production x the plant's norm (Brewer 1963, Royall 1970), Student's t interval; "
    "the chance is read from the same t by linear interpolation"
)


class ForecastPeriodOut(Schema):
    """One month: over or planned."""

    period: _Month
    production_t: Annotated[str, Field(examples=["42000"])]
    norm_tco2e_per_t: Annotated[str, Field(description="1 without an earlier year.", examples=["8.5"])]
    emissions_tco2e: Annotated[str | None, Field(description="Null while to come.", examples=["357000"])]

    @classmethod
    def from_core(cls, period: ForecastPeriod) -> ForecastPeriodOut:
        """Return the shape of ``period``."""
        return cls(
            period=period.period,
            production_t=decimal_text(period.production_t),
            norm_tco2e_per_t=decimal_text(period.norm_tco2e_per_t),
            emissions_tco2e=_shown(period.emissions_t),
        )


class ForecastOut(Schema):
    """Where the year ends, and until when its target can still be met."""

    method: Annotated[str, Field(examples=[_METHOD])]
    methodology_id: Annotated[str, Field(examples=["article-2024-draft"])]
    methodology_version: Annotated[str, Field(examples=["1"])]
    factor_set_sha256: Annotated[str, Field(examples=["9f86d081884c7d65" * 4])]
    outlook: Annotated[Outlook, Field(examples=[Outlook.AT_RISK])]
    target_tco2e_per_t: _Intensity
    confidence: Annotated[str, Field(examples=["0.9"])]
    months_over: Annotated[int, Field(examples=[6])]
    forecast_tco2e_per_t: _Intensity
    low_tco2e_per_t: _Intensity | None
    high_tco2e_per_t: _Intensity | None
    chance_to_meet: Annotated[str | None, Field(description="Null before two months.", examples=["0.83"])]
    chance_is_bound: Annotated[bool, Field(description="The true chance lies further out than the table reaches.")]
    norm_ratio: Annotated[str, Field(description="This year over the norm.", examples=["0.956"])]
    required_rest_tco2e_per_t: Annotated[str | None, Field(description="Null once over.", examples=["8.1"])]
    best_case_tco2e_per_t: Annotated[str | None, Field(description="Null once over.", examples=["8.0"])]
    best_month_tco2e_per_t: _Intensity
    lost_after: Annotated[str | None, Field(description="From then on it cannot be met.", examples=["2025-09"])]
    lost_is_past: bool
    periods: Array[ForecastPeriodOut]
    explain: ExplanationOut

    @classmethod
    def from_core(cls, answer: ForecastAnswer) -> ForecastOut:
        """Return the shape of ``answer``."""
        found = answer.forecast
        return cls(
            method=_METHOD,
            methodology_id=answer.methodology_id,
            methodology_version=answer.methodology_version,
            factor_set_sha256=answer.factor_set_hash,
            outlook=found.outlook,
            target_tco2e_per_t=decimal_text(found.target),
            confidence=decimal_text(found.confidence),
            months_over=found.observed_count,
            forecast_tco2e_per_t=decimal_text(found.intensity),
            low_tco2e_per_t=_shown(found.low),
            high_tco2e_per_t=_shown(found.high),
            chance_to_meet=None if found.chance is None else decimal_text(found.chance.value, places=4),
            chance_is_bound=found.chance is not None and found.chance.is_bound,
            norm_ratio=decimal_text(found.norm_ratio),
            required_rest_tco2e_per_t=_shown(found.required),
            best_case_tco2e_per_t=_shown(found.best_case),
            best_month_tco2e_per_t=decimal_text(found.best_tco2e_per_t),
            lost_after=None if found.last_chance is None else found.last_chance.period,
            lost_is_past=found.last_chance is not None and found.last_chance.is_past,
            periods=tuple(ForecastPeriodOut.from_core(each) for each in found.periods),
            explain=ExplanationOut.from_core(answer.explanation),
        )


class BackTestCutOut(Schema):
    """What the forecast would have said after one month."""

    after: _Month
    forecast_tco2e_per_t: _Intensity
    low_tco2e_per_t: _Intensity | None
    high_tco2e_per_t: _Intensity | None
    error_tco2e_per_t: Annotated[str, Field(description="Forecast minus actual.", examples=["-0.01"])]
    is_covered: Annotated[bool | None, Field(description="Null without an interval.")]
    outlook: Annotated[Outlook, Field(examples=[Outlook.ON_TRACK])]

    @classmethod
    def from_core(cls, cut: BackTestCut) -> BackTestCutOut:
        """Return the shape of ``cut``."""
        found: Forecast = cut.forecast
        return cls(
            after=cut.period,
            forecast_tco2e_per_t=decimal_text(found.intensity),
            low_tco2e_per_t=_shown(found.low),
            high_tco2e_per_t=_shown(found.high),
            error_tco2e_per_t=decimal_text(cut.error),
            is_covered=cut.is_covered,
            outlook=found.outlook,
        )


class BackTestOut(Schema):
    """The forecast replayed on a year that is over, with the production really made standing for the plan."""

    method: Annotated[str, Field(examples=[_METHOD])]
    actual_tco2e_per_t: _Intensity
    confidence: Annotated[str, Field(examples=["0.9"])]
    coverage: Annotated[str | None, Field(description="Share of intervals that held the actual.", examples=["0.9"])]
    largest_error_tco2e_per_t: _Intensity
    cuts: Array[BackTestCutOut]

    @classmethod
    def from_core(cls, test: BackTest) -> BackTestOut:
        """Return the shape of ``test``."""
        first = test.cuts[0]
        return cls(
            method=_METHOD,
            actual_tco2e_per_t=decimal_text(first.actual),
            confidence=decimal_text(first.forecast.confidence),
            coverage=_shown(test.coverage),
            largest_error_tco2e_per_t=decimal_text(test.largest_error),
            cuts=tuple(BackTestCutOut.from_core(cut) for cut in test.cuts),
        )


class EnergyAnomalyOut(Schema):
    """A month whose AC power per tonne leaves the line's own limits, or ends a run on one side of its mean."""

    period: _Month
    ac_kwh_per_t: Annotated[str, Field(examples=["13480.2"])]
    signal: Annotated[Signal, Field(examples=[Signal.ABOVE])]

    @classmethod
    def from_core(cls, anomaly: EnergyAnomaly) -> EnergyAnomalyOut:
        """Return the shape of ``anomaly``."""
        return cls(period=anomaly.period, ac_kwh_per_t=decimal_text(anomaly.ac_kwh_per_t), signal=anomaly.signal)


class EnergyChartOut(Schema):
    """A line's individuals chart."""

    line: Annotated[str, Field(examples=["Beihe smelter"])]
    mean_kwh_per_t: Annotated[str, Field(examples=["13315.1"])]
    lower_kwh_per_t: Annotated[str, Field(examples=["13280.4"])]
    upper_kwh_per_t: Annotated[str, Field(examples=["13349.8"])]
    base_periods: Annotated[Array[str], Field(description="What the limits are computed from.")]
    anomalies: Array[EnergyAnomalyOut]
    not_judged: Annotated[Array[str], Field(description="Months without production.")]

    @classmethod
    def from_core(cls, chart: EnergyChart) -> EnergyChartOut:
        """Return the shape of ``chart``."""
        return cls(
            line=chart.line,
            mean_kwh_per_t=decimal_text(chart.mean_kwh_per_t),
            lower_kwh_per_t=decimal_text(chart.lower_kwh_per_t),
            upper_kwh_per_t=decimal_text(chart.upper_kwh_per_t),
            base_periods=chart.base_periods,
            anomalies=tuple(EnergyAnomalyOut.from_core(each) for each in chart.anomalies),
            not_judged=chart.not_judged,
        )


class EnergyChartsOut(Schema):
    """One chart per site."""

    charts: Array[EnergyChartOut]


def _shown(value: Fraction | None) -> str | None:
    return None if value is None else decimal_text(value)
