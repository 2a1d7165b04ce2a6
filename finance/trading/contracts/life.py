"""The life of a contract: versions agreed by two persons, dated facts, and the state and running figures they give.

Owns the record and what follows from its facts. Knows no balance and no clock: ``on`` is an argument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from finance.trading.contracts.kinds import ContractTerms, last_day
from finance.trading.contracts.standing import MarginCall, Standing
from finance.trading.contracts.terms import ContractKind


class EventKind(StrEnum):
    """What happened."""

    OPENED = "opened"
    ACCRUED = "accrued"
    MARGIN_CALLED = "margin_called"
    MARGIN_MOVED = "margin_moved"
    REPAID = "repaid"
    RELEASED = "released"
    SETTLED = "settled"
    CLOSED_EARLY = "closed_early"
    DEFAULTED = "defaulted"
    CANCELLED = "cancelled"


class ContractState(StrEnum):
    """Where a contract stands, by its facts."""

    PROPOSED = "proposed"
    REJECTED = "rejected"
    AGREED = "agreed"
    OPEN = "open"
    MARGIN_CALLED = "margin_called"
    LATE = "late"  # its last day is over and it is not settled
    REPAID = "repaid"  # the money is back, the security is not released
    SETTLED = "settled"
    CLOSED_EARLY = "closed_early"
    DEFAULTED = "defaulted"
    CANCELLED = "cancelled"  # agreed, never opened


RUNNING = frozenset({ContractState.OPEN, ContractState.MARGIN_CALLED, ContractState.LATE})
"""States in which value is out and steps are taken."""
COUNTED = RUNNING | {ContractState.AGREED, ContractState.REPAID}
"""States that count towards limits."""
_ENDS = {
    EventKind.DEFAULTED: ContractState.DEFAULTED,
    EventKind.CANCELLED: ContractState.CANCELLED,
    EventKind.CLOSED_EARLY: ContractState.CLOSED_EARLY,
    EventKind.SETTLED: ContractState.SETTLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One person's word on a version that another made."""

    is_approved: bool
    actor_id: UUID
    reason: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One wording of the terms with its digest."""

    version: int
    terms: ContractTerms
    sha256: str
    maker_id: UUID
    made_at: datetime
    decision: Decision | None = None

    @property
    def is_approved(self) -> bool:
        """Return whether another person approved it."""
        return self.decision is not None and self.decision.is_approved


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One dated fact; ``figures`` are signed changes, ``refs`` name holds, entries and snapshots."""

    number: int
    what: EventKind
    version: int
    happened_on: date
    actor_id: UUID
    doc_ref: str
    link: UUID | None
    recorded_at: datetime
    figures: Mapping[str, int] = field(default_factory=dict)
    refs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRecord:
    """A contract with every version and fact; ``number`` is its place among the book's contracts."""

    contract_id: UUID
    book_id: int
    book_uuid: UUID
    number: int
    versions: tuple[Version, ...]
    events: tuple[Event, ...]

    @property
    def in_force(self) -> Version:
        """Return the latest approved version, else the first."""
        approved = [one for one in self.versions if one.is_approved]
        return approved[-1] if approved else self.versions[0]

    @property
    def latest(self) -> Version:
        """Return the newest version, approved or not."""
        return self.versions[-1]

    @property
    def kind(self) -> ContractKind:
        """Return the kind; an amendment never changes it."""
        return self.versions[0].terms.KIND

    @property
    def is_approved(self) -> bool:
        """Return whether any version was approved."""
        return any(one.is_approved for one in self.versions)

    def event(self, what: EventKind) -> Event | None:
        """Return the first fact of that kind."""
        return next((event for event in self.events if event.what is what), None)

    @property
    def is_ended(self) -> bool:
        """Return whether nothing is left to do but a release."""
        return _ended(self) is not None

    def standing(self) -> Standing | None:
        """Return the running figures, None before it is opened."""
        opened = self.event(EventKind.OPENED)
        return None if opened is None else _standing(opened, self.events)


def state_of(record: ContractRecord, *, on: date, encumbered_t: int) -> ContractState:
    """Return the state on a day; ``encumbered_t`` is what its holds still set aside in the ledger.

    A settled contract whose security is not released is ``repaid``. Late is from the day after its last day.
    """
    ended = _ended(record)
    if ended is not None:
        return ContractState.REPAID if encumbered_t and ended is not ContractState.CANCELLED else ended
    standing = record.standing()
    if standing is None:
        return _unopened(record)
    if on > last_day(record.in_force.terms):
        return ContractState.LATE
    is_called = standing.call is not None and not standing.call.is_met
    return ContractState.MARGIN_CALLED if is_called else ContractState.OPEN


