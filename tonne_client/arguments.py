"""Turns words of a command line into what an operation takes, by the operation's own types.

``--book-id 0193... --as-of 2026-11-21`` are values of path and query, other fields are the body's: ``--terms.kind forward`` for one
inside another, JSON for an array or object, ``--json FILE`` for the whole body, ``--file FILE`` for an upload. Opens no file itself.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Union
from uuid import UUID

from tonne_client.codec import ShapeError, decode, fields_of, parse_json
from tonne_client.operation import Operation

_OPTIONS = frozenset({"url", "json", "file", "out", "key", "content-type"})
_SWITCHES = frozenset({"help", "as-json"})
_MOST_DEPTH = 8
_WORDS: Mapping[Any, str] = {
    UUID: "ID",
    date: "YYYY-MM-DD",
    datetime: "INSTANT",
    Decimal: "DECIMAL",
    int: "WHOLE",
    bool: "true|false",
    str: "TEXT",
    object: "JSON",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The words of one call: fields by name, and the options that are the command's own."""

    fields: Mapping[str, str]
    options: Mapping[str, str]
    switches: frozenset[str]

    @property
    def is_help(self) -> bool:
        """Whether the operation's fields are asked for."""
        return "help" in self.switches

    @property
    def is_json(self) -> bool:
        """Whether the answer is wanted as JSON."""
        return "as-json" in self.switches

    def option(self, name: str) -> str | None:
        """Return an option of the command's own, or None."""
        return self.options.get(name)


def split(words: Sequence[str]) -> Asked:
    """Return the words as fields, options and switches: ``--name value`` or ``--name=value``; raise ``ShapeError``."""
    fields: dict[str, str] = {}
    options: dict[str, str] = {}
    switches: set[str] = set()
    left = list(words)
    while left:
        word = left.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise ShapeError(word[:40], "--field before every value")
        if name in _SWITCHES and not equals:
            switches.add(name)
            continue
        if not equals:
            if not left:
                raise ShapeError(name[:40], "a value after it")
            value = left.pop(0)
        into = options if name in _OPTIONS else fields
        key = name if into is options else name.replace("-", "_")
        if key in into:
            raise ShapeError(name[:40], "it only once")
        into[key] = value
    return Asked(fields=fields, options=options, switches=frozenset(switches))


def request(operation: Operation, asked: Asked, *, read: Callable[[str], bytes]) -> tuple[dict[str, object], object]:
    """Return the values of path and query, and the body; raise ``ShapeError`` naming the field. ``read`` gives a file's bytes."""
    left = dict(asked.fields)
    values: dict[str, object] = {}
    for parameter in operation.parameters:
        text = left.pop(parameter.name, left.pop(parameter.sent_as, None))
        if text is not None:
            values[parameter.name] = _read_text(parameter.type, text, parameter.sent_as)
        elif parameter.is_required:
            raise ShapeError(parameter.sent_as, f"--{_spelled(parameter.sent_as)} {word_of(parameter.type)}")
    return values, _body(operation, asked, left, read)


def told(operation: Operation) -> Iterator[str]:
    """Yield what a person needs to call the operation: what it does, who may, and each field with its type."""
    yield operation.summary
    yield f"{operation.method} {operation.path}; asks for: {operation.asks}"
    for parameter in operation.parameters:
        needed = "" if parameter.is_required else "  (optional)"
        yield f"  --{_spelled(parameter.sent_as)} {word_of(parameter.type)}{needed}"
    if operation.uploads:
        yield f"  --file FILE  one of {', '.join(operation.uploads)}"
    for kind in _shapes_of(operation.body):
        for each in fields_of(kind):
            needed = "  (optional)" if each.is_optional else ""
            yield f"  --{_spelled(each.sent_as)} {word_of(each.type)}{needed}"
    if operation.body is not None:
        yield "  --json FILE|-  the whole body instead"


