"""What the parties of a loan are told: that terms, adjustments, queries, rates or an end of the label wait for them, and what was decided.

Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.approvals import WaitingKind
from finance.conventions.notice_words import approval_condition, approval_waits, rate_decided
from finance.conventions.notices import NoticeKind
from finance.loans.facility_terms import FacilityTerms, PartyRole
from finance.operations.approval_notices import Asked, ask_second_person, end_asking
from finance.operations.loan_view import KnownLoan
from finance.operations.notices import raise_notice, resolve_notice
from finance.store.determinations import Determination
from finance.store.facilities import Facility, party_roles
from ledger.core.parties import Actor

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
            path=f"/bank/determinations/{determination.determination_id}",
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
            path=f"/loans/{determination.facility_id}"
            if str(organisation_id) == loan.facility.terms.borrower_id
            else f"/bank/determinations/{determination.determination_id}",
        )
        raise_notice(session, decided, now=now)


def terms_wait(session: Session, facility_id: UUID, terms: FacilityTerms, *, actor: Actor, now: datetime) -> None:
    """Tell borrower and lenders that a version of the terms waits for them, but for the organisation that words it."""
    borrower_id = UUID(terms.borrower_id)
    for organisation_id in sorted({borrower_id, *map(UUID, terms.lender_ids)} - {actor.organisation_id}):
        asked = _of_terms(organisation_id, facility_id, terms.version, is_borrower=organisation_id == borrower_id)
        said = f"{terms.facility_number} v{terms.version}"
        ask_second_person(session, asked, said=said, maker_id=actor.user_id, now=now)


def terms_agreed(session: Session, facility_id: UUID, version: int, *, actor: Actor, now: datetime) -> None:
    """Say that a version waits for this party no more."""
    end_asking(session, _of_terms(actor.organisation_id, facility_id, version, is_borrower=False), now=now)


def loan_asks(
    session: Session,
    facility: Facility,
    kind: WaitingKind,
    record_id: UUID,
    *,
    organisations: Iterable[UUID],
    maker: Actor,
    now: datetime,
) -> None:
    """Tell these parties of a loan that something of it waits for them; the maker is not told."""
    for organisation_id in sorted(set(organisations)):
        asked = _of_loan(facility, kind, record_id, organisation_id)
        ask_second_person(session, asked, said=facility.facility_number, maker_id=maker.user_id, now=now)


def loan_asks_no_more(
    session: Session,
    facility: Facility,
    kind: WaitingKind,
    record_id: UUID,
    *,
    organisations: Iterable[UUID],
    now: datetime,
) -> None:
    """Say that something of a loan waits for these parties no more."""
    for organisation_id in sorted(set(organisations)):
        end_asking(session, _of_loan(facility, kind, record_id, organisation_id), now=now)


def loan_page(facility: Facility, organisation_id: UUID) -> str:
    """Return the page on which a party sees a loan: each party has its own."""
    if organisation_id == facility.borrower_id:
        return f"/loans/{facility.facility_id}"
    if facility.has_party(organisation_id, PartyRole.ASSESSOR):
        return "/engagements"
    return f"/bank/facilities/{facility.facility_id}"


def _of_loan(facility: Facility, kind: WaitingKind, record_id: UUID, organisation_id: UUID) -> Asked:
    return Asked(
        kind=kind,
        organisation_id=organisation_id,
        ref=str(record_id),
        page=loan_page(facility, organisation_id),
    )


def _of_terms(organisation_id: UUID, facility_id: UUID, version: int, *, is_borrower: bool) -> Asked:
    return Asked(
        kind=WaitingKind.TERMS,
        organisation_id=organisation_id,
        ref=f"{facility_id} v{version}",
        page=f"/loans/{facility_id}" if is_borrower else f"/bank/facilities/{facility_id}/terms",
    )


def _parties(loan: KnownLoan, *roles: str) -> Iterable[UUID]:
    """Return the organisations of these roles in sorted order, so that two who tell the same parties take them alike."""
    return sorted({organisation_id for organisation_id, role in party_roles(loan.facility.terms) if role in roles})
