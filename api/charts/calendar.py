"""The chart of what is due and when, facility by facility, each duty with its state; payments with their amounts.

Draws the obligations' own days.
"""

from __future__ import annotations

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Row, Words, finished, series_scale
from api.charts.look import Look
from api.charts.terms import term
from api.schemas.bank_desk import ObligationsOut

_LANE, _ROOM = 30, 60


def due_days(answer: ObligationsOut, look: Look) -> Chart:
    """Return every duty of the window on its day: a lane for each kind of duty, a shape and colour for its state."""
    rows: list[Row] = [
        (
            str(each.due_on),
            term(look, each.duty.value),
            term(look, each.state.value),
            facility.facility_number,
            look.say(each.title_en, each.title_zh),
            None if each.amount is None else each.amount.amount,
            None if each.amount is None else each.amount.unit,
        )
        for facility in answer.facilities
        for each in facility.obligations
    ]
    states = sorted({str(row[2]) for row in rows})
    lanes = sorted({str(row[1]) for row in rows})
    drawing = (
        alt.Chart()
        .mark_point(size=90, filled=True, strokeWidth=1)
        .encode(
            x=alt.X("day:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%Y-%m", labelOverlap=True)),
            y=alt.Y("duty:N", title=None, sort=lanes),
            color=alt.Color("state:N", scale=series_scale(look, states)),
            shape=alt.Shape("state:N", scale=alt.Scale(domain=states)),
            tooltip=[
                alt.Tooltip("day:T", format="%Y-%m-%d"),
                "title:N",
                "facility:N",
                "state:N",
                alt.Tooltip("amount:Q", format=",.2f"),
                "unit:N",
            ],
        )
    )
    nearest = min((row for row in rows if row[2] != term(look, "done")), key=lambda row: str(row[0]), default=None)
    words = Words(
        name="obligations",
        title=look.say("What is due and when", "到期事项日历"),
        subtitle=look.say(f"{len(rows)} duties", f"共 {len(rows)} 项"),
        description=""
        if nearest is None
        else look.say(
            f"The first that is not done: {nearest[4]}, {nearest[0]}.", f"最早未完成：{nearest[4]}，{nearest[0]}。"
        ),
    )
    columns = (
        ChartColumn(name="day", heading=look.say("Day", "日期"), kind=Kind.DAY),
        ChartColumn(name="duty", heading=look.say("Duty", "事项")),
        ChartColumn(name="state", heading=look.say("State", "状态")),
        ChartColumn(name="facility", heading=look.say("Facility", "授信")),
        ChartColumn(name="title", heading=look.say("What", "内容")),
        ChartColumn(name="amount", heading=look.say("Amount", "金额"), kind=Kind.NUMBER),
        ChartColumn(name="unit", heading=look.say("Unit", "单位")),
    )
    return finished(look, words, columns, rows, drawing, height=_ROOM + _LANE * max(len(lanes), 1))
