"""A KPI period from its opening to its report: lock the data, compute the value, print it to the contract's digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.canonical import JsonValue, canonical_bytes
from finance.conventions.exact_text import fraction_text, parse_exact
from finance.conventions.fields import check_text, refused
from finance.conventions.rounding import KPI_COMPARISON
from finance.emissions.intensity import MONTHS_PER_YEAR, YearEmissions, year_emissions
from finance.emissions.methodologies import BoundMethodology
from finance.kpi.outcomes import read_observed
from finance.kpi.periods import KpiPeriodState, advance
from finance.operations.activity import bound_methodology
from finance.operations.evidence import EvidenceEvent, log_events
from finance.store import activity, facilities, kpi_periods
from finance.store.activity import RecordedMonth
from finance.store.facilities import Facility, FacilityKpi
from finance.store.kpi_periods import DataSnapshot, KpiPeriod
from ledger.core.amounts import format_exact
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.parties import Actor
from ledger.operations import RandomBytes
from ledger.store.acting import as_installation

SUBJECT = "kpi_period"
"""Under what the log keeps waivers, disputes, restatements and reviews of a period."""


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
    """Record a period of the KPI: ``test`` with the days of the target of that year, ``baseline`` with those of the terms.

    ``year`` is the calendar year that the period's last day lies in. A base year that the terms do not state is the calendar year.
    """
    terms, _ = facilities.load_terms(session, facility.facility_id)
    kpi = terms.kpi(kpi_id)
    targets = {target.test_year: target for target in kpi.targets}
    if purpose not in {"baseline", "test"} or (purpose == "test" and year not in targets):
        raise Invalid(
            "kpi_period.purpose",
            "purpose: expected baseline, or test for a year that has a target",
            field="purpose",
            years=", ".join(map(str, sorted(targets))),
        )
    start, end = date(year, 1, 1), date(year + 1, 1, 1)
    if purpose == "test":
        start, end = targets[year].period_start, targets[year].period_end
    elif kpi.baseline is not None:
        start, end = kpi.baseline.period_start, kpi.baseline.period_end
        if (end - timedelta(days=1)).year != year:
            raise refused(area="kpi_period", field="year", expected=f"{end.year - 1}, the terms' base year", value=year)
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
        period_start=start,
        period_end=end,
        actor=actor,
        now=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedValue:
    """A KPI's value that the borrower states because no methodology here computes it: the exact text, and the files it rests on."""

    value: str
    evidence_sha256: tuple[str, ...]
    note: str

    def __post_init__(self) -> None:
        """Refuse a value without evidence, and a text that could not be signed."""
        check_text(self.value, area="kpi_period", field="value")
        check_text(self.note, area="kpi_period", field="note")
        for digest in self.evidence_sha256:
            if not _DIGEST.fullmatch(digest):
                expected = "SHA-256 of a file in lower-case hex"
                raise refused(area="kpi_period", field="evidence_sha256", expected=expected, value=digest)
        if not self.evidence_sha256 or len(set(self.evidence_sha256)) != len(self.evidence_sha256):
            expected = "at least one file's digest, none twice"
            raise refused(
                area="kpi_period", field="evidence_sha256", expected=expected, value=len(self.evidence_sha256)
            )


