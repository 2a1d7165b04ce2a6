"""The operator sees how feeds and jobs do for every organisation, and nothing of what they fetched or said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.deps import unit_of_work
from api.routes import operating_jobs
from api.store.access import OrganisationKind
from finance.store import feed_runs
from finance.store.feed_runs import JobAlert
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import done, refused
from tests.api.people import Member, member

HTML = {"Accept": "text/html"}


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    with Client(app) as calling:
        yield calling


@pytest.fixture
def operator(database: Database, clock: Clock, randomness: Randomness) -> Member:
    return member(database, clock, randomness, OrganisationKind.OPERATOR, "Operator", (Scope.OPERATE,))


@pytest.fixture
def smelter(database: Database, clock: Clock, randomness: Randomness) -> Member:
    """A borrower whose job asked somebody to look."""
    its = member(database, clock, randomness, OrganisationKind.BORROWER, "First Smelter", (Scope.LEDGER_READ,))
    alert = JobAlert(
        job="close.cea",
        cause="calendar_unknown",
        business_day=date(2026, 11, 20),
        message="the price was 61.50",
        raised_at=clock(),
    )
    with unit_of_work(database) as session:
        assert feed_runs.raise_alert(session, its.organisation_id, alert)
    return its


def test_the_operator_sees_states_and_causes_of_each_organisation_and_not_what_was_said(
    client: Client, operator: Member, smelter: Member
) -> None:
    said = done(client.get("/v1/operating/jobs", key=operator.key))

    (only,) = said["organisations"]
    assert (only["organisation_id"], only["legal_name"]) == (str(smelter.organisation_id), "First Smelter")
    assert [(each["job"], each["cause"]) for each in only["alerts"]] == [("close.cea", "calendar_unknown")]
    assert "61.50" not in str(said)
    own = {each["feed"] for each in done(client.get("/v1/feeds", key=smelter.key))["feeds"] if each["is_on"]}
    assert {each["feed"] for each in only["feeds"]} == own
    assert own
    assert {each["state"] for each in only["feeds"]} <= {"current", "late", "stale", "silent", "idle"}


def test_nobody_else_sees_it_and_the_operator_still_reads_no_organisations_feeds(
    client: Client, operator: Member, smelter: Member
) -> None:
    assert refused(client.get("/v1/operating/jobs", key=smelter.key)) == (403, "auth.organisation_kind")
    assert refused(client.get("/v1/feeds", key=operator.key)) == (403, "auth.scope_missing")


def test_pages_of_organisations_follow_without_one_twice(
    client: Client,
    database: Database,
    clock: Clock,
    randomness: Randomness,
    operator: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(operating_jobs, "_PAGE", 2)
    for number in range(3):
        member(database, clock, randomness, OrganisationKind.LENDER, f"Bank {number}", (Scope.LEDGER_READ,))

    first = done(client.get("/v1/operating/jobs", key=operator.key))
    rest = done(client.get(f"/v1/operating/jobs?after={first['next_after']}", key=operator.key))

    names = [each["legal_name"] for page in (first, rest) for each in page["organisations"]]
    assert sorted(names) == ["Bank 0", "Bank 1", "Bank 2"]
    assert (len(first["organisations"]), rest["next_after"]) == (2, None)


def test_the_page_stands_in_the_operators_navigation_in_both_languages(
    client: Client, operator: Member, smelter: Member
) -> None:
    english = client.get("/operating/jobs", key=operator.key, headers=HTML)
    chinese = client.get("/operating/jobs", key=operator.key, headers={**HTML, "Accept-Language": "zh-CN"})

    assert (english.status_code, chinese.status_code) == (200, 200), english.text
    assert 'href="/operating/jobs"' in english.text
    assert "First Smelter" in english.text
    assert "61.50" not in english.text
    assert "数据源与任务" in chinese.text
    assert client.get("/operating/jobs", key=smelter.key, headers=HTML).status_code == 403
