"""The tables a treasurer and a bank officer take along, each as a workbook with all of its pages.

Each has the policy and the parameters of the answer that it is of.
"""

from __future__ import annotations

from api.renditions import Renditions
from api.routes import (
    allocations,
    bank_desk,
    carbon_contracts,
    compliance_proposals,
    facilities,
    obligations,
    orders,
    profit_and_loss,
    reports,
    surrender_plans,
    trades,
    valuations,
)

routes = Renditions(tag="workbooks")
_BOOK = "/books/{book_id}"

routes.sheet(f"{_BOOK}/positions.xlsx", of=reports.read_positions, rows="positions", name=("Positions", "持仓"))
routes.sheet(f"{_BOOK}/lots.xlsx", of=reports.read_lots, rows="lots", name=("Lots", "批次"))
routes.sheet(f"{_BOOK}/disposals.xlsx", of=reports.list_disposals, rows="disposals", name=("Disposals", "处置"))
routes.sheet(f"{_BOOK}/statement.xlsx", of=reports.read_subtree_statement, rows="lines", name=("Statement", "对账单"))
routes.sheet(
    f"{_BOOK}/accounts/{{path}}/statement.xlsx", of=reports.read_statement, rows="lines", name=("Statement", "对账单")
)
routes.sheet(
    f"{_BOOK}/trial-balance.xlsx", of=reports.read_trial_balance, rows="lines", name=("Trial balance", "试算平衡")
)
routes.sheet(f"{_BOOK}/valuation.xlsx", of=valuations.read_valuation, rows="lots", name=("Valuation", "估值"))
routes.sheet(f"{_BOOK}/pnl.xlsx", of=profit_and_loss.read_profit, rows="lines", name=("Profit and loss", "损益"))
routes.sheet(
    f"{_BOOK}/pnl-explain.xlsx",
    of=profit_and_loss.explain_profit,
    rows="total.effects",
    name=("P&L explain", "损益归因"),
)
routes.sheet(f"{_BOOK}/orders.xlsx", of=orders.list_orders, rows="orders", name=("Orders", "订单"))
routes.sheet(f"{_BOOK}/trades.xlsx", of=trades.list_trades, rows="trades", name=("Trades", "成交"))
routes.sheet(
    f"{_BOOK}/carbon-contracts.xlsx",
    of=carbon_contracts.list_contracts,
    rows="contracts",
    name=("Carbon contracts", "碳合约"),
)
for _rows, _name in (
    ("cash_flows", ("Cash flows", "现金流")),
    ("expected_tonnes", ("Tonnes expected", "预期收付吨数")),
    ("encumbrances", ("Set aside", "占用")),
    ("events", ("History", "历史")),
):
    routes.sheet(
        f"/carbon-contracts/{{contract_id}}/{_rows.replace('_', '-')}.xlsx",
        of=carbon_contracts.read_contract,
        rows=_rows,
        name=_name,
    )
routes.sheet(
    "/carbon-contracts/{contract_id}/movements.xlsx",
    of=carbon_contracts.list_contract_movements,
    rows="movements",
    name=("Movements", "变动"),
)
routes.sheet(
    f"{_BOOK}/allocations/{{year}}/objections.xlsx",
    of=allocations.read_allocation,
    rows="objections",
    name=("Objections", "异议"),
)
routes.sheet(
    f"{_BOOK}/compliance-proposals.xlsx",
    of=compliance_proposals.list_compliance_proposals,
    rows="proposals",
    name=("Compliance proposals", "履约提案"),
)
routes.sheet(
    f"{_BOOK}/compliance-deadlines.xlsx",
    of=compliance_proposals.read_deadlines,
    rows="steps",
    name=("Compliance calendar", "履约日历"),
)
routes.sheet(
    f"{_BOOK}/surrender-plan.xlsx",
    of=surrender_plans.preview_surrender_plan,
    rows="lines",
    name=("Surrender plan", "清缴方案"),
)
routes.sheet(
    "/obligations.xlsx",
    of=obligations.list_obligations,
    rows="facilities.obligations",
    name=("Obligations", "到期事项"),
)
routes.sheet(
    "/carbon-contracts.xlsx",
    of=carbon_contracts.list_lent_contracts,
    rows="contracts",
    name=("Pledge loans on carbon", "碳资产质押贷款"),
)
routes.sheet(
    "/bank/portfolio.xlsx", of=bank_desk.read_portfolio, rows="positions.tranches", name=("Portfolio", "贷款组合")
)
routes.sheet(
    "/facilities/{facility_id}/schedule.xlsx",
    of=facilities.read_schedule,
    rows="tranches.periods",
    name=("Schedule", "还款付息表"),
)
