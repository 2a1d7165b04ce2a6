"""The cheapest plan that meets KPI target, obligation and renewable duty together, and what each constraint costs.

Owns the search, the proof and the reasons: the solver proposes, the exact judgement decides, constraints are named with
what one unit of relief saves, and a plan that cannot be says which constraints conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.decisions import plan_solver
from finance.decisions.plan_choice import Judged, PlanLine, Reached, judge, most_units
from finance.decisions.plan_options import AbatementMeasure, GreenContract, PlanProblem
from finance.decisions.plan_program import Program, choice_of, program_of
from finance.decisions.plan_solver import SolverLimits
from ledger.core import amounts
from ledger.core.errors import Conflict

MOST_RELIEFS = 40
_RELIEF_PART = 4  # a relief may take a quarter of the plan's own search
_MOST_GIVEN_UP = 3
_CNY_PLACES = 2


class PlanState(StrEnum):
    """Whether there is a plan."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """What one unit of relief on a constraint (or one unit more of an option that is used up) saves, in whole fen.

    ``saves_fen`` above zero says that the constraint binds. ``unit`` is the unit of relief: 1 t, 1 certificate, 1 CNY.
    """

    name: str
    unit: str
    saves_fen: int

    @property
    def is_binding(self) -> bool:
        """Whether relief would make the plan cheaper."""
        return self.saves_fen > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One constraint of a conflict: by how much it alone would have to give way, the others kept."""

    name: str
    missing: Fraction
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestPlan:
    """The plan with its exact cost, or the conflict that leaves none.

    ``judged`` is None and ``conflict`` names a smallest set of constraints that cannot hold together when the state is
    INFEASIBLE. ``unchecked`` are constraints whose relief was not computed: beyond the first 40, or too long a search.
    """

    state: PlanState
    judged: Judged | None
    reliefs: tuple[Relief, ...]
    unchecked: tuple[str, ...]
    conflict: tuple[Missing, ...]
    explanation: Explanation

    @property
    def binding(self) -> tuple[Relief, ...]:
        """The reliefs that would save something, most first."""
        return tuple(sorted((each for each in self.reliefs if each.is_binding), key=lambda each: -each.saves_fen))


def cheapest_plan(problem: PlanProblem, *, limits: SolverLimits | None = None) -> CheapestPlan:
    """Return the cheapest plan: cost less loan saving, premium and surplus, in whole fen.

    The solver's choice is recomputed from the options; every constraint is checked exactly, and a choice that hurts one is
    never returned (``plan.solver``). Relief: the same problem with one unit less asked, solved again, exact difference.
    Without a plan: constraints are dropped one by one while none can be met, what is left is the conflict.
    Two contracts at 60 and 50 CNY/MWh for a duty of 1,000 MWh: the second is taken, 50,000.00 CNY.
    """
    bounds = limits or SolverLimits()
    program = program_of(problem)
    found = _best(problem, program, bounds)
    if found is None:
        conflict = _conflict(problem, program, bounds)
        return CheapestPlan(
            state=PlanState.INFEASIBLE,
            judged=None,
            reliefs=(),
            unchecked=(),
            conflict=conflict,
            explanation=_explain_conflict(conflict),
        )
    if not found.is_feasible:
        raise Conflict(
            "plan.solver", "options: the solver's plan hurts a constraint when reckoned exactly; use larger steps"
        )
    reliefs, unchecked = _reliefs(problem, program, found, bounds)
    return CheapestPlan(
        state=PlanState.OPTIMAL,
        judged=found,
        reliefs=reliefs,
        unchecked=unchecked,
        conflict=(),
        explanation=_explain(found, reliefs),
    )


def _best(problem: PlanProblem, program: Program, limits: SolverLimits) -> Judged | None:
    values = plan_solver.solve(program, limits)
    return None if values is None else judge(problem, choice_of(problem, values))


