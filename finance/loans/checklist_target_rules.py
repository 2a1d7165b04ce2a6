"""Checklist rules about KPIs, targets and the price that hangs on them: C01 to C04, C06 to C13, C27, C29, C31.

Each takes a case and answers with a verdict; sources stand in the rule's reference row.
"""

from __future__ import annotations

from fractions import Fraction

from finance.kpi.targets import Bound, KpiClass, Level, PerformanceTarget, ReductionVsBase
from finance.loans.base_rates import FixedRate
from finance.loans.checklist_case import Case, FindingResult, Verdict
from finance.loans.facility_terms import KpiTerms
from finance.loans.price_effects import PricedItem, PriceEffect, reach
from finance.loans.tranche_terms import TrancheTerms

_PASSED, _FAILED = FindingResult.PASSED, FindingResult.FAILED
_NOT_APPLICABLE, _UNKNOWN = FindingResult.NOT_APPLICABLE, FindingResult.UNKNOWN


def verdict(
    result: FindingResult | bool,  # noqa: FBT001 - what a rule found
    field: str,
    en: str,
    zh: str,
    *,
    is_soft: bool = False,
) -> Verdict:
    """Return a verdict; True is passed, False failed."""
    if isinstance(result, bool):
        result = _PASSED if result else _FAILED
    return Verdict(result=result, field=field, reason_en=en, reason_zh=zh, is_soft=is_soft)


def five_components(case: Case) -> Verdict:
    """C01: no component is empty; reporting and verification are clauses that every version has."""
    if not case.kpis:
        return verdict(_FAILED, "kpis", "no KPI", "无绩效指标")
    if not all(kpi.targets for kpi in case.kpis):
        return verdict(_FAILED, "kpis.targets", "a KPI has no target", "有指标未设目标")
    if case.ratchet is None:
        return verdict(_FAILED, "ratchet", "no economic outcome is linked", "未挂钩经济结果")
    return verdict(bool(case.reporting), "kpis, ratchet, reporting", "all five are there", "五要素齐备")


def material(case: Case) -> Verdict:
    """C02: every KPI says why it is material and which part of the footprint it covers."""
    if not case.kpis:
        return verdict(_NOT_APPLICABLE, "kpis", "no KPI yet", "尚无指标")
    silent = [kpi.definition.kpi_id for kpi in case.kpis if kpi.materiality is None or kpi.footprint_share is None]
    if silent:
        names = ", ".join(silent)
        return verdict(
            _FAILED, "kpis.materiality", f"materiality or share not stated: {names}", f"未说明重要性或份额：{names}"
        )
    return verdict(_PASSED, "kpis.materiality", "stated for every KPI", "各指标均已说明")


def measurable(case: Case) -> Verdict:
    """C03: the terms freeze methodology, version, boundary and unit; a definition without one cannot be built."""
    if not case.kpis:
        return verdict(_FAILED, "kpis", "no KPI", "无绩效指标")
    return verdict(_PASSED, "kpis.definition", "methodology, boundary and unit are frozen", "方法学、边界和单位已固定")


def core_kpi(case: Case) -> Verdict:
    """C04: one KPI at least is core."""
    if not case.kpis:
        return verdict(_NOT_APPLICABLE, "kpis", "no KPI yet", "尚无指标")
    has_core = any(kpi.kpi_class is KpiClass.CORE for kpi in case.kpis)
    return verdict(
        has_core,
        "kpis.kpi_class",
        "a core KPI is there" if has_core else "secondary KPIs only: say in writing why together they equal a core one",
        "有核心指标" if has_core else "仅有次要指标：须书面说明其合计等同核心指标",
    )


def ambitious(case: Case) -> Verdict:
    """C06: a numeric target lies below the regulated value in force (hard) and below the borrower's own trend (soft).

    The trend is the straight line through the first and the last of the last verified years, carried to the target's year. What
    cannot be compared (no verified years, no regulated value) stays unknown, softly.
    """
    if not any(kpi.targets for kpi in case.kpis):
        return verdict(_FAILED, "kpis.targets", "no target", "未设目标")
    has_trend = has_law = False
    for kpi in case.kpis:
        for target in kpi.targets:
            level = _level_of(target, kpi)
            if level is None:
                continue
            where = f"{kpi.definition.kpi_id} {target.test_year}"
            law = case.evidence.regulated.get((kpi.definition.kpi_id, target.test_year))
            trend = _trend(case, kpi.definition.kpi_id, target.test_year)
            if law is not None and level >= law:
                return verdict(_FAILED, "kpis.targets", f"no tighter than the law: {where}", f"不严于监管要求：{where}")
            if trend is not None and level >= trend:
                en, zh = f"no tighter than the own trend: {where}", f"不严于自身趋势：{where}"
                return verdict(_FAILED, "kpis.targets", en, zh, is_soft=True)
            has_law, has_trend = has_law or law is not None, has_trend or trend is not None
    if has_law and has_trend:
        return verdict(_PASSED, "kpis.targets", "tighter than the law and the own trend", "严于监管要求和自身趋势")
    en, zh = "no regulated value or no verified years to compare with", "缺少可比的监管值或经核验年度"
    return verdict(_UNKNOWN, "kpis.targets", en, zh, is_soft=True)


