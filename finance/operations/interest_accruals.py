"""A month's interest and charges of an organisation's loans in its book: what is earned and unpaid, fees and premiums due.

The plan says what the book lacks to stand right at the month's end; posting it twice changes nothing. What became known late for
closed days is an adjustment in the open period with those days' date. Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.chart import BOOK_CURRENCY
from finance.accounting.interest_accruals import (
    AccruedInterest,
    accrual_draft,
    accrual_lines,
    accrual_path,
    accrued_interest,
    charge_draft,
)
from finance.accounting.loan_rules import LoanAccounts, accounts_of
from finance.accounting.months import Month
from finance.conventions.explain import Explanation
from finance.loans.tranche_terms import TrancheTerms
from finance.operations.loan_charges import FeePayment, tranche_charges
from finance.operations.loan_entries import open_loan_accounts
from finance.operations.loan_view import KnownLoan, known_loan
from finance.store import economic_books, facilities, loan_facts
from finance.store.economic_books import ChargeKey
from ledger import operations as ledger
from ledger.core.amounts import currency_scale, format_units
from ledger.core.errors import Conflict, DomainError
from ledger.core.journal import JournalDraft
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, EntryRefusal, RandomBytes
from ledger.store import journal, reports
from ledger.store.books import Book

REDEMPTION = "redemption"
_ONE_DAY = timedelta(days=1)


class PlannedKind(StrEnum):
    """What a planned entry is."""

    ACCRUAL = "accrual"
    LATE_ACCRUAL = "late_accrual"  # for days that are closed
    CHARGE = "charge"  # a fee or premium paid
    LATE_CHARGE = "late_charge"  # its change, or one due on a closed day


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEntry:
    """One entry that the book lacks: minor units of CNY, cost of the borrower above zero."""

    kind: PlannedKind
    facility_id: UUID
    facility_number: str
    tranche_id: str
    on: date
    document_on: date | None
    change_minor: int
    standing_minor: int
    target_minor: int
    charge: ChargeKey | None
    known_then_sha256: str | None
    known_now_sha256: str
    explanation: Explanation

    def attrs(self) -> dict[str, str]:
        """Return what the entry says about itself: the loan and the hashes of what was known then and is known now."""
        names = {
            PlannedKind.ACCRUAL: ("计提利息", "interest accrued"),
            PlannedKind.LATE_ACCRUAL: ("补提利息", "interest accrued late"),
            PlannedKind.CHARGE: ("贷款费用", "charge of the loan"),
            PlannedKind.LATE_CHARGE: ("贷款费用调整", "late charge of the loan"),
        }
        zh, en = names[self.kind]
        facts = {
            "planned_kind": self.kind.value,
            "facility_id": str(self.facility_id),
            "tranche_id": self.tranche_id,
            "standing_minor": str(self.standing_minor),
            "target_minor": str(self.target_minor),
            "known_now_sha256": self.known_now_sha256,
            "summary_zh": f"{zh} {self.facility_number} {self.tranche_id}",
            "summary_en": f"{en} {self.facility_number} {self.tranche_id}",
        }
        if self.known_then_sha256 is not None:
            facts["known_then_sha256"] = self.known_then_sha256
        if self.charge is not None:
            facts |= {"charge": self.charge.charge, "due_on": self.charge.due_on.isoformat()}
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A tranche whose interest cannot be told, with the refusal's code and sentence: it keeps the month from closing."""

    facility_id: UUID
    tranche_id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualPlan:
    """What a book lacks at the month's end; empty when interest and charges stand right."""

    month: Month
    tranches: int
    entries: tuple[PlannedEntry, ...]
    untold: tuple[Untold, ...]

    @property
    def stands(self) -> bool:
        """Return whether nothing is lacking and nothing unknown."""
        return not self.entries and not self.untold


def plan_accruals(session: Session, book: Book, month: Month, *, now: datetime) -> AccrualPlan:
    """Return what interest and charges the book lacks at the end of the month, as known at ``now``; writes nothing.

    Only the borrower's own loans in CNY that are drawn. The target is what is earned and unpaid at the month's end; the difference
    from what stands there is accrued, so a payment takes its accrual back and late facts find their way into the open month.
    """
    entries: list[PlannedEntry] = []
    untold: list[Untold] = []
    tranches = 0
    for facility_id in facilities.borrowed_facilities(session, book.tenant_id):
        loan = known_loan(session, facility_id, known_at=now)
        if not loan.is_agreed:
            continue  # a proposal costs nothing yet
        for tranche in loan.facility.terms.tranches:
            if not loan.drawn.get(tranche.tranche_id) or tranche.currency != BOOK_CURRENCY:
                continue
            if not _is_drawn_by(loan, tranche, month):
                continue
            tranches += 1
            try:
                entries += _planned(session, book, loan, tranche, month)
            except DomainError as refusal:
                untold.append(
                    Untold(
                        facility_id=facility_id,
                        tranche_id=tranche.tranche_id,
                        code=refusal.code,
                        reason=refusal.message,
                    )
                )
    return AccrualPlan(month=month, tranches=tranches, entries=tuple(entries), untold=tuple(untold))


