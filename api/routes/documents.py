"""Printed documents as PDF: position statement, compliance report, board page, KPI certificate, determination sheet, interest notice.

Each is made of answers, under their policies: whoever may not read an answer gets no paper that shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar, cast

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.charts.look import AskedLanguage
from api.deps import Call, ThisCall
from api.documents import holdings, loans
from api.documents.paper import Paper
from api.documents.typesetting import PDF_TYPE, pdf_of
from api.renditions import declaration, whole
from api.routes.attestations import read_attestation
from api.routes.bank_desk import read_sheet as read_decision_sheet
from api.routes.books import read_book
from api.routes.compliance import EmittedQuery, read_compliance
from api.routes.facilities import LOAN_PARTIES, KnownAt, read_facility, read_interest, read_schedule
from api.routes.kpi_periods import read_kpi_period
from api.routes.obligations import list_obligations
from api.routes.reports import read_lots, read_positions
from api.routes.valuations import read_valuation
from api.schemas.amounts import WholeNumber
from api.schemas.fields import CodeString, DateString, UuidString
from api.schemas.points import AskedPoint
from api.store.access import OrganisationKind

Answer = TypeVar("Answer")

routes = Routes(tag="documents")
_PDF = (PDF_TYPE,)
_Year = Annotated[WholeNumber, Query(description="Compliance year.", examples=[2025])]


@routes.get("/books/{book_id}/documents/position-statement.pdf", policy=asks(Scope.LEDGER_READ), answers=_PDF)
def print_position_statement(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    lang: AskedLanguage,
    snapshot_id: Annotated[UuidString | None, Query(description="Values the lots at these frozen marks.")] = None,
) -> Response:
    """Return what the book holds at the close of the day, by account and lot, on paper."""
    book = _read(call, read_book, book_id=book_id)
    positions = _all(call, read_positions, "positions", book_id=book_id, asked=asked)
    lots = _all(call, read_lots, "lots", book_id=book_id, asked=asked)
    worth = None
    if snapshot_id is not None:
        worth = _read(call, read_valuation, book_id=book_id, asked=asked, snapshot_id=snapshot_id)
    return _sent(holdings.position_statement(book, positions, lots, worth, lang), "position-statement")


@routes.get(
    "/books/{book_id}/documents/compliance-report.pdf",
    policy=asks(Scope.LEDGER_READ, Scope.COMPLIANCE_READ),
    answers=_PDF,
)
def print_compliance_report(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    lang: AskedLanguage,
    year: _Year,
    emitted: EmittedQuery,
    snapshot_id: Annotated[UuidString | None, Query(description="With mark_instrument: prices the gap.")] = None,
    mark_instrument: Annotated[CodeString | None, Query(examples=["CEA25"])] = None,
) -> Response:
    """Return a compliance year on paper: what is due, what covers it and why, the gap and its cost."""
    book = _read(call, read_book, book_id=book_id)
    duty = _read(
        call,
        read_compliance,
        book_id=book_id,
        asked=asked,
        year=year,
        emitted=emitted,
        snapshot_id=snapshot_id,
        mark_instrument=mark_instrument,
    )
    return _sent(holdings.compliance_report(book, duty, lang), "compliance-report")


@routes.get(
    "/books/{book_id}/documents/board-page.pdf",
    policy=asks(Scope.LEDGER_READ, Scope.COMPLIANCE_READ, kinds=(OrganisationKind.BORROWER,)),
    answers=_PDF,
)
def print_board_page(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    lang: AskedLanguage,
    year: _Year,
    emitted: EmittedQuery,
    snapshot_id: UuidString,
    mark_instrument: Annotated[CodeString, Query(examples=["CEA25"])],
) -> Response:
    """Return one A4 page for a board: what we hold, what it is worth, what is missing, its cost and what comes next."""
    duty = _read(
        call,
        read_compliance,
        book_id=book_id,
        asked=asked,
        year=year,
        emitted=emitted,
        snapshot_id=snapshot_id,
        mark_instrument=mark_instrument,
    )
    paper = holdings.board_page(
        _read(call, read_book, book_id=book_id),
        _all(call, read_positions, "positions", book_id=book_id, asked=asked),
        _read(call, read_valuation, book_id=book_id, asked=asked, snapshot_id=snapshot_id),
        duty,
        _all(call, list_obligations, "facilities", since=asked.as_of),
        lang,
    )
    return _sent(paper, "board-page")


@routes.get("/attestations/{attestation_id}/certificate.pdf", policy=asks(), answers=_PDF)
def print_kpi_certificate(attestation_id: UuidString, call: ThisCall, lang: AskedLanguage) -> Response:
    """Return what was verified, by whom and at which level, on paper; no price stands on it."""
    attestation = _read(call, read_attestation, attestation_id=attestation_id)
    period = _read(call, read_kpi_period, kpi_period_id=attestation.kpi_period_id)
    return _sent(loans.kpi_certificate(attestation, period, lang), "kpi-certificate")


@routes.get("/determinations/{determination_id}/sheet.pdf", policy=asks(kinds=LOAN_PARTIES), answers=_PDF)
def print_determination_sheet(determination_id: UuidString, call: ThisCall, lang: AskedLanguage) -> Response:
    """Return a rate decision whole on paper: evidence, effect, payments before and after, and why."""
    sheet = _read(call, read_decision_sheet, determination_id=determination_id)
    return _sent(loans.determination_sheet(sheet, lang), "determination-sheet")


@routes.get("/facilities/{facility_id}/interest-notice.pdf", policy=asks(kinds=LOAN_PARTIES), answers=_PDF)
def print_interest_notice(
    facility_id: UuidString,
    call: ThisCall,
    lang: AskedLanguage,
    on: Annotated[DateString, Query(description="A day of the interest period.")],
    tranche_id: Annotated[CodeString | None, Query(description="A tranche; may be left out when there is one.")] = None,
    known_at: KnownAt = None,
) -> Response:
    """Return one payment of interest on paper, with its segments, rates and reasons."""
    at = known_at or call.now
    facility = _read(call, read_facility, facility_id=facility_id)
    due = _read(call, read_interest, facility_id=facility_id, on=on, tranche_id=tranche_id, known_at=at)
    schedule = _read(call, read_schedule, facility_id=facility_id, known_at=at)
    return _sent(loans.interest_notice(facility.facility_number, due, schedule, lang), "interest-notice")


def _read(call: Call, handler: Callable[..., Answer], **asked: object) -> Answer:
    """Return the answer of a route under its own policy."""
    declaration(handler).policy.permit(call.principal)
    return handler(call=call, **asked)


def _all(call: Call, handler: Callable[..., Answer], rows: str, **asked: object) -> Answer:
    """Return the answer of a route that comes in pages, with all of them."""
    declaration(handler).policy.permit(call.principal)
    return cast("Answer", whole(handler, rows, {"call": call, **asked}))


def _sent(paper: Paper, name: str) -> Response:
    shown = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(pdf_of(paper), media_type=PDF_TYPE, headers=shown)
