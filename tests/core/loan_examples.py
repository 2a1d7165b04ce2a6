"""Facilities, findings and decisions for the tests of prices in two times: pleasant to write, real all the way down.

The plain loan: CNY 200 m at 3.45 %, ACT/360, 20 March 2024 to 20 March 2029, settled on the 20th of each quarter's last month, 10 bp
off when the intensity is 5 % below its base of 10 tCO2e/t (met: 9.5 and less), tested every calendar year from 2023 on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.conventions.documents import to_document
from finance.kpi.definitions import AssuranceLevel, DataStatus, KpiDefinition, KpiMeasure
from finance.kpi.outcomes import Beside
from finance.kpi.targets import (
    Baseline,
    Bound,
    KpiClass,
    PerformanceTarget,
    ReductionVsBase,
    Share,
    StatusHeld,
    TargetRule,
)
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
from finance.loans.facility_terms import (
    BaselineTerms,
    FacilityTerms,
    KpiTerms,
    Party,
    PartyRole,
    RecalculationKind,
)
from finance.loans.fixings import FixingSeries
from finance.loans.flows import FlowSchedule, Happenings, flow_schedule
from finance.loans.period_dates import DayRule, dated_periods
from finance.loans.prepayment import Prepayment
from finance.loans.price_effects import (
    AppliesTo,
    Consequence,
    Direction,
    KpiStep,
    OutcomeStatus,
    PricedItem,
    PriceEffect,
    Ratchet,
    StepPerKpi,
    StepRule,
    reach,
)
from finance.loans.price_timeline import GradeFrom, KnownTest, PriceInterval, Span, as_adjustments
from finance.loans.rate_determinations import (
    Approval,
    ApprovedDetermination,
    DeterminationCause,
    DeterminationProposal,
    DrawnTranche,
    KnownFacility,
    Signatory,
    approve,
    propose,
)
from finance.loans.repayment import Bullet
from finance.loans.tranche import Drawdown, RoundingUnit
from finance.loans.tranche_terms import TrancheKind, TrancheTerms
from ledger.core.amounts import RoundingMode
from tests.core.loan_tranches import INTERBANK, NO_CONDITION, QUARTERLY

F = Fraction
START, MATURITY = date(2024, 3, 20), date(2029, 3, 20)
PRINCIPAL = 200_000_000_00
SHA = "0" * 64
TREASURER = Signatory(person_id="treasurer", organisation_id="smelter")
OFFICER = Signatory(person_id="officer", organisation_id="bank")
MET, MISSED = "9.4", "9.6"
YEARS = (2023, 2024, 2025, 2026)

NEXT_PERIOD = EffectRule(
    begins=EffectKind.NEXT_INTEREST_PERIOD,
    business_days=None,
    month=None,
    day=None,
    until=UntilKind.NEXT_DETERMINATION,
    months=None,
)
RETROACTIVE = replace(NEXT_PERIOD, begins=EffectKind.RETROACTIVE)
STATUS_DAYS = replace(NEXT_PERIOD, begins=EffectKind.STATUS_DAY, until=UntilKind.STATUS_END)
TRUE_UP = LateFactTerms(kind=LateFactKind.TRUE_UP, threshold_minor=0)
REPORTING = ReportingTerms(
    report_due_days=90,
    attestation_due_days=120,
    zone="Asia/Shanghai",
    cut_off="17:00",
    assurance_level=AssuranceLevel.LIMITED,
    accepts_scoped_qualification=False,
    approvals=1,
    redetermine_within=10,
)
LABEL = LabelTerms(
    principles_version="SLLP-2025",
    is_sleeping=False,
    sleeping_until=None,
    notice_days=10,
    rendezvous_days=90,
    consent_share=F(2, 3),
    transition_plan_sha256=None,
    review_before_signing_sha256=None,
)
TRANCHE = TrancheTerms(
    tranche_id="A",
    what=TrancheKind.TERM,
    currency="CNY",
    commitment_minor=PRINCIPAL,
    accordion_minor=0,
    drawdowns=(Drawdown(on=START, amount_minor=PRINCIPAL),),
    signed_on=START,
    maturity_date=MATURITY,
    base_rate=FixedRate(rate=F(345, 10_000)),
    rating_grid=None,
    margin_floor_bp=None,
    day_count=DayCount.ACT_360,
    periods=QUARTERLY,
    payment_convention=BusinessDayConvention.UNADJUSTED,
    is_accrual_adjusted=False,
    calendar_market="cn_interbank",
    rounding=RoundingMode.HALF_UP,
    rounding_unit=RoundingUnit.PER_PAYMENT,
    repayment=Bullet(),
    prepayment=NO_CONDITION,
    overdue=None,
    fees=(),
    paired_with=None,
)
LPR_LOAN = replace(
    TRANCHE,
    base_rate=IndexRate(
        index="LPR-1Y",
        multiplier=F(1),
        spread_bp=F(0),
        repricing=RepricingRule(kind=RepricingKind.YEARLY_ON, month=1, day=1),
        fixing_lag_business_days=0,
    ),
)
DEFINITION = KpiDefinition(
    kpi_id="intensity",
    measure=KpiMeasure.OPERATIONAL_INCL_POWER,
    unit="tCO2e/t",
    boundary="all potlines of the smelter",
    methodology_id="cn-al",
    methodology_version="1",
    factor_set_version="2023",
    data_status_required=DataStatus.VERIFIED,
    report_digits=4,
)
BASE_YEAR = BaselineTerms(
    period_start=date(2022, 1, 1),
    period_end=date(2023, 1, 1),
    value=F(10),
    method="as reported",
    significance=F(1, 20),
    on_restatement=RecalculationKind.FOLLOWS,
)
BASELINE = Baseline(value=F(10), period_start=date(2022, 1, 1), period_end=date(2023, 1, 1), attestation_id="base-2022")


def targets(rule: TargetRule, years: Sequence[int] = YEARS) -> tuple[PerformanceTarget, ...]:
    """Return one calendar-year target after another."""
    return tuple(
        PerformanceTarget(
            period_start=date(year, 1, 1),
            period_end=date(year + 1, 1, 1),
            rule=rule,
            compare_digits=None,
            is_strict=False,
            source="facility agreement, schedule 3",
        )
        for year in years
    )


INTENSITY = KpiTerms(
    definition=DEFINITION,
    sites=("smelter 1",),
    kpi_class=KpiClass.CORE,
    footprint_share=None,
    materiality=None,
    baseline=BASE_YEAR,
    targets=targets(ReductionVsBase(reduction=F(1, 20))),
)
RECYCLED = KpiTerms(
    definition=replace(DEFINITION, kpi_id="recycled", measure=KpiMeasure.SHARE, unit="1"),
    sites=("smelter 1",),
    kpi_class=KpiClass.SECONDARY,
    footprint_share=None,
    materiality=None,
    baseline=None,
    targets=targets(Share(bound=Bound.AT_LEAST, value=F(3, 10))),
)

CERTIFIED = replace(
    INTENSITY,
    definition=replace(DEFINITION, kpi_id="label", measure=KpiMeasure.STATUS, unit="1"),
    baseline=None,
    targets=targets(StatusHeld(status="product carbon label valid", least_share=F(1, 2))),
)


def steps(down_bp: Fraction | int, up_bp: Fraction | int, *kpi_ids: str) -> StepPerKpi:
    """Return the same step for each KPI."""
    return StepPerKpi(
        steps=tuple(KpiStep(kpi_id=name, down_bp=F(down_bp), up_bp=F(up_bp)) for name in kpi_ids or ("intensity",))
    )


def clause(
    rule: StepRule,
    *applied: AppliesTo,
    effect_id: str = "esg",
    cap_bp: Fraction | int | None = None,
    is_cumulative: bool = False,
) -> PriceEffect:
    """Return a clause on the margin (or what is ``applied``) whose bounds are what its rule reaches, or ``cap_bp``."""
    down_bp, up_bp = reach(rule)
    direction = Direction.TWO_WAY if down_bp and up_bp else Direction.DOWN_ONLY if down_bp else Direction.UP_ONLY
    return PriceEffect(
        effect_id=effect_id,
        rule=rule,
        applies_to=applied or (on(PricedItem.MARGIN),),
        direction=direction,
        cap_down_bp=F(0) if not down_bp else down_bp if cap_bp is None else F(cap_bp),
        cap_up_bp=F(0) if not up_bp else up_bp if cap_bp is None else F(cap_bp),
        kpi_cap_down_bp=None,
        kpi_cap_up_bp=None,
        is_cumulative=is_cumulative,
        resets_in_last_period=False,
    )


def on(item: PricedItem, *, tranche_id: str | None = None, fee: str | None = None, factor: int = 1) -> AppliesTo:
    """Return a price that a clause moves."""
    return AppliesTo(item=item, tranche_id=tranche_id, fee=fee, factor=F(factor))


def ratchet(*effects: PriceEffect, absent: Consequence = Consequence.BASE_RATE) -> Ratchet:
    """Return clauses without a bound in total, in which every absence has the same consequence."""
    return Ratchet(
        effects=effects or (clause(steps(10, 0)),),
        total_cap_down_bp=None,
        total_cap_up_bp=None,
        on_missing=absent,
        on_late=absent,
        on_qualified=absent,
        premium_bp=None,
    )


def terms(
    *tranches: TrancheTerms,
    kpis: tuple[KpiTerms, ...] = (INTENSITY,),
    prices: Ratchet | None = None,
    effect: EffectRule = NEXT_PERIOD,
    reporting: ReportingTerms = REPORTING,
    late_facts: LateFactTerms = TRUE_UP,
) -> FacilityTerms:
    """Return the plain loan's terms, varied."""
    return FacilityTerms(
        facility_number="SLL-1",
        version=1,
        agreed_on=date(2024, 3, 1),
        source="facility agreement of 1 March 2024",
        parties=(
            Party(role=PartyRole.BORROWER, organisation_id="smelter", legal_name="Smelter Co", share=None),
            Party(role=PartyRole.LENDER, organisation_id="bank", legal_name="Bank A", share=F(1, 2)),
            Party(role=PartyRole.LENDER, organisation_id="bank-b", legal_name="Bank B", share=F(1, 2)),
        ),
        tranches=tranches or (TRANCHE,),
        kpis=kpis,
        ratchet=prices or ratchet(),
        effect=effect,
        reporting=reporting,
        late_facts=late_facts,
        label=LABEL,
    )


