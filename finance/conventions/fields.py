"""How one text field becomes one checked value: identifiers, short texts, choices, days, counts and flags.

Owns the patterns and the wording of the refusal. ``area`` and ``field`` make the code (``terms.maturity_date``), so
that whoever sent the value learns which field to change. Knows no contract and no rule.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import TypeVar

from ledger.core.errors import Invalid

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_COUNT = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_MAX_TEXT = 200

Choice = TypeVar("Choice", bound=StrEnum)


def refused(*, area: str, field: str, expected: str, value: object) -> Invalid:
    """Return the refusal of one field, to be raised: code ``area.field``, what was expected, the value cut short."""
    return refused_as(area=area, reason=field, field=field, expected=expected, value=value)


def refused_as(*, area: str, reason: str, field: str, expected: str, value: object) -> Invalid:
    """Return the refusal of one field for what other fields or facts say: code ``area.reason``, naming the field as ``refused`` does."""
    return Invalid(f"{area}.{reason}", f"{field}: expected {expected}", field=field, value=str(value)[:80])


def check_identifier(value: str, *, area: str, field: str) -> str:
    """Return ``value`` if it is 1 to 64 of ``A-Z a-z 0-9 . _ -`` and begins with a letter or digit (a UUID fits)."""
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        expected = "1 to 64 of A-Z a-z 0-9 . _ -, first a letter or digit"
        raise refused(area=area, field=field, expected=expected, value=value)
    return value


def check_text(value: str, *, area: str, field: str) -> str:
    """Return ``value`` if it is 1 to 200 printable characters in Unicode form NFC without outer blanks.

    One spelling per text, because terms are hashed and signed: ``兴银滨借字2024第001号`` passes, a text with a line
    break does not.
    """
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _MAX_TEXT
        or value != value.strip()
        or not value.isprintable()
        or not unicodedata.is_normalized("NFC", value)
    ):
        expected = "1 to 200 printable characters (Unicode NFC) without outer blanks"
        raise refused(area=area, field=field, expected=expected, value=value)
    return value


def parse_choice(choices: type[Choice], value: str, *, area: str, field: str) -> Choice:
    """Return the member of ``choices`` that ``value`` spells exactly; a refusal lists the allowed words."""
    try:
        return choices(value)
    except ValueError as error:
        raise refused(area=area, field=field, expected=f"one of {', '.join(choices)}", value=value) from error


def parse_day(value: str, *, area: str, field: str) -> date:
    """Return the day that ``YYYY-MM-DD`` spells; week dates, compact dates and impossible days are refused."""
    expected = "a day as YYYY-MM-DD"
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise refused(area=area, field=field, expected=expected, value=value)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise refused(area=area, field=field, expected=expected, value=value) from error


def parse_count(value: str, *, area: str, field: str) -> int:
    """Return the whole number that ``value`` spells: at most nine ASCII digits, no sign, no leading zero."""
    if not isinstance(value, str) or not _COUNT.fullmatch(value):
        raise refused(area=area, field=field, expected="a whole number of at most nine digits", value=value)
    return int(value)


def parse_flag(value: str, *, area: str, field: str) -> bool:
    """Return the truth value that ``true`` or ``false`` spells; nothing else is a flag."""
    if value not in {"true", "false"}:
        raise refused(area=area, field=field, expected="true or false", value=value)
    return value == "true"


def flag_text(value: bool) -> str:  # noqa: FBT001 - the flag is the one thing this spells
    """Return ``true`` or ``false``."""
    return "true" if value else "false"
