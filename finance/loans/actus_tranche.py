"""A tranche in the words of ACTUS: its contract terms where PAM, LAM or ANN can say them, and its events in any case.

Owns what of our terms the standard's names carry; what they cannot is refused by name, never left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from finance.conventions.exact_text import decimal_text, fraction_text
from finance.conventions.rates import basis_points
from finance.loans.actus.export import ActusLoan, FloatingRate, Instalments, contract_terms
from finance.loans.actus.terms import ContractType, Role
from finance.loans.base_rates import FixedRate, IndexRate, RepricingKind
from finance.loans.flow_events import flow_events
from finance.loans.flows import FlowSchedule
from finance.loans.interest_periods import PeriodCycle, SettlementRule, StubRule
from finance.loans.price_timeline import PriceInterval
from finance.loans.repayment import Annuity, Bullet, EqualPrincipal
from finance.loans.tranche import Drawdown
from finance.loans.tranche_terms import TrancheTerms
from ledger.core.amounts import currency_scale, format_units
from ledger.core.errors import Invalid

_YEAR = 12


def tranche_contract(
    tranche: TrancheTerms,
    *,
    contract_id: str,
    drawn: Sequence[Drawdown],
    timeline: Sequence[PriceInterval],
    schedule: FlowSchedule,
) -> Mapping[str, object]:
    """Return the tranche's ACTUS terms as the borrower's liability, margin adjustments as known among them.

    Refused with ``actus.export``, naming the field: several drawdowns, repayment by a list, periods that are no whole cycle, a rate
    compounded in arrears or fixed on other days than a cycle's. A bullet of 200,000,000 at 3.45 % is a PAM with
    ``nominalInterestRate`` ``0.0345``.
    """
    if len(drawn) != 1:
        raise _refused("drawdowns", "one drawdown; several are several contracts")
    start = drawn[0].on
    anchor, months, has_long_stub = _cycle(tranche, start)
    clause = tranche.base_rate
    first = schedule.interest[0].segments[0]
    margin = Fraction(0) if isinstance(clause, FixedRate) else basis_points(clause.spread_bp)
    contract_type, instalments = _repayment(tranche, drawn[0].amount_minor)
    steps = tuple(
        (interval.start, margin + basis_points(interval.adjustment_bp))
        for interval in timeline
        if interval.start > start
    )
    return contract_terms(
        ActusLoan(
            contract_type=contract_type,
            contract_id=contract_id,
            role=Role.LIABILITY,
            currency=tranche.currency,
            status_date=start,
            initial_exchange_date=start,
            maturity_date=tranche.maturity_date,
            principal_units=drawn[0].amount_minor,
            rate=first.rate,
            day_count=tranche.day_count,
            interest_anchor=anchor,
            interest_months=months,
            has_long_interest_stub=has_long_stub,
            margin=margin + basis_points(first.adjustment_bp),
            margin_steps=steps,
            instalments=instalments,
            floating=_floating(tranche, start, anchor, months),
        )
    )


def tranche_events(tranche: TrancheTerms, schedule: FlowSchedule) -> tuple[Mapping[str, str | None], ...]:
    """Return the schedule's events in ACTUS order, as texts: date, type, payoff to the borrower, notional and rate after it.

    ``payoff`` is signed as the borrower receives it: a drawdown is positive, interest negative.
    """
    scale = currency_scale(tranche.currency)
    return tuple(
        {
            "eventDate": event.on.isoformat(),
            "paymentDate": None if event.payment_date is None else event.payment_date.isoformat(),
            "eventType": event.kind.value,
            "payoff": format_units(-event.amount_minor, scale),
            "currency": tranche.currency,
            "notionalPrincipal": format_units(event.balance_minor, scale),
            "nominalInterestRate": decimal_text(event.rate),
            "nominalInterestRateExact": fraction_text(event.rate),
        }
        for event in flow_events(schedule, clause=tranche.base_rate)
    )


def _cycle(tranche: TrancheTerms, start: date) -> tuple[date, int, bool]:
    """Return the first interest day, the months between two, and whether the last period is a long one."""
    rule = tranche.periods
    if tranche.is_accrual_adjusted:
        raise _refused("is_accrual_adjusted", "false; the days of interest would depend on a calendar of ours")
    match rule:
        case SettlementRule(months=months):
            step = _YEAR // len(months)
            if _YEAR % len(months) or [month - months[0] for month in months] != [step * n for n in range(len(months))]:
                raise _refused("periods", "settlement months that lie a whole cycle apart")
            days = rule.days_between(start, tranche.maturity_date)
            return (days[0] if days else tranche.maturity_date), step, False
        case PeriodCycle():
            days = rule.days_between(start, tranche.maturity_date)
            first = days[0] if days else tranche.maturity_date
            return first, rule.months, rule.stub is StubRule.LONG_BACK


def _repayment(tranche: TrancheTerms, principal_minor: int) -> tuple[ContractType, Instalments | None]:
    clause = tranche.repayment
    match clause:
        case Bullet():
            return ContractType.PRINCIPAL_AT_MATURITY, None
        case EqualPrincipal(first_on=first_on, every_months=months, count=count) if count is not None:
            if principal_minor % count:
                raise _refused("repayment", "parts that divide the principal; ACTUS repeats one amount")
            instalments = Instalments(anchor=first_on, months=months, payment_units=principal_minor // count)
            return ContractType.LINEAR_AMORTIZER, instalments
        case Annuity(first_on=first_on, every_months=months, instalment_minor=instalment):
            return ContractType.ANNUITY, Instalments(anchor=first_on, months=months, payment_units=instalment)
        case _:
            raise _refused("repayment", "bullet, annuity, or equal_principal with its count")


def _floating(tranche: TrancheTerms, start: date, anchor: date, months: int) -> FloatingRate | None:
    clause = tranche.base_rate
    if isinstance(clause, FixedRate):
        return None
    if not isinstance(clause, IndexRate):
        raise _refused("base_rate", "a rate known in advance; one compounded in arrears has no contract type here")
    match clause.repricing.kind:
        case RepricingKind.EACH_INTEREST_PERIOD:
            first, cycle = anchor, months
        case RepricingKind.ANNIVERSARY:
            first, cycle = start.replace(year=start.year + 1, day=min(start.day, 28)), _YEAR
            if first.day != start.day:
                raise _refused("repricing", "an anniversary that every year has")
        case RepricingKind.NEVER:
            return None
        case _:
            raise _refused("repricing", "each_interest_period, anniversary or never")
    return FloatingRate(
        index=clause.index,
        anchor=first,
        months=cycle,
        multiplier=clause.multiplier,
        life_floor=clause.rate_floor,
        life_cap=clause.rate_cap,
    )


def _refused(field: str, expected: str) -> Invalid:
    return Invalid("actus.export", f"{field}: expected {expected}", field=field)
