"""What enters and leaves about surrender plans and carry-over: the request, the cheapest choice with its proof, what to buy."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.amounts import AmountOut, tonnes_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.books import CommodityCode
from api.schemas.compliance_steps import ID, OTHER_ID, ComplianceProposalOut
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, UuidString
from finance.accounting.chart import BOOK_CURRENCY
from finance.compliance.penalties import Penalty
from finance.compliance.plan_lots import CostBasis
from finance.compliance.surrender_plan import PlanLine
from finance.conventions.exact_text import decimal_text
from finance.operations.carry_over import BookCarryOver
from finance.operations.compliance_lots import InstrumentLots
from finance.operations.surrender_plans import BookPlan
from ledger.core.amounts import format_exact

_CNY_PLACES = 2
_FEN_PER_CNY = 100
_MOST_LINES_SHOWN = 1_000


class SurrenderPlanIn(Schema):
    """A plan to be proposed; without ``due_t`` the duty is that of the year's approved verification."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal_id": ID,
                    "year": 2025,
                    "surrender_on": "2026-12-15",
                    "basis": "economic",
                    "snapshot_id": OTHER_ID,
                }
            ]
        }
    )

    proposal_id: UuidString
    year: Annotated[int, Field(ge=2000, le=2199, examples=[2025])]
    surrender_on: DateString
    basis: Annotated[Choice[CostBasis], Field(examples=["economic"])]
    snapshot_id: Annotated[UuidString | None, Field(description="Prices the economic basis.")] = None
    due_t: Annotated[int | None, Field(ge=0, le=10**15, examples=[800000])] = None


class PlanLineOut(Schema):
    """Tonnes that one lot gives."""

    instrument: str
    lot_id: str
    tonnes: AmountOut
    unit_cost: Annotated[AmountOut, Field(description="CNY per tonne, twelve decimals at most.")]

    @classmethod
    def from_core(cls, line: PlanLine) -> PlanLineOut:
        """Return the shape of ``line``."""
        return cls(
            instrument=line.lot.instrument,
            lot_id=str(line.lot.lot_id),
            tonnes=tonnes_out(line.taken_t),
            unit_cost=AmountOut(amount=decimal_text(line.unit_cost_fen / _FEN_PER_CNY), unit=f"{BOOK_CURRENCY}/t"),
        )


class PlanInstrumentOut(Schema):
    """An instrument with its free tonnes and whether a rule lets them settle the year."""

    instrument: str
    free: AmountOut
    set_aside: Annotated[AmountOut, Field(description="Pledged, lent, in custody, frozen or reserved: never planned.")]
    is_usable: bool
    reason_en: str
    reason_zh: str

    @classmethod
    def from_core(cls, found: InstrumentLots) -> PlanInstrumentOut:
        """Return the shape of ``found``."""
        return cls(
            instrument=found.instrument.code,
            free=tonnes_out(found.free_t),
            set_aside=tonnes_out(found.held_t),
            is_usable=found.is_usable,
            reason_en=found.reason_en,
            reason_zh=found.reason_zh,
        )


class PenaltyOut(Schema):
    """The range of the fine for tonnes that stay missing, and whether every deciding row is official."""

    missing: AmountOut
    low: AmountOut
    high: AmountOut
    base_price: AmountOut
    base_kind: Annotated[str, Field(examples=["provisional"])]
    cut: Annotated[AmountOut, Field(description="What a refusal takes from the next issue.")]
    is_certain: bool
    statuses: Annotated[Array[str], Field(description="Of the deciding rows, each once.")]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, penalty: Penalty) -> PenaltyOut:
        """Return the shape of ``penalty``."""
        low, high = (
            AmountOut(amount=format_exact(value, _CNY_PLACES), unit=BOOK_CURRENCY)
            for value in (penalty.low_cny, penalty.high_cny)
        )
        return cls(
            missing=tonnes_out(penalty.missing_t),
            low=low,
            high=high,
            base_price=AmountOut(amount=decimal_text(penalty.base.price_cny_per_t), unit=f"{BOOK_CURRENCY}/t"),
            base_kind=penalty.base.kind.value,
            cut=tonnes_out(penalty.cut_t),
            is_certain=penalty.is_certain,
            statuses=tuple(sorted({row.status.value for row in penalty.rows})),
            explanation=ExplanationOut.from_core(penalty.explanation),
        )


class ProofOut(Schema):
    """Shadow prices that prove the plan the cheapest: no tonne left over is cheaper than the marginal one."""

    tonne: Annotated[AmountOut, Field(description="Unit cost of the marginal lot.")]
    cap: Annotated[AmountOut, Field(description="What one more tonne of CCER cap would save.")]
    is_cap_binding: bool
    marginal_lot_id: str | None


