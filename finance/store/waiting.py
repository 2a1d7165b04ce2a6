"""Reads everything that waits for a person, from every store that keeps proposals: one shape, newest last.

Reads only. Knows neither who is asked nor what an approval does; a row stands here until the fact that answers it is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from finance.conventions.approvals import WaitingKind
from finance.store.tables.carbon_contracts import (
    CarbonContractDecisionRow,
    CarbonContractRow,
    CarbonContractVersionRow,
)
from finance.store.tables.closing import (
    AccountingPolicyApprovalRow,
    AccountingPolicyEndRow,
    AccountingPolicyRow,
    CloseStepRow,
    VoucherReviewRow,
    VoucherRow,
)
from finance.store.tables.compliance import ComplianceDecisionRow, ComplianceProposalRow
from finance.store.tables.trading import TradingProposalRow, TradingStepRow
from ledger.store.books import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing that waits for a decision.

    ``place`` are the ids by which its routes name it. ``not_by`` are the persons who may not decide it; who asked is ``maker_id``,
    None where a machine did. ``sha256`` is what a decision names, None where it names the record. ``before`` and ``after`` are JSON
    documents: what stands and what is proposed; None where there is none.
    """

    kind: WaitingKind
    place: Mapping[str, str]
    subject: str
    maker_id: UUID | None
    since: datetime
    sha256: str | None
    before: str | None = None
    after: str | None = None
    not_by: frozenset[UUID] = field(default_factory=frozenset)


def of_books(session: Session, books: tuple[Book, ...]) -> Iterator[Waiting]:
    """Yield what waits in the books of one organisation."""
    uuids = {book.book_id: str(book.book_uuid) for book in books}
    if uuids:
        yield from _trading(session, uuids)
        yield from _contracts(session, uuids)
        yield from _policies(session, uuids)
        yield from _close_steps(session, uuids)
        yield from _vouchers(session, uuids)
        yield from _compliance(session, uuids)


def _trading(session: Session, uuids: Mapping[int, str]) -> Iterator[Waiting]:
    ended = exists().where(
        TradingStepRow.book_id == TradingProposalRow.book_id,
        TradingStepRow.proposal_id == TradingProposalRow.proposal_id,
        TradingStepRow.what.in_(("rejected", "placed", "cancelled", "expired", "corrected", "revoked")),
    )
    proposed = exists().where(
        TradingStepRow.book_id == TradingProposalRow.book_id,
        TradingStepRow.proposal_id == TradingProposalRow.proposal_id,
        TradingStepRow.what == "proposed",
    )
    rows = session.scalars(
        select(TradingProposalRow).where(TradingProposalRow.book_id.in_(uuids), ~ended, proposed)
    ).all()
    approvals: dict[UUID, set[UUID]] = {}
    for proposal_id, actor_id in session.execute(
        select(TradingStepRow.proposal_id, TradingStepRow.actor_id).where(
            TradingStepRow.book_id.in_(uuids), TradingStepRow.what == "approved"
        )
    ):
        approvals.setdefault(proposal_id, set()).add(actor_id)
    for row in rows:
        by = approvals.get(row.proposal_id, set())
        if len(by) >= row.approvals_needed:
            continue
        yield Waiting(
            kind=WaitingKind(row.kind),
            place={"id": str(row.proposal_id), "book_id": uuids[row.book_id], "order_id": row.subject},
            subject=row.subject,
            maker_id=row.maker_id,
            since=row.made_at,
            sha256=row.sha256,
            before=_approved_before(session, row) if row.kind in {"counterparty", "limit"} else None,
            after=row.content,
            not_by=frozenset({row.maker_id, *by}),
        )


def _approved_before(session: Session, row: TradingProposalRow) -> str | None:
    """Return the content that stands for the same subject: of the newest earlier proposal that was approved."""
    return session.scalar(
        select(TradingProposalRow.content)
        .join(
            TradingStepRow,
            (TradingStepRow.book_id == TradingProposalRow.book_id)
            & (TradingStepRow.proposal_id == TradingProposalRow.proposal_id)
            & (TradingStepRow.what == "approved"),
        )
        .where(
            TradingProposalRow.book_id == row.book_id,
            TradingProposalRow.kind == row.kind,
            TradingProposalRow.subject == row.subject,
            TradingProposalRow.number < row.number,
        )
        .order_by(TradingProposalRow.number.desc())
        .limit(1)
    )


def _contracts(session: Session, uuids: Mapping[int, str]) -> Iterator[Waiting]:
    version, decision, earlier = CarbonContractVersionRow, CarbonContractDecisionRow, aliased(CarbonContractVersionRow)
    found = session.execute(
        select(version, CarbonContractRow.kind, earlier.content)
        .join(
            CarbonContractRow,
            (CarbonContractRow.book_id == version.book_id) & (CarbonContractRow.contract_id == version.contract_id),
        )
        .outerjoin(
            earlier,
            (earlier.book_id == version.book_id)
            & (earlier.contract_id == version.contract_id)
            & (earlier.version == version.version - 1),
        )
        .where(
            version.book_id.in_(uuids),
            ~exists().where(
                decision.book_id == version.book_id,
                decision.contract_id == version.contract_id,
                decision.version == version.version,
            ),
        )
    )
    for row, kind, before in found:
        yield Waiting(
            kind=WaitingKind.CARBON_CONTRACT,
            place={"id": str(row.contract_id), "book_id": uuids[row.book_id]},
            subject=f"{kind} v{row.version}",
            maker_id=row.maker_id,
            since=row.made_at,
            sha256=row.sha256,
            before=before,
            after=row.content,
            not_by=frozenset({row.maker_id}),
        )


