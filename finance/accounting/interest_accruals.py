"""What a tranche's interest earned and not paid is at the end of a day, and the entries that bring the book to it.

Owns the target and the debit and credit. The schedule is the loan's own: quote, payment and accrual are one code path. Knows no
database: what stands in the book is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from finance.accounting.chart import BANK, ChartAccount
from finance.accounting.loan_rules import LoanAccounts
from finance.conventions.explain import Explanation
from finance.conventions.rounding import INTEREST_PAYMENT
from finance.loans.flows import FlowSchedule, InterestDue
from ledger.core.amounts import currency_scale, format_units, round_exact
from ledger.core.errors import Conflict
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class AccruedPeriod:
    """One interest period's part of what is earned and unpaid at the end of a day: exact, and rounded once."""

    start: date
    through: date
    exact_minor: Fraction
    accrued_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccruedInterest:
    """What is earned and unpaid at the end of ``through``, by period, in minor units."""

    through: date
    currency: str
    periods: tuple[AccruedPeriod, ...]

    @property
    def accrued_minor(self) -> int:
        """Return the sum of the periods, each rounded once."""
        return sum(period.accrued_minor for period in self.periods)

    def explanation(self, *, source: str) -> Explanation:
        """Return why it is what it is; ``source`` names the loan as known."""
        scale = currency_scale(self.currency)
        rows = tuple(
            Explanation(
                label_en=f"Interest from {period.start} through {period.through}",
                label_zh=f"{period.start} 至 {period.through} 的利息",
                value=format_units(period.accrued_minor, scale),
                unit=self.currency,
                source=source,
            )
            for period in self.periods
        )
        return Explanation(
            label_en=f"Interest earned and unpaid on {self.through}",
            label_zh=f"{self.through} 应付利息",
            value=format_units(self.accrued_minor, scale),
            unit=self.currency,
            formula="sum of the periods" if rows else "",
            source="" if rows else source,
            children=rows,
        )


def accrued_interest(schedule: FlowSchedule, *, through: date, booked: Mapping[date, int]) -> AccruedInterest:
    """Return the interest earned through the end of ``through`` and not paid by then.

    A period that has ended counts with its one rounded payment until it is paid (booked, with a payment day on or before
    ``through``); the running one with its exact part, rounded half-up once. Interest of the day itself counts, so that a month
    bears all its days. A rate that rests on a fixing not published is ``accrual.fixing_unknown``. 36,000,000 at 3 % in ACT/360 from
    2025-03-20: at the end of March 12 days are 36,000.00. Source: 权责发生制 (accrual basis), 企业会计准则-基本准则 article 9;
    人民币利率管理规定 on days; unconfirmed.
    """
    day_after = through + timedelta(days=1)
    periods = []
    for due in schedule.interest:
        if due.period.start >= day_after:
            break
        paid_on = due.period.payment_date
        if due.period.start in booked and paid_on is not None and paid_on <= through:
            continue
        _check_fixed(due, day_after)
        has_ended = due.period.end <= day_after
        exact = due.interest_minor if has_ended else schedule.accrued_on(day_after)
        periods.append(
            AccruedPeriod(
                start=due.period.start,
                through=min(through, due.period.end - timedelta(days=1)),
                exact_minor=exact,
                accrued_minor=due.payment_minor if has_ended else round_exact(exact, INTEREST_PAYMENT),
            )
        )
    return AccruedInterest(through=through, currency=schedule.currency, periods=tuple(periods))


def accrual_path(accounts: LoanAccounts) -> str:
    """Return the account of interest earned and unpaid: 2231 应付利息 of the tranche."""
    return accounts.interest.replace("Expenses:Interest:", "Liabilities:AccruedInterest:", 1)


def charge_path(accounts: LoanAccounts) -> str:
    """Return the account of the tranche's fees and premiums: 6603 财务费用."""
    return accounts.interest.replace("Expenses:Interest:", "Expenses:LoanCharges:", 1)


def accrual_lines(accounts: LoanAccounts, name: str) -> tuple[ChartAccount, ...]:
    """Return the accounts that accruals and charges need beside the loan's own."""
    return (
        ChartAccount(
            path=accrual_path(accounts),
            commodity=accounts.currency,
            name_en=f"interest accrued on {name}",
            name_zh=f"应付利息 - 计提 {name}",
            gaap_code="2231",
        ),
        ChartAccount(
            path=charge_path(accounts),
            commodity=accounts.currency,
            name_en=f"fees and premiums of {name}",
            name_zh=f"财务费用 - 手续费 {name}",
            gaap_code="6603",
        ),
    )


def accrual_draft(
    accounts: LoanAccounts,
    change_minor: int,
    *,
    on: date,
    document_on: date | None,
    entry_id: UUID,
    actor: Actor,
    attrs: Mapping[str, str],
) -> JournalDraft:
    """Return the entry that moves what is accrued by ``change_minor``: debit 6603, credit 2231; below zero the other way round.

    ``document_on`` is the day a late fact belongs to where its month is closed: the entry is then an adjustment.
    """
    return JournalDraft(
        entry_id=entry_id,
        kind=EntryKind.INTEREST if document_on is None else EntryKind.ADJUSTMENT,
        effective_on=on,
        document_on=document_on,
        actor=actor,
        postings=(
            Posting(accounts.interest, accounts.currency, change_minor),
            Posting(accrual_path(accounts), accounts.currency, -change_minor),
        ),
        attrs=dict(attrs),
    )


def charge_draft(
    accounts: LoanAccounts,
    change_minor: int,
    *,
    on: date,
    document_on: date | None,
    entry_id: UUID,
    actor: Actor,
    attrs: Mapping[str, str],
) -> JournalDraft:
    """Return a fee or premium paid: debit 6603, credit the bank; what comes back is below zero and the other way round."""
    return JournalDraft(
        entry_id=entry_id,
        kind=EntryKind.FEE if document_on is None else EntryKind.ADJUSTMENT,
        effective_on=on,
        document_on=document_on,
        actor=actor,
        postings=(
            Posting(charge_path(accounts), accounts.currency, change_minor),
            Posting(BANK, accounts.currency, -change_minor),
        ),
        attrs=dict(attrs),
    )


def _check_fixed(due: InterestDue, day_after: date) -> None:
    if any(segment.is_projected and segment.start < day_after for segment in due.segments):
        raise Conflict(
            "accrual.fixing_unknown",
            f"month: the index of the period from {due.period.start} is not published as far as is known; record its fixing",
            period_start=due.period.start.isoformat(),
        )
