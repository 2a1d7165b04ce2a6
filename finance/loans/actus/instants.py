"""Points in time as the ACTUS files write them: a local day and a second of that day, without a zone.

Owns reading and printing and the one rule for the end of a day. The standard knows no time zones, so a zone is refused
rather than guessed. Knows nothing of contracts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from ledger.core.errors import Invalid

_PATTERN = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.0+)?)?)?", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_SECONDS_OF_DAY = 86_400


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A local day and the second in it, ordered by time."""

    day: date
    second: int = 0

    @property
    def accrual_day(self) -> date:
        """Return the day interest runs to: 23:59:59 is the end of its day and so counts as the next one.

        Source: ACTUS technical specification, "Date/Time" (24:00:00 equals 00:00:00 of the next day); the published
        vectors write that midnight as 23:59:59. Any other clock time counts as its own day. 2013-12-31T23:59:59 gives
        2014-01-01.
        """
        return self.day + timedelta(days=1) if self.second == _SECONDS_OF_DAY - 1 else self.day

    def __str__(self) -> str:
        """Return for example ``2013-01-01T00:00:00``."""
        minutes, seconds = divmod(self.second, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{self.day.isoformat()}T{hours:02d}:{minutes:02d}:{seconds:02d}"


def parse_instant(text: object, *, field: str) -> Instant:
    """Return the instant that ``text`` spells: ``2013-01-01``, with ``T00:00`` or with ``T00:00:00``.

    24:00 is the next day's midnight. Years 1900 to 2199. A zone, a fraction of a second and anything else are refused
    with ``actus.instant``.
    """
    match = _PATTERN.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise _refused(text, field)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    seconds = hour * 3600 + minute * 60 + second
    if not _FIRST_YEAR <= year <= _LAST_YEAR or minute > 59 or second > 59 or seconds > _SECONDS_OF_DAY:  # noqa: PLR2004 - a clock's face
        raise _refused(text, field)
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise _refused(text, field) from error
    if seconds == _SECONDS_OF_DAY:
        return Instant(found + timedelta(days=1))
    return Instant(found, seconds)


def _refused(text: object, field: str) -> Invalid:
    shown = text[:40] if isinstance(text, str) else type(text).__name__
    return Invalid(
        "actus.instant",
        f"{field}: expected a local time such as 2013-01-01T00:00:00, years 1900 to 2199, without a time zone",
        term=field,
        value=shown,
    )
