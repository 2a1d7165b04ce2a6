"""How a smelter's verified reduction made its loan cheaper, told step by step as the treasurer, the bank and the assessor did it.

The smelter is the invented one of ``examples/smelter``; the loan is CNY 200,000,000 over three years at 3.45 %.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

from finance.attestations.signatures import sign_statement
from finance.attestations.statements import (
    AssuranceLevel,
    AssuranceStandard,
    AttestationStatement,
    EvidenceDigest,
    Outcome,
)
from finance.emissions.activity import parse_activity
from finance.feeds.tabular import read_table
from finance.loans.price_explanation import rate_on
from finance.loans.rate_determinations import DeterminationCause
from finance.operations import attestations, determinations, engagements, facilities, kpi_periods, signing_keys
from finance.operations.activity import emissions_of_year, record_activity, record_reference
from finance.operations.loan_view import KnownLoan, known_loan
from finance.store import activity_reference, reference
from finance.store import attestations as kept_attestations
from finance.store import facilities as kept_facilities
from finance.store import kpi_periods as kept_periods
from finance.store.attestations import EngagementRecord
from finance.store.determinations import Determination
from ledger.core.errors import Conflict, Forbidden
from ledger.core.parties import Actor
from ledger.store.database import Database
from tests.loan_terms import terms_of

SPACE = UUID("00000000-0000-0000-0000-00000000f001")
ACTIVITY = Path(__file__).parents[2] / "examples" / "smelter" / "activity.csv"
METHODOLOGY, KPI_ID, KID, AUDIENCE = "article-2024-draft", "intensity", "assessor-key-1", "tonne"
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))  # stays with the assessor


def named(name: str) -> UUID:
    return uuid5(SPACE, name)


TREASURER = Actor(user_id=named("treasurer"), organisation_id=named("smelter"))
BANKER = Actor(user_id=named("banker"), organisation_id=named("bank"))
VERIFIER = Actor(user_id=named("verifier"), organisation_id=named("assessor"))
FACILITY_ID = named("facility")


@dataclass(frozen=True)
class Desk:
    """Where the three of them work; the hour moves only when the story says so."""

    session: Session

    def load_two_years(self, now: datetime) -> None:
        raw = ACTIVITY.read_bytes()
        (table,) = read_table("activity.csv", raw)
        record_reference(self.session, (reference.shipped_factors(),), now=now)
        record_activity(
            self.session,
            TREASURER.organisation_id,
            parse_activity(table, activity_reference.shipped_template()),
            raw_sha256="0" * 64,
            actor=TREASURER,
            now=now,
        )

    def sign_the_loan(self, reduction: str, now: datetime) -> None:
        """The treasurer proposes the terms, the banker agrees to exactly those."""
        changed = {
            "kpis.0.targets.0.rule.reduction": reduction,
            "reporting.report_due_days": 150,
            "reporting.attestation_due_days": 180,
        }
        terms = terms_of(TREASURER.organisation_id, BANKER.organisation_id, changed)
        sha256 = facilities.open_facility(
            self.session, FACILITY_ID, terms, actor=TREASURER, now=now, random_bytes=secrets.token_bytes
        )
        facility = kept_facilities.find_facility(self.session, FACILITY_ID)
        assert facility is not None
        facilities.agree_to_terms(
            self.session, facility, 1, sha256, actor=BANKER, now=now, random_bytes=secrets.token_bytes
        )

    def report_year(self, year: int, purpose: str, now: datetime) -> tuple[UUID, str]:
        facility = kept_facilities.find_facility(self.session, FACILITY_ID)
        assert facility is not None
        period_id = named(f"period {year}")
        kpi_periods.open_period(
            self.session,
            facility,
            kpi_period_id=period_id,
            kpi_id=KPI_ID,
            year=year,
            purpose=purpose,
            actor=TREASURER,
            now=now,
        )
        kpi_periods.lock_period(self.session, period_id, stated=None, actor=TREASURER, now=now)
        return period_id, kpi_periods.report_period(self.session, period_id, actor=TREASURER, now=now)

    def register_the_assessors_key(self, now: datetime) -> None:
        challenge_id = named("challenge")
        public_key = PRIVATE_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        message = signing_keys.challenge_key(
            self.session,
            challenge_id=challenge_id,
            key_id=KID,
            public_key=public_key,
            nonce=bytes(32),
            actor=VERIFIER,
            now=now,
        )
        signing_keys.register_key(
            self.session,
            challenge_id,
            PRIVATE_KEY.sign(message),
            actor=VERIFIER,
            now=now,
            random_bytes=secrets.token_bytes,
        )
        colleague = replace(VERIFIER, user_id=named("the verifier's colleague"))
        signing_keys.approve_key(self.session, KID, actor=colleague, now=now, random_bytes=secrets.token_bytes)

    def verify_year(self, period_id: UUID, now: datetime) -> UUID:
        """Engage the assessor, let it declare its independence and sign; return the accepted attestation's id."""
        facility = kept_facilities.find_facility(self.session, FACILITY_ID)
        assert facility is not None
        engagement_id = named(f"engagement {period_id}")
        mandate = EngagementRecord(
            engagement_id=engagement_id,
            kpi_period_id=period_id,
            facility_id=FACILITY_ID,
            assessor_id=VERIFIER.organisation_id,
            assessor_legal_name="华信碳核查有限公司",
            responsible_party="Qingshi Aluminium",
            level=AssuranceLevel.LIMITED,
            standard=AssuranceStandard.ISAE_3410,
            valid_from=now,
            valid_to=None,
            is_independence_declared=False,
        )
        for actor, step in (
            (TREASURER, engagements.engage_assessor),
            (VERIFIER, engagements.declare_independence),
        ):
            step(
                self.session,
                facility,
                mandate,
                sharing_a_person=frozenset(),
                actor=actor,
                now=now,
                random_bytes=secrets.token_bytes,
            )
        engagement = kept_attestations.find_engagement(self.session, engagement_id)
        assert engagement is not None
        envelope = sign_statement(self.statement(engagement, now), PRIVATE_KEY, kid=KID)
        record = attestations.submit_attestation(
            self.session,
            engagement,
            envelope,
            attestation_id=named(f"attestation {period_id}"),
            reception=attestations.Reception(
                audience=AUDIENCE, sharing_a_person=frozenset(), random_bytes=secrets.token_bytes
            ),
            actor=VERIFIER,
            now=now,
        )
        assert record.code is None, record.reason
        return record.attestation_id

    def statement(self, engagement: EngagementRecord, now: datetime) -> AttestationStatement:
        period = kept_periods.find_period(self.session, engagement.kpi_period_id)
        assert period is not None
        due = attestations.expectation_of(self.session, period, engagement.level, audience=AUDIENCE)
        return AttestationStatement(
            statement_version="1",
            jti=f"statement-{period.period_start.year}",
            engagement_id=str(engagement.engagement_id),
            audience=due.audience,
            issuer_organisation_id=str(engagement.assessor_id),
            issuer_legal_name=engagement.assessor_legal_name,
            issuer_accreditation=None,
            signatory_name="Li Wen",
            signatory_role="Engagement partner",
            responsible_party=engagement.responsible_party,
            intended_users=("Industrial Bank",),
            facility_id=due.facility_id,
            terms_sha256=due.terms_sha256,
            kpi_id=due.kpi_id,
            kpi_definition_sha256=due.kpi_definition_sha256,
            measure=due.measure,
            methodology_id=due.methodology_id,
            methodology_version=due.methodology_version,
            factor_set_version=due.factor_set_version,
            factor_set_sha256=due.factor_set_sha256,
            boundary=due.boundary,
            sites=due.sites,
            period_start=due.period_start,
            period_end=due.period_end,
            value=due.value,
            unit=due.unit,
            baseline_value=due.baseline_value,
            criteria=None,
            standard=engagement.standard,
            level=engagement.level,
            outcome=Outcome.UNMODIFIED,
            qualification_text=None,
            affected_kpi_ids=None,
            emphasis_of_matter=None,
            inherent_limits=None,
            materiality=None,
            snapshot_sha256=due.snapshot_sha256,
            evidence=tuple(
                EvidenceDigest(sha256=digest, media_type="application/json", size_bytes=4096, label="data snapshot")
                for digest in sorted(due.required_evidence)
            ),
            sampling_note=None,
            site_visits=("Beihe, January",),
            independence_statement="We are independent of the borrower and the lender.",
            issued_at=now,
            valid_from=None,
            supersedes=None,
            supersede_reason=None,
            use_restriction=None,
            language="en",
            other_languages=(),
        )

    def propose(self, period_id: UUID, now: datetime, today: date) -> Determination:
        period = kept_periods.find_period(self.session, period_id)
        assert period is not None
        return determinations.propose(
            self.session,
            FACILITY_ID,
            period.period_start,
            determinations.Occasion(cause=DeterminationCause.FIRST, replaces=None),
            determination_id=named("determination"),
            actor=TREASURER,
            now=now,
            today=today,
            random_bytes=secrets.token_bytes,
        )

    def loan(self, known_at: datetime) -> KnownLoan:
        return known_loan(self.session, FACILITY_ID, known_at=known_at)

    def rate_on(self, day: date, known_at: datetime | None = None) -> Fraction:
        return rate_on(self.loan(known_at or LAST).schedule("A"), day)

    def saving_fen(self) -> int:
        loan = self.loan(LAST)
        return loan.base_schedule("A").total_interest_minor - loan.schedule("A").total_interest_minor


