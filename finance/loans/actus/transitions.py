"""What each event does: the cash it moves and the numbers it leaves.

Owns the payoff and state transition functions of the five contract types. Every function gets the state already
accrued to the event's day. Schedules nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from finance.loans.actus.annuity import level_payment
from finance.loans.actus.cases import ActusCase
from finance.loans.actus.conventions import part_of_year
from finance.loans.actus.state import State, bounded
from finance.loans.actus.terms import (
    ActusTerms,
    ContractType,
    FeeBasis,
    InterestBase,
    Mode,
    PenaltyType,
    PrepaymentEffect,
)
from finance.loans.actus.timeline import EventType, Planned, Timeline

_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every event of one evaluation can look up; ``maturity`` is the day the contract ends."""

    case: ActusCase
    mode: Mode
    timeline: Timeline
    maturity: date

    @property
    def terms(self) -> ActusTerms:
        """Return the contract's terms."""
        return self.case.terms

    @property
    def base_follows(self) -> bool:
        """Return whether interest is charged on the notional as it moves.

        Literal: the vectors treat a base fixed at the start (NTIED) as moving (lam18); economic: it stays fixed.
        """
        base = self.terms.interest_base
        return base is InterestBase.NOTIONAL or (base is InterestBase.NOTIONAL_AT_START and self.mode is Mode.LITERAL)


Outcome = tuple[Fraction, State]


def apply(event: Planned, state: State, setting: Setting) -> Outcome:
    """Return the event's payoff (positive: received by the contract's creator) and the state after it."""
    before = state.accrue(event.accrues_to, setting.terms, maturity=setting.maturity)
    return _FUNCTIONS[event.event_type](event, state, before, setting)


def started(state: State, setting: Setting) -> State:
    """Return the state with the notional handed over and interest running, whatever was accrued before left to the caller."""
    terms = setting.terms
    notional = terms.role.sign * terms.notional
    base = notional
    if terms.interest_base is not InterestBase.NOTIONAL and terms.interest_base_amount is not None:
        base = terms.role.sign * terms.interest_base_amount
    rate = terms.nominal_rate or _NOTHING
    return replace(
        state,
        notional=notional,
        rate=rate,
        interest_base=base,
        index_rate=rate - terms.rate_spread,
        spread=terms.rate_spread,
        notional_scale=terms.notional_multiplier,
        interest_scale=terms.interest_multiplier,
        fee_accrued=terms.role.sign * terms.fee_accrued,
        payment=terms.next_payment,
    )


def first_payment(state: State, setting: Setting) -> State:
    """Return the state with the first instalment set where the terms leave it to be computed.

    LAM: the notional over the instalments to come (ACTUS technical specification, state Npr; 5,000 over ten is 500).
    ANN: the level payment, if its fixing does not come as an event of its own.
    """
    kind = setting.terms.contract_type
    if state.payment is not None or not kind.redeems:
        return state
    if kind is ContractType.LINEAR_AMORTIZER:
        return replace(state, payment=abs(state.notional) / max(len(setting.timeline.instalment_days), 1))
    return _refixed(state, setting, includes_today=True) if setting.timeline.starts_fixed else state


