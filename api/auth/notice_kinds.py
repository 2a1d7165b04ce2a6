"""Alerts, deliveries and webhook endpoints as records that can be asked for by id: each caller sees what concerns it.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from finance.conventions.notices import DEFAULT_CHOICES, Channel, NoticeKind
from finance.store import deliveries, notice_settings, notices, webhooks
from finance.store.deliveries import Delivery
from finance.store.notices import Notice, Viewer
from finance.store.webhooks import Endpoint


def viewer_of(session: Session, principal: Principal) -> Viewer:
    """Return the caller as one who sees alerts, with the kinds that it does not want in the application."""
    setting = notice_settings.load_setting(session, principal.organisation_id, principal.user_id)
    return Viewer(
        organisation_id=principal.organisation_id,
        user_id=principal.user_id,
        scopes=frozenset(scope.value for scope in principal.scopes),
        muted=frozenset(
            kind for kind in NoticeKind if Channel.APP not in setting.choices.get(kind, DEFAULT_CHOICES[kind])
        ),
    )


def _concerning(session: Session, principal: Principal, record_id: UUID) -> Notice | None:
    return notices.find_notice(session, viewer_of(session, principal), record_id)


def _own_delivery(session: Session, principal: Principal, record_id: UUID) -> Delivery | None:
    return deliveries.find_delivery(session, principal.organisation_id, record_id)


def _own_endpoint(session: Session, principal: Principal, record_id: UUID) -> Endpoint | None:
    return webhooks.find_endpoint(session, principal.organisation_id, record_id)


NOTICE = register(ScopedKind(name="notice", load=_concerning))
"""A person sees the alerts of its organisation that concern it."""

DELIVERY = register(ScopedKind(name="delivery", load=_own_delivery))
"""An organisation sees the deliveries of its alerts."""

WEBHOOK = register(ScopedKind(name="webhook", load=_own_endpoint))
"""An organisation sees its own webhook endpoints."""
