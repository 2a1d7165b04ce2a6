"""What enters and leaves at a bank's desk: duties, the queue, reviews, recomputation, portfolio.

Every number carries its unit; money is a decimal string with its currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.schemas.amounts import AmountOut, money_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, InstantString, PageCursor, Text, UuidString
from api.schemas.terms import Digest, DigestIn
from finance.conventions.documents import to_document
from finance.conventions.exact_text import decimal_text, fraction_text
from finance.kpi.targets import Bound
from finance.loans.label import LabelState
from finance.loans.obligation_words import title_of
from finance.loans.obligations import Debtor, Duty, DutyState, Obligation
from finance.operations.bank_desk import MOST_ITEMS, QueueItem, QueueKind
from finance.operations.kpi_paths import KpiPath, KpiStep
from finance.operations.loan_duties import LoanDuties
from finance.operations.portfolio import KpiPoint, Position, TrancheExposure
from finance.operations.recomputation import Recomputation
from finance.operations.reviews import ReviewStanding
from finance.store.facilities import Facility
from finance.store.reviews import Review, ReviewKind
from ledger.core.amounts import RoundingMode, round_exact

SHOWN_SHARE = RoundingMode.HALF_UP
"""A lender's share and what is at stake are exact and rounded once, where they are shown (四舍五入)."""

_Exact = Annotated[
    str, Field(description="The same in minor units, exactly, as numerator/denominator.", examples=["1/1"])
]
_Bp = Annotated[str, Field(description="Basis points; minus lowers.", examples=["-10"])]


class LinkOut(Schema):
    """An id to follow, by what it is of."""

    name: Annotated[str, Field(examples=["kpi_period_id"])]
    id: str


def links_out(links: Sequence[tuple[str, str]]) -> tuple[LinkOut, ...]:
    """Return the shapes of ``links``."""
    return tuple(LinkOut(name=name, id=value) for name, value in links)


class ObligationOut(Schema):
    """One duty; ``due_at`` is null where it has the whole day. ``amount`` is null where nothing is paid or you may not see it."""

    id: str
    duty: Duty
    debtor: Debtor
    state: DutyState
    title_en: str
    title_zh: str
    due_on: DateString
    due_at: InstantString | None
    done_on: DateString | None
    was_late: bool
    is_provisional: bool
    amount: AmountOut | None
    links: Array[LinkOut]

    @classmethod
    def from_core(cls, duty: Obligation, amount: AmountOut | None = None) -> ObligationOut:
        """Return the shape of ``duty``."""
        title_en, title_zh = title_of(duty)
        return cls(
            id=duty.obligation_id,
            duty=duty.duty,
            debtor=duty.debtor,
            state=duty.state,
            title_en=title_en,
            title_zh=title_zh,
            due_on=duty.due_on,
            due_at=duty.due_at,
            done_on=duty.done_on,
            was_late=duty.was_late,
            is_provisional=duty.is_provisional,
            amount=amount,
            links=links_out(duty.related),
        )


class FacilityDutiesOut(Schema):
    """A facility's duties in the window; ``unknown`` are the codes of what could not be said."""

    facility_id: UuidString
    facility_number: str
    obligations: Array[ObligationOut]
    unknown: Array[str]

    @classmethod
    def from_core(cls, found: LoanDuties, *, since: date, until: date) -> FacilityDutiesOut:
        """Return the shape of the duties whose day lies in [``since``, ``until``)."""
        amounts = {name: money_out(each.minor, each.currency) for name, each in found.amounts.items()}
        return cls(
            facility_id=found.facility.facility_id,
            facility_number=found.facility.facility_number,
            obligations=tuple(
                ObligationOut.from_core(each, amounts.get(each.obligation_id))
                for each in found.duties
                if since <= each.due_on < until
            ),
            unknown=found.unknown,
        )


class ObligationsOut(Schema):
    """The duties of the caller's facilities, facility by facility."""

    facilities: Array[FacilityDutiesOut]
    next_cursor: PageCursor | None


