"""A borrower, its bank and an assessor on the example smelter's loan, as the other loan tests use them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from finance.attestations.documents import statement_from_mapping
from finance.attestations.signatures import sign_statement
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, colleague_of, member
from tests.loan_terms import terms_document

SMELTER = Path(__file__).parents[2] / "examples" / "smelter"
KID = "assessor-key-1"
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ALL_SCOPES = tuple(Scope)


def text_of(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_text(private_key: Ed25519PrivateKey) -> str:
    return text_of(private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def statement_of(expectation: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """The honest statement that fits ``expectation``, with the members in ``changed`` bent."""
    fixed = {name: value for name, value in expectation.items() if name != "required_evidence"}
    own = {
        "jti": f"statement-{expectation['period_start'][:4]}",
        "issuer_accreditation": None,
        "signatory_name": "Li Wen",
        "signatory_role": "Engagement partner",
        "intended_users": ["Example Bank"],
        "criteria": None,
        "outcome": "unmodified",
        "qualification_text": None,
        "affected_kpi_ids": None,
        "emphasis_of_matter": None,
        "inherent_limits": None,
        "materiality": {"percent": "5", "qualitative": None},
        "evidence": [
            {"sha256": digest, "media_type": "application/json", "size_bytes": "4096", "label": "data snapshot"}
            for digest in expectation["required_evidence"]
        ],
        "sampling_note": None,
        "site_visits": ["Beihe 2026-01-20"],
        "independence_statement": "We are independent of the borrower and the lender.",
        "issued_at": "2026-05-05T16:00:00Z",
        "valid_from": None,
        "supersedes": None,
        "supersede_reason": None,
        "use_restriction": None,
        "language": "en",
        "other_languages": [],
    }
    return {**fixed, **own, **changed}


def signed(statement: Mapping[str, Any], private_key: Ed25519PrivateKey = PRIVATE_KEY, kid: str = KID) -> bytes:
    return sign_statement(statement_from_mapping(statement), private_key, kid=kid)


@dataclass
class World:
    """Three organisations before one application; each step of the chain is a method that asserts it went well."""

    client: Client
    database: Database
    clock: Clock
    randomness: Randomness
    borrower: Member
    lender: Member
    assessor: Member

    def get(self, who: Member, path: str) -> httpx.Response:
        return self.client.get(f"/v1{path}", key=who.key)

    def post(
        self, who: Member, path: str, body: Mapping[str, Any] | None = None, *, idempotency_key: str = ""
    ) -> httpx.Response:
        content = None if body is None else json.dumps(body)
        return self.client.post(f"/v1{path}", content, key=who.key, headers=_keyed(idempotency_key))

    def done(self, answer: httpx.Response, status: int = 201) -> dict[str, Any]:
        assert answer.status_code == status, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def member_of(self, kind: OrganisationKind, name: str, scopes: tuple[Scope, ...] = ALL_SCOPES) -> Member:
        return member(self.database, self.clock, self.randomness, kind, name, scopes)

    def colleague_of(self, first: Member) -> Member:
        """Another person of the same organisation, with every scope."""
        return self.person_of(first, "second@example.com")

    def person_of(self, first: Member, email: str) -> Member:
        """The person of that address in the same organisation, with every scope."""
        return colleague_of(self.database, self.clock, self.randomness, first, email, ALL_SCOPES)

    def upload(self, raw: bytes, *, content_type: str = "text/csv") -> httpx.Response:
        headers = {"Content-Type": content_type}
        return self.client.post("/v1/activity", raw, key=self.borrower.key, headers=headers)

    def upload_example(self) -> None:
        self.done(self.upload((SMELTER / "activity.csv").read_bytes()))

    def facility_body(self, changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The terms to be posted; ``changed`` maps paths to other values."""
        return {"terms": terms_document(self.borrower.organisation_id, self.lender.organisation_id, changed)}

    def open_facility(self, changed: Mapping[str, Any] | None = None) -> str:
        """Open a facility and let the lender agree to its terms."""
        opened = self.done(self.post(self.borrower, "/facilities", self.facility_body(changed)))
        self.agree(self.lender, opened["id"], opened["terms_sha256"])
        return str(opened["id"])

    def agree(self, who: Member, facility_id: str, sha256: str, version: int = 1) -> dict[str, Any]:
        path = f"/facilities/{facility_id}/terms/{version}/agreement"
        return self.done(self.post(who, path, {"sha256": sha256}), 200)

    def open_period(self, facility_id: str, year: int, purpose: str) -> str:
        body = {"kpi_id": "intensity", "year": year, "purpose": purpose}
        return str(self.done(self.post(self.borrower, f"/facilities/{facility_id}/kpi-periods", body))["id"])

    def reported_period(self, facility_id: str, year: int, purpose: str) -> str:
        period_id = self.open_period(facility_id, year, purpose)
        self.done(self.post(self.borrower, f"/kpi-periods/{period_id}/lock", {}), 200)
        self.done(self.post(self.borrower, f"/kpi-periods/{period_id}/report"), 200)
        return period_id

    def engage(self, period_id: str, **changed: str) -> str:
        body = {
            "kpi_period_id": period_id,
            "assessor_id": str(self.assessor.organisation_id),
            "level": "limited",
            "standard": "isae_3410",
            **changed,
        }
        return str(self.done(self.post(self.borrower, "/engagements", body))["id"])

    def engage_independent(self, period_id: str) -> str:
        engagement_id = self.engage(period_id)
        self.done(self.post(self.assessor, f"/engagements/{engagement_id}/independence"), 200)
        return engagement_id

    def register_key(
        self, who: Member | None = None, private_key: Ed25519PrivateKey = PRIVATE_KEY, key_id: str = KID
    ) -> None:
        holder = who or self.assessor
        asked = {"key_id": key_id, "public_key": public_text(private_key)}
        challenge = self.done(self.post(holder, "/signing-keys/challenges", asked))
        signature = text_of(private_key.sign(octets_of(challenge["challenge"])))
        answer = {"challenge_id": challenge["challenge_id"], "signature": signature}
        self.done(self.post(holder, "/signing-keys", answer))
        approver = self.person_of(holder, f"approver-{key_id}@{holder.organisation_id}.example")
        self.done(self.post(approver, f"/signing-keys/{key_id}/approve"), 200)

    def expectation(self, engagement_id: str) -> dict[str, Any]:
        return self.done(self.get(self.assessor, f"/engagements/{engagement_id}/expectation"), 200)

    def submit(
        self,
        engagement_id: str,
        envelope: bytes,
        who: Member | None = None,
        *,
        content_type: str = "application/jose+json",
        idempotency_key: str = "",
    ) -> httpx.Response:
        path = f"/v1/engagements/{engagement_id}/attestations"
        sent = {"Content-Type": content_type, **_keyed(idempotency_key)}
        self.clock.advance(seconds=1)  # what is received later has a later instant
        return self.client.post(path, envelope, key=(who or self.assessor).key, headers=sent)

    def attest(self, engagement_id: str, **changed: Any) -> str:
        statement = statement_of(self.expectation(engagement_id), **changed)
        return str(self.done(self.submit(engagement_id, signed(statement)))["id"])

    def attested(self, changed: Mapping[str, Any] | None = None) -> Chain:
        """The chain up to two attested periods, baseline 2024 and test 2025."""
        self.upload_example()
        self.register_key()
        facility_id = self.open_facility(changed)
        baseline_id = self.reported_period(facility_id, 2024, "baseline")
        baseline_engagement_id = self.engage_independent(baseline_id)
        baseline_attestation_id = self.attest(baseline_engagement_id)
        period_id = self.reported_period(facility_id, 2025, "test")
        engagement_id = self.engage_independent(period_id)
        return Chain(
            facility_id=facility_id,
            baseline_id=baseline_id,
            baseline_engagement_id=baseline_engagement_id,
            baseline_attestation_id=baseline_attestation_id,
            period_id=period_id,
            engagement_id=engagement_id,
            attestation_id=self.attest(engagement_id),
        )

    def propose(self, chain: Chain, **why: str) -> dict[str, Any]:
        return self.done(self.post(self.borrower, f"/kpi-periods/{chain.period_id}/determinations", why))

    def approve(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        path = f"/determinations/{proposal['id']}/approve"
        return self.done(self.post(self.lender, path, {"digest": proposal["digest"]}), 200)

    def rate(self, facility_id: str, on: str) -> str:
        return str(self.done(self.get(self.lender, f"/facilities/{facility_id}/rate?on={on}"), 200)["rate"])


def _keyed(idempotency_key: str) -> dict[str, str]:
    return {"Idempotency-Key": idempotency_key} if idempotency_key else {}


@dataclass(frozen=True)
class Chain:
    """The ids of one facility's chain."""

    facility_id: str
    baseline_id: str
    baseline_engagement_id: str
    baseline_attestation_id: str
    period_id: str
    engagement_id: str
    attestation_id: str


@pytest.fixture
def world(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[World]:
    clock.now = datetime(2026, 5, 5, 16, 30, tzinfo=UTC)  # in Shanghai it is 6 May, half past midnight
    with Client(app) as client:
        yield World(
            client=client,
            database=database,
            clock=clock,
            randomness=randomness,
            borrower=member(database, clock, randomness, OrganisationKind.BORROWER, "Qingshi Aluminium", ALL_SCOPES),
            lender=member(database, clock, randomness, OrganisationKind.LENDER, "Industrial Bank", ALL_SCOPES),
            assessor=member(database, clock, randomness, OrganisationKind.ASSESSOR, "华信碳核查有限公司", ALL_SCOPES),
        )


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_verified_reduction_lowers_the_rate_from_the_next_interest_period(world: World) -> None:
    chain = world.attested()

    proposal = world.propose(chain)
    decided = world.approve(proposal)

    assert proposal["found"] == [{"kpi_id": "intensity", "status": "met", "value": "8.1636"}]
    (price,) = proposal["prices"]
    assert (price["adjustment_before_bp"], price["adjustment_after_bp"]) == ("0", "-10")
    assert proposal["evidence"] == [
        {
            "kpi_period_id": chain.period_id,
            "attestation_id": chain.attestation_id,
            "baseline_attestation_id": chain.baseline_attestation_id,
        }
    ]
    # Approved on 6 May in Shanghai, settlement on the 20th of March, June, September and December: from 20 June.
    assert decided["decision"]["decided_on"] == "2026-05-06"
    assert decided["decision"]["prices"][0]["effective_from"] == "2026-06-20"
    assert (world.rate(chain.facility_id, "2026-06-19"), world.rate(chain.facility_id, "2026-06-20")) == (
        "0.0345",
        "0.0335",
    )
    period = world.done(world.get(world.borrower, f"/kpi-periods/{chain.period_id}"), 200)
    assert [event["state"] for event in period["events"]] == [
        "open",
        "locked",
        "reported",
        "attested",
        "under_review",
        "determined",
    ]
