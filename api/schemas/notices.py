"""What enters and leaves about alerts: the list, each person's settings, thresholds, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import DecimalString, InstantString, PageCursor, UuidString
from finance.conventions.notices import DEFAULT_CHOICES, PERSONAL, SETTABLE, Channel, Choices, Language, NoticeKind
from finance.conventions.tables import ReferenceSet
from finance.store.deliveries import Delivery, DeliveryEvent
from finance.store.notice_settings import Setting
from finance.store.notices import Notice
from ledger.core.errors import Invalid

ThresholdName = Annotated[str, Field(max_length=80, examples=["notice.limit_used"], description="The rule's name.")]


class NoticeFigureOut(Schema):
    """A figure that an alert rests on."""

    label_en: str
    label_zh: str
    value: Annotated[str, Field(description="A decimal string, or a day.", examples=["12000"])]
    unit: Annotated[str, Field(examples=["t"])]


class NoticeOut(Schema):
    """An alert that concerns the caller; ``ended_at`` once its condition is over."""

    notice_id: UuidString
    number: Annotated[
        int, Field(description="Its place among the organisation's alerts, and its id on the live stream.")
    ]
    kind: Annotated[str, Field(examples=["compliance_gap"])]
    severity: Annotated[str, Field(examples=["warning"])]
    subject_kind: Annotated[str, Field(examples=["book"])]
    subject_ref: str
    title_en: str
    title_zh: str
    text_en: str
    text_zh: str
    path: Annotated[str, Field(description="The page that answers it.", examples=["/compliance"])]
    figures: Array[NoticeFigureOut]
    raised_at: InstantString
    ended_at: InstantString | None
    read_at: InstantString | None
    acknowledged_at: InstantString | None

    @classmethod
    def from_core(cls, notice: Notice) -> NoticeOut:
        """Return the shape of ``notice``."""
        return cls(
            notice_id=notice.notice_id,
            number=notice.number,
            kind=notice.kind.value,
            severity=notice.severity.value,
            subject_kind=notice.subject.kind,
            subject_ref=notice.subject.ref,
            title_en=notice.title.en,
            title_zh=notice.title.zh,
            text_en=notice.text.en,
            text_zh=notice.text.zh,
            path=notice.path,
            figures=tuple(
                NoticeFigureOut(label_en=one.label_en, label_zh=one.label_zh, value=one.value, unit=one.unit)
                for one in notice.figures
            ),
            raised_at=notice.raised_at,
            ended_at=notice.ended_at,
            read_at=notice.read_at,
            acknowledged_at=notice.acknowledged_at,
        )


class NoticesOut(Schema):
    """A page of the caller's alerts, unread ones first and of each the newest first."""

    notices: Array[NoticeOut]
    unread: Annotated[int, Field(description="How many the caller has not read, on every page.")]
    newest: Annotated[
        int, Field(description="Number of the organisation's newest alert, where a live stream may begin.")
    ]
    next_cursor: PageCursor | None


class UnreadOut(Schema):
    """How many alerts the caller has not read."""

    unread: int


class ReadThroughIn(Schema):
    """Every alert up to a number was read."""

    through: Annotated[int, Field(ge=0, le=10**15, examples=[17], description="The number of the newest one read.")]


class ReadThroughOut(Schema):
    """How many alerts were marked as read now, and how many are left."""

    marked: int
    unread: int


class KindChannels(Schema):
    """How one kind of alert reaches a person; without a channel it does not."""

    kind: Annotated[Choice[NoticeKind], Field(examples=["compliance_gap"])]
    channels: Annotated[
        Array[Annotated[Choice[Channel], Field(examples=["email"])]],
        Field(max_length=2, description="app, email; a webhook is the organisation's and names its kinds itself."),
    ]


class NoticeSettingsIn(Schema):
    """What the caller wants to hear of, in which language, and until when mail waits."""

    language: Annotated[Choice[Language], Field(examples=["zh"])]
    quiet_until: Annotated[
        InstantString | None, Field(description="Mail waits until then; nothing is lost.", examples=[None])
    ] = None
    kinds: Annotated[
        Array[KindChannels], Field(max_length=20, description="A kind that is not named is as it comes.")
    ] = ()

    def choices(self) -> Choices:
        """Return the channels by kind; a kind named twice or a channel that is not a person's is refused."""
        named = [each.kind for each in self.kinds]
        if len(set(named)) != len(named):
            raise Invalid("notice.kinds", "kinds: expected each kind once", field="kinds")
        if any(channel not in PERSONAL for each in self.kinds for channel in each.channels):
            raise Invalid("notice.channels", "channels: expected app and email", field="kinds")
        return {each.kind: frozenset(each.channels) for each in self.kinds}


