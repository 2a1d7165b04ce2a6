"""The first page after sign-in: by kind of organisation, what is held and worth, what is due, the loans and what waits."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from api.auth.policy import KNOWN, asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.pages.base.using import Part
from api.routes.bank_desk import read_portfolio, read_queue
from api.routes.books import read_book
from api.routes.compliance_proposals import read_deadlines
from api.routes.emissions import asked_activity, asked_recipe, list_methodologies
from api.routes.engagements import list_engagements
from api.routes.example import read_example
from api.routes.facilities import list_facilities, read_rate
from api.routes.forecasts import asked_forecast, read_period_forecast
from api.routes.inbox import read_inbox
from api.routes.instruments import list_instruments
from api.routes.kpi_periods import list_kpi_periods
from api.routes.market import list_snapshots
from api.routes.obligations import list_obligations
from api.routes.operating import list_organisations
from api.routes.outlook import asked_rest, read_outlook
from api.routes.reports import read_positions
from api.routes.valuations import read_valuation
from api.schemas.bank_desk import ObligationOut, ObligationsOut
from api.schemas.books import BookOut
from api.schemas.compliance_steps import CalendarStepOut
from api.schemas.facilities import FacilityLineOut, RateOut
from api.schemas.fields import UuidString
from api.schemas.forecasts import ForecastOut
from api.schemas.kpi import KpiPeriodLineOut, Purpose
from api.schemas.market import SnapshotLineOut
from api.schemas.outlook import OutlookOut
from api.schemas.points import Asked
from api.schemas.worth import ValuationOut
from api.store.access import OrganisationKind
from api.store.example_life import ExampleState
from finance.accounting.chart import HOLDING
from finance.accounting.instruments import InstrumentKind
from finance.kpi.periods import KpiPeriodState
from finance.loans.obligations import Duty, DutyState

routes = Pages(area="overview")

_ETS = "ets_direct"
_MOST_LOANS = 10
_DECISIONS = frozenset((Duty.DECISION, Duty.REDETERMINATION))
_OPEN_DUTIES = frozenset((DutyState.DUE, DutyState.LATE))
_DECIDED = frozenset(
    each.value
    for each in (KpiPeriodState.DETERMINED, KpiPeriodState.EFFECTIVE, KpiPeriodState.CLOSED, KpiPeriodState.WAIVED)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanLine:
    """A loan as its borrower looks at it each morning: its rate, who decides next and when, and how the open test years stand."""

    facility: FacilityLineOut
    rate: Part[RateOut]
    next_decision: ObligationOut | None
    test_years: tuple[tuple[KpiPeriodLineOut, Part[ForecastOut]], ...]


@routes.get("/", policy=KNOWN, nav=Nav(label=mark("Overview"), group=Group.DESK, order=0, icon="home"))
def show_overview(page: ThisPage) -> Response:
    """Show the desk of the reader's organisation."""
    if not page.call.principal.roles:
        return page.show("overview/no_role.html")
    match page.call.principal.organisation_kind:
        case OrganisationKind.LENDER:
            return page.show(
                "overview/bank.html", portfolio=page.attempt(read_portfolio), queue=page.attempt(read_queue)
            )
        case OrganisationKind.ASSESSOR:
            return page.show("overview/assessor.html", engagements=page.use(list_engagements).engagements)
        case OrganisationKind.BORROWER:
            book = next(iter(page.books()), None)
            return page.show("overview/no_book.html") if book is None else _treasury(page, book)
        case _:
            return page.show("overview/other.html", is_fresh=_is_fresh(page))


@routes.get("/books/{book_id}", policy=asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,)))
def show_book(book_id: UuidString, page: ThisPage) -> Response:
    """Show the overview of one of several books."""
    return _treasury(page, page.use(read_book, book_id=book_id))


def _is_fresh(page: Page) -> bool:
    """Return whether the reader is the operator of an installation without any organisation but its own, and the example can be loaded."""
    if not page.may(read_example):
        return False
    found = page.use(read_example)
    is_absent = found.is_available and found.state == ExampleState.ABSENT
    return is_absent and len(page.use(list_organisations).organisations) == 1


