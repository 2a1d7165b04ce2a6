"""The unknown numbers of a pricing clause: which they are, and between what they may legally lie.

Owns the ends of each (a step from nothing to 100 %, a bound from nothing to none, a table's entry between its neighbours) and how a
value is put in an unknown's place. Evaluates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.conventions.documents import from_document
from finance.conventions.exact_text import fraction_text
from finance.loans.deal_reading import UNKNOWN
from finance.loans.price_effects import Direction

_AREA = "ratchet"
_NOTHING, _SMALL, _LARGEST = "0/1", "1/1", "10000/1"
_WIDE = {"cap_up_bp": 1, "kpi_cap_up_bp": 1}
"""At which of its ends an unknown number leaves a clause the most room, where that is not the lowest."""
_LOWERING = frozenset(("down_bp", "cap_down_bp"))
_RAISING = frozenset(("up_bp", "cap_up_bp"))
_SCALES: Mapping[str, tuple[str, ...]] = {"linear": ("floor", "base", "cap"), "dead_band": ("low", "high")}


class End(StrEnum):
    """Where an unknown number is put: the name of the field that says its value there."""

    LOWEST = "at_lowest"
    HIGHEST = "at_highest"
    BETWEEN = "between"


Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownNumber:
    """An unknown number and the values at which the clause is lowest and highest.

    ``between`` is one at which the clause's other unknowns still show: a small step, a wide bound.
    """

    path: str
    steps: Path
    at_lowest: object
    at_highest: object
    between: object


def unknowns_in(document: object, *, path: str) -> tuple[str, ...]:
    """Return the paths of every UNKNOWN in ``document``, which itself stands at ``path``."""
    return tuple(path + _text(steps) for steps in _unknowns(document))


def _unknowns(document: object) -> tuple[Path, ...]:
    if isinstance(document, str):
        return ((),) if document == UNKNOWN else ()
    if isinstance(document, Mapping):
        return tuple((str(name), *rest) for name, each in document.items() for rest in _unknowns(each))
    if isinstance(document, list | tuple):
        return tuple((index, *rest) for index, each in enumerate(document) for rest in _unknowns(each))
    return ()


def _text(steps: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def open_scale(rule: object) -> tuple[str, ...]:
    """Return which numbers of a linear rule's or a dead band's scale are unknown; none for another rule."""
    if not isinstance(rule, Mapping):
        return ()
    return tuple(name for name in _SCALES.get(str(rule["kind"]), ()) if rule[name] == UNKNOWN)


def filled_scale(rule: object) -> object:
    """Return the rule with unknown ends of its scale put anywhere legal: results stand on its points by name."""
    if not isinstance(rule, Mapping) or not open_scale(rule):
        return rule
    names = _SCALES[str(rule["kind"])]
    known = {name: from_document(Fraction, rule[name], area=_AREA) for name in names if rule[name] != UNKNOWN}
    filled: list[Fraction] = []
    for number in range(len(names)):
        later = next(((step, known[each]) for step, each in enumerate(names[number:]) if each in known), None)
        if later is None:
            filled.append(filled[-1] + 1 if filled else Fraction(0))
        elif filled:
            filled.append(filled[-1] + (later[1] - filled[-1]) / (later[0] + 1) if later[0] else later[1])
        else:
            filled.append(later[1] - later[0])
    return {**rule, **{name: fraction_text(value) for name, value in zip(names, filled, strict=True)}}


def read_numbers(effect: Mapping[str, object], *, place: str) -> tuple[tuple[UnknownNumber, ...], tuple[str, ...]]:
    """Return the unknown numbers of basis points, and the paths of what else is unknown and prices something."""
    numbers: list[UnknownNumber] = []
    stuck: list[str] = []
    scale = open_scale(effect["rule"])
    for steps in _unknowns(effect):
        name = next(step for step in reversed(steps) if isinstance(step, str))
        is_scale = steps[0] == "rule" and name in scale
        if steps[0] in {"applies_to", "effect_id"} or is_scale:
            continue
        ends = _ends(name, steps, effect)
        if ends is None:
            stuck.append(place + _text(steps))
        else:
            between = _SMALL if name in {"down_bp", "up_bp"} and ends[0] != ends[1] else ends[_WIDE.get(name, 0)]
            numbers.append(
                UnknownNumber(
                    path=place + _text(steps),
                    steps=("effect", *steps),
                    at_lowest=ends[0],
                    at_highest=ends[1],
                    between=between,
                )
            )
    return tuple(numbers), tuple(stuck)


def _ends(name: str, steps: Path, effect: Mapping[str, object]) -> tuple[object, object] | None:
    down = _NOTHING if effect["direction"] == Direction.UP_ONLY else _LARGEST
    up = _NOTHING if effect["direction"] == Direction.DOWN_ONLY else _LARGEST
    if name in _LOWERING:
        return down, _NOTHING
    if name in _RAISING:
        return _NOTHING, up
    if name == "kpi_cap_down_bp":
        return None, _NOTHING
    if name == "kpi_cap_up_bp":
        return _NOTHING, None
    if name == "bp_by_met":
        return _table_ends(steps, effect, lowest=_negative(down), highest=up)
    return None


def _negative(number: str) -> str:
    return number if number == _NOTHING else f"-{number}"


def _table_ends(
    steps: Path, effect: Mapping[str, object], *, lowest: str, highest: str
) -> tuple[object, object] | None:
    """Return the ends of a table's unknown: its known neighbours, since a table never rises with one more target met."""
    rule = effect["rule"]
    assert isinstance(rule, Mapping), "a rule with an unknown inside is a mapping"
    position = steps[-1]
    if not isinstance(position, int):
        kpi_ids = rule["kpi_ids"]
        if not isinstance(kpi_ids, list | tuple):
            return None
        return [lowest] * (len(kpi_ids) + 1), [highest] * (len(kpi_ids) + 1)
    table = rule["bp_by_met"]
    above = [each for each in table[:position] if each != UNKNOWN]
    below = [each for each in table[position + 1 :] if each != UNKNOWN]
    return (below[0] if below else lowest), (above[-1] if above else highest)


def with_value(document: object, steps: Path, value: object) -> object:
    """Return ``document`` with ``value`` at ``steps``; nothing else changes."""
    if not steps:
        return value
    step = steps[0]
    if isinstance(document, Mapping):
        return {**document, step: with_value(document[step], steps[1:], value)}
    assert isinstance(document, list | tuple), "a step leads into a mapping or a list"
    return [with_value(each, steps[1:], value) if index == step else each for index, each in enumerate(document)]
