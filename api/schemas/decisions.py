"""What enters about a decision: process, prices, loans, export flow, duty and product, and the step that is asked about.

Only shapes: the operations bring them together with what is recorded, and the cores compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.activity import MonthText
from api.schemas.amounts import WholeNumber
from api.schemas.base import Array, Choice, Schema
from api.schemas.cbam import CbamFlowIn
from api.schemas.fields import CodeString, DateString, DecimalString, NameText, Text, UuidString
from api.schemas.renewable_duties import ProductWorthIn, RenewableDutyIn
from finance.compliance.allocation import ProcessState
from finance.compliance.cbam import NOTHING_PAID
from finance.conventions.day_counts import DayCount
from finance.decisions.ets_channel import AccountingCase
from finance.decisions.loan_channel import PrincipalStretch, RateStake, simple_ratchet
from finance.decisions.product_channels import ProductSituation
from finance.decisions.step_drivers import StepQuestion
from finance.decisions.steps import GreenPower, Origin
from finance.emissions.methodologies import Measure
from finance.emissions.templates import Evidence
from finance.operations.activity import Recipe
from finance.operations.decision_loans import LoanQuestion
from finance.operations.decisions import (
    CbamQuestion,
    DecisionQuestion,
    OpenDutyQuestion,
    PriceQuestion,
    ProcessQuestion,
)
from finance.store.kpi_periods import KpiPeriod
from ledger.core.amounts import parse_decimal, parse_units

MOST_LOANS = 20
_MOST_POINTS = 200
_FEN_SCALE = 2
_GIVEN = "given with the request"

PROCESS_EXAMPLE: dict[str, Any] = {
    "year": 2025,
    "emissions_t": "800000",
    "output_t": "500000",
    "balance_value": "1.60",
}
SITUATION_EXAMPLE: dict[str, Any] = {"on": "2026-11-20", "process": PROCESS_EXAMPLE, "price_cny_per_t": "97.81"}
POWER_EXAMPLE: dict[str, Any] = {
    "operational_kg_per_kwh": "0.5942",
    "footprint_kg_per_kwh": "0.6",
    "evidence": "market_contract",
    "source": "grid factor 2021 without market non-fossil",
}


class ProcessIn(Schema):
    """A process's year: emissions with output, or its recorded months and a forecast by a methodology."""

    year: Annotated[WholeNumber, Field(examples=[2025])]
    emissions_t: Annotated[DecimalString | None, Field(description="ets_direct tCO2e.")] = None
    output_t: Annotated[DecimalString | None, Field(description="Tonnes of liquid metal.")] = None
    methodology: Annotated[CodeString | None, Field(description="In place of both.")] = None
    through: Annotated[MonthText | None, Field(description="Last recorded month that counts as over.")] = None
    balance_value: Annotated[DecimalString | None, Field(description="Published BP, tCO2e/t.")] = None
    state: Choice[ProcessState] = ProcessState.OPERATING
    case: Annotated[Choice[AccountingCase], Field(description="draft_with_power is a what-if, never the law.")] = (
        AccountingCase.LAW_IN_FORCE
    )

    def to_core(self) -> ProcessQuestion:
        """Return the question about the process."""
        return ProcessQuestion(
            year=self.year,
            emissions_t=_maybe(self.emissions_t, "emissions_t"),
            output_t=_maybe(self.output_t, "output_t"),
            recipe=None if self.methodology is None else Recipe(methodology_id=self.methodology),
            through=self.through,
            balance_value=_maybe(self.balance_value, "balance_value"),
            state=self.state,
            case=self.case,
        )


class LoanIn(Schema):
    """A recorded KPI period of a loan and the tranche whose margin follows it."""

    kpi_period_id: UuidString
    tranche_id: CodeString
    approved_on: Annotated[DateString, Field(description="Assumed day on which the bank approves the result.")]
    are_others_met: Annotated[bool, Field(description="Assumed of the other KPIs.")] = False
    through: Annotated[MonthText | None, Field(description="Last recorded month that counts as over.")] = None

    def to_core(self, periods: Mapping[UUID, KpiPeriod]) -> LoanQuestion:
        """Return the question, with the period that was loaded for the caller."""
        return LoanQuestion(
            period=periods[self.kpi_period_id],
            tranche_id=self.tranche_id,
            approved_on=self.approved_on,
            are_others_met=self.are_others_met,
            through=self.through,
        )


