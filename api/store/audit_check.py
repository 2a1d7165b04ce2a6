"""Whether an organisation's audit log is what was written, and what proves a part of it.

Reads only. Hashes and proofs are ``ledger.core``'s; a root kept outside is what catches a whole log written anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from api.store import audit
from api.store.audit import AuditEntry, AuditHead
from ledger.core import log
from ledger.core import proofs as trees
from ledger.core.proofs import Span

_MOST_FINDINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """What a check saw: the head worked out from the rows' bytes, and what is wrong, row by row."""

    organisation_id: UUID
    head: AuditHead
    findings: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHead:
    """A head kept outside: how many rows, and their root."""

    size: int
    root: bytes


def check(session: Session, organisation_id: UUID, *, known: tuple[KnownHead, ...] = ()) -> AuditCheck:
    """Return what replaying the log finds: gaps, changed bytes, columns that say other than the bytes, a head that is not theirs.

    The tree must pass through each ``known`` head; a log shorter than one is a finding too.
    """
    findings: list[str] = []
    roots = {each.size: each.root for each in known}
    peaks, size = b"", 0
    for entry in audit.entries(session, organisation_id):
        if entry.seq != size + 1:
            findings.append(f"row {size + 1}: missing; row {entry.seq} follows row {size}")
        findings += [f"row {entry.seq}: {problem}" for problem in _problems(entry, organisation_id)]
        peaks, size = log.append_leaves(peaks, size, [log.leaf_hash(entry.salt, entry.content.encode())])
        if size in roots and log.root(peaks) != roots[size]:
            findings.append(f"row {size}: the tree here is not the one that is known from outside")
    stored = audit.head_of(session, organisation_id)
    if (stored.size, stored.peaks) != (size, peaks):
        findings.append(f"head: {stored.size} rows with root {stored.root.hex()}; the rows give {size}")
    findings += [f"head: {size} rows; {asked} are known from outside" for asked in roots if asked > size]
    return AuditCheck(
        organisation_id=organisation_id,
        head=AuditHead(size=size, peaks=peaks),
        findings=tuple(findings[:_MOST_FINDINGS]),
    )


def inclusion(session: Session, organisation_id: UUID, seq: int, head: AuditHead) -> tuple[bytes, ...]:
    """Return the hashes from row ``seq`` to the head's root; beyond the log ``log.index``."""
    return _roots(session, organisation_id, trees.inclusion_spans(index=seq - 1, size=head.size), head)


def consistency(session: Session, organisation_id: UUID, old_size: int, head: AuditHead) -> tuple[bytes, ...]:
    """Return the hashes that prove that the log begins with its first ``old_size`` rows; beyond it ``log.size``."""
    spans = trees.consistency_spans(old_size=old_size, new_size=head.size)
    return _roots(session, organisation_id, spans, head)


def root_at(session: Session, organisation_id: UUID, size: int, head: AuditHead) -> bytes:
    """Return the root over the first ``size`` rows."""
    return _roots(session, organisation_id, (Span(0, size),), head)[0]


def _roots(session: Session, organisation_id: UUID, spans: tuple[Span, ...], head: AuditHead) -> tuple[bytes, ...]:
    known = trees.peaks_by_span(head.peaks, head.size)
    return tuple(
        trees.span_root(span, known=known, leaves=lambda part: audit.leaves(session, organisation_id, part))
        for span in spans
    )


def _problems(entry: AuditEntry, organisation_id: UUID) -> list[str]:
    problems = []
    if log.leaf_hash(entry.salt, entry.content.encode()) != entry.leaf_hash:
        problems.append("its bytes are not what its leaf commits to")
    try:
        said = json.loads(entry.content)
    except ValueError:
        return [*problems, "its content is no JSON"]
    columns = {
        "organisation": str(organisation_id),
        "recorded_at": entry.recorded_at.isoformat(timespec="microseconds"),
        "request": str(entry.request_id),
        "route": entry.route,
        "seq": str(entry.seq),
        "user": str(entry.user_id),
    }
    if not isinstance(said, dict):
        return [*problems, "its content is no object"]
    problems += [f"{name}: the column says other than the bytes" for name in columns if said.get(name) != columns[name]]
    return problems
