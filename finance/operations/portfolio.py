"""What one loan is to one lender: label, KPI path, price in force, exposure, what the next decision is worth, alerts.

Reads only. Money is exact minor units of the tranche's currency; a share of it is rounded where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.day_counts import year_fraction
from finance.conventions.rates import basis_points
from finance.kpi.targets import PerformanceTarget
from finance.loans.facility_terms import FacilityTerms, KpiTerms, PartyRole
from finance.loans.interest_periods import add_months
from finance.loans.label import LabelState
from finance.loans.obligations import Duty, DutyState, Obligation
from finance.loans.price_effects import OutcomeStatus, PricedItem
from finance.operations.bank_desk import QueueItem, QueueKind, of_duties
from finance.operations.loan_duties import LoanState, duties_of
from finance.store import kpi_periods
from ledger.core.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiPoint:
    """One test on a KPI's path: the target, what was last reported, and how the standing decision counts it."""

    kpi_id: str
    unit: str
    target: PerformanceTarget
    kpi_period_id: UUID | None
    observed: str | None
    is_attested: bool
    status: OutcomeStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheExposure:
    """What a tranche is to a lender on a day: principal outstanding and its share of it, exact minor units.

    ``adjustment_bp`` is in force that day, None outside the tranche's life. ``at_stake_bp`` is how far the clauses can move the
    margin from end to end, ``at_stake_minor`` that on the whole outstanding principal for a year from the day. The money is None
    where the payments cannot be computed yet (``unknown`` says why).
    """

    tranche_id: str
    currency: str
    adjustment_bp: Fraction | None
    outstanding_minor: int | None
    share_minor: Fraction | None
    at_stake_bp: Fraction
    at_stake_minor: Fraction | None
    unknown: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One loan of a lender's portfolio."""

    facility_id: UUID
    facility_number: str
    share: Fraction
    label: LabelState
    may_be_called_sll: bool
    path: tuple[KpiPoint, ...]
    tranches: tuple[TrancheExposure, ...]
    next_decision: Obligation | None
    alerts: tuple[QueueItem, ...]


def position_of(
    session: Session, state: LoanState, lender_id: UUID, *, as_of: date, now: datetime, today: date
) -> Position:
    """Return what the loan is to the lender on ``as_of``, as known at ``now``."""
    terms = state.loan.facility.terms
    duties = duties_of(session, state, now=now)
    open_decisions = [
        each
        for each in duties.duties
        if each.duty in {Duty.DECISION, Duty.REDETERMINATION} and each.state in {DutyState.DUE, DutyState.LATE}
    ]
    share = share_of(terms, lender_id)
    return Position(
        facility_id=state.facility.facility_id,
        facility_number=state.facility.facility_number,
        share=share,
        label=state.label.label.state_at(as_of),
        may_be_called_sll=state.label.label.may_be_called_sll(as_of),
        path=tuple(kpi_points(session, state)),
        tranches=tuple(_exposure(state, each.tranche_id, share, as_of) for each in terms.tranches),
        next_decision=open_decisions[0] if open_decisions else None,
        alerts=tuple(each for each in of_duties(duties, today) if each.kind in _ALERTS),
    )


_ALERTS = frozenset((QueueKind.REPORT_LATE, QueueKind.ATTESTATION_LATE, QueueKind.ATTESTATION_FELL))


def share_of(terms: FacilityTerms, lender_id: UUID) -> Fraction:
    """Return the lender's part of the whole by the terms in force, 0 for whoever is no lender in them."""
    shares = [
        party.share
        for party in terms.parties
        if party.role is PartyRole.LENDER and party.organisation_id == str(lender_id) and party.share is not None
    ]
    return sum(shares, Fraction(0))


