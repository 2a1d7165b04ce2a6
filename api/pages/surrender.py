"""The surrender of a year: the cheapest plan with its proof, proposed for a second person; and what may be carried over.

Owns which answers stand on these pages. The plan itself is the API's.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.pages.compliance import YearOf, years
from api.routes.books import read_book
from api.routes.instruments import list_instruments
from api.routes.market import list_snapshots
from api.routes.surrender_plans import (
    preview_surrender_plan,
    propose_carry_over,
    propose_surrender_plan,
    read_carry_over,
)
from api.schemas.amounts import WholeNumber
from api.schemas.fields import DateString, UuidString
from api.store.access import OrganisationKind
from finance.compliance.plan_lots import CostBasis

_READS = asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,))
_MOST_SNAPSHOTS = 20

routes = Pages(area="compliance")


@routes.get(
    "/books/{book_id}/surrender-plan",
    policy=_READS,
    nav=Nav(label=mark("Surrender plan"), group=Group.COMPLIANCE, order=10, icon="check"),
)
def show_surrender_plan(
    book_id: UuidString,
    page: ThisPage,
    year: YearOf = None,
    surrender_on: DateString | None = None,
    basis: Annotated[str, Query(max_length=20)] = CostBasis.BOOK.value,
    snapshot_id: UuidString | None = None,
    due_t: WholeNumber | None = None,
) -> Response:
    """Show the cheapest surrender of the year and the way to propose it."""
    page.use(read_book, book_id=book_id)
    of, on = page.today.year - 1 if year is None else year, surrender_on or page.today
    asked = {
        "year": of,
        "surrender_on": on.isoformat(),
        "basis": basis,
        **({} if snapshot_id is None else {"snapshot_id": str(snapshot_id)}),
        **({} if due_t is None else {"due_t": due_t}),
    }
    return page.show(
        "compliance/plan.html",
        year=of,
        years=years(page),
        surrender_on=on,
        basis=basis,
        due_t=due_t,
        snapshot_id=snapshot_id,
        snapshots=page.use(list_snapshots, until=on, limit=_MOST_SNAPSHOTS).snapshots,
        plan=page.attempt(
            preview_surrender_plan,
            book_id=book_id,
            year=of,
            surrender_on=on,
            basis=basis,
            snapshot_id=snapshot_id,
            due_t=due_t,
        ),
        query=urlencode(asked),
        proposal={"proposal_id": str(page.call.new_id()), **asked},
        may_propose=page.may(propose_surrender_plan),
    )


@routes.get(
    "/books/{book_id}/carry-over",
    policy=_READS,
    nav=Nav(label=mark("Carry-over"), group=Group.COMPLIANCE, order=25, icon="trade"),
)
def show_carry_over(
    book_id: UuidString,
    page: ThisPage,
    year: YearOf = None,
    declared_settled: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show what of older vintages may be carried over, and the way to request it."""
    of = page.today.year - 1 if year is None else year
    found = page.use(list_instruments, book_id=book_id)
    return page.show(
        "compliance/carry_over.html",
        year=of,
        years=years(page),
        declared_settled=declared_settled,
        instruments=tuple(each.code for each in found.instruments if each.vintage_year == of),
        carried=page.attempt(read_carry_over, book_id=book_id, into_year=of, declared_settled=declared_settled),
        proposal={
            "proposal_id": str(page.call.new_id()),
            "into_year": of,
            "declared_settled": [int(each) for each in declared_settled.split(",") if each.isdecimal()],
        },
        may_propose=page.may(propose_carry_over),
    )
