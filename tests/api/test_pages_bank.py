from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi import FastAPI

from api.store.access import OrganisationKind
from api.translations import Language, catalog
from finance.attestations.states import AttestationState
from finance.kpi.periods import KpiPeriodState
from finance.operations.bank_desk import QueueKind
from ledger.store.database import Database
from tests.api.attestation_world import AttestationWorld
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member, member
from tests.api.test_loans_examples import ALL_SCOPES, Chain

HTML = {"Accept": "text/html"}
CHINESE = {**HTML, "Accept-Language": "zh-CN"}
SECRETS = (" bp", "margin", "利差", "基点", "3.45%", "3.35%", "0.0345", "adjustment", "69/2000")
"""What prices the example's loan: none of it may stand on a page of an assessor."""


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


def page(world: AttestationWorld, who: Member, path: str, *, chinese: bool = False, status: int = 200) -> str:
    answer = world.client.get(path, key=who.key, headers=CHINESE if chinese else HTML)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[-400:]}"
    return answer.text


def bank_pages(chain: Chain, determination_id: str) -> tuple[str, ...]:
    loan = f"/bank/facilities/{chain.facility_id}"
    return (
        "/bank/portfolio",
        "/bank/queue",
        "/obligations",
        loan,
        f"{loan}/schedule",
        f"{loan}/terms",
        f"{loan}/label",
        f"/bank/kpi-periods/{chain.period_id}",
        f"/bank/determinations/{determination_id}",
    )


def assessor_pages(chain: Chain, draft_id: str) -> tuple[str, ...]:
    return (
        "/",
        "/engagements",
        f"/engagements/{chain.engagement_id}",
        f"/attestations/{chain.attestation_id}",
        f"/statement-drafts/{draft_id}",
        "/signing-keys",
        "/obligations",
        "/account",
    )


def test_the_bank_sees_its_loan_whole_in_both_languages_and_nobody_else_its_desk(world: AttestationWorld) -> None:
    chain = world.attested()
    proposal = world.propose(chain)

    for path in bank_pages(chain, proposal["id"]):
        english, chinese = page(world, world.lender, path), page(world, world.lender, path, chinese=True)
        assert '<html lang="en"' in english
        assert '<html lang="zh-CN"' in chinese
        page(world, world.borrower, path, status=403)
        if path != "/obligations":
            page(world, world.assessor, path, status=403)


def test_what_is_not_the_banks_and_what_does_not_exist_are_the_same_page(world: AttestationWorld) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    stranger = world.member_of(OrganisationKind.LENDER, "Another Bank")

    for path in bank_pages(chain, proposal["id"])[3:]:
        absent = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(uuid4()), path)
        foreign_page, absent_page = (page(world, stranger, each, status=404) for each in (path, absent))
        assert foreign_page.replace(path, "") == absent_page.replace(absent, "")


def test_what_is_not_the_assessors_and_what_does_not_exist_are_the_same_page(world: AttestationWorld) -> None:
    chain = world.attested()
    draft = world.draft(world.assessor, chain.engagement_id, jti="second-statement")
    stranger = world.member_of(OrganisationKind.ASSESSOR, "Another Verifier")

    for path in assessor_pages(chain, draft["id"])[2:5]:
        absent = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(uuid4()), path)
        foreign_page, absent_page = (page(world, stranger, each, status=404) for each in (path, absent))
        assert foreign_page.replace(path, "") == absent_page.replace(absent, "")


def test_an_assessor_sees_no_margin_on_any_of_its_pages(world: AttestationWorld) -> None:
    chain = world.attested()
    draft = world.draft(world.assessor, chain.engagement_id, jti="second-statement")
    world.approve(world.propose(chain))

    for path in assessor_pages(chain, draft["id"]):
        for is_chinese in (False, True):
            shown = page(world, world.assessor, path, chinese=is_chinese)
            assert [each for each in SECRETS if each in shown] == [], path
        if path not in {"/", "/account", "/obligations"}:
            page(world, world.lender, path, status=403)
            page(world, world.borrower, path, status=403)


