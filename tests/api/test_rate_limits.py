from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI

from api.app import create_app, rates_of
from api.auth.principal import Principal
from api.auth.rate_limits import UNLIMITED, RateLimits, Rates
from api.settings import Settings
from api.store.access import OrganisationKind
from ledger.core.errors import Forbidden, Invalid
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RATES = Rates(writes_per_second=2, organisation_writes_per_second=3, address_requests_per_second=100, exports_at_once=1)


def caller(number: int, *, organisation: int = 1) -> Principal:
    return Principal(
        user_id=UUID(int=number),
        person_id=UUID(int=number),
        organisation_id=UUID(int=organisation),
        organisation_kind=OrganisationKind.BORROWER,
        roles=frozenset(),
        scopes=frozenset(),
        key_id=UUID(int=number),
    )


def wait_s(error: Forbidden) -> str:
    assert error.code == "rate.limited"
    return str(error.data["retry_after_s"])


def test_a_key_writes_two_seconds_worth_at_once_and_then_one_token_at_a_time() -> None:
    limits = RateLimits(Rates(writes_per_second=2, organisation_writes_per_second=0))
    for _ in range(4):
        limits.admit_write(caller(1), now=NOON)

    with pytest.raises(Forbidden) as fifth:
        limits.admit_write(caller(1), now=NOON)
    with pytest.raises(Forbidden):
        limits.admit_write(caller(1), now=NOON + timedelta(milliseconds=499))
    limits.admit_write(caller(1), now=NOON + timedelta(milliseconds=500))

    assert wait_s(fifth.value) == "1"


def test_keys_of_one_organisation_share_its_bucket_and_a_refused_write_takes_no_token() -> None:
    limits = RateLimits(RATES)
    for number in (1, 1, 1, 2, 2, 2):
        limits.admit_write(caller(number), now=NOON)

    for _ in range(3):
        with pytest.raises(Forbidden):
            limits.admit_write(caller(3), now=NOON)
    limits.admit_write(caller(4, organisation=2), now=NOON)
    limits.admit_write(caller(3), now=NOON + timedelta(seconds=1))


def test_an_address_is_counted_whoever_calls_and_others_are_not() -> None:
    limits = RateLimits(Rates(address_requests_per_second=1))
    for _ in range(2):
        limits.admit_address("192.0.2.1", now=NOON)

    with pytest.raises(Forbidden):
        limits.admit_address("192.0.2.1", now=NOON)
    limits.admit_address("192.0.2.2", now=NOON)


def test_a_clock_that_goes_back_gives_no_token_and_breaks_nothing() -> None:
    limits = RateLimits(Rates(writes_per_second=1, organisation_writes_per_second=0))
    for _ in range(2):
        limits.admit_write(caller(1), now=NOON)

    with pytest.raises(Forbidden):
        limits.admit_write(caller(1), now=NOON - timedelta(hours=1))
    limits.admit_write(caller(1), now=NOON + timedelta(seconds=1))


def test_strangers_addresses_do_not_fill_the_memory() -> None:
    limits = RateLimits(Rates(address_requests_per_second=1_000))

    for number in range(60_000):
        limits.admit_address(f"address {number}", now=NOON + timedelta(milliseconds=number))

    assert len(limits._empty_until) <= 20_000


def test_files_are_made_for_a_caller_as_many_at_once_as_set() -> None:
    limits = RateLimits(RATES)

    one = limits.exporting(caller(1))
    with limits.exporting(caller(1)), limits.exporting(caller(2)), pytest.raises(Forbidden) as second:
        one.__enter__()
    with limits.exporting(caller(1)):
        pass

    assert wait_s(second.value) == "1"
    assert limits._exports == {}


def test_without_limits_everything_is_let_through() -> None:
    limits = RateLimits(UNLIMITED)

    for _ in range(1_000):
        limits.admit_write(caller(1), now=NOON)
        limits.admit_address("192.0.2.1", now=NOON)


@pytest.mark.parametrize("name", ["writes_per_second", "requests_per_second", "exports_at_once"])
def test_a_setting_out_of_range_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="expected a whole number from 0"):
        Settings(**{name: 10_001})  # type: ignore[arg-type]


def test_an_organisation_writes_five_times_as_often_as_one_of_its_keys() -> None:
    assert rates_of(Settings()) == Rates(
        writes_per_second=20,
        organisation_writes_per_second=100,
        address_requests_per_second=200,
        exports_at_once=2,
    )


@pytest.fixture
def limited(database: Database, clock: Clock, randomness: Randomness) -> FastAPI:
    return create_app(database, clock=clock, random_source=randomness, rates=RATES)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_write_too_many_is_answered_429_with_the_seconds_to_wait(
    limited: FastAPI, borrower: Member, clock: Clock
) -> None:
    path = f"/v1/api-keys/{borrower.key_id}/revoke"  # a wrong body, so that each is refused in its own way
    with Client(limited, borrower.key) as calling:
        first = [calling.post(path, '{"unknown": 1}').status_code for _ in range(4)]

        refused = calling.post(path, '{"unknown": 1}')
        read = calling.get("/v1/me")
        clock.advance(seconds=1)
        later = calling.post(path, '{"unknown": 1}')

    assert set(first) == {422}
    assert (refused.status_code, refused.json()["code"]) == (429, "rate.limited")
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == "application/problem+json"
    assert read.status_code == 200
    assert later.status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_is_one_request_of_its_address_and_its_static_files_are_none(
    database: Database, clock: Clock, randomness: Randomness
) -> None:
    rates = Rates(address_requests_per_second=1, writes_per_second=0, organisation_writes_per_second=0)
    app = create_app(database, clock=clock, random_source=randomness, rates=rates)
    with Client(app) as browser:
        files = {browser.get("/static/form.js").status_code for _ in range(10)}

        pages = [browser.get("/sign-in", headers={"Accept": "text/html"}) for _ in range(3)]

    assert files == {200}
    assert [page.status_code for page in pages] == [200, 200, 429]
    assert pages[2].headers["content-type"].startswith("text/html")
    assert pages[2].headers["retry-after"] == "1"
