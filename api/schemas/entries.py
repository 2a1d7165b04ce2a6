"""What enters and leaves about journal entries: drafts, receipts, refusals, batches.

Amounts are decimal strings in the commodity's own units; each ``to_core`` converts them exactly and names the leg that
cannot be. What may be posted is the ledger's decision.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Header
from pydantic import ConfigDict, Field, JsonValue, ValidationError

from api.schemas.amounts import AmountOut, Units
from api.schemas.base import Array, Choice, Schema
from api.schemas.books import AccountPath, Attrs, CommodityCode
from api.schemas.fields import DateString, DecimalString, InstantString, Text, UuidString
from ledger.core.errors import DomainError, Invalid
from ledger.core.journal import MAX_BATCH, MAX_LEGS, NO_LEGS, CostLegs, EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor
from ledger.core.serials import MAX_BLOCKS, SerialBlock
from ledger.operations import EntryReceipt
from ledger.store.reports import EntryRecord

_ENTRY = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4b"
_LEGS: list[JsonValue] = [
    {"account": "Assets:Carbon:CEA25", "commodity": "CEA25", "amount": "1000", "lot_cost": "80240.00"},
    {"account": "Equity:Registry:CEA25", "commodity": "CEA25", "amount": "-1000"},
    {"account": "Assets:CarbonCost:CEA25", "commodity": "CNY", "amount": "80240.00"},
    {"account": "Assets:Bank:CNY", "commodity": "CNY", "amount": "-80240.00"},
]
_ENTRY_EXAMPLE: dict[str, JsonValue] = {
    "entry_id": _ENTRY,
    "kind": "trade",
    "effective_on": "2025-11-20",
    "legs": _LEGS,
}


_CLIENT_KINDS = tuple(
    kind for kind in EntryKind if kind not in NO_LEGS and kind not in {EntryKind.CAPTURE, EntryKind.REVERSAL}
)
"""Kinds that an entry's own routes take; the others come through the routes of holds, periods and reversals, or from the ledger."""


UNRECORDED = frozenset({"ledger.id_reused", "ledger.link_broken"})
"""Refusals that leave no record: the id, or a part of its group, already has its answer."""

IdempotencyKey = Annotated[
    str | None, Header(description="Any text for an exact repeat; a UUID also stands in for a missing entry_id.")
]


class _Id(Schema):
    id: UuidString


def entry_id_of(given: UUID | None, idempotency_key: str | None) -> UUID:
    """Return the id under which an entry is recorded: ``given``, else the key where it is a UUID, else ``entry.id_missing``."""
    if given is not None:
        return given
    try:
        return _Id.model_validate({"id": idempotency_key}).id
    except ValidationError:
        raise Invalid(
            "entry.id_missing",
            "entry_id: expected a UUID in lower case, here or as the Idempotency-Key header",
            field="entry_id",
        ) from None


class LotPickIn(Schema):
    """How much a credit takes from one lot."""

    lot_id: Annotated[int, Field(ge=1, le=2**53 - 1, examples=[1025])]
    quantity: DecimalString


_SerialNumber = Annotated[str, Field(pattern=r"^[0-9]{1,18}$", examples=["101"], description="A whole number as text.")]


class SerialBlockIn(Schema):
    """Units by the registry's numbers: ``first`` to ``last``, inclusive, under ``prefix``."""

    prefix: Annotated[str, Field(max_length=80, examples=["CEA-2025-"])] = ""
    first: _SerialNumber
    last: _SerialNumber

    def to_core(self) -> SerialBlock:
        """Return the block."""
        return SerialBlock(self.prefix, int(self.first), int(self.last))


class LegIn(Schema):
    """One leg: debit positive, credit negative. ``lot_cost`` is the total cost of the lot that a debit brings."""

    account: AccountPath
    commodity: CommodityCode
    amount: Annotated[DecimalString, Field(examples=["-1000"])]
    lot_cost: Annotated[DecimalString | None, Field(description="In the book's functional currency.")] = None
    lots: Annotated[Array[LotPickIn], Field(max_length=MAX_LEGS, description="The lots that a credit draws on.")] = ()
    is_carried: Annotated[
        bool, Field(description="A debit that takes over the lots, with cost and day, that the credits give up.")
    ] = False
    serials: Annotated[
        Array[SerialBlockIn], Field(max_length=MAX_BLOCKS, description="The registry's numbers of the units.")
    ] = ()

    def to_core(self, units: Units, *, at: str) -> Posting:
        """Return the posting in smallest units; a refused amount names its field below ``at``."""
        return Posting(
            account=self.account,
            commodity=self.commodity,
            amount=units.read(self.amount, self.commodity, field=f"{at}.amount"),
            lot_cost=None if self.lot_cost is None else units.read_cost(self.lot_cost, field=f"{at}.lot_cost"),
            lots=tuple(
                (pick.lot_id, units.read(pick.quantity, self.commodity, field=f"{at}.lots[{number}].quantity"))
                for number, pick in enumerate(self.lots)
            ),
            is_carried=self.is_carried,
            serials=tuple(block.to_core() for block in self.serials),
        )


