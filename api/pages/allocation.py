"""A year's allocation in a book: where it stands, and every fact of its life cycle, proposed for a second person.

Owns which answers and forms stand on the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, PagePoint, ThisPage
from api.pages.compliance import YearOf, years
from api.routes.allocations import propose_preallocation, read_allocation
from api.routes.compliance_proposals import list_compliance_proposals, read_deadlines
from api.routes.instruments import list_instruments
from api.schemas.compliance_steps import CalendarStepOut
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind
from finance.compliance.allocation import ProcessState
from finance.compliance.deadline_calendar import Sector
from finance.compliance.power_allocation import UnitClass

_READS = asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,))
_NOTICES = frozenset({"preallocation", "verification", "determination"})

routes = Pages(area="compliance")


@routes.get(
    "/books/{book_id}/allocation",
    policy=_READS,
    nav=Nav(label=mark("Allocation"), group=Group.COMPLIANCE, order=5, icon="file"),
)
def show_allocation(book_id: UuidString, page: ThisPage, asked: PagePoint, year: YearOf = None) -> Response:
    """Show the year's allocation and the forms of its facts."""
    of = page.today.year - 1 if year is None else year
    state = page.use(read_allocation, book_id=book_id, year=of, asked=asked)
    proposals = page.use(list_compliance_proposals, book_id=book_id, year=of).proposals
    steps = tuple(_calendar(page, book_id, of, asked.as_of))
    return page.show(
        "compliance/allocation.html",
        state=state,
        year=of,
        years=years(page),
        proposals=proposals,
        names=page.names(),
        against=tuple(each for each in proposals if each.kind in _NOTICES and each.state == "approved"),
        calendar=steps,
        steps=tuple(each for each in steps if each.done_on is None and not each.is_by_fact),
        waiting={each.kind: each.proposal_id for each in proposals if each.state == "proposed"},
        instruments=tuple(
            each.code for each in page.use(list_instruments, book_id=book_id).instruments if each.vintage_year == of
        ),
        sectors=tuple(Sector),
        process_states=tuple(ProcessState),
        unit_classes=tuple(UnitClass),
        new_id=lambda: str(page.call.new_id()),
        actions=state.next_actions if page.may(propose_preallocation) else (),
    )


def _calendar(page: Page, book_id: UuidString, year: int, on: date) -> Iterator[CalendarStepOut]:
    """Yield the steps of the year's procedure in both sectors by day, each once; none where the year has no calendar."""
    seen: dict[tuple[str, str | None], CalendarStepOut] = {}
    for sector in Sector:
        found = page.attempt(read_deadlines, book_id=book_id, year=year, as_of=on, sector=sector.value).answer
        for step in () if found is None else found.steps:
            seen.setdefault((step.step, step.sector), step)
    yield from sorted(seen.values(), key=lambda each: each.due_on)
