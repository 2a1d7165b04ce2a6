"""How a page gets its figures: from the API's own route functions, each under that route's own policy.

A page can so never show what the API would refuse. Knows no template.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from api.auth.policy import Declared, Routes
from api.deps import Call
from ledger.core.errors import DomainError
from ledger.store.acting import as_installation

Answer = TypeVar("Answer")


def use(call: Call, handler: Callable[..., Answer], **arguments: object) -> Answer:
    """Return what the route ``handler`` answers to this caller, or raise what it refuses with.

    ``arguments`` are the handler's own parameters beside ``call``, as values already read: what its query would say.
    """
    policy = declared_of(handler).policy
    if not policy.is_public:
        policy.permit(call.principal)
    with as_installation(call.session) if policy.is_of_installation else nullcontext():  # as the route itself would act
        return handler(call=call, **arguments) if _takes_call(handler) else handler(**arguments)


def may_use(call: Call, handler: Callable[..., Any]) -> bool:
    """Return whether the route's policy lets this caller in: to leave out a button or a part that would be refused."""
    declared = declared_of(handler)
    if declared.policy.is_public:
        return True
    try:
        declared.policy.permit(call.principal, is_write=declared.writes)
    except DomainError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[Answer]):
    """One part of a page: what the route answered, or why it refused; never both, never neither."""

    answer: Answer | None = None
    refusal: DomainError | None = None

    def __post_init__(self) -> None:
        """Exactly one of the two stands."""
        assert (self.answer is None) != (self.refusal is None), "a part is an answer or a refusal"


def attempt(call: Call, handler: Callable[..., Answer], **arguments: object) -> Part[Answer]:
    """Return the answer as a part of the page, or the refusal to be shown in its place; a failure of ours is raised."""
    return part_of(lambda: use(call, handler, **arguments))


def part_of(compute: Callable[[], Answer]) -> Part[Answer]:
    """Return what ``compute`` gives as one part of the page, or what it refused; for a question that must first be read."""
    try:
        return Part(answer=compute())
    except DomainError as refusal:
        return Part(refusal=refusal)


@cache
def declared_of(handler: Callable[..., Any]) -> Declared:
    """Return how the API declares ``handler``; a function that is no route stops the page."""
    routes = getattr(importlib.import_module(handler.__module__), "routes", ())
    assert isinstance(routes, Routes), f"{handler.__module__} declares no routes: a page uses route functions only"
    found = [each for each in routes if each.handler is handler]
    assert found, f"{handler.__module__}.{handler.__name__} is no route: a page uses route functions only"
    return found[0]


@cache
def _takes_call(handler: Callable[..., Any]) -> bool:
    """Return whether the route asks for its call; one that answers the same to everybody may not."""
    return "call" in inspect.signature(handler).parameters
