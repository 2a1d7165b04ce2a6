"""The posting algorithm as a pure function: state and drafts in, accepted and rejected outcomes and a changed state out.

Drafts fold in order, each seeing what those before it did. Every check that decides money or tonnes is here; the database's
constraints stand behind it. Knows no SQL, clock or random source: the time of recording is given.

A draft meets its refusals in this order, and the first is its code: ``ledger.reversal_unknown`` / ``already_reversed`` /
``reversal_of_hold`` / ``reversal_date`` (dated before the entry it undoes), those of its hold (``ledger.core.fold_holds``),
``ledger.account_unknown`` / ``commodity_mismatch``, ``ledger.account_not_open``, ``ledger.period_closed`` / ``period_soft_closed``,
``ledger.amount_step``, ``ledger.lot_cost_unexpected``, ``ledger.lot_cost_missing`` / ``lot_not_carried``, ``ledger.carry_kind``,
``ledger.insufficient_available`` and other lot refusals / ``ledger.lot_date`` (drawn on before the lot was acquired),
``ledger.carry_mismatch``, of a reversal ``ledger.acquired_used``, those of the cost legs
(``account_unknown`` / ``commodity_mismatch``, ``ledger.cost_account``, ``ledger.amount_range``, day and period),
``ledger.entry_legs`` / ``entry_too_large``, ``ledger.entry_unbalanced``,
``ledger.amount_range`` / ``insufficient_available`` (floor) / ``ceiling_exceeded``. Codes joined by a stroke are judged leg by leg:
the earlier leg decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict, DomainError, Invalid
from ledger.core.fold_holds import captured_legs, let_go, place_hold
from ledger.core.fold_lots import carry_lots, check_keeps_no_lots, move_lots, return_lots
from ledger.core.fold_plain import plain_entry
from ledger.core.holds import HoldCapture, HoldPlacement
from ledger.core.journal import MAX_LEGS, JournalDraft, JournalEntry, LotMove, PostedLeg, Posting
from ledger.core.periods import is_closed
from ledger.core.state import (
    MAX_SUM,
    AccountFacts,
    BookState,
    Changes,
    ReversibleEntry,
    check_range,
    insufficient,
    note_lot,
    out_of_range,
)

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A draft the state refuses, with the refusal that the client is told and told again."""

    draft: JournalDraft
    refusal: DomainError


Outcome = JournalEntry | Rejected


def fold(state: BookState, drafts: Sequence[JournalDraft], now: datetime) -> list[Outcome]:
    """Return one outcome a draft, in order, and leave ``state`` as it is after them.

    Accepted entries take dense ``seq`` from ``state.next_seq`` and a ``recorded_at`` of ``now``, or one microsecond after the entry
    before where the clock has not moved. A rejected draft changes nothing. Of a linked group all are accepted or none: beside
    the one that is refused, the others are refused with ``ledger.linked_refused``.
    """
    outcomes: list[Outcome] = []
    now = now.astimezone(UTC)  # what is hashed spells this zone
    count, index = len(drafts), 0
    while index < count:
        draft = drafts[index]
        if draft.link is None:
            last = state.last_recorded_at
            plain = plain_entry(state, draft, now if now > last else last + _TICK)
            outcomes.append(_judge(state, draft, now, None) if plain is None else plain)
            index += 1
            continue
        end = index + 1
        while end < count and drafts[end].link == draft.link:
            end += 1
        outcomes += _judge_group(state, drafts[index:end], now)
        index = end
    return outcomes


def _judge(state: BookState, draft: JournalDraft, now: datetime, undo: _Undo | None) -> Outcome:
    last = state.last_recorded_at
    try:
        return _fold_one(state, draft, now if now > last else last + _TICK, undo)
    except DomainError as refusal:
        return Rejected(draft, refusal)


