"""What leaves about assurance standards: which are in force for a period, and what their words mean here."""

from __future__ import annotations

from api.schemas.base import Array, Schema
from finance.attestations.standards import MappedWord, StandardInForce


class StandardWordOut(Schema):
    """A standard's own word, and the one that a statement carries for it."""

    word: str
    means: str
    label_en: str
    label_zh: str
    source: str
    status: str

    @classmethod
    def from_core(cls, word: MappedWord) -> StandardWordOut:
        """Return the shape of ``word``."""
        return cls(
            word=word.word,
            means=word.means,
            label_en=word.label_en,
            label_zh=word.label_zh,
            source=word.source,
            status=word.status,
        )


class StandardOut(Schema):
    """One standard with the levels that it gives and its words."""

    standard: str
    levels: Array[str]
    level_words: Array[StandardWordOut]
    outcome_words: Array[StandardWordOut]

    @classmethod
    def from_core(cls, found: StandardInForce) -> StandardOut:
        """Return the shape of ``found``."""
        return cls(
            standard=found.standard.value,
            levels=tuple(level.value for level in found.levels),
            level_words=tuple(StandardWordOut.from_core(word) for word in found.level_words),
            outcome_words=tuple(StandardWordOut.from_core(word) for word in found.outcome_words),
        )


class StandardsOut(Schema):
    """The standards in force for a period that begins on the day asked for."""

    version: str
    standards: Array[StandardOut]
