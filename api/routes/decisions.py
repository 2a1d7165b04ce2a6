"""What to do next: the value of the next tonne and MWh, the cheapest plan, and what moves them; nothing is stored.

Each question is asked of a book, whose position is then read, or without one. It is the borrower's own business: no
lender and no assessor asks it here.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from uuid import UUID

from api.auth.ledger_kinds import BOOK
from api.auth.loan_kinds import KPI_PERIOD
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.decision_answers import NextMwhOut, SensitivityOut, StepValueOut
from api.schemas.decision_plans import CheapestPlanIn, CheapestPlanOut
from api.schemas.decisions import LoanIn, NextMwhIn, NextTonneIn, SensitivityIn, SituationIn
from api.schemas.fields import UuidString
from api.schemas.points import Asked, PointOut
from api.store.access import OrganisationKind
from finance.decisions.next_mwh import next_mwh, parity_chart
from finance.decisions.next_tonne import Situation, next_tonne
from finance.decisions.step_drivers import step_tornado
from finance.operations.compliance import price_of, source_of
from finance.operations.decision_plans import plan_of
from finance.operations.decisions import BookAsOf, situation_of
from finance.store.kpi_periods import KpiPeriod
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid

_BORROWER = asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,))

routes = Routes(tag="decisions")


@routes.post("/books/{book_id}/decisions/next-tonne", policy=_BORROWER, status=200, writes=False)
def compute_next_tonne_of_book(book_id: UuidString, body: NextTonneIn, call: ThisCall) -> StepValueOut:
    """Return what tonnes emitted less are worth to a book through every channel at once, each once."""
    return _next_tonne(call, body, book_id)


@routes.post("/decisions/next-tonne", policy=_BORROWER, status=200, writes=False)
def compute_next_tonne(body: NextTonneIn, call: ThisCall) -> StepValueOut:
    """Return what tonnes emitted less are worth, without a book's position."""
    return _next_tonne(call, body, None)


@routes.post("/books/{book_id}/decisions/next-mwh", policy=_BORROWER, status=200, writes=False)
def compute_next_mwh_of_book(book_id: UuidString, body: NextMwhIn, call: ThisCall) -> NextMwhOut:
    """Return what green power is worth to a book through every channel, its parity premium and price, and a chart."""
    return _next_mwh(call, body, book_id)


@routes.post("/decisions/next-mwh", policy=_BORROWER, status=200, writes=False)
def compute_next_mwh(body: NextMwhIn, call: ThisCall) -> NextMwhOut:
    """Return what green power is worth, without a book's position."""
    return _next_mwh(call, body, None)


@routes.post("/books/{book_id}/decisions/sensitivity", policy=_BORROWER, status=200, writes=False)
def compute_sensitivity_of_book(book_id: UuidString, body: SensitivityIn, call: ThisCall) -> SensitivityOut:
    """Return which assumption moves the value of a book's next tonne or MWh most."""
    return _sensitivity(call, body, book_id)


@routes.post("/decisions/sensitivity", policy=_BORROWER, status=200, writes=False)
def compute_sensitivity(body: SensitivityIn, call: ThisCall) -> SensitivityOut:
    """Return which assumption moves the value of the next tonne or MWh most, without a book's position."""
    return _sensitivity(call, body, None)


@routes.post("/books/{book_id}/decisions/cheapest-plan", policy=_BORROWER, status=200, writes=False)
def compute_cheapest_plan_of_book(book_id: UuidString, body: CheapestPlanIn, call: ThisCall) -> CheapestPlanOut:
    """Return the cheapest plan that meets KPI targets, a book's obligation and the renewable duty together."""
    return _cheapest_plan(call, body, book_id)


@routes.post("/decisions/cheapest-plan", policy=_BORROWER, status=200, writes=False)
def compute_cheapest_plan(body: CheapestPlanIn, call: ThisCall) -> CheapestPlanOut:
    """Return the cheapest plan for given lots, without a book."""
    return _cheapest_plan(call, body, None)


