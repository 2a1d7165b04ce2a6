"""The cheapest plan for a book: its position and lots, recorded loans and the open duty, beside the offers given.

Reads only and stores nothing. Money enters the plan in whole fen, rounded once where a rate or a price per tonne is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.compliance.allocation import allocation_rule, due_tonnes
from finance.compliance.obligation import ObligationYear
from finance.compliance.offsets import ccer_cap
from finance.compliance.product_premium import GreenPremium
from finance.conventions.rounding import INTEREST_PAYMENT, VALUATION
from finance.decisions.cheapest_plan import CheapestPlan, cheapest_plan
from finance.decisions.ets_channel import AccountingCase
from finance.decisions.loan_channel import stake_worth
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
from finance.decisions.steps import Origin, saved_tonnes
from finance.emissions.methodologies import Measure
from finance.operations.decision_loans import LoanQuestion, recorded_stake
from finance.operations.decisions import (
    BookAsOf,
    OpenDutyQuestion,
    ProcessQuestion,
    duty_exposure,
    obligation_of,
    process_year,
)
from finance.store import reference
from ledger.core import amounts
from ledger.core.errors import Conflict, Invalid, NotFound

_FEN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductGoals:
    """Thresholds of a premium for a product of this footprint: which lie ahead and what each would earn."""

    footprint_tco2e_per_t: Fraction
    output_t: Fraction
    sold_t: Fraction
    premium: GreenPremium


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanGoal:
    """A recorded KPI period as a goal of the plan."""

    loan: LoanQuestion
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """What a plan is asked for. ``lot_worth_fen`` is what a tonne held would fetch, ``surplus_fen`` a tonne left over."""

    on: date
    process: ProcessQuestion | None
    duty: OpenDutyQuestion | None
    goals: tuple[KpiGoal, ...]
    loans: tuple[LoanGoal, ...]
    product: ProductGoals | None
    contracts: tuple[GreenContract, ...]
    certificates: tuple[Offer, ...]
    measures: tuple[AbatementMeasure, ...]
    allowances: tuple[Offer, ...]
    credits: tuple[Offer, ...]
    lots: tuple[HeldLot, ...]
    lot_worth_fen: int
    surplus_fen: int
    cash_fen: int | None


def plan_of(
    session: Session, organisation_id: UUID, question: PlanQuestion, *, book: BookAsOf | None, now: datetime
) -> CheapestPlan:
    """Return the cheapest plan of the question; with a ``book`` its lots and what is issued and surrendered count too."""
    return cheapest_plan(problem_of(session, organisation_id, question, book=book, now=now))


def problem_of(
    session: Session, organisation_id: UUID, question: PlanQuestion, *, book: BookAsOf | None, now: datetime
) -> PlanProblem:
    """Return the plan's problem: given options, the book's eligible lots, goals of recorded loans, the open duty."""
    obligation, held = None, question.lots
    if question.process is not None:
        obligation, found = _obligation(session, organisation_id, question, question.process, book)
        held = (*held, *(() if found is None else _held(found, question.lot_worth_fen)))
    duty = None
    if question.duty is not None:
        exposure = duty_exposure(session, organisation_id, question.duty)
        duty = OpenDuty(
            open_kwh=exposure.open_kwh,
            kwh_per_certificate=exposure.duty.rules.gec.kwh_per_certificate,
            source=f"renewable duty of {exposure.duty.rules.year}",
        )
    loans = tuple(_loan_goal(session, organisation_id, each, now=now) for each in question.loans)
    return PlanProblem(
        contracts=question.contracts,
        certificates=question.certificates,
        measures=question.measures,
        allowances=question.allowances,
        credits=question.credits,
        lots=held,
        obligation=obligation,
        duty=duty,
        kpis=(*question.goals, *loans),
        premiums=() if question.product is None else _premiums(question.product),
        cash_fen=question.cash_fen,
    )


def _obligation(
    session: Session,
    organisation_id: UUID,
    question: PlanQuestion,
    asked: ProcessQuestion,
    book: BookAsOf | None,
) -> tuple[Obligation, ObligationYear | None]:
    if asked.case is not AccountingCase.LAW_IN_FORCE:
        raise Invalid(
            "plan.case", "case: expected law_in_force: a plan covers the obligation that is due", field="case"
        )
    year = process_year(session, organisation_id, asked)
    if year.output_t <= 0:
        raise Invalid("decision.output_t", "output_t: expected above zero tonnes of metal", field="output_t")
    found = None if book is None else obligation_of(session, asked, year, book)
    cover = None if found is None else found.cover
    try:
        cap = ccer_cap(reference.shipped_offset_rules(), due_t=due_tonnes(year.emissions_t), on=question.on)
    except NotFound as missing:
        raise Invalid(missing.code, missing.message) from missing
    return (
        Obligation(
            rule=allocation_rule(reference.shipped_allocation_rules(), asked.year),
            emissions_t=year.emissions_t,
            output_t=year.output_t,
            balance_value=asked.balance_value,
            state=asked.state,
            issued_t=0 if cover is None else cover.issued_t,
            surrendered_t=0 if cover is None else cover.surrendered_t,
            ccer_surrendered_t=0 if cover is None else cover.ccer_surrendered_t,
            ccer_share=Fraction(cap.row.number()),
            surplus_fen=question.surplus_fen,
            source=f"{year.source}; {'no book' if book is None else f'the book at the close of {book.on}'}",
        ),
        found,
    )


def _held(found: ObligationYear, worth_fen: int) -> tuple[HeldLot, ...]:
    """Return the holdings that the rules let settle the year."""
    allowances = tuple(
        HeldLot(
            name=each.holding.commodity,
            most=each.holding.available_t,
            worth_fen=worth_fen,
            is_credit=False,
            source=f"{each.holding.source}; {each.verdict.reason_en}",
        )
        for each in found.allowances
        if each.verdict.is_usable
    )
    credited = tuple(
        HeldLot(
            name=each.holding.commodity,
            most=each.holding.available_t,
            worth_fen=worth_fen,
            is_credit=True,
            source=f"{each.holding.source}; {each.verdict.reason_en}",
        )
        for each in found.credits
        if each.verdict.is_eligible
    )
    return (*allowances, *credited)


def _loan_goal(session: Session, organisation_id: UUID, asked: LoanGoal, *, now: datetime) -> KpiGoal:
    stake = recorded_stake(session, organisation_id, asked.loan, now=now)
    if stake.measure is not Measure.OPERATIONAL_INCL_POWER or stake.is_strict or stake.is_scale:
        raise Conflict(
            "plan.loan_goal",
            "kpi_period_id: expected a step on an intensity with power where a tie meets; give others as goals",
        )
    worth = stake_worth(stake, saved_tonnes(Fraction(1), origin=Origin.POWER))
    return KpiGoal(
        name=stake.name,
        operational_t=stake.intensity * stake.output_t,
        output_t=stake.output_t,
        target=stake.target,
        is_required=asked.is_required,
        saving_fen=max(0, amounts.round_exact(worth.ratchet_cny * _FEN, INTEREST_PAYMENT)),
        source=stake.source,
    )


def _premiums(product: ProductGoals) -> tuple[PremiumGoal, ...]:
    """Return the thresholds ahead, each with what it earns beyond the one before."""
    if not 0 <= product.sold_t <= product.output_t or product.output_t <= 0:
        raise Invalid("decision.sold_t", "sold_t: expected zero to the output in tonnes", field="sold_t")
    footprint = product.footprint_tco2e_per_t
    now = product.premium.at(footprint)
    earned = Fraction(0) if now is None else now.premium_cny_per_t
    found = []
    ahead = (each for each in product.premium.steps if each.threshold_tco2e_per_t < footprint)
    for each in sorted(ahead, key=lambda step: -step.threshold_tco2e_per_t):
        worth = (each.premium_cny_per_t - earned) * product.sold_t * _FEN
        found.append(
            PremiumGoal(
                name=f"premium at {each.threshold_tco2e_per_t} tCO2e/t",
                needed_t=(footprint - each.threshold_tco2e_per_t) * product.output_t,
                worth_fen=amounts.round_exact(worth, VALUATION),
                source=each.source,
            )
        )
        earned = each.premium_cny_per_t
    return tuple(found)
