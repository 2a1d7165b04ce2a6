"""Proposals about prices and calendars as records that can be asked for by id: an organisation sees its own.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from finance.store import market_proposals
from finance.store.market_proposals import Proposal, ProposalKind


def _own_upload(session: Session, principal: Principal, record_id: UUID) -> Proposal | None:
    return market_proposals.find_proposal(session, principal.organisation_id, record_id, kind=ProposalKind.PRICE_UPLOAD)


def _own_year(session: Session, principal: Principal, record_id: UUID) -> Proposal | None:
    return market_proposals.find_proposal(
        session, principal.organisation_id, record_id, kind=ProposalKind.CALENDAR_YEAR
    )


OBSERVATION_UPLOAD = register(ScopedKind(name="observation_upload", load=_own_upload))
"""An organisation sees its own uploads."""

CALENDAR_YEAR = register(ScopedKind(name="calendar_year", load=_own_year))
"""An organisation sees its own proposals of calendar years."""
