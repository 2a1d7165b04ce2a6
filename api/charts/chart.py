"""A chart: its specification, the words for who cannot see it, and the exact table behind it.

Values stay decimal strings up to the drawing: only Vega, which draws, reads them as numbers. No other code may take a number
from a chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

import altair as alt

from api.charts.look import Look

WIDTH, HEIGHT = 640, 300
"""Pixels of the plot; a page may stretch it."""

_MILLION = 1_000_000
_FEW = 10
"""Above so much money an axis shows no cents."""

Drawing: TypeAlias = "alt.Chart | alt.LayerChart | alt.FacetChart"
Value: TypeAlias = "str | None"
Row: TypeAlias = "tuple[Value, ...]"


class Kind(StrEnum):
    """How the drawing reads a column."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    MONTH = "month"


_PARSE: Mapping[Kind, str] = {
    Kind.TEXT: "string",
    Kind.NUMBER: "number",
    Kind.DAY: "utc:'%Y-%m-%d'",
    Kind.MONTH: "utc:'%Y-%m'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartColumn:
    """One column of the table: its name in the specification, its heading with unit, and what it holds."""

    name: str
    heading: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart as it leaves: ``rows`` are exact texts in the order of ``columns``; ``spec`` is Vega-Lite JSON."""

    name: str
    title: str
    description: str
    columns: tuple[ChartColumn, ...]
    rows: tuple[Row, ...]
    spec: Mapping[str, object]

    def __post_init__(self) -> None:
        """Refuse a row that does not fit the columns."""
        assert all(len(row) == len(self.columns) for row in self.rows), "each row has a value for each column"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a chart says in words: name for its address, title, what it is of (day, unit, source), and its reading aloud."""

    name: str
    title: str
    subtitle: str
    description: str


def finished(
    look: Look,
    words: Words,
    columns: Sequence[ChartColumn],
    rows: Sequence[Row],
    drawing: Drawing,
    height: int = HEIGHT,
) -> Chart:
    """Return the chart of ``drawing`` over ``rows``, in the look's theme.

    A chart without rows says so in its subtitle instead of showing an empty frame without a word.
    """
    subtitle = words.subtitle if rows else look.say("Nothing to show yet.", "暂无数据。")
    spec: dict[str, Any] = drawing.properties(width=WIDTH, height=height).to_dict(validate=False)
    spec.pop("datasets", None)
    for layer in spec.get("layer", ()):  # each draws the one table above it
        layer.pop("data", None)
    spec["data"] = {
        "values": [{column.name: value for column, value in zip(columns, row, strict=True)} for row in rows],
        "format": {"type": "json", "parse": {column.name: _PARSE[column.kind] for column in columns}},
    }
    spec["config"] = look.config()
    spec["title"] = {"text": words.title, "subtitle": subtitle}
    spec["description"] = f"{words.title}. {words.description}"
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return Chart(
        name=words.name,
        title=words.title,
        description=words.description if rows else subtitle,
        columns=tuple(columns),
        rows=tuple(rows),
        spec=spec,
    )


def series_scale(look: Look, labels: Sequence[str], colours: Sequence[str] | None = None) -> alt.Scale:
    """Return the colours of ``labels`` in their order, the palette's unless given."""
    chosen = look.palette.series if colours is None else colours
    return alt.Scale(domain=list(labels), range=[chosen[place % len(chosen)] for place in range(len(labels))])


def money_axis(look: Look, title: tuple[str, str], amounts: Sequence[Value], currency: str) -> alt.Axis:
    """Return an axis in ``currency``, in millions of it from a million on; only labels are shortened, never the data."""
    largest = max((abs(Decimal(each)) for each in amounts if each is not None), default=Decimal(0))
    words = look.say(*title)
    if largest < _MILLION:
        return alt.Axis(title=f"{words} ({currency})", format=",.0f" if largest > _FEW else ",.2f")
    unit = look.say(f"{currency} million", f"百万 {currency}")
    return alt.Axis(title=f"{words} ({unit})", labelExpr="format(datum.value / 1000000, ',.6~f')")


def amount_text(value: str) -> str:
    """Return a decimal string with thousands separated, for a sentence: ``-1234.50`` is ``-1,234.50``."""
    return f"{Decimal(value):,f}"
