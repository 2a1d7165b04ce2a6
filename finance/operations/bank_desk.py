"""A lender's queue: what awaits whom under one of its loans, each with the next action in words.

Reads only. What the calling person can do itself is marked so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from finance.kpi.periods import KpiPeriodState
from finance.loans.obligation_words import title_of
from finance.loans.obligations import Duty, DutyState
from finance.operations.loan_duties import LoanDuties, LoanState, duties_of
from finance.operations.reviews import standing_of
from finance.store import kpi_periods, loan_facts, reviews
from finance.store.determinations import Determination
from finance.store.kpi_periods import KpiPeriod
from ledger.core.parties import Actor

MOST_ITEMS = 200
"""Items shown of one facility; how many more there are is said beside them."""


class QueueKind(StrEnum):
    """What awaits somebody."""

    REPORT_DUE = "report_due"
    REPORT_LATE = "report_late"
    ATTESTATION_DUE = "attestation_due"
    ATTESTATION_LATE = "attestation_late"
    REVIEW_AWAITED = "review_awaited"
    PROPOSAL_AWAITED = "proposal_awaited"
    APPROVAL_AWAITED = "approval_awaited"
    ANSWER_AWAITED = "answer_awaited"
    DISPUTED = "disputed"
    ATTESTATIONS_CONFLICT = "attestations_conflict"
    ATTESTATION_FELL = "attestation_fell"
    ADJUSTMENT_AWAITED = "adjustment_awaited"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One thing that awaits somebody: the next action in both languages, by when, and the ids to follow.

    ``persons_missing`` is how many approvals a proposal or a review still lacks, None for everything else; ``is_yours`` whether the
    caller itself can do the next step now.
    """

    kind: QueueKind
    next_en: str
    next_zh: str
    due_on: date | None
    due_at: datetime | None
    is_yours: bool
    persons_missing: int | None = None
    links: tuple[tuple[str, str], ...] = ()


def queue_of(session: Session, state: LoanState, *, actor: Actor, now: datetime, today: date) -> tuple[QueueItem, ...]:
    """Return what awaits somebody under the loan, the most urgent first; undated items after dated ones."""
    found = [
        *of_duties(duties_of(session, state, now=now), today),
        *_of_periods(session, state, actor),
        *_of_proposals(session, state, actor),
        *_of_adjustments(session, state),
    ]
    return tuple(sorted(found, key=lambda each: (each.due_on or date.max, each.kind, each.links)))


_DUTY_KINDS: Mapping[tuple[Duty, DutyState], QueueKind] = {
    (Duty.REPORT, DutyState.DUE): QueueKind.REPORT_DUE,
    (Duty.YEARLY_REPORT, DutyState.DUE): QueueKind.REPORT_DUE,
    (Duty.REPORT, DutyState.LATE): QueueKind.REPORT_LATE,
    (Duty.YEARLY_REPORT, DutyState.LATE): QueueKind.REPORT_LATE,
    (Duty.ATTESTATION, DutyState.DUE): QueueKind.ATTESTATION_DUE,
    (Duty.YEARLY_ATTESTATION, DutyState.DUE): QueueKind.ATTESTATION_DUE,
    (Duty.ATTESTATION, DutyState.LATE): QueueKind.ATTESTATION_LATE,
    (Duty.YEARLY_ATTESTATION, DutyState.LATE): QueueKind.ATTESTATION_LATE,
    (Duty.REDETERMINATION, DutyState.DUE): QueueKind.ATTESTATION_FELL,
    (Duty.REDETERMINATION, DutyState.LATE): QueueKind.ATTESTATION_FELL,
}
_NEXT: Mapping[QueueKind, tuple[str, str]] = {
    QueueKind.REPORT_DUE: ("The borrower reports", "由借款人报告"),
    QueueKind.REPORT_LATE: (
        "Late: remind the borrower; its consequence may be proposed",
        "逾期:催告借款人;可提出其后果",
    ),
    QueueKind.ATTESTATION_DUE: ("The assessor attests", "由鉴证机构出具声明"),
    QueueKind.ATTESTATION_LATE: (
        "Late: remind borrower and assessor; its consequence may be proposed",
        "逾期:催告借款人和鉴证机构;可提出其后果",
    ),
    QueueKind.ATTESTATION_FELL: (
        "The borrower proposes anew without the fallen attestation",
        "由借款人不依据已失效声明重新提出",
    ),
}


def of_duties(duties: LoanDuties, today: date) -> Iterator[QueueItem]:
    """Give the reports and attestations of periods that are over, and the decisions to be made anew."""
    for duty in duties.duties:
        kind = _DUTY_KINDS.get((duty.duty, duty.state))
        is_running = duty.counts_from is not None and duty.counts_from > today
        if kind is not None and not is_running:
            (act_en, act_zh), (title_en, title_zh) = _NEXT[kind], title_of(duty)
            yield QueueItem(
                kind=kind,
                next_en=f"{title_en}: {act_en}",
                next_zh=f"{title_zh}:{act_zh}",
                due_on=duty.due_on,
                due_at=duty.due_at,
                is_yours=False,
                links=duty.related,
            )


