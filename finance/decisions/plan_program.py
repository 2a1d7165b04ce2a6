"""A plan as a program of whole numbers: variables, an objective in fen and rows with integer coefficients.

Owns the translation from options to rows. Every coefficient is an integer, so that a row of whole numbers is met or hurt
by at least one, never by a crumb. Knows no solver and no result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from finance.decisions.plan_choice import (
    FEN_PER_CNY,
    Choice,
    ObligationCase,
    kpi_name,
    most_units,
    obligation_cases,
    tonnes_per_unit,
)
from finance.decisions.plan_options import KpiGoal, PlanProblem
from finance.decisions.steps import KWH_PER_MWH

# No option's name can begin so: names are printable.
_CASE, _TAKEN, _MET = "\x1fcase ", "\x1ftaken ", "\x1fmet "
Key = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """sum of coefficient x variable >= ``least``; ``unit`` is what one unit of relief takes off ``least``.

    ``name`` is the constraint that a person knows, empty for a row that only ties variables together.
    """

    name: str
    coefficients: Mapping[Key, int]
    least: int
    unit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Variables with their largest value (smallest 0), fen per unit, and the rows that must hold."""

    most: Mapping[Key, int]
    cost_fen: Mapping[Key, int]
    rows: tuple[Row, ...]

    def without(self, name: str) -> Program:
        """Return the program without the rows of a constraint."""
        return Program(
            most=self.most, cost_fen=self.cost_fen, rows=tuple(each for each in self.rows if each.name != name)
        )

    def relieved(self, name: str) -> Program:
        """Return the program with one unit of relief on a constraint."""
        rows = tuple(
            Row(name=each.name, coefficients=each.coefficients, least=each.least - each.unit, unit=each.unit)
            if each.name == name
            else each
            for each in self.rows
        )
        return Program(most=self.most, cost_fen=self.cost_fen, rows=rows)

    def with_one_more(self, key: Key) -> Program:
        """Return the program with one unit more of an option."""
        return Program(most={**self.most, key: self.most[key] + 1}, cost_fen=self.cost_fen, rows=self.rows)


def program_of(problem: PlanProblem) -> Program:
    """Return the program of a problem: one 0/1 variable per combination of direct measures, exactly one of them taken."""
    cases = obligation_cases(problem)
    direct = {each.name for each in problem.direct}
    most: dict[Key, int] = {each.name: most_units(each) for each in problem.options if each.name not in direct}
    most |= {f"{_CASE}{number}": 1 for number in range(len(cases))}
    most |= {f"{_TAKEN}{each.name}": 1 for each in problem.contracts if each.least_steps > 0}
    most |= {f"{_MET}{goal.name}": 1 for goal in _optional(problem)}
    most |= {f"{_MET}{step.name}": 1 for step in problem.premiums}
    rows: list[Row] = [
        *_one_case(cases),
        *_takes(problem),
        *_kpi_rows(problem, cases),
        *_premium_rows(problem, cases),
        *_obligation_rows(problem, cases),
        *_duty_rows(problem),
        *_cash_rows(problem, cases),
    ]
    cost = {name: fen for name, fen in _cash_costs(problem, cases).items() if fen}
    cost |= {each.name: each.worth_fen for each in problem.lots}
    surplus = 0 if problem.obligation is None else problem.obligation.surplus_fen
    # What must be met saves its interest in every plan, also in one with a tonne of relief: it stands with the combination.
    sure = sum(goal.saving_fen for goal in problem.kpis if goal.is_required)
    for number, case in enumerate(cases):
        cost[f"{_CASE}{number}"] = case.cost_fen - max(0, -case.need_t) * surplus - sure
    cost |= {f"{_MET}{goal.name}": -goal.saving_fen for goal in _optional(problem)}
    cost |= {f"{_MET}{step.name}": -step.worth_fen for step in problem.premiums}
    return Program(most=most, cost_fen=cost, rows=tuple(rows))


def choice_of(problem: PlanProblem, values: Mapping[Key, int]) -> Choice:
    """Return the options that a solution of the program chooses, direct measures by their combination."""
    cases = obligation_cases(problem)
    names = {each.name for each in problem.options}
    found = {name: units for name, units in values.items() if name in names and units}
    for number, case in enumerate(cases):
        if values.get(f"{_CASE}{number}", 0):
            found |= {each.name: 1 for each in case.measures}
    return found


def _optional(problem: PlanProblem) -> tuple[KpiGoal, ...]:
    return tuple(each for each in problem.kpis if not each.is_required)


def _one_case(cases: tuple[ObligationCase, ...]) -> list[Row]:
    every = {f"{_CASE}{number}": 1 for number in range(len(cases))}
    return [
        Row(name="", coefficients=every, least=1),
        Row(name="", coefficients=dict.fromkeys(every, -1), least=-1),
    ]


