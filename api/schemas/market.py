"""What enters and leaves about prices: observations, marks that two persons stand for, frozen snapshots.

A price is the decimal text its source gave, with its unit. What a price may be used for is ``finance.market``'s.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import Array, Schema
from api.schemas.books import CommodityCode
from api.schemas.fields import DateString, DecimalString, InstantString, Text, UuidString
from api.schemas.trades import PriceOut
from finance.conventions.exact_text import fraction_text
from finance.feeds.parsed import FeedAlert
from finance.market.marks import Mark
from finance.market.observations import Observation
from finance.market.overrides import overrides_in
from finance.market.reasons import PriceReason
from finance.market.snapshots import Snapshot
from finance.store.market import HeldObservation, SnapshotLine
from finance.store.marks import MarkCheck, MarkProposal, MarkRecord
from ledger.core.amounts import parse_decimal

_ID = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4c"

Sha256 = Annotated[
    str, Field(max_length=64, examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
]


class ObservationOut(Schema):
    """One price as one source gave it for one business day."""

    source: str
    instrument: str
    price_basis: str
    trade_date: DateString
    last_trade_date: Annotated[DateString | None, Field(description="The last real trade; null is unknown.")]
    price: Annotated[PriceOut | None, Field(description="Null when there is no price; never zero.")]
    missing_reason: str
    volume_t: Annotated[str | None, Field(description="Whole tonnes, or the instrument's unit.")]
    revision: int
    known_at: InstantString
    raw_sha256: Annotated[str, Field(description="Of the bytes it was read from.")]
    warnings: Array[str]

    @classmethod
    def from_core(cls, seen: Observation) -> ObservationOut:
        """Return the shape of ``seen``."""
        return cls(
            source=seen.source,
            instrument=seen.instrument,
            price_basis=seen.price_basis.value,
            trade_date=seen.trade_date,
            last_trade_date=seen.last_trade_date,
            price=price_out(seen.value, seen.currency, seen.unit),
            missing_reason=seen.missing_reason,
            volume_t=None if seen.volume_t is None else str(seen.volume_t),
            revision=seen.revision,
            known_at=seen.known_at,
            raw_sha256=seen.raw_sha256,
            warnings=seen.warnings,
        )


class ObservationsOut(Schema):
    """A page of an instrument's prices, every revision, oldest day first, by what was known at ``known_at``."""

    instrument: str
    as_of: DateString
    known_at: InstantString
    observations: Array[ObservationOut]
    next_cursor: str | None


class PriceReasonOut(Schema):
    """Why a person should look at a price: the sentence in English, the reason's code, the values it names."""

    reason: Annotated[str, Field(examples=["eua.auction.soft: EUA moved from 75.00 to 85.00, beyond the soft bound"])]
    code: Annotated[
        str, Field(examples=["market.soft_bound"], description="Empty for a reason kept before it had one.")
    ]
    facts: dict[str, str]

    @classmethod
    def from_core(cls, reason: PriceReason) -> PriceReasonOut:
        """Return the shape of ``reason``."""
        return cls(reason=str(reason), code=reason.code, facts=dict(reason.facts))


class HeldOut(Schema):
    """An observation kept for review: it contradicts another source or breaches a bound, and marks nothing."""

    content_sha256: str
    acceptance: Annotated[str, Field(examples=["conflict"])]
    reasons: Array[str]
    said: Annotated[Array[PriceReasonOut], Field(description="The reasons with code and values.")]
    observation: ObservationOut

    @classmethod
    def from_core(cls, held: HeldObservation) -> HeldOut:
        """Return the shape of ``held``."""
        return cls(
            content_sha256=held.content_sha256,
            acceptance=held.acceptance,
            reasons=tuple(map(str, held.reasons)),
            said=tuple(map(PriceReasonOut.from_core, held.reasons)),
            observation=ObservationOut.from_core(held.observation),
        )


class HeldListOut(Schema):
    """What waits for review, the newest day first, at most 200."""

    held: Array[HeldOut]
    is_complete: bool


class AlertOut(Schema):
    """Something in the file that a person should look at; it stopped no other row."""

    code: str
    message: str

    @classmethod
    def from_core(cls, alert: FeedAlert) -> AlertOut:
        """Return the shape of ``alert``."""
        return cls(code=alert.code, message=alert.message)


