"""Debit and credit of a loan at its borrower: drawdown, interest paid, repayment. All legs in fen of the loan's currency.

Chinese chart: 2501 长期借款 for the principal, 6603 财务费用 for interest, 1002 for the bank. Amounts are given: the loan's rules
computed and rounded them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from finance.accounting.chart import BANK, ChartAccount
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanAccounts:
    """The borrower's accounts for one facility."""

    principal: str
    interest: str
    currency: str

    def lines(self, facility_number: str) -> tuple[ChartAccount, ...]:
        """Return the accounts to open, named after the facility."""
        return (
            ChartAccount(
                path=self.principal,
                commodity=self.currency,
                name_en=f"loan {facility_number}",
                name_zh=f"长期借款 {facility_number}",
                gaap_code="2501",
                floor=0,
            ),
            ChartAccount(
                path=self.interest,
                commodity=self.currency,
                name_en=f"interest on {facility_number}",
                name_zh=f"财务费用 - 利息 {facility_number}",
                gaap_code="6603",
            ),
        )


def accounts_of(facility_id: UUID, currency: str) -> LoanAccounts:
    """Return the paths of a facility: a number may be in any script, so the path carries the start of its id."""
    part = f"F{facility_id.hex[:12].upper()}"
    return LoanAccounts(principal=f"Liabilities:Loans:{part}", interest=f"Expenses:Interest:{part}", currency=currency)


def drawdown_draft(
    accounts: LoanAccounts, amount_minor: int, *, on: date, entry_id: UUID, actor: Actor
) -> JournalDraft:
    """Return the receipt of the principal: debit the bank, credit the loan."""
    return _draft(EntryKind.DRAWDOWN, BANK, accounts.principal, accounts, amount_minor, on, entry_id, actor)


def interest_draft(
    accounts: LoanAccounts, amount_minor: int, *, on: date, entry_id: UUID, actor: Actor
) -> JournalDraft:
    """Return an interest payment: debit interest, credit the bank."""
    return _draft(EntryKind.INTEREST, accounts.interest, BANK, accounts, amount_minor, on, entry_id, actor)


def repayment_draft(
    accounts: LoanAccounts, amount_minor: int, *, on: date, entry_id: UUID, actor: Actor
) -> JournalDraft:
    """Return the repayment of principal: debit the loan, credit the bank."""
    return _draft(EntryKind.REPAYMENT, accounts.principal, BANK, accounts, amount_minor, on, entry_id, actor)


def _draft(
    kind: EntryKind,
    debit: str,
    credit: str,
    accounts: LoanAccounts,
    amount_minor: int,
    on: date,
    entry_id: UUID,
    actor: Actor,
) -> JournalDraft:
    return JournalDraft(
        entry_id=entry_id,
        kind=kind,
        effective_on=on,
        actor=actor,
        postings=(
            Posting(debit, accounts.currency, amount_minor),
            Posting(credit, accounts.currency, -amount_minor),
        ),
    )
