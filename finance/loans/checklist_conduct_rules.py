"""Checklist rules about plan, reporting, verification, breach, talks and consent: C05, C14 to C26, C28, C30, C32 to C35.

Each takes a case and answers with a verdict; sources stand in the rule's reference row.
"""

from __future__ import annotations

from finance.kpi.definitions import AssuranceLevel
from finance.loans.checklist_case import Case, FindingResult, Verdict
from finance.loans.checklist_target_rules import verdict
from finance.loans.deal_reading import Unknown
from finance.loans.label import months_after
from finance.loans.price_effects import Consequence, reach

_PASSED, _FAILED = FindingResult.PASSED, FindingResult.FAILED
_NOT_APPLICABLE, _UNKNOWN = FindingResult.NOT_APPLICABLE, FindingResult.UNKNOWN


def transition_plan(case: Case) -> Verdict:
    """C05: the hash of a transition plan is in the terms."""
    has_plan = case.label.transition_plan_sha256 is not None
    return verdict(
        has_plan,
        "label.transition_plan_sha256",
        "a plan is linked" if has_plan else "no transition plan is linked",
        "已链接转型计划" if has_plan else "未链接转型计划",
    )


def yearly_report(case: Case) -> Verdict:
    """C14: a report is due after every test period."""
    days = case.reporting.report_due_days
    return verdict(
        _PASSED, "reporting.report_due_days", f"a report {days} days after each period", f"每期结束后{days}天内报告"
    )


def report_in_time(case: Case) -> Verdict:
    """C15: the report is due within the row's days."""
    most, days = case.rule.whole(), case.reporting.report_due_days
    return verdict(
        days <= most,
        "reporting.report_due_days",
        f"due after {days} days, expected at most {most}",
        f"期限为{days}天，不宜超过{most}天",
    )


def verified_yearly(case: Case) -> Verdict:
    """C16: no attestation is overdue; that nothing falls without one is the rule of every determination."""
    overdue = case.evidence.unverified
    if overdue:
        names = ", ".join(f"{kpi_id} {year}" for kpi_id, year in overdue)
        return verdict(_FAILED, "reporting.attestation_due_days", f"not verified: {names}", f"未经核验：{names}")
    days = case.reporting.attestation_due_days
    en, zh = f"verified within {days} days of each period", f"每期结束后{days}天内核验"
    return verdict(_PASSED, "reporting.attestation_due_days", en, zh)


def reviewed_before_signing(case: Case) -> Verdict:
    """C17: the hash of a review before signing is in the terms; its absence is shown."""
    has_review = case.label.review_before_signing_sha256 is not None
    return verdict(
        has_review,
        "label.review_before_signing_sha256",
        "a review is linked" if has_review else "no review before signing",
        "已链接签约前评估" if has_review else "无签约前评估",
    )


def independent_verifier(case: Case) -> Verdict:
    """C18: an engaged assessor declared its independence; one not engaged yet is shown, softly."""
    independent = case.evidence.is_assessor_independent
    if independent is None:
        return verdict(_UNKNOWN, "engagement", "no assessor is engaged yet", "尚未委托核验机构", is_soft=True)
    return verdict(
        independent,
        "engagement.independence",
        "independence is declared" if independent else "engaged without a declaration of independence",
        "已声明独立性" if independent else "已委托但未声明独立性",
    )


def assurance_level(case: Case) -> Verdict:
    """C19: the level asked for is limited or reasonable."""
    level = case.reporting.assurance_level
    is_assurance = level is not AssuranceLevel.NOT_AN_OPINION
    return verdict(
        is_assurance,
        "reporting.assurance_level",
        f"{level} assurance" if is_assurance else "a verification that is no opinion",
        "有限保证" if level is AssuranceLevel.LIMITED else "合理保证" if is_assurance else "核验不构成鉴证意见",
    )


def late_report(case: Case) -> Verdict:
    """C20: a missing or late result keeps nothing of what was earned before."""
    ratchet = case.ratchet
    if ratchet is None:
        return verdict(_NOT_APPLICABLE, "ratchet", "no pricing clause", "无定价条款")
    for field, consequence in (("on_missing", ratchet.on_missing), ("on_late", ratchet.on_late)):
        if consequence is Consequence.UNCHANGED:
            en, zh = "without a report the old price stays", "未报告时仍保留原价格"
            return verdict(_FAILED, f"ratchet.{field}", en, zh)
    return verdict(_PASSED, "ratchet.on_missing", "a stated consequence", "已约定后果")


def breach_consequence(case: Case) -> Verdict:
    """C21: a late fact has its stated consequence for the price, and the terms hold no other."""
    late = case.terms.late_facts
    if isinstance(late, Unknown):
        return verdict(_UNKNOWN, "late_facts", "the terms do not say", "条款未载明")
    return verdict(_PASSED, "late_facts.kind", "it touches price and label only", "仅影响价格和标签")


def declassification(case: Case) -> Verdict:
    """C22: who decides is stated."""
    share = case.label.consent_share
    return verdict(
        _PASSED, "label.consent_share", f"lenders with {share} of the loan decide", f"由占{share}份额的贷款人决定"
    )


