"""THE place for numbers: money, tonnes, prices, exact decimals, rounding and exact split.

Amounts are integers of a commodity's smallest unit; prices and rates are exact. No float enters: input is a decimal string
of one ASCII pattern, output is a decimal string. ``moneyed.Money`` is built here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from moneyed import Money, get_currency
from moneyed.classes import CurrencyDoesNotExist

from ledger.core.errors import Invalid

MAX_UNITS = 10**15
"""Largest absolute amount in smallest units that is accepted; far inside BIGINT so that sums of postings stay inside too."""

_LONGEST_CODE = 40
_CODE = re.compile(r"[A-Z][A-Z0-9._-]{0,39}", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_MAX_DIGITS = 40
_MAX_SCALE = 9


class RoundingMode(StrEnum):
    """How a tie or a remainder is decided; each contract and rule names one."""

    HALF_UP = "half_up"  # 四舍五入: ties away from zero
    HALF_EVEN = "half_even"
    FLOOR = "floor"  # towards minus infinity: allowance quantities (1789.70 -> 1789)


class CommodityKind(StrEnum):
    """What a commodity is: money balances against money, tonnes against tonnes, never one against the other."""

    MONEY = "money"
    ALLOWANCE = "allowance"
    CREDIT = "credit"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commodity:
    """One fungible set: a currency, one vintage of CEA, one CCER project's credits.

    ``scale`` is the number of decimals, fixed at birth. ``step`` is the smallest tradable amount in smallest units.
    """

    code: str
    kind: CommodityKind
    scale: int
    step: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be a commodity."""
        if not is_commodity_code(self.code):
            raise Invalid(
                "commodity.code", "a commodity code is 1 to 40 of A-Z 0-9 . _ -, first a letter", code=self.code
            )
        if not 0 <= self.scale <= _MAX_SCALE:
            raise Invalid("commodity.scale", "a commodity has 0 to 9 decimals", code=self.code, scale=str(self.scale))
        if not 1 <= self.step <= MAX_UNITS:
            raise Invalid("commodity.step", "a commodity's step is 1 to 10^15 smallest units", code=self.code)


