"""What hangs on a recorded KPI period of a loan: clauses, forecast, effect window and principal, as one stake.

Reads only. The approval day is assumed by the caller and named so; the window runs from the effect day by the clause to
the contract's end of it, or to a year later, when the next test would take over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.decisions.loan_channel import PrincipalStretch, RateStake
from finance.emissions.methodologies import Measure
from finance.kpi.forecast_quantiles import quantile_table
from finance.kpi.targets import PerformanceTarget
from finance.loans.adjustments import KpiResult
from finance.loans.effect_dates import effect_span
from finance.loans.flows import FlowSchedule
from finance.loans.interest_periods import add_months
from finance.loans.price_effects import OutcomeStatus
from finance.operations.activity import Recipe
from finance.operations.forecasts import ForecastQuestion, forecast_of_year, target_of_period
from finance.operations.loan_view import KnownLoan, known_loan
from finance.store import activity_reference, facilities
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Conflict, NotFound

_CONFIDENCE = Fraction(9, 10)
_MONTHS = 12
_CURRENCY = "CNY"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanQuestion:
    """A KPI's test period and the tranche whose margin follows it; ``approved_on`` is the assumed day of the decision.

    ``are_others_met`` says what is assumed of the ratchet's other KPIs; ``through`` is the last month that counts as over
    (``YYYY-MM``; None: the last one recorded).
    """

    period: KpiPeriod
    tranche_id: str
    approved_on: date
    are_others_met: bool
    through: str | None


def recorded_stake(session: Session, organisation_id: UUID, asked: LoanQuestion, *, now: datetime) -> RateStake:
    """Return the stake of a recorded loan as known ``now``.

    No clauses (``decision.no_ratchet``), no target of the period, a KPI that is no computed intensity, or an effect
    window without a day (``decision.no_window``) are refused.
    """
    period = asked.period
    loan = known_loan(session, period.facility_id, known_at=now)
    terms = loan.facility.terms
    if terms.ratchet is None:
        raise Conflict("decision.no_ratchet", "kpi_period_id: expected a loan whose price follows its KPIs")
    if terms.tranche(asked.tranche_id).currency != _CURRENCY:
        raise Conflict(
            "decision.currency", f"tranche_id: expected a tranche in {_CURRENCY}; other money is not added up here"
        )
    kpi = facilities.load_kpi(session, period.facility_id, period.kpi_id)
    definition = kpi.definition
    if definition.measure.value not in set(Measure) or period.kpi_id not in terms.ratchet.kpi_ids:
        raise Conflict(
            "decision.kpi_unpriced", "kpi_period_id: expected an intensity that some pricing clause looks at"
        )
    level, source = target_of_period(session, period)
    target = _target(loan, period)
    answer = forecast_of_year(
        session,
        organisation_id,
        Recipe(
            methodology_id=definition.methodology_id,
            methodology_version=definition.methodology_version,
            factor_set_version=definition.factor_set_version,
        ),
        ForecastQuestion(
            year=period.period_start.year,
            target=level,
            target_source=source,
            through=asked.through,
            plan_t={},
            confidence=_CONFIDENCE,
            technical_minimum=None,
            last_months=_MONTHS,
        ),
        sites=kpi.sites,
    )
    found = answer.forecast
    status = OutcomeStatus.MET if asked.are_others_met else OutcomeStatus.MISSED
    return RateStake(
        name=f"{terms.facility_number} {asked.tranche_id} {period.kpi_id} {period.period_start.year}",
        measure=Measure(definition.measure.value),
        kpi_id=period.kpi_id,
        tranche_id=asked.tranche_id,
        target=level,
        is_strict=target.is_strict,
        intensity=found.intensity,
        output_t=sum((each.production_t for each in found.periods), Fraction(0)),
        ratchet=terms.ratchet,
        day_count=terms.tranche(asked.tranche_id).day_count,
        stretches=_stretches(loan, asked, target),
        source=(
            f"{terms.citation}; {source}; forecast by {answer.methodology_id} {answer.methodology_version};"
            f" decision assumed approved on {asked.approved_on}"
        ),
        others={
            kpi_id: KpiResult(status=status, observed=None)
            for kpi_id in terms.ratchet.kpi_ids
            if kpi_id != period.kpi_id
        },
        forecast=found,
        quantiles=quantile_table(activity_reference.shipped_student_t()),
    )


def _target(loan: KnownLoan, period: KpiPeriod) -> PerformanceTarget:
    found = loan.facility.terms.kpi(period.kpi_id).target_of(period.period_start)
    if found is None:
        raise Conflict("forecast.no_target", "kpi_period_id: expected a period with a target")
    return found


def _stretches(loan: KnownLoan, asked: LoanQuestion, target: PerformanceTarget) -> tuple[PrincipalStretch, ...]:
    """Return the principal by stretch over the days on which the result counts."""
    drawn = next((each for each in loan.facility.tranches if each.tranche_id == asked.tranche_id), None)
    if drawn is None:
        raise NotFound("decision.tranche", "tranche_id: expected a tranche of the loan", tranche_id=asked.tranche_id)
    span = effect_span(
        loan.facility.terms.effect,
        target=target,
        approved_on=asked.approved_on,
        periods=drawn.periods,
        calendar=drawn.calendar,
    )
    if span is None:
        raise Conflict(
            "decision.no_window", "approved_on: expected a day from which the result still counts in the loan's life"
        )
    last = drawn.periods[-1].end
    until = span.until or add_months(span.effective_from, _MONTHS, is_end_of_month=False) or last
    return _cut(loan.schedule(asked.tranche_id), span.effective_from, min(until, last))


def _cut(schedule: FlowSchedule, start: date, end: date) -> tuple[PrincipalStretch, ...]:
    days = sorted({start, *(flow.on for flow in schedule.principal if start < flow.on < end)})
    return tuple(
        PrincipalStretch(start=first, end=after, principal_fen=max(0, schedule.principal_on(first)))
        for first, after in zip(days, [*days[1:], end], strict=True)
    )