SIGNING = datetime(2025, 3, 3, 2, 0, tzinfo=UTC)
BASELINE_VERIFIED = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)
YEAR_VERIFIED = datetime(2026, 4, 20, 2, 0, tzinfo=UTC)
PROPOSED = datetime(2026, 4, 28, 2, 0, tzinfo=UTC)
APPROVED = datetime(2026, 5, 5, 16, 30, tzinfo=UTC)
LAST = datetime(2026, 5, 31, 2, 0, tzinfo=UTC)
PROPOSED_ON, APPROVED_ON = date(2026, 4, 28), date(2026, 5, 6)


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.writer() as session:
        yield Desk(session=session)


def until_the_proposal(desk: Desk, reduction: str) -> tuple[UUID, Determination]:
    """Everything from the first month of data to the treasurer's proposal."""
    desk.load_two_years(SIGNING)
    desk.sign_the_loan(reduction, SIGNING)
    desk.register_the_assessors_key(SIGNING)
    baseline_id, _ = desk.report_year(2024, "baseline", BASELINE_VERIFIED)
    desk.verify_year(baseline_id, BASELINE_VERIFIED)
    period_id, _ = desk.report_year(2025, "test", YEAR_VERIFIED)
    desk.verify_year(period_id, YEAR_VERIFIED)
    return period_id, desk.propose(period_id, PROPOSED, PROPOSED_ON)


