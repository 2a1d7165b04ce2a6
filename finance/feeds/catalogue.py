"""Every source of market figures that ships, each with its hours, terms, calls and reader.

Owns which reader belongs to which source. Hours, calendars, windows, terms and bounds are rows of ``feeds.csv``; the base addresses
stand here and may be replaced. Opens no connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from types import MappingProxyType

from finance.conventions.tables import ReferenceRow, ReferenceSet
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
    lpr,
    manual,
    yahoo,
)
from finance.feeds.feed import Calls, Feed, FeedRole, FeedState, FollowUps, Hour, Reader, no_follow_ups
from finance.feeds.parsed import ParsedFeed, content_hash
from finance.feeds.requests import Content, Fetched, check_address
from finance.feeds.tabular import read_table
from finance.market.cbam_price import PeriodKind
from finance.market.mark_rules import MarkRules
from finance.market.observations import PriceBasis
from finance.store import reference
from ledger.core.errors import Invalid, NotFound

EVERY_FEED = "*"
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
_ZONES: Mapping[str, str] = MappingProxyType(
    {
        "asia_shanghai": "Asia/Shanghai",
        "europe_berlin": "Europe/Berlin",
        "europe_brussels": "Europe/Brussels",
        "europe_london": "Europe/London",
    }
)
_IDS = (
    "manual", "ecb.daily", "ecb.history", "ecb.series", "cfets.parity", "lpr", "lpr.fallback", "eex.auctions", "cneeex.market",
    "cneeex.statistics", "cneeex.bulletin", "cneeex.latest", "cneeex.holidays", "cneeex.kline", "ccer.first90",
    "ccer.day", "ccer.article", "cbam.page", "yahoo.co2",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wiring:
    """Where a source is, what it is asked and how its answer is read."""

    base_url: str
    calls: Calls
    reader: Reader
    follows: FollowUps = no_follow_ups
    is_missing_404: bool = False


def feeds(base_urls: Mapping[str, str] | None = None) -> tuple[Feed, ...]:
    """Return every feed, in the order in which they matter; ``base_urls`` replaces base addresses by feed id, ``*`` for all.

    A base address is scheme and host (``http://127.0.0.1:8000``); an unknown id is ``feed.unknown``, an address that may
    not be asked ``feed.address``.
    """
    replaced = dict(base_urls or {})
    for feed_id, url in replaced.items():
        if feed_id not in (*_IDS, EVERY_FEED):
            raise _unknown(feed_id)
        check_address(url)
    rows, rules = reference.shipped_feeds(), reference.shipped_mark_rules()
    return tuple(
        _feed(feed_id, rows, rules, base_url=replaced.get(feed_id, replaced.get(EVERY_FEED))) for feed_id in _IDS
    )


def feed(feed_id: str, base_urls: Mapping[str, str] | None = None) -> Feed:
    """Return one feed; an unlisted id is ``feed.unknown`` with the known ones."""
    found = next((one for one in feeds(base_urls) if one.id == feed_id), None)
    if found is None:
        raise _unknown(feed_id)
    return found


def lpr_bounds(rows: ReferenceSet) -> lpr.LprBounds:
    """Return what an LPR publication may be, from the rows in force without an end."""
    step = _setting(rows, "lpr.step")
    return lpr.LprBounds(
        step=step.number(), max_move=_setting(rows, "lpr.max_move").number(), effective_from=step.effective_from
    )


def cbam_bound(rows: ReferenceSet, *, on: date) -> tuple[Fraction, str]:
    """Return the largest share by which a published certificate price may differ from the own one, and its source."""
    row = rows.lookup("cbam.max_difference", on=on)
    return Fraction(row.number()), row.source


def fx_bound(rows: ReferenceSet, *, on: date) -> tuple[Fraction, str]:
    """Return the largest share by which the ECB's fixing and the CFETS parity of a day may differ, and its source."""
    row = rows.lookup("fx.max_difference", on=on)
    return Fraction(row.number()), row.source


def cbam_period_kind(rows: ReferenceSet, *, on: date) -> PeriodKind:
    """Return whether certificates are priced by quarter or by week on ``on``; before 2026 is ``reference.missing``."""
    word = rows.lookup("cbam.period", on=on).word()
    if word not in set(PeriodKind):
        raise Invalid("reference.value", f"cbam.period: expected one of {', '.join(PeriodKind)}", value=word)
    return PeriodKind(word)


def cneeex_codes(rows: ReferenceSet, *, on: date) -> tuple[str, ...]:
    """Return the codes of allowances that are asked for on ``on``, such as CEA25 from 2026 on."""
    return tuple(
        sorted(
            row.word().upper() for row in rows.rows if row.row_id.startswith("cneeex.code.") and row.is_effective(on)
        )
    )


def _feed(feed_id: str, rows: ReferenceSet, rules: MarkRules, *, base_url: str | None) -> Feed:
    role, switch = _setting(rows, f"{feed_id}.role"), _setting(rows, f"{feed_id}.switch")
    window_days = int(_setting(rows, f"{feed_id}.window").number())
    wiring = _wiring(feed_id, rows, rules, window_days=window_days)
    hours = (row for row in rows.rows if row.row_id.startswith(f"{feed_id}.expected."))
    zone = _setting(rows, f"{feed_id}.zone").word()
    if zone not in _ZONES or role.word() not in set(FeedRole) or switch.word() not in {"on", "off"}:
        raise Invalid("reference.value", f"{feed_id}: expected a known zone, role and switch", row_id=feed_id)
    day_of_month = [row for row in rows.rows if row.row_id == f"{feed_id}.day_of_month"]
    return Feed(
        id=feed_id,
        title_en=role.label_en,
        title_zh=role.label_zh,
        role=FeedRole(role.word()),
        calendar=_setting(rows, f"{feed_id}.calendar").word(),
        zone=_ZONES[zone],
        hours=tuple(
            Hour(minute=int(row.number()), effective_from=row.effective_from, effective_to=row.effective_to)
            for row in hours
        ),
        grace_minutes=int(_setting(rows, f"{feed_id}.grace").number()),
        window_days=window_days,
        is_on_by_default=switch.word() == "on",
        why_en=switch.label_en,
        why_zh=switch.label_zh,
        terms_source=switch.source,
        base_url=base_url or wiring.base_url,
        calls=wiring.calls,
        reader=wiring.reader,
        follows=wiring.follows,
        day_of_month=int(day_of_month[-1].number()) if day_of_month else None,
        is_missing_404=wiring.is_missing_404,
    )


def _setting(rows: ReferenceSet, row_id: str) -> ReferenceRow:
    """Return the one row of ``row_id`` that has no end: what holds now and until somebody changes it."""
    found = [row for row in rows.rows if row.row_id == row_id and row.effective_to is None]
    if len(found) != 1:
        raise Invalid("reference.missing", f"{row_id}: expected one open row in {rows.set_id}", row_id=row_id)
    return found[0]


def _wiring(feed_id: str, rows: ReferenceSet, rules: MarkRules, *, window_days: int) -> _Wiring:
    if feed_id.startswith("cneeex."):
        return _cneeex(feed_id, rows, rules, window_days=window_days)
    if feed_id.startswith("ccer."):
        return _ccer(feed_id, window_days=window_days)
    if feed_id.startswith("ecb."):
        return _ecb(feed_id, window_days=window_days)
    if feed_id.startswith(("cfets.", "lpr")):
        return _chinese_rates(feed_id, rows, window_days=window_days)
    return _rest(feed_id, rows, window_days=window_days)


def _cneeex(feed_id: str, rows: ReferenceSet, rules: MarkRules, *, window_days: int) -> _Wiring:
    since = composite_close_from(rules)

    def market(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        parsed = cneeex.parse_market(
            got.content,
            known_at=known_at,
            known_codes=_all_codes(rows),
            composite_close_from=since,
            after_gap=state.after_gap,
        )
        return coherence.check_against_stored(parsed, closes=state.closes, checks=state.checks)

    def statistics(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        day = cneeex.parse_statistics(got.content, known_at=known_at, known_codes=_all_codes(rows))
        parsed = ParsedFeed(
            observations=day.observations,
            alerts=day.alerts,
            volumes=day.volumes,
            checks=day.checks,
            newest_day=max((one.trade_date for one in day.volumes), default=None),
        )
        return coherence.check_against_stored(parsed, closes={}, checks=state.checks)

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
        "cneeex.market": _Wiring(
            base_url=_CNEEEX,
            calls=calls.cneeex_market(lambda on: cneeex_codes(rows, on=on), window_days),
            reader=market,
        ),
        "cneeex.statistics": _Wiring(base_url=_CNEEEX, calls=calls.cneeex_statistics(window_days), reader=statistics),
        "cneeex.bulletin": _Wiring(
            base_url=_CNEEEX_BULLETINS,
            calls=calls.cneeex_bulletins(window_days),
            reader=bulletin,
            follows=calls.cneeex_bulletin_links,
        ),
        "cneeex.latest": _Wiring(
            base_url=_CNEEEX,
            calls=calls.one_get("/assets/json/dailyov.json", Content.JSON, label="newest day", referer=query_page),
            reader=latest,
        ),
        "cneeex.holidays": _Wiring(
            base_url=_CNEEEX,
            calls=calls.one_get("/assets/json/holidays.json", Content.JSON, label="holidays", referer=query_page),
            reader=holidays,
        ),
        "cneeex.kline": _Wiring(
            base_url=_CNEEEX_CHART,
            calls=calls.one_get("/zhhq/jsonData/hiskline.json", Content.JSON, label="chart"),
            reader=chart,
        ),
    }
    return wirings[feed_id]


def _ccer(feed_id: str, *, window_days: int) -> _Wiring:
    def days(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return coherence.with_stored_previous(ccer.parse_days(got.content, known_at=known_at), state.closes)

    def notice(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        if calls.is_index(got):
            return ParsedFeed()
        return coherence.with_stored_previous(ccer_notices.parse_notice(got.content, known_at=known_at), state.closes)

    wirings = {
        "ccer.first90": _Wiring(base_url=_CCER, calls=calls.ccer_first90, reader=days, is_missing_404=True),
        "ccer.day": _Wiring(base_url=_CCER, calls=calls.ccer_day(window_days), reader=days, is_missing_404=True),
        "ccer.article": _Wiring(
            base_url=_CCER,
            calls=calls.ccer_list(window_days),
            reader=notice,
            follows=calls.ccer_notice_links,
            is_missing_404=True,
        ),
    }
    return wirings[feed_id]


def _ecb(feed_id: str, *, window_days: int) -> _Wiring:
    def daily(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return coherence.with_stored_previous(ecb.parse_daily(got.content, known_at=known_at), state.closes)

    def history(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del state
        return ecb.parse_history("eurofxref-hist", got.content, known_at=known_at)

    def series(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return coherence.with_stored_previous(ecb.parse_series(got.content, known_at=known_at), state.closes)

    folder = "/stats/eurofxref"
    wirings = {
        "ecb.daily": _Wiring(
            base_url=_ECB,
            calls=calls.one_get(f"{folder}/eurofxref-daily.xml", Content.XML, label="latest day"),
            reader=daily,
        ),
        "ecb.history": _Wiring(
            base_url=_ECB,
            calls=calls.one_get(f"{folder}/eurofxref-hist.zip", Content.ZIP, label="history"),
            reader=history,
        ),
        "ecb.series": _Wiring(base_url=_ECB_SERIES, calls=calls.ecb_series(window_days), reader=series),
    }
    return wirings[feed_id]


def _chinese_rates(feed_id: str, rows: ReferenceSet, *, window_days: int) -> _Wiring:
    pairs = tuple(row.word().upper() for row in rows.rows if row.row_id.startswith("cfets.pair."))

    def parity(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        parsed = cfets.parse_parity(got.content, known_at=known_at, wanted=pairs)
        # The first day of a later page follows another page, not what is stored.
        is_whole = cfets.page_total(got.content) == 1
        return coherence.with_stored_previous(parsed, state.closes) if is_whole else parsed

    def publications(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return lpr.parse_history(got.content, known_at=known_at, bounds=lpr_bounds(rows), stored=state.rates)

    def fallback(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        return lpr.parse_fallback(got.content, known_at=known_at, bounds=lpr_bounds(rows), stored=state.rates)

    wirings = {
        "cfets.parity": _Wiring(
            base_url=_CHINAMONEY,
            calls=calls.cfets_parity(pairs, window_days),
            reader=parity,
            follows=calls.cfets_pages,
        ),
        "lpr": _Wiring(base_url=_CHINAMONEY, calls=calls.lpr_history(window_days), reader=publications),
        "lpr.fallback": _Wiring(base_url=_EASTMONEY, calls=calls.lpr_fallback, reader=fallback),
    }
    return wirings[feed_id]


def _rest(feed_id: str, rows: ReferenceSet, *, window_days: int) -> _Wiring:
    listed_on, london = _setting(rows, "yahoo.co2.listed_on").day(), _ZONES["europe_london"]

    def typed(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del state
        table = read_table("prices", got.content)[0]
        seen = manual.parse_prices(table, known_at=known_at, raw_sha256=content_hash(got.content))
        return ParsedFeed(observations=seen)

    def auctions(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        parsed = eex.parse_report_file(got.label, got.content, known_at=known_at)
        return coherence.with_stored_previous(parsed, state.closes)

    def certificates(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del state
        return cbam.parse_page(got.content, known_at=known_at)

    def quotes(got: Fetched, known_at: datetime, state: FeedState) -> ParsedFeed:
        del known_at, state
        return yahoo.parse_chart(got.content, listed_on=listed_on, zone=london)

    chart_path = "/v8/finance/chart/CO2.L?range=1mo&interval=1d"
    wirings = {
        "manual": _Wiring(base_url="", calls=calls.nothing, reader=typed),
        "eex.auctions": _Wiring(
            base_url=_EEX, calls=calls.eex_report(window_days), reader=auctions, is_missing_404=True
        ),
        "cbam.page": _Wiring(
            base_url=_COMMISSION, calls=calls.one_get(_CBAM_PATH, Content.HTML, label="prices"), reader=certificates
        ),
        "yahoo.co2": _Wiring(
            base_url=_YAHOO, calls=calls.one_get(chart_path, Content.JSON, label="CO2.L"), reader=quotes
        ),
    }
    return wirings[feed_id]


def composite_close_from(rules: MarkRules) -> date:
    """Return the first day on which COMCEA's close is the composite price, as the rows of price sources say."""
    return next(
        row.effective_from
        for row in rules.sources
        if row.price_basis == PriceBasis.COMPOSITE_CLOSE.value and row.instrument_family == cneeex.COMPOSITE
    )


def _all_codes(rows: ReferenceSet) -> frozenset[str]:
    return frozenset(row.word().upper() for row in rows.rows if row.row_id.startswith("cneeex.code."))


def _unknown(feed_id: str) -> NotFound:
    return NotFound("feed.unknown", f"feed: expected one of {', '.join(_IDS)}", feed=ascii(feed_id)[:40])
