"""What enters and leaves about a cheapest plan: options, goals and limits, then lines, constraints, reliefs or a conflict.

Only shapes: the operation adds what is recorded, the core searches and proves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.amounts import AmountOut, WholeNumber, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.decisions import PROCESS_EXAMPLE, LoanIn, OpenDutyIn, ProcessIn, ProductIn, exact, fen
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, DecimalString, NameText, Text
from api.schemas.points import PointOut
from finance.accounting.chart import BOOK_CURRENCY
from finance.conventions.exact_text import decimal_text
from finance.decisions.cheapest_plan import CheapestPlan, Missing, PlanState, Relief
from finance.decisions.plan_choice import LineKind, PlanLine, Reached
from finance.decisions.plan_options import (
    MOST_OPTIONS,
    AbatementMeasure,
    GreenContract,
    HeldLot,
    KpiGoal,
    Offer,
)
from finance.decisions.steps import Origin
from finance.operations.decision_plans import LoanGoal, PlanQuestion, ProductGoals
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Invalid

_GIVEN = "given with the request"
_Name = Annotated[NameText, Field(examples=["wind contract"])]


class GreenContractIn(Schema):
    """Green power in whole steps; with a minimum take it is none or at least that."""

    name: _Name
    step_mwh: Annotated[WholeNumber, Field(examples=[100])]
    least_steps: Annotated[WholeNumber, Field(description="Minimum take.", examples=[0])] = 0
    most_steps: Annotated[WholeNumber, Field(examples=[1000])]
    premium_cny_per_mwh: Annotated[DecimalString, Field(description="0.06 CNY/kWh is 60.", examples=["60.00"])]
    operational_t_per_mwh: Annotated[
        DecimalString, Field(description="0 where it does not count.", examples=["0.5942"])
    ]
    footprint_t_per_mwh: Annotated[DecimalString, Field(examples=["0.6"])] = "0"
    counts_for_duty: bool = True
    source: Text = _GIVEN

    def to_core(self) -> GreenContract:
        """Return the contract."""
        return GreenContract(
            name=self.name,
            step_mwh=self.step_mwh,
            least_steps=self.least_steps,
            most_steps=self.most_steps,
            premium_fen_per_mwh=fen(self.premium_cny_per_mwh, "premium_cny_per_mwh"),
            operational_t_per_mwh=exact(self.operational_t_per_mwh, "operational_t_per_mwh"),
            footprint_t_per_mwh=exact(self.footprint_t_per_mwh, "footprint_t_per_mwh"),
            counts=self.counts_for_duty,
            source=self.source,
        )


class OfferIn(Schema):
    """What can be bought by the unit at one price: certificates, allowances, credits."""

    name: Annotated[NameText, Field(examples=["market"])]
    most: Annotated[WholeNumber, Field(examples=[10000])]
    price_cny: Annotated[DecimalString, Field(examples=["97.81"])]
    source: Text = _GIVEN

    def to_core(self) -> Offer:
        """Return the offer."""
        return Offer(name=self.name, most=self.most, price_fen=fen(self.price_cny, "price_cny"), source=self.source)


class MeasureIn(Schema):
    """A measure that saves tonnes; a direct one is all or nothing."""

    name: Annotated[NameText, Field(examples=["anode baking"])]
    size_t: Annotated[WholeNumber, Field(examples=[10000])]
    cost_cny_per_t: Annotated[DecimalString, Field(examples=["15.00"])]
    origin: Choice[Origin]
    is_all_or_nothing: bool = True
    source: Text = _GIVEN

    def to_core(self) -> AbatementMeasure:
        """Return the measure."""
        return AbatementMeasure(
            name=self.name,
            size_t=self.size_t,
            cost_fen_per_t=fen(self.cost_cny_per_t, "cost_cny_per_t"),
            origin=self.origin,
            is_all_or_nothing=self.is_all_or_nothing,
            source=self.source,
        )


class LotIn(Schema):
    """Tonnes held that may settle the year, for plans without a book."""

    name: Annotated[NameText, Field(examples=["CEA25"])]
    most: Annotated[WholeNumber, Field(examples=[5000])]
    worth_cny_per_t: Annotated[DecimalString, Field(description="What using a tonne gives up.", examples=["97.81"])]
    is_credit: bool = False
    source: Text = _GIVEN

    def to_core(self) -> HeldLot:
        """Return the lot."""
        return HeldLot(
            name=self.name,
            most=self.most,
            worth_fen=fen(self.worth_cny_per_t, "worth_cny_per_t"),
            is_credit=self.is_credit,
            source=self.source,
        )


class GoalIn(Schema):
    """A KPI with power: at most a target; required, or met where the interest saved pays for it."""

    name: Annotated[NameText, Field(examples=["loan A"])]
    operational_t: Annotated[DecimalString, Field(description="Expected, tCO2e with power.", examples=["1005000"])]
    output_t: Annotated[DecimalString, Field(examples=["100000"])]
    target: Annotated[DecimalString, Field(description="tCO2e/t.", examples=["10"])]
    is_required: bool = True
    saving_cny: Annotated[DecimalString, Field(description="Interest saved when met.", examples=["202777.78"])] = "0"
    source: Text = _GIVEN

    def to_core(self) -> KpiGoal:
        """Return the goal."""
        return KpiGoal(
            name=self.name,
            operational_t=exact(self.operational_t, "operational_t"),
            output_t=exact(self.output_t, "output_t"),
            target=exact(self.target, "target"),
            is_required=self.is_required,
            saving_fen=fen(self.saving_cny, "saving_cny"),
            source=self.source,
        )


class LoanGoalIn(Schema):
    """A recorded KPI period of a loan as a goal."""

    loan: LoanIn
    is_required: bool = True


class CheapestPlanIn(Schema):
    """What a plan chooses from and must reach. Prices have at most two decimals, so that every cost is whole fen."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "on": "2026-11-20",
                    "process": {**PROCESS_EXAMPLE, "balance_value": "1.50"},
                    "allowances": [{"name": "market", "most": 10000, "price_cny": "97.81"}],
                    "goals": [{"name": "loan A", "operational_t": "1005000", "output_t": "100000", "target": "10"}],
                    "contracts": [
                        {
                            "name": "wind contract",
                            "step_mwh": 100,
                            "most_steps": 1000,
                            "premium_cny_per_mwh": "60.00",
                            "operational_t_per_mwh": "0.5942",
                        }
                    ],
                }
            ]
        }
    )

    on: Annotated[DateString, Field(description="Day of the position and of the offset rules.")]
    known: Annotated[WholeNumber | None, Field(description="Record point of the book: a seq.")] = None
    process: Annotated[ProcessIn | None, Field(description="Whose obligation must be covered.")] = None
    duty: OpenDutyIn | None = None
    goals: Annotated[Array[GoalIn], Field(max_length=MOST_OPTIONS)] = ()
    loans: Annotated[Array[LoanGoalIn], Field(max_length=MOST_OPTIONS)] = ()
    product: ProductIn | None = None
    contracts: Annotated[Array[GreenContractIn], Field(max_length=MOST_OPTIONS)] = ()
    certificates: Annotated[Array[OfferIn], Field(max_length=MOST_OPTIONS)] = ()
    measures: Annotated[Array[MeasureIn], Field(max_length=MOST_OPTIONS)] = ()
    allowances: Annotated[Array[OfferIn], Field(max_length=MOST_OPTIONS)] = ()
    credits: Annotated[Array[OfferIn], Field(max_length=MOST_OPTIONS)] = ()
    lots: Annotated[Array[LotIn], Field(max_length=MOST_OPTIONS)] = ()
    lot_worth_cny_per_t: Annotated[
        DecimalString, Field(description="What a tonne that the book holds would fetch.", examples=["97.81"])
    ] = "0"
    surplus_cny_per_t: Annotated[
        DecimalString, Field(description="What a tonne of surplus fetches.", examples=["90.00"])
    ] = "0"
    cash_limit_cny: DecimalString | None = None

    def to_question(self, periods: Mapping[UUID, KpiPeriod]) -> PlanQuestion:
        """Return the question, with the periods that were loaded for the caller."""
        return PlanQuestion(
            on=self.on,
            process=None if self.process is None else self.process.to_core(),
            duty=None if self.duty is None else self.duty.to_core(),
            goals=tuple(each.to_core() for each in self.goals),
            loans=tuple(LoanGoal(loan=each.loan.to_core(periods), is_required=each.is_required) for each in self.loans),
            product=None if self.product is None else _product(self.product),
            contracts=tuple(each.to_core() for each in self.contracts),
            certificates=tuple(each.to_core() for each in self.certificates),
            measures=tuple(each.to_core() for each in self.measures),
            allowances=tuple(each.to_core() for each in self.allowances),
            credits=tuple(each.to_core() for each in self.credits),
            lots=tuple(each.to_core() for each in self.lots),
            lot_worth_fen=fen(self.lot_worth_cny_per_t, "lot_worth_cny_per_t"),
            surplus_fen=fen(self.surplus_cny_per_t, "surplus_cny_per_t"),
            cash_fen=None if self.cash_limit_cny is None else fen(self.cash_limit_cny, "cash_limit_cny"),
        )