def drawn(tranche: TrancheTerms) -> DrawnTranche:
    """Return a tranche as drawn on its first agreed day."""
    start = tranche.drawdowns[0].on
    days = DayRule(
        calendar=INTERBANK, convention=tranche.payment_convention, is_accrual_adjusted=tranche.is_accrual_adjusted
    )
    periods = dated_periods(tranche.periods, start=start, end=tranche.maturity_date, days=days)
    return DrawnTranche(tranche_id=tranche.tranche_id, start=start, periods=periods, calendar=INTERBANK)


def facility(
    agreed: FacilityTerms | None = None,
    *tests: KnownTest,
    labelled: tuple[Span, ...] = ((date(2000, 1, 1), date(2100, 1, 1)),),
    grades: tuple[GradeFrom, ...] = (),
) -> KnownFacility:
    """Return a facility with every tranche drawn, labelled for its whole life unless said otherwise."""
    agreed = agreed or terms()
    tranches = tuple(drawn(each) for each in agreed.tranches)
    return KnownFacility(terms=agreed, tranches=tranches, tests=tests, labelled=labelled, grades=grades)


def attested(
    value: str,
    kpi: KpiTerms = INTENSITY,
    *,
    year: int = 2025,
    name: str = "",
    standing: AttestationStanding = AttestationStanding.ACCEPTED,
    opinion: Opinion = Opinion.CLEAN,
    level: AssuranceLevel = AssuranceLevel.LIMITED,
) -> AttestedFact:
    """Return what an assessor's statement says about a KPI's year."""
    target = target_of(kpi, year)
    return AttestedFact(
        attestation_id=name or f"{kpi.definition.kpi_id}-{year}",
        kpi_id=kpi.definition.kpi_id,
        period_start=target.period_start,
        period_end=target.period_end,
        value=value,
        unit=kpi.definition.unit,
        methodology_version=kpi.definition.methodology_version,
        assurance_level=level,
        opinion=opinion,
        standing=standing,
    )


