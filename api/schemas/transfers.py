"""What enters and leaves about transfers between two books of one organisation: two sides that meet on clearing accounts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from api.schemas.base import Array, Choice, Schema
from api.schemas.entries import EntryFields, ReceiptOut
from api.schemas.fields import DateString, InstantString, UuidString
from ledger.core.journal import EntryKind
from ledger.operations import EntryReceipt
from ledger.store.closings import TransferSide

_ID = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e5"


def _side(book: str, entry: str, amount: str, opposite: str) -> JsonValue:
    return {
        "book_id": f"{_ID}{book}",
        "entry_id": f"{_ID}{entry}",
        "effective_on": "2025-11-20",
        "legs": [
            {"account": "Assets:Bank:CNY", "commodity": "CNY", "amount": amount},
            {"account": "Equity:Clearing:CNY", "commodity": "CNY", "amount": opposite},
        ],
    }


class TransferSideIn(EntryFields):
    """One side: an entry of one of the caller's books, with legs on its clearing accounts (``Equity:Clearing...``)."""

    book_id: UuidString
    entry_id: UuidString
    kind: Choice[EntryKind] = EntryKind.TRANSFER


class TransferIn(Schema):
    """A transfer: what one side adds to its clearing accounts the other takes from its own, in the same commodities."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "transfer_id": f"{_ID}a",
                    "out_of": _side("b", "c", "-500.00", "500.00"),
                    "into": _side("d", "e", "500.00", "-500.00"),
                }
            ]
        }
    )

    transfer_id: UuidString
    out_of: TransferSideIn
    into: TransferSideIn


class TransferReceiptOut(Schema):
    """Proof of both sides, recorded together."""

    transfer_id: UuidString
    out_of: ReceiptOut
    into: ReceiptOut

    @classmethod
    def from_core(cls, transfer_id: UUID, receipts: tuple[EntryReceipt, EntryReceipt]) -> TransferReceiptOut:
        """Return the shape of a transfer's two receipts."""
        return cls(
            transfer_id=transfer_id,
            out_of=ReceiptOut.from_core(receipts[0]),
            into=ReceiptOut.from_core(receipts[1]),
        )


class TransferEntryOut(Schema):
    """One side as recorded."""

    book_id: UuidString
    entry_id: UuidString
    seq: int
    effective_on: DateString
    recorded_at: InstantString
    leaf_hash: Annotated[str, Field(description="64 hexadecimal digits.")]


class TransferOut(Schema):
    """The sides of a transfer that are in the caller's books; a sound one has two."""

    transfer_id: UuidString
    sides: Array[TransferEntryOut]

    @classmethod
    def from_core(cls, transfer_id: UUID, sides: tuple[TransferSide, ...]) -> TransferOut:
        """Return the shape of a transfer's sides."""
        return cls(
            transfer_id=transfer_id,
            sides=tuple(
                TransferEntryOut(
                    book_id=side.book_uuid,
                    entry_id=side.entry_id,
                    seq=side.seq,
                    effective_on=side.effective_on,
                    recorded_at=side.recorded_at,
                    leaf_hash=side.leaf_hash.hex(),
                )
                for side in sides
            ),
        )
