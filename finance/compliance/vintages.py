"""Vintages: which year's allowances may settle which year's duty, on which day.

Owns the table of permissions. Knows no holding. What no row permits is refused, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finance.conventions import tables
from finance.conventions.table_rules import exact_header
from finance.conventions.tables import ReferenceStatus
from ledger.core.errors import Expected, ImportRefused, Invalid, RowError


@dataclass(frozen=True, slots=True, kw_only=True)
class VintageRule:
    """One permission: duties of a range of years may be settled by vintages of a range of years.

    ``duty_from`` to ``duty_to`` and ``vintage_from`` to ``vintage_to`` are inclusive, ``duty_to`` None is open.
    ``allows_borrowing`` says whether a vintage later than the duty year may be used. Held on days of surrender in
    ``[effective_from, effective_to)``. The vintage issued for 2019 and 2020 together counts as 2020.
    """

    rule_id: str
    duty_from: int
    duty_to: int | None
    vintage_from: int
    vintage_to: int
    allows_borrowing: bool
    effective_from: date
    effective_to: date | None
    source: str
    status: ReferenceStatus

    def __post_init__(self) -> None:
        """Refuse reversed ranges."""
        if self.duty_to is not None and self.duty_to < self.duty_from:
            raise Invalid("vintage.rule", f"{self.rule_id}: expected duty_from up to duty_to")
        if self.vintage_to < self.vintage_from:
            raise Invalid("vintage.rule", f"{self.rule_id}: expected vintage_from up to vintage_to")
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise Invalid("vintage.rule", f"{self.rule_id}: expected effective_to after effective_from")

    def permits(self, *, vintage_year: int, duty_year: int, on: date) -> bool:
        """Return whether this row lets the vintage settle the duty on that day."""
        return (
            self.covers(duty_year=duty_year, on=on)
            and self.vintage_from <= vintage_year <= self.vintage_to
            and (self.allows_borrowing or vintage_year <= duty_year)
        )

    def covers(self, *, duty_year: int, on: date) -> bool:
        """Return whether this row speaks about the duty on that day."""
        return (
            self.duty_from <= duty_year
            and (self.duty_to is None or duty_year <= self.duty_to)
            and self.effective_from <= on
            and (self.effective_to is None or on < self.effective_to)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VintageVerdict:
    """Whether a vintage settles a duty, the row that decided (None when no row speaks) and the reason."""

    is_usable: bool
    rule: VintageRule | None
    reason_en: str
    reason_zh: str


def vintage_verdict(rules: tuple[VintageRule, ...], *, vintage_year: int, duty_year: int, on: date) -> VintageVerdict:
    """Return whether allowances of ``vintage_year`` may settle the duty of ``duty_year`` when surrendered on ``on``.

    CEA23 against 2025 is refused, against a 2024 arrear in 2026 accepted (draft plan 2025/26 of 2026-07-27).
    """
    for rule in rules:
        if rule.permits(vintage_year=vintage_year, duty_year=duty_year, on=on):
            return VintageVerdict(
                is_usable=True,
                rule=rule,
                reason_en=f"vintage {vintage_year} settles {duty_year} under {rule.rule_id}",
                reason_zh=f"依据 {rule.rule_id}, {vintage_year}年度配额可用于{duty_year}年度清缴",
            )
    covering = next((rule for rule in rules if rule.covers(duty_year=duty_year, on=on)), None)
    if covering is None:
        return VintageVerdict(
            is_usable=False,
            rule=None,
            reason_en=f"no rule on file says what settles {duty_year} on {on}",
            reason_zh=f"没有规则说明{on}可用于{duty_year}年度清缴的配额",
        )
    return VintageVerdict(
        is_usable=False,
        rule=covering,
        reason_en=f"vintage {vintage_year} does not settle {duty_year} under {covering.rule_id}",
        reason_zh=f"依据 {covering.rule_id}, {vintage_year}年度配额不可用于{duty_year}年度清缴",
    )


def last_duty_year(rules: tuple[VintageRule, ...], *, vintage_year: int, on: date) -> int | None:
    """Return the last compliance year that the vintage may settle under the rules of the day, None where none ends it.

    A vintage that settles nothing any more gives 0. Under the draft of 2026-07-27 vintage 2024 ends with 2024, vintage
    2025 has no end.
    """
    speaking = [
        rule
        for rule in rules
        if rule.vintage_from <= vintage_year <= rule.vintage_to
        and rule.effective_from <= on
        and (rule.effective_to is None or on < rule.effective_to)
    ]
    if any(rule.duty_to is None for rule in speaking):
        return None
    return max((rule.duty_to for rule in speaking if rule.duty_to is not None), default=0)


_HEADER = (
    "rule_id",
    "duty_from",
    "duty_to",
    "vintage_from",
    "vintage_to",
    "borrowing",
    "effective_from",
    "effective_to",
    "source",
    "status",
)
_YEAR_DIGITS = 4


def parse_vintage_rules(text: str, *, file: str = "vintage_rules.csv") -> tuple[VintageRule, ...]:
    """Return the permissions of CSV text; every unreadable row is named in one ``ImportRefused``."""
    table = tables.csv_table(text, file=file)
    if not table.rows or table.rows[0] != _HEADER:
        raise ImportRefused(file, (RowError(file=file, row=1, expected=exact_header(_HEADER)),))
    found: list[VintageRule] = []
    errors: list[RowError] = []
    for number, cells in enumerate(table.rows[1:], start=2):
        if not cells:
            continue
        try:
            found.append(_rule(cells))
        except Invalid as error:
            errors.append(
                RowError(
                    file=file, row=number, value=",".join(cells)[:80], expected=Expected(error.code, error.message)
                )
            )
    if errors:
        raise ImportRefused(file, tuple(errors))
    return tuple(found)


def _rule(cells: tuple[str, ...]) -> VintageRule:
    if len(cells) != len(_HEADER):
        raise Invalid("vintage.cells", f"{len(_HEADER)} cells, found {len(cells)}")
    cell = dict(zip(_HEADER, cells, strict=True))
    if cell["borrowing"] not in {"yes", "no"}:
        raise Invalid("vintage.borrowing", "borrowing: expected yes or no")
    if cell["status"] not in set(ReferenceStatus):
        raise Invalid("vintage.status", f"status: expected one of {', '.join(ReferenceStatus)}")
    return VintageRule(
        rule_id=cell["rule_id"],
        duty_from=_year(cell["duty_from"], field="duty_from"),
        duty_to=_year(cell["duty_to"], field="duty_to") if cell["duty_to"] else None,
        vintage_from=_year(cell["vintage_from"], field="vintage_from"),
        vintage_to=_year(cell["vintage_to"], field="vintage_to"),
        allows_borrowing=cell["borrowing"] == "yes",
        effective_from=tables.parse_day(cell["effective_from"], field="effective_from"),
        effective_to=tables.parse_day(cell["effective_to"], field="effective_to") if cell["effective_to"] else None,
        source=cell["source"],
        status=ReferenceStatus(cell["status"]),
    )


def _year(text: str, *, field: str) -> int:
    if len(text) != _YEAR_DIGITS or not text.isascii() or not text.isdigit():
        raise Invalid("vintage.year", f"{field}: expected a year of four digits", value=text[:20])
    return int(text)
