"""What leaves about holdings: what the caller's books hold of carbon, added up, each line with why."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, UuidString
from finance.operations.holdings import BookPoint, HandedOver, Holding, HoldingGroup, Holdings


class HoldingOut(Schema):
    """One line: posted is what the ledger says, held what is set aside for others, free the rest."""

    key: Annotated[
        str, Field(description="The instrument, kind and vintage, book, or legal entity.", examples=["CEA25"])
    ]
    kind: Annotated[str, Field(description="Empty where a line holds several kinds.", examples=["CEA"])]
    vintage_year: Annotated[int | None, Field(examples=[2025])]
    posted: AmountOut
    held: AmountOut
    free: AmountOut
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, holding: Holding) -> HoldingOut:
        """Return the shape of ``holding``."""
        return cls(
            key=holding.key,
            kind=holding.kind,
            vintage_year=holding.vintage_year,
            posted=AmountOut(amount=holding.posted, unit=holding.unit),
            held=AmountOut(amount=holding.held, unit=holding.unit),
            free=AmountOut(amount=holding.free, unit=holding.unit),
            explanation=ExplanationOut.from_core(holding.explanation),
        )


class HandedOverOut(Schema):
    """What contracts handed over of one instrument of a book, to come back: lent out, in custody or sold with a buy-back."""

    book_id: UuidString
    code: Annotated[str, Field(description="Of the book.", examples=["smelter"])]
    account: Annotated[str, Field(examples=["Assets:CarbonOut:CEA25"])]
    instrument: Annotated[str, Field(examples=["CEA25"])]
    amount: AmountOut

    @classmethod
    def from_core(cls, one: HandedOver) -> HandedOverOut:
        """Return the shape of ``one``."""
        return cls(
            book_id=one.book_uuid,
            code=one.book_code,
            account=one.account,
            instrument=one.instrument,
            amount=AmountOut(amount=one.amount, unit=one.unit),
        )


class BookPointOut(Schema):
    """Up to which entry a book was read."""

    book_id: UuidString
    code: Annotated[str, Field(examples=["smelter"])]
    known: Annotated[int, Field(description="The first this many entries are in the answer.", examples=[42])]
    tree_root: Annotated[str, Field(description="64 hexadecimal digits.", examples=["0f" * 32])]

    @classmethod
    def from_core(cls, read: BookPoint) -> BookPointOut:
        """Return the shape of ``read``."""
        return cls(book_id=read.book_uuid, code=read.book_code, known=read.point.seq, tree_root=read.point.root.hex())


class HoldingsOut(Schema):
    """What the caller's books hold at the close of the day, by key; different units never share a line."""

    as_of: DateString
    by: Annotated[str, Field(examples=["instrument"])]
    lines: Array[HoldingOut]
    handed_over: Annotated[Array[HandedOverOut], Field(description="By book and account; in none of the lines.")]
    points: Array[BookPointOut]

    @classmethod
    def from_core(cls, found: Holdings, *, as_of: date, by: HoldingGroup) -> HoldingsOut:
        """Return the shape of ``found``."""
        return cls(
            as_of=as_of,
            by=by.value,
            lines=tuple(map(HoldingOut.from_core, found.lines)),
            handed_over=tuple(map(HandedOverOut.from_core, found.handed_over)),
            points=tuple(map(BookPointOut.from_core, found.points)),
        )
