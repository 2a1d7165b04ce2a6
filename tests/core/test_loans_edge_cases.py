"""The 34 edge cases of the field, each by its number, told by what it does to the price."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise, permutations
from zoneinfo import ZoneInfo

import pytest

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.conventions.documents import from_document
from finance.conventions.exact_text import decimal_text
from finance.kpi.definitions import AssuranceLevel
from finance.kpi.outcomes import Beside
from finance.kpi.targets import Avoided
from finance.loans.clauses import EffectKind
from finance.loans.evidence_rules import AttestationStanding, AttestedFact, KpiFinding, Opinion
from finance.loans.facility_terms import FacilityTerms, KpiTerms, RecalculationKind
from finance.loans.fees import FeeBasis, FeeRule, FeeSegment, fee_amount
from finance.loans.flows import FlowSchedule
from finance.loans.overdue import Compounding, OverdueRule
from finance.loans.overdue_interest import (
    ContractRate,
    OverdueAmount,
    OverdueKind,
    OverdueTerms,
    overdue_position,
)
from finance.loans.prepayment import Prepayment
from finance.loans.price_effects import AppliesTo, Consequence, OutcomeStatus, PricedItem
from finance.loans.rate_determinations import ApprovedDetermination, DeterminationCause, KnownFacility
from finance.loans.tranche import Drawdown
from finance.loans.tranche_terms import GradeMargin, RatingGrid
from finance.loans.true_ups import LenderShare, TrueUp, split_by_lender, true_up
from ledger.core.amounts import RoundingMode
from ledger.core.errors import DomainError
from tests.core.loan_examples import (
    BASE_YEAR,
    BASELINE,
    INTENSITY,
    LABEL,
    LPR_LOAN,
    MATURITY,
    MET,
    MISSED,
    NEXT_PERIOD,
    PRINCIPAL,
    RECYCLED,
    REPORTING,
    RETROACTIVE,
    SHA,
    START,
    TRANCHE,
    TRUE_UP,
    absent,
    accept,
    attested,
    bps,
    clause,
    decide,
    document_bytes,
    facility,
    finding,
    knowing,
    lpr,
    on,
    payments,
    proposal,
    ratchet,
    schedule,
    steps,
    target_of,
    targets,
    terms,
)

F = Fraction
MAY = date(2026, 5, 6)
EFFECT = date(2026, 6, 20)
TWO_QUARTERS = date(2026, 12, 20)
WITHDRAWN, NOT_ACCEPTED = AttestationStanding.WITHDRAWN, AttestationStanding.NOT_ACCEPTED
BOTH = terms(kpis=(INTENSITY, RECYCLED), prices=ratchet(clause(steps(10, 5, "intensity", "recycled"))))


def refusal_of(*findings: KpiFinding, agreed: FacilityTerms | None = None) -> str:
    """Return the code with which a proposal is refused."""
    with pytest.raises(DomainError) as refusal:
        proposal(facility(agreed), *findings, on=MAY)
    return refusal.value.code


def after(*findings: KpiFinding, agreed: FacilityTerms | None = None) -> KnownFacility:
    """Return the facility with what was decided of 2025 on 6 May 2026."""
    return knowing(facility(agreed), decide(facility(agreed), *findings))


def price(known: KnownFacility) -> Fraction | int:
    """Return the adjustment at the end of the life, in bp."""
    return bps(known.timeline("A"))[-1][1]


def again(
    known: KnownFacility, *findings: KpiFinding, cause: DeterminationCause = DeterminationCause.RESTATED
) -> KnownFacility:
    """Return the facility with the first decision put right on 10 January 2027."""
    right = decide(known, *findings, name="again", on=date(2027, 1, 10), cause=cause, replaces="first")
    return knowing(known, right)


def adjustment(then: FlowSchedule, now: FlowSchedule, through: date = TWO_QUARTERS) -> TrueUp | None:
    """Return what knowing ``now`` changes of what was booked while ``then`` was known."""
    return true_up(
        now,
        tranche_id="A",
        booked=payments(then, through=through),
        through=through,
        terms=TRUE_UP,
        known_then_sha256=SHA,
        known_now_sha256=SHA,
    )


def change(then: KnownFacility, now: KnownFacility, through: date = TWO_QUARTERS) -> int:
    """Return the claw-back (positive) or refund of interest already paid, in fen."""
    found = adjustment(schedule(then), schedule(now), through)
    return 0 if found is None else found.change_minor


def test_edge_01_a_report_minutes_after_the_cut_off_is_late_in_every_zone() -> None:
    due_at = REPORTING.report_due_at(date(2026, 1, 1), zone=ZoneInfo("Asia/Shanghai"))
    in_time = datetime(2026, 3, 31, 17, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    late = datetime(2026, 3, 31, 11, 1, tzinfo=ZoneInfo("Europe/Berlin"))  # 17:01 in Beijing, in summer time

    assert due_at == datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
    assert [moment <= due_at for moment in (in_time, late)] == [True, False]
    assert [price(after(finding(MET))), price(after(absent(OutcomeStatus.LATE)))] == [-10, 0]


def test_edge_01_the_cut_off_is_that_of_the_zone_in_the_terms() -> None:
    with pytest.raises(DomainError) as refusal:
        REPORTING.attestation_due_at(date(2026, 1, 1), zone=ZoneInfo("Europe/Berlin"))

    assert refusal.value.code == "terms.zone"


def test_edge_02_an_attestation_accepted_after_the_interest_day_counts_from_the_next_period_without_true_up() -> None:
    decided = decide(facility(), finding(MET), on=date(2026, 6, 22))

    assert bps(knowing(facility(), decided).timeline("A"))[1:] == [(date(2026, 9, 20), -10)]
    assert change(facility(), knowing(facility(), decided), date(2026, 6, 22)) == 0


def test_edge_02_where_the_deal_says_retroactive_the_same_attestation_refunds_what_was_paid() -> None:
    agreed = terms(effect=RETROACTIVE)
    decided = decide(facility(agreed), finding(MET), on=date(2026, 6, 22))

    # 10 bp from 1 January: 78 of the 90 days to 20 March, then 92: 43,333.33 and 51,111.11.
    assert change(facility(agreed), knowing(facility(agreed), decided), date(2026, 6, 22)) == -(43_333_33 + 51_111_11)


def test_edge_03_an_attestation_withdrawn_after_two_discounted_quarters_claws_both_back() -> None:
    known = after(finding(MET))

    fallen = again(
        known, finding(MET, fact=attested(MET, standing=WITHDRAWN)), cause=DeterminationCause.ATTESTATION_FELL
    )

    assert change(known, fallen) == 51_111_11 + 50_555_56
    assert price(fallen) == 0


def test_edge_04_an_assessor_without_accreditation_lowers_nothing_and_its_older_statement_stands() -> None:
    known = knowing(facility(), decide(facility(), finding(MET, year=2024), name="d2024", on=date(2025, 5, 6)))
    not_accredited = finding(MET, fact=attested(MET, standing=NOT_ACCEPTED))

    decided = decide(known, not_accredited)

    assert bps(knowing(known, decided).timeline("A"))[1:] == [(date(2025, 6, 20), -10), (EFFECT, 0)]


def test_edge_05_a_key_revoked_after_signing_leaves_the_decision_and_one_revoked_from_before_undoes_it() -> None:
    proposed = proposal(facility(), finding(MET), on=MAY)

    decided = accept(proposed, facility(), name="first", on=MAY, facts=[attested(MET)])
    with pytest.raises(DomainError) as refusal:
        accept(proposed, facility(), name="first", on=MAY, facts=[attested(MET, standing=WITHDRAWN)])

    assert decided.prices[0].adjustment_after_bp == -10
    assert refusal.value.code == "determination.evidence_changed"


@pytest.mark.parametrize(
    ("produced_t", "value", "claw_back_minor"), [(980_000, "9.5918", 101_666_67), (995_000, "9.4472", 0)]
)
def test_edge_06_restated_production_moves_money_only_if_the_outcome_turns(
    produced_t: int, value: str, claw_back_minor: int
) -> None:
    known = after(finding(MET))  # 9,400,000 t over 1,000,000 t
    restated = decimal_text(F(9_400_000, produced_t), places=4)

    corrected = again(known, finding(restated))

    assert restated == value
    assert change(known, corrected) == claw_back_minor


def test_edge_07_a_new_grid_factor_is_another_method_and_the_contract_keeps_its_own() -> None:
    new_factors = replace(INTENSITY.definition, factor_set_version="2024")

    assert refusal_of(replace(finding("9.2"), definition=new_factors)) == "determination.definition"
    assert price(after(finding(MISSED))) == 0


def test_edge_08_one_restated_base_year_makes_two_facilities_diverge() -> None:
    follows = terms()
    stays = terms(kpis=(replace(INTENSITY, baseline=replace(BASE_YEAR, on_restatement=RecalculationKind.STAYS)),))
    restated = replace(BASELINE, value=F(11), attestation_id="base-2022-restated")

    # 9.6 is 12.7 % below 11 and 4 % below 10; 5 % are asked.
    assert price(after(finding("9.6", baseline=restated), agreed=follows)) == -10
    assert price(after(finding("9.6"), agreed=stays)) == 0
    assert refusal_of(finding("9.6", baseline=restated), agreed=stays) == "determination.baseline"


def test_edge_09_a_smelter_sold_mid_year_needs_new_terms_and_an_open_proposal_falls() -> None:
    proposed = proposal(facility(), finding(MET), on=MAY)
    without = facility(replace(terms(kpis=(replace(INTENSITY, sites=("smelter 2",)),)), version=2))

    with pytest.raises(DomainError) as refusal:
        accept(proposed, without, name="first", on=MAY)

    assert refusal.value.code == "determination.terms_version"
    assert price(knowing(without, decide(without, absent(OutcomeStatus.WAIVED)))) == 0


def test_edge_10_capacity_moved_to_another_province_is_no_abatement_under_the_old_boundary() -> None:
    in_yunnan = replace(INTENSITY.definition, boundary="potlines in Shandong and Yunnan")

    assert refusal_of(replace(finding("6.1"), definition=in_yunnan)) == "determination.definition"


@pytest.mark.parametrize("value", ["0", "0.0000", "-0.1"])
def test_edge_11_no_production_is_no_intensity(value: str) -> None:
    with pytest.raises(DomainError) as refusal:
        finding(value)

    assert refusal.value.code == "kpi.observed_intensity"


def test_edge_11_a_curtailed_plant_misses_with_an_exploding_intensity_unless_waived() -> None:
    two_way = terms(prices=ratchet(clause(steps(10, 5))))

    assert price(after(finding("410.7500"), agreed=two_way)) == 5
    assert price(after(absent(OutcomeStatus.WAIVED), agreed=two_way)) == 0


AVOIDED = replace(INTENSITY, targets=targets(Avoided(tonnes=F(500_000), since_year=2025), years=(2025,)))


def test_edge_12_a_negative_denominator_after_returned_metal_is_refused() -> None:
    with pytest.raises(DomainError) as refusal:
        finding(MET, AVOIDED, beside=Beside(output_t=F(-5)))

    assert refusal.value.code == "kpi.output_t"


def test_edge_13_a_new_line_without_a_base_year_cannot_promise_a_reduction() -> None:
    with pytest.raises(DomainError) as in_the_terms:
        replace(INTENSITY, baseline=None)
    with pytest.raises(DomainError) as in_the_test:
        replace(finding(MET), baseline=None)

    assert in_the_terms.value.code == "terms.baseline"
    assert in_the_test.value.code == "kpi.baseline_missing"


def test_edge_14_a_first_year_of_seven_months_is_tested_on_its_own_days() -> None:
    stub = replace(target_of(INTENSITY, 2025), period_start=date(2025, 6, 1))
    kpi: KpiTerms = replace(INTENSITY, targets=(stub,))
    loan = replace(
        TRANCHE, signed_on=date(2025, 6, 3), drawdowns=(Drawdown(on=date(2025, 6, 3), amount_minor=PRINCIPAL),)
    )
    agreed = terms(loan, kpis=(kpi,))

    known = after(finding(MET, kpi), agreed=agreed)

    assert bps(known.timeline("A")) == [(date(2025, 6, 3), 0), (EFFECT, -10)]
    assert schedule(known).interest[0].payment_minor == 325_833_33  # 17 days at 3.45 %
    whole_year = replace(attested(MET, kpi), period_start=date(2025, 1, 1))
    assert refusal_of(finding(MET, kpi, fact=whole_year), agreed=agreed) == "determination.attested_period"


@pytest.mark.parametrize(("day_count", "saved_minor"), [(DayCount.ACT_360, 50_555_56), (DayCount.ACT_365F, 49_863_01)])
def test_edge_15_a_leap_day_inside_the_step_is_a_day_like_any_other(day_count: DayCount, saved_minor: int) -> None:
    agreed = terms(replace(TRANCHE, day_count=day_count))
    start = date(2027, 12, 20)  # 91 days to 20 March 2028, 29 February among them

    stepped, base = (payments(schedule(each), through=MATURITY) for each in (after(finding(MET)), facility()))
    if day_count is not DayCount.ACT_360:
        stepped = payments(schedule(after(finding(MET), agreed=agreed)), through=MATURITY)
        base = payments(schedule(facility(agreed)), through=MATURITY)

    assert abs(base[start] - stepped[start] - saved_minor) <= 1  # each payment is rounded on its own


def test_edge_16_an_effect_on_a_saturday_counts_from_it_or_from_the_monday_as_accrual_does() -> None:
    following = replace(TRANCHE, payment_convention=BusinessDayConvention.FOLLOWING)
    calculate_then_shift = terms(following)
    shift_then_calculate = terms(replace(following, is_accrual_adjusted=True))

    assert EFFECT.isoweekday() == 6
    assert bps(after(finding(MET), agreed=calculate_then_shift).timeline("A"))[1:] == [(EFFECT, -10)]
    assert bps(after(finding(MET), agreed=shift_then_calculate).timeline("A"))[1:] == [(date(2026, 6, 22), -10)]


def test_edge_17_a_make_up_saturday_is_a_business_day() -> None:
    friday, saturday, monday = date(2026, 5, 8), date(2026, 5, 9), date(2026, 5, 11)
    by_days = replace(NEXT_PERIOD, begins=EffectKind.N_BUSINESS_DAYS_AFTER, business_days=1)

    for count, begins in ((1, saturday), (2, monday)):
        agreed = terms(effect=replace(by_days, business_days=count))
        decided = decide(facility(agreed), finding(MET), on=friday)
        assert decided.prices[0].effective_from == begins


def test_edge_18_two_ratchets_on_one_margin_stop_at_one_floor() -> None:
    grades = (GradeMargin(grade="A", margin_bp=F(90)), GradeMargin(grade="BBB", margin_bp=F(225, 2)))
    grid = RatingGrid(agency="agency", grades=grades, grade_at_signing="BBB")
    agreed = terms(replace(LPR_LOAN, rating_grid=grid, margin_floor_bp=F(85)))
    fixings = lpr((date(2024, 1, 1), "3.00"))

    on_bbb = after(finding(MET), agreed=agreed)
    on_a = after(
        finding(MET),
        agreed=terms(replace(LPR_LOAN, rating_grid=replace(grid, grade_at_signing="A"), margin_floor_bp=F(85))),
    )

    assert [price(on_bbb), price(on_a)] == [F(205, 2), 85]  # 112.5 - 10, and 90 - 10 lifted to 85
    assert schedule(on_a, fixings=fixings).interest[9].payment_minor == 1_967_777_78  # 92 days at 3.85 %


def test_edge_19_a_step_down_does_not_lower_the_penalty_on_what_is_overdue() -> None:
    stepped = schedule(after(finding(MET))).interest[9].segments[0]
    late = OverdueAmount(kind=OverdueKind.PRINCIPAL, due_on=EFFECT, amount_minor=1_000_000_00)
    rates = [ContractRate(start=EFFECT, end=MATURITY, rate=stepped.rate, unadjusted_rate=stepped.base_rate)]
    rule = OverdueRule(surcharge=F(1, 2), misuse_surcharge=F(1), compounds=Compounding.NONE)

    owed = [
        overdue_position(
            OverdueTerms(
                rule=replace(rule, has_step_down=has_step_down),
                maturity=MATURITY,
                day_count=DayCount.ACT_360,
                rounding=RoundingMode.HALF_UP,
            ),
            overdue=[late],
            receipts=[],
            rates=rates,
            settlement_days=[],
            as_of=date(2026, 7, 20),
        ).running_minor
        for has_step_down in (False, True)
    ]

    assert owed == [4_312_50, 4_187_50]  # 30 days at 3.45 % x 1.5, and at 3.35 % x 1.5 where the clause says so


def test_edge_20_a_loan_repaid_the_day_before_the_effect_never_has_the_step() -> None:
    repaid = (Prepayment(on=date(2026, 6, 19), amount_minor=PRINCIPAL),)

    assert (
        schedule(after(finding(MET)), prepayments=repaid).interest == schedule(facility(), prepayments=repaid).interest
    )


def test_edge_20_what_is_left_after_a_part_is_repaid_the_day_before_has_it() -> None:
    repaid = (Prepayment(on=date(2026, 6, 19), amount_minor=PRINCIPAL // 2),)

    due = schedule(after(finding(MET)), prepayments=repaid).interest

    assert [(each.days, each.principal_minor, each.rate) for each in (*due[8].segments[-1:], *due[9].segments)] == [
        (1, PRINCIPAL // 2, F(345, 10_000)),
        (92, PRINCIPAL // 2, F(335, 10_000)),
    ]


def test_edge_21_a_draw_on_the_effect_day_bears_the_new_rate_from_that_day() -> None:
    draws = (Drawdown(on=START, amount_minor=PRINCIPAL // 2), Drawdown(on=EFFECT, amount_minor=PRINCIPAL // 2))
    known = after(finding(MET), agreed=terms(replace(TRANCHE, drawdowns=draws)))

    before, behind = schedule(known).interest[8:10]

    assert [(each.principal_minor, each.rate) for each in before.segments] == [(PRINCIPAL // 2, F(345, 10_000))]
    assert [(each.principal_minor, each.rate) for each in behind.segments] == [(PRINCIPAL, F(335, 10_000))]


@pytest.mark.parametrize(
    "other", [attested(MISSED, name="second"), attested(MET, name="second", opinion=Opinion.QUALIFIED)]
)
def test_edge_22_two_assessors_who_disagree_price_nothing_until_one_answer_stands(other: AttestedFact) -> None:
    proposed = proposal(facility(), finding(MET), on=MAY)

    with pytest.raises(DomainError) as refusal:
        accept(proposed, facility(), name="first", on=MAY, facts=[attested(MET), other])

    settled = [attested(MET), replace(other, standing=AttestationStanding.SUPERSEDED), attested(MET, name="third")]
    assert refusal.value.code == "determination.attestation_conflict"
    assert accept(proposed, facility(), name="first", on=MAY, facts=settled).prices[0].adjustment_after_bp == -10
    assert refusal_of(finding(MET), finding(MISSED)) == "determination.findings"


@pytest.mark.parametrize(("consequence", "expected"), [(Consequence.BASE_RATE, -10), (Consequence.AS_MISSED, -5)])
def test_edge_23_one_kpi_attested_and_the_other_qualified_count_each_for_itself(
    consequence: Consequence, expected: int
) -> None:
    prices = ratchet(clause(steps(10, 5, "intensity", "recycled")), absent=consequence)
    qualified = finding("0.31", RECYCLED, fact=attested("0.31", RECYCLED, opinion=Opinion.QUALIFIED))

    assert price(after(finding(MET), qualified, agreed=terms(kpis=(INTENSITY, RECYCLED), prices=prices))) == expected


def test_edge_24_a_met_value_with_limited_assurance_lowers_nothing_where_reasonable_is_agreed() -> None:
    agreed = terms(reporting=replace(REPORTING, assurance_level=AssuranceLevel.REASONABLE))
    reasonable = finding(MET, fact=attested(MET, level=AssuranceLevel.REASONABLE))

    assert refusal_of(finding(MET), agreed=agreed) == "determination.attested_assurance_level"
    assert price(after(absent(OutcomeStatus.MISSING), agreed=agreed)) == 0
    assert price(after(reasonable, agreed=agreed)) == -10


def test_edge_25_a_statement_under_a_standard_no_longer_in_force_lowers_nothing() -> None:
    of_2027 = replace(INTENSITY, targets=targets(INTENSITY.targets[0].rule, years=(2027,)))
    agreed = terms(kpis=(of_2027,))
    isae_3410 = finding(MET, of_2027, year=2027, fact=attested(MET, of_2027, year=2027, standing=NOT_ACCEPTED))

    decided = decide(facility(agreed), isae_3410, on=date(2028, 5, 8))

    assert dict(decided.proposal.statuses) == {"intensity": OutcomeStatus.MISSING}
    assert price(knowing(facility(agreed), decided)) == 0


def test_edge_26_green_power_counted_by_certificate_is_another_version_than_by_direct_line() -> None:
    by_certificate = replace(attested(MET), methodology_version="1-certificates")

    assert refusal_of(finding(MET, fact=by_certificate)) == "determination.attested_methodology_version"


@pytest.mark.parametrize(("sold_t", "expected"), [(0, -10), (100_000, -10), (100_001, 0)])
def test_edge_27_a_tonne_sold_as_a_credit_or_counted_elsewhere_is_not_avoided_again(sold_t: int, expected: int) -> None:
    beside = Beside(output_t=F(1_000_000), claimed_elsewhere_t=F(sold_t), claimed_elsewhere_source="CCER registry")

    # (10 - 9.4) x 1,000,000 t is 600,000 t avoided; 500,000 t are asked.
    assert price(after(finding(MET, AVOIDED, beside=beside), agreed=terms(kpis=(AVOIDED,)))) == expected


def test_edge_27_a_claim_elsewhere_names_its_source() -> None:
    with pytest.raises(DomainError) as refusal:
        Beside(output_t=F(1), claimed_elsewhere_t=F(1))

    assert refusal.value.data["field"] == "claimed_elsewhere_source"


def test_edge_28_a_decision_is_read_again_from_its_own_document_when_the_evidence_file_is_not() -> None:
    decided = decide(facility(), finding(MET))

    reread = from_document(ApprovedDetermination, json.loads(document_bytes(decided)), area="determination")

    assert reread == decided
    assert knowing(facility(), reread).timeline("A") == knowing(facility(), decided).timeline("A")


@pytest.mark.parametrize(
    ("value", "is_strict", "expected"),
    [("9.5", False, -10), ("9.5", True, 0), ("9.5000000000000001", False, 0), ("9.4999999999999999", True, -10)],
)
def test_edge_29_a_tie_to_the_last_digit_meets_unless_strictly(value: str, is_strict: bool, expected: int) -> None:  # noqa: FBT001
    kpi = replace(INTENSITY, targets=tuple(replace(each, is_strict=is_strict) for each in INTENSITY.targets))

    assert price(after(finding(value, kpi), agreed=terms(kpis=(kpi,)))) == expected


def test_edge_30_a_worse_year_cannot_be_chosen_as_the_base() -> None:
    worse_year = replace(BASELINE, period_start=date(2020, 1, 1), period_end=date(2021, 1, 1), value=F(12))
    better_told = replace(BASELINE, value=F(104, 10))  # 4 %: below the threshold of 5 %

    assert refusal_of(finding(MISSED, baseline=worse_year)) == "determination.baseline"
    assert refusal_of(finding("9.8", baseline=better_told)) == "determination.baseline"


def test_edge_31_a_loan_that_still_sleeps_when_its_timer_expires_is_priced_at_its_base() -> None:
    sleeping = replace(terms(), ratchet=None, label=replace(LABEL, is_sleeping=True, sleeping_until=date(2025, 3, 20)))
    asleep = facility(sleeping, labelled=())

    assert bps(asleep.timeline("A")) == [(START, 0)]
    assert not any(each.is_labelled for each in asleep.timeline("A"))
    assert refusal_of(finding(MET), agreed=sleeping) == "determination.no_ratchet"


def test_edge_32_declassified_mid_period_the_segment_splits_and_the_fee_too() -> None:
    fee = FeeRule(
        name="commitment",
        basis=FeeBasis.UNDRAWN,
        rate_bp=F(40),
        day_count=DayCount.ACT_360,
        periods=TRANCHE.periods,
    )
    moved = AppliesTo(item=PricedItem.FEE, tranche_id=None, fee="commitment", factor=F(1, 10))
    prices = ratchet(clause(steps(10, 0), on(PricedItem.MARGIN), moved))
    agreed = terms(replace(TRANCHE, fees=(fee,)), prices=prices)
    known = replace(after(finding(MET), agreed=agreed), labelled=((START, date(2026, 8, 1)),))

    due = schedule(known).interest[9]
    fees = [
        FeeSegment(
            start=max(each.start, due.period.start),
            end=min(each.end, due.period.end),
            amount_minor=100_000_000_00,
            rate_bp=fee.rate_bp + each.moves(prices, PricedItem.FEE, tranche_id="A", fee="commitment"),
        )
        for each in known.timeline("A")
        if each.start < due.period.end and due.period.start < each.end
    ]

    # 42 days at 3.35 % and 50 at 3.45 %: 781,666.67 + 958,333.33; the fee at 39 and at 40 bp.
    assert [(each.days, each.adjustment_bp) for each in due.segments] == [(42, F(-10)), (50, F(0))]
    assert due.payment_minor == 1_740_000_00
    assert fee_amount(fees, day_count=DayCount.ACT_360) == F(45_500_00 + 55_555_55) + F(5, 9)


def test_edge_33_a_claw_back_belongs_to_who_held_the_share_on_the_days_corrected() -> None:
    known = after(finding(MET))
    fallen = again(
        known, finding(MET, fact=attested(MET, standing=WITHDRAWN)), cause=DeterminationCause.ATTESTATION_FELL
    )
    found = adjustment(schedule(known), schedule(fallen), date(2026, 9, 20))
    assert found is not None
    sold = date(2026, 7, 13)  # 23 of 92 days gone
    shares = [
        LenderShare(organisation_id="bank", share=F(1, 2), start=START, end=MATURITY),
        LenderShare(organisation_id="bank-b", share=F(1, 2), start=START, end=sold),
        LenderShare(organisation_id="fund", share=F(1, 2), start=sold, end=MATURITY),
    ]

    parts = split_by_lender(found.rows[0], shares)

    assert parts == {"bank": 25_555_55, "bank-b": 6_388_89, "fund": 19_166_67}
    assert sum(parts.values()) == found.change_minor == 51_111_11


def test_edge_34_a_corrected_fixing_and_a_restated_margin_are_two_changes_of_one_replay() -> None:
    known = after(finding(MET), agreed=terms(LPR_LOAN))
    restated = again(known, finding(MISSED))
    published, corrected = (lpr((date(2024, 1, 1), "3.45"), (date(2026, 1, 1), rate)) for rate in ("3.00", "3.05"))
    worlds = {
        (): schedule(known, fixings=published),
        ("index",): schedule(known, fixings=corrected),
        ("margin",): schedule(restated, fixings=published),
        ("index", "margin"): schedule(restated, fixings=corrected),
    }

    at_once = adjustment(worlds[()], worlds["index", "margin"])
    sums = []
    for first, _ in permutations(("index", "margin")):
        steps_taken = [worlds[()], worlds[(first,)], worlds["index", "margin"]]
        both = [adjustment(then, now) for then, now in pairwise(steps_taken)]
        sums.append(sum(each.change_minor for each in both if each is not None))

    assert at_once is not None
    assert sums == [at_once.change_minor, at_once.change_minor]
    # 5 bp of index from 1 January to 20 December 2026 (353 days), 10 bp of margin over 183 days: 98,055.56 + 101,666.67
    assert abs(at_once.change_minor - (98_055_56 + 101_666_67)) <= 4  # four payments, each rounded once
    assert document_bytes(worlds["index", "margin"]) == document_bytes(schedule(restated, fixings=corrected))
