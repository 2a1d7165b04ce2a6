"""Finds the route of a request by the parts of its path, so that a request does not ask some five hundred patterns in turn.

Of several routes that fit, the first declared answers, as everywhere. Knows nothing of what a route does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from starlette.convertors import Convertor, StringConvertor

_NAMED = re.compile(r"\{[a-zA-Z_][a-zA-Z0-9_]*\}")
"""A part that is one parameter of any text without a slash."""


class Placed(Protocol):
    """What is known of a route here."""

    @property
    def path_format(self) -> str:
        """The path with its parameters in braces."""

    @property
    def param_convertors(self) -> Mapping[str, Convertor[Any]]:
        """What each parameter may be."""

    @property
    def path_regex(self) -> re.Pattern[str]:
        """What paths it answers."""


AnyRoute = TypeVar("AnyRoute", bound=Placed)


class _Node(Generic[AnyRoute]):
    """The routes whose paths begin alike."""

    __slots__ = ("any_text", "ends", "exact")

    def __init__(self) -> None:
        self.exact: dict[str, _Node[AnyRoute]] = {}
        self.any_text: _Node[AnyRoute] | None = None
        self.ends: dict[str, tuple[int, AnyRoute]] = {}
        """By method, the first route that ends here, with its place in the order of declaration."""


class RouteIndex(Generic[AnyRoute]):
    """Routes by method and path; made once, never changed."""

    def __init__(self, routes: Iterable[tuple[str, AnyRoute]]) -> None:
        """Take (method, route) in the order of declaration."""
        self._root: _Node[AnyRoute] = _Node()
        self._patterns: list[tuple[str, int, AnyRoute]] = []
        for order, (method, route) in enumerate(routes):
            parts = route.path_format.split("/")
            is_by_parts = all("{" not in part or _NAMED.fullmatch(part) for part in parts)
            if not is_by_parts or not all(
                isinstance(each, StringConvertor) for each in route.param_convertors.values()
            ):
                self._patterns.append((method, order, route))
                continue
            node = self._root
            for part in parts:
                if "{" not in part:
                    node = node.exact.setdefault(part, _Node())
                else:
                    node.any_text = node.any_text or _Node()
                    node = node.any_text
            node.ends.setdefault(method, (order, route))

    def find(self, method: str, path: str) -> tuple[AnyRoute, dict[str, str]] | None:
        """Return the route that answers ``method`` at ``path`` with the path's parameters, or ``None``."""
        found = self._best(self._root, path.split("/"), 0, method)
        for known, order, route in self._patterns:
            if known == method and (found is None or order < found[0]) and route.path_regex.match(path):
                found = (order, route)
        if found is None:
            return None
        match = found[1].path_regex.match(path)
        return None if match is None else (found[1], match.groupdict())

    def _best(self, node: _Node[AnyRoute], parts: list[str], place: int, method: str) -> tuple[int, AnyRoute] | None:
        if place == len(parts):
            return node.ends.get(method)
        exact = node.exact.get(parts[place])
        found = None if exact is None else self._best(exact, parts, place + 1, method)
        if node.any_text is not None and parts[place]:
            other = self._best(node.any_text, parts, place + 1, method)
            if other is not None and (found is None or other[0] < found[0]):
                return other
        return found
