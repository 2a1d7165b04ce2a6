"""A quote of an exchange-traded product on EU allowances: an indication of the market's move, and never a mark.

Owns that format. It gives ``Indication`` values, which no import accepts and no snapshot knows: an observation could not be
built from one without choosing a price basis, and there is none for it. Knows no network.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from finance.feeds.parsed import Indication, ParsedFeed, shown_text
from finance.feeds.strict_json import load_json, rows_of, text_of
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Conflict, Invalid

SOURCE = "yahoo.co2"
_SYMBOL = "CO2.L"
_EPOCH_SECONDS = re.compile(r"[0-9]{9,11}", re.ASCII)
_NOTE = "one share of an exchange-traded product, not an allowance: its level differs; indicative only"


def parse_chart(raw: bytes, *, listed_on: date, zone: str) -> ParsedFeed:
    """Return the daily closes in EUR per share from ``listed_on`` on, oldest first, dated in the exchange's ``zone``.

    Earlier quotes belong to another product. Another symbol or currency is ``feed.field``, an error object
    ``feed.refused``. Volumes are shares and are not read. Null closes are left out.
    """
    chart = _object(load_json(raw, source=SOURCE), "chart")
    if chart.get("error") is not None:
        raise Conflict("feed.refused", f"{SOURCE}: {shown_text(str(chart['error']))}", source=SOURCE)
    results = rows_of(chart.get("result"), source=SOURCE)
    if len(results) != 1:
        raise Invalid("feed.shape", f"{SOURCE}: expected one result", source=SOURCE)
    meta = _object(results[0], "meta")
    symbol, currency = (text_of(meta, key, source=SOURCE) for key in ("symbol", "currency"))
    if (symbol, currency) != (_SYMBOL, "EUR"):
        raise Invalid("feed.field", f"{SOURCE}: expected {_SYMBOL} in EUR", source=SOURCE)
    quotes = rows_of(_object(results[0], "indicators").get("quote"), source=SOURCE)
    closes = rows_of(quotes[0].get("close") if quotes and isinstance(quotes[0], dict) else None, source=SOURCE)
    instants = rows_of(results[0].get("timestamp"), source=SOURCE)
    if len(closes) != len(instants):
        raise Invalid("feed.shape", f"{SOURCE}: expected a close for every timestamp", source=SOURCE)
    found: dict[date, Indication] = {}
    for instant, close in zip(instants, closes, strict=True):
        day = _day(instant, zone=zone)
        if close is None or day < listed_on:
            continue
        if not isinstance(close, str):
            raise Invalid("feed.field", f"{SOURCE}: {day}: expected a number as close", source=SOURCE)
        value = parse_decimal(close, field="close")
        if value <= 0:
            raise Invalid("market.price", f"{SOURCE}: {day}: expected a close above zero", source=SOURCE)
        found[day] = Indication(subject=_SYMBOL, day=day, value=value, currency=currency, note=_NOTE)
    if not found:
        raise Conflict("feed.no_rows", f"{SOURCE}: the answer has no close", source=SOURCE)
    return ParsedFeed(indications=tuple(found[day] for day in sorted(found)), newest_day=max(found))


def _object(document: Any, key: str) -> dict[str, Any]:
    member = document.get(key) if isinstance(document, dict) else None
    if not isinstance(member, dict):
        raise Invalid("feed.shape", f"{SOURCE}: expected an object {key}", source=SOURCE)
    return member


def _day(instant: Any, *, zone: str) -> date:
    if not isinstance(instant, str) or not _EPOCH_SECONDS.fullmatch(instant):
        raise Invalid("feed.field", f"{SOURCE}: expected timestamps in seconds", source=SOURCE)
    return datetime.fromtimestamp(int(instant), tz=UTC).astimezone(ZoneInfo(zone)).date()
