"""What the tests of a compliance year share: two persons, verified facts, and proposals that both stand for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from finance.accounting.trades import Trade, TradeKind
from finance.compliance.entity_allocation import ProcessYear
from finance.operations.allocation_settlements import execute_settlement, propose_settlement
from finance.operations.allocations import By, Determined, VerifiedYear, propose_determination, propose_verification
from finance.operations.compliance_proposals import decide
from finance.store.compliance import Proposal, Verdict
from tests.store.carbon_books import ACTOR, COLLEAGUE, CarbonBook, new_id

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
TODAY = date(2026, 11, 21)


def trade(ref: str, kind: TradeKind, day: date, code: str, tonnes: int, **more: object) -> Trade:
    return Trade(trade_ref=ref, kind=kind, traded_on=day, instrument=code, quantity_t=tonnes, **more)  # type: ignore[arg-type]


def by(now: datetime = NOW) -> By:
    return By(proposal_id=new_id(), actor=ACTOR, now=now)


def agreed(book: CarbonBook, make: Callable[[Session], Proposal], *, now: datetime = NOW) -> Proposal:
    """Propose as one person and approve as the other."""
    with book.writing() as session:
        proposal = make(session)
    with book.writing() as session:
        return decide(
            session,
            proposal.proposal_id,
            Verdict.APPROVED,
            sha256=proposal.sha256,
            reason="",
            actor=COLLEAGUE,
            now=now,
        )


def process(emissions: str, intensity: str | None = "1.6", name: str = "P1") -> ProcessYear:
    return ProcessYear(
        process_id=name,
        emissions_t=Fraction(emissions),
        intensity=None if intensity is None else Fraction(intensity),
    )


def verified(book: CarbonBook, *processes: ProcessYear, year: int = 2025, day: date = date(2026, 7, 1)) -> Proposal:
    facts = VerifiedYear(processes=processes, units=(), verifier="Example Verifier", doc_ref="V-1")
    return agreed(
        book,
        lambda session: propose_verification(session, book.book_id, year=year, dated_on=day, verified=facts, by=by()),
    )


def determined(
    book: CarbonBook, verification: Proposal, *, bp: str | None = "1.6", day: date = date(2026, 9, 1), year: int = 2025
) -> Proposal:
    facts = Determined(
        balance_value=None if bp is None else Fraction(bp), balance_source="platform", stated_t=None, reason=""
    )
    return agreed(
        book,
        lambda session: propose_determination(
            session,
            book.book_id,
            year=year,
            dated_on=day,
            verification_id=verification.proposal_id,
            determined=facts,
            by=by(),
        ),
    )


def settled(book: CarbonBook, day: date, *, year: int = 2025, code: str = "CEA25") -> Proposal:
    proposal = agreed(
        book,
        lambda session: propose_settlement(session, book.book_id, year=year, dated_on=day, instrument=code, by=by()),
    )
    return executed_settlement(book, proposal)


def executed_settlement(book: CarbonBook, proposal: Proposal) -> Proposal:
    with book.writing() as session:
        return execute_settlement(
            session,
            proposal.proposal_id,
            actor=COLLEAGUE,
            now=NOW,
            today=TODAY,
            new_id=new_id,
            random_bytes=book.random_bytes,
        )
