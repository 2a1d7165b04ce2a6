"""Marks that two persons stand for, and frozen snapshots of marks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.market_kinds import MARKET_MARK, MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.segregation import refuse_trader
from api.deps import ThisCall
from api.schemas.fields import CodeString, DateString, UuidString
from api.schemas.market import (
    MarkIn,
    MarkRecordOut,
    MarkRecordsOut,
    MarkWithdrawalIn,
    SnapshotIn,
    SnapshotLineOut,
    SnapshotOut,
    SnapshotsOut,
)
from api.schemas.proposals import ApprovalIn
from finance.operations import market
from finance.operations import marks as mark_operations
from finance.store import market as market_store
from finance.store import marks

routes = Routes(tag="market")


@routes.post("/market-marks", policy=asks(Scope.MARKET_WRITE))
def propose_mark(body: MarkIn, call: ThisCall) -> MarkRecordOut:
    """Propose a price for days on which the feed has none, or instead of it; it values nothing until a colleague approves it.

    A person who may trade neither makes nor checks a price.
    """
    refuse_trader(call.session, call.principal, now=call.now)
    record = mark_operations.propose_mark(
        call.session,
        call.principal.organisation_id,
        body.to_core(default_days=mark_operations.default_validity_days(body.valid_from)),
        actor=call.principal.actor,
        now=call.now,
    )
    return MarkRecordOut.from_core(record)


@routes.post("/market-marks/{mark_id}/approve", policy=asks(Scope.MARKET_APPROVE), status=200)
def approve_mark(mark_id: UuidString, body: ApprovalIn, call: ThisCall) -> MarkRecordOut:
    """Approve a proposed mark as a second person; far from the feed's price it then waits for a third."""
    call.load(MARKET_MARK, mark_id)
    refuse_trader(call.session, call.principal, now=call.now)
    principal = call.principal
    record = mark_operations.approve_mark(
        call.session, principal.organisation_id, mark_id, sha256=body.sha256, actor=principal.actor, now=call.now
    )
    return MarkRecordOut.from_core(record)


@routes.post("/market-marks/{mark_id}/second-check", policy=asks(Scope.MARKET_APPROVE), status=200)
def second_check_mark(mark_id: UuidString, body: ApprovalIn, call: ThisCall) -> MarkRecordOut:
    """Agree as a third person to a mark that stands further from the feed than one checker may approve."""
    call.load(MARKET_MARK, mark_id)
    refuse_trader(call.session, call.principal, now=call.now)
    principal = call.principal
    record = mark_operations.second_check_mark(
        call.session, principal.organisation_id, mark_id, sha256=body.sha256, actor=principal.actor, now=call.now
    )
    return MarkRecordOut.from_core(record)


@routes.post("/market-marks/{mark_id}/withdraw", policy=asks(Scope.MARKET_APPROVE), status=200)
def withdraw_mark(mark_id: UuidString, body: MarkWithdrawalIn, call: ThisCall) -> MarkRecordOut:
    """End an approved mark from now on; snapshots frozen before stay as they are."""
    call.load(MARKET_MARK, mark_id)
    principal = call.principal
    record = mark_operations.withdraw_mark(
        call.session,
        principal.organisation_id,
        mark_id,
        reason=body.reason,
        actor=principal.actor,
        now=call.now,
    )
    return MarkRecordOut.from_core(record)


@routes.get("/market-marks", policy=asks(Scope.LEDGER_READ))
def list_marks(call: ThisCall, instrument: CodeString) -> MarkRecordsOut:
    """Return an instrument's proposed marks, approved or not, by first day."""
    found = marks.list_marks(call.session, call.principal.organisation_id, instruments=(instrument,))
    return MarkRecordsOut(marks=tuple(MarkRecordOut.from_core(record) for record in found))


@routes.get("/market-marks/{mark_id}", policy=asks(Scope.LEDGER_READ))
def read_mark(mark_id: UuidString, call: ThisCall) -> MarkRecordOut:
    """Return a proposed mark and what became of it."""
    return MarkRecordOut.from_core(call.load(MARKET_MARK, mark_id))


@routes.post("/snapshots", policy=asks(Scope.MARKET_WRITE))
def freeze_snapshot(body: SnapshotIn, call: ThisCall) -> SnapshotOut:
    """Freeze the marks of a day; the same request again returns what was frozen, whatever was learned since."""
    organisation_id = call.principal.organisation_id
    standing = market_store.find_snapshot(call.session, organisation_id, body.snapshot_id)
    known_at = body.known_at or (call.now if standing is None else standing.known_at)
    snapshot = market.freeze_snapshot(
        call.session,
        organisation_id,
        snapshot_id=body.snapshot_id,
        as_of=body.as_of,
        known_at=known_at,
        instruments=body.instruments,
        actor=call.principal.actor,
        now=call.now,
    )
    return SnapshotOut.from_core(snapshot)


@routes.get("/snapshots", policy=asks(Scope.LEDGER_READ))
def list_snapshots(
    call: ThisCall,
    until: Annotated[DateString, Query(description="The last day, inclusive.")],
    limit: Annotated[int, Query(ge=1, le=200, description="1 to 200 snapshots.")] = 20,
) -> SnapshotsOut:
    """Return the organisation's frozen snapshots of days up to ``until``, the newest day first."""
    found = market_store.list_snapshots(call.session, call.principal.organisation_id, until=until, limit=limit)
    return SnapshotsOut(snapshots=tuple(SnapshotLineOut.from_core(line) for line in found))


@routes.get("/snapshots/{snapshot_id}", policy=asks(Scope.LEDGER_READ))
def read_snapshot(snapshot_id: UuidString, call: ThisCall) -> SnapshotOut:
    """Return a frozen snapshot, its stored bytes checked against its hash."""
    return SnapshotOut.from_core(call.load(MARKET_SNAPSHOT, snapshot_id))
