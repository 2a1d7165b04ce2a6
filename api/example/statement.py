"""What the example's assessor states: exactly what the KPI period expects, signed outside the server."""

from __future__ import annotations

from datetime import datetime

from api.example.scenario import Scenario
from finance.attestations.engagements import Expectation
from finance.attestations.statements import (
    STATEMENT_VERSION,
    AttestationStatement,
    EvidenceDigest,
    Materiality,
    Outcome,
)
from finance.store.attestations import EngagementRecord
from finance.store.kpi_periods import DataSnapshot


def honest_statement(
    scenario: Scenario,
    engagement: EngagementRecord,
    expected: Expectation,
    snapshot: DataSnapshot,
    *,
    issued_at: datetime,
    jti: str,
) -> AttestationStatement:
    """Return an unmodified opinion on the locked value; its evidence is the data snapshot itself."""
    organisations = scenario.facts["organisations"]
    signatory = next(iter(organisations["assessor"]["people"].values()))
    return AttestationStatement(
        statement_version=STATEMENT_VERSION,
        jti=jti,
        engagement_id=str(engagement.engagement_id),
        audience=expected.audience,
        issuer_organisation_id=str(engagement.assessor_id),
        issuer_legal_name=engagement.assessor_legal_name,
        issuer_accreditation=None,
        signatory_name=signatory[1],
        signatory_role=signatory[1],
        responsible_party=engagement.responsible_party,
        intended_users=(organisations["lender"]["legal_name"],),
        facility_id=expected.facility_id,
        terms_sha256=expected.terms_sha256,
        kpi_id=expected.kpi_id,
        kpi_definition_sha256=expected.kpi_definition_sha256,
        measure=expected.measure,
        methodology_id=expected.methodology_id,
        methodology_version=expected.methodology_version,
        factor_set_version=expected.factor_set_version,
        factor_set_sha256=expected.factor_set_sha256,
        boundary=expected.boundary,
        sites=expected.sites,
        period_start=expected.period_start,
        period_end=expected.period_end,
        value=expected.value,
        unit=expected.unit,
        baseline_value=expected.baseline_value,
        criteria=None,
        standard=engagement.standard,
        level=engagement.level,
        outcome=Outcome.UNMODIFIED,
        qualification_text=None,
        affected_kpi_ids=None,
        emphasis_of_matter=None,
        inherent_limits=None,
        materiality=Materiality(percent="5", qualitative=None),
        snapshot_sha256=expected.snapshot_sha256,
        evidence=(
            EvidenceDigest(
                sha256=snapshot.sha256,
                media_type="application/json",
                size_bytes=len(snapshot.content.encode()),
                label="locked data snapshot",
            ),
        ),
        sampling_note=None,
        site_visits=(),
        independence_statement="We are independent of the borrower and of the lender.",
        issued_at=issued_at,
        valid_from=None,
        supersedes=None,
        supersede_reason=None,
        use_restriction=None,
        language="en",
        other_languages=(),
    )
