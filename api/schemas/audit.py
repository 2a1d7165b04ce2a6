"""What leaves about the audit log: rows, the tree's head, proofs.

Shapes only. A row's ``content`` with its ``salt`` is what its leaf commits to, so that anybody can compute it.
"""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, UuidString
from api.schemas.proofs import Hash
from api.store.audit import AuditEntry, AuditHead


class AuditRowOut(Schema):
    """One write request: who, through which key or session, what, with which outcome; ``proposed_by`` where it ran another's."""

    seq: int
    recorded_at: InstantString
    user_id: UuidString
    route: Annotated[str, Field(examples=["POST /v1/transfers"])]
    status: Annotated[int, Field(examples=[201])]
    key_id: str | None
    session_id: str | None
    resources: Array[str]
    request_sha256: str | None
    answer_sha256: str | None
    proposal_id: str | None
    proposal_sha256: str | None
    proposed_by: str | None
    content: Annotated[str, Field(description="RFC 8785 JSON: what the leaf commits to, after the salt.")]
    salt: Annotated[str, Field(description="Hexadecimal.")]
    leaf_hash: Hash

    @classmethod
    def from_core(cls, entry: AuditEntry) -> AuditRowOut:
        """Return the shape of ``entry``; what it says is read from what the leaf commits to."""
        said = json.loads(entry.content)
        return cls(
            seq=entry.seq,
            recorded_at=entry.recorded_at,
            user_id=entry.user_id,
            route=entry.route,
            status=int(said["status"]),
            key_id=said["key"],
            session_id=said["session"],
            resources=tuple(said["resources"]),
            request_sha256=said["request_sha256"],
            answer_sha256=said["answer_sha256"],
            proposal_id=said["proposal"],
            proposal_sha256=said["proposal_sha256"],
            proposed_by=said["proposed_by"],
            content=entry.content,
            salt=entry.salt.hex(),
            leaf_hash=entry.leaf_hash.hex(),
        )


class AuditHeadOut(Schema):
    """The tree over the organisation's audit log: keep it outside, and a later check shows that nothing was rewritten."""

    size: int
    root: Hash

    @classmethod
    def from_core(cls, head: AuditHead) -> AuditHeadOut:
        """Return the shape of ``head``."""
        return cls(size=head.size, root=head.root.hex())


class AuditOut(Schema):
    """A page of the audit log, the newest first; ``next_before`` begins the next."""

    head: AuditHeadOut
    rows: Array[AuditRowOut]
    next_before: int | None


class AuditProofOut(Schema):
    """That a row is in the tree of ``head``: RFC 6962 inclusion, hashes from leaf to root."""

    row: AuditRowOut
    head: AuditHeadOut
    path: Array[Hash]


class AuditConsistencyOut(Schema):
    """That the log begins with its first ``old_size`` rows as they were: RFC 6962 consistency."""

    old_size: int
    old_root: Hash
    head: AuditHeadOut
    path: Array[Hash]
