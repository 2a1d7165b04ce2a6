"""What enters and leaves about holds and encumbrances: placements, captures, releases, and holds at a point in two times.

Amounts are decimal strings in the commodity's own units. Who may let go is the ledger's decision.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import ConfigDict, Field, JsonValue
from sqlalchemy.orm import Session

from api.schemas.amounts import AmountOut, Units, WholeNumber
from api.schemas.base import Array, Choice, Schema
from api.schemas.books import AccountPath, Attrs
from api.schemas.entries import CostLegsIn, LegIn, LotPickIn, ReceiptOut
from api.schemas.fields import DateString, DecimalString, InstantString, Text, UuidString
from ledger.core.errors import Invalid
from ledger.core.holds import HoldAction, HoldCapture, HoldKind, HoldPlacement, HoldRelease
from ledger.core.journal import MAX_LEGS, EntryKind, JournalDraft
from ledger.core.parties import Actor
from ledger.store import reports
from ledger.store.holds_report import HoldPoint, HoldView

_ENTRY = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4c"
_BANK = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4d"
_PLACE_EXAMPLE: JsonValue = {
    "entry_id": _ENTRY,
    "kind": "pledge",
    "account": "Assets:Carbon:CEA25",
    "amount": "5000",
    "beneficiary_id": _BANK,
    "rank": 1,
    "agreement_ref": "PL-2025-07",
    "effective_on": "2025-11-20",
}
_CAPTURE_EXAMPLE: JsonValue = {
    "entry_id": _ENTRY,
    "amount": "1000",
    "effective_on": "2025-11-21",
    "legs": [
        {"account": "Assets:Carbon:CEA25", "commodity": "CEA25", "amount": "-1000"},
        {"account": "Equity:Registry:CEA25", "commodity": "CEA25", "amount": "1000"},
    ],
}
_RELEASE_EXAMPLE: JsonValue = {"entry_id": _ENTRY, "amount": "1000", "effective_on": "2025-11-21"}


class _ActionFields(Schema):
    entry_id: Annotated[
        UuidString | None, Field(description="May be left out under an Idempotency-Key header that is a UUID.")
    ] = None
    effective_on: Annotated[DateString, Field(description="The business day.")]
    document_on: Annotated[DateString | None, Field(description="The paper's own date.")] = None
    doc_ref: Text | None = None
    attrs: Attrs = Field(default_factory=dict)

    def _draft(self, entry_id: UUID, kind: EntryKind, hold: HoldAction, actor: Actor) -> JournalDraft:
        return JournalDraft(
            entry_id=entry_id,
            kind=kind,
            effective_on=self.effective_on,
            actor=actor,
            hold=hold,
            document_on=self.document_on,
            doc_ref=self.doc_ref,
            attrs=self.attrs or None,
        )


class HoldIn(_ActionFields):
    """An amount to be set aside; the entry's id becomes the hold's. Without ``amount``, all that is available.

    A hold says when it expires; pledge, repo, lent, custody and freeze do not expire and name an agreement or order.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_PLACE_EXAMPLE]})

    kind: Choice[HoldKind]
    account: AccountPath
    amount: DecimalString | None = None
    lots: Annotated[Array[LotPickIn], Field(max_length=500, description="Given lots, summing to the amount.")] = ()
    beneficiary_id: Annotated[
        UuidString | None, Field(description="The organisation that alone releases or captures an encumbrance.")
    ] = None
    rank: Annotated[int | None, Field(ge=1, le=99, examples=[1], description="1 is served first.")] = None
    agreement_ref: Annotated[str | None, Field(max_length=200, examples=["PL-2025-07"])] = None
    expires_at: Annotated[InstantString | None, Field(description="The first instant at which the hold is gone.")] = (
        None
    )

    def to_core(self, entry_id: UUID, commodity: str, units: Units, actor: Actor) -> JournalDraft:
        """Return the draft that sets aside, amounts in smallest units of ``commodity``."""
        placement = HoldPlacement(
            account=self.account,
            kind=self.kind,
            amount=None if self.amount is None else units.read(self.amount, commodity, field="amount"),
            lots=tuple(
                (pick.lot_id, units.read(pick.quantity, commodity, field=f"lots[{number}].quantity"))
                for number, pick in enumerate(self.lots)
            ),
            beneficiary_id=self.beneficiary_id,
            rank=self.rank,
            agreement_ref=self.agreement_ref,
            expires_at=self.expires_at,
        )
        return self._draft(entry_id, EntryKind.HOLD, placement, actor)


class CaptureIn(_ActionFields):
    """An amount of a hold to be used: one leg credits the held account by it, the others say where it goes.

    A beneficiary's legs credit the held account and debit equity accounts in the same commodity, and nothing else.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_CAPTURE_EXAMPLE]})

    amount: DecimalString
    legs: Annotated[Array[LegIn], Field(min_length=1, max_length=MAX_LEGS)]
    cost_legs: CostLegsIn | None = None

    def to_core(self, entry_id: UUID, hold: HoldView, units: Units, actor: Actor, *, is_enforced: bool) -> JournalDraft:
        """Return the draft that uses the hold."""
        return JournalDraft(
            entry_id=entry_id,
            kind=EntryKind.CAPTURE,
            effective_on=self.effective_on,
            actor=actor,
            postings=tuple(leg.to_core(units, at=f"legs[{number}]") for number, leg in enumerate(self.legs)),
            cost_legs=None if self.cost_legs is None else self.cost_legs.to_core(),
            hold=HoldCapture(
                hold_id=hold.hold_id,
                amount=units.read(self.amount, hold.commodity, field="amount"),
                is_enforced=is_enforced,
            ),
            document_on=self.document_on,
            doc_ref=self.doc_ref,
            attrs=self.attrs or None,
        )


class ReleaseIn(_ActionFields):
    """An amount of a hold to be let go; without ``amount``, all that is left."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RELEASE_EXAMPLE]})

    amount: DecimalString | None = None

    def to_core(self, entry_id: UUID, hold: HoldView, units: Units, actor: Actor, *, is_enforced: bool) -> JournalDraft:
        """Return the draft that lets go."""
        amount = None if self.amount is None else units.read(self.amount, hold.commodity, field="amount")
        release = HoldRelease(hold_id=hold.hold_id, amount=amount, is_enforced=is_enforced)
        return self._draft(entry_id, EntryKind.RELEASE, release, actor)


