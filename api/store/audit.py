"""The audit log of an organisation: one row for each write request, each a leaf of one RFC 6962 tree.

Owns the canonical bytes of a row and the append under the head's lock, the last thing before a commit. Takes a session first and
never commits. Hashing is ``ledger.core.log``'s. Knows no HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.audit_tables import AuditHeadRow, AuditRow
from ledger.core import log
from ledger.core.proofs import Span
from ledger.store.added_rows import AddedTable
from ledger.store.reading import as_bound, as_id, driver_of, run

_CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDraft:
    """What one write request did: who through what, where, the digests of request and answer, whom it was approved for.

    A digest is ``None`` where a guess of personal data or of a secret could be tested by it, and of the answer where the entry was
    committed before it was made.
    ``resources`` are the ids of the path. ``proposed_by`` and ``proposal_id`` stand where this request is an approval that ran another
    person's; ``user_id`` is then the approver.
    """

    request_id: UUID
    organisation_id: UUID
    user_id: UUID
    key_id: UUID | None
    session_id: UUID | None
    route: str
    resources: tuple[str, ...]
    status: int
    request_sha256: bytes | None
    answer_sha256: bytes | None
    recorded_at: datetime
    proposal_id: UUID | None = None
    proposal_sha256: str | None = None
    proposed_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A row as it stands; ``content`` with ``salt`` is what the leaf commits to."""

    seq: int
    request_id: UUID
    user_id: UUID
    route: str
    recorded_at: datetime
    content: str
    salt: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """How many rows there are, and the peaks of their tree."""

    size: int
    peaks: bytes

    @property
    def root(self) -> bytes:
        """Return the tree head."""
        return log.root(self.peaks)


