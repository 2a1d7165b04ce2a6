"""The daily notices of the national CCER market: the list of notices and the sentence each one holds.

Owns those two formats; a second source beside ``finance.feeds.ccer``. Knows no network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from finance.feeds.page_text import read_page
from finance.feeds.parsed import (
    FeedAlert,
    ParsedFeed,
    content_hash,
    derived_average,
    read_day,
    read_money_units,
    read_price,
    read_tonnes,
)
from finance.feeds.strict_json import load_json, rows_of, text_of
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import Conflict, Invalid

SOURCE = "ccer.article"
_NUMBER = r"([0-9][0-9,]{0,19}(?:\.[0-9]{1,6})?)"
_DAY = re.compile(r"(20[0-9]{2})年([0-9]{1,2})月([0-9]{1,2})日", re.ASCII)
_VOLUME = re.compile(f"核证自愿减排量成交量{_NUMBER}吨")
_TURNOVER = re.compile(f"成交额{_NUMBER}元")
_AVERAGE = re.compile(f"成交均价{_NUMBER}元/吨")
_NO_TRADE = "无成交"
_LAST_DIGIT = Decimal("0.01")
_ADDRESS = re.compile(r"[A-Za-z0-9/_.-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One entry of the list: where the notice stands below ``/wcm/ccer/html/`` and when it was published."""

    address: str
    published_on: date


def parse_list(raw: bytes) -> tuple[Notice, ...]:
    """Return the notices of ``2502lshq.json``, the newest first.

    An address that would leave the folder (``..``, another scheme) is ``feed.address``: a list is not trusted to say
    where we call next.
    """
    document = load_json(raw, source=SOURCE)
    rows = rows_of(document.get("rows") if isinstance(document, dict) else None, source=SOURCE)
    notices = []
    for row in rows:
        address = text_of(row, "url", source=SOURCE).strip().removeprefix("/")
        if not _ADDRESS.fullmatch(address) or address.startswith("/") or ".." in address or "//" in address:
            raise Invalid("feed.address", f"{SOURCE}: expected an address below the notices' folder", source=SOURCE)
        published = read_day(text_of(row, "publishedTime", source=SOURCE).strip()[:10], field="publishedTime")
        notices.append(Notice(address=address, published_on=published))
    return tuple(sorted(notices, key=lambda one: one.published_on, reverse=True))


def parse_notice(raw: bytes, *, known_at: datetime) -> ParsedFeed:
    """Return the daily average that the sentence in node ``zoom`` states, CNY per t; 无成交 is a day without a price.

    Volume and turnover without an average give turnover over volume, marked as derived. An average that they contradict by more than
    0.01 raises ``feed.average_differs``. No day or no figure in the text is ``feed.shape``.
    """
    text = read_page(raw, source=SOURCE, inside_id="zoom").text
    found_day = _DAY.search(text)
    if found_day is None:
        raise Invalid("feed.shape", f"{SOURCE}: the notice names no day", source=SOURCE)
    day = read_day("-".join((found_day[1], found_day[2].zfill(2), found_day[3].zfill(2))), field="day")
    volume, turnover, stated = (pattern.search(text) for pattern in (_VOLUME, _TURNOVER, _AVERAGE))
    volume_t = read_tonnes(volume[1], field="volume") if volume else None
    is_untraded = _NO_TRADE in text and not volume_t
    if not is_untraded and not volume_t:
        raise Conflict("feed.shape", f"{SOURCE}: {day}: the notice states no volume", source=SOURCE)
    price = read_price(stated[1], field="average") if stated and volume_t else None
    alerts: list[FeedAlert] = []
    warnings: tuple[str, ...] = ()
    if turnover and volume_t:
        units = read_money_units(turnover[1], currency="CNY", field="turnover") or 0
        average = derived_average(turnover_units=units, volume_t=volume_t, currency="CNY")
        if price is None and average > 0:
            price, warnings = average, ("derived: turnover over volume",)
        elif price is not None and abs(price - average) > _LAST_DIGIT:
            warnings = (f"stated average {price} differs from turnover over volume {average}",)
            alerts.append(
                FeedAlert(code="feed.average_differs", message=f"{SOURCE}: {day}: {warnings[0]}", subject="CCER")
            )
    seen = Observation(
        source=SOURCE,
        instrument="CCER",
        price_basis=PriceBasis.DAY_AVERAGE,
        trade_date=day,
        last_trade_date=None if price is None else day,
        value=price,
        missing_reason="" if price is not None else ("no trade" if is_untraded else "no price and no turnover"),
        currency="CNY",
        unit="t",
        volume_t=volume_t or 0,
        known_at=known_at,
        raw_sha256=content_hash(raw),
        warnings=warnings,
    )
    return ParsedFeed(observations=(seen,), alerts=tuple(alerts), newest_day=day)