class HeldLotOut(Schema):
    """What is left and what was used of one lot that the hold names."""

    lot_id: int
    remaining: AmountOut
    captured: AmountOut


class HoldOut(Schema):
    """A hold at a point in the book's two times."""

    hold_id: UuidString
    book_id: UuidString
    account: str
    commodity: str
    kind: str
    state: Annotated[str, Field(description="open while something remains, else captured, released or expired.")]
    amount: Annotated[AmountOut, Field(description="Set aside when it was placed.")]
    remaining: AmountOut
    captured: AmountOut
    lots: Annotated[Array[HeldLotOut], Field(description="Empty where no lot is named.")]
    beneficiary_id: UuidString | None
    rank: int | None
    agreement_ref: str | None
    expires_at: InstantString | None
    placed_seq: int
    placed_on: DateString
    placed_at: InstantString

    @classmethod
    def from_core(cls, hold: HoldView, book_id: UUID, units: Units) -> HoldOut:
        """Return the shape of ``hold`` of the book ``book_id``."""
        code = hold.commodity
        return cls(
            hold_id=hold.hold_id,
            book_id=book_id,
            account=hold.account,
            commodity=code,
            kind=hold.kind.value,
            state=hold.state.value,
            amount=units.amount(hold.amount, code),
            remaining=units.amount(hold.remaining, code),
            captured=units.amount(hold.captured, code),
            lots=tuple(
                HeldLotOut(
                    lot_id=part.lot_id,
                    remaining=units.amount(part.remaining, code),
                    captured=units.amount(part.captured, code),
                )
                for part in hold.parts
                if part.lot_id
            ),
            beneficiary_id=hold.beneficiary_id,
            rank=hold.rank,
            agreement_ref=hold.agreement_ref,
            expires_at=hold.expires_at,
            placed_seq=hold.placed_seq,
            placed_on=hold.placed_on,
            placed_at=hold.placed_at,
        )


class HoldActionOut(Schema):
    """The receipt of what was recorded, and the hold as it stands after it."""

    receipt: ReceiptOut
    hold: HoldOut


class HoldsOut(Schema):
    """A page of a book's holds by id, of a day and record point, or as they stand now when ``as_of`` is null."""

    as_of: DateString | None
    known: Annotated[int, Field(description="The first this many entries of the book are in the answer.")]
    tree_root: Annotated[str, Field(description="Root of the book's tree at known, 64 hexadecimal digits.")]
    holds: Array[HoldOut]
    next_cursor: Annotated[
        str | None,
        Field(description="Send it as after to read on; a page may hold fewer than asked for.", examples=["MTAyNC4x"]),
    ]


class FavouredHoldsOut(Schema):
    """A page of what is set aside in the caller's favour, in any book, as it stands now."""

    holds: Array[HoldOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]


class AskedHolds:
    """The point that a request names: a day and a record point, or none for now."""

    def __init__(
        self,
        as_of: Annotated[
            DateString | None, Query(description="Close of this business day, inclusive. Now when absent.")
        ] = None,
        known: Annotated[WholeNumber | None, Query(description="Record point: a seq. Newest when absent.")] = None,
        at: Annotated[InstantString | None, Query(description="Record point: recorded by this instant.")] = None,
    ) -> None:
        """Refuse ``known`` with ``at`` (``query.exclusive``), and either without ``as_of`` (``query.missing``)."""
        if known is not None and at is not None:
            raise Invalid(
                "query.exclusive", "known: expected either known or at, not both; leave one out", field="known"
            )
        if as_of is None and (known is not None or at is not None):
            raise Invalid("query.missing", "as_of: expected a day beside known or at", field="as_of")
        self._as_of: date | None = as_of
        self._known: int | None = known
        self._at: datetime | None = at

    def resolve(self, session: Session, book_id: int, now: datetime) -> tuple[HoldPoint, str]:
        """Return the point in the book and the tree's root there; beyond the last entry is ``ledger.record_point``."""
        record = reports.record_point(session, book_id, known=self._known, at=self._at)
        is_now = self._as_of is None
        return HoldPoint(known=record.seq, as_of=self._as_of, now=now if is_now else None), record.root.hex()

    def at_record(self, known: int) -> AskedHolds:
        """Return the same day at another record point: that of the first page; now stays now."""
        return self if self._as_of is None else AskedHolds(as_of=self._as_of, known=known, at=None)


AskedHoldPoint = Annotated[AskedHolds, Depends(AskedHolds)]
"""The parameter type by which a handler takes ``as_of`` and ``known`` or ``at``, all optional, from the query."""
