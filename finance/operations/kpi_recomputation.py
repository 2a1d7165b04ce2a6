"""A locked KPI value computed again from the activity as it stood when it was locked, for whoever answers for it.

Reads only. Knows no price and no term of the loan.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from finance.conventions.explain import Explanation
from finance.operations.kpi_periods import compute_period
from finance.store import facilities, kpi_periods
from finance.store.kpi_periods import DataSnapshot, KpiPeriod
from ledger.core.errors import Conflict, DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedMonth:
    """One month of one site as it stands in the locked data: which revision, from which file, and which report verified it."""

    month: str
    site: str
    revision: int
    raw_sha256: str
    verification: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFactor:
    """One row of the factor set that the locked value was computed with."""

    row_id: str
    value: str
    unit: str
    region: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRecomputation:
    """The locked value beside the same computed again, byte for byte.

    A stated value is not computed: ``value``, ``sha256`` and ``explanation`` are then None and ``stated_evidence`` names its files.
    ``refusal`` is the code of a rule that stops the computation on today's tables, else None.
    """

    unit: str
    snapshot: DataSnapshot
    months: tuple[LockedMonth, ...]
    factors: tuple[LockedFactor, ...]
    stated_evidence: tuple[str, ...]
    value: str | None
    sha256: str | None
    explanation: Explanation | None
    refusal: str | None

    @property
    def known_at(self) -> datetime:
        """Return the instant as of which the activity is read: that of the lock."""
        return self.snapshot.recorded_at

    @property
    def is_equal(self) -> bool | None:
        """Return whether the data computed again are the locked ones byte for byte; None where nothing is computed."""
        return None if self.sha256 is None else self.sha256 == self.snapshot.sha256


def recompute_period(session: Session, period: KpiPeriod) -> PeriodRecomputation:
    """Return the newest locked value of ``period`` computed again; without one it is ``kpi_period.not_locked``."""
    snapshot = kpi_periods.load_snapshot(session, period.kpi_period_id)
    if snapshot is None:
        raise Conflict("kpi_period.no_snapshot", "the period's data is not locked yet; there is no snapshot to read")
    kpi = facilities.load_kpi(session, period.facility_id, period.kpi_id)
    document = json.loads(snapshot.content)
    value = sha256 = explanation = refusal = None
    if kpi.definition.is_computed:
        try:
            computed = compute_period(session, period, kpi, known_at=snapshot.recorded_at)
        except DomainError as error:  # what cannot be computed again is said, and the locked data still shown
            refusal = error.code
        else:
            value, explanation = computed.value, computed.emissions.explain()
            sha256 = hashlib.sha256(computed.content.encode()).hexdigest()
    return PeriodRecomputation(
        unit=kpi.definition.unit,
        snapshot=snapshot,
        months=tuple(
            LockedMonth(
                month=each["month"],
                site=each["site"],
                revision=int(each["revision"]),
                raw_sha256=each["raw_sha256"],
                verification=each["verification"],
            )
            for each in document.get("activity", ())
        ),
        factors=tuple(LockedFactor(**each) for each in document.get("factors", ())),
        stated_evidence=tuple(document.get("evidence_sha256", ())),
        value=value,
        sha256=sha256,
        explanation=explanation,
        refusal=refusal,
    )
