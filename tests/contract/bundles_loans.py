"""A loan taken through the real operations up to an approved determination, and its bundle, member by member, to be bent."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

import tonne_verify
from finance.attestations.documents import statement_from_mapping
from finance.attestations.signatures import sign_statement
from finance.attestations.statements import (
    AssuranceLevel,
    AssuranceStandard,
    AttestationStatement,
    EvidenceDigest,
    Outcome,
)
from finance.conventions.documents import from_document
from finance.emissions.activity import parse_activity
from finance.feeds.tabular import read_table
from finance.loans.facility_terms import FacilityTerms
from finance.loans.rate_determinations import DeterminationCause
from finance.operations import (
    attestations,
    determinations,
    engagements,
    evidence_bundle,
    facilities,
    kpi_periods,
    signing_keys,
)
from finance.operations.activity import record_activity, record_reference
from finance.operations.attestations import Reception
from finance.operations.kpi_periods import StatedValue
from finance.store import activity_reference, loan_facts, reference
from finance.store import attestations as kept_attestations
from finance.store import facilities as kept_facilities
from finance.store import kpi_periods as kept_periods
from finance.store.attestations import EngagementRecord
from finance.store.determinations import Determination
from ledger import proofs
from ledger.core.checkpoint import Signer
from ledger.core.parties import Actor
from ledger.store import books
from tests.loan_terms import terms_document

SPACE = UUID("00000000-0000-0000-0000-00000000f012")
ACTIVITY = Path(__file__).parents[2] / "examples" / "smelter" / "activity.csv"
KID, AUDIENCE = "assessor-key-1", "tonne"
ASSESSOR = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FORGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))


def named(name: str) -> UUID:
    return uuid5(SPACE, name)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


TREASURER = Actor(user_id=named("treasurer"), organisation_id=named("smelter"))
BANKER = Actor(user_id=named("banker"), organisation_id=named("bank"))
VERIFIER = Actor(user_id=named("verifier"), organisation_id=named("assessor"))
PARTNER = Actor(user_id=named("partner"), organisation_id=named("assessor"))
FACILITY_ID = named("facility")


@dataclass
class Desk:
    """Where the three of them work; an hour passes with each step."""

    session: Session
    treasurer: Actor = TREASURER
    banker: Actor = BANKER
    verifier: Actor = VERIFIER
    partner: Actor = PARTNER
    now: datetime = datetime(2026, 3, 2, 1, tzinfo=UTC)
    _drawn: int = 0

    def later(self, **by: int) -> datetime:
        self.now += timedelta(**(by or {"hours": 1}))
        return self.now

    def random_bytes(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.sha256(f"random {self._drawn}".encode()).digest()[:count]

    def prepare(self, changed: Mapping[str, Any] | None = None) -> FacilityTerms:
        """Load two years of activity, open and agree the facility, register the assessor's key."""
        raw = ACTIVITY.read_bytes()
        (table,) = read_table("activity.csv", raw)
        record_reference(self.session, (reference.shipped_factors(),), now=self.now)
        months = parse_activity(table, activity_reference.shipped_template())
        record_activity(
            self.session,
            self.treasurer.organisation_id,
            months,
            raw_sha256="0" * 64,
            actor=self.treasurer,
            now=self.now,
        )
        document = terms_document(self.treasurer.organisation_id, self.banker.organisation_id, changed)
        terms = from_document(FacilityTerms, document, area="terms")
        sha256 = facilities.open_facility(
            self.session, FACILITY_ID, terms, actor=self.treasurer, now=self.later(), random_bytes=self.random_bytes
        )
        facility = kept_facilities.find_facility(self.session, FACILITY_ID)
        assert facility is not None
        facilities.agree_to_terms(
            self.session, facility, 1, sha256, actor=self.banker, now=self.later(), random_bytes=self.random_bytes
        )
        self.register_key()
        return terms

    def register_key(self) -> None:
        message = signing_keys.challenge_key(
            self.session,
            challenge_id=named("challenge"),
            key_id=KID,
            public_key=public(ASSESSOR),
            nonce=bytes(32),
            actor=self.verifier,
            now=self.later(),
        )
        signing_keys.register_key(
            self.session,
            named("challenge"),
            ASSESSOR.sign(message),
            actor=self.verifier,
            now=self.later(minutes=5),
            random_bytes=self.random_bytes,
        )
        signing_keys.approve_key(
            self.session, KID, actor=self.partner, now=self.later(), random_bytes=self.random_bytes
        )

    def attest(self, year: int, purpose: str, kpi_id: str = "intensity", value: str | None = None) -> UUID:
        """Report a year and let the assessor sign it; return the attestation's id."""
        facility = kept_facilities.find_facility(self.session, FACILITY_ID)
        assert facility is not None
        period_id = named(f"period {kpi_id} {year}")
        kpi_periods.open_period(
            self.session,
            facility,
            kpi_period_id=period_id,
            kpi_id=kpi_id,
            year=year,
            purpose=purpose,
            actor=self.treasurer,
            now=self.later(),
        )
        return self.restate(year, kpi_id, value, name=f"{kpi_id} {year}")

    def restate(self, year: int, kpi_id: str, value: str | None, *, name: str, supersedes: str | None = None) -> UUID:
        """Lock, report and attest the period as its data are now."""
        period_id = named(f"period {kpi_id} {year}")
        stated = None if value is None else StatedValue(value=value, evidence_sha256=("e" * 64,), note="register")
        kpi_periods.lock_period(self.session, period_id, stated=stated, actor=self.treasurer, now=self.later())
        kpi_periods.report_period(self.session, period_id, actor=self.treasurer, now=self.later())
        return self._signed(period_id, name, supersedes)

    def _signed(self, period_id: UUID, name: str, supersedes: str | None) -> UUID:
        facility = kept_facilities.find_facility(self.session, FACILITY_ID)
        assert facility is not None
        engagement_id = named(f"engagement {name}")
        mandate = EngagementRecord(
            engagement_id=engagement_id,
            kpi_period_id=period_id,
            facility_id=FACILITY_ID,
            assessor_id=self.verifier.organisation_id,
            assessor_legal_name="华信碳核查有限公司",
            responsible_party="Beihe Aluminium",
            level=AssuranceLevel.LIMITED,
            standard=AssuranceStandard.ISAE_3410,
            valid_from=self.now,
            valid_to=None,
            is_independence_declared=False,
        )
        engagements.engage_assessor(
            self.session,
            facility,
            mandate,
            sharing_a_person=frozenset(),
            actor=self.treasurer,
            now=self.later(),
            random_bytes=self.random_bytes,
        )
        kept_attestations.declare_independence(
            self.session, engagement_id, now=self.later(), declared_by=self.verifier.user_id
        )
        engagement = kept_attestations.find_engagement(self.session, engagement_id)
        assert engagement is not None
        envelope = sign_statement(self._statement(engagement, name, supersedes), ASSESSOR, kid=KID)
        reception = Reception(audience=AUDIENCE, sharing_a_person=frozenset(), random_bytes=self.random_bytes)
        record = attestations.submit_attestation(
            self.session,
            engagement,
            envelope,
            attestation_id=named(f"attestation {name}"),
            reception=reception,
            actor=self.verifier,
            now=self.later(),
        )
        assert record.code is None, record.reason
        return record.attestation_id

    def _statement(self, engagement: EngagementRecord, name: str, supersedes: str | None) -> AttestationStatement:
        period = kept_periods.find_period(self.session, engagement.kpi_period_id)
        assert period is not None
        due = attestations.expectation_of(self.session, period, engagement.level, audience=AUDIENCE)
        return AttestationStatement(
            statement_version="1",
            jti=f"statement-{name.replace(' ', '-')}",
            engagement_id=str(engagement.engagement_id),
            audience=due.audience,
            issuer_organisation_id=str(engagement.assessor_id),
            issuer_legal_name=engagement.assessor_legal_name,
            issuer_accreditation=None,
            signatory_name="Li Wen",
            signatory_role="Engagement partner",
            responsible_party=engagement.responsible_party,
            intended_users=("Example Bank",),
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
            evidence=(
                EvidenceDigest(
                    sha256=due.snapshot_sha256, media_type="application/json", size_bytes=4096, label="data snapshot"
                ),
            ),
            sampling_note=None,
            site_visits=(),
            independence_statement="We are independent of the borrower and the lender.",
            issued_at=self.now.replace(microsecond=0),
            valid_from=None,
            supersedes=supersedes,
            supersede_reason=None if supersedes is None else "restated",
            use_restriction=None,
            language="en",
            other_languages=(),
        )

    def decide(
        self,
        name: str,
        period_start: date = date(2025, 1, 1),
        *,
        cause: DeterminationCause = DeterminationCause.FIRST,
        replaces: str | None = None,
    ) -> Determination:
        """Propose and approve, the bank a day after the borrower."""
        at = self.later()
        proposed = determinations.propose(
            self.session,
            FACILITY_ID,
            period_start,
            determinations.Occasion(cause=cause, replaces=None if replaces is None else named(replaces)),
            determination_id=named(name),
            actor=self.treasurer,
            now=at,
            today=at.date(),
            random_bytes=self.random_bytes,
        )
        at = self.later(days=1)
        return determinations.approve(
            self.session,
            proposed.determination_id,
            proposed.digest,
            actor=self.banker,
            now=at,
            today=at.date(),
            random_bytes=self.random_bytes,
        )

    def withdraw(self, attestation_id: UUID) -> None:
        record = kept_attestations.find_attestation(self.session, attestation_id)
        assert record is not None
        attestations.withdraw_attestation(
            self.session, record, "an error", actor=self.verifier, now=self.later(), random_bytes=self.random_bytes
        )

    def checkpoint(self, key: Ed25519PrivateKey = LOG) -> str:
        """Sign every evidence book's log and return the borrower's note."""
        note = ""
        for owner in (self.verifier.organisation_id, self.treasurer.organisation_id):
            for book in books.list_books(self.session, owner):
                signer = Signer(public(key), key.sign)
                note = proofs.publish_checkpoint(self.session, book.book_id, signer, now=self.later()).note
        return note

    def bundle(self, name: str = "determination") -> bytes:
        return evidence_bundle.bundle_of(self.session, named(name))


