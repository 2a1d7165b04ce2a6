"""What leaves about the entries of a contract's steps: one line for each leg and each hold, with its place in the book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import AmountOut, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, UuidString
from finance.accounting.chart import BOOK_CURRENCY
from finance.operations.carbon_contract_movements import StepMoved
from ledger.core.amounts import format_units
from ledger.store.holds_report import HoldView
from ledger.store.reports import EntryRecord

_TONNE = "t"


class ContractMovementOut(Schema):
    """One line of an entry: a leg (debit positive), or what was set aside (positive) or let go of in the ledger.

    Without an account it is the record that proves the step.
    """

    number: Annotated[int, Field(description="The contract's fact.")]
    what: Annotated[str, Field(examples=["opened"])]
    effective_on: DateString
    seq: Annotated[int, Field(description="The entry's place in the book.")]
    entry_id: UuidString
    kind: Annotated[str, Field(description="Of the entry.", examples=["hold"])]
    account: str | None
    commodity: str | None
    amount: AmountOut | None
    hold_id: UuidString | None
    recorded_at: InstantString


class ContractMovementsOut(Schema):
    """A page of what a contract's facts moved, in the order of the book."""

    contract_id: UuidString
    movements: Array[ContractMovementOut]
    next_after: Annotated[int | None, Field(description="The fact after which the next page begins.")]

    @classmethod
    def from_core(
        cls, contract_id: UUID, steps: tuple[StepMoved, ...], holds: tuple[HoldView, ...], *, next_after: int | None
    ) -> ContractMovementsOut:
        """Return the lines of ``steps``; ``holds`` are all that the contract ever placed."""
        known = {hold.hold_id: hold for hold in holds}
        return cls(
            contract_id=contract_id,
            movements=tuple(line for step in steps for entry in step.entries for line in _lines(step, entry, known)),
            next_after=next_after,
        )


def _lines(step: StepMoved, entry: EntryRecord, holds: Mapping[UUID, HoldView]) -> Iterator[ContractMovementOut]:
    """Yield an entry's legs and holds; a record has neither and is one line."""
    held: Counter[UUID] = Counter()
    for hold_id, _, quantity in entry.hold_moves:
        held[hold_id] += quantity
    for path, code, scale, units in entry.legs:
        unit = code if code == BOOK_CURRENCY else _TONNE
        yield _line(step, entry, path, code, AmountOut(amount=format_units(units, scale), unit=unit))
    for hold_id, quantity in held.items():
        hold = holds.get(hold_id)
        account, commodity = (None, None) if hold is None else (hold.account, hold.commodity)
        yield _line(step, entry, account, commodity, tonnes_out(quantity), hold_id)
    if not entry.legs and not held:
        yield _line(step, entry, None, None, None)


def _line(
    step: StepMoved,
    entry: EntryRecord,
    account: str | None,
    commodity: str | None,
    amount: AmountOut | None,
    hold_id: UUID | None = None,
) -> ContractMovementOut:
    return ContractMovementOut(
        number=step.event.number,
        what=step.event.what.value,
        effective_on=entry.effective_on,
        seq=entry.seq,
        entry_id=entry.entry_id,
        kind=entry.kind,
        account=account,
        commodity=commodity,
        amount=amount,
        hold_id=hold_id,
        recorded_at=entry.recorded_at,
    )
