"""Documents in which any value may be the text UNKNOWN: what is known of them is checked as strictly as ever.

Owns how a part with unknowns is read: the paths that are unknown are collected, everything else is refused by the same name
as in a whole document. What hangs on an unknown number is checked by completing it with legal values: a part that no value can
complete is refused. Knows no clause of any contract.
"""

from __future__ import annotations

import dataclasses
import itertools
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

from finance.conventions.documents import from_document, kind_of
from ledger.core.errors import DomainError

UNKNOWN = "UNKNOWN"
"""The text that stands where a source does not say."""

_MOST_ITEMS = 10_000
_DEEPEST = 24  # beyond what any document may nest; deeper is refused as it is read
_MOST_OPTIONS = 120
_MOST_TRIALS = 400
_TEXTS = ("CNY", "00:00", "x", "0" * 64)
_NUMBERS = ("0/1", "1/1", "1/2", "10000/1", "-1/1")
_DAYS = ("2020-01-01", "2199-12-31", "1990-01-01", "2199-12-30")

Value = TypeVar("Value")


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """What is not known, by the paths in the document that say UNKNOWN."""

    paths: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """A looked-at part: its unknown paths, and documents without unknowns that would complete it.

    ``first`` is the plainest, none where none was found; ``others`` finds more, which is only asked for when the first does not
    fit what stands around it. ``element`` is what a list consists of that is unknown as a whole, else None.
    """

    paths: tuple[str, ...]
    first: tuple[object, ...]
    others: Callable[[], tuple[object, ...]]
    element: object | None = None


def read_known(kind: type[Value], given: object, *, area: str, path: str) -> Value | Unknown:
    """Return the value of ``kind`` that ``given`` spells, or what is unknown in it; anything wrong is refused by its path.

    ``{"rate": "UNKNOWN"}`` at ``base_rate`` gives ``Unknown(("base_rate.rate",))``.
    """
    paths = look_at(kind, given, area=area, path=path).paths
    return Unknown(paths) if paths else from_document(kind, given, area=area, path=path)


def look_at(kind: object, given: object, *, area: str, path: str) -> Look:
    """Return the unknown paths of ``given`` and how it might be completed; refuse what is wrong whatever the unknowns are."""
    return _look(kind, given, _Place(area, path))


def holds_unknown(given: object, *, depth: int = 0) -> bool:
    """Return whether the text UNKNOWN stands anywhere in ``given``."""
    if isinstance(given, str) or depth > _DEEPEST:
        return given == UNKNOWN
    if isinstance(given, Mapping):
        return any(holds_unknown(each, depth=depth + 1) for each in given.values())
    return isinstance(given, Sequence) and any(holds_unknown(each, depth=depth + 1) for each in given)


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    area: str
    path: str

    def at(self, step: str) -> _Place:
        joined = step if not self.path or step.startswith("[") else f".{step}"
        return _Place(self.area, self.path + joined)

    def refusal_of(self, kind: object, given: object) -> DomainError | None:
        """Return how the whole-document reader refuses ``given``, or None."""
        try:
            from_document(cast("type[object]", kind), given, area=self.area, path=self.path)
        except DomainError as error:
            return error
        return None

    def field_of(self, refusal: DomainError) -> str:
        """Return which field of the record at this place a refusal names."""
        field = refusal.data.get("field", "").removeprefix(self.path).removeprefix(".")
        return field.partition(".")[0].partition("[")[0]


def _look(kind: object, given: object, place: _Place) -> Look:
    if isinstance(given, str) and given == UNKNOWN:
        options = _options(kind)
        element = get_args(kind)[0] if get_origin(kind) is tuple else None
        return Look((place.path,), options[:1], lambda: options[1:], element)
    if not holds_unknown(given):
        refusal = place.refusal_of(kind, given)
        if refusal is not None:
            raise refusal
        return Look((), (given,), _none)
    if get_origin(kind) in {Union, types.UnionType}:
        return _look_at_union(kind, given, place)
    if get_origin(kind) is tuple:
        return _look_at_list(kind, given, place)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _look_at_record(kind, given, place)
    return _refused(kind, given, place)


