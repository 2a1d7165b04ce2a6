"""Marks and market snapshots as records that can be asked for by id: an organisation sees its own.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from finance.market.snapshots import Snapshot
from finance.store import market, marks
from finance.store.marks import MarkRecord


def _own_mark(session: Session, principal: Principal, record_id: UUID) -> MarkRecord | None:
    return marks.find_mark(session, principal.organisation_id, record_id)


def _own_snapshot(session: Session, principal: Principal, record_id: UUID) -> Snapshot | None:
    return market.find_snapshot(session, principal.organisation_id, record_id)


MARKET_MARK = register(ScopedKind(name="market_mark", load=_own_mark))
"""An organisation sees the marks that its own people propose and approve."""

MARKET_SNAPSHOT = register(ScopedKind(name="market_snapshot", load=_own_snapshot))
"""An organisation sees the snapshots it has frozen."""
