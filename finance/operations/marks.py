"""Letting two persons stand for a price, and a third when it is far from the feed's; each step a dated fact.

Joins the caller's transaction and commits nothing. That none of them trades is asked at the edge, which knows their keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.approvals import WaitingKind
from finance.market.marks import Mark, mark_for
from finance.market.observations import check_text
from finance.market.overrides import Deviation, deviation_from_feed
from finance.operations import four_eyes
from finance.operations.approval_notices import ask_second_person, end_asking, of_record
from finance.store import calendar_years, reference
from finance.store import market as market_store
from finance.store import marks as mark_store
from finance.store.marks import MarkCheck, MarkProposal, MarkRecord
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.parties import Actor


def default_validity_days(on: date) -> int:
    """Return how many days a mark is valid that does not say so itself: one by the row of 2026."""
    return int(reference.shipped_market_job_rules().lookup("override.default_validity", on=on).number())


def propose_mark(
    session: Session, organisation_id: UUID, proposal: MarkProposal, *, actor: Actor, now: datetime
) -> MarkRecord:
    """Record a price that ``actor`` proposes; it values nothing until somebody else approves it.

    The same again changes nothing; another content or maker under the id is ``market.mark_exists``. A validity beyond
    the rules' days is ``market.validity``; a currency or unit that is not the feed's is ``market.mark_unit``.
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
    deviation_of(session, organisation_id, proposal, now=now)
    standing = mark_store.find_mark(session, organisation_id, proposal.mark_id)
    if standing is None:
        mark_store.save_proposal(session, organisation_id, proposal, by=actor.user_id, at=now)
        asked = of_record(WaitingKind.MARK, organisation_id, proposal.mark_id)
        ask_second_person(session, asked, said=_named(proposal), maker_id=actor.user_id, now=now)
    elif (standing.proposal, standing.maker_id) != (proposal, actor.user_id):
        raise Conflict(
            "market.mark_exists",
            "mark_id: a mark of that id stands with other content; propose under a new id",
            mark_id=str(proposal.mark_id),
        )
    return need_mark(session, organisation_id, proposal.mark_id)


def approve_mark(
    session: Session, organisation_id: UUID, mark_id: UUID, *, sha256: str, actor: Actor, now: datetime
) -> MarkRecord:
    """Approve a proposed mark as a second person and return its record; it counts from ``now`` on.

    ``sha256`` is the digest of the proposal as shown; another is ``market.digest``. The maker is ``market.same_person``. A price
    further from the feed's than the rule allows waits for a second checker. Approving again as the same person changes
    nothing; as a third one it is ``market.mark_approved``.
    """
    market_store.lock_market(session, organisation_id)
    record = need_mark(session, organisation_id, mark_id)
    four_eyes.refuse_same_person(record.maker_id, actor, mark_id=str(mark_id))
    _check_digest(record, sha256)
    if record.checker_id not in {None, actor.user_id}:
        raise Conflict("market.mark_approved", "mark: approved already by somebody else", mark_id=str(mark_id))
    if record.checker_id is None:
        deviation = deviation_of(session, organisation_id, record.proposal, now=now)
        check = MarkCheck(
            proposal_sha256=record.sha256,
            feed=_shown(deviation.observed),
            deviation=deviation.share,
            bound=deviation.bound,
            needs_second=deviation.needs_second,
        )
        mark_store.save_approval(session, organisation_id, record, check, by=actor.user_id, at=now)
        end_asking(session, of_record(WaitingKind.MARK, organisation_id, mark_id), now=now)
        if check.needs_second:  # of those who may agree, who just did is the one who certainly may not again
            asked = of_record(WaitingKind.SECOND_MARK_CHECK, organisation_id, mark_id)
            ask_second_person(session, asked, said=_named(record.proposal), maker_id=actor.user_id, now=now)
    return need_mark(session, organisation_id, mark_id)


