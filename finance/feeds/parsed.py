"""What every feed gives back: observations, and alerts for what it saw and does not know.

Owns those two shapes and the small readers of text that several sources share. Knows no source and does no I/O.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from finance.conventions.tables import parse_day
from finance.market.cbam_price import PublishedPrice
from finance.market.observations import Observation
from ledger.core.amounts import RoundingMode, currency_scale, parse_decimal, parse_units, round_exact
from ledger.core.errors import Invalid

DERIVED_AVERAGE = RoundingMode.HALF_UP
"""An average that a source leaves out is turnover over volume, rounded half-up once to the currency's minor unit."""

_COMPACT_DAY = re.compile(r"[0-9]{8}", re.ASCII)
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", re.ASCII)
_ABSENT = frozenset({"", "-", "--", "---", "N/A", "n/a"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAlert:
    """Something a person should look at: a stable ``code`` (``feed.unknown_method``), a sentence, and its subject."""

    code: str
    message: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradedVolume:
    """What was traded of one vintage by one method on one day: whole tonnes and minor units of CNY."""

    instrument: str
    method: str
    trade_date: date
    volume_t: int
    turnover_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckValue:
    """A figure that is no price but tests the next answer: a running total, named, as of the end of ``day``.

    ``grew_by`` is the day's own share of it as the same source states it, ``None`` when it does not.
    """

    name: str
    day: date
    value: int
    grew_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRate:
    """One published value of a loan index: a share per year (3.00 % is 3/100), in force from ``published_on`` until the next.

    ``index`` is the name loan terms use (``LPR-1Y``).
    """

    index: str
    published_on: date
    rate: Fraction
    source: str
    known_at: datetime
    raw_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication:
    """A figure to look at beside a mark and never one: it has no price basis, so no snapshot and no import can take it."""

    subject: str
    day: date
    value: Decimal
    currency: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What one answer says, and the alerts it raised; an alert never stops the other rows.

    Only ``observations`` can become marks and only ``index_rates`` can become fixings. ``newest_day`` is the last day the source
    has, for the question whether it is late; ``closed_days`` are past days without a session; ``published`` are official
    certificate prices by period.
    """

    observations: tuple[Observation, ...] = ()
    alerts: tuple[FeedAlert, ...] = ()
    index_rates: tuple[IndexRate, ...] = ()
    published: tuple[PublishedPrice, ...] = ()
    volumes: tuple[TradedVolume, ...] = ()
    checks: tuple[CheckValue, ...] = ()
    indications: tuple[Indication, ...] = ()
    closed_days: tuple[date, ...] = ()
    newest_day: date | None = None


def with_previous_values(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """Return observations of one series oldest first, each with the value of the one before it that has any."""
    ordered = []
    previous: Decimal | None = None
    for seen in sorted(observations, key=lambda one: one.trade_date):
        ordered.append(replace(seen, previous_value=previous))
        previous = seen.value or previous
    return tuple(ordered)


def content_hash(raw: bytes) -> str:
    """Return the SHA-256 of the raw bytes as 64 hexadecimal digits."""
    return hashlib.sha256(raw).hexdigest()


def is_absent(text: str) -> bool:
    """Return whether a cell says "there is none": empty, dashes or N/A. Absent is never zero."""
    return text.strip() in _ABSENT


def plain_number(text: str, *, field: str) -> str:
    """Return ``text`` without outer blanks and correct thousands commas: ``"22,017,438.00 "`` gives ``22017438.00``.

    Commas anywhere else are refused: ``1,5`` could mean two things.
    """
    stripped = text.strip()
    if "," not in stripped:
        return stripped
    if not _GROUPED.fullmatch(stripped):
        raise Invalid(
            "amount.format", f"{field}: expected a number such as 22,017,438.00", field=field, value=text[:40]
        )
    return stripped.replace(",", "")


def read_price(text: str, *, field: str) -> Decimal | None:
    """Return the price that ``text`` spells, ``None`` for an absent or a zero one: zero means no trade, never free."""
    if is_absent(text):
        return None
    value = parse_decimal(plain_number(text, field=field), field=field)
    return value if value != 0 else None


def read_tonnes(text: str, *, field: str) -> int | None:
    """Return whole tonnes of zero or more, ``None`` when absent; ``"4103953 "`` gives 4103953."""
    if is_absent(text):
        return None
    units = parse_units(_without_zero_fraction(plain_number(text, field=field)), 0, field=field)
    if units < 0:
        raise Invalid("amount.range", f"{field}: expected zero or more whole tonnes", field=field, value=text[:40])
    return units


def read_money_units(text: str, *, currency: str, field: str) -> int | None:
    """Return minor units of ``currency``, ``None`` when absent: ``"46,945,000.00"`` CNY gives 4694500000."""
    if is_absent(text):
        return None
    return parse_units(plain_number(text, field=field), currency_scale(currency), field=field)


def read_compact_day(text: str, *, field: str) -> date:
    """Return the date of ``YYYYMMDD``."""
    stripped = text.strip()
    if _COMPACT_DAY.fullmatch(stripped):
        try:
            return date(int(stripped[:4]), int(stripped[4:6]), int(stripped[6:]))
        except ValueError:
            pass
    raise Invalid("date.format", f"{field}: expected a day as YYYYMMDD", field=field, value=ascii(text)[:40])


def read_day(text: str, *, field: str) -> date:
    """Return the day of ``YYYY-MM-DD`` or ``YYYYMMDD``; both are seen at the same exchanges."""
    stripped = text.strip()
    return parse_day(stripped, field=field) if "-" in stripped else read_compact_day(stripped, field=field)


def shown_text(text: object) -> str:
    """Return a source's own words as they may be shown: printable ASCII, at most 80 characters."""
    return ascii(text)[1:-1][:80] if isinstance(text, str) else ascii(text)[:80]


def derived_average(*, turnover_units: int, volume_t: int, currency: str) -> Decimal:
    """Return turnover over volume in ``currency`` per t: 23,835,280.00 CNY over 375,315 t gives 63.51."""
    assert volume_t > 0, "an average needs a volume"
    scale = currency_scale(currency)
    units = round_exact(Fraction(turnover_units, volume_t), DERIVED_AVERAGE)
    return Decimal(units).scaleb(-scale)


def _without_zero_fraction(text: str) -> str:
    whole, dot, fraction = text.partition(".")
    return whole if dot and fraction and not fraction.strip("0") else text