def _initial_exchange(event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    terms = setting.terms
    payoff = -terms.role.sign * (terms.notional + terms.premium_discount)
    after = started(replace(before, accrued_to=event.accrues_to, accrued=_NOTHING), setting)
    if terms.accrued_interest is not None:
        after = replace(after, accrued=terms.role.sign * terms.accrued_interest)
    elif setting.mode is Mode.LITERAL and terms.interest_anchor is not None:
        # Interest since an anchor before the exchange is owed with the first payment; economic: nothing accrues on nothing.
        fraction = part_of_year(
            terms.interest_anchor.accrual_day, event.accrues_to, terms.day_count, maturity=setting.maturity
        )
        after = replace(after, accrued=fraction * after.rate * after.notional)
    return payoff, first_payment(after, setting)


def _redemption(_event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    """Repay the instalment, less interest where it is included, and never more than is owed."""
    sign = setting.terms.role.sign
    repaid = before.payment if before.payment is not None else _NOTHING
    if setting.terms.contract_type.pays_instalments:
        repaid -= sign * before.accrued
    repaid = min(repaid, abs(before.notional))
    after = before.with_notional(before.notional - sign * repaid, follows=setting.base_follows)
    return bounded(sign * before.notional_scale * repaid), after


def _interest(_event: Planned, _state: State, before: State, _setting: Setting) -> Outcome:
    payoff = before.interest_scale * (before.accrued + before.held_interest)
    return bounded(payoff), replace(before, accrued=_NOTHING, held_interest=_NOTHING)


def _capitalization(_event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    follows = setting.base_follows
    after = before.with_notional(before.notional + before.accrued, follows=follows)
    return _NOTHING, replace(after, accrued=_NOTHING)


def _fee(_event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    terms = setting.terms
    if terms.fee_basis is FeeBasis.ABSOLUTE:
        return terms.role.sign * terms.fee_rate, before
    return before.fee_accrued, replace(before, fee_accrued=_NOTHING)


def _prepayment(event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    sign = setting.terms.role.sign
    repaid = _prepaid(event, before, setting)
    after = before.with_notional(before.notional - sign * repaid, follows=setting.base_follows)
    if setting.terms.prepayment_effect is PrepaymentEffect.LOWER_INSTALMENT:
        after = _lower_instalment(event, after, setting)
    return sign * repaid, after


def _prepaid(event: Planned, before: State, setting: Setting) -> Fraction:
    """Return the amount repaid early, without sign: as observed, or the observed share of the notional; at most all of it."""
    if event.value is not None:
        return min(event.value, abs(before.notional))
    share = setting.case.observe(setting.terms.prepayment_market_object, event.scheduled)
    return max(_NOTHING, min(share, Fraction(1))) * abs(before.notional)


def _lower_instalment(event: Planned, after: State, setting: Setting) -> State:
    """Return the state with a linear loan's instalment over what is left; an annuity's is fixed by an event of its own."""
    if setting.terms.contract_type is not ContractType.LINEAR_AMORTIZER:
        return after
    left = [day for day in setting.timeline.instalment_days if day > event.accrues_to]
    return replace(after, payment=abs(after.notional) / max(len(left), 1))


def _penalty(event: Planned, state: State, before: State, setting: Setting) -> Outcome:
    """Charge the early repayment.

    Literal (ACTUS technical specification, POF_PY): rates work on the notional over the time since the last event.
    Economic: the relative penalty is on the amount repaid, the rate difference on it over the rest of the life.
    """
    terms = setting.terms
    sign = terms.role.sign
    if terms.penalty_type is PenaltyType.ABSOLUTE:
        return sign * terms.penalty_rate, before
    rate = terms.penalty_rate
    if terms.penalty_type is PenaltyType.RATE_DIFFERENTIAL:
        rate = max(_NOTHING, before.rate - setting.case.observe(terms.reset_market_object, event.scheduled))
    if setting.mode is Mode.LITERAL:
        fraction = part_of_year(state.accrued_to, event.accrues_to, terms.day_count, maturity=setting.maturity)
        return bounded(sign * rate * fraction * abs(before.notional)), before
    amount = _prepaid(event, before, setting)
    if terms.penalty_type is PenaltyType.RATE_DIFFERENTIAL:
        amount *= part_of_year(event.accrues_to, setting.maturity, terms.day_count, maturity=setting.maturity)
    return bounded(sign * rate * amount), before


def _exercise(event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    """Note the call.

    Literal: with a notice to run, interest to the call is held back and no more accrues until settlement (clm07, clm08);
    economic: the loan earns interest until it is repaid.
    """
    has_notice = setting.timeline.end > event.when
    if setting.mode is Mode.LITERAL and has_notice and setting.terms.maturity_date is None:
        return _NOTHING, replace(before, held_interest=before.accrued, accrued=_NOTHING, is_called=True)
    return _NOTHING, before


def _rate_reset(event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    """Set the rate to index x multiplier + margin, within the caps and floors of the period and of the life."""
    terms = setting.terms
    index = setting.case.observe(terms.reset_market_object, event.scheduled)
    change = index * terms.rate_multiplier + before.spread - before.rate
    change = _within(change, terms.period_floor, terms.period_cap)
    return _NOTHING, _with_rate(before, before.rate + change, terms)


def _rate_reset_fixed(_event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    rate = setting.terms.next_reset_rate
    assert rate is not None, "a fixed reset is planned only with its rate"
    return _NOTHING, replace(before, rate=rate, index_rate=rate - before.spread)


def _margin_adjustment(event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    """Set the margin: the rate is the index part as last fixed plus the new margin, within the life cap and floor."""
    assert event.value is not None, "a margin adjustment is planned only with its margin"
    after = replace(before, spread=event.value)
    return _NOTHING, _with_rate(after, before.index_rate + event.value, setting.terms)


def _payment_fixing(_event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    return _NOTHING, _refixed(before, setting, includes_today=False)


def _purchase(_event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    price = setting.terms.price_at_purchase
    assert price is not None, "a purchase is planned only with its price"
    return -_settled(price, before, setting), before


def _termination(_event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    price = setting.terms.price_at_termination
    assert price is not None, "a termination is planned only with its price"
    return _settled(price, before, setting), _emptied(before)


def _settled(price: Fraction, before: State, setting: Setting) -> Fraction:
    """Return what a lender gets (a borrower pays, negative) for price and accrued interest.

    Literal: sign x (price + accrued), where accrued already carries the sign, so a liability's is taken off (nam04).
    Economic: price and accrued interest add up for both sides.
    """
    sign = setting.terms.role.sign
    if setting.mode is Mode.LITERAL:
        return sign * (price + before.accrued)
    return sign * price + before.accrued


def _scaling(event: Planned, _state: State, before: State, setting: Setting) -> Outcome:
    """Set the multipliers to index / index at the deal date (lam25: 300 over 100 trebles)."""
    terms = setting.terms
    at_deal = terms.scaling_index_at_deal
    assert at_deal is not None, "scaling is planned only with its index at the deal date"
    multiplier = setting.case.observe(terms.scaling_market_object, event.scheduled) / at_deal
    return _NOTHING, replace(
        before,
        interest_scale=multiplier if terms.scales_interest else before.interest_scale,
        notional_scale=multiplier if terms.scales_notional else before.notional_scale,
    )


def _base_fixing(_event: Planned, _state: State, before: State, _setting: Setting) -> Outcome:
    return _NOTHING, replace(before, interest_base=before.notional)


def _repayment(_event: Planned, _state: State, before: State, _setting: Setting) -> Outcome:
    return bounded(before.notional_scale * before.notional), _emptied(before)


def _no_effect(_event: Planned, _state: State, before: State, _setting: Setting) -> Outcome:
    return _NOTHING, before


def _emptied(state: State) -> State:
    return replace(state, notional=_NOTHING, accrued=_NOTHING, interest_base=_NOTHING, fee_accrued=_NOTHING)


def _with_rate(state: State, rate: Fraction, terms: ActusTerms) -> State:
    limited = _within(rate, terms.life_floor, terms.life_cap)
    return replace(state, rate=bounded(limited), index_rate=bounded(rate - state.spread))


def _within(value: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    raised = value if low is None else max(value, low)
    return raised if high is None else min(raised, high)


def _refixed(state: State, setting: Setting, *, includes_today: bool) -> State:
    """Return the state with the annuity's payment computed anew over the instalments to come."""
    sign = setting.terms.role.sign
    days = [
        day
        for day in setting.timeline.instalment_days
        if day > state.accrued_to or (includes_today and day == state.accrued_to)
    ]
    payment = level_payment(
        owed=abs(state.notional),
        accrued=sign * state.accrued,
        rate=state.rate,
        since=state.accrued_to,
        days=days,
        day_count=setting.terms.day_count,
        maturity=setting.maturity,
    )
    return state if payment is None else replace(state, payment=payment)


_FUNCTIONS: Mapping[EventType, Callable[[Planned, State, State, Setting], Outcome]] = {
    EventType.INITIAL_EXCHANGE: _initial_exchange,
    EventType.FEE_PAYMENT: _fee,
    EventType.PRINCIPAL_REDEMPTION: _redemption,
    EventType.PENALTY_PAYMENT: _penalty,
    EventType.PRINCIPAL_PREPAYMENT: _prepayment,
    EventType.EXERCISE: _exercise,
    EventType.INTEREST_PAYMENT: _interest,
    EventType.INTEREST_CAPITALIZATION: _capitalization,
    EventType.CREDIT_EVENT: _no_effect,
    EventType.MARGIN_ADJUSTMENT: _margin_adjustment,
    EventType.RATE_RESET_FIXED: _rate_reset_fixed,
    EventType.RATE_RESET: _rate_reset,
    EventType.PAYMENT_FIXING: _payment_fixing,
    EventType.PURCHASE: _purchase,
    EventType.TERMINATION: _termination,
    EventType.SCALING: _scaling,
    EventType.INTEREST_BASE_FIXING: _base_fixing,
    EventType.MATURITY: _repayment,
    EventType.SETTLEMENT: _repayment,
}
