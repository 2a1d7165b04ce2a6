"""What enters and leaves about the whole industry: plants, their balance under the law, the first article's what-if.

Only shapes: the cores balance.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.amounts import AmountOut, WholeNumber, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, DecimalString, NameText
from finance.compliance.industry import MOST_PLANTS, IndustryBalance, Plant
from finance.compliance.industry_scenario import NOT_LAW_EN, NOT_LAW_ZH, IndustryScenario, PowerUser
from finance.conventions.exact_text import decimal_text
from finance.operations.industry import LawBalance
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid

_PLACES = 6


class PlantIn(Schema):
    """One process by its direct emissions and intensity."""

    name: Annotated[NameText, Field(examples=["north"])]
    emissions_t: Annotated[DecimalString, Field(description="ets_direct tCO2e.", examples=["800000"])]
    intensity: Annotated[DecimalString, Field(description="ets_direct tCO2e/t.", examples=["1.50"])]

    def to_core(self) -> Plant:
        """Return the plant; emissions or intensity of nothing are ``industry.plant``."""
        emitted = Fraction(parse_decimal(self.emissions_t, field="emissions_t"))
        intensity = Fraction(parse_decimal(self.intensity, field="intensity"))
        if emitted <= 0 or intensity <= 0:
            raise Invalid("industry.plant", "plants: expected emissions_t and intensity above zero", field="plants")
        return Plant(name=self.name, output_t=emitted / intensity, intensity=intensity)


class LawBalanceIn(Schema):
    """Plants to be balanced under the law of a year."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "year": 2025,
                    "plants": [
                        {"name": "north", "emissions_t": "800000", "intensity": "1.50"},
                        {"name": "south", "emissions_t": "800000", "intensity": "1.70"},
                    ],
                }
            ]
        }
    )

    year: WholeNumber
    plants: Annotated[Array[PlantIn], Field(min_length=1, max_length=MOST_PLANTS)]
    balance_value: Annotated[DecimalString | None, Field(description="Published BP; null: the plants' own.")] = None


class PlantBalanceOut(Schema):
    """One plant's balance: above zero a surplus."""

    name: str
    alpha: Annotated[str | None, Field(description="Null under a plain benchmark.")]
    due: AmountOut
    allocation: AmountOut
    surplus: AmountOut


class IndustryTotalsOut(Schema):
    """The sums over the plants at one value."""

    value_tco2e_per_t: Annotated[str, Field(examples=["1.6"])]
    surplus: AmountOut
    shortage: AmountOut
    net: AmountOut
    plants_short: int
    plants: Array[PlantBalanceOut]

    @classmethod
    def from_core(cls, balance: IndustryBalance) -> IndustryTotalsOut:
        """Return the shape of ``balance``."""
        return cls(
            value_tco2e_per_t=decimal_text(balance.value),
            surplus=tonnes_out(balance.surplus_t),
            shortage=tonnes_out(balance.shortage_t),
            net=tonnes_out(balance.net_t),
            plants_short=balance.short_count,
            plants=tuple(
                PlantBalanceOut(
                    name=each.plant.name,
                    alpha=None if each.alpha is None else decimal_text(each.alpha),
                    due=tonnes_out(each.due_t),
                    allocation=tonnes_out(each.allocation_t),
                    surplus=tonnes_out(each.surplus_t),
                )
                for each in balance.plants
            ),
        )


class LawBalanceOut(Schema):
    """The balance value that plants give under the law, and their balance; the official BP is published, not computed."""

    year: int
    balance_value_low: Annotated[str, Field(description="Lowest BP that solves the equation, tCO2e/t.")]
    balance_value_high: Annotated[str, Field(description="Highest; the same unless every plant is capped.")]
    plants_counted: int
    plants_at_upper_cap: int
    plants_inside: int
    plants_at_lower_cap: int
    balance: IndustryTotalsOut
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, found: LawBalance) -> LawBalanceOut:
        """Return the shape of ``found``."""
        solved = found.found
        return cls(
            year=found.year,
            balance_value_low=decimal_text(solved.low),
            balance_value_high=decimal_text(solved.high),
            plants_counted=solved.counted,
            plants_at_upper_cap=solved.good,
            plants_inside=solved.mid,
            plants_at_lower_cap=solved.bad,
            balance=IndustryTotalsOut.from_core(found.balance),
            explanation=ExplanationOut.from_core(found.explanation),
        )


