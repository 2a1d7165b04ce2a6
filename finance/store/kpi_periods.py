"""Reads and writes KPI periods, their states and locked data snapshots. Takes a session first and never commits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.conventions.exact_text import parse_exact
from finance.kpi.periods import KpiPeriodState, advance, is_reported, is_waived
from finance.store.tables.loans import DataSnapshotRow, KpiPeriodEventRow, KpiPeriodRow
from ledger.core.errors import Conflict
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiPeriod:
    """One period of one KPI with the state it has come to; half-open [period_start, period_end).

    ``is_reported`` is whether a report stands, ``is_waived`` whether the lenders let the test pass.
    """

    kpi_period_id: UUID
    facility_id: UUID
    kpi_id: str
    purpose: str
    period_start: date
    period_end: date
    state: KpiPeriodState
    is_reported: bool
    is_waived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiPeriodEvent:
    """A state the period came to."""

    number: int
    state: KpiPeriodState
    detail: Mapping[str, Any]
    recorded_at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSnapshot:
    """The locked data of a period: canonical JSON, its hash, and the printed value to be attested."""

    number: int
    sha256: str
    content: str
    value: str
    recorded_at: datetime
    reported_at: datetime | None = None

    @property
    def output_t(self) -> Fraction | None:
        """Return the production that the data hold, in tonnes; None where the value was stated without one."""
        production = json.loads(self.content).get("production_t")
        return None if production is None else parse_exact(production, field="production_t")


def save_period(
    session: Session,
    *,
    kpi_period_id: UUID,
    facility_id: UUID,
    kpi_id: str,
    purpose: str,
    period_start: date,
    period_end: date,
    actor: Actor,
    now: datetime,
) -> None:
    """Record an open period; a KPI has one period from any one day (``kpi_period.exists``)."""
    if find_by_start(session, facility_id, kpi_id, period_start) is not None:
        raise Conflict("kpi_period.exists", "a period of that KPI begins on that day already", kpi_id=kpi_id)
    session.execute(
        insert(KpiPeriodRow).values(
            kpi_period_id=kpi_period_id,
            facility_id=facility_id,
            kpi_id=kpi_id,
            purpose=purpose,
            period_start=period_start,
            period_end=period_end,
            recorded_at=now,
        )
    )
    _add_event(session, kpi_period_id, 1, KpiPeriodState.OPEN, {}, actor=actor, now=now)


def find_period(session: Session, kpi_period_id: UUID, *, lock: bool = False) -> KpiPeriod | None:
    """Return the period with its present state, or None; ``lock`` keeps other changes to it waiting."""
    wanted = select(KpiPeriodRow).where(KpiPeriodRow.kpi_period_id == kpi_period_id)
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    return None if row is None else _period(session, row)


def find_by_start(
    session: Session, facility_id: UUID, kpi_id: str, period_start: date, *, known_at: datetime | None = None
) -> KpiPeriod | None:
    """Return the KPI's period that begins on the day, as known at ``known_at`` (None: now), or None."""
    row = session.scalars(
        select(KpiPeriodRow).where(
            KpiPeriodRow.facility_id == facility_id,
            KpiPeriodRow.kpi_id == kpi_id,
            KpiPeriodRow.period_start == period_start,
        )
    ).one_or_none()
    return None if row is None else _known(session, row, known_at)


def list_periods(session: Session, facility_id: UUID, *, known_at: datetime | None = None) -> tuple[KpiPeriod, ...]:
    """Return the facility's periods as known at ``known_at`` (None: now), by KPI and start."""
    rows = session.scalars(
        select(KpiPeriodRow)
        .where(KpiPeriodRow.facility_id == facility_id)
        .order_by(KpiPeriodRow.kpi_id, KpiPeriodRow.period_start)
    ).all()
    found = (_known(session, row, known_at) for row in rows)
    return tuple(each for each in found if each is not None)


