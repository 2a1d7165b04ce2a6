"""A KPI period from its opening to its report: lock the data, compute the value, print it to the contract's digits."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.canonical import JsonValue, canonical_bytes
from finance.conventions.exact_text import fraction_text
from finance.conventions.rounding import KPI_COMPARISON
from finance.emissions.intensity import MONTHS_PER_YEAR, YearEmissions, year_emissions
from finance.emissions.methodologies import POWER_TERMS, BoundMethodology
from finance.kpi.periods import KpiPeriodState, advance
from finance.operations.activity import bound_methodology
from finance.store import activity, facilities, kpi_periods
from finance.store.activity import RecordedMonth
from finance.store.facilities import Facility, FacilityKpi
from finance.store.kpi_periods import DataSnapshot, KpiPeriod
from ledger.core.amounts import format_exact
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.parties import Actor


def open_period(
    session: Session,
    facility: Facility,
    *,
    kpi_period_id: UUID,
    kpi_id: str,
    year: int,
    purpose: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Record the calendar year as a period of the KPI: ``baseline``, or ``test`` when a target of that year exists."""
    kpi = facilities.load_kpi(session, facility.facility_id, kpi_id)
    years = {target.test_year for target in facilities.load_targets(session, facility.facility_id, kpi_id)}
    if purpose not in {"baseline", "test"} or (purpose == "test" and year not in years):
        raise Invalid(
            "kpi_period.purpose",
            "purpose: expected baseline, or test for a year that has a target",
            field="purpose",
            years=", ".join(map(str, sorted(years))),
        )
    if purpose == "baseline" and any(
        other.kpi_id == kpi_id and other.purpose == "baseline"
        for other in kpi_periods.list_periods(session, facility.facility_id)
    ):
        # With two, the borrower could choose later from which of them its reduction is measured.
        raise Conflict("kpi_period.baseline_exists", "a KPI has one baseline period; it stands already", kpi_id=kpi_id)
    kpi_periods.save_period(
        session,
        kpi_period_id=kpi_period_id,
        facility_id=facility.facility_id,
        kpi_id=kpi.definition.kpi_id,
        purpose=purpose,
        period_start=date(year, 1, 1),
        period_end=date(year + 1, 1, 1),
        actor=actor,
        now=now,
    )


def lock_period(session: Session, kpi_period_id: UUID, *, actor: Actor, now: datetime) -> DataSnapshot:
    """Freeze the period's activity, factors and result as canonical JSON and return the snapshot.

    Every site of the KPI needs every month of the period (``kpi_period.incomplete``). What is recorded later changes the
    snapshot of no one: a correction is a restatement with a snapshot of its own.
    """
    period = _locked(session, kpi_period_id)
    advance(period.state, KpiPeriodState.LOCKED)
    facility = facilities.find_facility(session, period.facility_id)
    assert facility is not None, "a period belongs to a facility"
    kpi = facilities.load_kpi(session, period.facility_id, period.kpi_id)
    recorded = tuple(
        each
        for each in activity.load_months(session, facility.borrower_id, sites=kpi.sites)
        if each.activity.year == period.period_start.year
    )
    bound = bound_methodology(session, kpi.definition.methodology_id, kpi.definition.factor_set_version)
    emissions = _complete_year(recorded, bound, kpi, year=period.period_start.year)
    value = print_value(emissions.intensity_tco2e_per_t(), kpi.definition.report_digits)
    content = canonical_bytes(_snapshot_document(period, kpi, recorded, bound, emissions, value)).decode()
    snapshot = kpi_periods.save_snapshot(session, kpi_period_id, content, value, now=now)
    kpi_periods.advance_period(
        session,
        period,
        KpiPeriodState.LOCKED,
        {"snapshot_sha256": snapshot.sha256, "value": value},
        actor=actor,
        now=now,
    )
    return snapshot


