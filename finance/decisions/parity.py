"""Parity of green power and allowances: the premium per kWh that equals a price per tonne, and the reverse.

Owns one identity read in two directions. Knows no market and no methodology: the grid factor is an input with its
source. Green power changes no allowance position under the present law (direct emissions only); the comparison holds
for a power-inclusive measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.core.errors import Invalid

_KG_PER_T = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """Premium, price and factor that satisfy premium = factor / 1000 x price, all exact."""

    premium_cny_per_kwh: Fraction
    price_cny_per_t: Fraction
    factor_kg_per_kwh: Fraction
    formula: str
    factor_source: str


def premium_at(*, price_cny_per_t: Fraction, factor_kg_per_kwh: Fraction, factor_source: str = "input") -> Parity:
    """Return the green premium in CNY/kWh that one avoided kWh is worth at a carbon price.

    premium = factor / 1000 x price (Article A: 0.5942 kg/kWh at 100 CNY/t gives 0.05942). The price is zero or more,
    the factor above zero; otherwise ``parity.*`` is raised.
    """
    _check_factor(factor_kg_per_kwh)
    if price_cny_per_t < 0:
        raise Invalid("parity.price_cny_per_t", "price_cny_per_t: expected zero or more CNY per tonne")
    return Parity(
        premium_cny_per_kwh=factor_kg_per_kwh / _KG_PER_T * price_cny_per_t,
        price_cny_per_t=price_cny_per_t,
        factor_kg_per_kwh=factor_kg_per_kwh,
        formula="premium = grid factor / 1000 x price",
        factor_source=factor_source,
    )


def price_at(*, premium_cny_per_kwh: Fraction, factor_kg_per_kwh: Fraction, factor_source: str = "input") -> Parity:
    """Return the carbon price in CNY/t at which a green premium pays for itself.

    price = premium / (factor / 1000) (Article A: 0.06 CNY/kWh at 0.5942 kg/kWh gives 100.976). The premium is zero or
    more, the factor above zero; otherwise ``parity.*`` is raised.
    """
    _check_factor(factor_kg_per_kwh)
    if premium_cny_per_kwh < 0:
        raise Invalid("parity.premium_cny_per_kwh", "premium_cny_per_kwh: expected zero or more CNY per kWh")
    return Parity(
        premium_cny_per_kwh=premium_cny_per_kwh,
        price_cny_per_t=premium_cny_per_kwh * _KG_PER_T / factor_kg_per_kwh,
        factor_kg_per_kwh=factor_kg_per_kwh,
        formula="price = premium / (grid factor / 1000)",
        factor_source=factor_source,
    )


def _check_factor(factor_kg_per_kwh: Fraction) -> None:
    if factor_kg_per_kwh <= 0:
        raise Invalid("parity.factor_kg_per_kwh", "factor_kg_per_kwh: expected above zero kg per kWh")
