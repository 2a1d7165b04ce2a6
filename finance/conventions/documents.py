"""Values as JSON documents and back: one spelling of each value, so that equal values hash equally and can be signed.

Owns how a frozen dataclass becomes a mapping of JSON (text, lists, true, false and null) and is read back: by its
annotations, every field without a default required, no other taken, each refusal with the path of its field. Knows no term of
any contract.
"""

from __future__ import annotations

import dataclasses
import re
import types
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from finance.conventions.exact_text import fraction_text, parse_exact
from finance.conventions.fields import parse_choice, parse_day
from ledger.core.errors import DomainError, Invalid

JsonDocument = Mapping[str, Any]
JsonValue: TypeAlias = "str | bool | list[JsonValue] | dict[str, JsonValue] | None"
"""What a document is made of: no number stands outside a text."""
_MOST_ITEMS = 10_000
_MOST_UNITS = 10**15
_DEEPEST = 16
_LONGEST_TEXT = 1_000
_MOST_SHOWN_BITS = 200  # Python does not print integers of thousands of digits
_KIND = "kind"
_INSTANT = "an instant in UTC as YYYY-MM-DDTHH:MM:SSZ"
_WHOLE = re.compile(r"-?[1-9][0-9]{0,15}|0", re.ASCII)

Value = TypeVar("Value")


def to_document(value: object) -> dict[str, Any]:
    """Return a dataclass as JSON: a mapping by field; a fraction is ``num/den``; a whole number, a day, an instant are texts.

    No number stands outside a text, so that every program reads the bytes that were signed alike.
    A value whose field may hold one of several dataclasses says which under ``kind``: its class's name, spelled ``fixed_rate``.
    ``to_document(FixedRate(rate=Fraction(69, 2000)))`` is ``{"rate": "69/2000"}``.
    """
    found = _write(type(value), value)
    assert isinstance(found, dict), "a dataclass is written as a mapping"
    return found