def test_a_smelter_cuts_its_carbon_and_pays_ten_basis_points_less(desk: Desk) -> None:
    # The treasurer loads 24 months of activity. The year's intensity needs no retyping: 8.1636 t per tonne in 2025.
    desk.load_two_years(SIGNING)
    factors = reference.shipped_factors().version
    year = emissions_of_year(
        desk.session, TREASURER.organisation_id, year=2025, methodology_id=METHODOLOGY, factor_set_version=factors
    )
    assert kpi_periods.print_value(year.intensity_tco2e_per_t(), 4) == "8.1636"

    # The loan is signed: 3.45 %, and 10 bp less once the intensity is verified at least 3 % below that of 2024.
    desk.sign_the_loan("0.03", SIGNING)
    assert desk.rate_on(date(2026, 7, 1)) == Fraction(345, 10_000)

    # The baseline year is locked, reported and verified by an assessor who holds its own key.
    desk.register_the_assessors_key(SIGNING)
    baseline_id, baseline_value = desk.report_year(2024, "baseline", BASELINE_VERIFIED)
    desk.verify_year(baseline_id, BASELINE_VERIFIED)
    assert baseline_value == "8.5362"

    # A year later the test year goes the same way: (8.5362 - 8.1636) / 8.5362 is 4.365 %, above the 3 % agreed.
    period_id, value = desk.report_year(2025, "test", YEAR_VERIFIED)
    attestation_id = desk.verify_year(period_id, YEAR_VERIFIED)
    assert value == "8.1636"

    # The treasurer proposes on 28 April; nothing changes until the bank has answered.
    proposal = desk.propose(period_id, PROPOSED, PROPOSED_ON)
    (price,) = proposal.proposal.prices
    assert (price.adjustment_before_bp, price.adjustment_after_bp) == (Fraction(0), Fraction(-10))
    assert desk.rate_on(date(2026, 7, 1)) == Fraction(345, 10_000)

    # A banker approves on 6 May, Shanghai time. The interest period that begins on 20 June is the first to be cheaper.
    approved = determinations.approve(
        desk.session,
        proposal.determination_id,
        proposal.digest,
        actor=BANKER,
        now=APPROVED,
        today=APPROVED_ON,
        random_bytes=secrets.token_bytes,
    )
    assert approved.decision is not None
    assert approved.decision.prices[0].effective_from == date(2026, 6, 20)
    assert desk.rate_on(date(2026, 6, 19)) == Fraction(345, 10_000)
    assert desk.rate_on(date(2026, 6, 20)) == Fraction(335, 10_000)

    # Six payments are left, over 92, 91, 90, 92, 92 and 91 days. 10 bp of 200,000,000 are 555.56 a day of 360:
    # 3 x 51,111.11 + 2 x 50,555.56 + 50,000.00 = CNY 304,444.45.
    assert desk.saving_fen() == 30_444_445

    # Asked why, the loan names the attestation; asked what it knew in April, it still says 3.45 %.
    why = desk.loan(LAST).explain_rate("A", date(2026, 7, 1))
    assert all(leaf.source for leaf in why.leaves())
    assert any(str(attestation_id) in leaf.source for leaf in why.leaves())
    assert desk.rate_on(date(2026, 7, 1), known_at=PROPOSED) == Fraction(345, 10_000)


