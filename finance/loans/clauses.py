"""A facility's clauses around the price: when an adjustment counts, what evidence it needs, late facts, the label.

Owns which of their terms are legal. Knows no tranche and no KPI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from finance.conventions.fields import check_text, refused
from finance.kpi.definitions import AssuranceLevel
from ledger.core.amounts import MAX_UNITS

AREA = "terms"
_MOST_BUSINESS_DAYS = 250
_MOST_DAYS = 1_000
_CUT_OFF = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_ZONE = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*", re.ASCII)


class EffectKind(StrEnum):
    """From when an approved adjustment counts."""

    NEXT_INTEREST_PERIOD = "next_interest_period"
    N_BUSINESS_DAYS_AFTER = "n_business_days_after"  # the approval
    FIXED_DATE = "fixed_date"  # a month and day of the year after the test period
    NEXT_LOAN_YEAR = "next_loan_year"  # the anniversary of signing
    NEXT_CALENDAR_YEAR = "next_calendar_year"
    RETROACTIVE = "retroactive"  # the day after the test period
    STATUS_DAY = "status_day"  # the day a status begins or ends


class UntilKind(StrEnum):
    """How long an adjustment counts."""

    NEXT_DETERMINATION = "next_determination"
    MONTHS = "months"  # a number of months from its first day
    STATUS_END = "status_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRule:
    """The effect clause; exactly the arguments its kinds need are set."""

    begins: EffectKind
    business_days: int | None
    month: int | None
    day: int | None
    until: UntilKind
    months: int | None

    def __post_init__(self) -> None:
        """Refuse a missing or superfluous argument."""
        needs_days = self.begins is EffectKind.N_BUSINESS_DAYS_AFTER
        needs_date = self.begins is EffectKind.FIXED_DATE
        for field, is_needed, kind in (
            ("business_days", needs_days, EffectKind.N_BUSINESS_DAYS_AFTER),
            ("month", needs_date, EffectKind.FIXED_DATE),
            ("day", needs_date, EffectKind.FIXED_DATE),
        ):
            if (getattr(self, field) is not None) != is_needed:
                expected = f"a number with {kind}, null otherwise"
                raise refused(area=AREA, field=field, expected=expected, value=getattr(self, field))
        if (self.months is not None) != (self.until is UntilKind.MONTHS):
            raise refused(area=AREA, field="months", expected="a number with months only", value=self.months)
        if self.business_days is not None and not 1 <= self.business_days <= _MOST_BUSINESS_DAYS:
            expected = f"1 to {_MOST_BUSINESS_DAYS} business days"
            raise refused(area=AREA, field="business_days", expected=expected, value=self.business_days)
        if self.months is not None and not 1 <= self.months <= 120:  # noqa: PLR2004 - ten years
            raise refused(area=AREA, field="months", expected="1 to 120 months", value=self.months)
        if self.month is not None and self.day is not None:
            try:
                date(2001, self.month, self.day)  # no leap year: a day that every year has
            except (ValueError, OverflowError) as error:  # a number of many digits is no day either
                expected = "a month and day that every year has"
                raise refused(area=AREA, field="day", expected=expected, value=f"{self.month}-{self.day}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingTerms:
    """When report and attestation are due after a test period, on which clock, and what evidence counts.

    Due days are calendar days after the period's last day, until ``cut_off`` (HH:MM) in ``zone`` (an IANA name such as
    Asia/Shanghai). ``assurance_level`` is the least that lets a KPI count as met. ``accepts_scoped_qualification``: a qualified
    opinion counts where it says that the qualification does not touch the KPI. ``approvals`` is how many persons of lenders approve
    a decision, ``redetermine_within`` the business days in which a withdrawn attestation leads to a new one.
    """

    report_due_days: int
    attestation_due_days: int
    zone: str
    cut_off: str
    assurance_level: AssuranceLevel
    accepts_scoped_qualification: bool
    approvals: int
    redetermine_within: int

    def __post_init__(self) -> None:
        """Refuse deadlines that are none."""
        for field in ("report_due_days", "attestation_due_days"):
            if not 1 <= getattr(self, field) <= _MOST_DAYS:
                raise refused(area=AREA, field=field, expected=f"1 to {_MOST_DAYS} days", value=getattr(self, field))
        if self.attestation_due_days < self.report_due_days:
            expected = "no earlier than the report"
            raise refused(area=AREA, field="attestation_due_days", expected=expected, value=self.attestation_due_days)
        if not _ZONE.fullmatch(self.zone):
            raise refused(area=AREA, field="zone", expected="an IANA zone such as Asia/Shanghai", value=self.zone)
        if not _CUT_OFF.fullmatch(self.cut_off):
            raise refused(area=AREA, field="cut_off", expected="a time of day as HH:MM", value=self.cut_off)
        if not 1 <= self.approvals <= 10:  # noqa: PLR2004 - more persons than any desk has
            raise refused(area=AREA, field="approvals", expected="1 to 10 persons", value=self.approvals)
        if not 1 <= self.redetermine_within <= _MOST_BUSINESS_DAYS:
            expected = f"1 to {_MOST_BUSINESS_DAYS} business days"
            raise refused(area=AREA, field="redetermine_within", expected=expected, value=self.redetermine_within)

    def report_due_at(self, period_end: date, *, zone: ZoneInfo) -> datetime:
        """Return the last UTC instant in time for the report on a test period that ends before ``period_end``, inclusive.

        ``zone`` is the terms' zone, opened by the caller; another is refused (``terms.zone``). 90 days after 2025 until 17:00 in
        Asia/Shanghai: 2026-03-31 09:00 UTC.
        """
        return self._due_at(period_end, self.report_due_days, zone)

    def attestation_due_at(self, period_end: date, *, zone: ZoneInfo) -> datetime:
        """Return the last UTC instant in time for the attestation, inclusive; see ``report_due_at``."""
        return self._due_at(period_end, self.attestation_due_days, zone)

    def _due_at(self, period_end: date, due_days: int, zone: ZoneInfo) -> datetime:
        if zone.key != self.zone:
            raise refused(area=AREA, field="zone", expected=f"the zone {self.zone} of the terms", value=zone.key)
        hour, minute = self.cut_off.split(":")
        day = period_end + timedelta(days=due_days - 1)  # the last day of the period is the day before its end
        return datetime.combine(day, time(int(hour), int(minute)), zone).astimezone(UTC)


class LateFactKind(StrEnum):
    """What a fact that comes late does to interest already paid."""

    TRUE_UP = "true_up"  # the difference is paid or refunded
    FROM_NOW_ON = "from_now_on"  # only later interest changes


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFactTerms:
    """Claw-back and refund: known now minus known then, simple, from ``threshold_minor`` minor units on (0: always)."""

    kind: LateFactKind
    threshold_minor: int

    def __post_init__(self) -> None:
        """Refuse a threshold below zero."""
        if not 0 <= self.threshold_minor <= MAX_UNITS:
            raise refused(
                area=AREA, field="threshold_minor", expected="0 or more minor units", value=self.threshold_minor
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTerms:
    """What the sustainability-linked label hangs on: principles, sleeping time, talks, consent.

    ``is_sleeping``: KPIs are still to be agreed, by ``sleeping_until`` at the latest; such a loan is priced at its base and not
    called sustainability-linked. ``rendezvous_days`` is how long the parties talk after an amendment event, ``notice_days`` how soon it
    is notified, ``consent_share`` which part of the lenders agrees to a change.
    """

    principles_version: str
    is_sleeping: bool
    sleeping_until: date | None
    notice_days: int
    rendezvous_days: int
    consent_share: Fraction
    transition_plan_sha256: str | None
    review_before_signing_sha256: str | None

    def __post_init__(self) -> None:
        """Refuse a sleeping loan without its day, and the other way round."""
        check_text(self.principles_version, area=AREA, field="principles_version")
        if self.is_sleeping != (self.sleeping_until is not None):
            expected = "a day for a sleeping loan, null otherwise"
            raise refused(area=AREA, field="sleeping_until", expected=expected, value=self.sleeping_until)
        for field in ("notice_days", "rendezvous_days"):
            if not 0 <= getattr(self, field) <= _MOST_DAYS:
                raise refused(area=AREA, field=field, expected=f"0 to {_MOST_DAYS} days", value=getattr(self, field))
        if not 0 < self.consent_share <= 1:
            raise refused(
                area=AREA, field="consent_share", expected="a part above 0, at most 1", value=self.consent_share
            )
        for field in ("transition_plan_sha256", "review_before_signing_sha256"):
            digest = getattr(self, field)
            if digest is not None and not re.fullmatch(r"[0-9a-f]{64}", digest, re.ASCII):
                raise refused(area=AREA, field=field, expected="a SHA-256 in lower-case hex, or null", value=digest)
