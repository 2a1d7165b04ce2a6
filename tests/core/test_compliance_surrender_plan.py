"""The surrender plan: the cheapest lots, agreed by brute force, with a certificate that anybody can run."""

import dataclasses
from datetime import date
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance import plan_order
from finance.compliance.plan_lots import CostBasis, PlanLot
from finance.compliance.surrender_plan import (
    certificate_problem,
    plan_surrender,
    without_held,
)
from ledger.core.errors import Invalid

DAY = date(2025, 3, 3)
BASES = st.sampled_from(CostBasis)


def lot(
    lot_id: int,
    tonnes: int,
    price: str | None = "80",
    *,
    cost_fen: int = 0,
    instrument: str = "CEA25",
    is_ccer: bool = False,
    last: int | None = None,
    quantity: int | None = None,
) -> PlanLot:
    return PlanLot(
        lot_id=lot_id,
        instrument=instrument,
        is_ccer=is_ccer,
        acquired_on=DAY,
        quantity_t=tonnes if quantity is None else quantity,
        available_t=tonnes,
        cost_fen=cost_fen,
        price_cny_per_t=None if price is None else Fraction(price),
        last_duty_year=last,
        vintage_year=2025,
    )


def taken(lots: list[PlanLot], *, open_t: int, cap_t: int, basis: CostBasis = CostBasis.ECONOMIC) -> dict[int, int]:
    plan = plan_surrender(lots, open_t=open_t, ccer_cap_t=cap_t, basis=basis)
    return {line.lot.lot_id: line.taken_t for line in plan.lines}


def brute(lots: list[PlanLot], *, open_t: int, cap_t: int, basis: CostBasis) -> tuple[int, Fraction]:
    """Return (covered, least cost) over every choice of whole tonnes."""
    best: tuple[int, Fraction] = (0, Fraction(0))
    for picks in product(*(range(each.available_t + 1) for each in lots)):
        covered = sum(picks)
        ccer = sum(t for t, each in zip(picks, lots, strict=True) if each.is_ccer)
        if covered > open_t or ccer > cap_t:
            continue
        cost = sum((each.unit_cost_fen(basis) * t for t, each in zip(picks, lots, strict=True)), Fraction(0))
        if covered > best[0] or (covered == best[0] and cost < best[1]):
            best = (covered, cost)
    return best


def test_the_cheapest_tonnes_go_first() -> None:
    lots = [lot(1, 100, "80"), lot(2, 100, "60")]

    plan = plan_surrender(lots, open_t=150, ccer_cap_t=0, basis=CostBasis.ECONOMIC)

    assert [(line.lot.lot_id, line.taken_t) for line in plan.lines] == [(2, 100), (1, 50)]
    assert plan.cost_fen == 1_000_000
    assert (plan.certificate.tonne_fen, plan.certificate.marginal_lot_id) == (Fraction(8000), 1)


def test_a_cheaper_ccer_stops_at_its_cap_and_the_cap_has_a_price() -> None:
    lots = [lot(1, 1000, "97.81"), lot(2, 900, "94.83", instrument="CCER-1", is_ccer=True)]

    plan = plan_surrender(lots, open_t=1000, ccer_cap_t=50, basis=CostBasis.ECONOMIC)

    assert [(line.lot.lot_id, line.taken_t) for line in plan.lines] == [(2, 50), (1, 950)]
    assert plan.certificate.is_cap_binding
    assert plan.certificate.cap_fen == 298  # a further tonne of cap saves 97.81 - 94.83


def test_a_dearer_ccer_stays_although_the_cap_has_room() -> None:
    lots = [lot(1, 100, "80"), lot(2, 100, "81", instrument="CCER-1", is_ccer=True)]

    assert taken(lots, open_t=100, cap_t=100) == {1: 100}


def test_a_dearer_ccer_fills_what_allowances_leave() -> None:
    lots = [lot(1, 60, "80"), lot(2, 100, "90", instrument="CCER-1", is_ccer=True)]

    plan = plan_surrender(lots, open_t=100, ccer_cap_t=30, basis=CostBasis.ECONOMIC)

    assert (plan.covered_t, plan.ccer_t, plan.shortfall_t, plan.ccer_room_t) == (90, 30, 10, 0)


def test_what_is_missing_may_partly_be_bought_as_ccer() -> None:
    plan = plan_surrender([lot(1, 60)], open_t=100, ccer_cap_t=30, basis=CostBasis.ECONOMIC)

    assert (plan.shortfall_t, plan.ccer_room_t) == (40, 30)


def test_of_equally_dear_lots_the_one_that_expires_first_goes() -> None:
    lots = [lot(1, 10), lot(2, 10, last=2024)]

    assert taken(lots, open_t=10, cap_t=0) == {2: 10}


def test_book_cost_and_mark_choose_differently() -> None:
    lots = [lot(1, 10, "97", cost_fen=0), lot(2, 10, "81", cost_fen=80_000)]

    assert taken(lots, open_t=10, cap_t=0) == {2: 10}
    assert taken(lots, open_t=10, cap_t=0, basis=CostBasis.BOOK) == {1: 10}


