"""Accounting policies of a book: one person proposes, another approves exactly that or rejects it, or who proposed withdraws it.

Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.accounting.policies import DEFAULT_POLICY, AccountingPolicy, PolicyEnding, Settlement, policy_digest
from finance.accounting.vat import TradeTreatment, VatRate
from finance.conventions.approvals import WaitingKind
from finance.conventions.fields import check_text
from finance.operations.approval_notices import ask_second_person, end_asking, of_book
from finance.store import accounting_policies as policy_store
from finance.store import reference
from finance.store.accounting_policies import PolicyEnd, PolicyRecord
from ledger import operations as ledger
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.parties import Actor
from ledger.store import books, journal


def propose_policy(
    session: Session, book_id: int, policy_id: UUID, policy: AccountingPolicy, *, actor: Actor, now: datetime
) -> PolicyRecord:
    """Record a policy that ``actor`` proposes as the book's next version; it counts once another person approves it.

    The same again changes nothing, other content under the id is ``policy.exists``. A VAT code that no row has is
    ``reference.missing``; a first day that is closed is ``policy.closed``, for what was reported stays as it was.
    """
    head = journal.lock_book(session, book_id)
    for code in (policy.sale_vat, policy.purchase_vat, policy.fee_vat):
        vat_rate(code, on=policy.effective_from)
    if head.locked_through is not None and policy.effective_from <= head.locked_through:
        raise Conflict(
            "policy.closed",
            f"effective_from: expected a day after {head.locked_through}, through which the book is closed",
            field="effective_from",
        )
    digest = policy_digest(policy)
    standing = policy_store.find_policy(session, policy_id)
    if standing is None:
        policy_store.save_policy(session, book_id, policy_id, policy, digest, by=actor.user_id, at=now)
        asked = of_book(session, WaitingKind.ACCOUNTING_POLICY, book_id, policy_id)
        said = f"from {policy.effective_from}"
        ask_second_person(session, asked, said=said, maker_id=actor.user_id, now=now)
    elif (standing.book_id, standing.digest, standing.maker_id) != (book_id, digest, actor.user_id):
        raise Conflict("policy.exists", "policy_id: a policy of that id stands with other content; use a new id")
    return need_policy(session, policy_id)


def approve_policy(session: Session, record: PolicyRecord, digest: str, *, actor: Actor, now: datetime) -> PolicyRecord:
    """Approve exactly the policy that ``digest`` names as a second person, and open the accounts it needs; return it.

    Other content is ``policy.digest``, the maker ``policy.same_person``, one that was rejected or withdrawn ``policy.ended``.
    Approving again as the same person changes nothing.
    """
    head = journal.lock_book(session, record.book_id)
    record = need_policy(session, record.policy_id)
    _check_digest(record, digest)
    if record.maker_id == actor.user_id:
        raise Forbidden("policy.same_person", "checker: expected another person than the maker; ask a colleague")
    _check_not_ended(record)
    if record.checker_id not in {None, actor.user_id}:
        raise Conflict("policy.approved", "policy: approved already by somebody else")
    if record.checker_id is None:
        if head.locked_through is not None and record.policy.effective_from <= head.locked_through:
            raise Conflict("policy.closed", "effective_from: the book was closed beyond it; propose a later day")
        policy_store.save_approval(session, record, by=actor.user_id, at=now)
        asked = of_book(session, WaitingKind.ACCOUNTING_POLICY, record.book_id, record.policy_id)
        end_asking(session, asked, now=now)
        standing = books.accounts(session, record.book_id)
        for line in treatment_of(record.policy).lines():
            if line.path not in standing:
                ledger.open_account(session, record.book_id, line.opening(record.policy.effective_from))
    return need_policy(session, record.policy_id)


def reject_policy(
    session: Session, record: PolicyRecord, digest: str, *, reason: str, actor: Actor, now: datetime
) -> PolicyRecord:
    """Reject exactly the policy that ``digest`` names, as another person than its maker; return it.

    The maker is ``policy.withdraw_instead``, an approved one ``policy.stands``. Rejecting again as the same person changes nothing.
    """
    record = _locked(session, record)
    _check_digest(record, digest)
    if record.maker_id == actor.user_id:
        raise Forbidden("policy.withdraw_instead", "policy: you proposed it; withdraw it instead")
    return _end(session, record, PolicyEnding.REJECTED, reason=reason, actor=actor, now=now)


def withdraw_policy(
    session: Session, record: PolicyRecord, *, reason: str, actor: Actor, now: datetime
) -> PolicyRecord:
    """Withdraw a policy as who proposed it; return it.

    Anybody else is ``policy.not_yours``, an approved one ``policy.stands``. Withdrawing again changes nothing.
    """
    record = _locked(session, record)
    if record.maker_id != actor.user_id:
        raise Forbidden("policy.not_yours", "policy: only who proposed it withdraws it; reject it instead")
    return _end(session, record, PolicyEnding.WITHDRAWN, reason=reason, actor=actor, now=now)


def policy_treatment(session: Session, book_id: int, day: date) -> TradeTreatment:
    """Return how trades of a day are booked beside 22号, by the policy in force that day."""
    record = policy_store.policy_on(session, book_id, day)
    return treatment_of(DEFAULT_POLICY if record is None else record.policy)


def treatment_of(policy: AccountingPolicy) -> TradeTreatment:
    """Return the treatment that a policy asks for; its VAT rates are those in force on its first day."""
    return TradeTreatment(
        sale_vat=vat_rate(policy.sale_vat, on=policy.effective_from),
        purchase_vat=vat_rate(policy.purchase_vat, on=policy.effective_from),
        fee_vat=vat_rate(policy.fee_vat, on=policy.effective_from),
        is_input_vat_deductible=policy.is_input_vat_deductible,
        is_settled_later=policy.settlement is Settlement.OTHER_PAYABLES,
    )


def vat_rate(row_id: str, *, on: date) -> VatRate:
    """Return the VAT rate of a row on a day; an unknown row or day is ``reference.missing`` with the known ones."""
    row = reference.shipped_vat_codes().lookup(row_id, on=on)
    return VatRate(row_id=row.row_id, rate=Fraction(row.number()), source=f"{row.source} [{row.status.value}]")


def _end(
    session: Session, record: PolicyRecord, how: PolicyEnding, *, reason: str, actor: Actor, now: datetime
) -> PolicyRecord:
    check_text(reason, area="policy", field="reason")
    if record.end is not None and (record.end.how, record.end.by) == (how, actor.user_id):
        return record
    _check_not_ended(record)
    if record.checker_id is not None:
        raise Conflict("policy.stands", "policy: it was approved; propose the next version to change what it says")
    policy_store.save_end(session, record, PolicyEnd(how=how, reason=reason, by=actor.user_id, at=now))
    asked = of_book(session, WaitingKind.ACCOUNTING_POLICY, record.book_id, record.policy_id)
    end_asking(session, asked, now=now)
    return need_policy(session, record.policy_id)


def _locked(session: Session, record: PolicyRecord) -> PolicyRecord:
    """Return the policy as it stands under its book's lock, so that two who decide at once decide one after the other."""
    journal.lock_book(session, record.book_id)
    return need_policy(session, record.policy_id)


def _check_digest(record: PolicyRecord, digest: str) -> None:
    if record.digest != digest:
        raise Conflict(
            "policy.digest", "digest: expected that of the policy as proposed; read it again", field="digest"
        )


def _check_not_ended(record: PolicyRecord) -> None:
    if record.end is not None:
        raise Conflict(
            "policy.ended", f"policy: it was {record.end.how}; propose the next version", verdict=record.end.how.value
        )


def need_policy(session: Session, policy_id: UUID) -> PolicyRecord:
    """Return the policy; one that does not exist is ``policy.not_found``."""
    record = policy_store.find_policy(session, policy_id)
    if record is None:
        raise NotFound("policy.not_found", "the policy does not exist, or not for you")
    return record