def _reliefs(
    problem: PlanProblem, program: Program, found: Judged, limits: SolverLimits
) -> tuple[tuple[Relief, ...], tuple[str, ...]]:
    eased = [(row.name, _unit_of(row.name), program.relieved(row.name)) for row in program.rows if row.name]
    used_up = [
        each
        for each in problem.options
        if not isinstance(each, AbatementMeasure) and found.choice.get(each.name, 0) == most_units(each) > 0
    ]
    eased += [
        (f"limit: {each.name}", "step" if isinstance(each, GreenContract) else "unit", program.with_one_more(each.name))
        for each in used_up
    ]
    smaller = SolverLimits(nodes=max(1, limits.nodes // _RELIEF_PART), seconds=max(1, limits.seconds // _RELIEF_PART))
    reliefs: list[Relief] = []
    unchecked = [name for name, _, _ in eased[MOST_RELIEFS:]]
    given_up = 0
    for name, unit, changed in eased[:MOST_RELIEFS]:
        net = None if given_up == _MOST_GIVEN_UP else _relieved_fen(changed, smaller)
        if net is None:
            unchecked.append(name)
            given_up = min(given_up + 1, _MOST_GIVEN_UP)
        else:
            reliefs.append(Relief(name=name, unit=unit, saves_fen=max(0, found.net_fen - net)))
    return tuple(reliefs), tuple(unchecked)


def _relieved_fen(program: Program, limits: SolverLimits) -> int | None:
    """Return the exact cost with relief in the program's own whole fen, None where the search is too long or unsure."""
    try:
        values = plan_solver.solve(program, limits)
    except Conflict:
        return None
    return None if values is None else sum(fen * values[key] for key, fen in program.cost_fen.items())


def _conflict(problem: PlanProblem, program: Program, limits: SolverLimits) -> tuple[Missing, ...]:
    """Return a smallest set of constraints that cannot hold together, each with the least it would have to give."""
    kept = program
    for name in _names(program):
        without = kept.without(name)
        if plan_solver.solve(without, limits) is None:
            kept = without
    return tuple(_missing(problem, kept, name, limits) for name in _names(kept))


def _missing(problem: PlanProblem, program: Program, name: str, limits: SolverLimits) -> Missing:
    """Return by how much one constraint must give: what it lacks where the others hold and it is met as far as can be."""
    row = next(each for each in program.rows if each.name == name)
    furthest = Program(
        most=program.most,
        cost_fen={key: -value for key, value in row.coefficients.items()},
        rows=program.without(name).rows,
    )
    values = plan_solver.solve(furthest, limits)
    if values is None:  # the others hold without it; only the solver's tolerance can say otherwise
        raise Conflict(
            "plan.solver_digits",
            "options: the solver cannot tell these constraints apart; use fewer digits or larger steps",
        )
    reached = next(each for each in judge(problem, choice_of(problem, values)).constraints if each.name == name)
    return Missing(name=name, missing=max(Fraction(0), -reached.slack), unit=reached.unit)


def _names(program: Program) -> tuple[str, ...]:
    return tuple(each.name for each in program.rows if each.name)


def _unit_of(name: str) -> str:
    return {"renewable duty": "certificate", "cash": "CNY"}.get(name, "t")


def _explain(found: Judged, reliefs: tuple[Relief, ...]) -> Explanation:
    return Explanation(
        label_en="net cost of the cheapest plan",
        label_zh="最低成本方案的净成本",
        value=amounts.format_units(found.net_fen, _CNY_PLACES),
        unit="CNY",
        formula="sum of the lines: cost less loan saving, premium and surplus; every constraint checked exactly",
        children=(
            *(_line(each) for each in found.lines),
            *(_constraint(each) for each in found.constraints),
            *(_relief(each) for each in reliefs if each.is_binding),
        )
        or (_empty(),),
    )


def _line(line: PlanLine) -> Explanation:
    return Explanation(
        label_en=f"{line.kind}: {line.name}, {line.quantity} {line.unit}",
        label_zh=f"{line.name}：{line.quantity} {line.unit}",
        value=amounts.format_units(line.cost_fen, _CNY_PLACES),
        unit="CNY",
        source=line.source,
    )


def _constraint(each: Reached) -> Explanation:
    word_en, word_zh = ("at least", "不少于") if each.is_at_least else ("at most", "不超过")
    return Explanation(
        label_en=f"{each.name}: {word_en} {decimal_text(each.bound, places=6)} {each.unit}",
        label_zh=f"{each.name}：{word_zh} {decimal_text(each.bound, places=6)} {each.unit}",
        value=decimal_text(each.reached, places=6),
        unit=each.unit,
        source="recomputed exactly from the chosen options",
    )


def _relief(each: Relief) -> Explanation:
    return Explanation(
        label_en=f"{each.name} binds: one {each.unit} of relief saves",
        label_zh=f"{each.name}为紧约束：放宽一单位（{each.unit}）可节省",
        value=amounts.format_units(each.saves_fen, _CNY_PLACES),
        unit="CNY",
        source="the same problem with one unit of relief, solved again",
    )


def _empty() -> Explanation:
    return Explanation(
        label_en="nothing to do", label_zh="无需行动", value="0", unit="CNY", source="no option and no goal was given"
    )


def _explain_conflict(conflict: tuple[Missing, ...]) -> Explanation:
    children = tuple(
        Explanation(
            label_en=f"{each.name} would have to give by",
            label_zh=f"{each.name}至少需放宽",
            value=decimal_text(each.missing, places=6),
            unit=each.unit,
            source="least slack with the other constraints kept",
        )
        for each in conflict
    )
    return Explanation(
        label_en="no plan meets these constraints together",
        label_zh="没有方案能同时满足这些约束",
        value="infeasible",
        unit="1",
        formula="a smallest set of constraints that cannot hold together",
        children=children or (_empty(),),
    )
