"""Journal entries: post one or a batch, read one, reverse one.

A refusal of the ledger is recorded under the entry's id and told again; a form that cannot be read is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

from api.auth.ledger_kinds import BOOK
from api.auth.policy import UPLOAD_BODY_BYTES, Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import LEDGER_ENTRY
from api.deps import Call, QueueableCall, ThisCall
from api.errors import RefusedAndRecorded
from api.schemas.amounts import Units, WholeNumber
from api.schemas.entries import (
    UNRECORDED,
    BatchEntryIn,
    BatchIn,
    BatchItemOut,
    BatchOut,
    EntryIn,
    EntryOut,
    IdempotencyKey,
    ReceiptOut,
    RefusalOut,
    ReversalIn,
    entry_id_of,
)
from api.schemas.fields import UuidString
from ledger import operations as ledger
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.periods import is_closed
from ledger.operations import EntryOutcome, EntryReceipt, EntryRefusal
from ledger.store import books, journal, reports
from ledger.store.books import Book

routes = Routes(tag="entries")


@routes.post("/books/{book_id}/entries", policy=asks(Scope.LEDGER_WRITE), second_person=LEDGER_ENTRY)
def post_entry(
    book_id: UuidString, body: EntryIn, call: QueueableCall, idempotency_key: IdempotencyKey = None
) -> ReceiptOut:
    """Post one entry and return its receipt; the same id with the same content again returns it with ``is_replay``.

    An entry that does not balance, oversells or is dated in a closed period is refused with its own code, and the
    refusal stays recorded under the id.
    """
    book = call.load(BOOK, book_id)
    entry_id = entry_id_of(body.entry_id, idempotency_key)
    units = _units(call, book)
    draft = body.to_core(entry_id, units, call.principal.actor)
    _weigh(call, [draft], units)
    return _posted(call, book, draft)


@routes.post(
    "/books/{book_id}/entries/batch",
    policy=asks(Scope.LEDGER_WRITE),
    status=200,
    most_bytes=UPLOAD_BODY_BYTES,
    second_person=LEDGER_ENTRY,
)
def post_batch(book_id: UuidString, body: BatchIn, call: ThisCall) -> BatchOut:
    """Post up to 8,000 entries in at most 20 MB and return one result each, in order.

    The status is 200 whatever the results: accepted entries stand beside refused ones. Only a body that cannot be read
    is refused as a whole.
    """
    book = call.load(BOOK, book_id)
    units, actor = _units(call, book), call.principal.actor
    drafts: list[JournalDraft] = []
    results: dict[int, BatchItemOut] = {}
    places: list[int] = []
    _check_links(body.entries)
    for place, entry in enumerate(body.entries):
        try:
            drafts.append(entry.to_core(entry.entry_id, units, actor, at=f"entries[{place}].", link=entry.link))
            places.append(place)
        except DomainError as refusal:
            told = RefusalOut.from_core(refusal, is_recorded=False)
            results[place] = BatchItemOut(place=place, entry_id=entry.entry_id, receipt=None, refusal=told)
    unread = {body.entries[place].link for place in results} - {None}
    for place in [place for place in places if body.entries[place].link in unread]:
        results[place] = _linked_to_unread(place, body.entries[place])
    drafts = [draft for draft in drafts if draft.link not in unread]
    places = [place for place in places if place not in results]
    _weigh(call, drafts, units)
    if drafts:
        outcomes = ledger.post_entries(
            call.session,
            book.book_id,
            drafts,
            now=call.now,
            random_bytes=call.random_bytes,
            is_closer=Scope.LEDGER_CLOSE in call.principal.scopes,
        )
        judged = zip(places, drafts, outcomes, strict=True)
        results.update((place, _item(place, draft, outcome)) for place, draft, outcome in judged)
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


@routes.post("/books/{book_id}/entries/{entry_id}/reverse", policy=asks(Scope.LEDGER_WRITE), second_person=LEDGER_ENTRY)
def reverse_entry(
    book_id: UuidString,
    entry_id: UuidString,
    body: ReversalIn,
    call: QueueableCall,
    idempotency_key: IdempotencyKey = None,
) -> ReceiptOut:
    """Post the negation of an entry, its lots given back at the same cost; at most once for each entry."""
    book = call.load(BOOK, book_id)
    answers = journal.load_answers(call.session, book.book_id, [entry_id])
    if all(answer.seq is None for answer in answers.values()):
        raise _no_entry()
    draft = JournalDraft(
        entry_id=entry_id_of(body.entry_id, idempotency_key),
        kind=EntryKind.REVERSAL,
        effective_on=body.effective_on,
        actor=call.principal.actor,
        reverses=entry_id,
    )
    call.scale.add_unknown()  # what it takes back is known when it is posted
    return _posted(call, book, draft)


def _check_links(entries: tuple[BatchEntryIn, ...]) -> None:
    """Refuse a link whose entries do not stand side by side: they would be judged as several groups (``entry.link_split``)."""
    ended: set[UUID] = set()
    before: UUID | None = None
    for place, entry in enumerate(entries):
        if entry.link != before and before is not None:
            ended.add(before)
        if entry.link in ended:
            field = f"entries[{place}].link"
            raise Invalid(
                "entry.link_split", f"{field}: expected the entries of one link to stand side by side", field=field
            )
        before = entry.link


def _linked_to_unread(place: int, entry: BatchEntryIn) -> BatchItemOut:
    linked = Conflict(
        "ledger.linked_refused",
        "its group is all or nothing, and another entry of it could not be read; correct that one",
    )
    told = RefusalOut.from_core(linked, is_recorded=False)
    return BatchItemOut(place=place, entry_id=entry.entry_id, receipt=None, refusal=told)


def _weigh(call: Call, drafts: Sequence[JournalDraft], units: Units) -> None:
    legs = ((leg.commodity, leg.amount) for draft in drafts for leg in draft.postings)
    call.scale.add_moves(legs, units.commodities)


def _posted(call: Call, book: Book, draft: JournalDraft) -> ReceiptOut:
    is_closing = Scope.LEDGER_CLOSE in call.principal.scopes and is_closed(draft.effective_on, book.soft_locked_through)

    def told(outcome: EntryOutcome) -> ReceiptOut:
        if isinstance(outcome, EntryReceipt):
            return ReceiptOut.from_core(outcome)
        refusal = _placed(outcome.refusal, draft)
        if refusal.code in UNRECORDED:
            raise refusal
        raise RefusedAndRecorded(refusal)

    return call.post(book.book_id, draft, told, is_closer=is_closing)


_PART_REFUSED = {
    "ledger.account_unknown": "account",
    "ledger.account_not_open": "account",
    "ledger.commodity_mismatch": "commodity",
    "ledger.lot_cost_missing": "lot_cost",
    "ledger.lot_cost_unexpected": "lot_cost",
    "ledger.lot_date": "lots",
    "ledger.serial_unknown": "serials",
}
"""Which part of a leg a refusal of its account is about; of the others it is the amount."""
_DAY_REFUSED = frozenset({"ledger.period_closed", "ledger.period_soft_closed"})


def _placed(refusal: DomainError, draft: JournalDraft, *, at: str = "") -> DomainError:
    """Return the ledger's refusal with the field of the request below ``at`` that it is about, where it is about one.

    The ledger speaks of accounts and commodities: the first leg of the account, or the last of what does not add up.
    """
    told, legs, costs = refusal.data, list(enumerate(draft.postings)), draft.cost_legs
    field = told.get("field")
    if field is None and refusal.code in _DAY_REFUSED:
        field = "effective_on"
    elif field is None and "account" in told:
        part = _PART_REFUSED.get(refusal.code, "amount")
        field = next((f"legs[{place}].{part}" for place, leg in legs if leg.account == told["account"]), None)
        if field is None and costs is not None:
            field = next(
                (f"cost_legs.{each.name}" for each in fields(costs) if getattr(costs, each.name) == told["account"]),
                None,
            )
    elif field is None and refusal.code == "ledger.entry_unbalanced":
        of_it = [place for place, leg in legs if leg.commodity == told.get("commodity")]
        field = f"legs[{of_it[-1]}].amount" if of_it else None
    return (
        refusal if field is None else type(refusal)(refusal.code, refusal.message, **{**told, "field": f"{at}{field}"})
    )


def _item(place: int, draft: JournalDraft, outcome: EntryReceipt | EntryRefusal) -> BatchItemOut:
    if isinstance(outcome, EntryReceipt):
        receipt = ReceiptOut.from_core(outcome)
        return BatchItemOut(place=place, entry_id=outcome.entry_id, receipt=receipt, refusal=None)
    is_recorded = outcome.refusal.code not in UNRECORDED
    refusal = _placed(outcome.refusal, draft, at=f"entries[{place}].")
    told = RefusalOut.from_core(refusal, is_recorded=is_recorded, is_replay=outcome.is_replay)
    return BatchItemOut(place=place, entry_id=outcome.entry_id, receipt=None, refusal=told)


def _units(call: Call, book: Book) -> Units:
    return Units.of(books.commodities(call.session, book.book_id), book.functional_currency)


def _no_entry() -> NotFound:
    return NotFound("entry.not_found", "the entry does not exist, or not for you")
