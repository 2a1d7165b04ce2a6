"""What enters and leaves about closing a month or a day: the checklist with its evidence, and the steps that persons take."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, money_out, tonnes_out
from api.schemas.base import Array, Choice, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.fields import DateString, InstantString, UuidString
from api.schemas.months import DigestText, MonthString, ReasonText
from finance.accounting.month_close import Item, ItemStatus, Step, name_of
from finance.operations.day_close import DayCloseOutcome
from finance.operations.month_close import MonthClose
from finance.store.month_close import DayClose


class ItemStepIn(Schema):
    """A person's word about one item: which, and why."""

    item: Annotated[Choice[Item], Field(examples=["trades"])]
    reason: ReasonText


class ReasonIn(Schema):
    """Why a step is taken."""

    reason: ReasonText


class AnswerIn(Schema):
    """A second person's step: what it answers, by its digest, and why."""

    step: Annotated[int, Field(ge=1, le=2**53, examples=[1])]
    digest: DigestText
    reason: ReasonText


class EvidenceOut(Schema):
    """Where the evidence stands."""

    name: str
    place: str


class StepOut(Schema):
    """One step of a month's close, kept for ever."""

    step: int
    what: str
    item: str | None
    reason: str
    basis: Annotated[str, Field(description="What it rests on; a confirmation counts while this is so.")]
    evidence: Array[EvidenceOut]
    answers: int | None
    digest: str
    taken_by: UuidString
    taken_at: InstantString

    @classmethod
    def from_core(cls, step: Step) -> StepOut:
        """Return the shape of ``step``."""
        return cls(
            step=step.number,
            what=step.what.value,
            item=None if step.item is None else step.item.value,
            reason=step.reason,
            basis=step.basis,
            evidence=tuple(EvidenceOut(name=name, place=place) for name, place in sorted(step.evidence.items())),
            answers=step.answers,
            digest=step.digest,
            taken_by=step.actor_id,
            taken_at=step.recorded_at,
        )


class ItemOut(Schema):
    """One item: its state, the books' fact, the evidence, and a waiver that waits for a second person."""

    item: str
    name_en: str
    name_zh: str
    state: Annotated[str, Field(description="done, confirmed, waived or open.", examples=["done"])]
    is_blocking: bool
    reason_en: str
    reason_zh: str
    evidence: Array[EvidenceOut]
    decided_by: StepOut | None
    waiver_proposed: StepOut | None
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, status: ItemStatus) -> ItemOut:
        """Return the shape of ``status``."""
        name_en, name_zh = name_of(status.item)
        return cls(
            item=status.item.value,
            name_en=name_en,
            name_zh=name_zh,
            state=status.state.value,
            is_blocking=status.is_blocking,
            reason_en=status.fact.reason_en,
            reason_zh=status.fact.reason_zh,
            evidence=tuple(EvidenceOut(name=name, place=place) for name, place in sorted(status.fact.evidence.items())),
            decided_by=None if status.decided_by is None else StepOut.from_core(status.decided_by),
            waiver_proposed=None if status.proposed is None else StepOut.from_core(status.proposed),
            explanation=ExplanationOut.from_core(status.explanation()),
        )


class MonthCloseOut(Schema):
    """A month's checklist and its steps so far."""

    book_id: UuidString
    month: MonthString
    may_close: Annotated[bool, Field(description="Whether nothing blocks closing the month for good.")]
    blocking: Array[str]
    items: Array[ItemOut]
    steps: Array[StepOut]

    @classmethod
    def from_core(cls, close: MonthClose) -> MonthCloseOut:
        """Return the shape of ``close``."""
        return cls(
            book_id=close.book.book_uuid,
            month=str(close.checklist.month),
            may_close=not close.checklist.blocking,
            blocking=tuple(item.value for item in close.checklist.blocking),
            items=tuple(ItemOut.from_core(status) for status in close.checklist.items),
            steps=tuple(StepOut.from_core(step) for step in close.steps),
        )


class DayCloseIn(Schema):
    """The day to close."""

    day: DateString


class UnvaluedOut(Schema):
    """A lot without a value, with the reason."""

    lot_id: str
    reason: str


class DayCloseOut(Schema):
    """One day's close: worth and cost of what was valued, by a frozen snapshot."""

    day: DateString
    run: int
    known: Annotated[int, Field(description="Entries of the book that were known.")]
    snapshot_id: UuidString | None
    snapshot_sha256: str
    quantity: AmountOut
    cost: AmountOut
    market_value: AmountOut
    unrealised: AmountOut
    unvalued: Array[UnvaluedOut]

    @classmethod
    def from_core(cls, close: DayClose) -> DayCloseOut:
        """Return the shape of ``close``."""
        return cls(
            day=close.day,
            run=close.run_no,
            known=close.known_seq,
            snapshot_id=close.snapshot_id,
            snapshot_sha256=close.snapshot_sha256,
            quantity=tonnes_out(close.quantity_t),
            cost=money_out(close.cost_fen, "CNY"),
            market_value=money_out(close.market_value_fen, "CNY"),
            unrealised=money_out(close.unrealised_fen, "CNY"),
            unvalued=tuple(UnvaluedOut(lot_id=lot, reason=reason) for lot, reason in sorted(close.unvalued.items())),
        )


class DayCloseDoneOut(Schema):
    """A day's close, and whether it stood already."""

    close: DayCloseOut
    is_replay: bool

    @classmethod
    def from_core(cls, outcome: DayCloseOutcome) -> DayCloseDoneOut:
        """Return the shape of ``outcome``."""
        return cls(close=DayCloseOut.from_core(outcome.close), is_replay=outcome.is_replay)


class DayClosesOut(Schema):
    """Every close of a month's days, by day and run."""

    month: MonthString
    closes: Array[DayCloseOut]
