"""What a book's reports look like: accounts, positions, trial balance, lots and statements, each naming its point in two times.

Owns the cursor of a statement, which carries its own record point so that pages fit together.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import AmountOut, Units
from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, UuidString
from api.schemas.points import PointOut
from ledger.core.errors import Invalid
from ledger.store.reports import LotBalance, Position, StatementLine

_PLACE = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,4})\.([0-9a-f]{16})", re.ASCII)


class PositionOut(Schema):
    """What an account holds at the close of the day, on its normal side."""

    account: str
    type: Annotated[str, Field(examples=["asset"])]
    commodity: str
    balance: AmountOut

    @classmethod
    def from_core(cls, position: Position, units: Units) -> PositionOut:
        """Return the shape of ``position``."""
        return cls(
            account=position.path,
            type=position.type.value,
            commodity=position.commodity,
            balance=units.amount(position.balance, position.commodity),
        )


class AccountsOut(PointOut):
    """Every account of the book with its balance, by path; an empty one too."""

    accounts: Array[PositionOut]


class PositionsOut(PointOut):
    """Every account that holds something, by path."""

    positions: Array[PositionOut]


class TrialBalanceLineOut(Schema):
    """The sums of one commodity's debit and credit balances, which are equal in a sound book."""

    commodity: str
    debit: AmountOut
    credit: AmountOut


class TrialBalanceOut(PointOut):
    """One line for each commodity that any account holds, by code."""

    lines: Array[TrialBalanceLineOut]

    @classmethod
    def from_core(cls, totals: Mapping[str, tuple[int, int]], units: Units, point: PointOut) -> TrialBalanceOut:
        """Return the shape of ``totals``: (debits, credits) in smallest units by commodity."""
        return cls(
            **point.carried(),
            lines=tuple(
                TrialBalanceLineOut(commodity=code, debit=units.amount(debit, code), credit=units.amount(credit, code))
                for code, (debit, credit) in sorted(totals.items())
                if debit or credit
            ),
        )


class LotOut(Schema):
    """What is left of a lot."""

    lot_id: int
    account: str
    commodity: str
    acquired_on: DateString
    acquired_quantity: AmountOut
    acquired_cost: AmountOut
    quantity: AmountOut
    cost: AmountOut

    @classmethod
    def from_core(cls, lot: LotBalance, units: Units) -> LotOut:
        """Return the shape of ``lot``."""
        return cls(
            lot_id=lot.lot_id,
            account=lot.path,
            commodity=lot.commodity,
            acquired_on=lot.acquired_on,
            acquired_quantity=units.amount(lot.acquired_quantity, lot.commodity),
            acquired_cost=units.cost(lot.acquired_cost),
            quantity=units.amount(lot.quantity, lot.commodity),
            cost=units.cost(lot.cost),
        )


class LotsOut(PointOut):
    """The lots that are open at the close of the day, by account and age."""

    lots: Array[LotOut]


class StatementLineOut(Schema):
    """One posting, debit positive."""

    seq: int
    line: int
    entry_id: UuidString
    kind: str
    effective_on: DateString
    recorded_at: InstantString
    doc_ref: str | None
    amount: AmountOut

    @classmethod
    def from_core(cls, line: StatementLine, code: str, units: Units) -> StatementLineOut:
        """Return the shape of ``line`` of an account in the commodity ``code``."""
        return cls(
            seq=line.seq,
            line=line.line,
            entry_id=line.entry_id,
            kind=line.kind,
            effective_on=line.effective_on,
            recorded_at=line.recorded_at,
            doc_ref=line.doc_ref,
            amount=units.amount(line.amount, code),
        )


class StatementOut(PointOut):
    """An account's postings effective by the day, in recording order, and its balance there.

    A page can hold fewer lines than asked for; the statement ends where ``next_cursor`` is null.
    """

    account: str
    commodity: str
    balance: AmountOut
    lines: Array[StatementLineOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPlace:
    """Where in a statement a page begins: after (seq, line), at the record point ``known``."""

    known: int
    seq: int
    line: int

    def cursor(self, book_id: UUID, path: str, as_of: date) -> str:
        """Return the opaque text of this place in the statement of ``path``."""
        text = f"{self.known}.{self.seq}.{self.line}.{_belongs(book_id, path, as_of)}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, cursor: str, book_id: UUID, path: str, as_of: date) -> StatementPlace:
        """Return the place that ``cursor`` names; one that was not made for this statement is ``cursor.format``."""
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            text = ""
        found = _PLACE.fullmatch(text)
        if found is None or found[4] != _belongs(book_id, path, as_of):
            raise Invalid(
                "cursor.format",
                "after: expected the next_cursor of this statement's page before, unchanged",
                field="after",
            )
        return cls(known=int(found[1]), seq=int(found[2]), line=int(found[3]))


def _belongs(book_id: UUID, path: str, as_of: date) -> str:
    return hashlib.sha256(f"{book_id}|{path}|{as_of}".encode()).hexdigest()[:16]
