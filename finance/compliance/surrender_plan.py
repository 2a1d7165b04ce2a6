"""The surrender plan: which lots settle a year's duty at the least cost, with a certificate that nothing is cheaper.

Owns the choice, its order and its proof. Knows no ledger and no market: lots, prices, what is due and the CCER cap
arrive as values. Quantities are whole tonnes; the order and the certificate are exact, on integers in numpy columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from finance.compliance.plan_lots import CostBasis, PlanLot
from finance.compliance.plan_order import cost_order
from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Invalid

MOST_LOTS = 1_000_000
_MOST_TONNES = 4 * 10**18  # sums of tonnes stay inside 64 bits

Tonnes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """Whole tonnes above zero that one lot gives."""

    lot: PlanLot
    taken_t: int
    basis: CostBasis

    @property
    def unit_cost_fen(self) -> Fraction:
        """Return what each of them costs, exact fen."""
        return self.lot.unit_cost_fen(self.basis)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Prices that prove the plan optimal (linear programming duality), all in exact fen per tonne.

    ``tonne_fen`` is the shadow price of one tonne due: the unit cost of the marginal lot, the dearest taken. ``cap_fen``
    is what one more tonne of CCER cap would save, zero when the cap does not bind. No allowance left over costs less
    than ``tonne_fen`` and none taken costs more; CCER likewise against ``tonne_fen - cap_fen``. These are the conditions
    of complementary slackness: a plan that is allowed and meets them is a cheapest one. ``marginal_lot_id`` is None when
    nothing was taken.
    """

    tonne_fen: Fraction
    cap_fen: Fraction
    marginal_lot_id: int | None
    is_cap_binding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SurrenderPlan:
    """The cheapest choice: lines in the order of taking, what is covered, what is missing, and the proof.

    ``cost_fen`` is the exact sum of tonnes x unit cost under ``basis``. ``shortfall_t`` above zero: all eligible free
    tonnes together do not suffice, and that many are to be bought; ``ccer_room_t`` of them may be CCER.
    """

    basis: CostBasis
    open_t: int
    ccer_cap_t: int
    lines: tuple[PlanLine, ...]
    covered_t: int
    ccer_t: int
    shortfall_t: int
    ccer_room_t: int
    cost_fen: Fraction
    certificate: Certificate


def plan_surrender(lots: Sequence[PlanLot], *, open_t: int, ccer_cap_t: int, basis: CostBasis) -> SurrenderPlan:
    """Return the cheapest lots that cover ``open_t`` whole tonnes with at most ``ccer_cap_t`` of CCER.

    Cheapest unit cost first, CCER while its cap has room; of equals the one that expires first, then the oldest vintage,
    day and lot. Greedy is optimal by exchange: were a cheaper eligible tonne left over while a dearer one is taken,
    swapping the two would lower the cost, and greedy leaves such a pair only where the swap would break the cap. The
    sets of tonnes allowed are those of a laminar matroid (lots inside the cap inside the duty), on which greedy is
    exact. 100 t at 60 and 100 t at 80 with 150 t open: 100 x 60 + 50 x 80 = 10,000 CNY. Without a price under the
    economic basis: ``plan.unpriced``, naming the instruments.
    """
    _check(lots, open_t=open_t, ccer_cap_t=ccer_cap_t, basis=basis)
    usable = [lot for lot in lots if lot.available_t]
    order = cost_order(usable, is_book=basis is CostBasis.BOOK)
    ordered = [usable[place] for place in order]
    available = np.array([lot.available_t for lot in ordered], dtype=np.int64)
    is_ccer = np.array([lot.is_ccer for lot in ordered], dtype=bool)
    taken = _take(available, is_ccer, open_t=open_t, ccer_cap_t=ccer_cap_t)
    lines = tuple(
        PlanLine(lot=ordered[place], taken_t=int(taken[place]), basis=basis) for place in np.flatnonzero(taken)
    )
    covered_t = int(taken.sum())
    ccer_t = int(taken[is_ccer].sum())
    certificate = _certificate(ordered, taken, lines, ccer_cap_t=ccer_cap_t, basis=basis)
    plan = SurrenderPlan(
        basis=basis,
        open_t=open_t,
        ccer_cap_t=ccer_cap_t,
        lines=lines,
        covered_t=covered_t,
        ccer_t=ccer_t,
        shortfall_t=open_t - covered_t,
        ccer_room_t=min(ccer_cap_t - ccer_t, open_t - covered_t),
        cost_fen=_sum_cost(lines),
        certificate=certificate,
    )
    problem = certificate_problem(plan, lots)
    assert not problem, f"the plan proves itself: {problem}"
    return plan


