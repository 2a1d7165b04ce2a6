"""Charts of what is held and what it is worth: by instrument and vintage, free and set aside, cost and market value.

Sums accounts exactly, as the answers spell them. Knows no price of its own.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Words, amount_text, finished, money_axis, series_scale
from api.charts.look import Look
from api.schemas.reports import PositionsOut
from api.schemas.worth import ValuationOut

_TONNE = "t"
_BAR_HEIGHT, _ROOM = 34, 40


def holdings(answer: PositionsOut, look: Look) -> Chart:
    """Return what asset accounts hold in tonnes by instrument (its code names the vintage), free beside set aside."""
    free: defaultdict[str, Decimal] = defaultdict(Decimal)
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in answer.positions:
        if one.type == "asset" and one.balance.unit == _TONNE:
            free[one.commodity] += Decimal(one.available.amount)
            held[one.commodity] += Decimal(one.held.amount)
    parts = (look.say("free", "可用"), look.say("set aside", "占用"))
    codes = sorted(free)
    rows = [(code, part, f"{of[code]:f}") for code in codes for part, of in zip(parts, (free, held), strict=True)]
    listed = "; ".join(f"{code}: {free[code]:,f} t {parts[0]}, {held[code]:,f} t {parts[1]}" for code in codes)
    drawing = (
        alt.Chart()
        .mark_bar()
        .encode(
            y=alt.Y("instrument:N", title=None, sort=codes),
            x=alt.X(
                "quantity_t:Q", title=look.say("Tonnes (t)", "数量（t）"), axis=alt.Axis(format=",.0f"), stack="zero"
            ),
            color=alt.Color("part:N", scale=series_scale(look, parts)),
            order=alt.Order("part:N", sort="descending" if parts[0] > parts[1] else "ascending"),
            tooltip=["instrument:N", "part:N", alt.Tooltip("quantity_t:Q", format=",")],
        )
    )
    words = Words(
        name="holdings",
        title=look.say("Carbon held, by instrument and vintage", "碳资产持有量（按品种与年份）"),
        subtitle=_point(look, answer),
        description=listed,
    )
    columns = (
        ChartColumn(name="instrument", heading=look.say("Instrument", "品种")),
        ChartColumn(name="part", heading=look.say("Free or set aside", "可用或占用")),
        ChartColumn(name="quantity_t", heading=look.say("Quantity (t)", "数量（t）"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, drawing, height=_ROOM + _BAR_HEIGHT * max(len(codes), 1))


def worth(answer: ValuationOut, look: Look) -> Chart:
    """Return cost and market value of the valued lots by instrument; what is unvalued is named, never drawn as zero."""
    cost: defaultdict[str, Decimal] = defaultdict(Decimal)
    market: defaultdict[str, Decimal] = defaultdict(Decimal)
    unvalued: set[str] = set()
    for lot in answer.lots:
        if lot.market_value is None:
            unvalued.add(f"{lot.instrument} ({lot.unvalued_reason})")
            continue
        cost[lot.instrument] += Decimal(lot.cost.amount)
        market[lot.instrument] += Decimal(lot.market_value.amount)
    currency = answer.total.market_value.unit
    parts = (look.say("cost", "成本"), look.say("market value", "市值"))
    rows = [
        (code, part, f"{of[code]:f}") for code in sorted(cost) for part, of in zip(parts, (cost, market), strict=True)
    ]
    left_out = look.say("Not valued: ", "未估值：") + (", ".join(sorted(unvalued)) or look.say("none", "无"))
    drawing = (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X("instrument:N", title=None, axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("part:N", sort=list(parts)),
            y=alt.Y("amount:Q", axis=money_axis(look, ("Value", "价值"), [row[2] for row in rows], currency)),
            color=alt.Color("part:N", scale=series_scale(look, parts)),
            tooltip=["instrument:N", "part:N", alt.Tooltip("amount:Q", format=",")],
        )
    )
    words = Words(
        name="worth",
        title=look.say("Cost and market value, by instrument", "成本与市值（按品种）"),
        subtitle=_point(look, answer),
        description="; ".join(f"{code} {part}: {amount_text(amount)} {currency}" for code, part, amount in rows)
        + f". {left_out}.",
    )
    columns = (
        ChartColumn(name="instrument", heading=look.say("Instrument", "品种")),
        ChartColumn(name="part", heading=look.say("Measure", "口径")),
        ChartColumn(name="amount", heading=look.say(f"Amount ({currency})", f"金额（{currency}）"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, drawing)


def _point(look: Look, answer: PositionsOut | ValuationOut) -> str:
    day, known = answer.as_of, answer.known
    return look.say(f"at the close of {day}, {known} entries recorded", f"截至 {day} 日终，已记录 {known} 笔分录")