class StakeIn(Schema):
    """A loan given with the request: one KPI, one step of the margin, constant principal over the effect window."""

    name: Annotated[NameText, Field(examples=["loan A"])]
    measure: Choice[Measure] = Measure.OPERATIONAL_INCL_POWER
    target: Annotated[DecimalString, Field(description="At most, tCO2e/t.", examples=["10.00"])]
    intensity: Annotated[DecimalString, Field(description="Expected of the year, tCO2e/t.", examples=["10.05"])]
    output_t: Annotated[DecimalString, Field(examples=["1000000"])]
    principal_cny: Annotated[DecimalString, Field(examples=["200000000.00"])]
    effect_start: DateString
    effect_end: Annotated[DateString, Field(description="Day after the last.")]
    day_count: Choice[DayCount] = DayCount.ACT_360
    down_bp: Annotated[DecimalString, Field(examples=["10"])]
    up_bp: Annotated[DecimalString, Field(examples=["0"])] = "0"
    discount: Annotated[DecimalString, Field(description="Factor; 1 is undiscounted.", examples=["1"])] = "1"

    def to_core(self) -> RateStake:
        """Return the stake."""
        return RateStake(
            name=self.name,
            measure=self.measure,
            kpi_id="kpi",
            tranche_id="loan",
            target=exact(self.target, "target"),
            is_strict=False,
            intensity=exact(self.intensity, "intensity"),
            output_t=exact(self.output_t, "output_t"),
            ratchet=simple_ratchet(
                kpi_id="kpi",
                tranche_id="loan",
                down_bp=exact(self.down_bp, "down_bp"),
                up_bp=exact(self.up_bp, "up_bp"),
            ),
            day_count=self.day_count,
            stretches=(
                PrincipalStretch(
                    start=self.effect_start,
                    end=self.effect_end,
                    principal_fen=fen(self.principal_cny, "principal_cny"),
                    discount=exact(self.discount, "discount"),
                ),
            ),
            source=_GIVEN,
        )


class CbamExposureIn(Schema):
    """The year's goods to the EU, and the output that they are a part of."""

    flow: CbamFlowIn
    output_t: Annotated[DecimalString, Field(examples=["500000"])]

    def to_core(self) -> CbamQuestion:
        """Return the question."""
        paid = self.flow.carbon_price_paid
        return CbamQuestion(
            year=self.flow.year,
            lines=tuple(each.to_core() for each in self.flow.lines),
            prices=self.flow.to_prices(),
            paid=NOTHING_PAID if paid is None else paid.to_core(),
            importer_mass_t=_maybe(self.flow.importer_mass_t, "importer_mass_t"),
            output_t=exact(self.output_t, "output_t"),
        )


class OpenDutyIn(Schema):
    """The renewable duty, and a price of certificates in place of the cheapest on file."""

    duty: RenewableDutyIn
    gec_price_cny: Annotated[DecimalString | None, Field(description="CNY per certificate.")] = None

    def to_core(self) -> OpenDutyQuestion:
        """Return the question."""
        return OpenDutyQuestion(
            question=self.duty.to_core(),
            power=self.duty.to_power(),
            recipe=None if self.duty.methodology is None else Recipe(methodology_id=self.duty.methodology),
            sites=self.duty.sites,
            gec_price_cny=_maybe(self.gec_price_cny, "gec_price_cny"),
        )


class ProductIn(Schema):
    """The product's footprint and its terms of sale, and the output that the footprint is averaged over."""

    terms: ProductWorthIn
    output_t: Annotated[DecimalString, Field(examples=["500000"])]
    are_both_paid: Annotated[bool, Field(description="Premium and footprint price are paid for the same tonnes.")] = (
        False
    )

    def to_core(self) -> ProductSituation:
        """Return the product."""
        return ProductSituation(
            footprint_tco2e_per_t=exact(self.terms.footprint_tco2e_per_t, "footprint_tco2e_per_t"),
            output_t=exact(self.output_t, "output_t"),
            sold_t=exact(self.terms.sold_t, "sold_t"),
            premium=self.terms.to_premium(),
            price=self.terms.to_footprint_price(),
            are_both_paid=self.are_both_paid,
        )


class PowerIn(Schema):
    """What a MWh of green power replaces; 0 where the evidence does not count for a measure."""

    operational_kg_per_kwh: Annotated[DecimalString, Field(examples=["0.5942"])]
    footprint_kg_per_kwh: Annotated[DecimalString, Field(examples=["0.6"])] = "0"
    evidence: Choice[Evidence]
    source: Annotated[Text, Field(examples=["grid factor 2021 without market non-fossil"])] = _GIVEN

    def to_core(self) -> GreenPower:
        """Return the power."""
        return GreenPower(
            operational_kg_per_kwh=exact(self.operational_kg_per_kwh, "operational_kg_per_kwh"),
            footprint_kg_per_kwh=exact(self.footprint_kg_per_kwh, "footprint_kg_per_kwh"),
            evidence=self.evidence,
            source=self.source,
        )


class TonneStepIn(Schema):
    """Tonnes emitted less at unchanged output."""

    tonnes: Annotated[DecimalString, Field(examples=["1"])] = "1"
    origin: Choice[Origin] = Origin.DIRECT

    def to_core(self) -> StepQuestion:
        """Return the step."""
        return StepQuestion(quantity=exact(self.tonnes, "tonnes"), origin=self.origin)


