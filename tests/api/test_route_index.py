"""The index answers what asking every route in turn answers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.convertors import Convertor, StringConvertor
from starlette.routing import Match, Route

from api.app import declared_routes
from api.edge import EdgeRoute
from api.pages.base.serving import page_routes
from api.route_index import RouteIndex

ALL = (*(EdgeRoute(each) for each in declared_routes()), *page_routes())
INDEX = RouteIndex((each.declared.method, each) for each in ALL)
PARTS = sorted({part for each in ALL for part in each.path_format.split("/")})
WORDS = st.sampled_from([*PARTS, "", "x", "a b", "{book_id}", "entries", "é"])


def asked_in_turn(method: str, path: str) -> tuple[EdgeRoute, dict[str, str]] | None:
    scope = {"type": "http", "method": method, "path": path, "path_params": {}}
    for route in ALL:
        match, child = route.matches(scope)
        if match is Match.FULL:
            return route, child["path_params"]
    return None


def test_every_route_is_found_where_it_stands() -> None:
    for route in ALL:
        path = re.sub(r"\{[a-z_]+(:path)?\}", "0f-x", route.path_format)

        found = INDEX.find(route.declared.method, path)

        assert found is not None, f"{route.declared.method} {path}"
        assert found == asked_in_turn(route.declared.method, path)


@given(st.sampled_from(["GET", "POST", "PUT", "HEAD"]), st.lists(WORDS, max_size=7).map("/".join))
def test_any_path_finds_what_asking_in_turn_finds(method: str, path: str) -> None:
    assert INDEX.find(method, path) == asked_in_turn(method, path)


class Plain:
    """A route with a path and nothing behind it."""

    def __init__(self, path: str) -> None:
        route = Route(path, endpoint=lambda _: None)
        self.path_format = route.path_format
        self.path_regex = route.path_regex
        self.param_convertors: dict[str, Convertor[object]] = route.param_convertors


@pytest.mark.parametrize(
    ("paths", "asked", "first"),
    [
        (("/a/{x}", "/a/b"), "/a/b", 0),
        (("/a/b", "/a/{x}"), "/a/b", 0),
        (("/{x}/b", "/a/{x}"), "/a/b", 0),
        (("/a/{x}", "/{x}/b"), "/c/b", 1),
        (("/a/{x}.pdf", "/a/{x}"), "/a/one.pdf", 0),
        (("/a/{x}", "/a/{x}.pdf"), "/a/one.pdf", 0),
        (("/a/{rest:path}", "/a/b/c"), "/a/b/c", 0),
        (("/a/b/c", "/a/{rest:path}"), "/a/b/c", 0),
    ],
)
def test_of_several_that_fit_the_first_declared_answers(paths: tuple[str, ...], asked: str, first: int) -> None:
    routes = [Plain(path) for path in paths]

    found = RouteIndex(("GET", route) for route in routes).find("GET", asked)

    assert found is not None
    assert found[0] is routes[first]


@pytest.mark.parametrize("path", ["/a", "/a/", "/a//", "/a/b/c", "a/b", ""])
def test_a_parameter_is_one_part_and_not_empty(path: str) -> None:
    route = Plain("/a/{x}")
    assert all(isinstance(each, StringConvertor) for each in route.param_convertors.values())

    assert RouteIndex([("GET", route)]).find("GET", path) is None
