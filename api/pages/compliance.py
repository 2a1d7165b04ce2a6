"""A compliance year of a book: the gap to come, what is due and what covers it, the calendar, and what two persons stand for.

Owns which answers stand on which page. Holds no rule of a compliance year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, PagePoint, ThisPage
from api.pages.base.using import Part, part_of
from api.routes.allocations import read_allocation
from api.routes.books import read_book
from api.routes.compliance import asked_emissions, read_compliance
from api.routes.compliance_proposals import (
    approve_compliance_proposal,
    execute_compliance_proposal,
    list_compliance_proposals,
    read_compliance_proposal,
    read_deadlines,
    refuse_compliance_proposal,
)
from api.routes.emissions import asked_activity, asked_recipe, list_methodologies
from api.routes.market import list_snapshots
from api.routes.outlook import AskedRest, asked_rest, read_outlook
from api.routes.surrender_plans import propose_surrender_plan
from api.schemas.amounts import WholeNumber
from api.schemas.fields import CodeString, DateString, DecimalString, UuidString
from api.schemas.outlook import OutlookOut
from api.schemas.points import Asked
from api.schemas.worth import ComplianceOut
from api.store.access import OrganisationKind
from finance.emissions.methodologies import Measure
from ledger.core.errors import NotFound

_READS = asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,))
_WORKS = asks(Scope.LEDGER_READ, Scope.COMPLIANCE_READ, kinds=(OrganisationKind.BORROWER,))
_YEARS_BACK = 4

routes = Pages(area="compliance")

YearOf = Annotated[WholeNumber | None, Query(description="Compliance year; last calendar year when absent.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearAsked:
    """What the page's query assumes about the year; left out, the rules on file decide."""

    methodology: str | None
    balance_value: str | None
    balance_value_to: str | None
    plan: str | None
    confidence: str
    mark_instrument: str | None

    def given(self) -> Iterator[tuple[str, str]]:
        """Yield what was given, as the API's query names it."""
        for name in ("balance_value", "balance_value_to", "plan", "confidence"):
            value = getattr(self, name)
            if value is not None:
                yield name, value


def year_asked(
    methodology: CodeString | None = None,
    balance_value: DecimalString | None = None,
    balance_value_to: DecimalString | None = None,
    plan: Annotated[str | None, Query(max_length=600)] = None,
    confidence: DecimalString = "0.9",
    mark_instrument: CodeString | None = None,
) -> YearAsked:
    """Return what the page's query assumes."""
    return YearAsked(
        methodology=methodology,
        balance_value=balance_value,
        balance_value_to=balance_value_to,
        plan=plan,
        confidence=confidence,
        mark_instrument=mark_instrument,
    )


def years(page: Page) -> tuple[int, ...]:
    """Return the years that a page offers, the newest first."""
    return tuple(page.today.year - back for back in range(_YEARS_BACK + 1))


@routes.get(
    "/books/{book_id}/compliance",
    policy=_WORKS,
    nav=Nav(label=mark("Compliance year"), group=Group.COMPLIANCE, order=0, icon="scales"),
)
def show_compliance_year(
    book_id: UuidString,
    page: ThisPage,
    asked: PagePoint,
    given: Annotated[YearAsked, Depends(year_asked)],
    year: YearOf = None,
) -> Response:
    """Show the year's expected gap, its obligation, allocation and calendar."""
    page.use(read_book, book_id=book_id)
    of = page.today.year - 1 if year is None else year
    methods = tuple(each for each in page.use(list_methodologies).methodologies if each.measure is Measure.ETS_DIRECT)
    chosen = given.methodology or (methods[0].methodology_id if methods else None)
    priced = _priced(page, asked, given)
    allocation = page.attempt(read_allocation, book_id=book_id, year=of, asked=asked)
    outlook = None if chosen is None else _outlook(page, book_id, of, asked, given, chosen, priced)
    is_verified = allocation.answer is not None and allocation.answer.verification_id is not None
    return page.show(
        "compliance/year.html",
        asked=asked,
        given=given,
        year=of,
        years=years(page),
        methodology_options=tuple((name, name) for name in dict.fromkeys(each.methodology_id for each in methods)),
        methodology=chosen,
        outlook=outlook,
        outlook_query=_query(asked, of, given, priced, methodology=chosen),
        obligation=_obligation(page, book_id, of, asked, given, None if is_verified else chosen, priced),
        obligation_query=_query(asked, of, given, priced, methodology=None if is_verified else chosen, cover=True),
        allocation=allocation,
        calendar=page.attempt(read_deadlines, book_id=book_id, year=of, as_of=asked.as_of),
        proposals=page.attempt(list_compliance_proposals, book_id=book_id, year=of, limit=100),
        names=page.names(),
        may_propose=page.may(propose_surrender_plan),
    )


