"""Writes and reads what each person wants to hear of, and from when an organisation wants conditions to alert.

Takes a session first and never commits. Versions, only ever added to; the latest counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.conventions.notices import SETTABLE, Channel, Choices, Language, NoticeKind, Thresholds
from finance.conventions.tables import ReferenceSet
from finance.store.tables.notices import NoticeSettingRow, NoticeThresholdRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a person wants to hear of: channels by kind (absent: as it comes), the language, and until when mail waits."""

    language: Language
    quiet_until: datetime | None
    choices: Choices
    version: int = 0


def load_setting(session: Session, organisation_id: UUID, user_id: UUID) -> Setting:
    """Return what the person chose last; who chose nothing hears of everything, in English, at once."""
    wanted = (
        select(NoticeSettingRow)
        .where(NoticeSettingRow.organisation_id == organisation_id, NoticeSettingRow.user_id == user_id)
        .order_by(NoticeSettingRow.version.desc())
        .limit(1)
    )
    row = session.scalar(wanted)
    if row is None:
        return Setting(language=Language.EN, quiet_until=None, choices={})
    choices = {NoticeKind(kind): frozenset(map(Channel, channels)) for kind, channels in row.channels.items()}
    return Setting(language=Language(row.language), quiet_until=row.quiet_until, choices=choices, version=row.version)


def save_setting(session: Session, organisation_id: UUID, user_id: UUID, setting: Setting, *, at: datetime) -> None:
    """Insert the person's next version."""
    session.execute(
        insert(NoticeSettingRow).values(
            organisation_id=organisation_id,
            user_id=user_id,
            version=setting.version,
            language=setting.language.value,
            quiet_until=setting.quiet_until,
            channels={
                kind.value: sorted(channel.value for channel in channels) for kind, channels in setting.choices.items()
            },
            set_at=at,
        )
    )


def own_thresholds(session: Session, organisation_id: UUID) -> Mapping[str, Decimal]:
    """Return the thresholds that the organisation set for itself and did not give back."""
    wanted = (
        select(NoticeThresholdRow)
        .where(NoticeThresholdRow.organisation_id == organisation_id)
        .order_by(NoticeThresholdRow.version)
    )
    latest = {row.row_id: row.value for row in session.scalars(wanted)}
    return {row_id: value for row_id, value in latest.items() if value is not None}


def save_threshold(
    session: Session, organisation_id: UUID, row_id: str, value: Decimal | None, *, by: UUID, at: datetime
) -> None:
    """Insert the next version of an organisation's own threshold; None goes back to the rule on file."""
    last = session.scalar(
        select(func.max(NoticeThresholdRow.version)).where(
            NoticeThresholdRow.organisation_id == organisation_id, NoticeThresholdRow.row_id == row_id
        )
    )
    session.execute(
        insert(NoticeThresholdRow).values(
            organisation_id=organisation_id,
            row_id=row_id,
            version=(last or 0) + 1,
            value=value,
            set_by=by,
            set_at=at,
        )
    )


def thresholds_of(session: Session, organisation_id: UUID, rules: ReferenceSet, *, on: date) -> Thresholds:
    """Return from when conditions alert on a day: the organisation's own thresholds, else the rules on file."""
    own = own_thresholds(session, organisation_id)
    found = {row_id: own.get(row_id, rules.lookup(row_id, on=on).number()) for row_id in SETTABLE}
    return Thresholds(
        gap_t=int(found["notice.gap"]),
        gap_urgent_days=int(found["notice.gap_urgent"]),
        limit_used=f"{found['notice.limit_used']:f}",
        due_days=int(found["notice.due"]),
        due_urgent_days=int(found["notice.due_urgent"]),
        target_confidence=f"{found['notice.target_confidence']:f}",
    )
