"""Every deadline a person has as one calendar: duties under loans and the compliance years of books, each with reminders.

An event keeps the name that it has in the calendars of its kind, so that a program which reads both shows it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from finance.compliance.deadline_calendar import CalendarStep
from finance.loans.ics import calendar_text
from finance.operations.compliance_calendar import step_events
from finance.operations.duty_calendar import duty_events
from finance.operations.loan_duties import LoanDuties

FEED_NAME = "Tonne: deadlines 期限"
ALARM_DAYS = (14, 3, 0)
"""A reminder two weeks, three days before, and on the day; a person's own calendar program may change them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSteps:
    """The steps of a book's compliance years."""

    book_uuid: UUID
    steps: tuple[CalendarStep, ...]


def deadline_feed(
    loans: Iterable[LoanDuties], books: Sequence[BookSteps], *, since: date, until: date, now: datetime
) -> str:
    """Return one RFC 5545 calendar of what falls in [``since``, ``until``), by day and name, stamped with ``now``."""
    events = [event for each in loans for event in duty_events(each, since=since, until=until)]
    for book in books:
        shown = tuple(step for step in book.steps if since <= step.due_on < until)
        events += step_events(shown, book_uuid=book.book_uuid)
    ordered = sorted(
        (replace(event, alarm_days=ALARM_DAYS) for event in events), key=lambda event: (f"{event.at}", event.uid)
    )
    return calendar_text(ordered, stamp=now.replace(microsecond=0), name=FEED_NAME)
