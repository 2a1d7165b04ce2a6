"""Loan records that can be asked for by id, and which party to the loan sees each.

Owns visibility only. Borrower and lenders see the whole loan; an assessor sees the periods and engagements it was engaged for, and
nothing that is priced. Knows no route.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from api.store import access
from api.store.access import OrganisationKind
from api.store.memberships import organisations_sharing_a_person
from finance.operations.engagements import check_data_opens
from finance.store import attestations, determinations, facilities, kpi_periods, loan_facts
from finance.store.attestations import AttestationRecord, EngagementRecord
from finance.store.determinations import Determination
from finance.store.facilities import Facility
from finance.store.kpi_periods import KpiPeriod
from finance.store.loan_facts import InterestAdjustment
from ledger.core.errors import Forbidden, NotFound

BORROWER, LENDER = "borrower", "lender"


def is_loan_party(facility: Facility, principal: Principal) -> bool:
    """Return whether the caller's organisation is borrower or lender, so that terms, rates and money are its business."""
    return facility.has_party(principal.organisation_id, BORROWER, LENDER)


def check_loan_party(facility: Facility, principal: Principal) -> None:
    """Raise ``facility.not_found`` for whoever is neither borrower nor lender: what is priced does not exist for an assessor."""
    if not is_loan_party(facility, principal):
        raise NotFound("facility.not_found", "the facility does not exist, or not for you")


def engagements_of(session: Session, principal: Principal, facility_id: UUID) -> tuple[EngagementRecord, ...]:
    """Return the facility's engagements that the caller may see: a loan party every one, an assessor its own."""
    facility = facilities.find_facility(session, facility_id)
    found = attestations.list_engagements(session, facility_id=facility_id)
    if facility is not None and is_loan_party(facility, principal):
        return found
    return tuple(each for each in found if each.assessor_id == principal.organisation_id)


def is_data_open(engagement: EngagementRecord, now: datetime) -> bool:
    """Return whether an assessor may look at the period's data: the mandate runs at ``now`` and independence is declared."""
    has_ended = engagement.valid_to is not None and engagement.valid_to <= now
    return engagement.is_independence_declared and engagement.valid_from <= now and not has_ended


def check_data_open(session: Session, principal: Principal, period: KpiPeriod, now: datetime) -> None:
    """Raise ``engagement.data_closed`` when the caller is an assessor without an open engagement for the period."""
    facility = facilities.find_facility(session, period.facility_id)
    if facility is not None and is_loan_party(facility, principal):
        return
    mine = [
        each
        for each in engagements_of(session, principal, period.facility_id)
        if each.kpi_period_id == period.kpi_period_id and is_data_open(each, now)
    ]
    if facility is None or not mine:
        raise Forbidden(
            "engagement.data_closed",
            "the period's data opens to an assessor while its engagement runs and once it has declared its independence",
        )
    since = datetime.combine(period.period_start, time.min, UTC)
    shared = organisations_sharing_a_person(session, principal.organisation_id, since=since)
    check_data_opens(session, facility, mine[0], shared)


def _of_party(session: Session, principal: Principal, record_id: UUID) -> Facility | None:
    facility = facilities.find_facility(session, record_id)
    return facility if facility is not None and facility.has_party(principal.organisation_id) else None


def _period(session: Session, principal: Principal, record_id: UUID) -> KpiPeriod | None:
    period = kpi_periods.find_period(session, record_id)
    facility = None if period is None else _of_party(session, principal, period.facility_id)
    if period is None or facility is None:
        return None
    if is_loan_party(facility, principal):
        return period
    mine = engagements_of(session, principal, facility.facility_id)
    return period if any(each.kpi_period_id == period.kpi_period_id for each in mine) else None


def _engagement(session: Session, principal: Principal, record_id: UUID) -> EngagementRecord | None:
    engagement = attestations.find_engagement(session, record_id)
    if engagement is None or engagement.assessor_id == principal.organisation_id:
        return engagement
    facility = _of_party(session, principal, engagement.facility_id)
    return engagement if facility is not None and is_loan_party(facility, principal) else None


def _attestation(session: Session, principal: Principal, record_id: UUID) -> AttestationRecord | None:
    record = attestations.find_attestation(session, record_id)
    if record is None or _engagement(session, principal, record.engagement_id) is None:
        return None
    return record


def _determination(session: Session, principal: Principal, record_id: UUID) -> Determination | None:
    determination = determinations.find_determination(session, record_id)
    facility = None if determination is None else _of_party(session, principal, determination.facility_id)
    return determination if facility is not None and is_loan_party(facility, principal) else None


def _adjustment(session: Session, principal: Principal, record_id: UUID) -> InterestAdjustment | None:
    adjustment = loan_facts.find_adjustment(session, record_id)
    facility = None if adjustment is None else _of_party(session, principal, adjustment.facility_id)
    return adjustment if facility is not None and is_loan_party(facility, principal) else None


def _organisation_of(kind: OrganisationKind) -> Callable[[Session, Principal, UUID], access.Organisation | None]:
    def named(session: Session, _principal: Principal, record_id: UUID) -> access.Organisation | None:
        organisation = access.load_organisation(session, record_id)
        return organisation if organisation is not None and organisation.kind is kind else None

    return named


FACILITY = register(ScopedKind(name="facility", load=_of_party))
"""Borrower, lenders and engaged assessors see that a facility exists; what is priced asks ``check_loan_party`` too."""

KPI_PERIOD = register(ScopedKind(name="kpi_period", load=_period))
"""Borrower and lenders see every period, an assessor those it was engaged for."""

ENGAGEMENT = register(ScopedKind(name="engagement", load=_engagement))
"""Borrower, lenders and the engaged assessor."""

ATTESTATION = register(ScopedKind(name="attestation", load=_attestation))
"""As the engagement it was received under."""

DETERMINATION = register(ScopedKind(name="determination", load=_determination))
"""Borrower and lenders only: it holds rates."""

ADJUSTMENT = register(ScopedKind(name="adjustment", load=_adjustment))
"""Borrower and lenders only: it holds money."""

NAMED_LENDER = register(ScopedKind(name="lender", load=_organisation_of(OrganisationKind.LENDER)))
"""A bank that a borrower names by id in its terms; anything that is no bank does not exist."""

NAMED_ASSESSOR = register(ScopedKind(name="assessor", load=_organisation_of(OrganisationKind.ASSESSOR)))
"""An assessor that a borrower names by id in an engagement; anything that is no assessor does not exist."""