def story_terms(desk: Desk) -> dict[str, Any]:
    """Two KPIs, the second cumulative by sixths of a basis point; a fixed and an indexed tranche; three business days' notice."""
    base = terms_document(desk.treasurer.organisation_id, desk.banker.organisation_id)
    intensity, first = base["kpis"][0], base["tranches"][0]
    recycled = copy.deepcopy(intensity)
    recycled["definition"].update(kpi_id="recycled", measure="share", unit="1", report_digits=4)
    recycled["baseline"] = None
    recycled["targets"] = [
        {
            "period_start": f"{year}-01-01",
            "period_end": f"{year + 1}-01-01",
            "rule": {"kind": "share", "bound": "at_least", "value": "0.3"},
            "compare_digits": None,
            "is_strict": False,
            "source": "clause 6.3",
        }
        for year in (2024, 2025)
    ]
    index = {
        "kind": "index_rate",
        "index": "LPR1Y",
        "multiplier": "1",
        "spread_bp": "-45",
        "repricing": {"kind": "anniversary", "month": None, "day": None, "dates": []},
        "fixing_lag_business_days": 1,
        "rate_floor": "0",
        "rate_cap": None,
        "index_floor": None,
    }
    step = base["ratchet"]["effects"][0]
    cumulative = {
        **copy.deepcopy(step),
        "effect_id": "recycling",
        "rule": {"kind": "step_per_kpi", "steps": [{"kpi_id": "recycled", "down_bp": "5/12", "up_bp": "0"}]},
        "cap_down_bp": "3",
        "is_cumulative": True,
    }
    rule = {
        "begins": "n_business_days_after",
        "business_days": 3,
        "month": None,
        "day": None,
        "until": "months",
        "months": 15,
    }
    return {
        "kpis": [intensity, recycled],
        "tranches": [first, {**copy.deepcopy(first), "tranche_id": "B", "base_rate": index}],
        "ratchet.effects": [step, cumulative],
        "effect": rule,
    }


