"""What a feed's job records: the answers it got for a business day, once, with what they add to what is known.

Joins the caller's transaction and commits nothing; asking the source and reading its answers is done before, outside. The work of
a day and its key (job, business day) go into one transaction, so that the loser of a race or a restart finds it done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.notices import NoticeKind
from finance.loans.published_rates import PublishedRate
from finance.market.cbam_price import PublishedPrice
from finance.market.observations import SHA256_HEX, Observation, check_instant, check_pattern, check_text
from finance.operations.cbam_prices import reconcile_published
from finance.operations.held_prices import JOB_ID
from finance.operations.job_alerts import raise_job_alert
from finance.operations.job_remarks import JobRemark
from finance.operations.market import import_observations
from finance.operations.notices import resolve_notice
from finance.operations.published_rates import record_published_rates
from finance.store import feed_runs as run_store
from finance.store import market as market_store
from finance.store import reference
from finance.store.feed_runs import FeedRun, FeedSwitch, JobAlert, RunOutcome
from finance.store.market import RawFile
from finance.store.published_rates import RunningTotal, save_total
from ledger.core.errors import Conflict, DomainError, Forbidden, Invalid
from ledger.core.parties import Actor

_SATURDAY = 5
_NO_NEW_DATE = "feed.no_new_date"
_LONGEST_SUBJECT = 60
_COUNTS = ("new", "duplicate", "revised", "corroborated", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDay:
    """One feed's work for one business day.

    ``circuit_day`` is the day at the source on which it runs. ``late_after`` is the instant from which a missing day is late,
    ``None`` for a source that is never late. ``has_prices`` is false for a source that only probes or confirms: its
    answer is its work.
    """

    feed: str
    host: str
    business_day: date
    circuit_day: date
    late_after: datetime | None
    parser_version: str
    has_prices: bool = True

    @property
    def job(self) -> str:
        """Return the job's name."""
        return f"feed.{self.feed}"

    @property
    def is_make_up_day(self) -> bool:
        """Return whether the day is an open weekend day: the source may publish, and need not."""
        return self.business_day.weekday() >= _SATURDAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The bytes of one answer with what was read from them; nothing when reading failed.

    ``rates`` are index rates it published, ``totals`` the running totals it states, ``published`` official
    certificate prices: their observations count only as far as the own price bears them out.
    """

    raw: RawFile
    url: str
    status: int
    observations: tuple[Observation, ...] = ()
    rates: tuple[PublishedRate, ...] = ()
    totals: tuple[RunningTotal, ...] = ()
    published: tuple[PublishedPrice, ...] = ()
    notices: tuple[JobRemark, ...] = ()
    newest_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why asking or reading ended early; ``is_block`` says that the source refuses us and is left alone for the day.

    ``is_not_published`` says that the day is just not out yet.
    """

    code: str
    message: str
    http_status: int | None = None
    is_block: bool = False
    is_not_published: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The run that counts for the day; ``is_ours`` is false when another had done the work before."""

    run: FeedRun
    is_ours: bool


def switch_feed(
    session: Session,
    organisation_id: UUID,
    feed: str,
    *,
    is_on: bool,
    needs_permission: bool,
    evidence_sha256: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> FeedSwitch:
    """Switch a feed on or off and return the record of it; the same again changes nothing.

    A source that needs permission is switched on only with the hash of the permission (``feed.permission_missing``).
    """
    check_instant(now, field="now")
    check_text(reason, field="reason")
    if evidence_sha256:
        check_pattern(SHA256_HEX, evidence_sha256, field="evidence_sha256", expected="64 hexadecimal digits")
    if is_on and needs_permission and not evidence_sha256:
        raise Forbidden(
            "feed.permission_missing",
            "evidence_sha256: this source is used by permission only; give the SHA-256 of the document that grants it",
            feed=feed,
        )
    market_store.lock_market(session, organisation_id)
    standing = run_store.latest_switches(session, organisation_id).get(feed)
    if standing is not None and (standing.is_on, standing.evidence_sha256, standing.reason) == (
        is_on,
        evidence_sha256,
        reason,
    ):
        return standing
    switch = FeedSwitch(
        feed=feed,
        is_on=is_on,
        evidence_sha256=evidence_sha256,
        reason=reason,
        switched_by=actor.user_id,
        switched_at=now,
    )
    run_store.save_switch(session, organisation_id, switch)
    return switch


def done_run(session: Session, organisation_id: UUID, feed: str, business_day: date) -> FeedRun | None:
    """Return the run that did the day's work, ``None`` while nobody did."""
    effect = run_store.find_effect(session, organisation_id, f"feed.{feed}", business_day)
    if effect is None:
        return None
    run_day = date.fromisoformat(effect["run_day"])
    runs = run_store.list_runs(session, organisation_id, feed, limit=1_000, business_day=run_day)
    return next(run for run in runs if run.attempt == effect["attempt"])