def _treasury(page: Page, book: BookOut) -> Response:
    asked = Asked(as_of=page.today, known=None, at=None)
    facilities = page.attempt(list_facilities)
    lines = () if facilities.answer is None else facilities.answer.facilities[:_MOST_LOANS]
    obligations = page.attempt(list_obligations)
    newest = next(iter(page.use(list_snapshots, until=page.today, limit=1).snapshots), None)
    return page.show(
        "overview/treasury.html",
        positions=page.attempt(read_positions, book_id=book.book_id, asked=asked, under=HOLDING),
        worth=None if newest is None else _worth(page, book, newest),
        outlook=_outlook(page, book, asked, newest),
        steps=_steps(page, book),
        waiting=page.use(read_inbox).waiting,
        obligations=obligations,
        facilities=facilities,
        loans=tuple(_loan(page, line, obligations.answer) for line in lines),
    )


def _worth(page: Page, book: BookOut, newest: SnapshotLineOut) -> Part[ValuationOut]:
    """Return the book's worth by a frozen snapshot, of that snapshot's day."""
    asked = Asked(as_of=newest.as_of, known=None, at=None)
    return page.attempt(read_valuation, book_id=book.book_id, asked=asked, snapshot_id=newest.snapshot_id)


def _outlook(page: Page, book: BookOut, asked: Asked, newest: SnapshotLineOut | None) -> Part[OutlookOut] | None:
    """Return the gap of the year that is surrendered this year: last calendar year's, by the rules of the trading scheme.

    Its cost is at the year's own allowance, where marks of this very day are frozen.
    """
    if not page.may(read_outlook):
        return None
    ets = next((each for each in page.use(list_methodologies).methodologies if each.measure == _ETS), None)
    if ets is None:
        return None
    year = page.today.year - 1
    priced: dict[str, object] = {}
    if newest is not None and newest.as_of == asked.as_of:
        kept = page.use(list_instruments, book_id=book.book_id).instruments
        own = next((each for each in kept if each.kind == InstrumentKind.CEA and each.vintage_year == year), None)
        if own is not None:
            priced = {"snapshot_id": newest.snapshot_id, "mark_instrument": own.price_instrument}
    return page.attempt(
        read_outlook,
        book_id=book.book_id,
        point=asked,
        activity=asked_activity(year=year),
        recipe=asked_recipe(methodology=ets.methodology_id),
        rest=asked_rest(),
        **priced,
    )


def _steps(page: Page, book: BookOut) -> tuple[CalendarStepOut, ...]:
    """Return what is not done of the calendars of last year and this one, by day; a year without rules on file has none."""
    years = (page.today.year - 1, page.today.year)
    found = [page.attempt(read_deadlines, book_id=book.book_id, year=year, as_of=page.today).answer for year in years]
    steps = [step for each in found if each is not None for step in each.steps if step.done_on is None]
    return tuple(sorted(steps, key=lambda step: step.due_on))


def _loan(page: Page, line: FacilityLineOut, obligations: ObligationsOut | None) -> LoanLine:
    known = () if obligations is None else obligations.facilities
    duties = (duty for each in known if each.facility_id == line.id for duty in each.obligations)
    decisions = [each for each in duties if each.duty in _DECISIONS and each.state in _OPEN_DUTIES]
    return LoanLine(
        facility=line,
        rate=page.attempt(read_rate, facility_id=line.id, on=page.today),
        next_decision=min(decisions, key=lambda duty: duty.due_on, default=None),
        test_years=_test_years(page, line),
    )


def _test_years(page: Page, line: FacilityLineOut) -> tuple[tuple[KpiPeriodLineOut, Part[ForecastOut]], ...]:
    """Return the test years of a loan that nobody has decided, of each KPI the first, with what is to be expected of them."""
    periods = page.attempt(list_kpi_periods, facility_id=line.id).answer
    found: dict[str, KpiPeriodLineOut] = {}
    for each in sorted(() if periods is None else periods.kpi_periods, key=lambda period: period.period_start):
        if each.purpose == Purpose.TEST and each.state not in _DECIDED:
            found.setdefault(each.kpi_id, each)
    return tuple(
        (each, page.attempt(read_period_forecast, kpi_period_id=each.id, assumed=asked_forecast()))
        for each in found.values()
    )
