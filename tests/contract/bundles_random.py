"""Random deals taken through the real rules in memory, year by year, and the bundle of every decision made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from uuid import UUID, uuid5

from finance.attestations.keys import RegisteredKey
from finance.attestations.states import AttestationState
from finance.conventions.calendars import BusinessDayConvention, calendar_of
from finance.conventions.day_counts import DayCount
from finance.conventions.documents import to_document
from finance.conventions.exact_text import fraction_text
from finance.kpi.definitions import AssuranceLevel, DataStatus, KpiDefinition, KpiMeasure
from finance.kpi.outcomes import Beside, YearValue
from finance.kpi.periods import KpiPeriodState
from finance.kpi.targets import (
    Avoided,
    Baseline,
    Bound,
    Count,
    ExternalRank,
    KpiClass,
    Level,
    MultiYearMean,
    PerformanceTarget,
    ReductionVsBase,
    Share,
    StatusHeld,
    TargetRule,
    VsBenchmark,
    YearOnYear,
)
from finance.loans import rate_determinations as rules
from finance.loans.base_rates import FixedRate, IndexRate, RepricingKind, RepricingRule
from finance.loans.clauses import (
    EffectKind,
    EffectRule,
    LabelTerms,
    LateFactKind,
    LateFactTerms,
    ReportingTerms,
    UntilKind,
)
from finance.loans.evidence_rules import AttestationStanding, AttestedFact, KpiFinding, Opinion
from finance.loans.facility_terms import BaselineTerms, FacilityTerms, KpiTerms, Party, PartyRole, RecalculationKind
from finance.loans.fixings import FixingSeries
from finance.loans.interest_periods import PeriodCycle, SettlementRule, StubRule
from finance.loans.period_dates import DayRule, dated_periods
from finance.loans.price_effects import (
    AppliesTo,
    Consequence,
    DeadBand,
    Direction,
    KpiStep,
    KpiWeight,
    Linear,
    OutcomeStatus,
    PricedItem,
    PriceEffect,
    Ratchet,
    StepPerKpi,
    StepRule,
    TableByCount,
    Weighted,
    WhileHeld,
)
from finance.loans.price_timeline import GradeFrom
from finance.loans.rate_determinations import (
    Approval,
    ApprovedDetermination,
    DeterminationCause,
    DrawnTranche,
    KnownFacility,
    Signatory,
)
from finance.loans.repayment import Bullet
from finance.loans.tranche import Drawdown, RoundingUnit
from finance.loans.tranche_terms import GradeMargin, RatingGrid, TrancheKind, TrancheTerms
from finance.operations.bundle_packing import AttestationEvidence, DeterminationEvidence, PeriodEvidence, pack
from finance.operations.loan_view import KnownLoan
from finance.store import reference
from finance.store.attestations import AttestationEvent, AttestationRecord
from finance.store.determinations import ApprovalRecord, Decision, Determination, EvidenceLink
from finance.store.facilities import TermsVersion, document_hash
from finance.store.kpi_periods import DataSnapshot, KpiPeriod, KpiPeriodEvent
from ledger.core.amounts import RoundingMode
from ledger.core.errors import DomainError
from ledger.core.parties import Actor
from tests.contract.bundles_loans import ASSESSOR, KID, public, spelled, text_of

SPACE = UUID("00000000-0000-0000-0000-00000000f013")
FIRST_YEAR = 2021
_SCALE = ("A", "B", "C", "D")
_MARKETS = {"cn_interbank": 2026, "cn_statutory": 2026, "target": 2030}


def named(name: str) -> UUID:
    return uuid5(SPACE, name)


BORROWER = Actor(user_id=named("treasurer"), organisation_id=named("smelter"))
BANKERS = tuple(Actor(user_id=named(f"banker {n}"), organisation_id=named(f"bank {n % 2}")) for n in range(3))
FACILITY_ID = named("facility")


@dataclass
class Year:
    """What was reported about one KPI in one year, with its evidence."""

    period: PeriodEvidence
    attested: AttestationEvidence | None
    fact: AttestedFact | None
    value: str
    output_t: Fraction


@dataclass
class Deal:
    """One random facility and what was decided about it."""

    draw: Random
    terms: FacilityTerms = field(init=False)
    years: dict[tuple[str, int], Year] = field(default_factory=dict)
    decided: list[tuple[Determination, ApprovedDetermination]] = field(default_factory=list)
    grades: tuple[GradeFrom, ...] = ()
    drawn: dict[str, tuple[Drawdown, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.terms = _terms(self.draw)
        if any(tranche.rating_grid for tranche in self.terms.tranches):
            self.grades = (GradeFrom(on=date(2023, 5, 4), grade=self.draw.choice(("AA", "A", "BBB"))),)
        for tranche in self.terms.tranches:
            extra = (Drawdown(on=date(2022, 9, 1), amount_minor=5_000),) if self.draw.random() < 0.3 else ()
            self.drawn[tranche.tranche_id] = (*tranche.drawdowns, *extra)

    def bundles(self) -> Iterator[bytes]:
        """Decide year after year, sometimes again, and give the bundle of every decision that the rules allow."""
        for year in range(FIRST_YEAR, FIRST_YEAR + 4):
            made = self._decide(year, DeterminationCause.FIRST)
            if made is not None:
                yield made
                if self.draw.random() < 0.4:
                    cause = self.draw.choice(
                        (
                            DeterminationCause.RESTATED,
                            DeterminationCause.ATTESTATION_FELL,
                            DeterminationCause.DELIVERED_LATE,
                        )
                    )
                    again = self._decide(year, cause)
                    if again is not None:
                        yield again

    # ------------------------------------------------------------------------------------------------------ one decision

    def _decide(self, year: int, cause: DeterminationCause) -> bytes | None:
        proposed_on = date(year + 1, 3, 1) + timedelta(days=self.draw.randrange(100) + 120 * (cause != "first"))
        findings = tuple(self._finding(kpi, year, cause) for kpi in self.terms.kpis)
        replaces = None
        if cause in {DeterminationCause.RESTATED, DeterminationCause.ATTESTATION_FELL}:
            replaces = str(self.decided[-1][0].determination_id)
        name = str(named(f"determination {self.draw.random()}"))
        facility = self._known()
        sha256 = document_hash(to_document(self.terms))
        try:
            proposal = rules.propose(
                facility,
                findings,
                proposal_id=name,
                terms_sha256=sha256,
                cause=cause,
                replaces=replaces,
                proposer=Signatory(person_id=str(BORROWER.user_id), organisation_id=str(BORROWER.organisation_id)),
                proposed_on=proposed_on,
            )
            approvals = self._approvals(proposed_on)
            approved = rules.approve(
                proposal,
                facility,
                determination_id=name,
                terms_sha256=sha256,
                attestations=[each.attestation for each in findings if each.attestation is not None],
                approvals=approvals,
            )
        except DomainError as error:
            if error.code not in _LEGAL:
                raise
            return None
        stored = self._stored(approved)
        self.decided.append((stored, approved))
        return pack(self._evidence(stored, sha256))

    def _approvals(self, proposed_on: date) -> tuple[Approval, ...]:
        found, day = [], proposed_on
        for banker in BANKERS[: self.terms.reporting.approvals]:
            day += timedelta(days=self.draw.randrange(20))
            who = Signatory(person_id=str(banker.user_id), organisation_id=str(banker.organisation_id))
            at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
            found.append(Approval(approver=who, approved_at=at, approved_on=day))
        return tuple(found)

    def _known(self) -> KnownFacility:
        terms = self.terms
        last = max(tranche.maturity_date for tranche in terms.tranches)
        labelled: tuple[tuple[date, date], ...] = ((terms.agreed_on, last),)
        if self.draw.random() < 0.2:
            labelled = ((terms.agreed_on, date(2023, 7, 1)), (date(2023, 11, 1), last))
        return KnownFacility(
            terms=terms,
            tranches=tuple(map(self._drawn, terms.tranches)),
            tests=tuple(
                approved.known_test(terms, sequence=number)
                for number, (_, approved) in enumerate(self.decided, start=1)
            ),
            labelled=self.__dict__.setdefault("labelled", labelled),
            grades=self.grades,
        )

    def _drawn(self, tranche: TrancheTerms) -> DrawnTranche:
        drawn = self.drawn[tranche.tranche_id]
        start = drawn[0].on if drawn else tranche.signed_on
        calendar = calendar_of(reference.shipped_calendars(), tranche.calendar_market)
        days = DayRule(
            calendar=calendar, convention=tranche.payment_convention, is_accrual_adjusted=tranche.is_accrual_adjusted
        )
        return DrawnTranche(
            tranche_id=tranche.tranche_id,
            start=start,
            periods=dated_periods(tranche.periods, start=start, end=tranche.maturity_date, days=days),
            calendar=calendar,
        )

    def _stored(self, approved: ApprovedDetermination) -> Determination:
        proposal = approved.proposal
        document = to_document(proposal)
        at = approved.approvals[-1].approved_at
        links = [
            EvidenceLink(
                kpi_period_id=self.years[
                    each.definition.kpi_id, proposal.period_start.year
                ].period.period.kpi_period_id,
                attestation_id=None if each.attestation is None else UUID(each.attestation.attestation_id),
                baseline_attestation_id=None if each.baseline is None else UUID(each.baseline.attestation_id),
            )
            for each in proposal.findings
        ]
        digest = document_hash(document)
        decision = Decision(
            verdict="approved",
            sequence=len(self.decided) + 1,
            reason=None,
            prices=approved.prices,
            decided_on=at.date(),
            decided_at=at,
            decider=BANKERS[0],
        )
        return Determination(
            determination_id=UUID(approved.determination_id),
            facility_id=FACILITY_ID,
            proposal=proposal,
            document=document,
            digest=digest,
            evidence=tuple(links),
            approvals=tuple(
                ApprovalRecord(
                    approver=banker, digest=digest, approved_on=each.approved_on, approved_at=each.approved_at
                )
                for banker, each in zip(BANKERS, approved.approvals, strict=False)
            ),
            proposed_at=datetime(
                proposal.proposed_on.year, proposal.proposed_on.month, proposal.proposed_on.day, tzinfo=UTC
            ),
            proposer=BORROWER,
            decision=decision,
        )

    def _evidence(self, determination: Determination, sha256: str) -> DeterminationEvidence:
        decision = determination.decision
        assert decision is not None
        version = TermsVersion(
            terms=self.terms,
            sha256=sha256,
            recorded_at=datetime(2020, 12, 1, tzinfo=UTC),
            agreed={
                UUID(party.organisation_id): datetime(2020, 12, 2, tzinfo=UTC)
                for party in self.terms.parties
                if party.role in {PartyRole.BORROWER, PartyRole.LENDER}
            },
        )
        year = determination.proposal.period_start.year
        used = [self.years[each.definition.kpi_id, year] for each in determination.proposal.findings]
        for finding in determination.proposal.findings:
            if finding.baseline is not None:
                used.append(self.years[finding.definition.kpi_id, FIRST_YEAR - 1])
            used.extend(self.years[finding.definition.kpi_id, each.year] for each in finding.beside.years)
        unique = {each.period.period.kpi_period_id: each for each in used}.values()
        facility = self._known()
        loan = KnownLoan(
            facility_id=FACILITY_ID,
            version=version,
            is_agreed=True,
            facility=facility,
            determinations={str(stored.determination_id): approved for stored, approved in self.decided},
            drawn=self.drawn,
            prepaid={},
            fixings={
                "LPR1Y": FixingSeries(
                    index="LPR1Y",
                    rates=((date(2020, 1, 1), Fraction(385, 10_000)), (date(2022, 8, 22), Fraction(365, 10_000))),
                    known_through=date(2024, 1, 1),
                    assumed=Fraction(365, 10_000),
                )
            },
        )
        key = RegisteredKey(
            key_id=KID,
            organisation_id=str(named("assessor")),
            public_key=public(ASSESSOR),
            holder_id=str(named("verifier")),
            registered_at=datetime(2010, 6, 1, tzinfo=UTC),
            approved_at=datetime(2010, 6, 2, tzinfo=UTC),
            not_after=None,
            revoked_at=None,
            compromised_since=None,
        )
        return DeterminationEvidence(
            determination=determination,
            decision=decision,
            decided_before=tuple(stored for stored, _ in self.decided[: decision.sequence - 1]),
            terms=(version,),
            loan=loan,
            periods=tuple(each.period for each in unique),
            attestations=tuple(each.attested for each in unique if each.attested is not None),
            keys=(key,),
            receipts=(),
        )

    # ---------------------------------------------------------------------------------------------------------- one finding

    def _finding(self, kpi: KpiTerms, year: int, cause: DeterminationCause) -> KpiFinding:
        target = kpi.target_of(date(year, 1, 1))
        assert target is not None
        chance = self.draw.random()
        absence = None
        if chance < 0.2 and cause is DeterminationCause.FIRST:
            absence = self.draw.choice((OutcomeStatus.MISSING, OutcomeStatus.LATE, OutcomeStatus.WAIVED))
        standing = AttestationStanding.ACCEPTED
        if cause is DeterminationCause.ATTESTATION_FELL and self.draw.random() < 0.6:
            standing = AttestationStanding.WITHDRAWN
        outcome = "unmodified" if chance < 0.8 else self.draw.choice(("qualified", "elsewhere", "adverse"))
        self._report(kpi, year, outcome=outcome, standing=standing)
        if absence is not None:
            self._leave_out(kpi, year, absence)
        baseline, earlier = None, [self._before(kpi, each) for each in _years_before(target)]
        if target.needs_baseline:
            base = self._before(kpi, FIRST_YEAR - 1)
            assert base.attested is not None
            baseline = Baseline(
                value=Fraction(base.value),
                period_start=date(FIRST_YEAR - 1, 1, 1),
                period_end=date(FIRST_YEAR, 1, 1),
                attestation_id=str(base.attested.record.attestation_id),
            )
        found = self.years[kpi.definition.kpi_id, year]
        beside = Beside(
            years=tuple(
                YearValue(
                    year=each,
                    value=Fraction(before.value),
                    output_t=before.output_t,
                    source=f"attestation {before.attested.record.attestation_id}",
                )
                for each, before in zip(_years_before(target), earlier, strict=True)
                if before.attested is not None
            ),
            output_t=found.output_t if isinstance(target.rule, Avoided) else None,
            benchmark=Fraction(9) if isinstance(target.rule, VsBenchmark) else None,
            benchmark_source="register" if isinstance(target.rule, VsBenchmark) else "",
        )
        return KpiFinding(
            definition=kpi.definition,
            baseline=None if absence is not None else baseline,
            target=target,
            beside=Beside() if absence is not None else beside,
            value=None if absence is not None else found.value,
            attestation=None if absence is not None else found.fact,
            absence=absence,
        )

    def _leave_out(self, kpi: KpiTerms, year: int, absence: OutcomeStatus) -> None:
        """Let the period's history say why nothing counts."""
        found = self.years[kpi.definition.kpi_id, year]
        reported = found.period.events[0]
        match absence:
            case OutcomeStatus.MISSING:
                found.period = replace(found.period, events=(), reported=None)
            case OutcomeStatus.LATE:
                late = replace(reported, recorded_at=datetime(year + 1, 4, 2, tzinfo=UTC))
                found.period = replace(found.period, events=(late,))
            case _:
                waived = replace(reported, number=2, state=KpiPeriodState.WAIVED)
                found.period = replace(found.period, events=(reported, waived))

    def _before(self, kpi: KpiTerms, year: int) -> Year:
        found = self.years.get((kpi.definition.kpi_id, year))
        if found is None or found.fact is None or found.fact.standing is not AttestationStanding.ACCEPTED:
            self._report(kpi, year, outcome="unmodified", standing=AttestationStanding.ACCEPTED)
        return self.years[kpi.definition.kpi_id, year]

    def _report(self, kpi: KpiTerms, year: int, *, outcome: str, standing: AttestationStanding) -> None:
        name = f"{kpi.definition.kpi_id} {year}"
        value, output = self._value(kpi, year), Fraction(self.draw.randrange(1_000, 9_000), 7)
        content = spelled(
            {
                "facility_id": str(FACILITY_ID),
                "kpi_id": kpi.definition.kpi_id,
                "period_end": f"{year + 1}-01-01",
                "period_start": f"{year}-01-01",
                "production_t": fraction_text(output),
                "unit": kpi.definition.unit,
                "value": value,
            }
        ).decode()
        at = datetime(year + 1, 1, 20, tzinfo=UTC)
        snapshot = DataSnapshot(
            number=1,
            sha256=hashlib.sha256(content.encode()).hexdigest(),
            content=content,
            value=value,
            recorded_at=at,
            reported_at=at,
        )
        period = PeriodEvidence(
            period=KpiPeriod(
                kpi_period_id=named(f"period {name}"),
                facility_id=FACILITY_ID,
                kpi_id=kpi.definition.kpi_id,
                purpose="test",
                period_start=date(year, 1, 1),
                period_end=date(year + 1, 1, 1),
                state=KpiPeriodState.REPORTED,
                is_reported=True,
                is_waived=False,
            ),
            events=(
                KpiPeriodEvent(number=1, state=KpiPeriodState.REPORTED, detail={}, recorded_at=at, actor=BORROWER),
            ),
            reported=snapshot,
        )
        fact = AttestedFact(
            attestation_id=str(named(f"attestation {name} {self.draw.random()}")),
            kpi_id=kpi.definition.kpi_id,
            period_start=date(year, 1, 1),
            period_end=date(year + 1, 1, 1),
            value=value,
            unit=kpi.definition.unit,
            methodology_version="1",
            assurance_level=AssuranceLevel.REASONABLE,
            opinion=_OPINIONS[outcome],
            standing=standing,
        )
        self.years[kpi.definition.kpi_id, year] = Year(
            period=period,
            attested=self._attested(kpi, fact, snapshot, outcome),
            fact=fact,
            value=value,
            output_t=output,
        )

    def _attested(self, kpi: KpiTerms, fact: AttestedFact, snapshot: DataSnapshot, outcome: str) -> AttestationEvidence:
        definition = kpi.definition
        payload = spelled(
            {
                "affected_kpi_ids": ["another"] if outcome == "elsewhere" else None,
                "boundary": definition.boundary,
                "facility_id": str(FACILITY_ID),
                "factor_set_version": definition.factor_set_version,
                "issuer_organisation_id": str(named("assessor")),
                "kpi_definition_sha256": document_hash({**to_document(definition), "sites": sorted(kpi.sites)}),
                "kpi_id": definition.kpi_id,
                "level": fact.assurance_level.value,
                "measure": definition.measure.value,
                "methodology_id": definition.methodology_id,
                "methodology_version": definition.methodology_version,
                "outcome": "qualified" if outcome == "elsewhere" else outcome,
                "period_end": fact.period_end.isoformat(),
                "period_start": fact.period_start.isoformat(),
                "snapshot_sha256": snapshot.sha256,
                "terms_sha256": None,
                "unit": fact.unit,
                "value": fact.value,
            }
        )
        protected = text_of(spelled({"alg": "EdDSA", "kid": KID, "typ": "tonne-attestation+jws"}))
        signature = ASSESSOR.sign(f"{protected}.{text_of(payload)}".encode())
        envelope = spelled({"payload": text_of(payload), "protected": protected, "signature": text_of(signature)})
        at = datetime(fact.period_end.year, 2, 10, tzinfo=UTC)
        states = [AttestationState.LODGED, AttestationState.ACCEPTED]
        states += [AttestationState.WITHDRAWN] if fact.standing is AttestationStanding.WITHDRAWN else []
        attestation_id = UUID(fact.attestation_id)
        return AttestationEvidence(
            record=AttestationRecord(
                attestation_id=attestation_id,
                engagement_id=named("engagement"),
                kpi_period_id=named(f"period {fact.kpi_id} {fact.period_start.year}"),
                envelope=envelope,
                envelope_sha256=hashlib.sha256(envelope).hexdigest(),
                key_id=KID,
                state=states[-1],
                code=None,
                reason=None,
                field=None,
                statement={},
                received_at=at,
            ),
            snapshot=snapshot,
            assessor_id=str(named("assessor")),
            events=tuple(
                AttestationEvent(
                    attestation_id=attestation_id,
                    number=number,
                    state=state,
                    reason="",
                    recorded_at=at,
                    actor_id=BORROWER.user_id,
                    acting_for_id=BORROWER.organisation_id,
                )
                for number, state in enumerate(states, start=1)
            ),
        )

    def _value(self, kpi: KpiTerms, year: int) -> str:
        match kpi.definition.measure:
            case KpiMeasure.GRADE:
                return self.draw.choice(_SCALE)
            case KpiMeasure.STATUS:
                first = date(year, 1, 1) + timedelta(days=self.draw.randrange(200))
                return self.draw.choice(
                    ("none", f"{year}-01-01/{year + 1}-01-01", f"{year}-01-01/{first}" if first.day > 1 else "none",
                     f"{first}/{year}-09-01,{year}-10-01/{year + 1}-01-01")
                )  # fmt: skip
            case KpiMeasure.SHARE:
                return f"0.{self.draw.randrange(1, 1000):03d}"
            case KpiMeasure.COUNT:
                return str(self.draw.randrange(5))
            case _:
                return f"{self.draw.randrange(70_000, 110_000) // 10_000}.{self.draw.randrange(10_000):04d}"


