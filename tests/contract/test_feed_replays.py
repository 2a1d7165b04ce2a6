"""The replays of the market-data notes, section 3.3, that need no database: a real server answers, a whole round reads."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

import openpyxl
import pytest
import xlwt

from finance.feeds import feed_rows
from finance.feeds.coherence import two_source_finding
from finance.feeds.feed import FeedState, late_after
from finance.feeds.parsed import CheckValue, ParsedFeed
from finance.feeds.rounds import Circuit
from finance.market.bounds import bounds_from_rows
from finance.market.cbam_price import Agreement, own_price, quarter, reconcile
from finance.market.marks import MarkState, mark_for
from finance.market.observations import Acceptance, Observation, accept, accept_all
from finance.store import reference
from ledger.core.errors import Conflict
from tests.contract.answers import answer, frozen_market_answer, market_answer, statistics_row
from tests.contract.rows import reference_rows
from tests.contract.source_server import (
    HTML,
    NOW,
    Asked,
    Reply,
    SourceServer,
    VirtualTime,
    feed_at,
    read_feed,
    run_round,
)

QUERY, STATISTICS = "/gateway/common/queryMarketByDate", "/gateway/common/querySubStat"
FAILURE = json.dumps({"success": False, "code": 401, "message": "查询数据失败", "data": None})
BOUNDS = bounds_from_rows(reference_rows("instrument_bounds.csv"))


def market(source: SourceServer, answers: dict[str, bytes], *, day: str, state: FeedState) -> tuple[ParsedFeed, ...]:
    """Answer each code with its own bytes, others with a failure, and return what was read of those that have some."""

    def by_code(asked: Asked) -> Reply:
        return Reply(body=answers.get(json.loads(asked.body)["goodsCode"], FAILURE.encode()))

    source.answer = by_code
    feed = feed_at(source, "cneeex.market")
    done = run_round(source, feed, day=day, state=state)
    assert done.failures == ()
    return tuple(feed.parse(one, NOW, state) for one in done.answers if one.content != FAILURE.encode())


def test_replay_1_the_composite_of_2026_08_14(source: SourceServer) -> None:
    (parsed,) = market(source, {"COMCEA": market_answer()}, day="2026-08-14", state=FeedState())

    (close,) = parsed.observations
    assert (close.value, close.previous_value, close.volume_t) == (Decimal("98.21"), Decimal("98.15"), 224_197)
    assert parsed.alerts == ()
    assert {json.loads(asked.body)["tradeDate"] for asked in source.asked} == {"20260814"}
    assert {json.loads(asked.body)["goodsCode"] for asked in source.asked} == {
        "COMCEA", "CEA", "CEA21", "CEA22", "CEA23", "CEA24", "CEA25",
    }  # fmt: skip


def test_replay_2_the_first_day_of_trading(source: SourceServer) -> None:
    first = market_answer(
        quotPoin="20210716", highPric="52.80", lowPric="48.00", lastClosPric="-", openPric="48.00", closPric="51.23",
        dealQty="4103953 ", dealAmt="210230053.00 ", chanRate="6.73%", chanPric="3.23 ",
    )  # fmt: skip

    (parsed,) = market(source, {"COMCEA": first}, day="2021-07-16", state=FeedState())

    (close,) = parsed.observations
    assert (close.value, close.previous_value, close.volume_t) == (Decimal("51.23"), None, 4_103_953)
    assert parsed.alerts == ()


def test_replay_3_a_failure_inside_status_200_is_a_gap_and_the_day_after_is_not_tested(source: SourceServer) -> None:
    source.answer = lambda _: Reply(body=FAILURE.encode())
    feed = feed_at(source, "cneeex.market")
    failed = run_round(source, feed, day="2025-10-13")
    with pytest.raises(Conflict) as refused:
        feed.parse(failed.answers[0], NOW)

    after = market_answer(
        quotPoin="20251014", highPric="52.00", lowPric="48.00", lastClosPric="57.15", closPric="50.00", chanPric="0.10"
    )
    state = FeedState(after_gap=frozenset({date(2025, 10, 14)}))
    (parsed,) = market(source, {"COMCEA": after}, day="2025-10-14", state=state)

    assert refused.value.code == "feed.refused"
    assert failed.circuit.opened_on is None
    (close,) = parsed.observations
    assert close.previous_value is None
    assert "not tested" in close.warnings[0]
    assert accept((), close, BOUNDS).acceptance is Acceptance.NEW


def test_replay_3_without_a_gap_the_same_fall_is_quarantined_and_the_odd_change_is_named(source: SourceServer) -> None:
    after = market_answer(
        quotPoin="20251014", highPric="52.00", lowPric="48.00", lastClosPric="57.15", closPric="50.00", chanPric="0.10"
    )

    (parsed,) = market(source, {"COMCEA": after}, day="2025-10-14", state=FeedState())

    assert [alert.code for alert in parsed.alerts] == ["feed.change_differs"]
    assert accept((), parsed.observations[0], BOUNDS).acceptance is Acceptance.QUARANTINED


def test_replay_4_a_frozen_old_vintage_is_carried_and_asks_for_an_approved_mark(source: SourceServer) -> None:
    (parsed,) = market(source, {"CEA24": frozen_market_answer()}, day="2026-08-14", state=FeedState())

    (close,) = parsed.observations
    mark = mark_for(
        "CEA24",
        as_of=date(2026, 8, 14),
        known_at=NOW,
        observations=parsed.observations,
        calendar=reference.shipped_calendar("cn_exchange"),
        rules=reference.shipped_mark_rules(),
    )

    assert (close.value, close.volume_t, close.last_trade_date) == (Decimal("81.00"), 0, None)
    assert (mark.state, mark.value, mark.last_value) == (MarkState.STALE, None, Decimal("81.00"))


def test_replay_5_a_close_above_the_high_is_taken_with_a_warning(source: SourceServer) -> None:
    above = market_answer(
        quotPoin="20231212", highPric="70.77", lowPric="70.44", lastClosPric="70.38", openPric="70.71", closPric="70.81"
    )

    (parsed,) = market(source, {"COMCEA": above}, day="2023-12-12", state=FeedState())

    assert parsed.observations[0].value == Decimal("70.81")
    assert parsed.observations[0].warnings == ("COMCEA 2023-12-12: close 70.81 lies outside 70.44 to 70.77",)


def test_replay_6_the_composite_row_is_a_sum_and_what_is_new_raises_an_alert(source: SourceServer) -> None:
    rows = [
        statistics_row("CEA25", "10", "224,197", "22,017,438.00"),
        statistics_row("CEA25", "20", "500,000", "46,945,000.00"),
        statistics_row("CEA26", "22", "1,000", "98,000.00"),
        statistics_row("COMCEA", "10", "224,197", "22,017,438.00"),
        statistics_row("COMCEA", "20", "501,000", "47,043,000.00"),
    ]
    source.reply(STATISTICS, Reply(body=answer(rows)))

    (parsed,) = read_feed(source, "cneeex.statistics", day="2026-08-14")

    assert sum(one.volume_t for one in parsed.volumes) == 725_197
    assert [one.value for one in parsed.observations] == [Decimal("93.89")]
    assert [alert.code for alert in parsed.alerts] == ["feed.unknown_instrument", "feed.unknown_method"]


def test_replay_6_vintages_that_do_not_sum_to_the_composite_are_a_finding(source: SourceServer) -> None:
    rows = [statistics_row("CEA25", "10", "100", "9,800.00"), statistics_row("COMCEA", "10", "200", "19,600.00")]
    source.reply(STATISTICS, Reply(body=answer(rows)))

    (parsed,) = read_feed(source, "cneeex.statistics", day="2026-08-14")

    assert [alert.code for alert in parsed.alerts] == ["feed.sum_differs"]


@pytest.mark.parametrize(("total", "codes"), [("22,303,725", []), ("22,303,724", ["feed.total_differs"])])
def test_a_running_total_grows_by_the_days_volume_or_is_a_finding(
    source: SourceServer, total: str, codes: list[str]
) -> None:
    row = statistics_row("CEA25", "10", "224,197", "22,017,438.00")
    source.reply(STATISTICS, Reply(body=answer([row])))
    name = "cneeex.querySubStat CEA25 listed total_t"
    before = CheckValue(name=name, day=date(2026, 8, 13), value=int(total.replace(",", "")), grew_by=None)

    (parsed,) = read_feed(source, "cneeex.statistics", day="2026-08-14", state=FeedState(checks={name: before}))

    assert [alert.code for alert in parsed.alerts] == codes


@pytest.mark.parametrize(("stored", "codes"), [("98.15", []), ("98.10", ["feed.previous_differs"])])
def test_a_previous_close_that_is_not_the_stored_one_is_a_finding(
    source: SourceServer, stored: str, codes: list[str]
) -> None:
    state = FeedState(closes={"COMCEA": (date(2026, 8, 13), Decimal(stored))})

    (parsed,) = market(source, {"COMCEA": market_answer()}, day="2026-08-14", state=state)

    assert [alert.code for alert in parsed.alerts] == codes


def test_replay_7_a_limit_day_of_10_01_percent_is_taken_and_10_5_percent_stops_only_itself(
    source: SourceServer,
) -> None:
    def vintage(code: str, previous: str, close: str) -> bytes:
        return market_answer(
            subjCode=code, lastClosPric=previous, closPric=close, openPric=close, highPric=close, lowPric=close
        )

    answers = {
        "CEA25": vintage("CEA25", "48.15", "52.97"),  # 52.965 rounded: 10.01 %
        "CEA24": vintage("CEA24", "48.15", "53.21"),  # 10.5 %
        "CEA23": vintage("CEA23", "48.15", "48.15"),
    }
    parsed = market(source, answers, day="2026-08-14", state=FeedState())

    outcomes = accept_all((), (seen for one in parsed for seen in one.observations), BOUNDS)

    assert {one.observation.instrument: one.acceptance for one in outcomes} == {
        "CEA25": Acceptance.NEW,
        "CEA24": Acceptance.QUARANTINED,
        "CEA23": Acceptance.NEW,
    }


def test_replay_11_a_challenge_page_opens_the_circuit_and_nothing_is_read_from_it(source: SourceServer) -> None:
    page = Reply(body=b"<!DOCTYPE html><html><script>check()</script></html>", media_type=HTML)
    source.answer = lambda _: page

    done = run_round(source, feed_at(source, "cneeex.market"), day="2026-08-14")

    assert done.answers == ()
    assert [failed.error.code for failed in done.failures] == ["feed.content"]
    assert done.circuit.is_open(date(2026, 8, 14))
    assert done.skipped == 6
    assert len(source.asked) == 1


@pytest.mark.parametrize("status", [403, 420])
def test_replay_12_a_refusal_of_the_first_of_30_calls_ends_the_day_with_one_alert(
    source: SourceServer, status: int
) -> None:
    source.answer = lambda _: Reply(status=status, body=b"no", media_type="text/plain")
    feed = feed_at(source, "cneeex.statistics")
    requests = feed.requests(date(2026, 8, 14)) * 30
    circuit, alerts, skipped, passing = Circuit(source=feed.id), [], 0, VirtualTime()

    done = run_round(source, feed, day="2026-08-14", requests=requests, time=passing)
    again = run_round(source, feed, day="2026-08-14", requests=requests, circuit=done.circuit)
    alerts = [*done.alerts, *again.alerts]
    skipped = done.skipped

    assert len(source.asked) == 1
    assert (skipped, again.skipped) == (29, 30)
    assert [alert.code for alert in alerts] == ["feed.circuit_open"]
    assert str(status) in alerts[0].message
    assert passing.slept == []
    assert circuit.after(done.failures[0].error, date(2026, 8, 14)) == done.circuit
    assert not done.circuit.is_open(date(2026, 8, 15))


def test_replay_13_a_failing_call_stops_no_other(source: SourceServer) -> None:
    codes = iter([500, 500, 500, 200, 404, 200])

    def by_turn(_: Asked) -> Reply:
        status = next(codes)
        return Reply(status=status, body=answer([statistics_row("CEA25", "10", "1", "98.00")]))

    source.answer = by_turn
    feed = feed_at(source, "cneeex.statistics")

    done = run_round(source, feed, day="2026-08-14", requests=feed.requests(date(2026, 8, 14)) * 4)

    assert [failed.error.data["status"] for failed in done.failures] == ["500", "404"]
    assert (len(done.answers), done.skipped, done.alerts) == (2, 0, ())


HOME = Reply(body=b"<html>home</html>", media_type=HTML, headers=(("Set-Cookie", "waf=1; Path=/"),))


def ccer_row(day: str, amount: str, average: str, turnover: str, name: str = "小计") -> dict[str, str]:
    return {
        "business_date": day,
        "profession_name": name,
        "business_amount": amount,
        "business_ave_price": average,
        "business_price": turnover,
    }


def test_replay_14_ccer_total_row_no_trade_day_and_a_volume_without_a_price(source: SourceServer) -> None:
    days = [
        [ccer_row("20240124", "1,000", "70.00", "70,000.00"), ccer_row("20240124", "999", "1", "1", name="x")],
        [ccer_row("20240123", "0", "0.00", "0.00")],
        [ccer_row("20240122", "375,315", "", "23,835,280.00")],
    ]
    source.reply("/", HOME)
    source.reply("/wcm/ccer/data/90-first.json", Reply(body=json.dumps(days).encode()))

    (parsed,) = read_feed(source, "ccer.first90", day="2024-01-24")

    assert [seen.value for seen in parsed.observations] == [Decimal("63.51"), None, Decimal("70.00")]
    assert parsed.observations[0].warnings == ("derived: turnover over volume",)
    assert parsed.observations[1].missing_reason == "no trade"
    asked = source.asked[1]
    assert asked.headers["Cookie"] == "waf=1"
    assert asked.headers["Referer"] == f"{source.url}/"


def test_replay_15_a_day_that_is_not_published_is_no_alarm_and_comes_later(source: SourceServer) -> None:
    path = "/wcm/ccer/data/20260814-first.json"
    published = Reply(body=json.dumps([ccer_row("20260814", "100", "85.00", "8,500.00")]).encode())
    source.reply("/", HOME)
    source.reply(path, Reply(status=404), published)
    feed = feed_at(source, "ccer.day")

    early = run_round(source, feed, day="2026-08-14")
    later = run_round(source, feed, day="2026-08-14")

    assert [feed.is_not_published(failed.error) for failed in early.failures] == [True]
    assert early.alerts == ()
    assert feed.parse(later.answers[0], NOW).observations[0].value == Decimal("85.00")
    due = late_after(feed, date(2026, 8, 14))
    assert due is not None
    assert due.isoformat() == "2026-08-14T09:55:00+00:00"


def test_replay_15_a_404_elsewhere_is_a_failure(source: SourceServer) -> None:
    feed = feed_at(source, "ecb.daily")

    (failed,) = run_round(source, feed, day="2026-08-14").failures

    assert not feed.is_not_published(failed.error)


def test_replay_16_a_rise_of_57_percent_on_699_t_is_taken_and_of_61_percent_flagged(source: SourceServer) -> None:
    days = [
        [ccer_row("20260514", "699", "126.39", "88,346.61")],
        [ccer_row("20260513", "699", "78.50", "54,871.50")],
        [ccer_row("20260512", "1,200", "50.00", "60,000.00")],
    ]
    source.reply("/", HOME)
    source.reply("/wcm/ccer/data/90-first.json", Reply(body=json.dumps(days).encode()))

    (parsed,) = read_feed(source, "ccer.first90", day="2026-05-14")
    outcomes = accept_all((), parsed.observations, BOUNDS)

    assert [one.acceptance for one in outcomes] == [Acceptance.NEW] * 3
    assert [bool(one.reasons) for one in outcomes] == [False, False, True]


EEX_OLD = (
    "",
    "Date",
    "Time",
    "Auction Name",
    "Contract",
    "Auction Price \u20ac/tCO2",
    "Auction Volume tCO2",
    "Country",
)
EEX_NEW = (
    "",
    "Date",
    "Time",
    "Auction Name",
    "Contract",
    "Status",
    "Auction Price \u20ac/tCO2",
    "Auction Volume tCO2",
    "Zone",
)


def eex_row(
    day: str, price: str, volume: int, *, contract: str = "T3PA", status: str | None = "successful"
) -> list[object]:
    on = date.fromisoformat(day)
    head: list[object] = [None, on, "11:00:32", "Auction", contract]
    return [*head, *([] if status is None else [status]), Decimal(price) if price else None, volume, "EU"]


def old_report(*rows: list[object]) -> Reply:
    book = xlwt.Workbook()
    book.add_sheet("Notes").write(0, 0, "read me")
    sheet = book.add_sheet("Primary Market Auction")
    style = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for number, cells in enumerate([EEX_OLD, *rows], start=5):
        for column, cell in enumerate(cells):
            if isinstance(cell, date):
                sheet.write(number, column, cell, style)
            elif cell is not None:
                sheet.write(number, column, cell)
    saved = io.BytesIO()
    book.save(saved)
    return Reply(body=saved.getvalue(), media_type="application/vnd.ms-excel")


def new_report(*rows: list[object], header: tuple[str, ...] = EEX_NEW) -> Reply:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for _ in range(5):
        sheet.append([])
    sheet.append(["", *header[1:]])
    for cells in rows:
        sheet.append(cells)
    saved = io.BytesIO()
    book.save(saved)
    return Reply(body=saved.getvalue(), media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


REPORT = "/eex/eua-auction-report/emission-spot-primary-market-auction-report-{}-data.{}"


def eex(source: SourceServer, day: str) -> tuple[Observation, ...]:
    (parsed,) = read_feed(source, "eex.auctions", day=day)
    return parsed.observations


def test_replay_17_the_old_report_of_2019_is_read_by_its_names(source: SourceServer) -> None:
    rows = [
        eex_row("2019-03-05", "22.5", 3_000_000, status=None),
        eex_row("2019-03-04", "21.98", 2_000_000, status=None),
    ]
    source.reply(REPORT.format(2019, "xls"), old_report(*rows))

    seen = eex(source, "2019-03-05")

    assert [(one.trade_date.day, one.value, one.volume_t) for one in seen] == [
        (4, Decimal("21.98"), 2_000_000),
        (5, Decimal("22.5"), 3_000_000),
    ]
    assert seen[1].previous_value == Decimal("21.98")


@pytest.mark.parametrize("year", [2020, 2026])
def test_replay_17_the_newer_reports_have_a_status_and_a_zone(source: SourceServer, year: int) -> None:
    header = EEX_NEW if year > 2020 else (*EEX_NEW[:-1], "Country")
    rows = [eex_row(f"{year}-07-17", "77", 1_000_000), eex_row(f"{year}-07-16", "79.01", 2_246_500)]
    source.reply(REPORT.format(year, "xlsx"), new_report(*rows, header=header))

    assert [one.value for one in eex(source, f"{year}-07-17")] == [Decimal("79.01"), Decimal(77)]


def test_replay_17_around_new_year_both_reports_are_asked_for(source: SourceServer) -> None:
    feed = feed_at(source, "eex.auctions")

    labels = [request.label for request in feed.requests(date(2026, 1, 7), FeedState(last_day=date(2025, 12, 15)))]

    assert labels == ["report 2025", "report 2026"]


def test_replay_18_a_cancelled_auction_gives_no_mark_and_aviation_is_not_mixed_in(source: SourceServer) -> None:
    rows = [
        eex_row("2022-03-03", "70.00", 2_000_000),
        eex_row("2022-03-02", "", 2_658_000, status="cancelled"),
        eex_row("2022-03-01", "69.17", 198_000, contract="EAA3"),
        eex_row("2022-03-01", "80.00", 2_000_000),
    ]
    source.reply(REPORT.format(2022, "xlsx"), new_report(*rows))

    seen = eex(source, "2022-03-03")

    assert [one.value for one in seen] == [Decimal("80.00"), None, Decimal("70.00")]
    assert seen[1].missing_reason == "the auction was cancelled"


CBAM_PAGE = """<html><body><table><tr><th>Quarter</th><th>Date of publication</th><th>Price</th></tr>
<tr><td>Q1 2026</td><td>7 April 2026</td><td>\u20ac75.36</td></tr>
<tr><td>Q2 2026</td><td>06/07/2026</td><td>70.07 EUR</td></tr></table></body></html>"""


def test_replay_19_the_own_price_of_2026_q1_agrees_and_a_far_q2_is_a_conflict(source: SourceServer) -> None:
    rows = [
        eex_row("2026-05-05", "75.50", 2_000_000),
        eex_row("2026-04-07", "75.00", 1_000_000),
        eex_row("2026-02-10", "76.00", 1_000_000),
        eex_row("2026-01-13", "75.04", 2_000_000),
    ]
    source.reply(REPORT.format(2026, "xlsx"), new_report(*rows))
    source.reply(
        "/carbon-border-adjustment-mechanism/price-cbam-certificates_en",
        Reply(body=CBAM_PAGE.encode(), media_type=HTML),
    )
    auctions = eex(source, "2026-07-17")
    (page,) = read_feed(source, "cbam.page", day="2026-07-17")
    bound, bound_source = feed_rows.cbam_bound(reference.shipped_feeds(), on=date(2026, 7, 17))

    outcomes = [
        reconcile(own_price(auctions, one.period), one, max_difference=bound, bound_source=bound_source)
        for one in page.published
    ]

    assert [own_price(auctions, quarter(2026, number)).value for number in (1, 2)] == [
        Decimal("75.36"),
        Decimal("75.33"),
    ]
    assert [one.agreement for one in outcomes] == [Agreement.AGREED, Agreement.CONFLICT]


ECB_DAILY = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<Cube><Cube time='2026-08-14'><Cube currency='CNY' rate='8.2940'/></Cube></Cube></gesmes:Envelope>"""
ECB_HISTORY = b"Date,USD,CNY,\n2026-08-14,1.15,8.2940,\n2026-08-13,1.15,8.3000,\n1999-01-04,1.1789,N/A,\n"
ECB_SERIES = (
    b"KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE\r\n"
    b"EXR.D.CNY.EUR.SP00.A,D,CNY,EUR,SP00,A,2026-08-13,8.3000\r\n"
    b"EXR.D.CNY.EUR.SP00.A,D,CNY,EUR,SP00,A,2026-08-14,8.2940\r\n"
)