def second_check_mark(
    session: Session, organisation_id: UUID, mark_id: UUID, *, sha256: str, actor: Actor, now: datetime
) -> MarkRecord:
    """Agree as a third person to a mark far from the feed and return its record; it counts from ``now`` on.

    Maker and checker are ``market.same_person``; a mark that needs none is ``market.second_check_needless``.
    """
    market_store.lock_market(session, organisation_id)
    record = need_mark(session, organisation_id, mark_id)
    if record.check is None or record.checker_id is None or not record.check.needs_second:
        raise Conflict(
            "market.second_check_needless",
            "mark: a second checker is asked only for an approved mark beyond the bound",
            mark_id=str(mark_id),
        )
    for person in (record.maker_id, record.checker_id):
        four_eyes.refuse_same_person(person, actor, mark_id=str(mark_id))
    _check_digest(record, sha256)
    if record.withdrawn_at is not None:
        raise Conflict("market.mark_withdrawn", "mark: it was withdrawn; propose a new one", mark_id=str(mark_id))
    if record.second_checker_id not in {None, actor.user_id}:
        raise Conflict("market.mark_agreed", "mark: agreed to already by somebody else", mark_id=str(mark_id))
    if record.second_checker_id is None:
        mark_store.save_second_check(session, organisation_id, record, by=actor.user_id, at=now)
        end_asking(session, of_record(WaitingKind.SECOND_MARK_CHECK, organisation_id, mark_id), now=now)
    return need_mark(session, organisation_id, mark_id)


def withdraw_mark(
    session: Session, organisation_id: UUID, mark_id: UUID, *, reason: str, actor: Actor, now: datetime
) -> MarkRecord:
    """End an approved mark from ``now`` on and return its record; snapshots frozen before stay as they are.

    A mark that nobody approved is ``market.mark_not_approved``; a second withdrawal changes nothing.
    """
    check_text(reason, field="reason")
    market_store.lock_market(session, organisation_id)
    record = need_mark(session, organisation_id, mark_id)
    if record.approved_at is None:
        raise Conflict(
            "market.mark_not_approved", "mark: nobody approved it, so it values nothing", mark_id=str(mark_id)
        )
    if record.withdrawn_at is None:
        mark_store.save_withdrawal(session, organisation_id, mark_id, reason=reason, by=actor.user_id, at=now)
        end_asking(session, of_record(WaitingKind.SECOND_MARK_CHECK, organisation_id, mark_id), now=now)
    return need_mark(session, organisation_id, mark_id)


def deviation_of(session: Session, organisation_id: UUID, proposal: MarkProposal, *, now: datetime) -> Deviation:
    """Return how far a proposal stands from the feed on its first day, by what is known at ``now``."""
    rules = reference.shipped_mark_rules()
    market = rules.calendar_of(proposal.instrument, on=proposal.valid_from)
    held = calendar_years.load_calendar(session, organisation_id, market, known_at=now)
    observed = mark_for(
        proposal.instrument,
        as_of=proposal.valid_from,
        known_at=now,
        observations=market_store.list_observations(
            session, organisation_id, instruments=(proposal.instrument,), until=proposal.valid_from, known_at=now
        ),
        calendar=held.calendar,
        rules=rules,
    )
    row = reference.shipped_market_job_rules().lookup("override.second_checker_deviation", on=proposal.valid_from)
    return deviation_from_feed(
        proposal.value,
        currency=proposal.currency,
        unit=proposal.unit,
        observed=observed,
        bound=Fraction(row.number()),
    )


def need_mark(session: Session, organisation_id: UUID, mark_id: UUID) -> MarkRecord:
    """Return the organisation's mark; an unknown id is ``market.mark_unknown``."""
    record = mark_store.find_mark(session, organisation_id, mark_id)
    if record is None:
        raise NotFound("market.mark_unknown", "mark: no such mark", mark_id=str(mark_id))
    return record


def _check_digest(record: MarkRecord, sha256: str) -> None:
    if sha256 != record.sha256:
        raise Conflict(
            "market.digest",
            "sha256: the proposal has another digest; read it again and approve what it says",
            mark_id=str(record.proposal.mark_id),
        )


def _named(proposal: MarkProposal) -> str:
    return f"{proposal.instrument} {proposal.value:f} {proposal.currency}/{proposal.unit}"


def _shown(observed: Mark) -> Mapping[str, str]:
    if observed.last_value is None:
        return {}
    return {
        "value": f"{observed.last_value:f}",
        "currency": observed.currency,
        "unit": observed.unit,
        "source": observed.source,
        "trade_date": "" if observed.trade_date is None else observed.trade_date.isoformat(),
        "state": observed.state.value,
    }