class MarkIn(Schema):
    """A price that one person proposes for the days from valid_from to valid_to (exclusive), with its evidence.

    It stands where the feed has no usable price; with ``is_override`` also where it has one.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "mark_id": _ID,
                    "instrument": "CEA24",
                    "price": "80.50",
                    "currency": "CNY",
                    "unit": "t",
                    "reason": "two broker quotes of the day",
                    "evidence_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "valid_from": "2026-08-31",
                    "valid_to": "2026-09-04",
                }
            ]
        }
    )

    mark_id: UuidString
    instrument: CommodityCode
    price: DecimalString
    currency: Annotated[str, Field(max_length=3, examples=["CNY"])]
    unit: Annotated[str, Field(max_length=20, examples=["t"])]
    reason: Text
    evidence_sha256: Sha256
    valid_from: DateString
    valid_to: Annotated[
        DateString | None, Field(description="Exclusive; absent: as many days as the rule says, normally one.")
    ] = None
    is_override: Annotated[
        bool, Field(description="Whether it also replaces a usable price of the feed.", examples=[False])
    ] = False

    def to_core(self, *, default_days: int) -> MarkProposal:
        """Return the proposal, valid for ``default_days`` when it does not say how long."""
        return MarkProposal(
            mark_id=self.mark_id,
            instrument=self.instrument,
            value=parse_decimal(self.price, field="price"),
            currency=self.currency,
            unit=self.unit,
            reason=self.reason,
            evidence_sha256=self.evidence_sha256,
            valid_from=self.valid_from,
            valid_to=self.valid_to or self.valid_from + timedelta(days=default_days),
            is_override=self.is_override,
        )


class MarkWithdrawalIn(Schema):
    """Why a mark no longer counts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the quotes were withdrawn"}]})

    reason: Text


class MarkCheckOut(Schema):
    """How far the mark stands from the feed as its checker saw it; ``deviation`` is an exact share, null without a feed."""

    feed_price: PriceOut | None
    feed_source: str
    feed_trade_date: DateString | None
    feed_state: str
    deviation: Annotated[str | None, Field(examples=["14/81"])]
    bound: Annotated[str, Field(examples=["1/10"])]
    needs_second_checker: bool

    @classmethod
    def from_core(cls, check: MarkCheck) -> MarkCheckOut:
        """Return the shape of ``check``."""
        feed = check.feed
        return cls(
            feed_price=PriceOut(amount=feed["value"], unit=f"{feed['currency']}/{feed['unit']}") if feed else None,
            feed_source=feed.get("source", ""),
            feed_trade_date=date.fromisoformat(feed["trade_date"]) if feed.get("trade_date") else None,
            feed_state=feed.get("state", "missing"),
            deviation=None if check.deviation is None else fraction_text(check.deviation),
            bound=fraction_text(check.bound),
            needs_second_checker=check.needs_second,
        )


class MarkRecordOut(Schema):
    """A proposed mark, who made it, who approved it, and whether it still counts; ``sha256`` is what an approval names."""

    mark_id: UuidString
    instrument: str
    price: PriceOut
    reason: str
    evidence_sha256: str
    valid_from: DateString
    valid_to: DateString
    maker_id: UuidString
    proposed_at: InstantString
    checker_id: UuidString | None
    approved_at: InstantString | None
    withdrawn_at: InstantString | None
    is_override: bool
    sha256: str
    check: MarkCheckOut | None
    second_checker_id: UuidString | None
    second_checked_at: InstantString | None
    is_waiting_for_second: bool

    @classmethod
    def from_core(cls, record: MarkRecord) -> MarkRecordOut:
        """Return the shape of ``record``."""
        proposal = record.proposal
        return cls(
            mark_id=proposal.mark_id,
            instrument=proposal.instrument,
            price=PriceOut(amount=f"{proposal.value:f}", unit=f"{proposal.currency}/{proposal.unit}"),
            reason=proposal.reason,
            evidence_sha256=proposal.evidence_sha256,
            valid_from=proposal.valid_from,
            valid_to=proposal.valid_to,
            maker_id=record.maker_id,
            proposed_at=record.proposed_at,
            checker_id=record.checker_id,
            approved_at=record.approved_at,
            withdrawn_at=record.withdrawn_at,
            is_override=proposal.is_override,
            sha256=record.sha256,
            check=None if record.check is None else MarkCheckOut.from_core(record.check),
            second_checker_id=record.second_checker_id,
            second_checked_at=record.second_checked_at,
            is_waiting_for_second=record.is_waiting_for_second,
        )


