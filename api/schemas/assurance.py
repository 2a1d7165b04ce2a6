"""What leaves about a locked KPI value computed again, and about who relied on an attestation; nothing here is priced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, InstantString, UuidString
from finance.operations.kpi_recomputation import LockedFactor, LockedMonth, PeriodRecomputation
from finance.operations.reliance import Reliance

_Digest = Annotated[str, Field(description="SHA-256, 64 hexadecimal digits.", examples=["9f86d081884c7d65" * 4])]


class LockedMonthOut(Schema):
    """One month of one site in the locked data; ``raw_sha256`` is the hash of the file it was read from."""

    month: Annotated[str, Field(examples=["2025-01"])]
    site: Annotated[str, Field(examples=["Beihe smelter"])]
    revision: Annotated[int, Field(examples=[1])]
    raw_sha256: _Digest
    verification: Annotated[str | None, Field(examples=["核查报告 2025-017"])]

    @classmethod
    def from_core(cls, month: LockedMonth) -> LockedMonthOut:
        """Return the shape of ``month``."""
        return cls(
            month=month.month,
            site=month.site,
            revision=month.revision,
            raw_sha256=month.raw_sha256,
            verification=month.verification,
        )


class LockedFactorOut(Schema):
    """One factor the value was computed with, and where it comes from."""

    row_id: Annotated[str, Field(examples=["grid.cn.2023"])]
    value: Annotated[str, Field(examples=["0.5306"])]
    unit: Annotated[str, Field(examples=["tCO2/MWh"])]
    region: Annotated[str, Field(examples=["CN"])]
    source: Annotated[str, Field(examples=["MEE notice 2025 No. 34"])]

    @classmethod
    def from_core(cls, factor: LockedFactor) -> LockedFactorOut:
        """Return the shape of ``factor``."""
        return cls(
            row_id=factor.row_id, value=factor.value, unit=factor.unit, region=factor.region, source=factor.source
        )


class PeriodRecomputationOut(Schema):
    """The locked value beside the same computed again from the activity as known at ``known_at``, the instant of the lock.

    ``is_equal`` compares the whole data byte for byte by hash; null where the value was stated and nothing is computed.
    """

    kpi_period_id: UuidString
    known_at: InstantString
    unit: Annotated[str, Field(examples=["tCO2e/t"])]
    value: Annotated[str, Field(description="As locked.", examples=["8.1636"])]
    recomputed: Annotated[str | None, Field(examples=["8.1636"])]
    snapshot_sha256: _Digest
    recomputed_sha256: Annotated[str | None, Field(examples=["9f86d081884c7d65" * 4])]
    snapshot_bytes: Annotated[int, Field(description="Size of the locked data in bytes.", examples=[9120])]
    is_equal: bool | None
    refusal: Annotated[
        str | None,
        Field(description="Code of the rule that stops it, if one does.", examples=["kpi_period.incomplete"]),
    ]
    months: Array[LockedMonthOut]
    factors: Array[LockedFactorOut]
    stated_evidence: Annotated[Array[str], Field(description="SHA-256 of each file a stated value rests on.")]
    explain: ExplanationOut | None

    @classmethod
    def from_core(cls, kpi_period_id: UUID, found: PeriodRecomputation) -> PeriodRecomputationOut:
        """Return the shape of ``found``."""
        return cls(
            kpi_period_id=kpi_period_id,
            known_at=found.known_at,
            unit=found.unit,
            value=found.snapshot.value,
            recomputed=found.value,
            snapshot_sha256=found.snapshot.sha256,
            recomputed_sha256=found.sha256,
            snapshot_bytes=len(found.snapshot.content.encode()),
            is_equal=found.is_equal,
            refusal=found.refusal,
            months=tuple(LockedMonthOut.from_core(each) for each in found.months),
            factors=tuple(LockedFactorOut.from_core(each) for each in found.factors),
            stated_evidence=found.stated_evidence,
            explain=None if found.explanation is None else ExplanationOut.from_core(found.explanation),
        )


class RelianceOut(Schema):
    """One rate decision that rests on the attestation: as the tested value (``value``) or as the base year (``baseline``)."""

    determination_id: UuidString
    facility_number: Annotated[str, Field(examples=["TL-2026-001"])]
    period_start: DateString
    period_end: DateString
    relied_on_as: Annotated[str, Field(examples=["value"])]
    proposed_at: InstantString
    verdict: Annotated[str | None, Field(description="Null while undecided.", examples=["approved"])]
    decided_at: InstantString | None
    organisations: Annotated[
        Array[str], Field(description="Who proposed, approved and decided.", examples=[["Qingshi Aluminium"]])
    ]

    @classmethod
    def from_core(cls, reliance: Reliance, names: Mapping[UUID, str]) -> RelianceOut:
        """Return the shape of ``reliance``; ``names`` has every organisation's legal name."""
        return cls(
            determination_id=reliance.determination_id,
            facility_number=reliance.facility_number,
            period_start=reliance.period_start,
            period_end=reliance.period_end,
            relied_on_as="baseline" if reliance.is_baseline else "value",
            proposed_at=reliance.proposed_at,
            verdict=reliance.verdict,
            decided_at=reliance.decided_at,
            organisations=tuple(names[each] for each in reliance.organisation_ids),
        )


class ReliancesOut(Schema):
    """Every rate decision that rests on the attestation, in order of proposal; no price is said."""

    attestation_id: UuidString
    reliances: Array[RelianceOut]
