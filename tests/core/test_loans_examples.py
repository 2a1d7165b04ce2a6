"""The facility of the main job, as the other loan tests use it, and its whole story in one test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import finance.reference
from finance.conventions.calendar_rows import parse_calendars
from finance.conventions.calendars import BusinessDayConvention, calendar_of
from finance.conventions.day_counts import DayCount
from finance.kpi.definitions import AssuranceLevel
from finance.loans.determinations import Signatory, approve, propose
from finance.loans.findings import AttestedFact, KpiFinding
from finance.loans.ratchet import Consequence, Direction, KpiStep, Ratchet
from finance.loans.resolved import resolve
from finance.loans.terms import EffectKind, EffectRule, FacilityTerms, SettlementRule
from ledger.core.amounts import RoundingMode
from tests.core.test_kpi_evaluation import BASE_TEN, DEFINITION, FIVE_PERCENT

EXCHANGE = calendar_of(
    parse_calendars(Path(str(finance.reference.__file__)).with_name("calendars.csv").read_text(encoding="utf-8")),
    "cn_exchange",
)
STEP_DOWN = Ratchet(
    steps=(KpiStep(kpi_id="intensity", down_bp=Fraction(10), up_bp=Fraction(0)),),
    direction=Direction.ONE_WAY,
    cap_down_bp=Fraction(10),
    cap_up_bp=Fraction(0),
    is_cumulative=False,
    floor_rate=Fraction(0),
    on_missing=Consequence.BASE_RATE,
    on_late=Consequence.BASE_RATE,
    on_qualified=Consequence.BASE_RATE,
)
TERMS = FacilityTerms(
    facility_number="兴银滨借字2024第001号",
    version=1,
    borrower_id="smelter-group",
    lender_ids=("bank-a",),
    principal_minor=20_000_000_000,
    currency="CNY",
    drawdown_date=date(2024, 12, 20),
    maturity_date=date(2027, 12, 20),
    base_rate=Fraction(69, 2000),
    day_count=DayCount.ACT_360,
    settlement=SettlementRule(day=20, months=(3, 6, 9, 12), payment_lag_days=0),
    payment_convention=BusinessDayConvention.FOLLOWING,
    is_accrual_adjusted=False,
    calendar_market="cn_exchange",
    rounding=RoundingMode.HALF_UP,
    effect_rule=EffectRule(kind=EffectKind.NEXT_INTEREST_PERIOD),
    assurance_level=AssuranceLevel.LIMITED,
    ratchet=STEP_DOWN,
)
FACT = AttestedFact(
    attestation_id="att-2025",
    kpi_id="intensity",
    period_start=date(2025, 1, 1),
    period_end=date(2026, 1, 1),
    value="9.4",
    unit="tCO2e/t",
    methodology_version="1",
    assurance_level="limited",
    is_accepted=True,
    is_withdrawn=False,
    is_qualified=False,
)
MET = KpiFinding(
    definition=DEFINITION, baseline=BASE_TEN, target=FIVE_PERCENT, value="9.4", attestation=FACT, absence=None
)
TREASURER = Signatory(person_id="treasurer", organisation_id="smelter-group")
BANKER = Signatory(person_id="banker", organisation_id="bank-a")


def test_a_verified_reduction_lowers_the_rate_from_the_next_interest_period_on() -> None:
    facility = resolve(TERMS, calendar=EXCHANGE, adjustments=())

    proposal = propose(
        proposal_id="prop-1", facility=facility, findings=(MET,), proposer=TREASURER, proposed_on=date(2026, 4, 28)
    )
    decided = approve(
        proposal,
        determination_id="det-1",
        facility=facility,
        attestations=(FACT,),
        approver=BANKER,
        approved_at=datetime(2026, 5, 5, 16, 30, tzinfo=UTC),  # already the 6th in Shanghai
        approved_on=date(2026, 5, 6),
    )
    schedule = resolve(
        TERMS, calendar=EXCHANGE, adjustments=(decided.dated_adjustment(sequence=1),)
    ).interest_schedule()

    assert (proposal.rate_before, proposal.rate_after) == (Fraction(69, 2000), Fraction(67, 2000))
    assert decided.effective_from == date(2026, 6, 20)
    # Payments of 92, 91, 90, 92, 92, 91 days, each rounded: 3 x 51,111.11 + 2 x 50,555.56 + 50,000.00.
    assert schedule.total_saving_minor == 30_444_445
    assert [row.saving_minor for row in schedule.rows[:6]] == [0] * 6


def test_principal_and_terms_of_the_example_are_those_of_the_main_job() -> None:
    assert TERMS.citation == "facility 兴银滨借字2024第001号 terms version 1"
    assert replace(TERMS, version=2).citation != TERMS.citation
