"""What proves a book to an outsider: its newest checkpoint, an entry's inclusion, and that its log only grew.

A caller who may read the book may prove it; the signing key is not here.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.fields import UuidString
from api.schemas.proofs import CheckpointOut, ConsistencyOut, InclusionOut
from ledger import proofs

routes = Routes(tag="proofs")


@routes.get("/books/{book_id}/checkpoint", policy=asks(Scope.LEDGER_READ))
def read_checkpoint(book_id: UuidString, call: ThisCall) -> CheckpointOut:
    """Return the newest signed tree head; keep its note, for with it anyone can prove that the book was rolled back."""
    book = call.load(BOOK, book_id)
    return CheckpointOut.from_core(proofs.newest_checkpoint(call.session, book.book_id))


@routes.get("/books/{book_id}/entries/{entry_id}/proof", policy=asks(Scope.LEDGER_READ))
def prove_entry(
    book_id: UuidString,
    entry_id: UuidString,
    call: ThisCall,
    size: Annotated[
        WholeNumber | None,
        Query(description="The tree's size; when absent, that of the newest checkpoint if it covers the entry."),
    ] = None,
) -> InclusionOut:
    """Return the proof that an entry is in the book's tree, with the bytes that its leaf commits to."""
    book = call.load(BOOK, book_id)
    return InclusionOut.from_core(proofs.prove_inclusion(call.session, book.book_id, entry_id=entry_id, size=size))


@routes.get("/books/{book_id}/consistency", policy=asks(Scope.LEDGER_READ))
def prove_growth(
    book_id: UuidString,
    call: ThisCall,
    old_size: Annotated[WholeNumber, Query(alias="from", description="Size of the older tree, at least 1.")],
    new_size: Annotated[
        WholeNumber | None, Query(alias="to", description="Size of the newer tree; all when absent.")
    ] = None,
) -> ConsistencyOut:
    """Return the proof that the newer tree begins with the older one: nothing was changed or taken away between them."""
    book = call.load(BOOK, book_id)
    proof = proofs.prove_consistency(
        call.session, book.book_id, old_size=old_size, new_size=book.tree_size if new_size is None else new_size
    )
    return ConsistencyOut.from_core(proof)
