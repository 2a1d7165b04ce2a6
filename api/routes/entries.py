"""Journal entries: post one or a batch, read one, reverse one.

A refusal of the ledger is recorded under the entry's id and told again; a form that cannot be read is not.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Header
from pydantic import ValidationError

from api.auth.ledger_kinds import BOOK
from api.auth.policy import UPLOAD_BODY_BYTES, Routes, asks
from api.auth.principal import Principal, Scope
from api.deps import Call, ThisCall
from api.errors import RefusedAndRecorded
from api.schemas.amounts import Units, WholeNumber
from api.schemas.base import Schema
from api.schemas.entries import (
    BatchIn,
    BatchItemOut,
    BatchOut,
    EntryIn,
    EntryOut,
    ReceiptOut,
    RefusalOut,
    ReversalIn,
)
from api.schemas.fields import UuidString
from ledger import operations as ledger
from ledger.core.errors import DomainError, Invalid, NotFound
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, EntryRefusal
from ledger.store import books, journal, reports
from ledger.store.books import Book

routes = Routes(tag="entries")

_NOT_RECORDED = frozenset({"ledger.id_reused"})
"""Refusals that leave no record: the id already has its answer."""

IdempotencyKey = Annotated[
    str | None, Header(description="Any text for an exact repeat; a UUID also stands in for a missing entry_id.")
]


class _Id(Schema):
    id: UuidString


@routes.post("/books/{book_id}/entries", policy=asks(Scope.LEDGER_WRITE))
def post_entry(
    book_id: UuidString, body: EntryIn, call: ThisCall, idempotency_key: IdempotencyKey = None
) -> ReceiptOut:
    """Post one entry and return its receipt; the same id with the same content again returns it with ``is_replay``.

    An entry that does not balance, oversells or is dated in a closed period is refused with its own code, and the
    refusal stays recorded under the id.
    """
    book = call.load(BOOK, book_id)
    entry_id = _entry_id(body.entry_id, idempotency_key)
    return _posted(call, book, body.to_core(entry_id, _units(call, book), _actor(call.principal)))


@routes.post(
    "/books/{book_id}/entries/batch", policy=asks(Scope.LEDGER_WRITE), status=200, most_bytes=UPLOAD_BODY_BYTES
)
def post_batch(book_id: UuidString, body: BatchIn, call: ThisCall) -> BatchOut:
    """Post up to 8,000 entries in at most 20 MB and return one result each, in order.

    The status is 200 whatever the results: accepted entries stand beside refused ones. Only a body that cannot be read
    is refused as a whole.
    """
    book = call.load(BOOK, book_id)
    units, actor = _units(call, book), _actor(call.principal)
    drafts: list[JournalDraft] = []
    results: dict[int, BatchItemOut] = {}
    places: list[int] = []
    for place, entry in enumerate(body.entries):
        try:
            drafts.append(entry.to_core(entry.entry_id, units, actor, at=f"entries[{place}]."))
            places.append(place)
        except DomainError as refusal:
            told = RefusalOut.from_core(refusal, is_recorded=False)
            results[place] = BatchItemOut(entry_id=entry.entry_id, receipt=None, refusal=told)
    if drafts:
        outcomes = ledger.post_entries(call.session, book.book_id, drafts, now=call.now, random_bytes=call.random_bytes)
        results.update((place, _item(outcome)) for place, outcome in zip(places, outcomes, strict=True))
    ordered = tuple(results[place] for place in range(len(body.entries)))
    accepted = sum(item.receipt is not None for item in ordered)
    return BatchOut(accepted=accepted, refused=len(ordered) - accepted, results=ordered)


@routes.get("/books/{book_id}/entries/{seq}", policy=asks(Scope.LEDGER_READ))
def read_entry(book_id: UuidString, seq: WholeNumber, call: ThisCall) -> EntryOut:
    """Return the entry at a place of the book, as recorded."""
    book = call.load(BOOK, book_id)
    entry = reports.entry_at(call.session, book.book_id, seq)
    if entry is None:
        raise _no_entry()
    return EntryOut.from_core(entry, _units(call, book))


@routes.post("/books/{book_id}/entries/{entry_id}/reverse", policy=asks(Scope.LEDGER_WRITE))
def reverse_entry(
    book_id: UuidString,
    entry_id: UuidString,
    body: ReversalIn,
    call: ThisCall,
    idempotency_key: IdempotencyKey = None,
) -> ReceiptOut:
    """Post the negation of an entry, its lots given back at the same cost; at most once for each entry."""
    book = call.load(BOOK, book_id)
    answers = journal.load_answers(call.session, book.book_id, [entry_id])
    if all(answer.seq is None for answer in answers.values()):
        raise _no_entry()
    draft = JournalDraft(
        entry_id=_entry_id(body.entry_id, idempotency_key),
        kind=EntryKind.REVERSAL,
        effective_on=body.effective_on,
        actor=_actor(call.principal),
        reverses=entry_id,
    )
    return _posted(call, book, draft)


def _posted(call: Call, book: Book, draft: JournalDraft) -> ReceiptOut:
    (outcome,) = ledger.post_entries(call.session, book.book_id, [draft], now=call.now, random_bytes=call.random_bytes)
    if isinstance(outcome, EntryReceipt):
        return ReceiptOut.from_core(outcome)
    if outcome.refusal.code in _NOT_RECORDED:
        raise outcome.refusal
    raise RefusedAndRecorded(outcome.refusal)


def _item(outcome: EntryReceipt | EntryRefusal) -> BatchItemOut:
    if isinstance(outcome, EntryReceipt):
        return BatchItemOut(entry_id=outcome.entry_id, receipt=ReceiptOut.from_core(outcome), refusal=None)
    is_recorded = outcome.refusal.code not in _NOT_RECORDED
    told = RefusalOut.from_core(outcome.refusal, is_recorded=is_recorded, is_replay=outcome.is_replay)
    return BatchItemOut(entry_id=outcome.entry_id, receipt=None, refusal=told)


def _entry_id(given: UUID | None, idempotency_key: str | None) -> UUID:
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


def _units(call: Call, book: Book) -> Units:
    return Units.of(books.commodities(call.session, book.book_id), book.functional_currency)


def _actor(principal: Principal) -> Actor:
    return Actor(user_id=principal.user_id, organisation_id=principal.organisation_id)


def _no_entry() -> NotFound:
    return NotFound("entry.not_found", "the entry does not exist, or not for you")