def _look_at_union(kind: object, given: object, place: _Place) -> Look:
    members = [each for each in get_args(kind) if each is not types.NoneType]
    if len(members) == 1:
        return _look(members[0], given, place)
    by_kind = {kind_of(each): each for each in members}
    named = given.get("kind") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(named, str) or named not in by_kind:
        return _refused(kind, given, place)
    inner = _look(by_kind[named], {name: each for name, each in given.items() if name != "kind"}, place)
    return Look(inner.paths, _named(named, inner.first), lambda: _named(named, inner.others()))


def _named(kind: str, documents: tuple[object, ...]) -> tuple[object, ...]:
    return tuple({"kind": kind, **cast("dict[str, object]", each)} for each in documents)


def _none() -> tuple[object, ...]:
    return ()


def _look_at_list(kind: object, given: object, place: _Place) -> Look:
    if not isinstance(given, Sequence) or len(given) > _MOST_ITEMS:
        return _refused(kind, given, place)
    element = get_args(kind)[0]
    looks = [_look(element, each, place.at(f"[{index}]")) for index, each in enumerate(given)]
    paths = tuple(path for each in looks for path in each.paths)
    if not all(each.first for each in looks):
        return Look(paths, (), _none)
    plain = [each.first[0] for each in looks]
    return Look(paths, (plain,), lambda: _list_variations(looks, plain))


def _list_variations(looks: Sequence[Look], plain: list[object]) -> tuple[object, ...]:
    """Return the list with one element varied, and with every element varied alike."""
    open_looks = [(index, each) for index, each in enumerate(looks) if each.paths]
    found = [[*plain[:index], one, *plain[index + 1 :]] for index, each in open_looks for one in each.others()]
    return tuple(found[:_MOST_OPTIONS])


def _look_at_record(cls: type, given: object, place: _Place) -> Look:
    hints = _hints(cls)
    if not isinstance(given, Mapping) or not set(hints) >= set(given) or not set(given) >= _required(cls):
        return _refused(cls, given, place)
    looks = {name: _look(hint, given[name], place.at(name)) for name, hint in hints.items() if name in given}
    paths = tuple(path for each in looks.values() for path in each.paths)
    first, others = complete(cls, looks, area=place.area, path=place.path)
    return Look(paths, first, others)


def _refused(kind: object, given: object, place: _Place) -> Look:
    refusal = place.refusal_of(kind, given)
    assert refusal is not None, f"{place.path}: a value of the wrong form is refused"
    raise refusal


def complete(
    cls: type, looks: Mapping[str, Look], *, area: str, path: str
) -> tuple[tuple[object, ...], Callable[[], tuple[object, ...]]]:
    """Return a document of ``cls`` made of its fields' completions (none where none was found), and how to find more.

    Refused, as the whole document would be, is a record in which the same known field is refused whatever stands for the
    unknowns: an amount below zero, a day before another that is known.
    """
    if not all(look.first for look in looks.values()):
        return (), _none
    trial = _Trial(cls, looks, _Place(area, path))
    values, refusal = trial.settled({name: look.first[0] for name, look in looks.items()})
    if refusal is None:
        return (values,), lambda: trial.others(values)
    return trial.elsewhere(values, refusal), _none


