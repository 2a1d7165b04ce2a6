"""The cheapest plan: exact, as good as trying everything, with the constraints that bind and those that conflict."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance.compliance.allocation import ProcessState, allocation_rule
from finance.decisions.cheapest_plan import CheapestPlan, PlanState, cheapest_plan
from finance.decisions.plan_choice import Judged, LineKind, judge, most_units
from finance.decisions.plan_options import (
    AbatementMeasure,
    GreenContract,
    HeldLot,
    KpiGoal,
    Obligation,
    Offer,
    OpenDuty,
    PlanProblem,
    PremiumGoal,
)
from finance.decisions.plan_program import program_of
from finance.decisions.plan_solver import SolverLimits, solve
from finance.decisions.steps import Origin
from finance.store import reference
from ledger.core.errors import Conflict, Invalid

RULE = allocation_rule(reference.shipped_allocation_rules(), 2025)


def contract(name: str = "wind", **change: Any) -> GreenContract:
    made = GreenContract(
        name=name,
        step_mwh=100,
        least_steps=0,
        most_steps=20,
        premium_fen_per_mwh=6_000,
        operational_t_per_mwh=Fraction("0.5942"),
        footprint_t_per_mwh=Fraction("0.6"),
        counts=True,
        source="offer",
    )
    return replace(made, **change)


def offer(name: str, most: int, price_fen: int) -> Offer:
    return Offer(name=name, most=most, price_fen=price_fen, source="offer")


def lot(name: str, most: int, worth_fen: int, *, is_credit: bool = False) -> HeldLot:
    return HeldLot(name=name, most=most, worth_fen=worth_fen, is_credit=is_credit, source="ledger")


def measure(
    name: str, size_t: int, cost_fen: int, *, origin: Origin = Origin.DIRECT, is_whole: bool = True
) -> AbatementMeasure:
    return AbatementMeasure(
        name=name, size_t=size_t, cost_fen_per_t=cost_fen, origin=origin, is_all_or_nothing=is_whole, source="study"
    )


def obligation(emissions: str = "800000", output: str = "500000", bp: str = "1.50", **change: Any) -> Obligation:
    made = Obligation(
        rule=RULE,
        emissions_t=Fraction(emissions),
        output_t=Fraction(output),
        balance_value=Fraction(bp),
        state=ProcessState.OPERATING,
        issued_t=0,
        surrendered_t=0,
        ccer_surrendered_t=0,
        ccer_share=Fraction("0.05"),
        surplus_fen=0,
        source="verified",
    )
    return replace(made, **change)


def goal(needed_t: str | Fraction, *, is_required: bool = True, saving_fen: int = 0, name: str = "loan") -> KpiGoal:
    return KpiGoal(
        name=name,
        operational_t=Fraction(1_000_000) + Fraction(needed_t),
        output_t=Fraction(100_000),
        target=Fraction(10),
        is_required=is_required,
        saving_fen=saving_fen,
        source="terms",
    )


def duty(open_kwh: str) -> OpenDuty:
    return OpenDuty(open_kwh=Fraction(open_kwh), kwh_per_certificate=1000, source="notice")


def judged(plan: CheapestPlan) -> Judged:
    assert plan.judged is not None
    return plan.judged


def tried(problem: PlanProblem) -> int | None:
    """The cheapest net cost over every choice there is."""
    names = [each.name for each in problem.options]
    ranges = [range(most_units(each) + 1) for each in problem.options]
    best = None
    for units in itertools.product(*ranges):
        try:
            found = judge(problem, dict(zip(names, units, strict=True)))
        except Invalid:  # below a minimum take, or more saved than emitted
            continue
        if found.is_feasible and (best is None or found.net_fen < best):
            best = found.net_fen
    return best


# --- what is chosen ---


def test_a_duty_is_met_by_whatever_is_cheaper_per_certificate() -> None:
    plan = cheapest_plan(
        PlanProblem(contracts=(contract(),), certificates=(offer("gec", 5000, 596),), duty=duty("1000000"))
    )

    assert plan.state is PlanState.OPTIMAL
    assert judged(plan).choice == {"gec": 1000}
    assert judged(plan).net_fen == 596_000


def test_a_kpi_target_makes_green_power_worth_its_premium_and_the_duty_comes_with_it() -> None:
    """594.2 t need 1,000 MWh at 0.5942; those also cover the duty, so that no certificate is bought."""
    plan = cheapest_plan(
        PlanProblem(
            contracts=(contract(),),
            certificates=(offer("gec", 5000, 596),),
            duty=duty("1000000"),
            kpis=(goal("594.2"),),
        )
    )

    assert judged(plan).choice == {"wind": 10}
    assert judged(plan).net_fen == 10 * 100 * 6_000
    assert [each.is_met for each in judged(plan).constraints] == [True, True]


def test_a_target_missed_by_a_hair_is_missed() -> None:
    plan = cheapest_plan(PlanProblem(contracts=(contract(),), kpis=(goal("594.2000001"),)))

    assert judged(plan).choice == {"wind": 11}


def test_a_loan_saving_is_taken_only_where_it_pays() -> None:
    cheap = goal("594.2", is_required=False, saving_fen=5_999_999)
    dear = goal("594.2", is_required=False, saving_fen=6_000_001)

    assert judged(cheapest_plan(PlanProblem(contracts=(contract(),), kpis=(cheap,)))).choice == {}
    plan = judged(cheapest_plan(PlanProblem(contracts=(contract(),), kpis=(dear,))))
    assert plan.choice == {"wind": 10}
    assert plan.net_fen == -1


def test_a_minimum_take_is_taken_whole_or_not_at_all() -> None:
    bound = contract(least_steps=15, premium_fen_per_mwh=100)
    plan = cheapest_plan(PlanProblem(contracts=(bound, contract("sun")), duty=duty("300000")))

    assert judged(plan).choice == {"wind": 15}  # 1,500 MWh at 1.00 are cheaper than 300 MWh at 60.00
    assert judged(plan).net_fen == 150_000


def test_the_obligation_is_covered_by_the_cheapest_lots_and_the_cap_bounds_credits() -> None:
    """800,000 t at 1.60 against BP 1.50: X = -1/15, alpha = -0.01, need 8,000 t; the cap of 40,000 t does not bind."""
    problem = PlanProblem(
        obligation=obligation(),
        lots=(lot("CEA25", 3000, 9_000), lot("CCER-1", 4000, 8_000, is_credit=True)),
        allowances=(offer("market", 10_000, 9_781),),
    )
    plan = cheapest_plan(problem)

    assert judged(plan).case.need_t == 8_000
    assert judged(plan).choice == {"CEA25": 3000, "CCER-1": 4000, "market": 1000}
    assert judged(plan).cash_fen == 9_781_000
    assert {each.name: each.saves_fen for each in plan.binding} == {
        "obligation": 9_781,
        "limit: CEA25": 781,
        "limit: CCER-1": 1_781,
    }


def test_the_cap_on_credits_binds_and_says_what_a_tonne_more_would_save() -> None:
    problem = PlanProblem(
        obligation=obligation(ccer_share=Fraction("0.005")),
        credits=(offer("ccer", 10_000, 7_000),),
        allowances=(offer("market", 10_000, 9_781),),
    )
    plan = cheapest_plan(problem)

    assert judged(plan).choice == {"ccer": 4000, "market": 4000}
    assert {each.name: each.saves_fen for each in plan.binding} == {"obligation": 9_781, "ccer cap": 2_781}


def test_a_direct_measure_is_reckoned_with_the_coefficient_that_it_moves() -> None:
    """10,000 t less: E 790,000 at 1.58, X = -4/75, alpha = -0.008; allocation 783,680, need 6,320 instead of 8,000."""
    problem = PlanProblem(
        obligation=obligation(),
        measures=(measure("anodes", 10_000, 1_500),),
        allowances=(offer("market", 10_000, 10_000),),
    )
    plan = judged(cheapest_plan(problem))

    assert plan.choice == {"anodes": 1, "market": 6_320}
    assert plan.net_fen == 10_000 * 1_500 + 6_320 * 10_000  # 782,000.00 instead of 800,000.00


def test_a_surplus_is_sold() -> None:
    problem = PlanProblem(obligation=obligation(bp="1.60", emissions="750000", surplus_fen=9_000))

    assert judged(cheapest_plan(problem)).net_fen == -7_031 * 9_000  # X 6.25 %, A = floor(757,031.25)


def test_a_premium_threshold_is_reached_where_it_pays() -> None:
    step = PremiumGoal(name="4.0", needed_t=Fraction(600), worth_fen=7_000_000, source="offtake")
    plan = judged(cheapest_plan(PlanProblem(contracts=(contract(),), premiums=(step,))))

    assert plan.choice == {"wind": 10}
    assert [each.kind for each in plan.lines] == [LineKind.GREEN_POWER, LineKind.PREMIUM]
    assert plan.net_fen == -1_000_000


def test_power_measures_can_be_cut_and_direct_ones_cannot() -> None:
    plan = judged(
        cheapest_plan(
            PlanProblem(
                measures=(measure("drives", 900, 200, origin=Origin.POWER, is_whole=False),), kpis=(goal("10.5"),)
            )
        )
    )

    assert plan.choice == {"drives": 11}
    with pytest.raises(Invalid, match="expected true for direct tonnes"):
        measure("anodes", 10, 1, is_whole=False)


def test_nothing_asked_costs_nothing() -> None:
    plan = cheapest_plan(PlanProblem())

    assert (plan.state, judged(plan).net_fen, judged(plan).choice) == (PlanState.OPTIMAL, 0, {})
    assert plan.explanation.leaves()[0].source


# --- constraints that bind or conflict ---


def test_cash_that_is_short_names_both_sides_of_the_conflict() -> None:
    problem = PlanProblem(
        certificates=(offer("gec", 5000, 596),), duty=duty("1000000"), cash_fen=500_000, kpis=(goal("0"),)
    )
    plan = cheapest_plan(problem)

    assert plan.state is PlanState.INFEASIBLE
    assert plan.judged is None
    assert {each.name: (each.missing, each.unit) for each in plan.conflict} == {
        "renewable duty": (Fraction(162_000), "kWh"),  # 838 certificates can be paid
        "cash": (Fraction(960), "CNY"),
    }


def test_one_constraint_that_cannot_be_met_conflicts_alone() -> None:
    plan = cheapest_plan(PlanProblem(contracts=(contract(),), kpis=(goal("2000"),), duty=duty("100000")))

    assert [(each.name, each.missing, each.unit) for each in plan.conflict] == [
        ("kpi: loan", 2000 - 2000 * Fraction("0.5942"), "tCO2e")
    ]


def test_relief_of_a_target_is_worth_a_step_when_a_tonne_spares_one() -> None:
    plan = cheapest_plan(PlanProblem(contracts=(contract(),), kpis=(goal("595"),)))

    assert judged(plan).choice == {"wind": 11}
    assert [(each.name, each.saves_fen) for each in plan.binding] == [("kpi: loan", 600_000)]


# --- bounds of the question ---


def test_a_name_twice_and_too_many_options_are_refused() -> None:
    with pytest.raises(Conflict, match="name of its own"):
        PlanProblem(certificates=(offer("a", 1, 1), offer("a", 2, 1)))
    with pytest.raises(Invalid, match="at most 60"):
        PlanProblem(certificates=tuple(offer(str(number), 1, 1) for number in range(61)))
    with pytest.raises(Invalid, match="at most 8"):
        PlanProblem(measures=tuple(measure(str(number), 1, 1) for number in range(9)))


def test_an_impossible_option_does_not_construct() -> None:
    makers: tuple[Callable[[], object], ...] = (
        lambda: contract(step_mwh=0),
        lambda: contract(least_steps=21),
        lambda: contract(premium_fen_per_mwh=-1),
        lambda: contract(operational_t_per_mwh=Fraction(1, 3)),
        lambda: contract(operational_t_per_mwh=Fraction(-1)),
        lambda: offer("a", -1, 1),
        lambda: offer("a", 1, 10**10),
        lambda: duty("-1"),
        lambda: goal("0", saving_fen=-1),
        lambda: obligation(output="0"),
        lambda: PlanProblem(cash_fen=-1),
    )
    for make in makers:
        with pytest.raises(Invalid):
            make()


def test_a_choice_outside_the_options_is_refused() -> None:
    problem = PlanProblem(contracts=(contract(least_steps=5),))

    for choice in ({"ghost": 1}, {"wind": 21}, {"wind": 4}, {"wind": -1}):
        with pytest.raises(Invalid):
            judge(problem, choice)


def test_a_search_beyond_its_limit_is_refused_not_answered() -> None:
    names = range(30)
    problem = PlanProblem(
        measures=tuple(measure(f"m{n}", 1_000_003 + 7919 * n * n, 10_000 + 13 * n, origin=Origin.POWER) for n in names),
        kpis=(goal("17999999.5"),),
    )

    with pytest.raises(Conflict, match="no proven answer") as refused:
        solve(program_of(problem), SolverLimits(nodes=1, seconds=0))
    assert refused.value.code == "plan.limit"


def test_the_same_question_has_the_same_answer() -> None:
    problem = PlanProblem(
        contracts=(contract(), contract("sun")), certificates=(offer("gec", 500, 6_000),), duty=duty("500000")
    )

    assert cheapest_plan(problem) == cheapest_plan(problem)


SMALL = st.integers(0, 4)


@st.composite
def problems(draw: st.DrawFn) -> PlanProblem:
    kind = st.sampled_from([Origin.DIRECT, Origin.POWER])
    measures = tuple(
        measure(f"m{n}", draw(st.integers(1, 3000)), draw(st.integers(0, 9000)), origin=draw(kind))
        for n in range(draw(st.integers(0, 2)))
    )
    contracts = tuple(
        contract(
            f"c{n}",
            step_mwh=draw(st.integers(1, 3)),
            least_steps=draw(st.integers(0, 2)),
            most_steps=draw(st.integers(2, 4)),
            premium_fen_per_mwh=draw(st.integers(0, 9000)),
            operational_t_per_mwh=Fraction(draw(st.integers(0, 10_000)), 10_000),
            footprint_t_per_mwh=Fraction(draw(st.integers(0, 1000)), 1000),
            counts=draw(st.booleans()),
        )
        for n in range(draw(st.integers(0, 2)))
    )
    has_duty, is_short = draw(st.booleans()), draw(st.booleans())
    # A small process just above the limit of small emitters, so that a need of a few tonnes is in reach of a few lots.
    duty_year = obligation(
        emissions="26500",
        output="17666",
        bp=draw(st.sampled_from(["1.5000", "1.4990", "1.5010"])),
        issued_t=0,
        surplus_fen=draw(st.integers(0, 9000)),
        ccer_share=Fraction(draw(st.integers(0, 2)), 20_000),
    )
    return PlanProblem(
        contracts=contracts,
        measures=measures,
        certificates=(offer("gec", draw(SMALL), draw(st.integers(0, 900))),) if has_duty else (),
        allowances=(offer("cea", draw(SMALL), draw(st.integers(0, 9900))),) if is_short else (),
        credits=(offer("ccer", draw(st.integers(0, 2)), draw(st.integers(0, 9900))),) if is_short else (),
        lots=(lot("lot", draw(SMALL), draw(st.integers(0, 9900))),) if is_short else (),
        obligation=duty_year if is_short else None,
        duty=duty(str(draw(st.integers(0, 9000)))) if has_duty else None,
        kpis=(
            goal(
                Fraction(draw(st.integers(-10, 40_000)), draw(st.sampled_from([1, 10, 10_000]))),
                is_required=draw(st.booleans()),
                saving_fen=draw(st.integers(0, 90_000)),
            ),
        ),
        premiums=(
            PremiumGoal(
                name="p",
                needed_t=Fraction(draw(st.integers(0, 40)), 7),
                worth_fen=draw(st.integers(0, 90_000)),
                source="s",
            ),
        ),
        cash_fen=draw(st.none() | st.integers(0, 30_000_000)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems())
def test_the_plan_is_as_cheap_as_trying_everything(problem: PlanProblem) -> None:
    plan = cheapest_plan(problem)
    best = tried(problem)

    assert (plan.state is PlanState.INFEASIBLE) == (best is None)
    if best is None:
        assert plan.conflict
    else:
        assert judged(plan).net_fen == best
        assert judged(plan).is_feasible
        assert all(each.saves_fen >= 0 for each in plan.reliefs)


@settings(max_examples=30, deadline=None)
@given(problems())
def test_a_conflict_is_a_smallest_set(problem: PlanProblem) -> None:
    plan = cheapest_plan(problem)
    names = [each.name for each in plan.conflict]
    program = program_of(problem)
    for name in {row.name for row in program.rows if row.name} - set(names):
        program = program.without(name)

    if names:
        assert solve(program, SolverLimits()) is None
    for name in names:
        assert solve(program.without(name), SolverLimits()) is not None
