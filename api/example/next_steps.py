"""What the example's treasurer does next: the lots to surrender, and what a tonne less or a MWh of green power is worth."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from api.example.holdings import book_of, valuation_day
from api.example.scenario import Scenario
from api.example.shapes import amount, exact, tonnes, tree
from finance.compliance.allocation import ProcessState
from finance.compliance.plan_lots import CostBasis
from finance.conventions.rounding import VALUATION
from finance.decisions.channels import Channel, StepValue
from finance.decisions.ets_channel import AccountingCase
from finance.decisions.next_mwh import next_mwh
from finance.decisions.next_tonne import Situation, next_tonne
from finance.decisions.steps import GreenPower
from finance.emissions.intensity import YearEmissions
from finance.emissions.templates import Evidence
from finance.operations.compliance_calendar import surrender_day
from finance.operations.decisions import BookAsOf, DecisionQuestion, PriceQuestion, ProcessQuestion, situation_of
from finance.operations.surrender_plans import PlanRequest, compute_plan
from finance.store import market as market_store
from finance.store import reference
from ledger.core.amounts import format_exact

Part = dict[str, Any]
_GRID_FACTOR = "grid_ex_market_nonfossil"
_GRID_FACTOR_YEAR = 2021


def next_steps_part(session: Session, scenario: Scenario, emissions: YearEmissions, compliance: Part) -> Part:
    """Return the cheapest surrender of what the book holds, and the worth of one tonne less and of one green MWh.

    ``compliance`` is the document's part on the same year: its duty is what the plan settles.
    """
    situation = _situation(session, scenario, emissions, now=scenario.instant("snapshot"))
    grid = reference.shipped_factors().lookup(_GRID_FACTOR, on=date(_GRID_FACTOR_YEAR, 1, 1), region="CN")
    power = GreenPower(
        operational_kg_per_kwh=Fraction(grid.number()),
        footprint_kg_per_kwh=Fraction(0),
        evidence=Evidence.MARKET_CONTRACT,
        source=f"{grid.row_id} of {_GRID_FACTOR_YEAR}, replaced by a market contract: {grid.source}",
    )
    return {
        "surrender_plan": _plan(session, scenario, compliance),
        "next_tonne": _worth(next_tonne(situation)),
        "next_mwh": _worth(next_mwh(situation, power).value),
    }


def _plan(session: Session, scenario: Scenario, compliance: Part) -> Part:
    year = int(compliance["year"])
    last_day = surrender_day(year)
    assert last_day is not None, "the example's year has a surrender deadline on file"
    snapshot = market_store.load_snapshot(session, scenario.organisation_id("borrower"), scenario.id_of("snapshot"))
    found = compute_plan(
        session,
        book_of(session, scenario),
        PlanRequest(
            year=year,
            surrender_on=last_day,
            due_t=int(compliance["due"]["value"]),
            due_source="the compliance part of this document",
            basis=CostBasis.ECONOMIC,
            snapshot=snapshot,
        ),
    )
    plan = found.plan
    return {
        "surrender_by": last_day.isoformat(),
        "basis": plan.basis.value,
        "lines": [
            {
                "lot": str(line.lot.lot_id),
                "instrument": line.lot.instrument,
                "acquired_on": line.lot.acquired_on.isoformat(),
                "taken": tonnes(line.taken_t),
                "unit_cost": amount(exact(line.unit_cost_fen / 100, 2), "CNY/t"),
            }
            for line in plan.lines
        ],
        "covered": tonnes(plan.covered_t),
        "shortfall": tonnes(plan.shortfall_t),
        "cost": amount(format_exact(plan.cost_fen / 100, 2, VALUATION), "CNY"),
        "shadow_price": amount(exact(plan.certificate.tonne_fen / 100, 2), "CNY/t"),
        "is_cap_binding": plan.certificate.is_cap_binding,
        "why": tree(found.explain()),
    }


def _situation(session: Session, scenario: Scenario, emissions: YearEmissions, *, now: datetime) -> Situation:
    facts, on = scenario.facts["compliance"], valuation_day(scenario)
    snapshot = market_store.load_snapshot(session, scenario.organisation_id("borrower"), scenario.id_of("snapshot"))
    mark = snapshot.mark(facts["mark"])
    assert mark is not None, "the snapshot holds the compliance mark"
    question = DecisionQuestion(
        on=on,
        process=ProcessQuestion(
            year=int(facts["year"]),
            emissions_t=emissions.emissions_t,
            output_t=emissions.production_t,
            recipe=None,
            through=None,
            balance_value=Fraction(facts["balance_value"]),
            state=ProcessState.OPERATING,
            case=AccountingCase.LAW_IN_FORCE,
        ),
        prices=PriceQuestion(
            allowance_cny_per_t=None if mark.value is None else Fraction(mark.value),
            allowance_source=f"{mark.instrument} {mark.state.value}, {mark.source}, {mark.trade_date}",
            credit_cny_per_t=None,
            credit_source="",
        ),
        loans=(),
        stakes=(),
        cbam=None,
        duty=None,
        product=None,
    )
    point = BookAsOf(book_id=book_of(session, scenario), on=on, known=None)
    return situation_of(session, scenario.organisation_id("borrower"), question, book=point, now=now)


def _worth(value: StepValue) -> Part:
    return {
        "step": amount(exact(value.step.quantity, 0), value.step.unit),
        "total": amount(exact(value.total_cny, 2), "CNY"),
        "channels": [_channel(each) for each in value.channels],
        "why": tree(value.explanation),
    }


def _channel(channel: Channel) -> Part:
    worth = channel.worth_cny
    return {
        "channel": channel.kind.value,
        "state": channel.state.value,
        "worth": None if worth is None else amount(exact(worth, 2), "CNY"),
        "words_en": channel.words_en,
        "words_zh": channel.words_zh,
    }
