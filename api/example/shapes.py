"""How the example's document spells amounts, money and explanations."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from finance.conventions.explain import Explanation
from ledger.core.amounts import format_exact, format_units


def amount(value: str, unit: str) -> dict[str, str]:
    """Return a decimal string with its unit beside it."""
    return {"value": value, "unit": unit}


def yuan(fen: int) -> dict[str, str]:
    """Return fen as CNY with two decimals."""
    return amount(format_units(fen, 2), "CNY")


def tonnes(units: int) -> dict[str, str]:
    """Return whole tonnes."""
    return amount(str(units), "t")


def exact(value: Fraction, places: int) -> str:
    """Return the value half-up to ``places`` decimals, for showing."""
    return format_exact(value, places)


def percent(rate: Fraction) -> dict[str, str]:
    """Return a yearly rate in percent with four decimals."""
    return amount(format_exact(rate * 100, 4), "%")


def tree(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as nested JSON-ready objects; a leaf has a source, a branch a formula and children."""
    node: dict[str, Any] = {
        "label_en": explanation.label_en,
        "label_zh": explanation.label_zh,
        "value": explanation.value,
        "unit": explanation.unit,
    }
    if explanation.source:
        node["source"] = explanation.source
    if explanation.children:
        node["formula"] = explanation.formula
        node["children"] = [tree(child) for child in explanation.children]
    return node
