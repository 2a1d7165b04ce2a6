from __future__ import annotations

import hashlib
from uuid import uuid4

from api.store.access import OrganisationKind
from tests.api.test_loans_examples import SMELTER, World, code, world

__all__ = ["world"]


def test_a_locked_value_is_computed_again_byte_for_byte_with_every_factor(world: World) -> None:
    chain = world.attested()

    found = world.done(world.get(world.assessor, f"/kpi-periods/{chain.period_id}/recomputation"), 200)
    snapshot = world.get(world.assessor, f"/kpi-periods/{chain.period_id}/snapshot").content

    assert (found["value"], found["recomputed"], found["is_equal"]) == ("8.1636", "8.1636", True)
    assert found["snapshot_sha256"] == found["recomputed_sha256"] == hashlib.sha256(snapshot).hexdigest()
    assert found["snapshot_bytes"] == len(snapshot)
    assert len(found["months"]) == 12
    assert found["factors"]
    assert found["explain"]["children"]


def test_figures_recorded_after_the_lock_change_nothing_of_the_recomputation(world: World) -> None:
    chain = world.attested()
    world.clock.advance(seconds=60)
    corrected = (SMELTER / "activity.csv").read_bytes().replace(b"42596.40", b"42600.00")
    world.done(world.upload(corrected))

    found = world.done(world.get(world.assessor, f"/kpi-periods/{chain.period_id}/recomputation"), 200)

    assert found["is_equal"] is True


def test_the_recomputation_is_closed_to_an_assessor_before_it_declares_its_independence(world: World) -> None:
    world.upload_example()
    period_id = world.reported_period(world.open_facility(), 2024, "baseline")
    world.engage(period_id)

    assert code(world.get(world.assessor, f"/kpi-periods/{period_id}/recomputation")) == (403, "engagement.data_closed")


def test_a_stranger_learns_nothing_of_a_recomputation_or_of_reliance(world: World) -> None:
    chain = world.attested()
    stranger = world.member_of(OrganisationKind.ASSESSOR, "Another Verifier")

    for path, own, kind in (
        ("/kpi-periods/{}/recomputation", chain.period_id, "kpi_period"),
        ("/attestations/{}/reliance", chain.attestation_id, "attestation"),
    ):
        foreign, absent = world.get(stranger, path.format(own)), world.get(stranger, path.format(uuid4()))
        assert code(foreign) == code(absent) == (404, f"{kind}.not_found")


def test_reliance_names_the_decisions_that_rest_on_a_statement_and_no_price(world: World) -> None:
    chain = world.attested()
    before = world.done(world.get(world.assessor, f"/attestations/{chain.attestation_id}/reliance"), 200)
    proposal = world.propose(chain)
    world.approve(proposal)

    found = world.get(world.assessor, f"/attestations/{chain.attestation_id}/reliance")
    baseline = world.get(world.assessor, f"/attestations/{chain.baseline_attestation_id}/reliance")

    assert before["reliances"] == []
    (reliance,) = found.json()["reliances"]
    assert (reliance["determination_id"], reliance["relied_on_as"]) == (proposal["id"], "value")
    assert (reliance["verdict"], reliance["organisations"]) == ("approved", ["Qingshi Aluminium", "Industrial Bank"])
    assert baseline.json()["reliances"][0]["relied_on_as"] == "baseline"
    assert not {"bp", "margin", "digest", "price"} & set(found.text.replace('"', " ").replace("_", " ").split())


def test_one_loan_of_the_portfolio_is_read_alone_and_by_its_lender_only(world: World) -> None:
    chain = world.attested()
    other = world.member_of(OrganisationKind.LENDER, "Another Bank")
    path = f"/bank/facilities/{chain.facility_id}/position?as_of=2026-05-06"

    alone = world.done(world.get(world.lender, path), 200)
    listed = world.done(world.get(world.lender, "/bank/portfolio?as_of=2026-05-06"), 200)["positions"]

    assert listed == [alone]
    assert code(world.get(other, path)) == (404, "facility.not_found")
    assert world.get(world.assessor, path).status_code == world.get(world.borrower, path).status_code == 403