_OPINIONS: Mapping[str, Opinion] = {
    "unmodified": Opinion.CLEAN,
    "qualified": Opinion.QUALIFIED,
    "elsewhere": Opinion.QUALIFIED_ELSEWHERE,
    "adverse": Opinion.NONE,
}
_LEGAL = frozenset(
    {
        "determination.not_determined",  # a year that was not decided is not decided again
        "determination.attestation_qualified",
        "calendar.unknown",
        "effect.start_unknown",
        "determination.evidence_changed",
    }
)


def _years_before(target: PerformanceTarget) -> range:
    rule = target.rule
    match rule:
        case YearOnYear():
            return range(target.test_year - 1, target.test_year)
        case MultiYearMean():
            return range(target.test_year - rule.years + 1, target.test_year)
        case Avoided():
            return range(rule.since_year, target.test_year)
        case _:
            return range(0)


# ------------------------------------------------------------------------------------------------------------- random terms


def _bp(draw: Random, most: int = 30) -> Fraction:
    return Fraction(draw.randrange(most * 6 + 1), 6)


def _terms(draw: Random) -> FacilityTerms:
    kpis = tuple(_kpi(draw, f"kpi-{number}") for number in range(draw.randrange(1, 4)))
    tranches = tuple(_tranche(draw, name) for name in "AB"[: draw.randrange(1, 3)])
    return FacilityTerms(
        facility_number="R-1",
        version=1,
        agreed_on=date(2020, 12, 1),
        source="contract",
        parties=(
            Party(role=PartyRole.BORROWER, organisation_id=str(named("smelter")), legal_name="B", share=None),
            Party(role=PartyRole.LENDER, organisation_id=str(named("bank 0")), legal_name="L", share=Fraction(2, 3)),
            Party(role=PartyRole.LENDER, organisation_id=str(named("bank 1")), legal_name="M", share=Fraction(1, 3)),
        ),
        tranches=tranches,
        kpis=kpis,
        ratchet=_ratchet(draw, kpis, [each.tranche_id for each in tranches]),
        effect=_effect(draw),
        reporting=ReportingTerms(
            report_due_days=30,
            attestation_due_days=120,
            zone="Asia/Shanghai",
            cut_off="17:00",
            assurance_level=draw.choice((AssuranceLevel.LIMITED, AssuranceLevel.REASONABLE)),
            accepts_scoped_qualification=draw.random() < 0.5,
            approvals=draw.randrange(1, 4),
            redetermine_within=10,
        ),
        late_facts=LateFactTerms(kind=draw.choice(tuple(LateFactKind)), threshold_minor=0),
        label=LabelTerms(
            principles_version="SLLP-2025",
            is_sleeping=False,
            sleeping_until=None,
            notice_days=10,
            rendezvous_days=90,
            consent_share=Fraction(2, 3),
            transition_plan_sha256=None,
            review_before_signing_sha256=None,
        ),
    )


