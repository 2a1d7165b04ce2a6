"""Charts of decisions: what the next tonne is worth, what moves it, where green power pays, and the cheapest plan.

Draws the answers' own figures and computes none.
"""

from __future__ import annotations

from fractions import Fraction

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Row, Words, amount_text, finished, series_scale
from api.charts.look import Look
from api.charts.terms import term
from api.schemas.decision_answers import NextMwhOut, SensitivityOut, StepValueOut
from api.schemas.decision_plans import CheapestPlanOut
from api.schemas.points import PointOut

_BAR, _ROOM = 30, 50


def next_step(answer: StepValueOut, look: Look) -> Chart:
    """Return what the step is worth through each channel; a channel whose worth is unknown is named, not drawn as zero."""
    known = [each for each in answer.channels if each.worth is not None]
    unknown = [term(look, each.kind.value) for each in answer.channels if each.worth is None]
    rows: list[Row] = [
        (term(look, each.kind.value), each.worth.amount, term(look, each.state.value))
        for each in known
        if each.worth is not None
    ]
    drawing = (
        alt.Chart()
        .mark_bar()
        .encode(
            y=alt.Y("channel:N", title=None, sort=None),
            x=alt.X("worth_cny:Q", title=look.say("Worth (CNY)", "价值（CNY）"), axis=alt.Axis(format=",.0f")),
            color=alt.condition("datum.worth_cny < 0", alt.value(look.palette.warning), alt.value(look.palette.main)),
            tooltip=["channel:N", alt.Tooltip("worth_cny:Q", format=",.2f"), "state:N"],
        )
    )
    total = f"{amount_text(answer.total.amount)} {answer.total.unit}"
    missing = ", ".join(unknown) or look.say("none", "无")
    words = Words(
        name="next-step",
        title=look.say(
            f"What {answer.quantity} {answer.unit} less is worth", f"减少 {answer.quantity} {answer.unit} 的价值"
        ),
        subtitle=_point(look, answer.point),
        description=look.say(f"Together {total}; not known: {missing}.", f"合计 {total}；未知渠道：{missing}。"),
    )
    columns = (
        ChartColumn(name="channel", heading=look.say("Channel", "渠道")),
        ChartColumn(name="worth_cny", heading=look.say("Worth (CNY)", "价值（CNY）"), kind=Kind.NUMBER),
        ChartColumn(name="state", heading=look.say("State", "状态")),
    )
    return finished(look, words, columns, rows, drawing, height=_ROOM + _BAR * max(len(rows), 1))


def sensitivity(answer: SensitivityOut, look: Look) -> Chart:
    """Return a tornado: each driver at its two ends, the largest effect on top, around the base value."""
    low, high = look.say("driver low", "因素偏低"), look.say("driver high", "因素偏高")
    rows: list[Row] = [
        (term(look, bar.driver), side, answer.value, end, f"{driver_value} {bar.unit}")
        for bar in answer.bars
        for side, end, driver_value in ((low, bar.at_low, bar.low), (high, bar.at_high, bar.high))
    ]
    base = alt.Chart()
    bars = base.mark_bar().encode(
        y=alt.Y("driver:N", title=None, sort=None),
        x=alt.X("base:Q", title=f"{look.say('Value', '价值')} ({answer.unit})", scale=alt.Scale(zero=False)),
        x2="value:Q",
        color=alt.Color("side:N", scale=series_scale(look, (low, high))),
        tooltip=["driver:N", "side:N", "value:Q", "driver_value:N"],
    )
    rule = base.mark_rule(color=look.palette.text).encode(x="base:Q")
    first = term(look, answer.bars[0].driver) if answer.bars else ""
    words = Words(
        name="sensitivity",
        title=look.say("What moves the value of the next step most", "影响下一步价值的主要因素"),
        subtitle=_point(look, answer.point),
        description=look.say(
            f"The base value is {answer.value} {answer.unit}; {first} moves it most.",
            f"基准值为 {answer.value} {answer.unit}；影响最大的因素为 {first}。",
        ),
    )
    columns = (
        ChartColumn(name="driver", heading=look.say("Driver", "因素")),
        ChartColumn(name="side", heading=look.say("End", "取值端")),
        ChartColumn(name="base", heading=look.say(f"Base ({answer.unit})", f"基准（{answer.unit}）"), kind=Kind.NUMBER),
        ChartColumn(
            name="value", heading=look.say(f"Value ({answer.unit})", f"价值（{answer.unit}）"), kind=Kind.NUMBER
        ),
        ChartColumn(name="driver_value", heading=look.say("Driver's value", "因素取值")),
    )
    return finished(look, words, columns, rows, alt.layer(bars, rule), height=_ROOM + _BAR * max(len(answer.bars), 1))