def _ended(record: ContractRecord) -> ContractState | None:
    if record.kind is ContractKind.SWAP and record.event(EventKind.OPENED) is not None:
        return ContractState.SETTLED  # both legs move at once
    return next((state for what, state in _ENDS.items() if record.event(what) is not None), None)


def _unopened(record: ContractRecord) -> ContractState:
    if record.is_approved:
        return ContractState.AGREED
    return ContractState.PROPOSED if record.latest.decision is None else ContractState.REJECTED


def next_actions(
    record: ContractRecord,
    state: ContractState,
    *,
    on: date,
    actor_id: UUID,
    is_beneficiary: bool,
    may_enforce: bool = False,
) -> tuple[str, ...]:
    """Return what this person may do on the day ``on``, by name of the route.

    It is settled from its last day on. A pledge is enforced, and released in the lender's stead, by an enforcing role only.
    """
    is_secured = state in RUNNING | {ContractState.REPAID}
    if is_beneficiary:
        return ("release",) if is_secured else ()
    found: list[str] = []
    is_pledge = record.kind is ContractKind.PLEDGE_LOAN
    waits = record.latest.decision is None
    if waits and record.latest.maker_id != actor_id:
        found += ["approve", "reject"]
    is_other = record.in_force.maker_id != actor_id
    if state is ContractState.AGREED:
        found += ["open", "amend", *(["close"] if is_other else [])]
    elif state in RUNNING:
        found += ["accrue", "amend"] if record.kind in _BEARS_INTEREST else ["amend"]
        if is_pledge:
            found.append("call-margin")
        if is_other:
            found += ["margin", *(["settle"] if on >= last_day(record.in_force.terms) else []), "close"]
            found += [] if is_pledge and not may_enforce else ["default"]
    elif state in {ContractState.PROPOSED, ContractState.REJECTED}:
        found.append("amend")
    if is_pledge and is_secured and is_other and may_enforce:
        found.append("release")
    return tuple(found)


_BEARS_INTEREST = frozenset({ContractKind.REPO, ContractKind.PLEDGE_LOAN, ContractKind.LENDING})


def _standing(opened: Event, events: tuple[Event, ...]) -> Standing:
    sums: Counter[str] = Counter()
    steps: list[tuple[date, int]] = []
    holds: list[UUID] = []
    accrued_to = opened.happened_on
    for event in events:
        sums.update(event.figures)
        if event.figures.get("principal_fen"):
            steps.append((event.happened_on, event.figures["principal_fen"]))
        holds += [UUID(text) for text in event.refs.get("hold_ids", "").split() if text]
        if "accrued_to" in event.refs:
            accrued_to = date.fromisoformat(event.refs["accrued_to"])
    handed = opened.refs.get("handed_over_by")
    return Standing(
        opened_on=opened.happened_on,
        principal_fen=sums["principal_fen"],
        principal_steps=tuple(steps),
        accrued_fen=sums["accrued_fen"],
        interest_paid_fen=sums["interest_paid_fen"],
        margin_given_fen=sums["margin_given_fen"],
        margin_taken_fen=sums["margin_taken_fen"],
        accrued_to=accrued_to,
        latest_on=max(event.happened_on for event in events),
        hold_ids=tuple(holds),
        handed_over_by=None if handed is None else UUID(handed),
        call=_call(events),
    )


def _call(events: tuple[Event, ...]) -> MarginCall | None:
    called = next((event for event in reversed(events) if event.what is EventKind.MARGIN_CALLED), None)
    if called is None:
        return None
    since = [event for event in events if event.number > called.number]
    added = sum(event.figures.get("encumbered_t", 0) for event in since)
    repaid = -sum(event.figures.get("principal_fen", 0) for event in since)
    repaid += sum(event.figures.get("interest_paid_fen", 0) for event in since)
    add_t, repay_fen = called.figures["call_add_t"], called.figures["call_repay_fen"]
    return MarginCall(
        called_on=called.happened_on,
        add_t=add_t,
        repay_fen=repay_fen,
        snapshot_id=called.refs["snapshot_id"],
        is_met=added >= add_t or repaid >= repay_fen,
    )
