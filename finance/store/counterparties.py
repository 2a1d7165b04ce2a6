"""Reads counterparties from their proposals. Takes a session first and never commits."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from finance.store import trading_proposals
from finance.store.trading_proposals import Proposal
from finance.trading.counterparties import CounterpartyRecord, counterparty_terms_of

COUNTERPARTY = "counterparty"


def find_counterparty(
    session: Session, book_id: int, counterparty_id: UUID, book_uuid: UUID
) -> CounterpartyRecord | None:
    """Return the book's counterparty with every fact about it, None without one."""
    found = trading_proposals.find(session, book_id, counterparty_id, book_uuid)
    return None if found is None or found.kind != COUNTERPARTY else counterparty_of(found)


def list_counterparties(session: Session, book_id: int, book_uuid: UUID) -> tuple[CounterpartyRecord, ...]:
    """Return the book's counterparties in the order in which they were proposed."""
    return tuple(map(counterparty_of, trading_proposals.list_of_kind(session, book_id, COUNTERPARTY, book_uuid)))


def counterparty_of(proposal: Proposal) -> CounterpartyRecord:
    """Return a proposal as the counterparty that it proposes."""
    return CounterpartyRecord(
        counterparty_id=proposal.proposal_id,
        book_id=proposal.book_id,
        book_uuid=proposal.book_uuid,
        terms=counterparty_terms_of(proposal.document),
        sha256=proposal.sha256,
        maker_id=proposal.maker_id,
        made_at=proposal.made_at,
        steps=proposal.steps,
    )
