"""A pricing clause in which some values are UNKNOWN, evaluated at both ends of what they may legally be.

Owns between which adjustments a clause can lie for one result per KPI, and on which unknowns that hangs. A clause's adjustment
never rises with a step down or a bound downwards and never falls with a step up or a bound upwards, so two evaluations
enclose every value in between. Knows no deal and no outcome vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from finance.conventions.documents import from_document
from finance.loans.adjustments import KpiResult, adjustments
from finance.loans.deal_reading import UNKNOWN, holds_unknown
from finance.loans.price_effects import (
    AppliesTo,
    Consequence,
    DeadBand,
    Linear,
    OutcomeStatus,
    PriceEffect,
    Ratchet,
)
from finance.loans.unknown_numbers import End, UnknownNumber, filled_scale, open_scale, read_numbers, with_value
from ledger.core.errors import DomainError

_AREA = "ratchet"
_NOTHING, _SMALL, _LARGEST = "0/1", "1/1", "10000/1"
_ABSENT: Mapping[OutcomeStatus, str] = {
    OutcomeStatus.MISSING: "on_missing",
    OutcomeStatus.LATE: "on_late",
    OutcomeStatus.QUALIFIED: "on_qualified",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Between what a clause can come to, in bp, and the unknown paths that this hangs on (none: it is one number).

    ``lowest`` and ``highest`` are None where an unknown is no number.
    """

    lowest: Fraction | None
    highest: Fraction | None
    paths: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Return whether the clause moves nothing, whatever the unknowns are."""
        return self.lowest == 0 and self.highest == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One price that a clause moves, as far as it is known; ``document`` is its ``applies_to`` entry at ``path``."""

    path: str
    document: object
    known: AppliesTo | None