def _kpi(draw: Random, kpi_id: str) -> KpiTerms:
    bound = draw.choice(tuple(Bound))
    third = Fraction(1, 3)
    measure, made = draw.choice(
        (
            (KpiMeasure.QUANTITY, lambda _year: Level(bound=bound, value=Fraction(9))),
            (KpiMeasure.ABSOLUTE_EMISSIONS, lambda _year: ReductionVsBase(reduction=Fraction(1, 20))),
            (KpiMeasure.QUANTITY, lambda _year: YearOnYear(reduction=Fraction(1, 50))),
            (KpiMeasure.ENERGY_INTENSITY, lambda year: Avoided(tonnes=Fraction(100), since_year=min(year, FIRST_YEAR))),
            (KpiMeasure.SHARE, lambda _year: Share(bound=bound, value=third)),
            (KpiMeasure.COUNT, lambda _year: Count(bound=bound, number=2)),
            (KpiMeasure.STATUS, lambda _year: StatusHeld(status="label", least_share=Fraction(1, 2))),
            (KpiMeasure.GRADE, lambda _year: ExternalRank(issuer="agency", scale=_SCALE, at_least="B")),
            (KpiMeasure.QUANTITY, lambda _year: VsBenchmark(benchmark_id="norm", reduction=Fraction(1, 100))),
            (KpiMeasure.QUANTITY, lambda _year: MultiYearMean(years=3, bound=bound, value=Fraction(9))),
        )
    )
    digits = draw.choice((None, None, 2, 4))
    targets = []
    for year in range(FIRST_YEAR, FIRST_YEAR + 4):
        rule: TargetRule = made(year)
        printed = isinstance(rule, Level | ReductionVsBase | YearOnYear | VsBenchmark | MultiYearMean)
        targets.append(
            PerformanceTarget(
                period_start=date(year, 1, 1),
                period_end=date(year + 1, 1, 1),
                rule=rule,
                compare_digits=digits if printed else None,
                is_strict=draw.random() < 0.3,
                source="clause",
            )
        )
    return KpiTerms(
        definition=KpiDefinition(
            kpi_id=kpi_id,
            measure=measure,
            unit="1",
            boundary="plant",
            methodology_id="m",
            methodology_version="1",
            factor_set_version="1",
            data_status_required=DataStatus.VERIFIED,
            report_digits=4,
        ),
        sites=("site",),
        kpi_class=KpiClass.CORE,
        footprint_share=None,
        materiality=None,
        baseline=BaselineTerms(
            period_start=date(FIRST_YEAR - 1, 1, 1),
            period_end=date(FIRST_YEAR, 1, 1),
            value=None,
            method="as reported",
            significance=Fraction(1, 20),
            on_restatement=RecalculationKind.FOLLOWS,
        ),
        targets=tuple(targets),
    )


