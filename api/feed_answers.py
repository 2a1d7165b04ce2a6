"""What the answers of a round say, as the jobs record it: prices, rates, totals, notices, and the failure that matters.

Each answer is read by what the ones before it said. Asks nothing and opens no transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from finance.conventions.calendars import BusinessCalendar, previous_open_day
from finance.feeds.feed import Feed, FeedState
from finance.feeds.parsed import ParsedFeed
from finance.feeds.rounds import FetchRound
from finance.loans.published_rates import PublishedRate
from finance.operations.feed_jobs import Answer, Failure
from finance.operations.job_remarks import JobRemark
from finance.store.market import RawFile
from finance.store.published_rates import RunningTotal
from ledger.core.errors import DomainError

_LONGEST_NAME = 200


def read_round(
    feed: Feed,
    asked: FetchRound,
    state: FeedState,
    calendar: BusinessCalendar | None,
    *,
    circuit_day: date,
    now: datetime,
) -> tuple[tuple[Answer, ...], Failure | None]:
    """Return every answer with what it says, and the first failure that matters: a block before others, "not out yet" last."""
    failures = [
        Failure(
            code=failed.error.code,
            message=failed.error.message,
            http_status=_status(failed.error),
            is_block=asked.circuit.is_open(circuit_day) and failed is asked.failures[-1],
            is_not_published=feed.is_not_published(failed.error),
        )
        for failed in asked.failures
    ]
    answers = []
    for fetched in asked.answers:
        name = f"{feed.id} {fetched.label}".strip()[:_LONGEST_NAME]
        raw = RawFile(file_name=name if name.isprintable() else feed.id, content=fetched.content)
        try:
            parsed = feed.parse(fetched, now, state)
            state = _carried(state, parsed, calendar)
        except DomainError as error:
            is_early = feed.is_not_published(error)
            failures.append(
                Failure(code=error.code, message=error.message, http_status=fetched.status, is_not_published=is_early)
            )
            parsed = ParsedFeed()
        answers.append(
            Answer(
                raw=raw,
                url=fetched.url,
                status=fetched.status,
                observations=parsed.observations,
                rates=_rates(parsed),
                published=parsed.published,
                totals=tuple(
                    RunningTotal(name=one.name, day=one.day, total=one.value, grew_by=one.grew_by)
                    for one in parsed.checks
                ),
                notices=_notices(parsed, calendar),
                newest_day=parsed.newest_day,
            )
        )
    failures.sort(key=lambda failure: (not failure.is_block, failure.is_not_published))
    return tuple(answers), failures[0] if failures else None


def _carried(state: FeedState, parsed: ParsedFeed, calendar: BusinessCalendar | None) -> FeedState:
    """Return what is known once this answer is read: the next day's answer of the same round follows it, not what is stored."""
    closes, checks = dict(state.closes), dict(state.checks)
    for seen in parsed.observations:
        if seen.value is not None and seen.trade_date >= closes.get(seen.instrument, (seen.trade_date, seen.value))[0]:
            closes[seen.instrument] = (seen.trade_date, seen.value)
    for total in parsed.checks:
        if total.name not in checks or checks[total.name].day <= total.day:
            checks[total.name] = total
    brought = {seen.trade_date for seen in parsed.observations}
    after_gap = frozenset(
        day for day in state.after_gap if calendar is None or previous_open_day(calendar, day) not in brought
    )
    return replace(state, closes=closes, checks=checks, after_gap=after_gap)


def _rates(parsed: ParsedFeed) -> tuple[PublishedRate, ...]:
    return tuple(
        PublishedRate(
            index=one.index,
            published_on=one.published_on,
            revision=1,
            rate=one.rate,
            feed=one.source,
            known_at=one.known_at,
            raw_sha256=one.raw_sha256,
        )
        for one in parsed.index_rates
    )


def _notices(parsed: ParsedFeed, calendar: BusinessCalendar | None) -> tuple[JobRemark, ...]:
    """Return what a person should see: the reader's alerts, and days on which our calendar differs."""
    found = [JobRemark(code=alert.code, subject=alert.subject, message=alert.message) for alert in parsed.alerts]
    if calendar is not None:
        found += [
            JobRemark(
                code="calendar.differs",
                subject=f"{calendar.market} {day}",
                message=f"the source was closed on {day}, our {calendar.market} calendar has a session; import a correction",
            )
            for day in parsed.closed_days
            if calendar.knows(day) and calendar.is_open(day)
        ]
    return tuple(found)


def _status(error: DomainError) -> int | None:
    text = error.data.get("status", "")
    return int(text) if text.isascii() and text.isdigit() else None