class CostLegsIn(Schema):
    """Where the cost of what the entry disposes of goes; the ledger adds these legs itself."""

    cost_account: AccountPath
    gain_account: AccountPath
    loss_account: AccountPath

    def to_core(self) -> CostLegs:
        """Return where the ledger books what is relieved."""
        return CostLegs(self.cost_account, self.gain_account, self.loss_account)


class EntryFields(Schema):
    """What every entry says, whichever route it comes through."""

    kind: Annotated[Choice[EntryKind], Field(description=f"One of {', '.join(_CLIENT_KINDS)}.")]
    effective_on: Annotated[DateString, Field(description="The business day.")]
    document_on: Annotated[DateString | None, Field(description="The paper's own date.")] = None
    doc_ref: Text | None = None
    attrs: Attrs = Field(default_factory=dict)
    legs: Annotated[Array[LegIn], Field(min_length=1, max_length=MAX_LEGS)]
    cost_legs: CostLegsIn | None = None
    pii_commitment: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9a-f]{64}$",
            examples=["9f" * 32],
            description="The commitment to personal data that was kept apart; 64 hexadecimal digits.",
        ),
    ] = None

    def to_core(
        self,
        entry_id: UUID,
        units: Units,
        actor: Actor,
        *,
        at: str = "",
        link: UUID | None = None,
        transfer_id: UUID | None = None,
    ) -> JournalDraft:
        """Return the draft under ``entry_id``; a refused amount names its leg below ``at``.

        A kind that only other routes or the ledger itself may record is ``entry.kind``.
        """
        if self.kind not in _CLIENT_KINDS and self.kind is not EntryKind.REVERSAL:
            raise Invalid(
                "entry.kind",
                f"{at}kind: expected one of {', '.join(_CLIENT_KINDS)}; holds and periods have routes of their own",
                field=f"{at}kind",
            )
        costs = self.cost_legs
        return JournalDraft(
            entry_id=entry_id,
            kind=self.kind,
            effective_on=self.effective_on,
            actor=actor,
            postings=tuple(leg.to_core(units, at=f"{at}legs[{number}]") for number, leg in enumerate(self.legs)),
            cost_legs=None if costs is None else costs.to_core(),
            document_on=self.document_on,
            doc_ref=self.doc_ref,
            attrs=self.attrs or None,
            link=link,
            transfer_id=transfer_id,
            pii_commitment=None if self.pii_commitment is None else bytes.fromhex(self.pii_commitment),
        )


class EntryIn(EntryFields):
    """An entry to be posted under ``entry_id``, or without one under an Idempotency-Key header that is a UUID."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTRY_EXAMPLE]})

    entry_id: UuidString | None = None


class BatchEntryIn(EntryFields):
    """An entry of a batch; its id is in the body. Neighbours of one ``link`` are recorded all or none."""

    entry_id: UuidString
    link: Annotated[
        UuidString | None, Field(description="Shared by neighbouring entries that are recorded all or none.")
    ] = None


class BatchIn(Schema):
    """Entries to be judged one by one in order, each seeing those accepted before it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"entries": [_ENTRY_EXAMPLE]}]})

    entries: Annotated[Array[BatchEntryIn], Field(min_length=1, max_length=MAX_BATCH)]


