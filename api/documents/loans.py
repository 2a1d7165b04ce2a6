"""Documents of a loan: the certificate of a verified KPI, the sheet of a decision, the notice of interest.

A certificate is made of what an assessor may see: no margin and no rate can stand on it.
"""

from __future__ import annotations

import json

from api.charts import loans as loan_charts
from api.charts.look import Language, Look, Theme
from api.charts.terms import term
from api.documents.paper import (
    Block,
    Facts,
    Figure,
    Figures,
    Grid,
    Pair,
    Paper,
    Picture,
    Reasons,
    amount,
    figure,
    grouped,
)
from api.schemas.attestations import AttestationOut
from api.schemas.decision_sheets import DecisionSheetOut, SheetTrancheOut
from api.schemas.facilities import InterestOut, ScheduleOut
from api.schemas.kpi import KpiPeriodOut


def kpi_certificate(attestation: AttestationOut, period: KpiPeriodOut, language: Language) -> Paper:
    """Return what was attested, by whom, at which level, and the digests by which anyone can check it."""
    say = language.say
    statement = {} if attestation.statement_json is None else json.loads(attestation.statement_json)
    said: tuple[Pair, ...] = tuple(
        (name.replace("_", " "), value) for name, value in statement.items() if isinstance(value, str)
    )
    unit = str(statement.get("unit", ""))
    value = str(statement.get("value") or period.value or say("not stated", "未载明"))
    blocks: tuple[Block, ...] = (
        Figures(
            items=(
                Figure(label=say("Verified value", "核验值"), value=value, unit=unit, note=period.kpi_id),
                Figure(
                    label=say("Standing", "状态"),
                    value=term(language, attestation.state),
                    unit="",
                    note=say("as of this document", "本文件出具时"),
                ),
            )
        ),
        Facts(
            pairs=(
                (say("KPI", "指标"), period.kpi_id),
                (
                    say("Period (end exclusive)", "期间（不含末日）"),
                    say(
                        f"{period.period_start} to {period.period_end}", f"{period.period_start} 至 {period.period_end}"
                    ),
                ),
                (say("Received", "收到时间"), f"{attestation.received_at:%Y-%m-%d %H:%M:%S} UTC"),
                (say("Signed with key", "签名密钥"), attestation.key_id or "—"),
            )
        ),
        Grid(
            title=say("The signed statement", "经签名的声明"),
            headings=(say("Field", "字段"), say("Content", "内容")),
            rows=said,
            empty=say("The signature did not hold.", "签名未通过验证。"),
        ),
    )
    return Paper(
        language=language,
        kind=say("KPI certificate", "指标核验证书"),
        title=say(
            f"Verified: {period.kpi_id} {period.period_start.year}",
            f"核验证书：{period.kpi_id} {period.period_start.year}",
        ),
        subtitle=say(f"received {attestation.received_at:%Y-%m-%d}", f"收到日 {attestation.received_at:%Y-%m-%d}"),
        blocks=blocks,
        proof=(
            (say("Attestation", "鉴证标识"), str(attestation.id)),
            (say("KPI period", "指标期间标识"), str(period.id)),
            (say("Envelope SHA-256", "信封摘要"), attestation.envelope_sha256),
            (say("Data snapshot SHA-256", "数据快照摘要"), period.snapshot_sha256 or "—"),
        ),
        made_at=attestation.received_at,
    )


def determination_sheet(sheet: DecisionSheetOut, language: Language) -> Paper:
    """Return a decision whole: KPIs and evidence, what it does to each tranche and payment, and why."""
    say = language.say
    blocks: list[Block] = [
        Facts(
            pairs=(
                (say("Facility", "授信"), sheet.facility_number),
                (say("Terms version", "条款版本"), str(sheet.terms_version)),
                (say("Proposed", "提出时间"), f"{sheet.proposed_at:%Y-%m-%d %H:%M} UTC"),
                (say("Decision", "决定"), _decided(sheet, language)),
            )
        ),
        _evidence(sheet, language),
    ]
    for tranche in sheet.tranches:
        blocks += _tranche(tranche, language)
    blocks.append(Reasons.of(sheet.explain, language))
    return Paper(
        language=language,
        kind=say("Determination sheet", "利率决定书"),
        title=say(f"Rate decision: {sheet.facility_number}", f"利率决定书：{sheet.facility_number}"),
        subtitle=say(f"proposed {sheet.proposed_at:%Y-%m-%d}", f"提出日 {sheet.proposed_at:%Y-%m-%d}"),
        blocks=tuple(blocks),
        proof=(
            (say("Determination", "决定标识"), str(sheet.determination_id)),
            (say("Digest of the proposal", "提案摘要"), sheet.digest),
            (say("Terms SHA-256", "条款摘要"), sheet.terms_sha256),
            (say("Facts SHA-256", "事实摘要"), sheet.known_sha256),
        ),
        made_at=sheet.proposed_at if sheet.decision is None else sheet.decision.decided_at,
    )


