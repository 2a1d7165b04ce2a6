"""The posting algorithm as a pure function: state and drafts in, accepted and rejected outcomes and a changed state out.

Drafts fold in order, each seeing what those before it did. Every check that decides money or tonnes is here; the database's
constraints stand behind it. Knows no SQL, clock or random source: the time of recording is given.

A draft meets its refusals in this order, and the first is its code: ``ledger.reversal_unknown`` / ``already_reversed``,
``ledger.account_unknown``, ``ledger.commodity_mismatch``, ``ledger.account_not_open``, ``ledger.period_closed``,
``ledger.amount_step``, ``ledger.lot_cost_missing`` / ``lot_cost_unexpected``, ``ledger.insufficient_available`` and other lot
refusals, those of the cost legs (the first three and ``ledger.cost_account``), ``ledger.entry_unbalanced``,
``ledger.amount_range``, ``ledger.insufficient_available`` (floor), ``ledger.ceiling_exceeded``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict, DomainError, Invalid
from ledger.core.journal import MAX_LEGS, JournalDraft, JournalEntry, LotMove, PostedLeg, Posting
from ledger.core.lots import LotPosition, Relief, add_to_pool, after_relief, relieve
from ledger.core.periods import is_closed

_LINES = 1024
"""More than an entry's legs, so that seq x 1024 + line names a lot."""

_TICK = timedelta(microseconds=1)

_MAX_SUM = 10**18
"""Largest absolute balance, pool or cost leg, in smallest units: sums of accepted amounts stay inside BIGINT."""


class AccountFacts(NamedTuple):
    """What the fold must know of an account that does not change while folding."""

    account_id: int
    path: str
    normal_side: int
    commodity_id: int
    commodity: str
    step: int
    lot_method: LotMethod | None
    opened_on: date
    closed_on: date | None
    floor: int | None
    ceiling: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversibleEntry:
    """An entry as far as a reversal needs it."""

    seq: int
    legs: tuple[PostedLeg, ...]
    lot_moves: tuple[LotMove, ...]
    is_reversed: bool
    is_reversal: bool


@dataclass(slots=True, kw_only=True)
class BookState:
    """What the book holds where the drafts touch it; the fold changes it in place as it accepts.

    ``posted`` and ``held`` are per account id on the normal side. ``lots`` is per account id and lot id. ``reversible`` holds
    the entries that drafts name for reversal, by entry id.
    """

    next_seq: int
    last_recorded_at: datetime
    locked_through: date | None
    functional_currency: str
    accounts: Mapping[str, AccountFacts]
    posted: dict[int, int]
    held: dict[int, int]
    lots: dict[int, dict[int, LotPosition]] = field(default_factory=dict)
    reversible: dict[UUID, ReversibleEntry] = field(default_factory=dict)
    wanted: frozenset[UUID] = frozenset()
    """Ids that drafts of this batch name for reversal; an entry of the batch itself may be among them."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A draft the state refuses, with the refusal that the client is told and told again."""

    draft: JournalDraft
    refusal: DomainError


Outcome = JournalEntry | Rejected


def fold(state: BookState, drafts: Iterable[JournalDraft], now: datetime) -> list[Outcome]:
    """Return one outcome a draft, in order, and leave ``state`` as it is after them.

    Accepted entries take dense ``seq`` from ``state.next_seq`` and a ``recorded_at`` of ``now``, or one microsecond after the entry
    before where the clock has not moved. A rejected draft changes nothing.
    """
    outcomes: list[Outcome] = []
    now = now.astimezone(UTC)  # what is hashed spells this zone
    for draft in drafts:
        last = state.last_recorded_at
        try:
            outcomes.append(_fold_one(state, draft, now if now > last else last + _TICK))
        except DomainError as refusal:
            outcomes.append(Rejected(draft, refusal))
    return outcomes


def _fold_one(state: BookState, draft: JournalDraft, recorded_at: datetime) -> JournalEntry:
    """Check ``draft`` against ``state`` and apply it; raising leaves the state untouched."""
    undone = _reversed_entry(state, draft)
    if undone is not None:
        legs = [PostedLeg(g.account_id, g.commodity_id, g.account, g.commodity, -g.amount) for g in undone.legs]
        facts = [state.accounts[leg.account] for leg in legs]
    else:
        facts = [_account(state, leg.account, leg.commodity) for leg in draft.postings]
        legs = [
            PostedLeg(account.account_id, account.commodity_id, leg.account, leg.commodity, leg.amount)
            for account, leg in zip(facts, draft.postings, strict=True)
        ]
    _check_day(state, facts, draft.effective_on)
    _check_steps(facts, legs)
    lot_changes: dict[tuple[int, int], LotPosition] = {}
    moves: list[LotMove] = []
    if undone is not None:
        lot_changes, moves = _returned_lots(state, undone)
    else:
        _move_lots(state, draft, facts, lot_changes, moves)
        if draft.cost_legs is not None:
            _append_cost_legs(state, draft, legs, facts, moves)
    _check_balanced(legs)
    changes = _checked_balances(state, legs, facts)
    entry = JournalEntry(
        draft, state.next_seq, recorded_at, tuple(legs), tuple(moves), undone.seq if undone is not None else None
    )
    _apply(state, entry, changes, lot_changes)
    return entry


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


