"""When a report or an attestation is due: the clause's day and time of day, on the clause's clock, as one instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from finance.conventions.fields import refused
from finance.loans.clauses import ReportingTerms


def due_instant(period_end: date, due_days: int, reporting: ReportingTerms) -> datetime:
    """Return the last instant at which something due ``due_days`` after the period's last day is in time, in UTC.

    Period end (exclusive) 2026-01-01, 90 days, 17:00 Asia/Shanghai: 2026-03-31 09:00 UTC. A zone that no data base of zones has is
    refused with ``terms.zone``.
    """
    try:
        zone = ZoneInfo(reporting.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        expected = "an IANA zone such as Asia/Shanghai"
        raise refused(area="terms", field="zone", expected=expected, value=reporting.zone) from error
    day = period_end + timedelta(days=due_days - 1)
    return datetime.combine(day, time.fromisoformat(reporting.cut_off), tzinfo=zone).astimezone(UTC)


def is_after_due(at: datetime, period_end: date, due_days: int, reporting: ReportingTerms) -> bool:
    """Return whether the instant ``at`` is later than the due instant; on it is in time."""
    return at > due_instant(period_end, due_days, reporting)