def interest_notice(facility_number: str, due: InterestOut, schedule: ScheduleOut, language: Language) -> Paper:
    """Return one interest payment with its segments and reasons, and the payments around it."""
    say, look = language.say, Look(language=language, theme=Theme.PRINT)
    (tranche,) = (each for each in schedule.tranches if each.tranche_id == due.tranche_id)
    (period,) = (each for each in tranche.periods if each.start == due.start)
    pay_on = say("calendar not published", "日历未公布") if due.payment_date is None else str(due.payment_date)
    blocks: tuple[Block, ...] = (
        Figures(
            items=(
                figure(
                    say("Interest due", "应付利息"), due.interest, say(f"payable {pay_on}", f"付款日 {pay_on}"), "—"
                ),
                figure(
                    say("Without decisions", "调整前"), period.interest_before, say("same period", "同一计息期"), "—"
                ),
                figure(say("Saving", "节省"), period.saving, say("minus: cost", "负数为增加"), "—"),
            )
        ),
        Facts(
            pairs=(
                (say("Facility", "授信"), facility_number),
                (say("Tranche", "分档"), due.tranche_id),
                (
                    say("Period (end exclusive)", "计息期（不含末日）"),
                    say(f"{due.start} to {due.end}", f"{due.start} 至 {due.end}"),
                ),
            )
        ),
        Grid(
            title=say("Segments", "分段计息"),
            headings=(
                say("From", "起"),
                say("To (exclusive)", "止（不含）"),
                say("Days", "天数"),
                say("Principal", "本金"),
                say("Rate a year", "年利率"),
                say("Adjustment (bp)", "调整（bp）"),
            ),
            rows=tuple(
                (
                    str(each.start),
                    str(each.end),
                    str(each.days),
                    amount(each.principal),
                    each.rate,
                    grouped(each.adjustment_bp),
                )
                for each in period.accruals
            ),
            numbers=(2, 3, 4, 5),
        ),
        Picture.of(loan_charts.schedule(schedule, look)),
        Reasons.of(due.explain, language),
    )
    return Paper(
        language=language,
        kind=say("Interest notice", "付息通知"),
        title=say(f"Interest notice: {facility_number}", f"付息通知：{facility_number}"),
        subtitle=say(
            f"as known at {due.known_at:%Y-%m-%d %H:%M} UTC", f"依据 {due.known_at:%Y-%m-%d %H:%M} UTC 已知事实"
        ),
        blocks=blocks,
        proof=(
            (say("Facility", "授信标识"), str(due.facility_id)),
            (say("Known at", "已知时点"), f"{due.known_at:%Y-%m-%d %H:%M:%S} UTC"),
            (say("Facts SHA-256", "事实摘要"), schedule.known_sha256),
        ),
        made_at=due.known_at,
    )


def _tranche(tranche: SheetTrancheOut, language: Language) -> tuple[Figures, Grid]:
    say, nothing = language.say, language.say("none", "无")
    price = tranche.price
    figures = Figures(
        items=(
            Figure(
                label=say(f"Tranche {price.tranche_id}: adjustment", f"分档 {price.tranche_id}：利差调整"),
                value=f"{price.adjustment_before_bp} → {price.adjustment_after_bp}",
                unit="bp",
                note=say(f"from {price.effective_from}", f"自 {price.effective_from} 起"),
            ),
            figure(
                say("Interest before", "调整前利息"),
                tranche.total_before,
                say("over the tranche's life", "整个存续期"),
                nothing,
            ),
            figure(
                say("Interest after", "调整后利息"),
                tranche.total_after,
                say("over the tranche's life", "整个存续期"),
                nothing,
            ),
            figure(say("Saving", "节省"), tranche.total_saving, say("minus: cost", "负数为增加"), nothing),
        )
    )
    payments = Grid(
        title=say("Payments it changes", "受影响的付息"),
        headings=(
            say("Period (end exclusive)", "计息期（不含末日）"),
            say("Paid on", "付款日"),
            say("Before", "调整前"),
            say("After", "调整后"),
            say("Saving", "节省"),
        ),
        rows=tuple(
            (
                f"{each.period_start} / {each.period_end}",
                "—" if each.payment_date is None else str(each.payment_date),
                amount(each.before),
                amount(each.after),
                amount(each.saving),
            )
            for each in tranche.payments
        ),
        numbers=(2, 3, 4),
        empty=say("None.", "无。"),
    )
    return figures, payments


def _evidence(sheet: DecisionSheetOut, language: Language) -> Grid:
    say, nothing = language.say, language.say("none", "无")
    return Grid(
        title=say("KPIs and evidence", "指标与证据"),
        headings=(
            say("KPI", "指标"),
            say("Value", "数值"),
            say("Finding", "认定"),
            say("Assessor", "核查机构"),
            say("Opinion", "意见"),
        ),
        rows=tuple(
            (
                each.kpi_id,
                nothing if each.value is None else f"{each.value} {each.unit}",
                term(language, each.status),
                nothing if each.evidence is None else each.evidence.assessor,
                nothing
                if each.evidence is None
                else f"{term(language, each.evidence.level)}, {term(language, each.evidence.opinion)}",
            )
            for each in sheet.kpis
        ),
    )


def _decided(sheet: DecisionSheetOut, language: Language) -> str:
    if sheet.decision is None:
        return language.say("not decided", "未决定")
    return f"{term(language, sheet.decision.verdict)}, {sheet.decision.decided_on}"
