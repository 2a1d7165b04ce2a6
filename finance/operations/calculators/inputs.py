"""Reading a calculator's inputs: strict decimal strings, whole tonnes, fen, days, each refused by its name.

Owns which fields a calculator takes and the wording of the refusals. Knows no formula, no HTTP and no command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions import tables
from finance.operations.calculators.answers import Given
from ledger.core import amounts
from ledger.core.errors import Invalid

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_YEAR = re.compile(r"[0-9]{4}", re.ASCII)
FEN_SCALE = 2
WHOLE_SCALE = 0


class Kind(StrEnum):
    """How a field is given."""

    TEXT = "text"  # one string
    TEXTS = "texts"  # several strings: an option that may be repeated, a JSON array
    ROWS = "rows"  # rows of named cells: a file on the command line, an array of objects over HTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One input field: ``meaning`` is a line for people, ``example`` a value that works."""

    name: str
    meaning: str
    example: Given
    unit: str = ""
    kind: Kind = Kind.TEXT
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Inputs:
    """Fields of the right names and shapes, in the calculator's order; the methods read one field and refuse it by name."""

    given: Mapping[str, Given]

    def has(self, name: str) -> bool:
        """Return whether the field was given."""
        return name in self.given

    def text(self, name: str) -> str:
        """Return a field's text."""
        value = self.given[name]
        assert isinstance(value, str), f"{name} is a text field, its shape was checked"
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a repeated field's texts, none when it was not given."""
        return tuple(item for item in self.given.get(name, ()) if isinstance(item, str))

    def rows(self, name: str) -> tuple[Mapping[str, str], ...]:
        """Return a table field's rows."""
        return tuple(item for item in self.given[name] if not isinstance(item, str))

    def amount(self, name: str) -> Fraction:
        """Return an exact decimal of zero or more."""
        return amount_of(self.text(name), field=name)

    def optional_amount(self, name: str) -> Fraction | None:
        """Return an exact decimal of zero or more, None when it was not given."""
        return self.amount(name) if self.has(name) else None

    def above_zero(self, name: str) -> Fraction:
        """Return an exact decimal above zero."""
        value = self.amount(name)
        if value == 0:
            raise Invalid("amount.zero", f"{name}: expected a decimal above zero", field=name)
        return value

    def share(self, name: str) -> Fraction:
        """Return a share from 0 to 1, both inclusive."""
        value = amount_of(self.text(name), field=name)
        if value > 1:
            raise Invalid("amount.share", f"{name}: expected a share from 0 to 1; write 24.4 % as 0.244", field=name)
        return value

    def tonnes(self, name: str) -> int:
        """Return whole tonnes of zero or more, up to 10^15."""
        return tonnes_of(self.text(name), field=name)

    def fen(self, name: str) -> int:
        """Return yuan of zero or more with at most two decimals, as fen."""
        return fen_of(self.text(name), field=name)

    def day(self, name: str) -> date:
        """Return a day."""
        return tables.parse_day(self.text(name), field=name)

    def year(self, name: str) -> int:
        """Return a calendar year of four digits."""
        if not _YEAR.fullmatch(self.text(name)):
            raise Invalid("calc.year", f"{name}: expected a calendar year such as 2025", field=name)
        return int(self.text(name))


def amount_of(text: str, *, field: str) -> Fraction:
    """Return the exact decimal of zero or more that ``text`` spells; a minus sign is refused, ``-0`` too."""
    value = Fraction(amounts.parse_decimal(text, field=field))
    if text.startswith("-"):
        raise Invalid("amount.negative", f"{field}: expected a decimal of zero or more", field=field)
    return value


def tonnes_of(text: str, *, field: str) -> int:
    """Return whole tonnes of zero or more, up to 10^15; a fraction of a tonne is refused with ``amount.not_whole``."""
    if amount_of(text, field=field).denominator != 1:
        raise Invalid("amount.not_whole", f"{field}: expected whole tonnes such as 120000", field=field)
    return amounts.parse_units(text, WHOLE_SCALE, field=field)


def fen_of(text: str, *, field: str) -> int:
    """Return yuan of zero or more, at most two decimals and 10^13, as fen: ``802400.00`` gives 80,240,000."""
    amount_of(text, field=field)
    return amounts.parse_units(text, FEN_SCALE, field=field)


def read_inputs(parameters: tuple[Parameter, ...], raw: Mapping[str, object]) -> Inputs:
    """Return the fields in the order of ``parameters``.

    An unknown field raises ``calc.field_unknown``, an absent required one ``calc.field_missing``, another JSON type (a number where a
    decimal string is due) ``calc.field_type``.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in raw:
        if name not in known:
            shown = name if isinstance(name, str) and _NAME.fullmatch(name) else "?"
            raise Invalid("calc.field_unknown", f"{shown}: expected only the fields {', '.join(known)}", field=shown)
    for parameter in parameters:
        if parameter.is_required and parameter.name not in raw:
            raise Invalid(
                "calc.field_missing",
                f"{parameter.name}: expected this field: {parameter.meaning}",
                field=parameter.name,
            )
    return Inputs({name: _shaped(known[name], raw[name]) for name in known if name in raw})


def _shaped(parameter: Parameter, value: object) -> Given:
    name = parameter.name
    if parameter.kind is Kind.TEXT:
        if isinstance(value, str):
            return value
        raise _shape(name, "a string; write numbers as decimal strings such as 1234.50")
    if not isinstance(value, list | tuple):
        raise _shape(name, "an array")
    if parameter.kind is Kind.TEXTS:
        texts = tuple(item for item in value if isinstance(item, str))
        if len(texts) == len(value):
            return texts
        raise _shape(name, f"an array of strings such as {_example(parameter)}")
    return tuple(_row(item, field=f"{name}[{index}]") for index, item in enumerate(value))


def _row(value: object, *, field: str) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise _shape(field, "an object")
    row = {name: cell for name, cell in value.items() if isinstance(name, str) and isinstance(cell, str)}
    if len(row) != len(value):
        raise _shape(field, "strings only; write numbers as decimal strings such as 1234.50")
    return row


def _example(parameter: Parameter) -> str:
    return next((item for item in parameter.example if isinstance(item, str)), "")


def _shape(field: str, expected: str) -> Invalid:
    return Invalid("calc.field_type", f"{field}: expected {expected}", field=field)
