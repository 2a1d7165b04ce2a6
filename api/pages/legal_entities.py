"""The group as it keeps books: its legal entities, the books kept for each, and the forms that add one of either.

Shows what the routes answer. Who may add, and which code is a credit code, is the API's decision.
"""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.books import list_books, open_book
from api.routes.legal_entities import add_entity_book, add_legal_entity, list_legal_entities
from api.store.access import OrganisationKind
from finance.accounting.chart import BOOK_CURRENCY

routes = Pages(area="books")


@routes.get(
    "/entities",
    policy=asks(kinds=(OrganisationKind.BORROWER,)),
    nav=Nav(label=mark("Entities and books"), group=Group.ADMINISTRATION, order=5, icon="book"),
)
def show_entities(page: ThisPage) -> Response:
    """Show the legal entities of the organisation with their books, books of no entity, and what may be added."""
    entities, books = page.use(list_legal_entities).legal_entities, page.posting_books()
    kept = {book_id for entity in entities for book_id in entity.book_ids}
    return page.show(
        "books/entities.html",
        entities=entities,
        book_by_id={each.book_id: each for each in books},
        unplaced=tuple(each for each in books if each.book_id not in kept),
        currency=BOOK_CURRENCY,
        may_read=page.may(list_books),
        may_add=page.may(add_legal_entity),
        may_open=page.may(open_book),
        may_place=page.may(add_entity_book),
    )
