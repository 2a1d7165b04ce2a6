"""CNEEEX answers for allowances: ``queryMarketByDate`` (prices of one code and day) and ``querySubStat`` (volumes by method).

Owns those two formats and their traps: field names that lie, prices carried over days without a trade, failure inside HTTP
200. Knows no network. Source of the formats: market-data notes of 2026-11-21, section 1.1 (4,825 and 1,235 real answers).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from finance.feeds.parsed import (
    CheckValue,
    FeedAlert,
    ParsedFeed,
    TradedVolume,
    content_hash,
    derived_average,
    is_absent,
    plain_number,
    read_compact_day,
    read_money_units,
    read_price,
    read_tonnes,
)
from finance.feeds.strict_json import load_json, rows_of, text_of
from finance.market.observations import Observation, PriceBasis
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Conflict, Invalid

MARKET_SOURCE = "cneeex.queryMarketByDate"
STATISTICS_SOURCE = "cneeex.querySubStat"
COMPOSITE = "COMCEA"
_METHODS = {"10": "listed", "20": "block", "21": "auction"}
_CODE = re.compile(r"(?:COM)?CEA(?:[0-9]{2})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStatistics:
    """One day's volumes by vintage and method, never the composite rows, which are their sum.

    ``observations`` are the block trades' average prices. ``total_t`` is the sum over vintages; ``composite_t`` what the
    composite rows say, ``None`` when the answer has none. ``checks`` are the running totals since the market began, which the next
    day's must exceed by that day's volume.
    """

    volumes: tuple[TradedVolume, ...]
    observations: tuple[Observation, ...]
    total_t: int
    composite_t: int | None
    alerts: tuple[FeedAlert, ...]
    checks: tuple[CheckValue, ...] = ()


def parse_market(
    raw: bytes,
    *,
    known_at: datetime,
    known_codes: Iterable[str],
    composite_close_from: date,
    after_gap: Collection[date] = (),
) -> ParsedFeed:
    """Return the closes of a ``queryMarketByDate`` answer, CNY per t.

    A day without a trade (high and low 0.00, quantity 0) keeps the carried close with volume 0 and an unknown last trade. A close
    outside low to high is a warning for the composite (7 real days) and refused elsewhere. The composite's close is a
    composite price from ``composite_close_from`` on, a listed close before. On the day of that switch, and on a day of ``after_gap``
    (the session before gave no answer), the stated previous close is of another series or day: no move is tested. Elsewhere a stated
    change that close and previous close contradict raises ``feed.change_differs``. ``limiUpPric``, ``limiDownPric``, ``averPric``
    and ``updaTime`` are volumes and turnovers in spite of their names and are not read. ``success:false`` inside HTTP 200 raises
    ``feed.refused``; a code outside ``known_codes`` is read and raises an alert. Example: COMCEA of 2026-08-14 closed at 98.21.
    """
    digest = content_hash(raw)
    codes = frozenset(known_codes)
    observations: list[Observation] = []
    alerts: list[FeedAlert] = []
    for row in _answer_rows(raw, source=MARKET_SOURCE):
        code = text_of(row, "subjCode", source=MARKET_SOURCE).strip()
        if not _CODE.fullmatch(code) or code not in codes:
            alerts.append(_unknown_instrument(MARKET_SOURCE, code))
        if not _CODE.fullmatch(code):
            continue
        close = _close(row, code, known_at=known_at, raw_sha256=digest, composite_close_from=composite_close_from)
        why = _untested(close, composite_close_from=composite_close_from, after_gap=after_gap)
        if why:
            close = replace(close, previous_value=None, warnings=(*close.warnings, why))
        elif not _agrees_with_change(row, close):
            sentence = (
                f"{MARKET_SOURCE}: {code} {close.trade_date}: the stated change is not that of close and previous close"
            )
            alerts.append(FeedAlert(code="feed.change_differs", message=sentence, subject=code))
        observations.append(close)
    newest = max((seen.trade_date for seen in observations), default=None)
    return ParsedFeed(observations=tuple(observations), alerts=tuple(alerts), newest_day=newest)


def parse_statistics(raw: bytes, *, known_at: datetime, known_codes: Iterable[str]) -> DayStatistics:
    """Return the volumes of a ``querySubStat`` answer by vintage and method, and the block trades' average prices.

    COMCEA rows are the sum of the vintages: they are compared with it, never added to it. An unknown method or code raises an
    alert; its volume is kept under the method's number. Example: 500,000 t of CEA25 in block trades for 46,945,000.00 CNY give
    93.89 CNY per t.
    """
    digest = content_hash(raw)
    codes = frozenset(known_codes)
    volumes: list[TradedVolume] = []
    composite: list[TradedVolume] = []
    alerts: list[FeedAlert] = []
    checks: list[CheckValue] = []
    for row in _answer_rows(raw, source=STATISTICS_SOURCE):
        code = text_of(row, "subjectCode", source=STATISTICS_SOURCE).strip()
        method = text_of(row, "tradeMethod", source=STATISTICS_SOURCE).strip()
        if not _CODE.fullmatch(code) or code not in codes:
            alerts.append(_unknown_instrument(STATISTICS_SOURCE, code))
        if method not in _METHODS:
            sentence = f"{STATISTICS_SOURCE}: trade method {ascii(method)[:40]} is not known; ask what it is"
            alerts.append(FeedAlert(code="feed.unknown_method", message=sentence, subject=ascii(method)[:40]))
        if _CODE.fullmatch(code):
            traded = _volume(row, code, _METHODS.get(method, method[:40]))
            (composite if code == COMPOSITE else volumes).append(traded)
            checks.extend(_running_total(row, traded))
    _refuse_repeats(volumes + composite)
    total = sum(one.volume_t for one in volumes)
    stated = sum(one.volume_t for one in composite) if composite else None
    if stated is not None and stated != total:
        sentence = f"{STATISTICS_SOURCE}: the vintages sum to {total} t, the composite says {stated} t"
        alerts.append(FeedAlert(code="feed.sum_differs", message=sentence, subject=COMPOSITE))
    return DayStatistics(
        volumes=tuple(volumes),
        observations=tuple(
            _block_average(one, known_at=known_at, raw_sha256=digest)
            for one in volumes
            if one.method == "block" and one.volume_t > 0 and one.turnover_units > 0
        ),
        total_t=total,
        composite_t=stated,
        alerts=tuple(alerts),
        checks=tuple(checks),
    )


def _answer_rows(raw: bytes, *, source: str) -> list[Any]:
    document = load_json(raw, source=source)
    if not isinstance(document, dict):
        raise Invalid("feed.shape", f"{source}: expected an object with success and data", source=source)
    if document.get("success") is not True:
        reason = ascii(document.get("code"))[:40]
        raise Conflict(
            "feed.refused", f"{source}: the source reports a failure ({reason}); the day stays a gap", source=source
        )
    rows = rows_of(document.get("data"), source=source)
    if not rows:
        raise Conflict("feed.no_rows", f"{source}: the answer has no row; the day is not published", source=source)
    return rows


def _close(row: Any, code: str, *, known_at: datetime, raw_sha256: str, composite_close_from: date) -> Observation:
    day = read_compact_day(text_of(row, "quotPoin", source=MARKET_SOURCE), field="quotPoin")
    low, high, close, previous = (
        read_price(text_of(row, name, source=MARKET_SOURCE), field=name)
        for name in ("lowPric", "highPric", "closPric", "lastClosPric")
    )
    volume = read_tonnes(text_of(row, "dealQty", source=MARKET_SOURCE), field="dealQty")
    has_traded = bool(volume) and low is not None and high is not None
    is_composite = code == COMPOSITE and day >= composite_close_from
    return Observation(
        source=MARKET_SOURCE,
        instrument=code,
        price_basis=PriceBasis.COMPOSITE_CLOSE if is_composite else PriceBasis.LISTED_CLOSE,
        trade_date=day,
        last_trade_date=day if has_traded and close is not None else None,
        value=close,
        missing_reason="" if close is not None else "the exchange gives no close",
        currency="CNY",
        unit="t",
        volume_t=volume,
        previous_value=previous,
        known_at=known_at,
        raw_sha256=raw_sha256,
        warnings=_close_warnings(code, day, low=low, high=high, close=close, volume=volume),
    )


def _untested(close: Observation, *, composite_close_from: date, after_gap: Collection[date]) -> str:
    """Return why the move of this close is not tested, empty when it is."""
    if close.previous_value is None:
        return ""
    if close.instrument == COMPOSITE and close.trade_date == composite_close_from:
        return f"previous close {close.previous_value} is of the listed trades: the basis switched, no move is tested"
    if close.trade_date in after_gap:
        return f"the session before gave no answer: the move from {close.previous_value} is not tested"
    return ""


def _agrees_with_change(row: Any, close: Observation) -> bool:
    """Return whether ``chanPric`` is close less previous close; an absent one says nothing."""
    text = row.get("chanPric") if isinstance(row, dict) else None
    if not isinstance(text, str) or is_absent(text) or close.value is None or close.previous_value is None:
        return True
    return parse_decimal(plain_number(text, field="chanPric"), field="chanPric") == close.value - close.previous_value


def _close_warnings(
    code: str, day: date, *, low: Decimal | None, high: Decimal | None, close: Decimal | None, volume: int | None
) -> tuple[str, ...]:
    """Return what is odd about a close and still accepted; what is not accepted raises ``feed.incoherent``."""
    if close is None:
        return ()
    if low is None or high is None:
        return () if not volume else (f"{volume} t traded without a high and a low",)
    if low <= close <= high:
        return ()
    sentence = f"{code} {day}: close {close} lies outside {low} to {high}"
    if code == COMPOSITE:
        return (sentence,)
    raise Invalid("feed.incoherent", f"{MARKET_SOURCE}: {sentence}; ask the exchange", source=MARKET_SOURCE)


def _volume(row: Any, code: str, method: str) -> TradedVolume:
    source = STATISTICS_SOURCE
    return TradedVolume(
        instrument=code,
        method=method,
        trade_date=read_compact_day(text_of(row, "tradeDate", source=source), field="tradeDate"),
        volume_t=read_tonnes(text_of(row, "tradeVolume", source=source), field="tradeVolume") or 0,
        turnover_units=read_money_units(text_of(row, "tradeAmount", source=source), currency="CNY", field="tradeAmount")
        or 0,
    )


def _running_total(row: Any, traded: TradedVolume) -> tuple[CheckValue, ...]:
    text = row.get("totalVolume") if isinstance(row, dict) else None
    total = read_tonnes(text, field="totalVolume") if isinstance(text, str) else None
    if total is None:
        return ()
    name = f"{STATISTICS_SOURCE} {traded.instrument} {traded.method} total_t"
    return (CheckValue(name=name, day=traded.trade_date, value=total, grew_by=traded.volume_t),)


def _refuse_repeats(volumes: list[TradedVolume]) -> None:
    keys = {(one.instrument, one.method, one.trade_date) for one in volumes}
    if len(keys) != len(volumes):
        raise Invalid(
            "feed.repeated_row", f"{STATISTICS_SOURCE}: a code and method stand twice", source=STATISTICS_SOURCE
        )


def _block_average(traded: TradedVolume, *, known_at: datetime, raw_sha256: str) -> Observation:
    average = derived_average(turnover_units=traded.turnover_units, volume_t=traded.volume_t, currency="CNY")
    return Observation(
        source=STATISTICS_SOURCE,
        instrument=traded.instrument,
        price_basis=PriceBasis.VWAP_BLOCK,
        trade_date=traded.trade_date,
        last_trade_date=traded.trade_date,
        value=average if average > 0 else None,
        missing_reason="" if average > 0 else "turnover over volume is below half a fen",
        currency="CNY",
        unit="t",
        volume_t=traded.volume_t,
        known_at=known_at,
        raw_sha256=raw_sha256,
        warnings=("derived: turnover over volume",),
    )


def _unknown_instrument(source: str, code: str) -> FeedAlert:
    shown = ascii(code)[1:-1][:40]
    return FeedAlert(
        code="feed.unknown_instrument",
        message=f"{source}: code {shown} is not known; add it if it is new",
        subject=shown,
    )
