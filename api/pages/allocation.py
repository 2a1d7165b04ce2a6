"""A year's allocation in a book: where it stands, and every fact of its life cycle, proposed for a second person.

Owns which answers and forms stand on the page.
"""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import PagePoint, ThisPage
from api.pages.compliance import YearOf, years
from api.routes.allocations import propose_preallocation, read_allocation
from api.routes.compliance_proposals import list_compliance_proposals, read_deadlines
from api.routes.instruments import list_instruments
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind
from finance.compliance.allocation import ProcessState
from finance.compliance.deadline_calendar import Sector
from finance.compliance.power_allocation import UnitClass

_READS = asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,))
_NOTICES = frozenset({"verification", "determination"})

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
    steps = page.attempt(read_deadlines, book_id=book_id, year=of, as_of=asked.as_of).answer
    return page.show(
        "compliance/allocation.html",
        state=state,
        year=of,
        years=years(page),
        proposals=proposals,
        names=page.names(),
        against=tuple(each for each in proposals if each.kind in _NOTICES and each.state == "approved"),
        steps=() if steps is None else tuple(each for each in steps.steps if each.done_on is None),
        instruments=tuple(
            each.code for each in page.use(list_instruments, book_id=book_id).instruments if each.vintage_year == of
        ),
        sectors=tuple(Sector),
        process_states=tuple(ProcessState),
        unit_classes=tuple(UnitClass),
        new_id=lambda: str(page.call.new_id()),
        may_propose=page.may(propose_preallocation),
    )