def test_book_costs_that_differ_by_less_than_any_decimal_are_told_apart() -> None:
    third = lot(1, 3 * 10**14, cost_fen=10**14)
    nearly = lot(2, 10**15, cost_fen=333_333_333_333_333)

    assert taken([third, nearly], open_t=1, cap_t=0, basis=CostBasis.BOOK) == {2: 1}


def test_a_lot_without_a_price_is_named_and_no_cost_stands_in() -> None:
    with pytest.raises(Invalid) as refused:
        plan_surrender([lot(1, 10, None, instrument="CEA24")], open_t=1, ccer_cap_t=0, basis=CostBasis.ECONOMIC)

    assert refused.value.code == "plan.unpriced"
    assert "CEA24" in refused.value.message
    assert taken([lot(1, 10, None)], open_t=1, cap_t=0, basis=CostBasis.BOOK) == {1: 1}


def test_nothing_open_takes_nothing() -> None:
    plan = plan_surrender([lot(1, 10)], open_t=0, ccer_cap_t=0, basis=CostBasis.ECONOMIC)

    assert not plan.lines
    assert plan.cost_fen == 0
    assert plan.certificate.marginal_lot_id is None


@pytest.mark.parametrize(
    ("lots", "open_t", "cap_t", "code"),
    [
        ([lot(1, 1)], -1, 0, "plan.open_t"),
        ([lot(1, 1)], 1, -1, "plan.open_t"),
        ([lot(1, 1)], 10**15 + 1, 0, "plan.open_t"),
        ([lot(1, 1), lot(1, 2)], 1, 0, "plan.lot_repeated"),
        ([lot(n, 10**15) for n in range(4001)], 1, 0, "plan.tonnes"),
    ],
)
def test_what_cannot_be_planned_is_refused(lots: list[PlanLot], open_t: int, cap_t: int, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        plan_surrender(lots, open_t=open_t, ccer_cap_t=cap_t, basis=CostBasis.BOOK)

    assert refused.value.code == code


def test_a_lot_that_gives_more_than_it_holds_does_not_exist() -> None:
    with pytest.raises(Invalid):
        lot(1, 10, quantity=9)
    with pytest.raises(Invalid):
        lot(1, 10, "0")


def test_the_dearest_tonnes_are_those_that_an_unnamed_hold_sets_aside() -> None:
    lots = [lot(1, 10, cost_fen=10), lot(2, 10, cost_fen=1000), lot(3, 10, cost_fen=100)]

    free = without_held(lots, held_t=15, basis=CostBasis.BOOK)

    assert {each.lot_id: each.available_t for each in free} == {1: 10, 2: 0, 3: 5}


@pytest.mark.parametrize("change", ["swap", "cost", "tonne", "cap"])
def test_a_certificate_of_another_plan_is_found_out(change: str) -> None:
    lots = [lot(1, 100, "80"), lot(2, 100, "60"), lot(3, 100, "70", instrument="CCER-1", is_ccer=True)]
    plan = plan_surrender(lots, open_t=150, ccer_cap_t=10, basis=CostBasis.ECONOMIC)
    first, *rest = plan.lines
    other = {
        "swap": {"lines": (dataclasses.replace(first, taken_t=first.taken_t - 1), *rest), "shortfall_t": 1},
        "cost": {"cost_fen": plan.cost_fen - 1},
        "tonne": {"certificate": dataclasses.replace(plan.certificate, tonne_fen=Fraction(9000))},
        "cap": {"certificate": dataclasses.replace(plan.certificate, cap_fen=Fraction(0))},
    }[change]

    assert not certificate_problem(plan, lots)
    assert certificate_problem(dataclasses.replace(plan, **other), lots)  # type: ignore[arg-type]


small_lots = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["60", "70", "70.5", "80", "81"]),
        st.integers(0, 900),
        st.booleans(),
        st.sampled_from([None, 2024, 2025]),
    ),
    min_size=0,
    max_size=5,
)


@given(made=small_lots, open_t=st.integers(0, 14), cap_t=st.integers(0, 6), basis=BASES)
def test_no_choice_of_whole_tonnes_is_cheaper(
    made: list[tuple[int, str, int, bool, int | None]], open_t: int, cap_t: int, basis: CostBasis
) -> None:
    lots = [
        lot(number, tonnes, price, cost_fen=cost, is_ccer=is_ccer, last=last)
        for number, (tonnes, price, cost, is_ccer, last) in enumerate(made)
    ]

    plan = plan_surrender(lots, open_t=open_t, ccer_cap_t=cap_t, basis=basis)

    assert (plan.covered_t, plan.cost_fen) == brute(lots, open_t=open_t, cap_t=cap_t, basis=basis)
    assert not certificate_problem(plan, lots)


@given(
    st.lists(st.tuples(st.integers(1, 10**15), st.integers(0, 10**15)), min_size=1, max_size=8),
)
def test_the_order_of_book_costs_is_that_of_exact_fractions(made: list[tuple[int, int]]) -> None:
    lots = [lot(number, tonnes, cost_fen=cost) for number, (tonnes, cost) in enumerate(made)]

    order = plan_order.cost_order(lots, is_book=True)

    assert order == sorted(range(len(lots)), key=lambda n: (lots[n].unit_cost_fen(CostBasis.BOOK), n))
