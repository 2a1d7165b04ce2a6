"""What a loan costs beside interest, as known at one moment: fees, redemption premiums, the moved leg of a paired swap.

Binds the pure schedules to a known loan: the same facts, calendar and decisions that its interest rests on, once with the
decisions and once without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from finance.conventions.explain import Explanation
from finance.loans.balance import PrincipalFlow
from finance.loans.charge_explanation import explain_fee, explain_redemption, explain_swap_leg
from finance.loans.fee_schedule import FeeDue, fee_schedule
from finance.loans.fees import FeeRule
from finance.loans.flows import FlowSchedule
from finance.loans.price_effects import PricedItem
from finance.loans.price_moves import MovedPrice, PriceMove, is_moved, moves_between, price_moves, unmoved
from finance.loans.redemption_price import RedemptionDue, redemption_dues
from finance.loans.swap_leg import SwapLegDue, swap_leg_dues
from finance.loans.tranche_terms import TrancheTerms
from finance.operations.loan_view import KnownLoan
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Why a payment is what it is, and the determinations in force on its days, each once, in order."""

    explanation: Explanation
    determination_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePayment:
    """One payment of a fee with the decisions, and what it would be without them, in minor units."""

    due: FeeDue
    before_minor: int
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePayments:
    """A fee of the tranche through its life. ``refusal`` says why it cannot be computed, and there are then no payments."""

    rule: FeeRule
    payments: tuple[FeePayment, ...]
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionPremium:
    """The premium on one redemption with the decisions, and without them, in minor units."""

    due: RedemptionDue
    before_minor: int
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapLegPeriod:
    """One interest period's move of a swap's leg."""

    due: SwapLegDue
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapLeg:
    """The leg of one swap that is paired with the tranche. ``refusal`` says why its amounts cannot be computed."""

    tranche_id: str
    periods: tuple[SwapLegPeriod, ...]
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheCharges:
    """Everything a tranche costs or moves beside its interest; empty where the terms have no such price."""

    fees: tuple[FeePayments, ...]
    redemption: tuple[RedemptionPremium, ...]
    swap_legs: tuple[SwapLeg, ...]


def tranche_charges(
    loan: KnownLoan, tranche_id: str, *, after: FlowSchedule | None, before: FlowSchedule | None
) -> TrancheCharges:
    """Return the tranche's charges; ``after`` and ``before`` are its schedules with and without decisions, None while undrawn.

    Fees run from signing, drawn or not. Premiums and swap legs have rows only where a clause of the terms moves them.
    """
    terms = loan.facility.terms
    tranche = terms.tranche(tranche_id)
    drawn = () if after is None else after.principal
    undecided = () if before is None else before.principal
    return TrancheCharges(
        fees=tuple(_fee(loan, tranche, rule, drawn, undecided) for rule in tranche.fees),
        redemption=_redemption(loan, tranche, drawn, undecided),
        swap_legs=tuple(
            _swap_leg(loan, swap, after)
            for swap in terms.tranches
            if after is not None
            and swap.paired_with == tranche_id
            and is_moved(terms.ratchet, MovedPrice(item=PricedItem.SWAP_LEG, tranche_id=swap.tranche_id))
        ),
    )


def _fee(
    loan: KnownLoan,
    tranche: TrancheTerms,
    rule: FeeRule,
    drawn: Sequence[PrincipalFlow],
    undecided: Sequence[PrincipalFlow],
) -> FeePayments:
    terms, days = loan.facility.terms, loan.day_rule(tranche.tranche_id)
    moves = _moves(loan, MovedPrice(item=PricedItem.FEE, tranche_id=tranche.tranche_id, fee=rule.name))
    none = unmoved(moves[0].start, moves[-1].end)
    try:
        after = fee_schedule(tranche, rule, days=days, principal=drawn, moves=moves)
        before = fee_schedule(tranche, rule, days=days, principal=undecided, moves=none)
    except Invalid as refusal:
        return FeePayments(rule=rule, payments=(), refusal=refusal.message)
    return FeePayments(
        rule=rule,
        payments=tuple(
            FeePayment(
                due=due,
                before_minor=plain.payment_minor,
                told=Told(
                    explanation=explain_fee(due, rule, tranche=tranche, terms=terms, moves=moves),
                    determination_ids=_causes(moves_between(moves, due.period.start, due.period.end)),
                ),
            )
            for due, plain in zip(after, before, strict=True)
        ),
    )


def _redemption(
    loan: KnownLoan, tranche: TrancheTerms, drawn: Sequence[PrincipalFlow], undecided: Sequence[PrincipalFlow]
) -> tuple[RedemptionPremium, ...]:
    terms = loan.facility.terms
    price = MovedPrice(item=PricedItem.REDEMPTION_PRICE, tranche_id=tranche.tranche_id)
    if not is_moved(terms.ratchet, price):
        return ()
    moves = _moves(loan, price)
    none = unmoved(moves[0].start, moves[-1].end)
    plain: Mapping[date, int] = {
        due.on: due.payment_minor for due in redemption_dues(tranche, principal=undecided, moves=none)
    }
    return tuple(
        RedemptionPremium(
            due=due,
            before_minor=plain.get(due.on, 0),
            told=Told(
                explanation=explain_redemption(due, tranche=tranche, terms=terms),
                determination_ids=_causes((due.move,)),
            ),
        )
        for due in redemption_dues(tranche, principal=drawn, moves=moves)
    )


def _swap_leg(loan: KnownLoan, swap: TrancheTerms, schedule: FlowSchedule) -> SwapLeg:
    moves = _moves(loan, MovedPrice(item=PricedItem.SWAP_LEG, tranche_id=swap.tranche_id))
    try:
        dues = swap_leg_dues(swap, loan=schedule, moves=moves)
    except Invalid as refusal:
        return SwapLeg(tranche_id=swap.tranche_id, periods=(), refusal=refusal.message)
    return SwapLeg(
        tranche_id=swap.tranche_id,
        periods=tuple(
            SwapLegPeriod(
                due=due,
                told=Told(
                    explanation=explain_swap_leg(due, swap=swap, terms=loan.facility.terms, moves=moves),
                    determination_ids=_causes(moves_between(moves, due.segments[0].start, due.segments[-1].end)),
                ),
            )
            for due in dues
        ),
    )


def _moves(loan: KnownLoan, price: MovedPrice) -> tuple[PriceMove, ...]:
    return price_moves(loan.timeline_from_signing(price.tranche_id), loan.facility.terms.ratchet, price)


def _causes(moves: Sequence[PriceMove]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(move.determination_id for move in moves if move.determination_id is not None))
