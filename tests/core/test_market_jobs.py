"""Closes, overrides, the health of feeds and imported calendar years as pure values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendar_years import CalendarYear, parse_year, with_years
from finance.conventions.calendars import trading_days_between
from finance.conventions.tables import ReferenceStatus
from finance.market.closes import Close, closes_from_rows, due_days, find_close
from finance.market.feed_health import FeedState, PricePoint, flat_series, lag_of
from finance.market.marks import Mark, MarkState
from finance.market.observations import PriceBasis
from finance.market.overrides import deviation_from_feed, jumps, overrides_in
from finance.market.snapshot_differences import differences
from finance.market.snapshots import Snapshot, freeze_snapshot
from finance.store import reference
from ledger.core.errors import Conflict, Invalid, NotFound

CALENDAR = reference.shipped_calendar("cn_exchange")
FRIDAY, MONDAY, TUESDAY = date(2026, 8, 21), date(2026, 8, 24), date(2026, 8, 25)
ROW: Mapping[str, str] = {
    "id": "beijing", "calendar": "cn_exchange", "zone": "Asia/Shanghai", "value": "1080", "unit": "minute_of_day",
    "label_en": "Beijing", "label_zh": "北京", "effective_from": "2021-07-16", "effective_to": "", "source": "x",
    "status": "assumed", "version": "1",
}  # fmt: skip


def close(close_id: str) -> Close:
    return find_close(reference.shipped_closes(), close_id, on=FRIDAY)


def test_each_close_has_its_own_hour_in_utc_summer_and_winter() -> None:
    beijing, brussels = close("beijing"), close("brussels")

    assert [beijing.instant(day).hour for day in (date(2026, 1, 5), date(2026, 7, 6))] == [10, 10]
    assert [brussels.instant(day).hour for day in (date(2026, 1, 5), date(2026, 7, 6))] == [17, 16]
    assert beijing.today(datetime(2026, 8, 21, 16, tzinfo=UTC)) == date(2026, 8, 22)


def test_a_restart_catches_up_on_every_close_that_is_over_and_not_done() -> None:
    now = datetime(2026, 8, 25, 9, 59, tzinfo=UTC)

    assert due_days((TUESDAY, FRIDAY, MONDAY), done=(FRIDAY,), close=close("beijing"), now=now) == (MONDAY,)
    assert due_days((TUESDAY,), done=(), close=close("beijing"), now=now + timedelta(minutes=1)) == (TUESDAY,)


@pytest.mark.parametrize("change", [{"value": "1440"}, {"zone": "Moon/Sea"}, {"zone": "../x"}, {"unit": "hour"}])
def test_a_close_at_no_hour_or_place_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        closes_from_rows([{**ROW, **change}])


def test_an_unknown_close_names_the_known_ones() -> None:
    with pytest.raises(NotFound, match="beijing, brussels"):
        close("moon")


@pytest.mark.parametrize(
    ("newest", "due", "state", "sessions"),
    [
        (FRIDAY, FRIDAY, FeedState.CURRENT, 0),
        (FRIDAY, MONDAY, FeedState.LATE, 1),  # the weekend is no session
        (FRIDAY, TUESDAY, FeedState.STALE, 2),
        (TUESDAY, MONDAY, FeedState.CURRENT, 0),
        (None, MONDAY, FeedState.SILENT, None),
        (FRIDAY, None, FeedState.IDLE, None),
    ],
)
def test_a_missing_session_is_late_and_two_are_stale(
    newest: date | None, due: date | None, state: FeedState, sessions: int | None
) -> None:
    lag = lag_of(newest_day=newest, due_day=due, calendar=CALENDAR, stale_from=2)

    assert (lag.state, lag.sessions) == (state, sessions)
    assert len(lag.explanation().leaves()) == 3


def test_a_series_stands_still_only_under_trading() -> None:
    def series(name: str, *days: tuple[str | None, int | None]) -> list[PricePoint]:
        return [
            PricePoint(series=name, day=FRIDAY + timedelta(days=n), value=price and Decimal(price), volume=volume)  # type: ignore[arg-type]
            for n, (price, volume) in enumerate(days)
        ]

    points = [
        *series("flat", ("9", 1), ("8", 1), ("8.0", 1), ("8", 1)),
        *series("moved", ("8", 1), ("8", 1), ("7", 1)),
        *series("carried", ("8", 1), ("8", 0), ("8", 0)),
        *series("unknown", ("8", None), ("8", None), ("8", None)),
        *series("short", ("8", 1), (None, 1), ("8", 1)),
    ]

    assert flat_series(points, sessions=3) == ("flat",)


def mark(**changes: Any) -> Mark:
    facts: dict[str, Any] = {
        "instrument": "CEA25", "state": MarkState.FRESH, "value": Decimal("81.00"), "last_value": Decimal("81.00"),
        "currency": "CNY", "unit": "t", "source": "exchange", "basis": PriceBasis.LISTED_CLOSE,
    }  # fmt: skip
    return Mark(**{**facts, **changes})


def snapshot(*marks: Mark) -> Snapshot:
    return freeze_snapshot("s", as_of=FRIDAY, known_at=datetime(2026, 8, 21, tzinfo=UTC), marks=marks)


def test_a_deviation_is_the_exact_share_of_the_feeds_price() -> None:
    found = deviation_from_feed(Decimal("95.00"), currency="CNY", unit="t", observed=mark(), bound=Fraction(1, 10))

    assert (found.share, found.needs_second) == (Fraction(14, 81), True)
    assert found.explanation().value == "14/81"


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_second_checker_is_needed_exactly_beyond_the_bound(proposed: int, feed: int) -> None:
    found = deviation_from_feed(
        Decimal(proposed), currency="CNY", unit="t",
        observed=mark(value=Decimal(feed), last_value=Decimal(feed)), bound=Fraction(1, 10),
    )  # fmt: skip

    assert found.needs_second == (10 * abs(proposed - feed) > feed)


def test_without_a_feed_there_is_no_deviation_and_another_unit_is_refused() -> None:
    missing = Mark(instrument="GEC", state=MarkState.MISSING, value=None)

    assert (
        deviation_from_feed(Decimal(5), currency="CNY", unit="MWh", observed=missing, bound=Fraction(1)).share is None
    )
    with pytest.raises(Invalid):
        deviation_from_feed(Decimal(5), currency="EUR", unit="t", observed=mark(), bound=Fraction(1))


def test_the_end_of_an_override_is_a_jump_back_to_the_feed_or_to_nothing() -> None:
    approved = {"basis": PriceBasis.APPROVED_OVERRIDE, "approved_by": "b", "source": "approved mark 1"}
    before = snapshot(
        mark(value=Decimal("90.00"), **approved),
        mark(instrument="CEA24", value=Decimal("80.00"), state=MarkState.STALE, **approved),
        mark(instrument="CEA23"),
    )
    after = snapshot(
        mark(), mark(instrument="CEA24", value=None, state=MarkState.STALE), mark(instrument="CEA23", value=Decimal(1))
    )

    found = {jump.instrument: jump for jump in jumps(before, after)}

    assert {name: jump.change for name, jump in found.items()} == {"CEA24": None, "CEA25": Decimal("-9.00")}
    assert "unvalued" in found["CEA24"].sentence()
    assert "-9.00" in found["CEA25"].sentence()
    assert jumps(before, before) == ()
    assert [one.instrument for one in overrides_in(before)] == ["CEA24", "CEA25"]


def test_differences_name_the_fields_and_the_change_of_price() -> None:
    before, after = (
        snapshot(mark(), mark(instrument="EUA")),
        snapshot(mark(value=Decimal("82.00")), mark(instrument="CER")),
    )

    found = {one.instrument: one for one in differences(before, after)}

    assert differences(before, before) == ()
    assert (found["CEA25"].fields, found["CEA25"].price_change) == (("value",), Decimal("1.00"))
    assert (found["EUA"].after, found["CER"].before, found["EUA"].price_change) == (None, None, None)


def year(number: int, *closed: date) -> CalendarYear:
    return CalendarYear(
        market="cn_exchange", year=number, closed_weekdays=closed, open_weekend_days=(), source="notice",
        status=ReferenceStatus.OFFICIAL,
    )  # fmt: skip


def test_a_year_extends_the_calendar_and_a_repeated_one_replaces_its_days() -> None:
    extended = with_years(CALENDAR, [(year(2027, date(2027, 1, 1)), FRIDAY)])
    replaced = with_years(extended, [(year(2027), MONDAY)])

    assert (CALENDAR.last_known, extended.last_known) == (date(2026, 12, 31), date(2027, 12, 31))
    assert not extended.is_open(date(2027, 1, 1))
    assert replaced.is_open(date(2027, 1, 1))
    assert trading_days_between(extended, date(2026, 12, 31), date(2027, 1, 4)) == 1
    assert extended.closed_weekdays - {date(2027, 1, 1)} == CALENDAR.closed_weekdays
    with pytest.raises(Conflict):
        with_years(CALENDAR, [(year(2028), FRIDAY)])


@given(st.sets(st.dates(date(2027, 1, 1), date(2027, 12, 31)), min_size=1, max_size=30))
def test_a_year_reads_back_the_days_it_was_written_with(days: set[date]) -> None:
    rows = "".join(f"{'open' if day.weekday() >= 5 else 'closed'},{day},{day}\n" for day in sorted(days))

    found = parse_year(
        f"kind,first_day,last_day\n{rows}", market="cn_exchange", year=2027, source="notice",
        status=ReferenceStatus.SECONDARY, file="x.csv",
    )  # fmt: skip

    assert set(found.closed_weekdays) == {day for day in days if day.weekday() < 5}
    assert set(found.open_weekend_days) == {day for day in days if day.weekday() >= 5}


def test_an_assumed_year_is_no_calendar() -> None:
    with pytest.raises(Invalid, match="a guess is no calendar"):
        CalendarYear(
            market="cn_exchange", year=2027, closed_weekdays=(), open_weekend_days=(), source="notice",
            status=ReferenceStatus.ASSUMED,
        )  # fmt: skip