def test_a_smelter_that_cuts_too_little_pays_what_it_paid(desk: Desk) -> None:
    # The same data under a contract that asks for 5 %: 4.365 % is not enough.
    _, proposal = until_the_proposal(desk, "0.05")

    determinations.approve(
        desk.session,
        proposal.determination_id,
        proposal.digest,
        actor=BANKER,
        now=APPROVED,
        today=APPROVED_ON,
        random_bytes=secrets.token_bytes,
    )

    assert proposal.proposal.prices[0].adjustment_after_bp == 0
    assert desk.saving_fen() == 0


def test_nobody_approves_what_they_or_their_house_proposed(desk: Desk) -> None:
    _, proposal = until_the_proposal(desk, "0.03")
    colleague = Actor(user_id=named("colleague"), organisation_id=TREASURER.organisation_id)
    same_person_elsewhere = Actor(user_id=TREASURER.user_id, organisation_id=BANKER.organisation_id)
    another_bank = Actor(user_id=named("other banker"), organisation_id=named("other bank"))

    for actor, expected in (
        (TREASURER, "determination.same_person"),
        (same_person_elsewhere, "determination.same_person"),
        (colleague, "determination.same_organisation"),
        (another_bank, "determination.not_lender"),
        (VERIFIER, "determination.not_lender"),
    ):
        with pytest.raises(Forbidden) as refused:
            determinations.approve(
                desk.session,
                proposal.determination_id,
                proposal.digest,
                actor=actor,
                now=APPROVED,
                today=APPROVED_ON,
                random_bytes=secrets.token_bytes,
            )
        assert refused.value.code == expected
    with pytest.raises(Forbidden) as no_lender:
        determinations.refuse(
            desk.session,
            proposal.determination_id,
            proposal.digest,
            "not ours to decide",
            actor=another_bank,
            now=APPROVED,
            today=APPROVED_ON,
            random_bytes=secrets.token_bytes,
        )
    assert no_lender.value.code == "determination.not_lender"
    assert desk.saving_fen() == 0


def test_an_assessor_takes_its_word_back_before_the_bank_has_answered(desk: Desk) -> None:
    period_id, proposal = until_the_proposal(desk, "0.03")
    (record,) = kept_attestations.list_attestations(desk.session, period_id)
    attestations.withdraw_attestation(
        desk.session, record, "a meter was wrong", actor=VERIFIER, now=APPROVED, random_bytes=secrets.token_bytes
    )

    with pytest.raises(Conflict) as refused:
        determinations.approve(
            desk.session,
            proposal.determination_id,
            proposal.digest,
            actor=BANKER,
            now=APPROVED,
            today=APPROVED_ON,
            random_bytes=secrets.token_bytes,
        )

    assert refused.value.code == "determination.evidence_changed"
    assert desk.rate_on(date(2026, 7, 1)) == Fraction(345, 10_000)