def told_story(desk: Desk) -> None:
    """Decide 2024 (one KPI), 2025 (both), and 2025 again after the assessor withdrew what it had signed."""
    desk.now = datetime(2025, 3, 2, 1, tzinfo=UTC)
    desk.prepare(story_terms(desk))
    for day, rate in ((date(2024, 10, 21), Fraction(31, 1000)), (date(2025, 5, 20), Fraction(3, 100))):
        loan_facts.save_fixing(
            desk.session,
            desk.treasurer.organisation_id,
            "LPR1Y",
            day,
            rate,
            source="NIFC",
            now=desk.later(),
            recorded_by=desk.treasurer.user_id,
        )
    desk.attest(2024, "baseline")
    desk.attest(2024, "test", "recycled", "0.35")
    desk.decide("first", date(2024, 1, 1))
    desk.now = datetime(2026, 3, 2, 1, tzinfo=UTC)
    attested = desk.attest(2025, "test")
    desk.attest(2025, "test", "recycled", "0.4")
    desk.now = datetime(2026, 4, 1, 1, tzinfo=UTC)
    desk.decide("second")
    desk.withdraw(attested)
    desk.decide("third", cause=DeterminationCause.ATTESTATION_FELL, replaces="second")


# ---------------------------------------------------------------------------------------------------------------- bending