class PlanLineOut(Schema):
    """One line of the plan; a cost below zero is earned."""

    kind: LineKind
    name: str
    quantity: AmountOut
    unit_cost: AmountOut
    cost: AmountOut
    is_cash: bool
    source: str

    @classmethod
    def from_core(cls, line: PlanLine) -> PlanLineOut:
        """Return the shape of ``line``."""
        return cls(
            kind=line.kind,
            name=line.name,
            quantity=AmountOut(amount=str(line.quantity), unit=line.unit),
            unit_cost=money_out(line.unit_fen, BOOK_CURRENCY),
            cost=money_out(line.cost_fen, BOOK_CURRENCY),
            is_cash=line.is_cash,
            source=line.source,
        )


class ConstraintOut(Schema):
    """How far a constraint is met, checked exactly."""

    name: str
    is_at_least: bool
    bound: str
    reached: str
    slack: str
    unit: str
    is_met: bool
    is_tight: Annotated[
        bool, Field(description="Nothing is left; relief may still save nothing where steps are large.")
    ]

    @classmethod
    def from_core(cls, each: Reached) -> ConstraintOut:
        """Return the shape of ``each``."""
        return cls(
            name=each.name,
            is_at_least=each.is_at_least,
            bound=decimal_text(each.bound),
            reached=decimal_text(each.reached),
            slack=decimal_text(each.slack),
            unit=each.unit,
            is_met=each.is_met,
            is_tight=each.is_tight,
        )


