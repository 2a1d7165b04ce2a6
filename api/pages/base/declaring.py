"""How a page is declared: its path, who may see it, and where it stands in the navigation.

Owns ``Pages``, the counterpart of ``Routes``: a page is a GET, has a policy, and stands outside /v1. Serves nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import api.pages
from api.auth.policy import Declared, Policy

Handler = TypeVar("Handler", bound=Callable[..., Any])


def mark(text: str) -> str:
    """Return ``text`` unchanged: marks an English text outside the templates for translation."""
    return text


class Group(StrEnum):
    """The groups of the navigation, in their order; the value is the English heading."""

    DESK = mark("Desk")
    TREASURY = mark("Treasury")
    TRADING = mark("Trading")
    COMPLIANCE = mark("Compliance")
    EMISSIONS = mark("Emissions and KPI")
    LOANS = mark("Loans")
    ASSURANCE = mark("Assurance")
    ACCOUNTING = mark("Accounting")
    EVIDENCE = mark("Evidence")
    FILES = mark("Files")
    ADMINISTRATION = mark("Administration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nav:
    """Where a page stands in the navigation: ``label`` (English, marked), group, and the order inside the group.

    A path with ``{book_id}`` is shown for the book at hand; other parameters cannot be filled in, so such a page has no ``Nav``.
    """

    label: str
    group: Group
    order: int
    icon: str = "dot"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDeclared:
    """One page as declared: the read behind it and its place in the navigation."""

    declared: Declared
    nav: Nav | None


class Pages:
    """The pages of one area, collected by decorators.

    ``@routes.get("/books/{book_id}/lots", policy=asks(Scope.LEDGER_READ))`` declares the page at that path.
    """

    def __init__(self, *, area: str) -> None:
        """Collect the pages of ``area``: the folder of their templates and the name of their translations."""
        self.area = area
        self._declared: list[PageDeclared] = []

    def __iter__(self) -> Iterator[PageDeclared]:
        """Yield the declared pages in order."""
        return iter(self._declared)

    def get(
        self, path: str, *, policy: Policy, nav: Nav | None = None, takes_any_query: bool = False
    ) -> Callable[[Handler], Handler]:
        """Declare a page; its session sees one moment and cannot write on PostgreSQL.

        ``takes_any_query`` where another site leads back with parameters that only the page's script reads.
        """
        assert not path.startswith(("/v1", "/health", "/static")), f"{path}: a page stands beside the API, not in it"

        def declare(handler: Handler) -> Handler:
            declared = Declared(
                method="GET",
                path=path,
                handler=handler,
                policy=policy,
                status=200,
                writes=False,
                most_bytes=0,
                tag=self.area,
                answers=("text/html",),
                takes_any_query=takes_any_query,
            )
            self._declared.append(PageDeclared(declared=declared, nav=nav))
            return handler

        return declare


def declared_pages() -> tuple[PageDeclared, ...]:
    """Return what every module of ``api.pages`` declares, in the order of module names."""
    names = sorted(module.name for module in pkgutil.iter_modules(api.pages.__path__) if not module.ispkg)
    found: list[PageDeclared] = []
    for name in names:
        routes = importlib.import_module(f"api.pages.{name}").routes
        assert isinstance(routes, Pages), f"api.pages.{name}: a page module has a Pages collection named routes"
        found.extend(routes)
    return tuple(found)
