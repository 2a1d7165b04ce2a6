"""Index rates as published: kept once per day and revision, and recorded as the fixings of a loan that reads the index.

Joins the caller's transaction and commits nothing. A value that breaks its bounds is refused with an alert that names it and not held
like a price: a rate has no currency and no quantity, so a held price could only keep a distorted copy of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.rates import format_rate_percent
from finance.loans.base_rates import FixedRate
from finance.loans.published_rates import (
    PublicationRule,
    PublishedRate,
    RateStep,
    doubt,
    rate_in_force,
    reading_days,
    steps,
)
from finance.operations.facilities import record_fixings
from finance.operations.job_remarks import JobRemark
from finance.operations.loan_view import known_loan
from finance.store import calendar_years, facilities, reference
from finance.store import published_rates as rate_store
from finance.store.facilities import Facility
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.parties import Actor

_FEED_OF: Mapping[str, str] = MappingProxyType({"LPR-1Y": "lpr", "LPR-5Y": "lpr"})
"""Under which name the rows of feeds.csv speak of an index."""

_FIXES = "fixings"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCounts:
    """What an answer's rates added: how many were new, revised, said before or refused, and what a person should see."""

    counts: Mapping[str, int]
    notices: tuple[JobRemark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFixing:
    """One fixing of a loan read from a publication: the reset days it counts for and the revision under which it stands."""

    published: PublishedRate
    resets: tuple[date, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFixing:
    """A reset day for which nothing was recorded, and why."""

    reset: date
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixingsFromPublished:
    """What recording a loan's fixings from the published rates came to."""

    index: str
    recorded: tuple[RecordedFixing, ...]
    missing: tuple[MissingFixing, ...]


def record_published_rates(
    session: Session, organisation_id: UUID, rates: Sequence[PublishedRate], *, now: datetime
) -> PublishedCounts:
    """Store what the rates add to what is known, as known at ``now``, oldest first; the same again changes nothing.

    A publisher that changes a day's value adds a revision. A source that only repeats the index (its role is not ``fixings``) never
    changes a value that stands: it is an alert. Off the step or too far away is refused with an alert.
    """
    counts: Counter[str] = Counter()
    notices: list[JobRemark] = []
    standing = list(rate_store.list_rates(session, organisation_id))
    for rate in sorted(rates, key=lambda one: (one.index, one.published_on)):
        rule = publication_rule(session, organisation_id, rate.index, known_at=now, today=now.date())
        same = [one for one in standing if (one.index, one.published_on) == (rate.index, rate.published_on)]
        if same and same[-1].rate == rate.rate:
            counts["duplicate"] += 1
            continue
        refusal = _refusal(rate, same, standing, rule, today=now.date())
        if refusal is not None:
            notices.append(refusal)
            continue
        saved = replace(rate, revision=len(same) + 1, known_at=now)
        rate_store.save_rate(session, organisation_id, saved)
        standing.append(saved)
        counts["revised" if same else "new"] += 1
        notices.extend(_told(saved, same, (*standing, *rates)))
    return PublishedCounts(counts=counts, notices=tuple(notices))


def record_fixings_from_published(
    session: Session,
    facility: Facility,
    index: str,
    reset_days: Sequence[date] | None,
    *,
    actor: Actor,
    now: datetime,
) -> FixingsFromPublished:
    """Record what the loan's tranches read of ``index`` from the rates that the actor's own organisation holds.

    ``reset_days`` must be days on which a drawn tranche reads the index, up to today: others are ``fixing.reset_day``, and one whose
    publication is not stored is ``published_rates.missing``. Without any, every day that is due is taken and those that cannot be read
    are named. A fixing stands under its publication's day, with feed and file hash as its source. The same again changes
    nothing; a corrected publication is a further revision of the fixing, and interest already booked is adjusted as after any late fact.
    """
    _check_read(session, facility, index)
    today = now.date()
    due = _due_readings(session, facility, index, through=today, now=now)
    if reset_days is not None:
        _check_resets(reset_days, [reset for reset, _ in due], index=index)
        due = tuple(one for one in due if one[0] in set(reset_days))
    rule = publication_rule(session, actor.organisation_id, index, known_at=now, today=today)
    rates = rate_store.list_rates(session, actor.organisation_id, indices=(index,))
    missing: list[MissingFixing] = []
    by_day: dict[date, tuple[PublishedRate, list[date]]] = {}
    for reset, read_on in due:
        try:
            found = rate_in_force(rates, read_on, index=index, rule=rule)
        except Conflict as error:
            if reset_days is not None:
                raise
            missing.append(MissingFixing(reset=reset, code=error.code, message=error.message))
            continue
        by_day.setdefault(found.published_on, (found, []))[1].append(reset)
    recorded = [by_day[day] for day in sorted(by_day)]
    revisions = record_fixings(
        session,
        facility,
        index,
        tuple((rate.published_on, rate.rate, rate.source) for rate, _ in recorded),
        actor=actor,
        now=now,
    )
    return FixingsFromPublished(
        index=index,
        recorded=tuple(
            RecordedFixing(published=rate, resets=tuple(resets), revision=revision)
            for (rate, resets), revision in zip(recorded, revisions, strict=True)
        ),
        missing=tuple(missing),
    )


def rate_steps(
    session: Session, organisation_id: UUID, index: str, *, known_at: datetime, now: datetime
) -> tuple[RateStep, ...]:
    """Return the index's publications as known at ``known_at``, each with the last day it is known to hold."""
    if known_at > now:
        raise Invalid("published_rates.known_at", "known_at: expected an instant up to now", field="known_at")
    rule = publication_rule(session, organisation_id, index, known_at=known_at, today=now.date())
    return steps(rate_store.list_rates(session, organisation_id, indices=(index,), known_at=known_at), rule)


def publication_rule(
    session: Session, organisation_id: UUID, index: str, *, known_at: datetime, today: date
) -> PublicationRule:
    """Return how ``index`` is published, by the rows in force ``today`` and the organisation's calendar as known at ``known_at``."""
    if index not in _FEED_OF:
        raise NotFound(
            "published_rates.index", f"index: expected one of {', '.join(sorted(_FEED_OF))}", index=ascii(index)[:40]
        )
    feed, rows = _FEED_OF[index], reference.shipped_feeds()
    step = rows.lookup(f"{feed}.step", on=today)
    market = rows.lookup(f"{feed}.calendar", on=today).word()
    return PublicationRule(
        calendar=calendar_years.load_calendar(session, organisation_id, market, known_at=known_at).calendar,
        day_of_month=int(rows.lookup(f"{feed}.day_of_month", on=today).number()),
        step=Fraction(step.number()),
        max_move=Fraction(rows.lookup(f"{feed}.max_move", on=today).number()),
        effective_from=step.effective_from,
    )


def _refusal(
    rate: PublishedRate,
    same: Sequence[PublishedRate],
    standing: Sequence[PublishedRate],
    rule: PublicationRule,
    *,
    today: date,
) -> JobRemark | None:
    subject = f"{rate.index} {rate.published_on}"
    may_revise = reference.shipped_feeds().lookup(f"{rate.feed}.role", on=today).word() == _FIXES
    if rate.published_on > today + timedelta(days=1):
        return _notice(
            "feed.rate_future", subject, f"{rate.feed}: {subject}: a publication of the future is none; not taken"
        )
    if same and not may_revise:
        sentence = (
            f"{format_rate_percent(rate.rate)} contradicts the {format_rate_percent(same[-1].rate)} of {same[-1].feed}"
        )
        return _notice("feed.rate_differs", subject, f"{rate.feed}: {subject}: {sentence}; it was not taken")
    why = doubt(rate, standing, rule)
    if not why:
        return None
    advice = "it was not taken; check it with the publisher and record the fixing by hand if it is right"
    return _notice("feed.rate_bound", subject, f"{rate.feed}: {subject}: {why}; {advice}")


def _told(saved: PublishedRate, same: Sequence[PublishedRate], known: Sequence[PublishedRate]) -> tuple[JobRemark, ...]:
    """Return the notice of a correction, or of a publication that is the index's newest."""
    subject = f"{saved.index} {saved.published_on}"
    if same:
        sentence = (
            f"{subject} is corrected from {format_rate_percent(same[-1].rate)} to {format_rate_percent(saved.rate)}; "
            "record the fixings of the loans that read it again"
        )
        return (_notice("fixing.revised", subject, sentence),)
    if any(one.index == saved.index and one.published_on > saved.published_on for one in known):
        return ()
    sentence = f"{saved.index} is {format_rate_percent(saved.rate)} from {saved.published_on} on; record it with the loans that use it"
    return (_notice("fixing.published", subject, sentence),)


def _notice(code: str, subject: str, message: str) -> JobRemark:
    return JobRemark(code=code, subject=subject, message=message)


def _check_read(session: Session, facility: Facility, index: str) -> None:
    """Refuse an index that no tranche reads before anything is looked up."""
    terms, _ = facilities.load_terms(session, facility.facility_id)
    named = {each.base_rate.index for each in terms.tranches if not isinstance(each.base_rate, FixedRate)}
    if index not in named:
        expected = f"one of {', '.join(sorted(named))}" if named else "none: every rate is fixed"
        raise Invalid("fixing.index", f"index: expected {expected}", field="index", value=index[:80])


def _check_resets(asked: Sequence[date], due: Sequence[date], *, index: str) -> None:
    """Refuse a day on which no drawn tranche reads the index, naming the last ones that do."""
    unknown = sorted(set(asked) - set(due))
    if not unknown:
        return
    known = ", ".join(day.isoformat() for day in due[-3:]) or "none: nothing is drawn and due"
    raise Invalid(
        "fixing.reset_day",
        f"days: expected days up to today on which a drawn tranche reads {index}; the last ones are {known}",
        field="days",
        value=unknown[0].isoformat(),
    )


def _due_readings(
    session: Session, facility: Facility, index: str, *, through: date, now: datetime
) -> tuple[tuple[date, date], ...]:
    """Return (reset day, day on which the index is read) of every drawn tranche up to ``through``, by day, none twice."""
    loan = known_loan(session, facility.facility_id, known_at=now)
    found: set[tuple[date, date]] = set()
    for drawn in loan.facility.tranches:
        base = loan.facility.terms.tranche(drawn.tranche_id).base_rate
        if isinstance(base, FixedRate) or base.index != index or not loan.drawn.get(drawn.tranche_id):
            continue
        found.update(reading_days(base, drawn.periods, calendar=drawn.calendar, through=through))
    return tuple(sorted(found))
