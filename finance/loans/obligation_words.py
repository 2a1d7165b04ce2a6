"""Duties in words, English and Chinese from one source: what a calendar entry and a queue say.

Owns the wording only.
"""

from __future__ import annotations

from collections.abc import Mapping

from finance.loans.obligations import Debtor, Duty, DutyState, Obligation

_DUTIES: Mapping[Duty, tuple[str, str]] = {
    Duty.REPORT: ("Report of KPI {subject}, test period from {key}", "报告关键绩效指标 {subject},考核期自 {key} 起"),
    Duty.ATTESTATION: (
        "Attestation of KPI {subject}, test period from {key}",
        "鉴证关键绩效指标 {subject},考核期自 {key} 起",
    ),
    Duty.YEARLY_REPORT: (
        "Yearly report of KPI {subject}, year to {key} (exclusive)",
        "关键绩效指标 {subject} 年度报告,年度止于 {key}(不含)",
    ),
    Duty.YEARLY_ATTESTATION: (
        "Yearly attestation of KPI {subject}, year to {key} (exclusive)",
        "关键绩效指标 {subject} 年度鉴证,年度止于 {key}(不含)",
    ),
    Duty.DECISION: ("Rate decision on the test period from {key}", "就 {key} 起的考核期作出利率决定"),
    Duty.REDETERMINATION: (
        "New rate decision: attestation {subject} fell",
        "重新作出利率决定:鉴证声明 {subject} 已失效",
    ),
    Duty.INTEREST: ("Interest of tranche {subject}, period from {key}", "{subject} 档付息，计息期自 {key} 起"),
    Duty.DRAWDOWN: ("Drawdown of tranche {subject}", "{subject} 档提款"),
    Duty.REPAYMENT: ("Repayment of tranche {subject}", "{subject} 档还本"),
    Duty.MATURITY: ("Maturity of tranche {subject}", "{subject} 档到期"),
    Duty.SLEEPING_END: ("Last day to agree KPIs and targets", "约定关键绩效指标和目标的最后日期"),
    Duty.TALKS_END: ("Last day of the talks on amendment event {subject}", "调整事件 {subject} 协商的最后日期"),
    Duty.BREACH_CURE: ("Last day to cure breach {subject}", "违约事项 {subject} 补救的最后日期"),
    Duty.MANDATE_END: ("Mandate ends: engagement {subject}", "委托终止:业务约定 {subject}"),
}
_DEBTORS: Mapping[Debtor, tuple[str, str]] = {
    Debtor.BORROWER: ("borrower", "借款人"),
    Debtor.LENDERS: ("lenders", "贷款人"),
    Debtor.ASSESSOR: ("assessor", "鉴证机构"),
    Debtor.BOTH: ("borrower and lenders", "借款人和贷款人"),
}
_STATES: Mapping[DutyState, tuple[str, str]] = {
    DutyState.DUE: ("due", "待办"),
    DutyState.DONE: ("done", "已完成"),
    DutyState.LATE: ("late", "逾期"),
    DutyState.WAIVED: ("waived", "已豁免"),
    DutyState.PASSED: ("day over, nothing recorded", "日期已过,无记录"),
}


def title_of(duty: Obligation) -> tuple[str, str]:
    """Return what is owed, in English and Chinese: ``Report of KPI intensity, test period from 2025-01-01``."""
    english, chinese = _DUTIES[duty.duty]
    return english.format(subject=duty.subject, key=duty.key), chinese.format(subject=duty.subject, key=duty.key)


def standing_of(duty: Obligation) -> tuple[str, str]:
    """Return who owes it and where it stands, in English and Chinese."""
    (debtor_en, debtor_zh), (state_en, state_zh) = _DEBTORS[duty.debtor], _STATES[duty.state]
    return f"Owed by: {debtor_en}. State: {state_en}.", f"义务人:{debtor_zh}。状态:{state_zh}。"
