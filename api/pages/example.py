"""The operator's page of the example: load it, watch it being loaded, let its people sign in, and take it out again."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.pages.people import KIND_WORDS
from api.routes.example import read_example
from api.store.access import OrganisationKind

routes = Pages(area="example")

STEP_WORDS = {
    "organisations": mark("Organisations and people"),
    "activity": mark("Activity of two years"),
    "book": mark("Book and trades"),
    "prices_proposed": mark("Prices uploaded"),
    "prices_approved": mark("Prices approved"),
    "snapshot": mark("Marks frozen"),
    "facility": mark("Loan agreed"),
    "baseline_attested": mark("Baseline year attested"),
    "test_attested": mark("Test year attested"),
    "decision": mark("Rate decided"),
    "loan_entries": mark("Loan booked"),
}
"""What each step of the loading does; every step has its words."""

TIE_WORDS = {
    "person": mark("a person was added"),
    "loan": mark("a loan with another organisation"),
    "mandate": mark("a mandate with another organisation"),
}
"""What can be tied to the example, in words."""


@routes.get(
    "/example",
    policy=asks(Scope.OPERATE, kinds=(OrganisationKind.OPERATOR,)),
    nav=Nav(label=mark("Example"), group=Group.ADMINISTRATION, order=15, icon="book"),
)
def show_example(page: ThisPage) -> Response:
    """Show how the example stands and what can be done with it."""
    return page.show(
        "example/example.html",
        found=page.use(read_example),
        steps=STEP_WORDS,
        ties=TIE_WORDS,
        kinds={kind.value: words for kind, words in KIND_WORDS.items()},
    )
