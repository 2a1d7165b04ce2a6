"""Imports of files as records that can be asked for by id: an organisation sees its own.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from finance.store import imports
from finance.store.imports import FileImport


def _own(session: Session, principal: Principal, record_id: UUID) -> FileImport | None:
    return imports.find_import(session, principal.organisation_id, record_id)


IMPORT = register(ScopedKind(name="import", load=_own))
"""An organisation sees its own imports."""