def certificate_problem(plan: SurrenderPlan, lots: Sequence[PlanLot]) -> str:
    """Return why the plan is not proven to be the cheapest for ``lots``, or an empty text; anybody can run it.

    Checks that the lines are inside lots, cap and duty, that what is missing really is missing, that both shadow prices
    contradict no lot (complementary slackness). Exact throughout.
    """
    return _primal_problem(plan, lots) or _dual_problem(plan, lots)


def _primal_problem(plan: SurrenderPlan, lots: Sequence[PlanLot]) -> str:
    """Return why the lines are not an allowed choice that covers what can be covered."""
    by_id = {lot.lot_id: lot for lot in lots}
    ccer_t = sum(line.taken_t for line in plan.lines if line.lot.is_ccer)
    covered_t = sum(line.taken_t for line in plan.lines)
    cap_fen = plan.certificate.cap_fen
    broken = {
        "a line names a lot twice or none of these": len({line.lot.lot_id for line in plan.lines}) != len(plan.lines)
        or any(not _is_among(line.lot, by_id) for line in plan.lines),
        "a line takes more than its lot has free": any(
            not 0 < line.taken_t <= line.lot.available_t for line in plan.lines
        ),
        "the lines break the cap": ccer_t > plan.ccer_cap_t,
        "the lines do not add up to the duty": covered_t + plan.shortfall_t != plan.open_t or plan.shortfall_t < 0,
        "tonnes are missing although more could be used": bool(plan.shortfall_t)
        and covered_t != _most_coverable(lots, plan.ccer_cap_t),
        "the cost is not that of the lines": plan.cost_fen != _sum_cost(plan.lines),
        "a cap that does not bind has no price": cap_fen < 0 or (cap_fen > 0 and ccer_t != plan.ccer_cap_t),
    }
    return next((problem for problem, is_so in broken.items() if is_so), "")


def _dual_problem(plan: SurrenderPlan, lots: Sequence[PlanLot]) -> str:
    """Return which lot contradicts the shadow prices; compared by cross-multiplied integers, so exactly and quickly."""
    proof = plan.certificate
    worths = {is_ccer: proof.tonne_fen - (proof.cap_fen if is_ccer else 0) for is_ccer in (False, True)}
    taken = {line.lot.lot_id: line.taken_t for line in plan.lines}
    for lot in lots:
        worth, used = worths[lot.is_ccer], taken.get(lot.lot_id, 0)
        numerator, denominator = lot.unit_cost_parts(plan.basis)
        cost, limit = numerator * worth.denominator, worth.numerator * denominator
        if (cost > limit and used) or (cost < limit and used < lot.available_t):
            return f"lot {lot.lot_id} contradicts the shadow price"
    return ""


def without_held(lots: Sequence[PlanLot], *, held_t: int, basis: CostBasis) -> tuple[PlanLot, ...]:
    """Return one instrument's lots less ``held_t`` tonnes that a hold sets aside without naming lots, the dearest first.

    Such a hold may rest on any of the lots, so the cheapest stay free.
    """
    left, kept = held_t, []
    ordered = [lots[place] for place in cost_order(lots, is_book=basis is CostBasis.BOOK)] if held_t else list(lots)
    for lot in reversed(ordered):
        off = min(left, lot.available_t)
        left -= off
        kept.append(replace(lot, available_t=lot.available_t - off) if off else lot)
    return tuple(reversed(kept))


