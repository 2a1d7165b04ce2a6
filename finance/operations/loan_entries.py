"""Books a facility's cash flows into its borrower's ledger: what was drawn, every interest payment that is due, what is repaid.

The amounts are those of the schedule that the bank sees: quote and booking are one code path. What was booked is never booked
again with another amount: a late fact is an adjustment of its own (``finance.operations.interest_adjustments``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from finance.accounting import loan_rules
from finance.accounting.chart import BOOK_CURRENCY
from finance.loans.flows import InterestDue
from finance.loans.period_dates import InterestPeriod
from finance.loans.tranche_terms import TrancheTerms
from finance.operations.loan_view import KnownLoan, known_loan
from finance.store import facilities, loan_facts
from finance.store.loan_facts import InterestBooking
from ledger import operations as ledger
from ledger.core.errors import Conflict, NotFound
from ledger.core.journal import JournalDraft
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, RandomBytes
from ledger.store import books


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """An entry to be posted, and the interest that it books if it is a payment."""

    draft: JournalDraft
    booking: InterestBooking | None


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
    """Post every drawdown, interest payment and repayment dated on or before ``through``; return their receipts.

    Each event has its own id, made from facility, tranche and day, so doing it again posts nothing; a period already booked is
    left as it is, whatever is known since. A period whose interest is zero has no entry. An ended period whose payment day no
    calendar says yet (``loan.payment_day_unknown``) or whose fixing is not published (``loan.fixing_unknown``) is refused, for leaving
    it out would show money that is gone. The book is the borrower's own (``loan.book_not_found``) and the tranche in CNY, as the bank
    account of the chart (``loan.currency``).
    """
    facilities.find_facility(session, facility_id, lock=True)
    loan = known_loan(session, facility_id, known_at=now)
    check_book(session, book_id, loan)
    receipts = []
    for tranche in loan.facility.terms.tranches:
        if not loan.drawn[tranche.tranche_id]:
            continue
        receipts += _book_tranche(
            session, book_id, loan, tranche, through=through, actor=actor, now=now, random_bytes=random_bytes
        )
    return tuple(receipts)


def check_book(session: Session, book_id: int, loan: KnownLoan) -> None:
    """Refuse a book that is not the borrower's, and a loan in another currency than the chart's bank account."""
    terms = loan.facility.terms
    foreign = [tranche for tranche in terms.tranches if tranche.currency != BOOK_CURRENCY]
    if foreign:
        raise Conflict(
            "loan.currency",
            f"currency: expected tranches in {BOOK_CURRENCY}; {foreign[0].tranche_id} is in {foreign[0].currency}, book it by "
            "entries of your own",
            currency=foreign[0].currency,
        )
    if all(book.book_id != book_id for book in books.list_books(session, UUID(terms.borrower_id))):
        raise NotFound("loan.book_not_found", "book: expected a book of the loan's borrower; name one of those")


def open_loan_accounts(
    session: Session, book_id: int, loan: KnownLoan, tranche: TrancheTerms
) -> loan_rules.LoanAccounts:
    """Return the tranche's accounts, opened on the first day that something is drawn."""
    accounts = loan_rules.accounts_of(loan.facility_id, tranche.tranche_id, tranche.currency)
    opened_on = loan.drawn[tranche.tranche_id][0].on
    for line in accounts.lines(f"{loan.facility.terms.facility_number} {tranche.tranche_id}"):
        ledger.open_account(session, book_id, line.opening(opened_on))
    return accounts


def _book_tranche(
    session: Session,
    book_id: int,
    loan: KnownLoan,
    tranche: TrancheTerms,
    *,
    through: date,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> list[EntryReceipt]:
    booked = loan_facts.load_booked(session, loan.facility_id, tranche.tranche_id)
    accounts = loan_rules.accounts_of(loan.facility_id, tranche.tranche_id, tranche.currency)
    flows = tuple(_flows(loan, tranche, accounts, frozenset(booked), through=through, actor=actor))
    if flows:
        open_loan_accounts(session, book_id, loan, tranche)
    receipts = []
    for flow in flows:
        receipt = ledger.post_entry(session, book_id, flow.draft, now=now, random_bytes=random_bytes)
        receipts.append(receipt)
        if flow.booking is not None:
            loan_facts.save_booking(
                session,
                loan.facility_id,
                tranche.tranche_id,
                flow.booking,
                entry=(book_id, flow.draft.entry_id),
                known_sha256=loan.sha256,
                now=now,
            )
    return receipts


def _flows(
    loan: KnownLoan,
    tranche: TrancheTerms,
    accounts: loan_rules.LoanAccounts,
    booked: frozenset[date],
    *,
    through: date,
    actor: Actor,
) -> Iterator[_Flow]:
    """Give every entry of the tranche's life that is dated on or before ``through`` and not booked as interest yet."""
    schedule = loan.schedule(tranche.tranche_id)
    name = f"{tranche.tranche_id} "
    for flow in schedule.principal:
        if flow.on > through or (flow.payment_date is not None and flow.payment_date > through):
            continue
        if flow.payment_date is None:
            raise _day_unknown(flow.on)
        entry_id = uuid5(loan.facility_id, f"{name}{flow.kind} {flow.on} {flow.amount_minor}")
        is_drawn = flow.amount_minor < 0
        make = loan_rules.drawdown_draft if is_drawn else loan_rules.repayment_draft
        draft = make(accounts, abs(flow.amount_minor), on=flow.payment_date, entry_id=entry_id, actor=actor)
        yield _Flow(draft=draft, booking=None)
        if flow.charge_minor:
            charged = uuid5(loan.facility_id, f"{name}charge {flow.on} {flow.charge_minor}")
            draft = loan_rules.interest_draft(
                accounts, flow.charge_minor, on=flow.payment_date, entry_id=charged, actor=actor
            )
            yield _Flow(draft=draft, booking=None)
    for due in schedule.interest:
        paid_on = _paid_on(due.period, through)
        if paid_on is None or due.period.start in booked or not due.payment_minor:
            continue
        _check_fixed(due)
        entry_id = uuid5(loan.facility_id, f"{name}interest {due.period.start}")
        draft = loan_rules.interest_draft(accounts, due.payment_minor, on=paid_on, entry_id=entry_id, actor=actor)
        booking = InterestBooking(period_start=due.period.start, amount_minor=due.payment_minor, adjustment_id=None)
        yield _Flow(draft=draft, booking=booking)


def _check_fixed(due: InterestDue) -> None:
    if due.is_projected:
        raise Conflict(
            "loan.fixing_unknown",
            f"through: the index of the period from {due.period.start} is not published as far as is known; record its fixing, or "
            f"book through a day before {due.period.end}",
            period_start=due.period.start.isoformat(),
        )


def _paid_on(period: InterestPeriod, through: date) -> date | None:
    """Return the period's payment day when it is on or before ``through``, None when it is still to come."""
    if period.payment_date is not None:
        return period.payment_date if period.payment_date <= through else None
    if period.end <= through:
        raise _day_unknown(period.end)
    return None


def _day_unknown(day: date) -> Conflict:
    return Conflict(
        "loan.payment_day_unknown",
        f"through: no calendar says on which day what is due on {day} is paid; load the calendar of that year, or book "
        f"through a day before {day}",
        day=day.isoformat(),
    )
