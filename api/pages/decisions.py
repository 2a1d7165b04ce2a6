"""What to do next, as pages: the value of the next tonne and MWh with what moves it, and the cheapest plan, with or without a book.

Owns which answers and charts stand on which page. Computes nothing and stores nothing: the question stands in the address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.charts.chart import Chart
from api.charts.decisions import cheapest_plan, next_step, parity, sensitivity
from api.charts.look import Look
from api.pages.base.asking import Asked, AskText, Picture, inquire, picture
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.pages.base.using import Part
from api.routes.books import read_book
from api.routes.decisions import (
    compute_cheapest_plan,
    compute_cheapest_plan_of_book,
    compute_next_mwh,
    compute_next_mwh_of_book,
    compute_next_tonne,
    compute_next_tonne_of_book,
    compute_sensitivity,
    compute_sensitivity_of_book,
)
from api.routes.facilities import list_facilities
from api.routes.kpi_periods import list_kpi_periods
from api.schemas.decision_plans import CheapestPlanIn
from api.schemas.decisions import NextMwhIn, NextTonneIn, SensitivityIn, SituationIn
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind

Body = TypeVar("Body", bound=BaseModel)
Answer = TypeVar("Answer")

_BORROWER = asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,))

routes = Pages(area="decisions")

BookOf = Annotated[UuidString | None, Query(description="The book whose position is read; none when absent.")]


@routes.get(
    "/decisions/next-tonne",
    policy=_BORROWER,
    nav=Nav(label=mark("Decisions"), group=Group.TREASURY, order=60, icon="scales"),
)
def show_next_tonne(page: ThisPage, ask: AskText = None, book_id: BookOf = None) -> Response:
    """Show what tonnes emitted less are worth through every channel, why, and what moves it."""
    page = _of_book(page, book_id)
    asked = inquire(
        NextTonneIn,
        ask,
        lambda body: _compute(page, body, book_id, compute_next_tonne, compute_next_tonne_of_book),
    )
    moved = None if asked.body is None or not _answered(asked) else _moved(page, asked.body, book_id)
    return page.show(
        "decisions/next_tonne.html",
        frame=_frame(page, "next-tonne", book_id),
        asked=asked,
        step_picture=_drawn(page, next_step, asked.part),
        moved=moved,
        moved_picture=_drawn(page, sensitivity, moved),
    )


@routes.get("/decisions/next-mwh", policy=_BORROWER)
def show_next_mwh(page: ThisPage, ask: AskText = None, book_id: BookOf = None) -> Response:
    """Show what green power is worth, the premium at which it pays by carbon price, and what moves it."""
    page = _of_book(page, book_id)
    asked = inquire(
        NextMwhIn,
        ask,
        lambda body: _compute(page, body, book_id, compute_next_mwh, compute_next_mwh_of_book),
    )
    moved = None if asked.body is None or not _answered(asked) else _moved(page, asked.body, book_id)
    return page.show(
        "decisions/next_mwh.html",
        frame=_frame(page, "next-mwh", book_id),
        asked=asked,
        step_picture=_drawn(page, lambda answer, look: next_step(answer.value, look), asked.part),
        parity_picture=_drawn(page, parity, asked.part),
        moved=moved,
        moved_picture=_drawn(page, sensitivity, moved),
    )


@routes.get("/decisions/cheapest-plan", policy=_BORROWER)
def show_cheapest_plan(page: ThisPage, ask: AskText = None, book_id: BookOf = None) -> Response:
    """Show the cheapest plan that meets every target and duty together, or what stands against one."""
    page = _of_book(page, book_id)
    asked = inquire(
        CheapestPlanIn,
        ask,
        lambda body: _compute(page, body, book_id, compute_cheapest_plan, compute_cheapest_plan_of_book),
    )
    return page.show(
        "decisions/cheapest_plan.html",
        frame=_frame(page, "cheapest-plan", book_id),
        asked=asked,
        plan_picture=_drawn(page, cheapest_plan, asked.part),
    )


def _of_book(page: Page, book_id: UUID | None) -> Page:
    """Return the page in the frame of the book, which must be the reader's own."""
    if book_id is None:
        return page
    page.use(read_book, book_id=book_id)
    return page.of_book(book_id)


def _compute(
    page: Page,
    body: Body,
    book_id: UUID | None,
    alone: Callable[..., Answer],
    of_book: Callable[..., Answer],
) -> Answer:
    return page.use(alone, body=body) if book_id is None else page.use(of_book, book_id=book_id, body=body)


def _moved(page: Page, body: NextTonneIn | NextMwhIn, book_id: UUID | None) -> Part[object]:
    """Return what moves the value of the step that was asked about, in the same situation."""
    situation = {name: getattr(body, name) for name in SituationIn.model_fields}
    step = {"tonne" if isinstance(body, NextTonneIn) else "mwh": body.step}
    question = SensitivityIn.model_validate({**situation, **step})
    if book_id is None:
        return page.attempt(compute_sensitivity, body=question)
    return page.attempt(compute_sensitivity_of_book, book_id=book_id, body=question)


def _answered(asked: Asked[Body, Answer]) -> bool:
    return asked.part is not None and asked.part.refusal is None


def _drawn(page: Page, draw: Callable[..., Chart], part: Part[Answer] | None) -> Picture | None:
    if part is None or part.answer is None:
        return None

    def drawing(answer: Answer, look: Look) -> Chart:
        return draw(answer, look)

    return picture(page, drawing, part.answer)


def _frame(page: Page, view: str, book_id: UUID | None) -> dict[str, object]:
    """Return what every page of decisions needs: the view, the book asked of and the recorded KPI periods to choose from."""
    facilities = page.use(list_facilities).facilities if page.may(list_facilities) else ()
    return {
        "view": view,
        "of_book": book_id,
        "api_base": "/v1" if book_id is None else f"/v1/books/{book_id}",
        "recorded": tuple(
            (period.id, f"{facility.facility_number} {period.kpi_id} {period.period_start} .. {period.period_end}")
            for facility in facilities
            for period in page.use(list_kpi_periods, facility_id=facility.id).kpi_periods
        ),
    }