class ReliefOut(Schema):
    """What one unit of relief saves; above zero the constraint binds."""

    name: str
    unit: str
    saves: AmountOut
    is_binding: bool

    @classmethod
    def from_core(cls, each: Relief) -> ReliefOut:
        """Return the shape of ``each``."""
        return cls(
            name=each.name,
            unit=each.unit,
            saves=money_out(each.saves_fen, BOOK_CURRENCY),
            is_binding=each.is_binding,
        )


class MissingOut(Schema):
    """A constraint of the conflict and by how much it alone would have to give."""

    name: str
    missing: str
    unit: str

    @classmethod
    def from_core(cls, each: Missing) -> MissingOut:
        """Return the shape of ``each``."""
        return cls(name=each.name, missing=decimal_text(each.missing), unit=each.unit)


class CheapestPlanOut(Schema):
    """The plan, exact to the fen, or the smallest set of constraints that leaves none."""

    point: PointOut | None
    state: PlanState
    net_cost: AmountOut | None
    cash: AmountOut | None
    lines: Array[PlanLineOut]
    constraints: Array[ConstraintOut]
    reliefs: Array[ReliefOut]
    unchecked: Array[str]
    conflict: Array[MissingOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, plan: CheapestPlan, point: PointOut | None) -> CheapestPlanOut:
        """Return the shape of ``plan``."""
        found = plan.judged
        return cls(
            point=point,
            state=plan.state,
            net_cost=None if found is None else money_out(found.net_fen, BOOK_CURRENCY),
            cash=None if found is None else money_out(found.cash_fen, BOOK_CURRENCY),
            lines=() if found is None else tuple(PlanLineOut.from_core(each) for each in found.lines),
            constraints=() if found is None else tuple(ConstraintOut.from_core(each) for each in found.constraints),
            reliefs=tuple(ReliefOut.from_core(each) for each in plan.reliefs),
            unchecked=plan.unchecked,
            conflict=tuple(MissingOut.from_core(each) for each in plan.conflict),
            explanation=ExplanationOut.from_core(plan.explanation),
        )


def _product(given: ProductIn) -> ProductGoals:
    premium = given.terms.to_premium()
    if premium is None or given.terms.footprint_price is not None:
        raise Invalid(
            "plan.product",
            "product: expected premium_steps and no footprint_price: a plan reaches thresholds",
            field="product",
        )
    return ProductGoals(
        footprint_tco2e_per_t=exact(given.terms.footprint_tco2e_per_t, "footprint_tco2e_per_t"),
        output_t=exact(given.output_t, "output_t"),
        sold_t=exact(given.terms.sold_t, "sold_t"),
        premium=premium,
    )