class MwhStepIn(Schema):
    """MWh of green power in place of other power, and what it costs beyond that."""

    mwh: Annotated[DecimalString, Field(examples=["1"])] = "1"
    power: PowerIn
    premium_cny_per_mwh: Annotated[DecimalString | None, Field(description="0.06 CNY/kWh is 60.")] = None

    def to_core(self) -> StepQuestion:
        """Return the step."""
        return StepQuestion(
            quantity=exact(self.mwh, "mwh"),
            power=self.power.to_core(),
            premium_cny_per_mwh=_maybe(self.premium_cny_per_mwh, "premium_cny_per_mwh"),
        )


class SituationIn(Schema):
    """Everything a step is valued by. What is left out leaves its channel unknown and named, never zero."""

    on: Annotated[DateString, Field(description="Day of the position, the mark and the offset rules.")]
    known: Annotated[WholeNumber | None, Field(description="Record point of the book: a seq.")] = None
    process: ProcessIn | None = None
    price_cny_per_t: Annotated[DecimalString | None, Field(description="In place of a mark.")] = None
    price_source: Text = _GIVEN
    snapshot_id: Annotated[UuidString | None, Field(description="With mark_instrument: the mark is the price.")] = None
    mark_instrument: CodeString | None = None
    ccer_price_cny_per_t: Annotated[
        DecimalString | None, Field(description="Where credits are used up to the cap.")
    ] = None
    loans: Annotated[Array[LoanIn], Field(max_length=MOST_LOANS)] = ()
    stakes: Annotated[Array[StakeIn], Field(max_length=MOST_LOANS)] = ()
    cbam: CbamExposureIn | None = None
    duty: OpenDutyIn | None = None
    product: ProductIn | None = None

    def to_question(
        self, periods: Mapping[UUID, KpiPeriod], mark: tuple[Fraction | None, str] | None
    ) -> DecisionQuestion:
        """Return the question; ``mark`` is the price of a frozen snapshot with its source, in place of a given one."""
        price = (_maybe(self.price_cny_per_t, "price_cny_per_t"), self.price_source) if mark is None else mark
        return DecisionQuestion(
            on=self.on,
            process=None if self.process is None else self.process.to_core(),
            prices=PriceQuestion(
                allowance_cny_per_t=price[0],
                allowance_source=price[1],
                credit_cny_per_t=_maybe(self.ccer_price_cny_per_t, "ccer_price_cny_per_t"),
                credit_source=_GIVEN,
            ),
            loans=tuple(each.to_core(periods) for each in self.loans),
            stakes=tuple(each.to_core() for each in self.stakes),
            cbam=None if self.cbam is None else self.cbam.to_core(),
            duty=None if self.duty is None else self.duty.to_core(),
            product=None if self.product is None else self.product.to_core(),
        )


class NextTonneIn(SituationIn):
    """The value of the next tonne emitted less."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**SITUATION_EXAMPLE, "step": {"tonnes": "1"}}]})

    step: TonneStepIn = TonneStepIn()


class NextMwhIn(SituationIn):
    """The value of the next MWh of green power, and the points of its parity chart."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **SITUATION_EXAMPLE,
                    "step": {"mwh": "1", "power": POWER_EXAMPLE, "premium_cny_per_mwh": "60"},
                    "chart_prices_cny_per_t": ["50", "100"],
                }
            ]
        }
    )

    step: MwhStepIn
    chart_prices_cny_per_t: Annotated[Array[DecimalString], Field(max_length=_MOST_POINTS)] = ()

    def chart_prices(self) -> tuple[Fraction, ...]:
        """Return the carbon prices of the chart."""
        return tuple(exact(each, "chart_prices_cny_per_t") for each in self.chart_prices_cny_per_t)


class SensitivityIn(SituationIn):
    """Which assumption moves the value of a step most; exactly one of ``tonne`` and ``mwh``."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**SITUATION_EXAMPLE, "tonne": {"tonnes": "1"}, "change": "0.1"}]}
    )

    tonne: TonneStepIn | None = None
    mwh: MwhStepIn | None = None
    change: Annotated[DecimalString, Field(description="Of each driver either way; 0.1 is 10 %.", examples=["0.1"])] = (
        "0.1"
    )


def exact(text: str, field: str) -> Fraction:
    """Return the exact number of a decimal string, refused under ``field``."""
    return Fraction(parse_decimal(text, field=field))


def fen(text: str, field: str) -> int:
    """Return CNY with at most two decimals as whole fen, refused under ``field``."""
    return parse_units(text, _FEN_SCALE, field=field)


def _maybe(text: str | None, field: str) -> Fraction | None:
    return None if text is None else exact(text, field)
