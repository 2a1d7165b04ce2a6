"""How a stored number of a spreadsheet becomes exact text, and a serial number a day. Part of the child process.

Owns both rules. A number of at most 15 significant digits is taken as it is stored: 0.1 is 0.1. Imports the standard library only.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Context, Decimal

_DIGITS = 15
_SHOWN = Context(prec=_DIGITS)
_LARGEST_EXPONENT = 30
_PLAIN = re.compile(r"[1-9][0-9]{0,14}|0", re.ASCII)
_NUMBER = re.compile(r"-?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_UNREAL_DAY = 60
"""1900-02-29, which the 1900 system counts and the calendar does not have (ECMA-376 part 1, section 18.17.4.1)."""

_LAST_SERIAL_1900, _LAST_SERIAL_1904 = 2_958_465, 2_957_003
_SECONDS_A_DAY = 86_400
LONG_INTEGER = "at most 15 digits in a number cell; format the cell as text for a longer one"
NO_NUMBER = "a finite number below 10^30"
NO_DAY = "a day between 1900 and 9999"


def number_text(stored: str) -> tuple[str, str]:
    """Return the number as plain decimal text and an empty string, or an empty text and what was expected.

    A spreadsheet computes in binary and may store 0.29 as ``0.28999999999999998``: beyond 15 significant digits, all that the
    program shows, a fraction is rounded to 15 (half to even). A whole number beyond them has lost digits already and is refused.
    """
    if _PLAIN.fullmatch(stored):
        return stored, ""
    value = Decimal(stored) if _NUMBER.fullmatch(stored) else None
    if value == 0:
        return "0", ""
    if value is None or not -_LARGEST_EXPONENT < value.adjusted() < _LARGEST_EXPONENT:
        return "", NO_NUMBER
    shown = _SHOWN.plus(value)
    if value == value.to_integral_value() and value.adjusted() >= _DIGITS:
        return "", LONG_INTEGER
    text = f"{shown:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text), ""


def serial_text(stored: str, *, is_1904: bool) -> tuple[str, str]:
    """Return a serial number as ``YYYY-MM-DD``, with `` hh:mm:ss`` when it has a time; or an empty text and what was expected.

    45777 in the 1900 system and 44315 in the 1904 system are 2025-04-30. The second is rounded half up.
    """
    text, expected = number_text(stored)
    if expected:
        return "", NO_DAY
    value = Decimal(text)
    seconds = int((value * _SECONDS_A_DAY + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR"))
    days, rest = divmod(seconds, _SECONDS_A_DAY)
    first, last = (0, _LAST_SERIAL_1904) if is_1904 else (1, _LAST_SERIAL_1900)
    if not first <= days <= last or (days == _UNREAL_DAY and not is_1904):
        return "", NO_DAY
    early = 1 if not is_1904 and days < _UNREAL_DAY else 0
    day = (_EPOCH_1904 if is_1904 else _EPOCH_1900) + timedelta(days=days + early)
    if not rest:
        return day.isoformat(), ""
    hours, minutes = divmod(rest // 60, 60)
    return f"{day.isoformat()} {hours:02}:{minutes:02}:{rest % 60:02}", ""
