"""Writes and reads alerts, who saw them, who wants which of them how, and an organisation's own thresholds.

Takes a session first and never commits. Knows scopes as texts and people as ids, not who they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from finance.conventions.notices import (
    EVERYBODY,
    Figure,
    NoticeDraft,
    NoticeKind,
    Severity,
    Subject,
    Words,
)
from finance.store.tables.notices import (
    NoticeAudienceRow,
    NoticeCounterRow,
    NoticeEndRow,
    NoticeMarkRow,
    NoticeRow,
)

READ, ACKNOWLEDGED = "read", "acknowledged"
RESOLVED, SUPERSEDED = "resolved", "superseded"
_NAMESPACE = UUID("6f0c1f6e-0d0a-5d0e-8a57-3b1f4f6f2a10")
_IDS_A_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An alert as it stands: ``ended_at`` once its condition is over, ``read_at`` and ``acknowledged_at`` of the viewer."""

    organisation_id: UUID
    number: int
    notice_id: UUID
    kind: NoticeKind
    severity: Severity
    subject: Subject
    condition: str
    episode: int
    title: Words
    text: Words
    path: str
    figures: tuple[Figure, ...]
    only_user_id: UUID | None
    except_user_id: UUID | None
    raised_at: datetime
    ended_at: datetime | None = None
    read_at: datetime | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks for alerts: what concerns other scopes or other people does not exist for it; ``muted`` kinds are left out of lists."""

    organisation_id: UUID
    user_id: UUID
    scopes: frozenset[str]
    muted: frozenset[NoticeKind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The last episode of a condition: its alert's number and severity, and whether it is still the case."""

    number: int
    episode: int
    severity: Severity
    is_open: bool


def lock_notices(session: Session, organisation_id: UUID) -> int:
    """Take the organisation's alerts until the transaction ends and return how many there are.

    Its numbers are so given in the order of commits, and of two who see one condition one raises it.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(NoticeCounterRow)
        .values(organisation_id=organisation_id, last_number=0)
        .on_conflict_do_nothing(index_elements=["organisation_id"])
    )
    wanted = select(NoticeCounterRow.last_number).where(NoticeCounterRow.organisation_id == organisation_id)
    return session.execute(wanted.with_for_update()).scalar_one()


def last_numbers(session: Session, organisation_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return the number of the newest alert of each organisation that has one."""
    wanted = select(NoticeCounterRow.organisation_id, NoticeCounterRow.last_number).where(
        NoticeCounterRow.organisation_id.in_(list(organisation_ids))
    )
    return {row.organisation_id: row.last_number for row in session.execute(wanted)}


def standing_of(session: Session, organisation_id: UUID, kind: NoticeKind, condition: str) -> Standing | None:
    """Return the condition's last episode, None when it was never raised."""
    wanted = (
        select(NoticeRow.number, NoticeRow.episode, NoticeRow.severity, NoticeEndRow.ended_at)
        .outerjoin(NoticeEndRow, _same(NoticeEndRow))
        .where(
            NoticeRow.organisation_id == organisation_id,
            NoticeRow.kind == kind.value,
            NoticeRow.condition == condition,
        )
        .order_by(NoticeRow.episode.desc())
        .limit(1)
    )
    found = session.execute(wanted).first()
    if found is None:
        return None
    return Standing(number=found[0], episode=found[1], severity=Severity(found[2]), is_open=found[3] is None)


def open_conditions(session: Session, organisation_id: UUID, kind: NoticeKind) -> Mapping[str, int]:
    """Return the numbers of the alerts of a kind whose condition is not over, by condition."""
    wanted = (
        select(NoticeRow.condition, NoticeRow.number)
        .outerjoin(NoticeEndRow, _same(NoticeEndRow))
        .where(
            NoticeRow.organisation_id == organisation_id,
            NoticeRow.kind == kind.value,
            NoticeEndRow.number.is_(None),
        )
    )
    return {row.condition: row.number for row in session.execute(wanted)}


