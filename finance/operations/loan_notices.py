"""What the parties of a loan are told about its rate decisions: that one waits for a lender, and how it was decided.

Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.notice_words import approval_condition, approval_waits, rate_decided
from finance.conventions.notices import NoticeKind
from finance.operations.loan_view import KnownLoan
from finance.operations.notices import raise_notice, resolve_notice
from finance.store.determinations import Determination
from finance.store.facilities import party_roles

_SUBJECT = "determination"


def determination_waits(session: Session, loan: KnownLoan, determination: Determination, *, now: datetime) -> None:
    """Tell each lender that a proposed determination waits for its approval."""
    number = loan.facility.terms.facility_number
    for lender_id in _parties(loan, "lender"):
        waiting = approval_waits(
            lender_id,
            what=f"the rate determination of loan {number}",
            what_zh=f"贷款{number}的利率决定",
            record_id=determination.determination_id,
            subject_kind=_SUBJECT,
            said=f"period from {determination.proposal.period_start}",
            path=f"/determinations/{determination.determination_id}",
            scope="determination:approve",
            maker_id=determination.proposer.user_id,
        )
        raise_notice(session, waiting, now=now)


def determination_decided(
    session: Session, loan: KnownLoan, determination: Determination, *, verdict: str, said: str, now: datetime
) -> None:
    """Tell borrower and lenders how a determination was decided, and end what waited for it."""
    condition = approval_condition(_SUBJECT, determination.determination_id)
    for organisation_id in _parties(loan, "borrower", "lender"):
        resolve_notice(session, organisation_id, NoticeKind.APPROVAL_WAITS, condition, now=now)
        decided = rate_decided(
            organisation_id,
            facility_id=determination.facility_id,
            facility=loan.facility.terms.facility_number,
            determination_id=determination.determination_id,
            verdict=verdict,
            period_start=determination.proposal.period_start,
            said=said,
        )
        raise_notice(session, decided, now=now)


def _parties(loan: KnownLoan, *roles: str) -> Iterable[UUID]:
    """Return the organisations of these roles in sorted order, so that two who tell the same parties take them alike."""
    return sorted({organisation_id for organisation_id, role in party_roles(loan.facility.terms) if role in roles})
