"""What is found about each KPI of a test period: its report, the attestation of exactly that, base year and years before.

The same search serves a proposal, its approval and its recomputation: it takes what was known at an instant, or what is known now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from finance.attestations.states import AttestationState
from finance.conventions.exact_text import parse_exact
from finance.kpi.definitions import AssuranceLevel
from finance.kpi.outcomes import Beside, YearValue
from finance.kpi.targets import Avoided, Baseline, MultiYearMean, PerformanceTarget, YearOnYear
from finance.loans.clauses import ReportingTerms
from finance.loans.evidence_rules import AttestationStanding, AttestedFact, KpiFinding, Opinion
from finance.loans.facility_terms import KpiTerms
from finance.loans.price_effects import OutcomeStatus
from finance.operations.attestations import baseline_of
from finance.operations.loan_view import KnownLoan
from finance.operations.reporting_days import is_attestation_late, is_report_late
from finance.store import attestations, kpi_periods
from finance.store.attestations import AttestationRecord
from finance.store.kpi_periods import DataSnapshot, KpiPeriod
from ledger.core.errors import Conflict

_STANDING: Mapping[AttestationState, AttestationStanding] = {
    AttestationState.ACCEPTED: AttestationStanding.ACCEPTED,
    AttestationState.SUPERSEDED: AttestationStanding.SUPERSEDED,
    AttestationState.WITHDRAWN: AttestationStanding.WITHDRAWN,
    AttestationState.KEY_REVOKED: AttestationStanding.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKpi:
    """One KPI's finding with the keys it rests on and its period, None where none was opened.

    ``known`` is every attestation of the period that was once accepted, relied on or not: two that contradict each other must
    both be seen.
    """

    finding: KpiFinding
    known: tuple[AttestedFact, ...]
    period: KpiPeriod | None
    record: AttestationRecord | None
    baseline_record: AttestationRecord | None


def find_kpis(
    session: Session,
    loan: KnownLoan,
    period_start: date,
    *,
    now: datetime,
    counts_late: bool,
    known_at: datetime | None = None,
) -> tuple[FoundKpi, ...]:
    """Return what is found about every KPI with a target in the test period, each with the keys it rests on.

    What was not reported by its day is missing, what was attested after its day is late; with ``counts_late`` (a second decision,
    once it is delivered) it is judged by its value all the same. ``now`` is when it is asked whether a day is over; evidence is read
    as known at ``known_at``, None for as it stands.
    """
    search = _Search(session=session, loan=loan, now=now, counts_late=counts_late, known_at=known_at)
    found = []
    for kpi in loan.facility.terms.kpis:
        target = kpi.target_of(period_start)
        if target is not None:
            found.append(search.find(kpi, target))
    if not found:
        raise Conflict("determination.no_target", f"period_start: no KPI of the terms is tested from {period_start}")
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """What a search knows: the loan, the instant it is made at, and the instant whose knowledge it reads (None: the present one)."""

    session: Session
    loan: KnownLoan
    now: datetime
    counts_late: bool
    known_at: datetime | None

    def find(self, kpi: KpiTerms, target: PerformanceTarget) -> FoundKpi:
        """Return what is found about one KPI; refused before its report is due, and without the base year that it needs."""
        kpi_id = kpi.definition.kpi_id
        period = kpi_periods.find_by_start(
            self.session, self.loan.facility_id, kpi_id, target.period_start, known_at=self.known_at
        )
        snapshot = None if period is None else self._reported(period)
        record = None if period is None or snapshot is None else self._attestation_of(period, snapshot)
        absence = self._absence(kpi_id, target, period, snapshot, record)
        is_based = target.needs_baseline and period is not None
        base = baseline_of(self.session, period, known_at=self.known_at) if is_based and period is not None else None
        if base is None and target.needs_baseline and absence is None:
            raise Conflict(
                "determination.baseline_missing",
                "baseline: expected an accepted, standing attestation of the KPI's baseline period; its target needs one",
                kpi_id=kpi_id,
            )
        finding = KpiFinding(
            definition=kpi.definition,
            baseline=None if base is None else self._baseline(*base),
            target=target,
            beside=self._beside(kpi_id, target, snapshot) if absence is None else Beside(),
            value=None if absence is not None or snapshot is None else snapshot.value,
            attestation=None if record is None or absence is not None else _fact(record, kpi_id),
            absence=absence,
        )
        known = () if period is None else tuple(_fact(each, kpi_id) for each in self._once_accepted(period))
        return FoundKpi(
            finding=finding,
            known=known,
            period=period,
            record=record,
            baseline_record=None if base is None else base[0],
        )

    def _absence(
        self,
        kpi_id: str,
        target: PerformanceTarget,
        period: KpiPeriod | None,
        snapshot: DataSnapshot | None,
        record: AttestationRecord | None,
    ) -> OutcomeStatus | None:
        reporting = self.loan.facility.terms.reporting
        if period is not None and period.is_waived:
            return OutcomeStatus.WAIVED
        if snapshot is None:
            if not is_report_late(self.now, target.period_end, reporting):
                raise Conflict(
                    "determination.not_due",
                    f"KPI {kpi_id}: its report is not due yet; report it, or wait for the day",
                    kpi_id=kpi_id,
                )
            return OutcomeStatus.MISSING
        is_late = not self.counts_late and _is_late(snapshot, record, target, reporting, now=self.now)
        return OutcomeStatus.LATE if is_late else None

    def _reported(self, period: KpiPeriod) -> DataSnapshot | None:
        """Return the report that stands; what is being restated is not there until it is reported anew."""
        if not period.is_reported:
            return None
        return kpi_periods.load_reported(self.session, period.kpi_period_id, known_at=self.known_at)

    def _beside(self, kpi_id: str, target: PerformanceTarget, own: DataSnapshot | None) -> Beside:
        """Return the attested values of earlier years that the rule looks at, and the period's output where it is needed."""
        rule = target.rule
        years: range
        match rule:
            case YearOnYear():
                years = range(target.test_year - 1, target.test_year)
            case MultiYearMean():
                years = range(target.test_year - rule.years + 1, target.test_year)
            case Avoided():
                years = range(rule.since_year, target.test_year)
            case _:
                return Beside()
        earlier = []
        for each in kpi_periods.list_periods(self.session, self.loan.facility_id, known_at=self.known_at):
            year = date.fromordinal(each.period_end.toordinal() - 1).year
            if each.kpi_id == kpi_id and year in years:
                snapshot = self._reported(each)
                record = None if snapshot is None else self._attestation_of(each, snapshot)
                if snapshot is not None and record is not None and record.state.carries_a_rate:
                    earlier.append(
                        YearValue(
                            year=year,
                            value=parse_exact(snapshot.value, field="value"),
                            output_t=snapshot.output_t,
                            source=f"attestation {record.attestation_id}",
                        )
                    )
        return Beside(years=tuple(earlier), output_t=None if own is None else own.output_t)

    def _attestation_of(self, period: KpiPeriod, reported: DataSnapshot) -> AttestationRecord | None:
        """Return the accepted attestation of the data that stands, else the newest once accepted: its fall must be seen too."""
        received = [
            each
            for each in self._once_accepted(period)
            if each.statement is not None and each.statement["snapshot_sha256"] == reported.sha256
        ]
        standing = [each for each in received if each.state.carries_a_rate]
        candidates = standing or received
        return candidates[-1] if candidates else None

    def _once_accepted(self, period: KpiPeriod) -> tuple[AttestationRecord, ...]:
        found = attestations.list_attestations(self.session, period.kpi_period_id, known_at=self.known_at)
        return tuple(each for each in found if each.code is None and each.statement is not None)

    def _baseline(self, record: AttestationRecord, value: str) -> Baseline:
        period = kpi_periods.find_period(self.session, record.kpi_period_id)
        assert period is not None, "an attestation belongs to a period"
        return Baseline(
            value=parse_exact(value, field="baseline_value"),
            period_start=period.period_start,
            period_end=period.period_end,
            attestation_id=str(record.attestation_id),
        )


