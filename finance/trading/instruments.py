"""An instrument as trading sees it: its family, unit and the facts that decide whether it may be dealt.

Owns these words only; which facts an instrument has is decided where it is registered. Knows no price and no account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Family(StrEnum):
    """The family whose trading rows hold for an instrument."""

    CEA = "CEA"
    CCER = "CCER"
    EUA = "EUA"
    CBAM = "CBAM"
    GEC = "GEC"


class Resale(StrEnum):
    """Whether a green certificate may still be sold: each is traded once, and some kinds never."""

    TRADABLE = "tradable"
    TRADED = "traded"
    NON_TRADABLE = "non_tradable"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradedInstrument:
    """One instrument of a book; facts that its family does not have are None or empty."""

    code: str
    kind: Family
    unit: str
    vintage_year: int | None = None
    registered_on: date | None = None
    is_inside_national_ets: bool = False
    price_period: str = ""
    valid_until: date | None = None
    tradability: Resale | None = None