def test_the_loan_page_shows_the_figures_of_the_api(world: AttestationWorld) -> None:
    chain = world.attested()
    world.approve(world.propose(chain))
    position = world.done(world.get(world.lender, f"/bank/facilities/{chain.facility_id}/position"), 200)

    loan = page(world, world.lender, f"/bank/facilities/{chain.facility_id}")
    schedule = page(world, world.lender, f"/bank/facilities/{chain.facility_id}/schedule")
    portfolio = page(world, world.lender, "/bank/portfolio")

    answer = world.done(world.get(world.lender, f"/facilities/{chain.facility_id}/schedule"), 200)
    total = answer["tranches"][0]["total_saving"]["amount"]
    assert "3.45%" in loan
    assert "3.35%" in schedule
    assert f"{int(position['exposures'][0]['exposure']['amount'].partition('.')[0]):,}" in portfolio
    assert f"¥{int(total.partition('.')[0]):,}.{total.partition('.')[2]}" in schedule
    assert position["kpi_path"][0]["observed"] in loan


def test_a_proposal_shows_the_difference_its_digest_and_the_same_computed_again(world: AttestationWorld) -> None:
    chain = world.attested()
    proposal = world.propose(chain)

    shown = page(world, world.lender, f"/bank/determinations/{proposal['id']}")

    assert proposal["digest"] in shown
    assert "<del>0 bp</del>" in shown
    assert "<ins>\N{MINUS SIGN}10 bp</ins>" in shown
    assert "same digest" in shown
    assert f"POST /v1/determinations/{proposal['id']}/approve" in shown


def test_a_reader_without_the_right_to_decide_gets_no_button(world: AttestationWorld) -> None:
    chain = world.attested()
    proposal = world.propose(chain)
    from_the_bank = world.person_of(world.lender, "reader@bank.example")
    world.done(
        world.post(world.lender, f"/kpi-periods/{chain.period_id}/reviews", _review(world, chain, "queried")), 201
    )

    period = page(world, from_the_bank, f"/bank/kpi-periods/{chain.period_id}")
    decided = page(world, world.lender, f"/bank/determinations/{proposal['id']}")

    assert "please explain" in period
    assert "data-opens" in decided


def test_an_engagement_before_independence_offers_the_declaration_and_shows_no_data(world: AttestationWorld) -> None:
    world.upload_example()
    period_id = world.reported_period(world.open_facility(), 2024, "baseline")
    engagement_id = world.engage(period_id)

    before = page(world, world.assessor, f"/engagements/{engagement_id}")
    world.done(world.post(world.assessor, f"/engagements/{engagement_id}/independence"), 200)
    after = page(world, world.assessor, f"/engagements/{engagement_id}")

    value = world.expectation(engagement_id)["value"]
    assert f"POST /v1/engagements/{engagement_id}/independence" in before
    assert value not in before
    assert "Industrial Bank" in before
    assert value in after
    assert f"POST /v1/engagements/{engagement_id}/drafts" in after


def test_a_reviewed_draft_says_how_to_sign_it_and_who_relied_is_told_without_a_price(world: AttestationWorld) -> None:
    chain = world.attested()
    second = world.person_of(world.assessor, "second")
    draft = world.reviewed(world.assessor, second, chain.engagement_id, jti="second-statement")
    world.approve(world.propose(chain))

    shown = page(world, world.assessor, f"/statement-drafts/{draft['id']}")
    lodged = page(world, world.assessor, f"/attestations/{chain.attestation_id}")

    assert f"tonne sign statement-{draft['id']}.json" in shown
    assert f"POST /v1/attestation-drafts/{draft['id']}/lodge" in shown
    assert "Qingshi Aluminium, Industrial Bank" in lodged


def test_every_state_and_task_has_its_chinese_word() -> None:
    texts = catalog(Language.ZH).texts
    codes = [str(each) for kind in (AttestationState, KpiPeriodState, QueueKind) for each in kind]

    assert [code for code in codes if f"word\x04{code}" not in texts] == []


def _review(world: AttestationWorld, chain: Chain, what: str) -> dict[str, str]:
    sha256 = world.done(world.get(world.lender, f"/kpi-periods/{chain.period_id}/reviews"), 200)["sha256"]
    return {"what": what, "sha256": sha256, "reason": "please explain the production of March"}
