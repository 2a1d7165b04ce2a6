"""Closing a book's month: the checklist from the books' own facts, and the steps that persons take, each kept for ever.

Joins the caller's transaction and commits nothing. Every step is taken under the book's lock and binds to what it was taken on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from finance.accounting.month_close import (
    ANSWERS,
    Checklist,
    Item,
    Step,
    StepKind,
    check_answer,
    check_confirmable,
    check_hard_closable,
    check_reason,
    check_waivable,
    checklist_of,
    step_digest,
)
from finance.accounting.months import Month
from finance.conventions.approvals import WaitingKind
from finance.conventions.calendars import china_day
from finance.operations.approval_notices import Asked, ask_second_person, end_asking, of_book
from finance.operations.close_facts import close_facts
from finance.store import month_close as close_store
from ledger import operations as ledger
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.parties import Actor
from ledger.operations import RandomBytes
from ledger.store import books, journal, period_rows
from ledger.store.books import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthClose:
    """A book's month: its checklist and every step so far."""

    book: Book
    checklist: Checklist
    steps: tuple[Step, ...]

    def step(self, number: int) -> Step:
        """Return one step; an unknown number is ``close.step_not_found``."""
        found = [each for each in self.steps if each.number == number]
        if not found:
            raise NotFound("close.step_not_found", "step: the month has no such step", field="step")
        return found[0]


def month_close(session: Session, book: Book, month: Month, *, now: datetime) -> MonthClose:
    """Return how the month stands, as known at ``now``. Reads only."""
    steps = close_store.list_steps(session, book.book_id, month)
    facts = close_facts(session, book, month, now=now)
    return MonthClose(book=book, checklist=checklist_of(month, facts, steps), steps=steps)


def confirm_item(
    session: Session, book: Book, month: Month, item: Item, reason: str, *, actor: Actor, now: datetime
) -> MonthClose:
    """Record that a person confirms an item that the books cannot tell; it counts while what it rests on stays."""
    stands = _locked(session, book, month, now=now)
    status = stands.checklist.status(item)
    check_confirmable(status, reason)
    _take(session, stands, StepKind.CONFIRMED, item=item, reason=reason, actor=actor, now=now)
    return month_close(session, stands.book, month, now=now)


def propose_waiver(
    session: Session, book: Book, month: Month, item: Item, reason: str, *, actor: Actor, now: datetime
) -> MonthClose:
    """Record that a person asks to close the month without an item; it counts once another agrees."""
    stands = _locked(session, book, month, now=now)
    check_waivable(stands.checklist.status(item), reason)
    _take(session, stands, StepKind.WAIVER_PROPOSED, item=item, reason=reason, actor=actor, now=now)
    return month_close(session, stands.book, month, now=now)


def approve_waiver(
    session: Session, book: Book, month: Month, step_no: int, digest: str, reason: str, *, actor: Actor, now: datetime
) -> MonthClose:
    """Agree, as a second person and with a reason, to exactly the waiver that ``digest`` names."""
    check_reason(reason)
    stands = _locked(session, book, month, now=now)
    asked = stands.step(step_no)
    check_answer(asked, StepKind.WAIVER_PROPOSED, digest=digest, actor_id=actor.user_id, steps=stands.steps)
    assert asked.item is not None, "a waiver is of an item"
    if stands.checklist.status(asked.item).fact.basis != asked.basis:
        raise Conflict("close.stale", "step: what the item rests on changed since it was proposed; propose it anew")
    _take(
        session, stands, StepKind.WAIVER_APPROVED, item=asked.item, reason=reason, answers=asked, actor=actor, now=now
    )
    return month_close(session, stands.book, month, now=now)


