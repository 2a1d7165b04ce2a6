"""One calendar of every deadline a person has, for any calendar program to subscribe to."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.routes.determinations import business_day
from api.routes.obligations import CalendarFrom, CalendarTo, all_duties, calendar_window
from api.schemas.base import Choice
from finance.compliance.deadline_calendar import Sector, deadline_years
from finance.operations.compliance_calendar import steps_of
from finance.operations.deadline_feed import BookSteps, deadline_feed
from finance.operations.evidence import BOOK_CODE
from finance.store.reference import shipped_deadlines
from ledger.store import books

routes = Routes(tag="obligations")

_CALENDAR = "text/calendar; charset=utf-8"
_DAYS_AHEAD = 30


@routes.get("/deadlines.ics", policy=asks(), answers=(_CALENDAR,))
def read_deadline_feed(
    call: ThisCall,
    since: CalendarFrom = None,
    until: CalendarTo = None,
    sector: Annotated[Choice[Sector], Query(description="Of the books.", examples=["aluminium"])] = Sector.ALUMINIUM,
) -> Response:
    """Return duties under loans and, for who may read them, the steps of each book's compliance years in [from, to)."""
    first, last = calendar_window(call, since, until)
    text = deadline_feed(all_duties(call), _books(call, sector), since=first, until=last, now=call.now)
    shown = {"Content-Disposition": 'attachment; filename="deadlines.ics"'}
    return Response(text.encode(), media_type=_CALENDAR, headers=shown)


def _books(call: Call, sector: Sector) -> tuple[BookSteps, ...]:
    """Return the steps of every year on file for each book of the caller; evidence books have no obligation."""
    if Scope.LEDGER_READ not in call.principal.scopes:
        return ()
    return tuple(
        BookSteps(
            book_uuid=book.book_uuid,
            steps=tuple(
                step
                for year in deadline_years(shipped_deadlines())
                for step in steps_of(
                    call.session,
                    book.book_id,
                    year=year,
                    sector=sector,
                    on=business_day(call.now),
                    days_ahead=_DAYS_AHEAD,
                    known_at=call.now,
                )
            ),
        )
        for book in books.list_books(call.session, call.principal.organisation_id)
        if book.code != BOOK_CODE
    )
