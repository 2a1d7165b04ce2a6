"""What enters and leaves about counterparties."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Schema
from api.schemas.fields import DecimalString, InstantString, NameText, UuidString
from api.schemas.trading_steps import StepOut
from finance.accounting.chart import BOOK_CURRENCY
from finance.trading.counterparties import CounterpartyRecord, CounterpartyTerms
from ledger.core.amounts import parse_units


class CounterpartyIn(Schema):
    """A counterparty to be trusted, up to a cumulative amount of open and done orders."""

    counterparty_id: UuidString
    legal_name: Annotated[NameText, Field(examples=["Example Carbon Trading Co."])]
    registration_no: Annotated[NameText, Field(examples=["91310000MA1FL0000X"])]
    max_amount_cny: Annotated[DecimalString, Field(examples=["50000000.00"])]
    reason: Annotated[NameText, Field(examples=["block trades of the group"])]

    def to_core(self) -> CounterpartyTerms:
        """Return the terms."""
        return CounterpartyTerms(
            legal_name=self.legal_name,
            registration_no=self.registration_no,
            max_amount_fen=parse_units(self.max_amount_cny, 2, field="max_amount_cny"),
            reason=self.reason,
        )


class CounterpartyOut(Schema):
    """A counterparty as it stands: proposed, waiting, trusted, revoked or rejected."""

    counterparty_id: UuidString
    book_id: UuidString
    legal_name: str
    registration_no: str
    max_amount: AmountOut
    reason: str
    state: str
    usable_from: Annotated[InstantString | None, Field(description="The end of the waiting time after approval.")]
    sha256: Annotated[str, Field(description="What an approval binds.")]
    maker_id: UuidString
    made_at: InstantString
    steps: Array[StepOut]

    @classmethod
    def from_core(cls, record: CounterpartyRecord, *, now: datetime, waiting_hours: int) -> CounterpartyOut:
        """Return the shape of ``record`` as it stands ``now``."""
        return cls(
            counterparty_id=record.counterparty_id,
            book_id=record.book_uuid,
            legal_name=record.terms.legal_name,
            registration_no=record.terms.registration_no,
            max_amount=money_out(record.terms.max_amount_fen, BOOK_CURRENCY),
            reason=record.terms.reason,
            state=record.state(now=now, waiting_hours=waiting_hours).value,
            usable_from=record.usable_from(waiting_hours),
            sha256=record.sha256,
            maker_id=record.maker_id,
            made_at=record.made_at,
            steps=tuple(map(StepOut.from_core, record.steps)),
        )


class CounterpartiesOut(Schema):
    """A book's counterparties in the order in which they were proposed."""

    counterparties: Array[CounterpartyOut]