def _next_tonne(call: Call, body: NextTonneIn, book_id: UUID | None) -> StepValueOut:
    situation, point = _situation(call, body, book_id)
    step = body.step.to_core()
    return StepValueOut.from_core(next_tonne(situation, tonnes=step.quantity, origin=step.origin), point)


def _next_mwh(call: Call, body: NextMwhIn, book_id: UUID | None) -> NextMwhOut:
    situation, point = _situation(call, body, book_id)
    step, prices = body.step.to_core(), body.chart_prices()
    assert step.power is not None, "a step of MWh has its power"
    found = next_mwh(situation, step.power, mwh=step.quantity, premium_cny_per_mwh=step.premium_cny_per_mwh)
    chart = parity_chart(situation, step.power, prices) if prices else ()
    return NextMwhOut.from_core(found, chart, point)


def _sensitivity(call: Call, body: SensitivityIn, book_id: UUID | None) -> SensitivityOut:
    asked = [each for each in (body.tonne, body.mwh) if each is not None]
    if len(asked) != 1:
        raise Invalid("query.exclusive", "tonne: expected either tonne or mwh, exactly one of the two", field="tonne")
    situation, point = _situation(call, body, book_id)
    change = Fraction(parse_decimal(body.change, field="change"))
    return SensitivityOut.from_core(step_tornado(situation, asked[0].to_core(), change=change), point)


def _cheapest_plan(call: Call, body: CheapestPlanIn, book_id: UUID | None) -> CheapestPlanOut:
    point, book = _book(call, body, book_id)
    periods = _periods(call, (each.loan for each in body.loans))
    plan = plan_of(call.session, call.principal.organisation_id, body.to_question(periods), book=book, now=call.now)
    return CheapestPlanOut.from_core(plan, point)


def _situation(call: Call, body: SituationIn, book_id: UUID | None) -> tuple[Situation, PointOut | None]:
    point, book = _book(call, body, book_id)
    question = body.to_question(_periods(call, body.loans), _mark(call, body))
    situation = situation_of(call.session, call.principal.organisation_id, question, book=book, now=call.now)
    return situation, point


def _book(
    call: Call, body: SituationIn | CheapestPlanIn, book_id: UUID | None
) -> tuple[PointOut | None, BookAsOf | None]:
    if book_id is None:
        if body.known is not None:
            raise Invalid("query.book_only", "known: expected it for a book only; leave it out", field="known")
        return None, None
    book = call.load(BOOK, book_id)
    point = Asked(as_of=body.on, known=body.known, at=None).resolve(call.session, book.book_id)
    return point, BookAsOf(book_id=book.book_id, on=body.on, known=point.known)


def _periods(call: Call, loans: Iterable[LoanIn]) -> dict[UUID, KpiPeriod]:
    return {each.kpi_period_id: call.load(KPI_PERIOD, each.kpi_period_id) for each in loans}


def _mark(call: Call, body: SituationIn) -> tuple[Fraction | None, str] | None:
    """Return the mark of a snapshot frozen for the day, with its source; None when a price is given or nothing is."""
    if (body.snapshot_id is None) != (body.mark_instrument is None):
        raise Invalid(
            "query.together", "snapshot_id: expected snapshot_id and mark_instrument together", field="snapshot_id"
        )
    if body.snapshot_id is None or body.mark_instrument is None:
        return None
    if body.price_cny_per_t is not None:
        raise Invalid(
            "query.exclusive", "price_cny_per_t: expected either a price or a mark, not both", field="price_cny_per_t"
        )
    snapshot = call.load(MARKET_SNAPSHOT, body.snapshot_id)
    if snapshot.as_of != body.on:
        raise Invalid(
            "compliance.snapshot_day",
            f"snapshot_id: expected marks of {body.on}, these are of {snapshot.as_of}; freeze a snapshot of that day",
            field="snapshot_id",
        )
    mark = snapshot.mark(body.mark_instrument)
    price = price_of(mark)
    if price is not None and (price.currency, price.unit) != ("CNY", "t"):
        raise Invalid("decision.mark", "mark_instrument: expected a mark in CNY per t", field="mark_instrument")
    return None if price is None else Fraction(price.value), source_of(mark)