class ReversalIn(Schema):
    """The reversal's own id (or an Idempotency-Key header that is a UUID) and business day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"entry_id": _ENTRY, "effective_on": "2025-11-21"}]})

    entry_id: UuidString | None = None
    effective_on: DateString


class ReceiptOut(Schema):
    """Proof of acceptance: the entry's place, time and leaf, and a tree head that covers it."""

    entry_id: UuidString
    seq: int
    recorded_at: InstantString
    leaf_hash: Annotated[str, Field(description="64 hexadecimal digits.")]
    tree_size: int
    tree_root: Annotated[str, Field(description="64 hexadecimal digits.")]
    is_replay: Annotated[bool, Field(description="The id had been recorded before with the same content.")]

    @classmethod
    def from_core(cls, receipt: EntryReceipt) -> ReceiptOut:
        """Return the shape of ``receipt``."""
        return cls(
            entry_id=receipt.entry_id,
            seq=receipt.seq,
            recorded_at=receipt.recorded_at,
            leaf_hash=receipt.leaf_hash.hex(),
            tree_size=receipt.tree_size,
            tree_root=receipt.tree_root.hex(),
            is_replay=receipt.is_replay,
        )


class RefusalOut(Schema):
    """Why an entry of a batch was not posted.

    A recorded refusal is told again whenever the id comes again; one that is not recorded may be corrected under its id.
    """

    code: str
    message: str
    field: Annotated[
        str | None, Field(description="What of the batch it is about.", examples=["entries[3].legs[1].amount"])
    ]
    is_recorded: bool
    is_replay: bool

    @classmethod
    def from_core(cls, refusal: DomainError, *, is_recorded: bool, is_replay: bool = False) -> RefusalOut:
        """Return the shape of ``refusal``."""
        return cls(
            code=refusal.code,
            message=refusal.message,
            field=refusal.data.get("field"),
            is_recorded=is_recorded,
            is_replay=is_replay,
        )


class BatchItemOut(Schema):
    """What became of one entry: exactly one of receipt and refusal."""

    place: Annotated[int, Field(description="Of the entry in the batch, from zero, as fields count.", examples=[3])]
    entry_id: UuidString
    receipt: ReceiptOut | None
    refusal: RefusalOut | None


class BatchOut(Schema):
    """One result for each entry sent, in order."""

    accepted: int
    refused: int
    results: Array[BatchItemOut]


class LotMoveOut(Schema):
    """What the leg at ``line`` brought to a lot (positive) or took from it (negative)."""

    line: int
    lot_id: int
    quantity: AmountOut
    cost: AmountOut


class HoldMoveOut(Schema):
    """What an entry set aside (positive) or let go of (negative) in smallest units; ``lot_id`` null where no lot is named."""

    hold_id: UuidString
    lot_id: int | None
    smallest_units: int


class PostedLegOut(Schema):
    """A leg as recorded, debit positive."""

    account: str
    commodity: str
    amount: AmountOut


class EntryOut(Schema):
    """An entry as recorded."""

    entry_id: UuidString
    seq: int
    kind: str
    effective_on: DateString
    document_on: DateString | None
    recorded_at: InstantString
    doc_ref: str | None
    attrs: dict[str, str]
    reverses_seq: int | None
    leaf_hash: str
    recorded_by: Annotated[UuidString, Field(description="The person.")]
    acting_for: Annotated[UuidString, Field(description="The organisation.")]
    transfer_id: UuidString | None
    pii_commitment: str | None
    legs: Array[PostedLegOut]
    lot_moves: Array[LotMoveOut]
    hold_moves: Array[HoldMoveOut]

    @classmethod
    def from_core(cls, entry: EntryRecord, units: Units) -> EntryOut:
        """Return the shape of ``entry``."""
        return cls(
            entry_id=entry.entry_id,
            seq=entry.seq,
            kind=entry.kind,
            effective_on=entry.effective_on,
            document_on=entry.document_on,
            recorded_at=entry.recorded_at,
            doc_ref=entry.doc_ref,
            attrs=entry.attrs,
            reverses_seq=entry.reverses_seq,
            leaf_hash=entry.leaf_hash.hex(),
            recorded_by=entry.actor_id,
            acting_for=entry.acting_for_id,
            transfer_id=entry.transfer_id,
            pii_commitment=None if entry.pii_commitment is None else entry.pii_commitment.hex(),
            lot_moves=tuple(
                LotMoveOut(
                    line=line,
                    lot_id=lot_id,
                    quantity=units.amount(quantity, entry.legs[line - 1][1]),
                    cost=units.cost(cost),
                )
                for line, lot_id, quantity, cost in entry.lot_moves
            ),
            hold_moves=tuple(
                HoldMoveOut(hold_id=hold_id, lot_id=lot_id or None, smallest_units=amount)
                for hold_id, lot_id, amount in entry.hold_moves
            ),
            legs=tuple(
                PostedLegOut(account=path, commodity=code, amount=units.amount(amount, code))
                for path, code, _, amount in entry.legs
            ),
        )