class MarkRecordsOut(Schema):
    """An instrument's proposed marks by first day."""

    marks: Array[MarkRecordOut]


class SnapshotIn(Schema):
    """Which marks to freeze: of which instruments, on which day, by what was known at which instant (now when absent)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"snapshot_id": _ID, "as_of": "2026-08-31", "instruments": ["CCER", "CEA24", "CEA25"]}]
        }
    )

    snapshot_id: UuidString
    as_of: DateString
    known_at: InstantString | None = None
    instruments: Annotated[Array[CommodityCode], Field(min_length=1, max_length=200)]


class MarkOut(Schema):
    """The price of one instrument on one day; ``price`` is null when it must not value anything."""

    instrument: str
    state: Annotated[str, Field(examples=["fresh"])]
    price: PriceOut | None
    last_price: Annotated[PriceOut | None, Field(description="The last observed price: to be shown, never to value.")]
    source: str
    basis: str | None
    trade_date: DateString | None
    last_trade_date: DateString | None
    age_trading_days: int | None
    revision: int | None
    raw_sha256: str
    approved_by: str | None
    is_fallback: bool

    @classmethod
    def from_core(cls, mark: Mark) -> MarkOut:
        """Return the shape of ``mark``."""
        return cls(
            instrument=mark.instrument,
            state=mark.state.value,
            price=price_out(mark.value, mark.currency, mark.unit),
            last_price=price_out(mark.last_value, mark.currency, mark.unit),
            source=mark.source,
            basis=None if mark.basis is None else mark.basis.value,
            trade_date=mark.trade_date,
            last_trade_date=mark.last_trade_date,
            age_trading_days=mark.age_trading_days,
            revision=mark.revision,
            raw_sha256=mark.raw_sha256,
            approved_by=mark.approved_by,
            is_fallback=mark.is_fallback,
        )


class CalendarEditionOut(Schema):
    """Which edition of a market's calendar a snapshot used."""

    market: str
    edition: str


class SnapshotOut(Schema):
    """A frozen snapshot; ``sha256`` is over its canonical bytes.

    ``calendars`` names the edition of each calendar by which marks were aged; ``overrides`` are the instruments whose price two
    persons stand for.
    """

    snapshot_id: str
    as_of: DateString
    known_at: InstantString
    sha256: str
    calendars: Array[CalendarEditionOut]
    overrides: Array[str]
    marks: Array[MarkOut]

    @classmethod
    def from_core(cls, snapshot: Snapshot) -> SnapshotOut:
        """Return the shape of ``snapshot``."""
        return cls(
            snapshot_id=snapshot.id,
            as_of=snapshot.as_of,
            known_at=snapshot.known_at,
            sha256=snapshot.sha256,
            calendars=tuple(
                CalendarEditionOut(market=market, edition=edition)
                for market, edition in sorted(snapshot.calendars.items())
            ),
            overrides=tuple(mark.instrument for mark in overrides_in(snapshot)),
            marks=tuple(MarkOut.from_core(mark) for mark in snapshot.marks),
        )


def price_out(value: Decimal | None, currency: str, unit: str) -> PriceOut | None:
    """Return a price in ``currency`` per ``unit``, ``None`` when there is none."""
    return None if value is None else PriceOut(amount=f"{value:f}", unit=f"{currency}/{unit}")


class SnapshotLineOut(Schema):
    """One frozen snapshot in a list."""

    snapshot_id: UuidString
    as_of: DateString
    known_at: InstantString
    sha256: Annotated[str, Field(examples=["9f" * 32])]
    created_at: InstantString

    @classmethod
    def from_core(cls, line: SnapshotLine) -> SnapshotLineOut:
        """Return the shape of ``line``."""
        return cls(
            snapshot_id=line.snapshot_id,
            as_of=line.as_of,
            known_at=line.known_at,
            sha256=line.sha256,
            created_at=line.created_at,
        )


class SnapshotsOut(Schema):
    """Frozen snapshots, the newest day first, and of one day the latest first."""

    snapshots: Array[SnapshotLineOut]