def target_of(kpi: KpiTerms, year: int) -> PerformanceTarget:
    """Return the KPI's target for the test period that ends with ``year``."""
    return next(each for each in kpi.targets if each.test_year == year)


def finding(
    value: str,
    kpi: KpiTerms = INTENSITY,
    *,
    year: int = 2025,
    fact: AttestedFact | None = None,
    baseline: Baseline | None = None,
    beside: Beside | None = None,
) -> KpiFinding:
    """Return a reported value with a clean attestation of exactly it, or with ``fact``."""
    return KpiFinding(
        definition=kpi.definition,
        baseline=baseline or (BASELINE if kpi.baseline is not None else None),
        target=target_of(kpi, year),
        beside=beside or Beside(),
        value=value,
        attestation=fact or attested(value, kpi, year=year),
        absence=None,
    )


def absent(status: OutcomeStatus, kpi: KpiTerms = INTENSITY, *, year: int = 2025) -> KpiFinding:
    """Return the absence of a report."""
    return KpiFinding(
        definition=kpi.definition,
        baseline=BASELINE if kpi.baseline is not None else None,
        target=target_of(kpi, year),
        beside=Beside(),
        value=None,
        attestation=None,
        absence=status,
    )


def proposal(
    known: KnownFacility,
    *findings: KpiFinding,
    on: date,
    cause: DeterminationCause = DeterminationCause.FIRST,
    replaces: str | None = None,
) -> DeterminationProposal:
    """Return what the borrower's treasurer proposes on a day."""
    return propose(
        known,
        findings,
        proposal_id="proposal",
        terms_sha256=SHA,
        cause=cause,
        replaces=replaces,
        proposer=TREASURER,
        proposed_on=on,
    )


