"""CFETS central parity (CcprHisNew): the official rates of the renminbi, by pair and day.

Owns that format: the columns' real order stands in ``searchlist``, some pairs are per 100, some are foreign currency per
CNY, and a window of a year or more gives an empty answer under status 200. Knows no network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from finance.conventions.tables import parse_day
from finance.feeds.parsed import (
    FeedAlert,
    ParsedFeed,
    content_hash,
    is_absent,
    read_price,
    shown_text,
    with_previous_values,
)
from finance.feeds.strict_json import load_json, rows_of, text_of
from finance.market.observations import Observation, PriceBasis
from ledger.core.errors import Conflict, Invalid

SOURCE = "cfets.parity"
PAGE_SIZE = 50
MAX_PAGES = 40
LONGEST_WINDOW = timedelta(days=360)
"""The source wants spans under one year; 360 days are under any."""

_OK = "200"
_PER_HUNDRED = "JPY"
_HUNDRED = 100
_PAIR = re.compile(r"(100|1)?([A-Z]{3})/([A-Z]{3})", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,6}", re.ASCII)
_HOME = "CNY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One column: ``multiple`` units of ``base`` cost the printed number of ``quote``."""

    base: str
    quote: str
    multiple: int

    @property
    def instrument(self) -> str:
        """Return the instrument, direction included: ``EUR_CNY`` is CNY per EUR, ``CNY_MYR`` is MYR per CNY."""
        return f"{self.base}_{self.quote}"


def parse_parity(raw: bytes, *, known_at: datetime, wanted: Iterable[str]) -> ParsedFeed:
    """Return one parity per day and pair, oldest first, in ``quote`` per 1 ``base``.

    Values are found by the names in ``searchlist``, never by position. The yen is printed per 100: 4.8123 gives 0.048123 CNY per
    JPY, exactly, with a warning that says so. ``---`` is a day without a value. A pair of ``wanted`` (``EUR_CNY``) that the answer
    dropped raises an alert, so does one that cannot be read. ``rep_code`` other than 200, and no records with a
    ``flagMessage`` (a window of a year or more) raise ``feed.refused``; no records without one ``feed.no_rows``.
    """
    document = load_json(raw, source=SOURCE)
    body = _answer(document)
    names = [_name(name) for name in rows_of(body.get("searchlist"), source=SOURCE)]
    pairs = [read_pair(name) for name in names]
    alerts = [_unknown_pair(name) for name, pair in zip(names, pairs, strict=True) if pair is None]
    known = [pair.instrument for pair in pairs if pair is not None]
    if len(set(known)) != len(known):
        raise Invalid("feed.repeated_row", f"{SOURCE}: a pair stands twice in searchlist", source=SOURCE)
    alerts.extend(_dropped(name) for name in sorted(set(wanted) - set(known)))
    digest = content_hash(raw)
    series: dict[str, list[Observation]] = {}
    days: set[date] = set()
    for record in rows_of(document.get("records"), source=SOURCE):
        day = parse_day(text_of(record, "date", source=SOURCE).strip(), field="date")
        cells = rows_of(record.get("values"), source=SOURCE)
        if len(cells) != len(pairs) or day in days:
            sentence = f"{SOURCE}: {day}: expected one record a day with {len(pairs)} values, as searchlist has"
            raise Invalid("feed.shape", sentence, source=SOURCE)
        days.add(day)
        for pair, cell in zip(pairs, cells, strict=True):
            if pair is not None:
                series.setdefault(pair.instrument, []).append(
                    _parity(pair, cell, day=day, known_at=known_at, raw_sha256=digest)
                )
    ordered = [seen for name in sorted(series) for seen in with_previous_values(series[name])]
    return ParsedFeed(
        observations=tuple(sorted(ordered, key=lambda seen: (seen.trade_date, seen.instrument))),
        alerts=tuple(alerts),
        newest_day=max(days),
    )


def page_total(raw: bytes) -> int:
    """Return how many pages the answer has, from 1; more than 40 is refused: no window under a year has them."""
    body = _answer(load_json(raw, source=SOURCE))
    text = body.get("pageTotal", "1")
    if not isinstance(text, str) or not _WHOLE.fullmatch(text) or int(text) > MAX_PAGES:
        raise Invalid("feed.shape", f"{SOURCE}: expected pageTotal of 1 to {MAX_PAGES}", source=SOURCE)
    return max(int(text), 1)


