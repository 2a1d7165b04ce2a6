"""Raising alerts in the transaction of what they tell of, and ending them when it is not so any more.

Joins the caller's transaction and commits nothing. Raise last: who raises holds the organisation's alerts until the commit.
Bringing an alert to people is the dispatcher's, after the commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.notices import NoticeDraft, NoticeKind
from finance.store import notices as notice_store
from finance.store.notices import RESOLVED, SUPERSEDED
from ledger.store.acting import as_installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a look at conditions changed: alerts raised and ended."""

    raised: int
    ended: int


def raise_notice(session: Session, draft: NoticeDraft, *, now: datetime) -> UUID | None:
    """Record an alert and return its id, or None when the same condition stands already and is no louder now.

    A louder one supersedes what stands. A condition that was over is raised anew as its next episode.
    """
    with as_installation(session):  # a lender is told of what its borrower did, and the other way round
        return _raise(session, draft, now=now)


def _raise(session: Session, draft: NoticeDraft, *, now: datetime) -> UUID | None:
    number = notice_store.lock_notices(session, draft.organisation_id) + 1
    standing = notice_store.standing_of(session, draft.organisation_id, draft.kind, draft.condition)
    if standing is not None and standing.is_open:
        if draft.severity.rank <= standing.severity.rank:
            return None
        notice_store.end_notice(session, draft.organisation_id, standing.number, why=SUPERSEDED, at=now)
    episode = 1 if standing is None else standing.episode + 1
    return notice_store.save_notice(session, draft, number=number, episode=episode, at=now)


def resolve_notice(session: Session, organisation_id: UUID, kind: NoticeKind, condition: str, *, now: datetime) -> bool:
    """Record that a condition is over and return true; false when no alert of it stands."""
    with as_installation(session):  # the condition may be another organisation's to know of
        return _resolve(session, organisation_id, kind, condition, now=now)


def _resolve(session: Session, organisation_id: UUID, kind: NoticeKind, condition: str, *, now: datetime) -> bool:
    standing = notice_store.standing_of(session, organisation_id, kind, condition)
    if standing is None or not standing.is_open:
        return False
    notice_store.lock_notices(session, organisation_id)
    standing = notice_store.standing_of(session, organisation_id, kind, condition)
    assert standing is not None, "an alert that stood is never deleted"
    if standing.is_open:
        notice_store.end_notice(session, organisation_id, standing.number, why=RESOLVED, at=now)
    return standing.is_open


def settle_conditions(
    session: Session,
    organisation_id: UUID,
    kinds: Collection[NoticeKind],
    found: Iterable[NoticeDraft],
    *,
    unknown: Collection[str] = (),
    now: datetime,
) -> Settled:
    """Raise what was found and end every other alert of ``kinds``, but for the ``unknown`` conditions, which could not be judged.

    An unknown ending in ``*`` stands for every condition that begins so.
    """
    drafts = tuple(found)
    assert all(draft.organisation_id == organisation_id and draft.kind in kinds for draft in drafts), (
        "conditions are settled for one organisation and the kinds that were looked at"
    )
    raised = sum(raise_notice(session, draft, now=now) is not None for draft in drafts)
    exact = {each for each in unknown if not each.endswith("*")}
    begins = tuple(each[:-1] for each in unknown if each.endswith("*"))
    ended = 0
    for kind in sorted(kinds):
        standing = {draft.condition for draft in drafts if draft.kind is kind} | exact
        for condition in sorted(notice_store.open_conditions(session, organisation_id, kind)):
            if condition not in standing and not (begins and condition.startswith(begins)):
                ended += resolve_notice(session, organisation_id, kind, condition, now=now)
    return Settled(raised=raised, ended=ended)