def unit_of(commodity: Commodity, attrs: Mapping[str, str]) -> str:
    """Return a commodity's unit: a currency's own code, ``t`` for allowances and credits.

    A certificate's is its fact ``unit`` (``MWh`` for a green certificate), else ``certificate``.
    """
    if commodity.kind is CommodityKind.MONEY:
        return commodity.code
    if commodity.kind is CommodityKind.CERTIFICATE:
        return attrs.get("unit", "certificate")
    return "t"


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of one commodity in its smallest units; ``str`` gives the decimal without the code."""

    units: int
    commodity: Commodity

    def __str__(self) -> str:
        """Return the decimal string at the commodity's full scale, for example ``1789`` or ``12.50``."""
        return format_units(self.units, self.commodity.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An exact positive price: ``value`` of ``currency`` for one ``unit`` (``t``, ``kWh``, ``certificate``)."""

    value: Decimal
    currency: str
    unit: str

    def __post_init__(self) -> None:
        """Refuse a price that is not finite and above zero: a zero price means no trade, never free."""
        if not self.value.is_finite() or self.value <= 0:
            raise Invalid("price.value", "a price is finite and above zero", value=str(self.value))

    def value_of(self, quantity: Quantity) -> Fraction:
        """Return the exact worth of ``quantity`` in ``currency`` (not minor units); rounding is the caller's named step.

        97.40 CNY/t of 1,000 t is exactly 97,400.
        """
        return Fraction(self.value) * Fraction(quantity.units, 10**quantity.commodity.scale)

    def __str__(self) -> str:
        """Return for example ``97.40 CNY/t``."""
        return f"{self.value:f} {self.currency}/{self.unit}"


def is_commodity_code(text: str) -> bool:
    """Return whether ``text`` can be a commodity's code: 1 to 40 of A-Z 0-9 . _ -, first a letter, as in ``CEA25``."""
    return len(text) <= _LONGEST_CODE and _fits_code(text)


@lru_cache(maxsize=4096)
def _fits_code(text: str) -> bool:
    """Return whether a short text fits; the same few codes are asked with every leg, and remembering is a fifth of matching."""
    return _CODE.fullmatch(text) is not None


def parse_decimal(text: str, *, field: str) -> Decimal:
    """Return the exact decimal that ``text`` spells.

    One ASCII pattern: optional minus, digits without leading zeros or separators, optional fraction; at most 40 digits. Full-width
    digits, exponents, ``NaN``, ``+1``, ``1_000`` and blanks are refused with ``amount.format``. ``"1789.70"`` gives ``Decimal("1789.70")``,
    and ``"-0.0"``, which spreadsheets write, gives ``Decimal("0.0")``: zero has no sign here.
    """
    _check_decimal(text, field=field)
    value = Decimal(text)
    return value or value.copy_abs()


def _check_decimal(text: str, *, field: str) -> None:
    if not isinstance(text, str) or len(text) > _MAX_DIGITS or not _DECIMAL.fullmatch(text):
        shown = text[:40] if isinstance(text, str) else type(text).__name__
        raise Invalid("amount.format", f"{field}: expected a decimal string such as 1234.50", field=field, value=shown)


def parse_units(text: str, scale: int, *, field: str) -> int:
    """Return the smallest units that ``text`` spells; more decimals than ``scale`` or above 10^15 units is refused.

    ``parse_units("12.5", 2, field="fee")`` gives 1250.
    """
    _check_decimal(text, field=field)
    whole, _, decimals = text.partition(".")
    if len(decimals) > scale and decimals[scale:].strip("0"):
        raise Invalid("amount.scale", f"{field}: at most {scale} decimals", field=field, value=text, scale=str(scale))
    units = int(whole + decimals[:scale].ljust(scale, "0"))
    if abs(units) > MAX_UNITS:
        raise Invalid("amount.range", f"{field}: beyond 10^15 smallest units", field=field, value=text)
    return units


def format_units(units: int, scale: int) -> str:
    """Return smallest units as a decimal string at full scale: ``format_units(-1250, 2)`` gives ``-12.50``."""
    sign, digits = ("-", -units) if units < 0 else ("", units)
    if scale == 0:
        return f"{sign}{digits}"
    whole, fraction = divmod(digits, 10**scale)
    return f"{sign}{whole}.{fraction:0{scale}d}"


def format_exact(value: Fraction, places: int, mode: RoundingMode = RoundingMode.HALF_UP) -> str:
    """Return ``value`` as a decimal string of ``places`` decimals, for display and for documents that print digits.

    ``format_exact(Fraction(5, 6), 4)`` gives ``0.8333``.
    """
    return format_units(round_exact(value * 10**places, mode), places)


def round_exact(value: Fraction, mode: RoundingMode) -> int:
    """Return the integer that ``value`` rounds to under ``mode``: half-up of 5/2 is 3 and of -5/2 is -3, floor of -1/2 is -1."""
    floor, remainder = divmod(value.numerator, value.denominator)
    twice = 2 * remainder
    if mode is RoundingMode.FLOOR or twice < value.denominator:
        return floor
    if twice > value.denominator:
        return floor + 1
    if mode is RoundingMode.HALF_UP:
        return floor + 1 if value > 0 else floor
    return floor + (floor % 2)


def currency_scale(currency: str) -> int:
    """Return the decimals of a currency's minor unit (ISO 4217 by py-moneyed): CNY 2, JPY 0; an unknown code is refused."""
    try:
        sub_unit: int = get_currency(currency).sub_unit
    except CurrencyDoesNotExist as error:
        raise Invalid("currency.unknown", "expected an ISO 4217 currency code", currency=currency[:10]) from error
    return len(str(sub_unit)) - 1


def money(units: int, currency: str) -> Money:
    """Return ``units`` minor units as Money: ``money(1250, "CNY")`` is CNY 12.50."""
    return Money(Decimal(format_units(units, currency_scale(currency))), currency)


def minor_units(value: Money) -> int:
    """Return Money as minor units; a fraction of a minor unit is refused, never truncated."""
    return parse_units(f"{value.amount:f}", currency_scale(value.currency.code), field="amount")


def round_money(value: Fraction, currency: str, mode: RoundingMode) -> Money:
    """Return an exact amount of ``currency`` rounded once to its minor unit.

    ``round_money(Fraction(5300000, 3), "CNY", RoundingMode.HALF_UP)`` is CNY 1,766,666.67.
    """
    return money(round_exact(value * 10 ** currency_scale(currency), mode), currency)


def split_exact(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Return integer parts of ``total`` in proportion to ``weights`` that sum to ``total`` exactly.

    Each part is the difference of floors of the cumulative share, so 1,000 over (1, 1, 1) gives (333, 333, 334).
    Weights are not negative and not all zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise Invalid("amount.weights", "weights are not negative and not all zero")
    parts, given, seen = [], 0, 0
    for weight in weights:
        seen += weight
        upto = total * seen // whole
        parts.append(upto - given)
        given = upto
    return tuple(parts)
