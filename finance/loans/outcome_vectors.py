"""Every way in which a deal's tests may end, and what each does to each price, with unknown terms allowed.

Owns the vectors (one result per KPI; for a scale its representative points) and the sum of the clauses on one price within
the total caps. How one clause is evaluated where values are unknown is in ``unknown_clauses``. Vectors come one by one: there may be
more than fit in memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from finance.conventions.documents import from_document
from finance.kpi.targets import Bound
from finance.loans.adjustments import KpiResult
from finance.loans.deal_reading import UNKNOWN, Unknown
from finance.loans.price_effects import AppliesTo, DeadBand, Linear, OutcomeStatus, PricedItem
from finance.loans.unknown_clauses import Clause, Place, Span, read_clauses
from finance.loans.unknown_numbers import unknowns_in

_REPORTED = (OutcomeStatus.MET, OutcomeStatus.MISSED)
_ABSENT = (OutcomeStatus.MISSING, OutcomeStatus.LATE, OutcomeStatus.QUALIFIED)
_RATCHET = "ratchet"
_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One KPI's result in a vector. For a KPI on a scale ``point`` names where on it, ``observed`` is the value there.

    ``observed`` is None where the KPI has no scale, nothing was reported, or the scale's own numbers are unknown.
    """

    kpi_id: str
    status: OutcomeStatus
    point: str | None = None
    observed: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price of one tranche: its margin, a fee by name, its redemption price, the leg of a swap."""

    item: PricedItem
    tranche_id: str
    fee: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMove:
    """By how many bp a vector moves a price, exact, minus lowers; or on which unknown values that hangs."""

    price: Price
    moved_bp: Fraction | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorMargins:
    """One outcome vector and its one answer per price."""

    outcomes: tuple[Outcome, ...]
    moves: tuple[PriceMove, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeGrid:
    """What the vectors of one deal are made of: each KPI's possible results, the clauses, the prices.

    ``hidden`` are unknowns that hide the clauses altogether: no price is then known for any vector.
    """

    results: tuple[tuple[tuple[Outcome, KpiResult], ...], ...]
    clauses: tuple[Clause, ...]
    prices: tuple[Price, ...]
    named_tranches: frozenset[str]
    total_caps: tuple[_Cap, _Cap]
    hidden: tuple[str, ...]

    @property
    def vector_count(self) -> int:
        """Return how many vectors there are: the product over the KPIs, 1 where there are none."""
        return prod(len(each) for each in self.results)

    def vectors(self) -> Iterator[VectorMargins]:
        """Return every vector with its answers, one after the other, the last KPI changing first."""
        for vector in itertools.product(*self.results):
            outcomes = tuple(outcome for outcome, _ in vector)
            results = {outcome.kpi_id: result for outcome, result in vector}
            spans = [clause.span(results) for clause in self.clauses]
            moves = tuple(PriceMove(price=price, moved_bp=self._moved(price, spans)) for price in self.prices)
            yield VectorMargins(outcomes=outcomes, moves=moves)

    def _moved(self, price: Price, spans: Sequence[Span]) -> Fraction | Unknown:
        if self.hidden:
            return Unknown(self.hidden)
        lowest = highest = _NOTHING
        hangs: list[str] = []
        is_open = False
        for clause, span in zip(self.clauses, spans, strict=True):
            factor, unplaced = self._factor(clause, price)
            if span.is_nothing or (not factor and not unplaced):
                continue
            hangs += [*unplaced, *span.paths]
            if unplaced or span.lowest is None or span.highest is None:
                is_open = True
                continue
            ends = sorted((factor * span.lowest, factor * span.highest))
            lowest, highest = lowest + ends[0], highest + ends[1]
        if is_open:
            return Unknown(tuple(dict.fromkeys(hangs)))
        if price.item is PricedItem.MARGIN:
            lowest, highest, caps = self._capped(lowest, highest)
            hangs += caps
        return lowest if lowest == highest else Unknown(tuple(dict.fromkeys(hangs)))

    def _capped(self, lowest: Fraction, highest: Fraction) -> tuple[Fraction, Fraction, list[str]]:
        """Return both ends within the total caps, and the unknown caps that may cut one of them."""
        down, up = self.total_caps
        hangs = [cap.path for cap, is_cut in ((down, lowest < 0), (up, highest > 0)) if cap.is_unknown and is_cut]
        # The lowest end is cut by the widest bound downwards and the narrowest upwards, the highest the other way round.
        lowest = up.below(down.above(lowest, is_widest=True), is_widest=False)
        highest = up.below(down.above(highest, is_widest=False), is_widest=True)
        return lowest, highest, hangs

    def _factor(self, clause: Clause, price: Price) -> tuple[Fraction, tuple[str, ...]]:
        """Return by what a clause's bp count on a price, and the unknowns that hide whether it is meant."""
        factor = _NOTHING
        unplaced: list[str] = []
        for place in clause.places:
            if place.known is None:
                unplaced += _unknown_places(place, price)
                continue
            if (place.known.item, place.known.fee) != (price.item, price.fee):
                continue
            if place.known.tranche_id in {None, price.tranche_id}:
                factor += place.known.factor
            elif price.tranche_id not in self.named_tranches:
                unplaced.append(price.tranche_id)
        return factor, tuple(unplaced)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cap:
    """A bound on the sum of the clauses in one direction: none, known, or unknown (anything from 0 to unbounded)."""

    path: str
    bp: Fraction | None
    is_unknown: bool

    def above(self, bp: Fraction, *, is_widest: bool) -> Fraction:
        bound = self._bound(is_widest=is_widest)
        return bp if bound is None else max(bp, -bound)

    def below(self, bp: Fraction, *, is_widest: bool) -> Fraction:
        bound = self._bound(is_widest=is_widest)
        return bp if bound is None else min(bp, bound)

    def _bound(self, *, is_widest: bool) -> Fraction | None:
        if self.is_unknown:
            return None if is_widest else _NOTHING
        return self.bp


