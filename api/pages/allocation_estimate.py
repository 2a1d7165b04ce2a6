"""What an entity's processes and captive units would be allocated and owe under a year's rules: a question that stores nothing.

Shows what the route answers; the facts of a year that count are proposed on the page of its allocation.
"""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.asking import AskText, inquire
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.allocations import compute_entity
from api.schemas.allocations import EntityIn
from api.store.access import OrganisationKind
from finance.compliance.allocation import ProcessState
from finance.compliance.power_allocation import UnitClass

routes = Pages(area="compliance_costs")

CASE_WORDS = {
    "intensity_coefficient": mark("by the coefficient of its intensity"),
    "equals_verified": mark("what was verified"),
    "new_in_year": mark("new in the year: what was verified"),
    "closed_before_determination": mark("closed before the determination"),
    "below_threshold": mark("small emitter: what was verified"),
    "benchmark": mark("by the benchmark"),
    "gas_floor": mark("gas: topped up to what is owed"),
}
"""Which rule decided a part, in words; a case that is not named here is shown by its code."""


@routes.get(
    "/allocation-estimate",
    policy=asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,)),
    nav=Nav(label=mark("Allocation estimate"), group=Group.COMPLIANCE, order=6, icon="scales"),
)
def show_allocation_estimate(page: ThisPage, ask: AskText = None) -> Response:
    """Show what processes and units would be allocated, what they owe, and the gap, each with its reasons."""
    return page.show(
        "compliance_costs/allocation_estimate.html",
        asked=inquire(EntityIn, ask, lambda body: page.use(compute_entity, body=body)),
        process_states=tuple(ProcessState),
        unit_classes=tuple(UnitClass),
        cases=CASE_WORDS,
    )