class PowerUserIn(Schema):
    """One plant by its power use."""

    name: Annotated[NameText, Field(examples=["north"])]
    output_t: Annotated[DecimalString, Field(examples=["500000"])]
    ac_kwh_per_t: Annotated[DecimalString, Field(description="Liquid AC, not comprehensive.", examples=["13100"])]
    green_share: Annotated[DecimalString, Field(description="That the rule counts as zero.", examples=["0.0115"])]

    def to_core(self) -> PowerUser:
        """Return the plant."""
        return PowerUser(
            name=self.name,
            output_t=Fraction(parse_decimal(self.output_t, field="output_t")),
            ac_kwh_per_t=Fraction(parse_decimal(self.ac_kwh_per_t, field="ac_kwh_per_t")),
            green_share=Fraction(parse_decimal(self.green_share, field="green_share")),
        )


class BenchmarkIn(Schema):
    """An industry, uploaded or generated; what is not given is the article's."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"methodology": "article-2024-draft"}]})

    methodology: Annotated[CodeString, Field(examples=["article-2024-draft"])]
    plants: Annotated[Array[PowerUserIn] | None, Field(max_length=MOST_PLANTS)] = None
    plant_count: WholeNumber | None = None
    output_t: DecimalString | None = None
    ac_low: DecimalString | None = None
    ac_high: DecimalString | None = None
    ac_mean: DecimalString | None = None
    ac_threshold: DecimalString | None = None
    ac_share_below: DecimalString | None = None
    green_share: DecimalString | None = None
    green_plants: WholeNumber | None = None
    seed: WholeNumber = 0
    grid_factor_kg_per_kwh: DecimalString | None = None
    benchmark: Annotated[DecimalString | None, Field(description="To judge at; null: the balance one.")] = None
    step: Annotated[DecimalString, Field(description="Of the sensitivities.", examples=["0.01"])] = "0.01"

    def given(self) -> dict[str, Fraction]:
        """Return the parameters that replace the article's, by name; with plants there is nothing to generate."""
        names = ("output_t", "ac_low", "ac_high", "ac_mean", "ac_threshold", "ac_share_below", "green_share")
        found = {
            name: Fraction(parse_decimal(text, field=name))
            for name in names
            if (text := getattr(self, name)) is not None
        }
        if self.plant_count is not None:
            found["plants"] = Fraction(self.plant_count)
        if self.plants is not None and (found or self.green_plants is not None):
            raise Invalid(
                "query.exclusive",
                "plants: expected either plants or parameters of generated ones, not both",
                field="plants",
            )
        return found


class SensitivityOut(Schema):
    """The benchmark when one number changes."""

    change_en: str
    change_zh: str
    benchmark_tco2e_per_t: str
    delta_tco2e_per_t: str


class BenchmarkOut(Schema):
    """The first article's question answered; generated plants are estimates, and the rule never became law."""

    note_en: Annotated[str, Field(examples=[NOT_LAW_EN])]
    note_zh: Annotated[str, Field(examples=[NOT_LAW_ZH])]
    balance_benchmark_tco2e_per_t: Annotated[str, Field(examples=["9.2636"])]
    breakeven_kwh_per_t: str
    balance: IndustryTotalsOut
    sensitivities: Array[SensitivityOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, scenario: IndustryScenario) -> BenchmarkOut:
        """Return the shape of ``scenario``."""
        return cls(
            note_en=NOT_LAW_EN,
            note_zh=NOT_LAW_ZH,
            balance_benchmark_tco2e_per_t=decimal_text(scenario.benchmark),
            breakeven_kwh_per_t=decimal_text(scenario.breakeven_kwh_per_t, places=_PLACES),
            balance=IndustryTotalsOut.from_core(scenario.balance),
            sensitivities=tuple(
                SensitivityOut(
                    change_en=each.change_en,
                    change_zh=each.change_zh,
                    benchmark_tco2e_per_t=decimal_text(each.benchmark),
                    delta_tco2e_per_t=decimal_text(each.delta),
                )
                for each in scenario.sensitivities
            ),
            explanation=ExplanationOut.from_core(scenario.explanation),
        )