def post_accruals(
    session: Session,
    book: Book,
    month: Month,
    *,
    actor: Actor,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: RandomBytes,
    is_closer: bool = False,
) -> tuple[AccrualPlan, tuple[EntryReceipt, ...]]:
    """Post what the book lacks at the month's end; return the plan and the receipts. Running it again posts nothing.

    A month that is closed for good is ``accrual.month_closed``: run it for the first open month, which takes up what is late. What
    cannot be told refuses the run with its own code: leaving a loan out would look as if it cost nothing.
    """
    head = journal.lock_book(session, book.book_id)
    if head.locked_through is not None and head.locked_through >= month.last_day:
        raise Conflict(
            "accrual.month_closed",
            f"month: {month} is closed; run the first open month, which takes up what became known late",
            month=str(month),
        )
    plan = plan_accruals(session, book, month, now=now)
    if plan.untold:
        first = plan.untold[0]
        raise Conflict(first.code, f"{first.tranche_id}: {first.reason}")
    receipts = []
    for planned in plan.entries:
        loan = known_loan(session, planned.facility_id, known_at=now)
        accounts = _opened(session, book.book_id, loan, loan.facility.terms.tranche(planned.tranche_id))
        draft = _draft(planned, accounts, entry_id=new_id(), actor=actor)
        (outcome,) = ledger.post_entries(
            session, book.book_id, [draft], now=now, random_bytes=random_bytes, is_closer=is_closer
        )
        if isinstance(outcome, EntryRefusal):
            raise outcome.refusal
        receipts.append(outcome)
        if planned.charge is not None:
            economic_books.save_charge(
                session,
                book.book_id,
                planned.facility_id,
                planned.charge,
                planned.change_minor,
                entry_id=draft.entry_id,
                known_sha256=planned.known_now_sha256,
                by=actor.user_id,
                at=now,
            )
    return plan, tuple(receipts)


def _planned(
    session: Session, book: Book, loan: KnownLoan, tranche: TrancheTerms, month: Month
) -> Iterator[PlannedEntry]:
    yield from _accruals(session, book, loan, tranche, month)
    yield from _charges(session, book, loan, tranche, month)


def _accruals(
    session: Session, book: Book, loan: KnownLoan, tranche: TrancheTerms, month: Month
) -> Iterator[PlannedEntry]:
    """Give the late entry of closed days, on the first open day, then the month's own on its last day."""
    accounts = accounts_of(loan.facility_id, tranche.tranche_id, tranche.currency)
    schedule = loan.schedule(tranche.tranche_id)
    booked = loan_facts.load_booked(session, loan.facility_id, tranche.tranche_id)
    late_minor = 0
    closed = book.locked_through
    if closed is not None and closed + _ONE_DAY < month.last_day and closed >= month.start - _ONE_DAY:
        first_open = closed + _ONE_DAY
        target = accrued_interest(schedule, through=closed, booked=booked)
        standing = _standing(session, book.book_id, accrual_path(accounts), as_of=first_open)
        late_minor = target.accrued_minor - standing
        if late_minor:
            yield _accrual(session, loan, tranche, target, standing, on=first_open, document_on=closed)
    target = accrued_interest(schedule, through=month.last_day, booked=booked)
    standing = _standing(session, book.book_id, accrual_path(accounts), as_of=month.last_day) + late_minor
    if target.accrued_minor != standing:
        yield _accrual(session, loan, tranche, target, standing, on=month.last_day, document_on=None)


def _accrual(
    session: Session,
    loan: KnownLoan,
    tranche: TrancheTerms,
    target: AccruedInterest,
    standing: int,
    *,
    on: date,
    document_on: date | None,
) -> PlannedEntry:
    return PlannedEntry(
        kind=PlannedKind.ACCRUAL if document_on is None else PlannedKind.LATE_ACCRUAL,
        facility_id=loan.facility_id,
        facility_number=loan.facility.terms.facility_number,
        tranche_id=tranche.tranche_id,
        on=on,
        document_on=document_on,
        change_minor=target.accrued_minor - standing,
        standing_minor=standing,
        target_minor=target.accrued_minor,
        charge=None,
        known_then_sha256=loan_facts.last_known_sha256(session, loan.facility_id, tranche.tranche_id),
        known_now_sha256=loan.sha256,
        explanation=_explained(
            target.explanation(source=f"schedule of {tranche.tranche_id} as known: {loan.sha256}"),
            standing,
            target.accrued_minor,
            tranche.currency,
        ),
    )


