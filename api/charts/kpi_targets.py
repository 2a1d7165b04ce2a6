"""The chart of a KPI against its targets, test period by test period: what was asked for, on which side, and what was reached.

Draws the answer's own numbers in the unit that is compared: a level in the KPI's unit, a reduction as a share of what it is measured
from, tonnes avoided, the share of days on which a status was held, or a grade on its scale.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import altair as alt

from api.charts.chart import Chart, ChartColumn, Kind, Row, Words, finished, series_scale
from api.charts.look import Look, minute
from api.charts.terms import term
from api.schemas.bank_desk import KpiPathOut, KpiStepOut
from finance.conventions.exact_text import decimal_text
from finance.kpi.targets import Bound

_SHARE = "1"
_PLACES = 6
"""Decimals of a number in words; the table has what was compared, exactly."""
_MEASURED: dict[str, tuple[str, str]] = {
    "level": ("Value", "指标值"),
    "reduction_vs_base": ("Reduction against the base year", "较基准年降幅"),
    "year_on_year": ("Reduction against the year before", "较上年降幅"),
    "avoided": ("Avoided against the base year", "较基准年累计避免量"),
    "share": ("Share", "占比"),
    "count": ("Number", "数量"),
    "status_held": ("Share of days held", "持有天数占比"),
    "external_rank": ("Grade", "评级"),
    "vs_benchmark": ("Below the benchmark", "低于行业基准幅度"),
    "multi_year_mean": ("Mean of the years", "多年均值"),
}
"""What each kind of target compares."""


def kpi_targets(answer: KpiPathOut, look: Look) -> Chart:
    """Return target and result of each test period; the triangle of a target points to the side on which it is met."""
    steps = _of_one_kind(answer.steps)
    kind = str(steps[0].target["kind"]) if steps else "level"
    what = look.say(*_MEASURED[kind])
    series = _series(look)
    result = series[-1]
    rows = _rows(answer, steps, look)
    paper = look.palette
    base = alt.Chart().transform_filter("isValid(datum.value)")
    place = alt.X("period:N", title=look.say("Test period", "考核期"), sort=None, axis=alt.Axis(labelAngle=0))
    height = alt.Y("value:Q", title=_title(what, steps), scale=_height(steps), axis=_axis(steps))
    colours = series_scale(look, series, (paper.warning, paper.warning, paper.main))
    shapes = alt.Scale(domain=list(series), range=["triangle-down", "triangle-up", "circle"])
    tooltip = ["period:N", "what:N", "series:N", "said:N", "observed:N", "state:N"]
    ticks = (
        base.transform_filter(f"datum.series != {json.dumps(result, ensure_ascii=False)}")
        .mark_tick(thickness=3, width=70)
        .encode(x=place, y=height, color=alt.Color("series:N", scale=colours))
    )
    marks = base.mark_point(size=140, filled=True).encode(
        x=place,
        y=height,
        color=alt.Color("series:N", scale=colours),
        shape=alt.Shape("series:N", scale=shapes),
        tooltip=tooltip,
    )
    told = "datum.observed && indexof(datum.said, datum.observed) != 0 ? datum.said + ' (' + datum.observed + ')' : datum.said"
    labels = (
        base.transform_calculate(label=told)
        .mark_text(dx=44, align="left", color=paper.text)
        .encode(x=place, y=height, text="label:N")
    )
    words = Words(
        name="kpi-targets",
        title=look.say(f"{answer.kpi_id} against its targets", f"{answer.kpi_id} 与绩效目标"),
        subtitle=look.say(
            f"as known at {minute(answer.known_at)}; the triangle points to where the target is met",
            f"依据 {minute(answer.known_at)} 已知事实；三角形指向达标一侧",
        ),
        description=_reading(answer.steps, look),
    )
    columns = (
        ChartColumn(name="period", heading=look.say("Test period", "考核期")),
        ChartColumn(name="what", heading=look.say("Compared", "比较项")),
        ChartColumn(name="series", heading=look.say("Side", "口径")),
        ChartColumn(name="value", heading=_title(what, steps), kind=Kind.NUMBER),
        ChartColumn(name="said", heading=look.say("In words", "表述")),
        ChartColumn(name="observed", heading=look.say("Reported", "报告值")),
        ChartColumn(name="state", heading=look.say("Decision", "认定结果")),
    )
    return finished(look, words, columns, rows, alt.layer(ticks, marks, labels))


def _series(look: Look) -> tuple[str, str, str]:
    """Return what the marks are called: a target met below, one met above, and what was reached."""
    return (
        look.say("target: at most", "目标：不高于"),
        look.say("target: at least", "目标：不低于"),
        look.say("result", "实际"),
    )


def _rows(answer: KpiPathOut, drawn: Sequence[KpiStepOut], look: Look) -> list[Row]:
    """Return a row for the target and one for the result of each test; what shares no axis with ``drawn`` has words only."""
    at_most, at_least, result = _series(look)
    rows: list[Row] = []
    for each in answer.steps:
        is_drawn = each in drawn
        side = at_most if each.bound is Bound.AT_MOST else at_least
        common = (_period(each), look.say(*_MEASURED[str(each.target["kind"])]))
        asked = _words(each, each.threshold)
        rows.append((*common, side, each.threshold if is_drawn else None, asked, None, None))
        said = "" if each.compared is None else _words(each, each.compared)
        state = term(look, each.status) if each.status else look.say("not decided", "未决定")
        rows.append((*common, result, each.compared if is_drawn else None, said, _reported(each), state))
    return rows


def _reported(step: KpiStepOut) -> str | None:
    """Return the value as it was reported, with the KPI's unit where it is a number."""
    if step.observed is None or step.unit in ("", _SHARE) or step.target["kind"] in ("external_rank", "status_held"):
        return step.observed
    return f"{step.observed} {step.unit}"


