"""Writes and reads webhook endpoints and what people did about them. Takes a session first and never commits.

Keeps no secret: the number of the one in force, from which its holder derives it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.conventions.notices import NoticeKind
from finance.store.tables.notices import WebhookEndpointRow, WebhookStepRow


class EndpointState(StrEnum):
    """Whether an endpoint gets alerts."""

    PROPOSED = "proposed"
    LIVE = "live"
    REJECTED = "rejected"
    ENDED = "ended"


class EndpointWhat(StrEnum):
    """What a person did about an endpoint."""

    APPROVED = "approved"
    REJECTED = "rejected"
    ROTATED = "rotated"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStep:
    """One thing a person did about an endpoint."""

    what: EndpointWhat
    actor_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address to which alerts of ``kinds`` go (empty: of every kind), with everything done about it."""

    endpoint_id: UUID
    organisation_id: UUID
    url: str
    description: str
    kinds: tuple[NoticeKind, ...]
    sha256: str
    maker_id: UUID
    made_at: datetime
    steps: tuple[EndpointStep, ...]

    @property
    def state(self) -> EndpointState:
        """Return whether it gets alerts, by its facts."""
        done = {step.what for step in self.steps}
        if EndpointWhat.ENDED in done:
            return EndpointState.ENDED
        if EndpointWhat.REJECTED in done:
            return EndpointState.REJECTED
        return EndpointState.LIVE if EndpointWhat.APPROVED in done else EndpointState.PROPOSED

    @property
    def secret_number(self) -> int:
        """Return the number of the secret in force, from 1: each rotation is the next."""
        return 1 + sum(step.what is EndpointWhat.ROTATED for step in self.steps)

    def live_secrets(self, *, now: datetime, overlap: timedelta) -> tuple[int, ...]:
        """Return the numbers of the secrets that sign now, the newest first: the one before still does for ``overlap``."""
        rotated = [step.at for step in self.steps if step.what is EndpointWhat.ROTATED]
        number = self.secret_number
        return (number, number - 1) if rotated and now < rotated[-1] + overlap else (number,)

    def wants(self, kind: NoticeKind) -> bool:
        """Return whether it gets alerts of the kind."""
        return not self.kinds or kind in self.kinds


def save_endpoint(session: Session, endpoint: Endpoint) -> None:
    """Insert a proposed endpoint."""
    session.execute(
        insert(WebhookEndpointRow).values(
            endpoint_id=endpoint.endpoint_id,
            organisation_id=endpoint.organisation_id,
            url=endpoint.url,
            description=endpoint.description,
            kinds={"kinds": [kind.value for kind in endpoint.kinds]},
            sha256=endpoint.sha256,
            maker_id=endpoint.maker_id,
            made_at=endpoint.made_at,
        )
    )


def save_step(session: Session, endpoint: Endpoint, what: EndpointWhat, *, actor_id: UUID, at: datetime) -> None:
    """Insert a step; the database refuses the maker's own confirmation and a second decision."""
    keys = {EndpointWhat.ROTATED: f"rotated {endpoint.secret_number}", EndpointWhat.ENDED: "ended"}
    session.execute(
        insert(WebhookStepRow).values(
            endpoint_id=endpoint.endpoint_id,
            number=len(endpoint.steps) + 1,
            what=what.value,
            step_key=keys.get(what, "decided"),
            maker_id=endpoint.maker_id,
            sha256=endpoint.sha256,
            actor_id=actor_id,
            at=at,
        )
    )


def find_endpoint(session: Session, organisation_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    """Return the organisation's endpoint, None without one."""
    row = session.get(WebhookEndpointRow, endpoint_id)
    return _endpoint(session, row) if row is not None and row.organisation_id == organisation_id else None


def list_endpoints(session: Session, organisation_id: UUID) -> tuple[Endpoint, ...]:
    """Return the organisation's endpoints, the oldest first."""
    wanted = (
        select(WebhookEndpointRow)
        .where(WebhookEndpointRow.organisation_id == organisation_id)
        .order_by(WebhookEndpointRow.made_at, WebhookEndpointRow.endpoint_id)
    )
    return tuple(_endpoint(session, row) for row in session.scalars(wanted))


def live_endpoints(session: Session, organisation_id: UUID, kind: NoticeKind) -> Iterable[Endpoint]:
    """Yield the organisation's live endpoints that get alerts of the kind."""
    for endpoint in list_endpoints(session, organisation_id):
        if endpoint.state is EndpointState.LIVE and endpoint.wants(kind):
            yield endpoint


def _endpoint(session: Session, row: WebhookEndpointRow) -> Endpoint:
    wanted = select(WebhookStepRow).where(WebhookStepRow.endpoint_id == row.endpoint_id).order_by(WebhookStepRow.number)
    return Endpoint(
        endpoint_id=row.endpoint_id,
        organisation_id=row.organisation_id,
        url=row.url,
        description=row.description,
        kinds=tuple(map(NoticeKind, row.kinds["kinds"])),
        sha256=row.sha256,
        maker_id=row.maker_id,
        made_at=row.made_at,
        steps=tuple(
            EndpointStep(what=EndpointWhat(step.what), actor_id=step.actor_id, at=step.at)
            for step in session.scalars(wanted)
        ),
    )
