"""Alerts that concern the caller, its settings, the organisation's thresholds, and the log of deliveries."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.notice_kinds import DELIVERY, NOTICE, viewer_of
from api.auth.policy import PERSONAL, Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.base import Choice
from api.schemas.cursors import read_cursor, read_id, read_whole, write_cursor
from api.schemas.fields import PageCursor, UuidString
from api.schemas.notices import (
    DeliveriesOut,
    DeliveryOut,
    NoticeOut,
    NoticeSettingsIn,
    NoticeSettingsOut,
    NoticesOut,
    ReadThroughIn,
    ReadThroughOut,
    ThresholdIn,
    ThresholdsOut,
    UnreadOut,
)
from finance.conventions import notice_words
from finance.conventions.calendars import china_day
from finance.conventions.notices import NoticeKind, check_threshold
from finance.operations.notices import raise_notice
from finance.store import deliveries, notice_settings, notices, reference
from finance.store.deliveries import DeliveryState
from finance.store.notice_settings import Setting
from finance.store.notices import ACKNOWLEDGED, READ, Notice
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Conflict

_PAGE, _MOST = 50, 200
_MARKED_AT_ONCE = 500
_LIST, _LOG = "notices", "notice-deliveries"
_Limit = Annotated[int, Query(ge=1, le=_MOST, description="How many on a page.")]

routes = Routes(tag="notices")


@routes.get("/notices", policy=asks())
def list_notices(
    call: ThisCall,
    after: PageCursor | None = None,
    limit: _Limit = _PAGE,
    kind: Annotated[Choice[NoticeKind] | None, Query(description="One kind.")] = None,
    only_open: Annotated[
        str, Query(alias="open", pattern="^(true|false)$", description="Only what still stands.")
    ] = "false",
) -> NoticesOut:
    """Return the alerts that concern the caller, unread ones first and of each the newest first."""
    viewer = viewer_of(call.session, call.principal)
    begins = None
    if after is not None:
        was_read, number = read_cursor(after, count=2, belongs=_LIST)
        begins = (bool(read_whole(was_read)), read_whole(number))
    found = notices.page_notices(
        call.session, viewer, after=begins, limit=limit, only_open=only_open == "true", kind=kind
    )
    acknowledged = notices.acknowledged_at(call.session, viewer, [one.number for one in found])
    last = found[-1] if len(found) == limit else None
    return NoticesOut(
        notices=tuple(
            NoticeOut.from_core(one).model_copy(update={"acknowledged_at": acknowledged.get(one.number)})
            for one in found
        ),
        unread=notices.count_unread(call.session, viewer),
        newest=notices.last_numbers(call.session, [viewer.organisation_id]).get(viewer.organisation_id, 0),
        next_cursor=None if last is None else write_cursor((int(last.read_at is not None), last.number), belongs=_LIST),
    )


@routes.get("/notices/unread", policy=asks())
def count_notices(call: ThisCall) -> UnreadOut:
    """Return how many alerts that concern the caller it has not read: what a badge shows."""
    return UnreadOut(unread=notices.count_unread(call.session, viewer_of(call.session, call.principal)))


@routes.get("/notices/{notice_id}", policy=asks())
def read_notice(notice_id: UuidString, call: ThisCall) -> NoticeOut:
    """Return an alert that concerns the caller."""
    return NoticeOut.from_core(call.load(NOTICE, notice_id))


@routes.post("/notices/{notice_id}/read", policy=PERSONAL, status=200)
def mark_notice_read(notice_id: UuidString, call: ThisCall) -> NoticeOut:
    """Record that the caller read an alert; again changes nothing."""
    return _marked(call, call.load(NOTICE, notice_id), READ)


@routes.post("/notices/{notice_id}/acknowledge", policy=PERSONAL, status=200)
def acknowledge_notice(notice_id: UuidString, call: ThisCall) -> NoticeOut:
    """Record that the caller takes note of an alert and acts on it; it counts as read too."""
    notice = call.load(NOTICE, notice_id)
    _marked(call, notice, READ)
    return _marked(call, notice, ACKNOWLEDGED)


@routes.post("/notices/read", policy=PERSONAL, status=200)
def mark_notices_read(body: ReadThroughIn, call: ThisCall) -> ReadThroughOut:
    """Record that the caller read every alert up to a number, at most 500 at once."""
    viewer = viewer_of(call.session, call.principal)
    numbers = notices.unread_through(call.session, viewer, through=body.through, limit=_MARKED_AT_ONCE)
    notices.mark_notices(call.session, viewer, numbers, what=READ, at=call.now)
    return ReadThroughOut(marked=len(numbers), unread=notices.count_unread(call.session, viewer))


@routes.post("/notices/test", policy=PERSONAL)
def send_test_notice(call: ThisCall) -> NoticeOut:
    """Send the caller a test message by every channel it chose."""
    principal = call.principal
    number = str(call.new_id())
    draft = notice_words.test_message(principal.organisation_id, number=number, only_user_id=principal.user_id)
    notice_id = raise_notice(call.session, draft, now=call.now)
    assert notice_id is not None, "a test has a number of its own"
    return NoticeOut.from_core(call.load(NOTICE, notice_id))


@routes.get("/notice-settings", policy=asks())
def read_notice_settings(call: ThisCall) -> NoticeSettingsOut:
    """Return what the caller hears of, by which channels, in which language."""
    principal = call.principal
    return NoticeSettingsOut.from_core(
        notice_settings.load_setting(call.session, principal.organisation_id, principal.user_id)
    )


@routes.post("/notice-settings", policy=PERSONAL, status=200)
def set_notice_settings(body: NoticeSettingsIn, call: ThisCall) -> NoticeSettingsOut:
    """Set what the caller hears of; kinds that are not named are as they come."""
    principal = call.principal
    standing = notice_settings.load_setting(call.session, principal.organisation_id, principal.user_id)
    chosen = Setting(
        language=body.language, quiet_until=body.quiet_until, choices=body.choices(), version=standing.version + 1
    )
    notice_settings.save_setting(call.session, principal.organisation_id, principal.user_id, chosen, at=call.now)
    return NoticeSettingsOut.from_core(chosen)


@routes.get("/notice-thresholds", policy=asks())
def list_notice_thresholds(call: ThisCall) -> ThresholdsOut:
    """Return from when conditions alert: the organisation's own thresholds and the rules on file."""
    own = notice_settings.own_thresholds(call.session, call.principal.organisation_id)
    return ThresholdsOut.from_core(reference.shipped_notice_rules(), own, on=china_day(call.now))