def approval(day: date, approver: Signatory = OFFICER) -> Approval:
    """Return a lender's approval at eleven in the morning, Beijing time."""
    return Approval(
        approver=approver, approved_at=datetime(day.year, day.month, day.day, 3, tzinfo=UTC), approved_on=day
    )


def accept(
    proposed: DeterminationProposal,
    known: KnownFacility,
    *,
    name: str,
    on: date,
    facts: Sequence[AttestedFact] | None = None,
) -> ApprovedDetermination:
    """Return the determination; the attestations known at approval are those relied on, or ``facts``."""
    relied_on = [each.attestation for each in proposed.findings if each.attestation is not None]
    return approve(
        proposed,
        known,
        determination_id=name,
        terms_sha256=SHA,
        attestations=relied_on if facts is None else facts,
        approvals=[approval(on)],
    )


def decide(
    known: KnownFacility,
    *findings: KpiFinding,
    name: str = "first",
    on: date = date(2026, 5, 6),
    cause: DeterminationCause = DeterminationCause.FIRST,
    replaces: str | None = None,
) -> ApprovedDetermination:
    """Return what was proposed and approved on the same day."""
    proposed = proposal(known, *findings, on=on, cause=cause, replaces=replaces)
    return accept(proposed, known, name=name, on=on)


def knowing(known: KnownFacility, *determinations: ApprovedDetermination) -> KnownFacility:
    """Return the facility with determinations that became known after all others, in this order."""
    first = 1 + max((test.sequence for test in known.tests), default=0)
    more = tuple(each.known_test(known.terms, sequence=first + n) for n, each in enumerate(determinations))
    return replace(known, tests=(*known.tests, *more))


def lpr(*rates: tuple[date, str]) -> Mapping[str, FixingSeries]:
    """Return the one-year LPR as published: from a day on, in percent."""
    series = tuple((day, F(percent) / 100) for day, percent in rates)
    return {"LPR-1Y": FixingSeries(index="LPR-1Y", rates=series, known_through=date(2030, 1, 1))}


def schedule(
    known: KnownFacility,
    *,
    tranche_id: str = "A",
    fixings: Mapping[str, FixingSeries] | None = None,
    prepayments: tuple[Prepayment, ...] = (),
) -> FlowSchedule:
    """Return what the tranche pays with what is known."""
    tranche = known.terms.tranche(tranche_id)
    happened = Happenings(
        adjustments=as_adjustments(known.timeline(tranche_id)), prepayments=prepayments, fixings=fixings or {}
    )
    return flow_schedule(tranche.as_drawn(tranche.drawdowns), calendar=INTERBANK, known=happened)


def payments(flows: FlowSchedule, *, through: date) -> dict[date, int]:
    """Return the interest of every period paid by a day, by the period's first day: what is booked if known in time."""
    found = {}
    for due in flows.interest:
        assert due.period.payment_date is not None, "the example's payment days need no calendar"
        if due.period.payment_date <= through:
            found[due.period.start] = due.payment_minor
    return found


def bps(timeline: Sequence[PriceInterval]) -> list[tuple[date, Fraction | int]]:
    """Return from which day on which adjustment counts, equal neighbours joined."""
    found: list[tuple[date, Fraction | int]] = []
    for each in timeline:
        if not found or found[-1][1] != each.adjustment_bp:
            found.append((each.start, each.adjustment_bp))
    return found


def document_bytes(value: Any) -> bytes:
    """Return the canonical JSON of a value's document."""
    return json.dumps(to_document(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
