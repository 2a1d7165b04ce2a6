"""Charts of a compliance year: what covers what is due, the year's emissions to come, gaps by year, and the cheapest surrender.

Draws the answers' own figures and computes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Row, Words, amount_text, finished, series_scale
from api.charts.look import Look
from api.charts.terms import term
from api.schemas.outlook import OutlookOut
from api.schemas.surrender_plans import SurrenderPlanOut
from api.schemas.worth import ComplianceOut

_LOW = 120


def cover(answer: ComplianceOut, look: Look) -> Chart:
    """Return what is due for the year beside what covers it; what is missing is its own part, a surplus is none."""
    due = look.say("due", "应清缴")
    covers = look.say("covered by", "覆盖来源")
    parts = (
        (look.say("surrendered", "已清缴"), answer.surrendered.amount),
        (look.say("held and usable", "持有可用"), answer.eligible_held.amount),
        (look.say("allocated, not issued", "已分配未发放"), answer.unissued.amount),
        (look.say("usable CCER", "可用 CCER"), answer.ccer_usable.amount),
        (look.say("missing", "缺口"), str(max(Decimal(answer.gap.amount), Decimal(0)))),
    )
    rows: list[Row] = [(due, due, answer.due.amount, "0")]
    rows += [(covers, name, tonnes, str(place)) for place, (name, tonnes) in enumerate(parts, start=1)]
    names = [due, *(name for name, _ in parts)]
    paper = look.palette
    colours = [paper.quiet, paper.series[0], paper.series[5], paper.series[4], paper.series[2], paper.series[1]]
    drawing = (
        alt.Chart()
        .mark_bar()
        .encode(
            y=alt.Y("side:N", title=None, sort=[due, covers]),
            x=alt.X("quantity_t:Q", title=look.say("Tonnes (t)", "数量（t）"), axis=alt.Axis(format=",.0f")),
            color=alt.Color("part:N", scale=series_scale(look, names, colours)),
            order=alt.Order("place:Q"),
            tooltip=["part:N", alt.Tooltip("quantity_t:Q", format=",")],
        )
    )
    gap = Decimal(answer.gap.amount)
    words = Words(
        name="cover",
        title=look.say(f"What covers {answer.year}", f"{answer.year} 年度履约覆盖"),
        subtitle=look.say(
            f"at the close of {answer.as_of}, {answer.known} entries recorded",
            f"截至 {answer.as_of} 日终，已记录 {answer.known} 笔分录",
        ),
        description=look.say(
            f"{amount_text(answer.due.amount)} t are due; {'missing' if gap > 0 else 'left over'}: {abs(gap):,f} t.",
            f"应清缴 {amount_text(answer.due.amount)} t；{'缺口' if gap > 0 else '盈余'} {abs(gap):,f} t。",
        ),
    )
    columns = (
        ChartColumn(name="side", heading=look.say("Side", "方向")),
        ChartColumn(name="part", heading=look.say("Part", "组成")),
        ChartColumn(name="quantity_t", heading=look.say("Quantity (t)", "数量（t）"), kind=Kind.NUMBER),
        ChartColumn(name="place", heading=look.say("Order", "顺序"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, drawing, height=_LOW)


def emissions_to_come(answer: OutlookOut, look: Look) -> Chart:
    """Return the year's cumulative direct emissions, recorded and expected, against each quantity that will be used up."""
    total, rows = Fraction(0), list[Row]()
    recorded, expected, level = (
        look.say("recorded", "已记录"),
        look.say("expected", "预计"),
        look.say("available", "可用额"),
    )
    for each in answer.months:
        total += Fraction(each.emissions_tco2e)
        rows.append((each.month, recorded if each.is_over else expected, _tonnes(total), None, None, None))
    last = answer.months[-1].month if answer.months else ""
    if answer.low_emissions is not None and answer.high_emissions is not None:
        rows.append((last, expected, None, answer.low_emissions.amount, answer.high_emissions.amount, None))
    for line in answer.exhaustions:
        rows.append((last, level, line.quantity.amount, None, None, term(look, line.what)))
    base = alt.Chart()
    month = alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    title = look.say("Cumulative emissions (tCO2e)", "累计排放（tCO2e）")
    bars = (
        base.transform_filter("datum.limit == null && isValid(datum.cumulative)")
        .mark_bar()
        .encode(
            x=month,
            y=alt.Y("cumulative:Q", title=title, axis=alt.Axis(format=",.0f")),
            color=alt.Color(
                "state:N",
                scale=series_scale(look, (recorded, expected), (look.palette.series[0], look.palette.series[5])),
            ),
            tooltip=["month:O", "state:N", alt.Tooltip("cumulative:Q", format=",.1f")],
        )
    )
    limits = base.transform_filter("datum.limit != null")
    rules = limits.mark_rule(strokeDash=[6, 4], strokeWidth=2, color=look.palette.warning).encode(y="cumulative:Q")
    names = limits.mark_text(align="left", dx=4, dy=-7, color=look.palette.warning).encode(
        y="cumulative:Q", x=alt.value(0), text="limit:N"
    )
    spread = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=3, color=look.palette.text)
        .encode(x=month, y="low:Q", y2="high:Q")
    )
    words = Words(
        name="outlook",
        title=look.say(f"Emissions of {answer.year} and what covers them", f"{answer.year} 年排放与覆盖额度"),
        subtitle=_interval(look, answer),
        description=_gap_sentence(look, answer),
    )
    columns = (
        ChartColumn(name="month", heading=look.say("Month", "月份")),
        ChartColumn(name="state", heading=look.say("State", "状态")),
        ChartColumn(name="cumulative", heading=title, kind=Kind.NUMBER),
        ChartColumn(name="low", heading=look.say("Low (tCO2e)", "下限（tCO2e）"), kind=Kind.NUMBER),
        ChartColumn(name="high", heading=look.say("High (tCO2e)", "上限（tCO2e）"), kind=Kind.NUMBER),
        ChartColumn(name="limit", heading=look.say("Quantity", "额度")),
    )
    return finished(look, words, columns, rows, alt.layer(bars, spread, rules, names))


