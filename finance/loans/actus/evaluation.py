"""From a case to its events: the schedule walked in order, one payoff and one state after another.

Owns the walk, the state at the status date and which events are shown. The functions of single events are in
``transitions``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from finance.loans.actus.cases import ActusCase
from finance.loans.actus.conventions import part_of_year
from finance.loans.actus.instants import Instant
from finance.loans.actus.state import State
from finance.loans.actus.terms import ContractType, Mode
from finance.loans.actus.timeline import ORDER, EventType, Planned, Timeline, fixed_accrual_day, timeline
from finance.loans.actus.transitions import Setting, apply, first_payment, started
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class ActusEvent:
    """One event with the numbers after it; ``payoff`` is positive when the contract's creator receives."""

    when: Instant
    event_type: EventType
    payoff: Fraction
    currency: str
    notional: Fraction
    rate: Fraction
    accrued: Fraction


def evaluate(case: ActusCase, mode: Mode) -> tuple[ActusEvent, ...]:
    """Return the contract's events after its status date, in order, up to the horizon.

    Events before a purchase are walked but not shown: they move the state of what is bought. Nothing follows a sale.
    Literal lists events to the end even when nothing is owed any more; economic stops there. Refusals carry codes
    ``actus.*``. 3,000 at 10 % monthly in A365 pays 25.479452... on 1 February.
    """
    plan = timeline(case, mode)
    if case.terms.contract_type is ContractType.NEGATIVE_AMORTIZER and case.terms.next_payment is None:
        raise Invalid(
            "actus.term_missing",
            "nextPrincipalRedemptionPayment: expected an amount, because a NAM pays a stated instalment",
            term="nextPrincipalRedemptionPayment",
        )
    setting = Setting(case=case, mode=mode, timeline=plan, maturity=plan.end.accrual_day)
    state = _initial(case, mode, plan, setting)
    shown: list[ActusEvent] = []
    is_running = case.terms.has_started
    for event in plan.events:
        if mode is Mode.ECONOMIC and is_running and _is_over(event, state, shown):
            break
        payoff, state = apply(event, state, setting)
        is_running = is_running or event.event_type is EventType.INITIAL_EXCHANGE
        if _is_shown(event, case):
            shown.append(_event(event, payoff, state, case))
    return tuple(shown)


def _initial(case: ActusCase, mode: Mode, plan: Timeline, setting: Setting) -> State:
    """Return the state at the status date: nothing before the first exchange, else the terms' numbers as of that day."""
    terms = case.terms
    today = fixed_accrual_day(terms, terms.status_date, mode)
    if not terms.has_started:
        return State(accrued_to=today)
    state = started(State(accrued_to=today), setting)
    if terms.accrued_interest is not None:
        accrued = terms.role.sign * terms.accrued_interest
    else:
        since = _accrues_since(case, mode, plan)
        fraction = part_of_year(since, today, terms.day_count, maturity=setting.maturity) if since else Fraction(0)
        accrued = fraction * state.rate * state.interest_base
    return first_payment(replace(state, accrued=accrued), setting)


def _accrues_since(case: ActusCase, mode: Mode, plan: Timeline) -> date | None:
    """Return the last interest day before the status date.

    Literal: a call money, or a contract with no interest day yet, starts with nothing accrued (clm03, lam18). Economic:
    interest has run since the first exchange.
    """
    terms = case.terms
    if mode is Mode.LITERAL and terms.contract_type is ContractType.CALL_MONEY:
        return None
    passed = [each for each in plan.interest_instants if each < terms.status_date]
    if passed:
        return passed[-1].accrual_day
    return None if mode is Mode.LITERAL else terms.initial_exchange_date.accrual_day


def _is_over(event: Planned, state: State, shown: list[ActusEvent]) -> bool:
    is_later = not shown or event.when > shown[-1].when
    return is_later and state.notional == 0 and state.accrued == 0 and state.held_interest == 0


def _is_shown(event: Planned, case: ActusCase) -> bool:
    bought = case.terms.purchase_date
    if bought is not None and (event.when, ORDER[event.event_type]) < (bought, ORDER[EventType.PURCHASE]):
        return False
    # A call money that was called is shown to its settlement: the notice may end after the horizon (clm07).
    settles = case.terms.contract_type is ContractType.CALL_MONEY and case.terms.maturity_date is None
    return case.horizon is None or event.when <= case.horizon or settles


def _event(event: Planned, payoff: Fraction, state: State, case: ActusCase) -> ActusEvent:
    return ActusEvent(
        when=event.when,
        event_type=event.event_type,
        payoff=payoff,
        currency=case.terms.currency,
        notional=state.notional,
        rate=state.rate,
        accrued=state.accrued,
    )
