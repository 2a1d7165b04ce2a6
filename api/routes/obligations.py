"""What is due and when under the caller's loans: as JSON page by page, and as one calendar to subscribe to.

An assessor sees the dates of its engagements and nothing that is priced.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query, Response

from api.auth.policy import Routes, asks
from api.deps import Call, ThisCall
from api.routes.determinations import business_day
from api.schemas.bank_desk import FacilityDutiesOut, ObligationsOut
from api.schemas.cursors import read_cursor, read_id, write_cursor
from api.schemas.fields import DateString, PageCursor
from finance.operations.duty_calendar import SEEING, duties_for, duty_calendar, page_duties
from finance.operations.loan_duties import LoanDuties
from finance.store import reviews
from ledger.core.errors import Invalid

MOST_DAYS = 1_100
_DAYS_BACK, _DAYS_AHEAD = 31, 400
_PAGE, _CALENDAR_PAGE = 20, 500
_LIST = "obligations"

CalendarFrom = Annotated[DateString | None, Query(alias="from", description="First day; a month ago when absent.")]
CalendarTo = Annotated[
    DateString | None, Query(alias="to", description="The day after the last; 400 days ahead when absent.")
]

routes = Routes(tag="obligations")


@routes.get("/obligations", policy=asks())
def list_obligations(
    call: ThisCall,
    since: CalendarFrom = None,
    until: CalendarTo = None,
    after: PageCursor | None = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Facilities on a page.")] = _PAGE,
) -> ObligationsOut:
    """Return the duties whose day lies in [from, to), facility by facility: what, who, by when, and whether it was done."""
    first, last = calendar_window(call, since, until)
    begins = None if after is None else read_id(read_cursor(after, count=1, belongs=_LIST)[0])
    found = page_duties(call.session, call.principal.organisation_id, after=begins, limit=limit, now=call.now)
    following = write_cursor((found[-1].facility.facility_id,), belongs=_LIST) if len(found) == limit else None
    return ObligationsOut(
        facilities=tuple(FacilityDutiesOut.from_core(each, since=first, until=last) for each in found),
        next_cursor=following,
    )


@routes.get("/obligations.ics", policy=asks(), answers=("text/calendar",))
def read_calendar(call: ThisCall, since: CalendarFrom = None, until: CalendarTo = None) -> Response:
    """Return the duties whose day lies in [from, to) as one calendar (RFC 5545); more than 500 facilities are refused."""
    first, last = calendar_window(call, since, until)
    text = duty_calendar(all_duties(call), since=first, until=last, now=call.now)
    return Response(
        text.encode(),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="obligations.ics"'},
    )


def all_duties(call: Call) -> tuple[LoanDuties, ...]:
    """Return the duties of every facility that the caller sees; more than 500 facilities are ``obligations.facilities``."""
    organisation_id = call.principal.organisation_id
    all_of_them = reviews.page_facilities(
        call.session, organisation_id, roles=SEEING, after=None, limit=_CALENDAR_PAGE + 1
    )
    if len(all_of_them) > _CALENDAR_PAGE:
        raise Invalid(
            "obligations.facilities",
            f"facilities: expected at most {_CALENDAR_PAGE} in one calendar; page the JSON list",
        )
    return tuple(duties_for(call.session, each, organisation_id, now=call.now) for each in all_of_them)


def calendar_window(call: Call, since: date | None, until: date | None) -> tuple[date, date]:
    """Return [from, to): a month back and 400 days ahead where not said; more than 1,100 days are refused."""
    today = business_day(call.now)
    first = since or min(today, until or today) - timedelta(days=_DAYS_BACK)
    last = until or max(today, first) + timedelta(days=_DAYS_AHEAD)
    if not timedelta(0) < last - first <= timedelta(days=MOST_DAYS):
        raise Invalid("obligations.window", f"to: expected 1 to {MOST_DAYS} days after from", field="to")
    return first, last
