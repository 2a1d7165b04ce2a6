"""A plan judged exactly: what a choice costs to the fen and how far each constraint is met, from the options themselves.

Owns the judgement alone, in integers and fractions. It is independent of the program that a solver sees, so that a
solver's answer is believed only where this agrees.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.compliance.allocation import allocate
from finance.conventions.rounding import ALLOWANCE_QUANTITY
from finance.decisions.plan_options import AbatementMeasure, GreenContract, HeldLot, KpiGoal, Offer, PlanProblem
from finance.decisions.steps import KWH_PER_MWH
from ledger.core import amounts
from ledger.core.errors import Invalid

Choice = Mapping[str, int]
"""Units chosen by option name: steps of a contract, certificates, tonnes; 0 or 1 of what is all or nothing."""

FEN_PER_CNY = 100


class LineKind(StrEnum):
    """What a line of the plan is."""

    GREEN_POWER = "green_power"
    CERTIFICATE = "certificate"
    ABATEMENT = "abatement"
    ALLOWANCE = "allowance"
    CREDIT = "credit"
    SURRENDER = "surrender"
    SURPLUS = "surplus"
    LOAN_SAVING = "loan_saving"
    PREMIUM = "premium"


_GOALS = frozenset({LineKind.LOAN_SAVING, LineKind.PREMIUM})
"""Lines that stand only where they earn something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One line: whole units, fen each, and the cost in fen (below zero: earned). ``is_cash``: it is paid out."""

    kind: LineKind
    name: str
    quantity: int
    unit: str
    unit_fen: int
    cost_fen: int
    is_cash: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far a constraint is met: ``reached`` against ``bound`` in ``unit``; at least the bound, or at most it."""

    name: str
    bound: Fraction
    reached: Fraction
    unit: str
    is_at_least: bool

    @property
    def slack(self) -> Fraction:
        """What is left before the constraint is hurt, below zero when it is."""
        return self.reached - self.bound if self.is_at_least else self.bound - self.reached

    @property
    def is_met(self) -> bool:
        """Whether the constraint holds, exactly."""
        return self.slack >= 0

    @property
    def is_tight(self) -> bool:
        """Whether nothing is left: a tight constraint still saves nothing by a unit where options come in larger steps."""
        return self.slack == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationCase:
    """The obligation under one combination of direct measures: need and credit cap in whole tonnes.

    ``need_t`` is what the year still needs from lots and purchases, below zero a surplus: due - surrendered - (allocation -
    issued).
    """

    measures: tuple[AbatementMeasure, ...]
    direct_t: int
    cost_fen: int
    need_t: int
    credit_cap_t: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A choice with its exact cost and constraints: ``net_fen`` is cost less loan saving, premium and surplus."""

    choice: Choice
    case: ObligationCase
    lines: tuple[PlanLine, ...]
    constraints: tuple[Reached, ...]

    @property
    def net_fen(self) -> int:
        """Everything the plan costs and earns."""
        return sum(each.cost_fen for each in self.lines)

    @property
    def cash_fen(self) -> int:
        """What is paid out."""
        return sum(each.cost_fen for each in self.lines if each.is_cash)

    @property
    def is_feasible(self) -> bool:
        """Whether every constraint holds, exactly."""
        return all(each.is_met for each in self.constraints)


def obligation_cases(problem: PlanProblem) -> tuple[ObligationCase, ...]:
    """Return the obligation under every combination of direct measures, none first.

    Each is two exact allocations' worth of law, so that the coefficient's curve, its caps, the small emitter's case and
    the floors are all in it. A combination that saves more than is emitted is left out.
    """
    found = []
    for flags in itertools.product((False, True), repeat=len(problem.direct)):
        chosen = tuple(each for each, flag in zip(problem.direct, flags, strict=True) if flag)
        direct_t = sum(each.size_t for each in chosen)
        need, cap = _need(problem, direct_t)
        if need is not None:
            found.append(
                ObligationCase(
                    measures=chosen,
                    direct_t=direct_t,
                    cost_fen=sum(each.size_t * each.cost_fen_per_t for each in chosen),
                    need_t=need,
                    credit_cap_t=cap,
                )
            )
    return tuple(found)


def judge(problem: PlanProblem, choice: Choice) -> Judged:
    """Return what ``choice`` costs and reaches; a name that is no option or units outside its bounds is ``plan.choice``."""
    _check_choice(problem, choice)
    chosen = tuple(each for each in problem.direct if choice.get(each.name, 0))
    case = next((each for each in obligation_cases(problem) if each.measures == chosen), None)
    if case is None:
        raise Invalid("plan.choice", "choice: expected direct measures that save at most what is emitted")
    met = {goal.name: saved_operational_t(problem, choice) >= goal.needed_t for goal in problem.kpis}
    lines = (*_bought(problem, choice), *_earned(problem, choice, case, met))
    return Judged(
        choice=choice,
        case=case,
        lines=tuple(each for each in lines if each.quantity and (each.cost_fen or each.kind not in _GOALS)),
        constraints=tuple(_constraints(problem, choice, case, lines)),
    )


def saved_operational_t(problem: PlanProblem, choice: Choice) -> Fraction:
    """Return the tonnes that a choice takes off the measure with power."""
    power = sum(
        (choice.get(each.name, 0) * each.step_mwh * each.operational_t_per_mwh for each in problem.contracts),
        Fraction(0),
    )
    return power + _saved_by_measures(problem, choice)


def saved_footprint_t(problem: PlanProblem, choice: Choice) -> Fraction:
    """Return the tonnes that a choice takes off the product's footprint."""
    power = sum(
        (choice.get(each.name, 0) * each.step_mwh * each.footprint_t_per_mwh for each in problem.contracts), Fraction(0)
    )
    return power + _saved_by_measures(problem, choice)


