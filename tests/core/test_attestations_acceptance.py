"""Acceptance: the fixed order of checks, one code each, substitution refused, and hostile bytes answered as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.attestations.acceptance import Accepted, Rejected
from finance.attestations.canonical import canonical_bytes
from finance.attestations.engagements import Engagement, Expectation
from finance.attestations.independence import LoanParty, LoanRole
from finance.attestations.keys import RegisteredKey
from finance.attestations.signatures import sign_statement
from finance.attestations.standards import is_level_given
from finance.attestations.statements import AssuranceLevel, AssuranceStandard, AttestationStatement, Outcome
from ledger.core.errors import Invalid
from tests.core.test_attestations_examples import (
    KID,
    OTHER_PRIVATE_KEY,
    RECEIVED_AT,
    engagement,
    envelope,
    expectation,
    registered_key,
    standards,
    statement,
    verdict,
)
from tests.core.test_attestations_signatures import FORGERIES, dumped, header, signed


def rejected(answer: object) -> Rejected:
    assert isinstance(answer, Rejected)
    return answer


BENT_STATEMENTS: dict[str, tuple[Callable[[AttestationStatement], AttestationStatement], str, str]] = {
    "another platform": (lambda s: replace(s, audience="tonne:other"), "attestation.audience", "audience"),
    "another engagement": (
        lambda s: replace(s, engagement_id="engagement-2"),
        "attestation.engagement",
        "engagement_id",
    ),
    "another issuer": (
        lambda s: replace(s, issuer_organisation_id="assessor-2"),
        "attestation.issuer",
        "issuer_organisation_id",
    ),
    "a look-alike name": (
        lambda s: replace(s, issuer_legal_name="华信碳核査有限公司"),
        "attestation.issuer_name",
        "issuer_legal_name",
    ),
    "another responsible party": (
        lambda s: replace(s, responsible_party="Qingshi Power"),
        "attestation.responsible_party",
        "responsible_party",
    ),
    "another facility": (lambda s: replace(s, facility_id="facility-2"), "attestation.facility", "facility_id"),
    "other terms": (lambda s: replace(s, terms_sha256="aa" * 32), "attestation.terms", "terms_sha256"),
    "no terms": (lambda s: replace(s, terms_sha256=None), "attestation.terms", "terms_sha256"),
    "another KPI": (lambda s: replace(s, kpi_id="kpi-2"), "attestation.kpi", "kpi_id"),
    "another measure": (lambda s: replace(s, measure="ets_direct"), "attestation.measure", "measure"),
    "another definition": (
        lambda s: replace(s, kpi_definition_sha256="aa" * 32),
        "attestation.definition",
        "kpi_definition_sha256",
    ),
    "an earlier start": (
        lambda s: replace(s, period_start=date(2024, 12, 31)),
        "attestation.period",
        "period_start",
    ),
    "the last day as an inclusive end": (
        lambda s: replace(s, period_end=date(2025, 12, 31)),
        "attestation.period",
        "period_end",
    ),
    "another year": (
        lambda s: replace(s, period_start=date(2024, 1, 1), period_end=date(2025, 1, 1)),
        "attestation.period",
        "period_start",
    ),
    "another methodology": (
        lambda s: replace(s, methodology_id="cets-ag-04.01"),
        "attestation.methodology",
        "methodology_id",
    ),
    "another methodology version": (
        lambda s: replace(s, methodology_version="2"),
        "attestation.methodology",
        "methodology_version",
    ),
    "another factor set": (
        lambda s: replace(s, factor_set_sha256="aa" * 32),
        "attestation.factor_set",
        "factor_set_sha256",
    ),
    "another boundary": (lambda s: replace(s, boundary="smelter only"), "attestation.boundary", "boundary"),
    "a site less": (lambda s: replace(s, sites=("site-a",)), "attestation.sites", "sites"),
    "a better value": (lambda s: replace(s, value="9.263"), "attestation.value", "value"),
    "the same value in other digits": (lambda s: replace(s, value="9.2640"), "attestation.value", "value"),
    "a negative value": (lambda s: replace(s, value="-9.264"), "attestation.value", "value"),
    "another baseline": (lambda s: replace(s, baseline_value="9.900"), "attestation.baseline", "baseline_value"),
    "another unit": (lambda s: replace(s, unit="kgCO2e/t"), "attestation.unit", "unit"),
    "another snapshot": (lambda s: replace(s, snapshot_sha256="aa" * 32), "attestation.snapshot", "snapshot_sha256"),
    "a file missing from the digests": (
        lambda s: replace(s, evidence=s.evidence[1:]),
        "attestation.evidence",
        "evidence",
    ),
    "not an opinion": (lambda s: replace(s, level=AssuranceLevel.NOT_AN_OPINION), "attestation.level", "level"),
    "a level nobody engaged": (
        lambda s: replace(s, level=AssuranceLevel.REASONABLE),
        "attestation.engagement_level",
        "level",
    ),
    "a standard nobody engaged": (
        lambda s: replace(s, standard=AssuranceStandard.ISO_14064_3),
        "attestation.engagement_standard",
        "standard",
    ),
    "qualified on this KPI": (
        lambda s: replace(
            s, outcome=Outcome.QUALIFIED, qualification_text="meter 7 was not read", affected_kpi_ids=("kpi-1",)
        ),
        "attestation.outcome_qualified",
        "outcome",
    ),
    "qualified without saying what": (
        lambda s: replace(s, outcome=Outcome.QUALIFIED, qualification_text="see report"),
        "attestation.outcome_qualified",
        "outcome",
    ),
    "adverse": (
        lambda s: replace(s, outcome=Outcome.ADVERSE, qualification_text="materially misstated"),
        "attestation.outcome_adverse",
        "outcome",
    ),
    "disclaimer": (
        lambda s: replace(s, outcome=Outcome.DISCLAIMER, qualification_text="no access to the meters"),
        "attestation.outcome_disclaimer",
        "outcome",
    ),
    "superseding the unknown": (
        lambda s: replace(s, supersedes="statement-0", supersede_reason="typing error"),
        "attestation.supersedes_unknown",
        "supersedes",
    ),
}


@pytest.mark.parametrize("name", BENT_STATEMENTS)
def test_a_truly_signed_statement_that_differs_in_one_place_is_refused_for_that_place(name: str) -> None:
    bend, code, field = BENT_STATEMENTS[name]

    answer = rejected(verdict(envelope(bend(statement()))))

    assert (answer.code, answer.field) == (code, field)
    assert answer.is_signature_verified
    assert answer.statement == bend(statement())


@pytest.mark.parametrize("name", sorted(set(FORGERIES) - {"kid of another key"}))
def test_every_forged_envelope_is_answered_with_its_code_and_no_statement(name: str) -> None:
    forge, code = FORGERIES[name]

    answer = rejected(verdict(forge()))

    assert answer.code == code
    assert not answer.is_signature_verified
    assert answer.statement is None


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "attestation.key_unknown"),
        (replace(registered_key(), organisation_id="assessor-2"), "attestation.key_other_organisation"),
        (replace(registered_key(), approved_at=RECEIVED_AT + timedelta(seconds=1)), "key.not_registered"),
        (replace(registered_key(), approved_at=None), "key.unapproved"),
        (replace(registered_key(), not_after=RECEIVED_AT), "key.expired"),
        (replace(registered_key(), revoked_at=RECEIVED_AT), "key.revoked"),
        (replace(registered_key(), revoked_at=RECEIVED_AT, compromised_since=RECEIVED_AT), "key.compromised"),
        (
            replace(registered_key(), revoked_at=RECEIVED_AT + timedelta(days=1), compromised_since=RECEIVED_AT),
            "key.suspended",
        ),
        (replace(registered_key(), key_id="assessor-key-2"), "jws.kid"),
    ],
)
def test_a_key_that_does_not_stand_is_refused_before_its_signature_is_asked(
    key: RegisteredKey | None, code: str
) -> None:
    answer = rejected(verdict(key=key))

    assert answer.code == code
    assert not answer.is_signature_verified


def test_a_signature_of_the_right_kid_under_the_wrong_key_is_refused() -> None:
    forged = sign_statement(statement(), OTHER_PRIVATE_KEY, kid=KID)

    assert rejected(verdict(forged)).code == "jws.signature"


@pytest.mark.parametrize(
    ("mandate", "code"),
    [
        (replace(engagement(), valid_from=RECEIVED_AT + timedelta(seconds=1)), "attestation.engagement_closed"),
        (replace(engagement(), valid_to=RECEIVED_AT), "attestation.engagement_closed"),
        (replace(engagement(), is_independence_declared=False), "attestation.independence_undeclared"),
        (replace(engagement(), facility_id="facility-2"), "attestation.facility"),
        (replace(engagement(), kpi_id="kpi-2"), "attestation.kpi"),
        (replace(engagement(), period_start=date(2024, 1, 1)), "attestation.period"),
    ],
)
def test_a_mandate_that_does_not_cover_the_statement_refuses_it(mandate: Engagement, code: str) -> None:
    assert rejected(verdict(mandate=mandate)).code == code


@pytest.mark.parametrize("role", LoanRole)
def test_an_assessor_that_is_party_to_the_loan_is_refused(role: LoanRole) -> None:
    itself = LoanParty(organisation_id="assessor-1", role=role)
    expected = replace(expectation(), loan_parties=(*expectation().loan_parties, itself))

    assert rejected(verdict(expected=expected)).code == "attestation.not_independent"


def test_an_assessor_that_shares_a_person_with_a_party_is_refused() -> None:
    expected = replace(expectation(), sharing_a_person=frozenset({"bank-1"}))

    assert rejected(verdict(expected=expected)).code == "attestation.shared_person"


def test_sharing_a_person_with_a_stranger_to_the_loan_does_no_harm() -> None:
    expected = replace(expectation(), sharing_a_person=frozenset({"bank-2"}))

    assert isinstance(verdict(expected=expected), Accepted)


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        (replace(expectation(), kpi_id="kpi-2"), "attestation.kpi"),
        (replace(expectation(), facility_id="facility-2"), "attestation.facility"),
        (
            replace(expectation(), period_start=date(2026, 1, 1), period_end=date(2027, 1, 1)),
            "attestation.period",
        ),
        (replace(expectation(), required_level=AssuranceLevel.REASONABLE), "attestation.level"),
    ],
)
def test_an_honest_statement_cannot_be_used_for_another_facility_kpi_or_period(
    expected: Expectation, code: str
) -> None:
    assert rejected(verdict(expected=expected)).code == code


def test_case_24_a_limited_opinion_does_not_serve_a_deal_that_requires_reasonable_assurance() -> None:
    expected = replace(expectation(), required_level=AssuranceLevel.REASONABLE)

    answer = rejected(verdict(expected=expected))

    assert (answer.code, answer.field, answer.is_signature_verified) == ("attestation.level", "level", True)


def test_case_5_a_key_revoked_after_receipt_leaves_the_older_signature_standing_and_refuses_it_when_received_later() -> (
    None
):
    revoked = replace(registered_key(), revoked_at=RECEIVED_AT + timedelta(days=1))

    older = verdict(key=revoked)
    late = verdict(key=revoked, received_at=RECEIVED_AT + timedelta(days=1))

    assert isinstance(older, Accepted)
    assert rejected(late).code == "key.revoked"


def test_the_same_statement_twice_is_a_replay() -> None:
    assert rejected(verdict(seen_jtis=frozenset({"statement-1"}))).code == "attestation.replay"


def test_a_correction_of_an_earlier_statement_is_accepted() -> None:
    correction = replace(statement(), jti="statement-2", supersedes="statement-1", supersede_reason="typing error")

    answer = verdict(envelope(correction), seen_jtis=frozenset({"statement-1"}))

    assert isinstance(answer, Accepted)


def test_a_qualification_recorded_as_sparing_this_kpi_is_accepted() -> None:
    spared = replace(
        statement(), outcome=Outcome.QUALIFIED, qualification_text="water data", affected_kpi_ids=("kpi-2",)
    )

    assert isinstance(verdict(envelope(spared)), Accepted)


def test_the_first_failing_check_in_the_documented_order_decides() -> None:
    bent = replace(statement(), sites=("site-c",), value="9.0", kpi_id="kpi-2", terms_sha256="aa" * 32)

    assert rejected(verdict(envelope(bent))).code == "attestation.terms"
    assert rejected(verdict(envelope(replace(bent, terms_sha256="11" * 32)))).code == "attestation.kpi"
    assert rejected(verdict(envelope(replace(statement(), sites=("site-c",), value="9.0")))).code == "attestation.sites"


def test_the_order_of_sites_does_not_matter() -> None:
    assert isinstance(verdict(envelope(replace(statement(), sites=("site-b", "site-a")))), Accepted)


@pytest.mark.parametrize(
    ("issued_at", "remarks"),
    [
        (RECEIVED_AT - timedelta(minutes=5), ()),
        (RECEIVED_AT + timedelta(minutes=5), ()),
        (RECEIVED_AT - timedelta(minutes=5, seconds=1), ("attestation.issued_at",)),
        (RECEIVED_AT + timedelta(minutes=5, seconds=1), ("attestation.issued_at",)),
    ],
)
def test_a_signers_clock_off_by_more_than_five_minutes_is_remarked_not_refused(
    issued_at: datetime, remarks: tuple[str, ...]
) -> None:
    answer = verdict(envelope(replace(statement(), issued_at=issued_at)))

    assert isinstance(answer, Accepted)
    assert tuple(remark.code for remark in answer.remarks) == remarks


@pytest.mark.parametrize(
    ("standard", "level", "period_start", "is_valid"),
    [
        (AssuranceStandard.ISAE_3410, AssuranceLevel.LIMITED, date(2026, 12, 14), True),
        (AssuranceStandard.ISAE_3410, AssuranceLevel.LIMITED, date(2026, 12, 15), False),
        (AssuranceStandard.ISAE_3410, AssuranceLevel.REASONABLE, date(2027, 1, 1), False),
        (AssuranceStandard.ISAE_3410, AssuranceLevel.NOT_AN_OPINION, date(2025, 1, 1), False),
        (AssuranceStandard.ISSA_5000, AssuranceLevel.LIMITED, date(2026, 12, 15), True),
        (AssuranceStandard.ISSA_5000, AssuranceLevel.REASONABLE, date(2027, 1, 1), True),
        (AssuranceStandard.ISO_14064_3, AssuranceLevel.NOT_AN_OPINION, date(2027, 1, 1), True),
        (AssuranceStandard.CETS_VERIFICATION, AssuranceLevel.NOT_AN_OPINION, date(2025, 1, 1), True),
        (AssuranceStandard.CETS_VERIFICATION, AssuranceLevel.LIMITED, date(2025, 1, 1), False),
    ],
)
def test_which_standard_gives_which_level_for_which_period(
    standard: AssuranceStandard, level: AssuranceLevel, period_start: date, *, is_valid: bool
) -> None:
    assert is_level_given(standards(), standard, level, period_start=period_start) is is_valid


def test_case_25_a_period_of_2027_under_isae_3410_is_refused() -> None:
    year = {"period_start": date(2027, 1, 1), "period_end": date(2028, 1, 1)}
    received_at = datetime(2028, 2, 10, tzinfo=UTC)

    answer = verdict(
        envelope(replace(statement(), period_start=year["period_start"], period_end=year["period_end"])),
        mandate=replace(engagement(), period_start=year["period_start"], period_end=year["period_end"], valid_to=None),
        expected=replace(expectation(), period_start=year["period_start"], period_end=year["period_end"]),
        received_at=received_at,
    )

    assert rejected(answer).code == "attestation.standard_period"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"{}", "attestation.members_missing"),
        (b'{"value":9.264}', "canonical.number"),
        (b'{"value":"1","value":"2"}', "canonical.duplicate_key"),
        (b'{ "value":"1"}', "canonical.form"),
        (b"[]", "canonical.json"),
        (b"\xff", "canonical.utf8"),
        (b"", "canonical.json"),
        (canonical_bytes({"a": "\ufb33"}), "canonical.normal_form"),
    ],
)
def test_a_true_signature_over_a_hostile_payload_is_refused_with_its_code(payload: bytes, code: str) -> None:
    answer = rejected(verdict(dumped(signed(header(), payload))))

    assert answer.code == code
    assert answer.is_signature_verified
    assert answer.statement is None


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(received: bytes) -> None:
    assert isinstance(verdict(received), Rejected)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=len(envelope()) - 1), st.integers(min_value=1, max_value=255))
def test_one_changed_byte_is_rejected_or_accepted_as_the_same_statement(position: int, change: int) -> None:
    changed = bytearray(envelope())
    changed[position] ^= change

    answer = verdict(bytes(changed))

    assert isinstance(answer, Rejected) or answer.statement == statement()


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda: replace(engagement(), valid_to=engagement().valid_from), "engagement.mandate"),
        (lambda: replace(engagement(), period_end=engagement().period_start), "attestation.period_order"),
        (lambda: replace(expectation(), period_end=expectation().period_start), "attestation.period_order"),
        (lambda: replace(expectation(), value="9.264 "), "amount.format"),
        (lambda: replace(expectation(), snapshot_sha256="x"), "attestation.field_spelling"),
        (lambda: replace(expectation(), required_evidence=frozenset({"x"})), "attestation.field_spelling"),
    ],
    ids=["mandate", "engaged period", "expected period", "value", "snapshot", "evidence"],
)
def test_engagements_and_expectations_no_statement_could_meet_do_not_construct(
    bend: Callable[[], object], code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        bend()

    assert caught.value.code == code
