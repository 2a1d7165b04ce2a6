"""What the whole chain leaves behind: schedule, rate as known then and now, reasons, locked data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from tests.api.test_loans_examples import World, world

__all__ = ["world"]


def leaves(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [tree] if not tree["children"] else [leaf for child in tree["children"] for leaf in leaves(child)]


def test_the_schedule_shows_interest_before_and_after_and_the_saving_to_the_fen(world: World) -> None:
    chain = world.attested()
    world.approve(world.propose(chain))

    schedule = world.done(world.get(world.borrower, f"/facilities/{chain.facility_id}/schedule"), 200)
    (tranche,) = schedule["tranches"]

    # 200,000,000 at 3.45 % for 92 days of 360 is 1,763,333.33; at 3.35 % 1,712,222.22.
    seventh = tranche["periods"][6]
    assert (seventh["start"], seventh["end"]) == ("2026-06-20", "2026-09-20")
    assert seventh["interest_before"] == {"amount": "1763333.33", "unit": "CNY"}
    assert seventh["interest_after"] == {"amount": "1712222.22", "unit": "CNY"}
    assert seventh["saving"] == {"amount": "51111.11", "unit": "CNY"}
    # Six periods of 92, 91, 90, 92, 92 and 91 days: 3 x 51,111.11 + 2 x 50,555.56 + 50,000.00.
    assert [period["saving"]["amount"] for period in tranche["periods"][:6]] == ["0.00"] * 6
    assert tranche["total_saving"] == {"amount": "304444.45", "unit": "CNY"}
    assert tranche["margins"][1]["determination_id"] is not None
    assert (tranche["margins"][1]["adjustment_bp_exact"], seventh["accruals"][0]["rate_exact"]) == ("-10/1", "67/2000")


def test_what_was_known_before_the_approval_still_shows_the_base_rate(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    world.clock.advance(days=1)
    world.approve(proposal)
    path = f"/facilities/{chain.facility_id}"

    before = "known_at=2026-05-06T16:29:59Z"
    then = world.done(world.get(world.lender, f"{path}/rate?on=2026-07-01&{before}"), 200)
    schedule = world.done(world.get(world.lender, f"{path}/schedule?{before}"), 200)
    now = world.rate(chain.facility_id, "2026-07-01")

    assert (then["rate"], now) == ("0.0345", "0.0335")
    assert schedule["tranches"][0]["total_saving"]["amount"] == "0.00"


def test_the_rate_explains_itself_down_to_facts_with_sources(world: World) -> None:
    chain = world.attested()
    world.approve(world.propose(chain))

    rate = world.done(world.get(world.lender, f"/facilities/{chain.facility_id}/rate?on=2026-07-01"), 200)

    facts = leaves(rate["explain"])
    assert rate["explain"]["value"] == "0.0335"
    assert all(fact["source"] and fact["label_en"] and fact["label_zh"] for fact in facts)
    assert any(chain.attestation_id in fact["source"] for fact in facts)
    assert any(chain.baseline_attestation_id in fact["source"] for fact in facts)


def test_the_snapshot_is_its_own_bytes_for_borrower_bank_and_assessor(world: World) -> None:
    chain = world.attested()
    expected = world.expectation(chain.engagement_id)["snapshot_sha256"]

    for who in (world.borrower, world.lender, world.assessor):
        answer = world.get(who, f"/kpi-periods/{chain.period_id}/snapshot")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert hashlib.sha256(answer.content).hexdigest() == expected
    assert [month["month"] for month in answer.json()["activity"]] == [f"2025-{month:02d}" for month in range(1, 13)]
    assert {factor["row_id"] for factor in answer.json()["factors"]} == {
        "draft_anode_per_t",
        "draft_pfc_per_t",
        "grid_ex_market_nonfossil",
    }
    assert answer.json()["value"] == "8.1636"


def test_a_repeated_request_does_its_work_once(world: World) -> None:
    chain = world.attested()
    path = f"/kpi-periods/{chain.period_id}/determinations"

    first = world.post(world.borrower, path, {}, idempotency_key="propose-2025")
    again = world.post(world.borrower, path, {}, idempotency_key="propose-2025")
    proposal = first.json()
    approval = {"digest": proposal["digest"]}
    approve = f"/determinations/{proposal['id']}/approve"
    approved = world.post(world.lender, approve, approval, idempotency_key="approve-2025")
    approved_again = world.post(world.lender, approve, approval, idempotency_key="approve-2025")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert approved_again.content == approved.content
    listed = world.done(world.get(world.lender, f"/facilities/{chain.facility_id}/determinations"), 200)
    assert len(listed["determinations"]) == 1