def gaps_by_year(answers: Sequence[OutlookOut], look: Look) -> Chart:
    """Return the gap that each year is expected to end with, and its interval; below zero is left over."""
    rows: list[Row] = [
        (
            str(each.year),
            each.gap.amount,
            None if each.low_gap is None else each.low_gap.amount,
            None if each.high_gap is None else each.high_gap.amount,
        )
        for each in answers
    ]
    base = alt.Chart().encode(x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)))
    title = look.say("Gap (t), below zero left over", "缺口（t），负数为盈余")
    bars = base.mark_bar(size=48).encode(
        y=alt.Y("gap_t:Q", title=title, axis=alt.Axis(format=",.0f")),
        color=alt.condition("datum.gap_t > 0", alt.value(look.palette.warning), alt.value(look.palette.good)),
        tooltip=["year:O", alt.Tooltip("gap_t:Q", format=","), "low_t:Q", "high_t:Q"],
    )
    band = (
        base.transform_filter("isValid(datum.low_t)")
        .mark_rule(strokeWidth=3, color=look.palette.text)
        .encode(y="low_t:Q", y2="high_t:Q")
    )
    words = Words(
        name="gap",
        title=look.say("The gap to come, by compliance year", "各履约年度预计缺口"),
        subtitle=_interval(look, answers[0]) if answers else "",
        description=" ".join(_gap_sentence(look, each) for each in answers),
    )
    columns = (
        ChartColumn(name="year", heading=look.say("Year", "年度")),
        ChartColumn(name="gap_t", heading=look.say("Gap (t)", "缺口（t）"), kind=Kind.NUMBER),
        ChartColumn(name="low_t", heading=look.say("Low (t)", "下限（t）"), kind=Kind.NUMBER),
        ChartColumn(name="high_t", heading=look.say("High (t)", "上限（t）"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, alt.layer(bars, band))


def surrender_plan(answer: SurrenderPlanOut, look: Look) -> Chart:
    """Return the plan as a ladder: tonnes taken lot by lot, cheapest first, each at its unit cost; then what is missing."""
    ordered = sorted(answer.lines, key=lambda line: Fraction(line.unit_cost.amount))
    begins, rows = 0, list[Row]()
    for line in ordered:
        ends = begins + int(line.tonnes.amount)
        rows.append((str(begins), str(ends), "0", line.unit_cost.amount, line.instrument, line.lot_id))
        begins = ends
    missing = int(answer.shortfall.amount)
    short = look.say("missing", "缺口")
    if missing:
        rows.append((str(begins), str(begins + missing), "0", answer.proof.tonne.amount, short, None))
    names = list(dict.fromkeys(str(row[4]) for row in rows))
    colours = [
        look.palette.warning if name == short else look.palette.series[place % 8] for place, name in _kept(names)
    ]
    drawing = (
        alt.Chart()
        .mark_rect(stroke=look.palette.ground or "transparent", strokeWidth=1)
        .encode(
            x=alt.X(
                "from_t:Q",
                title=look.say("Tonnes, cheapest first (t)", "数量，由低到高（t）"),
                axis=alt.Axis(format=",.0f"),
            ),
            x2="to_t:Q",
            y=alt.Y("floor:Q", title=look.say("Unit cost (CNY/t)", "单位成本（CNY/t）")),
            y2="unit_cost:Q",
            color=alt.Color("instrument:N", scale=series_scale(look, names, colours or None)),
            tooltip=["instrument:N", "lot:N", "from_t:Q", "to_t:Q", "unit_cost:Q"],
        )
    )
    words = Words(
        name="surrender-plan",
        title=look.say(f"The cheapest surrender for {answer.year}", f"{answer.year} 年度最低成本清缴方案"),
        subtitle=look.say(
            f"to be surrendered on {answer.surrender_on}, {term(look, answer.basis)} cost",
            f"清缴日 {answer.surrender_on}，成本口径：{term(look, answer.basis)}",
        ),
        description=look.say(
            f"{amount_text(answer.covered.amount)} t are covered for {amount_text(answer.cost.amount)} {answer.cost.unit}, "
            f"of them {amount_text(answer.ccer.amount)} t CCER; missing: {missing:,d} t.",
            f"覆盖 {amount_text(answer.covered.amount)} t，成本 {amount_text(answer.cost.amount)} {answer.cost.unit}，"
            f"其中 CCER {amount_text(answer.ccer.amount)} t；缺口 {missing:,d} t。",
        ),
    )
    columns = (
        ChartColumn(name="from_t", heading=look.say("From (t)", "起（t）"), kind=Kind.NUMBER),
        ChartColumn(name="to_t", heading=look.say("To (t)", "止（t）"), kind=Kind.NUMBER),
        ChartColumn(name="floor", heading=look.say("Floor (CNY/t)", "基线（CNY/t）"), kind=Kind.NUMBER),
        ChartColumn(name="unit_cost", heading=look.say("Unit cost (CNY/t)", "单位成本（CNY/t）"), kind=Kind.NUMBER),
        ChartColumn(name="instrument", heading=look.say("Instrument", "品种")),
        ChartColumn(name="lot", heading=look.say("Lot", "批次")),
    )
    return finished(look, words, columns, rows, drawing)


def _kept(names: Sequence[str]) -> list[tuple[int, str]]:
    """Return the places of names in the palette without the colour of a warning."""
    places = (0, 2, 3, 4, 5, 6, 7)
    return [(places[place % len(places)], name) for place, name in enumerate(names)]


def _tonnes(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def _interval(look: Look, answer: OutlookOut) -> str:
    return look.say(
        f"at the close of {answer.as_of}; {answer.months_over} months recorded; interval at confidence {answer.confidence}, an estimate",
        f"截至 {answer.as_of} 日终；已记录 {answer.months_over} 个月；置信水平 {answer.confidence} 的区间，属估计",
    )


def _gap_sentence(look: Look, answer: OutlookOut) -> str:
    gap = Decimal(answer.gap.amount)
    return look.say(
        f"{answer.year} is expected to end {abs(gap):,f} t {'short' if gap > 0 else 'over'}.",
        f"预计 {answer.year} 年{'缺口' if gap > 0 else '盈余'} {abs(gap):,f} t。",
    )
