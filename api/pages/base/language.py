"""Which language a reader gets: by the cookie, else by what the browser accepts. What texts say, ``api.translations`` knows."""

from __future__ import annotations

import re

from api.translations import Language

LANGUAGE_COOKIE = "tonne_language"
_ACCEPTED = re.compile(
    r"\s*(en|zh)(?:-[A-Za-z0-9-]{1,20})?\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*", re.ASCII | re.IGNORECASE
)
_MOST_ACCEPTED = 20


def language_of(cookie: str | None, accepted: str) -> Language:
    """Return the language of the cookie, else the best of ``Accept-Language``, else English."""
    if cookie in tuple(Language):
        return Language(cookie)
    best, best_weight = Language.EN, 0
    for one in accepted.split(",")[:_MOST_ACCEPTED]:
        match = _ACCEPTED.fullmatch(one)
        if match is None:
            continue
        weight = _thousandths(match[2] or "1")
        if weight > best_weight:
            best, best_weight = Language(match[1].lower()), weight
    return best


def _thousandths(weight: str) -> int:
    whole, _, part = weight.partition(".")
    return int(whole) * 1_000 + int(part.ljust(3, "0"))