def calibrated(case: Case) -> Verdict:
    """C07: every KPI has as many verified years as the row asks for."""
    if not case.kpis:
        return verdict(_NOT_APPLICABLE, "kpis", "no KPI yet", "尚无指标")
    wanted = case.rule.whole()
    short = [k.definition.kpi_id for k in case.kpis if len(case.evidence.values.get(k.definition.kpi_id, ())) < wanted]
    if short:
        names = ", ".join(short)
        return verdict(
            _FAILED, "kpis", f"fewer than {wanted} verified years: {names}", f"经核验年度不足{wanted}年：{names}"
        )
    return verdict(_PASSED, "kpis", f"{wanted} verified years or more", f"已有{wanted}年或以上经核验数据")


def grid_without_hole(case: Case) -> Verdict:
    """C08: between a KPI's first and last test every day is tested (hard); targets of later terms are set later (soft)."""
    if not any(kpi.targets for kpi in case.kpis):
        return verdict(_FAILED, "kpis.targets", "no target", "未设目标")
    for kpi in case.kpis:
        for before, after in zip(kpi.targets, kpi.targets[1:], strict=False):
            if before.period_end < after.period_start:
                where = f"{kpi.definition.kpi_id} {before.period_end}/{after.period_start}"
                return verdict(_FAILED, "kpis.targets", f"a hole in the targets: {where}", f"目标有空档：{where}")
    late = [k.definition.kpi_id for k in case.kpis if k.targets and k.targets[0].period_end <= case.agreed_on]
    if late:
        names = ", ".join(late)
        en, zh = f"the first test was over when the terms were agreed: {names}", f"约定时首个考核期已结束：{names}"
        return verdict(_FAILED, "kpis.targets", en, zh, is_soft=True)
    return verdict(_PASSED, "kpis.targets", "no test year left out", "考核年度不间断")


def yearly(case: Case) -> Verdict:
    """C09: a KPI is reported at least once a year: no test period is longer than the row's days."""
    most = case.rule.whole()
    for kpi in case.kpis:
        for target in kpi.targets:
            if (target.period_end - target.period_start).days > most:
                where = f"{kpi.definition.kpi_id} {target.period_start}"
                en, zh = f"a test period of more than {most} days: {where}", f"考核期超过{most}天：{where}"
                return verdict(_FAILED, "kpis.targets", en, zh)
    if not case.kpis:
        return verdict(_NOT_APPLICABLE, "kpis", "no KPI yet", "尚无指标")
    return verdict(_PASSED, "kpis.targets", "reported at least once a year", "至少每年报告一次")


def verified_base(case: Case) -> Verdict:
    """C10: every KPI with a base year has a standing attestation of it."""
    based = [kpi.definition.kpi_id for kpi in case.kpis if kpi.baseline is not None]
    if not based:
        return verdict(_NOT_APPLICABLE, "kpis.baseline", "no target is measured from a base", "目标不以基准值计量")
    missing = [name for name in based if name not in case.evidence.attested_bases]
    if missing:
        names = ", ".join(missing)
        return verdict(_UNKNOWN, "kpis.baseline", f"base not verified as known: {names}", f"基准值未见核验：{names}")
    return verdict(_PASSED, "kpis.baseline", "every base is attested", "各基准值均已核验")


def linked_outcome(case: Case) -> Verdict:
    """C11: clauses are there and some outcome moves a price; every outcome vector has one answer by construction."""
    if case.ratchet is None:
        return verdict(_FAILED, "ratchet", "no pricing clause", "无定价条款")
    moves = any(any(reach(effect.rule)) for effect in case.ratchet.effects)
    return verdict(
        moves,
        "ratchet.effects",
        "every outcome has one price" if moves else "no outcome moves any price",
        "各种结果均对应唯一价格" if moves else "任何结果均不影响价格",
    )