def save_notice(session: Session, draft: NoticeDraft, *, number: int, episode: int, at: datetime) -> UUID:
    """Insert an alert under its number and return its id; the caller holds ``lock_notices``."""
    notice_id = uuid5(_NAMESPACE, f"{draft.organisation_id}/{number}")
    session.execute(
        update(NoticeCounterRow)
        .where(NoticeCounterRow.organisation_id == draft.organisation_id)
        .values(last_number=number)
    )
    session.execute(
        insert(NoticeRow).values(
            organisation_id=draft.organisation_id,
            number=number,
            notice_id=notice_id,
            kind=draft.kind.value,
            severity=draft.severity.value,
            subject_kind=draft.subject.kind,
            subject_ref=draft.subject.ref,
            condition=draft.condition,
            episode=episode,
            title_en=draft.title.en,
            title_zh=draft.title.zh,
            text_en=draft.text.en,
            text_zh=draft.text.zh,
            path=draft.path,
            figures={"figures": [_figure_document(figure) for figure in draft.figures]},
            only_user_id=draft.only_user_id,
            except_user_id=draft.except_user_id,
            raised_at=at,
        )
    )
    session.execute(
        insert(NoticeAudienceRow),
        [
            {"organisation_id": draft.organisation_id, "number": number, "scope": scope}
            for scope in sorted(set(draft.audience))
        ],
    )
    return notice_id


def end_notice(session: Session, organisation_id: UUID, number: int, *, why: str, at: datetime) -> None:
    """Record that the condition of an alert is over."""
    session.execute(insert(NoticeEndRow).values(organisation_id=organisation_id, number=number, why=why, ended_at=at))


def page_notices(
    session: Session,
    viewer: Viewer,
    *,
    after: tuple[bool, int] | None,
    limit: int,
    only_open: bool = False,
    kind: NoticeKind | None = None,
) -> tuple[Notice, ...]:
    """Return the viewer's alerts, unread ones first and of each the newest first, from the one after (is read, number) on."""
    read = aliased(NoticeMarkRow)
    is_read = case((read.number.is_(None), 0), else_=1)
    wanted = _seen(viewer, read).order_by(is_read, NoticeRow.number.desc()).limit(limit)
    if after is not None:
        was_read, number = after
        wanted = wanted.where(or_(is_read > int(was_read), and_(is_read == int(was_read), NoticeRow.number < number)))
    if only_open:
        wanted = wanted.where(NoticeEndRow.number.is_(None))
    if kind is not None:
        wanted = wanted.where(NoticeRow.kind == kind.value)
    return tuple(_notice(row, ended, was) for row, ended, was in session.execute(wanted))


def notices_since(session: Session, viewer: Viewer, *, after: int, limit: int) -> tuple[Notice, ...]:
    """Return the viewer's alerts with numbers above ``after`` in that order."""
    read = aliased(NoticeMarkRow)
    wanted = _seen(viewer, read).where(NoticeRow.number > after).order_by(NoticeRow.number).limit(limit)
    return tuple(_notice(row, ended, was) for row, ended, was in session.execute(wanted))


def find_notice(session: Session, viewer: Viewer, notice_id: UUID) -> Notice | None:
    """Return the alert if it concerns the viewer, muted or not, with when the viewer acknowledged it; else None."""
    read = aliased(NoticeMarkRow)
    seeing = Viewer(organisation_id=viewer.organisation_id, user_id=viewer.user_id, scopes=viewer.scopes)
    found = session.execute(_seen(seeing, read).where(NoticeRow.notice_id == notice_id)).first()
    if found is None:
        return None
    row, ended, was = found
    acknowledged = session.get(NoticeMarkRow, (row.organisation_id, row.number, viewer.user_id, ACKNOWLEDGED))
    return _notice(row, ended, was, None if acknowledged is None else acknowledged.marked_at)


def count_unread(session: Session, viewer: Viewer) -> int:
    """Return how many of the viewer's alerts it has not read."""
    read = aliased(NoticeMarkRow)
    wanted = _seen(viewer, read).where(read.number.is_(None)).with_only_columns(func.count(NoticeRow.number))
    return session.execute(wanted).scalar_one()


def acknowledged_at(session: Session, viewer: Viewer, numbers: Sequence[int]) -> Mapping[int, datetime]:
    """Return when the viewer acknowledged which of the alerts of these numbers, at most a page of them."""
    wanted = select(NoticeMarkRow.number, NoticeMarkRow.marked_at).where(
        NoticeMarkRow.organisation_id == viewer.organisation_id,
        NoticeMarkRow.user_id == viewer.user_id,
        NoticeMarkRow.what == ACKNOWLEDGED,
        NoticeMarkRow.number.in_(list(numbers)[:_IDS_A_QUERY]),
    )
    return {row.number: row.marked_at for row in session.execute(wanted)}


