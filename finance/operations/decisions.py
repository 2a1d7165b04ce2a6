"""What the next tonne or MWh is worth to a book: positions, marks, months, forecast and loan brought together with sources.

Reads only and stores nothing: a value is a calculation until somebody acts. Every number that enters names where it
comes from; what is neither given nor recorded leaves its channel unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.compliance.allocation import AllocationSources, ProcessState, allocation_rule, due_tonnes
from finance.compliance.cbam import CarbonPricePaid, CbamPrices, GoodsLine
from finance.compliance.cbam_rules import cbam_rules
from finance.compliance.obligation import ObligationYear
from finance.compliance.offsets import ccer_cap
from finance.compliance.renewable_duty import PowerKwh
from finance.conventions.tables import ReferenceRow
from finance.decisions.ets_channel import AccountingCase, CreditSwap, EtsSituation
from finance.decisions.loan_channel import RateStake
from finance.decisions.next_tonne import Situation
from finance.decisions.product_channels import CbamExposure, DutyExposure, ProductSituation
from finance.emissions.methodologies import Measure
from finance.operations.activity import Recipe, bound_recipe
from finance.operations.compliance import obligation_for
from finance.operations.decision_loans import LoanQuestion, recorded_stake
from finance.operations.forecasts import ForecastQuestion, forecast_of_year
from finance.operations.renewable_duties import DutyQuestion, duty_of, duty_of_activity
from finance.store import reference
from ledger.core.errors import Invalid, NotFound

_CONFIDENCE = Fraction(9, 10)
_LAST_MONTHS = 12
_NO_TARGET = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAsOf:
    """A book at the close of a day by what its first ``known`` entries say (all when None)."""

    book_id: int
    on: date
    known: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessQuestion:
    """The electrolysis process of a year: emissions and output given, or recorded months up to ``through`` and a forecast by ``recipe``."""

    year: int
    emissions_t: Fraction | None
    output_t: Fraction | None
    recipe: Recipe | None
    through: str | None
    balance_value: Fraction | None
    state: ProcessState
    case: AccountingCase


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuestion:
    """Prices with their sources: of an allowance, and of a credit where credits are used up to the cap; None: not known."""

    allowance_cny_per_t: Fraction | None
    allowance_source: str
    credit_cny_per_t: Fraction | None
    credit_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CbamQuestion:
    """The year's goods to the EU and the output that they are a part of."""

    year: int
    lines: tuple[GoodsLine, ...]
    prices: CbamPrices
    paid: CarbonPricePaid
    importer_mass_t: Fraction | None
    output_t: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDutyQuestion:
    """The renewable duty: energies given, or recorded months by ``recipe``; a price in place of the cheapest on file."""

    question: DutyQuestion
    power: tuple[PowerKwh, ...]
    recipe: Recipe | None
    sites: tuple[str, ...]
    gec_price_cny: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionQuestion:
    """Everything that is asked about; a part that is None (or empty) leaves its channel unknown."""

    on: date
    process: ProcessQuestion | None
    prices: PriceQuestion
    loans: tuple[LoanQuestion, ...]
    stakes: tuple[RateStake, ...]
    cbam: CbamQuestion | None
    duty: OpenDutyQuestion | None
    product: ProductSituation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessYear:
    """The process's emissions and output of a year with their source."""

    emissions_t: Fraction
    output_t: Fraction
    source: str


def situation_of(
    session: Session,
    organisation_id: UUID,
    question: DecisionQuestion,
    *,
    book: BookAsOf | None,
    now: datetime,
) -> Situation:
    """Return what a step is valued by, from the question and, with a ``book``, from its position."""
    laws = decision_rows()
    return Situation(
        ets=None
        if question.process is None
        else _ets(session, organisation_id, question, question.process, book=book, laws=laws),
        stakes=(
            *question.stakes,
            *(recorded_stake(session, organisation_id, each, now=now) for each in question.loans),
        ),
        cbam=None if question.cbam is None else _cbam(question.cbam, laws),
        duty=None if question.duty is None else duty_exposure(session, organisation_id, question.duty),
        product=question.product,
        is_power_in_cbam=laws["law.cbam_counts_power"].word() == "yes",
    )


def decision_rows() -> dict[str, ReferenceRow]:
    """Return what the laws count, by row id."""
    return {row.row_id: row for row in reference.shipped_decision_assumptions().rows}


