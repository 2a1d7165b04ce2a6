"""A bank's desk on the example loan: queue, portfolio, recomputation and sheet, to the fen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from api.store.access import OrganisationKind
from tests.api.test_loans_examples import World, code, world
from tests.api.test_loans_late_facts import first_decision, served, withdraw

__all__ = ["world"]


def queue(world: World, kind: str | None = None) -> list[dict[str, Any]]:
    (facility,) = world.done(world.get(world.lender, "/bank/queue"), 200)["facilities"]
    assert facility["unknown"] == []
    return [each for each in facility["items"] if kind in {None, each["kind"]}]


def position(world: World, query: str = "") -> dict[str, Any]:
    (found,) = world.done(world.get(world.lender, f"/bank/portfolio{query}"), 200)["positions"]
    return dict(found)


def test_an_attested_period_waits_for_a_proposal_then_for_the_bank(world: World) -> None:
    chain = world.attested({"reporting.approvals": 2})
    (awaited,) = queue(world, "proposal_awaited")
    proposal = world.propose(chain)

    (both,) = queue(world, "approval_awaited")
    world.approve(proposal)
    (one,) = queue(world, "approval_awaited")

    assert {"name": "attestation_id", "id": chain.attestation_id} in awaited["links"]
    assert queue(world, "proposal_awaited") == []
    assert (both["persons_missing"], both["is_yours"]) == (2, True)
    assert (one["persons_missing"], one["is_yours"]) == (1, False)
    assert one["links"] == [{"name": "determination_id", "id": proposal["id"]}]
    assert "persons missing: 1" in one["next_en"]
    assert "尚缺 1 人" in one["next_zh"]


def test_a_report_is_due_once_its_period_is_over_and_late_after_its_instant(world: World) -> None:
    world.clock.now = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)
    world.open_facility()
    running = queue(world)
    world.clock.now = datetime(2025, 12, 31, 16, tzinfo=UTC)  # 1 January in Shanghai
    over = queue(world)
    world.clock.now = datetime(2026, 5, 30, 9, 0, 1, tzinfo=UTC)
    late = queue(world)

    assert running == []
    assert [each["kind"] for each in over] == ["report_due", "attestation_due"]
    assert [each["kind"] for each in late] == ["report_late", "attestation_due"]


def test_contested_and_queried_things_say_who_is_next(world: World) -> None:
    chain = world.attested()
    sha256 = world.get(world.lender, f"/kpi-periods/{chain.period_id}").json()["snapshot_sha256"]
    path = f"/kpi-periods/{chain.period_id}/reviews"
    (review,) = [each for each in queue(world, "review_awaited") if each["links"][0]["id"] == chain.period_id]

    world.done(world.post(world.lender, path, {"what": "queried", "sha256": sha256, "reason": "why?"}))
    world.done(world.post(world.lender, path, {"what": "refused", "sha256": sha256, "reason": "no"}))

    assert (review["is_yours"], review["persons_missing"]) == (True, 1)
    (answer,), (disputed,) = queue(world, "answer_awaited"), queue(world, "disputed")
    assert (answer["is_yours"], disputed["is_yours"]) == (False, False)
    assert "borrower answers" in answer["next_en"]


def test_a_fallen_attestation_and_its_adjustment_stand_in_the_queue(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)
    (fell,) = queue(world, "attestation_fell")
    first = first_decision(world, chain)
    proposal = world.propose(chain, cause="attestation_fell", replaces=first)
    world.approve(proposal)
    body = {"tranche_id": "A", "through": "2026-12-31"}
    asked = world.done(world.post(world.borrower, f"/facilities/{chain.facility_id}/adjustments", body))

    (waiting,) = queue(world, "adjustment_awaited")

    assert {"name": "attestation_id", "id": chain.attestation_id} in fell["links"]
    assert waiting["links"] == [{"name": "adjustment_id", "id": asked["id"]}]
    assert (waiting["is_yours"], "the lender agrees" in waiting["next_en"]) == (True, True)
    assert queue(world, "attestation_fell") == []


def test_the_portfolio_shows_price_exposure_and_what_is_at_stake_to_the_fen(world: World) -> None:
    chain = world.attested()
    before = position(world)
    world.approve(world.propose(chain))

    after = position(world, "?as_of=2026-06-20")

    (tranche,) = after["tranches"]
    assert before["next_decision"]["due_on"] == "2026-05-20"
    assert before["tranches"][0]["adjustment_bp"] == "0"
    assert after["next_decision"] is None
    assert (tranche["adjustment_bp"], tranche["at_stake_bp"]) == ("-10", "10")
    assert tranche["outstanding"] == {"amount": "200000000.00", "unit": "CNY"}
    # 10 bp on 200,000,000 for 365 of 360 days: 202,777.78, exactly 182500000/9 fen.
    assert tranche["at_stake"] == {"amount": "202777.78", "unit": "CNY"}
    assert tranche["at_stake_exact"] == "182500000/9"
    assert after["exposures"][0]["exposure"] == {"amount": "200000000.00", "unit": "CNY"}
    (point,) = after["kpi_path"]
    assert (point["observed"], point["status"], point["unit"], point["is_attested"]) == (
        "8.1636",
        "met",
        "tCO2e/t",
        True,
    )
    assert point["target"] == {"kind": "reduction_vs_base", "reduction": "3/100"}
    assert (after["label"], after["may_be_called_sll"]) == ("conventional", False)


def test_a_share_of_a_third_is_exact_and_rounded_once(world: World) -> None:
    second = world.member_of(OrganisationKind.LENDER, "Second Bank")
    body = world.facility_body({"parties.1.share": "1/3"})
    body["terms"]["parties"].append(
        {"role": "lender", "organisation_id": str(second.organisation_id), "legal_name": "Second", "share": "2/3"}
    )
    world.done(world.post(world.borrower, "/facilities", body))

    found = position(world)

    assert found["exposures"] == [
        {"exposure": {"amount": "66666666.67", "unit": "CNY"}, "exposure_exact": "20000000000/3"}
    ]


def test_alerts_show_what_is_late_and_what_fell(world: World) -> None:
    chain = served(world)
    withdraw(world, chain)

    kinds = {each["kind"] for each in position(world)["alerts"]}

    assert "attestation_fell" in kinds


@pytest.mark.parametrize("is_decided", [False, True])
def test_a_proposal_comes_out_the_same_when_computed_again(world: World, *, is_decided: bool) -> None:
    proposal = world.propose(world.attested())
    if is_decided:
        world.approve(proposal)

    found = world.done(world.get(world.lender, f"/determinations/{proposal['id']}/recomputation"), 200)

    assert found["is_equal"], found
    assert found["digest"] == found["proposed_digest"] == proposal["digest"]
    figures = {each["name"]: each for each in found["figures"]}
    assert figures["tranche.A.adjustment_after"] == {
        "name": "tranche.A.adjustment_after",
        "unit": "bp",
        "proposed": "-10/1",
        "recomputed": "-10/1",
        "is_equal": True,
    }
    assert figures["kpi.intensity.value"]["unit"] == "tCO2e/t"
    assert found["changed_since"] == []


def test_a_later_withdrawal_changes_no_figure_and_is_said_beside_them(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    world.approve(proposal)
    world.clock.advance(days=2)
    withdraw(world, chain)

    found = world.done(world.get(world.lender, f"/determinations/{proposal['id']}/recomputation"), 200)

    assert found["is_equal"], found
    assert found["changed_since"] == ["intensity"]


def test_a_missing_report_is_computed_again_too(world: World) -> None:
    world.upload_example()
    facility_id = world.open_facility(
        {
            "ratchet.effects.0.direction": "two_way",
            "ratchet.effects.0.cap_up_bp": "10",
            "ratchet.on_missing": "as_missed",
            "ratchet.effects.0.rule.steps.0.up_bp": "10",
        }
    )
    period_id = world.open_period(facility_id, 2025, "test")
    world.clock.now = datetime(2026, 6, 1, tzinfo=UTC)
    proposal = world.done(world.post(world.borrower, f"/kpi-periods/{period_id}/determinations", {}))

    found = world.done(world.get(world.lender, f"/determinations/{proposal['id']}/recomputation"), 200)

    assert proposal["found"][0]["status"] == "missing"
    assert found["is_equal"], found


def test_the_sheet_shows_evidence_prices_and_the_saving_to_the_fen(world: World) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    world.approve(proposal)

    sheet = world.done(world.get(world.lender, f"/determinations/{proposal['id']}/sheet"), 200)

    (kpi,), (tranche,) = sheet["kpis"], sheet["tranches"]
    assert (kpi["value"], kpi["unit"], kpi["status"]) == ("8.1636", "tCO2e/t", "met")
    assert kpi["evidence"]["attestation_id"] == chain.attestation_id
    assert (kpi["evidence"]["opinion"], kpi["evidence"]["assessor"]) == ("clean", "华信碳核查有限公司")
    assert (tranche["price"]["adjustment_after_bp"], tranche["price"]["effective_from"]) == ("-10", "2026-06-20")
    # 10 bp on 200,000,000 over the 92 days from 20 June 2026: 51,111.11; each payment is rounded on
    # its own: 51,111.11 + 50,555.56 + 50,000.00 + 51,111.11 + 51,111.11 + 50,555.56 until 20 December 2027.
    assert tranche["payments"][0]["saving"] == {"amount": "51111.11", "unit": "CNY"}
    assert tranche["total_saving"] == {"amount": "304444.45", "unit": "CNY"}
    assert sheet["terms"]["facility_number"] == sheet["facility_number"]
    assert sheet["decision"]["verdict"] == "approved"


READS = ("/bank/queue", "/bank/portfolio", "/determinations/{id}/recomputation", "/determinations/{id}/sheet")


def test_an_assessor_sees_nothing_of_the_desk(world: World) -> None:
    proposal = world.propose(world.attested())

    for path in READS:
        answer = world.get(world.assessor, path.format(id=proposal["id"]))
        assert code(answer) == (403, "auth.organisation_kind"), path


def test_a_bank_that_is_no_party_sees_an_empty_desk_and_absent_decisions(world: World) -> None:
    proposal = world.propose(world.attested())
    stranger = world.member_of(OrganisationKind.LENDER, "Second Bank")

    assert world.done(world.get(stranger, "/bank/queue"), 200)["facilities"] == []
    assert world.done(world.get(stranger, "/bank/portfolio"), 200)["positions"] == []
    for path in READS[2:]:
        assert code(world.get(stranger, path.format(id=proposal["id"]))) == (404, "determination.not_found")
    assert code(world.get(world.borrower, "/bank/queue")) == (403, "auth.organisation_kind")
