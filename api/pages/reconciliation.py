"""Reconciliation pages: what does not agree with banks and registries, matches, statements as read, and asserted balances.

Shows what the routes of reconciliation answer. Matches nothing itself.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.routes.accounts import list_balances
from api.routes.reconciliation import (
    assert_balance,
    check_assertions,
    confirm_matches,
    import_statement,
    list_assertions,
    list_breaks,
    list_lines,
    list_matches,
    list_proposals,
    list_sources,
    save_source,
    undo_match,
)
from api.schemas.amounts import WholeNumber
from api.schemas.fields import DateString, UuidString
from api.schemas.reconciliation import AccountProposalsOut
from api.schemas.statement_sources import SourceCode, StatementSourceOut
from ledger.reconciliation import MAX_MATCHES

routes = Pages(area="reconciliation")

_READS = asks(Scope.LEDGER_READ)
_ROWS = 50
_Source = Annotated[SourceCode | None, Query(description="Only this source.")]


@routes.get(
    "/books/{book_id}/reconciliation",
    policy=_READS,
    nav=Nav(label=mark("Reconciliation"), group=Group.ACCOUNTING, order=30, icon="link"),
)
def show_breaks(
    book_id: UuidString,
    page: ThisPage,
    as_of: Annotated[DateString | None, Query(description="Close of this day; today when absent.")] = None,
    known: WholeNumber | None = None,
    facts: WholeNumber | None = None,
    source: _Source = None,
) -> Response:
    """Show what does not agree at a day, what could be matched, and the form to match by hand."""
    of = page.today if as_of is None else as_of
    found = page.use(list_breaks, book_id=book_id, as_of=of, known=known, facts=facts, source=source)
    proposed = page.use(
        list_proposals, book_id=book_id, as_of=of, known=found.known, facts=found.facts, source=source
    ).accounts
    return page.show(
        "reconciliation/breaks.html",
        found=found,
        pairs=tuple(zip(found.accounts, proposed, strict=True)),
        drafts=_drafts,
        source=source,
        sources=_newest(page, book_id),
        may=_may(page),
    )


@routes.get("/books/{book_id}/reconciliation/matches", policy=_READS)
def show_matches(book_id: UuidString, page: ThisPage, after: WholeNumber = 0) -> Response:
    """Show the matches on record, undone ones too."""
    return page.show(
        "reconciliation/matches.html",
        found=page.use(list_matches, book_id=book_id, after=after, limit=_ROWS),
        after=after,
        names=page.names(),
        may=_may(page),
    )


@routes.get("/books/{book_id}/reconciliation/statements", policy=_READS)
def show_statements(book_id: UuidString, page: ThisPage, source: _Source = None, after: WholeNumber = 0) -> Response:
    """Show whose statements are read and how, the lines read, and the form for a source."""
    return page.show(
        "reconciliation/statements.html",
        sources=_newest(page, book_id),
        lines=page.use(list_lines, book_id=book_id, source=source, after=after, limit=_ROWS),
        source=source,
        after=after,
        account_choices=_accounts(page, book_id),
        names=page.names(),
        may=_may(page),
    )


@routes.get("/books/{book_id}/reconciliation/balances", policy=_READS)
def show_asserted_balances(book_id: UuidString, page: ThisPage) -> Response:
    """Show what accounts were said to hold, how every check went, and the forms to say and to check."""
    return page.show(
        "reconciliation/balances.html",
        found=page.use(list_assertions, book_id=book_id).assertions,
        account_choices=_accounts(page, book_id),
        names=page.names(),
        may=_may(page),
    )


def _drafts(account: AccountProposalsOut) -> list[object]:
    """Return the proposals of an account as the API takes them, as many as one request may hold."""
    return [each.model_dump(mode="json", include={"lines", "postings"}) for each in account.proposals[:MAX_MATCHES]]


def _newest(page: Page, book_id: UuidString) -> tuple[StatementSourceOut, ...]:
    """Return the newest version of every source, by code."""
    return tuple({each.code: each for each in page.use(list_sources, book_id=book_id).sources}.values())


def _accounts(page: Page, book_id: UuidString) -> tuple[tuple[str, str], ...]:
    """Return the open accounts as far as one page of the API names them."""
    found = page.use(list_balances, book_id=book_id).balances
    return tuple((each.account, each.account) for each in found if each.closed_on is None)


def _may(page: Page) -> dict[str, bool]:
    return {
        "match": page.may(confirm_matches),
        "undo": page.may(undo_match),
        "save": page.may(save_source),
        "bring": page.may(import_statement),
        "assert": page.may(assert_balance),
        "check": page.may(check_assertions),
    }