def _rule(draw: Random, kpis: tuple[KpiTerms, ...]) -> StepRule:
    ids = [kpi.definition.kpi_id for kpi in kpis]
    down, up = _bp(draw), _bp(draw)
    measure = kpis[0].definition.measure
    if len(ids) == 1 and measure is KpiMeasure.STATUS and draw.random() < 0.7:
        return WhileHeld(kpi_id=ids[0], down_bp=down, up_bp=up)
    if len(ids) == 1 and measure not in {KpiMeasure.STATUS, KpiMeasure.GRADE} and draw.random() < 0.7:
        better = draw.choice(tuple(Bound))
        low, high = (Fraction(8), Fraction(10)) if measure is not KpiMeasure.SHARE else (Fraction(1, 4), Fraction(3, 4))
        if draw.random() < 0.5:
            return Linear(
                kpi_id=ids[0], better=better, floor=low, base=(low + high) / 2, cap=high, down_bp=down, up_bp=up
            )
        keeps = draw.random() < 0.5
        return DeadBand(kpi_id=ids[0], better=better, low=low, high=high, down_bp=down, up_bp=up, keeps_previous=keeps)
    match draw.randrange(3):
        case 0:
            return StepPerKpi(steps=tuple(KpiStep(kpi_id=each, down_bp=_bp(draw), up_bp=_bp(draw)) for each in ids))
        case 1:
            table = sorted((Fraction(draw.randrange(-60, 61), 4) for _ in range(len(ids) + 1)), reverse=True)
            return TableByCount(kpi_ids=tuple(ids), bp_by_met=tuple(table))
        case _:
            share = Fraction(1, len(ids))
            weights = tuple(KpiWeight(kpi_id=each, weight=share) for each in ids)
            return Weighted(weights=weights, down_bp=down, up_bp=up)


