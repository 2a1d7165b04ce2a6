"""The chart of why a value changed: from opening to closing, one step for each effect.

Draws the explained change's own parts; they sum exactly, as the answer says.
"""

from __future__ import annotations

from decimal import Decimal

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Row, Words, amount_text, finished, money_axis, series_scale
from api.charts.look import Look
from api.schemas.profit_and_loss import BookChangeOut


def change_explained(answer: BookChangeOut, look: Look) -> Chart:
    """Return a waterfall from the opening to the closing value, effects of zero left out."""
    total, currency = answer.total, answer.currency
    whole, gain, loss = look.say("value", "价值"), look.say("raises", "增加"), look.say("lowers", "减少")
    opening, closing = look.say("Opening", "期初"), look.say("Closing", "期末")
    at = Decimal(total.opening.amount)
    rows: list[Row] = [(opening, "0", total.opening.amount, whole, total.opening.amount)]
    for each in total.effects:
        step = Decimal(each.amount.amount)
        if step:
            label = look.say(each.label_en, each.label_zh)
            rows.append((label, f"{at:f}", f"{at + step:f}", gain if step > 0 else loss, each.amount.amount))
        at += step
    rows.append((closing, "0", total.closing.amount, whole, total.closing.amount))
    paper = look.palette
    base = alt.Chart().encode(x=alt.X("step:N", title=None, sort=None, axis=alt.Axis(labelAngle=0, labelLimit=110)))
    bars = base.mark_bar().encode(
        y=alt.Y("from:Q", axis=money_axis(look, ("Value", "价值"), [row[2] for row in rows], currency)),
        y2="to:Q",
        color=alt.Color(
            "kind:N", scale=series_scale(look, (whole, gain, loss), (paper.quiet, paper.good, paper.warning))
        ),
        tooltip=["step:N", alt.Tooltip("amount:Q", format=",.2f")],
    )
    labels = (
        base.mark_text(dy=-6, color=paper.text)
        .encode(y=alt.Y("top:Q"), text=alt.Text("amount:Q", format="+,.0f"))
        .transform_calculate(top="max(datum.from, datum.to)")
    )
    words = Words(
        name="change",
        title=look.say(f"Why the value of {answer.book_code} changed", f"{answer.book_code} 价值变动原因"),
        subtitle=look.say(
            f"from {answer.opening_snapshot.as_of} to {answer.closing_snapshot.as_of}",
            f"{answer.opening_snapshot.as_of} 至 {answer.closing_snapshot.as_of}",
        ),
        description="; ".join(f"{row[0]}: {amount_text(row[4] or '0')} {currency}" for row in rows) + ".",
    )
    columns = (
        ChartColumn(name="step", heading=look.say("Step", "步骤")),
        ChartColumn(name="from", heading=look.say(f"From ({currency})", f"起（{currency}）"), kind=Kind.NUMBER),
        ChartColumn(name="to", heading=look.say(f"To ({currency})", f"止（{currency}）"), kind=Kind.NUMBER),
        ChartColumn(name="kind", heading=look.say("Kind", "类别")),
        ChartColumn(name="amount", heading=look.say(f"Amount ({currency})", f"金额（{currency}）"), kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, alt.layer(bars, labels))
