"""Amounts as they leave and enter: a decimal string with its unit beside it, converted exactly to and from smallest units.

Owns the unit of each kind of commodity and the way a refused amount names its field. Numbers themselves are
``ledger.core.amounts``'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.schemas.base import Schema
from ledger.core.amounts import Commodity, currency_scale, format_units, parse_units, unit_of
from ledger.core.errors import Conflict

_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_TONNE = "t"


class AmountOut(Schema):
    """An exact amount: a decimal string at the commodity's full scale, and its unit."""

    amount: Annotated[str, Field(examples=["1234.50"], json_schema_extra={"format": "decimal"})]
    unit: Annotated[str, Field(examples=["CNY"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """How a book's amounts are spelled: its commodities by code, and the currency that cost is kept in."""

    commodities: Mapping[str, Commodity]
    unit_by_code: Mapping[str, str]
    functional_currency: str

    @classmethod
    def of(cls, commodities: Mapping[str, tuple[Commodity, Mapping[str, str]]], functional_currency: str) -> Units:
        """Return the spelling of a book with ``commodities`` (each with its facts) kept in ``functional_currency``."""
        return cls(
            commodities={code: commodity for code, (commodity, _) in commodities.items()},
            unit_by_code={code: unit_of(commodity, attrs) for code, (commodity, attrs) in commodities.items()},
            functional_currency=functional_currency,
        )

    def amount(self, units: int, code: str) -> AmountOut:
        """Return smallest units of the commodity ``code``: 1250 of CNY is 12.50 CNY."""
        return AmountOut(amount=format_units(units, self.commodities[code].scale), unit=self.unit_by_code[code])

    def cost(self, units: int) -> AmountOut:
        """Return smallest units of the functional currency."""
        return money_out(units, self.functional_currency)

    def read(self, text: str, code: str, *, field: str) -> int:
        """Return the smallest units of ``code`` that ``text`` spells; refused naming ``field``.

        An unknown commodity is ``commodity.unknown``, too many decimals ``amount.scale``, beyond 10^15 units
        ``amount.range``.
        """
        commodity = self.commodities.get(code)
        if commodity is None:
            raise Conflict(
                "commodity.unknown",
                f"{field}: expected a commodity that this book keeps; add it first",
                field=field,
                commodity=code[:40],
            )
        return parse_units(text, commodity.scale, field=field)

    def read_cost(self, text: str, *, field: str) -> int:
        """Return the smallest units of the functional currency that ``text`` spells."""
        return parse_units(text, currency_scale(self.functional_currency), field=field)


def money_out(units: int, currency: str) -> AmountOut:
    """Return minor units of ``currency`` as an amount: 1250 of CNY is 12.50 CNY."""
    return AmountOut(amount=format_units(units, currency_scale(currency)), unit=currency)


def tonnes_out(tonnes: int) -> AmountOut:
    """Return whole tonnes as an amount."""
    return AmountOut(amount=str(tonnes), unit=_TONNE)


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise PydanticCustomError("field.type", "a whole number of at most 15 digits")
    return int(value)


WholeNumber = Annotated[
    int, PlainValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 10**15 - 1})
]
"""A count or place in a path or query: ASCII digits without sign, blanks or leading zeros."""
