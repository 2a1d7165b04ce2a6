"""The chart of an instrument's prices over time, in which an old price looks old.

Knows no mark: it shows what sources said, and how long ago something was really traded.
"""

from __future__ import annotations

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Row, Words, amount_text, finished, series_scale
from api.charts.look import Look, minute
from api.charts.terms import term
from api.schemas.market import ObservationOut, ObservationsOut

_MOST_SERIES = 8
_LONGEST_SOURCE = 48


def price_history(answer: ObservationsOut, look: Look) -> Chart:
    """Return the newest revision of each day's price by basis and source; days without a trade are hollow points."""
    newest: dict[tuple[str, str], ObservationOut] = {}
    for seen in answer.observations:
        source = seen.source.partition(":")[0][:_LONGEST_SOURCE]
        key = (f"{term(look, seen.price_basis)}, {source}", str(seen.trade_date))
        if key not in newest or newest[key].revision < seen.revision:
            newest[key] = seen
    traded, carried = look.say("traded that day", "当日有成交"), look.say("carried from an older trade", "沿用旧成交")
    rows: list[Row] = []
    for (series, day), seen in sorted(newest.items()):
        if seen.price is not None:
            age = None if seen.last_trade_date is None else (seen.trade_date - seen.last_trade_date).days
            rows.append((day, seen.price.amount, series, carried if age else traded, None if age is None else str(age)))
    unit = next((one.price.unit for one in newest.values() if one.price is not None), "")
    series_names = list(dict.fromkeys(str(row[2]) for row in rows))[:_MOST_SERIES]
    base = alt.Chart().encode(
        x=alt.X("day:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%Y-%m-%d", labelOverlap=True)),
        y=alt.Y("price:Q", title=look.say(f"Price ({unit})", f"价格（{unit}）"), scale=alt.Scale(zero=False)),
        color=alt.Color(
            "series:N", scale=series_scale(look, series_names), legend=alt.Legend(columns=1, labelLimit=520)
        ),
        tooltip=[alt.Tooltip("day:T", format="%Y-%m-%d"), "price:Q", "series:N", "trade:N", "age_days:Q"],
    )
    points = base.mark_point(size=44, filled=True, strokeWidth=1).encode(
        shape=alt.Shape("trade:N", scale=alt.Scale(domain=[traded, carried], range=["circle", "triangle-down"])),
        fillOpacity=alt.condition(f"datum.trade == '{traded}'", alt.value(1), alt.value(0)),
    )
    words = Words(
        name="prices",
        title=look.say(f"Prices of {answer.instrument}", f"{answer.instrument} 价格"),
        subtitle=look.say(
            f"up to {answer.as_of}, as known at {minute(answer.known_at)}",
            f"截至 {answer.as_of}，依据 {minute(answer.known_at)} 已知数据",
        ),
        description=_last(look, rows, unit),
    )
    columns = (
        ChartColumn(name="day", heading=look.say("Day", "日期"), kind=Kind.DAY),
        ChartColumn(name="price", heading=look.say(f"Price ({unit})", f"价格（{unit}）"), kind=Kind.NUMBER),
        ChartColumn(name="series", heading=look.say("Basis and source", "价格口径与来源")),
        ChartColumn(name="trade", heading=look.say("Trade", "成交情况")),
        ChartColumn(name="age_days", heading=look.say("Days since a trade", "距上次成交天数"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, alt.layer(base.mark_line(strokeWidth=1), points))


def _last(look: Look, rows: list[Row], unit: str) -> str:
    if not rows:
        return ""
    day, price, series, trade, age = max(rows, key=lambda row: str(row[0]))
    known = look.say("unknown", "未知") if age is None else age
    shown = amount_text(price or "0")
    return look.say(
        f"The last price is {shown} {unit} of {day} ({series}; {trade}; {known} days since a trade).",
        f"最新价格为 {day} 的 {shown} {unit}（{series}；{trade}；距上次成交 {known} 天）。",
    )
