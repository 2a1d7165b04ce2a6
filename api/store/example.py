"""Reads and writes of the example's life: its events, the end of its organisations, and what of other people is tied to it.

Functions take the session first, return frozen values and never commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from api.store.access import User, user_of
from api.store.example_tables import ExampleEventRow, OrganisationEndRow
from api.store.person_tables import AccessSessionRow, OneTimeTokenRow, PersonIdentityRow, PersonRow, RecoveryCodeRow
from api.store.tables import ApiKeyRow, UserAccountRow


class Happening(StrEnum):
    """What can happen to the example."""

    ASKED = "asked"
    STEP = "step"
    LOADED = "loaded"
    FAILED = "failed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleEvent:
    """One thing that happened to the example."""

    number: int
    what: Happening
    step: str
    detail: str
    happened_at: datetime
    by_user_id: UUID | None


def list_events(session: Session) -> tuple[ExampleEvent, ...]:
    """Return everything that ever happened to the example, oldest first."""
    return tuple(_event(row) for row in session.scalars(select(ExampleEventRow).order_by(ExampleEventRow.number)))


def last_event(session: Session) -> ExampleEvent | None:
    """Return what happened last, ``None`` where nothing ever did."""
    row = session.scalars(select(ExampleEventRow).order_by(ExampleEventRow.number.desc()).limit(1)).first()
    return None if row is None else _event(row)


def add_event(
    session: Session,
    what: Happening,
    *,
    step: str = "",
    detail: str = "",
    now: datetime,
    by_user_id: UUID | None = None,
) -> None:
    """Add an event under the next number; of two at once the second is refused by the key and its work undone."""
    last = session.scalar(select(func.max(ExampleEventRow.number))) or 0
    session.add(
        ExampleEventRow(
            number=last + 1,
            what=what.value,
            step=step,
            detail=detail[:500],
            happened_at=now,
            by_user_id=by_user_id,
        )
    )
    session.flush()  # the key has to decide before the step's work begins


def end_organisations(session: Session, organisation_ids: Iterable[UUID], *, now: datetime) -> None:
    """Take organisations of the example out of the installation for good."""
    session.add_all(OrganisationEndRow(organisation_id=each, ended_at=now) for each in sorted(organisation_ids))
    session.flush()  # the guard speaks here, not at the commit


def close_doors(session: Session, organisation_ids: Collection[UUID], *, now: datetime) -> None:
    """End every session and key of organisations; who has no place elsewhere loses password and second factor too."""
    session.execute(
        update(AccessSessionRow)
        .where(AccessSessionRow.organisation_id.in_(organisation_ids), AccessSessionRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.organisation_id.in_(organisation_ids), ApiKeyRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    people = _people_only_of(session, organisation_ids)
    places = select(UserAccountRow.user_id).where(UserAccountRow.organisation_id.in_(organisation_ids))
    session.execute(
        delete(OneTimeTokenRow).where(OneTimeTokenRow.user_id.in_(places), OneTimeTokenRow.used_at.is_(None))
    )
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id.in_(people)))
    session.execute(delete(PersonIdentityRow).where(PersonIdentityRow.person_id.in_(people)))
    session.execute(
        update(PersonRow)
        .where(PersonRow.person_id.in_(people))
        .values(password_hash=None, password_set_at=None, totp_secret=None, totp_confirmed_at=None)
    )
    session.expire_all()


def people_besides(session: Session, organisation_ids: Collection[UUID], cast: Collection[UUID]) -> tuple[User, ...]:
    """Return who stands in the organisations without being one of ``cast`` (user ids), disabled people left out."""
    rows = session.scalars(
        select(UserAccountRow)
        .where(
            UserAccountRow.organisation_id.in_(organisation_ids),
            UserAccountRow.user_id.not_in(cast),
            UserAccountRow.disabled_at.is_(None),
        )
        .order_by(UserAccountRow.email)
    )
    return tuple(user_of(row) for row in rows)


def _people_only_of(session: Session, organisation_ids: Collection[UUID]) -> tuple[UUID, ...]:
    inside = select(UserAccountRow.person_id).where(UserAccountRow.organisation_id.in_(organisation_ids))
    ended = select(OrganisationEndRow.organisation_id)
    elsewhere = select(UserAccountRow.person_id).where(
        UserAccountRow.organisation_id.not_in(organisation_ids), UserAccountRow.organisation_id.not_in(ended)
    )
    rows = select(PersonRow.person_id).where(PersonRow.person_id.in_(inside), PersonRow.person_id.not_in(elsewhere))
    return tuple(session.scalars(rows))


def _event(row: ExampleEventRow) -> ExampleEvent:
    return ExampleEvent(
        number=row.number,
        what=Happening(row.what),
        step=row.step,
        detail=row.detail,
        happened_at=row.happened_at,
        by_user_id=row.by_user_id,
    )
