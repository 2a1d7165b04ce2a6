"""Alerts, who saw them, who wants which of them how, and the outbox that brings them to people and programs.

Facts, only ever added to, but for two working rows: the counter of an organisation's alerts and the standing of a delivery.
``organisation_id`` leads the keys of what a caller may page through.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}
_NOTICE = (["organisation_id", "number"], ["notice.organisation_id", "notice.number"])


class NoticeCounterRow(Base):
    """How many alerts an organisation has had; the row that whoever raises one holds until its commit."""

    __tablename__ = "notice_counter"
    __table_args__ = (CheckConstraint("last_number >= 0", "last_number"), _STRICT)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_number: Mapped[int]


class NoticeRow(Base):
    """An alert, written in the transaction of what it tells of."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("notice_id"),
        UniqueConstraint("organisation_id", "kind", "condition", "episode"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("episode >= 1", "episode"),
        CheckConstraint("severity IN ('info','warning','urgent')", "severity"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Its place among the organisation's alerts, from 1 without gaps in the order of commits."""
    notice_id: Mapped[UUID]
    kind: Mapped[str]
    severity: Mapped[str]
    subject_kind: Mapped[str]
    subject_ref: Mapped[str]
    condition: Mapped[str]
    episode: Mapped[int]
    """How often the condition has been raised, from 1."""
    title_en: Mapped[str]
    title_zh: Mapped[str]
    text_en: Mapped[str]
    text_zh: Mapped[str]
    path: Mapped[str]
    figures: Mapped[Mapping[str, Any]]
    only_user_id: Mapped[UUID | None]
    except_user_id: Mapped[UUID | None]
    raised_at: Mapped[datetime]


class NoticeAudienceRow(Base):
    """A scope whose holders an alert concerns; ``*`` is everybody of the organisation."""

    __tablename__ = "notice_audience"
    __table_args__ = (ForeignKeyConstraint(*_NOTICE, name="fk_notice_audience_notice"), _STRICT)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scope: Mapped[str] = mapped_column(primary_key=True)


class NoticeEndRow(Base):
    """A condition that is over: resolved, or superseded by a louder alert of the same."""

    __tablename__ = "notice_end"
    __table_args__ = (
        ForeignKeyConstraint(*_NOTICE, name="fk_notice_end_notice"),
        CheckConstraint("why IN ('resolved','superseded')", "why"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    why: Mapped[str]
    ended_at: Mapped[datetime]


class NoticeMarkRow(Base):
    """That a person read or acknowledged an alert, and when first."""

    __tablename__ = "notice_mark"
    __table_args__ = (
        ForeignKeyConstraint(*_NOTICE, name="fk_notice_mark_notice"),
        CheckConstraint("what IN ('read','acknowledged')", "what"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    marked_at: Mapped[datetime]


class NoticeSettingRow(Base):
    """A version of what a person wants to hear of, how, and in which language; the latest counts."""

    __tablename__ = "notice_setting"
    __table_args__ = (
        CheckConstraint("language IN ('en','zh')", "language"),
        CheckConstraint("version >= 1", "version"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    language: Mapped[str]
    quiet_until: Mapped[datetime | None]
    channels: Mapped[Mapping[str, Any]]
    """Kind to the list of its channels; a kind that is absent is as it comes."""
    set_at: Mapped[datetime]


class NoticeThresholdRow(Base):
    """A version of an organisation's own threshold; null goes back to the rule on file."""

    __tablename__ = "notice_threshold"
    __table_args__ = (CheckConstraint("version >= 1", "version"), _STRICT)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[Decimal | None]
    set_by: Mapped[UUID]
    set_at: Mapped[datetime]


class NoticeExpansionRow(Base):
    """That an alert was turned into deliveries, once."""

    __tablename__ = "notice_expansion"
    __table_args__ = (ForeignKeyConstraint(*_NOTICE, name="fk_notice_expansion_notice"), _STRICT)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    expanded_at: Mapped[datetime]


class NoticeDeliveryRow(Base):
    """One alert on its way to one person's mailbox or one endpoint; its standing moves, what it is about never."""

    __tablename__ = "notice_delivery"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number", "channel", "target_id"),
        ForeignKeyConstraint(*_NOTICE, name="fk_notice_delivery_notice"),
        CheckConstraint("channel IN ('email','webhook')", "channel"),
        CheckConstraint("state IN ('pending','claimed','sent','dead')", "state"),
        CheckConstraint("tries >= 0", "tries"),
        CheckConstraint("(state = 'claimed') = (claim_id IS NOT NULL)", "claim"),
        CheckConstraint("(claim_id IS NULL) = (claimed_until IS NULL)", "lease"),
        Index("ix_notice_delivery_waiting", "state", "due_at"),
        Index("ix_notice_delivery_order", "target_id", "subject", "organisation_id", "number"),
        _STRICT,
    )

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    """What the receiver sees as the message's id, the same at every try."""
    organisation_id: Mapped[UUID]
    number: Mapped[int]
    channel: Mapped[str]
    target_id: Mapped[UUID]
    """The person, or the webhook endpoint."""
    subject: Mapped[str]
    """What is about the same thing goes to the same target in the order of the alerts."""
    state: Mapped[str]
    tries: Mapped[int]
    due_at: Mapped[datetime]
    claim_id: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    made_at: Mapped[datetime]


class DeliveryEventRow(Base):
    """What happened to a delivery: a try that went well or not, its death, a person's wish to try again."""

    __tablename__ = "delivery_event"
    __table_args__ = (
        ForeignKeyConstraint(["delivery_id"], ["notice_delivery.delivery_id"], name="fk_delivery_event_delivery"),
        CheckConstraint("what IN ('sent','failed','dead','retried')", "what"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("(what = 'retried') = (actor_id IS NOT NULL)", "actor"),
        _STRICT,
    )

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    status: Mapped[int | None]
    """The HTTP or SMTP status, where there was one."""
    detail: Mapped[str]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]


class WebhookEndpointRow(Base):
    """An address that one person proposes to send alerts to; it gets none until another confirms it."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        UniqueConstraint("organisation_id", "endpoint_id"),
        UniqueConstraint("endpoint_id", "maker_id", "sha256"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        _STRICT,
    )

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    url: Mapped[str]
    description: Mapped[str]
    kinds: Mapped[Mapping[str, Any]]
    sha256: Mapped[str]
    """Over the RFC 8785 JSON of id, address, kinds and description: what the confirmation names."""
    maker_id: Mapped[UUID]
    made_at: Mapped[datetime]


class WebhookStepRow(Base):
    """What a person did about an endpoint: confirmed or rejected it as another than its maker, changed its secret, ended it."""

    __tablename__ = "webhook_step"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "step_key"),
        ForeignKeyConstraint(
            ["endpoint_id", "maker_id", "sha256"],
            ["webhook_endpoint.endpoint_id", "webhook_endpoint.maker_id", "webhook_endpoint.sha256"],
            name="fk_webhook_step_endpoint_and_maker",
        ),
        CheckConstraint("what IN ('approved','rejected','rotated','ended')", "what"),
        CheckConstraint("what NOT IN ('approved','rejected') OR actor_id <> maker_id", "two_persons"),
        CheckConstraint("number >= 1", "number"),
        _STRICT,
    )

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    step_key: Mapped[str]
    """``decided``, ``ended`` or ``rotated <n>``: no step happens twice."""
    maker_id: Mapped[UUID]
    sha256: Mapped[str]
    actor_id: Mapped[UUID]
    at: Mapped[datetime]
