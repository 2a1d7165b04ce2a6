"""Where each shipped source is, what it is asked and which reader reads it.

Owns that wiring and the base addresses. Hours and terms stand in ``finance.feeds.catalogue``. Opens no connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from finance.conventions.tables import ReferenceSet
from finance.feeds import (
    calls,
    cbam,
    ccer,
    ccer_notices,
    cfets,
    cneeex,
    cneeex_pages,
    coherence,
    ecb,
    eex,
    feed_rows,
    lpr,
    manual,
    yahoo,
)
from finance.feeds.feed import Calls, FeedState, FollowUps, Reader, no_follow_ups
from finance.feeds.parsed import ParsedFeed, content_hash
from finance.feeds.requests import Content, Fetched
from finance.feeds.tabular import read_table
from finance.market.mark_rules import MarkRules

_ECB = "https://www.ecb.europa.eu"
_ECB_SERIES = "https://data-api.ecb.europa.eu"
_CHINAMONEY = "https://www.chinamoney.com.cn"
_EASTMONEY = "https://datacenter-web.eastmoney.com"
_EEX = "https://public.eex-group.com"
_CNEEEX = "https://shyx.cneeex.com"
_CNEEEX_BULLETINS = "https://overview.cneeex.com"
_CNEEEX_CHART = "https://www.cneeex.com"
_CCER = "https://www.ccer.com.cn"
_COMMISSION = "https://taxation-customs.ec.europa.eu"
_YAHOO = "https://query1.finance.yahoo.com"
_CBAM_PATH = "/carbon-border-adjustment-mechanism/price-cbam-certificates_en"
_LONDON = "Europe/London"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Where a source is, what it is asked and how its answer is read."""

    base_url: str
    calls: Calls
    reader: Reader
    follows: FollowUps = no_follow_ups
    is_missing_404: bool = False


def wiring(feed_id: str, rows: ReferenceSet, rules: MarkRules, *, window_days: int) -> Wiring:
    """Return how the shipped feed ``feed_id`` is reached and read."""
    if feed_id.startswith("cneeex."):
        return _cneeex(feed_id, rows, rules, window_days=window_days)
    if feed_id.startswith("ccer."):
        return _ccer(feed_id, window_days=window_days)
    if feed_id.startswith("ecb."):
        return _ecb(feed_id, window_days=window_days)
    if feed_id.startswith(("cfets.", "lpr")):
        return _chinese_rates(feed_id, rows, window_days=window_days)
    return _rest(feed_id, rows, window_days=window_days)


def _cneeex(feed_id: str, rows: ReferenceSet, rules: MarkRules, *, window_days: int) -> Wiring:
    if feed_id in {"cneeex.market", "cneeex.statistics"}:
        return _cneeex_queries(feed_id, rows, feed_rows.composite_close_from(rules), window_days=window_days)
    return _cneeex_pages(feed_id, feed_rows.composite_close_from(rules), window_days=window_days)


