"""Pages of emissions and KPI periods: each shows what the API answers, to a borrower only."""

from __future__ import annotations

import pytest

from tests.api.client import Client
from tests.api.conftest import Member
from tests.api.test_pages_base import BROWSER, CHINESE

PATHS = ("/emissions", "/activity", "/kpi-periods")


@pytest.mark.parametrize("path", PATHS)
def test_each_page_is_shown_in_both_languages_and_says_what_to_do_next(client: Client, path: str) -> None:
    english, chinese = client.get(path, headers=BROWSER), client.get(path, headers=CHINESE)

    assert (english.status_code, chinese.status_code) == (200, 200)
    assert 'class="empty"' in english.text
    assert '<html lang="zh-CN"' in chinese.text


@pytest.mark.parametrize("path", PATHS)
def test_a_bank_opens_none_of_them(client: Client, lender: Member, path: str) -> None:
    assert client.get(path, headers=BROWSER, key=lender.key).status_code == 403


def test_an_unknown_methodology_and_year_are_refused_in_their_place(client: Client) -> None:
    unknown = client.get("/emissions?methodology=nothing", headers=BROWSER)
    empty = client.get("/emissions?year=2031&target_tco2e_per_t=8.2", headers=BROWSER)

    assert (unknown.status_code, empty.status_code) == (200, 200)
    assert 'class="refused"' in unknown.text
    assert "emissions.no_activity" in empty.text


def test_an_absent_period_is_not_found(client: Client) -> None:
    answer = client.get("/kpi-periods/01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4d", headers=BROWSER)

    assert answer.status_code == 404
