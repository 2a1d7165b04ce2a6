"""What leaves as a chart: its words, the exact table behind it, and the specification that draws it.

Only shapes: ``api.charts`` draws.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from api.schemas.base import Array, Schema


class ChartColumnOut(Schema):
    """One column of the table behind a chart."""

    name: Annotated[str, Field(examples=["quantity_t"])]
    heading: Annotated[str, Field(examples=["Quantity (t)"])]
    kind: Annotated[str, Field(description="text, number, day or month.", examples=["number"])]


class ChartOut(Schema):
    """A chart: ``rows`` are exact texts in the order of ``columns``; ``spec`` is Vega-Lite, which alone reads them as numbers."""

    name: Annotated[str, Field(examples=["holdings"])]
    title: Annotated[str, Field(examples=["Carbon held, by instrument and vintage"])]
    description: Annotated[
        str, Field(description="What it shows, for who cannot see it.", examples=["CEA25: 1,000 t free"])
    ]
    columns: Array[ChartColumnOut]
    rows: Array[Array[str | None]]
    spec: Annotated[dict[str, JsonValue], Field(description="Vega-Lite JSON.", examples=[{"mark": "bar"}])]
