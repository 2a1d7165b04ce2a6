"""What books earned: results at a point by two views, why a value changed between two points, and several books at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy.orm import Session

from api.auth.ledger_kinds import BOOK
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.base import Choice
from api.schemas.explain import ExplanationOut
from api.schemas.fields import CodeString, InstantString, Text, UuidString
from api.schemas.points import AskedPoint
from api.schemas.profit_and_loss import BookChangeOut, GroupChangeOut, GroupProfitOut, ProfitOut
from finance.market.profit_and_loss import Dimension
from finance.market.result_explanation import explain_result
from finance.market.snapshots import Snapshot
from finance.operations.profit_and_loss import (
    BookPoint,
    book_profit,
    check_order,
    explain_book,
    group_change,
    group_profit,
    restated_marks,
)
from finance.operations.valuations import check_day
from ledger.core.amounts import currency_scale
from ledger.core.errors import Invalid
from ledger.store import books, reports
from ledger.store.books import Book

routes = Routes(tag="profit and loss")

MOST_BOOKS = 200
_IDS = re.compile(r"[0-9a-f-]{36}(?:,[0-9a-f-]{36})*", re.ASCII)

ByDimension = Annotated[Choice[Dimension], Query(description="How the lines are told.", examples=["instrument"])]
PresentedIn = Annotated[
    str, Query(min_length=3, max_length=3, description="Currency of the group's amounts.", examples=["CNY"])
]
BookIds = Annotated[
    str | None,
    Query(
        max_length=MOST_BOOKS * 37,
        description=f"Up to {MOST_BOOKS} book ids with commas between; all of the organisation's when absent.",
        examples=["01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"],
    ),
]


@routes.get("/books/{book_id}/pnl", policy=asks(Scope.LEDGER_READ))
def read_profit(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    snapshot_id: UuidString,
    by: ByDimension = Dimension.INSTRUMENT,
    unissued_instrument: Annotated[CodeString | None, Query(description="An allocation expected, not issued.")] = None,
    unissued_t: Annotated[WholeNumber | None, Query(description="Its whole tonnes.", examples=[1000])] = None,
    unissued_source: Annotated[Text | None, Query(description="Who expects it.", examples=["notice"])] = None,
) -> ProfitOut:
    """Return realised and unrealised results to date, the statutory and the economic view side by side.

    An allocation expected but not issued is shown apart as a forecast and is in no total.
    """
    book = call.load(BOOK, book_id)
    snapshot = call.load(MARKET_SNAPSHOT, snapshot_id)
    check_day(snapshot, as_of=asked.as_of)
    point = asked.resolve(call.session, book.book_id)
    unissued = _unissued(unissued_instrument, unissued_t, unissued_source)
    profit = book_profit(call.session, book, snapshot, known=point.known, unissued=unissued)
    source = f"book {book.code} at {point.as_of}, first {point.known} entries"
    tree = explain_result(profit.result, profit.worth.valuation.lots, source=source)
    return ProfitOut.from_core(profit, point, snapshot, by=by, explanation=ExplanationOut.from_core(tree))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPeriod:
    """The two snapshots of a period and, if named, the opening day's marks as known now."""

    opening_snapshot_id: UUID
    closing_snapshot_id: UUID
    restated_snapshot_id: UUID | None

    def load(self, call: Call) -> tuple[Snapshot, Snapshot, Snapshot]:
        """Return opening, closing and restated marks; a period that runs backwards is ``pnl.order``."""
        opening = call.load(MARKET_SNAPSHOT, self.opening_snapshot_id)
        closing = call.load(MARKET_SNAPSHOT, self.closing_snapshot_id)
        check_order(opening, closing)
        if self.restated_snapshot_id is not None:
            return opening, closing, call.load(MARKET_SNAPSHOT, self.restated_snapshot_id)
        organisation_id = call.principal.organisation_id
        restated = restated_marks(call.session, organisation_id, opening, known_at=closing.known_at)
        return opening, closing, restated


def asked_period(
    opening_snapshot_id: Annotated[UuidString, Query(description="Frozen marks of the opening day.")],
    closing_snapshot_id: Annotated[UuidString, Query(description="Frozen marks of the closing day.")],
    restated_snapshot_id: Annotated[
        UuidString | None,
        Query(description="The opening day frozen again; derived at the closing snapshot's instant when absent."),
    ] = None,
) -> AskedPeriod:
    """Return the period that the query asks for."""
    return AskedPeriod(
        opening_snapshot_id=opening_snapshot_id,
        closing_snapshot_id=closing_snapshot_id,
        restated_snapshot_id=restated_snapshot_id,
    )


Period = Annotated[AskedPeriod, Depends(asked_period)]


