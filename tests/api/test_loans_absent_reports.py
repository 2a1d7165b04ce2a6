"""Reports that do not come, come late, are let pass or are being put right: each is decided by its clause and can be put right after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.api.test_loans_examples import Chain, World, code, world

__all__ = ["world"]
TWO_WAY: Mapping[str, Any] = {
    "ratchet.effects.0.rule.steps.0.up_bp": "5",
    "ratchet.effects.0.direction": "two_way",
    "ratchet.effects.0.cap_up_bp": "5",
    "ratchet.on_missing": "as_missed",
    "ratchet.on_late": "as_missed",
    "reporting.report_due_days": 130,
    "reporting.attestation_due_days": 131,
}
PAST_DUE = 10  # days from the tests' 4 May 2026 to after 10 May (report) and 11 May (attestation), 17:00 in Shanghai


def with_baseline(world: World, changed: Mapping[str, Any] | None = None, *, reports: bool) -> Chain:
    """A loan that moves both ways, its baseline attested, the year 2025 open or reported, and nobody's word on it."""
    world.upload_example()
    world.register_key()
    facility_id = world.open_facility({**TWO_WAY, **(changed or {})})
    baseline_id = world.reported_period(facility_id, 2024, "baseline")
    baseline_engagement_id = world.engage_independent(baseline_id)
    baseline_attestation_id = world.attest(baseline_engagement_id)
    period_id = (
        world.reported_period(facility_id, 2025, "test") if reports else world.open_period(facility_id, 2025, "test")
    )
    return Chain(
        facility_id=facility_id,
        baseline_id=baseline_id,
        baseline_engagement_id=baseline_engagement_id,
        baseline_attestation_id=baseline_attestation_id,
        period_id=period_id,
        engagement_id=world.engage_independent(period_id),
        attestation_id="",
    )


def step(world: World, chain: Chain, name: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    who = world.lender if name in {"waive", "dispute"} else world.borrower
    return world.done(world.post(who, f"/kpi-periods/{chain.period_id}/{name}", body), 200)


def state(world: World, chain: Chain) -> str:
    return str(world.done(world.get(world.borrower, f"/kpi-periods/{chain.period_id}"), 200)["state"])


def decided(world: World, proposal: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Approve, and return how the KPI counted and where the margin went, after the figures came out the same again."""
    world.clock.advance(seconds=1)
    approved = world.approve(proposal)
    again = world.done(world.get(world.lender, f"/determinations/{proposal['id']}/recomputation"), 200)
    assert again["is_equal"] is True
    return [
        (found["status"], price["adjustment_after_bp"])
        for found, price in zip(approved["found"], approved["prices"], strict=True)
    ]


def test_a_report_that_never_came_costs_what_the_clause_says_and_helps_once_delivered(world: World) -> None:
    chain = with_baseline(world, reports=False)
    world.clock.advance(days=PAST_DUE)

    missing = world.propose(chain)
    first = decided(world, missing)
    step(world, chain, "lock", {})
    step(world, chain, "report")
    world.attest(chain.engagement_id)
    delivered = decided(world, world.propose(chain, cause="delivered_late"))

    assert first == [("missing", "5")]
    assert delivered == [("met", "-10")]
    assert state(world, chain) == "determined"


def test_a_report_that_comes_between_proposal_and_approval_is_seen(world: World) -> None:
    chain = with_baseline(world, reports=False)
    world.clock.advance(days=PAST_DUE)
    proposal = world.propose(chain)

    step(world, chain, "lock", {})
    step(world, chain, "report")
    path = f"/determinations/{proposal['id']}/approve"
    refused = world.post(world.lender, path, {"digest": proposal["digest"]})

    assert code(refused) == (409, "determination.evidence_changed")
    body = {"digest": proposal["digest"], "reason": "the report has come"}
    world.done(world.post(world.lender, f"/determinations/{proposal['id']}/refuse", body), 200)
    assert decided(world, world.propose(chain)) == [("late", "5")]


def test_what_nobody_attested_in_time_counts_as_late(world: World) -> None:
    chain = with_baseline(world, reports=True)
    world.clock.advance(days=PAST_DUE)

    late = world.propose(chain)
    first = decided(world, late)
    world.attest(chain.engagement_id)
    delivered = decided(world, world.propose(chain, cause="delivered_late"))

    assert (first, delivered) == ([("late", "5")], [("met", "-10")])


def test_a_waived_test_moves_no_price_and_stays_waived(world: World) -> None:
    chain = with_baseline(world, reports=False)
    step(world, chain, "waive", {"reason": "the first year of a new meter"})

    proposal = world.propose(chain)
    waived = decided(world, proposal)
    again = world.propose(chain, cause="dispute_settled", replaces=str(proposal["id"]))

    assert waived == [("waived", "0")]
    assert again["found"] == [{"kpi_id": "intensity", "status": "waived", "value": None}]


def test_a_value_that_is_being_put_right_is_not_there(world: World) -> None:
    chain = world.attested(TWO_WAY)
    first = world.propose(chain)
    decided(world, first)

    step(world, chain, "restate", {"reason": "a meter was read twice"})
    early = world.post(
        world.borrower,
        f"/kpi-periods/{chain.period_id}/determinations",
        {"cause": "restated", "replaces": first["id"]},
    )
    step(world, chain, "report")
    anew = decided(world, world.propose(chain, cause="restated", replaces=str(first["id"])))

    assert code(early) == (409, "determination.not_due")
    assert anew == [("met", "-10")]


def test_a_missed_target_is_attested_too(world: World) -> None:
    chain = with_baseline(world, {"kpis.0.targets.0.rule.reduction": "0.05"}, reports=True)

    refused = world.post(world.borrower, f"/kpi-periods/{chain.period_id}/determinations", {})

    assert code(refused) == (409, "determination.attestation_awaited")