_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def lock_period(
    session: Session, kpi_period_id: UUID, *, stated: StatedValue | None, actor: Actor, now: datetime
) -> DataSnapshot:
    """Freeze the period's data as canonical JSON and return the snapshot: activity, factors and result, or the stated value.

    An emission intensity is computed and never stated, any other measure is stated (``kpi_period.stated``). Every site of a computed
    KPI needs every month of the period (``kpi_period.incomplete``). What is recorded later changes the snapshot of no one: a
    correction is a restatement with a snapshot of its own.
    """
    period = _locked(session, kpi_period_id)
    if period.state is KpiPeriodState.DETERMINED and kpi_periods.load_reported(session, kpi_period_id) is None:
        # It was decided without a report, by the clause for missing ones; now the report is delivered after all.
        period = kpi_periods.advance_period(session, period, KpiPeriodState.LATE, {}, actor=actor, now=now)
    advance(period.state, KpiPeriodState.LOCKED)
    kpi = facilities.load_kpi(session, period.facility_id, period.kpi_id)
    if kpi.definition.is_computed is (stated is not None):
        expected = "no stated value: it is computed" if kpi.definition.is_computed else "a stated value with evidence"
        raise refused(area="kpi_period", field="stated", expected=expected, value=kpi.definition.measure)
    if stated is None:
        computed = compute_period(session, period, kpi)
        content, value = computed.content, computed.value
    else:
        content, value = canonical_bytes(_stated_document(session, period, kpi, stated)).decode(), stated.value
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedPeriod:
    """A period's value computed from its activity: the canonical text to be locked, the printed value, and the year behind both."""

    content: str
    value: str
    emissions: YearEmissions


def compute_period(
    session: Session, period: KpiPeriod, kpi: FacilityKpi, *, known_at: datetime | None = None
) -> ComputedPeriod:
    """Return the value of a computed KPI from the activity recorded by ``known_at`` (None: now); nothing is written.

    A missing month is ``kpi_period.incomplete``. As known when a snapshot was locked, this gives that snapshot's text again.
    """
    facility = facilities.find_facility(session, period.facility_id)
    assert facility is not None, "a period belongs to a facility"
    definition = kpi.definition
    bound = bound_methodology(
        session,
        definition.methodology_id,
        definition.factor_set_version,
        methodology_version=definition.methodology_version,
    )
    template_id = bound.methodology.template_id
    months = _months_of(period)
    with as_installation(session):  # who answers for a period computes it, and its activity is the borrower's
        known = activity.load_months(session, facility.borrower_id, sites=kpi.sites, known_at=known_at)
    recorded = tuple(
        each for each in known if each.activity.month in months and each.activity.template.template_id == template_id
    )
    emissions = _whole_period(recorded, bound, kpi, months)
    value = print_value(emissions.intensity_tco2e_per_t(), definition.report_digits)
    document = _snapshot_document(period, kpi, recorded, bound, emissions, value)
    return ComputedPeriod(content=canonical_bytes(document).decode(), value=value, emissions=emissions)


def _months_of(period: KpiPeriod) -> tuple[str, ...]:
    """Return the calendar months that the period consists of; one that cuts a month or spans years is not computed."""
    last = period.period_end - timedelta(days=1)
    if period.period_start.day != 1 or period.period_end.day != 1 or last.year != period.period_start.year:
        raise Conflict(
            "kpi_period.months",
            "period: expected whole months of one calendar year; activity is recorded by month",
            period_start=period.period_start.isoformat(),
            period_end=period.period_end.isoformat(),
        )
    return tuple(f"{last.year}-{month:02d}" for month in range(period.period_start.month, last.month + 1))


def _stated_document(
    session: Session, period: KpiPeriod, kpi: FacilityKpi, stated: StatedValue
) -> dict[str, JsonValue]:
    target = next(
        (
            each
            for each in facilities.load_targets(session, period.facility_id, period.kpi_id)
            if each.period_start == period.period_start
        ),
        None,
    )
    if target is None:
        parse_exact(stated.value, field="value")
    else:
        read_observed(stated.value, definition=kpi.definition, target=target)
    return {
        "evidence_sha256": sorted(stated.evidence_sha256),
        "facility_id": str(period.facility_id),
        "kpi_definition_sha256": kpi.sha256,
        "kpi_id": kpi.definition.kpi_id,
        "note": stated.note,
        "period_end": period.period_end.isoformat(),
        "period_start": period.period_start.isoformat(),
        "unit": kpi.definition.unit,
        "value": stated.value,
    }


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


