"""Transfers between two books of one organisation: both sides are recorded, or neither."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK, TRANSFER
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import TRANSFER as TRANSFER_POST
from api.deps import Call, ThisCall
from api.schemas.amounts import Units
from api.schemas.fields import UuidString
from api.schemas.transfers import TransferIn, TransferOut, TransferReceiptOut, TransferSideIn
from ledger import operations as ledger
from ledger.core.errors import Conflict
from ledger.core.journal import JournalDraft
from ledger.store import books, closings

routes = Routes(tag="transfers")


@routes.post("/transfers", policy=asks(Scope.LEDGER_WRITE), second_person=TRANSFER_POST)
def post_transfer(body: TransferIn, call: ThisCall) -> TransferReceiptOut:
    """Post the two entries of a transfer, all or nothing; the same again returns the same receipts.

    A refusal undoes both sides and is not recorded, so that a corrected transfer may use the same ids.
    """
    receipts = ledger.post_transfer(
        call.session,
        _drafted(call, body, body.out_of, at="out_of."),
        _drafted(call, body, body.into, at="into."),
        now=call.now,
        random_bytes=call.random_bytes,
        is_closer=Scope.LEDGER_CLOSE in call.principal.scopes,
    )
    entries = {side.entry_id for side in closings.transfer_sides(call.session, body.transfer_id)}
    if receipts[0].is_replay != receipts[1].is_replay or entries - {receipts[0].entry_id, receipts[1].entry_id}:
        raise Conflict(
            "transfer.id_reused",
            "transfer_id: expected a new id, or the same two sides under it again; other entries carry it",
            field="transfer_id",
        )
    return TransferReceiptOut.from_core(body.transfer_id, receipts)


@routes.get("/transfers/{transfer_id}", policy=asks(Scope.LEDGER_READ))
def read_transfer(transfer_id: UuidString, call: ThisCall) -> TransferOut:
    """Return the two sides of a transfer as recorded."""
    return TransferOut.from_core(transfer_id, call.load(TRANSFER, transfer_id))


def _drafted(call: Call, body: TransferIn, side: TransferSideIn, *, at: str) -> tuple[int, JournalDraft]:
    book = call.load(BOOK, side.book_id)
    units = Units.of(books.commodities(call.session, book.book_id), book.functional_currency)
    actor = call.principal.actor
    draft = side.to_core(side.entry_id, units, actor, at=at, transfer_id=body.transfer_id)
    call.scale.add_side(((leg.commodity, leg.amount) for leg in draft.postings), units.commodities)
    return book.book_id, draft
