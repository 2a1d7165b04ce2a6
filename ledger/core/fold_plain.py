"""The fold's short way for what most entries are: amounts between open accounts without lots, in one commodity.

It accepts or it passes: whatever is refused, or has more to decide, goes the whole way of ``ledger.core.fold``, which alone says
why. So there is one list of refusals and one order among them, and this module can only be too shy, never too generous; a law
in the tests holds both to the same outcome and the same state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ledger.core.journal import JournalDraft, JournalEntry, PostedLeg, Posting
from ledger.core.periods import is_closed
from ledger.core.state import MAX_SUM, BookState


def plain_entry(state: BookState, draft: JournalDraft, recorded_at: datetime) -> JournalEntry | None:
    """Return the entry with its effect applied to ``state``; None, and ``state`` as it was, where there is more to decide.

    Of 10 CNY from an account with 30 and a floor of 0 to one without limits the first has 20 after it.
    """
    if draft.hold is not None or draft.reverses is not None or draft.cost_legs is not None:
        return None
    if state.wanted and draft.entry_id in state.wanted:
        return None  # a draft of the same batch may reverse it: the whole way keeps what that takes
    day, postings, posted = draft.effective_on, draft.postings, state.posted
    if not postings or is_closed(day, state.locked_through) or is_closed(day, state.soft_locked_through):
        return None
    after: dict[int, int] = {}
    legs = _posted_legs(state, draft, after)
    if legs is None or not _keeps_limits(state, postings, after):
        return None
    posted.update(after)
    seq = state.next_seq
    state.next_seq, state.last_recorded_at = seq + 1, recorded_at
    return JournalEntry(draft, seq, recorded_at, legs)


def _posted_legs(state: BookState, draft: JournalDraft, after: dict[int, int]) -> tuple[PostedLeg, ...] | None:
    """Return the legs as recorded, None unless they balance in one commodity on open accounts that keep no lots.

    ``after`` gets the new balance of each account.
    """
    day, accounts, posted = draft.effective_on, state.accounts, state.posted
    legs: list[PostedLeg] = []
    total = 0
    common = draft.postings[0].commodity
    for leg in draft.postings:
        account = accounts.get(leg.account)
        if account is None or leg.lot_cost is not None or leg.lots or leg.is_carried or leg.serials:
            return None
        account_id, path, side, commodity_id, commodity, step, lot_method, opened_on, closed_on, _, _, _ = account
        if commodity != common or leg.commodity != common or lot_method is not None or step != 1:
            return None
        if day < opened_on or closed_on is not None:
            return None
        amount = leg.amount
        total += amount
        after[account_id] = (after[account_id] if account_id in after else posted[account_id]) + amount * side
        legs.append(PostedLeg(account_id, commodity_id, path, commodity, amount))
    return None if total else tuple(legs)


def _keeps_limits(state: BookState, postings: Sequence[Posting], after: Mapping[int, int]) -> bool:
    """Return whether every balance of ``after`` is one that its account may have; of an account with holds that falls, never."""
    for leg in postings:
        account_id, _, _, _, _, _, _, _, _, floor, ceiling, _ = state.accounts[leg.account]
        now, before = after[account_id], state.posted[account_id]
        if now < before:
            # What is set aside is judged with the whole of it: floors, and lots.
            if now < -MAX_SUM or state.held[account_id] or (floor is not None and now < floor):
                return False
        elif now > MAX_SUM or (ceiling is not None and now > ceiling):
            return False
    return True
