"""What enters and leaves about trading limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import DateString, DecimalString, InstantString, NameText, UuidString
from api.schemas.trading_steps import StepOut
from finance.accounting.chart import BOOK_CURRENCY
from finance.trading.limits import LimitRecord, LimitScope, LimitTerms
from ledger.core.amounts import parse_units


class TradingLimitIn(Schema):
    """The most that orders may come to; a further version of the same scope, key and unit replaces the one before."""

    limit_id: UuidString
    scope: Choice[LimitScope]
    key: Annotated[
        str,
        Field(
            max_length=64,
            description="Empty for trade and day; a counterparty's id, CEA:2025, or an instrument's code.",
            examples=[""],
        ),
    ] = ""
    max_amount_cny: Annotated[DecimalString, Field(examples=["20000000.00"])]
    max_quantity: Annotated[DecimalString | None, Field(examples=["200000"])] = None
    unit: Annotated[str, Field(max_length=20, examples=["t"])] = "t"
    valid_from: DateString
    valid_to: Annotated[DateString | None, Field(description="Exclusive.")] = None
    reason: Annotated[NameText, Field(examples=["board resolution 2026-11"])]

    def to_core(self) -> LimitTerms:
        """Return the terms."""
        return LimitTerms(
            scope=self.scope,
            key=self.key,
            max_amount_fen=parse_units(self.max_amount_cny, 2, field="max_amount_cny"),
            max_quantity=None if self.max_quantity is None else parse_units(self.max_quantity, 0, field="max_quantity"),
            unit=self.unit,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            reason=self.reason,
        )


class TradingLimitOut(Schema):
    """One version of a limit: proposed, approved, rejected or revoked."""

    limit_id: UuidString
    book_id: UuidString
    version: int
    scope: str
    key: str
    max_amount: AmountOut
    max_quantity: AmountOut | None
    unit: str
    valid_from: DateString
    valid_to: DateString | None
    reason: str
    state: str
    sha256: Annotated[str, Field(description="What an approval binds.")]
    maker_id: UuidString
    made_at: InstantString
    steps: Array[StepOut]

    @classmethod
    def from_core(cls, record: LimitRecord) -> TradingLimitOut:
        """Return the shape of ``record``."""
        terms = record.terms
        quantity = terms.max_quantity
        return cls(
            limit_id=record.limit_id,
            book_id=record.book_uuid,
            version=record.number,
            scope=terms.scope.value,
            key=terms.key,
            max_amount=money_out(terms.max_amount_fen, BOOK_CURRENCY),
            max_quantity=None if quantity is None else AmountOut(amount=str(quantity), unit=terms.unit),
            unit=terms.unit,
            valid_from=terms.valid_from,
            valid_to=terms.valid_to,
            reason=terms.reason,
            state=record.state.value,
            sha256=record.sha256,
            maker_id=record.maker_id,
            made_at=record.made_at,
            steps=tuple(map(StepOut.from_core, record.steps)),
        )


class TradingLimitsOut(Schema):
    """A book's limits, every version by number."""

    limits: Array[TradingLimitOut]
