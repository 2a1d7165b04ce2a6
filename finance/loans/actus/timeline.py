"""What will happen when: the events that a contract's terms schedule, in the standard's order.

Owns event types, their order at one instant, and which day each event is printed on, accrues to and observes the market
at. Computes no amount.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from finance.loans.actus.cases import ActusCase, ObservedEvent, ObservedType
from finance.loans.actus.conventions import shifted
from finance.loans.actus.cycles import Cycle, cyclic, plus
from finance.loans.actus.instants import Instant
from finance.loans.actus.maturity import end_of, redemption_instants
from finance.loans.actus.terms import ActusTerms, ContractType, InterestBase, Mode, PenaltyType, PrepaymentEffect
from ledger.core.errors import Invalid


class EventType(StrEnum):
    """Event types in their order at one instant.

    Source: ACTUS dictionary, event types, with three places that the published vectors fix: XD stands before IP (clm09),
    PRF after RR (ann15), and MRA is our own, after IP and before RR: interest is paid at the old rate on the day the
    margin changes.
    """

    INITIAL_EXCHANGE = "IED"
    FEE_PAYMENT = "FP"
    PRINCIPAL_REDEMPTION = "PR"
    PENALTY_PAYMENT = "PY"
    PRINCIPAL_PREPAYMENT = "PP"
    EXERCISE = "XD"
    INTEREST_PAYMENT = "IP"
    INTEREST_CAPITALIZATION = "IPCI"
    CREDIT_EVENT = "CE"
    MARGIN_ADJUSTMENT = "MRA"
    RATE_RESET_FIXED = "RRF"
    RATE_RESET = "RR"
    PAYMENT_FIXING = "PRF"
    PURCHASE = "PRD"
    TERMINATION = "TD"
    SCALING = "SC"
    INTEREST_BASE_FIXING = "IPCB"
    MATURITY = "MD"
    SETTLEMENT = "STD"


ORDER = {event_type: place for place, event_type in enumerate(EventType)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One event to come: printed at ``when``, accruing to ``accrues_to``, observing the market at ``scheduled``.

    ``value`` is the margin of an MRA or the amount of a PP or PY that was observed; None where it follows from the state.
    """

    event_type: EventType
    when: Instant
    scheduled: Instant
    accrues_to: date
    value: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All events in order, the contract's end, the days instalments fall on (the end included) and interest days.

    ``instalment_days`` are accrual days up to the amortization date, which may lie after the end (a balloon).
    """

    events: tuple[Planned, ...]
    end: Instant
    instalment_days: tuple[date, ...]
    interest_instants: tuple[Instant, ...]
    starts_fixed: bool


def timeline(case: ActusCase, mode: Mode) -> Timeline:
    """Return the events of ``case`` after its status date up to its end, sorted; refuses what cannot be scheduled."""
    return _Planner(case, mode).plan()


class _Planner:
    """Builds one timeline; exists only while it does."""

    def __init__(self, case: ActusCase, mode: Mode) -> None:
        """Fix the end and the interest and instalment days that several event types share."""
        self.case, self.mode, self.terms = case, mode, case.terms
        self.call = _call_of(case)
        self.end = end_of(case, self.call.when if self.call else None)
        self.redemptions = redemption_instants(self.terms, self.end) if self.terms.contract_type.redeems else ()
        self.interest = self._interest_instants()

    def plan(self) -> Timeline:
        """Return the timeline."""
        terms = self.terms
        ending = EventType.MATURITY
        if terms.contract_type is ContractType.CALL_MONEY and terms.maturity_date is None:
            ending = EventType.SETTLEMENT
        events = [self._fixed(EventType.INITIAL_EXCHANGE, terms.initial_exchange_date)]
        events += self._interest_events()
        events += [self._cyclic(EventType.PRINCIPAL_REDEMPTION, each) for each in self.redemptions[:-1]]
        events += self._rate_events()
        events += self._other_cyclic_events()
        events += self._observed_events()
        events += self._trades()
        if ending is EventType.MATURITY or self.call:
            events.append(self._at_end(ending))
        fixing, starts_fixed = self._first_fixing()
        events += fixing
        return Timeline(
            events=self._kept(events),
            end=self.end,
            instalment_days=self._instalment_days(),
            interest_instants=self.interest,
            starts_fixed=starts_fixed,
        )

    def _kept(self, events: Iterable[Planned]) -> tuple[Planned, ...]:
        """Return the events after the status date, not after the end or a sale, in order and each once."""
        ordered = sorted({*events}, key=lambda event: (event.when, ORDER[event.event_type], event.scheduled))
        last = self._at_end(EventType.SETTLEMENT).when
        kept = []
        for event in ordered:
            if event.when > self.terms.status_date and event.when <= last:
                kept.append(event)
            if event.event_type is EventType.TERMINATION:
                break
        return tuple(kept)

    # --- one event of each kind -------------------------------------------------------------------------------------

    def _cyclic(self, event_type: EventType, scheduled: Instant) -> Planned:
        """Return an event of a cycle: its day moves by the business day convention, never past the end."""
        terms = self.terms
        moved = shifted(scheduled, terms.shift, terms.calendar)
        accrues = moved if terms.shift.calculates_on_shifted_day else scheduled
        return Planned(
            event_type=event_type,
            when=min(moved, self._end_when()),
            scheduled=scheduled,
            accrues_to=accrues.accrual_day,
        )

    def _fixed(self, event_type: EventType, when: Instant, value: Fraction | None = None) -> Planned:
        """Return an event on a stated day, which is printed unmoved."""
        return Planned(
            event_type=event_type,
            when=when,
            scheduled=when,
            accrues_to=fixed_accrual_day(self.terms, when, self.mode),
            value=value,
        )

    def _at_end(self, event_type: EventType) -> Planned:
        if self._end_stays():
            return self._fixed(event_type, self.end)
        terms = self.terms
        moved = shifted(self.end, terms.shift, terms.calendar)
        accrues = moved if terms.shift.calculates_on_shifted_day else self.end
        return Planned(event_type=event_type, when=moved, scheduled=self.end, accrues_to=accrues.accrual_day)

    def _end_stays(self) -> bool:
        """Return whether the end is printed unmoved: the vectors leave a CLM's where it is (clm10) and move an ANN's (ann28)."""
        return self.terms.contract_type is ContractType.CALL_MONEY and self.mode is Mode.LITERAL

    def _end_when(self) -> Instant:
        return self.end if self._end_stays() else shifted(self.end, self.terms.shift, self.terms.calendar)

    def _schedule(self, anchor: Instant | None, cycle: Cycle | None) -> tuple[Instant, ...]:
        """Return the instants of a cycle before the end and the end itself; without an anchor it is one cycle after the start."""
        if anchor is None and cycle is None:
            return ()
        start = anchor if anchor is not None or cycle is None else plus(self.terms.initial_exchange_date, cycle.period)
        assert start is not None, "an anchor or a cycle was given"
        return cyclic(start, cycle, self.end, keeps_month_end=self.terms.keeps_month_end)

    # --- the kinds --------------------------------------------------------------------------------------------------

    def _interest_instants(self) -> tuple[Instant, ...]:
        """Return the instants interest is paid or capitalized at, the end included; none without a nominal rate."""
        terms = self.terms
        if terms.nominal_rate is None:
            return ()
        anchor = terms.interest_anchor
        if anchor is None and terms.contract_type is ContractType.CALL_MONEY and self.mode is Mode.LITERAL:
            anchor = terms.initial_exchange_date if terms.interest_cycle else None
        found = {*self._schedule(anchor, terms.interest_cycle), self.end}
        if terms.contract_type.pays_instalments:
            found |= {*self.redemptions}
        return tuple(sorted(each for each in found if each >= terms.initial_exchange_date))

    def _interest_events(self) -> list[Planned]:
        terms = self.terms
        if terms.nominal_rate is None:
            return []
        is_call_money = terms.contract_type is ContractType.CALL_MONEY
        paid_from = self.end if is_call_money else terms.capitalization_end
        within = self.interest[:-1]
        if is_call_money and self.call is not None and self.mode is Mode.LITERAL:
            within = tuple(each for each in within if each < self.call.when)
        events = []
        for each in within:
            is_capitalized = paid_from is not None and each <= paid_from
            kind = EventType.INTEREST_CAPITALIZATION if is_capitalized else EventType.INTEREST_PAYMENT
            events.append(self._cyclic(kind, each))
        if terms.capitalization_end is not None and terms.capitalization_end < self.end:
            events.append(self._cyclic(EventType.INTEREST_CAPITALIZATION, terms.capitalization_end))
        if not is_call_money or terms.maturity_date is not None or self.call:
            events.append(self._at_end(EventType.INTEREST_PAYMENT))
        return events

    def _rate_events(self) -> list[Planned]:
        terms = self.terms
        resets = [each for each in self._schedule(terms.reset_anchor, terms.reset_cycle) if each < self._last_reset()]
        resets = [each for each in resets if each > terms.status_date and each >= terms.initial_exchange_date]
        events = []
        if terms.next_reset_rate is not None and resets:
            events.append(self._cyclic(EventType.RATE_RESET_FIXED, resets.pop(0)))
        if resets and not terms.reset_market_object:
            raise Invalid(
                "actus.term_missing",
                "marketObjectCodeOfRateReset: expected a value, because the rate is reset",
                term="marketObjectCodeOfRateReset",
            )
        events += [self._cyclic(EventType.RATE_RESET, each) for each in resets]
        for step in terms.margin_steps:
            if terms.initial_exchange_date <= step.when < self.end:
                events.append(self._fixed(EventType.MARGIN_ADJUSTMENT, step.when, step.spread))
        if terms.contract_type is ContractType.ANNUITY:
            events += [replace(event, event_type=EventType.PAYMENT_FIXING, value=None) for event in events]
        return events

    def _last_reset(self) -> Instant:
        called = self.call.when if self.call and self.mode is Mode.LITERAL else self.end
        return min(called, self.end)

    def _other_cyclic_events(self) -> list[Planned]:
        terms = self.terms
        events: list[Planned] = []
        if terms.fee_rate:
            fees = self._schedule(terms.fee_anchor, terms.fee_cycle)
            events += [self._cyclic(EventType.FEE_PAYMENT, each) for each in fees if each < self.end]
            events.append(self._at_end(EventType.FEE_PAYMENT))
        if terms.scales_interest or terms.scales_notional:
            scalings = self._schedule(terms.scaling_anchor, terms.scaling_cycle)
            events += [self._cyclic(EventType.SCALING, each) for each in scalings if each < self.end]
        if terms.interest_base is InterestBase.NOTIONAL_LAGGED:
            bases = self._schedule(terms.interest_base_anchor, terms.interest_base_cycle)
            events += [self._cyclic(EventType.INTEREST_BASE_FIXING, each) for each in bases if each < self.end]
        for each in self._schedule(terms.prepayment_anchor, terms.prepayment_cycle):
            if each < self.end and terms.prepayment_effect is not PrepaymentEffect.NONE:
                events += self._prepayments(self._cyclic(EventType.PRINCIPAL_PREPAYMENT, each))
        return [event for event in events if event.when >= terms.initial_exchange_date]

    def _observed_events(self) -> list[Planned]:
        events: list[Planned] = []
        for each in self.case.observed:
            if each.when >= self.end and each.event_type is not ObservedType.CALL:
                continue
            if each.event_type is ObservedType.PREPAYMENT:
                if self.terms.prepayment_effect is PrepaymentEffect.NONE:
                    raise Invalid(
                        "actus.term_value",
                        "prepaymentEffect: expected A or M, because eventsObserved holds a prepayment (PP)",
                        term="prepaymentEffect",
                    )
                events += self._prepayments(self._fixed(EventType.PRINCIPAL_PREPAYMENT, each.when, each.value))
            elif each.event_type is ObservedType.CREDIT_EVENT:
                events.append(self._fixed(EventType.CREDIT_EVENT, each.when))
        if self.call:
            events.append(self._fixed(EventType.EXERCISE, self.call.when))
        return events

    def _prepayments(self, prepayment: Planned) -> list[Planned]:
        """Return a prepayment with its penalty and, where it lowers an annuity's payment, the fixing after interest is paid."""
        terms = self.terms
        events = [prepayment]
        if terms.penalty_type is not PenaltyType.NONE:
            events.append(replace(prepayment, event_type=EventType.PENALTY_PAYMENT))
        lowers = terms.prepayment_effect is PrepaymentEffect.LOWER_INSTALMENT
        if lowers and terms.contract_type is ContractType.ANNUITY:
            events.append(replace(prepayment, event_type=EventType.PAYMENT_FIXING, value=None))
        return events

    def _trades(self) -> list[Planned]:
        trades = (
            (EventType.PURCHASE, self.terms.purchase_date),
            (EventType.TERMINATION, self.terms.termination_date),
        )
        return [self._fixed(kind, day) for kind, day in trades if day is not None]

    def _first_fixing(self) -> tuple[list[Planned], bool]:
        """Return the fixing of an annuity's first payment, one day before it, and whether it must be fixed at the start."""
        terms = self.terms
        if terms.contract_type is not ContractType.ANNUITY or terms.next_payment is not None:
            return [], False
        first = self.redemptions[0]
        eve = Instant(first.day - timedelta(days=1), first.second)
        if eve < terms.initial_exchange_date or eve <= terms.status_date:
            return [], True
        return [self._fixed(EventType.PAYMENT_FIXING, eve)], False

    def _instalment_days(self) -> tuple[date, ...]:
        terms = self.terms
        if not terms.contract_type.redeems:
            return ()
        until = terms.amortization_date or self.end
        grid = redemption_instants(terms, until)
        days = [self._cyclic_day(each) for each in grid if each > terms.status_date]
        return tuple(dict.fromkeys(days))

    def _cyclic_day(self, scheduled: Instant) -> date:
        terms = self.terms
        if terms.shift.calculates_on_shifted_day:
            return shifted(scheduled, terms.shift, terms.calendar).accrual_day
        return scheduled.accrual_day


def fixed_accrual_day(terms: ActusTerms, when: Instant, mode: Mode) -> date:
    """Return the day a stated (not cyclic) event accrues to.

    Literal: the vectors move it with the S.. conventions although the printed date stays (clm10); economic: it stays.
    """
    if mode is Mode.LITERAL and terms.shift.calculates_on_shifted_day:
        return shifted(when, terms.shift, terms.calendar).accrual_day
    return when.accrual_day


def _call_of(case: ActusCase) -> ObservedEvent | None:
    """Return the first call of a call money, None if there is none after the status date."""
    calls = sorted((each for each in case.observed if each.event_type is ObservedType.CALL), key=lambda each: each.when)
    if not calls:
        return None
    if case.terms.contract_type is not ContractType.CALL_MONEY:
        raise Invalid(
            "actus.observed_type",
            "eventsObserved: XD is supported for CLM only",
            term="eventsObserved",
            supported="PP, CE",
        )
    live = [each for each in calls if each.when > max(case.terms.status_date, case.terms.initial_exchange_date)]
    return live[0] if live else None
