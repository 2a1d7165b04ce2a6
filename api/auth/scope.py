"""The one door to a record by id: what a caller may not see does not exist.

Owns the kinds of record that can be asked for and who may see each. A foreign id and an absent one give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal, Scope
from api.store import access, legal_entities, role_grants, sessions
from api.store.legal_entities import LegalEntity
from api.store.role_grants import RoleGrant
from api.store.sessions import AccessSession
from ledger.core.errors import NotFound

Loaded = TypeVar("Loaded")


@dataclass(frozen=True, kw_only=True)  # no slots: a generic class with slots and frozen cannot be made in Python 3.11
class ScopedKind(Generic[Loaded]):
    """One kind of record: its name (``organisation``) and how it is loaded for a caller, ``None`` when not visible."""

    name: str
    load: Callable[[Session, Principal, UUID], Loaded | None]


_kinds: dict[str, ScopedKind[object]] = {}


def register(kind: ScopedKind[Loaded]) -> ScopedKind[Loaded]:
    """Add a kind to the register and return it; a name stands once."""
    assert kind.name not in _kinds, f"the kind {kind.name} is registered twice"
    _kinds[kind.name] = ScopedKind(name=kind.name, load=kind.load)
    return kind


def registered() -> Mapping[str, ScopedKind[object]]:
    """Return every registered kind by name."""
    return MappingProxyType(_kinds)


def load_scoped(session: Session, principal: Principal, kind: ScopedKind[Loaded], record_id: UUID) -> Loaded:
    """Return the record if the caller may see it; raise ``<kind>.not_found`` for a foreign and an absent id alike."""
    loaded = kind.load(session, principal, record_id)
    if loaded is None:
        raise NotFound(f"{kind.name}.not_found", f"the {kind.name} does not exist, or not for you")
    return loaded


def _visible_organisation(session: Session, principal: Principal, record_id: UUID) -> access.Organisation | None:
    if record_id != principal.organisation_id:
        return None
    return access.load_organisation(session, record_id)


def _own_user(session: Session, principal: Principal, record_id: UUID) -> access.User | None:
    return access.load_user(session, principal.organisation_id, record_id)


def _own_key(session: Session, principal: Principal, record_id: UUID) -> access.ApiKey | None:
    return access.load_key(session, principal.organisation_id, record_id)


def _own_session(session: Session, principal: Principal, record_id: UUID) -> AccessSession | None:
    found = sessions.load_session(session, principal.organisation_id, record_id)
    is_own = found is not None and found.user_id == principal.user_id
    return found if is_own or Scope.ADMIN in principal.scopes else None


def _own_grant(session: Session, principal: Principal, record_id: UUID) -> RoleGrant | None:
    return role_grants.load_grant(session, principal.organisation_id, record_id)


def _own_entity(session: Session, principal: Principal, record_id: UUID) -> LegalEntity | None:
    return legal_entities.load_entity(session, principal.organisation_id, record_id)


ORGANISATION = register(ScopedKind(name="organisation", load=_visible_organisation))
"""An organisation sees itself."""

USER = register(ScopedKind(name="user", load=_own_user))
"""An organisation sees its own people."""

API_KEY = register(ScopedKind(name="api_key", load=_own_key))
"""An organisation sees its own keys."""

SESSION = register(ScopedKind(name="session", load=_own_session))
"""A person sees its own sessions, an administrator those of the organisation."""

ROLE_GRANT = register(ScopedKind(name="role_grant", load=_own_grant))
"""An organisation sees the roles it gave."""

LEGAL_ENTITY = register(ScopedKind(name="legal_entity", load=_own_entity))
"""An organisation sees its own companies."""