def _cneeex_queries(feed_id: str, rows: ReferenceSet, since: date, *, window_days: int) -> Wiring:
    def market(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        parsed = cneeex.parse_market(
            got.content,
            known_at=known_at,
            known_codes=feed_rows.all_codes(rows),
            composite_close_from=since,
            after_gap=state.after_gap,
        )
        return coherence.check_against_stored(parsed, closes=state.closes, checks=state.checks)

    def statistics(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        day = cneeex.parse_statistics(got.content, known_at=known_at, known_codes=feed_rows.all_codes(rows))
        parsed = ParsedFeed(
            observations=day.observations,
            alerts=day.alerts,
            volumes=day.volumes,
            checks=day.checks,
            newest_day=max((one.trade_date for one in day.volumes), default=None),
        )
        return coherence.check_against_stored(parsed, closes={}, checks=state.checks)

    wirings = {
        "cneeex.market": Wiring(
            base_url=_CNEEEX,
            calls=calls.cneeex_market(lambda on: feed_rows.cneeex_codes(rows, on=on), window_days),
            reader=market,
        ),
        "cneeex.statistics": Wiring(base_url=_CNEEEX, calls=calls.cneeex_statistics(window_days), reader=statistics),
    }
    return wirings[feed_id]


def _cneeex_pages(feed_id: str, since: date, *, window_days: int) -> Wiring:
    def bulletin(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        if calls.is_index(got):
            return ParsedFeed()
        parsed = cneeex_pages.parse_bulletin(got.content, known_at=known_at, composite_close_from=since)
        return coherence.check_against_stored(parsed, closes={}, checks=state.checks)

    def chart(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del state
        return cneeex_pages.parse_chart(got.content, known_at=known_at, composite_close_from=since)

    def latest(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del known_at, state
        return cneeex_pages.parse_latest(got.content)

    def holidays(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del state
        return cneeex_pages.parse_holidays(got.content, known_at=known_at)

    query_page = "/qdata.html"
    wirings = {
        "cneeex.bulletin": Wiring(
            base_url=_CNEEEX_BULLETINS,
            calls=calls.cneeex_bulletins(window_days),
            reader=bulletin,
            follows=calls.cneeex_bulletin_links,
        ),
        "cneeex.latest": Wiring(
            base_url=_CNEEEX,
            calls=calls.one_get("/assets/json/dailyov.json", Content.JSON, label="newest day", referer=query_page),
            reader=latest,
        ),
        "cneeex.holidays": Wiring(
            base_url=_CNEEEX,
            calls=calls.one_get("/assets/json/holidays.json", Content.JSON, label="holidays", referer=query_page),
            reader=holidays,
        ),
        "cneeex.kline": Wiring(
            base_url=_CNEEEX_CHART,
            calls=calls.one_get("/zhhq/jsonData/hiskline.json", Content.JSON, label="chart"),
            reader=chart,
        ),
    }
    return wirings[feed_id]


def _ccer(feed_id: str, *, window_days: int) -> Wiring:
    def days(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return coherence.with_stored_previous(ccer.parse_days(got.content, known_at=known_at), state.closes)

    def notice(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        if calls.is_index(got):
            return ParsedFeed()
        return coherence.with_stored_previous(ccer_notices.parse_notice(got.content, known_at=known_at), state.closes)

    wirings = {
        "ccer.first90": Wiring(base_url=_CCER, calls=calls.ccer_first90, reader=days, is_missing_404=True),
        "ccer.day": Wiring(base_url=_CCER, calls=calls.ccer_day(window_days), reader=days, is_missing_404=True),
        "ccer.article": Wiring(
            base_url=_CCER,
            calls=calls.ccer_list(window_days),
            reader=notice,
            follows=calls.ccer_notice_links,
            is_missing_404=True,
        ),
    }
    return wirings[feed_id]


def _ecb(feed_id: str, *, window_days: int) -> Wiring:
    def daily(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return coherence.with_stored_previous(ecb.parse_daily(got.content, known_at=known_at), state.closes)

    def history(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del state
        return ecb.parse_history("eurofxref-hist", got.content, known_at=known_at)

    def series(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return coherence.with_stored_previous(ecb.parse_series(got.content, known_at=known_at), state.closes)

    folder = "/stats/eurofxref"
    wirings = {
        "ecb.daily": Wiring(
            base_url=_ECB,
            calls=calls.one_get(f"{folder}/eurofxref-daily.xml", Content.XML, label="latest day"),
            reader=daily,
        ),
        "ecb.history": Wiring(
            base_url=_ECB,
            calls=calls.one_get(f"{folder}/eurofxref-hist.zip", Content.ZIP, label="history"),
            reader=history,
        ),
        "ecb.series": Wiring(base_url=_ECB_SERIES, calls=calls.ecb_series(window_days), reader=series),
    }
    return wirings[feed_id]


def _chinese_rates(feed_id: str, rows: ReferenceSet, *, window_days: int) -> Wiring:
    pairs = feed_rows.cfets_pairs(rows)

    def parity(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        parsed = cfets.parse_parity(got.content, known_at=known_at, wanted=pairs)
        # The first day of a later page follows another page, not what is stored.
        is_whole = cfets.page_total(got.content) == 1
        return coherence.with_stored_previous(parsed, state.closes) if is_whole else parsed

    def publications(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return lpr.parse_history(got.content, known_at=known_at, bounds=feed_rows.lpr_bounds(rows), stored=state.rates)

    def fallback(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return lpr.parse_fallback(got.content, known_at=known_at, bounds=feed_rows.lpr_bounds(rows), stored=state.rates)

    wirings = {
        "cfets.parity": Wiring(
            base_url=_CHINAMONEY,
            calls=calls.cfets_parity(pairs, window_days),
            reader=parity,
            follows=calls.cfets_pages,
        ),
        "lpr": Wiring(base_url=_CHINAMONEY, calls=calls.lpr_history(window_days), reader=publications),
        "lpr.fallback": Wiring(base_url=_EASTMONEY, calls=calls.lpr_fallback, reader=fallback),
    }
    return wirings[feed_id]


def _rest(feed_id: str, rows: ReferenceSet, *, window_days: int) -> Wiring:
    listed_on = feed_rows.setting(rows, "yahoo.co2.listed_on").day()

    def typed(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del state
        table = read_table("prices", got.content)[0]
        seen = manual.parse_prices(table, known_at=known_at, raw_sha256=content_hash(got.content))
        return ParsedFeed(observations=seen)

    def auctions(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        is_old = got.url.endswith(".xls")
        parsed = eex.parse_report_file(got.label, got.content, known_at=known_at, allows_old=is_old)
        return coherence.with_stored_previous(parsed, state.closes)

    def certificates(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del state
        return cbam.parse_page(got.content, known_at=known_at)

    def quotes(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del known_at, state
        return yahoo.parse_chart(got.content, listed_on=listed_on, zone=_LONDON)

    chart_path = "/v8/finance/chart/CO2.L?range=1mo&interval=1d"
    wirings = {
        "manual": Wiring(base_url="", calls=calls.nothing, reader=typed),
        "eex.auctions": Wiring(
            base_url=_EEX, calls=calls.eex_report(window_days), reader=auctions, is_missing_404=True
        ),
        "cbam.page": Wiring(
            base_url=_COMMISSION, calls=calls.one_get(_CBAM_PATH, Content.HTML, label="prices"), reader=certificates
        ),
        "yahoo.co2": Wiring(
            base_url=_YAHOO, calls=calls.one_get(chart_path, Content.JSON, label="CO2.L"), reader=quotes
        ),
    }
    return wirings[feed_id]
