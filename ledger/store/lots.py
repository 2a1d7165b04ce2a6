"""Reads the lots that a batch can touch: as many open ones, in the method's order, as its disposals need, and no more.

A long-kept account has thousands of lots; a sale draws on a few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.core.accounts import LotMethod
from ledger.core.holds import HoldPlacement, HoldPosition
from ledger.core.journal import JournalDraft, Posting
from ledger.core.lots import LotPosition
from ledger.core.serials import SerialBlock
from ledger.core.state import AccountFacts, ReversibleEntry
from ledger.store.reading import as_day, read_pairs, run
from ledger.store.tables.serials import SerialBlockRow, SerialMoveRow

_IN_ORDER = (
    "SELECT account_id, lot_id, acquired_on, qty, cost, lot_qty, lot_cost, held, origin_lot_id FROM ("
    "SELECT p.account_id, p.lot_id, l.acquired_on, p.qty, p.cost, l.qty AS lot_qty, l.cost AS lot_cost, p.held, l.origin_lot_id,"
    " k.value AS needed,"
    " sum(p.qty - p.held) OVER (PARTITION BY p.account_id ORDER BY l.acquired_on, p.lot_id) - (p.qty - p.held) AS before_it"
    " FROM {pairs} CROSS JOIN lot_position p CROSS JOIN lot l WHERE p.account_id = k.key AND p.book_id = {book} AND p.qty > 0"
    " AND l.book_id = p.book_id AND l.lot_id = p.lot_id) AS in_order WHERE before_it < needed"
)
_LATEST_FIRST = _IN_ORDER.replace("ORDER BY l.acquired_on, p.lot_id", "ORDER BY l.acquired_on DESC, p.lot_id DESC")
_ALL_OF = (
    "SELECT p.account_id, p.lot_id, l.acquired_on, p.qty, p.cost, l.qty, l.cost, p.held, l.origin_lot_id"
    " FROM {pairs} CROSS JOIN lot l CROSS JOIN lot_position p WHERE l.account_id = k.key AND l.book_id = {book}"
    " AND l.book_id = p.book_id AND l.lot_id = p.lot_id AND (p.qty > 0 OR k.value = 0)"
)
_NAMED = (
    "SELECT p.account_id, p.lot_id, l.acquired_on, p.qty, p.cost, l.qty, l.cost, p.held, l.origin_lot_id"
    " FROM {pairs} CROSS JOIN lot_position p CROSS JOIN lot l WHERE p.lot_id = k.key AND p.book_id = {book}"
    " AND l.book_id = p.book_id AND l.lot_id = p.lot_id"
)


@dataclass(slots=True)
class _Needed:
    """Which lots a batch can touch."""

    pools: set[int]
    by_serial: set[int] = field(default_factory=set)
    first_in: dict[int, int] = field(default_factory=dict)
    """Smallest units that disposals draw by account, oldest lot first; ``last_in`` newest first."""
    last_in: dict[int, int] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)

    def add(self, leg: Posting, account: AccountFacts) -> None:
        """Note what a credit draws on."""
        if leg.serials:
            self.by_serial.add(account.account_id)
        self.named |= {lot_id for lot_id, _ in leg.lots}
        self.take(account, -leg.amount)

    def take(self, account: AccountFacts, amount: int) -> None:
        """Note that ``amount`` leaves what an account's disposals draw on in order: by sale, by pick, by reversal or under a hold."""
        taken = {LotMethod.FIFO: self.first_in, LotMethod.LIFO: self.last_in}.get(
            account.lot_method or LotMethod.SPECIFIC
        )
        if taken is not None:
            taken[account.account_id] = taken.get(account.account_id, 0) + amount


