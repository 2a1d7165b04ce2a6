"""What trading's proposals share as they enter and leave: decisions bound to a digest, and dated steps."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import InstantString, NameText, UuidString
from finance.trading.checks import CheckResult
from finance.trading.orders import Difference, Step

Digest = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the proposal in RFC 8785 form, as it was read.",
        examples=["0f" * 32],
    ),
]


class ApprovalIn(Schema):
    """An approval of exactly what was read."""

    sha256: Digest


class RejectionIn(Schema):
    """A refusal of exactly what was read, and why."""

    sha256: Digest
    reason: Annotated[NameText, Field(examples=["price too far from the market"])]


class ReasonIn(Schema):
    """Why something ends."""

    reason: Annotated[NameText, Field(examples=["no longer needed"])]


class StepOut(Schema):
    """One dated fact: who did what; ``entry_id`` is the book's leaf of it."""

    what: str
    actor_id: UuidString
    recorded_at: InstantString
    reason: str
    entry_id: UuidString | None

    @classmethod
    def from_core(cls, step: Step) -> StepOut:
        """Return the shape of ``step``."""
        return cls(
            what=step.what.value,
            actor_id=step.actor_id,
            recorded_at=step.recorded_at,
            reason=step.reason,
            entry_id=step.entry_id,
        )


class CheckOut(Schema):
    """One check's answer: ok, warning, second_checker or refused, with its figures and the rule rows behind it."""

    code: str
    outcome: str
    rule_rows: Array[str]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, check: CheckResult) -> CheckOut:
        """Return the shape of ``check``."""
        return cls(
            code=check.code,
            outcome=check.outcome.value,
            rule_rows=check.row_ids,
            explanation=ExplanationOut.from_core(check.explanation),
        )


class DifferenceOut(Schema):
    """One fact that a correction changes; ``change`` is the exact difference of numbers, empty for texts."""

    field: str
    before: str
    after: str
    change: str

    @classmethod
    def from_core(cls, difference: Difference) -> DifferenceOut:
        """Return the shape of ``difference``."""
        return cls(field=difference.field, before=difference.before, after=difference.after, change=difference.change)
