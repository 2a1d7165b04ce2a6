"""Where a contract ends, and the days its principal is repaid on.

Owns the end of each contract type, stated or computed from the instalments. Plans no event.
"""

from __future__ import annotations

from fractions import Fraction

from finance.loans.actus.cases import ActusCase
from finance.loans.actus.conventions import part_of_year
from finance.loans.actus.cycles import MAX_INSTANTS, Cycle, cyclic, nth, plus
from finance.loans.actus.instants import Instant
from finance.loans.actus.terms import ActusTerms, ContractType
from ledger.core.errors import Invalid

_LAST_YEAR = 2299
"""A contract may end a century after the last stated date, not at the end of the calendar."""


def end_of(case: ActusCase, called: Instant | None) -> Instant:
    """Return the instant at which nothing more is owed by the terms; ``called`` is when a call money was called.

    A stated maturity decides, then an annuity's amortization date, then the instalments; a call money without maturity
    ends its notice after the call, and uncalled at the case's horizon.
    """
    terms = case.terms
    stated = terms.maturity_date or terms.amortization_date
    if terms.contract_type is ContractType.CALL_MONEY:
        end = _end_of_call_money(case, called)
    else:
        end = stated if stated is not None else _computed_end(terms)
    if end.day.year > _LAST_YEAR:
        raise Invalid(
            "actus.schedule_length", f"the contract ends after the year {_LAST_YEAR}; expected an earlier end"
        )
    return end


def redemption_instants(terms: ActusTerms, end: Instant) -> tuple[Instant, ...]:
    """Return the instants of instalments from the first one to ``end``, which is included."""
    return cyclic(_first_redemption(terms), terms.redemption_cycle, end, keeps_month_end=terms.keeps_month_end)


def _end_of_call_money(case: ActusCase, called: Instant | None) -> Instant:
    terms = case.terms
    if terms.maturity_date is not None:
        return terms.maturity_date
    if called is not None:
        return called if terms.notice is None else plus(called, terms.notice)
    if case.horizon is None or case.horizon <= terms.initial_exchange_date:
        raise Invalid(
            "actus.term_missing",
            "to: expected a time after initialExchangeDate, because the CLM has neither maturityDate nor an observed XD",
            term="to",
        )
    return case.horizon


def _computed_end(terms: ActusTerms) -> Instant:
    """Return the last instalment's instant from the number of instalments that repay the notional.

    Source: ACTUS technical specification, states of LAM and NAM: n = ceil(NT / PRNXT), for NAM and ANN with the first
    period's interest taken off PRNXT. 5,000 repaid by 500 a month from 1 February ends on 1 November.
    """
    cycle, payment = terms.redemption_cycle, terms.next_payment
    if cycle is None or payment is None:
        raise Invalid(
            "actus.term_missing",
            "maturityDate: expected a date, or cycleOfPrincipalRedemption with nextPrincipalRedemptionPayment",
            term="maturityDate",
        )
    first, place = _next_redemption(terms, cycle)
    repaid = payment
    if terms.contract_type.pays_instalments:
        following = plus(first, cycle.period)
        fraction = part_of_year(first.accrual_day, following.accrual_day, terms.day_count, maturity=None)
        repaid = payment - terms.notional * fraction * (terms.nominal_rate or Fraction(0))
    if repaid <= 0:
        raise Invalid(
            "actus.never_repaid",
            "nextPrincipalRedemptionPayment: expected more than one period's interest, or a maturityDate",
            term="nextPrincipalRedemptionPayment",
        )
    count = -(-terms.notional // repaid)
    if count > MAX_INSTANTS:
        raise Invalid(
            "actus.schedule_length",
            f"nextPrincipalRedemptionPayment: expected an amount that repays within {MAX_INSTANTS} instalments",
            term="nextPrincipalRedemptionPayment",
        )
    return _instalment(terms, cycle, place + int(count) - 1)


def _next_redemption(terms: ActusTerms, cycle: Cycle) -> tuple[Instant, int]:
    """Return the first instalment on or after the status date and how many cycles after the first one it falls."""
    place = 0
    while (found := _instalment(terms, cycle, place)) < terms.status_date:
        place += 1
        if place > MAX_INSTANTS:
            raise Invalid(
                "actus.schedule_length", "statusDate: expected a date nearer to the first instalment", term="statusDate"
            )
    return found, place


def _instalment(terms: ActusTerms, cycle: Cycle, place: int) -> Instant:
    return nth(_first_redemption(terms), cycle, place, keeps_month_end=terms.keeps_month_end)


def _first_redemption(terms: ActusTerms) -> Instant:
    if terms.redemption_anchor is not None:
        return terms.redemption_anchor
    assert terms.redemption_cycle is not None, "terms with instalments have an anchor or a cycle"
    return plus(terms.initial_exchange_date, terms.redemption_cycle.period)
