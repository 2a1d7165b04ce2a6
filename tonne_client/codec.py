"""Turns JSON into the client's frozen shapes and back, driven by the shapes' own types: exact decimals, days, ids, never a float.

Knows no operation and sends nothing. A field that a newer server adds is passed over; one that is missing, or of another type, is told.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union
from uuid import UUID


class ShapeError(ValueError):
    """A JSON value that is not of the type expected; ``place`` is where, such as ``legs.0.amount``."""

    def __init__(self, place: str, expected: str) -> None:
        """Keep the place and what was expected there."""
        super().__init__(f"{place or 'the document'}: expected {expected}")
        self.place = place
        self.expected = expected


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    """One field of a shape: its Python name, its name in JSON, its type, and whether it may be left out."""

    name: str
    sent_as: str
    type: Any
    is_optional: bool


@cache
def fields_of(shape: type) -> tuple[FieldShape, ...]:
    """Return the fields of a generated dataclass in order."""
    hints = typing.get_type_hints(shape)
    return tuple(
        FieldShape(
            name=each.name,
            sent_as=str(each.metadata.get("name", each.name)),
            type=hints[each.name],
            is_optional=each.default is not dataclasses.MISSING,
        )
        for each in dataclasses.fields(shape)
    )


def decode(kind: Any, value: Any, place: str = "") -> Any:
    """Return ``value``, as ``json.loads`` gives it, in the Python type ``kind``; raise ``ShapeError`` naming the place."""
    if typing.get_origin(kind) is not None:
        return _decode_compound(kind, value, place)
    if kind is object:
        return value
    if dataclasses.is_dataclass(kind):
        return _decode_shape(kind, _expect(value, dict, "an object", place), place)
    return _decode_plain(kind, value, place)


def encode(value: Any) -> Any:
    """Return ``value`` as ``json.dumps`` takes it: decimals, days and ids as text, a field left at its None not at all.

    A float is refused: its digits are not the ones that a person wrote.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            each.sent_as: encode(given)
            for each in fields_of(type(value))
            if (given := getattr(value, each.name)) is not None or not each.is_optional
        }
    if isinstance(value, Mapping):
        return {str(name): encode(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [encode(each) for each in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    return encode_text(value)


def encode_text(value: Any) -> str:
    """Return one plain value as it stands in a path, a query or a JSON text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ShapeError("", "a finite decimal")
        return f"{value:f}"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ShapeError("", "an instant with its zone")
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | str | int):
        return str(value)
    raise ShapeError("", f"a decimal, a whole number, a day, an id or a text, not a {type(value).__name__}")


def parse_json(content: bytes) -> Any:
    """Return the document, its numbers with a fraction as exact decimals; raise ``ShapeError`` when it is not JSON."""
    try:
        return json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ShapeError("", "a JSON document") from error


def _decode_compound(kind: Any, value: Any, place: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {Union, types.UnionType}:
        return _decode_choice(arguments, value, place)
    if origin is Literal:  # a text that a newer server knows passes as it is
        return value if isinstance(value, str) else _one_of(arguments, value, place)
    if origin is tuple:
        items = _expect(value, list, "an array", place)
        return tuple(decode(arguments[0], each, _at(place, index)) for index, each in enumerate(items))
    members = _expect(value, dict, "an object", place)
    return {name: decode(arguments[1], each, _at(place, name)) for name, each in members.items()}


def _decode_shape(kind: Any, members: Mapping[str, Any], place: str) -> Any:
    given: dict[str, Any] = {}
    for each in fields_of(kind):
        if each.sent_as in members:
            given[each.name] = decode(each.type, members[each.sent_as], _at(place, each.sent_as))
        elif not each.is_optional:
            raise ShapeError(_at(place, each.sent_as), "this field to be present")
    return kind(**given)


def _decode_choice(choices: tuple[Any, ...], value: Any, place: str) -> Any:
    if value is None and type(None) in choices:
        return None
    first: ShapeError | None = None
    best: tuple[int, Any] | None = None
    for choice in choices:
        if choice is type(None):
            continue
        try:
            found = decode(choice, value, place)
        except ShapeError as error:
            first = first or error
            continue
        unknown = _unknown(choice, value)
        if best is None or unknown < best[0]:
            best = unknown, found
    if best is None:
        raise first or ShapeError(place, "a value")
    return best[1]


def _unknown(kind: Any, value: Any) -> int:
    """Return how many fields of ``value`` the shape does not know, and how many tags say another kind: fewer fits better."""
    if not (dataclasses.is_dataclass(kind) and isinstance(value, Mapping)):
        return 0
    known = {each.sent_as: each.type for each in fields_of(kind)}  # type: ignore[arg-type]  # a dataclass is a type here
    wrong = sum(
        1000
        for name, each in value.items()
        if typing.get_origin(known.get(name)) is Literal and each not in typing.get_args(known[name])
    )
    return wrong + len(set(value) - set(known))


def _decode_plain(kind: Any, value: Any, place: str) -> Any:
    if kind is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ShapeError(place, "a whole number")
        return value
    if kind is bool:
        return _expect(value, bool, "true or false", place)
    if kind is type(None):
        return _one_of((None,), value, place)
    text = _expect(value, str, "a text", place)
    if kind is str:
        return text
    try:
        if kind is Decimal:
            return Decimal(text)
        return UUID(text) if kind is UUID else kind.fromisoformat(text)
    except (ValueError, InvalidOperation) as error:
        raise ShapeError(place, f"a {kind.__name__.lower()}") from error


def _one_of(choices: tuple[Any, ...], value: Any, place: str) -> Any:
    if value not in choices:
        raise ShapeError(place, f"one of {', '.join(map(repr, choices))}")
    return value


def _expect(value: Any, kind: type, expected: str, place: str) -> Any:
    if not isinstance(value, kind):
        raise ShapeError(place, expected)
    return value


def _at(place: str, part: object) -> str:
    return f"{place}.{part}" if place else str(part)
