"""Journal entries before and after they are accepted.

A draft says what a client wants recorded; the fold turns it into postings and lot moves. Owns the shapes and the content hash
that makes an id idempotent. Knows no balances.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ledger.core.accounts import is_path
from ledger.core.amounts import MAX_UNITS, is_commodity_code
from ledger.core.errors import Invalid, Refusal
from ledger.core.holds import (
    HoldAction,
    HoldCapture,
    HoldExpiry,
    HoldMove,
    HoldPlacement,
    HoldPosition,
    HoldRelease,
    malformed_hold,
)
from ledger.core.lots import LotPosition
from ledger.core.parties import Actor
from ledger.core.serials import SerialBlock, malformed_blocks

MAX_LEGS = 1000
MAX_BATCH = 8000
_MAX_ATTRS_BYTES = 16 * 1024
_ATTR_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class EntryKind(StrEnum):
    """What an entry records."""

    OPENING = "opening"
    ISSUE = "issue"
    TRADE = "trade"
    TRANSFER = "transfer"
    SURRENDER = "surrender"
    CANCEL = "cancel"
    FEE = "fee"
    DRAWDOWN = "drawdown"
    INTEREST = "interest"
    REPAYMENT = "repayment"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    GENERAL = "general"
    CARRY_OVER = "carry_over"  # 结转: an old vintage becomes a new one, 1:1, with its cost
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    EXPIRE = "expire"
    CLOSE = "close"
    RECORD = "record"


NO_LEGS = frozenset((EntryKind.HOLD, EntryKind.RELEASE, EntryKind.EXPIRE, EntryKind.CLOSE, EntryKind.RECORD))
"""Kinds that move no amount: the entry is there to be dated, ordered and proven."""

_ACTION_OF = {
    EntryKind.HOLD: HoldPlacement,
    EntryKind.CAPTURE: HoldCapture,
    EntryKind.RELEASE: HoldRelease,
    EntryKind.EXPIRE: HoldExpiry,
}


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg asked for: ``amount`` smallest units of ``commodity``, debit positive, credit negative, never zero.

    ``lot_cost`` on a debit into a lot-keeping account is the total cost of the lot it brings, in the functional currency's
    smallest units. ``lots`` on a credit picks given lots as (lot_id, quantity); without it the account's method decides.
    ``serials`` are the registry's numbers of the units that come, or on a credit of those that go.
    ``is_carried`` on a debit into a lot-keeping account has it take over, with cost and acquisition day, the lots that the entry's
    credits give up.
    """

    account: str
    commodity: str
    amount: int
    lot_cost: int | None = None
    lots: tuple[tuple[int, int], ...] = ()
    is_carried: bool = False
    serials: tuple[SerialBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class CostLegs:
    """Where the cost of what this entry disposes of goes.

    The fold adds a credit of the relieved cost to ``cost_account`` and what then is missing to zero in the functional currency:
    to ``gain_account`` as a credit, to ``loss_account`` as a debit. For a surrender the loss account is the expense.
    """

    cost_account: str
    gain_account: str
    loss_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalDraft:
    """An entry as its client asks for it. ``entry_id`` is the client's (UUIDv7) and makes a repeat harmless.

    ``effective_on`` is the business day, ``document_on`` the paper's own date. ``reverses`` is the id of the entry whose legs
    and lots are to be given back; such a draft carries no postings of its own. ``hold`` places, uses or lets go of a hold.

    Neighbouring drafts of one ``link`` are a linked group: all are recorded or none. ``transfer_id`` is shared by the two entries, in
    two books, of one transfer. ``pii_commitment`` is a salted commitment to personal data kept apart.
    """

    entry_id: UUID
    kind: EntryKind
    effective_on: date
    actor: Actor
    postings: tuple[Posting, ...] = ()
    cost_legs: CostLegs | None = None
    reverses: UUID | None = None
    document_on: date | None = None
    doc_ref: str | None = None
    attrs: Mapping[str, str] | None = None
    hold: HoldAction | None = None
    link: UUID | None = None
    transfer_id: UUID | None = None
    pii_commitment: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse what no state could accept: ``ledger.entry_malformed``, or the code of the part that is wrong."""
        problem = _malformed(self)
        if problem:
            name, separator, _ = problem.message.partition(": expected ")
            told = {"field": name} if separator else {}
            raise Invalid(problem.code, problem.message, entry_id=str(self.entry_id), **told)

    def content_hash(self) -> bytes:
        """Return SHA-256 of everything the client chose, the actor left out; equal hashes are the same request.

        Pieces whose grammar has neither ``|`` nor line end are joined by them; free text is spelled as JSON.
        """
        postings, costs = self.postings, self.cost_legs
        # Spelling None takes the formatter as long as a number: where nothing stands, its word is written out.
        legs = "\n".join(
            [
                f"{leg.account}|{leg.commodity}|{leg.amount}|None|None"
                if leg.lot_cost is None and not leg.lots and not leg.is_carried
                else f"{leg.account}|{leg.commodity}|{leg.amount}|{leg.lot_cost}|{leg.lots or leg.is_carried or None}"
                for leg in postings
            ]
        )
        words = more = ""
        head, relief = "None|None", "None"
        if self.reverses is not None or self.document_on is not None:
            head = f"{self.reverses}|{self.document_on}"
        if costs is not None:
            relief = f"{costs.cost_account}|{costs.gain_account}|{costs.loss_account}"
        if any([leg.serials for leg in postings]):  # noqa: C419 - a list is quicker for a few legs
            more = f"\n{[tuple(map(tuple, leg.serials)) for leg in postings]}"
        if self.doc_ref is not None or self.attrs:
            words = json.dumps([self.doc_ref, dict(self.attrs) if self.attrs else None], sort_keys=True)
        if self.hold is not None or self.link or self.transfer_id or self.pii_commitment:
            more += f"\n{self.hold!r}|{self.link}|{self.transfer_id}|{self.pii_commitment!r}"
        content = f"{self.kind}|{self.effective_on.isoformat()}|{head}|{words}\n{relief}\n{legs}{more}"
        return hashlib.sha256(content.encode()).digest()


class LotMove(NamedTuple):
    """What the posting at ``line`` brought to a lot (positive) or took from it (negative), in quantity and cost."""

    line: int
    lot_id: int
    quantity: int
    cost: int
    serials: tuple[SerialBlock, ...] = ()
    """Which units, where the registry's numbers are known."""


class PostedLeg(NamedTuple):
    """A leg as recorded: resolved account and commodity beside the path and code that the leaf spells."""

    account_id: int
    commodity_id: int
    account: str
    commodity: str
    amount: int


class JournalEntry(NamedTuple):
    """An accepted entry: legs numbered from 1 in order, lot moves, place in the book and time of recording."""

    draft: JournalDraft
    seq: int
    recorded_at: datetime
    legs: tuple[PostedLeg, ...]
    lot_moves: tuple[LotMove, ...] = ()
    reverses_seq: int | None = None
    lots: tuple[LotPosition, ...] = ()
    """The lots that this entry opened, as it opened them."""
    hold_moves: tuple[HoldMove, ...] = ()
    hold: HoldPosition | None = None
    """The hold that this entry placed, as it placed it."""


def _malformed(draft: JournalDraft) -> Refusal | None:
    if draft.hold is not None or draft.kind in _ACTION_OF or draft.kind in NO_LEGS:
        return _malformed_action(draft) or _malformed_words(draft)
    if (draft.reverses is not None) != (draft.kind is EntryKind.REVERSAL):
        return Refusal("ledger.entry_malformed", "a draft of kind reversal, and no other, names the entry it reverses")
    if draft.reverses is not None:
        if draft.postings or draft.cost_legs:
            return Refusal("ledger.entry_malformed", "a reversal has no legs of its own")
        return _malformed_words(draft)
    # The fold adds up to two cost legs: an entry that asks for them leaves room.
    fewest, most = (2, MAX_LEGS) if draft.cost_legs is None else (1, MAX_LEGS - 2)
    if not fewest <= len(draft.postings) <= most:
        asked = f"an entry names {fewest} to {most} legs" + (" and its cost legs" if draft.cost_legs else "")
        return Refusal("ledger.entry_legs", asked)
    return _malformed_legs(draft) or _malformed_words(draft)


def _malformed_action(draft: JournalDraft) -> Refusal | None:
    wanted = _ACTION_OF.get(draft.kind)
    if (wanted is None) != (draft.hold is None) or (wanted is not None and not isinstance(draft.hold, wanted)):
        return Refusal(
            "ledger.entry_malformed",
            "an entry of kind hold, capture, release or expire, and no other, carries that action on a hold",
        )
    if draft.reverses is not None:
        return Refusal("ledger.entry_malformed", "an entry of this kind reverses nothing")
    if draft.kind in NO_LEGS:
        if draft.postings or draft.cost_legs:
            return Refusal("ledger.entry_malformed", f"an entry of kind {draft.kind} has no legs")
        return None if draft.hold is None else malformed_hold(draft.hold)
    if not 1 <= len(draft.postings) <= MAX_LEGS - 2:
        return Refusal("ledger.entry_legs", f"a capture names 1 to {MAX_LEGS - 2} legs")
    assert draft.hold is not None, "only a capture is left"
    return malformed_hold(draft.hold) or _malformed_legs(draft)


def _malformed_legs(draft: JournalDraft) -> Refusal | None:
    costs = draft.cost_legs
    if costs and not all(map(is_path, (costs.cost_account, costs.gain_account, costs.loss_account))):
        return Refusal("ledger.cost_legs", "cost, gain and loss accounts are paths such as Income:Trading")
    for leg in draft.postings:
        problem = None
        if not is_path(leg.account):
            problem = Refusal("ledger.leg_account", "account: expected an account such as Assets:Carbon:CEA25")
        elif not is_commodity_code(leg.commodity):
            problem = Refusal("ledger.leg_commodity", "commodity: expected a commodity such as CEA25")
        elif leg.amount == 0 or abs(leg.amount) > MAX_UNITS:
            asked = "amount: expected an amount that is not zero and at most 10^15 smallest units"
            problem = Refusal("ledger.leg_amount", asked)
        elif leg.lot_cost is not None or leg.lots or leg.is_carried or leg.serials:
            problem = _malformed_lots(leg)
        if problem:
            place = next(number for number, each in enumerate(draft.postings) if each is leg)
            return Refusal(problem.code, f"legs[{place}].{problem.message}")
    if any([leg.is_carried for leg in draft.postings]) and (  # noqa: C419 - a list is quicker for a few legs
        costs or any(leg.lot_cost is not None for leg in draft.postings)
    ):
        return Refusal(
            "ledger.carry_costs",
            "an entry that carries lots over keeps their cost: it has no cost legs and acquires no other lots",
        )
    return None


def _malformed_lots(leg: Posting) -> Refusal | None:
    """Return what is wrong with what a leg says of lots, its field first."""
    if leg.lot_cost is not None and (leg.amount < 0 or not 0 <= leg.lot_cost <= MAX_UNITS):
        return Refusal("ledger.leg_lot_cost", "lot_cost: expected on a debit only, zero to 10^15")
    if leg.is_carried and (leg.amount < 0 or leg.lot_cost is not None):
        asked = "is_carried: expected on a debit without lot_cost, for the lots bring their cost"
        return Refusal("ledger.leg_carried", asked)
    if leg.lots and (
        leg.amount > 0 or sum(pick[1] for pick in leg.lots) != -leg.amount or min(p[1] for p in leg.lots) <= 0
    ):
        asked = "lots: expected on a credit, each quantity above zero and together its amount"
        return Refusal("ledger.leg_lots", asked)
    if leg.serials:
        if leg.is_carried or leg.lots or (leg.amount > 0 and leg.lot_cost is None):
            asked = "serials: expected on a debit with lot_cost or a credit without picked lots; carried lots bring their own"
            return Refusal("ledger.leg_serials", asked)
        wrong = malformed_blocks(leg.serials, abs(leg.amount))
        return None if wrong is None else Refusal(wrong.code, f"serials: expected otherwise: {wrong.message}")
    return None


def _malformed_words(draft: JournalDraft) -> Refusal | None:
    if draft.doc_ref is not None and not _plain(draft.doc_ref, 200):
        return Refusal("ledger.entry_doc_ref", "doc_ref is 1 to 200 printable characters")
    if draft.pii_commitment is not None and len(draft.pii_commitment) != 32:  # noqa: PLR2004 - SHA-256
        return Refusal("ledger.entry_commitment", "pii_commitment is 32 bytes")
    if draft.attrs is not None:
        if any(not _ATTR_NAME.fullmatch(name) or not _plain(value, 2000) for name, value in draft.attrs.items()):
            return Refusal(
                "ledger.entry_attrs", "attrs are names of a-z 0-9 _ with printable text of at most 2000 characters"
            )
        if len(json.dumps(dict(draft.attrs)).encode()) > _MAX_ATTRS_BYTES:
            return Refusal("ledger.entry_attrs", "attrs are at most 16 KiB")
    return None


def _plain(text: str, longest: int) -> bool:
    return 1 <= len(text) <= longest and text.isprintable()