@routes.post("/notice-thresholds", policy=asks(Scope.ADMIN), status=200)
def set_notice_threshold(body: ThresholdIn, call: ThisCall) -> ThresholdsOut:
    """Set the organisation's own threshold, or go back to the rule on file."""
    principal = call.principal
    check_threshold(body.threshold, body.value)
    notice_settings.save_threshold(
        call.session,
        principal.organisation_id,
        body.threshold,
        None if body.value is None else parse_decimal(body.value, field="value"),
        by=principal.user_id,
        at=call.now,
    )
    own = notice_settings.own_thresholds(call.session, principal.organisation_id)
    return ThresholdsOut.from_core(reference.shipped_notice_rules(), own, on=china_day(call.now))


@routes.get("/notice-deliveries", policy=asks(Scope.ADMIN))
def list_notice_deliveries(
    call: ThisCall,
    after: PageCursor | None = None,
    limit: _Limit = _PAGE,
    state: Annotated[Choice[DeliveryState] | None, Query(description="Only those that stand so.")] = None,
    target_id: Annotated[UuidString | None, Query(description="One person's or one webhook's.")] = None,
) -> DeliveriesOut:
    """Return who got what when: the organisation's deliveries with every try, of the newest alert first."""
    organisation_id = call.principal.organisation_id
    begins = None
    if after is not None:
        number, delivery_id = read_cursor(after, count=2, belongs=_LOG)
        begins = (read_whole(number), read_id(delivery_id))
    found = deliveries.page_deliveries(
        call.session, organisation_id, after=begins, limit=limit, state=state, target_id=target_id
    )
    last = found[-1][0] if len(found) == limit else None
    return DeliveriesOut(
        deliveries=tuple(
            DeliveryOut.from_core(one, notice_id, deliveries.events_of(call.session, one.delivery_id))
            for one, notice_id in found
        ),
        dead=deliveries.count_dead(call.session, organisation_id),
        next_cursor=None if last is None else write_cursor((last.number, last.delivery_id), belongs=_LOG),
    )


@routes.post("/notice-deliveries/{delivery_id}/retry", policy=asks(Scope.ADMIN), status=200)
def retry_notice_delivery(delivery_id: UuidString, call: ThisCall) -> DeliveryOut:
    """Let a dead delivery be tried again from now."""
    delivery = call.load(DELIVERY, delivery_id)
    if delivery.state is not DeliveryState.DEAD:
        raise Conflict("delivery.state", f"delivery: expected a dead one, this one is {delivery.state}")
    deliveries.retry(call.session, delivery, actor_id=call.principal.user_id, at=call.now)
    again = call.load(DELIVERY, delivery_id)
    notice = deliveries.notice_behind(call.session, again)
    return DeliveryOut.from_core(again, notice.notice_id, deliveries.events_of(call.session, delivery_id))


def _marked(call: Call, notice: Notice, what: str) -> NoticeOut:
    viewer = viewer_of(call.session, call.principal)
    notices.mark_notices(call.session, viewer, [notice.number], what=what, at=call.now)
    return NoticeOut.from_core(call.load(NOTICE, notice.notice_id))
