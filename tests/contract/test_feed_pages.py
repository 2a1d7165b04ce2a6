"""Pages and small files that check, confirm or indicate: bulletins, charts, holidays, notices, certificate prices, quotes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.feeds import ccer_notices, cneeex_pages, yahoo
from finance.feeds.cbam import parse_page
from finance.feeds.ccer_notices import parse_list, parse_notice
from finance.feeds.cneeex_pages import parse_bulletin, parse_chart, parse_holidays, parse_latest
from finance.feeds.coherence import running_total_findings, two_source_finding
from finance.feeds.feed import FeedState
from finance.feeds.page_text import read_page
from finance.feeds.parsed import CheckValue, ParsedFeed
from finance.market.observations import PriceBasis
from ledger.core.errors import DomainError, Invalid
from tests.contract.answers import KNOWN_AT
from tests.contract.source_server import HTML, Reply, SourceServer, feed_at, parse_all, read_feed, run_round

SINCE = date(2023, 8, 28)
BULLETIN = """<html><head><title>全国碳市场每日综合价格行情及成交信息20251013</title><script>收盘价1.00元/吨</script></head>
<body><p>今日全国碳市场综合价格行情为：开盘价57.50元/吨，最高价 57.80 元/吨，最低价57.00元/吨，收盘价57.15元/吨，
收盘价较前一日上涨0.26%。</p><p>今日挂牌协议交易成交量 100,000 吨，成交额5,715,000.00元；大宗协议交易成交量397,697吨。
今日全国碳排放配额总成交量497,697吨，总成交额28,000,000.00元。</p>
<p>截至2025年10月13日，全国碳市场碳排放配额累计成交量720,892,430吨，累计成交额…元。</p></body></html>"""


def bulletin(text: str = BULLETIN, encoding: str = "utf-8") -> ParsedFeed:
    return parse_bulletin(text.encode(encoding), known_at=KNOWN_AT, composite_close_from=SINCE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_bulletin_of_2025_10_13_has_the_close_that_the_query_failed_to_give(encoding: str) -> None:
    parsed = bulletin(encoding=encoding)

    (close,) = parsed.observations
    assert (close.source, close.instrument, close.price_basis) == (
        "cneeex.bulletin",
        "COMCEA",
        PriceBasis.COMPOSITE_CLOSE,
    )
    assert (close.trade_date, close.value, close.volume_t) == (date(2025, 10, 13), Decimal("57.15"), 100_000)
    assert parsed.checks == (
        CheckValue(name="cneeex.bulletin total_t", day=date(2025, 10, 13), value=720_892_430, grew_by=497_697),
    )


def test_a_bulletin_close_above_its_high_is_taken_with_a_warning() -> None:
    parsed = bulletin(BULLETIN.replace("最高价 57.80", "最高价 57.10"))

    assert parsed.observations[0].warnings == ("COMCEA 2025-10-13: close 57.15 lies outside 57.00 to 57.10",)


@pytest.mark.parametrize(
    "text",
    [
        "<html>maintenance</html>",
        BULLETIN.replace("收盘价57.15元", "收盘价"),
        BULLETIN.replace("20251013", "2025101"),
        "<![bad",
        "",
    ],
)
def test_a_page_that_is_no_bulletin_is_a_typed_error(text: str) -> None:
    with pytest.raises(DomainError) as refused:
        bulletin(text)

    assert refused.value.code == "feed.shape"


def test_index_pages_are_followed_until_the_wanted_days_are_found(source: SourceServer) -> None:
    def index(*days: str) -> Reply:
        links = "".join(
            f'<li><a href="/c/{day}/1.shtml" title="全国碳市场每日综合价格行情及成交信息{day.replace("-", "")}">全国碳市场…</a></li>'
            for day in days
        )
        return Reply(body=f"<html>{links}</html>".encode(), media_type=HTML)

    source.reply("/qgtpfqjy/mrgk/2025n/index_1.shtml", index("2025-10-15", "2025-10-14"))
    source.reply("/qgtpfqjy/mrgk/2025n/index_2.shtml", index("2025-10-13", "2025-10-10"))
    source.reply("/c/2025-10-13/1.shtml", Reply(body=BULLETIN.encode(), media_type=HTML))

    parsed = read_feed(source, "cneeex.bulletin", day="2025-10-13")

    assert [seen.trade_date for one in parsed for seen in one.observations] == [date(2025, 10, 13)]
    assert [asked.path.rpartition("/")[2] for asked in source.asked] == ["index_1.shtml", "index_2.shtml", "1.shtml"]


def test_a_bulletin_link_to_another_host_is_not_followed(source: SourceServer) -> None:
    page = '<html><a href="https://other.example/1.shtml">全国碳市场每日综合价格行情及成交信息20251013</a></html>'
    source.reply("/qgtpfqjy/mrgk/2025n/index_1.shtml", Reply(body=page.encode(), media_type=HTML))

    done = run_round(source, feed_at(source, "cneeex.bulletin"), day="2025-10-13")

    assert [failed.error.code for failed in done.failures] == ["feed.address"]
    assert len(source.asked) == 1


@pytest.mark.parametrize("day", ["20260821", "2026-08-21"])
def test_the_newest_day_is_all_that_the_probe_gives(source: SourceServer, day: str) -> None:
    row = {"tradeDate": day, "closePrice": "97.40", "todayQty": "189.22万吨", "todayAmt": "1.85亿元"}
    source.reply("/assets/json/dailyov.json", Reply(body=json.dumps(row).encode()))

    (parsed,) = read_feed(source, "cneeex.latest", day="2026-08-21")

    assert parsed == ParsedFeed(newest_day=date(2026, 8, 21))


def test_holidays_confirm_past_days_only_and_a_weekend_is_odd() -> None:
    known_at = datetime(2026, 6, 18, 16, 30, tzinfo=UTC)  # 00:30 of the 19th in China
    raw = json.dumps(["2026-06-19", "2026-10-01", "2026-06-20", "2026-01-01"]).encode()

    parsed = parse_holidays(raw, known_at=known_at)

    assert parsed.closed_days == (date(2026, 1, 1), date(2026, 6, 19))
    assert [alert.code for alert in parsed.alerts] == ["feed.weekend"]


def chart(*rows: list[str]) -> ParsedFeed:
    return parse_chart(json.dumps(rows).encode(), known_at=KNOWN_AT, composite_close_from=SINCE)


def test_the_chart_has_its_own_order_of_columns_and_two_bases_are_two_series() -> None:
    parsed = chart(
        ["2023-08-29", "70.00", "71.00", "69.50", "71.50", "1,000"],
        ["2023-08-25", "69.00", "69.20", "68.00", "69.50", "2,000"],
        ["2023-08-28", "69.50", "70.50", "69.00", "70.60", "0"],
    )

    assert [(one.value, one.price_basis, one.previous_value) for one in parsed.observations] == [
        (Decimal("69.20"), PriceBasis.LISTED_CLOSE, None),
        (Decimal("70.50"), PriceBasis.COMPOSITE_CLOSE, None),
        (Decimal("71.00"), PriceBasis.COMPOSITE_CLOSE, Decimal("70.50")),
    ]
    assert parsed.observations[1].last_trade_date is None


@pytest.mark.parametrize(
    "rows",
    [
        [
            ["2026-08-13", "98.00", "98.80", "97.50", "98.15", "1"],
            ["2026-08-14", "98.80", "99.10", "98.00", "98.21", "1"],
        ],
        [["2026-08-14", "98.00", "98.10", "99.00", "97.00", "1"]],
    ],
)
def test_columns_in_another_order_are_refused(rows: list[list[str]]) -> None:
    with pytest.raises(Invalid) as refused:
        chart(*rows)

    assert refused.value.code == "feed.columns"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"[]", "feed.no_rows"),
        (b'[["2026-08-14", "1", "1", "1", "1"]]', "feed.shape"),
        (b'[["2026-08-14", "1", "1", "1", "1", null]]', "feed.shape"),
        (b'[["14/08/2026", "1", "1", "1", "1", "1"]]', "date.format"),
        (b'[["2026-08-14", "1", "1", "1", "1", "1"], ["20260814", "1", "1", "1", "1", "1"]]', "feed.repeated_row"),
    ],
)
def test_what_is_no_chart_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_chart(raw, known_at=KNOWN_AT, composite_close_from=SINCE)

    assert refused.value.code == code


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"tradeDate": 1}', b'{"tradeDate": "today"}'])
def test_a_probe_without_a_day_is_a_typed_error(raw: bytes) -> None:
    with pytest.raises(DomainError):
        parse_latest(raw)


@pytest.mark.parametrize("raw", [b"{}", b"[1]", b'["1 May"]', b"[null]"])
def test_holidays_that_are_no_days_are_a_typed_error(raw: bytes) -> None:
    with pytest.raises(DomainError):
        parse_holidays(raw, known_at=KNOWN_AT)


NOTICE = """<html><body><div>2020年1月1日</div><div id="zoom"><p>2026年8月14日，全国温室气体自愿减排交易市场<br>
核证自愿减排量成交量1,699吨，成交额156,308.00元，成交均价92.00元/吨。</div><p>成交均价1.00元/吨</p></body></html>"""


def test_a_notice_states_the_days_average_in_its_own_node() -> None:
    (seen,) = parse_notice(NOTICE.encode(), known_at=KNOWN_AT).observations

    assert (seen.source, seen.trade_date, seen.value, seen.volume_t) == (
        "ccer.article", date(2026, 8, 14), Decimal("92.00"), 1_699,
    )  # fmt: skip


def test_a_notice_without_a_trade_has_no_price() -> None:
    text = '<div id="zoom">2026年5月12日，核证自愿减排量无成交。</div>'

    (seen,) = parse_notice(text.encode(), known_at=KNOWN_AT).observations

    assert (seen.value, seen.missing_reason, seen.volume_t) == (None, "no trade", 0)


def test_a_notice_with_volume_and_turnover_only_gives_a_derived_average() -> None:
    text = '<div id="zoom">2024年1月22日，核证自愿减排量成交量375,315吨，成交额23,835,280.00元</div>'

    (seen,) = parse_notice(text.encode(), known_at=KNOWN_AT).observations

    assert (seen.value, seen.warnings) == (Decimal("63.51"), ("derived: turnover over volume",))


@pytest.mark.parametrize(("average", "codes"), [("92.01", []), ("92.02", ["feed.average_differs"])])
def test_an_average_may_differ_from_turnover_over_volume_by_its_last_digit(average: str, codes: list[str]) -> None:
    parsed = parse_notice(NOTICE.replace("均价92.00", f"均价{average}").encode(), known_at=KNOWN_AT)

    assert [alert.code for alert in parsed.alerts] == codes


@pytest.mark.parametrize(
    "text",
    [
        "<html></html>",
        '<div id="zoom">核证自愿减排量无成交</div>',
        '<div id="zoom">2026年8月14日 休市</div>',
        '<div id="zoom">2026年13月14日 无成交</div>',
    ],
)
def test_a_notice_that_says_nothing_is_a_typed_error(text: str) -> None:
    with pytest.raises(DomainError):
        parse_notice(text.encode(), known_at=KNOWN_AT)


def test_the_list_of_notices_leads_to_those_of_the_missing_days(source: SourceServer) -> None:
    rows = {
        "rows": [
            {"title": "a", "url": "202608/a1.html", "publishedTime": "2026-08-14 17:31:00"},
            {"title": "b", "url": "/202608/b2.html", "publishedTime": "2026-08-13 17:31:00"},
        ]
    }
    source.reply("/", Reply(body=b"<html></html>", media_type=HTML))
    source.reply("/wcm/ccer/data/2502lshq.json", Reply(body=json.dumps(rows).encode()))
    source.reply("/wcm/ccer/html/202608/a1.html", Reply(body=NOTICE.encode(), media_type=HTML))

    parsed = read_feed(source, "ccer.article", day="2026-08-14")

    assert [seen.value for one in parsed for seen in one.observations] == [Decimal("92.00")]
    assert [asked.path for asked in source.asked][2:] == ["/wcm/ccer/html/202608/a1.html"]


@pytest.mark.parametrize("url", ["../../admin", "https://other.example/x", "//other.example/x", "a b", "x?y", ""])
def test_a_list_cannot_send_us_elsewhere(url: str) -> None:
    raw = json.dumps({"rows": [{"title": "a", "url": url, "publishedTime": "2026-08-14"}]}).encode()

    with pytest.raises(Invalid):
        parse_list(raw)


def cbam_page(*rows: str) -> ParsedFeed:
    return parse_page(f"<html><table>{''.join(rows)}</table></html>".encode(), known_at=KNOWN_AT)


@pytest.mark.parametrize(
    ("row", "label", "day", "value"),
    [
        ("<tr><td>Q1 2026</td><td>7 April 2026</td><td>\u20ac75.36</td></tr>", "2026-Q1", "2026-04-07", "75.36"),
        ("<tr><td>2026-Q2</td><td>06/07/2026<td>75,28 EUR", "2026-Q2", "2026-07-06", "75.28"),
        ("<tr><th>First quarter of 2026</th><td>75.36</td><td>2026-04-07</td></tr>", "2026-Q1", "2026-04-07", "75.36"),
        ("<tr><td>Week 3 2027</td><td>25.01.2027</td><td>EUR 80</td></tr>", "2027-W03", "2027-01-25", "80"),
        (
            "<tr><td>2027-W03</td><td>25 January 2027</td><td>80.10 EUR / tCO2e</td></tr>",
            "2027-W03",
            "2027-01-25",
            "80.10",
        ),
    ],
)
def test_a_published_price_is_read_with_its_period_and_day(row: str, label: str, day: str, value: str) -> None:
    if "75,28" in row:
        row += "</td></tr>"

    parsed = cbam_page("<tr><th>Period</th><th>Date</th><th>Price</th></tr>", row)

    (price,) = parsed.published
    assert (price.period.label, price.published_on, price.value) == (label, date.fromisoformat(day), Decimal(value))
    (seen,) = parsed.observations
    assert seen.instrument == f"CBAM-{label.replace('-', '')}"
    assert (seen.price_basis, seen.currency, seen.unit) == (PriceBasis.OFFICIAL_PRICE, "EUR", "certificate")


def test_a_row_that_cannot_be_read_is_an_alert_and_stops_no_other() -> None:
    parsed = cbam_page(
        "<tr><td>Q1 2026</td><td>7 April 2026</td><td>75.36</td></tr>",
        "<tr><td>Q2 2026</td><td>soon</td><td>to be published</td></tr>",
    )

    assert [one.period.label for one in parsed.published] == ["2026-Q1"]
    assert [alert.subject for alert in parsed.alerts] == ["2026-Q2"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "feed.shape"),
        (["<tr><td>Q1 2026</td><td>31 February 2026</td><td>75.36</td></tr>"], "feed.shape"),
        (["<tr><td>Q1 2026</td><td>7 April 2026</td><td>-75.36</td></tr>"], "feed.shape"),
        (["<tr><td>Q1 2026</td><td>7 April 2026</td><td>0.00</td></tr>"], "feed.shape"),
        (["<tr><td>Q1 2026</td><td>7 April 2026</td><td>75.36</td></tr>"] * 2, "feed.repeated_row"),
    ],
)
def test_a_page_without_a_readable_price_changes_nothing(rows: list[str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        cbam_page(*rows)

    assert refused.value.code == code


def quote(*, symbol: str = "CO2.L", currency: str = "EUR", closes: object = None, error: object = None) -> bytes:
    result = {
        "meta": {"symbol": symbol, "currency": currency},
        "timestamp": [1628150400, 1789545600],
        "indicators": {"quote": [{"close": [50.5, 80.53] if closes is None else closes, "volume": [1, 2]}]},
    }
    return json.dumps({"chart": {"result": None if error else [result], "error": error}}).encode()


def test_a_quote_is_an_indication_and_never_an_observation(source: SourceServer) -> None:
    source.reply("/v8/finance/chart/CO2.L", Reply(body=quote()))

    (parsed,) = read_feed(source, "yahoo.co2", day="2026-09-16")

    assert parsed.observations == ()
    assert [(one.day, one.value, one.currency) for one in parsed.indications] == [
        (date(2026, 9, 16), Decimal("80.53"), "EUR")
    ]
    assert "indicative" in parsed.indications[0].note


def test_the_quote_feed_is_off_and_says_why(source: SourceServer) -> None:
    feed = feed_at(source, "yahoo.co2")

    assert (feed.is_on_by_default, feed.role.value) == (False, "indicates")
    assert "never a mark" in feed.why_en


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (quote(error={"code": "Not Found"}), "feed.refused"),
        (quote(symbol="KRBN"), "feed.field"),
        (quote(currency="USD"), "feed.field"),
        (quote(closes=[1]), "feed.shape"),
        (quote(closes=[None, None]), "feed.no_rows"),
        (quote(closes=[1, -1]), "market.price"),
        (quote(closes=[1, "1e5"]), "amount.format"),
        (quote(closes=[1, [2]]), "feed.field"),
        (b'{"chart": 1}', "feed.shape"),
    ],
)
def test_a_quote_that_is_not_the_expected_one_is_a_typed_error(raw: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        yahoo.parse_chart(raw, listed_on=date(2021, 11, 4), zone="Europe/London")

    assert refused.value.code == code


def test_a_quote_of_a_busy_source_is_a_content_error(source: SourceServer) -> None:
    source.reply("/v8/finance/chart/CO2.L", Reply(body=b"Too Many Requests", media_type="text/plain"))

    (failed,) = run_round(source, feed_at(source, "yahoo.co2"), day="2026-09-16").failures

    assert failed.error.code == "feed.content"


def test_running_totals_of_an_earlier_or_the_same_day_are_not_compared() -> None:
    stored = CheckValue(name="x", day=date(2026, 8, 14), value=100, grew_by=None)
    now = CheckValue(name="x", day=date(2026, 8, 14), value=900, grew_by=1)

    assert running_total_findings([now], {"x": stored}) == ()
    assert running_total_findings([now], {}) == ()


def test_only_like_is_compared_with_like() -> None:
    (one,) = bulletin().observations
    (other,) = parse_notice(NOTICE.encode(), known_at=KNOWN_AT).observations

    with pytest.raises(Invalid):
        two_source_finding(one, other, max_difference=0)  # type: ignore[arg-type]


def test_typed_prices_go_through_the_same_shape(source: SourceServer) -> None:
    feed = feed_at(source, "manual")

    assert feed.requests(date(2026, 8, 14), FeedState()) == ()
    assert parse_all(feed, run_round(source, feed, day="2026-08-14")) == ()


@pytest.mark.parametrize("mark", [b"<!--", b"<a ", b"<a href='", b"<script", b"<![CDATA[", b"&#", b"</", b"<?x"])
def test_a_hostile_page_of_a_megabyte_is_read_in_one_pass(mark: bytes) -> None:
    page = read_page(mark * (1024 * 1024 // len(mark)), source="x")

    assert page.links == ()


def test_a_page_above_the_limit_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        read_page(b"x" * (2 * 1024 * 1024 + 1), source="x")

    assert refused.value.code == "feed.too_large"


def test_a_letter_that_grows_in_lower_case_moves_nothing() -> None:
    page = read_page(("\u0130" * 50 + "<TD>x</TD><Script>hidden</SCRIPT>y").encode(), source="x")

    assert page.text == "\u0130" * 50 + "xy"


@given(st.text(alphabet="<>/!-[]&;\"'=azd trI0#\u5143", max_size=200))
def test_no_markup_brings_a_reader_down(text: str) -> None:
    for reader in (
        lambda raw: read_page(raw, source="x"),
        lambda raw: read_page(raw, source="x", inside_id="zoom"),
        lambda raw: cneeex_pages.parse_bulletin(raw, known_at=KNOWN_AT, composite_close_from=SINCE),
        lambda raw: ccer_notices.parse_notice(raw, known_at=KNOWN_AT),
        lambda raw: parse_page(raw, known_at=KNOWN_AT),
    ):
        try:
            reader(text.encode())
        except DomainError as error:
            assert error.code.startswith(("feed.", "date.", "amount.", "market."))  # noqa: PT017 - either is fine
