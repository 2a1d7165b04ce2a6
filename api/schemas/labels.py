"""What enters and leaves about a loan's label: its days, the checklist's findings, waivers, events, declassification."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import DateString, InstantString, NameText, UuidString
from api.schemas.terms import Digest, DigestIn
from finance.conventions.exact_text import fraction_text
from finance.loans.amendments import (
    AmendmentEvent,
    AmendmentKind,
    AmendmentState,
    Breach,
    BreachState,
    Declassification,
)
from finance.loans.checklist import Finding, Severity, blocks
from finance.loans.checklist_case import FindingResult
from finance.loans.facility_terms import FacilityTerms
from finance.loans.label import Label, LabelState, LabelStep
from finance.operations.labels import KnownLabel, findings_hash, proposal_digest

_Reason = Annotated[NameText, Field(examples=["credit committee minute 2026-14"])]


class ReasonIn(Schema):
    """Why."""

    reason: _Reason


class SuspensionIn(Schema):
    """From which day the label rests, not after today, and why."""

    on: DateString
    reason: _Reason


class WaiverIn(Schema):
    """Why an open warning passes for these terms."""

    terms_version: Annotated[int, Field(ge=1, le=10_000, examples=[1])]
    reason: _Reason


class AmendmentIn(Schema):
    """What happened, when, in one line."""

    what: Annotated[Choice[AmendmentKind], Field(examples=["disposal"])]
    happened_on: DateString
    description: Annotated[NameText, Field(examples=["pot line 3 sold"])]


class BreachIn(Schema):
    """Which duty was not kept, and until when it may be cured."""

    cure_by: DateString
    description: Annotated[NameText, Field(examples=["certificate of 2025 not delivered"])]


class DeclassificationIn(Schema):
    """From which day the loan is no longer sustainability-linked, today at the earliest, and why."""

    effective_on: DateString
    reason: _Reason


class DeclassificationApprovalIn(Schema):
    """Consent to exactly the proposal that ``digest`` names."""

    digest: DigestIn


class LabelIntervalOut(Schema):
    """One state of the label on [start, end)."""

    state: LabelState
    start: DateString
    end: DateString
    terms_version: int
    checked_version: int | None
    cause: LabelStep


class AmendmentOut(Schema):
    """An amendment event on the day asked for: its notice, its talks, who agreed."""

    id: UuidString
    what: AmendmentKind
    state: AmendmentState
    happened_on: DateString
    notified_on: DateString
    notice_due_on: DateString
    is_notice_late: bool
    talks_end_on: DateString
    agreed: Array[str]
    description: str

    @classmethod
    def from_core(cls, event: AmendmentEvent, on: date) -> AmendmentOut:
        """Return the shape of ``event`` as it stands on the day ``on``."""
        return cls(
            id=UUID(event.event_id),
            what=event.what,
            state=event.state_at(on),
            happened_on=event.happened_on,
            notified_on=event.notified_on,
            notice_due_on=event.notice_due_on,
            is_notice_late=event.is_notice_late,
            talks_end_on=event.talks_end_on,
            agreed=tuple(each.organisation_id for each in event.agreements if each.on <= on),
            description=event.description,
        )


class BreachOut(Schema):
    """A breach on the day asked for."""

    id: UuidString
    state: BreachState
    noticed_on: DateString
    cure_by: DateString
    cured_on: DateString | None
    description: str

    @classmethod
    def from_core(cls, breach: Breach, on: date) -> BreachOut:
        """Return the shape of ``breach`` as it stands on the day ``on``."""
        return cls(
            id=UUID(breach.breach_id),
            state=breach.state_at(on),
            noticed_on=breach.noticed_on,
            cure_by=breach.cure_by,
            cured_on=breach.cured_on,
            description=breach.description,
        )


class DeclassificationOut(Schema):
    """A proposal to end the label with its digest, the consent so far, and the day the label ends once decided."""

    id: UuidString
    effective_on: DateString
    reason: str
    digest: Digest
    proposed_by: str
    approved_by: Array[str]
    consent_share: Annotated[str, Field(description="Lenders' share that consented, exact.", examples=["2/3"])]
    needed_share: Annotated[str, Field(description="Share that decides, exact.", examples=["2/3"])]
    decided_on: DateString | None

    @classmethod
    def from_core(cls, proposal: Declassification) -> DeclassificationOut:
        """Return the shape of ``proposal``."""
        return cls(
            id=UUID(proposal.proposal_id),
            effective_on=proposal.effective_on,
            reason=proposal.reason,
            digest=proposal_digest(proposal),
            proposed_by=proposal.proposer.organisation_id,
            approved_by=tuple(each.organisation_id for each in proposal.approvals),
            consent_share=fraction_text(proposal.consent_share),
            needed_share=fraction_text(proposal.terms.label.consent_share),
            decided_on=proposal.decided_on,
        )


class LabelOut(Schema):
    """The label on one day as known at one instant, its whole life, and what troubles it."""

    facility_id: UuidString
    at: DateString
    known_at: InstantString
    state: LabelState
    may_be_called_sll: Annotated[bool, Field(description="Whether the loan may be called sustainability-linked.")]
    is_recheck_due: Annotated[bool, Field(description="Newer terms count than those the checklist passed.")]
    is_declassification_due: Annotated[bool, Field(description="Talks ended in nothing, or a breach goes on.")]
    intervals: Array[LabelIntervalOut]
    amendments: Array[AmendmentOut]
    breaches: Array[BreachOut]
    declassifications: Array[DeclassificationOut]

    @classmethod
    def from_core(cls, known: KnownLabel, *, at: date, known_at: datetime) -> LabelOut:
        """Return the shape of ``known`` on the day ``at``."""
        label = known.label
        return cls(
            facility_id=known.facility_id,
            at=at,
            known_at=known_at,
            state=label.state_at(at),
            may_be_called_sll=label.may_be_called_sll(at),
            is_recheck_due=label.is_recheck_due(at),
            is_declassification_due=known.is_declassification_due(at),
            intervals=_intervals(label),
            amendments=tuple(AmendmentOut.from_core(each, at) for each in known.amendments if each.notified_on <= at),
            breaches=tuple(BreachOut.from_core(each, at) for each in known.breaches if each.noticed_on <= at),
            declassifications=tuple(DeclassificationOut.from_core(each) for each in known.declassifications),
        )


class WaiverOut(Schema):
    """Why a warning passed, who signed and for whom."""

    reason: str
    signatory_id: UuidString
    organisation_id: UuidString
    recorded_at: InstantString


class FindingOut(Schema):
    """One rule over these terms."""

    rule: Annotated[str, Field(examples=["C01"])]
    rule_en: str
    rule_zh: str
    force: Annotated[str, Field(description="S shall, R should, MC model clause, MP market practice.")]
    result: FindingResult
    severity: Severity
    blocks: bool
    field: str
    reason_en: str
    reason_zh: str
    source: str
    status: Annotated[str, Field(description="How far the rule's row may be trusted.", examples=["secondary"])]
    waiver: WaiverOut | None

    @classmethod
    def from_core(cls, finding: Finding) -> FindingOut:
        """Return the shape of ``finding``."""
        waiver = finding.waiver
        return cls(
            rule=finding.rule.rule_id,
            rule_en=finding.rule.label_en,
            rule_zh=finding.rule.label_zh,
            force=finding.rule.force.value,
            result=finding.result,
            severity=finding.severity,
            blocks=finding.blocks,
            field=finding.field,
            reason_en=finding.reason_en,
            reason_zh=finding.reason_zh,
            source=finding.rule.source,
            status=finding.rule.status.value,
            waiver=None
            if waiver is None
            else WaiverOut(
                reason=waiver.reason,
                signatory_id=UUID(waiver.signatory_id),
                organisation_id=UUID(waiver.organisation_id),
                recorded_at=waiver.recorded_at,
            ),
        )


class ChecklistOut(Schema):
    """The graded checklist of the terms in force; the label may become active while ``blocking`` is empty."""

    facility_id: UuidString
    terms_version: int
    principles_version: str
    blocking: Array[str]
    sha256: Annotated[Digest, Field(description="Hash of the findings; an activation records it.")]
    findings: Array[FindingOut]

    @classmethod
    def from_core(cls, facility_id: UUID, terms: FacilityTerms, findings: tuple[Finding, ...]) -> ChecklistOut:
        """Return the shape of the findings about ``terms``."""
        return cls(
            facility_id=facility_id,
            terms_version=terms.version,
            principles_version=terms.label.principles_version,
            blocking=tuple(each.rule.rule_id for each in blocks(findings)),
            sha256=findings_hash(findings),
            findings=tuple(FindingOut.from_core(each) for each in findings),
        )


def _intervals(label: Label) -> tuple[LabelIntervalOut, ...]:
    return tuple(
        LabelIntervalOut(
            state=each.state,
            start=each.start,
            end=each.end,
            terms_version=each.terms_version,
            checked_version=each.checked_version,
            cause=each.cause,
        )
        for each in label.intervals
    )
