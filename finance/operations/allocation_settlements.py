"""Settling a year's allocation: the difference between what should be issued and what was, issued or given back (多退少补).

Joins the caller's transaction and commits nothing. An issue is booked as a trade, a return as an entry of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.compliance_entries import return_draft
from finance.accounting.instruments import InstrumentKind
from finance.accounting.trades import Trade, TradeKind
from finance.compliance.plan_lots import CostBasis
from finance.compliance.surrender_plan import plan_surrender
from finance.operations.allocations import By, propose_by, state_of
from finance.operations.compliance_lots import instrument_lots
from finance.operations.compliance_proposals import ProposalSubject, check_fresh, found, to_execute
from finance.operations.trades import book_trades
from finance.operations.valuations import instruments_of
from finance.store import compliance as store
from finance.store.compliance import Proposal, ProposalKind
from ledger import operations as ledger
from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.parties import Actor
from ledger.operations import RandomBytes


def propose_settlement(
    session: Session, book_id: int, *, year: int, dated_on: date, instrument: str, by: By
) -> Proposal:
    """Propose to issue or give back what the year's target and its issued tonnes differ by (多退少补)."""
    _check_vintage(session, book_id, instrument, year)
    return propose_by(
        session,
        ProposalSubject(book_id=book_id, year=year, kind=ProposalKind.SETTLEMENT, dated_on=dated_on),
        _settlement(session, book_id, year=year, on=dated_on, instrument=instrument, known_at=by.now),
        by,
    )


def execute_settlement(
    session: Session,
    proposal_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    today: date,
    new_id: Callable[[], UUID],
    random_bytes: RandomBytes,
) -> Proposal:
    """Book an approved settlement: an issue as a free allocation, a return out of the cheapest lots of the vintage.

    What changed since makes it stale. A book that holds fewer free tonnes than are to be given back is refused
    (``allocation.return_short``): buy what is missing, or release what is pledged.
    """
    proposal = to_execute(session, proposal_id, ProposalKind.SETTLEMENT, today=today)
    instrument = str(proposal.document["instrument"])
    fresh = _settlement(
        session, proposal.book_id, year=proposal.year, on=proposal.dated_on, instrument=instrument, known_at=now
    )
    check_fresh(proposal, fresh)
    difference_t = int(fresh["difference_t"])
    if difference_t > 0:
        trade = Trade(
            trade_ref=f"AL-{proposal.proposal_id}",
            kind=TradeKind.FREE_ALLOCATION,
            traded_on=proposal.dated_on,
            instrument=instrument,
            quantity_t=difference_t,
            compliance_year=proposal.year,
        )
        booking = book_trades(
            session, proposal.book_id, [trade], actor=actor, now=now, new_id=new_id, random_bytes=random_bytes
        )
        entries = [(each.entry_id, each.entry_seq) for each in booking.booked]
    else:
        lots = _returned_lots(session, proposal, instrument, -difference_t)
        draft = return_draft(
            instrument,
            -difference_t,
            lots,
            entry_id=new_id(),
            effective_on=proposal.dated_on,
            actor=actor,
            proposal_id=proposal.proposal_id,
        )
        receipt = ledger.post_entry(session, proposal.book_id, draft, now=now, random_bytes=random_bytes)
        entries = [(receipt.entry_id, receipt.seq)]
    store.save_entries(session, proposal, entries, by=actor.user_id, at=now)
    return found(session, proposal_id)


def _settlement(
    session: Session, book_id: int, *, year: int, on: date, instrument: str, known_at: datetime
) -> dict[str, str]:
    state = state_of(session, book_id, year=year, on=on, known_at=known_at)
    if state.difference_t is None or state.target_t is None:
        raise Conflict("allocation.no_target", f"year: nothing was pre-allocated or determined for {year} by {on}")
    if state.difference_t == 0:
        raise Conflict("allocation.settled", f"year: what was issued for {year} is what it should be, nothing is open")
    basis = state.determination or state.preallocation
    assert basis is not None, "a target comes from a fact"
    return {
        "instrument": instrument,
        "basis_id": basis.step_id,
        "target_t": str(state.target_t),
        "issued_t": str(state.issued_t),
        "difference_t": str(state.difference_t),
    }


def _returned_lots(session: Session, proposal: Proposal, instrument: str, tonnes: int) -> tuple[tuple[int, int], ...]:
    """Return the lots given back: free ones first, as their book cost is zero; none named where the account is one pool."""
    held = instrument_lots(session, proposal.book_id, instrument, on=proposal.dated_on, basis=CostBasis.BOOK)
    plan = plan_surrender(held.lots, open_t=tonnes, ccer_cap_t=0, basis=CostBasis.BOOK)
    if plan.shortfall_t:
        raise Conflict(
            "allocation.return_short",
            f"{instrument}: {plan.shortfall_t} t of the {tonnes} t to be given back are not held free; buy or release them",
            shortfall_t=str(plan.shortfall_t),
        )
    if held.method is LotMethod.AVERAGE:
        return ()
    return tuple((line.lot.lot_id, line.taken_t) for line in plan.lines)


def _check_vintage(session: Session, book_id: int, instrument: str, year: int) -> None:
    known = instruments_of(session, book_id)
    held = known.get(instrument)
    if held is None:
        raise NotFound(
            "instrument.not_found", "instrument: the book keeps no instrument of that code; register it first"
        )
    if held.kind is not InstrumentKind.CEA or held.vintage_year != year:
        raise Invalid(
            "allocation.instrument", f"instrument: expected an allowance of vintage {year}", field="instrument"
        )