def _ratchet(draw: Random, kpis: tuple[KpiTerms, ...], tranches: list[str]) -> Ratchet:
    groups = [kpis] if draw.random() < 0.5 else [(kpi,) for kpi in kpis]
    effects = []
    for number, group in enumerate(groups):
        is_cumulative = draw.random() < 0.4
        places = [AppliesTo(item=PricedItem.MARGIN, tranche_id=None, fee=None, factor=Fraction(1))]
        if draw.random() < 0.3:
            item = draw.choice((PricedItem.MARGIN, PricedItem.REDEMPTION_PRICE))
            places.append(
                AppliesTo(item=item, tranche_id=tranches[0], fee=None, factor=Fraction(draw.choice((-1, 1)), 5))
            )
        effects.append(
            PriceEffect(
                effect_id=f"effect-{number}",
                rule=_rule(draw, group),
                applies_to=tuple(places),
                direction=Direction.TWO_WAY,
                cap_down_bp=_bp(draw, 60),
                cap_up_bp=_bp(draw, 60),
                kpi_cap_down_bp=_bp(draw) if draw.random() < 0.3 else None,
                kpi_cap_up_bp=_bp(draw) if draw.random() < 0.3 else None,
                is_cumulative=is_cumulative,
                resets_in_last_period=is_cumulative and draw.random() < 0.4,
            )
        )
    consequences = [draw.choice(tuple(Consequence)) for _ in range(3)]
    return Ratchet(
        effects=tuple(effects),
        total_cap_down_bp=_bp(draw, 50) if draw.random() < 0.4 else None,
        total_cap_up_bp=_bp(draw, 50) if draw.random() < 0.4 else None,
        on_missing=consequences[0],
        on_late=consequences[1],
        on_qualified=consequences[2],
        premium_bp=Fraction(7, 2) if Consequence.PREMIUM in consequences else None,
    )