def _judge_group(state: BookState, group: Sequence[JournalDraft], now: datetime) -> list[Outcome]:
    undo = _Undo(state)
    outcomes: list[Outcome] = []
    for draft in group:
        outcome = _judge(state, draft, now, undo)
        if isinstance(outcome, Rejected):
            undo.run()
            linked = Conflict(
                "ledger.linked_refused",
                f"its group is all or nothing, and entry {draft.entry_id} was refused: {outcome.refusal.code}",
                refused_entry_id=str(draft.entry_id),
                refused_code=outcome.refusal.code,
            )
            return [outcome if each is draft else Rejected(each, linked) for each in group]
        outcomes.append(outcome)
    return outcomes


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _put_back(kept: dict[_Key, _Value], key: _Key, was: _Value | None) -> None:
    if was is None:
        kept.pop(key, None)
    else:
        kept[key] = was


class _Undo:
    """What a linked group has overwritten, so that its refusal leaves the state as it was."""

    def __init__(self, state: BookState) -> None:
        self._state = state
        self._head = (state.next_seq, state.last_recorded_at)
        self._puts_back: list[Callable[[], None]] = []

    def note(self, kept: dict[_Key, _Value], keys: Iterable[_Key]) -> None:
        """Remember what stands under ``keys`` before it is overwritten."""
        self._puts_back += [partial(_put_back, kept, key, kept.get(key)) for key in keys]

    def run(self) -> None:
        """Put everything back, latest first."""
        for put_back in reversed(self._puts_back):
            put_back()
        self._state.next_seq, self._state.last_recorded_at = self._head
        self._state.order.clear()


def _fold_one(state: BookState, draft: JournalDraft, recorded_at: datetime, undo: _Undo | None) -> JournalEntry:
    """Check ``draft`` against ``state`` and apply it; raising leaves the state untouched."""
    undone = _reversed_entry(state, draft) if draft.reverses is not None else None
    changes: Changes | None = None
    postings = draft.postings
    if draft.hold is not None:
        changes = Changes()
        if isinstance(draft.hold, HoldPlacement):
            held_on = _named(state, draft.hold.account)
            _check_day(state, [held_on], draft.effective_on)
            _check_step(held_on, draft.hold.amount or 0)
            place_hold(state, draft, held_on, changes, recorded_at)
        else:
            hold = let_go(state, draft, changes, recorded_at)
            _check_step(state.accounts[hold.account], changes.held[hold.account_id])
            if isinstance(draft.hold, HoldCapture):
                is_pool = state.accounts[hold.account].lot_method is LotMethod.AVERAGE
                postings = captured_legs(hold, draft, changes, is_pool=is_pool)
    if undone is not None:
        legs = [PostedLeg(g.account_id, g.commodity_id, g.account, g.commodity, -g.amount) for g in undone.legs]
        facts = [state.accounts[leg.account] for leg in legs]
    else:
        facts = [_account(state, leg.account, leg.commodity) for leg in postings]
        legs = [
            PostedLeg(account.account_id, account.commodity_id, leg.account, leg.commodity, leg.amount)
            for account, leg in zip(facts, postings, strict=True)
        ]
    _check_day(state, facts, draft.effective_on)
    _check_steps(facts, legs)
    if undone is not None:
        changes = Changes()
        return_lots(state, undone, changes)
    else:
        legs, facts, changes = _with_lots(state, draft, postings, legs, facts, changes)
    _check_balanced(legs)
    posted = _checked_balances(state, legs, facts, changes)
    entry = JournalEntry(
        draft,
        state.next_seq,
        recorded_at,
        tuple(legs),
        () if changes is None else tuple(changes.moves),
        None if undone is None else undone.seq,
        () if changes is None else tuple(changes.opened),
        () if changes is None else tuple(changes.hold_moves),
        None if changes is None else changes.placed,
    )
    _apply(state, entry, posted, changes, undo)
    return entry


def _with_lots(
    state: BookState,
    draft: JournalDraft,
    postings: Sequence[Posting],
    legs: list[PostedLeg],
    facts: list[AccountFacts],
    changes: Changes | None,
) -> tuple[list[PostedLeg], list[AccountFacts], Changes | None]:
    """Return the legs with what lots and cost add to them."""
    keeps_lots = False
    for leg, account in zip(postings, facts, strict=True):
        if account.lot_method is not None:
            keeps_lots = True
        else:
            check_keeps_no_lots(leg, account)
    if keeps_lots:
        changes = changes or Changes()
        if any(leg.is_carried for leg in postings):
            legs, facts = carry_lots(state, postings, facts, changes, day=draft.effective_on)
        else:
            move_lots(state, postings, facts, changes, day=draft.effective_on)
    if draft.cost_legs is not None:
        _append_cost_legs(state, draft, legs, facts, changes.moves if changes else ())
    if len(legs) > MAX_LEGS:
        raise Invalid(
            "ledger.entry_too_large", f"an entry has at most {MAX_LEGS} legs, one a carried lot; move it in parts"
        )
    return legs, facts, changes