def most_units(option: GreenContract | Offer | AbatementMeasure | HeldLot) -> int:
    """Return the most units of an option that a choice may name."""
    match option:
        case GreenContract():
            return option.most_steps
        case AbatementMeasure():
            return 1 if option.is_all_or_nothing else option.size_t
        case Offer() | HeldLot():
            return option.most


def tonnes_per_unit(measure: AbatementMeasure) -> int:
    """Return the tonnes that one chosen unit of a measure saves."""
    return measure.size_t if measure.is_all_or_nothing else 1


def kpi_name(goal: KpiGoal) -> str:
    """Return the name of a required KPI as a constraint."""
    return f"kpi: {goal.name}"


def _need(problem: PlanProblem, direct_t: int) -> tuple[int | None, int]:
    given = problem.obligation
    if given is None:
        return 0, 0
    left = given.emissions_t - direct_t
    if left < 0:
        return None, 0
    found = allocate(
        given.rule,
        emissions_t=left,
        intensity=left / given.output_t,
        balance_value=given.balance_value,
        state=given.state,
    )
    need = found.due_t - given.surrendered_t - (found.allocation_t - given.issued_t)
    cap = amounts.round_exact(found.due_t * given.ccer_share, ALLOWANCE_QUANTITY) - given.ccer_surrendered_t
    return need, max(0, cap)


def _check_choice(problem: PlanProblem, choice: Choice) -> None:
    options = {each.name: each for each in problem.options}
    for name, units in choice.items():
        option = options.get(name)
        if option is None or not 0 <= units <= most_units(option):
            raise Invalid(
                "plan.choice_units", f"choice: expected units of an option within its bounds, not {name[:40]}"
            )
        if isinstance(option, GreenContract) and 0 < units < option.least_steps:
            raise Invalid(
                "plan.choice_minimum", f"{name[:40]}: expected none or the minimum take of {option.least_steps} steps"
            )


def _saved_by_measures(problem: PlanProblem, choice: Choice) -> Fraction:
    return Fraction(sum(choice.get(each.name, 0) * tonnes_per_unit(each) for each in problem.measures))


