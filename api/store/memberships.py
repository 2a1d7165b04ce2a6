"""Which organisations share a person: the same mailbox stands in both. Takes the session first and never commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from api.store.names import mailbox_of
from api.store.tables import UserAccountRow
from ledger.store.acting import as_installation

_MOST_AT_ONCE = 200
"""Mailboxes asked for in one statement; a database bounds the terms of a condition."""


def organisations_sharing_a_person(session: Session, organisation_id: UUID, *, since: datetime) -> frozenset[UUID]:
    """Return the other organisations of which a member of ``organisation_id`` is, or after ``since`` still was, a member.

    A person is a mailbox: e-mail addresses are compared in lower case and without a sub-address (RFC 5233), so that
    ``li+bank@example.com`` is ``li@example.com``. A membership that ended at ``since`` or before no longer counts.
    """
    counts = UserAccountRow.disabled_at.is_(None) | (UserAccountRow.disabled_at > since)
    own = select(UserAccountRow.email).where(UserAccountRow.organisation_id == organisation_id, counts)
    mailboxes = sorted({mailbox_of(email) for email in session.scalars(own)})
    sharing: set[UUID] = set()
    with as_installation(session):  # independence is asked across all organisations
        for start in range(0, len(mailboxes), _MOST_AT_ONCE):
            near = [_is_near(mailbox) for mailbox in mailboxes[start : start + _MOST_AT_ONCE]]
            others = select(UserAccountRow.organisation_id).where(
                UserAccountRow.organisation_id != organisation_id, counts
            )
            sharing.update(session.scalars(others.where(or_(*near))))
    return frozenset(sharing)


def is_same_person(session: Session, user_id: UUID, other_id: UUID) -> bool:
    """Return whether two accounts are one person's: the same account, or the same mailbox."""
    asked = select(UserAccountRow.email).where(UserAccountRow.user_id.in_((user_id, other_id)))
    with as_installation(session):  # the other account may be of another organisation
        emails = session.scalars(asked).all()
    return user_id == other_id or len(emails) > len({mailbox_of(email) for email in emails})


def _is_near(mailbox: str) -> ColumnElement[bool]:
    local, _, domain = mailbox.rpartition("@")
    return or_(
        UserAccountRow.email == mailbox,
        UserAccountRow.email.startswith(f"{local}+", autoescape=True)
        & UserAccountRow.email.endswith(f"@{domain}", autoescape=True),
    )
