"""What enters and leaves about proposals of a compliance year that two persons stand for, and the calendar of its steps."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, InstantString, Text, UuidString
from finance.compliance.deadline_calendar import FACT_STEPS, CalendarStep
from finance.store.compliance import Proposal

ID = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4d"
OTHER_ID = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4e"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

Sha256Text = Annotated[
    str, Field(min_length=64, max_length=64, examples=[_SHA256], description="The proposal's sha256, as it was read.")
]


class ApproveIn(Schema):
    """Consent to exactly the content that ``sha256`` names."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sha256": _SHA256}]})

    sha256: Sha256Text


class RefuseIn(Schema):
    """Refusal of the content that ``sha256`` names, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sha256": _SHA256, "reason": "the paper says otherwise"}]}
    )

    sha256: Sha256Text
    reason: Text


class ExecuteIn(Schema):
    """Carrying out an approved proposal; ``confirmed_on`` is the registry's day of a carry-over and of nothing else."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirmed_on": "2026-03-27"}]})

    confirmed_on: DateString | None = None


class MilestoneIn(Schema):
    """A step of the year's calendar that was done, and by what evidence."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"proposal_id": ID, "step": "report", "done_on": "2026-03-30", "evidence": "receipt 2026-0042"}
            ]
        }
    )

    proposal_id: UuidString
    step: Annotated[str, Field(max_length=60, examples=["report"])]
    done_on: DateString
    evidence: Text


class ComplianceProposalOut(Schema):
    """A fact or plan as its maker put it, and what became of it."""

    proposal_id: UuidString
    number: int
    year: int
    kind: Annotated[str, Field(examples=["verification"])]
    state: Annotated[str, Field(description="proposed, approved, refused or executed.", examples=["approved"])]
    dated_on: DateString
    refers_to: UuidString | None
    document: Annotated[dict[str, JsonValue], Field(description="What the digest is over, in RFC 8785 form.")]
    sha256: Sha256Text
    maker_id: UuidString
    proposed_at: InstantString
    decider_id: UuidString | None
    decided_at: InstantString | None
    reason: str
    entry_seqs: Array[int]

    @classmethod
    def from_core(cls, proposal: Proposal) -> ComplianceProposalOut:
        """Return the shape of ``proposal``."""
        decision = proposal.decision
        return cls(
            proposal_id=proposal.proposal_id,
            number=proposal.number,
            year=proposal.year,
            kind=proposal.kind.value,
            state=proposal.state,
            dated_on=proposal.dated_on,
            refers_to=proposal.refers_to,
            document=dict(proposal.document),
            sha256=proposal.sha256,
            maker_id=proposal.maker_id,
            proposed_at=proposal.proposed_at,
            decider_id=None if decision is None else decision.decider_id,
            decided_at=None if decision is None else decision.decided_at,
            reason="" if decision is None else decision.reason,
            entry_seqs=proposal.entry_seqs,
        )


class ComplianceProposalsOut(Schema):
    """A page of a book's proposals in the order in which they became known."""

    proposals: Array[ComplianceProposalOut]
    next_after: Annotated[int | None, Field(description="Send it as after to read on; null on the last page.")]


class CalendarStepOut(Schema):
    """One step of the calendar with its state on the day asked for."""

    step: Annotated[str, Field(examples=["surrender"])]
    sector: Annotated[str | None, Field(description="Null where it holds for every sector.")]
    due_on: Annotated[DateString, Field(description="The last day on which it is in time.")]
    state: Annotated[str, Field(examples=["due_soon"])]
    done_on: DateString | None
    is_late: bool
    is_by_fact: Annotated[bool, Field(description="A fact or an entry says that it is done, not a milestone.")]
    label_en: str
    label_zh: str
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, step: CalendarStep) -> CalendarStepOut:
        """Return the shape of ``step``."""
        return cls(
            step=step.step,
            sector=None if step.sector is None else step.sector.value,
            due_on=step.due_on,
            state=step.state.value,
            done_on=step.done_on,
            is_late=step.is_late,
            is_by_fact=step.step in FACT_STEPS,
            label_en=step.label_en,
            label_zh=step.label_zh,
            explanation=ExplanationOut.from_core(step.explain()),
        )


class ComplianceCalendarOut(Schema):
    """The calendar of a year, by day."""

    year: int
    sector: str
    as_of: DateString
    steps: Array[CalendarStepOut]
