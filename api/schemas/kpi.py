"""What enters and leaves about KPI periods: one year of one KPI, the states it came to, its locked value.

The locked data itself leaves as its own canonical bytes, not through a shape.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import CodeString, DateString, InstantString, Text, UuidString
from api.schemas.terms import DigestIn
from finance.operations.kpi_periods import StatedValue
from finance.store.kpi_periods import DataSnapshot, KpiPeriod, KpiPeriodEvent

_FIRST_YEAR, _LAST_YEAR = 1990, 2199


class Purpose(StrEnum):
    """What a KPI period is for."""

    BASELINE = "baseline"
    TEST = "test"


class KpiPeriodIn(Schema):
    """A period of a KPI: its base year, or the test period of the target that ends in the year."""

    kpi_id: CodeString
    year: Annotated[int, Field(ge=_FIRST_YEAR, le=_LAST_YEAR, examples=[2025])]
    purpose: Annotated[Choice[Purpose], Field(examples=["test"])]


class StatedValueIn(Schema):
    """A value that no methodology here computes: the exact text, digests of the files it rests on, and what they are.

    A number as a decimal; a grade as it is written; the days on which a status was held as 2025-09-01/2026-03-01 (end
    exclusive), joined by commas, or none.
    """

    value: Annotated[Text, Field(max_length=200, examples=["0.312"])]
    evidence_sha256: Annotated[Array[DigestIn], Field(min_length=1, max_length=100)]
    note: Annotated[
        Text, Field(max_length=200, examples=["recycled metal over all metal charged, furnace records 2025"])
    ]

    def to_core(self) -> StatedValue:
        """Return the value; refused with ``kpi_period.<field>``."""
        return StatedValue(value=self.value, evidence_sha256=self.evidence_sha256, note=self.note)


class LockIn(Schema):
    """What freezes a period: nothing for a computed intensity, the stated value for any other measure."""

    stated: StatedValueIn | None = None


class ReasonIn(Schema):
    """Why a step is taken."""

    reason: Annotated[Text, Field(max_length=200, examples=["the grid factor of the annual notice was misread"])]


class KpiPeriodEventOut(Schema):
    """A state that a period came to: when, through which organisation, with what."""

    number: int
    state: str
    detail: dict[str, str]
    recorded_at: InstantString
    organisation_id: UuidString

    @classmethod
    def from_core(cls, event: KpiPeriodEvent) -> KpiPeriodEventOut:
        """Return the shape of ``event``."""
        return cls(
            number=event.number,
            state=event.state.value,
            detail=dict(event.detail),
            recorded_at=event.recorded_at,
            organisation_id=event.actor.organisation_id,
        )


class KpiPeriodLineOut(Schema):
    """One period in a list; the period is half-open."""

    id: UuidString
    facility_id: UuidString
    kpi_id: str
    purpose: str
    period_start: DateString
    period_end: DateString
    state: Annotated[str, Field(examples=["reported"])]

    @classmethod
    def from_core(cls, period: KpiPeriod) -> KpiPeriodLineOut:
        """Return the line of ``period``."""
        return cls(
            id=period.kpi_period_id,
            facility_id=period.facility_id,
            kpi_id=period.kpi_id,
            purpose=period.purpose,
            period_start=period.period_start,
            period_end=period.period_end,
            state=period.state.value,
        )


class KpiPeriodsOut(Schema):
    """A facility's periods that the caller may see, by KPI and start."""

    kpi_periods: Array[KpiPeriodLineOut]


class KpiPeriodOut(Schema):
    """A period with its history; value and snapshot hash are null until locked, and for an assessor while its data is closed."""

    id: UuidString
    facility_id: UuidString
    kpi_id: str
    purpose: str
    period_start: DateString
    period_end: DateString
    state: Annotated[str, Field(examples=["reported"])]
    value: Annotated[str | None, Field(description="As printed to the contract's digits.", examples=["8.1636"])]
    snapshot_sha256: Annotated[str | None, Field(examples=["9f86d081884c7d65" * 4])]
    events: Array[KpiPeriodEventOut]

    @classmethod
    def from_core(
        cls, period: KpiPeriod, events: tuple[KpiPeriodEvent, ...], snapshot: DataSnapshot | None
    ) -> KpiPeriodOut:
        """Return the shape of a period; ``snapshot`` is None when there is none to show, and then no event shows one."""
        shown = tuple(KpiPeriodEventOut.from_core(event) for event in events)
        if snapshot is None:
            shown = tuple(event.model_copy(update={"detail": {}}) for event in shown)
        return cls(
            id=period.kpi_period_id,
            facility_id=period.facility_id,
            kpi_id=period.kpi_id,
            purpose=period.purpose,
            period_start=period.period_start,
            period_end=period.period_end,
            state=period.state.value,
            value=None if snapshot is None else snapshot.value,
            snapshot_sha256=None if snapshot is None else snapshot.sha256,
            events=shown,
        )