def _named(state: BookState, path: str) -> AccountFacts:
    account = state.accounts.get(path)
    if account is None:
        raise Conflict("ledger.account_unknown", f"no account {path} in this book; open it first", account=path)
    return account


def _account(state: BookState, path: str, commodity: str) -> AccountFacts:
    account = state.accounts.get(path)
    if account is None:
        raise Conflict("ledger.account_unknown", f"no account {path} in this book; open it first", account=path)
    if account.commodity != commodity:
        raise Conflict(
            "ledger.commodity_mismatch",
            f"{path} keeps {account.commodity}, not {commodity}",
            account=path,
            commodity=commodity,
            expected=account.commodity,
        )
    return account


def _check_day(state: BookState, facts: list[AccountFacts], day: date) -> None:
    for account in facts:
        if day < account.opened_on or (account.closed_on is not None and day >= account.closed_on):
            raise Conflict(
                "ledger.account_not_open",
                f"{account.path} is not open on {day}",
                account=account.path,
                effective_on=day.isoformat(),
            )
    if is_closed(day, state.locked_through):
        raise Conflict(
            "ledger.period_closed",
            f"{day} is in a closed period (closed through {state.locked_through}); post in the open period with the document's own date",
            effective_on=day.isoformat(),
            locked_through=str(state.locked_through),
        )
    if not state.is_closer and is_closed(day, state.soft_locked_through):
        raise Conflict(
            "ledger.period_soft_closed",
            f"{day} is softly closed (through {state.soft_locked_through}); only a closer still posts there",
            effective_on=day.isoformat(),
            soft_locked_through=str(state.soft_locked_through),
        )


def _check_steps(facts: list[AccountFacts], legs: list[PostedLeg]) -> None:
    for account, leg in zip(facts, legs, strict=True):
        if account.step != 1:
            _check_step(account, leg.amount)


def _check_step(account: AccountFacts, amount: int) -> None:
    if amount % account.step:
        raise Invalid(
            "ledger.amount_step",
            f"{account.commodity} moves in steps of {account.step} smallest units",
            account=account.path,
            amount=str(amount),
        )


def _check_balanced(legs: list[PostedLeg]) -> None:
    sums: dict[str, int] = {}
    for leg in legs:
        code = leg.commodity
        sums[code] = sums[code] + leg.amount if code in sums else leg.amount
    for commodity, total in sums.items():
        if total:
            raise Invalid(
                "ledger.entry_unbalanced",
                f"legs in {commodity} sum to {total} smallest units, not zero",
                commodity=commodity,
                sum=str(total),
            )


def _checked_balances(
    state: BookState, legs: list[PostedLeg], facts: list[AccountFacts], changes: Changes | None
) -> dict[int, int]:
    """Return the new ``posted`` of every touched account, or refuse: a limit holds for the entry as a whole."""
    after_all: dict[int, int] = {}
    for leg, account in zip(legs, facts, strict=True):
        account_id = account.account_id
        known = after_all[account_id] if account_id in after_all else state.posted[account_id]
        after_all[account_id] = known + leg.amount * account.normal_side
    for account in facts:
        after, before = after_all[account.account_id], state.posted[account.account_id]
        if not -MAX_SUM <= after <= MAX_SUM:
            raise out_of_range(account)
        floor, ceiling = account.floor, account.ceiling
        if after < before:
            held = state.held[account.account_id] + (changes.held.get(account.account_id, 0) if changes else 0)
            if held and (floor is None or account.lot_method is not None):
                floor = max(floor or 0, 0)  # what is set aside is there, whatever the account may otherwise fall to
            if floor is not None and after - held < floor:
                raise insufficient(account, before - after, before - held - floor)
        if ceiling is not None and before < after and after > ceiling:
            raise Conflict(
                "ledger.ceiling_exceeded",
                f"{account.path} takes at most {ceiling} smallest units",
                account=account.path,
                ceiling=str(ceiling),
            )
    return after_all


