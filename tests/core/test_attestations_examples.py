"""One engagement, one KPI period and one honest statement, which the other attestation tests bend in one place each."""

from __future__ import annotations

import functools
import importlib.resources
from dataclasses import replace
from datetime import UTC, date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from finance.attestations.acceptance import Accepted, Verdict, assess
from finance.attestations.engagements import Engagement, Expectation
from finance.attestations.independence import LoanParty, LoanRole
from finance.attestations.keys import RegisteredKey
from finance.attestations.signatures import sign_statement
from finance.attestations.statements import (
    AssuranceLevel,
    AssuranceStandard,
    AttestationStatement,
    EvidenceDigest,
    Materiality,
    Outcome,
)
from finance.conventions.tables import ReferenceSet, parse_reference_rows

RECEIVED_AT = datetime(2026, 2, 10, 9, 0, 0, tzinfo=UTC)
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KID = "assessor-key-1"


@functools.cache
def standards() -> ReferenceSet:
    """Return the shipped table of assurance standards."""
    text = importlib.resources.files("finance.reference").joinpath("assurance_standards.csv").read_text("utf-8")
    rows = parse_reference_rows(text, file="assurance_standards.csv")
    return ReferenceSet(set_id="assurance_standards", version="2026-11-21", rows=rows)


def public_bytes(private_key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes that are registered for a private key."""
    return private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def registered_key() -> RegisteredKey:
    """Return the assessor's key, registered a month before receipt."""
    return RegisteredKey(
        key_id=KID,
        organisation_id="assessor-1",
        public_key=public_bytes(PRIVATE_KEY),
        holder_id="person-signatory",
        registered_at=datetime(2026, 1, 10, 8, 0, 0, tzinfo=UTC),
        approved_at=datetime(2026, 1, 10, 8, 0, 0, tzinfo=UTC),
        not_after=None,
        revoked_at=None,
        compromised_since=None,
    )


def engagement() -> Engagement:
    """Return the mandate for the KPI's 2025 period."""
    return Engagement(
        engagement_id="engagement-1",
        assessor_organisation_id="assessor-1",
        assessor_legal_name="华信碳核查有限公司",
        responsible_party="Qingshi Aluminium Group",
        facility_id="facility-1",
        kpi_id="kpi-1",
        period_start=date(2025, 1, 1),
        period_end=date(2026, 1, 1),
        level=AssuranceLevel.LIMITED,
        standard=AssuranceStandard.ISAE_3410,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_to=datetime(2026, 7, 1, tzinfo=UTC),
        is_independence_declared=True,
    )


def expectation() -> Expectation:
    """Return what the loan's KPI period needs to see."""
    return Expectation(
        audience="tonne:example",
        facility_id="facility-1",
        terms_sha256="11" * 32,
        kpi_id="kpi-1",
        kpi_definition_sha256="22" * 32,
        measure="operational_incl_power",
        methodology_id="article-2024-draft",
        methodology_version="1",
        factor_set_version="2026-01",
        factor_set_sha256="33" * 32,
        boundary="smelter operations including purchased power",
        sites=("site-a", "site-b"),
        period_start=date(2025, 1, 1),
        period_end=date(2026, 1, 1),
        value="9.264",
        unit="tCO2e/t",
        baseline_value="9.801",
        snapshot_sha256="44" * 32,
        required_level=AssuranceLevel.LIMITED,
        loan_parties=(
            LoanParty(organisation_id="borrower-1", role=LoanRole.BORROWER),
            LoanParty(organisation_id="bank-1", role=LoanRole.LENDER),
        ),
        sharing_a_person=frozenset(),
        required_evidence=frozenset({"55" * 32}),
    )


def statement() -> AttestationStatement:
    """Return an honest, unmodified statement that fits the engagement and the expectation."""
    return AttestationStatement(
        statement_version="1",
        jti="statement-1",
        engagement_id="engagement-1",
        audience="tonne:example",
        issuer_organisation_id="assessor-1",
        issuer_legal_name="华信碳核查有限公司",
        issuer_accreditation=None,
        signatory_name="Li Wen",
        signatory_role="Engagement partner",
        responsible_party="Qingshi Aluminium Group",
        intended_users=("Example Bank",),
        facility_id="facility-1",
        terms_sha256="11" * 32,
        kpi_id="kpi-1",
        kpi_definition_sha256="22" * 32,
        measure="operational_incl_power",
        methodology_id="article-2024-draft",
        methodology_version="1",
        factor_set_version="2026-01",
        factor_set_sha256="33" * 32,
        boundary="smelter operations including purchased power",
        sites=("site-a", "site-b"),
        period_start=date(2025, 1, 1),
        period_end=date(2026, 1, 1),
        value="9.264",
        unit="tCO2e/t",
        baseline_value="9.801",
        criteria=None,
        standard=AssuranceStandard.ISAE_3410,
        level=AssuranceLevel.LIMITED,
        outcome=Outcome.UNMODIFIED,
        qualification_text=None,
        affected_kpi_ids=None,
        emphasis_of_matter=None,
        inherent_limits=None,
        materiality=Materiality(percent="5", qualitative=None),
        snapshot_sha256="44" * 32,
        evidence=(
            EvidenceDigest(sha256="55" * 32, media_type="text/csv", size_bytes=20480, label="activity 2025"),
            EvidenceDigest(sha256="66" * 32, media_type="application/pdf", size_bytes=99, label="meter certificate"),
        ),
        sampling_note=None,
        site_visits=("site-a 2026-01-20",),
        independence_statement="We are independent of the borrower and the lender.",
        issued_at=datetime(2026, 2, 10, 8, 58, 0, tzinfo=UTC),
        valid_from=None,
        supersedes=None,
        supersede_reason=None,
        use_restriction=None,
        language="en",
        other_languages=("zh-CN",),
    )


def envelope(of: AttestationStatement | None = None) -> bytes:
    """Return a statement signed by the registered key."""
    return sign_statement(statement() if of is None else of, PRIVATE_KEY, kid=KID)


def verdict(
    received: bytes | None = None,
    *,
    key: RegisteredKey | None = registered_key(),  # noqa: B008 - a frozen value
    mandate: Engagement | None = None,
    expected: Expectation | None = None,
    received_at: datetime = RECEIVED_AT,
    seen_jtis: frozenset[str] = frozenset(),
) -> Verdict:
    """Return what assess says of bytes, everything not given being the honest example."""
    return assess(
        envelope() if received is None else received,
        keys={} if key is None else {KID: key},
        engagement=mandate or engagement(),
        expectation=expected or expectation(),
        received_at=received_at,
        seen_jtis=seen_jtis,
        standards=standards(),
    )


def test_the_honest_example_is_accepted_without_remark() -> None:
    answer = verdict()

    assert isinstance(answer, Accepted)
    assert answer.statement == statement()
    assert answer.remarks == ()


def test_the_example_bent_in_one_place_differs_in_that_place_only() -> None:
    bent = replace(statement(), value="9.265")

    assert replace(bent, value="9.264") == statement()
