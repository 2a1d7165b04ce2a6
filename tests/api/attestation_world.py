"""The loan tests' world with what attestation adds: several persons of one assessor, approved keys, drafts and seals."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from api.store.access import OrganisationKind
from finance.attestations.signatures import sign_detached
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, colleague_of, member
from tests.api.test_loans_examples import (
    ALL_SCOPES,
    KID,
    PRIVATE_KEY,
    World,
    octets_of,
    public_text,
    statement_of,
    text_of,
)


class AttestationWorld(World):
    """The same three organisations; a key is registered by one person and approved by another."""

    def person_of(self, first: Member, name: str) -> Member:
        """Return another person of the same organisation, known by ``name``."""
        email = name if "@" in name else f"{name}@{first.organisation_id}.example"
        return colleague_of(self.database, self.clock, self.randomness, first, email, ALL_SCOPES)

    def proven_key(
        self, who: Member, private_key: Ed25519PrivateKey = PRIVATE_KEY, key_id: str = KID
    ) -> dict[str, Any]:
        """Register a key by proof of possession; it still awaits its approval."""
        asked = {"key_id": key_id, "public_key": public_text(private_key)}
        challenge = self.done(self.post(who, "/signing-keys/challenges", asked))
        signature = text_of(private_key.sign(octets_of(challenge["challenge"])))
        answer = {"challenge_id": challenge["challenge_id"], "signature": signature}
        return self.done(self.post(who, "/signing-keys", answer))

    def register_key(
        self, who: Member | None = None, private_key: Ed25519PrivateKey = PRIVATE_KEY, key_id: str = KID
    ) -> None:
        holder = who or self.assessor
        self.proven_key(holder, private_key, key_id)
        approver = self.person_of(holder, f"approver-{key_id}")
        self.done(self.post(approver, f"/signing-keys/{key_id}/approve"), 200)

    def upload_json(self, who: Member, path: str, body: bytes | Mapping[str, Any]) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/v1{path}", raw, key=who.key, headers={"Content-Type": "application/json"})

    def draft(self, who: Member, engagement_id: str, **changed: Any) -> dict[str, Any]:
        statement = statement_of(self.expectation(engagement_id), **changed)
        return self.done(self.upload_json(who, f"/engagements/{engagement_id}/drafts", statement))

    def reviewed(self, preparer: Member, reviewer: Member, engagement_id: str, **changed: Any) -> dict[str, Any]:
        draft = self.draft(preparer, engagement_id, **changed)
        return self.done(
            self.post(reviewer, f"/attestation-drafts/{draft['id']}/review", {"sha256": draft["sha256"]}), 200
        )

    def to_sign(self, who: Member, draft_id: str) -> bytes:
        answer = self.get(who, f"/attestation-drafts/{draft_id}/to-sign")
        assert answer.status_code == 200, answer.text
        return answer.content

    def lodge(self, who: Member, draft_id: str, private_key: Ed25519PrivateKey = PRIVATE_KEY) -> httpx.Response:
        """Sign the draft's bytes elsewhere and lodge the detached signature."""
        detached = sign_detached(self.to_sign(who, draft_id), private_key, kid=KID)
        return self.upload_json(who, f"/attestation-drafts/{draft_id}/lodge", detached)


@pytest.fixture
def world(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[AttestationWorld]:
    clock.now = datetime(2026, 5, 5, 16, 30, tzinfo=UTC)
    with Client(app) as client:
        yield AttestationWorld(
            client=client,
            database=database,
            clock=clock,
            randomness=randomness,
            borrower=member(database, clock, randomness, OrganisationKind.BORROWER, "Qingshi Aluminium", ALL_SCOPES),
            lender=member(database, clock, randomness, OrganisationKind.LENDER, "Industrial Bank", ALL_SCOPES),
            assessor=member(database, clock, randomness, OrganisationKind.ASSESSOR, "华信碳核查有限公司", ALL_SCOPES),
        )
