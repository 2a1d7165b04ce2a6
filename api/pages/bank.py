"""A bank's desk: its portfolio, what awaits a decision, and the calendar of what is due under its loans."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.bank_desk import read_portfolio, read_queue
from api.routes.carbon_contracts import list_lent_contracts
from api.routes.obligations import list_obligations
from api.schemas.fields import DateString, PageCursor, UuidString
from api.store.access import OrganisationKind

routes = Pages(area="bank")

_BANK = asks(kinds=(OrganisationKind.LENDER,))
_MANDATED = asks(kinds=(OrganisationKind.LENDER, OrganisationKind.ASSESSOR))


@routes.get("/bank/portfolio", policy=_BANK, nav=Nav(label=mark("Portfolio"), group=Group.LOANS, order=10, icon="loan"))
def show_portfolio(
    page: ThisPage,
    as_of: Annotated[DateString | None, Query(description="A day; today in Shanghai when absent.")] = None,
    after: PageCursor | None = None,
) -> Response:
    """Show each loan of the lender: label, KPI against its target, exposure, and what the next decision is worth."""
    portfolio = page.use(read_portfolio, as_of=as_of, after=after)
    return page.show("bank/portfolio.html", portfolio=portfolio, after=after)


@routes.get("/bank/queue", policy=_BANK, nav=Nav(label=mark("Queue"), group=Group.LOANS, order=20, icon="inbox"))
def show_queue(page: ThisPage, after: PageCursor | None = None) -> Response:
    """Show what awaits somebody under each facility, with the next action in words and the page to take it on."""
    return page.show("bank/queue.html", queue=page.use(read_queue, after=after), after=after)


@routes.get(
    "/bank/carbon-contracts",
    policy=asks(Scope.LEDGER_READ, kinds=(OrganisationKind.LENDER,)),
    nav=Nav(label=mark("Pledge loans on carbon"), group=Group.LOANS, order=15, icon="link"),
)
def show_lent_contracts(page: ThisPage, after: UuidString | None = None) -> Response:
    """Show the pledge loans on which the bank lends: what is pledged, what is owed, and what is due next."""
    found = page.use(list_lent_contracts, after=after)
    return page.show("bank/carbon_contracts.html", found=found, after=after)


@routes.get(
    "/obligations",
    policy=_MANDATED,
    nav=Nav(label=mark("Obligations calendar"), group=Group.LOANS, order=30, icon="calendar"),
)
def show_obligations(
    page: ThisPage,
    since: Annotated[DateString | None, Query(alias="from", description="First day.")] = None,
    until: Annotated[DateString | None, Query(alias="to", description="The day after the last.")] = None,
    after: PageCursor | None = None,
) -> Response:
    """Show the duties in [from, to): what, who, by when, and whether it was done; with the calendar to subscribe to."""
    asked = {name: day.isoformat() for name, day in (("from", since), ("to", until)) if day is not None}
    return page.show(
        "bank/obligations.html",
        duties=page.use(list_obligations, since=since, until=until, after=after),
        window="&".join(f"{name}={day}" for name, day in asked.items()),
        asked=asked,
        after=after,
    )