def _is_late(
    reported: DataSnapshot,
    record: AttestationRecord | None,
    target: PerformanceTarget,
    reporting: ReportingTerms,
    *,
    now: datetime,
) -> bool:
    """Return whether the report or its attestation came after its day, or has not come though the day is over."""
    assert reported.reported_at is not None, "a reported snapshot has its instant"
    attested_at = now if record is None else record.received_at
    return is_report_late(reported.reported_at, target.period_end, reporting) or is_attestation_late(
        attested_at, target.period_end, reporting
    )


def _fact(record: AttestationRecord, kpi_id: str) -> AttestedFact:
    statement = record.statement
    assert statement is not None, "an accepted attestation has a verified statement"
    return AttestedFact(
        attestation_id=str(record.attestation_id),
        kpi_id=statement["kpi_id"],
        period_start=date.fromisoformat(statement["period_start"]),
        period_end=date.fromisoformat(statement["period_end"]),
        value=statement["value"],
        unit=statement["unit"],
        methodology_version=statement["methodology_version"],
        assurance_level=AssuranceLevel(statement["level"]),
        opinion=_opinion(statement["outcome"], statement["affected_kpi_ids"], kpi_id),
        standing=_STANDING.get(record.state, AttestationStanding.NOT_ACCEPTED),
    )


def _opinion(outcome: str, affected: Sequence[str] | None, kpi_id: str) -> Opinion:
    """Return what an outcome word means for one KPI; a qualification that names no KPI touches every one."""
    if outcome == "qualified":
        touches = affected is None or kpi_id in affected
        return Opinion.QUALIFIED if touches else Opinion.QUALIFIED_ELSEWHERE
    return Opinion.CLEAN if outcome == "unmodified" else Opinion.NONE
