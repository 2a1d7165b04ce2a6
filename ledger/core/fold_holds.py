"""The fold's part that sets amounts aside and lets them go.

Refusals, in this order: of a placement ``ledger.account_unknown``, ``ledger.account_not_open``, ``ledger.period_closed`` /
``period_soft_closed``, ``ledger.amount_step``, ``ledger.hold_expires_past`` (it would be over before it begins),
``ledger.lot_cost_unexpected`` (lots named where none are kept), lot by lot ``ledger.lot_unknown`` / ``insufficient_available`` /
``lot_date`` (acquired later), then
``ledger.insufficient_available``; of a capture, release or expiry
``ledger.hold_unknown``, ``ledger.hold_ended``, ``ledger.hold_expired`` (of an expiry ``ledger.hold_not_over``), ``ledger.hold_not_yours``,
``ledger.hold_date`` (before the day of the placement), ``ledger.hold_exceeded``, ``ledger.amount_step``, ``ledger.hold_capture``.

An expiry is the ledger's own and of the day it is recorded, which may come before the day of a placement dated ahead; reports count
a hold's moves from the day of its placement on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.core.holds import (
    HoldCapture,
    HoldExpiry,
    HoldMove,
    HoldPart,
    HoldPlacement,
    HoldPosition,
    HoldRelease,
    HoldState,
)
from ledger.core.journal import JournalDraft, Posting
from ledger.core.state import AccountFacts, BookState, Changes, check_acquired, insufficient

_ENDED_BY = {HoldCapture: HoldState.CAPTURED, HoldRelease: HoldState.RELEASED, HoldExpiry: HoldState.EXPIRED}


def place_hold(state: BookState, draft: JournalDraft, account: AccountFacts, changes: Changes, now: datetime) -> None:
    """Set an amount aside: at most what is available, never on overdraft."""
    action = draft.hold
    assert isinstance(action, HoldPlacement), "a placement places"
    if action.expires_at is not None and action.expires_at <= now:
        raise Conflict(
            "ledger.hold_expires_past",
            "expires_at: expected an instant that is still to come",
            field="expires_at",
            expires_at=action.expires_at.isoformat(),
        )
    account_id = account.account_id
    available = state.posted[account_id] - state.held[account_id] - max(account.floor or 0, 0)
    amount = available if action.amount is None else action.amount
    if action.lots and account.lot_method is None:
        raise Invalid("ledger.lot_cost_unexpected", f"{account.path} keeps no lots", account=account.path)
    for lot_id, quantity in action.lots:
        lot = changes.lot(state, account_id, lot_id)
        if lot is None or lot.quantity == 0:
            raise Conflict("ledger.lot_unknown", "no open lot of that id in this account", lot_id=str(lot_id))
        if quantity > lot.available:
            raise insufficient(account, quantity, lot.available)
        check_acquired(account, lot, draft.effective_on)
        changes.lots[account_id, lot_id] = replace(lot, held=lot.held + quantity)
    if amount <= 0 or amount > available:
        raise insufficient(account, max(amount, 1), max(available, 0))
    parts = action.lots or ((0, amount),)
    placed = HoldPosition(
        hold_id=draft.entry_id,
        account=account.path,
        account_id=account_id,
        kind=action.kind,
        amount=amount,
        beneficiary_id=action.beneficiary_id,
        rank=action.rank,
        agreement_ref=action.agreement_ref,
        expires_at=action.expires_at,
        placed_on=draft.effective_on,
        parts=tuple(HoldPart(lot_id, quantity, 0) for lot_id, quantity in sorted(parts)),
        state=HoldState.OPEN,
    )
    changes.held[account_id] = amount
    changes.hold_moves += [HoldMove(draft.entry_id, part.lot_id, part.remaining) for part in placed.parts]
    changes.holds[placed.hold_id] = changes.placed = placed


def let_go(state: BookState, draft: JournalDraft, changes: Changes, now: datetime) -> HoldPosition:
    """Take a captured, released or expired amount off its hold, lot by lot in order; return the hold as it stood before."""
    action = draft.hold
    assert isinstance(action, HoldCapture | HoldRelease | HoldExpiry), "what is set aside is used or let go"
    hold = _open_hold(state, draft, now)
    amount = hold.remaining if isinstance(action, HoldExpiry) or action.amount is None else action.amount
    if amount > hold.remaining:
        raise Conflict(
            "ledger.hold_exceeded",
            f"the hold has {hold.remaining} smallest units left, {amount} asked",
            hold_id=str(hold.hold_id),
            remaining=str(hold.remaining),
            asked=str(amount),
        )
    left, parts = amount, []
    for part in hold.parts:
        taken = min(part.remaining, left)
        left -= taken
        captured = part.captured + taken if isinstance(action, HoldCapture) else part.captured
        parts.append(HoldPart(part.lot_id, part.remaining - taken, captured))
        if taken:
            changes.hold_moves.append(HoldMove(hold.hold_id, part.lot_id, -taken))
            if part.lot_id:
                key = (hold.account_id, part.lot_id)
                lot = changes.lots.get(key) or state.lots[hold.account_id][part.lot_id]
                changes.lots[key] = replace(lot, held=lot.held - taken)
    has_ended = amount == hold.remaining
    changes.held[hold.account_id] = -amount
    changes.holds[hold.hold_id] = replace(
        hold, parts=tuple(parts), state=_ENDED_BY[type(action)] if has_ended else HoldState.OPEN
    )
    return hold


def captured_legs(hold: HoldPosition, draft: JournalDraft, changes: Changes, *, is_pool: bool) -> tuple[Posting, ...]:
    """Return the draft's legs, the credit of the held account drawing on the held lots; refused unless it is the captured amount.

    ``is_pool``: the account is under the average method, whose one lot is never picked.
    """
    action = draft.hold
    assert isinstance(action, HoldCapture), "only a capture has legs"
    credits_ = [leg for leg in draft.postings if leg.account == hold.account and leg.amount < 0]
    if len(credits_) != 1 or -credits_[0].amount != action.amount:
        raise Invalid(
            "ledger.hold_capture",
            f"one leg credits {hold.account} by the captured amount, {action.amount} smallest units",
            account=hold.account,
            amount=str(action.amount),
        )
    freed = tuple((move.lot_id, -move.amount) for move in changes.hold_moves if move.lot_id)
    if is_pool or not freed:
        return draft.postings
    return tuple(replace(leg, lots=freed) if leg is credits_[0] else leg for leg in draft.postings)


def lapsed(holds: Sequence[HoldPosition], now: datetime) -> tuple[HoldPosition, ...]:
    """Return the open holds whose time is over at ``now``: an expiry instant is the first at which the hold is gone."""
    return tuple(h for h in holds if h.state is HoldState.OPEN and h.expires_at is not None and h.expires_at <= now)


def _open_hold(state: BookState, draft: JournalDraft, now: datetime) -> HoldPosition:
    action = draft.hold
    assert isinstance(action, HoldCapture | HoldRelease | HoldExpiry), "what is set aside is used or let go"
    hold = state.holds.get(action.hold_id)
    if hold is None:
        raise NotFound("ledger.hold_unknown", "no hold of that id in this book", hold_id=str(action.hold_id))
    if hold.state is HoldState.EXPIRED:
        raise Conflict("ledger.hold_expired", "this hold has run out", hold_id=str(hold.hold_id))
    if hold.state is not HoldState.OPEN:
        told = f"nothing is left of this hold: it was {hold.state}"
        raise Conflict("ledger.hold_ended", told, hold_id=str(hold.hold_id))
    if isinstance(action, HoldExpiry):
        if hold.expires_at is None or hold.expires_at > now:
            raise Conflict("ledger.hold_not_over", "this hold has not run out", hold_id=str(hold.hold_id))
        return hold
    if hold.expires_at is not None and hold.expires_at <= now:
        raise Conflict("ledger.hold_expired", "this hold has run out", hold_id=str(hold.hold_id))
    if not hold.may_be_let_go_by(draft.actor.organisation_id, is_enforced=action.is_enforced):
        raise Forbidden(
            "ledger.hold_not_yours",
            f"only the beneficiary or an enforcing role lets go of a {hold.kind}",
            hold_id=str(hold.hold_id),
        )
    if draft.effective_on < hold.placed_on:
        raise Conflict(
            "ledger.hold_date",
            f"this hold was placed on {hold.placed_on}; it is used or let go of on that day or later",
            hold_id=str(hold.hold_id),
            effective_on=draft.effective_on.isoformat(),
            placed_on=hold.placed_on.isoformat(),
        )
    return hold