def _charges(
    session: Session, book: Book, loan: KnownLoan, tranche: TrancheTerms, month: Month
) -> Iterator[PlannedEntry]:
    """Give every fee and premium paid by the month's end whose amount is not what is booked of it."""
    schedule = loan.schedule(tranche.tranche_id)
    charges = tranche_charges(loan, tranche.tranche_id, after=schedule, before=schedule)
    booked = economic_books.booked_charges(session, book.book_id, loan.facility_id)
    closed = book.locked_through or date.min
    for charge, due_on, paid_on, due_minor, explanation in (
        *(
            (
                fee.rule.name,
                each.due.period.start,
                each.due.period.payment_date,
                each.due.payment_minor,
                each.told.explanation,
            )
            for fee in charges.fees
            for each in _payments(fee.payments, fee.refusal)
        ),
        *(
            (REDEMPTION, each.due.on, each.due.payment_date, each.due.payment_minor, each.told.explanation)
            for each in charges.redemption
        ),
    ):
        if paid_on is None or paid_on > month.last_day:
            continue
        key = ChargeKey(tranche_id=tranche.tranche_id, charge=charge, due_on=due_on)
        standing = booked.get(key, 0)
        if due_minor == standing:
            continue
        is_late = paid_on <= closed or bool(standing)
        yield PlannedEntry(
            kind=PlannedKind.LATE_CHARGE if is_late else PlannedKind.CHARGE,
            facility_id=loan.facility_id,
            facility_number=loan.facility.terms.facility_number,
            tranche_id=tranche.tranche_id,
            on=max(paid_on, closed + _ONE_DAY) if closed > date.min else paid_on,
            document_on=paid_on if is_late else None,
            change_minor=due_minor - standing,
            standing_minor=standing,
            target_minor=due_minor,
            charge=key,
            known_then_sha256=None,
            known_now_sha256=loan.sha256,
            explanation=_explained(explanation, standing, due_minor, tranche.currency),
        )


def _payments(payments: tuple[FeePayment, ...], refusal: str | None) -> tuple[FeePayment, ...]:
    if refusal is not None:
        raise Conflict("accrual.charge_unknown", f"fee: {refusal}")
    return payments


def _draft(planned: PlannedEntry, accounts: LoanAccounts, *, entry_id: UUID, actor: Actor) -> JournalDraft:
    make = accrual_draft if planned.charge is None else charge_draft
    return make(
        accounts,
        planned.change_minor,
        on=planned.on,
        document_on=planned.document_on,
        entry_id=entry_id,
        actor=actor,
        attrs=planned.attrs(),
    )


def _opened(session: Session, book_id: int, loan: KnownLoan, tranche: TrancheTerms) -> LoanAccounts:
    """Return the tranche's accounts, those of accruals and charges opened beside its own from its first day on."""
    accounts = open_loan_accounts(session, book_id, loan, tranche)
    opened_on = min(tranche.signed_on, loan.drawn[tranche.tranche_id][0].on)
    for line in accrual_lines(accounts, f"{loan.facility.terms.facility_number} {tranche.tranche_id}"):
        ledger.open_account(session, book_id, line.opening(opened_on))
    return accounts


def _is_drawn_by(loan: KnownLoan, tranche: TrancheTerms, month: Month) -> bool:
    return min(tranche.signed_on, loan.drawn[tranche.tranche_id][0].on) < month.end


def _standing(session: Session, book_id: int, path: str, *, as_of: date) -> int:
    """Return what the account holds at the close of a day, 0 while it is not opened."""
    held = reports.positions(session, book_id, as_of=as_of, under=path)
    return sum(each.balance for each in held)


def _explained(target: Explanation, standing: int, due: int, currency: str) -> Explanation:
    scale = currency_scale(currency)
    return Explanation(
        label_en="What the book lacks",
        label_zh="应补记金额",
        value=format_units(due - standing, scale),
        unit=currency,
        formula="due - booked",
        children=(
            target,
            Explanation(
                label_en="Booked so far",
                label_zh="已入账",
                value=format_units(standing, scale),
                unit=currency,
                source="the book's accounts",
            ),
        ),
    )
