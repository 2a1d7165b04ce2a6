"""Reads what waits outside the books: prices and calendars, loans, engagements and signing keys, in the shape of ``waiting``.

Reads only. Knows neither who is asked nor what an approval does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from finance.conventions.approvals import WaitingKind
from finance.store.tables.attestations import (
    AttestationDraftRow,
    DraftEventRow,
    DraftVersionRow,
    EngagementRow,
    SigningKeyRow,
)
from finance.store.tables.feeds import (
    HeldReviewRow,
    MarkCheckRow,
    MarketDecisionRow,
    MarketProposalRow,
    SecondMarkCheckRow,
)
from finance.store.tables.labels import LabelEventRow
from finance.store.tables.loan_facts import AdjustmentApprovalRow, InterestAdjustmentRow
from finance.store.tables.loans import (
    FacilityPartyRow,
    FacilityRow,
    FacilityTermsRow,
    RateApprovalRow,
    RateDecisionRow,
    RateDeterminationRow,
    TermsAgreementRow,
)
from finance.store.tables.market import ApprovedMarkRow, HeldObservationRow, ProposedMarkRow, WithdrawnMarkRow
from finance.store.tables.reviews import LoanReviewRow
from finance.store.waiting import Waiting, as_json


def of_market(session: Session, organisation_id: UUID) -> Iterator[Waiting]:
    """Yield the organisation's files of prices, calendar years, marks and held prices that nobody decided."""
    proposal, decision = MarketProposalRow, MarketDecisionRow
    is_decided = exists().where(
        decision.organisation_id == proposal.organisation_id, decision.proposal_id == proposal.proposal_id
    )
    for row in session.scalars(select(proposal).where(proposal.organisation_id == organisation_id, ~is_decided)):
        yield Waiting(
            kind=WaitingKind(row.kind),
            place={"id": str(row.proposal_id)},
            subject=row.kind,
            maker_id=row.maker_id,
            since=row.proposed_at,
            sha256=row.sha256,
            after=row.content,
            not_by=frozenset({row.maker_id}),
        )
    yield from _marks(session, organisation_id)
    held, review = HeldObservationRow, HeldReviewRow
    is_reviewed = exists().where(
        review.organisation_id == held.organisation_id, review.content_sha256 == held.content_sha256
    )
    for seen in session.scalars(select(held).where(held.organisation_id == organisation_id, ~is_reviewed)):
        yield Waiting(
            kind=WaitingKind.HELD_PRICE,
            place={"id": seen.content_sha256},
            subject=f"{seen.instrument} {seen.trade_date.isoformat()}",
            maker_id=seen.recorded_by,
            since=seen.known_at,
            sha256=seen.content_sha256,
            not_by=frozenset({seen.recorded_by}),
        )


def _marks(session: Session, organisation_id: UUID) -> Iterator[Waiting]:
    mark, check, second = ProposedMarkRow, MarkCheckRow, SecondMarkCheckRow

    def has(table: type[ApprovedMarkRow | WithdrawnMarkRow | SecondMarkCheckRow]) -> ColumnElement[bool]:
        return exists().where(table.organisation_id == mark.organisation_id, table.mark_id == mark.mark_id)

    found = session.execute(
        select(mark, check)
        .outerjoin(check, (check.organisation_id == mark.organisation_id) & (check.mark_id == mark.mark_id))
        .where(mark.organisation_id == organisation_id, ~has(ApprovedMarkRow), ~has(WithdrawnMarkRow), ~has(second))
    )
    for row, checked in found:
        if checked is not None and not checked.needs_second:
            continue
        yield Waiting(
            kind=WaitingKind.MARK if checked is None else WaitingKind.SECOND_MARK_CHECK,
            place={"id": str(row.mark_id)},
            subject=f"{row.instrument} {format(row.value, 'f')} {row.currency}/{row.unit}",
            maker_id=row.maker_id,
            since=row.proposed_at,
            sha256=None if checked is None else checked.proposal_sha256,
            not_by=frozenset({row.maker_id} if checked is None else {row.maker_id, checked.checker_id}),
        )


