"""What buyers pay for low-carbon metal: a premium from a footprint threshold on, and a price per tonne of CO2 saved.

Owns two separate, typed inputs and their worth; a sum of channels belongs to decisions. Both speak of the product
footprint (GB/T 44905-2024, cradle to gate), never of the intensity the national market allocates on.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from ledger.core import amounts
from ledger.core.errors import Invalid

_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumStep:
    """A premium in CNY/t for metal whose footprint is at most ``threshold_tco2e_per_t``; ``source`` names the contract."""

    threshold_tco2e_per_t: Fraction
    premium_cny_per_t: Fraction
    source: str

    def __post_init__(self) -> None:
        """Refuse negative numbers and a premium that nothing stands behind."""
        if self.threshold_tco2e_per_t < 0 or not 0 <= self.premium_cny_per_t <= amounts.MAX_UNITS:
            raise Invalid("premium.step", "premium: expected a threshold and a premium of zero or more")
        if not self.source.strip():
            raise Invalid("premium.source", "source: expected the contract or quotation behind the premium")


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenPremium:
    """Steps of a premium: thresholds strictly falling while premiums strictly rise, so that cleaner never earns less."""

    steps: tuple[PremiumStep, ...]

    def __post_init__(self) -> None:
        """Refuse no step and steps that pay less for cleaner metal."""
        ordered = sorted(self.steps, key=lambda each: -each.threshold_tco2e_per_t)
        falls = all(
            one.threshold_tco2e_per_t > after.threshold_tco2e_per_t and one.premium_cny_per_t < after.premium_cny_per_t
            for one, after in itertools.pairwise(ordered)
        )
        if not self.steps or not falls:
            raise Invalid("premium.steps", "steps: expected each lower threshold with a higher premium")

    def at(self, footprint_tco2e_per_t: Fraction) -> PremiumStep | None:
        """Return the best step that a footprint meets, the threshold itself included; None when it meets none."""
        met = [each for each in self.steps if footprint_tco2e_per_t <= each.threshold_tco2e_per_t]
        return min(met, key=lambda each: each.threshold_tco2e_per_t, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FootprintPrice:
    """A price that moves with the footprint: CNY per tCO2e below (or above) a reference footprint, both ways if agreed.

    ``is_two_sided`` says that dirtier metal is marked down by the same price; otherwise it just earns nothing.
    """

    reference_tco2e_per_t: Fraction
    price_cny_per_tco2e: Fraction
    is_two_sided: bool
    source: str

    def __post_init__(self) -> None:
        """Refuse negative numbers and a price that nothing stands behind."""
        if self.reference_tco2e_per_t < 0 or not 0 <= self.price_cny_per_tco2e <= amounts.MAX_UNITS:
            raise Invalid("premium.price", "footprint price: expected a reference and a price of zero or more")
        if not self.source.strip():
            raise Invalid("premium.source", "source: expected the contract or quotation behind the price")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductWorth:
    """What a product's footprint earns, exact CNY: per tonne and on the tonnes sold, with the reason."""

    cny_per_t: Fraction
    sold_t: Fraction
    explanation: Explanation

    @property
    def worth_cny(self) -> Fraction:
        """CNY per tonne x tonnes sold."""
        return self.cny_per_t * self.sold_t


def premium_worth(premium: GreenPremium, *, footprint_tco2e_per_t: Fraction, sold_t: Fraction) -> ProductWorth:
    """Return the premium that a footprint earns: 100 CNY/t at 4.0 on 1,000 t of 3.9 tCO2e/t are 100,000 CNY, of 4.1 none."""
    _check(footprint_tco2e_per_t, sold_t)
    step = premium.at(footprint_tco2e_per_t)
    rate = Fraction(0) if step is None else step.premium_cny_per_t
    sources = "; ".join(each.source for each in premium.steps)
    threshold = Explanation(
        label_en="threshold met" if step is not None else "no threshold met",
        label_zh="达到的碳足迹门槛" if step is not None else "未达到任何门槛",
        value="none" if step is None else decimal_text(step.threshold_tco2e_per_t),
        unit="tCO2e/t",
        source=sources if step is None else step.source,
    )
    return _worth("green premium", "绿色溢价", rate, sold_t, (threshold, _footprint(footprint_tco2e_per_t)))


def footprint_worth(price: FootprintPrice, *, footprint_tco2e_per_t: Fraction, sold_t: Fraction) -> ProductWorth:
    """Return what the footprint's distance from the reference earns (below zero: costs).

    (reference - footprint) x price. Reference 12, footprint 4, 50 CNY/tCO2e: 400 CNY/t.
    """
    _check(footprint_tco2e_per_t, sold_t)
    distance = price.reference_tco2e_per_t - footprint_tco2e_per_t
    rate = (distance if price.is_two_sided else max(distance, Fraction(0))) * price.price_cny_per_tco2e
    agreed = tuple(
        Explanation(label_en=label_en, label_zh=label_zh, value=decimal_text(value), unit=unit, source=price.source)
        for label_en, label_zh, value, unit in (
            ("reference footprint", "基准碳足迹", price.reference_tco2e_per_t, "tCO2e/t"),
            ("price of the footprint", "碳足迹单价", price.price_cny_per_tco2e, "CNY/tCO2e"),
        )
    )
    return _worth(
        "footprint price effect", "碳足迹价格影响", rate, sold_t, (*agreed, _footprint(footprint_tco2e_per_t))
    )


def _worth(
    label_en: str, label_zh: str, rate: Fraction, sold_t: Fraction, children: tuple[Explanation, ...]
) -> ProductWorth:
    sold = Explanation(
        label_en="tonnes sold", label_zh="销售量", value=decimal_text(sold_t), unit="t", source="as given"
    )
    return ProductWorth(
        cny_per_t=rate,
        sold_t=sold_t,
        explanation=Explanation(
            label_en=label_en,
            label_zh=label_zh,
            value=decimal_text(rate * sold_t, places=_PLACES),
            unit="CNY",
            formula=f"{decimal_text(rate, places=_PLACES)} CNY/t x tonnes sold",
            children=(*children, sold),
        ),
    )


def _footprint(value: Fraction) -> Explanation:
    return Explanation(
        label_en="product footprint, cradle to gate",
        label_zh="产品碳足迹（摇篮到大门）",
        value=decimal_text(value),
        unit="tCO2e/t",
        source="as given; GB/T 44905-2024 boundary",
    )


def _check(footprint_tco2e_per_t: Fraction, sold_t: Fraction) -> None:
    if footprint_tco2e_per_t < 0 or not 0 <= sold_t <= amounts.MAX_UNITS:
        raise Invalid("premium.quantity", "footprint and tonnes sold: expected zero or more")
