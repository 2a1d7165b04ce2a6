"""What an assessor alone may see, its statements in preparation, and of whom it has to be independent through its people.

Owns visibility of drafts and the look-up of shared people. Knows no route.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from api.store.memberships import organisations_sharing_a_person
from finance.store import attestation_drafts, attestations, kpi_periods
from finance.store.attestation_drafts import Draft


def sharing_a_person(session: Session, assessor_id: UUID, kpi_period_id: UUID) -> frozenset[UUID]:
    """Return the organisations of which a member of the assessor is a member, or was one after the KPI period began."""
    period = kpi_periods.find_period(session, kpi_period_id)
    assert period is not None, "an engagement names a period"
    since = datetime.combine(period.period_start, time.min, UTC)
    return organisations_sharing_a_person(session, assessor_id, since=since)


def _draft(session: Session, principal: Principal, record_id: UUID) -> Draft | None:
    draft = attestation_drafts.find_draft(session, record_id)
    engagement = None if draft is None else attestations.find_engagement(session, draft.engagement_id)
    return draft if engagement is not None and engagement.assessor_id == principal.organisation_id else None


DRAFT = register(ScopedKind(name="attestation_draft", load=_draft))
"""The engaged assessor only: until it is lodged, what is being prepared is nobody else's."""
