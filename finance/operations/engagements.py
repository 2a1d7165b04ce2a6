"""Engaging an assessor for a KPI period: independent of the loan at engagement, when data opens, and as it declares.

Who is connected to a loan and who shares people with whom are facts; the rule is ``attestations.independence``. Every step is a
leaf of the borrower's evidence book.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.engagements import Engagement
from finance.attestations.independence import LoanRole, find_dependence
from finance.attestations.standards import is_level_given
from finance.operations.evidence import EvidenceEvent, log_events
from finance.store import attestations, facilities, kpi_periods, loan_connections, reference
from finance.store.attestations import EngagementRecord
from finance.store.facilities import Facility
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Conflict, Forbidden, Invalid
from ledger.core.parties import Actor
from ledger.operations import RandomBytes


def engage_assessor(
    session: Session,
    facility: Facility,
    engagement: EngagementRecord,
    *,
    sharing_a_person: AbstractSet[UUID],
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Record an assessor's mandate for one KPI period.

    Refused: a party to the loan (``engagement.party``); an assessor that shares a person with one, ``sharing_a_person`` being the
    organisations of which its members are members too (``engagement.shared_person``); a standard that gives no such level for a
    period beginning then (``engagement.standard_period``); a mandate that ends before it begins.
    """
    _check_independence(session, facility, engagement, sharing_a_person)
    period = kpi_periods.find_period(session, engagement.kpi_period_id)
    assert period is not None, "an engagement names a period"
    mandate_of(engagement, period)  # refuses a mandate that ends before it begins
    standards = reference.shipped_assurance_standards()
    if not is_level_given(standards, engagement.standard, engagement.level, period_start=period.period_start):
        raise Invalid(
            "engagement.standard_period",
            f"standard: {engagement.standard.value} gives no {engagement.level.value} level for a period beginning "
            f"{period.period_start}; name one in force then",
            field="standard",
        )
    attestations.save_engagement(session, engagement, now=now, recorded_by=actor.user_id)
    facilities.add_party(session, facility.facility_id, engagement.assessor_id, "assessor", now=now)
    _log_engagement(session, facility, engagement, "engaged", actor=actor, now=now, random_bytes=random_bytes)


def declare_independence(
    session: Session,
    facility: Facility,
    engagement: EngagementRecord,
    *,
    sharing_a_person: AbstractSet[UUID],
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Record the assessor's declaration, by which the period's data opens to it; a second one changes nothing.

    A declaration that what is known here contradicts is refused with the codes of ``engage_assessor``.
    """
    _check_independence(session, facility, engagement, sharing_a_person)
    if attestations.declare_independence(session, engagement.engagement_id, now=now, declared_by=actor.user_id):
        word = "independence_declared"
        _log_engagement(session, facility, engagement, word, actor=actor, now=now, random_bytes=random_bytes)


def end_engagement(
    session: Session,
    facility: Facility,
    engagement: EngagementRecord,
    reason: str,
    *,
    ended_at: datetime | None,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Record that the mandate ends, now or at an earlier ``ended_at``: accreditation lost, resigned, dismissed.

    What was received before stands; data closes and later statements are refused (``attestation.engagement_closed``). A second end
    changes nothing. Refused: an end after ``now`` or not after the mandate's beginning (``engagement.end``).
    """
    end = ended_at or now
    if not engagement.valid_from < end <= now:
        raise Invalid(
            "engagement.end",
            "ended_at: expected an instant after the mandate began and not after now",
            field="ended_at",
        )
    is_new = attestations.end_engagement(
        session, engagement.engagement_id, ended_at=end, reason=reason, now=now, recorded_by=actor.user_id
    )
    if is_new:
        _log_engagement(session, facility, engagement, "ended", actor=actor, now=now, random_bytes=random_bytes)


def check_data_opens(
    session: Session, facility: Facility, engagement: EngagementRecord, sharing_a_person: AbstractSet[UUID]
) -> None:
    """Refuse (``engagement.not_independent``) to open data to an assessor that has lost its independence since it was engaged."""
    try:
        _check_independence(session, facility, engagement, sharing_a_person)
    except Conflict as error:
        raise Forbidden("engagement.not_independent", error.message) from error


def connect_organisation(
    session: Session,
    facility: Facility,
    organisation_id: UUID,
    role: LoanRole,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Record that an organisation is agent, guarantor, group member or coordinator of the loan; the same again changes nothing.

    Borrower and lenders come from the terms and are not recorded here (``loan_connection.role``).
    """
    if role in {LoanRole.BORROWER, LoanRole.LENDER}:
        raise Invalid(
            "loan_connection.role",
            "role: expected agent, guarantor, group_member or coordinator; borrower and lenders stand in the terms",
            field="role",
        )
    is_new = loan_connections.add_connection(
        session, facility.facility_id, organisation_id, role, now=now, recorded_by=actor.user_id
    )
    if is_new:
        event = EvidenceEvent(
            organisation_id=facility.borrower_id,
            subject="facility",
            subject_id=str(facility.facility_id),
            event="connected",
            facts={"organisation_id": str(organisation_id), "role": role.value},
        )
        log_events(session, (event,), actor=actor, now=now, random_bytes=random_bytes)


def mandate_of(engagement: EngagementRecord, period: KpiPeriod) -> Engagement:
    """Return the mandate that a statement is held against."""
    return Engagement(
        engagement_id=str(engagement.engagement_id),
        assessor_organisation_id=str(engagement.assessor_id),
        assessor_legal_name=engagement.assessor_legal_name,
        responsible_party=engagement.responsible_party,
        facility_id=str(engagement.facility_id),
        kpi_id=period.kpi_id,
        period_start=period.period_start,
        period_end=period.period_end,
        level=engagement.level,
        standard=engagement.standard,
        valid_from=engagement.valid_from,
        valid_to=engagement.valid_to,
        is_independence_declared=engagement.is_independence_declared,
    )


def _check_independence(
    session: Session, facility: Facility, engagement: EngagementRecord, sharing_a_person: AbstractSet[UUID]
) -> None:
    parties = loan_connections.loan_parties(session, facility)
    dependence = find_dependence(
        str(engagement.assessor_id), parties, sharing_a_person=frozenset(map(str, sharing_a_person))
    )
    if dependence is not None:
        raise Conflict(f"engagement.{dependence.reason}", str(dependence), role=dependence.party.role.value)


def _log_engagement(
    session: Session,
    facility: Facility,
    engagement: EngagementRecord,
    word: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    event = EvidenceEvent(
        organisation_id=facility.borrower_id,
        subject="engagement",
        subject_id=str(engagement.engagement_id),
        event=word,
        facts={"assessor_id": str(engagement.assessor_id), "kpi_period_id": str(engagement.kpi_period_id)},
    )
    log_events(session, (event,), actor=actor, now=now, random_bytes=random_bytes)
