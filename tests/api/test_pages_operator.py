"""Pages of auditor and operator, alerts and search: who sees which, in both languages, with the API's own figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.auth.principal import Scope
from api.pages.evidence import REQUIREMENT_WORDS
from api.pages.feeds import LAG_WORDS, OUTCOME_WORDS, ROLE_WORDS
from api.pages.notices import KIND_WORDS, STATE_WORDS
from api.pages.people import SCOPE_WORDS
from api.pages.reference import COLUMN_WORDS, SET_WORDS, STATUS_WORDS
from api.store.four_eyes import Requirement
from finance.conventions.notices import Channel, NoticeKind
from finance.conventions.tables import ReferenceStatus
from finance.feeds.feed import FeedRole
from finance.market.feed_health import FeedState
from finance.store.deliveries import DeliveryState
from finance.store.feed_runs import RunOutcome
from finance.store.reference_files import reference_files
from finance.store.webhooks import EndpointState
from tests.api.example_people import Example, example_on

NO_BOOK = "01939c3e-7b3a-7cc1-9a53-00000000dead"
EVERYBODY = ("/search", "/search?q=2025", "/notices", "/notices?open=true", "/notices/settings", "/four-eyes")
ADMINS = ("/audit", "/notices/deliveries")
READERS = ("/feeds", "/reference", "/reference/factors")
OF_THE_BOOK = ("log", "checkpoints", "check", "exports", "exports?as_of=2025-12-31")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with example_on(request.param, request, tmp_path_factory) as found:
        yield found


def book_of(example: Example) -> str:
    return str(example.get("/books")["books"][0]["book_id"])


@pytest.mark.parametrize("who", ["borrower", "lender", "assessor", "stranger"])
@pytest.mark.parametrize("path", [*EVERYBODY, *ADMINS, *READERS])
def test_a_page_is_shown_in_both_languages(example: Example, path: str, who: str) -> None:
    english, chinese = example.page(path, who), example.page(path, who, chinese=True)

    assert (english.status_code, chinese.status_code) == (200, 200), english.text
    assert '<html lang="zh-CN"' in chinese.text


@pytest.mark.parametrize("path", OF_THE_BOOK)
def test_a_page_of_a_book_is_its_owners_and_a_foreign_book_is_an_absent_one(example: Example, path: str) -> None:
    book = book_of(example)

    assert example.page(f"/books/{book}/{path}").status_code == 200
    foreign, absent = (
        example.page(f"/books/{book}/{path}", "lender"),
        example.page(f"/books/{NO_BOOK}/{path}", "lender"),
    )
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text == absent.text


def test_the_log_shows_every_entry_with_its_leaf(example: Example) -> None:
    book = book_of(example)
    log = example.get(f"/books/{book}/log")

    page = example.page(f"/books/{book}/log").text

    assert len(log["entries"]) == min(log["tree_size"], 100)
    assert log["tree_root"] in page
    assert all(f"/entries/{line['seq']}#proof" in page and line["leaf_hash"][:12] in page for line in log["entries"])


def test_the_log_goes_on_below_the_place_named(example: Example) -> None:
    book = book_of(example)

    below = example.get(f"/books/{book}/log?before=4")

    assert [line["seq"] for line in below["entries"]] == [3, 2, 1]
    assert below["next_before"] is None


def test_a_check_says_that_book_and_audit_log_are_sound_and_its_result_is_kept(example: Example) -> None:
    book = book_of(example)
    audit_rows = example.get("/audit?limit=1")["head"]["size"]

    answer = example.client.post(f"/v1/books/{book}/check", key=example.keys["borrower"]).json()

    assert (answer["is_sound"], answer["findings"], answer["first_bad"]) == (True, [], None)
    assert answer["tree_root"] == example.get(f"/books/{book}")["tree_root"]
    assert (answer["audit_log"]["is_sound"], answer["audit_log"]["rows"]) == (True, audit_rows)
    assert example.get(f"/books/{book}/checks")["checks"][0] == answer
    page = example.page(f"/books/{book}/check").text
    assert answer["tree_root"] in page
    assert "nothing was found" in page


def test_checks_of_a_book_are_its_owners_and_say_who_asked(example: Example) -> None:
    book = book_of(example)
    example.client.post(f"/v1/books/{book}/check", key=example.keys["borrower"])

    last = example.get(f"/books/{book}/checks")["checks"][0]

    assert last["started_by"] == example.get("/me")["user"]["id"]
    assert example.ask(f"/books/{book}/checks", "lender").status_code == 404


def test_a_write_stands_in_the_audit_log_with_its_proof(example: Example) -> None:
    written = example.client.post("/v1/notices/test", key=example.keys["borrower"])
    assert written.status_code == 201, written.text

    newest = example.get("/audit?limit=1")["rows"][0]
    assert newest["route"] == "POST /v1/notices/test"
    assert newest["route"] in example.page("/audit").text
    row = example.page(f"/audit/{newest['seq']}").text
    assert newest["leaf_hash"] in row
    assert example.page("/audit/999999").status_code == 404


def test_an_alert_is_counted_in_the_frame_and_shown_with_its_words(example: Example) -> None:
    example.client.post("/v1/notices/test", key=example.keys["lender"])
    unread = example.get("/notices/unread", "lender")["unread"]

    page = example.page("/notices", "lender", chinese=True).text

    assert unread >= 1
    assert f'data-count="{unread}"' in page
    assert example.get("/notices?limit=1", "lender")["notices"][0]["title_zh"] in page


def test_alerts_of_one_organisation_do_not_count_for_another(example: Example) -> None:
    example.client.post("/v1/notices/test", key=example.keys["lender"])

    assert example.get("/notices/unread", "assessor")["unread"] == 0


def test_every_set_of_rules_is_shown_with_its_version_and_every_row_with_its_source(example: Example) -> None:
    sets = example.get("/reference-sets")["sets"]

    page = example.page("/reference").text

    assert len(sets) > 20
    assert all(each["version"] in page for each in sets)
    factors = example.get("/reference-sets/factors")
    source = factors["columns"].index("source")
    assert all(row[source] for row in factors["rows"])
    assert example.page("/reference/nothing").status_code == 404


def test_every_source_is_shown_with_the_state_that_the_api_gives(example: Example) -> None:
    page = example.page("/feeds").text

    for each in example.get("/feeds")["feeds"]:
        assert each["title_en"] in page
        assert example.page(f"/feeds/{each['feed']}", chinese=True).status_code == 200
    assert example.page("/feeds/nothing").status_code == 404


def test_what_a_file_says_above_its_rows_is_a_note_and_its_rows_are_counted_by_status(example: Example) -> None:
    found = example.get("/reference-sets/assurance_standards")

    assert found["columns"][0] == "row_id"
    assert any("assumed" in note for note in found["notes"])
    assert sum(each["rows"] for each in found["set"]["counts"]) == found["set"]["rows"] == len(found["rows"])
    page = example.page("/reference/assurance_standards", chinese=True).text
    assert "鉴证准则" in page
    assert "# Which standard" not in page
    assert "row id" not in page


def test_a_right_is_said_in_words(example: Example) -> None:
    page = example.page("/account", chinese=True).text

    assert "查看账簿、价格与数据" in page


def test_a_threshold_that_is_a_share_is_per_cent_and_days_are_counted(example: Example) -> None:
    page = example.page("/notices/settings").text

    assert "80%" in page
    assert '60 <span class="unit">days</span>' in page


def test_a_hit_leads_to_the_page_that_shows_it(example: Example) -> None:
    book = book_of(example)

    page = example.page("/search?q=T-2025-001").text

    assert f'href="/books/{book}/entries/' in page
    assert "T-2025-001" in page


def test_a_question_is_never_repeated_as_markup(example: Example) -> None:
    page = example.page("/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E")

    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_every_code_that_a_page_says_has_its_words() -> None:
    assert set(KIND_WORDS) == set(NoticeKind)
    assert set(LAG_WORDS) == set(FeedState)
    assert set(OUTCOME_WORDS) == set(RunOutcome)
    assert set(ROLE_WORDS) == set(FeedRole)
    assert set(SCOPE_WORDS) == set(Scope)
    assert set(STATUS_WORDS) == {each.value for each in ReferenceStatus}
    assert set(SET_WORDS) == {each.set_id for each in reference_files()}
    assert set(COLUMN_WORDS) == {column for each in reference_files() for column in each.columns}
    assert set(REQUIREMENT_WORDS) == set(Requirement)
    said = {each.value for each in (*DeliveryState, *EndpointState)} | {Channel.EMAIL.value, Channel.WEBHOOK.value}
    assert said <= set(STATE_WORDS)
