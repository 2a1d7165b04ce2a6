"""What a book's proofs look like: the newest checkpoint, an entry's inclusion, and that one tree continues another.

A proof is in the form that ``tonne_verify.py`` reads from a file: numbers and hashes are strings.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString
from ledger.core import log
from ledger.proofs import ConsistencyProof, InclusionProof
from ledger.store.checkpoints import StoredCheckpoint

Hash = Annotated[str, Field(description="64 hexadecimal digits.", examples=["0f" * 32])]
Count = Annotated[str, Field(description="A whole number.", examples=["42"])]
Origin = Annotated[str, Field(description="The log's name.", examples=["tonne/01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"])]
SignedNote = Annotated[str, Field(description="A checkpoint as C2SP signed note; its text is signed as it stands.")]


class CheckpointOut(Schema):
    """The newest signed tree head of a book. Keep ``note``: whoever kept one can prove a rolled-back book."""

    tree_size: Count
    tree_root: Hash
    published_at: InstantString
    note: SignedNote

    @classmethod
    def from_core(cls, checkpoint: StoredCheckpoint) -> CheckpointOut:
        """Return the shape of ``checkpoint``."""
        return cls(
            tree_size=str(checkpoint.tree_size),
            tree_root=log.root(checkpoint.tree_peaks).hex(),
            published_at=checkpoint.published_at,
            note=checkpoint.note,
        )


class InclusionOut(Schema):
    """That an entry is leaf ``seq`` (from 1) of the tree: its salt and bytes, and the path from their hash to the root."""

    origin: Origin
    seq: Count
    salt: Annotated[str, Field(description="32 hexadecimal digits.")]
    canonical: Annotated[str, Field(description="The entry's canonical JSON; the leaf commits to its UTF-8.")]
    leaf_hash: Hash
    tree_size: Count
    tree_root: Hash
    path: Annotated[Array[Hash], Field(description="RFC 9162 section 2.1.3, from the leaf up.")]
    note: Annotated[SignedNote | None, Field(description="Signs just this tree; null where no checkpoint does.")]

    @classmethod
    def from_core(cls, proof: InclusionProof) -> InclusionOut:
        """Return the shape of ``proof``."""
        return cls(
            origin=proof.origin,
            seq=str(proof.leaf.seq),
            salt=proof.leaf.salt.hex(),
            canonical=proof.leaf.canonical,
            leaf_hash=proof.leaf.leaf_hash.hex(),
            tree_size=str(proof.size),
            tree_root=proof.root.hex(),
            path=tuple(node.hex() for node in proof.path),
            note=proof.note,
        )


class ConsistencyOut(Schema):
    """That the tree of ``tree_size`` entries begins with the tree of ``old_size``."""

    origin: Origin
    old_size: Count
    old_root: Hash
    tree_size: Count
    tree_root: Hash
    path: Annotated[Array[Hash], Field(description="RFC 9162 section 2.1.4.")]
    note: Annotated[SignedNote | None, Field(description="Signs the newer tree; null where no checkpoint does.")]

    @classmethod
    def from_core(cls, proof: ConsistencyProof) -> ConsistencyOut:
        """Return the shape of ``proof``."""
        return cls(
            origin=proof.origin,
            old_size=str(proof.old_size),
            old_root=proof.old_root.hex(),
            tree_size=str(proof.new_size),
            tree_root=proof.new_root.hex(),
            path=tuple(node.hex() for node in proof.path),
            note=proof.note,
        )