def _check(lots: Sequence[PlanLot], *, open_t: int, ccer_cap_t: int, basis: CostBasis) -> None:
    if not 0 <= open_t <= MAX_UNITS or not 0 <= ccer_cap_t <= MAX_UNITS:
        raise Invalid("plan.open_t", "open_t, ccer_cap_t: expected zero to 10^15 whole tonnes")
    if len(lots) > MOST_LOTS:
        raise Invalid("plan.lots", f"lots: expected at most {MOST_LOTS}")
    if len({lot.lot_id for lot in lots}) != len(lots):
        raise Invalid("plan.lot_repeated", "lots: expected each lot_id once")
    if sum(lot.available_t for lot in lots) > _MOST_TONNES:
        raise Invalid("plan.tonnes", "lots: expected at most 4 x 10^18 tonnes together")
    if basis is CostBasis.ECONOMIC:
        unpriced = sorted({lot.instrument for lot in lots if lot.available_t and lot.price_cny_per_t is None})
        if unpriced:
            raise Invalid(
                "plan.unpriced",
                f"prices: expected a usable mark for {', '.join(unpriced[:10])}; approve one, or choose the book basis",
                instruments=", ".join(unpriced[:10]),
            )


def _take(available: Tonnes, is_ccer: NDArray[np.bool_], *, open_t: int, ccer_cap_t: int) -> Tonnes:
    """Return what each lot gives, in order: CCER until the cap is full, everything until the duty is."""
    ccer = np.where(is_ccer, available, 0)
    room = ccer_cap_t - (np.cumsum(ccer) - ccer)
    offered = np.where(is_ccer, np.clip(room, 0, available), available)
    missing = open_t - (np.cumsum(offered) - offered)
    return np.asarray(np.clip(missing, 0, offered), dtype=np.int64)


def _certificate(
    ordered: Sequence[PlanLot], taken: Tonnes, lines: Sequence[PlanLine], *, ccer_cap_t: int, basis: CostBasis
) -> Certificate:
    """Return the shadow prices: of a tonne the dearest one taken, of the cap what the cheapest CCER shut out would save."""
    tonne_fen = lines[-1].unit_cost_fen if lines else Fraction(0)  # lines come from cheapest to dearest
    ccer_t = sum(line.taken_t for line in lines if line.lot.is_ccer)
    shut_out = next(
        (lot for lot, t in zip(ordered, taken.tolist(), strict=True) if lot.is_ccer and t < lot.available_t), None
    )
    is_binding = ccer_t == ccer_cap_t and shut_out is not None
    cap_fen = Fraction(0)
    if is_binding and shut_out is not None:
        cap_fen = max(Fraction(0), tonne_fen - shut_out.unit_cost_fen(basis))
    return Certificate(
        tonne_fen=tonne_fen,
        cap_fen=cap_fen,
        marginal_lot_id=lines[-1].lot.lot_id if lines else None,
        is_cap_binding=is_binding,
    )


def _most_coverable(lots: Sequence[PlanLot], ccer_cap_t: int) -> int:
    ccer_t = sum(lot.available_t for lot in lots if lot.is_ccer)
    return sum(lot.available_t for lot in lots if not lot.is_ccer) + min(ccer_t, ccer_cap_t)


def _is_among(lot: PlanLot, by_id: Mapping[int, PlanLot]) -> bool:
    found = by_id.get(lot.lot_id)
    return found is lot or found == lot


def _sum_cost(lines: Sequence[PlanLine]) -> Fraction:
    """Return the sum of tonnes x unit cost: by denominator first, since a whole lot's book cost is a whole number."""
    by_denominator: dict[int, int] = {}
    for line in lines:
        numerator, denominator = line.lot.unit_cost_parts(line.basis)
        amount = numerator * line.taken_t
        if not amount % denominator:
            amount, denominator = amount // denominator, 1
        by_denominator[denominator] = by_denominator.get(denominator, 0) + amount
    return sum((Fraction(amount, denominator) for denominator, amount in by_denominator.items()), Fraction(0))
