"""The first article's industry as a scenario: power use by plant, green share, factors; its benchmark and what moves it.

Owns building the plants and the sensitivities, one number changed at a time. Knows no factor of its own: direct
intensity and grid factor arrive as values with their rows. The rule it answers (one benchmark that includes power) never
became law; the law's own balance is in ``industry``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from finance.compliance.industry import IndustryBalance, Plant, at_benchmark, balance_benchmark
from finance.compliance.plant_distribution import BoundedNormal, green_plants, plant_quantiles
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from ledger.core.errors import Invalid

_KG_PER_T = 1000
_PLACES = 6
NOT_LAW_EN = (
    "What-if of an article's rule with power included: it never became law. The law counts direct emissions only."
)
NOT_LAW_ZH = "按文章设想（含电力排放）测算，从未成为法规；现行规则只计直接排放。"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerUser:
    """One plant's facts: output in t, AC power in kWh/t, and the share of it that counts as zero, 0 to 1."""

    name: str
    output_t: Fraction
    ac_kwh_per_t: Fraction
    green_share: Fraction

    def __post_init__(self) -> None:
        """Refuse negative power and a share outside of 0 to 1."""
        if self.ac_kwh_per_t < 0:
            raise Invalid("industry.ac_kwh_per_t", "ac_kwh_per_t: expected zero or more kWh/t", field="ac_kwh_per_t")
        if not 0 <= self.green_share <= 1:
            raise Invalid("industry.green_share", "green_share: expected a share from 0 to 1", field="green_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFactors:
    """Direct intensity (anode and PFC) in tCO2e/t and the grid factor in kg/kWh, with where each comes from."""

    direct_tco2e_per_t: Fraction
    grid_kg_per_kwh: Fraction
    leaves: tuple[Explanation, ...]

    def intensity(self, plant: PowerUser) -> Fraction:
        """Return I = direct + AC / 1000 x factor x (1 - green share): 13,100 kWh/t and 60/5200 green give 9.2636."""
        return self.direct_tco2e_per_t + plant.ac_kwh_per_t / _KG_PER_T * self.grid_kg_per_kwh * (1 - plant.green_share)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedIndustry:
    """The parameters of a generated industry; the definition behind ``green_share`` must be the rule's own.

    ``green_share`` is that of the whole industry's power. Without ``green_plants`` every plant has it; with it so many
    plants, drawn by ``seed``, share the same kWh among them.
    """

    distribution: BoundedNormal
    plants: int
    output_t: Fraction
    green_share: Fraction
    green_plants: int | None
    seed: int

    def __post_init__(self) -> None:
        """Refuse no output and a share outside of 0 to 1."""
        if self.output_t <= 0:
            raise Invalid("industry.output_t", "output_t: expected above zero tonnes", field="output_t")
        if not 0 <= self.green_share <= 1:
            raise Invalid("industry.green_share", "green_share: expected a share from 0 to 1", field="green_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What the benchmark becomes when one number changes, all else equal."""

    change_en: str
    change_zh: str
    benchmark: Fraction
    delta: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustryScenario:
    """The article's question answered: the balance benchmark, each plant's balance at the asked one, and what moves it.

    ``breakeven_kwh_per_t`` is the power use, none of it green, that just meets the asked benchmark.
    """

    plants: tuple[PowerUser, ...]
    benchmark: Fraction
    balance: IndustryBalance
    breakeven_kwh_per_t: Fraction
    sensitivities: tuple[Sensitivity, ...]
    explanation: Explanation


def generated_plants(industry: GeneratedIndustry) -> tuple[PowerUser, ...]:
    """Return the plants: equal output, power use at the distribution's mid-quantiles, green power as described."""
    uses = plant_quantiles(industry.distribution, industry.plants)
    users = tuple(
        PowerUser(
            name=f"plant {number:04d}",
            output_t=industry.output_t / industry.plants,
            ac_kwh_per_t=use,
            green_share=industry.green_share,
        )
        for number, use in enumerate(uses, start=1)
    )
    if industry.green_plants is None:
        return users
    places = green_plants(industry.plants, industry.green_plants, industry.seed)
    needed = sum((each.ac_kwh_per_t for each in users), Fraction(0)) * industry.green_share
    room = sum((users[place].ac_kwh_per_t for place in sorted(places)), Fraction(0))
    if needed > room:
        raise Invalid(
            "industry.green_plants",
            "green_plants: expected enough plants to use the industry's green power; take more plants or a lower share",
            field="green_plants",
        )
    own = needed / room if room else Fraction(0)
    return tuple(
        dataclasses.replace(each, green_share=own if place in places else Fraction(0))
        for place, each in enumerate(users)
    )


def industry_scenario(
    plants: Sequence[PowerUser], factors: PowerFactors, *, benchmark: Fraction | None, step: Fraction
) -> IndustryScenario:
    """Return the balance benchmark, the balances at ``benchmark`` (the balance one when None), and the sensitivities.

    ``step`` is the relative change of power use and grid factor, and the absolute change of the green share, above 0
    and below 1. Exact from the plants on. One plant of 13,100 kWh/t with 60/5200 green: 9.2636; 1 % more power +0.0769.
    """
    if not 0 < step < 1:
        raise Invalid("industry.step", "step: expected above 0 and below 1; 1 % is 0.01", field="step")
    if factors.grid_kg_per_kwh <= 0:
        raise Invalid("industry.grid_factor", "grid factor: expected above zero kg/kWh")
    found = balance_benchmark(_plants(plants, factors))
    asked = found if benchmark is None else benchmark
    balance = at_benchmark(_plants(plants, factors), asked)
    return IndustryScenario(
        plants=tuple(plants),
        benchmark=found,
        balance=balance,
        breakeven_kwh_per_t=(asked - factors.direct_tco2e_per_t) / factors.grid_kg_per_kwh * _KG_PER_T,
        sensitivities=_sensitivities(plants, factors, found, step),
        explanation=_explain(plants, factors, found),
    )


def _plants(plants: Sequence[PowerUser], factors: PowerFactors) -> tuple[Plant, ...]:
    return tuple(Plant(name=each.name, output_t=each.output_t, intensity=factors.intensity(each)) for each in plants)


def _sensitivities(
    plants: Sequence[PowerUser], factors: PowerFactors, benchmark: Fraction, step: Fraction
) -> tuple[Sensitivity, ...]:
    found = []
    shown = decimal_text(step, places=_PLACES)
    for sign, word in ((1, "+"), (-1, "-")):
        more = 1 + sign * step
        users = [dataclasses.replace(each, ac_kwh_per_t=each.ac_kwh_per_t * more) for each in plants]
        greener = [
            dataclasses.replace(each, green_share=min(max(each.green_share + sign * step, Fraction(0)), Fraction(1)))
            for each in plants
        ]
        dirtier = dataclasses.replace(factors, grid_kg_per_kwh=factors.grid_kg_per_kwh * more)
        for what_en, what_zh, varied, by in (
            (f"power use {word}{shown} relative", f"电耗相对{word}{shown}", users, factors),
            (
                f"green share of every plant {word}{shown} absolute, within 0 to 1",
                f"各企业绿电占比绝对{word}{shown}",
                greener,
                factors,
            ),
            (f"grid factor {word}{shown} relative", f"电网因子相对{word}{shown}", plants, dirtier),
        ):
            changed = balance_benchmark(_plants(varied, by))
            found.append(
                Sensitivity(change_en=what_en, change_zh=what_zh, benchmark=changed, delta=changed - benchmark)
            )
    return tuple(found)


def _explain(plants: Sequence[PowerUser], factors: PowerFactors, benchmark: Fraction) -> Explanation:
    output_t = sum((each.output_t for each in plants), Fraction(0))
    kwh = sum((each.output_t * each.ac_kwh_per_t for each in plants), Fraction(0))
    green = sum((each.output_t * each.ac_kwh_per_t * each.green_share for each in plants), Fraction(0))
    source = f"{len(plants)} plants as given or generated"
    facts = (
        ("output of the industry", "行业产量", output_t, "t"),
        ("mean AC power use by output", "平均交流电耗（按产量）", kwh / output_t, "kWh/t"),
        ("zero-emission share of the power", "零排放电力占比", green / kwh if kwh else Fraction(0), "1"),
    )
    leaves = tuple(
        Explanation(
            label_en=label_en, label_zh=label_zh, value=decimal_text(value, places=_PLACES), unit=unit, source=source
        )
        for label_en, label_zh, value, unit in facts
    )
    return Explanation(
        label_en="benchmark at which the industry balances (what-if, not law)",
        label_zh="行业总体平衡基准值（情景测算，非法规）",
        value=decimal_text(benchmark, places=_PLACES),
        unit="tCO2e/t",
        formula="sum of output x (direct + AC / 1000 x factor x (1 - green share)) / sum of output",
        children=(*leaves, *factors.leaves),
    )