def restate_period(
    session: Session, kpi_period_id: UUID, reason: str, *, actor: Actor, now: datetime, random_bytes: RandomBytes
) -> None:
    """Record that the reported value is to be put right; the period is locked and reported anew, the old chain stays readable."""
    _turn(session, kpi_period_id, KpiPeriodState.RESTATED, reason, actor=actor, now=now, random_bytes=random_bytes)


def waive_period(
    session: Session, kpi_period_id: UUID, reason: str, *, actor: Actor, now: datetime, random_bytes: RandomBytes
) -> None:
    """Record that the lenders let the test pass: it neither lowers nor raises a price."""
    _turn(session, kpi_period_id, KpiPeriodState.WAIVED, reason, actor=actor, now=now, random_bytes=random_bytes)


def dispute_period(
    session: Session, kpi_period_id: UUID, reason: str, *, actor: Actor, now: datetime, random_bytes: RandomBytes
) -> None:
    """Record that a lender contests the value; it goes back under review, or is restated."""
    _turn(session, kpi_period_id, KpiPeriodState.DISPUTED, reason, actor=actor, now=now, random_bytes=random_bytes)


def _turn(
    session: Session,
    kpi_period_id: UUID,
    to: KpiPeriodState,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Take the step and make it a leaf of the borrower's evidence book."""
    check_text(reason, area="kpi_period", field="reason")
    period = _locked(session, kpi_period_id)
    kpi_periods.advance_period(session, period, to, {"reason": reason}, actor=actor, now=now)
    facility = facilities.find_facility(session, period.facility_id)
    assert facility is not None, "a period belongs to a facility"
    logged = EvidenceEvent(
        organisation_id=facility.borrower_id,
        subject=SUBJECT,
        subject_id=str(kpi_period_id),
        event=to.value,
        facts={"reason": reason},
    )
    log_events(session, [logged], actor=actor, now=now, random_bytes=random_bytes)


def print_value(value: Fraction, digits: int) -> str:
    """Return the value as the contract prints it: half-up to ``digits`` decimals, 8.16357 to 4 is ``8.1636``."""
    return format_exact(value, digits, KPI_COMPARISON)


def _locked(session: Session, kpi_period_id: UUID) -> KpiPeriod:
    period = kpi_periods.find_period(session, kpi_period_id, lock=True)
    if period is None:
        raise NotFound("kpi_period.not_found", "the KPI period does not exist, or not for you")
    return period


def _whole_period(
    recorded: tuple[RecordedMonth, ...], bound: BoundMethodology, kpi: FacilityKpi, months: tuple[str, ...]
) -> YearEmissions:
    methodology, definition = bound.methodology, kpi.definition
    if methodology.measure.value != definition.measure.value:
        raise Conflict(
            "kpi_period.methodology",
            f"methodology: expected one that yields {definition.measure}",
            methodology_id=methodology.methodology_id,
        )
    present = {(each.activity.site, each.activity.month) for each in recorded}
    missing = [f"{site} {month}" for site in kpi.sites for month in months if (site, month) not in present]
    if missing:
        raise Conflict(
            "kpi_period.incomplete",
            f"activity: expected every month from {months[0]} to {months[-1]}; missing: {', '.join(missing[:MONTHS_PER_YEAR])}; load "
            "them first",
            missing=str(len(missing)),
        )
    return year_emissions(tuple(each.activity for each in recorded), bound, year=int(months[0][:4]))


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
        "methodology": [
            {
                "component": each.term.name,
                "formula": each.term.rule.value,
                "inputs": dict(each.term.inputs),
                "factors": {role: row.row_id for role, row in each.factors.items()},
                "source": each.term.source,
            }
            for each in bound.terms
        ],
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
    return {
        "figures": {name: f"{figure:f}" for name, figure in sorted(month.figures().items())},
        "month": month.month,
        "raw_sha256": each.raw_sha256,
        "revision": str(each.revision),
        "site": month.site,
        "template_id": month.template.template_id,
        "verification": month.verification,
    }
