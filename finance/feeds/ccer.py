"""The national CCER market's daily JSON (``90-first.json`` and the one-day files): only a daily average exists.

Owns that format. Knows no network. The row of all projects together is named 小计; project rows beside it are parts of it.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from finance.feeds.parsed import (
    FeedAlert,
    ParsedFeed,
    content_hash,
    derived_average,
    is_absent,
    read_compact_day,
    read_money_units,
    read_price,
    read_tonnes,
    with_previous_values,
)
from finance.feeds.strict_json import load_json, rows_of, text_of
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import Conflict, Invalid

SOURCE = "ccer.day"
_TOTAL = "小计"
_LAST_DIGIT = Decimal("0.01")  # the average is printed in fen; its last digit may be rounded either way
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_days(raw: bytes, *, known_at: datetime) -> ParsedFeed:
    """Return one CCER observation per day from an array of days, or from one day's array, oldest first, CNY per t.

    The price is the total row's ``business_ave_price``; ``business_price`` is the turnover in spite of its name. Volume without a
    price gives turnover over volume, marked as derived (375,315 t for 23,835,280 CNY give 63.51). No volume gives no price: the
    observation has no value, never zero. A day without a total row, and one whose price and turnover disagree by
    more than 0.01, raise an alert. Source: market-data notes of 2026-11-21, section 1.2.
    """
    digest = content_hash(raw)
    document = rows_of(load_json(raw, source=SOURCE), source=SOURCE)
    days = [document] if document and isinstance(document[0], dict) else document
    if not days:
        raise Conflict("feed.no_rows", f"{SOURCE}: the answer has no day; it is not published yet", source=SOURCE)
    observations: list[Observation] = []
    alerts: list[FeedAlert] = []
    for rows in days:
        total = _total_row(rows_of(rows, source=SOURCE))
        if total is None:
            sentence = f"{SOURCE}: a day without the row {_TOTAL}; nothing was read from it"
            alerts.append(FeedAlert(code="feed.no_total", message=sentence, subject=_TOTAL))
            continue
        observation, alert = _day(total, known_at=known_at, raw_sha256=digest)
        observations.append(observation)
        alerts.extend(alert)
    if len({seen.trade_date for seen in observations}) != len(observations):
        raise Invalid("feed.repeated_row", f"{SOURCE}: a day stands twice in the answer", source=SOURCE)
    newest = max((seen.trade_date for seen in observations), default=None)
    return ParsedFeed(observations=with_previous_values(observations), alerts=tuple(alerts), newest_day=newest)


def _total_row(rows: list[Any]) -> Any | None:
    totals = [row for row in rows if text_of(row, "profession_name", source=SOURCE).strip() == _TOTAL]
    if len(totals) > 1:
        raise Invalid("feed.repeated_row", f"{SOURCE}: a day has two rows {_TOTAL}", source=SOURCE)
    return totals[0] if totals else None


def _day(row: Any, *, known_at: datetime, raw_sha256: str) -> tuple[Observation, list[FeedAlert]]:
    day = _business_date(text_of(row, "business_date", source=SOURCE))
    volume = read_tonnes(_text_or_absent(row, "business_amount"), field="business_amount")
    turnover = read_money_units(_text_or_absent(row, "business_price"), currency="CNY", field="business_price")
    price = read_price(_text_or_absent(row, "business_ave_price"), field="business_ave_price")
    alerts: list[FeedAlert] = []
    warnings: tuple[str, ...] = ()
    average = derived_average(turnover_units=turnover, volume_t=volume, currency="CNY") if volume and turnover else None
    if not volume:
        price = None
    elif price is None and average:
        price, warnings = average, ("derived: turnover over volume",)
    elif price is not None and average is not None and abs(price - average) > _LAST_DIGIT:
        warnings = (f"stated average {price} differs from turnover over volume {average}",)
        alerts.append(FeedAlert(code="feed.average_differs", message=f"{SOURCE}: {day}: {warnings[0]}", subject="CCER"))
    observation = Observation(
        source=SOURCE,
        instrument="CCER",
        price_basis=PriceBasis.DAY_AVERAGE,
        trade_date=day,
        last_trade_date=day if price is not None else None,
        value=price,
        missing_reason="" if price is not None else ("no trade" if not volume else "no price and no turnover"),
        currency="CNY",
        unit="t",
        volume_t=volume,
        known_at=known_at,
        raw_sha256=raw_sha256,
        warnings=warnings,
    )
    return observation, alerts


def _text_or_absent(row: Any, key: str) -> str:
    """Return the cell's text, empty for JSON null: the source leaves prices out on days without a trade."""
    if isinstance(row, dict) and key in row and row[key] is None:
        return ""
    text = text_of(row, key, source=SOURCE)
    return "" if is_absent(text) else text


def _business_date(text: str) -> date:
    """Return the day of ``YYYYMMDD`` or ``YYYY-MM-DD``; both were seen in readers of this source."""
    stripped = text.strip()
    return read_compact_day(
        stripped.replace("-", "") if _ISO_DAY.fullmatch(stripped) else stripped, field="business_date"
    )
