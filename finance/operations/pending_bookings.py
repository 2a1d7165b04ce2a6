"""What was decided outside the ledger and is not in it yet: deals whose settlement day has come, approved steps not carried out.

Reads only. A month's close asks it, so that nobody confirms a month whose own desks say otherwise.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from finance.accounting.months import Month
from finance.operations.valuations import instruments_of
from finance.store import calendar_years, reference
from finance.store import compliance as compliance_store
from finance.store import orders as order_store
from finance.store.compliance import ProposalKind
from finance.trading.instruments import Family
from finance.trading.rules import market_rules
from finance.trading.settlement import earliest_settlement
from ledger.store.books import Book

_BOOKED = (ProposalKind.SETTLEMENT, ProposalKind.CARRY_OVER, ProposalKind.SURRENDER_PLAN)


def unsettled_fills(session: Session, book: Book, *, through: date, now: datetime) -> tuple[str, ...]:
    """Return the references of the deals that could have settled by ``through`` and are not in the book, as order and fill.

    A deal of the month's last session that settles on T+1 is of the next month.
    """
    held = instruments_of(session, book.book_id)
    found = []
    for order in order_store.list_orders(session, book.book_id, book.book_uuid):
        if not order.unsettled:
            continue
        family = Family(held[order.terms.instrument].kind.value)
        rules = market_rules(reference.shipped_trading_rules(), family, on=order.terms.trading_day)
        calendar = calendar_years.load_calendar_of_book(session, book.book_id, rules.calendar, known_at=now)
        found += [
            f"{order.order_id} {fill.fill_ref}"
            for fill in order.unsettled
            if earliest_settlement(calendar, fill.dealt_on, rules.settlement_days) <= through
        ]
    return tuple(found)


def unexecuted_steps(session: Session, book: Book, month: Month) -> tuple[str, ...]:
    """Return the month's approved issues, returns, carry-overs and surrender plans that no entry carried out, as kind and id."""
    return tuple(
        f"{proposal.kind.value} {proposal.proposal_id}"
        for proposal in compliance_store.list_proposals(session, book.book_id, kinds=_BOOKED)
        if proposal.is_approved and not proposal.is_executed and month.start <= proposal.dated_on <= month.last_day
    )