def ratchet_kind(case: Case) -> Verdict:
    """C12: no step takes a margin that began at or above zero below it: by its floor, or because the steps are smaller.

    A base rate quoted below its index (LPR less 89 bp) has no margin to protect; a fixed rate's is not told apart from the rate.
    """
    ratchet = case.ratchet
    if ratchet is None:
        return verdict(_FAILED, "ratchet", "no pricing clause", "无定价条款")
    falls = sum(
        (min(reach(effect.rule)[0], effect.cap_down_bp) for effect in ratchet.effects if _moves_margin(effect)),
        Fraction(0),
    )
    if ratchet.total_cap_down_bp is not None:
        falls = min(falls, ratchet.total_cap_down_bp)
    low = [tranche.tranche_id for tranche in case.tranches if _may_fall_below_zero(tranche, falls)]
    if low:
        names = ", ".join(low)
        en, zh = f"the margin may fall below zero: {names}", f"利差可能低于零：{names}"
        return verdict(_FAILED, "tranches.margin_floor_bp", en, zh)
    return verdict(
        _PASSED, "ratchet.effects", "a known kind of clause, no margin below zero", "条款种类明确，利差不低于零"
    )


def capped(case: Case) -> Verdict:
    """C13: an adjustment that adds up over the years is bounded in total; one that does not is bounded by its clause."""
    ratchet = case.ratchet
    if ratchet is None:
        return verdict(_NOT_APPLICABLE, "ratchet", "no pricing clause", "无定价条款")
    adds_up = [effect.effect_id for effect in ratchet.effects if effect.is_cumulative]
    has_total = ratchet.total_cap_down_bp is not None and ratchet.total_cap_up_bp is not None
    if adds_up and not has_total:
        names = ", ".join(adds_up)
        en, zh = f"cumulative without a cap in total: {names}", f"累计调整无总上限：{names}"
        return verdict(_FAILED, "ratchet.total_cap_down_bp", en, zh)
    return verdict(_PASSED, "ratchet.effects", "every clause is capped", "各条款均设上限")


def recalculation(case: Case) -> Verdict:
    """C27: the threshold of a base year's recalculation is no looser than the row's."""
    bases = [(kpi.definition.kpi_id, kpi.baseline) for kpi in case.kpis if kpi.baseline is not None]
    if not bases:
        return verdict(_NOT_APPLICABLE, "kpis.baseline", "no base year", "无基准年")
    most = Fraction(case.limit)
    loose = [name for name, base in bases if base.significance > most]
    if loose:
        names = ", ".join(loose)
        return verdict(_FAILED, "kpis.baseline.significance", f"threshold too loose: {names}", f"阈值过宽：{names}")
    return verdict(_PASSED, "kpis.baseline.significance", "threshold stated", "已约定阈值")


def covered_tail(case: Case) -> Verdict:
    """C29: the last test ends within the row's days before the last maturity; a later tail is priced at base."""
    if not any(kpi.targets for kpi in case.kpis):
        return verdict(_NOT_APPLICABLE, "kpis.targets", "no target yet", "尚无目标")
    maturity = max(tranche.maturity_date for tranche in case.tranches)
    tails = [
        kpi.definition.kpi_id
        for kpi in case.kpis
        if not kpi.targets or (maturity - kpi.targets[-1].period_end).days > case.rule.whole()
    ]
    if tails:
        names = ", ".join(tails)
        return verdict(_FAILED, "kpis.targets", f"a tail without targets: {names}", f"后段未设目标：{names}")
    return verdict(_PASSED, "kpis.targets", "the life is covered", "覆盖整个贷款期")


def few_kpis(case: Case) -> Verdict:
    """C31: at most as many KPIs as the row says."""
    most, count = case.rule.whole(), case.kpi_count
    return verdict(
        count <= most,
        "kpis",
        f"{count} KPIs, expected at most {most}",
        f"共{count}项指标，不宜超过{most}项",
    )


def _level_of(target: PerformanceTarget, kpi: KpiTerms) -> Fraction | None:
    """Return the highest value that meets the target, where it is one number that less is better than."""
    rule = target.rule
    if isinstance(rule, Level) and rule.bound is Bound.AT_MOST:
        return rule.value
    base = None if kpi.baseline is None else kpi.baseline.value
    if isinstance(rule, ReductionVsBase) and base is not None:
        return base * (1 - rule.reduction)
    return None


def _trend(case: Case, kpi_id: str, year: int) -> Fraction | None:
    """Return the own trend's value in ``year``: the line through the first and last of the row's last verified years."""
    wanted = case.rule.whole()
    known = [each for each in case.evidence.values.get(kpi_id, ()) if each[0] < year][-wanted:]
    if len(known) < max(wanted, 2):
        return None
    (first_year, first), (last_year, last) = known[0], known[-1]
    return last + (last - first) / (last_year - first_year) * (year - last_year)


def _moves_margin(effect: PriceEffect) -> bool:
    return any(applied.item is PricedItem.MARGIN for applied in effect.applies_to)


def _may_fall_below_zero(tranche: TrancheTerms, falls_bp: Fraction) -> bool:
    floor = tranche.margin_floor_bp
    if floor is not None and floor >= 0:
        return False
    spread = None if isinstance(tranche.base_rate, FixedRate) else tranche.base_rate.spread_bp
    return spread is not None and spread >= 0 and spread - falls_bp < 0
