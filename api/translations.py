"""What each English text says in Chinese: the translations, one .po file per area, read once.

Owns the reading of them. English is the key; a text without translation stays English, and only codes that
are no English by themselves have an English file. Which language a reader gets, the pages know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from ledger.core.errors import Expected

TRANSLATIONS = Path(__file__).parent / "pages" / "translations"
ROW = "row."
"""What the codes of rules for a file's cells begin with: their sentences name the values themselves."""

_PLACE = re.compile(r"\{([a-z_]+)\}", re.ASCII)
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

    def rule(self, code: str, facts: Mapping[str, str]) -> str:
        """Return the sentence of what a file's cell should have been, with the values it names; nothing where it has none."""
        return _PLACE.sub(lambda place: facts.get(place[1], ""), self.refusal(code))

    def expected(self, expected: Expected) -> str:
        """Return what a cell should have been as one text for a file: the sentence, with the refusal's own where the code is one."""
        sentence = self.rule(expected.code, expected.facts)
        if not sentence or expected.code.startswith(ROW):
            return sentence or str(expected)
        return f"{sentence}({expected})"

    def refusal(self, code: str) -> str:
        """Return the sentence of ``code``, else that of its area's fields, else nothing: the API's own is English."""
        area = code.partition(".")[0]
        return self.texts.get(f"{_PROBLEM}{code}") or self.texts.get(f"{_PROBLEM}{area}.*", "")


@cache
def catalog(language: Language) -> Catalog:
    """Return the texts of ``language``, read once; English has the words of codes only."""
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
