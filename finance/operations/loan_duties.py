"""What a stored loan obliges its parties to: facts read, put into the pure rule, and each payment's amount beside it.

Reads only. A loan whose terms cannot be dated (an unknown zone) or whose payments cannot be computed yet says so by code and stands
in nobody's way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.calendars import calendar_of
from finance.kpi.periods import KpiPeriodState
from finance.loans.balance import PrincipalKind
from finance.loans.evidence_rules import AttestationStanding
from finance.loans.label import LabelState
from finance.loans.obligations import (
    DatedFact,
    Debtor,
    DecisionFact,
    Duty,
    FallFact,
    LoanFacts,
    Obligation,
    PeriodFact,
    obligations,
)
from finance.operations.labels import KnownLabel, known_label
from finance.operations.loan_view import KnownLoan, known_loan
from finance.operations.reporting_days import opened_zone
from finance.store import attestations, determinations, kpi_periods, loan_facts, reference
from finance.store.attestations import AttestationRecord, EngagementRecord
from finance.store.determinations import Determination
from finance.store.facilities import Facility
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import DomainError

_ASSESSED = frozenset((Duty.REPORT, Duty.ATTESTATION, Duty.YEARLY_REPORT, Duty.YEARLY_ATTESTATION))
_SOURCE = "attestation "
"""How a finding names the statement behind an earlier year's value."""
_FLOWS: Mapping[PrincipalKind, Duty] = {
    PrincipalKind.INITIAL_EXCHANGE: Duty.DRAWDOWN,
    PrincipalKind.DRAWDOWN: Duty.DRAWDOWN,
    PrincipalKind.REDEMPTION: Duty.REPAYMENT,
    PrincipalKind.PREPAYMENT: Duty.REPAYMENT,
    PrincipalKind.MATURITY: Duty.MATURITY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAmount:
    """What is paid, in minor units; ``is_projected`` where it rests on an assumed fixing."""

    minor: int
    currency: str
    is_projected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanDuties:
    """A loan's duties, the amounts by obligation id, and the codes of what could not be said."""

    facility: Facility
    duties: tuple[Obligation, ...]
    amounts: Mapping[str, DueAmount]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanState:
    """A loan with everything that a bank's desk looks at, each read once; ``standing`` are accepted attestations by period."""

    facility: Facility
    loan: KnownLoan
    label: KnownLabel
    periods: tuple[KpiPeriod, ...]
    facts: tuple[PeriodFact, ...]
    standing: Mapping[UUID, tuple[AttestationRecord, ...]]
    determinations: tuple[Determination, ...]


def load_state(session: Session, facility: Facility, *, now: datetime) -> LoanState:
    """Return the loan as known now."""
    periods = kpi_periods.list_periods(session, facility.facility_id)
    standing = {
        period.kpi_period_id: tuple(
            each
            for each in attestations.list_attestations(session, period.kpi_period_id)
            if each.code is None and each.state.carries_a_rate and each.statement is not None
        )
        for period in periods
    }
    return LoanState(
        facility=facility,
        loan=known_loan(session, facility.facility_id, known_at=now),
        label=known_label(session, facility.facility_id, known_at=now),
        periods=periods,
        facts=tuple(_period_fact(session, each, standing[each.kpi_period_id]) for each in periods),
        standing=standing,
        determinations=determinations.list_determinations(session, facility.facility_id),
    )


def duties_of(session: Session, state: LoanState, *, now: datetime) -> LoanDuties:
    """Return every duty of borrower, lenders and assessor; none before the terms count."""
    facility, terms = state.facility, state.loan.facility.terms
    if not state.loan.is_agreed:
        return LoanDuties(facility=facility, duties=(), amounts={}, unknown=("terms.not_agreed",))
    amounts: dict[str, DueAmount] = {}
    unknown: list[str] = []
    dated = [*_label_days(state)]
    for tranche_id, drawn in state.loan.drawn.items():
        try:
            dated += _payments(session, state, tranche_id, amounts) if drawn else ()
        except DomainError as refusal:  # a fixing or a calendar that is not there yet; the other duties stand
            unknown.append(refusal.code)
    facts = LoanFacts(
        periods=state.facts,
        decisions=tuple(map(_decision_fact, state.determinations)),
        falls=tuple(
            FallFact(attestation_id=str(each.attestation_id), fell_at=each.recorded_at)
            for each in attestations.list_falls(session, facility.facility_id)
        ),
        dated=tuple(dated),
    )
    try:
        found = obligations(
            terms,
            facts,
            zone=opened_zone(terms.reporting),
            calendar=calendar_of(reference.shipped_calendars(), terms.tranches[0].calendar_market),
            now=now,
        )
    except DomainError as refusal:
        return LoanDuties(facility=facility, duties=(), amounts={}, unknown=(*unknown, refusal.code))
    return LoanDuties(facility=facility, duties=found, amounts=amounts, unknown=tuple(unknown))


def assessed_duties(
    session: Session, state: LoanState, engagements: Iterable[EngagementRecord], *, now: datetime
) -> LoanDuties:
    """Return only the dates of these engagements: their periods' reports and attestations, and when each mandate ends."""
    mine = tuple(engagements)
    whole = duties_of(session, state, now=now)
    ids = {("kpi_period_id", str(each.kpi_period_id)) for each in mine}
    dates = [each for each in whole.duties if each.duty in _ASSESSED and ids & set(each.related)]
    if whole.duties:
        dates += _mandate_ends(state, mine, now)
    return LoanDuties(
        facility=state.facility,
        duties=tuple(sorted(dates, key=lambda each: (each.due_on, each.obligation_id))),
        amounts={},
        unknown=(),
    )


def _mandate_ends(state: LoanState, mine: Iterable[EngagementRecord], now: datetime) -> Iterator[Obligation]:
    terms = state.loan.facility.terms
    zone = opened_zone(terms.reporting)
    ends = tuple(
        DatedFact(
            duty=Duty.MANDATE_END,
            debtor=Debtor.ASSESSOR,
            subject=str(each.engagement_id),
            key="mandate",
            due_on=each.valid_to.astimezone(zone).date(),
            done_on=None,
            is_done=None,
            related=(("kpi_period_id", str(each.kpi_period_id)),),
        )
        for each in mine
        if each.valid_to is not None
    )
    yield from obligations(
        replace(terms, kpis=(), ratchet=None),
        LoanFacts(periods=(), decisions=(), falls=(), dated=ends),
        zone=zone,
        calendar=calendar_of(reference.shipped_calendars(), terms.tranches[0].calendar_market),
        now=now,
    )


def _period_fact(session: Session, period: KpiPeriod, standing: tuple[AttestationRecord, ...]) -> PeriodFact:
    events = kpi_periods.load_events(session, period.kpi_period_id)
    first = next((each for each in events if each.state is KpiPeriodState.REPORTED), None)
    reported = None if first is None else kpi_periods.load_reported(session, period.kpi_period_id)
    fitting = [
        each
        for each in standing
        if reported is not None and each.statement and each.statement["snapshot_sha256"] == reported.sha256
    ]
    return PeriodFact(
        kpi_period_id=str(period.kpi_period_id),
        kpi_id=period.kpi_id,
        period_start=period.period_start,
        period_end=period.period_end,
        reported_at=None if first is None else first.recorded_at,
        attested_at=fitting[0].received_at if fitting else None,
        attestation_id=str(fitting[0].attestation_id) if fitting else None,
        is_waived=period.state is KpiPeriodState.WAIVED,
    )


def _decision_fact(determination: Determination) -> DecisionFact:
    decision = determination.decision
    ids: set[str] = set()
    for finding in determination.proposal.findings:
        fact = finding.attestation
        if fact is not None and fact.standing is AttestationStanding.ACCEPTED:  # a fallen one carries no price
            ids.add(fact.attestation_id)
        if finding.baseline is not None:
            ids.add(finding.baseline.attestation_id)
        ids |= {year.source.removeprefix(_SOURCE) for year in finding.beside.years}
    return DecisionFact(
        determination_id=str(determination.determination_id),
        period_start=determination.proposal.period_start,
        approved_at=decision.decided_at if decision is not None and decision.is_approved else None,
        attestation_ids=frozenset(ids),
    )


def _payments(
    session: Session, state: LoanState, tranche_id: str, amounts: dict[str, DueAmount]
) -> tuple[DatedFact, ...]:
    """Return the tranche's payment days; whether one was made is told by the borrower's book where the loan is kept in it."""
    schedule = state.loan.schedule(tranche_id)
    booked = loan_facts.load_booked(session, state.facility.facility_id, tranche_id)
    found = []
    for due in schedule.interest:
        start = due.period.start
        fact = DatedFact(
            duty=Duty.INTEREST,
            debtor=Debtor.BORROWER,
            subject=tranche_id,
            key=start.isoformat(),
            due_on=due.period.payment_date or due.period.end,
            done_on=None,
            is_done=start in booked if booked else None,
            is_provisional=due.period.payment_date is None,
        )
        amounts[_name(fact)] = DueAmount(
            minor=due.payment_minor, currency=schedule.currency, is_projected=due.is_projected
        )
        found.append(fact)
    for number, flow in enumerate(schedule.principal, start=1):
        fact = DatedFact(
            duty=_FLOWS[flow.kind],
            debtor=Debtor.LENDERS if flow.amount_minor < 0 else Debtor.BORROWER,
            subject=tranche_id,
            key=f"{flow.on.isoformat()}.{flow.kind}.{number}",
            due_on=flow.payment_date or flow.on,
            done_on=None,
            is_done=None,
            is_provisional=flow.payment_date is None,
        )
        amounts[_name(fact)] = DueAmount(minor=abs(flow.amount_minor), currency=schedule.currency, is_projected=False)
        found.append(fact)
    return tuple(found)


def _label_days(state: LoanState) -> Iterator[DatedFact]:
    """Give the label's timers: sleeping, talks, breaches to be cured."""
    sleeping = [each for each in state.label.label.intervals if each.state is LabelState.SLEEPING]
    if sleeping and state.loan.facility.terms.label.is_sleeping:
        yield DatedFact(
            duty=Duty.SLEEPING_END,
            debtor=Debtor.BOTH,
            subject="label",
            key=f"version-{sleeping[-1].terms_version}",
            due_on=sleeping[-1].end - timedelta(days=1),
            done_on=None,
            is_done=False,
        )
    for event in state.label.amendments:
        yield DatedFact(
            duty=Duty.TALKS_END,
            debtor=Debtor.BOTH,
            subject=event.event_id,
            key="talks",
            due_on=event.talks_end_on,
            done_on=event.agreed_on,
            is_done=event.agreed_on is not None,
        )
    for breach in state.label.breaches:
        yield DatedFact(
            duty=Duty.BREACH_CURE,
            debtor=Debtor.BORROWER,
            subject=breach.breach_id,
            key="cure",
            due_on=breach.cure_by,
            done_on=breach.cured_on,
            is_done=breach.cured_on is not None,
        )


def _name(fact: DatedFact) -> str:
    return f"{fact.duty}.{fact.subject}.{fact.key}"