def mark_notices(session: Session, viewer: Viewer, numbers: Iterable[int], *, what: str, at: datetime) -> None:
    """Record that the viewer read or acknowledged alerts; what is recorded stays as it was first."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [
        {
            "organisation_id": viewer.organisation_id,
            "number": number,
            "user_id": viewer.user_id,
            "what": what,
            "marked_at": at,
        }
        for number in sorted(set(numbers))
    ]
    standing = select(NoticeMarkRow.number).where(
        NoticeMarkRow.organisation_id == viewer.organisation_id,
        NoticeMarkRow.user_id == viewer.user_id,
        NoticeMarkRow.what == what,
        NoticeMarkRow.number.in_([row["number"] for row in rows]),
    )
    known = set(session.scalars(standing))  # the guard against REPLACE refuses a second row before the key is asked
    new = [row for row in rows if row["number"] not in known]
    if new:
        session.execute(dialect.insert(NoticeMarkRow).on_conflict_do_nothing(), new)


def unread_through(session: Session, viewer: Viewer, *, through: int, limit: int) -> tuple[int, ...]:
    """Return the numbers up to ``through`` of the viewer's unread alerts, the newest first, at most ``limit``."""
    read = aliased(NoticeMarkRow)
    wanted = (
        _seen(viewer, read)
        .where(read.number.is_(None), NoticeRow.number <= through)
        .with_only_columns(NoticeRow.number)
        .order_by(NoticeRow.number.desc())
        .limit(limit)
    )
    return tuple(session.scalars(wanted))


def notice_of(row: NoticeRow) -> Notice:
    """Return a row as the alert that it is, for the other stores."""
    return _notice(row, None, None)


def _same(row: type[NoticeEndRow]) -> ColumnElement[bool]:
    return and_(row.organisation_id == NoticeRow.organisation_id, row.number == NoticeRow.number)


def _seen(viewer: Viewer, read: type[NoticeMarkRow]) -> Select[NoticeRow, datetime, datetime]:
    concerned = exists(
        select(NoticeAudienceRow.number).where(
            NoticeAudienceRow.organisation_id == NoticeRow.organisation_id,
            NoticeAudienceRow.number == NoticeRow.number,
            NoticeAudienceRow.scope.in_([EVERYBODY, *sorted(viewer.scopes)]),
        )
    )
    mine = and_(
        read.organisation_id == NoticeRow.organisation_id,
        read.number == NoticeRow.number,
        read.user_id == viewer.user_id,
        read.what == READ,
    )
    return (
        select(NoticeRow, NoticeEndRow.ended_at, read.marked_at)
        .outerjoin(NoticeEndRow, _same(NoticeEndRow))
        .outerjoin(read, mine)
        .where(
            NoticeRow.organisation_id == viewer.organisation_id,
            concerned,
            or_(NoticeRow.only_user_id.is_(None), NoticeRow.only_user_id == viewer.user_id),
            or_(NoticeRow.except_user_id.is_(None), NoticeRow.except_user_id != viewer.user_id),
            NoticeRow.kind.not_in(sorted(kind.value for kind in viewer.muted)),
        )
    )


def _figure_document(figure: Figure) -> dict[str, str]:
    return {
        "label_en": figure.label_en,
        "label_zh": figure.label_zh,
        "value": figure.value,
        "unit": figure.unit,
    }


def _notice(
    row: NoticeRow, ended_at: datetime | None, read_at: datetime | None, acknowledged: datetime | None = None
) -> Notice:
    return Notice(
        organisation_id=row.organisation_id,
        number=row.number,
        notice_id=row.notice_id,
        kind=NoticeKind(row.kind),
        severity=Severity(row.severity),
        subject=Subject(kind=row.subject_kind, ref=row.subject_ref),
        condition=row.condition,
        episode=row.episode,
        title=Words(en=row.title_en, zh=row.title_zh),
        text=Words(en=row.text_en, zh=row.text_zh),
        path=row.path,
        figures=tuple(Figure(**each) for each in row.figures["figures"]),
        only_user_id=row.only_user_id,
        except_user_id=row.except_user_id,
        raised_at=row.raised_at,
        ended_at=ended_at,
        read_at=read_at,
        acknowledged_at=acknowledged,
    )
