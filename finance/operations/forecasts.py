"""Early warning from recorded activity: the year's forecast, its back-test, and lines whose energy use stands out.

Loads months, sums the sites, asks the cores. Posts nothing and saves nothing: a forecast is nobody's fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.documents import kind_of
from finance.conventions.exact_text import parse_exact
from finance.conventions.explain import Explanation
from finance.emissions.activity import ActivityMonth
from finance.emissions.intensity import MONTHS_PER_YEAR, MonthEmissions, month_emissions
from finance.emissions.methodologies import BoundMethodology
from finance.kpi.forecast import Forecast, ForecastPeriod, forecast_year
from finance.kpi.forecast_backtest import BackTest, BestCase, back_test
from finance.kpi.forecast_energy import ChartRules, EnergyChart, EnergyReading, energy_chart
from finance.kpi.forecast_explanation import explain_forecast
from finance.kpi.forecast_quantiles import QuantileTable, quantile_table
from finance.kpi.targets import Bound, Level, PerformanceTarget, ReductionVsBase
from finance.operations.activity import Recipe, bound_recipe, recorded_months
from finance.operations.attestations import baseline_of
from finance.store import activity_reference, facilities
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Conflict, Invalid, NotFound

_FLAT_NORM = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastQuestion:
    """What is asked of a year: the target (at most, tCO2e/t) with its source, and what is assumed about the rest.

    ``through`` is the last month that counts as over (``YYYY-MM``; None: the last one recorded). ``plan_t`` holds planned
    production by month. ``technical_minimum`` is the best intensity the rest can reach; None: the lowest of the
    ``last_months`` most recent months.
    """

    year: int
    target: Fraction
    target_source: str
    through: str | None
    plan_t: Mapping[str, Fraction]
    confidence: Fraction
    technical_minimum: Fraction | None
    last_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastAnswer:
    """The forecast with its reasons and the recipe that made its figures."""

    forecast: Forecast
    explanation: Explanation
    methodology_id: str
    methodology_version: str
    factor_set_hash: str


def forecast_of_year(
    session: Session,
    organisation_id: UUID,
    recipe: Recipe,
    question: ForecastQuestion,
    *,
    sites: Sequence[str] = (),
    known_at: datetime | None = None,
) -> ForecastAnswer:
    """Return the year's forecast over the organisation's sites from the activity recorded by ``known_at``."""
    bound = bound_recipe(session, recipe)
    months = recorded_months(session, organisation_id, known_at=known_at, sites=sites)
    year = _year_of(months, bound, question)
    found = forecast_year(
        year.periods,
        target=question.target,
        best_tco2e_per_t=year.best.after(year.periods),
        confidence=question.confidence,
        quantiles=_quantiles(),
    )
    explanation = explain_forecast(
        found, sources=year.sources, target_source=question.target_source, table_source=_table_source()
    )
    return ForecastAnswer(
        forecast=found,
        explanation=explanation,
        methodology_id=bound.methodology.methodology_id,
        methodology_version=bound.methodology.version,
        factor_set_hash=bound.factor_set_hash,
    )


def back_test_of_year(
    session: Session,
    organisation_id: UUID,
    recipe: Recipe,
    question: ForecastQuestion,
    *,
    sites: Sequence[str] = (),
    known_at: datetime | None = None,
) -> BackTest:
    """Return what the forecast would have said after each month of a year that is over; real production stands for the plan."""
    bound = bound_recipe(session, recipe)
    months = recorded_months(session, organisation_id, known_at=known_at, sites=sites)
    year = _year_of(months, bound, question)
    return back_test(
        year.periods,
        target=question.target,
        best=year.best,
        confidence=question.confidence,
        quantiles=_quantiles(),
    )


def energy_charts(
    session: Session,
    organisation_id: UUID,
    *,
    year: int,
    sites: Sequence[str] = (),
    known_at: datetime | None = None,
) -> tuple[EnergyChart, ...]:
    """Return one chart per site of the year, with limits from its year before, or from the year itself without enough of it."""
    rules = activity_reference.shipped_control_charts()
    constants = {row.row_id.partition(".")[2]: row for row in rules.rows}
    chart_rules = ChartRules(
        limit_factor=constants["limit_factor"],
        run_length=constants["run_length"],
        least_readings=constants["least_readings"],
    )
    least = int(chart_rules.least_readings.number())
    readings: dict[tuple[str, int], list[EnergyReading]] = {}
    for month in recorded_months(session, organisation_id, known_at=known_at, sites=sites):
        readings.setdefault((month.site, month.year), []).append(_reading(month))
    named = sorted(site for site, of_year in readings if of_year == year)
    if not named:
        raise NotFound("emissions.no_activity", f"year: no activity month lies in {year}; load it first")
    charts = []
    for site in named:
        before, judged = tuple(readings.get((site, year - 1), ())), tuple(readings[site, year])
        base = before if sum(1 for each in before if each.production_t) >= least else judged
        charts.append(energy_chart(base, judged, rules=chart_rules))
    return tuple(charts)


def target_of_period(session: Session, period: KpiPeriod) -> tuple[Fraction, str]:
    """Return the level that a KPI's test period must not exceed, with where it comes from.

    A reduction is measured from the attested baseline; without one it is ``forecast.baseline_missing``. A target of at
    least a level is ``forecast.target_kind``: only falling intensities are forecast.
    """
    target = _target(session, period)
    rule = target.rule
    if isinstance(rule, Level) and rule.bound is Bound.AT_MOST:
        return rule.value, target.source
    if not isinstance(rule, ReductionVsBase):
        kind = kind_of(type(rule)).replace("_", " ")
        raise Conflict("forecast.target_kind", f"target: expected at most a level, or a reduction; found {kind}")
    baseline = baseline_of(session, period)
    if baseline is None:
        raise Conflict(
            "forecast.baseline_missing",
            "target: the baseline is not attested yet; give target_tco2e_per_t, or have the baseline attested",
        )
    record, value = baseline
    level = parse_exact(value, field="baseline_value") * (1 - rule.reduction)
    return level, f"{target.source}; baseline {value} of attestation {record.attestation_id}"


def _target(session: Session, period: KpiPeriod) -> PerformanceTarget:
    targets = facilities.load_targets(session, period.facility_id, period.kpi_id)
    found = [target for target in targets if target.test_year == period.period_start.year]
    if not found:
        raise Conflict(
            "forecast.no_target", "kpi_period: expected a period with a target, or give target_tco2e_per_t as the level"
        )
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    periods: tuple[ForecastPeriod, ...]
    sources: Mapping[str, str]
    best: BestCase


@dataclass(frozen=True, slots=True, kw_only=True)
class _Total:
    """A month over all sites."""

    emissions_t: Fraction
    production_t: Fraction
    origins: str

    def intensity(self) -> Fraction | None:
        return self.emissions_t / self.production_t if self.production_t else None


def _year_of(months: tuple[ActivityMonth, ...], bound: BoundMethodology, question: ForecastQuestion) -> _Year:
    year = question.year
    of_template = [each for each in months if each.template.template_id == bound.methodology.template_id]
    sites = {each.site for each in of_template if each.year == year}
    if not sites:
        raise NotFound("emissions.no_activity", f"year: no activity month lies in {year}; load it first")
    before = _totals([each for each in of_template if each.year == year - 1 and each.site in sites], bound, sites)
    now = _totals([each for each in of_template if each.year == year], bound, sites)
    over = _over(now, question)
    norms, norm_source = _norms(before, year)
    plan = _Plan(question=question, before=before, over=over)
    periods, sources = [], {}
    for month in _calendar(year):
        total = over.get(month)
        production_t, source = (total.production_t, total.origins) if total else plan.of(month)
        periods.append(
            ForecastPeriod(
                period=month,
                production_t=production_t,
                norm_tco2e_per_t=norms[month],
                emissions_t=None if total is None else total.emissions_t,
            )
        )
        sources[month] = f"{source}; {norm_source}"
    reached = [total.intensity() for total in before.values()]
    best = BestCase(
        technical_minimum=question.technical_minimum,
        reached_before=tuple(each for each in reached if each is not None),
        last=question.last_months,
    )
    return _Year(periods=tuple(periods), sources=sources, best=best)


def _calendar(year: int) -> tuple[str, ...]:
    return tuple(f"{year}-{number:02d}" for number in range(1, MONTHS_PER_YEAR + 1))


def _totals(months: Sequence[ActivityMonth], bound: BoundMethodology, sites: set[str]) -> dict[str, _Total]:
    """Sum the months that every site has; a month that one site lacks is not over yet."""
    by_month: dict[str, list[MonthEmissions]] = {}
    for each in months:
        by_month.setdefault(each.month, []).append(month_emissions(each, bound))
    return {
        month: _Total(
            emissions_t=sum((each.emissions_t for each in found), Fraction(0)),
            production_t=sum((each.production_t for each in found), Fraction(0)),
            origins="; ".join(each.origin for each in found),
        )
        for month, found in sorted(by_month.items())
        if {each.site for each in found} == sites
    }


def _over(now: Mapping[str, _Total], question: ForecastQuestion) -> dict[str, _Total]:
    calendar = _calendar(question.year)
    if question.through is not None and question.through not in calendar:
        raise Invalid("forecast.through", f"through: expected a month of {question.year} as YYYY-MM", field="through")
    over = {month: total for month, total in now.items() if question.through is None or month <= question.through}
    expected = calendar[: len(over)]
    if not over or tuple(over) != expected:
        missing = next(month for month in calendar if month not in over)
        raise Conflict(
            "forecast.gap",
            f"activity: expected every site's months of {question.year} from January on without a gap; "
            f"{missing} is missing; load it first",
            missing=missing,
        )
    if question.through is not None and question.through not in over:
        raise Conflict("forecast.gap", f"activity: {question.through} is not recorded for every site; load it first")
    return over


def _norms(before: Mapping[str, _Total], year: int) -> tuple[Mapping[str, Fraction], str]:
    found = {month: total.intensity() for month, total in before.items()}
    seasonal = {f"{year}{month[4:]}": value for month, value in found.items() if value}
    if set(seasonal) == set(_calendar(year)):
        return seasonal, f"norm: the same month of {year - 1}"
    return dict.fromkeys(_calendar(year), _FLAT_NORM), "norm: 1 for every month, the year before is not complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    question: ForecastQuestion
    before: Mapping[str, _Total]
    over: Mapping[str, _Total]

    def of(self, month: str) -> tuple[Fraction, str]:
        """Return the month's planned production and where it comes from: given, the year before, or the mean so far."""
        given = self.question.plan_t.get(month)
        if given is not None:
            return given, "plan as given"
        same = self.before.get(f"{self.question.year - 1}{month[4:]}")
        if same is not None:
            return same.production_t, f"plan: production of {self.question.year - 1}{month[4:]}"
        made = sum((total.production_t for total in self.over.values()), Fraction(0))
        return made / len(self.over), "plan: mean production of the months that are over"


def _reading(month: ActivityMonth) -> EnergyReading:
    used = sum((Fraction(kwh) for kwh in month.ac_kwh.values()), Fraction(0))
    return EnergyReading(line=month.site, period=month.month, ac_kwh=used, production_t=Fraction(month.production_t))


def _quantiles() -> QuantileTable:
    return quantile_table(activity_reference.shipped_student_t())


def _table_source() -> str:
    table = activity_reference.shipped_student_t()
    return f"{table.rows[0].source} [{table.set_id} version {table.version}]"