def record_run(
    session: Session,
    organisation_id: UUID,
    day: FeedDay,
    answers: Sequence[Answer],
    failure: Failure | None = None,
    *,
    started_at: datetime,
    now: datetime,
    is_again: bool = False,
    also_due: Iterable[date] = (),
) -> RunResult:
    """Record what a run brought: bytes, observations, alerts, and once the day is in, that its work is done.

    The work of the other days of ``also_due`` is done too where the answers hold them: one call often brings a window.

    When another run had done the day's work, that run is returned and nothing is written; with ``is_again`` (a person asks once
    more, for corrections) the answers are taken in all the same, and the key stays the first run's. Every mark that the
    answers touch is judged as an uploaded one is: what contradicts or breaches is held.
    """
    check_instant(now, field="now")
    if started_at > now:
        raise Invalid("feed.started_at", "started_at: expected an instant up to now")
    market_store.lock_market(session, organisation_id)
    done = done_run(session, organisation_id, day.feed, day.business_day)
    if done is not None and not is_again:
        return RunResult(run=done, is_ours=False)
    counts, failure, found = _take_in(session, organisation_id, day.feed, answers, failure, now=now)
    newest = max(
        (seen for answer in answers for seen in (answer.newest_day, *_days(answer)) if seen is not None), default=None
    )
    outcome = _outcome(day, answers, failure, now=now)
    run = FeedRun(
        feed=day.feed,
        business_day=day.business_day,
        attempt=run_store.next_attempt(session, organisation_id, day.feed, day.business_day),
        host=day.host,
        circuit_day=day.circuit_day,
        started_at=started_at,
        finished_at=now,
        outcome=outcome,
        failure="" if failure is None else failure.code,
        http_status=_status(answers, failure),
        url=answers[-1].url if answers else "",
        parser_version=day.parser_version,
        raw_sha256s=tuple(answer.raw.sha256 for answer in answers),
        counts={name: counts[name] for name in _COUNTS},
        newest_day=newest,
    )
    run_store.save_run(session, organisation_id, run)
    effect = {"attempt": run.attempt, "run_day": day.business_day.isoformat()}
    if outcome in {RunOutcome.DONE, RunOutcome.NO_VALUE} and done is None:
        run_store.save_effect(session, organisation_id, day.job, day.business_day, effect=effect, at=now)
    brought = {seen for answer in answers for seen in _days(answer)}
    for other in sorted(brought & set(also_due) - {day.business_day}):
        if run_store.find_effect(session, organisation_id, day.job, other) is None:
            run_store.save_effect(session, organisation_id, day.job, other, effect=effect, at=now)
    for alert in _alerts(day, run, [*_notices(answers), *found], failure, now=now):
        raise_job_alert(session, organisation_id, alert, lasts=alert.cause == _NO_NEW_DATE)
    if outcome is RunOutcome.DONE:
        late = f"{day.job} {_NO_NEW_DATE}"
        resolve_notice(session, organisation_id, NoticeKind.JOB_FAILED, late, now=now)
    return RunResult(run=run, is_ours=True)


def refuse_open_circuit(session: Session, organisation_id: UUID, day: FeedDay) -> None:
    """Raise ``feed.circuit_open`` when the source refused us on this day: asking on would make it worse."""
    if run_store.is_circuit_open(session, organisation_id, day.host, day.circuit_day):
        raise Conflict(
            "feed.circuit_open",
            f"{day.feed}: {day.host} refused us on {day.circuit_day}; it is left alone until that day is over",
            feed=day.feed,
        )


def note_missing(session: Session, organisation_id: UUID, day: FeedDay, *, why: str, now: datetime) -> bool:
    """Raise the alert of a late day for which nothing was asked; return whether it is new and due."""
    market_store.lock_market(session, organisation_id)
    is_late = day.late_after is not None and now >= day.late_after and not day.is_make_up_day
    if not is_late or done_run(session, organisation_id, day.feed, day.business_day) is not None:
        return False
    return raise_job_alert(session, organisation_id, _no_new_date(day, why=why, now=now), lasts=True)


