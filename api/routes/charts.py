"""Charts of books, prices, forecasts and loans, each as JSON, as SVG and as the workbook of its table.

Each has the policy and the parameters of the answer that it draws.
"""

from __future__ import annotations

from api.charts import calendar, compliance, decisions, holdings, intensity, kpi_targets, loans, prices, results, risk
from api.charts.chart import Chart
from api.charts.look import Look
from api.renditions import Renditions
from api.routes import (
    bank_desk,
    facilities,
    forecasts,
    gap_risk,
    obligations,
    observations,
    outlook,
    profit_and_loss,
    reports,
    surrender_plans,
    valuations,
)
from api.routes import compliance as compliance_routes
from api.routes import (
    decisions as decision_routes,
)
from api.routes import risk as risk_routes
from api.schemas.outlook import OutlookOut


def _gap_of_one_year(answer: OutlookOut, look: Look) -> Chart:
    return compliance.gaps_by_year((answer,), look)


routes = Renditions(tag="charts")
_BOOK = "/books/{book_id}/charts"

routes.chart(f"{_BOOK}/holdings", of=reports.read_positions, draw=holdings.holdings, rows="positions")
routes.chart(f"{_BOOK}/worth", of=valuations.read_valuation, draw=holdings.worth)
routes.chart(f"{_BOOK}/cover", of=compliance_routes.read_compliance, draw=compliance.cover)
routes.chart(f"{_BOOK}/outlook", of=outlook.read_outlook, draw=compliance.emissions_to_come)
routes.chart(f"{_BOOK}/gap", of=outlook.read_outlook, draw=_gap_of_one_year)
routes.chart(f"{_BOOK}/surrender-plan", of=surrender_plans.preview_surrender_plan, draw=compliance.surrender_plan)
routes.chart(f"{_BOOK}/pnl-explain", of=profit_and_loss.explain_profit, draw=results.change_explained)
routes.chart(f"{_BOOK}/risk-ladder", of=gap_risk.read_ladder, draw=risk.ladder)
routes.chart(f"{_BOOK}/risk", of=risk_routes.compute_book_risk, draw=risk.losses)
routes.chart(f"{_BOOK}/risk-back-test", of=risk_routes.back_test_book_risk, draw=risk.back_test)
routes.chart(f"{_BOOK}/next-tonne", of=decision_routes.compute_next_tonne_of_book, draw=decisions.next_step)
routes.chart(f"{_BOOK}/sensitivity", of=decision_routes.compute_sensitivity_of_book, draw=decisions.sensitivity)
routes.chart(f"{_BOOK}/parity", of=decision_routes.compute_next_mwh_of_book, draw=decisions.parity)
routes.chart(f"{_BOOK}/cheapest-plan", of=decision_routes.compute_cheapest_plan_of_book, draw=decisions.cheapest_plan)
routes.chart("/charts/risk", of=risk_routes.compute_group_risk, draw=risk.losses)
routes.chart("/charts/next-tonne", of=decision_routes.compute_next_tonne, draw=decisions.next_step)
routes.chart("/charts/sensitivity", of=decision_routes.compute_sensitivity, draw=decisions.sensitivity)
routes.chart("/charts/parity", of=decision_routes.compute_next_mwh, draw=decisions.parity)
routes.chart("/charts/cheapest-plan", of=decision_routes.compute_cheapest_plan, draw=decisions.cheapest_plan)
routes.chart("/charts/prices", of=observations.list_observations, draw=prices.price_history, rows="observations")
routes.chart("/charts/kpi-path", of=forecasts.read_forecast, draw=intensity.kpi_path)
routes.chart("/kpi-periods/{kpi_period_id}/charts/kpi-path", of=forecasts.read_period_forecast, draw=intensity.kpi_path)
routes.chart("/facilities/{facility_id}/charts/kpi-path", of=bank_desk.read_kpi_path, draw=kpi_targets.kpi_targets)
routes.chart("/facilities/{facility_id}/charts/rate-timeline", of=facilities.read_schedule, draw=loans.rate_timeline)
routes.chart("/facilities/{facility_id}/charts/schedule", of=facilities.read_schedule, draw=loans.schedule)
routes.chart("/charts/obligations", of=obligations.list_obligations, draw=calendar.due_days, rows="facilities")
