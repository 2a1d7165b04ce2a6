"""The loan prime rate: steps that hold until the next publication, and values that nobody should believe."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from finance.feeds import catalogue, feed_rows
from finance.feeds.feed import FeedState
from finance.feeds.lpr import FIVE_YEARS, ONE_YEAR, fixing_series, parse_fallback, parse_history
from finance.store import reference
from ledger.core.errors import Conflict, DomainError
from tests.contract.answers import KNOWN_AT
from tests.contract.source_server import Reply, SourceServer, feed_at, read_feed

PATH = "/ags/ms/cm-u-bk-currency/LprHis"
BOUNDS = feed_rows.lpr_bounds(reference.shipped_feeds())
CALENDAR = reference.shipped_calendar("cn_interbank")


def history(*rows: tuple[str, str, str]) -> bytes:
    return json.dumps({"records": [{"showDateCN": day, "1Y": one, "5Y": five} for day, one, five in rows]}).encode()


def fallback(*rows: tuple[str, object, object]) -> bytes:
    found = [
        {"TRADE_DATE": f"{day} 00:00:00", "LPR1Y": one, "LPR5Y": five, "RATE_1": 4.35, "RATE_2": 4.75}
        for day, one, five in rows
    ]
    return json.dumps({"success": True, "result": {"data": found}}).encode()


def test_publications_come_oldest_first_as_shares_per_year_under_the_names_loans_use(source: SourceServer) -> None:
    source.reply(PATH, Reply(body=history(("2026-08-20", "3.00", "3.50"), ("2026-07-20", "3.05", "3.55"))))

    (parsed,) = read_feed(source, "lpr", day="2026-08-20")

    assert [(one.index, one.published_on, one.rate) for one in parsed.index_rates] == [
        (ONE_YEAR, date(2026, 7, 20), Fraction(305, 10_000)),
        (FIVE_YEARS, date(2026, 7, 20), Fraction(355, 10_000)),
        (ONE_YEAR, date(2026, 8, 20), Fraction(3, 100)),
        (FIVE_YEARS, date(2026, 8, 20), Fraction(35, 1000)),
    ]
    assert parsed.alerts == ()
    assert parsed.observations == ()
    assert source.asked[0].method == "POST"


def test_replay_24_due_on_a_sunday_it_comes_on_the_next_working_day_and_the_old_rate_holds_until_then() -> None:
    feed = catalogue.feed("lpr")
    days = [date(2025, 7, 18) + timedelta(days=number) for number in range(5)]
    parsed = parse_history(history(("2025-06-20", "3.00", "3.50")), known_at=KNOWN_AT, bounds=BOUNDS)

    series = fixing_series(parsed.index_rates, index=ONE_YEAR, calendar=CALENDAR, day_of_month=20)

    assert [day for day in days if feed.is_due_on(day, CALENDAR)] == [date(2025, 7, 21)]
    assert series.on(date(2025, 7, 20)).rate == Fraction(3, 100)
    assert series.known_through == date(2025, 7, 20)
    with pytest.raises(Conflict):
        series.on(date(2025, 7, 21))


def test_a_make_up_working_sunday_counts_as_a_working_day() -> None:
    feed = catalogue.feed("lpr")

    assert CALENDAR.is_open(date(2026, 9, 20)) == feed.is_due_on(date(2026, 9, 20), CALENDAR)


def test_a_year_without_a_published_calendar_is_unknown_and_not_guessed() -> None:
    parsed = parse_history(history(("2026-12-21", "3.00", "3.50")), known_at=KNOWN_AT, bounds=BOUNDS)

    with pytest.raises(Conflict) as refused:
        fixing_series(parsed.index_rates, index=ONE_YEAR, calendar=CALENDAR, day_of_month=20)

    assert refused.value.code == "calendar.unknown"


def test_each_rate_holds_until_the_day_before_the_next_publication() -> None:
    raw = history(("2019-08-20", "4.25", "4.85"), ("2021-12-20", "3.80", "4.65"), ("2026-08-20", "3.80", "4.65"))
    parsed = parse_history(raw, known_at=KNOWN_AT, bounds=BOUNDS)

    series = fixing_series(parsed.index_rates, index=FIVE_YEARS, calendar=CALENDAR, day_of_month=20)

    assert series.on(date(2021, 12, 19)).rate == Fraction(485, 10_000)
    assert series.on(date(2021, 12, 20)).rate == Fraction(465, 10_000)


@pytest.mark.parametrize(
    ("one", "five", "code"),
    [
        ("3.01", "3.50", "feed.rate_bound"),
        ("2.45", "3.50", "feed.rate_bound"),
        ("0", "3.50", "feed.rate_bound"),
        ("-3.00", "3.50", "feed.rate_bound"),
        ("3.60", "3.50", "feed.swapped_columns"),
    ],
)
def test_a_value_that_nobody_should_believe_is_left_out_with_an_alert(one: str, five: str, code: str) -> None:
    stored = {ONE_YEAR: (date(2026, 7, 20), Fraction(3, 100)), FIVE_YEARS: (date(2026, 7, 20), Fraction(35, 1000))}

    parsed = parse_history(history(("2026-08-20", one, five)), known_at=KNOWN_AT, bounds=BOUNDS, stored=stored)

    assert ONE_YEAR not in {seen.index for seen in parsed.index_rates}
    assert code in {alert.code for alert in parsed.alerts}


def test_a_step_of_half_a_point_is_taken_and_a_larger_one_is_not() -> None:
    raw = history(("2026-06-22", "3.00", "3.50"), ("2026-07-20", "2.50", "3.50"), ("2026-08-20", "3.05", "3.50"))

    parsed = parse_history(raw, known_at=KNOWN_AT, bounds=BOUNDS)

    assert [seen.published_on.month for seen in parsed.index_rates if seen.index == ONE_YEAR] == [6, 7]
    assert [alert.code for alert in parsed.alerts] == ["feed.rate_bound"]


def test_before_the_reform_of_2019_other_steps_were_real() -> None:
    parsed = parse_history(
        history(("2019-08-19", "4.31", "-"), ("2019-08-20", "4.25", "4.85")), known_at=KNOWN_AT, bounds=BOUNDS
    )

    assert [(seen.index, seen.rate) for seen in parsed.index_rates] == [
        (ONE_YEAR, Fraction(431, 10_000)),
        (ONE_YEAR, Fraction(425, 10_000)),
        (FIVE_YEARS, Fraction(485, 10_000)),
    ]


def test_the_second_source_reads_its_lpr_columns_and_never_the_lending_rates(source: SourceServer) -> None:
    raw = fallback(("2026-08-20", 3.0, 3.5), ("2015-10-24", None, None))
    source.reply("/api/data/v1/get", Reply(body=raw))

    (parsed,) = read_feed(source, "lpr.fallback", day="2026-08-20")

    assert [(seen.index, seen.rate) for seen in parsed.index_rates] == [
        (ONE_YEAR, Fraction(3, 100)),
        (FIVE_YEARS, Fraction(35, 1000)),
    ]


def test_swapped_columns_of_the_second_source_are_refused() -> None:
    parsed = parse_fallback(fallback(("2026-08-20", 3.5, 3.0)), known_at=KNOWN_AT, bounds=BOUNDS)

    assert parsed.index_rates == ()
    assert {alert.code for alert in parsed.alerts} == {"feed.swapped_columns"}


def test_a_second_source_that_contradicts_the_stored_rate_of_the_day_changes_nothing() -> None:
    stored = {ONE_YEAR: (date(2026, 8, 20), Fraction(3, 100))}

    parsed = parse_fallback(fallback(("2026-08-20", 3.05, 3.5)), known_at=KNOWN_AT, bounds=BOUNDS, stored=stored)

    assert [seen.index for seen in parsed.index_rates] == [FIVE_YEARS]
    assert [alert.code for alert in parsed.alerts] == ["feed.rate_differs"]


def test_the_next_run_asks_from_the_last_known_publication_on(source: SourceServer) -> None:
    feed = feed_at(source, "lpr")

    (request,) = feed.requests(date(2026, 9, 21), FeedState(last_day=date(2026, 8, 20)))

    assert "strStartDate=2026-08-20&strEndDate=2026-09-21" in request.url


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"[]", "feed.shape"),
        (b'{"records": []}', "feed.no_rows"),
        (history(("2026-08-20", "3,0", "3.50")), "amount.format"),
        (history(("20. 8. 2026", "3.00", "3.50")), "date.format"),
        (history(("2026-08-20", "3.00", "3.50"), ("2026-08-20", "3.00", "3.50")), "feed.repeated_row"),
        (b'{"records": [{"1Y": "3.00", "5Y": "3.50"}]}', "feed.field"),
    ],
)
def test_what_is_not_the_expected_answer_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_history(raw, known_at=KNOWN_AT, bounds=BOUNDS)

    assert refused.value.code == code


def test_a_second_source_without_a_result_is_refused() -> None:
    with pytest.raises(Conflict):
        parse_fallback(b'{"success": false, "result": null}', known_at=KNOWN_AT, bounds=BOUNDS)


def test_the_bounds_are_rows() -> None:
    assert (BOUNDS.step, BOUNDS.max_move) == (Decimal("0.05"), Decimal("0.5"))
