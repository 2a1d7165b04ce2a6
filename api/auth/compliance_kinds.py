"""Facts and plans of compliance years as records that can be asked for by id: an organisation sees its own.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from finance.store import compliance
from finance.store.compliance import Proposal


def _own_proposal(session: Session, principal: Principal, record_id: UUID) -> Proposal | None:
    found = compliance.find_proposal(session, record_id)
    return found if found is not None and found.organisation_id == principal.organisation_id else None


COMPLIANCE_PROPOSAL = register(ScopedKind(name="compliance_proposal", load=_own_proposal))
"""An organisation sees what its own people propose about its compliance years."""