def of_loans(session: Session, organisation_id: UUID) -> Iterator[Waiting]:
    """Yield what waits in the loans that the organisation is party to, for its own side; each names its loan by number."""
    roles: dict[UUID, set[str]] = {}
    for facility_id, role in session.execute(
        select(FacilityPartyRow.facility_id, FacilityPartyRow.role).where(
            FacilityPartyRow.organisation_id == organisation_id
        )
    ):
        roles.setdefault(facility_id, set()).add(role)
    if not roles:
        return
    parties = tuple(facility_id for facility_id, own in roles.items() if own & {"borrower", "lender"})
    numbers = {
        str(facility_id): number
        for facility_id, number in session.execute(
            select(FacilityRow.facility_id, FacilityRow.facility_number).where(FacilityRow.facility_id.in_(parties))
        )
    }
    found = chain(
        _terms(session, organisation_id, parties),
        _determinations(session, tuple(facility_id for facility_id, own in roles.items() if "lender" in own)),
        _adjustments(session, roles),
        _queries(session, tuple(facility_id for facility_id, own in roles.items() if "borrower" in own)),
        _declassifications(session, organisation_id, parties),
    )
    for each in found:
        number = numbers[each.place["facility_id"]]
        yield replace(each, subject=f"{number} {each.subject}".rstrip())


def _terms(session: Session, organisation_id: UUID, ids: tuple[UUID, ...]) -> Iterator[Waiting]:
    terms, agreed, earlier = FacilityTermsRow, TermsAgreementRow, aliased(FacilityTermsRow)
    has_agreed = exists().where(
        agreed.facility_id == terms.facility_id,
        agreed.version == terms.version,
        agreed.organisation_id == organisation_id,
    )
    found = session.execute(
        select(terms, earlier.document)
        .outerjoin(earlier, (earlier.facility_id == terms.facility_id) & (earlier.version == terms.version - 1))
        .where(terms.facility_id.in_(ids), ~has_agreed)
    )
    for row, before in found:
        yield Waiting(
            kind=WaitingKind.TERMS,
            place={"facility_id": str(row.facility_id), "version": str(row.version)},
            subject=f"v{row.version}",
            maker_id=row.recorded_by,
            since=row.recorded_at,
            sha256=row.sha256,
            before=as_json(before),
            after=as_json(row.document),
            not_by=frozenset({row.recorded_by}),
        )


def _determinations(session: Session, ids: tuple[UUID, ...]) -> Iterator[Waiting]:
    row_of, approval = RateDeterminationRow, RateApprovalRow
    is_decided = exists().where(RateDecisionRow.determination_id == row_of.determination_id)
    approvers: dict[UUID, set[UUID]] = {}
    for determination_id, approver_id in session.execute(select(approval.determination_id, approval.approver_id)):
        approvers.setdefault(determination_id, set()).add(approver_id)
    for row in session.scalars(select(row_of).where(row_of.facility_id.in_(ids), ~is_decided)):
        yield Waiting(
            kind=WaitingKind.DETERMINATION,
            place={"id": str(row.determination_id), "facility_id": str(row.facility_id)},
            subject=f"{row.period_start.isoformat()}/{row.period_end.isoformat()}",
            maker_id=row.proposer_id,
            since=row.proposed_at,
            sha256=row.digest,
            after=as_json(row.document),
            not_by=frozenset({row.proposer_id, *approvers.get(row.determination_id, set())}),
        )


def _adjustments(session: Session, roles: Mapping[UUID, set[str]]) -> Iterator[Waiting]:
    row_of = InterestAdjustmentRow
    sides: dict[UUID, set[str]] = {}
    for adjustment_id, side in session.execute(select(AdjustmentApprovalRow.adjustment_id, AdjustmentApprovalRow.side)):
        sides.setdefault(adjustment_id, set()).add(side)
    for row in session.scalars(select(row_of).where(row_of.facility_id.in_(roles))):
        if not (roles[row.facility_id] & {"borrower", "lender"}) - sides.get(row.adjustment_id, set()):
            continue
        yield Waiting(
            kind=WaitingKind.ADJUSTMENT,
            place={"id": str(row.adjustment_id), "facility_id": str(row.facility_id)},
            subject=row.tranche_id,
            maker_id=row.proposer_id,
            since=row.proposed_at,
            sha256=row.digest,
            after=as_json(row.document),
            not_by=frozenset({row.proposer_id}),
        )


