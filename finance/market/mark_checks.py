"""Which bounds the price behind a mark breached: told with every valued position, because a soft breach asks for a look.

Owns finding the very observation that a mark names and testing it again. Knows no bound of its own and changes no mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from finance.market.bounds import InstrumentBound, breached_bounds
from finance.market.marks import Mark
from finance.market.observations import Observation, PriceBasis
from finance.market.reasons import PriceReason


def breaches_by_mark(
    marks: Iterable[Mark], observations: Iterable[Observation], bounds: Iterable[InstrumentBound]
) -> Mapping[str, tuple[PriceReason, ...]]:
    """Return for each mark that rests on an observation the reasons of the bounds it breached, by instrument.

    An approved override rests on evidence, not on an observation: its deviation from the last observed price is tested
    instead, as a move from that price. A mark without a breach is left out.
    """
    rules = tuple(bounds)
    by_place: dict[tuple[object, ...], Observation] = {
        (seen.source, seen.instrument, seen.price_basis, seen.trade_date, seen.revision): seen for seen in observations
    }
    found: dict[str, tuple[PriceReason, ...]] = {}
    for mark in marks:
        reasons = _override_breaches(mark, rules) if mark.approved_by is not None else _breaches(mark, by_place, rules)
        if reasons:
            found[mark.instrument] = reasons
    return found


def _breaches(
    mark: Mark, by_place: Mapping[tuple[object, ...], Observation], rules: tuple[InstrumentBound, ...]
) -> tuple[PriceReason, ...]:
    seen = by_place.get((mark.source, mark.instrument, mark.basis, mark.trade_date, mark.revision))
    if seen is None:
        return ()
    hard, soft = breached_bounds(
        rules,
        instrument=seen.instrument,
        price_basis=seen.price_basis,
        on=seen.trade_date,
        value=seen.value,
        previous_value=seen.previous_value,
        volume_t=seen.volume_t,
    )
    return hard + soft


def _override_breaches(mark: Mark, rules: tuple[InstrumentBound, ...]) -> tuple[PriceReason, ...]:
    """Test the approved price as a move from the last observed one, by the strictest basis the family has a bound for."""
    if mark.trade_date is None or mark.last_value is None:
        return ()
    for basis in PriceBasis:
        hard, soft = breached_bounds(
            rules,
            instrument=mark.instrument,
            price_basis=basis,
            on=mark.trade_date,
            value=mark.value,
            previous_value=mark.last_value,
            volume_t=None,
        )
        if hard or soft:
            return hard + soft
    return ()
