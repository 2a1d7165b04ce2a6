"""Price files by two persons: one proposes, a person who joins for that approves."""

from __future__ import annotations

import json
from uuid import UUID

import httpx

from api.auth.principal import Scope
from tests.api.client import Client
from tests.api.people import person, proof


def approve_upload(client: Client, organisation_id: UUID, proposed: httpx.Response) -> httpx.Response:
    """Return the approval of a proposed file by a person who joins the organisation for it."""
    made, around = proposed.json(), client.app.state.surroundings
    email = f"{around.id_source()}@borrower.example"
    checker = person(around.database, around.clock, around.random_source, organisation_id, email, "Price Checker")
    shown = proof(around.database, around.clock, around.random_source, checker, {Scope.MARKET_APPROVE})
    path = f"/v1/observation-uploads/{made['upload_id']}/approve"
    return client.post(path, json.dumps({"sha256": made["sha256"]}), key=shown.key)


def upload_prices(
    client: Client, organisation_id: UUID, content: str | bytes, *, key: str | None = None
) -> httpx.Response:
    """Propose a CSV of prices and let a second person approve it; return the approval, or the refused proposal."""
    proposed = client.post("/v1/observation-uploads", content, key=key, headers={"Content-Type": "text/csv"})
    return (
        approve_upload(client, organisation_id, proposed) if proposed.status_code == httpx.codes.CREATED else proposed
    )
