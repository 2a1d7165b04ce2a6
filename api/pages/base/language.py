"""Which language a reader gets, and what each English text says in Chinese.

Owns the reading of the translations (one .po file per area) at start. English is the key; a text without translation stays English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

TRANSLATIONS = Path(__file__).parents[1] / "translations"
LANGUAGE_COOKIE = "tonne_language"
_ACCEPTED = re.compile(
    r"\s*(en|zh)(?:-[A-Za-z0-9-]{1,20})?\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*", re.ASCII | re.IGNORECASE
)
_MOST_ACCEPTED = 20
_PROBLEM = "problem\x04"
"""The context under which the sentences of refusals stand, by code."""


class Language(StrEnum):
    """A language of the pages; the value stands in ``html lang`` and in the cookie."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The texts of one language by English text (with context: ``context`` + U+0004 + text)."""

    texts: Mapping[str, str]

    def gettext(self, text: str) -> str:
        """Return the translation, or ``text``."""
        return self.texts.get(text, text)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """Return the translation of ``singular`` (Chinese has one form), or the English form for ``count``."""
        return self.texts.get(singular) or (singular if count == 1 else plural)

    def pgettext(self, context: str, text: str) -> str:
        """Return the translation of ``text`` in ``context``, or ``text``."""
        return self.texts.get(f"{context}\x04{text}", text)

    def npgettext(self, context: str, singular: str, plural: str, count: int) -> str:
        """Return the translation of ``singular`` in ``context``, or the English form for ``count``."""
        return self.texts.get(f"{context}\x04{singular}") or (singular if count == 1 else plural)

    def refusals(self) -> dict[str, str]:
        """Return what a refusal says by its code; ``area.*`` is for the codes of an area that end in a field's name."""
        return {key.removeprefix(_PROBLEM): text for key, text in self.texts.items() if key.startswith(_PROBLEM)}

    def refusal(self, code: str) -> str:
        """Return the sentence of ``code``, else that of its area's fields, else nothing: the API's own is English."""
        area = code.partition(".")[0]
        return self.texts.get(f"{_PROBLEM}{code}") or self.texts.get(f"{_PROBLEM}{area}.*", "")


@cache
def catalog(language: Language) -> Catalog:
    """Return the texts of ``language``, read once; English needs none."""
    folder = TRANSLATIONS / language.value
    return Catalog(texts={key: text for path in sorted(folder.glob("*.po")) for key, text in read_texts(path).items()})


def read_texts(path: Path) -> dict[str, str]:
    """Return the translated texts of one .po file; fuzzy and empty ones are left out."""
    texts: dict[str, str] = {}
    with path.open("rb") as file:
        for message in read_po(file, locale=path.parent.name):
            key = message.id[0] if isinstance(message.id, list | tuple) else message.id
            text = message.string[0] if isinstance(message.string, list | tuple) else message.string
            if key and text and not message.fuzzy:
                texts[f"{message.context}\x04{key}" if message.context else str(key)] = str(text)
    return texts


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
