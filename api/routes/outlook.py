"""The rolling forecast of a compliance year, and how it would have done on a year that is over.

A forecast is the borrower's own: no lender and no assessor reads it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from fastapi import Depends, Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.routes.compliance import asked_mark
from api.routes.emissions import AskedActivity, AskedActivityQuery, RecipeQuery
from api.routes.forecasts import PlanText, planned_production
from api.schemas.activity import MonthText
from api.schemas.fields import CodeString, DateString, DecimalString, UuidString
from api.schemas.outlook import OutlookBackTestOut, OutlookOut
from api.schemas.points import AskedPoint
from api.store.access import OrganisationKind
from finance.compliance.gap_forecast import BalanceRange
from finance.operations.activity import Recipe
from finance.operations.compliance_outlook import OutlookQuestion, outlook_back_test, outlook_of_year
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid

_BORROWER = asks(Scope.COMPLIANCE_READ, kinds=(OrganisationKind.BORROWER,))

routes = Routes(tag="compliance")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRest:
    """What the query assumes about the rest of the year and the balance value."""

    balance: BalanceRange | None
    through: str | None
    plan_t: Mapping[str, Fraction]
    confidence: Fraction


def asked_rest(
    balance_value: Annotated[
        DecimalString | None,
        Query(
            description="Published BP, tCO2e/t, or the lowest thought possible; when absent, of the determination on file."
        ),
    ] = None,
    balance_value_to: Annotated[DecimalString | None, Query(description="The highest thought possible.")] = None,
    through: Annotated[MonthText | None, Query(description="Last month that counts as over.")] = None,
    plan: Annotated[PlanText | None, Query(description="Planned tonnes by month; last year's when absent.")] = None,
    confidence: Annotated[DecimalString, Query(description="Of the interval.", examples=["0.9"])] = "0.9",
) -> AskedRest:
    """Return what the query assumes about the rest of the year."""
    if balance_value is None and balance_value_to is not None:
        raise Invalid("query.together", "balance_value: expected it beside balance_value_to", field="balance_value")
    balance = None
    if balance_value is not None:
        low = Fraction(parse_decimal(balance_value, field="balance_value"))
        high = low
        if balance_value_to is not None:
            high = Fraction(parse_decimal(balance_value_to, field="balance_value_to"))
        balance = BalanceRange(low=low, high=high, source="given with the request")
    return AskedRest(
        balance=balance,
        through=through,
        plan_t={} if plan is None else planned_production(plan),
        confidence=Fraction(parse_decimal(confidence, field="confidence")),
    )


_RestQuery = Annotated[AskedRest, Depends(asked_rest)]


@routes.get("/books/{book_id}/compliance/outlook", policy=_BORROWER)
def read_outlook(
    book_id: UuidString,
    call: ThisCall,
    point: AskedPoint,
    activity: AskedActivityQuery,
    recipe: RecipeQuery,
    rest: _RestQuery,
    snapshot_id: Annotated[UuidString | None, Query(description="With mark_instrument: prices the gap.")] = None,
    mark_instrument: Annotated[CodeString | None, Query(examples=["CEA25"])] = None,
) -> OutlookOut:
    """Return the gap that the year is expected to end with, its interval, its cost at the mark and how loud to warn.

    Emissions are recorded months and a forecast of the rest; what covers them is the book's at the close of ``as_of``.
    """
    book = call.load(BOOK, book_id)
    at = point.resolve(call.session, book.book_id)
    answer = outlook_of_year(
        call.session,
        call.principal.organisation_id,
        book.book_id,
        _question(activity, recipe, rest),
        on=at.as_of,
        mark=asked_mark(call, at, snapshot_id, mark_instrument),
        now=call.now,
        known=at.known,
    )
    return OutlookOut.from_core(answer, at)


@routes.get("/compliance-outlook/back-test", policy=_BORROWER)
def read_outlook_back_test(
    call: ThisCall,
    activity: AskedActivityQuery,
    recipe: RecipeQuery,
    rest: _RestQuery,
    as_of: Annotated[DateString, Query(description="The rules of this day.")],
) -> OutlookBackTestOut:
    """Return what the forecast would have said after each month of a past year, against the gap of its allocation."""
    test = outlook_back_test(call.session, call.principal.organisation_id, _question(activity, recipe, rest), on=as_of)
    return OutlookBackTestOut.from_core(test)


def _question(activity: AskedActivity, recipe: Recipe, rest: AskedRest) -> OutlookQuestion:
    return OutlookQuestion(
        year=activity.year,
        recipe=recipe,
        balance=rest.balance,
        through=rest.through,
        plan_t=rest.plan_t,
        confidence=rest.confidence,
        sites=activity.sites,
        known_at=activity.known_at,
    )
