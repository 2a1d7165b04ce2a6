"""What enters and leaves about periods: the last day to close, the book's locks after it, and the closings so far."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, UuidString
from ledger.core import log
from ledger.store.books import Book
from ledger.store.closings import Closing


class PeriodCloseIn(Schema):
    """The last day to be closed, inclusive."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"through": "2025-12-31"}]})

    through: DateString


class PeriodStateOut(Schema):
    """The book's locks and the tree head that covers the closing."""

    book_id: UuidString
    locked_through: Annotated[DateString | None, Field(description="The last closed day, inclusive.")]
    soft_locked_through: Annotated[
        DateString | None, Field(description="The last day on which only a closer still posts, inclusive.")
    ]
    state_root: Annotated[
        str | None, Field(description="SHA-256 over the balances at the close of a hard close's last day.")
    ]
    tree_size: int
    tree_root: Annotated[str, Field(description="64 hexadecimal digits.")]

    @classmethod
    def from_core(cls, book: Book, state_root: bytes | None = None) -> PeriodStateOut:
        """Return the shape of the book's locks."""
        return cls(
            book_id=book.book_uuid,
            locked_through=book.locked_through,
            soft_locked_through=book.soft_locked_through,
            state_root=None if state_root is None else state_root.hex(),
            tree_size=book.tree_size,
            tree_root=log.root(book.tree_peaks).hex(),
        )


class ClosingOut(Schema):
    """One closing as the ledger recorded it: a leaf of the book's tree, vouched for by every checkpoint of its size or more."""

    closing: Annotated[str, Field(description="hard, soft or reopened.", examples=["hard"])]
    through: DateString
    state_root: str | None
    entry_id: UuidString
    seq: int
    tree_size: Annotated[int, Field(description="Size of the smallest tree that covers the closing.")]
    leaf_hash: str
    recorded_at: InstantString
    recorded_by: Annotated[UuidString, Field(description="The person.")]
    acting_for: Annotated[UuidString, Field(description="The organisation.")]

    @classmethod
    def from_core(cls, closing: Closing) -> ClosingOut:
        """Return the shape of ``closing``."""
        return cls(
            closing=closing.closing,
            through=closing.through,
            state_root=closing.state_root,
            entry_id=closing.entry_id,
            seq=closing.seq,
            tree_size=closing.seq,
            leaf_hash=closing.leaf_hash.hex(),
            recorded_at=closing.recorded_at,
            recorded_by=closing.actor_id,
            acting_for=closing.acting_for_id,
        )


class ClosingsOut(Schema):
    """A page of a book's closings, newest first, and its locks now."""

    locked_through: DateString | None
    soft_locked_through: DateString | None
    closings: Array[ClosingOut]
    next_cursor: Annotated[str | None, Field(description="Send it as after to read on.", examples=["MTAyNC4x"])]
