"""What each party sees of a loan, and that nobody else sees anything: a foreign id is an absent one."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from api.app import declared_routes
from api.store.access import OrganisationKind
from tests.api.people import Member
from tests.api.test_loans_examples import KID, Chain, World, code, world

__all__ = ["world"]

BODIES: dict[str, dict[str, Any]] = {
    "/facilities/{facility}/kpi-periods": {"kpi_id": "intensity", "year": 2026, "purpose": "test"},
    "/attestations/{attestation}/withdraw": {"reason": "not mine"},
    "/determinations/{determination}/approve": {"digest": "0" * 64},
    "/determinations/{determination}/refuse": {"digest": "0" * 64, "reason": "not mine"},
    "/signing-keys/{key}/revoke": {},
    "/kpi-periods/{period}/lock": {},
    "/kpi-periods/{period}/determinations": {},
    "/kpi-periods/{period}/restate": {"reason": "not mine"},
    "/kpi-periods/{period}/waive": {"reason": "not mine"},
    "/kpi-periods/{period}/dispute": {"reason": "not mine"},
    "/facilities/{facility}/terms/1/agreement": {"sha256": "0" * 64},
    "/facilities/{facility}/principal": {"tranche_id": "A", "what": "prepayment", "on": "2026-07-01", "amount": "1.00"},
    "/facilities/{facility}/grades": {"on": "2026-07-01", "grade": "A", "source": "nobody"},
    "/facilities/{facility}/fixings": {
        "index": "LPR-1Y",
        "fixings": [{"on": "2026-07-20", "rate": "0.03", "source": "nobody"}],
    },
    "/facilities/{facility}/fixings/from-published": {"index": "LPR-1Y"},
    "/facilities/{facility}/adjustments": {"tranche_id": "A", "through": "2026-07-01"},
}
READS = (
    "/facilities/{facility}",
    "/facilities/{facility}/schedule",
    "/facilities/{facility}/facts",
    "/facilities/{facility}/entries",
    "/facilities/{facility}/kpi-path?kpi_id=intensity",
    "/facilities/{facility}/rate?on=2026-07-01",
    "/facilities/{facility}/interest?on=2026-07-01",
    "/facilities/{facility}/kpi-periods",
    "/facilities/{facility}/determinations",
    "/facilities/{facility}/terms",
    "/facilities/{facility}/adjustments",
    "/facilities/{facility}/actus",
    "/facilities/{facility}/label",
    "/facilities/{facility}/checklist",
    "/facilities/{facility}/connections",
    "/facilities/{facility}/receipts",
    "/kpi-periods/{period}",
    "/kpi-periods/{period}/forecast",
    "/kpi-periods/{period}/receipts",
    "/kpi-periods/{period}/reviews",
    "/kpi-periods/{period}/snapshot",
    "/engagements/{engagement}",
    "/engagements/{engagement}/expectation",
    "/engagements/{engagement}/attestations",
    "/attestations/{attestation}",
    "/attestations/{attestation}/receipts",
    "/engagements/{engagement}/drafts",
    "/engagements/{engagement}/receipts",
    "/determinations/{determination}",
    "/determinations/{determination}/bundle",
    "/determinations/{determination}/receipts",
    "/determinations/{determination}/recomputation",
    "/determinations/{determination}/reviews",
    "/determinations/{determination}/sheet",
    "/determinations/{determination}/sheet.pdf",
    "/attestations/{attestation}/certificate.pdf",
    "/attestations/{attestation}/reliance",
    "/bank/facilities/{facility}/position",
    *(f"/facilities/{{facility}}/charts/kpi-path{form}?kpi_id=intensity" for form in ("", ".svg", ".xlsx")),
    *(
        f"/facilities/{{facility}}/charts/{name}{form}"
        for name in ("rate-timeline", "schedule")
        for form in ("", ".svg", ".xlsx")
    ),
    "/facilities/{facility}/interest-notice.pdf?on=2026-07-01",
    "/facilities/{facility}/schedule.xlsx",
    *(f"/kpi-periods/{{period}}/charts/kpi-path{form}" for form in ("", ".svg", ".xlsx")),
    "/kpi-periods/{period}/recomputation",
)
WRITES = (
    *BODIES,
    "/kpi-periods/{period}/report",
    "/engagements/{engagement}/independence",
)
LISTS = ("/facilities", "/engagements")
NAMES = {
    "facility_id": "facility",
    "kpi_period_id": "period",
    "engagement_id": "engagement",
    "attestation_id": "attestation",
    "determination_id": "determination",
}
"""The ids in paths that lead to a loan, by the names that the templates here have for them."""


def test_every_route_that_reads_by_a_loans_id_is_asked_below() -> None:
    reading = {each.path.removeprefix("/v1") for each in declared_routes() if each.method == "GET"}
    by_id = {path.replace("{", "").replace("}", "") for path in reading if any(f"{{{name}}}" in path for name in NAMES)}
    asked = {template.partition("?")[0].format(**{name: key for key, name in NAMES.items()}) for template in READS}

    assert by_id == asked


@pytest.fixture
def proposed(world: World) -> tuple[World, Chain, str]:
    chain = world.attested()
    return world, chain, str(world.propose(chain)["id"])


def places(chain: Chain, determination_id: str) -> dict[str, str]:
    return {
        "facility": chain.facility_id,
        "period": chain.period_id,
        "engagement": chain.engagement_id,
        "attestation": chain.attestation_id,
        "determination": determination_id,
        "key": KID,
    }


def nowhere() -> dict[str, str]:
    names = ("facility", "period", "engagement", "attestation", "determination")
    return {**{name: str(uuid4()) for name in names}, "key": "no-such-key"}


@pytest.mark.parametrize("kind", [OrganisationKind.BORROWER, OrganisationKind.LENDER, OrganisationKind.ASSESSOR])
def test_a_stranger_of_any_kind_gets_for_every_id_what_an_absent_id_gets(
    proposed: tuple[World, Chain, str], kind: OrganisationKind
) -> None:
    world, chain, determination_id = proposed
    stranger = world.member_of(kind, "A Stranger")
    real, absent = places(chain, determination_id), nowhere()

    for template in (*READS, *WRITES):
        asked = [_ask(world, stranger, template, ids) for ids in (real, absent)]
        assert asked[0] == asked[1], template
        assert asked[0][0] in {403, 404}, template  # 403 only where no organisation of this kind may call at all
        assert asked[0][0] == 404 or b"auth.organisation_kind" in asked[0][1], template
    for template in LISTS:
        (listed,) = world.get(stranger, template).json().values()
        assert listed == []
    envelope = world.submit(chain.engagement_id, b"{}", stranger)
    assert envelope.status_code == (404 if kind is OrganisationKind.ASSESSOR else 403)


def test_the_second_bank_cannot_decide_on_a_loan_it_is_not_party_to(proposed: tuple[World, Chain, str]) -> None:
    world, _, determination_id = proposed
    second_bank = world.member_of(OrganisationKind.LENDER, "Second Bank")
    digest = world.get(world.lender, f"/determinations/{determination_id}").json()["digest"]

    answer = world.post(second_bank, f"/determinations/{determination_id}/approve", {"digest": digest})

    assert code(answer) == (404, "determination.not_found")


def test_an_assessor_never_sees_a_margin_or_a_rate(proposed: tuple[World, Chain, str]) -> None:
    world, chain, determination_id = proposed
    world.approve(world.get(world.lender, f"/determinations/{determination_id}").json())
    ids = places(chain, determination_id)

    for template in (*READS, *LISTS, "/signing-keys"):
        answer = world.get(world.assessor, template.format(**ids))
        shown = answer.text
        for secret in ("0.0345", "0.0335", "69/2000", "67/2000", "200000000", "10/1", '"-10"', "base_rate", "ratchet"):
            assert secret not in shown, (template, secret)
    assert code(world.get(world.assessor, f"/facilities/{chain.facility_id}/rate?on=2026-07-01"))[0] == 403
    assert code(world.get(world.assessor, f"/facilities/{chain.facility_id}/determinations"))[0] == 404
    assert code(world.get(world.assessor, f"/determinations/{determination_id}"))[0] == 404


def test_an_assessor_sees_what_is_measured(proposed: tuple[World, Chain, str]) -> None:
    world, chain, _ = proposed

    seen = world.done(world.get(world.assessor, f"/facilities/{chain.facility_id}"), 200)

    assert set(seen) == {"id", "facility_number", "terms_sha256", "kpis"}
    assert seen["kpis"][0]["definition"]["methodology_id"] == "article-2024-draft"
    assert seen["kpis"][0]["targets"][0]["rule"] == {"kind": "reduction_vs_base", "reduction": "3/100"}


def test_an_assessor_sees_only_the_periods_it_was_engaged_for(world: World) -> None:
    world.upload_example()
    facility_id = world.open_facility()
    baseline_id = world.reported_period(facility_id, 2024, "baseline")
    test_id = world.reported_period(facility_id, 2025, "test")
    world.engage_independent(baseline_id)

    listed = world.done(world.get(world.assessor, f"/facilities/{facility_id}/kpi-periods"), 200)

    assert [period["id"] for period in listed["kpi_periods"]] == [baseline_id]
    assert code(world.get(world.assessor, f"/kpi-periods/{test_id}")) == (404, "kpi_period.not_found")
    assert code(world.get(world.assessor, f"/kpi-periods/{test_id}/snapshot")) == (404, "kpi_period.not_found")


def test_borrower_and_bank_see_the_same_terms(world: World) -> None:
    facility_id = world.open_facility()

    borrowers = world.get(world.borrower, f"/facilities/{facility_id}")
    banks = world.get(world.lender, f"/facilities/{facility_id}")

    assert borrowers.json() == banks.json()
    assert borrowers.json()["terms"]["tranches"][0]["base_rate"]["rate"] == "69/2000"
    roles = {party["organisation_id"]: party["role"] for party in borrowers.json()["parties"]}
    assert roles == {str(world.borrower.organisation_id): "borrower", str(world.lender.organisation_id): "lender"}
    assert [line["roles"] for line in world.get(world.lender, "/facilities").json()["facilities"]] == [["lender"]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_is_named_in_a_body_exists_and_is_of_the_kind_asked_for(world: World) -> None:
    nobody, borrower = str(uuid4()), str(world.borrower.organisation_id)
    other = world.member_of(OrganisationKind.BORROWER, "Another Smelter")

    for lender_id, expected in (
        (nobody, (404, "lender.not_found")),
        (str(other.organisation_id), (404, "lender.not_found")),
        (str(world.assessor.organisation_id), (404, "lender.not_found")),
        (borrower, (422, "terms.lender_is_borrower")),
        ("bank-a", (422, "terms.party_id")),
        (str(world.lender.organisation_id).upper(), (422, "terms.party_id")),
        ("", (422, "terms.organisation_id")),
    ):
        body = world.facility_body({"parties.1.organisation_id": lender_id})
        assert code(world.post(world.borrower, "/facilities", body)) == expected, lender_id
    in_anothers_name = world.facility_body({"parties.0.organisation_id": str(other.organisation_id)})
    assert code(world.post(world.borrower, "/facilities", in_anothers_name)) == (422, "terms.borrower_not_you")


def test_a_bank_of_the_loan_cannot_be_its_assessor(world: World) -> None:
    world.upload_example()
    period_id = world.reported_period(world.open_facility(), 2024, "baseline")
    body = {"kpi_period_id": period_id, "level": "limited", "standard": "isae_3410"}

    named_bank = world.post(world.borrower, "/engagements", {**body, "assessor_id": str(world.lender.organisation_id)})
    by_the_bank = world.post(world.lender, "/engagements", {**body, "assessor_id": str(uuid4())})

    assert code(named_bank) == (404, "assessor.not_found")
    assert code(by_the_bank) == (403, "auth.organisation_kind")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_terms_that_cannot_be_are_refused_by_name(world: World) -> None:
    tranche = "tranches.0"
    for path, value, expected in (
        (f"{tranche}.base_rate.rate", "3.45", "base_rate.rate"),
        (f"{tranche}.base_rate.rate", "NaN", "terms.rate"),
        (f"{tranche}.base_rate.rate", "1/0", "terms.rate"),
        (f"{tranche}.base_rate.rate", "\uff10.0345", "terms.rate"),
        (f"{tranche}.base_rate.kind", "variable", "terms.kind"),
        (f"{tranche}.commitment_minor", "200,000,000", "terms.commitment_minor"),
        (f"{tranche}.commitment_minor", "10000000000000000", "terms.commitment_minor"),
        (f"{tranche}.calendar_market", "moon", "calendar.market"),
        (f"{tranche}.maturity_date", "2027-02-30", "terms.maturity_date"),
        (f"{tranche}.day_count", "ACT/361", "terms.day_count"),
        ("ratchet.effects.0.rule.steps.0", "intensity:10", "terms.steps"),
        ("ratchet.effects.0.rule.steps.0.kpi_id", "waste", "terms.ratchet"),
        (f"{tranche}.currency", "XXZ", "terms.currency"),
        ("surcharge", "1", "terms.unknown"),
        ("version", 2, "terms.version_first"),
        ("facility_number", "", "terms.facility_number"),
    ):
        answer = world.post(world.borrower, "/facilities", world.facility_body({path: value}))
        assert code(answer) == (422, expected), (path, value)
    assert world.get(world.borrower, "/facilities").json() == {"facilities": []}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_kpi_that_could_never_be_computed_is_refused(world: World) -> None:
    for field, value, expected in (
        ("methodology_version", "99", "methodology.version"),
        ("measure", "ets_direct", "facility.measure"),
        ("methodology_id", "none-such", "methodology.unknown"),
        ("factor_set_version", "none-such", "reference.set_unknown"),
        ("report_digits", 99, "kpi.report_digits"),
        ("extra", "1", "terms.unknown"),
    ):
        body = world.facility_body({f"kpis.0.definition.{field}": value})
        assert code(world.post(world.borrower, "/facilities", body)) == (422, expected), field


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sites_and_targets_stand_once(world: World) -> None:
    for name in ("sites", "targets"):
        body = world.facility_body()
        body["terms"]["kpis"][0][name] = body["terms"]["kpis"][0][name] * 2
        assert code(world.post(world.borrower, "/facilities", body)) == (422, f"terms.{name}")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_target_that_cannot_be_tested_is_refused(world: World) -> None:
    for reduction in ("NaN", "1e400", "\uff10.03", "", "1", "-1", "1/0", 1, True, None, ["0.03"]):
        body = world.facility_body({"kpis.0.targets.0.rule.reduction": reduction})
        answer = world.post(world.borrower, "/facilities", body)
        assert answer.status_code == 422, reduction
        assert answer.json()["errors"][0]["field"] == "kpis[0].targets[0].rule.reduction"


def test_a_facility_number_stands_once_for_its_borrower(world: World) -> None:
    world.open_facility()

    again = world.post(world.borrower, "/facilities", world.facility_body())

    assert code(again) == (409, "facility.exists")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_day_outside_the_loans_life_has_no_rate(world: World) -> None:
    facility_id = world.open_facility()

    for day in ("2024-12-19", "2027-12-20"):
        answer = world.get(world.lender, f"/facilities/{facility_id}/rate?on={day}")
        assert code(answer) == (422, "explain.no_interest")
    assert world.rate(facility_id, "2027-12-19") == "0.0345"


def _ask(world: World, who: Member, template: str, ids: dict[str, str]) -> tuple[int, bytes]:
    path = template.format(**ids)
    answer = world.get(who, path) if template in READS else world.post(who, path, BODIES.get(template))
    return answer.status_code, json.dumps(answer.json(), sort_keys=True).encode()