def _height(steps: Sequence[KpiStepOut]) -> alt.Scale:
    grades = _scale(steps[0]) if steps else ()
    return alt.Scale(domain=[0, len(grades) - 1]) if grades else alt.Scale(zero=False, padding=24)


def _of_one_kind(steps: Sequence[KpiStepOut]) -> tuple[KpiStepOut, ...]:
    """Return the steps that share the last one's axis: another kind of target, unit or scale stands in the table only."""
    return tuple(each for each in steps if _axis_of(each) == _axis_of(steps[-1]))


def _axis_of(step: KpiStepOut) -> tuple[object, ...]:
    return step.target["kind"], step.compared_unit, _scale(step)


def _scale(step: KpiStepOut) -> tuple[str, ...]:
    """Return the grades of an external rank, the worst first; nothing for a number."""
    found = step.target.get("scale") if step.target["kind"] == "external_rank" else None
    return tuple(str(each) for each in reversed(found)) if isinstance(found, list | tuple) else ()


def _axis(steps: Sequence[KpiStepOut]) -> alt.Axis:
    grades = _scale(steps[0]) if steps else ()
    if grades:
        named = json.dumps(grades, ensure_ascii=False)
        return alt.Axis(values=list(range(len(grades))), labelExpr=f"{named}[datum.value]")
    return alt.Axis(format=".2~%") if steps and steps[0].compared_unit == _SHARE else alt.Axis(format=",.6~f")


def _title(what: str, steps: Sequence[KpiStepOut]) -> str:
    unit = steps[0].compared_unit if steps else ""
    if not steps or _scale(steps[0]):
        return what
    return f"{what} (%)" if unit == _SHARE else f"{what} ({unit})"


def _words(step: KpiStepOut, value: str) -> str:
    """Return a compared number as it is read: 3 %, 9.264 tCO2e/t, a grade by its name; the exact one stands beside it."""
    grades = _scale(step)
    if grades:
        return grades[int(value)]
    if step.compared_unit == _SHARE:
        return f"{decimal_text(Fraction(value) * 100, places=_PLACES)} %"
    return f"{decimal_text(Fraction(value), places=_PLACES)} {step.compared_unit}"


def _period(step: KpiStepOut) -> str:
    """Return a calendar year by its number, another period by its days."""
    last = step.period_end - timedelta(days=1)
    is_year = (step.period_start, last) == (date(last.year, 1, 1), date(last.year, 12, 31))
    return str(last.year) if is_year else f"{step.period_start}/{last}"


def _reading(steps: Sequence[KpiStepOut], look: Look) -> str:
    told = []
    for each in steps:
        what, wanted = look.say(*_MEASURED[str(each.target["kind"])]), _words(each, each.threshold)
        side = look.say("at most", "不高于") if each.bound is Bound.AT_MOST else look.say("at least", "不低于")
        reached = look.say("not reported", "未报告") if each.compared is None else _words(each, each.compared)
        told.append(f"{_period(each)}: {what}, {side} {wanted}; {look.say('result', '实际')} {reached}")
    return ". ".join(told) + "."
