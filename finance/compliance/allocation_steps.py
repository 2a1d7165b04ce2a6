"""The life cycle of a year's allocation: pre-allocated, verified, determined, settled, objected to, corrected.

Owns which fact stands as known at an instant, what is still to be issued or given back (多退少补), and the days of an
objection. Facts are only added: a correction is a further one. Knows no ledger; issued tonnes arrive as a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from finance.compliance import allocation as allocations
from finance.compliance import rules as rule_rows
from finance.conventions import calendars
from finance.conventions.calendars import BusinessCalendar
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core.errors import Conflict, Invalid


class StepKind(StrEnum):
    """What a fact of the life cycle says."""

    PREALLOCATION = "preallocation"
    VERIFICATION = "verification"
    VERIFICATION_WITHDRAWAL = "verification_withdrawal"
    DETERMINATION = "determination"
    OBJECTION = "objection"
    OBJECTION_ANSWER = "objection_answer"


class AllocationPhase(StrEnum):
    """How far the year has come by what is known."""

    NONE = "none"
    PREALLOCATED = "preallocated"
    VERIFIED = "verified"
    DETERMINED = "determined"
    REOPENED = "reopened"  # a determination stands on a verification that was withdrawn or corrected since


class ObjectionState(StrEnum):
    """How an objection stands."""

    OPEN = "open"
    ANSWER_OVERDUE = "answer_overdue"
    UPHELD = "upheld"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationStep:
    """One approved fact: ``tonnes`` is what it says (pre-allocated, due, determined), None where it says none.

    ``number`` orders facts as they were proposed, ``known_at`` is when a second person approved. ``refers_to`` names the
    fact it is about: a determination its verification, a withdrawal the verification withdrawn, an objection what it
    contests, an answer its objection. ``is_upheld`` belongs to an answer.
    """

    step_id: str
    kind: StepKind
    number: int
    dated_on: date
    known_at: datetime
    tonnes: int | None = None
    refers_to: str | None = None
    is_upheld: bool | None = None
    notified_on: date | None = None

    def __post_init__(self) -> None:
        """State what each kind has."""
        about = {StepKind.PREALLOCATION, StepKind.VERIFICATION}
        if (self.refers_to is None) != (self.kind in about):
            raise Invalid("allocation.refers_to", "refers_to: expected the fact that this one is about")
        if (self.is_upheld is not None) != (self.kind is StepKind.OBJECTION_ANSWER):
            raise Invalid("allocation.is_upheld", "is_upheld: expected with an answer and with nothing else")
        if self.tonnes is not None and self.tonnes < 0:
            raise Invalid("allocation.tonnes", "tonnes: expected zero or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """An objection and its days, both the last on which it is in time."""

    step_id: str
    against: str
    raised_on: date
    answer_due_on: date
    answered_on: date | None
    state: ObjectionState


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationState:
    """The year as known at an instant; ``target_t`` is what should be issued by now, None while nothing says so.

    ``difference_t`` is target less issued: above zero still to be issued, below zero to be given back.
    """

    phase: AllocationPhase
    preallocation: AllocationStep | None
    verification: AllocationStep | None
    determination: AllocationStep | None
    target_t: int | None
    issued_t: int
    difference_t: int | None
    superseded: tuple[str, ...]
    objections: tuple[Objection, ...]


def allocation_state(
    steps: Sequence[AllocationStep],
    *,
    issued_t: int,
    on: date,
    known_at: datetime,
    rules: ReferenceSet,
    working_days: BusinessCalendar,
) -> AllocationState:
    """Return the year's state on ``on`` by the facts known at ``known_at`` and dated by ``on``.

    The newest pre-allocation, the newest verification that was not withdrawn, and the newest determination stand. A
    determination of another verification than the one standing is reopened, and its tonnes stay the target until a new
    one. Pre-allocated 700,000 and issued, determined 640,000: the difference is -60,000, to be given back.
    """
    known = sorted(
        (step for step in steps if step.known_at <= known_at and step.dated_on <= on), key=lambda step: step.number
    )
    withdrawn = {step.refers_to for step in known if step.kind is StepKind.VERIFICATION_WITHDRAWAL}
    preallocation = _newest(known, StepKind.PREALLOCATION)
    verifications = [each for each in known if each.kind is StepKind.VERIFICATION and each.step_id not in withdrawn]
    verification = verifications[-1] if verifications else None
    determination = _newest(known, StepKind.DETERMINATION)
    target = determination or preallocation
    target_t = None if target is None else target.tonnes
    return AllocationState(
        phase=_phase(preallocation, verification, determination),
        preallocation=preallocation,
        verification=verification,
        determination=determination,
        target_t=target_t,
        issued_t=issued_t,
        difference_t=None if target_t is None else target_t - issued_t,
        superseded=tuple(
            each.step_id
            for each in known
            if each.kind in {StepKind.PREALLOCATION, StepKind.VERIFICATION, StepKind.DETERMINATION}
            and each not in (preallocation, verification, determination)
        ),
        objections=tuple(
            _objection(each, known, on=on, rules=rules, working_days=working_days)
            for each in known
            if each.kind is StepKind.OBJECTION
        ),
    )


def next_facts(state: AllocationState) -> tuple[str, ...]:
    """Return which facts the procedure can take now, by name of the route, in its order.

    A year without a pre-allocation begins with its verification. A verification that stands is corrected by a further one or
    withdrawn; what was determined on it may be determined anew. What was notified may be objected to, an open objection answered.
    """
    is_verified, is_notified = state.verification is not None, state.preallocation or state.verification
    is_open = {ObjectionState.OPEN, ObjectionState.ANSWER_OVERDUE}
    found = {
        "preallocations": state.phase in {AllocationPhase.NONE, AllocationPhase.PREALLOCATED},
        "verifications": True,
        "determinations": is_verified,
        "settlements": bool(state.difference_t),
        "objections": bool(is_notified or state.determination),
        "objection-answers": any(each.state in is_open for each in state.objections),
        "withdrawals": is_verified,
        "milestones": True,
    }
    return tuple(name for name, is_next in found.items() if is_next)


def check_preallocation(rules: ReferenceSet, *, year: int, prior_verified_t: Fraction, allocation_t: int) -> int:
    """Return the largest pre-allocation of the year, or refuse a larger ``allocation_t`` (``allocation.preallocation``).

    A province may grant less, never more: 50 % of 1,234,567 is 617,283. A year without a share has no pre-allocation
    (``reference.missing``).
    """
    most = allocations.preallocation(rules, year=year, prior_verified_t=prior_verified_t)
    if not 0 <= allocation_t <= most:
        raise Invalid(
            "allocation.preallocation",
            f"allocation_t: expected 0 to {most}, the rule's share of the prior year's verified emissions",
            most=str(most),
        )
    return most


def objection_last_day(
    rules: ReferenceSet, *, notified_on: date, working_days: BusinessCalendar
) -> tuple[date, ReferenceRow]:
    """Return the last day of an objection: the seventh working day after the notice (order 775 and MEE order 19).

    Notified on Friday 2026-09-18, Sunday 09-20 worked and Friday 09-25 closed: the last is 2026-09-29.
    """
    row = rules.lookup("objection_days", on=notified_on)
    return calendars.add_open_days(working_days, notified_on, rule_rows.whole(row)), row


def check_objection(rules: ReferenceSet, *, notified_on: date, raised_on: date, working_days: BusinessCalendar) -> date:
    """Return the last day of the objection; one raised before the notice or after that day is refused."""
    last, _ = objection_last_day(rules, notified_on=notified_on, working_days=working_days)
    if not notified_on <= raised_on <= last:
        raise Conflict(
            "objection.late",
            f"raised_on: expected a day from {notified_on} to {last}, seven working days after the notice",
            last_day=last.isoformat(),
        )
    return last


def _newest(known: Sequence[AllocationStep], kind: StepKind) -> AllocationStep | None:
    found = [step for step in known if step.kind is kind]
    return found[-1] if found else None


def _phase(
    preallocation: AllocationStep | None, verification: AllocationStep | None, determination: AllocationStep | None
) -> AllocationPhase:
    if determination is not None:
        stands = verification is not None and determination.refers_to == verification.step_id
        return AllocationPhase.DETERMINED if stands else AllocationPhase.REOPENED
    if verification is not None:
        return AllocationPhase.VERIFIED
    return AllocationPhase.NONE if preallocation is None else AllocationPhase.PREALLOCATED


def _objection(
    step: AllocationStep,
    known: Sequence[AllocationStep],
    *,
    on: date,
    rules: ReferenceSet,
    working_days: BusinessCalendar,
) -> Objection:
    row = rules.lookup("objection_answer_days", on=step.dated_on)
    due_on = calendars.add_open_days(working_days, step.dated_on, rule_rows.whole(row))
    answers = [each for each in known if each.kind is StepKind.OBJECTION_ANSWER and each.refers_to == step.step_id]
    if answers:
        state = ObjectionState.UPHELD if answers[0].is_upheld else ObjectionState.REJECTED
    else:
        state = ObjectionState.ANSWER_OVERDUE if on > due_on else ObjectionState.OPEN
    assert step.refers_to is not None, "an objection names what it contests"
    return Objection(
        step_id=step.step_id,
        against=step.refers_to,
        raised_on=step.dated_on,
        answer_due_on=due_on,
        answered_on=answers[0].dated_on if answers else None,
        state=state,
    )
