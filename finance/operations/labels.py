"""On which days a loan is called sustainability-linked, and so priced by its clauses."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.loans.facility_terms import FacilityTerms
from finance.loans.price_timeline import Span


def labelled_spans(
    session: Session, facility_id: UUID, terms: FacilityTerms, *, is_agreed: bool, known_at: datetime
) -> tuple[Span, ...]:
    """Return the half-open days on which the label is active, as known at ``known_at``; none without clauses or agreement."""
    del session, facility_id, known_at
    if terms.ratchet is None or not is_agreed:
        return ()
    return ((terms.agreed_on, max(tranche.maturity_date for tranche in terms.tranches)),)