def canonical(draft: AuditDraft, seq: int) -> str:
    """Return RFC 8785 JSON of a row, version 1: strings, null, and one array of strings."""
    said = {
        "answer_sha256": None if draft.answer_sha256 is None else draft.answer_sha256.hex(),
        "key": _text(draft.key_id),
        "organisation": str(draft.organisation_id),
        "proposal": _text(draft.proposal_id),
        "proposal_sha256": draft.proposal_sha256,
        "proposed_by": _text(draft.proposed_by),
        "recorded_at": draft.recorded_at.isoformat(timespec="microseconds"),
        "request": str(draft.request_id),
        "request_sha256": None if draft.request_sha256 is None else draft.request_sha256.hex(),
        "resources": list(draft.resources),
        "route": draft.route,
        "seq": str(seq),
        "session": _text(draft.session_id),
        "status": str(draft.status),
        "user": str(draft.user_id),
        "v": "1",
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def append(
    session: Session, drafts: Sequence[AuditDraft], *, random_bytes: Callable[[int], bytes], may_stand: bool = False
) -> None:
    """Append rows in order; with ``may_stand``, after a commit whose reply was lost, those that stand are not appended again.

    Locks the head of each organisation, in the order of ids: the last lock of a transaction, held until its commit.
    """
    session.flush()  # what the work still holds back goes before it: the rows below are written on the bare driver
    for organisation_id in sorted({draft.organisation_id for draft in drafts}):
        own = [draft for draft in drafts if draft.organisation_id == organisation_id]
        if may_stand:
            known = _standing(session, organisation_id, [draft.request_id for draft in own])
            own = [draft for draft in own if draft.request_id not in known]
        if own:
            _append_of(session, organisation_id, own, random_bytes)


def head_of(session: Session, organisation_id: UUID) -> AuditHead:
    """Return the head of the organisation's log; of none, the empty tree."""
    row = session.execute(
        select(AuditHeadRow.size, AuditHeadRow.peaks).where(AuditHeadRow.organisation_id == organisation_id)
    ).first()
    return AuditHead(size=0, peaks=b"") if row is None else AuditHead(size=row.size, peaks=bytes(row.peaks))


def entries(session: Session, organisation_id: UUID, *, after: int = 0) -> Iterator[AuditEntry]:
    """Yield every row from ``after`` (exclusive) on, in order, a thousand a query."""
    while found := list_entries(session, organisation_id, after=after, limit=_CHUNK):
        yield from found
        after = found[-1].seq


def list_entries(
    session: Session, organisation_id: UUID, *, after: int, limit: int, user_id: UUID | None = None
) -> tuple[AuditEntry, ...]:
    """Return a page of rows by seq from ``after`` (exclusive) on, of one person where given."""
    wanted = select(AuditRow).where(AuditRow.organisation_id == organisation_id, AuditRow.seq > after)
    if user_id is not None:
        wanted = wanted.where(AuditRow.user_id == user_id)
    return tuple(_entry(row) for row in session.scalars(wanted.order_by(AuditRow.seq).limit(limit)))


def newest_entries(
    session: Session, organisation_id: UUID, *, before: int | None, limit: int, user_id: UUID | None = None
) -> tuple[AuditEntry, ...]:
    """Return a page of rows, the newest first, below seq ``before``, of one person where given."""
    wanted = select(AuditRow).where(AuditRow.organisation_id == organisation_id)
    if before is not None:
        wanted = wanted.where(AuditRow.seq < before)
    if user_id is not None:
        wanted = wanted.where(AuditRow.user_id == user_id)
    return tuple(_entry(row) for row in session.scalars(wanted.order_by(AuditRow.seq.desc()).limit(limit)))


def leaves(session: Session, organisation_id: UUID, span: Span) -> tuple[bytes, ...]:
    """Return the leaf hashes of a span: rows ``span.start + 1`` to ``span.end``."""
    found = session.scalars(
        select(AuditRow.leaf_hash)
        .where(AuditRow.organisation_id == organisation_id, AuditRow.seq > span.start, AuditRow.seq <= span.end)
        .order_by(AuditRow.seq)
    )
    return tuple(bytes(leaf) for leaf in found)


def organisations_with_rows(session: Session) -> tuple[UUID, ...]:
    """Return the organisations that have a log, by id."""
    return tuple(session.scalars(select(AuditHeadRow.organisation_id).order_by(AuditHeadRow.organisation_id)))


def _append_of(
    session: Session, organisation_id: UUID, drafts: Sequence[AuditDraft], random_bytes: Callable[[int], bytes]
) -> None:
    own = as_id(session, organisation_id)
    lock = " FOR UPDATE" if driver_of(session).is_postgresql else ""
    head = run(session, f"{_HEAD}{lock}", own).fetchone()
    if head is None:  # two at once: the second finds the row taken, and its whole work is begun again
        run(session, "INSERT INTO audit_head (organisation_id, size, peaks) VALUES (?, 0, ?)", own, b"")
    size, peaks = (0, b"") if head is None else (head[0], bytes(head[1]))
    rows: list[tuple[object, ...]] = []
    added: list[bytes] = []
    for seq, draft in enumerate(drafts, start=size + 1):
        content, salt = canonical(draft, seq), random_bytes(log.SALT_BYTES)
        added.append(log.leaf_hash(salt, content.encode()))
        who = seq, as_id(session, draft.request_id), as_id(session, draft.user_id)
        rows.append((*who, draft.route, as_bound(session, draft.recorded_at), content, salt, added[-1]))
    _ROWS.add(session, own, rows)
    peaks, size = log.append_leaves(peaks, size, added)
    run(session, "UPDATE audit_head SET size = ?, peaks = ? WHERE organisation_id = ?", size, peaks, own)


_HEAD = "SELECT size, peaks FROM audit_head WHERE organisation_id = ?"
_ROWS = AddedTable(
    "audit_row",
    lead="organisation_id",
    seq="bigint",
    request_id="uuid",
    user_id="uuid",
    route="text",
    recorded_at="timestamptz",
    content="text",
    salt="bytea",
    leaf_hash="bytea",
)


def _standing(session: Session, organisation_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for start in range(0, len(ids), _CHUNK):
        asked = AuditRow.request_id.in_(ids[start : start + _CHUNK])
        found.update(
            session.scalars(select(AuditRow.request_id).where(AuditRow.organisation_id == organisation_id, asked))
        )
    return found


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        seq=row.seq,
        request_id=row.request_id,
        user_id=row.user_id,
        route=row.route,
        recorded_at=row.recorded_at,
        content=row.content,
        salt=bytes(row.salt),
        leaf_hash=bytes(row.leaf_hash),
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
