"""CFETS central parity: names before positions, pages and windows, and what stands in for a value."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.feeds import cfets
from finance.feeds.cfets import parse_parity, read_pair
from finance.feeds.feed import FeedState
from finance.market.observations import PriceBasis
from ledger.core.errors import Conflict, DomainError, Invalid
from tests.contract.answers import KNOWN_AT
from tests.contract.source_server import Asked, Reply, SourceServer, feed_at, parse_all, read_feed, run_round

PATH = "/ags/ms/cm-u-bk-ccpr/CcprHisNew"
FLAG = "查询时间跨度请小于一年"


def parity(
    names: list[str],
    *records: tuple[str, list[str]],
    pages: object = 1,
    flag: str = "",
    code: str = "200",
) -> bytes:
    return json.dumps(
        {
            "head": {"rep_code": code, "rep_message": ""},
            "data": {"searchlist": names, "pageTotal": pages, "flagMessage": flag},
            "records": [{"date": day, "values": values} for day, values in records],
        }
    ).encode()


def test_values_are_found_by_name_whatever_the_order(source: SourceServer) -> None:
    one = parity(["EUR/CNY", "USD/CNY"], ("2026-08-14", ["8.2900", "7.1000"]))
    other = parity(["USD/CNY", "EUR/CNY"], ("2026-08-14", ["7.1000", "8.2900"]))

    values = [
        {seen.instrument: seen.value for seen in parse_parity(raw, known_at=KNOWN_AT, wanted=()).observations}
        for raw in (one, other)
    ]

    assert values[0] == values[1] == {"EUR_CNY": Decimal("8.2900"), "USD_CNY": Decimal("7.1000")}


def test_replay_23_names_dashes_a_dropped_pair_and_the_yen_per_hundred(source: SourceServer) -> None:
    raw = parity(
        ["100JPY/CNY", "EUR/CNY", "HKD/CNY", "CNY/MYR"],
        ("2026-08-14", ["4.8123", "8.2900", "---", "0.59120"]),
        ("2026-08-13", ["4.8000", "8.3000", "0.9100", "0.59000"]),
    )
    source.reply(PATH, Reply(body=raw))

    (parsed,) = read_feed(source, "cfets.parity", day="2026-08-14")

    seen = {one.instrument: one for one in parsed.observations if one.trade_date.day == 14}
    assert seen["JPY_CNY"].value == Decimal("0.048123")
    assert seen["JPY_CNY"].warnings == ("published as 4.8123 CNY per 100 JPY",)
    assert (seen["EUR_CNY"].value, seen["EUR_CNY"].previous_value) == (Decimal("8.2900"), Decimal("8.3000"))
    assert (seen["HKD_CNY"].value, seen["HKD_CNY"].missing_reason) == (None, "the source gives no parity for this day")
    assert (seen["CNY_MYR"].currency, seen["CNY_MYR"].unit) == ("MYR", "CNY")
    assert (seen["EUR_CNY"].currency, seen["EUR_CNY"].unit) == ("CNY", "EUR")
    assert {one.price_basis for one in parsed.observations} == {PriceBasis.PARITY}
    assert [(alert.code, alert.subject) for alert in parsed.alerts] == [
        ("feed.dropped_pair", "GBP_CNY"),
        ("feed.dropped_pair", "USD_CNY"),
    ]


def test_replay_22_a_window_of_a_year_is_split_and_its_refusal_is_not_taken_for_no_figures(
    source: SourceServer,
) -> None:
    feed = feed_at(source, "cfets.parity")
    requests = feed.requests(date(2026, 8, 14), FeedState(last_day=date(2024, 8, 14)))

    spans = [
        tuple(date.fromisoformat((request.form or {})[key]) for key in ("startDate", "endDate")) for request in requests
    ]
    assert spans[0][0] == date(2024, 8, 14)
    assert spans[-1][1] == date(2026, 8, 14)
    assert all(end - start < timedelta(days=365) for start, end in spans)
    source.reply(PATH, Reply(body=parity([], flag=FLAG)))
    done = run_round(source, feed, day="2026-08-14")
    (failed,) = done.failures
    assert (failed.error.code, failed.error.data["reason"]) == ("feed.refused", "window")
    assert not feed.is_not_published(failed.error)
    assert FLAG not in failed.error.message


def test_no_record_without_a_word_is_not_published(source: SourceServer) -> None:
    source.reply(PATH, Reply(body=parity(["EUR/CNY"])))
    feed = feed_at(source, "cfets.parity")

    (failed,) = run_round(source, feed, day="2026-08-14").failures

    assert failed.error.code == "feed.no_rows"
    assert feed.is_not_published(failed.error)


def test_every_page_of_a_window_is_asked_for(source: SourceServer) -> None:
    def page(asked: Asked) -> Reply:
        form = dict(part.split("=") for part in asked.body.decode().split("&"))
        day = 14 - int(form["pageNum"])
        return Reply(body=parity(["EUR/CNY"], (f"2026-08-{day}", ["8.2900"]), pages="3"))

    source.answer = page
    feed = feed_at(source, "cfets.parity")
    done = run_round(source, feed, day="2026-08-14")

    days = [seen.trade_date.day for parsed in parse_all(feed, done) for seen in parsed.observations]
    assert days == [13, 12, 11]
    assert len({asked.body for asked in source.asked}) == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EUR/CNY", ("EUR_CNY", 1)),
        ("100JPY/CNY", ("JPY_CNY", 100)),
        ("JPY/CNY", ("JPY_CNY", 100)),
        ("CNY/JPY", ("CNY_JPY", 1)),
        (" cny / myr ", ("CNY_MYR", 1)),
        ("EUR/USD", None),
        ("CNY/CNY", None),
        ("1000KRW/CNY", None),
        ("", None),
    ],
)
def test_a_column_name_says_its_direction_and_its_multiple(name: str, expected: tuple[str, int] | None) -> None:
    pair = read_pair(name)

    assert (None if pair is None else (pair.instrument, pair.multiple)) == expected


def test_a_column_that_cannot_be_read_is_an_alert_and_stops_no_other() -> None:
    raw = parity(["1000KRW/CNY", "EUR/CNY"], ("2026-08-14", ["5.1", "8.2900"]))

    parsed = parse_parity(raw, known_at=KNOWN_AT, wanted=("EUR_CNY",))

    assert [seen.instrument for seen in parsed.observations] == ["EUR_CNY"]
    assert [alert.code for alert in parsed.alerts] == ["feed.unknown_instrument"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"[]", "feed.shape"),
        (b"{}", "feed.shape"),
        (parity(["EUR/CNY"], ("2026-08-14", ["8.29"]), code="500"), "feed.refused"),
        (parity(["EUR/CNY"], ("2026-08-14", ["8.29", "1"])), "feed.shape"),
        (parity(["EUR/CNY"], ("2026-08-14", [])), "feed.shape"),
        (parity(["EUR/CNY"], ("2026-08-14", ["8.29"]), ("2026-08-14", ["8.30"])), "feed.shape"),
        (parity(["EUR/CNY", "EUR/CNY"], ("2026-08-14", ["8.29", "8.29"])), "feed.repeated_row"),
        (parity(["JPY/CNY", "100JPY/CNY"], ("2026-08-14", ["4.8", "4.8"])), "feed.repeated_row"),
        (parity(["EUR/CNY"], ("14.08.2026", ["8.29"])), "date.format"),
        (parity(["EUR/CNY"], ("2026-08-14", ["-8.29"])), "market.price"),
        (parity(["EUR/CNY"], ("2026-08-14", ["0"])), "market.price"),
        (parity(["EUR/CNY"], ("2026-08-14", ["1e3"])), "amount.format"),
        (parity(["EUR/CNY"], ("2026-08-14", ["9" * 60])), "amount.format"),
    ],
)
def test_what_is_not_the_expected_answer_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_parity(raw, known_at=KNOWN_AT, wanted=())

    assert refused.value.code == code


@pytest.mark.parametrize("pages", ["41", "x", "-1", "9999999", None, ["2"]])
def test_a_page_count_that_no_window_has_is_refused(pages: object) -> None:
    with pytest.raises(Invalid):
        cfets.page_total(parity(["EUR/CNY"], ("2026-08-14", ["8.29"]), pages=pages))


@given(start=st.dates(date(2000, 1, 1), date(2040, 1, 1)), length=st.integers(0, 3000))
def test_windows_cover_every_day_once_and_stay_under_a_year(start: date, length: int) -> None:
    end = start + timedelta(days=length)

    spans = cfets.windows(start, end)

    assert spans[0][0] == start
    assert spans[-1][1] == end
    assert all(later[0] - earlier[1] == timedelta(days=1) for earlier, later in pairwise(spans))
    assert all(timedelta(0) <= last - first < timedelta(days=365) for first, last in spans)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Invalid):
        cfets.windows(date(2026, 1, 2), date(2026, 1, 1))


def test_the_parity_and_the_fixing_of_a_day_are_two_series_and_no_conflict(source: SourceServer) -> None:
    raw = parity(["EUR/CNY"], ("2026-08-14", ["8.2900"]))

    (seen,) = parse_parity(raw, known_at=KNOWN_AT, wanted=()).observations

    assert seen.price_basis is PriceBasis.PARITY


def test_a_refused_code_keeps_the_sources_words_out_of_the_message() -> None:
    raw = parity(["EUR/CNY"], ("2026-08-14", ["8.29"]), code="x" * 5000)

    with pytest.raises(Conflict) as refused:
        parse_parity(raw, known_at=KNOWN_AT, wanted=())

    assert len(refused.value.message) < 200
