"""Interest rates and margins as exact rationals: a Fraction of one, however the source wrote it.

Owns reading, writing and the basis-point identity (1 bp = 1/10,000). A shared 2.5 bp over three KPIs is 5/6 bp and
stays so; no rate is ever rounded here except for display.
"""

from __future__ import annotations

from fractions import Fraction

from finance.conventions.exact_text import fraction_text, parse_exact, parse_fraction_text
from ledger.core.amounts import format_exact
from ledger.core.errors import Invalid

ONE_BASIS_POINT = Fraction(1, 10_000)
"""0.01 % of one: the identity, not a market number."""

_MIN_SHOWN_PLACES = 2


def parse_rate(text: str, *, field: str = "rate") -> Fraction:
    """Return a yearly rate as a fraction of one from ``0.0345`` or ``69/2000`` (3.45 %).

    Rates beyond -1 or 1 are refused with ``rate.range``: ``3.45`` is nearly always a percentage typed by mistake.
    """
    return check_rate(parse_exact(text, field=field), field=field)


def check_rate(rate: Fraction, *, field: str = "rate") -> Fraction:
    """Return ``rate`` if it lies in [-1, 1], else refuse it with ``rate.range``."""
    if abs(rate) > 1:
        raise Invalid(
            "rate.range",
            f"{field}: expected a fraction of one between -1 and 1; write 3.45 % as 0.0345",
            field=field,
            value=rate_text(rate)[:80],
        )
    return rate


def basis_points(bp: Fraction | int) -> Fraction:
    """Return ``bp`` basis points as a fraction of one: 10 gives 1/1000, 5/6 gives 1/12000."""
    return bp * ONE_BASIS_POINT


def in_basis_points(rate: Fraction) -> Fraction:
    """Return a rate or rate difference in basis points: 1/1000 gives 10."""
    return rate / ONE_BASIS_POINT


def format_rate_percent(rate: Fraction, *, places: int = 6) -> str:
    """Return a rate for people, half-up at ``places`` decimals of a percent, trailing zeros cut down to two decimals.

    69/2000 gives ``3.45%``; 1/12000 (5/6 bp) gives ``0.008333%``.
    """
    shown = format_exact(rate * 100, max(places, _MIN_SHOWN_PLACES))
    whole, decimals = shown.split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(_MIN_SHOWN_PLACES, '0')}%"


def rate_text(rate: Fraction) -> str:
    """Return the canonical text for hashing and storing: ``69/2000`` for 3.45 %."""
    return fraction_text(rate)


def parse_rate_text(text: str, *, field: str = "rate") -> Fraction:
    """Return the rate of a canonical text; only the exact output of ``rate_text`` is taken back."""
    return check_rate(parse_fraction_text(text, field=field), field=field)
