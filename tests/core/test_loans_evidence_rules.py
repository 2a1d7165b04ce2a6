"""What evidence lets a KPI lower a price: equal byte for byte, standing, clean, sure enough; anything less lowers nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.kpi.definitions import AssuranceLevel
from finance.loans.adjustments import KpiResult
from finance.loans.evidence_rules import AttestationStanding, AttestedFact, KpiFinding, Opinion, require_evidence
from finance.loans.price_effects import OutcomeStatus
from ledger.core.errors import Conflict, DomainError, Invalid
from tests.core.loan_examples import MET, MISSED, REPORTING, absent, attested, finding

REASONABLE = replace(REPORTING, assurance_level=AssuranceLevel.REASONABLE)
SCOPED = replace(REPORTING, accepts_scoped_qualification=True)


def status(fact: AttestedFact | None, value: str = MET) -> OutcomeStatus:
    return replace(finding(value), attestation=fact).result(REPORTING).status


def test_a_clean_attestation_of_exactly_the_value_is_evidence() -> None:
    assert require_evidence(finding(MET), REPORTING) == attested(MET)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("kpi_id", "recycled", "determination.attested_kpi_id"),
        ("period_start", date(2024, 1, 1), "determination.attested_period"),
        ("period_end", date(2025, 12, 31), "determination.attested_period"),
        ("value", "9.40", "determination.attested_value"),
        ("unit", "tCO2/t", "determination.attested_unit"),
        ("methodology_version", "2", "determination.attested_methodology_version"),
        ("assurance_level", AssuranceLevel.NOT_AN_OPINION, "determination.attested_assurance_level"),
        ("opinion", Opinion.QUALIFIED, "determination.attestation_qualified"),
        ("opinion", Opinion.QUALIFIED_ELSEWHERE, "determination.attestation_qualified"),
        ("opinion", Opinion.NONE, "determination.attestation_qualified"),
        ("standing", AttestationStanding.NOT_ACCEPTED, "determination.attestation_not_accepted"),
        ("standing", AttestationStanding.WITHDRAWN, "determination.attestation_withdrawn"),
        ("standing", AttestationStanding.SUPERSEDED, "determination.attestation_superseded"),
    ],
)
def test_an_attestation_that_differs_in_one_thing_is_refused_by_its_name(field: str, value: Any, code: str) -> None:
    fact = replace(attested(MET), **{field: value})

    with pytest.raises(Conflict) as refusal:
        require_evidence(finding(MET, fact=fact), REPORTING)

    assert refusal.value.code == code


def test_no_attestation_is_no_evidence() -> None:
    with pytest.raises(Conflict) as refusal:
        require_evidence(replace(finding(MET), attestation=None), REPORTING)

    assert refusal.value.code == "determination.attestation_missing"


def test_an_absent_report_is_no_evidence_even_beside_an_attestation() -> None:
    with pytest.raises(Conflict) as refusal:
        require_evidence(replace(absent(OutcomeStatus.WAIVED), attestation=attested(MET)), REPORTING)

    assert refusal.value.code == "determination.value_missing"


@pytest.mark.parametrize("level", [AssuranceLevel.LIMITED, AssuranceLevel.NOT_AN_OPINION])
def test_less_than_the_agreed_assurance_is_refused(level: AssuranceLevel) -> None:
    with pytest.raises(Conflict) as refusal:
        require_evidence(finding(MET, fact=attested(MET, level=level)), REASONABLE)

    assert refusal.value.code == "determination.attested_assurance_level"


def test_reasonable_assurance_is_enough_where_limited_is_agreed() -> None:
    assert require_evidence(finding(MET, fact=attested(MET, level=AssuranceLevel.REASONABLE)), REPORTING)


def test_a_qualification_elsewhere_counts_as_clean_where_the_terms_say_so() -> None:
    elsewhere = finding(MET, fact=attested(MET, opinion=Opinion.QUALIFIED_ELSEWHERE))

    assert require_evidence(elsewhere, SCOPED)
    assert elsewhere.result(SCOPED).status is OutcomeStatus.MET
    assert elsewhere.result(REPORTING).status is OutcomeStatus.QUALIFIED


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (attested(MET), OutcomeStatus.MET),
        (None, OutcomeStatus.MET),  # a claim: it never lowers a price, since a decision asks for its evidence
        (attested(MET, opinion=Opinion.QUALIFIED), OutcomeStatus.QUALIFIED),
        (attested(MET, opinion=Opinion.NONE), OutcomeStatus.MISSING),
        (attested(MET, standing=AttestationStanding.WITHDRAWN), OutcomeStatus.MISSING),
        (attested(MET, standing=AttestationStanding.NOT_ACCEPTED), OutcomeStatus.MISSING),
        (attested(MET, standing=AttestationStanding.SUPERSEDED), OutcomeStatus.MISSING),
    ],
)
def test_how_a_report_counts_follows_its_attestation(fact: AttestedFact | None, expected: OutcomeStatus) -> None:
    assert status(fact) is expected


@pytest.mark.parametrize("absence", [OutcomeStatus.MISSING, OutcomeStatus.LATE, OutcomeStatus.WAIVED])
def test_an_absence_counts_as_what_it_says(absence: OutcomeStatus) -> None:
    assert absent(absence).result(REPORTING) == KpiResult(status=absence, observed=None)


@pytest.mark.parametrize("claimed", [OutcomeStatus.MET, OutcomeStatus.MISSED, OutcomeStatus.QUALIFIED])
def test_nobody_can_claim_an_outcome(claimed: OutcomeStatus) -> None:
    with pytest.raises(Invalid) as refusal:
        absent(claimed)

    assert refusal.value.code == "finding.absence"


def test_a_finding_is_a_value_or_an_absence_and_never_both_or_neither() -> None:
    for looked_at, absence in ((finding(MET), OutcomeStatus.LATE), (absent(OutcomeStatus.LATE), None)):
        with pytest.raises(Invalid) as refusal:
            replace(looked_at, absence=absence)
        assert refusal.value.code == "finding.value"


@pytest.mark.parametrize("value", ["0", "-1", "", "nine", "9,4", "1e1", "\uff19.4", "9.4\n", "NaN", "9" * 5000, "1/0"])
def test_a_value_that_cannot_be_judged_is_refused_with_its_field(value: str) -> None:
    with pytest.raises(DomainError) as refusal:
        finding(value, fact=attested(MET))

    assert refusal.value.data["field"] == "observed"


texts = st.text(alphabet="0123456789./ \uff19e-+", min_size=1, max_size=12)


@given(value=texts)
def test_evidence_is_accepted_for_no_other_text_than_the_reported_one(value: str) -> None:
    fact = replace(attested(MET), value=value)

    if value == MET:
        assert require_evidence(finding(MET, fact=fact), REPORTING) == fact
    else:
        with pytest.raises(Conflict):
            require_evidence(finding(MET, fact=fact), REPORTING)


@given(
    level=st.sampled_from(AssuranceLevel),
    opinion=st.sampled_from(Opinion),
    standing=st.sampled_from(AttestationStanding),
    reporting=st.sampled_from([REPORTING, REASONABLE, SCOPED]),
    value=st.sampled_from([MET, MISSED]),
)
def test_evidence_implies_an_accepted_standing_clean_and_sufficient_attestation(
    level: AssuranceLevel, opinion: Opinion, standing: AttestationStanding, reporting: Any, value: str
) -> None:
    looked_at: KpiFinding = finding(value, fact=attested(value, level=level, opinion=opinion, standing=standing))
    is_clean = opinion is Opinion.CLEAN or (
        opinion is Opinion.QUALIFIED_ELSEWHERE and reporting.accepts_scoped_qualification
    )
    is_enough = level.satisfies(reporting.assurance_level)

    try:
        require_evidence(looked_at, reporting)
        is_evidence = True
    except Conflict:
        is_evidence = False

    assert is_evidence == (standing is AttestationStanding.ACCEPTED and is_clean and is_enough)
