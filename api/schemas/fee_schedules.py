"""What leaves about the prices of a loan beside interest: fees, redemption premiums, the moved leg of a paired swap.

Each row stands before and after the decisions, with the reasons of its amount. Computes nothing.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, UuidString
from finance.conventions.exact_text import decimal_text
from finance.conventions.rates import rate_text
from finance.loans.fees import FeeRule, FeeSegment
from finance.loans.swap_leg import SwapLegSegment
from finance.operations.loan_charges import FeePayment, FeePayments, RedemptionPremium, SwapLeg, SwapLegPeriod, Told

_NotComputable = Annotated[
    str | None,
    Field(
        description="Why there are no rows: what the terms do not say.", examples=["basis: expected a tranche of ..."]
    ),
]
_Causes = Annotated[Array[UuidString], Field(description="The determinations in force on these days, in order.")]


class BpOut(Schema):
    """Basis points as a decimal, and exactly as numerator/denominator."""

    bp: Annotated[str, Field(examples=["-0.833333333333"])]
    exact: Annotated[str, Field(examples=["-5/6"])]

    @classmethod
    def from_core(cls, bp: Fraction) -> BpOut:
        """Return the shape of ``bp``."""
        return cls(bp=decimal_text(bp), exact=rate_text(bp))


class FeeSegmentOut(Schema):
    """One stretch of a fee period with one amount and one rate a year; ``end`` is exclusive."""

    start: DateString
    end: DateString
    days: int
    base: Annotated[AmountOut, Field(description="What the fee is taken on.")]
    rate_before: BpOut
    rate_after: BpOut

    @classmethod
    def from_core(cls, segment: FeeSegment, rule: FeeRule, currency: str) -> FeeSegmentOut:
        """Return the shape of a segment beside the contract's rate."""
        return cls(
            start=segment.start,
            end=segment.end,
            days=(segment.end - segment.start).days,
            base=money_out(segment.amount_minor, currency),
            rate_before=BpOut.from_core(rule.rate_bp),
            rate_after=BpOut.from_core(segment.rate_bp),
        )


class FeePaymentOut(Schema):
    """One fee period, half-open, its payment, and what the decisions save in it (minus: cost)."""

    number: int
    start: DateString
    end: DateString
    payment_date: DateString | None
    payment_state: Annotated[str, Field(description="dated, or calendar_unknown while no calendar says the day.")]
    amount_before: AmountOut
    amount_after: AmountOut
    saving: AmountOut
    segments: Array[FeeSegmentOut]
    determination_ids: _Causes
    explain: ExplanationOut

    @classmethod
    def from_core(cls, payment: FeePayment, rule: FeeRule, currency: str) -> FeePaymentOut:
        """Return the shape of one payment beside what it would have been without decisions."""
        due = payment.due
        return cls(
            number=due.period.number,
            start=due.period.start,
            end=due.period.end,
            payment_date=due.period.payment_date,
            payment_state=due.period.payment_state.value,
            amount_before=money_out(payment.before_minor, currency),
            amount_after=money_out(due.payment_minor, currency),
            saving=money_out(payment.before_minor - due.payment_minor, currency),
            segments=tuple(FeeSegmentOut.from_core(segment, rule, currency) for segment in due.segments),
            determination_ids=_causes(payment.told),
            explain=ExplanationOut.from_core(payment.told.explanation),
        )


class FeeOut(Schema):
    """One fee of a tranche from signing to maturity."""

    name: Annotated[str, Field(examples=["commitment"])]
    basis: Annotated[str, Field(description="undrawn, commitment or issued.", examples=["undrawn"])]
    day_count: Annotated[str, Field(examples=["ACT/360"])]
    not_computable: _NotComputable
    payments: Array[FeePaymentOut]
    total_before: AmountOut
    total_after: AmountOut
    total_saving: AmountOut

    @classmethod
    def from_core(cls, fee: FeePayments, currency: str) -> FeeOut:
        """Return the shape of a fee with every payment."""
        before = sum(payment.before_minor for payment in fee.payments)
        after = sum(payment.due.payment_minor for payment in fee.payments)
        return cls(
            name=fee.rule.name,
            basis=fee.rule.basis.value,
            day_count=fee.rule.day_count.value,
            not_computable=fee.refusal,
            payments=tuple(FeePaymentOut.from_core(payment, fee.rule, currency) for payment in fee.payments),
            total_before=money_out(before, currency),
            total_after=money_out(after, currency),
            total_saving=money_out(before - after, currency),
        )