class QueueItemOut(Schema):
    """One thing that awaits somebody, and the next action in words."""

    kind: QueueKind
    next_en: str
    next_zh: str
    due_on: DateString | None
    due_at: InstantString | None
    is_yours: bool
    persons_missing: int | None
    links: Array[LinkOut]

    @classmethod
    def from_core(cls, item: QueueItem) -> QueueItemOut:
        """Return the shape of ``item``."""
        return cls(
            kind=item.kind,
            next_en=item.next_en,
            next_zh=item.next_zh,
            due_on=item.due_on,
            due_at=item.due_at,
            is_yours=item.is_yours,
            persons_missing=item.persons_missing,
            links=links_out(item.links),
        )


class FacilityQueueOut(Schema):
    """What awaits somebody under one facility; ``left_off`` is how many items more there are."""

    facility_id: UuidString
    facility_number: str
    items: Array[QueueItemOut]
    left_off: int
    unknown: Array[str]

    @classmethod
    def from_core(cls, facility: Facility, items: Sequence[QueueItem], unknown: Sequence[str] = ()) -> FacilityQueueOut:
        """Return the shape of a facility's items."""
        return cls(
            facility_id=facility.facility_id,
            facility_number=facility.facility_number,
            items=tuple(QueueItemOut.from_core(each) for each in items[:MOST_ITEMS]),
            left_off=max(len(items) - MOST_ITEMS, 0),
            unknown=tuple(unknown),
        )


class QueueOut(Schema):
    """The queue of a lender, facility by facility."""

    facilities: Array[FacilityQueueOut]
    next_cursor: PageCursor | None


class ReviewWord(StrEnum):
    """What a lender's person says of a reported period."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    QUERIED = "queried"


class ReviewIn(Schema):
    """A verdict or a query on exactly the reported data that ``sha256`` names, and why."""

    what: Annotated[Choice[ReviewWord], Field(examples=["queried"])]
    sha256: DigestIn
    reason: Annotated[Text, Field(examples=["please explain the production figure of March"])]

    def to_core(self) -> ReviewKind:
        """Return the kind."""
        return ReviewKind(self.what.value)


class QueryIn(Schema):
    """A query on exactly the proposal that ``digest`` names."""

    digest: DigestIn
    reason: Annotated[Text, Field(examples=["why does the step count from June?"])]


class AnswerIn(Schema):
    """The borrower's answer to a query."""

    reason: Annotated[
        Text, Field(examples=["the meter was replaced on 12 March; the record is attached to the report"])
    ]


class ReviewOut(Schema):
    """One remark, who made it and when; ``answers`` names the query of an answer."""

    id: UuidString
    number: int
    what: ReviewKind
    sha256: Digest
    reason: str
    answers: UuidString | None
    recorded_at: InstantString
    user_id: UuidString
    organisation_id: UuidString

    @classmethod
    def from_core(cls, review: Review) -> ReviewOut:
        """Return the shape of ``review``."""
        return cls(
            id=review.review_id,
            number=review.number,
            what=review.what,
            sha256=review.subject_sha256,
            reason=review.reason,
            answers=review.answers_id,
            recorded_at=review.recorded_at,
            user_id=review.actor.user_id,
            organisation_id=review.actor.organisation_id,
        )


class ReviewsOut(Schema):
    """How the subject stands with the lenders, and a page of what was said about it in order."""

    sha256: Digest | None
    persons_needed: int
    accepted_by: Array[UuidString]
    is_accepted: bool
    is_refused: bool
    open_queries: Array[UuidString]
    reviews: Array[ReviewOut]
    next_cursor: PageCursor | None

    @classmethod
    def from_core(cls, standing: ReviewStanding, page: Sequence[Review], next_cursor: str | None) -> ReviewsOut:
        """Return the shape of ``standing`` with one page of reviews."""
        return cls(
            sha256=standing.subject_sha256,
            persons_needed=standing.needed,
            accepted_by=standing.accepted_by,
            is_accepted=standing.is_accepted,
            is_refused=standing.is_refused,
            open_queries=tuple(each.review_id for each in standing.open_queries),
            reviews=tuple(ReviewOut.from_core(each) for each in page),
            next_cursor=next_cursor,
        )


