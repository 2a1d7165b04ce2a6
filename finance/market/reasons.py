"""Why a person should look at a price: a bound that it moved beyond, or another price that it contradicts.

Owns the reason as a sentence with its code and values. Knows no bound and no source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class PriceReason(str):
    """Why a price is held or stands out, as an English sentence, with the ``code`` by which other languages say it.

    ``facts`` are the values that a sentence of the code names, decimal strings and words. A reason that was kept before reasons had a
    code has none.
    """

    __slots__ = ("code", "facts")
    code: str
    facts: Mapping[str, str]

    def __new__(cls, code: str, text: str, /, **facts: object) -> Self:
        """Return ``text`` with its code and facts."""
        made = super().__new__(cls, text)
        made.code = code
        made.facts = {name: str(value) for name, value in facts.items()}
        return made
