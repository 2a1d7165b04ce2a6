"""The catalogue of sources: what each is for, when it is expected, under which terms, and where it may be replaced."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.feeds import catalogue, feed_rows
from finance.feeds.feed import Feed, FeedRole, FeedState, expected_by, late_after
from finance.feeds.requests import FeedRequest
from finance.market.cbam_price import PeriodKind
from finance.store import reference
from ledger.core.errors import Conflict, Invalid, NotFound
from tests.contract.rows import reference_rows

FEEDS = catalogue.feeds()
DAY = date(2026, 8, 14)


def hours(feed_id: str, day: str) -> list[str]:
    return [f"{one:%m-%d %H:%M}" for one in expected_by(catalogue.feed(feed_id), date.fromisoformat(day))]


@pytest.mark.parametrize(
    ("feed_id", "day", "expected"),
    [
        ("ecb.daily", "2026-03-27", ["03-27 15:15", "03-27 16:30"]),
        ("ecb.daily", "2026-03-30", ["03-30 14:15", "03-30 15:30"]),
        ("ecb.daily", "2026-10-23", ["10-23 14:15", "10-23 15:30"]),
        ("ecb.daily", "2026-10-26", ["10-26 15:15", "10-26 16:30"]),
        ("eex.auctions", "2026-07-17", ["07-17 09:30", "07-17 11:00"]),
        ("cfets.parity", "2026-07-17", ["07-17 01:25"]),
        ("ccer.day", "2026-01-16", ["01-16 09:40", "01-16 11:30", "01-16 22:30"]),
        ("cneeex.market", "2026-07-17", ["07-17 10:00", "07-17 11:30", "07-17 13:00", "07-17 16:05", "07-17 22:30"]),
        ("cbam.page", "2026-07-17", []),
        ("manual", "2026-07-17", []),
    ],
)
def test_hours_follow_the_sources_own_zone_through_summer_and_winter(
    feed_id: str, day: str, expected: list[str]
) -> None:
    assert hours(feed_id, day) == expected


@given(day=st.dates(date(2021, 1, 1), date(2035, 12, 31)), place=st.sampled_from(range(len(FEEDS))))
def test_every_expected_instant_is_that_wall_clock_time_in_the_zone(day: date, place: int) -> None:
    feed = FEEDS[place]

    instants = expected_by(feed, day)

    assert list(instants) == sorted(instants)
    walls = [instant.astimezone(ZoneInfo(feed.zone)) for instant in instants]
    assert sorted((wall.date() - day).days * 1440 + wall.hour * 60 + wall.minute for wall in walls) == sorted(
        hour.minute for hour in feed.hours
    )


def test_a_day_is_late_after_the_first_hour_and_the_grace() -> None:
    assert late_after(catalogue.feed("cneeex.market"), DAY) == datetime(2026, 8, 14, 10, 15, tzinfo=UTC)
    assert late_after(catalogue.feed("manual"), DAY) is None


def test_what_needs_permission_is_off_and_says_why_in_both_languages() -> None:
    off = {feed.id: feed for feed in FEEDS if not feed.is_on_by_default}

    assert {feed_id.partition(".")[0] for feed_id in off} == {"cneeex", "ccer", "yahoo", "lpr"}
    assert {feed.id for feed in FEEDS if feed.id.startswith(("cneeex.", "ccer."))} <= set(off)
    assert all("permi" in feed.why_en.lower() for feed in off.values())
    assert all(any("\u4e00" <= mark <= "\u9fff" for mark in feed.why_zh) for feed in FEEDS)
    assert all(feed.terms_source and feed.title_en and feed.title_zh for feed in FEEDS)


def test_every_feed_of_the_rows_is_in_the_catalogue_and_the_other_way_round() -> None:
    named = {
        row["row_id"].removesuffix(".role") for row in reference_rows("feeds.csv") if row["row_id"].endswith(".role")
    }

    assert named == {feed.id for feed in FEEDS}
    assert len(named) == 19


def test_every_calendar_is_one_that_ships() -> None:
    shipped = {calendar.market for calendar in reference.shipped_calendars()}

    assert {feed.calendar for feed in FEEDS} <= shipped | {"none"}


def test_an_indicative_source_has_no_way_to_become_a_mark() -> None:
    indicative = [feed for feed in FEEDS if feed.role is FeedRole.INDICATES]

    assert [feed.id for feed in indicative] == ["yahoo.co2"]
    assert not any("yahoo" in source.source.lower() for source in reference.shipped_mark_rules().sources)


def test_a_certificate_is_marked_by_its_periods_official_price_and_nothing_else() -> None:
    ranks = reference.shipped_mark_rules().ranks("CBAM-2026Q1", on=date(2026, 4, 7))

    assert dict(ranks) == {"official_price": 1}


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.id)
def test_calls_go_to_the_given_address_and_are_the_same_every_time(feed: Feed) -> None:
    moved = catalogue.feed(feed.id, {"*": "http://127.0.0.1:9"})

    requests = moved.requests(DAY)

    assert requests == moved.requests(DAY)
    assert all(request.url.startswith("http://127.0.0.1:9/") for request in requests)
    assert all(isinstance(request, FeedRequest) and request.label for request in requests)
    assert all(request.url.startswith("https://") for request in feed.requests(DAY))


def test_one_base_address_may_be_replaced_alone() -> None:
    urls = {feed.id: feed.base_url for feed in catalogue.feeds({"lpr": "http://127.0.0.1:9"})}

    assert urls["lpr"] == "http://127.0.0.1:9"
    assert urls["cfets.parity"] == "https://www.chinamoney.com.cn"


def test_an_unknown_feed_and_a_bad_address_are_refused() -> None:
    with pytest.raises(NotFound):
        catalogue.feed("bloomberg")
    with pytest.raises(NotFound):
        catalogue.feeds({"bloomberg": "https://a.example"})
    with pytest.raises(Invalid):
        catalogue.feeds({"lpr": "http://a.example"})


def test_a_new_vintage_is_asked_for_from_its_first_month_on() -> None:
    rows = reference.shipped_feeds()

    assert "CEA25" not in feed_rows.cneeex_codes(rows, on=date(2025, 12, 31))
    assert "CEA25" in feed_rows.cneeex_codes(rows, on=date(2026, 1, 1))
    assert feed_rows.cneeex_codes(rows, on=date(2021, 7, 16)) == ("CEA", "COMCEA")


def test_certificates_are_priced_by_quarter_in_2026_and_by_week_from_2027_and_before_not_at_all() -> None:
    rows = reference.shipped_feeds()

    assert feed_rows.cbam_period_kind(rows, on=date(2026, 12, 31)) is PeriodKind.QUARTER
    assert feed_rows.cbam_period_kind(rows, on=date(2027, 1, 1)) is PeriodKind.WEEK
    with pytest.raises(NotFound):
        feed_rows.cbam_period_kind(rows, on=date(2025, 12, 31))


@pytest.mark.parametrize("feed_id", ["ecb.daily", "cneeex.market", "cfets.parity"])
def test_a_closed_day_is_not_due_and_an_unknown_one_is_not_guessed(feed_id: str) -> None:
    feed = catalogue.feed(feed_id)
    calendar = reference.shipped_calendar(feed.calendar)

    assert not feed.is_due_on(date(2026, 1, 1), calendar)
    assert feed.is_due_on(DAY, calendar)
    with pytest.raises(Conflict) as refused:
        feed.is_due_on(date(2028, 1, 4), calendar)
    assert refused.value.code == "calendar.unknown"


def test_missing_days_after_the_asked_one_are_not_asked_for() -> None:
    feed = catalogue.feed("cneeex.statistics")

    (request,) = feed.requests(DAY, FeedState(days=(date(2026, 8, 17),)))

    assert request.label == "statistics 2026-08-14"
