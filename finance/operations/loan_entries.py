"""Books a facility's cash flows into its borrower's ledger: what was drawn, and every interest payment that is due.

The amounts are those of the schedule that the bank sees: quote and booking are one code path.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from finance.accounting import loan_rules
from finance.operations.facilities import resolved_facility
from ledger import operations as ledger
from ledger.core.journal import JournalDraft
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, RandomBytes


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
    now be another is refused (``ledger.id_reused``): what was paid is adjusted by an entry of its own, never edited.
    """
    facility = resolved_facility(session, facility_id)
    terms = facility.terms
    accounts = loan_rules.accounts_of(facility_id, terms.currency)
    for line in accounts.lines(terms.facility_number):
        ledger.open_account(session, book_id, line.opening(terms.drawdown_date))
    drafts: list[JournalDraft] = [
        loan_rules.drawdown_draft(
            accounts,
            terms.principal_minor,
            on=terms.drawdown_date,
            entry_id=uuid5(facility_id, "drawdown"),
            actor=actor,
        )
    ]
    for row in facility.interest_schedule().rows:
        paid_on = row.period.payment_date
        if paid_on is None or paid_on > through:
            continue
        drafts.append(
            loan_rules.interest_draft(
                accounts,
                row.interest_after_minor,
                on=paid_on,
                entry_id=uuid5(facility_id, f"interest {row.period.number}"),
                actor=actor,
            )
        )
        if row.period.repays_principal:
            drafts.append(
                loan_rules.repayment_draft(
                    accounts,
                    terms.principal_minor,
                    on=paid_on,
                    entry_id=uuid5(facility_id, "repayment"),
                    actor=actor,
                )
            )
    return tuple(
        ledger.post_entry(session, book_id, draft, now=now, random_bytes=random_bytes)
        for draft in drafts
        if draft.effective_on <= through
    )