def process_year(session: Session, organisation_id: UUID, asked: ProcessQuestion) -> ProcessYear:
    """Return the process's year: as given, or its recorded months with a forecast of the rest.

    A methodology of another measure than ``ets_direct`` is ``decision.measure``; both or neither way is
    ``query.exclusive``.
    """
    if (asked.recipe is None) == (asked.emissions_t is None) or (asked.emissions_t is None) != (asked.output_t is None):
        raise Invalid(
            "query.exclusive",
            "emissions_t: expected either emissions_t with output_t, or methodology, not both",
            field="emissions_t",
        )
    if asked.emissions_t is not None and asked.output_t is not None:
        return ProcessYear(emissions_t=asked.emissions_t, output_t=asked.output_t, source="given with the request")
    assert asked.recipe is not None, "one of the two ways is there"
    if bound_recipe(session, asked.recipe).methodology.measure is not Measure.ETS_DIRECT:
        raise Invalid(
            "decision.measure",
            f"methodology: expected one of {Measure.ETS_DIRECT}, which the law allocates on",
            field="methodology",
        )
    answer = forecast_of_year(session, organisation_id, asked.recipe, _asked(asked.year, asked.through))
    found = answer.forecast
    produced = sum((each.production_t for each in found.periods), Fraction(0))
    over = found.observed_count
    return ProcessYear(
        emissions_t=found.intensity * produced,
        output_t=produced,
        source=f"{over} recorded months of {asked.year} and a forecast of the rest, by {answer.methodology_id}",
    )


def duty_exposure(session: Session, organisation_id: UUID, asked: OpenDutyQuestion) -> DutyExposure:
    """Return the duty as it stands; without a given price the cheapest year of certificates that is on file."""
    if asked.recipe is None:
        duty = duty_of(asked.question, asked.power)
    else:
        duty = duty_of_activity(session, organisation_id, asked.question, asked.recipe, sites=asked.sites).duty
    price, source = asked.gec_price_cny, "given with the request"
    if price is None and duty.costs:
        cheapest = min(duty.costs, key=lambda each: (each.price_cny, each.production_year))
        price, source = cheapest.price_cny, f"{cheapest.row.source} [{cheapest.row.status}; {cheapest.row.row_id}]"
    return DutyExposure(
        duty=duty,
        gec_price_cny=price,
        price_source=source,
        emissions_row=decision_rows()["law.duty_counts_emissions"],
    )


def obligation_of(session: Session, asked: ProcessQuestion, year: ProcessYear, book: BookAsOf) -> ObligationYear:
    """Return the book's obligation for the process's year, unpriced."""
    return obligation_for(
        session,
        book.book_id,
        year=asked.year,
        emissions_t=year.emissions_t,
        intensity=year.emissions_t / year.output_t if year.output_t else None,
        balance_value=asked.balance_value,
        on=book.on,
        mark=None,
        known=book.known,
        sources=AllocationSources(emissions=year.source, intensity=year.source),
    )


def _ets(
    session: Session,
    organisation_id: UUID,
    question: DecisionQuestion,
    asked: ProcessQuestion,
    *,
    book: BookAsOf | None,
    laws: dict[str, ReferenceRow],
) -> EtsSituation:
    year = process_year(session, organisation_id, asked)
    if year.output_t <= 0:
        raise Invalid("decision.output_t", "output_t: expected above zero tonnes of metal", field="output_t")
    duty = None if book is None else obligation_of(session, asked, year, book)
    return EtsSituation(
        rule=allocation_rule(reference.shipped_allocation_rules(), asked.year),
        emissions_t=year.emissions_t,
        output_t=year.output_t,
        balance_value=asked.balance_value,
        price_cny_per_t=question.prices.allowance_cny_per_t,
        price_source=question.prices.allowance_source,
        power_row=laws["law.ets_counts_power"],
        draft_row=laws["law.draft_ets_counts_power"],
        case=asked.case,
        state=asked.state,
        gap_t=None if duty is None else duty.gap_t,
        gap_source="not given" if book is None else f"the book at the close of {book.on}",
        credits=_credits(question, duty, year),
        sources=AllocationSources(emissions=year.source, intensity=year.source),
    )


def _credits(question: DecisionQuestion, duty: ObligationYear | None, year: ProcessYear) -> CreditSwap | None:
    """Return the swap at the cap: credits are priced, and the book (or, without one, the caller) uses them up to the cap."""
    price = question.prices.credit_cny_per_t
    if price is None:
        return None
    if duty is not None and duty.ccer_eligible_t + duty.cover.ccer_surrendered_t < duty.ccer_cap.cap_t:
        return None
    try:
        cap = ccer_cap(reference.shipped_offset_rules(), due_t=due_tonnes(year.emissions_t), on=question.on)
    except NotFound as missing:
        raise Invalid(missing.code, missing.message) from missing
    return CreditSwap(
        share=Fraction(cap.row.number()), price_cny_per_t=price, cap=cap, source=question.prices.credit_source
    )


def _cbam(asked: CbamQuestion, laws: dict[str, ReferenceRow]) -> CbamExposure:
    return CbamExposure(
        rules=cbam_rules(reference.shipped_cbam_rules(), asked.year),
        lines=asked.lines,
        prices=asked.prices,
        paid=asked.paid,
        importer_mass_t=asked.importer_mass_t,
        output_t=asked.output_t,
        power_row=laws["law.cbam_counts_power"],
        source="given with the request",
    )


def _asked(year: int, through: str | None) -> ForecastQuestion:
    return ForecastQuestion(
        year=year,
        target=_NO_TARGET,
        target_source="none",
        through=through,
        plan_t={},
        confidence=_CONFIDENCE,
        technical_minimum=None,
        last_months=_LAST_MONTHS,
    )
