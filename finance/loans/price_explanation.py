"""Why a tranche's rate, an interest payment or an adjustment is what it is: trees down to sourced facts, English and Chinese.

Owns the telling only; every figure in it was computed by the modules that decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.loans.base_rates import CompoundedIndexRate, FixedRate, IndexRate
from finance.loans.evidence_rules import KpiFinding
from finance.loans.facility_terms import FacilityTerms
from finance.loans.flows import FlowSchedule, InterestDue, InterestSegment
from finance.loans.price_effects import OutcomeStatus
from finance.loans.price_timeline import PriceInterval, interval_on
from finance.loans.rate_determinations import ApprovedDetermination
from finance.loans.tranche_terms import TrancheTerms
from finance.loans.true_ups import TrueUp
from ledger.core.amounts import currency_scale, format_units
from ledger.core.errors import Invalid, NotFound

_STATUS_ZH: Mapping[OutcomeStatus, str] = {
    OutcomeStatus.MET: "达标",
    OutcomeStatus.MISSED: "未达标",
    OutcomeStatus.MISSING: "未报告",
    OutcomeStatus.LATE: "迟报",
    OutcomeStatus.QUALIFIED: "保留意见",
    OutcomeStatus.WAIVED: "豁免",
    OutcomeStatus.NOT_TESTED: "本期不考核",
}


def explain_rate(
    day: date,
    *,
    terms: FacilityTerms,
    tranche_id: str,
    schedule: FlowSchedule,
    timeline: Sequence[PriceInterval],
    determinations: Mapping[str, ApprovedDetermination],
) -> Explanation:
    """Return the tree for the yearly rate (a fraction of one) that interest of ``day`` runs at.

    ``determinations`` are by id; the one that caused the day's price must be among them (``determination.not_found``). A day on which
    nothing bears interest is refused (``explain.no_interest``). The root of a 10 bp step-down reads 0.0335 = 0.0345 + (-10) / 10000.
    """
    segment = _segment_on(schedule, day)
    return _rate(segment, day, terms.tranche(tranche_id), terms, timeline, determinations)


def rate_on(schedule: FlowSchedule, day: date) -> Fraction:
    """Return the yearly rate (a fraction of one) that interest of ``day`` runs at; no interest runs: ``explain.no_interest``."""
    return _segment_on(schedule, day).rate


def interest_on(schedule: FlowSchedule, day: date) -> InterestDue:
    """Return the payment of the interest period that ``day`` lies in; no interest runs that day: ``explain.no_interest``."""
    for due in schedule.interest:
        if any(segment.start <= day < segment.end for segment in due.segments):
            return due
    raise Invalid("explain.no_interest", f"day: expected a day on which interest runs, not {day}", field="day")


def explain_interest(
    due: InterestDue,
    *,
    terms: FacilityTerms,
    tranche_id: str,
    timeline: Sequence[PriceInterval],
    determinations: Mapping[str, ApprovedDetermination],
) -> Explanation:
    """Return the tree for one period's payment: each segment's principal, rate and year fraction, summed and rounded once."""
    tranche = terms.tranche(tranche_id)
    segments = tuple(
        Explanation(
            label_en=f"interest from {segment.start} to {segment.end} (exclusive), {segment.days} days",
            label_zh=f"{segment.start} 至 {segment.end}（不含）利息，{segment.days} 天",
            value=decimal_text(segment.interest_minor / _minor_units(tranche)),
            unit=tranche.currency,
            formula="principal x rate x year fraction",
            children=(
                _leaf(
                    "principal",
                    "本金",
                    format_units(segment.principal_minor, currency_scale(tranche.currency)),
                    tranche.currency,
                    source=f"{terms.citation}, tranche {tranche_id}: drawdowns and repayments",
                ),
                _rate(segment, segment.start, tranche, terms, timeline, determinations),
                _leaf(
                    f"year fraction {tranche.day_count}",
                    "计息年化系数",
                    decimal_text(segment.year_fraction),
                    "years",
                    source=f"{terms.citation}: day count {tranche.day_count}",
                ),
            ),
        )
        for segment in due.segments
    )
    return Explanation(
        label_en=f"interest for {due.period.start} to {due.period.end} (exclusive)",
        label_zh=f"{due.period.start} 至 {due.period.end}（不含）应付利息",
        value=format_units(due.payment_minor, currency_scale(tranche.currency)),
        unit=tranche.currency,
        formula=f"sum of segments, rounded {tranche.rounding} {tranche.rounding_unit}".replace("_", " "),
        source=terms.citation,
        children=segments,
    )


def explain_true_up(found: TrueUp, *, terms: FacilityTerms) -> Explanation:
    """Return the tree for an adjustment: each period's interest as due now less what was booked."""
    scale = currency_scale(found.currency)
    rows = tuple(
        Explanation(
            label_en=f"interest paid on {row.payment_date}: due now less booked",
            label_zh=f"{row.payment_date} 已付利息：现应付减已入账",
            value=format_units(row.change_minor, scale),
            unit=found.currency,
            formula="due now - booked",
            children=(
                _leaf(
                    "due as known now",
                    "按现时信息应付",
                    format_units(row.due_minor, scale),
                    found.currency,
                    source=f"known facts {found.known_now_sha256}",
                ),
                _leaf(
                    "booked so far",
                    "已入账",
                    format_units(row.booked_minor, scale),
                    found.currency,
                    source=f"known facts {found.known_then_sha256}",
                ),
            ),
        )
        for row in found.rows
    )
    return Explanation(
        label_en="claw-back (positive) or refund (negative) of interest",
        label_zh="利息追补（正）或退还（负）",
        value=format_units(found.change_minor, scale),
        unit=found.currency,
        formula="sum of periods",
        source=terms.citation,
        children=rows,
    )


