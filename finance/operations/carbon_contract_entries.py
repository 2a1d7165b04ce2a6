"""Turns what a contract's step does into one linked group of ledger entries, and posts it: all of it or nothing.

Joins the caller's transaction and commits nothing. Reads what the ledger alone knows: which lots went out, what is still
set aside, what a swap's tonnes cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from uuid import UUID

from finance.accounting import contract_rules
from finance.accounting.chart import Chart, InstrumentAccounts
from finance.accounting.contract_rules import ContractLegs
from finance.operations.trading_desk import Desk
from finance.operations.valuations import instruments_of
from finance.trading.contracts.effects import (
    Borrow,
    Buy,
    Effect,
    Exchange,
    Forgo,
    HandOver,
    Keep,
    KeepBorrowed,
    LetGo,
    Money,
    Plan,
    Receive,
    Return,
    Sell,
    SendBack,
    SetAside,
    TakeBack,
)
from finance.trading.contracts.life import ContractRecord
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.terms import Lots
from ledger import operations as ledger
from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict
from ledger.core.holds import HoldAction, HoldKind, HoldPlacement, HoldRelease
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.lots import LotPosition, relieve
from ledger.operations import EntryReceipt
from ledger.store import balances, books, holds_report, journal, reports
from ledger.store.holds_report import HoldPoint, HoldView


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPosted:
    """The group that was posted: its link, the entry that proves the step, and what later steps need by name."""

    link: UUID
    entry_id: UUID
    refs: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class _Group:
    """A linked group in the making."""

    desk: Desk
    record: ContractRecord
    step: str
    on: date
    link: UUID
    is_enforced: bool
    drafts: list[JournalDraft] = field(default_factory=list)
    hold_ids: list[UUID] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)

    @property
    def attrs(self) -> dict[str, str]:
        version = self.record.in_force
        return contract_rules.contract_attrs(
            contract_id=self.record.contract_id,
            sha256=version.sha256,
            kind=self.record.kind.value,
            version=version.version,
            step=self.step,
        )

    def add(
        self,
        kind: EntryKind,
        *,
        hold: HoldAction | None = None,
        reverses: UUID | None = None,
        legs: ContractLegs | None = None,
    ) -> UUID:
        """Add an entry and return its id."""
        entry_id = self.desk.new_id()
        draft = JournalDraft(
            entry_id=entry_id,
            kind=kind,
            effective_on=self.on,
            actor=self.desk.actor,
            attrs=self.attrs,
            link=self.link,
            hold=hold,
            reverses=reverses,
            postings=() if legs is None else legs.postings,
            cost_legs=None if legs is None else legs.cost_legs,
        )
        self.drafts.append(draft)
        return entry_id

    def legs(self, legs: ContractLegs) -> UUID:
        """Add an entry with legs and return its id."""
        return self.add(legs.kind, legs=legs)


def post_plan(
    desk: Desk, record: ContractRecord, plan: Plan, *, step: str, on: date, is_enforced: bool = False
) -> StepPosted:
    """Post what a step does as one linked group that begins with a record of the step; a refusal refuses all of it.

    The refusal has the code of the ledger's own.
    """
    group = _Group(desk=desk, record=record, step=step, on=on, link=desk.new_id(), is_enforced=is_enforced)
    proof = group.add(EntryKind.RECORD)
    for effect in plan.effects:
        _add(group, effect)
    outcomes = ledger.post_entries(
        desk.session, desk.book.book_id, group.drafts, now=desk.now, random_bytes=desk.random_bytes
    )
    refusals = [outcome.refusal for outcome in outcomes if not isinstance(outcome, EntryReceipt)]
    if refusals:
        own = next((each for each in refusals if each.code != "ledger.linked_refused"), refusals[0])
        raise type(own)(own.code, f"contract: {own.message}; nothing was posted", **own.data)
    if group.hold_ids:
        group.refs["hold_ids"] = " ".join(map(str, group.hold_ids))
    return StepPosted(link=group.link, entry_id=proof, refs=group.refs)


def open_accounts(desk: Desk, codes: tuple[str, ...]) -> None:
    """Open the accounts that contracts on these instruments need, from the day on which their holding was opened."""
    held = instruments_of(desk.session, desk.book.book_id)
    chart = Chart()
    for code in codes:
        standing = books.accounts(desk.session, desk.book.book_id)
        opened_on = standing[chart.accounts_of(code).holding].opened_on
        for line in contract_rules.contract_lines(held[code], chart):
            if line.path not in standing:
                ledger.open_account(desk.session, desk.book.book_id, line.opening(opened_on))


def encumbrances(desk: Desk, records: tuple[ContractRecord, ...]) -> dict[UUID, tuple[HoldView, ...]]:
    """Return the holds of each contract as they stand in the ledger now, in the order in which they were placed."""
    ids = {record.contract_id: standing.hold_ids for record in records if (standing := record.standing()) is not None}
    known = journal.load_head(desk.session, desk.book.book_id).tree_size
    every = [hold_id for hold_ids in ids.values() for hold_id in hold_ids]
    found: dict[UUID, HoldView] = {}
    for start in range(0, len(every), _HOLDS_A_QUERY):
        some = every[start : start + _HOLDS_A_QUERY]
        views = holds_report.find_holds(desk.session, desk.book.book_id, some, HoldPoint(known=known, now=desk.now))
        found |= {view.hold_id: view for view in views}
    return {
        record.contract_id: tuple(found[hold_id] for hold_id in ids.get(record.contract_id, ()) if hold_id in found)
        for record in records
    }


_HOLDS_A_QUERY = 500


def _add(group: _Group, effect: Effect) -> None:
    """Add the entries of one effect."""
    match effect:
        case Money():
            group.legs(contract_rules.money_legs(effect.what.value, effect.amount_fen))
        case SetAside():
            group.hold_ids.append(group.add(EntryKind.HOLD, hold=_placement(group, effect)))
        case LetGo():
            for hold_id, amount in _to_let_go(group, effect.quantity_t):
                release = HoldRelease(hold_id=hold_id, amount=amount, is_enforced=group.is_enforced)
                group.add(EntryKind.RELEASE, hold=release)
        case TakeBack():
            standing = group.record.standing()
            assert standing is not None, "what comes back was handed over"
            assert standing.handed_over_by is not None, "what comes back was handed over"
            group.add(EntryKind.REVERSAL, reverses=standing.handed_over_by)
        case HandOver():
            legs = contract_rules.hand_over_legs(
                _paths(effect.instrument), effect.instrument, effect.quantity_t, effect.lots
            )
            group.refs["handed_over_by"] = str(group.legs(legs))
        case _:
            group.legs(_legs(group, effect))


def _legs(group: _Group, effect: Effect) -> ContractLegs:
    match effect:
        case Buy() | Sell():
            legs = contract_rules.buy_legs if isinstance(effect, Buy) else contract_rules.sell_legs
            code = effect.instrument
            return legs(_paths(code), code, effect.quantity_t, effect.amount_fen, is_yield=effect.is_yield)
        case Forgo():
            claims = {kind.value: fen for kind, fen in effect.claims.items()}
            lots = (_lots_out if effect.is_out else _lots_held)(group, effect.instrument)
            paths = _paths(effect.instrument)
            return contract_rules.forgo_legs(
                paths, effect.instrument, effect.quantity_t, claims, is_out=effect.is_out, lots=lots
            )
        case Exchange():
            return _exchange(group, effect)
        case _:
            return _owed_legs(effect)


def _owed_legs(effect: Effect) -> ContractLegs:
    """Return the legs of tonnes that are owed in kind, to the other party or by it."""
    match effect:
        case Borrow() | Return():
            legs = contract_rules.borrow_legs if isinstance(effect, Borrow) else contract_rules.return_legs
            return legs(_paths(effect.instrument), effect.instrument, effect.quantity_t, effect.value_fen)
        case Receive() | SendBack():
            is_back = isinstance(effect, SendBack)
            return contract_rules.receive_legs(effect.instrument, effect.quantity_t, is_back=is_back)
        case Keep():
            claims = {kind.value: fen for kind, fen in effect.claims.items()}
            code = effect.instrument
            return contract_rules.keep_legs(
                _paths(code), code, effect.quantity_t, claims, is_received=effect.is_received
            )
        case KeepBorrowed():
            return contract_rules.keep_borrowed_legs(
                _paths(effect.instrument),
                effect.instrument,
                effect.quantity_t,
                value_fen=effect.value_fen,
                claim_fen=effect.claim_fen,
                from_margin_fen=effect.from_margin_fen,
            )
        case _:
            raise AssertionError(f"{type(effect).__name__} is no entry with legs of its own")


def _placement(group: _Group, effect: SetAside) -> HoldPlacement:
    terms = group.record.in_force.terms
    is_plain = effect.kind is HoldKind.HOLD
    beneficiary = terms.lender_organisation_id if isinstance(terms, PledgeLoanTerms) else terms.counterparty_id
    paths = _paths(effect.instrument)
    return HoldPlacement(
        account=contract_rules.tonnes_of(effect.instrument).out if effect.is_out else paths.holding,
        kind=effect.kind,
        amount=effect.quantity_t,
        lots=effect.lots,
        beneficiary_id=None if is_plain else beneficiary,
        rank=effect.rank,
        agreement_ref=terms.agreement_ref,
        expires_at=None if effect.until is None else datetime.combine(effect.until, time(), UTC),
    )


def _to_let_go(group: _Group, quantity_t: int | None) -> Iterator[tuple[UUID, int]]:
    """Yield (hold, amount) in the order of placing until ``quantity_t`` is reached, or all that is left."""
    holds = encumbrances(group.desk, (group.record,))[group.record.contract_id]
    left = sum(hold.remaining for hold in holds) if quantity_t is None else quantity_t
    for hold in holds:
        amount = min(hold.remaining, left)
        if amount:
            left -= amount
            yield hold.hold_id, amount
    if left:
        raise Conflict(
            "contract.release_exceeded", f"quantity_t: expected at most what is set aside, {quantity_t} t were asked"
        )


def _lots_out(group: _Group, code: str) -> Lots:
    """Return the lots among what was handed over that this contract's own entry brought there; none for a pool."""
    standing = group.record.standing()
    assert standing is not None, "what is out was handed over"
    assert standing.handed_over_by is not None, "what is out was handed over"
    desk = group.desk
    account = balances.balance_now(desk.session, desk.book.book_id, contract_rules.tonnes_of(code).out, now=desk.now)
    if account.lot_method is LotMethod.AVERAGE:
        return ()
    answer = journal.load_answers(desk.session, desk.book.book_id, [standing.handed_over_by])
    seq = answer[standing.handed_over_by.int].seq
    assert seq is not None, "the entry that handed over was accepted"
    moves = journal.load_lot_moves(desk.session, desk.book.book_id, seq)
    return tuple((move.lot_id, move.quantity) for move in moves if move.quantity > 0)


