"""The statement of a book as of any day and record point, page by page, and each entry with the proof that it is in the book's tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.charts.look import Language as WordsLanguage
from api.field_words import words_of
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import PagePoint, ThisPage
from api.routes.entries import post_entry, read_entry
from api.routes.proofs import prove_entry
from api.routes.reports import list_accounts, read_subtree_statement
from api.schemas.amounts import WholeNumber
from api.schemas.fields import PageCursor, UuidString
from api.schemas.reports import AccountOut
from finance.accounting.chart import HOLDING

_CODED = frozenset(
    {
        "trade_kind",
        "contract_kind",
        "contract_step",
        "planned_kind",
        "purpose",
        "event",
        "subject",
        "standard",
    }
)
"""The facts of an entry whose values are codes; any other is text or an id and stays as it was noted."""

routes = Pages(area="statements")

_READS = asks(Scope.LEDGER_READ)


@routes.get(
    "/books/{book_id}/statement",
    policy=_READS,
    nav=Nav(label=mark("Statement"), group=Group.TREASURY, order=30, icon="ledger"),
)
def show_statement(
    book_id: UuidString,
    page: ThisPage,
    asked: PagePoint,
    under: Annotated[
        str | None,
        Query(max_length=200, description="An account or a part of paths; the book's holdings when absent."),
    ] = None,
    after: PageCursor | None = None,
) -> Response:
    """Show the postings of an account and those below it, each with the balance after it."""
    accounts, may_post = page.use(list_accounts, book_id=book_id, asked=asked).accounts, page.may(post_entry)
    of = under or _first_of(accounts)
    if of is None:
        return page.show("statements/no_account.html", may_post=may_post)
    return page.show(
        "statements/statement.html",
        statement=page.use(read_subtree_statement, book_id=book_id, asked=asked, under=of, after=after, limit=50),
        accounts=accounts,
        after=after,
        may_post=may_post,
    )


@routes.get("/books/{book_id}/entries/{seq}", policy=_READS)
def show_entry(
    book_id: UuidString,
    seq: WholeNumber,
    page: ThisPage,
    size: Annotated[
        WholeNumber | None, Query(description="The tree's size; the newest checkpoint's when absent.")
    ] = None,
) -> Response:
    """Show one entry as recorded, with its legs, lots and holds, and the proof that the book's tree contains it."""
    entry = page.use(read_entry, book_id=book_id, seq=seq)
    return page.show(
        "statements/entry.html",
        entry=entry,
        names=page.names(),
        noted=[
            (words_of(name, WordsLanguage(page.language.value)), said, name in _CODED)
            for name, said in entry.attrs.items()
        ],
        proof=page.attempt(prove_entry, book_id=book_id, entry_id=entry.entry_id, size=size),
    )


def _first_of(accounts: Sequence[AccountOut]) -> str | None:
    """Return what the page opens with: the book's holdings, else all accounts under the root of the first; None without any."""
    paths = [each.account for each in accounts]
    if any(path == HOLDING or path.startswith(f"{HOLDING}:") for path in paths):
        return HOLDING
    return paths[0].partition(":")[0] if paths else None
