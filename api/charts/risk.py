"""Charts of market risk: the losses of the tail, how the figure did in the past, and the ladder of scenarios.

Draws the answers' own figures; an estimate is called one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import altair as alt

from api.charts.chart import (
    Chart,
    ChartColumn,
    Kind,
    Row,
    Value,
    Words,
    amount_text,
    finished,
    money_axis,
    series_scale,
)
from api.charts.look import Look, Palette
from api.charts.terms import term
from api.schemas.gap_risk import LadderOut
from api.schemas.risk import RiskOut
from api.schemas.risk_backtest import RiskBackTestOut
from finance.conventions.exact_text import decimal_text

_CELL, _ROOM = 26, 60


def losses(answer: RiskOut, look: Look) -> Chart:
    """Return the largest losses of the distribution, with value at risk and expected shortfall as lines."""
    var, shortfall, currency = answer.value_at_risk, answer.expected_shortfall, answer.value_at_risk.unit
    var_name, es_name = look.say("value at risk", "风险价值（VaR）"), look.say("expected shortfall", "预期亏损（ES）")
    loss = look.say("loss", "损失")
    rows: list[Row] = [(each.scenario, loss, each.loss.amount) for each in answer.worst]
    rows += [(None, var_name, var.amount), (None, es_name, shortfall.amount)]
    base = alt.Chart()
    amounts = [row[2] for row in rows]
    bars = (
        base.transform_filter("datum.scenario != null")
        .mark_bar(color=look.palette.quiet)
        .encode(
            x=alt.X(
                "scenario:N",
                title=look.say("Session or simulated path", "交易日或模拟路径"),
                sort=None,
                axis=alt.Axis(labelAngle=-40),
            ),
            y=alt.Y("loss:Q", axis=money_axis(look, ("Loss", "损失"), amounts, currency)),
            tooltip=["scenario:N", alt.Tooltip("loss:Q", format=",.2f")],
        )
    )
    lines = (
        base.transform_filter("datum.scenario == null")
        .mark_rule(strokeWidth=2)
        .encode(
            y="loss:Q",
            color=alt.Color("measure:N", scale=series_scale(look, (var_name, es_name))),
            strokeDash=alt.StrokeDash("measure:N", scale=alt.Scale(domain=[var_name, es_name], range=[[1, 0], [6, 4]])),
            tooltip=["measure:N", alt.Tooltip("loss:Q", format=",.2f")],
        )
    )
    estimate = look.say("an estimate", "估计值") if answer.is_estimate else look.say("on past returns", "基于历史收益")
    percent = decimal_text(Fraction(answer.confidence) * 100)
    words = Words(
        name="risk",
        title=look.say("The largest losses", "最大损失分布尾部"),
        subtitle=look.say(
            f"{answer.as_of}, {term(look, answer.method)}, {answer.scenarios} scenarios, "
            f"{answer.horizon} session(s), {percent} %, {estimate}",
            f"{answer.as_of}，{term(look, answer.method)}，{answer.scenarios} 个情景，{answer.horizon} 个交易日，{percent} %，{estimate}",
        ),
        description=look.say(
            f"Value at risk {amount_text(var.amount)} {currency}; expected shortfall {amount_text(shortfall.amount)} {currency}.",
            f"风险价值 {amount_text(var.amount)} {currency}；预期亏损 {amount_text(shortfall.amount)} {currency}。",
        ),
    )
    columns = (
        ChartColumn(name="scenario", heading=look.say("Scenario", "情景")),
        ChartColumn(name="measure", heading=look.say("Measure", "指标")),
        ChartColumn(name="loss", heading=look.say(f"Loss ({currency})", f"损失（{currency}）"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, alt.layer(bars, lines))


def back_test(answer: RiskBackTestOut, look: Look) -> Chart:
    """Return the days on which the loss was larger than value at risk, counted up, against the number expected."""
    counted, expected = look.say("losses beyond value at risk", "超限次数"), look.say("expected", "期望次数")
    rows: list[Row] = [(str(answer.first_day), counted, "0"), (str(answer.first_day), expected, "0")]
    rows += [(str(day), counted, str(count)) for count, day in enumerate(answer.exception_days, start=1)]
    rows += [
        (str(answer.last_day), counted, str(answer.exceptions)),
        (str(answer.last_day), expected, answer.expected_exceptions),
    ]
    base = alt.Chart().encode(
        x=alt.X("day:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%Y-%m-%d", labelOverlap=True)),
        y=alt.Y("count:Q", title=look.say("Days", "天数")),
        color=alt.Color("line:N", scale=series_scale(look, (counted, expected))),
        tooltip=[alt.Tooltip("day:T", format="%Y-%m-%d"), "line:N", "count:Q"],
    )
    steps = base.transform_filter(f"datum.line == '{counted}'").mark_line(
        interpolate="step-after", point=True, strokeWidth=2
    )
    straight = base.transform_filter(f"datum.line == '{expected}'").mark_line(strokeDash=[6, 4])
    words = Words(
        name="back-test",
        title=look.say("How value at risk did", "风险价值回测"),
        subtitle=look.say(
            f"{answer.days} sessions from {answer.first_day} to {answer.last_day}, confidence {answer.confidence}",
            f"{answer.first_day} 至 {answer.last_day} 共 {answer.days} 个交易日，置信水平 {answer.confidence}",
        ),
        description=look.say(
            f"{answer.exceptions} losses beyond it, {answer.expected_exceptions} expected; zone: {answer.zone}.",
            f"超限 {answer.exceptions} 次，期望 {answer.expected_exceptions} 次；信号灯：{term(look, answer.zone)}。",
        ),
    )
    columns = (
        ChartColumn(name="day", heading=look.say("Day", "日期"), kind=Kind.DAY),
        ChartColumn(name="line", heading=look.say("Line", "线")),
        ChartColumn(name="count", heading=look.say("Days", "天数"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, alt.layer(steps, straight))


def ladder(answer: LadderOut, look: Look) -> Chart:
    """Return the value of the year's gap for each change of an assumption at each price, as a table of colours with figures."""
    rows: list[Row] = [
        (f"{term(look, rung.axis)} {_signed(rung.change, rung.axis)}", price, value.amount, rung.gap.amount)
        for rung in answer.rungs
        for price, value in zip(answer.prices_cny_per_t, rung.values, strict=True)
    ]
    base = alt.Chart().encode(
        x=alt.X("price:O", title=look.say("Price (CNY/t)", "价格（CNY/t）"), sort=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("rung:N", title=None, sort=None),
        tooltip=["rung:N", "price:O", alt.Tooltip("value_cny:Q", format=",.2f"), alt.Tooltip("gap_t:Q", format=",")],
    )
    paper = look.palette
    cells = base.mark_rect().encode(
        color=alt.Color(
            "value_cny:Q",
            scale=_shades(paper, [row[2] for row in rows]),
            legend=None,  # each cell shows its figure
        )
    )
    figures = base.mark_text(color=paper.text).encode(text=alt.Text("value_cny:Q", format=",.3s"))
    words = Words(
        name="ladder",
        title=look.say(f"What the gap of {answer.year} would be worth", f"{answer.year} 年缺口价值情景"),
        subtitle=look.say(
            f"{answer.as_of}, marks of {answer.mark_instrument} ({term(look, answer.mark_state)}); what if, not how likely",
            f"{answer.as_of}，{answer.mark_instrument} 估值价（{term(look, answer.mark_state)}）；仅为假设情景，不含概率",
        ),
        description=look.say(answer.note_en, answer.note_zh),
    )
    columns = (
        ChartColumn(name="rung", heading=look.say("Change", "变动")),
        ChartColumn(name="price", heading=look.say("Price (CNY/t)", "价格（CNY/t）")),
        ChartColumn(name="value_cny", heading=look.say("Value of the gap (CNY)", "缺口价值（CNY）"), kind=Kind.NUMBER),
        ChartColumn(name="gap_t", heading=look.say("Gap (t)", "缺口（t）"), kind=Kind.NUMBER),
    )
    return finished(
        look, words, columns, rows, alt.layer(cells, figures), height=_ROOM + _CELL * max(len(answer.rungs), 1)
    )


def _shades(paper: Palette, amounts: Sequence[Value]) -> alt.Scale:
    """Return colours around zero where amounts lie on both sides of it, else from even to the colour of their side."""
    left_over, even, missing = paper.diverging
    values = [Decimal(each) for each in amounts if each is not None]
    is_missing, is_over = any(each > 0 for each in values), any(each < 0 for each in values)
    if is_missing and is_over:
        return alt.Scale(range=[left_over, even, missing], domainMid=0)
    return alt.Scale(range=[left_over, even] if is_over else [even, missing])


def _signed(change: str, axis: str) -> str:
    value = Fraction(change)
    if axis == "grid_factor":
        return change
    return f"{'+' if value > 0 else ''}{decimal_text(value * 100)} %"
