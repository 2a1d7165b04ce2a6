"""OpenID providers as records that can be asked for by id: the operator sees every one, nobody else any.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from api.store import oidc
from api.store.access import OrganisationKind
from api.store.oidc import Provider


def _operators(session: Session, principal: Principal, record_id: UUID) -> Provider | None:
    found = oidc.load_provider(session, record_id)
    is_operator = principal.organisation_kind is OrganisationKind.OPERATOR
    return found if found is not None and is_operator and found.organisation_id == principal.organisation_id else None


OIDC_PROVIDER = register(ScopedKind(name="oidc_provider", load=_operators))
"""The operator sees the providers of its installation."""
