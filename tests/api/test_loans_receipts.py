"""Agreements, approvals, label facts and reviews are leaves of the borrower's evidence book, each with its receipt."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.api.test_loans_examples import World, code, world

__all__ = ["world"]


def events(world: World, path: str) -> list[str]:
    """The events of the receipts at a path, after each was found to carry its own document's digest."""
    found: list[dict[str, Any]] = world.done(world.get(world.lender, f"{path}/receipts"), 200)["receipts"]
    for each in found:
        assert hashlib.sha256(each["document"].encode()).hexdigest() == each["receipt"]["digest"]
        assert json.loads(each["document"])["event"] == each["receipt"]["event"]
    return [each["receipt"]["event"] for each in found]


def test_who_agreed_proposed_and_approved_is_in_the_log(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    query = {"digest": proposal["digest"], "reason": "which meter is that?"}
    world.done(world.post(world.lender, f"/determinations/{proposal['id']}/reviews", query))
    world.approve(proposal)
    suspension = {"on": "2026-05-04", "reason": "talks"}

    unlabelled = world.post(world.lender, f"/facilities/{chain.facility_id}/label/suspension", suspension)

    assert code(unlabelled)[0] == 409
    assert events(world, f"/facilities/{chain.facility_id}") == ["agreed", "agreed"]
    assert events(world, f"/determinations/{proposal['id']}") == ["proposed", "approved", "decided", "queried"]
    assert events(world, f"/kpi-periods/{chain.period_id}") == []


def test_what_lenders_say_about_a_period_is_in_the_log(world: World) -> None:
    chain = world.attested()
    reported = world.done(world.get(world.lender, f"/kpi-periods/{chain.period_id}"), 200)
    body = {"sha256": reported["snapshot_sha256"], "what": "refused", "reason": "a month is missing"}

    world.done(world.post(world.lender, f"/kpi-periods/{chain.period_id}/reviews", body))
    world.done(world.post(world.borrower, f"/kpi-periods/{chain.period_id}/restate", {"reason": "it was"}), 200)

    assert events(world, f"/kpi-periods/{chain.period_id}") == ["disputed", "restated", "refused"]
