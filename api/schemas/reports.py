"""What a book's reports look like: accounts, positions, trial balance, lots, disposals, statements, each naming its point in two times.

Owns shapes only. Cursors are ``api.schemas.cursors``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, Units
from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, UuidString
from api.schemas.points import PointOut
from ledger.store.books import Account
from ledger.store.disposals import Disposal
from ledger.store.reports import LotBalance, Position
from ledger.store.statements import BookedLine


class PositionOut(Schema):
    """What an account holds at the close of the day, on its normal side."""

    account: str
    type: Annotated[str, Field(examples=["asset"])]
    commodity: str
    balance: Annotated[AmountOut, Field(description="Posted.")]
    held: Annotated[AmountOut, Field(description="Set aside under holds that count at this point.")]
    available: Annotated[AmountOut, Field(description="Posted less held.")]

    @classmethod
    def from_core(cls, position: Position, units: Units, *, held: int) -> PositionOut:
        """Return the shape of ``position``, ``held`` smallest units of which are set aside."""
        code = position.commodity
        return cls(
            account=position.path,
            type=position.type.value,
            commodity=code,
            balance=units.amount(position.balance, code),
            held=units.amount(held, code),
            available=units.amount(position.balance - held, code),
        )


class AccountOut(Schema):
    """An account's facts and limits, and what it holds at the close of the day, on its normal side."""

    account: str
    type: Annotated[str, Field(examples=["asset"])]
    commodity: str
    opened_on: DateString
    closed_on: Annotated[DateString | None, Field(description="The first day on which it takes nothing.")]
    lot_method: str | None
    floor: AmountOut | None
    ceiling: AmountOut | None
    balance: Annotated[AmountOut, Field(description="Posted.")]
    held: AmountOut
    available: AmountOut

    @classmethod
    def from_core(cls, account: Account, position: Position, units: Units, *, held: int) -> AccountOut:
        """Return the shape of ``account`` with its ``position``."""
        code = account.commodity
        return cls(
            account=account.path,
            type=account.type.value,
            commodity=code,
            opened_on=account.opened_on,
            closed_on=account.closed_on,
            lot_method=None if account.lot_method is None else account.lot_method.value,
            floor=None if account.floor is None else units.amount(account.floor, code),
            ceiling=None if account.ceiling is None else units.amount(account.ceiling, code),
            balance=units.amount(position.balance, code),
            held=units.amount(held, code),
            available=units.amount(position.balance - held, code),
        )


class AccountsOut(PointOut):
    """Accounts with their facts and balances, by path, empty ones too. The list ends where ``next_cursor`` is null."""

    accounts: Array[AccountOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]


class PositionsOut(PointOut):
    """Accounts that hold something or of which something is set aside, by path.

    The list ends where ``next_cursor`` is null; a page may be short, or empty.
    """

    positions: Array[PositionOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]


class TrialBalanceLineOut(Schema):
    """The sums of one commodity's debit and credit balances, which over a whole sound book are equal."""

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
    held: Annotated[AmountOut, Field(description="Set aside under holds that name this lot.")]
    is_pool: Annotated[
        bool,
        Field(description="At average cost: one lot of all acquisitions; acquired_... is then of the first alone."),
    ]
    origin_lot_id: Annotated[int | None, Field(description="The lot it was part of, where it was carried here.")]

    @classmethod
    def from_core(cls, lot: LotBalance, units: Units, *, held: int) -> LotOut:
        """Return the shape of ``lot``, ``held`` smallest units of which are set aside."""
        return cls(
            lot_id=lot.lot_id,
            account=lot.path,
            commodity=lot.commodity,
            acquired_on=lot.acquired_on,
            acquired_quantity=units.amount(lot.acquired_quantity, lot.commodity),
            acquired_cost=units.cost(lot.acquired_cost),
            quantity=units.amount(lot.quantity, lot.commodity),
            cost=units.cost(lot.cost),
            held=units.amount(held, lot.commodity),
            is_pool=lot.is_pool,
            origin_lot_id=lot.origin_lot_id,
        )


class LotsOut(PointOut):
    """The lots that are open at the close of the day, by account and age. The list ends where ``next_cursor`` is null."""

    lots: Array[LotOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]


class StatementLineOut(Schema):
    """One posting, debit positive, and the balance after it on the normal side."""

    seq: int
    line: int
    entry_id: UuidString
    kind: str
    account: str
    commodity: str
    effective_on: DateString
    document_on: DateString | None
    recorded_at: InstantString
    doc_ref: str | None
    amount: AmountOut
    balance: AmountOut

    @classmethod
    def from_core(cls, line: BookedLine, units: Units) -> StatementLineOut:
        """Return the shape of ``line``."""
        return cls(
            seq=line.place.seq,
            line=line.place.line,
            entry_id=line.entry_id,
            kind=line.kind,
            account=line.path,
            commodity=line.commodity,
            effective_on=line.place.effective_on,
            document_on=line.document_on,
            recorded_at=line.recorded_at,
            doc_ref=line.doc_ref,
            amount=units.amount(line.amount, line.commodity),
            balance=units.amount(line.balance, line.commodity),
        )


class StatementOut(PointOut):
    """An account's postings effective by the day, by business day and then in recording order, and its balance there.

    The statement ends where ``next_cursor`` is null.
    """

    account: str
    commodity: str
    balance: AmountOut
    lines: Array[StatementLineOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]


class SubtreeBalanceOut(Schema):
    """What the accounts of a subtree hold together in one commodity, on their normal side."""

    commodity: str
    balance: AmountOut


class SubtreeStatementOut(PointOut):
    """The postings of an account and those below it, by business day, and what they hold together.

    The balance of a line is of all of them in its commodity. The statement ends where ``next_cursor`` is null.
    """

    under: str
    balances: Array[SubtreeBalanceOut]
    lines: Array[StatementLineOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]


class DisposalOut(Schema):
    """What one entry took from one lot; every amount of a reversal is negative. Gain is proceeds less cost, a loss negative."""

    seq: int
    entry_id: UuidString
    kind: str
    disposed_on: DateString
    doc_ref: str | None
    reverses_seq: Annotated[int | None, Field(description="The disposal that this line undoes.")]
    account: str
    commodity: str
    lot_id: int
    acquired_on: DateString
    quantity: AmountOut
    cost: AmountOut
    proceeds: Annotated[AmountOut | None, Field(description="Null where the entry books no cost.")]
    gain: AmountOut | None

    @classmethod
    def from_core(cls, disposal: Disposal, units: Units) -> DisposalOut:
        """Return the shape of ``disposal``."""
        return cls(
            seq=disposal.seq,
            entry_id=disposal.entry_id,
            kind=disposal.kind,
            disposed_on=disposal.disposed_on,
            doc_ref=disposal.doc_ref,
            reverses_seq=disposal.reverses_seq,
            account=disposal.account,
            commodity=disposal.commodity,
            lot_id=disposal.lot_id,
            acquired_on=disposal.acquired_on,
            quantity=units.amount(disposal.quantity, disposal.commodity),
            cost=units.cost(disposal.cost),
            proceeds=None if disposal.proceeds is None else units.cost(disposal.proceeds),
            gain=None if disposal.gain is None else units.cost(disposal.gain),
        )


class DisposalsOut(PointOut):
    """The tax-lot report: disposals in recording order. It ends where ``next_cursor`` is null; a page may be short, or empty."""

    disposals: Array[DisposalOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]
