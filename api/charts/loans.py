"""Charts of a loan: the margin adjustment over its life, and interest with and without the decisions.

For borrower and lenders only: an assessor has no answer from which these could be drawn.
"""

from __future__ import annotations

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Row, Words, amount_text, finished, money_axis, series_scale
from api.charts.look import Look, minute
from api.schemas.facilities import ScheduleOut


def rate_timeline(answer: ScheduleOut, look: Look) -> Chart:
    """Return each tranche's margin adjustment in basis points over time, as steps; below zero lowers the rate."""
    rows: list[Row] = [
        (str(day), tranche.tranche_id, each.adjustment_bp, _cause(look, is_decided=each.determination_id is not None))
        for tranche in answer.tranches
        for each in tranche.margins
        for day in ((each.start, each.end) if each is tranche.margins[-1] else (each.start,))
    ]
    names = [tranche.tranche_id for tranche in answer.tranches]
    drawing = (
        alt.Chart()
        .mark_line(interpolate="step-after", strokeWidth=3, point=True)
        .encode(
            x=alt.X("day:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%Y-%m", labelOverlap=True)),
            y=alt.Y(
                "adjustment_bp:Q",
                title=look.say("Margin adjustment (bp)", "利差调整（bp）"),
                axis=alt.Axis(tickMinStep=1),
            ),
            color=alt.Color("tranche:N", scale=series_scale(look, names), title=None),
            tooltip=[alt.Tooltip("day:T", format="%Y-%m-%d"), "tranche:N", "adjustment_bp:Q", "cause:N"],
        )
    )
    words = Words(
        name="rate-timeline",
        title=look.say("The margin adjustment over the loan's life", "贷款存续期利差调整"),
        subtitle=_known(look, answer),
        description="; ".join(
            f"{tranche.tranche_id} {each.start} to {each.end}: {each.adjustment_bp} bp"
            for tranche in answer.tranches
            for each in tranche.margins
        )
        + ".",
    )
    columns = (
        ChartColumn(name="day", heading=look.say("From", "自"), kind=Kind.DAY),
        ChartColumn(name="tranche", heading=look.say("Tranche", "分档")),
        ChartColumn(name="adjustment_bp", heading=look.say("Adjustment (bp)", "调整（bp）"), kind=Kind.NUMBER),
        ChartColumn(name="cause", heading=look.say("Cause", "原因")),
    )
    return finished(look, words, columns, rows, drawing)


def schedule(answer: ScheduleOut, look: Look) -> Chart:
    """Return each interest period's interest without and with the decisions, all tranches of the first one's currency."""
    currency = answer.tranches[0].currency if answer.tranches else "CNY"
    before, after = look.say("without decisions", "调整前"), look.say("with decisions", "调整后")
    shown = [tranche for tranche in answer.tranches if tranche.currency == currency]
    rows: list[Row] = [
        (f"{tranche.tranche_id} {period.start}", side, amount.amount)
        for tranche in shown
        for period in tranche.periods
        for side, amount in ((before, period.interest_before), (after, period.interest_after))
    ]
    drawing = (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X(
                "period:N",
                title=look.say("Interest period from", "计息期起始日"),
                sort=None,
                axis=alt.Axis(labelAngle=-40),
            ),
            xOffset=alt.XOffset("side:N", sort=[before, after]),
            y=alt.Y("interest:Q", axis=money_axis(look, ("Interest", "利息"), [row[2] for row in rows], currency)),
            color=alt.Color(
                "side:N", scale=series_scale(look, (before, after), (look.palette.quiet, look.palette.main))
            ),
            tooltip=["period:N", "side:N", alt.Tooltip("interest:Q", format=",.2f")],
        )
    )
    words = Words(
        name="schedule",
        title=look.say("Interest without and with the decisions", "调整前后利息"),
        subtitle=_known(look, answer),
        description="; ".join(
            look.say(
                f"{one.tranche_id}: {amount_text(one.total_saving.amount)} {one.currency} saved in all",
                f"{one.tranche_id}：合计节省 {amount_text(one.total_saving.amount)} {one.currency}",
            )
            for one in answer.tranches
        )
        + ".",
    )
    columns = (
        ChartColumn(name="period", heading=look.say("Tranche and period", "分档与计息期")),
        ChartColumn(name="side", heading=look.say("Side", "口径")),
        ChartColumn(
            name="interest", heading=look.say(f"Interest ({currency})", f"利息（{currency}）"), kind=Kind.NUMBER
        ),
    )
    return finished(look, words, columns, rows, drawing)


def _known(look: Look, answer: ScheduleOut) -> str:
    at = minute(answer.known_at)
    return look.say(f"as known at {at}", f"依据 {at} 已知事实")


def _cause(look: Look, *, is_decided: bool) -> str:
    return look.say("decision", "利率决定") if is_decided else look.say("terms", "合同约定")
