"""Offsets: how many CCER may settle a year's duty, and which ones.

Owns the cap and the eligibility by registration. Knows no price and no holding account. Rows are dated by the day of
surrender.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finance.compliance import rules as rule_rows
from finance.conventions.rounding import ALLOWANCE_QUANTITY
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core import amounts
from ledger.core.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetCap:
    """The most CCER tonnes that may be used against a duty, floored."""

    cap_t: int
    formula: str
    row: ReferenceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetVerdict:
    """Whether a credit may be used on a day, the reason in both languages, and the rows that decided, if any hold."""

    is_eligible: bool
    reason_en: str
    reason_zh: str
    rows: tuple[ReferenceRow, ...]


def ccer_cap(rules: ReferenceSet, *, due_t: int, on: date) -> OffsetCap:
    """Return the cap on the day of surrender: floor(5 % of the allowances due), since the rule says not over 5 %.

    Source: MEE order 19, art. 29. Due 1,234,567 t gives 61,728 t.
    """
    if due_t < 0:
        raise Invalid("ccer.due_t", "due_t: expected zero or more whole tonnes")
    row = rules.lookup("ccer_cap_share", on=on)
    return OffsetCap(
        cap_t=amounts.round_exact(due_t * rule_rows.exact(row), ALLOWANCE_QUANTITY),
        formula="floor(due x cap share)",
        row=row,
    )


def ccer_eligibility(
    rules: ReferenceSet, *, registered_on: date, is_inside_national_ets: bool, on: date
) -> OffsetVerdict:
    """Return whether a CCER registered (old ones: filed) on ``registered_on`` may be surrendered on ``on``.

    Not from a project inside the national market (order 19, art. 29). From 2025-01-01 only credits registered after
    2024-01-22, that day itself excluded (draft plan 2025/26); until 2024-12-31 credits filed before 2017-03-14.
    Nothing else: what no row allows is refused.
    """
    if is_inside_national_ets:
        return OffsetVerdict(
            is_eligible=False,
            reason_en="the project is inside the national market",
            reason_zh="项目在全国碳市场管控范围内",
            rows=_holding(rules, ("ccer_cap_share",), on),
        )
    if registered_on > on:
        return OffsetVerdict(is_eligible=False, reason_en="not registered yet", reason_zh="尚未登记", rows=())
    consulted = _holding(rules, ("ccer_registered_after", "ccer_old_filed_before"), on)
    for row in consulted:
        day = row.day()
        if row.row_id == "ccer_registered_after" and registered_on > day:
            return OffsetVerdict(
                is_eligible=True, reason_en=f"registered after {day}", reason_zh=f"{day}之后登记", rows=(row,)
            )
        if row.row_id == "ccer_old_filed_before" and registered_on < day:
            return OffsetVerdict(
                is_eligible=True, reason_en=f"old credit filed before {day}", reason_zh=f"{day}之前备案", rows=(row,)
            )
    return OffsetVerdict(
        is_eligible=False,
        reason_en=f"no rule allows a credit registered on {registered_on} to be used on {on}",
        reason_zh=f"没有规则允许{registered_on}登记的减排量在{on}使用",
        rows=consulted,
    )


def _holding(rules: ReferenceSet, row_ids: tuple[str, ...], on: date) -> tuple[ReferenceRow, ...]:
    """Return the rows of those ids that hold on that day: an absent permission permits nothing."""
    found = []
    for row_id in row_ids:
        try:
            found.append(rules.lookup(row_id, on=on))
        except NotFound:
            continue
    return tuple(found)