def test_replay_20_on_a_saturday_the_daily_file_is_fridays_fixing(source: SourceServer) -> None:
    source.reply("/stats/eurofxref/eurofxref-daily.xml", Reply(body=ECB_DAILY, media_type="text/xml"))
    state = FeedState(closes={"EUR_CNY": (date(2026, 8, 13), Decimal("8.3000"))})

    (parsed,) = read_feed(source, "ecb.daily", day="2026-08-15", state=state)

    (fixing,) = parsed.observations
    assert fixing.trade_date == date(2026, 8, 14)
    assert fixing.previous_value == Decimal("8.3000")
    assert parsed.newest_day == date(2026, 8, 14)


def test_replay_20_the_history_has_no_empty_currency_and_a_gap_is_no_zero(source: SourceServer) -> None:
    source.reply("/stats/eurofxref/eurofxref-hist.zip", Reply(body=ECB_HISTORY, media_type="text/csv"))

    (parsed,) = read_feed(source, "ecb.history", day="2026-08-15")

    assert [seen.value for seen in parsed.observations] == [None, Decimal("8.3000"), Decimal("8.2940")]
    assert {seen.instrument for seen in parsed.observations} == {"EUR_CNY"}


def test_replay_20_the_statistics_service_answers_the_last_fixing_on_or_before_a_day(source: SourceServer) -> None:
    source.reply(
        "/service/data/EXR/D.CNY.EUR.SP00.A", Reply(body=ECB_SERIES, media_type="application/vnd.sdmx.data+csv")
    )

    (parsed,) = read_feed(source, "ecb.series", day="2026-08-15")

    assert parsed.observations[-1].value == Decimal("8.2940")
    assert "endPeriod=2026-08-15" in source.asked[0].path


