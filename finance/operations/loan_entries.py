"""Books a facility's cash flows into its borrower's ledger: what was drawn, and every interest payment that is due.

The amounts are those of the schedule that the bank sees: quote and booking are one code path.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from finance.accounting import loan_rules
from finance.accounting.chart import BOOK_CURRENCY
from finance.loans.resolved import ResolvedFacility
from finance.loans.schedule import InterestPeriod
from finance.loans.terms import FacilityTerms
from finance.operations.facilities import resolved_facility
from ledger import operations as ledger
from ledger.core.errors import Conflict, NotFound
from ledger.core.journal import JournalDraft
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, RandomBytes
from ledger.store import books


def book_loan(
    session: Session,
    book_id: int,
    facility_id: UUID,
    *,
    through: date,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> tuple[EntryReceipt, ...]:
    """Post the drawdown, the interest payments and the repayment dated on or before ``through``; return their receipts.

    Each event has its own id, made from the facility and the period, so doing it again posts nothing. A payment whose amount would
    now be another is refused (``ledger.id_reused``): what was paid is adjusted by an entry of its own, never edited. A period
    whose interest is zero has no entry. An ended period whose payment day no calendar says yet is refused
    (``loan.payment_day_unknown``), for leaving it out would show money that is gone. The book is the borrower's own
    (``loan.book_not_found``) and the loan in CNY, as the bank account of the chart (``loan.currency``).
    """
    facility = resolved_facility(session, facility_id)
    terms = facility.terms
    _check_book(session, book_id, terms)
    accounts = loan_rules.accounts_of(facility_id, terms.currency)
    drafts = tuple(_drafts(facility, accounts, facility_id, through=through, actor=actor))
    for line in accounts.lines(terms.facility_number) if drafts else ():
        ledger.open_account(session, book_id, line.opening(terms.drawdown_date))
    return tuple(ledger.post_entry(session, book_id, draft, now=now, random_bytes=random_bytes) for draft in drafts)


def _check_book(session: Session, book_id: int, terms: FacilityTerms) -> None:
    if terms.currency != BOOK_CURRENCY:
        raise Conflict(
            "loan.currency",
            f"currency: expected a loan in {BOOK_CURRENCY}, this one is in {terms.currency}; book it by entries of your own",
            currency=terms.currency,
        )
    if all(book.book_id != book_id for book in books.list_books(session, UUID(terms.borrower_id))):
        raise NotFound("loan.book_not_found", "book: expected a book of the loan's borrower; name one of those")


def _drafts(
    facility: ResolvedFacility,
    accounts: loan_rules.LoanAccounts,
    facility_id: UUID,
    *,
    through: date,
    actor: Actor,
) -> Iterator[JournalDraft]:
    """Give every entry of the loan's life that is dated on or before ``through``, by day."""
    terms = facility.terms
    if terms.drawdown_date > through:
        return
    drawn = uuid5(facility_id, "drawdown")
    yield loan_rules.drawdown_draft(
        accounts, terms.principal_minor, on=terms.drawdown_date, entry_id=drawn, actor=actor
    )
    for row in facility.interest_schedule().rows:
        paid_on = _paid_on(row.period, through)
        if paid_on is None:
            continue
        if row.interest_after_minor:
            paid = uuid5(facility_id, f"interest {row.period.number}")
            yield loan_rules.interest_draft(accounts, row.interest_after_minor, on=paid_on, entry_id=paid, actor=actor)
        if row.period.repays_principal:
            repaid = uuid5(facility_id, "repayment")
            yield loan_rules.repayment_draft(accounts, terms.principal_minor, on=paid_on, entry_id=repaid, actor=actor)


def _paid_on(period: InterestPeriod, through: date) -> date | None:
    """Return the period's payment day when it is on or before ``through``, None when it is still to come."""
    if period.payment_date is not None:
        return period.payment_date if period.payment_date <= through else None
    if period.end <= through:
        raise Conflict(
            "loan.payment_day_unknown",
            f"through: no calendar says on which day the interest to {period.end} is paid; load the calendar of that "
            f"year, or book through a day before {period.end}",
            period=str(period.number),
            end=period.end.isoformat(),
        )
    return None
