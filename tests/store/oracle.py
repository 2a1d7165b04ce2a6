"""A book kept in plain dicts and lists, from the rules as they are written: what the ledger's answers are compared with.

Takes nothing from the fold, the lots or the store; only the shapes of a draft, which say what is asked. Slow and simple on
purpose: every draft is judged on a copy, every report adds all facts up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from ledger.core.accounts import AccountOpening
from ledger.core.holds import HoldCapture, HoldExpiry, HoldKind, HoldPlacement, HoldRelease
from ledger.core.journal import CostLegs, JournalDraft, Posting
from tests.store import oracle_lots
from tests.store.oracle_facts import Entry, Facts, Hold, World
from tests.store.oracle_lots import Piece, RefusedError
from tests.strategies import ACTOR

_WIDEST = 10**18
_TICK = timedelta(microseconds=1)


def _broken(drafts: Sequence[JournalDraft], known: Collection[UUID]) -> set[UUID]:
    """Return the links that are no group: some answered before and some not, not side by side, or an id that stands twice."""
    broken: set[UUID] = set()
    for link in {draft.link for draft in drafts if draft.link is not None}:
        places = [place for place, draft in enumerate(drafts) if draft.link == link]
        ids = [drafts[place].entry_id for place in places]
        is_mixed = len({each in known for each in ids}) > 1
        is_apart = places[-1] - places[0] != len(places) - 1
        is_twice = any(sum(draft.entry_id == each for draft in drafts) > 1 for each in ids)
        if is_mixed or is_apart or is_twice:
            broken.add(link)
    return broken


class Oracle(Facts):
    """One book: ask it what the ledger is asked, and read what the ledger must say."""

    def __init__(
        self, openings: Iterable[AccountOpening], steps: dict[str, int], currency: str, began: datetime
    ) -> None:
        super().__init__(openings)
        self.steps = steps
        self.currency = currency
        self.world = World(
            posted=dict.fromkeys(self.accounts, 0),
            held=dict.fromkeys(self.accounts, 0),
            lots={path: {} for path in self.accounts},
        )
        self.answers: dict[UUID, tuple[JournalDraft, str]] = {}
        self.last = began
        self.closed: date | None = None
        self.softly: date | None = None

    # --- what is asked -------------------------------------------------------------------------------------------------

    def post(self, drafts: Sequence[JournalDraft], now: datetime, *, is_closer: bool = False) -> list[str]:
        """Return ``ok`` or the refusal's code of each draft."""
        known = {draft.entry_id for draft in drafts if draft.entry_id in self.answers}
        broken = _broken(drafts, known)
        fresh: list[JournalDraft] = []
        for draft in drafts:
            is_new = draft.entry_id not in known and draft.entry_id not in {each.entry_id for each in fresh}
            if is_new and draft.link not in broken:
                fresh.append(draft)
        self._expire([hold for hold in self.lapsed(now) if self._is_touched(hold, fresh)], now)
        for link, members in groupby(fresh, key=lambda draft: draft.link):
            group = list(members)
            for part in [group] if link else [[draft] for draft in group]:
                self._judge_group(part, now, is_closer=is_closer)
        return [self._told(draft, is_broken=draft.link in broken and draft.entry_id not in known) for draft in drafts]

    def lapsed(self, now: datetime) -> list[UUID]:
        """Return the open holds that have run out by ``now``, in the order in which they expire."""
        over = [
            (hold.terms.expires_at, hold_id)
            for hold_id, hold in self.world.holds.items()
            if hold.state == "open" and hold.terms.expires_at is not None and hold.terms.expires_at <= now
        ]
        return [hold_id for _, hold_id in sorted(over)]

    def expire(self, now: datetime) -> int:
        """Record the expiry of all that has run out and return how many holds that are."""
        over = self.lapsed(now)
        self._expire(over, now)
        return len(over)

    def close(self, through: date, now: datetime) -> str:
        """Close for good; return ``ok`` or the refusal's code."""
        if self.closed is not None and through < self.closed:
            return "ledger.period_reopened"
        if through != self.closed:
            self._record(Entry(0, None, through, now), now)
            self.closed = through
            self.softly = self.softly if self.softly is not None and self.softly > through else None
        return "ok"

    def close_softly(self, through: date | None, now: datetime) -> str:
        """Close for all but closers, or open again; return ``ok`` or the refusal's code."""
        if through is not None and self.closed is not None and through <= self.closed:
            return "ledger.period_closed_already"
        self._record(Entry(0, None, through or now.date(), now), now)
        self.softly = through
        return "ok"

    # --- one draft -----------------------------------------------------------------------------------------------------

    def _told(self, draft: JournalDraft, *, is_broken: bool) -> str:
        if is_broken:
            return "ledger.link_broken"
        asked, code = self.answers[draft.entry_id]
        return code if replace(asked, actor=ACTOR) == replace(draft, actor=ACTOR) else "ledger.id_reused"

    def _is_touched(self, hold_id: UUID, drafts: Sequence[JournalDraft]) -> bool:
        """Return whether any draft names the hold or touches its account."""
        account = self.world.holds[hold_id].account
        for draft in drafts:
            costs, action = draft.cost_legs, draft.hold
            touched = {leg.account for leg in draft.postings}
            if costs is not None:
                touched |= {costs.cost_account, costs.gain_account, costs.loss_account}
            if isinstance(action, HoldPlacement):
                touched.add(action.account)
            elif action is not None and action.hold_id == hold_id:
                return True
            if account in touched or account in self._legs_undone_by(draft):
                return True
        return False

    def _legs_undone_by(self, draft: JournalDraft) -> set[str]:
        found = self._entry(draft.reverses)
        return {path for path, _ in found.legs} if found else set()

    def _entry(self, entry_id: UUID | None) -> Entry | None:
        return next((e for e in self.entries if entry_id is not None and e.entry_id == entry_id), None)

    def _expire(self, over: Iterable[UUID], now: datetime) -> None:
        for hold_id in over:
            day = now.date() if self.closed is None else max(now.date(), self.closed + timedelta(days=1))
            entry = Entry(0, None, day, now)
            self._take_off(entry, hold_id, sum(self.world.holds[hold_id].left.values()), "expired")
            self._record(entry, now)

    def _record(self, entry: Entry, now: datetime) -> None:
        entry.seq = len(self.entries) + 1
        entry.recorded_at = self.last = now if now > self.last else self.last + _TICK
        self.entries.append(entry)

    def _judge_group(self, group: Sequence[JournalDraft], now: datetime, *, is_closer: bool) -> None:
        before, size, last = deepcopy(self.world), len(self.entries), self.last
        for draft in group:
            code = self._judge(draft, now, is_closer=is_closer)
            self.answers[draft.entry_id] = (draft, code)
            if code != "ok":
                self.world, self.last = before, last
                del self.entries[size:]
                for other in group:
                    if other is not draft:
                        self.answers[other.entry_id] = (other, "ledger.linked_refused")
                return

    def _judge(self, draft: JournalDraft, now: datetime, *, is_closer: bool) -> str:
        before = deepcopy(self.world)
        at = now if now > self.last else self.last + _TICK
        entry = Entry(len(self.entries) + 1, draft.entry_id, draft.effective_on, at)
        try:
            self._apply(draft, entry, is_closer=is_closer)
        except RefusedError as refused:
            self.world = before
            return refused.code
        self._record(entry, now)
        return "ok"

    def _apply(self, draft: JournalDraft, entry: Entry, *, is_closer: bool) -> None:
        undone = self._undone(draft) if draft.reverses is not None else None
        action = draft.hold
        legs = list(draft.postings)
        if isinstance(action, HoldPlacement):
            self._check_known([action.account])
            self._check_day([action.account], draft.effective_on, is_closer=is_closer)
            self._check_step(action.account, action.amount or 0)
            self._place(entry, draft.entry_id, action)
        elif action is not None:
            legs = self._let_go(entry, draft, action)
        if undone is not None:
            entry.legs = [(path, -amount) for path, amount in undone.legs]
            entry.is_reversal = True
        else:
            self._check_known([leg.account for leg in legs])
            if any(self.accounts[leg.account].commodity != leg.commodity for leg in legs):
                raise RefusedError("commodity_mismatch")
            entry.legs = [(leg.account, leg.amount) for leg in legs]
        self._check_day([path for path, _ in entry.legs], draft.effective_on, is_closer=is_closer)
        for path, amount in entry.legs:
            self._check_step(path, amount)
        if undone is not None:
            self._give_back(undone, entry)
        else:
            self._move_lots(legs, entry)
        if draft.cost_legs is not None:
            self._add_cost_legs(draft.cost_legs, entry)
        self._check_zero(entry)
        self._post(entry)

    # --- checks --------------------------------------------------------------------------------------------------------

    def _check_known(self, paths: Iterable[str]) -> None:
        if any(path not in self.accounts for path in paths):
            raise RefusedError("account_unknown")

    def _check_day(self, paths: Iterable[str], day: date, *, is_closer: bool) -> None:
        if any(day < self.accounts[path].opened_on for path in paths):
            raise RefusedError("account_not_open")
        if self.closed is not None and day <= self.closed:
            raise RefusedError("period_closed")
        if not is_closer and self.softly is not None and day <= self.softly:
            raise RefusedError("period_soft_closed")

    def _check_step(self, path: str, amount: int) -> None:
        if amount % self.steps.get(self.accounts[path].commodity, 1):
            raise RefusedError("amount_step")

    def _check_zero(self, entry: Entry) -> None:
        sums: dict[str, int] = {}
        for path, amount in entry.legs:
            code = self.accounts[path].commodity
            sums[code] = sums.get(code, 0) + amount
        if any(sums.values()):
            raise RefusedError("entry_unbalanced")

    def _post(self, entry: Entry) -> None:
        """Move the balances; a limit holds for the entry as a whole, and where it moves the balance towards it."""
        after = dict(self.world.posted)
        for path, amount in entry.legs:
            after[path] += amount * self.side(path)
        if any(abs(balance) > _WIDEST for balance in after.values()):
            raise RefusedError("amount_range")
        for path, balance in after.items():
            floor = self.accounts[path].floor
            if floor is not None and balance < self.world.posted[path] and balance - self.world.held[path] < floor:
                raise RefusedError("insufficient_available")
        for path, balance in after.items():
            ceiling = self.accounts[path].ceiling
            if ceiling is not None and balance > self.world.posted[path] and balance > ceiling:
                raise RefusedError("ceiling_exceeded")
        self.world.posted = after

    # --- holds ---------------------------------------------------------------------------------------------------------

    def _place(self, entry: Entry, hold_id: UUID, terms: HoldPlacement) -> None:
        path, lots = terms.account, self.world.lots[terms.account]
        if terms.expires_at is not None and terms.expires_at <= entry.recorded_at:
            raise RefusedError("hold_expires_past")
        available = self.world.posted[path] - self.world.held[path]
        amount = available if terms.amount is None else terms.amount
        if terms.lots and self.accounts[path].lot_method is None:
            raise RefusedError("lot_cost_unexpected")
        for lot_id, quantity in terms.lots:
            if lot_id not in lots or not lots[lot_id].quantity:
                raise RefusedError("lot_unknown")
            if quantity > lots[lot_id].quantity - lots[lot_id].held:
                raise RefusedError("insufficient_available")
            if self.accounts[path].lot_method != "average" and lots[lot_id].acquired_on > entry.day:
                raise RefusedError("lot_date")
            lots[lot_id].held += quantity
        if amount <= 0 or amount > available:
            raise RefusedError("insufficient_available")
        left = dict(sorted(terms.lots)) or {0: amount}
        self.world.held[path] += amount
        self.world.holds[hold_id] = Hold(path, terms, amount, left, dict.fromkeys(left, 0), entry.day)
        entry.hold_moves = [(hold_id, lot_id, part) for lot_id, part in left.items()]

    def _let_go(
        self, entry: Entry, draft: JournalDraft, action: HoldCapture | HoldRelease | HoldExpiry
    ) -> list[Posting]:
        assert not isinstance(action, HoldExpiry), "only the ledger records expiries"
        hold = self.world.holds.get(action.hold_id)
        if hold is None:
            raise RefusedError("hold_unknown")
        if hold.state in ("captured", "released"):
            raise RefusedError("hold_ended")
        over = hold.terms.expires_at
        if hold.state == "expired" or (over is not None and over <= entry.recorded_at):
            raise RefusedError("hold_expired")
        is_theirs = draft.actor.organisation_id == hold.terms.beneficiary_id
        if not (action.is_enforced or hold.terms.kind is HoldKind.HOLD or is_theirs):
            raise RefusedError("hold_not_yours")
        if entry.day < hold.day:
            raise RefusedError("hold_date")
        left = sum(hold.left.values())
        amount = left if action.amount is None else action.amount
        if amount > left:
            raise RefusedError("hold_exceeded")
        self._check_step(hold.account, amount)
        self._take_off(entry, action.hold_id, amount, "captured" if isinstance(action, HoldCapture) else "released")
        legs = list(draft.postings)
        if isinstance(action, HoldCapture):
            used = [leg for leg in legs if leg.account == hold.account and leg.amount < 0]
            if [leg.amount for leg in used] != [-amount]:
                raise RefusedError("hold_capture")
            freed = tuple((lot_id, -part) for _, lot_id, part in entry.hold_moves if lot_id)
            if freed and self.accounts[hold.account].lot_method != "average":
                legs = [replace(leg, lots=freed) if leg is used[0] else leg for leg in legs]
        return legs

    def _take_off(self, entry: Entry, hold_id: UUID, amount: int, ending: str) -> None:
        hold, wanted = self.world.holds[hold_id], amount
        for lot_id in sorted(hold.left):
            part = min(wanted, hold.left[lot_id])
            if part:
                wanted -= part
                hold.left[lot_id] -= part
                hold.captured[lot_id] += part if ending == "captured" else 0
                entry.hold_moves.append((hold_id, lot_id, -part))
                if lot_id:
                    self.world.lots[hold.account][lot_id].held -= part
        self.world.held[hold.account] -= amount
        if not any(hold.left.values()):
            hold.state = ending

    # --- lots and cost -------------------------------------------------------------------------------------------------

    def _move_lots(self, legs: Sequence[Posting], entry: Entry) -> None:
        keeping = [leg for leg in legs if self.accounts[leg.account].lot_method is not None]
        if any((leg.lot_cost is not None or leg.lots or leg.is_carried) and leg not in keeping for leg in legs):
            raise RefusedError("lot_cost_unexpected")
        if any(leg.is_carried for leg in legs):
            self._carry(legs, entry)
            return
        for line, leg in enumerate(legs, start=1):
            if leg not in keeping:
                continue
            if leg.amount < 0:
                for piece in self._draw(leg, entry):
                    entry.moves.append((line, piece.lot_id, -piece.quantity, -piece.cost))
            elif leg.lot_cost is None:
                raise RefusedError("lot_cost_missing")
            else:
                self._add(leg.account, line, Piece(0, leg.amount, leg.lot_cost, entry.day), entry)

    def _draw(self, leg: Posting, entry: Entry) -> list[Piece]:
        method = str(self.accounts[leg.account].lot_method)
        pieces = oracle_lots.draw(self.world.lots[leg.account], method, -leg.amount, leg.lots)
        if method != "average" and any(piece.acquired_on > entry.day for piece in pieces):
            raise RefusedError("lot_date")
        return pieces

    def _add(self, path: str, line: int, piece: Piece, entry: Entry) -> None:
        method = str(self.accounts[path].lot_method)
        lot_id = oracle_lots.add(self.world.lots[path], method, 1024 * entry.seq + line, piece)
        entry.moves.append((line, lot_id, piece.quantity, piece.cost))

    def _carry(self, legs: Sequence[Posting], entry: Entry) -> None:
        """Give up first, take over then; a carried debit becomes one leg a piece."""
        keeping = [leg for leg in legs if self.accounts[leg.account].lot_method is not None]
        given_up = {i: self._draw(leg, entry) for i, leg in enumerate(legs) if leg in keeping and leg.amount < 0}
        pieces = [piece for each in given_up.values() for piece in each]
        arriving = [leg.amount for leg in keeping if leg.amount > 0]
        if sum(arriving) != sum(piece.quantity for piece in pieces):
            raise RefusedError("carry_mismatch")
        shares = iter(oracle_lots.split(pieces, arriving))
        entry.legs = []
        for index, leg in enumerate(legs):
            line = len(entry.legs) + 1
            if leg in keeping and leg.amount > 0:
                for offset, piece in enumerate(next(shares)):
                    entry.legs.append((leg.account, piece.quantity))
                    self._add(leg.account, line + offset, piece, entry)
                continue
            entry.legs.append((leg.account, leg.amount))
            entry.moves += [(line, each.lot_id, -each.quantity, -each.cost) for each in given_up.get(index, [])]

    def _add_cost_legs(self, costs: CostLegs, entry: Entry) -> None:
        relieved = -sum(cost for _, _, quantity, cost in entry.moves if quantity < 0)
        there = sum(amount for path, amount in entry.legs if self.accounts[path].commodity == self.currency)
        rest = relieved - there
        for path, amount in (
            (costs.cost_account, -relieved),
            (costs.loss_account if rest > 0 else costs.gain_account, rest),
        ):
            if amount:
                entry.legs.append((path, amount))

    def _undone(self, draft: JournalDraft) -> Entry:
        undone = self._entry(draft.reverses)
        if undone is None or undone.is_reversal:
            raise RefusedError("reversal_unknown")
        assert undone.entry_id is not None, "what a draft names has an id"
        if undone.entry_id in self.world.undone:
            raise RefusedError("already_reversed")
        if not undone.legs:
            raise RefusedError("reversal_of_hold")
        if draft.effective_on < undone.day:
            raise RefusedError("reversal_date")
        self.world.undone.add(undone.entry_id)
        return undone

    def _give_back(self, undone: Entry, entry: Entry) -> None:
        touched = []
        for line, lot_id, quantity, cost in undone.moves:
            lot = self.world.lots[undone.legs[line - 1][0]][lot_id]
            lot.quantity -= quantity
            lot.cost -= cost
            entry.moves.append((line, lot_id, -quantity, -cost))
            touched.append(lot)
        if any(lot.quantity < lot.held or lot.cost < 0 or (not lot.quantity and lot.cost) for lot in touched):
            raise RefusedError("acquired_used")
