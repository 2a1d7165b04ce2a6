"""Debit and credit of a loan at its borrower: drawdown, interest, repayment, adjustment. All legs in minor units of its currency.

Chinese chart: 2501 长期借款 for the principal, 6603 财务费用 for interest, 2231 应付利息 for an adjustment until it is settled, 1002 for
the bank. Amounts are given: the loan's rules computed and rounded them once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from finance.accounting.chart import BANK, ChartAccount
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanAccounts:
    """The borrower's accounts for one tranche of a facility."""

    principal: str
    interest: str
    payable: str
    currency: str

    def lines(self, name: str) -> tuple[ChartAccount, ...]:
        """Return the accounts to open, named after the facility and its tranche."""
        return (
            ChartAccount(
                path=self.principal,
                commodity=self.currency,
                name_en=f"loan {name}",
                name_zh=f"长期借款 {name}",
                gaap_code="2501",
                floor=0,
            ),
            ChartAccount(
                path=self.interest,
                commodity=self.currency,
                name_en=f"interest on {name}",
                name_zh=f"财务费用 - 利息 {name}",
                gaap_code="6603",
            ),
            ChartAccount(
                path=self.payable,
                commodity=self.currency,
                name_en=f"interest adjustments due on {name}",
                name_zh=f"应付利息 - 调整 {name}",
                gaap_code="2231",
            ),
        )


def accounts_of(facility_id: UUID, tranche_id: str, currency: str) -> LoanAccounts:
    """Return the paths of a tranche: its name may be in any script, so the path carries the start of ids made from both names."""
    part = f"F{facility_id.hex[:12].upper()}:T{uuid5(facility_id, tranche_id).hex[:8].upper()}"
    return LoanAccounts(
        principal=f"Liabilities:Loans:{part}",
        interest=f"Expenses:Interest:{part}",
        payable=f"Liabilities:InterestAdjustments:{part}",
        currency=currency,
    )


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


def adjustment_draft(
    accounts: LoanAccounts,
    amount_minor: int,
    *,
    on: date,
    entry_id: UUID,
    actor: Actor,
    attrs: Mapping[str, str],
) -> JournalDraft:
    """Return a claw-back (positive: debit interest, credit what is due) or a refund (negative: the other way round).

    ``attrs`` name the adjustment and the hashes of what was known then and is known now. Changes of several periods that cancel
    out move no money: they are put on record without legs.
    """
    legs = (
        Posting(accounts.interest, accounts.currency, amount_minor),
        Posting(accounts.payable, accounts.currency, -amount_minor),
    )
    return JournalDraft(
        entry_id=entry_id,
        kind=EntryKind.ADJUSTMENT if amount_minor else EntryKind.RECORD,
        effective_on=on,
        actor=actor,
        postings=legs if amount_minor else (),
        attrs=dict(attrs),
    )


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
