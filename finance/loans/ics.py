"""A calendar as RFC 5545 text: events with stable names, escaped text and folded lines, for any calendar program to subscribe to.

Owns the spelling only. Knows no loan and reads no clock: the stamp is an argument, so equal events give equal bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from finance.conventions.fields import refused

_AREA = "calendar_text"
_MOST_OCTETS = 75
"""Octets of a line without its break, after which it is folded (RFC 5545, section 3.1)."""
_MOST_ALARM_DAYS = 365
_LINE_BREAK = "\r\n"
_PRODUCT = "-//Tonne//Loan obligations//EN"
_DIRECTION = frozenset("\u200e\u200f\u061c") | frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """One entry: ``at`` is an aware UTC instant, or a day for the whole of it.

    ``uid`` stays the same for the same thing for ever. ``is_tentative``: the day may still move. Texts may hold line breaks; control
    characters are left out.
    """

    uid: str
    at: datetime | date
    summary: str
    description: str
    category: str
    is_tentative: bool = False
    alarm_days: tuple[int, ...] = ()
    """Whole days before it at which a calendar program reminds, 0 to 365."""

    def __post_init__(self) -> None:
        """Refuse a nameless event and an instant that is not in UTC."""
        if not self.uid or not self.uid.isascii() or not self.uid.isprintable():
            raise refused(area=_AREA, field="uid", expected="printable ASCII", value=self.uid)
        if isinstance(self.at, datetime):
            _check_utc(self.at, field="at")
        if not all(0 <= days <= _MOST_ALARM_DAYS for days in self.alarm_days):
            raise refused(area=_AREA, field="alarm_days", expected="0 to 365 days before", value=self.alarm_days)


def calendar_text(events: Sequence[CalendarEvent], *, stamp: datetime, name: str) -> str:
    """Return the calendar ``name`` of ``events`` in their order, lines ended by CR LF; ``stamp`` (UTC) is when it was made.

    An instant is an event without length, a day one from that day to before the next. One uid twice is refused
    (``calendar_text.uid``). Source: RFC 5545, sections 3.1, 3.3.11, 3.6.1, 3.6.6, 3.8. The day 2026-06-22: ``DTSTART;VALUE=DATE:20260622``.
    """
    _check_utc(stamp, field="stamp")
    names = [event.uid for event in events]
    if len(set(names)) != len(names):
        raise refused(area=_AREA, field="uid", expected="each event once", value=len(names))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        *(line for event in events for line in _event(event, stamp)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}{_LINE_BREAK}" for line in lines)


def escaped(text: str) -> str:
    r"""Return ``text`` as a TEXT value: ``\``, ``;``, ``,`` and line breaks escaped, other control and direction marks left out."""
    one_kind = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(mark for mark in one_kind if mark == "\n" or _is_plain(mark))
    for mark, spelled in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        kept = kept.replace(mark, spelled)
    return kept


def folded(line: str) -> str:
    """Return ``line`` folded so that no line has more than 75 octets of UTF-8; a character is never cut in two.

    A continuation begins with one blank, which counts. 80 letters ``a``: 75, then a blank and 5.
    """
    parts, used = [""], 0
    for mark in line:
        size = len(mark.encode())
        if used + size > _MOST_OCTETS:
            parts.append(" ")
            used = 1
        parts[-1] += mark
        used += size
    return _LINE_BREAK.join(parts)


def _event(event: CalendarEvent, stamp: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(event.uid)}"
    yield f"DTSTAMP:{_instant(stamp)}"
    if isinstance(event.at, datetime):
        yield f"DTSTART:{_instant(event.at)}"
    else:
        yield f"DTSTART;VALUE=DATE:{event.at:%Y%m%d}"
        if event.at < date.max:
            yield f"DTEND;VALUE=DATE:{event.at + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{escaped(event.summary)}"
    yield f"DESCRIPTION:{escaped(event.description)}"
    yield f"CATEGORIES:{escaped(event.category)}"
    yield f"STATUS:{'TENTATIVE' if event.is_tentative else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    for days in event.alarm_days:
        yield from (
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"TRIGGER:-P{days}D",
            f"DESCRIPTION:{escaped(event.summary)}",
            "END:VALARM",
        )
    yield "END:VEVENT"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y%m%dT%H%M%SZ}"


def _is_plain(mark: str) -> bool:
    return unicodedata.category(mark) not in {"Cc", "Cs", "Zl", "Zp"} and mark not in _DIRECTION


def _check_utc(instant: datetime, *, field: str) -> None:
    if instant.utcoffset() != timedelta(0):
        raise refused(area=_AREA, field=field, expected="an aware instant in UTC", value=instant)
