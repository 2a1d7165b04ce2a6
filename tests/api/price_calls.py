"""Price files by two persons: one proposes, a person who joins for that approves."""

from __future__ import annotations

import json
from uuid import UUID

import httpx

from api.auth.issue import issue_key
from api.auth.principal import Scope
from api.deps import unit_of_work
from api.store import access
from tests.api.client import Client


def approve_upload(client: Client, organisation_id: UUID, proposed: httpx.Response) -> httpx.Response:
    """Return the approval of a proposed file by a person who joins the organisation for it."""
    made, around = proposed.json(), client.app.state.surroundings
    with unit_of_work(around.database) as session:
        user_id = around.id_source()
        access.add_user(
            session,
            user_id=user_id,
            organisation_id=organisation_id,
            email=f"{user_id}@borrower.example",
            name="Price Checker",
            now=around.clock(),
        )
        issued = issue_key(
            session,
            organisation_id=organisation_id,
            user_id=user_id,
            scopes=frozenset({Scope.MARKET_APPROVE}),
            days=1,
            now=around.clock(),
            new_id=around.id_source,
            random_bytes=around.random_source,
        )
    path = f"/v1/observation-uploads/{made['upload_id']}/approve"
    return client.post(path, json.dumps({"sha256": made["sha256"]}), key=issued.text)


def upload_prices(
    client: Client, organisation_id: UUID, content: str | bytes, *, key: str | None = None
) -> httpx.Response:
    """Propose a CSV of prices and let a second person approve it; return the approval, or the refused proposal."""
    proposed = client.post("/v1/observation-uploads", content, key=key, headers={"Content-Type": "text/csv"})
    return (
        approve_upload(client, organisation_id, proposed) if proposed.status_code == httpx.codes.CREATED else proposed
    )
