"""Personal data of a book: keep a note behind a commitment, read it, erase it for good.

Only an administrator of the book's own organisation reads or erases; entries and proofs never show more than the commitment.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.fields import UuidString
from api.schemas.persons import PersonNoteIn, PersonNoteKeptOut, PersonNoteOut
from ledger import persons
from ledger.core.errors import Invalid

routes = Routes(tag="persons")

NoIdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", description="Not taken here: send the same ref again instead.")
]


@routes.post("/books/{book_id}/persons", policy=asks(Scope.LEDGER_WRITE), is_private=True)
def keep_note(
    book_id: UuidString, body: PersonNoteIn, call: ThisCall, idempotency_key: NoIdempotencyKey = None
) -> PersonNoteKeptOut:
    """Keep a note about persons and return the commitment that an entry about them carries.

    The same ref with the same content again returns the same commitment. No Idempotency-Key is taken: the digest that is
    kept of a keyed request would let a guess of the content be tested after its erasure.
    """
    if idempotency_key is not None:
        raise Invalid(
            "person.idempotency_key",
            "Idempotency-Key: not taken for personal data; a repeat is known by its ref, send the same ref again",
            field="Idempotency-Key",
        )
    book = call.load(BOOK, book_id)
    commitment = persons.attach(
        call.session,
        book.book_id,
        ref=body.ref,
        content=body.content,
        recorded_by=call.principal.user_id,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return PersonNoteKeptOut(ref=body.ref, commitment=commitment.hex())


@routes.get("/books/{book_id}/persons/{ref}", policy=asks(Scope.LEDGER_READ, Scope.ADMIN))
def read_note(book_id: UuidString, ref: UuidString, call: ThisCall) -> PersonNoteOut:
    """Return a note about persons, or the tombstone of an erased one."""
    book = call.load(BOOK, book_id)
    return PersonNoteOut.from_core(persons.read(call.session, book.book_id, ref))


@routes.post("/books/{book_id}/persons/{ref}/erase", policy=asks(Scope.LEDGER_WRITE, Scope.ADMIN), status=200)
def erase_note(book_id: UuidString, ref: UuidString, call: ThisCall) -> PersonNoteOut:
    """Erase a note's content and salt for good; every proof stays valid. Again changes nothing."""
    book = call.load(BOOK, book_id)
    return PersonNoteOut.from_core(
        persons.erase(call.session, book.book_id, ref, erased_by=call.principal.user_id, now=call.now)
    )