def close_softly(
    session: Session,
    book: Book,
    month: Month,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> MonthClose:
    """Close the month softly: from then on only closers post into it. It must have begun and end, and not be closed yet."""
    check_reason(reason)
    stands = _locked(session, book, month, now=now)
    _check_ended(month, now)
    if stands.book.locked_through is not None and stands.book.locked_through >= month.last_day:
        raise Conflict("close.closed", f"month: {month} is closed for good", month=str(month))
    softly = stands.book.soft_locked_through
    if _standing_soft_close(stands.steps) is not None:
        raise Conflict("close.softly_closed", f"month: {month} is softly closed already", month=str(month))
    if softly is None or softly < month.last_day:
        ledger.close_softly(
            session, stands.book.book_id, month.last_day, actor=actor, now=now, random_bytes=random_bytes
        )
    _take(session, stands, StepKind.SOFT_CLOSED, item=None, reason=reason, actor=actor, now=now)
    return _again(session, book, month, now=now)


def close_hard(
    session: Session,
    book: Book,
    month: Month,
    step_no: int,
    digest: str,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> MonthClose:
    """Close the month for good, as another person than who closed it softly; the step keeps the state root.

    While an item is open it is ``close.blocked``. Source: the ledger's hard close, whose state root stands in the tree.
    """
    check_reason(reason)
    stands = _locked(session, book, month, now=now)
    asked = stands.step(step_no)
    check_answer(asked, StepKind.SOFT_CLOSED, digest=digest, actor_id=actor.user_id, steps=stands.steps)
    if _standing_soft_close(stands.steps) != asked:
        raise Conflict("close.reopened", "step: the month was reopened since; close it softly again")
    _check_earlier_closed(session, stands.book, month)
    check_hard_closable(stands.checklist)
    root = ledger.close_period(
        session, stands.book.book_id, month.last_day, actor=actor, now=now, random_bytes=random_bytes
    )
    _take(
        session,
        stands,
        StepKind.HARD_CLOSED,
        item=None,
        reason=reason,
        answers=asked,
        evidence={"state_root": root.hex(), "known_seq": str(stands.book.tree_size)},
        actor=actor,
        now=now,
    )
    return _again(session, book, month, now=now)


def propose_reopening(
    session: Session, book: Book, month: Month, reason: str, *, actor: Actor, now: datetime
) -> MonthClose:
    """Record that a person asks to open a softly closed month again; one closed for good is ``close.closed``."""
    check_reason(reason)
    stands = _locked(session, book, month, now=now)
    _check_reopenable(stands, month)
    _take(session, stands, StepKind.REOPEN_PROPOSED, item=None, reason=reason, actor=actor, now=now)
    return month_close(session, stands.book, month, now=now)


def reopen(
    session: Session,
    book: Book,
    month: Month,
    step_no: int,
    digest: str,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> MonthClose:
    """Open a softly closed month again, as another person than who asked; waivers are asked anew.

    A later month that is softly closed is opened before it (``close.later_closed``), so that no open days lie under closed ones.
    """
    check_reason(reason)
    stands = _locked(session, book, month, now=now)
    asked = stands.step(step_no)
    check_answer(asked, StepKind.REOPEN_PROPOSED, digest=digest, actor_id=actor.user_id, steps=stands.steps)
    _check_reopenable(stands, month)
    later = close_store.softly_closed_month(session, stands.book.book_id)
    if later is not None and later > month:
        raise Conflict("close.later_closed", f"month: {later} is softly closed too; reopen it first", month=str(later))
    before = _month_before(month)
    locked = stands.book.locked_through
    earlier = before.last_day if _is_softly_closed(session, book, before) else None
    keeps = earlier if earlier is not None and (locked is None or earlier > locked) else None
    ledger.close_softly(session, stands.book.book_id, keeps, actor=actor, now=now, random_bytes=random_bytes)
    _take(session, stands, StepKind.REOPENED, item=None, reason=reason, answers=asked, actor=actor, now=now)
    return _again(session, book, month, now=now)


def check_direct_closing(session: Session, book_id: int, through: date | None) -> None:
    """Refuse to move a book's locks past its checklist: a month closed by steps opens and closes by steps (``close.by_steps``).

    ``through`` None reopens. A book that never took a step is closed as its keeper likes.
    """
    closed = close_store.softly_closed_month(session, book_id)
    if closed is not None and (through is None or through >= closed.start):
        raise Conflict(
            "close.by_steps",
            f"period: {closed} was closed by its checklist; close and reopen months there, with a second person",
            month=str(closed),
        )


def _locked(session: Session, book: Book, month: Month, *, now: datetime) -> MonthClose:
    """Lock the book and return how its month stands after that."""
    journal.lock_book(session, book.book_id)
    return _again(session, book, month, now=now)


def _again(session: Session, book: Book, month: Month, *, now: datetime) -> MonthClose:
    session.expire_all()  # the locks move on the bare driver
    standing = books.find(session, book.book_uuid)
    assert standing is not None, "a loaded book exists"
    return month_close(session, standing, month, now=now)


def _take(
    session: Session,
    stands: MonthClose,
    what: StepKind,
    *,
    item: Item | None,
    reason: str,
    actor: Actor,
    now: datetime,
    answers: Step | None = None,
    evidence: Mapping[str, str] | None = None,
) -> None:
    assert (what in ANSWERS) == (answers is not None), "a second person's step answers another"
    month = stands.checklist.month
    number = close_store.count_steps(session, stands.book.book_id, month) + 1
    fact = None if item is None else stands.checklist.status(item).fact
    basis = "" if fact is None else fact.basis
    step = Step(
        number=number,
        what=what,
        item=item,
        reason=reason,
        basis=basis,
        evidence={**({} if fact is None else fact.evidence), **(evidence or {})},
        answers=None if answers is None else answers.number,
        proposer_id=None if answers is None else answers.actor_id,
        actor_id=actor.user_id,
        recorded_at=now,
        digest=step_digest(
            book=str(stands.book.book_uuid),
            month=month,
            number=number,
            what=what,
            item=item,
            reason=reason,
            basis=basis,
        ),
    )
    close_store.save_step(session, stands.book.book_id, month, step, actor=actor)
    _tell(session, stands, step)


_ASKING = {
    StepKind.WAIVER_PROPOSED: WaitingKind.CLOSE_WAIVER,
    StepKind.SOFT_CLOSED: WaitingKind.CLOSE,
    StepKind.REOPEN_PROPOSED: WaitingKind.REOPENING,
}


def _tell(session: Session, stands: MonthClose, step: Step) -> None:
    """Tell who may answer that a step waits, and end what it answered; what closes or opens the month answers all that waited."""
    month = str(stands.checklist.month)

    def asked(one: Step) -> Asked:
        ref = f"{month} {one.number}"
        return of_book(session, _ASKING[one.what], stands.book.book_id, ref, month=month)

    if step.what in _ASKING:
        said = f"{stands.book.code} {month}" + (f" {step.item.value}" if step.item else "") + f": {step.reason}"
        ask_second_person(session, asked(step), said=said, maker_id=step.actor_id, now=step.recorded_at)
    answers_all = step.what in {StepKind.HARD_CLOSED, StepKind.REOPENED}
    for one in stands.steps:
        if one.what in _ASKING and (answers_all or one.number == step.answers):
            end_asking(session, asked(one), now=step.recorded_at)


def _standing_soft_close(steps: tuple[Step, ...]) -> Step | None:
    """Return the soft close that nobody took back, or None."""
    marks = [step for step in steps if step.what in {StepKind.SOFT_CLOSED, StepKind.REOPENED}]
    return marks[-1] if marks and marks[-1].what is StepKind.SOFT_CLOSED else None


def _is_softly_closed(session: Session, book: Book, month: Month) -> bool:
    return _standing_soft_close(close_store.list_steps(session, book.book_id, month)) is not None


def _month_before(month: Month) -> Month:
    last = month.start - timedelta(days=1)
    return Month(year=last.year, month=last.month)


def _check_reopenable(stands: MonthClose, month: Month) -> None:
    locked = stands.book.locked_through
    if locked is not None and locked >= month.last_day:
        raise Conflict("close.closed", f"month: {month} is closed for good; post in the open period", month=str(month))
    if _standing_soft_close(stands.steps) is None:
        raise Conflict("close.not_softly_closed", f"month: {month} is not softly closed", month=str(month))


def _check_earlier_closed(session: Session, book: Book, month: Month) -> None:
    """Refuse to close over days before the month that have entries and are open: their own checklist comes first."""
    first = date(1990, 1, 1) if book.locked_through is None else book.locked_through + timedelta(days=1)
    if period_rows.count_entries(session, book.book_id, start=first, end=month.start):
        raise Conflict(
            "close.earlier_open",
            f"month: days before {month} have entries and are open; close those months first",
            month=str(month),
        )


def _check_ended(month: Month, now: datetime) -> None:
    if china_day(now) < month.last_day:
        raise Invalid(
            "close.not_ended",
            f"month: {month} has not reached its last day in Asia/Shanghai; close it then",
            field="month",
        )