class RedemptionOut(Schema):
    """The premium on one scheduled redemption: basis points of the principal, once; minus is below par."""

    on: DateString
    payment_date: DateString | None
    principal: AmountOut
    premium_before: BpOut
    premium_after: BpOut
    amount_before: AmountOut
    amount_after: AmountOut
    saving: AmountOut
    determination_ids: _Causes
    explain: ExplanationOut

    @classmethod
    def from_core(cls, premium: RedemptionPremium, currency: str) -> RedemptionOut:
        """Return the shape of one premium."""
        due = premium.due
        return cls(
            on=due.on,
            payment_date=due.payment_date,
            principal=money_out(due.principal_minor, currency),
            premium_before=BpOut.from_core(Fraction(0)),  # at par: only clauses move the price
            premium_after=BpOut.from_core(due.premium_bp),
            amount_before=money_out(premium.before_minor, currency),
            amount_after=money_out(due.payment_minor, currency),
            saving=money_out(premium.before_minor - due.payment_minor, currency),
            determination_ids=_causes(premium.told),
            explain=ExplanationOut.from_core(premium.told.explanation),
        )


class SwapLegSegmentOut(Schema):
    """One stretch of an interest period: the swap's spread moved beside the loan's margin, on one notional."""

    start: DateString
    end: DateString
    days: int
    notional: AmountOut
    spread_move: BpOut
    margin_move: BpOut

    @classmethod
    def from_core(cls, segment: SwapLegSegment, currency: str) -> SwapLegSegmentOut:
        """Return the shape of a segment."""
        return cls(
            start=segment.start,
            end=segment.end,
            days=(segment.end - segment.start).days,
            notional=money_out(segment.notional_minor, currency),
            spread_move=BpOut.from_core(segment.moved_bp),
            margin_move=BpOut.from_core(segment.margin_bp),
        )


class SwapLegPeriodOut(Schema):
    """One interest period of the loan and what the move of the swap's spread is worth in it; minus where the spread fell."""

    number: int
    start: DateString
    end: DateString
    payment_date: DateString | None
    amount: AmountOut
    segments: Array[SwapLegSegmentOut]
    determination_ids: _Causes
    explain: ExplanationOut

    @classmethod
    def from_core(cls, found: SwapLegPeriod, currency: str) -> SwapLegPeriodOut:
        """Return the shape of one period."""
        due = found.due
        return cls(
            number=due.period.number,
            start=due.period.start,
            end=due.period.end,
            payment_date=due.period.payment_date,
            amount=money_out(due.payment_minor, currency),
            segments=tuple(SwapLegSegmentOut.from_core(segment, currency) for segment in due.segments),
            determination_ids=_causes(found.told),
            explain=ExplanationOut.from_core(found.told.explanation),
        )


class SwapLegOut(Schema):
    """The leg of one swap that is paired with this tranche."""

    swap_tranche_id: str
    not_computable: _NotComputable
    periods: Array[SwapLegPeriodOut]

    @classmethod
    def from_core(cls, leg: SwapLeg, currency: str) -> SwapLegOut:
        """Return the shape of a leg."""
        return cls(
            swap_tranche_id=leg.tranche_id,
            not_computable=leg.refusal,
            periods=tuple(SwapLegPeriodOut.from_core(each, currency) for each in leg.periods),
        )


def _causes(told: Told) -> tuple[UUID, ...]:
    return tuple(UUID(cause) for cause in told.determination_ids)
