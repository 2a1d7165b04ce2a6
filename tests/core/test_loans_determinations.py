"""Determinations: no step-down without standing evidence, no approval by the same hand, effect by the terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest

from finance.kpi.definitions import AssuranceLevel
from finance.loans.determinations import ApprovedDetermination, DeterminationProposal, Signatory, approve, propose
from finance.loans.findings import AttestedFact, KpiFinding
from finance.loans.margins import DatedAdjustment
from finance.loans.ratchet import Consequence, Direction, KpiStep, OutcomeStatus
from finance.loans.resolved import ResolvedFacility, resolve
from ledger.core.errors import Conflict, DomainError, Forbidden, Invalid
from tests.core.test_loans_examples import BANKER, EXCHANGE, FACT, MET, STEP_DOWN, TERMS, TREASURER

FACILITY = resolve(TERMS, calendar=EXCHANGE, adjustments=())
PROPOSED_ON, APPROVED_ON = date(2026, 4, 28), date(2026, 5, 6)
APPROVED_AT = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)


def proposed(finding: KpiFinding = MET, facility: ResolvedFacility = FACILITY) -> DeterminationProposal:
    return propose(
        proposal_id="prop-1", facility=facility, findings=(finding,), proposer=TREASURER, proposed_on=PROPOSED_ON
    )


def approved(
    proposal: DeterminationProposal,
    *,
    facility: ResolvedFacility = FACILITY,
    attestations: Sequence[AttestedFact] = (FACT,),
    approver: Signatory = BANKER,
    approved_at: datetime = APPROVED_AT,
    approved_on: date = APPROVED_ON,
) -> ApprovedDetermination:
    return approve(
        proposal,
        determination_id="det-1",
        facility=facility,
        attestations=attestations,
        approver=approver,
        approved_at=approved_at,
        approved_on=approved_on,
    )


def test_a_met_and_attested_kpi_steps_the_rate_down() -> None:
    proposal = proposed()

    assert proposal.adjustment_bp == -10
    assert (proposal.rate_before, proposal.rate_after) == (Fraction("0.0345"), Fraction("0.0335"))
    assert proposal.expected_effective_from == date(2026, 6, 20)


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        (None, "determination.attestation_missing"),
        (replace(FACT, is_accepted=False), "determination.attestation_not_accepted"),
        (replace(FACT, is_withdrawn=True), "determination.attestation_withdrawn"),
        (replace(FACT, kpi_id="other"), "determination.attested_kpi_id"),
        (replace(FACT, period_start=date(2024, 1, 1)), "determination.attested_period"),
        (replace(FACT, period_end=date(2025, 12, 31)), "determination.attested_period"),
        (replace(FACT, value="9.3"), "determination.attested_value"),
        (replace(FACT, value="9.40"), "determination.attested_value"),  # the exact string, not an equal number
        (replace(FACT, unit="kgCO2e/t"), "determination.attested_unit"),
        (replace(FACT, methodology_version="2"), "determination.attested_methodology_version"),
        (replace(FACT, assurance_level="reasonable"), "determination.attested_assurance_level"),
    ],
)
def test_a_step_down_needs_an_attestation_of_exactly_this_result(fact: AttestedFact | None, code: str) -> None:
    with pytest.raises(Conflict, check=lambda error: error.code == code):
        proposed(replace(MET, attestation=fact))


def test_limited_assurance_does_not_do_where_the_terms_want_reasonable() -> None:
    strict = replace(TERMS, assurance_level=AssuranceLevel.REASONABLE)

    with pytest.raises(Conflict, check=lambda error: error.code == "determination.attested_assurance_level"):
        proposed(facility=resolve(strict, calendar=EXCHANGE, adjustments=()))


def test_a_qualified_opinion_leaves_the_base_rate() -> None:
    proposal = proposed(replace(MET, attestation=replace(FACT, is_qualified=True)))

    assert proposal.findings[0].status is OutcomeStatus.QUALIFIED
    assert proposal.rate_after == TERMS.base_rate


@pytest.mark.parametrize("absence", [OutcomeStatus.MISSING, OutcomeStatus.LATE])
def test_a_missing_or_late_report_leaves_the_base_rate(absence: OutcomeStatus) -> None:
    proposal = proposed(replace(MET, value=None, attestation=None, absence=absence))

    assert proposal.rate_after == TERMS.base_rate


def test_a_missed_target_needs_no_attestation_to_leave_the_base_rate() -> None:
    proposal = proposed(replace(MET, value="9.6", attestation=None))

    assert proposal.findings[0].status is OutcomeStatus.MISSED
    assert proposal.adjustment_bp == 0


def test_a_late_report_may_raise_the_rate_where_the_contract_says_so() -> None:
    harsh = replace(
        STEP_DOWN,
        direction=Direction.TWO_WAY,
        steps=(KpiStep(kpi_id="intensity", down_bp=Fraction(10), up_bp=Fraction(5)),),
        cap_up_bp=Fraction(5),
        on_late=Consequence.AS_MISSED,
    )
    facility = resolve(replace(TERMS, ratchet=harsh), calendar=EXCHANGE, adjustments=())

    proposal = proposed(replace(MET, value=None, attestation=None, absence=OutcomeStatus.LATE), facility)

    assert proposal.rate_after == Fraction("0.0350")


@pytest.mark.parametrize(
    ("value", "absence"), [(None, None), ("9.4", OutcomeStatus.LATE), (None, OutcomeStatus.MET), ("1e5", None)]
)
def test_a_finding_is_a_readable_value_or_an_absence(value: str | None, absence: OutcomeStatus | None) -> None:
    with pytest.raises(Invalid):
        replace(MET, value=value, absence=absence)


def test_a_kpi_is_found_once() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "determination.kpi_twice"):
        propose(proposal_id="p", facility=FACILITY, findings=(MET, MET), proposer=TREASURER, proposed_on=PROPOSED_ON)


def test_a_kpi_that_the_ratchet_does_not_price_is_refused() -> None:
    other = replace(MET.definition, kpi_id="water")

    with pytest.raises(DomainError, check=lambda error: error.code == "ratchet.outcomes"):
        proposed(replace(MET, definition=other, attestation=replace(FACT, kpi_id="water")))


def test_every_input_of_the_decision_is_under_its_digest() -> None:
    fields = proposed().digest_fields()

    assert fields["rate_after"] == "67/2000"
    assert fields["adjustment_bp"] == "-10/1"
    assert fields["kpi.intensity.value"] == "9.4"
    assert fields["kpi.intensity.attestation_id"] == "att-2025"
    assert fields != proposed(replace(MET, target=replace(MET.target, value=Fraction(1, 25)))).digest_fields()


def test_an_approval_sets_the_effect_from_the_next_interest_period() -> None:
    decided = approved(proposed())

    assert decided.effective_from == date(2026, 6, 20)
    assert decided.dated_adjustment(sequence=7) == DatedAdjustment(
        determination_id="det-1", effective_from=date(2026, 6, 20), adjustment_bp=Fraction(-10), sequence=7
    )


def test_a_later_approval_takes_a_later_effect() -> None:
    at = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)

    decided = approved(proposed(), approved_at=at, approved_on=at.date())

    assert decided.effective_from == date(2026, 9, 20)


@pytest.mark.parametrize(
    ("approver", "code"),
    [
        (Signatory(person_id="treasurer", organisation_id="bank-a"), "determination.same_person"),
        (Signatory(person_id="banker", organisation_id="smelter-group"), "determination.same_organisation"),
        (Signatory(person_id="banker", organisation_id="bank-b"), "determination.not_lender"),
    ],
)
def test_only_another_person_of_a_lender_approves(approver: Signatory, code: str) -> None:
    with pytest.raises(Forbidden, check=lambda error: error.code == code):
        approved(proposed(), approver=approver)


@pytest.mark.parametrize(
    "attestations",
    [(), (replace(FACT, is_withdrawn=True),), (replace(FACT, value="9.5"),), (replace(FACT, attestation_id="other"),)],
)
def test_evidence_that_fell_since_the_proposal_refuses_the_approval(attestations: tuple[AttestedFact, ...]) -> None:
    with pytest.raises(Conflict, check=lambda error: error.code == "determination.evidence_changed"):
        approved(proposed(), attestations=attestations)


def test_a_rate_that_moved_since_the_proposal_refuses_the_approval() -> None:
    moved = DatedAdjustment(
        determination_id="det-0", effective_from=date(2026, 3, 20), adjustment_bp=Fraction(-5), sequence=1
    )

    with pytest.raises(Conflict, check=lambda error: error.code == "determination.stale"):
        approved(proposed(), facility=resolve(TERMS, calendar=EXCHANGE, adjustments=(moved,)))


def test_terms_amended_since_the_proposal_refuse_the_approval() -> None:
    amended = resolve(replace(TERMS, version=2), calendar=EXCHANGE, adjustments=())

    with pytest.raises(Conflict, check=lambda error: error.code == "determination.terms_version"):
        approved(proposed(), facility=amended)


@pytest.mark.parametrize(
    ("approved_at", "approved_on", "code"),
    [
        (datetime(2026, 5, 6, 2, 0), APPROVED_ON, "determination.approved_at"),  # noqa: DTZ001 - the naive instant
        (APPROVED_AT.astimezone(timezone(timedelta(hours=8))), APPROVED_ON, "determination.approved_at"),
        (APPROVED_AT, date(2026, 5, 8), "determination.approved_on"),
        (datetime(2026, 4, 27, 2, 0, tzinfo=UTC), date(2026, 4, 27), "determination.approved_early"),
    ],
)
def test_an_approval_has_one_honest_day(approved_at: datetime, approved_on: date, code: str) -> None:
    with pytest.raises(DomainError, check=lambda error: error.code == code):
        approved(proposed(), approved_at=approved_at, approved_on=approved_on)
