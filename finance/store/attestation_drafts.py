"""Reads and writes statements in preparation: versions of their text and what befell them. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.attestations.states import AttestationState
from finance.store.tables.attestations import AttestationDraftRow, DraftEventRow, DraftVersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftVersion:
    """One version: the canonical text that would be signed, its digest, who prepared it and when."""

    number: int
    document: str
    sha256: str
    prepared_at: datetime
    prepared_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEvent:
    """One state that a draft came to: about which version, through whom, and why."""

    number: int
    state: AttestationState
    version: int
    reason: str
    recorded_at: datetime
    actor_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A statement in preparation as it stands: every version and every event, oldest first."""

    draft_id: UUID
    engagement_id: UUID
    versions: tuple[DraftVersion, ...]
    events: tuple[DraftEvent, ...]

    @property
    def state(self) -> AttestationState:
        """Return where the draft stands."""
        return self.events[-1].state

    @property
    def newest(self) -> DraftVersion:
        """Return the version that stands."""
        return self.versions[-1]

    @property
    def preparers(self) -> frozenset[UUID]:
        """Return everyone who prepared a version."""
        return frozenset(version.prepared_by for version in self.versions)

    @property
    def reviewer(self) -> UUID | None:
        """Return who reviewed the version that stands, None while nobody has."""
        return next(
            (event.actor_id for event in reversed(self.events) if event.state is AttestationState.REVIEWED), None
        )


def save_draft(session: Session, draft_id: UUID, engagement_id: UUID, *, now: datetime, recorded_by: UUID) -> None:
    """Record a new draft, still without text."""
    session.execute(
        insert(AttestationDraftRow).values(
            draft_id=draft_id, engagement_id=engagement_id, recorded_at=now, recorded_by=recorded_by
        )
    )


def save_version(session: Session, draft_id: UUID, version: DraftVersion) -> None:
    """Record a further version of the draft's text."""
    session.execute(
        insert(DraftVersionRow).values(
            draft_id=draft_id,
            number=version.number,
            document=version.document,
            sha256=version.sha256,
            prepared_at=version.prepared_at,
            prepared_by=version.prepared_by,
        )
    )


def save_event(session: Session, draft_id: UUID, event: DraftEvent) -> None:
    """Record what befell the draft."""
    session.execute(
        insert(DraftEventRow).values(
            draft_id=draft_id,
            number=event.number,
            state=event.state.value,
            version=event.version,
            reason=event.reason,
            recorded_at=event.recorded_at,
            actor_id=event.actor_id,
        )
    )


def find_draft(session: Session, draft_id: UUID, *, lock: bool = False) -> Draft | None:
    """Return the draft as it stands, or None; ``lock`` keeps other changes of it waiting until the end."""
    wanted = select(AttestationDraftRow).where(AttestationDraftRow.draft_id == draft_id)
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    return None if row is None else _draft(session, row)


def list_drafts(session: Session, engagement_id: UUID) -> Sequence[Draft]:
    """Return the engagement's drafts, oldest first."""
    rows = session.scalars(
        select(AttestationDraftRow)
        .where(AttestationDraftRow.engagement_id == engagement_id)
        .order_by(AttestationDraftRow.recorded_at, AttestationDraftRow.draft_id)
    ).all()
    return tuple(_draft(session, row) for row in rows)


def _draft(session: Session, row: AttestationDraftRow) -> Draft:
    versions = session.scalars(
        select(DraftVersionRow).where(DraftVersionRow.draft_id == row.draft_id).order_by(DraftVersionRow.number)
    )
    events = session.scalars(
        select(DraftEventRow).where(DraftEventRow.draft_id == row.draft_id).order_by(DraftEventRow.number)
    )
    return Draft(
        draft_id=row.draft_id,
        engagement_id=row.engagement_id,
        versions=tuple(
            DraftVersion(
                number=each.number,
                document=each.document,
                sha256=each.sha256,
                prepared_at=each.prepared_at,
                prepared_by=each.prepared_by,
            )
            for each in versions
        ),
        events=tuple(
            DraftEvent(
                number=each.number,
                state=AttestationState(each.state),
                version=each.version,
                reason=each.reason,
                recorded_at=each.recorded_at,
                actor_id=each.actor_id,
            )
            for each in events
        ),
    )
