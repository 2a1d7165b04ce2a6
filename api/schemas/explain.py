"""How a figure tells why it is what it is: a tree whose leaves are facts with sources, in English and Chinese.

The one shape of every explanation that leaves. Computes nothing: cores build the tree.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from finance.conventions.explain import Explanation


class ExplanationOut(Schema):
    """One figure and what it rests on; a leaf names its source, a branch its formula."""

    label_en: Annotated[str, Field(examples=["Market value"])]
    label_zh: Annotated[str, Field(examples=["市值"])]
    value: Annotated[str, Field(description="A decimal string, or a word such as met.", examples=["97400.00"])]
    unit: Annotated[str, Field(examples=["CNY"])]
    formula: Annotated[str, Field(description="How children give value; empty on a leaf.", examples=["tonnes x price"])]
    source: Annotated[str, Field(description="Where a leaf's fact comes from.", examples=["lot 1025"])]
    children: Array[ExplanationOut]

    @classmethod
    def from_core(cls, explanation: Explanation) -> ExplanationOut:
        """Return the shape of ``explanation`` and of everything below it."""
        return cls(
            label_en=explanation.label_en,
            label_zh=explanation.label_zh,
            value=explanation.value,
            unit=explanation.unit,
            formula=explanation.formula,
            source=explanation.source,
            children=tuple(cls.from_core(child) for child in explanation.children),
        )