def label_of_days(case: Case) -> Verdict:
    """C23: kept by the form of the label itself."""
    del case
    return verdict(_PASSED, "label", "the label is a set of days", "标签为日期区间")


def notice_duty(case: Case) -> Verdict:
    """C24: the duty has its days, and no event was notified after them."""
    late = case.evidence.late_notices
    if late:
        return verdict(_FAILED, "label.notice_days", f"{late} events notified late", f"{late}项事件逾期通知")
    days = case.label.notice_days
    return verdict(_PASSED, "label.notice_days", f"notice within {days} days", f"{days}天内通知")


def talks(case: Case) -> Verdict:
    """C25: talks have days, and none ended without agreement."""
    expired = case.evidence.expired_talks
    if expired:
        en, zh = f"{expired} talks ended without agreement", f"{expired}项磋商期满未达成一致"
        return verdict(_FAILED, "label.rendezvous_days", en, zh)
    days = case.label.rendezvous_days
    if days < 1:
        return verdict(_FAILED, "label.rendezvous_days", "no days to talk", "未约定磋商期")
    return verdict(_PASSED, "label.rendezvous_days", f"{days} days to talk", f"磋商期{days}天")


def attested_method(case: Case) -> Verdict:
    """C26: nothing was attested by another methodology version than the terms'."""
    if not case.kpis:
        return verdict(_NOT_APPLICABLE, "kpis", "no KPI yet", "尚无指标")
    other = sorted({kpi.definition.kpi_id for kpi in case.kpis} & case.evidence.other_methods)
    if other:
        names = ", ".join(other)
        en, zh = f"attested by another version: {names}", f"核验采用其他版本方法学：{names}"
        return verdict(_FAILED, "kpis.definition.methodology_version", en, zh)
    en, zh = "the version of the terms is the one attested", "核验版本与条款一致"
    return verdict(_PASSED, "kpis.definition.methodology_version", en, zh)


def sleeping(case: Case) -> Verdict:
    """C28: a sleeping loan's last day lies within the row's months of origination; without a number its own day is enough."""
    until = case.label.sleeping_until
    if until is None:
        return verdict(_NOT_APPLICABLE, "label.is_sleeping", "the loan does not sleep", "非休眠贷款")
    if case.rule.value is not None:
        last = months_after(case.evidence.originated_on or case.agreed_on, case.rule.whole())
        if until > last:
            en, zh = f"sleeps until {until}, expected {last} at the latest", f"休眠至{until}，不得晚于{last}"
            return verdict(_FAILED, "label.sleeping_until", en, zh)
    return verdict(_PASSED, "label.sleeping_until", f"sleeps until {until}", f"休眠至{until}")


def principles(case: Case) -> Verdict:
    """C30: the version that the terms name is known and was in force on the day they were agreed."""
    name, agreed_on = case.label.principles_version, case.agreed_on
    if case.version is None:
        return verdict(_FAILED, "label.principles_version", f"no known version: {name}", f"未知版本：{name}")
    is_in_force = case.version.is_effective(agreed_on)
    return verdict(
        is_in_force,
        "label.principles_version",
        f"{name} was {'' if is_in_force else 'not '}in force on {agreed_on}",
        f"{name}于{agreed_on}{'' if is_in_force else '并未'}有效",
    )


def separate_approver(case: Case) -> Verdict:
    """C32: who approved the targets is another person than who brought in the loan."""
    approver, originator = case.evidence.approver_of_targets, case.evidence.originator
    if approver is None or originator is None:
        return verdict(_UNKNOWN, "label.approver", "who approved the targets is not known", "不知何人批准目标")
    is_separate = approver != originator
    return verdict(
        is_separate,
        "label.approver",
        "another person approved the targets" if is_separate else "one person brought in the loan and approved",
        "目标由他人批准" if is_separate else "发起与批准为同一人",
    )


def use_of_premium(case: Case) -> Verdict:
    """C33: where a price may rise, what the premium is used for is known."""
    ratchet = case.ratchet
    rises = ratchet is not None and any(reach(effect.rule)[1] for effect in ratchet.effects)
    if not rises:
        return verdict(_NOT_APPLICABLE, "ratchet", "no price rises", "价格不上调")
    if case.evidence.use_of_premium is None:
        return verdict(_UNKNOWN, "premium", "the use of a premium is not stated", "未说明溢价用途")
    return verdict(_PASSED, "premium", "its use is stated", "已说明用途")


def prepayment_rule(case: Case) -> Verdict:
    """C34: every tranche says what a prepayment before the test does."""
    silent = [tranche.tranche_id for tranche in case.tranches if tranche.prepayment is None]
    if silent:
        names = ", ".join(silent)
        return verdict(_FAILED, "tranches.prepayment", f"no prepayment rule: {names}", f"无提前还款规则：{names}")
    return verdict(_PASSED, "tranches.prepayment", "stated for every tranche", "各档均已约定")


def consented_version(case: Case) -> Verdict:
    """C35: the version counts, by the consent that the version before asks for."""
    agreed = case.evidence.is_agreed
    return verdict(
        agreed or _UNKNOWN,
        "version",
        "its parties agreed" if agreed else "the consent of its parties is not known",
        "各方已同意" if agreed else "未见各方同意",
    )