def load_lots(
    session: Session,
    book_id: int,
    accounts: Mapping[str, AccountFacts],
    drafts: Sequence[JournalDraft],
    reversible: Iterable[ReversibleEntry],
    holds: Iterable[HoldPosition],
) -> dict[int, dict[int, LotPosition]]:
    """Return by account id and lot id what the drafts can draw on, return to or set aside; pools even when empty."""
    needed = _Needed({a.account_id for a in accounts.values() if a.lot_method is LotMethod.AVERAGE})
    needed.named |= {move.lot_id for undone in reversible for move in undone.lot_moves}
    needed.named |= {part.lot_id for hold in holds for part in hold.parts if part.lot_id}
    for undone in reversible:
        for move in undone.lot_moves:
            if move.quantity > 0:
                needed.take(accounts[undone.legs[move.line - 1].account], move.quantity)
    for draft in drafts:
        if isinstance(draft.hold, HoldPlacement):
            needed.named |= {lot_id for lot_id, _ in draft.hold.lots}
            if draft.hold.lots and draft.hold.account in accounts:
                needed.take(accounts[draft.hold.account], draft.hold.amount or 0)
        for leg in draft.postings:
            account = accounts.get(leg.account)
            if account is not None and account.lot_method is not None and leg.amount < 0:
                needed.add(leg, account)
    whole = [
        *((account, 0) for account in needed.pools),
        *((account, 1) for account in needed.by_serial - needed.pools),
    ]
    wanted = (
        (_IN_ORDER, sorted(needed.first_in.items())),
        (_LATEST_FIRST, sorted(needed.last_in.items())),
        (_ALL_OF, sorted(whole)),
        (_NAMED, [(lot_id, 0) for lot_id in sorted(needed.named)]),
    )
    rows = [row for statement, pairs in wanted if pairs for row in read_pairs(session, statement, book_id, pairs)]
    lots: dict[int, dict[int, LotPosition]] = {}
    for account_id, lot_id, acquired_on, quantity, cost, lot_quantity, lot_cost, held, origin in rows:
        lots.setdefault(account_id, {})[lot_id] = LotPosition(
            lot_id=lot_id,
            acquired_on=as_day(acquired_on),
            quantity=quantity,
            cost=cost,
            lot_quantity=lot_quantity,
            lot_cost=lot_cost,
            held=held,
            origin_lot_id=origin,
        )
    _add_serials(session, book_id, lots)
    return lots


def load_serials(session: Session, book_id: int, seq: int) -> dict[tuple[int, int], tuple[SerialBlock, ...]]:
    """Return the units that went with the lot moves of the entry at ``seq``, by (line, lot id)."""
    found: dict[tuple[int, int], tuple[SerialBlock, ...]] = {}
    row = SerialMoveRow
    named = select(row.line, row.lot_id, row.prefix, row.first, row.last).where(row.book_id == book_id, row.seq == seq)
    for line, lot_id, prefix, first, last in session.execute(named.order_by(row.prefix, row.first)):
        found[line, lot_id] = (*found.get((line, lot_id), ()), SerialBlock(prefix, first, last))
    return found


def load_serials_elsewhere(
    session: Session, book_id: int, blocks: Sequence[SerialBlock], loaded: Mapping[int, Mapping[int, LotPosition]]
) -> tuple[SerialBlock, ...]:
    """Return units in lots that are not ``loaded`` and lie in the range of ``blocks``, prefix by prefix."""
    here = {lot_id for lots in loaded.values() for lot_id in lots}
    found: list[SerialBlock] = []
    for prefix in sorted({block.prefix for block in blocks}):
        first = min(block.first for block in blocks if block.prefix == prefix)
        last = max(block.last for block in blocks if block.prefix == prefix)
        statement = select(
            SerialBlockRow.lot_id, SerialBlockRow.prefix, SerialBlockRow.first, SerialBlockRow.last
        ).where(
            SerialBlockRow.book_id == book_id,
            SerialBlockRow.prefix == prefix,
            SerialBlockRow.first <= last,
            SerialBlockRow.last >= first,
        )
        found += [SerialBlock(row[1], row[2], row[3]) for row in session.execute(statement) if row.lot_id not in here]
    return tuple(found)


def _add_serials(session: Session, book_id: int, lots: dict[int, dict[int, LotPosition]]) -> None:
    """Put the units that lie in the lots into them; a book without any is asked once."""
    if not lots or run(session, "SELECT 1 FROM serial_block WHERE book_id = ? LIMIT 1", book_id).fetchone() is None:
        return
    of_lot = {lot_id: account_id for account_id, held in lots.items() for lot_id in held}
    statement = (
        "SELECT s.lot_id, s.prefix, s.first, s.last FROM {pairs} CROSS JOIN serial_block s"
        " WHERE s.lot_id = k.key AND s.book_id = {book}"
    )
    blocks: dict[int, list[SerialBlock]] = {}
    for lot_id, prefix, first, last in read_pairs(session, statement, book_id, [(lot, 0) for lot in sorted(of_lot)]):
        blocks.setdefault(lot_id, []).append(SerialBlock(prefix, first, last))
    for lot_id, units in blocks.items():
        held = lots[of_lot[lot_id]]
        held[lot_id] = replace(held[lot_id], serials=tuple(sorted(units)))