def _takes(problem: PlanProblem) -> list[Row]:
    rows = []
    for each in problem.contracts:
        if each.least_steps > 0:
            taken = f"{_TAKEN}{each.name}"
            rows.append(Row(name="", coefficients={each.name: 1, taken: -each.least_steps}, least=0))
            rows.append(Row(name="", coefficients={each.name: -1, taken: each.most_steps}, least=0))
    return rows


def _saved(problem: PlanProblem, cases: tuple[ObligationCase, ...], *, is_footprint: bool) -> dict[Key, Fraction]:
    saved = {
        each.name: each.step_mwh * (each.footprint_t_per_mwh if is_footprint else each.operational_t_per_mwh)
        for each in problem.contracts
    }
    saved |= {each.name: Fraction(tonnes_per_unit(each)) for each in problem.indirect}
    saved |= {f"{_CASE}{number}": Fraction(case.direct_t) for number, case in enumerate(cases)}
    return {name: value for name, value in saved.items() if value}


def _whole(saved: Mapping[Key, Fraction], needed: Fraction) -> tuple[dict[Key, int], int, int]:
    """Return the row in whole numbers: coefficients, the least it must reach (rounded up, which loses nothing), the scale."""
    scale = math.lcm(*(each.denominator for each in saved.values()))
    return {name: int(value * scale) for name, value in saved.items()}, -(-needed * scale // 1), scale


def _kpi_rows(problem: PlanProblem, cases: tuple[ObligationCase, ...]) -> list[Row]:
    rows = []
    saved = _saved(problem, cases, is_footprint=False)
    for goal in problem.kpis:
        whole, least, scale = _whole(saved, goal.needed_t)
        if goal.is_required:
            rows.append(Row(name=kpi_name(goal), coefficients=whole, least=least, unit=scale))
        else:
            rows += _if_met(goal.name, whole, least)
    return rows


def _premium_rows(problem: PlanProblem, cases: tuple[ObligationCase, ...]) -> list[Row]:
    rows: list[Row] = []
    saved = _saved(problem, cases, is_footprint=True)
    for step in problem.premiums:
        whole, least, _ = _whole(saved, step.needed_t)
        rows += _if_met(step.name, whole, least)
    return rows


def _if_met(name: str, whole: Mapping[Key, int], least: int) -> list[Row]:
    """Return the row by which a goal may count as met only when it is; what is met already needs none."""
    if least <= 0:
        return []
    return [Row(name="", coefficients={**whole, f"{_MET}{name}": -least}, least=0)]


def _obligation_rows(problem: PlanProblem, cases: tuple[ObligationCase, ...]) -> list[Row]:
    supplies = [each.name for each in problem.lots] + [each.name for each in (*problem.allowances, *problem.credits)]
    if problem.obligation is None:
        return [Row(name="", coefficients={name: -1}, least=0) for name in supplies]
    every = dict.fromkeys(supplies, 1)
    credited = [each.name for each in problem.lots if each.is_credit] + [each.name for each in problem.credits]
    needs = {f"{_CASE}{number}": max(0, case.need_t) for number, case in enumerate(cases)}
    caps = {f"{_CASE}{number}": case.credit_cap_t for number, case in enumerate(cases)}
    return [
        Row(name="obligation", coefficients={**every, **_negative(needs)}, least=0),
        Row(name="", coefficients={**_negative(every), **needs}, least=0),
        Row(name="ccer cap", coefficients={**dict.fromkeys(credited, -1), **caps}, least=0),
    ]


def _duty_rows(problem: PlanProblem) -> list[Row]:
    duty = problem.duty
    if duty is None:
        return []
    covered = {each.name: each.step_mwh * KWH_PER_MWH for each in problem.contracts if each.counts}
    covered |= {each.name: duty.kwh_per_certificate for each in problem.certificates}
    return [
        Row(
            name="renewable duty",
            coefficients=covered,
            least=-(-duty.open_kwh // 1),
            unit=duty.kwh_per_certificate,
        )
    ]


def _cash_costs(problem: PlanProblem, cases: tuple[ObligationCase, ...]) -> dict[Key, int]:
    cost = {each.name: each.step_mwh * each.premium_fen_per_mwh for each in problem.contracts}
    cost |= {each.name: tonnes_per_unit(each) * each.cost_fen_per_t for each in problem.indirect}
    cost |= {each.name: each.price_fen for each in (*problem.certificates, *problem.allowances, *problem.credits)}
    return cost | {f"{_CASE}{number}": case.cost_fen for number, case in enumerate(cases)}


def _cash_rows(problem: PlanProblem, cases: tuple[ObligationCase, ...]) -> list[Row]:
    if problem.cash_fen is None:
        return []
    return [
        Row(
            name="cash",
            coefficients=_negative(_cash_costs(problem, cases)),
            least=-problem.cash_fen,
            unit=FEN_PER_CNY,
        )
    ]


def _negative(values: Mapping[Key, int]) -> dict[Key, int]:
    return {name: -value for name, value in values.items()}
