"""The chart of a KPI through its year: each month, the year so far, and where the year is expected to end against its target.

Draws the forecast's own figures. The year so far is recorded emissions over recorded production, exactly.
"""

from __future__ import annotations

from fractions import Fraction

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Row, Words, finished
from api.charts.look import FAINT, Look
from api.schemas.forecasts import ForecastOut
from finance.conventions.exact_text import decimal_text

_PLACES = 4
_UNIT = "tCO2e/t"


def kpi_path(answer: ForecastOut, look: Look) -> Chart:
    """Return the monthly and the cumulative intensity, the target, and the forecast of the year with its band."""
    rows = _rows(answer)
    paper = look.palette
    base = alt.Chart().encode(
        x=alt.X("month:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%Y-%m", labelOverlap=True))
    )
    title = look.say(f"Intensity ({_UNIT})", f"排放强度（{_UNIT}）")
    near = alt.Scale(zero=False)
    names = (
        look.say("month", "当月"),
        look.say("year so far", "年内累计"),
        look.say("forecast", "预测"),
        look.say("target", "目标"),
    )
    scale = alt.Scale(domain=list(names), range=[paper.quiet, paper.main, paper.series[4], paper.warning])
    dashes = alt.Scale(domain=list(names), range=[[1, 0], [1, 0], [2, 3], [7, 4]])
    folded = base.transform_fold(
        ["month_value", "so_far", "forecast", "target"], as_=["which", "value"]
    ).transform_calculate(
        line=f"datum.which == 'month_value' ? '{names[0]}' : datum.which == 'so_far' ? '{names[1]}' : "
        f"datum.which == 'forecast' ? '{names[2]}' : '{names[3]}'"
    )
    lines = (
        folded.transform_filter("isValid(datum.value)")
        .mark_line(strokeWidth=2)
        .encode(
            y=alt.Y("value:Q", title=title, scale=near),
            color=alt.Color("line:N", scale=scale),
            strokeDash=alt.StrokeDash("line:N", scale=dashes),
            tooltip=[alt.Tooltip("month:T", format="%Y-%m"), "line:N", "value:Q"],
        )
    )
    band = (
        base.transform_filter("isValid(datum.low)")
        .mark_area(opacity=FAINT, color=paper.series[4])
        .encode(y=alt.Y("low:Q", title=title, scale=near), y2="high:Q")
    )
    words = Words(
        name="kpi-path",
        title=look.say("Intensity through the year, against its target", "年内排放强度与目标"),
        subtitle=look.say(
            f"{answer.months_over} months recorded; band: {_percent(answer.confidence)} interval, an estimate",
            f"已记录 {answer.months_over} 个月；阴影为 {_percent(answer.confidence)} 区间，属估计",
        ),
        description=_reading(answer, look),
    )
    columns = (
        ChartColumn(name="month", heading=look.say("Month", "月份"), kind=Kind.MONTH),
        ChartColumn(name="month_value", heading=f"{names[0]} ({_UNIT})", kind=Kind.NUMBER),
        ChartColumn(name="so_far", heading=f"{names[1]} ({_UNIT})", kind=Kind.NUMBER),
        ChartColumn(name="forecast", heading=f"{names[2]} ({_UNIT})", kind=Kind.NUMBER),
        ChartColumn(name="low", heading=look.say(f"low ({_UNIT})", f"下限（{_UNIT}）"), kind=Kind.NUMBER),
        ChartColumn(name="high", heading=look.say(f"high ({_UNIT})", f"上限（{_UNIT}）"), kind=Kind.NUMBER),
        ChartColumn(name="target", heading=f"{names[3]} ({_UNIT})", kind=Kind.NUMBER),
    )
    return finished(look, words, columns, rows, alt.layer(band, lines))


def _rows(answer: ForecastOut) -> list[Row]:
    emitted, made = Fraction(0), Fraction(0)
    rows: list[Row] = []
    last_over = max(
        (place for place, each in enumerate(answer.periods) if each.emissions_tco2e is not None), default=-1
    )
    for place, each in enumerate(answer.periods):
        month, so_far = None, None
        production = Fraction(each.production_t)
        if each.emissions_tco2e is not None:
            emissions = Fraction(each.emissions_tco2e)
            emitted, made = emitted + emissions, made + production
            month = _ratio(emissions, production)
            so_far = _ratio(emitted, made)
        is_end = place == len(answer.periods) - 1
        starts = place == last_over and not is_end
        low, high, forecast = (
            so_far if starts else (end if is_end else None)
            for end in (answer.low_tco2e_per_t, answer.high_tco2e_per_t, answer.forecast_tco2e_per_t)
        )
        if answer.low_tco2e_per_t is None:
            low = high = None
        rows.append((each.period, month, so_far, forecast, low, high, answer.target_tco2e_per_t))
    return rows


def _ratio(emissions: Fraction, production: Fraction) -> str | None:
    return decimal_text(emissions / production, places=_PLACES) if production else None


def _percent(share: str) -> str:
    return f"{decimal_text(Fraction(share) * 100)} %"


def _reading(answer: ForecastOut, look: Look) -> str:
    chance = look.say("not known yet", "尚未可知") if answer.chance_to_meet is None else _percent(answer.chance_to_meet)
    return look.say(
        f"The year is expected to end at {answer.forecast_tco2e_per_t} {_UNIT}; the target is at most "
        f"{answer.target_tco2e_per_t}; chance to meet it: {chance}.",
        f"预计全年为 {answer.forecast_tco2e_per_t} {_UNIT}；目标为不高于 {answer.target_tco2e_per_t}；达标概率：{chance}。",
    )
