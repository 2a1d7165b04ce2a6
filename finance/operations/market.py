"""Taking in prices, letting two persons stand for a mark, and freezing the marks of a day.

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
from finance.market.marks import ApprovedMark
from finance.market.observations import Acceptance, Observation, accept_all, check_instant, check_text
from finance.market.snapshots import Snapshot, build_snapshot
from finance.store import market as market_store
from finance.store import marks as mark_store
from finance.store import reference
from finance.store.market import RawFile
from finance.store.marks import MarkProposal, MarkRecord
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.core.parties import Actor


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
    waiting = [one for one in outcomes if one.acceptance in {Acceptance.CONFLICT, Acceptance.QUARANTINED}]
    held = market_store.hold_observations(session, organisation_id, waiting, actor.user_id) if waiting else 0
    counted = Counter(outcome.acceptance for outcome in outcomes)
    return ImportCounts(
        new=counted[Acceptance.NEW],
        duplicate=counted[Acceptance.DUPLICATE] + len(waiting) - held,
        revised=counted[Acceptance.REVISED],
        corroborated=counted[Acceptance.CORROBORATED],
        held=held,
    )


def propose_mark(
    session: Session, organisation_id: UUID, proposal: MarkProposal, *, actor: Actor, now: datetime
) -> MarkRecord:
    """Record a price that ``actor`` proposes; it values nothing until somebody else approves it.

    The same again changes nothing; another content or maker under the id is ``market.mark_exists``. A validity beyond
    the rules' days is ``market.validity``.
    """
    rules = reference.shipped_mark_rules()
    rules.ranks(proposal.instrument, on=proposal.valid_from)  # an instrument that nothing marks is refused here
    limit = rules.approved_max_days(proposal.instrument, on=proposal.valid_from)
    if (proposal.valid_to - proposal.valid_from).days > limit:
        raise Invalid(
            "market.validity",
            f"valid_to: expected at most {limit} days after valid_from; propose a new mark when this one ends",
            mark_id=str(proposal.mark_id),
        )
    market_store.lock_market(session, organisation_id)
    standing = mark_store.find_mark(session, organisation_id, proposal.mark_id)
    if standing is None:
        mark_store.save_proposal(session, organisation_id, proposal, by=actor.user_id, at=now)
    elif (standing.proposal, standing.maker_id) != (proposal, actor.user_id):
        raise Conflict(
            "market.mark_exists",
            "mark_id: a mark of that id stands with other content; propose under a new id",
            mark_id=str(proposal.mark_id),
        )
    return _need_mark(session, organisation_id, proposal.mark_id)


def approve_mark(
    session: Session, organisation_id: UUID, mark_id: UUID, *, actor: Actor, now: datetime
) -> ApprovedMark:
    """Approve a proposed mark as a second person and return it; it counts from ``now`` on.

    The maker is refused with ``market.same_person``. Approving again as the same person changes nothing; as a third one
    it is ``market.mark_approved``.
    """
    market_store.lock_market(session, organisation_id)
    record = _need_mark(session, organisation_id, mark_id)
    if record.maker_id == actor.user_id:
        raise Forbidden(
            "market.same_person",
            "checker: expected another person than the maker; ask a colleague to approve",
            mark_id=str(mark_id),
        )
    if record.checker_id not in {None, actor.user_id}:
        raise Conflict("market.mark_approved", "mark: approved already by somebody else", mark_id=str(mark_id))
    if record.checker_id is None:
        mark_store.save_approval(session, organisation_id, record, by=actor.user_id, at=now)
    approved = _need_mark(session, organisation_id, mark_id).approved_mark()
    assert approved is not None, "a mark with a checker is approved"
    return approved


def withdraw_mark(
    session: Session, organisation_id: UUID, mark_id: UUID, *, reason: str, actor: Actor, now: datetime
) -> ApprovedMark:
    """End an approved mark from ``now`` on and return it; snapshots frozen before stay as they are.

    A mark that nobody approved is ``market.mark_not_approved``; a second withdrawal changes nothing.
    """
    check_text(reason, field="reason")
    market_store.lock_market(session, organisation_id)
    record = _need_mark(session, organisation_id, mark_id)
    if record.approved_at is None:
        raise Conflict(
            "market.mark_not_approved", "mark: nobody approved it, so it values nothing", mark_id=str(mark_id)
        )
    if record.withdrawn_at is None:
        mark_store.save_withdrawal(session, organisation_id, mark_id, reason=reason, by=actor.user_id, at=now)
    withdrawn = _need_mark(session, organisation_id, mark_id).approved_mark()
    assert withdrawn is not None, "only an approved mark is withdrawn"
    return withdrawn


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
    snapshot = build_snapshot(
        str(snapshot_id),
        as_of=as_of,
        known_at=known_at,
        instruments=wanted,
        observations=market_store.list_observations(
            session, organisation_id, instruments=wanted, until=as_of, known_at=known_at
        ),
        calendars={calendar.market: calendar for calendar in reference.shipped_calendars()},
        rules=reference.shipped_mark_rules(),
        approved=[mark for mark in (record.approved_mark() for record in records) if mark is not None],
    )
    market_store.save_snapshot(session, organisation_id, snapshot_id, snapshot, by=actor.user_id, at=now)
    return snapshot


def _need_mark(session: Session, organisation_id: UUID, mark_id: UUID) -> MarkRecord:
    record = mark_store.find_mark(session, organisation_id, mark_id)
    if record is None:
        raise NotFound("market.mark_unknown", "mark: no such mark", mark_id=str(mark_id))
    return record


def _snapshot_exists(snapshot_id: UUID) -> Conflict:
    return Conflict(
        "market.snapshot_exists",
        "snapshot_id: a snapshot of that id stands with another day, instant or instruments; use a new id",
        snapshot_id=str(snapshot_id),
    )
