"""CNEEEX beside its query answers: the daily bulletin, the newest day, the holidays and the chart.

Owns those four formats. They check the query answers or say what has been published; none replaces them. Knows no network.
Source of the formats: market-data notes of 2026-11-21, section 1.1 c to f.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from finance.feeds.cneeex import COMPOSITE
from finance.feeds.page_text import Link, read_page
from finance.feeds.parsed import (
    CheckValue,
    FeedAlert,
    ParsedFeed,
    content_hash,
    read_day,
    read_price,
    read_tonnes,
    with_previous_values,
)
from finance.feeds.strict_json import load_json, rows_of, text_of
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import Conflict, Invalid

BULLETIN_SOURCE = "cneeex.bulletin"
CHART_SOURCE = "cneeex.kline"
LATEST_SOURCE = "cneeex.latest"
HOLIDAYS_SOURCE = "cneeex.holidays"
_CHINA_OFFSET = timedelta(hours=8)  # no summer time since 1991
_SATURDAY = 5
_NUMBER = r"([0-9][0-9,]{0,19}(?:\.[0-9]{1,6})?)"
_TITLE = re.compile("全国碳市场每日综合价格行情及成交信息([0-9]{8})", re.ASCII)
_PRICES = {
    "open": re.compile(f"开盘价{_NUMBER}元/吨"),
    "high": re.compile(f"最高价{_NUMBER}元/吨"),
    "low": re.compile(f"最低价{_NUMBER}元/吨"),
    "close": re.compile(f"收盘价{_NUMBER}元/吨"),
}
_DAY_TOTAL = re.compile(f"今日全国碳排放配额总成交量{_NUMBER}吨")
_RUNNING_TOTAL = re.compile(f"累计成交量{_NUMBER}吨")
_LISTED = re.compile(f"挂牌协议(?:交易)?成交量{_NUMBER}吨")
_CHART_COLUMNS = 6


def parse_bulletin(raw: bytes, *, known_at: datetime, composite_close_from: date) -> ParsedFeed:
    """Return the composite close that a bulletin states, CNY per t, as a second source beside the query answer.

    The day is the one in the title. The bulletin of 2025-10-13 says 57.15 where the query answer failed. Its running total is
    a check value. A page without title or close is ``feed.shape``; a close outside low to high is a warning, as 7 real
    days have it.
    """
    page = read_page(raw, source=BULLETIN_SOURCE)
    title = _TITLE.search(page.text)
    if title is None:
        raise Invalid("feed.shape", f"{BULLETIN_SOURCE}: the page is no daily bulletin", source=BULLETIN_SOURCE)
    day = read_day(title[1], field="title")
    found = {name: pattern.search(page.text) for name, pattern in _PRICES.items()}
    prices = {name: read_price(match[1], field=name) for name, match in found.items() if match is not None}
    close = prices.get("close")
    if close is None:
        raise Invalid("feed.shape", f"{BULLETIN_SOURCE}: {day}: the bulletin states no close", source=BULLETIN_SOURCE)
    listed, total, running = (pattern.search(page.text) for pattern in (_LISTED, _DAY_TOTAL, _RUNNING_TOTAL))
    volume = read_tonnes(listed[1], field="listed volume") if listed else None
    seen = _composite(
        BULLETIN_SOURCE,
        day,
        close,
        known_at=known_at,
        raw_sha256=content_hash(raw),
        composite_close_from=composite_close_from,
        volume_t=volume,
        warnings=_range_warning(day, close, prices.get("low"), prices.get("high")),
    )
    checks: tuple[CheckValue, ...] = ()
    if running is not None:
        checks = (
            CheckValue(
                name=f"{BULLETIN_SOURCE} total_t",
                day=day,
                value=read_tonnes(running[1], field="running total") or 0,
                grew_by=read_tonnes(total[1], field="day's total") if total else None,
            ),
        )
    return ParsedFeed(observations=(seen,), checks=checks, newest_day=day)


def bulletin_links(raw: bytes) -> Mapping[date, Link]:
    """Return the links of an index page to bulletins by their day; of two for one day the first, which is the newer."""
    links: dict[date, Link] = {}
    for link in read_page(raw, source=BULLETIN_SOURCE).links:
        title = _TITLE.search(link.title) or _TITLE.search(link.text)
        if title is not None:
            links.setdefault(read_day(title[1], field="title"), link)
    return links


def parse_latest(raw: bytes) -> ParsedFeed:
    """Return which day is the newest at the exchange and nothing else: its quantities are rounded to 万吨 and 亿元."""
    document = load_json(raw, source=LATEST_SOURCE)
    if isinstance(document, list):
        document = document[0] if document else None
    return ParsedFeed(newest_day=read_day(text_of(document, "tradeDate", source=LATEST_SOURCE), field="tradeDate"))


def parse_holidays(raw: bytes, *, known_at: datetime) -> ParsedFeed:
    """Return the weekdays on which the exchange was closed, up to the day of ``known_at`` in China.

    The list is written late: a day that is not in it is not thereby a trading day, and a day to come is not confirmed by
    it. A weekend in it raises an alert.
    """
    today = (known_at + _CHINA_OFFSET).date()
    days: set[date] = set()
    alerts = []
    for cell in rows_of(load_json(raw, source=HOLIDAYS_SOURCE), source=HOLIDAYS_SOURCE):
        if not isinstance(cell, str):
            raise Invalid("feed.field", f"{HOLIDAYS_SOURCE}: expected days as text", source=HOLIDAYS_SOURCE)
        day = read_day(cell, field="holiday")
        if day.weekday() >= _SATURDAY:
            sentence = f"{HOLIDAYS_SOURCE}: {day} is a weekend; the list held weekdays only"
            alerts.append(FeedAlert(code="feed.weekend", message=sentence, subject=day.isoformat()))
        elif day <= today:
            days.add(day)
    return ParsedFeed(closed_days=tuple(sorted(days)), alerts=tuple(alerts))


def parse_chart(raw: bytes, *, known_at: datetime, composite_close_from: date) -> ParsedFeed:
    """Return the composite closes of the chart, oldest first, CNY per t.

    Columns are date, open, close, low, high, volume: the chart's order, not the usual one. A low above a high, or an open or close
    outside them on more than half of the days, means that the columns changed (``feed.columns``); on single days it is
    a warning. Other rows than six texts are ``feed.shape``.
    """
    rows = rows_of(load_json(raw, source=CHART_SOURCE), source=CHART_SOURCE)
    if not rows:
        raise Conflict("feed.no_rows", f"{CHART_SOURCE}: the chart is empty", source=CHART_SOURCE)
    digest = content_hash(raw)
    seen: dict[date, Observation] = {}
    odd = 0
    for row in rows:
        day, opening, close, low, high, volume = _chart_row(row)
        if low is not None and high is not None and low > high:
            raise _columns_changed()
        if any(_is_outside(price, low, high) for price in (opening, close)):
            odd += 1
        observation = _composite(
            CHART_SOURCE,
            day,
            close,
            known_at=known_at,
            raw_sha256=digest,
            composite_close_from=composite_close_from,
            volume_t=volume,
            warnings=() if close is None else _range_warning(day, close, low, high),
        )
        if seen.setdefault(day, observation) is not observation:
            raise Invalid("feed.repeated_row", f"{CHART_SOURCE}: {day} stands twice", source=CHART_SOURCE)
    if 2 * odd > len(rows):
        raise _columns_changed()
    by_basis = [
        one
        for basis in (PriceBasis.LISTED_CLOSE, PriceBasis.COMPOSITE_CLOSE)
        for one in with_previous_values(each for each in seen.values() if each.price_basis is basis)
    ]
    return ParsedFeed(observations=tuple(by_basis), newest_day=max(seen))


def _chart_row(
    row: Any,
) -> tuple[date, Decimal | None, Decimal | None, Decimal | None, Decimal | None, int | None]:
    if not isinstance(row, list) or len(row) != _CHART_COLUMNS or not all(isinstance(cell, str) for cell in row):
        raise Invalid("feed.shape", f"{CHART_SOURCE}: expected rows of six texts", source=CHART_SOURCE)
    opening, close, low, high = (
        read_price(cell, field=name) for cell, name in zip(row[1:5], ("open", "close", "low", "high"), strict=True)
    )
    return read_day(row[0], field="date"), opening, close, low, high, read_tonnes(row[5], field="volume")


def _composite(
    source: str,
    day: date,
    close: Decimal | None,
    *,
    known_at: datetime,
    raw_sha256: str,
    composite_close_from: date,
    volume_t: int | None,
    warnings: tuple[str, ...],
) -> Observation:
    has_traded = close is not None and volume_t is not None and volume_t > 0
    return Observation(
        source=source,
        instrument=COMPOSITE,
        price_basis=PriceBasis.COMPOSITE_CLOSE if day >= composite_close_from else PriceBasis.LISTED_CLOSE,
        trade_date=day,
        last_trade_date=day if has_traded else None,
        value=close,
        missing_reason="" if close is not None else "the source gives no close",
        currency="CNY",
        unit="t",
        volume_t=volume_t,
        known_at=known_at,
        raw_sha256=raw_sha256,
        warnings=warnings,
    )


def _is_outside(price: Decimal | None, low: Decimal | None, high: Decimal | None) -> bool:
    return price is not None and low is not None and high is not None and not low <= price <= high


def _range_warning(day: date, close: Decimal, low: Decimal | None, high: Decimal | None) -> tuple[str, ...]:
    return (f"{COMPOSITE} {day}: close {close} lies outside {low} to {high}",) if _is_outside(close, low, high) else ()


def _columns_changed() -> Invalid:
    sentence = f"{CHART_SOURCE}: open and close lie outside low and high; the columns were put in another order"
    return Invalid("feed.columns", sentence, source=CHART_SOURCE)
