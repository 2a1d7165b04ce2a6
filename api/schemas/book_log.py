"""What leaves about a book's log: its entries with their leaves, its checkpoints, and what a whole check found."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, UuidString
from api.schemas.proofs import Hash, SignedNote
from api.store.book_checks import CheckedAudit, CheckedBook
from ledger.core import log
from ledger.store.log_rows import Checkpoint, LogLine


class LogLineOut(Schema):
    """One entry of the log: who recorded it when, and the hash of its leaf."""

    seq: int
    entry_id: UuidString
    kind: Annotated[str, Field(examples=["standard"])]
    effective_on: DateString
    recorded_at: InstantString
    recorded_by: UuidString
    doc_ref: str | None
    leaf_hash: Hash

    @classmethod
    def from_core(cls, line: LogLine) -> LogLineOut:
        """Return the shape of ``line``."""
        return cls(
            seq=line.seq,
            entry_id=line.entry_id,
            kind=line.kind,
            effective_on=line.effective_on,
            recorded_at=line.recorded_at,
            recorded_by=line.actor_id,
            doc_ref=line.doc_ref,
            leaf_hash=line.leaf_hash.hex(),
        )


class LogOut(Schema):
    """A page of a book's log, the newest first, with the head of its tree; ``next_before`` begins the next page."""

    tree_size: int
    tree_root: Hash
    entries: Array[LogLineOut]
    next_before: int | None


class CheckpointLineOut(Schema):
    """A published tree head; ``period_through`` where it closes a period."""

    number: int
    tree_size: int
    tree_root: Hash
    key_name: str
    period_through: DateString | None
    published_at: InstantString
    note: SignedNote

    @classmethod
    def from_core(cls, checkpoint: Checkpoint) -> CheckpointLineOut:
        """Return the shape of ``checkpoint``."""
        return cls(
            number=checkpoint.number,
            tree_size=checkpoint.tree_size,
            tree_root=log.root(checkpoint.tree_peaks).hex(),
            key_name=checkpoint.key_name,
            period_through=checkpoint.period_through,
            published_at=checkpoint.published_at,
            note=checkpoint.note,
        )


class CheckpointsOut(Schema):
    """A page of a book's checkpoints, the newest first."""

    checkpoints: Array[CheckpointLineOut]
    next_before: int | None


class FindingOut(Schema):
    """One kind of thing that does not hold: the first place, what was expected and found there, and how often."""

    code: str
    table: str
    at: str
    expected: str
    found: str
    count: int


class CheckedAuditOut(Schema):
    """What a replay of the organisation's audit log found: its rows, the root of their tree, and a sentence for each finding."""

    is_sound: bool
    rows: int
    root: Hash
    findings: Array[Annotated[str, Field(examples=["row 3: its bytes are not what its leaf commits to"])]]

    @classmethod
    def from_core(cls, checked: CheckedAudit) -> CheckedAuditOut:
        """Return the shape of ``checked``."""
        return cls(
            is_sound=checked.is_sound, rows=checked.rows, root=checked.root.hex(), findings=tuple(checked.findings)
        )


class CheckOut(Schema):
    """What a whole replay of the book and of its organisation's audit log found: nothing, when both are sound.

    ``audit_log`` is null where that log was too long to be replayed in the time of a request; ``started_by`` on the server's terminal.
    """

    is_sound: bool
    entries: int
    tree_size: int
    tree_root: Hash
    checked_at: InstantString
    started_by: UuidString | None
    first_bad: Annotated[
        str | None, Field(description="The first place that does not hold.", examples=["posting seq 2"])
    ]
    findings: Array[FindingOut]
    audit_log: CheckedAuditOut | None

    @classmethod
    def from_core(cls, checked: CheckedBook) -> CheckOut:
        """Return the shape of ``checked``."""
        return cls(
            is_sound=checked.is_sound,
            entries=checked.entries,
            tree_size=checked.tree_size,
            tree_root=checked.tree_root.hex(),
            checked_at=checked.checked_at,
            started_by=checked.started_by,
            first_bad=checked.first_bad,
            findings=tuple(
                FindingOut(
                    code=each.code,
                    table=each.table,
                    at=each.at,
                    expected=each.expected,
                    found=each.found,
                    count=each.count,
                )
                for each in checked.findings
            ),
            audit_log=None if checked.audit is None else CheckedAuditOut.from_core(checked.audit),
        )


class ChecksOut(Schema):
    """The newest checks of a book, the last one first."""

    checks: Array[CheckOut]
