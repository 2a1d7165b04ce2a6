"""Exact numbers as text and back: a rational as ``num/den``, or as a decimal where a person reads it.

Owns the spelling only. What the number means (a rate, an intensity, basis points) is the caller's business.
"""

from __future__ import annotations

import re
from fractions import Fraction

from ledger.core.amounts import format_exact, parse_decimal
from ledger.core.errors import Invalid

_FRACTION = re.compile(r"-?(?:0|[1-9][0-9]*)/[1-9][0-9]*", re.ASCII)
_MAX_TEXT = 120
_DISPLAY_PLACES = 12


def fraction_text(value: Fraction) -> str:
    """Return the one canonical spelling ``num/den``: lowest terms, sign in front, denominator always written.

    ``fraction_text(Fraction(10, 12))`` gives ``5/6`` and zero gives ``0/1``.
    """
    return f"{value.numerator}/{value.denominator}"


def parse_fraction_text(text: str, *, field: str) -> Fraction:
    """Return the rational that the canonical ``text`` spells; no other spelling passes, so equal values hash equally.

    ``parse_fraction_text("5/6", field="step")`` gives 5/6; ``10/12``, ``5``, ``+5/6`` are refused with
    ``number.canonical``.
    """
    value = _ratio(text, field=field)
    if fraction_text(value) != text:
        raise Invalid(
            "number.canonical",
            f"{field}: expected a fraction in lowest terms such as 5/6; write {fraction_text(value)[:_MAX_TEXT]}",
            field=field,
            value=text,
        )
    return value


def parse_exact(text: str, *, field: str) -> Fraction:
    """Return the exact value of a decimal string (``9.2636``) or of a fraction (``23159/2500``, reduced or not).

    A decimal has at most 40 characters, a fraction at most 120; exponents, ``NaN``, blanks, a plus sign, full-width
    digits and a zero denominator are refused with ``amount.format`` or ``number.fraction``.
    """
    if isinstance(text, str) and "/" in text:
        return _ratio(text, field=field)
    return Fraction(parse_decimal(text, field=field))


def decimal_text(value: Fraction, *, places: int = _DISPLAY_PLACES) -> str:
    """Return ``value`` as a decimal without trailing zeros: exact if it ends within ``places``, else half-up there.

    For people and explanations, never for hashing: ``decimal_text(Fraction(5, 6), places=4)`` gives ``0.8333``.
    """
    shown = format_exact(value, places)
    trimmed = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if trimmed in {"", "-0"} else trimmed


def _ratio(text: str, *, field: str) -> Fraction:
    if not isinstance(text, str) or len(text) > _MAX_TEXT or not _FRACTION.fullmatch(text):
        shown = text[:_MAX_TEXT] if isinstance(text, str) else type(text).__name__
        raise Invalid("number.fraction", f"{field}: expected a fraction such as 69/2000", field=field, value=shown)
    numerator, denominator = text.split("/")
    return Fraction(int(numerator), int(denominator))
