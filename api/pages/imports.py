"""Pages of files that people fill in: templates to take, upload, the preview with its errors in the sheet, and confirmation.

Shows what the routes of imports answer. Reads no file itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.routes.books import read_book
from api.routes.imports import (
    import_activity,
    import_into_book,
    import_prices,
    list_imports,
    list_templates,
    read_import,
    read_import_sheet,
)
from api.routes.proposals import list_request_proposals
from api.routes.reconciliation import list_sources
from api.schemas.amounts import WholeNumber
from api.schemas.books import BookOut
from api.schemas.fields import CodeString, UuidString
from api.schemas.request_proposals import ProposalOut
from api.schemas.statement_sources import SourceCode
from api.store.access import OrganisationKind
from api.store.proposals import ProposalState

routes = Pages(area="imports")

_BORROWER = asks(kinds=(OrganisationKind.BORROWER,))
_ROWS = 50
_STATEMENTS = ("registry-statement", "bank-statement")
_BOOKED = ("trades", "opening-positions", *_STATEMENTS)


@routes.get("/imports", policy=_BORROWER, nav=Nav(label=mark("Imports"), group=Group.FILES, order=10, icon="upload"))
def show_imports(page: ThisPage, after: UuidString | None = None) -> Response:
    """Show the templates to fill in and the files that were brought, the newest first."""
    return page.show(
        "imports/imports.html",
        templates=page.use(list_templates).templates,
        imports=page.use(list_imports, after=after, limit=_ROWS),
        after=after,
        names=page.names(),
        may=_may(page),
    )


@routes.get("/imports/new/{template}", policy=_BORROWER)
def show_upload(
    template: CodeString,
    page: ThisPage,
    plant: Annotated[CodeString | None, Query(description="The form of plant of an activity template.")] = None,
    into: Annotated[UuidString | None, Query(description="The book that a file is for; the first when absent.")] = None,
    source: Annotated[SourceCode | None, Query(description="The source of a statement.")] = None,
) -> Response:
    """Show one template with its columns, the workbook to take, and where to bring it back."""
    forms = [one for one in page.use(list_templates).templates if one.name == template]
    shown = next((one for one in forms if plant in {None, one.plant}), None)
    is_statement = template in _STATEMENTS
    books = page.posting_books() if template in _BOOKED else ()
    book = next((one for one in books if into in {None, one.book_id}), None)
    if book is None and into is not None:
        page.use(read_book, book_id=into)
    framed = page if book is None else page.of_book(book.book_id)
    return framed.show(
        "imports/upload.html" if shown is not None else "imports/no_template.html",
        status=200 if shown is not None else 404,
        form=shown,
        plants=tuple(one for one in forms if one.plant is not None),
        is_statement=is_statement,
        source_choices=_sources(page, book, template) if is_statement and book is not None else (),
        source=source,
        into=book,
        into_choices=books,
        names=page.names(),
        may=_may(page),
    )


@routes.get("/imports/{import_id}", policy=_BORROWER)
def show_import(
    import_id: UuidString,
    page: ThisPage,
    after: WholeNumber = 0,
    rows: Annotated[str, Query(pattern="^(wrong|all)$", max_length=5)] = "wrong",
) -> Response:
    """Show what a file would do or did: its errors in the sheet, the exact effect, how far work on it is."""
    found = page.use(read_import, import_id=import_id)
    wants = found.preview is not None
    only_wrong = rows == "wrong" and found.preview is not None and found.preview.problem_count > 0
    return page.show(
        "imports/import.html",
        found=found,
        sheet=page.attempt(read_import_sheet, import_id=import_id, after=after, limit=_ROWS, wrong=only_wrong)
        if wants
        else None,
        only_wrong=only_wrong,
        after=after,
        rows=rows,
        title=next(
            (
                one
                for one in page.use(list_templates).templates
                if one.name == found.template and found.options.get("plant") in {None, one.plant}
            ),
            None,
        ),
        waiting=next(_waiting(page, import_id), None),
        names=page.names(),
        may=_may(page),
    )


def _sources(page: Page, book: BookOut, template: str) -> tuple[tuple[str, str], ...]:
    """Return the book's sources of such statements, each once by its newest title."""
    found = page.use(list_sources, book_id=book.book_id).sources
    titles = {one.code: one.title for one in found if f"{one.kind}-statement" == template}
    return tuple((code, f"{title} ({code})") for code, title in titles.items())


def _waiting(page: Page, import_id: UUID) -> Iterator[ProposalOut]:
    """Return the request to confirm the import that waits for a second person, if one does."""
    path = f"/v1/imports/{import_id}/confirm"
    return (
        each
        for each in page.use(list_request_proposals).proposals
        if each.asked.path == path and each.state is ProposalState.WAITING
    )


def _may(page: Page) -> dict[str, bool]:
    is_booked = page.may(import_into_book) and bool(page.posting_books())
    return {
        "trades": is_booked,
        "opening-positions": is_booked,
        "registry-statement": is_booked,
        "bank-statement": is_booked,
        "activity": page.may(import_activity),
        "prices": page.may(import_prices),
    }