def _check_steps(facts: list[AccountFacts], legs: list[PostedLeg]) -> None:
    for account, leg in zip(facts, legs, strict=True):
        if account.step != 1 and leg.amount % account.step:
            raise Invalid(
                "ledger.amount_step",
                f"{leg.commodity} moves in steps of {account.step} smallest units",
                account=leg.account,
                amount=str(leg.amount),
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


def _checked_balances(state: BookState, legs: list[PostedLeg], facts: list[AccountFacts]) -> dict[int, int]:
    """Return the new ``posted`` of every touched account, or refuse: a limit holds for the entry as a whole."""
    changes: dict[int, int] = {}
    for leg, account in zip(legs, facts, strict=True):
        account_id = account.account_id
        known = changes[account_id] if account_id in changes else state.posted[account_id]
        changes[account_id] = known + leg.amount * account.normal_side
    for account in facts:
        after, before = changes[account.account_id], state.posted[account.account_id]
        if not -_MAX_SUM <= after <= _MAX_SUM:
            raise _out_of_range(account)
        floor, ceiling = account.floor, account.ceiling
        if floor is not None and after < before:
            held = state.held[account.account_id]
            if after - held < floor:
                raise _insufficient(account, before - after, before - held - floor)
        if ceiling is not None and before < after and after > ceiling:
            raise Conflict(
                "ledger.ceiling_exceeded",
                f"{account.path} takes at most {ceiling} smallest units",
                account=account.path,
                ceiling=str(ceiling),
            )
    return changes


def _check_range(account: AccountFacts, total: int) -> None:
    if not -_MAX_SUM <= total <= _MAX_SUM:
        raise _out_of_range(account)


def _out_of_range(account: AccountFacts) -> Conflict:
    return Conflict(
        "ledger.amount_range",
        f"{account.path} would pass 10^18 smallest units; spread it over several accounts",
        account=account.path,
    )


def _insufficient(account: AccountFacts, asked: int, available: int) -> Conflict:
    return Conflict(
        "ledger.insufficient_available",
        f"{account.path}: {asked} smallest units of {account.commodity} asked, {available} available",
        account=account.path,
        commodity=account.commodity,
        asked=str(asked),
        available=str(available),
    )


def _move_lots(
    state: BookState,
    draft: JournalDraft,
    facts: list[AccountFacts],
    changed: dict[tuple[int, int], LotPosition],
    moves: list[LotMove],
) -> None:
    """Fill in the lots as they stand after the draft, by (account id, lot id), and the moves that got them there."""
    for line, (leg, account) in enumerate(zip(draft.postings, facts, strict=True), start=1):
        if account.lot_method is None:
            if leg.lot_cost is not None or leg.lots:
                raise Invalid("ledger.lot_cost_unexpected", f"{account.path} keeps no lots", account=account.path)
            continue
        if leg.amount > 0:
            lot = _acquired(state, changed, account, leg, _LINES * state.next_seq + line, draft.effective_on)
            changed[account.account_id, lot.lot_id] = lot
            moves.append(LotMove(line, lot.lot_id, leg.amount, leg.lot_cost or 0))
            continue
        here = {key[1]: lot for key, lot in changed.items() if key[0] == account.account_id}
        open_lots = {**state.lots.get(account.account_id, {}), **here}
        for relief in _relieved(account, open_lots, leg):
            changed[account.account_id, relief.lot_id] = after_relief(open_lots[relief.lot_id], relief)
            moves.append(LotMove(line, relief.lot_id, -relief.quantity, -relief.cost))


def _acquired(
    state: BookState,
    changed: Mapping[tuple[int, int], LotPosition],
    account: AccountFacts,
    leg: Posting,
    lot_id: int,
    acquired_on: date,
) -> LotPosition:
    if leg.lot_cost is None:
        raise Invalid(
            "ledger.lot_cost_missing",
            f"a debit into {account.path} says the lot's total cost, zero when free",
            account=account.path,
        )
    if account.lot_method is LotMethod.AVERAGE:
        pools = [lot for key, lot in changed.items() if key[0] == account.account_id]
        pools = pools or list(state.lots.get(account.account_id, {}).values())
        if pools:
            pool = add_to_pool(pools[0], leg.amount, leg.lot_cost)
            _check_range(account, max(pool.quantity, pool.cost))
            return pool
    return LotPosition(
        lot_id=lot_id,
        acquired_on=acquired_on,
        quantity=leg.amount,
        cost=leg.lot_cost,
        lot_quantity=leg.amount,
        lot_cost=leg.lot_cost,
    )


def _relieved(account: AccountFacts, open_lots: Mapping[int, LotPosition], leg: Posting) -> tuple[Relief, ...]:
    assert account.lot_method is not None, "only a lot-keeping account relieves lots"
    try:
        return relieve(open_lots.values(), -leg.amount, account.lot_method, leg.lots)
    except Conflict as refusal:
        if refusal.code != "ledger.insufficient_available":
            raise
        raise _insufficient(account, -leg.amount, int(refusal.data["available"])) from refusal


def _append_cost_legs(
    state: BookState, draft: JournalDraft, legs: list[PostedLeg], facts: list[AccountFacts], moves: list[LotMove]
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
            _check_range(account, amount)
            _check_day(state, [account], draft.effective_on)
            legs.append(PostedLeg(account.account_id, account.commodity_id, path, currency, amount))
            facts.append(account)
    if not 2 <= len(legs) <= MAX_LEGS:  # noqa: PLR2004 - an entry has two sides
        raise Invalid("ledger.entry_malformed", f"an entry has 2 to {MAX_LEGS} legs")


def _reversed_entry(state: BookState, draft: JournalDraft) -> ReversibleEntry | None:
    if draft.reverses is None:
        return None
    undone = state.reversible.get(draft.reverses)
    if undone is None or undone.is_reversal:
        raise Conflict(
            "ledger.reversal_unknown",
            "no entry of that id in this book, or it is itself a reversal; record the right entry anew instead",
            entry_id=str(draft.reverses),
        )
    if undone.is_reversed:
        raise Conflict("ledger.already_reversed", "that entry has been reversed before", entry_id=str(draft.reverses))
    return undone


def _returned_lots(
    state: BookState, undone: ReversibleEntry
) -> tuple[dict[tuple[int, int], LotPosition], list[LotMove]]:
    """Return the lots after every move of the undone entry is given back, at the same quantity and cost, to the same lot."""
    changed: dict[tuple[int, int], LotPosition] = {}
    moves: list[LotMove] = []
    last_leg: dict[tuple[int, int], PostedLeg] = {}
    for move in undone.lot_moves:
        leg = undone.legs[move.line - 1]
        key = (leg.account_id, move.lot_id)
        lot = changed.get(key) or state.lots[leg.account_id][move.lot_id]
        changed[key] = replace(lot, quantity=lot.quantity - move.quantity, cost=lot.cost - move.cost)
        last_leg[key] = leg
        moves.append(LotMove(move.line, move.lot_id, -move.quantity, -move.cost))
    for key, lot in changed.items():
        # Judged when all moves are given back: an entry may have sold of the very lot it acquired. An emptied lot keeps no cost.
        if lot.quantity < 0 or lot.cost < 0 or (lot.quantity == 0 and lot.cost != 0):
            leg, available = last_leg[key], state.lots[key[0]][key[1]].quantity
            raise Conflict(
                "ledger.insufficient_available",
                f"{leg.account}: what the entry acquired has partly been disposed of; reverse those disposals first",
                account=leg.account,
                commodity=leg.commodity,
                asked=str(available - lot.quantity),
                available=str(available),
            )
    return changed, moves


def _apply(
    state: BookState, entry: JournalEntry, posted: Mapping[int, int], lots: Mapping[tuple[int, int], LotPosition]
) -> None:
    state.posted.update(posted)
    for (account_id, lot_id), lot in lots.items():
        state.lots.setdefault(account_id, {})[lot_id] = lot
    state.next_seq = entry.seq + 1
    state.last_recorded_at = entry.recorded_at
    if state.wanted and entry.draft.entry_id in state.wanted:
        state.reversible[entry.draft.entry_id] = ReversibleEntry(
            seq=entry.seq,
            legs=entry.legs,
            lot_moves=entry.lot_moves,
            is_reversed=False,
            is_reversal=entry.reverses_seq is not None,
        )
    if entry.draft.reverses is not None:
        state.reversible[entry.draft.reverses] = replace(state.reversible[entry.draft.reverses], is_reversed=True)