def test_replay_28_two_sources_two_percent_apart_are_a_conflict_that_changes_no_mark(source: SourceServer) -> None:
    title = "全国碳市场每日综合价格行情及成交信息20260814"
    bulletin = f"<html><h1>{title}</h1><p>开盘价98.80元/吨，收盘价100.17元/吨</p></html>"
    (first,) = market(source, {"COMCEA": market_answer()}, day="2026-08-14", state=FeedState())
    link = f'<html><a href="/c/2026-08-14/1.shtml" title="{title}">全国碳市场每日…</a></html>'
    source.answer = None
    source.reply("/qgtpfqjy/mrgk/2026n/index_1.shtml", Reply(body=link.encode(), media_type=HTML))
    source.reply("/c/2026-08-14/1.shtml", Reply(body=bulletin.encode(), media_type=HTML))
    _, second = read_feed(source, "cneeex.bulletin", day="2026-08-14")

    (outcome,) = accept_all(first.observations, second.observations, BOUNDS)

    assert outcome.acceptance is Acceptance.CONFLICT
    assert not outcome.is_stored
    assert (outcome.observation.value, outcome.against) == (Decimal("100.17"), first.observations[0])


def test_replay_28_fixing_and_parity_two_percent_apart_are_a_finding(source: SourceServer) -> None:
    source.reply("/stats/eurofxref/eurofxref-daily.xml", Reply(body=ECB_DAILY, media_type="text/xml"))
    (parsed,) = read_feed(source, "ecb.daily", day="2026-08-14")
    bound, _ = feed_rows.fx_bound(reference.shipped_feeds(), on=date(2026, 8, 14))
    (fixing,) = parsed.observations

    def parity(value: str) -> Observation:
        return replace(fixing, source="cfets.parity", value=Decimal(value))

    near, far = (two_source_finding(fixing, parity(value), max_difference=bound) for value in ("8.3769", "8.4599"))

    assert near is None
    assert far is not None
    assert (far.code, "2.00 percent" in far.message) == ("feed.sources_differ", True)


def test_every_day_of_a_catch_up_is_asked_for_and_no_more_than_the_window(source: SourceServer) -> None:
    feed = feed_at(source, "cneeex.statistics")
    days = tuple(date(2026, 8, number) for number in (3, 4, 5, 6, 7, 10, 11))

    requests = feed.requests(date(2026, 8, 12), FeedState(days=days))

    asked = [date.fromisoformat(request.label.removeprefix("statistics ")) for request in requests]
    assert asked == [*days[3:], date(2026, 8, 12)]
    assert all(earlier < later for earlier, later in pairwise(asked))
