"""A new general entry of a book: rows of account and amount, its days, its paper and the words that its voucher bears.

Shows which accounts take entries; whether an entry adds up and what its accounts allow is the ledger's decision.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import PagePoint, ThisPage
from api.routes.accounts import list_commodities
from api.routes.reports import list_accounts
from api.schemas.fields import UuidString

routes = Pages(area="entries")

MOST_ROWS = 200


@routes.get(
    "/books/{book_id}/new-entry",
    policy=asks(Scope.LEDGER_READ, Scope.LEDGER_WRITE),
    nav=Nav(label=mark("New entry"), group=Group.ACCOUNTING, order=28, icon="ledger"),
)
def show_new_entry(
    book_id: UuidString,
    page: ThisPage,
    asked: PagePoint,
    account: Annotated[str, Query(max_length=200, description="The account of the first row.")] = "",
    rows: Annotated[int, Query(ge=2, le=MOST_ROWS, description="How many rows the form begins with.")] = 4,
) -> Response:
    """Show the form of a general entry, with the accounts that take entries on the day."""
    found = page.use(list_accounts, book_id=book_id, asked=asked)
    accounts = [each for each in found.accounts if each.closed_on is None or each.closed_on > found.as_of]
    return page.show(
        "entries/new.html",
        on=found.as_of,
        accounts=accounts,
        commodities=page.use(list_commodities, book_id=book_id).commodities,
        account=account,
        commodity=next((each.commodity for each in accounts if each.account == account), ""),
        rows=rows,
        most_rows=MOST_ROWS,
    )