def _of_periods(session: Session, state: LoanState, actor: Actor) -> Iterator[QueueItem]:
    undecided = {each.proposal.period_start for each in state.determinations if each.decision is None}
    needed = state.loan.facility.terms.reporting.approvals
    for period, fact in zip(state.periods, state.facts, strict=True):
        link = (("kpi_period_id", str(period.kpi_period_id)),)
        of = f"KPI {period.kpi_id}, {period.period_start}"
        about = reviews.list_reviews(session, state.facility.facility_id, kpi_period_id=period.kpi_period_id)
        reported = kpi_periods.load_reported(session, period.kpi_period_id)
        standing = standing_of(about, subject_sha256=None if reported is None else reported.sha256, needed=needed)
        for query in standing.open_queries:
            yield _item(
                QueueKind.ANSWER_AWAITED,
                f"{of}: the borrower answers the query",
                f"{of}:由借款人答复质询",
                links=(*link, ("review_id", str(query.review_id))),
            )
        is_new = reported is not None and period.state in {KpiPeriodState.REPORTED, KpiPeriodState.ATTESTED}
        if is_new and not standing.is_refused and len(standing.accepted_by) < needed:
            yield _item(
                QueueKind.REVIEW_AWAITED,
                f"{of}: accept, refuse or query the report",
                f"{of}:接受、拒绝或质询该报告",
                links=link,
                is_yours=actor.user_id not in standing.accepted_by,
                persons_missing=needed - len(standing.accepted_by),
            )
        if period.state is KpiPeriodState.DISPUTED:
            yield _item(
                QueueKind.DISPUTED,
                f"{of}: contested; the borrower restates or proposes again",
                f"{of}:有争议;由借款人重述或重新提出",
                links=link,
            )
        if (
            period.state is KpiPeriodState.ATTESTED
            and period.purpose == "test"
            and period.period_start not in undecided
        ):
            yield _item(
                QueueKind.PROPOSAL_AWAITED,
                f"{of}: attested; the borrower proposes the decision",
                f"{of}:已鉴证;由借款人提出决定",
                links=(*link, ("attestation_id", fact.attestation_id or "")),
            )
        yield from _conflicts(state, period, of)


def _conflicts(state: LoanState, period: KpiPeriod, of: str) -> Iterator[QueueItem]:
    """Give accepted attestations of one period that do not say the same."""
    standing = state.standing[period.kpi_period_id]
    said = {(each.statement["value"], each.statement["outcome"]) for each in standing if each.statement is not None}
    if len(said) > 1:
        links = tuple(("attestation_id", str(each.attestation_id)) for each in standing)
        yield _item(
            QueueKind.ATTESTATIONS_CONFLICT,
            f"{of}: accepted attestations differ; ask the assessors which stands",
            f"{of}:已接受的声明不一致;请鉴证机构说明以何者为准",
            links=(("kpi_period_id", str(period.kpi_period_id)), *links),
        )


def _of_proposals(session: Session, state: LoanState, actor: Actor) -> Iterator[QueueItem]:
    needed = state.loan.facility.terms.reporting.approvals
    for each in state.determinations:
        if each.decision is not None:
            continue
        of = f"{each.proposal.period_start}"
        link = (("determination_id", str(each.determination_id)),)
        about = reviews.list_reviews(session, state.facility.facility_id, determination_id=each.determination_id)
        for query in reviews.open_queries(about):
            yield _item(
                QueueKind.ANSWER_AWAITED,
                f"Proposal on the test from {of}: the borrower answers the query",
                f"关于 {of} 起考核期的提议:由借款人答复质询",
                links=(*link, ("review_id", str(query.review_id))),
            )
        missing = max(needed - len(each.approvals), 0)
        yield _item(
            QueueKind.APPROVAL_AWAITED,
            f"Proposal on the test from {of}: approve or refuse; persons missing: {missing}",
            f"关于 {of} 起考核期的提议:批准或拒绝;尚缺 {missing} 人",
            links=link,
            is_yours=not _has_approved(each, actor),
            persons_missing=missing,
        )


def _has_approved(determination: Determination, actor: Actor) -> bool:
    return any(each.approver.user_id == actor.user_id for each in determination.approvals)


def _of_adjustments(session: Session, state: LoanState) -> Iterator[QueueItem]:
    """Give the adjustments of interest that a side has not agreed to; one that facts overtook is proposed anew."""
    for each in loan_facts.list_adjustments(session, state.facility.facility_id):
        lacking = {"borrower", "lender"} - set(each.approvals)
        if not lacking:
            continue
        of, link = each.true_up.tranche_id, (("adjustment_id", str(each.adjustment_id)),)
        if each.true_up.known_now_sha256 != state.loan.sha256:
            yield _item(
                QueueKind.ADJUSTMENT_AWAITED,
                f"Adjustment of tranche {of}: facts changed; propose it anew",
                f"{of} 档利息调整:事实已变化;请重新提出",
                links=link,
            )
        else:
            who_en, who_zh = (
                ("the lender agrees", "由贷款人同意")
                if "lender" in lacking
                else ("the borrower agrees", "由借款人同意")
            )
            yield _item(
                QueueKind.ADJUSTMENT_AWAITED,
                f"Adjustment of tranche {of}: {who_en}",
                f"{of} 档利息调整:{who_zh}",
                links=link,
                is_yours="lender" in lacking,
            )


def _item(
    kind: QueueKind,
    next_en: str,
    next_zh: str,
    *,
    links: tuple[tuple[str, str], ...],
    is_yours: bool = False,
    persons_missing: int | None = None,
) -> QueueItem:
    return QueueItem(
        kind=kind,
        next_en=next_en,
        next_zh=next_zh,
        due_on=None,
        due_at=None,
        is_yours=is_yours,
        persons_missing=persons_missing,
        links=tuple(link for link in links if link[1]),
    )