def explain_determination(determination: ApprovedDetermination, terms: FacilityTerms) -> Explanation:
    """Return the tree for what one determination does to each clause, every KPI's outcome below it, and who approved it, if anybody."""
    proposal = determination.proposal
    clauses = []
    for effect in proposal.effects:
        by_kpi = dict(effect.contributions)
        own = (
            next(each for each in terms.ratchet.effects if each.effect_id == effect.effect_id)
            if terms.ratchet
            else None
        )
        looked_at = () if own is None else own.kpi_ids
        children = [
            _finding(finding, by_kpi.get(finding.definition.kpi_id), terms)
            for finding in proposal.findings
            if finding.definition.kpi_id in looked_at
        ]
        if effect.carried_bp:
            source = f"{terms.citation}: cumulative clause"
            children.append(
                _leaf("carried from the test before", "上期结转", decimal_text(effect.carried_bp), "bp", source=source)
            )
        if own is not None:
            children += [
                _leaf("lowest", "下调上限", decimal_text(-own.cap_down_bp), "bp", source=terms.citation),
                _leaf("highest", "上调上限", decimal_text(own.cap_up_bp), "bp", source=terms.citation),
            ]
        clauses.append(
            Explanation(
                label_en=f"clause {effect.effect_id}",
                label_zh=f"条款 {effect.effect_id}",
                value=decimal_text(effect.adjustment_bp),
                unit="bp",
                formula="min(max(carried + KPI steps, lowest), highest)",
                source=terms.citation,
                children=tuple(children),
            )
        )
    if determination.approvals:
        lenders = ", ".join(sorted({each.approver.organisation_id for each in determination.approvals}))
        approved_on = max(each.approved_on for each in determination.approvals)
        clauses.append(
            _leaf(
                f"approved by {lenders}",
                f"经 {lenders} 批准",
                approved_on.isoformat(),
                "date",
                source=f"determination {determination.determination_id}",
            )
        )
    total = sum((effect.adjustment_bp for effect in proposal.effects), Fraction(0))
    return Explanation(
        label_en=f"determination {determination.determination_id} for {proposal.period_start} to {proposal.period_end}",
        label_zh=f"利率决定 {determination.determination_id}（{proposal.period_start} 至 {proposal.period_end}）",
        value=decimal_text(total),
        unit="bp",
        formula="sum of clauses",
        children=tuple(clauses),
    )


def _rate(
    segment: InterestSegment,
    day: date,
    tranche: TrancheTerms,
    terms: FacilityTerms,
    timeline: Sequence[PriceInterval],
    determinations: Mapping[str, ApprovedDetermination],
) -> Explanation:
    interval = interval_on(timeline, day)
    children = [_base(segment, tranche, terms)]
    is_declassified = terms.ratchet is not None and not interval.is_labelled
    if segment.adjustment_bp or interval.determination_id is not None or is_declassified:
        children.append(_adjustment(interval, tranche, terms, determinations))
    clause = tranche.base_rate
    for english, chinese, bound in (
        ("rate floor", "利率下限", clause.rate_floor),
        ("rate cap", "利率上限", clause.rate_cap),
    ):
        if bound is not None:
            children.append(_leaf(english, chinese, decimal_text(bound), "1", source=terms.citation))
    return Explanation(
        label_en=f"rate on {day}",
        label_zh=f"{day} 执行利率",
        value=decimal_text(segment.rate),
        unit="1",
        formula="base rate + adjustment / 10000, not below the floor, not above the cap",
        children=tuple(children),
    )


