"""Search as a page: what the API finds, each hit linked to the page that shows it.

Owns which page shows which kind of record; a kind without a page leads to the API's own answer.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Pages, declared_pages
from api.pages.base.page import ThisPage
from api.routes.search import search
from api.schemas.base import Choice
from api.schemas.fields import PageCursor
from api.schemas.search import SearchHitOut, SearchKind

routes = Pages(area="search")

_PAGES: dict[SearchKind, tuple[str, ...]] = {
    SearchKind.INSTRUMENT: ("/books/{book_id}/positions",),
    SearchKind.ACCOUNT: ("/books/{book_id}/statement",),
    SearchKind.ORDER: ("/orders/{order_id}",),
    SearchKind.TRADE: ("/books/{book_id}/entries/{seq}",),
    SearchKind.COUNTERPARTY: ("/books/{book_id}/counterparties",),
    SearchKind.ENTRY: ("/books/{book_id}/entries/{seq}",),
    SearchKind.LOT: ("/books/{book_id}/positions",),
    SearchKind.VOUCHER: ("/books/{book_id}/vouchers/{month}/{number}",),
    SearchKind.FACILITY: ("/facilities/{facility_id}", "/loans/{facility_id}"),
    SearchKind.KPI_PERIOD: ("/kpi-periods/{kpi_period_id}",),
    SearchKind.ENGAGEMENT: ("/engagements/{engagement_id}",),
    SearchKind.DETERMINATION: ("/determinations/{determination_id}",),
    SearchKind.PERSON: ("/people",),
}
_MOST_OF_ONE = 50


@routes.get("/search", policy=asks())
def show_search(
    page: ThisPage,
    q: Annotated[str, Query(max_length=400, description="What to look for.")] = "",
    kind: Annotated[Choice[SearchKind] | None, Query(description="Only this kind.")] = None,
    after: PageCursor | None = None,
) -> Response:
    """Show what was found, in groups; without a question how to ask one."""
    if not q.strip():
        return page.show("search/search.html", q="", found=None, links={}, kind=None, after=None)
    limit = _MOST_OF_ONE if kind is not None else 5
    found = page.attempt(search, q=q, kind=kind, after=after, limit=limit)
    groups = () if found.answer is None else found.answer.groups
    links = {hit.api_path: _link(SearchKind(group.kind), hit) for group in groups for hit in group.hits}
    return page.show("search/search.html", q=q, found=found, links=links, kind=kind, after=after)


def _link(kind: SearchKind, hit: SearchHitOut) -> str:
    """Return the page of a hit, else the path of the API that answers it."""
    for path in _PAGES[kind]:
        if path in _known_paths():
            return _filled(path, kind, hit)
    return hit.api_path


@cache
def _known_paths() -> frozenset[str]:
    return frozenset(each.declared.path for each in declared_pages())


def _filled(path: str, kind: SearchKind, hit: SearchHitOut) -> str:
    filled = path.replace("{book_id}", str(hit.book_id))
    if kind is SearchKind.VOUCHER:
        return filled.replace("{month}/{number}", hit.key)
    if kind is SearchKind.ACCOUNT:
        return f"{filled}?under={hit.key}"
    name = filled.partition("{")[2].partition("}")[0]
    return filled.replace(f"{{{name}}}", hit.key) if name else filled
