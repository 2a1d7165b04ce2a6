"""The daily look at what stands: gaps, targets at risk, prices that value nothing, duties that come near.

Joins the caller's transaction and commits nothing. What cannot be judged is left as it stands: a condition ends only when it was
looked at and is not so any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.compliance.deadline_calendar import DeadlineState, Sector, deadline_years
from finance.compliance.gap_forecast import GapForecast
from finance.conventions import notice_words
from finance.conventions.calendars import china_day
from finance.conventions.notice_words import BookName
from finance.conventions.notices import NoticeDraft, NoticeKind, Thresholds
from finance.emissions.methodologies import Measure
from finance.kpi.forecast import Outlook
from finance.loans.facility_terms import PartyRole
from finance.loans.obligation_words import title_of
from finance.loans.obligations import DutyState
from finance.market.marks import USABLE_STATES
from finance.operations.activity import Recipe, bound_recipe
from finance.operations.compliance_calendar import steps_of, surrender_day
from finance.operations.compliance_outlook import OutlookQuestion, outlook_of_year
from finance.operations.duty_calendar import duties_for
from finance.operations.forecasts import ForecastQuestion, forecast_of_year, target_of_period
from finance.operations.loan_notices import loan_page
from finance.operations.notices import Settled, settle_conditions
from finance.operations.valuations import marks_needed
from finance.store import closing_snapshots, compliance, facilities, kpi_periods, market, notice_settings, reference
from finance.store.facilities import Facility
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import DomainError
from ledger.store import books

_LAST_MONTHS = 12
_YEARS_BACK = 2
_DAYS_OF_CLOSES = 31
_AT_RISK = frozenset({Outlook.AT_RISK, Outlook.OFF_TRACK, Outlook.OUT_OF_REACH, Outlook.MISSED})
_LOOKED_AT = frozenset(
    {NoticeKind.COMPLIANCE_GAP, NoticeKind.TARGET_AT_RISK, NoticeKind.PRICE_STALE, NoticeKind.REPORT_DUE}
)


@dataclass(slots=True, kw_only=True)
class _Look:
    """One organisation's look on one day; ``unknown`` collects conditions that could not be judged."""

    session: Session
    organisation_id: UUID
    on: date
    now: datetime
    thresholds: Thresholds
    unknown: set[str] = field(default_factory=set)


def look_at_conditions(session: Session, organisation_id: UUID, *, now: datetime) -> Settled:
    """Raise what is the case today and end what is not any more; return how many of each."""
    on = china_day(now)
    thresholds = notice_settings.thresholds_of(session, organisation_id, reference.shipped_notice_rules(), on=on)
    look = _Look(session=session, organisation_id=organisation_id, on=on, now=now, thresholds=thresholds)
    found = [*_duties(look), *_compliance_steps(look), *_prices(look), *_targets(look), *_gaps(look)]
    return settle_conditions(session, organisation_id, _LOOKED_AT, found, unknown=look.unknown, now=now)


def _facilities(look: _Look) -> tuple[Facility, ...]:
    return facilities.list_facilities(look.session, look.organisation_id)


def _duties(look: _Look) -> Iterator[NoticeDraft]:
    until = look.on + timedelta(days=look.thresholds.due_days)
    for facility in _facilities(look):
        known = duties_for(look.session, facility, look.organisation_id, now=look.now)
        if known.unknown:
            look.unknown.add(f"{facility.facility_id} *")
        for duty in known.duties:
            is_late = duty.state is DutyState.LATE
            if is_late or (duty.state is DutyState.DUE and look.on <= duty.due_on <= until):
                days_left = (duty.due_on - look.on).days
                yield notice_words.duty_due(
                    look.organisation_id,
                    facility_id=facility.facility_id,
                    facility=facility.facility_number,
                    obligation_id=duty.obligation_id,
                    title=title_of(duty),
                    due_on=duty.due_on,
                    days_left=days_left,
                    is_urgent=is_late or days_left <= look.thresholds.due_urgent_days,
                    path=loan_page(facility, look.organisation_id),
                )


def _compliance_steps(look: _Look) -> Iterator[NoticeDraft]:
    """Yield the steps that a book's entity itself does and that come near or are late, for books with a compliance year.

    Of the years since the one before last: older ones are arrears, which the compliance page shows.
    """
    years = [year for year in deadline_years(reference.shipped_deadlines()) if year >= look.on.year - _YEARS_BACK]
    for book in books.list_books(look.session, look.organisation_id):
        if not compliance.list_proposals(look.session, book.book_id, limit=1):
            continue
        for year in years:
            steps = steps_of(
                look.session,
                book.book_id,
                year=year,
                sector=Sector.ALUMINIUM,
                on=look.on,
                days_ahead=look.thresholds.due_days,
                known_at=look.now,
            )
            for step in steps:
                if step.is_own and step.state in {DeadlineState.DUE_SOON, DeadlineState.OVERDUE}:
                    days_left = (step.due_on - look.on).days
                    yield notice_words.compliance_step_due(
                        look.organisation_id,
                        BookName(book_id=book.book_uuid, code=book.code),
                        year=year,
                        step=step.step,
                        title=(step.label_en, step.label_zh),
                        due_on=step.due_on,
                        days_left=days_left,
                        is_urgent=days_left <= look.thresholds.due_urgent_days,
                    )


