"""The rolling forecast of a compliance year from recorded activity and what a book holds, and its replay on a past year.

Asks the one monthly forecast there is for the emissions and the compliance cores for the gap. Stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.compliance.allocation import allocation_rule
from finance.compliance.gap_forecast import (
    BalanceRange,
    EmissionsOutlook,
    GapBackTest,
    GapCut,
    GapForecast,
    GapSetting,
    MonthOutlook,
    gap_forecast,
)
from finance.compliance.obligation import ComplianceRules, Cover
from finance.conventions.explain import Explanation
from finance.emissions.methodologies import Measure
from finance.kpi.forecast import Forecast
from finance.market.marks import Mark
from finance.operations.activity import Recipe, bound_recipe
from finance.operations.allocations import balance_on_file
from finance.operations.compliance import cover_of, price_of, source_of
from finance.operations.forecasts import ForecastQuestion, back_test_of_year, forecast_of_year
from finance.store import reference
from ledger.core.errors import Invalid

_LAST_MONTHS = 12
_NO_TARGET = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookQuestion:
    """What is asked of a compliance year; see ``ForecastQuestion`` for ``through``, ``plan_t`` and ``confidence``."""

    year: int
    recipe: Recipe
    balance: BalanceRange | None
    through: str | None
    plan_t: Mapping[str, Fraction]
    confidence: Fraction
    sites: tuple[str, ...]
    known_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookAnswer:
    """The forecast of the gap with the recipe that made its emissions."""

    forecast: GapForecast
    methodology_id: str
    methodology_version: str
    factor_set_hash: str


def outlook_of_year(
    session: Session,
    organisation_id: UUID,
    book_id: int,
    question: OutlookQuestion,
    *,
    on: date,
    mark: Mark | None,
    now: datetime,
    known: int | None = None,
) -> OutlookAnswer:
    """Return the gap that the year is expected to end with, as of ``on`` by the book's first ``known`` entries.

    Where no balance value is asked with, the one counts that the standing determination of the year names, as approved by
    ``question.known_at``, else by ``now``. Emissions are the methodology's ``ets_direct`` (``compliance.measure`` otherwise):
    recorded months, the rest forecast. Without a usable mark the gap is unvalued.
    """
    _check_measure(session, question.recipe)
    if question.balance is None:
        known_at = question.known_at or now
        found = balance_on_file(session, book_id, year=question.year, on=on, known_at=known_at)
        question = replace(question, balance=found)
    answer = forecast_of_year(
        session,
        organisation_id,
        question.recipe,
        _asked(question),
        sites=question.sites,
        known_at=question.known_at,
    )
    setting = _setting(question.year, cover_of(session, book_id, year=question.year, on=on, known=known), on, mark)
    emissions = _emissions(question.year, answer.forecast, answer.explanation)
    return OutlookAnswer(
        forecast=gap_forecast(emissions, question.balance, setting),
        methodology_id=answer.methodology_id,
        methodology_version=answer.methodology_version,
        factor_set_hash=answer.factor_set_hash,
    )


def outlook_back_test(session: Session, organisation_id: UUID, question: OutlookQuestion, *, on: date) -> GapBackTest:
    """Return what the forecast would have said after each month of a year that is over, against the gap that came.

    The gap is that of the allocation alone: nothing held, nothing surrendered. Real production stands for the plan.
    """
    _check_measure(session, question.recipe)
    test = back_test_of_year(
        session,
        organisation_id,
        question.recipe,
        _asked(question),
        sites=question.sites,
        known_at=question.known_at,
    )
    setting = _setting(question.year, _nothing(question.year), on, None)
    last = test.cuts[-1]
    produced = sum((each.production_t for each in last.forecast.periods), Fraction(0))
    actual = gap_forecast(_actual(question.year, last.actual, produced), question.balance, setting).gap_t
    return GapBackTest(
        cuts=tuple(
            GapCut(
                month=cut.period,
                forecast=gap_forecast(
                    _emissions(question.year, cut.forecast, _leaf(cut.period)), question.balance, setting
                ),
                actual_gap_t=actual,
            )
            for cut in test.cuts
        )
    )


def _check_measure(session: Session, recipe: Recipe) -> None:
    measure = bound_recipe(session, recipe).methodology.measure
    if measure is not Measure.ETS_DIRECT:
        raise Invalid(
            "compliance.measure",
            f"methodology: expected one of {Measure.ETS_DIRECT}, which the law allocates on; found {measure}",
            field="methodology",
        )


def _asked(question: OutlookQuestion) -> ForecastQuestion:
    balance = question.balance
    return ForecastQuestion(
        year=question.year,
        # The gap opens where the intensity exceeds the balance value; a year without one asks for no target.
        target=_NO_TARGET if balance is None else balance.middle,
        target_source="none" if balance is None else balance.source,
        through=question.through,
        plan_t=question.plan_t,
        confidence=question.confidence,
        technical_minimum=None,
        last_months=_LAST_MONTHS,
    )


def _setting(year: int, cover: Cover, on: date, mark: Mark | None) -> GapSetting:
    return GapSetting(
        rule=allocation_rule(reference.shipped_allocation_rules(), year),
        cover=cover,
        rules=ComplianceRules(vintages=reference.shipped_vintage_rules(), offsets=reference.shipped_offset_rules()),
        on=on,
        mark=price_of(mark),
        mark_source=source_of(mark),
    )


def _emissions(year: int, found: Forecast, explanation: Explanation) -> EmissionsOutlook:
    produced = sum((each.production_t for each in found.periods), Fraction(0))
    return EmissionsOutlook(
        year=year,
        months=tuple(
            MonthOutlook(
                month=each.period,
                emissions_t=found.norm_ratio * each.expected_t if each.emissions_t is None else each.emissions_t,
                is_over=each.emissions_t is not None,
                source="recorded activity" if each.emissions_t is not None else "ratio estimator",
            )
            for each in found.periods
        ),
        production_t=produced,
        low_t=None if found.low is None else found.low * produced,
        high_t=None if found.high is None else found.high * produced,
        confidence=found.confidence,
        explanation=explanation,
    )


def _actual(year: int, intensity: Fraction, produced: Fraction) -> EmissionsOutlook:
    whole = MonthOutlook(month=f"{year}-12", emissions_t=intensity * produced, is_over=True, source="recorded activity")
    return EmissionsOutlook(
        year=year,
        months=(whole,),
        production_t=produced,
        low_t=None,
        high_t=None,
        confidence=Fraction(0),
        explanation=_leaf(whole.month),
    )


def _nothing(year: int) -> Cover:
    none = f"nothing counted: the replay of {year} is of the allocation alone"
    return Cover(
        allowances=(),
        ccer=(),
        issued_t=0,
        issued_source=none,
        surrendered_t=0,
        ccer_surrendered_t=0,
        surrendered_source=none,
    )


def _leaf(month: str) -> Explanation:
    return Explanation(
        label_en=f"emissions outlook after {month}",
        label_zh=f"{month}月末排放展望",
        value="replay",
        unit="1",
        source="recorded activity of the months up to then",
    )