def _append_cost_legs(
    state: BookState, draft: JournalDraft, legs: list[PostedLeg], facts: list[AccountFacts], moves: Sequence[LotMove]
) -> None:
    assert draft.cost_legs is not None, "only a draft with cost legs gets them"
    currency = state.functional_currency
    relieved = -sum(move.cost for move in moves if move.quantity < 0)
    rest = relieved - sum(leg.amount for leg in legs if leg.commodity == currency)
    wanted = [(draft.cost_legs.cost_account, -relieved)]
    wanted.append((draft.cost_legs.loss_account if rest > 0 else draft.cost_legs.gain_account, rest))
    for path, amount in wanted:
        if amount:
            account = _account(state, path, currency)
            if account.lot_method is not None:
                raise Invalid("ledger.cost_account", f"{path} keeps lots; cost legs name no lots", account=path)
            check_range(account, amount)
            _check_day(state, [account], draft.effective_on)
            legs.append(PostedLeg(account.account_id, account.commodity_id, path, currency, amount))
            facts.append(account)
    if not 2 <= len(legs) <= MAX_LEGS:  # noqa: PLR2004 - an entry has two sides
        raise Invalid("ledger.entry_legs", f"an entry has 2 to {MAX_LEGS} legs")


def _reversed_entry(state: BookState, draft: JournalDraft) -> ReversibleEntry:
    assert draft.reverses is not None, "only a reversal names an entry"
    undone = state.reversible.get(draft.reverses)
    if undone is None or undone.is_reversal:
        raise Conflict(
            "ledger.reversal_unknown",
            "no entry of that id in this book, or it is itself a reversal; record the right entry anew instead",
            entry_id=str(draft.reverses),
        )
    if undone.is_reversed:
        raise Conflict("ledger.already_reversed", "that entry has been reversed before", entry_id=str(draft.reverses))
    if not undone.legs:
        raise Conflict(
            "ledger.reversal_of_hold",
            "that entry moved no amount; a hold is released, not reversed",
            entry_id=str(draft.reverses),
        )
    if draft.effective_on < undone.effective_on:
        raise Conflict(
            "ledger.reversal_date",
            f"that entry is of {undone.effective_on}; its reversal is of that day or later",
            entry_id=str(draft.reverses),
            effective_on=draft.effective_on.isoformat(),
            reversed_on=undone.effective_on.isoformat(),
        )
    return undone


def _apply(
    state: BookState,
    entry: JournalEntry,
    posted: Mapping[int, int],
    changes: Changes | None,
    undo: _Undo | None,
) -> None:
    draft = entry.draft
    if undo is not None:
        undo.note(state.posted, posted)
        undo.note(state.reversible, [draft.entry_id, *([] if draft.reverses is None else [draft.reverses])])
        if changes is not None:
            undo.note(state.held, changes.held)
            undo.note(state.holds, changes.holds)
            for account_id, lot_id in changes.lots:
                undo.note(state.lots.setdefault(account_id, {}), [lot_id])
    state.posted.update(posted)
    if changes is not None:
        for (account_id, _), lot in changes.lots.items():
            note_lot(state, account_id, lot)
        for account_id, added in changes.held.items():
            state.held[account_id] += added
        state.holds.update(changes.holds)
    state.next_seq = entry.seq + 1
    state.last_recorded_at = entry.recorded_at
    if state.wanted and draft.entry_id in state.wanted:
        state.reversible[draft.entry_id] = ReversibleEntry(
            seq=entry.seq,
            effective_on=draft.effective_on,
            legs=entry.legs,
            lot_moves=entry.lot_moves,
            is_reversed=False,
            is_reversal=entry.reverses_seq is not None,
        )
    if draft.reverses is not None:
        state.reversible[draft.reverses] = replace(state.reversible[draft.reverses], is_reversed=True)
