"""Why the loan's rate is what it is on a day: a tree down to terms, KPI values and attestations, in English and Chinese.

Owns the telling only; every figure in it was computed by the modules that decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.loans.determinations import ApprovedDetermination
from finance.loans.findings import KpiFinding
from finance.loans.margins import MarginInterval, interval_at
from finance.loans.ratchet import OutcomeStatus
from finance.loans.terms import FacilityTerms
from ledger.core.errors import NotFound

_STATUS_ZH: Mapping[OutcomeStatus, str] = {
    OutcomeStatus.MET: "达标",
    OutcomeStatus.MISSED: "未达标",
    OutcomeStatus.MISSING: "未报告",
    OutcomeStatus.LATE: "迟报",
    OutcomeStatus.QUALIFIED: "保留意见",
}


def explain_rate(
    *,
    terms: FacilityTerms,
    margins: Sequence[MarginInterval],
    determinations: Mapping[str, ApprovedDetermination],
    day: date,
) -> Explanation:
    """Return the tree for the yearly rate (a fraction of one) that interest of ``day`` runs at.

    ``determinations`` are by id; the one that caused the day's rate must be among them (``determination.not_found``). A
    day outside the life is refused with ``margin.outside_life``. The root of a 10 bp step-down reads 0.0335 = 0.0345 +
    (-10) / 10000.
    """
    interval = interval_at(margins, day)
    children = [_leaf("base rate", "合同基准利率", decimal_text(terms.base_rate), "1", source=terms.citation)]
    formula = "base rate"
    if interval.determination_id is not None:
        determination = determinations.get(interval.determination_id)
        if determination is None:
            raise NotFound(
                "determination.not_found",
                "determinations: expected the one that caused the day's rate",
                determination_id=interval.determination_id,
            )
        children += [_adjustment(terms, determination), _floor(terms)]
        formula = "max(floor, base rate + adjustment / 10000)"
    return Explanation(
        label_en=f"rate on {day}, in force from {interval.start} to {interval.end} (exclusive)",
        label_zh=f"{day} 执行利率",
        value=decimal_text(interval.rate),
        unit="1",
        formula=formula,
        children=tuple(children),
    )


def _adjustment(terms: FacilityTerms, determination: ApprovedDetermination) -> Explanation:
    adjustment = determination.proposal.adjustment
    contributions = dict(adjustment.contributions)
    ratchet = terms.ratchet
    children = [
        _contribution(finding, bp_text=decimal_text(contributions[finding.definition.kpi_id]), terms=terms)
        for finding in determination.proposal.findings
    ]
    if ratchet.is_cumulative:
        source = f"{terms.citation}: cumulative ratchet"
        carried = decimal_text(adjustment.carried_bp)
        children.append(_leaf("adjustment in force before", "原有调整", carried, "bp", source=source))
    cap_down, cap_up = decimal_text(-ratchet.cap_down_bp), decimal_text(ratchet.cap_up_bp)
    children += [
        _leaf("lowest total adjustment", "下调上限", cap_down, "bp", source=terms.citation),
        _leaf("highest total adjustment", "上调上限", cap_up, "bp", source=terms.citation),
        _leaf(
            f"approved on {determination.approved_on} by {determination.approver.organisation_id}",
            f"{determination.approved_on} 经 {determination.approver.organisation_id} 批准",
            determination.effective_from.isoformat(),
            "date",
            source=f"determination {determination.determination_id}, effect {terms.effect_rule.kind}",
        ),
    ]
    return Explanation(
        label_en=f"margin adjustment from {determination.effective_from}",
        label_zh=f"自 {determination.effective_from} 起的利差调整",
        value=decimal_text(adjustment.adjustment_bp),
        unit="bp",
        formula="min(max(sum of KPI steps, lowest), highest), not below the rate floor",
        children=tuple(children),
    )


def _contribution(finding: KpiFinding, *, bp_text: str, terms: FacilityTerms) -> Explanation:
    kpi_id, status = finding.definition.kpi_id, finding.status
    children = []
    outcome = finding.outcome
    if outcome is not None:
        children.append(outcome.explanation)
    if finding.attestation is not None:
        fact = finding.attestation
        opinion = "qualified opinion" if fact.is_qualified else "clean opinion"
        source = f"attestation {fact.attestation_id}, {fact.assurance_level} assurance, {opinion}"
        children.append(_leaf("attested value", "鉴证值", fact.value, fact.unit, source=source))
    return Explanation(
        label_en=f"KPI {kpi_id} {finding.target.test_year}: {status}",
        label_zh=f"{finding.target.test_year} 年 KPI {kpi_id} {_STATUS_ZH[status]}",
        value=bp_text,
        unit="bp",
        formula=f"step of the ratchet for {status}" if children else "",
        source=terms.citation,
        children=tuple(children),
    )


def _floor(terms: FacilityTerms) -> Explanation:
    floor = decimal_text(terms.ratchet.floor_rate)
    return _leaf("rate floor", "利率下限", floor, "1", source=terms.citation)


def _leaf(label_en: str, label_zh: str, value: str, unit: str, *, source: str) -> Explanation:
    return Explanation(label_en=label_en, label_zh=label_zh, value=value, unit=unit, source=source)