class RecomputedFigureOut(Schema):
    """One figure of the proposal beside the same computed again from stored facts."""

    name: Annotated[str, Field(examples=["tranche.A.adjustment_after"])]
    unit: Annotated[str, Field(examples=["bp"])]
    proposed: str
    recomputed: str
    is_equal: bool


class RecomputationOut(Schema):
    """The proposal computed again as known when it was made; ``digest`` is null where a rule refuses it, which ``refusal`` names."""

    determination_id: UuidString
    known_at: InstantString
    is_equal: bool
    figures: Array[RecomputedFigureOut]
    proposed_digest: Digest
    digest: Digest | None
    refusal: str | None
    changed_since: Array[str]

    @classmethod
    def from_core(cls, determination_id: UUID, found: Recomputation) -> RecomputationOut:
        """Return the shape of ``found``."""
        return cls(
            determination_id=determination_id,
            known_at=found.known_at,
            is_equal=found.is_equal,
            figures=tuple(
                RecomputedFigureOut(
                    name=each.name,
                    unit=each.unit,
                    proposed=each.proposed,
                    recomputed=each.recomputed,
                    is_equal=each.is_equal,
                )
                for each in found.figures
            ),
            proposed_digest=found.proposed_digest,
            digest=found.digest,
            refusal=found.refusal,
            changed_since=found.changed_since,
        )


class KpiPointOut(Schema):
    """One test on a KPI's path; ``status`` is how the standing decision counts it, null while there is none."""

    kpi_id: str
    unit: Annotated[str, Field(examples=["tCO2e/t"])]
    period_start: DateString
    period_end: DateString
    target: dict[str, JsonValue]
    kpi_period_id: UuidString | None
    observed: str | None
    is_attested: bool
    status: Annotated[str | None, Field(examples=["met"])]

    @classmethod
    def from_core(cls, point: KpiPoint) -> KpiPointOut:
        """Return the shape of ``point``."""
        return cls(
            kpi_id=point.kpi_id,
            unit=point.unit,
            period_start=point.target.period_start,
            period_end=point.target.period_end,
            target=to_document(point.target)["rule"],
            kpi_period_id=point.kpi_period_id,
            observed=point.observed,
            is_attested=point.is_attested,
            status=None if point.status is None else point.status.value,
        )


class KpiStepOut(KpiPointOut):
    """One test with its target as a number and what the reported value comes to, both in ``compared_unit``.

    ``bound`` is the side on which the target is met. A reduction is a share of one of what it is measured from; a grade is its place on
    the target's scale, the worst being 0. ``compared`` is null before the report and where it cannot be compared (``code`` says why).
    """

    bound: Bound
    threshold: str
    compared: str | None
    compared_unit: str
    code: Annotated[str | None, Field(examples=["determination.baseline_missing"])]
    explain: ExplanationOut | None

    @classmethod
    def of_step(cls, step: KpiStep) -> KpiStepOut:
        """Return the shape of ``step``."""
        outcome, plain = step.outcome, KpiPointOut.from_core(step.point)
        return cls(
            **plain.model_dump(),
            bound=step.goal.bound,
            threshold=decimal_text(step.goal.value),
            compared=None if outcome is None else decimal_text(outcome.compared),
            compared_unit=step.goal.unit or step.point.unit,
            code=step.code,
            explain=None if outcome is None else ExplanationOut.from_core(outcome.explanation),
        )


class KpiPathOut(Schema):
    """A KPI of a loan through its test periods, as known at ``known_at``."""

    facility_id: UuidString
    kpi_id: str
    measure: Annotated[str, Field(examples=["operational_incl_power"])]
    unit: Annotated[str, Field(examples=["tCO2e/t"])]
    known_at: InstantString
    steps: Array[KpiStepOut]

    @classmethod
    def from_core(cls, path: KpiPath) -> KpiPathOut:
        """Return the shape of ``path``."""
        return cls(
            facility_id=path.facility_id,
            kpi_id=path.definition.kpi_id,
            measure=path.definition.measure.value,
            unit=path.definition.unit,
            known_at=path.known_at,
            steps=tuple(map(KpiStepOut.of_step, path.steps)),
        )


