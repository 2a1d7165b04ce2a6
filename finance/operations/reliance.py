"""Which rate decisions rest on an attestation: what an assessor must know when it finds that its statement no longer holds.

Says that a decision rests on it and how it ended, never what it does to a price.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.store import determinations, facilities, kpi_periods
from finance.store.attestations import AttestationRecord
from finance.store.determinations import Determination


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliance:
    """One determination that rests on the attestation, as the tested value or as the base year's; ``decided_at`` None: undecided."""

    determination_id: UUID
    facility_number: str
    period_start: date
    period_end: date
    is_baseline: bool
    proposed_at: datetime
    verdict: str | None
    decided_at: datetime | None
    organisation_ids: tuple[UUID, ...]


def reliance_on(session: Session, record: AttestationRecord) -> tuple[Reliance, ...]:
    """Return the determinations of the loan that name ``record`` as evidence, in order of proposal.

    ``organisation_ids`` are whoever acted on it: the proposer's, then the approvers' and the decider's, each once.
    """
    period = kpi_periods.find_period(session, record.kpi_period_id)
    assert period is not None, "an attestation is about a recorded period"
    facility = facilities.find_facility(session, period.facility_id)
    assert facility is not None, "a period belongs to a facility"
    return tuple(
        Reliance(
            determination_id=each.determination_id,
            facility_number=facility.facility_number,
            period_start=each.proposal.period_start,
            period_end=each.proposal.period_end,
            is_baseline=record.attestation_id not in {link.attestation_id for link in each.evidence},
            proposed_at=each.proposed_at,
            verdict=None if each.decision is None else each.decision.verdict,
            decided_at=None if each.decision is None else each.decision.decided_at,
            organisation_ids=_acting(each),
        )
        for each in determinations.list_determinations(session, period.facility_id)
        if any(record.attestation_id in {link.attestation_id, link.baseline_attestation_id} for link in each.evidence)
    )


def _acting(determination: Determination) -> tuple[UUID, ...]:
    acting = [determination.proposer.organisation_id]
    acting += [each.approver.organisation_id for each in determination.approvals]
    if determination.decision is not None:
        acting.append(determination.decision.decider.organisation_id)
    return tuple(dict.fromkeys(acting))