@routes.get("/books/{book_id}/pnl-explain", policy=asks(Scope.LEDGER_READ))
def explain_profit(
    book_id: UuidString,
    call: ThisCall,
    period: Period,
    opening_known: Annotated[
        WholeNumber | None, Query(description="A seq; what was recorded by the opening snapshot's instant when absent.")
    ] = None,
    closing_known: Annotated[WholeNumber | None, Query(description="A seq; the newest when absent.")] = None,
    by: ByDimension = Dimension.INSTRUMENT,
) -> BookChangeOut:
    """Return why the book's value changed: new data, movements, price, exchange rate, unvalued; the parts sum exactly."""
    book = call.load(BOOK, book_id)
    opening, closing, restated = period.load(call)
    if opening_known is None:
        opening_known = _known_at(call.session, book, opening.known_at)
    change = explain_book(
        call.session,
        book,
        opening=BookPoint(snapshot=opening, known=opening_known),
        closing=BookPoint(snapshot=closing, known=closing_known),
        restated=restated,
    )
    return BookChangeOut.from_core(change, opening, closing, by=by)


@routes.get("/pnl", policy=asks(Scope.LEDGER_READ))
def read_group_profit(
    call: ThisCall,
    snapshot_id: UuidString,
    presentation_currency: PresentedIn,
    book_ids: BookIds = None,
    at: Annotated[InstantString | None, Query(description="What was recorded by this instant.")] = None,
) -> GroupProfitOut:
    """Return several books' results, each in its own currency and all in one through the snapshot's fixings."""
    snapshot = call.load(MARKET_SNAPSHOT, snapshot_id)
    currency_scale(presentation_currency)  # an unknown currency is refused here
    profits = (
        book_profit(call.session, book, snapshot, known=None if at is None else _known_at(call.session, book, at))
        for book in _books(call, book_ids)
    )
    return GroupProfitOut.from_core(group_profit(profits, snapshot, presentation=presentation_currency), snapshot)


@routes.get("/pnl-explain", policy=asks(Scope.LEDGER_READ))
def explain_group_profit(
    call: ThisCall,
    period: Period,
    presentation_currency: PresentedIn,
    book_ids: BookIds = None,
    opening_at: Annotated[
        InstantString | None, Query(description="Recorded by this instant; the opening snapshot's when absent.")
    ] = None,
    closing_at: Annotated[
        InstantString | None, Query(description="Recorded by this instant; newest if absent.")
    ] = None,
) -> GroupChangeOut:
    """Return why several books' value changed, with what the presentation's own fixings moved as translation."""
    opening, closing, restated = period.load(call)
    currency_scale(presentation_currency)
    changes = (
        explain_book(
            call.session,
            book,
            opening=BookPoint(snapshot=opening, known=_known_at(call.session, book, opening_at or opening.known_at)),
            closing=BookPoint(
                snapshot=closing, known=None if closing_at is None else _known_at(call.session, book, closing_at)
            ),
            restated=restated,
        )
        for book in _books(call, book_ids)
    )
    group = group_change(changes, opening=opening, closing=closing, presentation=presentation_currency)
    return GroupChangeOut.from_core(group, opening, closing, restated)


def _books(call: Call, book_ids: str | None) -> Iterator[Book]:
    """Yield the books asked for, each once, or all of the organisation's."""
    if book_ids is None:
        every = books.list_books(call.session, call.principal.organisation_id)
        if len(every) > MOST_BOOKS:
            raise Invalid(
                "query.books_many", f"book_ids: above {MOST_BOOKS} books, name those wanted", field="book_ids"
            )
        yield from every
        return
    ids = _read_ids(book_ids)
    for book_id in ids:
        yield call.load(BOOK, book_id)


def _read_ids(text: str) -> tuple[UUID, ...]:
    try:
        ids = tuple(UUID(one) for one in text.split(",")) if _IDS.fullmatch(text) else ()
    except ValueError:
        ids = ()
    if not ids or len(set(ids)) != len(ids) or len(ids) > MOST_BOOKS:
        raise Invalid(
            "query.book_ids",
            f"book_ids: expected 1 to {MOST_BOOKS} different book ids with commas between",
            field="book_ids",
        )
    return ids


def _known_at(session: Session, book: Book, at: datetime) -> int:
    return reports.record_point(session, book.book_id, at=at).seq


def _unissued(instrument: str | None, tonnes: int | None, source: str | None) -> tuple[tuple[str, int, str], ...]:
    if instrument is None and tonnes is None and source is None:
        return ()
    if instrument is None or tonnes is None or source is None:
        raise Invalid(
            "query.together",
            "unissued_t: expected unissued_instrument, unissued_t and unissued_source together, or none",
            field="unissued_t",
        )
    return ((instrument, tonnes, source),)