def _policies(session: Session, uuids: Mapping[int, str]) -> Iterator[Waiting]:
    policy, approval, end = AccountingPolicyRow, AccountingPolicyApprovalRow, AccountingPolicyEndRow
    is_approved = exists().where(approval.book_id == policy.book_id, approval.policy_id == policy.policy_id)
    has_ended = exists().where(end.book_id == policy.book_id, end.policy_id == policy.policy_id)
    for row in session.scalars(select(policy).where(policy.book_id.in_(uuids), ~is_approved, ~has_ended)).all():
        before = session.scalar(
            select(policy.document)
            .where(policy.book_id == row.book_id, policy.version < row.version, is_approved)
            .order_by(policy.version.desc())
            .limit(1)
        )
        yield Waiting(
            kind=WaitingKind.ACCOUNTING_POLICY,
            place={"id": str(row.policy_id), "book_id": uuids[row.book_id]},
            subject=f"v{row.version} {row.effective_from.isoformat()}",
            maker_id=row.maker_id,
            since=row.proposed_at,
            sha256=row.digest,
            before=as_json(before),
            after=as_json(row.document),
            not_by=frozenset({row.maker_id}),
        )


_CLOSE_KINDS = {
    "waiver_proposed": (WaitingKind.CLOSE_WAIVER, "waiver_approved"),
    "soft_closed": (WaitingKind.CLOSE, "hard_closed"),
    "reopen_proposed": (WaitingKind.REOPENING, "reopened"),
}


def _close_steps(session: Session, uuids: Mapping[int, str]) -> Iterator[Waiting]:
    """Yield the unanswered steps of a month's close since it was last opened again."""
    steps = session.scalars(
        select(CloseStepRow)
        .where(CloseStepRow.book_id.in_(uuids))
        .order_by(CloseStepRow.book_id, CloseStepRow.month, CloseStepRow.step_no)
    ).all()
    open_steps: dict[tuple[int, str], list[CloseStepRow]] = {}
    for step in steps:
        month = open_steps.setdefault((step.book_id, str(step.month)), [])
        if step.what in {"reopened", "hard_closed"}:
            month.clear()
        elif step.answers_no is not None:
            month[:] = [each for each in month if each.step_no != step.answers_no]
        elif step.what in _CLOSE_KINDS:
            month.append(step)
    for (book_id, month_text), waiting in open_steps.items():
        for step in waiting:
            yield Waiting(
                kind=_CLOSE_KINDS[step.what][0],
                place={"book_id": uuids[book_id], "month": month_text, "step": str(step.step_no)},
                subject=" ".join(part for part in (month_text, step.item) if part),
                maker_id=step.actor_id,
                since=step.recorded_at,
                sha256=step.digest or None,
                not_by=frozenset({step.actor_id}),
            )


def _vouchers(session: Session, uuids: Mapping[int, str]) -> Iterator[Waiting]:
    """Yield for each month the vouchers that nobody reviewed, together."""
    is_reviewed = exists().where(
        VoucherReviewRow.book_id == VoucherRow.book_id,
        VoucherReviewRow.month == VoucherRow.month,
        VoucherReviewRow.number == VoucherRow.number,
    )
    months: dict[tuple[int, str], list[VoucherRow]] = {}
    found = session.scalars(
        select(VoucherRow)
        .where(VoucherRow.book_id.in_(uuids), ~is_reviewed)
        .order_by(VoucherRow.book_id, VoucherRow.month, VoucherRow.number)
    )
    for row in found:
        months.setdefault((row.book_id, str(row.month)), []).append(row)
    for (book_id, month), rows in months.items():
        yield Waiting(
            kind=WaitingKind.VOUCHERS,
            place={"book_id": uuids[book_id], "month": month},
            subject=f"{month}: {len(rows)}",
            maker_id=rows[0].numbered_by,
            since=min(row.numbered_at for row in rows),
            sha256=None,
            not_by=frozenset.intersection(*(frozenset({row.prepared_by}) for row in rows)),
        )


def _compliance(session: Session, uuids: Mapping[int, str]) -> Iterator[Waiting]:
    proposal, decision = ComplianceProposalRow, ComplianceDecisionRow
    is_decided = exists().where(decision.proposal_id == proposal.proposal_id)
    for row in session.scalars(select(proposal).where(proposal.book_id.in_(uuids), ~is_decided)):
        yield Waiting(
            kind=WaitingKind.COMPLIANCE,
            place={"id": str(row.proposal_id), "book_id": uuids[row.book_id]},
            subject=f"{row.kind} {row.year}",
            maker_id=row.maker_id,
            since=row.proposed_at,
            sha256=row.sha256,
            after=as_json(row.document),
            not_by=frozenset({row.maker_id}),
        )


def as_json(document: object) -> str | None:
    """Return a stored document as JSON text; text stays as it is."""
    if document is None or isinstance(document, str):
        return document
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
