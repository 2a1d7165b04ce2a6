"""The loan prime rate: each publication holds until the next one, so it is a step function and no daily series.

Owns the two answers (LprHis and the fallback) and the tests of a step. What a loan does with it is ``finance.loans.fixings``; its
index names are ``LPR-1Y`` and ``LPR-5Y``. Knows no network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from finance.conventions.calendars import BusinessCalendar
from finance.feeds.feed import publication_day
from finance.feeds.parsed import FeedAlert, IndexRate, ParsedFeed, content_hash, is_absent, read_day
from finance.feeds.strict_json import load_json, rows_of, text_of
from finance.loans.fixings import FixingSeries
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Conflict, Invalid

SOURCE = "lpr"
FALLBACK_SOURCE = "lpr.eastmoney"
ONE_YEAR = "LPR-1Y"
FIVE_YEARS = "LPR-5Y"
_COLUMNS = {ONE_YEAR: "1Y", FIVE_YEARS: "5Y"}
_FALLBACK_COLUMNS = {ONE_YEAR: "LPR1Y", FIVE_YEARS: "LPR5Y"}
_PERCENT = 100
_TENORS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LprBounds:
    """What a publication may be, in percent a year: a multiple of ``step``, at most ``max_move`` from the one before."""

    step: Decimal
    max_move: Decimal
    effective_from: date


def parse_history(
    raw: bytes,
    *,
    known_at: datetime,
    bounds: LprBounds,
    stored: Mapping[str, tuple[date, Fraction]] | None = None,
) -> ParsedFeed:
    """Return the publications of an ``LprHis`` answer, oldest first, as shares per year: ``3.00`` is 3/100.

    A value that is no multiple of the step, or that moved further than the largest credible step from the publication before it (in
    the answer, or ``stored`` from an earlier one), is left out with an alert; so is the five-year rate when it lies
    below the one-year rate, which is what swapped columns look like. A value that differs from the stored one of its day is the
    publisher's own correction and is given back. No record is ``feed.no_rows``.
    """
    document = load_json(raw, source=SOURCE)
    records = rows_of(document.get("records") if isinstance(document, dict) else None, source=SOURCE)
    rows = [_Publication.read(row, "showDateCN", _COLUMNS, source=SOURCE) for row in records]
    # What stands for a day of the answer is no publication before it: the publisher may put it right.
    before = {index: one for index, one in (stored or {}).items() if all(one[0] < row.day for row in rows)}
    return _parsed(rows, source=SOURCE, raw=raw, known_at=known_at, bounds=bounds, stored=before)


def parse_fallback(
    raw: bytes,
    *,
    known_at: datetime,
    bounds: LprBounds,
    stored: Mapping[str, tuple[date, Fraction]] | None = None,
) -> ParsedFeed:
    """Return the same from the fallback's ``TRADE_DATE, LPR1Y, LPR5Y``; its RATE columns are other rates and are not read.

    An answer that contradicts ``stored`` on a day both have is a conflict that keeps the stored rate (``feed.rate_differs``).
    """
    document = load_json(raw, source=FALLBACK_SOURCE)
    result = document.get("result") if isinstance(document, dict) else None
    if not isinstance(result, dict):
        raise Conflict("feed.refused", f"{FALLBACK_SOURCE}: the source gives no result", source=FALLBACK_SOURCE)
    records = rows_of(result.get("data"), source=FALLBACK_SOURCE)
    # It lists other lending rates of the years before the LPR in the same table, with the LPR cells empty.
    usable = [row for row in records if isinstance(row, dict) and row.get("LPR1Y") is not None]
    rows = [_Publication.read(row, "TRADE_DATE", _FALLBACK_COLUMNS, source=FALLBACK_SOURCE) for row in usable]
    return _parsed(rows, source=FALLBACK_SOURCE, raw=raw, known_at=known_at, bounds=bounds, stored=stored or {})


def fixing_series(
    rates: Iterable[IndexRate], *, index: str, calendar: BusinessCalendar, day_of_month: int
) -> FixingSeries:
    """Return ``index`` as loans read it: each rate holds from its publication until the day before the next one is due.

    Published on 2025-06-20, the rate is known through 2025-07-20, a Sunday: the next publication is due on Monday the 21st. What
    counts after that is refused by the series, not guessed.
    """
    own = {one.published_on: one.rate for one in rates if one.index == index}
    if not own:
        raise Conflict("feed.no_rows", f"{index}: no publication is known; load the feed", index=index)
    last = max(own)
    following = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    due = publication_day(following.year, following.month, day_of_month=day_of_month, calendar=calendar)
    return FixingSeries(index=index, rates=tuple(sorted(own.items())), known_through=due - timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Publication:
    day: date
    percent: Mapping[str, Decimal]

    @classmethod
    def read(cls, row: Any, day_key: str, columns: Mapping[str, str], *, source: str) -> _Publication:
        day = read_day(text_of(row, day_key, source=source)[:10], field=day_key)
        cells = {
            index: "" if row.get(key, "") is None else text_of(row, key, source=source).strip()
            for index, key in columns.items()
        }
        return cls(
            day=day,
            percent={
                index: parse_decimal(cell, field=columns[index]) for index, cell in cells.items() if not is_absent(cell)
            },
        )


def _parsed(
    rows: list[_Publication],
    *,
    source: str,
    raw: bytes,
    known_at: datetime,
    bounds: LprBounds,
    stored: Mapping[str, tuple[date, Fraction]],
) -> ParsedFeed:
    if not rows:
        raise Conflict("feed.no_rows", f"{source}: the answer has no publication", source=source)
    if len({row.day for row in rows}) != len(rows):
        raise Invalid("feed.repeated_row", f"{source}: a day stands twice in the answer", source=source)
    digest = content_hash(raw)
    accepted: list[IndexRate] = []
    alerts: list[FeedAlert] = []
    previous = dict(stored)
    for row in sorted(rows, key=lambda one: one.day):
        found = _doubts(row, previous, bounds)
        alerts.extend(
            FeedAlert(code=code, message=f"{source}: {row.day}: {sentence}; it was not taken", subject=index)
            for index, (code, sentence) in found.items()
        )
        for index, percent in row.percent.items():
            if index in found:
                continue
            rate = Fraction(percent) / _PERCENT
            before = previous.get(index)
            if before is None or before[0] <= row.day:
                previous[index] = (row.day, rate)
            accepted.append(
                IndexRate(
                    index=index,
                    published_on=row.day,
                    rate=rate,
                    source=source,
                    known_at=known_at,
                    raw_sha256=digest,
                )
            )
    return ParsedFeed(index_rates=tuple(accepted), alerts=tuple(alerts), newest_day=max(row.day for row in rows))


def _doubts(
    row: _Publication, previous: Mapping[str, tuple[date, Fraction]], bounds: LprBounds
) -> dict[str, tuple[str, str]]:
    """Return by index why its value is not believed: an alert's code and sentence."""
    found: dict[str, tuple[str, str]] = {}
    if len(row.percent) == _TENORS and row.percent[FIVE_YEARS] < row.percent[ONE_YEAR]:
        sentence = f"the five-year rate {row.percent[FIVE_YEARS]} lies below the one-year rate {row.percent[ONE_YEAR]}"
        return dict.fromkeys(row.percent, ("feed.swapped_columns", sentence))
    tests: tuple[Callable[..., tuple[str, str] | None], ...] = (_off_step, _far_away, _contradicted)
    for index, percent in row.percent.items():
        before = previous.get(index)
        doubt = next((seen for test in tests if (seen := test(row.day, percent, before, bounds)) is not None), None)
        if doubt is not None:
            found[index] = doubt
    return found


def _off_step(
    day: date, percent: Decimal, before: tuple[date, Fraction] | None, bounds: LprBounds
) -> tuple[str, str] | None:
    del before
    off_step = day >= bounds.effective_from and Fraction(percent) % Fraction(bounds.step) != 0
    if percent > 0 and not off_step:
        return None
    return "feed.rate_bound", f"{percent} percent is no multiple of {bounds.step} above zero"


def _far_away(
    day: date, percent: Decimal, before: tuple[date, Fraction] | None, bounds: LprBounds
) -> tuple[str, str] | None:
    if before is None or not bounds.effective_from <= before[0] < day:
        return None
    if abs(Fraction(percent) - before[1] * _PERCENT) <= Fraction(bounds.max_move):
        return None
    return "feed.rate_bound", f"{percent} percent is further than {bounds.max_move} from the rate of {before[0]}"


def _contradicted(
    day: date, percent: Decimal, before: tuple[date, Fraction] | None, bounds: LprBounds
) -> tuple[str, str] | None:
    del bounds
    if before is None or before[0] != day or before[1] == Fraction(percent) / _PERCENT:
        return None
    return "feed.rate_differs", f"{percent} percent contradicts the rate stored for the day"
