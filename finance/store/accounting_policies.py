"""Writes and reads accounting policies: proposed by one person, then approved or rejected by another, or withdrawn.

Takes a session first and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.accounting.policies import DEFAULT_POLICY, AccountingPolicy, PolicyEnding
from finance.conventions.documents import from_document, to_document
from finance.store.tables.closing import AccountingPolicyApprovalRow, AccountingPolicyEndRow, AccountingPolicyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEnd:
    """How a proposed policy ended without an approval, by whom, when and why."""

    how: PolicyEnding
    reason: str
    by: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRecord:
    """A policy with its maker, and who approved it or how it ended; it waits while neither is known."""

    policy_id: UUID
    book_id: int
    version: int
    policy: AccountingPolicy
    digest: str
    maker_id: UUID
    proposed_at: datetime
    checker_id: UUID | None
    approved_at: datetime | None
    end: PolicyEnd | None = None


def save_policy(
    session: Session,
    book_id: int,
    policy_id: UUID,
    policy: AccountingPolicy,
    digest: str,
    *,
    by: UUID,
    at: datetime,
) -> None:
    """Insert a proposal as the book's next version; the caller has locked the book."""
    last = session.scalar(select(func.max(AccountingPolicyRow.version)).where(AccountingPolicyRow.book_id == book_id))
    session.execute(
        insert(AccountingPolicyRow).values(
            book_id=book_id,
            version=(last or 0) + 1,
            policy_id=policy_id,
            effective_from=policy.effective_from,
            document=to_document(policy),
            digest=digest,
            maker_id=by,
            proposed_at=at,
        )
    )


def save_approval(session: Session, record: PolicyRecord, *, by: UUID, at: datetime) -> None:
    """Insert the approval; the database refuses the maker as checker."""
    session.execute(
        insert(AccountingPolicyApprovalRow).values(
            book_id=record.book_id,
            policy_id=record.policy_id,
            digest=record.digest,
            maker_id=record.maker_id,
            checker_id=by,
            approved_at=at,
        )
    )


def save_end(session: Session, record: PolicyRecord, end: PolicyEnd) -> None:
    """Insert how the proposal ended; the database refuses a rejection by the maker, a withdrawal by another, and one after an approval."""
    session.execute(
        insert(AccountingPolicyEndRow).values(
            book_id=record.book_id,
            policy_id=record.policy_id,
            digest=record.digest,
            maker_id=record.maker_id,
            verdict=end.how.value,
            reason=end.reason,
            decided_by=end.by,
            decided_at=end.at,
        )
    )


def find_policy(session: Session, policy_id: UUID) -> PolicyRecord | None:
    """Return the policy of that id in any book, or None."""
    found = _load(session, policy_id=policy_id)
    return found[0] if found else None


def list_policies(session: Session, book_id: int) -> tuple[PolicyRecord, ...]:
    """Return the book's policies by version: approved, waiting and ended ones."""
    return _load(session, book_id=book_id)


def policy_on(session: Session, book_id: int, day: date) -> PolicyRecord | None:
    """Return the approved policy in force on a day: of those begun by then the last day's, of one day the last version's."""
    held = [
        record
        for record in _load(session, book_id=book_id)
        if record.approved_at is not None and record.policy.effective_from <= day
    ]
    return max(held, key=lambda record: (record.policy.effective_from, record.version), default=None)


def policy_in_force(session: Session, book_id: int, day: date) -> AccountingPolicy:
    """Return the policy in force on a day, the product's own until the entity approves one."""
    record = policy_on(session, book_id, day)
    return DEFAULT_POLICY if record is None else record.policy


def _load(session: Session, *, policy_id: UUID | None = None, book_id: int | None = None) -> tuple[PolicyRecord, ...]:
    policy, approval, end = AccountingPolicyRow, AccountingPolicyApprovalRow, AccountingPolicyEndRow
    wanted = (
        select(policy, approval.checker_id, approval.approved_at, end)
        .outerjoin(approval, (approval.book_id == policy.book_id) & (approval.policy_id == policy.policy_id))
        .outerjoin(end, (end.book_id == policy.book_id) & (end.policy_id == policy.policy_id))
        .order_by(policy.book_id, policy.version)
    )
    if policy_id is not None:
        wanted = wanted.where(policy.policy_id == policy_id)
    if book_id is not None:
        wanted = wanted.where(policy.book_id == book_id)
    return tuple(
        PolicyRecord(
            policy_id=row.policy_id,
            book_id=row.book_id,
            version=row.version,
            policy=from_document(AccountingPolicy, row.document, area="policy"),
            digest=row.digest,
            maker_id=row.maker_id,
            proposed_at=row.proposed_at,
            checker_id=checker_id,
            approved_at=approved_at,
            end=None if ended is None else _end(ended),
        )
        for row, checker_id, approved_at, ended in session.execute(wanted)
    )


def _end(row: AccountingPolicyEndRow) -> PolicyEnd:
    return PolicyEnd(how=PolicyEnding(row.verdict), reason=row.reason, by=row.decided_by, at=row.decided_at)
