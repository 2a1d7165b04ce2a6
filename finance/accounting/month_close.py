"""The month close as a checklist: which items stand, which block, and who may take the next step.

Owns the items and the rules between steps. Pure: facts of the books and the steps so far come in, states with their evidence go
out. Knows no clock and no database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import rfc8785

from finance.accounting.months import Month
from finance.conventions.explain import Explanation
from ledger.core.errors import Conflict, Forbidden, Invalid


class Item(StrEnum):
    """What must stand before a month is closed."""

    FEEDS = "feeds"  # prices are in and the last day's marks frozen
    TRADES = "trades"  # every trade is booked
    RECONCILIATION = "reconciliation"  # bank and registry agree with the book
    INTEREST = "interest"  # interest is accrued
    ALLOCATION = "allocation"  # allocation and surrender are booked
    VALUATION = "valuation"  # every lot has a value
    VOUCHERS = "vouchers"  # every money entry has its voucher, and they tie to the book
    REVIEWS = "reviews"  # every voucher is reviewed
    SOFT_CLOSE = "soft_close"
    HARD_CLOSE = "hard_close"


class ItemState(StrEnum):
    """How an item stands."""

    DONE = "done"  # the facts say so
    CONFIRMED = "confirmed"  # a person said so, and nothing it rests on changed since
    WAIVED = "waived"  # two persons let the month close without it
    OPEN = "open"


class StepKind(StrEnum):
    """What a person did about a month's close."""

    CONFIRMED = "confirmed"
    WAIVER_PROPOSED = "waiver_proposed"
    WAIVER_APPROVED = "waiver_approved"
    SOFT_CLOSED = "soft_closed"
    HARD_CLOSED = "hard_closed"
    REOPEN_PROPOSED = "reopen_proposed"
    REOPENED = "reopened"


ANSWERS: Mapping[StepKind, StepKind] = {
    StepKind.WAIVER_APPROVED: StepKind.WAIVER_PROPOSED,
    StepKind.HARD_CLOSED: StepKind.SOFT_CLOSED,
    StepKind.REOPENED: StepKind.REOPEN_PROPOSED,
}
"""Steps that a second person takes, and what they answer."""

CONFIRMABLE = frozenset({Item.TRADES, Item.ALLOCATION, Item.RECONCILIATION})
"""Items a person may confirm where no fact speaks for or against them; a fact against them needs a waiver."""

WAIVABLE = frozenset(set(Item) - {Item.SOFT_CLOSE, Item.HARD_CLOSE, Item.VOUCHERS})
"""Vouchers are never waived: an unnumbered entry would be a gap in the books."""