def windows(start: date, end: date) -> tuple[tuple[date, date], ...]:
    """Return ``[start, end]``, both inclusive, cut into spans of at most 360 days, the oldest first."""
    if end < start:
        raise Invalid("feed.window", f"window: expected an end from {start} on", field="end")
    spans = []
    while start <= end:
        last = min(end, start + LONGEST_WINDOW)
        spans.append((start, last))
        start = last + timedelta(days=1)
    return tuple(spans)


def read_pair(name: str) -> Pair | None:
    """Return the pair that a column is named after: ``EUR/CNY``, ``100JPY/CNY``, ``CNY/MYR``; ``None`` for another name."""
    match = _PAIR.fullmatch(name.replace(" ", "").upper())
    if match is None or match[2] == match[3] or _HOME not in (match[2], match[3]):
        return None
    multiple = int(match[1]) if match[1] else (_HUNDRED if match[2] == _PER_HUNDRED else 1)
    return Pair(base=match[2], quote=match[3], multiple=multiple)


def pair_name(instrument: str) -> str:
    """Return how the source spells ``instrument``: ``EUR_CNY`` is ``EUR/CNY``, ``JPY_CNY`` is ``100JPY/CNY``."""
    base, _, quote = instrument.partition("_")
    return f"{_HUNDRED if base == _PER_HUNDRED else ''}{base}/{quote}"


def _answer(document: Any) -> dict[str, Any]:
    head = document.get("head") if isinstance(document, dict) else None
    body = document.get("data") if isinstance(document, dict) else None
    if not isinstance(head, dict) or not isinstance(body, dict):
        raise Invalid("feed.shape", f"{SOURCE}: expected an object with head, data and records", source=SOURCE)
    if head.get("rep_code") != _OK:
        code = shown_text(head.get("rep_code"))
        raise Conflict("feed.refused", f"{SOURCE}: the source reports a failure ({code})", source=SOURCE)
    if not rows_of(document.get("records"), source=SOURCE):
        flag = body.get("flagMessage")
        if isinstance(flag, str) and flag.strip():
            sentence = f"{SOURCE}: the source refuses the window ({shown_text(flag)}); ask for less than a year"
            raise Conflict("feed.refused", sentence, source=SOURCE, reason="window")
        raise Conflict("feed.no_rows", f"{SOURCE}: the answer has no day; it is not published", source=SOURCE)
    return body


def _parity(pair: Pair, cell: Any, *, day: date, known_at: datetime, raw_sha256: str) -> Observation:
    if not isinstance(cell, str):
        raise Invalid("feed.field", f"{SOURCE}: {day}: expected a text in {pair.instrument}", source=SOURCE)
    value = None if is_absent(cell) else read_price(cell, field=pair.instrument)
    if value is None and not is_absent(cell):
        raise Invalid("market.price", f"{pair.instrument}: expected a rate above zero", field=pair.instrument)
    warnings: Sequence[str] = ()
    if value is not None and pair.multiple == _HUNDRED:
        warnings = (f"published as {value} {pair.quote} per {_HUNDRED} {pair.base}",)
        value = value.scaleb(-2)
    return Observation(
        source=SOURCE,
        instrument=pair.instrument,
        price_basis=PriceBasis.PARITY,
        trade_date=day,
        last_trade_date=None if value is None else day,
        value=value,
        missing_reason="the source gives no parity for this day" if value is None else "",
        currency=pair.quote,
        unit=pair.base,
        known_at=known_at,
        raw_sha256=raw_sha256,
        warnings=tuple(warnings),
    )


def _name(cell: Any) -> str:
    if not isinstance(cell, str):
        raise Invalid("feed.field", f"{SOURCE}: expected names in searchlist", source=SOURCE)
    return cell


def _unknown_pair(name: str) -> FeedAlert:
    sentence = f"{SOURCE}: pair {shown_text(name)} cannot be read; ask what it is"
    return FeedAlert(code="feed.unknown_instrument", message=sentence, subject=shown_text(name))


def _dropped(instrument: str) -> FeedAlert:
    sentence = f"{SOURCE}: {instrument} was asked for and is not in the answer; check that the source has it"
    return FeedAlert(code="feed.dropped_pair", message=sentence, subject=instrument)