def _no_new_date(day: FeedDay, *, why: str, now: datetime) -> JobAlert:
    message = f"{day.feed}: no new date by the expected time; {day.business_day} is not there ({why})"
    return JobAlert(
        job=day.job, cause=_NO_NEW_DATE, business_day=day.business_day, message=message[:300], raised_at=now
    )


def _take_in(
    session: Session,
    organisation_id: UUID,
    feed: str,
    answers: Iterable[Answer],
    failure: Failure | None,
    *,
    now: datetime,
) -> tuple[Counter[str], Failure | None, list[JobRemark]]:
    """Keep every answer's bytes and import what was read; an answer that cannot be imported is the run's failure."""
    actor = Actor(user_id=JOB_ID, organisation_id=organisation_id)
    bounds = reference.shipped_instrument_bounds()
    counts: Counter[str] = Counter()
    found: list[JobRemark] = []
    for answer in answers:
        market_store.save_raw_file(session, organisation_id, answer.raw, by=JOB_ID, at=now)
        try:
            borne_out = reconcile_published(session, organisation_id, answer.observations, answer.published, now=now)
            counted = import_observations(
                session, organisation_id, borne_out.observations, answer.raw, bounds, actor=actor, now=now
            )
        except DomainError as error:  # refused before anything of the answer was written
            failure = failure or Failure(code=error.code, message=error.message, http_status=answer.status)
        else:
            counts.update(asdict(counted))
            counts["held"] += borne_out.held
            found.extend(borne_out.notices)
            published = record_published_rates(session, organisation_id, answer.rates, now=now)
            counts.update(published.counts)
            found.extend(published.notices)
            for total in answer.totals:
                save_total(session, organisation_id, feed, total, known_at=now, raw_sha256=answer.raw.sha256)
    return counts, failure, found


def _outcome(day: FeedDay, answers: Sequence[Answer], failure: Failure | None, *, now: datetime) -> RunOutcome:
    if failure is not None and failure.is_block:
        return RunOutcome.BLOCKED
    if failure is not None and not failure.is_not_published:
        return RunOutcome.FAILED
    if any(day.business_day in _days(answer) for answer in answers):
        return RunOutcome.DONE
    newest = [answer.newest_day for answer in answers if answer.newest_day is not None]
    if answers and not day.has_prices and (not newest or max(newest) >= day.business_day):
        return RunOutcome.DONE
    # On a make-up day nothing need come; the work is done once the hour at which it would be late has passed.
    if day.is_make_up_day and day.late_after is not None and now >= day.late_after:
        return RunOutcome.NO_VALUE
    return RunOutcome.NOT_PUBLISHED


def _status(answers: Sequence[Answer], failure: Failure | None) -> int | None:
    if failure is not None:
        return failure.http_status
    return answers[-1].status if answers else None


def _days(answer: Answer) -> frozenset[date]:
    return frozenset(
        (
            *(seen.trade_date for seen in answer.observations),
            *(rate.published_on for rate in answer.rates),
            *(total.day for total in answer.totals),
        )
    )


def _notices(answers: Iterable[Answer]) -> list[JobRemark]:
    return [notice for answer in answers for notice in answer.notices]


def _alerts(
    day: FeedDay, run: FeedRun, notices: Iterable[JobRemark], failure: Failure | None, *, now: datetime
) -> tuple[JobAlert, ...]:
    """Return what a person should look at; each cause is one alert a day, however many runs see it."""
    base = JobAlert(job=day.job, cause="", business_day=day.business_day, message="", raised_at=now)
    found = [
        replace(base, cause=f"{notice.code} {notice.subject[:_LONGEST_SUBJECT]}".strip(), message=notice.message[:300])
        for notice in notices
    ]
    if run.outcome is RunOutcome.BLOCKED and failure is not None:
        message = f"{day.host} refuses us ({failure.code}); nothing more is asked of it today: {failure.message}"
        # Several feeds may ask one host: its refusal is one alert.
        blocked = replace(base, job=f"host.{day.host}", cause="feed.blocked", business_day=day.circuit_day)
        found.append(replace(blocked, message=message[:300]))
    is_late = day.late_after is not None and now >= day.late_after
    if is_late and not day.is_make_up_day and run.outcome is not RunOutcome.DONE:
        found.append(_no_new_date(day, why=run.outcome.value, now=now))
    return tuple(found)