def _effect(draw: Random) -> EffectRule:
    begins = draw.choice(tuple(EffectKind))
    until = draw.choice(tuple(UntilKind))
    is_dated = begins is EffectKind.FIXED_DATE
    return EffectRule(
        begins=begins,
        business_days=draw.randrange(1, 20) if begins is EffectKind.N_BUSINESS_DAYS_AFTER else None,
        month=draw.randrange(1, 13) if is_dated else None,
        day=draw.randrange(1, 29) if is_dated else None,
        until=until,
        months=draw.randrange(1, 30) if until is UntilKind.MONTHS else None,
    )


def _tranche(draw: Random, name: str) -> TrancheTerms:
    market = draw.choice(tuple(_MARKETS))
    signed = date(2021, draw.randrange(1, 13), draw.randrange(1, 29))
    is_fixed = draw.random() < 0.5
    cycle = PeriodCycle(
        months=draw.choice((1, 3, 6, 12)),
        stub=draw.choice(tuple(StubRule)),
        is_end_of_month=draw.random() < 0.5,
        payment_lag_days=0,
        anchor=date(2022, 1, 31) if draw.random() < 0.3 else None,
    )
    settlement = SettlementRule(day=draw.choice((20, 31)), months=(3, 6, 9, 12), payment_lag_days=1)
    grades = tuple(GradeMargin(grade=each, margin_bp=Fraction(bp)) for each, bp in (("AA", 50), ("A", 75), ("BBB", 90)))
    repricing = draw.choice(
        (
            RepricingRule(kind=RepricingKind.NEVER),
            RepricingRule(kind=RepricingKind.ANNIVERSARY),
            RepricingRule(kind=RepricingKind.EACH_INTEREST_PERIOD),
            RepricingRule(kind=RepricingKind.YEARLY_ON, month=1, day=1),
        )
    )
    index = IndexRate(
        index="LPR1Y",
        multiplier=Fraction(draw.choice((1, 2)), 2),
        spread_bp=Fraction(draw.randrange(-89, 90)),
        repricing=repricing,
        fixing_lag_business_days=draw.randrange(3),
        rate_floor=Fraction(0) if draw.random() < 0.5 else None,
        rate_cap=None,
        index_floor=None,
    )
    return TrancheTerms(
        tranche_id=name,
        what=TrancheKind.REVOLVING,
        currency="CNY",
        commitment_minor=1_000_000,
        accordion_minor=0,
        drawdowns=() if draw.random() < 0.3 else (Drawdown(on=signed, amount_minor=1_000),),
        signed_on=signed,
        maturity_date=date(2026, draw.randrange(1, 13), draw.randrange(1, 29)),
        base_rate=FixedRate(rate=Fraction(345, 10_000)) if is_fixed else index,
        rating_grid=RatingGrid(agency="agency", grades=grades, grade_at_signing="A") if draw.random() < 0.3 else None,
        margin_floor_bp=None if is_fixed or draw.random() < 0.5 else Fraction(draw.randrange(40)),
        day_count=DayCount.ACT_360,
        periods=draw.choice((settlement, cycle)),
        payment_convention=draw.choice(tuple(BusinessDayConvention)),
        is_accrual_adjusted=draw.random() < 0.5,
        calendar_market=market,
        rounding=RoundingMode.HALF_UP,
        rounding_unit=RoundingUnit.PER_PAYMENT,
        repayment=Bullet(),
        prepayment=None,
        overdue=None,
        fees=(),
        paired_with=None,
    )
