"""The Commission's page of CBAM certificate prices: table rows of period, day of publication and price.

Owns that page. A published price is compared with the own one in ``finance.market.cbam_price``; by itself it marks
nothing. Knows no network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from finance.conventions.tables import parse_day
from finance.feeds.page_text import read_page
from finance.feeds.parsed import FeedAlert, ParsedFeed, content_hash, shown_text
from finance.market.cbam_price import CERTIFICATE_UNIT, PricePeriod, PublishedPrice, quarter, week
from finance.market.observations import Observation, PriceBasis
from ledger.core.amounts import parse_decimal
from ledger.core.errors import DomainError, Invalid

SOURCE = "cbam.page"
_QUARTER = re.compile(r"\bQ\s?([1-4])\b", re.IGNORECASE)
_QUARTER_WORD = re.compile(r"\b(first|second|third|fourth|1st|2nd|3rd|4th)\s+quarter\b", re.IGNORECASE)
_WEEK = re.compile(r"\b(?:week|W)\s?([0-9]{1,2})\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(20[0-9]{2})(?:\b|(?=W))")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_PRICE = re.compile(
    r"(?:(?:EUR|\u20ac)\s?)?([0-9]{1,5})(?:[.,]([0-9]{1,4}))?(?:\s?(?:EUR|\u20ac).{0,20})?", re.IGNORECASE
)
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.](20[0-9]{2})")
_WORDY_DAY = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3,9}) (20[0-9]{2})")
_ISO_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_CELLS = 3

Read = TypeVar("Read")


def parse_page(raw: bytes, *, known_at: datetime) -> ParsedFeed:
    """Return every published price of the page, the oldest period first, EUR per t; each is also an observation.

    Rows are period (``Q1 2026``, ``2027-W01``), day of publication and price, in any order of cells. The observation is of its
    period's certificates (``CBAM-2026Q1``, EUR per certificate), its trade date the day of publication, which is also the last
    day on which that price was struck. A row that names a period and cannot be read raises an alert; a page without a readable
    row is ``feed.shape`` and changes nothing. A period that stands twice is ``feed.repeated_row``.
    """
    published: dict[str, PublishedPrice] = {}
    alerts: list[FeedAlert] = []
    for cells in read_page(raw, source=SOURCE).rows:
        period = _first(cells, _read_period)
        if period is None:
            continue
        others = [cell for cell in cells if _read_period(cell) is None]
        day, value = _first(others, _read_day), _first(others, _read_price)
        if day is None or value is None or len(cells) < _CELLS:
            sentence = f"{SOURCE}: {period.label}: no day or no price in {shown_text(' | '.join(cells))}"
            alerts.append(FeedAlert(code="feed.unreadable_row", message=sentence, subject=period.label))
            continue
        price = PublishedPrice(period=period, published_on=day, value=value, source=SOURCE)
        if published.setdefault(period.label, price) is not price:
            raise Invalid("feed.repeated_row", f"{SOURCE}: {period.label} stands twice", source=SOURCE)
    if not published:
        raise Invalid("feed.shape", f"{SOURCE}: the page has no row of period, day and price", source=SOURCE)
    ordered = sorted(published.values(), key=lambda one: one.period.start)
    digest = content_hash(raw)
    observations = [
        _observation(one.period, one.published_on, one.value, known_at=known_at, raw_sha256=digest)
        for one in ordered
        if one.published_on is not None
    ]
    return ParsedFeed(
        observations=tuple(observations),
        alerts=tuple(alerts),
        published=tuple(ordered),
        newest_day=max(one.trade_date for one in observations),
    )


def _observation(period: PricePeriod, day: date, value: Decimal, *, known_at: datetime, raw_sha256: str) -> Observation:
    return Observation(
        source=SOURCE,
        instrument=period.instrument,
        price_basis=PriceBasis.OFFICIAL_PRICE,
        trade_date=day,
        last_trade_date=day,
        value=value,
        currency="EUR",
        unit=CERTIFICATE_UNIT,
        known_at=known_at,
        raw_sha256=raw_sha256,
    )


def _first(cells: Iterable[str], reader: Callable[[str], Read | None]) -> Read | None:
    return next((read for cell in cells if (read := reader(cell)) is not None), None)


def _read_period(cell: str) -> PricePeriod | None:
    """Return the period that the cell names, ``None`` when it names none."""
    year = _YEAR.search(cell)
    if year is None:
        return None
    number, word, weeks = _QUARTER.search(cell), _QUARTER_WORD.search(cell), _WEEK.search(cell)
    try:
        if number is not None:
            return quarter(int(year[1]), int(number[1]))
        if word is not None:
            return quarter(int(year[1]), _ORDINALS[word[1].lower()])
        return week(int(year[1]), int(weeks[1])) if weeks is not None else None
    except DomainError:
        return None


def _read_day(cell: str) -> date | None:
    iso, day_first, wordy = _ISO_DAY.fullmatch(cell), _DAY_FIRST.fullmatch(cell), _WORDY_DAY.fullmatch(cell)
    try:
        if iso is not None:
            return parse_day(cell, field="date")
        if day_first is not None:
            return date(int(day_first[3]), int(day_first[2]), int(day_first[1]))
        if wordy is not None and wordy[2].lower() in _MONTHS:
            return date(int(wordy[3]), _MONTHS.index(wordy[2].lower()) + 1, int(wordy[1]))
    except (ValueError, DomainError):
        return None
    return None


def _read_price(cell: str) -> Decimal | None:
    match = _PRICE.fullmatch(cell)
    if match is None or (match[2] is None and "\u20ac" not in cell and "EUR" not in cell.upper()):
        return None
    text = match[1].lstrip("0") or "0"
    value = parse_decimal(f"{text}.{match[2]}" if match[2] else text, field="price")
    return value if value > 0 else None
