"""Parity of green power and allowances: the premium per kWh that equals a price per tonne, and the reverse.

Owns one identity read in two directions. Knows no market and no methodology: the grid factor is an input with its
source. Green power changes no allowance position under the present law (direct emissions only); that identity holds
for a power-inclusive measure. ``premium_parity`` compares a premium with every channel at once and says when no carbon
price reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from ledger.core.errors import Invalid

_KG_PER_T = 1000
_KWH_PER_MWH = 1000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumParity:
    """Green power against what it is worth, exact, per MWh.

    ``parity_cny_per_mwh`` is the premium that equals the worth (``parity_cny_per_kwh`` a thousandth of it), ``net`` worth
    less premium, both None without a premium. ``price_cny_per_t`` is the carbon price at which the premium pays for
    itself: 0 when it does at any, None when no carbon price reaches green power (the law in force) or no premium was given.
    """

    parity_cny_per_mwh: Fraction
    parity_cny_per_kwh: Fraction
    premium_cny_per_mwh: Fraction | None
    net_cny_per_mwh: Fraction | None
    price_cny_per_t: Fraction | None
    is_price_decisive: bool


def premium_parity(
    *,
    value_cny_per_mwh: Fraction,
    other_cny_per_mwh: Fraction,
    position_t_per_mwh: Fraction,
    premium_cny_per_mwh: Fraction | None,
) -> PremiumParity:
    """Return the parity of a premium with the worth of a MWh.

    ``other_cny_per_mwh`` is the worth without the allowance position, ``position_t_per_mwh`` what a MWh changes in it: 0
    under the law in force. price = (premium - other) / position, at least 0. Premium 60, other 0, 0.5942 t/MWh: 100.976
    CNY/t (Article A).
    """
    if premium_cny_per_mwh is not None and premium_cny_per_mwh < 0:
        raise Invalid(
            "parity.premium_cny_per_mwh", "premium_cny_per_mwh: expected zero or more", field="premium_cny_per_mwh"
        )
    price = None
    if premium_cny_per_mwh is not None:
        left = max(Fraction(0), premium_cny_per_mwh - other_cny_per_mwh)
        if not left:
            price = Fraction(0)
        elif position_t_per_mwh > 0:
            price = left / position_t_per_mwh
    return PremiumParity(
        parity_cny_per_mwh=value_cny_per_mwh,
        parity_cny_per_kwh=value_cny_per_mwh / _KWH_PER_MWH,
        premium_cny_per_mwh=premium_cny_per_mwh,
        net_cny_per_mwh=None if premium_cny_per_mwh is None else value_cny_per_mwh - premium_cny_per_mwh,
        price_cny_per_t=price,
        is_price_decisive=position_t_per_mwh > 0,
    )


def explain_parity(parity: PremiumParity, *, worth: str) -> Explanation:
    """Return why the parity premium is what it is; ``worth`` names the value of the step that it divides."""
    leaves = [
        ("worth of a MWh through all channels", "每MWh经各渠道的价值", parity.parity_cny_per_mwh, worth),
        ("premium asked", "绿电溢价报价", parity.premium_cny_per_mwh, "given with the request"),
    ]
    reach_en = (
        "the carbon price reaches green power" if parity.is_price_decisive else "no carbon price reaches green power"
    )
    return Explanation(
        label_en=f"premium at which green power equals its worth; {reach_en}",
        label_zh="绿电平价溢价" if parity.is_price_decisive else "绿电平价溢价（现行规则下碳价不影响绿电价值）",
        value=decimal_text(parity.parity_cny_per_kwh),
        unit="CNY/kWh",
        formula="worth of a MWh / 1,000; price = (premium - worth without the position) / position per MWh",
        children=tuple(
            Explanation(label_en=label_en, label_zh=label_zh, value=decimal_text(value), unit="CNY/MWh", source=source)
            for label_en, label_zh, value, source in leaves
            if value is not None
        ),
    )


def _check_factor(factor_kg_per_kwh: Fraction) -> None:
    if factor_kg_per_kwh <= 0:
        raise Invalid("parity.factor_kg_per_kwh", "factor_kg_per_kwh: expected above zero kg per kWh")
