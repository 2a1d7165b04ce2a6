"""What a loan obliges its parties to and when: each duty with its day or instant, who owes it, and whether it was done.

Owns which duties follow from terms and facts. Knows no calendar file and no store: what is known comes in as values, the zone opened
by the caller, and ``now`` is an argument. Holds no money, so that an assessor may be shown its own duties as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from finance.conventions.calendars import BusinessCalendar, add_open_days
from finance.conventions.fields import check_identifier, refused
from finance.kpi.targets import PerformanceTarget
from finance.loans.clauses import ReportingTerms
from finance.loans.facility_terms import FacilityTerms, KpiTerms
from finance.loans.interest_periods import add_months
from ledger.core.errors import Conflict

_AREA = "obligation"
_ONE_DAY = timedelta(days=1)
_MONTHS_OF_A_YEAR = 12
_SATURDAY = 5


class Duty(StrEnum):
    """What is owed; the yearly ones stand between the ends of longer test periods (checklist C09, C16)."""

    REPORT = "report"
    ATTESTATION = "attestation"
    YEARLY_REPORT = "yearly_report"
    YEARLY_ATTESTATION = "yearly_attestation"
    DECISION = "decision"
    REDETERMINATION = "redetermination"
    INTEREST = "interest"
    DRAWDOWN = "drawdown"
    REPAYMENT = "repayment"
    MATURITY = "maturity"
    SLEEPING_END = "sleeping_end"
    TALKS_END = "talks_end"
    BREACH_CURE = "breach_cure"
    MANDATE_END = "mandate_end"


class Debtor(StrEnum):
    """Who owes it."""

    BORROWER = "borrower"
    LENDERS = "lenders"
    ASSESSOR = "assessor"
    BOTH = "borrower_and_lenders"


class DutyState(StrEnum):
    """Where a duty stands; ``passed``: its day is over and nothing here tells whether it was done."""

    DUE = "due"
    DONE = "done"
    LATE = "late"
    WAIVED = "waived"
    PASSED = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One duty: ``due_at`` is the last UTC instant in time (inclusive), None where the whole day ``due_on`` is.

    ``due_on`` is the day on the terms' clock. ``subject`` is what it is about: a KPI, a tranche, an id; with ``duty`` and ``key`` it
    names the obligation for ever. ``done_on`` is the day it was done, None while it is not; ``was_late``: after its last
    instant. ``is_provisional``: the calendar is not
    published that far, so the day may still move. ``counts_from`` is the first day on which it can be done: the test period is
    over; None where it always can. ``related`` are ids to follow.
    """

    duty: Duty
    debtor: Debtor
    subject: str
    key: str
    due_on: date
    due_at: datetime | None
    state: DutyState
    done_on: date | None
    is_provisional: bool
    was_late: bool = False
    counts_from: date | None = None
    related: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse an instant without its zone and a duty that is both done and not."""
        check_identifier(self.key, area=_AREA, field="key")
        if self.due_at is not None and self.due_at.utcoffset() != timedelta(0):
            raise refused(area=_AREA, field="due_at", expected="an aware instant in UTC", value=self.due_at)
        is_done = self.state is DutyState.DONE
        assert is_done or (self.done_on is None and not self.was_late), "only what is done has a day on which it was"

    @property
    def obligation_id(self) -> str:
        """Return the name that stays the same however often it is computed: ``report.intensity.2025-01-01``."""
        return f"{self.duty}.{self.subject}.{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFact:
    """A KPI period as known: when it was first reported and by which instant its reported value was attested, None if not."""

    kpi_period_id: str
    kpi_id: str
    period_start: date
    period_end: date
    reported_at: datetime | None
    attested_at: datetime | None
    attestation_id: str | None
    is_waived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFact:
    """A decision on a test period: when lenders approved it (None while they did not), and the attestations it rests on."""

    determination_id: str
    period_start: date
    approved_at: datetime | None
    attestation_ids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FallFact:
    """An accepted attestation that fell, and when that became known."""

    attestation_id: str
    fell_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedFact:
    """A day that schedule or label already has: a payment, a drawdown, the end of talks.

    ``is_done`` is None where nothing tells; the duty is then ``passed`` after its day.
    """

    duty: Duty
    debtor: Debtor
    subject: str
    key: str
    due_on: date
    done_on: date | None
    is_done: bool | None
    is_provisional: bool = False
    related: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanFacts:
    """Everything known about one loan that a duty hangs on."""

    periods: tuple[PeriodFact, ...]
    decisions: tuple[DecisionFact, ...]
    falls: tuple[FallFact, ...]
    dated: tuple[DatedFact, ...]


def obligations(
    terms: FacilityTerms, facts: LoanFacts, *, zone: ZoneInfo, calendar: BusinessCalendar, now: datetime
) -> tuple[Obligation, ...]:
    """Return every duty in order of its day, as known at ``now``.

    Report and attestation: the terms' days after each test period, until the cut-off in ``zone``. A test period of more than twelve
    months, and a gap between two, has yearly ones at each anniversary (SLLP 2025: reporting and verification at least once a
    year until after the last target's test). Decision: ``redetermine_within`` open days of ``calendar`` after the attestation was
    accepted, or after its due day where none came; redetermination: as many after an attestation fell that an approved decision rests
    on (I20). A test of 2025 with 90 days until 17:00 in Asia/Shanghai: its report until 2026-03-31 09:00 UTC.
    """
    clock = _Clock(terms.reporting, zone=zone, calendar=calendar, now=now)
    found = [
        *_reports(terms, facts, clock),
        *_decisions(terms, facts, clock),
        *_redeterminations(facts, clock),
        *(clock.dated(each) for each in facts.dated),
    ]
    return tuple(sorted(found, key=lambda each: (each.due_on, each.obligation_id)))


def yearly_ends(targets: Sequence[PerformanceTarget]) -> tuple[date, ...]:
    """Return the days, exclusive ends, at which a yearly report is owed besides those of the test periods, in order.

    Counted in years from the first period's start and from each period's end; a three-year test of 2025 to 2027 has 2026-01-01 and
    2027-01-01. None falls on or after the last period's end.
    """
    ends = sorted({target.period_end for target in targets})
    if not ends:
        return ()
    begins = min(target.period_start for target in targets)
    found: set[date] = set()
    for last, following in zip((begins, *ends[:-1]), ends, strict=True):
        for years in range(1, following.year - last.year + 1):
            day = add_months(last, years * _MONTHS_OF_A_YEAR, is_end_of_month=False)
            if day is not None and last < day < following:
                found.add(day)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class _Clock:
    """The terms' clock at one moment: days to instants and instants to days."""

    reporting: ReportingTerms
    zone: ZoneInfo
    calendar: BusinessCalendar
    now: datetime

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def instant_of(self, day: date) -> datetime:
        """Return the cut-off of the day."""
        hour, minute = self.reporting.cut_off.split(":")
        return datetime.combine(day, time(int(hour), int(minute)), self.zone).astimezone(UTC)

    def after(self, instant: datetime) -> tuple[date, bool]:
        """Return the day ``redetermine_within`` open days after the instant's, and whether it is provisional.

        Where the calendar is not published, Mondays to Fridays are counted and the day is said to be provisional.
        """
        day, count = self.day_of(instant), self.reporting.redetermine_within
        try:
            return add_open_days(self.calendar, day, count), False
        except Conflict:
            while count:
                day += _ONE_DAY
                count -= day.weekday() < _SATURDAY
            return day, True

    def timed(self, due: Obligation, *, done_at: datetime | None, is_waived: bool = False) -> Obligation:
        """Return the duty with its state: done, waived, late after its last instant, else due."""
        assert due.due_at is not None, "a timed duty has its instant"
        if done_at is not None and done_at <= self.now:
            was_late = done_at > due.due_at
            return replace(due, state=DutyState.DONE, done_on=self.day_of(done_at), was_late=was_late)
        if is_waived:
            return replace(due, state=DutyState.WAIVED)
        return replace(due, state=DutyState.LATE if self.now > due.due_at else DutyState.DUE)

    def dated(self, fact: DatedFact) -> Obligation:
        """Return a duty of a whole day with its state."""
        is_over = self.day_of(self.now) > fact.due_on
        if fact.is_done:
            state = DutyState.DONE
        elif not is_over:
            state = DutyState.DUE
        else:
            state = DutyState.PASSED if fact.is_done is None else DutyState.LATE
        return Obligation(
            duty=fact.duty,
            debtor=fact.debtor,
            subject=fact.subject,
            key=fact.key,
            due_on=fact.due_on,
            due_at=None,
            state=state,
            done_on=fact.done_on if state is DutyState.DONE else None,
            is_provisional=fact.is_provisional,
            was_late=state is DutyState.DONE and fact.done_on is not None and fact.done_on > fact.due_on,
            related=fact.related,
        )


def _reports(terms: FacilityTerms, facts: LoanFacts, clock: _Clock) -> Iterator[Obligation]:
    for kpi in terms.kpis:
        by_end = {each.period_end: each for each in facts.periods if each.kpi_id == kpi.definition.kpi_id}
        for target in kpi.targets:
            pair = (Duty.REPORT, Duty.ATTESTATION)
            period = next((each for each in by_end.values() if each.period_start == target.period_start), None)
            yield from _report_pair(kpi, pair, target.period_start, target.period_end, period, clock)
        for end in yearly_ends(kpi.targets):
            pair = (Duty.YEARLY_REPORT, Duty.YEARLY_ATTESTATION)
            yield from _report_pair(kpi, pair, end, end, by_end.get(end), clock)


def _report_pair(
    kpi: KpiTerms, pair: tuple[Duty, Duty], key: date, end: date, period: PeriodFact | None, clock: _Clock
) -> Iterator[Obligation]:
    report, attestation = pair
    reporting = clock.reporting
    for duty, debtor, due_at, done_at in (
        (
            report,
            Debtor.BORROWER,
            reporting.report_due_at(end, zone=clock.zone),
            None if period is None else period.reported_at,
        ),
        (
            attestation,
            Debtor.ASSESSOR,
            reporting.attestation_due_at(end, zone=clock.zone),
            None if period is None else period.attested_at,
        ),
    ):
        due = Obligation(
            duty=duty,
            debtor=debtor,
            subject=kpi.definition.kpi_id,
            key=key.isoformat(),
            due_on=clock.day_of(due_at),
            due_at=due_at,
            state=DutyState.DUE,
            done_on=None,
            is_provisional=False,
            counts_from=end,
            related=() if period is None else (("kpi_period_id", period.kpi_period_id),),
        )
        yield clock.timed(due, done_at=done_at, is_waived=period is not None and period.is_waived)


def _decisions(terms: FacilityTerms, facts: LoanFacts, clock: _Clock) -> Iterator[Obligation]:
    """Give one decision for each test period: on the last of its KPIs' attestations, at the latest after the day they are due."""
    if terms.ratchet is None:
        return
    ends: dict[date, date] = {}
    for target in (each for kpi in terms.kpis for each in kpi.targets):
        ends[target.period_start] = max(target.period_end, ends.get(target.period_start, target.period_end))
    for start, end in sorted(ends.items()):
        due_at = clock.reporting.attestation_due_at(end, zone=clock.zone)
        tested = {kpi.definition.kpi_id for kpi in terms.kpis if kpi.target_of(start) is not None}
        periods = [each for each in facts.periods if each.period_start == start and each.kpi_id in tested]
        attested = [each.attested_at for each in periods if each.attested_at is not None]
        counted_from = max(attested) if len(attested) == len(tested) else due_at
        day, is_provisional = clock.after(counted_from)
        made = _approvals(facts.decisions, start)
        due = Obligation(
            duty=Duty.DECISION,
            debtor=Debtor.BOTH,
            subject="test",
            key=start.isoformat(),
            due_on=day,
            due_at=clock.instant_of(day),
            state=DutyState.DUE,
            done_on=None,
            is_provisional=is_provisional or counted_from > clock.now,
            related=tuple(("kpi_period_id", each.kpi_period_id) for each in periods),
        )
        yield clock.timed(due, done_at=min((at for at, _ in made), default=None))


def _redeterminations(facts: LoanFacts, clock: _Clock) -> Iterator[Obligation]:
    """Give one for each fallen attestation and decision that rests on it; a later approval for the period settles it."""
    for fall in facts.falls:
        for decision in facts.decisions:
            resting_at = decision.approved_at
            if resting_at is None or resting_at > fall.fell_at or fall.attestation_id not in decision.attestation_ids:
                continue
            made = _approvals(facts.decisions, decision.period_start)
            if any(resting_at < at <= fall.fell_at for at, other in made if other is not decision):
                continue  # another decision had taken its place before
            day, is_provisional = clock.after(fall.fell_at)
            due = Obligation(
                duty=Duty.REDETERMINATION,
                debtor=Debtor.BOTH,
                subject=fall.attestation_id,
                key=decision.determination_id,
                due_on=day,
                due_at=clock.instant_of(day),
                state=DutyState.DUE,
                done_on=None,
                is_provisional=is_provisional,
                related=(("attestation_id", fall.attestation_id), ("determination_id", decision.determination_id)),
            )
            later = [at for at, other in made if at >= fall.fell_at and other is not decision]
            yield clock.timed(due, done_at=min(later, default=None))


def _approvals(decisions: Iterable[DecisionFact], period_start: date) -> list[tuple[datetime, DecisionFact]]:
    return [
        (each.approved_at, each)
        for each in decisions
        if each.period_start == period_start and each.approved_at is not None
    ]