_NAMES: Mapping[Item, tuple[str, str]] = {
    Item.FEEDS: ("Prices complete and marks frozen", "行情完整并已冻结"),
    Item.TRADES: ("Trades booked", "交易已入账"),
    Item.RECONCILIATION: ("Bank and registry reconciled", "银行与登记机构对账"),
    Item.INTEREST: ("Interest accrued", "利息已计提"),
    Item.ALLOCATION: ("Allocation and surrender booked", "配额发放与清缴已入账"),
    Item.VALUATION: ("Every lot valued", "估值完整"),
    Item.VOUCHERS: ("Vouchers numbered and tied to the book", "凭证已编号并与账簿相符"),
    Item.REVIEWS: ("Vouchers reviewed", "凭证已审核"),
    Item.SOFT_CLOSE: ("Softly closed", "预关账"),
    Item.HARD_CLOSE: ("Closed for good", "关账"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFact:
    """What the books say about an item: ``is_met`` None where they cannot tell and a person must.

    ``basis`` is what a confirmation or a waiver rests on; when it changes, they no longer count. ``evidence`` are links by name.
    """

    is_met: bool | None
    reason_en: str
    reason_zh: str
    basis: str
    evidence: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, a fact: what, about which item, by whom, when, why, and what it rests on."""

    number: int
    what: StepKind
    item: Item | None
    reason: str
    basis: str
    evidence: Mapping[str, str]
    answers: int | None
    proposer_id: UUID | None
    actor_id: UUID
    recorded_at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatus:
    """An item's state, the fact behind it, the step that decided it, and a waiver that waits for a second person."""

    item: Item
    state: ItemState
    fact: ItemFact
    decided_by: Step | None
    proposed: Step | None

    @property
    def is_blocking(self) -> bool:
        """Return whether it keeps the month from being closed."""
        return self.state is ItemState.OPEN

    def explanation(self) -> Explanation:
        """Return why the item stands as it does."""
        name_en, name_zh = _NAMES[self.item]
        rests = [
            Explanation(
                label_en=self.fact.reason_en,
                label_zh=self.fact.reason_zh,
                value="unknown" if self.fact.is_met is None else "met" if self.fact.is_met else "not met",
                unit="1",
                source=self.fact.source,
            )
        ]
        if self.decided_by is not None:
            step = self.decided_by
            rests.append(
                Explanation(
                    label_en=f"{step.what.value}: {step.reason}" if step.reason else step.what.value,
                    label_zh=step.reason or step.what.value,
                    value=step.recorded_at.isoformat(),
                    unit="instant",
                    source=f"step {step.number} by {step.actor_id}",
                )
            )
        return Explanation(
            label_en=name_en,
            label_zh=name_zh,
            value=self.state.value,
            unit="1",
            formula="facts of the books, else a person's word, else two persons' waiver",
            children=tuple(rests),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """Every item of a month in order."""

    month: Month
    items: tuple[ItemStatus, ...]

    def status(self, item: Item) -> ItemStatus:
        """Return one item's status."""
        return next(each for each in self.items if each.item is item)

    @property
    def blocking(self) -> tuple[Item, ...]:
        """Return what keeps the month from being closed for good, the closing itself left out."""
        return tuple(each.item for each in self.items if each.is_blocking and each.item is not Item.HARD_CLOSE)


def checklist_of(month: Month, facts: Mapping[Item, ItemFact], steps: Sequence[Step]) -> Checklist:
    """Return how every item stands: facts first, then what persons confirmed or waived on the same basis.

    Confirmations and waivers count while their basis is what it was: a trade booked after "trades are booked" opens the item
    again. A waiver needs two persons; what was waived before a reopening is asked anew.
    """
    reopened = max((step.number for step in steps if step.what is StepKind.REOPENED), default=0)
    return Checklist(month=month, items=tuple(_status(item, facts[item], steps, reopened=reopened) for item in Item))


def check_confirmable(status: ItemStatus, reason: str) -> None:
    """Refuse a confirmation that the books decide (``close.computed``) or that gives no reason (``close.reason``)."""
    check_reason(reason)
    if status.item not in CONFIRMABLE or status.fact.is_met is not None:
        raise Conflict(
            "close.computed",
            f"item: {status.item} is decided by the books ({status.fact.reason_en}); make it so, or propose a waiver",
            item=status.item.value,
        )


def check_waivable(status: ItemStatus, reason: str) -> None:
    """Refuse to waive what cannot be (``close.not_waivable``) or what stands already (``close.nothing_open``)."""
    check_reason(reason)
    if status.item not in WAIVABLE:
        raise Conflict("close.not_waivable", f"item: {status.item} cannot be waived; do it", item=status.item.value)
    if status.state is not ItemState.OPEN:
        raise Conflict("close.nothing_open", f"item: {status.item} stands already", item=status.item.value)


def check_answer(step: Step, wanted: StepKind, *, digest: str, actor_id: UUID, steps: Sequence[Step]) -> None:
    """Refuse the answer to a step: of another kind or answered (``close.step``), other content (``close.digest``), same person."""
    if step.what is not wanted or any(each.answers == step.number for each in steps):
        raise Conflict("close.step", f"step: expected a {wanted.value} step that nobody answered; read the month again")
    if step.digest != digest:
        raise Conflict(
            "close.digest", "digest: expected that of the step as it stands; read the month again", field="digest"
        )
    check_other_person(step.actor_id, actor_id)


def check_other_person(maker_id: UUID, actor_id: UUID) -> None:
    """Refuse the maker as the second person (``close.same_person``)."""
    if maker_id == actor_id:
        raise Forbidden("close.same_person", "checker: expected another person than the maker; ask a colleague")


def check_hard_closable(checklist: Checklist) -> None:
    """Refuse to close for good while an item blocks (``close.blocked``), naming them."""
    if checklist.blocking:
        names = ", ".join(item.value for item in checklist.blocking)
        raise Conflict("close.blocked", f"month: expected every item to stand; open: {names}", items=names)


def check_reason(reason: str) -> None:
    """Refuse an empty or unprintable reason."""
    if not reason.strip() or not reason.isprintable():
        raise Invalid("close.reason", "reason: expected one line that says why", field="reason")


def step_digest(
    *, book: str, month: Month, number: int, what: StepKind, item: Item | None, reason: str, basis: str
) -> str:
    """Return SHA-256 over a step's canonical JSON (RFC 8785), 64 hexadecimal digits: what the second person binds to."""
    content = {
        "book": book,
        "month": str(month),
        "number": str(number),
        "what": what.value,
        "item": "" if item is None else item.value,
        "reason": reason,
        "basis": basis,
    }
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def name_of(item: Item) -> tuple[str, str]:
    """Return an item's name in English and Chinese."""
    return _NAMES[item]


def _status(item: Item, fact: ItemFact, steps: Sequence[Step], *, reopened: int) -> ItemStatus:
    about = [step for step in steps if step.item is item and step.basis == fact.basis]
    waivers = [step for step in about if step.what is StepKind.WAIVER_APPROVED and step.number > reopened]
    confirmed = [step for step in about if step.what is StepKind.CONFIRMED]
    answered = {step.answers for step in steps}
    proposed = [
        step
        for step in about
        if step.what is StepKind.WAIVER_PROPOSED and step.number > reopened and step.number not in answered
    ]
    state, decided = ItemState.OPEN, None
    if fact.is_met:
        state = ItemState.DONE
    elif fact.is_met is None and confirmed:
        state, decided = ItemState.CONFIRMED, confirmed[-1]
    elif waivers:
        state, decided = ItemState.WAIVED, waivers[-1]
    return ItemStatus(
        item=item, state=state, fact=fact, decided_by=decided, proposed=proposed[-1] if proposed else None
    )
