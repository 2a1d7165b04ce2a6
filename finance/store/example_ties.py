"""Where loans and mandates reach from some organisations to others: asked before those organisations end.

SQL only; knows nothing of the example's content.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from finance.store.tables.attestations import EngagementRow
from finance.store.tables.loans import FacilityPartyRow, FacilityRow


def loans_with_others(session: Session, organisation_ids: Collection[UUID]) -> tuple[str, ...]:
    """Return the numbers of the loans that have a party among the organisations and one that is not."""
    inside = select(FacilityPartyRow.facility_id).where(FacilityPartyRow.organisation_id.in_(organisation_ids))
    outside = select(FacilityPartyRow.facility_id).where(FacilityPartyRow.organisation_id.not_in(organisation_ids))
    rows = select(FacilityRow.facility_number).where(
        FacilityRow.facility_id.in_(inside), FacilityRow.facility_id.in_(outside)
    )
    return tuple(session.scalars(rows.order_by(FacilityRow.facility_number)))


def mandates_with_others(session: Session, organisation_ids: Collection[UUID]) -> tuple[UUID, ...]:
    """Return the mandates whose assessor is among the organisations and whose borrower is not, or the other way round."""
    assessor_inside = EngagementRow.assessor_id.in_(organisation_ids)
    borrower_inside = FacilityRow.borrower_id.in_(organisation_ids)
    rows = (
        select(EngagementRow.engagement_id)
        .join(FacilityRow, FacilityRow.facility_id == EngagementRow.facility_id)
        .where(or_(assessor_inside & ~borrower_inside, ~assessor_inside & borrower_inside))
    )
    return tuple(session.scalars(rows.order_by(EngagementRow.engagement_id)))
