"""The calculators over HTTP: open to anyone with a question, nothing is stored.

The answer is the document that ``tonne calc NAME --json`` prints.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Path
from fastapi.openapi.models import Example

from api.auth.policy import PUBLIC, Routes
from api.schemas.base import Array, Schema
from finance.operations.calculators.catalogue import CALCULATORS, calculate

routes = Routes(tag="calculators")

_Line = dict[str, str | None]
_EXAMPLES = {
    calculator.name: Example(summary=calculator.question, value=calculator.example()) for calculator in CALCULATORS
}


class SourceOut(Schema):
    """One factor or rule row that the answer rests on; a value given as input has no effective interval."""

    id: str
    value: str
    unit: str
    region: str
    label_en: str
    label_zh: str
    effective_from: str | None
    effective_to: str | None
    source: str
    status: str
    version: str


class AnswerOut(Schema):
    """A calculator's answer; every number is a decimal string and ``units`` names the unit of each result."""

    calculator: str
    inputs: dict[str, str | Array[str] | Array[dict[str, str]]]
    result: dict[str, str | Array[_Line] | None]
    units: dict[str, str]
    formula: str
    rounding: str
    places: str
    sources: Array[SourceOut]


class FieldOut(Schema):
    """One input field of a calculator."""

    name: str
    meaning: str
    unit: str
    kind: str
    is_required: bool


class CalculatorOut(Schema):
    """A calculator and the fields it takes."""

    name: str
    question: str
    fields: Array[FieldOut]


class CalculatorsOut(Schema):
    """Every calculator."""

    calculators: Array[CalculatorOut]


@routes.get("/calc", policy=PUBLIC)
def list_calculators() -> CalculatorsOut:
    """Return every calculator with its fields."""
    return CalculatorsOut(
        calculators=tuple(
            CalculatorOut(
                name=calculator.name,
                question=calculator.question,
                fields=tuple(
                    FieldOut(
                        name=parameter.name,
                        meaning=parameter.meaning,
                        unit=parameter.unit,
                        kind=parameter.kind.value,
                        is_required=parameter.is_required,
                    )
                    for parameter in calculator.parameters
                ),
            )
            for calculator in CALCULATORS
        )
    )


@routes.post("/calc/{name}", policy=PUBLIC, status=200, writes=False)
def answer_question(
    name: Annotated[str, Path(description="A calculator's name, such as intensity or ccer_cap (also ccer-cap).")],
    body: Annotated[dict[str, object], Body(openapi_examples=_EXAMPLES)],
) -> AnswerOut:
    """Return the calculator's answer to the fields in the body, each a string, ``change`` and ``lots`` arrays."""
    return AnswerOut.model_validate(calculate(name, body).document())