def _base(segment: InterestSegment, tranche: TrancheTerms, terms: FacilityTerms) -> Explanation:
    clause = tranche.base_rate
    match clause:
        case FixedRate():
            return _leaf("base rate", "合同基准利率", decimal_text(clause.rate), "1", source=terms.citation)
        case IndexRate():
            words = f"{clause.index} x {decimal_text(clause.multiplier)} + {decimal_text(clause.spread_bp)} bp"
        case CompoundedIndexRate():
            words = f"{clause.index} compounded in arrears + {decimal_text(clause.spread_bp)} bp"
    source = f"{terms.citation}: {words}" + (", assumed fixing" if segment.is_projected else ", fixing as published")
    return _leaf(f"base rate {words}", f"基准利率 {words}", decimal_text(segment.base_rate), "1", source=source)


def _adjustment(
    interval: PriceInterval,
    tranche: TrancheTerms,
    terms: FacilityTerms,
    determinations: Mapping[str, ApprovedDetermination],
) -> Explanation:
    children = []
    if interval.determination_id is not None:
        determination = determinations.get(interval.determination_id)
        if determination is None:
            raise NotFound(
                "determination.cause_unknown",
                "determinations: expected the one that caused the day's price",
                determination_id=interval.determination_id,
            )
        children.append(explain_determination(determination, terms))
    for effect_id, bp in interval.effects:
        source = f"{terms.citation}: clause {effect_id}"
        children.append(
            _leaf(f"clause {effect_id} in force", f"条款 {effect_id} 执行值", decimal_text(bp), "bp", source=source)
        )
    if tranche.rating_grid is not None:
        grade = interval.grade or tranche.rating_grid.grade_at_signing
        source = f"{terms.citation}: rating grid of {tranche.rating_grid.agency}"
        margin = decimal_text(tranche.rating_grid.margin_at(grade))
        children.append(_leaf(f"rating {grade} in force", f"评级 {grade} 利差", margin, "bp", source=source))
    if tranche.margin_floor_bp is not None:
        floor = decimal_text(tranche.margin_floor_bp)
        children.append(_leaf("margin floor", "利差下限", floor, "bp", source=terms.citation))
    if not interval.is_labelled:
        source = f"{terms.citation}: label"
        children.append(_leaf("label not in force", "标签未生效", "0", "bp", source=source))
    return Explanation(
        label_en=f"margin adjustment from {interval.start} to {interval.end} (exclusive)",
        label_zh=f"{interval.start} 至 {interval.end}（不含）利差调整",
        value=decimal_text(interval.adjustment_bp),
        unit="bp",
        formula="clauses in force, within the total caps, with the rating grid, not below the margin floor",
        source=terms.citation,
        children=tuple(children),
    )


def _finding(finding: KpiFinding, bp: Fraction | None, terms: FacilityTerms) -> Explanation:
    kpi_id, status = finding.definition.kpi_id, finding.result(terms.reporting).status
    children = []
    outcome = finding.outcome
    if outcome is not None:
        children.append(outcome.explanation)
    if finding.attestation is not None:
        fact = finding.attestation
        source = f"attestation {fact.attestation_id}, {fact.assurance_level} assurance, {fact.opinion} opinion, {fact.standing}"
        children.append(_leaf("attested value", "鉴证值", fact.value, fact.unit, source=source.replace("_", " ")))
    return Explanation(
        label_en=f"KPI {kpi_id} {finding.target.test_year}: {status.replace('_', ' ')}",
        label_zh=f"{finding.target.test_year} 年 KPI {kpi_id} {_STATUS_ZH[status]}",
        value="in the table" if bp is None else decimal_text(bp),
        unit="bp",
        formula=f"step of the clause for {status.replace('_', ' ')}" if children else "",
        source=terms.citation,
        children=tuple(children),
    )


def _segment_on(schedule: FlowSchedule, day: date) -> InterestSegment:
    due = interest_on(schedule, day)
    return next(segment for segment in due.segments if segment.start <= day < segment.end)


def _minor_units(tranche: TrancheTerms) -> int:
    return int(10 ** currency_scale(tranche.currency))


def _leaf(label_en: str, label_zh: str, value: str, unit: str, *, source: str) -> Explanation:
    return Explanation(label_en=label_en, label_zh=label_zh, value=value, unit=unit, source=source)
