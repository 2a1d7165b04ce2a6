"""What enters and leaves about prices: observations, marks that two persons stand for, frozen snapshots.

A price is the decimal text its source gave, with its unit. What a price may be used for is ``finance.market``'s.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import Array, Schema
from api.schemas.books import CommodityCode
from api.schemas.fields import DateString, DecimalString, InstantString, Text, UuidString
from api.schemas.trades import PriceOut
from finance.feeds.parsed import FeedAlert
from finance.market.marks import Mark
from finance.market.observations import Observation
from finance.market.snapshots import Snapshot
from finance.operations.market import ImportCounts
from finance.store.market import HeldObservation
from finance.store.marks import MarkProposal, MarkRecord
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


class HeldOut(Schema):
    """An observation kept for review: it contradicts another source or breaches a bound, and marks nothing."""

    content_sha256: str
    acceptance: Annotated[str, Field(examples=["conflict"])]
    reasons: Array[str]
    observation: ObservationOut

    @classmethod
    def from_core(cls, held: HeldObservation) -> HeldOut:
        """Return the shape of ``held``."""
        return cls(
            content_sha256=held.content_sha256,
            acceptance=held.acceptance,
            reasons=held.reasons,
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


class ImportOut(Schema):
    """How many observations of a file were what, and those newly held for review (at most 200 listed)."""

    file_sha256: str
    new: int
    duplicate: int
    revised: int
    corroborated: int
    held: int
    held_observations: Array[HeldOut]
    alerts: Array[AlertOut]

    @classmethod
    def from_core(
        cls, sha256: str, counts: ImportCounts, held: tuple[HeldObservation, ...], alerts: tuple[FeedAlert, ...]
    ) -> ImportOut:
        """Return the shape of an import."""
        return cls(
            file_sha256=sha256,
            new=counts.new,
            duplicate=counts.duplicate,
            revised=counts.revised,
            corroborated=counts.corroborated,
            held=counts.held,
            held_observations=tuple(HeldOut.from_core(one) for one in held),
            alerts=tuple(AlertOut.from_core(alert) for alert in alerts),
        )


class MarkIn(Schema):
    """A price that one person proposes for the days from valid_from to valid_to (exclusive), with its evidence."""

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
    valid_to: DateString

    def to_core(self) -> MarkProposal:
        """Return the proposal."""
        return MarkProposal(
            mark_id=self.mark_id,
            instrument=self.instrument,
            value=parse_decimal(self.price, field="price"),
            currency=self.currency,
            unit=self.unit,
            reason=self.reason,
            evidence_sha256=self.evidence_sha256,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


class MarkWithdrawalIn(Schema):
    """Why a mark no longer counts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the quotes were withdrawn"}]})

    reason: Text


class MarkRecordOut(Schema):
    """A proposed mark, who made it, who approved it, and whether it still counts."""

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


class SnapshotOut(Schema):
    """A frozen snapshot; ``sha256`` is over its canonical bytes."""

    snapshot_id: str
    as_of: DateString
    known_at: InstantString
    sha256: str
    marks: Array[MarkOut]

    @classmethod
    def from_core(cls, snapshot: Snapshot) -> SnapshotOut:
        """Return the shape of ``snapshot``."""
        return cls(
            snapshot_id=snapshot.id,
            as_of=snapshot.as_of,
            known_at=snapshot.known_at,
            sha256=snapshot.sha256,
            marks=tuple(MarkOut.from_core(mark) for mark in snapshot.marks),
        )


def price_out(value: Decimal | None, currency: str, unit: str) -> PriceOut | None:
    """Return a price in ``currency`` per ``unit``, ``None`` when there is none."""
    return None if value is None else PriceOut(amount=f"{value:f}", unit=f"{currency}/{unit}")