def spelled(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def text_of(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Members:
    """A bundle's members, in order; what an attacker with the borrower's server could forge anew is forged anew on packing.

    ``digests``: the hashes of terms, proposals, approvals and status lists follow what was bent. Nobody but the assessor and the log
    sign again.
    """

    files: dict[str, bytes]
    bent: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] | None = None

    def document(self, name: str) -> Any:
        """A member as JSON, to be changed in place."""
        if name not in self.bent:
            self.bent[name] = json.loads(self.files[name])
        return self.bent[name]

    @property
    def proposal(self) -> Any:
        return self.document("determination.json")["proposal"]

    @property
    def finding(self) -> Any:
        return self.proposal["findings"][0]

    def named(self, what: str) -> str:
        """The first member whose name begins so."""
        return next(name for name in self.files if name.startswith(what))

    def of_period(self, year: int) -> Any:
        """The status row of the attestation of a year."""
        evidence = self.document("evidence.json")
        ids = {each["kpi_period_id"] for each in evidence["periods"] if each["period_start"].startswith(str(year))}
        return next(each for each in evidence["attestations"] if each["kpi_period_id"] in ids)

    def rehashed(self) -> None:
        """Let every hash that the server keeps follow what was bent."""
        if "terms.json" in self.bent:
            for name in ("determination.json", "agreements.json"):
                self.document(name)
            sha256, old = digest_of(spelled(self.bent["terms.json"])), self.proposal["terms_sha256"]
            for name in [each for each in self.files if each.startswith(("determination", "earlier-"))]:
                self.document(name)["proposal"]["terms_sha256"] = sha256
            for row in self.bent["agreements.json"]["versions"]:
                row["sha256"] = sha256 if row["sha256"] == old else row["sha256"]
        for name in [each for each in self.bent if each.startswith(("determination", "earlier-"))]:
            decided = self.bent[name]
            decided["digest"] = digest_of(spelled(decided["proposal"]))
            for approval in decided["approvals"]:
                approval["digest"] = decided["digest"]
        evidence = self.document("evidence.json")
        for row in (*evidence["attestations"], *evidence["periods"]):
            if row["snapshot"] in self.bent:
                row["snapshot_sha256"] = digest_of(spelled(self.bent[row["snapshot"]]))
            if row.get("member") is not None:
                row["envelope_sha256"] = digest_of(self.files[row["member"]])

    def packed(self) -> bytes:
        for name, document in self.bent.items():
            if name in self.files:
                self.files[name] = spelled(document)
        manifest = self.manifest or json.loads(self.files["manifest.json"])
        if self.manifest is None:
            whats = {each["name"]: each["what"] for each in manifest["members"]}
            manifest["members"] = [
                {"name": name, "sha256": digest_of(content), "what": whats.get(name, "more")}
                for name, content in self.files.items()
                if name != "manifest.json"
            ]
        self.files["manifest.json"] = spelled(manifest)
        return zipped(list(self.files.items()))

    def resigned(self, row: Any, key: Ed25519PrivateKey, **changed: Any) -> None:
        """Put a statement changed so, signed by ``key``, in the place of an attestation."""
        payload = json.loads(octets_of(json.loads(self.files[row["member"]])["payload"]))
        statement = statement_from_mapping({**payload, **changed})
        self.files[row["member"]] = sign_statement(statement, key, kid=KID)


def approved_twice(members: Members) -> None:
    """One person's approval stands twice."""
    approvals = members.document("determination.json")["approvals"]
    approvals.append(dict(approvals[0]))


def members_of(bundle: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(bundle)) as packed:
        return Members(files={name: packed.read(name) for name in packed.namelist()})


def zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
        for name, content in members:
            bundle.writestr(name, content)
    return out.getvalue()


def judged(bundle: bytes, folder: Path, *more: str, keys: Sequence[bytes] = (public(ASSESSOR),)) -> tuple[int, str]:
    """Run the verifier as a bank does; return the exit code and what it said."""
    path = folder / "determination.zip"
    path.write_bytes(bundle)
    out = io.StringIO()
    given = [f"--assessor-key={base64.b64encode(key).decode()}" for key in keys]
    code = tonne_verify.main([str(path), *given, *more], out)
    return code, out.getvalue()


def log_key(key: Ed25519PrivateKey = LOG) -> str:
    return f"--public-key={base64.b64encode(public(key)).decode()}"
