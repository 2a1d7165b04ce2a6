"""Reads JSON as the standard means it, and refuses what parsers usually let pass.

Stands before every schema: UTF-8 only, no NaN or Infinity, no key twice, no lone surrogate or NUL, whole numbers only, 32 levels at
most (RFC 8259, and RFC 7493 for numbers and keys). What was sent is never repeated in a refusal.
"""

from __future__ import annotations

import json
import re
from typing import TypeAlias

from api.store.names import place
from ledger.core.errors import Invalid

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

DEEPEST = 32
"""Levels of arrays and objects; no document of ours has ten."""

_LARGEST_WHOLE = 2**53 - 1
"""Beyond this a number changes in other programs (RFC 7493 section 2.2)."""

_MOST_DIGITS = 17
_UNTELLABLE = re.compile("[\x00\ud800-\udfff]")


class _NotWhole:
    """Stands where a number was that is not a whole one, until its place is known."""


_NOT_WHOLE = _NotWhole()


def parse(raw: bytes) -> Json:
    """Return the document that ``raw`` spells; raise ``json.*`` with the field where one can be named.

    Syntax refusals (``json.encoding``, ``json.syntax``, ``json.not_finite``, ``json.duplicate_key``, ``json.depth``, ``json.character``,
    ``json.empty``) are malformed requests; ``json.number`` says that a field holds a number that is not whole or is too large.
    """
    if not raw.strip():
        raise Invalid("json.empty", "the body is empty; expected a JSON object")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("json.encoding", f"the body is not UTF-8 at byte {error.start}") from None
    try:
        document = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_not_whole,
            parse_int=_whole,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise Invalid("json.syntax", f"the body is not JSON: line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _too_deep() from None
    _inspect(document)
    checked: Json = document
    return checked


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Invalid(
            "json.duplicate_key",
            f"{place((twice,))}: this key stands twice in one object; send it once",
            field=place((twice,)),
        )
    return members


def _not_whole(_digits: str) -> _NotWhole:
    return _NOT_WHOLE


def _whole(digits: str) -> int | _NotWhole:
    if len(digits) > _MOST_DIGITS:
        return _NOT_WHOLE
    number = int(digits)
    return number if abs(number) <= _LARGEST_WHOLE else _NOT_WHOLE


def _refuse_constant(_name: str) -> None:
    raise Invalid("json.not_finite", "NaN and Infinity are not JSON; send amounts as decimal strings such as 1234.50")


def _too_deep() -> Invalid:
    return Invalid("json.depth", f"the document is nested deeper than {DEEPEST} levels")


def _inspect(document: object) -> None:
    """Refuse what is only seen with the whole document at hand, and say where it stands."""
    waiting: list[tuple[object, tuple[str | int, ...]]] = [(document, ())]
    while waiting:
        value, at = waiting.pop()
        if isinstance(value, str):
            _refuse_untellable(value, at)
        elif value is _NOT_WHOLE:
            field = place(at)
            raise Invalid(
                "json.number",
                f"{field or 'the body'}: expected a whole number below 2^53, or an amount as a decimal string such as 1234.50",
                field=field,
            )
        elif isinstance(value, dict | list):
            if len(at) >= DEEPEST:
                raise _too_deep()
            if isinstance(value, dict):
                for name in value:
                    _refuse_untellable(name, (*at, name))
            members = value.items() if isinstance(value, dict) else enumerate(value)
            waiting.extend((member, (*at, name)) for name, member in members)


def _refuse_untellable(text: str, at: tuple[str | int, ...]) -> None:
    if _UNTELLABLE.search(text):
        field = place(at)
        raise Invalid(
            "json.character",
            f"{field or 'the body'}: half of a surrogate pair, or a NUL, is not a character",
            field=field,
        )
