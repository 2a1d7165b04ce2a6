"""The outbox: which alert goes to which mailbox or endpoint, who sends it now, and what became of it.

Takes a session first and never commits. Knows no network: a delivery is claimed and recorded here, sent elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import and_, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from finance.conventions.notices import Channel
from finance.store.notices import Notice, notice_of
from finance.store.tables.notices import (
    DeliveryEventRow,
    NoticeAudienceRow,
    NoticeCounterRow,
    NoticeDeliveryRow,
    NoticeExpansionRow,
    NoticeRow,
)

_NAMESPACE = UUID("2a9d5f3b-6e51-5c3d-9c43-7a0b1f9a4e77")
LONGEST_DETAIL = 300


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    DEAD = "dead"


class DeliveryWhat(StrEnum):
    """What happened to a delivery."""

    SENT = "sent"
    FAILED = "failed"  # it is tried again later
    DEAD = "dead"  # it is not tried again unless a person asks for it
    RETRIED = "retried"  # a person asked for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert on its way to one target; ``tries`` counts the claims, this one included."""

    delivery_id: UUID
    organisation_id: UUID
    number: int
    channel: Channel
    target_id: UUID
    state: DeliveryState
    tries: int
    due_at: datetime
    made_at: datetime
    claim_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEvent:
    """What happened to a delivery, in order."""

    number: int
    what: DeliveryWhat
    status: int | None
    detail: str
    actor_id: UUID | None
    at: datetime


def unexpanded(session: Session, *, limit: int) -> tuple[Notice, ...]:
    """Return alerts that were not turned into deliveries yet, of each organisation in their order."""
    expanded = (
        select(func.coalesce(func.max(NoticeExpansionRow.number), 0))
        .where(NoticeExpansionRow.organisation_id == NoticeCounterRow.organisation_id)
        .scalar_subquery()
    )
    wanted = (
        select(NoticeRow)
        .join(NoticeCounterRow, NoticeCounterRow.organisation_id == NoticeRow.organisation_id)
        .where(NoticeRow.number > expanded)
        .order_by(NoticeRow.organisation_id, NoticeRow.number)
        .limit(limit)
    )
    return tuple(notice_of(row) for row in session.scalars(wanted))


def audience_of(session: Session, notice: Notice) -> frozenset[str]:
    """Return the scopes whose holders the alert concerns."""
    wanted = select(NoticeAudienceRow.scope).where(
        NoticeAudienceRow.organisation_id == notice.organisation_id, NoticeAudienceRow.number == notice.number
    )
    return frozenset(session.scalars(wanted))


def begin_expansion(session: Session, notice: Notice, *, at: datetime) -> bool:
    """Take the alert for expansion and return true, once; another who is at it is waited for, then it is false."""
    if session.get(NoticeExpansionRow, (notice.organisation_id, notice.number)) is not None:
        return False
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    taken = session.execute(
        dialect.insert(NoticeExpansionRow)
        .values(organisation_id=notice.organisation_id, number=notice.number, expanded_at=at)
        .on_conflict_do_nothing()
        .returning(NoticeExpansionRow.number)
    )
    return taken.first() is not None


def add_deliveries(
    session: Session, notice: Notice, targets: Iterable[tuple[Channel, UUID, datetime]], *, at: datetime
) -> int:
    """Insert one delivery for each (channel, target, first due instant) and return how many."""
    rows = [
        {
            "delivery_id": uuid5(_NAMESPACE, f"{notice.notice_id}/{channel}/{target_id}"),
            "organisation_id": notice.organisation_id,
            "number": notice.number,
            "channel": channel.value,
            "target_id": target_id,
            "subject": notice.subject.key,
            "state": DeliveryState.PENDING.value,
            "tries": 0,
            "due_at": due_at,
            "claim_id": None,
            "claimed_until": None,
            "made_at": at,
        }
        for channel, target_id, due_at in targets
    ]
    if rows:
        session.execute(insert(NoticeDeliveryRow), rows)
    return len(rows)


def claim(
    session: Session, *, channels: Collection[Channel], claim_id: UUID, now: datetime, until: datetime, limit: int
) -> tuple[Delivery, ...]:
    """Take up to ``limit`` deliveries that are due, for this claim until an instant, the longest due first.

    What is about one thing goes to one target in order: a delivery waits while an earlier one of them is neither sent nor dead.
    Rows that another process is claiming are passed over (PostgreSQL), or it is waited for (SQLite's one writer). A claim whose
    process died is taken again after its instant.
    """
    row, earlier = NoticeDeliveryRow, aliased(NoticeDeliveryRow)
    blocked = exists(
        select(earlier.delivery_id).where(
            earlier.target_id == row.target_id,
            earlier.subject == row.subject,
            earlier.organisation_id == row.organisation_id,
            earlier.channel == row.channel,
            earlier.number < row.number,
            earlier.state.in_([DeliveryState.PENDING.value, DeliveryState.CLAIMED.value]),
        )
    )
    is_due = or_(
        and_(row.state == DeliveryState.PENDING.value, row.due_at <= now),
        and_(row.state == DeliveryState.CLAIMED.value, row.claimed_until <= now),
    )
    wanted = (
        select(row)
        .where(row.channel.in_([channel.value for channel in channels]), is_due, ~blocked)
        .order_by(row.due_at, row.number)
        .limit(limit)
        .with_for_update(skip_locked=True, of=row)
    )
    taken = session.scalars(wanted).all()
    for each in taken:
        each.state = DeliveryState.CLAIMED.value
        each.tries += 1
        each.claim_id = claim_id
        each.claimed_until = until
    session.flush()  # the claim is in the database before its holder is told of it
    return tuple(map(_delivery, taken))


