from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI

from api.deps import unit_of_work
from finance.conventions.notices import NoticeKind
from finance.operations.notices import raise_notice
from ledger.store.database import Database
from tests.api.client import Client, Clock
from tests.api.people import Member
from tests.store.test_notices import draft


@pytest.fixture
def inbox(client: Client, database: Database, borrower: Member, clock: Clock) -> Client:
    """Five alerts of the borrower, the third for traders only."""
    with unit_of_work(database) as session:
        for number in range(1, 6):
            audience = ("trading:write",) if number == 3 else ("*",)
            raise_notice(
                session,
                draft(f"case {number}", organisation_id=borrower.organisation_id, audience=audience),
                now=clock(),
            )
    return client


def numbers(answer: Any) -> list[int]:
    return [one["number"] for one in answer["notices"]]


def test_alerts_are_listed_unread_first_and_page_by_page(inbox: Client) -> None:
    first = inbox.get("/v1/notices").json()
    assert (numbers(first), first["unread"], first["newest"]) == ([5, 4, 2, 1], 4, 5)
    read = first["notices"][0]["notice_id"]

    assert inbox.post(f"/v1/notices/{read}/read").status_code == 200

    shown: list[int] = []
    path = "/v1/notices?limit=1"
    while True:
        page = inbox.get(path).json()
        shown += numbers(page)
        if page["next_cursor"] is None:
            break
        path = f"/v1/notices?limit=1&after={page['next_cursor']}"
    assert shown == [4, 2, 1, 5]


def test_acknowledging_counts_as_reading_and_keeps_its_first_instant(inbox: Client, clock: Clock) -> None:
    notice_id = inbox.get("/v1/notices").json()["notices"][0]["notice_id"]

    first = inbox.post(f"/v1/notices/{notice_id}/acknowledge").json()
    clock.advance(hours=1)
    again = inbox.post(f"/v1/notices/{notice_id}/acknowledge").json()

    assert first["acknowledged_at"] == first["read_at"] == "2026-11-21T08:00:00.000000+00:00"
    assert again == first
    assert inbox.get("/v1/notices").json()["notices"][-1] == first


def test_everything_up_to_a_number_is_read_at_once(inbox: Client) -> None:
    answer = inbox.post("/v1/notices/read", json.dumps({"through": 4})).json()

    assert answer == {"marked": 3, "unread": 1}
    assert inbox.get("/v1/notices").json()["unread"] == 1


def test_another_organisation_sees_none_of_it(inbox: Client, lender: Member) -> None:
    notice_id = inbox.get("/v1/notices").json()["notices"][0]["notice_id"]

    assert inbox.get("/v1/notices", key=lender.key).json()["notices"] == []
    for path in (f"/v1/notices/{notice_id}", f"/v1/notices/{'0' * 8}-0000-7000-8000-{'0' * 12}"):
        answer = inbox.get(path, key=lender.key)
        assert (answer.status_code, answer.json()["code"]) == (404, "notice.not_found")


def test_a_muted_kind_is_left_out_of_the_list_and_can_still_be_opened(inbox: Client) -> None:
    notice_id = inbox.get("/v1/notices").json()["notices"][0]["notice_id"]
    body = {"language": "zh", "kinds": [{"kind": "compliance_gap", "channels": ["email"]}]}

    answer = inbox.post("/v1/notice-settings", json.dumps(body))

    assert answer.status_code == 200
    assert inbox.get("/v1/notices").json()["notices"] == []
    assert inbox.get(f"/v1/notices/{notice_id}").status_code == 200
    shown = inbox.get("/v1/notice-settings").json()
    assert shown["language"] == "zh"
    assert {one["kind"] for one in shown["kinds"]} == {kind.value for kind in NoticeKind}
    assert next(one for one in shown["kinds"] if one["kind"] == "compliance_gap")["channels"] == ["email"]


@pytest.mark.parametrize(
    "body",
    [
        {"language": "de"},
        {"language": "en", "kinds": [{"kind": "nothing", "channels": []}]},
        {"language": "en", "kinds": [{"kind": "test", "channels": ["webhook"]}]},
        {"language": "en", "kinds": [{"kind": "test", "channels": []}, {"kind": "test", "channels": ["app"]}]},
        {"language": "en", "quiet_until": "2026-11-22T08:00:00"},
        {"language": "en", "user_id": "0"},
    ],
)
def test_settings_that_cannot_be_are_refused(client: Client, body: dict[str, object]) -> None:
    assert client.post("/v1/notice-settings", json.dumps(body)).status_code == 422


def test_thresholds_show_what_is_on_file_and_the_organisation_s_own(client: Client, lender: Member) -> None:
    answer = client.post("/v1/notice-thresholds", json.dumps({"threshold": "notice.limit_used", "value": "0.75"}))

    own = {one["threshold"]: one for one in answer.json()["thresholds"]}["notice.limit_used"]
    assert (own["value"], own["on_file"], own["is_own"], own["status"]) == ("0.75", "0.80", True, "assumed")
    others = client.get("/v1/notice-thresholds", key=lender.key).json()["thresholds"]
    assert not any(one["is_own"] for one in others)


@pytest.mark.parametrize(
    "body",
    [
        {"threshold": "notice.limit_used", "value": "2"},
        {"threshold": "delivery.most_tries", "value": "1"},
        {"threshold": "delivery.most_tries", "value": None},
        {"threshold": "notice.due", "value": "NaN"},
    ],
)
def test_a_threshold_that_cannot_be_is_refused(client: Client, body: dict[str, object]) -> None:
    assert client.post("/v1/notice-thresholds", json.dumps(body)).status_code == 422


def test_a_test_message_concerns_its_sender_alone(client: Client, app: FastAPI, borrower: Member) -> None:
    answer = client.post("/v1/notices/test")

    assert answer.status_code == 201
    assert client.get("/v1/notices").json()["unread"] == 1


@pytest.mark.parametrize("after", ["MDE5MzljM2U", "x", "' OR 1"])
def test_a_cursor_of_another_list_is_refused(client: Client, after: str) -> None:
    assert client.get(f"/v1/notices?after={after}").status_code == 422
