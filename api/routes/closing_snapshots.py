"""The frozen marks of each close, version by version, and what differs between two snapshots."""

from __future__ import annotations

from datetime import timedelta

from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.feeds import ClosingOut, ClosingsOut, DifferencesOut, FrozenCloseOut, RefreezeIn
from api.schemas.fields import CodeString, DateString, UuidString
from finance.market.closes import find_close
from finance.market.overrides import jumps
from finance.market.snapshot_differences import differences
from finance.operations import closing_snapshots
from finance.store import closing_snapshots as closing_store
from finance.store import reference
from ledger.core.errors import Invalid

routes = Routes(tag="market")

_MOST_DAYS = 366


@routes.get("/closing-snapshots/{close}", policy=asks(Scope.LEDGER_READ))
def list_closing_snapshots(close: CodeString, since: DateString, until: DateString, call: ThisCall) -> ClosingsOut:
    """Return every version of a close for days from ``since`` to ``until``, both inclusive, at most a year."""
    known = find_close(reference.shipped_closes(), close, on=until)
    if not since <= until <= since + timedelta(days=_MOST_DAYS):
        raise Invalid("query.until", f"until: expected a day from since to {_MOST_DAYS} days later", field="until")
    found = closing_store.list_closings(
        call.session, call.principal.organisation_id, known.id, since=since, until=until
    )
    return ClosingsOut(closings=tuple(ClosingOut.from_core(one) for one in found))


@routes.post("/closing-snapshots/{close}/{day}/refreeze", policy=asks(Scope.MARKET_APPROVE))
def refreeze_close(close: CodeString, day: DateString, body: RefreezeIn, call: ThisCall) -> FrozenCloseOut:
    """Freeze the next version of a close by what is known now, for a reason; earlier versions stay as they are."""
    frozen = closing_snapshots.refreeze_close(
        call.session,
        call.principal.organisation_id,
        find_close(reference.shipped_closes(), close, on=day),
        day,
        reason=body.reason,
        actor=call.principal.actor,
        now=call.now,
    )
    return FrozenCloseOut.from_core(frozen)


@routes.get("/snapshots/{snapshot_id}/differences", policy=asks(Scope.LEDGER_READ))
def read_differences(snapshot_id: UuidString, other: UuidString, call: ThisCall) -> DifferencesOut:
    """Return what differs from this snapshot to the ``other`` one, mark by mark."""
    before, after = call.load(MARKET_SNAPSHOT, snapshot_id), call.load(MARKET_SNAPSHOT, other)
    return DifferencesOut.from_core(before, after, differences(before, after), jumps(before, after))
