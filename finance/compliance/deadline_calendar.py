"""The deadline calendar of a compliance year by sector: what is done, open, due soon or overdue as of a day.

Owns the states and the monthly evidence days. Knows no clock: the day is passed in. Days are rows.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from finance.compliance import rules as rule_rows
from finance.compliance.allocation import row_leaf
from finance.conventions.explain import Explanation
from finance.conventions.tables import DATE_UNIT, ReferenceRow, ReferenceSet
from ledger.core.errors import Invalid, NotFound

_DEADLINE = "deadline_"
_MONTHLY = "monthly_evidence_days"
_MONTHS = 12
MOST_DAYS_AHEAD = 366
FACT_STEPS = frozenset({"preallocation", "verification", "determination", "issue", "carry_over", "surrender"})
"""Steps that a fact of the year or an entry of the book says are done; the others are recorded as done by themselves."""


class Sector(StrEnum):
    """The sector whose calendar is asked for; a row without a sector holds for both."""

    ALUMINIUM = "aluminium"
    POWER = "power"


class DeadlineState(StrEnum):
    """How a step stands on a day."""

    DONE = "done"
    OPEN = "open"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


_OWN_STEPS = frozenset({"report", "carry_over", "surrender", "next_quality_plan"})
_OWN_EACH_MONTH = "evidence_"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarStep:
    """One step: ``due_on`` is the last day on which it is in time; ``done_on`` is None while nobody did it.

    ``is_late`` says that it was done after its day. ``step`` is a stable word such as ``surrender`` or
    ``evidence_2026_03``.
    """

    year: int
    step: str
    sector: Sector | None
    due_on: date
    state: DeadlineState
    done_on: date | None
    label_en: str
    label_zh: str
    row: ReferenceRow

    @property
    def is_own(self) -> bool:
        """Return whether the entity itself files or does it; the other steps are the authorities' and its verifier's."""
        return self.step in _OWN_STEPS or self.step.startswith(_OWN_EACH_MONTH)

    @property
    def is_late(self) -> bool:
        """Return whether it was done, but late."""
        return self.done_on is not None and self.done_on > self.due_on

    def explain(self) -> Explanation:
        """Return the day with the row it comes from."""
        return Explanation(
            label_en=self.label_en,
            label_zh=self.label_zh,
            value=self.due_on.isoformat(),
            unit="date",
            formula="the row's day, or the month's last day + its days",
            children=(row_leaf(self.row),),
        )


def deadline_years(rules: ReferenceSet) -> tuple[int, ...]:
    """Return the compliance years with deadlines on file."""
    return tuple(sorted({row.effective_from.year for row in rules.rows if _is_step(row)}))


def deadline_calendar(
    rules: ReferenceSet,
    *,
    year: int,
    sector: Sector,
    on: date,
    days_ahead: int,
    done: Mapping[str, date],
) -> tuple[CalendarStep, ...]:
    """Return the year's steps of ``sector`` by day, each with its state on ``on``.

    Done when ``done`` gives the step's day and that day is not after ``on``; overdue from the day after ``due_on``; due
    soon within ``days_ahead`` days before it, both ends included. The surrender of 2025 is due on 2026-12-31 (2026 work
    notice): on 2026-12-31 it is due soon, on 2027-01-01 overdue. A year without rows raises ``deadline.none`` with those
    known.
    """
    if not 0 <= days_ahead <= MOST_DAYS_AHEAD:
        raise Invalid("deadline.days_ahead", f"days_ahead: expected 0 to {MOST_DAYS_AHEAD}")
    key = rule_rows.year_key(year)
    rows = [row for row in rules.rows if _is_step(row) and row.is_effective(key)]
    if not rows:
        listed = ", ".join(map(str, deadline_years(rules)))
        raise NotFound("deadline.year_none", f"year: expected one with deadlines on file: {listed}", year=str(year))
    found: list[CalendarStep] = []
    for row in rows:
        if row.row_id == _MONTHLY:
            found += [
                _monthly(row, year, month, done=done, on=on, days_ahead=days_ahead) for month in range(1, _MONTHS + 1)
            ]
            continue
        name, _, of_sector = row.row_id.removeprefix(_DEADLINE).partition(".")
        if of_sector and Sector(of_sector) is not sector:
            continue
        found.append(
            _step(
                row,
                (year, name, Sector(of_sector) if of_sector else None),
                row.day(),
                (row.label_en, row.label_zh),
                done=done,
                on=on,
                days_ahead=days_ahead,
            )
        )
    return tuple(sorted(found, key=lambda each: (each.due_on, each.step)))


def due_day(rules: ReferenceSet, *, year: int, step: str, sector: Sector) -> date:
    """Return the last day of one step, such as ``surrender``; a step that is not on file raises ``deadline.none``."""
    steps = deadline_calendar(rules, year=year, sector=sector, on=date.min, days_ahead=0, done={})
    for each in steps:
        if each.step == step:
            return each.due_on
    raise NotFound("deadline.none", f"year: no deadline {step} of {year} is on file", year=str(year))


def _is_step(row: ReferenceRow) -> bool:
    return (row.row_id.startswith(_DEADLINE) and row.unit == DATE_UNIT) or row.row_id == _MONTHLY


def _monthly(
    row: ReferenceRow, year: int, month: int, *, done: Mapping[str, date], on: date, days_ahead: int
) -> CalendarStep:
    end = date(year, month, calendar.monthrange(year, month)[1])
    return _step(
        row,
        (year, f"evidence_{year}_{month:02d}", None),
        end + timedelta(days=rule_rows.whole(row)),
        (f"data evidence of {year}-{month:02d} filed", f"{year}年{month}月数据存证"),
        done=done,
        on=on,
        days_ahead=days_ahead,
    )


def _step(
    row: ReferenceRow,
    named: tuple[int, str, Sector | None],
    due_on: date,
    labels: tuple[str, str],
    *,
    done: Mapping[str, date],
    on: date,
    days_ahead: int,
) -> CalendarStep:
    year, step, sector = named
    done_on = done.get(step)
    if done_on is not None and done_on > on:
        done_on = None
    return CalendarStep(
        year=year,
        step=step,
        sector=sector,
        due_on=due_on,
        state=_state(due_on, done_on=done_on, on=on, days_ahead=days_ahead),
        done_on=done_on,
        label_en=labels[0],
        label_zh=labels[1],
        row=row,
    )


def _state(due_on: date, *, done_on: date | None, on: date, days_ahead: int) -> DeadlineState:
    if done_on is not None:
        return DeadlineState.DONE
    if on > due_on:
        return DeadlineState.OVERDUE
    return DeadlineState.DUE_SOON if (due_on - on).days <= days_ahead else DeadlineState.OPEN