def at_stake_bp(terms: FacilityTerms, tranche_id: str) -> Fraction:
    """Return how far a tranche's margin can move from end to end: the clauses' caps, within the total ones.

    A clause of 10 bp down and none up: 10. A swap leg, a fee and a redemption price are no interest and do not count.
    """
    if terms.ratchet is None:
        return Fraction(0)
    down = up = Fraction(0)
    for effect in terms.ratchet.effects:
        for applied in effect.applies_to:
            if applied.item is PricedItem.MARGIN and applied.tranche_id in {None, tranche_id}:
                moved = (effect.cap_down_bp * applied.factor, -effect.cap_up_bp * applied.factor)
                down, up = down + max(*moved, Fraction(0)), up + max(-moved[0], -moved[1], Fraction(0))
    if terms.ratchet.total_cap_down_bp is not None:
        down = min(down, terms.ratchet.total_cap_down_bp)
    if terms.ratchet.total_cap_up_bp is not None:
        up = min(up, terms.ratchet.total_cap_up_bp)
    return down + up


def kpi_points(session: Session, state: LoanState) -> Iterator[KpiPoint]:
    """Yield every test of the terms with what was reported for it, KPI by KPI."""
    decided = _standing_statuses(state)
    for kpi in state.loan.facility.terms.kpis:
        for target in kpi.targets:
            yield _point(session, state, kpi, target, decided)


def _point(
    session: Session,
    state: LoanState,
    kpi: KpiTerms,
    target: PerformanceTarget,
    decided: Mapping[tuple[date, str], OutcomeStatus],
) -> KpiPoint:
    kpi_id = kpi.definition.kpi_id
    found = [
        (period, fact)
        for period, fact in zip(state.periods, state.facts, strict=True)
        if period.kpi_id == kpi_id and period.period_start == target.period_start
    ]
    period, fact = found[0] if found else (None, None)
    reported = None if period is None else kpi_periods.load_reported(session, period.kpi_period_id)
    return KpiPoint(
        kpi_id=kpi_id,
        unit=kpi.definition.unit,
        target=target,
        kpi_period_id=None if period is None else period.kpi_period_id,
        observed=None if reported is None else reported.value,
        is_attested=fact is not None and fact.attested_at is not None,
        status=decided.get((target.period_start, kpi_id)),
    )


def _standing_statuses(state: LoanState) -> Mapping[tuple[date, str], OutcomeStatus]:
    """Return how the last approved decision on each test period counts each KPI."""
    found: dict[tuple[date, str], OutcomeStatus] = {}
    made = [(each.decision.sequence, each) for each in state.determinations if each.decision is not None]
    for _, each in sorted(made, key=lambda item: item[0]):
        if each.decision is not None and each.decision.is_approved:
            found |= {(each.proposal.period_start, kpi_id): status for kpi_id, status in each.proposal.statuses}
    return found


def _exposure(state: LoanState, tranche_id: str, share: Fraction, as_of: date) -> TrancheExposure:
    terms = state.loan.facility.terms
    tranche, bp = terms.tranche(tranche_id), at_stake_bp(terms, tranche_id)
    outstanding: int | None = None
    stake: Fraction | None = None
    unknown = None
    try:
        outstanding = state.loan.schedule(tranche_id).principal_on(as_of) if state.loan.drawn.get(tranche_id) else 0
        year_later = add_months(as_of, 12, is_end_of_month=False) or as_of
        stake = outstanding * basis_points(bp) * year_fraction(as_of, year_later, tranche.day_count)
        timeline = state.loan.timeline(tranche_id)
    except DomainError as refusal:
        unknown, timeline = refusal.code, ()
    in_force = [each.adjustment_bp for each in timeline if each.start <= as_of < each.end]
    return TrancheExposure(
        tranche_id=tranche_id,
        currency=tranche.currency,
        adjustment_bp=in_force[0] if in_force else None,
        outstanding_minor=outstanding,
        share_minor=None if outstanding is None else outstanding * share,
        at_stake_bp=bp,
        at_stake_minor=stake,
        unknown=unknown,
    )
