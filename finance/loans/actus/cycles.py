"""Cycles and the days they reach: every month from an anchor, with a short or a long last period.

Owns the text form (``P1ML0``), month ends and the cyclic schedule. Knows no calendar of holidays and no event.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from finance.loans.actus.instants import Instant
from ledger.core.errors import Invalid

MAX_INSTANTS = 20_000
"""More instants than any one loan has (54 years of days); a longer schedule is a typing error or an attack."""

_PERIOD = re.compile(r"P(\d{1,4})([DWMQHY])", re.ASCII)
_CYCLE = re.compile(r"P(\d{1,4})([DWMQHY])L([01])", re.ASCII)
_DAYS = {"D": 1, "W": 7}
_MONTHS = {"M": 1, "Q": 3, "H": 6, "Y": 12}
_NEVER = Instant(date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A length of time: whole days or whole months, one of them zero."""

    days: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A period that repeats; ``has_long_stub`` joins a broken last period to the one before it."""

    period: Period
    has_long_stub: bool


def parse_period(text: object, *, field: str) -> Period:
    """Return the period that ``text`` spells, such as ``P31D``, ``P3W``, ``P1M``, ``P1Q``, ``P1H`` or ``P1Y``; zero is allowed."""
    match = _PERIOD.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise _refused(text, field, "P31D, P3W, P1M, P1Q, P1H or P1Y")
    return _period(int(match[1]), match[2])


def parse_cycle(text: object, *, field: str) -> Cycle:
    """Return the cycle that ``text`` spells: a period and ``L0`` (long last stub) or ``L1`` (short last stub).

    ``P1ML0`` is monthly with a long last stub. A period of zero is refused: it would never move on.
    """
    match = _CYCLE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        raise _refused(text, field, "P1ML0 (long last stub) or P1ML1 (short last stub), with D, W, M, Q, H or Y")
    return Cycle(period=_period(int(match[1]), match[2]), has_long_stub=match[3] == "0")


def plus(start: Instant, period: Period, times: int = 1) -> Instant:
    """Return ``start`` moved on by ``times`` periods; a day the month lacks becomes its last day.

    31 January plus one month is 28 or 29 February. Beyond the calendar the last possible day is returned.
    """
    try:
        if period.days:
            return Instant(start.day + timedelta(days=period.days * times), start.second)
        year, month = divmod(start.day.year * 12 + start.day.month - 1 + period.months * times, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return Instant(date(year, month + 1, min(start.day.day, last)), start.second)
    except (OverflowError, ValueError):
        return _NEVER


def cyclic(anchor: Instant, cycle: Cycle | None, end: Instant, *, keeps_month_end: bool) -> tuple[Instant, ...]:
    """Return the instants from ``anchor`` up to and including ``end``, in order, each once.

    Every instant is counted from the anchor, so 31 January gives 28 February and then 31 March. ``keeps_month_end`` moves
    instants to their month's last day if the anchor is one and the cycle counts months. A last period shorter than the
    cycle stays with a short stub; with a long stub its start is dropped. An anchor on or after the end leaves the end
    alone. Source: ACTUS technical specification, "Schedule" and "End Of Month Shift Convention". From 1 January with
    ``P1ML1`` to 15 March: 1 January, 1 February, 1 March, 15 March; with ``P1ML0`` 1 March is dropped.
    """
    if anchor >= end:
        return (end,)
    if cycle is None:
        return (anchor, end)
    found = [anchor]
    while True:
        following = nth(anchor, cycle, len(found), keeps_month_end=keeps_month_end)
        if following >= end:
            break
        found.append(following)
        if len(found) > MAX_INSTANTS:
            raise Invalid(
                "actus.schedule_length",
                f"a cycle gives more than {MAX_INSTANTS} dates; use a longer cycle or an earlier end",
                anchor=str(anchor),
                end=str(end),
            )
    if cycle.has_long_stub and following != end and len(found) > 1:
        found.pop()
    return (*found, end)


def nth(anchor: Instant, cycle: Cycle, place: int, *, keeps_month_end: bool) -> Instant:
    """Return the instant ``place`` cycles after ``anchor``, kept to the month's end where the convention says so."""
    reached = plus(anchor, cycle.period, place)
    if keeps_month_end and cycle.period.months and _ends_month(anchor.day) and reached != _NEVER:
        return Instant(_month_end(reached.day), reached.second)
    return reached


def _period(count: int, unit: str) -> Period:
    if unit in _DAYS:
        return Period(days=count * _DAYS[unit])
    return Period(months=count * _MONTHS[unit])


def _ends_month(day: date) -> bool:
    return day == _month_end(day)


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _refused(text: object, field: str, expected: str) -> Invalid:
    shown = text[:40] if isinstance(text, str) else type(text).__name__
    return Invalid("actus.cycle", f"{field}: expected {expected}", term=field, value=shown)
