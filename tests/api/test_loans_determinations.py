"""Who may decide on a rate step, on what, and what happens when the target was missed or nobody attested."""

from __future__ import annotations

import pytest

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from tests.api.test_loans_examples import World, code, world

__all__ = ["world"]


def test_borrower_and_assessor_cannot_approve(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    path, digest = f"/determinations/{proposal['id']}", {"digest": proposal["digest"]}
    colleague = world.colleague_of(world.borrower)

    for who in (world.borrower, colleague, world.assessor):
        assert code(world.post(who, f"{path}/approve", digest)) == (403, "auth.organisation_kind")
        refusal = {**digest, "reason": "no"}
        assert code(world.post(who, f"{path}/refuse", refusal)) == (403, "auth.organisation_kind")
    assert world.get(world.lender, path).json()["decision"] is None


def test_a_banker_without_the_scope_cannot_approve(world: World) -> None:
    proposal = world.propose(world.attested())
    clerk = world.member_of(OrganisationKind.LENDER, "Second Bank", scopes=(Scope.LEDGER_READ,))

    answer = world.post(clerk, f"/determinations/{proposal['id']}/approve", {"digest": proposal["digest"]})

    assert code(answer) == (403, "auth.scope_missing")


def test_an_approval_binds_to_the_digest_that_was_read(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)

    answer = world.post(world.lender, f"/determinations/{proposal['id']}/approve", {"digest": "0" * 64})

    assert code(answer) == (409, "determination.digest")
    assert world.rate(chain.facility_id, "2026-07-01") == "0.0345"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_digest_that_is_none_is_refused(world: World) -> None:
    proposal = world.propose(world.attested())

    for digest in ("", "0" * 63, "A" * 64, "0" * 64 + "\n", "\uff10" * 64):
        answer = world.post(world.lender, f"/determinations/{proposal['id']}/approve", {"digest": digest})
        assert code(answer) == (422, "request.invalid")


def test_a_proposal_is_decided_once(world: World) -> None:
    proposal = world.propose(world.attested())
    world.approve(proposal)
    path, digest = f"/determinations/{proposal['id']}", {"digest": proposal["digest"]}

    assert code(world.post(world.lender, f"{path}/approve", digest)) == (409, "determination.decided")
    refused = world.post(world.lender, f"{path}/refuse", {**digest, "reason": "second thoughts"})
    assert code(refused) == (409, "determination.decided")


def test_a_refusal_keeps_its_reason_and_leaves_room_for_another_proposal(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    body = {"digest": proposal["digest"], "reason": "三月产量待核实"}

    refused = world.done(world.post(world.lender, f"/determinations/{proposal['id']}/refuse", body), 200)
    world.approve(world.propose(chain))

    assert refused["decision"]["verdict"] == "refused"
    assert refused["decision"]["reason"] == "三月产量待核实"
    assert refused["decision"]["prices"] == []
    assert world.rate(chain.facility_id, "2026-07-01") == "0.0335"


def test_one_proposal_stands_at_a_time(world: World) -> None:
    chain = world.attested()
    world.propose(chain)

    again = world.post(world.borrower, f"/kpi-periods/{chain.period_id}/determinations", {})

    assert code(again) == (409, "determination.pending")


def test_after_the_decision_the_period_is_not_proposed_again(world: World) -> None:
    chain = world.attested()
    world.approve(world.propose(chain))

    again = world.post(world.borrower, f"/kpi-periods/{chain.period_id}/determinations", {})

    assert code(again) == (409, "determination.determined_before")  # a second decision says what it puts right


def test_a_missed_target_gives_no_step_down(world: World) -> None:
    # 8.5362 to 8.1636 is a reduction of 4.365 %: below the 5 % of this contract.
    chain = world.attested({"kpis.0.targets.0.rule.reduction": "0.05"})

    proposal = world.propose(chain)
    world.approve(proposal)

    assert (proposal["found"][0]["status"], proposal["prices"][0]["adjustment_after_bp"]) == ("missed", "0")
    assert world.rate(chain.facility_id, "2026-07-01") == "0.0345"
    schedule = world.get(world.lender, f"/facilities/{chain.facility_id}/schedule").json()
    assert schedule["tranches"][0]["total_saving"]["amount"] == "0.00"


def test_a_value_nobody_attested_is_not_proposed(world: World) -> None:
    world.upload_example()
    world.register_key()
    facility_id = world.open_facility()
    baseline_id = world.reported_period(facility_id, 2024, "baseline")
    world.attest(world.engage_independent(baseline_id))
    period_id = world.reported_period(facility_id, 2025, "test")

    answer = world.post(world.borrower, f"/kpi-periods/{period_id}/determinations", {})

    assert code(answer) == (409, "determination.attestation_missing")
    assert world.get(world.lender, f"/facilities/{facility_id}/determinations").json() == {"determinations": []}


def test_without_a_verified_baseline_there_is_no_reduction_to_propose(world: World) -> None:
    world.upload_example()
    world.register_key()
    facility_id = world.open_facility()
    period_id = world.reported_period(facility_id, 2025, "test")
    world.attest(world.engage_independent(period_id))

    answer = world.post(world.borrower, f"/kpi-periods/{period_id}/determinations", {})

    assert code(answer) == (409, "determination.baseline_missing")


def test_a_baseline_sets_no_rate(world: World) -> None:
    world.upload_example()
    baseline_id = world.reported_period(world.open_facility(), 2024, "baseline")

    answer = world.post(world.borrower, f"/kpi-periods/{baseline_id}/determinations", {})

    assert code(answer) == (409, "determination.no_target")


def test_before_its_day_a_report_is_not_missing_and_after_it_it_is(world: World) -> None:
    world.upload_example()
    facility_id = world.open_facility()
    period_id = world.open_period(facility_id, 2025, "test")

    early = world.post(world.borrower, f"/kpi-periods/{period_id}/determinations", {})
    world.clock.advance(days=26)  # past 30 May 2026, 17:00 in Shanghai
    late = world.done(world.post(world.borrower, f"/kpi-periods/{period_id}/determinations", {}))

    assert code(early) == (409, "determination.not_due")
    assert late["found"] == [{"kpi_id": "intensity", "status": "missing", "value": None}]
    assert late["prices"][0]["adjustment_after_bp"] == "0"


def test_nothing_is_decided_under_terms_that_the_bank_has_not_agreed_to(world: World) -> None:
    world.upload_example()
    opened = world.done(world.post(world.borrower, "/facilities", world.facility_body()))
    period_id = world.open_period(opened["id"], 2025, "test")

    before = world.post(world.borrower, f"/kpi-periods/{period_id}/determinations", {})
    other = world.post(world.lender, f"/facilities/{opened['id']}/terms/1/agreement", {"sha256": "0" * 64})

    assert opened["is_agreed"] is False
    assert code(before) == (409, "terms.not_agreed")
    assert code(other) == (409, "terms.digest")
    assert world.agree(world.lender, opened["id"], opened["terms_sha256"])["versions"][0]["counts"] is True


def test_a_reasonable_opinion_where_the_terms_name_limited_is_not_what_was_agreed(world: World) -> None:
    chain = world.attested({"reporting.assurance_level": "reasonable"})

    answer = world.post(world.borrower, f"/kpi-periods/{chain.period_id}/determinations", {})

    assert code(answer) == (409, "determination.attested_assurance_level")