_Flip = tuple[str, tuple[tuple[Ratchet, Ratchet], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause as far as it is known.

    ``stuck`` are the unknowns that are no numbers: the rule, a KPI, whether it is cumulative. ``silent`` maps a status to the
    unknown consequence. ``lowest`` and ``highest`` are the ratchet of this clause alone with every unknown number at the one
    and the other end; ``flips`` are pairs of ratchets that differ in one number alone. ``open_scale`` are the unknown numbers of
    a linear clause or a dead band; its points are known by name only.
    """

    effect_id: str
    stuck: tuple[str, ...]
    silent: Mapping[OutcomeStatus, str]
    places: tuple[Place, ...]
    lowest: Ratchet | None
    highest: Ratchet | None
    flips: tuple[_Flip, ...]
    open_scale: tuple[str, ...]

    @property
    def kpi_ids(self) -> tuple[str, ...]:
        """Return the clause's KPIs; none where an unknown hides them."""
        return self.lowest.kpi_ids if self.lowest else ()

    @property
    def scale(self) -> Linear | DeadBand | None:
        """Return the clause's scale where it has one; its unknown numbers stand at any legal place."""
        rule = self.lowest.effects[0].rule if self.lowest else None
        return rule if isinstance(rule, Linear | DeadBand) else None

    def stuck_on(self, paths: tuple[str, ...]) -> Clause:
        """Return the clause as one that cannot be evaluated for ``paths``."""
        return replace(self, stuck=(*self.stuck, *paths))

    def span(self, results: Mapping[str, KpiResult]) -> Span:
        """Return between what the clause lies for ``results``, in its first test (nothing carried).

        ``down_bp`` unknown, one-way: from -10000 to 0 when met, 0 when missed.
        """
        own = {kpi_id: results[kpi_id] for kpi_id in self.kpi_ids}
        silent = {self.silent[each.status] for each in own.values() if each.status in self.silent}
        blind = (*self.stuck, *sorted(silent))
        if blind or self.lowest is None or self.highest is None:
            return Span(None, None, blind)
        lowest = _adjustment_bp(self.lowest, own)
        highest = lowest if self.highest is self.lowest else _adjustment_bp(self.highest, own)
        if lowest == highest:
            return Span(lowest, highest, ())
        moving = tuple(
            path
            for path, pairs in self.flips
            if any(_adjustment_bp(one, own) != _adjustment_bp(other, own) for one, other in pairs)
        )
        return Span(lowest, highest, moving or tuple(path for path, _ in self.flips))


def read_clauses(document: Mapping[str, object], *, path: str) -> tuple[Clause, ...]:
    """Return the clauses of a ratchet's document whose list of effects is known; what no value makes legal is refused."""
    effects = document["effects"]
    assert isinstance(effects, list | tuple), "the effects of a ratchet are a list"
    return tuple(
        _unread(f"{path}.effects[{index}]")
        if effect == UNKNOWN
        else _clause(effect, document, path=path, place=f"{path}.effects[{index}]")
        for index, effect in enumerate(effects)
    )


def _unread(place: str) -> Clause:
    return Clause(
        effect_id=place,
        stuck=(place,),
        silent={},
        places=(Place(path=place, document=UNKNOWN, known=None),),
        lowest=None,
        highest=None,
        flips=(),
        open_scale=(),
    )


def _clause(effect: Mapping[str, object], ratchet: Mapping[str, object], *, path: str, place: str) -> Clause:
    numbers, stuck = read_numbers(effect, place=place)
    consequences, premium, premium_number = _around(ratchet, path=path)
    numbers += premium_number
    name = _known_text(effect["effect_id"], place)
    filled = {**effect, "effect_id": name, "applies_to": [_ANY_PLACE], "rule": filled_scale(effect["rule"])}
    loose = _Loose(
        document={"effect": filled, "premium_bp": premium}, numbers=numbers, consequences=consequences, place=place
    )
    lowest = highest = None
    flips: tuple[_Flip, ...] = ()
    if not stuck:
        lowest = loose.ratchet(End.LOWEST)
        highest = loose.ratchet(End.HIGHEST) if numbers else lowest
        flips = tuple((number.path, loose.flipped(number)) for number in numbers)
    return Clause(
        effect_id=name,
        stuck=stuck,
        silent={status: f"{path}.{name}" for status, name in _ABSENT.items() if ratchet[name] == UNKNOWN},
        places=_places(effect["applies_to"], place=place),
        lowest=lowest,
        highest=highest,
        flips=flips,
        open_scale=tuple(f"{place}.rule.{name}" for name in open_scale(effect["rule"])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loose:
    """One clause whose unknown numbers may each be put at either end."""

    document: Mapping[str, object]
    numbers: tuple[UnknownNumber, ...]
    consequences: Mapping[str, Consequence]
    place: str

    def ratchet(self, everywhere: End, *, but: Mapping[str, End] = MappingProxyType({})) -> Ratchet:
        """Return the ratchet of the clause alone with every unknown number at one end, but for those at the paths ``but``."""
        document: object = self.document
        for number in self.numbers:
            document = with_value(document, number.steps, getattr(number, but.get(number.path, everywhere)))
        assert isinstance(document, dict), "a value is put inside the document"
        premium = document["premium_bp"]
        return Ratchet(
            effects=(from_document(PriceEffect, document["effect"], area=_AREA, path=self.place),),
            total_cap_down_bp=None,
            total_cap_up_bp=None,
            premium_bp=None if premium is None else from_document(Fraction, premium, area=_AREA, path="premium_bp"),
            **self.consequences,
        )

    def flipped(self, number: UnknownNumber) -> tuple[tuple[Ratchet, Ratchet], ...]:
        """Return pairs that differ in ``number`` alone, the others at each end and between; illegal ones are left out.

        In a table one number may not rise alone above its neighbour.
        """
        pairs: list[tuple[Ratchet, Ratchet]] = []
        for others in End:
            try:
                one, other = (self.ratchet(others, but={number.path: end}) for end in (End.LOWEST, End.HIGHEST))
            except DomainError:
                continue
            pairs.append((one, other))
        return tuple(pairs)


_ANY_PLACE = {"item": "margin", "tranche_id": None, "fee": None, "factor": "1/1"}


def _known_text(text: object, place: str) -> str:
    """Return a clause's name; an unknown one is named by its place, since it prices nothing."""
    return "clause-" + place.partition("[")[2].partition("]")[0] if text == UNKNOWN else str(text)


def _adjustment_bp(ratchet: Ratchet, results: Mapping[str, KpiResult]) -> Fraction:
    return adjustments(ratchet, results, before={}, is_last_period=False)[0].adjustment_bp


def _places(applies_to: object, *, place: str) -> tuple[Place, ...]:
    at = f"{place}.applies_to"
    if not isinstance(applies_to, list | tuple):
        return (Place(path=at, document=UNKNOWN, known=None),)
    return tuple(
        Place(
            path=f"{at}[{index}]",
            document=each,
            known=None if holds_unknown(each) else from_document(AppliesTo, each, area=_AREA, path=f"{at}[{index}]"),
        )
        for index, each in enumerate(applies_to)
    )


def _around(
    ratchet: Mapping[str, object], *, path: str
) -> tuple[Mapping[str, Consequence], object, tuple[UnknownNumber, ...]]:
    """Return the consequences and the premium around a clause; unknown consequences are set aside, see ``Clause.silent``."""
    is_silent = any(ratchet[name] == UNKNOWN for name in _ABSENT.values())
    consequences = {
        name: Consequence.BASE_RATE if ratchet[name] == UNKNOWN else Consequence(str(ratchet[name]))
        for name in _ABSENT.values()
    }
    premium = ratchet["premium_bp"]
    if Consequence.PREMIUM in consequences.values():
        number = UnknownNumber(
            path=f"{path}.premium_bp",
            steps=("premium_bp",),
            at_lowest=_NOTHING,
            at_highest=_LARGEST,
            between=_SMALL,
        )
        return consequences, premium, (number,) if premium == UNKNOWN else ()
    return consequences, None if is_silent or premium == UNKNOWN else premium, ()