class TrancheExposureOut(Schema):
    """A tranche on the day asked for: what is outstanding, your share of it, and what the clauses can move in a year from it."""

    tranche_id: str
    adjustment_bp: _Bp | None
    outstanding: AmountOut | None
    share_of_outstanding: AmountOut | None
    share_of_outstanding_exact: _Exact | None
    at_stake_bp: Annotated[str, Field(description="Basis points from end to end of the clauses.", examples=["10"])]
    at_stake: AmountOut | None
    at_stake_exact: _Exact | None
    unknown: str | None

    @classmethod
    def from_core(cls, exposure: TrancheExposure) -> TrancheExposureOut:
        """Return the shape of ``exposure``."""
        outstanding = exposure.outstanding_minor
        return cls(
            tranche_id=exposure.tranche_id,
            adjustment_bp=None if exposure.adjustment_bp is None else decimal_text(exposure.adjustment_bp),
            outstanding=None if outstanding is None else money_out(outstanding, exposure.currency),
            share_of_outstanding=_rounded(exposure.share_minor, exposure.currency),
            share_of_outstanding_exact=None if exposure.share_minor is None else fraction_text(exposure.share_minor),
            at_stake_bp=decimal_text(exposure.at_stake_bp),
            at_stake=_rounded(exposure.at_stake_minor, exposure.currency),
            at_stake_exact=None if exposure.at_stake_minor is None else fraction_text(exposure.at_stake_minor),
            unknown=exposure.unknown,
        )


class ExposureOut(Schema):
    """The caller's share of what is outstanding, by currency; tranches whose payments are unknown are not in it."""

    exposure: AmountOut
    exposure_exact: _Exact


class PositionOut(Schema):
    """One loan of the portfolio."""

    facility_id: UuidString
    facility_number: str
    share: Annotated[str, Field(description="Your part of the whole.", examples=["1/1"])]
    label: LabelState
    may_be_called_sll: bool
    kpi_path: Array[KpiPointOut]
    tranches: Array[TrancheExposureOut]
    exposures: Array[ExposureOut]
    next_decision: ObligationOut | None
    alerts: Array[QueueItemOut]

    @classmethod
    def from_core(cls, position: Position) -> PositionOut:
        """Return the shape of ``position``."""
        totals: dict[str, Fraction] = {}
        for each in position.tranches:
            if each.share_minor is not None:
                totals[each.currency] = totals.get(each.currency, Fraction(0)) + each.share_minor
        decision = position.next_decision
        return cls(
            facility_id=position.facility_id,
            facility_number=position.facility_number,
            share=fraction_text(position.share),
            label=position.label,
            may_be_called_sll=position.may_be_called_sll,
            kpi_path=tuple(KpiPointOut.from_core(each) for each in position.path),
            tranches=tuple(TrancheExposureOut.from_core(each) for each in position.tranches),
            exposures=tuple(
                ExposureOut(
                    exposure=money_out(round_exact(minor, SHOWN_SHARE), currency), exposure_exact=fraction_text(minor)
                )
                for currency, minor in sorted(totals.items())
            ),
            next_decision=None if decision is None else ObligationOut.from_core(decision),
            alerts=tuple(QueueItemOut.from_core(each) for each in position.alerts[:MOST_ITEMS]),
        )


class PortfolioOut(Schema):
    """A lender's loans on a day, as known now; ``unreadable`` are those of the page that cannot be shown, by code."""

    as_of: DateString
    known_at: InstantString
    positions: Array[PositionOut]
    unreadable: Array[LinkOut]
    next_cursor: PageCursor | None

    @classmethod
    def from_core(
        cls,
        positions: Sequence[Position],
        unreadable: Sequence[tuple[str, str]],
        *,
        as_of: date,
        known_at: datetime,
        next_cursor: str | None,
    ) -> PortfolioOut:
        """Return the shape of one page."""
        return cls(
            as_of=as_of,
            known_at=known_at,
            positions=tuple(PositionOut.from_core(each) for each in positions),
            unreadable=links_out(unreadable),
            next_cursor=next_cursor,
        )


def _rounded(minor: Fraction | None, currency: str) -> AmountOut | None:
    return None if minor is None else money_out(round_exact(minor, SHOWN_SHARE), currency)