_Values = Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True)
class _Trial:
    """The search for values that complete one record."""

    cls: type
    looks: Mapping[str, Look]
    place: _Place

    @property
    def open_names(self) -> list[str]:
        """Return the fields with an unknown in them."""
        return [name for name, look in self.looks.items() if look.paths]

    def settled(self, values: _Values) -> tuple[_Values, DomainError | None]:
        """Return the values with every refused unknown moved on to one that passes, and the refusal that stays."""
        waiting: dict[str, Iterator[object]] = {}
        refusal = self.place.refusal_of(self.cls, values)
        while refusal is not None:
            blamed = self.place.field_of(refusal)
            if blamed not in self.looks or not self.looks[blamed].paths:
                break
            options = waiting.setdefault(blamed, iter(self.looks[blamed].others()))
            try:
                values = {**values, blamed: next(options)}
            except StopIteration:
                break
            refusal = self.place.refusal_of(self.cls, values)
        return values, refusal

    def elsewhere(self, values: _Values, refusal: DomainError) -> tuple[object, ...]:
        """Return a completion by another value for another unknown; refuse what every one of them leaves refused."""
        if not self.open_names:
            raise refusal
        blamed = self.place.field_of(refusal)
        if blamed not in self.looks or self.looks[blamed].paths:
            return ()
        is_certain = True
        trials = itertools.chain(self._fitted(values, blamed), self._variations(values))
        for variation in itertools.islice(trials, _MOST_TRIALS):
            settled, other = self.settled(variation)
            if other is None:
                return (settled,)
            # Another known field's refusal means that this one passed; an unknown's own says nothing.
            is_certain = is_certain and self.place.field_of(other) in {blamed, *self.open_names}
        if is_certain:
            raise refusal
        return ()

    def _fitted(self, values: _Values, blamed: str) -> Iterator[_Values]:
        """Return the values with each unknown made to fit the refused field: bearing its text, or a list as long as its list."""
        other = values[blamed]
        for name in self.open_names:
            look = self.looks[name]
            if isinstance(other, str):
                yield {**values, name: _renamed(values[name], other)}
            if look.element is not None:
                yield from ({**values, name: fitted} for fitted in _lists_like(look.element, other))

    def others(self, values: _Values) -> tuple[object, ...]:
        """Return further completions, each with one unknown varied."""
        fit = (each for each in self._variations(values) if self.place.refusal_of(self.cls, each) is None)
        return tuple(itertools.islice(fit, _MOST_OPTIONS))

    def _variations(self, values: _Values) -> Iterator[_Values]:
        """Return the values with one unknown varied, the fields taking turns."""
        options = [[(name, one) for one in self._options_of(name, values)] for name in self.open_names]
        for turn in itertools.zip_longest(*options):
            for each in turn:
                if each is not None:
                    yield {**values, each[0]: each[1]}

    def _options_of(self, name: str, values: _Values) -> list[object]:
        look = self.looks[name]
        return [one for one in (*look.first, *look.others()) if one != values[name]]


def _lists_like(element: object, other: object) -> Iterator[list[object]]:
    """Return lists that hold the text ``other``, or that are about as long as the list ``other``, no element twice."""
    plain = _options(element)[0]
    if isinstance(other, str):
        yield from ([_renamed(plain, other), *([plain] * more)] for more in (0, 1))
    elif isinstance(other, Sequence):
        numbered = [_renamed(plain, f"x{number}") for number in range(len(other) + 1)]
        yield from (numbered[:length] for length in range(max(len(other) - 1, 0), len(other) + 2))


def _renamed(document: object, text: str) -> object:
    """Return a made-up document with its made-up name changed."""
    if isinstance(document, Mapping):
        return {name: _renamed(each, text) for name, each in document.items()}
    if isinstance(document, list):
        return [_renamed(each, text) for each in document]
    return text if document == _TEXTS[0] else document


@cache
def _options(kind: object) -> tuple[object, ...]:
    """Return a few documents that a value of ``kind`` may have, the plainest first."""
    if get_origin(kind) in {Union, types.UnionType}:
        members = [each for each in get_args(kind) if each is not types.NoneType]
        nothing: tuple[object, ...] = (None,) if len(members) < len(get_args(kind)) else ()
        if len(members) == 1:
            return (*nothing, *_options(members[0]))
        named = [
            {"kind": kind_of(each), **cast("dict[str, object]", one)} for each in members for one in _options(each)
        ]
        return (*nothing, *named)
    if get_origin(kind) is tuple:
        return ([], *([one] for one in _options(get_args(kind)[0])))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        look = look_at(kind, dict.fromkeys(_hints(kind), UNKNOWN), area="x", path="")
        return (*look.first, *look.others()) if _hints(kind) else ({},)
    return _plain_options(kind)


def _plain_options(kind: object) -> tuple[object, ...]:
    assert isinstance(kind, type), "a document's values have types"
    if issubclass(kind, StrEnum):
        return tuple(str(each) for each in kind)
    by_type: Mapping[type, tuple[object, ...]] = {
        bool: (False, True),
        int: (1, 0, 12, 10_000, 10**15),
        Fraction: _NUMBERS,
        date: _DAYS,
        str: _TEXTS,
    }
    return by_type[kind]


@cache
def _hints(cls: type) -> Mapping[str, object]:
    hints = get_type_hints(cls)
    return {each.name: hints[each.name] for each in _fields(cls)}


@cache
def _required(cls: type) -> frozenset[str]:
    return frozenset(
        each.name
        for each in _fields(cls)
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    )


def _fields(cls: type) -> tuple[dataclasses.Field[object], ...]:
    assert dataclasses.is_dataclass(cls), "only records have fields"
    return dataclasses.fields(cls)
