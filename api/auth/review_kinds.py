"""Reviews that can be asked for by id: borrower and lenders see them, nobody else.

Owns visibility only.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.loan_kinds import is_loan_party
from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from finance.store import facilities, reviews
from finance.store.reviews import Review


def _review(session: Session, principal: Principal, record_id: UUID) -> Review | None:
    review = reviews.find_review(session, record_id)
    facility = None if review is None else facilities.find_facility(session, review.facility_id)
    return review if facility is not None and is_loan_party(facility, principal) else None


REVIEW = register(ScopedKind(name="review", load=_review))
"""Borrower and lenders only: a query may speak of prices."""