def _queries(session: Session, ids: tuple[UUID, ...]) -> Iterator[Waiting]:
    query, answer = LoanReviewRow, aliased(LoanReviewRow)
    is_answered = exists().where(answer.answers_id == query.review_id)
    for row in session.scalars(select(query).where(query.facility_id.in_(ids), query.what == "queried", ~is_answered)):
        yield Waiting(
            kind=WaitingKind.QUERY,
            place={"id": str(row.review_id), "facility_id": str(row.facility_id)},
            subject="",
            maker_id=row.actor_id,
            since=row.recorded_at,
            sha256=None,
            after=as_json({"reason": row.reason or ""}),
        )


def _declassifications(session: Session, organisation_id: UUID, ids: tuple[UUID, ...]) -> Iterator[Waiting]:
    proposed, answer = LabelEventRow, aliased(LabelEventRow)
    is_answered = exists().where(
        answer.facility_id == proposed.facility_id,
        answer.subject_id == proposed.event_id,
        (answer.what == "declassified")
        | ((answer.what == "declassification_approved") & (answer.acting_for_id == organisation_id)),
    )
    found = session.scalars(
        select(proposed).where(
            proposed.facility_id.in_(ids), proposed.what == "declassification_proposed", ~is_answered
        )
    )
    for row in found:
        if row.acting_for_id != organisation_id:
            yield Waiting(
                kind=WaitingKind.DECLASSIFICATION,
                place={"id": str(row.event_id), "facility_id": str(row.facility_id)},
                subject=row.effective_on.isoformat(),
                maker_id=row.actor_id,
                since=row.recorded_at,
                sha256=row.detail["digest"],
                after=as_json({name: value for name, value in row.detail.items() if name != "digest"}),
                not_by=frozenset({row.actor_id}),
            )


def of_assessor(session: Session, organisation_id: UUID) -> Iterator[Waiting]:
    """Yield the assessor's drafts that nobody reviewed and its signing keys that no colleague vouched for."""
    drafts = session.scalars(
        select(AttestationDraftRow)
        .join(EngagementRow, EngagementRow.engagement_id == AttestationDraftRow.engagement_id)
        .where(EngagementRow.assessor_id == organisation_id)
    ).all()
    for draft in drafts:
        events = session.scalars(
            select(DraftEventRow.state).where(DraftEventRow.draft_id == draft.draft_id).order_by(DraftEventRow.number)
        ).all()
        versions = session.scalars(
            select(DraftVersionRow).where(DraftVersionRow.draft_id == draft.draft_id).order_by(DraftVersionRow.number)
        ).all()
        if events and versions and events[-1] == "draft":
            newest = versions[-1]
            yield Waiting(
                kind=WaitingKind.ATTESTATION_DRAFT,
                place={"id": str(draft.draft_id)},
                subject=f"v{newest.number}",
                maker_id=newest.prepared_by,
                since=newest.prepared_at,
                sha256=newest.sha256,
                before=versions[-2].document if len(versions) > 1 else None,
                after=newest.document,
                not_by=frozenset(each.prepared_by for each in versions),
            )
    key = SigningKeyRow
    for row in session.scalars(
        select(key).where(key.organisation_id == organisation_id, key.approved_at.is_(None), key.revoked_at.is_(None))
    ):
        yield Waiting(
            kind=WaitingKind.SIGNING_KEY,
            place={"id": row.key_id},
            subject=row.key_id,
            maker_id=row.registered_by,
            since=row.registered_at,
            sha256=None,
            not_by=frozenset({row.registered_by}),
        )
