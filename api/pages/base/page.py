"""One page as its handler sees it: who reads it, in which language, and the way to the API's answers and to the template.

Owns the frame around every page (navigation, books, the reader). Holds no figure of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Annotated, TypeVar
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.deps import Call, current_call
from api.pages.base import rendering
from api.pages.base.declaring import Group, Nav, PageDeclared, declared_pages
from api.pages.base.language import LANGUAGE_COOKIE, language_of
from api.pages.base.table_sheets import sheet_of
from api.pages.base.using import Part, attempt, may_use, use
from api.routes.books import list_books
from api.routes.colleagues import list_colleagues
from api.routes.determinations import business_day
from api.routes.notices import count_notices
from api.routes.organisations import read_me
from api.schemas.access import MeOut
from api.schemas.amounts import WholeNumber
from api.schemas.books import BookOut
from api.schemas.fields import DateString, InstantString
from api.schemas.points import Asked, asked_point
from api.translations import Language, catalog
from finance.operations.evidence import BOOK_CODE as EVIDENCE
from ledger.core.errors import DomainError

Answer = TypeVar("Answer")

THEME_COOKIE = "tonne_theme"
_THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a request says about how its page is shown."""

    path: str
    query: str
    language: Language
    theme: str

    @classmethod
    def of(cls, request: Request) -> Reading:
        """Return what cookies and headers say; a theme that is neither light nor dark follows the system."""
        theme = request.cookies.get(THEME_COOKIE, "")
        return cls(
            path=request.url.path,
            query=request.url.query,
            language=language_of(
                request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", "")[:500]
            ),
            theme=theme if theme in _THEMES else "system",
        )

    def values(self) -> dict[str, object]:
        """Return what the outermost template asks for."""
        return {
            "path": self.path,
            "here": f"{self.path}?{self.query}" if self.query else self.path,
            "theme": self.theme,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the navigation."""

    label: str
    address: str
    icon: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page being made; ``use`` asks the API, ``show`` answers."""

    call: Call
    reading: Reading
    book_id: UUID | None
    sheet: int | None = None
    """The number of the table that is asked for as a workbook, in the page's place."""

    @property
    def today(self) -> date:
        """The business day in China."""
        return business_day(self.call.now)

    @property
    def language(self) -> Language:
        """The reader's language."""
        return self.reading.language

    def say(self, text: str) -> str:
        """Return an English text of a page module (written out, so that it is found) in the reader's language."""
        return catalog(self.language).gettext(text)

    def use(self, handler: Callable[..., Answer], **arguments: object) -> Answer:
        """Return what the API route ``handler`` answers to this reader; a refusal becomes the page."""
        return use(self.call, handler, **arguments)

    def attempt(self, handler: Callable[..., Answer], **arguments: object) -> Part[Answer]:
        """Return what the route answers as one part of the page, its refusal in that part's place."""
        return attempt(self.call, handler, **arguments)

    def may(self, handler: Callable[..., object]) -> bool:
        """Return whether the route's policy lets this reader in: for leaving out a button that would be refused."""
        return may_use(self.call, handler)

    def leads(self, address: str | None) -> bool:
        """Return whether a page stands at ``address`` whose policy lets this reader in: for leaving out a link that leads nowhere."""
        path = (address or "").partition("?")[0]
        return any(is_there.fullmatch(path) and self._is_permitted(page) for is_there, page in _paths())

    def books(self) -> tuple[BookOut, ...]:
        """Return the books that the reader may read by code, the one of evidence last; none when the role reads none."""
        found = self.use(list_books).books if self.may(list_books) else ()
        return tuple(sorted(found, key=lambda each: each.code == EVIDENCE))

    def posting_books(self) -> tuple[BookOut, ...]:
        """Return the books that amounts are posted into: all but the one of evidence."""
        return tuple(each for each in self.books() if each.code != EVIDENCE)

    def names(self) -> Mapping[UUID, str]:
        """Return the names of the reader's colleagues by id, for ``ui.person``."""
        return {each.id: each.name for each in self.use(list_colleagues).colleagues}

    def of_book(self, book_id: UUID) -> Page:
        """Return the same page inside the frame of a book that its path does not name."""
        return replace(self, book_id=book_id)

    def show(self, template: str, *, status: int = 200, **values: object) -> Response:
        """Return the page of ``template`` with ``values`` inside the reader's frame; no session or link is left unset."""
        frame = self._frame() if self.call.caller is not None else {"me": None}
        known = {**self.reading.values(), "today": self.today, **frame, **values}
        text = rendering.html(template, self.language, known)
        return rendering.answer(text, status=status) if self.sheet is None else sheet_of(text, self.sheet)

    def _frame(self) -> Mapping[str, object]:
        me, books = self.use(read_me), self.books()
        book = next((each for each in books if each.book_id == self.book_id), books[0] if books else None)
        return {
            "me": me,
            "unread": self.use(count_notices).unread if self.may(count_notices) else 0,
            "csrf": csrf_of(me),
            "books": books,
            "book": book,
            "navigation": self._navigation(book),
        }

    def _navigation(self, book: BookOut | None) -> tuple[tuple[str, tuple[Link, ...]], ...]:
        groups: list[tuple[str, tuple[Link, ...]]] = []
        for group, pages in _menu():
            links = tuple(link for nav, page in pages if (link := self._link(nav, page, book)) is not None)
            if links:
                groups.append((self.say(group.value), links))
        return tuple(groups)

    def _is_permitted(self, page: PageDeclared) -> bool:
        try:
            page.declared.policy.permit(self.call.principal)
        except DomainError:
            return False
        return True

    def _link(self, nav: Nav, page: PageDeclared, book: BookOut | None) -> Link | None:
        path = page.declared.path
        if "{book_id}" in path:
            if book is None:
                return None
            path = path.replace("{book_id}", str(book.book_id))
        if not self._is_permitted(page):
            return None
        is_here = self.reading.path == path or (path != "/" and self.reading.path.startswith(f"{path}/"))
        return Link(label=self.say(nav.label), address=quote(path), icon=nav.icon, is_here=is_here)


@cache
def _menu() -> tuple[tuple[Group, tuple[tuple[Nav, PageDeclared], ...]], ...]:
    placed = [(page.nav, page) for page in declared_pages() if page.nav is not None]
    return tuple(
        (group, tuple(sorted((each for each in placed if each[0].group is group), key=lambda each: each[0].order)))
        for group in Group
    )


@cache
def _paths() -> tuple[tuple[re.Pattern[str], PageDeclared], ...]:
    """Return what the paths of all pages look like, a parameter being any text without a slash."""
    return tuple((re.compile(re.sub(r"\{[^}]+\}", "[^/]+", page.declared.path)), page) for page in declared_pages())


def csrf_of(me: MeOut) -> str:
    """Return the token that a form sends back, empty for a caller without a session."""
    return str(getattr(me, "csrf_token", None) or "")


SheetNumber = Annotated[
    str | None, Query(pattern="^[1-9][0-9]?$", description="The table of the page, by its number, as a workbook.")
]


def current_page(request: Request, sheet: SheetNumber = None) -> Page:
    """Return the page being made for ``request``."""
    call = current_call(request)
    book_id = request.path_params.get("book_id")
    try:
        book = UUID(str(book_id)) if book_id else None
    except ValueError:
        book = None
    return Page(call=call, reading=Reading.of(request), book_id=book, sheet=None if sheet is None else int(sheet))


ThisPage = Annotated[Page, Depends(current_page)]
"""The parameter type by which a handler asks for its ``Page``."""


def page_point(
    call: Annotated[Call, Depends(current_call)],
    as_of: Annotated[DateString | None, Query(description="Close of this business day; today when absent.")] = None,
    known: Annotated[WholeNumber | None, Query(description="Record point: a seq. Newest when absent.")] = None,
    at: Annotated[InstantString | None, Query(description="Record point: what was recorded by this instant.")] = None,
) -> Asked:
    """Return the point that a page's query asks for, today in China when it names no day."""
    return asked_point(as_of or business_day(call.now), known, at)


PagePoint = Annotated[Asked, Depends(page_point)]
"""The parameter type by which a page takes ``as_of`` and ``known`` or ``at`` from the query, all of them optional."""
