"""Proposing and approving a rate: complete findings, evidence for every fall, two persons, nothing stale, nothing rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.conventions.documents import from_document, to_document
from finance.kpi.definitions import AssuranceLevel
from finance.kpi.targets import Bound
from finance.loans.clauses import EffectKind, LateFactKind
from finance.loans.evidence_rules import AttestationStanding, KpiFinding, Opinion, require_evidence
from finance.loans.facility_terms import FacilityTerms, KpiTerms, RecalculationKind
from finance.loans.price_effects import DeadBand, Linear, OutcomeStatus, StepRule, WhileHeld
from finance.loans.price_timeline import interval_on
from finance.loans.rate_determinations import (
    Approval,
    DeterminationCause,
    DeterminationProposal,
    Signatory,
    approve,
    results_of,
)
from ledger.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from tests.core.loan_examples import (
    BASE_YEAR,
    BASELINE,
    CERTIFIED,
    INTENSITY,
    MET,
    MISSED,
    NEXT_PERIOD,
    OFFICER,
    RECYCLED,
    REPORTING,
    RETROACTIVE,
    SHA,
    STATUS_DAYS,
    TRANCHE,
    TRUE_UP,
    absent,
    accept,
    approval,
    attested,
    bps,
    clause,
    decide,
    facility,
    finding,
    knowing,
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
BOTH = terms(kpis=(INTENSITY, RECYCLED), prices=ratchet(clause(steps(10, 5, "intensity", "recycled"))))


def refused_proposal(*findings: KpiFinding, agreed: FacilityTerms | None = None, **cause: Any) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        proposal(facility(agreed), *findings, on=MAY, **cause)
    return refusal.value


def test_a_met_target_takes_ten_basis_points_off_from_the_next_period() -> None:
    proposed = proposal(facility(), finding(MET), on=MAY)

    (price,) = proposed.prices
    assert [price.adjustment_before_bp, price.adjustment_after_bp] == [F(0), F(-10)]
    assert (price.effective_from, price.until) == (date(2026, 6, 20), None)
    assert proposed.statuses == (("intensity", OutcomeStatus.MET),)


def test_the_last_approval_sets_the_effect_day() -> None:
    agreed = terms(reporting=replace(REPORTING, approvals=2))
    proposed = proposal(facility(agreed), finding(MET), on=MAY)
    second = Signatory(person_id="director", organisation_id="bank-b")

    decided = approve(
        proposed,
        facility(agreed),
        determination_id="d",
        terms_sha256=SHA,
        attestations=[attested(MET)],
        approvals=[approval(date(2026, 6, 18)), approval(date(2026, 6, 22), second)],
    )

    assert proposed.prices[0].effective_from == date(2026, 6, 20)
    assert decided.prices[0].effective_from == date(2026, 9, 20)


def test_what_was_quoted_is_what_is_booked() -> None:
    known = facility(BOTH)
    proposed = proposal(known, finding(MET), finding("0.31", RECYCLED), on=MAY)

    decided = accept(proposed, known, name="d", on=MAY)

    quoted = replace(known, tests=()).timeline("A", plus=decided.known_test(BOTH, sequence=1))
    booked = knowing(known, decided)
    assert booked.timeline("A") == quoted
    assert decided.prices == proposed.prices
    assert interval_on(quoted, date(2026, 6, 20)).adjustment_bp == proposed.prices[0].adjustment_after_bp == -20
    assert schedule(booked) == schedule(replace(known, tests=(decided.known_test(BOTH, sequence=7),)))


def test_a_proposal_survives_its_document() -> None:
    proposed = proposal(facility(BOTH), finding(MET), absent(OutcomeStatus.LATE, RECYCLED), on=MAY)

    document = to_document(proposed)

    assert from_document(DeterminationProposal, document, area="determination") == proposed


@pytest.mark.parametrize(
    "written",
    ["2026-05-06", "2026-05-06T03:00:00", "2026-05-06T11:00:00+08:00", "2026-05-06T03:00Z", "2026-05-06 03:00:00Z", ""],
)
def test_an_approval_in_a_document_keeps_its_instant_and_no_other_spelling_is_read(written: str) -> None:
    document = to_document(approval(MAY))

    assert document["approved_at"] == "2026-05-06T03:00:00Z"
    assert from_document(Approval, document, area="determination") == approval(MAY)
    with pytest.raises(Invalid) as refusal:
        from_document(Approval, {**document, "approved_at": written}, area="determination")
    assert refusal.value.code == "determination.approved_at"


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ((), "determination.period"),
        ((finding(MET),), "determination.findings"),
        ((finding(MET), finding(MET)), "determination.findings"),
        ((finding(MET), finding("0.31", RECYCLED, year=2024)), "determination.period"),
        ((finding(MET), finding("0.31", RECYCLED), finding("9.3")), "determination.findings"),
    ],
)
def test_one_finding_for_each_tested_kpi_of_one_period_is_owed(findings: tuple[KpiFinding, ...], code: str) -> None:
    assert refused_proposal(*findings, agreed=BOTH).code == code


def test_findings_under_another_definition_or_target_are_refused() -> None:
    other_method = replace(finding(MET), definition=replace(INTENSITY.definition, methodology_version="2"))
    easier = replace(finding(MET), target=replace(target_of(INTENSITY, 2025), is_strict=True))

    assert refused_proposal(other_method).code == "determination.definition"
    assert refused_proposal(easier).code == "determination.definition"


def test_kpis_with_other_ends_are_tested_each_in_their_own_period() -> None:
    half = replace(
        RECYCLED, targets=(replace(target_of(RECYCLED, 2025), period_end=date(2025, 7, 1), source="first half"),)
    )
    known = facility(terms(kpis=(INTENSITY, half), prices=ratchet(clause(steps(10, 5, "intensity", "recycled")))))
    in_half = finding("0.31", half, fact=replace(attested("0.31", half), period_end=date(2025, 7, 1)))

    first = decide(known, in_half, name="half", on=date(2025, 9, 1))
    known = knowing(known, first)
    second = decide(known, finding(MET), name="year")

    assert bps(knowing(known, second).timeline("A"))[1:] == [(date(2025, 9, 20), -10), (date(2026, 6, 20), -20)]


def test_a_conventional_loan_has_nothing_to_determine() -> None:
    conventional = replace(terms(), ratchet=None)

    assert refused_proposal(finding(MET), agreed=conventional).code == "determination.no_ratchet"


@pytest.mark.parametrize(
    ("changed", "is_taken"),
    [
        ({}, True),
        ({"value": F(11)}, True),  # restated by 10 %, more than the threshold of 5 %: the target follows
        ({"value": F(21, 2)}, False),  # 5 % is not above the threshold
        ({"value": F(9)}, True),
        ({"period_start": date(2021, 1, 1), "period_end": date(2022, 1, 1)}, False),
    ],
)
def test_the_base_year_is_the_terms_or_a_restatement_that_counts(changed: dict[str, Any], is_taken: bool) -> None:  # noqa: FBT001
    looked_at = finding("8", fact=attested("8"), baseline=replace(BASELINE, **changed))

    if is_taken:
        assert proposal(facility(), looked_at, on=MAY)
    else:
        assert refused_proposal(looked_at).code == "determination.baseline"


@pytest.mark.parametrize("kind", [RecalculationKind.STAYS, RecalculationKind.RENDEZVOUS])
def test_a_base_that_stays_as_signed_takes_no_restatement(kind: RecalculationKind) -> None:
    stays = terms(kpis=(replace(INTENSITY, baseline=replace(BASE_YEAR, on_restatement=kind)),))

    assert refused_proposal(finding("10", baseline=replace(BASELINE, value=F(12))), agreed=stays).code == (
        "determination.baseline"
    )


def test_a_base_still_to_be_attested_is_taken_as_found() -> None:
    pro_forma = terms(kpis=(replace(INTENSITY, baseline=replace(BASE_YEAR, value=None, method="pro forma")),))

    assert proposal(facility(pro_forma), finding(MET), on=MAY).prices[0].adjustment_after_bp == -10


@pytest.mark.parametrize(
    ("cause", "replaces", "code"),
    [
        (DeterminationCause.FIRST, None, "determination.determined_before"),
        (DeterminationCause.FIRST, "first", "determination.replaces_nothing"),
        (DeterminationCause.RESTATED, None, "determination.replaces"),
        (DeterminationCause.RESTATED, "nobody", "determination.replaces"),
        (DeterminationCause.ATTESTATION_FELL, None, "determination.replaces"),
        (DeterminationCause.DELIVERED_LATE, "first", "determination.replaces_nothing"),
    ],
)
def test_a_second_decision_says_what_it_puts_right(cause: DeterminationCause, replaces: str | None, code: str) -> None:
    known = knowing(facility(), decide(facility(), finding(MET)))

    with pytest.raises(DomainError) as refusal:
        proposal(known, finding(MISSED), on=date(2026, 7, 1), cause=cause, replaces=replaces)

    assert refusal.value.code == code


def test_nothing_is_delivered_late_before_a_first_decision() -> None:
    assert (
        refused_proposal(finding(MET), cause=DeterminationCause.DELIVERED_LATE).code == "determination.not_determined"
    )


def test_a_decision_already_put_right_cannot_be_put_right_again() -> None:
    known = knowing(facility(), decide(facility(), finding(MET)))
    again = decide(
        known, finding(MISSED), name="again", on=date(2026, 7, 1), cause=DeterminationCause.RESTATED, replaces="first"
    )

    with pytest.raises(Conflict) as refusal:
        proposal(
            knowing(known, again),
            finding(MET),
            on=date(2026, 8, 1),
            cause=DeterminationCause.RESTATED,
            replaces="first",
        )

    assert refusal.value.code == "determination.replaces"
    assert "again" in refusal.value.message


def test_a_correction_counts_from_the_day_of_what_it_corrects() -> None:
    known = knowing(facility(), decide(facility(), finding(MET)))

    again = decide(
        known, finding(MISSED), name="again", on=date(2027, 2, 1), cause=DeterminationCause.RESTATED, replaces="first"
    )

    assert again.prices[0].effective_from == date(2026, 6, 20)
    assert bps(knowing(known, again).timeline("A")) == [(TRANCHE.signed_on, 0)]


def test_where_late_facts_count_from_now_on_the_past_keeps_its_price() -> None:
    agreed = terms(late_facts=replace(TRUE_UP, kind=LateFactKind.FROM_NOW_ON))
    known = knowing(facility(agreed), decide(facility(agreed), finding(MET)))

    again = decide(
        known, finding(MISSED), name="again", on=date(2027, 2, 1), cause=DeterminationCause.RESTATED, replaces="first"
    )

    assert bps(knowing(known, again).timeline("A"))[1:] == [(date(2026, 6, 20), -10), (date(2027, 3, 20), 0)]


@pytest.mark.parametrize(
    ("approver", "code"),
    [
        (Signatory(person_id="treasurer", organisation_id="bank"), "determination.same_person"),
        (Signatory(person_id="other", organisation_id="smelter"), "determination.same_organisation"),
        (Signatory(person_id="other", organisation_id="stranger"), "determination.not_lender"),
    ],
)
def test_the_proposer_its_house_and_strangers_cannot_approve(approver: Signatory, code: str) -> None:
    proposed = proposal(facility(), finding(MET), on=MAY)

    with pytest.raises(Forbidden) as refusal:
        approve(
            proposed,
            facility(),
            determination_id="d",
            terms_sha256=SHA,
            attestations=[attested(MET)],
            approvals=[approval(MAY, approver)],
        )

    assert refusal.value.code == code


@pytest.mark.parametrize("count", [0, 1])
def test_as_many_different_persons_approve_as_the_terms_ask(count: int) -> None:
    agreed = terms(reporting=replace(REPORTING, approvals=2))
    proposed = proposal(facility(agreed), finding(MET), on=MAY)

    for approvals in ([approval(MAY)] * count, [approval(MAY), approval(MAY)]):
        with pytest.raises(Forbidden) as refusal:
            approve(
                proposed,
                facility(agreed),
                determination_id="d",
                terms_sha256=SHA,
                attestations=[attested(MET)],
                approvals=approvals,
            )
        assert refusal.value.code == "determination.approvals"


def approved_at(given_approval: Approval, **others: Any) -> DomainError:
    proposed = proposal(facility(), finding(MET), on=MAY)
    with pytest.raises(DomainError) as refusal:
        approve(
            proposed,
            facility(),
            determination_id="d",
            terms_sha256=others.get("terms_sha256", SHA),
            attestations=others.get("attestations", [attested(MET)]),
            approvals=[given_approval],
        )
    return refusal.value


def test_an_approval_is_an_instant_in_utc_on_its_own_day_after_the_proposal() -> None:
    naive = Approval(approver=OFFICER, approved_at=datetime(2026, 5, 6, 3), approved_on=MAY)  # noqa: DTZ001 - refused
    beijing = timezone(timedelta(hours=8))
    local = Approval(approver=OFFICER, approved_at=datetime(2026, 5, 6, 11, tzinfo=beijing), approved_on=MAY)
    other_day = Approval(
        approver=OFFICER, approved_at=datetime(2026, 5, 6, 3, tzinfo=UTC), approved_on=date(2026, 5, 8)
    )

    assert approved_at(naive).code == "determination.approved_at"
    assert approved_at(local).code == "determination.approved_at"
    assert approved_at(other_day).code == "determination.approved_on"
    assert approved_at(approval(date(2026, 5, 5))).code == "determination.approved_early"


def test_other_terms_refuse_the_approval() -> None:
    assert approved_at(approval(MAY), terms_sha256="1" * 64).code == "determination.terms_version"


@pytest.mark.parametrize(
    "now",
    [
        [],
        [attested(MET, standing=AttestationStanding.WITHDRAWN)],
        [attested(MET, opinion=Opinion.QUALIFIED)],
        [attested("9.40")],
    ],
)
def test_evidence_that_changed_since_the_proposal_refuses_the_approval(now: Sequence[Any]) -> None:
    assert approved_at(approval(MAY), attestations=now).code == "determination.evidence_changed"


def test_another_decision_meanwhile_makes_a_proposal_stale() -> None:
    known = facility()
    proposed = proposal(known, finding(MET, year=2025), on=MAY)
    meanwhile = knowing(known, decide(known, finding(MET, year=2024), name="d2024", on=date(2026, 5, 4)))

    with pytest.raises(Conflict) as refusal:
        accept(proposed, meanwhile, name="d", on=MAY)

    assert refusal.value.code == "determination.stale"


def test_an_id_names_one_determination_for_ever() -> None:
    known = knowing(facility(), decide(facility(), finding(MET, year=2024), name="d", on=date(2025, 5, 4)))

    with pytest.raises(Conflict) as refusal:
        decide(known, finding(MET), name="d")

    assert refusal.value.code == "determination.id_taken"


def test_a_tranche_that_is_not_there_or_not_drawn_has_no_prices() -> None:
    with pytest.raises(DomainError) as unknown:
        facility().timeline("Z")
    with pytest.raises(Conflict) as undrawn:
        replace(facility(), tranches=()).timeline("A")

    assert unknown.value.code == "terms.tranche_unknown"
    assert undrawn.value.code == "determination.not_drawn"
    assert not isinstance(unknown.value, NotFound | Conflict)


def test_a_kpi_without_a_target_in_the_period_keeps_what_it_did_before() -> None:
    early = replace(RECYCLED, targets=targets(RECYCLED.targets[0].rule, years=(2024,)))
    agreed = terms(kpis=(INTENSITY, early), prices=ratchet(clause(steps(10, 5, "intensity", "recycled"))))
    known = facility(agreed)
    known = knowing(
        known,
        decide(known, finding(MISSED, year=2024), finding("0.31", early, year=2024), name="d2024", on=date(2025, 5, 6)),
    )

    second = decide(known, finding(MET), name="d2025")

    assert results_of([finding(MET)], agreed)["recycled"].status is OutcomeStatus.NOT_TESTED
    assert bps(knowing(known, second).timeline("A"))[1:] == [(date(2025, 6, 20), -5), (date(2026, 6, 20), -20)]


@pytest.mark.parametrize(
    "rule",
    [
        Linear(
            kpi_id="intensity", better=Bound.AT_MOST, floor=F(9), base=F(19, 2), cap=F(10), down_bp=F(10), up_bp=F(5)
        ),
        DeadBand(
            kpi_id="intensity",
            better=Bound.AT_MOST,
            low=F(9),
            high=F(10),
            down_bp=F(10),
            up_bp=F(5),
            keeps_previous=False,
        ),
    ],
)
def test_a_scale_needs_evidence_even_for_a_missed_target(rule: StepRule) -> None:
    agreed = terms(prices=ratchet(clause(rule)))
    unattested = replace(finding(MISSED), attestation=None)

    assert refused_proposal(unattested, agreed=agreed).code == "determination.attestation_missing"


@pytest.mark.parametrize(
    ("standing", "opinion"),
    [
        (AttestationStanding.WITHDRAWN, Opinion.CLEAN),
        (AttestationStanding.NOT_ACCEPTED, Opinion.CLEAN),
        (AttestationStanding.ACCEPTED, Opinion.QUALIFIED),
        (AttestationStanding.ACCEPTED, Opinion.NONE),
    ],
)
def test_a_status_lowers_no_day_on_an_attestation_that_does_not_count(
    standing: AttestationStanding, opinion: Opinion
) -> None:
    label_loan = WhileHeld(kpi_id="label", down_bp=F(89), up_bp=F(0))
    agreed = terms(kpis=(CERTIFIED,), prices=ratchet(clause(label_loan)), effect=STATUS_DAYS)
    value = "2025-02-01/2025-12-01"
    fact = attested(value, CERTIFIED, standing=standing, opinion=opinion)

    decided = decide(facility(agreed), finding(value, CERTIFIED, fact=fact))

    assert bps(knowing(facility(agreed), decided).timeline("A")) == [(TRANCHE.signed_on, 0)]


def test_a_status_without_an_attestation_cannot_be_proposed() -> None:
    label_loan = WhileHeld(kpi_id="label", down_bp=F(89), up_bp=F(0))
    agreed = terms(kpis=(CERTIFIED,), prices=ratchet(clause(label_loan)), effect=STATUS_DAYS)

    for value in ("2025-02-01/2025-12-01", "2025-02-01/2025-03-01"):
        claimed = replace(finding(value, CERTIFIED), attestation=None)
        assert refused_proposal(claimed, agreed=agreed).code == "determination.attestation_missing"


THREE = terms(
    kpis=(INTENSITY, RECYCLED, CERTIFIED),
    prices=ratchet(
        clause(steps(10, 5, "intensity", "recycled"), effect_id="steps"),
        clause(WhileHeld(kpi_id="label", down_bp=F(20), up_bp=F(0)), effect_id="label"),
    ),
    effect=RETROACTIVE,
)
VALUES = {"intensity": (MET, MISSED), "recycled": ("0.31", "0.29"), "label": ("2025-02-01/2025-12-01", "none")}


@st.composite
def any_finding(draw: st.DrawFn, kpi: KpiTerms) -> KpiFinding:
    """Return any report on 2025, its attestation in any state, about the same or another value, or none."""
    if draw(st.integers(0, 4)) == 0:
        return absent(draw(st.sampled_from([OutcomeStatus.MISSING, OutcomeStatus.LATE, OutcomeStatus.WAIVED])), kpi)
    values = VALUES[kpi.definition.kpi_id]
    value = draw(st.sampled_from(values))
    fact = attested(
        draw(st.sampled_from((value, value, *values))),
        kpi,
        standing=draw(st.sampled_from((AttestationStanding.ACCEPTED, *AttestationStanding))),
        opinion=draw(st.sampled_from((Opinion.CLEAN, *Opinion))),
        level=draw(st.sampled_from(AssuranceLevel)),
    )
    looked_at = finding(value, kpi, fact=fact)
    return looked_at if draw(st.integers(0, 4)) else replace(looked_at, attestation=None)


@given(findings=st.tuples(*(any_finding(kpi) for kpi in THREE.kpis)))
@settings(max_examples=300)
def test_a_price_below_its_base_rests_on_evidence_for_every_kpi_counted_as_met(
    findings: tuple[KpiFinding, ...],
) -> None:
    known = facility(THREE)
    try:
        decided = decide(known, *findings)
    except Conflict:
        return

    timeline = knowing(known, decided).timeline("A")
    lowered = {effect_id for each in timeline for effect_id, bp in each.effects if bp < 0}
    for looked_at in findings:
        counts_as_met = dict(decided.proposal.statuses)[looked_at.definition.kpi_id] is OutcomeStatus.MET
        has_lowered_days = looked_at.is_about_status and "label" in lowered
        if counts_as_met or has_lowered_days:
            fact = require_evidence(looked_at, THREE.reporting)
            assert fact.standing is AttestationStanding.ACCEPTED
            assert (fact.value, fact.unit) == (looked_at.value, looked_at.definition.unit)
            assert fact.methodology_version == looked_at.definition.methodology_version
            assert (fact.period_start, fact.period_end) == (looked_at.target.period_start, looked_at.target.period_end)
    if min(each.adjustment_bp for each in timeline) < 0:
        assert any(each.result(THREE.reporting).status is OutcomeStatus.MET for each in findings) or "label" in lowered


@given(
    kind=st.sampled_from([k for k in EffectKind if k not in {EffectKind.FIXED_DATE, EffectKind.N_BUSINESS_DAYS_AFTER}]),
    proposed_on=st.dates(min_value=date(2024, 3, 20), max_value=date(2029, 3, 1)),
    waits=st.integers(0, 200),
    year=st.integers(2023, 2026),
)
@settings(deadline=None)
def test_no_day_before_the_approval_changes_its_price_unless_retroactive_or_a_status(
    kind: EffectKind, proposed_on: date, waits: int, year: int
) -> None:
    agreed = terms(effect=replace(NEXT_PERIOD, begins=kind))
    known = facility(agreed)
    approved_on = proposed_on + timedelta(days=waits)
    proposed = proposal(known, finding(MET, year=year), on=proposed_on)

    decided = accept(proposed, known, name="d", on=approved_on)

    before, after = known.timeline("A"), knowing(known, decided).timeline("A")
    if kind in {EffectKind.RETROACTIVE, EffectKind.STATUS_DAY}:
        return
    for number in range(min((approved_on - TRANCHE.signed_on).days, (TRANCHE.maturity_date - TRANCHE.signed_on).days)):
        day = TRANCHE.signed_on + timedelta(days=number)
        assert interval_on(after, day).adjustment_bp == interval_on(before, day).adjustment_bp


@given(
    value=st.decimals(min_value="9", max_value="10", places=3),
    better_by=st.decimals(min_value=0, max_value=2, places=3),
)
@pytest.mark.parametrize(
    "rule",
    [
        steps(10, 5),
        Linear(
            kpi_id="intensity", better=Bound.AT_MOST, floor=F(9), base=F(19, 2), cap=F(10), down_bp=F(10), up_bp=F(5)
        ),
        DeadBand(
            kpi_id="intensity",
            better=Bound.AT_MOST,
            low=F(9),
            high=F(19, 2),
            down_bp=F(10),
            up_bp=F(5),
            keeps_previous=True,
        ),
    ],
    ids=["steps", "linear", "dead_band"],
)
def test_a_better_value_never_raises_the_rate_of_any_day(rule: StepRule, value: Any, better_by: Any) -> None:
    known = facility(terms(prices=ratchet(clause(rule))))
    known = knowing(known, decide(known, finding("9.9", year=2024), name="d2024", on=date(2025, 5, 6)))

    worse = knowing(known, decide(known, finding(f"{value:f}"))).timeline("A")
    better = knowing(known, decide(known, finding(f"{value - better_by:f}"))).timeline("A")

    days = {each.start for each in (*worse, *better)}
    assert all(interval_on(better, day).adjustment_bp <= interval_on(worse, day).adjustment_bp for day in days)


def test_the_intervals_of_a_decided_life_tile_it() -> None:
    known = knowing(facility(BOTH), decide(facility(BOTH), finding(MET), finding("0.31", RECYCLED)))

    found = known.timeline("A")

    assert (found[0].start, found[-1].end) == (TRANCHE.signed_on, TRANCHE.maturity_date)
    assert all(left.end == right.start for left, right in pairwise(found))