class SurrenderPlanOut(Schema):
    """The cheapest surrender, what it leaves missing, what to buy and what a shortfall would cost."""

    year: int
    surrender_on: DateString
    basis: str
    due: AmountOut
    surrendered: AmountOut
    open: AmountOut
    ccer_cap: Annotated[AmountOut, Field(description="What is left of the cap.")]
    covered: AmountOut
    ccer: AmountOut
    shortfall: AmountOut
    buy: Annotated[AmountOut, Field(description="What is to be bought: as the shortfall.")]
    buy_ccer_at_most: Annotated[AmountOut, Field(description="Of it, what may be CCER.")]
    cost: AmountOut
    lines: Annotated[Array[PlanLineOut], Field(description="The first thousand; all are in the proposal's document.")]
    line_count: int
    instruments: Array[PlanInstrumentOut]
    proof: ProofOut
    penalty: PenaltyOut | None
    proposal: ComplianceProposalOut | None
    explanation: ExplanationOut

    @classmethod
    def from_core(
        cls, computed: BookPlan, penalty: Penalty | None, proposal: ComplianceProposalOut | None
    ) -> SurrenderPlanOut:
        """Return the shape of ``computed``."""
        request, plan, proof = computed.request, computed.plan, computed.plan.certificate
        return cls(
            year=request.year,
            surrender_on=request.surrender_on,
            basis=request.basis.value,
            due=tonnes_out(request.due_t),
            surrendered=tonnes_out(computed.surrendered_t),
            open=tonnes_out(plan.open_t),
            ccer_cap=tonnes_out(plan.ccer_cap_t),
            covered=tonnes_out(plan.covered_t),
            ccer=tonnes_out(plan.ccer_t),
            shortfall=tonnes_out(plan.shortfall_t),
            buy=tonnes_out(plan.shortfall_t),
            buy_ccer_at_most=tonnes_out(plan.ccer_room_t),
            cost=AmountOut(amount=format_exact(plan.cost_fen / _FEN_PER_CNY, _CNY_PLACES), unit=BOOK_CURRENCY),
            lines=tuple(PlanLineOut.from_core(line) for line in plan.lines[:_MOST_LINES_SHOWN]),
            line_count=len(plan.lines),
            instruments=tuple(PlanInstrumentOut.from_core(each) for each in computed.instruments),
            proof=ProofOut(
                tonne=AmountOut(amount=decimal_text(proof.tonne_fen / _FEN_PER_CNY), unit=f"{BOOK_CURRENCY}/t"),
                cap=AmountOut(amount=decimal_text(proof.cap_fen / _FEN_PER_CNY), unit=f"{BOOK_CURRENCY}/t"),
                is_cap_binding=proof.is_cap_binding,
                marginal_lot_id=None if proof.marginal_lot_id is None else str(proof.marginal_lot_id),
            ),
            penalty=None if penalty is None else PenaltyOut.from_core(penalty),
            proposal=proposal,
            explanation=ExplanationOut.from_core(computed.explain()),
        )


class CarryOverIn(Schema):
    """A request to carry old vintages over; without ``tonnes`` all that may be.

    ``declared_settled`` names duty years of which nothing is on file here: surrendered in time, or without a duty.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal_id": ID,
                    "into_year": 2025,
                    "requested_on": "2026-03-02",
                    "into": "CEA25",
                    "tonnes": 10000,
                    "declared_settled": [2023, 2024],
                }
            ]
        }
    )

    proposal_id: UuidString
    into_year: Annotated[int, Field(ge=2000, le=2199, examples=[2025])]
    requested_on: DateString
    into: CommodityCode
    tonnes: Annotated[int | None, Field(ge=1, le=10**15, examples=[10000])] = None
    declared_settled: Annotated[
        Array[Annotated[int, Field(ge=2000, le=2199, examples=[2023])]], Field(max_length=20)
    ] = ()


class CarryOverOut(Schema):
    """What may be carried over, from the book's own trades and holding."""

    into_vintage: int
    sold: AmountOut
    bought: AmountOut
    net_sold: AmountOut
    holding: AmountOut
    carryover: AmountOut
    is_limited_by_holding: bool
    unsettled_years: Annotated[Array[int], Field(description="Years not surrendered in time: they bar it.")]
    window_from: DateString
    window_to: DateString
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, found: BookCarryOver) -> CarryOverOut:
        """Return the shape of ``found``."""
        return cls(
            into_vintage=found.rule.into_vintage,
            sold=tonnes_out(found.sold_t),
            bought=tonnes_out(found.bought_t),
            net_sold=tonnes_out(found.result.net_sold_t),
            holding=tonnes_out(found.holding_t),
            carryover=tonnes_out(found.result.carryover_t),
            is_limited_by_holding=found.result.is_limited_by_holding,
            unsettled_years=found.unsettled,
            window_from=found.rule.window_from,
            window_to=found.rule.window_to,
            explanation=ExplanationOut.from_core(found.explain()),
        )
