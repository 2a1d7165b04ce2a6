"""Business calendars: the shipped rows against facts typed from the exchanges' own lists, and the rule at its edges."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import finance.reference
from finance.conventions.calendar_rows import parse_calendars
from finance.conventions.calendars import (
    BusinessCalendar,
    BusinessDayConvention,
    add_open_days,
    adjust,
    calendar_of,
    next_open_day,
    previous_open_day,
    trading_days_between,
)
from ledger.core.errors import Conflict, ImportRefused, Invalid, NotFound

ROWS = Path(str(finance.reference.__file__)).with_name("calendars.csv").read_text(encoding="utf-8")
CALENDARS = parse_calendars(ROWS)
HEADER = "market,kind,first_day,last_day,known_at,status,source\n"
KNOWN = "m,known,2026-01-01,2026-01-31,2025-12-20,official,notice\n"

known_days = st.dates(min_value=date(2021, 1, 10), max_value=date(2026, 12, 20))


def market(name: str) -> BusinessCalendar:
    return calendar_of(CALENDARS, name)


@pytest.mark.parametrize(
    ("day", "opened"),
    [
        (date(2024, 2, 9), (False, True, True, True)),  # New Year's Eve: the exchange closed, a statutory working day
        (date(2024, 2, 4), (False, True, True, False)),  # make-up Sunday
        (date(2024, 2, 12), (False, False, False, True)),
        (date(2024, 3, 29), (True, True, True, False)),  # Good Friday
        (date(2026, 1, 1), (False, False, False, False)),
        (date(2026, 1, 2), (False, False, False, True)),
        (date(2026, 1, 4), (False, True, True, False)),
        (date(2026, 2, 14), (False, True, True, False)),  # make-up Saturday
        (date(2026, 2, 23), (False, False, False, True)),
        (date(2026, 2, 24), (True, True, True, True)),
        (date(2026, 5, 1), (False, False, False, False)),
        (date(2026, 6, 19), (False, False, False, True)),  # Dragon Boat
        (date(2026, 10, 7), (False, False, False, True)),
        (date(2026, 10, 10), (False, True, True, False)),
        (date(2026, 12, 25), (True, True, True, False)),
    ],
)
def test_the_shipped_calendars_hold_the_published_days(day: date, opened: tuple[bool, bool, bool, bool]) -> None:
    names = ("cn_exchange", "cn_statutory", "cn_interbank", "target")

    assert tuple(market(name).is_open(day) for name in names) == opened


def test_the_exchange_had_1235_sessions_from_the_market_s_first_day_to_19_august_2026() -> None:
    assert trading_days_between(market("cn_exchange"), date(2021, 7, 15), date(2026, 8, 19)) == 1235


def test_target_closes_three_weekdays_in_2027() -> None:
    closed = sorted(day for day in market("target").closed_weekdays if day.year == 2027)

    assert closed == [date(2027, 1, 1), date(2027, 3, 26), date(2027, 3, 29)]


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2027, 1, 4), date(2020, 12, 31), date.max, date.min])
def test_a_day_beyond_the_published_calendar_is_unknown_and_never_guessed(day: date) -> None:
    with pytest.raises(Conflict, match="import the published calendar", check=lambda e: e.code == "calendar.unknown"):
        market("cn_exchange").is_open(day)


@pytest.mark.parametrize(
    ("convention", "day", "expected"),
    [
        (BusinessDayConvention.UNADJUSTED, date(2026, 6, 20), date(2026, 6, 20)),
        (BusinessDayConvention.FOLLOWING, date(2026, 6, 20), date(2026, 6, 22)),
        (BusinessDayConvention.PRECEDING, date(2026, 6, 20), date(2026, 6, 18)),  # the 19th is Dragon Boat
        (BusinessDayConvention.FOLLOWING, date(2026, 1, 31), date(2026, 2, 2)),
        (BusinessDayConvention.MODIFIED_FOLLOWING, date(2026, 1, 31), date(2026, 1, 30)),
        (BusinessDayConvention.MODIFIED_FOLLOWING, date(2026, 6, 20), date(2026, 6, 22)),
        (BusinessDayConvention.PRECEDING, date(2026, 3, 1), date(2026, 2, 27)),
        (BusinessDayConvention.MODIFIED_PRECEDING, date(2026, 3, 1), date(2026, 3, 2)),
        (BusinessDayConvention.MODIFIED_PRECEDING, date(2026, 6, 20), date(2026, 6, 18)),
        (BusinessDayConvention.FOLLOWING, date(2026, 6, 22), date(2026, 6, 22)),
    ],
)
def test_a_closed_day_moves_by_the_convention(convention: BusinessDayConvention, day: date, expected: date) -> None:
    assert adjust(day, convention=convention, calendar=market("cn_exchange")) == expected


def test_a_move_past_the_last_known_day_is_unknown() -> None:
    calendar = parse_calendars(HEADER + KNOWN)[0]

    with pytest.raises(Conflict, check=lambda error: error.code == "calendar.unknown"):
        adjust(date(2026, 1, 31), convention=BusinessDayConvention.FOLLOWING, calendar=calendar)


def test_unadjusted_needs_no_published_calendar() -> None:
    day = date(2030, 6, 15)

    assert adjust(day, convention=BusinessDayConvention.UNADJUSTED, calendar=market("cn_exchange")) == day


def test_make_up_sundays_count_as_open_days_where_the_market_works() -> None:
    friday, monday = date(2024, 2, 2), date(2024, 2, 5)

    assert trading_days_between(market("cn_interbank"), friday, monday) == 2
    assert trading_days_between(market("cn_exchange"), friday, monday) == 1


def test_days_are_counted_after_the_start_up_to_the_end() -> None:
    assert trading_days_between(market("cn_exchange"), date(2026, 6, 18), date(2026, 6, 18)) == 0
    assert trading_days_between(market("cn_exchange"), date(2026, 6, 18), date(2026, 6, 22)) == 1


def test_counting_backwards_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "calendar.order"):
        trading_days_between(market("cn_exchange"), date(2026, 6, 22), date(2026, 6, 18))


def test_counting_into_the_unknown_is_refused() -> None:
    with pytest.raises(Conflict, check=lambda error: error.code == "calendar.unknown"):
        trading_days_between(market("cn_exchange"), date(2026, 12, 30), date(2027, 1, 1))


def test_an_unlisted_market_is_refused_with_the_listed_ones() -> None:
    with pytest.raises(NotFound, match="cn_exchange, cn_interbank, cn_statutory, target"):
        calendar_of(CALENDARS, "nyse")


@given(day=known_days, count=st.integers(min_value=1, max_value=5))
def test_the_nth_open_day_is_n_trading_days_away(day: date, count: int) -> None:
    calendar = market("cn_interbank")

    reached = add_open_days(calendar, day, count)

    assert calendar.is_open(reached)
    assert trading_days_between(calendar, day, reached) == count


@given(day=known_days)
def test_next_and_previous_open_day_are_inverse_on_open_days(day: date) -> None:
    calendar = market("cn_exchange")
    reached = next_open_day(calendar, day)

    if calendar.is_open(day):
        assert previous_open_day(calendar, reached) == day
    assert reached > day


@given(start=known_days, length=st.integers(min_value=0, max_value=400))
def test_counting_equals_looking_at_every_day(start: date, length: int) -> None:
    calendar = market("cn_statutory")
    end = min(start + timedelta(days=length), calendar.last_known)

    looked = sum(calendar.is_open(start + timedelta(days=offset)) for offset in range(1, (end - start).days + 1))

    assert trading_days_between(calendar, start, end) == looked


@pytest.mark.parametrize(
    ("rows", "row", "expected"),
    [
        ("m,closed,2026-01-02,2026-01-02,2025-12-20,official,notice\n", 2, "inside the market's known rows"),
        (KNOWN + "m,closed,2026-02-02,2026-02-02,2025-12-20,official,notice\n", 3, "inside the market's known rows"),
        (KNOWN + "m,closed,2026-01-03,2026-01-04,2025-12-20,official,notice\n", 3, "a closed row with a weekday"),
        (KNOWN + "m,open,2026-01-02,2026-01-04,2025-12-20,official,notice\n", 3, "open row of weekend days only"),
        (KNOWN + "m,closed,2026-01-02,2026-01-02,2025-12-20,official,notice\n" * 2, 4, "no other row"),
        (KNOWN + "m,known,2026-02-02,2026-02-28,2025-12-20,official,notice\n", 3, "the day after 2026-01-31"),
        (KNOWN + "m,known,2026-01-31,2026-02-28,2025-12-20,official,notice\n", 3, "the day after 2026-01-31"),
        ("m,known,2026-02-30,2026-03-31,2025-12-20,official,notice\n", 2, "YYYY-MM-DD"),
        ("m,known,20260101,2026-03-31,2025-12-20,official,notice\n", 2, "YYYY-MM-DD"),
        ("m,known,2026-03-31,2026-01-01,2025-12-20,official,notice\n", 2, "on or after first_day"),
        ("m,known,0001-01-01,9999-12-31,2025-12-20,official,notice\n", 2, "20,000 days"),
        ("m,holiday,2026-01-01,2026-01-31,2025-12-20,official,notice\n", 2, "one of known, closed, open"),
        ("m,known,2026-01-01,2026-01-31,2025-12-20,guessed,notice\n", 2, "one of official, secondary"),
        ("m m,known,2026-01-01,2026-01-31,2025-12-20,official,notice\n", 2, "1 to 64 of"),
        ("m,known,2026-01-01,2026-01-31,2025-12-20,official,\n", 2, "1 to 200 printable"),
        ("m,known,2026-01-01\n", 2, "7 cells"),
        ("m,known,2026-01-01,2026-01-31,2025-12-20,official,notice,more\n", 2, "7 cells"),
        ('m,"known,2026-01-01\n', 2, "comma-separated cells with closed quotes (unexpected end of data)"),
    ],
)
def test_a_row_that_cannot_be_read_refuses_the_file_and_says_why(rows: str, row: int, expected: str) -> None:
    with pytest.raises(ImportRefused) as refusal:
        parse_calendars(HEADER + rows)

    assert refusal.value.rows[0].row == row
    assert expected in refusal.value.rows[0].expected


def test_another_header_is_refused() -> None:
    with pytest.raises(ImportRefused, check=lambda error: error.rows[0].row == 1):
        parse_calendars("day,open\n2026-01-01,0\n")


def test_a_year_published_later_extends_what_is_known() -> None:
    later = "m,known,2026-02-01,2026-12-31,2026-01-15,official,second notice\n"

    calendar = parse_calendars(HEADER + KNOWN + later)[0]

    assert (calendar.first_known, calendar.last_known) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (calendar.known_at, calendar.source) == (date(2026, 1, 15), "notice; second notice")


def test_an_exception_that_is_none_makes_no_calendar() -> None:
    calendar = parse_calendars(HEADER + KNOWN)[0]

    with pytest.raises(Invalid, check=lambda error: error.code == "calendar.closed_weekdays"):
        BusinessCalendar(
            market="m",
            first_known=calendar.first_known,
            last_known=calendar.last_known,
            closed_weekdays=frozenset({date(2026, 1, 3)}),
            open_weekend_days=frozenset(),
            source="notice",
            known_at=date(2025, 12, 20),
        )
