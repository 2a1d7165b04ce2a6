"""The checklist's rules and the versions of the principles as reference rows: which rule asks what, under which version.

Owns reading both CSV forms and refusing a gap or an overlap in them. Knows no loan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from finance.conventions.fields import check_text, parse_choice, parse_count
from finance.conventions.fields import parse_day as day_of
from finance.conventions.tables import ReferenceStatus, csv_table
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid, NotFound

_AREA = "checklist"
RULE_IDS = tuple(f"C{number:02d}" for number in range(1, 36))
"""The 35 rules of loans and attestations reference, section 1."""

_RULE_HEADER = (
    "rule_id", "principles", "force", "severity", "value", "unit", "effective_from", "effective_to",
    "label_en", "label_zh", "source", "status", "version",
)  # fmt: skip
_VERSION_HEADER = (
    "principles_id", "aliases", "sleeping_months", "effective_from", "effective_to",
    "label_en", "label_zh", "source", "status", "version",
)  # fmt: skip
_RULE_ID = re.compile(r"C[0-9]{2}", re.ASCII)
_ALL = "all"


class Force(StrEnum):
    """How a rule binds."""

    SHALL = "S"
    SHOULD = "R"
    MODEL_CLAUSE = "MC"
    MARKET_PRACTICE = "MP"


class RuleSeverity(StrEnum):
    """What an open finding does."""

    BLOCK = "block"
    WARN = "warn"
    BLOCK_OR_WARN = "block_or_warn"  # its hard part blocks, its soft part warns


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistRule:
    """One rule as one or more versions of the principles have it; ``value`` is its number in ``unit``, None where it has none."""

    rule_id: str
    principles: frozenset[str]
    force: Force
    severity: RuleSeverity
    value: Decimal | None
    unit: str
    effective_from: date
    effective_to: date | None
    label_en: str
    label_zh: str
    source: str
    status: ReferenceStatus
    version: str

    def __post_init__(self) -> None:
        """Refuse a rule that nobody could trace."""
        if not _RULE_ID.fullmatch(self.rule_id) or self.rule_id not in RULE_IDS:
            raise Invalid("checklist.rule_id", "rule_id: expected C01 to C35", value=self.rule_id[:20])
        _check_row(self.label_en, self.label_zh, self.source, self.version)
        _check_days(self.effective_from, self.effective_to)

    def whole(self) -> int:
        """Return the rule's number, which must be a whole one (``checklist.value``)."""
        if self.value is None or self.value != self.value.to_integral_value():
            raise Invalid(
                "checklist.value", f"{self.rule_id}: expected a whole number in its row", rule_id=self.rule_id
            )
        return int(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinciplesVersion:
    """One version of the principles, for loans agreed on [effective_from, effective_to).

    ``sleeping_months`` is how long a loan may sleep from origination (None: the version says no number); ``aliases`` are other
    spellings in documents.
    """

    principles_id: str
    aliases: frozenset[str]
    sleeping_months: int | None
    effective_from: date
    effective_to: date | None
    label_en: str
    label_zh: str
    source: str
    status: ReferenceStatus
    version: str

    def __post_init__(self) -> None:
        """Refuse a version that nobody could trace."""
        check_text(self.principles_id, area=_AREA, field="principles_id")
        _check_row(self.label_en, self.label_zh, self.source, self.version)
        _check_days(self.effective_from, self.effective_to)

    def is_named(self, text: str) -> bool:
        """Return whether ``text`` names this version."""
        return text == self.principles_id or text in self.aliases

    def is_effective(self, on: date) -> bool:
        """Return whether a loan agreed ``on`` that day goes by this version."""
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """All rules under all versions; for every version each rule stands exactly once."""

    rules: tuple[ChecklistRule, ...]
    versions: tuple[PrinciplesVersion, ...]

    def __post_init__(self) -> None:
        """Refuse a version with a rule missing or twice, and a rule for a version that nobody knows."""
        names = {each.principles_id for each in self.versions}
        if len(names) != len(self.versions):
            raise Invalid("checklist.principles_id", "principles_id: expected each version once")
        strange = {name for rule in self.rules for name in rule.principles} - names
        if strange:
            raise Invalid(
                "checklist.principles", "principles: expected known versions", value=", ".join(sorted(strange))
            )
        for name in sorted(names):
            found = sorted(rule.rule_id for rule in self.rules if name in rule.principles)
            if found != list(RULE_IDS):
                raise Invalid("checklist.rules", f"{name}: expected each of C01 to C35 once", principles=name)

    def find_version(self, name: str) -> PrinciplesVersion | None:
        """Return the version that ``name`` spells, or None."""
        return next((each for each in self.versions if each.is_named(name)), None)

    def rules_of(self, version: PrinciplesVersion) -> tuple[ChecklistRule, ...]:
        """Return the version's 35 rules in order."""
        found = (rule for rule in self.rules if version.principles_id in rule.principles)
        return tuple(sorted(found, key=lambda rule: rule.rule_id))

    def rule(self, rule_id: str, version: PrinciplesVersion) -> ChecklistRule:
        """Return one rule of a version; an unknown one is refused (``checklist.rule_unknown``)."""
        for each in self.rules_of(version):
            if each.rule_id == rule_id:
                return each
        raise NotFound("checklist.rule_unknown", "rule: expected C01 to C35", rule=rule_id[:20])


def parse_principles(text: str, *, file: str) -> tuple[PrinciplesVersion, ...]:
    """Return every version that CSV text spells; a bad cell is refused by its name."""
    return tuple(
        PrinciplesVersion(
            principles_id=row["principles_id"],
            aliases=frozenset(_listed(row["aliases"])),
            sleeping_months=_count(row["sleeping_months"], field="sleeping_months"),
            effective_from=day_of(row["effective_from"], area=_AREA, field="effective_from"),
            effective_to=_day(row["effective_to"]),
            label_en=row["label_en"],
            label_zh=row["label_zh"],
            source=row["source"],
            status=parse_choice(ReferenceStatus, row["status"], area=_AREA, field="status"),
            version=row["version"],
        )
        for row in _rows(text, _VERSION_HEADER, file=file)
    )


def parse_checklist(text: str, versions: tuple[PrinciplesVersion, ...], *, file: str) -> Checklist:
    """Return the checklist that CSV text spells for ``versions``; ``all`` names every version that no other row has."""
    rows = _rows(text, _RULE_HEADER, file=file)
    named: dict[str, set[str]] = {}
    for row in rows:
        if row["principles"] != _ALL:
            named.setdefault(row["rule_id"], set()).update(_listed(row["principles"]))
    rules = []
    for row in rows:
        rest = {each.principles_id for each in versions} - named.get(row["rule_id"], set())
        rules.append(
            ChecklistRule(
                rule_id=row["rule_id"],
                principles=frozenset(rest if row["principles"] == _ALL else _listed(row["principles"])),
                force=parse_choice(Force, row["force"], area=_AREA, field="force"),
                severity=parse_choice(RuleSeverity, row["severity"], area=_AREA, field="severity"),
                value=parse_decimal(row["value"], field="value") if row["value"] else None,
                unit=row["unit"],
                effective_from=day_of(row["effective_from"], area=_AREA, field="effective_from"),
                effective_to=_day(row["effective_to"]),
                label_en=row["label_en"],
                label_zh=row["label_zh"],
                source=row["source"],
                status=parse_choice(ReferenceStatus, row["status"], area=_AREA, field="status"),
                version=row["version"],
            )
        )
    return Checklist(rules=tuple(rules), versions=versions)


def _rows(text: str, header: tuple[str, ...], *, file: str) -> tuple[Mapping[str, str], ...]:
    rows = [cells for cells in csv_table(text, file=file).rows if cells]
    if not rows or rows[0] != header:
        raise Invalid("checklist.header", f"{file}: expected a header of {', '.join(header)}")
    for number, cells in enumerate(rows[1:], start=1):
        if len(cells) != len(header):
            raise Invalid("checklist.cells", f"{file}: expected {len(header)} cells in row {number}", row=str(number))
    return tuple(dict(zip(header, cells, strict=True)) for cells in rows[1:])


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _day(text: str) -> date | None:
    return day_of(text, area=_AREA, field="effective_to") if text else None


def _count(text: str, *, field: str) -> int | None:
    return parse_count(text, area=_AREA, field=field) if text else None


def _check_row(*texts: str) -> None:
    for text in texts:
        if not text.strip() or not text.isprintable():
            raise Invalid("checklist.text", "label, source, version: expected one line of text", value=text[:40])


def _check_days(effective_from: date, effective_to: date | None) -> None:
    if effective_to is not None and effective_to <= effective_from:
        raise Invalid("checklist.interval", "effective_to: expected a later day than effective_from")
