"""Closes: at which hour of which zone the marks of a business day are frozen.

Owns the close as a value and its instant in UTC. Knows no number of its own: the rows of ``finance/reference/closes.csv`` are
passed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from finance.conventions.tables import ReferenceStatus, parse_day
from finance.market.bounds import in_force, read_status, read_whole
from ledger.core.errors import Invalid, NotFound

_COLUMNS = (
    "id", "calendar", "zone", "value", "unit", "label_en", "label_zh", "effective_from", "effective_to", "source",
    "status", "version",
)  # fmt: skip
_MINUTES_OF_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """The close ``id`` (``beijing``): ``minute`` of the day in ``zone``, on the sessions of ``calendar``."""

    id: str
    calendar: str
    zone: str
    minute: int
    label_en: str
    label_zh: str
    effective_from: date
    effective_to: date | None
    source: str
    status: ReferenceStatus
    version: str

    def __post_init__(self) -> None:
        """Refuse a minute that no day has and a zone that does not exist."""
        if not 0 <= self.minute < _MINUTES_OF_A_DAY:
            raise Invalid("market.close", f"{self.id}: expected a minute of the day, 0 to 1439", id=self.id)
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise Invalid(
                "market.close", f"{self.id}: zone: expected a name such as Asia/Shanghai", id=self.id
            ) from error

    @property
    def job(self) -> str:
        """Return the name of the job that freezes it."""
        return f"close.{self.id}"

    def instant(self, day: date) -> datetime:
        """Return the close of ``day`` in UTC: Beijing 18:00 is 10:00Z all year, Brussels 18:00 is 16:00Z in summer."""
        local = datetime.combine(day, time(self.minute // 60, self.minute % 60), tzinfo=ZoneInfo(self.zone))
        return local.astimezone(UTC)

    def today(self, now: datetime) -> date:
        """Return the day at the close's place."""
        return now.astimezone(ZoneInfo(self.zone)).date()


def closes_from_rows(rows: Iterable[Mapping[str, str]]) -> tuple[Close, ...]:
    """Return the rows of ``closes.csv`` as closes; an unreadable row is refused and named."""
    return tuple(_close(row) for row in rows)


def find_close(closes: Iterable[Close], close_id: str, *, on: date) -> Close:
    """Return the close of that id in force on ``on``; another is ``market.close_unknown`` with the known ones."""
    known = tuple(closes)
    for close in known:
        if close.id == close_id and in_force(on, effective_from=close.effective_from, effective_to=close.effective_to):
            return close
    names = ", ".join(sorted({close.id for close in known}))
    raise NotFound("market.close_unknown", f"close: expected one of {names}", close=close_id[:40])


def due_days(sessions: Iterable[date], *, done: Iterable[date], close: Close, now: datetime) -> tuple[date, ...]:
    """Return the sessions whose close is past and not frozen yet, oldest first: what a restart catches up on."""
    frozen = frozenset(done)
    return tuple(sorted(day for day in sessions if day not in frozen and close.instant(day) <= now))


def recent_days(today: date, *, count: int) -> tuple[date, ...]:
    """Return ``today`` and the days before it, ``count`` in all, oldest first."""
    return tuple(today - timedelta(days=back) for back in reversed(range(count)))


def _close(row: Mapping[str, str]) -> Close:
    missing = [name for name in _COLUMNS if name not in row]
    if missing:
        raise Invalid("reference.column", f"closes: column {missing[0]} is missing", column=missing[0])
    name = row["id"]
    if row["unit"] != "minute_of_day":
        raise Invalid("reference.value", f"{name}: unit: expected minute_of_day", value=row["unit"][:40])
    return Close(
        id=name,
        calendar=row["calendar"],
        zone=row["zone"],
        minute=read_whole(row["value"], field=f"{name}.value"),
        label_en=row["label_en"],
        label_zh=row["label_zh"],
        effective_from=parse_day(row["effective_from"], field=f"{name}.effective_from"),
        effective_to=parse_day(row["effective_to"], field=f"{name}.effective_to") if row["effective_to"] else None,
        source=row["source"],
        status=read_status(row["status"], field=f"{name}.status"),
        version=row["version"],
    )