def report_period(session: Session, kpi_period_id: UUID, *, actor: Actor, now: datetime) -> str:
    """Report the locked value to the lenders and return it; the period then awaits its attestation."""
    period = _locked(session, kpi_period_id)
    snapshot = kpi_periods.load_snapshot(session, kpi_period_id)
    if snapshot is None:
        raise Conflict("kpi_period.not_locked", "lock the period's data before its value is reported")
    kpi_periods.advance_period(
        session,
        period,
        KpiPeriodState.REPORTED,
        {"snapshot_sha256": snapshot.sha256, "value": snapshot.value},
        actor=actor,
        now=now,
    )
    return snapshot.value


def print_value(value: Fraction, digits: int) -> str:
    """Return the value as the contract prints it: half-up to ``digits`` decimals, 8.16357 to 4 is ``8.1636``."""
    return format_exact(value, digits, KPI_COMPARISON)


def _locked(session: Session, kpi_period_id: UUID) -> KpiPeriod:
    period = kpi_periods.find_period(session, kpi_period_id, lock=True)
    if period is None:
        raise NotFound("kpi_period.not_found", "the KPI period does not exist, or not for you")
    return period


def _complete_year(
    recorded: tuple[RecordedMonth, ...], bound: BoundMethodology, kpi: FacilityKpi, *, year: int
) -> YearEmissions:
    methodology, definition = bound.methodology, kpi.definition
    if (methodology.measure.value, methodology.version) != (definition.measure.value, definition.methodology_version):
        raise Conflict(
            "kpi_period.methodology",
            f"methodology: expected version {definition.methodology_version}, which yields {definition.measure}",
            methodology_id=methodology.methodology_id,
        )
    present = {(each.activity.site, each.activity.month) for each in recorded}
    missing = [
        f"{site} {year}-{month:02d}"
        for site in kpi.sites
        for month in range(1, MONTHS_PER_YEAR + 1)
        if (site, f"{year}-{month:02d}") not in present
    ]
    if missing:
        raise Conflict(
            "kpi_period.incomplete",
            f"activity: expected every month of {year}; missing: {', '.join(missing[:MONTHS_PER_YEAR])}; load them first",
            missing=str(len(missing)),
        )
    return year_emissions(tuple(each.activity for each in recorded), bound, year=year)


def _snapshot_document(
    period: KpiPeriod,
    kpi: FacilityKpi,
    recorded: tuple[RecordedMonth, ...],
    bound: BoundMethodology,
    emissions: YearEmissions,
    value: str,
) -> dict[str, JsonValue]:
    return {
        "activity": [_activity_fields(each) for each in recorded],
        "emissions_tco2e": fraction_text(emissions.emissions_t),
        "facility_id": str(period.facility_id),
        "factor_set_sha256": bound.factor_set_hash,
        "factor_set_version": bound.factor_set_version,
        "factors": [
            {"row_id": row.row_id, "value": row.value, "unit": row.unit, "region": row.region, "source": row.source}
            for row in bound.factor_rows()
        ],
        "intensity": fraction_text(emissions.intensity_tco2e_per_t()),
        "kpi_definition_sha256": kpi.sha256,
        "kpi_id": kpi.definition.kpi_id,
        "methodology_id": bound.methodology.methodology_id,
        "methodology_version": bound.methodology.version,
        "period_end": period.period_end.isoformat(),
        "period_start": period.period_start.isoformat(),
        "production_t": fraction_text(emissions.production_t),
        "unit": kpi.definition.unit,
        "value": value,
    }


def _activity_fields(each: RecordedMonth) -> dict[str, JsonValue]:
    month = each.activity
    optional = {
        "anode_effect_min_per_cell_day": month.anode_effect_min_per_cell_day,
        "net_anode_t": month.net_anode_t,
    }
    return {
        "month": month.month,
        "production_t": f"{month.production_t:f}",
        "raw_sha256": each.raw_sha256,
        "revision": str(each.revision),
        "site": month.site,
        **{f"{source.value}_kwh": f"{month.ac_kwh[source]:f}" for source in POWER_TERMS},
        **{name: None if figure is None else f"{figure:f}" for name, figure in optional.items()},
    }
