"""Brings alerts to people and programs: turns each into deliveries, claims what is due, sends, records how it went.

An edge like the jobs: it opens units of work and is given its clock. Claiming and recording are transactions of their own and
nothing is sent inside one, so a process that dies between them sends again under the same id and loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.deps import unit_of_work
from api.notices.people import Reader, find_reader, readers_of
from api.notices.senders import Message, Outcome, Sender
from api.store.faults import DATABASE_ERRORS
from finance.conventions.calendars import china_day
from finance.conventions.notices import DEFAULT_CHOICES, EVERYBODY, Channel, NoticeKind
from finance.conventions.tables import ReferenceSet
from finance.store import deliveries, notice_settings, webhooks
from finance.store.deliveries import Delivery, DeliveryWhat
from finance.store.notices import Notice
from ledger.store.database import Database

_ALERTS_AT_ONCE = 200
_log = logging.getLogger("tonne.notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """How deliveries are tried: how often, with which pauses, how long a claim holds, how many at a time."""

    most_tries: int
    first_pause: timedelta
    longest_pause: timedelta
    lease: timedelta
    batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What the dispatcher works with: the database, one sender for each channel that is set up, clock, ids and randomness."""

    database: Database
    senders: Mapping[Channel, Sender]
    rules: DeliveryRules
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    new_id: Callable[[], UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """What one round did."""

    expanded: int
    sent: int
    failed: int
    dead: int


def delivery_rules(rules: ReferenceSet, *, now: datetime) -> DeliveryRules:
    """Return the rules on file."""
    on = china_day(now)

    def whole(name: str) -> int:
        return int(rules.lookup(f"delivery.{name}", on=on).number())

    return DeliveryRules(
        most_tries=whole("most_tries"),
        first_pause=timedelta(seconds=whole("first_pause")),
        longest_pause=timedelta(seconds=whole("longest_pause")),
        lease=timedelta(seconds=whole("lease")),
        batch=whole("batch"),
    )


def dispatch_due(world: Dispatch) -> Dispatched:
    """Expand every new alert and send every delivery that is due, until none is; return what was done."""
    expanded = 0
    while step := _expand(world):
        expanded += step
    done = dict.fromkeys(DeliveryWhat, 0)
    while claimed := _claim(world):
        for delivery in claimed:
            done[_send(world, delivery)] += 1
    return Dispatched(
        expanded=expanded,
        sent=done[DeliveryWhat.SENT],
        failed=done[DeliveryWhat.FAILED],
        dead=done[DeliveryWhat.DEAD],
    )


def dispatch_quietly(world: Dispatch) -> None:
    """Do one round; a busy database is logged and the next round goes on."""
    try:
        dispatch_due(world)
    except DATABASE_ERRORS as error:
        _log.warning("notices: the database does not answer or is busy: %s", type(error).__name__)


def pause_after(tries: int, rules: DeliveryRules, *, random_byte: int) -> timedelta:
    """Return how long to wait after so many tries: doubled each time up to the longest, of it between a half and all.

    With 30 s at first and a byte of 255: 30 s, 60 s, 120 s ...; with a byte of 0 half of each.
    """
    full: timedelta = min(rules.first_pause * (1 << min(tries - 1, 30)), rules.longest_pause)
    return full / 2 + full * random_byte / (2 * 255)


def _expand(world: Dispatch) -> int:
    now = world.clock()
    with world.database.reader() as session:
        if not deliveries.unexpanded(session, limit=1):
            return 0
    with unit_of_work(world.database) as session:
        found = deliveries.unexpanded(session, limit=_ALERTS_AT_ONCE)
        for notice in found:
            if deliveries.begin_expansion(session, notice, at=now):
                targets = [each for each in _targets(session, notice, now=now) if each[0] in world.senders]
                deliveries.add_deliveries(session, notice, targets, at=now)
    return len(found)


def _targets(session: Session, notice: Notice, *, now: datetime) -> Iterator[tuple[Channel, UUID, datetime]]:
    """Yield whom the alert would go to: mailboxes of those concerned who want its kind by mail, and endpoints that take it."""
    if notice.kind is NoticeKind.TEST and notice.subject.ref.startswith("webhook "):
        endpoint = webhooks.find_endpoint(session, notice.organisation_id, UUID(notice.subject.ref.split()[1]))
        if endpoint is not None:
            yield Channel.WEBHOOK, endpoint.endpoint_id, now
        return
    audience = deliveries.audience_of(session, notice)
    for reader in readers_of(session, notice.organisation_id, now=now):
        if not _concerns(notice, audience, reader):
            continue
        setting = notice_settings.load_setting(session, notice.organisation_id, reader.user_id)
        if Channel.EMAIL in setting.choices.get(notice.kind, DEFAULT_CHOICES[notice.kind]):
            yield Channel.EMAIL, reader.user_id, max(now, setting.quiet_until or now)
    if notice.only_user_id is None:
        for endpoint in webhooks.live_endpoints(session, notice.organisation_id, notice.kind):
            yield Channel.WEBHOOK, endpoint.endpoint_id, now


def _concerns(notice: Notice, audience: frozenset[str], reader: Reader) -> bool:
    if notice.only_user_id is not None and notice.only_user_id != reader.user_id:
        return False
    if notice.except_user_id == reader.user_id:
        return False
    return EVERYBODY in audience or bool(audience & reader.scopes)


def _claim(world: Dispatch) -> tuple[Delivery, ...]:
    now = world.clock()
    with unit_of_work(world.database) as session:
        return deliveries.claim(
            session,
            channels=tuple(world.senders),
            claim_id=world.new_id(),
            now=now,
            until=now + world.rules.lease,
            limit=world.rules.batch,
        )


def _send(world: Dispatch, delivery: Delivery) -> DeliveryWhat:
    with world.database.reader() as session:
        message = _message(session, delivery, now=world.clock())
    if message is None:
        outcome = Outcome(is_sent=False, detail="nobody is there to get it", is_final=True)
    else:
        outcome = world.senders[delivery.channel](message)
    now = world.clock()
    what = DeliveryWhat.FAILED
    if outcome.is_sent:
        what = DeliveryWhat.SENT
    elif outcome.is_final or delivery.tries >= world.rules.most_tries:
        what = DeliveryWhat.DEAD
    pause = pause_after(delivery.tries, world.rules, random_byte=world.random_bytes(1)[0])
    with unit_of_work(world.database) as session:
        deliveries.record(
            session,
            delivery,
            what,
            status=outcome.status,
            detail=outcome.detail,
            at=now,
            due_at=now + pause if what is DeliveryWhat.FAILED else None,
        )
    if what is DeliveryWhat.DEAD:
        _log.warning("delivery %s is dead after %d tries: %s", delivery.delivery_id, delivery.tries, outcome.detail)
    return what


def _message(session: Session, delivery: Delivery, *, now: datetime) -> Message | None:
    notice = deliveries.notice_behind(session, delivery)
    if delivery.channel is Channel.WEBHOOK:
        endpoint = webhooks.find_endpoint(session, delivery.organisation_id, delivery.target_id)
        return None if endpoint is None else Message(delivery=delivery, notice=notice, endpoint=endpoint)
    reader = find_reader(session, delivery.organisation_id, delivery.target_id, now=now)
    if reader is None:
        return None
    setting = notice_settings.load_setting(session, delivery.organisation_id, delivery.target_id)
    return Message(delivery=delivery, notice=notice, address=reader.email, language=setting.language)
