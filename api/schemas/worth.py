"""What leaves about a book's worth and a compliance year's obligation, each with its explanation.

Only shapes: lots are valued and obligations judged by the cores.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString
from api.schemas.market import MarkOut, PriceReasonOut, price_out
from api.schemas.points import PointOut
from api.schemas.surrender_plans import PenaltyOut
from api.schemas.trades import PriceOut
from finance.accounting.chart import BOOK_CURRENCY
from finance.compliance.obligation import AllowanceVerdict, CreditVerdict, ObligationYear
from finance.compliance.penalties import Penalty
from finance.conventions.exact_text import decimal_text
from finance.market.reasons import PriceReason
from finance.market.valuation import ValuationTotal, ValuedLot
from finance.operations.compliance_calendar import Arrear
from finance.operations.valuations import BookValuation, RealisedResult
from ledger.core.amounts import RoundingMode, format_exact

COST_DISPLAY = RoundingMode.HALF_UP
"""The cost of a gap is tonnes x price, exact, and shown rounded half-up once to the fen."""

_CNY_PLACES = 2


class ValuedLotOut(Schema):
    """One lot with its mark; value and result are null together, and then ``unvalued_reason`` says why."""

    lot_id: str
    account: str
    instrument: str
    acquired_on: DateString
    quantity: AmountOut
    cost: AmountOut
    mark: MarkOut | None
    exchange_rate: MarkOut | None
    market_value: AmountOut | None
    unrealised: AmountOut | None
    unvalued_reason: Annotated[str, Field(examples=["mark_stale"])]
    exchange_rate_direction: Annotated[
        str, Field(description="How the fixing was used; empty without one.", examples=["x EUR_CNY (CNY per 1 EUR)"])
    ]
    is_override: Annotated[bool, Field(description="Two persons stand for the price.", examples=[False])]
    bounds_breached: Annotated[
        Array[str], Field(description="Bounds that the price or the fixing moved beyond.", examples=[[]])
    ]
    breaches_said: Annotated[Array[PriceReasonOut], Field(description="The same with code and values.")]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, valued: ValuedLot, breaches: Mapping[str, tuple[PriceReason, ...]]) -> ValuedLotOut:
        """Return the shape of ``valued``; ``breaches`` are by the mark's instrument."""
        lot, worth, gain = valued.lot, valued.market_value_units, valued.unrealised_units
        currency, used = valued.by.currency, [mark for mark in (valued.mark, valued.fx_mark) if mark is not None]
        breached = [one for mark in used for one in breaches.get(mark.instrument, ())]
        return cls(
            lot_id=lot.lot_id,
            account=lot.account,
            instrument=lot.instrument,
            acquired_on=lot.acquired_on,
            quantity=tonnes_out(lot.quantity_t),
            cost=money_out(lot.cost_units, currency),
            mark=None if valued.mark is None else MarkOut.from_core(valued.mark),
            exchange_rate=None if valued.fx_mark is None else MarkOut.from_core(valued.fx_mark),
            market_value=None if worth is None else money_out(worth, currency),
            unrealised=None if gain is None else money_out(gain, currency),
            unvalued_reason=valued.unvalued_reason,
            exchange_rate_direction=valued.by.fx_direction,
            is_override=any(mark.approved_by is not None for mark in used),
            bounds_breached=tuple(map(str, breached)),
            breaches_said=tuple(map(PriceReasonOut.from_core, breached)),
            explanation=ExplanationOut.from_core(valued.explanation),
        )


class ValuationTotalOut(Schema):
    """Sums over the valued lots, and what is left out of them; incomplete when any lot is unvalued."""

    is_complete: bool
    quantity: AmountOut
    cost: AmountOut
    market_value: AmountOut
    unrealised: AmountOut
    unvalued_lot_ids: Array[str]
    unvalued_quantity: AmountOut
    unvalued_cost: AmountOut

    @classmethod
    def from_core(cls, total: ValuationTotal) -> ValuationTotalOut:
        """Return the shape of ``total``."""
        return cls(
            is_complete=total.is_complete,
            quantity=tonnes_out(total.quantity_t),
            cost=money_out(total.cost_units, total.currency),
            market_value=money_out(total.market_value_units, total.currency),
            unrealised=money_out(total.unrealised_units, total.currency),
            unvalued_lot_ids=total.unvalued_lot_ids,
            unvalued_quantity=tonnes_out(total.unvalued_quantity_t),
            unvalued_cost=money_out(total.unvalued_cost_units, total.currency),
        )


class RealisedOut(Schema):
    """What sales of one instrument earned and lost from the book's first day."""

    instrument: str
    gain: AmountOut
    loss: AmountOut
    net: AmountOut

    @classmethod
    def from_core(cls, result: RealisedResult, currency: str) -> RealisedOut:
        """Return the shape of ``result`` in the book's ``currency``."""
        return cls(
            instrument=result.instrument,
            gain=money_out(result.gain_fen, currency),
            loss=money_out(result.loss_fen, currency),
            net=money_out(result.net_fen, currency),
        )


