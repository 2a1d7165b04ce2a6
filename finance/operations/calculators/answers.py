"""The answer of a calculator: what was asked, the figures with their units, the formula in words, and every source.

Owns the document that the command line prints and HTTP sends, the same for both. Computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from finance.conventions.tables import ReferenceRow

PLACES = 12
"""Decimals of a figure that does not end earlier: a display width of this program, far below any amount that is paid."""

ROUNDING = (
    "figures are exact where their decimals end within 12 places, otherwise half-up at the 12th; "
    "money is rounded half-up to the fen, quantities of allowances are floored to whole tonnes"
)

Line: TypeAlias = Mapping[str, str | None]
"""One row of a table inside a result: a segment, a lot."""

Given: TypeAlias = str | tuple[str, ...] | tuple[Mapping[str, str], ...]
"""One input as it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One named result: a decimal string or a word, None where it could not be asked, or a table of lines.

    ``unit`` is empty for words and tables; the columns of a table carry their unit in their names.
    """

    name: str
    value: str | tuple[Line, ...] | None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What a calculator found: its figures, the formula in words and the reference rows it rests on."""

    figures: tuple[Figure, ...]
    formula: str
    sources: tuple[ReferenceRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A calculator's answer to the inputs it was given."""

    calculator: str
    inputs: Mapping[str, Given]
    worked: Worked

    def document(self) -> dict[str, object]:
        """Return the answer as a JSON document in which every number is a decimal string.

        Keys: ``calculator``, ``inputs``, ``result``, ``units`` (of the results that have one), ``formula``,
        ``rounding``, ``places`` and ``sources``.
        """
        return {
            "calculator": self.calculator,
            "inputs": {name: _json(value) for name, value in self.inputs.items()},
            "result": {
                figure.name: _json(figure.value) if figure.value is not None else None for figure in self.worked.figures
            },
            "units": {figure.name: figure.unit for figure in self.worked.figures if figure.unit},
            "formula": self.worked.formula,
            "rounding": ROUNDING,
            "places": str(PLACES),
            "sources": [source_document(row) for row in self.worked.sources],
        }


def source_document(row: ReferenceRow) -> dict[str, str | None]:
    """Return a reference row as JSON; a value that the caller gave has no effective interval."""
    return {
        "id": row.row_id,
        "value": row.value,
        "unit": row.unit,
        "region": row.region,
        "label_en": row.label_en,
        "label_zh": row.label_zh,
        "effective_from": None if row.effective_from == date.min else row.effective_from.isoformat(),
        "effective_to": row.effective_to.isoformat() if row.effective_to else None,
        "source": row.source,
        "status": row.status.value,
        "version": row.version,
    }


def _json(value: str | tuple[str, ...] | tuple[Line, ...]) -> object:
    if isinstance(value, str):
        return value
    return [item if isinstance(item, str) else dict(item) for item in value]