def record(
    session: Session,
    delivery: Delivery,
    what: DeliveryWhat,
    *,
    status: int | None,
    detail: str,
    at: datetime,
    due_at: datetime | None = None,
) -> bool:
    """Record how a try went and let go of the claim; return false when the claim had run out and another holds it.

    ``due_at`` is when a failed one is tried again. The event is recorded in any case: it happened.
    """
    _add_event(session, delivery.delivery_id, what, status=status, detail=detail, actor_id=None, at=at)
    state = {DeliveryWhat.SENT: DeliveryState.SENT, DeliveryWhat.DEAD: DeliveryState.DEAD}.get(
        what, DeliveryState.PENDING
    )
    held = NoticeDeliveryRow.claim_id == delivery.claim_id
    if what is DeliveryWhat.SENT:  # it has arrived, whoever holds it now
        held = NoticeDeliveryRow.state != DeliveryState.SENT.value
    changed = session.execute(
        update(NoticeDeliveryRow)
        .where(NoticeDeliveryRow.delivery_id == delivery.delivery_id, held)
        .values(state=state.value, claim_id=None, claimed_until=None, due_at=due_at or delivery.due_at)
        .returning(NoticeDeliveryRow.delivery_id)
    )
    return changed.first() is not None


def retry(session: Session, delivery: Delivery, *, actor_id: UUID, at: datetime) -> None:
    """Let a dead delivery be tried again from now, with all its tries before it."""
    _add_event(session, delivery.delivery_id, DeliveryWhat.RETRIED, status=None, detail="", actor_id=actor_id, at=at)
    session.execute(
        update(NoticeDeliveryRow)
        .where(
            NoticeDeliveryRow.delivery_id == delivery.delivery_id,
            NoticeDeliveryRow.state == DeliveryState.DEAD.value,
        )
        .values(state=DeliveryState.PENDING.value, tries=0, due_at=at)
    )
    session.expire_all()


def find_delivery(session: Session, organisation_id: UUID, delivery_id: UUID) -> Delivery | None:
    """Return the organisation's delivery, None without one."""
    row = session.get(NoticeDeliveryRow, delivery_id)
    return _delivery(row) if row is not None and row.organisation_id == organisation_id else None


def notice_behind(session: Session, delivery: Delivery) -> Notice:
    """Return the alert that a delivery brings."""
    row = session.get(NoticeRow, (delivery.organisation_id, delivery.number))
    assert row is not None, "a delivery brings an alert: the database's key says so"
    return notice_of(row)


def page_deliveries(
    session: Session,
    organisation_id: UUID,
    *,
    after: tuple[int, UUID] | None,
    limit: int,
    state: DeliveryState | None = None,
    target_id: UUID | None = None,
) -> tuple[tuple[Delivery, UUID], ...]:
    """Return deliveries with the ids of their alerts, of the newest alert first, from the one after (number, id) on."""
    row = NoticeDeliveryRow
    wanted = (
        select(row, NoticeRow.notice_id)
        .join(NoticeRow, and_(NoticeRow.organisation_id == row.organisation_id, NoticeRow.number == row.number))
        .where(row.organisation_id == organisation_id)
        .order_by(row.number.desc(), row.delivery_id)
        .limit(limit)
    )
    if after is not None:
        number, delivery_id = after
        wanted = wanted.where(or_(row.number < number, and_(row.number == number, row.delivery_id > delivery_id)))
    if state is not None:
        wanted = wanted.where(row.state == state.value)
    if target_id is not None:
        wanted = wanted.where(row.target_id == target_id)
    return tuple((_delivery(found), notice_id) for found, notice_id in session.execute(wanted))


def events_of(session: Session, delivery_id: UUID) -> tuple[DeliveryEvent, ...]:
    """Return what happened to a delivery, in order."""
    wanted = (
        select(DeliveryEventRow).where(DeliveryEventRow.delivery_id == delivery_id).order_by(DeliveryEventRow.number)
    )
    return tuple(
        DeliveryEvent(
            number=row.number,
            what=DeliveryWhat(row.what),
            status=row.status,
            detail=row.detail,
            actor_id=row.actor_id,
            at=row.at,
        )
        for row in session.scalars(wanted)
    )


def count_dead(session: Session, organisation_id: UUID) -> int:
    """Return how many of the organisation's deliveries are dead."""
    wanted = select(func.count()).where(
        NoticeDeliveryRow.organisation_id == organisation_id, NoticeDeliveryRow.state == DeliveryState.DEAD.value
    )
    return session.execute(wanted).scalar_one()


def _add_event(
    session: Session,
    delivery_id: UUID,
    what: DeliveryWhat,
    *,
    status: int | None,
    detail: str,
    actor_id: UUID | None,
    at: datetime,
) -> None:
    last = session.scalar(select(func.max(DeliveryEventRow.number)).where(DeliveryEventRow.delivery_id == delivery_id))
    shown = "".join(letter if letter.isprintable() else " " for letter in detail)[:LONGEST_DETAIL]
    session.execute(
        insert(DeliveryEventRow).values(
            delivery_id=delivery_id,
            number=(last or 0) + 1,
            what=what.value,
            status=status,
            detail=shown,
            actor_id=actor_id,
            at=at,
        )
    )


def _delivery(row: NoticeDeliveryRow) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        organisation_id=row.organisation_id,
        number=row.number,
        channel=Channel(row.channel),
        target_id=row.target_id,
        state=DeliveryState(row.state),
        tries=row.tries,
        due_at=row.due_at,
        made_at=row.made_at,
        claim_id=row.claim_id,
    )
