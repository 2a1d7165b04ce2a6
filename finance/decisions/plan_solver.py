"""The one module that hands a program to a solver in floating point: HiGHS by scipy.optimize.milp.

Owns the call, its limits and its three answers. What comes back are whole numbers that the caller checks exactly; the
solver's own figures are believed nowhere. The same program gives the same answer: the limit is a count of nodes, and the
time limit only ends in a refusal, never in another answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np
import numpy.typing as npt

from finance.decisions.plan_program import Key, Program, Row
from ledger.core.errors import Conflict

_Doubles = npt.NDArray[np.float64]
_OPTIMAL, _LIMIT, _INFEASIBLE = 0, 1, 2
_REPAIRS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverLimits:
    """How far the solver may go in one solve: nodes of its tree, and seconds as a backstop."""

    nodes: int = 20_000
    seconds: int = 10


def solve(program: Program, limits: SolverLimits) -> Mapping[Key, int] | None:
    """Return the cheapest whole values of the variables, None when the rows cannot all be met.

    A solution that hurts a row by the solver's tolerance is repaired by asking for that much more, at most four times.
    Beyond the limits ``plan.limit`` is raised, a solver that gives up or keeps hurting a row ``plan.solver``.
    """
    asked = program
    for _ in range(_REPAIRS):
        values = _solved(asked, limits)
        if values is None:
            return None
        hurt = [row for row in program.rows if _missing(row, values) > 0]
        if not hurt:
            return values
        # Rows keep their place; the solver's tolerance let a whole number slip below the bound.
        asked = replace(
            asked,
            rows=tuple(
                replace(each, least=each.least + _missing(row, values)) if row in hurt else each
                for row, each in zip(program.rows, asked.rows, strict=True)
            ),
        )
    raise Conflict(
        "plan.solver_digits", "options: the solver cannot meet these numbers exactly; use fewer digits or larger steps"
    )


def _solved(program: Program, limits: SolverLimits) -> Mapping[Key, int] | None:
    optimize = import_module("scipy.optimize")  # takes long to load: only who plans pays for it
    keys = sorted(program.most)
    place = {key: index for index, key in enumerate(keys)}
    costs = np.array([program.cost_fen.get(key, 0) for key in keys], dtype=np.float64)
    upper = np.array([program.most[key] for key in keys], dtype=np.float64)
    matrix, least = _matrix(program.rows, place)
    constraints = optimize.LinearConstraint(matrix, least, np.full(len(program.rows), np.inf))
    for has_presolve in (True, False):
        found = optimize.milp(
            costs,
            integrality=np.ones(len(keys)),
            bounds=optimize.Bounds(np.zeros(len(keys)), upper),
            constraints=constraints,
            options={
                "mip_rel_gap": 0,
                "node_limit": limits.nodes,
                "time_limit": limits.seconds,
                "presolve": has_presolve,
            },
        )
        if found.status == _OPTIMAL:
            return {key: int(np.rint(found.x[index])) for key, index in place.items()}
        if found.status == _INFEASIBLE:
            return None
        if found.status == _LIMIT:
            raise Conflict(
                "plan.limit",
                f"options: no proven answer within {limits.nodes} nodes or {limits.seconds} s; use fewer options or steps",
            )
    # Every variable is bounded, so that neither answer of a solver that is unsure can be an unbounded plan.
    raise Conflict(
        "plan.solver_digits", "options: the solver gave up on these numbers; use fewer digits or larger steps"
    )


def _matrix(rows: tuple[Row, ...], place: Mapping[Key, int]) -> tuple[_Doubles, _Doubles]:
    matrix = np.zeros((len(rows), len(place)))
    for number, row in enumerate(rows):
        for key, value in row.coefficients.items():
            matrix[number, place[key]] = value
    # Rows are whole numbers: half a unit below the bound lets nothing more in and keeps clear of the solver's tolerance.
    return matrix, np.array([2 * row.least - 1 for row in rows], dtype=np.float64) / 2


def _missing(row: Row, values: Mapping[Key, int]) -> int:
    return row.least - sum(value * values[key] for key, value in row.coefficients.items())