@routes.get(
    "/books/{book_id}/compliance-proposals",
    policy=_READS,
    nav=Nav(label=mark("Compliance proposals"), group=Group.COMPLIANCE, order=30, icon="inbox"),
)
def show_compliance_proposals(
    book_id: UuidString, page: ThisPage, year: YearOf = None, after: WholeNumber = 0
) -> Response:
    """Show the book's facts and plans that two persons stand for."""
    found = page.use(list_compliance_proposals, book_id=book_id, year=year, after=after)
    return page.show(
        "compliance/proposals.html", found=found, year=year, years=years(page), names=page.names(), after=after
    )


@routes.get("/books/{book_id}/compliance-proposals/{proposal_id}", policy=_READS)
def show_compliance_proposal(book_id: UuidString, proposal_id: UuidString, page: ThisPage) -> Response:
    """Show one fact or plan, exactly as its approval binds it, and the steps that are open to the reader."""
    proposal = page.use(read_compliance_proposal, proposal_id=proposal_id)
    beside = page.use(list_compliance_proposals, book_id=book_id, after=proposal.number - 1, limit=1).proposals
    if proposal_id not in {each.proposal_id for each in beside}:
        raise NotFound("compliance_proposal.not_found", "the compliance_proposal does not exist, or not for you")
    return page.show(
        "compliance/proposal.html",
        proposal=proposal,
        names=page.names(),
        may_approve=page.may(approve_compliance_proposal),
        may_refuse=page.may(refuse_compliance_proposal),
        may_execute=page.may(execute_compliance_proposal),
    )


@routes.get(
    "/books/{book_id}/compliance-calendar",
    policy=_READS,
    nav=Nav(label=mark("Compliance calendar"), group=Group.COMPLIANCE, order=40, icon="calendar"),
)
def show_compliance_calendar(
    book_id: UuidString,
    page: ThisPage,
    year: YearOf = None,
    as_of: DateString | None = None,
    sector: Annotated[str, Query(max_length=20)] = "aluminium",
) -> Response:
    """Show every step of the year's calendar with its source."""
    page.use(read_book, book_id=book_id)
    of, on = page.today.year - 1 if year is None else year, as_of or page.today
    return page.show(
        "compliance/calendar.html",
        year=of,
        years=years(page),
        on=on,
        sector=sector,
        found=page.attempt(read_deadlines, book_id=book_id, year=of, as_of=on, sector=sector),
        query=urlencode({"year": of, "as_of": on.isoformat(), "sector": sector}),
    )


def _priced(page: Page, asked: Asked, given: YearAsked) -> dict[str, object]:
    """Return the query that prices the gap at a mark of a snapshot of that very day; empty where there is none."""
    if given.mark_instrument is None:
        return {}
    newest = next(iter(page.use(list_snapshots, until=asked.as_of, limit=1).snapshots), None)
    if newest is None or newest.as_of != asked.as_of:
        return {}
    return {"snapshot_id": newest.snapshot_id, "mark_instrument": given.mark_instrument}


def _outlook(
    page: Page,
    book_id: UuidString,
    year: int,
    asked: Asked,
    given: YearAsked,
    methodology: str,
    priced: dict[str, object],
) -> Part[OutlookOut]:
    def compute(rest: AskedRest) -> OutlookOut:
        return page.use(
            read_outlook,
            book_id=book_id,
            point=asked,
            activity=asked_activity(year=year),
            recipe=asked_recipe(methodology=methodology),
            rest=rest,
            **priced,
        )

    return part_of(lambda: compute(asked_rest(**dict(given.given()))))


def _obligation(
    page: Page,
    book_id: UuidString,
    year: int,
    asked: Asked,
    given: YearAsked,
    methodology: str | None,
    priced: dict[str, object],
) -> Part[ComplianceOut]:
    return page.attempt(
        read_compliance,
        book_id=book_id,
        asked=asked,
        year=year,
        emitted=asked_emissions(methodology=methodology, balance_value=given.balance_value),
        **priced,
    )


def _query(
    asked: Asked,
    year: int,
    given: YearAsked,
    priced: dict[str, object],
    *,
    methodology: str | None,
    cover: bool = False,
) -> str:
    """Return the query under which the API draws what the page shows; ``cover`` leaves out what only a forecast takes."""
    point = {"as_of": asked.as_of.isoformat()}
    if asked.known is not None:
        point["known"] = str(asked.known)
    if asked.at is not None:
        point["at"] = asked.at.isoformat()
    taken = {name: value for name, value in given.given() if not cover or name == "balance_value"}
    method = {} if methodology is None else {"methodology": methodology}
    return urlencode({**point, "year": str(year), **method, **taken, **priced})
