"""Roles as dated facts: given, confirmed by a second administrator, ended. What lives at an instant is derived, never stored.

Functions take the session first, return frozen values and never commit. Role names are texts here; ``api.auth.roles`` knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.store.person_tables import MembershipRoleConfirmationRow, MembershipRoleEndRow, MembershipRoleRow
from api.store.tables import UserAccountRow


class GrantState(StrEnum):
    """Where a grant stands at an instant."""

    WAITING = "waiting"
    """A second administrator has not confirmed it."""
    COMING = "coming"
    LIVE = "live"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrant:
    """One grant of a role with what became of it; it counts in ``[from_at, until_at)`` once confirmed, until ended."""

    grant_id: UUID
    organisation_id: UUID
    user_id: UUID
    role: str
    from_at: datetime
    until_at: datetime | None
    granted_at: datetime
    granted_by: UUID | None
    needs_confirmation: bool
    reason: str
    sha256: str
    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: UUID | None = None

    def state(self, now: datetime) -> GrantState:
        """Return where the grant stands at ``now``; an end goes before everything."""
        return state_of(
            now,
            from_at=self.from_at,
            until_at=self.until_at,
            is_waiting=self.needs_confirmation and self.confirmed_at is None,
            ended_at=self.ended_at,
        )


def state_of(
    now: datetime, *, from_at: datetime, until_at: datetime | None, is_waiting: bool, ended_at: datetime | None
) -> GrantState:
    """Return where a grant with these facts stands at ``now``; ``is_waiting``: it needs a confirmation and has none."""
    if ended_at is not None and ended_at <= now:
        return GrantState.ENDED
    if until_at is not None and until_at <= now:
        return GrantState.EXPIRED
    if is_waiting:
        return GrantState.WAITING
    return GrantState.LIVE if from_at <= now else GrantState.COMING


def add_grant(session: Session, grant: RoleGrant) -> None:
    """Keep a grant as it was given; confirmation and end come as facts of their own."""
    session.add(
        MembershipRoleRow(
            grant_id=grant.grant_id,
            organisation_id=grant.organisation_id,
            user_id=grant.user_id,
            role=grant.role,
            from_at=grant.from_at,
            until_at=grant.until_at,
            granted_at=grant.granted_at,
            granted_by=grant.granted_by,
            needs_confirmation=int(grant.needs_confirmation),
            reason=grant.reason,
            sha256=grant.sha256,
        )
    )
    session.flush()  # a confirmation or an end in the same request refers to the row


def add_confirmation(session: Session, grant: RoleGrant, *, confirmed_by: UUID, now: datetime) -> None:
    """Keep the second administrator's confirmation; the database refuses the same person as the granter's or the receiver's."""
    session.add(
        MembershipRoleConfirmationRow(
            grant_id=grant.grant_id,
            organisation_id=grant.organisation_id,
            confirmed_by=confirmed_by,
            confirmed_at=now,
            sha256=grant.sha256,
        )
    )
    session.flush()  # the guard speaks now, where the request can still answer


def add_end(session: Session, grant_id: UUID, *, ended_by: UUID | None, reason: str, now: datetime) -> None:
    """Keep the end of a grant."""
    session.add(MembershipRoleEndRow(grant_id=grant_id, ended_at=now, ended_by=ended_by, reason=reason))
    session.flush()  # what is read next in the same request sees it


def load_grant(session: Session, organisation_id: UUID, grant_id: UUID) -> RoleGrant | None:
    """Return the grant if of this organisation, else ``None``."""
    found = session.execute(
        _grants().where(MembershipRoleRow.organisation_id == organisation_id, MembershipRoleRow.grant_id == grant_id)
    ).first()
    return None if found is None else _grant(*found)


def grants_of_user(session: Session, user_id: UUID) -> tuple[RoleGrant, ...]:
    """Return every grant to one place, oldest first."""
    return tuple(_grant(*found) for found in session.execute(_grants().where(MembershipRoleRow.user_id == user_id)))


def grants_of_organisation(session: Session, organisation_id: UUID) -> tuple[RoleGrant, ...]:
    """Return every grant of an organisation, oldest first."""
    found = session.execute(_grants().where(MembershipRoleRow.organisation_id == organisation_id))
    return tuple(_grant(*each) for each in found)


def live_roles(session: Session, user_id: UUID, *, now: datetime) -> frozenset[str]:
    """Return the names of the roles that the place has at ``now``."""
    return frozenset(grant.role for grant in grants_of_user(session, user_id) if grant.state(now) is GrantState.LIVE)


def holders(session: Session, organisation_id: UUID, roles: frozenset[str], *, now: datetime) -> frozenset[UUID]:
    """Return the enabled places of an organisation that have any of ``roles`` at ``now``."""
    enabled = frozenset(
        session.scalars(
            select(UserAccountRow.user_id).where(
                UserAccountRow.organisation_id == organisation_id, UserAccountRow.disabled_at.is_(None)
            )
        )
    )
    return frozenset(
        grant.user_id
        for grant in grants_of_organisation(session, organisation_id)
        if grant.role in roles and grant.user_id in enabled and grant.state(now) is GrantState.LIVE
    )


def is_role_held(session: Session, role: str) -> bool:
    """Return whether anybody in the installation ever got ``role``: an operator makes the first run impossible for good."""
    return session.execute(select(MembershipRoleRow.grant_id).where(MembershipRoleRow.role == role)).first() is not None


def _grants() -> Select[MembershipRoleRow, MembershipRoleConfirmationRow, MembershipRoleEndRow]:
    return (
        select(MembershipRoleRow, MembershipRoleConfirmationRow, MembershipRoleEndRow)
        .outerjoin(MembershipRoleConfirmationRow, MembershipRoleConfirmationRow.grant_id == MembershipRoleRow.grant_id)
        .outerjoin(MembershipRoleEndRow, MembershipRoleEndRow.grant_id == MembershipRoleRow.grant_id)
        .order_by(MembershipRoleRow.granted_at, MembershipRoleRow.grant_id)
    )


def _grant(
    row: MembershipRoleRow,
    confirmation: MembershipRoleConfirmationRow | None,
    end: MembershipRoleEndRow | None,
) -> RoleGrant:
    return RoleGrant(
        grant_id=row.grant_id,
        organisation_id=row.organisation_id,
        user_id=row.user_id,
        role=row.role,
        from_at=row.from_at,
        until_at=row.until_at,
        granted_at=row.granted_at,
        granted_by=row.granted_by,
        needs_confirmation=bool(row.needs_confirmation),
        reason=row.reason,
        sha256=row.sha256,
        confirmed_by=None if confirmation is None else confirmation.confirmed_by,
        confirmed_at=None if confirmation is None else confirmation.confirmed_at,
        ended_at=None if end is None else end.ended_at,
        ended_by=None if end is None else end.ended_by,
    )
