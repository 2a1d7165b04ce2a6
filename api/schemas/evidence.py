"""What leaves about events as leaves of a log: their receipts, and the proofs that the leaves are in the tree."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, UuidString
from api.schemas.proofs import Count, Hash, InclusionOut
from finance.store.evidence import EvidenceReceipt
from ledger.proofs import InclusionProof


class ReceiptOut(Schema):
    """That an event is a leaf of an evidence book: its place there, the leaf's hash, and the digest of the event that it carries."""

    event: Annotated[str, Field(examples=["accepted"])]
    number: Count
    entry_id: UuidString
    seq: Count
    leaf_hash: Hash
    digest: Hash
    recorded_at: InstantString

    @classmethod
    def from_core(cls, receipt: EvidenceReceipt) -> ReceiptOut:
        """Return the shape of ``receipt``."""
        return cls(
            event=receipt.event,
            number=str(receipt.number),
            entry_id=receipt.entry_id,
            seq=str(receipt.seq),
            leaf_hash=receipt.leaf_hash.hex(),
            digest=receipt.digest,
            recorded_at=receipt.recorded_at,
        )


class ProvenReceiptOut(Schema):
    """A receipt, the event's canonical JSON of which ``receipt.digest`` is the SHA-256, and the proof of its leaf."""

    book_id: UUID
    receipt: ReceiptOut
    document: str
    proof: InclusionOut

    @classmethod
    def from_core(cls, receipt: EvidenceReceipt, proof: InclusionProof) -> ProvenReceiptOut:
        """Return the shape of a receipt with its proof; the log's name ends in the book's id."""
        return cls(
            book_id=UUID(proof.origin.rpartition("/")[2]),
            receipt=ReceiptOut.from_core(receipt),
            document=receipt.document,
            proof=InclusionOut.from_core(proof),
        )


class ProvenReceiptsOut(Schema):
    """Everything that befell one subject, in order, each provable offline with the book's checkpoint."""

    receipts: Array[ProvenReceiptOut]
