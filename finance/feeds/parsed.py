"""What every feed gives back: observations, and alerts for what it saw and does not know.

Owns those two shapes and the small readers of text that several sources share. Knows no source and does no I/O.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

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
class ParsedFeed:
    """The observations of one answer, and the alerts it raised; an alert never stops the other rows."""

    observations: tuple[Observation, ...]
    alerts: tuple[FeedAlert, ...] = ()


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


def derived_average(*, turnover_units: int, volume_t: int, currency: str) -> Decimal:
    """Return turnover over volume in ``currency`` per t: 23,835,280.00 CNY over 375,315 t gives 63.51."""
    assert volume_t > 0, "an average needs a volume"
    scale = currency_scale(currency)
    units = round_exact(Fraction(turnover_units, volume_t), DERIVED_AVERAGE)
    return Decimal(units).scaleb(-scale)


def _without_zero_fraction(text: str) -> str:
    whole, dot, fraction = text.partition(".")
    return whole if dot and fraction and not fraction.strip("0") else text
