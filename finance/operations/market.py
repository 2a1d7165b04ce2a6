"""Taking in prices, and freezing the marks of a day.

Joins the caller's transaction and commits nothing. What was learned when is stamped here with ``now``: nobody dates
knowledge back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from finance.market.bounds import InstrumentBound
from finance.market.observations import Acceptance, Observation, accept_all, check_instant
from finance.market.snapshots import Snapshot, build_snapshot
from finance.store import calendar_years, reference
from finance.store import market as market_store
from finance.store import marks as mark_store
from finance.store.market import RawFile
from ledger.core.errors import Conflict, Invalid
from ledger.core.parties import Actor

_STORED = (Acceptance.NEW, Acceptance.REVISED, Acceptance.CORROBORATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """How many observations of a file were what; ``held`` are those newly kept for review.

    ``duplicate`` counts what was said before, also what is held already.
    """

    new: int
    duplicate: int
    revised: int
    corroborated: int
    held: int


def import_observations(
    session: Session,
    organisation_id: UUID,
    observations: Sequence[Observation],
    raw: RawFile,
    bounds: Iterable[InstrumentBound],
    *,
    actor: Actor,
    now: datetime,
) -> ImportCounts:
    """Keep ``raw`` and store what its ``observations`` add to what is known, stamped as known at ``now``.

    Contradictions and hard breaches are held for review and mark nothing; the others of the file go in. The same file
    again changes nothing. An observation that names other bytes than ``raw`` is ``market.raw_mismatch``.
    """
    check_import(observations, raw, now=now)
    market_store.lock_market(session, organisation_id)
    market_store.save_raw_file(session, organisation_id, raw, by=actor.user_id, at=now)
    if not observations:
        return ImportCounts(new=0, duplicate=0, revised=0, corroborated=0, held=0)
    existing = market_store.list_observations(
        session,
        organisation_id,
        instruments={seen.instrument for seen in observations},
        since=min(seen.trade_date for seen in observations),
        until=max(seen.trade_date for seen in observations),
    )
    outcomes = accept_all(existing, (replace(seen, known_at=now) for seen in observations), bounds)
    stored = [outcome.observation for outcome in outcomes if outcome.is_stored]
    market_store.save_observations(session, organisation_id, stored, actor.user_id)
    # What was said, stored and later set aside on review is no new contradiction when its source says it again.
    said_before = {market_store.held_key(seen) for seen in existing}
    waiting = [
        one
        for one in outcomes
        if one.acceptance in {Acceptance.CONFLICT, Acceptance.QUARANTINED}
        and market_store.held_key(one.observation) not in said_before
    ]
    held = market_store.hold_observations(session, organisation_id, waiting, actor.user_id) if waiting else 0
    counted = Counter(outcome.acceptance for outcome in outcomes)
    return ImportCounts(
        new=counted[Acceptance.NEW],
        duplicate=len(outcomes) - sum(counted[kind] for kind in _STORED) - held,
        revised=counted[Acceptance.REVISED],
        corroborated=counted[Acceptance.CORROBORATED],
        held=held,
    )


def check_import(observations: Sequence[Observation], raw: RawFile, *, now: datetime) -> None:
    """Refuse observations of other bytes than ``raw`` and prices of the future; nothing is written."""
    check_instant(now, field="now")
    if any(seen.raw_sha256 != raw.sha256 for seen in observations):
        raise Invalid(
            "market.raw_mismatch",
            f"raw_sha256: expected every observation to be read from {raw.file_name}; parse that very file",
            file=raw.file_name,
        )
    latest = now.date() + timedelta(days=1)  # the exchange's day may have begun before ours in UTC
    for seen in observations:
        if seen.trade_date > latest:
            raise Invalid(
                "market.trade_date_future",
                f"trade_date: expected a day up to {latest}, a price of the future is none; correct the file",
                field="trade_date",
                instrument=seen.instrument,
            )


def freeze_snapshot(
    session: Session,
    organisation_id: UUID,
    *,
    snapshot_id: UUID,
    as_of: date,
    known_at: datetime,
    instruments: Iterable[str],
    actor: Actor,
    now: datetime,
) -> Snapshot:
    """Freeze the marks of ``instruments`` for ``as_of`` by what was known at ``known_at``, and return them.

    The same id, day, instant and instruments again return what was frozen, whatever was learned or ruled since; other
    ones are ``market.snapshot_exists``. ``known_at`` after ``now`` is refused: what will be known is not known.
    """
    check_instant(known_at, field="known_at")
    wanted = sorted(set(instruments))
    if not wanted:
        raise Invalid("market.snapshot_empty", "instruments: expected at least one instrument to mark")
    if known_at > now:
        raise Invalid("market.known_at", "known_at: expected an instant up to now", known_at=known_at.isoformat())
    market_store.lock_market(session, organisation_id)
    standing = market_store.find_snapshot(session, organisation_id, snapshot_id)
    if standing is not None:
        if (standing.as_of, standing.known_at, [one.instrument for one in standing.marks]) == (as_of, known_at, wanted):
            return standing
        raise _snapshot_exists(snapshot_id)
    if market_store.is_snapshot_id_taken(session, snapshot_id):
        raise _snapshot_exists(snapshot_id)
    records = mark_store.list_marks(session, organisation_id, instruments=wanted)
    held = calendar_years.load_calendars(session, organisation_id, known_at=known_at)
    snapshot = build_snapshot(
        str(snapshot_id),
        as_of=as_of,
        known_at=known_at,
        instruments=wanted,
        observations=market_store.list_observations(
            session, organisation_id, instruments=wanted, until=as_of, known_at=known_at
        ),
        calendars={name: one.calendar for name, one in held.items()},
        editions={name: one.edition for name, one in held.items()},
        rules=reference.shipped_mark_rules(),
        approved=[mark for mark in (record.approved_mark() for record in records) if mark is not None],
    )
    market_store.save_snapshot(session, organisation_id, snapshot_id, snapshot, by=actor.user_id, at=now)
    return snapshot


def _snapshot_exists(snapshot_id: UUID) -> Conflict:
    return Conflict(
        "market.snapshot_exists",
        "snapshot_id: a snapshot of that id stands with another day, instant or instruments; use a new id",
        snapshot_id=str(snapshot_id),
    )
