"""Reads trading limits from their proposals. Takes a session first and never commits."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from finance.store import trading_proposals
from finance.store.trading_proposals import Proposal
from finance.trading.limits import LimitRecord, limit_terms_of

LIMIT = "limit"


def find_limit(session: Session, book_id: int, limit_id: UUID, book_uuid: UUID) -> LimitRecord | None:
    """Return the book's limit of that id with every fact about it, None without one."""
    found = trading_proposals.find(session, book_id, limit_id, book_uuid)
    return None if found is None or found.kind != LIMIT else limit_of(found)


def list_limits(session: Session, book_id: int, book_uuid: UUID) -> tuple[LimitRecord, ...]:
    """Return every version of the book's limits by number."""
    return tuple(map(limit_of, trading_proposals.list_of_kind(session, book_id, LIMIT, book_uuid)))


def limit_of(proposal: Proposal) -> LimitRecord:
    """Return a proposal as the limit that it proposes."""
    return LimitRecord(
        limit_id=proposal.proposal_id,
        book_id=proposal.book_id,
        book_uuid=proposal.book_uuid,
        number=proposal.number,
        terms=limit_terms_of(proposal.document),
        sha256=proposal.sha256,
        maker_id=proposal.maker_id,
        made_at=proposal.made_at,
        steps=proposal.steps,
    )