def word_of(kind: Any) -> str:
    """Return how a value of a type is spelled on the command line: ``ID``, ``YYYY-MM-DD``, ``a|b`` or ``JSON``."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {Union, types.UnionType}:
        return "|".join(dict.fromkeys(word_of(each) for each in arguments if each is not type(None)))
    if origin is Literal:
        return "|".join(map(str, arguments))
    return "JSON" if origin is not None else _WORDS.get(kind, "JSON")


def _body(operation: Operation, asked: Asked, left: dict[str, str], read: Callable[[str], bytes]) -> object:
    whole, upload = asked.option("json"), asked.option("file")
    if operation.uploads:
        if upload is None:
            raise ShapeError("file", f"--file with one of {', '.join(operation.uploads)}")
        _refuse_unknown(left)
        return read(upload)
    if upload is not None:
        raise ShapeError("file", "no file: this operation takes none")
    if operation.body is None:
        _refuse_unknown(left)
        return None
    document: Any = parse_json(read(whole)) if whole is not None else {}
    if not isinstance(document, dict):
        raise ShapeError("json", "an object")
    for name, text in left.items():
        _put(document, name.split("."), _value(operation.body, name.split("."), text, name), name)
    if operation.body is not None and not document and whole is None and not _needs(operation.body):
        return None
    return _checked(operation.body, document)


def _checked(kind: Any, document: dict[str, Any]) -> object:
    """Return the body in its type; an unknown field is refused, as the server would."""
    found = decode(kind, document)
    shapes = _shapes_of(kind)
    known = {each.sent_as for shape in shapes for each in fields_of(shape)}
    unknown = sorted(set(document) - known) if shapes else []
    if unknown:
        raise ShapeError(unknown[0][:40], f"one of {', '.join(sorted(known))}")
    return found


def _needs(kind: Any) -> bool:
    return any(not each.is_optional for shape in _shapes_of(kind) for each in fields_of(shape))


def _value(kind: Any, path: Sequence[str], text: str, name: str) -> Any:
    """Return the JSON value that ``text`` is in the field at ``path``: JSON where it is no plain value, else text or a number."""
    found = _kind_at(kind, path)
    plain = [each for each in _alternatives(found) if each is not type(None)]
    if not plain or any(each is object for each in plain):
        return _json_or_text(text)
    value = None
    for each in plain:
        try:
            value = _plain(each, text)
        except ShapeError:
            continue
        return value
    raise ShapeError(name[:80], word_of(found))


def _plain(kind: Any, text: str) -> Any:
    if kind is bool:
        if text not in {"true", "false"}:
            raise ShapeError("", "true or false")
        return text == "true"
    if kind is int:
        return _whole(text)
    if typing.get_origin(kind) is Literal:
        for each in typing.get_args(kind):
            if str(each) == text:
                return each
        raise ShapeError("", word_of(kind))
    if typing.get_origin(kind) is not None or dataclasses.is_dataclass(kind):
        try:
            return json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise ShapeError("", "JSON") from error
    decode(kind, text)
    return text


def _read_text(kind: Any, text: str, name: str) -> object:
    for each in _alternatives(kind):
        if each is type(None):
            continue
        try:
            return typing.cast("object", decode(each, _plain(each, text)))
        except ShapeError:
            continue
    raise ShapeError(name, word_of(kind))


def _whole(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 30):  # noqa: PLR2004 - more than any bound of the API
        raise ShapeError("", "a whole number")
    return int(text)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal) if text[:1] in {"{", "[", '"'} else text
    except (ValueError, RecursionError):
        return text


def _put(document: dict[str, Any], path: Sequence[str], value: Any, name: str) -> None:
    if len(path) > _MOST_DEPTH:
        raise ShapeError(name[:40], f"at most {_MOST_DEPTH} names with dots between")
    for part in path[:-1]:
        document = document.setdefault(part, {})
        if not isinstance(document, dict):
            raise ShapeError(name[:80], "a field of an object")
    document[path[-1]] = value


def _kind_at(kind: Any, path: Sequence[str]) -> Any:
    found: list[Any] = [kind]
    for part in path:
        inside = [
            each.type
            for shape in found
            for inner in _shapes_of(shape)
            for each in fields_of(inner)
            if part in {each.sent_as, each.name}
        ]
        if not inside:
            if all(not _shapes_of(each) for each in found):
                return object
            known = sorted(
                {each.sent_as for shape in found for inner in _shapes_of(shape) for each in fields_of(inner)}
            )
            raise ShapeError(".".join(path)[:80], f"one of {', '.join(known)}")
        found = inside
    return found[0] if len(found) == 1 else Union[tuple(found)]  # noqa: UP007 - the members are known only here


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) in {Union, types.UnionType} else (kind,)


def _shapes_of(kind: Any) -> tuple[Any, ...]:
    return tuple(each for each in _alternatives(kind) if dataclasses.is_dataclass(each))


def _refuse_unknown(left: Mapping[str, str]) -> None:
    if left:
        raise ShapeError(next(iter(left))[:40], "no field of this name; see --help")


def _spelled(name: str) -> str:
    return name.replace("_", "-")