def _prices(look: _Look) -> Iterator[NoticeDraft]:
    """Yield what the newest frozen close of each market says of instruments that a book holds."""
    session, organisation_id = look.session, look.organisation_id
    held = {
        code
        for book in books.list_books(session, organisation_id)
        for code in marks_needed(session, book.book_id, as_of=look.on)
    }
    judged = set()
    for close in reference.shipped_closes():
        since = look.on - timedelta(days=_DAYS_OF_CLOSES)
        frozen = closing_snapshots.list_closings(session, organisation_id, close.id, since=since, until=look.on)
        if not frozen:
            continue
        newest = max(frozen, key=lambda one: (one.business_day, one.version))
        for mark in market.load_snapshot(session, organisation_id, newest.snapshot_id).marks:
            judged.add(mark.instrument)
            if mark.instrument in held and mark.value is None and mark.state not in USABLE_STATES:
                yield notice_words.stale_price(
                    organisation_id,
                    instrument=mark.instrument,
                    state=mark.state.value,
                    last_on=mark.last_trade_date,
                    age_sessions=mark.age_trading_days,
                    on=newest.business_day,
                )
    look.unknown |= held - judged


def _targets(look: _Look) -> Iterator[NoticeDraft]:
    for facility in _facilities(look):
        if not facility.has_party(look.organisation_id, PartyRole.BORROWER):
            continue
        for period in kpi_periods.list_periods(look.session, facility.facility_id):
            if period.purpose == "test" and period.period_start <= look.on < period.period_end and not period.is_waived:
                try:
                    yield from _target(look, facility, period)
                except DomainError:  # no activity yet, no target, no baseline: what stands is left as it is
                    look.unknown.add(str(period.kpi_period_id))


def _target(look: _Look, facility: Facility, period: KpiPeriod) -> Iterator[NoticeDraft]:
    kpi = facilities.load_kpi(look.session, period.facility_id, period.kpi_id)
    target, source = target_of_period(look.session, period)
    question = ForecastQuestion(
        year=period.period_start.year,
        target=target,
        target_source=source,
        through=None,
        plan_t={},
        confidence=Fraction(look.thresholds.target_confidence),
        technical_minimum=None,
        last_months=_LAST_MONTHS,
    )
    recipe = Recipe(
        methodology_id=kpi.definition.methodology_id,
        methodology_version=kpi.definition.methodology_version,
        factor_set_version=kpi.definition.factor_set_version,
    )
    forecast = forecast_of_year(look.session, look.organisation_id, recipe, question, sites=kpi.sites).forecast
    if forecast.outlook in _AT_RISK:
        yield notice_words.target_at_risk(
            look.organisation_id,
            facility=facility.facility_number,
            kpi_period_id=period.kpi_period_id,
            kpi_id=period.kpi_id,
            year=question.year,
            target=target,
            expected=forecast.intensity,
            chance=None if forecast.chance is None else forecast.chance.value,
            outlook=forecast.outlook.value,
        )


def _gaps(look: _Look) -> Iterator[NoticeDraft]:
    """Yield the gaps of last year and this one, by the allocation methodology that a loan of the organisation names.

    Without one, or without activity, a gap cannot be judged. With one book only: activity is the organisation's, not a book's.
    """
    kept = books.list_books(look.session, look.organisation_id)
    recipe = _allocating_recipe(look)
    for year in (look.on.year - 1, look.on.year):
        for book in kept:
            condition = f"{book.book_uuid} {year}"
            if recipe is None or len(kept) > 1:
                look.unknown.add(condition)
                continue
            question = OutlookQuestion(
                year=year,
                recipe=recipe,
                balance=None,
                through=None,
                plan_t={},
                confidence=Fraction(look.thresholds.target_confidence),
                sites=(),
                known_at=None,
            )
            try:
                found = outlook_of_year(
                    look.session, look.organisation_id, book.book_id, question, on=look.on, mark=None, now=look.now
                ).forecast
            except DomainError:  # no rule or no activity of that year
                look.unknown.add(condition)
                continue
            if found.gap_t > look.thresholds.gap_t:
                yield _gap(look, BookName(book_id=book.book_uuid, code=book.code), year, found)


def _gap(look: _Look, book: BookName, year: int, found: GapForecast) -> NoticeDraft:
    last = surrender_day(year)
    return notice_words.compliance_gap(
        look.organisation_id,
        book,
        year=year,
        gap_t=found.gap_t,
        high_t=found.high_t,
        cost_cny=found.cost_cny(found.gap_t),
        surrender_on=last,
        on=look.on,
        is_urgent=last is not None and (last - look.on).days <= look.thresholds.gap_urgent_days,
    )


def _allocating_recipe(look: _Look) -> Recipe | None:
    for facility in _facilities(look):
        if not facility.has_party(look.organisation_id, PartyRole.BORROWER):
            continue
        for kpi in facilities.list_kpis(look.session, facility.facility_id):
            recipe = Recipe(
                methodology_id=kpi.definition.methodology_id,
                methodology_version=kpi.definition.methodology_version,
                factor_set_version=kpi.definition.factor_set_version,
            )
            try:
                if bound_recipe(look.session, recipe).methodology.measure is Measure.ETS_DIRECT:
                    return recipe
            except DomainError:  # a recipe that is not on file any more
                continue
    return None