def read_grid(document: Mapping[str, object]) -> OutcomeGrid:
    """Return the grid of a deal's document whose parts were read before; what no value of an unknown makes legal is refused.

    A sleeping or conventional deal (``ratchet`` null) has the one empty vector.
    """
    ratchet = document[_RATCHET]
    hidden = _hidden(ratchet)
    clauses: tuple[Clause, ...] = ()
    if isinstance(ratchet, Mapping) and not hidden:
        clauses = _settled(read_clauses(ratchet, path=_RATCHET))
    names = [] if ratchet is None else _kpi_names(document["kpis"], clauses)
    prices, named = _prices(document["tranches"], clauses)
    return OutcomeGrid(
        results=tuple(_results(name, clauses) for name in names),
        clauses=clauses,
        prices=prices,
        named_tranches=named,
        total_caps=(_cap(ratchet, "total_cap_down_bp"), _cap(ratchet, "total_cap_up_bp")),
        hidden=hidden,
    )


def _hidden(ratchet: object) -> tuple[str, ...]:
    if ratchet == UNKNOWN:
        return (_RATCHET,)
    if isinstance(ratchet, Mapping) and ratchet["effects"] == UNKNOWN:
        return (f"{_RATCHET}.effects",)
    return ()


def _settled(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """Return the clauses; two scales on one KPI of which one is unknown cannot be laid side by side, so that one is stuck."""
    scales = [clause.scale.kpi_id for clause in clauses if clause.scale]
    return tuple(
        clause.stuck_on(clause.open_scale)
        if clause.scale and clause.open_scale and scales.count(clause.scale.kpi_id) > 1
        else clause
        for clause in clauses
    )


def _unknown_places(place: Place, price: Price) -> tuple[str, ...]:
    """Return the unknowns of a place that may mean ``price``; none where what is known of it says another price."""
    given = place.document
    if not isinstance(given, Mapping):
        return (place.path,)
    wanted = {"item": price.item, "tranche_id": price.tranche_id, "fee": price.fee}
    for name, value in wanted.items():
        is_any = name == "tranche_id" and given[name] is None
        if given[name] not in {UNKNOWN, value} and not is_any:
            return ()
    return unknowns_in(given, path=place.path)


def _kpi_names(kpis: object, clauses: tuple[Clause, ...]) -> list[str]:
    """Return the KPIs of terms and clauses, each once; one whose name is unknown goes by its place."""
    found: list[str] = []
    nameless: list[str] = []
    for index, kpi in enumerate(kpis if isinstance(kpis, list | tuple) else ()):
        definition = kpi["definition"] if isinstance(kpi, Mapping) else UNKNOWN
        name = definition["kpi_id"] if isinstance(definition, Mapping) else UNKNOWN
        if name == UNKNOWN:
            nameless.append(f"kpis[{index}]")
        else:
            found.append(str(name))
    named = list(dict.fromkeys([*found, *(kpi_id for clause in clauses for kpi_id in clause.kpi_ids)]))
    count = len(kpis) if isinstance(kpis, list | tuple) else len(named)
    return named + nameless[: max(count - len(named), 0)]


def _results(kpi_id: str, clauses: tuple[Clause, ...]) -> tuple[tuple[Outcome, KpiResult], ...]:
    own = [clause for clause in clauses if kpi_id in clause.kpi_ids and not clause.stuck]
    scales = [clause for clause in own if clause.scale]
    found: list[tuple[Outcome, KpiResult]] = []
    if not scales:
        found += [_result(kpi_id, status) for status in _REPORTED]
    for clause in scales:
        for point, observed, is_good in _points(clause):
            # A KPI that also has a step is met or missed by its target, wherever that lies on the scale.
            statuses = _REPORTED if len(own) > len(scales) else _REPORTED[:1] if is_good else _REPORTED[1:]
            name = f"{clause.effect_id}:{point}" if len(scales) > 1 else point
            shown = None if clause.open_scale else observed
            found += [
                (
                    Outcome(kpi_id=kpi_id, status=status, point=name, observed=shown),
                    KpiResult(status=status, observed=observed),
                )
                for status in statuses
            ]
    return (*found, *(_result(kpi_id, status) for status in _ABSENT))


def _result(kpi_id: str, status: OutcomeStatus) -> tuple[Outcome, KpiResult]:
    return Outcome(kpi_id=kpi_id, status=status), KpiResult(status=status, observed=None)


def _points(clause: Clause) -> Iterator[tuple[str, Fraction, bool]]:
    """Return the points of a clause's scale: name, value in the KPI's unit, whether it lies on base or better (in band or better)."""
    rule = clause.scale
    is_less_better = rule is not None and rule.better is Bound.AT_MOST
    match rule:
        case Linear(floor=floor, base=base, cap=cap):
            named = [
                ("below floor", floor - (base - floor)),
                ("floor", floor),
                ("between floor and base", (floor + base) / 2),
                ("base", base),
                ("between base and cap", (base + cap) / 2),
                ("cap", cap),
                ("above cap", cap + (cap - base)),
            ]
            yield from ((name, value, value <= base if is_less_better else value >= base) for name, value in named)
        case DeadBand(low=low, high=high):
            beyond = high - low or Fraction(1)
            named = [
                ("below band", low - beyond),
                ("low end", low),
                ("inside band", (low + high) / 2),
                ("high end", high),
                ("above band", high + beyond),
            ]
            yield from ((name, value, value <= high if is_less_better else value >= low) for name, value in named)
        case None:
            return


def _prices(tranches: object, clauses: tuple[Clause, ...]) -> tuple[tuple[Price, ...], frozenset[str]]:
    """Return every price of every tranche, and the tranches that go by their own name."""
    if not isinstance(tranches, list | tuple):
        return (Price(item=PricedItem.MARGIN, tranche_id="tranches"),), frozenset()
    prices: list[Price] = []
    named: list[str] = []
    for index, tranche in enumerate(tranches):
        given = tranche if isinstance(tranche, Mapping) else {}
        own = given.get("tranche_id", UNKNOWN)
        tranche_id = f"tranches[{index}]" if own == UNKNOWN else str(own)
        if own != UNKNOWN:
            named.append(tranche_id)
        prices.append(Price(item=PricedItem.MARGIN, tranche_id=tranche_id))
        prices += [Price(item=PricedItem.FEE, tranche_id=tranche_id, fee=fee) for fee in _fees(given, clauses)]
        others = {place.item for place in _places_on(clauses, tranche_id)} | (
            {PricedItem.SWAP_LEG} if given.get("what") == "swap" else set()
        )
        prices += [
            Price(item=item, tranche_id=tranche_id)
            for item in (PricedItem.REDEMPTION_PRICE, PricedItem.SWAP_LEG)
            if item in others
        ]
    return tuple(prices), frozenset(named)


def _fees(tranche: Mapping[str, object], clauses: tuple[Clause, ...]) -> tuple[str, ...]:
    """Return the fees that the tranche has or a clause names, in this order, each once."""
    own = tranche.get("fees", UNKNOWN)
    listed = [fee["name"] for fee in own if isinstance(fee, Mapping)] if isinstance(own, list | tuple) else []
    named = [place.fee for place in _places_on(clauses, str(tranche.get("tranche_id", "")))]
    return tuple(dict.fromkeys(str(fee) for fee in (*listed, *named) if fee not in {None, UNKNOWN}))


def _places_on(clauses: tuple[Clause, ...], tranche_id: str) -> list[AppliesTo]:
    """Return the known places of all clauses that mean a tranche, or every tranche."""
    known = [place.known for clause in clauses for place in clause.places if place.known is not None]
    return [place for place in known if place.tranche_id in {None, tranche_id}]


def _cap(ratchet: object, name: str) -> _Cap:
    given = ratchet[name] if isinstance(ratchet, Mapping) else None
    is_known = given is not None and given != UNKNOWN
    return _Cap(
        path=f"{_RATCHET}.{name}",
        bp=from_document(Fraction, given, area="terms", path=f"{_RATCHET}.{name}") if is_known else None,
        is_unknown=given == UNKNOWN,
    )