def parity(answer: NextMwhOut, look: Look) -> Chart:
    """Return the premium at which green power pays for itself by carbon price, and the premium that was given."""
    given = answer.parity.given_premium_cny_per_mwh
    rows: list[Row] = [(each.price_cny_per_t, each.premium_cny_per_mwh, given) for each in answer.chart]
    base = alt.Chart()
    price = alt.X("price:Q", title=look.say("Carbon price (CNY/t)", "碳价（CNY/t）"), scale=alt.Scale(zero=False))
    title = look.say("Premium that pays (CNY/MWh)", "可承受溢价（CNY/MWh）")
    line = base.mark_line(point=True, strokeWidth=2, color=look.palette.main).encode(
        x=price, y=alt.Y("premium:Q", title=title, scale=alt.Scale(zero=False)), tooltip=["price:Q", "premium:Q"]
    )
    asked = (
        base.transform_filter("isValid(datum.given)")
        .mark_line(strokeDash=[6, 4], color=look.palette.warning)
        .encode(x=price, y="given:Q", tooltip=[alt.Tooltip("given:Q", title=look.say("given premium", "给定溢价"))])
    )
    decisive = answer.parity.is_price_decisive
    words = Words(
        name="parity",
        title=look.say("Where green power pays, by carbon price", "不同碳价下绿电的平价溢价"),
        subtitle=look.say("solid: premium that pays; dashed: premium given", "实线：平价溢价；虚线：给定溢价"),
        description=look.say(
            f"Green power pays up to a premium of {answer.parity.premium_cny_per_mwh} CNY/MWh; the carbon price "
            f"{'decides' if decisive else 'does not reach it under the law in force'}.",
            f"绿电溢价不高于 {answer.parity.premium_cny_per_mwh} CNY/MWh 时划算；现行规则下碳价{'有' if decisive else '无'}影响。",
        ),
    )
    columns = (
        ChartColumn(name="price", heading=look.say("Carbon price (CNY/t)", "碳价（CNY/t）"), kind=Kind.NUMBER),
        ChartColumn(name="premium", heading=title, kind=Kind.NUMBER),
        ChartColumn(name="given", heading=look.say("Given premium (CNY/MWh)", "给定溢价（CNY/MWh）"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, alt.layer(line, asked))


def cheapest_plan(answer: CheapestPlanOut, look: Look) -> Chart:
    """Return the plan's lines as a ladder of unit cost, cheapest first; units differ by line and stand with each."""
    ordered = sorted(answer.lines, key=lambda line: Fraction(line.unit_cost.amount))
    rows: list[Row] = [
        (
            f"{line.name} ({line.quantity.unit})",
            line.unit_cost.amount,
            term(look, line.kind.value),
            line.quantity.amount,
            line.quantity.unit,
            line.cost.amount,
        )
        for line in ordered
    ]
    names = list(dict.fromkeys(str(row[2]) for row in rows))
    base = alt.Chart().encode(
        y=alt.Y("line:N", title=None, sort=None),
        x=alt.X(
            "unit_cost:Q", title=look.say("Cost of one unit (CNY)", "单位成本（CNY）"), axis=alt.Axis(format=",.2f")
        ),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("kind:N", scale=series_scale(look, names)),
        tooltip=["line:N", alt.Tooltip("quantity:Q", format=","), "unit:N", alt.Tooltip("cost_cny:Q", format=",.2f")],
    )
    labels = base.mark_text(align="left", dx=4, color=look.palette.quiet).encode(
        text=alt.Text("quantity:Q", format=",")
    )
    cost = "" if answer.net_cost is None else f"{amount_text(answer.net_cost.amount)} {answer.net_cost.unit}"
    words = Words(
        name="cheapest-plan",
        title=look.say("The cheapest plan, by cost of one unit", "最低成本方案（按单位成本）"),
        subtitle=_point(look, answer.point),
        description=look.say(f"Net cost {cost}.", f"净成本 {cost}。")
        if cost
        else look.say("No plan meets every constraint.", "没有方案能满足全部约束。"),
    )
    columns = (
        ChartColumn(name="line", heading=look.say("Line", "项目")),
        ChartColumn(name="unit_cost", heading=look.say("Cost of one unit (CNY)", "单位成本（CNY）"), kind=Kind.NUMBER),
        ChartColumn(name="kind", heading=look.say("Kind", "类别")),
        ChartColumn(name="quantity", heading=look.say("Quantity", "数量"), kind=Kind.NUMBER),
        ChartColumn(name="unit", heading=look.say("Unit", "单位")),
        ChartColumn(name="cost_cny", heading=look.say("Cost (CNY)", "成本（CNY）"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, alt.layer(bars, labels), height=_ROOM + _BAR * max(len(rows), 1))


def _point(look: Look, point: PointOut | None) -> str:
    if point is None:
        return look.say("without a book's position", "未结合账簿持仓")
    return look.say(
        f"at the close of {point.as_of}, {point.known} entries recorded",
        f"截至 {point.as_of} 日终，已记录 {point.known} 笔分录",
    )
