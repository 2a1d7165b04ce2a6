"""The audit log of the caller's organisation: every write request as a leaf, with proofs that nothing was rewritten."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.scope import USER
from api.deps import ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.audit import AuditConsistencyOut, AuditHeadOut, AuditOut, AuditProofOut, AuditRowOut
from api.schemas.fields import UuidString
from api.store import audit, audit_check
from ledger.core.errors import Invalid, NotFound

routes = Routes(tag="audit")

_PAGE = 200
_READS = asks(Scope.ACCESS_READ)


@routes.get("/audit", policy=_READS)
def list_audit(
    call: ThisCall,
    before: Annotated[WholeNumber | None, Query(description="next_before of the page before.")] = None,
    user_id: Annotated[UuidString | None, Query(description="Only what this person did.")] = None,
    limit: Annotated[WholeNumber, Query(description="1 to 200 rows.")] = _PAGE,
) -> AuditOut:
    """Return a page of the organisation's audit log, the newest first, with the head of its tree."""
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    if user_id is not None:
        call.load(USER, user_id)
    organisation_id = call.principal.organisation_id
    found = audit.newest_entries(call.session, organisation_id, before=before, limit=limit + 1, user_id=user_id)
    page = found[:limit]
    return AuditOut(
        head=AuditHeadOut.from_core(audit.head_of(call.session, organisation_id)),
        rows=tuple(map(AuditRowOut.from_core, page)),
        next_before=page[-1].seq if len(found) > limit else None,
    )


@routes.get("/audit/{seq}/proof", policy=_READS)
def prove_audit_row(seq: WholeNumber, call: ThisCall) -> AuditProofOut:
    """Return a row with the proof that it is in the organisation's log."""
    organisation_id = call.principal.organisation_id
    head = audit.head_of(call.session, organisation_id)
    if not 1 <= seq <= head.size:
        raise NotFound("audit.not_found", f"seq: expected 1 to {head.size}, the rows there are")
    (entry,) = audit.list_entries(call.session, organisation_id, after=seq - 1, limit=1)
    return AuditProofOut(
        row=AuditRowOut.from_core(entry),
        head=AuditHeadOut.from_core(head),
        path=tuple(each.hex() for each in audit_check.inclusion(call.session, organisation_id, seq, head)),
    )


@routes.get("/audit/consistency", policy=_READS)
def prove_audit_history(
    call: ThisCall, old_size: Annotated[WholeNumber, Query(description="The size of a head that was kept.")]
) -> AuditConsistencyOut:
    """Return the proof that the log begins with its first ``old_size`` rows as they were."""
    organisation_id = call.principal.organisation_id
    head = audit.head_of(call.session, organisation_id)
    if not 1 <= old_size <= head.size:
        raise Invalid("audit.size", f"old_size: expected 1 to {head.size}, the rows there are", field="old_size")
    path = audit_check.consistency(call.session, organisation_id, old_size, head)
    return AuditConsistencyOut(
        old_size=old_size,
        old_root=audit_check.root_at(call.session, organisation_id, old_size, head).hex(),
        head=AuditHeadOut.from_core(head),
        path=tuple(each.hex() for each in path),
    )