class ValuationOut(PointOut):
    """A book's carbon at one frozen snapshot, as of its day and a record point."""

    snapshot_id: str
    snapshot_sha256: str
    lots: Array[ValuedLotOut]
    total: ValuationTotalOut
    realised: Array[RealisedOut]
    realised_net: AmountOut

    @classmethod
    def from_core(
        cls, worth: BookValuation, point: PointOut, breaches: Mapping[str, tuple[PriceReason, ...]]
    ) -> ValuationOut:
        """Return the shape of ``worth`` at ``point``, with the bounds that its marks breached."""
        valuation = worth.valuation
        return cls(
            **point.carried(),
            snapshot_id=valuation.snapshot_id,
            snapshot_sha256=valuation.snapshot_sha256,
            lots=tuple(ValuedLotOut.from_core(lot, breaches) for lot in valuation.lots),
            total=ValuationTotalOut.from_core(valuation.total),
            realised=tuple(RealisedOut.from_core(result, worth.currency) for result in worth.realised),
            realised_net=money_out(worth.realised_net_fen, worth.currency),
        )


class HoldingVerdictOut(Schema):
    """A holding and whether it may be used for the year, with the reason."""

    instrument: str
    available: AmountOut
    is_usable: bool
    reason_en: str
    reason_zh: str

    @classmethod
    def of_allowance(cls, judged: AllowanceVerdict) -> HoldingVerdictOut:
        """Return the shape of an allowance holding."""
        return cls(
            instrument=judged.holding.commodity,
            available=tonnes_out(judged.holding.available_t),
            is_usable=judged.verdict.is_usable,
            reason_en=judged.verdict.reason_en,
            reason_zh=judged.verdict.reason_zh,
        )

    @classmethod
    def of_credit(cls, judged: CreditVerdict) -> HoldingVerdictOut:
        """Return the shape of a credit holding."""
        return cls(
            instrument=judged.holding.commodity,
            available=tonnes_out(judged.holding.available_t),
            is_usable=judged.verdict.is_eligible,
            reason_en=judged.verdict.reason_en,
            reason_zh=judged.verdict.reason_zh,
        )


class ArrearOut(Schema):
    """An older year of which tonnes are still due."""

    year: int
    due: AmountOut
    surrendered: AmountOut
    missing: AmountOut
    due_on: DateString

    @classmethod
    def from_core(cls, arrear: Arrear) -> ArrearOut:
        """Return the shape of ``arrear``."""
        return cls(
            year=arrear.year,
            due=tonnes_out(arrear.due_t),
            surrendered=tonnes_out(arrear.surrendered_t),
            missing=tonnes_out(arrear.missing_t),
            due_on=arrear.due_on,
        )


class ComplianceOut(PointOut):
    """A year's obligation: what is due, what covers it, what is missing (below zero: left over) and what that costs."""

    year: int
    emissions: AmountOut
    intensity: Annotated[AmountOut | None, Field(description="ets_direct.")]
    due: AmountOut
    allocation: AmountOut
    allocation_case: str
    alpha: Annotated[str, Field(description="The allocation's coefficient, a decimal string.")]
    surrendered: AmountOut
    unissued: AmountOut
    eligible_held: AmountOut
    ineligible_held: AmountOut
    allowances: Array[HoldingVerdictOut]
    credits: Array[HoldingVerdictOut]
    ccer_cap: AmountOut
    ccer_eligible: AmountOut
    ccer_usable: AmountOut
    gap: AmountOut
    price: PriceOut | None
    price_source: str
    gap_cost: Annotated[AmountOut | None, Field(description="Null without a usable mark: unvalued, never zero.")]
    fine: Annotated[PenaltyOut | None, Field(description="For the gap; null without a gap, a deadline or a price.")]
    arrears: Annotated[Array[ArrearOut], Field(description="Older years past their deadline with tonnes missing.")]
    explanation: ExplanationOut

    @classmethod
    def from_core(
        cls,
        duty: ObligationYear,
        point: PointOut,
        *,
        emissions_t: Fraction,
        intensity: Fraction | None,
        arrears: tuple[Arrear, ...] = (),
        fine: Penalty | None = None,
    ) -> ComplianceOut:
        """Return the shape of ``duty`` at ``point``, from ``ets_direct`` emissions and intensity."""
        mark, cost = duty.mark, duty.cost_cny
        return cls(
            **point.carried(),
            year=duty.year,
            emissions=AmountOut(amount=decimal_text(emissions_t), unit="tCO2e"),
            intensity=None if intensity is None else AmountOut(amount=decimal_text(intensity), unit="tCO2e/t"),
            due=tonnes_out(duty.due_t),
            allocation=tonnes_out(duty.allocation_t),
            allocation_case=duty.allocation.case,
            alpha=decimal_text(duty.allocation.alpha),
            surrendered=tonnes_out(duty.surrendered_t),
            unissued=tonnes_out(duty.unissued_t),
            eligible_held=tonnes_out(duty.eligible_held_t),
            ineligible_held=tonnes_out(duty.ineligible_held_t),
            allowances=tuple(HoldingVerdictOut.of_allowance(one) for one in duty.allowances),
            credits=tuple(HoldingVerdictOut.of_credit(one) for one in duty.credits),
            ccer_cap=tonnes_out(duty.ccer_cap.cap_t),
            ccer_eligible=tonnes_out(duty.ccer_eligible_t),
            ccer_usable=tonnes_out(duty.ccer_usable_t),
            gap=tonnes_out(duty.gap_t),
            price=None if mark is None else price_out(mark.value, mark.currency, mark.unit),
            price_source=duty.mark_source,
            gap_cost=None
            if cost is None
            else AmountOut(amount=format_exact(cost, _CNY_PLACES, COST_DISPLAY), unit=BOOK_CURRENCY),
            fine=None if fine is None else PenaltyOut.from_core(fine),
            arrears=tuple(ArrearOut.from_core(arrear) for arrear in arrears),
            explanation=ExplanationOut.from_core(duty.explain()),
        )