def kind_of(cls: type) -> str:
    """Return how a document names a dataclass among others: ``FixedRate`` is ``fixed_rate``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def from_document(cls: type[Value], document: object, *, area: str, path: str = "") -> Value:
    """Return the value of ``cls`` that ``document`` spells; ``to_document`` of it is the canonical form of ``document``.

    Fractions may come as decimals too (``"0.0345"``), whole numbers as JSON numbers. A missing field is refused with
    ``area.missing``, one that ``cls`` does not have with ``area.unknown``, another form with ``area.<field>``; the refusal's
    ``field`` is the path from the top (``tranches[0].base_rate.spread_bp``). What ``cls`` itself refuses is passed on with it.
    """
    return cast("Value", _read(cls, document, _Place(area, path)))


def _write(kind: object, value: object) -> JsonValue:
    if value is None or isinstance(value, bool | str | int | Fraction | date):
        return _write_plain(value)
    members = [each for each in get_args(kind) if each is not types.NoneType]
    if isinstance(value, tuple):
        kinds = _kinds_of_items(kind, len(value))
        return [_write(each_kind, each) for each_kind, each in zip(kinds, value, strict=True)]
    assert dataclasses.is_dataclass(value), f"a document is made of plain values, not of {type(value).__name__}"
    named: dict[str, JsonValue] = {_KIND: kind_of(type(value))} if _is_union(kind) and len(members) > 1 else {}
    hints = _hints(value.__class__)
    return {**named, **{name: _write(hint, getattr(value, name)) for name, hint in hints.items()}}


def _write_plain(value: bool | str | int | Fraction | date | None) -> JsonValue:  # noqa: FBT001 - a flag is one of the values
    match value:
        case None | bool():
            return value
        case Fraction():
            return fraction_text(value)
        case datetime():  # before the day, which every instant is too
            return _instant_text(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _instant_text(instant: datetime) -> str:
    """Return the one spelling of an instant: UTC, seconds or microseconds, ``2026-05-06T03:00:00Z``."""
    assert instant.utcoffset() == timedelta(0), "an instant in a document is aware and in UTC"
    return f"{instant.replace(tzinfo=None).isoformat()}Z"


def _instant(text: str, *, place: _Place) -> datetime:
    try:
        instant = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError as error:
        raise place.refusal(_INSTANT, text) from error
    if _instant_text(instant) != text:
        raise place.refusal(_INSTANT, text)
    return instant


def _is_union(kind: object) -> bool:
    return get_origin(kind) in {Union, types.UnionType}


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    area: str
    path: str
    depth: int = 0

    def at(self, step: str) -> _Place:
        joined = step if not self.path or step.startswith("[") else f".{step}"
        return _Place(self.area, self.path + joined, self.depth + 1)

    def refusal(self, expected: str, value: object) -> Invalid:
        field = self.path.rpartition(".")[2].partition("[")[0] or "document"
        is_short = isinstance(value, str) or (isinstance(value, int) and value.bit_length() <= _MOST_SHOWN_BITS)
        shown = value if is_short or value is None else type(value).__name__
        return Invalid(
            f"{self.area}.{field}",
            f"{self.path or 'document'}: expected {expected}",
            field=self.path or "document",
            value=str(shown)[:80],
        )


def _read(kind: object, given: object, place: _Place) -> object:
    if place.depth > _DEEPEST:
        raise place.refusal(f"at most {_DEEPEST} levels", given)
    if _is_union(kind):
        return _read_union(get_args(kind), given, place)
    if get_origin(kind) is tuple:
        return _read_list(kind, given, place)
    assert isinstance(kind, type), f"a document has no values of {kind}"
    return _read_record(kind, given, place) if dataclasses.is_dataclass(kind) else _read_plain(kind, given, place)


def _read_plain(kind: type, given: object, place: _Place) -> object:
    if kind is bool or kind is int:
        return _read_number(kind, given, place)
    expected = 'an exact number as text such as "0.0345" or "69/2000"' if kind is Fraction else "a text"
    if not isinstance(given, str):
        raise place.refusal(expected, given)
    name = place.path or "document"
    try:
        if kind is Fraction:
            return parse_exact(given, field=name)
        if kind is date:
            expected = "a day as YYYY-MM-DD"
            return parse_day(given, area=place.area, field=name)
        if kind is datetime:
            return _instant(given, place=place)
        if issubclass(kind, StrEnum):
            expected = f"one of {', '.join(kind)}"
            return parse_choice(kind, given, area=place.area, field=name)
    except Invalid as error:
        raise place.refusal(expected, given) from error
    if len(given) > _LONGEST_TEXT or not given.isprintable() or not unicodedata.is_normalized("NFC", given):
        raise place.refusal(f"at most {_LONGEST_TEXT} printable characters (Unicode NFC)", given)
    return given


def _read_number(kind: object, given: object, place: _Place) -> object:
    if kind is bool:
        if not isinstance(given, bool):
            raise place.refusal("true or false", given)
        return given
    if isinstance(given, str) and _WHOLE.fullmatch(given):
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or abs(given) > _MOST_UNITS:
        raise place.refusal("a whole number, at most 10^15", given)
    return given


def _read_list(kind: object, given: object, place: _Place) -> tuple[object, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise place.refusal("a list", given)
    if len(given) > _MOST_ITEMS:
        raise place.refusal(f"a list of at most {_MOST_ITEMS}", f"{len(given)} items")
    kinds = _kinds_of_items(kind, len(given))
    if len(kinds) != len(given):
        raise place.refusal(f"a list of exactly {len(kinds)}", f"{len(given)} items")
    items = zip(kinds, given, strict=True)
    return tuple(_read(each_kind, each, place.at(f"[{index}]")) for index, (each_kind, each) in enumerate(items))


def _kinds_of_items(kind: object, count: int) -> tuple[object, ...]:
    """Return the annotation of each item: one for all in ``tuple[X, ...]``, one each in ``tuple[X, Y]``."""
    kinds = get_args(kind)
    return (kinds[0],) * count if kinds[-1] is Ellipsis else kinds


def _read_union(kinds: tuple[object, ...], given: object, place: _Place) -> object:
    wanted = [kind for kind in kinds if kind is not types.NoneType]
    if given is None and len(wanted) < len(kinds):
        return None
    if len(wanted) == 1:
        return _read(wanted[0], given, place)
    by_kind = {kind_of(kind): kind for kind in wanted if isinstance(kind, type)}
    if not isinstance(given, Mapping):
        raise place.refusal(f"a mapping whose kind is one of {', '.join(by_kind)}", given)
    named = given.get(_KIND)
    if not isinstance(named, str) or named not in by_kind:
        raise place.at(_KIND).refusal(f"one of {', '.join(by_kind)}", named)
    return _read(by_kind[named], {name: each for name, each in given.items() if name != _KIND}, place)


def _read_record(cls: type, given: object, place: _Place) -> object:
    if not isinstance(given, Mapping):
        raise place.refusal("a mapping", given)
    hints = _hints(cls)
    unknown = sorted(str(name)[:40] for name in given if name not in hints)
    if unknown:
        field = place.at(unknown[0]).path
        raise Invalid(f"{place.area}.unknown", f"{field}: no such field; it is refused, not ignored", field=field)
    missing = [name for name in hints if name not in given and name not in _optional(cls)]
    if missing:
        field = place.at(missing[0]).path
        raise Invalid(f"{place.area}.missing", f"{field}: expected a value; every field is stated", field=field)
    values = {name: _read(hint, given[name], place.at(name)) for name, hint in hints.items() if name in given}
    try:
        return cls(**values)
    except DomainError as error:
        inner = str(error.data.get("field", ""))
        field = place.at(inner).path if inner else place.path or "document"
        message = f"{place.path}: {error.message}" if place.path else error.message
        raise type(error)(error.code, message, **{**error.data, "field": field}) from error


@cache
def _optional(cls: type) -> frozenset[str]:
    return frozenset(
        each.name
        for each in dataclasses.fields(cls)
        if each.default is not dataclasses.MISSING or each.default_factory is not dataclasses.MISSING
    )


@cache
def _hints(cls: type) -> Mapping[str, object]:
    hints = get_type_hints(cls)
    return {each.name: hints[each.name] for each in dataclasses.fields(cls)}
