"""Which assurance standard gives which level and outcome words for which periods, read from dated reference rows.

Owns the meaning of the rows of ``finance/reference/assurance_standards.csv``. The words of one standard are mapped to
Tonne's, never merged with another standard's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finance.attestations.canonical import shown
from finance.attestations.statements import AssuranceLevel, AssuranceStandard, Outcome
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core.errors import Invalid

STANDARD_ROW_PREFIX = "assurance_standard"
LEVEL_ROW_PREFIX = "assurance_level"
OUTCOME_ROW_PREFIX = "assurance_outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedWord:
    """A standard's own word and the one that a statement carries for it; the row's labels say it in two languages."""

    word: str
    means: str
    label_en: str
    label_zh: str
    source: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardInForce:
    """What one standard offers for a period that begins on a given day."""

    standard: AssuranceStandard
    levels: tuple[AssuranceLevel, ...]
    level_words: tuple[MappedWord, ...]
    outcome_words: tuple[MappedWord, ...]


def is_level_given(
    standards: ReferenceSet, standard: AssuranceStandard, level: AssuranceLevel, *, period_start: date
) -> bool:
    """Return whether ``standard`` gives ``level`` for a period that begins on ``period_start``.

    One row ``assurance_standard.<standard>.<level>`` effective on that day must exist. ISAE 3410 holds for a period beginning
    2026-12-14 and not for one beginning 2026-12-15, when ISSA 5000 takes its place.
    """
    return any(
        row.row_id == f"{STANDARD_ROW_PREFIX}.{standard.value}.{level.value}" for row in _rows(standards, period_start)
    )


def is_outcome_known(
    standards: ReferenceSet, standard: AssuranceStandard, outcome: Outcome, *, period_start: date
) -> bool:
    """Return whether ``standard`` has a word that is mapped to ``outcome`` for such a period."""
    prefix = f"{OUTCOME_ROW_PREFIX}.{standard.value}."
    return any(row.row_id.startswith(prefix) and row.value == outcome.value for row in _rows(standards, period_start))


def level_of_word(
    standards: ReferenceSet, standard: AssuranceStandard, word: str, *, period_start: date
) -> AssuranceLevel:
    """Return the level that a standard's own word means: AA1000AS v3 ``moderate`` is ``limited``; else ``standard.word``."""
    return AssuranceLevel(_meaning(standards, LEVEL_ROW_PREFIX, standard, word, period_start=period_start))


def outcome_of_word(standards: ReferenceSet, standard: AssuranceStandard, word: str, *, period_start: date) -> Outcome:
    """Return the outcome that a standard's own word means: ISO 14064-3 ``modified`` is ``qualified``; else ``standard.word``."""
    return Outcome(_meaning(standards, OUTCOME_ROW_PREFIX, standard, word, period_start=period_start))


def standards_in_force(standards: ReferenceSet, *, period_start: date) -> tuple[StandardInForce, ...]:
    """Return every standard that gives a level for a period that begins on ``period_start``, with its words, in order."""
    rows = _rows(standards, period_start)
    found = []
    for standard in AssuranceStandard:
        levels = tuple(
            level for level in AssuranceLevel if is_level_given(standards, standard, level, period_start=period_start)
        )
        if levels:
            found.append(
                StandardInForce(
                    standard=standard,
                    levels=levels,
                    level_words=_words(rows, f"{LEVEL_ROW_PREFIX}.{standard.value}."),
                    outcome_words=_words(rows, f"{OUTCOME_ROW_PREFIX}.{standard.value}."),
                )
            )
    return tuple(found)


def _meaning(
    standards: ReferenceSet, prefix: str, standard: AssuranceStandard, word: str, *, period_start: date
) -> str:
    rows = _rows(standards, period_start)
    for row in rows:
        if row.row_id == f"{prefix}.{standard.value}.{word}":
            return row.value
    known = ", ".join(each.word for each in _words(rows, f"{prefix}.{standard.value}.")) or "none"
    raise Invalid(
        "standard.word",
        f"word: for a period from {period_start} {standard.value} has no such word; it has: {known}",
        field="word",
        value=shown(word),
    )


def _rows(standards: ReferenceSet, on: date) -> tuple[ReferenceRow, ...]:
    return tuple(row for row in standards.rows if row.is_effective(on))


def _words(rows: tuple[ReferenceRow, ...], prefix: str) -> tuple[MappedWord, ...]:
    return tuple(
        MappedWord(
            word=row.row_id.removeprefix(prefix),
            means=row.value,
            label_en=row.label_en,
            label_zh=row.label_zh,
            source=row.source,
            status=row.status,
        )
        for row in rows
        if row.row_id.startswith(prefix)
    )