class NoticeSettingsOut(Schema):
    """What the caller hears of now, kind by kind."""

    language: str
    quiet_until: InstantString | None
    kinds: Array[KindChannels]

    @classmethod
    def from_core(cls, setting: Setting) -> NoticeSettingsOut:
        """Return every kind with its channels, chosen or as it comes."""
        chosen = {kind: setting.choices.get(kind, DEFAULT_CHOICES[kind]) for kind in NoticeKind}
        return cls(
            language=setting.language.value,
            quiet_until=setting.quiet_until,
            kinds=tuple(KindChannels(kind=kind, channels=tuple(sorted(chosen[kind]))) for kind in NoticeKind),
        )


class ThresholdIn(Schema):
    """An organisation's own threshold; null goes back to the rule on file."""

    threshold: ThresholdName
    value: Annotated[DecimalString | None, Field(examples=["0.75"])]


class ThresholdOut(Schema):
    """From when a condition alerts: the value in force and the rule on file with its source."""

    threshold: ThresholdName
    value: str
    unit: Annotated[str, Field(examples=["1"])]
    is_own: bool
    on_file: str
    label_en: str
    label_zh: str
    source: str
    status: str


class ThresholdsOut(Schema):
    """Every threshold that an organisation may set."""

    thresholds: Array[ThresholdOut]

    @classmethod
    def from_core(cls, rules: ReferenceSet, own: Mapping[str, Decimal], *, on: date) -> ThresholdsOut:
        """Return the thresholds as they hold on a day."""
        rows = [rules.lookup(row_id, on=on) for row_id in SETTABLE]
        return cls(
            thresholds=tuple(
                ThresholdOut(
                    threshold=row.row_id,
                    value=f"{own.get(row.row_id, row.number()):f}",
                    unit=row.unit,
                    is_own=row.row_id in own,
                    on_file=row.value,
                    label_en=row.label_en,
                    label_zh=row.label_zh,
                    source=row.source,
                    status=row.status.value,
                )
                for row in rows
            )
        )


class DeliveryEventOut(Schema):
    """A try that went well or not, a delivery's death, or a person's wish to try again."""

    what: Annotated[str, Field(examples=["failed"])]
    status: int | None
    detail: str
    actor_id: UuidString | None
    at: InstantString


class DeliveryOut(Schema):
    """One alert on its way to one mailbox or endpoint."""

    delivery_id: Annotated[UuidString, Field(description="The message's id, the same at every try.")]
    notice_id: UuidString
    channel: Annotated[str, Field(examples=["webhook"])]
    target_id: Annotated[UuidString, Field(description="The person, or the webhook.")]
    state: Annotated[str, Field(examples=["dead"])]
    tries: int
    due_at: InstantString
    made_at: InstantString
    events: Array[DeliveryEventOut]

    @classmethod
    def from_core(cls, delivery: Delivery, notice_id: UuidString, events: tuple[DeliveryEvent, ...]) -> DeliveryOut:
        """Return the shape of ``delivery`` with what happened to it."""
        return cls(
            delivery_id=delivery.delivery_id,
            notice_id=notice_id,
            channel=delivery.channel.value,
            target_id=delivery.target_id,
            state=delivery.state.value,
            tries=delivery.tries,
            due_at=delivery.due_at,
            made_at=delivery.made_at,
            events=tuple(
                DeliveryEventOut(
                    what=each.what.value,
                    status=each.status,
                    detail=each.detail,
                    actor_id=each.actor_id,
                    at=each.at,
                )
                for each in events
            ),
        )


class DeliveriesOut(Schema):
    """A page of the organisation's deliveries, of the newest alert first."""

    deliveries: Array[DeliveryOut]
    dead: Annotated[int, Field(description="How many are dead, on every page.")]
    next_cursor: PageCursor | None
