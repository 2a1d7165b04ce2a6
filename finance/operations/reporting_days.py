"""Opens the clock of a loan's terms and says when report and attestation of a test period are due on it."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from finance.conventions.fields import refused
from finance.loans.clauses import ReportingTerms


def opened_zone(reporting: ReportingTerms) -> ZoneInfo:
    """Return the terms' zone; one that no data base of zones has is refused with ``terms.zone``."""
    try:
        return ZoneInfo(reporting.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        expected = "an IANA zone such as Asia/Shanghai"
        raise refused(area="terms", field="zone", expected=expected, value=reporting.zone) from error


def is_report_late(at: datetime, period_end: date, reporting: ReportingTerms) -> bool:
    """Return whether the instant ``at`` is later than the report's last one; on it is in time.

    A period that ends before 2026-01-01, 90 days, 17:00 Asia/Shanghai: 2026-03-31 09:00 UTC is in time.
    """
    return at > reporting.report_due_at(period_end, zone=opened_zone(reporting))


def is_attestation_late(at: datetime, period_end: date, reporting: ReportingTerms) -> bool:
    """Return whether the instant ``at`` is later than the attestation's last one; on it is in time."""
    return at > reporting.attestation_due_at(period_end, zone=opened_zone(reporting))