def _bought(problem: PlanProblem, choice: Choice) -> tuple[PlanLine, ...]:
    lines = [
        _line(
            LineKind.GREEN_POWER,
            each.name,
            (choice.get(each.name, 0) * each.step_mwh, "MWh", each.premium_fen_per_mwh),
            each.source,
        )
        for each in problem.contracts
    ]
    lines += [
        _line(
            LineKind.ABATEMENT,
            each.name,
            (choice.get(each.name, 0) * tonnes_per_unit(each), "t", each.cost_fen_per_t),
            each.source,
        )
        for each in problem.measures
    ]
    for kind, offers, unit in (
        (LineKind.CERTIFICATE, problem.certificates, "certificate"),
        (LineKind.ALLOWANCE, problem.allowances, "t"),
        (LineKind.CREDIT, problem.credits, "t"),
    ):
        lines += [
            _line(kind, each.name, (choice.get(each.name, 0), unit, each.price_fen), each.source) for each in offers
        ]
    lines += [
        _line(
            LineKind.SURRENDER, each.name, (choice.get(each.name, 0), "t", each.worth_fen), each.source, is_cash=False
        )
        for each in problem.lots
    ]
    return tuple(lines)


def _earned(
    problem: PlanProblem, choice: Choice, case: ObligationCase, met: Mapping[str, bool]
) -> tuple[PlanLine, ...]:
    lines = []
    if problem.obligation is not None:
        surplus = (max(0, -case.need_t), "t", -problem.obligation.surplus_fen)
        lines.append(_line(LineKind.SURPLUS, "surplus of the year", surplus, problem.obligation.source, is_cash=False))
    for goal in problem.kpis:
        saving = (int(met[goal.name]), "1", -goal.saving_fen)
        lines.append(_line(LineKind.LOAN_SAVING, goal.name, saving, goal.source, is_cash=False))
    saved = saved_footprint_t(problem, choice)
    for step in problem.premiums:
        earned = (int(saved >= step.needed_t), "1", -step.worth_fen)
        lines.append(_line(LineKind.PREMIUM, step.name, earned, step.source, is_cash=False))
    return tuple(lines)


def _constraints(
    problem: PlanProblem, choice: Choice, case: ObligationCase, lines: tuple[PlanLine, ...]
) -> list[Reached]:
    found = []
    for goal in problem.kpis:
        if goal.is_required:
            saved = saved_operational_t(problem, choice)
            found.append(_reached(kpi_name(goal), goal.needed_t, saved, "tCO2e"))
    if problem.obligation is not None:
        credited = sum(choice.get(each.name, 0) for each in problem.credits)
        credited += sum(choice.get(each.name, 0) for each in problem.lots if each.is_credit)
        others = sum(choice.get(each.name, 0) for each in problem.allowances)
        others += sum(choice.get(each.name, 0) for each in problem.lots if not each.is_credit)
        need, supplied = Fraction(max(0, case.need_t)), Fraction(credited + others)
        found.append(_reached("obligation", need, supplied, "t"))
        found.append(_reached("no more than is due", need, supplied, "t", is_at_least=False))
        found.append(_reached("ccer cap", Fraction(case.credit_cap_t), Fraction(credited), "t", is_at_least=False))
    if problem.duty is not None:
        counted = sum(choice.get(each.name, 0) * each.step_mwh for each in problem.contracts if each.counts)
        bought = sum(choice.get(each.name, 0) for each in problem.certificates)
        covered = counted * KWH_PER_MWH + bought * problem.duty.kwh_per_certificate
        found.append(_reached("renewable duty", problem.duty.open_kwh, Fraction(covered), "kWh"))
    if problem.cash_fen is not None:
        paid = Fraction(sum(each.cost_fen for each in lines if each.is_cash), FEN_PER_CNY)
        found.append(_reached("cash", Fraction(problem.cash_fen, FEN_PER_CNY), paid, "CNY", is_at_least=False))
    return found


def _reached(name: str, bound: Fraction, reached: Fraction, unit: str, *, is_at_least: bool = True) -> Reached:
    return Reached(name=name, bound=bound, reached=reached, unit=unit, is_at_least=is_at_least)


def _line(kind: LineKind, name: str, amount: tuple[int, str, int], source: str, *, is_cash: bool = True) -> PlanLine:
    quantity, unit, unit_fen = amount
    return PlanLine(
        kind=kind,
        name=name,
        quantity=quantity,
        unit=unit,
        unit_fen=unit_fen,
        cost_fen=quantity * unit_fen,
        is_cash=is_cash,
        source=source,
    )