def _lots_held(group: _Group, code: str) -> Lots:
    """Return the given lots that the contract's holds set aside; none for a pool, or where a hold names none."""
    desk = group.desk
    account = balances.balance_now(desk.session, desk.book.book_id, _paths(code).holding, now=desk.now)
    holds = encumbrances(desk, (group.record,))[group.record.contract_id]
    parts = [part for hold in holds for part in hold.parts if part.remaining]
    if account.lot_method is LotMethod.AVERAGE or any(not part.lot_id for part in parts):
        return ()
    tonnes: Counter[int] = Counter()
    for part in parts:
        tonnes[part.lot_id] += part.remaining
    return tuple(sorted(tonnes.items()))


def _exchange(group: _Group, effect: Exchange) -> ContractLegs:
    """Return a swap's legs: the cost of what goes is asked of the very lots that the entry then names."""
    desk, paths = group.desk, _paths(effect.gives)
    account = balances.balance_now(desk.session, desk.book.book_id, paths.holding, now=desk.now)
    assert account.lot_method is not None, "a holding keeps lots"
    available = account.available - max(account.floor or 0, 0)
    if available < effect.gives_t:
        raise Conflict(
            "ledger.insufficient_available",
            f"contract: {effect.gives_t} t of {effect.gives} asked, {max(available, 0)} available; nothing was posted",
        )
    reliefs = relieve(_lot_positions(desk, paths.holding), effect.gives_t, account.lot_method, picks=effect.lots)
    is_pool = account.lot_method is LotMethod.AVERAGE
    return contract_rules.exchange_legs(
        (paths, effect.gives, effect.gives_t),
        (_paths(effect.takes), effect.takes, effect.takes_t),
        lots=() if is_pool else tuple((one.lot_id, one.quantity) for one in reliefs),
        relieved_fen=sum(one.cost for one in reliefs),
        cash_fen=effect.cash_fen,
    )


def _lot_positions(desk: Desk, path: str) -> Iterator[LotPosition]:
    """Yield the open lots of an account as they stand now, with what holds set aside of them."""
    book_id = desk.book.book_id
    known = journal.load_head(desk.session, book_id).tree_size
    held = holds_report.held_of_lots(desk.session, book_id, as_of=date.max, known=known)
    for lot in reports.lots(desk.session, book_id, as_of=date.max, known=known):
        if lot.path == path:
            yield LotPosition(
                lot_id=lot.lot_id,
                acquired_on=lot.acquired_on,
                quantity=lot.quantity,
                cost=lot.cost,
                lot_quantity=lot.acquired_quantity,
                lot_cost=lot.acquired_cost,
                held=held.get(lot.lot_id, 0),
            )


def _paths(code: str) -> InstrumentAccounts:
    return Chart().accounts_of(code)