def advance_period(
    session: Session,
    period: KpiPeriod,
    to: KpiPeriodState,
    detail: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> KpiPeriod:
    """Record the next state if the rules allow it (``kpi.transition``), and return the period in it."""
    advance(period.state, to)
    last = session.scalar(
        select(func.max(KpiPeriodEventRow.number)).where(KpiPeriodEventRow.kpi_period_id == period.kpi_period_id)
    )
    _add_event(session, period.kpi_period_id, (last or 0) + 1, to, detail, actor=actor, now=now)
    found = find_period(session, period.kpi_period_id)
    assert found is not None, "the period was given"
    return found


def load_events(
    session: Session, kpi_period_id: UUID, *, known_at: datetime | None = None
) -> tuple[KpiPeriodEvent, ...]:
    """Return the states the period came to until ``known_at``, inclusive (None: now), in order."""
    rows = session.scalars(
        select(KpiPeriodEventRow)
        .where(KpiPeriodEventRow.kpi_period_id == kpi_period_id)
        .order_by(KpiPeriodEventRow.number)
    )
    return tuple(
        KpiPeriodEvent(
            number=row.number,
            state=KpiPeriodState(row.state),
            detail=row.detail,
            recorded_at=row.recorded_at,
            actor=Actor(user_id=row.actor_id, organisation_id=row.acting_for_id),
        )
        for row in rows
        if known_at is None or row.recorded_at <= known_at
    )


def save_snapshot(session: Session, kpi_period_id: UUID, content: str, value: str, *, now: datetime) -> DataSnapshot:
    """Record the period's next data snapshot: canonical JSON text and the printed value."""
    last = session.scalar(
        select(func.max(DataSnapshotRow.number)).where(DataSnapshotRow.kpi_period_id == kpi_period_id)
    )
    snapshot = DataSnapshot(
        number=(last or 0) + 1,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        content=content,
        value=value,
        recorded_at=now,
    )
    session.execute(
        insert(DataSnapshotRow).values(
            kpi_period_id=kpi_period_id,
            number=snapshot.number,
            sha256=snapshot.sha256,
            content=content,
            value=value,
            recorded_at=now,
        )
    )
    return snapshot


def load_snapshot(session: Session, kpi_period_id: UUID) -> DataSnapshot | None:
    """Return the period's newest data snapshot, or None."""
    row = session.scalars(
        select(DataSnapshotRow)
        .where(DataSnapshotRow.kpi_period_id == kpi_period_id)
        .order_by(DataSnapshotRow.number.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _snapshot(row)


def load_reported(session: Session, kpi_period_id: UUID, *, known_at: datetime | None = None) -> DataSnapshot | None:
    """Return the data snapshot that was last reported to the lenders by ``known_at`` (None: now), or None.

    Data locked since then is not it.
    """
    events = load_events(session, kpi_period_id, known_at=known_at)
    reported = [each for each in events if each.state is KpiPeriodState.REPORTED]
    if not reported:
        return None
    found = find_snapshot(session, kpi_period_id, str(reported[-1].detail["snapshot_sha256"]))
    return replace(found, reported_at=reported[-1].recorded_at)


def find_snapshot(session: Session, kpi_period_id: UUID, sha256: str) -> DataSnapshot:
    """Return the period's data snapshot of that hash, which was recorded; of equal ones the first."""
    row = session.scalars(
        select(DataSnapshotRow)
        .where(DataSnapshotRow.kpi_period_id == kpi_period_id, DataSnapshotRow.sha256 == sha256)
        .order_by(DataSnapshotRow.number)
        .limit(1)
    ).one()
    return _snapshot(row)


def _snapshot(row: DataSnapshotRow) -> DataSnapshot:
    return DataSnapshot(
        number=row.number, sha256=row.sha256, content=row.content, value=row.value, recorded_at=row.recorded_at
    )


def _add_event(
    session: Session,
    kpi_period_id: UUID,
    number: int,
    state: KpiPeriodState,
    detail: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    session.execute(
        insert(KpiPeriodEventRow).values(
            kpi_period_id=kpi_period_id,
            number=number,
            state=state.value,
            detail=dict(detail),
            recorded_at=now,
            actor_id=actor.user_id,
            acting_for_id=actor.organisation_id,
        )
    )


def _known(session: Session, row: KpiPeriodRow, known_at: datetime | None) -> KpiPeriod | None:
    return None if known_at is not None and row.recorded_at > known_at else _period(session, row, known_at)


def _period(session: Session, row: KpiPeriodRow, known_at: datetime | None = None) -> KpiPeriod:
    states = [each.state for each in load_events(session, row.kpi_period_id, known_at=known_at)]
    return KpiPeriod(
        kpi_period_id=row.kpi_period_id,
        facility_id=row.facility_id,
        kpi_id=row.kpi_id,
        purpose=row.purpose,
        period_start=row.period_start,
        period_end=row.period_end,
        state=states[-1],
        is_reported=is_reported(states),
        is_waived=is_waived(states),
    )
